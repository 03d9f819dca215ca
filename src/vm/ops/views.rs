//! `dict_keys`, `dict_values`, `dict_items`: live views of a dict, with the algebra of sets.

use super::arith::Arith;
use super::compare::{Cmp, set_has};
use super::iterators::{DictIterator, OrderedIterator, Part, kept};
use super::sets::{self, AnySet};
use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Dict, Layout, NativeData, Set, SetTable, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

/// What a view shows of which dict.
pub struct DictView {
    pub dict: Ref<Dict>,
    pub part: Part,
    /// It is one of an `OrderedDict`, whose iterators notice more.
    pub ordered: bool,
    /// The instance that the dict is inside of, if its class is derived from dict.
    owner: Slot,
}

/// The view of the keys.
pub struct KeysView(DictView);
/// The view of the values.
pub struct ValuesView(DictView);
/// The view of the pairs.
pub struct ItemsView(DictView);
/// The view of the keys of an `OrderedDict`.
pub struct OrderedKeysView(DictView);
/// The view of its values.
pub struct OrderedValuesView(DictView);
/// The view of its pairs.
pub struct OrderedItemsView(DictView);

macro_rules! view_type {
    ($($view:ident $class:literal $def:expr;)*) => { $(
        impl NativeData for $view {
            fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
                visit(self.0.dict.as_obj());
                self.0.owner.visit(visit);
            }

            fn keep(&self, owner: &Value) {
                self.0.owner.set(owner.clone());
            }

            fn size(&self) -> Option<usize> {
                Some(self.0.dict.len())
            }
        }

        impl NativeType for $view {
            const DEF: &'static TypeDef = &$def(TypeDef::new($class, "builtins", Layout::Final));
        }
    )* };
}

view_type! {
    KeysView "dict_keys" like_a_set;
    ValuesView "dict_values" of_values;
    ItemsView "dict_items" like_a_set;
    OrderedKeysView "odict_keys" ordered::<KeysView>;
    OrderedValuesView "odict_values" ordered::<ValuesView>;
    OrderedItemsView "odict_items" ordered::<ItemsView>;
}

const fn like_a_set(class: TypeDef) -> TypeDef {
    class.methods(SET_METHODS)
}

const fn of_values(class: TypeDef) -> TypeDef {
    class.methods(VALUES_METHODS)
}

const fn ordered<Base: NativeType>(class: TypeDef) -> TypeDef {
    class.base(|vm| vm.class_for::<Base>())
}

impl DictView {
    /// The view in a value.
    pub fn of(v: &Value) -> Option<&DictView> {
        v.opaque::<KeysView>()
            .map(|k| &k.0)
            .or_else(|| v.opaque::<ItemsView>().map(|i| &i.0))
            .or_else(|| v.opaque::<ValuesView>().map(|x| &x.0))
            .or_else(|| v.opaque::<OrderedKeysView>().map(|x| &x.0))
            .or_else(|| v.opaque::<OrderedItemsView>().map(|x| &x.0))
            .or_else(|| v.opaque::<OrderedValuesView>().map(|x| &x.0))
    }

    /// An iterator over what it shows.
    pub fn iterator(&self, vm: &mut Vm, reversed: bool) -> Value {
        let iterator = match (self.ordered, reversed) {
            (false, false) => DictIterator::forward(vm, &self.dict, self.part),
            (false, true) => DictIterator::reversed(vm, &self.dict, self.part),
            (true, _) => {
                let iterator = OrderedIterator::new(&self.dict, self.part, reversed);
                vm.make(iterator)
            }
        };
        kept(iterator, &self.owner.get())
    }

    /// Keys and items behave like sets.
    pub fn is_set_like(&self) -> bool {
        self.part != Part::Values
    }

    /// What it shows now.
    pub fn snapshot(&self) -> Vec<Value> {
        let map = self.dict.map.borrow();
        map.iter().map(|e| self.part.of(&e.key, &e.value)).collect()
    }

    fn has(&self, vm: &mut Vm, item: &Value) -> R<bool> {
        match self.part {
            Part::Keys => vm.dict_contains(&self.dict, item),
            Part::Items => {
                let Some(pair) = item.payload::<Tuple>() else {
                    return Ok(false);
                };
                let [key, value] = pair.items() else {
                    return Ok(false);
                };
                match vm.dict_get(&self.dict, key)? {
                    Some(found) => vm.equal(&found, value),
                    None => Ok(false),
                }
            }
            Part::Values => {
                for value in self.snapshot() {
                    if vm.equal(&value, item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}

impl Vm {
    /// `dict.keys()`, `dict.values()` or `dict.items()`.
    pub fn dict_view(&mut self, dict: &Ref<Dict>, part: Part) -> Value {
        let dict = dict.clone();
        let view = DictView {
            dict,
            part,
            ordered: false,
            owner: Slot::undef(),
        };
        match part {
            Part::Keys => self.make(KeysView(view)),
            Part::Values => self.make(ValuesView(view)),
            Part::Items => self.make(ItemsView(view)),
        }
    }

    /// The same of an `OrderedDict`.
    pub fn ordered_view(&mut self, dict: &Ref<Dict>, part: Part) -> Value {
        let dict = dict.clone();
        let view = DictView {
            dict,
            part,
            ordered: true,
            owner: Slot::undef(),
        };
        match part {
            Part::Keys => self.make(OrderedKeysView(view)),
            Part::Values => self.make(OrderedValuesView(view)),
            Part::Items => self.make(OrderedItemsView(view)),
        }
    }
}

/// A set of what a view shows, or of the items of the other operand.
fn to_set(vm: &mut Vm, v: &Value) -> R<RefCell<SetTable>> {
    let map = RefCell::default();
    match DictView::of(v) {
        Some(view) if view.part == Part::Keys => vm.fill_set(&map, &view.dict.clone().into())?,
        _ => vm.fill_set(&map, v)?,
    }
    Ok(map)
}

fn operate(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R {
    if op == Arith::And {
        return intersect(vm, a, b);
    }
    if op == Arith::Xor
        && let (Some(x), Some(y)) = (DictView::of(a), DictView::of(b))
        && x.part == Part::Items
        && y.part == Part::Items
    {
        return exchange_items(vm, x, y);
    }
    let result = to_set(vm, a)?;
    match op {
        Arith::Or => vm.fill_set(&result, b)?,
        Arith::Sub => vm.set_remove_items(&result, b)?,
        _ => {
            let result = AnySet::Set(Ref::new(Set { map: result }));
            let other = vm.to_any_set(b)?;
            let result = vm.exchanged(result, &other)?;
            return Ok(sets::make(result, false));
        }
    }
    Ok(sets::make(result.into_inner(), false))
}

/// `a & b`, one of which is a view: the items of one that the other has, the shorter one's if
/// both are like sets.
fn intersect(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let (mut a, mut b) = (a, b);
    if !DictView::of(a).is_some_and(DictView::is_set_like) {
        (a, b) = (b, a);
    }
    let length = DictView::of(a).map_or(0, |view| view.dict.len());
    if let Some(set) = sets::map_of(b)
        && length <= set.len()
    {
        let result = vm.set_intersection_items(&set, a)?;
        return Ok(sets::make(result, false));
    }
    if DictView::of(b).is_some_and(|view| view.is_set_like() && view.dict.len() > length) {
        (a, b) = (b, a);
    }
    let map = RefCell::default();
    if let Some(view) = DictView::of(a) {
        vm.for_each(b, |vm, item| {
            if view.has(vm, &item)? {
                vm.set_add(&map, &item)?;
            }
            Ok(true)
        })?;
    }
    Ok(sets::make(map.into_inner(), false))
}

/// The pairs that only one of two dicts has; values need not be hashable where both have them.
fn exchange_items(vm: &mut Vm, a: &DictView, b: &DictView) -> R {
    let rest = Ref::new(Dict {
        map: RefCell::new(a.dict.map.borrow().clone()),
    });
    let result = RefCell::default();
    for pair in b.snapshot() {
        let Some([key, value]) = pair.as_ref::<Tuple>().map(|t| t.items()) else {
            continue;
        };
        let same = match vm.dict_get(&rest, key)? {
            Some(found) => vm.equal(&found, value)?,
            None => false,
        };
        if same {
            drop(vm.dict_remove(&rest, key)?);
        } else {
            vm.set_add(&result, &pair)?;
        }
    }
    let rest = vm.dict_view(&rest, Part::Items);
    vm.fill_set(&result, &rest)?;
    Ok(sets::make(result.into_inner(), false))
}

/// `a cmp b` where one is a view that is like a set and the other such a view or a set.
pub fn compare(vm: &mut Vm, op: Cmp, a: &Value, b: &Value) -> R<Option<bool>> {
    let (Some(x), Some(y)) = (SetLike::of(a), SetLike::of(b)) else {
        return Ok(None);
    };
    if let (SetLike::Set(_), SetLike::View(_)) = (&x, &y) {
        return compare(vm, op.reflected(), b, a);
    }
    let (n, m) = (x.len(), y.len());
    Ok(Some(match op {
        Cmp::Eq => n == m && y.has_all(vm, a)?,
        Cmp::Ne => !(n == m && y.has_all(vm, a)?),
        Cmp::Lt => n < m && y.has_all(vm, a)?,
        Cmp::Le => n <= m && y.has_all(vm, a)?,
        Cmp::Gt => n > m && x.has_all(vm, b)?,
        Cmp::Ge => n >= m && x.has_all(vm, b)?,
    }))
}

/// What can be compared as sets.
enum SetLike<'v> {
    Set(AnySet),
    View(&'v DictView),
}

impl SetLike<'_> {
    fn of(v: &Value) -> Option<SetLike<'_>> {
        if let Some(set) = sets::map_of(v) {
            return Some(SetLike::Set(set));
        }
        DictView::of(v)
            .filter(|view| view.is_set_like())
            .map(SetLike::View)
    }

    fn len(&self) -> usize {
        match self {
            SetLike::Set(set) => set.len(),
            SetLike::View(view) => view.dict.len(),
        }
    }

    fn has(&self, vm: &mut Vm, item: &Value) -> R<bool> {
        match self {
            SetLike::Set(set) => set_has(vm, set, item),
            SetLike::View(view) => view.has(vm, item),
        }
    }

    fn has_all(&self, vm: &mut Vm, items: &Value) -> R<bool> {
        let mut all = true;
        vm.for_each(items, |vm, item| {
            all = self.has(vm, &item)?;
            Ok(all)
        })?;
        Ok(all)
    }
}

macro_rules! operators {
    ($($forward:ident $reflected:ident $op:ident;)*) => { $(
        fn $forward(vm: &mut Vm, args: &[Value]) -> R {
            operate(vm, Arith::$op, &args[0], &args[1])
        }
        fn $reflected(vm: &mut Vm, args: &[Value]) -> R {
            operate(vm, Arith::$op, &args[1], &args[0])
        }
    )* };
}

operators! {
    and rand And;
    or ror Or;
    xor rxor Xor;
    sub rsub Sub;
}

macro_rules! comparisons {
    ($($name:ident $op:ident;)*) => { $(
        fn $name(vm: &mut Vm, args: &[Value]) -> R {
            match sets::compare(vm, Cmp::$op, &args[0], &args[1])? {
                Some(result) => Ok(Value::bool(result)),
                None => Ok(vm.not_implemented()),
            }
        }
    )* };
}

comparisons! {
    lt Lt;
    le Le;
    eq Eq;
    ne Ne;
    gt Gt;
    ge Ge;
}

fn contains(vm: &mut Vm, args: &[Value]) -> R {
    match DictView::of(&args[0]) {
        Some(view) => view.has(vm, &args[1]).map(Value::bool),
        None => Ok(Value::False),
    }
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    vm.iter(&args[0])
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    match DictView::of(&args[0]) {
        Some(view) => Ok(view.iterator(vm, true)),
        None => vm.iter(&args[0]),
    }
}

fn len(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::from(
        DictView::of(&args[0]).map_or(0, |view| view.dict.len()),
    ))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    vm.repr(&args[0]).map(Value::from)
}

fn isdisjoint(vm: &mut Vm, args: &[Value]) -> R {
    let (mut few, mut many) = (&args[1], &args[0]);
    if let (Some(x), Some(y)) = (SetLike::of(many), SetLike::of(few))
        && y.len() > x.len()
    {
        (few, many) = (many, few);
    }
    let Some(many) = SetLike::of(many) else {
        return Ok(Value::False);
    };
    let mut disjoint = true;
    vm.for_each(few, |vm, item| {
        disjoint = !many.has(vm, &item)?;
        Ok(disjoint)
    })?;
    Ok(Value::bool(disjoint))
}

const VALUES_METHODS: &[NativeDef] = &[
    NativeDef::new("__iter__", "(self, /)", iter, "Implement iter(self)."),
    NativeDef::new("__len__", "(self, /)", len, "Return len(self)."),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new(
        "__reversed__",
        "(self, /)",
        reversed,
        "Return a reverse iterator over the dict values.",
    ),
];

const SET_METHODS: &[NativeDef] = &[
    NativeDef::new("__iter__", "(self, /)", iter, "Implement iter(self)."),
    NativeDef::new("__len__", "(self, /)", len, "Return len(self)."),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new(
        "__reversed__",
        "(self, /)",
        reversed,
        "Return a reverse iterator over the view.",
    ),
    NativeDef::new(
        "__contains__",
        "(self, key, /)",
        contains,
        "Return bool(key in self).",
    ),
    NativeDef::new("__and__", "(self, value, /)", and, "Return self&value."),
    NativeDef::new("__rand__", "(self, value, /)", rand, "Return value&self."),
    NativeDef::new("__or__", "(self, value, /)", or, "Return self|value."),
    NativeDef::new("__ror__", "(self, value, /)", ror, "Return value|self."),
    NativeDef::new("__xor__", "(self, value, /)", xor, "Return self^value."),
    NativeDef::new("__rxor__", "(self, value, /)", rxor, "Return value^self."),
    NativeDef::new("__sub__", "(self, value, /)", sub, "Return self-value."),
    NativeDef::new("__rsub__", "(self, value, /)", rsub, "Return value-self."),
    NativeDef::new("__lt__", "(self, value, /)", lt, "Return self<value."),
    NativeDef::new("__le__", "(self, value, /)", le, "Return self<=value."),
    NativeDef::new("__eq__", "(self, value, /)", eq, "Return self==value."),
    NativeDef::new("__ne__", "(self, value, /)", ne, "Return self!=value."),
    NativeDef::new("__gt__", "(self, value, /)", gt, "Return self>value."),
    NativeDef::new("__ge__", "(self, value, /)", ge, "Return self>=value."),
    NativeDef::new(
        "isdisjoint",
        "(self, other, /)",
        isdisjoint,
        "Return True if the view and the given iterable have a null intersection.",
    ),
];
