//! Frames as the program sees them.

use super::{CodeObject, Trace};
use crate::vm::heap::{Header, ObjRef, Ref, Slot};
use crate::vm::value::Value;
use std::cell::Cell;
use std::{iter, ptr};

/// A frame somebody asked for; see `vm::frames`. Once the frame is over, what it held may stand in
/// the tail: the named registers, and behind them what else has to live as long. This is released
/// first, then the fields, in the order in which they stand.
pub struct FrameObject {
    /// The frame of the caller (or `Undef`), once this one is over.
    pub back: Slot,
    pub code: Ref<CodeObject>,
    /// The instruction at which it ended.
    pub pc: Cell<u32>,
    /// Tells the frame from others on the stack; null once it is over. Only compared.
    pub registers: Cell<*mut Value>,
    /// The generator whose frame it is, uncounted: it clears this when the frame is over.
    pub generator: Cell<*const Header>,
}

impl FrameObject {
    pub fn new(code: Ref<CodeObject>, registers: *mut Value) -> Ref<FrameObject> {
        let frame = FrameObject {
            back: Slot::undef(),
            code,
            pc: Cell::new(0),
            registers: Cell::new(registers),
            generator: Cell::new(ptr::null()),
        };
        Ref::with_tail(frame, iter::empty())
    }

    /// The frame is over.
    pub fn let_go(&self) {
        self.registers.set(ptr::null_mut());
        self.generator.set(ptr::null());
    }

    /// Number of named registers.
    pub fn named(&self) -> usize {
        self.code.nnamed as usize
    }

    pub(super) fn tail(&self) -> usize {
        self.named() + 1
    }
}

impl Ref<FrameObject> {
    /// A named register of a frame that is over.
    pub fn local(&self, register: usize) -> Value {
        if register < self.named() {
            self.in_tail(register)
        } else {
            Value::Undef
        }
    }

    /// The frame, which is over, had this in a named register.
    pub fn keep(&self, register: usize, value: Value) {
        drop(self.replace_in_tail(register, value));
    }

    /// What lives as long as the named registers, and is released after them.
    pub fn keep_behind(&self, value: Value) {
        drop(self.replace_in_tail(self.named(), value));
    }

    /// Releases all that was kept.
    pub fn clear(&self) {
        for at in 0..=self.named() {
            drop(self.replace_in_tail(at, Value::Undef));
        }
    }
}

impl Trace for Ref<FrameObject> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        for at in 0..=self.named() {
            self.in_tail(at).as_obj().into_iter().for_each(&mut *visit);
        }
        self.back.visit(visit);
        visit(self.code.as_obj());
    }
}
