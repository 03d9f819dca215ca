//! `for` and `with` where `async for` and `async with` are meant, and the reverse.

use super::awaiting::coroutine_as_value;
use super::site::{Site, has_method, made_by_calling};
use super::{Failure, Hint};
use crate::syntax::ast::{ExprKind, StmtKind};
use crate::vm::Vm;
use crate::vm::object::GenKind;

/// `for n in numbers()` over an async generator.
pub fn async_for_missing(failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let text = site.text(site.expr?.span);
    let what = "an async generator may have to wait for its next value";
    if let Some(StmtKind::For { target, iter, .. }) = site.stmt().map(|s| &s.kind)
        && iter.span == site.expr?.span
    {
        let target = site.text(target.span);
        return Some(with_async(
            site,
            format!("{what}; write `async for {target} in {text}:`"),
        ));
    }
    if let ExprKind::Call { args, func } = &site.expr?.kind {
        let inner = site.text(crate::syntax::walk::argument(args.first()?).span);
        let function = site.text(func.span);
        let collected = format!("[x async for x in {inner}]");
        let write = match function {
            "list" => collected,
            "next" => format!("await anext({inner})"),
            _ => format!("{function}({collected})"),
        };
        return Some(with_async(site, format!("{what}; write `{write}`")));
    }
    Some(with_async(
        site,
        format!("{what}; only `async for` can read it"),
    ))
}

/// Where no `await` may stand, `async for` may not either.
fn with_async(site: &Site<'_>, text: String) -> Hint {
    match site.function() {
        _ if site.may_await() => Hint::help(text),
        Some(def) => Hint::help(text).note(format!(
            "this needs a coroutine around it: `async def {}`",
            def.name.name
        )),
        None => Hint::help(text).note(
            "this needs a coroutine around it, which `asyncio.run` starts: `async def main():`",
        ),
    }
}

/// `async for n in [1, 2]`.
pub fn plain_iterable(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    if failure.text.ends_with(" coroutine") {
        return unread_coroutine(vm, failure);
    }
    if failure.text.ends_with(" function") {
        return super::generators::not_called(vm, failure);
    }
    let iter = match site.stmt().map(|s| &s.kind) {
        Some(StmtKind::For { iter, target, .. }) => {
            let (target, iter) = (site.text(target.span), site.text(iter.span));
            format!("write `for {target} in {iter}:`")
        }
        _ => "write `for` without `async`".to_owned(),
    };
    Some(Hint::help(format!(
        "this has its next value at once: {iter}; you may `await` in the loop all the same"
    )))
}

/// `async for x in f()` where `f` is a coroutine function: no `yield`, or an `await` is missing.
fn unread_coroutine(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let hint = coroutine_as_value(vm, failure)?;
    Some(hint.note("an `async def` is an async generator only if there is a `yield` in it"))
}

/// `with lock:` where `async with lock:` is meant.
pub fn async_with_missing(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    if failure.text.contains("'coroutine'") {
        return coroutine_as_value(vm, failure);
    }
    let site = failure.site;
    let context = site.expr?;
    let text = site.text(context.span);
    let known = site.value(vm, context);
    if let Some(value) = &known {
        if has_method(vm, value, "__aenter__") {
            return Some(with_async(
                site,
                format!("entering this may have to wait; write `async with {text}:`"),
            ));
        }
        if value.downcast::<crate::vm::object::Function>().is_some() {
            return Some(Hint::help(format!("call the function: `with {text}():`")));
        }
        let class = vm.class_of(value).name();
        return Some(Hint::help(format!(
            "a `with` needs an object with `__enter__` and `__exit__`; {class} has neither"
        )));
    }
    // What a call gave is gone; the message names its type.
    let class = failure.text.split('\'').nth(1)?;
    if class_has(vm, site, context, "__aenter__") || class.starts_with("_AsyncGenerator") {
        return Some(with_async(
            site,
            format!("entering this may have to wait; write `async with {text}:`"),
        ));
    }
    Some(Hint::help(format!(
        "a `with` needs an object with `__enter__` and `__exit__`; {class} has neither"
    )))
}

/// `async with open(...)`.
pub fn plain_context(vm: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    if failure.text.contains("'coroutine'") {
        return coroutine_as_value(vm, failure);
    }
    let site = failure.site;
    let context = site.expr?;
    let text = site.text(context.span);
    let value = site.value(vm, context);
    let plain = match &value {
        Some(value) => has_method(vm, value, "__enter__"),
        None => class_has(vm, site, context, "__enter__"),
    };
    if plain {
        return Some(Hint::help(format!(
            "entering this needs no waiting; write `with {text}:`"
        )));
    }
    let generator = value.as_ref().and_then(made_by_calling).is_some()
        || matches!(
            site.makes(vm, context),
            Some(GenKind::AsyncGenerator | GenKind::Generator)
        );
    if generator || failure.text.contains("generator'") {
        return Some(Hint::help(
            "put `@contextlib.asynccontextmanager` before the function to make a context manager of it",
        ));
    }
    let class = failure.text.split('\'').nth(1)?;
    Some(Hint::help(format!(
        "an `async with` needs an object with `__aenter__` and `__aexit__`; {class} has neither"
    )))
}

/// Whether the class that a call names has a method: `with asyncio.Lock():`.
fn class_has(vm: &mut Vm, site: &Site<'_>, call: &crate::syntax::ast::Expr, name: &str) -> bool {
    use crate::vm::object::Class;
    let ExprKind::Call { func, .. } = &call.kind else {
        return false;
    };
    let Some(class) = site.value(vm, func) else {
        return false;
    };
    let Some(class) = class.as_ref::<Class>() else {
        return false;
    };
    let name = vm.intern(name);
    vm.lookup(class, &name).is_some()
}
