//! Classes: making them, their order of bases, instances, `isinstance` and `issubclass`.

mod build;
mod change;
mod check;
mod instance;
mod make;
mod mro;
mod slots;

pub use make::ClassParts;

use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{Class, Layout};
use crate::vm::value::Value;
use std::rc::Rc;

/// Classes of the library that are written in the language here, and natively in CPython, where
/// messages call them by their full name.
const NATIVE_IN_CPYTHON: &[(&str, &[&str])] = &[
    ("decimal", &["Decimal", "Context"]),
    (
        "datetime",
        &[
            "date",
            "datetime",
            "time",
            "timedelta",
            "timezone",
            "tzinfo",
        ],
    ),
    ("collections", &["OrderedDict"]),
    ("functools", &["partial"]),
    ("re", &["Match", "Pattern"]),
    ("_thread", &["lock", "RLock"]),
    ("operator", &["attrgetter", "itemgetter", "methodcaller"]),
];

fn is_native_in_cpython(module: &str, name: &str) -> bool {
    NATIVE_IN_CPYTHON
        .iter()
        .any(|(m, names)| *m == module && names.contains(&name))
}

impl Vm {
    /// The name of a class as messages show it (CPython's `tp_name`): with its module for types
    /// that are written natively.
    pub fn tp_name(&self, class: &Ref<Class>) -> Rc<str> {
        let name = class.name();
        if class.layout == Layout::Exception {
            return name;
        }
        if class.flags().heap {
            let module = class.dict.get_str(&self.names.__module__);
            return match module.as_ref().and_then(Value::as_str) {
                Some(module) if is_native_in_cpython(module, &name) => {
                    format!("{module}.{name}").into()
                }
                _ => name,
            };
        }
        match class.dict.get_str(&self.names.__module__) {
            Some(module) => match module.as_str() {
                // In CPython these classes are written in Python, and so are called by their names.
                Some("asyncio.events" | "asyncio.unix_events") => name,
                Some(module) if module != "builtins" => format!("{module}.{name}").into(),
                _ => name,
            },
            None => name,
        }
    }
}
