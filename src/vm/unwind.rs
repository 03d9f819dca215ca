//! From an exception to its handler: through frames, the parents of coroutines, and activations.
//! Tracebacks and contexts are made here, so that nothing of them costs on the fast path.

use super::dispatch::Flow;
use super::flow::Outcome;
use super::frame::{Deliver, generator_at, raw, release_registers, take};
use super::generator::kind_name;
use super::heap::{Ref, finalize};
use super::object::{CodeObject, Exception, GenKind, Generator, Traceback};
use super::observe::Event;
use super::value::Value;
use super::{R, Raise, Vm};
use crate::bytecode::ExceptionEntry;
use std::mem;

impl Vm {
    /// The exception that is on its way, as an error.
    pub(super) fn raised_again(&mut self) -> Raise {
        Raise(())
    }

    /// Lets the dispatch loop unwind before anything else.
    pub(super) fn unwind_next(&mut self, _: Raise) {
        self.unwinding = true;
    }

    /// Raises an exception again as it is: no context, no traceback entry for this frame.
    pub(super) fn reraise(&mut self, exception: Value) -> Raise {
        self.raised.set(exception);
        self.reraised = true;
        Raise(())
    }

    /// Finds the handler of the exception on its way and makes its frame the running one.
    /// `Err` if it leaves this dispatch loop; `Halt` if the loop is done without it.
    #[cold]
    #[inline(never)]
    pub(super) fn unwind(&mut self, raise: Raise) -> R<Flow> {
        let mut raise = raise;
        loop {
            let quiet = mem::take(&mut self.reraised);
            if self.frame.code.is_null() {
                return Err(raise);
            }
            let index = self.frame.index();
            let handler = self.handler_at(index);
            if !quiet {
                self.note_frame(index, handler.is_none());
            }
            if let Some(entry) = handler {
                self.enter_handler(entry);
                return Ok(Flow::Go);
            }
            self.release_temporaries();
            self.finalize_on_the_way();
            match self.leave_frame(raise)? {
                Left::Halted => return Err(Raise(())),
                Left::Flow(flow) => return Ok(flow),
                Left::Raise(next) => raise = next,
            }
            self.finalize_on_the_way();
        }
    }

    /// What the failing expression held dies while its frame still runs, as in CPython.
    fn release_temporaries(&mut self) {
        let Some(code) = self.frame.code() else {
            return;
        };
        let (named, all) = (code.code.nnamed as usize, code.code.nregs as usize);
        // SAFETY: all registers are initialised or stale numbers; the named ones come first.
        unsafe { release_registers(self.frame.regs.add(named), all.saturating_sub(named)) };
    }

    /// Runs finalizers with the exception on its way put aside.
    fn finalize_on_the_way(&mut self) {
        if finalize::pending() {
            let exception = self.raised.take();
            let ran = self.run_finalizers();
            if let Err(raise) = ran {
                drop(self.take_raised(raise));
            }
            self.raised.set(exception);
        }
    }

    fn handler_at(&self, index: usize) -> Option<ExceptionEntry> {
        let code = self.frame.code()?;
        let at = index as u32;
        code.code
            .exceptions
            .iter()
            .find(|e| e.start <= at && at < e.end)
            .copied()
    }

    fn enter_handler(&mut self, entry: ExceptionEntry) {
        let exception = self.raised.take();
        let Some(code) = self.frame.code() else {
            return;
        };
        let (depth, nregs) = (entry.depth as usize, code.code.nregs as usize);
        // SAFETY: registers are initialised; the verifier has seen `depth < nregs` and the target.
        unsafe {
            release_registers(self.frame.regs.add(depth), nregs.saturating_sub(depth));
            self.frame.pc = code.entry.add(entry.target as usize);
            drop(mem::replace(&mut *self.frame.regs.add(depth), exception));
        }
    }

    /// The running frame has no handler: it is left for its parent or its caller.
    fn leave_frame(&mut self, raise: Raise) -> R<Left> {
        // SAFETY: the running frame's generator is alive.
        let Some(g) = (unsafe { generator_at(self.frame.generator) }) else {
            let Some(code) = self.frame.code() else {
                return Err(raise);
            };
            let nregs = code.code.nregs as usize;
            // SAFETY: all registers are initialised or stale numbers.
            unsafe { release_registers(self.frame.regs, nregs) };
            return self.leave_activation(raise);
        };
        if self.is_observed() {
            let exception = self.raised.get();
            self.tell(&Event::Raised(&g, &exception));
        }
        self.finish(&g);
        let raise = match self.convert_stop(raise, g.kind) {
            Ok(()) => return Err(Raise(())),
            Err(raise) => raise,
        };
        let is_root = self.is_root(raw(g.as_obj()));
        if is_root || g.parent.get().is_null() {
            return self.leave_activation(raise);
        }
        Ok(Left::Raise(self.leave_for_parent(&g, raise)))
    }

    /// The exception passes from a frame of a chain to its parent.
    fn leave_for_parent(&mut self, g: &Ref<Generator>, raise: Raise) -> Raise {
        let closing = self
            .top_link()
            .is_some_and(|l| l.closing == raw(g.as_obj()));
        let exception = self.raised.get();
        let class = self.class_of(&exception);
        let well = class.is_subclass(&self.exc.generator_exit)
            || class.is_subclass(&self.exc.stop_iteration);
        if closing && well {
            self.take_closing(g);
        } else if closing && let Some(link) = self.top_link_mut() {
            link.closing = std::ptr::null();
        }
        if g.kind == GenKind::AsyncGenerator {
            g.async_running.set(false);
        }
        let parent = g.parent.replace(std::ptr::null());
        // SAFETY: the parent is part of the running chain.
        if let Some(parent) = unsafe { generator_at(parent) } {
            self.run_in(&parent);
            self.chain_to_handled(&exception);
            let i = super::generator::suspended_at(&parent);
            if let Some(i) = i {
                let delegate = parent.register(i.b as usize);
                super::asyncgen::end_asend(&delegate);
                drop(delegate);
                parent.set_register(i.b as usize, Value::Undef);
            }
        }
        raise
    }

    /// What was thrown into a delegate arrives in its parent: now that one's handled exception
    /// can become its context (see `raise_thrown`).
    fn chain_to_handled(&mut self, exception: &Value) {
        let bare = exception
            .downcast::<Exception>()
            .is_some_and(|e| matches!(e.context.get(), Value::Undef | Value::None));
        if bare && !self.handled.is_undef() {
            let handled = self.handled.get();
            self.set_context(exception, &handled);
        }
    }

    /// The exception leaves the innermost activation.
    fn leave_activation(&mut self, raise: Raise) -> R<Left> {
        let last = self.control.last();
        if self.control.len() > 0 && last.deliver == Deliver::Call {
            let window = last.window;
            self.frame = last.frame;
            self.control.pop();
            if !window.is_null() {
                // SAFETY: the callable still stands in its window.
                drop(unsafe { take(window) });
            }
            return Ok(Left::Raise(raise));
        }
        let halts = self.control.len() > 0 && matches!(last.deliver, Deliver::Halt | Deliver::Item);
        let result = self.finish_activation(Outcome::Raised);
        match result {
            Ok(Flow::Halt) if halts => Ok(Left::Halted),
            Ok(flow) => Ok(Left::Flow(flow)),
            Err(raise) => Ok(Left::Raise(raise)),
        }
    }

    /// StopIteration must not leave a frame as if it had ended (PEP 479): always an error, the
    /// same or another.
    pub(super) fn convert_stop(&mut self, raise: Raise, kind: GenKind) -> R<()> {
        let exception = self.raised.get();
        let class = self.class_of(&exception);
        let what = kind_name(kind);
        let message = if class.is_subclass(&self.exc.stop_iteration) {
            format!("{what} raised StopIteration")
        } else if kind == GenKind::AsyncGenerator
            && class.is_subclass(&self.exc.stop_async_iteration)
        {
            format!("{what} raised StopAsyncIteration")
        } else {
            return Err(raise);
        };
        drop(self.raised.take());
        let raise = self.runtime_error(message);
        let replaced = self.raised.get();
        if let Some(error) = replaced.downcast::<Exception>() {
            error.cause.set(exception.clone());
            error.suppress_context.set(true);
            error.context.set(exception);
        }
        Err(raise)
    }

    /// Puts an entry for the running frame at the head of the traceback of the exception on its
    /// way. A frame that is left gives its locals to the entry, which keeps what they hold alive
    /// as long as the traceback lives, as CPython's frames do; one that handles the exception
    /// keeps them.
    fn note_frame(&mut self, index: usize, leaving: bool) {
        let (raised, code) = (self.raised.get(), self.frame.code_object());
        let (Some(error), Some(code)) = (raised.downcast::<Exception>(), code) else {
            return;
        };
        let next = error.traceback.take();
        let entry = if leaving {
            // SAFETY: these are the registers of the running frame, which runs this code.
            unsafe { Traceback::of_left(code, index as u32, next, self.frame.regs) }
        } else {
            Traceback::new(code, index as u32, next)
        };
        error.traceback.set(entry.into());
    }

    /// Puts an entry for the beginning of a code at the head of an exception's traceback.
    pub(super) fn note_start(&mut self, exception: &Value, code: Ref<CodeObject>) {
        if let Some(error) = exception.downcast::<Exception>() {
            let entry = Traceback::new(code, 0, error.traceback.take());
            error.traceback.set(entry.into());
        }
    }

    // The exception being handled

    pub(super) fn handled_is_clear(&self) -> bool {
        self.handled.is_undef()
    }

    /// An exception becomes the handled one; what was handled before in this frame's context
    /// (maybe nothing: `Undef`).
    pub(super) fn push_handled(&mut self, exception: Value) -> Value {
        self.handled.replace(exception)
    }

    /// Ends the handling; gives back what was handled.
    pub(super) fn pop_handled(&mut self, previous: Value) -> Value {
        self.handled.replace(previous)
    }

    /// The innermost exception being handled anywhere up the stack, or `Undef`.
    pub(super) fn topmost_handled(&self) -> Value {
        if !self.handled.is_undef() {
            return self.handled.get();
        }
        self.handled_by_callers()
    }

    fn handled_by_callers(&self) -> Value {
        // SAFETY: the running frame's generator is alive, and so are its parents.
        let mut frame = unsafe { generator_at(self.frame.generator) };
        while let Some(g) = frame {
            // SAFETY: as above.
            let parent = unsafe { generator_at(g.parent.get()) };
            if let Some(p) = &parent
                && !p.handled.is_undef()
            {
                return p.handled.get();
            }
            frame = parent;
        }
        for link in self.links.iter().rev() {
            if !link.handled.is_undef() {
                return link.handled.clone();
            }
        }
        Value::Undef
    }

    /// Cheap and sure: false if nothing can be being handled anywhere.
    pub(super) fn may_be_handling(&self) -> bool {
        !self.handled.is_undef() || !self.links.is_empty()
    }
}

/// What leaving a frame led to.
enum Left {
    /// The exception leaves the dispatch loop.
    Halted,
    Flow(Flow),
    /// The exception goes on in the frame that runs now.
    Raise(Raise),
}
