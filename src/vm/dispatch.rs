//! The dispatch loop. Each arm is short: the commonest case, then a call to a cold function
//! that does the rest. One of the places where `unsafe` lives.
//!
//! Why register, constant and jump access is unchecked: a [`Code`](crate::bytecode::Code) is built
//! only through the verifier, which has seen that every register is below `nregs`, every constant
//! and site exists, every jump lands on an instruction and every path ends; and a frame is entered
//! only with room for `nregs` registers. With the feature `checked`, `reg!` and `konst!` check
//! again.

use super::flow::Outcome;
use super::frame::{
    Activation, Deliver, Frame, raw, registers_of, release_frame, release_registers, running, take,
    undefine,
};
use super::generator::{CHAIN_LIMIT, is_fresh, leaf_at_yield};
use super::heap::{self, Header, ObjRef, Ref, finalize};
use super::hold::hold;
use super::linked::{Linked, NEXT, place};
use super::object::{
    CacheEntry, CodeObject, Dict, Function, Future, GenKind, GenState, Generator, Instance, Kind,
    List, Module, NativeFunction, Str, Tuple,
};
use super::ops::arith::Arith;
use super::ops::compare::Cmp;
use super::value::Value;
use super::{R, Raise, Vm, exec};
use crate::bytecode::Op;
use crate::bytecode::opcode::{AWAITED, DIES_A, DIES_B, DIES_C, DROPPED, METHOD};
use std::hint::cold_path;
use std::sync::atomic::Ordering;

/// Why the inner loop was left.
enum Exit {
    /// An exception is on its way.
    Raise(Raise),
    /// Something died that must be finalized before the next instruction.
    Drain,
    /// Ctrl-C, a limit, or the collector asks for attention.
    Attention,
    /// The frame changed in `self.frame`: load it.
    Reload,
}

/// What a cold function that changes frames tells the loop.
pub(super) enum Flow {
    /// Execution goes on in `self.frame`.
    Go,
    /// The outermost activation of this loop has ended: its outcome is the loop's result.
    Halt,
}

/// Kinds of hits in `CacheEntry::kind`.
pub(super) mod hit {
    /// `slot` of an instance whose shape is `key`, of a class whose version is `key2`. This and
    /// `METHOD` are all that instances with these keys can hit.
    pub const SLOT: u8 = 1;
    /// `value` is a function found on the class with version `key2` for instances of shape `key`.
    pub const METHOD: u8 = 2;
    /// Entry `slot` of the dict of the module in `value`, with version `key`.
    pub const ENTRY: u8 = 3;
    /// `value` is a method of the built-in class with version `key`, to which all objects of the
    /// kind `slot` belong (unless that is 0).
    pub const BUILTIN_METHOD: u8 = 5;
    /// In `key2` of a `BUILTIN_METHOD`: it is `send`, and the next two instructions put a name or a
    /// constant behind it and call it.
    pub const SEND: u32 = u32::MAX - 1;
    /// `value` is an attribute of the class with version `key`.
    pub const CLASS: u8 = 6;
    /// Storing adds `shape` to an instance of shape `key2`, of a class with version `key`.
    pub const ADD: u8 = 7;
    /// An attribute that an exception has of its own, if its class has the version `key`.
    pub const OWN: u8 = 9;
    /// `value` is a plain class attribute seen from an instance, keys as for ADD.
    pub const CLASS_VALUE: u8 = 8;
}

impl Vm {
    /// Runs from `self.frame` until the activation that was on top when this began (a `Halt`) has
    /// ended; its outcome is in `self.outcome`, or an exception on its way.
    #[allow(
        clippy::cognitive_complexity,
        reason = "the dispatch match is one function by design"
    )]
    pub(super) fn run(&mut self) -> R<()> {
        loop {
            if std::mem::take(&mut self.unwinding) {
                if self.parked {
                    return Ok(());
                }
                let raise = self.raised_again();
                if let Flow::Halt = self.unwind(raise)? {
                    return Ok(());
                }
                continue;
            }
            // The instruction that was executed last: the next one follows.
            let mut at: *const Linked = self.frame.pc.wrapping_sub(1);
            // The frame to go on in.
            let mut next_regs: *mut Value = self.frame.regs;
            let mut next_code: *const CodeObject = self.frame.code;

            let exit = 'frame: loop {
                // In one frame these two do not change, so that they stay in their machine registers:
                // what goes on in another begins this loop anew. One of them held is enough.
                let regs: *mut Value = hold(next_regs).cast_mut();
                let code: *const CodeObject = next_code;

                macro_rules! reg {
                    ($i:expr) => {{
                        let operand: u16 = $i;
                        #[cfg(feature = "checked")]
                        // SAFETY: the running code is alive.
                        unsafe {
                            assert!(
                                operand < NEXT * (&(*code).code).nregs,
                                "register out of frame"
                            )
                        };
                        // SAFETY: see the module's comment.
                        unsafe { &mut *place(regs, operand) }
                    }};
                }
                // A register of another frame than the running one.
                macro_rules! reg_in {
                    ($regs:expr, $code:expr, $i:expr) => {{
                        let operand: u16 = $i;
                        #[cfg(feature = "checked")]
                        // SAFETY: the code of a frame is alive.
                        unsafe {
                            assert!(
                                operand < NEXT * (&(*$code).code).nregs,
                                "register out of frame"
                            )
                        };
                        // SAFETY: see the module's comment.
                        unsafe { &mut *place($regs, operand) }
                    }};
                }
                macro_rules! konst {
                    ($i:expr) => {{
                        let i: usize = $i;
                        // SAFETY: see the module's comment.
                        unsafe {
                            #[cfg(feature = "checked")]
                            assert!(i < (&(*code).consts).len(), "constant out of range");
                            (&(*code).consts).get_unchecked(i)
                        }
                    }};
                }
                macro_rules! site {
                    ($i:expr) => {{
                        let i: usize = $i;
                        // SAFETY: see the module's comment.
                        unsafe {
                            #[cfg(feature = "checked")]
                            assert!(i < (&(*code).caches).len(), "cache out of range");
                            (&(*code).caches).get_unchecked(i)
                        }
                    }};
                }
                // The place before an instruction of some code, from which it is the next one.
                macro_rules! before {
                ($code:expr, $target:expr) => {{
                    let (code, target): (*const CodeObject, usize) = ($code, $target);
                    // SAFETY: the code of a frame is alive; the verifier has seen that the target
                    // is an instruction.
                    unsafe {
                        #[cfg(feature = "checked")]
                        assert!(
                            target < (&(&(*code).code).instrs).len(),
                            "jump out of the code"
                        );
                        (*code).entry.wrapping_add(target).wrapping_sub(1)
                    }
                }};
            }

                'next: loop {
                    at = hold(at.wrapping_add(1));
                    // The place is matched, not a copy: a copy would decode every field of every
                    // layout before the jump.
                    // SAFETY: no verified path runs off the end of the instructions.
                    let i: &Linked = unsafe { &*at };

                    // The running instruction as it stands in the code.
                    macro_rules! plain {
                        () => {
                            // SAFETY: the running code is alive, and `i` one of its instructions.
                            unsafe { (*code).plain(i) }
                        };
                    }
                    // The instruction after the running one.
                    macro_rules! next {
                        () => {
                            at.wrapping_add(1)
                        };
                    }
                    // Whether the running instruction, of several with one arm, is this one. It is read
                    // once more, so that nothing of it must be kept from the jump to the arm.
                    macro_rules! is_op {
                        ($op:expr) => {
                            // SAFETY: `at` points at the running instruction.
                            unsafe { (*hold(at)).op == $op }
                        };
                    }
                    // Goes on in another frame, behind the instruction at `$at`.
                    macro_rules! switch {
                        ($at:expr, $regs:expr, $code:expr) => {{
                            at = $at;
                            next_regs = $regs;
                            next_code = $code;
                            continue 'frame;
                        }};
                    }
                    // `pc`, `regs` and `code` of `self.frame` are up to date only after this.
                    macro_rules! sync {
                        () => {{
                            self.frame.pc = next!();
                            self.frame.regs = regs;
                            self.frame.code = code;
                        }};
                    }
                    // Writes a register, releases what it held, and leaves for the finalizers if that
                    // killed something that has one.
                    macro_rules! set {
                        ($i:expr, $value:expr) => {{
                            let value = $value;
                            let place = reg!($i);
                            if let Value::Obj(_) = place {
                                drop(std::mem::replace(place, value));
                                if finalize::pending() {
                                    sync!();
                                    break 'frame Exit::Drain;
                                }
                            } else {
                                // SAFETY: what is overwritten owns nothing.
                                unsafe { std::ptr::write(place, value) };
                            }
                        }};
                    }
                    // As `set`, after the release of a dying operand.
                    macro_rules! set_after {
                        ($i:expr, $value:expr, $dying:expr) => {{
                            let value = $value;
                            drop(std::mem::take($dying));
                            drop(std::mem::replace(reg!($i), value));
                            if finalize::pending() {
                                sync!();
                                break 'frame Exit::Drain;
                            }
                            continue 'next;
                        }};
                    }
                    // As `switch`, after something was released.
                    macro_rules! switch_drained {
                        ($at:expr, $regs:expr, $code:expr) => {{
                            let (to, to_regs, to_code) = ($at, $regs, $code);
                            if finalize::pending() {
                                self.frame.pc = to.wrapping_add(1);
                                self.frame.regs = to_regs;
                                self.frame.code = to_code;
                                break 'frame Exit::Drain;
                            }
                            switch!(to, to_regs, to_code);
                        }};
                    }
                    // Goes on in another frame, after its register was given a result.
                    macro_rules! switch_with {
                        ($at:expr, $regs:expr, $code:expr, $reg:expr, $value:expr) => {{
                            let (to, to_regs, to_code) = ($at, $regs, $code);
                            let value = $value;
                            let place = reg_in!(to_regs, to_code, $reg);
                            if let Value::Obj(_) = place {
                                drop(std::mem::replace(place, value));
                                switch_drained!(to, to_regs, to_code);
                            }
                            // SAFETY: what is overwritten owns nothing.
                            unsafe { std::ptr::write(place, value) };
                            switch!(to, to_regs, to_code);
                        }};
                    }
                    // As `switch_with`. A statement drops the result: what comes next is the `Clear`
                    // of that register then, which held nothing before.
                    macro_rules! give {
                        ($at:expr, $regs:expr, $code:expr, $reg:expr, $value:expr) => {{
                            let (to, value): (*const Linked, Value) = ($at, $value);
                            // SAFETY: it is the instruction that gave control away; no verified
                            // path ends with it.
                            if unsafe { (*to).t } & DROPPED != 0 && !matches!(value, Value::Obj(_))
                            {
                                std::mem::forget(value);
                                switch!(to.wrapping_add(1), $regs, $code);
                            }
                            switch_with!(to, $regs, $code, $reg, value);
                        }};
                    }
                    macro_rules! check {
                        ($result:expr) => {
                            match $result {
                                Ok(value) => value,
                                Err(raise) => break 'frame Exit::Raise(raise),
                            }
                        };
                    }
                    // After an operation that may have released objects anywhere.
                    macro_rules! drain {
                        () => {
                            if finalize::pending() {
                                break 'frame Exit::Drain;
                            }
                        };
                    }
                    // The result of a cold function goes to register `a`.
                    macro_rules! slow {
                        ($call:expr) => {{
                            cold_path();
                            sync!();
                            let value = check!($call);
                            let old = std::mem::replace(reg!(i.a), value);
                            drop(old);
                            drain!();
                        }};
                    }
                    macro_rules! slow_unit {
                        ($call:expr) => {{
                            cold_path();
                            sync!();
                            check!($call);
                            drain!();
                        }};
                    }
                    // An operand: taken if it is a dying temporary, else copied.
                    macro_rules! operand {
                        ($field:ident, $bit:expr) => {
                            if i.t & $bit != 0 {
                                std::mem::take(reg!(i.$field))
                            } else {
                                reg!(i.$field).clone()
                            }
                        };
                    }
                    // The fast path of arithmetic on two numbers; `rest` does everything else.
                    macro_rules! arith_on {
                        ($right:expr, $int:expr, $float:expr, $rest:expr) => {{
                            match (&*reg!(i.b), $right) {
                                (Value::Int(x), Value::Int(y)) => {
                                    let int: fn(i64, i64) -> Option<i64> = $int;
                                    if let Some(n) = int(*x, *y) {
                                        set!(i.a, Value::Int(n));
                                        continue 'next;
                                    }
                                }
                                (Value::Float(x), Value::Float(y)) => {
                                    let float: fn(f64, f64) -> Option<f64> = $float;
                                    if let Some(f) = float(x.get(), y.get()) {
                                        set!(i.a, Value::float(f));
                                        continue 'next;
                                    }
                                }
                                _ => {}
                            }
                            slow!($rest);
                        }};
                    }
                    macro_rules! arith {
                        ($op:ident, $int:expr, $float:expr) => {
                            arith_on!(
                                &*reg!(i.c),
                                $int,
                                $float,
                                exec::arith(self, Arith::$op, plain!(), regs)
                            )
                        };
                    }
                    macro_rules! arith_const {
                        ($op:ident, $int:expr, $float:expr) => {
                            arith_on!(
                                konst!(i.c as usize),
                                $int,
                                $float,
                                exec::arith_const(
                                    self,
                                    Arith::$op,
                                    plain!(),
                                    regs,
                                    konst!(i.c as usize)
                                )
                            )
                        };
                    }
                    macro_rules! arith_imm {
                        ($op:ident, $int:expr, $float:expr) => {{
                            match &*reg!(i.b) {
                                Value::Int(x) => {
                                    let int: fn(i64, i64) -> Option<i64> = $int;
                                    if let Some(n) = int(*x, i64::from(i.imm())) {
                                        set!(i.a, Value::Int(n));
                                        continue 'next;
                                    }
                                }
                                Value::Float(x) => {
                                    let float: fn(f64, f64) -> Option<f64> = $float;
                                    if let Some(f) = float(x.get(), f64::from(i.imm())) {
                                        set!(i.a, Value::float(f));
                                        continue 'next;
                                    }
                                }
                                _ => {}
                            }
                            slow!(exec::arith_imm(self, Arith::$op, plain!(), regs));
                        }};
                    }
                    macro_rules! compare {
                    ($op:ident, $how:tt) => {{
                        match (&*reg!(i.b), &*reg!(i.c)) {
                            (Value::Int(x), Value::Int(y)) => {
                                set!(i.a, Value::bool(x $how y));
                                continue 'next;
                            }
                            (Value::Float(x), Value::Float(y)) => {
                                set!(i.a, Value::bool(x.get() $how y.get()));
                                continue 'next;
                            }
                            _ => {}
                        }
                        slow!(exec::compare(self, Cmp::$op, plain!(), regs));
                    }};
                }
                    // At a safe point: does something want attention?
                    macro_rules! look_up {
                        () => {
                            if super::host::attention().load(Ordering::Relaxed) {
                                sync!();
                                break 'frame Exit::Attention;
                            }
                        };
                    }
                    // The same before an instruction that resumes a generator, which comes again after:
                    // what has run until here is not the generator.
                    macro_rules! look_up_first {
                        () => {
                            if super::host::attention().load(Ordering::Relaxed) {
                                sync!();
                                self.frame.pc = at;
                                break 'frame Exit::Attention;
                            }
                        };
                    }
                    macro_rules! branch {
                        () => {{
                            let distance = i.imm() as isize;
                            // SAFETY: the verifier has seen that the target is an instruction.
                            at = unsafe { at.offset(distance) };
                            if distance < 0 && super::host::attention().load(Ordering::Relaxed) {
                                sync!();
                                break 'frame Exit::Attention;
                            }
                        }};
                    }
                    // The next item of a loop. The jump comes first: what the variable held before may have
                    // a finalizer, after which the body goes on.
                    macro_rules! go_round {
                        ($item:expr) => {{
                            let item = $item;
                            // SAFETY: the verifier has seen that the target is an instruction.
                            at = unsafe { at.offset(i.imm() as isize) };
                            set!(i.a, item);
                            if super::host::attention().load(Ordering::Relaxed) {
                                sync!();
                                break 'frame Exit::Attention;
                            }
                        }};
                    }
                    // The rest of a compare-and-branch whose operands are no plain numbers.
                    macro_rules! slow_jump {
                        ($compare:expr, $when:literal) => {{
                            cold_path();
                            sync!();
                            let holds = check!($compare);
                            if holds == $when {
                                branch!();
                            }
                            if finalize::pending() {
                                sync!();
                                break 'frame Exit::Drain;
                            }
                        }};
                    }
                    macro_rules! compare_jump {
                    ($op:ident, $how:tt, $when:literal) => {{
                        match (&*reg!(i.a), &*reg!(i.b)) {
                            (Value::Int(x), Value::Int(y)) => {
                                if (x $how y) == $when {
                                    branch!();
                                }
                                continue 'next;
                            }
                            (Value::Float(x), Value::Float(y)) => {
                                if (x.get() $how y.get()) == $when {
                                    branch!();
                                }
                                continue 'next;
                            }
                            _ => {}
                        }
                        slow_jump!(exec::compare_bool(self, Cmp::$op, plain!(), regs), $when);
                    }};
                }
                    macro_rules! compare_jump_imm {
                    ($op:ident, $how:tt, $when:literal) => {{
                        match &*reg!(i.a) {
                            Value::Int(x) => {
                                if (*x $how i64::from(i.b as i16)) == $when {
                                    branch!();
                                }
                                continue 'next;
                            }
                            Value::Float(x) => {
                                if (x.get() $how f64::from(i.b as i16)) == $when {
                                    branch!();
                                }
                                continue 'next;
                            }
                            _ => {}
                        }
                        slow_jump!(exec::compare_bool_imm(self, Cmp::$op, plain!(), regs), $when);
                    }};
                }
                    macro_rules! truth {
                        ($dies:expr) => {
                            match &*reg!(i.a) {
                                Value::True => true,
                                Value::False | Value::None => false,
                                Value::Int(n) => *n != 0,
                                _ => {
                                    sync!();
                                    let value = if $dies {
                                        std::mem::take(reg!(i.a))
                                    } else {
                                        reg!(i.a).clone()
                                    };
                                    check!(exec::truth(self, value))
                                }
                            }
                        };
                    }
                    // A conditional long jump, whose operand may have died on the way.
                    macro_rules! jump_if {
                        ($jump:expr) => {{
                            if $jump {
                                at = before!(code, i.bc());
                                // The test of a loop stands at its end and jumps back.
                                if super::host::attention().load(Ordering::Relaxed) {
                                    sync!();
                                    break 'frame Exit::Attention;
                                }
                            }
                            if finalize::pending() {
                                sync!();
                                break 'frame Exit::Drain;
                            }
                        }};
                    }
                    macro_rules! jump_if_none {
                        ($none:expr) => {{
                            let jumps = reg!(i.a).is_none() == $none;
                            if i.t & DIES_A != 0 {
                                drop(std::mem::take(reg!(i.a)));
                                if finalize::pending() {
                                    slow_unit!(exec::before_jump(self, jumps == $none));
                                }
                                jump_if!(jumps);
                            } else if jumps {
                                at = before!(code, i.bc());
                                if super::host::attention().load(Ordering::Relaxed) {
                                    sync!();
                                    break 'frame Exit::Attention;
                                }
                            }
                        }};
                    }
                    // Continues in the frame that a cold function has set up.
                    macro_rules! flow {
                        ($call:expr) => {{
                            cold_path();
                            sync!();
                            match check!($call) {
                                Flow::Go => break 'frame Exit::Reload,
                                Flow::Halt => return Ok(()),
                            }
                        }};
                    }
                    // As `flow`, where the commonest answer is that the frame is still the same.
                    macro_rules! call {
                        ($call:expr) => {{
                            cold_path();
                            sync!();
                            match check!($call) {
                                exec::Called::Value(value) => {
                                    let old = std::mem::replace(reg!(i.a), value);
                                    drop(old);
                                    drain!();
                                    look_up!();
                                }
                                exec::Called::Reload => break 'frame Exit::Reload,
                                exec::Called::Frame => switch!(
                                    self.frame.pc.wrapping_sub(1),
                                    self.frame.regs,
                                    self.frame.code
                                ),
                            }
                        }};
                    }

                    // Makes a frame the running one, which has not begun or is suspended at a `yield`
                    // of its own, and to which the running frame delegates, to go on at `$next`. Tells
                    // what to switch to.
                    macro_rules! enter_inner {
                        ($outer:expr, $inner:expr, $next:expr) => {{
                            let (outer, inner): (&Generator, &Ref<Generator>) = ($outer, $inner);
                            let next: *const Linked = $next;
                            // SAFETY: it is inside the code of the running frame.
                            let place = unsafe { next.offset_from((*code).entry) };
                            outer.pc.set(place as u32);
                            // A root has no parent, but for the unusual.
                            if !outer.parent.get().is_null()
                                && (self.unusual_links == 0 || !self.is_root(self.frame.generator))
                            {
                                outer.state.set(GenState::Suspended);
                            }
                            inner.enter_from(outer);
                            inner.parent.set(self.frame.generator);
                            self.frame.generator = raw(inner.as_obj());
                            let inner_code: *const CodeObject = std::ptr::from_ref(&*inner.code);
                            (
                                before!(inner_code, inner.pc.get() as usize),
                                inner.tail_ptr(),
                                inner_code,
                            )
                        }};
                    }
                    // Makes the frame that delegates to the running one, which has finished or is
                    // suspended, the running one again. Tells what to switch to: behind its
                    // `Delegate`.
                    macro_rules! back_to_parent {
                        ($own:expr, $parent:expr) => {{
                            let parent: &Generator = $parent;
                            self.frame.generator = $own.parent.replace(std::ptr::null());
                            parent.state.set(GenState::Running);
                            if parent.is_handling() {
                                self.handled.set(parent.take_handled());
                            }
                            // SAFETY: the running chain keeps the parent alive.
                            let parent_regs = unsafe { registers_of(self.frame.generator) };
                            let parent_code: *const CodeObject = std::ptr::from_ref(&*parent.code);
                            (
                                before!(parent_code, parent.pc.get() as usize),
                                parent_regs,
                                parent_code,
                            )
                        }};
                    }
                    // Makes the leaf of a suspended chain, or a frame that has not begun, the running
                    // frame; its state is for the caller to set. The root stands in a register. Tells
                    // what to switch to.
                    macro_rules! resume {
                        ($root:expr, $leaf:expr, $window:expr, $deliver:expr) => {
                            resume!($root, $leaf, $window, $deliver, i.a)
                        };
                        ($root:expr, $leaf:expr, $window:expr, $deliver:expr, $dst:expr) => {{
                            let (root, leaf): (*const Header, *const Header) = ($root, $leaf);
                            let caller = Frame {
                                pc: next!(),
                                regs,
                                code,
                                ..self.frame
                            };
                            // SAFETY: there is room.
                            unsafe {
                                self.control.push_plain(
                                    Activation::to_operand(caller, $window, $deliver, $dst)
                                        .resuming(root),
                                );
                            }
                            self.frame.generator = leaf;
                            // SAFETY: the root is alive, and keeps its leaf alive.
                            let frame = unsafe { (*leaf).body_of::<Generator>() };
                            // SAFETY: as above.
                            let leaf_regs = unsafe { registers_of(leaf) };
                            let leaf_code: *const CodeObject = std::ptr::from_ref(&*frame.code);
                            (
                                before!(leaf_code, frame.pc.get() as usize),
                                leaf_regs,
                                leaf_code,
                            )
                        }};
                    }
                    // Goes on in a generator that is `AtYield`.
                    macro_rules! iterate {
                        ($generator:expr, $window:expr, $deliver:expr, $value:expr) => {{
                            let generator: &Ref<Generator> = $generator;
                            generator.state.set_iterated();
                            let root = raw(generator.as_obj());
                            let (to, to_regs, to_code) = resume!(root, root, $window, $deliver);
                            // SAFETY: it is suspended after a `Yield`.
                            let received = unsafe { (*to).a };
                            give!(to, to_regs, to_code, received, $value);
                        }};
                    }
                    // Begins a generator.
                    macro_rules! begin {
                        ($generator:expr, $window:expr, $deliver:expr) => {{
                            let generator: &Ref<Generator> = $generator;
                            generator.state.set(GenState::Running);
                            generator.set_started();
                            let root = raw(generator.as_obj());
                            let (to, to_regs, to_code) = resume!(root, root, $window, $deliver);
                            switch!(to, to_regs, to_code);
                        }};
                    }
                    // `next(g)`, `g.send(value)` and their kin: no call is made at all. The generator
                    // stays in its place in the window while it runs.
                    macro_rules! call_resuming {
                    ($first:literal) => {{
                        // SAFETY: the window is inside the frame.
                        let base = unsafe { place(regs, i.b) };
                        let given = i.c + 2 - $first;
                        // SAFETY: the callable's register is initialised.
                        if let Some(native) = unsafe { (*base).downcast::<NativeFunction>() }
                            && native.def.resumes.arguments() == given
                            && native.this.is_undef()
                            // SAFETY: the arguments are initialised.
                            && let Some(root) = unsafe { (*base.add($first)).as_ref::<Generator>() }
                            && self.control.has_room()
                            && self.handled_is_clear()
                        {
                            // SAFETY: as above.
                            let place = unsafe { base.add($first) };
                            if root.state.is_at_yield() {
                                look_up_first!();
                                let value = if given == 1 {
                                    Value::None
                                } else {
                                    // SAFETY: as above.
                                    unsafe { take(base.add($first + 1)) }
                                };
                                // SAFETY: as above.
                                drop(unsafe { take(base) });
                                iterate!(root, place, Deliver::Value, value);
                            }
                            if given == 1 && is_fresh(root) {
                                // SAFETY: as above.
                                drop(unsafe { take(base) });
                                begin!(root, place, Deliver::Value);
                            }
                        }
                    }};
                }
                    // Enters a plain function whose call window is at `$window`, once `$moved` has put
                    // it there. Does nothing if there is no room.
                    macro_rules! enter_function {
                        ($f:expr, $callee:expr, $has_self:literal, $given:expr, $window:expr, $generator:expr, $moved:expr) => {{
                            // SAFETY: the arguments follow the callable, and room for a frame's
                            // registers above the limit is reserved: see `check_room`.
                            let (args, end) = unsafe {
                                let args = $window.add(if $has_self { 1 } else { 2 });
                                (args, args.add($callee.nregs as usize))
                            };
                            if end < self.stack.limit() && self.control.has_room() {
                                let caller = Frame {
                                    pc: next!(),
                                    regs,
                                    code,
                                    generator: $generator,
                                    top: self.frame.top,
                                };
                                let activation =
                                    Activation::to_operand(caller, $window, Deliver::Call, i.a);
                                // SAFETY: there is room.
                                unsafe { self.control.push_plain(activation) };
                                $moved($given as usize + if $has_self { 1 } else { 2 });
                                // SAFETY: the callee's named registers lie below `end`.
                                unsafe {
                                    undefine(
                                        args.add($given as usize),
                                        args.add($callee.free_start as usize),
                                    );
                                    super::window::put_closure($f, $callee, args);
                                }
                                self.frame.top = end;
                                switch!(
                                    $callee.entry.wrapping_sub(1),
                                    args,
                                    std::ptr::from_ref(&**$callee)
                                );
                            }
                        }};
                    }
                    // A function whose parameters are all positional, called with an argument for
                    // each: its frame is set up here; if it suspends, its frame is made here, and
                    // entered if it is awaited at once. Goes on with the next instruction if the call
                    // is of another kind.
                    macro_rules! call_function {
                    ($has_self:literal, $given:expr) => {{
                        // SAFETY: the window is inside the frame.
                        let base = unsafe { place(regs, i.b) };
                        // SAFETY: the callable's register is initialised.
                        if let Some(f) = unsafe { (*base).downcast::<Function>() } {
                            // SAFETY: nobody replaces the code of a function that is being called.
                            let callee: &Ref<CodeObject> = unsafe { f.code.peek() };
                            let given = u32::from($given);
                            if callee.plain_args == given {
                                // A generator's registers stand in its object: the callee's go to
                                // the stack. Two copies, because most callers are plain functions,
                                // whose calls have less to keep.
                                if self.frame.generator.is_null() {
                                    enter_function!(f, callee, $has_self, given, base, std::ptr::null(), |_| {});
                                } else {
                                    let top = self.frame.top;
                                    enter_function!(f, callee, $has_self, given, top, self.frame.generator, |count: usize| {
                                        // SAFETY: nothing above the top is owned.
                                        unsafe { super::window::move_window(base, top, count) };
                                        self.frame.generator = std::ptr::null();
                                    });
                                }
                            } else if (callee.frame_args == given
                                || callee.frame_args != u32::MAX
                                    && super::window::has_defaults(f, given, callee.frame_args))
                                && f.extra.get().is_none()
                                && self.current.origin_depth.get() == 0
                            {
                                // SAFETY: behind the callable and the self slot.
                                let args = unsafe { base.add(if $has_self { 1 } else { 2 }) };
                                // Where a frame begins that is entered at once.
                                let mut begins_at = 0;
                                if callee.none_for < given
                                    && i.t & AWAITED != 0
                                    // SAFETY: two instructions follow.
                                    && callee.delegates_by == unsafe { (*at.add(1)).op }
                                {
                                    // SAFETY: the arguments are initialised.
                                    if unsafe { !(*args.add(callee.none_for as usize)).is_none() } {
                                        begins_at = callee.some_at;
                                        callee.entered.set(callee.entered.get() + 1);
                                    // SAFETY: the running frame's generator is alive.
                                    } else if let Some(outer) = unsafe { running(self.frame.generator) }
                                        && outer.depth() < CHAIN_LIMIT
                                        && !super::host::attention().load(Ordering::Relaxed)
                                    {
                                        // `await f(None)` and `yield from f(None)`, where that
                                        // returns None at once: no frame is made.
                                        callee.entered.set(callee.entered.get() + 1);
                                        // SAFETY: callable and arguments are done with; what
                                        // follows is the `Delegate`, which wants the result.
                                        let awaiting = unsafe {
                                            drop(take(base));
                                            release_registers(args, given as usize);
                                            at = at.add(2);
                                            &*at
                                        };
                                        drop(std::mem::take(reg!(i.a)));
                                        let place = reg!(awaiting.a);
                                        let gone = std::mem::take(place);
                                        if awaiting.t & DROPPED != 0 {
                                            at = at.wrapping_add(1);
                                        } else {
                                            *place = Value::None;
                                        }
                                        drop(gone);
                                        if finalize::pending() {
                                            sync!();
                                            break 'frame Exit::Drain;
                                        }
                                        continue 'next;
                                    }
                                }
                                // SAFETY: the arguments are initialised; the code has a register
                                // for each.
                                let made = unsafe {
                                    let made = Generator::for_call(callee, args, given as usize);
                                    if given != callee.frame_args {
                                        super::window::put_defaults(f, made.tail_ptr(), given, callee.frame_args);
                                    }
                                    super::window::put_closure(f, callee, made.tail_ptr());
                                    made
                                };
                                let delegates_by = callee.delegates_by;
                                // SAFETY: the callable is done with.
                                drop(unsafe { take(base) });
                                // `await f(…)` and `yield from f(…)`: it is entered at once.
                                if i.t & AWAITED != 0
                                    // SAFETY: two instructions follow.
                                    && delegates_by == unsafe { (*at.add(1)).op }
                                    && self.handled_is_clear()
                                    // SAFETY: the running frame's generator is alive.
                                    && let Some(outer) = unsafe { running(self.frame.generator) }
                                    && outer.depth() < CHAIN_LIMIT
                                {
                                    let place = reg!(i.a);
                                    made.pc.set(begins_at);
                                    // Two instructions are done with the call.
                                    let (to, to_regs, to_code) =
                                        enter_inner!(outer, &made, at.wrapping_add(3));
                                    let old = std::mem::replace(place, made.into());
                                    if let Value::Obj(_) = old {
                                        drop(old);
                                        switch_drained!(to, to_regs, to_code);
                                    }
                                    switch!(to, to_regs, to_code);
                                }
                                set!(i.a, made.into());
                                continue 'next;
                            }
                        }
                    }};
                }

                    // The running code, which is profiled, is about to be left: the time until here
                    // is its own.
                    macro_rules! book_time {
                        () => {
                            if super::host::attention().load(Ordering::Relaxed) {
                                sync!();
                                self.book_time();
                            }
                        };
                    }
                    // The running code is entered, or is about to be suspended and resumed.
                    macro_rules! count {
                        () => {{
                            // SAFETY: the running code is alive.
                            let entered = unsafe { &(*code).entered };
                            entered.set(entered.get() + 1);
                        }};
                    }
                    // A generator that is suspended gives a value to whoever resumed it by `for`, `next` or
                    // `send`.
                    macro_rules! back_to_iteration {
                        ($generator:expr, $value:expr) => {{
                            // SAFETY: it is inside the code of the running frame.
                            let place = unsafe { next!().offset_from((*code).entry) };
                            $generator.pc.set(place as u32);
                            let activation = self.control.last();
                            let (window, dst) = (activation.window, activation.dst);
                            let deliver = activation.deliver;
                            let to = activation.frame.pc.wrapping_sub(1);
                            let (to_regs, to_code) = (activation.frame.regs, activation.frame.code);
                            self.frame.generator = activation.frame.generator;
                            // Going on in a generator has not moved the top.
                            debug_assert_eq!(self.frame.top, activation.frame.top);
                            // SAFETY: it is the one that was looked at.
                            unsafe { self.control.pop_plain() };
                            if deliver == Deliver::Iter {
                                // SAFETY: the instruction that resumed the generator is
                                // its `ForIter`; the verifier has seen that its target is
                                // an instruction.
                                let to = unsafe { to.offset((*to).imm() as isize) };
                                switch_with!(to, to_regs, to_code, dst, $value);
                            }
                            if deliver == Deliver::Item {
                                self.leave_native();
                                self.outcome = Some(Outcome::Yielded($value));
                                self.frame.pc = to.wrapping_add(1);
                                self.frame.regs = to_regs;
                                self.frame.code = to_code;
                                return Ok(());
                            }
                            // SAFETY: the generator still stands in the window.
                            drop(unsafe { take(window) });
                            if finalize::pending() {
                                let place = reg_in!(to_regs, to_code, dst);
                                drop(std::mem::replace(place, $value));
                                switch_drained!(to, to_regs, to_code);
                            }
                            switch_with!(to, to_regs, to_code, dst, $value);
                        }};
                    }
                    // What `Yield` and `Return` have in common with their twins that are profiled comes
                    // behind.
                    let value = 'leave: {
                        'suspend: {
                            match i.op {
                                Op::Nop => {}
                                Op::LoadConst => set!(i.a, konst!(i.bc()).clone()),
                                Op::Move => set!(i.a, operand!(b, DIES_B)),
                                Op::Copy => set!(i.a, reg!(i.b).clone()),
                                Op::Clear => set!(i.a, Value::Undef),
                                Op::CheckBound => {
                                    if reg!(i.a).is_undef() {
                                        sync!();
                                        break 'frame Exit::Raise(exec::unbound_local(
                                            self,
                                            plain!().a,
                                        ));
                                    }
                                }
                                Op::DeleteLocal => {
                                    if reg!(i.a).is_undef() {
                                        sync!();
                                        break 'frame Exit::Raise(exec::unbound_local(
                                            self,
                                            plain!().a,
                                        ));
                                    }
                                    set!(i.a, Value::Undef);
                                }
                                Op::MakeCell => {
                                    let content = std::mem::take(reg!(i.a));
                                    *reg!(i.a) = exec::make_cell(content);
                                }
                                Op::LoadCell => {
                                    let value =
                                        match reg!(i.b).downcast::<super::object::CellObject>() {
                                            Some(cell) => cell.content.get(),
                                            None => Value::Undef,
                                        };
                                    if value.is_undef() {
                                        sync!();
                                        break 'frame Exit::Raise(exec::unbound_cell(
                                            self,
                                            plain!().b,
                                        ));
                                    }
                                    set!(i.a, value);
                                }
                                Op::StoreCell => {
                                    let value = operand!(b, DIES_B);
                                    if let Some(cell) =
                                        reg!(i.a).downcast::<super::object::CellObject>()
                                        && let Value::Obj(old) = cell.content.replace(value)
                                    {
                                        drop(old);
                                        sync!();
                                        drain!();
                                    }
                                }
                                Op::DeleteCell => slow_unit!(exec::delete_cell(self, plain!().a)),
                                Op::LoadGlobal => {
                                    let cache = site!(i.bc());
                                    // SAFETY: the running code is alive.
                                    let (globals, builtins) =
                                        unsafe { (&(*code).globals, &(*code).builtins) };
                                    let place = cached_global(cache, globals, builtins);
                                    if place.is_null() {
                                        slow!(exec::load_global(self, i.bc()));
                                    } else {
                                        // SAFETY: while the versions are those of the cache, the value stands
                                        // where it stood.
                                        set!(i.a, unsafe { (*place).clone() });
                                    }
                                }
                                Op::StoreGlobal => {
                                    let value = operand!(a, DIES_A);
                                    slow_unit!(exec::store_global(self, plain!().site(), value));
                                }
                                Op::DeleteGlobal => {
                                    slow_unit!(exec::delete_global(self, plain!().site()))
                                }
                                Op::LoadName => slow!(exec::load_name(self, plain!().site(), None)),
                                Op::StoreName => {
                                    let value = operand!(a, DIES_A);
                                    slow_unit!(exec::store_name(self, plain!().site(), value));
                                }
                                Op::DeleteName => {
                                    slow_unit!(exec::delete_name(self, plain!().site()))
                                }
                                Op::LoadNameOrCell => {
                                    slow!(exec::load_name(self, plain!().site(), Some(plain!().b)))
                                }
                                Op::LoadIntrinsic => slow!(exec::intrinsic(self, i.b)),

                                Op::Add => arith!(Add, |x, y| x.checked_add(y), |x, y| Some(x + y)),
                                Op::Sub => arith!(Sub, |x, y| x.checked_sub(y), |x, y| Some(x - y)),
                                Op::Mul => arith!(Mul, |x, y| x.checked_mul(y), |x, y| Some(x * y)),
                                Op::Div => arith!(Div, |_, _| None, float_div),
                                Op::FloorDiv => arith!(FloorDiv, floor_div, |_, _| None),
                                Op::Mod => arith!(Mod, floor_mod, |_, _| None),
                                Op::BitAnd => arith!(And, |x, y| Some(x & y), |_, _| None),
                                Op::BitOr => arith!(Or, |x, y| Some(x | y), |_, _| None),
                                Op::BitXor => arith!(Xor, |x, y| Some(x ^ y), |_, _| None),
                                Op::LShift => arith!(LShift, shift_left, |_, _| None),
                                Op::RShift => arith!(RShift, shift_right, |_, _| None),
                                Op::MatMul => {
                                    slow!(exec::arith(self, Arith::MatMul, plain!(), regs))
                                }
                                Op::Pow => arith!(Pow, |_, _| None, float_pow),
                                Op::AddI => {
                                    arith_imm!(Add, |x, y| x.checked_add(y), |x, y| Some(x + y))
                                }
                                Op::SubI => {
                                    arith_imm!(Sub, |x, y| x.checked_sub(y), |x, y| Some(x - y))
                                }
                                Op::MulI => {
                                    arith_imm!(Mul, |x, y| x.checked_mul(y), |x, y| Some(x * y))
                                }
                                Op::FloorDivI => arith_imm!(FloorDiv, floor_div, |_, _| None),
                                Op::ModI => arith_imm!(Mod, floor_mod, |_, _| None),
                                Op::AddK => {
                                    arith_const!(Add, |x, y| x.checked_add(y), |x, y| Some(x + y))
                                }
                                Op::SubK => {
                                    arith_const!(Sub, |x, y| x.checked_sub(y), |x, y| Some(x - y))
                                }
                                Op::MulK => {
                                    arith_const!(Mul, |x, y| x.checked_mul(y), |x, y| Some(x * y))
                                }
                                Op::DivK => arith_const!(Div, |_, _| None, float_div),
                                Op::FloorDivK => arith_const!(FloorDiv, floor_div, |_, _| None),
                                Op::ModK => arith_const!(Mod, floor_mod, |_, _| None),
                                Op::BitAndK => arith_const!(And, |x, y| Some(x & y), |_, _| None),
                                Op::Neg => match &*reg!(i.b) {
                                    Value::Int(n) if *n != i64::MIN => set!(i.a, Value::Int(-*n)),
                                    Value::Float(f) => set!(i.a, Value::float(-f.get())),
                                    _ => slow!(exec::unary(
                                        self,
                                        super::ops::arith::Unary::Neg,
                                        plain!(),
                                        regs
                                    )),
                                },
                                Op::Pos => slow!(exec::unary(
                                    self,
                                    super::ops::arith::Unary::Pos,
                                    plain!(),
                                    regs
                                )),
                                Op::Invert => {
                                    slow!(exec::unary(
                                        self,
                                        super::ops::arith::Unary::Invert,
                                        plain!(),
                                        regs
                                    ))
                                }
                                Op::Not => match &*reg!(i.b) {
                                    Value::True => set!(i.a, Value::False),
                                    Value::False | Value::None => set!(i.a, Value::True),
                                    _ => slow!(exec::not(self, plain!(), regs)),
                                },

                                Op::Lt => compare!(Lt, <),
                                Op::Le => compare!(Le, <=),
                                Op::Eq => compare!(Eq, ==),
                                Op::Ne => compare!(Ne, !=),
                                Op::Gt => compare!(Gt, >),
                                Op::Ge => compare!(Ge, >=),
                                Op::Is | Op::IsNot => {
                                    let same = reg!(i.b).is(&*reg!(i.c));
                                    let dying = i.t & (DIES_B | DIES_C);
                                    if dying & DIES_B != 0 {
                                        drop(std::mem::take(reg!(i.b)));
                                    }
                                    if dying & DIES_C != 0 {
                                        drop(std::mem::take(reg!(i.c)));
                                    }
                                    set!(i.a, Value::bool(same == is_op!(Op::Is)));
                                    if dying != 0 {
                                        sync!();
                                        drain!();
                                    }
                                }
                                Op::In => slow!(exec::contains(self, plain!(), regs)),
                                Op::NotIn => slow!(exec::contains(self, plain!(), regs)),

                                Op::Jump => {
                                    at = before!(code, i.bc());
                                    if super::host::attention().load(Ordering::Relaxed) {
                                        sync!();
                                        break 'frame Exit::Attention;
                                    }
                                }
                                Op::JumpIfTrue => jump_if!(truth!(i.t & DIES_A != 0)),
                                Op::JumpIfFalse => jump_if!(!truth!(i.t & DIES_A != 0)),
                                Op::JumpIfTrueKeep => jump_if!(truth!(false)),
                                Op::JumpIfFalseKeep => jump_if!(!truth!(false)),
                                Op::JumpIfNone => jump_if_none!(true),
                                Op::JumpIfNotNone => jump_if_none!(false),
                                Op::JumpIfLt => compare_jump!(Lt, <, true),
                                Op::JumpIfNotLt => compare_jump!(Lt, <, false),
                                Op::JumpIfLe => compare_jump!(Le, <=, true),
                                Op::JumpIfNotLe => compare_jump!(Le, <=, false),
                                Op::JumpIfGt => compare_jump!(Gt, >, true),
                                Op::JumpIfNotGt => compare_jump!(Gt, >, false),
                                Op::JumpIfGe => compare_jump!(Ge, >=, true),
                                Op::JumpIfNotGe => compare_jump!(Ge, >=, false),
                                Op::JumpIfEq => compare_jump!(Eq, ==, true),
                                Op::JumpIfNotEq => compare_jump!(Eq, ==, false),
                                Op::JumpIfNe => compare_jump!(Ne, !=, true),
                                Op::JumpIfNotNe => compare_jump!(Ne, !=, false),
                                Op::JumpIfLtI => compare_jump_imm!(Lt, <, true),
                                Op::JumpIfNotLtI => compare_jump_imm!(Lt, <, false),
                                Op::JumpIfLeI => compare_jump_imm!(Le, <=, true),
                                Op::JumpIfNotLeI => compare_jump_imm!(Le, <=, false),
                                Op::JumpIfGtI => compare_jump_imm!(Gt, >, true),
                                Op::JumpIfNotGtI => compare_jump_imm!(Gt, >, false),
                                Op::JumpIfGeI => compare_jump_imm!(Ge, >=, true),
                                Op::JumpIfNotGeI => compare_jump_imm!(Ge, >=, false),
                                Op::JumpIfEqI => compare_jump_imm!(Eq, ==, true),
                                Op::JumpIfNotEqI => compare_jump_imm!(Eq, ==, false),
                                Op::JumpIfNeI => compare_jump_imm!(Ne, !=, true),
                                Op::JumpIfNotNeI => compare_jump_imm!(Ne, !=, false),

                                Op::LoadAttr => {
                                    let cache = site!(i.c as usize);
                                    if let Some(instance) = reg!(i.b).as_ref::<Instance>()
                                        && instance.keys() == cache.keys.get()
                                    {
                                        let value = instance.slot_at(cache.slot.get());
                                        if i.t & DIES_B != 0 {
                                            set_after!(i.a, value, reg!(i.b));
                                        }
                                        set!(i.a, value);
                                        continue 'next;
                                    }
                                    slow!(exec::load_attr(self, plain!(), regs));
                                }
                                Op::StoreAttr => {
                                    let cache = site!(i.c as usize);
                                    if i.t & DIES_A == 0
                                        && let Some(instance) = reg!(i.a).as_ref::<Instance>()
                                        && instance.keys() == cache.keys.get()
                                    {
                                        let value = operand!(b, DIES_B);
                                        let old = instance.replace_slot_at(cache.slot.get(), value);
                                        if let Value::Obj(_) = old {
                                            drop(old);
                                            sync!();
                                            drain!();
                                        }
                                        continue 'next;
                                    }
                                    // An attribute that the instance gets here.
                                    if i.t & DIES_A == 0
                                        && let Some(instance) = reg!(i.a).as_ref::<Instance>()
                                        && cache.kind.get() == hit::ADD
                                        && cache.holds_otherwise(instance.keys())
                                        && let Some(shape) = cache.added_shape()
                                    {
                                        let value = operand!(b, DIES_B);
                                        instance.become_shape(shape);
                                        std::mem::forget(
                                            instance.replace_slot_at(cache.slot.get(), value),
                                        );
                                        continue 'next;
                                    }
                                    slow_unit!(exec::store_attr(self, plain!(), regs));
                                }
                                Op::DeleteAttr => {
                                    let obj = operand!(a, DIES_A);
                                    slow_unit!(exec::delete_attr(self, plain!().site(), obj));
                                }
                                Op::LoadMethod => {
                                    let cache = site!(i.c as usize);
                                    if let Some(instance) = reg!(i.b).as_ref::<Instance>()
                                        && instance.keys() == cache.keys.get()
                                    {
                                        let this = operand!(b, DIES_B);
                                        set!(i.a, cache.value.get());
                                        set!(i.a + NEXT, this);
                                        continue 'next;
                                    }
                                    // A method of a built-in object: `items.append`.
                                    if let Value::Obj(obj) = reg!(i.b)
                                        && cache.kind.get() == hit::BUILTIN_METHOD
                                        && cache.slot.get() == obj.kind() as u32
                                        && (obj.kind() != Kind::Generator
                                            || obj
                                                .as_ref::<Generator>()
                                                .is_some_and(|g| g.kind() == GenKind::Generator))
                                    {
                                        // `generator.send(x)`, where that goes on at a `yield`: done here.
                                        if cache.key2() == hit::SEND
                                            && let Some(generator) = obj.as_ref::<Generator>()
                                            && generator.state.is_at_yield()
                                            && self.control.has_room()
                                            && self.handled_is_clear()
                                            && reg!(i.a).as_obj().is_none()
                                            && reg!(i.a + NEXT).as_obj().is_none()
                                        {
                                            look_up_first!();
                                            // SAFETY: who set the key has seen the two instructions.
                                            let (argument, call) = unsafe {
                                                (&*at.wrapping_add(1), &*at.wrapping_add(2))
                                            };
                                            let value = match argument.op {
                                                Op::LoadConst => konst!(argument.bc()).clone(),
                                                _ => reg!(argument.b).clone(),
                                            };
                                            generator.state.set_iterated();
                                            let root = raw(generator.as_obj());
                                            let this = operand!(b, DIES_B);
                                            let window: *mut Value = reg!(i.a + NEXT);
                                            // SAFETY: what is overwritten owns nothing.
                                            unsafe { window.write(this) };
                                            at = call;
                                            let (to, to_regs, to_code) =
                                                resume!(root, root, window, Deliver::Value, call.a);
                                            // SAFETY: it is suspended after a `Yield`.
                                            let received = unsafe { (*to).a };
                                            give!(to, to_regs, to_code, received, value);
                                        }
                                        let this = operand!(b, DIES_B);
                                        set!(i.a, cache.value.get());
                                        set!(i.a + NEXT, this);
                                        continue 'next;
                                    }
                                    // That of a future or deque, or of another object with a class.
                                    if let Value::Obj(obj) = reg!(i.b)
                                        && cache.kind.get() == hit::BUILTIN_METHOD
                                        && exec::shared_version(self, obj) == cache.key()
                                    {
                                        let this = operand!(b, DIES_B);
                                        set!(i.a, cache.value.get());
                                        set!(i.a + NEXT, this);
                                        continue 'next;
                                    }
                                    // A function of a module: `asyncio.sleep(…)`.
                                    if let Value::Obj(obj) = reg!(i.b)
                                        && cache.kind.get() == hit::ENTRY
                                        && cache.value.holds(obj)
                                        && let Some(value) = cached_entry(cache, obj)
                                    {
                                        if i.t & DIES_B != 0 {
                                            drop(std::mem::take(reg!(i.b)));
                                        }
                                        set!(i.a, value);
                                        set!(i.a + NEXT, Value::Undef);
                                        continue 'next;
                                    }
                                    slow_unit!(exec::load_method(self, plain!(), regs));
                                }
                                Op::GetItem => {
                                    match (&*reg!(i.b), &*reg!(i.c)) {
                                        (Value::Obj(obj), Value::Int(n)) => {
                                            let found = match obj.kind() {
                                                Kind::List => {
                                                    obj.downcast::<List>().and_then(|list| {
                                                        // SAFETY: nobody holds a mutable borrow while bytecode runs.
                                                        let items = unsafe {
                                                            list.items.try_borrow_unguarded()
                                                        }
                                                        .ok()?;
                                                        items
                                                            .get(wrap_index(*n, items.len()))
                                                            .cloned()
                                                    })
                                                }
                                                Kind::Tuple => {
                                                    obj.as_ref::<Tuple>().and_then(|t| {
                                                        t.items()
                                                            .get(wrap_index(*n, t.items().len()))
                                                            .cloned()
                                                    })
                                                }
                                                _ => None,
                                            };
                                            if let Some(value) = found {
                                                if i.t & DIES_B != 0 {
                                                    set_after!(i.a, value, reg!(i.b));
                                                }
                                                set!(i.a, value);
                                                continue 'next;
                                            }
                                        }
                                        (Value::Obj(obj), Value::Obj(key)) => {
                                            if let (Some(dict), Some(name)) =
                                                (obj.downcast::<Dict>(), key.as_ref::<Str>())
                                                && let Some(value) = dict.get_str(name)
                                            {
                                                if i.t & (DIES_B | DIES_C) != 0 {
                                                    let _ =
                                                        (operand!(b, DIES_B), operand!(c, DIES_C));
                                                }
                                                set!(i.a, value);
                                                continue 'next;
                                            }
                                        }
                                        _ => {}
                                    }
                                    slow!(exec::get_item(self, plain!(), regs));
                                }
                                Op::SetItem => {
                                    if let (Value::Obj(obj), Value::Int(n)) =
                                        (&*reg!(i.a), &*reg!(i.b))
                                        && i.t & DIES_A == 0
                                        && let Some(list) = obj.downcast::<List>()
                                        && let Ok(mut items) = list.items.try_borrow_mut()
                                    {
                                        let at = wrap_index(*n, items.len());
                                        if let Some(place) = items.get_mut(at) {
                                            let value = operand!(c, DIES_C);
                                            let old = std::mem::replace(place, value);
                                            drop(items);
                                            if let Value::Obj(_) = old {
                                                drop(old);
                                                sync!();
                                                drain!();
                                            }
                                            continue 'next;
                                        }
                                    }
                                    slow_unit!(exec::set_item(self, plain!(), regs));
                                }
                                Op::DelItem => slow_unit!(exec::del_item(self, plain!(), regs)),
                                Op::BuildSlice => slow!(exec::build_slice(plain!(), regs)),
                                Op::BuildList => slow!(exec::build_list(plain!(), regs)),
                                Op::BuildTuple => slow!(exec::build_tuple(plain!(), regs)),
                                Op::BuildSet => slow!(exec::build_set(self, plain!(), regs)),
                                Op::BuildDict => slow!(exec::build_dict(self, plain!(), regs)),
                                Op::BuildString => slow!(exec::build_string(self, plain!(), regs)),
                                Op::ListAppend => {
                                    let value = operand!(b, DIES_B);
                                    if let Some(list) = reg!(i.a).downcast::<List>()
                                        && let Ok(mut items) = list.items.try_borrow_mut()
                                    {
                                        items.push(value);
                                    }
                                }
                                Op::ListExtend => {
                                    let (list, value) = (reg!(i.a).clone(), operand!(b, DIES_B));
                                    slow_unit!(exec::list_extend(self, list, value));
                                }
                                Op::ListToTuple => {
                                    let list = operand!(b, DIES_B);
                                    slow!(exec::list_to_tuple(list));
                                }
                                Op::SetAdd => slow_unit!(exec::set_add(self, plain!(), regs)),
                                Op::SetUpdate => {
                                    let (set, value) = (reg!(i.a).clone(), operand!(b, DIES_B));
                                    slow_unit!(exec::set_update(self, set, value));
                                }
                                Op::DictSet => slow_unit!(exec::dict_set(self, plain!(), regs)),
                                Op::DictUpdate => {
                                    let (dict, value) = (reg!(i.a).clone(), operand!(b, DIES_B));
                                    slow_unit!(exec::dict_update(self, dict, value));
                                }
                                Op::DictMerge => {
                                    let (dict, value, func) =
                                        (reg!(i.a).clone(), operand!(b, DIES_B), reg!(i.c).clone());
                                    slow_unit!(exec::dict_merge(self, dict, value, func));
                                }
                                Op::FormatValue => slow!(exec::format_value(self, plain!(), regs)),
                                Op::Unpack => {
                                    let value = operand!(b, DIES_B);
                                    slow_unit!(exec::unpack(self, plain!(), regs, value));
                                }
                                Op::UnpackStar => {
                                    let value = operand!(b, DIES_B);
                                    slow_unit!(exec::unpack_star(self, plain!(), regs, value));
                                }

                                Op::Call => {
                                    call_function!(false, i.c);
                                    call_resuming!(2);
                                    call!(exec::call(self, plain!(), false));
                                }
                                Op::CallMethod => {
                                    // SAFETY: the window is inside the frame, its self slot initialised.
                                    if unsafe { !(*place(regs, i.b + NEXT)).is_undef() } {
                                        call_function!(true, i.c + 1);
                                        call_resuming!(1);
                                    } else {
                                        call_function!(false, i.c);
                                    }
                                    call!(exec::call(self, plain!(), true));
                                }
                                Op::CallKw => {
                                    call!(exec::call_kw(self, plain!(), i.t & METHOD != 0))
                                }
                                Op::CallEx => call!(exec::call_ex(self, plain!())),
                                Op::MakeFunction => {
                                    slow!(exec::make_function(self, plain!(), regs))
                                }
                                Op::Return => break 'leave operand!(a, DIES_A),
                                Op::ReturnNone => break 'leave Value::None,

                                Op::GetIter => {
                                    let value = operand!(b, DIES_B);
                                    slow!(self.iter(&value));
                                }
                                Op::ForPrep => {
                                    let value = operand!(b, DIES_B);
                                    sync!();
                                    check!(exec::for_prep(self, plain!(), regs, value));
                                    // SAFETY: the verifier has seen that the target is an instruction.
                                    at = unsafe { at.offset(i.imm() as isize) };
                                }
                                Op::ForIter => {
                                    match reg!(i.b) {
                                        Value::Int(next) => {
                                            if let (Value::Int(left), Value::Int(step)) =
                                                (reg!(i.b + NEXT), &*reg!(i.b + 2 * NEXT))
                                            {
                                                if *left > 0 {
                                                    let item = *next;
                                                    *next = item.wrapping_add(*step);
                                                    *left -= 1;
                                                    go_round!(Value::Int(item));
                                                }
                                                continue 'next;
                                            }
                                        }
                                        Value::Obj(obj) => match obj.kind() {
                                            Kind::List => {
                                                if let (Value::Int(at), Some(list)) =
                                                    (&*reg!(i.b + NEXT), obj.downcast::<List>())
                                                {
                                                    let at = *at;
                                                    // SAFETY: nobody holds a mutable borrow while bytecode runs.
                                                    let item = unsafe {
                                                        list.items.try_borrow_unguarded()
                                                    }
                                                    .ok()
                                                    .and_then(|items| {
                                                        items.get(at as usize).cloned()
                                                    });
                                                    match item {
                                                        Some(item) => {
                                                            *reg!(i.b + NEXT) = Value::Int(at + 1);
                                                            go_round!(item);
                                                        }
                                                        None => set!(i.b, Value::Undef),
                                                    }
                                                    continue 'next;
                                                }
                                            }
                                            Kind::Tuple => {
                                                if let (Value::Int(at), Some(tuple)) =
                                                    (&*reg!(i.b + NEXT), obj.as_ref::<Tuple>())
                                                {
                                                    let at = *at;
                                                    match tuple.items().get(at as usize).cloned() {
                                                        Some(item) => {
                                                            *reg!(i.b + NEXT) = Value::Int(at + 1);
                                                            go_round!(item);
                                                        }
                                                        None => set!(i.b, Value::Undef),
                                                    }
                                                    continue 'next;
                                                }
                                            }
                                            Kind::Generator => {
                                                look_up_first!();
                                                if let Some(generator) = obj.as_ref::<Generator>()
                                                    && self.control.has_room()
                                                    && self.handled_is_clear()
                                                {
                                                    if generator.state.is_at_yield() {
                                                        iterate!(
                                                            generator,
                                                            std::ptr::null_mut(),
                                                            Deliver::Iter,
                                                            Value::None
                                                        );
                                                    }
                                                    if is_fresh(generator) {
                                                        begin!(
                                                            generator,
                                                            std::ptr::null_mut(),
                                                            Deliver::Iter
                                                        );
                                                    }
                                                }
                                                // A chain: straight to its leaf.
                                                if let Some(root) = obj.as_ref::<Generator>()
                                                    && root.state.get() == GenState::Suspended
                                                    && root.parent.get().is_null()
                                                    && self.control.has_room()
                                                    && self.handled_is_clear()
                                                    && let Some(leaf) = leaf_at_yield(root)
                                                {
                                                    root.state.set(GenState::Running);
                                                    // SAFETY: the root keeps its leaf alive.
                                                    let frame =
                                                        unsafe { (*leaf).body_of::<Generator>() };
                                                    frame.state.set(GenState::Running);
                                                    let (to, to_regs, to_code) = resume!(
                                                        raw(root.as_obj()),
                                                        leaf,
                                                        std::ptr::null_mut(),
                                                        Deliver::Iter
                                                    );
                                                    // SAFETY: the leaf is suspended after a `Yield`.
                                                    let received = unsafe { (*to).a };
                                                    give!(
                                                        to,
                                                        to_regs,
                                                        to_code,
                                                        received,
                                                        Value::None
                                                    );
                                                }
                                            }
                                            _ => {}
                                        },
                                        _ => {}
                                    }
                                    sync!();
                                    match check!(exec::for_iter(self, plain!(), regs)) {
                                        exec::Iterated::Item(item) => {
                                            go_round!(item);
                                        }
                                        exec::Iterated::Unpacked => {
                                            // The `Unpack` that the loop begins with is done.
                                            // SAFETY: no verified path ends with it.
                                            at = unsafe { at.offset(i.imm() as isize + 1) };
                                            if super::host::attention().load(Ordering::Relaxed) {
                                                sync!();
                                                break 'frame Exit::Attention;
                                            }
                                        }
                                        exec::Iterated::Frame => break 'frame Exit::Reload,
                                        exec::Iterated::End => {}
                                    }
                                    sync!();
                                    drain!();
                                }
                                Op::GetAIter => {
                                    let value = operand!(b, DIES_B);
                                    slow!(exec::get_aiter(self, value));
                                }
                                Op::GetANext => {
                                    // An async generator that nobody has overridden: entered at once.
                                    if i.t & AWAITED != 0
                            && let Some(inner) = reg!(i.b).as_ref::<Generator>()
                            && super::asyncgen::can_enter(&self.current, inner)
                            && self.handled_is_clear()
                            // SAFETY: the running frame's generator is alive.
                            && let Some(outer) = unsafe { running(self.frame.generator) }
                            && outer.depth() < CHAIN_LIMIT
                                    {
                                        let inner = inner.clone();
                                        let place = reg!(i.a);
                                        inner.set_async_running(true);
                                        let created = inner.state.get() == GenState::Created;
                                        // `GetAwaitable` and `Delegate` follow.
                                        let (to, to_regs, to_code) =
                                            enter_inner!(outer, &inner, at.wrapping_add(3));
                                        drop(std::mem::replace(place, inner.into()));
                                        if created {
                                            switch!(to, to_regs, to_code);
                                        }
                                        // SAFETY: it is suspended after a `Yield`.
                                        let received = unsafe { (*to).a };
                                        switch_with!(to, to_regs, to_code, received, Value::None);
                                    }
                                    let value = reg!(i.b).clone();
                                    slow!(exec::get_anext(self, value));
                                }

                                Op::Yield => break 'suspend,
                                Op::GetYieldFrom => {
                                    // Generators are their own iterators.
                                    if let Some(generator) = reg!(i.b).downcast::<Generator>()
                                        && generator.kind() == GenKind::Generator
                                    {
                                        set!(i.a, operand!(b, DIES_B));
                                        continue 'next;
                                    }
                                    let value = operand!(b, DIES_B);
                                    slow!(exec::get_yield_from(self, value));
                                }
                                Op::GetAwaitable => {
                                    // Coroutines are their own iterators.
                                    if let Some(generator) = reg!(i.b).downcast::<Generator>()
                                        && generator.kind() == GenKind::Coroutine
                                        && generator.state.get() == GenState::Created
                                    {
                                        set!(i.a, operand!(b, DIES_B));
                                        continue 'next;
                                    }
                                    if let Value::Obj(obj) = reg!(i.b)
                                        && (self.current.next_turn.holds(obj)
                                            || obj
                                                .downcast::<Future>()
                                                .is_some_and(Future::is_plain))
                                    {
                                        set!(i.a, operand!(b, DIES_B));
                                        continue 'next;
                                    }
                                    let value = operand!(b, DIES_B);
                                    slow!(exec::get_awaitable(self, value, i.c));
                                }
                                Op::Delegate => {
                                    // The commonest case: a coroutine or generator that has not begun.
                                    if let Some(inner) = reg!(i.b).as_ref::<Generator>()
                            && inner.state.get() == GenState::Created
                            && inner.kind() != GenKind::AsyncGenerator
                            && inner.parent.get().is_null()
                            && self.input.is_none()
                            && self.handled_is_clear()
                            // SAFETY: the running frame's generator is alive.
                            && let Some(outer) = unsafe { running(self.frame.generator) }
                            && outer.depth() < CHAIN_LIMIT
                                    {
                                        let (to, to_regs, to_code) =
                                            enter_inner!(outer, inner, next!());
                                        switch!(to, to_regs, to_code);
                                    }
                                    if let Value::Obj(obj) = reg!(i.b)
                                        && self.input.is_none()
                                    {
                                        let given = if self.current.next_turn.holds(obj) {
                                            // What stands in the register tells that the turn is given
                                            // away. Nothing ends here: the VM keeps the object.
                                            drop(std::mem::replace(reg!(i.b), Value::None));
                                            Some(Value::None)
                                        } else if let Some(future) = obj.downcast::<Future>()
                                            && !future.is_done()
                                            && !future.blocking().replace(true)
                                        {
                                            Some(reg!(i.b).clone())
                                        } else {
                                            None
                                        };
                                        if let Some(given) = given {
                                            flow!(self.suspend_with(given));
                                        }
                                    }
                                    flow!(self.delegate())
                                }

                                Op::EnterWith => {
                                    slow_unit!(exec::enter_with(self, plain!(), regs, false))
                                }
                                Op::EnterAsyncWith => {
                                    slow_unit!(exec::enter_with(self, plain!(), regs, true))
                                }
                                Op::ExitWith => slow!(exec::exit_with(self, plain!(), regs)),
                                Op::Raise => {
                                    sync!();
                                    break 'frame Exit::Raise(exec::raise(self, plain!(), regs));
                                }
                                Op::Reraise => {
                                    let exception = operand!(a, DIES_A);
                                    sync!();
                                    break 'frame Exit::Raise(self.reraise(exception));
                                }
                                Op::PushExc => {
                                    // SAFETY: the running frame's generator is alive.
                                    if let Some(own) = unsafe { running(self.frame.generator) } {
                                        own.state.set(GenState::Running);
                                    }
                                    let previous = self.push_handled(reg!(i.a).clone());
                                    *reg!(i.a + NEXT) = previous;
                                }
                                Op::PopExc => {
                                    let previous = std::mem::take(reg!(i.a + NEXT));
                                    let handled = self.pop_handled(previous);
                                    drop(handled);
                                    set!(i.a, Value::Undef);
                                    sync!();
                                    drain!();
                                }
                                Op::ExcMatches => slow!(exec::exc_matches(self, plain!(), regs)),
                                Op::ExcStarMatches => {
                                    let class = operand!(c, DIES_C);
                                    slow_unit!(exec::exc_star_matches(self, plain!(), regs, class));
                                }
                                Op::ExcStarResult => {
                                    let (original, raised) =
                                        (operand!(b, DIES_B), operand!(c, DIES_C));
                                    slow!(exec::exc_star_result(self, original, raised));
                                }

                                Op::ImportName => slow!(exec::import_name(self, plain!(), regs)),
                                Op::ImportFrom => {
                                    let module = reg!(i.b).clone();
                                    slow!(exec::import_from(self, plain!().site(), module));
                                }
                                Op::ImportStar => {
                                    let module = operand!(a, DIES_A);
                                    slow_unit!(exec::import_star(self, module));
                                }

                                Op::MatchSequence => {
                                    let subject = reg!(i.b).clone();
                                    slow!(exec::match_sequence(self, subject));
                                }
                                Op::MatchMapping => {
                                    let subject = reg!(i.b).clone();
                                    slow!(exec::match_mapping(self, subject));
                                }
                                Op::MatchKeys => {
                                    let (subject, keys) = (reg!(i.b).clone(), operand!(c, DIES_C));
                                    slow!(exec::match_keys(self, subject, keys));
                                }
                                Op::MatchClass => slow!(exec::match_class(self, plain!(), regs)),
                                Op::GetLen => {
                                    let subject = reg!(i.b).clone();
                                    slow!(exec::get_len(self, subject));
                                }
                                Op::Mark => slow_unit!(self.mark()),
                                Op::ProfiledEntry => {
                                    count!();
                                    if super::host::attention().load(Ordering::Relaxed) {
                                        sync!();
                                        self.book_time_of_caller();
                                        break 'frame Exit::Attention;
                                    }
                                }
                                Op::ProfiledResumption => count!(),
                                Op::ProfiledReturn => {
                                    book_time!();
                                    break 'leave operand!(a, DIES_A);
                                }
                                Op::ProfiledReturnNone => {
                                    book_time!();
                                    break 'leave Value::None;
                                }
                                Op::ProfiledYield => {
                                    book_time!();
                                    count!();
                                    // The commonest case has a way of its own: the jump to that of `Yield`
                                    // takes longer than to count.
                                    // SAFETY: only generators yield: the running frame's is alive.
                                    let own =
                                        unsafe { (*self.frame.generator).body_of::<Generator>() };
                                    if own.state.is_iterated() {
                                        debug_assert!(self.handled_is_clear());
                                        // With one read less, a profiled `send` takes six hundredths
                                        // less time.
                                        let (t, b) = i.tb();
                                        let value = if t & DIES_B != 0 {
                                            std::mem::take(reg!(b))
                                        } else {
                                            reg!(b).clone()
                                        };
                                        own.state.set_at_yield();
                                        back_to_iteration!(own, value);
                                    }
                                    break 'suspend;
                                }
                            }
                            continue 'next;
                        }
                        // The running frame is suspended with the value of its `yield`.
                        let value = operand!(b, DIES_B);
                        // The commonest case: a generator that was at its `yield` when it was
                        // resumed, and is there again.
                        // SAFETY: only generators yield: the running frame's is alive.
                        let own = unsafe { (*self.frame.generator).body_of::<Generator>() };
                        let suspended = if own.state.is_iterated() {
                            debug_assert!(self.handled_is_clear());
                            own.state.set_at_yield();
                            Some(own)
                        } else if self.handled_is_clear() {
                            // One resumed by a `for`, `next` or `send` for the first time, or
                            // the leaf of a chain that was resumed by them.
                            self.suspend_iterated(own)
                        } else {
                            None
                        };
                        if let Some(generator) = suspended {
                            back_to_iteration!(generator, value);
                        }
                        // An async generator that was entered by the `async for` of its parent.
                        let own_header = self.frame.generator;
                        if own.kind() == GenKind::AsyncGenerator
                            && self.handled_is_clear()
                            && self.unusual_links == 0
                            // SAFETY: the parent of a frame in the running chain is alive.
                            && let Some(parent) = unsafe { running(own.parent.get()) }
                            && super::delegate::is_direct(own.parent.get(), parent, own_header)
                        {
                            // SAFETY: it is inside the code of the running frame.
                            let place = unsafe { next!().offset_from((*code).entry) };
                            own.pc.set(place as u32);
                            own.state.set(GenState::Suspended);
                            own.set_async_running(false);
                            let (to, to_regs, to_code) = back_to_parent!(own, parent);
                            // SAFETY: the parent is suspended at its `Delegate`.
                            let awaiting = unsafe { *to };
                            drop(std::mem::take(reg_in!(to_regs, to_code, awaiting.b)));
                            drop(std::mem::replace(
                                reg_in!(to_regs, to_code, awaiting.a),
                                value,
                            ));
                            switch_drained!(to, to_regs, to_code);
                        }
                        sync!();
                        flow!(self.yield_value(value));
                    };
                    // It is left with a value.
                    if self.frame.generator.is_null() {
                        if std::ptr::eq(regs, self.framed) {
                            sync!();
                            self.end_frame();
                        }
                        // SAFETY: the running code is alive until its window is released.
                        let named = unsafe { (*code).nnamed as usize };
                        // SAFETY: named registers are initialised in every frame.
                        unsafe { release_frame(regs, named) };
                        let activation = self.control.last();
                        if activation.deliver == Deliver::Call {
                            let (window, dst) = (activation.window, activation.dst);
                            let to = activation.frame.pc.wrapping_sub(1);
                            let (to_regs, to_code) = (activation.frame.regs, activation.frame.code);
                            self.frame.generator = activation.frame.generator;
                            self.frame.top = activation.frame.top;
                            // SAFETY: it is the one that was looked at.
                            unsafe { self.control.pop_plain() };
                            // Most calls want the result where the callable stands.
                            let place = std::ptr::from_mut(reg_in!(to_regs, to_code, dst));
                            if std::ptr::eq(place, window) {
                                let is_none = value.is_none();
                                // SAFETY: the callable still stands in its window.
                                drop(unsafe { std::ptr::replace(window, value) });
                                // A statement drops its result: there is nothing to be
                                // done by the `Clear` that comes next.
                                // SAFETY: it is the instruction that has called.
                                if is_none && unsafe { (*to).t } & DROPPED != 0 {
                                    switch_drained!(to.wrapping_add(1), to_regs, to_code);
                                }
                                switch_drained!(to, to_regs, to_code);
                            }
                            // SAFETY: as above.
                            drop(unsafe { take(window) });
                            drop(std::mem::replace(reg_in!(to_regs, to_code, dst), value));
                            switch_drained!(to, to_regs, to_code);
                        }
                    }
                    if self.frame.generator.is_null() && value.is_none() && self.return_from_init()
                    {
                        switch_drained!(
                            self.frame.pc.wrapping_sub(1),
                            self.frame.regs,
                            self.frame.code
                        );
                    }
                    // A coroutine or generator in a chain returns to the frame that awaits it.
                    let child = self.frame.generator;
                    // SAFETY: the running frame's generator is alive.
                    if let Some(own) = unsafe { running(child) }
                            && own.kind() != GenKind::AsyncGenerator
                            && own.is_bare()
                            && self.handled_is_clear()
                            // SAFETY: the parent of a frame in the running chain is alive.
                            && let Some(parent) = unsafe { running(own.parent.get()) }
                            && (self.unusual_links == 0 || self.returns_to_parent(child))
                    {
                        own.state.set(GenState::Finished);
                        // SAFETY: named registers are initialised; the others own nothing
                        // when a frame returns.
                        unsafe { release_frame(regs, (*code).nnamed as usize) };
                        let (to, to_regs, to_code) = back_to_parent!(own, parent);
                        // SAFETY: the parent is suspended at its `Delegate`.
                        let awaiting = unsafe { *to };
                        let awaited = std::mem::take(reg_in!(to_regs, to_code, awaiting.b));
                        heap::drop_finished(awaited, child);
                        if finalize::pending() {
                            let place = reg_in!(to_regs, to_code, awaiting.a);
                            drop(std::mem::replace(place, value));
                            switch_drained!(to, to_regs, to_code);
                        }
                        give!(to, to_regs, to_code, awaiting.a, value);
                    }
                    flow!(self.return_value(value));
                }
            };

            match exit {
                Exit::Reload | Exit::Drain => {
                    if !finalize::pending() || self.unwinding {
                        continue;
                    }
                    if let Err(raise) = self.run_finalizers()
                        && let Flow::Halt = self.unwind(raise)?
                    {
                        return Ok(());
                    }
                }
                Exit::Attention => {
                    if let Err(raise) = self.attend() {
                        // Interrupted is what would have come next, not what stands before it in
                        // the code: that may lie outside of a `try` around a loop.
                        // SAFETY: `pc` points at an instruction, the target of a jump.
                        self.frame.pc = unsafe { self.frame.pc.add(1) };
                        if let Flow::Halt = self.unwind(raise)? {
                            return Ok(());
                        }
                    }
                }
                Exit::Raise(raise) => {
                    if let Flow::Halt = self.unwind(raise)? {
                        return Ok(());
                    }
                    if finalize::pending()
                        && let Err(raise) = self.run_finalizers()
                        && let Flow::Halt = self.unwind(raise)?
                    {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Where a global or builtin stands by its inline cache, or null. The cache of a global has the
/// version of the globals in `key`; that of a builtin has it in `key2`, and the version of the
/// builtins in `slot`.
#[inline(always)]
fn cached_global(cache: &CacheEntry, globals: &Ref<Dict>, builtins: &Ref<Dict>) -> *const Value {
    // SAFETY: nobody holds a mutable borrow of a namespace while bytecode runs.
    let version = |dict: &Ref<Dict>| unsafe { (*dict.map.as_ptr()).version() };
    let own = version(globals);
    if own == u64::from(cache.key())
        || own == u64::from(cache.key2()) && version(builtins) == u64::from(cache.slot.get())
    {
        cache.place.get()
    } else {
        std::ptr::null()
    }
}

/// An attribute of a module by its inline cache, which is of kind `ENTRY`.
#[inline(always)]
fn cached_entry(cache: &CacheEntry, module: &ObjRef) -> Option<Value> {
    let module = module.downcast::<Module>()?;
    // SAFETY: nobody holds a mutable borrow of a namespace while bytecode runs; while it has the
    // version of the cache, the value stands where it stood.
    unsafe {
        ((*module.dict.map.as_ptr()).version() == u64::from(cache.key()))
            .then(|| (*cache.place.get()).clone())
    }
}

/// Python's index rule: negative counts from the end; anything out of range stays out of range.
#[inline(always)]
fn wrap_index(n: i64, len: usize) -> usize {
    (if n < 0 { n.wrapping_add(len as i64) } else { n }) as usize
}

/// Where neither a complex number nor an exception can come of it.
fn float_pow(x: f64, y: f64) -> Option<f64> {
    let power = x.powf(y);
    (x > 0.0 && y.is_finite() && power.is_finite()).then_some(power)
}

/// Nothing where Python raises ZeroDivisionError.
#[inline(always)]
fn float_div(x: f64, y: f64) -> Option<f64> {
    if y == 0.0 { None } else { Some(x / y) }
}

#[inline(always)]
fn floor_div(x: i64, y: i64) -> Option<i64> {
    let quotient = x.checked_div(y)?;
    Some(if x % y != 0 && (x < 0) != (y < 0) {
        quotient - 1
    } else {
        quotient
    })
}

#[inline(always)]
fn floor_mod(x: i64, y: i64) -> Option<i64> {
    let rest = x.checked_rem(y)?;
    Some(if rest != 0 && (rest < 0) != (y < 0) {
        rest + y
    } else {
        rest
    })
}

#[inline(always)]
fn shift_left(x: i64, y: i64) -> Option<i64> {
    if !(0..63).contains(&y) {
        return None;
    }
    let shifted = x << y;
    if shifted >> y == x {
        Some(shifted)
    } else {
        None
    }
}

#[inline(always)]
fn shift_right(x: i64, y: i64) -> Option<i64> {
    if y < 0 { None } else { Some(x >> y.min(63)) }
}
