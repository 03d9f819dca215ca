//! `list[int]` and `int | None`: generic aliases and unions of types, as far as the operations of
//! the language look into them. Their methods are in `builtins`.

use super::attr::own_attr;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::object::{Class, NativeData, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// `types.GenericAlias`.
pub struct GenericAlias {
    pub origin: Value,
    pub args: Ref<Tuple>,
    /// `*tuple[int]`.
    pub unpacked: bool,
}

/// `types.UnionType`: always at least two different members.
pub struct UnionType {
    pub args: Ref<Tuple>,
}

impl NativeData for GenericAlias {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.origin.as_obj().into_iter().for_each(&mut *visit);
        visit(self.args.as_obj());
    }
}

impl NativeData for UnionType {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.args.as_obj());
    }
}

/// Attributes that an alias does not ask its origin for.
const OWN_NAMES: &[&str] = &[
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
    "__bases__",
    "__copy__",
    "__deepcopy__",
];

impl Vm {
    /// An attribute of a generic alias: most are its origin's.
    pub(super) fn alias_attr(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        name: &Ref<Str>,
    ) -> R<Option<Value>> {
        if let Some(alias) = obj.opaque::<GenericAlias>()
            && !OWN_NAMES.contains(&name.as_str())
        {
            let origin = alias.origin.clone();
            return self.get_attr(&origin, name).map(Some);
        }
        match self.lookup(class, name) {
            Some(found) => self.descriptor_get(&found, obj, class).map(Some),
            None => Ok(own_attr(obj, name)),
        }
    }

    /// What may stand in a union: a class, an alias, a union, `None`.
    pub fn is_unionable(&self, value: &Value) -> bool {
        value.is_none()
            || value.as_ref::<Class>().is_some()
            || value.opaque::<GenericAlias>().is_some()
            || value.opaque::<UnionType>().is_some()
    }

    /// The members of `a | b`, flattened and each once.
    pub fn union_members(&mut self, parts: &[Value]) -> R<Vec<Value>> {
        let mut flat = Vec::new();
        for part in parts {
            match part.opaque::<UnionType>() {
                Some(union) => flat.extend_from_slice(union.args.items()),
                None if part.is_none() => flat.push(self.types.none_type.clone().into()),
                None => flat.push(part.clone()),
            }
        }
        let mut members: Vec<Value> = Vec::new();
        for member in flat {
            let mut known = false;
            for other in &members {
                known = known || self.equal(other, &member)?;
            }
            if !known {
                members.push(member);
            }
        }
        Ok(members)
    }
}
