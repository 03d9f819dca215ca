//! `str()`, `repr()`, `ascii()`, `format()`.

use crate::vm::heap::Ref;
use crate::vm::object::Str;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

impl Vm {
    pub fn repr(&mut self, v: &Value) -> R<Ref<Str>> {
        let _ = v;
        Ok(Str::new(""))
    }

    pub fn str(&mut self, v: &Value) -> R<Ref<Str>> {
        let _ = v;
        Ok(Str::new(""))
    }

    pub fn ascii(&mut self, v: &Value) -> R<Ref<Str>> {
        self.repr(v)
    }

    /// `format(v, spec)`.
    pub fn format(&mut self, v: &Value, spec: &str) -> R<Ref<Str>> {
        let _ = spec;
        self.str(v)
    }

    /// The name of the value's class, for messages.
    pub fn type_name(&self, v: &Value) -> std::rc::Rc<str> {
        self.class_of(v).name()
    }
}
