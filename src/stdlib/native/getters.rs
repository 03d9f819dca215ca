//! `itemgetter`, `attrgetter` and `methodcaller` of `operator`. They are built in so that sorting by
//! one of them is quick, and because they bind their arguments in a way of their own.

use crate::builtins::{keywords, varargs};
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Layout, NativeData, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Fetches items.
pub struct ItemGetter {
    items: Vec<Value>,
}

/// Fetches attributes, each by a path of names.
pub struct AttrGetter {
    attrs: Vec<Value>,
    paths: Vec<Vec<Ref<Str>>>,
}

/// Calls a method.
pub struct MethodCaller {
    name: Ref<Str>,
    args: Vec<Value>,
    kwargs: Vec<(Ref<Str>, Value)>,
}

impl NativeData for ItemGetter {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.items.iter().filter_map(Value::as_obj).for_each(visit);
    }
}

impl NativeData for AttrGetter {}

impl NativeData for MethodCaller {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        let values = self.kwargs.iter().map(|(_, value)| value);
        let all = self.args.iter().chain(values);
        all.filter_map(Value::as_obj).for_each(visit);
    }
}

const ANYTHING: &str = "(self, /, *args, **kwargs)";

/// The methods of each of them.
macro_rules! methods {
    ($make:expr, $call:expr, $parts:expr) => {
        &[
            NativeDef::constructor("(cls, /, *args, **kwargs)", $make),
            NativeDef::new("__call__", ANYTHING, $call, "Call self as a function."),
            NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
            NativeDef::new("__reduce__", "(self, /)", $parts, "Helper for pickle."),
        ]
    };
}

impl NativeType for ItemGetter {
    const DEF: &'static TypeDef = &TypeDef::new("itemgetter", "operator", Layout::Final)
        .doc("itemgetter(2)(x) is x[2]; with several keys, a tuple of the items.")
        .methods(methods!(new_items, fetch_items, reduce));
}

impl NativeType for AttrGetter {
    const DEF: &'static TypeDef = &TypeDef::new("attrgetter", "operator", Layout::Final)
        .doc("attrgetter('a.b')(x) is x.a.b; with several names, a tuple of the attributes.")
        .methods(methods!(new_attrs, fetch_attrs, reduce));
}

impl NativeType for MethodCaller {
    const DEF: &'static TypeDef = &TypeDef::new("methodcaller", "operator", Layout::Final)
        .doc("methodcaller('m', 1)(x) is x.m(1).")
        .methods(methods!(new_caller, call_method, reduce_caller));
}

/// The positional arguments of a constructor, of which there must be one.
fn given(vm: &mut Vm, name: &str, args: &[Value]) -> R<Vec<Value>> {
    if !keywords(vm, args.get(2)).is_empty() {
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    let given = varargs(args.get(1));
    if given.is_empty() {
        return Err(vm.type_error(format!("{name} expected 1 argument, got 0")));
    }
    Ok(given)
}

/// The one object that a getter is called with.
fn subject(vm: &mut Vm, name: &str, args: &[Value]) -> R {
    if !keywords(vm, args.get(2)).is_empty() {
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    let mut objects = varargs(args.get(1));
    match (objects.pop(), objects.len()) {
        (Some(object), 0) => Ok(object),
        (last, more) => {
            let count = more + usize::from(last.is_some());
            Err(vm.type_error(format!("{name} expected 1 argument, got {count}")))
        }
    }
}

/// One value by itself, several in a tuple.
fn together(mut values: Vec<Value>) -> Value {
    match (values.len(), values.pop()) {
        (1, Some(value)) => value,
        (_, last) => {
            values.extend(last);
            Tuple::value(values)
        }
    }
}

fn new_items(vm: &mut Vm, args: &[Value]) -> R {
    let items = given(vm, "itemgetter", args)?;
    Ok(vm.make(ItemGetter { items }))
}

fn fetch_items(vm: &mut Vm, args: &[Value]) -> R {
    let object = subject(vm, "itemgetter", args)?;
    let Some(getter) = args.first().and_then(Value::opaque::<ItemGetter>) else {
        return Ok(Value::None);
    };
    if let [item] = getter.items.as_slice() {
        return vm.get_item(&object, item);
    }
    let items = getter.items.iter().map(|item| vm.get_item(&object, item));
    Ok(together(items.collect::<R<_>>()?))
}

fn new_attrs(vm: &mut Vm, args: &[Value]) -> R {
    let attrs = given(vm, "attrgetter", args)?;
    let mut paths = Vec::with_capacity(attrs.len());
    for attr in &attrs {
        let Some(text) = attr.as_str() else {
            return Err(vm.type_error("attribute name must be a string"));
        };
        paths.push(text.split('.').map(|name| vm.intern(name)).collect());
    }
    Ok(vm.make(AttrGetter { attrs, paths }))
}

fn fetch_attrs(vm: &mut Vm, args: &[Value]) -> R {
    let object = subject(vm, "attrgetter", args)?;
    let Some(getter) = args.first().and_then(Value::opaque::<AttrGetter>) else {
        return Ok(Value::None);
    };
    let mut values = Vec::with_capacity(getter.paths.len());
    for path in &getter.paths {
        let mut value = object.clone();
        for name in path {
            value = vm.get_attr(&value, name)?;
        }
        values.push(value);
    }
    Ok(together(values))
}

fn new_caller(vm: &mut Vm, args: &[Value]) -> R {
    let mut all = varargs(args.get(1));
    if all.is_empty() {
        return Err(vm.type_error("methodcaller needs at least one argument, the method name"));
    }
    let name = all.remove(0);
    let Some(name) = name.as_str().map(|name| vm.intern(name)) else {
        return Err(vm.type_error("method name must be a string"));
    };
    let kwargs = keywords(vm, args.get(2));
    let args = all;
    Ok(vm.make(MethodCaller { name, args, kwargs }))
}

fn call_method(vm: &mut Vm, args: &[Value]) -> R {
    let object = subject(vm, "methodcaller", args)?;
    let Some(caller) = args.first().and_then(Value::opaque::<MethodCaller>) else {
        return Ok(Value::None);
    };
    let method = vm.get_attr(&object, &caller.name)?;
    vm.call_kw(&method, &caller.args, &caller.kwargs)
}

/// What a getter was made with, by position and by keyword.
fn parts(v: &Value) -> (Vec<Value>, Vec<(Ref<Str>, Value)>) {
    if let Some(getter) = v.opaque::<ItemGetter>() {
        return (getter.items.clone(), Vec::new());
    }
    if let Some(getter) = v.opaque::<AttrGetter>() {
        return (getter.attrs.clone(), Vec::new());
    }
    let Some(caller) = v.opaque::<MethodCaller>() else {
        return (Vec::new(), Vec::new());
    };
    let name = std::iter::once(Value::from(caller.name.clone()));
    let args = name.chain(caller.args.iter().cloned()).collect();
    (args, caller.kwargs.clone())
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(this) = args.first() else {
        return Ok(Value::None);
    };
    let class = vm.class_of(this).name();
    let (args, kwargs) = parts(this);
    let mut shown = Vec::with_capacity(args.len() + kwargs.len());
    for value in &args {
        shown.push(vm.repr(value)?.as_str().to_owned());
    }
    for (name, value) in &kwargs {
        shown.push(format!("{}={}", name.as_str(), vm.repr(value)?.as_str()));
    }
    Ok(format!("operator.{class}({})", shown.join(", ")).into())
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let Some(this) = args.first() else {
        return Ok(Value::None);
    };
    let class: Value = vm.class_of(this).into();
    Ok(Tuple::value([class, Tuple::value(parts(this).0)]))
}

/// Keywords go through a `functools.partial`.
fn reduce_caller(vm: &mut Vm, args: &[Value]) -> R {
    let Some(this) = args.first() else {
        return Ok(Value::None);
    };
    let (mut made_with, kwargs) = parts(this);
    if kwargs.is_empty() || made_with.is_empty() {
        return reduce(vm, args);
    }
    let globals = crate::vm::object::Dict::new();
    let hook = vm.import_hook;
    let functools = hook(vm, "functools", &globals, &Tuple::value([]), 0)?;
    let name = vm.intern("partial");
    let partial = vm.get_attr(&functools, &name)?;
    let class: Value = vm.class_of(this).into();
    let bound = vm.call_kw(&partial, &[class, made_with.remove(0)], &kwargs)?;
    Ok(Tuple::value([bound, Tuple::value(made_with)]))
}
