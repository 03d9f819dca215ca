//! Signatures that programs are shown where CPython shows others than those by which arguments are
//! bound. Knows functions by their names only.

use crate::vm::native::{NativeDef, NativeKind};

/// One function or method: the class or module it belongs to (`*` for any class), its name, and what
/// is shown; empty where CPython knows no signature.
type Shown = (&'static str, &'static str, &'static str);

/// What CPython binds by code of its own is shown by texts that no parser of signatures reads.
const SHOWN: &[Shown] = &[
    ("builtins", "__build_class__", ""),
    ("builtins", "dir", ""),
    ("builtins", "getattr", ""),
    ("builtins", "iter", ""),
    ("builtins", "max", ""),
    ("builtins", "min", ""),
    ("builtins", "next", ""),
    ("builtins", "vars", ""),
    (
        "builtins",
        "sorted",
        "($module, iterable, /, *, key=None, reverse=False)",
    ),
    (
        "builtins",
        "anext",
        "($module, aiterator, default=<unrepresentable>, /)",
    ),
    ("builtins", "compile", COMPILE),
    ("builtins", "open", OPEN),
    ("_io", "open", OPEN),
    ("_functools", "reduce", ""),
    ("math", "gcd", "($module, *integers)"),
    ("math", "hypot", ""),
    ("math", "lcm", "($module, *integers)"),
    ("math", "log", ""),
    ("time", "asctime", ""),
    ("time", "clock_getres", ""),
    ("time", "ctime", ""),
    ("time", "clock_gettime", CLOCK),
    ("time", "clock_gettime_ns", CLOCK),
    ("time", "get_clock_info", ""),
    ("time", "gmtime", ""),
    ("time", "localtime", ""),
    ("time", "mktime", "($self, object, /)"),
    ("time", "sleep", "($self, object, /)"),
    ("time", "strftime", ""),
    ("time", "strptime", ""),
    ("sys", "audit", "($module, event, /, *args)"),
    ("sys", "getsizeof", ""),
    ("sys", "set_asyncgen_hooks", ""),
    ("gc", "set_threshold", ""),
    ("*", "__class_getitem__", "($type, object, /)"),
    ("*", "__subclasshook__", "($type, object, /)"),
    ("*", "__setstate__", "($self, object, /)"),
    ("*", "__mro_entries__", "($self, object, /)"),
    ("*", "__init__", "($self, /, *args, **kwargs)"),
    ("*", "add_note", "($self, object, /)"),
    ("*", "with_traceback", "($self, object, /)"),
    ("BaseExceptionGroup", "derive", "($self, object, /)"),
    ("BaseExceptionGroup", "split", "($self, object, /)"),
    ("BaseExceptionGroup", "subgroup", "($self, object, /)"),
    ("bytes", "count", SUB),
    ("bytes", "find", SUB),
    ("bytes", "index", SUB),
    ("bytes", "rfind", SUB),
    ("bytes", "rindex", SUB),
    ("bytes", "startswith", PREFIX),
    ("bytes", "endswith", SUFFIX),
    ("bytes", "hex", HEX),
    ("bytearray", "count", SUB),
    ("bytearray", "find", SUB),
    ("bytearray", "index", SUB),
    ("bytearray", "rfind", SUB),
    ("bytearray", "rindex", SUB),
    ("bytearray", "startswith", PREFIX),
    ("bytearray", "endswith", SUFFIX),
    ("bytearray", "hex", HEX),
    ("str", "count", SUB),
    ("str", "find", SUB),
    ("str", "index", SUB),
    ("str", "rfind", SUB),
    ("str", "rindex", SUB),
    ("str", "startswith", PREFIX),
    ("str", "endswith", SUFFIX),
    (
        "str",
        "maketrans",
        "(x, y=<unrepresentable>, z=<unrepresentable>, /)",
    ),
    ("memoryview", "__exit__", "($self, /, *exc_info)"),
    ("dict", "pop", "($self, key, default=<unrepresentable>, /)"),
    ("dict", "update", ""),
    ("int", "__round__", "($self, ndigits=<unrepresentable>, /)"),
    ("list", "__getitem__", "($self, index, /)"),
    ("range", "count", "($self, object, /)"),
    ("range", "index", "($self, object, /)"),
    ("slice", "indices", "($self, object, /)"),
    ("property", "__set_name__", "($self, owner, name, /)"),
    ("property", "getter", "($self, object, /)"),
    ("property", "setter", "($self, object, /)"),
    ("property", "deleter", "($self, object, /)"),
    ("type", "__prepare__", "($cls, name, bases, /, **kwds)"),
    ("generator", "send", "($self, object, /)"),
    ("generator", "throw", ""),
    ("coroutine", "send", "($self, object, /)"),
    ("coroutine", "throw", ""),
    ("async_generator", "asend", "($self, object, /)"),
    ("async_generator", "athrow", ""),
    ("GenericAlias", "__instancecheck__", "($self, object, /)"),
    ("GenericAlias", "__subclasscheck__", "($self, object, /)"),
    ("ReferenceType", "__call__", "($self, /, *args, **kwargs)"),
    ("ProxyType", "__pow__", POWER),
    ("CallableProxyType", "__pow__", POWER),
    (
        "Future",
        "add_done_callback",
        "($self, fn, /, *, context=<unrepresentable>)",
    ),
    ("Context", "run", ""),
    ("ContextVar", "get", "($self, default=<unrepresentable>, /)"),
    ("defaultdict", "__missing__", "($self, object, /)"),
    ("deque", "index", "($self, value, [start, [stop]])"),
    ("list", "index", INDEX),
    ("tuple", "index", INDEX),
    ("struct_time", "__replace__", "($self, /, **changes)"),
];

/// The same of classes.
const SHOWN_CLASSES: &[(&str, &str)] = &[
    ("BytesIO", "(initial_bytes=b'')"),
    ("ContextVar", ""),
    ("StringIO", "(initial_value='', newline='\\n')"),
    ("chain", "(*iterables)"),
    ("code", CODE),
    ("deque", "([iterable[, maxlen]])"),
    ("islice", ""),
    ("mappingproxy", "(mapping)"),
    ("product", "(*iterables, repeat=1)"),
    ("repeat", ""),
    ("SimpleNamespace", "(mapping_or_iterable=(), /, **kwargs)"),
    ("struct_time", "(iterable=(), /)"),
    ("zip_longest", "(*iterables, fillvalue=None)"),
];

/// Modules whose functions name as their first parameter not the module but an object.
const OF_SELF: &[&str] = &["time", "unicodedata"];

const CODE: &str = "(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize,
     flags, codestring, constants, names, varnames, filename, name,
     qualname, firstlineno, linetable, exceptiontable, freevars=(),
     cellvars=(), /)";
const COMPILE: &str = "($module, /, source, filename, mode, flags=0,
        dont_inherit=False, optimize=-1, *, _feature_version=-1)";
const OPEN: &str = "($module, /, file, mode='r', buffering=-1, encoding=None,
     errors=None, newline=None, closefd=True, opener=None)";
const CLOCK: &str = "($module, clk_id, /)";
const INDEX: &str = "($self, value, start=0, stop=sys.maxsize, /)";
const POWER: &str = "($self, value, mod=None, /)";

const SUB: &str = "($self, sub[, start[, end]], /)";
const PREFIX: &str = "($self, prefix[, start[, end]], /)";
const SUFFIX: &str = "($self, suffix[, start[, end]], /)";
const HEX: &str = "($self, /, sep=<unrepresentable>, bytes_per_sep=1)";

/// What is shown of a function of that class or module; nothing if CPython knows no signature.
pub fn text_signature(
    def: &NativeDef,
    owner: Option<&str>,
    module: Option<&str>,
) -> Option<String> {
    if def.kind == NativeKind::New {
        return Some("($type, *args, **kwargs)".to_owned());
    }
    let home = owner.or(module);
    let is_here = |place: &str| home == Some(place) || (place == "*" && owner.is_some());
    let shown = SHOWN
        .iter()
        .find(|(place, name, _)| *name == def.name && is_here(place));
    match shown {
        Some((_, _, "")) => None,
        Some((_, _, text)) => Some((*text).to_owned()),
        None => Some(bound_by(def, owner.is_some(), module)),
    }
}

/// What is shown of a class, where that is not what its constructor takes; empty if CPython knows
/// no signature.
pub fn class_signature(name: &str) -> Option<&'static str> {
    let shown = SHOWN_CLASSES.iter().find(|(class, _)| *class == name);
    shown.map(|(_, text)| *text)
}

/// The signature by which arguments are bound, in CPython's way of writing.
fn bound_by(def: &NativeDef, owned: bool, module: Option<&str>) -> String {
    let own = match (owned, def.kind) {
        (false, _) if module.is_some_and(|m| OF_SELF.contains(&m)) => "$self",
        (false, _) => "$module",
        (_, NativeKind::Static) => return def.signature.to_string(),
        (_, NativeKind::Class) => "$type",
        _ => "$self",
    };
    let rest = def.signature.trim_start_matches('(');
    let end = match owned {
        false => 0,
        _ => rest.find([',', ')']).unwrap_or(rest.len()),
    };
    let rest = rest
        .get(end..)
        .unwrap_or(")")
        .trim_start_matches([',', ' ']);
    // What it belongs to is given by position.
    let mark = if rest.contains("/,") || rest.contains("/)") {
        ""
    } else {
        ", /"
    };
    match rest {
        ")" | "/)" => format!("({own}, /)"),
        _ => format!("({own}{mark}, {rest}"),
    }
}
