//! Weak references: pointers that know when their object is gone.
//!
//! A table maps the address of each weakly referenced object to its [`WeakReference`]s (objects
//! of the language, with callbacks) and [`WeakPointer`]s (Rust's own). Both take themselves out of
//! the table when they are dropped, and the table clears both when the object dies, so neither
//! side ever keeps a pointer to what is gone.

use super::finalize::{self, Finalization};
use super::objref::{Header, ObjRef, Ref, flags};
use super::slot::Slot;
use crate::vm::object::{Class, NativeData, Opaque};
use crate::vm::value::Value;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr;
use std::rc::{Rc, Weak};

#[derive(Default)]
struct Referrers {
    /// The headers of the `Opaque`s that hold a `WeakReference`, oldest first, not counted.
    references: Vec<*const Header>,
    pointers: Vec<Weak<Cell<*const Header>>>,
}

thread_local! {
    static TABLE: RefCell<HashMap<usize, Referrers>> = RefCell::new(HashMap::new());
}

/// The Rust side of `weakref.ref` and of proxies. Made by [`new_reference`] only.
pub struct WeakReference {
    /// Null when the object is gone.
    target: Cell<*const Header>,
    /// The object that holds this.
    holder: Cell<*const Header>,
    callback: Slot,
    /// The hash of the target, once it was asked for.
    pub hash: Cell<Option<u64>>,
}

impl WeakReference {
    /// The object, if it lives.
    pub fn target(&self) -> Option<ObjRef> {
        upgrade(self.target.get())
    }

    /// The callback, `None` if there is none or the object is gone.
    pub fn callback(&self) -> Option<Value> {
        self.callback.defined()
    }

    /// Takes the callback, to call it.
    pub fn take_callback(&self) -> Value {
        self.callback.take()
    }
}

impl NativeData for WeakReference {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.callback.visit(visit);
    }

    fn clear(&self) {
        self.callback.take();
    }
}

impl Drop for WeakReference {
    fn drop(&mut self) {
        let target = self.target.get();
        if target.is_null() {
            return;
        }
        let holder = self.holder.get();
        TABLE.with_borrow_mut(|table| {
            if let Some(referrers) = table.get_mut(&(target as usize)) {
                referrers.references.retain(|r| *r != holder);
            }
        });
    }
}

/// An object of the class that refers weakly to the target; the callback may be `Undef`.
pub fn new_reference(class: &Ref<Class>, target: &ObjRef, callback: Value) -> Ref<Opaque> {
    target.header().set_flag(flags::WEAKLY_REFERENCED, true);
    let raw = ptr::from_ref(target.header());
    let reference = Opaque::new(
        class,
        WeakReference {
            target: Cell::new(raw),
            holder: Cell::new(ptr::null()),
            callback: Slot::new(callback),
            hash: Cell::new(None),
        },
    );
    let holder = ptr::from_ref(reference.header());
    if let Some(data) = reference.get::<WeakReference>() {
        data.holder.set(holder);
    }
    TABLE.with_borrow_mut(|table| {
        table
            .entry(raw as usize)
            .or_default()
            .references
            .push(holder);
    });
    reference
}

/// Whether there are any that the language can see.
pub fn has_references() -> bool {
    TABLE.with_borrow(|table| table.values().any(|r| !r.references.is_empty()))
}

/// The weak references to an object, newest first, as CPython lists them.
pub fn references_to(target: &ObjRef) -> Vec<ObjRef> {
    TABLE.with_borrow(|table| {
        let referrers = table.get(&target.address());
        let raw = referrers
            .into_iter()
            .flat_map(|r| r.references.iter().rev());
        raw.filter_map(|r| upgrade(*r)).collect()
    })
}

/// A weak pointer for Rust's own use.
#[derive(Debug)]
pub struct WeakPointer(Rc<Cell<*const Header>>);

impl WeakPointer {
    pub fn new(target: &ObjRef) -> WeakPointer {
        target.header().set_flag(flags::WEAKLY_REFERENCED, true);
        let raw = ptr::from_ref(target.header());
        let cell = Rc::new(Cell::new(raw));
        TABLE.with_borrow_mut(|table| {
            let referrers = table.entry(raw as usize).or_default();
            referrers.pointers.retain(|p| p.strong_count() > 0);
            referrers.pointers.push(Rc::downgrade(&cell));
        });
        WeakPointer(cell)
    }

    /// The object, if it lives.
    pub fn upgrade(&self) -> Option<ObjRef> {
        upgrade(self.0.get())
    }
}

/// A counted reference from a pointer of the table.
fn upgrade(raw: *const Header) -> Option<ObjRef> {
    if raw.is_null() {
        return None;
    }
    // SAFETY: pointers of the table, of `WeakReference`s and `WeakPointer`s are cleared or taken
    // out before the memory they point to is given back (`object_died`, `Drop`).
    let header = unsafe { &*raw };
    // An object whose count is zero is on its way out: nobody may have it any more.
    (header.count() > 0).then(|| header.to_ref())
}

/// The object dies: its weak references go dead, their callbacks are queued.
pub(super) fn object_died(header: &Header) {
    kill(header, |_| false);
}

/// The object is garbage: its weak references go dead before its finalizers run, and callbacks of
/// those that are garbage themselves are not called.
pub fn kill_references(target: &ObjRef, is_garbage: impl Fn(&ObjRef) -> bool) {
    kill(target.header(), is_garbage);
}

/// Callbacks come newest first, as CPython's list of references is built at its head.
fn kill(header: &Header, silent: impl Fn(&ObjRef) -> bool) {
    header.set_flag(flags::WEAKLY_REFERENCED, false);
    let address = ptr::from_ref(header) as usize;
    let Some(referrers) = TABLE.with_borrow_mut(|table| table.remove(&address)) else {
        return;
    };
    for pointer in referrers.pointers.iter().filter_map(Weak::upgrade) {
        pointer.set(ptr::null());
    }
    // All go dead before the first callback can look at another one.
    let mut callbacks = Vec::new();
    for raw in referrers.references.iter().rev() {
        let Some(holder) = upgrade(*raw) else {
            clear_dying(*raw);
            continue;
        };
        let Some(data) = holder
            .downcast::<Opaque>()
            .and_then(Opaque::get::<WeakReference>)
        else {
            continue;
        };
        data.target.set(ptr::null());
        if !data.callback.is_undef() && !silent(&holder) {
            callbacks.push(holder);
        }
    }
    for holder in callbacks {
        finalize::enqueue(Finalization::WeakCallback(holder));
    }
}

/// A reference that is itself on its way out must not look at its dead target when it is dropped.
fn clear_dying(raw: *const Header) {
    // SAFETY: a holder takes itself out of the table when its body is dropped, so this one's body
    // is still there.
    let header = unsafe { &*raw };
    if let Some(data) = header
        .peek::<Opaque>()
        .and_then(Opaque::get::<WeakReference>)
    {
        data.target.set(ptr::null());
    }
}
