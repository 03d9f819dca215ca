//! Exceptions and tracebacks.

use super::{Class, Dict, FrameObject, Str, Trace, Tuple};
use crate::bytecode::Code;
use crate::source::Span;
use crate::vm::heap::{ObjRef, Ref, RefSlot, Slot, next_birth};
use crate::vm::value::Value;
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::num::NonZeroI32;

/// An instance of a class derived from `BaseException`. The fields stand in the order in which they
/// are released, which is CPython's.
pub struct Exception {
    /// The special attributes of its built-in base, in the order of the exceptions table:
    /// `value` of StopIteration, `name` and `obj` of AttributeError, message and exceptions of
    /// a group… `Undef` where not set.
    pub fields: RefCell<SmallVec<[Value; 2]>>,
    /// Attributes set by programs, `__notes__` among them.
    pub own: OwnAttributes,
    /// Always a tuple.
    pub args: Slot,
    /// A `Traceback`, `None`, or `Undef` which reads as `None`.
    pub traceback: Slot,
    /// An exception or `None`; `Undef` reads as `None`.
    pub cause: Slot,
    pub context: Slot,
    pub suppress_context: Cell<bool>,
    /// When it was made (`heap::next_birth`), for the order of `__del__`.
    pub birth: Cell<u64>,
    pub class: RefSlot<Class>,
}

/// Attributes in the order in which they were set: a list of few, until they are many or somebody
/// asks for `__dict__`. Names are interned.
#[derive(Default)]
pub struct OwnAttributes {
    few: RefCell<Vec<(Ref<Str>, Value)>>,
    dict: Slot,
}

/// More attributes are found sooner in a dict.
const FEW: usize = 8;

fn same(a: &Ref<Str>, b: &Ref<Str>) -> bool {
    a.as_obj().is(b.as_obj())
}

impl OwnAttributes {
    /// The dict, if the attributes have moved there.
    fn moved(&self) -> Option<Ref<Dict>> {
        if self.dict.is_undef() {
            return None;
        }
        self.dict.get().as_ref::<Dict>().cloned()
    }

    pub fn get(&self, name: &Ref<Str>) -> Option<Value> {
        if let Some(dict) = self.moved() {
            return dict.get_str(name);
        }
        let few = self.few.borrow();
        few.iter()
            .find(|(n, _)| same(n, name))
            .map(|(_, v)| v.clone())
    }

    pub fn set(&self, name: &Ref<Str>, value: Value) {
        if self.dict.is_undef() && self.few.borrow().len() >= FEW {
            self.force_dict();
        }
        if let Some(dict) = self.moved() {
            return dict.set_str(name, value);
        }
        let mut few = self.few.borrow_mut();
        let old = match few.iter_mut().find(|(n, _)| same(n, name)) {
            Some((_, place)) => std::mem::replace(place, value),
            None => {
                few.push((name.clone(), value));
                Value::Undef
            }
        };
        drop(few);
        drop(old);
    }

    /// Removes an attribute; its value, if there was one.
    pub fn remove(&self, name: &Ref<Str>) -> Option<Value> {
        if let Some(dict) = self.moved() {
            return dict.remove_str(name);
        }
        let mut few = self.few.borrow_mut();
        let at = few.iter().position(|(n, _)| same(n, name))?;
        Some(few.remove(at).1)
    }

    /// The attributes as a dict, to which they move for good.
    pub fn force_dict(&self) -> Ref<Dict> {
        if let Some(dict) = self.moved() {
            return dict;
        }
        let dict = Dict::new();
        for (name, value) in self.few.take() {
            dict.set_str(&name, value);
        }
        self.dict.set(dict.clone().into());
        dict
    }

    /// `obj.__dict__ = dict`.
    pub fn use_dict(&self, dict: Ref<Dict>) {
        self.dict.set(dict.into());
        drop(self.few.take());
    }

    /// Lets go of all.
    pub fn clear(&self) {
        drop((self.few.take(), self.dict.take()));
    }

    /// Names and values, in order.
    pub fn list(&self) -> Vec<(Ref<Str>, Value)> {
        match self.moved() {
            Some(dict) => dict.str_items(),
            None => self.few.borrow().clone(),
        }
    }

    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.dict.visit(visit);
        if let Ok(few) = self.few.try_borrow() {
            for (name, value) in few.iter() {
                visit(name.as_obj());
                value.as_obj().into_iter().for_each(&mut *visit);
            }
        }
    }
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
            own: OwnAttributes::default(),
            birth: Cell::new(next_birth()),
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

/// One level of a traceback: where a frame was when the exception passed through it. The fields
/// stand in the order in which they are released: the frames further in go first.
pub struct Traceback {
    /// The next level, towards where it was raised; a `Traceback` or `None`.
    pub next: Slot,
    pub frame: Ref<FrameObject>,
    /// What the loop notes at the outermost frame: of a task that the exception has ended, its name
    /// or the number in it; of a callback, the report of its failure.
    pub noted: Slot,
    /// Index of the instruction that raised.
    pub pc: u32,
    /// The line, where a program has made the traceback and named another than that of `pc`.
    line: Option<NonZeroI32>,
}

impl Traceback {
    /// A new level in front of `next` (a `Traceback`, or `None` or `Undef` at the end).
    pub fn new(frame: Ref<FrameObject>, pc: u32, next: Value) -> Ref<Traceback> {
        let next = if next.is_undef() { Value::None } else { next };
        Self::at_line(frame, pc, None, next)
    }

    /// As a program makes one.
    pub fn at_line(
        frame: Ref<FrameObject>,
        pc: u32,
        line: Option<i32>,
        next: Value,
    ) -> Ref<Traceback> {
        Ref::new(Traceback {
            next: Slot::new(next),
            frame,
            noted: Slot::undef(),
            pc,
            line: line.and_then(NonZeroI32::new),
        })
    }

    pub fn code(&self) -> &Code {
        &self.frame.code.code
    }

    pub fn line(&self) -> Option<i64> {
        match self.line {
            Some(line) => Some(line.get().into()),
            None if self.code().is_lineless(self.pc as usize) => None,
            None => Some(self.code().source.line_of(self.span_told().start).into()),
        }
    }

    /// What stands there in the source; of another line than that of the instruction, the first
    /// of the same code; where CPython has no line, what stands before.
    pub fn span(&self) -> Span {
        let (code, place) = (self.code(), self.place());
        match code.is_lineless(place) {
            true => code.span_at(code.written_before(place)),
            false => code.span_at(place),
        }
    }

    /// As `span`, as CPython tells it.
    pub fn span_told(&self) -> Span {
        match self.code().is_lineless(self.place()) {
            true => Span::NO_LINE,
            false => self.code().span_told(self.place()),
        }
    }

    fn place(&self) -> usize {
        let code = self.code();
        let at_line = |line: NonZeroI32| {
            let mut places = 0..code.instrs.len();
            places.find(|pc| i64::from(code.line_at(*pc)) == i64::from(line.get()))
        };
        let named = self.line.and_then(at_line);
        named.unwrap_or(self.pc as usize)
    }
}

impl Trace for Exception {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.class.visit(visit);
        self.own.trace(visit);
        for slot in [&self.args, &self.traceback, &self.cause, &self.context] {
            slot.visit(visit);
        }
        if let Ok(fields) = self.fields.try_borrow() {
            fields.iter().filter_map(Value::as_obj).for_each(visit);
        }
    }
}

impl Trace for Traceback {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.next.visit(visit);
        visit(self.frame.as_obj());
        self.noted.visit(visit);
    }
}

super::no_tail!(Exception Traceback);
