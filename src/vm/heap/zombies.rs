//! Zombie frames: what is left of coroutines and generators that have finished and that nobody
//! refers to. The next call of the same code finds most of its frame as it must be.
//!
//! Knows the layout of generators; nothing of what they run.

use super::objref::{Gc, Header, Object, Ref, move_values, size};
use super::slab;
use crate::vm::frame::undefine;
use crate::vm::object::{CodeObject, Generator, Kind};
use crate::vm::value::Value;
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// So many are kept for one code object. Recursion that goes on and off needs more than one.
const MOST: u32 = 64;

/// The zombie frames of one code object, linked through `parent`. To the heap each is a free slot.
pub struct ZombieFrames {
    first: Cell<*const Gc<Generator>>,
    /// How many more may be kept; none of frames so large that the heap has no slots for them.
    room: Cell<u32>,
    /// Registers of a frame.
    registers: u32,
}

impl ZombieFrames {
    /// None yet, of code with so many registers.
    pub fn new(registers: u32) -> Self {
        let large = size::<Generator>(registers as usize) > slab::LARGEST;
        ZombieFrames {
            first: Cell::new(ptr::null()),
            room: Cell::new(if large { 0 } else { MOST }),
            registers,
        }
    }

    fn bytes(&self) -> usize {
        size::<Generator>(self.registers as usize)
    }

    /// Takes the frame of a generator, or frees its memory.
    ///
    /// # Safety
    /// Nobody refers to the generator. It has run this code to its end; what it owned (registers,
    /// `extra`, its reference to the code) has been moved out or released.
    #[inline(always)]
    pub(super) unsafe fn keep(&self, frame: NonNull<Gc<Generator>>) {
        let room = self.room.get();
        // SAFETY: promised by the caller: the memory is ours, and as large as the code says.
        unsafe {
            if room == 0 {
                return slab::release(frame.cast(), self.bytes());
            }
            let at = frame.as_ptr();
            (&raw mut (*at).header).write(Header::new(Kind::Free));
            (*at).body.parent.set(self.first.get().cast());
        }
        self.first.set(frame.as_ptr());
        self.room.set(room - 1);
        slab::note_released();
    }

    /// A new frame made of an old one, the arguments moved out of an array. The registers of
    /// names are `Undef`, the others own nothing.
    ///
    /// # Safety
    /// These are the zombies of `code`. `count` initialised values stand at `args`, no more than
    /// the code has parameters.
    #[inline(always)]
    pub(in crate::vm) unsafe fn revive(
        code: &Ref<CodeObject>,
        args: *mut Value,
        count: usize,
    ) -> Option<Ref<Generator>> {
        let zombies = &code.zombies;
        let frame = NonNull::new(zombies.first.get().cast_mut())?;
        slab::note_allocated();
        // SAFETY: the frame is a generator of this code without anything of its own; what changes
        // in the life of one is written anew here, before anybody can see it.
        unsafe {
            let at = frame.as_ptr();
            let body = &(*at).body;
            zombies.first.set(body.parent.get().cast());
            zombies.room.set(zombies.room.get() + 1);
            (&raw mut (*at).body.code).write(code.clone());
            body.renew(code.kind, slab::birth_now());
            let registers = Gc::tail(frame);
            move_values(args, registers, count);
            undefine(registers.add(count), registers.add(code.nnamed as usize));
            (&raw mut (*at).header).write(Header::new(Generator::KIND));
            Some(Ref::own(frame))
        }
    }
}

impl Drop for ZombieFrames {
    fn drop(&mut self) {
        let mut next = self.first.get();
        while let Some(frame) = NonNull::new(next.cast_mut()) {
            // SAFETY: a zombie's memory is ours; it was counted as released when it was kept.
            unsafe {
                next = frame.as_ref().body.parent.get().cast();
                slab::note_allocated();
                slab::release(frame.cast(), self.bytes());
            }
        }
    }
}
