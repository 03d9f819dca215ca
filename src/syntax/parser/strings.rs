//! String literals and f-strings; neighbours are joined.

use super::rule::{
    Extra, Matched, Miss, Reader, Rule, State, Tokens, expr, next_kind, next_span, take, tok,
    tok_if,
};
use crate::source::Span;
use crate::syntax::ast::{Constant, Conversion, Expr, ExprKind, FStringField, FStringPart};
use crate::syntax::fstring::undouble;
use crate::syntax::string::{Decoder, EscapeProblem, Quoting, push_lines};
use crate::syntax::token::{Tok, Token};
use chumsky::prelude::*;
use std::rc::Rc;

/// One literal of several that stand side by side.
enum Piece {
    Text(String),
    Bytes(Vec<u8>),
    Parts(Vec<FStringPart>),
}

/// `strings: (STRING | fstring)+`
pub fn strings<'t>(annotated_rhs: Rule<'t, Expr>) -> Rule<'t, Expr> {
    choice((string(), fstring(annotated_rhs)))
        .repeated()
        .at_least(1)
        .collect::<Vec<_>>()
        .try_map_with(join)
        .boxed()
}

/// `STRING`
fn string<'t>() -> impl Parser<'t, Tokens<'t>, Piece, Extra<'t>> + Clone {
    custom(|inp: &mut Reader<'t, '_>| {
        let span = take(inp, |kind| kind == Tok::String)?.span;
        decode(inp.state(), span)
    })
}

/// `STRING` without a neighbour.
pub fn string_alone(inp: &mut Reader) -> Result<Expr, Miss> {
    let span = take(inp, |kind| kind == Tok::String)?.span;
    let constant = match decode(inp.state(), span)? {
        Piece::Text(text) => Constant::Str(text.into()),
        Piece::Bytes(bytes) => Constant::Bytes(bytes.into()),
        Piece::Parts(_) => return Err(Miss),
    };
    Ok(Expr {
        kind: ExprKind::Constant(constant),
        span,
    })
}

fn decode(state: &mut State, span: Span) -> Result<Piece, Miss> {
    let text = state.slice(span);
    let quoting = Quoting::of(text);
    let end = text.len().saturating_sub(quoting.closing());
    let body = text.get(quoting.opening..end).unwrap_or("");
    if quoting.bytes && !body.is_ascii() {
        return Err(state.raise("bytes can only contain ASCII literal characters", span));
    }
    if quoting.raw || !body.contains('\\') {
        let mut plain = String::with_capacity(body.len());
        push_lines(&mut plain, body);
        return Ok(if quoting.bytes {
            Piece::Bytes(plain.into_bytes())
        } else {
            Piece::Text(plain)
        });
    }
    let mut decoder = Decoder::new(body, span.start + quoting.opening as u32, quoting.bytes);
    let piece = if quoting.bytes {
        Piece::Bytes(decoder.byte_string())
    } else {
        Piece::Text(decoder.text())
    };
    complain(state, decoder.problems, span, span)?;
    Ok(piece)
}

/// What is wrong with escapes in `span`; doubts are told with the place `told`.
fn complain(
    state: &mut State,
    problems: Vec<EscapeProblem>,
    span: Span,
    told: Span,
) -> Result<(), Miss> {
    let mut warned = false;
    for problem in problems {
        match problem {
            // The first in a literal is enough.
            EscapeProblem::Unknown { .. } if warned => {}
            EscapeProblem::Unknown { at } => {
                warned = true;
                // CPython warns before it looks for the reason of an error.
                if !state.explain {
                    state.odd_escapes.push((at, told));
                }
            }
            EscapeProblem::Bad(message) => {
                return Err(state.raise_with(message, span, "in this string"));
            }
        }
    }
    Ok(())
}

/// Joins neighbours: bytes with bytes, everything else to one string or f-string.
fn join(mut pieces: Vec<Piece>, e: &mut Matched) -> Result<Expr, Miss> {
    if pieces.len() == 1 {
        match pieces.pop() {
            Some(Piece::Text(text)) => {
                return Ok(expr(ExprKind::Constant(Constant::Str(text.into())), e));
            }
            Some(Piece::Bytes(bytes)) => {
                return Ok(expr(ExprKind::Constant(Constant::Bytes(bytes.into())), e));
            }
            other => pieces.extend(other),
        }
    }
    let bytes = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Bytes(_)))
        .count();
    if bytes > 0 && bytes < pieces.len() {
        let at = super::rule::here(e);
        let pointed = e.state().furthest_span();
        let title = "cannot mix bytes and nonbytes literals";
        return Err(e.state().raise_pointed(title, at, pointed));
    }
    let formatted = pieces.iter().any(|piece| matches!(piece, Piece::Parts(_)));
    let (mut all_bytes, mut parts, mut text) = (Vec::new(), Vec::new(), String::new());
    for piece in pieces {
        match piece {
            Piece::Bytes(piece) => all_bytes.extend(piece),
            Piece::Text(piece) => text.push_str(&piece),
            Piece::Parts(more) => {
                for part in more {
                    match part {
                        FStringPart::Literal(piece) => text.push_str(&piece),
                        field => {
                            flush(&mut text, &mut parts);
                            parts.push(field);
                        }
                    }
                }
            }
        }
    }
    let kind = if bytes > 0 {
        ExprKind::Constant(Constant::Bytes(all_bytes.into()))
    } else if formatted {
        flush(&mut text, &mut parts);
        ExprKind::JoinedStr(parts)
    } else {
        ExprKind::Constant(Constant::Str(text.into()))
    };
    Ok(expr(kind, e))
}

/// Makes a literal part of the text gathered so far.
fn flush(text: &mut String, parts: &mut Vec<FStringPart>) {
    if !text.is_empty() {
        parts.push(FStringPart::Literal(Rc::from(text.as_str())));
        text.clear();
    }
}

/// `fstring: FSTRING_START (FSTRING_MIDDLE | replacement_field)* FSTRING_END`
fn fstring<'t>(annotated_rhs: Rule<'t, Expr>) -> Rule<'t, Piece> {
    let field = replacement_field(annotated_rhs);
    tok(Tok::FStringStart)
        .ignore_then(fstring_part(field, false).repeated().collect::<Vec<_>>())
        .then_ignore(tok(Tok::FStringEnd))
        .map(Piece::Parts)
        .boxed()
}

fn fstring_part<'t>(field: Rule<'t, FStringPart>, in_spec: bool) -> Rule<'t, FStringPart> {
    let middle = tok_if(|kind| matches!(kind, Tok::FStringMiddle | Tok::FStringMiddleRaw))
        .try_map_with(move |token, e| literal(token, in_spec, e.state()));
    choice((middle, field)).boxed()
}

fn literal(token: Token, in_spec: bool, state: &mut State) -> Result<FStringPart, Miss> {
    let body = state.slice(token.span);
    let undoubled = |text: String| if in_spec { text } else { undouble(&text) };
    if token.kind == Tok::FStringMiddleRaw || !body.contains('\\') {
        let mut plain = String::with_capacity(body.len());
        push_lines(&mut plain, body);
        return Ok(FStringPart::Literal(undoubled(plain).into()));
    }
    // Braces are made single between escapes, not in what escapes stand for: `\x7b` is one brace.
    let mut text = String::with_capacity(body.len());
    let mut problems = Vec::new();
    let mut offset = token.span.start;
    // CPython decodes piece by piece: each ends with a doubled brace or a named character.
    let mut piece = 0;
    let mut at = 0;
    for (chunk, escaped) in split_escapes(body) {
        let before = body.get(piece..at).map_or(0, |text| text.chars().count());
        at += chunk.len();
        if chunk == "\\" {
            text.push_str(chunk);
            problems.extend(escaped_brace(state, offset));
        } else if escaped {
            let mut decoder = Decoder::within(chunk, offset, before);
            text.push_str(&decoder.text());
            problems.append(&mut decoder.problems);
            if chunk.starts_with("\\N") {
                piece = at;
            }
        } else {
            let doubled = chunk
                .rfind("{{")
                .max(chunk.rfind("}}"))
                .filter(|_| !in_spec);
            piece = doubled.map_or(piece, |doubled| at - chunk.len() + doubled + 2);
            let mut plain = String::new();
            push_lines(&mut plain, chunk);
            text.push_str(&undoubled(plain));
        }
        offset += chunk.len() as u32;
    }
    complain(state, problems, token.span, token.span.after()).inspect_err(|_| {
        let end = fstring_end(state, token.span);
        if let Some(raised) = &mut state.raised {
            raised.pointed = end;
        }
    })?;
    Ok(FStringPart::Literal(text.into()))
}

/// `\{` means nothing, whether the brace opens a field or is one of two.
fn escaped_brace(state: &State, offset: u32) -> Option<EscapeProblem> {
    let at = Span::new(offset, offset + 2);
    let brace = state.slice(at).ends_with(['{', '}']);
    brace.then_some(EscapeProblem::Unknown { at })
}

/// The quotes that end the f-string which this text belongs to.
fn fstring_end(state: &State, text: Span) -> Option<Span> {
    let mut inner = 0usize;
    let behind = state
        .line
        .iter()
        .filter(|token| token.span.start >= text.end);
    for token in behind {
        match token.kind {
            Tok::FStringStart => inner += 1,
            Tok::FStringEnd if inner == 0 => return Some(token.span),
            Tok::FStringEnd => inner -= 1,
            _ => {}
        }
    }
    None
}

/// Cuts text into escapes and what stands between them.
fn split_escapes(body: &str) -> Vec<(&str, bool)> {
    let mut chunks = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        let (plain, tail) = rest.split_at(at);
        chunks.push((plain, false));
        let length = escape_length(tail);
        let (escape, after) = tail.split_at(length);
        chunks.push((escape, true));
        rest = after;
    }
    chunks.push((rest, false));
    chunks
}

/// The length of the escape at the start of `text`.
fn escape_length(text: &str) -> usize {
    let Some(letter) = text.chars().nth(1) else {
        return text.len();
    };
    let digits = |from: usize, most: usize| {
        let rest = text.get(from..).unwrap_or("");
        from + rest
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_hexdigit)
            .count()
    };
    match letter {
        'x' => digits(2, 2),
        'u' => digits(2, 4),
        'U' => digits(2, 8),
        '0'..='7' => {
            1 + text
                .bytes()
                .skip(1)
                .take(3)
                .take_while(|b| (b'0'..=b'7').contains(b))
                .count()
        }
        'N' if text.as_bytes().get(2) == Some(&b'{') => {
            text.find('}').map_or(text.len(), |i| i + 1)
        }
        '\r' if text.as_bytes().get(2) == Some(&b'\n') => 3,
        '{' | '}' => 1,
        letter => 1 + letter.len_utf8(),
    }
}

/// `replacement_field: '{' annotated_rhs ['='] ['!' NAME] [':' format_spec] '}'`
fn replacement_field<'t>(annotated_rhs: Rule<'t, Expr>) -> Rule<'t, FStringPart> {
    recursive(|field| {
        let spec = fstring_part(field.boxed(), true)
            .repeated()
            .collect::<Vec<_>>()
            .boxed();
        custom(move |inp: &mut Reader<'t, '_>| {
            let open = take(inp, |kind| kind == Tok::LBrace)?;
            let value = field_value(inp, &annotated_rhs)?;
            let debug = debug_end(inp)?.map(|end| Span::new(open.span.end, end));
            let conversion = conversion(inp)?;
            let spec = match take(inp, |kind| kind == Tok::Colon) {
                Ok(_) => Some(inp.parse(&spec)?),
                Err(Miss) => None,
            };
            let missing = if spec.is_some() {
                "f-string: expecting '}', or format specs"
            } else {
                "f-string: expecting '}'"
            };
            expect(inp, &[Tok::RBrace], missing)?;
            let close = take(inp, |kind| kind == Tok::RBrace)?;
            let debug = debug.map(|span| Rc::from(inp.state().slice(span)));
            // `{x=}` shows the repr, as if it were `{x=!r}`.
            let shows_repr = debug.is_some() && spec.is_none();
            let conversion = conversion.or(shows_repr.then_some(Conversion::Repr));
            Ok(FStringPart::Field(Box::new(FStringField {
                value,
                debug,
                conversion,
                spec,
                span: open.span.to(close.span),
            })))
        })
        .boxed()
    })
    .boxed()
}

/// While an error is explained: one of these must come next.
fn expect(inp: &mut Reader, wanted: &[Tok], message: &'static str) -> Result<(), Miss> {
    if inp.state().explain && !wanted.contains(&next_kind(inp)) {
        let at = next_span(inp);
        return Err(inp.state().raise(message, at));
    }
    Ok(())
}

fn field_value<'t>(inp: &mut Reader<'t, '_>, annotated_rhs: &Rule<'t, Expr>) -> Result<Expr, Miss> {
    let first = next_span(inp);
    if inp.state().explain {
        let found = match next_kind(inp) {
            Tok::Equal => Some('='),
            Tok::Exclamation => Some('!'),
            Tok::Colon => Some(':'),
            Tok::RBrace => Some('}'),
            _ => None,
        };
        if let Some(found) = found {
            let title = format!("f-string: valid expression required before '{found}'");
            return Err(inp.state().raise(title, first));
        }
    }
    let start = inp.cursor();
    let Ok(value) = inp.parse(annotated_rhs) else {
        if inp.state().explain {
            let title = "f-string: expecting a valid expression after '{'";
            return Err(inp.state().raise(title, first));
        }
        return Err(Miss);
    };
    if ends_in_lambda(inp.slice_since(&start..)) {
        // The `:` of the lambda is that of a format spec.
        let at = next_span(inp).start;
        let title = "f-string: expecting '=', or '!', or ':', or '}'";
        return Err(inp.state().raise(title, Span::new(at, at)));
    }
    expect(
        inp,
        &[Tok::Equal, Tok::Exclamation, Tok::Colon, Tok::RBrace],
        "f-string: expecting '=', or '!', or ':', or '}'",
    )?;
    Ok(value)
}

/// Is there a `lambda` outside of brackets?
fn ends_in_lambda(tokens: &[Token]) -> bool {
    let mut depth = 0usize;
    tokens.iter().any(|token| {
        match token.kind {
            Tok::LParen | Tok::LBracket | Tok::LBrace => depth += 1,
            Tok::RParen | Tok::RBracket | Tok::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.kind == Tok::Lambda
    })
}

/// For `{x = }`, where the text to show ends: at the token after the `=`.
fn debug_end(inp: &mut Reader) -> Result<Option<u32>, Miss> {
    if take(inp, |kind| kind == Tok::Equal).is_err() {
        return Ok(None);
    }
    let after = [Tok::Exclamation, Tok::Colon, Tok::RBrace];
    if next_kind(inp) == Tok::Error {
        // What is no token has been reported.
        take(inp, |_| false)?;
    }
    if inp.state().explain && next_kind(inp) == Tok::FStringEnd {
        let end = next_span(inp).start;
        let title = "f-string: expecting '}'";
        return Err(inp.state().raise(title, Span::new(end, end)));
    }
    expect(inp, &after, "f-string: expecting '!', or ':', or '}'")?;
    Ok(Some(next_span(inp).start))
}

/// `conversion: '!' NAME`, one of `s`, `r`, `a`, without a blank between.
fn conversion(inp: &mut Reader) -> Result<Option<Conversion>, Miss> {
    let Ok(mark) = take(inp, |kind| kind == Tok::Exclamation) else {
        return Ok(None);
    };
    let next = next_span(inp);
    let after = next_kind(inp);
    let Ok(name) = take(inp, Tok::is_name) else {
        let title = match after {
            Tok::Colon | Tok::RBrace => "f-string: missing conversion character",
            _ => "f-string: invalid conversion character",
        };
        return Err(inp.state().raise(title, next));
    };
    if name.span.start != mark.span.end {
        // The spelling is CPython's.
        let title = "f-string: conversion type must come right after the exclamanation mark";
        return Err(inp.state().raise(title, mark.span.to(name.span)));
    }
    let conversion = match inp.state().slice(name.span) {
        "s" => Conversion::Str,
        "r" => Conversion::Repr,
        "a" => Conversion::Ascii,
        other => {
            let title = format!(
                "f-string: invalid conversion character '{other}': expected 's', 'r', or 'a'"
            );
            return Err(inp.state().raise(title, name.span));
        }
    };
    expect(
        inp,
        &[Tok::Colon, Tok::RBrace],
        "f-string: expecting ':' or '}'",
    )?;
    Ok(Some(conversion))
}
