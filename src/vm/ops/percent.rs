//! `%`-formatting of str and bytes: fetching the arguments and converting them.

use super::arith::is_int;
use super::number::{Num, num};
use crate::text::float::to_integer;
use crate::text::int::digit_limit_message;
use crate::text::percent::{self, Count, Layout, PercentSpec, Piece};
use crate::vm::object::{ByteArray, Bytes, Kind, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use num_bigint::BigInt;

/// The arguments of one formatting.
struct Arguments {
    /// The operand as it is, for `%(key)s`.
    whole: Value,
    items: Vec<Value>,
    /// It is a tuple: all its items must be used.
    is_tuple: bool,
    next: usize,
    mapping: bool,
}

impl Arguments {
    fn new(vm: &mut Vm, operand: &Value, bytes: bool) -> Arguments {
        let tuple = operand.payload::<Tuple>();
        let is_tuple = tuple.is_some();
        let items = tuple.map_or_else(|| vec![operand.clone()], |t| t.items().to_vec());
        let item = vm.names.__getitem__.clone();
        let class = vm.class_of(operand);
        let text = operand.as_str().is_some() || bytes && is_bytes(operand);
        let mapping = !is_tuple && !text && vm.lookup(&class, &item).is_some();
        Arguments {
            whole: operand.clone(),
            items,
            is_tuple,
            next: 0,
            mapping,
        }
    }

    fn take(&mut self, vm: &mut Vm) -> R {
        match self.items.get(self.next) {
            Some(value) => {
                self.next += 1;
                Ok(value.clone())
            }
            None => Err(vm.type_error("not enough arguments for format string")),
        }
    }

    /// The int that a `*` stands for, which must be one of C's.
    fn star(&mut self, vm: &mut Vm, precision: bool) -> R<i64> {
        let value = self.take(vm)?.unwrapped();
        if !is_int(&value) {
            return Err(vm.type_error("* wants int"));
        }
        match precision {
            true => vm.index_c_int(&value),
            false => vm.index_i64(&value),
        }
    }
}

impl Arguments {
    /// The mapping's value for a key.
    fn look_up(&self, vm: &mut Vm, key: &str, bytes: bool) -> R {
        let key = if bytes {
            Bytes::value(key.chars().map(|c| c as u8).collect::<Vec<u8>>())
        } else {
            Value::str(key)
        };
        let whole = self.whole.clone();
        vm.get_item(&whole, &key)
    }
}

fn is_bytes(v: &Value) -> bool {
    v.payload::<Bytes>().is_some() || v.payload::<ByteArray>().is_some()
}

/// `format % operand` for a str.
pub fn format_str(vm: &mut Vm, format: &Value, operand: &Value) -> R {
    let text = format.as_str().unwrap_or_default().to_string();
    let result = format_text(vm, &text, operand, false)?;
    // As in CPython, what has nothing to fill in is its own result.
    if !text.is_empty() && !text.contains('%') {
        return Ok(format.clone());
    }
    Ok(Value::from(result))
}

/// `format % operand` for bytes, letter by letter as if they were Latin-1.
pub fn format_bytes(vm: &mut Vm, format: &Value, operand: &Value) -> R {
    let kind = format.kind().unwrap_or(Kind::Bytes);
    let bytes = super::sequence::buffer(format).unwrap_or_default();
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let text = format_text(vm, &text, operand, true)?;
    let bytes = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
    Ok(super::sequence::bytes_like(kind, bytes.collect()))
}

fn format_text(vm: &mut Vm, format: &str, operand: &Value, bytes: bool) -> R<String> {
    let parsed = percent::parse(format);
    let mut arguments = Arguments::new(vm, operand, bytes);
    let mut out = String::new();
    let mut keyed = false;
    for piece in &parsed.pieces {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::Spec(spec) => {
                keyed |= spec.key.is_some();
                out.push_str(&convert(vm, spec, &mut arguments, bytes)?);
            }
        }
    }
    if let Some(key) = &parsed.error_key {
        match key {
            _ if !arguments.mapping => return Err(vm.type_error("format requires a mapping")),
            Some(key) => arguments.look_up(vm, key, bytes).map(drop)?,
            None => {}
        }
    }
    if let Some(error) = parsed.error {
        return Err(vm.value_error(match error {
            percent::PRECISION_TOO_BIG if bytes => "prec too big",
            error => error,
        }));
    }
    let left = arguments.next < arguments.items.len();
    if left && !keyed && (arguments.is_tuple || !arguments.mapping) {
        let what = if bytes { "bytes" } else { "string" };
        return Err(vm.type_error(format!(
            "not all arguments converted during {what} formatting"
        )));
    }
    Ok(out)
}

fn convert(vm: &mut Vm, spec: &PercentSpec, arguments: &mut Arguments, bytes: bool) -> R<String> {
    if let Some(key) = &spec.key {
        if !arguments.mapping {
            return Err(vm.type_error("format requires a mapping"));
        }
        // From here on the value found is the only argument, as in CPython.
        arguments.items = vec![arguments.look_up(vm, key, bytes)?];
        arguments.next = 0;
    }
    let width = match spec.width {
        Some(Count::Star) => Some(arguments.star(vm, false)?),
        _ => None,
    };
    let precision = match spec.precision {
        Some(Count::Star) => Some(arguments.star(vm, true)?),
        _ => None,
    };
    let layout = Layout::new(spec, width, precision);
    if layout.width > isize::MAX as usize / 2 {
        return Err(vm.out_of_memory());
    }
    let value = arguments.take(vm)?;
    match spec.conversion {
        's' if bytes => bytes_text(vm, &value).map(|t| layout.text(&t)),
        'b' if bytes => bytes_text(vm, &value).map(|t| layout.text(&t)),
        's' => Ok(layout.text(vm.str(&value)?.as_str())),
        'r' if !bytes => Ok(layout.text(vm.repr(&value)?.as_str())),
        'a' | 'r' => Ok(layout.text(vm.ascii(&value)?.as_str())),
        'c' => character(vm, &value, bytes).map(|c| layout.character(c)),
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
            let n = integer(vm, &value, spec.conversion, bytes)?;
            let limit = vm.int_digits();
            let decimal = matches!(spec.conversion, 'd' | 'i' | 'u');
            // 10 bits are three digits and a bit.
            if decimal && limit > 0 && n.bits() as usize > limit * 3 && vm.decimal(&n).is_err() {
                return Err(vm.value_error(digit_limit_message(limit, None)));
            }
            Ok(layout.int(&n, spec.conversion))
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let x = real(vm, &value, bytes)?;
            Ok(layout.float(x, spec.conversion))
        }
        c if bytes && !c.is_ascii() => {
            Err(vm.overflow_error("character argument not in range(0x110000)"))
        }
        _ => Err(vm.value_error(percent::unsupported(spec))),
    }
}

fn bytes_text(vm: &mut Vm, value: &Value) -> R<String> {
    if let Some(bytes) = super::sequence::buffer(value) {
        return Ok(bytes.into_iter().map(char::from).collect());
    }
    let name = vm.names.__bytes__.clone();
    if let Some(result) = vm.call_special(value, &name, &[])?
        && let Some(bytes) = super::sequence::buffer(&result)
    {
        return Ok(bytes.into_iter().map(char::from).collect());
    }
    let class = vm.type_name(value);
    Err(vm.type_error(format!(
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{class}'"
    )))
}

fn character(vm: &mut Vm, value: &Value, bytes: bool) -> R<char> {
    if bytes {
        if let Some(b) = super::sequence::buffer(value)
            && let [one] = b.as_slice()
        {
            return Ok(char::from(*one));
        }
        return match value.as_bigint() {
            Some(i) => match u8::try_from(i) {
                Ok(b) => Ok(char::from(b)),
                Err(_) => Err(vm.overflow_error("%c arg not in range(256)")),
            },
            None => Err(vm.type_error("%c requires an integer in range(256) or a single byte")),
        };
    }
    if let Some(text) = value.as_str() {
        let mut chars = text.chars();
        return match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(c),
            _ => Err(vm.type_error("%c requires int or char")),
        };
    }
    let Some(n) = vm.index_opt(value)? else {
        return Err(vm.type_error("%c requires int or char"));
    };
    let code = n.as_i64().and_then(|i| u32::try_from(i).ok());
    match code.and_then(char::from_u32) {
        Some(c) => Ok(c),
        None => Err(vm.overflow_error("%c arg not in range(0x110000)")),
    }
}

fn integer(vm: &mut Vm, value: &Value, conversion: char, bytes: bool) -> R<BigInt> {
    if let Some(n) = value.unwrapped().as_bigint() {
        return Ok(n);
    }
    let decimal = matches!(conversion, 'd' | 'i' | 'u');
    if decimal && let Some(Num::Float(f)) = num(value) {
        return match to_integer(f) {
            Ok(n) => Ok(n.into_big()),
            Err(e) => Err(super::number::float_error(vm, e, "integer")),
        };
    }
    // A TypeError on the way is told as if there were no way.
    match converted(vm, value, decimal) {
        Ok(Some(n)) => return Ok(n),
        Ok(None) => {}
        Err(raise) => {
            let class = vm.exc.type_error.clone();
            drop(vm.catch(raise, &class)?);
        }
    }
    let class = vm.type_name(value);
    let wanted = if decimal {
        "a real number is"
    } else {
        "an integer is"
    };
    let conversion = match conversion {
        'i' if bytes => 'd',
        other => other,
    };
    Err(vm.type_error(format!(
        "%{conversion} format: {wanted} required, not {class}"
    )))
}

/// What `__int__`, where a decimal is wanted, or `__index__` gives.
fn converted(vm: &mut Vm, value: &Value, decimal: bool) -> R<Option<BigInt>> {
    if decimal && !super::arith::is_plain(value) {
        let name = vm.names.__int__.clone();
        if let Some(result) = vm.call_special(value, &name, &[])?
            && let Some(n) = result.as_bigint()
        {
            return Ok(Some(n));
        }
    }
    let index = vm.index_opt(value)?;
    Ok(index.map(|n| n.as_bigint().unwrap_or_default()))
}

fn real(vm: &mut Vm, value: &Value, bytes: bool) -> R<f64> {
    match vm.to_f64_opt(value)? {
        Some(x) => Ok(x),
        None => {
            let class = vm.type_name(value);
            Err(vm.type_error(if bytes {
                format!("float argument required, not {class}")
            } else {
                format!("must be real number, not {class}")
            }))
        }
    }
}

/// Whether a value is text, for callers that choose between the two formattings.
pub fn is_text(v: &Value) -> bool {
    v.downcast::<Str>().is_some()
}
