//! Functions written in Rust as objects: `builtin_function_or_method`, and the descriptors that
//! classes written in Rust have for their methods.

use super::args::{address, at, is_absent};
use super::descriptors::{GET, get};
use super::function::CALL;
use super::shown;
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, NativeKind};
use crate::vm::object::{Class, ClassMethod, Module, NativeFunction, Tuple};
use crate::vm::ops::exception::none_if_undef;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

pub fn install(vm: &mut Vm) {
    let t = &vm.types;
    let (function, wrapper) = (t.builtin_function.clone(), t.method_wrapper.clone());
    let descriptors = [
        t.method_descriptor.clone(),
        t.wrapper_descriptor.clone(),
        t.classmethod_descriptor.clone(),
    ];
    for class in [&function, &wrapper].into_iter().chain(&descriptors) {
        vm.extend_class(class, METHODS, GETSET);
    }
    for class in [&function, &wrapper] {
        vm.extend_class(class, BOUND_METHODS, BOUND_GETSET);
    }
    vm.extend_class(&function, &[], FUNCTION_GETSET);
    vm.extend_class(&wrapper, &[], OWNED_GETSET);
    vm.extend_class(&wrapper, &[], DESCRIPTOR_GETSET);
    for class in &descriptors {
        vm.extend_class(class, DESCRIPTOR_METHODS, OWNED_GETSET);
        vm.extend_class(class, &[], DESCRIPTOR_GETSET);
    }
    vm.extend_class(&vm.types.classmethod_descriptor.clone(), CLASS_METHODS, &[]);
}

/// Of all of them.
const METHODS: &[NativeDef] = &[
    CALL,
    NativeDef::new("__repr__", "(self, /)", native_repr, "Return repr(self)."),
    NativeDef::new("__reduce__", "(self, /)", reduce, "Helper for pickle."),
];

const GETSET: &[GetSet] = &[
    GetSet::read(
        "__name__",
        |vm, v| {
            let name = native(vm, v)?.def.name;
            Ok(vm.intern(name).into())
        },
        "The name.",
    ),
    GetSet::read("__qualname__", qualname, "The name with its class's."),
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
        "__text_signature__",
        |vm, v| {
            let f = native(vm, v)?;
            if f.python_name().is_some() {
                // It stands for a function written in the language.
                return Ok(Value::from(f.def.signature.replace("(self", "($self")));
            }
            let owner = f
                .owner
                .as_ref::<Class>()
                .map(|class| class.qualname.borrow());
            let shown =
                shown::text_signature(f.def, owner.as_deref().map(|n| &**n), f.module.as_str());
            Ok(shown.map_or(Value::None, Value::from))
        },
        "The signature as text.",
    ),
];

/// Of what is bound to an object or belongs to a module.
const BOUND_METHODS: &[NativeDef] = &[
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
];

const BOUND_GETSET: &[GetSet] = &[GetSet::read(
    "__self__",
    native_self,
    "The object it is bound to, or its module.",
)];

const FUNCTION_GETSET: &[GetSet] = &[GetSet::read(
    "__module__",
    |vm, v| {
        let f = native(vm, v)?;
        match f.python_name() {
            Some(_) => module_of_owner(vm, &f),
            None => Ok(none_if_undef(f.module.clone())),
        }
    },
    "The name of the module.",
)];

/// Only what CPython has written in Python has one.
const DESCRIPTOR_GETSET: &[GetSet] = &[GetSet::read(
    "__module__",
    |vm, v| {
        let f = native(vm, v)?;
        match f.python_name() {
            Some(_) => module_of_owner(vm, &f),
            None => {
                let name = vm.names.__module__.clone();
                Err(vm.no_attribute(v, &name))
            }
        }
    },
    "The name of the module.",
)];

fn module_of_owner(vm: &mut Vm, f: &NativeFunction) -> R {
    let name = vm.names.__module__.clone();
    vm.get_attr(&f.owner, &name)
}

/// Of what belongs to a class.
const OWNED_GETSET: &[GetSet] = &[GetSet::read(
    "__objclass__",
    |vm, v| Ok(none_if_undef(native(vm, v)?.owner.clone())),
    "The class it belongs to.",
)];

const DESCRIPTOR_METHODS: &[NativeDef] = &[NativeDef::new(
    "__get__",
    GET.signature,
    |vm, args| {
        check_instance(vm, args)?;
        get(vm, args)
    },
    GET.doc,
)];

/// Of class methods only: they are bound to the class.
const CLASS_METHODS: &[NativeDef] = &[
    NativeDef::new("__get__", GET.signature, get_class_method, GET.doc),
    NativeDef::new(
        "__call__",
        CALL.signature,
        |vm, args| {
            let mut all = super::args::varargs(args.get(1));
            let kwargs = super::args::keywords(vm, args.get(2));
            if all.is_empty() {
                let f = native(vm, &at(args, 0))?;
                let message = format!(
                    "descriptor '{}' of '{}' object needs an argument",
                    f.def.name,
                    owner_name(vm, &f)
                );
                return Err(vm.type_error(message));
            }
            let class = all.remove(0);
            let bound = get_class_method(vm, &[at(args, 0), Value::None, class])?;
            vm.call_kw(&bound, &all, &kwargs)
        },
        CALL.doc,
    ),
];

/// The function in a value, or in the class method that it is.
fn native(vm: &mut Vm, v: &Value) -> R<Ref<NativeFunction>> {
    if let Some(f) = v.as_ref::<NativeFunction>() {
        return Ok(f.clone());
    }
    match v.as_ref::<ClassMethod>().and_then(|m| m.native()) {
        Some(f) => Ok(f),
        None => {
            let error: Raise = vm.type_error("descriptor requires a function written natively");
            Err(error)
        }
    }
}

fn owner_name(vm: &Vm, f: &NativeFunction) -> String {
    match f.owner.as_ref::<Class>() {
        Some(class) => vm.tp_name(class).to_string(),
        None => "?".to_string(),
    }
}

fn qualname(vm: &mut Vm, v: &Value) -> R {
    let f = native(vm, v)?;
    if let Some(name) = f.python_name() {
        return Ok(name.into());
    }
    let owner = match (&f.this, f.this.as_ref::<Class>()) {
        (_, Some(class)) if !f.is_slot() => Some(class.clone()),
        (Value::Undef, _) => f.owner.as_ref::<Class>().cloned(),
        _ if f.is_slot() => f.owner.as_ref::<Class>().cloned(),
        (this, _) => Some(vm.class_of(this)),
    };
    Ok(match owner {
        Some(owner) => Value::from(format!("{}.{}", owner.qualname.borrow(), f.def.name)),
        None => Value::str(f.def.name),
    })
}

/// What pickle looks it up by.
fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let f = native(vm, &at(args, 0))?;
    let holder = match (&f.this, &f.owner) {
        (Value::Undef, Value::Undef) => return Ok(Value::str(f.def.name)),
        (Value::Undef, owner) => owner.clone(),
        (this, _) if this.downcast::<Module>().is_some() => return Ok(Value::str(f.def.name)),
        (this, _) => this.clone(),
    };
    let name = vm.intern("getattr");
    let getattr = vm.builtins.get_str(&name).unwrap_or(Value::None);
    let arguments = Tuple::value([holder, Value::str(f.def.name)]);
    Ok(Tuple::value([getattr, arguments]))
}

/// A method is bound only to an object of its class.
fn check_instance(vm: &mut Vm, args: &[Value]) -> R<()> {
    let (f, obj) = (native(vm, &at(args, 0))?, at(args, 1));
    let Some(owner) = f.owner.as_ref::<Class>() else {
        return Ok(());
    };
    if obj.is_none() || vm.class_of(&obj).is_subclass(owner) {
        return Ok(());
    }
    let message = format!(
        "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
        f.def.name,
        vm.tp_name(owner),
        vm.type_name(&obj)
    );
    Err(vm.type_error(message))
}

fn get_class_method(vm: &mut Vm, args: &[Value]) -> R {
    let f = native(vm, &at(args, 0))?;
    let (obj, class) = (at(args, 1), at(args, 2));
    let (name, owner) = (f.def.name, owner_name(vm, &f));
    let class = match (is_absent(&class), is_absent(&obj)) {
        (true, true) => {
            let message =
                format!("descriptor '{name}' for type '{owner}' needs either an object or a type");
            return Err(vm.type_error(message));
        }
        (true, false) => vm.class_of(&obj).into(),
        (false, _) => class,
    };
    let Some(class) = class.as_ref::<Class>() else {
        let message = format!(
            "descriptor '{name}' for type '{owner}' needs a type, not a '{}' as arg 2",
            vm.type_name(&class)
        );
        return Err(vm.type_error(message));
    };
    if f.owner
        .as_ref::<Class>()
        .is_some_and(|o| !class.is_subclass(o))
    {
        let message = format!(
            "descriptor '{name}' requires a subtype of '{owner}' but received '{}'",
            vm.tp_name(class)
        );
        return Err(vm.type_error(message));
    }
    Ok(vm.bind_to_class(f.into(), class))
}

fn native_self(vm: &mut Vm, v: &Value) -> R {
    let f = native(vm, v)?;
    if !f.this.is_undef() {
        return Ok(f.this.clone());
    }
    if let Some(name) = vm.intern_value(&f.module)
        && let Some(module) = vm.modules.get_str(&name)
    {
        return Ok(module);
    }
    Ok(none_if_undef(f.owner.clone()))
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

fn native_repr(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let f = native(vm, &v)?;
    let name = f.def.name;
    if let Some(name) = f.python_name() {
        return match f.this.is_undef() {
            true => Ok(format!("<function {name} at {}>", address(&v)).into()),
            false => {
                let this = vm.repr(&f.this)?;
                Ok(format!("<bound method {name} of {}>", this.as_str()).into())
            }
        };
    }
    if f.this.is_undef() && !f.owner.is_undef() && f.def.kind != NativeKind::Static {
        let what = if f.is_slot() {
            "slot wrapper"
        } else {
            "method"
        };
        let owner = owner_name(vm, &f);
        return Ok(Value::from(format!(
            "<{what} '{name}' of '{owner}' objects>"
        )));
    }
    let this = match f.this.is_undef() {
        true => &f.owner,
        false => &f.this,
    };
    if this.is_undef() || this.downcast::<Module>().is_some() {
        return Ok(Value::from(format!("<built-in function {name}>")));
    }
    let (class, place) = (vm.type_name(this), address(this));
    Ok(Value::from(match f.is_slot() {
        true => format!("<method-wrapper '{name}' of {class} object at {place}>"),
        false => format!("<built-in method {name} of {class} object at {place}>"),
    }))
}
