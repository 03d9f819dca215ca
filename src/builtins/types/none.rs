//! `NoneType`, `NotImplementedType`, `ellipsis`: the classes of the three lone objects.

use super::VALUE;
use crate::builtins::args::count;
use crate::vm::native::NativeDef;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The classes take no arguments.
fn refuse_arguments(vm: &mut Vm, args: &[Value], class: &str) -> R<()> {
    if count(args.get(1), args.get(2)) > 0 {
        return Err(vm.type_error(format!("{class} takes no arguments")));
    }
    Ok(())
}

fn none_new(vm: &mut Vm, args: &[Value]) -> R {
    refuse_arguments(vm, args, "NoneType")?;
    Ok(Value::None)
}

fn not_implemented_new(vm: &mut Vm, args: &[Value]) -> R {
    refuse_arguments(vm, args, "NotImplementedType")?;
    Ok(vm.not_implemented())
}

fn ellipsis_new(vm: &mut Vm, args: &[Value]) -> R {
    refuse_arguments(vm, args, "EllipsisType")?;
    Ok(vm.ellipsis())
}

fn truth(vm: &mut Vm, args: &[Value]) -> R {
    vm.truth(&args[0]).map(Value::bool)
}

fn equality(vm: &mut Vm, args: &[Value], wanted: bool) -> R {
    if args[1].is_none() {
        return Ok(Value::bool(wanted));
    }
    Ok(vm.not_implemented())
}

fn eq(vm: &mut Vm, args: &[Value]) -> R {
    equality(vm, args, true)
}

fn ne(vm: &mut Vm, args: &[Value]) -> R {
    equality(vm, args, false)
}

/// Pickled and copied by name.
fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    vm.repr(&args[0]).map(Value::from)
}

const TRUTH: NativeDef = NativeDef::new("__bool__", "(self, /)", truth, "True if self else False");
const REDUCE: NativeDef = NativeDef::new("__reduce__", "(self, /)", reduce, "How to make a copy.");
const REPR: NativeDef = NativeDef::new("__repr__", "(self, /)", super::repr, "Return repr(self).");

const NONE: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", none_new),
    TRUTH,
    NativeDef::new("__eq__", "(self, value, /)", eq, "Return self==value."),
    NativeDef::new("__ne__", "(self, value, /)", ne, "Return self!=value."),
];
const NOT_IMPLEMENTED: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", not_implemented_new),
    TRUTH,
    REPR,
    REDUCE,
];
const ELLIPSIS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", ellipsis_new),
    REPR,
    REDUCE,
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.none_type.clone();
    vm.extend_class(&class, VALUE, &[]);
    vm.extend_class(&class, NONE, &[]);
    let class = vm.types.not_implemented_type.clone();
    vm.extend_class(&class, NOT_IMPLEMENTED, &[]);
    let class = vm.types.ellipsis_type.clone();
    vm.extend_class(&class, ELLIPSIS, &[]);
}
