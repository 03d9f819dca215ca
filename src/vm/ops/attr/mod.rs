//! Attribute access as in CPython's `object.__getattribute__`, `type.__getattribute__` and kin:
//! reading here, writing in `set`, an object's own attributes in `own`, classes' in `cache`.

mod cache;
mod own;
mod set;

pub use cache::{direct_subclasses, forget_lookups, forget_subclass, register_subclass};
pub use own::{dict_of, members_dict, own_attr, replace_dict};

use super::alias::GenericAlias;
use super::super_object::Super;
use crate::vm::heap::Ref;
use crate::vm::object::{
    BoundMethod, Class, ClassMethod, Exception, Kind, Module, NativeFunction, StaticMethod, Str,
};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use smallvec::{SmallVec, smallvec};

impl Vm {
    /// `obj.name`. Names given to the functions here must be interned.
    pub fn get_attr(&mut self, obj: &Value, name: &Ref<Str>) -> R {
        match self.find_attr(obj, name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.no_attribute(obj, name)),
            Err(raise) => Err(self.tell_attribute(raise, obj, name)),
        }
    }

    /// An AttributeError that a hook, property or descriptor raised is told what was looked for,
    /// unless it knows already.
    #[cold]
    fn tell_attribute(&mut self, raise: Raise, obj: &Value, name: &Ref<Str>) -> Raise {
        let class = self.exc.attribute_error.clone();
        match self.catch(raise, &class) {
            Err(raise) => raise,
            Ok(error) => {
                if let Some(e) = error.downcast::<Exception>()
                    && e.field(0).is_undef()
                    && e.field(1).is_undef()
                {
                    e.set_field(0, name.clone().into());
                    e.set_field(1, obj.clone());
                }
                self.put_back(error)
            }
        }
    }

    /// `getattr(obj, name, None)`: AttributeError becomes `None`.
    pub fn get_attr_opt(&mut self, obj: &Value, name: &Ref<Str>) -> R<Option<Value>> {
        match self.find_attr(obj, name) {
            Err(raise) => {
                let class = self.exc.attribute_error.clone();
                self.catch(raise, &class)?;
                Ok(None)
            }
            found => found,
        }
    }

    /// As `get_attr`; `None` where nothing was found and nobody has raised an exception for it.
    fn find_attr(&mut self, obj: &Value, name: &Ref<Str>) -> R<Option<Value>> {
        let class = self.class_of(obj);
        let flags = class.flags();
        if flags.custom_getattribute || flags.custom_getattr {
            return self.hooked_attr(obj, &class, name).map(Some);
        }
        self.plain_attr(obj, &class, name)
    }

    /// Attribute access of a class with `__getattribute__` or `__getattr__` of its own.
    fn hooked_attr(&mut self, obj: &Value, class: &Ref<Class>, name: &Ref<Str>) -> R {
        let flags = class.flags();
        let names = (
            self.names.__getattribute__.clone(),
            self.names.__getattr__.clone(),
        );
        let key = Value::Obj(name.as_obj().clone());
        let found = if flags.custom_getattribute {
            let args = std::slice::from_ref(&key);
            self.call_special(obj, &names.0, args)
        } else {
            self.plain_attr(obj, class, name)
        };
        if !flags.custom_getattr {
            return match found? {
                Some(value) => Ok(value),
                None => Err(self.no_attribute(obj, name)),
            };
        }
        match found {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => {}
            Err(raise) => {
                let class = self.exc.attribute_error.clone();
                drop(self.catch(raise, &class)?);
            }
        }
        match self.call_special(obj, &names.1, &[key])? {
            Some(value) => Ok(value),
            None => Err(self.no_attribute(obj, name)),
        }
    }

    /// `object.__getattribute__` (`type`'s for classes, a module's for modules), without the
    /// exception at the end.
    pub fn plain_attr(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        name: &Ref<Str>,
    ) -> R<Option<Value>> {
        match obj.kind() {
            Some(Kind::Class) => self.class_attr(obj, class, name),
            Some(Kind::Module) => self.module_attr(obj, class, name),
            Some(Kind::BoundMethod) => self.method_attr(obj, class, name),
            Some(Kind::Opaque) if Super::is(obj) => self.super_attr(obj, class, name),
            Some(Kind::Opaque) if obj.opaque::<GenericAlias>().is_some() => {
                self.alias_attr(obj, class, name)
            }
            _ => self.generic_attr(obj, class, name),
        }
    }

    /// Data descriptors of the class, own attributes, other attributes of the class.
    fn generic_attr(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        name: &Ref<Str>,
    ) -> R<Option<Value>> {
        let Some(found) = self.lookup(class, name) else {
            return Ok(own_attr(obj, name));
        };
        if self.is_data_descriptor(&found) && self.has_getter(&found) {
            return self.descriptor_get(&found, obj, class).map(Some);
        }
        if let Some(value) = own_attr(obj, name) {
            return Ok(Some(value));
        }
        self.descriptor_get(&found, obj, class).map(Some)
    }

    fn class_attr(&mut self, obj: &Value, meta: &Ref<Class>, name: &Ref<Str>) -> R<Option<Value>> {
        let Some(class) = obj.as_ref::<Class>() else {
            return Ok(None);
        };
        let from_meta = self.lookup(meta, name);
        if let Some(found) = &from_meta
            && self.is_data_descriptor(found)
            && self.has_getter(found)
        {
            return self.descriptor_get(found, obj, meta).map(Some);
        }
        if let Some(found) = self.lookup(class, name) {
            return self.descriptor_get(&found, &Value::Undef, class).map(Some);
        }
        match from_meta {
            Some(found) => self.descriptor_get(&found, obj, meta).map(Some),
            None => Ok(None),
        }
    }

    fn module_attr(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        name: &Ref<Str>,
    ) -> R<Option<Value>> {
        if let Some(value) = self.generic_attr(obj, class, name)? {
            return Ok(Some(value));
        }
        let hook = obj
            .downcast::<Module>()
            .and_then(|m| m.dict.get_str(&self.names.__getattr__));
        match hook {
            Some(hook) => self.call(&hook, &[name.clone().into()]).map(Some),
            None => Ok(None),
        }
    }

    /// Bound methods have the attributes of their function.
    fn method_attr(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        name: &Ref<Str>,
    ) -> R<Option<Value>> {
        if let Some(found) = self.lookup(class, name) {
            return self.descriptor_get(&found, obj, class).map(Some);
        }
        match obj.downcast::<BoundMethod>() {
            Some(method) => {
                let func = method.func.clone();
                self.find_attr(&func, name)
            }
            None => Ok(None),
        }
    }

    /// The AttributeError for something that is not there.
    #[cold]
    pub fn no_attribute(&mut self, obj: &Value, name: &Ref<Str>) -> Raise {
        let name = name.as_str();
        let message = if let Some(class) = obj.as_ref::<Class>() {
            format!(
                "type object '{}' has no attribute '{name}'",
                self.tp_name(class)
            )
        } else if let Some(module) = obj.downcast::<Module>() {
            self.module_lacks(module, name)
        } else {
            let class = self.class_of(obj);
            format!(
                "'{}' object has no attribute '{name}'",
                self.tp_name(&class)
            )
        };
        self.attribute_error(obj, name, message)
    }

    /// What a module says about a name it does not have; in a circle of imports, that it is one.
    fn module_lacks(&mut self, module: &Module, name: &str) -> String {
        let text = |key| {
            let value = module.dict.get_str(key)?;
            value.as_str().map(str::to_string)
        };
        let Some(own) = text(&self.names.__name__) else {
            return format!("module has no attribute '{name}'");
        };
        if module.loading.get() {
            return match text(&self.names.__file__) {
                Some(file) if !own.contains('.') => format!(
                    "module '{own}' has no attribute '{name}' (consider renaming '{file}' if it \
                     has the same name as a third-party module you intended to import)"
                ),
                Some(file) => format!(
                    "partially initialized module '{own}' from '{file}' has no attribute \
                     '{name}' (most likely due to a circular import)"
                ),
                None => format!(
                    "partially initialized module '{own}' has no attribute '{name}' (most likely \
                     due to a circular import)"
                ),
            };
        }
        let submodule = self.intern(&format!("{own}.{name}"));
        let submodule = self.modules.get_str(&submodule);
        match submodule.as_ref().and_then(Value::as_ref::<Module>) {
            Some(submodule) if submodule.loading.get() => format!(
                "cannot access submodule '{name}' of module '{own}' (most likely due to a \
                 circular import)"
            ),
            _ => format!("module '{own}' has no attribute '{name}'"),
        }
    }

    /// For a call `obj.name(…)`: the function and the self to put before the arguments, or the
    /// attribute and `Undef`. No bound method is made.
    pub fn load_method(&mut self, obj: &Value, name: &Ref<Str>) -> R<(Value, Value)> {
        let class = self.class_of(obj);
        let flags = class.flags();
        let plain = !flags.custom_getattribute && !flags.custom_getattr;
        let special_kind = matches!(
            obj.kind(),
            Some(Kind::Class | Kind::Module | Kind::BoundMethod | Kind::Opaque)
        );
        if plain
            && (!special_kind || is_plain_opaque(obj))
            && let Some(found) = self.lookup(&class, name)
            && is_plain_method(&found)
        {
            return match own_attr(obj, name) {
                Some(value) => Ok((value, Value::Undef)),
                None => Ok((found, obj.clone())),
            };
        }
        if let Some(found) = self.super_method(obj, name) {
            return Ok(found);
        }
        let value = self.get_attr(obj, name)?;
        Ok(unbound(value))
    }

    /// A special method looked up on the class, as operators do: function and self as above;
    /// `None` if the class has none.
    pub fn special(&mut self, obj: &Value, name: &Ref<Str>) -> R<Option<(Value, Value)>> {
        let class = self.class_of(obj);
        match self.lookup(&class, name) {
            Some(found) => self.bind_method(found, obj, &class).map(Some),
            None => Ok(None),
        }
    }

    /// Something found in a class, ready to be called for an object: function and self, or
    /// what its `__get__` gave and `Undef`.
    pub fn bind_method(
        &mut self,
        found: Value,
        obj: &Value,
        class: &Ref<Class>,
    ) -> R<(Value, Value)> {
        if is_plain_method(&found) {
            return Ok((found, obj.clone()));
        }
        if let Some(method) = found.downcast::<StaticMethod>() {
            return Ok((method.callable.get(), Value::Undef));
        }
        if let Some(method) = found.downcast::<ClassMethod>() {
            let callable = method.callable.get();
            return Ok(unbound(self.bind_to_class(callable, class)));
        }
        Ok((self.descriptor_get(&found, obj, class)?, Value::Undef))
    }

    /// Calls a special method of the class; `None` if the class has none.
    pub fn call_special(
        &mut self,
        obj: &Value,
        name: &Ref<Str>,
        args: &[Value],
    ) -> R<Option<Value>> {
        match self.special(obj, name)? {
            Some((func, this)) => self.call_bound(&func, this, args).map(Some),
            None => Ok(None),
        }
    }

    /// Calls what `special` or `load_method` gave.
    pub fn call_bound(&mut self, func: &Value, this: Value, args: &[Value]) -> R {
        if this.is_undef() {
            return self.call(func, args);
        }
        let mut all: SmallVec<[Value; 4]> = smallvec![this];
        all.extend(args.iter().cloned());
        self.call(func, &all)
    }
}

/// An opaque object whose attributes are found as those of instances.
fn is_plain_opaque(obj: &Value) -> bool {
    obj.kind() == Some(Kind::Opaque) && !Super::is(obj) && obj.opaque::<GenericAlias>().is_none()
}

/// A function, or a native method: what is called with the object as first argument.
pub fn is_plain_method(found: &Value) -> bool {
    match found.kind() {
        Some(Kind::Function) => true,
        Some(Kind::NativeFunction) => found
            .downcast::<NativeFunction>()
            .is_some_and(NativeFunction::is_method),
        _ => false,
    }
}

impl NativeFunction {
    /// In a class's table and not bound to anything: accessing it through an object binds it.
    pub fn is_method(&self) -> bool {
        self.this.is_undef()
            && !self.owner.is_undef()
            && self.def.kind == crate::vm::native::NativeKind::Plain
    }
}

/// A bound method taken apart, other values as they are.
fn unbound(value: Value) -> (Value, Value) {
    match value.downcast::<BoundMethod>() {
        Some(method) => (method.func.clone(), method.this.clone()),
        None => (value, Value::Undef),
    }
}
