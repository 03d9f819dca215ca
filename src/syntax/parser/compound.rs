//! Headers of compound statements, up to and with their colon. How headers and blocks make
//! statements is for `block` to say.

use super::def::{ClassHeader, DefHeader, class_def, function_def};
use super::expr::{Expressions, tuple_of};
use super::pattern::patterns;
use super::rule::{Rule, comma_list, name, tok};
use super::simple::simple_stmts;
use super::target::{Place, checked};
use crate::syntax::ast::{Expr, Ident, Pattern, Stmt, WithItem};
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
    pub is_star: bool,
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
                .then_ignore(tok(Tok::Colon))
                .boxed()
        };
        let word = |keyword| tok(keyword).then(tok(Tok::Colon)).ignored().boxed();
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
            case_block: with_body(case_block(&x), &simple),
            function_def: with_body(function_def(&x), &simple),
            class_def: with_body(class_def(&x), &simple),
            decorator: tok(Tok::At).ignore_then(x.named_expression.clone()).boxed(),
            eval: x.star_expressions.clone(),
            simple,
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
        .then_ignore(tok(Tok::Colon))
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
        .then_ignore(tok(Tok::Colon));
    let plain = with_item(x)
        .separated_by(tok(Tok::Comma))
        .at_least(1)
        .collect::<Vec<_>>()
        .then_ignore(tok(Tok::Colon));
    is_async
        .then_ignore(tok(Tok::With))
        .then(choice((parenthesised, plain)))
        .map(|(is_async, items)| WithHeader { is_async, items })
        .boxed()
}

/// `with_item: expression ['as' star_target]`
fn with_item<'t>(x: &Expressions<'t>) -> Rule<'t, WithItem> {
    let target = x
        .bitwise_or
        .clone()
        .try_map_with(|target, e| checked(target, Place::Assign, e));
    x.expression
        .clone()
        .then(tok(Tok::As).ignore_then(target).or_not())
        .map(|(context, target)| WithItem { context, target })
        .boxed()
}

/// `except_block: 'except' ['*'] [expression ['as' NAME]] ':'`
fn except_block<'t>(x: &Expressions<'t>) -> Rule<'t, ExceptHeader> {
    let caught = x
        .expression
        .clone()
        .then(tok(Tok::As).ignore_then(name()).or_not());
    tok(Tok::Except)
        .ignore_then(tok(Tok::Star).or_not())
        .then(caught.or_not())
        .then_ignore(tok(Tok::Colon))
        .try_map_with(|(star, caught), e| {
            let (typ, name) = match caught {
                Some((typ, name)) => (Some(typ), name),
                None => (None, None),
            };
            match star {
                Some(at) if typ.is_none() => {
                    Err(e.state().raise("expected one or more exception types", at))
                }
                _ => Ok(ExceptHeader {
                    is_star: star.is_some(),
                    typ,
                    name,
                }),
            }
        })
        .boxed()
}

/// `match_stmt: 'match' ','.star_named_expression+ [','] ':'`
fn match_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, Expr> {
    tok(Tok::Match)
        .ignore_then(tuple_of(x.star_named_expression.clone()))
        .then_ignore(tok(Tok::Colon))
        .boxed()
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
        .then_ignore(tok(Tok::Colon))
        .map(|(pattern, guard)| CaseHeader { pattern, guard })
        .boxed()
}
