//! Rules about control flow: code that is never reached, calls that stop the whole loop,
//! cancellation that is swallowed.

use super::scopes::{own_expressions, own_statements};
use super::walker::Walker;
use crate::diagnostic::Code;
use crate::syntax::ast::*;
use crate::syntax::walk;

/// Functions that make the whole program wait, and what to write in a coroutine.
const BLOCKING: [(&str, &str); 8] = [
    ("time.sleep", "await asyncio.sleep(...)"),
    ("input", "await asyncio.to_thread(input, ...)"),
    ("os.system", "await asyncio.to_thread(os.system, ...)"),
    (
        "subprocess.run",
        "await asyncio.to_thread(subprocess.run, ...)",
    ),
    (
        "subprocess.call",
        "await asyncio.to_thread(subprocess.call, ...)",
    ),
    (
        "urllib.request.urlopen",
        "await asyncio.to_thread(urllib.request.urlopen, ...)",
    ),
    ("requests.get", "await asyncio.to_thread(requests.get, ...)"),
    (
        "requests.post",
        "await asyncio.to_thread(requests.post, ...)",
    ),
];

/// A call in a coroutine that lets nobody else run.
pub fn blocking<'a>(w: &mut Walker<'a>, e: &'a Expr) {
    let ExprKind::Call { func, args } = &e.kind else {
        return;
    };
    if !w.is_async() {
        return;
    }
    let Some(path) = w.path(func) else {
        return;
    };
    let Some((_, instead)) = BLOCKING.iter().find(|(name, _)| *name == path) else {
        return;
    };
    let given = args.first().map_or("", |a| w.text(walk::argument(a).span));
    // A sleep of no time lets the operating system's other programs run, which is harmless.
    if given == "0" {
        return;
    }
    let title = format!("'{path}' stops every task, not only this one");
    let help = format!(
        "write `{}`",
        instead.replace("...", given).replace(", )", ")")
    );
    w.doubt(
        Code::Blocking,
        e.span,
        title,
        "nobody else runs meanwhile",
        help,
    );
}

/// A statement after one that leaves the block.
pub fn unreachable<'a>(w: &mut Walker<'a>, body: &'a [Stmt]) {
    let leaves = |s: &Stmt| {
        matches!(
            s.kind,
            StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Break | StmtKind::Continue
        )
    };
    let Some(at) = body.iter().position(leaves) else {
        return;
    };
    let (Some(last), Some(dead)) = (body.get(at), body.get(at + 1)) else {
        return;
    };
    // `return` before a `yield` makes a generator without values: that is meant.
    let rest = body.get(at + 1..).unwrap_or(&[]);
    if makes_generator(rest) {
        return;
    }
    let word = w.text(last.span).split_whitespace().next().unwrap_or("");
    let title = format!("this is never reached: `{word}` leaves the block before it");
    let help = "remove it, or move it before the statement that leaves".to_owned();
    let span = first_line(w, dead);
    w.doubt(Code::Unreachable, span, title, "never runs", help);
}

fn first_line(w: &Walker<'_>, stmt: &Stmt) -> crate::source::Span {
    let text = w.text(stmt.span);
    let length = text.lines().next().unwrap_or("").trim_end().len() as u32;
    crate::source::Span::new(stmt.span.start, stmt.span.start + length)
}

fn makes_generator(body: &[Stmt]) -> bool {
    let mut found = false;
    for stmt in own_statements(body) {
        walk::expressions(stmt, &mut |e| {
            own_expressions(e, &mut |e| {
                found |= matches!(
                    e.kind,
                    ExprKind::Yield(_) | ExprKind::YieldFrom(_) | ExprKind::Await(_)
                );
            });
        });
    }
    found
}

/// A handler in an endless loop that takes `CancelledError` and goes on: such a task cannot be
/// cancelled.
pub fn swallowed<'a>(w: &mut Walker<'a>, t: &'a Try) {
    if !w.is_async() || !w.place.in_while || !awaits(&t.body) {
        return;
    }
    for handler in &t.handlers {
        let takes = match &handler.typ {
            None => true,
            Some(typ) => takes_cancellation(w, typ),
        };
        if takes && !leaves(&handler.body) && !keeps(handler) {
            let what = match &handler.typ {
                None => "a bare `except:`".to_owned(),
                Some(typ) => format!("`except {}`", w.text(typ.span)),
            };
            let title = format!("{what} swallows CancelledError: this task cannot be cancelled");
            let help = "end the handler with `raise`, or catch `Exception`, which leaves CancelledError alone";
            let head = crate::source::Span::new(
                handler.span.start,
                handler
                    .typ
                    .as_ref()
                    .map_or(handler.span.start + 6, |t| t.span.end),
            );
            return w.doubt(
                Code::Swallowed,
                head,
                title,
                "the loop goes on after it",
                help.to_owned(),
            );
        }
        // An earlier handler that lets it through keeps it from the later ones.
        if handler
            .typ
            .as_ref()
            .is_some_and(|t| takes_cancellation(w, t))
        {
            return;
        }
    }
}

/// Whether a handler keeps the exception for later.
fn keeps(handler: &ExceptHandler) -> bool {
    let Some(bound) = &handler.name else {
        return false;
    };
    own_statements(&handler.body).iter().any(|s| match &s.kind {
        StmtKind::Assign { value, .. } => {
            matches!(&value.kind, ExprKind::Name(n) if *n == bound.name)
        }
        _ => false,
    })
}

fn takes_cancellation(w: &Walker<'_>, typ: &Expr) -> bool {
    let mut found = false;
    walk::everything(typ, &mut |e| {
        let path = w.path(e).unwrap_or_default();
        found |= path == "BaseException" || path == "asyncio.CancelledError";
    });
    found
}

/// Whether a block may leave the loop or raise.
fn leaves(body: &[Stmt]) -> bool {
    own_statements(body).iter().any(|s| {
        matches!(
            s.kind,
            StmtKind::Raise { .. } | StmtKind::Return(_) | StmtKind::Break
        )
    })
}

fn awaits(body: &[Stmt]) -> bool {
    let mut found = false;
    for stmt in own_statements(body) {
        found |= matches!(
            stmt.kind,
            StmtKind::For { is_async: true, .. } | StmtKind::With { is_async: true, .. }
        );
        walk::expressions(stmt, &mut |e| {
            own_expressions(e, &mut |e| found |= matches!(e.kind, ExprKind::Await(_)));
        });
    }
    found
}
