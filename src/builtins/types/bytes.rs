//! `bytes`, and how it and `bytearray` are made.

use super::str::codec_name;
use super::{CONTAINER, HASH, codecs, made};
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Bytes, Kind, Tuple};
use crate::vm::ops::arith::is_int;
use crate::vm::ops::sequence::buffer;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn is_bytes(v: &Value) -> bool {
    v.kind() == Some(Kind::Bytes)
}

super::comparison_methods!(is_bytes);

/// What `bytes(…)` and `bytearray(…)` are made from: source, encoding, errors. `byte` names one
/// byte in messages.
pub fn source_bytes(vm: &mut Vm, class: &str, args: &[Value], byte: &str) -> R<Vec<u8>> {
    let coded = args[1].given().is_some() || args[2].given().is_some();
    let encoding = codec_name(vm, &args[1], class, "encoding", "utf-8")?;
    let errors = codec_name(vm, &args[2], class, "errors", "strict")?;
    let Some(source) = args[0].given() else {
        return if coded {
            Err(vm.type_error("encoding without a string argument"))
        } else {
            Ok(Vec::new())
        };
    };
    if let Some(text) = source.as_str() {
        if args[1].given().is_none() {
            return Err(vm.type_error("string argument without an encoding"));
        }
        return codecs::encode(vm, text, &encoding, &errors);
    }
    if coded {
        return Err(vm.type_error("encoding without a string argument"));
    }
    if let Some(bytes) = buffer(source) {
        return Ok(bytes);
    }
    let name = vm.names.__bytes__.clone();
    if class == "bytes"
        && let Some(result) = vm.call_special(source, &name, &[])?
    {
        return match result.payload::<Bytes>() {
            Some(bytes) => Ok(bytes.0.to_vec()),
            None => {
                let got = vm.type_name(&result);
                Err(vm.type_error(format!("__bytes__ returned non-bytes (type {got})")))
            }
        };
    }
    // What a TypeError on the way leaves is something that cannot be converted.
    let n = size(vm, source);
    if let Some(n) = unless_type_error(vm, n)? {
        return zeros(vm, n);
    }
    let iterator = vm.iter_opt(source);
    let Some(iterator) = unless_type_error(vm, iterator)? else {
        let got = vm.type_name(source);
        return Err(vm.type_error(format!("cannot convert '{got}' object to {class}")));
    };
    if class == "bytes" {
        // CPython makes room for so many.
        vm.length_hint(source)?;
    }
    let mut bytes = Vec::new();
    vm.for_each(&iterator, |vm, item| {
        bytes.push(vm.byte(&item, byte)?);
        Ok(true)
    })?;
    Ok(bytes)
}

/// Nothing instead of a TypeError.
fn unless_type_error<T>(vm: &mut Vm, result: R<Option<T>>) -> R<Option<T>> {
    result.or_else(|raise| {
        let class = vm.exc.type_error.clone();
        vm.catch(raise, &class).map(|_| None)
    })
}

/// A number of zeros, if the source is an int.
fn size(vm: &mut Vm, source: &Value) -> R<Option<i64>> {
    let Some(n) = vm.index_opt(source)? else {
        return Ok(None);
    };
    debug_assert!(is_int(&n));
    let overflow = vm.exc.overflow_error.clone();
    vm.index_sized(&n, &overflow).map(Some)
}

fn zeros(vm: &mut Vm, n: i64) -> R<Vec<u8>> {
    let Ok(n) = usize::try_from(n) else {
        return Err(vm.value_error("negative count"));
    };
    let mut bytes = Vec::new();
    if n > isize::MAX as usize || bytes.try_reserve_exact(n).is_err() {
        return Err(vm.out_of_memory());
    }
    bytes.resize(n, 0);
    Ok(bytes)
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.bytes.clone();
    if args[1].kind() == Some(Kind::Bytes) && args[2].given().is_none() && args[3].given().is_none()
    {
        return made(vm, &args[0], &class, args[1].clone());
    }
    let bytes = source_bytes(vm, "bytes", &args[1..], "bytes")?;
    made(vm, &args[0], &class, Bytes::value(bytes))
}

fn this_bytes(v: &Value) -> Option<Ref<Bytes>> {
    v.payload::<Bytes>()
}

fn to_bytes(_: &mut Vm, args: &[Value]) -> R {
    Ok(this_bytes(&args[0]).map_or(Value::None, Value::from))
}

fn getnewargs(_: &mut Vm, args: &[Value]) -> R {
    Ok(Tuple::value([args[0].unwrapped()]))
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, source=b'', encoding='utf-8', errors='strict')", new),
    HASH,
    NativeDef::new("__bytes__", "(self, /)", to_bytes, "The bytes as such."),
    NativeDef::new(
        "__getnewargs__",
        "(self, /)",
        getnewargs,
        "Arguments to make a copy with.",
    ),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.bytes.clone();
    vm.extend_class(&class, CONTAINER, &[]);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, super::bytes_methods::METHODS, &[]);
    vm.extend_class(&class, super::bytes_search::METHODS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
