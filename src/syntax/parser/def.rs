//! Headers of functions and classes, and type parameters.

use super::expr::{Expressions, starred};
use super::params::params;
use super::rule::{Miss, Rule, colon, comma_list, explaining, name, next_kind, next_span, tok};
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, Ident, Params, TypeParam, TypeParamKind};
use crate::syntax::token::Tok;
use chumsky::prelude::*;

/// A function without its body.
pub struct DefHeader {
    pub is_async: bool,
    pub name: Ident,
    pub type_params: Vec<TypeParam>,
    pub params: Params,
    pub returns: Option<Expr>,
}

/// A class without its body.
pub struct ClassHeader {
    pub name: Ident,
    pub type_params: Vec<TypeParam>,
    pub args: Vec<Arg>,
}

/// `function_def: ['async'] 'def' NAME [type_params] '(' [params] ')' ['->' expression] ':'`
pub fn function_def<'t>(x: &Expressions<'t>) -> Rule<'t, DefHeader> {
    let is_async = tok(Tok::Async).or_not().map(|found| found.is_some());
    let returns = tok(Tok::Arrow).ignore_then(x.expression.clone()).or_not();
    is_async
        .then_ignore(tok(Tok::Def))
        .then(name())
        .then(type_params(x).or_not())
        .then_ignore(explaining(|inp| {
            if next_kind(inp) == Tok::LParen {
                return Ok(());
            }
            let at = next_span(inp);
            Err(inp
                .state()
                .raise_with("expected '('", at, "the parameters should stand here"))
        }))
        .then_ignore(tok(Tok::LParen))
        .then(params(x.expression.clone(), x.bitwise_or.clone()))
        .then_ignore(tok(Tok::RParen))
        .then(returns)
        .then_ignore(colon(true))
        .map(|((((is_async, name), type_params), params), returns)| {
            let type_params = type_params.unwrap_or_default();
            DefHeader {
                is_async,
                name,
                type_params,
                params,
                returns,
            }
        })
        .boxed()
}

/// `class_def: 'class' NAME [type_params] ['(' [args] ')'] ':'`
pub fn class_def<'t>(x: &Expressions<'t>) -> Rule<'t, ClassHeader> {
    let args = tok(Tok::LParen)
        .ignore_then(x.arguments.clone())
        .then_ignore(tok(Tok::RParen))
        .or_not();
    tok(Tok::Class)
        .ignore_then(name())
        .then(type_params(x).or_not())
        .then(args)
        .then_ignore(colon(false))
        .map(|((name, type_params), args)| {
            let (type_params, args) = (type_params.unwrap_or_default(), args.unwrap_or_default());
            ClassHeader {
                name,
                type_params,
                args,
            }
        })
        .boxed()
}

/// `type_params: '[' ','.type_param+ [','] ']'`
pub fn type_params<'t>(x: &Expressions<'t>) -> Rule<'t, Vec<TypeParam>> {
    tok(Tok::LBracket)
        .ignore_then(comma_list(type_param(x)))
        .then_ignore(tok(Tok::RBracket))
        .try_map_with(|params, e| {
            if params.is_empty() {
                let at = super::rule::here(e);
                // In a `type` statement CPython has tried an expression with an empty list in it.
                let alias = e
                    .state()
                    .line
                    .first()
                    .is_some_and(|token| token.kind == Tok::Type);
                let last = match alias {
                    true => e.state().behind(at.end),
                    false => e.state().to_furthest(at.start).end,
                };
                let pointed =
                    Span::new(at.end.saturating_sub(1), last.max(at.end.saturating_sub(1)));
                let title = "Type parameter list cannot be empty";
                return Err(e.state().raise_pointed(title, at, pointed));
            }
            Ok(params)
        })
        .boxed()
}

/// `type_param: NAME [':' expression] ['=' expression] | '*' NAME ['=' star_expression] | '**' NAME ['=' expression]`
fn type_param<'t>(x: &Expressions<'t>) -> Rule<'t, TypeParam> {
    let kind = choice((
        tok(Tok::Star).to(TypeParamKind::TypeVarTuple),
        tok(Tok::DoubleStar).to(TypeParamKind::ParamSpec),
        empty().to(TypeParamKind::TypeVar),
    ));
    let bound = tok(Tok::Colon).ignore_then(x.expression.clone()).or_not();
    let star_expression = choice((starred(x.bitwise_or.clone()), x.expression.clone()));
    let default = tok(Tok::Equal).ignore_then(star_expression).or_not();
    kind.then(name())
        .then(bound)
        .then(default)
        .try_map_with(|(((kind, name), bound), default), e| {
            if let Some(bound) = bound.as_ref().filter(|_| kind != TypeParamKind::TypeVar) {
                let what = match bound.kind {
                    ExprKind::Tuple(_) => "constraints",
                    _ => "bound",
                };
                let kind = if kind == TypeParamKind::TypeVarTuple {
                    "TypeVarTuple"
                } else {
                    "ParamSpec"
                };
                let colon = e.slice().iter().find(|token| token.kind == Tok::Colon);
                let from = colon.map_or(bound.span.start, |token| token.span.start);
                let pointed = e.state().to_furthest(from);
                let title = format!("cannot use {what} with {kind}");
                return Err(e.state().raise_pointed(title, bound.span, pointed));
            }
            let starred = |value: &Expr| matches!(value.kind, ExprKind::Starred(_));
            if kind != TypeParamKind::TypeVarTuple && default.as_ref().is_some_and(starred) {
                return Err(Miss);
            }
            Ok(TypeParam {
                name,
                kind,
                bound,
                default,
            })
        })
        .boxed()
}
