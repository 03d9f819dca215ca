//! `float`.

use super::{VALUE, made};
use crate::text::float::{self, FloatError};
use crate::text::repr::str_repr;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Kind, Tuple};
use crate::vm::ops::arith::{Arith, clamp, is_int};
use crate::vm::ops::number::{self, float_error};
use crate::vm::ops::sequence::buffer;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn plain(v: &Value) -> f64 {
    v.as_f64().unwrap_or(0.0)
}

fn is_real(v: &Value) -> bool {
    matches!(v, Value::Float(_)) || is_int(v)
}

fn binary(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R {
    let (a, b) = (a.unwrapped(), b.unwrapped());
    if !(is_real(&a) && is_real(&b)) {
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
}

super::comparison_methods!(is_real);

fn power(vm: &mut Vm, a: &Value, b: &Value, modulus: &Value) -> R {
    if modulus.given().is_some_and(|m| !m.is_none()) {
        return Err(
            vm.type_error("pow() 3rd argument not allowed unless all arguments are integers")
        );
    }
    binary(vm, Arith::Pow, a, b)
}

fn pow(vm: &mut Vm, args: &[Value]) -> R {
    power(vm, &args[0], &args[1], &args[2])
}

fn rpow(vm: &mut Vm, args: &[Value]) -> R {
    power(vm, &args[1], &args[0], &args[2])
}

fn divmod_of(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let (a, b) = (a.unwrapped(), b.unwrapped());
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

fn neg(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::float(-plain(&args[0])))
}

fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::float(plain(&args[0])))
}

fn abs(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::float(plain(&args[0]).abs()))
}

fn truth(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(plain(&args[0]) != 0.0))
}

/// The int that a float without fraction stands for.
fn whole(vm: &mut Vm, x: f64) -> R {
    match float::to_integer(x) {
        Ok(n) => Ok(n.into()),
        Err(e) => Err(float_error(vm, e, "integer")),
    }
}

fn to_int(vm: &mut Vm, args: &[Value]) -> R {
    whole(vm, plain(&args[0]).trunc())
}

fn floor(vm: &mut Vm, args: &[Value]) -> R {
    whole(vm, plain(&args[0]).floor())
}

fn ceil(vm: &mut Vm, args: &[Value]) -> R {
    whole(vm, plain(&args[0]).ceil())
}

fn round(vm: &mut Vm, args: &[Value]) -> R {
    let x = plain(&args[0]);
    let result = match args[1].given().filter(|v| !v.is_none()) {
        None => float::round_to_integer(x).map(Value::from),
        Some(digits) => {
            let digits = vm.index(digits)?;
            float::round_digits(x, clamp(&digits)).map(Value::float)
        }
    };
    result.map_err(|e| float_error(vm, e, "integer"))
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    let Some(spec) = args[1].as_str() else {
        let class = vm.argument_type(&args[1]);
        return Err(vm.type_error(format!("__format__() argument must be str, not {class}")));
    };
    if spec.is_empty() {
        return vm.str(&args[0]).map(Value::from);
    }
    let text = vm.format_builtin(&args[0].unwrapped(), &args[0], spec)?;
    Ok(Value::from(text.unwrap_or_default()))
}

fn is_integer(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(float::is_integer(plain(&args[0]))))
}

fn as_integer_ratio(vm: &mut Vm, args: &[Value]) -> R {
    match float::as_integer_ratio(plain(&args[0])) {
        Ok((n, d)) => Ok(Tuple::value([n.into(), d.into()])),
        Err(FloatError::Nan) => Err(vm.value_error("cannot convert NaN to integer ratio")),
        Err(_) => Err(vm.overflow_error("cannot convert Infinity to integer ratio")),
    }
}

fn hex(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::from(float::hex(plain(&args[0]))))
}

fn fromhex(vm: &mut Vm, args: &[Value]) -> R {
    let Some(text) = args[1].as_str() else {
        return Err(vm.type_error("bad argument type for built-in operation"));
    };
    let x = match float::from_hex(text) {
        Ok(x) => Value::float(x),
        Err(FloatError::Overflow) => {
            return Err(vm.overflow_error("hexadecimal value too large to represent as a float"));
        }
        Err(e) => return Err(float_error(vm, e, "integer")),
    };
    let class = vm.types.float.clone();
    if crate::builtins::arguments::class(vm, &args[0])?.is(&class) {
        return Ok(x);
    }
    vm.call(&args[0], &[x])
}

fn getformat(vm: &mut Vm, args: &[Value]) -> R {
    match args[1].as_str() {
        Some("double" | "float") => Ok(Value::str("IEEE, little-endian")),
        Some(_) => Err(vm.value_error("__getformat__() argument 1 must be 'double' or 'float'")),
        None => {
            let class = vm.argument_type(&args[1]);
            Err(vm.type_error(format!("__getformat__() argument must be str, not {class}")))
        }
    }
}

fn getnewargs(_: &mut Vm, args: &[Value]) -> R {
    Ok(Tuple::value([Value::float(plain(&args[0]))]))
}

/// `float(x)`.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    let x = match args[1].given() {
        None => 0.0,
        Some(v) => from_value(vm, v)?,
    };
    let class = vm.types.float.clone();
    made(vm, &args[0], &class, Value::float(x))
}

fn from_value(vm: &mut Vm, v: &Value) -> R<f64> {
    if let Some(text) = v.as_str() {
        return match float::parse_float(text) {
            Some(x) if x.is_nan() => Ok(fresh_nan(vm, x)),
            Some(x) => Ok(x),
            None => Err(cannot_convert(vm, &str_repr(text))),
        };
    }
    // A subclass may say something else.
    if matches!(v.unwrapped(), Value::Float(_)) && !matches!(v, Value::Float(_)) {
        let name = vm.names.__float__.clone();
        if let Some(result) = vm.call_special(v, &name, &[])? {
            return match result.unwrapped().as_f64() {
                Some(x) => Ok(x),
                None => {
                    let (class, got) = (vm.type_name(v), vm.type_name(&result));
                    let message = format!("{class}.__float__ returned non-float (type {got})");
                    Err(vm.type_error(message))
                }
            };
        }
    }
    if let Some(x) = vm.to_f64_opt(v)? {
        return Ok(x);
    }
    if v.kind() != Some(Kind::Complex)
        && let Some(bytes) = buffer(v)
    {
        let text: String = bytes.iter().map(|b| char::from(*b)).collect();
        return match float::parse_float(&text) {
            Some(x) => Ok(x),
            None => {
                let shown = vm.repr(v)?;
                Err(cannot_convert(vm, shown.as_str()))
            }
        };
    }
    let class = vm.type_name(v);
    Err(vm.type_error(format!(
        "float() argument must be a string or a real number, not '{class}'"
    )))
}

/// How many NaNs were made from text.
#[derive(Default)]
struct Nans(u64);

/// A NaN that is another object than all NaNs before it: it has other bits.
fn fresh_nan(vm: &mut Vm, x: f64) -> f64 {
    const PAYLOADS: u64 = (1 << 50) - 1;
    let made = &mut vm.state::<Nans>().0;
    *made = (*made + 1) & PAYLOADS;
    f64::from_bits(x.to_bits() | *made)
}

fn cannot_convert(vm: &mut Vm, shown: &str) -> crate::vm::Raise {
    vm.value_error(format!("could not convert string to float: {shown}"))
}

fn get_real(_: &mut Vm, v: &Value) -> R {
    Ok(Value::float(plain(v)))
}

fn get_imag(_: &mut Vm, _: &Value) -> R {
    Ok(Value::float(0.0))
}

const GETSET: &[GetSet] = &[
    GetSet::read("real", get_real, "the real part of a complex number"),
    GetSet::read("imag", get_imag, "the imaginary part of a complex number"),
];

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, x=0, /)", new),
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
    NativeDef::new("__neg__", "(self, /)", neg, "-self"),
    NativeDef::new("__pos__", "(self, /)", itself, "+self"),
    NativeDef::new("__abs__", "(self, /)", abs, "abs(self)"),
    NativeDef::new("__bool__", "(self, /)", truth, "True if self else False"),
    NativeDef::new("__int__", "(self, /)", to_int, "int(self)"),
    NativeDef::new("__float__", "(self, /)", itself, "float(self)"),
    NativeDef::new("__trunc__", "(self, /)", to_int, "The int towards zero."),
    NativeDef::new(
        "__floor__",
        "(self, /)",
        floor,
        "The largest int not above.",
    ),
    NativeDef::new("__ceil__", "(self, /)", ceil, "The smallest int not below."),
    NativeDef::new(
        "__round__",
        "(self, ndigits=None, /)",
        round,
        "The nearest int, or multiple of a power of ten; half to even.",
    ),
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
        "__getformat__",
        "(cls, typestr, /)",
        getformat,
        "How floats are kept in memory.",
    )
    .class(),
    NativeDef::new("conjugate", "(self, /)", itself, "The float itself."),
    NativeDef::new(
        "is_integer",
        "(self, /)",
        is_integer,
        "True if there is no fraction.",
    ),
    NativeDef::new(
        "as_integer_ratio",
        "(self, /)",
        as_integer_ratio,
        "The exact fraction, as a pair of ints.",
    ),
    NativeDef::new("hex", "(self, /)", hex, "The exact value in hexadecimal."),
    NativeDef::new(
        "fromhex",
        "(cls, string, /)",
        fromhex,
        "The float that a hexadecimal text stands for.",
    )
    .class(),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.float.clone();
    vm.extend_class(&class, VALUE, GETSET);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, OPERATORS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
