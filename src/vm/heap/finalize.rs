//! Objects that die and must tell the program: a suspended generator with a pending `finally`,
//! an instance with `__del__`, a coroutine that was never awaited, a pending task. Their release
//! is put off: the object is revived onto a queue, and the dispatch loop, which runs bytecode
//! where `Drop` must not, drains it before its next instruction.

use super::objref::{Header, ObjRef, flags};
use crate::vm::object;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

thread_local! {
    static PENDING: Cell<bool> = const { Cell::new(false) };
    static QUEUE: RefCell<VecDeque<Finalization>> = const { RefCell::new(VecDeque::new()) };
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

/// Everything there is to finalize, in the order in which the objects died. Taken as a whole: what
/// dies while one of these is finalized comes before the next of these.
pub fn take() -> VecDeque<Finalization> {
    PENDING.set(false);
    QUEUE.with_borrow_mut(std::mem::take)
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

/// Queues a finalization directly (weak references and the cycle collector do). Nothing happens
/// when the program is over.
pub fn enqueue(what: Finalization) {
    if CLOSED.get() {
        return;
    }
    QUEUE.with_borrow_mut(|queue| queue.push_back(what));
    PENDING.set(true);
}
