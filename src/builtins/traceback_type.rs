//! Tracebacks as objects.

use super::args::at;
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{FrameObject, Traceback};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub fn install(vm: &mut Vm) {
    let class = vm.types.traceback.clone();
    vm.extend_class(&class, METHODS, GETSET);
}

const METHODS: &[NativeDef] = &[NativeDef::constructor(
    "(cls, /, tb_next, tb_frame, tb_lasti, tb_lineno)",
    new,
)];

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let (next, frame) = (at(args, 1), at(args, 2));
    let Some(frame) = frame.as_ref::<FrameObject>() else {
        let message = format!(
            "traceback() argument 'tb_frame' must be frame, not {}",
            vm.type_name(&frame)
        );
        return Err(vm.type_error(message));
    };
    let lasti = vm.index_c_int(&at(args, 3))?;
    let line = vm.index_c_int(&at(args, 4))?;
    check_next(vm, &next, "traceback object or None")?;
    // A line of -1 is that of the instruction.
    let line = (line != -1).then_some(line as i32);
    Ok(Traceback::at_line(frame.clone(), lasti as u32, line, next).into())
}

fn check_next(vm: &mut Vm, next: &Value, expected: &str) -> R<()> {
    if next.is_none() || next.as_ref::<Traceback>().is_some() {
        return Ok(());
    }
    let message = format!("expected {expected}, got '{}'", vm.type_name(next));
    Err(vm.type_error(message))
}

const GETSET: &[GetSet] = &[
    GetSet::read(
        "tb_frame",
        |vm, v| Ok(this(vm, v)?.frame.clone().into()),
        "The frame.",
    ),
    GetSet::read(
        "tb_lineno",
        |vm, v| Ok(this(vm, v)?.line().map_or(Value::None, Value::Int)),
        "The line.",
    ),
    GetSet::read(
        "tb_lasti",
        |vm, v| Ok(Value::Int(i64::from(this(vm, v)?.pc))),
        "The index of the instruction.",
    ),
    GetSet::write(
        "tb_next",
        |vm, v| {
            let next = this(vm, v)?.next.get();
            Ok(if next.is_undef() { Value::None } else { next })
        },
        |vm, v, value| {
            let Some(value) = value else {
                return Err(vm.type_error("can't delete tb_next attribute"));
            };
            check_next(vm, &value, "traceback object")?;
            let mut at = value.clone();
            while let Some(traceback) = at.as_ref::<Traceback>().cloned() {
                if at.is(v) {
                    return Err(vm.value_error("traceback loop detected"));
                }
                at = traceback.next.get();
            }
            this(vm, v)?.next.set(value);
            Ok(())
        },
        "The next level, towards where it was raised.",
    ),
];

fn this(vm: &mut Vm, v: &Value) -> R<Ref<Traceback>> {
    match v.as_ref::<Traceback>() {
        Some(traceback) => Ok(traceback.clone()),
        None => Err(vm.type_error("descriptor requires a 'traceback' object")),
    }
}
