//! Counted pointers to objects and the table that says how each kind is traced and released.

use super::{finalize, slab, weak};
use crate::vm::object::{Generator, Kind, KindInfo, kind_info};
use crate::vm::value::Value;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::{self, NonNull};

/// Bits of a header's flags.
pub mod flags {
    /// Weak references to the object exist (see `object::weakref`).
    pub const WEAKLY_REFERENCED: u8 = 1;
    /// Its finalizer has run; it does not run twice (PEP 442).
    pub const FINALIZED: u8 = 2;
    /// Used by the cycle collector while it runs.
    pub const MARKED: u8 = 4;
    /// Used by the cycle collector while it runs.
    pub const REACHED: u8 = 8;
    /// An instance whose class has `__del__`.
    pub const HAS_DEL: u8 = 16;
    /// Used by the cycle collector while it runs.
    pub const WAITING: u8 = 32;
}

/// Asks the processor for an object that will soon be looked at: its first 128 bytes. Any address
/// may be asked for, but to find out that nothing is there takes time.
#[inline(always)]
pub fn fetch(at: *const Header) {
    if at.is_null() {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let at = at.cast::<i8>();
        // SAFETY: a hint, which reads nothing as far as the program can tell.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(at);
            _mm_prefetch::<_MM_HINT_T0>(at.wrapping_add(64));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// What every object begins with. Aligned as values are, so that a tail may follow any body.
#[repr(C, align(8))]
pub struct Header {
    count: Cell<u32>,
    kind: Kind,
    flags: Cell<u8>,
    /// Free for the kind's own use.
    aux: Cell<u16>,
}

impl Header {
    pub(super) const fn new(kind: Kind) -> Self {
        Header {
            count: Cell::new(1),
            kind,
            flags: Cell::new(0),
            aux: Cell::new(0),
        }
    }

    #[inline(always)]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn count(&self) -> u32 {
        self.count.get()
    }

    /// For trial deletion, which puts back what it takes.
    pub(super) fn set_count(&self, count: u32) {
        self.count.set(count);
    }

    pub fn has_flag(&self, flag: u8) -> bool {
        self.flags.get() & flag != 0
    }

    pub fn set_flag(&self, flag: u8, on: bool) {
        let bits = self.flags.get();
        self.flags.set(if on { bits | flag } else { bits & !flag });
    }

    #[inline(always)]
    pub fn aux(&self) -> u16 {
        self.aux.get()
    }

    #[inline(always)]
    pub fn set_aux(&self, value: u16) {
        self.aux.set(value);
    }

    /// The body of the object whose header this is, if it is of kind `T`.
    pub fn peek<T: Object>(&self) -> Option<&T> {
        if self.kind == T::KIND {
            // SAFETY: headers exist only as the beginning of a `Gc` of their kind.
            Some(unsafe { &(*ptr::from_ref(self).cast::<Gc<T>>()).body })
        } else {
            None
        }
    }

    /// The body of the object whose header this is.
    ///
    /// # Safety
    /// The object is of kind `T`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn body_of<T: Object>(&self) -> &T {
        debug_assert!(self.kind == T::KIND);
        // SAFETY: headers exist only as the beginning of a `Gc` of their kind.
        unsafe { &(*ptr::from_ref(self).cast::<Gc<T>>()).body }
    }

    /// The values behind the body of the object whose header this is.
    ///
    /// # Safety
    /// The object is of kind `T`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn tail_of<T: Object>(&self) -> *mut Value {
        debug_assert!(self.kind == T::KIND);
        // SAFETY: the tail follows the body in the same allocation.
        unsafe { ptr::from_ref(self).cast::<Gc<T>>().add(1).cast_mut().cast() }
    }

    /// Another reference to the object whose header this is.
    pub fn to_ref(&self) -> ObjRef {
        self.count.set(self.count.get() + 1);
        ObjRef(NonNull::from(self))
    }
}

/// The body of a kind of object. Implemented by the `object_kinds!` table only.
pub trait Object: Sized {
    const KIND: Kind;
    /// The tail is released from its end.
    const BACKWARDS: bool = false;
    /// Number of values behind the body.
    fn tail_len(&self) -> usize {
        0
    }
    /// Number of bytes behind the body, which are the values unless the kind says otherwise.
    #[inline(always)]
    fn tail_bytes(&self) -> usize {
        self.tail_len() * size_of::<Value>()
    }
    /// Releases what stands behind the body, where that is no value.
    ///
    /// # Safety
    /// `room` is behind the body of this object, which dies.
    #[inline(always)]
    unsafe fn drop_room(&self, _room: *mut u8) {}
}

/// An object in memory.
#[repr(C)]
pub struct Gc<T> {
    pub(super) header: Header,
    pub(super) body: T,
}

impl<T> Gc<T> {
    /// Where the values behind the body begin.
    ///
    /// # Safety
    /// `at` points at memory for an object with a tail.
    #[inline(always)]
    pub(super) unsafe fn tail(at: NonNull<Gc<T>>) -> *mut Value {
        // SAFETY: the tail follows the `Gc<T>` (a multiple of 8 bytes) in the same allocation.
        unsafe { at.as_ptr().cast::<u8>().add(size_of::<Gc<T>>()).cast() }
    }
}

/// Moves values out of an array, where `Undef` takes their place, to memory that holds none.
///
/// # Safety
/// `count` initialised values stand at `from`; there is room for as many at `to`.
#[inline(always)]
pub(super) unsafe fn move_values(from: *mut Value, to: *mut Value, count: usize) {
    // One by one: they are few.
    let mut i = 0;
    while i < count {
        // SAFETY: promised by the caller.
        unsafe { to.add(i).write(ptr::replace(from.add(i), Value::Undef)) };
        i += 1;
    }
}

/// A counted reference to an object of any kind.
#[repr(transparent)]
pub struct ObjRef(NonNull<Header>);

impl ObjRef {
    #[inline(always)]
    pub fn header(&self) -> &Header {
        // SAFETY: a counted reference keeps its object alive.
        unsafe { self.0.as_ref() }
    }

    #[inline(always)]
    pub fn kind(&self) -> Kind {
        self.header().kind
    }

    /// Whether both are the same object.
    #[inline(always)]
    pub fn is(&self, other: &ObjRef) -> bool {
        self.0 == other.0
    }

    /// A number that identifies the object while it lives.
    #[inline(always)]
    pub fn address(&self) -> usize {
        self.0.as_ptr() as usize
    }

    /// The body, if the object is of kind `T`.
    #[inline(always)]
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        if self.kind() == T::KIND {
            Some(self.body::<T>())
        } else {
            None
        }
    }

    /// The typed reference, if the object is of kind `T`; no counting.
    #[inline(always)]
    pub fn as_ref<T: Object>(&self) -> Option<&Ref<T>> {
        if self.kind() == T::KIND {
            // SAFETY: `Ref<T>` is a transparent wrapper of an `ObjRef` whose kind is `T::KIND`.
            Some(unsafe { &*ptr::from_ref(self).cast::<Ref<T>>() })
        } else {
            None
        }
    }

    /// As `as_ref`, for a place that may get another object of the kind.
    pub fn as_ref_mut<T: Object>(&mut self) -> Option<&mut Ref<T>> {
        if self.kind() == T::KIND {
            // SAFETY: as in `as_ref`; a `Ref<T>` is an `ObjRef` like any other.
            Some(unsafe { &mut *ptr::from_mut(self).cast::<Ref<T>>() })
        } else {
            None
        }
    }

    /// The typed reference, or the object back.
    pub fn into_ref<T: Object>(self) -> Result<Ref<T>, ObjRef> {
        if self.kind() == T::KIND {
            Ok(Ref(self, PhantomData))
        } else {
            Err(self)
        }
    }

    #[inline(always)]
    fn body<T: Object>(&self) -> &T {
        debug_assert!(self.kind() == T::KIND);
        // SAFETY: the kind says that this is a `Gc<T>`; the reference keeps it alive.
        unsafe { &(*self.0.as_ptr().cast::<Gc<T>>()).body }
    }

    /// The number of references, this one included.
    #[inline(always)]
    pub fn count(&self) -> u32 {
        self.header().count.get()
    }

    /// As a raw pointer, still counted. Ended by `from_raw`.
    pub fn into_raw(self) -> *const Header {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// # Safety
    /// `raw` came from `into_raw`, and is used up by this call.
    pub unsafe fn from_raw(raw: *const Header) -> ObjRef {
        // SAFETY: `into_raw` gave a pointer that is not null.
        ObjRef(unsafe { NonNull::new_unchecked(raw.cast_mut()) })
    }
}

impl Clone for ObjRef {
    #[inline(always)]
    fn clone(&self) -> Self {
        let count = &self.header().count;
        count.set(count.get() + 1);
        ObjRef(self.0)
    }
}

impl Drop for ObjRef {
    #[inline(always)]
    fn drop(&mut self) {
        let count = &self.header().count;
        let left = count.get() - 1;
        count.set(left);
        if left == 0 {
            release(self.0);
        }
    }
}

impl fmt::Debug for ObjRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?} at {:#x}>", self.kind(), self.address())
    }
}

/// A counted reference to an object of kind `T`. Dereferences to its body.
#[repr(transparent)]
pub struct Ref<T: Object>(ObjRef, PhantomData<T>);

impl<T: Object> Ref<T> {
    /// The live objects of this type that are wanted; of a type whose objects have no tails.
    pub fn find_all(wanted: impl Fn(&T) -> bool) -> Vec<Ref<T>> {
        let mut found = Vec::new();
        slab::visit_size(size::<T>(0), |header| {
            if header.count() > 0 && header.peek::<T>().is_some_and(&wanted) {
                found.push(header.to_ref());
            }
        });
        let refs = found.into_iter().map(ObjRef::into_ref);
        refs.filter_map(Result::ok).collect()
    }

    /// Makes an object without a tail.
    pub fn new(body: T) -> Ref<T> {
        debug_assert!(body.tail_len() == 0);
        Self::with_tail(body, std::iter::empty())
    }

    /// Makes an object with its tail: `body.tail_len()` values from `tail`, `Undef` where that
    /// ends early.
    pub fn with_tail(body: T, tail: impl IntoIterator<Item = Value>) -> Ref<T> {
        let len = body.tail_len();
        let at = slab::allocate(size::<T>(len)).cast::<Gc<T>>();
        let mut tail = tail.into_iter();
        // SAFETY: `allocate` gave room for header, body and `len` values; all are written here.
        unsafe {
            let base = at
                .as_ptr()
                .cast::<u8>()
                .add(size_of::<Gc<T>>())
                .cast::<Value>();
            for i in 0..len {
                base.add(i).write(tail.next().unwrap_or(Value::Undef));
            }
            at.as_ptr().write(Gc {
                header: Header::new(T::KIND),
                body,
            });
        }
        Ref(ObjRef(at.cast()), PhantomData)
    }

    /// Makes an object with room for `body.tail_bytes()` bytes behind its body, which nobody has
    /// written yet.
    pub(in crate::vm) fn with_bytes(body: T) -> Ref<T> {
        debug_assert!(body.tail_len() == 0);
        let at = slab::allocate(size::<T>(0) + body.tail_bytes()).cast::<Gc<T>>();
        // SAFETY: `allocate` gave room for header and body, which are written here.
        unsafe {
            at.as_ptr().write(Gc {
                header: Header::new(T::KIND),
                body,
            });
        }
        Ref(ObjRef(at.cast()), PhantomData)
    }

    /// The only reference to an object.
    ///
    /// # Safety
    /// Header, body and tail have just been written.
    #[inline(always)]
    pub(super) unsafe fn own(at: NonNull<Gc<T>>) -> Ref<T> {
        Ref(ObjRef(at.cast()), PhantomData)
    }

    /// As `with_tail`, where the first values of the tail are moved out of an array.
    ///
    /// # Safety
    /// `count` initialised values stand at `from`; `count` is at most `body.tail_len()`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn with_moved_tail(body: T, from: *mut Value, count: usize) -> Ref<T> {
        let len = body.tail_len();
        let at = slab::allocate(size::<T>(len)).cast::<Gc<T>>();
        // SAFETY: `allocate` gave room for header, body and `len` values; all are written here.
        unsafe {
            let base = Gc::tail(at);
            move_values(from, base, count);
            // Zeroed memory is `Undef`: `frame` has a test of it.
            ptr::write_bytes(base.add(count), 0, len - count);
            at.as_ptr().write(Gc {
                header: Header::new(T::KIND),
                body,
            });
            Ref::own(at)
        }
    }

    #[inline(always)]
    pub fn as_obj(&self) -> &ObjRef {
        &self.0
    }

    #[inline(always)]
    pub fn into_obj(self) -> ObjRef {
        self.0
    }

    #[inline(always)]
    pub fn header(&self) -> &Header {
        self.0.header()
    }

    /// The values behind the body, as a raw pointer to the first.
    #[inline(always)]
    pub fn tail_ptr(&self) -> *mut Value {
        // SAFETY: the object is one of this kind.
        unsafe { Gc::tail(self.0.0.cast::<Gc<T>>()) }
    }

    /// The tail of a kind whose tail never changes after `with_tail` (tuples).
    #[inline(always)]
    pub fn frozen_tail(&self) -> &[Value]
    where
        T: FrozenTail,
    {
        // SAFETY: `tail_len` values were written by `with_tail`, and nobody changes them.
        unsafe { std::slice::from_raw_parts(self.tail_ptr(), self.tail_len()) }
    }

    /// A value of a tail that changes; `Undef` behind its end.
    pub fn in_tail(&self, at: usize) -> Value
    where
        T: ChangingTail,
    {
        if at >= self.tail_len() {
            return Value::Undef;
        }
        // SAFETY: inside the tail, whose values are initialised and never lent out; a clone only
        // changes a count.
        unsafe { (*self.tail_ptr().add(at)).clone() }
    }

    /// Puts a value into a tail that changes, and gives back what was there; or the value itself
    /// behind its end.
    pub fn replace_in_tail(&self, at: usize, value: Value) -> Value
    where
        T: ChangingTail,
    {
        if at >= self.tail_len() {
            return value;
        }
        // SAFETY: as in `in_tail`; moved out before anything is released.
        unsafe { ptr::replace(self.tail_ptr().add(at), value) }
    }
}

/// A counted reference to the object whose body this is; `None` for null.
///
/// # Safety
/// `body` is null or points at the body of a live object.
pub(in crate::vm) unsafe fn body_to_ref<T: Object>(body: *const T) -> Option<Ref<T>> {
    if body.is_null() {
        return None;
    }
    // SAFETY: the body lies at a fixed distance behind its header, in a `Gc<T>`.
    let header = unsafe {
        &*body
            .byte_sub(std::mem::offset_of!(Gc<T>, body))
            .cast::<Header>()
    };
    header.to_ref().into_ref().ok()
}

/// Kinds whose tail is reached by `in_tail` and `replace_in_tail` alone.
///
/// # Safety
/// Nobody may borrow what stands in the tail of such a kind.
pub unsafe trait ChangingTail: Object {}

// SAFETY: a frame's object has no other use for its tail.
unsafe impl ChangingTail for crate::vm::object::FrameObject {}

/// Kinds whose tail is written once.
///
/// # Safety
/// Nobody may write through `tail_ptr` of such a kind.
pub unsafe trait FrozenTail: Object {}

// SAFETY: nothing writes into a tuple after it is made.
unsafe impl FrozenTail for crate::vm::object::Tuple {}

pub(super) const fn size<T>(tail: usize) -> usize {
    const { assert!(size_of::<Gc<T>>() >= slab::SMALLEST) }
    size_of::<Gc<T>>() + tail * size_of::<Value>()
}

impl<T: Object> Deref for Ref<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        self.0.body()
    }
}

impl<T: Object> Clone for Ref<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Ref(self.0.clone(), PhantomData)
    }
}

impl<T: Object> From<Ref<T>> for Value {
    #[inline(always)]
    fn from(r: Ref<T>) -> Value {
        Value::Obj(r.0)
    }
}

impl<T: Object> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

thread_local! {
    /// How deeply releases are nested on the Rust stack.
    static NESTING: Cell<u32> = const { Cell::new(0) };
    /// `LATER` is not empty.
    static IS_LATER: Cell<bool> = const { Cell::new(false) };
    /// Objects whose release waits until the nesting is gone.
    static LATER: Cell<Vec<NonNull<Header>>> = const { Cell::new(Vec::new()) };
}

/// Beyond this nesting, releases wait in `LATER` instead of recursing.
const NESTING_LIMIT: u32 = 64;

/// The last reference to an object is gone.
#[cold]
#[inline(never)]
fn release(at: NonNull<Header>) {
    // SAFETY: the memory is still valid: count zero is what brought us here.
    let header = unsafe { at.as_ref() };
    if header.kind == Kind::Generator
        && !header.has_flag(flags::WEAKLY_REFERENCED)
        && header.peek::<Generator>().is_some_and(Generator::is_spent)
    {
        // SAFETY: nobody refers to the object, and its registers were released when it finished.
        return unsafe { free_finished(at.cast()) };
    }
    let info = kind_info(header.kind);
    if header.kind == Kind::Generator && header.has_flag(flags::WEAKLY_REFERENCED) {
        // Unlike others, these go from sight before they are finalized.
        weak::object_died(header);
    }
    if info.finalizes && finalize::wants_finalizer(header) {
        return;
    }
    if header.has_flag(flags::WEAKLY_REFERENCED) {
        weak::object_died(header);
    }
    if info.leaf {
        // SAFETY: nobody refers to the object.
        return unsafe { (info.drop)(at) };
    }
    let nesting = NESTING.get();
    if nesting >= NESTING_LIMIT {
        let mut later = LATER.take();
        later.push(at);
        LATER.set(later);
        IS_LATER.set(true);
        return;
    }
    NESTING.set(nesting + 1);
    // SAFETY: nobody refers to the object.
    unsafe { (info.drop)(at) };
    if nesting == 0 && IS_LATER.replace(false) {
        release_later();
    }
    NESTING.set(nesting);
}

/// Drops a reference to the generator that has just finished, most often the last one: so dies a
/// coroutine after each `await`.
#[inline(always)]
pub fn drop_finished(value: Value, finished: *const Header) {
    match value {
        Value::Obj(obj)
            if ptr::eq(obj.header(), finished)
                && obj.count() == 1
                && !obj.header().has_flag(flags::WEAKLY_REFERENCED) =>
        {
            let at = ManuallyDrop::new(obj).0;
            // SAFETY: this was the last reference, and the frame has released its registers.
            unsafe { free_finished(at.cast()) };
        }
        other => drop(other),
    }
}

/// Frees a generator that has finished: its registers own nothing any more, so that nothing can
/// nest or need a finalizer. Its memory is kept for the next call of the code.
///
/// # Safety
/// Nobody refers to the object, and its registers own nothing.
#[inline(always)]
unsafe fn free_finished(gc: NonNull<Gc<Generator>>) {
    // SAFETY: promised by the caller; the memory is not touched after it is given back.
    unsafe {
        let body = &raw mut (*gc.as_ptr()).body;
        if (*body).has_extra() {
            let len = (*body).tail_len();
            ptr::drop_in_place(body);
            slab::release(gc.cast(), size::<Generator>(len));
        } else {
            let code = ptr::read(&raw const (*body).code);
            code.zombies.keep(gc);
        }
    }
}

/// Works `LATER` off, last in first out, from the outermost release.
fn release_later() {
    loop {
        let mut later = LATER.take();
        let Some(at) = later.pop() else { break };
        LATER.set(later);
        // SAFETY: the object came here with count zero and waits for its release only.
        unsafe { (kind_info(at.as_ref().kind).drop)(at) };
    }
}

/// Drops body and tail of an object of kind `T` and frees its memory.
///
/// # Safety
/// `at` is a `Gc<T>` that nobody refers to.
pub(in crate::vm) unsafe fn drop_object<T: Object>(at: NonNull<Header>) {
    let gc = at.cast::<Gc<T>>();
    // SAFETY: see above; after this nothing of the object is touched but its memory freed.
    unsafe {
        let (len, bytes) = (gc.as_ref().body.tail_len(), gc.as_ref().body.tail_bytes());
        let tail = Gc::tail(gc);
        // In CPython's order, which finalizers show: a tuple lets its items go from the last, a frame
        // its variables and an instance its attributes from the first.
        for i in 0..len {
            let i = if T::BACKWARDS { len - 1 - i } else { i };
            ptr::drop_in_place(tail.add(i));
        }
        gc.as_ref().body.drop_room(tail.cast());
        ptr::drop_in_place(&raw mut (*gc.as_ptr()).body);
        slab::release(gc.cast(), size_of::<Gc<T>>() + bytes);
    }
}

/// Traces any object by its kind.
pub fn trace(obj: &ObjRef, visit: &mut dyn FnMut(&ObjRef)) {
    let info: &KindInfo = kind_info(obj.kind());
    (info.trace)(obj, visit);
}
