//! Futures and tasks: what they hold. Their protocol is in `event_loop`; the VM itself knows what
//! awaiting one does, and how the steps of tasks follow each other (see `vm/step.rs`).
//!
//! Programs have them by the hundred thousand, so they are small: what is never there at the same
//! time shares a place, and what few of them have stands in a box of its own.

use super::{Class, Trace};
use crate::vm::heap::{ObjRef, ObjSlot, Ref, RefSlot, Slot};
use crate::vm::ready::DoneCallback;
use crate::vm::value::Value;
use std::cell::{Cell, OnceCell};

/// `Pending → Finished` (with a result or an exception) or `Pending → Cancelled`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FutureState {
    Pending,
    Cancelled,
    Finished,
}

/// What a future is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Plain,
    /// A timer of its loop settles it.
    Timer,
    /// Its tail is a [`TaskPart`].
    Task,
}

/// One who is told when a future is done.
#[derive(Debug, Clone)]
pub enum Waiter {
    /// A task that awaits it (CPython's `task.__wakeup` callback).
    Task(Ref<Future>),
    /// A done callback.
    Callback(Box<DoneCallback>),
}

/// Those who wait while a future is pending, in the order of registration; its result after.
#[derive(Default)]
enum Content {
    #[default]
    Nobody,
    Task(Ref<Future>),
    Callback(Box<DoneCallback>),
    #[allow(clippy::box_collection, reason = "the others have one word each")]
    Many(Box<Vec<Waiter>>),
    Result(Value),
}

pub struct Future {
    pub class: RefSlot<Class>,
    /// The loop object, or `Undef` if `__init__` was not called.
    pub event_loop: ObjSlot,
    content: Cell<Content>,
    extra: OnceCell<Box<FutureExtra>>,
    pub state: Cell<FutureState>,
    /// `_asyncio_future_blocking`.
    pub blocking: Cell<bool>,
    /// The exception was set and nobody has looked at it.
    pub log_traceback: Cell<bool>,
    role: Role,
    // What follows is for tasks only.
    pub must_cancel: Cell<bool>,
    pub log_destroy_pending: Cell<bool>,
    pub cancel_requests: Cell<u16>,
    /// One more than the number of its default name `Task-N`, or of the last task that has one if
    /// it was made with a name; 0 before `__init__`.
    mark: Cell<u64>,
}

/// What few futures have.
#[derive(Default)]
pub struct FutureExtra {
    /// The exception, once finished with one; for a cancelled future the CancelledError to raise.
    pub exception: Slot,
    /// The traceback that the exception had when it was set.
    pub traceback: Slot,
    pub cancel_message: Slot,
    /// The code that asked for cancellation, and the instruction in it.
    pub cancelled_in: Slot,
    pub cancelled_at: Cell<u32>,
    /// Attributes set by programs and subclasses.
    pub dict: Slot,
    /// A task's name, a str, if it is not the default one.
    pub name: Slot,
    /// In debug mode: where it was made.
    pub origin: Slot,
    /// A list of futures that wait for it in ways that only the program knows.
    pub awaited_by: Slot,
    /// Counts tasks made with a name, from 1.
    pub order: Cell<u64>,
    /// Its number among the tasks of a profile, from 1.
    pub profiled: Cell<u32>,
    /// Taken out of `all_tasks` by hand.
    pub unregistered: Cell<bool>,
}

/// What a task has beyond a future: its tail, which is why these are slots.
#[repr(C)]
pub struct TaskPart {
    /// The coroutine; `Undef` when finished and released.
    pub coro: Slot,
    /// `Undef` for an empty one.
    pub context: Slot,
    /// What it awaits (`_fut_waiter`), or `Undef`.
    pub waiting_for: Slot,
}

const PART_SLOTS: usize = size_of::<TaskPart>() / size_of::<Value>();

impl Future {
    /// A pending future of the class.
    pub fn new(class: &Ref<Class>, event_loop: Value, role: Role) -> Ref<Future> {
        let body = Future {
            class: RefSlot::new(class.clone()),
            event_loop: ObjSlot::new(event_loop),
            content: Cell::default(),
            extra: OnceCell::new(),
            state: Cell::new(FutureState::Pending),
            blocking: Cell::new(false),
            log_traceback: Cell::new(false),
            role,
            must_cancel: Cell::new(false),
            log_destroy_pending: Cell::new(true),
            cancel_requests: Cell::new(0),
            mark: Cell::new(0),
        };
        Ref::with_tail(body, std::iter::empty())
    }

    pub(super) fn tail(&self) -> usize {
        if self.is_task() { PART_SLOTS } else { 0 }
    }

    #[inline(always)]
    pub fn is_done(&self) -> bool {
        self.state.get() != FutureState::Pending
    }

    #[inline(always)]
    pub fn is_task(&self) -> bool {
        self.role == Role::Task
    }

    /// Whether a timer of its loop settles it.
    pub fn has_timer(&self) -> bool {
        self.role == Role::Timer
    }

    // Tasks

    /// The task has its coroutine, and a default name of that number; for a task that was made
    /// with a name, the last number that was given.
    pub fn begin(&self, number: u64) {
        self.mark.set(number + 1);
    }

    /// Whether `begin` was called.
    pub fn begun(&self) -> bool {
        self.mark.get() > 0
    }

    /// The number of the default name.
    pub fn number(&self) -> u64 {
        self.mark.get().saturating_sub(1)
    }

    /// Sorts tasks in the order in which they were made.
    pub fn age(&self) -> (u64, u64) {
        (self.mark.get(), self.rare().map_or(0, |e| e.order.get()))
    }

    // Who waits

    /// Adds one who waits; the future must be pending.
    #[inline]
    pub fn add_waiter(&self, waiter: Waiter) {
        let content = match (self.content.take(), waiter) {
            (Content::Nobody, Waiter::Task(task)) => Content::Task(task),
            (Content::Nobody, Waiter::Callback(callback)) => Content::Callback(callback),
            (content, waiter) => {
                let mut many = content.into_waiters();
                many.push(waiter);
                Content::Many(Box::new(many))
            }
        };
        self.content.set(content);
    }

    /// Takes all who wait out.
    pub fn take_waiters(&self) -> Vec<Waiter> {
        if self.is_done() {
            return Vec::new();
        }
        self.content.take().into_waiters()
    }

    /// Takes out the one who waits, if nobody else does.
    #[inline(always)]
    pub fn take_only_waiter(&self) -> Option<Waiter> {
        match self.content.take() {
            Content::Task(task) => Some(Waiter::Task(task)),
            Content::Callback(callback) => Some(Waiter::Callback(callback)),
            other => {
                self.content.set(other);
                None
            }
        }
    }

    /// Those who wait, as a copy.
    pub fn waiters(&self) -> Vec<Waiter> {
        let content = self.content.take();
        let copy = match &content {
            Content::Nobody | Content::Result(_) => Vec::new(),
            Content::Task(task) => vec![Waiter::Task(task.clone())],
            Content::Callback(callback) => vec![Waiter::Callback(callback.clone())],
            Content::Many(many) => (**many).clone(),
        };
        self.content.set(content);
        copy
    }

    /// Replaces all who wait.
    pub fn set_waiters(&self, waiters: Vec<Waiter>) {
        let content = match waiters.is_empty() {
            true => Content::Nobody,
            false => Content::Many(Box::new(waiters)),
        };
        drop(self.content.replace(content));
    }

    // What became of it

    /// The result, once finished without exception; else `Undef`.
    #[inline]
    pub fn result(&self) -> Value {
        let content = self.content.take();
        let result = match &content {
            Content::Result(value) => value.clone(),
            _ => Value::Undef,
        };
        self.content.set(content);
        result
    }

    /// Finishes a pending future. Those who wait must have been taken out.
    #[inline]
    pub fn set_result(&self, result: Value) {
        self.state.set(FutureState::Finished);
        drop(self.content.replace(Content::Result(result)));
    }

    /// Finished, and not with an exception.
    pub fn has_result(&self) -> bool {
        self.state.get() == FutureState::Finished
            && self.rare().is_none_or(|e| e.exception.is_undef())
    }

    pub fn exception(&self) -> Value {
        self.rare().map_or(Value::Undef, |e| e.exception.get())
    }

    pub fn cancel_message(&self) -> Value {
        self.rare().map_or(Value::Undef, |e| e.cancel_message.get())
    }

    /// `None`, which is the commonest message, is not kept.
    pub fn set_cancel_message(&self, message: Value) {
        match message {
            Value::Undef | Value::None => {
                if let Some(extra) = self.rare() {
                    extra.cancel_message.take();
                }
            }
            message => self.extra().cancel_message.set(message),
        }
    }

    /// Back to pending, nobody waiting.
    pub fn reset(&self) {
        self.state.set(FutureState::Pending);
        self.blocking.set(false);
        self.log_traceback.set(false);
        drop(self.content.take());
        if let Some(e) = self.rare() {
            for slot in [&e.exception, &e.traceback, &e.cancel_message] {
                slot.take();
            }
        }
    }

    /// Lets go of everything: it is part of a cycle that nobody can reach.
    pub(in crate::vm) fn clear(&self) {
        self.event_loop.take();
        drop(self.content.take());
        if let Some(e) = self.rare() {
            e.slots().into_iter().for_each(|slot| drop(slot.take()));
        }
    }

    /// What few futures have, if it is there.
    #[inline(always)]
    pub fn rare(&self) -> Option<&FutureExtra> {
        self.extra.get().map(|e| &**e)
    }

    /// What few futures have.
    pub fn extra(&self) -> &FutureExtra {
        self.extra.get_or_init(Box::default)
    }
}

impl FutureExtra {
    fn slots(&self) -> [&Slot; 8] {
        [
            &self.cancelled_in,
            &self.exception,
            &self.traceback,
            &self.cancel_message,
            &self.dict,
            &self.name,
            &self.origin,
            &self.awaited_by,
        ]
    }
}

impl Content {
    fn into_waiters(self) -> Vec<Waiter> {
        match self {
            Content::Nobody | Content::Result(_) => Vec::new(),
            Content::Task(task) => vec![Waiter::Task(task)],
            Content::Callback(callback) => vec![Waiter::Callback(callback)],
            Content::Many(many) => *many,
        }
    }
}

impl Ref<Future> {
    /// The part of a task.
    #[inline(always)]
    pub fn part(&self) -> Option<&TaskPart> {
        if self.is_task() {
            // SAFETY: a task's tail has three values, and a slot is laid out as a value.
            Some(unsafe { &*self.tail_ptr().cast::<TaskPart>() })
        } else {
            None
        }
    }
}

/// A future whose exception nobody looked at, or a pending task.
pub(super) fn needs_finalizer(f: &Future) -> bool {
    let pending_task = f.is_task()
        && f.state.get() == FutureState::Pending
        && f.log_destroy_pending.get()
        && f.begun();
    f.log_traceback.get() || pending_task
}

impl Trace for Ref<Future> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.class.visit(visit);
        self.event_loop.visit(visit);
        let content = self.content.take();
        match &content {
            Content::Nobody => {}
            Content::Task(task) => visit(task.as_obj()),
            Content::Callback(callback) => visit_callback(callback, visit),
            Content::Many(many) => many.iter().for_each(|waiter| match waiter {
                Waiter::Task(task) => visit(task.as_obj()),
                Waiter::Callback(callback) => visit_callback(callback, visit),
            }),
            Content::Result(value) => value.as_obj().into_iter().for_each(&mut *visit),
        }
        self.content.set(content);
        let extra = self.rare().map(FutureExtra::slots);
        let part = self.part().map(|p| [&p.coro, &p.context, &p.waiting_for]);
        for slot in extra
            .into_iter()
            .flatten()
            .chain(part.into_iter().flatten())
        {
            slot.visit(visit);
        }
    }
}

fn visit_callback(callback: &DoneCallback, visit: &mut dyn FnMut(&ObjRef)) {
    let parts = [
        &callback.func,
        &callback.context,
        &callback.future,
        &callback.left,
    ];
    for value in parts {
        value.as_obj().into_iter().for_each(&mut *visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn futures_are_small() {
        assert_eq!(size_of::<Future>() + 8, 64);
        assert_eq!(size_of::<TaskPart>(), 3 * size_of::<Value>());
    }
}
