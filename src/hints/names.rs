//! Names that stand for nothing, or for `None`.

use super::{Failure, Hint};
use crate::builtins::STDLIB_MODULE_NAMES;
use crate::source::Span;
use crate::stdlib;
use crate::syntax::ast::{Block, Expr, ExprKind, StmtKind};
use crate::syntax::walk;
use crate::text::suggest::suggest;
use crate::vm::Vm;

/// A function reads a name that it assigns only later.
pub fn unbound_local(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let name = failure.text.split('\'').nth(1)?;
    let def = site.function()?;
    let assigned = assignment(failure, &def.body, name)?;
    let interned = vm.intern(name);
    let is_global = site.level.globals().get_str(&interned).is_some();
    let outer = site.way.iter().rev().skip(1).filter(
        |s| matches!(&s.kind, StmtKind::FunctionDef(outer) if !std::ptr::eq(&**outer, def)),
    );
    let enclosing = outer.into_iter().any(|s| match &s.kind {
        StmtKind::FunctionDef(outer) => assignment(failure, &outer.body, name).is_some(),
        _ => false,
    });
    let function = &def.name.name;
    let help = match (enclosing, is_global) {
        (true, _) => {
            format!("to mean the one outside, write `nonlocal {name}` first in `{function}`")
        }
        (_, true) => format!("to mean the global one, write `global {name}` first in `{function}`"),
        _ => format!("give `{name}` a value before this line, in every case"),
    };
    let hint = Hint::help(help);
    let why = format!("assigned here, so `{name}` is a name of `{function}`'s own throughout");
    Some(hint.label(site, assigned, why))
}

/// The first place in a block, not in functions inside it, that assigns a name.
fn assignment(failure: &Failure<'_>, block: &Block, name: &str) -> Option<Span> {
    let site = failure.site;
    let mut open: Vec<_> = block.iter().rev().collect();
    while let Some(stmt) = open.pop() {
        let is_name = |e: &Expr| matches!(&e.kind, ExprKind::Name(n) if &**n == name);
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => {
                if let Some(target) = targets.iter().find(|t| is_name(t)) {
                    return Some(target.span);
                }
            }
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. }
                if is_name(target) =>
            {
                return Some(target.span);
            }
            StmtKind::For { target, .. } if is_name(target) => return Some(target.span),
            StmtKind::With { items, .. } => {
                let mut targets = items.iter().filter_map(|i| i.target.as_ref());
                if let Some(target) = targets.find(|t| is_name(t)) {
                    return Some(target.span);
                }
            }
            StmtKind::Try(t) => {
                let named = |n: &crate::syntax::ast::Ident| &*n.name == name;
                let bound = t.handlers.iter().filter_map(|h| h.name.as_ref());
                if let Some(ident) = bound.into_iter().find(|n| named(n)) {
                    return Some(ident.span);
                }
            }
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => continue,
            _ => {}
        }
        for inner in walk::blocks(stmt).into_iter().rev() {
            open.extend(inner.iter().rev());
        }
    }
    let param = site.function().map(|d| &d.params)?;
    let all = param.posonly.iter().chain(&param.args).chain(&param.kwonly);
    all.into_iter()
        .find(|p| &*p.name.name == name)
        .map(|p| p.name.span)
}

/// A name that another function keeps to itself.
pub fn unknown_name(failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let name = failure.text.split('\'').nth(1)?;
    if failure.text.contains("forget to import") {
        return Some(Hint::help(format!(
            "write `import {name}` at the top of the file"
        )));
    }
    if failure.text.contains("free variable") {
        return Some(Hint::help(format!(
            "the function around this one has not given `{name}` a value yet"
        )));
    }
    if failure.text.contains("Did you mean") {
        return None;
    }
    let mut owner = None;
    walk::statements(site.body, &mut |stmt| {
        if let StmtKind::FunctionDef(def) = &stmt.kind
            && owner.is_none()
            && let Some(span) = assignment(failure, &def.body, name)
        {
            owner = Some((def.name.name.clone(), span));
        }
    });
    let (function, span) = owner?;
    let hint = Hint::help(format!(
        "give the value back with `return {name}`, and take it where `{function}` is called"
    ));
    Some(hint.label(
        site,
        span,
        format!("a name of `{function}`'s own; nobody else sees it"),
    ))
}

/// A module that there is not.
pub fn unknown_module(failure: &Failure<'_>) -> Option<Hint> {
    let missing = failure
        .text
        .strip_prefix("ModuleNotFoundError: No module named '")?;
    let name = missing.split('\'').next()?;
    let known: Vec<&str> = stdlib::names().filter(|n| !n.starts_with('_')).collect();
    let exists = STDLIB_MODULE_NAMES.binary_search(&name).is_ok();
    if !exists && let Some(meant) = suggest(name, &known) {
        return Some(Hint::help(format!("the library has a module `{meant}`")));
    }
    let head = name.split('.').next()?;
    if STDLIB_MODULE_NAMES.binary_search(&head).is_ok() {
        let have = known.iter().filter(|n| !n.contains('.'));
        let have: Vec<&str> = have.copied().collect();
        return Some(Hint::help(format!(
            "coro's library is a part of Python's, without `{name}`; it has {}",
            have.join(", ")
        )));
    }
    let here = format!("`{head}.coro` or `{head}/__init__.coro` beside the program");
    Some(Hint::help(format!(
        "a module of your own is a file {here}; coro uses no packages from outside"
    )))
}

/// `None` where a value is expected: often the result of a method that changes its object.
pub fn none_as_value(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let mut culprit = None;
    let mut look = |e| {
        walk::everything(e, &mut |e| {
            if culprit.is_none()
                && matches!(e.kind, ExprKind::Name(_))
                && site.value(vm, e).is_some_and(|v| v.is_none())
            {
                culprit = Some(e);
            }
        });
    };
    match site.expr {
        Some(e) => look(e),
        None => walk::expressions(site.stmt()?, &mut look),
    }
    let culprit = culprit?;
    let name = site.text(culprit.span);
    let (span, value) = last_assignment(failure, name, culprit.span)?;
    let method = match &value.kind {
        ExprKind::Call { func, .. } => match &func.kind {
            ExprKind::Attribute { attr, value } => Some((attr, site.text(value.span))),
            _ => None,
        },
        _ => None,
    };
    const IN_PLACE: [&str; 13] = [
        "sort",
        "append",
        "extend",
        "insert",
        "reverse",
        "clear",
        "update",
        "add",
        "remove",
        "discard",
        "put_nowait",
        "set",
        "appendleft",
    ];
    let help = match method {
        Some((attr, object)) if IN_PLACE.contains(&&*attr.name) => format!(
            "`{}()` changes `{object}` in its place and gives None; use `{object}` itself",
            attr.name
        ),
        _ if matches!(value.kind, ExprKind::Call { .. }) => {
            "a function without `return` gives None; let it return what is needed here".to_owned()
        }
        _ => format!("`{name}` is None here; check for that first: `if {name} is not None:`"),
    };
    Some(Hint::help(help).label(site, span, format!("`{name}` became None here")))
}

/// The last assignment to a name before a place, in the same function or at the top of the file.
fn last_assignment<'a>(
    failure: &Failure<'a>,
    name: &str,
    before: Span,
) -> Option<(Span, &'a Expr)> {
    let site = failure.site;
    let mut found = None;
    let mut look = |stmt: &'a crate::syntax::ast::Stmt| {
        if let StmtKind::Assign { targets, value } = &stmt.kind
            && stmt.span.end <= before.start
            && targets.iter().any(|t| site.text(t.span) == name)
        {
            found = Some((stmt.span, value));
        }
    };
    match site.function() {
        Some(def) => walk::statements(&def.body, &mut look),
        None => walk::statements(site.body, &mut look),
    }
    found
}
