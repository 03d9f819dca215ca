//! Concatenation, repetition and in-place change of the built-in containers.

use super::arith::Arith;
use super::sets;
use crate::vm::heap::Ref;
use crate::vm::object::{
    ByteArray, Bytes, Dict, Kind, List, Set, Str, TextBuilder, Tuple, release_backwards,
};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Longest sequence that can exist.
const MAX_LEN: u128 = (isize::MAX / 16) as u128;

/// `a + b` where `a` is exactly a built-in sequence; `None` if it is none, TypeError if `b` does
/// not go with it.
pub fn concat(vm: &mut Vm, a: &Value, b: &Value) -> R<Option<Value>> {
    let Some(kind) = a.kind() else {
        return Ok(None);
    };
    match kind {
        Kind::Str => match (a.downcast::<Str>(), b.payload::<Str>()) {
            (Some(s), Some(t)) => Ok(Some(Str::concat(s, &t).into())),
            _ => Err(cannot_concatenate(vm, "str", b)),
        },
        Kind::List => match (a.downcast::<List>(), b.payload::<List>()) {
            (Some(x), Some(y)) => {
                let (x, y) = (x.items.borrow(), y.items.borrow());
                let mut items = Vec::with_capacity(x.len() + y.len());
                items.extend_from_slice(&x);
                items.extend_from_slice(&y);
                Ok(Some(List::value(items)))
            }
            _ => Err(cannot_concatenate(vm, "list", b)),
        },
        Kind::Tuple => match (a.as_ref::<Tuple>(), b.payload::<Tuple>()) {
            (Some(x), Some(y)) => {
                if y.items().is_empty() {
                    return Ok(Some(a.clone()));
                }
                let items: Vec<Value> = x.items().iter().chain(y.items()).cloned().collect();
                Ok(Some(Tuple::value(items)))
            }
            _ => Err(cannot_concatenate(vm, "tuple", b)),
        },
        Kind::Bytes | Kind::ByteArray => match (buffer(a), buffer(b)) {
            (Some(mut x), Some(y)) => {
                x.extend_from_slice(&y);
                Ok(Some(bytes_like(kind, x)))
            }
            _ => {
                let (class, other) = (vm.type_name(a), vm.type_name(b));
                Err(vm.type_error(format!("can't concat {other} to {class}")))
            }
        },
        _ => Ok(None),
    }
}

/// As `concat`, of an instance of a subclass as well.
pub fn concat_named(vm: &mut Vm, a: &Value, b: &Value) -> R<Option<Value>> {
    let plain = a.unwrapped();
    check_bytes(vm, a, &plain, b)?;
    concat(vm, &plain, b)
}

/// As `in_place`, of an instance of a subclass as well, which is changed itself.
pub fn in_place_named(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R<Option<Value>> {
    let plain = a.unwrapped();
    if op == Arith::Add {
        check_bytes(vm, a, &plain, b)?;
    }
    let result = in_place(vm, op, &plain, b)?;
    Ok(result.map(|result| if result.is(&plain) { a.clone() } else { result }))
}

/// To bytes only bytes can be added: TypeError, which names the class of `a`.
fn check_bytes(vm: &mut Vm, a: &Value, plain: &Value, b: &Value) -> R<()> {
    let is_bytes = matches!(plain.kind(), Some(Kind::Bytes | Kind::ByteArray));
    if !is_bytes || buffer(b).is_some() {
        return Ok(());
    }
    let (class, other) = (vm.type_name(a), vm.type_name(b));
    Err(vm.type_error(format!("can't concat {other} to {class}")))
}

fn cannot_concatenate(vm: &mut Vm, class: &str, b: &Value) -> crate::vm::Raise {
    let other = vm.type_name(b);
    vm.type_error(format!(
        "can only concatenate {class} (not \"{other}\") to {class}"
    ))
}

/// A copy of the bytes of a bytes-like object.
pub fn buffer(v: &Value) -> Option<Vec<u8>> {
    if let Some(b) = v.payload::<Bytes>() {
        return Some(b.0.to_vec());
    }
    if let Some(b) = v.payload::<ByteArray>() {
        return Some(b.0.borrow().clone());
    }
    v.downcast::<crate::vm::object::Opaque>()
        .and_then(|o| o.data.bytes())
}

/// Bytes or a bytearray, as the kind says.
pub fn bytes_like(kind: Kind, bytes: Vec<u8>) -> Value {
    if kind == Kind::ByteArray {
        Ref::new(ByteArray(bytes.into(), 0.into())).into()
    } else {
        Bytes::value(bytes)
    }
}

fn is_sequence(v: &Value) -> bool {
    matches!(
        v.kind(),
        Some(Kind::Str | Kind::List | Kind::Tuple | Kind::Bytes | Kind::ByteArray)
    )
}

/// Whether a built-in value is of a type that has something of a sequence, but cannot be repeated.
pub fn is_other(v: &Value) -> bool {
    matches!(
        v.kind(),
        Some(Kind::Dict | Kind::Set | Kind::FrozenSet | Kind::Range)
    )
}

/// `a * b` where one is exactly a built-in sequence; `None` if neither is, TypeError if the
/// other is no int.
pub fn multiply(vm: &mut Vm, a: &Value, b: &Value) -> R<Option<Value>> {
    let (sequence, count) = if is_sequence(a) {
        (a, b)
    } else if is_sequence(b) {
        (b, a)
    } else {
        return Ok(None);
    };
    let n = repeat_count(vm, count)?;
    repeat(vm, sequence, n).map(Some)
}

fn repeat_count(vm: &mut Vm, count: &Value) -> R<usize> {
    let Some(n) = vm.index_opt(count)? else {
        let class = vm.type_name(count);
        return Err(vm.type_error(format!(
            "can't multiply sequence by non-int of type '{class}'"
        )));
    };
    let overflow = vm.exc.overflow_error.clone();
    let n = vm.index_sized(&n, &overflow)?;
    Ok(usize::try_from(n).unwrap_or(0))
}

/// A built-in sequence `n` times.
pub fn repeat(vm: &mut Vm, sequence: &Value, n: usize) -> R {
    if let Some(text) = sequence.as_str() {
        if text.len() as u128 * n as u128 > isize::MAX as u128 {
            return Err(vm.overflow_error("repeated string is too long"));
        }
        let bytes = text.len() * n;
        if bytes > TextBuilder::MOST || String::new().try_reserve_exact(bytes).is_err() {
            return Err(vm.out_of_memory());
        }
        let mut out = TextBuilder::with_capacity(bytes);
        (0..n).for_each(|_| out.push_str(text));
        return Ok(out.finish().into());
    }
    if let Some(list) = sequence.downcast::<List>() {
        let items = list.items.borrow().clone();
        return Ok(List::value(repeat_items(vm, &items, n)?));
    }
    if let Some(tuple) = sequence.as_ref::<Tuple>() {
        if n == 1 {
            return Ok(sequence.clone());
        }
        return Ok(Tuple::value(repeat_items(vm, tuple.items(), n)?));
    }
    let bytes = buffer(sequence).unwrap_or_default();
    if bytes.len() as u128 * n as u128 > isize::MAX as u128 {
        return Err(if sequence.kind() == Some(Kind::Bytes) {
            vm.overflow_error("repeated bytes are too long")
        } else {
            vm.out_of_memory()
        });
    }
    let mut out = Vec::new();
    if out.try_reserve_exact(bytes.len() * n).is_err() {
        return Err(vm.out_of_memory());
    }
    (0..n).for_each(|_| out.extend_from_slice(&bytes));
    Ok(bytes_like(sequence.kind().unwrap_or(Kind::Bytes), out))
}

fn repeat_items(vm: &mut Vm, items: &[Value], n: usize) -> R<Vec<Value>> {
    let mut out = Vec::new();
    if items.is_empty() {
        return Ok(out);
    }
    if items.len() as u128 * n as u128 > MAX_LEN || out.try_reserve_exact(items.len() * n).is_err()
    {
        return Err(vm.out_of_memory());
    }
    if let [one] = items {
        out.resize(n, one.clone());
        return Ok(out);
    }
    (0..n).for_each(|_| out.extend_from_slice(items));
    Ok(out)
}

/// `a op= b` of a container that changes itself; `None` if it does not.
pub fn in_place(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R<Option<Value>> {
    match (a.kind(), op) {
        (Some(Kind::List), Arith::Add) => {
            if let Some(list) = a.as_ref::<List>() {
                extend(vm, list, b)?;
            }
        }
        (Some(Kind::List), Arith::Mul) => {
            let n = repeat_count(vm, b)?;
            if let Some(list) = a.as_ref::<List>() {
                let items = list.items.borrow().clone();
                let repeated = repeat_items(vm, &items, n)?;
                let old = list.items.replace(repeated);
                drop(old);
                release_backwards(items);
            }
        }
        (Some(Kind::ByteArray), Arith::Add) => {
            let Some(more) = buffer(b) else {
                let other = vm.type_name(b);
                return Err(vm.type_error(format!("can't concat {other} to bytearray")));
            };
            if let Some(array) = a.downcast::<ByteArray>() {
                vm.check_resizable(array, more.len(), 0)?;
                array.0.borrow_mut().extend_from_slice(&more);
            }
        }
        (Some(Kind::ByteArray), Arith::Mul) => {
            let n = repeat_count(vm, b)?;
            let bytes = repeat(vm, a, n)?;
            if let (Some(array), Some(new)) = (a.downcast::<ByteArray>(), buffer(&bytes)) {
                let len = array.0.borrow().len();
                vm.check_resizable(array, new.len(), len)?;
                *array.0.borrow_mut() = new;
            }
        }
        (Some(Kind::Dict), Arith::Or) => {
            if let Some(dict) = a.as_ref::<Dict>() {
                vm.dict_update(dict, b)?;
            }
        }
        (Some(Kind::Set), Arith::Sub | Arith::And | Arith::Or | Arith::Xor) => {
            match (a.as_ref::<Set>(), sets::map_of(b)) {
                (Some(set), Some(other)) => sets::update(vm, op, set, &other)?,
                _ => return Ok(None),
            }
        }
        _ => return Ok(None),
    }
    Ok(Some(a.clone()))
}

/// `list.extend`.
pub fn extend(vm: &mut Vm, list: &Ref<List>, from: &Value) -> R<()> {
    match from.kind() {
        Some(Kind::List | Kind::Tuple | Kind::Dict | Kind::Set | Kind::Str | Kind::Range) => {
            let more = vm.collect(from)?;
            list.items.borrow_mut().extend(more);
            Ok(())
        }
        _ => {
            // What came before an error stays, as in CPython.
            let iterator = vm.iter(from)?;
            vm.length_hint(from)?;
            while let Some(item) = vm.next(&iterator)? {
                list.items.borrow_mut().push(item);
            }
            Ok(())
        }
    }
}
