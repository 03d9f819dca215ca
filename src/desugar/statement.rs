//! Statements: functions, and loops and managers that wait.

use super::text::{Edit, Lines};
use super::{Function, Kind, Rewriter, awaits, is_docstring, kind_of};
use crate::source::Span;
use crate::syntax::Tok;
use crate::syntax::ast::{Block, Expr, ExprKind, FunctionDef, Stmt, StmtKind, WithItem};
use crate::syntax::walk;

impl Rewriter<'_> {
    /// Changes in a block.
    pub(super) fn block(&mut self, block: &[Stmt]) -> Vec<Edit> {
        let mut edits = Vec::new();
        for stmt in block {
            edits.extend(self.statement(stmt));
        }
        edits
    }

    fn statement(&mut self, stmt: &Stmt) -> Vec<Edit> {
        let span = stmt.span;
        let whole = match &stmt.kind {
            StmtKind::FunctionDef(def) => return self.function(stmt, def),
            StmtKind::For {
                is_async: true,
                target,
                iter,
                body,
                orelse,
            } => self.loop_that_waits(span, (target, iter), body, orelse),
            StmtKind::With {
                is_async: true,
                items,
                body,
            } => {
                let text = self.managers(span, items, body);
                text.map(|text| format!("{}\n{text}", self.lines.heading(span)))
            }
            _ => self.suspended(stmt),
        };
        match whole {
            Some(text) => vec![(span, text)],
            None => self.inside(stmt),
        }
    }

    /// Changes in the expressions and blocks of a statement that stays what it is.
    fn inside(&mut self, stmt: &Stmt) -> Vec<Edit> {
        let mut expressions = Vec::new();
        walk::expressions(stmt, &mut |e| expressions.push(e));
        let mut edits = match bare(stmt) {
            // Alone in its statement it needs no parentheses.
            Some(e)
                if matches!(e.kind, ExprKind::Await(_))
                    && !matches!(stmt.kind, StmtKind::Return(_)) =>
            {
                let text = self.expr(e);
                let text = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
                let others = expressions.iter().filter(|o| o.span != e.span);
                let others: Vec<&Expr> = others.copied().collect();
                let mut edits = self.edits(&others);
                edits.extend(text.map(|t| (e.span, t.to_owned())));
                edits
            }
            _ => self.edits(&expressions),
        };
        for block in walk::blocks(stmt) {
            edits.extend(self.block(block));
        }
        edits.sort_by_key(|(span, _)| (span.start, span.end));
        edits
    }

    // Functions

    fn function(&mut self, stmt: &Stmt, def: &FunctionDef) -> Vec<Edit> {
        let mut outside = Vec::new();
        walk::expressions(stmt, &mut |e| outside.push(e));
        let mut edits = self.edits(&outside);
        let kind = kind_of(def);
        self.functions.push(Function {
            kind,
            lifted: Vec::new(),
        });
        edits.extend(self.block(&def.body));
        let lifted = self.functions.pop().map_or_else(Vec::new, |f| f.lifted);
        if def.is_async {
            let after = def
                .decorators
                .last()
                .map_or(stmt.span.start, |d| d.span.end);
            edits.extend(self.head(after, kind));
            let silent = kind == Kind::Coroutine && !awaits(def);
            edits.extend(self.beginning(stmt, def, &lifted, silent));
        }
        edits.sort_by_key(|(span, _)| (span.start, span.end));
        edits
    }

    /// `async def` becomes `def` under a decorator.
    fn head(&mut self, after: u32, kind: Kind) -> Option<Edit> {
        let word = self.token(Tok::Async, after)?;
        let def = self.token(Tok::Def, word.end)?;
        self.used.coroutine = true;
        self.used.async_generator |= kind == Kind::AsyncGenerator;
        let decorator = match kind {
            Kind::AsyncGenerator => self.names.name("async_generator"),
            _ => self.names.name("coroutine"),
        };
        let indent = self.lines.indent(word.start).unwrap_or_default();
        let text = format!("@{decorator}\n{indent}");
        Some((Span::new(word.start, def.start), text))
    }

    /// What a function gets at its beginning: what its comprehensions have become, and a `yield`
    /// that makes it a generator if it has none.
    fn beginning(
        &mut self,
        stmt: &Stmt,
        def: &FunctionDef,
        lifted: &[String],
        silent: bool,
    ) -> Option<Edit> {
        let mut pieces: Vec<String> = Vec::new();
        if silent {
            pieces.push("if False: yield  # a generator, though it awaits nothing".to_owned());
        }
        pieces.extend(lifted.iter().map(|text| text.trim_end().to_owned()));
        let first = def.body.first().filter(|_| !pieces.is_empty())?;
        let unit = self
            .lines
            .indent(stmt.span.start)
            .unwrap_or_default()
            .to_owned();
        let own = self.lines.indent(super::start(first)).map(str::to_owned);
        let inset = own.clone().unwrap_or_else(|| format!("{unit}    "));
        let moved: Vec<String> = pieces.iter().map(|p| Lines::moved(p, "", &inset)).collect();
        let text = moved.join("\n");
        let place = match (own, is_docstring(first)) {
            (Some(_), true) => first.span.after(),
            (Some(_), false) => {
                let at = self.lines.begin_of_line(super::start(first));
                return Some((Span::new(at, at), format!("{text}\n")));
            }
            // The body stands on the line of the head.
            (None, _) => {
                let at = first.span.start;
                return Some((Span::new(at, at), format!("\n{text}\n{inset}")));
            }
        };
        Some((place, format!("\n{text}")))
    }

    // What waits

    /// What the head of a block evaluates first, with what that waits for before it.
    pub(super) fn outside(&mut self, e: &Expr, i: &str, before: &mut String) -> String {
        match self.is_to_be_lifted(e) {
            true => self.lifted(e, i, before),
            false => self.expr(e),
        }
    }

    /// The text of a block at a depth, from the first statement to the last.
    pub(super) fn body(&mut self, block: &Block, to: &str) -> String {
        let (Some(first), Some(last)) = (block.first(), block.last()) else {
            return format!("{to}pass");
        };
        let from = super::start(first);
        // A decorator's sign stands before its expression.
        let line = self.lines.begin_of_line(from);
        let indent = self.lines.indent(first.span.start.min(from));
        let (start, old) = match indent {
            Some(indent) => (line + indent.len() as u32, indent.to_owned()),
            None => match self.lines.indent(from.saturating_sub(1)) {
                Some(indent) => (from - 1, indent.to_owned()),
                None => (from, String::new()),
            },
        };
        let edits = self.block(block);
        let text = self.lines.splice(Span::new(start, last.span.end), &edits);
        Lines::moved(&text, &old, to)
    }

    /// `async for`.
    fn loop_that_waits(
        &mut self,
        span: Span,
        (target, iter): (&Expr, &Expr),
        body: &Block,
        orelse: &Block,
    ) -> Option<String> {
        let indent = self.lines.indent(span.start)?.to_owned();
        self.used.coroutine = true;
        let number = self.number();
        let iterator = self.names.name(&format!("iterator_{number}"));
        let goes_on = self.names.name(&format!("goes_on_{number}"));
        let wait = self.names.name("await");
        let mut before = String::new();
        let over = self.outside(iter, &indent, &mut before);
        let target = self.expr(target);
        let heading = self.lines.heading(span);
        let body = self.body(body, &format!("{indent}        "));
        let i = &indent;
        let mut text = format!(
            "{heading}\n{before}\
             {i}{iterator} = {over}\n\
             {i}{iterator} = type({iterator}).__aiter__({iterator})\n\
             {i}{goes_on} = True\n\
             {i}while {goes_on}:\n\
             {i}    try:\n\
             {i}        {target} = yield from {wait}(type({iterator}).__anext__({iterator}))\n\
             {i}    except StopAsyncIteration:\n\
             {i}        {goes_on} = False\n\
             {i}    else:\n\
             {body}"
        );
        if !orelse.is_empty() {
            let orelse = self.body(orelse, &format!("{indent}    "));
            text.push_str(&format!("\n{i}else:\n{orelse}"));
        }
        // A loop that is over keeps nothing alive.
        text.push_str(&format!("\n{i}del {iterator}"));
        Some(text)
    }

    /// `async with`: the first manager, and the others within it. The first line has no blanks.
    fn managers(&mut self, span: Span, items: &[WithItem], body: &Block) -> Option<String> {
        let indent = self.lines.indent(span.start)?.to_owned();
        let text = self.manager(items, body, &indent);
        Some(text.trim_start_matches([' ', '\t']).to_owned()).map(|t| format!("{indent}{t}"))
    }

    fn manager(&mut self, items: &[WithItem], body: &Block, i: &str) -> String {
        let Some((item, rest)) = items.split_first() else {
            return self.body(body, i);
        };
        self.used.coroutine = true;
        let number = self.number();
        let name = |base: &str| self.names.name(&format!("{base}_{number}"));
        let (manager, leave, entered) = (name("manager"), name("exit"), name("entered"));
        let (failed, error) = (name("failed"), name("error"));
        let wait = self.names.name("await");
        let mut before = String::new();
        let context = self.outside(&item.context, i, &mut before);
        let target = match &item.target {
            Some(target) => format!("{i}    {} = {entered}\n", self.expr(target)),
            None => String::new(),
        };
        let body = self.manager(rest, body, &format!("{i}    "));
        format!(
            "{before}\
             {i}{manager} = {context}\n\
             {i}{leave} = type({manager}).__aexit__\n\
             {i}{entered} = yield from {wait}(type({manager}).__aenter__({manager}))\n\
             {i}{failed} = False\n\
             {i}try:\n\
             {target}{body}\n\
             {i}except BaseException as {error}:\n\
             {i}    {failed} = True\n\
             {i}    if not (yield from {wait}({leave}({manager}, type({error}), {error}, {error}.__traceback__))):\n\
             {i}        raise\n\
             {i}finally:\n\
             {i}    if not {failed}:\n\
             {i}        yield from {wait}({leave}({manager}, None, None, None))"
        )
    }
}

/// The expression that is all of a statement, or its value. (A `yield` that is returned needs its
/// parentheses nevertheless.)
fn bare(stmt: &Stmt) -> Option<&Expr> {
    match &stmt.kind {
        StmtKind::Expr(e) | StmtKind::Return(Some(e)) => Some(e),
        StmtKind::Assign { value, .. } | StmtKind::AugAssign { value, .. } => Some(value),
        _ => None,
    }
}
