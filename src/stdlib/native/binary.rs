//! The module `_binary`: bytes that stand for numbers or for other bytes, for `struct`, `array`,
//! `binascii` and `zlib`. Which errors are raised for what is wrong is theirs to say.

use crate::builtins::types::buffer_argument;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::Bytes;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_binary",
    doc: "Bytes that stand for numbers, or for other bytes.",
    functions: &[
        NativeDef::new(
            "float_bits",
            "(x, size, /)",
            float_bits,
            "The bits of a float in 2, 4 or 8 bytes, as an int; None if it is too large for them.",
        ),
        NativeDef::new(
            "float_of_bits",
            "(bits, size, /)",
            float_of_bits,
            "The float that such bits stand for.",
        ),
        NativeDef::new(
            "to_base64",
            "(data, /)",
            to_base64,
            "The data with six bits in each byte, padded.",
        ),
        NativeDef::new(
            "from_base64",
            "(data, strict, /)",
            from_base64,
            "The bytes that were written so; a str says what is wrong with them.",
        ),
        NativeDef::new(
            "crc32",
            "(data, value, /)",
            crc32,
            "A checksum, begun with a value.",
        ),
    ],
    init: None,
};

fn bits_of_half(x: f64) -> Option<u64> {
    let sign = u64::from(x.is_sign_negative()) << 15;
    if x.is_nan() {
        return Some(sign | 0x7e00);
    }
    let x = x.abs();
    if x.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // In units of the last place that a half has at this size; the rest rounds to even.
    let exponent = if x < f64::exp2(-14.0) {
        -14
    } else {
        ((x.to_bits() >> 52) as i64) - 1023
    };
    let units = (x * f64::exp2((10 - exponent) as f64)).round_ties_even() as u64;
    let bits = (((exponent + 14) as u64) << 10) + units;
    (bits < 0x7c00).then_some(sign | bits)
}

fn half_of_bits(bits: u64) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = ((bits >> 10) & 31, (bits & 1023) as f64);
    sign * match exponent {
        0 => fraction * f64::exp2(-24.0),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * f64::exp2(exponent as f64 - 25.0),
    }
}

fn float_bits(vm: &mut Vm, args: &[Value]) -> R {
    let x = vm.to_f64(&args[0])?;
    let bits = match args[1].as_i64() {
        Some(2) => bits_of_half(x),
        Some(4) => {
            let single = x as f32;
            (single.is_finite() || !x.is_finite()).then_some(u64::from(single.to_bits()))
        }
        _ => Some(x.to_bits()),
    };
    Ok(bits.map_or(Value::None, |bits| Value::bigint(bits.into())))
}

fn float_of_bits(vm: &mut Vm, args: &[Value]) -> R {
    let number = vm.index(&args[0])?;
    let bits = number.as_bigint().and_then(|n| u64::try_from(n).ok());
    let bits = bits.unwrap_or_default();
    Ok(Value::float(match args[1].as_i64() {
        Some(2) => half_of_bits(bits),
        Some(4) => f64::from(f32::from_bits(bits as u32)),
        _ => f64::from_bits(bits),
    }))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(vm: &mut Vm, args: &[Value]) -> R {
    let data = buffer_argument(vm, &args[0])?;
    let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4);
    for group in data.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| {
            bits << 8 | u32::from(group.get(i).copied().unwrap_or(0))
        });
        for place in 0..4 {
            let letter = (bits >> (18 - 6 * place)) & 63;
            let used = place <= group.len();
            let letter = ALPHABET.get(letter as usize).filter(|_| used);
            out.push(letter.copied().unwrap_or(b'='));
        }
    }
    Ok(Bytes::value(out))
}

fn letter_value(letter: u8) -> Option<u32> {
    let value = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

fn from_base64(vm: &mut Vm, args: &[Value]) -> R {
    let data = buffer_argument(vm, &args[0])?;
    let strict = vm.truth(&args[1])?;
    Ok(match decode_base64(&data, strict) {
        Ok(bytes) => Bytes::value(bytes),
        Err(text) => text.into(),
    })
}

/// Decodes as far as the padding goes; outside of strict mode, what is no letter does not count.
fn decode_base64(data: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(data.len() / 4 * 3);
    let (mut place, mut left, mut pads, mut padded) = (0, 0u32, 0, false);
    if strict && data.first() == Some(&b'=') {
        return Err("Leading padding not allowed".into());
    }
    for (index, letter) in data.iter().enumerate() {
        if *letter == b'=' {
            padded = true;
            if place >= 2 && {
                pads += 1;
                place + pads >= 4
            } {
                if strict && index + 1 < data.len() {
                    return Err("Excess data after padding".into());
                }
                return Ok(out);
            }
            continue;
        }
        let Some(value) = letter_value(*letter) else {
            if strict {
                return Err("Only base64 data is allowed".into());
            }
            continue;
        };
        if strict && padded {
            return Err("Discontinuous padding not allowed".into());
        }
        pads = 0;
        match place {
            0 => {}
            1 => out.push((left << 2 | value >> 4) as u8),
            2 => out.push(((left & 15) << 4 | value >> 2) as u8),
            _ => out.push(((left & 3) << 6 | value) as u8),
        }
        left = value;
        place = (place + 1) % 4;
    }
    match place {
        0 => Ok(out),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({}) \
             cannot be 1 more than a multiple of 4",
            out.len() / 3 * 4 + 1
        )),
        _ => Err("Incorrect padding".into()),
    }
}

fn crc32(vm: &mut Vm, args: &[Value]) -> R {
    let data = buffer_argument(vm, &args[0])?;
    let begun = vm.index(&args[1])?.as_bigint().unwrap_or_default();
    let begun = u32::try_from(begun & num_bigint::BigInt::from(u32::MAX)).unwrap_or_default();
    let mut crc = !begun;
    for byte in data {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    Ok(Value::Int((!crc).into()))
}
