//! A large stack for the main thread, whose own one is as small as the system's limits say: the
//! front end recurses over deep trees, and native calls nest. A thread with a large stack would do
//! too, but its beginning and end take a tenth of the time of a short program.

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

/// Bytes of a stack for whatever may come. Pages are reserved, not used.
pub(super) const LARGE: usize = 1 << 30;
/// What is tried.
const SIZES: [usize; 3] = [LARGE, 256 << 20, 64 << 20];
/// Pages at the low end that nobody may touch; a multiple of every usual size of a page.
const GUARD: usize = 64 << 10;

/// Reserved addresses that serve as a stack, given back at the end.
struct Stack {
    base: NonNull<c_void>,
    size: NonZeroUsize,
}

impl Stack {
    fn reserve(size: usize) -> Option<Self> {
        let size = NonZeroUsize::new(size)?;
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE;
        // SAFETY: the system chooses addresses that nobody uses.
        let base = unsafe {
            mmap_anonymous(
                None,
                size,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                flags,
            )
        };
        let stack = Self {
            base: base.ok()?,
            size,
        };
        // SAFETY: the pages are this stack's own, and nobody has touched them.
        unsafe { mprotect(stack.base, GUARD, ProtFlags::PROT_NONE) }.ok()?;
        Some(stack)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the pages are this stack's own, and whoever ran on it has returned.
        let _ = unsafe { munmap(self.base, self.size.get()) };
    }
}

/// Runs `work` on a large stack, or on this one where the system has no memory for another. None
/// where it panicked (in builds where that can be caught).
pub(super) fn on_a_large_stack<T>(work: impl FnOnce() -> T) -> Option<T> {
    let work = || catch_unwind(AssertUnwindSafe(work)).ok();
    let Some(stack) = SIZES.into_iter().find_map(Stack::reserve) else {
        return work();
    };
    // SAFETY: base and size are those of one mapping, thus aligned to pages; it lives until the
    // call returns; and `work` does not unwind.
    unsafe { psm::on_stack(stack.base.as_ptr().cast(), stack.size.get(), work) }
}
