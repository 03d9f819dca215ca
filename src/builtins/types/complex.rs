//! `complex`.

use super::{VALUE, made};
use crate::text::complex;
use crate::text::repr::str_repr;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Complex, Tuple};
use crate::vm::ops::arith::Arith;
use crate::vm::ops::number::{self, Num, num};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn parts(v: &Value) -> (f64, f64) {
    v.payload::<Complex>().map_or((0.0, 0.0), |c| (c.re, c.im))
}

fn is_number(v: &Value) -> bool {
    num(v).is_some()
}

fn binary(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R {
    let (a, b) = (a.unwrapped(), b.unwrapped());
    let result = number::arith(vm, op, &a, &b)?;
    Ok(vm.or_not_implemented(result))
}

super::operator_methods! {
    binary;
    add "__add__" radd "__radd__" Add "Return self+value.";
    sub "__sub__" rsub "__rsub__" Sub "Return self-value.";
    mul "__mul__" rmul "__rmul__" Mul "Return self*value.";
    truediv "__truediv__" rtruediv "__rtruediv__" Div "Return self/value.";
}

super::comparison_methods!(is_number);

fn power(vm: &mut Vm, a: &Value, b: &Value, modulus: &Value) -> R {
    let numbers = num(&a.unwrapped()).is_some() && num(&b.unwrapped()).is_some();
    if numbers && modulus.given().is_some_and(|m| !m.is_none()) {
        return Err(vm.value_error("complex modulo"));
    }
    binary(vm, Arith::Pow, a, b)
}

fn pow(vm: &mut Vm, args: &[Value]) -> R {
    power(vm, &args[0], &args[1], &args[2])
}

fn rpow(vm: &mut Vm, args: &[Value]) -> R {
    power(vm, &args[1], &args[0], &args[2])
}

fn neg(_: &mut Vm, args: &[Value]) -> R {
    let (re, im) = parts(&args[0]);
    Ok(Value::complex(-re, -im))
}

fn itself(_: &mut Vm, args: &[Value]) -> R {
    let (re, im) = parts(&args[0]);
    Ok(Value::complex(re, im))
}

fn conjugate(_: &mut Vm, args: &[Value]) -> R {
    let (re, im) = parts(&args[0]);
    Ok(Value::complex(re, -im))
}

fn abs(vm: &mut Vm, args: &[Value]) -> R {
    let result = number::abs(vm, &args[0].unwrapped())?;
    Ok(result.unwrap_or(Value::None))
}

fn truth(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(parts(&args[0]) != (0.0, 0.0)))
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    let Some(spec) = args[1].as_str() else {
        let class = vm.argument_type(&args[1]);
        return Err(vm.type_error(format!("__format__() argument must be str, not {class}")));
    };
    let text = vm.format_builtin(&args[0].unwrapped(), &args[0], spec)?;
    Ok(Value::from(text.unwrap_or_default()))
}

fn getnewargs(_: &mut Vm, args: &[Value]) -> R {
    let (re, im) = parts(&args[0]);
    Ok(Tuple::value([Value::float(re), Value::float(im)]))
}

/// `complex(real, imag)` and `complex(text)`.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.complex.clone();
    if let Some(text) = args[1].as_str() {
        if args[2].given().is_some() {
            return Err(vm.type_error("complex() can't take second arg if first is a string"));
        }
        return match complex::parse(text) {
            Some((re, im)) => made(vm, &args[0], &class, Value::complex(re, im)),
            None if complex::has_stray_underscore(text) => {
                let shown = str_repr(text);
                Err(vm.value_error(format!("could not convert string to complex: {shown}")))
            }
            None => Err(vm.value_error("complex() arg is a malformed string")),
        };
    }
    if args[2].as_str().is_some() {
        return Err(vm.type_error("complex() second arg can't be a string"));
    }
    let (mut re, mut im) = match args[1].given() {
        None => (0.0, 0.0),
        Some(v) => match number_parts(vm, v)? {
            Some(parts) => parts,
            None => {
                let name = vm.type_name(v);
                return Err(vm.type_error(format!(
                    "complex() first argument must be a string or a number, not '{name}'"
                )));
            }
        },
    };
    if let Some(v) = args[2].given() {
        let Some((a, b)) = number_parts(vm, v)? else {
            let name = vm.type_name(v);
            return Err(vm.type_error(format!(
                "complex() second argument must be a number, not '{name}'"
            )));
        };
        re -= b;
        // A zero keeps its sign unless there is something to add it to.
        im = if im == 0.0 { a } else { im + a };
    }
    made(vm, &args[0], &class, Value::complex(re, im))
}

fn number_parts(vm: &mut Vm, v: &Value) -> R<Option<(f64, f64)>> {
    if let Some(Num::Complex(re, im)) = num(&v.unwrapped()) {
        return Ok(Some((re, im)));
    }
    let name = vm.names.__complex__.clone();
    if !crate::vm::ops::arith::is_plain(v)
        && let Some(result) = vm.call_special(v, &name, &[])?
    {
        return match num(&result.unwrapped()) {
            Some(Num::Complex(re, im)) => Ok(Some((re, im))),
            _ => {
                let class = vm.type_name(&result);
                Err(vm.type_error(format!("__complex__ returned non-complex (type {class})")))
            }
        };
    }
    Ok(vm.to_f64_opt(v)?.map(|x| (x, 0.0)))
}

fn get_real(_: &mut Vm, v: &Value) -> R {
    Ok(Value::float(parts(v).0))
}

fn get_imag(_: &mut Vm, v: &Value) -> R {
    Ok(Value::float(parts(v).1))
}

const GETSET: &[GetSet] = &[
    GetSet::read("real", get_real, "the real part of a complex number"),
    GetSet::read("imag", get_imag, "the imaginary part of a complex number"),
];

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, real=0, imag=0)", new),
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
    NativeDef::new("__neg__", "(self, /)", neg, "-self"),
    NativeDef::new("__pos__", "(self, /)", itself, "+self"),
    NativeDef::new("__abs__", "(self, /)", abs, "abs(self)"),
    NativeDef::new("__bool__", "(self, /)", truth, "True if self else False"),
    NativeDef::new("__complex__", "(self, /)", itself, "The number itself."),
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
        "conjugate",
        "(self, /)",
        conjugate,
        "The number with its imaginary part negated.",
    ),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.complex.clone();
    vm.extend_class(&class, VALUE, GETSET);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, OPERATORS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
