//! Layout: turns line ends and leading blanks into NEWLINE, INDENT and DEDENT. Knows tokens, no
//! grammar. Blank lines and comments have no say.

use super::lexer::Lexed;
use super::token::{Tok, Token};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// Nesting allowed to blocks, as in CPython.
pub const MAX_INDENT: usize = 100;
/// How far a tab moves, and how far it moves for the check that tabs are used consistently.
const TAB: u32 = 8;
const ALT_TAB: u32 = 1;

/// Whether a line end is added to a last line that has none. Without one, blanks alone are a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LastLine {
    Ended,
    AsIs,
}

/// The width of a line's leading blanks, measured twice: only if both measures order two lines the
/// same way does their order not depend on the size of a tab.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Indent {
    column: u32,
    alt: u32,
}

struct Layout<'t> {
    source: &'t Source,
    out: Vec<Token>,
    errors: Vec<Diagnostic>,
    indents: Vec<Indent>,
}

/// Tokens with layout, ready to be parsed; the last one is `End`.
pub fn layout(source: &Source, lexed: &mut Lexed, last_line: LastLine) -> Vec<Token> {
    let mut layout = Layout {
        source,
        out: Vec::with_capacity(lexed.tokens.len() + lexed.tokens.len() / 8),
        errors: Vec::new(),
        indents: vec![Indent::default()],
    };
    layout.run(&lexed.tokens, last_line);
    if !layout.errors.is_empty() {
        lexed.errors.append(&mut layout.errors);
        lexed
            .errors
            .sort_by_key(|d| d.labels.first().map_or(0, |l| l.span.start));
    }
    layout.out
}

impl Layout<'_> {
    fn run(&mut self, tokens: &[Token], last_line: LastLine) {
        let mut line_begins = true;
        for token in tokens {
            if token.kind == Tok::Newline {
                if !line_begins {
                    self.out.push(*token);
                }
                line_begins = true;
                continue;
            }
            if line_begins {
                line_begins = false;
                if !self.indentation(*token) {
                    break;
                }
            }
            self.out.push(*token);
        }
        let end = self.source.text().len() as u32;
        let end = Span::new(end, end);
        if !line_begins {
            self.out.push(Token {
                kind: Tok::Newline,
                span: end,
            });
        }
        let blanks = self.source.text().ends_with([' ', '\t', '\x0c']);
        if line_begins && blanks && last_line == LastLine::AsIs {
            self.indentation(Token {
                kind: Tok::End,
                span: end,
            });
        }
        for _ in 1..self.indents.len() {
            self.out.push(Token {
                kind: Tok::Dedent,
                span: end,
            });
        }
        self.out.push(Token {
            kind: Tok::End,
            span: end,
        });
    }

    /// Compares a line's indentation with the open blocks. False stops everything.
    fn indentation(&mut self, first: Token) -> bool {
        let indent = self.measure(first.span.start);
        let top = self.indents.last().copied().unwrap_or_default();
        let here = Span::new(first.span.start, first.span.start);
        if indent.column == top.column {
            self.check_tabs(indent.alt == top.alt, first.span);
        } else if indent.column > top.column {
            self.check_tabs(indent.alt > top.alt, first.span);
            if self.indents.len() >= MAX_INDENT {
                let error = Diagnostic::refusal("too many levels of indentation");
                self.errors
                    .push(error.label(self.source, first.span, "one level too deep"));
                return false;
            }
            self.indents.push(indent);
            self.out.push(Token {
                kind: Tok::Indent,
                span: here,
            });
        } else {
            self.dedent(indent, first.span, here);
        }
        true
    }

    fn dedent(&mut self, indent: Indent, first: Span, here: Span) {
        while self.indents.len() > 1
            && self
                .indents
                .last()
                .is_some_and(|top| top.column > indent.column)
        {
            self.indents.pop();
            self.out.push(Token {
                kind: Tok::Dedent,
                span: here,
            });
        }
        let top = self.indents.last().copied().unwrap_or_default();
        if top.column != indent.column {
            let title = "unindent does not match any outer indentation level";
            let error = Diagnostic::refusal(title)
                .label(
                    self.source,
                    first,
                    "no block around this line begins at this column",
                )
                .help("align it with the block it belongs to");
            self.errors.push(error);
        } else {
            self.check_tabs(top.alt == indent.alt, first);
        }
    }

    fn check_tabs(&mut self, consistent: bool, first: Span) {
        if !consistent {
            let title = "inconsistent use of tabs and spaces in indentation";
            let error = Diagnostic::refusal(title)
                .label(
                    self.source,
                    first,
                    "how far in this line stands depends on the width of a tab",
                )
                .help("indent with spaces only");
            self.errors.push(error);
        }
    }

    /// The indentation of the line whose first token stands here. If only line joins stand before it,
    /// the first of their lines that is indented at all decides.
    fn measure(&self, offset: u32) -> Indent {
        let mut end = offset as usize;
        let mut decisive = Indent::default();
        loop {
            let text = self.source.text().get(..end).unwrap_or("");
            let start = text.rfind(['\n', '\r']).map_or(0, |i| i + 1);
            let indent = width(text.get(start..).unwrap_or(""));
            if indent.column > 0 {
                decisive = indent;
            }
            let lines = text.get(..start).unwrap_or("");
            let before = lines.strip_suffix('\n').unwrap_or(lines);
            let before = before.strip_suffix('\r').unwrap_or(before);
            let Some(joined) = before.strip_suffix('\\') else {
                break;
            };
            let line = joined.rfind(['\n', '\r']).map_or(0, |i| i + 1);
            let blanks = joined.get(line..).unwrap_or("");
            if !blanks.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\x0c')) {
                break;
            }
            end = joined.len();
        }
        decisive
    }
}

/// The width of leading blanks.
fn width(blanks: &str) -> Indent {
    let mut indent = Indent::default();
    for byte in blanks.bytes() {
        match byte {
            b' ' => {
                indent.column += 1;
                indent.alt += 1;
            }
            b'\t' => {
                indent.column = (indent.column / TAB + 1) * TAB;
                indent.alt = (indent.alt / ALT_TAB + 1) * ALT_TAB;
            }
            b'\x0c' => indent = Indent::default(),
            _ => {}
        }
    }
    indent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::lexer::lex;

    fn kinds(text: &str) -> (Vec<Tok>, Vec<String>) {
        let source = Source::new("t", text);
        let mut lexed = lex(&source);
        let tokens = layout(&source, &mut lexed, LastLine::Ended);
        (
            tokens.iter().map(|t| t.kind).collect(),
            lexed.errors.iter().map(|e| e.title.clone()).collect(),
        )
    }

    #[test]
    fn blocks() {
        use Tok::*;
        let (tokens, errors) = kinds("if a:\n  b\n\n  # note\n    # note\nc");
        assert_eq!(
            tokens,
            [
                If, Name, Colon, Newline, Indent, Name, Newline, Dedent, Name, Newline, End
            ]
        );
        assert!(errors.is_empty());
    }

    #[test]
    fn brackets_and_joins_hide_line_ends() {
        use Tok::*;
        let (tokens, _) = kinds("f(a,\n   b)\nx = \\\n  1\n");
        assert_eq!(
            tokens,
            [
                Name, LParen, Name, Comma, Name, RParen, Newline, Name, Equal, Number, Newline, End
            ]
        );
    }

    #[test]
    fn complaints() {
        assert_eq!(
            kinds("if a:\n    b\n  c\n").1,
            ["unindent does not match any outer indentation level"]
        );
        assert_eq!(
            kinds("if a:\n        b\n\tc\n").1,
            ["inconsistent use of tabs and spaces in indentation"]
        );
        let deep: String = (0..110)
            .map(|i| format!("{}if a:\n", " ".repeat(i)))
            .collect();
        assert_eq!(kinds(&deep).1, ["too many levels of indentation"]);
    }
}
