//! The module `math`: conversions around the functions of `text::math`.

use crate::text::int::{self, Integer};
use crate::text::math::{self, MathError, MathResult};
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Module, Tuple};
use crate::vm::ops::arith::Arith;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

macro_rules! unary {
    ($($name:ident $doc:literal;)*) => {
        const UNARY: &[NativeDef] = &[$(
            NativeDef::new(stringify!($name), "(x, /)", |vm, args| {
                let x = vm.to_f64(&args[0])?;
                let result = math::$name(x);
                float(vm, result)
            }, $doc),
        )*];
    };
}

unary! {
    acos "Return the arc cosine (measured in radians) of x.";
    acosh "Return the inverse hyperbolic cosine of x.";
    asin "Return the arc sine (measured in radians) of x.";
    asinh "Return the inverse hyperbolic sine of x.";
    atan "Return the arc tangent (measured in radians) of x.";
    atanh "Return the inverse hyperbolic tangent of x.";
    cbrt "Return the cube root of x.";
    cos "Return the cosine of x (measured in radians).";
    cosh "Return the hyperbolic cosine of x.";
    exp "Return e raised to the power of x.";
    exp2 "Return 2 raised to the power of x.";
    expm1 "Return exp(x)-1.";
    gamma "Gamma function at x.";
    lgamma "Natural logarithm of absolute value of Gamma function at x.";
    log1p "Return the natural logarithm of 1+x (base e).";
    sin "Return the sine of x (measured in radians).";
    sinh "Return the hyperbolic sine of x.";
    sqrt "Return the square root of x.";
    tan "Return the tangent of x (measured in radians).";
    tanh "Return the hyperbolic tangent of x.";
}

const OTHERS: &[NativeDef] = &[
    NativeDef::new(
        "atan2",
        "(y, x, /)",
        |vm, a| binary(vm, a, |y, x| Ok(math::atan2(y, x))),
        "Return the arc tangent (measured in radians) of y/x.",
    ),
    NativeDef::new(
        "ceil",
        "(x, /)",
        |vm, a| {
            let name = vm.names.__ceil__.clone();
            rounded(vm, &a[0], &name, f64::ceil)
        },
        "The smallest integer >= x.",
    ),
    NativeDef::new(
        "comb",
        "(n, k, /)",
        comb,
        "Number of ways to choose k items from n items without repetition and without order.",
    ),
    NativeDef::new(
        "copysign",
        "(x, y, /)",
        |vm, a| binary(vm, a, |x, y| Ok(x.copysign(y))),
        "A float with the magnitude of x but the sign of y.",
    ),
    NativeDef::new(
        "degrees",
        "(x, /)",
        |vm, a| Ok(Value::float(math::degrees(vm.to_f64(&a[0])?))),
        "Convert angle x from radians to degrees.",
    ),
    NativeDef::new(
        "dist",
        "(p, q, /)",
        dist,
        "Return the Euclidean distance between two points p and q.",
    ),
    NativeDef::new(
        "erf",
        "(x, /)",
        |vm, a| Ok(Value::float(math::erf(vm.to_f64(&a[0])?))),
        "Error function at x.",
    ),
    NativeDef::new(
        "erfc",
        "(x, /)",
        |vm, a| Ok(Value::float(math::erfc(vm.to_f64(&a[0])?))),
        "Complementary error function at x.",
    ),
    NativeDef::new(
        "fabs",
        "(x, /)",
        |vm, a| Ok(Value::float(vm.to_f64(&a[0])?.abs())),
        "Return the absolute value of the float x.",
    ),
    NativeDef::new("factorial", "(n, /)", factorial, "Find n!."),
    NativeDef::new(
        "floor",
        "(x, /)",
        |vm, a| {
            let name = vm.names.__floor__.clone();
            rounded(vm, &a[0], &name, f64::floor)
        },
        "The largest integer <= x.",
    ),
    NativeDef::new("fma", "(x, y, z, /)", fma, "Fused multiply-add operation."),
    NativeDef::new(
        "fmod",
        "(x, y, /)",
        |vm, a| binary(vm, a, math::fmod),
        "Return fmod(x, y), according to platform C.",
    ),
    NativeDef::new(
        "frexp",
        "(x, /)",
        frexp,
        "Return the mantissa and exponent of x, as pair (m, e).",
    ),
    NativeDef::new(
        "fsum",
        "(seq, /)",
        fsum,
        "Return an accurate floating-point sum of values in the iterable seq.",
    ),
    NativeDef::new(
        "gcd",
        "(*integers)",
        |vm, a| fold_ints(vm, a, |v| math::gcd_all(v)),
        "Greatest Common Divisor.",
    ),
    NativeDef::new(
        "hypot",
        "(*coordinates)",
        hypot,
        "Multidimensional Euclidean distance from the origin to a point.",
    ),
    NativeDef::new(
        "isclose",
        "(a, b, *, rel_tol=1e-09, abs_tol=0.0)",
        isclose,
        "Determine whether two floating-point numbers are close in value.",
    ),
    NativeDef::new(
        "isfinite",
        "(x, /)",
        |vm, a| Ok(vm.to_f64(&a[0])?.is_finite().into()),
        "Return True if x is neither an infinity nor a NaN, and False otherwise.",
    ),
    NativeDef::new(
        "isinf",
        "(x, /)",
        |vm, a| Ok(vm.to_f64(&a[0])?.is_infinite().into()),
        "Return True if x is a positive or negative infinity, and False otherwise.",
    ),
    NativeDef::new(
        "isnan",
        "(x, /)",
        |vm, a| Ok(vm.to_f64(&a[0])?.is_nan().into()),
        "Return True if x is a NaN (not a number), and False otherwise.",
    ),
    NativeDef::new(
        "isqrt",
        "(n, /)",
        isqrt,
        "Return the integer part of the square root of the input.",
    ),
    NativeDef::new(
        "lcm",
        "(*integers)",
        |vm, a| fold_ints(vm, a, |v| math::lcm_all(v)),
        "Least Common Multiple.",
    ),
    NativeDef::new("ldexp", "(x, i, /)", ldexp, "Return x * (2**i)."),
    NativeDef::new(
        "log",
        "(x, base=2.718281828459045, /)",
        log,
        "Return the logarithm of x to the given base.",
    ),
    NativeDef::new(
        "log10",
        "(x, /)",
        |vm, a| logarithm(vm, &a[0], math::log10),
        "Return the base 10 logarithm of x.",
    ),
    NativeDef::new(
        "log2",
        "(x, /)",
        |vm, a| logarithm(vm, &a[0], math::log2),
        "Return the base 2 logarithm of x.",
    ),
    NativeDef::new(
        "modf",
        "(x, /)",
        modf,
        "Return the fractional and integer parts of x.",
    ),
    NativeDef::new(
        "nextafter",
        "(x, y, /, *, steps=None)",
        nextafter,
        "Return the floating-point value the given number of steps after x towards y.",
    ),
    NativeDef::new(
        "perm",
        "(n, k=None, /)",
        perm,
        "Number of ways to choose k items from n items without repetition and with order.",
    ),
    NativeDef::new(
        "pow",
        "(x, y, /)",
        |vm, a| binary(vm, a, math::pow),
        "Return x**y (x to the power of y).",
    ),
    NativeDef::new(
        "prod",
        "(iterable, /, *, start=1)",
        prod,
        "Calculate the product of all the elements in the input iterable.",
    ),
    NativeDef::new(
        "radians",
        "(x, /)",
        |vm, a| Ok(Value::float(math::radians(vm.to_f64(&a[0])?))),
        "Convert angle x from degrees to radians.",
    ),
    NativeDef::new(
        "remainder",
        "(x, y, /)",
        |vm, a| binary(vm, a, math::remainder),
        "Difference between x and the closest integer multiple of y.",
    ),
    NativeDef::new(
        "sumprod",
        "(p, q, /)",
        sumprod,
        "Return the sum of products of values from two iterables p and q.",
    ),
    NativeDef::new(
        "trunc",
        "(x, /)",
        trunc,
        "Truncates the Real x to the nearest Integral toward 0.",
    ),
    NativeDef::new(
        "ulp",
        "(x, /)",
        |vm, a| Ok(Value::float(math::ulp(vm.to_f64(&a[0])?))),
        "Return the value of the least significant bit of the float x.",
    ),
];

pub static MODULE: ModuleDef = ModuleDef {
    name: "math",
    doc: "This module provides access to the mathematical functions\ndefined by the C standard.",
    functions: UNARY,
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    for def in OTHERS {
        let function = vm.native_function(def, "math");
        let name = vm.intern(def.name);
        module.dict.set_str(&name, function);
    }
    let constants = [
        ("pi", std::f64::consts::PI),
        ("e", std::f64::consts::E),
        ("tau", std::f64::consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ];
    for (name, value) in constants {
        let name = vm.intern(name);
        module.dict.set_str(&name, Value::float(value));
    }
    Ok(())
}

fn float(vm: &mut Vm, result: MathResult) -> R {
    match result {
        Ok(x) => Ok(Value::float(x)),
        Err(error) => Err(raise(vm, error)),
    }
}

fn raise(vm: &mut Vm, error: MathError) -> Raise {
    match error {
        MathError::Domain => vm.value_error("math domain error"),
        MathError::Range => vm.overflow_error("math range error"),
        MathError::ZeroDivision => vm.zero_division_error("float division by zero"),
        MathError::FsumOverflow => vm.overflow_error("intermediate overflow in fsum"),
        MathError::FsumInfinities => vm.value_error("-inf + inf in fsum"),
        MathError::FmaOverflow => vm.overflow_error("overflow in fma"),
        MathError::FmaInvalid => vm.value_error("invalid operation in fma"),
    }
}

fn integer(value: Integer) -> Value {
    Value::bigint(value.into_big())
}

/// An int argument of any size.
fn big(vm: &mut Vm, value: &Value) -> R<BigInt> {
    let index = vm.index(value)?;
    Ok(index.as_bigint().unwrap_or_default())
}

fn binary(vm: &mut Vm, args: &[Value], f: fn(f64, f64) -> MathResult) -> R {
    let (x, y) = (vm.to_f64(&args[0])?, vm.to_f64(&args[1])?);
    float(vm, f(x, y))
}

fn fma(vm: &mut Vm, args: &[Value]) -> R {
    let (x, y, z) = (
        vm.to_f64(&args[0])?,
        vm.to_f64(&args[1])?,
        vm.to_f64(&args[2])?,
    );
    float(vm, math::fma(x, y, z))
}

/// `floor` and `ceil`: the object's own method, or of its value as a float.
fn rounded(vm: &mut Vm, x: &Value, method: &Ref<crate::vm::object::Str>, f: fn(f64) -> f64) -> R {
    if let Value::Float(x) = x {
        return whole(vm, f(x.get()));
    }
    if let Some(result) = vm.call_special(x, method, &[])? {
        return Ok(result);
    }
    let x = vm.to_f64(x)?;
    whole(vm, f(x))
}

/// A float without fraction as an int.
fn whole(vm: &mut Vm, x: f64) -> R {
    if x.is_nan() {
        return Err(vm.value_error("cannot convert float NaN to integer"));
    }
    match num_traits::FromPrimitive::from_f64(x) {
        Some(n) => Ok(Value::bigint(n)),
        None => Err(vm.overflow_error("cannot convert float infinity to integer")),
    }
}

fn trunc(vm: &mut Vm, args: &[Value]) -> R {
    if let Value::Float(x) = &args[0] {
        return whole(vm, x.get().trunc());
    }
    let name = vm.names.__trunc__.clone();
    match vm.call_special(&args[0], &name, &[])? {
        Some(result) => Ok(result),
        None => {
            let name = vm.type_name(&args[0]);
            Err(vm.type_error(format!("type {name} doesn't define __trunc__ method")))
        }
    }
}

fn frexp(vm: &mut Vm, args: &[Value]) -> R {
    let (mantissa, exponent) = math::frexp(vm.to_f64(&args[0])?);
    Ok(Tuple::value([
        Value::float(mantissa),
        Value::Int(exponent.into()),
    ]))
}

fn modf(vm: &mut Vm, args: &[Value]) -> R {
    let (fraction, whole) = math::modf(vm.to_f64(&args[0])?);
    Ok(Tuple::value([Value::float(fraction), Value::float(whole)]))
}

fn ldexp(vm: &mut Vm, args: &[Value]) -> R {
    let x = vm.to_f64(&args[0])?;
    let Some(exponent) = args[1].as_bigint() else {
        return Err(vm.type_error("Expected an int as second argument to ldexp."));
    };
    let limit = if exponent.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    };
    float(vm, math::ldexp(x, exponent.to_i64().unwrap_or(limit)))
}

fn nextafter(vm: &mut Vm, args: &[Value]) -> R {
    let (x, y) = (vm.to_f64(&args[0])?, vm.to_f64(&args[1])?);
    let steps = match &args[2] {
        Value::Undef | Value::None => BigInt::from(1),
        steps => big(vm, steps)?,
    };
    if steps.is_negative() {
        return Err(vm.value_error("steps must be a non-negative integer"));
    }
    Ok(Value::float(math::next_after(
        x,
        y,
        steps.to_u64().unwrap_or(u64::MAX),
    )))
}

/// A logarithm of a float, or of an int of any size.
fn logarithm(vm: &mut Vm, x: &Value, f: fn(f64) -> MathResult) -> R {
    if let Value::Float(x) = x {
        return float(vm, f(x.get()));
    }
    if let Some(n) = x.as_bigint() {
        return float(vm, math::log_bigint(&n, f));
    }
    let x = vm.to_f64(x)?;
    float(vm, f(x))
}

fn log(vm: &mut Vm, args: &[Value]) -> R {
    let numerator = logarithm(vm, &args[0], math::log)?;
    let Some(base) = args[1].given() else {
        return Ok(numerator);
    };
    let base = logarithm(vm, base, math::log)?;
    let (x, base) = (vm.to_f64(&numerator)?, vm.to_f64(&base)?);
    float(vm, math::log_base(x, base))
}

fn isclose(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = (vm.to_f64(&args[0])?, vm.to_f64(&args[1])?);
    let mut tolerance = |value: &Value, default: f64| match value.given() {
        Some(value) => vm.to_f64(value),
        None => Ok(default),
    };
    let relative = tolerance(&args[2], 1e-9)?;
    let absolute = tolerance(&args[3], 0.0)?;
    match math::is_close(a, b, relative, absolute) {
        Some(close) => Ok(close.into()),
        None => Err(vm.value_error("tolerances must be non-negative")),
    }
}

fn floats(vm: &mut Vm, values: &[Value]) -> R<Vec<f64>> {
    values.iter().map(|v| vm.to_f64(v)).collect()
}

fn fsum(vm: &mut Vm, args: &[Value]) -> R {
    let values = vm.collect(&args[0])?;
    let values = floats(vm, &values)?;
    float(vm, math::fsum(values))
}

fn rest(args: &[Value]) -> &[Value] {
    args[0]
        .as_ref::<Tuple>()
        .map(|t| t.items())
        .unwrap_or_default()
}

fn hypot(vm: &mut Vm, args: &[Value]) -> R {
    let values = floats(vm, rest(args))?;
    Ok(Value::float(math::hypot(&values)))
}

fn dist(vm: &mut Vm, args: &[Value]) -> R {
    let (p, q) = (vm.collect(&args[0])?, vm.collect(&args[1])?);
    if p.len() != q.len() {
        return Err(vm.value_error("both points must have the same number of dimensions"));
    }
    let (p, q) = (floats(vm, &p)?, floats(vm, &q)?);
    let differences: Vec<f64> = p.iter().zip(&q).map(|(a, b)| a - b).collect();
    Ok(Value::float(math::hypot(&differences)))
}

fn sumprod(vm: &mut Vm, args: &[Value]) -> R {
    let (p, q) = (vm.collect(&args[0])?, vm.collect(&args[1])?);
    if p.len() != q.len() {
        return Err(vm.value_error("Inputs are not the same length"));
    }
    let pairs: Option<Vec<(f64, f64)>> = p.iter().zip(&q).map(|(a, b)| both_floats(a, b)).collect();
    if let Some(pairs) = pairs
        && !pairs.is_empty()
        && let Some(sum) = math::sumprod(pairs)
    {
        return Ok(Value::float(sum));
    }
    let mut total = Value::Int(0);
    for (a, b) in p.iter().zip(&q) {
        let product = vm.arith(Arith::Mul, a, b, false)?;
        total = vm.arith(Arith::Add, &total, &product, false)?;
    }
    Ok(total)
}

/// A pair of which one at least is a float, the other a float or small int.
fn both_floats(a: &Value, b: &Value) -> Option<(f64, f64)> {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => Some((a.get(), b.get())),
        (Value::Float(a), Value::Int(b)) => Some((a.get(), *b as f64)),
        (Value::Int(a), Value::Float(b)) => Some((*a as f64, b.get())),
        _ => None,
    }
}

fn prod(vm: &mut Vm, args: &[Value]) -> R {
    let mut product = args[1].given().cloned().unwrap_or(Value::Int(1));
    for value in vm.collect(&args[0])? {
        product = vm.arith(Arith::Mul, &product, &value, false)?;
    }
    Ok(product)
}

fn fold_ints(vm: &mut Vm, args: &[Value], f: fn(&[BigInt]) -> Integer) -> R {
    let mut values = Vec::new();
    for value in rest(args) {
        values.push(big(vm, value)?);
    }
    Ok(integer(f(&values)))
}

fn factorial(vm: &mut Vm, args: &[Value]) -> R {
    if let Value::Float(_) = args[0].unwrapped() {
        return Err(vm.type_error("'float' object cannot be interpreted as an integer"));
    }
    let n = big(vm, &args[0])?;
    if n.is_negative() {
        return Err(vm.value_error("factorial() not defined for negative values"));
    }
    match n.to_i64() {
        Some(n) => Ok(integer(math::factorial(n.unsigned_abs()))),
        None => {
            Err(vm.overflow_error("factorial() argument should not exceed 9223372036854775807"))
        }
    }
}

fn isqrt(vm: &mut Vm, args: &[Value]) -> R {
    let n = big(vm, &args[0])?;
    if n.is_negative() {
        return Err(vm.value_error("isqrt() argument must be nonnegative"));
    }
    Ok(Value::bigint(int::isqrt(&n)))
}

fn comb(vm: &mut Vm, args: &[Value]) -> R {
    let (n, k) = (big(vm, &args[0])?, big(vm, &args[1])?);
    if n.is_negative() {
        return Err(vm.value_error("n must be a non-negative integer"));
    }
    if k.is_negative() {
        return Err(vm.value_error("k must be a non-negative integer"));
    }
    match math::comb(&n, &k) {
        Some(result) => Ok(integer(result)),
        None => Err(vm.overflow_error("min(n - k, k) must not exceed 9223372036854775807")),
    }
}

fn perm(vm: &mut Vm, args: &[Value]) -> R {
    let k = match &args[1] {
        Value::Undef | Value::None => return factorial(vm, args),
        k => k,
    };
    let (n, k) = (big(vm, &args[0])?, big(vm, k)?);
    if n.is_negative() {
        return Err(vm.value_error("n must be a non-negative integer"));
    }
    if k.is_negative() {
        return Err(vm.value_error("k must be a non-negative integer"));
    }
    match math::perm(&n, &k) {
        Some(result) => Ok(integer(result)),
        None => Err(vm.overflow_error("k must not exceed 9223372036854775807")),
    }
}
