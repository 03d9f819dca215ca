//! Objects without parts: bytes, numbers that do not fit a value.

use super::Trace;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::value::Value;
use num_bigint::BigInt;
use std::cell::{Cell, RefCell};

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

/// The bytes, and how many views look at them: while there are any, the size must not change.
#[derive(Default)]
pub struct ByteArray(pub RefCell<Vec<u8>>, pub Cell<usize>);

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

leaf!(Int Complex Bytes ByteArray);
