//! Instructions as the dispatch loop reads them: those of the code, but that an operand which names
//! a register says how far from the first one it is, in steps of eight bytes. So a register is
//! reached without a shift, by an addressing mode of the processor. All that is not in a hurry reads
//! the instructions of the code themselves. One of the places where `unsafe` lives.

use super::object::CodeObject;
use super::value::Value;
use crate::bytecode::opcode::{FAR_SITE, NO_REG, SITE_BITS};
use crate::bytecode::{Instr, Op, Operand};

/// One instruction of a code object. `a`, `b` and `c` are as in [`Instr`], but for registers and
/// for sites whose index has high bits in `t`: these are all [`FAR_SITE`], whose cache never hits,
/// so that the dispatch loop need not ask which sites are near.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Linked {
    pub op: Op,
    pub t: u8,
    pub a: u16,
    pub b: u16,
    pub c: u16,
}

/// As many as stand in one line of the processor's cache.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct LinkedLine([Linked; 8]);

/// Where in its first line code begins. Loops of generators take up to a fifth longer with one place
/// than with another, for no reason that is known; measured, this one is the best or next to it for
/// all benchmarks, and without alignment each program has its own luck.
const FIRST: usize = 7;

/// The instructions of some code in whole lines, and where they begin there.
pub(super) fn linked_lines(instrs: &[Instr]) -> (Box<[LinkedLine]>, *const Linked) {
    let unused = LinkedLine([Linked::new(Instr::new(Op::Nop, 0, 0, 0, 0)); 8]);
    let mut lines = vec![unused; (FIRST + instrs.len()).div_ceil(8)].into_boxed_slice();
    let places = lines.iter_mut().flat_map(|line| &mut line.0);
    for (place, instr) in places.skip(FIRST).zip(instrs) {
        *place = Linked::new(*instr);
    }
    let entry = lines.as_ptr().cast::<Linked>().wrapping_add(FIRST);
    (lines, entry)
}

/// What an operand counts in.
const STEP: usize = 8;
/// From one register's operand to the next one's.
pub(super) const NEXT: u16 = (size_of::<Value>() / STEP) as u16;

/// The operand of a register. The compiler uses no more of them than fit.
#[inline(always)]
pub(super) const fn operand_of(register: u16) -> u16 {
    register.wrapping_mul(NEXT)
}

/// The place of a register.
///
/// # Safety
/// The operand is that of a register of the frame that begins at `regs`.
#[inline(always)]
pub(super) unsafe fn place(regs: *mut Value, operand: u16) -> *mut Value {
    // SAFETY: promised by the caller.
    unsafe { regs.byte_add(operand as usize * STEP) }
}

impl Linked {
    pub(super) fn new(instr: Instr) -> Linked {
        let kinds = instr.op.operands();
        let linked = |kind, value| {
            if value != NO_REG && names_register(kind) {
                operand_of(value)
            } else {
                value
            }
        };
        let [a, b, c] = kinds;
        let far = c == Operand::Site && instr.t & SITE_BITS != 0;
        Linked {
            op: instr.op,
            t: instr.t,
            a: linked(a, instr.a),
            b: linked(b, instr.b),
            c: if far { FAR_SITE } else { linked(c, instr.c) },
        }
    }

    /// As [`Instr::bc`].
    #[inline(always)]
    pub const fn bc(&self) -> usize {
        // One read of four bytes, which the optimizer does not make of the two by itself.
        #[cfg(target_endian = "little")]
        // SAFETY: `b` and `c` are the last four bytes of `self`.
        return unsafe { (&raw const *self).cast::<u32>().add(1).read_unaligned() } as usize;
        #[cfg(target_endian = "big")]
        return (self.c as usize) << 16 | self.b as usize;
    }

    /// `t` and `b`, in one read.
    #[inline(always)]
    pub const fn tb(&self) -> (u8, u16) {
        #[cfg(target_endian = "little")]
        {
            // SAFETY: `self` is eight bytes.
            let all = unsafe { (&raw const *self).cast::<u64>().read_unaligned() };
            ((all >> 8) as u8, (all >> 32) as u16)
        }
        #[cfg(target_endian = "big")]
        (self.t, self.b)
    }

    /// As [`Instr::imm`].
    #[inline(always)]
    pub const fn imm(&self) -> i16 {
        self.c as i16
    }
}

impl CodeObject {
    /// The instruction of the code that this is.
    ///
    /// # Safety
    /// It is one of `linked`.
    #[inline(always)]
    pub(super) unsafe fn plain(&self, i: *const Linked) -> &Instr {
        // SAFETY: promised by the caller; there is one in `code` for each.
        unsafe { &*self.code.instrs.as_ptr().offset(i.offset_from(self.entry)) }
    }
}

const fn names_register(kind: Operand) -> bool {
    matches!(
        kind,
        Operand::Def
            | Operand::Use
            | Operand::Keep
            | Operand::OptUse
            | Operand::OptKeep
            | Operand::Base
            | Operand::OptBase
    )
}
