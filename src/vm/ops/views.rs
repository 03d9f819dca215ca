//! `dict_keys`, `dict_values`, `dict_items`: live views of a dict, with the algebra of sets.

use super::arith::Arith;
use super::compare::{Cmp, frozen_key};
use super::iterators::{DictIterator, Part};
use super::sets::{self, AnySet};
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Dict, Layout, NativeData, OrderedMap, Set, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

/// What a view shows of which dict.
pub struct DictView {
    pub dict: Ref<Dict>,
    pub part: Part,
}

/// The view of the keys.
pub struct KeysView(DictView);
/// The view of the values.
pub struct ValuesView(DictView);
/// The view of the pairs.
pub struct ItemsView(DictView);

macro_rules! view_type {
    ($($view:ident $class:literal $methods:expr;)*) => { $(
        impl NativeData for $view {
            fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
                visit(self.0.dict.as_obj());
            }
        }

        impl NativeType for $view {
            const DEF: &'static TypeDef =
                &TypeDef::new($class, "builtins", Layout::Final).methods($methods);
        }
    )* };
}

view_type! {
    KeysView "dict_keys" SET_METHODS;
    ValuesView "dict_values" VALUES_METHODS;
    ItemsView "dict_items" SET_METHODS;
}

impl DictView {
    /// The view in a value.
    pub fn of(v: &Value) -> Option<&DictView> {
        v.opaque::<KeysView>()
            .map(|k| &k.0)
            .or_else(|| v.opaque::<ItemsView>().map(|i| &i.0))
            .or_else(|| v.opaque::<ValuesView>().map(|x| &x.0))
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
        let view = DictView { dict, part };
        match part {
            Part::Keys => self.make(KeysView(view)),
            Part::Values => self.make(ValuesView(view)),
            Part::Items => self.make(ItemsView(view)),
        }
    }
}

/// The elements of any iterable as a set.
fn to_set(vm: &mut Vm, v: &Value) -> R<AnySet> {
    let Some(view) = DictView::of(v) else {
        return vm.to_any_set(v);
    };
    let map = RefCell::new(OrderedMap::new());
    for item in view.snapshot() {
        vm.set_add(&map, &item)?;
    }
    Ok(AnySet::Set(Ref::new(Set { map })))
}

fn operate(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R {
    if op == Arith::And
        && let Some(view) = DictView::of(a)
        && sets::map_of(b).is_none()
    {
        // As CPython: the other's items in its order, those that the view has.
        let map = RefCell::new(OrderedMap::new());
        vm.for_each(b, |vm, item| {
            if view.has(vm, &item)? {
                vm.set_add(&map, &item)?;
            }
            Ok(true)
        })?;
        return Ok(sets::make(map.into_inner(), false));
    }
    let (x, y) = (to_set(vm, a)?, to_set(vm, b)?);
    let result = vm.combine_sets(op, &x, &y)?;
    Ok(sets::make(result, false))
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
        Some(view) => view.has(vm, &frozen_key(&args[1])).map(Value::bool),
        None => Ok(Value::False),
    }
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    vm.iter(&args[0])
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    match DictView::of(&args[0]) {
        Some(view) => Ok(DictIterator::reversed(vm, &view.dict, view.part)),
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
    let Some(view) = DictView::of(&args[0]) else {
        return Ok(Value::False);
    };
    let mut disjoint = true;
    vm.for_each(&args[1], |vm, item| {
        disjoint = !view.has(vm, &item)?;
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
