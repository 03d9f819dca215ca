//! Blocks: puts lines together to statements and statements to blocks. Each logical line is parsed
//! on its own by the rules of `compound` and `simple`; a line that fails is explained and left out,
//! and reading goes on with the next, so that one run reports every error.

use super::compound::{Line, Lines};
use super::rule::{Rule, State, cover};
use crate::diagnostic::{Diagnostic, Found};
use crate::source::{Source, Span};
use crate::syntax::ast::{
    Block, ClassDef, ExceptHandler, Expr, ExprKind, FunctionDef, MatchCase, Stmt, StmtKind, Try,
};
use crate::syntax::depth::too_deep;
use crate::syntax::token::{Tok, Token};
use chumsky::Parser;

/// More errors than this help nobody.
const MAX_ERRORS: usize = 20;
/// `elif` clauses of one statement: each is an `If` inside the last.
const MAX_ELIFS: usize = 4000;

/// A line that did not parse.
pub struct Failure {
    /// The furthest place that was looked at; beyond all text if that was the line's end.
    pub furthest: u32,
    pub line: Span,
    /// Which of the errors it made.
    pub error: usize,
}

pub struct Blocks<'t> {
    pub(super) source: &'t Source,
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
    lines: Lines<'t>,
    state: State<'t>,
    pub errors: Vec<Diagnostic>,
    /// The text ended where more was needed.
    pub incomplete: bool,
    /// The last line that did not parse.
    pub last_failure: Option<Failure>,
    /// The first error counts more than the lexical ones.
    pub before_lexical: bool,
    /// Only an expression is allowed.
    pub(super) no_statements: bool,
}

impl<'t> Blocks<'t> {
    pub fn new(source: &'t Source, tokens: &'t [Token]) -> Self {
        Blocks {
            source,
            tokens,
            at: 0,
            lines: Lines::new(),
            state: State::new(source.text()),
            errors: Vec::new(),
            incomplete: false,
            last_failure: None,
            before_lexical: false,
            no_statements: false,
        }
    }

    /// `module: statement* ENDMARKER`
    pub fn module(&mut self) -> Block {
        let mut body = Vec::new();
        while self.kind() != Tok::End && !self.gave_up() {
            self.block(&mut body);
            if self.kind() == Tok::Dedent {
                self.at += 1;
            }
        }
        body
    }

    /// The escapes that deserve a warning, in source order, each with the string that it stands in.
    pub fn odd_escapes(&mut self) -> Vec<(Span, Span)> {
        let mut odd = std::mem::take(&mut self.state.odd_escapes);
        odd.sort_by_key(|(span, _)| span.start);
        odd.dedup();
        odd
    }

    fn gave_up(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    pub(super) fn token(&self, ahead: usize) -> Token {
        let end = self.source.text().len() as u32;
        let end = Token {
            kind: Tok::End,
            span: Span::new(end, end),
        };
        self.tokens.get(self.at + ahead).copied().unwrap_or(end)
    }

    pub(super) fn kind(&self) -> Tok {
        self.token(0).kind
    }

    /// `statements: statement+`, up to the end of the block.
    fn block(&mut self, body: &mut Block) {
        while !matches!(self.kind(), Tok::Dedent | Tok::End) && !self.gave_up() {
            self.statement(body);
        }
    }

    /// `statement: compound_stmt | simple_stmts NEWLINE`
    pub(super) fn statement(&mut self, body: &mut Block) {
        let decorators = self.decorators();
        let start = self.token(0).span;
        let kind = match self.kind() {
            Tok::Indent => return self.unexpected_indent(body),
            Tok::Def => self.function_def(decorators),
            Tok::Class => self.class_def(decorators),
            _ if !decorators.is_empty() => self.decorated(decorators),
            Tok::If => self.if_stmt(),
            Tok::While => self.while_stmt(),
            Tok::For => self.for_stmt(),
            Tok::With => self.with_stmt(),
            Tok::Try => self.try_stmt(),
            Tok::Async => match self.token(1).kind {
                Tok::Def => self.function_def(Vec::new()),
                Tok::For => self.for_stmt(),
                Tok::With => self.with_stmt(),
                _ => return self.stray_async(),
            },
            Tok::Match if self.is_match_stmt() => self.match_stmt(),
            _ => return self.simple(body),
        };
        if let Some(kind) = kind {
            let end = self.tokens.get(..self.at).and_then(|before| {
                before
                    .iter()
                    .rev()
                    .find(|token| !matches!(token.kind, Tok::Newline | Tok::Dedent | Tok::Indent))
            });
            body.push(Stmt {
                kind,
                span: end.map_or(start, |end| start.to(end.span)),
            });
        }
    }

    /// The tokens up to the end of the line, which is then behind us.
    fn take_line(&mut self) -> &'t [Token] {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|token| matches!(token.kind, Tok::Newline | Tok::End))
            .unwrap_or(rest.len());
        let newline = usize::from(
            rest.get(length)
                .is_some_and(|token| token.kind == Tok::Newline),
        );
        self.at += length + newline;
        rest.get(..length).unwrap_or_default()
    }

    /// Parses a line by a rule; a failure is reported.
    pub(super) fn line<O>(
        &mut self,
        pick: impl for<'a> Fn(&'a Lines<'t>) -> &'a Rule<'t, O>,
    ) -> Option<O> {
        let tokens = self.take_line();
        if let Some(bad) = tokens.iter().find(|token| token.kind == Tok::Error) {
            self.broken_line(tokens, *bad, pick);
            return None;
        }
        if too_deep(tokens) {
            let error = Diagnostic::refusal("too many nested expressions")
                .label(self.source, cover(tokens), "this is nested too deeply")
                .help("split it into several statements");
            self.errors.push(error);
            return None;
        }
        self.state.reset(tokens, false);
        let parsed = pick(&self.lines)
            .parse_with_state(tokens, &mut self.state)
            .into_output();
        if parsed.is_none() {
            let furthest = self.furthest(tokens);
            self.state.reset(tokens, true);
            let _ = pick(&self.lines).parse_with_state(tokens, &mut self.state);
            self.last_failure = Some(Failure {
                furthest: self.state.furthest,
                line: cover(tokens),
                error: self.errors.len(),
            });
            let error = super::explain::explain(self.source, tokens, furthest, &mut self.state);
            self.errors.push(error);
        }
        parsed
    }

    /// How far into a line that did not parse CPython has read before it looks for the reason: `match`
    /// may also have been a keyword.
    fn furthest(&mut self, tokens: &'t [Token]) -> u32 {
        let furthest = self.state.furthest;
        let keyword = tokens.first().is_some_and(|token| token.kind == Tok::Match);
        if !keyword || self.no_statements {
            return furthest;
        }
        self.state.reset(tokens, false);
        let _ = self
            .lines
            .match_line
            .parse_with_state(tokens, &mut self.state);
        furthest.max(self.state.furthest)
    }

    /// A line with something that is no token has been reported, except for what fails before it: that
    /// counts more in a replacement field of an f-string, and before a stray line join.
    fn broken_line<O>(
        &mut self,
        tokens: &'t [Token],
        bad: Token,
        pick: impl for<'a> Fn(&'a Lines<'t>) -> &'a Rule<'t, O>,
    ) {
        let stray_join = self.source.slice(bad.span).starts_with('\\');
        let fstring = tokens.iter().any(|token| token.kind == Tok::FStringStart);
        if !(fstring || stray_join) || too_deep(tokens) {
            return;
        }
        self.state.reset(tokens, true);
        let _ = pick(&self.lines).parse_with_state(tokens, &mut self.state);
        let furthest = self.state.furthest;
        let in_field = self.state.in_fstring(furthest);
        if furthest < bad.span.start && (in_field || stray_join) {
            self.before_lexical |= in_field && self.errors.is_empty();
            let error = super::explain::explain(self.source, tokens, furthest, &mut self.state);
            self.errors.push(error);
        }
    }

    fn stray_async(&mut self) {
        let next = self.after_async();
        let error = Diagnostic::refusal("invalid syntax");
        let label = "only `def`, `for` or `with` may follow `async`";
        self.errors.push(error.label(self.source, next, label));
        self.take_line();
        self.skip_block();
    }

    /// What follows the `async` that comes next, or the empty place at the end of the line.
    fn after_async(&self) -> Span {
        let next = self.token(1);
        match next.kind {
            Tok::Newline | Tok::End => self.token(0).span.after(),
            _ => next.span,
        }
    }

    fn simple(&mut self, body: &mut Block) {
        match self.line(|lines| &lines.simple) {
            Some(mut statements) => body.append(&mut statements),
            // A line that looks like a header may have a block.
            None => self.skip_block(),
        }
    }

    /// Reads the block of a header that did not parse, for the errors in it.
    fn skip_block(&mut self) {
        if self.kind() == Tok::Indent {
            self.indented();
        }
    }

    /// `INDENT statements DEDENT`
    fn indented(&mut self) -> Block {
        let mut body = Vec::new();
        self.at += 1;
        self.block(&mut body);
        if self.kind() == Tok::Dedent {
            self.at += 1;
        }
        body
    }

    pub(super) fn unexpected_indent(&mut self, body: &mut Block) {
        let token = self.token(1);
        self.before_lexical |= self.errors.is_empty();
        let error = Diagnostic::refusal("unexpected indent")
            .label(self.source, token.span, "no block begins before this line")
            .help("align this line with the one above it");
        self.errors.push(error);
        body.append(&mut self.indented());
    }

    /// A line that begins with a header's keyword, and the block after it. `what` names the statement
    /// in "expected an indented block after …".
    fn clause<H>(
        &mut self,
        what: &str,
        pick: impl for<'a> Fn(&'a Lines<'t>) -> &'a Rule<'t, Line<H>>,
    ) -> Option<(H, Block)> {
        let start = self.token(0).span;
        match self.line(pick) {
            None => {
                self.skip_block();
                None
            }
            Some((header, Some(body))) => Some((header, body)),
            Some((header, None)) => Some((header, self.body(what, start))),
        }
    }

    fn body(&mut self, what: &str, header: Span) -> Block {
        if self.kind() == Tok::Indent {
            return self.indented();
        }
        let line = self.source.line_of(header.start);
        let mut next = self.token(0);
        self.incomplete |= self.text_ends();
        if next.kind == Tok::End {
            next.span = self.last_place();
        }
        let error = Diagnostic::refusal(format!(
            "expected an indented block after {what} on line {line}"
        ))
        .label(self.source, next.span, "this should stand further in")
        .label(self.source, header, "the block of this is missing")
        .help("write `pass` if nothing is to be done");
        self.errors.push(error);
        Vec::new()
    }

    /// Where the last line ends: what is missing at the end of the text is missing there.
    pub(super) fn last_place(&self) -> Span {
        let text = self.source.text();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let end = text.strip_suffix('\r').unwrap_or(text).len() as u32;
        Span::new(end, end)
    }

    /// `if_stmt: 'if' named_expression ':' block (elif_stmt | [else_block])`
    fn if_stmt(&mut self) -> Option<StmtKind> {
        let first = self.clause("'if' statement", |lines| &lines.if_stmt);
        let mut elifs = Vec::new();
        while self.kind() == Tok::Elif && !self.gave_up() {
            let at = self.token(0).span;
            if elifs.len() == MAX_ELIFS {
                let error = Diagnostic::refusal("too many 'elif' clauses in one statement");
                self.errors.push(
                    error
                        .label(self.source, at, "one too many")
                        .help("use a dict or `match`"),
                );
            }
            let clause = self.clause("'elif' statement", |lines| &lines.elif_stmt);
            if elifs.len() < MAX_ELIFS {
                elifs.extend(clause.map(|(test, body)| (at, test, body)));
            }
        }
        let mut orelse = self.else_block();
        for (at, test, body) in elifs.into_iter().rev() {
            let last = orelse
                .last()
                .or(body.last())
                .map_or(test.span, |last| last.span);
            orelse = vec![Stmt {
                kind: StmtKind::If { test, body, orelse },
                span: at.to(last),
            }];
        }
        first.map(|(test, body)| StmtKind::If { test, body, orelse })
    }

    /// `else_block: 'else' ':' block`
    fn else_block(&mut self) -> Block {
        if self.kind() != Tok::Else {
            return Vec::new();
        }
        self.clause("'else' statement", |lines| &lines.else_block)
            .map_or_else(Vec::new, |(_, body)| body)
    }

    /// `while_stmt: 'while' named_expression ':' block [else_block]`
    fn while_stmt(&mut self) -> Option<StmtKind> {
        let clause = self.clause("'while' statement", |lines| &lines.while_stmt);
        let orelse = self.else_block();
        clause.map(|(test, body)| StmtKind::While { test, body, orelse })
    }

    fn for_stmt(&mut self) -> Option<StmtKind> {
        let clause = self.clause("'for' statement", |lines| &lines.for_stmt);
        let orelse = self.else_block();
        clause.map(|(header, body)| StmtKind::For {
            is_async: header.is_async,
            target: header.target,
            iter: header.iter,
            body,
            orelse,
        })
    }

    fn with_stmt(&mut self) -> Option<StmtKind> {
        let clause = self.clause("'with' statement", |lines| &lines.with_stmt);
        clause.map(|(header, body)| StmtKind::With {
            is_async: header.is_async,
            items: header.items,
            body,
        })
    }

    /// `try_stmt: 'try' ':' block (except_block+ [else_block] [finally_block] | finally_block)`
    fn try_stmt(&mut self) -> Option<StmtKind> {
        let start = self.token(0).span;
        let errors = self.errors.len();
        let body = self.clause("'try' statement", |lines| &lines.try_stmt);
        let sound = body.is_some() && self.errors.len() == errors;
        let (handlers, is_star) = self.except_blocks();
        let has_handlers = is_star.is_some();
        let orelse = if has_handlers {
            self.else_block()
        } else {
            Vec::new()
        };
        let finalbody = self.finally_block();
        if !has_handlers && finalbody.is_none() && sound {
            let next = self.token(0);
            self.incomplete |= self.text_ends();
            let error = Diagnostic::refusal("expected 'except' or 'finally' block")
                .label(
                    self.source,
                    next.span,
                    "`except` or `finally` should stand here",
                )
                .label(self.source, start, "for this `try`");
            self.errors.push(error);
        }
        let (is_star, finalbody) = (is_star.unwrap_or(false), finalbody.unwrap_or_default());
        body.map(|(_, body)| {
            StmtKind::Try(Box::new(Try {
                body,
                handlers,
                is_star,
                orelse,
                finalbody,
            }))
        })
    }

    /// All handlers, and whether they are `except*`; `None` if there are none.
    fn except_blocks(&mut self) -> (Vec<ExceptHandler>, Option<bool>) {
        let mut handlers = Vec::new();
        let mut is_star = None;
        while self.kind() == Tok::Except && !self.gave_up() {
            let at = self.token(0).span;
            let starred = self.token(1).kind == Tok::Star;
            let what = if starred {
                "'except*' statement"
            } else {
                "'except' statement"
            };
            if *is_star.get_or_insert(starred) != starred {
                let title = "cannot have both 'except' and 'except*' on the same 'try'";
                let place = if starred {
                    at.to(self.token(1).span)
                } else {
                    at
                };
                self.errors.push(Diagnostic::refusal(title).label(
                    self.source,
                    place,
                    "this is of the other kind",
                ));
            }
            if let Some((header, body)) = self.clause(what, |lines| &lines.except_block) {
                let end = body.last().map_or(at, |last| last.span);
                handlers.push(ExceptHandler {
                    typ: header.typ,
                    name: header.name,
                    body,
                    span: at.to(end),
                });
            }
        }
        (handlers, is_star)
    }

    /// `finally_block: 'finally' ':' block`
    fn finally_block(&mut self) -> Option<Block> {
        if self.kind() != Tok::Finally {
            return None;
        }
        let clause = self.clause("'finally' statement", |lines| &lines.finally_block);
        Some(clause.map_or_else(Vec::new, |(_, body)| body))
    }

    /// `decorators: ('@' named_expression NEWLINE)+`
    fn decorators(&mut self) -> Vec<Expr> {
        let mut decorators = Vec::new();
        while self.kind() == Tok::At {
            let at = self.token(0).span;
            let decorator = self.line(|lines| &lines.decorator);
            decorators.push(decorator.unwrap_or(Expr {
                kind: ExprKind::Invalid,
                span: at,
            }));
        }
        decorators
    }

    /// Nothing follows but the ends of open blocks.
    fn text_ends(&self) -> bool {
        let mut following = (0..).map(|i| self.token(i).kind);
        following.find(|kind| *kind != Tok::Dedent) == Some(Tok::End)
    }

    /// What follows decorators must be a function or a class.
    fn decorated(&mut self, decorators: Vec<Expr>) -> Option<StmtKind> {
        if (self.kind(), self.token(1).kind) == (Tok::Async, Tok::Def) {
            return self.function_def(decorators);
        }
        let next = self.token(0);
        self.incomplete |= self.text_ends();
        let (title, place) = match next.kind {
            Tok::Dedent => ("unexpected unindent", next.span),
            Tok::End => ("invalid syntax", self.last_place()),
            Tok::Async => ("invalid syntax", self.after_async()),
            _ => ("invalid syntax", next.span),
        };
        let label = "a function or class must follow its decorators";
        let mut error = Diagnostic::refusal(title).label(self.source, place, label);
        if next.kind == Tok::End {
            error.found = Found::Ending;
        }
        self.errors.push(error);
        None
    }

    fn function_def(&mut self, decorators: Vec<Expr>) -> Option<StmtKind> {
        let (header, body) = self.clause("function definition", |lines| &lines.function_def)?;
        Some(StmtKind::FunctionDef(Box::new(FunctionDef {
            name: header.name,
            is_async: header.is_async,
            decorators,
            type_params: header.type_params,
            params: header.params,
            returns: header.returns,
            body,
        })))
    }

    fn class_def(&mut self, decorators: Vec<Expr>) -> Option<StmtKind> {
        let (header, body) = self.clause("class definition", |lines| &lines.class_def)?;
        let (name, type_params, args) = (header.name, header.type_params, header.args);
        Some(StmtKind::ClassDef(Box::new(ClassDef {
            name,
            decorators,
            type_params,
            args,
            body,
        })))
    }

    /// `match` is a keyword only if its line is a header.
    pub(super) fn is_match_stmt(&self) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let line = rest
            .split(|token| token.kind == Tok::Newline)
            .next()
            .unwrap_or_default();
        let colon = line.last().is_some_and(|token| token.kind == Tok::Colon);
        let next = self.token(1).kind;
        colon && line.len() > 2 && (next.starts_expression() || next == Tok::Star)
    }

    /// `match_stmt: 'match' subject_expr ':' NEWLINE INDENT case_block+ DEDENT`
    fn match_stmt(&mut self) -> Option<StmtKind> {
        let start = self.token(0).span;
        let Some((subject, _)) = self.line(|lines| &lines.match_stmt) else {
            self.skip_block();
            return None;
        };
        if self.kind() != Tok::Indent {
            self.body("'match' statement", start);
            return None;
        }
        self.at += 1;
        let mut cases = Vec::new();
        while !matches!(self.kind(), Tok::Dedent | Tok::End) && !self.gave_up() {
            if self.kind() == Tok::Case {
                let clause = self.clause("'case' statement", |lines| &lines.case_block);
                cases.extend(clause.map(|(header, body)| MatchCase {
                    pattern: header.pattern,
                    guard: header.guard,
                    body,
                }));
                continue;
            }
            self.stray_in_match();
        }
        if self.kind() == Tok::Dedent {
            self.at += 1;
        }
        Some(StmtKind::Match { subject, cases })
    }

    fn stray_in_match(&mut self) {
        let token = self.token(0);
        if token.kind == Tok::Indent {
            return self.unexpected_indent(&mut Vec::new());
        }
        let error = Diagnostic::refusal("invalid syntax").label(
            self.source,
            token.span,
            "only `case` blocks may stand in a `match` statement",
        );
        self.errors.push(error);
        self.take_line();
        self.skip_block();
    }
}
