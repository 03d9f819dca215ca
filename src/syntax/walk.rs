//! Walking the syntax tree: the expressions and blocks that stand directly in a node. For whoever
//! looks for something in a program; the compiler treats each kind in its own way and does not
//! use it.

use super::ast::*;
use crate::source::Span;

/// Calls `f` with each expression that stands directly in a statement, in source order: not with
/// those inside its blocks.
pub fn expressions<'a>(stmt: &'a Stmt, f: &mut dyn FnMut(&'a Expr)) {
    match &stmt.kind {
        StmtKind::Expr(e) => f(e),
        StmtKind::Assign { targets, value } => {
            targets.iter().for_each(&mut *f);
            f(value);
        }
        StmtKind::AugAssign { target, value, .. } => {
            f(target);
            f(value);
        }
        StmtKind::AnnAssign {
            target,
            annotation,
            value,
            ..
        } => {
            f(target);
            f(annotation);
            value.iter().for_each(f);
        }
        StmtKind::Return(value) => value.iter().for_each(f),
        StmtKind::Delete(targets) => targets.iter().for_each(f),
        StmtKind::Raise { exc, cause } => exc.iter().chain(cause).for_each(f),
        StmtKind::Assert { test, msg } => {
            f(test);
            msg.iter().for_each(f);
        }
        StmtKind::If { test, .. } | StmtKind::While { test, .. } => f(test),
        StmtKind::For { target, iter, .. } => {
            f(target);
            f(iter);
        }
        StmtKind::With { items, .. } => {
            for item in items {
                f(&item.context);
                item.target.iter().for_each(&mut *f);
            }
        }
        StmtKind::Try(t) => t.handlers.iter().filter_map(|h| h.typ.as_ref()).for_each(f),
        StmtKind::Match { subject, cases } => {
            f(subject);
            cases.iter().filter_map(|c| c.guard.as_ref()).for_each(f);
        }
        StmtKind::FunctionDef(def) => {
            def.decorators.iter().for_each(&mut *f);
            params(&def.params, f);
            def.returns.iter().for_each(f);
        }
        StmtKind::ClassDef(def) => {
            def.decorators.iter().for_each(&mut *f);
            def.args.iter().map(argument).for_each(f);
        }
        StmtKind::TypeAlias { value, .. } => f(value),
        StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Global(_)
        | StmtKind::Nonlocal(_)
        | StmtKind::Import(_)
        | StmtKind::ImportFrom { .. } => {}
    }
}

/// The blocks that stand directly in a statement, those of functions and classes included.
pub fn blocks(stmt: &Stmt) -> Vec<&Block> {
    match &stmt.kind {
        StmtKind::If { body, orelse, .. }
        | StmtKind::While { body, orelse, .. }
        | StmtKind::For { body, orelse, .. } => vec![body, orelse],
        StmtKind::With { body, .. } => vec![body],
        StmtKind::Try(t) => {
            let mut found = vec![&t.body];
            found.extend(t.handlers.iter().map(|h| &h.body));
            found.extend([&t.orelse, &t.finalbody]);
            found
        }
        StmtKind::Match { cases, .. } => cases.iter().map(|c| &c.body).collect(),
        StmtKind::FunctionDef(def) => vec![&def.body],
        StmtKind::ClassDef(def) => vec![&def.body],
        _ => Vec::new(),
    }
}

/// Calls `f` with each expression that stands directly in another one, in source order.
pub fn children<'a>(e: &'a Expr, f: &mut dyn FnMut(&'a Expr)) {
    match &e.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) | ExprKind::Invalid => {}
        ExprKind::JoinedStr(parts) => fields(parts, f),
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            items.iter().for_each(f);
        }
        ExprKind::Dict(pairs) => {
            for (key, value) in pairs {
                key.iter().for_each(&mut *f);
                f(value);
            }
        }
        ExprKind::Starred(value)
        | ExprKind::Unary { operand: value, .. }
        | ExprKind::Named { value, .. }
        | ExprKind::Attribute { value, .. }
        | ExprKind::Await(value)
        | ExprKind::YieldFrom(value) => f(value),
        ExprKind::Yield(value) => value.iter().for_each(|v| f(v)),
        ExprKind::Binary { left, right, .. } => {
            f(left);
            f(right);
        }
        ExprKind::Bool { values, .. } => values.iter().for_each(f),
        ExprKind::Compare { left, rest } => {
            f(left);
            rest.iter().for_each(|(_, right)| f(right));
        }
        ExprKind::Conditional { test, body, orelse } => {
            f(body);
            f(test);
            f(orelse);
        }
        ExprKind::Lambda { params: p, body } => {
            params(p, f);
            f(body);
        }
        ExprKind::Subscript { value, index } => {
            f(value);
            f(index);
        }
        ExprKind::Slice { lower, upper, step } => {
            for part in [lower, upper, step].into_iter().flatten() {
                f(part);
            }
        }
        ExprKind::Call { func, args } => {
            f(func);
            args.iter().map(argument).for_each(f);
        }
        ExprKind::ListComp(c)
        | ExprKind::SetComp(c)
        | ExprKind::GeneratorExp(c)
        | ExprKind::DictComp(c) => comprehension(c, f),
    }
}

/// Calls `f` with an expression and everything in it, outermost first. Without recursion, as trees
/// of long chains are deep.
pub fn everything<'a>(e: &'a Expr, f: &mut dyn FnMut(&'a Expr)) {
    let mut open = vec![e];
    while let Some(e) = open.pop() {
        f(e);
        let at = open.len();
        children(e, &mut |child| open.push(child));
        if let Some(children) = open.get_mut(at..) {
            children.reverse();
        }
    }
}

/// Calls `f` with every statement of a block and of the blocks in it, in source order.
pub fn statements<'a>(block: &'a [Stmt], f: &mut dyn FnMut(&'a Stmt)) {
    let mut open: Vec<&Stmt> = block.iter().rev().collect();
    while let Some(stmt) = open.pop() {
        f(stmt);
        for inner in blocks(stmt).into_iter().rev() {
            open.extend(inner.iter().rev());
        }
    }
}

/// The way from the top of a program down to a span: every statement around it, outermost first.
pub fn around(block: &[Stmt], span: Span) -> Vec<&Stmt> {
    let mut way = Vec::new();
    let mut block = block;
    // A block that holds the span is looked for by its statements: blocks have no span.
    while let Some(stmt) = block.iter().find(|s| covers(s.span, span)) {
        way.push(stmt);
        let within = |b: &&Block| b.iter().any(|s| covers(s.span, span));
        match blocks(stmt).into_iter().find(within) {
            Some(inner) => block = inner,
            None => break,
        }
    }
    way
}

/// The outermost expression of a statement that has exactly this span.
pub fn expression_at(stmt: &Stmt, span: Span) -> Option<&Expr> {
    let mut found = None;
    expressions(stmt, &mut |e| {
        everything(e, &mut |e| {
            if e.span == span && found.is_none() {
                found = Some(e);
            }
        });
    });
    found
}

/// Whether one span holds another.
pub const fn covers(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The value of an argument.
pub const fn argument(arg: &Arg) -> &Expr {
    match arg {
        Arg::Positional(e) | Arg::Star(e) | Arg::Keyword(_, e) | Arg::DoubleStar(e) => e,
    }
}

fn params<'a>(params: &'a Params, f: &mut dyn FnMut(&'a Expr)) {
    let positional = params.posonly.iter().chain(&params.args);
    let named = params
        .vararg
        .iter()
        .chain(&params.kwonly)
        .chain(&params.kwarg);
    for param in positional.chain(named) {
        param.annotation.iter().for_each(&mut *f);
        param.default.iter().for_each(&mut *f);
    }
}

fn fields<'a>(parts: &'a [FStringPart], f: &mut dyn FnMut(&'a Expr)) {
    for part in parts {
        if let FStringPart::Field(field) = part {
            f(&field.value);
            field.spec.iter().for_each(|spec| fields(spec, f));
        }
    }
}

fn comprehension<'a>(c: &'a Comprehension, f: &mut dyn FnMut(&'a Expr)) {
    c.key.iter().for_each(&mut *f);
    f(&c.element);
    for part in &c.generators {
        f(&part.target);
        f(&part.iter);
        part.ifs.iter().for_each(&mut *f);
    }
}
