//! `int`.

use super::{VALUE, made};
use crate::builtins::arguments::{class, flag, int_or};
use crate::text::float::to_integer;
use crate::text::int::{self as ints, ParseIntError, digit_limit_message};
use crate::text::repr::{bytes_repr, str_repr};
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Kind, Tuple};
use crate::vm::ops::arith::{Arith, Unary, is_int};
use crate::vm::ops::number::{self, float_error, int_error};
use crate::vm::ops::sequence::buffer;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use num_bigint::BigInt;

/// The int in `self`: never a bool.
fn plain(v: &Value) -> Value {
    crate::vm::ops::range::int_of(&v.unwrapped())
}

fn big(v: &Value) -> BigInt {
    v.as_bigint().unwrap_or_default()
}

pub(super) fn binary(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R {
    let (a, b) = (a.unwrapped(), b.unwrapped());
    if !(is_int(&a) && is_int(&b)) {
        return Ok(vm.not_implemented());
    }
    let result = number::arith(vm, op, &a, &b)?;
    Ok(vm.or_not_implemented(result))
}

super::operator_methods! {
    binary;
    add "__add__" radd "__radd__" Add "Return self+value.";
    sub "__sub__" rsub "__rsub__" Sub "Return self-value.";
    mul "__mul__" rmul "__rmul__" Mul "Return self*value.";
    truediv "__truediv__" rtruediv "__rtruediv__" Div "Return self/value.";
    floordiv "__floordiv__" rfloordiv "__rfloordiv__" FloorDiv "Return self//value.";
    modulo "__mod__" rmodulo "__rmod__" Mod "Return self%value.";
    lshift "__lshift__" rlshift "__rlshift__" LShift "Return self<<value.";
    rshift "__rshift__" rrshift "__rrshift__" RShift "Return self>>value.";
    and "__and__" rand "__rand__" And "Return self&value.";
    or "__or__" ror "__ror__" Or "Return self|value.";
    xor "__xor__" rxor "__rxor__" Xor "Return self^value.";
}

super::comparison_methods!(is_int);

fn power(vm: &mut Vm, a: &Value, b: &Value, modulus: Option<&Value>) -> R {
    let Some(modulus) = modulus.filter(|m| !m.is_none()) else {
        return binary(vm, Arith::Pow, a, b);
    };
    let (a, b, m) = (a.unwrapped(), b.unwrapped(), modulus.unwrapped());
    let result = number::pow_mod(vm, &a, &b, &m)?;
    Ok(vm.or_not_implemented(result))
}

fn pow(vm: &mut Vm, args: &[Value]) -> R {
    power(vm, &args[0], &args[1], args[2].given())
}

fn rpow(vm: &mut Vm, args: &[Value]) -> R {
    power(vm, &args[1], &args[0], args[2].given())
}

fn divmod_of(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let (a, b) = (a.unwrapped(), b.unwrapped());
    if !(is_int(&a) && is_int(&b)) {
        return Ok(vm.not_implemented());
    }
    match number::divmod(vm, &a, &b)? {
        Some((q, r)) => Ok(Tuple::value([q, r])),
        None => Ok(vm.not_implemented()),
    }
}

fn divmod(vm: &mut Vm, args: &[Value]) -> R {
    divmod_of(vm, &args[0], &args[1])
}

fn rdivmod(vm: &mut Vm, args: &[Value]) -> R {
    divmod_of(vm, &args[1], &args[0])
}

fn unary(op: Unary, v: &Value) -> R {
    Ok(number::unary(op, &plain(v)).unwrap_or(Value::None))
}

fn neg(_: &mut Vm, args: &[Value]) -> R {
    unary(Unary::Neg, &args[0])
}

fn invert(_: &mut Vm, args: &[Value]) -> R {
    unary(Unary::Invert, &args[0])
}

/// `+x`, `int(x)`, `x.real` and everything else that is the int itself.
fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(plain(&args[0]))
}

fn abs(vm: &mut Vm, args: &[Value]) -> R {
    let result = number::abs(vm, &plain(&args[0]))?;
    Ok(result.unwrap_or(Value::None))
}

fn truth(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(!matches!(plain(&args[0]), Value::Int(0))))
}

fn to_float(vm: &mut Vm, args: &[Value]) -> R {
    vm.to_f64(&plain(&args[0])).map(Value::float)
}

fn round(vm: &mut Vm, args: &[Value]) -> R {
    let value = plain(&args[0]);
    let Some(digits) = args[1].given() else {
        return Ok(value);
    };
    let digits = vm.index(digits)?;
    let digits = crate::vm::ops::arith::clamp(&digits);
    if digits >= 0 {
        return Ok(value);
    }
    let rounded = ints::round_to_tens(&big(&value), digits.unsigned_abs());
    Ok(Value::bigint(rounded))
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    let Some(spec) = args[1].as_str() else {
        let class = vm.argument_type(&args[1]);
        return Err(vm.type_error(format!("__format__() argument must be str, not {class}")));
    };
    if spec.is_empty() {
        return vm.str(&args[0]).map(Value::from);
    }
    let mut value = args[0].unwrapped();
    let as_float = spec.ends_with(['e', 'E', 'f', 'F', 'g', 'G', '%']);
    if as_float && args[0].as_obj().is_some_and(|o| o.kind() == Kind::Instance) {
        // A subclass may be another number as a float.
        value = Value::float(vm.to_f64(&args[0])?);
    }
    let text = vm.format_builtin(&value, &args[0], spec)?;
    Ok(Value::from(text.unwrap_or_default()))
}

fn bit_length(_: &mut Vm, args: &[Value]) -> R {
    Ok(match plain(&args[0]) {
        Value::Int(i) => Value::Int(ints::bit_length(i).into()),
        n => Value::from(big(&n).bits() as usize),
    })
}

fn bit_count(_: &mut Vm, args: &[Value]) -> R {
    Ok(match plain(&args[0]) {
        Value::Int(i) => Value::Int(i.unsigned_abs().count_ones().into()),
        n => Value::from(ints::bit_count(&big(&n)) as usize),
    })
}

fn is_little(vm: &mut Vm, v: &Value, function: &str) -> R<bool> {
    match v.given().map(Value::as_str) {
        None | Some(Some("big")) => Ok(false),
        Some(Some("little")) => Ok(true),
        Some(Some(_)) => Err(vm.value_error("byteorder must be either 'little' or 'big'")),
        Some(None) => {
            let class = vm.argument_type(v);
            Err(vm.type_error(format!(
                "{function}() argument 'byteorder' must be str, not {class}"
            )))
        }
    }
}

fn to_bytes(vm: &mut Vm, args: &[Value]) -> R {
    let length = int_or(vm, &args[1], 1)?;
    let little = is_little(vm, &args[2], "to_bytes")?;
    let signed = flag(vm, &args[3])?;
    let Ok(length) = usize::try_from(length) else {
        return Err(vm.value_error("length argument must be non-negative"));
    };
    match ints::to_bytes(&big(&plain(&args[0])), length, little, signed) {
        Ok(bytes) => Ok(crate::vm::object::Bytes::value(bytes)),
        Err(e) => Err(int_error(vm, e, "")),
    }
}

fn from_bytes(vm: &mut Vm, args: &[Value]) -> R {
    let little = is_little(vm, &args[2], "from_bytes")?;
    let bytes = match buffer(&args[1]) {
        Some(bytes) => bytes,
        None if args[1].as_str().is_some() || vm.iter_opt(&args[1])?.is_none() => {
            let class = vm.type_name(&args[1]);
            return Err(vm.type_error(format!("cannot convert '{class}' object to bytes")));
        }
        None => vm.bytes_from_iterable(&args[1])?,
    };
    let signed = flag(vm, &args[3])?;
    let n: Value = ints::from_bytes(&bytes, little, signed).into();
    let int = vm.types.int.clone();
    if class(vm, &args[0])?.is(&int) {
        return Ok(n);
    }
    vm.call(&args[0], &[n])
}

fn as_integer_ratio(_: &mut Vm, args: &[Value]) -> R {
    Ok(Tuple::value([plain(&args[0]), Value::Int(1)]))
}

fn is_integer(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::True)
}

fn getnewargs(_: &mut Vm, args: &[Value]) -> R {
    Ok(Tuple::value([plain(&args[0])]))
}

fn sizeof(_: &mut Vm, args: &[Value]) -> R {
    let bits = big(&plain(&args[0])).bits();
    Ok(Value::from(24 + 4 * (bits.div_ceil(30).max(1) as usize)))
}

/// `int(x)` and `int(text, base)`.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    let n = match (args[1].given(), args[2].given()) {
        (None, None) => Value::Int(0),
        (None, Some(_)) => return Err(vm.type_error("int() missing string argument")),
        (Some(x), None) => from_value(vm, x)?,
        (Some(x), Some(base)) => {
            let base = vm.index(base)?;
            let base = base.as_i64().and_then(|b| u32::try_from(b).ok());
            let base = base.filter(|b| *b == 0 || (2..=36).contains(b));
            match base {
                Some(base) => from_text(vm, x, base)?,
                None => {
                    return Err(vm.value_error("int() base must be >= 2 and <= 36, or 0"));
                }
            }
        }
    };
    let int = vm.types.int.clone();
    made(vm, &args[0], &int, n)
}

/// `int(x)` of anything.
fn from_value(vm: &mut Vm, x: &Value) -> R {
    match x {
        Value::Int(_) | Value::True | Value::False => return Ok(plain(x)),
        Value::Float(f) => {
            return match to_integer(f.get()) {
                Ok(n) => Ok(n.into()),
                Err(e) => Err(float_error(vm, e, "integer")),
            };
        }
        Value::Obj(o) if o.kind() == Kind::Int => return Ok(x.clone()),
        _ => {}
    }
    if is_text(x) {
        return from_text(vm, x, 10);
    }
    let name = vm.names.__int__.clone();
    if let Some(result) = vm.call_special(x, &name, &[])? {
        return must_be_int(vm, result, "__int__");
    }
    if let Some(n) = vm.index_opt(x)? {
        return Ok(n);
    }
    let name = vm.names.__trunc__.clone();
    if let Some(result) = vm.call_special(x, &name, &[])? {
        return vm.index(&result);
    }
    let class = vm.type_name(x);
    Err(vm.type_error(format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{class}'"
    )))
}

fn must_be_int(vm: &mut Vm, result: Value, method: &str) -> R {
    let inner = plain(&result);
    if is_int(&inner) {
        return Ok(inner);
    }
    let class = vm.type_name(&result);
    Err(vm.type_error(format!("{method} returned non-int (type {class})")))
}

fn is_text(v: &Value) -> bool {
    v.as_str().is_some() || buffer(v).is_some()
}

fn from_text(vm: &mut Vm, x: &Value, base: u32) -> R {
    let limit = vm.int_digits();
    let (result, shown) = if let Some(text) = x.as_str() {
        (ints::parse_int(text, base, limit), str_repr(text))
    } else if let Some(bytes) = buffer(x) {
        let text: String = bytes.iter().map(|b| char::from(*b)).collect();
        (ints::parse_int(&text, base, limit), bytes_repr(&bytes))
    } else {
        return Err(vm.type_error("int() can't convert non-string with explicit base"));
    };
    result
        .map(Value::from)
        .map_err(|e| parse_error(vm, e, base, limit, &shown))
}

fn parse_error(vm: &mut Vm, e: ParseIntError, base: u32, limit: usize, shown: &str) -> Raise {
    match e {
        ParseIntError::Invalid => {
            let shown: String = shown.chars().take(200).collect();
            vm.value_error(format!(
                "invalid literal for int() with base {base}: {shown}"
            ))
        }
        ParseIntError::TooManyDigits(n) => vm.value_error(digit_limit_message(limit, Some(n))),
        ParseIntError::BadBase => vm.value_error("int() base must be >= 2 and <= 36, or 0"),
    }
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    vm.repr(&plain(&args[0])).map(Value::from)
}

fn get_real(_: &mut Vm, v: &Value) -> R {
    Ok(plain(v))
}

fn get_zero(_: &mut Vm, _: &Value) -> R {
    Ok(Value::Int(0))
}

fn get_one(_: &mut Vm, _: &Value) -> R {
    Ok(Value::Int(1))
}

const GETSET: &[GetSet] = &[
    GetSet::read("real", get_real, "the real part of a complex number"),
    GetSet::read("imag", get_zero, "the imaginary part of a complex number"),
    GetSet::read("numerator", get_real, "the numerator in lowest terms"),
    GetSet::read("denominator", get_one, "the denominator in lowest terms"),
];

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, x=0, /, base=10)", new),
    NativeDef::new(
        "__pow__",
        "(self, value, mod=None, /)",
        pow,
        "Return pow(self, value, mod).",
    ),
    NativeDef::new(
        "__rpow__",
        "(self, value, mod=None, /)",
        rpow,
        "Return pow(value, self, mod).",
    ),
    NativeDef::new(
        "__divmod__",
        "(self, value, /)",
        divmod,
        "Return divmod(self, value).",
    ),
    NativeDef::new(
        "__rdivmod__",
        "(self, value, /)",
        rdivmod,
        "Return divmod(value, self).",
    ),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__neg__", "(self, /)", neg, "-self"),
    NativeDef::new("__pos__", "(self, /)", itself, "+self"),
    NativeDef::new("__invert__", "(self, /)", invert, "~self"),
    NativeDef::new("__abs__", "(self, /)", abs, "abs(self)"),
    NativeDef::new("__bool__", "(self, /)", truth, "True if self else False"),
    NativeDef::new("__int__", "(self, /)", itself, "int(self)"),
    NativeDef::new(
        "__index__",
        "(self, /)",
        itself,
        "The int itself, for use as an index.",
    ),
    NativeDef::new("__float__", "(self, /)", to_float, "float(self)"),
    NativeDef::new(
        "__round__",
        "(self, ndigits=None, /)",
        round,
        "Round to tens, hundreds… for negative ndigits.",
    ),
    NativeDef::new("__trunc__", "(self, /)", itself, "The int itself."),
    NativeDef::new("__floor__", "(self, /)", itself, "The int itself."),
    NativeDef::new("__ceil__", "(self, /)", itself, "The int itself."),
    NativeDef::new(
        "__format__",
        "(self, format_spec, /)",
        format,
        "Lay the number out as the format spec says.",
    ),
    NativeDef::new(
        "__getnewargs__",
        "(self, /)",
        getnewargs,
        "Arguments to make a copy with.",
    ),
    NativeDef::new(
        "__sizeof__",
        "(self, /)",
        sizeof,
        "Size in memory, in bytes.",
    ),
    NativeDef::new("conjugate", "(self, /)", itself, "The int itself."),
    NativeDef::new(
        "bit_length",
        "(self, /)",
        bit_length,
        "Number of bits needed for the absolute value.",
    ),
    NativeDef::new(
        "bit_count",
        "(self, /)",
        bit_count,
        "Number of ones in the absolute value.",
    ),
    NativeDef::new(
        "to_bytes",
        "(self, /, length=1, byteorder='big', *, signed=False)",
        to_bytes,
        "The int as an array of bytes.",
    ),
    NativeDef::new(
        "from_bytes",
        "(cls, /, bytes, byteorder='big', *, signed=False)",
        from_bytes,
        "The int that an array of bytes stands for.",
    )
    .class(),
    NativeDef::new(
        "as_integer_ratio",
        "(self, /)",
        as_integer_ratio,
        "The int over one.",
    ),
    NativeDef::new(
        "is_integer",
        "(self, /)",
        is_integer,
        "True: an int has no fraction.",
    ),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.int.clone();
    vm.extend_class(&class, VALUE, GETSET);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, OPERATORS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
