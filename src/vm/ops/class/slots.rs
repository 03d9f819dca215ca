//! `__slots__`: places in instances instead of a `__dict__`.

use crate::vm::heap::Ref;
use crate::vm::object::{Class, Dict, Layout, Str, fresh_id};
use crate::vm::ops::descriptor::MemberDescriptor;
use crate::vm::{R, Vm};

/// What `__slots__` of a class body asks for.
pub(super) struct Slots {
    /// `__slots__` was given at all.
    pub given: bool,
    /// Names of the places, mangled, in the order of their names.
    pub names: Vec<String>,
    /// `__dict__` was among them.
    pub dict: bool,
    /// `__weakref__` was among them.
    pub weakref: bool,
}

impl Vm {
    /// Reads and checks `__slots__` of a namespace.
    pub(super) fn read_slots(
        &mut self,
        class_name: &str,
        namespace: &Ref<Dict>,
        best: &Ref<Class>,
        bases: &[Ref<Class>],
    ) -> R<Slots> {
        let mut slots = Slots {
            given: false,
            names: Vec::new(),
            dict: false,
            weakref: false,
        };
        let Some(given) = namespace.get_str(&self.names.__slots__.clone()) else {
            return Ok(slots);
        };
        slots.given = true;
        let items = match given.as_str() {
            Some(_) => vec![given.clone()],
            None => self.collect(&given)?,
        };
        if !items.is_empty() && variable_size(best.layout) {
            let message = format!(
                "nonempty __slots__ not supported for subtype of '{}'",
                best.name()
            );
            return Err(self.type_error(message));
        }
        let has_dict = bases.iter().any(|b| !b.flags().no_dict);
        let has_weakref = bases.iter().any(weakly_referable);
        for item in items {
            let Some(name) = item.as_str() else {
                let message = format!(
                    "__slots__ items must be strings, not '{}'",
                    self.type_name(&item)
                );
                return Err(self.type_error(message));
            };
            if !is_identifier(name) {
                return Err(self.type_error("__slots__ must be identifiers"));
            }
            match name {
                "__dict__" if has_dict || slots.dict => {
                    let message = "__dict__ slot disallowed: we already got one";
                    return Err(self.type_error(message));
                }
                "__dict__" => slots.dict = true,
                "__weakref__" if has_weakref || slots.weakref => {
                    let message = "__weakref__ slot disallowed: we already got one";
                    return Err(self.type_error(message));
                }
                "__weakref__" => slots.weakref = true,
                _ => slots.names.push(mangle(class_name, name)),
            }
        }
        slots.names.sort();
        slots.names.dedup();
        for name in &slots.names {
            let key = self.intern(name);
            let ours = matches!(&**name, "__qualname__" | "__classcell__");
            if !ours && namespace.get_str(&key).is_some() {
                let message = format!("'{name}' in __slots__ conflicts with class variable");
                return Err(self.value_error(message));
            }
        }
        Ok(slots)
    }

    /// Puts the descriptors of the places into the class.
    pub(super) fn add_members(&mut self, class: &Ref<Class>, names: &[String]) {
        for name in names {
            let name = self.intern(name);
            let key = hidden_key(&name);
            let member = self.make(MemberDescriptor {
                owner: class.clone(),
                name: name.clone(),
                key,
            });
            class.dict.set_str(&name, member);
        }
    }
}

/// A name that no attribute can have, different for each class that has such a place.
fn hidden_key(name: &Ref<Str>) -> Ref<Str> {
    Str::new(&format!("\0{}\0{}", name.as_str(), fresh_id()))
}

/// Kinds whose objects differ in size, so that nothing can be put behind them.
fn variable_size(layout: Layout) -> bool {
    use crate::vm::object::Kind;
    matches!(
        layout,
        Layout::Int | Layout::Builtin(Kind::Tuple | Kind::Bytes) | Layout::Type
    )
}

/// Instances already have a `__weakref__`: a base without `__slots__`, or with that in it.
pub(super) fn weakly_referable(class: &Ref<Class>) -> bool {
    class.mro().iter().any(|c| {
        c.flags().heap
            && c.dict
                .map
                .borrow()
                .iter()
                .any(|e| e.key.as_str() == Some("__weakref__"))
    })
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c))
        && chars.all(unicode_ident::is_xid_continue)
}

/// `__name` inside a class is `_Class__name`.
fn mangle(class_name: &str, name: &str) -> String {
    let class_name = class_name.trim_start_matches('_');
    if !name.starts_with("__")
        || name.ends_with("__")
        || name.contains('.')
        || class_name.is_empty()
    {
        return name.to_string();
    }
    format!("_{class_name}{name}")
}
