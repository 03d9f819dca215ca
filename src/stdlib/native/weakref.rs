//! The module `_weakref`: references that do not keep their objects alive.

use crate::vm::heap::{Ref, WeakReference, weak};
use crate::vm::native::{GetSet, ModuleDef, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Class, Dict, Kind, Layout, List, Module, NativeData, Opaque, Str, Tuple};
use crate::vm::ops::arith::{Arith, Unary};
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_weakref",
    doc: "Weak-reference support module.",
    functions: &[
        NativeDef::new(
            "proxy",
            "(object, callback=None, /)",
            proxy,
            "Create a proxy object that weakly references 'object'.",
        ),
        NativeDef::new(
            "getweakrefcount",
            "(object, /)",
            |_, a| Ok(references(&a[0]).len().into()),
            "Return the number of weak references to 'object'.",
        ),
        NativeDef::new(
            "getweakrefs",
            "(object, /)",
            |_, a| Ok(List::value(references(&a[0]))),
            "Return a list of all weak reference objects pointing to 'object'.",
        ),
        NativeDef::new(
            "_remove_dead_weakref",
            "(dct, key, /)",
            remove_dead,
            "Atomically remove key from dict if it points to a dead weakref.",
        ),
    ],
    init: Some(init),
};

/// Stand for the classes, whose objects hold `WeakReference`s.
struct Reference;
struct Proxy;
struct CallableProxy;

macro_rules! classes {
    ($($marker:ident $def:ident)*) => { $(
        impl NativeData for $marker {}

        impl NativeType for $marker {
            const DEF: &'static TypeDef = &$def;
        }
    )* };
}

classes! { Reference REFERENCE Proxy PROXY CallableProxy CALLABLE_PROXY }

static REFERENCE: TypeDef = TypeDef::new("ReferenceType", "weakref", Layout::Opaque(0x5752))
    .methods(&[
        NativeDef::constructor(
            "(cls, object, callback=None, /, *args, **kwargs)",
            new_reference,
        ),
        NativeDef::new(
            "__init__",
            "(self, *args, **kwargs)",
            |_, _| Ok(Value::None),
            "Initialize self.",
        ),
        NativeDef::new(
            "__call__",
            "(self, /)",
            |_, a| Ok(target(&a[0]).unwrap_or(Value::None)),
            "Call self as a function.",
        ),
        NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
        NativeDef::new("__hash__", "(self, /)", hash, "Return hash(self)."),
        NativeDef::new(
            "__eq__",
            "(self, value, /)",
            |vm, a| equal(vm, a, Cmp::Eq),
            "Return self==value.",
        ),
        NativeDef::new(
            "__ne__",
            "(self, value, /)",
            |vm, a| equal(vm, a, Cmp::Ne),
            "Return self!=value.",
        ),
        NativeDef::new(
            "__class_getitem__",
            "(cls, item, /)",
            class_getitem,
            "See PEP 585",
        )
        .class(),
    ])
    .getset(&[GetSet::read("__callback__", callback, "")]);

static PROXY: TypeDef = TypeDef::new("ProxyType", "weakref", Layout::Final).methods(PROXY_METHODS);
static CALLABLE_PROXY: TypeDef =
    TypeDef::new("CallableProxyType", "weakref", Layout::Final).methods(PROXY_METHODS);

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    for (name, class) in [
        ("ref", vm.class_for::<Reference>()),
        ("ReferenceType", vm.class_for::<Reference>()),
        ("ProxyType", proxy_class(vm, false)),
        ("CallableProxyType", proxy_class(vm, true)),
    ] {
        let name = vm.intern(name);
        module.dict.set_str(&name, class.into());
    }
    Ok(())
}

fn proxy_class(vm: &mut Vm, callable: bool) -> Ref<Class> {
    let class = if callable {
        vm.class_for::<CallableProxy>()
    } else {
        vm.class_for::<Proxy>()
    };
    let call = vm.names.__call__.clone();
    if callable && class.dict.get_str(&call).is_none() {
        vm.extend_class(&class, PROXY_CALL, &[]);
    }
    class
}

/// The object that a reference or proxy refers to, if it lives.
fn target(reference: &Value) -> Option<Value> {
    reference
        .opaque::<WeakReference>()?
        .target()
        .map(Value::Obj)
}

/// The references and proxies to an object, oldest first.
fn references(object: &Value) -> Vec<Value> {
    let Some(object) = object.as_obj() else {
        return Vec::new();
    };
    let mut all: Vec<Value> = weak::references_to(object)
        .into_iter()
        .map(Value::Obj)
        .collect();
    all.reverse();
    all
}

/// Whether objects like this can be referred to weakly.
fn check(vm: &mut Vm, value: &Value) -> R<()> {
    let possible = match value.kind() {
        Some(Kind::Instance) => has_slot(vm, value),
        Some(
            Kind::Class
            | Kind::Function
            | Kind::BoundMethod
            | Kind::NativeFunction
            | Kind::Generator
            | Kind::Set
            | Kind::FrozenSet
            | Kind::Module
            | Kind::Future
            | Kind::Code,
        ) => true,
        Some(Kind::Exception) => vm.class_of(value).flags().heap,
        Some(Kind::Opaque) => {
            let class = vm.class_of(value);
            class.flags().heap || !class.flags().native_iterator
        }
        _ => false,
    };
    if possible {
        return Ok(());
    }
    let name = vm.type_name(value);
    Err(vm.type_error(format!("cannot create weak reference to '{name}' object")))
}

/// An instance has room for weak references unless its classes declare `__slots__` without.
fn has_slot(vm: &mut Vm, value: &Value) -> bool {
    let class = vm.class_of(value);
    if !class.flags().heap {
        return false;
    }
    if !class.flags().no_dict {
        return true;
    }
    let name = vm.names.__weakref__.clone();
    vm.lookup(&class, &name).is_some()
}

// References

fn new_reference(vm: &mut Vm, args: &[Value]) -> R {
    let base = vm.class_for::<Reference>();
    let class = args[0]
        .as_ref::<Class>()
        .cloned()
        .unwrap_or_else(|| base.clone());
    make(vm, &class, class.is(&base), &args[1], &args[2])
}

/// A reference or proxy; one without callback of the plain class is shared.
fn make(vm: &mut Vm, class: &Ref<Class>, plain: bool, object: &Value, callback: &Value) -> R {
    check(vm, object)?;
    let Some(target) = object.as_obj() else {
        return Ok(Value::None);
    };
    let callback = match callback {
        Value::Undef | Value::None => Value::Undef,
        callback => callback.clone(),
    };
    if plain && callback.is_undef() {
        let shared = weak::references_to(target).into_iter().find(|r| {
            let opaque = r.downcast::<Opaque>();
            opaque.is_some_and(|o| {
                o.class.get().is(class)
                    && o.get::<WeakReference>()
                        .is_some_and(|w| w.callback().is_none())
            })
        });
        if let Some(shared) = shared {
            return Ok(Value::Obj(shared));
        }
    }
    Ok(weak::new_reference(class, target, callback).into())
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let address = args[0].as_obj().map_or(0, |o| o.address());
    let Some(target) = target(&args[0]) else {
        return Ok(format!("<weakref at {address:#x}; dead>").into());
    };
    let name = vm.names.__name__.clone();
    let own = match vm.get_attr_opt(&target, &name)? {
        Some(name) => name.as_str().map_or(String::new(), |n| format!(" ({n})")),
        None => String::new(),
    };
    let class = vm.type_name(&target);
    let to = target.as_obj().map_or(0, |o| o.address());
    Ok(format!("<weakref at {address:#x}; to '{class}' at {to:#x}{own}>").into())
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let Some(data) = args[0].opaque::<WeakReference>() else {
        return Ok(Value::Int(0));
    };
    if let Some(hash) = data.hash.get() {
        return Ok(Value::Int(hash as i64));
    }
    match target(&args[0]) {
        Some(target) => {
            let hash = vm.hash(&target)?;
            data.hash.set(Some(hash));
            Ok(Value::Int(hash as i64))
        }
        None => Err(vm.type_error("weak object has gone away")),
    }
}

fn equal(vm: &mut Vm, args: &[Value], op: Cmp) -> R {
    if args[1].opaque::<WeakReference>().is_none() {
        return Ok(vm.types.not_implemented.clone());
    }
    match (target(&args[0]), target(&args[1])) {
        (Some(a), Some(b)) => vm.compare(op, &a, &b),
        _ => Ok((args[0].is(&args[1]) == (op == Cmp::Eq)).into()),
    }
}

fn callback(_: &mut Vm, v: &Value) -> R {
    let data = v.opaque::<WeakReference>();
    Ok(data.and_then(|d| d.callback()).unwrap_or(Value::None))
}

fn class_getitem(vm: &mut Vm, args: &[Value]) -> R {
    let list: Value = vm.types.list.clone().into();
    let sample = vm.get_item(&list, &args[1])?;
    let alias: Value = vm.class_of(&sample).into();
    vm.call(&alias, &[args[0].clone(), args[1].clone()])
}

fn remove_dead(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(dict) = args[0].as_ref::<Dict>().cloned()
        && let Some(reference) = vm.dict_get(&dict, &args[1])?
        && target(&reference).is_none()
    {
        vm.dict_remove(&dict, &args[1])?;
    }
    Ok(Value::None)
}

// Proxies

fn proxy(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.__call__.clone();
    let callable = vm.lookup(&vm.class_of(&args[0]), &name).is_some()
        || matches!(
            args[0].kind(),
            Some(Kind::Function | Kind::Class | Kind::BoundMethod)
        );
    let class = proxy_class(vm, callable);
    make(vm, &class, true, &args[0], &args[1])
}

/// The object behind a proxy; other values stand for themselves.
fn behind(vm: &mut Vm, value: &Value) -> R {
    let Some(data) = value.opaque::<WeakReference>() else {
        return Ok(value.clone());
    };
    if vm.class_of(value).is(&vm.class_for::<Reference>()) {
        return Ok(value.clone());
    }
    match data.target() {
        Some(target) => Ok(Value::Obj(target)),
        None => {
            let class = vm.exc.reference_error.clone();
            Err(vm.error(&class, "weakly-referenced object no longer exists"))
        }
    }
}

fn all_behind(vm: &mut Vm, args: &[Value]) -> R<Vec<Value>> {
    args.iter().map(|a| behind(vm, a)).collect()
}

macro_rules! forward {
    ($($name:literal $signature:literal $doc:literal |$vm:ident, $a:ident| $body:expr;)*) => {
        const PROXY_METHODS: &[NativeDef] = &[$(
            NativeDef::new($name, $signature, |$vm, args| {
                let $a = all_behind($vm, args)?;
                $body
            }, $doc),
        )* NativeDef::new("__repr__", "(self, /)", proxy_repr, "Return repr(self)."),
           NativeDef::new("__hash__", "(self, /)", proxy_hash, "Return hash(self).")];
    };
}

forward! {
    "__getattribute__" "(self, name, /)" "Return getattr(self, name)." |vm, a| { let name = attribute(vm, &a[1])?; vm.get_attr(&a[0], &name) };
    "__setattr__" "(self, name, value, /)" "Implement setattr(self, name, value)." |vm, a| { let name = attribute(vm, &a[1])?; vm.set_attr(&a[0], &name, a[2].clone())?; Ok(Value::None) };
    "__delattr__" "(self, name, /)" "Implement delattr(self, name)." |vm, a| { let name = attribute(vm, &a[1])?; vm.del_attr(&a[0], &name)?; Ok(Value::None) };
    "__str__" "(self, /)" "Return str(self)." |vm, a| Ok(vm.str(&a[0])?.into());
    "__bool__" "(self, /)" "True if self else False" |vm, a| Ok(vm.truth(&a[0])?.into());
    "__len__" "(self, /)" "Return len(self)." |vm, a| Ok(vm.len(&a[0])?.into());
    "__getitem__" "(self, key, /)" "Return self[key]." |vm, a| vm.get_item(&a[0], &a[1]);
    "__setitem__" "(self, key, value, /)" "Set self[key] to value." |vm, a| { vm.set_item(&a[0], &a[1], a[2].clone())?; Ok(Value::None) };
    "__delitem__" "(self, key, /)" "Delete self[key]." |vm, a| { vm.del_item(&a[0], &a[1])?; Ok(Value::None) };
    "__contains__" "(self, key, /)" "Return bool(key in self)." |vm, a| Ok(vm.contains(&a[0], &a[1])?.into());
    "__iter__" "(self, /)" "Implement iter(self)." |vm, a| vm.iter(&a[0]);
    "__next__" "(self, /)" "Implement next(self)." |vm, a| match vm.next(&a[0])? { Some(v) => Ok(v), None => Err(vm.stop_iteration(Value::None)) };
    "__lt__" "(self, value, /)" "Return self<value." |vm, a| vm.compare(Cmp::Lt, &a[0], &a[1]);
    "__le__" "(self, value, /)" "Return self<=value." |vm, a| vm.compare(Cmp::Le, &a[0], &a[1]);
    "__eq__" "(self, value, /)" "Return self==value." |vm, a| vm.compare(Cmp::Eq, &a[0], &a[1]);
    "__ne__" "(self, value, /)" "Return self!=value." |vm, a| vm.compare(Cmp::Ne, &a[0], &a[1]);
    "__gt__" "(self, value, /)" "Return self>value." |vm, a| vm.compare(Cmp::Gt, &a[0], &a[1]);
    "__ge__" "(self, value, /)" "Return self>=value." |vm, a| vm.compare(Cmp::Ge, &a[0], &a[1]);
    "__add__" "(self, value, /)" "Return self+value." |vm, a| vm.arith(Arith::Add, &a[0], &a[1], false);
    "__radd__" "(self, value, /)" "Return value+self." |vm, a| vm.arith(Arith::Add, &a[1], &a[0], false);
    "__sub__" "(self, value, /)" "Return self-value." |vm, a| vm.arith(Arith::Sub, &a[0], &a[1], false);
    "__rsub__" "(self, value, /)" "Return value-self." |vm, a| vm.arith(Arith::Sub, &a[1], &a[0], false);
    "__mul__" "(self, value, /)" "Return self*value." |vm, a| vm.arith(Arith::Mul, &a[0], &a[1], false);
    "__rmul__" "(self, value, /)" "Return value*self." |vm, a| vm.arith(Arith::Mul, &a[1], &a[0], false);
    "__truediv__" "(self, value, /)" "Return self/value." |vm, a| vm.arith(Arith::Div, &a[0], &a[1], false);
    "__floordiv__" "(self, value, /)" "Return self//value." |vm, a| vm.arith(Arith::FloorDiv, &a[0], &a[1], false);
    "__mod__" "(self, value, /)" "Return self%value." |vm, a| vm.arith(Arith::Mod, &a[0], &a[1], false);
    "__pow__" "(self, value, /)" "Return pow(self, value, mod)." |vm, a| vm.arith(Arith::Pow, &a[0], &a[1], false);
    "__matmul__" "(self, value, /)" "Return self@value." |vm, a| vm.arith(Arith::MatMul, &a[0], &a[1], false);
    "__and__" "(self, value, /)" "Return self&value." |vm, a| vm.arith(Arith::And, &a[0], &a[1], false);
    "__or__" "(self, value, /)" "Return self|value." |vm, a| vm.arith(Arith::Or, &a[0], &a[1], false);
    "__xor__" "(self, value, /)" "Return self^value." |vm, a| vm.arith(Arith::Xor, &a[0], &a[1], false);
    "__neg__" "(self, /)" "-self" |vm, a| vm.unary(Unary::Neg, &a[0]);
    "__pos__" "(self, /)" "+self" |vm, a| vm.unary(Unary::Pos, &a[0]);
    "__invert__" "(self, /)" "~self" |vm, a| vm.unary(Unary::Invert, &a[0]);
    "__int__" "(self, /)" "int(self)" |vm, a| { let class: Value = vm.types.int.clone().into(); vm.call(&class, &a) };
    "__float__" "(self, /)" "float(self)" |vm, a| Ok(Value::float(vm.to_f64(&a[0])?));
    "__index__" "(self, /)" "Return self converted to an integer, if self is suitable for use as an index into a list." |vm, a| vm.index(&a[0]);
}

const PROXY_CALL: &[NativeDef] = &[NativeDef::new(
    "__call__",
    "(self, *args, **kwargs)",
    call_behind,
    "Call self as a function.",
)];

fn call_behind(vm: &mut Vm, args: &[Value]) -> R {
    let func = behind(vm, &args[0])?;
    let positional = args[1]
        .as_ref::<Tuple>()
        .map(|t| t.items().to_vec())
        .unwrap_or_default();
    let keywords: Vec<(Ref<Str>, Value)> = match args[2].as_ref::<Dict>() {
        Some(dict) => {
            let map = dict.map.borrow();
            map.iter()
                .filter_map(|e| Some((e.key.as_ref::<Str>()?.clone(), e.value.clone())))
                .collect()
        }
        None => Vec::new(),
    };
    vm.call_kw(&func, &positional, &keywords)
}

fn attribute(vm: &mut Vm, name: &Value) -> R<Ref<Str>> {
    match vm.intern_value(name) {
        Some(name) => Ok(name),
        None => {
            let class = vm.type_name(name);
            Err(vm.type_error(format!("attribute name must be string, not '{class}'")))
        }
    }
}

fn proxy_repr(vm: &mut Vm, args: &[Value]) -> R {
    let address = args[0].as_obj().map_or(0, |o| o.address());
    let Some(target) = target(&args[0]) else {
        return Ok(format!("<weakproxy at {address:#x}; dead>").into());
    };
    let class = vm.type_name(&target);
    let to = target.as_obj().map_or(0, |o| o.address());
    Ok(format!("<weakproxy at {address:#x}; to '{class}' at {to:#x}>").into())
}

fn proxy_hash(vm: &mut Vm, args: &[Value]) -> R {
    let own = vm.class_of(&args[0]).name();
    Err(vm.type_error(format!("unhashable type: 'weakref.{own}'")))
}
