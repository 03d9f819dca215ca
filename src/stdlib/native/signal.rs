//! The module `_signal`: what happens when a signal comes.

use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::Tuple;
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
        NativeDef::new(
            "alarm",
            "(seconds, /)",
            alarm,
            "Let SIGALRM come after some seconds; how many were left of the time set before.",
        ),
        NativeDef::new(
            "set_timer",
            "(which, seconds, interval, /)",
            set_timer,
            "Set one of three timers; the error number if the arguments are none.",
        ),
        NativeDef::new(
            "get_timer",
            "(which, /)",
            get_timer,
            "How long it is until a timer rings, and its interval.",
        ),
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
        match vm.host.clock.is_virtual() && vm.has_alarm() {
            true => vm.host.clock.sleep(vm.until_alarm(Duration::MAX)),
            false => vm.host.clock.idle(vm.until_alarm(CHECK)),
        }
    }
    Ok(Value::None)
}

fn alarm(vm: &mut Vm, args: &[Value]) -> R {
    let seconds = vm.index_i64(&args[0])?;
    let (left, _) = vm.alarm_left(0);
    // The system's way to round: up to one second, otherwise to the nearest.
    let whole = left.as_secs();
    let up = left.subsec_micros() >= 500_000 || whole == 0 && !left.is_zero();
    let seconds = Duration::from_secs(u32::try_from(seconds).unwrap_or(u32::MAX).into());
    vm.set_alarm(0, seconds, Duration::ZERO);
    Ok(Value::Int((whole + u64::from(up)) as i64))
}

/// The number of "invalid argument".
const EINVAL: i64 = 22;

/// The number of a timer, if it is one of the three.
fn timer(vm: &mut Vm, value: &Value) -> R<Option<usize>> {
    let which = vm.index_i64(value)?;
    Ok(usize::try_from(which).ok().filter(|which| *which < 3))
}

/// A float, or a whole number.
fn seconds(vm: &mut Vm, value: &Value) -> R<f64> {
    if let Value::Float(seconds) = value {
        return Ok(seconds.get());
    }
    let whole = vm.index(value)?;
    vm.to_f64(&whole)
}

fn set_timer(vm: &mut Vm, args: &[Value]) -> R {
    let which = timer(vm, &args[0])?;
    let (time, interval) = (seconds(vm, &args[1])?, seconds(vm, &args[2])?);
    let times = (
        Duration::try_from_secs_f64(time),
        Duration::try_from_secs_f64(interval),
    );
    let (Some(which), (Ok(time), Ok(interval))) = (which, times) else {
        return Ok(Value::Int(EINVAL));
    };
    let old = left(vm, which);
    vm.set_alarm(which, time, interval);
    Ok(old)
}

fn get_timer(vm: &mut Vm, args: &[Value]) -> R {
    Ok(match timer(vm, &args[0])? {
        Some(which) => left(vm, which),
        None => Value::Int(EINVAL),
    })
}

fn left(vm: &Vm, which: usize) -> Value {
    let (left, interval) = vm.alarm_left(which);
    let seconds = |time: Duration| Value::from(time.as_micros() as f64 / 1e6);
    Tuple::value([seconds(left), seconds(interval)])
}

fn raise_signal(vm: &mut Vm, args: &[Value]) -> R {
    let number = number(vm, args)?;
    vm.handle_signal(number)?;
    Ok(Value::None)
}
