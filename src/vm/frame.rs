//! Frames while they run: the register stack, the control stack, and the few raw operations on
//! registers that the dispatch loop is made of. One of the places where `unsafe` lives.
//!
//! A plain function's registers are a window of the register stack, overlapping the caller's
//! argument registers. A generator's registers are its object's tail, executed in place; calls
//! made from there go to the top of the register stack.
//!
//! Invariant: memory of the register stack above `Frame::top` owns nothing. It may hold stale
//! numbers, never objects; so it is overwritten without being released, and a call sets its own
//! locals to `Undef` first.

use super::heap::{Header, ObjRef, Ref};
use super::hold::hold;
use super::linked::{Linked, NEXT, operand_of};
use super::object::{CodeObject, Generator};
use super::value::Value;
use crate::bytecode::Instr;
use std::alloc::{GlobalAlloc, Layout, System, handle_alloc_error};
use std::ptr;

/// Registers reserved for one VM; the memory is committed by the system when touched.
const STACK_VALUES: usize = 1 << 23;
/// Room kept free for the arguments of natives that call back near the limit.
const STACK_RESERVE: usize = 1 << 12;

/// The contiguous register stack. It never moves.
pub(super) struct RegisterStack {
    base: *mut Value,
    limit: *mut Value,
}

impl RegisterStack {
    pub(super) fn new() -> Self {
        let layout = Self::layout();
        // From the system itself, which gives and takes back pages: an allocator that keeps so much
        // memory for later would have to write zeros over all of it for the next VM.
        // SAFETY: the layout has a size. Zeroed memory is `Value::Undef` (tested below).
        let base: *mut Value = unsafe { System.alloc_zeroed(layout) }.cast();
        if base.is_null() {
            handle_alloc_error(layout);
        }
        // SAFETY: inside the allocation.
        let limit = unsafe { base.add(STACK_VALUES - STACK_RESERVE) };
        RegisterStack { base, limit }
    }

    fn layout() -> Layout {
        // SAFETY: a small alignment and a size far below `isize::MAX`.
        unsafe { Layout::from_size_align_unchecked(STACK_VALUES * size_of::<Value>(), 16) }
    }

    pub(super) fn base(&self) -> *mut Value {
        self.base
    }

    /// Frames must end below this.
    #[inline(always)]
    pub(super) fn limit(&self) -> *mut Value {
        self.limit
    }
}

impl Drop for RegisterStack {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with the same layout; what frames owned was released by them.
        unsafe { System.dealloc(self.base.cast(), Self::layout()) };
    }
}

/// Where bytecode is executing. Pointers are valid as long as the frame is on the control stack:
/// the code is kept alive by the callable in the call window or by the generator.
///
/// `generator` and `top` do not stand side by side: they are written one by one and saved together
/// with the next call, and a processor that is told to read both at once has to wait until both
/// have reached its cache.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Frame {
    /// The generator whose frame it is, or null.
    pub generator: *const Header,
    /// The next instruction. Up to date only while something outside the dispatch loop runs.
    pub pc: *const Linked,
    /// First register of the stack that is free for calls from here.
    pub top: *mut Value,
    pub regs: *mut Value,
    pub code: *const CodeObject,
}

impl Frame {
    pub(super) fn outermost(stack: &RegisterStack) -> Frame {
        Frame {
            pc: ptr::null(),
            regs: stack.base(),
            code: ptr::null(),
            generator: ptr::null(),
            top: stack.base(),
        }
    }

    /// The code, unless this is the place outside all frames.
    pub(super) fn code(&self) -> Option<&CodeObject> {
        // SAFETY: see the type's comment.
        unsafe { self.code.as_ref() }
    }

    /// Index of the instruction being executed.
    pub(super) fn index(&self) -> usize {
        match self.code() {
            // SAFETY: `pc` points into the instructions of `code`, or one past them.
            Some(code) => unsafe { self.pc.offset_from(code.entry) as usize }.saturating_sub(1),
            None => 0,
        }
    }

    /// The instruction that comes next.
    pub(super) fn next(&self) -> Option<&Instr> {
        self.code()?.code.instrs.get(self.index() + 1)
    }

    /// A counted reference to the code.
    pub(super) fn code_object(&self) -> Option<Ref<CodeObject>> {
        // SAFETY: `code` is the body of an object that lives while the frame is on the stack.
        unsafe { super::heap::body_to_ref(self.code) }
    }

    /// The running generator as a counted reference.
    pub(super) fn generator(&self) -> Option<Ref<Generator>> {
        // SAFETY: a frame's generator is alive while the frame is on the control stack.
        let header = unsafe { self.generator.as_ref() }?;
        header.to_ref().into_ref().ok()
    }

    /// The instruction that the executing one jumps to, by a short jump.
    pub(super) fn target(&self, i: &Instr) -> Option<&Instr> {
        let next = self.index() + 1;
        let at = next.checked_add_signed(i.imm() as isize)?;
        self.code()?.code.instrs.get(at)
    }

    /// One past the last register.
    pub(super) fn end(&self) -> *mut Value {
        let count = self.code().map_or(0, |code| code.nregs as usize);
        // SAFETY: every frame has that many registers.
        unsafe { self.regs.add(count) }
    }

    /// A copy of a register.
    pub(super) fn register(&self, i: usize) -> Value {
        match self.code() {
            // SAFETY: registers below `nregs` are initialised in every frame.
            Some(code) if i < code.code.nregs as usize => unsafe { (*self.regs.add(i)).clone() },
            _ => Value::Undef,
        }
    }
}

/// What becomes of the outcome of an activation: where a return value, a yielded value or an
/// exception goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Deliver {
    /// A call: the result goes to the caller's register `dst`.
    Call,
    /// A call of `__init__`: the result must be None, and the instance goes to `dst`.
    Init,
    /// A generator resumed by `ForIter`: a yielded value goes to `dst` and the loop goes round.
    Iter,
    /// A generator resumed by a native that takes items from it: as `Halt`.
    Item,
    /// A generator resumed by `next`, `send` or `throw`: a yielded value goes to `dst`, a return
    /// becomes StopIteration.
    Value,
    /// A generator being closed: ends well with GeneratorExit, StopIteration or a return.
    Close,
    /// A coroutine stepped by the event loop for the task in `extra2`.
    Task,
    /// A callback called by the event loop.
    LoopCall,
    /// The event loop in `extra` itself, running between two steps.
    Loop,
    /// A call or resume from Rust: the nested loop ends with the outcome.
    Halt,
}

/// One entry of the control stack: the frame to go back to, and how. Plain data: a call pushes
/// and a return pops nothing that must be counted, but for the instance of an `Init`.
#[derive(Clone, Copy)]
pub(super) struct Activation {
    pub frame: Frame,
    /// The callee's first window register, which holds the callable. For a `next` or `send`
    /// without a link, the register that holds the generator; null for other resumes.
    pub window: *mut Value,
    /// Call of an `__init__`: the instance, still counted. Resume without a link: the root, which
    /// stands in a register of the frame to go back to. Null for all else.
    pub subject: *const Header,
    pub deliver: Deliver,
    /// It has an entry on the stack of links.
    pub linked: bool,
    /// The operand of the register of `frame` that gets the result.
    pub dst: u16,
}

impl Activation {
    /// An activation without a link, whose result goes to a register.
    #[inline(always)]
    pub(super) fn call(frame: Frame, window: *mut Value, deliver: Deliver, dst: u16) -> Self {
        Self::to_operand(frame, window, deliver, operand_of(dst))
    }

    /// The number of the register that gets the result.
    pub(super) fn register(&self) -> u16 {
        self.dst / NEXT
    }

    /// As `call`, by the operand of the register.
    #[inline(always)]
    pub(super) fn to_operand(frame: Frame, window: *mut Value, deliver: Deliver, dst: u16) -> Self {
        Activation {
            frame,
            window,
            subject: ptr::null(),
            deliver,
            linked: false,
            dst,
        }
    }
}

impl Activation {
    /// The activation of a resume without a link.
    #[inline(always)]
    pub(super) fn resuming(self, root: *const Header) -> Self {
        Activation {
            subject: root,
            ..self
        }
    }

    /// The activation of a call of `__init__`.
    #[inline(always)]
    pub(super) fn constructing(self, instance: ObjRef) -> Self {
        Activation {
            subject: instance.into_raw(),
            deliver: Deliver::Init,
            ..self
        }
    }
}

/// What an activation keeps alive beside a plain call: one for each activation that is `linked`,
/// in the same order.
pub(super) struct Link {
    /// Resume: the root generator. Loop: the loop.
    pub subject: Value,
    /// Task: the task.
    pub task: Value,
    /// Resume: the exception that the resumer was handling.
    pub handled: Value,
    /// The generator below the root that an exception has entered (see `flow.rs`), else null.
    pub entered: *const Header,
    /// What has entered it is a GeneratorExit.
    pub closing: bool,
    /// Resume: the root has a parent, in whose chain it does not run, or something is thrown in:
    /// returns must be looked at more closely.
    pub unusual: bool,
}

impl Link {
    pub(super) fn new(subject: Value, task: Value, handled: Value) -> Link {
        Link {
            subject,
            task,
            handled,
            entered: ptr::null(),
            closing: false,
            unusual: false,
        }
    }

    /// The generator that the activation resumed, if it is a resume.
    #[inline(always)]
    pub(super) fn root(&self) -> Option<&Ref<Generator>> {
        self.subject.as_ref()
    }
}

/// Makes the registers from `at` up to `end` those of names that have no value yet.
///
/// # Safety
/// They are in a frame that is being set up, and own nothing.
#[inline(always)]
pub(super) unsafe fn undefine(at: *mut Value, end: *mut Value) {
    let mut at = at;
    while at < end {
        // SAFETY: promised by the caller.
        unsafe {
            at.write(Value::Undef);
            at = hold(at.add(1)).cast_mut();
        }
    }
}

/// Releases `count` registers from `from`, first to last.
///
/// # Safety
/// They are initialised and belong to a frame that is done with them.
#[inline(always)]
pub(super) unsafe fn release_registers(from: *mut Value, count: usize) {
    for i in 0..count {
        // SAFETY: promised by the caller; the value is moved out before it is released.
        drop(unsafe { take(from.add(i)) });
    }
}

/// Releases the registers of a finished generator, first to last. Numbers stay behind: nobody
/// looks at them.
///
/// # Safety
/// They are initialised and belong to a frame that is done with them.
#[inline(always)]
pub(super) unsafe fn release_frame(from: *mut Value, count: usize) {
    for i in 0..count {
        // SAFETY: promised by the caller.
        unsafe { release_object(from.add(i)) };
    }
}

/// Releases a register that holds an object; a number stays.
///
/// # Safety
/// The register is initialised and inside the frame.
#[inline(always)]
unsafe fn release_object(reg: *mut Value) {
    // SAFETY: promised by the caller; the value is moved out before it is released.
    unsafe {
        if let Value::Obj(_) = *reg {
            drop(take(reg));
        }
    }
}

/// The generator of a running chain behind an uncounted pointer.
///
/// # Safety
/// `header` is null or points at a live generator, which outlives the borrow.
#[inline(always)]
pub(super) unsafe fn running<'a>(header: *const Header) -> Option<&'a Generator> {
    // SAFETY: promised by the caller.
    unsafe { header.as_ref().map(|h| h.body_of::<Generator>()) }
}

/// The registers of a generator.
///
/// # Safety
/// `header` points at a live generator.
#[inline(always)]
pub(super) unsafe fn registers_of(header: *const Header) -> *mut Value {
    // SAFETY: promised by the caller.
    unsafe { (*header).tail_of::<Generator>() }
}

/// Releases `count` registers from `from`, last to first, as a stack of temporaries is unwound.
/// Numbers stay behind.
///
/// # Safety
/// They are initialised and inside the frame.
pub(super) unsafe fn release_backwards(from: *mut Value, count: usize) {
    for i in (0..count).rev() {
        // SAFETY: promised by the caller.
        unsafe { release_object(from.add(i)) };
    }
}

/// Moves a register's value out, leaving `Undef`.
///
/// # Safety
/// The register is initialised and inside the frame.
#[inline(always)]
pub(super) unsafe fn take(reg: *mut Value) -> Value {
    // SAFETY: promised by the caller.
    unsafe { ptr::replace(reg, Value::Undef) }
}

/// The header of a reference, as an uncounted pointer.
pub(super) fn raw(obj: &ObjRef) -> *const Header {
    obj.header()
}

/// The generator behind an uncounted pointer, which must be alive.
///
/// # Safety
/// `header` is null or points at a live generator.
pub(super) unsafe fn generator_at(header: *const Header) -> Option<Ref<Generator>> {
    // SAFETY: promised by the caller.
    let header = unsafe { header.as_ref() }?;
    header.to_ref().into_ref().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeroed_memory_is_undef() {
        let stack = RegisterStack::new();
        // SAFETY: the first register is zeroed memory.
        assert!(matches!(unsafe { &*stack.base() }, Value::Undef));
    }
}
