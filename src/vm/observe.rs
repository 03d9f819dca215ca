//! What an observer of a running program is told. Nothing here costs anything while nobody
//! observes: what frames do is told by `Mark` instructions, which only code that was compiled for
//! observing has, and the rest is tested where an event loop takes its slow way. Who observes must
//! not run code of the program, nor keep its objects alive.

use super::heap::{ObjRef, Ref};
use super::hooks::StepOutcome;
use super::object::{Future, Generator};
use super::ready::Ready;
use super::value::Value;
use super::{R, Resume, Vm};
use crate::bytecode::mark::{Mark, Marks};
use crate::bytecode::opcode::NO_REG;
use crate::bytecode::{Instr, Op};

/// Something that has happened, or is about to.
#[derive(Debug)]
pub enum Event<'a> {
    /// The running frame has come to a mark; the value that the mark speaks of.
    Mark(Mark, &'a Value),
    /// The running frame is about to carry out this instruction, which may touch what others see.
    Touch(Instr),
    /// An exception is thrown into a suspended frame from outside.
    Thrown(&'a Ref<Generator>, &'a Value),
    /// A suspended frame is closed from outside.
    Closed(&'a Ref<Generator>),
    /// An exception leaves the running frame, which can be suspended.
    Raised(&'a Ref<Generator>, &'a Value),
    /// An event loop begins to run.
    LoopBegun,
    /// A turn begins: what stands in the ready queue now is run in it.
    TurnBegun,
    /// A task was made by `create_task` and its kin.
    TaskMade(&'a Ref<Future>),
    /// A task takes a step: what will be raised in it, if anything.
    StepBegun(&'a Ref<Future>, &'a Value),
    /// The step is over.
    StepEnded(&'a Ref<Future>, &'a StepOutcome),
    /// What follows from the end of the step has been done.
    StepSettled(&'a Ref<Future>),
    /// A callback is called with these arguments.
    CallBegun(&'a Value, &'a [Value]),
    CallEnded,
    /// Something comes to the end of the ready queue.
    Queued(&'a Ready),
    /// A timer was set for this time of the loop: a handle, or a future that it settles.
    TimerSet(f64, &'a ObjRef),
    /// A timer is due, and stands at the end of the ready queue now.
    TimerDue,
    /// A future that is no task is done.
    Settled(&'a Ref<Future>),
    /// Somebody asks a task to stop.
    CancelAsked(&'a Ref<Future>),
    /// The program has written to its standard output.
    Written(&'a str),
}

/// Who observes, and which marks code is compiled with for it.
#[derive(Clone, Copy)]
pub struct Observer {
    pub tell: fn(&mut Vm, &Event<'_>),
    pub marks: Marks,
}

/// Who says which of the entries of a turn that are left runs next, by its place among them; 0 is
/// the one whose turn it is. Must run no code of the program.
pub type Chooser = fn(&mut Vm, left: usize) -> R<usize>;

impl Vm {
    #[inline(always)]
    pub fn is_observed(&self) -> bool {
        self.observer.is_some()
    }

    /// Which marks the program's code is compiled with.
    pub fn marks(&self) -> Marks {
        let unobserved = if self.is_profiled() {
            Marks::Profile
        } else {
            Marks::None
        };
        self.observer.map_or(unobserved, |o| o.marks)
    }

    /// A register of the running frame.
    pub fn operand(&self, register: u16) -> Value {
        self.frame.register(usize::from(register))
    }

    /// Code of the program runs because something has died.
    pub fn is_finalizing(&self) -> bool {
        self.finalizing > 0
    }

    /// Nobody wants to see more of the program: from now on each of its statements ends it, those
    /// that would go on nevertheless included.
    pub fn abandon(&mut self) {
        self.abandoned = true;
    }

    /// Tells the observer, if there is one.
    #[cold]
    pub fn tell(&mut self, event: &Event<'_>) {
        if let Some(observer) = self.observer {
            (observer.tell)(self, event);
        }
    }

    /// A suspended frame is resumed with an exception, or closed.
    #[cold]
    pub(super) fn tell_interruption(&mut self, frame: &Ref<Generator>, how: &Resume) {
        match how {
            Resume::Send(_) => {}
            Resume::Throw(exception) => self.tell(&Event::Thrown(frame, exception)),
            Resume::Close => self.tell(&Event::Closed(frame)),
        }
    }

    /// The `Mark` instruction, in the running frame.
    #[inline(never)]
    pub(super) fn mark(&mut self) -> R<()> {
        let i = self.instruction();
        match Mark::from_operand(i.b) {
            Some(Mark::Touch) => self.mark_touch(),
            Some(mark) => {
                let value = match i.a {
                    NO_REG => Value::None,
                    register => self.frame.register(usize::from(register)),
                };
                if let Some(observer) = self.observer {
                    (observer.tell)(self, &Event::Mark(mark, &value));
                }
            }
            None => {}
        }
        match self.abandoned {
            false => Ok(()),
            true => self.leave_abandoned(),
        }
    }

    /// The mark before the running instruction spoke of an async iterator; this is what it gave.
    #[cold]
    pub(super) fn mark_next(&mut self, awaitable: &Value) {
        let before = self.frame.index().checked_sub(1);
        let code = self.frame.code();
        let before = before.and_then(|at| code.and_then(|c| c.code.instrs.get(at)));
        if before.is_some_and(|i| i.op == Op::Mark && i.b == Mark::Await as u16) {
            self.tell(&Event::Mark(Mark::Await, awaitable));
        }
    }

    fn mark_touch(&mut self) {
        let next = self.frame.index() + 1;
        let code = self.frame.code();
        let next = code.and_then(|c| c.code.instrs.get(next)).copied();
        next.into_iter().for_each(|i| self.tell(&Event::Touch(i)));
    }

    #[cold]
    fn leave_abandoned(&mut self) -> R<()> {
        let class = self.exc.system_exit.clone();
        Err(self.error_with(&class, vec![]))
    }
}
