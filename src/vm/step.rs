//! Steps of tasks that follow each other directly. Where a task is suspended or returns, and the
//! next thing in the ready queue is a plain step of another task, the VM goes on in that: the
//! activation of the first step becomes that of the second, and the event loop is not asked. What
//! is not plain (an exception to raise, a callback, debug mode, a loop of the program's own) goes
//! the long way through `LoopHooks`, with the same outcome. One of the places where `unsafe` lives.

use super::dispatch::Flow;
use super::frame::{Deliver, Frame, raw, running};
use super::generator::find_leaf;
use super::heap::{Header, Ref, Slot, finalize};
use super::hooks::Current;
use super::linked::place;
use super::object::{Future, GenState, Generator, Waiter};
use super::ready::{Queue, Ready};
use super::value::Value;
use super::{R, Resume, Vm};
use crate::bytecode::Op;
use std::mem;
use std::ptr;

impl Vm {
    /// The queue of the running loop, if the running chain is a step of one of its tasks and other
    /// steps may follow it directly.
    #[inline(always)]
    fn direct_queue(&self) -> Option<*const Queue> {
        let queue = &**self.current.queue.as_ref()?;
        let fits = self.control.last().deliver == Deliver::Task
            && queue.direct.get()
            && self.links.last()?.entered.is_null()
            && !self.async_yielded
            && !finalize::pending();
        fits.then_some(ptr::from_ref(queue))
    }

    /// The chain of a task is suspended with a value for its loop: goes on in the next step.
    /// `None`, and nothing has changed, if it has to go the long way.
    #[inline(always)]
    pub(super) fn suspend_step(&mut self, value: &Value) -> Option<R<Flow>> {
        // SAFETY: the loop's queue is alive, and nothing is released here but what has no finalizer.
        let queue = unsafe { &*self.direct_queue()? };
        let link = self.links.last_mut()?;
        let task = link.task.as_ref::<Future>()?;
        let awaited = match value {
            // Nothing to wait for: the next step is in the next turn.
            Value::None => None,
            Value::Obj(obj) => {
                let f = obj.as_ref::<Future>()?;
                let part = task.part().filter(|_| can_wait(task, f))?;
                if !f.is_plain() {
                    return None;
                }
                Some((f, part))
            }
            _ => return None,
        };
        if let Some((f, part)) = awaited {
            f.blocking().set(false);
            part.waiting_for.set(value.clone());
        }
        let awaited = awaited.map(|(f, _)| f);
        leave_chain(&self.frame, link.root(), &self.handled);
        self.current.pause_context(task);
        // The task goes from here to where it waits; it is the current one still.
        let Value::Obj(task) = mem::take(&mut link.task) else {
            return None;
        };
        let Ok(task) = task.into_ref::<Future>() else {
            return None;
        };
        match awaited {
            None => queue.push(Ready::Step(task)),
            Some(f) => f.add_waiter(Waiter::Task(task)),
        }
        Some(self.next_step_directly(queue))
    }

    /// The coroutine of a task has returned: goes on in the next step. `None` if that has to go the
    /// long way.
    pub(super) fn finish_step(&mut self, value: &mut Value) -> Option<R<Flow>> {
        // SAFETY: as above.
        let queue = unsafe { &*self.direct_queue()? };
        let task = self.links.last()?.task.as_ref::<Future>()?;
        if task.is_done() || task.must_cancel().get() {
            return None;
        }
        queue.finish(task, mem::take(value));
        drop(self.handled.take());
        let task = mem::take(&mut self.links.last_mut()?.task);
        if let Some(task) = task.as_ref::<Future>() {
            if self.is_profiled() {
                self.note_task_done(task);
            }
            self.current.pause_context(task);
        }
        drop(mem::take(&mut self.links.last_mut()?.subject));
        drop(task);
        Some(self.next_step_directly(queue))
    }

    /// Goes on with what is next after a step that was suspended or has finished.
    #[inline(always)]
    fn next_step_directly(&mut self, queue: &Queue) -> R<Flow> {
        if self.unusual_links > 0
            && let Some(link) = self.links.last_mut()
            && mem::take(&mut link.unusual)
        {
            self.unusual_links -= 1;
        }
        if !self.current.woken_by.is_undef() {
            drop(self.current.woken_by.take());
        }
        while !finalize::pending() {
            let now = || self.host.clock.monotonic().as_secs_f64();
            match queue.pop_if(is_plain, now) {
                Some(Ready::Step(task) | Ready::Wakeup(task)) => {
                    self.enter_step(task);
                    return Ok(Flow::Go);
                }
                Some(Ready::Timer(f)) if !f.is_done() => queue.finish(&f, Value::None),
                Some(Ready::Done(done)) => done.count(),
                Some(_) => {}
                None => break,
            }
        }
        let Some((activation, link)) = self.pop_activation() else {
            return Ok(Flow::Halt);
        };
        drop((link.subject, link.task));
        self.frame = activation.frame;
        self.handled.set(link.handled);
        (self.loop_hooks.step_left)(self);
        self.next_step(Ok(()))
    }

    /// Goes on in a task in the present activation.
    #[inline(always)]
    fn enter_step(&mut self, task: Ref<Future>) {
        let (Some(part), Some(link)) = (task.part(), self.links.last_mut()) else {
            return;
        };
        let waited = part.waiting_for.take();
        self.current.resume_context(part.context.get());
        link.subject = part.coro.get();
        link.task = task.clone().into();
        self.current.task.set(task.into());
        if let Some(root) = link.root() {
            root.set_started();
            let fresh = root.state.get() == GenState::Created;
            let leaf = find_leaf(root);
            root.state.set(GenState::Running);
            self.run_in(&leaf);
            if !fresh {
                self.give_result(&leaf, &waited);
            }
        }
        self.current.woken_by.set(waited);
        if self.is_profiled() {
            self.note_direct_step();
        }
    }

    /// As `note_step`, where the frame of the running task is about to go on: what counts that, and
    /// comes first, is counted here and passed over, for one jump less.
    #[inline(never)]
    fn note_direct_step(&mut self) {
        // SAFETY: nobody replaces the running task while its header is looked at.
        let task = unsafe { self.current.task.peek() }.as_obj();
        if let Some(row) = task.map(|task| task.header().aux()) {
            self.note_step(row);
        }
        let Some(code) = self.frame.code() else {
            return;
        };
        // SAFETY: a frame that goes on stands at an instruction.
        let next = unsafe { (*self.frame.pc).op };
        if matches!(next, Op::ProfiledEntry | Op::ProfiledResumption) {
            code.entered.set(code.entered.get() + 1);
            // SAFETY: no verified path ends with one of these.
            self.frame.pc = unsafe { self.frame.pc.add(1) };
        }
    }

    /// What a suspended leaf, which is the running frame now, gets when what it waited for is done.
    #[inline(always)]
    fn give_result(&mut self, leaf: &Ref<Generator>, waited: &Value) {
        // SAFETY: a suspended frame is at the instruction before `pc`.
        let i = unsafe { &*self.frame.pc.sub(1) };
        if i.op != Op::Delegate {
            self.send_into_leaf(leaf, Value::None);
            return;
        }
        // SAFETY: the leaf is alive; the verifier has seen the register.
        let place = unsafe { &*place(self.frame.regs, i.b) };
        match (place, waited.as_ref::<Future>()) {
            (Value::None, _) => self.end_delegation(Value::None),
            (Value::Obj(obj), Some(f)) if obj.is(f.as_obj()) => {
                let result = f.result();
                self.end_delegation(result);
            }
            _ => self.redo_delegate(Resume::Send(Value::None)),
        }
    }
}

/// The running chain is suspended: its frames say where it goes on.
#[inline(always)]
fn leave_chain(frame: &Frame, root: Option<&Ref<Generator>>, handled: &Slot) {
    let own = frame.generator;
    // SAFETY: the running frame's generator is alive.
    let (Some(root), Some(leaf)) = (root, unsafe { running(own) }) else {
        return;
    };
    // SAFETY: `pc` points into the instructions.
    let at = unsafe { frame.pc.offset_from(leaf.code.entry) };
    leaf.pc.set(at as u32);
    leaf.state.set(GenState::Suspended);
    root.state.set(GenState::Suspended);
    leaf.chain.set_root(raw(root.as_obj()));
    if !handled.is_undef() {
        leaf.set_handled(handled.take());
    }
    if raw(root.as_obj()) != own {
        // SAFETY: as above, and not null.
        let own = unsafe { &*own };
        root.chain.set_leaf(own.to_ref());
    }
}

/// Whether a task can wait for a pending future without any ado.
fn can_wait(task: &Ref<Future>, f: &Ref<Future>) -> bool {
    f.blocking().get()
        && !f.is_done()
        && !task.must_cancel().get()
        && f.event_loop.header() == task.event_loop.header()
        && !f.as_obj().is(task.as_obj())
}

/// Whether an entry of the ready queue runs nothing, or is a step that goes on where it was
/// suspended, or begins.
#[inline]
fn is_plain(next: &Ready) -> bool {
    let task = match next {
        Ready::Step(task) | Ready::Wakeup(task) => task,
        Ready::Timer(_) => return true,
        Ready::Done(done) => return done.only_counts(),
        _ => return false,
    };
    let Some(part) = task.part() else {
        return false;
    };
    // SAFETY: nothing is written while these are looked at, and what they hold is alive.
    let (coro, waited) = unsafe {
        (
            part.coro.header().as_ref(),
            part.waiting_for.header().as_ref(),
        )
    };
    let Some(coro) = coro.and_then(Header::peek::<Generator>) else {
        return false;
    };
    !task.is_done()
        && !task.must_cancel().get()
        && matches!(coro.state.get(), GenState::Suspended | GenState::Created)
        && coro.parent.get().is_null()
        && !Current::is_kept_entered(&part.context)
        && waited.is_none_or(|w| w.peek::<Future>().is_some_and(Future::has_result))
}
