//! Complex numbers as CPython writes, reads and hashes them. Knows nothing of values.

use super::float::{
    DoubleFlags, finish_hash, float_prefix, format_double, hash_f64, to_ascii_number,
    without_underscores,
};

/// What the imaginary part of a complex number counts in its hash.
const HASH_IMAG: i64 = 1_000_003;

/// `hash(complex)`; `None` where a part is NaN.
pub fn hash(real: f64, imag: f64) -> Option<i64> {
    Some(finish_hash(
        hash_f64(real)?.wrapping_add(HASH_IMAG.wrapping_mul(hash_f64(imag)?)),
    ))
}

/// `repr(complex)`.
pub fn repr(real: f64, imag: f64) -> String {
    let plain = DoubleFlags::default();
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", format_double(imag, 'r', 0, plain));
    }
    let signed = DoubleFlags {
        always_sign: true,
        ..plain
    };
    format!(
        "({}{}j)",
        format_double(real, 'r', 0, plain),
        format_double(imag, 'r', 0, signed)
    )
}

/// `complex(str)`; `None` is `ValueError: complex() arg is a malformed string`.
pub fn parse(text: &str) -> Option<(f64, f64)> {
    let text = without_underscores(&to_ascii_number(text))?;
    let space = |c: char| matches!(c, ' ' | '\t'..='\r');
    let inner = match text.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')')?.trim_matches(space),
        None => text.as_str(),
    };
    if !inner.ends_with(['j', 'J']) {
        return Some((whole_float(inner)?, 0.0));
    }
    let body = inner.get(..inner.len() - 1)?;
    let first = float_prefix(body).unwrap_or(0);
    let (head, tail) = body.split_at_checked(first)?;
    match (head, tail) {
        ("", "" | "+") => Some((0.0, 1.0)),
        ("", "-") => Some((0.0, -1.0)),
        (_, "") => Some((0.0, head.parse().ok()?)),
        (_, "+") => Some((head.parse().ok()?, 1.0)),
        (_, "-") => Some((head.parse().ok()?, -1.0)),
        (_, _) if tail.starts_with(['+', '-']) => Some((whole_float(head)?, whole_float(tail)?)),
        _ => None,
    }
}

/// An underscore that does not stand between digits is told apart from other mistakes.
pub fn has_stray_underscore(text: &str) -> bool {
    without_underscores(&to_ascii_number(text)).is_none()
}

fn whole_float(text: &str) -> Option<f64> {
    (float_prefix(text)? == text.len()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complex_numbers() {
        for (parts, text) in [
            ((0.0, 1.0), "1j"),
            ((-0.0, 1.0), "(-0+1j)"),
            ((1.5, -0.0), "(1.5-0j)"),
            ((f64::NAN, f64::INFINITY), "(nan+infj)"),
            ((1e16, 1.0), "(1e+16+1j)"),
        ] {
            assert_eq!(repr(parts.0, parts.1), text);
        }
        assert_eq!(parse(" ( 1_0.5-2j ) "), Some((10.5, -2.0)));
        assert_eq!(parse("-j"), Some((0.0, -1.0)));
        assert_eq!(parse("1e3"), Some((1000.0, 0.0)));
        assert_eq!(parse("1+infJ"), Some((1.0, f64::INFINITY)));
        for bad in ["1 +2j", "1+2", "1j+2", "()", "", "1+2jj", "1++2j"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn hashes() {
        assert_eq!(hash(1.0, 2.0), Some(2000007));
        assert_eq!(hash(0.5, f64::NAN), None);
    }
}
