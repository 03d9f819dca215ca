//! Constant folding: expressions whose value is known before the program runs. Folds only what
//! cannot raise and stays small; everything else is left to run time.

use crate::bytecode::Const;
use crate::syntax::ast::{BinaryOp, Constant, Expr, ExprKind, UnaryOp};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

/// Integers beyond this many bits are not computed ahead.
const MAX_BITS: u64 = 128;
/// Strings beyond this length are not repeated ahead.
const MAX_TEXT: usize = 4096;
/// Tuples beyond this length are not repeated ahead.
const MAX_ITEMS: usize = 256;

/// The value of an expression, if it is known.
pub fn constant(e: &Expr) -> Option<Const> {
    match &e.kind {
        ExprKind::Constant(c) => Some(literal(c)),
        ExprKind::Name(name) if &**name == "__debug__" => Some(Const::True),
        ExprKind::Tuple(items) => all(items).map(Const::Tuple),
        ExprKind::Unary { op, operand } => unary(*op, &constant(operand)?),
        ExprKind::Binary { op, left, right } => {
            let left = constant(left)?;
            binary(*op, &left, &constant(right)?)
        }
        _ => None,
    }
}

/// The values of expressions, if all are known.
pub fn all(items: &[Expr]) -> Option<Vec<Const>> {
    items.iter().map(constant).collect()
}

/// A literal as a constant.
pub fn literal(c: &Constant) -> Const {
    match c {
        Constant::None => Const::None,
        Constant::True => Const::True,
        Constant::False => Const::False,
        Constant::Ellipsis => Const::Ellipsis,
        Constant::Int(i) => Const::Int(*i),
        Constant::BigInt(i) => integer(i.clone()),
        Constant::Float(f) => Const::Float(*f),
        Constant::Imaginary(f) => Const::Imaginary(*f),
        Constant::Str(s) => Const::Str(s.clone()),
        Constant::Bytes(b) => Const::Bytes(b.clone()),
    }
}

/// Whether a constant counts as true.
pub fn truth(value: &Const) -> bool {
    match value {
        Const::None | Const::False => false,
        Const::True | Const::Ellipsis | Const::Code(_) => true,
        Const::Int(i) => *i != 0,
        Const::BigInt(i) => !i.is_zero(),
        Const::Float(f) | Const::Imaginary(f) => *f != 0.0,
        Const::Str(s) => !s.is_empty(),
        Const::Bytes(b) => !b.is_empty(),
        Const::Tuple(items) | Const::FrozenSet(items) => !items.is_empty(),
    }
}

fn integer(value: BigInt) -> Const {
    value.to_i64().map_or(Const::BigInt(value), Const::Int)
}

/// The integer value of an int or bool.
fn as_integer(value: &Const) -> Option<BigInt> {
    match value {
        Const::Int(i) => Some(BigInt::from(*i)),
        Const::BigInt(i) => Some(i.clone()),
        Const::True => Some(BigInt::from(1)),
        Const::False => Some(BigInt::ZERO),
        _ => None,
    }
}

/// A float, or an int that a float holds exactly.
fn as_float(value: &Const) -> Option<f64> {
    const EXACT: i64 = 1 << 53;
    match value {
        Const::Float(f) => Some(*f),
        Const::Int(i) if (-EXACT..=EXACT).contains(i) => Some(*i as f64),
        _ => None,
    }
}

/// The value of a unary operation, if it can be computed now.
pub fn unary(op: UnaryOp, value: &Const) -> Option<Const> {
    match (op, value) {
        (UnaryOp::Not, _) => Some(if truth(value) {
            Const::False
        } else {
            Const::True
        }),
        (UnaryOp::Neg, Const::Float(f)) => Some(Const::Float(-f)),
        (UnaryOp::Pos, Const::Float(f)) => Some(Const::Float(*f)),
        (UnaryOp::Neg, _) => as_integer(value).map(|i| integer(-i)),
        (UnaryOp::Pos, _) => as_integer(value).map(integer),
        (UnaryOp::Invert, _) => as_integer(value).map(|i| integer(!i)),
    }
}

/// The value of a binary operation, if it can be computed now.
pub fn binary(op: BinaryOp, left: &Const, right: &Const) -> Option<Const> {
    let is_bool = |c: &Const| matches!(c, Const::True | Const::False);
    if is_bool(left) && is_bool(right) {
        // `True & False` is a bool, `True + True` is not.
        return None;
    }
    if let (Some(a), Some(b)) = (as_integer(left), as_integer(right)) {
        return integers(op, &a, &b);
    }
    if let (Some(a), Some(b)) = (as_float(left), as_float(right)) {
        return floats(op, a, b);
    }
    match (op, left, right) {
        (BinaryOp::Add, Const::Str(a), Const::Str(b)) => {
            let joined = format!("{a}{b}");
            (joined.len() <= MAX_TEXT).then(|| Const::Str(joined.into()))
        }
        (BinaryOp::Add, Const::Bytes(a), Const::Bytes(b)) => {
            let joined = [&**a, &**b].concat();
            (joined.len() <= MAX_TEXT).then(|| Const::Bytes(joined.into()))
        }
        (BinaryOp::Add, Const::Tuple(a), Const::Tuple(b)) => {
            let joined = [&**a, &**b].concat();
            (joined.len() <= MAX_ITEMS).then_some(Const::Tuple(joined))
        }
        (BinaryOp::Mult, sequence, Const::Int(n)) | (BinaryOp::Mult, Const::Int(n), sequence) => {
            repeat(sequence, *n)
        }
        _ => None,
    }
}

fn repeat(sequence: &Const, n: i64) -> Option<Const> {
    let times = usize::try_from(n).ok()?;
    let fits = |len: usize, limit: usize| len.checked_mul(times).is_some_and(|l| l <= limit);
    match sequence {
        Const::Str(s) if fits(s.len(), MAX_TEXT) => Some(Const::Str(s.repeat(times).into())),
        Const::Bytes(b) if fits(b.len(), MAX_TEXT) => Some(Const::Bytes(b.repeat(times).into())),
        Const::Tuple(items) if fits(items.len(), MAX_ITEMS) => {
            let all = std::iter::repeat_n(items, times).flatten().cloned();
            Some(Const::Tuple(all.collect()))
        }
        _ => None,
    }
}

fn integers(op: BinaryOp, a: &BigInt, b: &BigInt) -> Option<Const> {
    let small = |value: BigInt| (value.bits() <= MAX_BITS).then(|| integer(value));
    match op {
        BinaryOp::Add => Some(integer(a + b)),
        BinaryOp::Sub => Some(integer(a - b)),
        BinaryOp::Mult if a.bits() + b.bits() <= MAX_BITS => Some(integer(a * b)),
        BinaryOp::FloorDiv if !b.is_zero() => Some(integer(a.div_floor(b))),
        BinaryOp::Mod if !b.is_zero() => Some(integer(a.mod_floor(b))),
        BinaryOp::Div if !b.is_zero() => {
            let (a, b) = (
                as_float(&integer(a.clone()))?,
                as_float(&integer(b.clone()))?,
            );
            Some(Const::Float(a / b))
        }
        BinaryOp::Pow if !b.is_negative() => {
            let exponent = b
                .to_u64()
                .filter(|e| a.bits().saturating_mul(*e) <= MAX_BITS)?;
            small(a.pow(u32::try_from(exponent).ok()?))
        }
        BinaryOp::LShift if !b.is_negative() => {
            let by = b
                .to_u64()
                .filter(|by| a.bits().saturating_add(*by) <= MAX_BITS)?;
            small(a << by)
        }
        BinaryOp::RShift if !b.is_negative() => {
            let by = b.to_u64()?;
            Some(integer(a >> by))
        }
        BinaryOp::BitAnd => Some(integer(a & b)),
        BinaryOp::BitOr => Some(integer(a | b)),
        BinaryOp::BitXor => Some(integer(a ^ b)),
        _ => None,
    }
}

fn floats(op: BinaryOp, a: f64, b: f64) -> Option<Const> {
    let value = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mult => a * b,
        BinaryOp::Div if b != 0.0 => a / b,
        _ => return None,
    };
    Some(Const::Float(value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::bytecode::disasm::constant_text;
    use crate::source::Source;
    use crate::syntax::parse_expression;

    fn folded(text: &str) -> Option<String> {
        let parsed = parse_expression(&Source::new("case", text));
        constant(&parsed.unwrap()).map(|value| constant_text(&value))
    }

    #[test]
    fn what_cpython_computes_too() {
        for (text, value) in [
            ("1 + 2 * 3", "7"),
            ("-7 // 2", "-4"),
            ("-7 % 3", "2"),
            ("7 / 2", "3.5"),
            ("2 ** 63", "9223372036854775808"),
            ("9223372036854775807 + 1", "9223372036854775808"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("1 << 100 >> 98", "4"),
            ("~5 & 12 | 1 ^ 2", "11"),
            ("True + 1", "2"),
            ("0.1 + 0.2", "0.30000000000000004"),
            ("'ab' * 2 + 'c'", "'ababc'"),
            ("(1, 'a') + (None,) * 2", "(1, 'a', None, None)"),
            ("~True", "-2"),
            ("not ()", "True"),
            ("b'a' + b'b'", "b'ab'"),
        ] {
            assert_eq!(folded(text).as_deref(), Some(value), "{text}");
        }
    }

    #[test]
    fn what_raises_or_grows_is_left_alone() {
        for text in [
            "1 / 0",
            "1 // 0",
            "1 % 0",
            "2 ** 1000",
            "1 << 1000",
            "'a' * 5000",
            "'a' * -1",
            "1 << -1",
            "(1,) * 1000",
            "True & False",
            "'a' + 1",
            "x + 1",
            "2 ** -1",
            "1.0 / 0.0",
        ] {
            assert_eq!(folded(text), None, "{text}");
        }
    }
}
