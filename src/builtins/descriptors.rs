//! `property`, `classmethod`, `staticmethod`, and the descriptors of native types and `__slots__`.

use super::args::at;
use crate::vm::heap::{Ref, Slot};
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{
    BoundMethod, Class, ClassMethod, Dict, Instance, Layout, Property, StaticMethod, Str,
};
use crate::vm::ops::descriptor::{GetSetDescriptor, MemberDescriptor, copy_wrapped};
use crate::vm::value::Value;
use crate::vm::{R, Tail, Vm};

pub fn install(vm: &mut Vm) {
    let property = vm.types.property.clone();
    vm.extend_class(&property, PROPERTY_METHODS, PROPERTY_GETSET);
    let class = vm.types.classmethod.clone();
    vm.extend_class(&class, CLASSMETHOD_METHODS, WRAPPER_GETSET);
    let class = vm.types.staticmethod.clone();
    vm.extend_class(&class, STATICMETHOD_METHODS, WRAPPER_GETSET);
    let class = vm.class_for::<GetSetDescriptor>();
    vm.extend_class(&class, DESCRIPTOR_METHODS, DESCRIPTOR_GETSET);
    let class = vm.class_for::<MemberDescriptor>();
    vm.extend_class(&class, DESCRIPTOR_METHODS, DESCRIPTOR_GETSET);
}

/// `__get__` of all descriptors whose binding the VM knows.
pub(super) const GET: NativeDef = NativeDef::new(
    "__get__",
    "(self, instance, owner=None, /)",
    get,
    "Return an attribute of instance, which is of type owner.",
);

/// `descr.__get__(instance, owner=None)`: without an instance it is access through the class.
pub(super) fn get(vm: &mut Vm, args: &[Value]) -> R {
    let (obj, owner) = get_arguments(vm, args)?;
    let descr = at(args, 0).unwrapped();
    let class = match owner.as_ref::<Class>() {
        Some(class) => class.clone(),
        None => vm.class_of(&obj),
    };
    vm.descriptor_get(&descr, &obj, &class)
}

/// The instance and the owner, `Undef` where they are `None` or left out; one must be there.
fn get_arguments(vm: &mut Vm, args: &[Value]) -> R<(Value, Value)> {
    match (none_as_undef(at(args, 1)), none_as_undef(at(args, 2))) {
        (Value::Undef, Value::Undef) => Err(vm.type_error("__get__(None, None) is invalid")),
        both => Ok(both),
    }
}

// property

const PROPERTY_METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", |vm, args| {
        let builtin = vm.types.property.clone();
        let made = Ref::new(Property {
            getter: Slot::undef(),
            setter: Slot::undef(),
            deleter: Slot::undef(),
            doc: Slot::undef(),
            name: Slot::undef(),
        });
        wrapped_instance(vm, &at(args, 0), &builtin, made.into())
    }),
    NativeDef::new(
        "__init__",
        "(self, fget=None, fset=None, fdel=None, doc=None)",
        property_init,
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    NativeDef::new(
        "__get__",
        "(self, instance, owner=None, /)",
        |vm, args| {
            let (obj, _) = get_arguments(vm, args)?;
            let this = at(args, 0);
            match this.payload::<Property>() {
                Some(property) => vm.property_get(&property, &this, &obj),
                None => Ok(this),
            }
        },
        "Return an attribute of instance, which is of type owner.",
    ),
    NativeDef::new(
        "__set__",
        "(self, instance, value, /)",
        |vm, args| {
            let property = this_property(vm, args)?;
            vm.property_set(&property, &at(args, 1), Some(at(args, 2)))?;
            Ok(Value::None)
        },
        "Set an attribute of instance to value.",
    ),
    NativeDef::new(
        "__delete__",
        "(self, instance, /)",
        |vm, args| {
            let property = this_property(vm, args)?;
            vm.property_set(&property, &at(args, 1), None)?;
            Ok(Value::None)
        },
        "Delete an attribute of instance.",
    ),
    NativeDef::new(
        "getter",
        "(self, fget, /)",
        |vm, args| property_with(vm, args, 0),
        "A copy of the property with a different getter.",
    ),
    NativeDef::new(
        "setter",
        "(self, fset, /)",
        |vm, args| property_with(vm, args, 1),
        "A copy of the property with a different setter.",
    ),
    NativeDef::new(
        "deleter",
        "(self, fdel, /)",
        |vm, args| property_with(vm, args, 2),
        "A copy of the property with a different deleter.",
    ),
    NativeDef::new(
        "__set_name__",
        "(self, /, *args)",
        |vm, args| {
            let property = this_property(vm, args)?;
            let given = super::args::varargs(args.get(1));
            let [_, name] = given.as_slice() else {
                let message = format!(
                    "__set_name__() takes 2 positional arguments but {} were given",
                    given.len()
                );
                return Err(vm.type_error(message));
            };
            property.name.set(name.clone());
            Ok(Value::None)
        },
        "Tells the property its name.",
    ),
];

const PROPERTY_GETSET: &[GetSet] = &[
    GetSet::read(
        "fget",
        |vm, v| accessor(vm, v, |p| &p.getter),
        "The getter.",
    ),
    GetSet::read(
        "fset",
        |vm, v| accessor(vm, v, |p| &p.setter),
        "The setter.",
    ),
    GetSet::read(
        "fdel",
        |vm, v| accessor(vm, v, |p| &p.deleter),
        "The deleter.",
    ),
    GetSet::write(
        "__doc__",
        |vm, v| accessor(vm, v, |p| &p.doc),
        |_, v, value| {
            if let Some(property) = v.payload::<Property>() {
                property.doc.set(value.unwrap_or(Value::None));
            }
            Ok(())
        },
        "The documentation, by default the getter's.",
    ),
    GetSet::write(
        "__name__",
        |vm, v| {
            let Some(property) = v.payload::<Property>() else {
                return Ok(Value::None);
            };
            match vm.property_name(&property)? {
                Some(name) => Ok(name),
                None => {
                    let message = "'property' object has no attribute '__name__'";
                    Err(vm.attribute_error(v, "__name__", message))
                }
            }
        },
        |_, v, value| {
            if let Some(property) = v.payload::<Property>() {
                property.name.set(value.unwrap_or(Value::Undef));
            }
            Ok(())
        },
        "The name under which the class has it.",
    ),
    GetSet::read(
        "__isabstractmethod__",
        |vm, v| {
            let Some(property) = v.payload::<Property>() else {
                return Ok(Value::False);
            };
            for slot in [&property.getter, &property.setter, &property.deleter] {
                if is_abstract(vm, &slot.get())? {
                    return Ok(Value::True);
                }
            }
            Ok(Value::False)
        },
        "Whether one of the functions is abstract.",
    ),
];

/// A new object of a class written here, or an instance of a user class around it.
fn wrapped_instance(vm: &mut Vm, class: &Value, builtin: &Ref<Class>, value: Value) -> R {
    match class.as_ref::<Class>() {
        Some(class) => Ok(vm.instance_of(class, builtin, value)),
        None => Ok(value),
    }
}

fn this_property(vm: &mut Vm, args: &[Value]) -> R<Ref<Property>> {
    match at(args, 0).payload::<Property>() {
        Some(property) => Ok(property),
        None => Err(vm.type_error("descriptor requires a 'property' object")),
    }
}

fn property_init(vm: &mut Vm, args: &[Value]) -> R {
    let property = this_property(vm, args)?;
    property.getter.set(none_as_undef(at(args, 1)));
    property.setter.set(none_as_undef(at(args, 2)));
    property.deleter.set(none_as_undef(at(args, 3)));
    let doc = match none_as_undef(at(args, 4)) {
        Value::Undef => inherited_doc(vm, &property.getter.get())?,
        doc => doc,
    };
    property.doc.set(doc.clone());
    let this = at(args, 0);
    if this.as_ref::<Instance>().is_some() && !doc.is_none() {
        // An instance of a user class finds the class's own `__doc__` first, so it needs its own.
        let name = vm.names.__doc__.clone();
        vm.set_attr(&this, &name, doc)?;
    }
    Ok(Value::None)
}

/// The getter's documentation.
fn inherited_doc(vm: &mut Vm, getter: &Value) -> R {
    if getter.is_undef() {
        return Ok(Value::None);
    }
    let name = vm.names.__doc__.clone();
    Ok(vm.get_attr_opt(getter, &name)?.unwrap_or(Value::None))
}

fn none_as_undef(value: Value) -> Value {
    match value {
        Value::None => Value::Undef,
        value => value,
    }
}

/// A copy of a property with one of its functions replaced.
fn property_with(vm: &mut Vm, args: &[Value], which: usize) -> R {
    let this = at(args, 0);
    let property = this_property(vm, args)?;
    let mut parts = [
        property.getter.get(),
        property.setter.get(),
        property.deleter.get(),
    ];
    if let Some(part) = parts.get_mut(which) {
        *part = at(args, 1);
    }
    let from_getter = inherited_doc(vm, &property.getter.get())?.is(&property.doc.get());
    let doc = if from_getter {
        Value::None
    } else {
        property.doc.get()
    };
    let arguments: Vec<Value> = parts
        .into_iter()
        .chain([doc])
        .map(|v| if v.is_undef() { Value::None } else { v })
        .collect();
    let class = vm.class_of(&this);
    let made = vm.instantiate(&class, &arguments, &[])?;
    if let Some(made) = made.payload::<Property>() {
        made.name.set(property.name.get());
    }
    Ok(made)
}

fn accessor(_: &mut Vm, v: &Value, field: fn(&Property) -> &Slot) -> R {
    Ok(match v.payload::<Property>() {
        Some(property) => match field(&property).get() {
            Value::Undef => Value::None,
            value => value,
        },
        None => Value::None,
    })
}

fn is_abstract(vm: &mut Vm, callable: &Value) -> R<bool> {
    if callable.is_undef() {
        return Ok(false);
    }
    let name = vm.names.__isabstractmethod__.clone();
    match vm.get_attr_opt(callable, &name)? {
        Some(value) => vm.truth(&value),
        None => Ok(false),
    }
}

// classmethod and staticmethod

const CLASSMETHOD_METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", |vm, args| {
        let builtin = vm.types.classmethod.clone();
        let made = Ref::new(ClassMethod {
            callable: Slot::new(Value::None),
            dict: Slot::undef(),
        });
        wrapped_instance(vm, &at(args, 0), &builtin, made.into())
    }),
    NativeDef::new(
        "__init__",
        "(self, function, /)",
        |vm, args| {
            if let Some(method) = at(args, 0).payload::<ClassMethod>() {
                method.callable.set(at(args, 1));
            }
            copy_wrapped(vm, &at(args, 0), &at(args, 1))?;
            Ok(Value::None)
        },
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    NativeDef::new("__get__", GET.signature, get_class_method, GET.doc),
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| wrapper_repr(vm, &at(args, 0), "classmethod"),
        "Return repr(self).",
    ),
];

/// Bound to the owner, whatever it is; to the instance's class if there is no owner.
fn get_class_method(vm: &mut Vm, args: &[Value]) -> R {
    match get_arguments(vm, args)? {
        (_, owner) if !owner.is_undef() && owner.as_ref::<Class>().is_none() => {
            Ok(BoundMethod::value(wrapped(&at(args, 0)), owner))
        }
        _ => get(vm, args),
    }
}

const STATICMETHOD_METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", |vm, args| {
        let builtin = vm.types.staticmethod.clone();
        let made = Ref::new(StaticMethod {
            callable: Slot::new(Value::None),
            dict: Slot::undef(),
        });
        wrapped_instance(vm, &at(args, 0), &builtin, made.into())
    }),
    NativeDef::new(
        "__init__",
        "(self, function, /)",
        |vm, args| {
            if let Some(method) = at(args, 0).payload::<StaticMethod>() {
                method.callable.set(at(args, 1));
            }
            copy_wrapped(vm, &at(args, 0), &at(args, 1))?;
            Ok(Value::None)
        },
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    GET,
    NativeDef::new(
        "__call__",
        "(self, /, *args, **kwargs)",
        |vm, args| {
            let func = wrapped(&at(args, 0));
            let kwargs = super::args::keywords(vm, args.get(2));
            let args = super::args::varargs(args.get(1));
            vm.tail(Tail::Call { func, args, kwargs })
        },
        "Call self as a function.",
    ),
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| wrapper_repr(vm, &at(args, 0), "staticmethod"),
        "Return repr(self).",
    ),
];

const WRAPPER_GETSET: &[GetSet] = &[
    GetSet::read("__func__", |_, v| Ok(wrapped(v)), "The function."),
    GetSet::read("__wrapped__", |_, v| Ok(wrapped(v)), "The function."),
    GetSet::read(
        "__isabstractmethod__",
        |vm, v| Ok(Value::bool(is_abstract(vm, &wrapped(v))?)),
        "Whether the function is abstract.",
    ),
    GetSet::read(
        "__dict__",
        |vm, v| {
            let class = vm.class_of(v);
            match crate::vm::ops::attr::dict_of(&class, v) {
                Some(dict) => Ok(dict.into()),
                None => Ok(Dict::new().into()),
            }
        },
        "Its own attributes.",
    ),
];

/// The function inside a class method or static method.
fn wrapped(v: &Value) -> Value {
    if let Some(method) = v.payload::<ClassMethod>() {
        return method.callable.get();
    }
    match v.payload::<StaticMethod>() {
        Some(method) => method.callable.get(),
        None => Value::None,
    }
}

fn wrapper_repr(vm: &mut Vm, v: &Value, name: &str) -> R {
    let inner = vm.repr(&wrapped(v))?;
    Ok(Value::from(format!("<{name}({})>", inner.as_str())))
}

// getset_descriptor and member_descriptor

const DESCRIPTOR_METHODS: &[NativeDef] = &[
    GET,
    NativeDef::new(
        "__set__",
        "(self, instance, value, /)",
        |vm, args| {
            vm.descriptor_set(&at(args, 0), &at(args, 1), Some(at(args, 2)))?;
            Ok(Value::None)
        },
        "Set an attribute of instance to value.",
    ),
    NativeDef::new(
        "__delete__",
        "(self, instance, /)",
        |vm, args| {
            vm.descriptor_set(&at(args, 0), &at(args, 1), None)?;
            Ok(Value::None)
        },
        "Delete an attribute of instance.",
    ),
    NativeDef::new(
        "__repr__",
        "(self, /)",
        descriptor_repr,
        "Return repr(self).",
    ),
];

const DESCRIPTOR_GETSET: &[GetSet] = &[
    GetSet::read(
        "__name__",
        |vm, v| Ok(vm.intern(&name_of(v)).into()),
        "The name.",
    ),
    GetSet::read(
        "__qualname__",
        |vm, v| {
            let owner = owner_of(vm, v).qualname.borrow().clone();
            Ok(Value::from(format!("{owner}.{}", name_of(v))))
        },
        "The name with the class's.",
    ),
    GetSet::read(
        "__objclass__",
        |vm, v| Ok(owner_of(vm, v).into()),
        "The class it belongs to.",
    ),
    GetSet::read(
        "__doc__",
        |_, v| {
            Ok(match v.opaque::<GetSetDescriptor>() {
                Some(getset) if !getset.def.doc.is_empty() => Value::str(getset.def.doc),
                _ => Value::None,
            })
        },
        "The documentation.",
    ),
];

fn name_of(v: &Value) -> String {
    if let Some(getset) = v.opaque::<GetSetDescriptor>() {
        return getset.def.name.to_string();
    }
    v.opaque::<MemberDescriptor>()
        .map(|m| m.name.as_str().to_string())
        .unwrap_or_default()
}

fn owner_of(vm: &Vm, v: &Value) -> Ref<Class> {
    if let Some(getset) = v.opaque::<GetSetDescriptor>() {
        return getset.owner.clone();
    }
    match v.opaque::<MemberDescriptor>() {
        Some(member) => member.owner.clone(),
        None => vm.types.object.clone(),
    }
}

fn descriptor_repr(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let owner = owner_of(vm, &v);
    let exception = owner.layout == Layout::Exception && !owner.flags().heap;
    let computed = [
        "args",
        "__traceback__",
        "__context__",
        "__cause__",
        "__dict__",
    ];
    let name = name_of(&v);
    let is_member = v.opaque::<MemberDescriptor>().is_some()
        || (exception && !computed.contains(&name.as_str()));
    let what = if is_member { "member" } else { "attribute" };
    Ok(Value::from(format!(
        "<{what} '{name}' of '{}' objects>",
        vm.tp_name(&owner)
    )))
}

/// Names and values of the places that `__slots__` made in an object, where filled.
pub fn member_values(vm: &mut Vm, obj: &Value) -> Vec<(Ref<Str>, Value)> {
    let Some(instance) = obj.as_ref::<Instance>() else {
        return Vec::new();
    };
    let class = vm.class_of(obj);
    let mut found = Vec::new();
    for owner in class.mro().iter() {
        let members: Vec<Value> = {
            let map = owner.dict.map.borrow();
            map.iter()
                .map(|e| e.value.clone())
                .filter(|v| v.opaque::<MemberDescriptor>().is_some())
                .collect()
        };
        for member in members {
            if let Some(member) = member.opaque::<MemberDescriptor>()
                && let Some(value) = instance.member(&member.key)
            {
                found.push((member.name.clone(), value));
            }
        }
    }
    found
}
