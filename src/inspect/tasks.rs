//! Tasks: where each stands and what it waits for.

use super::frames::{Chain, chain};
use crate::event_loop::deadlock::{Place, Waiting, waiting};
use crate::event_loop::inspect::{self, Queued, Timed};
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{Future, FutureState, Generator};
use crate::vm::value::Value;

/// What keeps a task from going on.
pub enum Wait {
    /// Nothing: it stands in the ready queue, at this place from 1.
    Ready(usize),
    /// A time of the loop's clock.
    Until(f64),
    For {
        /// `lock 'a', which worker() holds`.
        what: String,
        /// Where the holder has taken it.
        since: Option<Place>,
        /// Tasks that have to go on first.
        before: Vec<Ref<Future>>,
    },
    /// It is done, or it is the one that runs.
    Nothing,
}

pub struct TaskView {
    pub task: Ref<Future>,
    pub name: String,
    /// Nothing for coroutines that are no frames, and for tasks that are done.
    pub chain: Option<Chain>,
    pub wait: Wait,
}

/// The tasks of a loop that are not done, oldest first.
pub fn tasks(vm: &mut Vm, event_loop: &Value) -> Vec<TaskView> {
    let all = waiting(vm, event_loop).into_iter();
    all.map(|w| look(event_loop, w)).collect()
}

/// One task; it may be done.
pub fn task(vm: &mut Vm, event_loop: &Value, task: &Ref<Future>) -> TaskView {
    let mut all = waiting(vm, event_loop).into_iter();
    match all.find(|w| w.task.as_obj().is(task.as_obj())) {
        Some(found) => look(event_loop, found),
        None => TaskView {
            task: task.clone(),
            name: inspect::task_name(task),
            chain: None,
            wait: Wait::Nothing,
        },
    }
}

fn look(event_loop: &Value, waiting: Waiting) -> TaskView {
    let coroutine = waiting.task.part().map_or(Value::Undef, |p| p.coro.get());
    TaskView {
        task: waiting.task.clone(),
        name: inspect::task_name(&waiting.task),
        chain: coroutine.as_ref::<Generator>().map(chain),
        wait: wait_of(event_loop, waiting),
    }
}

fn wait_of(event_loop: &Value, waiting: Waiting) -> Wait {
    let is_own = |t: &Ref<Future>| t.as_obj().is(waiting.task.as_obj());
    let awaited = waiting.task.part().and_then(|p| p.waiting_for.defined());
    // Its step, or the timer that has just fired for it.
    let wakes = |q: &Queued| match q {
        Queued::Due(f) => awaited.as_ref().is_some_and(|a| a.is(&f.clone().into())),
        Queued::Call { args, .. } => awaited
            .as_ref()
            .is_some_and(|a| args.iter().any(|x| x.is(a))),
        other => other.task().is_some_and(is_own),
    };
    let queue = inspect::ready(event_loop);
    if let Some(place) = queue.iter().position(wakes) {
        return Wait::Ready(place + 1);
    }
    let Some(awaited) = awaited else {
        return Wait::Nothing;
    };
    match due(event_loop, &awaited) {
        Some(when) => Wait::Until(when),
        None => Wait::For {
            what: waiting.what,
            since: waiting.since,
            before: waiting.before,
        },
    }
}

/// When a timer will settle a future.
fn due(event_loop: &Value, future: &Value) -> Option<f64> {
    let settles = |what: &Timed| match what {
        Timed::Future(f) => future.as_obj().is_some_and(|o| o.is(f.as_obj())),
        Timed::Call { args, .. } => args.iter().any(|a| a.is(future)),
    };
    let timers = inspect::timers(event_loop);
    timers.iter().find(|t| settles(&t.what)).map(|t| t.when)
}

/// How a future ended, in one word; `None` while it has not.
pub fn ending(future: &Ref<Future>) -> Option<&'static str> {
    match future.state.get() {
        FutureState::Pending => None,
        FutureState::Cancelled => Some("cancelled"),
        FutureState::Finished if future.exception().is_undef() => Some("done"),
        FutureState::Finished => Some("failed"),
    }
}
