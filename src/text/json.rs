//! JSON as CPython's json reads it: a scanner that yields one event after the other, never recursing, and the escaping
//! of strings. Knows nothing of values; the caller builds and writes them.

use std::borrow::Cow;
use std::fmt::Write;

/// What the scanner found next.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// `{`.
    ObjectStart,
    /// `}`.
    ObjectEnd,
    /// `[`.
    ArrayStart,
    /// `]`.
    ArrayEnd,
    /// A member's name.
    Key(Cow<'a, str>),
    /// A string.
    Str(Cow<'a, str>),
    /// A whole number as written.
    Int(&'a str),
    /// A number with fraction or exponent as written.
    Float(&'a str),
    /// `NaN`, `Infinity` or `-Infinity`.
    Constant(&'static str),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// The value is complete; [`Scanner::position`] tells where it ends.
    End,
}

/// What JSONDecodeError says, and where (in characters).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The `msg` attribute.
    pub message: &'static str,
    /// The `pos` attribute.
    pub position: usize,
}

/// The message for a document that starts with a byte order mark (at position 0).
pub const BOM_MESSAGE: &str = "Unexpected UTF-8 BOM (decode using utf-8-sig)";

/// `lineno` and `colno` of a position in characters.
pub fn line_column(text: &str, position: usize) -> (usize, usize) {
    let (mut line, mut column) = (1, 1);
    for c in text.chars().take(position) {
        if c == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    (line, column)
}

/// The whole text of a JSONDecodeError.
pub fn error_text(text: &str, message: &str, position: usize) -> String {
    let (line, column) = line_column(text, position);
    format!("{message}: line {line} column {column} (char {position})")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// Any value.
    Value,
    /// A value or `]`, right after `[`.
    FirstItem,
    /// A key or `}`, right after `{`.
    FirstKey,
    /// What follows a complete value.
    After,
}

/// Reads one JSON value.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    strict: bool,
    expect: Expect,
    /// Open brackets: true for objects.
    open: Vec<bool>,
}

type Step<'a> = Result<Event<'a>, JsonError>;

impl<'a> Scanner<'a> {
    /// Starts at byte `start` of `text`. `strict` forbids control characters in strings.
    pub fn new(text: &'a str, start: usize, strict: bool) -> Self {
        Scanner {
            text,
            at: start.min(text.len()),
            strict,
            expect: Expect::Value,
            open: Vec::new(),
        }
    }

    /// How many brackets are open: the caller's depth of recursion in CPython.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The byte behind what has been read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Skips blanks; a whole document may have them before its value.
    pub fn skip_space(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        self.at += rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
    }

    /// After [`Event::End`]: only blanks may follow.
    pub fn finish(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            self.fail("Extra data", self.at)
        }
    }

    fn fail<T>(&self, message: &'static str, at: usize) -> Result<T, JsonError> {
        let position = self
            .text
            .as_bytes()
            .iter()
            .take(at)
            .filter(|b| (**b & 0xc0) != 0x80)
            .count();
        Err(JsonError { message, position })
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next event; after `End` or an error there is no other.
    pub fn next_event(&mut self) -> Step<'a> {
        match self.expect {
            Expect::Value => self.value(),
            Expect::FirstItem => {
                self.skip_space();
                if self.byte() == Some(b']') {
                    self.close(Event::ArrayEnd)
                } else {
                    self.value()
                }
            }
            Expect::FirstKey => {
                self.skip_space();
                if self.byte() == Some(b'}') {
                    self.close(Event::ObjectEnd)
                } else {
                    self.key()
                }
            }
            Expect::After => self.after(),
        }
    }

    fn close(&mut self, event: Event<'a>) -> Step<'a> {
        self.at += 1;
        self.open.pop();
        self.expect = Expect::After;
        Ok(event)
    }

    fn after(&mut self) -> Step<'a> {
        let Some(in_object) = self.open.last().copied() else {
            return Ok(Event::End);
        };
        self.skip_space();
        let (closer, end, trailing) = match in_object {
            true => (
                b'}',
                Event::ObjectEnd,
                "Illegal trailing comma before end of object",
            ),
            false => (
                b']',
                Event::ArrayEnd,
                "Illegal trailing comma before end of array",
            ),
        };
        let comma = self.at;
        match self.byte() {
            Some(byte) if byte == closer => return self.close(end),
            Some(b',') => self.at += 1,
            _ => return self.fail("Expecting ',' delimiter", comma),
        }
        self.skip_space();
        match self.byte() {
            Some(byte) if byte == closer => self.fail(trailing, comma),
            _ if in_object => self.key(),
            _ => self.value(),
        }
    }

    fn key(&mut self) -> Step<'a> {
        if self.byte() != Some(b'"') {
            return self.fail("Expecting property name enclosed in double quotes", self.at);
        }
        let key = self.string()?;
        self.skip_space();
        if self.byte() != Some(b':') {
            return self.fail("Expecting ':' delimiter", self.at);
        }
        self.at += 1;
        self.skip_space();
        self.expect = Expect::Value;
        Ok(Event::Key(key))
    }

    fn value(&mut self) -> Step<'a> {
        self.expect = Expect::After;
        match self.byte() {
            Some(b'"') => Ok(Event::Str(self.string()?)),
            Some(b'{') => Ok(self.open_bracket(true)),
            Some(b'[') => Ok(self.open_bracket(false)),
            _ => match self.word() {
                Some(event) => Ok(event),
                None => self.number(),
            },
        }
    }

    fn open_bracket(&mut self, object: bool) -> Event<'a> {
        self.at += 1;
        self.open.push(object);
        self.expect = if object {
            Expect::FirstKey
        } else {
            Expect::FirstItem
        };
        if object {
            Event::ObjectStart
        } else {
            Event::ArrayStart
        }
    }

    fn word(&mut self) -> Option<Event<'a>> {
        let rest = self.text.get(self.at..)?;
        let words = [
            ("null", Event::Null),
            ("true", Event::Bool(true)),
            ("false", Event::Bool(false)),
            ("NaN", Event::Constant("NaN")),
            ("Infinity", Event::Constant("Infinity")),
            ("-Infinity", Event::Constant("-Infinity")),
        ];
        let (word, event) = words.into_iter().find(|(word, _)| rest.starts_with(word))?;
        self.at += word.len();
        Some(event)
    }

    fn number(&mut self) -> Step<'a> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
        let digits = |at: usize| {
            bytes
                .iter()
                .skip(at)
                .take_while(|b| b.is_ascii_digit())
                .count()
        };
        let mut at = start + usize::from(byte(start) == b'-');
        at += match byte(at) {
            b'0' => 1,
            b'1'..=b'9' => digits(at),
            _ => return self.fail("Expecting value", start),
        };
        let whole = at;
        if byte(at) == b'.' && byte(at + 1).is_ascii_digit() {
            at += 1 + digits(at + 1);
        }
        if matches!(byte(at), b'e' | b'E') {
            let sign = usize::from(matches!(byte(at + 1), b'+' | b'-'));
            let exponent = digits(at + 1 + sign);
            if exponent > 0 {
                at += 1 + sign + exponent;
            }
        }
        self.at = at;
        let text = self.text.get(start..at).unwrap_or("");
        Ok(if at == whole {
            Event::Int(text)
        } else {
            Event::Float(text)
        })
    }

    /// A string, from its opening quote on.
    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        const UNTERMINATED: &str = "Unterminated string starting at";
        let begin = self.at;
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = self.text.get(self.at..).unwrap_or("");
            let stop = |b: u8| b == b'"' || b == b'\\' || (self.strict && b < 0x20);
            let Some(length) = rest.bytes().position(stop) else {
                return self.fail(UNTERMINATED, begin);
            };
            let chunk = rest.get(..length).unwrap_or("");
            if text.is_empty() {
                text = Cow::Borrowed(chunk)
            } else {
                text.to_mut().push_str(chunk)
            }
            self.at += length;
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') if self.at + 1 >= self.text.len() => {
                    return self.fail(UNTERMINATED, begin);
                }
                Some(b'\\') => text.to_mut().push(self.escape()?),
                _ => return self.fail("Invalid control character at", self.at),
            }
        }
    }

    /// What a backslash sequence stands for.
    fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.at;
        let plain = match self.text.as_bytes().get(start + 1) {
            Some(b'u') => return self.unicode_escape(start),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return self.fail("Invalid \\escape", start),
        };
        self.at = start + 2;
        Ok(plain)
    }

    /// `\uXXXX`, with its low half where it is the high half of a pair.
    fn unicode_escape(&mut self, start: usize) -> Result<char, JsonError> {
        const INVALID: &str = "Invalid \\uXXXX escape";
        let Some(unit) = self.hex4(start + 2) else {
            return self.fail(INVALID, start + 1);
        };
        self.at = start + 6;
        let pair_follows = self.text.as_bytes().get(self.at..self.at + 2) == Some(b"\\u");
        // CPython looks for the low half only where something follows it, as a string's end must.
        if (0xd800..0xdc00).contains(&unit) && pair_follows && self.chars_follow(self.at, 6) {
            let Some(low) = self.hex4(self.at + 2) else {
                return self.fail(INVALID, self.at + 1);
            };
            if (0xdc00..0xe000).contains(&low) {
                self.at += 6;
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        // Our strings cannot hold half a pair.
        Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Whether more than `count` characters come from `at` on.
    fn chars_follow(&self, at: usize, count: usize) -> bool {
        self.text
            .get(at..)
            .is_some_and(|rest| rest.chars().nth(count).is_some())
    }

    /// Four hexadecimal digits, which must not end the text.
    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self
            .text
            .get(at..at + 4)
            .filter(|_| at + 4 < self.text.len())?;
        digits
            .chars()
            .try_fold(0, |value, c| Some(value * 16 + c.to_digit(16)?))
    }
}

/// A string with quotes and escapes, for `json.dumps`.
pub fn quote(text: &str, ensure_ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(&mut out, text, ensure_ascii);
    out
}

/// As [`quote`], at the end of a text.
pub fn quote_into(out: &mut String, text: &str, ensure_ascii: bool) {
    out.push('"');
    let plain = |b: u8| b >= b' ' && b != b'"' && b != b'\\' && (b <= b'~' || !ensure_ascii);
    match text.bytes().all(plain) {
        true => out.push_str(text),
        false => text
            .chars()
            .for_each(|c| push_escaped(out, c, ensure_ascii)),
    }
    out.push('"');
}

fn push_escaped(out: &mut String, c: char, ensure_ascii: bool) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        ' '..='~' => out.push(c),
        _ if ensure_ascii || c < ' ' => push_units(out, c),
        _ => out.push(c),
    }
}

fn push_units(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let mut scanner = Scanner::new(text, 0, true);
        scanner.skip_space();
        let mut out = String::new();
        loop {
            let event = match scanner.next_event() {
                Ok(Event::End) => {
                    return scanner
                        .finish()
                        .map_or_else(|e| error_text(text, e.message, e.position), |()| out);
                }
                Ok(event) => event,
                Err(error) => return error_text(text, error.message, error.position),
            };
            out.push_str(&match event {
                Event::ObjectStart => "{".to_string(),
                Event::ObjectEnd => "}".to_string(),
                Event::ArrayStart => "[".to_string(),
                Event::ArrayEnd => "]".to_string(),
                Event::Key(key) => format!("{key}:"),
                Event::Str(text) => format!("'{text}' "),
                Event::Int(text) => format!("i{text} "),
                Event::Float(text) => format!("f{text} "),
                Event::Constant(text) => format!("{text} "),
                other => format!("{other:?} "),
            });
        }
    }

    #[test]
    fn documents() {
        for (text, found) in [
            (
                r#" {"a": [1, -2.5e3, null], "b": {}} "#,
                "{a:[i1 f-2.5e3 Null ]b:{}}",
            ),
            (r#""a\n\u00e9\ud83d\ude00\/""#, "'a\né\u{1f600}/' "),
            ("[NaN,-Infinity,true,0]", "[NaN -Infinity Bool(true) i0 ]"),
            ("1.", "Extra data: line 1 column 2 (char 1)"),
            ("01", "Extra data: line 1 column 2 (char 1)"),
            ("1e", "Extra data: line 1 column 2 (char 1)"),
        ] {
            assert_eq!(read(text), found, "{text}");
        }
    }

    #[test]
    fn errors() {
        for (text, found) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            (
                "[1,]",
                "Illegal trailing comma before end of array: line 1 column 3 (char 2)",
            ),
            (
                "{\"a\":1,}",
                "Illegal trailing comma before end of object: line 1 column 7 (char 6)",
            ),
            (
                "{a}",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            ),
            (
                "{\"a\" 1}",
                "Expecting ':' delimiter: line 1 column 6 (char 5)",
            ),
            ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
            ("[1,\n x]", "Expecting value: line 2 column 2 (char 5)"),
            (
                "\"é",
                "Unterminated string starting at: line 1 column 1 (char 0)",
            ),
            (
                "\"é\n\"",
                "Invalid control character at: line 1 column 3 (char 2)",
            ),
            ("\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)"),
            (
                "\"\\u12\"",
                "Invalid \\uXXXX escape: line 1 column 3 (char 2)",
            ),
            ("[", "Expecting value: line 1 column 2 (char 1)"),
            ("{} x", "Extra data: line 1 column 4 (char 3)"),
            ("-", "Expecting value: line 1 column 1 (char 0)"),
        ] {
            assert_eq!(read(text), found, "{text}");
        }
    }

    #[test]
    fn quoting() {
        assert_eq!(
            quote("a\"\\\n\u{1}é\u{7f}\u{1f600}", true),
            "\"a\\\"\\\\\\n\\u0001\\u00e9\\u007f\\ud83d\\ude00\""
        );
        assert_eq!(quote("é\u{7f}\u{8}", false), "\"é\u{7f}\\b\"");
    }
}
