//! Tasks: where each stands and what it waits for.

use super::frames::{Chain, chain};
use crate::event_loop::inspect;
use crate::vm::heap::Ref;
use crate::vm::object::{Future, FutureState, Generator};
use crate::vm::value::Value;

/// What keeps a task from going on.
pub enum Wait {
    /// Nothing: it stands in the ready queue, at this place from 1.
    Ready(usize),
    /// A time of the loop's clock.
    Until(f64),
    /// Another task.
    Task(Ref<Future>),
    /// An object of the library that keeps those who wait: a lock, a queue, an event.
    Object(Value),
    /// A future that somebody will settle.
    Future(Value),
    /// It is the one that runs.
    Nothing,
}

pub struct TaskView {
    pub task: Ref<Future>,
    pub name: String,
    /// Nothing for coroutines that are no frames.
    pub chain: Option<Chain>,
    pub wait: Wait,
}

/// The tasks of a loop that are not done, oldest first.
pub fn tasks(event_loop: &Value) -> Vec<TaskView> {
    let all = inspect::tasks(event_loop);
    all.iter().map(|task| look(event_loop, task)).collect()
}

/// One task.
pub fn look(event_loop: &Value, task: &Ref<Future>) -> TaskView {
    let coroutine = task.part().map_or(Value::Undef, |p| p.coro.get());
    let chain = coroutine.as_ref::<Generator>().map(chain);
    TaskView {
        name: inspect::task_name(task),
        wait: wait_of(event_loop, task, chain.as_ref()),
        chain,
        task: task.clone(),
    }
}

fn wait_of(event_loop: &Value, task: &Ref<Future>, chain: Option<&Chain>) -> Wait {
    let place = inspect::ready(event_loop)
        .iter()
        .position(|queued| queued.task().is_some_and(|t| t.as_obj().is(task.as_obj())));
    if let Some(place) = place {
        return Wait::Ready(place + 1);
    }
    let awaited = task
        .part()
        .and_then(|p| p.waiting_for.defined())
        .unwrap_or(Value::Undef);
    let Some(future) = awaited.as_ref::<Future>() else {
        return Wait::Nothing;
    };
    if future.is_task() {
        return Wait::Task(future.clone());
    }
    if let Some(when) = due(event_loop, &awaited) {
        return Wait::Until(when);
    }
    match chain.and_then(waited_object) {
        Some(object) => Wait::Object(object),
        None => Wait::Future(awaited),
    }
}

/// When a timer will settle a future.
fn due(event_loop: &Value, future: &Value) -> Option<f64> {
    let timers = inspect::timers(event_loop);
    let own = timers
        .iter()
        .find(|t| t.args.iter().any(|a| a.is(future)))?;
    Some(own.when)
}

/// The object whose method of the library the task is in.
fn waited_object(chain: &Chain) -> Option<Value> {
    let mut inner = chain.frames.iter().rev().take_while(|f| f.is_library());
    // The outermost is what the program has called.
    let called = inner.by_ref().last()?;
    called.variable("self").cloned()
}

/// How a task ended, in one word; `None` while it has not.
pub fn ending(task: &Ref<Future>) -> Option<&'static str> {
    match task.state.get() {
        FutureState::Pending => None,
        FutureState::Cancelled => Some("cancelled"),
        FutureState::Finished if task.exception().is_undef() => Some("done"),
        FutureState::Finished => Some("failed"),
    }
}
