//! When nothing in the program can ever happen again: who waits for what, who holds it, and how
//! that is told. Looks at frames and objects from outside, and runs no code of the program.
//!
//! The loop raises `Deadlock` where CPython would hang: a `BaseException`, like the
//! KeyboardInterrupt that would end the program there, so that every `finally` runs and no
//! `except Exception` takes it for an ordinary failure. The report is kept beside the exception and
//! shown with it, or at the end of the program if that caught it.

mod holders;
mod names;
mod story;
pub(super) mod waits;
mod words;

use super::data::LoopData;
use super::registry;
use crate::diagnostic::{Code, Diagnostic};
use crate::vm::heap::{Ref, WeakPointer};
use crate::vm::object::{Future, Role, Waiter};
use crate::vm::value::Value;
use crate::vm::{Raise, Vm};
pub use holders::note_taken;
use names::Names;
use std::rc::Rc;
use story::{Scene, Story};
pub use waits::Place;
use waits::Stuck;
use words::Teller;

/// Reports that were made, with the exceptions they belong to.
#[derive(Default)]
struct Reports(Vec<Report>);

struct Report {
    exception: WeakPointer,
    diagnostic: Rc<Diagnostic>,
}

/// The loop has nothing to run, nothing to wait for, and somebody waits for it.
pub(super) fn raise(vm: &mut Vm, event_loop: &Value) -> Raise {
    let settlers = waits::settlers(vm);
    let main = main_task(vm, event_loop, &settlers);
    let (scene, names) = look_around(vm, event_loop, &settlers);
    if scene.stuck.is_empty() {
        return raise_without_tasks(vm, event_loop, &names);
    }
    let main = main.and_then(|m| {
        let is_main = |s: &Stuck| s.task.as_obj().is(m.as_obj());
        scene.stuck.iter().position(is_main)
    });
    let story = scene.story(main);
    let mut teller = Teller {
        vm,
        scene: &scene,
        names: &names,
        story: &story,
    };
    let diagnostic = teller.diagnostic();
    let diagnostic = at_the_loop(teller.vm, diagnostic);
    let message = teller.title();
    for i in scene.in_awaiting_circles() {
        scene
            .stuck
            .get(i)
            .into_iter()
            .for_each(|s| break_away(vm, s));
    }
    for s in &scene.stuck {
        // The report has said it.
        s.task.log_destroy_pending().set(false);
    }
    with_report(vm, message, diagnostic)
}

/// There is not even a task: the program itself waits for a future.
fn raise_without_tasks(vm: &mut Vm, event_loop: &Value, names: &Names) -> Raise {
    let until = event_loop.opaque::<LoopData>().map(|data| data.until.get());
    let Some(future) = until.as_ref().and_then(|f| f.as_ref::<Future>()) else {
        let message = "nothing can ever happen again, and nothing is left to wait for";
        let diagnostic = Diagnostic::error(Code::Deadlock, format!("Deadlock: {message}"));
        return with_report(vm, message.into(), diagnostic);
    };
    let future = names.future(vm, future);
    let message = format!("run_until_complete() waits for {future}, which nobody settles");
    let diagnostic = Diagnostic::error(Code::Deadlock, format!("Deadlock: {message}"));
    let diagnostic = at_the_loop(vm, diagnostic).help(words::SETTLE);
    with_report(vm, message, diagnostic)
}

/// A report that points at no `await` of the program points at where it runs the loop.
fn at_the_loop(vm: &Vm, diagnostic: Diagnostic) -> Diagnostic {
    match vm.program_place() {
        Some((code, pc)) if diagnostic.labels.is_empty() => diagnostic.label(
            &code.code.source,
            code.code.span_at(pc),
            "the event loop runs here, and cannot go on",
        ),
        _ => diagnostic,
    }
}

/// The exception and, beside it, its report.
fn with_report(vm: &mut Vm, message: String, diagnostic: Diagnostic) -> Raise {
    let class = vm.exc.deadlock.clone();
    let raise = vm.error(&class, message);
    let exception = vm.take_raised(raise);
    if let Some(object) = exception.as_obj() {
        let exception = WeakPointer::new(object);
        vm.state::<Reports>().0.push(Report {
            exception,
            diagnostic: Rc::new(diagnostic),
        });
    }
    vm.raise(exception)
}

/// Everything that is known of the tasks of a loop.
fn look_around(vm: &mut Vm, event_loop: &Value, settlers: &waits::Settlers) -> (Scene, Names) {
    let mut tasks = registry::pending_tasks();
    tasks.retain(|t| t.event_loop.get().is(event_loop));
    tasks.sort_by_key(|t| t.age());
    let mut stuck = Vec::new();
    for task in tasks {
        stuck.push(waits::look(vm, task, settlers));
    }
    let names = Names::new(vm, &stuck);
    (Scene::new(vm, stuck), names)
}

/// What a task waits for, in a program that may well go on.
pub struct Waiting {
    pub task: Ref<Future>,
    /// `lock 'a', which worker() holds`.
    pub what: String,
    /// Where the holder has taken it.
    pub since: Option<Place>,
    /// The tasks that have to go on before it can.
    pub before: Vec<Ref<Future>>,
}

/// What each pending task of a loop waits for, oldest first.
pub fn waiting(vm: &mut Vm, event_loop: &Value) -> Vec<Waiting> {
    let settlers = waits::settlers(vm);
    let (scene, names) = look_around(vm, event_loop, &settlers);
    let mut teller = Teller {
        vm,
        scene: &scene,
        names: &names,
        story: &Story::default(),
    };
    let all = scene.stuck.iter().enumerate();
    all.map(|(i, s)| Waiting {
        task: s.task.clone(),
        what: teller.waits_for(i),
        since: scene.since(i),
        before: scene.before(i),
    })
    .collect()
}

/// A step of the loop waits for a result that only another step could bring about.
pub(super) fn raise_blocked(vm: &mut Vm) -> Raise {
    let who = match vm.current.task.get().as_ref::<Future>() {
        Some(task) => names::coroutine_name(task),
        None => "a callback".into(),
    };
    let message = format!("{who} blocks the event loop, which would have to go on for its result");
    let mut diagnostic = Diagnostic::error(Code::Deadlock, format!("Deadlock: {message}"));
    if let Some((code, pc)) = vm.program_place() {
        let text = "waits here without `await`, so no other task can run meanwhile";
        diagnostic = diagnostic.label(&code.code.source, code.code.span_at(pc), text);
    }
    let diagnostic = diagnostic.help(
        "inside the loop, await the coroutine itself, or `await asyncio.wrap_future(future)`; result() is for other threads",
    );
    with_report(vm, message, diagnostic)
}

/// Lets a task wait for a future that nobody knows instead of for the next one of its circle, so
/// that cancelling it ends its wait.
fn break_away(vm: &mut Vm, s: &Stuck) {
    let Some(part) = s.task.part() else {
        return;
    };
    let awaited = part.waiting_for.get();
    if let Some(f) = awaited.as_ref::<Future>().filter(|f| !f.is_done()) {
        let is_ours = |w: &Waiter| matches!(w, Waiter::Task(t) if t.as_obj().is(s.task.as_obj()));
        let (ours, others) = f.waiters().into_iter().partition(is_ours);
        f.set_waiters(others);
        drop::<Vec<Waiter>>(ours);
    }
    let class = vm.types.future.clone();
    let other = Future::new(&class, s.task.event_loop.get(), Role::Plain);
    other.add_waiter(Waiter::Task(s.task.clone()));
    part.waiting_for.set(other.into());
}

/// The task that the loop runs for, or the first of those behind the future that it runs for.
fn main_task(vm: &mut Vm, event_loop: &Value, settlers: &waits::Settlers) -> Option<Ref<Future>> {
    let until = event_loop.opaque::<LoopData>()?.until.get();
    let until = until.as_ref::<Future>()?;
    waits::behind(vm, until, settlers).into_iter().next()
}

/// The report that belongs to an exception.
pub fn report_of(vm: &mut Vm, exception: &Value) -> Option<Rc<Diagnostic>> {
    let object = exception.as_obj()?;
    let mut reports = vm.state::<Reports>().0.iter();
    let report = reports.find(|r| r.exception.upgrade().is_some_and(|e| e.is(object)))?;
    Some(report.diagnostic.clone())
}

/// All reports that were made, oldest first, whether the program caught their exceptions or not.
pub fn take_reports(vm: &mut Vm) -> Vec<Rc<Diagnostic>> {
    let reports = std::mem::take(&mut vm.state::<Reports>().0);
    reports.into_iter().map(|r| r.diagnostic).collect()
}
