//! Descriptors: functions, native methods, properties, computed attributes, places made by
//! `__slots__`, user objects with `__get__`, `__set__`, `__delete__`.

use super::attr::{dict_of, members_dict, replace_dict};
use crate::vm::heap::{ObjRef, Ref, weak};
use crate::vm::native::{GetSet, NativeType, TypeDef};
use crate::vm::object::{
    BoundMethod, Class, ClassMethod, Dict, Instance, Kind, Layout, NativeData, NativeFunction,
    Property, StaticMethod, Str,
};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// A computed attribute of a class (type `getset_descriptor`).
pub struct GetSetDescriptor {
    pub owner: Ref<Class>,
    pub def: &'static GetSet,
}

/// A place that `__slots__` made in the instances of a class (type `member_descriptor`).
pub struct MemberDescriptor {
    pub owner: Ref<Class>,
    /// As the class statement spells it, after mangling.
    pub name: Ref<Str>,
    /// Under which instances keep it: not an attribute name, and different in each class.
    pub key: Ref<Str>,
}

impl NativeData for GetSetDescriptor {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.owner.as_obj());
    }
}

impl NativeData for MemberDescriptor {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.owner.as_obj());
    }
}

// Their tables are filled in by `builtins`: a computed attribute of these very types can only be
// made once the types exist.
impl NativeType for GetSetDescriptor {
    const DEF: &'static TypeDef = &TypeDef::new("getset_descriptor", "builtins", Layout::Final);
}

impl NativeType for MemberDescriptor {
    const DEF: &'static TypeDef = &TypeDef::new("member_descriptor", "builtins", Layout::Final);
}

/// `__dict__` of instances of user classes: each class that adds one has its own descriptor.
pub static INSTANCE_DICT: GetSet = GetSet::write(
    "__dict__",
    |vm, obj| {
        let class = vm.class_of(obj);
        match dict_of(&class, obj) {
            Some(dict) => Ok(dict.into()),
            None => Err(vm.no_dict(obj, &class)),
        }
    },
    |vm, obj, value| {
        let class = vm.class_of(obj);
        let dict = match value {
            None => Dict::new(),
            Some(value) => match value.payload::<Dict>() {
                Some(dict) => dict,
                None => {
                    let message = format!(
                        "__dict__ must be set to a dictionary, not a '{}'",
                        vm.type_name(&value)
                    );
                    return Err(vm.type_error(message));
                }
            },
        };
        if replace_dict(&class, obj, dict) {
            Ok(())
        } else {
            Err(vm.no_dict(obj, &class))
        }
    },
    "dictionary for instance variables",
);

/// `__weakref__` of instances of user classes.
pub static INSTANCE_WEAKREF: GetSet = GetSet::read(
    "__weakref__",
    |_, obj| {
        let references = obj.as_obj().map(weak::references_to).unwrap_or_default();
        Ok(references
            .into_iter()
            .next()
            .map_or(Value::None, Value::Obj))
    },
    "list of weak references to the object",
);

/// The descriptor object of a computed attribute.
pub fn getset(vm: &mut Vm, owner: &Ref<Class>, def: &'static GetSet) -> Value {
    vm.make(GetSetDescriptor {
        owner: owner.clone(),
        def,
    })
}

impl Vm {
    /// `descr.__get__(obj, class)`: binds functions and native methods, computes properties; a
    /// value that is no descriptor comes back as it is. `obj` is `Undef` for access through the class.
    pub fn descriptor_get(&mut self, descr: &Value, obj: &Value, class: &Ref<Class>) -> R {
        match descr.kind() {
            None => Ok(descr.clone()),
            Some(Kind::Function) => Ok(match obj {
                Value::Undef => descr.clone(),
                _ => BoundMethod::value(descr.clone(), obj.clone()),
            }),
            Some(Kind::NativeFunction) => Ok(bind_native(descr, obj)),
            Some(Kind::Property) => match descr.downcast::<Property>() {
                Some(property) => self.property_get(property, descr, obj),
                None => Ok(descr.clone()),
            },
            Some(Kind::ClassMethod) => match descr.downcast::<ClassMethod>() {
                Some(method) => {
                    let callable = method.callable.get();
                    Ok(self.bind_to_class(callable, class))
                }
                None => Ok(descr.clone()),
            },
            Some(Kind::StaticMethod) => Ok(match descr.downcast::<StaticMethod>() {
                Some(method) => method.callable.get(),
                None => descr.clone(),
            }),
            Some(Kind::Opaque) => self.opaque_get(descr, obj, class),
            Some(Kind::Instance | Kind::Class | Kind::Exception | Kind::Future) => {
                self.user_get(descr, obj, class)
            }
            Some(_) => Ok(descr.clone()),
        }
    }

    fn opaque_get(&mut self, descr: &Value, obj: &Value, class: &Ref<Class>) -> R {
        if let Some(getset) = descr.opaque::<GetSetDescriptor>() {
            if obj.is_undef() {
                return Ok(descr.clone());
            }
            self.check_applies(&getset.owner, getset.def.name, obj)?;
            return (getset.def.get)(self, obj);
        }
        if let Some(member) = descr.opaque::<MemberDescriptor>() {
            if obj.is_undef() {
                return Ok(descr.clone());
            }
            self.check_applies(&member.owner, member.name.as_str(), obj)?;
            return match member_value(obj, &member.key) {
                Some(value) => Ok(value),
                None => {
                    let class = self.full_name_of(&self.class_of(obj));
                    let name = member.name.as_str();
                    let message = format!("'{class}' object has no attribute '{name}'");
                    Err(self.attribute_error(obj, name, message))
                }
            };
        }
        self.user_get(descr, obj, class)
    }

    /// `__get__` of any class.
    fn user_get(&mut self, descr: &Value, obj: &Value, class: &Ref<Class>) -> R {
        let hook = self.names.__get__.clone();
        let obj = match obj {
            Value::Undef => Value::None,
            obj => obj.clone(),
        };
        match self.call_special(descr, &hook, &[obj, class.clone().into()])? {
            Some(value) => Ok(value),
            None => Ok(descr.clone()),
        }
    }

    /// Has `__set__` or `__delete__` (so it wins over the instance's own attribute).
    pub fn is_data_descriptor(&mut self, descr: &Value) -> bool {
        match descr.kind() {
            Some(Kind::Property) => true,
            Some(Kind::Opaque)
                if descr.opaque::<GetSetDescriptor>().is_some()
                    || descr.opaque::<MemberDescriptor>().is_some() =>
            {
                true
            }
            Some(Kind::Instance | Kind::Opaque | Kind::Exception | Kind::Class | Kind::Future) => {
                let class = self.class_of(descr);
                self.lookup(&class, &self.names.__set__).is_some()
                    || self.lookup(&class, &self.names.__delete__).is_some()
            }
            _ => false,
        }
    }

    /// Has `__get__`: a data descriptor without it leaves reading to the instance's own attribute.
    pub(super) fn has_getter(&self, descr: &Value) -> bool {
        match descr.kind() {
            Some(Kind::Instance | Kind::Exception | Kind::Class | Kind::Future) => {
                let class = self.class_of(descr);
                self.lookup(&class, &self.names.__get__).is_some()
            }
            _ => true,
        }
    }

    /// `descr.__set__(obj, value)`, or `descr.__delete__(obj)` without a value.
    pub fn descriptor_set(&mut self, descr: &Value, obj: &Value, value: Option<Value>) -> R<()> {
        if let Some(property) = descr.as_ref::<Property>() {
            return self.property_set(&property.clone(), obj, value);
        }
        if let Some(getset) = descr.opaque::<GetSetDescriptor>() {
            self.check_applies(&getset.owner, getset.def.name, obj)?;
            return match getset.def.set {
                Some(set) => set(self, obj, value),
                None => {
                    let message = format!(
                        "attribute '{}' of '{}' objects is not writable",
                        getset.def.name,
                        self.tp_name(&getset.owner)
                    );
                    let class = self.exc.attribute_error.clone();
                    Err(self.error(&class, message))
                }
            };
        }
        if let Some(member) = descr.opaque::<MemberDescriptor>() {
            return self.member_set(member, obj, value);
        }
        let deleting = value.is_none();
        let hook = if deleting {
            self.names.__delete__.clone()
        } else {
            self.names.__set__.clone()
        };
        let args: Vec<Value> = std::iter::once(obj.clone()).chain(value).collect();
        match self.call_special(descr, &hook, &args)? {
            Some(_) => Ok(()),
            None => {
                let class = self.exc.attribute_error.clone();
                Err(self.error(&class, hook.as_str()))
            }
        }
    }

    fn member_set(
        &mut self,
        member: &MemberDescriptor,
        obj: &Value,
        value: Option<Value>,
    ) -> R<()> {
        self.check_applies(&member.owner, member.name.as_str(), obj)?;
        let deleting = value.is_none();
        let old = match obj.as_ref::<Instance>() {
            Some(instance) => instance.replace_member(&member.key, value.unwrap_or(Value::Undef)),
            None => {
                let Some(dict) = members_dict(obj) else {
                    let class = self.class_of(obj);
                    return Err(self.no_dict(obj, &class));
                };
                let old = dict.remove_str(&member.key).unwrap_or(Value::Undef);
                if let Some(value) = value {
                    dict.set_str(&member.key, value);
                }
                old
            }
        };
        if deleting && old.is_undef() {
            let class = self.exc.attribute_error.clone();
            return Err(self.error(&class, member.name.as_str()));
        }
        drop(old);
        Ok(())
    }

    /// The object is one of the class to which the descriptor belongs.
    fn check_applies(&mut self, owner: &Ref<Class>, name: &str, obj: &Value) -> R<()> {
        let class = self.class_of(obj);
        if class.is_subclass(owner) {
            return Ok(());
        }
        let message = format!(
            "descriptor '{name}' for '{}' objects doesn't apply to a '{}' object",
            self.tp_name(owner),
            self.tp_name(&class)
        );
        Err(self.type_error(message))
    }

    #[cold]
    fn no_dict(&mut self, obj: &Value, class: &Ref<Class>) -> Raise {
        let message = format!(
            "'{}' object has no attribute '__dict__'",
            self.tp_name(class)
        );
        self.attribute_error(obj, "__dict__", message)
    }

    /// What a class method is when it is accessed: bound to the class.
    pub fn bind_to_class(&mut self, callable: Value, class: &Ref<Class>) -> Value {
        let class = Value::Obj(class.as_obj().clone());
        match callable.downcast::<NativeFunction>() {
            Some(f) if f.this.is_undef() && !f.owner.is_undef() => bound_native(f, class),
            _ => BoundMethod::value(callable, class),
        }
    }

    /// `property.__get__`; `this` is the property object itself.
    pub fn property_get(&mut self, property: &Property, this: &Value, obj: &Value) -> R {
        if obj.is_undef() {
            return Ok(this.clone());
        }
        match property.getter.get() {
            Value::Undef | Value::None => Err(self.no_accessor(property, obj, "getter")),
            getter => self.call(&getter, std::slice::from_ref(obj)),
        }
    }

    /// `property.__set__` and `__delete__`.
    pub fn property_set(
        &mut self,
        property: &Property,
        obj: &Value,
        value: Option<Value>,
    ) -> R<()> {
        let (accessor, what) = match value {
            Some(_) => (property.setter.get(), "setter"),
            None => (property.deleter.get(), "deleter"),
        };
        if matches!(accessor, Value::Undef | Value::None) {
            return Err(self.no_accessor(property, obj, what));
        }
        let args: Vec<Value> = std::iter::once(obj.clone()).chain(value).collect();
        self.call(&accessor, &args)?;
        Ok(())
    }

    /// The name of a property: given by the class, else its getter's.
    pub fn property_name(&mut self, property: &Property) -> R<Option<Value>> {
        if let Some(name) = property.name.defined() {
            return Ok(Some(name));
        }
        match property.getter.get() {
            Value::Undef | Value::None => Ok(None),
            getter => {
                let name = self.names.__name__.clone();
                self.get_attr_opt(&getter, &name)
            }
        }
    }

    #[cold]
    fn no_accessor(&mut self, property: &Property, obj: &Value, what: &str) -> Raise {
        let qualname = self.class_of(obj).qualname.borrow().clone();
        let message = match self.property_name(property) {
            Err(raise) => return raise,
            Ok(Some(name)) => match self.repr(&name) {
                Err(raise) => return raise,
                Ok(name) => format!(
                    "property {} of '{qualname}' object has no {what}",
                    name.as_str()
                ),
            },
            Ok(None) => format!("property of '{qualname}' object has no {what}"),
        };
        let class = self.exc.attribute_error.clone();
        self.error(&class, message)
    }
}

/// The value that an object keeps under the hidden name of a place made by `__slots__`.
fn member_value(obj: &Value, key: &Ref<Str>) -> Option<Value> {
    match obj.as_ref::<Instance>() {
        Some(instance) => instance.member(key),
        None => super::attr::own_attr(obj, key),
    }
}

/// A native method accessed through an object; other native functions as they are.
fn bind_native(descr: &Value, obj: &Value) -> Value {
    match descr.downcast::<NativeFunction>() {
        Some(f) if !obj.is_undef() && f.is_method() => bound_native(f, obj.clone()),
        _ => descr.clone(),
    }
}

fn bound_native(f: &NativeFunction, this: Value) -> Value {
    NativeFunction::new(f.def, this, f.owner.clone(), f.module.clone()).into()
}

/// What `classmethod` and `staticmethod` copy from the callable they wrap: the attributes that
/// `functools.update_wrapper` copies, as far as there are any.
pub fn copy_wrapped(vm: &mut Vm, wrapper: &Value, callable: &Value) -> R<()> {
    let class = vm.class_of(wrapper);
    let Some(dict) = dict_of(&class, wrapper) else {
        return Ok(());
    };
    let names = [
        vm.names.__module__.clone(),
        vm.names.__name__.clone(),
        vm.names.__qualname__.clone(),
        vm.names.__doc__.clone(),
        vm.names.__annotations__.clone(),
    ];
    for name in names {
        if let Some(value) = vm.get_attr_opt(callable, &name)? {
            dict.set_str(&name, value);
        }
    }
    Ok(())
}
