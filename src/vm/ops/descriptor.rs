//! Descriptors: functions, native methods, properties, computed attributes, user objects with
//! `__get__`, `__set__`, `__delete__`.

use crate::vm::heap::Ref;
use crate::vm::native::GetSet;
use crate::vm::object::Class;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The descriptor object of a computed attribute (type `getset_descriptor`).
pub fn getset(vm: &mut Vm, owner: &Ref<Class>, def: &'static GetSet) -> Value {
    let _ = (vm, owner, def);
    Value::None
}

impl Vm {
    /// `descr.__get__(obj, class)`: binds functions and native methods, computes properties; a
    /// value that is no descriptor comes back as it is. `obj` is `Undef` for access through the class.
    pub fn descriptor_get(&mut self, descr: &Value, obj: &Value, class: &Ref<Class>) -> R {
        let _ = (obj, class);
        Ok(descr.clone())
    }

    /// Has `__set__` or `__delete__` (so it wins over the instance's own attribute).
    pub fn is_data_descriptor(&mut self, descr: &Value) -> bool {
        let _ = descr;
        false
    }
}
