//! The attributes of generators, coroutines and async generators. Their methods are in the VM.

use super::args::{address, at};
use super::code::{delegate, generator_frame};
use crate::vm::generator::is_executing;
use crate::vm::heap::{ObjSlot, Ref};
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{GenExtra, GenState, Generator};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub fn install(vm: &mut Vm) {
    let class = vm.types.generator.clone();
    vm.extend_class(&class, SPECIAL, NAMES);
    vm.extend_class(&class, &[], GENERATOR);
    let class = vm.types.coroutine.clone();
    vm.extend_class(&class, SPECIAL, NAMES);
    vm.extend_class(&class, &[], COROUTINE);
    let class = vm.types.async_generator.clone();
    vm.extend_class(&class, SPECIAL, NAMES);
    vm.extend_class(&class, &[], ASYNC_GENERATOR);
}

const SPECIAL: &[NativeDef] = &[
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| {
            let v = at(args, 0);
            let name = of(vm, &v)?.qualname();
            let class = vm.type_name(&v);
            Ok(Value::from(format!(
                "<{class} object {} at {}>",
                name.as_str().unwrap_or("?"),
                address(&v)
            )))
        },
        "Return repr(self).",
    ),
    NativeDef::new(
        "__del__",
        "(self, /)",
        |vm, args| {
            let g = of(vm, &at(args, 0))?;
            vm.finalize_generator(&g);
            Ok(Value::None)
        },
        "Called when the instance is about to be destroyed.",
    ),
];

const NAMES: &[GetSet] = &[
    GetSet::write(
        "__name__",
        |vm, v| Ok(of(vm, v)?.name()),
        |vm, v, value| set_name(vm, v, value, "__name__", |e| &e.name),
        "The name.",
    ),
    GetSet::write(
        "__qualname__",
        |vm, v| Ok(of(vm, v)?.qualname()),
        |vm, v, value| set_name(vm, v, value, "__qualname__", |e| &e.qualname),
        "The qualified name.",
    ),
];

const GENERATOR: &[GetSet] = &[
    GetSet::read("gi_frame", frame, "The frame, None at the end."),
    GetSet::read("gi_running", running, "Whether it is executing."),
    GetSet::read("gi_suspended", suspended, "Whether it stands at a yield."),
    GetSet::read("gi_code", code, "The code."),
    GetSet::read("gi_yieldfrom", delegated, "What it delegates to."),
];

const COROUTINE: &[GetSet] = &[
    GetSet::read("cr_frame", frame, "The frame, None at the end."),
    GetSet::read("cr_running", running, "Whether it is executing."),
    GetSet::read("cr_suspended", suspended, "Whether it stands at an await."),
    GetSet::read("cr_code", code, "The code."),
    GetSet::read("cr_await", delegated, "What it awaits."),
    GetSet::read(
        "cr_origin",
        |vm, v| {
            let origin = of(vm, v)?.rare().map(|e| e.origin.get());
            Ok(match origin {
                Some(origin) if !origin.is_undef() => origin,
                _ => Value::None,
            })
        },
        "Where it was made, if that is tracked.",
    ),
];

const ASYNC_GENERATOR: &[GetSet] = &[
    GetSet::read("ag_frame", frame, "The frame, None at the end."),
    GetSet::read(
        "ag_running",
        |vm, v| Ok(Value::bool(of(vm, v)?.is_async_running())),
        "Whether an item is awaited.",
    ),
    GetSet::read("ag_suspended", suspended, "Whether it stands at a yield."),
    GetSet::read("ag_code", code, "The code."),
    GetSet::read("ag_await", delegated, "What it awaits."),
];

fn of(vm: &mut Vm, v: &Value) -> R<Ref<Generator>> {
    match v.as_ref::<Generator>() {
        Some(generator) => Ok(generator.clone()),
        None => Err(vm.type_error("descriptor requires a 'generator' object")),
    }
}

fn set_name(
    vm: &mut Vm,
    v: &Value,
    value: Option<Value>,
    attribute: &str,
    slot: fn(&GenExtra) -> &ObjSlot,
) -> R<()> {
    match value {
        Some(value) if value.as_str().is_some() => {
            slot(of(vm, v)?.extra()).set(value);
            Ok(())
        }
        _ => Err(vm.type_error(format!("{attribute} must be set to a string object"))),
    }
}

fn frame(vm: &mut Vm, v: &Value) -> R {
    let generator = of(vm, v)?;
    Ok(generator_frame(&generator))
}

fn running(vm: &mut Vm, v: &Value) -> R {
    let generator = of(vm, v)?;
    Ok(Value::bool(is_executing(&generator)))
}

fn suspended(vm: &mut Vm, v: &Value) -> R {
    let generator = of(vm, v)?;
    let suspended = generator.state.get() == GenState::Suspended && !is_executing(&generator);
    Ok(Value::bool(suspended))
}

fn code(vm: &mut Vm, v: &Value) -> R {
    Ok(of(vm, v)?.code.clone().into())
}

fn delegated(vm: &mut Vm, v: &Value) -> R {
    let generator = of(vm, v)?;
    Ok(delegate(vm, &generator))
}
