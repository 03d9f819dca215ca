//! `%`-formatting: taking a format apart and laying out what it asks for. Knows nothing of arguments: the caller
//! fetches them, turns them into numbers or text, and raises what is about their types.

use super::float::{DoubleFlags, format_double};
use super::int::base_prefix;
use super::str_ops::MAX_PADDING;
use num_bigint::BigInt;
use num_traits::Signed;

/// A piece of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text to copy (`%%` has become `%` already).
    Literal(String),
    /// A conversion.
    Spec(PercentSpec),
}

/// What is wrong with a precision that is no `int` of C.
pub const PRECISION_TOO_BIG: &str = "precision too big";

/// A width or precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// `*`: the next argument; other than an int is `TypeError: * wants int`.
    Star,
    /// Written in the format.
    Fixed(usize),
}

/// The flags between `%` and the width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `-`.
    pub left: bool,
    /// `+`.
    pub sign: bool,
    /// A blank.
    pub blank: bool,
    /// `#`.
    pub alt: bool,
    /// `0`.
    pub zero: bool,
}

/// `%(key)-10.3f`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PercentSpec {
    /// The mapping's key; where the argument is none: `TypeError: format requires a mapping`.
    pub key: Option<String>,
    /// What stands before the width.
    pub flags: Flags,
    /// The minimal width.
    pub width: Option<Count>,
    /// Digits, or characters of text.
    pub precision: Option<Count>,
    /// The conversion character; any at all, see [`unsupported`].
    pub conversion: char,
    /// Where it stands, in characters.
    pub index: usize,
}

/// A format taken apart as far as it is well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PercentFormat {
    /// The pieces in order.
    pub pieces: Vec<Piece>,
    /// The ValueError to raise once all pieces are dealt with (the earlier pieces' errors come first).
    pub error: Option<&'static str>,
    /// The piece with the error has a key, which may be cut off itself: that is looked up first.
    pub error_key: Option<Option<String>>,
}

/// The ValueError text for a conversion character that means nothing.
pub fn unsupported(spec: &PercentSpec) -> String {
    let c = spec.conversion;
    let shown = if matches!(c, '\u{1f}'..='~') { c } else { '?' };
    format!(
        "unsupported format character '{shown}' (0x{:x}) at index {}",
        c as u32, spec.index
    )
}

/// Takes a format apart.
pub fn parse(format: &str) -> PercentFormat {
    let mut parser = Parser {
        chars: format.chars(),
        index: 0,
    };
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let (mut error, mut error_key) = (None, None);
    while let Some(c) = parser.next() {
        if c != '%' {
            literal.push(c);
        } else if parser.take('%') {
            literal.push('%');
        } else {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            match parser.spec() {
                Ok(spec) => pieces.push(Piece::Spec(spec)),
                Err((text, key)) => {
                    (error, error_key) = (Some(text), key);
                    break;
                }
            }
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    PercentFormat {
        pieces,
        error,
        error_key,
    }
}

struct Parser<'a> {
    chars: std::str::Chars<'a>,
    /// How many characters are consumed.
    index: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        self.index += 1;
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.chars.clone().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn spec(&mut self) -> Result<PercentSpec, (&'static str, Option<Option<String>>)> {
        let key = match self.take('(') {
            true => Some(self.key().map_err(|text| (text, Some(None)))?),
            false => None,
        };
        self.rest(key.clone()).map_err(|text| (text, key.map(Some)))
    }

    /// A piece from behind its key.
    fn rest(&mut self, key: Option<String>) -> Result<PercentSpec, &'static str> {
        let flags = self.flags();
        let width = self.count(i64::MAX as u64, "width too big")?;
        let precision = match self.take('.') {
            true => Some(
                self.count(i32::MAX as u64, PRECISION_TOO_BIG)?
                    .unwrap_or(Count::Fixed(0)),
            ),
            false => None,
        };
        let _ = self.take('h') || self.take('l') || self.take('L');
        let conversion = self.next().ok_or("incomplete format")?;
        Ok(PercentSpec {
            key,
            flags,
            width,
            precision,
            conversion,
            index: self.index - 1,
        })
    }

    fn key(&mut self) -> Result<String, &'static str> {
        let mut key = String::new();
        let mut depth = 1usize;
        while let Some(c) = self.next() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(key);
            }
            key.push(c);
        }
        Err("incomplete format key")
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        loop {
            match self.peek() {
                Some('-') => flags.left = true,
                Some('+') => flags.sign = true,
                Some(' ') => flags.blank = true,
                Some('#') => flags.alt = true,
                Some('0') => flags.zero = true,
                _ => return flags,
            }
            self.next();
        }
    }

    fn count(&mut self, limit: u64, too_big: &'static str) -> Result<Option<Count>, &'static str> {
        if self.take('*') {
            return Ok(Some(Count::Star));
        }
        let mut value: Option<u64> = None;
        while let Some(digit) = self
            .peek()
            .filter(char::is_ascii_digit)
            .and_then(|c| c.to_digit(10))
        {
            self.next();
            let next = value
                .unwrap_or(0)
                .saturating_mul(10)
                .saturating_add(u64::from(digit));
            if next > limit {
                return Err(too_big);
            }
            value = Some(next);
        }
        Ok(value.map(|value| Count::Fixed(usize::try_from(value).unwrap_or(usize::MAX))))
    }
}

/// How one converted argument is laid out: the spec with its stars filled in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// The flags; a negative width from a star has set `left`.
    pub flags: Flags,
    /// The minimal width in characters; the caller raises MemoryError where it is above [`MAX_PADDING`].
    pub width: usize,
    /// Digits, or characters of text.
    pub precision: Option<usize>,
}

impl Layout {
    /// Fills stars in with the ints that the arguments gave.
    pub fn new(spec: &PercentSpec, star_width: Option<i64>, star_precision: Option<i64>) -> Layout {
        let mut flags = spec.flags;
        let width = match (spec.width, star_width) {
            (Some(Count::Fixed(width)), _) => width,
            (Some(Count::Star), Some(width)) => {
                flags.left |= width < 0;
                usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX)
            }
            _ => 0,
        };
        let precision = match (spec.precision, star_precision) {
            (Some(Count::Fixed(precision)), _) => Some(precision),
            (Some(Count::Star), Some(precision)) => Some(usize::try_from(precision).unwrap_or(0)),
            _ => None,
        };
        Layout {
            flags,
            width,
            precision,
        }
    }

    /// `%s`, `%r` and `%a`: `text` cut to the precision and padded.
    pub fn text(&self, text: &str) -> String {
        let cut = self
            .precision
            .and_then(|precision| text.char_indices().nth(precision));
        let shown = cut.and_then(|(at, _)| text.get(..at)).unwrap_or(text);
        self.pad("", "", shown, false)
    }

    /// `%c`: one character, never cut.
    pub fn character(&self, c: char) -> String {
        self.pad("", "", c.encode_utf8(&mut [0; 4]), false)
    }

    /// `%d %i %u %o %x %X`. The caller checks the limit on decimal digits.
    pub fn int(&self, value: &BigInt, conversion: char) -> String {
        let radix = match conversion {
            'o' => 8,
            'x' | 'X' => 16,
            _ => 10,
        };
        let digits = value.magnitude().to_str_radix(radix);
        let zeros = self
            .precision
            .unwrap_or(0)
            .min(MAX_PADDING)
            .saturating_sub(digits.len());
        let mut body = "0".repeat(zeros);
        body.push_str(&digits);
        let mut prefix = if self.flags.alt {
            base_prefix(radix)
        } else {
            ""
        }
        .to_string();
        if conversion == 'X' {
            body.make_ascii_uppercase();
            prefix.make_ascii_uppercase();
        }
        self.pad(self.sign(value.is_negative()), &prefix, &body, true)
    }

    /// `%e %E %f %F %g %G`.
    pub fn float(&self, x: f64, conversion: char) -> String {
        let flags = DoubleFlags {
            alt: self.flags.alt,
            ..DoubleFlags::default()
        };
        let text = format_double(
            x,
            conversion,
            self.precision.unwrap_or(6).min(MAX_PADDING),
            flags,
        );
        let negative = text.starts_with('-');
        self.pad(self.sign(negative), "", text.trim_start_matches('-'), true)
    }

    fn sign(&self, negative: bool) -> &'static str {
        match self.flags {
            _ if negative => "-",
            Flags { sign: true, .. } => "+",
            Flags { blank: true, .. } => " ",
            _ => "",
        }
    }

    fn pad(&self, sign: &str, prefix: &str, body: &str, numeric: bool) -> String {
        let length = sign.len() + prefix.len() + body.chars().count();
        let missing = self.width.min(MAX_PADDING).saturating_sub(length);
        let zeros = numeric && self.flags.zero && !self.flags.left;
        let blanks = |count: usize| std::iter::repeat_n(' ', count);
        let mut out = String::new();
        if !zeros && !self.flags.left {
            out.extend(blanks(missing));
        }
        out.push_str(sign);
        out.push_str(prefix);
        if zeros {
            out.extend(std::iter::repeat_n('0', missing));
        }
        out.push_str(body);
        if self.flags.left {
            out.extend(blanks(missing));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Arg {
        Int(i64),
        Float(f64),
        Text(&'static str),
    }

    fn format(template: &str, arg: Arg) -> String {
        let parsed = parse(template);
        let mut out = String::new();
        for piece in parsed.pieces {
            match (piece, &arg) {
                (Piece::Literal(text), _) => out.push_str(&text),
                (Piece::Spec(spec), Arg::Int(n)) => {
                    out.push_str(
                        &Layout::new(&spec, None, None).int(&BigInt::from(*n), spec.conversion),
                    );
                }
                (Piece::Spec(spec), Arg::Float(x)) => {
                    out.push_str(&Layout::new(&spec, None, None).float(*x, spec.conversion));
                }
                (Piece::Spec(spec), Arg::Text(text)) => {
                    out.push_str(&Layout::new(&spec, None, None).text(text))
                }
            }
        }
        out
    }

    #[test]
    fn numbers_and_text() {
        for (template, arg, text) in [
            ("%-05d|", Arg::Int(3), "3    |"),
            ("%+.3x", Arg::Int(255), "+0ff"),
            ("%#8.5x", Arg::Int(255), " 0x000ff"),
            ("%08.5d", Arg::Int(-3), "-0000003"),
            ("%#o", Arg::Int(8), "0o10"),
            ("%#X", Arg::Int(-255), "-0XFF"),
            ("% d", Arg::Int(5), " 5"),
            ("%ld%%", Arg::Int(5), "5%"),
            ("%05f", Arg::Float(f64::NEG_INFINITY), "-0inf"),
            ("%#.0f", Arg::Float(1.0), "1."),
            ("%-10.3f|", Arg::Float(-1.5), "-1.500    |"),
            ("%G", Arg::Float(1e-10), "1E-10"),
            ("%05s", Arg::Text("a"), "    a"),
            ("%.2s", Arg::Text("éàü"), "éà"),
        ] {
            assert_eq!(format(template, arg), text, "{template}");
        }
    }

    #[test]
    fn pieces() {
        let parsed = parse("a%%b%((k))-*.*rc");
        let spec = PercentSpec {
            key: Some("(k)".into()),
            flags: Flags {
                left: true,
                ..Flags::default()
            },
            width: Some(Count::Star),
            precision: Some(Count::Star),
            conversion: 'r',
            index: 14,
        };
        let layout = Layout::new(&spec, Some(-5), Some(-1));
        assert_eq!(
            (layout.flags.left, layout.width, layout.precision),
            (true, 5, Some(0))
        );
        let pieces = vec![
            Piece::Literal("a%b".into()),
            Piece::Spec(spec),
            Piece::Literal("c".into()),
        ];
        assert_eq!(
            parsed,
            PercentFormat {
                pieces,
                error: None,
                error_key: None,
            }
        );
    }

    #[test]
    fn errors() {
        for (template, text) in [
            ("%", "incomplete format"),
            ("%5", "incomplete format"),
            ("%(a", "incomplete format key"),
            ("%99999999999999999999d", "width too big"),
            ("%.2147483648f", "precision too big"),
        ] {
            assert_eq!(parse(template).error, Some(text));
        }
        let bad = |template| match parse(template).pieces.first() {
            Some(Piece::Spec(spec)) => unsupported(spec),
            other => format!("{other:?}"),
        };
        assert_eq!(
            bad("%lld"),
            "unsupported format character 'l' (0x6c) at index 2"
        );
        assert_eq!(
            bad("%é"),
            "unsupported format character '?' (0xe9) at index 1"
        );
    }
}
