//! Rules around `await`: coroutines never awaited or used as values, things awaited that cannot be,
//! `for` and `with` without their `async`, loops in loops, tasks that nobody keeps.

use super::scopes::{Binding, Makes, own_statements};
use super::walker::Walker;
use crate::diagnostic::Code;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::walk;

/// Functions of the library whose call makes a coroutine.
pub const COROUTINE_FUNCTIONS: [&str; 6] = [
    "asyncio.sleep",
    "asyncio.wait_for",
    "asyncio.wait",
    "asyncio.to_thread",
    "asyncio.open_connection",
    "asyncio.start_server",
];

/// Functions that run the coroutines they are given.
const WANT_COROUTINES: [&str; 5] = [
    "asyncio.run",
    "asyncio.create_task",
    "asyncio.gather",
    "asyncio.ensure_future",
    "asyncio.wait_for",
];

/// Context managers that only `async with` can enter, and those that only `with` can.
const ASYNC_ONLY: [&str; 8] = [
    "asyncio.Lock",
    "asyncio.Semaphore",
    "asyncio.BoundedSemaphore",
    "asyncio.Condition",
    "asyncio.TaskGroup",
    "asyncio.timeout",
    "asyncio.timeout_at",
    "contextlib.AsyncExitStack",
];
const PLAIN_ONLY: [&str; 8] = [
    "open",
    "contextlib.suppress",
    "contextlib.ExitStack",
    "contextlib.redirect_stdout",
    "contextlib.redirect_stderr",
    "threading.Lock",
    "threading.RLock",
    "warnings.catch_warnings",
];

/// What a coroutine can be asked without awaiting it.
const OF_COROUTINES: [&str; 9] = [
    "send",
    "throw",
    "close",
    "cr_await",
    "cr_code",
    "cr_frame",
    "cr_origin",
    "cr_running",
    "cr_suspended",
];

/// `save()` alone; a loop or `with` of the wrong kind.
pub fn statement<'a>(w: &mut Walker<'a>, stmt: &'a Stmt) {
    match &stmt.kind {
        StmtKind::Expr(e) => discarded(w, e),
        StmtKind::If { test, .. }
        | StmtKind::While { test, .. }
        | StmtKind::Assert { test, .. } => {
            always_true(w, test);
        }
        StmtKind::For {
            is_async,
            target,
            iter,
            ..
        } => iterated(w, *is_async, iter, Some(target)),
        StmtKind::With {
            is_async, items, ..
        } => {
            for item in items {
                entered(w, *is_async, &item.context);
            }
        }
        StmtKind::Assign { targets, value } if tuple(targets) => as_value(w, value, None),
        _ => {}
    }
}

fn tuple(targets: &[Expr]) -> bool {
    let spread = |t: &Expr| matches!(t.kind, ExprKind::Tuple(_) | ExprKind::List(_));
    targets.iter().any(spread)
}

/// An expression statement whose value is thrown away.
fn discarded<'a>(w: &mut Walker<'a>, e: &'a Expr) {
    if w.makes(e) == Some(Makes::Coroutine) {
        let text = w.shown(e);
        let ExprKind::Call { func, args } = &e.kind else {
            return;
        };
        if w.function(func).is_some_and(|def| !accepts(def, args)) {
            return;
        }
        let name = w.text(func.span);
        let help = how_to_run(w, &text);
        let title = format!("coroutine '{name}' is never awaited");
        return w.doubt(
            Code::NeverAwaited,
            e.span,
            title,
            "makes a coroutine, and nothing runs it",
            help,
        );
    }
    if let Some(def) = w.function(e) {
        let name = &def.name.name;
        let call = match def.is_async {
            true => how_to_run(w, &format!("{name}()")),
            false => format!("write `{name}()`"),
        };
        let title = format!("'{name}' is named, not called");
        w.doubt(Code::NamedOnly, e.span, title, "does nothing", call);
    }
}

/// Whether a call may fit the parameters of a function; one that does not raises.
pub fn accepts(def: &FunctionDef, args: &[Arg]) -> bool {
    let spread = |a: &Arg| matches!(a, Arg::Star(_) | Arg::DoubleStar(_));
    if args.iter().any(spread) {
        return true;
    }
    let needed = def.params.posonly.iter().chain(&def.params.args);
    let needed = needed
        .filter(|p| p.default.is_none() && &*p.name.name != "self")
        .count();
    args.len() >= needed
}

fn how_to_run(w: &Walker<'_>, call: &str) -> String {
    match w.place.function {
        _ if w.is_async() => format!("write `await {call}`"),
        Some(def) => format!(
            "only a coroutine can await: make it `async def {}` and write `await {call}`",
            def.name.name
        ),
        None => format!("write `asyncio.run({call})`"),
    }
}

/// `if ready():` with a coroutine. What stands in a `not`, and the values of an `and` before the last,
/// are looked at as expressions.
fn always_true<'a>(w: &mut Walker<'a>, e: &'a Expr) {
    if let ExprKind::Bool { values, .. } = &e.kind {
        return values
            .iter()
            .next_back()
            .into_iter()
            .for_each(|v| always_true(w, v));
    }
    if w.makes(e) == Some(Makes::Coroutine) {
        let text = w.shown(e);
        let help = format!("write `await {text}`");
        let title = format!("'{text}' is a coroutine, which always counts as true");
        w.doubt(Code::CoroutineTested, e.span, title, "not its result", help);
    } else if let Some(def) = w.function(e) {
        let title = format!(
            "'{}' is a function, which always counts as true",
            def.name.name
        );
        let help = format!("call it: `{}()`", w.text(e.span));
        w.doubt(Code::NamedOnly, e.span, title, "not its result", help);
    }
}

/// What is looped over.
fn iterated<'a>(w: &mut Walker<'a>, is_async: bool, iter: &'a Expr, target: Option<&'a Expr>) {
    let text = w.shown(iter);
    let loop_text = |word: &str| match target {
        Some(target) => format!("write `{word} {} in {text}:`", w.text(target.span)),
        None => format!("write `{word} ... in {text}`"),
    };
    let (async_for, plain_for) = (loop_text("async for"), loop_text("for"));
    let makes = w.makes(iter);
    match (is_async, makes) {
        (false, Some(Makes::AsyncGenerator)) => {
            let title = "'async_generator' object is not iterable".to_owned();
            let label = "has to be waited for";
            w.mistake(Code::AsyncForMissing, iter.span, title, label, async_for);
        }
        (false, Some(Makes::Coroutine)) => as_value(w, iter, None),
        (true, Some(Makes::Generator)) => plain(w, iter, "generator", plain_for),
        (true, Some(Makes::Coroutine)) => {
            let help = format!(
                "write `await {text}`; an `async def` is an async generator only with a `yield` in it"
            );
            let title = "'async for' requires an object with __aiter__ method, got coroutine";
            w.mistake(
                Code::PlainIterable,
                iter.span,
                title.to_owned(),
                "a coroutine",
                help,
            );
        }
        _ => {
            if let Some(kind) = display(w, iter).filter(|_| is_async) {
                plain(w, iter, kind, plain_for);
            } else if let Some(def) = w.function(iter) {
                let kind = if is_async { "async for" } else { "for" };
                let title = format!("'{}' is a function, not what it makes", def.name.name);
                let help = format!("call it: `{kind} ... in {text}():`");
                w.mistake(
                    Code::NotCalled,
                    iter.span,
                    title,
                    "cannot be looped over",
                    help,
                );
            }
        }
    }
}

fn plain(w: &mut Walker<'_>, iter: &Expr, kind: &str, help: String) {
    let title = format!("'async for' requires an object with __aiter__ method, got {kind}");
    w.mistake(
        Code::PlainIterable,
        iter.span,
        title,
        "has its values at once",
        help,
    );
}

/// The type of an expression that is sure to know only `for`.
fn display(w: &Walker<'_>, e: &Expr) -> Option<&'static str> {
    Some(match &e.kind {
        ExprKind::List(_) | ExprKind::ListComp(_) => "list",
        ExprKind::Tuple(_) => "tuple",
        ExprKind::Set(_) | ExprKind::SetComp(_) => "set",
        ExprKind::Dict(_) | ExprKind::DictComp(_) => "dict",
        ExprKind::Constant(Constant::Str(_)) | ExprKind::JoinedStr(_) => "str",
        ExprKind::Call { func, .. } => match w.path(func)?.as_str() {
            "range" => "range",
            "enumerate" => "enumerate",
            "zip" => "zip",
            "list" => "list",
            "sorted" => "list",
            _ => return None,
        },
        _ => return None,
    })
}

/// What a `with` enters.
fn entered<'a>(w: &mut Walker<'a>, is_async: bool, context: &'a Expr) {
    let text = w.shown(context);
    if w.makes(context) == Some(Makes::Coroutine) {
        return as_value(w, context, None);
    }
    let Some((path, kind)) = manager(w, context) else {
        return;
    };
    if kind == Kind::Async && !is_async {
        let title = format!("'{path}' object does not support the context manager protocol");
        let help = format!("entering it may have to wait: write `async with {text}:`");
        w.mistake(
            Code::AsyncWithMissing,
            context.span,
            title,
            "needs `async with`",
            help,
        );
    } else if kind == Kind::Plain && is_async {
        let title =
            format!("'{path}' object does not support the asynchronous context manager protocol");
        let help = format!("write `with {text}:`");
        w.mistake(
            Code::PlainContext,
            context.span,
            title,
            "needs no waiting",
            help,
        );
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Async,
    Plain,
}

/// The name and kind of a context manager, if both are certain.
fn manager<'a>(w: &Walker<'a>, context: &'a Expr) -> Option<(String, Kind)> {
    let made = match &context.kind {
        ExprKind::Name(name) => match w.scopes.lookup(w.place.scope, name)? {
            Binding::Value(value) => value,
            _ => return None,
        },
        _ => context,
    };
    let ExprKind::Call { func, .. } = &made.kind else {
        return None;
    };
    if let ExprKind::Name(name) = &func.kind
        && let Some(Binding::Class(class)) = w.scopes.lookup(w.place.scope, name)
    {
        let has = |method: &str| w.scopes.member(class, method).is_some();
        let alone = class.args.is_empty() && class.decorators.is_empty();
        let kind = match (has("__enter__"), has("__aenter__")) {
            _ if !alone => return None,
            (false, true) => Kind::Async,
            (true, false) => Kind::Plain,
            _ => return None,
        };
        return Some((name.to_string(), kind));
    }
    let path = w.path(func)?;
    let last = path.rsplit('.').next().unwrap_or(&path).to_owned();
    let last = if last == "timeout" {
        "Timeout".to_owned()
    } else {
        last
    };
    if ASYNC_ONLY.contains(&path.as_str()) {
        return Some((last, Kind::Async));
    }
    PLAIN_ONLY
        .contains(&path.as_str())
        .then_some((last, Kind::Plain))
}

/// A coroutine where its result is meant. `parent` is the expression it stands in.
fn as_value<'a>(w: &mut Walker<'a>, e: &'a Expr, parent: Option<&'a Expr>) {
    if w.makes(e) != Some(Makes::Coroutine) {
        return;
    }
    let text = w.shown(e);
    let awaited = match parent {
        Some(parent) => {
            let before = w.text(Span::new(parent.span.start, e.span.start));
            let after = w.text(Span::new(e.span.end, parent.span.end));
            format!("{before}(await {text}){after}")
        }
        None => format!("await {text}"),
    };
    let help = match w.place.function {
        _ if w.is_async() => format!("write `{}`", awaited.lines().next().unwrap_or("")),
        Some(def) => format!(
            "only a coroutine can await: make it `async def {}` and write `await {text}`",
            def.name.name
        ),
        None => format!("write `asyncio.run({text})`"),
    };
    let title = format!("'{text}' is a coroutine that has not run, not its result");
    w.mistake(
        Code::CoroutineAsValue,
        e.span,
        title,
        "needs an `await`",
        help,
    );
}

pub fn expression<'a>(w: &mut Walker<'a>, e: &'a Expr) {
    match &e.kind {
        ExprKind::Await(inner) => awaited(w, e, inner),
        ExprKind::Binary { left, right, op } => {
            // `"%s" % coroutine` formats it.
            let formats = *op == BinaryOp::Mod && !matches!(left.kind, ExprKind::Call { .. });
            as_value(w, left, None);
            if !formats {
                as_value(w, right, None);
            }
        }
        ExprKind::Unary { op, operand } => match op {
            UnaryOp::Not => always_true(w, operand),
            _ => as_value(w, operand, None),
        },
        ExprKind::Bool { values, .. } => {
            // The last value is not tested.
            for value in values.iter().rev().skip(1) {
                always_true(w, value);
            }
        }
        ExprKind::Conditional { test, .. } => always_true(w, test),
        ExprKind::Compare { left, rest } => compared(w, left, rest),
        ExprKind::Attribute { value, attr } => {
            let known = OF_COROUTINES.contains(&&*attr.name) || attr.name.starts_with("__");
            if !known {
                as_value(w, value, Some(e));
            }
        }
        ExprKind::Subscript { value, .. } => as_value(w, value, Some(e)),
        ExprKind::Starred(value) => as_value(w, value, None),
        ExprKind::JoinedStr(parts) => formatted(w, parts),
        ExprKind::Call { func, args } => {
            as_value(w, func, Some(e));
            called(w, e, func, args);
        }
        ExprKind::ListComp(c)
        | ExprKind::SetComp(c)
        | ExprKind::DictComp(c)
        | ExprKind::GeneratorExp(c) => {
            for part in &c.generators {
                iterated(w, part.is_async, &part.iter, None);
                part.ifs.iter().for_each(|test| always_true(w, test));
            }
        }
        _ => {}
    }
}

fn compared<'a>(w: &mut Walker<'a>, left: &'a Expr, rest: &'a [(CompareOp, Expr)]) {
    let mut left = left;
    for (op, right) in rest {
        match op {
            CompareOp::Lt | CompareOp::LtE | CompareOp::Gt | CompareOp::GtE => {
                as_value(w, left, None);
                as_value(w, right, None);
            }
            CompareOp::In | CompareOp::NotIn => as_value(w, right, None),
            CompareOp::Eq | CompareOp::NotEq => {
                for side in [left, right] {
                    if w.makes(side) == Some(Makes::Coroutine) {
                        let text = w.shown(side);
                        let title = format!("'{text}' is a coroutine, which equals nothing else");
                        let help = format!("write `await {text}`");
                        w.doubt(
                            Code::CoroutineTested,
                            side.span,
                            title,
                            "not its result",
                            help,
                        );
                    }
                }
            }
            CompareOp::Is | CompareOp::IsNot => {}
        }
        left = right;
    }
}

/// `f"{price()}"` shows the coroutine.
fn formatted<'a>(w: &mut Walker<'a>, parts: &'a [FStringPart]) {
    for part in parts {
        let FStringPart::Field(field) = part else {
            continue;
        };
        if w.makes(&field.value) == Some(Makes::Coroutine) {
            let text = w.shown(&field.value);
            let title = format!("this shows the coroutine '{text}', not its result");
            let help = format!("write `{{await {text}}}`");
            w.doubt(
                Code::CoroutineTested,
                field.value.span,
                title,
                "not its result",
                help,
            );
        }
    }
}

/// The operand of `await`.
fn awaited<'a>(w: &mut Walker<'a>, whole: &'a Expr, operand: &'a Expr) {
    let text = w.shown(operand);
    let gather = |inner: &str| {
        format!("to wait for several things at once write `await asyncio.gather({inner})`")
    };
    let (kind, help) = match &operand.kind {
        ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
            let (Some(first), Some(last)) = (items.first(), items.last()) else {
                return;
            };
            let inner = w.text(Span::new(first.span.start, last.span.end));
            (display(w, operand).unwrap_or("list"), gather(inner))
        }
        ExprKind::ListComp(_) => ("list", gather(&format!("*{text}"))),
        ExprKind::SetComp(_) => ("set", gather(&format!("*{text}"))),
        ExprKind::GeneratorExp(_) => ("generator", gather(&format!("*{text}"))),
        ExprKind::Constant(Constant::Int(_)) => ("int", "leave out the `await`".to_owned()),
        ExprKind::Constant(Constant::Str(_)) | ExprKind::JoinedStr(_) => {
            ("str", "leave out the `await`".to_owned())
        }
        ExprKind::Constant(Constant::None) => ("NoneType", "leave out the `await`".to_owned()),
        _ => match not_awaitable(w, operand) {
            Some(found) => found,
            None => return,
        },
    };
    let title = format!("object {kind} can't be used in 'await' expression");
    w.mistake(
        Code::NotAwaitable,
        whole.span,
        title,
        "nothing to wait for",
        help,
    );
}

fn not_awaitable(w: &Walker<'_>, operand: &Expr) -> Option<(&'static str, String)> {
    let text = w.shown(operand);
    if w.function(operand).is_some() {
        return Some(("function", format!("call the function: `await {text}()`")));
    }
    match w.makes(operand) {
        Some(Makes::Generator) => {
            return Some(("generator", format!("write `for value in {text}:`")));
        }
        Some(Makes::AsyncGenerator) => {
            return Some((
                "async_generator",
                format!("write `async for value in {text}:`"),
            ));
        }
        _ => {}
    }
    let ExprKind::Call { func, args } = &operand.kind else {
        return None;
    };
    let given = args.first().map_or("", |a| w.text(walk::argument(a).span));
    match w.path(func)?.as_str() {
        "time.sleep" => Some((
            "NoneType",
            format!("write `await asyncio.sleep({given})`, which lets others run"),
        )),
        "print" => Some((
            "NoneType",
            "`print` is no coroutine: leave out the `await`".to_owned(),
        )),
        _ => None,
    }
}

/// Calls that want a coroutine, or that must not stand in one.
fn called<'a>(w: &mut Walker<'a>, call: &'a Expr, func: &'a Expr, args: &'a [Arg]) {
    for arg in args {
        if let Arg::Star(spread) = arg {
            as_value(w, spread, None);
        }
    }
    let Some(path) = w.path(func) else {
        return;
    };
    if WANT_COROUTINES.contains(&path.as_str()) {
        for arg in args {
            let Arg::Positional(given) = arg else {
                continue;
            };
            if w.function(given).is_some_and(|def| def.is_async) {
                let text = w.text(given.span);
                let title = format!("a coroutine was expected, got the function '{text}'");
                let help = format!("call it: `{}({text}())`", w.text(func.span));
                w.mistake(Code::CoroutineWanted, given.span, title, "not called", help);
            }
        }
    }
    let inside = w.is_async() && path == "asyncio.run";
    if let Some(inner) = args.first().filter(|_| inside) {
        let inner = w.text(walk::argument(inner).span);
        let title = "asyncio.run() cannot be called from a running event loop".to_owned();
        let help = format!("a loop runs already: write `await {inner}`");
        w.mistake(
            Code::LoopRunning,
            call.span,
            title,
            "inside a coroutine",
            help,
        );
    }
}

/// Coroutines that are kept in a variable and never looked at again.
pub fn function<'a>(w: &mut Walker<'a>, def: &'a FunctionDef) {
    for stmt in own_statements(&def.body) {
        let StmtKind::Assign { targets, value } = &stmt.kind else {
            continue;
        };
        let [target] = targets.as_slice() else {
            continue;
        };
        let ExprKind::Name(name) = &target.kind else {
            continue;
        };
        let single = matches!(
            w.scopes.lookup(w.place.scope, name),
            Some(Binding::Value(_))
        );
        if w.makes(value) != Some(Makes::Coroutine) || !single || uses(def, name) > 1 {
            continue;
        }
        let text = w.shown(value);
        let title = format!("coroutine '{name}' is never awaited");
        let help = format!("write `{name} = await {text}`");
        w.doubt(
            Code::NeverAwaited,
            value.span,
            title,
            "nothing runs this coroutine",
            help,
        );
    }
}

/// How often a name stands in a function, inner ones included.
fn uses(def: &FunctionDef, name: &str) -> usize {
    let mut count = 0;
    walk::statements(&def.body, &mut |stmt| {
        walk::expressions(stmt, &mut |e| {
            walk::everything(e, &mut |e| {
                count += usize::from(matches!(&e.kind, ExprKind::Name(n) if &**n == name));
            });
        });
        if let StmtKind::Global(names) | StmtKind::Nonlocal(names) = &stmt.kind {
            count += 2 * names.iter().filter(|n| &*n.name == name).count();
        }
    });
    count
}
