//! `coro tokens`, `coro ast`, `coro dis`: what a program becomes on its way to running.

use super::terminal::{Terminal, print};
use crate::bytecode::disasm::disassemble;
use crate::source::Source;
use crate::syntax;
use std::fmt::Write as _;

/// One token per line: place, kind, text.
pub(super) fn tokens(source: &Source, terminal: &Terminal) -> i32 {
    let mut out = String::new();
    for token in syntax::tokens(source) {
        let (from, to) = (
            source.position(token.span.start),
            source.position(token.span.end),
        );
        let place = format!("{},{}-{},{}:", from.line, from.column, to.line, to.column);
        let _ = writeln!(out, "{place:<20}{:<15}{:?}", token.kind, token.text);
    }
    let written = print(&out);
    let errors = syntax::parse_module(source).errors;
    if errors.is_empty() {
        return written;
    }
    terminal.show(&errors);
    1
}

/// The tree, one node per line.
pub(super) fn ast(source: &Source, terminal: &Terminal) -> i32 {
    let parsed = syntax::parse_module(source);
    if parsed.errors.is_empty() {
        return print(&syntax::dump::dump(&parsed.module));
    }
    terminal.show(&parsed.errors);
    1
}

/// The bytecode of the program and of every function in it.
pub(super) fn dis(source: &Source, terminal: &Terminal) -> i32 {
    let parsed = syntax::parse_module(source);
    if !parsed.errors.is_empty() {
        terminal.show(&parsed.errors);
        return 1;
    }
    match crate::compile::compile_module(source, &parsed.module, crate::compile::Mode::Module) {
        Ok(compiled) => print(&disassemble(&compiled.code)),
        Err(errors) => {
            terminal.show(&errors);
            1
        }
    }
}
