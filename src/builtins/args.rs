//! Small helpers for natives that take `*args` and `**kwargs`.

use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, Kind, Str, Tuple};
use crate::vm::value::Value;

/// The values of a `*args` parameter.
pub fn varargs(value: Option<&Value>) -> Vec<Value> {
    match value.and_then(Value::as_ref::<Tuple>) {
        Some(tuple) => tuple.items().to_vec(),
        None => Vec::new(),
    }
}

/// The names and values of a `**kwargs` parameter.
pub fn keywords(vm: &mut Vm, value: Option<&Value>) -> Vec<(Ref<Str>, Value)> {
    let Some(dict) = value.and_then(Value::as_ref::<Dict>) else {
        return Vec::new();
    };
    let pairs: Vec<(Value, Value)> = {
        let map = dict.map.borrow();
        map.iter()
            .map(|e| (e.key.clone(), e.value.clone()))
            .collect()
    };
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some((vm.intern_value(&key)?, value)))
        .collect()
}

/// How many arguments `*args` and `**kwargs` are together.
pub fn count(args: Option<&Value>, kwargs: Option<&Value>) -> usize {
    let positional = args
        .and_then(Value::as_ref::<Tuple>)
        .map_or(0, |t| t.items().len());
    let named = kwargs
        .and_then(Value::as_ref::<Dict>)
        .map_or(0, |d| d.len());
    positional + named
}

/// The argument at a place; `Undef` if there is none.
pub fn at(args: &[Value], i: usize) -> Value {
    args.get(i).cloned().unwrap_or(Value::Undef)
}

/// The address of an object as it is shown in reprs.
pub fn address(value: &Value) -> String {
    format!("{:#x}", value.as_obj().map_or(0, |o| o.address()))
}

/// A value is callable: a function, a class, or of a class with `__call__`.
pub fn is_callable(vm: &Vm, value: &Value) -> bool {
    match value.kind() {
        Some(Kind::Function | Kind::BoundMethod | Kind::NativeFunction | Kind::Class) => true,
        _ => {
            let class = vm.class_of(value);
            vm.lookup(&class, &vm.names.__call__).is_some()
        }
    }
}

/// An optional argument that was left out, or is `None`.
pub fn is_absent(value: &Value) -> bool {
    matches!(value, Value::Undef | Value::None)
}
