//! The module `_signal`: what happens when a signal comes.

use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::signals::Action;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::time::Duration;

/// What `signal.SIG_DFL` and `signal.SIG_IGN` are.
const DEFAULT: i64 = 0;
const IGNORE: i64 = 1;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_signal",
    doc: "What happens when a signal comes.",
    functions: &[
        NativeDef::new(
            "set_action",
            "(number, action, /)",
            set_action,
            "Set what happens: 0 for the system's default, 1 for nothing, None for Python's default, or a function.",
        ),
        NativeDef::new(
            "get_action",
            "(number, /)",
            get_action,
            "What happens, as set_action() takes it.",
        ),
        NativeDef::new(
            "raise_signal",
            "(number, /)",
            raise_signal,
            "Let a signal come.",
        ),
        NativeDef::new("pause", "()", pause, "Wait until a signal has come."),
    ],
    init: None,
};

fn number(vm: &mut Vm, args: &[Value]) -> R<i32> {
    let number = vm.index_i64(&args[0])?;
    match i32::try_from(number).ok().filter(|n| (1..=64).contains(n)) {
        Some(number) => Ok(number),
        None => Err(vm.value_error("signal number out of range")),
    }
}

fn set_action(vm: &mut Vm, args: &[Value]) -> R {
    let number = number(vm, args)?;
    let action = match &args[1] {
        Value::None => Action::Default,
        value => match value.as_i64() {
            Some(DEFAULT) => Action::System,
            Some(IGNORE) => Action::Ignore,
            _ => Action::Call(value.clone()),
        },
    };
    if let Err(error) = vm.host.signals.watch(number) {
        let code = error.raw_os_error().unwrap_or(22).into();
        let class = vm.exc.os_error.clone();
        let text = match code {
            22 => "Invalid argument".into(),
            _ => error.to_string(),
        };
        return Err(vm.error_with(&class, vec![Value::Int(code), text.into()]));
    }
    vm.current.signals.set(number, action);
    Ok(Value::None)
}

fn get_action(vm: &mut Vm, args: &[Value]) -> R {
    let number = number(vm, args)?;
    Ok(match vm.current.signals.get(number) {
        Action::Default => Value::None,
        Action::System => Value::Int(DEFAULT),
        Action::Ignore => Value::Int(IGNORE),
        Action::Call(handler) => handler,
    })
}

/// How often a wait looks up.
const CHECK: Duration = Duration::from_millis(20);

fn pause(vm: &mut Vm, _: &[Value]) -> R {
    while !vm.handle_signals()? {
        vm.host.clock.idle(CHECK);
    }
    Ok(Value::None)
}

fn raise_signal(vm: &mut Vm, args: &[Value]) -> R {
    let number = number(vm, args)?;
    vm.handle_signal(number)?;
    Ok(Value::None)
}
