//! `bytes` and `bytearray`: searching and splitting.

use super::bytes_methods::{buffer_argument, like, own};
use crate::builtins::arguments::{bound, flag, limit};
use crate::text::bytes_ops;
use crate::vm::native::NativeDef;
use crate::vm::object::{ByteArray, List, Tuple};
use crate::vm::ops::sequence::buffer;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// What is searched: bytes, or one byte as an int.
fn needle(vm: &mut Vm, v: &Value) -> R<Vec<u8>> {
    if let Some(bytes) = buffer(v) {
        return Ok(bytes);
    }
    match vm.index_opt(v)? {
        Some(n) => Ok(vec![vm.byte(&n, "byte")?]),
        None => {
            let class = vm.type_name(v);
            Err(vm.type_error(format!(
                "argument should be integer or bytes-like object, not '{class}'"
            )))
        }
    }
}

type Search = fn(&[u8], &[u8], Option<i64>, Option<i64>) -> Option<usize>;

fn search(vm: &mut Vm, args: &[Value], with: Search) -> R<Option<usize>> {
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    let part = needle(vm, &args[1])?;
    Ok(with(&own(&args[0]), &part, start, end))
}

fn or_minus_one(found: Option<usize>) -> Value {
    found.map_or(Value::Int(-1), Value::from)
}

fn or_error(vm: &mut Vm, found: Option<usize>) -> R {
    found
        .map(Value::from)
        .ok_or_else(|| vm.value_error("subsection not found"))
}

fn find(vm: &mut Vm, args: &[Value]) -> R {
    search(vm, args, bytes_ops::find).map(or_minus_one)
}

fn rfind(vm: &mut Vm, args: &[Value]) -> R {
    search(vm, args, bytes_ops::rfind).map(or_minus_one)
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let found = search(vm, args, bytes_ops::find)?;
    or_error(vm, found)
}

fn rindex(vm: &mut Vm, args: &[Value]) -> R {
    let found = search(vm, args, bytes_ops::rfind)?;
    or_error(vm, found)
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    let part = needle(vm, &args[1])?;
    Ok(Value::from(bytes_ops::count(
        &own(&args[0]),
        &part,
        start,
        end,
    )))
}

type Affix = fn(&[u8], &[u8], Option<i64>, Option<i64>) -> bool;

fn affix(vm: &mut Vm, args: &[Value], name: &str, with: Affix) -> R {
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    let whole = own(&args[0]);
    if let Some(part) = buffer(&args[1]) {
        return Ok(Value::bool(with(&whole, &part, start, end)));
    }
    let Some(parts) = args[1].payload::<Tuple>() else {
        let class = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "{name} first arg must be bytes or a tuple of bytes, not {class}"
        )));
    };
    for part in parts.items() {
        if with(&whole, &buffer_argument(vm, part)?, start, end) {
            return Ok(Value::True);
        }
    }
    Ok(Value::False)
}

fn startswith(vm: &mut Vm, args: &[Value]) -> R {
    affix(vm, args, "startswith", bytes_ops::starts_with)
}

fn endswith(vm: &mut Vm, args: &[Value]) -> R {
    affix(vm, args, "endswith", bytes_ops::ends_with)
}

fn list(this: &Value, parts: Vec<&[u8]>) -> Value {
    List::value(parts.into_iter().map(|p| like(this, p)).collect())
}

fn separator(vm: &mut Vm, v: &Value) -> R<Option<Vec<u8>>> {
    match v.given().filter(|v| !v.is_none()) {
        None => Ok(None),
        Some(v) => {
            let sep = buffer_argument(vm, v)?;
            if sep.is_empty() {
                return Err(vm.value_error("empty separator"));
            }
            Ok(Some(sep))
        }
    }
}

fn split(vm: &mut Vm, args: &[Value]) -> R {
    let max = limit(vm, &args[2])?;
    let whole = own(&args[0]);
    Ok(match separator(vm, &args[1])? {
        None => list(&args[0], bytes_ops::split_whitespace(&whole, max)),
        Some(sep) => list(
            &args[0],
            bytes_ops::split(&whole, &sep, max).unwrap_or_default(),
        ),
    })
}

fn rsplit(vm: &mut Vm, args: &[Value]) -> R {
    let max = limit(vm, &args[2])?;
    let whole = own(&args[0]);
    Ok(match separator(vm, &args[1])? {
        None => list(&args[0], bytes_ops::rsplit_whitespace(&whole, max)),
        Some(sep) => list(
            &args[0],
            bytes_ops::rsplit(&whole, &sep, max).unwrap_or_default(),
        ),
    })
}

fn splitlines(vm: &mut Vm, args: &[Value]) -> R {
    let keep = flag(vm, &args[1])?;
    Ok(list(&args[0], bytes_ops::splitlines(&own(&args[0]), keep)))
}

fn partition_with(
    vm: &mut Vm,
    args: &[Value],
    last: bool,
    with: fn(&[u8], &[u8]) -> Option<Parts>,
) -> R {
    let sep = buffer_argument(vm, &args[1])?;
    if sep.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    let whole = own(&args[0]);
    if let Some((a, b, c)) = with(&whole, &sep).filter(|(_, found, _)| !found.is_empty()) {
        return Ok(Tuple::value([a, b, c].map(|p| like(&args[0], p))));
    }
    // What has no separator is itself a part, a bytearray a copy of it.
    let itself = match args[0].payload::<ByteArray>() {
        Some(_) => like(&args[0], whole),
        None => args[0].clone(),
    };
    let nothing = || like(&args[0], Vec::new());
    Ok(Tuple::value(match last {
        true => [nothing(), nothing(), itself],
        false => [itself, nothing(), nothing()],
    }))
}

type Parts = (Vec<u8>, Vec<u8>, Vec<u8>);

fn owned((a, b, c): (&[u8], &[u8], &[u8])) -> Parts {
    (a.to_vec(), b.to_vec(), c.to_vec())
}

fn partition(vm: &mut Vm, args: &[Value]) -> R {
    partition_with(vm, args, false, |b, s| {
        bytes_ops::partition(b, s).map(owned)
    })
}

fn rpartition(vm: &mut Vm, args: &[Value]) -> R {
    partition_with(vm, args, true, |b, s| {
        bytes_ops::rpartition(b, s).map(owned)
    })
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
        "Whether the bytes begin so.",
    ),
    NativeDef::new(
        "endswith",
        "(self, suffix, start=None, end=None, /)",
        endswith,
        "Whether the bytes end so.",
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
