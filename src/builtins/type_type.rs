//! `type`: what classes can do.

use super::args::{at, keywords, varargs};
use super::class_docs;
use super::mappingproxy::MappingProxy;
use super::object::{class_dir, delete_attribute, full_name, set_attribute};
use super::shown;
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Class, Dict, Function, List, NativeFunction, Str, Tuple};
use crate::vm::ops::attr::direct_subclasses;
use crate::vm::ops::class::ClassParts;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub fn install(vm: &mut Vm) {
    let class = vm.types.type_.clone();
    vm.extend_class(&class, METHODS, GETSET);
    let build = vm.native_function(&BUILD_CLASS, "builtins");
    let name = vm.names.__build_class__.clone();
    vm.builtins.set_str(&name, build);
}

static BUILD_CLASS: NativeDef = NativeDef::new(
    "__build_class__",
    "(*args, metaclass=None, **kwargs)",
    |vm, args| {
        let given = varargs(args.first());
        let [body, name, bases @ ..] = given.as_slice() else {
            return Err(vm.type_error("__build_class__: not enough arguments"));
        };
        if body.downcast::<Function>().is_none() {
            return Err(vm.type_error("__build_class__: func must be a function"));
        }
        if name.as_str().is_none() {
            return Err(vm.type_error("__build_class__: name is not a string"));
        }
        let kwargs = keywords(vm, args.get(2));
        vm.build_class(
            body,
            name,
            &Tuple::new(bases.to_vec()),
            &at(args, 1),
            &kwargs,
        )
    },
    "Internal helper function used by the class statement.",
);

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(metacls, /, *args, **kwargs)", new),
    NativeDef::new(
        "__init__",
        "(self, /, *args, **kwargs)",
        init,
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    NativeDef::new(
        "__call__",
        "(self, /, *args, **kwargs)",
        |vm, args| {
            let class = this(vm, args)?;
            let kwargs = keywords(vm, args.get(2));
            vm.instantiate(&class, &varargs(args.get(1)), &kwargs)
        },
        "Call self as a function.",
    ),
    NativeDef::new(
        "__prepare__",
        "(metacls, /, *args, **kwargs)",
        |_, _| Ok(Dict::new().into()),
        "Used for the class statement.",
    )
    .class(),
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| {
            let class = this(vm, args)?;
            Ok(Value::from(format!("<class '{}'>", full_name(vm, &class))))
        },
        "Return repr(self).",
    ),
    NativeDef::new(
        "__setattr__",
        "(self, name, value, /)",
        set_attribute,
        "Implement setattr(self, name, value).",
    ),
    NativeDef::new(
        "__delattr__",
        "(self, name, /)",
        delete_attribute,
        "Implement delattr(self, name).",
    ),
    NativeDef::new(
        "mro",
        "(self, /)",
        |vm, args| {
            let class = this(vm, args)?;
            let bases = class.bases();
            let order = vm.standard_order(&class, &bases)?;
            Ok(List::value(classes(&order)))
        },
        "Return a type's method resolution order.",
    ),
    NativeDef::new(
        "__subclasses__",
        "(self, /)",
        |vm, args| {
            let class = this(vm, args)?;
            Ok(List::value(classes(&direct_subclasses(&class))))
        },
        "Return a list of immediate subclasses.",
    ),
    NativeDef::new(
        "__instancecheck__",
        "(self, instance, /)",
        |vm, args| {
            let class = this(vm, args)?;
            let obj = at(args, 1);
            let own = vm.class_of(&obj);
            Ok(Value::bool(vm.plain_is_instance(&obj, &own, &class)?))
        },
        "Check if an object is an instance.",
    ),
    NativeDef::new(
        "__subclasscheck__",
        "(self, subclass, /)",
        |vm, args| {
            let class = this(vm, args)?;
            Ok(Value::bool(vm.is_derived(&at(args, 1), &class.into())?))
        },
        "Check if a class is a subclass.",
    ),
    NativeDef::new(
        "__dir__",
        "(self, /)",
        |vm, args| {
            let class = this(vm, args)?;
            Ok(List::value(class_dir(vm, &class)?))
        },
        "Specialized __dir__ implementation for types.",
    ),
    NativeDef::new(
        "__or__",
        "(self, value, /)",
        |vm, args| super::make_union(vm, &at(args, 0), &at(args, 1)),
        "Return self|value.",
    ),
    NativeDef::new(
        "__ror__",
        "(self, value, /)",
        |vm, args| super::make_union(vm, &at(args, 1), &at(args, 0)),
        "Return value|self.",
    ),
    NativeDef::new(
        "__sizeof__",
        "(self, /)",
        |_, _| Ok(Value::Int(1064)),
        "Return memory consumption of the type object.",
    ),
];

const GETSET: &[GetSet] = &[
    GetSet::write(
        "__name__",
        |vm, v| text(vm, v, |c| &c.name),
        set_name,
        "The name.",
    ),
    GetSet::write(
        "__qualname__",
        |vm, v| text(vm, v, |c| &c.qualname),
        set_qualname,
        "The name with the names of what the definition stands in.",
    ),
    GetSet::write("__module__", module, set_module, "The name of the module."),
    GetSet::write(
        "__bases__",
        |vm, v| {
            let class = of(vm, v)?;
            Ok(Tuple::value(classes(&class.bases())))
        },
        |vm, v, value| {
            let class = of(vm, v)?;
            vm.set_bases(&class, value)
        },
        "The base classes.",
    ),
    GetSet::read(
        "__base__",
        |vm, v| {
            let class = of(vm, v)?;
            Ok(class.primary_base().map_or(Value::None, Value::from))
        },
        "The base class that decides what instances are made of.",
    ),
    GetSet::read(
        "__mro__",
        |vm, v| {
            let order = of(vm, v)?.mro();
            // As long as its metaclass's `mro()` is being asked, a class has none.
            Ok(match order.is_empty() {
                true => Value::None,
                false => Tuple::value(classes(&order)),
            })
        },
        "The method resolution order.",
    ),
    GetSet::read(
        "__dict__",
        |vm, v| {
            let class = of(vm, v)?;
            Ok(vm.make(MappingProxy(class.dict.clone().into())))
        },
        "The attributes, read-only.",
    ),
    GetSet::write("__doc__", doc, set_doc, "The documentation."),
    GetSet::write(
        "__abstractmethods__",
        abstract_methods,
        set_abstract_methods,
        "Names of the methods that are still abstract.",
    ),
    GetSet::write(
        "__annotations__",
        annotations,
        set_annotations,
        "The annotations.",
    ),
    GetSet::write(
        "__type_params__",
        |vm, v| {
            let class = of(vm, v)?;
            let own = class.dict.get_str(&vm.names.__type_params__);
            Ok(own.unwrap_or_else(|| Tuple::value([])))
        },
        |vm, v, value| {
            let name = vm.names.__type_params__.clone();
            store(vm, v, &name, value)
        },
        "The type parameters.",
    ),
    GetSet::read(
        "__text_signature__",
        text_signature,
        "The signature as text.",
    ),
    GetSet::read(
        "__basicsize__",
        |_, _| Ok(Value::Int(16)),
        "Size of an instance.",
    ),
    GetSet::read("__itemsize__", |_, _| Ok(Value::Int(0)), "Size of an item."),
    GetSet::read("__flags__", flags, "Facts about the class, as bits."),
];

/// The class that a method is called on.
fn this(vm: &mut Vm, args: &[Value]) -> R<Ref<Class>> {
    of(vm, &at(args, 0))
}

fn of(vm: &mut Vm, value: &Value) -> R<Ref<Class>> {
    match value.as_ref::<Class>() {
        Some(class) => Ok(class.clone()),
        None => {
            let message = format!(
                "descriptor requires a 'type' object but received a '{}'",
                vm.type_name(value)
            );
            Err(vm.type_error(message))
        }
    }
}

fn classes(list: &[Ref<Class>]) -> Vec<Value> {
    list.iter().cloned().map(Value::from).collect()
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let metaclass = of(vm, &at(args, 0))?;
    let given = varargs(args.get(1));
    let kwargs = keywords(vm, args.get(2));
    let [name, bases, namespace] = given.as_slice() else {
        let message = format!(
            "type.__new__() takes exactly 3 arguments ({} given)",
            given.len()
        );
        return Err(vm.type_error(message));
    };
    let Some(name) = name.as_str() else {
        return Err(wrong_argument(vm, 1, "str", name));
    };
    let Some(bases) = bases.payload::<Tuple>() else {
        return Err(wrong_argument(vm, 2, "tuple", bases));
    };
    let Some(namespace) = namespace.payload::<Dict>() else {
        return Err(wrong_argument(vm, 3, "dict", namespace));
    };
    vm.make_user_class(ClassParts {
        metaclass,
        name: name.into(),
        bases,
        namespace,
        kwargs,
    })
}

#[cold]
fn wrong_argument(vm: &mut Vm, i: usize, wanted: &str, got: &Value) -> crate::vm::Raise {
    let message = format!(
        "type.__new__() argument {i} must be {wanted}, not {}",
        vm.type_name(got)
    );
    vm.type_error(message)
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let given = varargs(args.get(1)).len();
    if given == 1 && !keywords(vm, args.get(2)).is_empty() {
        return Err(vm.type_error("type.__init__() takes no keyword arguments"));
    }
    if given != 1 && given != 3 {
        return Err(vm.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    Ok(Value::None)
}

fn text(
    vm: &mut Vm,
    value: &Value,
    field: fn(&Class) -> &std::cell::RefCell<std::rc::Rc<str>>,
) -> R {
    let class = of(vm, value)?;
    let text = field(&class).borrow().clone();
    Ok(vm.intern(&text).into())
}

/// The class may be changed; TypeError "cannot set '__name__' attribute of immutable type 'int'".
fn check_mutable(vm: &mut Vm, class: &Ref<Class>, name: &str, deleting: bool) -> R<()> {
    if class.flags().heap && !deleting {
        return Ok(());
    }
    let what = if deleting { "delete" } else { "set" };
    let message = format!(
        "cannot {what} '{name}' attribute of immutable type '{}'",
        vm.tp_name(class)
    );
    Err(vm.type_error(message))
}

/// The text for a name attribute.
fn new_name(
    vm: &mut Vm,
    class: &Ref<Class>,
    attribute: &str,
    value: Option<Value>,
) -> R<std::rc::Rc<str>> {
    check_mutable(vm, class, attribute, value.is_none())?;
    let value = value.unwrap_or(Value::None);
    match value.as_str() {
        Some(text) => Ok(text.into()),
        None => {
            let message = format!(
                "can only assign string to {}.{attribute}, not '{}'",
                class.name(),
                vm.type_name(&value)
            );
            Err(vm.type_error(message))
        }
    }
}

fn set_name(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let class = of(vm, v)?;
    let name = new_name(vm, &class, "__name__", value)?;
    if name.contains('\0') {
        return Err(vm.value_error("type name must not contain null characters"));
    }
    *class.name.borrow_mut() = name;
    Ok(())
}

fn set_qualname(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let class = of(vm, v)?;
    let name = new_name(vm, &class, "__qualname__", value)?;
    *class.qualname.borrow_mut() = name;
    Ok(())
}

/// Stores an attribute that is computed for `type` in the class's own dict.
fn store(vm: &mut Vm, v: &Value, name: &Ref<Str>, value: Option<Value>) -> R<()> {
    let class = of(vm, v)?;
    check_mutable(vm, &class, name.as_str(), false)?;
    match value {
        Some(value) => class.dict.set_str(name, value),
        None => {
            if class.dict.remove_str(name).is_none() {
                let class = vm.exc.attribute_error.clone();
                return Err(vm.error(&class, name.as_str()));
            }
        }
    }
    vm.class_changed(&class);
    Ok(())
}

fn module(vm: &mut Vm, v: &Value) -> R {
    let class = of(vm, v)?;
    match class.dict.get_str(&vm.names.__module__) {
        Some(module) if class.flags().heap || module.as_str().is_some() => Ok(module),
        None if class.flags().heap => {
            let class = vm.exc.attribute_error.clone();
            Err(vm.error(&class, "__module__"))
        }
        _ => Ok(vm.intern("builtins").into()),
    }
}

fn set_module(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let class = of(vm, v)?;
    check_mutable(vm, &class, "__module__", value.is_none())?;
    let name = vm.names.__module__.clone();
    store(vm, v, &name, value)
}

/// What the class takes when it is called, if that is known of one written in Rust.
fn text_signature(vm: &mut Vm, v: &Value) -> R {
    let class = of(vm, v)?;
    let native = !class.flags().heap;
    let told = class_docs::of(&class).map(|about| about.signature);
    let shown = native
        .then(|| shown::class_signature(&class.name()))
        .flatten();
    if let Some(text) = shown.or(told) {
        return Ok(match text {
            "" => Value::None,
            text => Value::str(text),
        });
    }
    let none = class.flags().heap || class.is_subclass(&vm.exc.base_exception);
    let constructor = match none {
        true => None,
        false => class.dict.get_str(&vm.names.__new__),
    };
    let constructor = constructor
        .as_ref()
        .and_then(Value::as_ref::<NativeFunction>);
    let own = constructor.and_then(|f| f.def.signature.strip_prefix("(cls, "));
    Ok(match own {
        Some(rest) if !rest.ends_with("*args, **kwargs)") => Value::from(format!("({rest}")),
        _ => Value::None,
    })
}

fn doc(vm: &mut Vm, v: &Value) -> R {
    let class = of(vm, v)?;
    if let Some(about) = class_docs::of(&class) {
        return Ok(Value::str(about.doc));
    }
    match class.dict.get_str(&vm.names.__doc__) {
        Some(doc) => vm.descriptor_get(&doc, &Value::Undef, &class),
        None => Ok(Value::None),
    }
}

fn set_doc(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let class = of(vm, v)?;
    check_mutable(vm, &class, "__doc__", value.is_none())?;
    let name = vm.names.__doc__.clone();
    store(vm, v, &name, value)
}

fn abstract_methods(vm: &mut Vm, v: &Value) -> R {
    let class = of(vm, v)?;
    let own = class.dict.get_str(&vm.names.__abstractmethods__);
    match own {
        Some(names) if !class.is(&vm.types.type_) => Ok(names),
        _ => {
            let class = vm.exc.attribute_error.clone();
            Err(vm.error(&class, "__abstractmethods__"))
        }
    }
}

fn set_abstract_methods(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let class = of(vm, v)?;
    let is_abstract = match &value {
        Some(value) => vm.truth(value)?,
        None => false,
    };
    let name = vm.names.__abstractmethods__.clone();
    store(vm, v, &name, value)?;
    let mut flags = class.flags();
    flags.is_abstract = is_abstract;
    class.flags.set(flags);
    Ok(())
}

fn annotations(vm: &mut Vm, v: &Value) -> R {
    let class = of(vm, v)?;
    let name = vm.names.__annotations__.clone();
    if !class.flags().heap {
        let message = format!(
            "type object '{}' has no attribute '__annotations__'",
            vm.tp_name(&class)
        );
        return Err(vm.attribute_error(v, "__annotations__", message));
    }
    if let Some(own) = class.dict.get_str(&name) {
        return vm.descriptor_get(&own, &Value::Undef, &class);
    }
    let made = Value::from(Dict::new());
    vm.class_set(&class, &name, made.clone());
    Ok(made)
}

fn set_annotations(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let name = vm.names.__annotations__.clone();
    store(vm, v, &name, value)
}

fn flags(vm: &mut Vm, v: &Value) -> R {
    let class = of(vm, v)?;
    let f = class.flags();
    let bits = [
        (f.heap, 1 << 9),
        (class.layout != crate::vm::object::Layout::Final, 1 << 10),
        (f.is_abstract, 1 << 20),
        (!f.heap, 1 << 8),
    ];
    let bits = bits.iter().filter(|(on, _)| *on).map(|(_, bit)| *bit);
    Ok(Value::Int(bits.sum()))
}
