//! Functions written in Rust as objects: `builtin_function_or_method` and `method_descriptor`.

use super::args::{address, at};
use super::function::{CALL, GET};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, NativeKind};
use crate::vm::object::{Class, Module, NativeFunction};
use crate::vm::ops::exception::none_if_undef;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

pub fn install(vm: &mut Vm) {
    let class = vm.types.builtin_function.clone();
    vm.extend_class(&class, NATIVE_METHODS, NATIVE_GETSET);
    let class = vm.types.method_descriptor.clone();
    vm.extend_class(&class, NATIVE_METHODS, NATIVE_GETSET);
    vm.extend_class(&class, DESCRIPTOR_METHODS, DESCRIPTOR_GETSET);
}

const NATIVE_METHODS: &[NativeDef] = &[
    CALL,
    NativeDef::new("__repr__", "(self, /)", native_repr, "Return repr(self)."),
    NativeDef::new(
        "__eq__",
        "(self, value, /)",
        native_eq,
        "Return self==value.",
    ),
    NativeDef::new(
        "__hash__",
        "(self, /)",
        |vm, args| {
            let hash = vm.hash(&at(args, 0))?;
            Ok(Value::Int(hash as i64))
        },
        "Return hash(self).",
    ),
    NativeDef::new(
        "__reduce__",
        "(self, /)",
        |vm, args| Ok(Value::str(native(vm, &at(args, 0))?.def.name)),
        "Helper for pickle.",
    ),
];

const NATIVE_GETSET: &[GetSet] = &[
    GetSet::read(
        "__name__",
        |vm, v| {
            let name = native(vm, v)?.def.name;
            Ok(vm.intern(name).into())
        },
        "The name.",
    ),
    GetSet::read(
        "__qualname__",
        |vm, v| {
            let f = native(vm, v)?;
            let owner = match f.this.as_ref::<Class>() {
                Some(class) => Some(class.clone()),
                None => f.owner.as_ref::<Class>().cloned(),
            };
            Ok(match owner {
                Some(owner) => Value::from(format!("{}.{}", owner.qualname.borrow(), f.def.name)),
                None => Value::str(f.def.name),
            })
        },
        "The name with its class's.",
    ),
    GetSet::read(
        "__doc__",
        |vm, v| {
            let doc = native(vm, v)?.def.doc;
            Ok(if doc.is_empty() {
                Value::None
            } else {
                Value::str(doc)
            })
        },
        "The documentation.",
    ),
    GetSet::read(
        "__module__",
        |vm, v| Ok(none_if_undef(native(vm, v)?.module.clone())),
        "The name of the module.",
    ),
    GetSet::read(
        "__self__",
        native_self,
        "The object it is bound to, or its module.",
    ),
    GetSet::read(
        "__text_signature__",
        |vm, v| {
            let f = native(vm, v)?;
            let signature = match f.owner.is_undef() {
                true => f.def.signature.replacen('(', "($module, ", 1),
                false => f.def.signature.replacen("(self", "($self", 1),
            };
            Ok(Value::from(signature))
        },
        "The signature as text.",
    ),
];

const DESCRIPTOR_METHODS: &[NativeDef] = &[GET];

const DESCRIPTOR_GETSET: &[GetSet] = &[GetSet::read(
    "__objclass__",
    |vm, v| Ok(none_if_undef(native(vm, v)?.owner.clone())),
    "The class it belongs to.",
)];

fn native(vm: &mut Vm, v: &Value) -> R<Ref<NativeFunction>> {
    match v.as_ref::<NativeFunction>() {
        Some(f) => Ok(f.clone()),
        None => {
            let error: Raise = vm.type_error("descriptor requires a function written natively");
            Err(error)
        }
    }
}

fn native_self(vm: &mut Vm, v: &Value) -> R {
    let f = native(vm, v)?;
    if !f.this.is_undef() {
        return Ok(f.this.clone());
    }
    if !f.owner.is_undef() && f.def.kind != NativeKind::Plain {
        return Ok(f.owner.clone());
    }
    if f.owner.is_undef() {
        if let Some(name) = vm.intern_value(&f.module)
            && let Some(module) = vm.modules.get_str(&name)
        {
            return Ok(module);
        }
        return Ok(Value::None);
    }
    let message = "'method_descriptor' object has no attribute '__self__'";
    Err(vm.attribute_error(v, "__self__", message))
}

fn native_eq(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = (at(args, 0), at(args, 1));
    match (
        a.downcast::<NativeFunction>(),
        b.downcast::<NativeFunction>(),
    ) {
        (Some(x), Some(y)) => Ok(Value::bool(
            std::ptr::eq(x.def, y.def) && x.this.is(&y.this),
        )),
        _ => Ok(vm.types.not_implemented.clone()),
    }
}

/// Special methods that are ordinary methods in CPython, not wrappers of a slot.
const NOT_SLOTS: &[&str] = &[
    "__reduce__",
    "__reduce_ex__",
    "__sizeof__",
    "__format__",
    "__dir__",
    "__getstate__",
    "__setstate__",
    "__reversed__",
    "__round__",
    "__trunc__",
    "__floor__",
    "__ceil__",
    "__getnewargs__",
    "__copy__",
    "__deepcopy__",
    "__length_hint__",
    "__complex__",
    "__bytes__",
    "__enter__",
    "__exit__",
    "__subclasses__",
    "__instancecheck__",
    "__subclasscheck__",
    "__missing__",
    "__class_getitem__",
    "__set_name__",
];

fn native_repr(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let f = native(vm, &v)?;
    let name = f.def.name;
    let is_slot =
        f.def.kind == NativeKind::Plain && name.starts_with("__") && !NOT_SLOTS.contains(&name);
    let text = if f.is_method() {
        let owner = match f.owner.as_ref::<Class>() {
            Some(class) => vm.tp_name(class),
            None => "?".into(),
        };
        let what = if is_slot { "slot wrapper" } else { "method" };
        format!("<{what} '{name}' of '{owner}' objects>")
    } else {
        let this = match f.this.is_undef() && !f.owner.is_undef() {
            true => f.owner.clone(),
            false => f.this.clone(),
        };
        if this.is_undef() || this.downcast::<Module>().is_some() {
            format!("<built-in function {name}>")
        } else {
            let class = vm.type_name(&this);
            let place = address(&this);
            match is_slot && !f.owner.is_undef() {
                true => format!("<method-wrapper '{name}' of {class} object at {place}>"),
                false => format!("<built-in method {name} of {class} object at {place}>"),
            }
        }
    };
    Ok(Value::from(text))
}
