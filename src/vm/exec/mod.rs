//! The cold halves of opcodes: what the dispatch loop's arms call when their fast path does not
//! apply. Registers are reached through the few functions at the top only.
//!
//! CPython releases the operands of an instruction in a fixed order, which finalizers show. Rust
//! drops variables in the reverse of their order of declaration, so operands are taken from the
//! last to be released to the first.

mod async_ops;
mod attr;
mod build;
mod calls;
mod iterate;
mod matching;
mod modules;
mod names;
mod natives;
mod operators;
mod raising;

pub(super) use async_ops::*;
pub(super) use attr::*;
pub(super) use build::*;
pub(super) use calls::*;
pub(super) use iterate::*;
pub(super) use matching::*;
pub(super) use modules::*;
pub(super) use names::*;
pub(super) use operators::*;
pub(super) use raising::*;

use super::frame;
use super::heap::Ref;
use super::object::Tuple;
use super::value::Value;
use crate::bytecode::Instr;
use crate::bytecode::opcode::{DIES_A, DIES_B, DIES_C};

/// What calling something led to.
pub(super) enum Called {
    /// It is done: the result.
    Value(Value),
    /// A plain frame was set up in `vm.frame`.
    Frame,
    /// The running frame may be any other now.
    Reload,
}

/// What asking an iterator led to.
pub(super) enum Iterated {
    Item(Value),
    /// An item that the loop takes apart first of all, which has been done.
    Unpacked,
    End,
    Frame,
}

/// A register's value: taken if the dying bit is set, else copied.
pub(super) fn operand(i: &Instr, regs: *mut Value, reg: u16, bit: u8) -> Value {
    // SAFETY: the verifier has seen the register.
    unsafe {
        let at = regs.add(reg as usize);
        if i.t & bit != 0 {
            frame::take(at)
        } else {
            (*at).clone()
        }
    }
}

pub(super) fn operand_a(i: &Instr, regs: *mut Value) -> Value {
    operand(i, regs, i.a, DIES_A)
}

pub(super) fn operand_b(i: &Instr, regs: *mut Value) -> Value {
    operand(i, regs, i.b, DIES_B)
}

pub(super) fn operand_c(i: &Instr, regs: *mut Value) -> Value {
    operand(i, regs, i.c, DIES_C)
}

/// Takes one of several registers that an instruction consumes.
pub(super) fn take_at(regs: *mut Value, reg: usize) -> Value {
    // SAFETY: the verifier has seen the whole range.
    unsafe { frame::take(regs.add(reg)) }
}

/// Looks at a register, which must not be written meanwhile.
pub(super) fn peek<'a>(regs: *mut Value, reg: u16) -> &'a Value {
    // SAFETY: the verifier has seen the register.
    unsafe { &*regs.add(reg as usize) }
}

/// Copies a register.
pub(super) fn copy_at(regs: *mut Value, reg: usize) -> Value {
    // SAFETY: the verifier has seen the register.
    unsafe { (*regs.add(reg)).clone() }
}

/// Writes a register; what it held is released after.
pub(super) fn put_at(regs: *mut Value, reg: usize, value: Value) {
    // SAFETY: the verifier has seen the register.
    drop(unsafe { std::ptr::replace(regs.add(reg), value) });
}

/// Takes `count` registers from `base` as a tuple.
pub(super) fn take_tuple(regs: *mut Value, base: u16, count: usize) -> Ref<Tuple> {
    // SAFETY: the verifier has seen the whole range.
    unsafe { Tuple::of_moved(regs.add(base as usize), count) }
}

/// Takes `count` registers from `base`.
pub(super) fn take_many(
    regs: *mut Value,
    base: u16,
    count: usize,
) -> impl ExactSizeIterator<Item = Value> {
    (0..count).map(move |n| take_at(regs, base as usize + n))
}
