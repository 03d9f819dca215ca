//! Objects without parts: text, bytes, numbers that do not fit a value.

use super::Trace;
use crate::vm::compare_pure::hash_bytes;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::value::Value;
use compact_str::CompactString;
use num_bigint::BigInt;
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::mem::ManuallyDrop;

/// `str`. Immutable for programs; `s += t` on the last reference grows it in place.
pub struct Str {
    text: UnsafeText,
    /// 0 while not computed.
    hash: Cell<u64>,
    /// Number of characters; `u32::MAX` while not counted.
    chars: Cell<u32>,
}

/// Text that only its single owner may change.
struct UnsafeText(UnsafeCell<CompactString>);

const NOT_COUNTED: u32 = u32::MAX;

impl Str {
    pub fn new(s: &str) -> Ref<Str> {
        Self::from_compact(CompactString::from(s))
    }

    pub fn from_compact(s: CompactString) -> Ref<Str> {
        Ref::new(Str {
            text: UnsafeText(UnsafeCell::new(s)),
            hash: Cell::new(0),
            chars: Cell::new(NOT_COUNTED),
        })
    }

    #[inline(always)]
    pub fn as_str(&self) -> &str {
        // SAFETY: `push_in_place` changes the text only through the single reference to the
        // object, which it borrows mutably, so no other borrow can exist.
        unsafe { (*self.text.0.get()).as_str() }
    }

    /// Number of characters.
    #[inline]
    pub fn char_count(&self) -> usize {
        let n = self.chars.get();
        if n != NOT_COUNTED {
            return n as usize;
        }
        let n = self.as_str().chars().count();
        self.chars.set(u32::try_from(n).unwrap_or(NOT_COUNTED));
        n
    }

    /// Every character is one byte, so that character and byte positions are the same.
    #[inline]
    pub fn is_ascii(&self) -> bool {
        self.char_count() == self.as_str().len()
    }

    #[inline]
    pub fn hash(&self) -> u64 {
        let h = self.hash.get();
        if h != 0 {
            return h;
        }
        let h = hash_bytes(self.as_str().as_bytes());
        self.hash.set(h);
        h
    }

    /// Appends to a string that nobody else refers to; false (and nothing done) if it is shared.
    pub fn push_in_place(this: &mut Ref<Str>, more: &str) -> bool {
        if this.as_obj().count() != 1 {
            return false;
        }
        // SAFETY: the only reference is borrowed mutably here, and `more` cannot lie inside it
        // because that would need another reference.
        unsafe { (*this.text.0.get()).push_str(more) };
        this.hash.set(0);
        this.chars.set(NOT_COUNTED);
        true
    }
}

thread_local! {
    /// The strings of one ASCII character: indexing and iterating give them again and again.
    /// They are never released, so that nothing has to be when the thread ends.
    static CHARACTERS: [OnceCell<ManuallyDrop<Ref<Str>>>; 128] =
        const { [const { OnceCell::new() }; 128] };
}

/// The string of one character.
pub fn character(c: char) -> Ref<Str> {
    let shared = CHARACTERS.with(|all| {
        let place = all.get(c as usize)?;
        let made = place.get_or_init(|| ManuallyDrop::new(Str::new(c.encode_utf8(&mut [0; 4]))));
        Some((**made).clone())
    });
    shared.unwrap_or_else(|| Str::new(c.encode_utf8(&mut [0; 4])))
}

/// An int that does not fit 64 bits.
pub struct Int(pub BigInt);

#[derive(PartialEq, Clone, Copy)]
pub struct Complex {
    pub re: f64,
    pub im: f64,
}

pub struct Bytes(pub Box<[u8]>);

impl Bytes {
    pub fn value(bytes: impl Into<Box<[u8]>>) -> Value {
        Ref::new(Bytes(bytes.into())).into()
    }
}

#[derive(Default)]
pub struct ByteArray(pub RefCell<Vec<u8>>);

macro_rules! leaf {
    ($($kind:ty)*) => { $(
        impl $kind {
            pub(super) fn tail(&self) -> usize { 0 }
        }
        impl Trace for $kind {
            fn trace(&self, _: &mut dyn FnMut(&ObjRef)) {}
        }
    )* };
}

leaf!(Str Int Complex Bytes ByteArray);
