//! What an iterator or view goes over.

use crate::vm::heap::{ObjRef, Slot};
use crate::vm::object::{Instance, Opaque};
use crate::vm::value::Value;

/// A built-in container, and the instance that it is inside of if its class is derived from a
/// built-in one: that lives as long as somebody goes over it.
pub struct Held {
    container: Slot,
    owner: Slot,
}

impl Held {
    pub fn new(container: impl Into<Value>) -> Self {
        Held {
            container: Slot::new(container.into()),
            owner: Slot::undef(),
        }
    }

    /// The container; `Undef` once it was let go.
    pub fn get(&self) -> Value {
        self.container.get()
    }

    /// Lets go of both, at the end.
    pub fn let_go(&self) {
        drop((self.container.take(), self.owner.take()));
    }

    pub fn keep(&self, owner: &Value) {
        self.owner.set(owner.clone());
    }

    /// What the program sees of it: the instance if there is one.
    pub fn whole(&self) -> Value {
        self.owner.defined().unwrap_or_else(|| self.container.get())
    }

    pub fn visit(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.container.visit(visit);
        self.owner.visit(visit);
    }
}

/// `over` is an iterator or view of what stands in `owner`: that is kept, if it is not the
/// container itself.
pub fn kept(over: Value, owner: &Value) -> Value {
    if owner.downcast::<Instance>().is_some()
        && let Some(opaque) = over.downcast::<Opaque>()
    {
        opaque.data.keep(owner);
    }
    over
}
