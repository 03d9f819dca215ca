//! Numbers: `abs`, `divmod`, `pow`, `round`, `bin`, `oct`, `hex`, `hash`, `id`.

use crate::text::int;
use crate::vm::native::NativeDef;
use crate::vm::object::Tuple;
use crate::vm::ops::arith::Arith;
use crate::vm::ops::number::{self, Num};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// `abs(x)`.
pub fn abs(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(result) = number::abs(vm, &args[0])? {
        return Ok(result);
    }
    let name = vm.names.__abs__.clone();
    match vm.call_special(&args[0], &name, &[])? {
        Some(result) => Ok(result),
        None => {
            let class = vm.type_name(&args[0]);
            Err(vm.type_error(format!("bad operand type for abs(): '{class}'")))
        }
    }
}

fn divmod(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = (&args[0], &args[1]);
    if let Some((q, r)) = number::divmod(vm, a, b)? {
        return Ok(Tuple::value([q, r]));
    }
    let (forward, reflected) = (vm.names.__divmod__.clone(), vm.names.__rdivmod__.clone());
    match vm.binary_special(&forward, &reflected, a, b, Arith::FloorDiv)? {
        Some(result) => Ok(result),
        None => Err(vm.unsupported("divmod()", a, b)),
    }
}

fn pow(vm: &mut Vm, args: &[Value]) -> R {
    let (base, exponent) = (&args[0], &args[1]);
    let Some(modulus) = args[2].given().filter(|m| !m.is_none()) else {
        return vm.arith(Arith::Pow, base, exponent, false);
    };
    if let Some(result) = number::pow_mod(vm, base, exponent, modulus)? {
        return Ok(result);
    }
    let name = vm.names.__pow__.clone();
    if let Some(result) = vm.call_special(base, &name, &[exponent.clone(), modulus.clone()])?
        && !vm.is_not_implemented(&result)
    {
        return Ok(result);
    }
    // The types of the other two are asked next.
    for v in [exponent, modulus] {
        if matches!(number::num(&v.unwrapped()), Some(Num::Float(_))) {
            let message = "pow() 3rd argument not allowed unless all arguments are integers";
            return Err(vm.type_error(message));
        }
    }
    let names = [base, exponent, modulus].map(|v| vm.type_name(v));
    Err(vm.type_error(format!(
        "unsupported operand type(s) for ** or pow(): '{}', '{}', '{}'",
        names[0], names[1], names[2]
    )))
}

fn round(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.__round__.clone();
    let digits = args[1].given().filter(|d| !d.is_none());
    let digits: Vec<Value> = digits.into_iter().cloned().collect();
    match vm.call_special(&args[0], &name, &digits)? {
        Some(result) => Ok(result),
        None => {
            let class = vm.type_name(&args[0]);
            Err(vm.type_error(format!("type {class} doesn't define __round__ method")))
        }
    }
}

fn in_base(vm: &mut Vm, v: &Value, radix: u32) -> R {
    let n = vm.index(v)?.as_bigint().unwrap_or_default();
    Ok(Value::from(int::to_prefixed(&n, radix)))
}

fn bin(vm: &mut Vm, args: &[Value]) -> R {
    in_base(vm, &args[0], 2)
}

fn oct(vm: &mut Vm, args: &[Value]) -> R {
    in_base(vm, &args[0], 8)
}

fn hex(vm: &mut Vm, args: &[Value]) -> R {
    in_base(vm, &args[0], 16)
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    vm.hash_for_program(&args[0]).map(|h| Value::Int(h as i64))
}

/// The address of an object; small values have a number of their own beyond all addresses.
fn id(vm: &mut Vm, args: &[Value]) -> R {
    const SMALL: i64 = 1 << 61;
    // A hash made of it differs from run to run.
    vm.hash_varies = true;
    Ok(match &args[0] {
        Value::Obj(o) => Value::from(o.address()),
        Value::Int(i) => Value::Int(SMALL.wrapping_add(i.wrapping_mul(32)) & i64::MAX),
        Value::Float(f) => Value::Int((f.get().to_bits() as i64 ^ SMALL) & i64::MAX),
        Value::None => Value::Int(SMALL - 32),
        Value::True => Value::Int(SMALL - 64),
        Value::False | Value::Undef => Value::Int(SMALL - 96),
    })
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "abs",
        "(x, /)",
        abs,
        "Return the absolute value of the argument.",
    ),
    NativeDef::new(
        "divmod",
        "(x, y, /)",
        divmod,
        "Return the tuple (x//y, x%y).",
    ),
    NativeDef::new(
        "pow",
        "(base, exp, mod=None)",
        pow,
        "base to the power of exp, modulo mod if it is given.",
    ),
    NativeDef::new(
        "round",
        "(number, ndigits=None)",
        round,
        "The number rounded to so many digits after the point.",
    ),
    NativeDef::new("bin", "(number, /)", bin, "The int in binary."),
    NativeDef::new("oct", "(number, /)", oct, "The int in octal."),
    NativeDef::new("hex", "(number, /)", hex, "The int in hexadecimal."),
    NativeDef::new("hash", "(obj, /)", hash, "The hash of an object."),
    NativeDef::new(
        "id",
        "(obj, /)",
        id,
        "A number that no other object has at the same time.",
    ),
];
