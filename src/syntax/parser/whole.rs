//! Texts that are no modules: one expression for `eval`, one statement of a prompt. To their last line
//! no line end is added.

use super::block::Blocks;
use crate::diagnostic::{Diagnostic, Found};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr};
use crate::syntax::token::{Tok, Token};

impl Blocks<'_> {
    /// The whole input as one expression, for `eval`.
    pub fn eval(&mut self) -> Option<Expr> {
        if self.kind() == Tok::End {
            self.ends_here();
            return None;
        }
        if self.kind() == Tok::Indent {
            self.unexpected_indent(&mut Vec::new());
            return None;
        }
        self.no_statements = true;
        let value = self.line(|lines| &lines.eval);
        if value.is_none() || self.kind() == Tok::End {
            return value;
        }
        if self.kind() == Tok::Indent {
            self.unexpected_indent(&mut Vec::new());
            return None;
        }
        let next = self.token(0);
        let error = Diagnostic::refusal("invalid syntax");
        let label = "nothing may follow the expression";
        self.errors.push(error.label(self.source, next.span, label));
        None
    }

    /// One statement, as typed at a prompt: several small ones on a line, or a compound one, which
    /// must end with a line end or with its block.
    pub fn single(&mut self) -> Block {
        let mut body = Vec::new();
        if self.kind() == Tok::End {
            self.ends_here();
            return body;
        }
        let first = self.kind();
        let first = if first == Tok::Match && !self.is_match_stmt() {
            Tok::Name
        } else {
            first
        };
        self.statement(&mut body);
        if !self.errors.is_empty() {
            return body;
        }
        let behind = self.tokens.get(self.at.saturating_sub(1)).copied();
        let block_ended = behind.is_some_and(|token| token.kind == Tok::Dedent);
        if !first.starts_compound() {
            self.nothing_else(behind);
        } else if self.kind() != Tok::End {
            let next = self.token(0);
            let error = Diagnostic::refusal("invalid syntax");
            let label = "this is a second statement";
            self.errors.push(error.label(self.source, next.span, label));
        } else if !(self.source.text().ends_with('\n') || block_ended && !self.ends_in_comment()) {
            self.ends_here();
        }
        body
    }

    /// After a small statement only comments may stand. `end` is the end of its line.
    fn nothing_else(&mut self, end: Option<Token>) {
        let Some(end) = end.filter(|end| end.kind == Tok::Newline) else {
            return;
        };
        let rest = self
            .source
            .text()
            .get(end.span.end as usize..)
            .unwrap_or("");
        let mut lines = rest
            .split(['\n', '\r'])
            .map(|line| line.trim_start_matches([' ', '\t', '\x0c']));
        if lines.all(|line| line.is_empty() || line.starts_with('#')) {
            return;
        }
        let title = "multiple statements found while compiling a single statement";
        let at = Span::new(end.span.start, end.span.start);
        let error = Diagnostic::refusal(title).label(self.source, at, "one statement ends here");
        self.errors.push(error);
        self.before_lexical = true;
    }

    /// Is the last line nothing but a comment?
    fn ends_in_comment(&self) -> bool {
        let text = self.source.text();
        let last = text.rsplit(['\n', '\r']).next().unwrap_or("");
        last.trim_start().starts_with('#')
    }

    /// The text ends where something must stand.
    fn ends_here(&mut self) {
        self.incomplete = true;
        let error = Diagnostic::refusal("invalid syntax").found(Found::Ending);
        let label = "something is missing here";
        self.errors
            .push(error.label(self.source, self.last_place(), label));
    }
}
