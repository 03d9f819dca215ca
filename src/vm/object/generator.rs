//! Frames that suspend: generators, coroutines and async generators. The registers stand in the
//! object's own tail and are executed in place; see `vm/flow.rs` for what can happen to one.

use super::{CodeObject, FrameObject, Trace};
use crate::bytecode::{BEFORE_BEGINNING, Op};
use crate::vm::heap::{ChainSlot, Header, ObjRef, ObjSlot, Ref, ZombieFrames, next_birth};
use crate::vm::value::Value;
use std::cell::Cell;
use std::ptr;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GenKind {
    Generator,
    Coroutine,
    AsyncGenerator,
}

/// The deepest that a frame may stand in a chain.
pub const MOST_DEPTH: u32 = (1 << 20) - 1;

impl GenKind {
    /// The instruction by which another frame delegates to one of this kind.
    pub(in crate::vm) fn delegates_by(self) -> Op {
        match self {
            GenKind::Generator => Op::GetYieldFrom,
            GenKind::Coroutine => Op::GetAwaitable,
            // Its `asend()` is what is awaited.
            GenKind::AsyncGenerator => Op::Nop,
        }
    }
}

/// The life of a suspended frame.
///
/// `Created → Running ⇄ Suspended → Finished`, and `Created → Finished` by close or throw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GenState {
    /// Not started: the first resume may only send `None`.
    Created,
    /// At a `Yield` or `Delegate`.
    Suspended,
    /// On the control stack as a root or a leaf. Frames between the two stay `Suspended`: see
    /// `Generator::is_executing`.
    Running,
    /// Returned, raised or closed; its registers are released.
    Finished,
}

/// The state of a frame, and three special cases of it that the dispatch loop asks for, so that it
/// need not ask for all that they stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    Created,
    Suspended,
    Running,
    Finished,
    AtYield,
    LeafAtYield,
    Iterated,
}

/// The state of a frame, of which kind it is, two facts about it, and its depth. They lie so that
/// each can be had alone, or all in one word: the state lowest, the depth highest.
#[repr(C, align(4))]
pub struct StateCell {
    stage: Cell<Stage>,
    /// Two bits for the kind, one each for the facts, four that are the lowest of the depth.
    bits: Cell<u8>,
    /// The others of the depth, in two bytes.
    _depth: Cell<[u8; 2]>,
}

const KINDS: u8 = 0b11;
const STARTED: u8 = 0b100;
const ASYNC_RUNNING: u8 = 0b1000;
/// Where the bits stand in the word, and where the depth.
const BITS_SHIFT: u32 = 8;
const DEPTH_SHIFT: u32 = 12;

impl StateCell {
    fn new(kind: GenKind) -> StateCell {
        StateCell {
            stage: Cell::new(Stage::Created),
            bits: Cell::new(kind as u8),
            _depth: Cell::new([0; 2]),
        }
    }

    #[inline(always)]
    fn word(&self) -> u32 {
        // SAFETY: it is as large and aligned as the word, without a gap.
        u32::from_le(unsafe { (&raw const *self).cast::<u32>().read() })
    }

    #[inline(always)]
    fn set_word(&self, stage: Stage, bits: u8, depth: u32) {
        let word = stage as u32 | u32::from(bits) << BITS_SHIFT | depth << DEPTH_SHIFT;
        // SAFETY: as above; all of it lies in cells, and the lowest byte is that of a stage.
        unsafe {
            (&raw const *self)
                .cast_mut()
                .cast::<u32>()
                .write(word.to_le())
        }
    }

    #[inline(always)]
    fn has(&self, bit: u8) -> bool {
        self.bits.get() & bit != 0
    }

    #[inline(always)]
    fn mark(&self, bit: u8, on: bool) {
        let bits = self.bits.get();
        self.bits.set(if on { bits | bit } else { bits & !bit });
    }

    #[inline(always)]
    pub fn get(&self) -> GenState {
        match self.stage.get() {
            Stage::Created => GenState::Created,
            Stage::Suspended | Stage::AtYield | Stage::LeafAtYield => GenState::Suspended,
            Stage::Running | Stage::Iterated => GenState::Running,
            Stage::Finished => GenState::Finished,
        }
    }

    /// A change of state. It ends the special cases.
    #[inline(always)]
    pub fn set(&self, state: GenState) {
        self.stage.set(match state {
            GenState::Created => Stage::Created,
            GenState::Suspended => Stage::Suspended,
            GenState::Running => Stage::Running,
            GenState::Finished => Stage::Finished,
        });
    }

    /// As `set`, and tells the state before.
    #[inline(always)]
    pub fn replace(&self, state: GenState) -> GenState {
        let old = self.get();
        self.set(state);
        old
    }

    /// Suspended at a `yield` of its own, a generator that is part of no chain and handles no
    /// exception: it is resumed by putting a value where the `yield` left off.
    #[inline(always)]
    pub fn is_at_yield(&self) -> bool {
        self.stage.get() == Stage::AtYield
    }

    #[inline(always)]
    pub fn set_at_yield(&self) {
        self.stage.set(Stage::AtYield);
    }

    /// Suspended at a `yield` of its own, the innermost of several generators, and handles no
    /// exception.
    #[inline(always)]
    pub fn is_leaf_at_yield(&self) -> bool {
        self.stage.get() == Stage::LeafAtYield
    }

    #[inline(always)]
    pub fn set_leaf_at_yield(&self) {
        self.stage.set(Stage::LeafAtYield);
    }

    /// Running since it was resumed where it was `AtYield`, by an activation without a link, and
    /// has not delegated or handled an exception since: when it is the running frame, that
    /// activation is the innermost.
    #[inline(always)]
    pub fn is_iterated(&self) -> bool {
        self.stage.get() == Stage::Iterated
    }

    #[inline(always)]
    pub fn set_iterated(&self) {
        self.stage.set(Stage::Iterated);
    }
}

pub struct Generator {
    pub state: StateCell,
    /// Where to go on: index of the next instruction.
    pub pc: Cell<u32>,
    pub code: Ref<CodeObject>,
    /// The frame that delegates to this one, uncounted: it holds this one in a register, and
    /// clears the pointer when it lets go.
    pub parent: Cell<*const Header>,
    /// Suspended as a root: the innermost frame of its chain of delegations, unless that is the
    /// frame itself. Suspended as an innermost frame: the root.
    pub chain: ChainSlot,
    rest: Rest,
}

const _: () = assert!(
    size_of::<Generator>() == 40,
    "programs suspend a million frames"
);

/// When the frame was made (`heap::next_birth`): those of a cycle are finalized in that order.
/// Few frames have more, in a box in which the birth stands too.
struct Rest(Cell<*mut GenExtra>);

impl Rest {
    /// A birth has the lowest bit, which a box has not.
    const BIRTH: usize = 1;

    #[inline(always)]
    fn born(birth: u64) -> *mut GenExtra {
        ptr::without_provenance_mut((birth as usize) << 1 | Self::BIRTH)
    }

    #[inline(always)]
    fn extra(&self) -> Option<&GenExtra> {
        let at = self.0.get();
        if at.addr() & Self::BIRTH != 0 {
            return None;
        }
        // SAFETY: a pointer without the bit is that of a box, which lives as long as `self`.
        Some(unsafe { &*at })
    }

    fn birth(&self) -> u64 {
        match self.extra() {
            Some(extra) => extra.birth.get(),
            None => (self.0.get().addr() >> 1) as u64,
        }
    }

    fn set_birth(&self, birth: u64) {
        match self.extra() {
            Some(extra) => extra.birth.set(birth),
            None => self.0.set(Self::born(birth)),
        }
    }

    #[cold]
    fn extra_or_new(&self) -> &GenExtra {
        if self.extra().is_none() {
            let extra = GenExtra::default();
            extra.birth.set(self.birth());
            self.0.set(Box::into_raw(Box::new(extra)));
        }
        // SAFETY: there is a box now.
        unsafe { &*self.0.get() }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        if self.extra().is_some() {
            // SAFETY: the box was made by `extra_or_new`; nobody uses it after this.
            drop(unsafe { Box::from_raw(self.0.get()) });
        }
    }
}

/// What few generators have.
#[derive(Default)]
pub struct GenExtra {
    /// The exception it was handling when it was suspended.
    handled: ObjSlot,
    birth: Cell<u64>,
    /// `__name__` and `__qualname__` where set, or inherited from a renamed function.
    pub name: ObjSlot,
    pub qualname: ObjSlot,
    /// Origin tracking of coroutines.
    pub origin: ObjSlot,
    /// The finalizer hook of an async generator, taken when it was first iterated.
    pub finalizer: ObjSlot,
    /// The function that was called, if something would die with it that a program can miss: it
    /// lives as long as the frame.
    pub function: ObjSlot,
    /// Its frame as an object, once somebody asked for that.
    pub frame: ObjSlot,
    /// Of a root into which GeneratorExit was thrown: that, while those below it are closed.
    pub exit: ObjSlot,
    pub hooks_inited: Cell<bool>,
    pub closed: Cell<bool>,
}

impl Generator {
    /// A frame for a call of the code, its registers all `Undef`.
    pub fn new(kind: GenKind, code: Ref<CodeObject>) -> Ref<Generator> {
        Ref::with_tail(Self::body(kind, code), std::iter::empty())
    }

    /// A frame for a call of code that suspends, the arguments moved out of an array.
    ///
    /// # Safety
    /// `count` initialised values stand at `args`, no more than the code has registers.
    #[inline(always)]
    pub(in crate::vm) unsafe fn for_call(
        code: &Ref<CodeObject>,
        args: *mut Value,
        count: usize,
    ) -> Ref<Generator> {
        // SAFETY: passed on from the caller.
        unsafe {
            match ZombieFrames::revive(code, args, count) {
                Some(frame) => frame,
                None => Self::fresh(code, args, count),
            }
        }
    }

    /// As `for_call`, in new memory.
    ///
    /// # Safety
    /// As there.
    #[cold]
    #[inline(never)]
    unsafe fn fresh(code: &Ref<CodeObject>, args: *mut Value, count: usize) -> Ref<Generator> {
        // SAFETY: passed on from the caller.
        unsafe { Ref::with_moved_tail(Self::body(code.kind, code.clone()), args, count) }
    }

    #[inline(always)]
    fn body(kind: GenKind, code: Ref<CodeObject>) -> Generator {
        Generator {
            state: StateCell::new(kind),
            pc: Cell::new(0),
            code,
            parent: Cell::new(ptr::null()),
            chain: ChainSlot::default(),
            rest: Rest(Cell::new(Rest::born(next_birth()))),
        }
    }

    /// Makes the frame new, which has finished and owns nothing.
    #[inline(always)]
    pub(in crate::vm) fn renew(&self, kind: GenKind, birth: u64) {
        debug_assert!(!self.has_extra());
        self.state.set_word(Stage::Created, kind as u8, 0);
        self.pc.set(0);
        self.parent.set(ptr::null());
        self.chain.forget_root();
        self.rest.0.set(Rest::born(birth));
    }

    #[inline(always)]
    pub fn kind(&self) -> GenKind {
        match self.state.bits.get() & KINDS {
            0 => GenKind::Generator,
            1 => GenKind::Coroutine,
            _ => GenKind::AsyncGenerator,
        }
    }

    /// Whether it was ever resumed or closed (a coroutine that was not is reported).
    #[inline(always)]
    pub fn has_started(&self) -> bool {
        self.state.has(STARTED)
    }

    #[inline(always)]
    pub fn set_started(&self) {
        self.state.mark(STARTED, true);
    }

    /// For async generators: an `asend`/`athrow`/`aclose` is under way.
    #[inline(always)]
    pub fn is_async_running(&self) -> bool {
        self.state.has(ASYNC_RUNNING)
    }

    #[inline(always)]
    pub fn set_async_running(&self, on: bool) {
        self.state.mark(ASYNC_RUNNING, on);
    }

    /// Number of frames above it in its chain when it was delegated to, at most `MOST_DEPTH`.
    #[inline(always)]
    pub fn depth(&self) -> u32 {
        self.state.word() >> DEPTH_SHIFT
    }

    #[inline(always)]
    pub fn set_depth(&self, depth: u32) {
        let bits = self.state.bits.get() & (KINDS | STARTED | ASYNC_RUNNING);
        self.state.set_word(self.state.stage.get(), bits, depth);
    }

    /// `outer` delegates to this frame: it runs, one deeper than that.
    #[inline(always)]
    pub fn enter_from(&self, outer: &Generator) {
        let bits = self.state.bits.get() & (KINDS | ASYNC_RUNNING) | STARTED;
        self.state.set_word(Stage::Running, bits, outer.depth() + 1);
    }

    /// The exception it was handling when it was suspended, or `Undef`.
    pub fn handled(&self) -> Value {
        self.rest.extra().map_or(Value::Undef, |e| e.handled.get())
    }

    #[inline(always)]
    pub fn is_handling(&self) -> bool {
        self.rest.extra().is_some_and(|e| !e.handled.is_undef())
    }

    pub fn set_handled(&self, exception: Value) {
        self.rest.extra_or_new().handled.set(exception);
    }

    pub fn take_handled(&self) -> Value {
        self.rest.extra().map_or(Value::Undef, |e| e.handled.take())
    }

    pub(super) fn tail(&self) -> usize {
        self.code.nregs as usize
    }

    /// Whether it owns anything but its code and its registers.
    #[inline(always)]
    pub fn has_extra(&self) -> bool {
        self.chain.has_leaf() || !self.is_bare()
    }

    /// What few frames have.
    pub fn extra(&self) -> &GenExtra {
        self.rest.extra_or_new()
    }

    /// Whether it has nothing of what few frames have.
    #[inline(always)]
    pub fn is_bare(&self) -> bool {
        self.rest.0.get().addr() & Rest::BIRTH != 0
    }

    /// What few frames have, if it is there.
    #[inline(always)]
    pub fn rare(&self) -> Option<&GenExtra> {
        self.rest.extra()
    }

    pub fn name(&self) -> Value {
        match self.rare().and_then(|e| e.name.defined()) {
            Some(name) => name,
            None => Value::str(&self.code.code.name),
        }
    }

    pub fn qualname(&self) -> Value {
        match self.rare().and_then(|e| e.qualname.defined()) {
            Some(name) => name,
            None => Value::str(&self.code.code.qualname),
        }
    }

    /// A generator that may be awaited (`types.coroutine`).
    pub fn is_iterable_coroutine(&self) -> bool {
        self.kind() == GenKind::Generator && self.code.iterable_coroutine.get()
    }

    /// Orders generators by age.
    pub fn birth(&self) -> u64 {
        self.rest.birth()
    }

    pub fn set_birth(&self, birth: u64) {
        self.rest.set_birth(birth);
    }

    pub fn is_finished(&self) -> bool {
        self.state.get() == GenState::Finished
    }

    /// It ran to its end, and its registers are released; one that was closed before it began
    /// keeps its arguments.
    pub fn is_spent(&self) -> bool {
        self.is_finished() && self.has_started()
    }
}

impl Drop for GenExtra {
    fn drop(&mut self) {
        // The registers are gone.
        if let Some(frame) = self.frame.get().as_ref::<FrameObject>() {
            frame.let_go();
        }
    }
}

impl Ref<Generator> {
    /// Its frame as an object.
    pub fn frame_object(&self) -> Ref<FrameObject> {
        let frame = &self.extra().frame;
        if let Some(object) = frame.get().as_ref::<FrameObject>() {
            return object.clone();
        }
        let object = FrameObject::new(self.code.clone(), self.tail_ptr());
        object.generator.set(self.header());
        frame.set(object.clone().into());
        object
    }

    /// A copy of a register, for inspection while the frame is suspended.
    pub fn register(&self, i: usize) -> Value {
        if i < self.tail_len_of() {
            // SAFETY: inside the tail, which is initialised; a clone only changes a count.
            unsafe { (*self.tail_ptr().add(i)).clone() }
        } else {
            Value::Undef
        }
    }

    /// Writes a register of a frame that is not running.
    pub fn set_register(&self, i: usize, value: Value) {
        if i < self.tail_len_of() {
            // SAFETY: inside the tail; moved out before it is released.
            let old = unsafe { std::mem::replace(&mut *self.tail_ptr().add(i), value) };
            drop(old);
        }
    }

    /// Where the frame stands: the index of the instruction that suspended it.
    pub fn place(&self) -> usize {
        match self.pc.get() {
            0 => BEFORE_BEGINNING,
            pc => pc as usize - 1,
        }
    }

    /// All that the registers hold.
    pub fn take_registers(&self) -> Vec<Value> {
        let registers = 0..self.tail_len_of();
        // SAFETY: inside the tail; moved out, nothing is left that could be released twice.
        let taken = registers.map(|i| unsafe { std::mem::take(&mut *self.tail_ptr().add(i)) });
        taken.collect()
    }

    /// Releases all registers, first to last, as CPython clears a frame.
    pub fn clear_registers(&self) {
        for i in 0..self.tail_len_of() {
            // SAFETY: inside the tail; moved out before it is released.
            drop(unsafe { std::mem::take(&mut *self.tail_ptr().add(i)) });
        }
    }

    fn tail_len_of(&self) -> usize {
        self.code.nregs as usize
    }
}

/// A suspended frame inside a `try` or `with`, a coroutine that never ran, an async generator
/// with a finalizer hook.
pub(super) fn needs_finalizer(g: &Generator) -> bool {
    match g.state.get() {
        GenState::Created => g.kind() == GenKind::Coroutine,
        GenState::Suspended => would_see_exit(g) || has_hook(g),
        GenState::Running | GenState::Finished => false,
    }
}

/// Whether anything in a suspended frame could notice that it is closed.
pub fn would_see_exit(g: &Generator) -> bool {
    let pc = g.pc.get().saturating_sub(1);
    let mut guards = g.code.code.exceptions.iter();
    guards.any(|e| (e.start..e.end).contains(&pc)) || is_delegating(g)
}

fn has_hook(g: &Generator) -> bool {
    g.rare().is_some_and(|e| !e.finalizer.is_undef())
}

/// The frame waits for another one, which must be closed first.
fn is_delegating(g: &Generator) -> bool {
    let pc = g.pc.get().saturating_sub(1) as usize;
    g.code
        .code
        .instrs
        .get(pc)
        .is_some_and(|i| i.op == crate::bytecode::Op::Delegate)
}

impl Trace for Ref<Generator> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.code.as_obj());
        for i in 0..self.tail_len_of() {
            // SAFETY: inside the tail, which is initialised, and which tracing does not write.
            let register = unsafe { &*self.tail_ptr().add(i) };
            register.as_obj().into_iter().for_each(&mut *visit);
        }
        self.chain.visit(visit);
        if let Some(e) = self.rare() {
            for slot in [
                &e.handled,
                &e.name,
                &e.qualname,
                &e.origin,
                &e.finalizer,
                &e.function,
                &e.frame,
                &e.exit,
            ] {
                slot.visit(visit);
            }
        }
    }
}
