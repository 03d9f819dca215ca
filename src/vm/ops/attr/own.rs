//! The attributes that an object has of its own, not through its class: instance slots, and the
//! `__dict__` of every kind that has one.

use crate::vm::Vm;
use crate::vm::heap::{Ref, Slot};
use crate::vm::object::{
    Class, ClassMethod, Dict, Exception, Function, Future, Instance, Kind, Module, Opaque,
    StaticMethod, Str,
};
use crate::vm::value::Value;

/// An object's own attribute; `name` must be interned.
pub fn own_attr(obj: &Value, name: &Ref<Str>) -> Option<Value> {
    if let Some(instance) = obj.as_ref::<Instance>() {
        return instance.get(name);
    }
    if let Some(exception) = obj.downcast::<Exception>() {
        return exception.own.get(name);
    }
    existing_dict(obj)?.get_str(name)
}

/// Sets an own attribute; false if the object cannot have any.
pub fn set_own_attr(class: &Ref<Class>, obj: &Value, name: &Ref<Str>, value: Value) -> bool {
    if let Some(instance) = obj.as_ref::<Instance>() {
        if class.flags().no_dict {
            return false;
        }
        let old = instance.set(name, value);
        drop(old);
        return true;
    }
    if let Some(exception) = obj.downcast::<Exception>() {
        exception.own.set(name, value);
        return true;
    }
    match dict_of(class, obj) {
        Some(dict) => {
            dict.set_str(name, value);
            true
        }
        None => false,
    }
}

/// Removes an own attribute. `None`: the object cannot have any; `Some(false)`: it has none of
/// that name.
pub fn remove_own_attr(class: &Ref<Class>, obj: &Value, name: &Ref<Str>) -> Option<bool> {
    if let Some(instance) = obj.as_ref::<Instance>() {
        if class.flags().no_dict {
            return None;
        }
        let old = instance.remove(name);
        return Some(old.is_some());
    }
    if let Some(exception) = obj.downcast::<Exception>() {
        return Some(exception.own.remove(name).is_some());
    }
    let dict = dict_of(class, obj)?;
    Some(dict.remove_str(name).is_some())
}

/// The place of the dict of a kind that has one.
fn dict_slot(obj: &Value) -> Option<&Slot> {
    match obj.kind()? {
        Kind::Opaque => obj.downcast::<Opaque>().map(|o| &o.dict),
        Kind::Future => obj.downcast::<Future>().map(|f| &f.own_or_new().dict),
        Kind::Function => obj.downcast::<Function>().map(|f| &f.extra().dict),
        Kind::ClassMethod => obj.downcast::<ClassMethod>().map(|m| &m.dict),
        Kind::StaticMethod => obj.downcast::<StaticMethod>().map(|m| &m.dict),
        _ => None,
    }
}

/// The `__dict__` of an object that is not an instance, if it was made already.
fn existing_dict(obj: &Value) -> Option<Ref<Dict>> {
    match obj.kind()? {
        Kind::Module => obj.downcast::<Module>().map(|m| m.dict.clone()),
        Kind::Function => {
            let extra = obj.downcast::<Function>()?.extra.get()?;
            extra.dict.get().as_ref::<Dict>().cloned()
        }
        Kind::Future => {
            let own = obj.downcast::<Future>()?.own()?;
            own.dict.get().as_ref::<Dict>().cloned()
        }
        _ => dict_slot(obj)?.get().as_ref::<Dict>().cloned(),
    }
}

/// The live `__dict__` of an object, made if need be; `None` if it can have none.
pub fn dict_of(class: &Ref<Class>, obj: &Value) -> Option<Ref<Dict>> {
    match obj.kind()? {
        Kind::Instance if class.flags().no_dict => return None,
        Kind::Instance => return obj.as_ref::<Instance>().map(Ref::<Instance>::force_dict),
        Kind::Opaque if class.flags().no_dict => return None,
        _ => {}
    }
    members_dict(obj)
}

/// Where an object that is no instance keeps what belongs into its `__slots__`.
pub fn members_dict(obj: &Value) -> Option<Ref<Dict>> {
    if let Some(exception) = obj.downcast::<Exception>() {
        return Some(exception.own.force_dict());
    }
    if let Some(dict) = existing_dict(obj) {
        return Some(dict);
    }
    let slot = dict_slot(obj)?;
    let dict = Dict::new();
    slot.set(dict.clone().into());
    Some(dict)
}

/// `obj.__dict__ = dict`; false if it can have none.
pub fn replace_dict(class: &Ref<Class>, obj: &Value, dict: Ref<Dict>) -> bool {
    if let Some(instance) = obj.as_ref::<Instance>() {
        if class.flags().no_dict {
            return false;
        }
        instance.use_dict(dict);
        return true;
    }
    if obj.kind() == Some(Kind::Opaque) && class.flags().no_dict {
        return false;
    }
    if let Some(exception) = obj.downcast::<Exception>() {
        exception.own.use_dict(dict);
        return true;
    }
    match dict_slot(obj) {
        Some(slot) => {
            slot.set(dict.into());
            true
        }
        None => false,
    }
}

impl Vm {
    /// Names and values of an object's own attributes, in order, without moving them to a dict.
    pub fn own_attributes(&self, obj: &Value) -> Vec<(Ref<Str>, Value)> {
        if let Some(instance) = obj.as_ref::<Instance>() {
            return instance.attributes();
        }
        if let Some(exception) = obj.downcast::<Exception>() {
            return exception.own.list();
        }
        existing_dict(obj).map_or_else(Vec::new, |dict| dict.str_items())
    }
}
