//! From source text to syntax tree: lexer (logos), layout, parser (chumsky).

use crate::diagnostic::{Code, Diagnostic, Found};
use crate::source::{Source, Span};

pub mod ast;
mod depth;
pub mod dump;
mod fstring;
mod layout;
mod lexer;
mod number;
mod parser;
mod string;
mod token;
pub mod walk;

pub use token::{Tok, Token};

/// What parsing a whole program gives: always a tree, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub module: ast::Module,
    pub errors: Vec<Diagnostic>,
    /// The errors come only from the text ending too early (an open bracket, block or string): a
    /// REPL asks for another line.
    pub incomplete: bool,
    /// Things that are allowed but suspicious: CPython's `SyntaxWarning`s.
    pub warnings: Vec<Diagnostic>,
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
    parse_with(source, layout::LastLine::Ended, |blocks| blocks.module())
}

/// Parses what is compiled in mode "single": one statement, as typed at a prompt.
pub fn parse_single(source: &Source) -> Parsed {
    parse_with(source, layout::LastLine::AsIs, |blocks| blocks.single())
}

fn parse_with(
    source: &Source,
    last_line: layout::LastLine,
    rule: impl FnOnce(&mut parser::Blocks) -> ast::Block,
) -> Parsed {
    let mut lexed = lexer::lex(source);
    let tokens = layout::layout(source, &mut lexed, last_line);
    let mut blocks = parser::Blocks::new(source, &tokens);
    let body = rule(&mut blocks);
    let mut warnings = std::mem::take(&mut lexed.warnings);
    let mut escapes = escape_warnings(source, blocks.odd_escapes());
    let place = |d: &Diagnostic| d.labels.first().map_or(0, |label| label.span.start);
    let (errors, incomplete) = ordered(source, &lexed, &mut blocks);
    if let Some(error) = errors.first() {
        // CPython decodes strings up to where it fails, and reads all tokens up to one that is none.
        let reached = error.read.map_or_else(|| place(error), |read| read.end);
        escapes.retain(|warning| place(warning) < reached);
        warnings.retain(|warning| error.found != Found::Lexing || place(warning) < place(error));
    }
    warnings.extend(escapes);
    warnings.sort_by_key(place);
    Parsed {
        module: ast::Module { body },
        errors,
        incomplete,
        warnings,
    }
}

/// Parses what `eval` takes: a program of one expression.
pub fn parse_eval(source: &Source) -> Parsed {
    let statement = |value: ast::Expr| ast::Stmt {
        span: value.span,
        kind: ast::StmtKind::Expr(value),
    };
    parse_with(source, layout::LastLine::AsIs, |blocks| {
        blocks.eval().map(statement).into_iter().collect()
    })
}

/// Parses a single expression.
pub fn parse_expression(source: &Source) -> Result<ast::Expr, Vec<Diagnostic>> {
    let mut parsed = parse_eval(source);
    match parsed.module.body.pop().map(|stmt| stmt.kind) {
        Some(ast::StmtKind::Expr(value)) if parsed.errors.is_empty() => Ok(value),
        _ => Err(parsed.errors),
    }
}

/// All errors, first what CPython would report, and whether the text only ended too early. Before
/// CPython believes a syntax error it reads all tokens: an error among them counts more, and so does
/// a bracket that was opened on a line before the error and is never closed.
fn ordered(
    source: &Source,
    lexed: &lexer::Lexed,
    blocks: &mut parser::Blocks,
) -> (Vec<Diagnostic>, bool) {
    let mut errors = std::mem::take(&mut blocks.errors);
    let incomplete = lexed.incomplete || blocks.incomplete;
    let place = |error: &Diagnostic| error.labels.first().map_or(0, |label| label.span.start);
    let first = errors.first().map(place);
    if let Some(lexical) = lexed.errors.first() {
        let before = |at: u32| at < place(lexical) && !outranks(lexical);
        // A tab that cannot be compared is no indentation to begin with.
        let same = |at: u32| at == place(lexical) && lexical.code == Code::Tab;
        let upheld = |at: u32| at <= place(lexical) && blocks.before_lexical && !same(at);
        let parser_first = first.is_some_and(|at| before(at) || upheld(at));
        let rest = errors.split_off(usize::from(parser_first).min(errors.len()));
        let primary = errors.len().max(1);
        errors.extend(lexed.errors.iter().cloned());
        errors.extend(rest);
        if let Some(others) = errors.get_mut(primary..) {
            others.sort_by_key(place);
        }
        return (errors, incomplete);
    }
    let Some(open) = lexed.open_bracket else {
        let incomplete = incomplete && !errors.is_empty();
        return (errors, incomplete);
    };
    // The line with the open bracket is the last one.
    let failed = blocks.last_failure.take();
    let failed = failed.filter(|failed| failed.line.end > open.span.start);
    let failure = failed.as_ref().map_or(u32::MAX, |failed| failed.furthest);
    let to_the_end = failure as usize >= source.text().trim_end().len();
    let behind = source.line_of(failure) > source.line_of(open.span.start);
    let sooner = blocks.before_lexical && first.is_some_and(|at| at <= open.span.start);
    if !to_the_end && !behind {
        if let Some(last) = errors.pop() {
            errors.push(last.label(source, open.span, "this bracket is still open"));
        }
        return (errors, incomplete);
    }
    // What failed behind the bracket failed because of it.
    if !sooner {
        errors.truncate(failed.map_or(errors.len(), |failed| failed.error));
    }
    let title = format!("'{}' was never closed", source.slice(open.span));
    let error = Diagnostic::refusal(title);
    errors.push(error.label(source, open.span, "this bracket is never closed"));
    let incomplete = errors.len() == 1;
    (errors, incomplete)
}

/// Does CPython report this rather than a syntax error on an earlier line? It does not if its
/// tokenizer only stops, as it does at bad indentation and at stray line joins.
fn outranks(lexical: &Diagnostic) -> bool {
    lexical.code.refusal() == Some("SyntaxError")
        && !lexical
            .title
            .starts_with("unexpected character after line continuation")
        && !lexical.title.starts_with("unexpected EOF")
}

fn escape_warnings(source: &Source, odd: Vec<(Span, Span)>) -> Vec<Diagnostic> {
    odd.into_iter()
        .map(|(at, string)| {
            let escape = source.slice(at);
            let title = if escape.chars().nth(1).is_some_and(|c| c.is_digit(8)) {
                format!("invalid octal escape sequence '{escape}'")
            } else {
                format!("invalid escape sequence '{escape}'")
            };
            let mut doubt = Diagnostic::doubt(title);
            // CPython names the line on which the string begins, or on which the text of an f-string ends.
            doubt.pointed = Some(string);
            doubt.label(source, at, "this means nothing").help(format!(
                "write `\\\\{escape}` for a backslash, or a raw string: r\"...\"",
                escape = &escape.get(1..).unwrap_or("")
            ))
        })
        .collect()
}

/// What is in a text before layout and grammar have a say: for those who show or complete what is
/// being typed, which is often no program yet.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Kinds and places, comments left out.
    pub tokens: Vec<Token>,
    pub comments: Vec<Span>,
    /// The innermost bracket still open at the end.
    pub open_bracket: Option<Token>,
}

/// Finds the tokens of a text, whatever it is.
pub fn scan(source: &Source) -> Scan {
    let lexed = lexer::lex(source);
    Scan {
        tokens: lexed.tokens,
        comments: lexed.comments,
        open_bracket: lexed.open_bracket,
    }
}

/// The tokens of a source, layout included.
pub fn tokens(source: &Source) -> Vec<TokenInfo> {
    let mut lexed = lexer::lex(source);
    layout::layout(source, &mut lexed, layout::LastLine::Ended)
        .into_iter()
        .map(|token| TokenInfo {
            kind: token.kind.category(),
            text: source.slice(token.span).to_string(),
            span: token.span,
        })
        .collect()
}
