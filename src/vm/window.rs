//! Call windows: the registers in which a call finds its callable and its arguments. One of the
//! places where `unsafe` lives.

use super::call::Keywords;
use super::frame::{Deliver, release_registers, take};
use super::heap::Ref;
use super::object::{CodeObject, Function, Str, Tuple};
use super::value::Value;
use crate::bytecode::Code;
use std::ptr;

/// Moves a call window, which leaves `Undef` behind.
///
/// # Safety
/// `count` initialised values stand at `from`; nothing at `to` is owned.
#[inline]
pub(super) unsafe fn move_window(from: *mut Value, to: *mut Value, count: usize) {
    for i in 0..count {
        // SAFETY: promised by the caller.
        unsafe { to.add(i).write(take(from.add(i))) };
    }
}

/// Puts the cells of a function's closure into the registers of a frame that is being set up.
///
/// # Safety
/// `code` is the function's, `regs` the first register of a frame of it, and the registers of the
/// free variables own nothing.
#[inline(always)]
pub(super) unsafe fn put_closure(f: &Function, code: &CodeObject, regs: *mut Value) {
    // SAFETY: promised by the caller.
    let mut at = unsafe { regs.add(code.free_start as usize) };
    for cell in f.closure.iter() {
        // SAFETY: as above.
        unsafe {
            at.write(cell.clone().into());
            at = at.add(1);
        }
    }
}

/// Whether a function has a default for each of its `wanted` positional parameters that is not
/// among the first `given`.
#[inline]
pub(super) fn has_defaults(f: &Function, given: u32, wanted: u32) -> bool {
    // SAFETY: nobody replaces the defaults here.
    let defaults = unsafe { f.defaults.peek() };
    let count = defaults.as_ref::<Tuple>().map_or(0, |t| t.items().len());
    given < wanted && (wanted - given) as usize <= count
}

/// Puts the defaults of a function's last parameters into the registers of a frame of it.
///
/// # Safety
/// `has_defaults` has said yes, or none is wanted; `regs` is the first register of the frame, and those of the
/// parameters own nothing.
#[inline]
pub(super) unsafe fn put_defaults(f: &Function, regs: *mut Value, given: u32, wanted: u32) {
    if given == wanted {
        return;
    }
    // SAFETY: nobody replaces the defaults here.
    let Some(defaults) = (unsafe { f.defaults.peek() }).as_ref::<Tuple>() else {
        return;
    };
    let items = defaults.items();
    let to = given as usize;
    // Most often it is one.
    if wanted - given == 1 {
        if let Some(value) = items.last() {
            // SAFETY: promised by the caller.
            unsafe { regs.add(to).write(value.clone()) };
        }
        return;
    }
    let (mut from, mut to) = (items.len().saturating_sub((wanted - given) as usize), to);
    while let Some(value) = items.get(from) {
        // SAFETY: promised by the caller.
        unsafe { regs.add(to).write(value.clone()) };
        (from, to) = (from + 1, to + 1);
    }
}

/// A call window and what goes with it.
pub(super) struct Window {
    pub base: *mut Value,
    pub has_self: bool,
    pub argc: usize,
    pub keywords: Keywords,
    pub deliver: Deliver,
    pub dst: u16,
    /// The instance whose `__init__` is called.
    pub instance: Value,
}

impl Window {
    pub(super) fn callable(&self) -> Value {
        // SAFETY: the callable's register is initialised.
        unsafe { (*self.base).clone() }
    }

    pub(super) fn set_callable(&mut self, func: Value) {
        // SAFETY: as above; moved out before it is released.
        drop(unsafe { ptr::replace(self.base, func) });
    }

    /// Number of arguments, the self included.
    pub(super) fn count(&self) -> usize {
        self.argc + usize::from(self.has_self)
    }

    /// The first argument, the self included.
    pub(super) fn args_ptr(&self) -> *mut Value {
        // SAFETY: inside the window.
        unsafe { self.base.add(if self.has_self { 1 } else { 2 }) }
    }

    /// # Safety
    /// The window must not be written while the slice lives.
    pub(super) unsafe fn args<'a>(&self) -> &'a [Value] {
        // SAFETY: the arguments are initialised and stand side by side.
        unsafe { std::slice::from_raw_parts(self.args_ptr(), self.count()) }
    }

    /// Another callable, with one more argument in front.
    pub(super) fn insert_self(&mut self, func: Value, this: Value) {
        // SAFETY: the self slot is free, or the arguments are moved up by one: there is always
        // room for one register more above a window.
        unsafe {
            if self.has_self {
                ptr::copy(self.base.add(1), self.base.add(2), self.argc + 1);
                self.argc += 1;
            }
            self.base.add(1).write(this);
        }
        self.has_self = true;
        self.set_callable(func);
    }

    /// Other arguments in place of the present ones, from the place where they begin.
    pub(super) fn replace_args(&mut self, bound: super::bind::Bound) {
        let at = self.args_ptr();
        // SAFETY: room for all registers of the callee was checked.
        unsafe {
            release_registers(at, self.count());
            self.argc = bound.len() - usize::from(self.has_self);
            for (i, value) in bound.into_iter().enumerate() {
                at.add(i).write(value);
            }
        }
        self.keywords.clear();
    }

    /// A new call in the (released) window.
    pub(super) fn refill(&mut self, func: Value, args: Vec<Value>, kwargs: Vec<(Ref<Str>, Value)>) {
        self.has_self = false;
        self.argc = args.len();
        self.keywords = kwargs.into_iter().collect();
        // SAFETY: room was checked; the window owns nothing.
        unsafe {
            self.base.write(func);
            self.base.add(1).write(Value::Undef);
            for (i, arg) in args.into_iter().enumerate() {
                self.base.add(2 + i).write(arg);
            }
        }
    }

    /// The arguments have become `named` registers, which were moved out or must be released.
    pub(super) fn finish_registers(&mut self, named: usize) {
        // SAFETY: the registers are initialised.
        unsafe { release_registers(self.args_ptr(), named) };
        self.argc = 0;
        self.has_self = false;
        self.release();
    }

    /// Releases the arguments of a call that does not fit as CPython does, which has begun to give
    /// them to the function's frame: those for which there is no place first, then what has found
    /// its place, in the order of the parameters.
    #[cold]
    pub(super) fn release_misfit(&mut self, code: &Code) {
        let (positional, named) = (code.positional as usize, code.names.len());
        let mut args: Vec<Value> = Vec::with_capacity(self.count());
        for i in 0..self.count() {
            // SAFETY: the arguments are initialised.
            args.push(unsafe { take(self.args_ptr().add(i)) });
        }
        self.argc = 0;
        self.has_self = false;
        let mut rest = args.split_off(args.len().min(positional));
        if !code.flags.vararg {
            rest.drain(..).for_each(drop);
        }
        let mut places = args;
        places.resize(positional + code.kwonly as usize, Value::Undef);
        let mut extra = Vec::new();
        let mut keywords = std::mem::take(&mut self.keywords).into_iter();
        for (name, value) in keywords.by_ref() {
            let parameters = code.names.iter().take(places.len().min(named));
            let place = parameters
                .skip(code.posonly as usize)
                .position(|n| **n == *name.as_str());
            match place.and_then(|i| places.get_mut(i + code.posonly as usize)) {
                Some(place) if place.is_undef() => *place = value,
                None if code.flags.kwarg => extra.push(value),
                _ => {
                    drop(value);
                    keywords.for_each(drop);
                    break;
                }
            }
        }
        places.into_iter().for_each(drop);
        rest.into_iter().rev().for_each(drop);
        extra.into_iter().for_each(drop);
    }

    /// Releases everything in the window.
    pub(super) fn release(&mut self) {
        // SAFETY: the window's registers are initialised.
        unsafe {
            release_registers(self.args_ptr(), self.count());
            drop(take(self.base));
        }
        self.argc = 0;
        self.has_self = false;
        self.keywords.clear();
        self.instance = Value::Undef;
    }
}
