//! Attribute access as in CPython's `object.__getattribute__`, `type.__getattribute__` and kin.

use crate::vm::heap::Ref;
use crate::vm::object::{Class, Str};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

impl Vm {
    /// A name in the dicts of the MRO; not bound.
    pub fn lookup(&self, class: &Ref<Class>, name: &Ref<Str>) -> Option<Value> {
        class.mro().iter().find_map(|c| c.dict.get_str(name))
    }

    /// `obj.name`. Names given to the functions here must be interned.
    pub fn get_attr(&mut self, obj: &Value, name: &Ref<Str>) -> R {
        let _ = obj;
        Err(self.attribute_error(obj, name.as_str(), "unsupported"))
    }

    /// `getattr(obj, name, None)`: AttributeError becomes `None`.
    pub fn get_attr_opt(&mut self, obj: &Value, name: &Ref<Str>) -> R<Option<Value>> {
        match self.get_attr(obj, name) {
            Ok(value) => Ok(Some(value)),
            Err(raise) => {
                let class = self.exc.attribute_error.clone();
                self.catch(raise, &class)?;
                Ok(None)
            }
        }
    }

    pub fn set_attr(&mut self, obj: &Value, name: &Ref<Str>, value: Value) -> R<()> {
        let _ = value;
        Err(self.attribute_error(obj, name.as_str(), "unsupported"))
    }

    pub fn del_attr(&mut self, obj: &Value, name: &Ref<Str>) -> R<()> {
        Err(self.attribute_error(obj, name.as_str(), "unsupported"))
    }

    /// For a call `obj.name(…)`: the function and the self to put before the arguments, or the
    /// attribute and `Undef`. No bound method is made.
    pub fn load_method(&mut self, obj: &Value, name: &Ref<Str>) -> R<(Value, Value)> {
        Ok((self.get_attr(obj, name)?, Value::Undef))
    }

    /// A special method looked up on the class, as operators do: function and self as above;
    /// `None` if the class has none.
    pub fn special(&mut self, obj: &Value, name: &Ref<Str>) -> R<Option<(Value, Value)>> {
        let _ = (obj, name);
        Ok(None)
    }

    /// Calls a special method of the class; `None` if the class has none.
    pub fn call_special(
        &mut self,
        obj: &Value,
        name: &Ref<Str>,
        args: &[Value],
    ) -> R<Option<Value>> {
        let Some((func, this)) = self.special(obj, name)? else {
            return Ok(None);
        };
        if this.is_undef() {
            return self.call(&func, args).map(Some);
        }
        let mut all = Vec::with_capacity(args.len() + 1);
        all.push(this);
        all.extend_from_slice(args);
        self.call(&func, &all).map(Some)
    }
}
