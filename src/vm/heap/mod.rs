//! Memory of objects: headers, reference counts, allocation and release.
//!
//! Every object is a [`Gc<T>`]: an 8-byte [`Header`], then a body of type `T`, then (for some
//! kinds) a tail of values. Counts are not atomic; objects belong to one thread. Releasing an
//! object never runs bytecode: what must be finalized by the program is put on a queue (see
//! [`finalize`]) which the dispatch loop drains before its next instruction.
//!
//! This folder is one of the three places where `unsafe` lives. What it promises to everybody
//! else: an [`ObjRef`] always points at a live object; a [`Ref<T>`] at one of kind `T::KIND`; a
//! [`Slot`] never lends out its content, so replacing it is always sound.

mod chunks;
pub mod finalize;
mod objref;
mod slab;
mod slot;
pub mod trial;
pub mod weak;
mod zombies;

pub use objref::{Gc, Header, ObjRef, Object, Ref, drop_finished, fetch, flags, trace};
pub(in crate::vm) use objref::{body_to_ref, drop_object};
pub use slab::{birth_now, live_objects, next_birth, pages, set_growth_limit, visit_objects};
pub use slot::{ChainSlot, ObjSlot, RefSlot, Slot};
pub use weak::{WeakPointer, WeakReference};
pub use zombies::ZombieFrames;
