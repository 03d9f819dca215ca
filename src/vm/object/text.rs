//! `str`: the text stands in the object itself, behind the body.

use super::Trace;
use crate::vm::compare_pure::hash_bytes;
use crate::vm::heap::{ObjRef, Ref};
use std::alloc::{Layout, handle_alloc_error};
use std::cell::{Cell, OnceCell};
use std::mem::ManuallyDrop;
use std::ptr;

/// `str`. Immutable for programs; only while there is a single reference, text is added to it,
/// for `s += t` and by [`TextBuilder`].
pub struct Str {
    /// 0 while not computed.
    hash: Cell<u64>,
    /// Bytes of text.
    len: Cell<usize>,
    chars: Chars,
    /// Bytes that there is room for, in steps.
    room: u32,
}

/// The unit of `Str::room`: slots of the heap are multiples of it.
const STEP: usize = 8;
/// Counting the characters of shorter texts costs next to nothing.
const SHORT: usize = 32;

/// Number of characters of a text, if it is known.
struct Chars(Cell<u32>);

impl Chars {
    const UNKNOWN: u32 = u32::MAX;

    /// The number of characters of a text of which they are not known, if that is quickly told.
    fn glance(s: &str) -> u32 {
        if s.len() <= SHORT && s.is_ascii() {
            s.len() as u32
        } else {
            Chars::UNKNOWN
        }
    }

    fn add(&self, more: u32) {
        let sum = self.0.get().checked_add(more);
        let known = self.0.get() != Chars::UNKNOWN && more != Chars::UNKNOWN;
        self.0.set(sum.filter(|_| known).unwrap_or(Chars::UNKNOWN));
    }
}

impl Str {
    pub fn new(s: &str) -> Ref<Str> {
        let text = Self::with_room(s.len());
        // SAFETY: nobody else has the new object, and there is room.
        unsafe { text.append(s, Chars::glance(s)) };
        text
    }

    /// Text that is known to be ASCII.
    pub fn ascii(s: &str) -> Ref<Str> {
        debug_assert!(s.is_ascii());
        let text = Self::with_room(s.len());
        // SAFETY: nobody else has the new object, and there is room.
        unsafe { text.append(s, u32::try_from(s.len()).unwrap_or(Chars::UNKNOWN)) };
        text
    }

    /// A part of a text, which is ASCII if the whole is.
    pub fn part_of(whole: &Str, part: &str) -> Ref<Str> {
        match part.as_bytes() {
            [byte] => character(char::from(*byte)),
            _ if whole.known_ascii() => Self::ascii(part),
            _ => Self::new(part),
        }
    }

    /// ASCII text after a change that leaves it ASCII.
    pub fn ascii_mapped(s: &str, change: impl FnOnce(&mut str)) -> Ref<Str> {
        let text = Self::ascii(s);
        // SAFETY: nobody else has the new object; its bytes are those of `s`.
        change(unsafe {
            let bytes = std::slice::from_raw_parts_mut(text.bytes(), s.len());
            std::str::from_utf8_unchecked_mut(bytes)
        });
        text
    }

    /// One text after another.
    pub fn concat(a: &Str, b: &Str) -> Ref<Str> {
        let text = Self::with_room(a.len.get() + b.len.get());
        // SAFETY: nobody else has the new object, and there is room for both.
        unsafe {
            text.append(a.as_str(), a.chars.0.get());
            text.append(b.as_str(), b.chars.0.get());
        }
        text
    }

    /// Empty, with room for so many bytes.
    fn with_room(bytes: usize) -> Ref<Str> {
        let Ok(room) = u32::try_from(bytes.div_ceil(STEP)) else {
            handle_alloc_error(Layout::new::<Str>());
        };
        Ref::with_bytes(Str {
            hash: Cell::new(0),
            len: Cell::new(0),
            chars: Chars(Cell::new(0)),
            room,
        })
    }

    /// Number of bytes behind the body.
    #[inline(always)]
    pub(super) fn room(&self) -> usize {
        self.room as usize * STEP
    }

    fn bytes(&self) -> *mut u8 {
        // SAFETY: the room for text follows the body.
        unsafe { ptr::from_ref(self).add(1).cast::<u8>().cast_mut() }
    }

    /// Adds to the text, which has so many more characters then.
    ///
    /// # Safety
    /// There is room, and nobody has borrowed the text.
    unsafe fn append(&self, more: &str, chars: u32) {
        let len = self.len.get();
        debug_assert!(len + more.len() <= self.room());
        // SAFETY: promised by the caller.
        unsafe { ptr::copy_nonoverlapping(more.as_ptr(), self.bytes().add(len), more.len()) };
        self.len.set(len + more.len());
        self.chars.add(chars);
    }

    #[inline(always)]
    pub fn as_str(&self) -> &str {
        // SAFETY: so many bytes of UTF-8 were written by `append`, which is only called while
        // nobody has borrowed the text.
        unsafe {
            let bytes = std::slice::from_raw_parts(self.bytes(), self.len.get());
            std::str::from_utf8_unchecked(bytes)
        }
    }

    /// Number of characters.
    #[inline(always)]
    pub fn char_count(&self) -> usize {
        match self.chars.0.get() {
            Chars::UNKNOWN => self.count_chars(),
            n => n as usize,
        }
    }

    #[cold]
    fn count_chars(&self) -> usize {
        let n = crate::text::str_ops::len(self.as_str());
        self.chars.0.set(u32::try_from(n).unwrap_or(Chars::UNKNOWN));
        n
    }

    /// Every character is one byte, so that character and byte positions are the same.
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.char_count() == self.len.get()
    }

    /// It is ASCII and somebody has found out already.
    #[inline(always)]
    fn known_ascii(&self) -> bool {
        self.chars.0.get() as usize == self.len.get() && self.chars.0.get() != Chars::UNKNOWN
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
    pub fn push_in_place(this: &mut Ref<Str>, more: &Str) -> bool {
        if this.as_obj().count() != 1 {
            return false;
        }
        Self::reserve(this, more.len.get());
        // SAFETY: the only reference is borrowed mutably here, and `more` is another object
        // because that would need another reference.
        unsafe { this.append(more.as_str(), more.chars.0.get()) };
        this.hash.set(0);
        true
    }

    /// Makes room for so many more bytes in a string that nobody else refers to.
    fn reserve(this: &mut Ref<Str>, more: usize) {
        let (len, room) = (this.len.get(), this.room());
        if len + more <= room {
            return;
        }
        let bigger = Self::with_room((len + more).max(2 * room));
        // SAFETY: nobody else has the new object, and there is room.
        unsafe { bigger.append(this.as_str(), this.chars.0.get()) };
        *this = bigger;
    }
}

/// A string that is being put together.
pub struct TextBuilder(Ref<Str>);

impl TextBuilder {
    /// Bytes that a string can have.
    pub const MOST: usize = (u32::MAX as usize - 1) * STEP;

    /// Nothing yet, with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> TextBuilder {
        TextBuilder(Str::with_room(bytes))
    }

    pub fn push_str(&mut self, s: &str) {
        self.push(s, Chars::glance(s));
    }

    pub fn push_ascii(&mut self, s: &str) {
        debug_assert!(s.is_ascii());
        self.push(s, u32::try_from(s.len()).unwrap_or(Chars::UNKNOWN));
    }

    pub fn push_text(&mut self, s: &Str) {
        self.push(s.as_str(), s.chars.0.get());
    }

    fn push(&mut self, s: &str, chars: u32) {
        Str::reserve(&mut self.0, s.len());
        // SAFETY: nobody else has the string, and there is room.
        unsafe { self.0.append(s, chars) };
    }

    pub fn finish(self) -> Ref<Str> {
        self.0
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

impl Str {
    pub(super) fn tail(&self) -> usize {
        0
    }
}

impl Trace for Str {
    fn trace(&self, _: &mut dyn FnMut(&ObjRef)) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appending_in_place_needs_the_only_reference() {
        let mut text = Str::new("añ");
        let shared = text.clone();
        assert!(!Str::push_in_place(&mut text, &Str::new("b")));
        drop(shared);
        for _ in 0..100 {
            assert!(Str::push_in_place(&mut text, &Str::new("b")));
        }
        assert_eq!(text.as_str(), format!("añ{}", "b".repeat(100)));
        assert_eq!(text.char_count(), 102);
        assert!(!text.is_ascii());
    }

    #[test]
    fn characters_are_counted_over_parts() {
        let long = "x".repeat(5 * SHORT);
        let (a, b) = (Str::new(&long), Str::new("é"));
        assert_eq!(Str::concat(&a, &b).char_count(), 5 * SHORT + 1);
        assert!(Str::concat(&a, &a).is_ascii());
        let mut built = TextBuilder::with_capacity(0);
        built.push_ascii("12");
        built.push_text(&b);
        built.push_str(&long);
        let built = built.finish();
        assert_eq!(built.as_str(), format!("12é{long}"));
        assert_eq!(built.char_count(), 5 * SHORT + 3);
    }

    #[test]
    fn a_changed_text_has_a_new_hash() {
        let mut text = Str::new("ab");
        let before = text.hash();
        Str::push_in_place(&mut text, &Str::new("c"));
        assert_ne!(text.hash(), before);
        assert_eq!(text.hash(), Str::new("abc").hash());
    }
}
