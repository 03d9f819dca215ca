//! Turns a line that did not parse into a diagnostic: what a rule has raised, or else a plain
//! "invalid syntax" at the furthest token that any rule has looked at.

use super::rule::{Raised, State};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::token::{Tok, Token};

/// The diagnostic for a line that the explaining pass has just been over.
pub fn explain(source: &Source, tokens: &[Token], furthest: u32, state: &mut State) -> Diagnostic {
    if let Some(raised) = state.raised.take() {
        return raised_diagnostic(source, raised);
    }
    let end = tokens.last().map_or(0, |token| token.span.end);
    let culprit = tokens.iter().find(|token| token.span.start >= furthest);
    let span = culprit.map_or(Span::new(end, end), |token| token.span);
    let before = tokens
        .iter()
        .rev()
        .find(|token| token.span.end <= span.start);
    let label = hint(source, before.copied(), culprit.copied());
    Diagnostic::refusal("invalid syntax").label(source, span, label)
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
