//! Arithmetic: `+` and its kin, unary operators, numeric coercion.

use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arith {
    Add,
    Sub,
    Mul,
    MatMul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    And,
    Or,
    Xor,
}

/// The unary operators that are not `not`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unary {
    Neg,
    Pos,
    Invert,
}

impl Vm {
    /// `a op b`, or `a op= b` if `in_place`.
    pub fn arith(&mut self, op: Arith, a: &Value, b: &Value, in_place: bool) -> R {
        let _ = (op, a, b, in_place);
        Err(self.type_error("unsupported"))
    }

    pub fn unary(&mut self, op: Unary, a: &Value) -> R {
        let _ = (op, a);
        Err(self.type_error("unsupported"))
    }

    /// An int from anything with `__index__` (TypeError "'X' object cannot be interpreted as an
    /// integer" otherwise); the result is `Value::Int` or a big int.
    pub fn index(&mut self, v: &Value) -> R {
        Ok(v.clone())
    }

    /// `index`, clamped to the range of `i64` as CPython clamps to `Py_ssize_t` in slices.
    pub fn index_clamped(&mut self, v: &Value) -> R<i64> {
        Ok(v.as_i64().unwrap_or(0))
    }

    /// `index` as an `i64`; OverflowError or the given IndexError-like text if it does not fit.
    pub fn index_i64(&mut self, v: &Value) -> R<i64> {
        Ok(v.as_i64().unwrap_or(0))
    }

    /// A float from a number (`__float__`, `__index__`); TypeError "must be real number, not X".
    pub fn to_f64(&mut self, v: &Value) -> R<f64> {
        Ok(v.as_f64().unwrap_or(0.0))
    }
}
