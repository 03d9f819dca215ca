//! `NotImplemented` and `Ellipsis`: one object of each per VM.

use crate::vm::Vm;
use crate::vm::object::{NativeData, Opaque};
use crate::vm::value::Value;

/// The Rust side of `NotImplemented`.
struct NotImplementedObject;
impl NativeData for NotImplementedObject {}

/// The Rust side of `...`.
struct EllipsisObject;
impl NativeData for EllipsisObject {}

/// The two objects, made when first asked for.
#[derive(Default)]
struct Singletons {
    not_implemented: Value,
    ellipsis: Value,
}

impl Vm {
    /// The object `NotImplemented`.
    pub fn not_implemented(&mut self) -> Value {
        let class = self.types.not_implemented_type.clone();
        let slot = &mut self.state::<Singletons>().not_implemented;
        if slot.is_undef() {
            *slot = Opaque::value(&class, NotImplementedObject);
        }
        slot.clone()
    }

    /// The object `Ellipsis`.
    pub fn ellipsis(&mut self) -> Value {
        let class = self.types.ellipsis_type.clone();
        let slot = &mut self.state::<Singletons>().ellipsis;
        if slot.is_undef() {
            *slot = Opaque::value(&class, EllipsisObject);
        }
        slot.clone()
    }

    /// A result that may be missing, as special methods give it.
    pub fn or_not_implemented(&mut self, result: Option<Value>) -> Value {
        result.unwrap_or_else(|| self.not_implemented())
    }
}

/// Whether a value is `NotImplemented`.
pub fn is_not_implemented(v: &Value) -> bool {
    v.opaque::<NotImplementedObject>().is_some()
}

/// Whether a value is `Ellipsis`.
pub fn is_ellipsis(v: &Value) -> bool {
    v.opaque::<EllipsisObject>().is_some()
}
