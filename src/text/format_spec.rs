//! The format mini-language: `format(value, spec)` for int, float, complex and str with CPython's results and error
//! texts. Knows nothing of values; the name of the value's type comes in for the messages.

use super::float::{DoubleFlags, format_double};
use super::int::{base_prefix, bigint_to_f64, digit_limit_message, to_decimal};
use super::unicode::decimal_value;
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

/// Why a value cannot be formatted, with CPython's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// ValueError.
    Value(String),
    /// OverflowError.
    Overflow(String),
    /// MemoryError: a width that no memory holds.
    Memory,
}

fn value_error<T>(text: impl Into<String>) -> Result<T, FormatError> {
    Err(FormatError::Value(text.into()))
}

/// `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatSpec {
    /// What fills the width; a blank unless given.
    pub fill: char,
    /// One of `< > = ^`; the type's default unless given.
    pub align: char,
    /// One of `+`, `-`, blank.
    pub sign: Option<char>,
    /// `z`: what rounds to zero loses its minus.
    pub no_neg_0: bool,
    /// `#`.
    pub alternate: bool,
    /// The minimal width in characters.
    pub width: Option<usize>,
    /// `,` or `_`.
    pub grouping: Option<char>,
    /// Digits after the point, or characters of a string.
    pub precision: Option<usize>,
    /// The presentation type; `None` where neither given nor defaulted.
    pub kind: Option<char>,
}

struct Cursor<'a> {
    rest: std::str::Chars<'a>,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn take(&mut self, accept: impl Fn(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|c| accept(*c))?;
        self.rest.next();
        Some(c)
    }

    fn number(&mut self) -> Result<Option<usize>, FormatError> {
        let mut value: Option<i64> = None;
        while let Some(digit) = self.peek().and_then(decimal_value) {
            self.rest.next();
            let next = value
                .unwrap_or(0)
                .checked_mul(10)
                .and_then(|v| v.checked_add(i64::from(digit)));
            match next {
                Some(next) => value = Some(next),
                None => return value_error("Too many decimal digits in format string"),
            }
        }
        Ok(value.and_then(|v| usize::try_from(v).ok()))
    }
}

fn is_align(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '^')
}

impl FormatSpec {
    /// Takes `spec` apart. `default_kind` and `default_align` are those of the value's type.
    pub fn parse(
        spec: &str,
        default_kind: Option<char>,
        default_align: char,
        type_name: &str,
    ) -> Result<FormatSpec, FormatError> {
        let mut cursor = Cursor { rest: spec.chars() };
        let (fill, given_align) = parse_align(&mut cursor);
        let sign = cursor.take(|c| matches!(c, '+' | '-' | ' '));
        let no_neg_0 = cursor.take(|c| c == 'z').is_some();
        let alternate = cursor.take(|c| c == '#').is_some();
        let zero = fill.is_none() && cursor.take(|c| c == '0').is_some();
        let align = match given_align {
            Some(align) => align,
            None if zero && default_align == '>' => '=',
            None => default_align,
        };
        let width = cursor.number()?;
        let grouping = parse_grouping(&mut cursor)?;
        let precision = parse_precision(&mut cursor)?;
        let kind = cursor.rest.next().or(default_kind);
        if cursor.peek().is_some() {
            return value_error(format!(
                "Invalid format specifier '{spec}' for object of type '{type_name}'"
            ));
        }
        check_grouping(grouping, kind)?;
        if width.is_some_and(|width| width > i32::MAX as usize) {
            return Err(FormatError::Memory);
        }
        let fill = fill.unwrap_or(if zero { '0' } else { ' ' });
        Ok(FormatSpec {
            fill,
            align,
            sign,
            no_neg_0,
            alternate,
            width,
            grouping,
            precision,
            kind,
        })
    }

    fn group_size(&self) -> Option<usize> {
        self.grouping?;
        Some(if matches!(self.kind, Some('b' | 'o' | 'x' | 'X')) {
            4
        } else {
            3
        })
    }
}

fn parse_align(cursor: &mut Cursor<'_>) -> (Option<char>, Option<char>) {
    let mut ahead = cursor.rest.clone();
    match (ahead.next(), ahead.next()) {
        (Some(fill), Some(align)) if is_align(align) => {
            cursor.rest = ahead;
            (Some(fill), Some(align))
        }
        _ => (None, cursor.take(is_align)),
    }
}

fn parse_grouping(cursor: &mut Cursor<'_>) -> Result<Option<char>, FormatError> {
    let comma = cursor.take(|c| c == ',');
    let underscore = cursor.take(|c| c == '_');
    if underscore.is_some() && (comma.is_some() || cursor.peek() == Some(',')) {
        return value_error("Cannot specify both ',' and '_'.");
    }
    Ok(comma.or(underscore))
}

fn parse_precision(cursor: &mut Cursor<'_>) -> Result<Option<usize>, FormatError> {
    if cursor.take(|c| c == '.').is_none() {
        return Ok(None);
    }
    match cursor.number()? {
        Some(precision) => Ok(Some(precision)),
        None => value_error("Format specifier missing precision"),
    }
}

fn check_grouping(grouping: Option<char>, kind: Option<char>) -> Result<(), FormatError> {
    let Some(grouping) = grouping else {
        return Ok(());
    };
    match kind {
        None | Some('d' | 'e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F') => Ok(()),
        Some('b' | 'o' | 'x' | 'X') if grouping == '_' => Ok(()),
        Some(kind) => value_error(format!(
            "Cannot specify '{grouping}' with '{}'.",
            code_text(kind)
        )),
    }
}

/// How messages show a presentation type.
fn code_text(code: char) -> String {
    if matches!(code, '!'..='\u{7f}') {
        code.to_string()
    } else {
        format!("\\x{:x}", code as u32)
    }
}

fn unknown_code<T>(kind: char, type_name: &str) -> Result<T, FormatError> {
    value_error(format!(
        "Unknown format code '{}' for object of type '{type_name}'",
        code_text(kind)
    ))
}

/// `count` copies of `c` at the end of `out`.
fn fill(out: &mut String, c: char, count: usize) {
    out.extend(std::iter::repeat_n(c, count));
}

/// Pads `body` of `length` characters to the width (`=` pads left, as CPython does where there is no number).
fn pad(body: &str, length: usize, spec: &FormatSpec) -> String {
    let missing = spec.width.unwrap_or(0).saturating_sub(length);
    let left = match spec.align {
        '<' => 0,
        '^' => missing / 2,
        _ => missing,
    };
    let mut out = String::with_capacity(body.len() + missing);
    fill(&mut out, spec.fill, left);
    out.push_str(body);
    fill(&mut out, spec.fill, missing - left);
    out
}

/// `format(str, spec)`.
pub fn format_str(text: &str, spec: &str, type_name: &str) -> Result<String, FormatError> {
    if spec.is_empty() {
        return Ok(text.to_string());
    }
    let spec = FormatSpec::parse(spec, Some('s'), '<', type_name)?;
    if let Some(kind) = spec.kind.filter(|kind| *kind != 's') {
        return unknown_code(kind, type_name);
    }
    match spec.sign {
        Some(' ') => return value_error("Space not allowed in string format specifier"),
        Some(_) => return value_error("Sign not allowed in string format specifier"),
        None => {}
    }
    if spec.no_neg_0 {
        return value_error("Negative zero coercion (z) not allowed in string format specifier");
    }
    if spec.alternate {
        return value_error("Alternate form (#) not allowed in string format specifier");
    }
    if spec.align == '=' {
        return value_error("'=' alignment not allowed in string format specifier");
    }
    let cut = spec
        .precision
        .and_then(|precision| text.char_indices().nth(precision));
    let shown = cut.and_then(|(at, _)| text.get(..at)).unwrap_or(text);
    Ok(pad(shown, shown.chars().count(), &spec))
}

/// `format(int, spec)`; `digit_limit` is the interpreter's limit on decimal digits (0: none).
pub fn format_int(
    value: &BigInt,
    spec: &str,
    type_name: &str,
    digit_limit: usize,
) -> Result<String, FormatError> {
    let spec = FormatSpec::parse(spec, Some('d'), '>', type_name)?;
    match spec.kind {
        Some('b' | 'c' | 'd' | 'o' | 'x' | 'X' | 'n') | None => int_with(value, &spec, digit_limit),
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => match bigint_to_f64(value) {
            Some(x) => float_with(x, &spec),
            None => Err(FormatError::Overflow(
                "int too large to convert to float".into(),
            )),
        },
        Some(kind) => unknown_code(kind, type_name),
    }
}

fn int_with(value: &BigInt, spec: &FormatSpec, digit_limit: usize) -> Result<String, FormatError> {
    if spec.precision.is_some() {
        return value_error("Precision not allowed in integer format specifier");
    }
    if spec.no_neg_0 {
        return value_error("Negative zero coercion (z) not allowed in integer format specifier");
    }
    if spec.kind == Some('c') {
        return character(value, spec);
    }
    let radix = match spec.kind {
        Some('b') => 2,
        Some('o') => 8,
        Some('x' | 'X') => 16,
        _ => 10,
    };
    let digits = if radix == 10 {
        let text = to_decimal(value, digit_limit);
        let text =
            text.ok_or_else(|| FormatError::Value(digit_limit_message(digit_limit, None)))?;
        text.trim_start_matches('-').to_string()
    } else {
        value.magnitude().to_str_radix(radix)
    };
    let prefix = if spec.alternate {
        base_prefix(radix)
    } else {
        ""
    };
    let (digits, prefix) = match spec.kind {
        Some('X') => (digits.to_ascii_uppercase(), prefix.to_ascii_uppercase()),
        _ => (digits, prefix.to_string()),
    };
    Ok(Number {
        negative: value.is_negative(),
        prefix: &prefix,
        digits: &digits,
        rest: "",
    }
    .layout(spec))
}

fn character(value: &BigInt, spec: &FormatSpec) -> Result<String, FormatError> {
    if spec.sign.is_some() {
        return value_error("Sign not allowed with integer format specifier 'c'");
    }
    if spec.alternate {
        return value_error("Alternate form (#) not allowed with integer format specifier 'c'");
    }
    let Some(code) = value.to_i64() else {
        return Err(FormatError::Overflow(
            "Python int too large to convert to C long".into(),
        ));
    };
    let Some(code) = u32::try_from(code).ok().filter(|code| *code <= 0x10_ffff) else {
        return Err(FormatError::Overflow(
            "%c arg not in range(0x110000)".into(),
        ));
    };
    let text = char::from_u32(code)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
        .to_string();
    Ok(Number {
        negative: false,
        prefix: "",
        digits: "",
        rest: &text,
    }
    .layout(spec))
}

/// `format(float, spec)`.
pub fn format_float(x: f64, spec: &str, type_name: &str) -> Result<String, FormatError> {
    let spec = FormatSpec::parse(spec, None, '>', type_name)?;
    match spec.kind {
        None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%') => float_with(x, &spec),
        Some(kind) => unknown_code(kind, type_name),
    }
}

/// What [`format_double`] needs for this spec: code, precision and flags.
fn float_style(
    spec: &FormatSpec,
    add_dot_0: bool,
) -> Result<(char, usize, DoubleFlags), FormatError> {
    if spec
        .precision
        .is_some_and(|precision| precision > i32::MAX as usize)
    {
        return value_error("precision too big");
    }
    let flags = DoubleFlags {
        add_dot_0: add_dot_0 && spec.kind.is_none(),
        alt: spec.alternate,
        no_neg_0: spec.no_neg_0,
        always_sign: false,
    };
    let code = match (spec.kind, spec.precision) {
        (None, None) => 'r',
        (None | Some('n'), _) => 'g',
        (Some('%'), _) => 'f',
        (Some(kind), _) => kind,
    };
    let default = if spec.kind.is_none() { 0 } else { 6 };
    Ok((code, spec.precision.unwrap_or(default), flags))
}

fn float_with(x: f64, spec: &FormatSpec) -> Result<String, FormatError> {
    let (code, precision, flags) = float_style(spec, true)?;
    let percent = spec.kind == Some('%');
    let mut text = format_double(if percent { x * 100.0 } else { x }, code, precision, flags);
    if percent {
        text.push('%');
    }
    Ok(Number::split(&text).layout(spec))
}

/// `format(complex, spec)`.
pub fn format_complex(
    real: f64,
    imag: f64,
    spec: &str,
    type_name: &str,
) -> Result<String, FormatError> {
    let spec = FormatSpec::parse(spec, None, '>', type_name)?;
    match spec.kind {
        None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n') => {}
        Some(kind) => return unknown_code(kind, type_name),
    }
    if spec.fill == '0' {
        return value_error("Zero padding is not allowed in complex format specifier");
    }
    if spec.align == '=' {
        return value_error("'=' alignment flag is not allowed in complex format specifier");
    }
    let (code, precision, flags) = float_style(&spec, false)?;
    let skip_real = spec.kind.is_none() && real == 0.0 && real.is_sign_positive();
    let mut bare = FormatSpec {
        fill: ' ',
        align: '<',
        width: None,
        ..spec.clone()
    };
    let real = format_double(real, code, precision, flags);
    let imag = format_double(imag, code, precision, flags);
    let mut text = String::new();
    if !skip_real {
        text = Number::split(&real).layout(&bare);
        bare.sign = Some('+');
    }
    text.push_str(&Number::split(&imag).layout(&bare));
    text.push('j');
    if spec.kind.is_none() && !skip_real {
        text = format!("({text})");
    }
    Ok(pad(&text, text.chars().count(), &spec))
}

/// A number in the parts that padding and grouping treat differently.
struct Number<'a> {
    negative: bool,
    prefix: &'a str,
    /// The digits before the point: the only ones that are grouped.
    digits: &'a str,
    /// The point and all behind it.
    rest: &'a str,
}

impl<'a> Number<'a> {
    /// Takes a decimal number (or `inf`, `nan`) apart.
    fn split(text: &'a str) -> Number<'a> {
        let (negative, body) = match text.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, text),
        };
        let end = body
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(body.len());
        let (digits, rest) = body.split_at_checked(end).unwrap_or((body, ""));
        Number {
            negative,
            prefix: "",
            digits,
            rest,
        }
    }

    fn layout(&self, spec: &FormatSpec) -> String {
        let sign = match (self.negative, spec.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        let fixed = sign.len() + self.prefix.len() + self.rest.chars().count();
        let width = spec.width.unwrap_or(0);
        let zeros = if spec.fill == '0' && spec.align == '=' {
            width.saturating_sub(fixed)
        } else {
            0
        };
        let grouped = match self.digits {
            "" => String::new(),
            digits => group(digits, spec.group_size().zip(spec.grouping), zeros),
        };
        let missing = width.saturating_sub(fixed + grouped.len());
        let (left, inner, right) = match spec.align {
            '<' => (0, 0, missing),
            '^' => (missing / 2, 0, missing - missing / 2),
            '=' => (0, missing, 0),
            _ => (missing, 0, 0),
        };
        let mut out = String::with_capacity(fixed + grouped.len() + missing);
        fill(&mut out, spec.fill, left);
        out.push_str(sign);
        out.push_str(self.prefix);
        fill(&mut out, spec.fill, inner);
        out.push_str(&grouped);
        out.push_str(self.rest);
        fill(&mut out, spec.fill, right);
        out
    }
}

/// Puts separators between groups, after filling up with zeros so that all takes `min_width` characters at least.
fn group(digits: &str, groups: Option<(usize, char)>, min_width: usize) -> String {
    let Some((size, separator)) = groups else {
        let mut out = "0".repeat(min_width.saturating_sub(digits.len()));
        out.push_str(digits);
        return out;
    };
    // The fewest digits that reach `min_width`, given that a separator never comes first.
    let needed = min_width - min_width.saturating_sub(1) / (size + 1);
    let count = digits.len().max(needed);
    let zeros = count - digits.len();
    let mut out = String::with_capacity(count + count / size);
    for (at, c) in std::iter::repeat_n('0', zeros)
        .chain(digits.chars())
        .enumerate()
    {
        if at > 0 && (count - at).is_multiple_of(size) {
            out.push(separator);
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(value: i64, spec: &str) -> String {
        format_int(&BigInt::from(value), spec, "int", 4300)
            .unwrap_or_else(|error| format!("{error:?}"))
    }

    fn float(value: f64, spec: &str) -> String {
        format_float(value, spec, "float").unwrap_or_else(|error| format!("{error:?}"))
    }

    fn error(result: Result<String, FormatError>) -> String {
        match result {
            Err(FormatError::Value(text) | FormatError::Overflow(text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn ints() {
        for (value, spec, text) in [
            (42, "", "42"),
            (-42, "6d", "   -42"),
            (42, "<+6", "+42   "),
            (42, "=+6", "+   42"),
            (42, "*^7", "**42***"),
            (255, "#x", "0xff"),
            (255, "a>#10X", "aaaaaa0XFF"),
            (255, "#010b", "0b11111111"),
            (-255, "#08x", "-0x000ff"),
            (1234567, ",", "1,234,567"),
            (1234567, "_", "1_234_567"),
            (65535, "_b", "1111_1111_1111_1111"),
            (1, "04,", "0,001"),
            (1, "05_x", "0_0001"),
            (97, "c", "a"),
            (97, "3c", "  a"),
            (3, ".2f", "3.00"),
            (3, "%", "300.000000%"),
            (12, "n", "12"),
            (5, "\u{e9}>3", "éé5"),
        ] {
            assert_eq!(int(value, spec), text, "{spec}");
        }
    }

    #[test]
    fn floats() {
        for (value, spec, text) in [
            (2.34567, ".2f", "2.35"),
            (1234567.891, ",.2f", "1,234,567.89"),
            (1e20, "", "1e+20"),
            (1e20, ".3", "1e+20"),
            (123.0, ".3", "1.23e+02"),
            (123.0, ".4", "123.0"),
            (123.0, "g", "123"),
            (123.0, "#.5g", "123.00"),
            (0.00001234, "g", "1.234e-05"),
            (1.0, "e", "1.000000e+00"),
            (1.0, "#.0e", "1.e+00"),
            (1.0, "#.0f", "1."),
            (0.256, ".1%", "25.6%"),
            (-0.001, "z.1f", "0.0"),
            (f64::INFINITY, "06", "000inf"),
            (f64::NAN, "F", "NAN"),
            (-1.5, "010", "-0000001.5"),
            (-1234.5, "012,.1f", "-0,001,234.5"),
            (0.1, ".25f", "0.1000000000000000055511151"),
            (1e-7, ".3G", "1E-07"),
        ] {
            assert_eq!(float(value, spec), text, "{spec}");
        }
    }

    #[test]
    fn strings() {
        for (spec, text) in [
            ("", "abc"),
            ("5", "abc  "),
            (">5", "  abc"),
            ("^6.2", "  ab  "),
            ("05", "abc00"),
        ] {
            assert_eq!(
                format_str("abc", spec, "str").as_deref(),
                Ok(text),
                "{spec}"
            );
        }
    }

    #[test]
    fn complexes() {
        for (real, imag, spec, text) in [
            (1.0, 2.0, "", "(1+2j)"),
            (0.0, -2.5, "", "-2.5j"),
            (1.5, -2.25, ".1f", "1.5-2.2j"),
            (1.0, 2.0, ">12", "      (1+2j)"),
            (1.0, 2.0, "+.2g", "+1+2j"),
            (0.0, 2.0, "+", "+2j"),
        ] {
            assert_eq!(
                format_complex(real, imag, spec, "complex").as_deref(),
                Ok(text),
                "{spec}"
            );
        }
    }

    #[test]
    fn errors_have_the_texts_of_cpython() {
        let big = BigInt::from(5);
        for (result, text) in [
            (
                format_str("a", "d", "str"),
                "Unknown format code 'd' for object of type 'str'",
            ),
            (format_str("a", ",", "str"), "Cannot specify ',' with 's'."),
            (
                format_int(&big, ",_", "int", 0),
                "Cannot specify both ',' and '_'.",
            ),
            (
                format_int(&big, "xy", "int", 0),
                "Invalid format specifier 'xy' for object of type 'int'",
            ),
            (
                format_int(&big, ".3d", "int", 0),
                "Precision not allowed in integer format specifier",
            ),
            (
                format_int(&big, "s", "bool", 0),
                "Unknown format code 's' for object of type 'bool'",
            ),
            (
                format_int(&big, "+c", "int", 0),
                "Sign not allowed with integer format specifier 'c'",
            ),
            (
                format_int(&big, "zd", "int", 0),
                "Negative zero coercion (z) not allowed in integer format specifier",
            ),
            (
                format_str("a", "+", "str"),
                "Sign not allowed in string format specifier",
            ),
            (
                format_str("a", " ", "str"),
                "Space not allowed in string format specifier",
            ),
            (
                format_str("a", "#", "str"),
                "Alternate form (#) not allowed in string format specifier",
            ),
            (
                format_str("a", "=5", "str"),
                "'=' alignment not allowed in string format specifier",
            ),
            (
                format_float(1.0, "d", "float"),
                "Unknown format code 'd' for object of type 'float'",
            ),
            (
                format_float(1.0, ".", "float"),
                "Format specifier missing precision",
            ),
            (
                format_float(1.0, "99999999999999999999", "float"),
                "Too many decimal digits in format string",
            ),
            (
                format_complex(1.0, 1.0, "05", "complex"),
                "Zero padding is not allowed in complex format specifier",
            ),
        ] {
            assert_eq!(error(result), text);
        }
    }
}
