//! What natives do with their arguments again and again.

use crate::vm::heap::{Object, Ref};
use crate::vm::object::Class;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The built-in object in `self` (or inside an instance of a subclass).
pub fn this<T: Object>(vm: &mut Vm, v: &Value) -> R<Ref<T>> {
    match v.payload::<T>() {
        Some(this) => Ok(this),
        None => {
            let class = vm.type_name(v);
            Err(vm.type_error(format!(
                "descriptor requires another object than a '{class}'"
            )))
        }
    }
}

/// The class that a constructor was called for.
pub fn class(vm: &mut Vm, v: &Value) -> R<Ref<Class>> {
    match v.as_ref::<Class>() {
        Some(class) => Ok(class.clone()),
        None => {
            let class = vm.type_name(v);
            Err(vm.type_error(format!("__new__(X): X is not a type object ({class})")))
        }
    }
}

/// An optional bound as of slices: left out or `None` is none.
pub fn bound(vm: &mut Vm, v: &Value) -> R<Option<i64>> {
    if v.is_undef() || v.is_none() {
        return Ok(None);
    }
    match vm.index_opt(v)? {
        Some(n) => Ok(Some(crate::vm::ops::arith::clamp(&n))),
        None => {
            Err(vm.type_error("slice indices must be integers or None or have an __index__ method"))
        }
    }
}

/// An optional int argument.
pub fn int_or(vm: &mut Vm, v: &Value, default: i64) -> R<i64> {
    match v.given() {
        Some(v) => vm.index_i64(v),
        None => Ok(default),
    }
}

/// An optional truth argument.
pub fn flag(vm: &mut Vm, v: &Value) -> R<bool> {
    match v.given() {
        Some(v) => vm.truth(v),
        None => Ok(false),
    }
}

/// A limit such as `maxsplit`: negative is no limit.
pub fn limit(vm: &mut Vm, v: &Value) -> R<Option<usize>> {
    Ok(usize::try_from(int_or(vm, v, -1)?).ok())
}
