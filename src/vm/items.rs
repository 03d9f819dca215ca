//! Items that natives take from generators: `sum(x for x in …)`, `list(g)`. Each item takes a
//! nested dispatch loop, so what can be left out around it is left out. One of the places where
//! `unsafe` lives.

use super::flow::Outcome;
use super::frame::{Activation, Deliver};
use super::generator::is_at_yield;
use super::heap::Ref;
use super::object::{GenKind, GenState, Generator};
use super::value::Value;
use super::{R, Resume, Vm};

impl Vm {
    /// The next item of a generator, `None` at its end.
    pub(super) fn next_item(&mut self, g: &Ref<Generator>) -> R<Option<Value>> {
        let outcome = if self.is_resumed_simply(g) {
            self.resume_simply(g)?
        } else {
            self.resume_outcome(g, Resume::Send(Value::None))?
        };
        match outcome {
            Outcome::Yielded(item) | Outcome::AsyncYielded(item) => Ok(Some(item)),
            Outcome::Returned(_) => Ok(None),
            Outcome::Raised => Err(self.raised_again()),
        }
    }

    /// It is no part of a chain, waits at a `yield` or has not begun, and no exception is being
    /// handled.
    fn is_resumed_simply(&self, g: &Ref<Generator>) -> bool {
        g.kind() == GenKind::Generator
            && g.parent.get().is_null()
            && (is_at_yield(g) || g.state.get() == GenState::Created)
            && self.handled_is_clear()
            && self.control.has_room()
            && self.frame.top < self.stack.limit()
    }

    fn resume_simply(&mut self, g: &Ref<Generator>) -> R<Outcome> {
        self.finalize_first()?;
        self.enter_native()?;
        // Not null, as that of a `for` loop is; nothing above the top is owned.
        let window = self.frame.top;
        let activation = Activation::call(self.frame, window, Deliver::Item, 0);
        // SAFETY: there is room.
        unsafe {
            self.control
                .push_plain(activation.resuming(g.as_obj().header()))
        };
        let fresh = g.state.get() == GenState::Created;
        g.set_started();
        self.run_in(g);
        if !fresh {
            self.send_into_leaf(g, Value::None);
        }
        self.run()?;
        Ok(self.outcome.take().unwrap_or(Outcome::Raised))
    }
}
