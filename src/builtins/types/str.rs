//! `str`: construction, special methods, and what `maketrans` and `translate` need. Searching,
//! splitting, case and formatting have files of their own.

use super::{VALUE, codecs, made};
use crate::text::str_ops::{self, Translated};
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Dict, List, Str, TextBuilder, Tuple, release_backwards};
use crate::vm::ops::sequence::buffer;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The text of a str or of an instance of a subclass.
pub fn text(v: &Value) -> &str {
    v.as_str().unwrap_or_default()
}

fn is_text(v: &Value) -> bool {
    v.as_str().is_some()
}

super::comparison_methods!(is_text);

/// `str(object)`, `str(bytes, encoding, errors)`.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.str_.clone();
    let value: Value = if args[2].given().is_some() || args[3].given().is_some() {
        decode_argument(vm, &args[1], &args[2], &args[3])?
    } else {
        match args[1].given() {
            None => Value::str(""),
            Some(v) => vm.str(v)?.into(),
        }
    };
    made(vm, &args[0], &class, value)
}

fn decode_argument(vm: &mut Vm, object: &Value, encoding: &Value, errors: &Value) -> R {
    for (v, what) in [(encoding, "encoding"), (errors, "errors")] {
        // Unlike other functions this one calls None by the name of its class.
        if v.given().is_some_and(Value::is_none) {
            let message = format!("str() argument '{what}' must be str, not NoneType");
            return Err(vm.type_error(message));
        }
    }
    let encoding = codec_name(vm, encoding, "str", "encoding", "utf-8")?;
    let errors = codec_name(vm, errors, "str", "errors", "strict")?;
    let Some(object) = object.given() else {
        return Ok(Value::str(""));
    };
    match buffer(object) {
        // Nothing needs no codec.
        Some(bytes) if bytes.is_empty() => Ok(Value::str("")),
        Some(bytes) => codecs::decode(vm, &bytes, &encoding, &errors).map(Value::from),
        None if object.as_str().is_some() => Err(vm.type_error("decoding str is not supported")),
        None => {
            let class = vm.type_name(object);
            Err(vm.type_error(format!(
                "decoding to str: need a bytes-like object, {class} found"
            )))
        }
    }
}

/// The name of an encoding or error handler.
pub fn codec_name(vm: &mut Vm, v: &Value, function: &str, what: &str, default: &str) -> R<String> {
    match v.given() {
        None => Ok(default.to_string()),
        Some(v) => match v.as_str() {
            Some(name) => Ok(name.to_string()),
            None => {
                let class = vm.argument_type(v);
                Err(vm.type_error(format!(
                    "{function}() argument '{what}' must be str, not {class}"
                )))
            }
        },
    }
}

fn to_str(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].unwrapped())
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    let result = crate::vm::ops::sequence::concat(vm, &args[0].unwrapped(), &args[1])?;
    Ok(vm.or_not_implemented(result))
}

fn mul(vm: &mut Vm, args: &[Value]) -> R {
    super::list::repeat_method(vm, &args[0], &args[1])
}

fn modulo(vm: &mut Vm, args: &[Value]) -> R {
    crate::vm::ops::percent::format_str(vm, &args[0], &args[1])
}

fn rmodulo(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].as_str().is_none() {
        return Ok(vm.not_implemented());
    }
    crate::vm::ops::percent::format_str(vm, &args[1], &args[0])
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    let Some(spec) = args[1].as_str() else {
        let class = vm.argument_type(&args[1]);
        return Err(vm.type_error(format!("__format__() argument must be str, not {class}")));
    };
    if spec.is_empty() {
        return vm.str(&args[0]).map(Value::from);
    }
    let text = vm.format_builtin(&args[0].unwrapped(), &args[0], spec)?;
    Ok(Value::from(text.unwrap_or_default()))
}

fn encode(vm: &mut Vm, args: &[Value]) -> R {
    let encoding = codec_name(vm, &args[1], "encode", "encoding", "utf-8")?;
    let errors = codec_name(vm, &args[2], "encode", "errors", "strict")?;
    let bytes = codecs::encode(vm, text(&args[0]), &encoding, &errors)?;
    Ok(crate::vm::object::Bytes::value(bytes))
}

fn getnewargs(_: &mut Vm, args: &[Value]) -> R {
    Ok(Tuple::value([args[0].unwrapped()]))
}

fn sizeof(_: &mut Vm, args: &[Value]) -> R {
    let text = text(&args[0]);
    let width = text.chars().map(|c| match u32::from(c) {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    });
    let width = width.max().unwrap_or(1);
    let header = if text.is_ascii() { 41 } else { 57 };
    Ok(Value::from(header + width * text.chars().count()))
}

fn maketrans(vm: &mut Vm, args: &[Value]) -> R {
    let table = Dict::new();
    let Some(to) = args[1].given() else {
        let Some(map) = args[0].as_ref::<Dict>().cloned() else {
            return Err(
                vm.type_error("if you give only one argument to maketrans it must be a dict")
            );
        };
        return table_from_dict(vm, &table, &map);
    };
    let to = must_be_str(vm, to, "maketrans", 2)?;
    if let Some(gone) = args[2].given() {
        must_be_str(vm, gone, "maketrans", 3)?;
    }
    let Some(from) = args[0].as_str() else {
        return Err(vm.type_error(
            "first maketrans argument must be a string if there is a second argument",
        ));
    };
    if from.chars().count() != to.chars().count() {
        return Err(vm.value_error("the first two maketrans arguments must have equal length"));
    }
    for (a, b) in from.chars().zip(to.chars()) {
        let (a, b) = (
            Value::Int(u32::from(a).into()),
            Value::Int(u32::from(b).into()),
        );
        vm.dict_set(&table, &a, b)?;
    }
    if let Some(gone) = args[2].given() {
        for c in must_be_str(vm, gone, "maketrans", 3)?.chars() {
            vm.dict_set(&table, &Value::Int(u32::from(c).into()), Value::None)?;
        }
    }
    Ok(table.into())
}

fn table_from_dict(vm: &mut Vm, table: &Ref<Dict>, map: &Ref<Dict>) -> R {
    let entries: Vec<(Value, Value)> = {
        let map = map.map.borrow();
        map.iter()
            .map(|e| (e.key.clone(), e.value.clone()))
            .collect()
    };
    for (key, value) in entries {
        let key = match key.as_str() {
            Some(s) => {
                let mut chars = s.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => Value::Int(u32::from(c).into()),
                    _ => {
                        return Err(
                            vm.value_error("string keys in translate table must be of length 1")
                        );
                    }
                }
            }
            None if key.as_bigint().is_some() => key,
            None => {
                return Err(vm.type_error("keys in translate table must be strings or integers"));
            }
        };
        vm.dict_set(table, &key, value)?;
    }
    Ok(table.clone().into())
}

/// A str argument: TypeError "f() argument n must be str, not int".
pub fn must_be_str<'a>(vm: &mut Vm, v: &'a Value, function: &str, n: usize) -> R<&'a str> {
    match v.as_str() {
        Some(text) => Ok(text),
        None => {
            let class = vm.argument_type(v);
            Err(vm.type_error(format!(
                "{function}() argument {n} must be str, not {class}"
            )))
        }
    }
}

fn translate(vm: &mut Vm, args: &[Value]) -> R {
    let source = text(&args[0]).to_string();
    let result = str_ops::translate(&source, |c| translated(vm, &args[1], c))?;
    Ok(Value::from(result))
}

fn translated(vm: &mut Vm, table: &Value, c: char) -> R<Translated> {
    let found = match vm.get_item(table, &Value::Int(u32::from(c).into())) {
        Ok(found) => found,
        Err(raise) => {
            let class = vm.exc.lookup_error.clone();
            vm.catch(raise, &class)?;
            return Ok(Translated::Keep);
        }
    };
    if found.is_none() {
        return Ok(Translated::Drop);
    }
    if let Some(text) = found.as_str() {
        return Ok(Translated::Text(text.to_string()));
    }
    if found.as_bigint().is_none() {
        return Err(vm.type_error("character mapping must return integer, None or str"));
    }
    let code = found.as_i64().and_then(|i| u32::try_from(i).ok());
    match code.and_then(char::from_u32) {
        Some(c) => Ok(Translated::Char(c)),
        None => Err(vm.value_error("character mapping must be in range(0x110000)")),
    }
}

fn join(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(list) = args[1].downcast::<List>() {
        // Nothing but text is looked at, so that no bytecode can change the list meanwhile.
        if let Some(joined) = join_strings(&args[0], &list.items.borrow()) {
            return Ok(joined);
        }
    }
    let items = match vm.iter_opt(&args[1])? {
        Some(_) => vm.collect(&args[1])?,
        None => return Err(vm.type_error("can only join an iterable")),
    };
    let joined = join_strings(&args[0], &items).ok_or_else(|| {
        let wrong = items.iter().position(|item| item.as_str().is_none());
        let i = wrong.unwrap_or_default();
        let class = vm.type_name(items.get(i).unwrap_or(&Value::None));
        vm.type_error(format!(
            "sequence item {i}: expected str instance, {class} found"
        ))
    });
    release_backwards(items);
    joined
}

/// Strings with one between them; `None` if some are none.
fn join_strings(separator: &Value, items: &[Value]) -> Option<Value> {
    if let [one] = items
        && one.downcast::<Str>().is_some()
    {
        return Some(one.clone());
    }
    let between = text(separator).len() * items.len().saturating_sub(1);
    let mut len = between;
    for item in items {
        len += item.as_str()?.len();
    }
    let mut out = TextBuilder::with_capacity(len);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            push(&mut out, separator);
        }
        push(&mut out, item);
    }
    Some(out.finish().into())
}

fn push(out: &mut TextBuilder, v: &Value) {
    match v.downcast::<Str>() {
        Some(s) => out.push_text(s),
        None => out.push_str(text(v)),
    }
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, object='', encoding='utf-8', errors='strict')", new),
    super::GETITEM,
    NativeDef::new("__str__", "(self, /)", to_str, "Return str(self)."),
    NativeDef::new("__add__", "(self, value, /)", add, "Return self+value."),
    NativeDef::new("__mul__", "(self, value, /)", mul, "Return self*value."),
    NativeDef::new("__rmul__", "(self, value, /)", mul, "Return value*self."),
    NativeDef::new("__mod__", "(self, value, /)", modulo, "Return self%value."),
    NativeDef::new(
        "__rmod__",
        "(self, value, /)",
        rmodulo,
        "Return value%self.",
    ),
    NativeDef::new(
        "__format__",
        "(self, format_spec, /)",
        format,
        "Lay the text out as the format spec says.",
    ),
    NativeDef::new(
        "__getnewargs__",
        "(self, /)",
        getnewargs,
        "Arguments to make a copy with.",
    ),
    NativeDef::new(
        "__sizeof__",
        "(self, /)",
        sizeof,
        "Size in memory, in bytes.",
    ),
    NativeDef::new(
        "encode",
        "(self, /, encoding='utf-8', errors='strict')",
        encode,
        "The text as bytes in an encoding.",
    ),
    NativeDef::new(
        "join",
        "(self, iterable, /)",
        join,
        "The strings of the iterable with this one between them.",
    ),
    NativeDef::new(
        "translate",
        "(self, table, /)",
        translate,
        "Each character replaced as the table says.",
    ),
    NativeDef::new(
        "maketrans",
        "(x, y=None, z=None, /)",
        maketrans,
        "A table for translate.",
    )
    .fixed(),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.str_.clone();
    vm.extend_class(&class, super::CONTAINER, &[]);
    vm.extend_class(&class, VALUE, &[]);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, METHODS, &[]);
    vm.extend_class(&class, super::str_methods::METHODS, &[]);
    vm.extend_class(&class, super::str_search::METHODS, &[]);
    vm.extend_class(&class, super::str_format::METHODS, &[]);
}
