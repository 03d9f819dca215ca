//! What the dispatch loop and the event loop know of each other. The VM must run task steps
//! without recursing on the Rust stack, and must not depend on the event loop: so the event loop
//! hands out one action at a time through a table of function pointers, and the dispatch loop
//! carries it out in a frame of its own.

use super::heap::{ObjSlot, Ref, Slot};
use super::object::{Class, Future, Generator};
use super::ready::Queue;
use super::signals::SignalActions;
use super::value::Value;
use super::{R, Resume, Vm};
use crate::diagnostic::Diagnostic;
use std::cell::Cell;
use std::rc::Rc;

/// The next thing that a running event loop wants done.
#[derive(Debug)]
pub enum LoopAction {
    /// Resume the coroutine of a task, then report by `step_finished`.
    Step {
        task: Ref<Future>,
        coro: Ref<Generator>,
        /// `Send(None)` or `Throw(exception)`.
        how: Resume,
    },
    /// Call a callback, then report by `call_finished`.
    Call { func: Value, args: Vec<Value> },
    /// The loop has stopped: this is the result of `Tail::RunLoop`.
    Done(Value),
}

/// What became of a task's coroutine.
#[derive(Debug)]
pub enum StepOutcome {
    /// It is suspended: on a future, or on `None` for "again in the next turn".
    Yielded(Value),
    Returned(Value),
    /// The exception that left it.
    Raised(Value),
}

/// The event loop's side. If a function returns an error, the exception leaves the loop: the
/// dispatch loop calls `run_aborted` and raises it from `Tail::RunLoop`.
#[derive(Clone, Copy)]
pub struct LoopHooks {
    pub next_action: fn(&mut Vm, event_loop: &Value) -> R<LoopAction>,
    pub step_finished: fn(&mut Vm, task: Ref<Future>, outcome: StepOutcome) -> R<()>,
    /// `Err` holds the exception that left the callback.
    pub call_finished: fn(&mut Vm, outcome: Result<Value, Value>) -> R<()>,
    pub run_aborted: fn(&mut Vm, event_loop: &Value),
    /// The dispatch loop has ended the last of some steps that followed each other directly: their
    /// tasks know what became of them, and what is current outside of them shall be so again.
    pub step_left: fn(&mut Vm),
    /// A pending task dies, or a future whose exception nobody looked at: report it.
    pub finalize_future: fn(&mut Vm, future: &Ref<Future>),
}

impl LoopHooks {
    /// For a VM without an event loop.
    pub const NONE: LoopHooks = LoopHooks {
        next_action: |_, _| Ok(LoopAction::Done(Value::None)),
        step_finished: |_, _, _| Ok(()),
        call_finished: |_, _| Ok(()),
        run_aborted: |_, _| {},
        step_left: |_| {},
        finalize_future: |_, _| {},
    };
}

/// What is "current" in the running program: looked at by the event loop, by context variables,
/// and by the VM when async generators and coroutines are made.
#[derive(Default)]
pub struct Current {
    /// The event loop that runs, `Undef` while none does.
    pub event_loop: Slot,
    /// Its ready queue, if it is one of ours.
    pub queue: Option<Rc<Queue>>,
    /// The task whose step runs in that loop, `Undef` between steps.
    pub task: Slot,
    /// What that task waited for until its step began, or a tuple of the exception that was raised
    /// in it then and of that: they live until the step is over.
    pub woken_by: Slot,
    /// The loop for which a blocking function (`run_in_executor`) runs right now.
    pub worker: Slot,
    /// How many tasks got a number as their name, and how many were made with one.
    pub task_numbers: Cell<u64>,
    pub named_tasks: Cell<u64>,
    /// The `Context` of context variables, `Undef` while nobody has asked for one.
    pub context: Slot,
    /// `sys.set_asyncgen_hooks`: called with an async generator when it is first iterated, and
    /// kept in `GenExtra::finalizer` respectively. `Undef` where not set.
    pub asyncgen_firstiter: Slot,
    pub asyncgen_finalizer: Slot,
    /// What `sleep(0)` awaits: a bare yield (see `ops::future::NextTurn`).
    pub next_turn: Slot,
    /// `sys.set_coroutine_origin_tracking_depth`.
    pub origin_depth: Cell<u32>,
    /// Called without arguments at the next safe point after Ctrl-C, instead of raising
    /// KeyboardInterrupt; `Undef` while not set.
    pub interrupt_handler: Slot,
    /// What the program wants to happen on signals; goes before `interrupt_handler`.
    pub signals: SignalActions,
}

/// A context that is the current one of something that runs says so in its header.
const ENTERED: u16 = 1;

impl Current {
    /// The ready queue of the running loop, if a future belongs to that and entries may be put on
    /// the queue without asking.
    #[inline]
    pub fn queue_of(&self, f: &Future) -> Option<&Queue> {
        let queue = self.queue.as_deref()?;
        let own = f.event_loop.header();
        (queue.direct.get() && self.event_loop.is_header(own)).then_some(queue)
    }

    /// Makes a context (or `Undef`, an empty one) current; gives the one that was, for
    /// `leave_context`. `None` if it is current somewhere already.
    #[inline]
    pub fn enter_context(&self, context: Value) -> Option<Value> {
        if Self::is_entered(&context) {
            return None;
        }
        Self::mark_entered(&context, true);
        Some(self.context.replace(context))
    }

    /// Goes back to the outer context; gives the inner one, which may have become an object
    /// meanwhile.
    #[inline]
    pub fn leave_context(&self, outer: Value) -> Value {
        let inner = self.context.replace(outer);
        Self::mark_entered(&inner, false);
        inner
    }

    /// The step of a task ends. If it ran in an empty context and somebody has made an object of
    /// that, it is the task's.
    #[inline]
    pub fn pause_context(&self, task: &Ref<Future>) {
        if self.context.is_undef() {
            return;
        }
        let context = self.context.get();
        Self::mark_entered(&context, false);
        if let Some(part) = task.part()
            && part.context.is_undef()
        {
            part.context.set(context);
        }
    }

    /// The step of a task begins, whose context is not entered.
    #[inline]
    pub fn resume_context(&self, context: Value) {
        Self::mark_entered(&context, true);
        self.context.set(context);
    }

    /// Whether a context is current somewhere.
    #[inline]
    pub fn is_entered(context: &Value) -> bool {
        context
            .as_obj()
            .is_some_and(|c| c.header().aux() == ENTERED)
    }

    /// As `is_entered`, for what a slot holds.
    #[inline]
    pub fn is_kept_entered(context: &ObjSlot) -> bool {
        context.aux() == Some(ENTERED)
    }

    /// Notes that an object is a current context, or no longer.
    #[inline]
    pub fn mark_entered(context: &Value, entered: bool) {
        if let Some(context) = context.as_obj() {
            context.header().set_aux(if entered { ENTERED } else { 0 });
        }
    }
}

/// What is told on standard error while the program goes on.
#[derive(Debug)]
pub enum Told<'a> {
    /// A coroutine died that was never awaited.
    NeverAwaited {
        coroutine: &'a Ref<Generator>,
        message: &'a str,
    },
    /// CPython's SyntaxWarning.
    Doubt(&'a Diagnostic),
    /// An entry of the event loop's log: its lines, the future it is about, and an exception; the
    /// latter two `None` where there is nothing.
    Logged {
        lines: &'a str,
        future: &'a Value,
        exception: &'a Value,
    },
    /// An exception that nobody could catch, and CPython's line before its traceback.
    Ignored { head: &'a str, exception: &'a Value },
}

/// How the VM reports what no program can catch. Set by the builtins.
#[derive(Clone, Copy)]
pub struct ReportHooks {
    /// An exception left a finalizer or callback: `sys.unraisablehook`. The text before the repr
    /// of the object ("Exception ignored in: "), and the object.
    pub unraisable: fn(&mut Vm, exception: &Value, prefix: &str, object: &Value),
    /// A coroutine dies that was never awaited: a RuntimeWarning. Or what a method of an async
    /// generator returned.
    pub never_awaited: fn(&mut Vm, coroutine: &Ref<Generator>, method: Option<&str>),
    /// An exception with its traceback as text, for logs.
    pub exception_text: fn(&mut Vm, exception: &Value) -> String,
    /// Issues a warning about the place where the program is.
    pub warn: fn(&mut Vm, class: &Ref<Class>, message: &str) -> R<()>,
    /// The text to write instead of CPython's, if reports are drawn.
    pub draw: fn(&mut Vm, &Told<'_>) -> Option<String>,
}

impl ReportHooks {
    /// Reports nothing.
    pub const NONE: ReportHooks = ReportHooks {
        unraisable: |_, _, _, _| {},
        never_awaited: |_, _, _| {},
        exception_text: |_, _| String::new(),
        warn: |_, _, _| Ok(()),
        draw: |_, _| None,
    };
}
