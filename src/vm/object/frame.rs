//! Frames as the program sees them.

use super::{CodeObject, Trace};
use crate::vm::heap::{Header, ObjRef, Ref, Slot};
use crate::vm::value::Value;
use std::cell::{Cell, RefCell};
use std::ptr;

/// A frame somebody asked for; see `vm::frames`. The fields stand in the order in which they are
/// released.
pub struct FrameObject {
    /// The named registers, once the frame is over.
    pub locals: RefCell<Box<[Value]>>,
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
        Ref::new(FrameObject {
            locals: RefCell::default(),
            back: Slot::undef(),
            code,
            pc: Cell::new(0),
            registers: Cell::new(registers),
            generator: Cell::new(ptr::null()),
        })
    }

    /// The frame is over.
    pub fn let_go(&self) {
        self.registers.set(ptr::null_mut());
        self.generator.set(ptr::null());
    }

    /// A named register of a frame that is over.
    pub fn local(&self, register: usize) -> Value {
        let locals = self.locals.borrow();
        locals.get(register).cloned().unwrap_or(Value::Undef)
    }
}

impl Trace for FrameObject {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        if let Ok(locals) = self.locals.try_borrow() {
            let locals = locals.iter().filter_map(Value::as_obj);
            locals.for_each(&mut *visit);
        }
        self.back.visit(visit);
        visit(self.code.as_obj());
    }
}

super::no_tail!(FrameObject);
