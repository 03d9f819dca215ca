//! Changing what exists: `obj.__class__ = …`, `class.__bases__ = …`.

use super::make::place_of;
use super::slots::weakly_referable;
use crate::vm::heap::{Ref, flags};
use crate::vm::object::{Class, Exception, Future, Instance, Kind, Module, Opaque, Tuple};
use crate::vm::ops::attr::{direct_subclasses, forget_subclass, register_subclass};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::rc::Rc;

impl Vm {
    /// `obj.__class__ = value`.
    pub fn set_class_of(&mut self, obj: &Value, value: Option<Value>) -> R<()> {
        let Some(value) = value else {
            return Err(self.type_error("can't delete __class__ attribute"));
        };
        let Some(new) = value.as_ref::<Class>().cloned() else {
            let message = format!(
                "__class__ must be set to a class, not '{}' object",
                self.type_name(&value)
            );
            return Err(self.type_error(message));
        };
        let old = self.class_of(obj);
        let module = &self.types.module;
        let modules = new.is_subclass(module) && old.is_subclass(module);
        let both_heap = new.flags().heap && old.flags().heap;
        if !modules && !both_heap {
            return Err(self.type_error(
                "__class__ assignment only supported for mutable types or ModuleType subclasses",
            ));
        }
        let same = new.layout == old.layout
            && new.flags().no_dict == old.flags().no_dict
            && weakly_referable(&new) == weakly_referable(&old)
            && self.same_memory(&new, &old);
        if !same {
            let message = format!(
                "__class__ assignment: '{}' object layout differs from '{}'",
                self.tp_name(&new),
                self.tp_name(&old)
            );
            return Err(self.type_error(message));
        }
        self.store_class(obj, &new)
    }

    fn store_class(&mut self, obj: &Value, new: &Ref<Class>) -> R<()> {
        match obj.kind() {
            Some(Kind::Instance) => {
                if let Some(instance) = obj.as_ref::<Instance>() {
                    instance.set_class(new);
                }
            }
            Some(Kind::Exception) => {
                if let Some(exception) = obj.downcast::<Exception>() {
                    exception.class.set(new.clone());
                }
            }
            Some(Kind::Opaque) => {
                if let Some(opaque) = obj.downcast::<Opaque>() {
                    opaque.class.set(new.clone());
                }
            }
            Some(Kind::Future) => {
                if let Some(future) = obj.downcast::<Future>() {
                    future.set_class(new.clone());
                }
            }
            Some(Kind::Class) => {
                if let Some(class) = obj.downcast::<Class>() {
                    class.metaclass.set(new.clone().into());
                }
            }
            Some(Kind::Module) if obj.downcast::<Module>().is_some() => {
                return Err(self.type_error("__class__ assignment of modules is not supported"));
            }
            _ => {}
        }
        if let Some(object) = obj.as_obj() {
            let has_del = new.flags().has_del;
            object.header().set_flag(flags::HAS_DEL, has_del);
        }
        Ok(())
    }

    /// Instances of both have the same places.
    fn same_memory(&self, a: &Ref<Class>, b: &Ref<Class>) -> bool {
        let (solid_a, solid_b) = (self.solid_base(a), self.solid_base(b));
        if solid_a.is(&solid_b) {
            return true;
        }
        let same_names = member_names(&solid_a) == member_names(&solid_b);
        let bases = solid_a.primary_base().zip(solid_b.primary_base());
        same_names && bases.is_some_and(|(a, b)| a.is(&b))
    }

    /// `class.__bases__ = value`.
    pub fn set_bases(&mut self, class: &Ref<Class>, value: Option<Value>) -> R<()> {
        let name = class.name();
        if !class.flags().heap || value.is_none() {
            let what = if value.is_none() { "delete" } else { "set" };
            let message = format!("cannot {what} '__bases__' attribute of immutable type '{name}'");
            return Err(self.type_error(message));
        }
        let value = value.unwrap_or(Value::None);
        let Some(given) = value.as_ref::<Tuple>() else {
            let message = format!(
                "can only assign tuple to {name}.__bases__, not {}",
                self.type_name(&value)
            );
            return Err(self.type_error(message));
        };
        if given.items().is_empty() {
            let message = format!("can only assign non-empty tuple to {name}.__bases__, not ()");
            return Err(self.type_error(message));
        }
        let mut bases = Vec::new();
        for item in given.items() {
            let Some(base) = item.as_ref::<Class>() else {
                let message = format!(
                    "{name}.__bases__ must be tuple of classes, not '{}'",
                    self.type_name(item)
                );
                return Err(self.type_error(message));
            };
            if base.is_subclass(class) || base.descends_from(class) {
                return Err(self.type_error("a __bases__ item causes an inheritance cycle"));
            }
            bases.push(base.clone());
        }
        let best = self.best_base(&bases)?;
        let old_solid = class.primary_base().map(|b| self.solid_base(&b));
        let new_solid = self.solid_base(&best);
        if !old_solid.as_ref().is_some_and(|old| old.is(&new_solid)) {
            let message = format!(
                "__bases__ assignment: '{}' object layout differs from '{}'",
                self.tp_name(&best),
                class
                    .primary_base()
                    .map_or_else(|| "object".into(), |b| self.tp_name(&b))
            );
            return Err(self.type_error(message));
        }
        let primary = place_of(&best, &bases);
        self.replace_bases(class, bases.into(), primary)
    }

    fn replace_bases(
        &mut self,
        class: &Ref<Class>,
        bases: Rc<[Ref<Class>]>,
        primary: usize,
    ) -> R<()> {
        let old = class.bases.replace(bases);
        let old_primary = class.primary.replace(primary);
        if let Err(raise) = self.reorder(class) {
            *class.bases.borrow_mut() = old;
            class.primary.set(old_primary);
            return Err(raise);
        }
        for base in old.iter() {
            forget_subclass(base, class);
        }
        register_subclass(class);
        self.class_changed(class);
        Ok(())
    }

    /// Computes the order of a class and of all derived from it again.
    fn reorder(&mut self, class: &Ref<Class>) -> R<()> {
        let bases = class.bases();
        let order = self.order_of(class, &bases)?;
        *class.mro.borrow_mut() = order;
        for sub in direct_subclasses(class) {
            self.reorder(&sub)?;
        }
        Ok(())
    }
}

fn member_names(class: &Ref<Class>) -> Vec<String> {
    let map = class.dict.map.borrow();
    let members = map.iter().filter_map(|e| {
        e.value
            .opaque::<crate::vm::ops::descriptor::MemberDescriptor>()?;
        Some(e.key.as_str()?.to_string())
    });
    members.collect()
}
