//! Where outcomes go: to a register, a loop, a closer, the event loop, or out to Rust. Also the
//! alternation between the event loop and the steps of its tasks.

use super::dispatch::Flow;
use super::flow::Outcome;
use super::frame::{Activation, Deliver, Link};
use super::generator::kind_name;
use super::heap::finalize::{self, Finalization};
use super::hooks::{LoopAction, StepOutcome};
use super::object::{Future, GenKind, birth};
use super::value::Value;
use super::{R, Raise, Vm};
use crate::bytecode::Op;
use std::mem;
use std::ptr;

impl Vm {
    /// Brings an outcome to where the (popped) activation says. `self.frame` is the resumer's.
    pub(super) fn deliver(
        &mut self,
        activation: Activation,
        link: Link,
        outcome: Outcome,
    ) -> R<Flow> {
        match activation.deliver {
            Deliver::Halt | Deliver::Item => self.deliver_halt(outcome),
            Deliver::Task => self.deliver_step(link, outcome),
            Deliver::LoopCall => {
                let result = match outcome {
                    Outcome::Raised => Err(self.raised.take()),
                    Outcome::Returned(v) | Outcome::Yielded(v) | Outcome::AsyncYielded(v) => Ok(v),
                };
                let reported = (self.loop_hooks.call_finished)(self, result);
                self.next_step(reported)
            }
            Deliver::Iter => self.deliver_iter(outcome),
            Deliver::Close => self.deliver_close(activation, &link, outcome),
            Deliver::Value => match outcome {
                Outcome::Yielded(v) | Outcome::AsyncYielded(v) => {
                    self.store(activation.register(), v)
                }
                Outcome::Returned(v) => Err(self.stop_iteration(v)),
                Outcome::Raised => Err(self.raised_again()),
            },
            Deliver::Call => match outcome {
                Outcome::Raised => Err(self.raised_again()),
                Outcome::Returned(v) | Outcome::Yielded(v) | Outcome::AsyncYielded(v) => {
                    self.store(activation.register(), v)
                }
            },
            Deliver::Init => match outcome {
                Outcome::Raised => Err(self.raised_again()),
                Outcome::Returned(v) if !v.is_none() => Err(self.refuse_init(v, link)),
                _ => self.store(activation.register(), link.subject),
            },
            Deliver::Loop => match outcome {
                Outcome::Raised => Err(self.raised_again()),
                Outcome::Returned(v) | Outcome::Yielded(v) | Outcome::AsyncYielded(v) => {
                    self.store(activation.register(), v)
                }
            },
        }
    }

    /// An `__init__` has returned something. What it has made itself dies before the instance; its
    /// arguments, of which that may be one, its caller still has. Which is which the ages tell, unless
    /// there were none.
    #[cold]
    fn refuse_init(&mut self, returned: Value, mut link: Link) -> Raise {
        let raise = self.init_returned(&returned);
        let instance = mem::take(&mut link.subject);
        let call = self.instruction();
        let none_given = matches!(call.op, Op::Call | Op::CallMethod) && call.c == 0;
        let begun = match none_given {
            true => Some(0),
            false => instance.as_obj().and_then(birth),
        };
        let age = |what: &Finalization| match what {
            Finalization::Object(object) => birth(object).unwrap_or(0),
            Finalization::WeakCallback(_) => 0,
        };
        let is_own = |what: &Finalization| begun.is_some_and(|begun| age(what) > begun);
        let released = |value: Value| {
            drop(value);
            finalize::take()
        };
        let registers = finalize::take();
        let (own, mut arguments): (Vec<_>, Vec<_>) = registers.into_iter().partition(is_own);
        let result = released(returned).into_iter();
        let (result, given): (Vec<_>, Vec<_>) =
            result.partition(|what| begun.is_none() || is_own(what));
        arguments.extend(given);
        arguments.sort_by_key(age);
        own.into_iter()
            .chain(result)
            .chain(released(instance))
            .chain(arguments)
            .for_each(finalize::enqueue);
        raise
    }

    /// Writes a register of the frame that execution returns to.
    fn store(&mut self, dst: u16, value: Value) -> R<Flow> {
        // SAFETY: the verifier has seen the register that the resuming instruction writes.
        let old = unsafe { mem::replace(&mut *self.frame.regs.add(dst as usize), value) };
        drop(old);
        if finalize::pending() {
            self.run_finalizers()?;
        }
        Ok(Flow::Go)
    }

    fn deliver_halt(&mut self, outcome: Outcome) -> R<Flow> {
        self.leave_native();
        if let Outcome::Raised = outcome {
            self.outcome = None;
        } else {
            self.outcome = Some(outcome);
        }
        Ok(Flow::Halt)
    }

    fn deliver_iter(&mut self, outcome: Outcome) -> R<Flow> {
        let i = self.instruction();
        match outcome {
            Outcome::Yielded(v) | Outcome::AsyncYielded(v) => {
                // SAFETY: the verifier has seen the target.
                self.frame.pc = unsafe { self.frame.pc.offset(i.imm() as isize) };
                self.store(i.a, v)
            }
            Outcome::Returned(_) => self.store(i.b, Value::Undef),
            Outcome::Raised => Err(self.raised_again()),
        }
    }

    fn deliver_close(&mut self, activation: Activation, link: &Link, outcome: Outcome) -> R<Flow> {
        match outcome {
            Outcome::Returned(v) => self.store(activation.register(), v),
            Outcome::Yielded(_) | Outcome::AsyncYielded(_) => {
                let kind = link.root().map_or(GenKind::Generator, |g| g.kind());
                Err(self.runtime_error(format!("{} ignored GeneratorExit", kind_name(kind))))
            }
            Outcome::Raised => {
                let exception = self.raised.get();
                let class = self.class_of(&exception);
                if class.is_subclass(&self.exc.generator_exit)
                    || class.is_subclass(&self.exc.stop_iteration)
                {
                    drop(self.raised.take());
                    drop(exception);
                    return self.store(activation.register(), Value::None);
                }
                Err(self.raised_again())
            }
        }
    }

    fn deliver_step(&mut self, mut link: Link, outcome: Outcome) -> R<Flow> {
        let outcome = match outcome {
            Outcome::Yielded(v) | Outcome::AsyncYielded(v) => StepOutcome::Yielded(v),
            Outcome::Returned(v) => StepOutcome::Returned(v),
            Outcome::Raised => StepOutcome::Raised(self.raised.take()),
        };
        let task = mem::take(&mut link.task);
        drop(link);
        // What the frame held dies while its task is still the current one.
        if finalize::pending() {
            self.run_finalizers()?;
        }
        let reported = match task.as_ref::<Future>() {
            Some(task) => (self.loop_hooks.step_finished)(self, task.clone(), outcome),
            None => Ok(()),
        };
        drop(task);
        self.next_step(reported)
    }

    /// `Tail::RunLoop`: the event loop runs on top of the calling frame.
    pub(super) fn enter_loop(&mut self, event_loop: Value, dst: u16) -> R<Flow> {
        self.push_linked(
            Activation::call(self.frame, ptr::null_mut(), Deliver::Loop, dst),
            Link::new(event_loop, Value::Undef, Value::Undef),
        );
        self.next_step(Ok(()))
    }

    /// Asks the event loop what to do next, and does it.
    pub(super) fn next_step(&mut self, reported: R<()>) -> R<Flow> {
        let mut reported = reported;
        loop {
            if finalize::pending() && reported.is_ok() {
                reported = self.run_finalizers();
            }
            let Some(event_loop) = self.top_link().map(|l| l.subject.clone()) else {
                return Ok(Flow::Halt);
            };
            let action = match reported {
                Ok(()) => (self.loop_hooks.next_action)(self, &event_loop),
                Err(raise) => Err(raise),
            };
            match action {
                Ok(LoopAction::Step { task, coro, how }) => {
                    let entered = self.enter(&coro, how, Deliver::Task, 0, task.clone().into());
                    match entered {
                        Ok(None) => return Ok(Flow::Go),
                        Ok(Some(outcome)) => {
                            let outcome = match outcome {
                                Outcome::Returned(v) => StepOutcome::Returned(v),
                                Outcome::Yielded(v) | Outcome::AsyncYielded(v) => {
                                    StepOutcome::Yielded(v)
                                }
                                Outcome::Raised => StepOutcome::Raised(self.raised.take()),
                            };
                            reported = (self.loop_hooks.step_finished)(self, task, outcome);
                        }
                        Err(raise) => {
                            let exception = self.take_raised(raise);
                            reported = (self.loop_hooks.step_finished)(
                                self,
                                task,
                                StepOutcome::Raised(exception),
                            );
                        }
                    }
                }
                Ok(LoopAction::Call { func, args }) => {
                    match self.enter_call(func, args, Vec::new(), Deliver::LoopCall) {
                        Ok(None) => return Ok(Flow::Go),
                        Ok(Some(value)) => {
                            reported = (self.loop_hooks.call_finished)(self, Ok(value))
                        }
                        Err(raise) => {
                            let exception = self.take_raised(raise);
                            reported = (self.loop_hooks.call_finished)(self, Err(exception));
                        }
                    }
                }
                Ok(LoopAction::Done(value)) => return self.finish_loop(value),
                Err(raise) => {
                    (self.loop_hooks.run_aborted)(self, &event_loop);
                    if let Some((activation, _)) = self.pop_activation() {
                        self.frame = activation.frame;
                    }
                    return Err(raise);
                }
            }
        }
    }

    fn finish_loop(&mut self, value: Value) -> R<Flow> {
        let Some((activation, _)) = self.pop_activation() else {
            return Ok(Flow::Halt);
        };
        self.frame = activation.frame;
        if self.frame.code.is_null() {
            return self.finish_activation(Outcome::Returned(value));
        }
        self.store(activation.register(), value)
    }
}
