//! `slice`.

use super::VALUE;
use crate::builtins::arguments::this;
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Kind, Slice, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use num_traits::Signed;

fn is_slice(v: &Value) -> bool {
    v.kind() == Some(Kind::Slice)
}

super::comparison_methods!(is_slice);

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let given = args[1].as_ref::<Tuple>().cloned();
    let given = given.as_ref().map_or(&[][..], |t| t.items());
    let (start, stop, step) = match given {
        [stop] => (Value::None, stop.clone(), Value::None),
        [start, stop] => (start.clone(), stop.clone(), Value::None),
        [start, stop, step] => (start.clone(), stop.clone(), step.clone()),
        [] => return Err(vm.type_error("slice expected at least 1 argument, got 0")),
        more => {
            return Err(vm.type_error(format!(
                "slice expected at most 3 arguments, got {}",
                more.len()
            )));
        }
    };
    Ok(Ref::new(Slice { start, stop, step }).into())
}

fn indices(vm: &mut Vm, args: &[Value]) -> R {
    let slice = this::<Slice>(vm, &args[0])?;
    let len = vm.index(&args[1])?.as_bigint().unwrap_or_default();
    if len.is_negative() {
        return Err(vm.value_error("length should not be negative"));
    }
    let parts = vm.slice_indices_big(&slice, &len)?;
    Ok(Tuple::value(parts))
}

fn parts(slice: &Slice) -> Value {
    Tuple::value([slice.start.clone(), slice.stop.clone(), slice.step.clone()])
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let slice = this::<Slice>(vm, &args[0])?;
    let class = vm.types.slice.clone();
    Ok(Tuple::value([class.into(), parts(&slice)]))
}

fn get_start(vm: &mut Vm, v: &Value) -> R {
    Ok(this::<Slice>(vm, v)?.start.clone())
}

fn get_stop(vm: &mut Vm, v: &Value) -> R {
    Ok(this::<Slice>(vm, v)?.stop.clone())
}

fn get_step(vm: &mut Vm, v: &Value) -> R {
    Ok(this::<Slice>(vm, v)?.step.clone())
}

const GETSET: &[GetSet] = &[
    GetSet::read("start", get_start, "where it begins"),
    GetSet::read("stop", get_stop, "where it ends, exclusive"),
    GetSet::read("step", get_step, "how far its items are apart"),
];

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args)", new),
    NativeDef::new(
        "indices",
        "(self, length, /)",
        indices,
        "Start, stop and step fitted to a length.",
    ),
    NativeDef::new("__reduce__", "(self, /)", reduce, "How to make a copy."),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.slice.clone();
    vm.extend_class(&class, VALUE, GETSET);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
