//! Looking at an event loop from outside: its queues and tasks as data. For whoever shows them;
//! changes nothing, and knows nothing of how it is shown.

use super::data::LoopData;
use super::handle::{self, HandleData};
use super::{registry, repr, source, task};
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::object::{Future, Opaque};
use crate::vm::ready::Ready;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// One entry of the ready queue.
#[derive(Debug, Clone)]
pub enum Queued {
    /// A task's first step, or one after `sleep(0)`.
    Step(Ref<Future>),
    /// A task's next step, which raises this in it.
    Throw(Ref<Future>, Value),
    /// A task's next step, because what it awaited is done.
    Wakeup(Ref<Future>),
    /// A done callback of a future.
    DoneCallback { func: Value, future: Value },
    /// What `call_soon` or a timer was given.
    Call { func: Value, args: Vec<Value> },
    /// A future whose time has come.
    Due(Ref<Future>),
    /// A piece of `run_in_executor`'s work that goes on.
    Work(Value),
}

impl Queued {
    /// The task that will take a step.
    pub fn task(&self) -> Option<&Ref<Future>> {
        match self {
            Queued::Step(task) | Queued::Throw(task, _) | Queued::Wakeup(task) => Some(task),
            _ => None,
        }
    }
}

/// A timer that is set.
#[derive(Debug, Clone)]
pub struct TimerView {
    /// By the loop's clock, in seconds.
    pub when: f64,
    pub what: Timed,
}

/// What happens when a timer is due.
#[derive(Debug, Clone)]
pub enum Timed {
    /// A future is done, as that of `asyncio.sleep`.
    Future(Ref<Future>),
    Call {
        func: Value,
        args: Vec<Value>,
    },
}

/// Whether a value is an event loop of ours.
pub fn is_loop(value: &Value) -> bool {
    value.opaque::<LoopData>().is_some()
}

/// What an entry of the ready queue is about, at a place from the front.
#[derive(Debug, Clone)]
pub enum About {
    /// A task takes a step.
    Step(Ref<Future>),
    /// A future is settled, or whoever waits for it is told.
    Future(Ref<Future>),
    /// A handle's call.
    Call(ObjRef),
    /// Work beside the loop, or nothing that is known.
    Other,
}

/// What stands at a place of the ready queue.
pub fn about(event_loop: &Value, place: usize) -> About {
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return About::Other;
    };
    let mut found = data.queue.map_first(place + 1, |entry| match entry {
        Ready::Step(task) | Ready::Wakeup(task) => About::Step(task.clone()),
        Ready::Throw(both) => About::Step(both.0.clone()),
        Ready::Timer(f) => About::Future(f.clone()),
        Ready::Done(done) => match done.future.as_ref::<Future>() {
            Some(f) => About::Future(f.clone()),
            None => About::Other,
        },
        Ready::Handle(handle) => About::Call(handle.as_obj().clone()),
        Ready::Worker(_) => About::Other,
    });
    match found.len() == place + 1 {
        true => found.pop().unwrap_or(About::Other),
        false => About::Other,
    }
}

/// What will run in the next turn, in order.
pub fn ready(event_loop: &Value) -> Vec<Queued> {
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Vec::new();
    };
    data.queue.map(queued).into_iter().flatten().collect()
}

/// What will run first, and how many entries there are.
pub fn first_ready(event_loop: &Value, most: usize) -> (Vec<Queued>, usize) {
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return (Vec::new(), 0);
    };
    let first = data.queue.map_first(most, queued);
    (first.into_iter().flatten().collect(), data.queue.len())
}

/// What will run last; `None` for a call that was cancelled.
pub fn last_ready(event_loop: &Value) -> Option<Queued> {
    let data = event_loop.opaque::<LoopData>()?;
    data.queue.last(queued).flatten()
}

/// How many entries the ready queue has.
pub fn ready_count(event_loop: &Value) -> usize {
    event_loop
        .opaque::<LoopData>()
        .map_or(0, |data| data.queue.len())
}

/// What a timer is for: a handle or a future, as the loop keeps them.
pub fn timed(target: &ObjRef) -> Option<Timed> {
    match target.as_ref::<Future>() {
        Some(f) => Some(Timed::Future(f.clone())),
        None => {
            let (func, args) = call_of(target.as_ref::<Opaque>()?)?;
            Some(Timed::Call { func, args })
        }
    }
}

/// An entry of the ready queue as data; `None` for a call that was cancelled.
pub fn queued(entry: &Ready) -> Option<Queued> {
    Some(match entry {
        Ready::Step(task) => Queued::Step(task.clone()),
        Ready::Throw(both) => Queued::Throw(both.0.clone(), both.1.clone()),
        Ready::Wakeup(task) => Queued::Wakeup(task.clone()),
        Ready::Done(done) => Queued::DoneCallback {
            func: done.func.clone(),
            future: done.future.clone(),
        },
        Ready::Handle(handle) => {
            let (func, args) = call_of(handle)?;
            Queued::Call { func, args }
        }
        Ready::Timer(f) => Queued::Due(f.clone()),
        Ready::Worker(worker) => Queued::Work(Value::Obj(worker.clone())),
    })
}

/// What a handle calls; `None` once it is cancelled.
fn call_of(handle: &Ref<Opaque>) -> Option<(Value, Vec<Value>)> {
    let data = handle.get::<HandleData>()?;
    let func = data.callback.defined()?;
    (!data.cancelled.get()).then(|| (func, handle::call_args(data)))
}

/// The timers that are set, in the order in which they are due.
pub fn timers(event_loop: &Value) -> Vec<TimerView> {
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Vec::new();
    };
    let timers = data.timers.borrow();
    let found = timers.in_order().into_iter().filter_map(timer);
    found.collect()
}

/// The first of them.
pub fn first_timers(event_loop: &Value, most: usize) -> Vec<TimerView> {
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Vec::new();
    };
    let timers = data.timers.borrow();
    let found = timers.first(most).into_iter().filter_map(timer);
    found.collect()
}

fn timer((when, target): (f64, &ObjRef)) -> Option<TimerView> {
    let what = timed(target)?;
    Some(TimerView { when, what })
}

/// The tasks of a loop that are not done, oldest first.
pub fn tasks(event_loop: &Value) -> Vec<Ref<Future>> {
    let mut found = registry::pending_tasks();
    found.retain(|t| t.event_loop.get().is(event_loop));
    found.sort_by_key(|t| t.age());
    found
}

/// A task's name.
pub fn task_name(task: &Ref<Future>) -> String {
    task::name(task).as_str().unwrap_or("?").to_owned()
}

/// Whether something can run without waiting for a timer.
pub fn is_ready(event_loop: &Value) -> bool {
    let data = event_loop.opaque::<LoopData>();
    data.is_some_and(|d| !d.queue.is_empty())
}

/// When the first timer is due, by the loop's clock.
pub fn next_due(event_loop: &Value) -> Option<f64> {
    let data = event_loop.opaque::<LoopData>()?;
    let cancelled = data.timers.borrow_mut().sweep();
    drop(cancelled);
    data.timers.borrow().next_due()
}

/// `f() at FILE:LINE` for something that will be called.
pub fn callback_text(vm: &mut Vm, func: &Value) -> R<String> {
    source::callback_with_source(vm, func, &Value::None, false)
}

/// The repr of a value cut to a length that fits a line.
pub fn short_repr(vm: &mut Vm, value: &Value) -> R<String> {
    repr::short(vm, value)
}
