//! Places inside objects that hold one value and can be changed through a shared reference.

use super::objref::{Header, ObjRef, Object, Ref};
use crate::vm::value::Value;
use std::cell::UnsafeCell;
use std::fmt;
use std::mem::{self, ManuallyDrop};

/// A changeable value. It never lends out its content, so no borrow can be outlived.
#[repr(transparent)]
pub struct Slot(UnsafeCell<Value>);

impl Slot {
    pub const fn new(value: Value) -> Slot {
        Slot(UnsafeCell::new(value))
    }

    pub const fn undef() -> Slot {
        Slot::new(Value::Undef)
    }

    /// A copy of the content.
    #[inline(always)]
    pub fn get(&self) -> Value {
        // SAFETY: cloning a value changes a count at most; nobody else holds a reference inside.
        unsafe { (*self.0.get()).clone() }
    }

    /// Borrows without counting.
    ///
    /// # Safety
    /// Nobody may write the slot while the borrow lives.
    #[inline(always)]
    pub(in crate::vm) unsafe fn peek(&self) -> &Value {
        // SAFETY: promised by the caller.
        unsafe { &*self.0.get() }
    }

    /// Looks at the content without counting. `f` must not touch this slot.
    #[inline(always)]
    pub fn is_undef(&self) -> bool {
        // SAFETY: only the tag is read.
        matches!(unsafe { &*self.0.get() }, Value::Undef)
    }

    /// Whether the content is this object.
    #[inline(always)]
    pub fn holds(&self, obj: &ObjRef) -> bool {
        // SAFETY: only compared.
        matches!(unsafe { &*self.0.get() }, Value::Obj(own) if own.is(obj))
    }

    /// Whether the content is the object with this header.
    #[inline(always)]
    pub fn is_header(&self, header: *const Header) -> bool {
        // SAFETY: only compared.
        matches!(unsafe { &*self.0.get() }, Value::Obj(own) if std::ptr::eq(own.header(), header))
    }

    /// Puts a value in; the old one is released after.
    #[inline(always)]
    pub fn set(&self, value: Value) {
        drop(self.replace(value));
    }

    #[inline(always)]
    pub fn replace(&self, value: Value) -> Value {
        // SAFETY: the content is moved out before anything can be released.
        unsafe { mem::replace(&mut *self.0.get(), value) }
    }

    /// Takes the content, leaving `Undef`.
    #[inline(always)]
    pub fn take(&self) -> Value {
        self.replace(Value::Undef)
    }

    /// For tracing: shows the object inside, if there is one, without counting it.
    #[inline]
    pub fn visit(&self, visit: &mut dyn FnMut(&ObjRef)) {
        // SAFETY: a copy of the reference is lent, which nobody releases; a visitor looks at
        // objects and at their counts, and releases none, so the object outlives the call.
        unsafe {
            if let Value::Obj(obj) = &*self.0.get() {
                visit(&ManuallyDrop::new(std::ptr::read(obj)));
            }
        }
    }

    /// The content if it is not `Undef`.
    pub fn defined(&self) -> Option<Value> {
        match self.get() {
            Value::Undef => None,
            value => Some(value),
        }
    }
}

impl Default for Slot {
    fn default() -> Self {
        Slot::undef()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A changeable typed reference.
pub struct RefSlot<T: Object>(UnsafeCell<Ref<T>>);

impl<T: Object> RefSlot<T> {
    pub const fn new(r: Ref<T>) -> Self {
        RefSlot(UnsafeCell::new(r))
    }

    #[inline(always)]
    pub fn get(&self) -> Ref<T> {
        // SAFETY: cloning changes a count only.
        unsafe { (*self.0.get()).clone() }
    }

    /// Whether the content is this object.
    #[inline(always)]
    pub fn holds(&self, obj: &ObjRef) -> bool {
        // SAFETY: only compared.
        unsafe { &*self.0.get() }.as_obj().is(obj)
    }

    /// For tracing: shows the object without counting it.
    #[inline]
    pub fn visit(&self, visit: &mut dyn FnMut(&ObjRef)) {
        // SAFETY: as for a slot.
        let object = unsafe { ManuallyDrop::new(std::ptr::read((*self.0.get()).as_obj())) };
        visit(&object);
    }

    pub fn set(&self, r: Ref<T>) {
        // SAFETY: moved out before it is released.
        let old = unsafe { mem::replace(&mut *self.0.get(), r) };
        drop(old);
    }

    /// Borrows without counting.
    ///
    /// # Safety
    /// Nobody may `set` the slot while the borrow lives.
    #[inline(always)]
    pub unsafe fn peek(&self) -> &Ref<T> {
        // SAFETY: promised by the caller.
        unsafe { &*self.0.get() }
    }
}

/// A changeable place for an object or nothing, half the size of a [`Slot`].
#[derive(Default)]
pub struct ObjSlot(UnsafeCell<Option<ObjRef>>);

impl ObjSlot {
    /// Holds the value if that is an object, else nothing.
    pub fn new(value: Value) -> ObjSlot {
        let slot = ObjSlot::default();
        slot.set(value);
        slot
    }

    #[inline(always)]
    pub fn is_undef(&self) -> bool {
        // SAFETY: only looked at.
        unsafe { (*self.0.get()).is_none() }
    }

    /// The object's header as an uncounted pointer, null if there is none.
    #[inline(always)]
    pub fn header(&self) -> *const Header {
        // SAFETY: only looked at.
        match unsafe { &*self.0.get() } {
            Some(obj) => obj.header(),
            None => std::ptr::null(),
        }
    }

    /// Whether the content is this object.
    #[inline(always)]
    pub fn holds(&self, obj: &ObjRef) -> bool {
        std::ptr::eq(self.header(), obj.header())
    }

    /// What the object's kind keeps in its header.
    #[inline]
    pub fn aux(&self) -> Option<u16> {
        // SAFETY: only looked at.
        unsafe { (*self.0.get()).as_ref() }.map(|obj| obj.header().aux())
    }

    /// The content if there is one.
    pub fn defined(&self) -> Option<Value> {
        match self.get() {
            Value::Undef => None,
            value => Some(value),
        }
    }

    /// A copy of the content, `Undef` if there is none.
    #[inline]
    pub fn get(&self) -> Value {
        // SAFETY: cloning changes a count at most.
        unsafe { (*self.0.get()).clone() }.map_or(Value::Undef, Value::Obj)
    }

    /// For tracing: shows the object inside, if there is one, without counting it.
    #[inline]
    pub fn visit(&self, visit: &mut dyn FnMut(&ObjRef)) {
        // SAFETY: as for a slot.
        unsafe {
            if let Some(obj) = &*self.0.get() {
                visit(&ManuallyDrop::new(std::ptr::read(obj)));
            }
        }
    }

    /// Puts an object in; anything that is no object empties the place. The old one is released
    /// after.
    #[inline(always)]
    pub fn set(&self, value: Value) {
        let new = match value {
            Value::Obj(obj) => Some(obj),
            _ => None,
        };
        // SAFETY: the content is moved out before it is released.
        let old = unsafe { mem::replace(&mut *self.0.get(), new) };
        drop(old);
    }

    /// Takes the content, `Undef` if there is none.
    #[inline(always)]
    pub fn take(&self) -> Value {
        // SAFETY: the content is moved out.
        unsafe { (*self.0.get()).take() }.map_or(Value::Undef, Value::Obj)
    }
}

/// A word that is, for a frame of a chain of delegations, one of two things: in a root, the
/// counted innermost frame of its suspended chain; in an innermost frame, the uncounted root that
/// it was suspended under, which is only compared. No frame is both at the same time.
#[derive(Default)]
pub struct ChainSlot(UnsafeCell<usize>);

/// Marks a counted frame. Headers are aligned, so that the bit is free.
const COUNTED: usize = 1;

impl ChainSlot {
    #[inline(always)]
    fn word(&self) -> usize {
        // SAFETY: a number is copied.
        unsafe { *self.0.get() }
    }

    #[inline(always)]
    fn replace(&self, word: usize) -> Option<ObjRef> {
        // SAFETY: numbers are copied; a counted pointer is taken over by who gets it.
        unsafe {
            let old = mem::replace(&mut *self.0.get(), word);
            (old & COUNTED != 0).then(|| ObjRef::from_raw(Self::header(old)))
        }
    }

    #[inline(always)]
    fn header(word: usize) -> *const Header {
        std::ptr::with_exposed_provenance(word & !COUNTED)
    }

    /// Whether an innermost frame is counted here.
    #[inline(always)]
    pub fn has_leaf(&self) -> bool {
        self.word() & COUNTED != 0
    }

    /// The innermost frame as an uncounted pointer, null if there is none.
    #[inline(always)]
    pub fn leaf(&self) -> *const Header {
        match self.word() {
            word if word & COUNTED != 0 => Self::header(word),
            _ => std::ptr::null(),
        }
    }

    /// The innermost frame.
    pub fn get_leaf(&self) -> Option<ObjRef> {
        // SAFETY: a counted frame is alive.
        unsafe { self.leaf().as_ref() }.map(Header::to_ref)
    }

    #[inline(always)]
    pub fn set_leaf(&self, leaf: ObjRef) {
        drop(self.replace(leaf.into_raw().expose_provenance() | COUNTED));
    }

    /// Takes the innermost frame out.
    #[inline(always)]
    pub fn take_leaf(&self) -> Option<ObjRef> {
        if self.has_leaf() {
            self.replace(0)
        } else {
            None
        }
    }

    /// The frame has been suspended as the innermost one under this root.
    #[inline(always)]
    pub fn set_root(&self, root: *const Header) {
        let root = root.expose_provenance();
        if self.has_leaf() {
            drop(self.replace(root));
        } else {
            // SAFETY: a number is overwritten.
            unsafe { *self.0.get() = root };
        }
    }

    /// As `set_root` with none, where no frame is counted.
    #[inline(always)]
    pub fn forget_root(&self) {
        debug_assert!(!self.has_leaf());
        // SAFETY: a number is overwritten.
        unsafe { *self.0.get() = 0 };
    }

    /// Whether the frame was suspended last as the innermost one under this root.
    #[inline(always)]
    pub fn is_leaf_of(&self, root: *const Header) -> bool {
        self.word() == root.addr()
    }

    /// For tracing: shows the counted frame without counting it.
    #[inline]
    pub fn visit(&self, visit: &mut dyn FnMut(&ObjRef)) {
        if self.has_leaf() {
            // SAFETY: as for a slot.
            visit(&ManuallyDrop::new(unsafe { ObjRef::from_raw(self.leaf()) }));
        }
    }
}

impl Drop for ChainSlot {
    fn drop(&mut self) {
        drop(self.take_leaf());
    }
}
