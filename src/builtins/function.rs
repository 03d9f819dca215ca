//! Functions and bound methods as objects.

use super::args::{address, at, keywords, varargs};
use super::descriptors::GET;
use crate::vm::heap::{Ref, Slot};
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{BoundMethod, CellObject, CodeObject, Dict, Function, Tuple};
use crate::vm::ops::attr::{dict_of, replace_dict};
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Tail, Vm};
use std::cell::OnceCell;

pub fn install(vm: &mut Vm) {
    let class = vm.types.function.clone();
    vm.extend_class(&class, FUNCTION_METHODS, FUNCTION_GETSET);
    let class = vm.types.method.clone();
    vm.extend_class(&class, METHOD_METHODS, METHOD_GETSET);
}

/// `f.__call__(…)`.
fn call(vm: &mut Vm, args: &[Value]) -> R {
    let func = at(args, 0);
    let kwargs = keywords(vm, args.get(2));
    let args = varargs(args.get(1));
    vm.tail(Tail::Call { func, args, kwargs })
}

pub(super) const CALL: NativeDef = NativeDef::new(
    "__call__",
    "(self, /, *args, **kwargs)",
    call,
    "Call self as a function.",
);
// Functions

const FUNCTION_METHODS: &[NativeDef] = &[
    NativeDef::constructor(
        "(cls, code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
        new_function,
    ),
    CALL,
    GET,
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| {
            let v = at(args, 0);
            let name = function(vm, &v)?.qualname();
            Ok(Value::from(format!("<function {name} at {}>", address(&v))))
        },
        "Return repr(self).",
    ),
];

const FUNCTION_GETSET: &[GetSet] = &[
    GetSet::write(
        "__name__",
        |vm, v| name_value(vm, v, |f| f.name()),
        |vm, v, value| set_name(vm, v, value, "__name__", |f| &f.extra().name),
        "The name.",
    ),
    GetSet::write(
        "__qualname__",
        |vm, v| name_value(vm, v, |f| f.qualname()),
        |vm, v, value| set_name(vm, v, value, "__qualname__", |f| &f.extra().qualname),
        "The name with the names of what the definition stands in.",
    ),
    GetSet::write(
        "__doc__",
        doc,
        |vm, v, value| {
            function(vm, v)?
                .extra()
                .doc
                .set(value.unwrap_or(Value::None));
            Ok(())
        },
        "The documentation.",
    ),
    GetSet::write(
        "__module__",
        module,
        |vm, v, value| {
            function(vm, v)?
                .extra()
                .module
                .set(value.unwrap_or(Value::None));
            Ok(())
        },
        "The name of the module.",
    ),
    GetSet::write(
        "__code__",
        |vm, v| Ok(function(vm, v)?.code.get().into()),
        set_code,
        "The code.",
    ),
    GetSet::write(
        "__defaults__",
        |vm, v| Ok(none_if_undef(function(vm, v)?.defaults.get())),
        |vm, v, value| {
            let value = checked(vm, value, "__defaults__", "tuple", |v| {
                v.payload::<Tuple>().map(Value::from)
            })?;
            function(vm, v)?.defaults.set(value);
            Ok(())
        },
        "Defaults of positional parameters.",
    ),
    GetSet::write(
        "__kwdefaults__",
        |vm, v| Ok(none_if_undef(function(vm, v)?.kwdefaults.get())),
        |vm, v, value| {
            let value = checked(vm, value, "__kwdefaults__", "dict", |v| {
                v.payload::<Dict>().map(Value::from)
            })?;
            function(vm, v)?.kwdefaults.set(value);
            Ok(())
        },
        "Defaults of keyword-only parameters.",
    ),
    GetSet::write(
        "__annotations__",
        |vm, v| {
            let f = function(vm, v)?;
            if f.annotations.is_undef() {
                f.annotations.set(Dict::new().into());
            }
            Ok(f.annotations.get())
        },
        |vm, v, value| {
            let value = checked(vm, value, "__annotations__", "dict", |v| {
                v.payload::<Dict>().map(|_| v.clone())
            })?;
            function(vm, v)?.annotations.set(value);
            Ok(())
        },
        "The annotations of parameters and result.",
    ),
    GetSet::write(
        "__closure__",
        |vm, v| {
            let f = function(vm, v)?;
            if f.closure.is_empty() {
                return Ok(Value::None);
            }
            let cells: Vec<Value> = f.closure.iter().cloned().map(Value::from).collect();
            Ok(Tuple::value(cells))
        },
        readonly,
        "The cells of the free variables.",
    ),
    GetSet::write(
        "__globals__",
        |vm, v| Ok(function(vm, v)?.code.get().globals.clone().into()),
        readonly,
        "The module's namespace.",
    ),
    GetSet::write(
        "__builtins__",
        |vm, v| Ok(function(vm, v)?.code.get().builtins.clone().into()),
        readonly,
        "The namespace of the builtins.",
    ),
    GetSet::write("__dict__", own_dict, set_own_dict, "Its own attributes."),
    GetSet::write(
        "__type_params__",
        |vm, v| {
            let f = function(vm, v)?;
            Ok(match f.extra.get().map(|e| e.type_params.get()) {
                Some(params) if !params.is_undef() => params,
                _ => Tuple::value([]),
            })
        },
        |vm, v, value| {
            function(vm, v)?
                .extra()
                .type_params
                .set(value.unwrap_or(Value::Undef));
            Ok(())
        },
        "The type parameters.",
    ),
];

fn function(vm: &mut Vm, v: &Value) -> R<Ref<Function>> {
    match v.as_ref::<Function>() {
        Some(f) => Ok(f.clone()),
        None => Err(vm.type_error("descriptor requires a 'function' object")),
    }
}

fn none_if_undef(value: Value) -> Value {
    crate::vm::ops::exception::none_if_undef(value)
}

fn name_value(vm: &mut Vm, v: &Value, name: fn(&Function) -> std::rc::Rc<str>) -> R {
    let f = function(vm, v)?;
    let text = name(&f);
    Ok(vm.intern(&text).into())
}

fn set_name(
    vm: &mut Vm,
    v: &Value,
    value: Option<Value>,
    attribute: &str,
    slot: fn(&Function) -> &Slot,
) -> R<()> {
    match value {
        Some(value) if value.as_str().is_some() => {
            slot(&*function(vm, v)?).set(value);
            Ok(())
        }
        _ => Err(vm.type_error(format!("{attribute} must be set to a string object"))),
    }
}

/// A value of the right type, `Undef` for `None` and for deleting.
fn checked(
    vm: &mut Vm,
    value: Option<Value>,
    attribute: &str,
    kind: &str,
    cast: fn(&Value) -> Option<Value>,
) -> R {
    let value = match value {
        None | Some(Value::None) => return Ok(Value::Undef),
        Some(value) => value,
    };
    match cast(&value) {
        Some(value) => Ok(value),
        None => Err(vm.type_error(format!("{attribute} must be set to a {kind} object"))),
    }
}

fn readonly(vm: &mut Vm, _: &Value, _: Option<Value>) -> R<()> {
    let class = vm.exc.attribute_error.clone();
    Err(vm.error(&class, "readonly attribute"))
}

fn doc(vm: &mut Vm, v: &Value) -> R {
    let f = function(vm, v)?;
    if let Some(doc) = f.extra.get().and_then(|e| e.doc.defined()) {
        return Ok(doc);
    }
    let code = f.code.get();
    Ok(code.code.doc.as_deref().map_or(Value::None, Value::str))
}

fn module(vm: &mut Vm, v: &Value) -> R {
    let f = function(vm, v)?;
    if let Some(module) = f.extra.get().and_then(|e| e.module.defined()) {
        return Ok(module);
    }
    let globals = f.code.get().globals.clone();
    Ok(globals.get_str(&vm.names.__name__).unwrap_or(Value::None))
}

fn set_code(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let f = function(vm, v)?;
    let Some(code) = value.as_ref().and_then(Value::as_ref::<CodeObject>) else {
        return Err(vm.type_error("__code__ must be set to a code object"));
    };
    let wanted = (code.code.nnamed - code.code.free_start) as usize;
    if wanted != f.closure.len() {
        let message = format!(
            "{}() requires a code object with {} free vars, not {wanted}",
            f.name(),
            f.closure.len()
        );
        return Err(vm.value_error(message));
    }
    // The names and the documentation stay those that the function was made with.
    let old = f.code.get();
    let extra = f.extra();
    if extra.name.is_undef() {
        extra.name.set(Value::str(&old.code.name));
    }
    if extra.qualname.is_undef() {
        extra.qualname.set(Value::str(&old.code.qualname));
    }
    if extra.doc.is_undef() {
        let doc = old.code.doc.as_deref().map_or(Value::None, Value::str);
        extra.doc.set(doc);
    }
    f.code.set(code.clone());
    Ok(())
}

fn own_dict(vm: &mut Vm, v: &Value) -> R {
    let class = vm.class_of(v);
    Ok(dict_of(&class, v).map_or(Value::None, Value::from))
}

fn set_own_dict(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let Some(value) = value else {
        return Err(vm.type_error("cannot delete __dict__"));
    };
    let Some(dict) = value.payload::<Dict>() else {
        let message = format!(
            "__dict__ must be set to a dictionary, not a '{}'",
            vm.type_name(&value)
        );
        return Err(vm.type_error(message));
    };
    let class = vm.class_of(v);
    replace_dict(&class, v, dict);
    Ok(())
}

/// `types.FunctionType(code, globals, …)`.
fn new_function(vm: &mut Vm, args: &[Value]) -> R {
    let code = at(args, 1);
    let Some(code) = code.as_ref::<CodeObject>() else {
        let message = format!(
            "function() argument 'code' must be code, not {}",
            vm.type_name(&code)
        );
        return Err(vm.type_error(message));
    };
    let globals = at(args, 2);
    let Some(globals) = globals.payload::<Dict>() else {
        let message = format!(
            "function() argument 'globals' must be dict, not {}",
            vm.type_name(&globals)
        );
        return Err(vm.type_error(message));
    };
    let closure = at(args, 5);
    let cells: Option<Vec<Ref<CellObject>>> = match closure.payload::<Tuple>() {
        Some(cells) => {
            let cells = cells.items().iter();
            cells.map(|c| c.as_ref::<CellObject>().cloned()).collect()
        }
        None => Some(Vec::new()),
    };
    let Some(cells) = cells else {
        return Err(vm.type_error("arg 5 (closure) expected cell, found something else"));
    };
    let wanted = (code.code.nnamed - code.code.free_start) as usize;
    if wanted > 0 && matches!(closure, Value::Undef | Value::None) {
        return Err(vm.type_error("arg 5 (closure) must be tuple"));
    }
    if wanted != cells.len() {
        let message = format!(
            "{} requires closure of length {wanted}, not {}",
            code.code.name,
            cells.len()
        );
        return Err(vm.value_error(message));
    }
    let code = if code.globals.as_obj().is(globals.as_obj()) {
        code.clone()
    } else {
        vm.link(&code.code, &globals)
    };
    let optional = |i: usize| match at(args, i) {
        Value::None => Value::Undef,
        value => value,
    };
    let made = Function {
        code: crate::vm::heap::RefSlot::new(code),
        closure: cells.into(),
        defaults: Slot::new(optional(4)),
        kwdefaults: Slot::new(optional(6)),
        extra: OnceCell::new(),
        annotations: Slot::undef(),
    };
    if !optional(3).is_undef() {
        made.extra().name.set(optional(3));
    }
    Ok(Ref::new(made).into())
}

// Bound methods

const METHOD_METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, function, instance, /)", |vm, args| {
        if !super::args::is_callable(vm, &at(args, 1)) {
            return Err(vm.type_error("first argument must be callable"));
        }
        if at(args, 2).is_none() {
            return Err(vm.type_error("instance must not be None"));
        }
        Ok(BoundMethod::value(at(args, 1), at(args, 2)))
    }),
    CALL,
    NativeDef::new(
        "__get__",
        "(self, instance, owner=None, /)",
        |_, args| Ok(at(args, 0)),
        "A bound method stays bound.",
    ),
    NativeDef::new("__repr__", "(self, /)", method_repr, "Return repr(self)."),
    NativeDef::new(
        "__eq__",
        "(self, value, /)",
        method_eq,
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
        |vm, args| {
            let (func, this) = parts(vm, &at(args, 0))?;
            let name = vm.names.__name__.clone();
            let name = vm.get_attr(&func, &name)?;
            let getattr = vm.intern("getattr");
            let getattr = vm.builtins.get_str(&getattr).unwrap_or(Value::None);
            Ok(Tuple::value([getattr, Tuple::value([this, name])]))
        },
        "Helper for pickle.",
    ),
];

const METHOD_GETSET: &[GetSet] = &[
    GetSet::read("__func__", |vm, v| Ok(parts(vm, v)?.0), "The function."),
    GetSet::read(
        "__self__",
        |vm, v| Ok(parts(vm, v)?.1),
        "The object it is bound to.",
    ),
    GetSet::read(
        "__doc__",
        |vm, v| {
            let func = parts(vm, v)?.0;
            let name = vm.names.__doc__.clone();
            Ok(vm.get_attr_opt(&func, &name)?.unwrap_or(Value::None))
        },
        "The function's documentation.",
    ),
];

fn parts(vm: &mut Vm, v: &Value) -> R<(Value, Value)> {
    match v.downcast::<BoundMethod>() {
        Some(method) => Ok((method.func.clone(), method.this.clone())),
        None => Err(vm.type_error("descriptor requires a 'method' object")),
    }
}

fn method_repr(vm: &mut Vm, args: &[Value]) -> R {
    let (func, this) = parts(vm, &at(args, 0))?;
    let qualname = vm.names.__qualname__.clone();
    let mut name = vm.get_attr_opt(&func, &qualname)?;
    if name.is_none() {
        let key = vm.names.__name__.clone();
        name = vm.get_attr_opt(&func, &key)?;
    }
    let name = name
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or("?")
        .to_string();
    let this = vm.repr(&this)?;
    Ok(Value::from(format!(
        "<bound method {name} of {}>",
        this.as_str()
    )))
}

fn method_eq(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = (at(args, 0), at(args, 1));
    let (Some(x), Some(y)) = (a.downcast::<BoundMethod>(), b.downcast::<BoundMethod>()) else {
        return Ok(vm.types.not_implemented.clone());
    };
    if !x.this.is(&y.this) {
        return Ok(Value::False);
    }
    let (f, g) = (x.func.clone(), y.func.clone());
    Ok(Value::bool(f.is(&g) || vm.compare_bool(Cmp::Eq, &f, &g)?))
}
