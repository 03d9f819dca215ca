//! What stands before an operation on a file: is it open, may it be read or written, how much is
//! asked for; and the errors of those that may not or cannot.

use super::file::{FileData, is_text};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use std::io;

pub(super) fn check_open(vm: &mut Vm, data: &FileData) -> R<()> {
    if !data.closed.get() {
        return Ok(());
    }
    let stop = if data.is_memory() && is_text(data) {
        ""
    } else {
        "."
    };
    Err(vm.value_error(format!("I/O operation on closed file{stop}")))
}

pub(super) fn check_readable(vm: &mut Vm, data: &FileData) -> R<()> {
    check_open(vm, data)?;
    if data.readable {
        Ok(())
    } else {
        Err(unsupported(
            vm,
            if is_text(data) {
                "not readable"
            } else {
                "read"
            },
        ))
    }
}

pub(super) fn check_writable(vm: &mut Vm, data: &FileData) -> R<()> {
    check_open(vm, data)?;
    if data.writable {
        Ok(())
    } else {
        Err(unsupported(
            vm,
            if is_text(data) {
                "not writable"
            } else {
                "write"
            },
        ))
    }
}

/// `io.UnsupportedOperation`, a class of two bases that `io` makes.
pub(super) fn unsupported(vm: &mut Vm, message: &str) -> Raise {
    let class = super::super::import(vm, "io").and_then(|io| {
        let name = vm.intern("UnsupportedOperation");
        vm.get_attr(&io, &name)
    });
    match class.and_then(|class| vm.call(&class, &[message.into()])) {
        Ok(exception) => vm.raise(exception),
        Err(raise) => raise,
    }
}

/// What the system says to an error number.
pub(in crate::stdlib) fn error_text(number: i32) -> String {
    let text = io::Error::from_raw_os_error(number).to_string();
    let text = text.split(" (os error").next();
    text.unwrap_or_default().to_owned()
}

/// The OSError for a failed operation on a file.
pub(in crate::stdlib) fn os_error(vm: &mut Vm, error: &io::Error, file: &Value) -> Raise {
    raise_os_error(vm, error, std::slice::from_ref(file))
}

/// The OSError for a failed operation on two files.
pub(in crate::stdlib) fn os_error_of_two(
    vm: &mut Vm,
    error: &io::Error,
    from: &Value,
    to: &Value,
) -> Raise {
    raise_os_error(vm, error, &[from.clone(), Value::None, to.clone()])
}

fn raise_os_error(vm: &mut Vm, error: &io::Error, files: &[Value]) -> Raise {
    let number = error.raw_os_error().unwrap_or(5);
    let class: Value = vm.exc.os_error.clone().into();
    let mut args = vec![Value::Int(number.into()), error_text(number).into()];
    args.extend_from_slice(files);
    match vm.call(&class, &args) {
        Ok(exception) => vm.raise(exception),
        Err(raise) => raise,
    }
}

/// A size argument: `None` for "all".
pub(super) fn limit(vm: &mut Vm, value: &Value) -> R<Option<usize>> {
    match value {
        Value::Undef | Value::None => Ok(None),
        value => Ok(usize::try_from(vm.index_i64(value)?).ok()),
    }
}
