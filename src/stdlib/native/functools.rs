//! `_functools`: what of `functools` is built in. A function that remembers its results is, so
//! that a call of it is one step down and not two.

use crate::builtins::iterators::values_of;
use crate::builtins::{is_callable, keywords};
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::{GetSet, ModuleDef, NativeDef, NativeType, TypeDef};
use crate::vm::object::{BoundMethod, Dict, Instance, Layout, Module, NativeData, Str, Tuple};
use crate::vm::ops::attr::dict_of;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::Cell;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_functools",
    doc: "Tools that operate on functions.",
    functions: &[NativeDef::new(
        "reduce",
        "(function, iterable, initial=None, /)",
        reduce,
        "Fold the items from the left into one value.",
    )],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let (class, name) = (vm.class_for::<Cached>(), vm.intern("_lru_cache_wrapper"));
    module.dict.set_str(&name, class.into());
    Ok(())
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let items = match vm.iter_opt(&args[1])? {
        Some(items) => items,
        None => return Err(vm.type_error("reduce() arg 2 must support iteration")),
    };
    let mut folded = args[2].given().cloned();
    while let Some(item) = vm.next(&items)? {
        folded = Some(match folded {
            Some(value) => vm.call(&args[0], &[value, item])?,
            None => item,
        });
    }
    folded.ok_or_else(|| vm.type_error("reduce() of empty iterable with no initial value"))
}

/// A function and the results of its last calls.
struct Cached {
    function: Value,
    /// How many results are kept; `None` is all.
    most: Option<usize>,
    /// Arguments of other types are other arguments, even if they are equal.
    typed: bool,
    /// By arguments, those used last at the end.
    results: Ref<Dict>,
    hits: Cell<i64>,
    misses: Cell<i64>,
    /// The class of what `cache_info` gives.
    info: Value,
    /// Stands in keys between the positional arguments and the others.
    mark: Value,
}

impl NativeData for Cached {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        for part in [&self.function, &self.info, &self.mark] {
            part.as_obj().into_iter().for_each(&mut *visit);
        }
        visit(self.results.as_obj());
    }
}

impl NativeType for Cached {
    const DEF: &'static TypeDef =
        &TypeDef::new("_lru_cache_wrapper", "functools", Layout::Opaque(61))
            .doc("A function that remembers the results of its calls.")
            .with_dict()
            .methods(METHODS)
            .getset(&[GetSet::read(
                "__dict__",
                |vm, v| {
                    let class = vm.class_of(v);
                    Ok(dict_of(&class, v).map_or(Value::None, Value::from))
                },
                "The attributes.",
            )]);
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, user_function, maxsize, typed, cache_info_type)", new),
    NativeDef::new(
        "__call__",
        "(self, /, *args, **kwargs)",
        |vm, args| {
            let named = keywords(vm, args.get(2));
            call(vm, &args[0], &values_of(&args[1]), &named)
        },
        "Call self as a function.",
    ),
    NativeDef::new(
        "__get__",
        "(self, instance, owner=None, /)",
        |_, args| {
            Ok(match &args[1] {
                Value::None => args[0].clone(),
                instance => BoundMethod::value(args[0].clone(), instance.clone()),
            })
        },
        "Return an attribute of instance, which is of type owner.",
    ),
    NativeDef::new(
        "cache_info",
        "(self, /)",
        cache_info,
        "Report cache statistics",
    ),
    NativeDef::new(
        "cache_clear",
        "(self, /)",
        cache_clear,
        "Clear the cache and cache statistics",
    ),
    NativeDef::new("__copy__", "(self, /)", itself, ""),
    NativeDef::new("__deepcopy__", "(self, memo, /)", itself, ""),
    NativeDef::new(
        "__reduce__",
        "(self, /)",
        |vm, args| {
            let name = vm.names.__qualname__.clone();
            vm.get_attr(&args[0], &name)
        },
        "Helper for pickle.",
    ),
];

fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    if !is_callable(vm, &args[1]) {
        return Err(vm.type_error("the first argument must be callable"));
    }
    let most = match &args[2] {
        Value::None => None,
        most => Some(usize::try_from(vm.index_i64(most)?).unwrap_or(0)),
    };
    let class = crate::builtins::arguments::class(vm, &args[0])?;
    let cached = Cached {
        function: args[1].clone(),
        most,
        typed: vm.truth(&args[3])?,
        results: Dict::new(),
        hits: Cell::new(0),
        misses: Cell::new(0),
        info: args[4].clone(),
        mark: Instance::new(&vm.types.object.clone(), Value::Undef).into(),
    };
    Ok(vm.make_in(&class, cached))
}

impl Cached {
    /// What two calls have in common that share a result.
    fn key(&self, vm: &mut Vm, args: &[Value], named: &[(Ref<Str>, Value)]) -> Value {
        if !self.typed && named.is_empty() {
            return match args {
                [only @ Value::Int(_)] => only.clone(),
                _ => Tuple::value(args.to_vec()),
            };
        }
        let mut parts = args.to_vec();
        if !named.is_empty() {
            parts.push(self.mark.clone());
        }
        for (name, value) in named {
            parts.extend([name.clone().into(), value.clone()]);
        }
        if self.typed {
            let values = args.iter().chain(named.iter().map(|(_, value)| value));
            parts.extend(values.map(|value| Value::from(vm.class_of(value))));
        }
        Tuple::value(parts)
    }
}

fn call(vm: &mut Vm, this: &Value, args: &[Value], named: &[(Ref<Str>, Value)]) -> R {
    let Some(cached) = this.opaque::<Cached>() else {
        return Ok(Value::None);
    };
    if cached.most == Some(0) {
        cached.misses.set(cached.misses.get() + 1);
        return vm.call_kw(&cached.function, args, named);
    }
    let key = cached.key(vm, args, named);
    let hash = vm.hash_key(&key)?;
    let results = &cached.results;
    if let Some(at) = vm.find_in(&results.map, hash, &key)? {
        cached.hits.set(cached.hits.get() + 1);
        if cached.most.is_none() {
            return Ok(results
                .map
                .borrow()
                .entry(at)
                .map_or(Value::None, |e| e.value.clone()));
        }
        // To the end: it was just used.
        let used = results.map.borrow_mut().remove_at(at);
        let (key, value) = used.unwrap_or_default();
        results
            .map
            .borrow_mut()
            .insert_new(hash, key, value.clone());
        return Ok(value);
    }
    cached.misses.set(cached.misses.get() + 1);
    let value = vm.call_kw(&cached.function, args, named)?;
    if let Some(most) = cached.most {
        // The call may have made room, used it up, or found the result itself.
        if vm.find_in(&results.map, hash, &key)?.is_some() {
            return Ok(value);
        }
        if results.len() >= most {
            let oldest = results.map.borrow_mut().remove_first();
            drop(oldest);
        }
    }
    vm.dict_set_hashed(results, hash, &key, value.clone())?;
    Ok(value)
}

fn cache_info(vm: &mut Vm, args: &[Value]) -> R {
    let Some(cached) = args[0].opaque::<Cached>() else {
        return Ok(Value::None);
    };
    let most = match cached.most {
        Some(most) => Value::Int(most as i64),
        None => Value::None,
    };
    let size = Value::Int(cached.results.len() as i64);
    let counts = [
        Value::Int(cached.hits.get()),
        Value::Int(cached.misses.get()),
        most,
        size,
    ];
    let info = cached.info.clone();
    vm.call(&info, &counts)
}

fn cache_clear(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(cached) = args[0].opaque::<Cached>() {
        cached.hits.set(0);
        cached.misses.set(0);
        let all: Value = cached.results.clone().into();
        let name = vm.intern("clear");
        vm.call_method(&all, &name, &[])?;
    }
    Ok(Value::None)
}
