//! Objects of types written in Rust that need no kind of their own: iterators, deques, context
//! variables, files, weak references, loops…

use super::{Class, Trace};
use crate::vm::heap::{ObjRef, Ref, RefSlot, Slot, flags};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::any::Any;

/// The Rust side of an [`Opaque`] object.
pub trait NativeData: Any {
    /// Calls the visitor with each object that this refers to, so that cycles through it can be
    /// found.
    fn trace(&self, _visit: &mut dyn FnMut(&ObjRef)) {}

    /// For iterators: the next item, `None` at the end. A class whose objects implement this
    /// says so by `ClassFlags::native_iterator`; then `__iter__` and `__next__` come by themselves.
    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let _ = vm;
        Ok(None)
    }

    /// For iterators whose items are pairs: the next item as two values, so that a loop that takes
    /// them apart needs no tuple. `None` if it is no such iterator; then it has done nothing.
    fn next_pair(&self, vm: &mut Vm) -> Option<R<Option<(Value, Value)>>> {
        let _ = vm;
        None
    }

    /// For iterators and views: keeps the instance inside of which is what it goes over.
    fn keep(&self, _owner: &Value) {}

    /// Lets go of what it refers to: the object is part of a cycle that nobody can reach.
    fn clear(&self) {}

    /// For containers: what `len()` says of an object whose class is written in Rust.
    fn size(&self) -> Option<usize> {
        None
    }

    /// Sequence patterns match it.
    fn is_sequence(&self) -> bool {
        false
    }

    /// For objects that show their memory (memoryview, array): a copy of the bytes.
    fn bytes(&self) -> Option<Vec<u8>> {
        None
    }
}

pub struct Opaque {
    pub class: RefSlot<Class>,
    /// Attributes set by programs (a `Dict`), undefined while there are none.
    pub dict: Slot,
    pub data: Box<dyn NativeData>,
}

impl Opaque {
    pub fn new(class: &Ref<Class>, data: impl NativeData) -> Ref<Opaque> {
        let made = Ref::new(Opaque {
            class: RefSlot::new(class.clone()),
            dict: Slot::undef(),
            data: Box::new(data),
        });
        if class.flags().has_del {
            made.header().set_flag(flags::HAS_DEL, true);
        }
        made
    }

    pub fn value(class: &Ref<Class>, data: impl NativeData) -> Value {
        Self::new(class, data).into()
    }

    /// `len()`, if this is a container written in Rust.
    pub fn size(&self) -> Option<usize> {
        let heap = self.class.get().flags().heap;
        if heap { None } else { self.data.size() }
    }

    /// The data, if it is of type `T`.
    #[inline]
    pub fn get<T: NativeData>(&self) -> Option<&T> {
        let any: &dyn Any = &*self.data;
        any.downcast_ref()
    }
}

impl Value {
    /// The data of an opaque object, if it is one of type `T`.
    #[inline]
    pub fn opaque<T: NativeData>(&self) -> Option<&T> {
        self.downcast::<Opaque>().and_then(Opaque::get)
    }
}

impl Trace for Opaque {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.class.visit(visit);
        self.dict.visit(visit);
        self.data.trace(visit);
    }
}

super::no_tail!(Opaque);
