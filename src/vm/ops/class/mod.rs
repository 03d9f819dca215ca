//! Classes: making them, their order of bases, instances, `isinstance` and `issubclass`.

mod build;
mod change;
mod instance;
mod make;
mod mro;
mod slots;

pub use make::ClassParts;

use super::alias::{GenericAlias, UnionType};
use crate::vm::heap::Ref;
use crate::vm::object::{Class, Layout, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::rc::Rc;

const INSTANCE_ARGUMENT: &str = "isinstance() arg 2 must be a type, a tuple of types, or a union";
const SUBCLASS_ARGUMENT: &str =
    "issubclass() arg 2 must be a class, a tuple of classes, or a union";

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

    /// `isinstance(v, class_or_tuple)` with `__instancecheck__` and unions.
    pub fn is_instance(&mut self, v: &Value, class: &Value) -> R<bool> {
        if let Some(class) = class.as_ref::<Class>() {
            let own = self.class_of(v);
            if own.is(class) {
                return Ok(true);
            }
            if self.has_type_as_metaclass(class) {
                return self.plain_is_instance(v, &own, class);
            }
        }
        if let Some(union) = class.opaque::<UnionType>() {
            let members = union.args.clone();
            return self.any_of(members.items(), |vm, member| vm.is_instance(v, member));
        }
        if let Some(members) = class.payload::<Tuple>() {
            return self.nested(" in __instancecheck__", |vm| {
                vm.any_of(members.items(), |vm, member| vm.is_instance(v, member))
            });
        }
        if class.opaque::<GenericAlias>().is_some() {
            let message = "isinstance() argument 2 cannot be a parameterized generic";
            return Err(self.type_error(message));
        }
        let hook = self.names.__instancecheck__.clone();
        if let Some(answer) = self.call_special(class, &hook, std::slice::from_ref(v))? {
            return self.truth(&answer);
        }
        Err(self.type_error(INSTANCE_ARGUMENT))
    }

    /// `type.__instancecheck__`: by the MRO of the object's class, else of what its `__class__`
    /// claims.
    pub fn plain_is_instance(
        &mut self,
        v: &Value,
        own: &Ref<Class>,
        class: &Ref<Class>,
    ) -> R<bool> {
        if own.is_subclass(class) {
            return Ok(true);
        }
        let name = self.names.__class__.clone();
        let standard = self.types.object.dict.get_str(&name);
        let found = self.lookup(own, &name);
        let same = match (&standard, &found) {
            (Some(a), Some(b)) => a.is(b),
            _ => true,
        };
        if same && !own.flags().custom_getattribute {
            return Ok(false);
        }
        let claimed = self.get_attr_opt(v, &name)?;
        Ok(claimed
            .as_ref()
            .and_then(|c| c.as_ref::<Class>())
            .is_some_and(|c| c.is_subclass(class)))
    }

    /// `issubclass(class, class_or_tuple)` with `__subclasscheck__` and unions.
    pub fn is_subclass(&mut self, class: &Value, of: &Value) -> R<bool> {
        if let Some(of) = of.as_ref::<Class>()
            && self.has_type_as_metaclass(of)
        {
            return self.plain_is_subclass(class, of);
        }
        if let Some(union) = of.opaque::<UnionType>() {
            let members = union.args.clone();
            return self.any_of(members.items(), |vm, member| vm.is_subclass(class, member));
        }
        if let Some(members) = of.payload::<Tuple>() {
            return self.nested(" in __subclasscheck__", |vm| {
                vm.any_of(members.items(), |vm, member| vm.is_subclass(class, member))
            });
        }
        if of.opaque::<GenericAlias>().is_some() {
            let message = "issubclass() argument 2 cannot be a parameterized generic";
            return Err(self.type_error(message));
        }
        let hook = self.names.__subclasscheck__.clone();
        if let Some(answer) = self.call_special(of, &hook, std::slice::from_ref(class))? {
            return self.truth(&answer);
        }
        if class.as_ref::<Class>().is_none() {
            return Err(self.type_error("issubclass() arg 1 must be a class"));
        }
        Err(self.type_error(SUBCLASS_ARGUMENT))
    }

    /// `type.__subclasscheck__`.
    pub fn plain_is_subclass(&mut self, class: &Value, of: &Ref<Class>) -> R<bool> {
        match class.as_ref::<Class>() {
            Some(class) => Ok(class.is_subclass(of)),
            None => {
                let bases = self.names.__bases__.clone();
                let bases = self.get_attr_opt(class, &bases)?;
                match bases.as_ref().and_then(|b| b.as_ref::<Tuple>()) {
                    Some(bases) => self.nested(" in __subclasscheck__", |vm| {
                        vm.any_of(bases.items(), |vm, base| vm.plain_is_subclass(base, of))
                    }),
                    None => Err(self.type_error("issubclass() arg 1 must be a class")),
                }
            }
        }
    }

    fn any_of(
        &mut self,
        members: &[Value],
        mut test: impl FnMut(&mut Vm, &Value) -> R<bool>,
    ) -> R<bool> {
        for member in members {
            if test(self, member)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The metaclass is `type` itself, whose hooks need not be called.
    fn has_type_as_metaclass(&self, class: &Ref<Class>) -> bool {
        let meta = class.metaclass.get();
        meta.as_obj()
            .is_some_and(|m| m.is(self.types.type_.as_obj()))
    }
}
