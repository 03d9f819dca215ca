//! What the classes of the core are for, and what they take when they are called. Knows classes
//! by name only.

use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::Class;
use crate::vm::value::Value;

/// One class of `builtins` or `_asyncio`.
pub struct About {
    name: &'static str,
    /// As in `__text_signature__`; empty where CPython knows none.
    pub signature: &'static str,
    pub doc: &'static str,
}

const fn about(name: &'static str, signature: &'static str, doc: &'static str) -> About {
    About {
        name,
        signature,
        doc,
    }
}

const ABOUT: &[About] = &[
    about(
        "Future",
        "(*, loop=None)",
        "A result that is not there yet.",
    ),
    about(
        "Task",
        "(coro, *, loop=None, name=None, context=None, eager_start=False)",
        "A coroutine that runs on its own, and its result.",
    ),
    about(
        "object",
        "()",
        "The class that all others come from. Its instances have nothing of their own.",
    ),
    about(
        "type",
        "",
        "type(object) is the class of an object; type(name, bases, dict) makes a new class.",
    ),
    about(
        "int",
        "",
        "int(number) cuts off what stands behind the point; int(text, base=10) reads digits, and with base 0 also prefixes such as 0x.",
    ),
    about(
        "bool",
        "(object=False, /)",
        "True if the object counts as true, else False. There are no other values of this class.",
    ),
    about(
        "float",
        "(x=0, /)",
        "A number in binary floating point, from another number or from text.",
    ),
    about(
        "complex",
        "(real=0, imag=0)",
        "A number with a real and an imaginary part, from two numbers or from text.",
    ),
    about(
        "str",
        "",
        "str(object) is its text as print() shows it; str(bytes, encoding, errors) decodes bytes.",
    ),
    about(
        "bytes",
        "",
        "Numbers from 0 to 255 that cannot be changed: from numbers, from text with an encoding, from a buffer, or so many zeros.",
    ),
    about(
        "bytearray",
        "",
        "Numbers from 0 to 255 that can be changed: from numbers, from text with an encoding, from a buffer, or so many zeros.",
    ),
    about(
        "list",
        "(iterable=(), /)",
        "A sequence that can be changed, made of the items of an iterable; empty without one.",
    ),
    about(
        "tuple",
        "(iterable=(), /)",
        "A sequence that cannot be changed, made of the items of an iterable. A tuple is returned as it is.",
    ),
    about(
        "dict",
        "",
        "Values by key: from a mapping, from pairs of key and value, and from keyword arguments.",
    ),
    about(
        "set",
        "(iterable=(), /)",
        "Items without order and without equals, made of those of an iterable.",
    ),
    about(
        "frozenset",
        "(iterable=(), /)",
        "A set that cannot be changed, and so can be hashed.",
    ),
    about(
        "range",
        "",
        "range(stop) or range(start, stop, step): whole numbers from start up to, not including, stop.",
    ),
    about(
        "slice",
        "",
        "slice(stop) or slice(start, stop, step): what stands between the brackets of x[start:stop:step].",
    ),
    about(
        "property",
        "(fget=None, fset=None, fdel=None, doc=None)",
        "An attribute that is computed: getter, setter, deleter and documentation. Mostly used as a decorator.",
    ),
    about(
        "classmethod",
        "(function, /)",
        "Makes a method that is given its class instead of an instance.",
    ),
    about(
        "staticmethod",
        "(function, /)",
        "Makes a method that is given neither an instance nor its class.",
    ),
    about("NoneType", "()", "The class of None."),
    about(
        "ellipsis",
        "()",
        "The class of the Ellipsis, written as three dots.",
    ),
    about(
        "NotImplementedType",
        "()",
        "The class of NotImplemented, by which an operator says that it does not know the other operand.",
    ),
    about(
        "function",
        "(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
        "A function made by def or lambda: its code with the globals, defaults and closure that it uses.",
    ),
    about(
        "method",
        "(function, instance, /)",
        "A function bound to an instance, which becomes its first argument.",
    ),
    about(
        "code",
        "",
        "What a function or module was compiled to; it cannot be changed.",
    ),
    about(
        "module",
        "(name, doc=None)",
        "A module: a name, a documentation, and the names defined in it.",
    ),
    about(
        "cell",
        "([contents])",
        "Holds a variable that a function shares with the functions defined in it.",
    ),
    about(
        "traceback",
        "(tb_next, tb_frame, tb_lasti, tb_lineno)",
        "A place that an exception came through, and the next one.",
    ),
    about(
        "super",
        "",
        "The attributes that follow a class in the method resolution order. Without arguments: from inside a method, those of the bases.",
    ),
    about(
        "enumerate",
        "(iterable, start=0)",
        "Pairs of a running number and an item.",
    ),
    about(
        "filter",
        "(function, iterable, /)",
        "The items for which a function is true, or which are true themselves where it is None.",
    ),
    about(
        "map",
        "(function, iterable, /, *iterables)",
        "The results of a function called with one item from each iterable.",
    ),
    about(
        "zip",
        "(*iterables, strict=False)",
        "Tuples of one item from each iterable, until the shortest ends; with strict, all must end together.",
    ),
    about(
        "reversed",
        "(sequence, /)",
        "The items of a sequence from its end.",
    ),
    about(
        "memoryview",
        "(object)",
        "A window on the bytes of another object.",
    ),
    about(
        "itemgetter",
        "(item, /, *items)",
        "itemgetter(2)(x) is x[2]; with several keys, a tuple of the items.",
    ),
    about(
        "attrgetter",
        "(attr, /, *attrs)",
        "attrgetter('a.b')(x) is x.a.b; with several names, a tuple of the attributes.",
    ),
    about(
        "methodcaller",
        "(name, /, *args, **kwargs)",
        "methodcaller('m', 1)(x) is x.m(1).",
    ),
];

/// What is known about a class written in Rust.
pub fn of(class: &Class) -> Option<&'static About> {
    if class.flags().heap {
        return None;
    }
    let name = class.name();
    ABOUT.iter().find(|about| *about.name == *name)
}

/// Gives the classes their `__doc__`, where they do not compute that of their instances.
pub fn install(vm: &mut Vm) {
    let t = &vm.types;
    let core: Vec<Ref<Class>> = [
        &t.object,
        &t.type_,
        &t.int,
        &t.bool_,
        &t.float,
        &t.complex,
        &t.str_,
        &t.bytes,
        &t.bytearray,
        &t.list,
        &t.tuple,
        &t.dict,
        &t.set,
        &t.frozenset,
        &t.range,
        &t.slice,
    ]
    .map(|class| (*class).clone())
    .into();
    let constants = [Value::None, vm.ellipsis(), vm.not_implemented()];
    let constants = constants.map(|value| vm.class_of(&value));
    let name = vm.names.__doc__.clone();
    for class in core.into_iter().chain(constants) {
        if class.dict.get_str(&name).is_none()
            && let Some(about) = of(&class)
        {
            class.dict.set_str(&name, Value::str(about.doc));
        }
    }
}
