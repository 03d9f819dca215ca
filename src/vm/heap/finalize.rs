//! Objects that die and must tell the program: a suspended generator with a pending `finally`,
//! an instance with `__del__`, a coroutine that was never awaited, a pending task. Their release
//! is put off: the object is revived onto a queue, and the dispatch loop, which runs bytecode
//! where `Drop` must not, drains it before its next instruction.

use super::objref::{Header, ObjRef, flags};
use crate::vm::object;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};

thread_local! {
    static PENDING: Cell<bool> = const { Cell::new(false) };
    static QUEUE: RefCell<VecDeque<Finalization>> = const { RefCell::new(VecDeque::new()) };
    static WEAK: RefCell<HashMap<usize, Vec<ObjRef>>> = RefCell::new(HashMap::new());
    static CLOSED: Cell<bool> = const { Cell::new(false) };
}

/// Something that the dispatch loop must do because an object died.
#[derive(Debug)]
pub enum Finalization {
    /// The object's own finalizer: `close()`, `__del__`, a warning. Dropping the reference
    /// afterwards releases it for good.
    Object(ObjRef),
    /// The callback of a weak reference whose object is gone: call it with the reference.
    WeakCallback(ObjRef),
}

/// Whether the queue holds something. The dispatch loop asks after everything that releases.
#[inline(always)]
pub fn pending() -> bool {
    PENDING.get()
}

/// The next thing to finalize, in the order in which the objects died.
pub fn next() -> Option<Finalization> {
    QUEUE.with_borrow_mut(|queue| {
        let first = queue.pop_front();
        PENDING.set(!queue.is_empty());
        first
    })
}

/// From now on nothing is finalized any more (the program is over).
pub fn close() {
    CLOSED.set(true);
    let left = QUEUE.with_borrow_mut(std::mem::take);
    PENDING.set(false);
    drop(left);
}

/// A new program begins in this thread.
pub fn open() {
    CLOSED.set(false);
}

/// Puts off the release of an object whose count fell to zero, if it must be finalized first.
pub(super) fn wants_finalizer(header: &Header) -> bool {
    if header.has_flag(flags::FINALIZED) || CLOSED.get() || !object::needs_finalizer(header) {
        return false;
    }
    header.set_flag(flags::FINALIZED, true);
    enqueue(Finalization::Object(header.to_ref()));
    true
}

/// Queues a finalization directly (the cycle collector does this for what it found).
pub fn enqueue(what: Finalization) {
    QUEUE.with_borrow_mut(|queue| queue.push_back(what));
    PENDING.set(true);
}

/// Remembers a weak reference to the object.
pub fn register_weak_reference(target: &ObjRef, reference: &ObjRef) {
    target.header().set_flag(flags::WEAKLY_REFERENCED, true);
    // A reference that only the table still holds is dead: it is dropped at the next one's coming,
    // and its callback is never called.
    let raw = reference.clone();
    WEAK.with_borrow_mut(|table| {
        let references = table.entry(target.address()).or_default();
        references.retain(|r| r.count() > 1);
        references.push(raw);
    });
}

/// The weak references to the object that are still alive.
pub fn weak_references(target: &ObjRef) -> Vec<ObjRef> {
    WEAK.with_borrow(|table| table.get(&target.address()).cloned().unwrap_or_default())
}

/// The object dies: its weak references go dead, their callbacks are queued (newest first, as
/// CPython's list of references is built at its head).
pub(super) fn clear_weak_references(header: &Header) {
    let address = std::ptr::from_ref(header) as usize;
    let references = WEAK
        .with_borrow_mut(|table| table.remove(&address))
        .unwrap_or_default();
    for reference in references.into_iter().rev() {
        if object::weakref_died(&reference) && !CLOSED.get() {
            enqueue(Finalization::WeakCallback(reference));
        }
    }
}
