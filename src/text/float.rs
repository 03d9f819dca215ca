//! Floats as CPython writes, reads, rounds and hashes them, and complex numbers beside them.
//! Knows nothing of format specs (they call [`format_double`]) or of values.

use super::int::Integer;
use super::unicode;
use num_bigint::{BigInt, Sign};
use num_traits::{One, Signed, ToPrimitive};

/// The exact decimal expansion of a double never has more digits than this; what follows are zeros.
const MAX_DIGITS: usize = 1100;

/// How [`format_double`] dresses the digits.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct DoubleFlags {
    /// `+` before numbers that are not negative.
    pub always_sign: bool,
    /// `1.0` instead of `1`, as `repr` has it.
    pub add_dot_0: bool,
    /// The `#` flag: keep the point and, with `g`, trailing zeros.
    pub alt: bool,
    /// The `z` option: what rounds to zero loses its minus.
    pub no_neg_0: bool,
}

/// Why a float has no integer, ratio or rounded form. The texts differ by operation and are CPython's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatError {
    /// OverflowError: an infinity where a finite number is needed.
    Infinity,
    /// ValueError: a NaN where a number is needed.
    Nan,
    /// OverflowError: the result does not fit a double.
    Overflow,
    /// ValueError: malformed text.
    Malformed,
}

/// `repr(float)`: the shortest digits that read back as `x`.
pub fn repr(x: f64) -> String {
    format_double(
        x,
        'r',
        0,
        DoubleFlags {
            add_dot_0: true,
            ..DoubleFlags::default()
        },
    )
}

/// The shared core of `repr`, `format` and `%`: `code` is one of `e E f F g G r`; any other counts as `r`.
pub fn format_double(x: f64, code: char, precision: usize, flags: DoubleFlags) -> String {
    let upper = code.is_ascii_uppercase();
    let mut text = String::new();
    let magnitude = x.abs();
    let body = if x.is_nan() {
        "nan".to_string()
    } else if x.is_infinite() {
        "inf".to_string()
    } else {
        finite_body(magnitude, code.to_ascii_lowercase(), precision, flags)
    };
    let is_zero = !body
        .bytes()
        .take_while(|b| *b != b'e')
        .any(|b| matches!(b, b'1'..=b'9'));
    let negative =
        x.is_sign_negative() && !x.is_nan() && !(flags.no_neg_0 && x.is_finite() && is_zero);
    if negative {
        text.push('-');
    } else if flags.always_sign {
        text.push('+');
    }
    text.push_str(&body);
    if upper {
        text.to_ascii_uppercase()
    } else {
        text
    }
}

fn finite_body(x: f64, code: char, precision: usize, flags: DoubleFlags) -> String {
    match code {
        'e' => {
            let (digits, point) = significant_digits(x, precision.saturating_add(1));
            layout(&digits, point, precision.saturating_add(1), true, flags)
        }
        'f' => {
            let mut text = format!("{:.*}", precision.min(MAX_DIGITS), x);
            text.extend(std::iter::repeat_n(
                '0',
                precision.saturating_sub(MAX_DIGITS),
            ));
            if precision == 0 && flags.alt {
                text.push('.');
            }
            text
        }
        'g' => {
            let precision = precision.max(1);
            let (digits, point) = significant_digits(x, precision);
            let wanted = if flags.alt { precision } else { 0 };
            let limit = i64::try_from(precision)
                .unwrap_or(i64::MAX)
                .saturating_sub(i64::from(flags.add_dot_0));
            layout(
                &digits,
                point,
                wanted,
                point <= -4 || i64::from(point) > limit,
                flags,
            )
        }
        _ => {
            let (digits, point) = shortest_digits(x);
            layout(&digits, point, 0, point <= -4 || point > 16, flags)
        }
    }
}

/// The first `count` significant digits of `x`, correctly rounded, without trailing zeros, and where the decimal point
/// stands (`0.d1d2… × 10^point`).
fn significant_digits(x: f64, count: usize) -> (String, i32) {
    let (mut digits, point) = split_exponent(&format!(
        "{:.*e}",
        count.saturating_sub(1).min(MAX_DIGITS),
        x
    ));
    let kept = digits.trim_end_matches('0').len().max(1);
    digits.truncate(kept);
    (digits, point)
}

/// The fewest digits that read back as `x`. Where two are equally near, Rust takes the larger and CPython the even one:
/// that is the one to which `x` rounds.
fn shortest_digits(x: f64) -> (String, i32) {
    let (digits, point) = split_exponent(&format!("{x:e}"));
    // With fewer digits than these no two are equally near.
    if digits.len() < 16 {
        return (digits, point);
    }
    let rounded = format!("{:.*e}", digits.len() - 1, x);
    if rounded.parse() == Ok(x) {
        split_exponent(&rounded)
    } else {
        (digits, point)
    }
}

/// `d.ddde±x` as digits and position of the point.
fn split_exponent(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    (
        digits,
        exponent.parse::<i32>().unwrap_or(0).saturating_add(1),
    )
}

/// Writes digits with their point: at least `wanted` significant digits, filled up with zeros.
fn layout(digits: &str, point: i32, wanted: usize, use_exp: bool, flags: DoubleFlags) -> String {
    let mut out = String::new();
    let mut all = digits.to_string();
    all.extend(std::iter::repeat_n('0', wanted.saturating_sub(all.len())));
    let before = if use_exp { 1 } else { point };
    if before <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', before.unsigned_abs() as usize));
        out.push_str(&all);
    } else {
        let before = before as usize;
        all.extend(std::iter::repeat_n('0', before.saturating_sub(all.len())));
        let (whole, fraction) = all.split_at_checked(before).unwrap_or((&all, ""));
        out.push_str(whole);
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(fraction);
        } else if flags.add_dot_0 && !use_exp {
            out.push_str(".0");
        } else if flags.alt {
            out.push('.');
        }
    }
    if use_exp {
        let exponent = point.saturating_sub(1);
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("e{sign}{:02}", exponent.unsigned_abs()));
    }
    out
}

/// Text with Unicode spaces as blanks and decimal digits of any script as ASCII digits, stripped.
pub(super) fn to_ascii_number(text: &str) -> String {
    let mapped: String = text
        .chars()
        .map(|c| match unicode::decimal_value(c) {
            _ if unicode::is_space(c) => ' ',
            Some(digit) => char::from_digit(digit, 10).unwrap_or('?'),
            None => c,
        })
        .collect();
    mapped.trim_matches(' ').to_string()
}

/// `text` without its underscores, or `None` where one does not stand between two digits.
pub(super) fn without_underscores(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in text.chars() {
        match c {
            '_' if !previous.is_ascii_digit() => return None,
            '_' => {}
            _ if previous == '_' && !c.is_ascii_digit() => return None,
            _ => out.push(c),
        }
        previous = c;
    }
    (previous != '_').then_some(out)
}

/// `float(str)`; `None` is `ValueError: could not convert string to float: …`.
pub fn parse_float(text: &str) -> Option<f64> {
    let text = without_underscores(&to_ascii_number(text))?;
    (float_prefix(&text)? == text.len()).then(|| text.parse().ok())?
}

/// How many bytes at the start of `text` are a float literal with optional sign.
pub(super) fn float_prefix(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let signed = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let rest = text.get(signed..)?;
    for word in ["infinity", "inf", "nan"] {
        if rest
            .get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
        {
            return Some(signed + word.len());
        }
    }
    let count = |from: usize| {
        bytes
            .iter()
            .skip(from)
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut at = signed;
    let mut digits = count(at);
    at += digits;
    if bytes.get(at) == Some(&b'.') {
        let fraction = count(at + 1);
        digits += fraction;
        at += 1 + fraction;
    }
    if digits == 0 {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = count(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    Some(at)
}

/// Mantissa and exponent with `x == ±mantissa × 2^exponent`; finite `x` only.
pub(super) fn decode(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match ((bits >> 52) & 0x7ff) as i32 {
        0 => (fraction, -1074),
        exponent => (fraction | (1 << 52), exponent - 1075),
    }
}

/// `int(x)`: towards zero. Errors: `cannot convert float infinity to integer`, `cannot convert float NaN to integer`.
pub fn to_integer(x: f64) -> Result<Integer, FloatError> {
    check_finite(x)?;
    let whole = x.trunc();
    if whole.abs() < 9.0e18 {
        return Ok(Integer::Small(whole as i64));
    }
    let (mantissa, exponent) = decode(whole);
    let big = BigInt::from(mantissa) << exponent.unsigned_abs();
    Ok(Integer::from(if x < 0.0 { -big } else { big }))
}

fn check_finite(x: f64) -> Result<(), FloatError> {
    match x {
        _ if x.is_nan() => Err(FloatError::Nan),
        _ if x.is_infinite() => Err(FloatError::Infinity),
        _ => Ok(()),
    }
}

/// `float.is_integer`.
pub fn is_integer(x: f64) -> bool {
    x.is_finite() && x.trunc() == x
}

/// `float.as_integer_ratio`. Errors: `cannot convert Infinity to integer ratio`, `cannot convert NaN to integer ratio`.
pub fn as_integer_ratio(x: f64) -> Result<(Integer, Integer), FloatError> {
    check_finite(x)?;
    let (mut mantissa, mut exponent) = decode(x);
    let shift = mantissa.trailing_zeros().min(63);
    if mantissa == 0 {
        exponent = 0;
    } else {
        mantissa >>= shift;
        exponent += shift as i32;
    }
    let mut top = BigInt::from(mantissa);
    let mut bottom = BigInt::one();
    if exponent >= 0 {
        top <<= exponent.unsigned_abs();
    } else {
        bottom <<= exponent.unsigned_abs();
    }
    Ok((
        Integer::from(if x < 0.0 { -top } else { top }),
        Integer::from(bottom),
    ))
}

/// `round(x)`: half to even. Errors as [`to_integer`].
pub fn round_to_integer(x: f64) -> Result<Integer, FloatError> {
    to_integer(x.round_ties_even())
}

/// `round(x, ndigits)`: correctly rounded decimal, half to even. `Overflow` is `rounded value too large to represent`.
pub fn round_digits(x: f64, ndigits: i64) -> Result<f64, FloatError> {
    if !x.is_finite() || x == 0.0 || ndigits > 323 {
        return Ok(x);
    }
    if ndigits < -308 {
        return Ok(0.0 * x);
    }
    let rounded = match usize::try_from(ndigits) {
        Ok(digits) => format!("{:.*}", digits, x.abs()).parse().unwrap_or(x.abs()),
        Err(_) => round_to_tens(x.abs(), ndigits.unsigned_abs() as usize),
    };
    if rounded.is_infinite() {
        Err(FloatError::Overflow)
    } else {
        Ok(rounded.copysign(x))
    }
}

/// Rounds a positive number to a multiple of `10^tens`.
fn round_to_tens(x: f64, tens: usize) -> f64 {
    let (_, point) = split_exponent(&format!("{:.*e}", MAX_DIGITS, x));
    match usize::try_from(point).map(|point| point.checked_sub(tens)) {
        Ok(Some(0)) => {
            let half = BigInt::from(5) * BigInt::from(10).pow(tens.saturating_sub(1) as u32);
            let above = to_integer(x).is_ok_and(|whole| {
                let whole = whole.into_big();
                whole > half || (whole == half && x.fract() > 0.0)
            });
            if above {
                format!("1e{tens}").parse().unwrap_or(x)
            } else {
                0.0
            }
        }
        Ok(Some(digits)) => format!("{:.*e}", digits - 1, x).parse().unwrap_or(x),
        _ => 0.0,
    }
}

/// `float.hex`.
pub fn hex(x: f64) -> String {
    if !x.is_finite() {
        return repr(x);
    }
    let sign = if x.is_sign_negative() { "-" } else { "" };
    if x == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let fraction = x.to_bits() & ((1 << 52) - 1);
    let (lead, exponent) = match ((x.to_bits() >> 52) & 0x7ff) as i32 {
        0 => (0, -1022),
        exponent => (1, exponent - 1023),
    };
    format!("{sign}0x{lead}.{fraction:013x}p{exponent:+}")
}

/// `float.fromhex`. `Malformed`: `invalid hexadecimal floating-point string`; `Overflow`: `hexadecimal value too large
/// to represent as a float`.
pub fn from_hex(text: &str) -> Result<f64, FloatError> {
    let text = text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r'));
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = rest.to_ascii_lowercase();
    let magnitude = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => hex_magnitude(lower.strip_prefix("0x").unwrap_or(&lower))?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

fn hex_magnitude(text: &str) -> Result<f64, FloatError> {
    let (mantissa, exponent) = match text.split_once('p') {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(FloatError::Malformed);
    }
    let value = BigInt::parse_bytes(digits.as_bytes(), 16).ok_or(FloatError::Malformed)?;
    let scale = exponent.saturating_sub(
        i64::try_from(fraction.len())
            .unwrap_or(i64::MAX)
            .saturating_mul(4),
    );
    scale_exact(&value, scale).ok_or(FloatError::Overflow)
}

fn parse_exponent(text: &str) -> Result<i64, FloatError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FloatError::Malformed);
    }
    let size = digits
        .parse::<i64>()
        .unwrap_or(i64::MAX / 4)
        .min(i64::MAX / 4);
    Ok(if text.starts_with('-') { -size } else { size })
}

/// `value × 2^scale` for a value that is not negative, rounded half to even once; `None` when too large for a double.
pub(super) fn scale_exact(value: &BigInt, scale: i64) -> Option<f64> {
    let bits = i64::try_from(value.bits()).ok()?;
    if bits == 0 {
        return Some(0.0);
    }
    let top = bits.saturating_add(scale);
    if top > 1024 {
        return None;
    }
    if top < -1075 {
        return Some(0.0);
    }
    // The lowest bit that a double of this size has.
    let unit = top.saturating_sub(53).max(-1074);
    let kept = round_shift(value, unit.saturating_sub(scale))?;
    let scaled = ldexp_exact(kept.to_u64()? as f64, unit);
    scaled.is_finite().then_some(scaled)
}

/// `value / 2^drop` half to even; a negative `drop` shifts left.
fn round_shift(value: &BigInt, drop: i64) -> Option<BigInt> {
    if drop <= 0 {
        return Some(value << usize::try_from(drop.unsigned_abs()).ok()?);
    }
    let drop = usize::try_from(drop).ok()?;
    let floor: BigInt = value >> drop;
    let rest = value - (&floor << drop);
    let half = BigInt::one() << (drop - 1);
    let up = rest > half || (rest == half && floor.bit(0));
    Some(if up { floor + 1 } else { floor })
}

/// `x × 2^exponent` where the result needs no rounding (or is infinite).
fn ldexp_exact(x: f64, exponent: i64) -> f64 {
    let mut result = x;
    let mut left = exponent.clamp(-3000, 3000) as i32;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        result *= 2f64.powi(step);
        left -= step;
    }
    result
}

/// CPython's modulus for the hash of numbers, 2^61 − 1.
const HASH_MODULUS: u64 = (1 << 61) - 1;
/// The hash of infinity.
pub const HASH_INF: i64 = 314_159;

/// Hashes are never −1.
pub(super) fn finish_hash(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

/// `hash(int)` for small ints.
pub fn hash_i64(value: i64) -> i64 {
    let magnitude = (value.unsigned_abs() % HASH_MODULUS) as i64;
    finish_hash(if value < 0 { -magnitude } else { magnitude })
}

/// `hash(int)` for big ints.
pub fn hash_bigint(value: &BigInt) -> i64 {
    let modulus = BigInt::from(HASH_MODULUS);
    let magnitude = (value.abs() % modulus).to_i64().unwrap_or(0);
    finish_hash(if value.sign() == Sign::Minus {
        -magnitude
    } else {
        magnitude
    })
}

/// `hash(float)`; `None` for NaN, whose hash is that of its identity.
pub fn hash_f64(x: f64) -> Option<i64> {
    if x.is_nan() {
        return None;
    }
    if x.is_infinite() {
        return Some(if x > 0.0 { HASH_INF } else { -HASH_INF });
    }
    let (mantissa, exponent) = decode(x);
    let turn = exponent.rem_euclid(61) as u32;
    let reduced = mantissa % HASH_MODULUS;
    let rotated = ((reduced << turn) & HASH_MODULUS) | (reduced >> (61 - turn));
    let magnitude = (rotated % HASH_MODULUS) as i64;
    Some(finish_hash(if x < 0.0 { -magnitude } else { magnitude }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;

    #[test]
    fn reprs() {
        for (x, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "nan"),
            (1.5e300, "1.5e+300"),
            (30788170893638.25 / 8.0, "3848521361704.7812"),
        ] {
            assert_eq!(repr(x), text);
        }
    }

    #[test]
    fn float_reads_what_cpython_reads() {
        for (text, x) in [
            (" 1_0.5 ", Some(10.5)),
            ("\u{a0}.5e1\u{2003}", Some(5.0)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("5.", Some(5.0)),
            ("\u{661}\u{662}.\u{665}", Some(12.5)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("1_.5", None),
            ("1e", None),
            (".", None),
            ("", None),
            ("0x10", None),
            ("1 2", None),
            ("infinit", None),
        ] {
            assert_eq!(parse_float(text), x, "{text:?}");
        }
    }

    #[test]
    fn rounding_is_decimal_and_half_even() {
        for (x, digits, rounded) in [
            (2.675, 2, 2.67),
            (0.5, 0, 0.0),
            (2.5, 0, 2.0),
            (1250.0, -2, 1200.0),
            (1350.0, -2, 1400.0),
            (50.0, -2, 0.0),
            (50.1, -2, 100.0),
            (-7.0, -1, -10.0),
            (1e300, -308, 0.0),
            (0.25, 1, 0.2),
        ] {
            assert_eq!(round_digits(x, digits), Ok(rounded), "{x} {digits}");
        }
        assert_eq!(round_digits(1.7e308, -308), Err(FloatError::Overflow));
        assert_eq!(
            round_to_integer(1e20).unwrap().to_string(),
            "100000000000000000000"
        );
        assert_eq!(round_to_integer(f64::NAN), Err(FloatError::Nan));
    }

    #[test]
    fn hex_both_ways() {
        for (x, text) in [
            (1.5, "0x1.8000000000000p+0"),
            (-0.1, "-0x1.999999999999ap-4"),
            (5e-324, "0x0.0000000000001p-1022"),
            (-0.0, "-0x0.0p+0"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(hex(x), text);
            assert_eq!(from_hex(text).unwrap().to_bits(), x.to_bits());
        }
        assert_eq!(from_hex(" 0X.8p1 "), Ok(1.0));
        assert_eq!(from_hex("0x1p1024"), Err(FloatError::Overflow));
        assert_eq!(from_hex("0x0.00000000000008p-1022"), Ok(0.0));
        assert_eq!(from_hex("0x"), Err(FloatError::Malformed));
    }

    #[test]
    fn hashes() {
        for (x, hash) in [
            (0.5, 1152921504606846976),
            (-1.0, -2),
            (1e300, 1224995262755759164),
            (f64::INFINITY, 314159),
            (2.7, 1614090106449586178),
            (-2.0f64.powi(70), -512),
        ] {
            assert_eq!(hash_f64(x), Some(hash), "{x}");
        }
        assert_eq!(hash_i64(i64::MIN), -4);
        assert_eq!(hash_bigint(&(BigInt::from(10).pow(30))), 465258685558744706);
    }
}
