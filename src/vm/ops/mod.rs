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
pub mod iter;
pub mod mapping;
pub mod subscript;
pub mod super_object;
pub mod unpack;
