//! What happens when objects die that must tell the program: the queue of `heap::finalize` is
//! worked off here, where bytecode may run. Also the other things that interrupt bytecode:
//! Ctrl-C and the collector.

use super::asyncgen::warn_if_unused;
use super::exit_order::{finalization_order, youngest};
use super::heap::finalize::{self, Finalization};
use super::heap::{ObjRef, Ref, flags};
use super::object::{Exception, Future, GenKind, GenState, Generator, would_see_exit};
use super::value::Value;
use super::{R, Vm};
use std::sync::atomic::Ordering;

/// Finalizers that kill objects with finalizers nest only this deep; deeper ones wait for the
/// outermost, so that a long chain of dying generators cannot exhaust the Rust stack.
const NESTING_LIMIT: u32 = 40;

impl Vm {
    /// Works the queue off, in the order in which the objects died. What a finalizer raises is
    /// reported and dropped; the exception on its way and the handled one are kept.
    pub(super) fn run_finalizers(&mut self) -> R<()> {
        if self.finalizing >= NESTING_LIMIT {
            return Ok(());
        }
        self.finalizing += 1;
        let raised = self.raised.take();
        let input = self.input.take();
        let flags = (self.unwinding, self.reraised, self.async_yielded);
        (self.unwinding, self.reraised, self.async_yielded) = (false, false, false);
        let outcome = self.outcome.take();
        let tail = self.tail.take();
        while finalize::pending() {
            for what in finalize::take() {
                match what {
                    Finalization::Object(obj) => self.finalize(obj),
                    Finalization::WeakCallback(reference) => self.weak_callback(reference),
                }
                // What its release has killed comes before the next.
                if finalize::pending() {
                    self.run_finalizers()?;
                }
            }
        }
        self.tail = tail;
        self.outcome = outcome;
        (self.unwinding, self.reraised, self.async_yielded) = flags;
        self.input = input;
        self.raised.set(raised);
        self.finalizing -= 1;
        Ok(())
    }

    /// Works the queue off from outside all frames, until nothing more dies.
    pub fn settle_finalizers(&mut self) {
        while finalize::pending() && self.run_finalizers().is_ok() {}
    }

    /// Lets go of one after the other. What the death of one brings about comes before the next
    /// is let go of.
    pub fn release_in_turn<T>(&mut self, parts: impl IntoIterator<Item = T>) {
        for part in parts {
            drop(part);
            self.settle_finalizers();
        }
    }

    /// The program is over: finalizes all that is left, before anything of it is taken apart, so that
    /// finalizers still find the globals they use (CPython's last collection finds the namespace,
    /// its functions and all they hold as one cycle, PEP 442). Whether it can be taken apart now:
    /// what the finalizers made and left behind is no garbage, and its class leads to all the rest.
    pub fn finalize_all(&mut self) -> bool {
        let before = youngest();
        let settled = std::mem::take(&mut self.settled_ages);
        for due in finalization_order(&settled) {
            if let Some(obj) = due
                .upgrade()
                .filter(|o| !o.header().has_flag(flags::FINALIZED))
            {
                obj.header().set_flag(flags::FINALIZED, true);
                self.finalize(obj);
                self.settle_finalizers();
            }
        }
        youngest() <= before
    }

    /// Runs an object's own finalizer. Its release follows when the reference is dropped.
    fn finalize(&mut self, obj: ObjRef) {
        let value = Value::Obj(obj);
        if let Some(g) = value.as_ref::<Generator>() {
            return self.finalize_generator(&g.clone());
        }
        // A class of the program's that has `__del__` calls this from there, or leaves it.
        if let Some(future) = value.as_ref::<Future>()
            && !future.header().has_flag(flags::HAS_DEL)
        {
            let hook = self.loop_hooks.finalize_future;
            return hook(self, &future.clone());
        }
        if warn_if_unused(self, &value) {
            return;
        }
        let name = self.names.__del__.clone();
        let class = self.class_of(&value);
        let del = self.lookup(&class, &name);
        if let Err(raise) = self.call_special(&value, &name, &[]) {
            let exception = self.take_raised(raise);
            self.unraisable(&exception, &del.unwrap_or(Value::None));
        }
    }

    /// Closes it, or tells whoever wants to hear that nobody has awaited or closed it.
    pub fn finalize_generator(&mut self, g: &Ref<Generator>) {
        if g.kind() == GenKind::AsyncGenerator
            && let Some(hook) = g.rare().and_then(|e| e.finalizer.defined())
            && !g.extra().closed.get()
        {
            if let Err(raise) = self.call(&hook, &[g.clone().into()]) {
                let exception = self.take_raised(raise);
                self.unraisable(&exception, &g.clone().into());
            }
            return;
        }
        if g.kind() == GenKind::Coroutine && g.state.get() == GenState::Created {
            let hook = self.report_hooks.never_awaited;
            // It keeps its arguments until it is released.
            hook(self, g, None);
            return;
        }
        // No handler is around the place where it stands.
        if g.state.get() == GenState::Suspended && !would_see_exit(g) {
            return self.end_unseen(g);
        }
        if let Err(raise) = self.close(g) {
            let exception = self.take_raised(raise);
            self.unraisable(&exception, &g.clone().into());
        }
        if g.state.get() == GenState::Suspended {
            self.abandon_generator_frame(g);
        }
    }

    pub(super) fn unraisable(&mut self, exception: &Value, object: &Value) {
        let bare = exception
            .downcast::<Exception>()
            .is_some_and(|e| e.traceback.is_undef());
        // One that passed through no frame is shown where the object died.
        if bare && let Some(frame) = self.frame(0) {
            let code = &frame.code.code;
            let place = match code.is_lineless(frame.pc) {
                true => frame.pc,
                false => code.written_before(frame.pc),
            };
            self.add_traceback(exception, place);
        }
        let hook = self.report_hooks.unraisable;
        hook(self, exception, "Exception ignored in: ", object);
    }

    fn weak_callback(&mut self, reference: ObjRef) {
        let value = Value::Obj(reference);
        let Some(weak) = value.opaque::<super::heap::WeakReference>() else {
            return;
        };
        let callback = weak.take_callback();
        if let Err(raise) = self.call(&callback, &[value]) {
            let exception = self.take_raised(raise);
            self.unraisable(&exception, &callback);
        }
    }

    /// A safe point, or a native that waits, found that something wants attention.
    pub fn attend(&mut self) -> R<()> {
        super::host::attention().store(false, Ordering::Relaxed);
        if self.is_profiled() {
            self.take_sample();
        }
        self.maybe_collect();
        self.handle_signals().map(drop)
    }
}
