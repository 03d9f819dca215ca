//! f-strings: parts formatted into neighbouring registers, then joined. Also `'…' % (…)` with
//! nothing but `%s`, `%r` and `%a`, which CPython's compiler turns into an f-string: each value is
//! formatted before the next is computed.

use super::*;
use crate::syntax::ast::{Conversion, FStringPart};

/// Longer f-strings are joined piece by piece.
const MAX_PARTS: usize = 60;
/// Bit of `FormatValue`'s `c`: the spec stands in register a.
const HAS_SPEC: u16 = 4;

/// Bit of `FormatValue`'s `c`: `BuildString` follows, which takes ints too.
const JOINED: u16 = 8;

/// Text or a field, with the text of `{x=}` split off.
enum Piece<'a> {
    Text(Rc<str>),
    Field(Field<'a>),
}

struct Field<'a> {
    value: &'a Expr,
    conversion: Option<Conversion>,
    spec: Spec<'a>,
    span: Span,
}

enum Spec<'a> {
    None,
    Parts(&'a [FStringPart]),
    Text(Rc<str>),
}

impl<'a> Gen<'a> {
    pub(super) fn fstring(&mut self, parts: &'a [FStringPart], span: Span, dst: u16) {
        self.joined(&pieces(parts), span, dst);
    }

    /// dst = `text % args`, if that can be written as an f-string; false if it cannot.
    pub(super) fn percent(&mut self, text: &str, args: &'a [Expr], span: Span, dst: u16) -> bool {
        let Some(pieces) = percent_pieces(text, args) else {
            return false;
        };
        self.joined(&pieces, span, dst);
        true
    }

    fn joined(&mut self, pieces: &[Piece<'a>], span: Span, dst: u16) {
        match pieces {
            [] => return self.load_str(span, dst, &Rc::from("")),
            [Piece::Text(text)] => return self.load_str(span, dst, text),
            [Piece::Field(field)] => {
                let s = self.scratch(dst);
                self.field(field, s, 0);
                return self.move_to(span, dst, s);
            }
            _ => {}
        }
        let base = self.top;
        for piece in pieces {
            let slot = self.alloc();
            match piece {
                Piece::Text(text) => self.load_str(span, slot, text),
                Piece::Field(field) => self.field(field, slot, JOINED),
            }
            let count = usize::from(self.top - base);
            if count >= MAX_PARTS {
                self.emit(span, Op::BuildString, base, base, count as u16);
                self.top = base + 1;
            }
        }
        let count = self.top - base;
        self.emit(span, Op::BuildString, dst, base, count);
        self.top = base;
    }

    /// slot = the formatted field; `slot` is a temporary.
    fn field(&mut self, field: &Field<'a>, slot: u16, joined: u16) {
        let mark = self.top;
        let conversion = match field.conversion {
            Some(Conversion::Str) => 1,
            Some(Conversion::Repr) => 2,
            Some(Conversion::Ascii) => 3,
            None => 0,
        };
        let mut how = joined | conversion;
        let value = match &field.spec {
            Spec::None => self.operand_in(field.value, slot, &[]),
            Spec::Text(text) => {
                let t = self.alloc();
                self.expr_to(field.value, t);
                self.load_str(field.span, slot, text);
                how |= HAS_SPEC;
                t
            }
            Spec::Parts(spec) => {
                let t = self.alloc();
                self.expr_to(field.value, t);
                // Converted before the spec is computed.
                if conversion != 0 {
                    self.emit(field.span, Op::FormatValue, t, t, conversion);
                }
                self.fstring(spec, field.span, slot);
                how = HAS_SPEC;
                t
            }
        };
        self.emit(field.span, Op::FormatValue, slot, value, how);
        self.top = mark;
    }
}

/// The parts with neighbouring texts joined.
fn pieces(parts: &[FStringPart]) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let push_text = |pieces: &mut Vec<Piece<'_>>, text: &Rc<str>| match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(before)) => *before = Rc::from(format!("{before}{text}")),
        _ => pieces.push(Piece::Text(text.clone())),
    };
    for part in parts {
        match part {
            FStringPart::Literal(text) => push_text(&mut pieces, text),
            FStringPart::Field(field) => {
                if let Some(debug) = &field.debug {
                    push_text(&mut pieces, debug);
                }
                pieces.push(Piece::Field(Field {
                    value: &field.value,
                    conversion: field.conversion,
                    spec: match field.spec.as_deref() {
                        Some(parts) => Spec::Parts(parts),
                        None => Spec::None,
                    },
                    span: field.span,
                }));
            }
        }
    }
    pieces
}

/// Digits that a width or precision may have.
const MAX_DIGITS: usize = 2;

/// `text % args` as the pieces of an f-string; `None` if it has other fields than `%s`, `%r` and
/// `%a`, or not as many as arguments.
fn percent_pieces<'a>(text: &str, args: &'a [Expr]) -> Option<Vec<Piece<'a>>> {
    let mut pieces = Vec::new();
    let mut args = args.iter();
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            plain.push('%');
            rest = after;
            continue;
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
        }
        let (conversion, spec, after) = percent_field(after)?;
        let value = args.next()?;
        if matches!(value.kind, ExprKind::Starred(_)) {
            return None;
        }
        pieces.push(Piece::Field(Field {
            value,
            conversion: Some(conversion),
            spec,
            span: value.span,
        }));
        rest = after;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain.into()));
    }
    args.next().is_none().then_some(pieces)
}

/// What stands after a `%`: conversion, format spec, and the text behind.
fn percent_field<'a>(text: &str) -> Option<(Conversion, Spec<'a>, &str)> {
    let rest = text.trim_start_matches(['-', '+', ' ', '#', '0']);
    let to_the_left = text.strip_suffix(rest)?.contains('-');
    let (width, rest) = number(rest)?;
    let (precision, rest) = match rest.strip_prefix('.') {
        Some(rest) => number(rest).map(|(digits, rest)| (Some(digits), rest))?,
        None => (None, rest),
    };
    let mut rest = rest.chars();
    let conversion = match rest.next()? {
        's' => Conversion::Str,
        'r' => Conversion::Repr,
        'a' => Conversion::Ascii,
        _ => return None,
    };
    let mut spec = String::new();
    if !to_the_left && !width.is_empty() {
        spec.push('>');
    }
    spec.push_str(width);
    if let Some(digits) = precision {
        spec.push('.');
        spec.push_str(if digits.is_empty() { "0" } else { digits });
    }
    let spec = if spec.is_empty() {
        Spec::None
    } else {
        Spec::Text(spec.into())
    };
    Some((conversion, spec, rest.as_str()))
}

/// The digits that a text begins with, and the rest.
fn number(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(rest)?;
    (digits.len() <= MAX_DIGITS).then_some((digits, rest))
}
