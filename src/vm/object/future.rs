//! Futures and tasks: what they hold. Their protocol is in `event_loop`; the VM itself knows only
//! that awaiting a pending one suspends.

use super::{Class, Trace};
use crate::vm::heap::{ObjRef, Ref, RefSlot, Slot};
use crate::vm::value::Value;
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};

/// `Pending → Finished` (with a result or an exception) or `Pending → Cancelled`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FutureState {
    Pending,
    Cancelled,
    Finished,
}

/// Who is told when a future is done, in the order of registration.
#[derive(Debug, Clone)]
pub enum Waiter {
    /// A task that awaits it (CPython's `task.__wakeup` callback).
    Task(Ref<Future>),
    /// A callable and the context (or `Undef`) it runs in.
    Callback(Value, Value),
}

pub struct Future {
    pub class: RefSlot<Class>,
    pub state: Cell<FutureState>,
    /// The loop object, or `Undef` if `__init__` was not called.
    pub event_loop: Slot,
    /// The result, once finished without exception.
    pub result: Slot,
    /// The exception, once finished with one; for a cancelled future the CancelledError to raise.
    pub exception: Slot,
    pub cancel_message: Slot,
    /// `_asyncio_future_blocking`.
    pub blocking: Cell<bool>,
    /// The exception was set and nobody has looked at it.
    pub log_traceback: Cell<bool>,
    pub waiters: RefCell<SmallVec<[Waiter; 1]>>,
    /// Attributes set by programs and subclasses.
    pub dict: Slot,
    /// There for tasks only.
    pub task: Option<Box<TaskPart>>,
}

/// What a task has beyond a future.
pub struct TaskPart {
    /// The coroutine; `Undef` when finished and released.
    pub coro: Slot,
    /// A str, or `Undef` while the number has not been asked for.
    pub name: Slot,
    /// For the default name `Task-N`.
    pub number: Cell<u64>,
    pub context: Slot,
    /// What it awaits (`_fut_waiter`), or `Undef`.
    pub waiting_for: Slot,
    pub must_cancel: Cell<bool>,
    pub cancel_requests: Cell<u32>,
    pub log_destroy_pending: Cell<bool>,
    /// Counts tasks in the order in which they were made.
    pub sequence: Cell<u64>,
    /// Taken out of `all_tasks` by hand.
    pub unregistered: Cell<bool>,
}

impl Default for TaskPart {
    fn default() -> Self {
        TaskPart {
            coro: Slot::undef(),
            name: Slot::undef(),
            number: Cell::new(0),
            context: Slot::undef(),
            waiting_for: Slot::undef(),
            must_cancel: Cell::new(false),
            cancel_requests: Cell::new(0),
            log_destroy_pending: Cell::new(true),
            sequence: Cell::new(0),
            unregistered: Cell::new(false),
        }
    }
}

impl Future {
    /// A pending future of the class, or a task if `task` is given.
    pub fn new(class: &Ref<Class>, event_loop: Value, task: Option<Box<TaskPart>>) -> Ref<Future> {
        Ref::new(Future {
            class: RefSlot::new(class.clone()),
            state: Cell::new(FutureState::Pending),
            event_loop: Slot::new(event_loop),
            result: Slot::undef(),
            exception: Slot::undef(),
            cancel_message: Slot::undef(),
            blocking: Cell::new(false),
            log_traceback: Cell::new(false),
            waiters: RefCell::default(),
            dict: Slot::undef(),
            task,
        })
    }

    pub fn is_done(&self) -> bool {
        self.state.get() != FutureState::Pending
    }
}

/// A future whose exception nobody looked at, or a pending task.
pub(super) fn needs_finalizer(f: &Future) -> bool {
    let pending_task = f.task.as_ref().is_some_and(|t| {
        f.state.get() == FutureState::Pending && t.log_destroy_pending.get() && !t.coro.is_undef()
    });
    f.log_traceback.get() || pending_task
}

impl Trace for Future {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.class.get().as_obj());
        let own = [
            &self.event_loop,
            &self.result,
            &self.exception,
            &self.cancel_message,
            &self.dict,
        ];
        let task = self
            .task
            .as_ref()
            .map(|t| [&t.coro, &t.name, &t.context, &t.waiting_for]);
        for slot in own.into_iter().chain(task.into_iter().flatten()) {
            slot.get().as_obj().into_iter().for_each(&mut *visit);
        }
        if let Ok(waiters) = self.waiters.try_borrow() {
            for waiter in waiters.iter() {
                match waiter {
                    Waiter::Task(task) => visit(task.as_obj()),
                    Waiter::Callback(f, context) => {
                        [f, context]
                            .into_iter()
                            .filter_map(|v| v.as_obj())
                            .for_each(&mut *visit);
                    }
                }
            }
        }
    }
}

super::no_tail!(Future);
