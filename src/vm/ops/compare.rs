//! Comparison, truth, hashing, membership.

use crate::vm::value::Value;
use crate::vm::{R, Vm};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cmp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

impl Vm {
    /// A rich comparison with its result as the program sees it (any object).
    pub fn compare(&mut self, op: Cmp, a: &Value, b: &Value) -> R {
        let _ = (op, a, b);
        Err(self.type_error("unsupported"))
    }

    /// `a op b` as a truth value.
    pub fn compare_bool(&mut self, op: Cmp, a: &Value, b: &Value) -> R<bool> {
        let result = self.compare(op, a, b)?;
        self.truth(&result)
    }

    /// `a is b or a == b`, as containers compare.
    pub fn equal(&mut self, a: &Value, b: &Value) -> R<bool> {
        if a.is(b) {
            Ok(true)
        } else {
            self.compare_bool(Cmp::Eq, a, b)
        }
    }

    /// `bool(v)`.
    pub fn truth(&mut self, v: &Value) -> R<bool> {
        Ok(matches!(v, Value::True))
    }

    /// `hash(v)`; TypeError "unhashable type: 'list'".
    pub fn hash(&mut self, v: &Value) -> R<u64> {
        Ok(crate::vm::compare_pure::hash_pure(v).unwrap_or(0))
    }

    /// `item in container`.
    pub fn contains(&mut self, container: &Value, item: &Value) -> R<bool> {
        let _ = (container, item);
        Ok(false)
    }

    /// `len(v)`.
    pub fn len(&mut self, v: &Value) -> R<usize> {
        let _ = v;
        Ok(0)
    }
}
