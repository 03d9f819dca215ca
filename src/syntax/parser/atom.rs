//! Atoms: names, literals, and everything in brackets.

use super::expr::{
    Knot, annotated_rhs, for_if_clauses, named_expression, star_named_expression, yield_expr,
};
use super::invalid::{self, STAR_IN_COMPREHENSION};
use super::rule::{
    Matched, Miss, Reader, Rule, comma_list, cover, explaining, expr, next_kind, next_span, take,
    tok,
};
use super::strings::{string_alone, strings};
use crate::syntax::ast::{CompFor, Comprehension, Constant, Expr, ExprKind};
use crate::syntax::number;
use crate::syntax::token::Tok;
use chumsky::prelude::*;

/// `atom: NAME | constant | NUMBER | strings | group | tuple | genexp | list | listcomp | dict | set
/// | dictcomp | setcomp`
pub fn atom<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    choice((
        custom(name),
        custom(constant),
        number_literal(),
        strings(annotated_rhs(knot)),
        parenthesised(knot),
        list(knot),
        dict_or_set(knot),
    ))
    .boxed()
}

/// A name, constant, number or string whose next token ends it, as `ends` says: most expressions
/// are that, and need not be looked for in each of the rules between an expression and an atom.
/// None for everything else, and while an error is explained.
pub fn lone(inp: &mut Reader, ends: fn(Tok) -> bool) -> Option<Result<Expr, Miss>> {
    let at = *inp.cursor().inner();
    let state = inp.state();
    let kind = state.line.get(at).filter(|_| !state.explain)?.kind;
    let next = state.line.get(at + 1);
    if !kind.is_atom() || !ends(next.map_or(Tok::Newline, |token| token.kind)) {
        return None;
    }
    // As the rules would have.
    state.look(next);
    Some(match kind {
        Tok::Number => number(inp),
        Tok::String => string_alone(inp),
        _ if kind.is_name() => name(inp),
        _ => constant(inp),
    })
}

/// `NAME`
fn name(inp: &mut Reader) -> Result<Expr, Miss> {
    let span = take(inp, Tok::is_name)?.span;
    Ok(Expr {
        kind: ExprKind::Name(inp.state().name(span)),
        span,
    })
}

/// `constant: 'None' | 'True' | 'False' | '...'`
fn constant(inp: &mut Reader) -> Result<Expr, Miss> {
    let token = take(inp, Tok::is_constant)?;
    let constant = match token.kind {
        Tok::None => Constant::None,
        Tok::True => Constant::True,
        Tok::False => Constant::False,
        _ => Constant::Ellipsis,
    };
    Ok(Expr {
        kind: ExprKind::Constant(constant),
        span: token.span,
    })
}

/// `NUMBER`
pub fn number_literal<'t>() -> Rule<'t, Expr> {
    custom(number).boxed()
}

fn number(inp: &mut Reader) -> Result<Expr, Miss> {
    let span = take(inp, |kind| kind == Tok::Number)?.span;
    let state = inp.state();
    match number::value(state.slice(span)) {
        Ok(value) => Ok(Expr {
            kind: ExprKind::Constant(value),
            span,
        }),
        Err(message) => Err(state.raise(message, span)),
    }
}

/// What stands between brackets after the first item.
enum Rest {
    Nothing,
    Items(Vec<Expr>),
    For(Vec<CompFor>),
}

/// A comma with more items, a comprehension's clauses, or nothing.
fn rest<'t>(knot: &Knot<'t>) -> Rule<'t, Rest> {
    let items = tok(Tok::Comma)
        .ignore_then(comma_list(star_named_expression(knot)))
        .map(Rest::Items);
    let clauses = for_if_clauses(knot).map(Rest::For);
    choice((items, clauses))
        .or_not()
        .map(|rest| rest.unwrap_or(Rest::Nothing))
        .boxed()
}

/// The items of a list or set, or a comprehension in its place.
fn items<'t>(knot: &Knot<'t>) -> Rule<'t, (Expr, Rest)> {
    let items = star_named_expression(knot).then(rest(knot)).boxed();
    let clauses = for_if_clauses(knot);
    custom(move |inp: &mut Reader<'t, '_>| {
        let start = inp.cursor();
        let items = inp.parse(&items)?;
        if inp.state().explain && matches!(items.1, Rest::Items(_)) {
            let place = cover(inp.slice_since(&start..));
            invalid::comprehension_target(inp, place, &clauses)?;
        }
        Ok(items)
    })
    .boxed()
}

fn with_first(first: Expr, mut items: Vec<Expr>) -> Vec<Expr> {
    items.insert(0, first);
    items
}

fn comprehension(key: Option<Expr>, element: Expr, generators: Vec<CompFor>) -> Box<Comprehension> {
    Box::new(Comprehension {
        key,
        element,
        generators,
    })
}

/// Nothing may be unpacked here.
fn refuse_starred(element: &Expr, title: &'static str, e: &mut Matched) -> Result<(), Miss> {
    match element.kind {
        ExprKind::Starred(_) => Err(e.state().raise(title, element.span)),
        _ => Ok(()),
    }
}

/// `group: '(' (yield_expr | named_expression) ')'`, `tuple`, `genexp`
fn parenthesised<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let yielded = yield_expr(knot).map(|value| (value, Rest::Nothing));
    let items = star_named_expression(knot).then(rest(knot));
    tok(Tok::LParen)
        .then_ignore(explaining(double_star_in_group))
        .then_ignore(starred_first(knot, true))
        .ignore_then(choice((yielded, items)).or_not())
        .then_ignore(tok(Tok::RParen))
        .try_map_with(|content, e| {
            let kind = match content {
                None => ExprKind::Tuple(Vec::new()),
                Some((first, Rest::Nothing)) => {
                    refuse_starred(&first, "cannot use starred expression here", e)?;
                    return Ok(first);
                }
                Some((first, Rest::Items(items))) => ExprKind::Tuple(with_first(first, items)),
                Some((first, Rest::For(generators))) => {
                    refuse_starred(&first, STAR_IN_COMPREHENSION, e)?;
                    ExprKind::GeneratorExp(comprehension(None, first, generators))
                }
            };
            Ok(expr(kind, e))
        })
        .boxed()
}

fn starred_first<'t>(knot: &Knot<'t>, group: bool) -> Rule<'t, ()> {
    let expression = knot.expression.clone();
    explaining(move |inp: &mut Reader<'t, '_>| invalid::starred_first(inp, group, &expression))
        .boxed()
}

fn double_star_in_group(inp: &mut Reader) -> Result<(), Miss> {
    if next_kind(inp) != Tok::DoubleStar {
        return Ok(());
    }
    let at = next_span(inp);
    let title = "cannot use double starred expression here";
    Err(inp.state().raise(title, at))
}

/// `list: '[' [','.star_named_expression+ [',']] ']'`, `listcomp`
fn list<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    tok(Tok::LBracket)
        .then_ignore(starred_first(knot, false))
        .ignore_then(items(knot).or_not())
        .then_ignore(tok(Tok::RBracket))
        .try_map_with(|content, e| {
            let kind = match content {
                None => ExprKind::List(Vec::new()),
                Some((first, Rest::Nothing)) => ExprKind::List(vec![first]),
                Some((first, Rest::Items(items))) => ExprKind::List(with_first(first, items)),
                Some((first, Rest::For(generators))) => {
                    refuse_starred(&first, STAR_IN_COMPREHENSION, e)?;
                    ExprKind::ListComp(comprehension(None, first, generators))
                }
            };
            Ok(expr(kind, e))
        })
        .boxed()
}

type Pair = (Option<Expr>, Expr);

/// What a pair of braces holds.
enum Braced {
    Set(Expr, Rest),
    Dict(Vec<Pair>),
    DictComp(Expr, Expr, Vec<CompFor>),
}

/// What may follow the first item in braces: the value of a first pair and what comes after it, or
/// the rest of a set.
enum AfterFirst {
    Value(Expr, Result<Vec<CompFor>, Vec<Pair>>),
    Rest(Rest),
}

/// `dict: '{' [','.double_starred_kvpair+ [',']] '}'`, `set`, `dictcomp`, `setcomp`
fn dict_or_set<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let clauses = for_if_clauses(knot);
    let more_pairs = tok(Tok::Comma)
        .ignore_then(comma_list(double_starred_kvpair(knot)))
        .or_not()
        .map(Option::unwrap_or_default)
        .boxed();
    let starts_with_mapping = mapping(knot)
        .then_ignore(explaining(unpacking_in_comprehension))
        .then(more_pairs.clone())
        .map(|(mapping, mut pairs)| {
            pairs.insert(0, (None, mapping));
            Braced::Dict(pairs)
        });
    let after_value = choice((clauses.clone().map(Ok), more_pairs.map(Err)));
    let value = pair_value(knot)
        .then(after_value)
        .map(|(value, rest)| AfterFirst::Value(value, rest));
    let starts_with_item = star_named_expression(knot)
        .map_with(|first, e| {
            let is_key = !matches!(first.kind, ExprKind::Starred(_)) && !is_bare_walrus(&first, e);
            (first, is_key)
        })
        .then(choice((value, rest(knot).map(AfterFirst::Rest))))
        .try_map_with(|((first, is_key), after), e| {
            Ok(match after {
                AfterFirst::Rest(rest) => Braced::Set(first, rest),
                AfterFirst::Value(value, _) if !is_key => {
                    let colon = e.state().before(value.span.start).last();
                    let colon = colon.map_or(value.span, |token| token.span);
                    return Err(e.state().nothing_beyond(colon));
                }
                AfterFirst::Value(value, Ok(generators)) => {
                    Braced::DictComp(first, value, generators)
                }
                AfterFirst::Value(value, Err(mut pairs)) => {
                    pairs.insert(0, (Some(first), value));
                    Braced::Dict(pairs)
                }
            })
        })
        .boxed();
    let starts_with_item = custom(move |inp: &mut Reader<'t, '_>| {
        let start = inp.cursor();
        let braced = inp.parse(&starts_with_item)?;
        if inp.state().explain && matches!(braced, Braced::Set(_, Rest::Items(_))) {
            let place = cover(inp.slice_since(&start..));
            invalid::comprehension_target(inp, place, &clauses)?;
        }
        Ok(braced)
    });
    tok(Tok::LBrace)
        .then_ignore(starred_first(knot, false))
        .ignore_then(choice((starts_with_mapping, starts_with_item)).or_not())
        .then_ignore(tok(Tok::RBrace))
        .try_map_with(|content, e| {
            let kind = match content {
                None => ExprKind::Dict(Vec::new()),
                Some(Braced::Dict(pairs)) => ExprKind::Dict(pairs),
                Some(Braced::DictComp(key, value, generators)) => {
                    ExprKind::DictComp(comprehension(Some(key), value, generators))
                }
                Some(Braced::Set(first, Rest::Nothing)) => ExprKind::Set(vec![first]),
                Some(Braced::Set(first, Rest::Items(items))) => {
                    ExprKind::Set(with_first(first, items))
                }
                Some(Braced::Set(first, Rest::For(generators))) => {
                    refuse_starred(&first, STAR_IN_COMPREHENSION, e)?;
                    ExprKind::SetComp(comprehension(None, first, generators))
                }
            };
            Ok(expr(kind, e))
        })
        .boxed()
}

/// `name := value` without parentheses, which can be no key and no bound.
fn is_bare_walrus(first: &Expr, e: &mut Matched) -> bool {
    matches!(first.kind, ExprKind::Named { .. })
        && e.slice()
            .first()
            .is_some_and(|token| token.span.start == first.span.start)
}

fn unpacking_in_comprehension(inp: &mut Reader) -> Result<(), Miss> {
    if !matches!(next_kind(inp), Tok::For | Tok::Async) {
        return Ok(());
    }
    let next = next_span(inp).start;
    let before = inp.state().before(next);
    let mut depth = 0usize;
    for token in before.iter().rev() {
        match token.kind {
            Tok::RParen | Tok::RBracket | Tok::RBrace => depth += 1,
            Tok::LParen | Tok::LBracket | Tok::LBrace => depth = depth.saturating_sub(1),
            Tok::DoubleStar if depth == 0 => {
                let title = "dict unpacking cannot be used in dict comprehension";
                return Err(inp.state().raise(title, token.span));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `double_starred_kvpair: '**' bitwise_or | expression ':' expression`
fn double_starred_kvpair<'t>(knot: &Knot<'t>) -> Rule<'t, Pair> {
    let expression = knot.expression.clone();
    let key = custom(move |inp: &mut Reader<'t, '_>| {
        if !inp.state().explain {
            return inp.parse(&expression);
        }
        let before = inp.save();
        let start = inp.cursor();
        inp.state().explain = false;
        let key = inp.parse(&expression);
        inp.state().explain = true;
        let tokens = inp.slice_since(&start..);
        if key.is_ok() {
            invalid::dict_key(inp, tokens)?;
        }
        inp.rewind(before);
        inp.parse(&expression)
    });
    let pair = key
        .then(pair_value(knot))
        .map(|(key, value)| (Some(key), value));
    choice((mapping(knot).map(|value| (None, value)), pair)).boxed()
}

fn mapping<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    tok(Tok::DoubleStar)
        .ignore_then(knot.bitwise_or.clone())
        .boxed()
}

/// The `:` of a pair and its value.
fn pair_value<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let (expression, bitwise_or) = (knot.expression.clone(), knot.bitwise_or.clone());
    custom(move |inp: &mut Reader<'t, '_>| {
        let colon = take(inp, |kind| kind == Tok::Colon)?;
        if inp.state().explain {
            invalid::dict_value(inp, colon.span, &bitwise_or)?;
        }
        inp.parse(&expression)
    })
    .boxed()
}

/// `slices: ','.(slice | starred_expression)+ [',']`: more than one, or a comma, makes a tuple.
pub fn slices<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let operand = knot.expression.clone();
    let star = tok(Tok::Star)
        .ignore_then(custom(move |inp: &mut Reader<'t, '_>| {
            let start = inp.cursor();
            let Ok(value) = inp.parse(&operand) else {
                return Err(invalid::lonely_star(inp));
            };
            if inp.state().explain && next_kind(inp) == Tok::Equal {
                let unpacking = cover(inp.slice_since(&start..));
                let star = inp.state().before(unpacking.start).last();
                let unpacking = star.map_or(unpacking, |star| star.span.to(unpacking));
                invalid::assigned_unpacking(inp, unpacking, &operand)?;
            }
            Ok(value)
        }))
        .map_with(|value, e| expr(ExprKind::Starred(Box::new(value)), e));
    let item = choice((star, slice(knot))).boxed();
    let rest = tok(Tok::Comma).ignore_then(comma_list(item.clone()));
    item.then(rest.or_not())
        .map_with(|(first, rest), e| match rest {
            None if !matches!(first.kind, ExprKind::Starred(_)) => first,
            rest => expr(
                ExprKind::Tuple(with_first(first, rest.unwrap_or_default())),
                e,
            ),
        })
        .boxed()
}

/// `slice: [expression] ':' [expression] [':' [expression]] | named_expression`
fn slice<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let bound = || tok(Tok::Colon).ignore_then(knot.expression.clone().or_not());
    named_expression(knot)
        .map_with(|lower, e| {
            let is_bound = !is_bare_walrus(&lower, e);
            (lower, is_bound)
        })
        .or_not()
        .then(bound().then(bound().or_not()).or_not())
        .try_map_with(|(lower, rest), e| match (lower, rest) {
            (None, None) => Err(Miss),
            (Some((index, _)), None) => Ok(index),
            (Some((walrus, false)), Some(_)) => {
                let behind = walrus.span.after();
                let colon = e
                    .slice()
                    .iter()
                    .find(|token| token.span.start >= behind.start);
                let colon = colon.map_or(behind, |token| token.span);
                Err(e.state().nothing_beyond(colon))
            }
            (lower, Some((upper, step))) => {
                let lower = lower.map(|(lower, _)| lower);
                let boxed = |bound: Option<Expr>| bound.map(Box::new);
                let (lower, upper, step) = (boxed(lower), boxed(upper), boxed(step.flatten()));
                Ok(expr(ExprKind::Slice { lower, upper, step }, e))
            }
        })
        .boxed()
}
