//! Parameters of functions and lambdas.

use super::expr::starred;
use super::invalid;
use super::rule::{
    Extra, Matched, Miss, Reader, Rule, Tokens, comma_list, explaining, here, name, next_kind,
    next_span, take, tok,
};
use crate::source::Span;
use crate::syntax::ast::{Expr, Param, Params};
use crate::syntax::token::Tok;
use chumsky::prelude::*;

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
    param_list(plain.boxed(), plain.boxed(), expression, true)
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
    let star_annotation = choice((starred(bitwise_or), expression.clone())).boxed();
    param_list(
        annotated(expression.clone()),
        annotated(star_annotation),
        expression,
        false,
    )
}

fn param_list<'t>(
    plain: Rule<'t, Param>,
    star: Rule<'t, Param>,
    expression: Rule<'t, Expr>,
    lambda: bool,
) -> Rule<'t, Params> {
    let default = tok(Tok::Equal)
        .then_ignore(explaining(missing_default))
        .ignore_then(expression)
        .or_not();
    let with_default = plain
        .clone()
        .then(default)
        .map(|(param, default)| Piece::Plain(Param { default, ..param }));
    let vararg = tok(Tok::Star)
        .ignore_then(star.or_not())
        .then_ignore(no_default("var-positional"))
        .then_ignore(explaining(move |inp| bare_star(inp, lambda)))
        .map(Piece::Star);
    let kwarg = tok(Tok::DoubleStar)
        .ignore_then(plain)
        .then_ignore(no_default("var-keyword"))
        .map(Piece::DoubleStar);
    let slash = custom(slash)
        .then_ignore(explaining(|inp| {
            let at = next_span(inp);
            match next_kind(inp) {
                Tok::Star => Err(inp.state().raise("expected comma between / and *", at)),
                _ => Ok(()),
            }
        }))
        .to(Piece::Slash);
    let piece = choice((with_default, slash, vararg, kwarg));
    let placed = explaining(move |inp| invalid::parenthesised_parameter(inp, lambda))
        .ignore_then(piece)
        .map_with(|piece, e| (piece, here(e)))
        .boxed();
    comma_list(placed).try_map_with(assemble).boxed()
}

/// After a `*` that is no parameter there must be parameters to be given by name.
fn bare_star(inp: &mut Reader, lambda: bool) -> Result<(), Miss> {
    let next = next_span(inp).start;
    let star = inp.state().before(next).last();
    let Some(star) = star.filter(|token| token.kind == Tok::Star) else {
        return Ok(());
    };
    let before = inp.state().before(star.span.start);
    let earlier = before
        .iter()
        .rev()
        .take_while(|token| !matches!(token.kind, Tok::LParen | Tok::Lambda))
        .any(|token| token.kind == Tok::Star);
    if earlier {
        return Ok(());
    }
    let before = inp.save();
    let comma = take(inp, |kind| kind == Tok::Comma).is_ok();
    let last = next_span(inp);
    let ends = match next_kind(inp) {
        Tok::RParen => !lambda,
        Tok::Colon => lambda,
        kind => comma && kind == Tok::DoubleStar,
    };
    inp.rewind(before);
    if ends {
        let title = "named arguments must follow bare *";
        let pointed = if lambda { last } else { star.span };
        return Err(inp.state().raise_pointed(title, star.span, pointed));
    }
    Ok(())
}

/// After the `=` of a parameter.
fn missing_default(inp: &mut Reader) -> Result<(), Miss> {
    if !matches!(next_kind(inp), Tok::RParen | Tok::Comma) {
        return Ok(());
    }
    let next = next_span(inp).start;
    let equal = inp.state().before(next).last();
    let at = equal.map_or(Span::new(next, next), |token| token.span);
    Err(inp.state().raise_with(
        "expected default value expression",
        at,
        "a value is missing after this",
    ))
}

/// A `/`, which cannot begin the list.
fn slash(inp: &mut Reader) -> Result<(), Miss> {
    let slash = take(inp, |kind| kind == Tok::Slash)?.span;
    let opener = inp.state().before(slash.start).last();
    if !opener.is_some_and(|token| matches!(token.kind, Tok::LParen | Tok::Lambda)) {
        return Ok(());
    }
    if inp.state().explain && next_kind(inp) == Tok::Comma {
        let title = "at least one argument must precede /";
        return Err(inp.state().raise(title, slash));
    }
    Err(Miss)
}

/// `*args` and `**kwargs` have no default.
fn no_default<'t>(what: &'static str) -> impl Parser<'t, Tokens<'t>, (), Extra<'t>> + Clone {
    explaining(move |inp: &mut Reader<'t, '_>| {
        let Some(equal) = inp
            .peek_ref()
            .filter(|token| token.kind == Tok::Equal)
            .copied()
        else {
            return Ok(());
        };
        let title = format!("{what} argument cannot have default value");
        Err(inp.state().raise(title, equal.span))
    })
}

/// The length of the token that a piece begins with.
fn first_len(piece: &Piece) -> u32 {
    match piece {
        Piece::Plain(param) => param.name.span.end - param.name.span.start,
        Piece::Slash | Piece::Star(_) => 1,
        Piece::DoubleStar(_) => 2,
    }
}

fn refuse(e: &mut Matched, title: &'static str, at: Span) -> Result<Params, Miss> {
    Err(e.state().raise(title, at))
}

/// Sorts a parameter list by kind, refusing what is out of order with CPython's messages.
fn assemble(pieces: Vec<(Piece, Span)>, e: &mut Matched) -> Result<Params, Miss> {
    let mut params = Params::default();
    let mut slash = false;
    let mut star: Option<bool> = None;
    let mut defaulted = false;
    let count = pieces.len();
    for (i, (piece, at)) in pieces.into_iter().enumerate() {
        // Most complaints are about the first token.
        let first = Span::new(at.start, at.end.min(at.start + first_len(&piece)));
        if params.kwarg.is_some() {
            return refuse(e, "arguments cannot follow var-keyword argument", first);
        }
        match piece {
            Piece::Plain(param) if star.is_some() => {
                star = Some(true);
                params.kwonly.push(param);
            }
            Piece::Plain(param) => {
                if param.default.is_none() && defaulted {
                    return refuse(
                        e,
                        "parameter without a default follows parameter with a default",
                        at,
                    );
                }
                defaulted |= param.default.is_some();
                params.args.push(param);
            }
            Piece::Slash if slash => return refuse(e, "/ may appear only once", at),
            Piece::Slash if star.is_some() => return refuse(e, "/ must be ahead of *", at),
            Piece::Slash => {
                slash = true;
                params.posonly = std::mem::take(&mut params.args);
            }
            Piece::Star(None) if star.is_some() && i + 1 == count => {
                return Err(e.state().nothing_beyond(at));
            }
            Piece::Star(_) if star.is_some() => {
                return refuse(e, "* argument may appear only once", first);
            }
            Piece::Star(vararg) => {
                if vararg.is_none() && i + 1 == count {
                    return Err(Miss);
                }
                star = Some(vararg.is_some());
                params.vararg = vararg;
            }
            Piece::DoubleStar(_) if star == Some(false) => return Err(Miss),
            Piece::DoubleStar(param) => params.kwarg = Some(param),
        }
    }
    Ok(params)
}
