//! What the built-in exceptions do: constructors, texts, attributes. Which there are stands in
//! `vm::exceptions`.

use super::args::{at, keywords, varargs};
use super::exception_fields as fields;
use super::object::repeat_native;
use crate::vm::exceptions::{ExceptionDef, ExceptionTypes};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Class, Dict, Exception, Str, Traceback, Tuple};
use crate::vm::ops::exception::none_if_undef;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub fn install(vm: &mut Vm) {
    let module = vm.intern("asyncio.exceptions");
    for class in [
        vm.exc.cancelled_error.clone(),
        vm.exc.invalid_state_error.clone(),
    ] {
        let key = vm.names.__module__.clone();
        class.dict.set_str(&key, module.clone().into());
    }
    // No builtins by name; programs have no name at all for the last one.
    let asyncio_only = ["CancelledError", "InvalidStateError", "Deadlock"];
    let classes: Vec<Ref<Class>> = vm.exc.all().into_iter().cloned().collect();
    for (class, row) in classes.iter().zip(ExceptionTypes::TABLE) {
        let doc = vm.names.__doc__.clone();
        class.dict.set_str(&doc, Value::str(row.doc));
        if !asyncio_only.contains(&row.name) {
            let name = vm.intern(row.name);
            vm.builtins.set_str(&name, class.clone().into());
        }
    }
    for (name, other) in [("IOError", "OSError"), ("EnvironmentError", "OSError")] {
        let (name, other) = (vm.intern(name), vm.intern(other));
        if let Some(class) = vm.builtins.get_str(&other) {
            vm.builtins.set_str(&name, class);
        }
    }
    let base = vm.exc.base_exception.clone();
    vm.extend_class(&base, BASE_METHODS, BASE_GETSET);
    fields::install(vm);
    for (class, row) in classes.iter().zip(ExceptionTypes::TABLE) {
        repeat_constructor(vm, class, row);
    }
}

/// Classes whose `__new__` is that of their base although they have no fields of their own, or the
/// other way round.
const UNLIKE_THEIR_FIELDS: [&str; 5] = [
    "KeyError",
    "StopAsyncIteration",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeTranslateError",
];

/// Each built-in class has an `__init__` in its own table, and each that adds no fields a
/// `__new__`: what is inherited, but by its own name in messages. Those that CPython writes in
/// Python have neither.
fn repeat_constructor(vm: &mut Vm, class: &Ref<Class>, row: &ExceptionDef) {
    let in_python = ["ExceptionGroup", "CancelledError", "InvalidStateError"];
    if in_python.contains(&row.name) {
        return;
    }
    let new = row.fields.is_empty() != UNLIKE_THEIR_FIELDS.contains(&row.name);
    for name in [vm.names.__init__.clone()]
        .into_iter()
        .chain(new.then(|| vm.names.__new__.clone()))
    {
        repeat_native(vm, class, &name);
    }
}

const BASE_METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", new),
    NativeDef::new(
        "__init__",
        "(self, /, *args, **kwargs)",
        init,
        "Initialize self.  See help(type(self)) for accurate signature.",
    )
    .direct(init_direct),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__str__", "(self, /)", str, "Return str(self)."),
    NativeDef::new("__reduce__", "(self, /)", reduce, "Helper for pickle."),
    NativeDef::new(
        "__setstate__",
        "(self, state, /)",
        setstate,
        "Helper for pickle.",
    ),
    NativeDef::new(
        "with_traceback",
        "(self, object, /)",
        |vm, args| {
            set_traceback(vm, &at(args, 0), Some(at(args, 1)))?;
            Ok(at(args, 0))
        },
        "Sets the traceback and returns the exception.",
    ),
    NativeDef::new(
        "add_note",
        "(self, object, /)",
        |vm, args| {
            vm.add_note(&at(args, 0), at(args, 1))?;
            Ok(Value::None)
        },
        "Adds a note that is shown below the message.",
    ),
];

const BASE_GETSET: &[GetSet] = &[
    GetSet::write(
        "__suppress_context__",
        |vm, v| Ok(Value::bool(this(vm, v)?.suppress_context.get())),
        |vm, v, value| {
            let exception = this(vm, v)?;
            match value {
                Some(Value::True) => exception.suppress_context.set(true),
                Some(Value::False) => exception.suppress_context.set(false),
                Some(_) => return Err(vm.type_error("attribute value type must be bool")),
                None => return Err(vm.type_error("can't delete numeric/char attribute")),
            }
            Ok(())
        },
        "Whether the context is not shown.",
    ),
    GetSet::write(
        "__dict__",
        |vm, v| {
            let class = vm.class_of(v);
            let dict = crate::vm::ops::attr::dict_of(&class, v);
            Ok(dict.map_or(Value::None, Value::from))
        },
        |vm, v, value| {
            let Some(dict) = value.as_ref().and_then(Value::payload::<Dict>) else {
                return Err(vm.type_error("__dict__ must be a dictionary"));
            };
            this(vm, v)?.own.use_dict(dict);
            Ok(())
        },
        "Attributes set by programs.",
    ),
    GetSet::write(
        "args",
        |vm, v| Ok(this(vm, v)?.args.get()),
        |vm, v, value| {
            let Some(value) = value else {
                return Err(vm.type_error("args may not be deleted"));
            };
            let items = vm.collect(&value)?;
            this(vm, v)?.args.set(Tuple::value(items));
            Ok(())
        },
        "The arguments of the constructor.",
    ),
    GetSet::write(
        "__traceback__",
        |vm, v| Ok(none_if_undef(this(vm, v)?.traceback.get())),
        set_traceback,
        "Where it passed through.",
    ),
    GetSet::write(
        "__context__",
        |vm, v| Ok(none_if_undef(this(vm, v)?.context.get())),
        |vm, v, value| {
            let value = linked(vm, value, "context")?;
            this(vm, v)?.context.set(value);
            Ok(())
        },
        "The exception that was being handled.",
    ),
    GetSet::write(
        "__cause__",
        |vm, v| Ok(none_if_undef(this(vm, v)?.cause.get())),
        |vm, v, value| {
            let value = linked(vm, value, "cause")?;
            let exception = this(vm, v)?;
            exception.cause.set(value);
            exception.suppress_context.set(true);
            Ok(())
        },
        "The exception from which it was raised.",
    ),
];

/// The exception that a method is called on.
pub fn this(vm: &mut Vm, v: &Value) -> R<Ref<Exception>> {
    match v.as_ref::<Exception>() {
        Some(exception) => Ok(exception.clone()),
        None => {
            let message = format!(
                "descriptor requires a 'BaseException' object but received a '{}'",
                vm.type_name(v)
            );
            Err(vm.type_error(message))
        }
    }
}

/// A value for `__cause__` or `__context__`.
fn linked(vm: &mut Vm, value: Option<Value>, what: &str) -> R {
    match value {
        None => Err(vm.type_error(format!("__{what}__ may not be deleted"))),
        Some(value) if value.is_none() || value.as_ref::<Exception>().is_some() => Ok(value),
        Some(_) => {
            let message = format!("exception {what} must be None or derive from BaseException");
            Err(vm.type_error(message))
        }
    }
}

fn set_traceback(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    let Some(value) = value else {
        return Err(vm.type_error("__traceback__ may not be deleted"));
    };
    if !value.is_none() && value.as_ref::<Traceback>().is_none() {
        return Err(vm.type_error("__traceback__ must be a traceback or None"));
    }
    this(vm, v)?.traceback.set(value);
    Ok(())
}

/// The class that a `__new__` is asked for.
pub fn class_argument(vm: &mut Vm, args: &[Value]) -> R<Ref<Class>> {
    let class = at(args, 0);
    match vm.as_exception_class(&class) {
        Some(class) => Ok(class.clone()),
        None => {
            let text = vm.repr(&class)?;
            let message = format!(
                "BaseException.__new__({0}): {0} is not a subtype of BaseException",
                text.as_str()
            );
            Err(vm.type_error(message))
        }
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = class_argument(vm, args)?;
    let given = match at(args, 1).as_ref::<Tuple>() {
        Some(given) => given.clone(),
        None => Tuple::new([]),
    };
    Ok(Exception::new(&class, given).into())
}

/// Refuses keyword arguments as CPython words it.
pub fn no_keywords(vm: &mut Vm, this: &Value, kwargs: Option<&Value>) -> R<()> {
    if keywords(vm, kwargs).is_empty() {
        return Ok(());
    }
    let message = format!("{}() takes no keyword arguments", vm.type_name(this));
    Err(vm.type_error(message))
}

/// `BaseException.__init__`: the arguments, for subclasses whose `__new__` got others.
pub fn set_args(vm: &mut Vm, v: &Value, args: Option<&Value>) -> R<Ref<Exception>> {
    let exception = this(vm, v)?;
    if let Some(args) = args
        && args.as_ref::<Tuple>().is_some()
    {
        exception.args.set(args.clone());
    }
    Ok(exception)
}

/// The arguments are mostly those that the exception was made with.
fn init_direct(vm: &mut Vm, args: &[Value]) -> R {
    let Some((exception, args)) = args.split_first() else {
        return Ok(Value::None);
    };
    let exception = this(vm, exception)?;
    let before = exception.args.get();
    let same = before.as_ref::<Tuple>().is_some_and(|before| {
        let before = before.items();
        before.len() == args.len() && before.iter().zip(args).all(|(x, y)| x.is(y))
    });
    if !same {
        exception.args.set(Tuple::value(args.iter().cloned()));
    }
    Ok(Value::None)
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    no_keywords(vm, &at(args, 0), args.get(2))?;
    set_args(vm, &at(args, 0), args.get(1))?;
    Ok(Value::None)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let exception = this(vm, &v)?;
    let name = vm.type_name(&v);
    let given = exception.args();
    let text = match given.as_slice() {
        [only] => format!("{name}({})", vm.repr(only)?.as_str()),
        _ => {
            let all = exception.args.get();
            format!("{name}{}", vm.repr(&all)?.as_str())
        }
    };
    Ok(Value::from(text))
}

/// `BaseException.__str__`.
pub fn plain_str(vm: &mut Vm, exception: &Exception) -> R<Ref<Str>> {
    let given = exception.args();
    match given.as_slice() {
        [] => Ok(Str::new("")),
        [only] => vm.str(only),
        _ => {
            let all = exception.args.get();
            vm.str(&all)
        }
    }
}

fn str(vm: &mut Vm, args: &[Value]) -> R {
    let exception = this(vm, &at(args, 0))?;
    Ok(plain_str(vm, &exception)?.into())
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let exception = this(vm, &v)?;
    let class = vm.class_of(&v);
    let given = exception.args.get();
    Ok(if exception.own.list().is_empty() {
        Tuple::value([class.into(), given])
    } else {
        Tuple::value([class.into(), given, exception.own.force_dict().into()])
    })
}

fn setstate(vm: &mut Vm, args: &[Value]) -> R {
    let state = at(args, 1);
    if state.is_none() {
        return Ok(Value::None);
    }
    let Some(dict) = state.payload::<Dict>() else {
        return Err(vm.type_error("state is not a dictionary"));
    };
    let pairs: Vec<(Value, Value)> = {
        let map = dict.map.borrow();
        map.iter()
            .map(|e| (e.key.clone(), e.value.clone()))
            .collect()
    };
    for (key, value) in pairs {
        let name = super::object::attribute_name(vm, &key)?;
        vm.set_attr(&at(args, 0), &name, value)?;
    }
    Ok(Value::None)
}

/// The positional arguments of a constructor.
pub fn positional(args: &[Value]) -> Vec<Value> {
    varargs(args.get(1))
}
