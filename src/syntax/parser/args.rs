//! Arguments of calls and classes.

use super::expr::{Knot, for_if_clauses, named_argument};
use super::invalid::{self, ArgumentKind};
use super::rule::{Matched, Miss, Raised, Reader, Rule, comma_list, expr, here, name, take, tok};
use crate::source::Span;
use crate::syntax::ast::{Arg, CompFor, Comprehension, Expr, ExprKind};
use crate::syntax::token::Tok;
use chumsky::prelude::*;

/// An argument, and where it stands if it is a generator expression without parentheses.
type Item = (Arg, Option<Span>);

/// `args: ','.arg+ [',']` in brackets, as after the name of a class.
pub fn arguments<'t>(knot: &Knot<'t>) -> Rule<'t, Vec<Arg>> {
    let positional = named_argument(knot).map(|value| (Arg::Positional(value), None));
    comma_list(arg(knot, positional.boxed()))
        .try_map_with(|items, e| in_order(items.into_iter().map(|(arg, _)| arg).collect(), e))
        .boxed()
}

/// `call: '(' (named_argument for_if_clauses | [args]) ')'`
pub fn call<'t>(knot: &Knot<'t>) -> Rule<'t, Vec<Arg>> {
    let items = comma_list(arg(knot, positional_or_generator(knot))).try_map_with(|items, e| {
        let generator = items.iter().find_map(|(_, generator)| *generator);
        let comma = e
            .slice()
            .last()
            .is_some_and(|token| token.kind == Tok::Comma);
        if let Some(at) = generator.filter(|_| items.len() > 1 || comma) {
            return Err(e
                .state()
                .raise("Generator expression must be parenthesized", at));
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

/// `arg: positional | '*' expression | NAME '=' expression | '**' expression`
fn arg<'t>(knot: &Knot<'t>, positional: Rule<'t, Item>) -> Rule<'t, Item> {
    let item = choice((unpacked(knot), keyword(knot), positional)).boxed();
    let clauses = for_if_clauses(knot);
    let expression = knot.expression.clone();
    custom(move |inp: &mut Reader<'t, '_>| {
        if !inp.state().explain {
            return inp.parse(&item);
        }
        invalid::argument_start(inp)?;
        let start = inp.cursor();
        let parsed = inp.parse(&item)?;
        let tokens = inp.slice_since(&start..);
        let kind = match parsed.0 {
            Arg::Positional(_) => ArgumentKind::Positional,
            Arg::Star(_) => ArgumentKind::Star,
            Arg::Keyword(..) => ArgumentKind::Keyword,
            Arg::DoubleStar(_) => ArgumentKind::DoubleStar,
        };
        let operand = match &parsed.0 {
            Arg::Positional(value) => value.span,
            _ => super::rule::cover(tokens),
        };
        invalid::argument_end(inp, tokens, (kind, operand), &expression, &clauses)?;
        Ok(parsed)
    })
    .boxed()
}

fn unpacked<'t>(knot: &Knot<'t>) -> Rule<'t, Item> {
    let expression = knot.expression.clone();
    let star = custom(move |inp: &mut Reader<'t, '_>| {
        take(inp, |kind| kind == Tok::Star)?;
        match inp.parse(&expression) {
            Ok(value) => Ok(Arg::Star(value)),
            Err(Miss) => Err(invalid::lonely_star(inp)),
        }
    });
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
    named_argument(knot)
        .then(for_if_clauses(knot).or_not())
        .map_with(|(element, clauses), e| match clauses {
            None => (Arg::Positional(element), None),
            Some(generators) => {
                let place = here(e);
                (
                    Arg::Positional(generator(element, generators, e)),
                    Some(place),
                )
            }
        })
        .boxed()
}

fn generator(element: Expr, generators: Vec<CompFor>, e: &mut Matched) -> Expr {
    let comprehension = Comprehension {
        key: None,
        element,
        generators,
    };
    expr(ExprKind::GeneratorExp(Box::new(comprehension)), e)
}

/// From the comma before the first `*iterable` that follows a `**mapping`, to the first argument after
/// it that is none such, or to the token behind all arguments.
fn after_mappings(e: &mut Matched) -> Span {
    let mut depth = 0usize;
    let (mut comma, mut mapping, mut first) = (None, false, None);
    for token in e.slice() {
        let starts = comma.take();
        match (token.kind, starts, first) {
            (Tok::LParen | Tok::LBracket | Tok::LBrace, ..) => depth += 1,
            (Tok::RParen | Tok::RBracket | Tok::RBrace, ..) => depth = depth.saturating_sub(1),
            (Tok::Comma, ..) if depth == 0 => comma = Some(token.span),
            (Tok::DoubleStar, _, None) if depth == 0 => mapping = true,
            (Tok::Star, Some(comma), None) if mapping => first = Some(comma.start),
            (Tok::Star, ..) => {}
            (_, Some(_), Some(first)) => {
                return Span::new(first, token.span.end.saturating_sub(1));
            }
            _ => {}
        }
    }
    e.state().to_furthest(first.unwrap_or_default())
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
        let pointed = match arg {
            Arg::Star(_) => after_mappings(e),
            _ => e.state().furthest_span(),
        };
        return Err(e.state().raise_all(Raised {
            title: title.into(),
            span: at,
            label: "move this before the keyword arguments".into(),
            help: None,
            pointed: Some(pointed),
        }));
    }
    Ok(args)
}
