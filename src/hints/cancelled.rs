//! Cancellation: who asked for it, and what a timeout or a task group has to do with it.

use super::site::LIBRARY_PREFIX;
use super::{Failure, Hint};
use crate::diagnostic::Label;
use crate::syntax::ast::{Expr, ExprKind, StmtKind};
use crate::syntax::walk;
use crate::vm::Vm;
use crate::vm::object::{CodeObject, Exception};

/// Who asked: the task was cancelled by a call that the exception remembers.
pub fn cancelled(_: &mut Vm, failure: &Failure<'_>) -> Option<Hint> {
    let error = failure.exception.downcast::<Exception>()?;
    let code = error.field(0);
    let code = &code.downcast::<CodeObject>()?.code;
    let at = usize::try_from(error.field(1).as_i64()?).ok()?;
    if code.source.name().starts_with(LIBRARY_PREFIX) {
        let who = asker(&code.qualname);
        return Some(Hint::default().note(format!("cancelled by {who}")));
    }
    let place = match &*code.name {
        "<module>" => String::new(),
        name => format!(", in {name}()"),
    };
    let label = Label {
        source: code.source.clone(),
        span: code.span_at(at),
        text: format!("this asked for the cancellation{place}"),
    };
    let mut hint = Hint::default();
    hint.labels.push(label);
    hint.help = Some(
        "whoever cancels a task may catch the CancelledError where it awaits it: \
         `except asyncio.CancelledError`"
            .to_owned(),
    );
    Some(hint)
}

/// What a part of the library cancels for.
fn asker(function: &str) -> String {
    let who = match function {
        "Timeout._on_timeout" => "`asyncio.timeout`: its time was over",
        "TaskGroup._abort" => "its TaskGroup: another task of the group failed",
        "TaskGroup._on_task_done" => "its TaskGroup: a task of the group failed",
        "_GatheringFuture.cancel" => "`asyncio.gather`, which was cancelled itself",
        "_cancel_all_tasks" => "`asyncio.run`: the program ended before the task",
        "Runner.run" | "run" => "the event loop, in a callback",
        _ => return format!("`{function}` of the library"),
    };
    who.to_owned()
}

/// A timeout: which, and what to do about it.
pub fn timed_out(failure: &Failure<'_>) -> Option<Hint> {
    let site = failure.site;
    let mut limit = None;
    let mut look = |e: &Expr| {
        walk::everything(e, &mut |e| {
            if let ExprKind::Call { func, args } = &e.kind {
                let name = site.text(func.span);
                let given = match name.rsplit('.').next() {
                    Some("timeout" | "timeout_at") => args.first(),
                    Some("wait_for") => args.get(1),
                    _ => None,
                };
                limit = limit.or(given.map(|a| site.text(walk::argument(a).span)));
            }
        });
    };
    match site.expr {
        Some(e) => look(e),
        None => walk::expressions(site.stmt()?, &mut look),
    }
    let limit = limit?;
    let kind = site.stmt().map(|s| &s.kind);
    let around = if matches!(kind, Some(StmtKind::With { .. })) {
        "the `async with`"
    } else {
        "this"
    };
    Some(Hint::help(format!(
        "the time of {limit} s was over; give it more, or put {around} into a `try` with \
         `except TimeoutError`"
    )))
}

pub fn group_failed() -> Option<Hint> {
    Some(Hint::help(
        "when a task fails, its group cancels the others; `except*` around the `async with` takes \
         the errors of one type",
    ))
}
