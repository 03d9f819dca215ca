//! Setting and deleting attributes.

use super::own::{remove_own_attr, set_own_attr};
use crate::vm::heap::Ref;
use crate::vm::object::{Class, Str};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

impl Vm {
    /// `obj.name = value`; `name` must be interned.
    pub fn set_attr(&mut self, obj: &Value, name: &Ref<Str>, value: Value) -> R<()> {
        let class = self.class_of(obj);
        if class.flags().custom_setattr {
            let hook = self.names.__setattr__.clone();
            self.call_special(obj, &hook, &[name.clone().into(), value])?;
            return Ok(());
        }
        self.plain_set_attr(obj, &class, name, Some(value))
    }

    /// `del obj.name`; `name` must be interned.
    pub fn del_attr(&mut self, obj: &Value, name: &Ref<Str>) -> R<()> {
        let class = self.class_of(obj);
        if class.flags().custom_setattr {
            let hook = self.names.__delattr__.clone();
            self.call_special(obj, &hook, &[name.clone().into()])?;
            return Ok(());
        }
        self.plain_set_attr(obj, &class, name, None)
    }

    /// `object.__setattr__` and `__delattr__` (`type`'s for classes); `None` deletes.
    pub fn plain_set_attr(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        name: &Ref<Str>,
        value: Option<Value>,
    ) -> R<()> {
        if let Some(target) = obj.as_ref::<Class>() {
            return self.set_class_attr(&target.clone(), class, name, value);
        }
        let found = self.lookup(class, name);
        if let Some(found) = &found
            && self.is_data_descriptor(found)
        {
            return self.descriptor_set(found, obj, value);
        }
        let done = match value {
            Some(value) => set_own_attr(class, obj, name, value).then_some(true),
            None => remove_own_attr(class, obj, name),
        };
        match done {
            Some(true) => Ok(()),
            Some(false) => Err(self.no_attribute_to_delete(obj, class, name)),
            None => Err(self.no_place(obj, class, name, found.is_some())),
        }
    }

    #[cold]
    fn no_attribute_to_delete(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        name: &Ref<Str>,
    ) -> Raise {
        let message = format!(
            "'{}' object has no attribute '{}'",
            self.tp_name(class),
            name.as_str()
        );
        self.attribute_error(obj, name.as_str(), message)
    }

    /// The object has neither a descriptor nor a dict for the attribute.
    #[cold]
    fn no_place(&mut self, obj: &Value, class: &Ref<Class>, name: &Ref<Str>, found: bool) -> Raise {
        let (tp_name, name) = (self.tp_name(class), name.as_str());
        let message = if found {
            format!("'{tp_name}' object attribute '{name}' is read-only")
        } else if has_own_setter(class) {
            format!("'{tp_name}' object has no attribute '{name}'")
        } else {
            format!(
                "'{tp_name}' object has no attribute '{name}' and no __dict__ for setting new \
                 attributes"
            )
        };
        self.attribute_error(obj, name, message)
    }

    fn set_class_attr(
        &mut self,
        target: &Ref<Class>,
        meta: &Ref<Class>,
        name: &Ref<Str>,
        value: Option<Value>,
    ) -> R<()> {
        if !target.flags().heap {
            let message = format!(
                "cannot set '{}' attribute of immutable type '{}'",
                name.as_str(),
                self.tp_name(target)
            );
            return Err(self.type_error(message));
        }
        let obj = Value::Obj(target.as_obj().clone());
        let found = self.lookup(meta, name);
        if let Some(found) = &found
            && self.is_data_descriptor(found)
        {
            return self.descriptor_set(found, &obj, value);
        }
        let old = match value {
            Some(value) => {
                let old = target.dict.get_str(name);
                target.dict.set_str(name, value);
                old
            }
            None => match target.dict.remove_str(name) {
                Some(old) => Some(old),
                None => return Err(self.no_attribute(&obj, name)),
            },
        };
        self.class_changed(target);
        drop(old);
        Ok(())
    }
}

/// A class with hooks of its own got here through `object.__setattr__`.
fn has_own_setter(class: &Ref<Class>) -> bool {
    class.flags().custom_setattr
}
