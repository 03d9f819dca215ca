//! Attributes and classes: `getattr` and its kin, `isinstance`, `callable`, `len`.

use crate::builtins::args::is_callable;
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::Str;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn attribute_name(vm: &mut Vm, v: &Value) -> R<Ref<Str>> {
    match vm.intern_value(v) {
        Some(name) => Ok(name),
        None => {
            let class = vm.type_name(v);
            Err(vm.type_error(format!("attribute name must be string, not '{class}'")))
        }
    }
}

fn getattr(vm: &mut Vm, args: &[Value]) -> R {
    let name = attribute_name(vm, &args[1])?;
    match args[2].given() {
        None => vm.get_attr(&args[0], &name),
        Some(default) => {
            let found = vm.get_attr_opt(&args[0], &name)?;
            Ok(found.unwrap_or_else(|| default.clone()))
        }
    }
}

fn hasattr(vm: &mut Vm, args: &[Value]) -> R {
    let name = attribute_name(vm, &args[1])?;
    Ok(Value::bool(vm.get_attr_opt(&args[0], &name)?.is_some()))
}

fn setattr(vm: &mut Vm, args: &[Value]) -> R {
    let name = attribute_name(vm, &args[1])?;
    vm.set_attr(&args[0], &name, args[2].clone())?;
    Ok(Value::None)
}

fn delattr(vm: &mut Vm, args: &[Value]) -> R {
    let name = attribute_name(vm, &args[1])?;
    vm.del_attr(&args[0], &name)?;
    Ok(Value::None)
}

fn isinstance(vm: &mut Vm, args: &[Value]) -> R {
    vm.is_instance(&args[0], &args[1]).map(Value::bool)
}

fn issubclass(vm: &mut Vm, args: &[Value]) -> R {
    vm.is_subclass(&args[0], &args[1]).map(Value::bool)
}

fn callable(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(is_callable(vm, &args[0])))
}

fn len(vm: &mut Vm, args: &[Value]) -> R {
    vm.len(&args[0]).map(Value::from)
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "getattr",
        "(object, name, default=None, /)",
        getattr,
        "An attribute by its name, or the default if there is none.",
    ),
    NativeDef::new(
        "hasattr",
        "(obj, name, /)",
        hasattr,
        "Whether the object has such an attribute.",
    ),
    NativeDef::new(
        "setattr",
        "(obj, name, value, /)",
        setattr,
        "Set an attribute by its name.",
    ),
    NativeDef::new(
        "delattr",
        "(obj, name, /)",
        delattr,
        "Delete an attribute by its name.",
    ),
    NativeDef::new(
        "isinstance",
        "(obj, class_or_tuple, /)",
        isinstance,
        "Whether the object is of the class or of one derived from it.",
    ),
    NativeDef::new(
        "issubclass",
        "(cls, class_or_tuple, /)",
        issubclass,
        "Whether a class is the other or derived from it.",
    ),
    NativeDef::new(
        "callable",
        "(obj, /)",
        callable,
        "Whether the object can be called.",
    ),
    NativeDef::new(
        "len",
        "(obj, /)",
        len,
        "The number of items in a container.",
    ),
];
