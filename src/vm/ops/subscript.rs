//! `a[b]`, `a[b] = c`, `del a[b]`, slices included.

use crate::vm::value::Value;
use crate::vm::{R, Vm};

impl Vm {
    pub fn get_item(&mut self, a: &Value, key: &Value) -> R {
        let _ = (a, key);
        Err(self.type_error("unsupported"))
    }

    pub fn set_item(&mut self, a: &Value, key: &Value, value: Value) -> R<()> {
        let _ = (a, key, value);
        Err(self.type_error("unsupported"))
    }

    pub fn del_item(&mut self, a: &Value, key: &Value) -> R<()> {
        let _ = (a, key);
        Err(self.type_error("unsupported"))
    }
}
