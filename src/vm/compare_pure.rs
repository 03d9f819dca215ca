//! Equality and hashing of values that need no bytecode: numbers, strings, bytes, tuples and
//! frozensets of such. Answers `None` where a user's `__eq__` or `__hash__` has the word.

use super::object::{Bytes, Complex, Int, Kind, NativeFunction, Str, Tuple};
use super::value::Value;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// CPython's modulus for the hash of numbers: equal numbers hash equal, whatever their type.
const MODULUS: u64 = (1 << 61) - 1;

/// `a == b` as far as it can be told without running bytecode.
pub fn equal_pure(a: &Value, b: &Value) -> Option<bool> {
    use Value::{Float, Int as Small, Obj};
    match (a, b) {
        (Small(x), Small(y)) => Some(x == y),
        (Obj(x), Obj(y)) => equal_objects(x, y, a, b),
        (Float(x), Float(y)) => Some(x.get() == y.get()),
        (Obj(o), other) | (other, Obj(o)) => match o.kind() {
            Kind::Instance | Kind::Opaque | Kind::Exception | Kind::Class => None,
            Kind::Int => match other {
                Float(f) => Some(
                    o.downcast::<Int>()
                        .is_some_and(|n| float_equals_bigint(f.get(), &n.0)),
                ),
                _ => Some(false),
            },
            Kind::Complex => {
                let number = number(other);
                let complex = o.downcast::<Complex>();
                Some(
                    complex
                        .zip(number)
                        .is_some_and(|(c, x)| c.im == 0.0 && c.re == x),
                )
            }
            _ => Some(false),
        },
        _ => match (small_int(a), small_int(b)) {
            (Some(x), Some(y)) => Some(x == y),
            (Some(x), None) => Some(matches!(b, Float(f) if float_equals_int(f.get(), x))),
            (None, Some(y)) => Some(matches!(a, Float(f) if float_equals_int(f.get(), y))),
            (None, None) => Some(a.is(b)),
        },
    }
}

fn equal_objects(
    x: &super::heap::ObjRef,
    y: &super::heap::ObjRef,
    a: &Value,
    b: &Value,
) -> Option<bool> {
    if let (Some(s), Some(t)) = (x.downcast::<Str>(), y.downcast::<Str>()) {
        return Some(s.as_str() == t.as_str());
    }
    match (x.kind(), y.kind()) {
        (Kind::Int, Kind::Int) => {
            Some(x.downcast::<Int>().map(|n| &n.0) == y.downcast::<Int>().map(|n| &n.0))
        }
        (Kind::Bytes, Kind::Bytes) => {
            Some(x.downcast::<Bytes>().map(|n| &n.0) == y.downcast::<Bytes>().map(|n| &n.0))
        }
        (Kind::Complex, Kind::Complex) => Some(
            x.downcast::<Complex>()
                .zip(y.downcast::<Complex>())
                .is_some_and(|(a, b)| a == b),
        ),
        (Kind::Tuple, Kind::Tuple) => {
            let (s, t) = (a.as_ref::<Tuple>()?.items(), b.as_ref::<Tuple>()?.items());
            // Items are asked before the lengths, as CPython does it.
            for (x, y) in s.iter().zip(t) {
                if matches!(x.kind(), Some(Kind::Tuple)) {
                    return None;
                }
                if !x.is(y) && !equal_pure(x, y)? {
                    return Some(false);
                }
            }
            Some(s.len() == t.len())
        }
        (
            Kind::Str | Kind::Int | Kind::Bytes | Kind::Complex,
            Kind::Str | Kind::Int | Kind::Bytes | Kind::Complex,
        ) => Some(false),
        _ => None,
    }
}

fn small_int(v: &Value) -> Option<i64> {
    match v {
        Value::Int(i) => Some(*i),
        Value::True => Some(1),
        Value::False => Some(0),
        _ => None,
    }
}

fn number(v: &Value) -> Option<f64> {
    match v {
        Value::Float(f) => Some(f.get()),
        _ => small_int(v)
            .filter(|i| float_equals_int(*i as f64, *i))
            .map(|i| i as f64),
    }
}

fn float_equals_int(f: f64, i: i64) -> bool {
    // 2^63 as a float is not an i64; below it the cast is exact for integral floats.
    f == i as f64 && f < 9_223_372_036_854_775_808.0 && f as i64 == i
}

fn float_equals_bigint(f: f64, n: &BigInt) -> bool {
    f.fract() == 0.0
        && f.is_finite()
        && num_traits::FromPrimitive::from_f64(f).is_some_and(|m: BigInt| m == *n)
}

/// The hash of a value of a built-in kind, or `None` if it must be computed by the VM (tuples,
/// instances, …) or does not exist (lists).
#[inline]
pub fn hash_pure(v: &Value) -> Option<u64> {
    match v {
        Value::Int(i) => Some(hash_i64(*i)),
        Value::Obj(o) => match o.kind() {
            Kind::Str => o.downcast::<Str>().map(Str::hash),
            Kind::Int => o.downcast::<Int>().map(|n| hash_bigint(&n.0)),
            Kind::Bytes => o.downcast::<Bytes>().map(|b| hash_bytes(&b.0)),
            Kind::Complex => o.downcast::<Complex>().map(hash_complex),
            Kind::Function | Kind::Class | Kind::Generator | Kind::Module | Kind::Code => {
                Some(hash_address(o.address()))
            }
            Kind::NativeFunction => o.downcast::<NativeFunction>().map(hash_native),
            _ => None,
        },
        Value::True => Some(1),
        Value::False => Some(0),
        Value::None => Some(0xFCA8_6420),
        Value::Float(f) => Some(hash_f64(f.get())),
        Value::Undef => None,
    }
}

/// A native bound to an object is made anew at each access; all of them are equal.
fn hash_native(f: &NativeFunction) -> u64 {
    let this = f.this.as_obj().map_or(0, super::heap::ObjRef::address);
    hash_address(this) ^ hash_address(std::ptr::from_ref(f.def) as usize)
}

/// The hash of an object that is equal to itself only.
pub fn hash_address(address: usize) -> u64 {
    (address as u64).rotate_right(4)
}

/// CPython's `long_hash`: modulo 2^61 - 1, sign kept, never -1.
#[inline]
pub fn hash_i64(i: i64) -> u64 {
    if (0..MODULUS as i64).contains(&i) {
        return i as u64;
    }
    let magnitude = (i.unsigned_abs() % MODULUS) as i64;
    let signed = if i < 0 { -magnitude } else { magnitude };
    (if signed == -1 { -2 } else { signed }) as u64
}

pub fn hash_bigint(n: &BigInt) -> u64 {
    let modulus = BigInt::from(MODULUS);
    let magnitude = (n.magnitude() % modulus.magnitude()).to_i64().unwrap_or(0);
    let signed = if n.sign() == num_bigint::Sign::Minus {
        -magnitude
    } else {
        magnitude
    };
    (if signed == -1 { -2 } else { signed }) as u64
}

/// CPython's `_Py_HashDouble`.
pub fn hash_f64(f: f64) -> u64 {
    if !f.is_finite() {
        return if f.is_nan() {
            0
        } else if f > 0.0 {
            314_159
        } else {
            (-314_159_i64) as u64
        };
    }
    let (mut mantissa, mut exponent) = libm::frexp(f.abs());
    let mut x: u64 = 0;
    while mantissa != 0.0 {
        x = ((x << 28) & MODULUS) | x >> (61 - 28);
        mantissa *= 268_435_456.0;
        exponent -= 28;
        let digit = mantissa as u64;
        mantissa -= digit as f64;
        x += digit;
        if x >= MODULUS {
            x -= MODULUS;
        }
    }
    let turn = if exponent >= 0 {
        exponent % 61
    } else {
        60 - ((-1 - exponent) % 61)
    } as u32;
    x = ((x << turn) & MODULUS) | x.checked_shr(61 - turn).unwrap_or(0);
    let signed = if f < 0.0 { -(x as i64) } else { x as i64 };
    (if signed == -1 { -2 } else { signed }) as u64
}

fn hash_complex(c: &Complex) -> u64 {
    let h = hash_f64(c.re).wrapping_add(hash_f64(c.im).wrapping_mul(1_000_003));
    if h == u64::MAX { u64::MAX - 1 } else { h }
}

/// The hash of text or bytes: eight bytes at a time, multiplied and folded. Not keyed: runs are
/// the same every time.
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut h = (bytes.len() as u64).wrapping_mul(K);
    let (words, rest) = bytes.as_chunks();
    for word in words {
        h = fold(h ^ u64::from_le_bytes(*word), K);
    }
    let h = fold(h ^ short_word(rest) ^ K, 0xE703_7ED1_A0B4_28DB);
    if h == u64::MAX { u64::MAX - 1 } else { h }
}

/// Less than eight bytes as a number, the first one lowest.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    match bytes {
        [] => 0,
        [a] => u64::from(*a),
        [a, b] => u64::from(u16::from_le_bytes([*a, *b])),
        [a, b, c] => u64::from(u32::from_le_bytes([*a, *b, *c, 0])),
        [a, b, c, d, rest @ ..] => {
            let low = u32::from_le_bytes([*a, *b, *c, *d]);
            u64::from(low) | short_word(rest) << 32
        }
    }
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

/// The hash of a tuple from its items' hashes (CPython's xxHash variant).
pub fn hash_tuple(hashes: impl ExactSizeIterator<Item = u64>) -> u64 {
    const P1: u64 = 11_400_714_785_074_694_791;
    const P2: u64 = 14_029_467_366_897_019_727;
    const P5: u64 = 2_870_177_450_012_600_261;
    let len = hashes.len() as u64;
    let mut acc = P5;
    for lane in hashes {
        acc = acc
            .wrapping_add(lane.wrapping_mul(P2))
            .rotate_left(31)
            .wrapping_mul(P1);
    }
    acc = acc.wrapping_add(len ^ (P5 ^ 3_527_539));
    if acc == u64::MAX { 1_546_275_796 } else { acc }
}
