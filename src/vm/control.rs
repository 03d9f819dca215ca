//! The control stack: the activations of everything that runs. One of the places where `unsafe`
//! lives.
//!
//! Calls and returns look at its end several times each, so the end is a pointer, and an
//! activation that is never popped stands at the bottom: there always is a last one to look at.

use super::frame::{Activation, Deliver, Frame};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr;

/// Room in a new stack.
const FIRST_ROOM: usize = 256;

pub(super) struct ControlStack {
    /// The first free place.
    end: *mut Activation,
    /// Up to here activations may be pushed without looking further: the end of the memory, or
    /// what the recursion limit leaves of it.
    room: *mut Activation,
    /// The activation at the bottom, which does not count.
    bottom: *mut Activation,
    /// Places above the bottom.
    capacity: usize,
    /// Most activations that calls may push (`sys.setrecursionlimit`).
    limit: usize,
}

impl ControlStack {
    /// A stack on which calls may push `limit` activations.
    pub(super) fn new(limit: usize) -> Self {
        let mut stack = ControlStack {
            end: ptr::null_mut(),
            room: ptr::null_mut(),
            bottom: ptr::null_mut(),
            capacity: 0,
            limit,
        };
        stack.grow(FIRST_ROOM);
        // SAFETY: there is room for the bottom and more.
        unsafe {
            stack.bottom.write(bottom());
            stack.end = stack.bottom.add(1);
        }
        stack.find_room();
        stack
    }

    fn layout(capacity: usize) -> Layout {
        let size = (capacity + 1) * size_of::<Activation>();
        // SAFETY: a power of two alignment and a size far below `isize::MAX`.
        unsafe { Layout::from_size_align_unchecked(size, align_of::<Activation>()) }
    }

    /// Moves to larger memory.
    #[cold]
    fn grow(&mut self, capacity: usize) {
        let layout = Self::layout(capacity);
        // SAFETY: the layout has a size.
        let new: *mut Activation = unsafe { alloc(layout) }.cast();
        if new.is_null() {
            handle_alloc_error(layout);
        }
        if !self.bottom.is_null() {
            let used = self.len() + 1;
            // SAFETY: activations are plain data; the new memory is larger than the old, which
            // came from the same allocator.
            unsafe {
                ptr::copy_nonoverlapping(self.bottom, new, used);
                dealloc(self.bottom.cast(), Self::layout(self.capacity));
                self.end = new.add(used);
            }
        }
        self.bottom = new;
        self.capacity = capacity;
    }

    fn find_room(&mut self) {
        let room = self.capacity.min(self.limit);
        // SAFETY: inside the memory or at its end.
        self.room = unsafe { self.bottom.add(1 + room) };
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        self.find_room();
    }

    /// Number of activations.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        // SAFETY: both point into the same memory.
        unsafe { self.end.offset_from(self.bottom) as usize - 1 }
    }

    /// Whether there is room for one more activation, so that `push_plain` may be used.
    #[inline(always)]
    pub(super) fn has_room(&self) -> bool {
        self.end < self.room
    }

    /// Makes room for the next activations, unless the limit is in the way.
    pub(super) fn reserve(&mut self) {
        if !self.has_room() && self.len() == self.capacity {
            self.grow(self.capacity * 2);
        }
        self.find_room();
    }

    /// Pushes an activation.
    ///
    /// # Safety
    /// `has_room` has just said yes.
    #[inline(always)]
    pub(super) unsafe fn push_plain(&mut self, activation: Activation) {
        debug_assert!(self.has_room());
        // SAFETY: promised by the caller.
        unsafe {
            self.end.write(activation);
            self.end = self.end.add(1);
        }
    }

    /// Pushes an activation, whatever the limit says.
    #[inline]
    pub(super) fn push(&mut self, activation: Activation) {
        if self.len() == self.capacity {
            self.grow(self.capacity * 2);
            self.find_room();
        }
        // SAFETY: there is room now.
        unsafe {
            self.end.write(activation);
            self.end = self.end.add(1);
        }
    }

    /// The innermost activation; the one at the bottom, which is no call's and no resume's, if
    /// there is none.
    #[inline(always)]
    pub(super) fn last(&self) -> &Activation {
        // SAFETY: at least the bottom stands below the end.
        unsafe { &*self.end.sub(1) }
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<Activation> {
        if self.len() == 0 {
            return None;
        }
        // SAFETY: an activation stands below the end.
        unsafe {
            self.end = self.end.sub(1);
            Some(*self.end)
        }
    }

    /// Drops the innermost activation.
    ///
    /// # Safety
    /// There is one: `last` gave a call's or a resume's.
    #[inline(always)]
    pub(super) unsafe fn pop_plain(&mut self) {
        debug_assert!(self.len() > 0);
        // SAFETY: promised by the caller.
        self.end = unsafe { self.end.sub(1) };
    }

    /// The activations, outermost first.
    pub(super) fn as_slice(&self) -> &[Activation] {
        // SAFETY: everything between the bottom and the end is initialised.
        unsafe { std::slice::from_raw_parts(self.bottom.add(1), self.len()) }
    }
}

/// The activation below all others.
fn bottom() -> Activation {
    let nowhere = Frame {
        pc: ptr::null(),
        regs: ptr::null_mut(),
        code: ptr::null(),
        generator: ptr::null(),
        top: ptr::null_mut(),
    };
    Activation::call(nowhere, ptr::null_mut(), Deliver::Halt, 0)
}

impl Drop for ControlStack {
    fn drop(&mut self) {
        // SAFETY: allocated in `grow` with the same layout; activations are plain data.
        unsafe { dealloc(self.bottom.cast(), Self::layout(self.capacity)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(dst: u16) -> Activation {
        Activation { dst, ..bottom() }
    }

    #[test]
    fn the_bottom_is_never_popped() {
        let mut stack = ControlStack::new(10);
        assert_eq!(stack.len(), 0);
        assert!(stack.pop().is_none());
        assert!(matches!(stack.last().deliver, Deliver::Halt));
    }

    #[test]
    fn growing_keeps_what_is_there() {
        let mut stack = ControlStack::new(5);
        for n in 0..1000 {
            stack.push(numbered(n));
        }
        let order: Vec<u16> = stack.as_slice().iter().map(|a| a.dst).collect();
        assert_eq!(order, (0..1000).collect::<Vec<u16>>());
        assert_eq!(stack.pop().map(|a| a.dst), Some(999));
        assert_eq!(stack.last().dst, 998);
    }

    #[test]
    fn room_ends_at_the_limit() {
        let mut stack = ControlStack::new(2);
        stack.push(numbered(1));
        assert!(stack.has_room());
        stack.push(numbered(2));
        stack.reserve();
        assert!(!stack.has_room());
        stack.set_limit(1000);
        assert!(stack.has_room());
        for n in 2..1000 {
            stack.reserve();
            assert!(stack.has_room(), "no room for activation {n}");
            stack.push(numbered(n));
        }
        stack.reserve();
        assert!(!stack.has_room());
    }
}
