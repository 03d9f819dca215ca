//! `sum`, with compensated addition of floats; `all` and `any`.

use crate::vm::native::NativeDef;
use crate::vm::ops::arith::Arith;
use crate::vm::ops::number::{Num, num};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// A running sum. Plain ints and floats are added unboxed until something else comes.
enum Total {
    Int(i64),
    /// Neumaier's sum: the total and what rounding lost so far.
    Float(f64, f64),
    Complex((f64, f64), (f64, f64)),
    Any(Value),
}

impl Total {
    fn start(v: &Value) -> Total {
        match v {
            Value::Int(i) => Total::Int(*i),
            Value::Float(f) => Total::Float(f.get(), 0.0),
            _ => match num(v) {
                Some(Num::Complex(re, im)) => Total::Complex((re, 0.0), (im, 0.0)),
                _ => Total::Any(v.clone()),
            },
        }
    }

    fn value(self) -> Value {
        match self {
            Total::Int(i) => Value::Int(i),
            Total::Float(sum, lost) => Value::float(compensated(sum, lost)),
            Total::Complex(re, im) => {
                Value::complex(compensated(re.0, re.1), compensated(im.0, im.1))
            }
            Total::Any(v) => v,
        }
    }

    fn add(self, vm: &mut Vm, item: &Value) -> R<Total> {
        match (&self, item) {
            (Total::Int(sum), Value::Int(i)) => {
                if let Some(sum) = sum.checked_add(*i) {
                    return Ok(Total::Int(sum));
                }
            }
            (Total::Int(sum), Value::True) if *sum < i64::MAX => return Ok(Total::Int(sum + 1)),
            (Total::Int(_), Value::False) => return Ok(self),
            (Total::Float(sum, lost), Value::Float(f)) => {
                let (sum, lost) = neumaier((*sum, *lost), f.get());
                return Ok(Total::Float(sum, lost));
            }
            (Total::Float(sum, lost), Value::Int(i)) => {
                // As CPython: an int is added as it is, without compensation.
                return Ok(Total::Float(sum + *i as f64, *lost));
            }
            (Total::Complex(re, im), _) => {
                if let Some(next) = add_complex(*re, *im, item) {
                    return Ok(next);
                }
            }
            _ => {}
        }
        let sum = vm.arith(Arith::Add, &self.value(), item, false)?;
        Ok(match sum {
            Value::Int(_) | Value::Float(_) => Total::start(&sum),
            sum if matches!(num(&sum), Some(Num::Complex(..))) => Total::start(&sum),
            sum => Total::Any(sum),
        })
    }
}

fn add_complex(re: (f64, f64), im: (f64, f64), item: &Value) -> Option<Total> {
    match num(item)? {
        Num::Complex(x, y) => Some(Total::Complex(neumaier(re, x), neumaier(im, y))),
        Num::Float(x) => Some(Total::Complex(neumaier(re, x), im)),
        Num::Small(i) => Some(Total::Complex((re.0 + i as f64, re.1), im)),
        Num::Big(_) => None,
    }
}

fn neumaier((sum, lost): (f64, f64), x: f64) -> (f64, f64) {
    let t = sum + x;
    let lost = if sum.abs() >= x.abs() {
        lost + ((sum - t) + x)
    } else {
        lost + ((x - t) + sum)
    };
    (t, lost)
}

fn compensated(sum: f64, lost: f64) -> f64 {
    // An infinite or NaN correction would only spoil the sum.
    if lost != 0.0 && lost.is_finite() {
        sum + lost
    } else {
        sum
    }
}

fn sum(vm: &mut Vm, args: &[Value]) -> R {
    let start = args[1].given().cloned().unwrap_or(Value::Int(0));
    let what = if start.as_str().is_some() {
        Some(("strings", "''"))
    } else {
        match start.kind() {
            Some(crate::vm::object::Kind::Bytes) => Some(("bytes", "b''")),
            Some(crate::vm::object::Kind::ByteArray) => Some(("bytearray", "b''")),
            _ => None,
        }
    };
    if let Some((what, empty)) = what {
        vm.iter(&args[0])?;
        return Err(vm.type_error(format!(
            "sum() can't sum {what} [use {empty}.join(seq) instead]"
        )));
    }
    let mut total = Total::start(&start);
    drop(start);
    vm.for_each(&args[0], |vm, item| {
        let before = std::mem::replace(&mut total, Total::Int(0));
        total = before.add(vm, &item)?;
        Ok(true)
    })?;
    Ok(total.value())
}

fn all(vm: &mut Vm, args: &[Value]) -> R {
    let mut result = true;
    vm.for_each(&args[0], |vm, item| {
        result = vm.truth(&item)?;
        Ok(result)
    })?;
    Ok(Value::bool(result))
}

fn any(vm: &mut Vm, args: &[Value]) -> R {
    let mut result = false;
    vm.for_each(&args[0], |vm, item| {
        result = vm.truth(&item)?;
        Ok(!result)
    })?;
    Ok(Value::bool(result))
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "sum",
        "(iterable, /, start=0)",
        sum,
        "The sum of the start value and all items.",
    ),
    NativeDef::new("all", "(iterable, /)", all, "True if all items are true."),
    NativeDef::new("any", "(iterable, /)", any, "True if some item is true."),
];
