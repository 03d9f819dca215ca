//! `object`: what every object can do.

use super::args::{at, count};
use crate::vm::compare_pure::hash_address;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Class, Dict, List, NativeFunction, Str, Tuple};
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub fn install(vm: &mut Vm) {
    let class = vm.types.object.clone();
    vm.extend_class(&class, METHODS, GETSET);
}

/// Some built-in classes have a `__getattribute__` in their own table: what is inherited, but by
/// their own names in messages.
pub(super) fn repeat_attribute_hooks(vm: &mut Vm) {
    let (getter, types) = (vm.names.__getattribute__.clone(), &vm.types);
    let classes = [
        &types.int,
        &types.complex,
        &types.bytes,
        &types.bytearray,
        &types.list,
        &types.tuple,
        &types.dict,
        &types.set,
        &types.range,
        &types.slice,
        &types.property,
        &types.method,
        &types.module,
        &types.type_,
        &vm.exc.base_exception,
    ];
    for class in classes.map(Ref::clone) {
        repeat_native(vm, &class, &getter);
    }
}

/// A native method that a class inherits becomes its own.
pub(super) fn repeat_native(vm: &mut Vm, class: &Ref<Class>, name: &Ref<Str>) {
    if class.dict.get_str(name).is_none()
        && let Some(inherited) = vm.lookup(class, name)
        && let Some(inherited) = inherited.as_ref::<NativeFunction>()
    {
        vm.extend_class(class, std::slice::from_ref(inherited.def), &[]);
    }
}

const GETSET: &[GetSet] = &[GetSet::write(
    "__class__",
    |vm, obj| Ok(vm.class_of(obj).into()),
    |vm, obj, value| vm.set_class_of(obj, value),
    "the object's class",
)];

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", new),
    NativeDef::new(
        "__init__",
        "(self, /, *args, **kwargs)",
        |vm, args| {
            let extra = count(args.get(1), args.get(2));
            vm.object_init(&at(args, 0), extra)?;
            Ok(Value::None)
        },
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| Ok(Value::from(plain_repr(vm, &at(args, 0)))),
        "Return repr(self).",
    ),
    NativeDef::new("__str__", "(self, /)", shown, "Return str(self)."),
    NativeDef::new(
        "__hash__",
        "(self, /)",
        |vm, args| {
            vm.hash_varies = true;
            let address = at(args, 0).as_obj().map_or(0, ObjRef::address);
            Ok(Value::Int(hash_address(address) as i64))
        },
        "Return hash(self).",
    ),
    NativeDef::new(
        "__eq__",
        "(self, value, /)",
        |vm, args| {
            Ok(if at(args, 0).is(&at(args, 1)) {
                Value::True
            } else {
                vm.types.not_implemented.clone()
            })
        },
        "Return self==value.",
    ),
    NativeDef::new("__ne__", "(self, value, /)", ne, "Return self!=value."),
    NativeDef::new(
        "__lt__",
        "(self, value, /)",
        not_implemented,
        "Return self<value.",
    ),
    NativeDef::new(
        "__le__",
        "(self, value, /)",
        not_implemented,
        "Return self<=value.",
    ),
    NativeDef::new(
        "__gt__",
        "(self, value, /)",
        not_implemented,
        "Return self>value.",
    ),
    NativeDef::new(
        "__ge__",
        "(self, value, /)",
        not_implemented,
        "Return self>=value.",
    ),
    NativeDef::new(
        "__getattribute__",
        "(self, name, /)",
        getattribute,
        "Return getattr(self, name).",
    ),
    NativeDef::new(
        "__setattr__",
        "(self, name, value, /)",
        |vm, args| {
            refuse_class(vm, &at(args, 0), "__setattr__")?;
            set_attribute(vm, args)
        },
        "Implement setattr(self, name, value).",
    ),
    NativeDef::new(
        "__delattr__",
        "(self, name, /)",
        |vm, args| {
            refuse_class(vm, &at(args, 0), "__delattr__")?;
            delete_attribute(vm, args)
        },
        "Implement delattr(self, name).",
    ),
    NativeDef::new(
        "__format__",
        "(self, format_spec, /)",
        format,
        "Default object formatter.",
    ),
    NativeDef::new(
        "__dir__",
        "(self, /)",
        |vm, args| Ok(List::value(object_dir(vm, &at(args, 0))?)),
        "Default dir() implementation.",
    ),
    NativeDef::new(
        "__sizeof__",
        "(self, /)",
        |_, _| Ok(Value::Int(16)),
        "Size of object in memory, in bytes.",
    ),
    NativeDef::new(
        "__init_subclass__",
        "(cls, /)",
        |_, _| Ok(Value::None),
        "This method is called when a class is subclassed.",
    )
    .class(),
    NativeDef::new(
        "__subclasshook__",
        "(cls, subclass, /)",
        not_implemented,
        "Says for abstract classes whether a class counts as derived.",
    )
    .class(),
    NativeDef::new("__getstate__", "(self, /)", getstate, "Helper for pickle."),
    NativeDef::new("__reduce__", "(self, /)", reduce, "Helper for pickle."),
    NativeDef::new(
        "__reduce_ex__",
        "(self, protocol, /)",
        reduce_ex,
        "Helper for pickle.",
    ),
];

/// `__str__`: whatever `__repr__` gives; whoever asked for a str looks at it.
fn shown(vm: &mut Vm, args: &[Value]) -> R {
    let (value, name) = (at(args, 0), vm.names.__repr__.clone());
    // A class whose `__repr__` is this very method calls without end.
    vm.nested(" while calling a Python object", |vm| {
        match vm.call_special(&value, &name, &[])? {
            Some(shown) => Ok(shown),
            None => Ok(vm.repr(&value)?.into()),
        }
    })
}

fn not_implemented(vm: &mut Vm, _: &[Value]) -> R {
    Ok(vm.types.not_implemented.clone())
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = at(args, 0);
    let Some(class) = class.as_ref::<Class>() else {
        let message = format!(
            "object.__new__(X): X is not a type object ({})",
            vm.type_name(&class)
        );
        return Err(vm.type_error(message));
    };
    let extra = count(args.get(1), args.get(2));
    vm.object_new(class, extra)
}

/// `<module.Class object at 0x…>`.
pub fn plain_repr(vm: &mut Vm, obj: &Value) -> String {
    let class = vm.class_of(obj);
    let name = full_name(vm, &class);
    format!("<{name} object at {}>", super::args::address(obj))
}

/// A class's qualified name with its module, which `builtins` goes without.
pub fn full_name(vm: &Vm, class: &Ref<Class>) -> String {
    let qualname = class.qualname.borrow().clone();
    match class.dict.get_str(&vm.names.__module__) {
        Some(module) => match module.as_str() {
            Some(module) if module != "builtins" => format!("{module}.{qualname}"),
            _ => qualname.to_string(),
        },
        None => qualname.to_string(),
    }
}

fn ne(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.__eq__.clone();
    let result = vm.call_special(&at(args, 0), &name, &[at(args, 1)])?;
    match result {
        Some(result) if result.is(&vm.types.not_implemented) => Ok(result),
        Some(result) => Ok(Value::bool(!vm.truth(&result)?)),
        None => vm.compare(Cmp::Ne, &at(args, 0), &at(args, 1)),
    }
}

/// `__setattr__` of `object`, and of `type`.
pub(super) fn set_attribute(vm: &mut Vm, args: &[Value]) -> R {
    let name = attribute_name(vm, &at(args, 1))?;
    let obj = at(args, 0);
    let class = vm.class_of(&obj);
    vm.plain_set_attr(&obj, &class, &name, Some(at(args, 2)))?;
    Ok(Value::None)
}

/// `__delattr__` of both.
pub(super) fn delete_attribute(vm: &mut Vm, args: &[Value]) -> R {
    let name = attribute_name(vm, &at(args, 1))?;
    let obj = at(args, 0);
    let class = vm.class_of(&obj);
    vm.plain_set_attr(&obj, &class, &name, None)?;
    Ok(Value::None)
}

/// The hooks of `object` would go past those of `type`.
fn refuse_class(vm: &mut Vm, obj: &Value, hook: &str) -> R<()> {
    if obj.as_ref::<Class>().is_none() {
        return Ok(());
    }
    let message = format!("can't apply this {hook} to {} object", vm.type_name(obj));
    Err(vm.type_error(message))
}

/// The interned name that a native of attribute access was given.
pub fn attribute_name(vm: &mut Vm, name: &Value) -> R<Ref<Str>> {
    match vm.intern_value(name) {
        Some(name) => Ok(name),
        None => {
            let message = format!(
                "attribute name must be string, not '{}'",
                vm.type_name(name)
            );
            Err(vm.type_error(message))
        }
    }
}

fn getattribute(vm: &mut Vm, args: &[Value]) -> R {
    let name = attribute_name(vm, &at(args, 1))?;
    let obj = at(args, 0);
    let class = vm.class_of(&obj);
    match vm.plain_attr(&obj, &class, &name)? {
        Some(value) => Ok(value),
        None => Err(vm.no_attribute(&obj, &name)),
    }
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    let (obj, spec) = (at(args, 0), at(args, 1));
    let Some(text) = spec.as_str() else {
        let message = format!(
            "__format__() argument must be str, not {}",
            vm.argument_type(&spec)
        );
        return Err(vm.type_error(message));
    };
    if text.is_empty() {
        return Ok(vm.str(&obj)?.into());
    }
    let message = format!(
        "unsupported format string passed to {}.__format__",
        vm.type_name(&obj)
    );
    Err(vm.type_error(message))
}

/// Adds the names in the dicts of a class's MRO.
fn add_class_names(class: &Ref<Class>, names: &mut Vec<Value>) {
    for owner in class.mro().iter() {
        let map = owner.dict.map.borrow();
        names.extend(map.iter().map(|e| e.key.clone()));
    }
}

/// Each name once.
fn unique(vm: &mut Vm, names: Vec<Value>) -> R<Vec<Value>> {
    let dict = Dict::new();
    for name in names {
        vm.dict_set(&dict, &name, Value::None)?;
    }
    let map = dict.map.borrow();
    Ok(map.iter().map(|e| e.key.clone()).collect())
}

/// `object.__dir__`.
fn object_dir(vm: &mut Vm, obj: &Value) -> R<Vec<Value>> {
    let key = vm.names.__dict__.clone();
    let mut names: Vec<Value> = Vec::new();
    if let Some(dict) = vm.get_attr_opt(obj, &key)?
        && let Some(dict) = dict.as_ref::<Dict>()
    {
        names.extend(dict.map.borrow().iter().map(|e| e.key.clone()));
    }
    let key = vm.names.__class__.clone();
    if let Some(class) = vm.get_attr_opt(obj, &key)?
        && let Some(class) = class.as_ref::<Class>()
    {
        add_class_names(class, &mut names);
    }
    unique(vm, names)
}

/// `dir(obj)`: what `__dir__` says, sorted.
pub fn dir(vm: &mut Vm, obj: &Value) -> R<Vec<Value>> {
    let hook = vm.names.__dir__.clone();
    let Some(names) = vm.call_special(obj, &hook, &[])? else {
        return Err(vm.type_error("object does not provide __dir__"));
    };
    let mut names = vm.collect(&names)?;
    if names.iter().all(|n| n.as_str().is_some()) {
        names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        return Ok(names);
    }
    // Names that are not strings are rare and few: insertion is good enough.
    let mut sorted: Vec<Value> = Vec::with_capacity(names.len());
    for name in names {
        let mut at = 0;
        while let Some(other) = sorted.get(at) {
            if vm.compare_bool(Cmp::Lt, &name, &other.clone())? {
                break;
            }
            at += 1;
        }
        sorted.insert(at, name);
    }
    Ok(sorted)
}

/// `type.__dir__`.
pub fn class_dir(vm: &mut Vm, class: &Ref<Class>) -> R<Vec<Value>> {
    let mut names = Vec::new();
    add_class_names(class, &mut names);
    unique(vm, names)
}

/// `copyreg`-less helpers of `copy` and `pickle`: the state is the attributes; with places made
/// by `__slots__`, a pair of both.
fn getstate(vm: &mut Vm, args: &[Value]) -> R {
    object_state(vm, &at(args, 0))
}

/// What `object.__getstate__` gives.
pub fn object_state(vm: &mut Vm, obj: &Value) -> R {
    let own = vm.own_attributes(obj);
    let members = super::descriptors::member_values(vm, obj);
    if own.is_empty() && members.is_empty() {
        return Ok(Value::None);
    }
    let state = if own.is_empty() && !members.is_empty() {
        Value::None
    } else {
        dict_of(own)
    };
    if members.is_empty() {
        return Ok(state);
    }
    Ok(Tuple::value([state, dict_of(members)]))
}

fn dict_of(pairs: Vec<(Ref<Str>, Value)>) -> Value {
    let dict = Dict::new();
    for (name, value) in pairs {
        dict.set_str(&name, value);
    }
    dict.into()
}

fn reduce_ex(vm: &mut Vm, args: &[Value]) -> R {
    let (obj, protocol) = (at(args, 0), vm.index_i64(&at(args, 1))?);
    let name = vm.names.__reduce__.clone();
    let class = vm.class_of(&obj);
    let found = vm.lookup(&class, &name);
    if found.is_some_and(|f| !vm.is_objects_own(&name, &f)) {
        return vm.call_method(&obj, &name, &[]);
    }
    reduce_by(vm, &obj, protocol)
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    reduce_by(vm, &at(args, 0), 0)
}

/// A function of `copyreg`.
fn copyreg(vm: &mut Vm, name: &str) -> R {
    let hook = vm.import_hook;
    let globals = vm.builtins.clone();
    let module = hook(vm, "copyreg", &globals, &Tuple::value([Value::str("*")]), 0)?;
    let name = vm.intern(name);
    vm.get_attr(&module, &name)
}

/// How pickle and copy take an object apart: what makes an object like it, from which arguments,
/// its state, and the items of lists and dicts.
fn reduce_by(vm: &mut Vm, obj: &Value, protocol: i64) -> R {
    if protocol < 2 {
        let reduce = copyreg(vm, "_reduce_ex")?;
        return vm.call(&reduce, &[obj.clone(), Value::Int(protocol)]);
    }
    let class = vm.class_of(obj);
    let name = vm.names.__new__.clone();
    let new = vm.lookup(&class, &name);
    // What is made by no constructor, and iterators: a new one would begin anew.
    if !class.flags().heap
        && !class.is(&vm.types.object)
        && (class.flags().native_iterator || new.is_none_or(|new| vm.is_objects_own(&name, &new)))
    {
        let message = format!("cannot pickle '{}' object", vm.tp_name(&class));
        return Err(vm.type_error(message));
    }
    let (args, kwargs) = new_arguments(vm, obj)?;
    let own = Value::from(class);
    let (maker, arguments) = match kwargs {
        Some(kwargs) => {
            let args = args.unwrap_or_else(|| Tuple::new([]));
            (
                copyreg(vm, "__newobj_ex__")?,
                vec![own, args.into(), kwargs],
            )
        }
        None => {
            let args = args.as_ref().map_or(&[][..], |t| t.items());
            let arguments = [&own].into_iter().chain(args).cloned().collect();
            (copyreg(vm, "__newobj__")?, arguments)
        }
    };
    let name = vm.intern("__getstate__");
    let state = vm.call_method(obj, &name, &[])?;
    let (mut items, mut pairs) = (Value::None, Value::None);
    if obj.payload::<List>().is_some() {
        items = vm.iter(obj)?;
    }
    if obj.payload::<Dict>().is_some() {
        let name = vm.names.items.clone();
        let view = vm.call_method(obj, &name, &[])?;
        pairs = vm.iter(&view)?;
    }
    let arguments = Tuple::value(arguments);
    Ok(Tuple::value([maker, arguments, state, items, pairs]))
}

/// What `__getnewargs_ex__` or `__getnewargs__` says that `__new__` is to be given.
fn new_arguments(vm: &mut Vm, obj: &Value) -> R<(Option<Ref<Tuple>>, Option<Value>)> {
    let (extended, plain) = (vm.intern("__getnewargs_ex__"), vm.intern("__getnewargs__"));
    if let Some(given) = vm.call_special(obj, &extended, &[])? {
        let Some(pair) = given.payload::<Tuple>() else {
            let class = vm.type_name(&given);
            let message = format!("__getnewargs_ex__ should return a tuple, not '{class}'");
            return Err(vm.type_error(message));
        };
        let [args, kwargs] = pair.items() else {
            let message = format!(
                "__getnewargs_ex__ should return a tuple of length 2, not {}",
                pair.items().len()
            );
            return Err(vm.value_error(message));
        };
        let Some(args) = args.payload::<Tuple>() else {
            let message = format!(
                "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{}'",
                vm.type_name(args)
            );
            return Err(vm.type_error(message));
        };
        let Some(dict) = kwargs.payload::<Dict>() else {
            let message = format!(
                "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{}'",
                vm.type_name(kwargs)
            );
            return Err(vm.type_error(message));
        };
        let kwargs = (!dict.is_empty()).then(|| kwargs.clone());
        return Ok((Some(args), kwargs));
    }
    let Some(given) = vm.call_special(obj, &plain, &[])? else {
        return Ok((None, None));
    };
    match given.payload::<Tuple>() {
        Some(args) => Ok((Some(args), None)),
        None => {
            let class = vm.type_name(&given);
            let message = format!("__getnewargs__ should return a tuple, not '{class}'");
            Err(vm.type_error(message))
        }
    }
}
