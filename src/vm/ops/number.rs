//! Arithmetic and order of the built-in numbers: int of any size, float, complex, in all mixtures.

use super::arith::{Arith, Unary};
use crate::text::float::FloatError;
use crate::text::int::{self, IntError, Integer};
use crate::vm::object::{Complex, Int};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::borrow::Cow;
use std::cmp::Ordering;

/// A built-in number, looked at.
#[derive(Clone, Copy)]
pub enum Num<'a> {
    Small(i64),
    Big(&'a BigInt),
    Float(f64),
    Complex(f64, f64),
}

/// The number in a value that is exactly of a built-in kind.
#[inline]
pub fn num(v: &Value) -> Option<Num<'_>> {
    Some(match v {
        Value::Int(i) => Num::Small(*i),
        Value::Float(f) => Num::Float(f.get()),
        Value::True => Num::Small(1),
        Value::False => Num::Small(0),
        Value::Obj(o) => match o.downcast::<Int>() {
            Some(n) => Num::Big(&n.0),
            None => o.downcast::<Complex>().map(|c| Num::Complex(c.re, c.im))?,
        },
        _ => return None,
    })
}

impl<'a> Num<'a> {
    fn is_int(self) -> bool {
        matches!(self, Num::Small(_) | Num::Big(_))
    }

    /// The int as a big one.
    fn big(self) -> Cow<'a, BigInt> {
        match self {
            Num::Big(n) => Cow::Borrowed(n),
            Num::Small(i) => Cow::Owned(BigInt::from(i)),
            Num::Float(_) | Num::Complex(..) => Cow::Owned(BigInt::zero()),
        }
    }

    fn float(self, vm: &mut Vm) -> R<f64> {
        match self {
            Num::Small(i) => Ok(i as f64),
            Num::Big(n) => big_to_f64(vm, n),
            Num::Float(f) => Ok(f),
            Num::Complex(re, _) => Ok(re),
        }
    }

    fn complex(self, vm: &mut Vm) -> R<(f64, f64)> {
        match self {
            Num::Complex(re, im) => Ok((re, im)),
            other => Ok((other.float(vm)?, 0.0)),
        }
    }
}

impl From<Integer> for Value {
    fn from(n: Integer) -> Value {
        match n {
            Integer::Small(i) => Value::Int(i),
            Integer::Big(n) => Value::bigint(n),
        }
    }
}

/// A big int as a float; OverflowError if it is too large.
pub fn big_to_f64(vm: &mut Vm, n: &BigInt) -> R<f64> {
    int::bigint_to_f64(n).ok_or_else(|| vm.overflow_error("int too large to convert to float"))
}

/// Raises what an int operation could not do. `division` is the text for a zero divisor.
pub fn int_error(vm: &mut Vm, error: IntError, division: &str) -> Raise {
    match error {
        IntError::DivisionByZero => vm.zero_division_error(division),
        IntError::ZeroModulus => vm.value_error("pow() 3rd argument cannot be 0"),
        IntError::NotInvertible => vm.value_error("base is not invertible for the given modulus"),
        IntError::NegativeShift => vm.value_error("negative shift count"),
        IntError::TooBig => vm.overflow_error("int too big to convert"),
        IntError::NegativeUnsigned => vm.overflow_error("can't convert negative int to unsigned"),
        IntError::DivisionTooLarge => {
            vm.overflow_error("integer division result too large for a float")
        }
        IntError::Memory => vm.out_of_memory(),
    }
}

/// Raises what a float operation could not do, said of a conversion to `what`.
pub fn float_error(vm: &mut Vm, error: FloatError, what: &str) -> Raise {
    match error {
        FloatError::Infinity => {
            vm.overflow_error(format!("cannot convert float infinity to {what}"))
        }
        FloatError::Nan => vm.value_error(format!("cannot convert float NaN to {what}")),
        FloatError::Overflow => vm.overflow_error("rounded value too large to represent"),
        FloatError::Malformed => vm.value_error("invalid hexadecimal floating-point string"),
    }
}

/// `a op b` of two built-in numbers; `None` if one is none, or the operator does not exist for
/// their types.
pub fn arith(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(x), Some(y)) = (num(a), num(b)) else {
        return Ok(None);
    };
    if let (Value::True | Value::False, Value::True | Value::False) = (a, b) {
        let (p, q) = (matches!(a, Value::True), matches!(b, Value::True));
        match op {
            Arith::And => return Ok(Some(Value::bool(p & q))),
            Arith::Or => return Ok(Some(Value::bool(p | q))),
            Arith::Xor => return Ok(Some(Value::bool(p ^ q))),
            _ => {}
        }
    }
    match (x, y) {
        (Num::Small(i), Num::Small(j)) => small(vm, op, i, j),
        (Num::Complex(..), _) | (_, Num::Complex(..)) => complex(vm, op, x, y),
        _ if x.is_int() && y.is_int() => big(vm, op, &x.big(), &y.big()),
        _ => {
            if matches!(
                op,
                Arith::And | Arith::Or | Arith::Xor | Arith::LShift | Arith::RShift | Arith::MatMul
            ) {
                return Ok(None);
            }
            let (p, q) = (x.float(vm)?, y.float(vm)?);
            float(vm, op, p, q)
        }
    }
}

fn small(vm: &mut Vm, op: Arith, a: i64, b: i64) -> R<Option<Value>> {
    let fast = match op {
        Arith::Add => a.checked_add(b),
        Arith::Sub => a.checked_sub(b),
        Arith::Mul => a.checked_mul(b),
        Arith::FloorDiv if b != 0 => int::floor_div(a, b),
        Arith::Mod if b != 0 => int::floor_mod(a, b),
        Arith::And => Some(a & b),
        Arith::Or => Some(a | b),
        Arith::Xor => Some(a ^ b),
        Arith::Pow => u32::try_from(b).ok().and_then(|n| a.checked_pow(n)),
        Arith::RShift if b >= 0 => Some(if b > 63 { a >> 63 } else { a >> b }),
        Arith::LShift if (0..63).contains(&b) => {
            let shifted = a << b;
            (shifted >> b == a).then_some(shifted)
        }
        Arith::Div if b != 0 => {
            if let Some(f) = int::true_div_small(a, b) {
                return Ok(Some(Value::float(f)));
            }
            None
        }
        _ => None,
    };
    match fast {
        Some(i) => Ok(Some(Value::Int(i))),
        None => big(vm, op, &BigInt::from(a), &BigInt::from(b)),
    }
}

fn big(vm: &mut Vm, op: Arith, a: &BigInt, b: &BigInt) -> R<Option<Value>> {
    let result = match op {
        Arith::Add => Ok(a + b),
        Arith::Sub => Ok(a - b),
        Arith::Mul => Ok(a * b),
        Arith::And => Ok(a & b),
        Arith::Or => Ok(a | b),
        Arith::Xor => Ok(a ^ b),
        Arith::FloorDiv => int::floor_divmod(a, b).map(|(q, _)| q),
        Arith::Mod => int::floor_divmod(a, b).map(|(_, r)| r),
        Arith::LShift => return shift_left(vm, a, b).map(Some),
        Arith::RShift => int::shift_right(a, b),
        Arith::Pow if b.is_negative() => {
            let (x, y) = (big_to_f64(vm, a)?, big_to_f64(vm, b)?);
            return float(vm, op, x, y);
        }
        Arith::Pow => int::pow(a, b),
        Arith::Div => {
            return match int::true_div(a, b) {
                Ok(f) => Ok(Some(Value::float(f))),
                Err(e) => Err(int_error(vm, e, "division by zero")),
            };
        }
        Arith::MatMul => return Ok(None),
    };
    let division = match op {
        Arith::Mod => "integer modulo by zero",
        _ => "integer division or modulo by zero",
    };
    match result {
        Ok(n) => Ok(Some(Value::bigint(n))),
        Err(e) => Err(int_error(vm, e, division)),
    }
}

fn shift_left(vm: &mut Vm, a: &BigInt, b: &BigInt) -> R {
    if b.is_positive() && !a.is_zero() && b.to_i64().is_none() {
        return Err(vm.overflow_error("too many digits in integer"));
    }
    int::shift_left(a, b)
        .map(Value::bigint)
        .map_err(|e| int_error(vm, e, ""))
}

fn float(vm: &mut Vm, op: Arith, a: f64, b: f64) -> R<Option<Value>> {
    let zero = |vm: &mut Vm, text: &str| Err(vm.zero_division_error(text));
    let result = match op {
        Arith::Add => a + b,
        Arith::Sub => a - b,
        Arith::Mul => a * b,
        Arith::Div if b == 0.0 => return zero(vm, "float division by zero"),
        Arith::Div => a / b,
        Arith::FloorDiv if b == 0.0 => return zero(vm, "float floor division by zero"),
        Arith::FloorDiv => float_divmod(a, b).0,
        Arith::Mod if b == 0.0 => return zero(vm, "float modulo by zero"),
        Arith::Mod => float_mod(a, b),
        Arith::Pow => return float_pow(vm, a, b).map(Some),
        _ => return Ok(None),
    };
    Ok(Some(Value::float(result)))
}

/// Remainder with the sign of the divisor, which is not zero.
pub fn float_mod(a: f64, b: f64) -> f64 {
    let m = a % b;
    if m == 0.0 {
        return 0.0_f64.copysign(b);
    }
    if (b < 0.0) != (m < 0.0) { m + b } else { m }
}

/// `divmod(a, b)` for a divisor that is not zero.
pub fn float_divmod(a: f64, b: f64) -> (f64, f64) {
    let mut m = a % b;
    let mut div = (a - m) / b;
    if m == 0.0 {
        m = 0.0_f64.copysign(b);
    } else if (b < 0.0) != (m < 0.0) {
        m += b;
        div -= 1.0;
    }
    let floor = if div == 0.0 {
        0.0_f64.copysign(a / b)
    } else {
        let f = div.floor();
        if div - f > 0.5 { f + 1.0 } else { f }
    };
    (floor, m)
}

fn float_pow(vm: &mut Vm, a: f64, b: f64) -> R {
    if a == 0.0 && b < 0.0 && b.is_finite() {
        return Err(vm.zero_division_error("0.0 cannot be raised to a negative power"));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0 {
        return complex_pow(vm, (a, 0.0), (b, 0.0));
    }
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        let class = vm.exc.overflow_error.clone();
        let args = vec![Value::Int(34), Value::str("Numerical result out of range")];
        return Err(vm.error_with(&class, args));
    }
    Ok(Value::float(result))
}

fn complex(vm: &mut Vm, op: Arith, x: Num, y: Num) -> R<Option<Value>> {
    if !matches!(
        op,
        Arith::Add | Arith::Sub | Arith::Mul | Arith::Div | Arith::Pow
    ) {
        return Ok(None);
    }
    let (a, b) = (x.complex(vm)?, y.complex(vm)?);
    let (re, im) = match op {
        Arith::Add => (a.0 + b.0, a.1 + b.1),
        Arith::Sub => (a.0 - b.0, a.1 - b.1),
        Arith::Mul => complex_mul(a, b),
        Arith::Div => match complex_div(a, b) {
            Some(result) => result,
            None => return Err(vm.zero_division_error("complex division by zero")),
        },
        _ => return complex_pow(vm, a, b).map(Some),
    };
    Ok(Some(Value::complex(re, im)))
}

fn complex_mul(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// Division by the larger part first, so that nothing overflows early.
fn complex_div(a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
    let (re, im) = (b.0.abs(), b.1.abs());
    if re >= im {
        if re == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        Some((
            (a.0 + a.1 * ratio) / denominator,
            (a.1 - a.0 * ratio) / denominator,
        ))
    } else if im >= re {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        Some((
            (a.0 * ratio + a.1) / denominator,
            (a.1 * ratio - a.0) / denominator,
        ))
    } else {
        Some((f64::NAN, f64::NAN))
    }
}

fn complex_pow(vm: &mut Vm, a: (f64, f64), b: (f64, f64)) -> R {
    const ZERO: &str = "0.0 to a negative or complex power";
    let (re, im) = if b.1 == 0.0 && b.0 == b.0.floor() && b.0.abs() <= 100.0 {
        let power = complex_power(a, b.0.abs() as u32);
        if b.0 >= 0.0 {
            power
        } else {
            match complex_div((1.0, 0.0), power) {
                Some(result) => result,
                None => return Err(vm.zero_division_error(ZERO)),
            }
        }
    } else if b == (0.0, 0.0) {
        (1.0, 0.0)
    } else if a == (0.0, 0.0) {
        if b.1 != 0.0 || b.0 < 0.0 {
            return Err(vm.zero_division_error(ZERO));
        }
        (0.0, 0.0)
    } else {
        let size = a.0.hypot(a.1);
        let angle = a.1.atan2(a.0);
        let (mut length, mut phase) = (size.powf(b.0), angle * b.0);
        if b.1 != 0.0 {
            length /= (angle * b.1).exp();
            phase += b.1 * size.ln();
        }
        if phase.is_infinite() {
            return Err(vm.zero_division_error(ZERO));
        }
        (length * phase.cos(), length * phase.sin())
    };
    if (re.is_infinite() || im.is_infinite()) && a.0.is_finite() && a.1.is_finite() {
        return Err(vm.overflow_error("complex exponentiation"));
    }
    Ok(Value::complex(re, im))
}

fn complex_power(a: (f64, f64), n: u32) -> (f64, f64) {
    let (mut result, mut square, mut mask) = ((1.0, 0.0), a, 1_u32);
    while mask != 0 && n >= mask {
        if n & mask != 0 {
            result = complex_mul(result, square);
        }
        mask <<= 1;
        square = complex_mul(square, square);
    }
    result
}

/// `divmod(a, b)`; `None` if one is no int or float.
pub fn divmod(vm: &mut Vm, a: &Value, b: &Value) -> R<Option<(Value, Value)>> {
    let (Some(x), Some(y)) = (num(a), num(b)) else {
        return Ok(None);
    };
    match (x, y) {
        (Num::Complex(..), _) | (_, Num::Complex(..)) => Ok(None),
        (Num::Small(i), Num::Small(j)) if j != 0 && !(i == i64::MIN && j == -1) => {
            let quotient = int::floor_div(i, j).map_or(Value::None, Value::Int);
            let rest = int::floor_mod(i, j).map_or(Value::None, Value::Int);
            Ok(Some((quotient, rest)))
        }
        _ if x.is_int() && y.is_int() => match int::floor_divmod(&x.big(), &y.big()) {
            Ok((q, r)) => Ok(Some((Value::bigint(q), Value::bigint(r)))),
            Err(e) => Err(int_error(vm, e, "integer division or modulo by zero")),
        },
        _ => {
            let (p, q) = (x.float(vm)?, y.float(vm)?);
            if q == 0.0 {
                return Err(vm.zero_division_error("float divmod()"));
            }
            let (floor, rest) = float_divmod(p, q);
            Ok(Some((Value::float(floor), Value::float(rest))))
        }
    }
}

/// `pow(a, b, m)` of ints; `None` if one is none.
pub fn pow_mod(vm: &mut Vm, a: &Value, b: &Value, m: &Value) -> R<Option<Value>> {
    let (Some(x), Some(y), Some(z)) = (num(a), num(b), num(m)) else {
        return Ok(None);
    };
    if !(x.is_int() && y.is_int() && z.is_int()) {
        return Ok(None);
    }
    match int::pow_mod(&x.big(), &y.big(), &z.big()) {
        Ok(n) => Ok(Some(Value::bigint(n))),
        Err(e) => Err(int_error(vm, e, "")),
    }
}

/// A unary operator on a built-in number; `None` if it is none.
pub fn unary(op: Unary, a: &Value) -> Option<Value> {
    Some(match (op, num(a)?) {
        (Unary::Neg, Num::Small(i)) => i
            .checked_neg()
            .map_or_else(|| Value::bigint(-BigInt::from(i)), Value::Int),
        (Unary::Neg, Num::Big(n)) => Value::bigint(-n),
        (Unary::Neg, Num::Float(f)) => Value::float(-f),
        (Unary::Neg, Num::Complex(re, im)) => Value::complex(-re, -im),
        (Unary::Pos, Num::Small(i)) => Value::Int(i),
        (Unary::Pos, _) => a.clone(),
        (Unary::Invert, Num::Small(i)) => Value::Int(!i),
        (Unary::Invert, Num::Big(n)) => Value::bigint(-(n + BigInt::one())),
        (Unary::Invert, _) => return None,
    })
}

/// `abs()` of a built-in number; `None` if it is none.
pub fn abs(vm: &mut Vm, a: &Value) -> R<Option<Value>> {
    Ok(Some(match num(a) {
        Some(Num::Small(i)) => i
            .checked_abs()
            .map_or_else(|| Value::bigint(BigInt::from(i).abs()), Value::Int),
        Some(Num::Big(n)) => Value::bigint(n.abs()),
        Some(Num::Float(f)) => Value::float(f.abs()),
        Some(Num::Complex(re, im)) => {
            let size = re.hypot(im);
            if size.is_infinite() && re.is_finite() && im.is_finite() {
                return Err(vm.overflow_error("absolute value too large"));
            }
            Value::float(size)
        }
        None => return Ok(None),
    }))
}

/// The order of two ints or floats: the outer `None` if one is neither, the inner one if a NaN
/// is among them.
pub fn order(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    Some(match (num(a)?, num(b)?) {
        (Num::Complex(..), _) | (_, Num::Complex(..)) => return None,
        (Num::Small(i), Num::Small(j)) => Some(i.cmp(&j)),
        (Num::Float(x), Num::Float(y)) => x.partial_cmp(&y),
        (Num::Small(i), Num::Float(y)) => int::cmp_i64_f64(i, y),
        (Num::Float(x), Num::Small(j)) => int::cmp_i64_f64(j, x).map(Ordering::reverse),
        (Num::Big(n), Num::Float(y)) => int::cmp_bigint_f64(n, y),
        (Num::Float(x), Num::Big(n)) => int::cmp_bigint_f64(n, x).map(Ordering::reverse),
        (x, y) => Some(x.big().cmp(&y.big())),
    })
}
