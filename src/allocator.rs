//! The allocator of the program: the small and the middling from mimalloc, which is twice as fast
//! as the system's for tasks and frames by the million; the large from the system. A list that
//! grows is moved by the system's page tables there, while mimalloc would copy it, and keep the
//! smaller memory. One of the places where `unsafe` lives.

use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

/// From this size on memory comes from the system.
const LARGE: usize = 1 << 20;

pub struct Allocator;

// SAFETY: both allocators keep the contract; which of them has a block follows from its size
// alone, which every call is given.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on from the caller.
        unsafe {
            if layout.size() < LARGE {
                MiMalloc.alloc(layout)
            } else {
                System.alloc(layout)
            }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on from the caller.
        unsafe {
            if layout.size() < LARGE {
                MiMalloc.alloc_zeroed(layout)
            } else {
                System.alloc_zeroed(layout)
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: passed on from the caller; the size tells where the block came from.
        unsafe {
            if layout.size() < LARGE {
                MiMalloc.dealloc(at, layout);
            } else {
                System.dealloc(at, layout);
            }
        }
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: passed on from the caller; a block that changes its allocator is copied, as far
        // as the old and the new have room.
        unsafe {
            match (layout.size() < LARGE, size < LARGE) {
                (true, true) => MiMalloc.realloc(at, layout, size),
                (false, false) => System.realloc(at, layout, size),
                _ => {
                    let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !new.is_null() {
                        ptr::copy_nonoverlapping(at, new, layout.size().min(size));
                        self.dealloc(at, layout);
                    }
                    new
                }
            }
        }
    }
}
