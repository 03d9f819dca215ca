//! CPython's SyntaxWarnings about code that surely does not do what was meant.

use super::*;
use crate::bytecode::Const;
use crate::compile::fold;

impl<'a> Rules<'a> {
    /// `x is 1`, or, `inverted`, `not x is 1`.
    pub(super) fn warn_identity(
        &mut self,
        left: &'a Expr,
        rest: &'a [(CompareOp, Expr)],
        span: Span,
        inverted: bool,
    ) {
        let mut left = left;
        for (op, right) in rest {
            if !matches!(op, CompareOp::Is | CompareOp::IsNot) {
                left = right;
                continue;
            }
            let (word, meant) = match (*op == CompareOp::IsNot) != inverted {
                false => ("is", "=="),
                true => ("is not", "!="),
            };
            if let Some(kind) = compared_by_value(left).or_else(|| compared_by_value(right)) {
                let title = format!("\"{word}\" with '{kind}' literal. Did you mean \"{meant}\"?");
                return self.warning(span, title, "compares identity, not value");
            }
            left = right;
        }
    }

    /// `assert (test, "message")`.
    pub(super) fn warn_assert(&mut self, test: &'a Expr, span: Span) {
        if matches!(&test.kind, ExprKind::Tuple(items) if !items.is_empty()) {
            let title = "assertion is always true, perhaps remove parentheses?";
            self.warning(span, title, "a tuple with items is always true");
        }
    }

    /// `(1, 2)(3)`.
    pub(super) fn warn_call(&mut self, func: &'a Expr, span: Span) {
        if matches!(func.kind, ExprKind::Lambda { .. }) {
            return;
        }
        if let Some(kind) = type_of(func) {
            let title = format!("'{kind}' object is not callable; perhaps you missed a comma?");
            self.warning(span, title, "this calls what stands before it");
        }
    }

    /// `[(1, 2) [3, 4]]`.
    pub(super) fn warn_subscript(&mut self, value: &'a Expr, index: &'a Expr, span: Span) {
        let Some(kind) = type_of(value) else {
            return;
        };
        if matches!(
            kind,
            "NoneType"
                | "ellipsis"
                | "int"
                | "bool"
                | "float"
                | "complex"
                | "set"
                | "generator"
                | "function"
        ) {
            let title =
                format!("'{kind}' object is not subscriptable; perhaps you missed a comma?");
            return self.warning(span, title, "this indexes what stands before it");
        }
        let Some(index) = type_of(index) else {
            return;
        };
        if matches!(kind, "str" | "bytes" | "tuple" | "list") && !matches!(index, "int" | "bool") {
            let title = format!(
                "{kind} indices must be integers or slices, not {index}; perhaps you missed a comma?"
            );
            self.warning(span, title, "this indexes what stands before it");
        }
    }
}

/// The type of a literal whose identity says nothing.
fn compared_by_value(e: &Expr) -> Option<&'static str> {
    match fold::constant(e)? {
        Const::None | Const::True | Const::False | Const::Ellipsis => None,
        value => Some(const_type(&value)),
    }
}

/// The type of an expression, where it is obvious.
fn type_of(e: &Expr) -> Option<&'static str> {
    Some(match &e.kind {
        ExprKind::Tuple(_) => "tuple",
        ExprKind::List(_) | ExprKind::ListComp(_) => "list",
        ExprKind::Set(_) | ExprKind::SetComp(_) => "set",
        ExprKind::Dict(_) | ExprKind::DictComp(_) => "dict",
        ExprKind::GeneratorExp(_) => "generator",
        ExprKind::Lambda { .. } => "function",
        ExprKind::JoinedStr(_) => "str",
        ExprKind::Constant(_) | ExprKind::Unary { .. } | ExprKind::Binary { .. } => {
            const_type(&fold::constant(e)?)
        }
        _ => return None,
    })
}

fn const_type(value: &Const) -> &'static str {
    match value {
        Const::None => "NoneType",
        Const::True | Const::False => "bool",
        Const::Ellipsis => "ellipsis",
        Const::Int(_) | Const::BigInt(_) => "int",
        Const::Float(_) => "float",
        Const::Imaginary(_) => "complex",
        Const::Str(_) => "str",
        Const::Bytes(_) => "bytes",
        Const::Tuple(_) => "tuple",
        Const::FrozenSet(_) => "frozenset",
        Const::Code(_) => "code",
    }
}
