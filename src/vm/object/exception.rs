//! Exceptions and tracebacks.

use super::{Class, CodeObject, Trace, Tuple};
use crate::vm::heap::{ObjRef, Ref, RefSlot, Slot};
use crate::vm::value::Value;
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};

/// An instance of a class derived from `BaseException`.
pub struct Exception {
    pub class: RefSlot<Class>,
    /// Always a tuple.
    pub args: Slot,
    /// An exception or `None`; `Undef` reads as `None`.
    pub cause: Slot,
    pub context: Slot,
    pub suppress_context: Cell<bool>,
    /// A `Traceback`, `None`, or `Undef` which reads as `None`.
    pub traceback: Slot,
    /// The special attributes of its built-in base, in the order of the exceptions table:
    /// `value` of StopIteration, `name` and `obj` of AttributeError, message and exceptions of
    /// a group… `Undef` where not set.
    pub fields: RefCell<SmallVec<[Value; 2]>>,
    /// Attributes set by programs (a `Dict`), `__notes__` among them.
    pub dict: Slot,
}

impl Exception {
    /// An exception of the class with these arguments, its constructor not called.
    pub fn new(class: &Ref<Class>, args: Ref<Tuple>) -> Ref<Exception> {
        let exception = Ref::new(Exception {
            class: RefSlot::new(class.clone()),
            args: Slot::new(args.into()),
            cause: Slot::undef(),
            context: Slot::undef(),
            suppress_context: Cell::new(false),
            traceback: Slot::undef(),
            fields: RefCell::default(),
            dict: Slot::undef(),
        });
        if class.flags().has_del {
            exception
                .header()
                .set_flag(crate::vm::heap::flags::HAS_DEL, true);
        }
        exception
    }

    /// A special attribute; `Undef` if it was never set.
    pub fn field(&self, i: usize) -> Value {
        self.fields.borrow().get(i).cloned().unwrap_or(Value::Undef)
    }

    pub fn set_field(&self, i: usize, value: Value) {
        let mut fields = self.fields.borrow_mut();
        while fields.len() <= i {
            fields.push(Value::Undef);
        }
        let old = fields.get_mut(i).map(|f| std::mem::replace(f, value));
        drop(fields);
        drop(old);
    }

    pub fn args(&self) -> SmallVec<[Value; 2]> {
        match self.args.get().as_ref::<Tuple>() {
            Some(t) => t.items().iter().cloned().collect(),
            None => SmallVec::new(),
        }
    }
}

/// One level of a traceback: where a frame was when the exception passed through it. Its tail
/// holds the named registers of a frame that was left.
pub struct Traceback {
    pub code: Ref<CodeObject>,
    /// Index of the instruction that raised.
    pub pc: u32,
    /// The next level, towards where it was raised; a `Traceback` or `None`.
    pub next: Slot,
    /// The frame object, once somebody asked for it.
    pub frame: Slot,
    /// For the outermost frame of a task that the exception has ended: the task's name, or the
    /// number in it.
    pub task: Slot,
    locals: u32,
}

impl Traceback {
    /// A new level in front of `next` (a `Traceback`, or `None` or `Undef` at the end).
    pub fn new(code: Ref<CodeObject>, pc: u32, next: Value, locals: Vec<Value>) -> Ref<Traceback> {
        let next = if next.is_undef() { Value::None } else { next };
        let count = locals.len() as u32;
        let body = Traceback {
            code,
            pc,
            next: Slot::new(next),
            frame: Slot::undef(),
            task: Slot::undef(),
            locals: count,
        };
        Ref::with_tail(body, locals)
    }

    pub(super) fn tail(&self) -> usize {
        self.locals as usize
    }

    pub fn line(&self) -> u32 {
        self.code.code.line_at(self.pc as usize)
    }
}

impl Trace for Exception {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.class.get().as_obj());
        for slot in [
            &self.args,
            &self.cause,
            &self.context,
            &self.traceback,
            &self.dict,
        ] {
            slot.get().as_obj().into_iter().for_each(&mut *visit);
        }
        if let Ok(fields) = self.fields.try_borrow() {
            fields.iter().filter_map(Value::as_obj).for_each(visit);
        }
    }
}

impl Trace for Ref<Traceback> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.code.as_obj());
        self.frozen_tail()
            .iter()
            .filter_map(Value::as_obj)
            .for_each(&mut *visit);
        for slot in [&self.next, &self.frame, &self.task] {
            slot.get().as_obj().into_iter().for_each(&mut *visit);
        }
    }
}

super::no_tail!(Exception);
