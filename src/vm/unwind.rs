//! From an exception to its handler: through frames, the parents of coroutines, and activations.
//! Tracebacks and contexts are made here, so that nothing of them costs on the fast path.

use super::dispatch::Flow;
use super::flow::Outcome;
use super::frame::{
    Deliver, Link, generator_at, raw, release_backwards, release_frame, running, take,
};
use super::generator::kind_name;
use super::heap::{Header, Ref, finalize};
use super::object::{Exception, FrameObject, GenKind, Generator, Traceback};
use super::observe::Event;
use super::throw::Entered;
use super::value::Value;
use super::{R, Raise, Vm};
use crate::bytecode::{ExceptionEntry, Op};
use std::mem;
use std::ptr;

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
            // What the failed instruction released dies where it stands.
            self.finalize_while_unwinding();
            let mut index = self.frame.index();
            let handler = self.handler_at(index);
            let exception = self.raised.get();
            if !quiet {
                self.add_traceback(&exception, index);
            } else if let Some(place) = self.raised_before(index, &exception) {
                index = place as usize;
                self.go_behind(index);
            }
            drop(exception);
            // The finalizers of its temporaries still see the frame where it was.
            self.release_temporaries(handler);
            self.finalize_while_unwinding();
            if let Some(entry) = handler {
                self.enter_handler(entry, index);
                return Ok(Flow::Go);
            }
            if self.is_profiled() {
                self.book_time();
            }
            let left = self.leave_frame(raise);
            self.finalize_while_unwinding();
            match left? {
                Left::Halted => return Err(Raise(())),
                Left::Flow(flow) => return Ok(flow),
                Left::Raise(next) => raise = next,
            }
        }
    }

    fn finalize_while_unwinding(&mut self) {
        if finalize::pending()
            && let Err(raise) = self.run_finalizers()
        {
            drop(self.take_raised(raise));
        }
    }

    /// What a frame had not finished computing goes, the last first; down to where a handler goes
    /// on, or to the named registers if the frame is left.
    fn release_temporaries(&self, handler: Option<ExceptionEntry>) {
        let Some(code) = self.frame.code() else {
            return;
        };
        let depth = handler.map_or(code.code.nnamed, |h| h.depth) as usize;
        let count = (code.code.nregs as usize).saturating_sub(depth);
        // SAFETY: all registers of a frame are initialised or stale numbers; the verifier has seen
        // that the depth is below their number.
        unsafe { release_backwards(self.frame.regs.add(depth), count) };
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

    /// Where an exception was raised that a `Reraise` raises on: there the frame stands from now on.
    /// Not for one that no clause has taken, or that a `finally` has seen: it stands at the end of
    /// these.
    fn raised_before(&self, index: usize, exception: &Value) -> Option<u32> {
        let code = self.frame.code()?;
        let instrs = &code.code.instrs;
        let i = instrs.get(index).filter(|i| i.op == Op::Reraise)?;
        let exc = i.a.checked_sub(2)?;
        // One without that is the end of an `async for` or a comprehension: it is no clause, and
        // CPython raises on from there without moving the frame.
        let pop = instrs.get(index.checked_sub(1)?)?;
        if pop.op != Op::PopExc || pop.a != exc {
            return None;
        }
        let is_with = || {
            let mut before = instrs.iter().take(index);
            let begin = before.rposition(|i| i.op == Op::PushExc && i.a == exc);
            let first = begin.and_then(|begin| instrs.get(begin + 1));
            first.is_some_and(|i| i.op == Op::ExitWith)
        };
        let Some(caught) = self.caught.of(self.frame.regs) else {
            // Forgotten, because the `__exit__` has caught much.
            let traceback = exception.downcast::<Exception>()?.traceback.get();
            let last = traceback.as_ref::<Traceback>()?;
            let own = ptr::eq(last.frame.registers.get(), self.frame.regs);
            return (own && is_with()).then_some(last.pc);
        };
        let direct = match code.code.is_lineless(index) {
            // The end of an `except*`, for what the clauses have raised as for what they left.
            true => caught.target as usize + 1 == index,
            false => instrs.get(caught.target as usize)?.op != Op::PushExc,
        };
        (direct || is_with()).then_some(caught.place)
    }

    /// The frame stands where it has executed the instruction.
    fn go_behind(&mut self, index: usize) {
        if let Some(code) = self.frame.code()
            && index < code.code.instrs.len()
        {
            // SAFETY: it is inside the instructions.
            self.frame.pc = unsafe { code.entry.add(index + 1) };
        }
    }

    fn enter_handler(&mut self, entry: ExceptionEntry, index: usize) {
        self.caught.note(Caught {
            registers: self.frame.regs,
            place: index as u32,
            target: entry.target,
        });
        let exception = self.raised.take();
        let Some(code) = self.frame.code() else {
            return;
        };
        // SAFETY: the verifier has seen the target.
        unsafe {
            self.frame.pc = code.entry.add(entry.target as usize);
            drop(mem::replace(
                &mut *self.frame.regs.add(entry.depth as usize),
                exception,
            ));
        }
    }

    /// The running frame has no handler: it is left for its parent or its caller.
    fn leave_frame(&mut self, raise: Raise) -> R<Left> {
        // SAFETY: the running frame's generator is alive.
        let Some(g) = (unsafe { generator_at(self.frame.generator) }) else {
            if std::ptr::eq(self.frame.regs, self.framed) {
                self.end_frame();
            }
            let Some(code) = self.frame.code() else {
                return Err(raise);
            };
            // SAFETY: named registers are initialised; the temporaries are gone.
            unsafe { release_frame(self.frame.regs, code.code.nnamed as usize) };
            return self.leave_activation(raise);
        };
        if self.is_observed() {
            let exception = self.raised.get();
            self.tell(&Event::Raised(&g, &exception));
        }
        self.finish(&g);
        let raise = match self.convert_stop(raise, g.kind()) {
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
        let entered = self.take_entered(g);
        if g.kind() == GenKind::AsyncGenerator {
            g.set_async_running(false);
        }
        let parent = g.parent.replace(std::ptr::null());
        // SAFETY: the parent is part of the running chain.
        if let Some(parent) = unsafe { generator_at(parent) } {
            self.run_in(&parent);
            let i = super::generator::suspended_at(&parent);
            if let Some(i) = i {
                let delegate = parent.register(i.b as usize);
                super::asyncgen::end_asend(&delegate);
                drop(delegate);
                parent.set_register(i.b as usize, Value::Undef);
            }
        }
        if entered == Entered::No {
            return raise;
        }
        let exception = self.raised.get();
        if entered == Entered::Closing && self.is_generator_exit(&exception) {
            // It ends here, and what its frames held dies before the parent hears of the end.
            drop((self.raised.take(), exception));
            return self.exit_again();
        }
        drop(self.take_exit());
        self.chain_to_handled(&exception);
        raise
    }

    /// What has come out of a delegate enters its parent as if it had been thrown there: what that
    /// one handles becomes its context.
    pub(super) fn chain_to_handled(&mut self, exception: &Value) {
        if !self.handled.is_undef() {
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

    /// Puts an entry for the running frame at the head of an exception's traceback.
    pub(super) fn add_traceback(&mut self, exception: &Value, pc: usize) {
        let frame = self.frame;
        if let Some(frame) = self.frame_object(&frame) {
            add_entry(exception, frame, pc);
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

    /// Does something as an `except` clause for the exception would.
    pub fn while_handling<T>(
        &mut self,
        exception: Value,
        act: impl FnOnce(&mut Vm) -> R<T>,
    ) -> R<T> {
        let previous = self.push_handled(exception);
        let result = act(self);
        drop(self.pop_handled(previous));
        result
    }

    /// The innermost exception being handled anywhere up the stack, or `Undef`.
    pub fn topmost_handled(&self) -> Value {
        if !self.handled.is_undef() {
            return self.handled.get();
        }
        self.handled_by_callers()
    }

    fn handled_by_callers(&self) -> Value {
        let mut links = self.links.iter().rev();
        let mut frame = self.frame.generator;
        for activation in self.control.as_slice().iter().rev() {
            let link = if activation.linked {
                links.next()
            } else {
                None
            };
            if !frame.is_null() {
                let root = match link.and_then(Link::root) {
                    Some(root) => raw(root.as_obj()),
                    None => activation.subject,
                };
                let entered = link.map_or(ptr::null(), |l| l.entered);
                // SAFETY: the generators of frames on the control stack are alive.
                let handled = unsafe { handled_by_parents(frame, root, entered) };
                if !handled.is_undef() {
                    return handled;
                }
            }
            if let Some(link) = link
                && !link.handled.is_undef()
            {
                return link.handled.clone();
            }
            frame = activation.frame.generator;
        }
        Value::Undef
    }

    /// Cheap and sure: false if nothing can be being handled anywhere.
    pub(super) fn may_be_handling(&self) -> bool {
        !self.handled.is_undef() || !self.links.is_empty() || self.parents_handle
    }
}

/// Puts an entry at the head of an exception's traceback.
pub(super) fn add_entry(exception: &Value, frame: Ref<FrameObject>, pc: usize) {
    if let Some(error) = exception.downcast::<Exception>() {
        let entry = Traceback::new(frame, pc as u32, error.traceback.take());
        error.traceback.set(entry.into());
    }
}

/// What the nearest of a frame's parents that handles anything handles, up to the root of its chain.
/// An exception that was thrown into a chain has gone past the parents of the frame it `entered`:
/// what they handle is not seen from there until they run again.
///
/// # Safety
/// `leaf` points at a live generator of a running chain.
unsafe fn handled_by_parents(
    leaf: *const Header,
    root: *const Header,
    entered: *const Header,
) -> Value {
    let mut at = leaf;
    while at != root && at != entered {
        // SAFETY: promised by the caller.
        let parent = unsafe { running(at) }.map_or(ptr::null(), |g| g.parent.get());
        // SAFETY: in a running chain the parents are alive too.
        let Some(g) = (unsafe { running(parent) }) else {
            break;
        };
        if g.is_handling() {
            return g.handled();
        }
        at = parent;
    }
    Value::Undef
}

/// For what a frame has last entered a handler, and which.
#[derive(Clone, Copy)]
struct Caught {
    registers: *mut Value,
    place: u32,
    target: u32,
}

/// How many frames are remembered.
const CAUGHT: usize = 8;

/// For the frames that entered handlers last. A frame that raises an exception on has entered one
/// for it, so that what is left of frames that are over is never found.
pub(super) struct LastCaught {
    entries: [Caught; CAUGHT],
    /// Where the oldest stands, which is forgotten next.
    oldest: u8,
}

impl Default for LastCaught {
    fn default() -> LastCaught {
        let nobody = Caught {
            registers: ptr::null_mut(),
            place: 0,
            target: 0,
        };
        LastCaught {
            entries: [nobody; CAUGHT],
            oldest: 0,
        }
    }
}

impl LastCaught {
    fn note(&mut self, caught: Caught) {
        let own = |e: &Caught| ptr::eq(e.registers, caught.registers);
        let at = self.entries.iter().position(own).unwrap_or_else(|| {
            let oldest = self.oldest;
            self.oldest = (oldest + 1) % CAUGHT as u8;
            oldest.into()
        });
        if let Some(entry) = self.entries.get_mut(at) {
            *entry = caught;
        }
    }

    fn of(&self, registers: *mut Value) -> Option<Caught> {
        let own = |e: &&Caught| ptr::eq(e.registers, registers);
        self.entries.iter().find(own).copied()
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
