//! What may stand on the left of an assignment, after `for`, after `as` and after `del`.

use super::expr::{starred, tuple_of};
use super::rule::{Matched, Miss, Rule, explaining, next_kind, next_span};
use crate::syntax::ast::{CompareOp, Constant, Expr, ExprKind};
use crate::syntax::token::Tok;
use chumsky::prelude::*;

/// Where a target stands; it decides what is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Assign,
    Delete,
    For,
}

/// `star_targets: ','.(['*'] target)+ [',']`, as they stand in `for`: up to the `in`.
pub fn star_targets<'t>(bitwise_or: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let item = choice((starred(bitwise_or.clone()), bitwise_or)).boxed();
    tuple_of(item)
        .try_map_with(|target, e| checked(target, Place::For, e))
        .boxed()
}

/// The same in a comprehension, where a missing `in` has a message of its own.
pub fn comprehension_targets<'t>(bitwise_or: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let item = choice((starred(bitwise_or.clone()), bitwise_or)).boxed();
    tuple_of(item)
        .then_ignore(explaining(|inp| {
            if next_kind(inp) == Tok::In {
                return Ok(());
            }
            let at = next_span(inp);
            Err(inp
                .state()
                .raise("'in' expected after for-loop variables", at))
        }))
        .try_map_with(|target, e| checked(target, Place::For, e))
        .boxed()
}

/// Refuses what cannot be assigned to.
pub fn checked(target: Expr, place: Place, e: &mut Matched) -> Result<Expr, Miss> {
    match invalid_target(&target, place) {
        None => Ok(target),
        Some(culprit) => {
            let verb = if place == Place::Delete {
                "delete"
            } else {
                "assign to"
            };
            let title = format!("cannot {verb} {}", kind_name(culprit));
            Err(e.state().raise(title, culprit.span))
        }
    }
}

/// The innermost part of a target that cannot be one.
pub fn invalid_target(target: &Expr, place: Place) -> Option<&Expr> {
    match &target.kind {
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => None,
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            items.iter().find_map(|item| invalid_target(item, place))
        }
        ExprKind::Starred(_) if place == Place::Delete => Some(target),
        ExprKind::Starred(value) => invalid_target(value, place),
        ExprKind::Compare { left, rest } if place == Place::For => match rest.first() {
            Some((CompareOp::In, _)) => invalid_target(left, place),
            _ => Some(target),
        },
        _ => Some(target),
    }
}

/// CPython's words for a kind of expression, in messages such as "cannot assign to literal".
pub fn kind_name(expr: &Expr) -> &'static str {
    match &expr.kind {
        ExprKind::Constant(Constant::None) => "None",
        ExprKind::Constant(Constant::True) => "True",
        ExprKind::Constant(Constant::False) => "False",
        ExprKind::Constant(Constant::Ellipsis) => "ellipsis",
        ExprKind::Constant(_) => "literal",
        ExprKind::JoinedStr(_) => "f-string expression",
        ExprKind::Name(_) => "name",
        ExprKind::Tuple(_) => "tuple",
        ExprKind::List(_) => "list",
        ExprKind::Set(_) => "set display",
        ExprKind::Dict(_) => "dict literal",
        ExprKind::Starred(_) => "starred",
        ExprKind::Unary { .. } | ExprKind::Binary { .. } | ExprKind::Bool { .. } => "expression",
        ExprKind::Compare { .. } => "comparison",
        ExprKind::Conditional { .. } => "conditional expression",
        ExprKind::Lambda { .. } => "lambda",
        ExprKind::Named { .. } => "named expression",
        ExprKind::Attribute { .. } => "attribute",
        ExprKind::Subscript { .. } => "subscript",
        ExprKind::Slice { .. } => "slice",
        ExprKind::Call { .. } => "function call",
        ExprKind::ListComp(_) => "list comprehension",
        ExprKind::SetComp(_) => "set comprehension",
        ExprKind::DictComp(_) => "dict comprehension",
        ExprKind::GeneratorExp(_) => "generator expression",
        ExprKind::Await(_) => "await expression",
        ExprKind::Yield(_) | ExprKind::YieldFrom(_) => "yield expression",
        ExprKind::Invalid => "expression",
    }
}
