//! The module `_strptime`: reading dates by a format, for `datetime.strptime`.

use crate::text::strptime;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::Tuple;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_strptime",
    doc: "Reading dates and times by a format.",
    functions: &[NativeDef::new(
        "_strptime",
        "(data_string, format='%a %b %d %H:%M:%S %Y')",
        parts,
        "((year, ..., day of the year, dst, zone, offset), microseconds, microseconds of the offset)",
    )],
    init: None,
};

fn parts(vm: &mut Vm, args: &[Value]) -> R {
    let format = args[1]
        .given()
        .cloned()
        .unwrap_or_else(|| "%a %b %d %H:%M:%S %Y".into());
    for (index, arg) in [&args[0], &format].into_iter().enumerate() {
        if arg.as_str().is_none() {
            let name = vm.type_name(arg);
            return Err(vm.type_error(format!(
                "strptime() argument {index} must be str, not <class '{name}'>"
            )));
        }
    }
    let (text, format) = (
        args[0].as_str().unwrap_or_default(),
        format.as_str().unwrap_or_default(),
    );
    let p = match strptime::strptime(text, format, ("utc", None)) {
        Ok(parsed) => parsed,
        Err(text) => return Err(vm.value_error(text)),
    };
    let zone = p.zone.map_or(Value::None, |z| z.as_str().into());
    let offset = p.offset.map_or(Value::None, Value::Int);
    let fields = [
        Value::Int(p.year),
        Value::Int(i64::from(p.month)),
        Value::Int(i64::from(p.day)),
        Value::Int(i64::from(p.hour)),
        Value::Int(i64::from(p.minute)),
        Value::Int(i64::from(p.second)),
        Value::Int(i64::from(p.weekday)),
        Value::Int(p.year_day),
        Value::Int(p.dst),
        zone,
        offset,
    ];
    Ok(Tuple::value([
        Tuple::value(fields),
        Value::Int(i64::from(p.microsecond)),
        Value::Int(i64::from(p.offset_microsecond)),
    ]))
}
