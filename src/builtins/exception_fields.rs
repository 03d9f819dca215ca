//! Exceptions with attributes of their own: StopIteration, SystemExit, OSError, ImportError,
//! NameError, AttributeError, SyntaxError, KeyError, the Unicode errors, groups.

use super::args::{at, keywords};
use super::exceptions::{class_argument, no_keywords, plain_str, positional, set_args, this};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Bytes, Class, Exception, NativeFunction, Str, Tuple};
use crate::vm::ops::exception::none_if_undef;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub fn install(vm: &mut Vm) {
    let exc = &vm.exc;
    let rows: [(Ref<Class>, &'static [NativeDef], &'static [GetSet]); 13] = [
        (exc.stop_iteration.clone(), STOP_ITERATION, VALUE),
        (exc.stop_async_iteration.clone(), &[], &[]),
        (exc.system_exit.clone(), SYSTEM_EXIT, CODE),
        (exc.key_error.clone(), KEY_ERROR, &[]),
        (exc.os_error.clone(), OS_ERROR, OS_FIELDS),
        (exc.import_error.clone(), IMPORT_ERROR, IMPORT_FIELDS),
        (exc.name_error.clone(), NAME_ERROR, NAME_FIELDS),
        (
            exc.attribute_error.clone(),
            ATTRIBUTE_ERROR,
            ATTRIBUTE_FIELDS,
        ),
        (exc.syntax_error.clone(), SYNTAX_ERROR, SYNTAX_FIELDS),
        (
            exc.unicode_decode_error.clone(),
            DECODE_ERROR,
            UNICODE_FIELDS,
        ),
        (
            exc.unicode_encode_error.clone(),
            ENCODE_ERROR,
            UNICODE_FIELDS,
        ),
        (
            exc.unicode_translate_error.clone(),
            TRANSLATE_ERROR,
            UNICODE_FIELDS,
        ),
        (exc.base_exception_group.clone(), &[], GROUP_FIELDS),
    ];
    for (class, methods, getset) in rows {
        vm.extend_class(&class, methods, getset);
    }
}

const INIT_DOC: &str = "Initialize self.  See help(type(self)) for accurate signature.";
const ANY: &str = "(self, /, *args, **kwargs)";

const fn init(func: crate::vm::native::NativeFn) -> NativeDef {
    NativeDef::new("__init__", ANY, func, INIT_DOC)
}

const fn text(func: crate::vm::native::NativeFn) -> NativeDef {
    NativeDef::new("__str__", "(self, /)", func, "Return str(self).")
}

fn get<const I: usize>(vm: &mut Vm, v: &Value) -> R {
    let exception = this(vm, v)?;
    Ok(none_if_undef(vm.exception_field(&exception, I)))
}

fn set<const I: usize>(vm: &mut Vm, v: &Value, value: Option<Value>) -> R<()> {
    this(vm, v)?.set_field(I, value.unwrap_or(Value::None));
    Ok(())
}

const fn field<const I: usize>(name: &'static str, doc: &'static str) -> GetSet {
    GetSet::write(name, get::<I>, set::<I>, doc)
}

fn readonly(vm: &mut Vm, _: &Value, _: Option<Value>) -> R<()> {
    let class = vm.exc.attribute_error.clone();
    Err(vm.error(&class, "readonly attribute"))
}

const GROUP_FIELDS: &[GetSet] = &[
    GetSet::write("message", get::<0>, readonly, "exception message"),
    GetSet::write("exceptions", get::<1>, readonly, "nested exceptions"),
];

// StopIteration and SystemExit

const VALUE: &[GetSet] = &[field::<0>("value", "generator return value")];
const STOP_ITERATION: &[NativeDef] = &[init(|vm, args| {
    no_keywords(vm, &at(args, 0), args.get(2))?;
    let exception = set_args(vm, &at(args, 0), args.get(1))?;
    let value = positional(args).into_iter().next().unwrap_or(Value::None);
    exception.set_field(0, value);
    Ok(Value::None)
})];

const CODE: &[GetSet] = &[field::<0>("code", "exception code")];
const SYSTEM_EXIT: &[NativeDef] = &[init(|vm, args| {
    no_keywords(vm, &at(args, 0), args.get(2))?;
    let exception = set_args(vm, &at(args, 0), args.get(1))?;
    let given = positional(args);
    let code = match given.as_slice() {
        [] => Value::None,
        [only] => only.clone(),
        _ => at(args, 1),
    };
    exception.set_field(0, code);
    Ok(Value::None)
})];

// KeyError

const KEY_ERROR: &[NativeDef] = &[text(|vm, args| {
    let exception = this(vm, &at(args, 0))?;
    match exception.args().as_slice() {
        [key] => Ok(vm.repr(key)?.into()),
        _ => Ok(plain_str(vm, &exception)?.into()),
    }
})];

// OSError

const OS_FIELDS: &[GetSet] = &[
    field::<0>("errno", "POSIX exception code"),
    field::<1>("strerror", "exception strerror"),
    field::<2>("filename", "exception filename"),
    field::<3>("filename2", "second exception filename"),
    GetSet::write(
        "characters_written",
        |vm, v| match this(vm, v)?.field(4) {
            Value::Undef => {
                let message = "characters_written";
                Err(vm.attribute_error(v, "characters_written", message))
            }
            value => Ok(value),
        },
        |vm, v, value| {
            let value = match value {
                Some(value) => vm.index(&value)?,
                None => Value::Undef,
            };
            this(vm, v)?.set_field(4, value);
            Ok(())
        },
        "number of characters written before the error",
    ),
];

const OS_ERROR: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", os_new),
    init(os_init),
    text(os_str),
    NativeDef::new("__reduce__", "(self, /)", os_reduce, "Helper for pickle."),
];

/// A subclass with its own `__init__` but not its own `__new__` leaves the arguments to the
/// former.
fn parses_in_init(vm: &Vm, class: &Ref<Class>) -> bool {
    let own = |name: &Ref<Str>| {
        let standard = vm.exc.os_error.dict.get_str(name);
        let found = vm.lookup(class, name);
        matches!((standard, found), (Some(a), Some(b)) if NativeFunction::is_same_code(&a, &b))
    };
    !own(&vm.names.__init__) && own(&vm.names.__new__)
}

fn os_new(vm: &mut Vm, args: &[Value]) -> R {
    let class = class_argument(vm, args)?;
    if parses_in_init(vm, &class) {
        return Ok(Exception::new(&class, Tuple::new([])).into());
    }
    if !keywords(vm, args.get(2)).is_empty() {
        let message = format!("{}() takes no keyword arguments", class.name());
        return Err(vm.type_error(message));
    }
    let given = positional(args);
    let mut class = class;
    if class.is(&vm.exc.os_error)
        && (2..=5).contains(&given.len())
        && let Some(errno) = given.first().and_then(Value::as_i64)
        && let Some(special) = vm.os_error_class(errno)
    {
        class = special;
    }
    let exception = Exception::new(&class, Tuple::new([]));
    fill_os_error(vm, &exception, &given);
    Ok(exception.into())
}

fn os_init(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let class = vm.class_of(&v);
    if !parses_in_init(vm, &class) {
        return Ok(Value::None);
    }
    no_keywords(vm, &v, args.get(2))?;
    let exception = this(vm, &v)?;
    fill_os_error(vm, &exception, &positional(args));
    Ok(Value::None)
}

fn fill_os_error(vm: &mut Vm, exception: &Ref<Exception>, given: &[Value]) {
    let mut kept = given;
    if (2..=5).contains(&given.len()) {
        exception.set_field(0, at(given, 0));
        exception.set_field(1, at(given, 1));
        let filename = at(given, 2);
        if !matches!(filename, Value::Undef | Value::None) {
            let class = exception.class.get();
            if class.is_subclass(&vm.exc.blocking_io_error) && filename.as_i64().is_some() {
                exception.set_field(4, filename);
            } else {
                exception.set_field(2, filename);
                if !matches!(at(given, 4), Value::Undef | Value::None) {
                    exception.set_field(3, at(given, 4));
                }
                kept = given.get(..2).unwrap_or(given);
            }
        }
    }
    exception.args.set(Tuple::value(kept.to_vec()));
}

fn os_str(vm: &mut Vm, args: &[Value]) -> R {
    let exception = this(vm, &at(args, 0))?;
    let [errno, strerror, filename, filename2] =
        [0, 1, 2, 3].map(|i| vm.exception_field(&exception, i));
    if !filename.is_none() {
        let (errno, strerror) = (vm.str(&errno)?, vm.str(&strerror)?);
        let name = vm.repr(&filename)?;
        let mut text = format!(
            "[Errno {}] {}: {}",
            errno.as_str(),
            strerror.as_str(),
            name.as_str()
        );
        if !filename2.is_none() {
            text.push_str(" -> ");
            text.push_str(vm.repr(&filename2)?.as_str());
        }
        return Ok(Value::from(text));
    }
    if !errno.is_none() && !strerror.is_none() {
        let (errno, strerror) = (vm.str(&errno)?, vm.str(&strerror)?);
        let text = format!("[Errno {}] {}", errno.as_str(), strerror.as_str());
        return Ok(Value::from(text));
    }
    Ok(plain_str(vm, &exception)?.into())
}

fn os_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let v = at(args, 0);
    let exception = this(vm, &v)?;
    let mut given = exception.args().to_vec();
    let (filename, second) = (exception.field(2), exception.field(3));
    if given.len() == 2 && !filename.is_undef() {
        given.push(filename);
        if !second.is_undef() {
            given.extend([Value::None, second]);
        }
    }
    let class = vm.class_of(&v);
    Ok(Tuple::value([class.into(), Tuple::value(given)]))
}

// Exceptions with keyword-only attributes

/// Fills fields from keyword arguments; TypeError for one that is not among them.
fn fill_keywords(
    vm: &mut Vm,
    exception: &Exception,
    class: &str,
    kwargs: Option<&Value>,
    names: &[(&str, usize)],
) -> R<()> {
    for (_, i) in names {
        exception.set_field(*i, Value::Undef);
    }
    let kwargs = keywords(vm, kwargs);
    if kwargs.len() > names.len() {
        let message = format!(
            "{class}() takes at most {} keyword argument{} ({} given)",
            names.len(),
            if names.len() == 1 { "" } else { "s" },
            kwargs.len()
        );
        return Err(vm.type_error(message));
    }
    for (name, value) in kwargs {
        match names.iter().find(|(known, _)| *known == name.as_str()) {
            Some((_, i)) => exception.set_field(*i, value),
            None => {
                let message = format!(
                    "{class}() got an unexpected keyword argument '{}'",
                    name.as_str()
                );
                return Err(vm.type_error(message));
            }
        }
    }
    Ok(())
}

const IMPORT_FIELDS: &[GetSet] = &[
    field::<0>("msg", "exception message"),
    field::<1>("name", "module name"),
    field::<2>("path", "module path"),
    field::<3>("name_from", "name imported from module"),
];

const IMPORT_ERROR: &[NativeDef] = &[
    init(|vm, args| {
        let exception = set_args(vm, &at(args, 0), args.get(1))?;
        let names = [("name", 1), ("path", 2), ("name_from", 3)];
        fill_keywords(vm, &exception, "ImportError", args.get(2), &names)?;
        let given = positional(args);
        let message = match given.as_slice() {
            [only] => only.clone(),
            _ => Value::None,
        };
        exception.set_field(0, message);
        Ok(Value::None)
    }),
    text(|vm, args| {
        let exception = this(vm, &at(args, 0))?;
        match exception.field(0) {
            message if message.as_ref::<Str>().is_some() => Ok(message),
            _ => Ok(plain_str(vm, &exception)?.into()),
        }
    }),
];

const NAME_FIELDS: &[GetSet] = &[field::<0>("name", "name")];
const NAME_ERROR: &[NativeDef] = &[init(|vm, args| {
    let exception = set_args(vm, &at(args, 0), args.get(1))?;
    fill_keywords(vm, &exception, "NameError", args.get(2), &[("name", 0)])?;
    Ok(Value::None)
})];

const ATTRIBUTE_FIELDS: &[GetSet] = &[
    field::<0>("name", "attribute name"),
    field::<1>("obj", "object"),
];
const ATTRIBUTE_ERROR: &[NativeDef] = &[init(|vm, args| {
    let exception = set_args(vm, &at(args, 0), args.get(1))?;
    let names = [("name", 0), ("obj", 1)];
    fill_keywords(vm, &exception, "AttributeError", args.get(2), &names)?;
    Ok(Value::None)
})];

// SyntaxError

const SYNTAX_FIELDS: &[GetSet] = &[
    field::<0>("msg", "exception msg"),
    field::<1>("filename", "exception filename"),
    field::<2>("lineno", "exception lineno"),
    field::<3>("offset", "exception offset"),
    field::<4>("text", "exception text"),
    field::<5>("end_lineno", "exception end lineno"),
    field::<6>("end_offset", "exception end offset"),
    field::<7>("print_file_and_line", "exception print_file_and_line"),
];

const SYNTAX_ERROR: &[NativeDef] = &[init(syntax_init), text(syntax_str)];

fn syntax_init(vm: &mut Vm, args: &[Value]) -> R {
    no_keywords(vm, &at(args, 0), args.get(2))?;
    let exception = set_args(vm, &at(args, 0), args.get(1))?;
    let given = positional(args);
    if let Some(message) = given.first() {
        exception.set_field(0, message.clone());
    }
    let [_, details] = given.as_slice() else {
        return Ok(Value::None);
    };
    let details = vm.collect(details)?;
    if details.len() < 4 {
        let message = format!(
            "function takes at least 4 arguments ({} given)",
            details.len()
        );
        return Err(vm.type_error(message));
    }
    if details.len() > 6 {
        let message = format!(
            "function takes at most 6 arguments ({} given)",
            details.len()
        );
        return Err(vm.type_error(message));
    }
    if details.len() == 5 {
        let message = "end_offset must be provided when end_lineno is provided";
        return Err(vm.type_error(message));
    }
    for (i, value) in details.into_iter().enumerate() {
        exception.set_field(i + 1, value);
    }
    Ok(Value::None)
}

fn syntax_str(vm: &mut Vm, args: &[Value]) -> R {
    let exception = this(vm, &at(args, 0))?;
    let message = vm.exception_field(&exception, 0);
    let message = vm.str(&message)?;
    let (filename, line) = (exception.field(1), exception.field(2));
    let file = filename
        .as_str()
        .map(|f| f.rsplit('/').next().unwrap_or(f).to_string());
    let line = line.as_i64();
    let message = message.as_str();
    Ok(Value::from(match (file, line) {
        (Some(file), Some(line)) => format!("{message} ({file}, line {line})"),
        (Some(file), None) => format!("{message} ({file})"),
        (None, Some(line)) => format!("{message} (line {line})"),
        (None, None) => message.to_string(),
    }))
}

// Unicode errors. A translate error has no encoding: its fields begin at the second.

const UNICODE_FIELDS: &[GetSet] = &[
    field::<0>("encoding", "exception encoding"),
    field::<1>("object", "exception object"),
    field::<2>("start", "exception start"),
    field::<3>("end", "exception end"),
    field::<4>("reason", "exception reason"),
];

const DECODE_ERROR: &[NativeDef] = &[
    init(|vm, args| unicode_init(vm, args, 0, &["str", "bytes", "int", "int", "str"])),
    text(|vm, args| unicode_str(vm, args, Unicode::Decode)),
];
const ENCODE_ERROR: &[NativeDef] = &[
    init(|vm, args| unicode_init(vm, args, 0, &["str", "str", "int", "int", "str"])),
    text(|vm, args| unicode_str(vm, args, Unicode::Encode)),
];
const TRANSLATE_ERROR: &[NativeDef] = &[
    init(|vm, args| unicode_init(vm, args, 1, &["str", "int", "int", "str"])),
    text(|vm, args| unicode_str(vm, args, Unicode::Translate)),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unicode {
    Decode,
    Encode,
    Translate,
}

fn unicode_init(vm: &mut Vm, args: &[Value], first: usize, kinds: &[&str]) -> R {
    no_keywords(vm, &at(args, 0), args.get(2))?;
    let exception = set_args(vm, &at(args, 0), args.get(1))?;
    let given = positional(args);
    if given.len() != kinds.len() {
        let message = format!(
            "function takes exactly {} arguments ({} given)",
            kinds.len(),
            given.len()
        );
        return Err(vm.type_error(message));
    }
    for (i, (value, kind)) in given.iter().zip(kinds).enumerate() {
        let good = match *kind {
            "str" => value.as_str().is_some(),
            "int" => value.as_i64().is_some(),
            _ => true,
        };
        if !good && *kind == "int" {
            vm.index(value)?;
        }
        if !good {
            let message = format!(
                "argument {} must be {kind}, not {}",
                i + 1,
                vm.type_name(value)
            );
            return Err(vm.type_error(message));
        }
    }
    for (i, value) in given.into_iter().enumerate() {
        exception.set_field(i + first, value);
    }
    Ok(Value::None)
}

fn unicode_str(vm: &mut Vm, args: &[Value], what: Unicode) -> R {
    let exception = this(vm, &at(args, 0))?;
    let fields = [0, 1, 2, 3, 4].map(|i| vm.exception_field(&exception, i));
    let [encoding, object, start, end, reason] = fields;
    if object.is_none() {
        return Ok(Value::str(""));
    }
    let (encoding, reason) = (vm.str(&encoding)?, vm.str(&reason)?);
    let start = start.as_i64().unwrap_or(0);
    let end = end.as_i64().unwrap_or(0);
    let at = usize::try_from(start).unwrap_or(0);
    let single = end == start + 1;
    let last = end - 1;
    let who = format!("'{}' codec", encoding.as_str());
    let reason = reason.as_str();
    if what == Unicode::Decode {
        let byte = object
            .payload::<Bytes>()
            .and_then(|b| b.0.get(at).copied())
            .filter(|_| single);
        return Ok(Value::from(match byte {
            Some(byte) => {
                format!("{who} can't decode byte 0x{byte:02x} in position {start}: {reason}")
            }
            None => format!("{who} can't decode bytes in position {start}-{last}: {reason}"),
        }));
    }
    let does = match what {
        Unicode::Translate => "can't translate".to_string(),
        _ => format!("{who} can't encode"),
    };
    let char = object
        .as_str()
        .and_then(|s| s.chars().nth(at))
        .filter(|_| single);
    Ok(Value::from(match char {
        Some(c) => {
            let code = u32::from(c);
            let shown = match code {
                0..=0xff => format!("\\x{code:02x}"),
                0x100..=0xffff => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            };
            format!("{does} character '{shown}' in position {start}: {reason}")
        }
        None => format!("{does} characters in position {start}-{last}: {reason}"),
    }))
}
