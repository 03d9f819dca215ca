//! The allocator of the program: the small and the middling from mimalloc, which is twice as fast
//! as the system's for tasks and frames by the million; the large from the system. A list that
//! grows is moved by the system's page tables there, while mimalloc would copy it, and keep the
//! smaller memory. One of the places where `unsafe` lives.

use libmimalloc_sys::{
    mi_free, mi_malloc, mi_malloc_aligned, mi_realloc, mi_realloc_aligned, mi_zalloc,
    mi_zalloc_aligned,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

/// From this size on memory comes from the system.
const LARGE: usize = 1 << 20;

/// What mimalloc aligns all blocks to that are as large as that, and smaller ones to half of it.
/// Asked for an alignment in words, it would often look for a larger block and use its middle.
const ALIGN: usize = 16;

pub struct Allocator;

/// Whether a block of this size is aligned so without being asked.
#[inline]
fn is_aligned_anyway(size: usize, align: usize) -> bool {
    align <= ALIGN / 2 || (align == ALIGN && size >= ALIGN)
}

// SAFETY: both allocators keep the contract; which of them has a block follows from its size
// alone, which every call is given.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: passed on from the caller.
        unsafe {
            if size >= LARGE {
                System.alloc(layout)
            } else if is_aligned_anyway(size, align) {
                mi_malloc(size).cast()
            } else {
                mi_malloc_aligned(size, align).cast()
            }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: passed on from the caller.
        unsafe {
            if size >= LARGE {
                System.alloc_zeroed(layout)
            } else if is_aligned_anyway(size, align) {
                mi_zalloc(size).cast()
            } else {
                mi_zalloc_aligned(size, align).cast()
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: passed on from the caller; the size tells where the block came from.
        unsafe {
            if layout.size() >= LARGE {
                System.dealloc(at, layout);
            } else {
                mi_free(at.cast());
            }
        }
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let align = layout.align();
        // SAFETY: passed on from the caller; a block that changes its allocator is copied, as far
        // as the old and the new have room.
        unsafe {
            match (layout.size() >= LARGE, size >= LARGE) {
                (false, false) if is_aligned_anyway(size, align) => {
                    mi_realloc(at.cast(), size).cast()
                }
                (false, false) => mi_realloc_aligned(at.cast(), size, align).cast(),
                (true, true) => System.realloc(at, layout, size),
                _ => {
                    let new = self.alloc(Layout::from_size_align_unchecked(size, align));
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
