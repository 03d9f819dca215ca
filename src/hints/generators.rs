//! Mistakes around generators: not called, not started, used up, used as a list.

use super::site::made_by_calling;
use super::{Failure, Hint};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, FunctionDef, StmtKind};
use crate::syntax::walk;
use crate::vm::Vm;
use crate::vm::object::{BoundMethod, Function, GenKind, Generator, NativeFunction};
use crate::vm::value::Value;

pub fn already_running() -> Option<Hint> {
    Some(Hint::help(
        "a generator stands at one place only: what runs inside it cannot resume it; make a \
         second generator, or keep what it needs in a variable",
    ))
}

/// `next(numbers)`, `for n in numbers`, `total + 1` where the function is meant to be called.
pub fn not_called(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let mut names = Vec::new();
    let mut collect = |e| walk::everything(e, &mut |e| names.push(e));
    match site.expr {
        Some(e) => collect(e),
        None => walk::expressions(site.stmt()?, &mut collect),
    }
    let called: Vec<Span> = names.iter().filter_map(|e| called(e)).collect();
    for e in names.iter().filter(|e| !called.contains(&e.span)) {
        let Some(value) = site.value(vm, e).filter(is_function) else {
            continue;
        };
        let text = site.text(e.span);
        let makes = match made_by_calling(&value) {
            Some(GenKind::Generator) => "its call makes the generator",
            Some(GenKind::AsyncGenerator) => "its call makes the async generator",
            Some(GenKind::Coroutine) => "its call makes a coroutine, to be awaited",
            None => "call it for its result",
        };
        return Some(Hint::help(format!(
            "`{text}` is the function itself; {makes}: `{text}()`"
        )));
    }
    None
}

/// What a call calls.
fn called(e: &Expr) -> Option<Span> {
    match &e.kind {
        ExprKind::Call { func, .. } => Some(func.span),
        _ => None,
    }
}

fn is_function(value: &Value) -> bool {
    value.downcast::<Function>().is_some()
        || value.downcast::<BoundMethod>().is_some()
        || value.downcast::<NativeFunction>().is_some()
}

/// `g.send(5)` before the first `yield`.
pub fn send_too_early(failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let generator = match &site.expr?.kind {
        ExprKind::Call { func, .. } => match &func.kind {
            ExprKind::Attribute { value, .. } => site.text(value.span),
            _ => return None,
        },
        _ => return None,
    };
    let start = if failure.text.contains("async generator") {
        format!("await anext({generator})")
    } else if failure.text.contains("coroutine") {
        format!("{generator}.send(None)")
    } else {
        format!("next({generator})")
    };
    Some(Hint::help(format!(
        "no `yield` waits for the value yet; first bring it to one with `{start}`"
    )))
}

/// `next(g)` at its end, or `StopIteration` inside a generator.
pub fn exhausted(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    if failure.text.contains("raised Stop") {
        return Some(Hint::help(
            "`next()` found nothing more: catch StopIteration there and `return`, or give `next()` a \
             default",
        ));
    }
    let site = failure.site;
    let ExprKind::Call { func, args } = &site.expr?.kind else {
        return None;
    };
    let function = site.text(func.span);
    if !matches!(function, "next" | "anext") {
        return None;
    }
    if site.function().is_some_and(yields) {
        return Some(Hint::help(
            "this is inside a generator: catch StopIteration and `return`, to end it",
        ));
    }
    let given = walk::argument(args.first()?);
    let text = site.text(given.span);
    let default = format!("give a default for that: `{function}({text}, None)`");
    let Some(value) = site.value(vm, given) else {
        return Some(Hint::help(format!("there was no value; {default}")));
    };
    let hint = match value.downcast::<Generator>() {
        Some(generator) if generator.is_finished() => {
            let name = generator.qualname();
            let name = name.as_str().unwrap_or("?").to_owned();
            Hint::help(format!(
                "`{text}` has come to its end; {default}, or call `{name}` again for a new one"
            ))
        }
        _ => Hint::help(format!("`{text}` has no more values; {default}")),
    };
    match consumed(failure, text) {
        Some(span) => Some(hint.label(site, span, "this went through all of it")),
        None => Some(hint),
    }
}

/// Whether a function is a generator.
fn yields(def: &FunctionDef) -> bool {
    let mut found = false;
    walk::statements(&def.body, &mut |stmt| {
        walk::expressions(stmt, &mut |e| {
            walk::everything(e, &mut |e| {
                found |= matches!(e.kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_));
            });
        });
    });
    found
}

/// A loop or call in the same block that used a generator up before.
fn consumed(failure: &Failure<'_>, name: &str) -> Option<Span> {
    let site = failure.site;
    let here = site.stmt()?.span;
    let function = site.function();
    let block = function.map(|def| &def.body)?;
    let mut found = None;
    walk::statements(block, &mut |stmt| {
        if let StmtKind::For { iter, .. } = &stmt.kind
            && site.text(iter.span) == name
            && stmt.span.end <= here.start
        {
            found = Some(iter.span);
        }
    });
    found
}

/// `len(g)`, `g[0]`.
pub fn as_value(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let mut found = None;
    let is_generator = |vm: &mut Vm, e: &Expr| {
        let kept = site.value(vm, e);
        let kept = kept.and_then(|v| v.downcast::<Generator>().map(|g| g.kind()));
        kept.or_else(|| site.makes(vm, e)) == Some(GenKind::Generator)
            || matches!(e.kind, ExprKind::GeneratorExp(_))
    };
    walk::everything(site.expr?, &mut |e| {
        if found.is_none() && is_generator(vm, e) {
            found = Some(e);
        }
    });
    let found = found?;
    let text = site.text(found.span);
    let list = match found.kind {
        ExprKind::GeneratorExp(_) => {
            format!("[{}]", text.trim_start_matches('(').trim_end_matches(')'))
        }
        _ => format!("list({text})"),
    };
    Some(Hint::help(format!(
        "a generator makes its values one by one and keeps none; to have them all write `{list}`"
    )))
}
