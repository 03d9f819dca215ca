//! From the bytes of a program to its text: UTF-8, or what a comment in the first two lines
//! declares (PEP 263): ASCII or Latin-1 here. Knows nothing of files and messages about them.

use super::codec::{self, Codec, CodecError};
use std::borrow::Cow;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why bytes are no program text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The byte at this place begins no character of UTF-8, and nothing else was declared.
    NotUtf8 {
        /// Counted from the beginning, a byte order mark included.
        at: usize,
    },
    /// An encoding of this name is declared, and not known.
    Unknown(String),
    /// A byte order mark says UTF-8, a comment this.
    Marked(String),
    /// What is declared does not have all the bytes.
    Undecodable {
        /// The encoding's name.
        encoding: String,
        /// The text of the UnicodeDecodeError.
        message: String,
    },
}

/// The text of a program, without a byte order mark.
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    let plain = bytes.strip_prefix(MARK);
    let Some(encoding) = declared(plain.unwrap_or(bytes)) else {
        return utf8(bytes);
    };
    if plain.is_some() {
        return Err(Refusal::Marked(encoding));
    }
    let codec = match Codec::find(&encoding) {
        Some(codec @ (Codec::Ascii | Codec::Latin1)) => codec,
        Some(Codec::Utf8 | Codec::Utf8Sig) => return utf8(bytes),
        _ => return Err(Refusal::Unknown(encoding)),
    };
    match codec::decode(bytes, codec, "strict") {
        Ok(text) => Ok(Cow::Owned(text)),
        Err(error) => Err(Refusal::Undecodable {
            message: told(&error, bytes),
            encoding,
        }),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    let plain = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let mark = bytes.len() - plain.len();
    std::str::from_utf8(plain)
        .map(Cow::Borrowed)
        .map_err(|error| Refusal::NotUtf8 {
            at: mark + error.valid_up_to(),
        })
}

/// CPython's message about the string literal in which a byte is no UTF-8, and where that begins.
pub fn broken_literal(bytes: &[u8], at: usize) -> (String, usize) {
    let quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let before = bytes.get(..at).unwrap_or_default();
    let start = before.iter().rposition(quote).map_or(0, |quote| quote + 1);
    let rest = bytes.get(start..).unwrap_or_default();
    let length = rest.iter().position(quote).unwrap_or(rest.len());
    let literal = rest.get(..length).unwrap_or_default();
    let message = match codec::decode(literal, Codec::Utf8, "strict") {
        Err(error) => format!("(unicode error) {}", told(&error, literal)),
        Ok(_) => "(unicode error) 'utf-8' codec can't decode bytes".to_owned(),
    };
    (message, start.saturating_sub(1))
}

fn told(error: &CodecError, bytes: &[u8]) -> String {
    match error {
        CodecError::Unicode {
            encoding,
            start,
            end,
            reason,
        } => codec::decode_message(encoding, bytes, *start, *end, reason),
        CodecError::UnknownHandler | CodecError::CannotHandle => String::new(),
    }
}

/// What a comment in one of the first two lines declares, unless that is UTF-8; the second counts
/// where the first holds nothing else.
fn declared(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    let first = lines.next()?;
    let mut second = lines.next();
    if second.is_some_and(<[u8]>::is_empty) && bytes.get(first.len()) == Some(&b'\r') {
        second = lines.next();
    }
    let name = match comment(first)? {
        Some(text) => match in_comment(text) {
            Some(name) => Some(name),
            None => in_comment(comment(second?)??),
        },
        None => in_comment(comment(second?)??),
    }?;
    let name = normal(&name);
    (name != "utf-8").then_some(name)
}

/// The comment of a line, if there is one; `None` if the line holds more than that.
fn comment(line: &[u8]) -> Option<Option<&[u8]>> {
    let start = line
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'));
    match start.and_then(|start| line.get(start..)) {
        None => Some(None),
        Some(rest) if rest.starts_with(b"#") => Some(Some(rest)),
        Some(_) => None,
    }
}

/// The name behind `coding:` or `coding=`.
fn in_comment(comment: &[u8]) -> Option<String> {
    const WORD: &[u8] = b"coding";
    let behind = |at: usize| {
        let rest = comment.get(at + WORD.len()..)?;
        let rest = rest.strip_prefix(b":").or(rest.strip_prefix(b"="))?;
        let name: String = rest
            .iter()
            .skip_while(|byte| matches!(byte, b' ' | b'\t'))
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
            .map(|byte| char::from(*byte))
            .collect();
        (!name.is_empty()).then_some(name)
    };
    let places = comment.windows(WORD.len()).enumerate();
    places
        .filter(|(_, word)| *word == WORD)
        .find_map(|(at, _)| behind(at))
}

/// The names that CPython's tokenizer gives to UTF-8 and Latin-1; others as they stand.
fn normal(name: &str) -> String {
    let plain: String = name.chars().take(12).collect();
    let plain = plain.to_ascii_lowercase().replace('_', "-");
    let is = |known: &str| plain == known || plain.starts_with(&format!("{known}-"));
    if is("utf-8") {
        "utf-8".to_owned()
    } else if ["latin-1", "iso-8859-1", "iso-latin-1"]
        .iter()
        .any(|n| is(n))
    {
        "iso-8859-1".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations() {
        let cases: &[(&[u8], Option<&str>)] = &[
            (b"# coding: latin-1\n", Some("iso-8859-1")),
            (
                b"#!/bin/x\n# vim: set fileencoding=ascii :\n",
                Some("ascii"),
            ),
            (b"\r\n# coding: ascii\r\n", Some("ascii")),
            (b"\n\n# coding: ascii\n", None),
            (b"x = 1 # coding: ascii\n", None),
            (b"x = 1\n# coding: ascii\n", None),
            (b"# -*- coding: UTF-8-sig -*-", None),
            (b"# coding:\n# coding = ascii", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(declared(bytes).as_deref(), *expected, "{bytes:?}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(text(b"\xef\xbb\xbfx").as_deref(), Ok("x"));
        assert_eq!(
            text(b"# coding: l1\n\xe9").as_deref(),
            Ok("# coding: l1\n\u{e9}")
        );
        assert_eq!(text(b"\xef\xbb\xbf\xe9"), Err(Refusal::NotUtf8 { at: 3 }));
        let unknown = Refusal::Unknown("koi8-r".to_owned());
        assert_eq!(text(b"# coding: koi8-r"), Err(unknown));
    }
}
