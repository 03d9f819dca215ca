//! f-strings: parts formatted into neighbouring registers, then joined.

use super::*;
use crate::syntax::ast::{Conversion, FStringField, FStringPart};

/// Longer f-strings are joined piece by piece.
const MAX_PARTS: usize = 60;
/// Bit of `FormatValue`'s `c`: the spec stands in register a.
const HAS_SPEC: u16 = 4;

/// Bit of `FormatValue`'s `c`: `BuildString` follows, which takes ints too.
const JOINED: u16 = 8;

/// Text or a field, with the text of `{x=}` split off.
enum Piece<'a> {
    Text(Rc<str>),
    Field(&'a FStringField),
}

impl<'a> Gen<'a> {
    pub(super) fn fstring(&mut self, parts: &'a [FStringPart], span: Span, dst: u16) {
        let pieces = pieces(parts);
        match pieces.as_slice() {
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
        for piece in &pieces {
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
    fn field(&mut self, field: &'a FStringField, slot: u16, joined: u16) {
        let mark = self.top;
        let mut how = joined;
        how |= match field.conversion {
            Some(Conversion::Str) => 1,
            Some(Conversion::Repr) => 2,
            Some(Conversion::Ascii) => 3,
            None if field.debug.is_some() && field.spec.is_none() => 2,
            None => 0,
        };
        let spec = field.spec.as_deref();
        let value = match spec {
            None => self.operand_in(&field.value, slot, &[]),
            Some(spec) => {
                let t = self.alloc();
                self.expr_to(&field.value, t);
                self.fstring(spec, field.value.span, slot);
                how |= HAS_SPEC;
                t
            }
        };
        self.emit(field.value.span, Op::FormatValue, slot, value, how);
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
                pieces.push(Piece::Field(field));
            }
        }
    }
    pieces
}
