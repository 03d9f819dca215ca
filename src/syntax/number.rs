//! Numeric literals: where they end, whether they are well formed, and what they are worth.

use crate::syntax::ast::Constant;
use num_bigint::BigInt;
use num_traits::Num;

/// CPython's limit on the digits of a decimal literal (`sys.set_int_max_str_digits`).
const MAX_DIGITS: usize = 4300;

/// A number that is not well formed: the message and the offending byte range within the text.
#[derive(Debug, PartialEq)]
pub struct BadNumber {
    pub message: String,
    pub start: usize,
    pub end: usize,
}

/// Where a number ends.
#[derive(Debug, PartialEq)]
pub struct Scanned {
    pub length: usize,
    /// A keyword touches it, which CPython doubts: the word for the kind of number.
    pub touched: Option<&'static str>,
}

/// The number at the start of `text`, which begins with a digit or with a dot and a digit.
pub fn scan(text: &str) -> Result<Scanned, BadNumber> {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
    };
    let kind = scanner.number()?;
    let touched = scanner.check_end(text, kind)?;
    Ok(Scanned {
        length: scanner.at,
        touched: touched.then_some(kind),
    })
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn fail<T>(&self, message: impl Into<String>, start: usize) -> Result<T, BadNumber> {
        Err(BadNumber {
            message: message.into(),
            start,
            end: (start + 1).min(self.bytes.len()),
        })
    }

    /// Returns the word for the kind of number in messages.
    fn number(&mut self) -> Result<&'static str, BadNumber> {
        match (self.peek(0), self.peek(1) | 0x20) {
            (b'0', b'x') => self.radix("hexadecimal", |b| b.is_ascii_hexdigit()),
            (b'0', b'o') => self.radix("octal", |b| (b'0'..=b'7').contains(&b)),
            (b'0', b'b') => self.radix("binary", |b| matches!(b, b'0' | b'1')),
            _ => self.decimal(),
        }
    }

    /// `0x`, `0o`, `0b`: each run of digits may be preceded by one underscore.
    fn radix(
        &mut self,
        kind: &'static str,
        digit: fn(u8) -> bool,
    ) -> Result<&'static str, BadNumber> {
        self.at += 2;
        loop {
            if self.peek(0) == b'_' {
                self.at += 1;
            }
            if !digit(self.peek(0)) {
                if self.peek(0).is_ascii_digit() {
                    let message =
                        format!("invalid digit '{}' in {kind} literal", self.peek(0) as char);
                    return self.fail(message, self.at);
                }
                return self.fail(format!("invalid {kind} literal"), self.at.saturating_sub(1));
            }
            while digit(self.peek(0)) {
                self.at += 1;
            }
            if self.peek(0) != b'_' {
                break;
            }
        }
        if self.peek(0).is_ascii_digit() {
            let message = format!("invalid digit '{}' in {kind} literal", self.peek(0) as char);
            return self.fail(message, self.at);
        }
        Ok(kind)
    }

    fn decimal(&mut self) -> Result<&'static str, BadNumber> {
        let mut integer = true;
        if self.peek(0) != b'.' {
            self.digits()?;
        }
        let whole = self.at;
        if self.peek(0) == b'.' {
            integer = false;
            self.at += 1;
            if self.peek(0).is_ascii_digit() {
                self.digits()?;
            }
        }
        if self.exponent()? {
            integer = false;
        }
        if matches!(self.peek(0), b'j' | b'J') {
            self.at += 1;
            return Ok("imaginary");
        }
        if !integer {
            return Ok("decimal");
        }
        if matches!(self.peek(0), b'e' | b'E') {
            return Ok("decimal");
        }
        let digits = self.bytes.get(..whole).unwrap_or_default();
        if digits.first() == Some(&b'0') && digits.iter().any(|b| (b'1'..=b'9').contains(b)) {
            let zeros = digits
                .iter()
                .take_while(|b| matches!(b, b'0' | b'_'))
                .count();
            return Err(BadNumber {
                message: "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers"
                    .into(),
                start: 0,
                end: zeros,
            });
        }
        Ok("decimal")
    }

    /// `12_345`: underscores only between digits.
    fn digits(&mut self) -> Result<(), BadNumber> {
        loop {
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
            if self.peek(0) != b'_' {
                return Ok(());
            }
            self.at += 1;
            if !self.peek(0).is_ascii_digit() {
                return self.fail("invalid decimal literal", self.at - 1);
            }
        }
    }

    /// `e10`, `E-3`. Without digits after it the letter is not part of the number.
    fn exponent(&mut self) -> Result<bool, BadNumber> {
        if !matches!(self.peek(0), b'e' | b'E') {
            return Ok(false);
        }
        let signed = matches!(self.peek(1), b'+' | b'-');
        if self.peek(1 + usize::from(signed)).is_ascii_digit() {
            self.at += 1 + usize::from(signed);
            self.digits()?;
            return Ok(true);
        }
        if signed {
            return self.fail("invalid decimal literal", self.at + 1);
        }
        Ok(false)
    }

    /// A name may not touch a number, except for the keywords that may follow an operand; whether
    /// one of those does.
    fn check_end(&self, text: &str, kind: &str) -> Result<bool, BadNumber> {
        let rest = text.get(self.at..).unwrap_or("");
        let Some(next) = rest.chars().next() else {
            return Ok(false);
        };
        if !(next == '_' || next.is_ascii_alphanumeric()) {
            return Ok(false);
        }
        let allowed = ["and", "else", "for", "if", "in", "is", "or", "not"];
        if allowed.iter().any(|word| rest.starts_with(word)) {
            return Ok(true);
        }
        self.fail(format!("invalid {kind} literal"), self.at.saturating_sub(1))
    }
}

/// What a well-formed literal is worth.
pub fn value(text: &str) -> Result<Constant, String> {
    let plain: String;
    let digits = if text.contains('_') {
        plain = text.replace('_', "");
        plain.as_str()
    } else {
        text
    };
    let lower = digits.get(..2).unwrap_or("").to_ascii_lowercase();
    let radix = match lower.as_str() {
        "0x" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => return decimal_value(digits),
    };
    Ok(integer(digits.get(2..).unwrap_or("0"), radix))
}

fn decimal_value(digits: &str) -> Result<Constant, String> {
    if let Some(real) = digits.strip_suffix(['j', 'J']) {
        return Ok(Constant::Imaginary(real.parse().unwrap_or(f64::NAN)));
    }
    if digits.contains(['.', 'e', 'E']) {
        return Ok(Constant::Float(digits.parse().unwrap_or(f64::NAN)));
    }
    if digits.len() > MAX_DIGITS {
        return Err(format!(
            "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {} digits; use \
             sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals \
             to avoid decimal conversion limits.",
            digits.len()
        ));
    }
    Ok(integer(digits, 10))
}

fn integer(digits: &str, radix: u32) -> Constant {
    match i64::from_str_radix(digits, radix) {
        Ok(value) => Constant::Int(value),
        Err(_) => Constant::BigInt(BigInt::from_str_radix(digits, radix).unwrap_or_default()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        let cases = [
            ("1", 1),
            ("12_3+", 4),
            ("0x_fF ", 5),
            ("0b1_0)", 5),
            ("1.5e-3j", 7),
            ("1.", 2),
            (".5", 2),
            ("1..real", 2),
            ("1if", 1),
            ("0_0", 3),
            ("00", 2),
            ("1e5", 3),
            ("1else", 1),
            ("09.5", 4),
            ("1.real", 2),
        ];
        for (text, length) in cases {
            if text == "1.real" {
                assert!(scan(text).is_err());
            } else {
                assert_eq!(scan(text).map(|s| s.length), Ok(length), "{text}");
            }
        }
    }

    #[test]
    fn refusals() {
        let cases = [
            ("1abc", "invalid decimal literal"),
            ("1__0", "invalid decimal literal"),
            ("1_", "invalid decimal literal"),
            ("0xg", "invalid hexadecimal literal"),
            ("0x", "invalid hexadecimal literal"),
            ("0o8", "invalid digit '8' in octal literal"),
            ("0b12", "invalid digit '2' in binary literal"),
            ("1jx", "invalid imaginary literal"),
            ("1e+", "invalid decimal literal"),
            ("1ea", "invalid decimal literal"),
        ];
        for (text, message) in cases {
            assert_eq!(scan(text).unwrap_err().message, message, "{text}");
        }
        assert!(
            scan("0777")
                .unwrap_err()
                .message
                .starts_with("leading zeros")
        );
    }

    #[test]
    fn values() {
        assert_eq!(value("0xFF"), Ok(Constant::Int(255)));
        assert_eq!(value("1_000"), Ok(Constant::Int(1000)));
        assert_eq!(value("9223372036854775807"), Ok(Constant::Int(i64::MAX)));
        assert_eq!(
            value("9223372036854775808"),
            Ok(Constant::BigInt(BigInt::from(1u64 << 63)))
        );
        assert_eq!(value("1e3"), Ok(Constant::Float(1000.0)));
        assert_eq!(value("1."), Ok(Constant::Float(1.0)));
        assert_eq!(value("2j"), Ok(Constant::Imaginary(2.0)));
        assert_eq!(value("1e999"), Ok(Constant::Float(f64::INFINITY)));
        assert!(
            value(&"9".repeat(4301))
                .unwrap_err()
                .contains("value has 4301 digits")
        );
    }
}
