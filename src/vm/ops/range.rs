//! What a range contains: lengths, items and membership, for ints of any size.

use super::number;
use crate::vm::heap::Ref;
use crate::vm::object::Range;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};

/// A range from ints; the step is not zero.
pub fn make(start: Value, stop: Value, step: Value) -> Ref<Range> {
    let len = length(&start, &stop, &step);
    Ref::new(Range {
        start,
        stop,
        step,
        len,
    })
}

/// Number of items of a range; `None` if it is more than an `i64` holds.
pub fn count(start: i64, stop: i64, step: i64) -> Option<i64> {
    let (from, to) = if step > 0 {
        (start, stop)
    } else {
        (stop, start)
    };
    if from >= to || step == 0 {
        return Some(0);
    }
    // The difference may be twice as large as an `i64`.
    let distance = to.wrapping_sub(from) as u64;
    let n = match step.unsigned_abs() {
        1 => distance,
        step => (distance - 1) / step + 1,
    };
    i64::try_from(n).ok()
}

fn length(start: &Value, stop: &Value, step: &Value) -> Value {
    if let (Value::Int(start), Value::Int(stop), Value::Int(step)) = (start, stop, step)
        && let Some(n) = count(*start, *stop, *step)
    {
        return Value::Int(n);
    }
    let (start, stop, step) = (big(start), big(stop), big(step));
    let distance = if step.is_positive() {
        stop - start
    } else {
        start - stop
    };
    if !distance.is_positive() || step.is_zero() {
        return Value::Int(0);
    }
    Value::bigint((distance - BigInt::one()) / step.abs() + BigInt::one())
}

fn big(v: &Value) -> BigInt {
    v.as_bigint().unwrap_or_default()
}

/// The item at an index that is in range.
pub fn item(range: &Range, index: &Value) -> Value {
    if let (Value::Int(start), Value::Int(step), Value::Int(i)) = (&range.start, &range.step, index)
        && let Some(found) = i.checked_mul(*step).and_then(|d| d.checked_add(*start))
    {
        return Value::Int(found);
    }
    Value::bigint(big(&range.start) + big(index) * big(&range.step))
}

/// `range[index]`.
pub fn get(vm: &mut Vm, range: &Range, index: &Value) -> R {
    let mut i = big(index);
    let len = big(&range.len);
    if i.is_negative() {
        i += &len;
    }
    if i.is_negative() || i >= len {
        return Err(vm.index_error("range object index out of range"));
    }
    Ok(item(range, &Value::bigint(i)))
}

/// Where an int stands in a range.
pub fn position(range: &Range, v: &Value) -> Option<Value> {
    if let (Value::Int(start), Value::Int(step), Value::Int(x), Value::Int(len)) =
        (&range.start, &range.step, v, &range.len)
    {
        let distance = i128::from(*x) - i128::from(*start);
        let step = i128::from(*step);
        if distance % step != 0 {
            return None;
        }
        let i = distance / step;
        return (0..i128::from(*len))
            .contains(&i)
            .then(|| Value::Int(i as i64));
    }
    let distance = big(v) - big(&range.start);
    let (i, rest) = distance.div_rem(&big(&range.step));
    let inside = rest.is_zero() && !i.is_negative() && i < big(&range.len);
    inside.then(|| Value::bigint(i))
}

/// `v in range`.
pub fn contains(vm: &mut Vm, range: &Range, v: &Value) -> R<bool> {
    if super::arith::is_int(v) {
        return Ok(position(range, &int_of(v)).is_some());
    }
    if let Some(number::Num::Float(f)) = number::num(v) {
        // No item is equal to a fraction, and an integral float is equal to its int.
        return Ok(match crate::text::float::to_integer(f) {
            Ok(n) if f.fract() == 0.0 => position(range, &n.into()).is_some(),
            _ => false,
        });
    }
    search(vm, range, v).map(|found| found.is_some())
}

/// Looks for an object that may have its own idea of equality.
pub fn search(vm: &mut Vm, range: &Range, v: &Value) -> R<Option<Value>> {
    let len = range.len.as_i64().unwrap_or(i64::MAX);
    for i in 0..len {
        let index = Value::Int(i);
        if vm.equal(&item(range, &index), v)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// A bool as the int it is.
pub fn int_of(v: &Value) -> Value {
    match v {
        Value::True => Value::Int(1),
        Value::False => Value::Int(0),
        other => other.clone(),
    }
}

/// Whether two ranges have the same items.
pub fn equal(a: &Range, b: &Range) -> bool {
    let same = |x: &Value, y: &Value| crate::vm::compare_pure::equal_pure(x, y) == Some(true);
    if !same(&a.len, &b.len) {
        return false;
    }
    match &a.len {
        Value::Int(0) => true,
        Value::Int(1) => same(&a.start, &b.start),
        _ => same(&a.start, &b.start) && same(&a.step, &b.step),
    }
}

/// `range[slice]`, from the bounds that `slice.indices` gives for its length.
pub fn slice(range: &Range, start: &Value, stop: &Value, step: &Value) -> Value {
    let at = |i: &Value| Value::bigint(big(&range.start) + big(i) * big(&range.step));
    let step = Value::bigint(big(&range.step) * big(step));
    make(at(start), at(stop), step).into()
}
