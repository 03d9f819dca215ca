//! Memory for the pages of the slab. The first few come from the allocator one by one, because an
//! empty script should stay small. Who needs more gets chunks of the size of a huge page, which
//! the system is asked to use and to fill at once: filling memory costs mostly what the system does
//! at the first touch of each of its pages, and with huge ones that is half, and using them
//! is quicker later too.
//!
//! Where the system has no huge page at hand, because another process has just left its memory in
//! small pieces, it moves those together first. That takes twenty times as long, and the next will
//! take as long again; so from then on small pages have to do.
//!
//! Memory is never given back to the system: objects of another size take it over at best.

use std::alloc::{Layout, alloc};
use std::cell::Cell;
use std::ptr;

/// Bytes of a page of the slab.
pub(super) const PAGE: usize = 64 * 1024;
/// What pages are aligned to.
const ALIGN: usize = 16;
/// So many pages come one by one.
pub(super) const SINGLE: usize = 128;
/// The size of a huge page, and of a chunk.
const CHUNK: usize = 2 * 1024 * 1024;

thread_local! {
    static PAGES: Cell<usize> = const { Cell::new(0) };
    /// What is left of the newest chunk.
    static REST: Cell<(*mut u8, usize)> = const { Cell::new((ptr::null_mut(), 0)) };
}

/// Uninitialised memory for one page, null if there is none.
pub(super) fn page() -> *mut u8 {
    let count = PAGES.get();
    PAGES.set(count + 1);
    if count < SINGLE {
        return single();
    }
    let (mut at, mut left) = REST.get();
    if left == 0 {
        at = chunk();
        if at.is_null() {
            return single();
        }
        left = CHUNK / PAGE;
    }
    // SAFETY: a chunk has room for that many pages.
    REST.set((unsafe { at.add(PAGE) }, left - 1));
    at
}

fn single() -> *mut u8 {
    // SAFETY: the layout has a size, and a power of two for its alignment.
    unsafe { alloc(Layout::from_size_align_unchecked(PAGE, ALIGN)) }
}

/// A chunk, null if the system has none.
#[cfg(target_os = "linux")]
fn chunk() -> *mut u8 {
    use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
    use std::num::NonZeroUsize;

    thread_local! {
        /// What is left of the newest mapping: where, and how many chunks.
        static MAPPED: Cell<(*mut u8, usize)> = const { Cell::new((ptr::null_mut(), 0)) };
    }
    /// Chunks that are mapped at once. Those that nobody touches cost nothing.
    const MANY: usize = 32;

    let (mut at, mut left) = MAPPED.get();
    if left == 0 {
        // One more, because the mapping need not begin at a multiple of a chunk.
        let Some(size) = NonZeroUsize::new((MANY + 1) * CHUNK) else {
            return ptr::null_mut();
        };
        let (access, flags) = (
            ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
            MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE,
        );
        // SAFETY: a new mapping, of which nobody else knows.
        let Ok(start) = (unsafe { mmap_anonymous(None, size, access, flags) }) else {
            return ptr::null_mut();
        };
        let start: *mut u8 = start.as_ptr().cast();
        at = start.map_addr(|a| a.next_multiple_of(CHUNK));
        left = MANY;
    }
    MAPPED.set((at.wrapping_add(CHUNK), left - 1));
    fill(at);
    at
}

/// Lets the system fill a chunk, by one huge page unless those have become slow to get.
#[cfg(target_os = "linux")]
fn fill(chunk: *mut u8) {
    use nix::sys::mman::{MmapAdvise, madvise};
    use std::ptr::NonNull;
    use std::time::{Duration, Instant};

    thread_local! {
        static SLOW: Cell<bool> = const { Cell::new(false) };
    }
    /// More than a huge page takes that is at hand (a quarter of a millisecond), or small ones.
    const LONG: Duration = Duration::from_millis(2);

    let Some(chunk) = NonNull::new(chunk.cast()) else {
        return;
    };
    // Whether an advice is taken, or known at all, makes no difference but speed.
    if SLOW.get() {
        // SAFETY: our own memory, which nobody uses yet.
        let _ = unsafe { madvise(chunk, CHUNK, MmapAdvise::MADV_POPULATE_WRITE) };
        return;
    }
    let start = Instant::now();
    // SAFETY: as above.
    let _ = unsafe {
        madvise(chunk, CHUNK, MmapAdvise::MADV_HUGEPAGE)
            .and_then(|()| madvise(chunk, CHUNK, MmapAdvise::MADV_POPULATE_WRITE))
    };
    SLOW.set(start.elapsed() > LONG);
}

#[cfg(not(target_os = "linux"))]
fn chunk() -> *mut u8 {
    ptr::null_mut()
}
