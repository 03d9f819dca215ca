//! Statements with something that waits in the midst of their expressions.

use super::Rewriter;
use super::lift::{STEP, one_line};
use super::text::Edit;
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Stmt, StmtKind};

impl Rewriter<'_> {
    /// A statement with all that waits before it; none if nothing is to be lifted out of it, or if
    /// there is no line for that.
    pub(super) fn suspended(&mut self, stmt: &Stmt) -> Option<String> {
        if !self.lines.is_alone(stmt.span) {
            return None;
        }
        let i = self.lines.indent(stmt.span.start)?.to_owned();
        let heading = self.lines.heading(stmt.span);
        let mut text = String::new();
        let last = match &stmt.kind {
            StmtKind::Expr(e) if self.is_to_be_lifted(e) => {
                let value = self.lifted(e, &i, &mut text);
                // What came of it is not wanted.
                match &e.kind {
                    ExprKind::YieldFrom(_) => String::new(),
                    ExprKind::Await(_) => bare(&value).to_owned(),
                    _ => self.with_value(stmt, e, &value, &[]),
                }
            }
            StmtKind::Assign { targets, value } if self.is_to_be_lifted(value) => {
                if targets.iter().any(|t| self.suspends(t)) {
                    return None;
                }
                let targets: Vec<&Expr> = targets.iter().collect();
                let own = self.lifted(value, &i, &mut text);
                self.with_value(stmt, value, bare(&own), &targets)
            }
            StmtKind::AugAssign { target, value, .. } if self.is_to_be_lifted(value) => {
                self.in_place(target, value, &i, &mut text)?
            }
            StmtKind::AnnAssign {
                target,
                value: Some(value),
                ..
            } if self.is_to_be_lifted(value) && matches!(target.kind, ExprKind::Name(_)) => {
                let own = self.lifted(value, &i, &mut text);
                self.with_value(stmt, value, bare(&own), &[])
            }
            StmtKind::Return(Some(e)) if self.is_to_be_lifted(e) => {
                let own = self.lifted(e, &i, &mut text);
                self.with_value(stmt, e, &own, &[])
            }
            StmtKind::Raise {
                exc: Some(e),
                cause,
            } if self.is_to_be_lifted(e) && cause.is_none() => {
                let own = self.lifted(e, &i, &mut text);
                self.with_value(stmt, e, &own, &[])
            }
            StmtKind::Assert { test, msg } if self.is_to_be_lifted(test) => {
                let own = self.lifted(test, &i, &mut text);
                let others: Vec<&Expr> = msg.iter().collect();
                self.with_value(stmt, test, &own, &others)
            }
            StmtKind::If { .. } => return self.condition(stmt, &i).map(|t| headed(&heading, &t)),
            StmtKind::While { test, body, orelse } if self.is_to_be_lifted(test) => {
                let text = self.condition_of_loop(test, body, orelse, &i);
                return Some(headed(&heading, &text));
            }
            _ => self.head_of_block(stmt, &i, &mut text)?,
        };
        match last.is_empty() {
            true => text.truncate(text.trim_end().len()),
            false => text.push_str(&format!("{i}{last}")),
        }
        Some(headed(&heading, &text))
    }

    /// The statement with another text for its value.
    fn with_value(&mut self, stmt: &Stmt, value: &Expr, text: &str, others: &[&Expr]) -> String {
        let place = match value.kind {
            ExprKind::YieldFrom(_) => self.lines.with_parentheses(value.span),
            _ => value.span,
        };
        let mut edits = self.edits(others);
        edits.push((place, text.to_owned()));
        edits.sort_by_key(|(span, _)| span.start);
        self.lines.splice(stmt.span, &edits)
    }

    /// `target += value`: the target is read before the value is waited for, and changed after that.
    fn in_place(
        &mut self,
        target: &Expr,
        value: &Expr,
        i: &str,
        text: &mut String,
    ) -> Option<String> {
        if self.suspends(target) {
            return None;
        }
        let number = self.number();
        let name = |base: &str| self.names.name(&format!("{base}_{number}"));
        let (old, object, index) = (name("old"), name("object"), name("index"));
        let place = match &target.kind {
            ExprKind::Name(name) => name.to_string(),
            ExprKind::Attribute { value, attr } => {
                let value = self.expr(value);
                text.push_str(&format!("{i}{object} = {}\n", one_line(&value)));
                format!("{object}.{}", attr.name)
            }
            ExprKind::Subscript { value, index: at } if !is_slice(at) => {
                let (value, at) = (self.expr(value), self.expr(at));
                let (value, at) = (one_line(&value), one_line(&at));
                text.push_str(&format!("{i}{object} = {value}\n{i}{index} = {at}\n"));
                format!("{object}[{index}]")
            }
            _ => return None,
        };
        text.push_str(&format!("{i}{old} = {place}\n"));
        let between = self
            .lines
            .text(Span::new(target.span.end, value.span.start));
        let op = between.split_inclusive('=').next().unwrap_or_default();
        let op = op.trim_matches([' ', '\t', ')']).to_owned();
        let value = self.lifted(value, i, text);
        let value = one_line(bare(&value));
        text.push_str(&format!("{i}{old} {op} {value}\n"));
        Some(format!("{place} = {old}"))
    }

    /// `if`: an `elif` that waits becomes an `if` within the `else`.
    fn condition(&mut self, stmt: &Stmt, i: &str) -> Option<String> {
        let StmtKind::If { test, body, orelse } = &stmt.kind else {
            return None;
        };
        let next = orelse.first().filter(|next| self.is_elif(next));
        let later = next.is_some_and(|next| self.some_condition_waits(next));
        if !self.is_to_be_lifted(test) && !later {
            return None;
        }
        let inset = format!("{i}{STEP}");
        let mut text = String::new();
        let test = self.outside(test, i, &mut text);
        let body = self.body(body, &inset);
        text.push_str(&format!("{i}if {}:\n{body}", one_line(&test)));
        match next {
            Some(next) => {
                let rest = match self.condition(next, &inset) {
                    Some(rest) => rest,
                    None => self.plain_condition(next, &inset),
                };
                text.push_str(&format!("\n{i}else:\n{rest}"));
            }
            None if orelse.is_empty() => {}
            None => {
                let orelse = self.body(orelse, &inset);
                text.push_str(&format!("\n{i}else:\n{orelse}"));
            }
        }
        Some(text)
    }

    /// An `elif` none of whose conditions wait, as an `if` of its own.
    fn plain_condition(&mut self, stmt: &Stmt, i: &str) -> String {
        let StmtKind::If { test, body, orelse } = &stmt.kind else {
            return String::new();
        };
        let inset = format!("{i}{STEP}");
        let test = self.expr(test);
        let body = self.body(body, &inset);
        let mut text = format!("{i}if {}:\n{body}", one_line(&test));
        if let Some(next) = orelse.first().filter(|next| self.is_elif(next)) {
            let rest = self.plain_condition(next, &inset);
            text.push_str(&format!("\n{i}else:\n{rest}"));
        } else if !orelse.is_empty() {
            let orelse = self.body(orelse, &inset);
            text.push_str(&format!("\n{i}else:\n{orelse}"));
        }
        text
    }

    fn is_elif(&self, stmt: &Stmt) -> bool {
        let is_if = matches!(stmt.kind, StmtKind::If { .. });
        is_if && self.lines.text(stmt.span).starts_with("elif")
    }

    fn some_condition_waits(&self, stmt: &Stmt) -> bool {
        let StmtKind::If { test, orelse, .. } = &stmt.kind else {
            return false;
        };
        let next = orelse.first().filter(|next| self.is_elif(next));
        self.is_to_be_lifted(test) || next.is_some_and(|next| self.some_condition_waits(next))
    }

    /// `while`: the condition is waited for in each round.
    fn condition_of_loop(&mut self, test: &Expr, body: &Block, orelse: &Block, i: &str) -> String {
        let number = self.number();
        let goes_on = self.names.name(&format!("goes_on_{number}"));
        let inset = format!("{i}{STEP}");
        let mut text = format!("{i}{goes_on} = True\n{i}while {goes_on}:\n");
        let test = self.lifted(test, &inset, &mut text);
        let body = self.body(body, &format!("{inset}{STEP}"));
        text.push_str(&format!(
            "{inset}if not ({test}):\n{inset}{STEP}{goes_on} = False\n{inset}else:\n{body}"
        ));
        if !orelse.is_empty() {
            let orelse = self.body(orelse, &inset);
            text.push_str(&format!("\n{i}else:\n{orelse}"));
        }
        text
    }

    /// Statements in whose head one expression is evaluated once, before anything else.
    fn head_of_block(&mut self, stmt: &Stmt, i: &str, text: &mut String) -> Option<String> {
        let (head, blocks): (&Expr, Vec<&Block>) = match &stmt.kind {
            StmtKind::For {
                is_async: false,
                iter,
                body,
                orelse,
                ..
            } => (iter, vec![body, orelse]),
            StmtKind::With {
                is_async: false,
                items,
                body,
            } => (&items.first()?.context, vec![body]),
            StmtKind::Match { subject, cases } => {
                (subject, cases.iter().map(|c| &c.body).collect())
            }
            _ => return None,
        };
        if !self.is_to_be_lifted(head) {
            return None;
        }
        let own = self.lifted(head, i, text);
        let mut others = Vec::new();
        crate::syntax::walk::expressions(stmt, &mut |e| others.push(e));
        others.retain(|e| e.span != head.span);
        let mut edits: Vec<Edit> = self.edits(&others);
        edits.push((head.span, own));
        for block in blocks {
            edits.extend(self.block(block));
        }
        edits.sort_by_key(|(span, _)| (span.start, span.end));
        Some(self.lines.splice(stmt.span, &edits))
    }

    // `yield from`

    /// What `yield from` does, before a statement; the name of its result.
    pub(super) fn delegation(&mut self, over: &str, i: &str, before: &mut String) -> String {
        let number = self.number();
        let name = |base: &str| self.names.name(&format!("{base}_{number}"));
        let (inner_name, given, sent) = (name("inner"), name("given"), name("sent"));
        let (result, end, error) = (name("result"), name("end"), name("error"));
        before.push_str(&format!(
            "{i}{inner_name} = iter({over})\n\
             {i}try:\n\
             {i}    {given} = next({inner_name})\n\
             {i}except StopIteration as {end}:\n\
             {i}    {result} = {end}.value\n\
             {i}else:\n\
             {i}    while True:\n\
             {i}        try:\n\
             {i}            {sent} = yield {given}\n\
             {i}        except GeneratorExit:\n\
             {i}            if hasattr({inner_name}, \"close\"):\n\
             {i}                {inner_name}.close()\n\
             {i}            raise\n\
             {i}        except BaseException as {error}:\n\
             {i}            if not hasattr({inner_name}, \"throw\"):\n\
             {i}                raise\n\
             {i}            try:\n\
             {i}                {given} = {inner_name}.throw({error})\n\
             {i}            except StopIteration as {end}:\n\
             {i}                {result} = {end}.value\n\
             {i}                break\n\
             {i}        else:\n\
             {i}            try:\n\
             {i}                {given} = next({inner_name}) if {sent} is None else {inner_name}.send({sent})\n\
             {i}            except StopIteration as {end}:\n\
             {i}                {result} = {end}.value\n\
             {i}                break\n"
        ));
        result
    }

    /// What an async generator yields.
    pub(super) fn item(&self, value: &Expr, text: &str) -> String {
        let item = self.names.name("Item");
        let tuple = matches!(value.kind, ExprKind::Tuple(_));
        match tuple && !text.starts_with('(') {
            true => format!("yield {item}(({text}))"),
            false => format!("yield {item}({text})"),
        }
    }
}

/// A text that stands under what it comes from: its first line needs no blanks.
fn headed(heading: &str, text: &str) -> String {
    format!("{heading}\n{text}")
}

/// What stands alone in its statement needs no parentheses.
fn bare(text: &str) -> &str {
    let inner = text.strip_prefix("(yield from ").map(|_| text);
    let inner = inner.and_then(|t| t.strip_prefix('(')?.strip_suffix(')'));
    inner.unwrap_or(text)
}

fn is_slice(e: &Expr) -> bool {
    let is = |e: &Expr| matches!(e.kind, ExprKind::Slice { .. } | ExprKind::Starred(_));
    match &e.kind {
        ExprKind::Tuple(items) => items.iter().any(is),
        _ => is(e),
    }
}
