//! `repr` and `ascii` of str and bytes. Knows nothing of values.

use super::unicode::is_printable;
use std::fmt::Write;

/// `repr(str)`.
pub fn str_repr(text: &str) -> String {
    quoted(text, is_printable)
}

/// `ascii(str)`.
pub fn str_ascii(text: &str) -> String {
    quoted(text, |c| matches!(c, ' '..='~'))
}

/// `ascii(x)` from `repr(x)`: escapes all that is not ASCII and leaves the rest alone.
pub fn ascii_of_repr(repr: &str) -> String {
    let mut out = String::with_capacity(repr.len());
    for c in repr.chars() {
        if c.is_ascii() {
            out.push(c)
        } else {
            push_escape(&mut out, c)
        }
    }
    out
}

fn quoted(text: &str, shows: impl Fn(char) -> bool) -> String {
    let quote = choose_quote(text.contains('\''), text.contains('"'));
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        if c == quote || c == '\\' {
            out.push('\\');
            out.push(c);
        } else if shows(c) {
            out.push(c);
        } else {
            push_escape(&mut out, c);
        }
    }
    out.push(quote);
    out
}

/// Double quotes only where they save escapes.
fn choose_quote(single: bool, double: bool) -> char {
    if single && !double { '"' } else { '\'' }
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        _ => {
            let code = c as u32;
            // Writing to a String cannot fail.
            let _ = match code {
                0..=0xff => write!(out, "\\x{code:02x}"),
                0x100..=0xffff => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
        }
    }
}

/// `repr(bytes)`.
pub fn bytes_repr(bytes: &[u8]) -> String {
    let quote = choose_quote(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        let c = char::from(byte);
        if c == quote || c == '\\' {
            out.push('\\');
            out.push(c);
        } else if matches!(c, ' '..='~') {
            out.push(c);
        } else {
            push_escape(&mut out, c);
        }
    }
    out.push(quote);
    out
}

/// `repr(bytearray)`.
pub fn bytearray_repr(bytes: &[u8]) -> String {
    format!("bytearray({})", bytes_repr(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        for (text, repr, ascii) in [
            ("it's", "\"it's\"", "\"it's\""),
            ("it's \"x\"", "'it\\'s \"x\"'", "'it\\'s \"x\"'"),
            (
                "a\\b\n\t\r\u{0}\u{7f}",
                "'a\\\\b\\n\\t\\r\\x00\\x7f'",
                "'a\\\\b\\n\\t\\r\\x00\\x7f'",
            ),
            ("é\u{a0}\u{ad}", "'é\\xa0\\xad'", "'\\xe9\\xa0\\xad'"),
            ("\u{200b}\u{3000}", "'\\u200b\\u3000'", "'\\u200b\\u3000'"),
            (
                "\u{1f600}\u{e0001}",
                "'\u{1f600}\\U000e0001'",
                "'\\U0001f600\\U000e0001'",
            ),
            ("\u{b}\u{c}\u{8}", "'\\x0b\\x0c\\x08'", "'\\x0b\\x0c\\x08'"),
        ] {
            assert_eq!(
                (str_repr(text).as_str(), str_ascii(text).as_str()),
                (repr, ascii)
            );
        }
        assert_eq!(ascii_of_repr("['é', \"'\"]"), "['\\xe9', \"'\"]");
    }

    #[test]
    fn bytes() {
        assert_eq!(bytes_repr(b"a'b\x00\xff\n\\"), "b\"a'b\\x00\\xff\\n\\\\\"");
        assert_eq!(bytes_repr(b"'\""), "b'\\'\"'");
        assert_eq!(bytearray_repr(b"x"), "bytearray(b'x')");
    }
}
