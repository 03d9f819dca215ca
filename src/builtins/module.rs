//! Modules as objects.

use super::args::at;
use super::module_names::STDLIB_MODULE_NAMES;
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Class, Dict, Instance, List, Module};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};

pub fn install(vm: &mut Vm) {
    let class = vm.types.module.clone();
    vm.extend_class(&class, METHODS, GETSET);
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", |vm, args| {
        let module = Value::from(Ref::new(Module {
            name: RefCell::new("".into()),
            dict: Dict::new(),
            loading: Cell::new(false),
        }));
        Ok(match at(args, 0).as_ref::<Class>() {
            Some(class) if !class.is(&vm.types.module) => {
                let dict = module.downcast::<Module>().map(|m| m.dict.clone());
                let instance = Instance::new(class, module);
                if let Some(dict) = dict {
                    instance.use_dict(dict);
                }
                instance.into()
            }
            _ => module,
        })
    }),
    NativeDef::new(
        "__init__",
        "(self, name, doc=None)",
        init,
        "Create a module object.",
    ),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__dir__", "(self, /)", dir, "The names in the module."),
];

const GETSET: &[GetSet] = &[
    GetSet::read(
        "__dict__",
        |vm, v| Ok(module_of(vm, v)?.dict.clone().into()),
        "The module's namespace.",
    ),
    GetSet::write(
        "__annotations__",
        |vm, v| {
            let module = module_of(vm, v)?;
            let name = vm.names.__annotations__.clone();
            if let Some(found) = module.dict.get_str(&name) {
                return Ok(found);
            }
            let made = Value::from(Dict::new());
            module.dict.set_str(&name, made.clone());
            Ok(made)
        },
        |vm, v, value| {
            let module = module_of(vm, v)?;
            let name = vm.names.__annotations__.clone();
            match value {
                Some(value) => module.dict.set_str(&name, value),
                None => drop(module.dict.remove_str(&name)),
            }
            Ok(())
        },
        "The annotations of the module's variables.",
    ),
];

fn module_of(vm: &mut Vm, v: &Value) -> R<Ref<Module>> {
    match v.payload::<Module>() {
        Some(module) => Ok(module),
        None => Err(vm.type_error("descriptor requires a 'module' object")),
    }
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let module = module_of(vm, &at(args, 0))?;
    let name = at(args, 1);
    let Some(text) = name.as_str() else {
        let message = format!(
            "module() argument 'name' must be str, not {}",
            vm.type_name(&name)
        );
        return Err(vm.type_error(message));
    };
    *module.name.borrow_mut() = text.into();
    let doc = match at(args, 2) {
        Value::Undef => Value::None,
        doc => doc,
    };
    let names = &vm.names;
    module.dict.set_str(&names.__name__, name.clone());
    module.dict.set_str(&names.__doc__, doc);
    for key in [&names.__package__, &names.__loader__, &names.__spec__] {
        module.dict.set_str(key, Value::None);
    }
    Ok(Value::None)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let module = module_of(vm, &at(args, 0))?;
    let name = module
        .dict
        .get_str(&vm.names.__name__)
        .unwrap_or_else(|| Value::str("?"));
    let native = name
        .as_str()
        .is_some_and(|n| STDLIB_MODULE_NAMES.binary_search(&n).is_ok());
    let name = vm.repr(&name)?;
    let file = module.dict.get_str(&vm.names.__file__);
    let text = match file.filter(|f| !f.is_none()) {
        Some(file) => format!(
            "<module {} from {}>",
            name.as_str(),
            vm.repr(&file)?.as_str()
        ),
        None if native => format!("<module {} (built-in)>", name.as_str()),
        None if let Some(path) = module.dict.get_str(&vm.names.__path__) => format!(
            "<module {} (namespace) from {}>",
            name.as_str(),
            vm.repr(&path)?.as_str()
        ),
        None => format!("<module {}>", name.as_str()),
    };
    Ok(Value::from(text))
}

fn dir(vm: &mut Vm, args: &[Value]) -> R {
    let module = module_of(vm, &at(args, 0))?;
    if let Some(hook) = module.dict.get_str(&vm.names.__dir__) {
        return vm.call(&hook, &[]);
    }
    let map = module.dict.map.borrow();
    Ok(List::value(map.iter().map(|e| e.key.clone()).collect()))
}
