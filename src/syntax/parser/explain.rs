//! Turns a line that did not parse into a diagnostic: what a rule has raised, or else a plain
//! "invalid syntax" at the furthest token that any rule has looked at.

use super::rule::{Raised, State};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::token::{Tok, Token};

/// The diagnostic for a line that the explaining pass has just been over.
pub fn explain(source: &Source, tokens: &[Token], furthest: u32, state: &mut State) -> Diagnostic {
    let reached = state.furthest.max(furthest);
    if let Some(raised) = state.raised.take() {
        let mut error = raised_diagnostic(source, raised);
        let place = error
            .pointed
            .or(error.labels.first().map(|label| label.span));
        error.read = place.map(|place| read(source, tokens, place, reached));
        return error;
    }
    let culprit = tokens.iter().find(|token| token.span.start >= furthest);
    let span = culprit.map_or(state.line_end(), |token| token.span);
    let before = tokens
        .iter()
        .rev()
        .find(|token| token.span.end <= span.start);
    let label = hint(source, before.copied(), culprit.copied());
    let mut error = Diagnostic::refusal("invalid syntax").label(source, span, label);
    error.read = Some(read(source, tokens, span, reached));
    error
}

/// What CPython's tokenizer had in hand when it had `reached` this token: a line is kept for as long
/// as a string or a line join reaches into the next.
fn read(source: &Source, tokens: &[Token], place: Span, reached: u32) -> Span {
    let text = source.text();
    let line_start = |at: u32| {
        let before = text.get(..at as usize).unwrap_or("");
        before.rfind('\n').map_or(0, |i| i as u32 + 1)
    };
    let is_text = |token: &&Token| {
        matches!(
            token.kind,
            Tok::String | Tok::FStringMiddle | Tok::FStringMiddleRaw
        )
    };
    let mut start = line_start(place.start);
    while start > 0 {
        let before = text.get(..start as usize).unwrap_or("");
        let string = tokens
            .iter()
            .filter(is_text)
            .find(|token| token.span.start < start && token.span.end > start);
        start = match string {
            Some(token) => line_start(token.span.start),
            None if before.ends_with("\\\n") => line_start(start - 1),
            None => break,
        };
    }
    let last = tokens.iter().find(|token| token.span.start >= reached);
    Span::new(
        start,
        last.or(tokens.last())
            .map_or(place.end, |token| token.span.end),
    )
}

fn raised_diagnostic(source: &Source, raised: Raised) -> Diagnostic {
    let mut error = Diagnostic::refusal(raised.title).label(source, raised.span, raised.label);
    error.pointed = raised.pointed;
    match raised.help {
        Some(help) => error.help(help),
        None => error,
    }
}

/// A few words on what cannot stand where.
fn hint(source: &Source, before: Option<Token>, culprit: Option<Token>) -> String {
    let text = |token: Token| source.slice(token.span).to_string();
    let found = culprit.map_or("the end of the line".to_string(), |token| {
        match token.kind {
            Tok::String | Tok::FStringStart => "a string".into(),
            kind if kind.is_keyword() => format!("the keyword `{}`", text(token)),
            _ => format!("`{}`", text(token)),
        }
    });
    match before {
        Some(token) if culprit.is_none() => format!("something is missing after `{}`", text(token)),
        Some(token) => format!("{found} cannot follow `{}` here", text(token)),
        None => format!("{found} cannot begin a statement"),
    }
}
