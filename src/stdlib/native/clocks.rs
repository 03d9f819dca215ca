//! The clocks of `time` by number (`clock_gettime`), and what is known of them.

use crate::builtins::SimpleNamespace;
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::Module;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::time::Duration;

/// Linux's names and numbers of the clocks.
const CLOCKS: &[(&str, i64)] = &[
    ("CLOCK_REALTIME", 0),
    ("CLOCK_MONOTONIC", 1),
    ("CLOCK_PROCESS_CPUTIME_ID", 2),
    ("CLOCK_THREAD_CPUTIME_ID", 3),
    ("CLOCK_MONOTONIC_RAW", 4),
    ("CLOCK_BOOTTIME", 7),
    ("CLOCK_TAI", 11),
];

const RESOLUTION: f64 = 1e-9;

pub const CLOCK_GETTIME: NativeDef = NativeDef::new(
    "clock_gettime",
    "(clk_id, /)",
    |vm, args| Ok(Value::float(now(vm, &args[0])?.as_secs_f64())),
    "Return the time of the specified clock clk_id as a float.",
);
pub const CLOCK_GETTIME_NS: NativeDef = NativeDef::new(
    "clock_gettime_ns",
    "(clk_id, /)",
    |vm, args| Ok(Value::bigint(now(vm, &args[0])?.as_nanos().into())),
    "Return the time of the specified clock clk_id as nanoseconds (int).",
);
pub const CLOCK_GETRES: NativeDef = NativeDef::new(
    "clock_getres",
    "(clk_id, /)",
    |vm, args| {
        now(vm, &args[0])?;
        Ok(Value::float(RESOLUTION))
    },
    "Return the resolution (precision) of the specified clock clk_id.",
);
pub const GET_CLOCK_INFO: NativeDef = NativeDef::new(
    "get_clock_info",
    "(name, /)",
    info,
    "Get information of the specified clock.",
);

/// Puts the numbers of the clocks into the module.
pub fn init(vm: &mut Vm, module: &Ref<Module>) {
    for (name, number) in CLOCKS {
        let name = vm.intern(name);
        module.dict.set_str(&name, Value::Int(*number));
    }
}

fn now(vm: &mut Vm, clock: &Value) -> R<Duration> {
    let Some(number) = vm.index_opt(clock)? else {
        let class = vm.type_name(clock);
        return Err(vm.type_error(format!("clk_id should be integer, not {class}")));
    };
    vm.host.clock.look();
    match number.as_i64() {
        Some(0 | 11) => Ok(vm.host.clock.wall()),
        Some(1 | 4 | 7) => Ok(vm.host.clock.monotonic()),
        Some(2 | 3) => Ok(vm.host.clock.process()),
        _ => {
            let class = vm.exc.os_error.clone();
            let arguments = [Value::Int(22), "Invalid argument".into()];
            let error = vm.call(&class.into(), &arguments)?;
            Err(vm.raise(error))
        }
    }
}

fn info(vm: &mut Vm, args: &[Value]) -> R {
    let Some(name) = args[0].as_str() else {
        let class = vm.argument_type(&args[0]);
        return Err(vm.type_error(format!(
            "get_clock_info() argument 1 must be str, not {class}"
        )));
    };
    let clock = match name {
        "time" => "CLOCK_REALTIME",
        "monotonic" | "perf_counter" => "CLOCK_MONOTONIC",
        "process_time" => "CLOCK_PROCESS_CPUTIME_ID",
        "thread_time" => "CLOCK_THREAD_CPUTIME_ID",
        _ => return Err(vm.value_error("unknown clock")),
    };
    let is_wall = name == "time";
    let made = vm.make(SimpleNamespace);
    for (name, value) in [
        (
            "implementation",
            Value::from(format!("clock_gettime({clock})")),
        ),
        ("monotonic", Value::bool(!is_wall)),
        ("adjustable", Value::bool(is_wall)),
        ("resolution", Value::float(RESOLUTION)),
    ] {
        let name = vm.intern(name);
        vm.set_attr(&made, &name, value)?;
    }
    Ok(made)
}
