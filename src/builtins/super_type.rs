//! The type `super`.

use super::args::{at, is_absent, varargs};
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::Class;
use crate::vm::ops::super_object::Super;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

impl NativeType for Super {
    const DEF: &'static TypeDef = &TypeDef::new("super", "builtins", Super::LAYOUT)
        .doc("Access to the attributes of the classes that follow one in the MRO of another.")
        .methods(METHODS)
        .getset(GETSET);
}

/// Makes the class known under its name.
pub fn install(vm: &mut Vm) {
    let class = vm.class_for::<Super>();
    let name = vm.intern("super");
    vm.builtins.set_str(&name, class.into());
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args)", new),
    NativeDef::new(
        "__init__",
        "(self, type=None, object_or_type=None, /)",
        |_, _| Ok(Value::None),
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new(
        "__get__",
        "(self, instance, owner=None, /)",
        get,
        "Return an attribute of instance, which is of type owner.",
    ),
];

const GETSET: &[GetSet] = &[
    GetSet::read(
        "__thisclass__",
        |_, v| Ok(part(v, |s| s.this_class.clone().into())),
        "The class behind which the search begins.",
    ),
    GetSet::read(
        "__self__",
        |_, v| Ok(part(v, |s| s.obj.clone())),
        "The object.",
    ),
    GetSet::read(
        "__self_class__",
        |_, v| {
            Ok(part(v, |s| match &s.obj_class {
                Some(class) => class.clone().into(),
                None => Value::None,
            }))
        },
        "The class whose MRO is searched.",
    ),
];

fn part(v: &Value, field: fn(&Super) -> Value) -> Value {
    match v.opaque::<Super>().map(field) {
        None | Some(Value::Undef) => Value::None,
        Some(value) => value,
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let given = varargs(args.get(1));
    if given.len() > 2 {
        let count = given.len();
        let message = format!("super() expected at most 2 arguments, got {count}");
        return Err(vm.type_error(message));
    }
    let data = vm.make_super(&at(&given, 0), &at(&given, 1))?;
    match at(args, 0).as_ref::<Class>() {
        Some(class) => Ok(vm.make_in(class, data)),
        None => Ok(vm.make(data)),
    }
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let Some(data) = v.opaque::<Super>() else {
        return Ok(Value::None);
    };
    let class = data.this_class.name();
    Ok(Value::from(match &data.obj_class {
        Some(own) => format!("<super: <class '{class}'>, <{} object>>", vm.tp_name(own)),
        None => format!("<super: <class '{class}'>, NULL>"),
    }))
}

/// An unbound `super` object in a class binds itself to instances.
fn get(vm: &mut Vm, args: &[Value]) -> R {
    let (v, obj) = (at(args, 0), at(args, 1));
    let Some(data) = v.opaque::<Super>() else {
        return Ok(v);
    };
    if obj.is_none() && is_absent(&at(args, 2)) {
        return Err(vm.type_error("__get__(None, None) is invalid"));
    }
    if obj.is_none() || data.obj_class.is_some() {
        return Ok(v);
    }
    let bound = vm.make_super(&data.this_class.clone().into(), &obj)?;
    Ok(vm.make(bound))
}
