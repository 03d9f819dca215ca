//! `coro check`: what can be said about a program without running it. All that refuses it, CPython's
//! own warnings, and mistakes that it surely makes when it comes to the place. Says nothing where
//! it is not sure: a name that is bound twice, a decorated function, a call inside a `try` that
//! catches the error are left alone.

mod awaiting;
mod blocks;
mod generators;
mod names;
mod scopes;
mod walker;

use crate::compile::{self, Mode};
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::syntax;

/// Everything to say about a program, in the order of its text; of a program that is refused, only
/// that.
pub fn check(source: &Source) -> Vec<Diagnostic> {
    let parsed = syntax::parse_module(source);
    if !parsed.errors.is_empty() {
        return parsed.errors;
    }
    let mut found = match compile::compile_module(source, &parsed.module, Mode::Module) {
        Ok(compiled) => [parsed.warnings, compiled.warnings].concat(),
        Err(errors) => return errors,
    };
    let scopes = scopes::Scopes::of(&parsed.module);
    found.extend(walker::walk(source, &parsed.module, &scopes));
    found.sort_by_key(|d| d.labels.first().map_or(0, |label| label.span.start));
    found
}
