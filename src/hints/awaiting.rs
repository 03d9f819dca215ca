//! Mistakes around `await`: coroutines and tasks used as values, things awaited that cannot be,
//! coroutines awaited twice, loops in loops.

use super::site::{Site, made_by_calling};
use super::{Failure, Hint};
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, StmtKind};
use crate::syntax::walk;
use crate::vm::Vm;
use crate::vm::object::{Future, GenKind, Generator, List, Set, Tuple};
use crate::vm::value::Value;

/// Functions that run the coroutines they are given.
pub const RUNNERS: [&str; 10] = [
    "create_task",
    "gather",
    "wait_for",
    "run",
    "ensure_future",
    "shield",
    "wait",
    "as_completed",
    "run_until_complete",
    "run_coroutine_threadsafe",
];

/// Something whose result was meant.
struct Culprit<'a> {
    expr: &'a Expr,
    /// The expression in which it stands, if it is inside the failing one.
    parent: Option<&'a Expr>,
    what: String,
}

/// `price() + 1`, `for x in price()`, `price().total`…
pub fn coroutine_as_value(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let culprit = culprit(vm, site, &|vm, site, e| {
        if site.makes(vm, e) == Some(GenKind::Coroutine) {
            return Some(format!(
                "`{}` made a coroutine that has not run",
                one_line(site, e)
            ));
        }
        let value = site.value(vm, e)?;
        let coroutine = value.downcast::<Generator>()?;
        (coroutine.kind() == GenKind::Coroutine).then(|| {
            let name = coroutine.qualname();
            let name = name.as_str().unwrap_or("?").to_owned();
            format!(
                "`{}` is a coroutine, made by calling `{name}`",
                one_line(site, e)
            )
        })
    })?;
    Some(result_wanted(site, &culprit))
}

/// `task + 1`.
pub fn future_as_value(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let culprit = culprit(vm, site, &|vm, site, e| {
        let value = site.value(vm, e)?;
        let future = value.downcast::<Future>()?;
        let what = if future.is_task() { "task" } else { "future" };
        Some(format!(
            "`{}` is a {what}; its result comes later",
            one_line(site, e)
        ))
    })?;
    Some(result_wanted(site, &culprit))
}

/// Says to await the culprit.
fn result_wanted(site: &Site<'_>, culprit: &Culprit<'_>) -> Hint {
    let what = &culprit.what;
    let text = site.text(culprit.expr.span);
    if site.may_await() {
        Hint::help(format!("{what}; write `{}`", awaited(site, culprit)))
    } else if let Some(def) = site.function() {
        let name = &def.name.name;
        Hint::help(format!(
            "{what}; make `{name}` a coroutine, `async def {name}`, and write `{}` in it",
            awaited(site, culprit)
        ))
    } else {
        Hint::help(format!(
            "{what}; at the top of a program write `asyncio.run({text})`"
        ))
    }
}

/// How the expression reads with the `await` in it.
fn awaited(site: &Site<'_>, culprit: &Culprit<'_>) -> String {
    let inner = culprit.expr.span;
    let text = site.text(inner);
    let Some(parent) = culprit.parent.filter(|p| p.span != inner) else {
        return format!("await {text}");
    };
    let tight = match &parent.kind {
        ExprKind::Attribute { .. } => true,
        ExprKind::Subscript { value, .. } => value.span == inner,
        ExprKind::Call { func, .. } => func.span == inner,
        _ => return format!("await {text}"),
    };
    if !tight {
        return format!("await {text}");
    }
    let before = site.text(Span::new(parent.span.start, inner.start));
    let after = site.text(Span::new(inner.end, parent.span.end));
    format!("{before}(await {text}){after}")
}

/// The first expression of the failing one that a test describes, not counting what is awaited.
fn culprit<'a>(
    vm: &mut Vm,
    site: &Site<'a>,
    test: &dyn Fn(&mut Vm, &Site<'a>, &'a Expr) -> Option<String>,
) -> Option<Culprit<'a>> {
    // What failed is looked at first, then the rest of its statement: where unpacking fails, the
    // culprit stands on the other side.
    let mut open: Vec<(Option<&'a Expr>, &'a Expr)> = Vec::new();
    open.extend(site.expr.map(|e| (None, e)));
    walk::expressions(site.stmt()?, &mut |e| open.push((None, e)));
    open.reverse();
    while let Some((parent, expr)) = open.pop() {
        if matches!(expr.kind, ExprKind::Await(_)) {
            continue;
        }
        if let Some(what) = test(vm, site, expr) {
            return Some(Culprit { expr, parent, what });
        }
        let at = open.len();
        walk::children(expr, &mut |child| open.push((Some(expr), child)));
        if let Some(children) = open.get_mut(at..) {
            children.reverse();
        }
    }
    None
}

fn one_line(site: &Site<'_>, e: &Expr) -> String {
    let text = site.text(e.span);
    match text.split_once('\n') {
        Some((first, _)) => format!("{}...", first.trim_end()),
        None => text.to_owned(),
    }
}

/// The operand of the `await` that failed.
fn operand<'a>(site: &Site<'a>) -> Option<&'a Expr> {
    match site.expr.map(|e| &e.kind) {
        Some(ExprKind::Await(inner)) => Some(inner),
        _ => site.expr,
    }
}

/// `await [a(), b()]`, `await f`, `await 3`.
pub fn not_awaitable(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let operand = operand(site)?;
    let text = site.text(operand.span);
    if let Some(hint) = several(vm, site, operand) {
        return Some(hint);
    }
    if let Some(value) = site.value(vm, operand) {
        return match made_by_calling(&value) {
            Some(GenKind::AsyncGenerator) => Some(loop_over(&format!("{text}()"))),
            Some(GenKind::Coroutine) => Some(Hint::help(format!(
                "`{text}` is the function itself; call it: `await {text}()`"
            ))),
            _ => kept(&value, text),
        };
    }
    match site.makes(vm, operand) {
        Some(GenKind::AsyncGenerator) => return Some(loop_over(text)),
        Some(GenKind::Generator) => {
            return Some(Hint::help(format!(
                "`{text}` makes a plain generator; loop over it with `for`, or make the function \
                 an `async def`"
            )));
        }
        _ => {}
    }
    let ExprKind::Call { func, args } = &operand.kind else {
        return Some(Hint::help(format!(
            "`{text}` is a value already; leave out the `await`"
        )));
    };
    let name = site.text(func.span);
    let given = args
        .first()
        .map_or("...", |a| site.text(walk::argument(a).span));
    Some(match name {
        "time.sleep" => Hint::help(format!(
            "`time.sleep` stops the whole program; `await asyncio.sleep({given})` lets others run"
        )),
        _ => Hint::help(format!(
            "`{name}` is no coroutine function: its call has done its work already; leave out \
             the `await`"
        )),
    })
}

fn loop_over(text: &str) -> Hint {
    Hint::help(format!(
        "`{text}` is an async generator: it has many values; write `async for value in {text}:`"
    ))
}

/// What a variable holds that was awaited.
fn kept(value: &Value, text: &str) -> Option<Hint> {
    if value.is_none() {
        return Some(Hint::help(format!("`{text}` is None: nothing to wait for")));
    }
    if let Some(generator) = value.downcast::<Generator>() {
        return Some(match generator.kind() {
            GenKind::AsyncGenerator => loop_over(text),
            _ => Hint::help(format!(
                "`{text}` is a plain generator; loop over it with `for`"
            )),
        });
    }
    Some(Hint::help(format!(
        "`{text}` is a value already; leave out the `await`"
    )))
}

/// A collection of things to wait for.
fn several(vm: &mut Vm, site: &Site<'_>, operand: &Expr) -> Option<Hint> {
    let text = site.text(operand.span);
    let write = match &operand.kind {
        ExprKind::List(items) | ExprKind::Set(items) | ExprKind::Tuple(items) => {
            let inner = Span::new(items.first()?.span.start, items.last()?.span.end);
            format!("await asyncio.gather({})", site.text(inner))
        }
        ExprKind::ListComp(_) | ExprKind::SetComp(_) => format!("await asyncio.gather(*{text})"),
        ExprKind::GeneratorExp(_) => {
            let inner = text.trim_start_matches('(').trim_end_matches(')');
            format!("await asyncio.gather(*[{inner}])")
        }
        _ => {
            let value = site.value(vm, operand)?;
            let many = value.downcast::<List>().is_some()
                || value.downcast::<Tuple>().is_some()
                || value.downcast::<Set>().is_some();
            if !many {
                return None;
            }
            format!("await asyncio.gather(*{text})")
        }
    };
    Some(Hint::help(format!(
        "`await` waits for one thing; to wait for several at once write `{write}`"
    )))
}

/// A coroutine is used up after one `await`.
pub fn awaited_twice(failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let operand = operand(site)?;
    let text = site.text(operand.span);
    let twice = "a coroutine runs once";
    if failure.text.ends_with("is being awaited already") {
        return Some(Hint::help(format!(
            "another task awaits `{text}` just now; share a task instead: \
             `asyncio.create_task(...)` can be awaited by many"
        )));
    }
    let (first, made) = history(site, operand);
    let again = match made.map(|e| site.text(e.span)) {
        Some(call) => format!("call `{call}` again for another run"),
        None => "call the function again for another run".to_owned(),
    };
    let mut hint = Hint::help(format!(
        "{twice}: keep its result in a variable, or {again}; a task, made by \
         `asyncio.create_task`, can be awaited as often as you like"
    ));
    if let Some(first) = first {
        hint = hint.label(site, first, "awaited here before");
    } else if in_loop(site) {
        hint = hint.note(format!("the loop awaits the same `{text}` in each round"));
    }
    Some(match made {
        Some(call) => hint.label(site, call.span, "this call made the coroutine"),
        None => hint,
    })
}

/// Where, in the same function, the same thing was awaited before, and the call that made it.
fn history<'a>(site: &Site<'a>, operand: &Expr) -> (Option<Span>, Option<&'a Expr>) {
    let text = site.text(operand.span);
    let block = match site.function() {
        Some(def) => &def.body,
        None => return (None, None),
    };
    let (mut first, mut made) = (None, None);
    walk::statements(block, &mut |stmt| {
        if let StmtKind::Assign { targets, value } = &stmt.kind
            && targets.iter().any(|t| site.text(t.span) == text)
            && stmt.span.end <= operand.span.start
            && matches!(value.kind, ExprKind::Call { .. })
        {
            made = Some(value);
        }
        walk::expressions(stmt, &mut |e| {
            walk::everything(e, &mut |e| {
                let before = e.span.end <= operand.span.start;
                if before && first.is_none() && runs(site, e, text) {
                    first = Some(e.span);
                }
            });
        });
    });
    (first, made)
}

/// Whether an expression awaits something, or gives it to somebody who does.
fn runs(site: &Site<'_>, e: &Expr, text: &str) -> bool {
    match &e.kind {
        ExprKind::Await(inner) => site.text(inner.span) == text,
        ExprKind::Call { func, args } => {
            let function = site.text(func.span);
            let name = function.rsplit('.').next().unwrap_or(function);
            RUNNERS.contains(&name)
                && args
                    .iter()
                    .any(|a| site.text(walk::argument(a).span) == text)
        }
        _ => false,
    }
}

fn in_loop(site: &Site<'_>) -> bool {
    site.way
        .iter()
        .any(|s| matches!(s.kind, StmtKind::For { .. } | StmtKind::While { .. }))
}

/// `asyncio.run(f())` where a loop runs.
pub fn loop_running(failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let inner = match &site.expr?.kind {
        ExprKind::Call { args, .. } => site.text(walk::argument(args.first()?).span),
        _ => return None,
    };
    if site.may_await() {
        return Some(Hint::help(format!(
            "a loop runs already, and this is a coroutine in it; write `await {inner}`"
        )));
    }
    let name = site.function().map_or("this function", |d| &d.name.name);
    Some(Hint::help(format!(
        "`{name}` was called by a coroutine, so a loop runs already; make it an `async def`, \
         await it, and write `await {inner}` in it"
    )))
}

/// `asyncio.run(main)`.
pub fn coroutine_wanted(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let ExprKind::Call { func, args } = &site.expr?.kind else {
        return None;
    };
    let function = site.text(func.span);
    for arg in args {
        let (Arg::Positional(given) | Arg::Keyword(_, given)) = arg else {
            continue;
        };
        let text = site.text(given.span);
        let value = site.value(vm, given);
        if value.as_ref().and_then(made_by_calling) == Some(GenKind::Coroutine) {
            return Some(Hint::help(format!(
                "`{text}` is the function; its call makes the coroutine: `{function}({text}())`"
            )));
        }
        if let ExprKind::Await(inner) = &given.kind {
            let inner = site.text(inner.span);
            return Some(Hint::help(format!(
                "`await` has run the coroutine already and gives its result; hand over the \
                 coroutine: `{function}({inner})`"
            )));
        }
        if let ExprKind::Call { func: plain, .. } = &given.kind
            && site.makes(vm, given).is_none()
            && site.value(vm, plain).is_some()
        {
            let plain = site.text(plain.span);
            return Some(Hint::help(format!(
                "`{plain}` is a plain function; only `async def {plain}` makes coroutines"
            )));
        }
    }
    None
}

/// `asyncio.create_task` outside of a loop.
pub fn no_loop(failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let place = match site.function() {
        Some(def) => format!("`{}` was called while no loop runs", def.name.name),
        None => "no loop runs at the top of a program".to_owned(),
    };
    Some(Hint::help(format!(
        "{place}; do this in a coroutine, and start that with `asyncio.run(main())`"
    )))
}
