//! What stands in the ready queue.

use crate::vm::heap::{ObjRef, Ref};
use crate::vm::object::{Future, Opaque};
use crate::vm::value::Value;

/// One thing to do in a turn. The common ones need no object of their own.
#[derive(Debug)]
pub(super) enum Ready {
    /// A task's next step.
    Step(Ref<Future>),
    /// A task's next step, which raises in the coroutine.
    Throw(Box<(Ref<Future>, Value)>),
    /// A task's next step, because the future that it awaits is done.
    Wakeup {
        task: Ref<Future>,
        future: Ref<Future>,
    },
    /// A done callback of a future.
    Done(Box<DoneCallback>),
    /// What `call_soon` and the timers were given.
    Handle(Ref<Opaque>),
    /// A piece of `run_in_executor`'s work that goes on.
    Worker(Value),
}

#[derive(Debug)]
pub(super) struct DoneCallback {
    pub func: Value,
    /// A context, or `Undef` for an empty one.
    pub context: Value,
    /// The future that is done: the callback's argument.
    pub future: Value,
}

impl Ready {
    pub fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        match self {
            Ready::Step(task) => visit(task.as_obj()),
            Ready::Throw(both) => {
                visit(both.0.as_obj());
                both.1.as_obj().into_iter().for_each(visit);
            }
            Ready::Wakeup { task, future } => {
                visit(task.as_obj());
                visit(future.as_obj());
            }
            Ready::Done(done) => [&done.func, &done.context, &done.future]
                .into_iter()
                .filter_map(|v| v.as_obj())
                .for_each(visit),
            Ready::Handle(handle) => visit(handle.as_obj()),
            Ready::Worker(worker) => worker.as_obj().into_iter().for_each(visit),
        }
    }
}
