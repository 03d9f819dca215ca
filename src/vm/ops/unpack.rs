//! Unpacking of iterables into targets.

use crate::vm::value::Value;
use crate::vm::{R, Vm};

impl Vm {
    /// Exactly `n` items, or ValueError "not enough values to unpack (expected 2, got 1)" /
    /// "too many values to unpack (expected 2)" / TypeError "cannot unpack non-iterable X object".
    pub fn unpack(&mut self, v: &Value, n: usize) -> R<Vec<Value>> {
        let _ = (v, n);
        Ok(Vec::new())
    }

    /// `before` items, a list of the middle, `after` items.
    pub fn unpack_star(&mut self, v: &Value, before: usize, after: usize) -> R<Vec<Value>> {
        let _ = (v, before, after);
        Ok(Vec::new())
    }
}
