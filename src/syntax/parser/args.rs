//! Arguments of calls and parameters of functions.

use super::expr::{Knot, for_if_clauses, named_expression};
use super::rule::{Matched, Miss, Rule, comma_list, expr, here, name, tok};
use crate::source::Span;
use crate::syntax::ast::{Arg, Comprehension, Expr, ExprKind, Param, Params};
use crate::syntax::token::Tok;
use chumsky::prelude::*;

/// `args: ','.(positional | '*' expression | NAME '=' expression | '**' expression)+ [',']`
pub fn arguments<'t>(knot: &Knot<'t>) -> Rule<'t, Vec<Arg>> {
    comma_list(arg(knot))
        .try_map_with(|args, e| in_order(args, e))
        .boxed()
}

/// `call: '(' (expression for_if_clauses | [args]) ')'`
pub fn call<'t>(knot: &Knot<'t>) -> Rule<'t, Vec<Arg>> {
    let item = choice((
        unpacked(knot),
        keyword(knot),
        positional_or_generator(knot),
    ))
    .boxed();
    let items = comma_list(item).try_map_with(|items, e| {
        let generator = items.iter().find_map(|(_, generator)| *generator);
        let comma = e.slice().last().is_some_and(|token| token.kind == Tok::Comma);
        if let Some(at) = generator.filter(|_| items.len() > 1 || comma) {
            return Err(e.state().raise("Generator expression must be parenthesized", at));
        }
        let args = in_order(items.into_iter().map(|(arg, _)| arg).collect(), e)?;
        Ok((args, generator.is_some()))
    });
    tok(Tok::LParen)
        .ignore_then(items)
        .then_ignore(tok(Tok::RParen))
        .map_with(|(mut args, generator), e| {
            // The brackets of the call are those of its generator expression.
            if let Some(Arg::Positional(value)) = args.first_mut().filter(|_| generator) {
                value.span = here(e);
            }
            args
        })
        .boxed()
}

/// An argument, and where it stands if it is a generator expression without parentheses.
type Item = (Arg, Option<Span>);

fn arg<'t>(knot: &Knot<'t>) -> Rule<'t, Arg> {
    let positional = named_expression(knot).map(Arg::Positional);
    let plain = choice((unpacked(knot), keyword(knot))).map(|(arg, _)| arg);
    choice((plain, positional)).boxed()
}

fn unpacked<'t>(knot: &Knot<'t>) -> Rule<'t, Item> {
    let star = tok(Tok::Star)
        .ignore_then(knot.expression.clone())
        .map(Arg::Star);
    let double = tok(Tok::DoubleStar)
        .ignore_then(knot.expression.clone())
        .map(Arg::DoubleStar);
    choice((star, double)).map(|arg| (arg, None)).boxed()
}

fn keyword<'t>(knot: &Knot<'t>) -> Rule<'t, Item> {
    name()
        .then_ignore(tok(Tok::Equal))
        .then(knot.expression.clone())
        .map(|(name, value)| (Arg::Keyword(name, value), None))
        .boxed()
}

fn positional_or_generator<'t>(knot: &Knot<'t>) -> Rule<'t, Item> {
    named_expression(knot)
        .then(for_if_clauses(knot).or_not())
        .map_with(|(element, clauses), e| match clauses {
            None => (Arg::Positional(element), None),
            Some(generators) => {
                let comprehension = Comprehension {
                    key: None,
                    element,
                    generators,
                };
                let at = here(e);
                (
                    Arg::Positional(expr(ExprKind::GeneratorExp(Box::new(comprehension)), e)),
                    Some(at),
                )
            }
        })
        .boxed()
}

/// Positional arguments come first, then keywords; `*iterable` may stand among keywords but not
/// after `**mapping`.
fn in_order(args: Vec<Arg>, e: &mut Matched) -> Result<Vec<Arg>, Miss> {
    let (mut keyword, mut mapping) = (false, false);
    for arg in &args {
        let title = match arg {
            Arg::Keyword(..) => {
                keyword = true;
                continue;
            }
            Arg::DoubleStar(_) => {
                mapping = true;
                continue;
            }
            Arg::Star(_) if mapping => {
                "iterable argument unpacking follows keyword argument unpacking"
            }
            Arg::Positional(_) if mapping => {
                "positional argument follows keyword argument unpacking"
            }
            Arg::Positional(_) if keyword => "positional argument follows keyword argument",
            _ => continue,
        };
        let at = match arg {
            Arg::Positional(value) | Arg::Star(value) => value.span,
            _ => here(e),
        };
        return Err(e
            .state()
            .raise_with(title, at, "move this before the keyword arguments"));
    }
    Ok(args)
}

/// One element of a parameter list.
#[derive(Clone)]
enum Piece {
    Plain(Param),
    /// `/`
    Slash,
    /// `*` or `*args`
    Star(Option<Param>),
    DoubleStar(Param),
}

/// `lambda_params: ','.lambda_param+ [',']`: parameters without annotations.
pub fn lambda_params<'t>(expression: Rule<'t, Expr>) -> Rule<'t, Params> {
    let plain = name().map(|name| Param {
        name,
        annotation: None,
        default: None,
    });
    param_list(plain.clone().boxed(), plain.boxed(), expression)
}

/// `params: ','.param+ [',']` where
/// `param: NAME [':' expression] ['=' expression] | '/' | '*' [NAME [':' star_annotation]] | '**' NAME [':' expression]`
pub fn params<'t>(expression: Rule<'t, Expr>, bitwise_or: Rule<'t, Expr>) -> Rule<'t, Params> {
    let annotated = |annotation: Rule<'t, Expr>| {
        name()
            .then(tok(Tok::Colon).ignore_then(annotation).or_not())
            .map(|(name, annotation)| Param {
                name,
                annotation,
                default: None,
            })
            .boxed()
    };
    let star_annotation = choice((super::expr::starred(bitwise_or), expression.clone())).boxed();
    param_list(
        annotated(expression.clone()),
        annotated(star_annotation),
        expression,
    )
}

fn param_list<'t>(
    plain: Rule<'t, Param>,
    star: Rule<'t, Param>,
    expression: Rule<'t, Expr>,
) -> Rule<'t, Params> {
    let default = tok(Tok::Equal).ignore_then(expression).or_not();
    let with_default = plain
        .clone()
        .then(default)
        .map(|(param, default)| Piece::Plain(Param { default, ..param }));
    let piece = choice((
        with_default,
        tok(Tok::Slash).to(Piece::Slash),
        tok(Tok::Star).ignore_then(star.or_not()).map(Piece::Star),
        tok(Tok::DoubleStar)
            .ignore_then(plain)
            .map(Piece::DoubleStar),
    ));
    let placed = piece.map_with(|piece, e| (piece, here(e))).boxed();
    comma_list(placed).try_map_with(assemble).boxed()
}

/// Sorts a parameter list by kind, refusing what is out of order with CPython's messages.
fn assemble(pieces: Vec<(Piece, Span)>, e: &mut Matched) -> Result<Params, Miss> {
    let mut params = Params::default();
    let mut slash = false;
    let mut star: Option<bool> = None;
    let mut defaulted = false;
    let mut refuse = |title: &'static str, at: Span| Err(e.state().raise(title, at));
    let count = pieces.len();
    for (i, (piece, at)) in pieces.into_iter().enumerate() {
        if params.kwarg.is_some() {
            return refuse("arguments cannot follow var-keyword argument", at);
        }
        match piece {
            Piece::Plain(param) if star.is_some() => {
                star = Some(true);
                params.kwonly.push(param);
            }
            Piece::Plain(param) => {
                if param.default.is_none() && defaulted {
                    return refuse(
                        "parameter without a default follows parameter with a default",
                        at,
                    );
                }
                defaulted |= param.default.is_some();
                params.args.push(param);
            }
            Piece::Slash if slash => return refuse("/ may appear only once", at),
            Piece::Slash if star.is_some() => return refuse("/ must be ahead of *", at),
            Piece::Slash if params.args.is_empty() => {
                return refuse("at least one argument must precede /", at);
            }
            Piece::Slash => {
                slash = true;
                params.posonly = std::mem::take(&mut params.args);
            }
            Piece::Star(_) if star.is_some() => {
                return refuse("* argument may appear only once", at);
            }
            Piece::Star(vararg) => {
                if vararg.is_none() && i + 1 == count {
                    return refuse("named arguments must follow bare *", at);
                }
                star = Some(vararg.is_some());
                params.vararg = vararg;
            }
            Piece::DoubleStar(_) if star == Some(false) => {
                return refuse("named arguments must follow bare *", at);
            }
            Piece::DoubleStar(param) => params.kwarg = Some(param),
        }
    }
    Ok(params)
}
