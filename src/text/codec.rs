//! `str.encode` and `bytes.decode`: UTF-8, UTF-16, UTF-32, ASCII, Latin-1 and the escapes of literals, with CPython's
//! error handlers and texts.
//! Knows nothing of values. Half surrogates do not exist in our strings: handlers that would make one refuse.

use super::codec_escape;
use super::unicode::is_assigned;
use std::borrow::Cow;

/// Which byte comes first in wider units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `-le`.
    Little,
    /// `-be`.
    Big,
    /// As a byte order mark says; little without one. Written with a mark.
    Marked,
}

/// A codec that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// `utf-8`.
    Utf8,
    /// `utf-8-sig`: with a byte order mark.
    Utf8Sig,
    /// `ascii`.
    Ascii,
    /// `latin-1`.
    Latin1,
    /// `utf-16` and its kin.
    Utf16(Order),
    /// `utf-32` and its kin.
    Utf32(Order),
    /// `unicode_escape`: as a literal would write it.
    Escape,
    /// `raw_unicode_escape`: Latin-1 with `\u` and `\U`.
    RawEscape,
}

/// Why text or bytes could not be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// UnicodeEncodeError or UnicodeDecodeError with these attributes; see [`encode_message`], [`decode_message`].
    Unicode {
        /// The `encoding` attribute.
        encoding: &'static str,
        /// The first character or byte that failed.
        start: usize,
        /// The one behind the last.
        end: usize,
        /// The `reason` attribute.
        reason: &'static str,
    },
    /// LookupError: `unknown error handler name 'name'`.
    UnknownHandler,
    /// TypeError: `don't know how to handle UnicodeDecodeError in error callback`.
    CannotHandle,
}

impl Codec {
    /// The codec of this name; `None` is `LookupError: unknown encoding: name`.
    pub fn find(name: &str) -> Option<Codec> {
        let plain: String = name
            .to_ascii_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .collect::<Vec<_>>()
            .join("_");
        Some(match plain.trim_matches('_') {
            "utf_8" | "utf8" | "u8" | "utf" | "cp65001" => Codec::Utf8,
            "utf_8_sig" | "utf8_sig" => Codec::Utf8Sig,
            "ascii" | "us_ascii" | "646" | "us" | "ansi_x3_4_1968" => Codec::Ascii,
            "latin_1" | "latin1" | "latin" | "l1" | "iso_8859_1" | "iso8859_1" | "iso8859"
            | "8859" | "cp819" | "iso_ir_100" => Codec::Latin1,
            "utf_16" | "utf16" | "u16" => Codec::Utf16(Order::Marked),
            "utf_16_le" | "utf_16le" | "utf16_le" => Codec::Utf16(Order::Little),
            "utf_16_be" | "utf_16be" | "utf16_be" => Codec::Utf16(Order::Big),
            "utf_32" | "utf32" | "u32" => Codec::Utf32(Order::Marked),
            "utf_32_le" | "utf_32le" | "utf32_le" => Codec::Utf32(Order::Little),
            "utf_32_be" | "utf_32be" | "utf32_be" => Codec::Utf32(Order::Big),
            "unicode_escape" | "unicodeescape" => Codec::Escape,
            "raw_unicode_escape" | "rawunicodeescape" => Codec::RawEscape,
            _ => return None,
        })
    }

    /// Whether this is the name of one that is not between text and bytes, which only `codecs` uses.
    pub fn is_transform(name: &str) -> bool {
        let plain = name.to_ascii_lowercase().replace('-', "_");
        let names = [
            "rot13",
            "rot_13",
            "hex",
            "hex_codec",
            "base64",
            "base64_codec",
            "base_64",
        ];
        names.contains(&plain.as_str())
    }

    /// The name that errors show.
    fn name(self) -> &'static str {
        match self {
            Codec::Utf8 | Codec::Utf8Sig => "utf-8",
            Codec::Ascii => "ascii",
            Codec::Latin1 => "latin-1",
            Codec::Utf16(Order::Big) => "utf-16-be",
            Codec::Utf16(_) => "utf-16-le",
            Codec::Utf32(Order::Big) => "utf-32-be",
            Codec::Utf32(_) => "utf-32-le",
            Codec::Escape => "unicodeescape",
            Codec::RawEscape => "rawunicodeescape",
        }
    }
}

/// The text of a UnicodeEncodeError; `object` is the whole string.
pub fn encode_message(
    encoding: &str,
    object: &str,
    start: usize,
    end: usize,
    reason: &str,
) -> String {
    if end != start + 1 {
        let last = end.saturating_sub(1);
        return format!(
            "'{encoding}' codec can't encode characters in position {start}-{last}: {reason}"
        );
    }
    let c = object
        .chars()
        .nth(start)
        .unwrap_or(char::REPLACEMENT_CHARACTER);
    format!(
        "'{encoding}' codec can't encode character '{}' in position {start}: {reason}",
        escape(c as u32)
    )
}

/// The text of a UnicodeDecodeError; `object` is all the bytes.
pub fn decode_message(
    encoding: &str,
    object: &[u8],
    start: usize,
    end: usize,
    reason: &str,
) -> String {
    match object.get(start) {
        Some(byte) if end == start + 1 => {
            format!(
                "'{encoding}' codec can't decode byte 0x{byte:02x} in position {start}: {reason}"
            )
        }
        _ => {
            let last = end.saturating_sub(1);
            format!("'{encoding}' codec can't decode bytes in position {start}-{last}: {reason}")
        }
    }
}

pub(super) fn escape(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

/// `text.encode(codec, errors)`.
pub fn encode(text: &str, codec: Codec, errors: &str) -> Result<Vec<u8>, CodecError> {
    match codec {
        Codec::Utf8 => Ok(text.as_bytes().to_vec()),
        Codec::Utf8Sig => Ok([b"\xef\xbb\xbf", text.as_bytes()].concat()),
        Codec::Ascii => encode_narrow(text, 0x80, codec, errors),
        Codec::Latin1 => encode_narrow(text, 0x100, codec, errors),
        Codec::Utf16(order) => {
            let units = text.encode_utf16().map(u32::from);
            Ok(wide_bytes(units, order, 2))
        }
        Codec::Utf32(order) => Ok(wide_bytes(text.chars().map(u32::from), order, 4)),
        Codec::Escape => Ok(codec_escape::encode(text)),
        Codec::RawEscape => Ok(codec_escape::encode_raw(text)),
    }
}

fn wide_bytes(units: impl Iterator<Item = u32>, order: Order, size: usize) -> Vec<u8> {
    let mark = (order == Order::Marked).then_some(0xfeff);
    let mut out = Vec::new();
    for unit in mark.into_iter().chain(units) {
        let bytes = unit.to_be_bytes();
        let bytes = bytes.get(4 - size..).unwrap_or(&[]);
        if order == Order::Big {
            out.extend_from_slice(bytes)
        } else {
            out.extend(bytes.iter().rev())
        }
    }
    out
}

/// One byte for each character below `limit`.
fn encode_narrow(
    text: &str,
    limit: u32,
    codec: Codec,
    errors: &str,
) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) if u32::from(byte) < limit => out.push(byte),
            _ => match substitute(c, errors) {
                Some(bytes) => out.extend_from_slice(bytes.as_bytes()),
                None if !is_handler(errors) => return Err(CodecError::UnknownHandler),
                None => {
                    let run = text
                        .chars()
                        .skip(at)
                        .take_while(|c| u32::from(*c) >= limit)
                        .count();
                    let reason = if limit == 0x80 {
                        "ordinal not in range(128)"
                    } else {
                        "ordinal not in range(256)"
                    };
                    return Err(CodecError::Unicode {
                        encoding: codec.name(),
                        start: at,
                        end: at + run,
                        reason,
                    });
                }
            },
        }
    }
    Ok(out)
}

/// What a handler writes for a character that the codec lacks; `None` where it raises.
fn substitute(c: char, errors: &str) -> Option<Cow<'static, str>> {
    Some(match errors {
        "ignore" => "".into(),
        "replace" => "?".into(),
        "backslashreplace" => escape(c as u32).into(),
        "xmlcharrefreplace" => format!("&#{};", c as u32).into(),
        "namereplace" => match unicode_names2::name(c).filter(|_| is_assigned(c)) {
            Some(name) => format!("\\N{{{name}}}").into(),
            None => escape(c as u32).into(),
        },
        _ => return None,
    })
}

/// Whether CPython knows a handler of this name.
fn is_handler(errors: &str) -> bool {
    let known = [
        "strict",
        "ignore",
        "replace",
        "backslashreplace",
        "xmlcharrefreplace",
        "namereplace",
    ];
    known.contains(&errors) || matches!(errors, "surrogateescape" | "surrogatepass")
}

/// What is wrong with the bytes from a place on: how many they are, and why.
pub(super) type Bad = (usize, &'static str);

/// `bytes.decode(codec, errors)`.
pub fn decode(bytes: &[u8], codec: Codec, errors: &str) -> Result<String, CodecError> {
    let (codec, skip) = resolve_mark(bytes, codec);
    let mut out = String::with_capacity(bytes.len());
    let mut at = skip;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (taken, bad) = decode_run(rest, codec, &mut out);
        at += taken;
        let Some((length, reason)) = bad else {
            continue;
        };
        let rest = bytes.get(at..at + length).unwrap_or(&[]);
        match errors {
            "ignore" => {}
            "replace" => out.push(char::REPLACEMENT_CHARACTER),
            "backslashreplace" => rest
                .iter()
                .for_each(|byte| out.push_str(&format!("\\x{byte:02x}"))),
            "xmlcharrefreplace" | "namereplace" => return Err(CodecError::CannotHandle),
            _ if errors != "strict" => return Err(CodecError::UnknownHandler),
            _ => {
                // A mark that is taken away is not counted.
                let start = if codec == Codec::Utf8 { at - skip } else { at };
                return Err(CodecError::Unicode {
                    encoding: codec.name(),
                    start,
                    end: start + length,
                    reason,
                });
            }
        }
        at += length;
    }
    Ok(out)
}

/// Settles the byte order, and how many bytes of a mark to skip.
fn resolve_mark(bytes: &[u8], codec: Codec) -> (Codec, usize) {
    match codec {
        Codec::Utf8Sig => (
            Codec::Utf8,
            if bytes.starts_with(b"\xef\xbb\xbf") {
                3
            } else {
                0
            },
        ),
        Codec::Utf16(Order::Marked) => match bytes {
            [0xfe, 0xff, ..] => (Codec::Utf16(Order::Big), 2),
            [0xff, 0xfe, ..] => (Codec::Utf16(Order::Little), 2),
            _ => (Codec::Utf16(Order::Little), 0),
        },
        Codec::Utf32(Order::Marked) => match bytes {
            [0, 0, 0xfe, 0xff, ..] => (Codec::Utf32(Order::Big), 4),
            [0xff, 0xfe, 0, 0, ..] => (Codec::Utf32(Order::Little), 4),
            _ => (Codec::Utf32(Order::Little), 0),
        },
        _ => (codec, 0),
    }
}

/// Decodes as far as all is well: how many bytes that took, and what comes next if it is bad.
fn decode_run(bytes: &[u8], codec: Codec, out: &mut String) -> (usize, Option<Bad>) {
    match codec {
        Codec::Utf8 | Codec::Utf8Sig => decode_utf8(bytes, out),
        Codec::Latin1 => {
            out.extend(bytes.iter().map(|byte| char::from(*byte)));
            (bytes.len(), None)
        }
        Codec::Ascii => {
            let good = bytes.iter().take_while(|byte| byte.is_ascii()).count();
            out.extend(bytes.iter().take(good).map(|byte| char::from(*byte)));
            (
                good,
                (good < bytes.len()).then_some((1, "ordinal not in range(128)")),
            )
        }
        Codec::Utf16(order) => decode_wide(bytes, |rest| utf16_step(rest, order), out),
        Codec::Utf32(order) => decode_wide(bytes, |rest| utf32_step(rest, order), out),
        Codec::Escape => decode_steps(bytes, codec_escape::step, out),
        Codec::RawEscape => decode_steps(bytes, codec_escape::step_raw, out),
    }
}

fn decode_utf8(bytes: &[u8], out: &mut String) -> (usize, Option<Bad>) {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => {
            out.push_str(text);
            return (bytes.len(), None);
        }
        Err(error) => error,
    };
    let (good, rest) = bytes
        .split_at_checked(error.valid_up_to())
        .unwrap_or((&[], bytes));
    out.push_str(std::str::from_utf8(good).unwrap_or(""));
    let bad = match error.error_len() {
        None => (rest.len(), "unexpected end of data"),
        Some(length) if matches!(rest.first(), Some(0x80..=0xc1 | 0xf5..)) => {
            (length, "invalid start byte")
        }
        Some(length) => (length, "invalid continuation byte"),
    };
    (good.len(), Some(bad))
}

fn decode_wide(
    bytes: &[u8],
    step: impl Fn(&[u8]) -> Result<(char, usize), Bad>,
    out: &mut String,
) -> (usize, Option<Bad>) {
    let step = |rest: &[u8], out: &mut String| {
        step(rest).map(|(c, length)| {
            out.push(c);
            length
        })
    };
    decode_steps(bytes, step, out)
}

/// By a step that appends what the first bytes stand for, and tells how many they are.
fn decode_steps(
    bytes: &[u8],
    step: impl Fn(&[u8], &mut String) -> Result<usize, Bad>,
    out: &mut String,
) -> (usize, Option<Bad>) {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match step(rest, out) {
            Ok(length) => at += length,
            Err(bad) => return (at, Some(bad)),
        }
    }
    (at, None)
}

fn unit16(bytes: &[u8], at: usize, order: Order) -> Option<u32> {
    let (a, b) = (*bytes.get(at)?, *bytes.get(at + 1)?);
    Some(u32::from(if order == Order::Big {
        u16::from_be_bytes([a, b])
    } else {
        u16::from_le_bytes([a, b])
    }))
}

fn utf16_step(bytes: &[u8], order: Order) -> Result<(char, usize), Bad> {
    let Some(unit) = unit16(bytes, 0, order) else {
        return Err((bytes.len(), "truncated data"));
    };
    if let Some(c) = char::from_u32(unit) {
        return Ok((c, 2));
    }
    if unit >= 0xdc00 {
        return Err((2, "illegal encoding"));
    }
    let Some(low) = unit16(bytes, 2, order) else {
        return Err((bytes.len(), "unexpected end of data"));
    };
    if !(0xdc00..0xe000).contains(&low) {
        return Err((2, "illegal UTF-16 surrogate"));
    }
    let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    Ok((
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
        4,
    ))
}

fn utf32_step(bytes: &[u8], order: Order) -> Result<(char, usize), Bad> {
    let Some(&[a, b, c, d]) = bytes.first_chunk::<4>() else {
        return Err((bytes.len(), "truncated data"));
    };
    let code = if order == Order::Big {
        u32::from_be_bytes([a, b, c, d])
    } else {
        u32::from_le_bytes([a, b, c, d])
    };
    match char::from_u32(code) {
        Some(c) => Ok((c, 4)),
        None if code < 0x11_0000 => Err((
            4,
            "code point in surrogate code point range(0xd800, 0xe000)",
        )),
        None => Err((4, "code point not in range(0x110000)")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;

    fn encoded(text: &str, codec: &str, errors: &str) -> String {
        match encode(text, Codec::find(codec).unwrap(), errors) {
            Ok(bytes) => super::super::repr::bytes_repr(&bytes),
            Err(CodecError::Unicode {
                encoding,
                start,
                end,
                reason,
            }) => encode_message(encoding, text, start, end, reason),
            Err(other) => format!("{other:?}"),
        }
    }

    fn decoded(bytes: &[u8], codec: &str, errors: &str) -> String {
        match decode(bytes, Codec::find(codec).unwrap(), errors) {
            Ok(text) => text,
            Err(CodecError::Unicode {
                encoding,
                start,
                end,
                reason,
            }) => decode_message(encoding, bytes, start, end, reason),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn encoding() {
        for (text, codec, errors, found) in [
            (
                "éa",
                "ascii",
                "strict",
                "'ascii' codec can't encode character '\\xe9' in position 0: ordinal not in range(128)",
            ),
            (
                "éüa",
                "ascii",
                "strict",
                "'ascii' codec can't encode characters in position 0-1: ordinal not in range(128)",
            ),
            (
                "a€",
                "latin1",
                "strict",
                "'latin-1' codec can't encode character '\\u20ac' in position 1: ordinal not in range(256)",
            ),
            ("aé", "US-ASCII", "replace", "b'a?'"),
            (
                "aé€😀",
                "ascii",
                "backslashreplace",
                "b'a\\\\xe9\\\\u20ac\\\\U0001f600'",
            ),
            ("aé€", "ascii", "xmlcharrefreplace", "b'a&#233;&#8364;'"),
            ("é€", "latin1", "namereplace", "b'\\xe9\\\\N{EURO SIGN}'"),
            ("é", "ascii", "foo", "UnknownHandler"),
            ("a", "ascii", "foo", "b'a'"),
            ("a", "utf-16", "strict", "b'\\xff\\xfea\\x00'"),
            ("a😀", "utf-16-le", "strict", "b'a\\x00=\\xd8\\x00\\xde'"),
            (
                "a",
                "utf_32",
                "strict",
                "b'\\xff\\xfe\\x00\\x00a\\x00\\x00\\x00'",
            ),
            ("a", "utf-8-sig", "strict", "b'\\xef\\xbb\\xbfa'"),
        ] {
            assert_eq!(encoded(text, codec, errors), found);
        }
        assert_eq!(Codec::find("foo"), None);
        assert_eq!(Codec::find("ISO 8859-1"), Some(Codec::Latin1));
    }

    #[test]
    fn decoding() {
        for (bytes, codec, errors, found) in [
            (
                &b"\xff"[..],
                "utf8",
                "strict",
                "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
            ),
            (
                b"\xe2\x82",
                "u8",
                "strict",
                "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data",
            ),
            (
                b"\xe2\x82a",
                "u8",
                "strict",
                "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte",
            ),
            (
                b"\xed\xa0\x80",
                "u8",
                "strict",
                "'utf-8' codec can't decode byte 0xed in position 0: invalid continuation byte",
            ),
            (
                b"a\x80b",
                "ascii",
                "strict",
                "'ascii' codec can't decode byte 0x80 in position 1: ordinal not in range(128)",
            ),
            (b"a\x80b\xe2\x82", "utf8", "replace", "a\u{fffd}b\u{fffd}"),
            (
                b"a\x80b\xe2\x82",
                "utf8",
                "backslashreplace",
                "a\\x80b\\xe2\\x82",
            ),
            (b"a\x80", "ascii", "xmlcharrefreplace", "CannotHandle"),
            (b"\xfe\xff\x00a", "utf16", "strict", "a"),
            (
                b"\x00\xd8",
                "utf-16-le",
                "strict",
                "'utf-16-le' codec can't decode bytes in position 0-1: unexpected end of data",
            ),
            (
                b"\x00\xd8a\x00",
                "utf-16-le",
                "strict",
                "'utf-16-le' codec can't decode bytes in position 0-1: illegal UTF-16 surrogate",
            ),
            (
                b"abc",
                "utf-32",
                "strict",
                "'utf-32-le' codec can't decode bytes in position 0-2: truncated data",
            ),
            (b"\xef\xbb\xbfa", "utf-8-sig", "strict", "a"),
        ] {
            assert_eq!(decoded(bytes, codec, errors), found);
        }
    }
}
