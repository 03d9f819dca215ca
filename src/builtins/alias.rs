//! `types.GenericAlias` (`list[int]`) and `types.UnionType` (`int | None`).

use super::args::{at, keywords, varargs};
use super::object::full_name;
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Class, Exception, FrozenSet, Layout, List, Tuple};
use crate::vm::ops::alias::{GenericAlias, UnionType};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};

impl NativeType for GenericAlias {
    const DEF: &'static TypeDef = &TypeDef::new("GenericAlias", "types", Layout::Opaque(3))
        .doc("A generic type with its arguments, as list[int].")
        .methods(ALIAS_METHODS)
        .getset(ALIAS_GETSET);
}

impl NativeType for UnionType {
    const DEF: &'static TypeDef = &TypeDef::new("UnionType", "types", Layout::Final)
        .doc("A union of types, as int | str.")
        .methods(UNION_METHODS)
        .getset(UNION_GETSET);
}

// GenericAlias

const ALIAS_METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, origin, args, /)", |vm, a| {
        let data = GenericAlias {
            origin: at(a, 1),
            args: as_tuple(&at(a, 2)),
            unpacked: false,
        };
        match at(a, 0).as_ref::<Class>() {
            Some(class) => Ok(vm.make_in(class, data)),
            None => Ok(vm.make(data)),
        }
    }),
    NativeDef::new("__repr__", "(self, /)", alias_repr, "Return repr(self)."),
    NativeDef::new(
        "__call__",
        "(self, /, *args, **kwargs)",
        alias_call,
        "Call self as a function.",
    ),
    NativeDef::new(
        "__eq__",
        "(self, value, /)",
        alias_eq,
        "Return self==value.",
    ),
    NativeDef::new(
        "__hash__",
        "(self, /)",
        |vm, a| {
            let (origin, args) = parts(&at(a, 0));
            let hash = vm.hash(&origin)? ^ vm.hash(&args.into())?;
            Ok(Value::Int(hash as i64))
        },
        "Return hash(self).",
    ),
    NativeDef::new(
        "__getitem__",
        "(self, key, /)",
        alias_getitem,
        "Return self[key].",
    ),
    NativeDef::new(
        "__mro_entries__",
        "(self, bases, /)",
        |_, a| Ok(Tuple::value([parts(&at(a, 0)).0])),
        "The class that stands for it among bases.",
    ),
    NativeDef::new(
        "__instancecheck__",
        "(self, instance, /)",
        |vm, _| {
            let message = "isinstance() argument 2 cannot be a parameterized generic";
            Err(vm.type_error(message))
        },
        "Refuses.",
    ),
    NativeDef::new(
        "__subclasscheck__",
        "(self, subclass, /)",
        |vm, _| {
            let message = "issubclass() argument 2 cannot be a parameterized generic";
            Err(vm.type_error(message))
        },
        "Refuses.",
    ),
    NativeDef::new(
        "__or__",
        "(self, value, /)",
        |vm, a| make_union(vm, &at(a, 0), &at(a, 1)),
        "Return self|value.",
    ),
    NativeDef::new(
        "__ror__",
        "(self, value, /)",
        |vm, a| make_union(vm, &at(a, 1), &at(a, 0)),
        "Return value|self.",
    ),
    NativeDef::new(
        "__iter__",
        "(self, /)",
        |vm, a| {
            let (origin, args) = parts(&at(a, 0));
            let unpacked = vm.make(GenericAlias {
                origin,
                args,
                unpacked: true,
            });
            vm.iter(&Tuple::value([unpacked]))
        },
        "Implement iter(self).",
    ),
    NativeDef::new(
        "__dir__",
        "(self, /)",
        |vm, a| {
            let origin = parts(&at(a, 0)).0;
            let name = vm.names.__dir__.clone();
            match vm.call_special(&origin, &name, &[])? {
                Some(names) => Ok(names),
                None => Ok(List::value(Vec::new())),
            }
        },
        "The origin's names.",
    ),
    NativeDef::new(
        "__reduce__",
        "(self, /)",
        |vm, a| {
            let (origin, args) = parts(&at(a, 0));
            let class = vm.class_of(&at(a, 0));
            Ok(Tuple::value([
                class.into(),
                Tuple::value([origin, args.into()]),
            ]))
        },
        "Helper for pickle.",
    ),
];

const ALIAS_GETSET: &[GetSet] = &[
    GetSet::read("__origin__", |_, v| Ok(parts(v).0), "The generic type."),
    GetSet::read("__args__", |_, v| Ok(parts(v).1.into()), "Its arguments."),
    GetSet::read(
        "__parameters__",
        |vm, v| {
            let args = parts(v).1;
            Ok(Tuple::value(parameters(vm, &args)?))
        },
        "The type variables among the arguments.",
    ),
    GetSet::read(
        "__unpacked__",
        |_, v| {
            Ok(Value::bool(
                v.opaque::<GenericAlias>().is_some_and(|a| a.unpacked),
            ))
        },
        "Whether it stands for its items, as *tuple[int].",
    ),
];

fn as_tuple(v: &Value) -> Ref<Tuple> {
    match v.as_ref::<Tuple>() {
        Some(tuple) => tuple.clone(),
        None => Tuple::new([v.clone()]),
    }
}

fn parts(v: &Value) -> (Value, Ref<Tuple>) {
    match v.opaque::<GenericAlias>() {
        Some(alias) => (alias.origin.clone(), alias.args.clone()),
        None => (Value::None, Tuple::new([])),
    }
}

/// `list[int]`: what `__class_getitem__` of the built-in containers gives.
pub fn generic_alias(vm: &mut Vm, args: &[Value]) -> R {
    Ok(vm.make(GenericAlias {
        origin: at(args, 0),
        args: as_tuple(&at(args, 1)),
        unpacked: false,
    }))
}

/// How a type is written inside an alias or union.
fn item_repr(vm: &mut Vm, item: &Value) -> R<String> {
    if item.is(&vm.types.ellipsis) {
        return Ok("...".to_string());
    }
    if let Some(class) = item.as_ref::<Class>() {
        return Ok(full_name(vm, class));
    }
    if let Some(list) = item.as_ref::<List>() {
        let items = list.items.borrow().clone();
        return Ok(format!("[{}]", items_repr(vm, &items)?));
    }
    if item.opaque::<GenericAlias>().is_some() {
        return Ok(vm.repr(item)?.as_str().to_string());
    }
    let (origin, arguments) = (vm.intern("__origin__"), vm.intern("__args__"));
    let is_alias =
        vm.get_attr_opt(item, &origin)?.is_some() && vm.get_attr_opt(item, &arguments)?.is_some();
    let (qualname, module) = (vm.names.__qualname__.clone(), vm.names.__module__.clone());
    if !is_alias
        && let Some(name) = vm.get_attr_opt(item, &qualname)?
        && let Some(module) = vm.get_attr_opt(item, &module)?
        && !module.is_none()
    {
        let name = vm.str(&name)?;
        return Ok(match vm.str(&module)?.as_str() {
            "builtins" => name.as_str().to_string(),
            module => format!("{module}.{}", name.as_str()),
        });
    }
    Ok(vm.repr(item)?.as_str().to_string())
}

fn items_repr(vm: &mut Vm, items: &[Value]) -> R<String> {
    let mut texts = Vec::new();
    for item in items {
        texts.push(item_repr(vm, item)?);
    }
    Ok(texts.join(", "))
}

fn alias_repr(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let (origin, items) = parts(&v);
    let origin = item_repr(vm, &origin)?;
    let inside = match items.items() {
        [] => "()".to_string(),
        items => items_repr(vm, items)?,
    };
    let star = match v.opaque::<GenericAlias>() {
        Some(alias) if alias.unpacked => "*",
        _ => "",
    };
    Ok(Value::from(format!("{star}{origin}[{inside}]")))
}

/// Calling an alias makes an object of its origin, which remembers the alias if it can.
fn alias_call(vm: &mut Vm, args: &[Value]) -> R {
    let this = at(args, 0);
    let kwargs = keywords(vm, args.get(2));
    let made = vm.call_kw(&parts(&this).0, &varargs(args.get(1)), &kwargs)?;
    let name = vm.intern("__orig_class__");
    if let Err(raise) = vm.set_attr(&made, &name, this) {
        let error = vm.take_raised(raise);
        let ignored = [vm.exc.attribute_error.clone(), vm.exc.type_error.clone()];
        let class = vm.class_of(&error);
        if !ignored.iter().any(|ignored| class.is_subclass(ignored))
            && error.downcast::<Exception>().is_some()
        {
            return Err(vm.raise(error));
        }
    }
    Ok(made)
}

fn alias_eq(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = (at(args, 0), at(args, 1));
    let (Some(x), Some(y)) = (a.opaque::<GenericAlias>(), b.opaque::<GenericAlias>()) else {
        return Ok(vm.types.not_implemented.clone());
    };
    if x.unpacked != y.unpacked {
        return Ok(Value::False);
    }
    let (p, q) = (parts(&a), parts(&b));
    let same = vm.equal(&p.0, &q.0)? && vm.equal(&p.1.into(), &q.1.into())?;
    Ok(Value::bool(same))
}

/// Type variables know how they are substituted.
fn is_parameter(vm: &mut Vm, v: &Value) -> R<bool> {
    if v.as_ref::<Class>().is_some() {
        return Ok(false);
    }
    let name = vm.intern("__typing_subst__");
    Ok(vm.get_attr_opt(v, &name)?.is_some())
}

/// The type variables in arguments, each once, also inside aliases.
fn parameters(vm: &mut Vm, args: &Ref<Tuple>) -> R<Vec<Value>> {
    let mut found: Vec<Value> = Vec::new();
    for item in args.items() {
        let inner = if is_parameter(vm, item)? {
            vec![item.clone()]
        } else if item.as_ref::<Class>().is_some() {
            Vec::new()
        } else {
            let name = vm.intern("__parameters__");
            match vm.get_attr_opt(item, &name)? {
                Some(inner) if inner.as_ref::<Tuple>().is_some() => vm.collect(&inner)?,
                _ => Vec::new(),
            }
        };
        for parameter in inner {
            if !found.iter().any(|p| p.is(&parameter)) {
                found.push(parameter);
            }
        }
    }
    Ok(found)
}

/// `list[T][int]`: type variables are replaced, also inside aliases.
fn alias_getitem(vm: &mut Vm, args: &[Value]) -> R {
    let this = at(args, 0);
    let (origin, own) = parts(&this);
    let wanted = parameters(vm, &own)?;
    let given = as_tuple(&at(args, 1));
    if wanted.is_empty() {
        let text = vm.repr(&this)?;
        let message = format!("{} is not a generic class", text.as_str());
        return Err(vm.type_error(message));
    }
    if wanted.len() != given.items().len() {
        let many = if given.items().len() > wanted.len() {
            "many"
        } else {
            "few"
        };
        let text = vm.repr(&this)?;
        let message = format!(
            "Too {many} arguments for {}; actual {}, expected {}",
            text.as_str(),
            given.items().len(),
            wanted.len()
        );
        return Err(vm.type_error(message));
    }
    let replace = |v: &Value| {
        let at = wanted.iter().position(|p| p.is(v))?;
        given.items().get(at).cloned()
    };
    let mut items = Vec::new();
    for item in own.items() {
        if let Some(new) = replace(item) {
            items.push(new);
            continue;
        }
        let inner = match item.opaque::<GenericAlias>() {
            Some(alias) => {
                let args = alias.args.clone();
                parameters(vm, &args)?
            }
            None => Vec::new(),
        };
        if inner.is_empty() {
            items.push(item.clone());
        } else {
            let key: Vec<Value> = inner.iter().filter_map(replace).collect();
            items.push(vm.get_item(item, &Tuple::value(key))?);
        }
    }
    Ok(vm.make(GenericAlias {
        origin,
        args: Tuple::new(items),
        unpacked: false,
    }))
}

// UnionType

const UNION_METHODS: &[NativeDef] = &[
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, a| {
            let mut texts = Vec::new();
            for member in members(&at(a, 0)).items() {
                let is_none = member
                    .as_ref::<Class>()
                    .is_some_and(|c| c.is(&vm.types.none_type));
                texts.push(if is_none {
                    "None".to_string()
                } else {
                    item_repr(vm, member)?
                });
            }
            Ok(Value::from(texts.join(" | ")))
        },
        "Return repr(self).",
    ),
    NativeDef::new(
        "__or__",
        "(self, value, /)",
        |vm, a| make_union(vm, &at(a, 0), &at(a, 1)),
        "Return self|value.",
    ),
    NativeDef::new(
        "__ror__",
        "(self, value, /)",
        |vm, a| make_union(vm, &at(a, 1), &at(a, 0)),
        "Return value|self.",
    ),
    NativeDef::new(
        "__getitem__",
        "(self, key, /)",
        union_getitem,
        "Return self[key].",
    ),
    NativeDef::new(
        "__eq__",
        "(self, value, /)",
        |vm, a| {
            let other = at(a, 1);
            if other.opaque::<UnionType>().is_none() {
                return Ok(vm.types.not_implemented.clone());
            }
            let (x, y) = (member_set(vm, &at(a, 0))?, member_set(vm, &other)?);
            Ok(Value::bool(vm.equal(&x, &y)?))
        },
        "Return self==value.",
    ),
    NativeDef::new(
        "__hash__",
        "(self, /)",
        |vm, a| {
            let set = member_set(vm, &at(a, 0))?;
            Ok(Value::Int(vm.hash(&set)? as i64))
        },
        "Return hash(self).",
    ),
    NativeDef::new(
        "__instancecheck__",
        "(self, instance, /)",
        |vm, a| Ok(Value::bool(vm.is_instance(&at(a, 1), &at(a, 0))?)),
        "Whether the object is an instance of a member.",
    ),
    NativeDef::new(
        "__subclasscheck__",
        "(self, subclass, /)",
        |vm, a| Ok(Value::bool(vm.is_subclass(&at(a, 1), &at(a, 0))?)),
        "Whether the class is derived from a member.",
    ),
];

/// `(list[T] | None)[int]`: type variables are replaced in each member.
fn union_getitem(vm: &mut Vm, args: &[Value]) -> R {
    let this = at(args, 0);
    let own = members(&this);
    let wanted = parameters(vm, &own)?;
    if wanted.is_empty() {
        let text = vm.repr(&this)?;
        let message = format!("{} is not a generic class", text.as_str());
        return Err(vm.type_error(message));
    }
    let given = as_tuple(&at(args, 1));
    let replace = |v: &Value| {
        let at = wanted.iter().position(|p| p.is(v))?;
        given.items().get(at).cloned()
    };
    let mut items = Vec::new();
    for item in own.items() {
        if let Some(new) = replace(item) {
            items.push(new);
            continue;
        }
        let inner = match item.opaque::<GenericAlias>() {
            Some(alias) => {
                let args = alias.args.clone();
                parameters(vm, &args)?
            }
            None => Vec::new(),
        };
        if inner.is_empty() {
            items.push(item.clone());
        } else {
            let key: Vec<Value> = inner.iter().filter_map(replace).collect();
            items.push(vm.get_item(item, &Tuple::value(key))?);
        }
    }
    let mut all = items.into_iter();
    let mut union = all.next().unwrap_or(Value::None);
    for item in all {
        union = vm.arith(crate::vm::ops::arith::Arith::Or, &union, &item, false)?;
    }
    Ok(union)
}

const UNION_GETSET: &[GetSet] = &[
    GetSet::read("__args__", |_, v| Ok(members(v).into()), "The members."),
    GetSet::read(
        "__parameters__",
        |vm, v| {
            let args = members(v);
            Ok(Tuple::value(parameters(vm, &args)?))
        },
        "The type variables among the members.",
    ),
];

fn members(v: &Value) -> Ref<Tuple> {
    match v.opaque::<UnionType>() {
        Some(union) => union.args.clone(),
        None => Tuple::new([]),
    }
}

/// The members as a set: unions are equal whatever their order.
fn member_set(vm: &mut Vm, v: &Value) -> R {
    let set = FrozenSet {
        map: RefCell::default(),
        hash: Cell::new(None),
    };
    for member in members(v).items() {
        vm.set_add(&set.map, member)?;
    }
    Ok(Ref::new(set).into())
}

/// `a | b` of types; NotImplemented if one is no type.
pub fn make_union(vm: &mut Vm, a: &Value, b: &Value) -> R {
    if !vm.is_unionable(a) || !vm.is_unionable(b) {
        return Ok(vm.types.not_implemented.clone());
    }
    let mut members = vm.union_members(&[a.clone(), b.clone()])?;
    if members.len() == 1 {
        return Ok(members.pop().unwrap_or(Value::None));
    }
    Ok(vm.make(UnionType {
        args: Tuple::new(members),
    }))
}
