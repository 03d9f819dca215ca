//! `NotImplemented` and `Ellipsis`: one object of each per VM.

use crate::vm::Vm;
use crate::vm::value::Value;

impl Vm {
    /// The object `NotImplemented`.
    pub fn not_implemented(&self) -> Value {
        self.types.not_implemented.clone()
    }

    /// The object `Ellipsis`.
    pub fn ellipsis(&self) -> Value {
        self.types.ellipsis.clone()
    }

    /// A result that may be missing, as special methods give it.
    pub fn or_not_implemented(&self, result: Option<Value>) -> Value {
        result.unwrap_or_else(|| self.not_implemented())
    }

    /// Whether a value is `NotImplemented`.
    #[inline]
    pub fn is_not_implemented(&self, v: &Value) -> bool {
        v.is(&self.types.not_implemented)
    }

    /// Whether a value is `Ellipsis`.
    #[inline]
    pub fn is_ellipsis(&self, v: &Value) -> bool {
        v.is(&self.types.ellipsis)
    }
}
