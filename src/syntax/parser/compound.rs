//! Headers of compound statements, up to and with their colon. How headers and blocks make
//! statements is for `block` to say.

use super::def::{ClassHeader, DefHeader, class_def, function_def};
use super::expr::{Expressions, starred, tuple_of};
use super::pattern::patterns;
use super::rule::{
    Miss, Reader, Rule, colon, comma_list, explaining, name, next_kind, next_span, take, tok,
};
use super::simple::simple_stmts;
use super::target::{Place, checked};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident, Pattern, Stmt, WithItem};
use crate::syntax::token::Tok;
use chumsky::prelude::*;

/// A header, and the statements that stand on its line.
pub type Line<H> = (H, Option<Vec<Stmt>>);

pub struct ForHeader {
    pub is_async: bool,
    pub target: Expr,
    pub iter: Expr,
}

pub struct WithHeader {
    pub is_async: bool,
    pub items: Vec<WithItem>,
}

pub struct ExceptHeader {
    pub typ: Option<Expr>,
    pub name: Option<Ident>,
}

pub struct CaseHeader {
    pub pattern: Pattern,
    pub guard: Option<Expr>,
}

/// The rules that a logical line can match.
pub struct Lines<'t> {
    pub simple: Rule<'t, Vec<Stmt>>,
    pub if_stmt: Rule<'t, Line<Expr>>,
    pub elif_stmt: Rule<'t, Line<Expr>>,
    pub else_block: Rule<'t, Line<()>>,
    pub while_stmt: Rule<'t, Line<Expr>>,
    pub for_stmt: Rule<'t, Line<ForHeader>>,
    pub with_stmt: Rule<'t, Line<WithHeader>>,
    pub try_stmt: Rule<'t, Line<()>>,
    pub except_block: Rule<'t, Line<ExceptHeader>>,
    pub finally_block: Rule<'t, Line<()>>,
    pub match_stmt: Rule<'t, Line<Expr>>,
    pub case_block: Rule<'t, Line<CaseHeader>>,
    pub function_def: Rule<'t, Line<DefHeader>>,
    pub class_def: Rule<'t, Line<ClassHeader>>,
    pub decorator: Rule<'t, Expr>,
    /// As `match_stmt`, to the end of the line: for how far CPython would read it.
    pub match_line: Rule<'t, Span>,
    /// An expression alone, for `eval`.
    pub eval: Rule<'t, Expr>,
}

impl<'t> Lines<'t> {
    pub fn new() -> Self {
        let x = Expressions::new();
        let simple = simple_stmts(&x);
        let test = |keyword| {
            tok(keyword)
                .ignore_then(x.named_expression.clone())
                .then_ignore(colon(false))
                .boxed()
        };
        let word = |keyword| tok(keyword).then(colon(true)).ignored().boxed();
        Lines {
            if_stmt: with_body(test(Tok::If), &simple),
            elif_stmt: with_body(test(Tok::Elif), &simple),
            else_block: with_body(word(Tok::Else), &simple),
            while_stmt: with_body(test(Tok::While), &simple),
            for_stmt: with_body(for_stmt(&x), &simple),
            with_stmt: with_body(with_stmt(&x), &simple),
            try_stmt: with_body(word(Tok::Try), &simple),
            except_block: with_body(except_block(&x), &simple),
            finally_block: with_body(word(Tok::Finally), &simple),
            match_stmt: match_stmt(&x).map(|subject| (subject, None)).boxed(),
            match_line: match_stmt(&x).ignore_then(tok(Tok::Newline)).boxed(),
            case_block: with_body(case_block(&x), &simple),
            function_def: with_body(function_def(&x), &simple),
            class_def: with_body(class_def(&x), &simple),
            decorator: tok(Tok::At).ignore_then(x.named_expression.clone()).boxed(),
            eval: tuple_of(x.expression.clone()),
            simple: explaining(match_without_colon(&x))
                .ignore_then(simple)
                .boxed(),
        }
    }
}

/// `block: simple_stmts | NEWLINE INDENT statements DEDENT`, the first form.
fn with_body<'t, H: 't>(header: Rule<'t, H>, simple: &Rule<'t, Vec<Stmt>>) -> Rule<'t, Line<H>> {
    header.then(simple.clone().or_not()).boxed()
}

/// `for_stmt: ['async'] 'for' star_targets 'in' star_expressions ':'`
fn for_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, ForHeader> {
    let is_async = tok(Tok::Async).or_not().map(|found| found.is_some());
    is_async
        .then_ignore(tok(Tok::For))
        .then(x.star_targets.clone())
        .then_ignore(tok(Tok::In))
        .then(x.star_expressions.clone())
        .then_ignore(colon(false))
        .map(|((is_async, target), iter)| ForHeader {
            is_async,
            target,
            iter,
        })
        .boxed()
}

/// `with_stmt: ['async'] 'with' ('(' ','.with_item+ [','] ')' | ','.with_item+) ':'`
fn with_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, WithHeader> {
    let is_async = tok(Tok::Async).or_not().map(|found| found.is_some());
    let parenthesised = tok(Tok::LParen)
        .ignore_then(comma_list(with_item(x)).filter(|items| !items.is_empty()))
        .then_ignore(tok(Tok::RParen))
        .then_ignore(colon(false));
    let plain = with_item(x)
        .separated_by(tok(Tok::Comma))
        .at_least(1)
        .collect::<Vec<_>>()
        .then_ignore(colon(false));
    is_async
        .then_ignore(tok(Tok::With))
        .then(choice((parenthesised, plain)))
        .map(|(is_async, items)| WithHeader { is_async, items })
        .boxed()
}

/// `with_item: expression ['as' star_target]`
fn with_item<'t>(x: &Expressions<'t>) -> Rule<'t, WithItem> {
    let target = choice((starred(x.bitwise_or.clone()), x.bitwise_or.clone()))
        .try_map_with(|target, e| checked(target, Place::Assign, e));
    let expression = x.expression.clone();
    // Before CPython says what is no target it tries an expression there.
    let tried = explaining(move |inp: &mut Reader<'t, '_>| {
        let before = inp.save();
        let _ = inp.parse(&expression);
        inp.rewind(before);
        match inp.state().raised {
            Some(_) => Err(Miss),
            None => Ok(()),
        }
    });
    x.expression
        .clone()
        .then(tok(Tok::As).ignore_then(tried).ignore_then(target).or_not())
        .map(|(context, target)| WithItem { context, target })
        .boxed()
}

/// `except_block: 'except' ['*'] [expression ['as' NAME]] ':'`
fn except_block<'t>(x: &Expressions<'t>) -> Rule<'t, ExceptHeader> {
    let caught = x
        .expression
        .clone()
        .then(tok(Tok::As).ignore_then(name()).or_not());
    let expression = x.expression.clone();
    let several = explaining(move |inp: &mut Reader<'t, '_>| several_types(inp, &expression));
    tok(Tok::Except)
        .ignore_then(tok(Tok::Star).or_not())
        .then_ignore(several)
        .then(caught.or_not())
        .then_ignore(colon(false))
        .try_map_with(|(star, caught), e| {
            let (typ, name) = match caught {
                Some((typ, name)) => (Some(typ), name),
                None => (None, None),
            };
            match star {
                Some(at) if typ.is_none() => {
                    Err(e.state().raise("expected one or more exception types", at))
                }
                _ => Ok(ExceptHeader { typ, name }),
            }
        })
        .boxed()
}

/// `except A, B:`, which caught `A` as `B` in Python 2, and `except*` without a type.
fn several_types<'t>(inp: &mut Reader<'t, '_>, expression: &Rule<'t, Expr>) -> Result<(), Miss> {
    let star = inp
        .state()
        .line
        .get(1)
        .filter(|token| token.kind == Tok::Star);
    if star.is_some() && matches!(next_kind(inp), Tok::Colon | Tok::Newline) {
        let at = next_span(inp);
        return Err(inp
            .state()
            .raise("expected one or more exception types", at));
    }
    let before = inp.save();
    let first = inp.parse(expression);
    let mut count = 1;
    while first.is_ok()
        && take(inp, |kind| kind == Tok::Comma).is_ok()
        && inp.parse(expression).is_ok()
    {
        count += 1;
    }
    if take(inp, |kind| kind == Tok::As).is_ok() {
        let _ = take(inp, Tok::is_name);
    }
    let ends = next_kind(inp) == Tok::Colon;
    let end = next_span(inp).start;
    inp.rewind(before);
    match first {
        Ok(first) if count > 1 && ends => {
            let at = Span::new(first.span.start, end);
            Err(inp
                .state()
                .raise("multiple exception types must be parenthesized", at))
        }
        _ => Ok(()),
    }
}

/// `match_stmt: 'match' ','.star_named_expression+ [','] ':'`
fn match_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, Expr> {
    tok(Tok::Match)
        .ignore_then(tuple_of(x.star_named_expression.clone()))
        .filter(|subject| !matches!(subject.kind, ExprKind::Starred(_)))
        .then_ignore(colon(false))
        .boxed()
}

/// `match subject` at the end of a line, which is no expression.
fn match_without_colon<'t>(
    x: &Expressions<'t>,
) -> impl Fn(&mut Reader<'t, '_>) -> Result<(), Miss> + Clone + 't {
    let subject = tuple_of(x.star_named_expression.clone());
    move |inp| {
        let before = inp.save();
        let matched = take(inp, |kind| kind == Tok::Match).is_ok() && inp.parse(&subject).is_ok();
        let at = next_span(inp);
        let ends = inp.peek_ref().is_none();
        inp.rewind(before);
        if matched && ends {
            return Err(inp
                .state()
                .raise_with("expected ':'", at, "the line must end with `:`"));
        }
        Ok(())
    }
}

/// `case_block: 'case' patterns ['if' named_expression] ':'`
fn case_block<'t>(x: &Expressions<'t>) -> Rule<'t, CaseHeader> {
    tok(Tok::Case)
        .ignore_then(patterns(x))
        .then(
            tok(Tok::If)
                .ignore_then(x.named_expression.clone())
                .or_not(),
        )
        .then_ignore(colon(false))
        .map(|(pattern, guard)| CaseHeader { pattern, guard })
        .boxed()
}
