//! Sorting: stable, by `<` only. Keys that are all ints, floats, strings, or tuples of such in
//! equal columns, are ordered without asking the VM; others by CPython's own order of comparisons
//! (see `timsort`).

use super::list::less;
use super::timsort;
use crate::vm::object::{Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cmp::Ordering;

/// Sorts values in place. After an error they are all still there, in some order.
pub fn sort_values(
    vm: &mut Vm,
    items: &mut Vec<Value>,
    key: Option<&Value>,
    reverse: bool,
) -> R<()> {
    if key.is_none() && sort_ints(items, reverse) {
        return Ok(());
    }
    let keys = match key {
        Some(key) => Some(keys_of(vm, items, key)?),
        None => None,
    };
    let Ok(count) = u32::try_from(items.len()) else {
        return Err(vm.out_of_memory());
    };
    // Stability in the other direction: turn around, sort, turn around.
    let mut order: Vec<u32> = (0..count).collect();
    if reverse {
        order.reverse();
    }
    let result = sort_order(vm, &mut order, keys.as_deref().unwrap_or(items));
    if reverse {
        order.reverse();
    }
    let mut old = std::mem::take(items);
    let place = |i: u32| old.get_mut(i as usize).map(std::mem::take);
    *items = order.into_iter().filter_map(place).collect();
    result
}

fn keys_of(vm: &mut Vm, items: &[Value], key: &Value) -> R<Vec<Value>> {
    let mut keys = Vec::with_capacity(items.len());
    for item in items {
        keys.push(vm.call(key, std::slice::from_ref(item))?);
    }
    Ok(keys)
}

/// Sorts a list that holds nothing but ints; false if there is something else in it. Equal ints
/// cannot be told from each other.
fn sort_ints(items: &mut [Value], reverse: bool) -> bool {
    let int = |v: &Value| match v {
        Value::Int(i) => Some(*i),
        _ => None,
    };
    let Some(mut ints) = items.iter().map(int).collect::<Option<Vec<i64>>>() else {
        return false;
    };
    ints.sort();
    if reverse {
        ints.reverse();
    }
    for (place, i) in items.iter_mut().zip(ints) {
        *place = Value::Int(i);
    }
    true
}

/// Sorts numbers of keys.
fn sort_order(vm: &mut Vm, order: &mut [u32], keys: &[Value]) -> R<()> {
    let none = &Value::Undef;
    let key = |i: u32| keys.get(i as usize).unwrap_or(none);
    if !are_plain(keys) {
        return timsort::sort(order, |i, j| less(vm, key(i), key(j)));
    }
    // Most comparisons are decided without looking at the keys.
    let mut ranked: Vec<(u64, u32)> = order.iter().map(|i| (rank(key(*i)), *i)).collect();
    ranked.sort_by(|(x, i), (y, j)| x.cmp(y).then_with(|| compare(key(*i), key(*j))));
    for (place, (_, i)) in order.iter_mut().zip(ranked) {
        *place = i;
    }
    Ok(())
}

/// What is compared without the VM.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    Int,
    /// Not a NaN, which has no place in an order.
    Float,
    Str,
}

fn plain(v: &Value) -> Option<Plain> {
    match v {
        Value::Int(_) => Some(Plain::Int),
        Value::Float(f) if !f.get().is_nan() => Some(Plain::Float),
        Value::Obj(o) => o.downcast::<Str>().map(|_| Plain::Str),
        _ => None,
    }
}

/// All keys are of one plain type, or tuples whose items at one place are.
fn are_plain(keys: &[Value]) -> bool {
    let Some(first) = keys.first() else {
        return true;
    };
    if let Some(kind) = plain(first) {
        return keys.iter().all(|k| plain(k) == Some(kind));
    }
    let mut columns: Vec<Plain> = Vec::new();
    keys.iter().all(|k| {
        k.as_ref::<Tuple>().is_some_and(|tuple| {
            tuple.items().iter().enumerate().all(|(at, item)| {
                let kind = plain(item);
                match columns.get(at) {
                    Some(column) => kind == Some(*column),
                    None => {
                        columns.extend(kind);
                        kind.is_some()
                    }
                }
            })
        })
    })
}

/// A number that is less, or the same, where the key is less.
fn rank(key: &Value) -> u64 {
    const SIGN: u64 = 1 << 63;
    match key {
        Value::Int(i) => *i as u64 ^ SIGN,
        Value::Float(f) => {
            // Both zeros are equal.
            let bits = (f.get() + 0.0).to_bits();
            if bits & SIGN == 0 { bits ^ SIGN } else { !bits }
        }
        Value::Obj(o) => match (o.downcast::<Str>(), o.as_ref::<Tuple>()) {
            (Some(s), _) => {
                let mut head = [0; 8];
                for (place, byte) in head.iter_mut().zip(s.as_str().bytes()) {
                    *place = byte;
                }
                u64::from_be_bytes(head)
            }
            (_, Some(tuple)) => tuple.items().first().map_or(0, rank),
            _ => 0,
        },
        _ => 0,
    }
}

/// The order of two plain keys of one type.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => x.cmp(y),
        (Value::Float(x), Value::Float(y)) => {
            x.get().partial_cmp(&y.get()).unwrap_or(Ordering::Equal)
        }
        (Value::Obj(x), Value::Obj(y)) => {
            if let (Some(s), Some(t)) = (x.downcast::<Str>(), y.downcast::<Str>()) {
                return s.as_str().cmp(t.as_str());
            }
            let (Some(s), Some(t)) = (x.as_ref::<Tuple>(), y.as_ref::<Tuple>()) else {
                return Ordering::Equal;
            };
            let (s, t) = (s.items(), t.items());
            let differ = s.iter().zip(t).map(|(x, y)| compare(x, y));
            let decided = differ.into_iter().find(|order| order.is_ne());
            decided.unwrap_or_else(|| s.len().cmp(&t.len()))
        }
        _ => Ordering::Equal,
    }
}
