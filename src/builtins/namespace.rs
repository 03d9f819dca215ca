//! `types.SimpleNamespace`.

use super::args::{at, keywords};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Class, Dict, Layout, NativeData, Str, Tuple};
use crate::vm::ops::attr::dict_of;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// An object whose attributes are all there is to it.
pub struct SimpleNamespace;

impl NativeData for SimpleNamespace {}

impl NativeType for SimpleNamespace {
    const DEF: &'static TypeDef = &with_dict(
        TypeDef::new("SimpleNamespace", "types", Layout::Opaque(2))
            .doc("A simple attribute-based namespace.")
            .methods(METHODS)
            .getset(GETSET),
    );
}

/// Objects of the type have a `__dict__`.
const fn with_dict(mut def: TypeDef) -> TypeDef {
    def.flags.no_dict = false;
    def
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", |vm, args| {
        match at(args, 0).as_ref::<Class>() {
            Some(class) => Ok(vm.make_in(class, SimpleNamespace)),
            None => Ok(vm.make(SimpleNamespace)),
        }
    }),
    NativeDef::new(
        "__init__",
        "(self, /, *args, **kwargs)",
        init,
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new(
        "__eq__",
        "(self, value, /)",
        |vm, args| {
            let other = at(args, 1);
            if other.opaque::<SimpleNamespace>().is_none() {
                return Ok(vm.types.not_implemented.clone());
            }
            let (a, b) = (attributes(vm, &at(args, 0)), attributes(vm, &other));
            Ok(Value::bool(vm.equal(&a.into(), &b.into())?))
        },
        "Return self==value.",
    ),
    NativeDef::new(
        "__replace__",
        "(self, /, **changes)",
        |vm, args| {
            let this = at(args, 0);
            let class = vm.class_of(&this);
            let mut pairs = vm.own_attributes(&this);
            pairs.extend(keywords(vm, args.get(1)));
            let made = vm.instantiate(&class, &[], &[])?;
            for (name, value) in pairs {
                vm.set_attr(&made, &name, value)?;
            }
            Ok(made)
        },
        "A copy with changes.",
    ),
    NativeDef::new(
        "__reduce__",
        "(self, /)",
        |vm, args| {
            let this = at(args, 0);
            let class = vm.class_of(&this);
            let dict = attributes(vm, &this);
            Ok(Tuple::value([class.into(), Tuple::value([]), dict.into()]))
        },
        "Helper for pickle.",
    ),
];

const GETSET: &[GetSet] = &[GetSet::read(
    "__dict__",
    |vm, v| Ok(attributes(vm, v).into()),
    "The attributes.",
)];

fn attributes(vm: &Vm, v: &Value) -> Ref<Dict> {
    let class = vm.class_of(v);
    dict_of(&class, v).unwrap_or_else(Dict::new)
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let this = at(args, 0);
    let dict = attributes(vm, &this);
    let given = super::args::varargs(args.get(1));
    match given.as_slice() {
        [] => {}
        [from] => {
            let fresh = Dict::new();
            vm.dict_update(&fresh, from)?;
            let pairs: Vec<(Value, Value)> = {
                let map = fresh.map.borrow();
                map.iter()
                    .map(|e| (e.key.clone(), e.value.clone()))
                    .collect()
            };
            if pairs.iter().any(|(key, _)| key.as_str().is_none()) {
                return Err(vm.type_error("keywords must be strings"));
            }
            for (key, value) in pairs {
                vm.dict_set(&dict, &key, value)?;
            }
        }
        more => {
            let message = format!(
                "{} expected at most 1 argument, got {}",
                vm.class_name(&this),
                more.len()
            );
            return Err(vm.type_error(message));
        }
    }
    for (name, value) in keywords(vm, args.get(2)) {
        dict.set_str(&name, value);
    }
    Ok(Value::None)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let this = at(args, 0);
    let class = vm.class_of(&this);
    let own = vm.class_for::<SimpleNamespace>();
    let name: std::rc::Rc<str> = if class.is(&own) {
        "namespace".into()
    } else {
        class.name()
    };
    let pairs: Vec<(Ref<Str>, Value)> = vm.own_attributes(&this);
    let text = vm.while_writing(&this, |vm| {
        let mut parts = Vec::new();
        for (key, value) in pairs {
            let value = vm.repr(&value)?;
            parts.push(format!("{}={}", key.as_str(), value.as_str()));
        }
        Ok(format!("{name}({})", parts.join(", ")))
    })?;
    Ok(Value::from(text.unwrap_or_else(|| format!("{name}(...)"))))
}
