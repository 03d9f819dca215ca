//! `defaultdict`: a dict that makes the values of missing keys.

use crate::builtins::arguments::this;
use crate::builtins::iterators::values_of;
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, TypeDef};
use crate::vm::object::{Class, Dict, Instance, Kind, Layout, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

static DEF: TypeDef = TypeDef::new("defaultdict", "collections", Layout::Builtin(Kind::Dict))
    .doc("A dict with a factory for the values of missing keys.")
    .base(|vm| vm.types.dict.clone())
    .methods(METHODS)
    .getset(&[GetSet::write(
        "default_factory",
        get_factory,
        set_factory,
        "Factory for default value called by __missing__().",
    )]);

pub fn class(vm: &mut Vm) -> Ref<Class> {
    vm.make_class(&DEF)
}

/// The factory stands in a slot of the instance.
fn factory(vm: &mut Vm, v: &Value) -> Value {
    let name = vm.intern("default_factory");
    let instance = v.as_ref::<Instance>();
    instance.and_then(|i| i.get(&name)).unwrap_or(Value::None)
}

fn get_factory(vm: &mut Vm, v: &Value) -> R {
    Ok(factory(vm, v))
}

fn set_factory(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let name = vm.intern("default_factory");
    if let Some(instance) = v.as_ref::<Instance>() {
        let old = instance.set(&name, value.unwrap_or(Value::None));
        drop(old);
    }
    Ok(())
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let function = args[1].given().cloned().unwrap_or(Value::None);
    if !function.is_none() && !crate::builtins::is_callable(vm, &function) {
        return Err(vm.type_error("first argument must be callable or None"));
    }
    set_factory(vm, &args[0], Some(function))?;
    let dict = this::<Dict>(vm, &args[0])?;
    let rest = values_of(&args[2]);
    if rest.len() > 1 {
        return Err(vm.type_error(format!(
            "dict expected at most 1 argument, got {}",
            rest.len()
        )));
    }
    for from in rest {
        vm.dict_update(&dict, &from)?;
    }
    if let Some(named) = args[3].as_ref::<Dict>() {
        vm.dict_merge(&dict, named)?;
    }
    Ok(Value::None)
}

fn missing(vm: &mut Vm, args: &[Value]) -> R {
    let function = factory(vm, &args[0]);
    if function.is_none() {
        return Err(vm.key_error(&args[1]));
    }
    let value = vm.call(&function, &[])?;
    vm.set_item(&args[0], &args[1], value.clone())?;
    Ok(value)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let function = factory(vm, &args[0]);
    let shown = vm.while_writing(&args[0], |vm| vm.repr(&function))?;
    let shown = shown.map_or_else(|| "...".to_string(), |s| s.as_str().to_string());
    let dict: Value = this::<Dict>(vm, &args[0])?.into();
    let items = vm.repr_dict(&dict)?;
    let class = vm.class_of(&args[0]).name();
    Ok(Value::from(format!("{class}({shown}, {items})")))
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let function = factory(vm, &args[0]);
    let class: Value = vm.class_of(&args[0]).into();
    vm.call(&class, &[function, args[0].clone()])
}

/// `a | b`: of the type of the one that is a defaultdict.
fn merged(vm: &mut Vm, this_one: &Value, a: &Value, b: &Value) -> R {
    if a.payload::<Dict>().is_none() || b.payload::<Dict>().is_none() {
        return Ok(vm.not_implemented());
    }
    let function = factory(vm, this_one);
    let class: Value = vm.class_of(this_one).into();
    let result = vm.call(&class, &[function, a.clone()])?;
    if let Some(dict) = result.payload::<Dict>() {
        vm.dict_update(&dict, b)?;
    }
    Ok(result)
}

fn or(vm: &mut Vm, args: &[Value]) -> R {
    merged(vm, &args[0], &args[0], &args[1])
}

fn ror(vm: &mut Vm, args: &[Value]) -> R {
    merged(vm, &args[0], &args[1], &args[0])
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let function = factory(vm, &args[0]);
    let class = vm.class_of(&args[0]);
    let arguments = if function.is_none() {
        Tuple::value([])
    } else {
        Tuple::value([function])
    };
    let dict = this::<Dict>(vm, &args[0])?;
    let items = vm.dict_view(&dict, crate::vm::ops::iterators::Part::Items);
    let items = vm.iter(&items)?;
    Ok(Tuple::value([
        class.into(),
        arguments,
        Value::None,
        Value::None,
        items,
    ]))
}

const METHODS: &[NativeDef] = &[
    NativeDef::new(
        "__init__",
        "(self, default_factory=None, /, *args, **kwargs)",
        init,
        "Set the factory, and fill the dict.",
    ),
    NativeDef::new(
        "__missing__",
        "(self, key, /)",
        missing,
        "Make and set the value of a missing key.",
    ),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__or__", "(self, value, /)", or, "Return self|value."),
    NativeDef::new("__ror__", "(self, value, /)", ror, "Return value|self."),
    NativeDef::new(
        "copy",
        "(self, /)",
        copy,
        "A dict with the same factory, keys and values.",
    ),
    NativeDef::new(
        "__copy__",
        "(self, /)",
        copy,
        "A dict with the same factory, keys and values.",
    ),
    NativeDef::new("__reduce__", "(self, /)", reduce, "How to make a copy."),
];
