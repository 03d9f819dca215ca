//! Frames as objects. A frame gets one when a traceback or the program refers to it; when the frame
//! is over and somebody still does, its object takes the locals over, and refers to the object of
//! the calling frame in turn. So whoever keeps a traceback keeps what all the functions on the way
//! held, and nobody else keeps anything.

use super::Vm;
use super::frame::{Frame, generator_at, take};
use super::heap::{ObjSlot, Ref};
use super::object::{FrameObject, GenState, Generator, Tuple};
use super::value::Value;
use std::mem;
use std::ptr;

/// The objects of the plain frames on a stack, the innermost last.
#[derive(Default)]
pub(super) struct FrameObjects {
    list: Vec<Ref<FrameObject>>,
}

impl Drop for FrameObjects {
    fn drop(&mut self) {
        // The stack is gone.
        self.list.iter().for_each(|f| f.let_go());
    }
}

impl FrameObjects {
    /// The registers of the innermost frame that has an object, or null.
    pub(super) fn innermost(&self) -> *mut Value {
        let last = self.list.last();
        last.map_or(ptr::null_mut(), |f| f.registers.get())
    }
}

/// A frame on the stack.
struct Found {
    frame: Frame,
    /// How far out it is, if CPython has it on its stack.
    depth: Option<usize>,
}

impl Vm {
    /// The object of a frame on the stack; none outside all frames.
    pub(super) fn frame_object(&mut self, frame: &Frame) -> Option<Ref<FrameObject>> {
        if let Some(g) = frame.generator() {
            return Some(g.frame_object());
        }
        let code = frame.code_object()?;
        // Frames that were called later have higher registers.
        let list = &self.frames.list;
        let found =
            list.binary_search_by_key(&(frame.regs as usize), |f| f.registers.get() as usize);
        match found {
            Ok(at) => list.get(at).cloned(),
            Err(at) => {
                let object = FrameObject::new(code, frame.regs);
                self.frames.list.insert(at, object.clone());
                self.framed = self.frames.innermost();
                Some(object)
            }
        }
    }

    /// The object of the frame `depth` levels out from the running native, as CPython counts them.
    pub fn frame_object_at(&mut self, depth: usize) -> Option<Ref<FrameObject>> {
        let frame = self.nth_seen_frame(depth)?;
        self.frame_object(&frame)
    }

    /// The running plain frame, which has an object, is over.
    #[cold]
    #[inline(never)]
    pub(super) fn end_frame(&mut self) {
        let Some(object) = self.frames.list.pop() else {
            return;
        };
        self.framed = self.frames.innermost();
        self.hand_over(&object, self.frame.regs, self.frame.index(), None);
    }

    /// The frame of a generator, which has an object, is over.
    #[cold]
    #[inline(never)]
    pub(super) fn end_generator_frame(&mut self, g: &Ref<Generator>) {
        let object = g.rare().map_or(Value::Undef, |e| e.frame.take());
        if let Some(object) = object.as_ref::<FrameObject>() {
            let running = self.frame.regs == g.tail_ptr();
            let pc = if running {
                self.frame.index()
            } else {
                g.place()
            };
            self.hand_over(object, g.tail_ptr(), pc, g.rare().map(|e| &e.function));
        }
    }

    /// A generator will be closed, and nothing in it can notice: its locals end then, whoever refers
    /// to the frame.
    pub(super) fn forget_generator_frame(&mut self, g: &Ref<Generator>) {
        let object = g.rare().map_or(Value::Undef, |e| e.frame.take());
        if let Some(object) = object.as_ref::<FrameObject>() {
            object.pc.set(g.place() as u32);
            object.let_go();
        }
    }

    /// A dying generator is suspended still: it would not be closed. Where one of its locals leads to
    /// its frame, mostly as an exception, the frame takes over all there is and so forms a circle.
    /// At the end of a program nobody breaks that any more. What the generator handles is not the
    /// frame's.
    #[cold]
    pub(super) fn abandon_generator_frame(&mut self, g: &Ref<Generator>) {
        let object = g.rare().map_or(Value::Undef, |e| e.frame.get());
        let Some(object) = object.as_ref::<FrameObject>() else {
            return;
        };
        // One reference is this one, one the generator's.
        if object.as_obj().count() <= 2 {
            return;
        }
        if self.is_over {
            // An exception that nobody else refers to goes with the generator.
            let handled = g.handled();
            if handled.as_obj().is_none_or(|e| e.count() > 2) {
                mem::forget(g.clone());
            }
            return;
        }
        // One of the generator is the caller's, one that of whoever finalizes it.
        if g.as_obj().count() > 2 {
            return;
        }
        drop(g.extra().frame.take());
        object.pc.set(g.place() as u32);
        object.let_go();
        g.state.set(GenState::Finished);
        drop(g.chain.take_leaf());
        let mut named = g.take_registers();
        let mut rest = named.split_off(object.named().min(named.len()));
        rest.push(g.rare().map_or(Value::Undef, |e| e.function.take()));
        for (register, value) in named.into_iter().enumerate() {
            object.keep(register, value);
        }
        // Nobody may find an empty register in a tuple.
        rest.retain(|value| value.as_obj().is_some());
        if !rest.is_empty() {
            // It lets its items go from the last.
            rest.reverse();
            object.keep_behind(Tuple::new(rest).into());
        }
        drop(g.take_handled());
    }

    /// The object takes the locals over if it is referred to, and the function with them.
    fn hand_over(
        &mut self,
        object: &Ref<FrameObject>,
        regs: *mut Value,
        pc: usize,
        function: Option<&ObjSlot>,
    ) {
        object.pc.set(pc as u32);
        object.let_go();
        // The reference of whoever ended the frame is one.
        if object.as_obj().count() <= 1 {
            return;
        }
        for register in 0..object.named() {
            // SAFETY: named registers are initialised in every frame, and this one is over.
            object.keep(register, unsafe { take(regs.add(register)) });
        }
        if let Some(function) = function {
            object.keep_behind(function.take());
        }
        let running = self.frame.regs == regs;
        if let Some(caller) = self.nth_seen_frame(usize::from(running))
            && let Some(caller) = self.frame_object(&caller)
        {
            object.back.set(caller.into());
        }
    }

    /// A named register of a frame, wherever the frame is now; `Undef` if it is unassigned.
    pub fn register_of(&self, object: &Ref<FrameObject>, register: usize) -> Value {
        if let Some(g) = self.generator_of(object) {
            return g.register(register);
        }
        match self.find_frame(object) {
            Some(found) => found.frame.register(register),
            None => object.local(register),
        }
    }

    /// The instruction at which a frame stands, or stood at its end.
    pub fn place_of(&self, object: &FrameObject) -> usize {
        if let Some(found) = self.find_frame(object) {
            return found.frame.index();
        }
        match self.generator_of(object) {
            Some(g) => g.place(),
            None => object.pc.get() as usize,
        }
    }

    /// The object of the frame that called a frame, or `None`.
    pub fn caller_of(&mut self, object: &FrameObject) -> Value {
        if let Some(depth) = self.find_frame(object).and_then(|found| found.depth) {
            return self
                .frame_object_at(depth + 1)
                .map_or(Value::None, Value::from);
        }
        match object.back.get() {
            Value::Undef => Value::None,
            back => back,
        }
    }

    /// The suspended or running generator whose frame it is.
    pub fn generator_of(&self, object: &FrameObject) -> Option<Ref<Generator>> {
        // SAFETY: a generator clears the pointer when its frame is over, and when it dies.
        unsafe { generator_at(object.generator.get()) }
    }

    /// Whether the frame is on the stack.
    pub fn is_executing(&self, object: &FrameObject) -> bool {
        self.find_frame(object).is_some()
    }

    /// Where on the stack a frame is.
    fn find_frame(&self, object: &FrameObject) -> Option<Found> {
        let regs = object.registers.get();
        if regs.is_null() {
            return None;
        }
        let (mut found, mut depth) = (None, 0);
        self.walk_stack(false, |frame, seen| {
            if frame.regs == regs {
                found = Some(Found {
                    frame: *frame,
                    depth: seen.then_some(depth),
                });
            }
            depth += usize::from(seen);
            found.is_none()
        });
        found
    }
}
