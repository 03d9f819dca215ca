//! Iteration: `iter()`, `next()`, collecting.

use crate::vm::native::NativeDef;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// `__iter__` and `__next__` of opaque types that implement `NativeData::next`.
pub const ITERATOR_METHODS: &[NativeDef] = &[];

impl Vm {
    /// `iter(v)`; TypeError "'X' object is not iterable".
    pub fn iter(&mut self, v: &Value) -> R {
        Ok(v.clone())
    }

    /// The next item of an iterator, `None` at its end (StopIteration is taken).
    pub fn next(&mut self, iterator: &Value) -> R<Option<Value>> {
        let _ = iterator;
        Ok(None)
    }

    /// All items of an iterable.
    pub fn collect(&mut self, v: &Value) -> R<Vec<Value>> {
        let _ = v;
        Ok(Vec::new())
    }

    /// Calls `f` with each item, until it says `false`.
    pub fn for_each(&mut self, v: &Value, mut f: impl FnMut(&mut Vm, Value) -> R<bool>) -> R<()> {
        let iterator = self.iter(v)?;
        while let Some(item) = self.next(&iterator)? {
            if !f(self, item)? {
                break;
            }
        }
        Ok(())
    }
}
