//! The module `time`, on the host's clock.

use super::{clocks, structseq};
use crate::event_loop::module::sleep_beside_loop;
use crate::text::strftime::{self, Fields};
use crate::text::strptime;
use crate::vm::heap::Ref;
use crate::vm::host::Clock;
use crate::vm::native::{ModuleDef, NativeDef, TypeDef};
use crate::vm::object::{Class, Instance, Module, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use chrono::{DateTime, Datelike, Local, Offset, TimeZone, Timelike, Utc};
use std::time::Duration;

pub static MODULE: ModuleDef = ModuleDef {
    name: "time",
    doc: "This module provides various functions to manipulate time values.",
    functions: &[
        NativeDef::new(
            "time",
            "()",
            |vm, _| seconds(look(vm).wall()),
            "Return the current time in seconds since the Epoch.",
        ),
        NativeDef::new(
            "time_ns",
            "()",
            |vm, _| nanoseconds(look(vm).wall()),
            "Return the current time in nanoseconds since the Epoch.",
        ),
        NativeDef::new(
            "monotonic",
            "()",
            |vm, _| seconds(look(vm).monotonic()),
            "Monotonic clock, cannot go backward.",
        ),
        NativeDef::new(
            "monotonic_ns",
            "()",
            |vm, _| nanoseconds(look(vm).monotonic()),
            "Monotonic clock, cannot go backward, as nanoseconds.",
        ),
        NativeDef::new(
            "perf_counter",
            "()",
            |vm, _| seconds(look(vm).monotonic()),
            "Performance counter for benchmarking.",
        ),
        NativeDef::new(
            "perf_counter_ns",
            "()",
            |vm, _| nanoseconds(look(vm).monotonic()),
            "Performance counter for benchmarking as nanoseconds.",
        ),
        NativeDef::new(
            "process_time",
            "()",
            |vm, _| seconds(look(vm).process()),
            "Process time for profiling: sum of the kernel and user-space CPU time.",
        ),
        NativeDef::new(
            "process_time_ns",
            "()",
            |vm, _| nanoseconds(look(vm).process()),
            "Process time for profiling as nanoseconds.",
        ),
        NativeDef::new(
            "thread_time",
            "()",
            |vm, _| seconds(look(vm).process()),
            "Thread time for profiling.",
        ),
        NativeDef::new(
            "thread_time_ns",
            "()",
            |vm, _| nanoseconds(look(vm).process()),
            "Thread time for profiling as nanoseconds.",
        ),
        clocks::CLOCK_GETTIME,
        clocks::CLOCK_GETTIME_NS,
        clocks::CLOCK_GETRES,
        clocks::GET_CLOCK_INFO,
        NativeDef::new(
            "sleep",
            "(seconds, /)",
            sleep,
            "Delay execution for a given number of seconds.",
        ),
        NativeDef::new(
            "localtime",
            "(seconds=None, /)",
            |vm, a| broken_down(vm, &a[0], true),
            "Convert seconds since the Epoch to a time tuple expressing local time.",
        ),
        NativeDef::new(
            "gmtime",
            "(seconds=None, /)",
            |vm, a| broken_down(vm, &a[0], false),
            "Convert seconds since the Epoch to a time tuple expressing UTC.",
        ),
        NativeDef::new(
            "mktime",
            "(tuple, /)",
            mktime,
            "Convert a time tuple in local time to seconds since the Epoch.",
        ),
        NativeDef::new(
            "asctime",
            "(tuple=None, /)",
            asctime,
            "Convert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'.",
        ),
        NativeDef::new(
            "ctime",
            "(seconds=None, /)",
            ctime,
            "Convert a time in seconds since the Epoch to a string in local time.",
        ),
        NativeDef::new(
            "strftime",
            "(format, tuple=None, /)",
            strftime_function,
            "Convert a time tuple to a string according to a format specification.",
        ),
        NativeDef::new(
            "strptime",
            "(string, format='%a %b %d %H:%M:%S %Y', /)",
            strptime_function,
            "Parse a string to a time tuple according to a format specification.",
        ),
        NativeDef::new(
            "tzset",
            "()",
            |_, _| Ok(Value::None),
            "Initialize, or reinitialize, the local timezone.",
        ),
    ],
    init: Some(init),
};

/// The clock, at which the program looks.
fn look(vm: &Vm) -> &dyn Clock {
    vm.host.clock.look();
    &*vm.host.clock
}

static STRUCT_TIME: TypeDef = structseq::def(
    "struct_time",
    "time",
    &[
        structseq::told("tm_year", 0, "Year, such as 2024."),
        structseq::told("tm_mon", 1, "Month, 1 to 12."),
        structseq::told("tm_mday", 2, "Day of the month, 1 to 31."),
        structseq::told("tm_hour", 3, "Hour, 0 to 23."),
        structseq::told("tm_min", 4, "Minute, 0 to 59."),
        structseq::told("tm_sec", 5, "Second, 0 to 61."),
        structseq::told("tm_wday", 6, "Day of the week, Monday is 0."),
        structseq::told("tm_yday", 7, "Day of the year, 1 to 366."),
        structseq::told("tm_isdst", 8, "1 in summer time, 0 if not, -1 if unknown."),
        structseq::ZONE,
        structseq::OFFSET,
    ],
)
.doc("A point in time as a tuple with named items, from the year to the sign of summer time.");

/// The class `struct_time` of a VM.
#[derive(Default)]
struct StructTime(Option<Ref<Class>>);

fn struct_time(vm: &mut Vm) -> Ref<Class> {
    if let Some(class) = &vm.state::<StructTime>().0 {
        return class.clone();
    }
    let class = structseq::class(vm, &STRUCT_TIME);
    vm.state::<StructTime>().0 = Some(class.clone());
    class
}

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let class = struct_time(vm);
    // The offset of the zone without daylight saving: of whichever half of this year is behind.
    let year = wall(vm).with_timezone(&Local).year();
    let offset = |month| match Local.with_ymd_and_hms(year, month, 1, 12, 0, 0) {
        chrono::LocalResult::Single(t) => t.offset().fix().local_minus_utc(),
        _ => 0,
    };
    let (january, july) = (offset(1), offset(7));
    let standard = i64::from(january.min(july));
    let summer = i64::from(january.max(july));
    let values = [
        ("struct_time", class.into()),
        ("timezone", Value::Int(-standard)),
        ("altzone", Value::Int(-summer)),
        ("daylight", Value::Int((january != july).into())),
        (
            "tzname",
            Tuple::value([zone_name(standard).into(), zone_name(summer).into()]),
        ),
    ];
    for (name, value) in values {
        let name = vm.intern(name);
        module.dict.set_str(&name, value);
    }
    clocks::init(vm, module);
    Ok(())
}

/// A name for an offset, as zones without letters have.
fn zone_name(offset: i64) -> String {
    if offset == 0 {
        return "UTC".into();
    }
    let minutes = offset.abs() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    match minutes % 60 {
        0 => format!("{sign}{:02}", minutes / 60),
        rest => format!("{sign}{:02}{rest:02}", minutes / 60),
    }
}

fn seconds(time: Duration) -> R {
    Ok(Value::float(time.as_secs_f64()))
}

fn nanoseconds(time: Duration) -> R {
    Ok(Value::bigint(time.as_nanos().into()))
}

fn wall(vm: &Vm) -> DateTime<Utc> {
    let now = look(vm).wall();
    let seconds = i64::try_from(now.as_secs()).unwrap_or(0);
    DateTime::from_timestamp(seconds, now.subsec_nanos()).unwrap_or_default()
}

/// Longest sleep at a time, so that Ctrl-C is noticed.
const SLICE: Duration = Duration::from_millis(20);

fn sleep(vm: &mut Vm, args: &[Value]) -> R {
    let time = match &args[0] {
        Value::Float(f) => f.get(),
        value => match value.as_f64() {
            Some(f) => f,
            None => {
                let index = vm.index(value)?;
                vm.to_f64(&index)?
            }
        },
    };
    if time.is_nan() {
        return Err(vm.value_error("Invalid value NaN (not a number)"));
    }
    if time < 0.0 {
        return Err(vm.value_error("sleep length must be non-negative"));
    }
    let Ok(time) = Duration::try_from_secs_f64(time) else {
        return Err(vm.overflow_error("timestamp too large to convert to C PyTime_t"));
    };
    if let Some(result) = sleep_beside_loop(vm, time)? {
        return Ok(result);
    }
    sleep_alone(vm, time)?;
    Ok(Value::None)
}

fn sleep_alone(vm: &mut Vm, time: Duration) -> R<()> {
    let slice = match vm.host.clock.is_virtual() {
        true => Duration::MAX,
        false => SLICE,
    };
    let end = vm.host.clock.monotonic().saturating_add(time);
    loop {
        let left = end.saturating_sub(vm.host.clock.monotonic());
        if left.is_zero() {
            return Ok(());
        }
        vm.host.clock.sleep(vm.until_alarm(left.min(slice)));
        vm.handle_signals()?;
    }
}

/// A time with the fields that `struct_time` has.
fn fields<Tz: TimeZone>(time: &DateTime<Tz>, zone: String) -> Fields {
    Fields {
        year: time.year().into(),
        month: time.month(),
        day: time.day(),
        hour: time.hour(),
        minute: time.minute(),
        second: time.second(),
        weekday: time.weekday().num_days_from_monday(),
        year_day: time.ordinal(),
        offset: Some(time.offset().fix().local_minus_utc().into()),
        zone,
        fine: None,
    }
}

fn local_fields(time: &DateTime<Utc>) -> Fields {
    let local = time.with_timezone(&Local);
    let name = zone_name(local.offset().fix().local_minus_utc().into());
    fields(&local, name)
}

/// The moment that an argument means: seconds since the epoch, or now.
fn moment(vm: &mut Vm, seconds: &Value) -> R<DateTime<Utc>> {
    let seconds = match seconds {
        Value::Undef | Value::None => return Ok(wall(vm)),
        Value::Float(f) => f.get().floor(),
        value => vm.to_f64(value)?.floor(),
    };
    match DateTime::from_timestamp(seconds as i64, 0) {
        Some(time) if seconds.abs() < 1e15 => Ok(time),
        _ => Err(vm.value_error("year is out of range")),
    }
}

fn broken_down(vm: &mut Vm, seconds: &Value, local: bool) -> R {
    let time = moment(vm, seconds)?;
    let fields = if local {
        local_fields(&time)
    } else {
        fields(&time, "GMT".into())
    };
    let class = struct_time(vm);
    Ok(from_fields(vm, &class, &fields, 0))
}

fn from_fields(vm: &mut Vm, class: &Ref<Class>, f: &Fields, dst: i64) -> Value {
    let numbers = [
        f.month, f.day, f.hour, f.minute, f.second, f.weekday, f.year_day,
    ];
    let mut items = vec![Value::Int(f.year)];
    items.extend(numbers.map(|n| Value::Int(n.into())));
    items.push(Value::Int(dst));
    let made = structseq::make(class, items);
    if let Some(instance) = made.as_ref::<Instance>() {
        let (zone, offset) = (vm.intern("tm_zone"), vm.intern("tm_gmtoff"));
        let value = if f.zone.is_empty() {
            Value::None
        } else {
            f.zone.clone().into()
        };
        drop(instance.set(&zone, value));
        drop(instance.set(&offset, f.offset.map_or(Value::None, Value::Int)));
    }
    made
}

/// The fields of a time tuple, checked as `strftime` checks them.
fn to_fields(vm: &mut Vm, value: &Value) -> R<Fields> {
    let Some(tuple) = value.payload::<Tuple>() else {
        return Err(vm.type_error("Tuple or struct_time argument required"));
    };
    let items = tuple.items();
    if items.len() != 9 {
        return Err(vm.type_error("strftime(): illegal time tuple argument"));
    }
    let mut numbers = [0i64; 9];
    for (number, item) in numbers.iter_mut().zip(items) {
        *number = vm.index_i64(item)?;
    }
    let [year, month, day, hour, minute, second, weekday, year_day, _] = numbers;
    let mut in_range = |value: i64, low: i64, high: i64, text: &str| {
        u32::try_from(value)
            .ok()
            .filter(|_| (low..=high).contains(&value))
            .ok_or_else(|| vm.value_error(text))
    };
    let fields = Fields {
        year,
        month: in_range(month.max(1), 1, 12, "month out of range")?,
        day: in_range(day.max(1), 1, 31, "day of month out of range")?,
        hour: in_range(hour, 0, 23, "hour out of range")?,
        minute: in_range(minute, 0, 59, "minute out of range")?,
        second: in_range(second, 0, 61, "seconds out of range")?,
        weekday: in_range(weekday.rem_euclid(7), 0, 6, "day of week out of range")?,
        year_day: in_range(year_day.max(1), 1, 366, "day of year out of range")?,
        offset: None,
        zone: String::new(),
        fine: None,
    };
    let zone = value
        .as_ref::<Instance>()
        .and_then(|i| i.get(&vm.intern("tm_zone")));
    let offset = value
        .as_ref::<Instance>()
        .and_then(|i| i.get(&vm.intern("tm_gmtoff")));
    let zone = zone.and_then(|z| z.as_str().map(str::to_owned));
    Ok(Fields {
        zone: zone.unwrap_or_else(|| "UTC".into()),
        offset: Some(offset.and_then(|o| o.as_i64()).unwrap_or(0)),
        ..fields
    })
}

fn fields_or_now(vm: &mut Vm, value: &Value) -> R<Fields> {
    match value {
        Value::Undef | Value::None => Ok(local_fields(&wall(vm))),
        value => to_fields(vm, value),
    }
}

fn mktime(vm: &mut Vm, args: &[Value]) -> R {
    let f = to_fields(vm, &args[0])?;
    let year = i32::try_from(f.year).unwrap_or(i32::MAX);
    let local = Local.with_ymd_and_hms(year, f.month, f.day, f.hour, f.minute, f.second);
    match local.earliest() {
        Some(time) => Ok(Value::float(time.timestamp() as f64)),
        None => Err(vm.overflow_error("mktime argument out of range")),
    }
}

fn asctime(vm: &mut Vm, args: &[Value]) -> R {
    let f = fields_or_now(vm, &args[0])?;
    Ok(strftime::strftime(&f, "%a %b %e %H:%M:%S %Y").into())
}

fn ctime(vm: &mut Vm, args: &[Value]) -> R {
    let time = moment(vm, &args[0])?;
    Ok(strftime::strftime(&local_fields(&time), "%a %b %e %H:%M:%S %Y").into())
}

fn strftime_function(vm: &mut Vm, args: &[Value]) -> R {
    let Some(format) = args[0].as_str() else {
        let name = vm.type_name(&args[0]);
        return Err(vm.type_error(format!("strftime() argument 1 must be str, not {name}")));
    };
    let f = fields_or_now(vm, &args[1])?;
    Ok(strftime::strftime(&f, format).into())
}

fn strptime_function(vm: &mut Vm, args: &[Value]) -> R {
    let format = args[1]
        .given()
        .cloned()
        .unwrap_or_else(|| "%a %b %d %H:%M:%S %Y".into());
    let (Some(text), Some(format)) = (args[0].as_str(), format.as_str()) else {
        let wrong = if args[0].as_str().is_none() {
            &args[0]
        } else {
            &args[1]
        };
        let name = vm.type_name(wrong);
        return Err(vm.type_error(format!(
            "strptime() argument must be str, not <class '{name}'>"
        )));
    };
    match strptime::strptime(text, format, ("utc", None)) {
        Ok(p) => {
            let f = Fields {
                year: p.year,
                month: p.month,
                day: p.day,
                hour: p.hour,
                minute: p.minute,
                second: p.second,
                weekday: p.weekday,
                year_day: u32::try_from(p.year_day).unwrap_or(1),
                offset: p.offset,
                zone: p.zone.unwrap_or_default(),
                fine: None,
            };
            let class = struct_time(vm);
            Ok(from_fields(vm, &class, &f, p.dst))
        }
        Err(text) => Err(vm.value_error(text)),
    }
}
