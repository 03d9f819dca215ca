//! Text: `ascii`, `chr`, `format`, `ord`, `repr`.

use crate::vm::native::NativeDef;
use crate::vm::object::Opaque;
use crate::vm::ops::sequence::buffer;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    vm.repr(&args[0]).map(Value::from)
}

fn ascii(vm: &mut Vm, args: &[Value]) -> R {
    vm.ascii(&args[0]).map(Value::from)
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    let spec = match args[1].given() {
        None => "",
        Some(v) => match v.as_str() {
            Some(spec) => spec,
            None => {
                let class = vm.argument_type(v);
                return Err(vm.type_error(format!("format() argument 2 must be str, not {class}")));
            }
        },
    };
    vm.format(&args[0], spec).map(Value::from)
}

fn chr(vm: &mut Vm, args: &[Value]) -> R {
    let n = vm.index(&args[0])?;
    let code = n.as_i64().and_then(|i| u32::try_from(i).ok());
    match code.and_then(char::from_u32) {
        Some(c) => Ok(crate::vm::object::character(c).into()),
        None => Err(vm.value_error("chr() arg not in range(0x110000)")),
    }
}

fn ord(vm: &mut Vm, args: &[Value]) -> R {
    let len = if let Some(text) = args[0].as_str() {
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return Ok(Value::Int(u32::from(c).into()));
        }
        text.chars().count()
    } else if let Some(bytes) = buffer(&args[0]).filter(|_| args[0].downcast::<Opaque>().is_none())
    {
        if let [one] = bytes.as_slice() {
            return Ok(Value::Int((*one).into()));
        }
        bytes.len()
    } else {
        let class = vm.type_name(&args[0]);
        return Err(vm.type_error(format!(
            "ord() expected string of length 1, but {class} found"
        )));
    };
    Err(vm.type_error(format!(
        "ord() expected a character, but string of length {len} found"
    )))
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "repr",
        "(obj, /)",
        repr,
        "The object as text that tells what it is.",
    ),
    NativeDef::new(
        "ascii",
        "(obj, /)",
        ascii,
        "As repr(), with what is not ASCII escaped.",
    ),
    NativeDef::new(
        "format",
        "(value, format_spec='', /)",
        format,
        "The value laid out as the format spec says.",
    ),
    NativeDef::new("chr", "(i, /)", chr, "The character with that number."),
    NativeDef::new("ord", "(c, /)", ord, "The number of a character."),
];
