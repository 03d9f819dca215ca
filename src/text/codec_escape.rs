//! `unicode_escape` and `raw_unicode_escape`: text as an ASCII literal of the language would write it. Other bytes are
//! characters of Latin-1.

use super::codec::Bad;

/// Text with escapes for what is not ASCII, for control characters and for the backslash.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            ' '..='~' => out.push(c),
            _ => out.push_str(&super::codec::escape(c.into())),
        }
    }
    out.into_bytes()
}

/// Text with escapes for what is not Latin-1.
pub(super) fn encode_raw(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(byte) => out.push(byte),
            Err(_) => out.extend(super::codec::escape(c.into()).bytes()),
        }
    }
    out
}

/// The first character or escape of some bytes: what it stands for, and how long it is.
pub(super) fn step(bytes: &[u8], out: &mut String) -> Result<usize, Bad> {
    let (c, length) = match bytes {
        [] => return Ok(0),
        [b'\\', rest @ ..] => {
            let Some(&kind) = rest.first() else {
                return Err((1, "\\ at end of string"));
            };
            match kind {
                b'\n' => return Ok(2),
                b'b' => ('\x08', 2),
                b'f' => ('\x0c', 2),
                b't' => ('\t', 2),
                b'n' => ('\n', 2),
                b'r' => ('\r', 2),
                b'v' => ('\x0b', 2),
                b'a' => ('\x07', 2),
                b'\\' | b'\'' | b'"' => (char::from(kind), 2),
                b'0'..=b'7' => octal(rest),
                b'x' => hexadecimal(rest, 2, "truncated \\xXX escape")?,
                b'u' => hexadecimal(rest, 4, "truncated \\uXXXX escape")?,
                b'U' => hexadecimal(rest, 8, "truncated \\UXXXXXXXX escape")?,
                b'N' => named(rest)?,
                _ => ('\\', 1),
            }
        }
        [byte, ..] => (char::from(*byte), 1),
    };
    out.push(c);
    Ok(length)
}

/// The same, where only `\u` and `\U` are escapes.
pub(super) fn step_raw(bytes: &[u8], out: &mut String) -> Result<usize, Bad> {
    let (c, length) = match bytes {
        [] => return Ok(0),
        [b'\\', rest @ ..] if rest.first() == Some(&b'u') => {
            hexadecimal(rest, 4, "truncated \\uXXXX escape")?
        }
        [b'\\', rest @ ..] if rest.first() == Some(&b'U') => {
            let found = hexadecimal(rest, 8, "truncated \\UXXXXXXXX escape");
            found.map_err(|(length, reason)| match reason {
                ILLEGAL => (length, "\\Uxxxxxxxx out of range"),
                _ => (length, reason),
            })?
        }
        [b'\\', second, ..] => {
            out.push('\\');
            (char::from(*second), 2)
        }
        [byte, ..] => (char::from(*byte), 1),
    };
    out.push(c);
    Ok(length)
}

const ILLEGAL: &str = "illegal Unicode character";

/// One to three octal digits; the length counts the backslash.
fn octal(rest: &[u8]) -> (char, usize) {
    let digits = rest.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7'));
    let (code, count) = digits.fold((0, 0), |(code, count), digit| {
        (code * 8 + u32::from(digit - b'0'), count + 1)
    });
    (char::from_u32(code).unwrap_or_default(), 1 + count)
}

/// So many digits after the letter of an escape.
fn hexadecimal(rest: &[u8], count: usize, truncated: &'static str) -> Result<(char, usize), Bad> {
    let digits = rest.iter().skip(1).take(count);
    let digits: Vec<u32> = digits.map_while(|b| char::from(*b).to_digit(16)).collect();
    let length = 2 + digits.len();
    if digits.len() < count {
        return Err((length, truncated));
    }
    let code = digits.iter().fold(0_u32, |code, digit| code << 4 | digit);
    match char::from_u32(code) {
        Some(c) => Ok((c, length)),
        None => Err((length, ILLEGAL)),
    }
}

/// `N{name}`.
fn named(rest: &[u8]) -> Result<(char, usize), Bad> {
    const MALFORMED: &str = "malformed \\N character escape";
    let Some(inner) = rest.strip_prefix(b"N{") else {
        return Err((2, MALFORMED));
    };
    let Some(end) = inner.iter().position(|b| *b == b'}') else {
        return Err((3 + inner.len(), MALFORMED));
    };
    if end == 0 {
        return Err((3, MALFORMED));
    }
    let name = inner
        .get(..end)
        .and_then(|name| std::str::from_utf8(name).ok());
    match name.and_then(unicode_names2::character) {
        Some(c) => Ok((c, end + 4)),
        None => Err((end + 4, "unknown Unicode character name")),
    }
}
