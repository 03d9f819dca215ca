//! What a loop object holds.

use super::executor::Workers;
use super::timer::Timers;
use crate::vm::Vm;
use crate::vm::heap::{ObjRef, Ref, Slot, WeakPointer};
use crate::vm::object::{NativeData, Opaque};
use crate::vm::ready::Queue;
use crate::vm::value::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The Rust side of an event loop.
pub(super) struct LoopData {
    pub queue: Rc<Queue>,
    pub timers: RefCell<Timers>,
    pub running: Cell<bool>,
    pub closed: Cell<bool>,
    pub debug: Cell<bool>,
    /// What is being run right now, for `call_finished`.
    pub executing: RefCell<Executing>,
    /// The context outside of what is being run.
    pub outer_context: Slot,
    /// What `run_until_complete` waits for, `Undef` under `run_forever`.
    pub until: Slot,
    /// `until` is a task that `run_until_complete` made itself.
    pub until_is_ours: Cell<bool>,
    /// The class overrides `call_soon`: then it is asked, not bypassed.
    pub custom: bool,
    /// The same for `time`.
    pub custom_time: bool,
    /// The same for `create_future`.
    pub custom_future: bool,
    /// The same for `create_task`.
    pub custom_task: bool,
    /// The same for `call_later` and `call_at`.
    pub custom_timers: bool,
    pub exception_handler: Slot,
    pub task_factory: Slot,
    pub default_executor: Slot,
    pub workers: Workers,
    pub executor_closed: Cell<bool>,
    /// A float or whatever the program set.
    pub slow_callback_duration: Slot,
    /// When the present callback began, in debug mode; else not a number.
    pub began: Cell<f64>,
    /// The hooks of `sys` that were there before the loop ran: first iteration, finalizer.
    pub saved_hooks: [Slot; 2],
    pub saved_origin_depth: Cell<u32>,
    /// Async generators that were iterated in this loop, oldest first.
    pub asyncgens: RefCell<Vec<WeakPointer>>,
    pub asyncgens_closed: Cell<bool>,
}

/// What the loop has handed out to be run.
#[derive(Default)]
pub(super) enum Executing {
    #[default]
    Nothing,
    Task,
    Handle(Ref<Opaque>),
    /// A done callback and its future.
    Callback(Value, Value),
}

impl LoopData {
    /// Which methods the loop's class overrides: `call_soon`, `time`, `create_future`,
    /// `create_task`, `call_later`, `call_at`.
    pub fn new(overrides: [bool; 6]) -> Self {
        let [custom, custom_time, custom_future, custom_task, later, at] = overrides;
        LoopData {
            queue: Rc::default(),
            timers: RefCell::default(),
            running: Cell::new(false),
            closed: Cell::new(false),
            debug: Cell::new(false),
            executing: RefCell::default(),
            outer_context: Slot::undef(),
            until: Slot::undef(),
            until_is_ours: Cell::new(false),
            custom,
            custom_time,
            custom_future,
            custom_task,
            custom_timers: later || at,
            exception_handler: Slot::new(Value::None),
            task_factory: Slot::new(Value::None),
            default_executor: Slot::new(Value::None),
            workers: Workers::default(),
            executor_closed: Cell::new(false),
            slow_callback_duration: Slot::new(Value::float(0.1)),
            began: Cell::new(f64::NAN),
            saved_hooks: [Slot::undef(), Slot::undef()],
            saved_origin_depth: Cell::new(0),
            asyncgens: RefCell::default(),
            asyncgens_closed: Cell::new(false),
        }
    }

    /// Sets a timer.
    pub fn set_timer(&self, when: f64, target: ObjRef) {
        self.timers.borrow_mut().push(when, target);
        self.note_timers();
    }

    /// A timer was cancelled.
    pub fn note_cancelled_timer(&self) {
        self.timers.borrow_mut().note_cancelled();
        self.note_timers();
    }

    /// The timers have changed: the queue must know when a turn has to look at them.
    pub fn note_timers(&self) {
        let timers = self.timers.borrow();
        let due = match timers.next_due() {
            None => f64::INFINITY,
            Some(_) if self.custom_time || timers.wants_sweep() => f64::NEG_INFINITY,
            Some(due) => due,
        };
        self.queue.due.set(due);
    }

    /// Whether `create_future` of a loop is the one of its built-in class.
    pub fn makes_plain_futures(event_loop: &Value) -> bool {
        event_loop
            .opaque::<LoopData>()
            .is_some_and(|data| !data.custom_future)
    }

    /// Whether `create_task` of a loop is the one of its built-in class.
    pub fn makes_plain_tasks(event_loop: &Value) -> bool {
        event_loop
            .opaque::<LoopData>()
            .is_some_and(|data| !data.custom_task)
    }

    /// Whether steps may follow each other without the loop being asked: it has nobody to tell of
    /// them.
    pub fn decide_direct(&self, vm: &Vm) {
        let asked = self.debug.get() || self.custom || vm.is_observed() || vm.chooser.is_some();
        let direct = self.running.get() && !self.closed.get() && !asked;
        self.queue.direct.set(direct);
    }

    /// Forgets everything that waits to be run.
    pub fn clear_queues(&self) {
        let ready = self.queue.take();
        let timers = self.timers.borrow_mut().clear();
        self.note_timers();
        drop(ready);
        drop(timers);
    }
}

impl NativeData for LoopData {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.queue.trace(visit);
        if let Ok(timers) = self.timers.try_borrow() {
            timers.trace(visit);
        }
        if let Ok(executing) = self.executing.try_borrow() {
            match &*executing {
                Executing::Nothing | Executing::Task => {}
                Executing::Handle(handle) => visit(handle.as_obj()),
                Executing::Callback(func, future) => [func, future]
                    .into_iter()
                    .filter_map(|v| v.as_obj())
                    .for_each(&mut *visit),
            }
        }
        let [first, finalizer] = &self.saved_hooks;
        let slots = [
            &self.outer_context,
            &self.until,
            &self.exception_handler,
            &self.task_factory,
            &self.default_executor,
            &self.workers.ended,
            &self.slow_callback_duration,
            first,
            finalizer,
        ];
        for slot in slots {
            slot.visit(visit);
        }
    }

    fn clear(&self) {
        self.clear_queues();
        let slots = [
            &self.outer_context,
            &self.until,
            &self.exception_handler,
            &self.task_factory,
            &self.default_executor,
        ];
        slots.into_iter().for_each(|s| s.set(Value::None));
    }
}
