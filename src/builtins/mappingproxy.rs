//! `types.MappingProxyType`: a mapping that can only be read, as `vars(cls)`.

use super::args::at;
use crate::vm::heap::ObjRef;
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Dict, Layout, NativeData};
use crate::vm::ops::arith::Arith;
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The mapping that is shown.
pub struct MappingProxy(pub Value);

impl NativeData for MappingProxy {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.0.as_obj().into_iter().for_each(visit);
    }
}

impl NativeType for MappingProxy {
    const DEF: &'static TypeDef = &TypeDef::new("mappingproxy", "builtins", Layout::Final)
        .doc("A view of a mapping that cannot be changed through it.")
        .methods(METHODS);
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, mapping, /)", new),
    NativeDef::new(
        "__getitem__",
        "(self, key, /)",
        |vm, a| vm.get_item(&inner(a), &at(a, 1)),
        "Return self[key].",
    ),
    NativeDef::new(
        "__contains__",
        "(self, key, /)",
        |vm, a| Ok(Value::bool(vm.contains(&inner(a), &at(a, 1))?)),
        "Return bool(key in self).",
    ),
    NativeDef::new(
        "__len__",
        "(self, /)",
        |vm, a| Ok(vm.len(&inner(a))?.into()),
        "Return len(self).",
    ),
    NativeDef::new(
        "__iter__",
        "(self, /)",
        |vm, a| vm.iter(&inner(a)),
        "Implement iter(self).",
    ),
    NativeDef::new(
        "__reversed__",
        "(self, /)",
        |vm, a| ask(vm, a, "__reversed__"),
        "Reverse iterator.",
    ),
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, a| {
            let text = vm.repr(&inner(a))?;
            Ok(Value::from(format!("mappingproxy({})", text.as_str())))
        },
        "Return repr(self).",
    ),
    NativeDef::new(
        "__str__",
        "(self, /)",
        |vm, a| Ok(vm.str(&inner(a))?.into()),
        "Return str(self).",
    ),
    NativeDef::new(
        "__hash__",
        "(self, /)",
        |vm, a| Ok(Value::Int(vm.hash(&inner(a))? as i64)),
        "Return hash(self).",
    ),
    NativeDef::new(
        "__eq__",
        "(self, value, /)",
        |vm, a| {
            let (x, y) = (inner(a), shown(&at(a, 1)));
            vm.compare(Cmp::Eq, &x, &y)
        },
        "Return self==value.",
    ),
    NativeDef::new(
        "__lt__",
        "(self, value, /)",
        |vm, a| order(vm, a, Cmp::Lt),
        "Return self<value.",
    ),
    NativeDef::new(
        "__le__",
        "(self, value, /)",
        |vm, a| order(vm, a, Cmp::Le),
        "Return self<=value.",
    ),
    NativeDef::new(
        "__gt__",
        "(self, value, /)",
        |vm, a| order(vm, a, Cmp::Gt),
        "Return self>value.",
    ),
    NativeDef::new(
        "__ge__",
        "(self, value, /)",
        |vm, a| order(vm, a, Cmp::Ge),
        "Return self>=value.",
    ),
    super::types::CLASS_GETITEM,
    NativeDef::new(
        "__or__",
        "(self, value, /)",
        |vm, a| {
            let (x, y) = (shown(&at(a, 0)), shown(&at(a, 1)));
            vm.arith(Arith::Or, &x, &y, false)
        },
        "Return self|value.",
    ),
    NativeDef::new(
        "__ror__",
        "(self, value, /)",
        |vm, a| {
            let (x, y) = (shown(&at(a, 1)), shown(&at(a, 0)));
            vm.arith(Arith::Or, &x, &y, false)
        },
        "Return value|self.",
    ),
    NativeDef::new(
        "__ior__",
        "(self, value, /)",
        |vm, _| Err(vm.type_error("'|=' is not supported by mappingproxy; use '|' instead")),
        "Return self|=value.",
    ),
    NativeDef::new(
        "get",
        "(self, key, default=None, /)",
        |vm, a| {
            let name = vm.names.get.clone();
            let default = match at(a, 2) {
                Value::Undef => Value::None,
                value => value,
            };
            vm.call_method(&inner(a), &name, &[at(a, 1), default])
        },
        "The value for a key, or the default.",
    ),
    NativeDef::new("keys", "(self, /)", |vm, a| ask(vm, a, "keys"), "The keys."),
    NativeDef::new(
        "values",
        "(self, /)",
        |vm, a| ask(vm, a, "values"),
        "The values.",
    ),
    NativeDef::new(
        "items",
        "(self, /)",
        |vm, a| ask(vm, a, "items"),
        "The pairs.",
    ),
    NativeDef::new(
        "copy",
        "(self, /)",
        |vm, a| ask(vm, a, "copy"),
        "A copy of the mapping.",
    ),
];

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let mapping = at(args, 1);
    let class = vm.class_of(&mapping);
    let getitem = vm.names.__getitem__.clone();
    let is_mapping = mapping.payload::<Dict>().is_some()
        || (vm.lookup(&class, &getitem).is_some()
            && !class.is_subclass(&vm.types.list)
            && !class.is_subclass(&vm.types.tuple)
            && !class.is_subclass(&vm.types.str_));
    if !is_mapping {
        let message = format!(
            "mappingproxy() argument must be a mapping, not {}",
            vm.type_name(&mapping)
        );
        return Err(vm.type_error(message));
    }
    Ok(vm.make(MappingProxy(mapping)))
}

/// The mapping behind the first argument.
fn inner(args: &[Value]) -> Value {
    shown(&at(args, 0))
}

/// The mapping behind a proxy; other values as they are.
fn shown(v: &Value) -> Value {
    match v.opaque::<MappingProxy>() {
        Some(proxy) => proxy.0.clone(),
        None => v.clone(),
    }
}

/// The mapping compares, and is what an error names.
fn order(vm: &mut Vm, args: &[Value], how: Cmp) -> R {
    vm.compare(how, &inner(args), &at(args, 1))
}

/// Calls a method of the mapping without arguments.
fn ask(vm: &mut Vm, args: &[Value], name: &str) -> R {
    let name = vm.intern(name);
    vm.call_method(&inner(args), &name, &[])
}
