//! String and bytes literals: where they end, and the text that their escapes stand for.

use crate::source::Span;

/// How a literal is written: its prefix and its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoting {
    pub bytes: bool,
    pub raw: bool,
    pub quote: u8,
    pub triple: bool,
    /// Bytes up to and with the opening quotes.
    pub opening: usize,
}

impl Quoting {
    /// Reads the prefix and the quotes at the start of a literal.
    pub fn of(text: &str) -> Quoting {
        let prefix = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let letters = text.get(..prefix).unwrap_or("").to_ascii_lowercase();
        let rest = text.as_bytes().get(prefix..).unwrap_or_default();
        let quote = rest.first().copied().unwrap_or(b'"');
        let triple = rest.len() >= 3 && rest.iter().take(3).all(|b| *b == quote);
        Quoting {
            bytes: letters.contains('b'),
            raw: letters.contains('r'),
            quote,
            triple,
            opening: prefix + if triple { 3 } else { 1 },
        }
    }

    pub fn closing(self) -> usize {
        if self.triple { 3 } else { 1 }
    }

    /// Do the closing quotes stand at this place?
    pub fn closes_at(self, bytes: &[u8], at: usize) -> bool {
        let wanted = self.closing();
        bytes
            .get(at..at + wanted)
            .is_some_and(|quotes| quotes.iter().all(|b| *b == self.quote))
    }
}

/// The length of the rest of a literal after its opening quotes, closing quotes included. `Err` has
/// the offset at which the search gave up: a line end or the end of the text.
pub fn scan(rest: &str, quoting: Quoting) -> Result<usize, usize> {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                let crlf = bytes.get(at + 1) == Some(&b'\r') && bytes.get(at + 2) == Some(&b'\n');
                at += if crlf { 3 } else { 2 };
            }
            b'\n' | b'\r' if !quoting.triple => return Err(at),
            b if *b == quoting.quote && quoting.closes_at(bytes, at) => {
                return Ok(at + quoting.closing());
            }
            _ => at += 1,
        }
    }
    Err(bytes.len())
}

/// What is wrong with an escape.
#[derive(Debug, PartialEq)]
pub enum EscapeProblem {
    /// `\d`: kept as it is, with a warning.
    Unknown { at: Span },
    /// Refused, with CPython's message.
    Bad(String),
}

/// Decodes the body of a literal. `offset` is where the body starts in the source.
pub struct Decoder<'t> {
    body: &'t str,
    at: usize,
    offset: u32,
    bytes: bool,
    /// Characters that stand before the body where problems are counted from.
    before: usize,
    pub problems: Vec<EscapeProblem>,
}

impl<'t> Decoder<'t> {
    pub fn new(body: &'t str, offset: u32, bytes: bool) -> Self {
        Decoder {
            body,
            at: 0,
            offset,
            bytes,
            before: 0,
            problems: Vec::new(),
        }
    }

    /// For a part of a text, `before` characters into what CPython decodes as one.
    pub fn within(body: &'t str, offset: u32, before: usize) -> Self {
        Decoder {
            before,
            ..Decoder::new(body, offset, false)
        }
    }

    /// The text that the body stands for. Line ends become `\n`, as CPython reads them.
    pub fn text(&mut self) -> String {
        let mut out = String::with_capacity(self.body.len());
        while let Some(plain) = self.plain_run() {
            push_lines(&mut out, plain);
            if self.at < self.body.len() {
                match self.escape() {
                    Some(Escaped::Char(c)) => out.push(c),
                    Some(Escaped::Kept(text)) => push_lines(&mut out, text),
                    None => {}
                }
            }
        }
        out
    }

    /// The bytes that the body stands for; it has been checked to be ASCII.
    pub fn byte_string(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.body.len());
        while let Some(plain) = self.plain_run() {
            let mut text = String::new();
            push_lines(&mut text, plain);
            out.extend_from_slice(text.as_bytes());
            if self.at < self.body.len() {
                match self.escape() {
                    Some(Escaped::Char(c)) => out.push(c as u32 as u8),
                    Some(Escaped::Kept(text)) => out.extend_from_slice(text.as_bytes()),
                    None => {}
                }
            }
        }
        out
    }

    /// The text up to the next backslash, which is the next character to read.
    fn plain_run(&mut self) -> Option<&'t str> {
        let rest = self.body.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\\').unwrap_or(rest.len());
        self.at += length;
        rest.get(..length)
    }

    fn escape(&mut self) -> Option<Escaped<'t>> {
        let start = self.at;
        let rest = self.body.get(start + 1..).unwrap_or("");
        let Some(letter) = rest.chars().next() else {
            self.at = self.body.len();
            return Some(Escaped::Kept("\\"));
        };
        self.at = start + 1 + letter.len_utf8();
        let c = match letter {
            '\n' => return None,
            '\r' => {
                if self.body.as_bytes().get(self.at) == Some(&b'\n') {
                    self.at += 1;
                }
                return None;
            }
            '\\' | '\'' | '"' => letter,
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            '0'..='7' => return self.octal(start),
            'x' => return self.hex(start, 2),
            'u' if !self.bytes => return self.hex(start, 4),
            'U' if !self.bytes => return self.hex(start, 8),
            'N' if !self.bytes => return self.named(start),
            _ => {
                self.unknown(start);
                return self.body.get(start..self.at).map(Escaped::Kept);
            }
        };
        Some(Escaped::Char(c))
    }

    fn unknown(&mut self, start: usize) {
        let at = Span::new(self.offset + start as u32, self.offset + self.at as u32);
        self.problems.push(EscapeProblem::Unknown { at });
    }

    /// Up to three octal digits.
    fn octal(&mut self, start: usize) -> Option<Escaped<'t>> {
        let digits = self.digits(start + 1, 3, |b| (b'0'..=b'7').contains(b));
        let value = u32::from_str_radix(digits, 8).unwrap_or(0);
        self.at = start + 1 + digits.len();
        if value > 0o377 {
            self.unknown(start);
        }
        let value = if self.bytes { value & 0xff } else { value };
        char::from_u32(value).map(Escaped::Char)
    }

    fn digits(&self, from: usize, most: usize, digit: fn(&u8) -> bool) -> &'t str {
        let rest = self.body.get(from..).unwrap_or("");
        let count = rest.bytes().take(most).take_while(digit).count();
        rest.get(..count).unwrap_or("")
    }

    fn hex(&mut self, start: usize, wanted: usize) -> Option<Escaped<'t>> {
        let digits = self.digits(start + 2, wanted, u8::is_ascii_hexdigit);
        self.at = start + 2 + digits.len();
        if digits.len() < wanted {
            let message = if self.bytes {
                format!("(value error) invalid \\x escape at position {start}")
            } else {
                let shape = match wanted {
                    2 => "truncated \\xXX escape",
                    4 => "truncated \\uXXXX escape",
                    _ => "truncated \\UXXXXXXXX escape",
                };
                self.codec_error(start, self.at, shape)
            };
            self.problems.push(EscapeProblem::Bad(message));
            return None;
        }
        let value = u32::from_str_radix(digits, 16).unwrap_or(0);
        if value > 0x10_ffff {
            let message = self.codec_error(start, self.at, "illegal Unicode character");
            self.problems.push(EscapeProblem::Bad(message));
            return None;
        }
        let Some(c) = char::from_u32(value) else {
            let message =
                format!("a lone surrogate (\\u{value:04x}) is outside what coro supports");
            self.problems.push(EscapeProblem::Bad(message));
            return None;
        };
        Some(Escaped::Char(c))
    }

    /// `\N{LATIN SMALL LETTER A}`
    fn named(&mut self, start: usize) -> Option<Escaped<'t>> {
        let rest = self.body.get(start + 2..).unwrap_or("");
        let name = rest
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
            .map(|(name, _)| name);
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            let end = match rest {
                _ if rest.starts_with("{}") => start + 3,
                _ if rest.starts_with('{') => self.body.len(),
                _ => start + 2,
            };
            let message = self.codec_error(start, end, "malformed \\N character escape");
            self.problems.push(EscapeProblem::Bad(message));
            return None;
        };
        self.at = start + 2 + name.len() + 2;
        let found = unicode_names2::character(name);
        if found.is_none() {
            let message = self.codec_error(start, self.at, "unknown Unicode character name");
            self.problems.push(EscapeProblem::Bad(message));
        }
        found.map(Escaped::Char)
    }

    /// CPython counts the positions in characters of the body, the last one included.
    fn codec_error(&self, start: usize, end: usize, what: &str) -> String {
        let chars = |to: usize| self.before + self.body.get(..to).map_or(0, |s| s.chars().count());
        let (first, last) = (chars(start), chars(end).saturating_sub(1));
        if first == last {
            return format!(
                "(unicode error) 'unicodeescape' codec can't decode byte 0x5c in position {first}: {what}"
            );
        }
        format!(
            "(unicode error) 'unicodeescape' codec can't decode bytes in position {first}-{last}: {what}"
        )
    }
}

/// What an escape stands for.
enum Escaped<'t> {
    Char(char),
    Kept(&'t str),
}

/// Appends text with every kind of line end turned into `\n`.
pub fn push_lines(out: &mut String, text: &str) {
    if !text.contains('\r') {
        out.push_str(text);
        return;
    }
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' {
            if chars.peek() == Some(&'\n') {
                chars.next();
            }
            out.push('\n');
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    fn decoded(body: &str) -> String {
        Decoder::new(body, 0, false).text()
    }

    #[test]
    fn prefixes_and_quotes() {
        let q = Quoting::of("Rb'''x'''");
        assert!(q.bytes && q.raw && q.triple);
        assert_eq!(q.opening, 5);
        assert_eq!(Quoting::of("''").opening, 1);
    }

    #[test]
    fn ends() {
        let single = Quoting::of("'");
        assert_eq!(scan("a\\'b' + 1", single), Ok(5));
        assert_eq!(scan("a\nb'", single), Err(1));
        assert_eq!(scan("a\\\nb'", single), Ok(5));
        let triple = Quoting::of("\"\"\"");
        assert_eq!(scan("a\n\"\"b\"\"\"", triple), Ok(8));
        assert_eq!(scan("a\\", triple), Err(2));
    }

    #[test]
    fn escapes() {
        assert_eq!(
            decoded(r"a\n\t\\\'\x41\u00e9\U0001F600\101\N{BULLET}"),
            "a\n\t\\'Aé😀A•"
        );
        assert_eq!(decoded("a\\\nb\r\nc"), "ab\nc");
        assert_eq!(decoded(r"\d\8"), r"\d\8");
        assert_eq!(
            Decoder::new(r"\xff\u0041", 0, true).byte_string(),
            b"\xff\\u0041"
        );
    }

    #[test]
    fn bad_escapes() {
        let bad = |body: &str| {
            let mut decoder = Decoder::new(body, 0, false);
            decoder.text();
            match decoder.problems.pop() {
                Some(EscapeProblem::Bad(message)) => message,
                other => format!("{other:?}"),
            }
        };
        let prefix = "(unicode error) 'unicodeescape' codec can't decode bytes in position ";
        assert_eq!(
            bad(r"ab\x4"),
            format!("{prefix}2-4: truncated \\xXX escape")
        );
        assert_eq!(
            bad(r"\N{NOT A NAME}"),
            format!("{prefix}0-13: unknown Unicode character name")
        );
        assert_eq!(
            bad(r"\U00110000"),
            format!("{prefix}0-9: illegal Unicode character")
        );
    }
}
