//! The math module's functions on floats and ints, with CPython's results and its two kinds of error.
//! Knows nothing of values; conversions from them (and their errors) are the caller's.

use super::int::{Integer, bigint_to_f64};
use super::special;
use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One, Signed, ToPrimitive, Zero};

pub use super::gamma::{gamma, lgamma};
pub use super::special::{erf, erfc};
pub use super::sums::{fsum, hypot, sumprod};

/// Why a function of the math module has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MathError {
    /// `ValueError: math domain error`.
    Domain,
    /// `OverflowError: math range error`.
    Range,
    /// `ZeroDivisionError: float division by zero`, for `log` with base 1.
    ZeroDivision,
    /// `OverflowError: intermediate overflow in fsum`.
    FsumOverflow,
    /// `ValueError: -inf + inf in fsum`.
    FsumInfinities,
    /// `OverflowError: overflow in fma`.
    FmaOverflow,
    /// `ValueError: invalid operation in fma`.
    FmaInvalid,
}

/// A float, or why there is none.
pub type MathResult = Result<f64, MathError>;

/// Turns a NaN from numbers, and an infinity from finite numbers, into errors.
fn checked(x: f64, value: f64, infinite: MathError) -> MathResult {
    match value {
        _ if value.is_nan() && !x.is_nan() => Err(MathError::Domain),
        _ if value.is_infinite() && x.is_finite() => Err(infinite),
        _ => Ok(value),
    }
}

/// Defines the functions of one argument that need no more than the check of their result.
macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident($x:ident) = $value:expr, $infinite:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name($x: f64) -> MathResult {
            checked($x, $value, MathError::$infinite)
        }
    )*};
}

unary! {
    /// `math.sin`.
    sin(x) = x.sin(), Domain;
    /// `math.cos`.
    cos(x) = x.cos(), Domain;
    /// `math.tan`.
    tan(x) = x.tan(), Domain;
    /// `math.asin`.
    asin(x) = x.asin(), Domain;
    /// `math.acos`.
    acos(x) = x.acos(), Domain;
    /// `math.atan`.
    atan(x) = x.atan(), Domain;
    /// `math.sinh`.
    sinh(x) = x.sinh(), Range;
    /// `math.cosh`.
    cosh(x) = x.cosh(), Range;
    /// `math.tanh`.
    tanh(x) = x.tanh(), Domain;
    /// `math.asinh`.
    asinh(x) = special::asinh(x), Domain;
    /// `math.acosh`.
    acosh(x) = special::acosh(x), Domain;
    /// `math.atanh`.
    atanh(x) = special::atanh(x), Domain;
    /// `math.exp`.
    exp(x) = x.exp(), Range;
    /// `math.exp2`.
    exp2(x) = x.exp2(), Range;
    /// `math.expm1`.
    expm1(x) = x.exp_m1(), Range;
    /// `math.log1p`.
    log1p(x) = x.ln_1p(), Domain;
    /// `math.sqrt`.
    sqrt(x) = x.sqrt(), Domain;
    /// `math.cbrt`.
    cbrt(x) = special::cbrt(x), Domain;
    /// `math.log` of one argument.
    log(x) = x.ln(), Domain;
    /// `math.log2`.
    log2(x) = x.log2(), Domain;
    /// `math.log10`.
    log10(x) = x.log10(), Domain;
}

/// `math.log`, `log2` or `log10` (given as `function`) of an int that may be too large for a float.
pub fn log_bigint(value: &BigInt, function: fn(f64) -> MathResult) -> MathResult {
    if !value.is_positive() {
        return Err(MathError::Domain);
    }
    if let Some(x) = bigint_to_f64(value) {
        return function(x);
    }
    // value = x · 2^exponent with x in [1/2, 1).
    let mut exponent = value.bits();
    let mut x =
        bigint_to_f64(&(value >> exponent.saturating_sub(64))).unwrap_or(1.0) / 2f64.powi(64);
    let dropped = exponent.saturating_sub(64);
    if (value - ((value >> dropped) << dropped)).is_positive() && x < 1.0 {
        x = sticky_top(value, dropped);
    }
    if x >= 1.0 {
        x /= 2.0;
        exponent += 1;
    }
    Ok(function(x)? + function(2.0)? * exponent as f64)
}

/// The top 64 bits of `value` as a fraction, rounded with regard to the bits below.
fn sticky_top(value: &BigInt, dropped: u64) -> f64 {
    let top: BigInt = ((value >> dropped) << 1u32) + 1;
    bigint_to_f64(&top).unwrap_or(1.0) / 2f64.powi(65)
}

/// `math.log(x, base)` from the two logarithms.
pub fn log_base(log_x: f64, log_base: f64) -> MathResult {
    if log_base == 0.0 {
        Err(MathError::ZeroDivision)
    } else {
        Ok(log_x / log_base)
    }
}

/// `math.atan2`.
pub fn atan2(y: f64, x: f64) -> f64 {
    y.atan2(x)
}

/// `math.pow`.
pub fn pow(x: f64, y: f64) -> MathResult {
    let value = x.powf(y);
    if !x.is_finite() || !y.is_finite() {
        return Ok(value);
    }
    match value {
        _ if value.is_nan() => Err(MathError::Domain),
        // Zero to a negative power.
        _ if value.is_infinite() && x == 0.0 => Err(MathError::Domain),
        _ if value.is_infinite() => Err(MathError::Range),
        _ => Ok(value),
    }
}

/// `math.fmod`.
pub fn fmod(x: f64, y: f64) -> MathResult {
    if y.is_infinite() && x.is_finite() {
        return Ok(x);
    }
    let value = x % y;
    if value.is_nan() && !x.is_nan() && !y.is_nan() {
        Err(MathError::Domain)
    } else {
        Ok(value)
    }
}

/// `math.remainder`: with the quotient rounded half to even.
pub fn remainder(x: f64, y: f64) -> MathResult {
    if x.is_nan() || y.is_nan() {
        return Ok(if x.is_nan() { x } else { y });
    }
    if x.is_infinite() || y == 0.0 {
        return Err(MathError::Domain);
    }
    if y.is_infinite() {
        return Ok(x);
    }
    let (size, unit) = (x.abs(), y.abs());
    let rest = size % unit;
    let other = unit - rest;
    let value = if rest < other {
        rest
    } else if rest > other {
        -other
    } else {
        // Half way: an even quotient.
        rest - 2.0 * ((0.5 * (size - rest)) % unit)
    };
    Ok(1f64.copysign(x) * value)
}

/// `math.modf`: fractional and integral part.
pub fn modf(x: f64) -> (f64, f64) {
    if x.is_infinite() {
        (0f64.copysign(x), x)
    } else {
        (x.fract().copysign(x), x.trunc())
    }
}

/// `math.frexp`: a mantissa in [1/2, 1) and the exponent.
pub fn frexp(x: f64) -> (f64, i32) {
    if !x.is_finite() || x == 0.0 {
        (x, 0)
    } else {
        libm::frexp(x)
    }
}

/// `math.ldexp`; exponents beyond an `i64` come in clamped to it.
pub fn ldexp(x: f64, exponent: i64) -> MathResult {
    if !x.is_finite() || x == 0.0 {
        return Ok(x);
    }
    let value = libm::ldexp(x, exponent.clamp(-5000, 5000) as i32);
    if value.is_infinite() {
        Err(MathError::Range)
    } else {
        Ok(value)
    }
}

/// `math.nextafter` with `steps`.
pub fn next_after(x: f64, y: f64, steps: u64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    if x == y || steps == 0 {
        return if steps == 0 { x } else { y };
    }
    // On this scale neighbouring floats are neighbouring integers.
    let scale = |x: f64| {
        let bits = (x.to_bits() & !(1 << 63)) as i64;
        if x.is_sign_negative() { -bits } else { bits }
    };
    let (from, to) = (scale(x), scale(y));
    let steps = i64::try_from(steps).unwrap_or(i64::MAX);
    let at = if from < to {
        from.saturating_add(steps).min(to)
    } else {
        from.saturating_sub(steps).max(to)
    };
    if at == to {
        return y;
    }
    let size = f64::from_bits(at.unsigned_abs());
    if at < 0 || (at == 0 && x.is_sign_negative()) {
        -size
    } else {
        size
    }
}

/// `math.ulp`.
pub fn ulp(x: f64) -> f64 {
    let size = x.abs();
    if !size.is_finite() {
        return size;
    }
    match next_after(size, f64::INFINITY, 1) {
        next if next.is_infinite() => size - next_after(size, 0.0, 1),
        next => next - size,
    }
}

/// `math.fma`.
pub fn fma(x: f64, y: f64, z: f64) -> MathResult {
    let value = x.mul_add(y, z);
    match value {
        _ if value.is_nan() && !x.is_nan() && !y.is_nan() && !z.is_nan() => {
            Err(MathError::FmaInvalid)
        }
        _ if value.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() => {
            Err(MathError::FmaOverflow)
        }
        _ => Ok(value),
    }
}

/// `math.degrees`.
pub fn degrees(x: f64) -> f64 {
    x * (180.0 / std::f64::consts::PI)
}

/// `math.radians`.
pub fn radians(x: f64) -> f64 {
    x * (std::f64::consts::PI / 180.0)
}

/// `math.isclose`; `None` is `ValueError: tolerances must be non-negative`.
pub fn is_close(a: f64, b: f64, relative: f64, absolute: f64) -> Option<bool> {
    if relative < 0.0 || absolute < 0.0 {
        return None;
    }
    if a == b {
        return Some(true);
    }
    if a.is_infinite() || b.is_infinite() {
        return Some(false);
    }
    let distance = (b - a).abs();
    Some(
        distance <= (relative * b).abs()
            || distance <= (relative * a).abs()
            || distance <= absolute,
    )
}

/// The product of `from..=to`, by halves, so that the factors stay of equal size.
fn range_product(from: u64, to: u64) -> BigInt {
    if to < from {
        return BigInt::one();
    }
    if to - from < 8 {
        return (from..=to).fold(BigInt::one(), |product, n| product * n);
    }
    let middle = from + (to - from) / 2;
    range_product(from, middle) * range_product(middle + 1, to)
}

/// `math.factorial`.
pub fn factorial(n: u64) -> Integer {
    Integer::from(range_product(2, n))
}

/// `math.perm(n, k)` for arguments that are not negative. `None` where `k` is too large to work with
/// (`OverflowError: k must not exceed 9223372036854775807`).
pub fn perm(n: &BigInt, k: &BigInt) -> Option<Integer> {
    if k > n {
        return Some(Integer::Small(0));
    }
    let count = k.to_i64()?;
    Some(Integer::from(match n.to_u64() {
        Some(n) if count > 0 => range_product(n - (count as u64 - 1), n),
        _ => falling_product(n, count),
    }))
}

/// `n (n − 1) … (n − count + 1)`.
fn falling_product(n: &BigInt, count: i64) -> BigInt {
    match count {
        ..=0 => BigInt::one(),
        1 => n.clone(),
        _ => {
            let half = count / 2;
            falling_product(n, half) * falling_product(&(n - half), count - half)
        }
    }
}

/// `math.comb(n, k)` for arguments that are not negative. `None` where `min(k, n - k)` is too large to work with
/// (`OverflowError: min(n - k, k) must not exceed 9223372036854775807`).
pub fn comb(n: &BigInt, k: &BigInt) -> Option<Integer> {
    if k > n {
        return Some(Integer::Small(0));
    }
    let count = k.min(&(n - k)).to_i64()?;
    Some(Integer::from(comb_of(n, count)))
}

/// `C(n, k) = C(n, j) · C(n − j, k − j) / C(k, j)` with `j` half of `k`.
fn comb_of(n: &BigInt, k: i64) -> BigInt {
    match k {
        ..=0 => BigInt::one(),
        1 => n.clone(),
        _ => {
            let half = k / 2;
            comb_of(n, half) * comb_of(&(n - half), k - half) / comb_of(&BigInt::from(k), half)
        }
    }
}

/// `math.gcd` of any number of ints.
pub fn gcd_all<'a>(values: impl IntoIterator<Item = &'a BigInt>) -> Integer {
    Integer::from(
        values
            .into_iter()
            .fold(BigInt::zero(), |gcd, value| gcd.gcd(value)),
    )
}

/// `math.lcm` of any number of ints.
pub fn lcm_all<'a>(values: impl IntoIterator<Item = &'a BigInt>) -> Integer {
    Integer::from(
        values
            .into_iter()
            .fold(BigInt::one(), |lcm, value| lcm.lcm(value).abs()),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;
    use MathError::{Domain, Range};

    const INF: f64 = f64::INFINITY;

    fn power_of_ten(exponent: u32) -> BigInt {
        BigInt::from(10).pow(exponent)
    }

    #[test]
    fn gammas() {
        for (x, value) in [
            (0.5, Ok(1.7724538509055159)),
            (4.5, Ok(11.631728396567446)),
            (-1.5, Ok(2.3632718012073544)),
            (23.0, Ok(1.1240007277776077e21)),
            (24.0, Ok(2.585201673888497e22)),
            (170.5, Ok(5.56209241456e305)),
            (-170.5, Ok(-3.312739521538607e-308)),
            (171.7, Err(Range)),
            (-250.5, Ok(-0.0)),
            (1e-310, Err(Range)),
            (-0.0, Err(Domain)),
            (-1.0, Err(Domain)),
        ] {
            assert_eq!(gamma(x), value, "{x}");
        }
        for (x, value) in [
            (0.5, Ok(0.5723649429247004)),
            (-1.5, Ok(0.8600470153764812)),
            (7.0, Ok(6.579251212010102)),
            (1e-25, Ok(57.564627324851145)),
            (1e300, Ok(6.897755278982137e302)),
            (1e308, Err(Range)),
            (0.0, Err(Domain)),
            (-INF, Ok(INF)),
        ] {
            assert_eq!(lgamma(x), value, "{x}");
        }
    }

    #[test]
    fn remainders() {
        for (x, y, value) in [
            (5.0, 3.0, Ok(-1.0)),
            (7.0, 2.0, Ok(-1.0)),
            (-5.0, 2.0, Ok(-1.0)),
            (1.0, INF, Ok(1.0)),
        ] {
            assert_eq!(remainder(x, y), value);
        }
        assert_eq!(
            (remainder(INF, 1.0), remainder(5.0, 0.0)),
            (Err(Domain), Err(Domain))
        );
        assert_eq!(
            (fmod(-5.0, 3.0), fmod(INF, 1.0), fmod(1.0, -INF)),
            (Ok(-2.0), Err(Domain), Ok(1.0))
        );
    }

    #[test]
    fn neighbours() {
        assert_eq!(next_after(0.0, 1.0, 1), 5e-324);
        assert_eq!(next_after(0.0, -1.0, 1), -5e-324);
        assert_eq!(next_after(INF, 0.0, 1), f64::MAX);
        assert_eq!(next_after(0.0, 1.0, 5), 2.5e-323);
        assert!(next_after(-5e-324, 1.0, 1).is_sign_negative());
        assert!(next_after(5e-324, -1.0, 1).is_sign_positive());
        assert_eq!(
            (ulp(1.0), ulp(0.0), ulp(f64::MAX)),
            (f64::EPSILON, 5e-324, 1.99584030953472e292)
        );
    }

    #[test]
    fn logarithms_of_big_ints() {
        assert_eq!(log_bigint(&power_of_ten(400), log), Ok(921.0340371976182));
        assert_eq!(log_bigint(&(BigInt::one() << 1024u32), log2), Ok(1024.0));
        assert_eq!(
            log_bigint(&((BigInt::one() << 2000u32) - 1), log),
            Ok(1386.2943611198907)
        );
        assert_eq!(log_bigint(&power_of_ten(400), log10), Ok(400.0));
        assert_eq!(log_bigint(&BigInt::zero(), log10), Err(Domain));
    }

    #[test]
    fn errors() {
        assert_eq!(
            (sqrt(-1.0), exp(1000.0), acos(2.0)),
            (Err(Domain), Err(Range), Err(Domain))
        );
        assert_eq!(
            (sin(INF), log(0.0), log1p(-1.0), atanh(1.0)),
            (Err(Domain), Err(Domain), Err(Domain), Err(Domain))
        );
        assert_eq!(
            (pow(0.0, -1.0), pow(-8.0, 1.0 / 3.0), pow(1e200, 2.0)),
            (Err(Domain), Err(Domain), Err(Range))
        );
        assert_eq!(
            (pow(1.0, f64::NAN), pow(-1.0, INF), pow(INF, -1.0)),
            (Ok(1.0), Ok(1.0), Ok(0.0))
        );
        assert_eq!(
            (ldexp(1.0, 1024), ldexp(5e-324, 1074), ldexp(1.0, -1080)),
            (Err(Range), Ok(1.0), Ok(0.0))
        );
        assert_eq!(fma(1e308, 10.0, 0.0), Err(MathError::FmaOverflow));
    }

    #[test]
    fn counting() {
        let n = power_of_ten(20);
        assert_eq!(
            comb(&BigInt::from(10), &BigInt::from(3)),
            Some(Integer::Small(120))
        );
        assert_eq!(
            comb(&BigInt::from(3), &BigInt::from(5)),
            Some(Integer::Small(0))
        );
        let middle = comb(&BigInt::from(100), &BigInt::from(50))
            .unwrap()
            .to_string();
        assert_eq!(middle, "100891344545564193334812497256");
        let large = comb(&n, &BigInt::from(3)).unwrap().to_string();
        assert_eq!(
            large,
            "166666666666666666661666666666666666666700000000000000000000"
        );
        assert_eq!(
            perm(&BigInt::from(25), &BigInt::from(25)),
            Some(factorial(25))
        );
        assert_eq!(
            perm(&n, &BigInt::from(2)).unwrap().to_string(),
            "9999999999999999999900000000000000000000"
        );
        assert_eq!(factorial(25).to_string(), "15511210043330985984000000");
        assert_eq!(
            (factorial(0), perm(&n, &BigInt::zero())),
            (Integer::Small(1), Some(Integer::Small(1)))
        );
        assert_eq!(
            gcd_all(&[BigInt::from(12), BigInt::from(-18)]),
            Integer::Small(6)
        );
        assert_eq!(
            lcm_all(&[BigInt::from(4), BigInt::from(-6)]),
            Integer::Small(12)
        );
    }
}
