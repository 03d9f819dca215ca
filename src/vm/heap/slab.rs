//! Where objects live: pages of equal slots with a free list per size, so that allocating is a
//! pop, freeing a push, and the cycle collector can walk everything there is.

use super::chunks::{self, PAGE};
use super::objref::Header;
use crate::vm::object::Kind;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::{Cell, RefCell};
use std::ptr::{self, NonNull};

/// Slots are multiples of this many bytes.
const STEP: usize = 8;
/// What large objects are aligned to.
const ALIGN: usize = 16;
/// Objects above this size get an allocation of their own.
pub(super) const LARGEST: usize = 1024;
const CLASSES: usize = LARGEST / STEP + 1;

struct Page {
    start: *mut u8,
    slot: usize,
    /// Slots that have been in use or on the free list. Those after them have not been touched.
    begun: usize,
}

impl Page {
    /// Calls `f` with the header of every slot that holds an object.
    #[inline(always)]
    fn visit(&self, f: &mut impl FnMut(&Header)) {
        for i in 0..self.begun {
            // SAFETY: every slot that was begun starts with an initialised header.
            let header = unsafe { &*self.start.add(i * self.slot).cast::<Header>() };
            if header.kind() != Kind::Free {
                f(header);
            }
        }
    }
}

/// While there are few pages, slots are put on the free list so many bytes at a time, so that a
/// small script touches little memory; later a whole page at once.
const EXTENT: usize = 4096;

/// In front of a large object: its size and its place in `LARGE`.
#[repr(C)]
struct LargePrefix {
    size: usize,
    index: Cell<usize>,
}

const PREFIX: usize = size_of::<LargePrefix>();

thread_local! {
    static FREE: [Cell<*mut FreeSlot>; CLASSES] = const { [const { Cell::new(ptr::null_mut()) }; CLASSES] };
    static PAGES: RefCell<Vec<Page>> = const { RefCell::new(Vec::new()) };
    /// For each class of sizes, one more than the index in `PAGES` of its newest page.
    static NEWEST: [Cell<usize>; CLASSES] = const { [const { Cell::new(0) }; CLASSES] };
    static LARGE: RefCell<Vec<*mut LargePrefix>> = const { RefCell::new(Vec::new()) };
    /// Objects made and released so far.
    static MADE: Cell<usize> = const { Cell::new(0) };
    static RELEASED: Cell<usize> = const { Cell::new(0) };
    static GROWTH_LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// See `birth_now`.
const BIRTH_BITS: u32 = 16;

/// Asks for attention (see `host::attention`) when more objects than this are alive. Looked at
/// only when memory grows, so that allocating stays a pop from a list.
pub fn set_growth_limit(objects: usize) {
    GROWTH_LIMIT.set(objects);
}

/// Memory grows: is it time for the cycle collector?
fn note_growth() {
    if live_objects() > GROWTH_LIMIT.get() {
        crate::vm::host::attention().store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

/// A slot that holds no object. It begins like a header whose kind is `Free`.
#[repr(C)]
struct FreeSlot {
    header: Header,
    next: *mut FreeSlot,
}

/// No object may be smaller than a free slot.
pub(super) const SMALLEST: usize = size_of::<FreeSlot>();

/// One more object is alive.
pub(super) fn note_allocated() {
    MADE.set(MADE.get() + 1);
}

/// One object less is alive.
pub(super) fn note_released() {
    RELEASED.set(RELEASED.get() + 1);
}

/// Uninitialised memory for `size` bytes, aligned to 8, and at least `SMALLEST`.
pub(super) fn allocate(size: usize) -> NonNull<u8> {
    note_allocated();
    if size > LARGEST {
        return allocate_large(size);
    }
    let class = size.div_ceil(STEP);
    FREE.with(|free| {
        let head = free[class].get();
        if head.is_null() {
            return allocate_untouched(class);
        }
        // SAFETY: the free list holds only slots of pages of this class that hold no object.
        unsafe {
            free[class].set((*head).next);
            NonNull::new_unchecked(head.cast())
        }
    })
}

/// Gives the memory of an object back.
///
/// # Safety
/// `at` came from `allocate(size)` and its object has been dropped.
pub(super) unsafe fn release(at: NonNull<u8>, size: usize) {
    note_released();
    if size > LARGEST {
        // SAFETY: passed on from the caller.
        return unsafe { release_large(at) };
    }
    let class = size.div_ceil(STEP);
    FREE.with(|free| {
        let slot: *mut FreeSlot = at.as_ptr().cast();
        // SAFETY: the slot has at least 16 bytes and no object lives there any more.
        unsafe {
            slot.write(FreeSlot {
                header: Header::new(Kind::Free),
                next: free[class].get(),
            })
        };
        free[class].set(slot);
    });
}

/// For when the free list is empty: puts the next untouched slots on it, and gives the first.
#[cold]
#[inline(never)]
fn allocate_untouched(class: usize) -> NonNull<u8> {
    let slot = class * STEP;
    let full = PAGE / slot;
    PAGES.with_borrow_mut(|pages| {
        let newest = NEWEST.with(|newest| newest[class].get());
        let unfinished = newest
            .checked_sub(1)
            .is_some_and(|at| pages.get(at).is_some_and(|page| page.begun < full));
        let at = if unfinished {
            newest - 1
        } else {
            add_page(pages, class)
        };
        let many = pages.len() > chunks::SINGLE;
        let page = &mut pages[at];
        let first = page.begun;
        let extent = if many { full } else { EXTENT.div_ceil(slot) };
        page.begun = full.min(first + extent);
        // SAFETY: these slots lie wholly inside the page, and nobody has used them yet.
        unsafe {
            let at = |i: usize| page.start.add(i * slot).cast::<FreeSlot>();
            let mut next: *mut FreeSlot = ptr::null_mut();
            for i in (first + 1..page.begun).rev() {
                at(i).write(FreeSlot {
                    header: Header::new(Kind::Free),
                    next,
                });
                next = at(i);
            }
            FREE.with(|free| free[class].set(next));
            // Until the caller writes an object there, nobody walks pages.
            at(first).cast::<Header>().write(Header::new(Kind::Free));
            NonNull::new_unchecked(at(first).cast())
        }
    })
}

/// A new page for a class of sizes; its index.
fn add_page(pages: &mut Vec<Page>, class: usize) -> usize {
    note_growth();
    let start = chunks::page();
    if start.is_null() {
        // SAFETY: no more than what was asked for.
        handle_alloc_error(unsafe { Layout::from_size_align_unchecked(PAGE, ALIGN) });
    }
    pages.push(Page {
        start,
        slot: class * STEP,
        begun: 0,
    });
    NEWEST.with(|newest| newest[class].set(pages.len()));
    pages.len() - 1
}

fn large_layout(size: usize) -> Layout {
    // SAFETY: `size` came from a `Layout` computed when the object was made; the prefix fits.
    unsafe { Layout::from_size_align_unchecked(size + PREFIX, ALIGN) }
}

#[cold]
fn allocate_large(size: usize) -> NonNull<u8> {
    note_growth();
    let layout = large_layout(size);
    // SAFETY: the layout has a size; the prefix is written before anybody reads it.
    unsafe {
        let at = alloc(layout);
        if at.is_null() {
            handle_alloc_error(layout);
        }
        let prefix: *mut LargePrefix = at.cast();
        LARGE.with_borrow_mut(|large| {
            prefix.write(LargePrefix {
                size,
                index: Cell::new(large.len()),
            });
            large.push(prefix);
        });
        at.add(PREFIX)
            .cast::<Header>()
            .write(Header::new(Kind::Free));
        NonNull::new_unchecked(at.add(PREFIX))
    }
}

/// # Safety
/// `at` came from `allocate_large`.
#[cold]
unsafe fn release_large(at: NonNull<u8>) {
    // SAFETY: the prefix lies in front of a large object and says its size and place.
    unsafe {
        let prefix: *mut LargePrefix = at.as_ptr().sub(PREFIX).cast();
        let index = (*prefix).index.get();
        LARGE.with_borrow_mut(|large| {
            large.swap_remove(index);
            if let Some(moved) = large.get(index) {
                (**moved).index.set(index);
            }
        });
        let layout = large_layout((*prefix).size);
        dealloc(prefix.cast(), layout);
    }
}

/// Number of objects alive in this thread.
pub fn live_objects() -> usize {
    MADE.get() - RELEASED.get()
}

/// What orders objects by age: the birth of an object that is about to be made. Before it is room for
/// some that seem to be made then.
#[inline(always)]
pub fn next_birth() -> u64 {
    (MADE.get() as u64 + 1) << BIRTH_BITS
}

/// The birth of the object that was made last.
pub fn birth_now() -> u64 {
    (MADE.get() as u64) << BIRTH_BITS
}

/// Number of pages so far.
pub fn pages() -> usize {
    PAGES.with_borrow(Vec::len)
}

/// The first of the newest pages, which hold at least so many live objects together, or all; and how
/// many they hold.
pub(super) fn newest_pages(objects: usize) -> (usize, usize) {
    PAGES.with_borrow(|pages| {
        let mut found = 0;
        for (at, page) in pages.iter().enumerate().rev() {
            page.visit(&mut |header| found += usize::from(header.count() > 0));
            if found >= objects {
                return (at, found);
            }
        }
        (0, found)
    })
}

/// Calls `f` with the header of every live object, and of none beside those but some that are being
/// released. `f` must not allocate or release objects.
pub fn visit_objects(mut f: impl FnMut(&Header)) {
    let live = live_objects();
    let mut seen = 0;
    let mut visit = |header: &Header| {
        seen += usize::from(header.count() > 0);
        f(header);
        seen
    };
    LARGE.with_borrow(|large| {
        for prefix in large {
            // SAFETY: a header follows the prefix of every live large object.
            let header = unsafe { &*prefix.cast::<u8>().add(PREFIX).cast::<Header>() };
            if header.kind() != Kind::Free {
                visit(header);
            }
        }
    });
    PAGES.with_borrow(|pages| {
        // After a program that had a million objects, the last pages are empty: they are not walked.
        let mut done = live == 0;
        for page in pages {
            if done {
                #[cfg(debug_assertions)]
                page.visit(&mut |header| assert!(header.count() == 0, "a live object is left out"));
                continue;
            }
            page.visit(&mut |header| done = visit(header) >= live);
        }
    });
}

/// As `visit_objects`, in the pages of objects of this size alone: where those of one type are, if it
/// has no tail.
pub(super) fn visit_size(size: usize, mut f: impl FnMut(&Header)) {
    if size > LARGEST {
        return visit_objects(f);
    }
    let slot = size.div_ceil(STEP) * STEP;
    PAGES.with_borrow(|pages| {
        for page in pages.iter().filter(|page| page.slot == slot) {
            page.visit(&mut f);
        }
    });
}

/// As `visit_objects`, in the pages from this one on.
pub(super) fn visit_pages(from: usize, mut f: impl FnMut(&Header)) {
    PAGES.with_borrow(|pages| {
        for page in pages.iter().skip(from) {
            page.visit(&mut f);
        }
    });
}
