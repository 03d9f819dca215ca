//! Reports that are written while the program goes on: coroutines that were never awaited, tasks
//! that were forgotten, exceptions that nobody could catch.

use super::Explainer;
use super::site::{LIBRARY_PREFIX, Programs};
use crate::builtins::has_own_stderr;
use crate::builtins::uncaught::{explained, plain_report};
use crate::diagnostic::render::{RenderOptions, draw as draw_one};
use crate::diagnostic::traceback::{UncaughtError, render_uncaught};
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::source::{Source, Span};
use crate::syntax::ast::{Expr, ExprKind, FunctionDef, Module, Stmt, StmtKind};
use crate::syntax::walk;
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::hooks::Told;
use crate::vm::object::{Future, GenKind, GenState, Generator};
use crate::vm::value::Value;

/// The drawing of what is told; `None` if CPython's text is wanted.
pub fn draw(vm: &mut Vm, told: &Told<'_>) -> Option<String> {
    let options = vm.host.drawing?;
    if !has_own_stderr(vm) {
        return None;
    }
    match told {
        Told::NeverAwaited { coroutine, message } => {
            Some(never_awaited(vm, coroutine, message, &options))
        }
        Told::Doubt(diagnostic) => Some(draw_one(diagnostic, &options)),
        Told::Logged {
            lines,
            future,
            exception,
        } => logged(vm, &as_given(lines), future, exception, &options),
        Told::Ignored { head, exception } => {
            let mut error = plain_report(vm, exception);
            let mut explainer = Explainer::default();
            explainer.explain(vm, exception, &mut error);
            error.heading = Some((Code::Ignored, head.trim_end_matches(':').to_owned()));
            render(&error, &options)
        }
    }
}

/// The drawing of an exception; nothing if it has no place that could be drawn.
fn render(error: &UncaughtError, options: &RenderOptions) -> Option<String> {
    (!error.entries.is_empty()).then(|| render_uncaught(error, options))
}

/// The files in a text are named as reports name them, not by their full path.
fn as_given(text: &str) -> String {
    match std::env::current_dir() {
        Ok(here) => text.replace(&format!("{}/", here.display()), ""),
        Err(_) => text.to_owned(),
    }
}

/// An entry of the event loop's log.
fn logged(
    vm: &mut Vm,
    lines: &str,
    future: &Value,
    exception: &Value,
    options: &RenderOptions,
) -> Option<String> {
    let (title, details) = lines.split_once('\n').unwrap_or((lines, ""));
    let code = Code::of_warning(title)?;
    if exception.is_none() {
        return Some(destroyed(title, details, code, future, options));
    }
    let mut explainer = Explainer::default();
    let mut error = explained(vm, exception, &mut |vm, exception, error| {
        explainer.explain(vm, exception, error);
    })?;
    error.heading = Some((code, title.to_owned()));
    let details = details.lines().map(str::to_owned);
    error.explanations.splice(0..0, details);
    if code == Code::NeverRetrieved && error.help.is_none() {
        error.help = Some(
            "await the task, or run it in an `asyncio.TaskGroup`, which looks after its tasks"
                .to_owned(),
        );
    }
    render(&error, options)
}

/// A pending task that nobody held any more.
fn destroyed(
    title: &str,
    details: &str,
    code: Code,
    future: &Value,
    options: &RenderOptions,
) -> String {
    let mut diagnostic = Diagnostic::new(code, Level::Warning, title);
    let coroutine = future.as_ref::<Future>().and_then(|f| {
        let coro = f.part()?.coro.get();
        coro.as_ref::<Generator>().cloned()
    });
    if let Some(coroutine) = coroutine {
        let code = &coroutine.code.code;
        let pc = (coroutine.pc.get() as usize).saturating_sub(1);
        if coroutine.state.get() == GenState::Suspended {
            diagnostic = diagnostic.label(&code.source, code.span_at(pc), "it waited here");
        } else {
            let place = first_line(&code.source, code.span);
            diagnostic = diagnostic.label(&code.source, place, "this is what it ran");
        }
        let tree = Programs::default().tree(&code.source);
        let calls = makers(&code.source, &tree, &code.name);
        let text = match calls.as_slice() {
            [_] => "the task was made here",
            _ => "perhaps made here",
        };
        for call in calls.iter().take(SUSPECTS) {
            diagnostic = diagnostic.label(&code.source, call.span, text);
        }
    }
    diagnostic.notes.extend(details.lines().map(str::to_owned));
    diagnostic.help = Some(
        "the loop holds its tasks only weakly; keep the task in a variable, a set or a \
         `TaskGroup` until it is done"
            .to_owned(),
    );
    draw_one(&diagnostic, options)
}

/// The calls that make a task of what a function of this name gives; only those that let go of the
/// task at once, if there are such.
fn makers<'a>(source: &Source, tree: &'a Module, name: &str) -> Vec<&'a Expr> {
    let called = |e: &Expr, names: &[&str]| match &e.kind {
        ExprKind::Call { func, .. } => {
            let function = source.slice(func.span);
            names.contains(&function.rsplit('.').next().unwrap_or(function))
        }
        _ => false,
    };
    let (mut dropped, mut others) = (Vec::new(), Vec::new());
    walk::statements(&tree.body, &mut |stmt| {
        walk::expressions(stmt, &mut |e| {
            walk::everything(e, &mut |e| {
                let given = match &e.kind {
                    ExprKind::Call { args, .. } => args.first().map(walk::argument),
                    _ => None,
                };
                let makes = called(e, &["create_task", "ensure_future"])
                    && given.is_some_and(|inner| called(inner, &[name]));
                match &stmt.kind {
                    _ if !makes => {}
                    StmtKind::Expr(whole) if whole.span == e.span => dropped.push(e),
                    _ => others.push(e),
                }
            });
        });
    });
    if dropped.is_empty() { others } else { dropped }
}

/// The part of a span on its first line.
fn first_line(source: &Source, span: Span) -> Span {
    let text = source.slice(span);
    let length = text.lines().next().unwrap_or("").trim_end().len() as u32;
    Span::new(span.start, span.start + length)
}

// Coroutines that were never awaited

/// A call that made a coroutine of some name and did not await it.
struct Suspect<'a> {
    call: &'a Expr,
    function: Option<&'a FunctionDef>,
    /// How sure it is that this is the call; 0 is the surest.
    doubt: u32,
}

/// How many calls are shown where it is not known which one it was.
const SUSPECTS: usize = 3;

fn never_awaited(
    vm: &mut Vm,
    coroutine: &Ref<Generator>,
    message: &str,
    options: &RenderOptions,
) -> String {
    let title = format!("RuntimeWarning: {message}");
    let mut diagnostic = Diagnostic::new(Code::NeverAwaited, Level::Warning, title);
    let lost = lost_at(vm);
    let own = coroutine.code.code.source.clone();
    let source = lost.as_ref().map_or(own, |(source, _)| source.clone());
    let tree = Programs::default().tree(&source);
    let name = coroutine.code.code.name.to_string();
    // Who made an async generator says nothing about what its methods return.
    let mut suspects = match coroutine.kind() {
        GenKind::AsyncGenerator => Vec::new(),
        _ => suspects(&source, &tree, &name, lost.as_ref().map(|(_, span)| *span)),
    };
    let surest = suspects.iter().map(|s| s.doubt).min();
    suspects.retain(|s| Some(s.doubt) == surest);
    match suspects.as_slice() {
        [] => {
            if let Some((source, span)) = &lost {
                diagnostic = diagnostic.label(source, *span, "it was lost here");
            }
        }
        [only] => {
            let text = "this made the coroutine, and nothing ran it";
            diagnostic = diagnostic.label(&source, only.call.span, text);
        }
        several => {
            for suspect in several.iter().take(SUSPECTS) {
                diagnostic = diagnostic.label(&source, suspect.call.span, "perhaps made here");
            }
        }
    }
    diagnostic.help = Some(match suspects.first() {
        Some(suspect) => advice(&source, suspect),
        None => "a coroutine runs only when it is awaited, or made a task".to_owned(),
    });
    draw_one(&diagnostic, options)
}

fn advice(source: &Source, suspect: &Suspect<'_>) -> String {
    let call = source.slice(suspect.call.span);
    let may_await = match suspect.function {
        Some(def) => def.is_async,
        None => source.is_entry(),
    };
    match suspect.function {
        _ if may_await => format!(
            "write `await {call}`; or, to let it run beside the rest, `asyncio.create_task({call})`, \
             and keep the task"
        ),
        Some(def) => format!(
            "only a coroutine can await: make it `async def {}` and write `await {call}`",
            def.name.name
        ),
        None => format!("write `asyncio.run({call})`"),
    }
}

/// The place in the program's own code that runs now.
fn lost_at(vm: &Vm) -> Option<(Source, Span)> {
    for depth in 0..vm.frame_count() {
        let frame = vm.frame(depth)?;
        let code = &frame.code.code;
        if !code.source.name().starts_with(LIBRARY_PREFIX) {
            return Some((code.source.clone(), code.span_at(frame.pc)));
        }
    }
    None
}

/// The calls of a name that do not await what they make.
fn suspects<'a>(
    source: &Source,
    tree: &'a Module,
    name: &str,
    lost: Option<Span>,
) -> Vec<Suspect<'a>> {
    let mut found = Vec::new();
    let mut open: Vec<(&Stmt, Option<&FunctionDef>)> =
        tree.body.iter().rev().map(|s| (s, None)).collect();
    while let Some((stmt, function)) = open.pop() {
        let mut waiting = Vec::new();
        walk::expressions(stmt, &mut |e| unawaited(source, e, name, &mut waiting));
        for call in waiting {
            found.push(Suspect {
                call,
                function,
                doubt: doubt(source, stmt, call, function, lost),
            });
        }
        let function = match &stmt.kind {
            StmtKind::FunctionDef(def) => Some(&**def),
            StmtKind::ClassDef(_) => None,
            _ => function,
        };
        for block in walk::blocks(stmt).into_iter().rev() {
            open.extend(block.iter().rev().map(|s| (s, function)));
        }
    }
    found
}

/// Collects the calls of a name in an expression, but for those that are awaited or given to
/// somebody who awaits.
fn unawaited<'a>(source: &Source, e: &'a Expr, name: &str, found: &mut Vec<&'a Expr>) {
    let mut open = vec![e];
    while let Some(e) = open.pop() {
        let at = open.len();
        let passes = match &e.kind {
            ExprKind::Await(inner) => Some(&**inner),
            _ => None,
        };
        if let ExprKind::Call { func, args } = &e.kind {
            let function = source.slice(func.span);
            let last = function.rsplit('.').next().unwrap_or(function);
            if last == name {
                found.push(e);
            }
            if super::awaiting::RUNNERS.contains(&last) {
                // What is given is run; its own arguments are looked at all the same.
                for arg in args.iter().rev() {
                    walk::children(walk::argument(arg), &mut |child| open.push(child));
                }
                continue;
            }
        }
        walk::children(passes.unwrap_or(e), &mut |child| open.push(child));
        if let Some(children) = open.get_mut(at..) {
            children.reverse();
        }
    }
}

fn doubt(
    source: &Source,
    stmt: &Stmt,
    call: &Expr,
    function: Option<&FunctionDef>,
    lost: Option<Span>,
) -> u32 {
    let here = |span: Span| walk::covers(span, call.span) || walk::covers(call.span, span);
    if lost.is_some_and(|l| !l.is_empty() && (here(l) || walk::covers(stmt.span, l)))
        && walk::blocks(stmt).is_empty()
    {
        return 0;
    }
    match &stmt.kind {
        StmtKind::Expr(e) if e.span == call.span => 1,
        StmtKind::Assign { targets, value } if value.span == call.span => {
            let uses = |text: &str| match function {
                Some(def) => count_uses(source, &def.body, text),
                None => usize::MAX,
            };
            let unused = targets.iter().all(|t| uses(source.slice(t.span)) <= 1);
            if unused { 2 } else { 4 }
        }
        StmtKind::Return(_) => 4,
        _ => 3,
    }
}

/// How often a name or attribute stands in a block.
fn count_uses(source: &Source, block: &[Stmt], text: &str) -> usize {
    let mut count = 0;
    walk::statements(block, &mut |stmt| {
        walk::expressions(stmt, &mut |e| {
            walk::everything(e, &mut |e| {
                count += usize::from(source.slice(e.span) == text)
            });
        });
    });
    count
}
