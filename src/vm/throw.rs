//! Exceptions that enter a chain of frames from outside: `throw()` and `close()`. See `flow.rs`.

use super::frame::raw;
use super::generator::{is_executing, kind_name, suspended_at};
use super::heap::Ref;
use super::object::{Exception, Future, Generator, Tuple};
use super::value::Value;
use super::{R, Raise, Resume, Vm};
use crate::bytecode::Op;
use std::ptr;

/// What has entered a frame of a chain, other than values (see `flow.rs`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entered {
    No,
    /// An exception that was thrown into it.
    Thrown,
    /// The GeneratorExit of `close()`.
    Closing,
}

impl Vm {
    /// The exception of `close()`, made where that is called.
    pub(super) fn generator_exit(&mut self) -> Value {
        let exception = Exception::new(&self.exc.generator_exit.clone(), Tuple::new([])).into();
        let handled = self.topmost_handled();
        self.set_context(&exception, &handled);
        exception
    }

    /// Raises an exception in the suspended leaf, which is the running frame now.
    pub(super) fn throw_into_leaf(&mut self, leaf: &Ref<Generator>, exception: Value) -> R<()> {
        let exit = self.is_generator_exit(&exception);
        if let Some(link) = self.top_link_mut()
            && link
                .root()
                .is_some_and(|root| !root.as_obj().is(leaf.as_obj()))
        {
            link.entered = raw(leaf.as_obj());
            link.closing = exit;
        }
        if let Some(i) = suspended_at(leaf).filter(|i| i.op == Op::Delegate) {
            let delegate = leaf.register(i.b as usize);
            if let Some(inner) = delegate.as_ref::<Generator>() {
                // No part of the chain: it is finished, or runs elsewhere.
                if is_executing(inner) {
                    let what = kind_name(inner.kind);
                    return Err(self.value_error(format!("{what} already executing")));
                }
            } else if delegate.as_obj().is_some() && delegate.downcast::<Future>().is_none() {
                self.redo_delegate(Resume::Throw(exception));
                return Ok(());
            }
        }
        Err(self.raise_thrown(exception))
    }

    pub(super) fn is_generator_exit(&self, exception: &Value) -> bool {
        self.class_of(exception)
            .is_subclass(&self.exc.generator_exit)
    }

    /// Whether an exception had entered this frame, which is being left; then its parent is the
    /// next such frame, or none if the parent is the root.
    pub(super) fn take_entered(&mut self, g: &Ref<Generator>) -> Entered {
        let Some(link) = self.top_link_mut() else {
            return Entered::No;
        };
        if link.entered != raw(g.as_obj()) {
            return Entered::No;
        }
        let parent = g.parent.get();
        let root = link.root().map_or(ptr::null(), |r| raw(r.as_obj()));
        link.entered = if parent == root { ptr::null() } else { parent };
        if link.closing {
            Entered::Closing
        } else {
            Entered::Thrown
        }
    }

    /// GeneratorExit for the parent of a frame that was closed well.
    pub(super) fn exit_again(&mut self) -> Raise {
        let class = self.exc.generator_exit.clone();
        self.error_with(&class, Vec::new())
    }
}
