//! `dict`. Its views are in `vm::ops::views`.

use super::{CLASS_GETITEM, CONTAINER, MUTABLE, made};
use crate::builtins::MappingProxy;
use crate::builtins::arguments::{class, this};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Dict, Kind, Tuple};
use crate::vm::ops::arith::Arith;
use crate::vm::ops::iterators::{DictIterator, Part, kept};
use crate::vm::ops::views::{DictView, ItemsView, KeysView, ValuesView};
use crate::vm::ops::{sequence, sets};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

fn is_dict(v: &Value) -> bool {
    v.kind() == Some(Kind::Dict)
}

fn compare_equal(vm: &mut Vm, args: &[Value], wanted: bool) -> R {
    use crate::vm::ops::compare::{Cmp, builtin};
    let (a, b) = (args[0].unwrapped(), args[1].unwrapped());
    if !is_dict(&b) {
        return Ok(vm.not_implemented());
    }
    let op = if wanted { Cmp::Eq } else { Cmp::Ne };
    let result = builtin(vm, op, &a, &b)?;
    Ok(result.map_or_else(|| vm.not_implemented(), Value::bool))
}

fn eq(vm: &mut Vm, args: &[Value]) -> R {
    compare_equal(vm, args, true)
}

fn ne(vm: &mut Vm, args: &[Value]) -> R {
    compare_equal(vm, args, false)
}

/// `<` and its kin do not exist for dicts.
fn unordered(vm: &mut Vm, _: &[Value]) -> R {
    Ok(vm.not_implemented())
}

/// `dict.__new__`: an empty dict, which `__init__` fills.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.dict.clone();
    made(vm, &args[0], &class, Dict::new().into())
}

/// `__init__` and `update`: a mapping or pairs, then keywords.
fn update(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    if let Some(from) = args[1].given() {
        vm.dict_update(&dict, from)?;
    }
    if let Some(named) = args[2].as_ref::<Dict>().filter(|d| !d.is_empty()) {
        vm.dict_merge(&dict, named)?;
    }
    Ok(Value::None)
}

fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    if let Some(value) = vm.dict_get(&dict, &args[1])? {
        return Ok(value);
    }
    if !is_dict(&args[0]) {
        let name = vm.names.__missing__.clone();
        if let Some(value) = vm.call_special(&args[0], &name, &args[1..2])? {
            return Ok(value);
        }
    }
    Err(vm.key_error(&args[1]))
}

fn get(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    Ok(match vm.dict_get(&dict, &args[1])? {
        Some(value) => value,
        None => args[2].given().cloned().unwrap_or(Value::None),
    })
}

fn setdefault(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    let hash = vm.hash_key(&args[1])?;
    if let Some(at) = vm.find_in(&dict.map, hash, &args[1])? {
        let found = dict.map.borrow().entry(at).map(|e| e.value.clone());
        return Ok(found.unwrap_or(Value::None));
    }
    let value = args[2].given().cloned().unwrap_or(Value::None);
    dict.map
        .borrow_mut()
        .insert_new(hash, args[1].clone(), value.clone());
    Ok(value)
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    let found = if dict.is_empty() {
        // As in CPython, a key is not even hashed.
        None
    } else {
        vm.dict_remove(&dict, &args[1])?
    };
    match (found, args[2].given()) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(vm.key_error(&args[1])),
    }
}

fn popitem(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    let removed = {
        let mut map = dict.map.borrow_mut();
        map.pop_last()
    };
    match removed {
        Some((key, value)) => Ok(Tuple::value([key, value])),
        None => {
            let class = vm.exc.key_error.clone();
            Err(vm.error(&class, "popitem(): dictionary is empty"))
        }
    }
}

fn clear(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    let old = dict.map.borrow_mut().take();
    vm.release_in_turn(old.into_pairs());
    Ok(Value::None)
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    if !is_dict(&args[0]) {
        let copy = Dict::new();
        vm.dict_update(&copy, &args[0])?;
        return Ok(copy.into());
    }
    let map = RefCell::new(dict.map.borrow().clone());
    Ok(Ref::new(Dict { map }).into())
}

fn view(vm: &mut Vm, args: &[Value], part: Part) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    Ok(kept(vm.dict_view(&dict, part), &args[0]))
}

fn keys(vm: &mut Vm, args: &[Value]) -> R {
    view(vm, args, Part::Keys)
}

fn values(vm: &mut Vm, args: &[Value]) -> R {
    view(vm, args, Part::Values)
}

fn items(vm: &mut Vm, args: &[Value]) -> R {
    view(vm, args, Part::Items)
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    Ok(kept(
        DictIterator::reversed(vm, &dict, Part::Keys),
        &args[0],
    ))
}

fn fromkeys(vm: &mut Vm, args: &[Value]) -> R {
    let value = args[2].given().cloned().unwrap_or(Value::None);
    let plain = vm.types.dict.clone();
    if class(vm, &args[0])?.is(&plain) {
        let dict = Dict::new();
        if let Some(keys) = sets::hashed_items(&args[1]) {
            for (hash, key) in keys {
                vm.dict_set_hashed(&dict, hash, &key, value.clone())?;
            }
            return Ok(dict.into());
        }
        vm.for_each(&args[1], |vm, key| {
            vm.dict_set(&dict, &key, value.clone())?;
            Ok(true)
        })?;
        return Ok(dict.into());
    }
    let made = vm.call(&args[0], &[])?;
    vm.for_each(&args[1], |vm, key| {
        vm.set_item(&made, &key, value.clone())?;
        Ok(true)
    })?;
    Ok(made)
}

fn or(vm: &mut Vm, args: &[Value]) -> R {
    joined(vm, &args[0], &args[1])
}

/// A dict of both; a subclass may iterate in a way of its own.
fn joined(vm: &mut Vm, a: &Value, b: &Value) -> R {
    if a.payload::<Dict>().is_none() || b.payload::<Dict>().is_none() {
        return Ok(vm.or_not_implemented(None));
    }
    let both = Dict::new();
    vm.dict_update(&both, a)?;
    vm.dict_update(&both, b)?;
    Ok(both.into())
}

fn ror(vm: &mut Vm, args: &[Value]) -> R {
    joined(vm, &args[1], &args[0])
}

fn ior(vm: &mut Vm, args: &[Value]) -> R {
    sequence::in_place(vm, Arith::Or, &args[0].unwrapped(), &args[1])?;
    Ok(args[0].clone())
}

fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    let n = dict.len();
    Ok(Value::from(if n == 0 {
        64
    } else {
        184 + 24 * n.next_power_of_two()
    }))
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", new),
    NativeDef::new(
        "__init__",
        "(self, iterable=(), /, **kwargs)",
        update,
        "Fill the dict from a mapping or pairs, and keywords.",
    ),
    NativeDef::new(
        "__getitem__",
        "(self, key, /)",
        getitem,
        "Return self[key].",
    ),
    CLASS_GETITEM,
    NativeDef::new("__eq__", "(self, value, /)", eq, "Return self==value."),
    NativeDef::new("__ne__", "(self, value, /)", ne, "Return self!=value."),
    NativeDef::new(
        "__lt__",
        "(self, value, /)",
        unordered,
        "Return self<value.",
    ),
    NativeDef::new(
        "__le__",
        "(self, value, /)",
        unordered,
        "Return self<=value.",
    ),
    NativeDef::new(
        "__gt__",
        "(self, value, /)",
        unordered,
        "Return self>value.",
    ),
    NativeDef::new(
        "__ge__",
        "(self, value, /)",
        unordered,
        "Return self>=value.",
    ),
    NativeDef::new("__or__", "(self, value, /)", or, "Return self|value."),
    NativeDef::new("__ror__", "(self, value, /)", ror, "Return value|self."),
    NativeDef::new("__ior__", "(self, value, /)", ior, "Return self|=value."),
    NativeDef::new(
        "__reversed__",
        "(self, /)",
        reversed,
        "Return a reverse iterator over the dict keys.",
    ),
    NativeDef::new(
        "__sizeof__",
        "(self, /)",
        sizeof,
        "Size in memory, in bytes.",
    ),
    NativeDef::new(
        "get",
        "(self, key, default=None, /)",
        get,
        "The value of a key, or the default.",
    ),
    NativeDef::new(
        "setdefault",
        "(self, key, default=None, /)",
        setdefault,
        "The value of a key, which is set to the default if it is missing.",
    ),
    NativeDef::new(
        "pop",
        "(self, key, default=None, /)",
        pop,
        "Remove a key and return its value, or the default.",
    ),
    NativeDef::new(
        "popitem",
        "(self, /)",
        popitem,
        "Remove the last key and value and return them as a pair.",
    ),
    NativeDef::new("keys", "(self, /)", keys, "A view of the keys."),
    NativeDef::new("values", "(self, /)", values, "A view of the values."),
    NativeDef::new(
        "items",
        "(self, /)",
        items,
        "A view of the pairs of key and value.",
    ),
    NativeDef::new(
        "update",
        "(self, iterable=(), /, **kwargs)",
        update,
        "Set keys from a mapping or pairs, and keywords.",
    ),
    NativeDef::new("clear", "(self, /)", clear, "Remove all keys."),
    NativeDef::new(
        "copy",
        "(self, /)",
        copy,
        "A dict of the same keys and values.",
    ),
    NativeDef::new(
        "fromkeys",
        "(cls, iterable, value=None, /)",
        fromkeys,
        "A dict with these keys, all of one value.",
    )
    .class(),
];

const VIEW_GETSET: &[GetSet] = &[GetSet::read(
    "mapping",
    |vm, v| match DictView::of(v) {
        Some(view) => {
            let dict = view.dict.clone().into();
            Ok(vm.make(MappingProxy(dict)))
        }
        None => Ok(Value::None),
    },
    "the dict that this view shows, to be read only",
)];

/// Adds to the classes of views what needs the layer of built-in types.
fn install_views(vm: &mut Vm) {
    let (keys, items) = (vm.class_for::<KeysView>(), vm.class_for::<ItemsView>());
    let values = vm.class_for::<ValuesView>();
    for class in [&keys, &values, &items] {
        vm.extend_class(class, &[], VIEW_GETSET);
    }
    super::make_unhashable(vm, &keys);
    super::make_unhashable(vm, &items);
}

pub fn install(vm: &mut Vm) {
    install_views(vm);
    let class = vm.types.dict.clone();
    vm.extend_class(&class, CONTAINER, &[]);
    vm.extend_class(&class, MUTABLE, &[]);
    vm.extend_class(&class, METHODS, &[]);
    super::make_unhashable(vm, &class);
}
