//! Templates of `str.format`: taken apart lazily, because errors come only when the formatting reaches them.
//! Knows nothing of arguments; the caller looks names up and formats.

use super::unicode::decimal_value;

/// One step through a template: literal text, then perhaps a replacement field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markup<'a> {
    /// Text to copy, with doubled braces made single already.
    pub literal: &'a str,
    /// The field after it.
    pub field: Option<Field<'a>>,
}

/// A replacement field, `{name!conversion:spec}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Everything before `!` or `:`; see [`FieldName::split`].
    pub name: &'a str,
    /// The character after `!`; check it with [`conversion_error`] after the lookup.
    pub conversion: Option<char>,
    /// The spec, which is itself a template where `spec_is_template`.
    pub spec: &'a str,
    /// Whether the spec contains fields of its own.
    pub spec_is_template: bool,
}

/// ValueError with this text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateError(pub &'static str);

/// How deep templates nest in specs: the template itself and one level of fields in specs. Going deeper is
/// `ValueError: Max string recursion exceeded`.
pub const MAX_NESTING: usize = 2;
/// The text of that error.
pub const NESTING_ERROR: TemplateError = TemplateError("Max string recursion exceeded");

const TOO_MANY_DIGITS: TemplateError = TemplateError("Too many decimal digits in format string");

/// Walks through a template. After an error it must not be asked again.
#[derive(Clone, Debug)]
pub struct Template<'a> {
    rest: &'a str,
}

impl<'a> Template<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Template { rest: text }
    }

    /// The text up to `at` bytes, skipping `skip` bytes after it.
    fn cut(&mut self, at: usize, skip: usize) -> &'a str {
        let (head, tail) = self.rest.split_at_checked(at).unwrap_or((self.rest, ""));
        self.rest = tail.get(skip..).unwrap_or("");
        head
    }

    fn step(&mut self) -> Result<Markup<'a>, TemplateError> {
        let Some(at) = self.rest.find(['{', '}']) else {
            return Ok(Markup {
                literal: self.cut(self.rest.len(), 0),
                field: None,
            });
        };
        let brace = self.rest.as_bytes().get(at).copied();
        if self.rest.as_bytes().get(at + 1).copied() == brace {
            let literal = self.rest.get(..=at).unwrap_or("");
            self.cut(at + 1, 1);
            return Ok(Markup {
                literal,
                field: None,
            });
        }
        if brace == Some(b'}') {
            return Err(TemplateError("Single '}' encountered in format string"));
        }
        if at + 1 == self.rest.len() {
            return Err(TemplateError("Single '{' encountered in format string"));
        }
        let literal = self.cut(at, 1);
        Ok(Markup {
            literal,
            field: Some(self.field()?),
        })
    }

    fn field(&mut self) -> Result<Field<'a>, TemplateError> {
        let (end, terminator) = self.name_end()?;
        let name = self.cut(end, 1);
        let mut field = Field {
            name,
            conversion: None,
            spec: "",
            spec_is_template: false,
        };
        if terminator == b'}' {
            return Ok(field);
        }
        if terminator == b'!' {
            let mut chars = self.rest.chars();
            let Some(conversion) = chars.next() else {
                return Err(TemplateError(
                    "end of string while looking for conversion specifier",
                ));
            };
            field.conversion = Some(conversion);
            let after = chars.next();
            self.rest = chars.as_str();
            match after {
                Some('}') => return Ok(field),
                Some(':') | None => {}
                Some(_) => return Err(TemplateError("expected ':' after conversion specifier")),
            }
        }
        self.spec(&mut field)?;
        Ok(field)
    }

    /// Where the field's name ends, and at which character.
    fn name_end(&self) -> Result<(usize, u8), TemplateError> {
        let mut in_brackets = false;
        for (at, &byte) in self.rest.as_bytes().iter().enumerate() {
            match byte {
                b']' => in_brackets = false,
                _ if in_brackets => {}
                b'[' => in_brackets = true,
                b'{' => return Err(TemplateError("unexpected '{' in field name")),
                b'}' | b':' | b'!' => return Ok((at, byte)),
                _ => {}
            }
        }
        Err(TemplateError("expected '}' before end of string"))
    }

    fn spec(&mut self, field: &mut Field<'a>) -> Result<(), TemplateError> {
        let mut depth = 1usize;
        for (at, &byte) in self.rest.as_bytes().iter().enumerate() {
            match byte {
                b'{' => {
                    field.spec_is_template = true;
                    depth += 1;
                }
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                field.spec = self.cut(at, 1);
                return Ok(());
            }
        }
        Err(TemplateError("unmatched '{' in format spec"))
    }
}

impl<'a> Iterator for Template<'a> {
    type Item = Result<Markup<'a>, TemplateError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            None
        } else {
            Some(self.step())
        }
    }
}

/// The ValueError text for a conversion that is none of `r s a`.
pub fn conversion_error(conversion: char) -> Option<String> {
    match conversion {
        'r' | 's' | 'a' => None,
        '!'..='~' => Some(format!("Unknown conversion specifier {conversion}")),
        _ => Some(format!(
            "Unknown conversion specifier \\x{:x}",
            conversion as u32
        )),
    }
}

/// What a field's name begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldStart<'a> {
    /// `{}`: the next positional argument.
    Auto,
    /// `{3}`.
    Index(usize),
    /// `{name}`.
    Name(&'a str),
}

/// One further lookup in a field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accessor<'a> {
    /// `.name`.
    Attribute(&'a str),
    /// `[3]`.
    Index(usize),
    /// `[key]`.
    Key(&'a str),
}

/// A field's name taken apart: where to start, then accessors, read lazily.
#[derive(Clone, Debug)]
pub struct FieldName<'a> {
    /// The argument to start from.
    pub start: FieldStart<'a>,
    rest: &'a str,
}

impl<'a> FieldName<'a> {
    /// Splits `name` before its first `.` or `[`.
    pub fn split(name: &'a str) -> Result<FieldName<'a>, TemplateError> {
        let (first, rest) = name
            .split_at_checked(name.find(['.', '[']).unwrap_or(name.len()))
            .unwrap_or((name, ""));
        let start = match parse_index(first)? {
            _ if first.is_empty() => FieldStart::Auto,
            Some(index) => FieldStart::Index(index),
            None => FieldStart::Name(first),
        };
        Ok(FieldName { start, rest })
    }

    fn accessor(&mut self) -> Result<Accessor<'a>, TemplateError> {
        const EMPTY: TemplateError = TemplateError("Empty attribute in format string");
        if let Some(tail) = self.rest.strip_prefix('.') {
            let (name, rest) = tail
                .split_at_checked(tail.find(['.', '[']).unwrap_or(tail.len()))
                .unwrap_or((tail, ""));
            self.rest = rest;
            return if name.is_empty() {
                Err(EMPTY)
            } else {
                Ok(Accessor::Attribute(name))
            };
        }
        let Some(tail) = self.rest.strip_prefix('[') else {
            return Err(TemplateError(
                "Only '.' or '[' may follow ']' in format field specifier",
            ));
        };
        let Some((key, rest)) = tail.split_once(']') else {
            return Err(TemplateError("Missing ']' in format string"));
        };
        self.rest = rest;
        match parse_index(key)? {
            _ if key.is_empty() => Err(EMPTY),
            Some(index) => Ok(Accessor::Index(index)),
            None => Ok(Accessor::Key(key)),
        }
    }
}

impl<'a> Iterator for FieldName<'a> {
    type Item = Result<Accessor<'a>, TemplateError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            None
        } else {
            Some(self.accessor())
        }
    }
}

/// A number made of decimal digits only; `None` where `text` is something else.
fn parse_index(text: &str) -> Result<Option<usize>, TemplateError> {
    if text.is_empty() || !text.chars().all(|c| decimal_value(c).is_some()) {
        return Ok(None);
    }
    let mut value = 0i64;
    for digit in text.chars().filter_map(decimal_value) {
        let next = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i64::from(digit)));
        value = next.ok_or(TOO_MANY_DIGITS)?;
    }
    usize::try_from(value)
        .map(Some)
        .map_err(|_| TOO_MANY_DIGITS)
}

/// Numbers the `{}` fields of one call, specs included, and refuses to mix them with `{0}`.
#[derive(Clone, Copy, Default, Debug)]
pub struct AutoNumber {
    next: usize,
    manual: bool,
}

impl AutoNumber {
    /// The positional index that a field starts from; `None` for a named one.
    pub fn index(&mut self, start: FieldStart<'_>) -> Result<Option<usize>, TemplateError> {
        match start {
            FieldStart::Name(_) => Ok(None),
            FieldStart::Auto if self.manual => Err(TemplateError(
                "cannot switch from manual field specification to automatic field numbering",
            )),
            FieldStart::Auto => {
                self.next = self.next.saturating_add(1);
                Ok(Some(self.next - 1))
            }
            FieldStart::Index(_) if self.next > 0 => Err(TemplateError(
                "cannot switch from automatic field numbering to manual field specification",
            )),
            FieldStart::Index(index) => {
                self.manual = true;
                Ok(Some(index))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> String {
        let mut out = String::new();
        for step in Template::new(text) {
            match step {
                Ok(Markup {
                    literal,
                    field: None,
                }) => out.push_str(&format!("<{literal}>")),
                Ok(Markup {
                    literal,
                    field: Some(f),
                }) => out.push_str(&format!(
                    "<{literal}>[{}|{}|{}|{}]",
                    f.name,
                    f.conversion.unwrap_or('-'),
                    f.spec,
                    f.spec_is_template
                )),
                Err(TemplateError(text)) => return out + text,
            }
        }
        out
    }

    #[test]
    fn templates() {
        for (text, expected) in [
            (
                "a{0.name[key]!r:>{width}}b",
                "<a>[0.name[key]|r|>{width}|true]<b>",
            ),
            ("{{}}", "<{><}>"),
            ("{}{:x}", "<>[|-||false]<>[|-|x|false]"),
            ("{a[}:!]}", "<>[a[}:!]|-||false]"),
            ("x}y", "Single '}' encountered in format string"),
            ("}", "Single '}' encountered in format string"),
            ("{", "Single '{' encountered in format string"),
            ("{a", "expected '}' before end of string"),
            (
                "{a!",
                "end of string while looking for conversion specifier",
            ),
            ("{a!r", "unmatched '{' in format spec"),
            ("{a!rx}", "expected ':' after conversion specifier"),
            ("{a:{b}", "unmatched '{' in format spec"),
            ("{a{b}}", "unexpected '{' in field name"),
            ("{!}", "unmatched '{' in format spec"),
        ] {
            assert_eq!(steps(text), expected, "{text}");
        }
    }

    #[test]
    fn names() {
        let parts = |name| -> Result<Vec<Accessor<'_>>, TemplateError> {
            FieldName::split(name)?.collect()
        };
        assert_eq!(
            parts("a.b[0][x y].c"),
            Ok(vec![
                Accessor::Attribute("b"),
                Accessor::Index(0),
                Accessor::Key("x y"),
                Accessor::Attribute("c")
            ])
        );
        assert_eq!(
            parts("a."),
            Err(TemplateError("Empty attribute in format string"))
        );
        assert_eq!(
            parts("a[]"),
            Err(TemplateError("Empty attribute in format string"))
        );
        assert_eq!(
            parts("a[b"),
            Err(TemplateError("Missing ']' in format string"))
        );
        assert_eq!(
            parts("a[b]c"),
            Err(TemplateError(
                "Only '.' or '[' may follow ']' in format field specifier"
            ))
        );
        assert_eq!(parts("99999999999999999999"), Err(TOO_MANY_DIGITS));
    }

    #[test]
    fn numbering() {
        let mut auto = AutoNumber::default();
        assert_eq!(auto.index(FieldStart::Auto), Ok(Some(0)));
        assert_eq!(auto.index(FieldStart::Name("x")), Ok(None));
        assert_eq!(auto.index(FieldStart::Auto), Ok(Some(1)));
        assert!(auto.index(FieldStart::Index(0)).is_err());
        let mut manual = AutoNumber::default();
        assert_eq!(manual.index(FieldStart::Index(5)), Ok(Some(5)));
        assert!(manual.index(FieldStart::Auto).is_err());
    }
}
