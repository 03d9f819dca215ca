//! From text to tokens. logos finds them; this module adds what a table of patterns cannot say:
//! brackets, the ends of numbers and strings, f-strings, and errors with CPython's words. It knows
//! nothing of indentation: line ends inside brackets are dropped, all others are left to `layout`.

use super::fstring::{self, FStringMode, Piece};
use super::number;
use super::string::{self, Quoting};
use super::token::{Tok, Token};
use crate::diagnostic::{Diagnostic, Found};
use crate::source::{Source, Span};
use logos::Logos;

/// Nesting allowed to brackets, as in CPython.
pub const MAX_BRACKETS: usize = 200;
/// Nesting allowed to f-strings, as in CPython.
const MAX_FSTRINGS: usize = 150;
/// Fields within format specs within fields, as in CPython.
const MAX_SPEC_DEPTH: usize = 3;
/// More lexical errors than this are noise.
const MAX_ERRORS: usize = 20;

/// What the lexer found.
pub struct Lexed {
    pub tokens: Vec<Token>,
    pub errors: Vec<Diagnostic>,
    /// CPython's SyntaxWarnings about tokens.
    pub warnings: Vec<Diagnostic>,
    /// The text ended inside a triple-quoted string or after a line join.
    pub incomplete: bool,
    /// The innermost bracket still open at the end.
    pub open_bracket: Option<Token>,
    /// Spans of comments, for those who want to show them.
    pub comments: Vec<Span>,
}

struct Bracket {
    token: Token,
    /// The bracket opens a replacement field of the f-string at this index of the mode stack.
    field: Option<usize>,
    /// That field's format spec has begun.
    in_spec: bool,
}

pub(super) struct Lexer<'t> {
    source: &'t Source,
    text: &'t str,
    logos: logos::Lexer<'t, Tok>,
    out: Lexed,
    brackets: Vec<Bracket>,
    fstrings: Vec<FStringMode>,
}

/// Reads all tokens of a source.
pub fn lex(source: &Source) -> Lexed {
    let text = source.text();
    let mut lexer = Lexer {
        source,
        text,
        logos: Tok::lexer(text),
        out: Lexed {
            tokens: Vec::with_capacity(text.len() / 4),
            errors: Vec::new(),
            warnings: Vec::new(),
            incomplete: false,
            open_bracket: None,
            comments: Vec::new(),
        },
        brackets: Vec::new(),
        fstrings: Vec::new(),
    };
    lexer.run();
    lexer.out
}

impl<'t> Lexer<'t> {
    fn run(&mut self) {
        while let Some(result) = self.logos.next() {
            let span = self.span();
            match result {
                Ok(kind) => self.token(kind, span),
                Err(()) => self.bad_character(span),
            }
            if self.out.errors.len() >= MAX_ERRORS {
                break;
            }
        }
        self.out.open_bracket = self.brackets.last().map(|bracket| bracket.token);
        let field = self.fstrings.last();
        self.out.incomplete |= field.is_some_and(|mode| mode.quoting.triple);
    }

    fn span(&self) -> Span {
        let range = self.logos.span();
        Span::new(range.start as u32, range.end as u32)
    }

    fn push(&mut self, kind: Tok, span: Span) {
        self.out.tokens.push(Token { kind, span });
    }

    /// Continues reading at this offset, which is not before the last token.
    fn seek(&mut self, offset: u32) {
        let ahead = (offset as usize).saturating_sub(self.logos.span().end);
        self.logos.bump(ahead);
    }

    /// Reports an error and leaves a token that no rule accepts, so that the line is not parsed.
    fn error(&mut self, title: impl Into<String>, span: Span, label: &str) {
        self.report(
            Diagnostic::refusal(title).label(self.source, span, label),
            span,
        );
    }

    fn report(&mut self, diagnostic: Diagnostic, span: Span) {
        self.out.errors.push(diagnostic.found(Found::Lexing));
        self.push(Tok::Error, span);
    }

    fn token(&mut self, kind: Tok, span: Span) {
        match kind {
            Tok::Newline if self.brackets.is_empty() => self.push(kind, span),
            Tok::Newline => {}
            Tok::Comment => self.out.comments.push(span),
            Tok::LineJoin => {
                let ends = span.end as usize == self.text.len();
                self.out.incomplete |= ends;
                // A bracket that is still open counts more.
                if ends && self.brackets.is_empty() {
                    self.error(
                        "unexpected EOF while parsing",
                        span,
                        "nothing follows this line join",
                    );
                }
            }
            Tok::Backslash => self.backslash(span),
            Tok::Name => self.name(span),
            Tok::Number => self.number(span),
            Tok::String => self.string(span),
            Tok::FStringStart => self.fstring_start(span),
            Tok::LParen | Tok::LBracket | Tok::LBrace => self.open(Token { kind, span }, None),
            Tok::RParen | Tok::RBracket | Tok::RBrace => self.close(kind, span),
            Tok::Colon | Tok::ColonEqual => self.colon(kind, span),
            _ => self.push(kind, span),
        }
    }

    fn backslash(&mut self, span: Span) {
        if span.end as usize == self.text.len() {
            return self.token(Tok::LineJoin, span);
        }
        self.error(
            "unexpected character after line continuation character",
            span,
            "the line must end right after `\\`",
        );
        self.skip_line();
    }

    /// Gives up on the rest of the line.
    fn skip_line(&mut self) {
        let rest = self.logos.remainder();
        self.logos
            .bump(rest.find(['\n', '\r']).unwrap_or(rest.len()));
    }

    /// ASCII names need no check; others must follow PEP 3131.
    fn name(&mut self, span: Span) {
        let text = self.logos.slice();
        if text.is_ascii() {
            return self.push(Tok::Name, span);
        }
        for (i, c) in text.char_indices() {
            let valid = if i == 0 {
                c == '_' || unicode_ident::is_xid_start(c)
            } else {
                unicode_ident::is_xid_continue(c)
            };
            if !valid {
                let start = span.start + i as u32;
                let at = Span::new(start, start + c.len_utf8() as u32);
                return self.invalid_character(c, at);
            }
        }
        self.push(Tok::Name, span);
    }

    fn bad_character(&mut self, span: Span) {
        let c = self.logos.slice().chars().next().unwrap_or('\0');
        if c == '\0' {
            return self.error("source code cannot contain null bytes", span, "a null byte");
        }
        self.invalid_character(c, span);
    }

    fn invalid_character(&mut self, c: char, span: Span) {
        let code = c as u32;
        if c.is_control() || is_invisible(c) {
            self.error(
                format!("invalid non-printable character U+{code:04X}"),
                span,
                "delete it or type it anew",
            );
        } else {
            let title = format!("invalid character '{c}' (U+{code:04X})");
            let mut diagnostic =
                Diagnostic::refusal(title).label(self.source, span, "not part of the language");
            if let Some(plain) = ascii_twin(c) {
                diagnostic = diagnostic.help(format!("did you mean `{plain}`?"));
            }
            self.report(diagnostic, span);
        }
    }

    fn number(&mut self, span: Span) {
        let rest = self.text.get(span.start as usize..).unwrap_or("");
        match number::scan(rest) {
            Ok(scanned) => {
                let at = Span::new(span.start, span.start + scanned.length as u32);
                self.seek(at.end);
                self.push(Tok::Number, at);
                if let Some(kind) = scanned.touched {
                    let doubt = Diagnostic::doubt(format!("invalid {kind} literal"));
                    let doubt = doubt.label(self.source, at, "runs into the word after it");
                    let doubt = doubt.help("put a blank between the two");
                    self.out.warnings.push(doubt);
                }
            }
            Err(bad) => {
                let at = Span::new(span.start + bad.start as u32, span.start + bad.end as u32);
                let word = rest
                    .find(|c: char| !(c == '_' || c.is_alphanumeric()))
                    .unwrap_or(rest.len());
                self.seek(span.start + word.max(bad.end) as u32);
                self.error(bad.message, at, "in this number");
            }
        }
    }

    fn string(&mut self, span: Span) {
        let quoting = Quoting::of(self.logos.slice());
        match string::scan(self.logos.remainder(), quoting) {
            Ok(length) => {
                let end = span.end + length as u32;
                self.seek(end);
                self.push(Tok::String, Span::new(span.start, end));
            }
            Err(stopped) => self.unterminated(span, stopped, quoting),
        }
    }

    fn unterminated(&mut self, span: Span, stopped: usize, quoting: Quoting) {
        let at_end = span.end as usize + stopped.min(self.logos.remainder().len());
        let line = self.last_line(at_end);
        let meant_to_close = self.fstrings.last().is_some_and(|mode| {
            mode.quoting.quote == quoting.quote && mode.quoting.triple == quoting.triple
        });
        self.logos.bump(at_end - span.end as usize);
        if meant_to_close {
            self.error(
                "f-string: expecting '}'",
                span,
                "the f-string ends here, inside a replacement field",
            );
            self.abandon_fstring();
        } else if quoting.triple {
            self.out.incomplete = true;
            let title =
                format!("unterminated triple-quoted string literal (detected at line {line})");
            self.error(title, span, "this string is never closed");
        } else {
            let body = self.text.get(span.end as usize..at_end).unwrap_or("");
            let escaped = format!("\\{}", quoting.quote as char);
            let perhaps = if body.contains(&escaped) {
                "; perhaps you escaped the end quote?"
            } else {
                ""
            };
            let title = format!("unterminated string literal (detected at line {line}){perhaps}");
            self.error(title, span, "this string is not closed on its line");
        }
    }

    /// The line on which CPython notices that the text ended at this offset.
    fn last_line(&self, offset: usize) -> u32 {
        let line = self.source.line_of(offset as u32);
        let at_text_end = offset >= self.text.len();
        if at_text_end && line > 1 && self.source.line_text(line).is_empty() {
            line - 1
        } else {
            line
        }
    }

    fn open(&mut self, token: Token, field: Option<usize>) {
        if self.brackets.len() >= MAX_BRACKETS {
            self.error(
                "too many nested parentheses",
                token.span,
                "one bracket too many",
            );
            self.skip_everything();
            return;
        }
        self.push(token.kind, token.span);
        self.brackets.push(Bracket {
            token,
            field,
            in_spec: false,
        });
    }

    /// After an error behind which nothing can be made sense of.
    fn skip_everything(&mut self) {
        self.logos.bump(self.logos.remainder().len());
        self.brackets.clear();
        self.fstrings.clear();
    }

    fn close(&mut self, kind: Tok, span: Span) {
        let in_field = self.brackets.last().and_then(|bracket| bracket.field);
        let text = self.logos.slice();
        let Some(bracket) = self.brackets.last() else {
            return self.error(format!("unmatched '{text}'"), span, "nothing is open here");
        };
        let opener = bracket.token;
        if opener.kind.closer() == Some(kind) {
            self.brackets.pop();
            self.push(kind, span);
            if let Some(index) = in_field {
                self.fstrings.truncate(index + 1);
                self.fstring_text();
            }
            return;
        }
        if in_field.is_some() {
            return self.error(
                format!("f-string: unmatched '{text}'"),
                span,
                "nothing is open here",
            );
        }
        self.mismatch(kind, span, opener);
    }

    fn mismatch(&mut self, kind: Tok, span: Span, opener: Token) {
        let opened = self.source.slice(opener.span).to_string();
        let text = self.source.slice(span);
        let line = self.source.line_of(opener.span.start);
        let mut title =
            format!("closing parenthesis '{text}' does not match opening parenthesis '{opened}'");
        if line != self.source.line_of(span.start) {
            title.push_str(&format!(" on line {line}"));
        }
        let diagnostic = Diagnostic::refusal(title)
            .label(self.source, span, "this closes something else")
            .label(self.source, opener.span, "the bracket that is still open");
        self.report(diagnostic, span);
        // Close what the bracket may have been meant for, so that the next lines can be read.
        let meant = self
            .brackets
            .iter()
            .rposition(|b| b.field.is_none() && b.token.kind.closer() == Some(kind));
        let last_field = self
            .brackets
            .iter()
            .rposition(|b| b.field.is_some())
            .map_or(0, |i| i + 1);
        let keep = meant
            .filter(|i| *i >= last_field)
            .unwrap_or(self.brackets.len().saturating_sub(1));
        self.brackets.truncate(keep.max(last_field));
    }

    /// `:` and `:=` end the expression of a replacement field when no bracket is open in it.
    fn colon(&mut self, kind: Tok, span: Span) {
        let Some(bracket) = self
            .brackets
            .last_mut()
            .filter(|b| b.field.is_some() && !b.in_spec)
        else {
            return self.push(kind, span);
        };
        bracket.in_spec = true;
        self.push(Tok::Colon, Span::new(span.start, span.start + 1));
        if kind == Tok::ColonEqual {
            self.logos = Tok::lexer(self.text);
            self.logos.bump(span.start as usize + 1);
        }
        self.fstring_text();
    }

    fn fstring_start(&mut self, span: Span) {
        if self.fstrings.len() >= MAX_FSTRINGS {
            self.error("too many nested f-strings", span, "one f-string too many");
            return self.skip_everything();
        }
        let quoting = Quoting::of(self.logos.slice());
        self.push(Tok::FStringStart, span);
        self.fstrings.push(FStringMode {
            quoting,
            start: span,
        });
        self.fstring_text();
    }

    /// Reads the literal text of the innermost f-string, up to a field or its end.
    fn fstring_text(&mut self) {
        let Some(mode) = self.fstrings.last().copied() else {
            return;
        };
        let index = self.fstrings.len() - 1;
        let fields = self
            .brackets
            .iter()
            .rev()
            .take_while(|b| b.field == Some(index))
            .count();
        let in_spec = fields > 0;
        let start = self.logos.span().end.max(mode.start.end as usize) as u32;
        let rest = self.text.get(start as usize..).unwrap_or("");
        let text = fstring::scan_text(rest, mode.quoting, in_spec);
        let end = start + text.length as u32;
        if text.length > 0 {
            let kind = if mode.quoting.raw {
                Tok::FStringMiddleRaw
            } else {
                Tok::FStringMiddle
            };
            self.push(kind, Span::new(start, end));
        }
        self.seek(end);
        self.fstring_piece(text.stop, end, mode, fields);
    }

    fn fstring_piece(&mut self, stop: Piece, at: u32, mode: FStringMode, fields: usize) {
        let one = Span::new(at, at + 1);
        let index = self.fstrings.len().saturating_sub(1);
        match stop {
            Piece::FieldOpens if fields >= MAX_SPEC_DEPTH => {
                let title = "f-string: expressions nested too deeply";
                let label = "a field inside a format spec has no fields in its own";
                let mut error = Diagnostic::refusal(title).label(self.source, one, label);
                error.pointed = Some(Span::new(at.saturating_sub(1), at.saturating_sub(1)));
                self.report(error, one);
                self.abandon_fstring();
            }
            Piece::FieldOpens => {
                self.seek(at + 1);
                self.open(
                    Token {
                        kind: Tok::LBrace,
                        span: one,
                    },
                    Some(index),
                );
            }
            Piece::FieldCloses => {
                self.seek(at + 1);
                self.push(Tok::RBrace, one);
                self.brackets.pop();
                self.fstring_text();
            }
            Piece::Closes => {
                let end = at + mode.quoting.closing() as u32;
                self.seek(end);
                self.push(Tok::FStringEnd, Span::new(at, end));
                // A field that is still open is for the grammar to miss.
                self.abandon_fstring();
            }
            Piece::SingleBrace => {
                self.seek(at + 1);
                self.error(
                    "f-string: single '}' is not allowed",
                    one,
                    "write `}}` for a brace in the text",
                );
                self.fstring_text();
            }
            // In a single-quoted f-string a format spec ends with its line, and its field may go on.
            Piece::LineEnds if fields > 0 => {}
            Piece::TextEnds if self.in_first_spec() && !mode.quoting.triple => {}
            Piece::LineEnds | Piece::TextEnds => self.unterminated_fstring(mode, at),
        }
    }

    /// Is this the text of a format spec from its `:` on?
    fn in_first_spec(&self) -> bool {
        let mut before = self.out.tokens.iter().rev();
        let mark = before.find(|t| !matches!(t.kind, Tok::FStringMiddle | Tok::FStringMiddleRaw));
        mark.is_some_and(|token| token.kind == Tok::Colon)
    }

    fn unterminated_fstring(&mut self, mode: FStringMode, at: u32) {
        let line = self.last_line(at as usize);
        if mode.quoting.triple {
            self.out.incomplete = true;
            let title =
                format!("unterminated triple-quoted f-string literal (detected at line {line})");
            self.error(title, mode.start, "this f-string is never closed");
        } else {
            let title = format!("unterminated f-string literal (detected at line {line})");
            self.error(title, mode.start, "this f-string is not closed on its line");
        }
        self.abandon_fstring();
    }

    /// Leaves the innermost f-string with all its fields.
    fn abandon_fstring(&mut self) {
        let index = self.fstrings.len().saturating_sub(1);
        let keep = self
            .brackets
            .iter()
            .position(|b| b.field == Some(index))
            .unwrap_or(self.brackets.len());
        self.brackets.truncate(keep);
        self.fstrings.pop();
    }
}

/// Characters that cannot be seen: format, separator, private and unassigned ones that people paste.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}')
}

/// The plain character that a typographic one was probably meant to be.
fn ascii_twin(c: char) -> Option<char> {
    Some(match c {
        '‘' | '’' | '‚' | '′' => '\'',
        '“' | '”' | '„' | '″' => '"',
        '–' | '—' | '−' => '-',
        '×' => '*',
        '÷' => '/',
        '，' => ',',
        '：' => ':',
        '；' => ';',
        '（' => '(',
        '）' => ')',
        '＝' => '=',
        _ => return None,
    })
}
