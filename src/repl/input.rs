//! Is what has been typed an entry that can be run, and if not, where does the next line begin?
//! Asks lexer and parser only.

use crate::source::{Source, Span};
use crate::syntax::ast::{Stmt, StmtKind};
use crate::syntax::{self, Tok, Token};

/// How far a block is indented.
pub const INDENT: usize = 4;

/// Whether Enter at the end of the text asks for another line instead of running it.
///
/// As in CPython: a compound statement goes on until an empty line; a text of several lines that
/// is wrong is given back only after an empty line, if it can still be mended.
pub fn needs_more(text: &str, mendable: bool) -> bool {
    if is_command(text) {
        return false;
    }
    let text = without_final_indent(text);
    let source = Source::new("<stdin>", text);
    let parsed = syntax::parse_module(&source);
    if parsed.errors.is_empty() {
        return parsed.module.body.last().is_some_and(is_compound) && !text.ends_with('\n');
    }
    if parsed.incomplete {
        return true;
    }
    let Some((_, last)) = text.rsplit_once('\n') else {
        return false;
    };
    mendable && !last.trim().is_empty()
}

/// `:tasks`, `?name`, `name?`: not the language's, and never longer than a line.
pub fn is_command(text: &str) -> bool {
    let text = text.trim();
    let one_line = !text.contains('\n');
    text.starts_with([':', '?'])
        || (one_line && text.ends_with('?') && !text.contains(['#', '"', '\'']))
}

fn is_compound(statement: &Stmt) -> bool {
    matches!(
        statement.kind,
        StmtKind::If { .. }
            | StmtKind::While { .. }
            | StmtKind::For { .. }
            | StmtKind::With { .. }
            | StmtKind::Try(_)
            | StmtKind::Match { .. }
            | StmtKind::FunctionDef(_)
            | StmtKind::ClassDef(_)
    )
}

/// The text without the blanks of a last line that has nothing else: they were put there for the
/// author, not by the author.
pub fn without_final_indent(text: &str) -> &str {
    let short = text.trim_end_matches([' ', '\t']);
    if short.ends_with('\n') { short } else { text }
}

/// The blanks with which the line after `before` begins.
pub fn next_indent(before: &str) -> usize {
    let source = Source::new("<stdin>", before);
    let scan = syntax::scan(&source);
    if let Some(bracket) = scan.open_bracket {
        let own = line_indent(before, bracket.span.start);
        let last = line_indent(before, before.len() as u32);
        let on_this_line =
            source.line_of(bracket.span.start) == source.line_of(before.len() as u32);
        return if on_this_line { own + INDENT } else { last };
    }
    let line = logical_line(&scan.tokens);
    let (Some(first), Some(last)) = (line.first(), line.last()) else {
        return line_indent(before, before.len() as u32);
    };
    let own = line_indent(before, first.span.start);
    match (first.kind, last.kind) {
        (_, Tok::Colon) => own + INDENT,
        (Tok::Return | Tok::Pass | Tok::Break | Tok::Continue | Tok::Raise, _) => {
            own.saturating_sub(INDENT)
        }
        _ => own,
    }
}

/// The tokens after the last line end.
fn logical_line(tokens: &[Token]) -> &[Token] {
    let tokens = match tokens.split_last() {
        Some((last, rest)) if last.kind == Tok::Newline => rest,
        _ => tokens,
    };
    let start = tokens.iter().rposition(|t| t.kind == Tok::Newline);
    tokens.get(start.map_or(0, |i| i + 1)..).unwrap_or_default()
}

/// The columns before the first character of the line at an offset.
fn line_indent(text: &str, offset: u32) -> usize {
    let head = text.get(..offset as usize).unwrap_or(text);
    let start = head.rfind('\n').map_or(0, |i| i + 1);
    let line = text.get(start..).unwrap_or_default();
    line.chars().take_while(|c| *c == ' ').count()
}

/// The blanks before the cursor that one press of Backspace takes away: up to the last tab stop,
/// if there is nothing else on the line before the cursor.
pub fn dedent(before: &str) -> Option<usize> {
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    let blanks = before.get(start..)?;
    let only_blanks = !blanks.is_empty() && blanks.bytes().all(|b| b == b' ');
    only_blanks.then_some(match blanks.len() % INDENT {
        0 => INDENT,
        rest => rest,
    })
}

/// The blanks that Tab puts before the cursor, if nothing but blanks stands there.
pub fn indent_by(before: &str) -> Option<usize> {
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    let blanks = before.get(start..)?;
    blanks
        .bytes()
        .all(|b| b == b' ')
        .then(|| INDENT - blanks.len() % INDENT)
}

/// The text of a span, for those who have no source.
pub fn slice(text: &str, span: Span) -> &str {
    text.get(span.range()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_are_complete() {
        for text in [
            "",
            "x",
            "x = 1",
            "f(1,\n  2)",
            "if x:\n    y\n",
            "if x:\n    y\n    ",
            "def f():\n    '''doc\n\n    '''\n\n    return 1\n",
            "'abc",
            "1 +",
            "x ==== 2",
            ":tasks",
            "?f",
            "f?",
            "if x:\n  y\n z\n",
            "lambda: (1,\n\n2)",
            "x = 1  # a comment:",
            "x = \"\"\"a\nb\"\"\"",
        ] {
            assert!(!needs_more(text, true), "{text:?}");
        }
    }

    #[test]
    fn entries_that_go_on() {
        for text in [
            "if x:",
            "if x: y",
            "if x:\n    y",
            "if x:\n    y\nelse:",
            "for i in range(3):\n    print(i)",
            "async def f():\n    await g()",
            "class A:\n    x = 1",
            "f(1,",
            "x = [",
            "x = {1:\n",
            "'''abc",
            "f'''{x} abc",
            "x = \\",
            "@decorator",
            "try:\n    f()\n",
            "with a:\n    if b:\n        c",
            "match x:\n    case 1:\n        y",
            "def f():\n    for i in range(3):",
            "class A:\n    @property",
            "def f():\n    try:\n        g()\n",
            "if x:\n    y ==== 2",
        ] {
            assert!(needs_more(text, true), "{text:?}");
            let mending = text.contains("====");
            assert_eq!(needs_more(text, false), !mending, "{text:?}");
        }
    }

    #[test]
    fn where_the_next_line_begins() {
        for (text, indent) in [
            ("x = 1", 0),
            ("def f():", 4),
            ("def f():\n    if x:", 8),
            ("def f():\n    return 1", 0),
            ("def f():\n    if x:\n        break", 4),
            ("f(1,", 4),
            ("    f(1,", 8),
            ("f(1,\n  2,", 2),
            ("x = {", 4),
            ("if x:  # why", 4),
            ("def f():\n    x = 1\n", 4),
            ("d = {1: 2}", 0),
        ] {
            assert_eq!(next_indent(text), indent, "{text:?}");
        }
    }

    #[test]
    fn blanks_go_by_tab_stops() {
        assert_eq!(dedent("if x:\n        "), Some(4));
        assert_eq!(dedent("      "), Some(2));
        assert_eq!(dedent("x"), None);
        assert_eq!(dedent(""), None);
        assert_eq!(indent_by("  "), Some(2));
        assert_eq!(indent_by("x\n"), Some(4));
        assert_eq!(indent_by("x"), None);
    }
}
