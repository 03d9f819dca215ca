//! Tuples whose items have names: `sys.version_info`, `time.struct_time` and their kin.

use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, TypeDef};
use crate::vm::object::{Class, Dict, Instance, Kind, Layout, List, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// One item by its place, for `GetSet` rows.
fn item<const I: usize>(_: &mut Vm, v: &Value) -> R {
    let tuple = v.payload::<Tuple>();
    let found = tuple.as_ref().and_then(|t| t.items().get(I).cloned());
    Ok(found.unwrap_or(Value::None))
}

/// The getters of the first items.
const GETTERS: &[fn(&mut Vm, &Value) -> R] = &[
    item::<0>, item::<1>, item::<2>, item::<3>, item::<4>, item::<5>, item::<6>, item::<7>,
    item::<8>, item::<9>, item::<10>, item::<11>, item::<12>, item::<13>, item::<14>, item::<15>,
    item::<16>, item::<17>,
];

/// A row of the table of named items.
pub(super) const fn field(name: &'static str, place: usize) -> GetSet {
    GetSet::read(name, GETTERS[place], "")
}

/// A row of the table of named items, with what is said of the item.
pub(super) const fn told(name: &'static str, place: usize, doc: &'static str) -> GetSet {
    GetSet::read(name, GETTERS[place], doc)
}

/// What `struct_time`, and no other such type, has beside its items: kept as attributes.
const BESIDE: [&str; 2] = ["tm_zone", "tm_gmtoff"];

fn beside<const I: usize>(vm: &mut Vm, v: &Value) -> R {
    let key = vm.intern(BESIDE[I]);
    let kept = v.as_ref::<Instance>().and_then(|i| i.get(&key));
    Ok(kept.unwrap_or(Value::None))
}

pub(super) const ZONE: GetSet =
    GetSet::read(BESIDE[0], beside::<0>, "Name of the time zone, or None.");
pub(super) const OFFSET: GetSet =
    GetSet::read(BESIDE[1], beside::<1>, "Seconds east of UTC, or None.");

/// The methods of all such types.
pub(super) const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, sequence, dict=None)", new),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__reduce__", "(self, /)", reduce, ""),
    NativeDef::new(
        "__replace__",
        "(self, /, *args, **changes)",
        replace,
        "Return the same with some items replaced.",
    ),
];

/// The table row of such a type.
pub(super) const fn def(
    name: &'static str,
    module: &'static str,
    fields: &'static [GetSet],
) -> TypeDef {
    TypeDef::new(name, module, Layout::Builtin(Kind::Tuple))
        .base(|vm| vm.types.tuple.clone())
        .with_dict()
        .methods(METHODS)
        .getset(fields)
}

/// Makes the class, which remembers its names in `__match_args__`.
pub(super) fn class(vm: &mut Vm, def: &'static TypeDef) -> Ref<Class> {
    let class = vm.make_class(def);
    let names = def.getset.iter().map(|f| f.name);
    let visible: Vec<Value> = names
        .filter(|n| !BESIDE.contains(n))
        .map(Value::str)
        .collect();
    let counts = [
        ("n_fields", def.getset.len()),
        ("n_sequence_fields", visible.len()),
        ("n_unnamed_fields", 0),
    ];
    let key = vm.names.__match_args__.clone();
    class.dict.set_str(&key, Tuple::value(visible));
    for (key, count) in counts {
        let key = vm.intern(key);
        class.dict.set_str(&key, count.into());
    }
    class
}

/// An object of such a class.
pub(super) fn make(class: &Ref<Class>, items: Vec<Value>) -> Value {
    Instance::new(class, Tuple::value(items)).into()
}

/// Number of named items.
fn width(vm: &mut Vm, class: &Ref<Class>) -> Vec<Value> {
    let key = vm.names.__match_args__.clone();
    let names = vm.lookup(class, &key);
    names
        .and_then(|n| n.as_ref::<Tuple>().map(|t| t.items().to_vec()))
        .unwrap_or_default()
}

/// What such a class can keep beside its items.
fn kept_beside(vm: &mut Vm, class: &Ref<Class>) -> &'static [&'static str] {
    let key = vm.intern(BESIDE[0]);
    if vm.lookup(class, &key).is_some() {
        &BESIDE
    } else {
        &[]
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let Some(class) = args[0].as_ref::<Class>().cloned() else {
        return Ok(Value::None);
    };
    let beside = kept_beside(vm, &class);
    let need = width(vm, &class).len();
    let most = need + beside.len();
    let mut items = vm.collect(&args[1])?;
    let got = items.len();
    if got < need || got > most {
        let (at, wanted) = match (beside.is_empty(), got < need) {
            (true, _) => ("a", need),
            (false, true) => ("an at least", need),
            (false, false) => ("an at most", most),
        };
        let name = shown_name(vm, &class);
        return Err(vm.type_error(format!(
            "{name}() takes {at} {wanted}-sequence ({got}-sequence given)"
        )));
    }
    let further = items.split_off(need);
    let made = make(&class, items);
    let unexpected = match args[2].as_ref::<Dict>() {
        Some(dict) => {
            let names = &beside[further.len()..];
            let known = names.iter().filter_map(|n| {
                let key = vm.intern(n);
                Some((key.clone(), dict.get_str(&key)?))
            });
            let known: Vec<_> = known.collect();
            let all = known.len() == dict.map.borrow().len();
            set_beside(&made, known);
            !all
        }
        None => false,
    };
    if unexpected {
        let name = shown_name(vm, &class);
        return Err(vm.type_error(format!(
            "{name}() got duplicate or unexpected field name(s)"
        )));
    }
    let further = beside.iter().zip(further).map(|(n, v)| (vm.intern(n), v));
    set_beside(&made, further.collect());
    Ok(made)
}

fn set_beside(made: &Value, values: Vec<(Ref<Str>, Value)>) {
    if let Some(instance) = made.as_ref::<Instance>() {
        for (name, value) in values {
            drop(instance.set(&name, value));
        }
    }
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]);
    let items = args[0].payload::<Tuple>();
    let items = items
        .as_ref()
        .map(|t| t.items().to_vec())
        .unwrap_or_default();
    let dict = Dict::new();
    for name in kept_beside(vm, &class) {
        let key = vm.intern(name);
        let kept = args[0].as_ref::<Instance>().and_then(|i| i.get(&key));
        dict.set_str(&key, kept.unwrap_or(Value::None));
    }
    let state = Tuple::value([Tuple::value(items), dict.into()]);
    Ok(Tuple::value([class.into(), state]))
}

fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]);
    if args[1]
        .as_ref::<Tuple>()
        .is_some_and(|t| !t.items().is_empty())
    {
        return Err(vm.type_error("__replace__() takes no positional arguments"));
    }
    let names = width(vm, &class);
    let beside = kept_beside(vm, &class);
    let items = args[0].payload::<Tuple>();
    let mut items = items
        .as_ref()
        .map(|t| t.items().to_vec())
        .unwrap_or_default();
    let mut kept = Vec::new();
    for name in beside {
        let key = vm.intern(name);
        let value = args[0].as_ref::<Instance>().and_then(|i| i.get(&key));
        kept.push((key, value.unwrap_or(Value::None)));
    }
    let mut unknown = Vec::new();
    for (name, value) in changes(&args[2]) {
        if let Some(i) = names.iter().position(|n| n.as_str() == name.as_str()) {
            if let Some(item) = items.get_mut(i) {
                *item = value;
            }
        } else if let Some(i) = beside.iter().position(|n| Some(*n) == name.as_str()) {
            kept[i].1 = value;
        } else {
            unknown.push(name);
        }
    }
    if !unknown.is_empty() {
        let shown = vm.repr(&List::value(unknown))?;
        let text = format!("Got unexpected field name(s): {}", shown.as_str());
        return Err(vm.type_error(text));
    }
    let made = make(&class, items);
    set_beside(&made, kept);
    Ok(made)
}

/// The keyword arguments of a call.
fn changes(keywords: &Value) -> Vec<(Value, Value)> {
    let Some(dict) = keywords.as_ref::<Dict>() else {
        return Vec::new();
    };
    let map = dict.map.borrow();
    let pairs = map.iter().map(|e| (e.key.clone(), e.value.clone()));
    pairs.collect()
}

/// The name with that of the module, which built-in classes leave out.
fn shown_name(vm: &mut Vm, class: &Ref<Class>) -> String {
    let key = vm.names.__module__.clone();
    let module = class.dict.get_str(&key);
    let module = module.as_ref().and_then(Value::as_str).unwrap_or_default();
    match module {
        "" | "builtins" => class.name().to_string(),
        module => format!("{module}.{}", class.name()),
    }
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]);
    let names = width(vm, &class);
    let items = args[0].payload::<Tuple>();
    let items = items.as_ref().map(|t| t.items()).unwrap_or_default();
    let mut parts = Vec::new();
    for (name, item) in names.iter().zip(items) {
        parts.push(format!(
            "{}={}",
            name.as_str().unwrap_or_default(),
            vm.repr(item)?.as_str()
        ));
    }
    let name = shown_name(vm, &class);
    Ok(format!("{name}({})", parts.join(", ")).into())
}
