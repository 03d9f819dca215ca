//! The kinds of objects: what each is made of. Behaviour lives elsewhere (`ops`, `builtins`);
//! here are the bodies, how they are traced, and which of them must be finalized.

/// For kinds without a tail.
macro_rules! no_tail {
    ($($kind:ty)*) => { $(
        impl $kind {
            pub(super) fn tail(&self) -> usize { 0 }
        }
    )* };
}
use no_tail;

mod class;
mod collection;
mod dictmap;
mod exception;
mod frame;
mod function;
mod future;
mod generator;
mod instance;
mod opaque;
mod scalar;
mod settable;
mod text;

pub use class::{BuiltinCall, Class, ClassFlags, Construction, Layout, Shape, Version, fresh_id};
pub use collection::{Dict, FrozenSet, List, Range, Set, Slice, Tuple, release_backwards};
pub use dictmap::{Entry, Lookup, OrderedMap};
pub use exception::{Exception, OwnAttributes, Traceback};
pub use frame::FrameObject;
pub use function::{
    BoundMethod, CacheEntry, CacheWay, CellObject, ClassMethod, CodeObject, Function,
    FunctionExtra, Module, NativeFunction, Property, StaticMethod,
};
pub use future::{Future, FutureState, Role, TaskPart, Waiter};
pub use generator::{GenExtra, GenKind, GenState, Generator, MOST_DEPTH, would_see_exit};
pub use instance::{Instance, InstanceExtra};
pub use opaque::{NativeData, Opaque};
pub use scalar::{ByteArray, Bytes, Complex, Int};
pub use settable::SetTable;
pub use text::{Str, TextBuilder, character};

use super::heap::flags;
use super::heap::{Header, ObjRef, Object};
use std::ptr::NonNull;

/// Shows the collector what an object refers to.
pub type TraceFn = fn(&ObjRef, &mut dyn FnMut(&ObjRef));

/// What the allocator and the collector must know of a kind.
pub struct KindInfo {
    pub drop: unsafe fn(NonNull<Header>),
    pub trace: TraceFn,
    /// Holds no references to other objects.
    pub leaf: bool,
    /// May need a finalizer: see `needs_finalizer`.
    pub finalizes: bool,
}

/// Calls the visitor with each object that a value or field refers to.
pub trait Trace {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef));
}

macro_rules! object_kinds {
    ($(
        $(#[doc = $doc:literal])+
        $kind:ident: leaf $leaf:literal, finalizes $fin:literal $(, bytes $room:ident)? $(, dropping $drop:ident)?;
    )*) => {
        /// The kinds of objects.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Kind {
            /// Not an object: a free slot of a page.
            Free,
            $($(#[doc = $doc])+ $kind,)*
        }

        impl Kind {
            pub const COUNT: usize = [$(Kind::$kind),*].len() + 1;
        }

        $(impl Object for $kind {
            const KIND: Kind = Kind::$kind;
            const BACKWARDS: bool = matches!(Kind::$kind, Kind::Tuple);
            fn tail_len(&self) -> usize { self.tail() }
            $(fn tail_bytes(&self) -> usize { self.$room() })?
            $(unsafe fn drop_room(&self, room: *mut u8) {
                // SAFETY: passed on from the caller.
                unsafe { self.$drop(room) }
            })?
        })*

        unsafe fn drop_free(_: NonNull<Header>) {}

        static KINDS: [KindInfo; Kind::COUNT] = [
            KindInfo { drop: drop_free, trace: |_, _| {}, leaf: true, finalizes: false },
            $(KindInfo {
                drop: super::heap::drop_object::<$kind>,
                trace: |obj, visit| if let Some(body) = obj.as_ref::<$kind>() { body.trace(visit) },
                leaf: $leaf,
                finalizes: $fin,
            },)*
        ];
    };
}

object_kinds! {
    /// `str`.
    Str: leaf true, finalizes false, bytes room;
    /// `int` beyond 64 bits.
    Int: leaf true, finalizes false;
    /// `complex`.
    Complex: leaf true, finalizes false;
    /// `bytes`.
    Bytes: leaf true, finalizes false;
    /// `bytearray`.
    ByteArray: leaf true, finalizes false;
    /// `list`.
    List: leaf false, finalizes false;
    /// `tuple`.
    Tuple: leaf false, finalizes false;
    /// `dict`.
    Dict: leaf false, finalizes false;
    /// `set`.
    Set: leaf false, finalizes false;
    /// `frozenset`.
    FrozenSet: leaf false, finalizes false;
    /// `range`.
    Range: leaf false, finalizes false;
    /// `slice`.
    Slice: leaf false, finalizes false;
    /// A function made by `def` or `lambda`.
    Function: leaf false, finalizes false;
    /// A function or other callable with its first argument.
    BoundMethod: leaf false, finalizes false;
    /// A function written in Rust.
    NativeFunction: leaf false, finalizes false;
    /// `property`.
    Property: leaf false, finalizes false;
    /// `classmethod`.
    ClassMethod: leaf false, finalizes false;
    /// `staticmethod`.
    StaticMethod: leaf false, finalizes false;
    /// A code object bound to its globals.
    Code: leaf false, finalizes false;
    /// The cell of a variable shared between frames.
    Cell: leaf false, finalizes false;
    /// `type` and its instances.
    Class: leaf false, finalizes false;
    /// An instance of a user-defined class.
    Instance: leaf false, finalizes true;
    /// A module.
    Module: leaf false, finalizes false;
    /// An exception.
    Exception: leaf false, finalizes true;
    /// One level of a traceback.
    Traceback: leaf false, finalizes false;
    /// A frame that a traceback or the program refers to.
    Frame: leaf false, finalizes false;
    /// A generator, coroutine or async generator.
    Generator: leaf false, finalizes true;
    /// A future or task.
    Future: leaf false, finalizes true, bytes part_bytes, dropping drop_part;
    /// Anything else written in Rust.
    Opaque: leaf false, finalizes true;
}

/// Aliases so that kinds whose Rust type has a longer name read well in the table.
use self::{CellObject as Cell, CodeObject as Code, FrameObject as Frame};

#[inline(always)]
pub fn kind_info(kind: Kind) -> &'static KindInfo {
    // Every kind has its row: the table is made from the same list as the enum.
    &KINDS[kind as usize]
}

/// Orders objects with finalizers by age, as far as that is known.
pub fn birth(object: &ObjRef) -> Option<u64> {
    match object.kind() {
        Kind::Instance => object
            .downcast::<Instance>()?
            .birth()
            .map(std::cell::Cell::get),
        Kind::Generator => object.downcast::<Generator>().map(Generator::birth),
        Kind::Exception => object.downcast::<Exception>().map(|e| e.birth.get()),
        _ => None,
    }
}

/// Gives an object that has a `birth` another one.
pub fn set_birth(object: &ObjRef, birth: u64) {
    if let Some(instance) = object.downcast::<Instance>() {
        instance.birth().into_iter().for_each(|own| own.set(birth));
    } else if let Some(generator) = object.downcast::<Generator>() {
        generator.set_birth(birth);
    } else if let Some(exception) = object.downcast::<Exception>() {
        exception.birth.set(birth);
    }
}

/// Whether the collector takes an object's turn among those that it finalizes: one that must be, or
/// a suspended frame, which is closed then and lets go of what it holds.
pub fn is_finalized_in_turn(header: &Header) -> bool {
    let suspended = || {
        let generator = header.peek::<Generator>();
        generator.is_some_and(|g| g.state.get() == GenState::Suspended)
    };
    needs_finalizer(header) || suspended()
}

/// Whether an object whose count fell to zero must be finalized by the program first.
pub fn needs_finalizer(header: &Header) -> bool {
    match header.kind() {
        Kind::Generator => header
            .peek::<Generator>()
            .is_some_and(generator::needs_finalizer),
        Kind::Future => {
            header.has_flag(flags::HAS_DEL)
                || header.peek::<Future>().is_some_and(future::needs_finalizer)
        }
        _ => header.has_flag(flags::HAS_DEL),
    }
}
