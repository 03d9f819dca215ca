//! `set`, and the methods that it shares with `frozenset`.

use super::{CLASS_GETITEM, made};
use crate::builtins::arguments::this;
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Kind, List, Set, SetTable, Tuple};
use crate::vm::ops::arith::Arith;
use crate::vm::ops::compare::{frozen_key, set_has};
use crate::vm::ops::sets::{self, AnySet};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn is_set(v: &Value) -> bool {
    matches!(v.kind(), Some(Kind::Set | Kind::FrozenSet))
}

super::comparison_methods!(is_set);

fn binary(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R {
    let (Some(_), Some(_)) = (sets::map_of(a), sets::map_of(b)) else {
        return Ok(vm.not_implemented());
    };
    let result = sets::operator(vm, op, a, b)?;
    Ok(vm.or_not_implemented(result))
}

super::operator_methods! {
    binary;
    and "__and__" rand "__rand__" And "Return self&value.";
    or "__or__" ror "__ror__" Or "Return self|value.";
    xor "__xor__" rxor "__rxor__" Xor "Return self^value.";
    sub "__sub__" rsub "__rsub__" Sub "Return self-value.";
}

/// The set in `self`.
pub fn this_set(vm: &mut Vm, v: &Value) -> R<AnySet> {
    match sets::map_of(v) {
        Some(set) => Ok(set),
        None => {
            let class = vm.type_name(v);
            Err(vm.type_error(format!(
                "descriptor requires another object than a '{class}'"
            )))
        }
    }
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]);
    let name = class.name();
    let plain = class.is(&vm.types.set) || class.is(&vm.types.frozenset);
    let text = vm.repr_set(&args[0].unwrapped(), (!plain).then_some(&*name))?;
    Ok(Value::from(text))
}

fn contains(vm: &mut Vm, args: &[Value]) -> R {
    let set = this_set(vm, &args[0])?;
    set_has(vm, &set, &args[1]).map(Value::bool)
}

/// The positional arguments of a method with `*others`.
fn others(v: &Value) -> Vec<Value> {
    v.as_ref::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec())
}

/// `self op other op other…`, each result the operand of the next, as a new set of the same
/// type; a copy if there are no others.
fn combine(
    vm: &mut Vm,
    args: &[Value],
    mut step: impl FnMut(&mut Vm, &AnySet, &Value) -> R<SetTable>,
) -> R {
    let set = this_set(vm, &args[0])?;
    let frozen = matches!(set, AnySet::Frozen(_));
    let mut result = set.clone();
    let others = others(&args[1]);
    if others.is_empty() {
        result = holding(set.map().borrow().copied());
    }
    for other in others {
        result = holding(step(vm, &result, &other)?);
    }
    let table = result.map().borrow_mut().take();
    Ok(sets::make(table, frozen))
}

fn holding(table: SetTable) -> AnySet {
    AnySet::Set(Ref::new(Set { map: table.into() }))
}

fn union(vm: &mut Vm, args: &[Value]) -> R {
    let set = this_set(vm, &args[0])?;
    let result = std::cell::RefCell::new(set.map().borrow().copied());
    for other in others(&args[1]) {
        if !args[0].is(&other) {
            vm.fill_set(&result, &other)?;
        }
    }
    let frozen = matches!(set, AnySet::Frozen(_));
    Ok(sets::make(result.into_inner(), frozen))
}

fn intersection(vm: &mut Vm, args: &[Value]) -> R {
    combine(vm, args, Vm::set_intersection_items)
}

fn difference(vm: &mut Vm, args: &[Value]) -> R {
    let first = args[0].clone();
    combine(vm, args, |vm, set, other| {
        if std::ptr::eq(set.map(), this_set(vm, &first)?.map()) {
            return vm.set_difference_items(set, other);
        }
        vm.set_remove_items(set.map(), other)?;
        Ok(set.map().borrow_mut().take())
    })
}

fn symmetric_difference(vm: &mut Vm, args: &[Value]) -> R {
    let set = this_set(vm, &args[0])?;
    let other = vm.to_any_set(&args[1])?;
    let result = vm.combine_sets(Arith::Xor, &set, &other)?;
    Ok(sets::make(result, matches!(set, AnySet::Frozen(_))))
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let set = this_set(vm, &args[0])?;
    if let AnySet::Frozen(_) = set
        && args[0].kind() == Some(Kind::FrozenSet)
    {
        return Ok(args[0].clone());
    }
    let map = set.map().borrow().copied();
    Ok(sets::make(map, matches!(set, AnySet::Frozen(_))))
}

fn isdisjoint(vm: &mut Vm, args: &[Value]) -> R {
    let set = this_set(vm, &args[0])?;
    if let Some(other) = sets::map_of(&args[1]) {
        let (few, many) = if other.len() > set.len() {
            (&set, &other)
        } else {
            (&other, &set)
        };
        for (hash, key) in few.entries() {
            if vm.find_in(many.map(), hash, &key)?.is_some() {
                return Ok(Value::False);
            }
        }
        return Ok(Value::True);
    }
    let mut disjoint = true;
    vm.for_each(&args[1], |vm, item| {
        disjoint = !vm.set_contains(set.map(), &item)?;
        Ok(disjoint)
    })?;
    Ok(Value::bool(disjoint))
}

fn issubset(vm: &mut Vm, args: &[Value]) -> R {
    let set = this_set(vm, &args[0])?;
    if let Some(other) = sets::map_of(&args[1]) {
        return vm.is_subset(&set, &other).map(Value::bool);
    }
    let shared = vm.set_intersection_items(&set, &args[1])?;
    Ok(Value::bool(shared.len() == set.map().borrow().len()))
}

fn issuperset(vm: &mut Vm, args: &[Value]) -> R {
    let set = this_set(vm, &args[0])?;
    if let Some(other) = sets::map_of(&args[1]) {
        return vm.is_subset(&other, &set).map(Value::bool);
    }
    let mut all = true;
    vm.for_each(&args[1], |vm, item| {
        all = vm.set_contains(set.map(), &item)?;
        Ok(all)
    })?;
    Ok(Value::bool(all))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let elements = List::value(vm.collect(&args[0].unwrapped())?);
    let state = crate::builtins::object_state(vm, &args[0])?;
    let class = vm.class_of(&args[0]);
    Ok(Tuple::value([
        class.into(),
        Tuple::value([elements]),
        state,
    ]))
}

/// Methods of both kinds of set.
pub const SHARED: &[NativeDef] = &[
    CLASS_GETITEM,
    NativeDef::new("__len__", "(self, /)", super::len, "Return len(self)."),
    NativeDef::new(
        "__iter__",
        "(self, /)",
        super::iter,
        "Implement iter(self).",
    ),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__reduce__", "(self, /)", reduce, "How to make a copy."),
    NativeDef::new(
        "__contains__",
        "(self, object, /)",
        contains,
        "Return bool(object in self).",
    ),
    NativeDef::new(
        "union",
        "(self, /, *others)",
        union,
        "All elements of this set and the others.",
    ),
    NativeDef::new(
        "intersection",
        "(self, /, *others)",
        intersection,
        "The elements that all have in common.",
    ),
    NativeDef::new(
        "difference",
        "(self, /, *others)",
        difference,
        "The elements that none of the others has.",
    ),
    NativeDef::new(
        "symmetric_difference",
        "(self, other, /)",
        symmetric_difference,
        "The elements that one of both has.",
    ),
    NativeDef::new("copy", "(self, /)", copy, "A set of the same elements."),
    NativeDef::new(
        "isdisjoint",
        "(self, other, /)",
        isdisjoint,
        "True if there is no common element.",
    ),
    NativeDef::new(
        "issubset",
        "(self, other, /)",
        issubset,
        "True if the other has all elements of this set.",
    ),
    NativeDef::new(
        "issuperset",
        "(self, other, /)",
        issuperset,
        "True if this set has all elements of the other.",
    ),
];

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.set.clone();
    made(vm, &args[0], &class, sets::make(SetTable::default(), false))
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    let old = set.map.borrow_mut().take();
    drop(old);
    if let Some(from) = args[1].given() {
        vm.fill_set(&set.map, from)?;
    }
    Ok(Value::None)
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    vm.set_add(&set.map, &args[1])?;
    Ok(Value::None)
}

fn discard(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    vm.set_remove(&set.map, &frozen_key(vm, &args[1]))?;
    Ok(Value::None)
}

fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    if vm.set_remove(&set.map, &frozen_key(vm, &args[1]))? {
        return Ok(Value::None);
    }
    Err(vm.key_error(&args[1]))
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    let removed = set.map.borrow_mut().pop();
    match removed {
        Some(key) => Ok(key),
        None => {
            let class = vm.exc.key_error.clone();
            Err(vm.error(&class, "pop from an empty set"))
        }
    }
}

fn clear(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    let old = set.map.borrow_mut().take();
    let keys: Vec<Value> = old.iter().map(|(_, key)| key.clone()).collect();
    drop(old);
    vm.release_in_turn(keys);
    Ok(Value::None)
}

fn update(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    for other in others(&args[1]) {
        vm.fill_set(&set.map, &other)?;
    }
    Ok(Value::None)
}

fn intersection_update(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    let result = intersection(vm, args)?;
    if let Some(result) = sets::map_of(&result) {
        let table = result.map().borrow_mut().take();
        sets::replace(&set, table);
    }
    Ok(Value::None)
}

fn difference_update(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    for other in others(&args[1]) {
        vm.set_remove_items(&set.map, &other)?;
    }
    Ok(Value::None)
}

fn symmetric_difference_update(vm: &mut Vm, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    let other = vm.to_any_set(&args[1])?;
    sets::update(vm, Arith::Xor, &set, &other)?;
    Ok(Value::None)
}

fn in_place(vm: &mut Vm, op: Arith, args: &[Value]) -> R {
    let set = this::<Set>(vm, &args[0])?;
    match sets::map_of(&args[1]) {
        Some(other) => {
            sets::update(vm, op, &set, &other)?;
            Ok(args[0].clone())
        }
        None => Ok(vm.not_implemented()),
    }
}

fn iand(vm: &mut Vm, args: &[Value]) -> R {
    in_place(vm, Arith::And, args)
}

fn ior(vm: &mut Vm, args: &[Value]) -> R {
    in_place(vm, Arith::Or, args)
}

fn ixor(vm: &mut Vm, args: &[Value]) -> R {
    in_place(vm, Arith::Xor, args)
}

fn isub(vm: &mut Vm, args: &[Value]) -> R {
    in_place(vm, Arith::Sub, args)
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", new),
    NativeDef::new(
        "__init__",
        "(self, iterable=(), /)",
        init,
        "Fill the set with the items of the iterable.",
    ),
    NativeDef::new("__iand__", "(self, value, /)", iand, "Return self&=value."),
    NativeDef::new("__ior__", "(self, value, /)", ior, "Return self|=value."),
    NativeDef::new("__ixor__", "(self, value, /)", ixor, "Return self^=value."),
    NativeDef::new("__isub__", "(self, value, /)", isub, "Return self-=value."),
    NativeDef::new("add", "(self, object, /)", add, "Add an element."),
    NativeDef::new(
        "discard",
        "(self, object, /)",
        discard,
        "Remove an element if it is there.",
    ),
    NativeDef::new(
        "remove",
        "(self, object, /)",
        remove,
        "Remove an element; KeyError if it is not there.",
    ),
    NativeDef::new(
        "pop",
        "(self, /)",
        pop,
        "Remove some element and return it.",
    ),
    NativeDef::new("clear", "(self, /)", clear, "Remove all elements."),
    NativeDef::new(
        "update",
        "(self, /, *others)",
        update,
        "Add all elements of the others.",
    ),
    NativeDef::new(
        "intersection_update",
        "(self, /, *others)",
        intersection_update,
        "Keep the elements that all have in common.",
    ),
    NativeDef::new(
        "difference_update",
        "(self, /, *others)",
        difference_update,
        "Remove the elements of the others.",
    ),
    NativeDef::new(
        "symmetric_difference_update",
        "(self, other, /)",
        symmetric_difference_update,
        "Keep the elements that one of both has.",
    ),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.set.clone();
    vm.extend_class(&class, SHARED, &[]);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, OPERATORS, &[]);
    vm.extend_class(&class, METHODS, &[]);
    super::make_unhashable(vm, &class);
}
