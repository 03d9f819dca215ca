//! The operations of the language on objects of any class: built-in kinds directly, others
//! through their special methods. The dispatch loop has fast paths of its own for the commonest
//! pairs and comes here for the rest.

pub mod alias;
pub mod arith;
pub mod attr;
pub mod class;
pub mod compare;
pub mod descriptor;
pub mod exception;
pub mod exception_group;
pub mod format;
pub mod future;
pub mod guard;
pub mod hash;
pub mod iter;
pub mod iterators;
pub mod mapping;
pub mod number;
pub mod percent;
pub mod range;
pub mod sequence;
pub mod sets;
pub mod singletons;
pub mod slices;
pub mod subscript;
pub mod super_object;
pub mod unpack;
pub mod views;
