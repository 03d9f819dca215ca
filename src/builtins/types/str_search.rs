//! `str`: searching and splitting.

use super::str::{must_be_str, text};
use crate::builtins::arguments::{bound, flag, limit};
use crate::text::str_ops;
use crate::vm::native::NativeDef;
use crate::vm::object::{List, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

type Search = fn(&str, &str, Option<i64>, Option<i64>) -> Option<usize>;

fn search(vm: &mut Vm, args: &[Value], name: &str, with: Search) -> R<Option<usize>> {
    let part = must_be_str(vm, &args[1], name, 1)?;
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    Ok(with(text(&args[0]), part, start, end))
}

fn or_minus_one(found: Option<usize>) -> Value {
    found.map_or(Value::Int(-1), Value::from)
}

fn find(vm: &mut Vm, args: &[Value]) -> R {
    search(vm, args, "find", str_ops::find).map(or_minus_one)
}

fn rfind(vm: &mut Vm, args: &[Value]) -> R {
    search(vm, args, "rfind", str_ops::rfind).map(or_minus_one)
}

fn or_error(vm: &mut Vm, found: Option<usize>) -> R {
    found
        .map(Value::from)
        .ok_or_else(|| vm.value_error("substring not found"))
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let found = search(vm, args, "index", str_ops::find)?;
    or_error(vm, found)
}

fn rindex(vm: &mut Vm, args: &[Value]) -> R {
    let found = search(vm, args, "rindex", str_ops::rfind)?;
    or_error(vm, found)
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    let part = must_be_str(vm, &args[1], "count", 1)?;
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    Ok(Value::from(str_ops::count(
        text(&args[0]),
        part,
        start,
        end,
    )))
}

type Affix = fn(&str, &str, Option<i64>, Option<i64>) -> bool;

fn affix(vm: &mut Vm, args: &[Value], name: &str, with: Affix) -> R {
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    let whole = text(&args[0]);
    if let Some(part) = args[1].as_str() {
        return Ok(Value::bool(with(whole, part, start, end)));
    }
    let Some(parts) = args[1].payload::<Tuple>() else {
        let class = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "{name} first arg must be str or a tuple of str, not {class}"
        )));
    };
    for part in parts.items() {
        match part.as_str() {
            Some(part) if with(whole, part, start, end) => return Ok(Value::True),
            Some(_) => {}
            None => {
                let class = vm.type_name(part);
                return Err(vm.type_error(format!(
                    "tuple for {name} must only contain str, not {class}"
                )));
            }
        }
    }
    Ok(Value::False)
}

fn startswith(vm: &mut Vm, args: &[Value]) -> R {
    affix(vm, args, "startswith", str_ops::starts_with)
}

fn endswith(vm: &mut Vm, args: &[Value]) -> R {
    affix(vm, args, "endswith", str_ops::ends_with)
}

/// A list of parts of a text.
fn strings<'a>(whole: &Value, parts: impl IntoIterator<Item = &'a str>) -> Value {
    let parts = parts.into_iter();
    List::value(match whole.downcast::<Str>() {
        Some(whole) => parts.map(|p| Str::part_of(whole, p).into()).collect(),
        None => parts.map(Value::str).collect(),
    })
}

/// The separator of `split`, `None` for blanks.
fn separator<'a>(vm: &mut Vm, v: &'a Value) -> R<Option<&'a str>> {
    match v.given().filter(|v| !v.is_none()) {
        None => Ok(None),
        Some(v) => match v.as_str() {
            Some("") => Err(vm.value_error("empty separator")),
            Some(text) => Ok(Some(text)),
            None => {
                let class = vm.type_name(v);
                Err(vm.type_error(format!("must be str or None, not {class}")))
            }
        },
    }
}

fn split(vm: &mut Vm, args: &[Value]) -> R {
    let max = limit(vm, &args[2])?;
    let whole = text(&args[0]);
    Ok(match separator(vm, &args[1])? {
        None => strings(&args[0], str_ops::split_whitespace(whole, max)),
        Some(sep) => strings(
            &args[0],
            str_ops::split(whole, sep, max).unwrap_or_default(),
        ),
    })
}

fn rsplit(vm: &mut Vm, args: &[Value]) -> R {
    let max = limit(vm, &args[2])?;
    let whole = text(&args[0]);
    Ok(match separator(vm, &args[1])? {
        None => strings(&args[0], str_ops::rsplit_whitespace(whole, max)),
        Some(sep) => strings(
            &args[0],
            str_ops::rsplit(whole, sep, max).unwrap_or_default(),
        ),
    })
}

fn splitlines(vm: &mut Vm, args: &[Value]) -> R {
    let keep = flag(vm, &args[1])?;
    Ok(strings(&args[0], str_ops::splitlines(text(&args[0]), keep)))
}

fn middle<'a>(vm: &mut Vm, v: &'a Value) -> R<&'a str> {
    match v.as_str() {
        Some("") => Err(vm.value_error("empty separator")),
        Some(text) => Ok(text),
        None => {
            let class = vm.type_name(v);
            Err(vm.type_error(format!("must be str, not {class}")))
        }
    }
}

fn three(parts: Option<(&str, &str, &str)>) -> Value {
    let (a, b, c) = parts.unwrap_or_default();
    Tuple::value([Value::str(a), Value::str(b), Value::str(c)])
}

fn partition(vm: &mut Vm, args: &[Value]) -> R {
    let sep = middle(vm, &args[1])?;
    Ok(three(str_ops::partition(text(&args[0]), sep)))
}

fn rpartition(vm: &mut Vm, args: &[Value]) -> R {
    let sep = middle(vm, &args[1])?;
    Ok(three(str_ops::rpartition(text(&args[0]), sep)))
}

pub const METHODS: &[NativeDef] = &[
    NativeDef::new(
        "find",
        "(self, sub, start=None, end=None, /)",
        find,
        "Where the part first stands, or -1.",
    ),
    NativeDef::new(
        "rfind",
        "(self, sub, start=None, end=None, /)",
        rfind,
        "Where the part last stands, or -1.",
    ),
    NativeDef::new(
        "index",
        "(self, sub, start=None, end=None, /)",
        index,
        "Where the part first stands; ValueError if nowhere.",
    ),
    NativeDef::new(
        "rindex",
        "(self, sub, start=None, end=None, /)",
        rindex,
        "Where the part last stands; ValueError if nowhere.",
    ),
    NativeDef::new(
        "count",
        "(self, sub, start=None, end=None, /)",
        count,
        "How often the part occurs without overlap.",
    ),
    NativeDef::new(
        "startswith",
        "(self, prefix, start=None, end=None, /)",
        startswith,
        "Whether the text begins so.",
    ),
    NativeDef::new(
        "endswith",
        "(self, suffix, start=None, end=None, /)",
        endswith,
        "Whether the text ends so.",
    ),
    NativeDef::new(
        "split",
        "(self, /, sep=None, maxsplit=-1)",
        split,
        "The parts between separators, from the left.",
    ),
    NativeDef::new(
        "rsplit",
        "(self, /, sep=None, maxsplit=-1)",
        rsplit,
        "The parts between separators, from the right.",
    ),
    NativeDef::new(
        "splitlines",
        "(self, /, keepends=False)",
        splitlines,
        "The lines.",
    ),
    NativeDef::new(
        "partition",
        "(self, sep, /)",
        partition,
        "What stands before the first separator, the separator, and the rest.",
    ),
    NativeDef::new(
        "rpartition",
        "(self, sep, /)",
        rpartition,
        "What stands before the last separator, the separator, and the rest.",
    ),
];
