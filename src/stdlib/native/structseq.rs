//! Tuples whose items have names: `sys.version_info`, `time.struct_time` and their kin.

use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, TypeDef};
use crate::vm::object::{Class, Dict, Instance, Kind, Layout, Tuple};
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

/// The methods of all such types.
pub(super) const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, sequence, dict=None)", new),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
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
    let names = Tuple::value(def.getset.iter().map(|f| Value::str(f.name)));
    let key = vm.names.__match_args__.clone();
    class.dict.set_str(&key, names);
    for key in ["n_fields", "n_sequence_fields"] {
        let key = vm.intern(key);
        class.dict.set_str(&key, def.getset.len().into());
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

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let Some(class) = args[0].as_ref::<Class>().cloned() else {
        return Ok(Value::None);
    };
    let names = width(vm, &class);
    let items = vm.collect(&args[1])?;
    if items.len() < names.len() {
        let (name, need, got) = (class.name(), names.len(), items.len());
        return Err(vm.type_error(format!(
            "{name}() takes an at least {need}-sequence ({got}-sequence given)"
        )));
    }
    let hidden: Vec<Value> = items.iter().skip(names.len()).cloned().collect();
    let made = make(&class, items.into_iter().take(names.len()).collect());
    if let (Some(instance), Some(dict)) = (made.as_ref::<Instance>(), args[2].as_ref::<Dict>()) {
        for entry in dict.map.borrow().iter() {
            if let Some(name) = entry.key.as_ref() {
                drop(instance.set(name, entry.value.clone()));
            }
        }
    }
    drop(hidden);
    Ok(made)
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
    let key = vm.names.__module__.clone();
    let module = class.dict.get_str(&key);
    let module = module.as_ref().and_then(Value::as_str).unwrap_or_default();
    let prefix = match module {
        "" | "builtins" => String::new(),
        module => format!("{module}."),
    };
    Ok(format!("{prefix}{}({})", class.name(), parts.join(", ")).into())
}
