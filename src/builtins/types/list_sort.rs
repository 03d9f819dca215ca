//! Sorting: stable, by `<` only. Lists of plain ints, floats or strings are compared directly;
//! others by CPython's own order of comparisons for runs that are short.

use super::list::less;
use crate::vm::object::Str;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cmp::Ordering;

/// Runs shorter than this are sorted by binary insertion.
const MIN_RUN: usize = 64;

/// An item with the key it is sorted by.
type Keyed = (Value, Value);

/// Sorts values in place. After an error they are all still there, in some order.
pub fn sort_values(
    vm: &mut Vm,
    items: &mut Vec<Value>,
    key: Option<&Value>,
    reverse: bool,
) -> R<()> {
    // Stability in the other direction: turn around, sort, turn around.
    if reverse {
        items.reverse();
    }
    let result = match key {
        None => sort_plain(vm, items),
        Some(key) => sort_keyed(vm, items, key),
    };
    if reverse {
        items.reverse();
    }
    result
}

fn sort_plain(vm: &mut Vm, items: &mut [Value]) -> R<()> {
    if let Some(order) = direct_order(items.iter()) {
        items.sort_by(order);
        return Ok(());
    }
    merge_sort(vm, items, &|v| v)
}

fn sort_keyed(vm: &mut Vm, items: &mut Vec<Value>, key: &Value) -> R<()> {
    let mut keyed: Vec<Keyed> = Vec::with_capacity(items.len());
    for item in items.iter() {
        let k = vm.call(key, std::slice::from_ref(item))?;
        keyed.push((k, item.clone()));
    }
    let result = match direct_order(keyed.iter().map(|(k, _)| k)) {
        Some(order) => {
            keyed.sort_by(|a, b| order(&a.0, &b.0));
            Ok(())
        }
        None => merge_sort(vm, &mut keyed, &|pair| &pair.0),
    };
    *items = keyed.into_iter().map(|(_, item)| item).collect();
    result
}

/// How to compare keys that are all of one plain type; `None` if they are not.
fn direct_order<'a>(
    mut keys: impl Iterator<Item = &'a Value>,
) -> Option<fn(&Value, &Value) -> Ordering> {
    match keys.next()? {
        Value::Int(_) => keys
            .all(|k| matches!(k, Value::Int(_)))
            .then_some(compare_ints as fn(&Value, &Value) -> Ordering),
        Value::Float(f) if !f.get().is_nan() => keys
            .all(|k| matches!(k, Value::Float(f) if !f.get().is_nan()))
            .then_some(compare_floats as fn(&Value, &Value) -> Ordering),
        first if first.downcast::<Str>().is_some() => keys
            .all(|k| k.downcast::<Str>().is_some())
            .then_some(compare_strings as fn(&Value, &Value) -> Ordering),
        _ => None,
    }
}

fn compare_ints(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => x.cmp(y),
        _ => Ordering::Equal,
    }
}

fn compare_floats(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Float(x), Value::Float(y)) => {
            x.get().partial_cmp(&y.get()).unwrap_or(Ordering::Equal)
        }
        _ => Ordering::Equal,
    }
}

fn compare_strings(a: &Value, b: &Value) -> Ordering {
    a.as_str().cmp(&b.as_str())
}

/// Sorts by finding natural runs, making short ones longer by insertion, and merging.
fn merge_sort<T: Default>(vm: &mut Vm, items: &mut [T], key: &impl Fn(&T) -> &Value) -> R<()> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let min_run = min_run(items.len());
    let mut at = 0;
    while at < items.len() {
        let rest = items.get_mut(at..).unwrap_or(&mut []);
        let mut run = count_run(vm, rest, key)?;
        if run < min_run {
            let wanted = min_run.min(rest.len());
            let part = rest.get_mut(..wanted).unwrap_or(&mut []);
            insertion_sort(vm, part, run, key)?;
            run = wanted;
        }
        runs.push((at, run));
        at += run;
        while needs_merge(&runs) {
            let i = merge_place(&runs);
            merge_at(vm, items, &mut runs, i, key)?;
        }
    }
    while runs.len() > 1 {
        let mut i = runs.len() - 2;
        if i > 0 && len_at(&runs, i - 1) < len_at(&runs, i + 1) {
            i -= 1;
        }
        merge_at(vm, items, &mut runs, i, key)?;
    }
    Ok(())
}

/// A run length such that the number of runs is close to a power of two.
fn min_run(mut n: usize) -> usize {
    let mut odd = 0;
    while n >= MIN_RUN {
        odd |= n & 1;
        n >>= 1;
    }
    n + odd
}

fn len_at(runs: &[(usize, usize)], i: usize) -> usize {
    runs.get(i).map_or(0, |r| r.1)
}

fn needs_merge(runs: &[(usize, usize)]) -> bool {
    let n = runs.len();
    if n < 2 {
        return false;
    }
    let (b, c) = (len_at(runs, n - 2), len_at(runs, n - 1));
    b <= c || (n >= 3 && len_at(runs, n - 3) <= b + c)
}

fn merge_place(runs: &[(usize, usize)]) -> usize {
    let n = runs.len();
    if n >= 3 && len_at(runs, n - 3) < len_at(runs, n - 1) {
        n - 3
    } else {
        n - 2
    }
}

/// Length of the run at the beginning; a descending one is turned around.
fn count_run<T>(vm: &mut Vm, items: &mut [T], key: &impl Fn(&T) -> &Value) -> R<usize> {
    let less_at = |vm: &mut Vm, items: &[T], i: usize, j: usize| match (items.get(i), items.get(j))
    {
        (Some(a), Some(b)) => less(vm, key(a), key(b)),
        _ => Ok(false),
    };
    let len = items.len();
    let mut n = 1;
    while n < len && !less_at(vm, items, n, n - 1)? {
        n += 1;
    }
    if n >= len {
        return Ok(len);
    }
    if n > 1 {
        if less_at(vm, items, 0, n - 1)? {
            return Ok(n);
        }
        // All equal so far: they end up in order again when the whole run is turned around.
        items[..n].reverse();
    }
    n += 1;
    let mut equal = 0;
    while n < len {
        if less_at(vm, items, n, n - 1)? {
            if equal > 0 {
                items[n - 1 - equal..n].reverse();
                equal = 0;
            }
        } else if less_at(vm, items, n - 1, n)? {
            break;
        } else {
            equal += 1;
        }
        n += 1;
    }
    if equal > 0 {
        items[n - 1 - equal..n].reverse();
    }
    items[..n].reverse();
    // Now that it ascends, it may go on.
    while n < len && !less_at(vm, items, n, n - 1)? {
        n += 1;
    }
    Ok(n)
}

/// Sorts when the first `sorted` items are in order already.
fn insertion_sort<T>(
    vm: &mut Vm,
    items: &mut [T],
    sorted: usize,
    key: &impl Fn(&T) -> &Value,
) -> R<()> {
    for start in sorted.max(1)..items.len() {
        let (mut left, mut right) = (0, start);
        while left < right {
            let middle = left + (right - left) / 2;
            let (Some(pivot), Some(other)) = (items.get(start), items.get(middle)) else {
                break;
            };
            if less(vm, key(pivot), key(other))? {
                right = middle;
            } else {
                left = middle + 1;
            }
        }
        if let Some(part) = items.get_mut(left..=start) {
            part.rotate_right(1);
        }
    }
    Ok(())
}

/// Merges the runs `i` and `i + 1`.
fn merge_at<T: Default>(
    vm: &mut Vm,
    items: &mut [T],
    runs: &mut Vec<(usize, usize)>,
    i: usize,
    key: &impl Fn(&T) -> &Value,
) -> R<()> {
    let (Some(&(start, a)), Some(&(_, b))) = (runs.get(i), runs.get(i + 1)) else {
        return Ok(());
    };
    runs.remove(i + 1);
    if let Some(run) = runs.get_mut(i) {
        run.1 = a + b;
    }
    let Some(part) = items.get_mut(start..start + a + b) else {
        return Ok(());
    };
    let mut taken = part.iter_mut().map(std::mem::take);
    let left: Vec<T> = taken.by_ref().take(a).collect();
    let right: Vec<T> = taken.collect();
    let (mut x, mut y) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut merged = Vec::with_capacity(a + b);
    let mut result = Ok(());
    while let (Some(p), Some(q)) = (x.peek(), y.peek()) {
        match less(vm, key(q), key(p)) {
            Ok(second) => merged.extend(if second { y.next() } else { x.next() }),
            Err(raise) => {
                result = Err(raise);
                break;
            }
        }
    }
    // Whatever happened, all items go back.
    merged.extend(x);
    merged.extend(y);
    for (place, item) in part.iter_mut().zip(merged) {
        *place = item;
    }
    result
}
