//! Context variables: the module `_contextvars`.
//!
//! A context maps variables to values. Copying one shares the map, which is only duplicated when
//! one of the sharers sets a variable. An empty context is not even an object: `Undef` stands for
//! it until somebody asks, so that tasks of programs without context variables cost nothing.

use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::hooks::Current;
use crate::vm::native::{GetSet, ModuleDef, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Dict, Layout, Module, NativeData, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use indexmap::IndexMap;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Variables (by address) and their values.
type Map = IndexMap<usize, (Value, Value)>;

#[derive(Default)]
pub struct ContextData {
    map: RefCell<Rc<Map>>,
}

struct VarData {
    name: Value,
    /// `Undef` if there is none.
    default: Value,
}

struct TokenData {
    var: Value,
    context: Value,
    /// `Undef` if the variable had no value.
    old: Value,
    used: Cell<bool>,
}

/// `Token.MISSING`.
struct Missing;

impl NativeData for ContextData {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        // A map that others share must not be counted once for each of them: what it refers to
        // then counts as referred to from outside.
        if let Ok(map) = self.map.try_borrow()
            && Rc::strong_count(&map) == 1
        {
            for (var, value) in map.values() {
                var.as_obj().into_iter().for_each(&mut *visit);
                value.as_obj().into_iter().for_each(&mut *visit);
            }
        }
    }

    fn clear(&self) {
        let old = self.map.take();
        drop(old);
    }
}

impl NativeData for VarData {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        [&self.name, &self.default]
            .into_iter()
            .filter_map(|v| v.as_obj())
            .for_each(visit);
    }
}

impl NativeData for TokenData {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        [&self.var, &self.context, &self.old]
            .into_iter()
            .filter_map(|v| v.as_obj())
            .for_each(visit);
    }
}

impl NativeData for Missing {}

impl NativeType for ContextData {
    const DEF: &'static TypeDef = &CONTEXT;
}

impl NativeType for VarData {
    const DEF: &'static TypeDef = &CONTEXT_VAR;
}

impl NativeType for TokenData {
    const DEF: &'static TypeDef = &TOKEN;
}

impl NativeType for Missing {
    const DEF: &'static TypeDef = &MISSING;
}

static CONTEXT: TypeDef = TypeDef::new("Context", "_contextvars", Layout::Final)
    .doc("A mapping of context variables to their values.")
    .methods(&[
        NativeDef::constructor("(cls, *args, **kwargs)", context_new),
        NativeDef::new(
            "run",
            "(self, *args, **kwargs)",
            context_run,
            "Call a function in this context.",
        ),
        NativeDef::new(
            "copy",
            "(self, /)",
            context_copy,
            "A shallow copy of the context.",
        ),
        NativeDef::new(
            "get",
            "(self, key, default=None, /)",
            context_get,
            "The value of a variable, or the default.",
        ),
        NativeDef::new("keys", "(self, /)", context_keys, "The variables."),
        NativeDef::new("values", "(self, /)", context_values, "The values."),
        NativeDef::new(
            "items",
            "(self, /)",
            context_items,
            "Pairs of variable and value.",
        ),
        NativeDef::new(
            "__iter__",
            "(self, /)",
            context_keys,
            "Implement iter(self).",
        ),
        NativeDef::new("__len__", "(self, /)", context_len, "Return len(self)."),
        NativeDef::new(
            "__getitem__",
            "(self, key, /)",
            context_getitem,
            "Return self[key].",
        ),
        NativeDef::new(
            "__contains__",
            "(self, key, /)",
            context_contains,
            "Return bool(key in self).",
        ),
        NativeDef::new(
            "__eq__",
            "(self, value, /)",
            context_eq,
            "Return self==value.",
        ),
    ]);

static CONTEXT_VAR: TypeDef = TypeDef::new("ContextVar", "_contextvars", Layout::Final)
    .doc("A variable with one value per context.")
    .methods(&[
        NativeDef::constructor("(cls, name, /, *, default=None)", var_new),
        NativeDef::new(
            "get",
            "(self, default=None, /)",
            var_get,
            "The value in the current context.",
        ),
        NativeDef::new(
            "set",
            "(self, value, /)",
            var_set,
            "Set the value in the current context; a token to undo it.",
        ),
        NativeDef::new(
            "reset",
            "(self, token, /)",
            var_reset,
            "Go back to the value before the set() that made the token.",
        ),
        NativeDef::new("__repr__", "(self, /)", var_repr, "Return repr(self)."),
        NativeDef::new(
            "__class_getitem__",
            "(cls, item, /)",
            super::repr::class_getitem,
            "See PEP 585",
        )
        .class(),
    ])
    .getset(&[GetSet::read(
        "name",
        |_, v| {
            Ok(v.opaque::<VarData>()
                .map_or(Value::None, |d| d.name.clone()))
        },
        "",
    )]);

static TOKEN: TypeDef = TypeDef::new("Token", "_contextvars", Layout::Final)
    .doc("Undoes one ContextVar.set().")
    .methods(&[
        NativeDef::constructor("(cls, *args, **kwargs)", token_new),
        NativeDef::new("__repr__", "(self, /)", token_repr, "Return repr(self)."),
        NativeDef::new(
            "__class_getitem__",
            "(cls, item, /)",
            super::repr::class_getitem,
            "See PEP 585",
        )
        .class(),
    ])
    .getset(&[
        GetSet::read(
            "var",
            |_, v| {
                Ok(v.opaque::<TokenData>()
                    .map_or(Value::None, |d| d.var.clone()))
            },
            "",
        ),
        GetSet::read("old_value", token_old_value, ""),
    ]);

static MISSING: TypeDef =
    TypeDef::new("Token.MISSING", "builtins", Layout::Final).methods(&[NativeDef::new(
        "__repr__",
        "(self, /)",
        |_, _| Ok(Value::str("<Token.MISSING>")),
        "Return repr(self).",
    )]);

/// The module.
pub static MODULE: ModuleDef = ModuleDef {
    name: "_contextvars",
    doc: "Context Variables",
    functions: &[NativeDef::new(
        "copy_context",
        "()",
        |vm, _| Ok(copy_current_object(vm)),
        "A copy of the current context.",
    )],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let classes = [
        vm.class_for::<ContextData>(),
        vm.class_for::<VarData>(),
        vm.class_for::<TokenData>(),
    ];
    let missing = missing(vm);
    let name = vm.intern("MISSING");
    classes[2].dict.set_str(&name, missing);
    for class in classes {
        let name = vm.intern(&class.name());
        module.dict.set_str(&name, class.into());
    }
    Ok(())
}

/// The one `Token.MISSING` of a VM.
fn missing(vm: &mut Vm) -> Value {
    #[derive(Default)]
    struct Once(Slot);
    if let Some(found) = vm.state::<Once>().0.defined() {
        return found;
    }
    let made = vm.make(Missing);
    vm.state::<Once>().0.set(made.clone());
    made
}

// For the rest of the event loop

/// A copy of the current context: `Undef` while that is empty.
pub fn copy_current(vm: &mut Vm) -> Value {
    let current = vm.current.context.get();
    match current.opaque::<ContextData>() {
        Some(data) if !data.map.borrow().is_empty() => {
            let map = data.map.borrow().clone();
            new_context(vm, map)
        }
        _ => Value::Undef,
    }
}

/// A copy of the current context as an object.
pub fn copy_current_object(vm: &mut Vm) -> Value {
    let copy = copy_current(vm);
    object(vm, copy)
}

/// The context object for what `copy_current` gave.
pub fn object(vm: &mut Vm, context: Value) -> Value {
    if context.is_undef() {
        new_context(vm, Rc::default())
    } else {
        context
    }
}

/// The context that is current, as an object.
pub fn current_object(vm: &mut Vm) -> Value {
    if let Some(current) = vm.current.context.defined() {
        return current;
    }
    let made = new_context(vm, Rc::default());
    Current::mark_entered(&made, true);
    vm.current.context.set(made.clone());
    made
}

/// Makes a context current; gives the one that was, for `Current::leave_context`.
#[inline]
pub fn enter(vm: &mut Vm, context: Value) -> R {
    if let Some(outer) = vm.current.enter_context(context.clone()) {
        return Ok(outer);
    }
    let text = vm.repr(&context)?;
    let message = format!("cannot enter context: {} is already entered", text.as_str());
    Err(vm.runtime_error(message))
}

/// Whether a value is a context.
pub fn is_context(value: &Value) -> bool {
    value.opaque::<ContextData>().is_some()
}

fn new_context(vm: &mut Vm, map: Rc<Map>) -> Value {
    vm.make(ContextData {
        map: RefCell::new(map),
    })
}

// Context

fn map_of(context: &Value) -> Rc<Map> {
    match context.opaque::<ContextData>() {
        Some(data) => data.map.borrow().clone(),
        None => Rc::default(),
    }
}

fn context_new(vm: &mut Vm, args: &[Value]) -> R {
    let positional = args[1]
        .as_ref::<Tuple>()
        .is_some_and(|t| !t.items().is_empty());
    let keywords = args[2].as_ref::<Dict>().is_some_and(|d| !d.is_empty());
    if positional || keywords {
        return Err(vm.type_error("Context() does not accept any arguments"));
    }
    Ok(new_context(vm, Rc::default()))
}

fn context_run(vm: &mut Vm, args: &[Value]) -> R {
    let given = args[1].as_ref::<Tuple>().cloned();
    let given = given.as_ref().map(|t| t.items()).unwrap_or_default();
    let Some((func, rest)) = given.split_first() else {
        return Err(vm.type_error("run() missing 1 required positional argument"));
    };
    let keywords = keywords(&args[2]);
    let outer = enter(vm, args[0].clone())?;
    let result = vm.call_kw(func, rest, &keywords);
    vm.current.leave_context(outer);
    result
}

/// The pairs of a `**kwargs` dict.
pub(super) fn keywords(dict: &Value) -> Vec<(Ref<Str>, Value)> {
    let Some(dict) = dict.as_ref::<Dict>() else {
        return Vec::new();
    };
    let map = dict.map.borrow();
    let pairs = map
        .iter()
        .filter_map(|e| Some((e.key.as_ref::<Str>()?.clone(), e.value.clone())));
    pairs.collect()
}

fn context_copy(vm: &mut Vm, args: &[Value]) -> R {
    let map = map_of(&args[0]);
    Ok(new_context(vm, map))
}

/// The value of a variable in a context.
fn find(vm: &mut Vm, context: &Value, key: &Value) -> R<Option<Value>> {
    if key.opaque::<VarData>().is_none() {
        let text = vm.repr(key)?;
        let message = format!("a ContextVar key was expected, got {}", text.as_str());
        return Err(vm.type_error(message));
    }
    Ok(map_of(context).get(&address(key)).map(|(_, v)| v.clone()))
}

fn address(var: &Value) -> usize {
    var.as_obj().map_or(0, ObjRef::address)
}

fn context_get(vm: &mut Vm, args: &[Value]) -> R {
    let found = find(vm, &args[0], &args[1])?;
    Ok(found.unwrap_or_else(|| args[2].given().cloned().unwrap_or(Value::None)))
}

fn context_getitem(vm: &mut Vm, args: &[Value]) -> R {
    match find(vm, &args[0], &args[1])? {
        Some(value) => Ok(value),
        None => Err(vm.key_error(&args[1])),
    }
}

fn context_contains(vm: &mut Vm, args: &[Value]) -> R {
    Ok(find(vm, &args[0], &args[1])?.is_some().into())
}

fn context_len(_: &mut Vm, args: &[Value]) -> R {
    Ok(map_of(&args[0]).len().into())
}

fn context_eq(vm: &mut Vm, args: &[Value]) -> R {
    if !is_context(&args[1]) {
        return Ok(vm.types.not_implemented.clone());
    }
    let (a, b) = (map_of(&args[0]), map_of(&args[1]));
    if a.len() != b.len() {
        return Ok(Value::False);
    }
    for (key, (_, value)) in a.iter() {
        let Some((_, other)) = b.get(key) else {
            return Ok(Value::False);
        };
        if !vm.equal(value, other)? {
            return Ok(Value::False);
        }
    }
    Ok(Value::True)
}

fn iterator(vm: &mut Vm, items: Vec<Value>) -> R {
    vm.iter(&Tuple::value(items))
}

fn context_keys(vm: &mut Vm, args: &[Value]) -> R {
    let keys = map_of(&args[0]).values().map(|(k, _)| k.clone()).collect();
    iterator(vm, keys)
}

fn context_values(vm: &mut Vm, args: &[Value]) -> R {
    let values = map_of(&args[0]).values().map(|(_, v)| v.clone()).collect();
    iterator(vm, values)
}

fn context_items(vm: &mut Vm, args: &[Value]) -> R {
    let map = map_of(&args[0]);
    let pairs = map
        .values()
        .map(|(k, v)| Tuple::value([k.clone(), v.clone()]));
    let pairs = pairs.collect();
    iterator(vm, pairs)
}

// ContextVar

fn var_new(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].as_str().is_none() {
        return Err(vm.type_error("context variable name must be a str"));
    }
    Ok(vm.make(VarData {
        name: args[1].clone(),
        default: args[2].clone(),
    }))
}

fn var_get(vm: &mut Vm, args: &[Value]) -> R {
    let var = &args[0];
    let current = vm.current.context.get();
    if let Some(data) = current.opaque::<ContextData>()
        && let Some((_, value)) = data.map.borrow().get(&address(var))
    {
        return Ok(value.clone());
    }
    let default = var
        .opaque::<VarData>()
        .map_or(Value::Undef, |d| d.default.clone());
    if let Some(given) = args[1].given() {
        return Ok(given.clone());
    }
    match default {
        Value::Undef => {
            let class = vm.exc.lookup_error.clone();
            Err(vm.error_with(&class, vec![var.clone()]))
        }
        default => Ok(default),
    }
}

/// Sets a variable in a context, or takes it out; gives what it was.
fn put(context: &Value, var: &Value, value: Value) -> Value {
    let Some(data) = context.opaque::<ContextData>() else {
        return Value::Undef;
    };
    let mut map = data.map.borrow_mut();
    let old = if value.is_undef() {
        Rc::make_mut(&mut map).shift_remove(&address(var))
    } else {
        Rc::make_mut(&mut map).insert(address(var), (var.clone(), value))
    };
    old.map_or(Value::Undef, |(_, v)| v)
}

fn var_set(vm: &mut Vm, args: &[Value]) -> R {
    let context = current_object(vm);
    let old = put(&context, &args[0], args[1].clone());
    Ok(vm.make(TokenData {
        var: args[0].clone(),
        context,
        old,
        used: Cell::new(false),
    }))
}

fn var_reset(vm: &mut Vm, args: &[Value]) -> R {
    let (var, token) = (&args[0], &args[1]);
    let Some(data) = token.opaque::<TokenData>() else {
        let text = vm.repr(token)?;
        let message = format!("expected an instance of Token, got {}", text.as_str());
        return Err(vm.type_error(message));
    };
    if data.used.get() {
        let text = vm.repr(token)?;
        return Err(vm.runtime_error(format!("{} has already been used once", text.as_str())));
    }
    let problem = if !data.var.is(var) {
        "was created by a different ContextVar"
    } else if !current_object(vm).is(&data.context) {
        "was created in a different Context"
    } else {
        data.used.set(true);
        drop(put(&data.context, var, data.old.clone()));
        return Ok(Value::None);
    };
    let text = vm.repr(token)?;
    Err(vm.value_error(format!("{} {problem}", text.as_str())))
}

fn var_repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(data) = args[0].opaque::<VarData>() else {
        return Ok(Value::None);
    };
    let name = vm.repr(&data.name)?;
    let default = match data.default.given() {
        Some(default) => format!(" default={}", vm.repr(default)?.as_str()),
        None => String::new(),
    };
    let text = format!(
        "<ContextVar name={}{default} at {:#x}>",
        name.as_str(),
        address(&args[0])
    );
    Ok(text.into())
}

// Token

fn token_new(vm: &mut Vm, _: &[Value]) -> R {
    Err(vm.runtime_error("Tokens can only be created by ContextVars"))
}

fn token_repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(data) = args[0].opaque::<TokenData>() else {
        return Ok(Value::None);
    };
    let var = vm.repr(&data.var)?;
    let used = if data.used.get() { " used" } else { "" };
    Ok(format!(
        "<Token{used} var={} at {:#x}>",
        var.as_str(),
        address(&args[0])
    )
    .into())
}

fn token_old_value(vm: &mut Vm, token: &Value) -> R {
    match token.opaque::<TokenData>().map(|d| d.old.clone()) {
        Some(Value::Undef) | None => Ok(missing(vm)),
        Some(old) => Ok(old),
    }
}
