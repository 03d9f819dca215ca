//! From source text to syntax tree: lexer (logos), layout, parser (chumsky).

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};

pub mod ast;
pub mod dump;

/// What parsing a whole program gives: always a tree, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub module: ast::Module,
    pub errors: Vec<Diagnostic>,
    /// The errors come only from the text ending too early (an open bracket, block or string): a
    /// REPL asks for another line.
    pub incomplete: bool,
}

/// A token as `coro tokens` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenInfo {
    /// CPython's name for the kind: `NAME`, `NUMBER`, `OP`, `INDENT`…
    pub kind: &'static str,
    pub text: String,
    pub span: Span,
}

/// Parses a program. The tree is complete only if `errors` is empty.
pub fn parse_module(source: &Source) -> Parsed {
    let error = Diagnostic::error(Code::Syntax, "invalid syntax").label(
        source,
        Span::new(0, 0),
        "not parsed yet",
    );
    Parsed {
        module: ast::Module::default(),
        errors: vec![error],
        incomplete: false,
    }
}

/// Parses a single expression, as `eval` wants it.
pub fn parse_expression(source: &Source) -> Result<ast::Expr, Vec<Diagnostic>> {
    Err(parse_module(source).errors)
}

/// The tokens of a source, layout included.
pub fn tokens(_source: &Source) -> Vec<TokenInfo> {
    Vec::new()
}
