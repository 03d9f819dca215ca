//! Rules about generators: made and dropped, named and not called, looped over twice, results that
//! nobody sees.

use super::awaiting::accepts;
use super::scopes::{Binding, Makes, own_expressions, own_statements};
use super::walker::Walker;
use crate::diagnostic::Code;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::walk;

/// `numbers()` alone: the generator never starts.
pub fn statement<'a>(w: &mut Walker<'a>, stmt: &'a Stmt) {
    let StmtKind::Expr(e) = &stmt.kind else {
        return;
    };
    let makes = w.makes(e);
    let word = match makes {
        Some(Makes::Generator) => "for",
        Some(Makes::AsyncGenerator) => "async for",
        _ => return,
    };
    if let ExprKind::Call { func, args } = &e.kind
        && w.function(func).is_some_and(|def| !accepts(def, args))
    {
        return;
    }
    let text = w.shown(e);
    let title = format!("'{text}' makes a generator, and nothing runs it");
    let help = format!("loop over it: `{word} value in {text}:`");
    w.doubt(
        Code::NeverStarted,
        e.span,
        title,
        "runs nothing of the function",
        help,
    );
}

/// `next(numbers)`, `list(numbers)` with the function itself.
pub fn expression<'a>(w: &mut Walker<'a>, e: &'a Expr) {
    let ExprKind::Call { func, args } = &e.kind else {
        return;
    };
    const ITERATE: [&str; 8] = [
        "next",
        "iter",
        "list",
        "tuple",
        "set",
        "sum",
        "sorted",
        "enumerate",
    ];
    let Some(path) = w.path(func).filter(|p| ITERATE.contains(&p.as_str())) else {
        return;
    };
    let Some(Arg::Positional(given)) = args.first() else {
        return;
    };
    // `iter(f, sentinel)` calls f.
    if path == "iter" && args.len() > 1 {
        return;
    }
    if let Some(def) = w.function(given) {
        let name = w.text(given.span);
        let title = format!("'{}' is a function, not what it makes", def.name.name);
        let help = format!("call it: `{path}({name}())`");
        return w.mistake(Code::NotCalled, given.span, title, "not called", help);
    }
    if w.makes(given) == Some(Makes::AsyncGenerator) {
        let text = w.shown(given);
        let title = "'async_generator' object is not iterable".to_owned();
        let help = match path.as_str() {
            "next" => format!("write `await anext({text})`"),
            "iter" => format!("write `aiter({text})`"),
            _ => format!("write `{path}([x async for x in {text}])`"),
        };
        w.mistake(
            Code::AsyncForMissing,
            given.span,
            title,
            "has to be waited for",
            help,
        );
    }
}

/// Two loops over one generator, one after the other: the second sees nothing.
pub fn looped_twice<'a>(w: &mut Walker<'a>, body: &'a [Stmt]) {
    let mut seen: Vec<(&str, Span)> = Vec::new();
    for stmt in body {
        let Some((name, span, to_the_end)) = consumed(w, stmt) else {
            // Whatever else the statement does with the name, it may be a new generator after it.
            continue;
        };
        if !is_generator(w, name) {
            continue;
        }
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
            let line = w.source.line_of(first.start);
            let title = format!("'{name}' has come to its end: line {line} went through all of it");
            let help = format!(
                "a generator runs once: make a new one, or keep the values: `{name} = list(...)`"
            );
            w.doubt(
                Code::LoopedTwice,
                span,
                title,
                "nothing left to loop over",
                help,
            );
        } else if to_the_end {
            seen.push((name, span));
        }
    }
}

/// The name that a statement loops over, and whether it surely comes to the end.
fn consumed<'a>(w: &Walker<'a>, stmt: &'a Stmt) -> Option<(&'a str, Span, bool)> {
    match &stmt.kind {
        StmtKind::For {
            is_async: false,
            iter,
            body,
            ..
        } => {
            let ExprKind::Name(name) = &iter.kind else {
                return None;
            };
            let leaves = own_statements(body).iter().any(|s| {
                matches!(
                    s.kind,
                    StmtKind::Break | StmtKind::Return(_) | StmtKind::Raise { .. }
                )
            });
            Some((name, iter.span, !leaves))
        }
        StmtKind::Assign { value, .. } | StmtKind::Expr(value) => {
            let ExprKind::Call { func, args } = &value.kind else {
                return None;
            };
            let path = w.path(func)?;
            let all = ["list", "tuple", "set", "sum", "sorted", "max", "min"];
            let [Arg::Positional(given)] = args.as_slice() else {
                return None;
            };
            let ExprKind::Name(name) = &given.kind else {
                return None;
            };
            all.contains(&path.as_str())
                .then_some((name, given.span, true))
        }
        _ => None,
    }
}

/// Whether a name is bound once, to a generator.
fn is_generator(w: &Walker<'_>, name: &str) -> bool {
    match w.scopes.lookup(w.place.scope, name) {
        Some(Binding::Value(value)) => {
            matches!(value.kind, ExprKind::GeneratorExp(_))
                || w.makes(value) == Some(Makes::Generator)
        }
        _ => false,
    }
}

/// A generator that returns a value which everybody who uses it throws away.
pub fn function<'a>(w: &mut Walker<'a>, def: &'a FunctionDef) {
    if def.is_async
        || !def.decorators.is_empty()
        || w.place.class.is_some()
        || w.scopes.makes(def) != Makes::Generator
    {
        return;
    }
    let result = own_statements(&def.body)
        .into_iter()
        .find_map(|s| match &s.kind {
            StmtKind::Return(Some(value))
                if !matches!(value.kind, ExprKind::Constant(Constant::None)) =>
            {
                Some(s.span)
            }
            _ => None,
        });
    let Some(result) = result else {
        return;
    };
    let name: &str = &def.name.name;
    let known = match w.scopes.lookup(w.place.scope, name) {
        Some(Binding::Function(found)) => std::ptr::eq(found, def),
        _ => false,
    };
    let (uses, loops) = uses(w, name);
    if known && uses > 0 && uses == loops {
        let title = format!("nobody sees what '{name}' returns: it is a generator");
        let help = "a loop sees only what is yielded: `yield` it, or take it with `result = yield from ...`";
        w.doubt(Code::LostResult, result, title, "lost", help.to_owned());
    }
}

/// How often a name is used in the program, and how often only to loop over what its call makes.
fn uses<'a>(w: &Walker<'a>, name: &str) -> (usize, usize) {
    let is_call = |e: &Expr| match &e.kind {
        ExprKind::Call { func, .. } => matches!(&func.kind, ExprKind::Name(n) if &**n == name),
        _ => false,
    };
    let (mut uses, mut loops) = (0, 0);
    walk::statements(&w.module.body, &mut |stmt| {
        if let StmtKind::For { iter, .. } = &stmt.kind {
            loops += usize::from(is_call(iter));
        }
        walk::expressions(stmt, &mut |e| {
            own_expressions(e, &mut |e| match &e.kind {
                ExprKind::Name(n) if &**n == name => uses += 1,
                ExprKind::Call { func, args } => {
                    let collects = ["list", "sum", "tuple", "set", "sorted"];
                    let path = w.path(func).unwrap_or_default();
                    if collects.contains(&path.as_str()) {
                        loops += args.iter().filter(|a| is_call(walk::argument(a))).count();
                    }
                }
                _ => {}
            });
        });
    });
    (uses, loops)
}
