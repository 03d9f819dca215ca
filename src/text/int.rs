//! Integers with Python's semantics: reading and writing in any base, floor division, powers, bits, bytes and exact
//! conversion to floats. Small ints are `i64`, all others `BigInt`. Knows nothing of values.

use super::float::{decode, scale_exact, to_ascii_number};
use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer as _;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;
use std::f64::consts::LOG10_2;
use std::fmt;

/// How many decimal digits `int(str)` and `str(int)` convert unless told otherwise.
pub const DEFAULT_MAX_STR_DIGITS: usize = 4300;
/// Results with more bits than this are refused as `MemoryError` instead of being computed.
pub const MAX_BITS: u64 = 1 << 33;

/// An int in its one normal form: `Big` holds only what does not fit `Small`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integer {
    /// What fits 64 bits.
    Small(i64),
    /// Everything else.
    Big(BigInt),
}

impl Integer {
    /// The same number as a `BigInt`.
    pub fn into_big(self) -> BigInt {
        match self {
            Integer::Small(value) => BigInt::from(value),
            Integer::Big(value) => value,
        }
    }
}

impl From<BigInt> for Integer {
    fn from(value: BigInt) -> Self {
        value.to_i64().map_or(Integer::Big(value), Integer::Small)
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Integer::Small(value) => value.fmt(f),
            Integer::Big(value) => value.fmt(f),
        }
    }
}

/// Why text is no int.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseIntError {
    /// ValueError: `invalid literal for int() with base B: 'text'` (the caller writes the repr of the original).
    Invalid,
    /// ValueError: too many decimal digits, with their number; see [`digit_limit_message`].
    TooManyDigits(usize),
    /// ValueError: `int() base must be >= 2 and <= 36, or 0`.
    BadBase,
}

/// Why an operation on ints has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntError {
    /// ZeroDivisionError; the text depends on the operation.
    DivisionByZero,
    /// ValueError: `pow() 3rd argument cannot be 0`.
    ZeroModulus,
    /// ValueError: `base is not invertible for the given modulus`.
    NotInvertible,
    /// ValueError: `negative shift count`.
    NegativeShift,
    /// OverflowError: `int too big to convert`.
    TooBig,
    /// OverflowError: `can't convert negative int to unsigned`.
    NegativeUnsigned,
    /// OverflowError: `integer division result too large for a float`.
    DivisionTooLarge,
    /// MemoryError: the result would take more than a gigabyte.
    Memory,
}

/// The text of the ValueError when an int has more decimal digits than `limit`: `Some(n)` digits when reading text,
/// `None` when writing it.
pub fn digit_limit_message(limit: usize, digits: Option<usize>) -> String {
    let found = digits.map_or(String::new(), |n| format!(": value has {n} digits"));
    format!(
        "Exceeds the limit ({limit} digits) for integer string conversion{found}; use sys.set_int_max_str_digits() to \
         increase the limit"
    )
}

/// `int(text, base)` with at most `limit` decimal digits (0: no limit).
pub fn parse_int(text: &str, base: u32, limit: usize) -> Result<Integer, ParseIntError> {
    if base == 1 || base > 36 {
        return Err(ParseIntError::BadBase);
    }
    if let Ok(value) = text.parse::<i64>()
        && base == 10
    {
        return Ok(Integer::Small(value));
    }
    let text = to_ascii_number(text);
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (radix, digits) = split_prefix(rest, base);
    let digits = plain_digits(digits, radix).ok_or(ParseIntError::Invalid)?;
    if base == 0 && radix == 10 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0') {
        return Err(ParseIntError::Invalid);
    }
    if limit > 0 && digits.len() > limit && !radix.is_power_of_two() {
        return Err(ParseIntError::TooManyDigits(digits.len()));
    }
    let magnitude = BigInt::parse_bytes(digits.as_bytes(), radix).ok_or(ParseIntError::Invalid)?;
    Ok(Integer::from(if negative { -magnitude } else { magnitude }))
}

/// Takes `0x`, `0o` or `0b` away where `base` allows it.
fn split_prefix(text: &str, base: u32) -> (u32, &str) {
    let radix = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 0,
    };
    match text.get(2..) {
        Some(rest) if radix != 0 && (base == 0 || base == radix) => {
            (radix, rest.strip_prefix('_').unwrap_or(rest))
        }
        _ => (if base == 0 { 10 } else { base }, text),
    }
}

/// The digits without the underscores between them.
fn plain_digits(text: &str, radix: u32) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    let mut after_digit = false;
    for c in text.chars() {
        match c {
            '_' if after_digit => after_digit = false,
            _ if c.is_digit(radix) => {
                digits.push(c);
                after_digit = true;
            }
            _ => return None,
        }
    }
    after_digit.then_some(digits)
}

/// `str(int)` of a big int; `None` where it has more than `limit` digits (0: no limit), see [`digit_limit_message`].
pub fn to_decimal(value: &BigInt, limit: usize) -> Option<String> {
    // A number that is surely too long is never converted.
    if limit > 0 && (value.bits().saturating_sub(1) as f64) * LOG10_2 > limit as f64 + 1.0 {
        return None;
    }
    let text = value.to_string();
    (limit == 0 || text.trim_start_matches('-').len() <= limit).then_some(text)
}

/// Digits in a base from 2 to 36, with a minus where negative and no prefix.
pub fn to_base(value: &BigInt, radix: u32) -> String {
    value.to_str_radix(radix.clamp(2, 36))
}

/// `hex`, `oct` and `bin`: with their prefix after the sign. `radix` is 2, 8 or 16.
pub fn to_prefixed(value: &BigInt, radix: u32) -> String {
    let sign = if value.is_negative() { "-" } else { "" };
    format!(
        "{sign}{}{}",
        base_prefix(radix),
        value.magnitude().to_str_radix(radix.clamp(2, 36))
    )
}

/// The prefix of literals in this base.
pub(super) fn base_prefix(radix: u32) -> &'static str {
    match radix {
        2 => "0b",
        8 => "0o",
        16 => "0x",
        _ => "",
    }
}

/// `int.bit_length` of a small int.
pub fn bit_length(value: i64) -> u32 {
    64 - value.unsigned_abs().leading_zeros()
}

/// `int.bit_count` of a big int; for a small one it is `value.unsigned_abs().count_ones()`.
pub fn bit_count(value: &BigInt) -> u64 {
    value
        .iter_u64_digits()
        .map(|digit| u64::from(digit.count_ones()))
        .sum()
}

/// `a // b`; `None` when it overflows or `b` is zero.
pub fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    let inexact = a.checked_rem(b)? != 0;
    Some(if inexact && (a < 0) != (b < 0) {
        quotient - 1
    } else {
        quotient
    })
}

/// `a % b` with the sign of `b`; `None` when `b` is zero.
pub fn floor_mod(a: i64, b: i64) -> Option<i64> {
    if b == 0 {
        return None;
    }
    let rest = a.wrapping_rem(b);
    Some(if rest != 0 && (rest < 0) != (b < 0) {
        rest + b
    } else {
        rest
    })
}

/// `divmod(a, b)` of big ints.
pub fn floor_divmod(a: &BigInt, b: &BigInt) -> Result<(BigInt, BigInt), IntError> {
    if b.is_zero() {
        Err(IntError::DivisionByZero)
    } else {
        Ok(a.div_mod_floor(b))
    }
}

/// `base ** exponent` for exponents that are not negative.
pub fn pow(base: &BigInt, exponent: &BigInt) -> Result<BigInt, IntError> {
    if base.magnitude().is_one() || base.is_zero() {
        let odd = exponent.bit(0);
        return Ok(match base.sign() {
            _ if exponent.is_zero() => BigInt::one(),
            Sign::Minus if !odd => BigInt::one(),
            _ => base.clone(),
        });
    }
    let exponent = exponent.to_u32().ok_or(IntError::Memory)?;
    if base
        .bits()
        .saturating_sub(1)
        .saturating_mul(u64::from(exponent))
        > MAX_BITS
    {
        return Err(IntError::Memory);
    }
    Ok(base.pow(exponent))
}

/// `pow(base, exponent, modulus)`; a negative exponent inverts the base.
pub fn pow_mod(base: &BigInt, exponent: &BigInt, modulus: &BigInt) -> Result<BigInt, IntError> {
    if modulus.is_zero() {
        return Err(IntError::ZeroModulus);
    }
    let size = modulus.abs();
    let reduced = base.mod_floor(&size);
    let result = if exponent.is_negative() {
        inverse(&reduced, &size)?.modpow(&-exponent, &size)
    } else {
        reduced.modpow(exponent, &size)
    };
    Ok(result.mod_floor(modulus))
}

/// The inverse of `value` modulo `modulus > 0`.
fn inverse(value: &BigInt, modulus: &BigInt) -> Result<BigInt, IntError> {
    let found = value.extended_gcd(modulus);
    if found.gcd.is_one() {
        Ok(found.x.mod_floor(modulus))
    } else {
        Err(IntError::NotInvertible)
    }
}

/// `math.isqrt` of a number that is not negative (0 for negative ones: the caller has raised).
pub fn isqrt(value: &BigInt) -> BigInt {
    if value.is_negative() {
        BigInt::zero()
    } else {
        value.sqrt()
    }
}

/// The greatest common divisor, never negative.
pub fn gcd(a: &BigInt, b: &BigInt) -> BigInt {
    a.gcd(b).abs()
}

/// The least common multiple, never negative.
pub fn lcm(a: &BigInt, b: &BigInt) -> BigInt {
    a.lcm(b).abs()
}

/// `value << count`.
pub fn shift_left(value: &BigInt, count: &BigInt) -> Result<BigInt, IntError> {
    if count.is_negative() {
        return Err(IntError::NegativeShift);
    }
    if value.is_zero() {
        return Ok(BigInt::zero());
    }
    let count = count
        .to_u64()
        .filter(|count| count.saturating_add(value.bits()) <= MAX_BITS);
    Ok(value << count.ok_or(IntError::Memory)?)
}

/// `value >> count`, rounding down.
pub fn shift_right(value: &BigInt, count: &BigInt) -> Result<BigInt, IntError> {
    if count.is_negative() {
        return Err(IntError::NegativeShift);
    }
    match count.to_u64() {
        Some(count) if count <= value.bits() => Ok(value >> count),
        _ if value.is_negative() => Ok(-BigInt::one()),
        _ => Ok(BigInt::zero()),
    }
}

/// `int.to_bytes`.
pub fn to_bytes(
    value: &BigInt,
    length: usize,
    little: bool,
    signed: bool,
) -> Result<Vec<u8>, IntError> {
    if value.is_negative() && !signed {
        return Err(IntError::NegativeUnsigned);
    }
    let mut bytes = if signed {
        value.to_signed_bytes_le()
    } else {
        value.magnitude().to_bytes_le()
    };
    // No bytes at all say 0, and to CPython −1 as well.
    if value.is_zero() || (length == 0 && *value == -BigInt::one()) {
        bytes.clear();
    }
    if bytes.len() > length {
        return Err(IntError::TooBig);
    }
    if length as u64 > MAX_BITS / 8 {
        return Err(IntError::Memory);
    }
    bytes.resize(length, if value.is_negative() { 0xff } else { 0 });
    if !little {
        bytes.reverse();
    }
    Ok(bytes)
}

/// `int.from_bytes`.
pub fn from_bytes(bytes: &[u8], little: bool, signed: bool) -> Integer {
    Integer::from(match (little, signed) {
        (true, true) => BigInt::from_signed_bytes_le(bytes),
        (false, true) => BigInt::from_signed_bytes_be(bytes),
        (true, false) => BigInt::from_bytes_le(Sign::Plus, bytes),
        (false, false) => BigInt::from_bytes_be(Sign::Plus, bytes),
    })
}

/// `float(int)`, half to even; `None` is `OverflowError: int too large to convert to float`.
pub fn bigint_to_f64(value: &BigInt) -> Option<f64> {
    let size = scale_exact(&value.abs(), 0)?;
    Some(if value.is_negative() { -size } else { size })
}

/// `a / b` of small ints, correctly rounded; `None` when `b` is zero.
pub fn true_div_small(a: i64, b: i64) -> Option<f64> {
    const EXACT: u64 = 1 << 53;
    if b == 0 {
        return None;
    }
    if a.unsigned_abs() <= EXACT && b.unsigned_abs() <= EXACT {
        return Some(a as f64 / b as f64);
    }
    true_div(&BigInt::from(a), &BigInt::from(b)).ok()
}

/// `a / b`, correctly rounded.
pub fn true_div(a: &BigInt, b: &BigInt) -> Result<f64, IntError> {
    if b.is_zero() {
        return Err(IntError::DivisionByZero);
    }
    if a.is_zero() {
        return Ok(if b.is_negative() { -0.0 } else { 0.0 });
    }
    let negative = a.is_negative() != b.is_negative();
    // At least 66 bits of quotient, and a sticky bit below them: rounding them once is rounding the true quotient.
    let size = a.bits() as i64 - b.bits() as i64;
    let scale = size.saturating_sub(66).max(-1200);
    if size > 1025 {
        return Err(IntError::DivisionTooLarge);
    }
    let (top, bottom) = (a.abs(), b.abs());
    let (quotient, rest) = match usize::try_from(scale.unsigned_abs()) {
        Ok(shift) if scale < 0 => (top << shift).div_rem(&bottom),
        Ok(shift) => top.div_rem(&(bottom << shift)),
        Err(_) => return Err(IntError::DivisionTooLarge),
    };
    let sticky: BigInt = (quotient << 1u32) + u8::from(!rest.is_zero());
    let result = scale_exact(&sticky, scale.saturating_sub(1)).ok_or(IntError::DivisionTooLarge)?;
    Ok(if negative { -result } else { result })
}

/// Compares exactly; `None` for NaN.
pub fn cmp_i64_f64(a: i64, b: f64) -> Option<Ordering> {
    const EXACT: u64 = 1 << 53;
    if a.unsigned_abs() <= EXACT {
        return (a as f64).partial_cmp(&b);
    }
    cmp_bigint_f64(&BigInt::from(a), b)
}

/// Compares exactly; `None` for NaN.
pub fn cmp_bigint_f64(a: &BigInt, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    if b.is_infinite() {
        return Some(if b > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    let (mantissa, exponent) = decode(b.trunc());
    let size = if exponent >= 0 {
        BigInt::from(mantissa) << exponent.unsigned_abs()
    } else {
        BigInt::from(mantissa.checked_shr(exponent.unsigned_abs()).unwrap_or(0))
    };
    let whole = if b < 0.0 { -size } else { size };
    // The whole parts decide, or else what stands behind the point.
    Some(
        a.cmp(&whole)
            .then_with(|| 0.0f64.partial_cmp(&b.fract()).unwrap_or(Ordering::Equal)),
    )
}

/// `round(int, -tens)`: half to even, to a multiple of `10 ** tens`.
pub fn round_to_tens(value: &BigInt, tens: u64) -> BigInt {
    // A number below half of the unit is 0: no need to build a unit much larger than the number.
    if tens as f64 > value.bits() as f64 * LOG10_2 + 2.0 {
        return BigInt::zero();
    }
    let unit = BigInt::from(10).pow(u32::try_from(tens).unwrap_or(u32::MAX));
    let (floor, rest) = value.div_mod_floor(&unit);
    let up = match (&rest * 2i32).cmp(&unit) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => floor.bit(0),
    };
    (if up { floor + 1i32 } else { floor }) * unit
}

/// The absolute value's 32-bit words, lowest first; none for zero.
pub fn words_u32(value: &BigInt) -> Vec<u32> {
    value.magnitude().iter_u32_digits().collect()
}

/// The number with these 32-bit words, lowest first.
pub fn from_words_u32(words: &[u32]) -> Integer {
    Integer::from(BigInt::from(BigUint::from_slice(words)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;

    fn big(text: &str) -> BigInt {
        text.parse().unwrap()
    }

    #[test]
    fn int_reads_what_cpython_reads() {
        for (text, base, value) in [
            ("  -1_000\n", 10, Some(-1000)),
            ("0x_ff", 0, Some(255)),
            ("0xff", 16, Some(255)),
            ("0b1", 16, Some(0xb1)),
            ("00", 0, Some(0)),
            ("0_0", 0, Some(0)),
            ("010", 0, None),
            ("010", 10, Some(10)),
            ("z", 36, Some(35)),
            ("\u{664}\u{662}", 10, Some(42)),
            ("+-1", 10, None),
            ("- 1", 10, None),
            ("1__0", 10, None),
            ("_1", 10, None),
            ("1_", 10, None),
            ("0x", 16, None),
            ("0x__1", 16, None),
            ("", 10, None),
            ("9", 8, None),
        ] {
            let expected = value.map(Integer::Small).ok_or(ParseIntError::Invalid);
            assert_eq!(parse_int(text, base, 4300), expected, "{text:?} {base}");
        }
        assert_eq!(parse_int("1", 1, 0), Err(ParseIntError::BadBase));
        assert_eq!(
            parse_int(&"1".repeat(4301), 10, 4300),
            Err(ParseIntError::TooManyDigits(4301))
        );
        assert!(parse_int(&"1".repeat(4301), 16, 4300).is_ok());
    }

    #[test]
    fn decimal_limit() {
        let power = BigInt::from(10).pow(4299);
        assert_eq!(to_decimal(&power, 4300).unwrap().len(), 4300);
        assert_eq!(to_decimal(&(power * 10), 4300), None);
        assert_eq!(to_prefixed(&BigInt::from(-255), 16), "-0xff");
    }

    #[test]
    fn division_floors() {
        for (a, b, q, r) in [
            (7, 2, 3, 1),
            (-7, 2, -4, 1),
            (7, -2, -4, -1),
            (-7, -2, 3, -1),
            (6, -3, -2, 0),
        ] {
            assert_eq!((floor_div(a, b), floor_mod(a, b)), (Some(q), Some(r)));
        }
        assert_eq!(
            (floor_div(i64::MIN, -1), floor_mod(i64::MIN, -1)),
            (None, Some(0))
        );
        assert_eq!((floor_div(1, 0), floor_mod(1, 0)), (None, None));
    }

    #[test]
    fn true_division_rounds_once() {
        assert_eq!(
            true_div(&big("9007199254740993"), &big("1")),
            Ok(9007199254740992.0)
        );
        assert_eq!(
            true_div(&BigInt::from(10).pow(400), &BigInt::from(10).pow(399)),
            Ok(10.0)
        );
        assert_eq!(
            true_div(&BigInt::from(1), &BigInt::from(10).pow(323)),
            Ok(1e-323)
        );
        assert_eq!(
            true_div(&BigInt::from(1), &BigInt::from(10).pow(400)),
            Ok(0.0)
        );
        assert_eq!(
            true_div(&BigInt::from(10).pow(400), &BigInt::from(-3)),
            Err(IntError::DivisionTooLarge)
        );
        assert_eq!(true_div_small(i64::MAX, 3), Some(3.0744573456182584e18));
    }

    #[test]
    fn conversion_to_float_rounds_half_even() {
        assert_eq!(
            bigint_to_f64(&big("9007199254740993")),
            Some(9007199254740992.0)
        );
        assert_eq!(
            bigint_to_f64(&big("-9007199254740995")),
            Some(-9007199254740996.0)
        );
        assert_eq!(bigint_to_f64(&BigInt::from(10).pow(309)), None);
        assert_eq!(bigint_to_f64(&((BigInt::one() << 1024u32) - 1)), None);
    }

    #[test]
    fn comparison_with_floats_is_exact() {
        assert_eq!(
            cmp_i64_f64(9007199254740993, 9007199254740992.0),
            Some(Ordering::Greater)
        );
        assert_eq!(
            cmp_i64_f64(i64::MAX, 9223372036854775808.0),
            Some(Ordering::Less)
        );
        assert_eq!(cmp_i64_f64(1, 1.5), Some(Ordering::Less));
        assert_eq!(cmp_i64_f64(-1, -1.5), Some(Ordering::Greater));
        assert_eq!(
            cmp_bigint_f64(&BigInt::from(10).pow(400), f64::INFINITY),
            Some(Ordering::Less)
        );
        assert_eq!(cmp_i64_f64(0, f64::NAN), None);
    }

    #[test]
    fn powers() {
        assert_eq!(pow_mod(&big("3"), &big("-1"), &big("7")), Ok(big("5")));
        assert_eq!(pow_mod(&big("3"), &big("2"), &big("-7")), Ok(big("-5")));
        assert_eq!(
            pow_mod(&big("2"), &big("-1"), &big("4")),
            Err(IntError::NotInvertible)
        );
        assert_eq!(pow_mod(&big("2"), &big("0"), &big("1")), Ok(big("0")));
        assert_eq!(
            pow(&big("-1"), &big("100000000000000000000001")),
            Ok(big("-1"))
        );
        assert_eq!(
            pow(&big("2"), &big("100000000000000000000001")),
            Err(IntError::Memory)
        );
        assert_eq!(pow(&big("0"), &big("0")), Ok(big("1")));
    }

    #[test]
    fn bytes_both_ways() {
        assert_eq!(to_bytes(&big("-129"), 2, false, true), Ok(vec![0xff, 0x7f]));
        assert_eq!(to_bytes(&big("-128"), 1, false, true), Ok(vec![0x80]));
        assert_eq!(to_bytes(&big("128"), 1, false, true), Err(IntError::TooBig));
        assert_eq!(to_bytes(&big("0"), 0, false, false), Ok(vec![]));
        assert_eq!(to_bytes(&big("1"), 0, false, false), Err(IntError::TooBig));
        assert_eq!(to_bytes(&big("-1"), 0, false, true), Ok(vec![]));
        assert_eq!(
            to_bytes(&big("-1"), 1, false, false),
            Err(IntError::NegativeUnsigned)
        );
        assert_eq!(from_bytes(&[0xff, 0x7f], false, true), Integer::Small(-129));
        assert_eq!(
            from_bytes(&[0xff, 0x7f], true, false),
            Integer::Small(0x7fff)
        );
    }

    #[test]
    fn shifts_and_bits() {
        assert_eq!(shift_right(&big("-5"), &big("1")), Ok(big("-3")));
        assert_eq!(
            shift_right(&big("-5"), &big("100000000000000000000")),
            Ok(big("-1"))
        );
        assert_eq!(
            shift_left(&big("1"), &big("-1")),
            Err(IntError::NegativeShift)
        );
        assert_eq!(bit_length(i64::MIN), 64);
        assert_eq!(
            bit_count(&big("-340282366920938463463374607431768211455")),
            128
        );
        assert_eq!(round_to_tens(&big("-25"), 1), big("-20"));
        assert_eq!(round_to_tens(&big("15"), 1), big("20"));
        assert_eq!(round_to_tens(&big("5"), 1), big("0"));
        assert_eq!(round_to_tens(&big("51"), 2), big("100"));
    }
}
