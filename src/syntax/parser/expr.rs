//! Expressions, from the loosest binding to the tightest: everything above an atom.

use super::args::arguments;
use super::atom::{self, atom};
use super::invalid;
use super::params::lambda_params;
use super::rule::{
    Extra, Matched, Miss, Reader, Rule, Tokens, cover, explaining, expr, here, name, next_kind,
    next_span, tok, tok_in,
};
use super::target::{comprehension_targets, star_targets};
use crate::source::Span;
use crate::syntax::ast::{
    Arg, BinaryOp, BoolOp, CompFor, CompareOp, Expr, ExprKind, Ident, UnaryOp,
};
use crate::syntax::token::Tok;
use chumsky::prelude::*;

/// The rules that refer to each other in a circle.
#[derive(Clone)]
pub struct Knot<'t> {
    pub expression: Rule<'t, Expr>,
    pub disjunction: Rule<'t, Expr>,
    pub bitwise_or: Rule<'t, Expr>,
}

/// The rules for expressions that statements use.
#[derive(Clone)]
pub struct Expressions<'t> {
    pub expression: Rule<'t, Expr>,
    pub named_expression: Rule<'t, Expr>,
    pub star_named_expression: Rule<'t, Expr>,
    pub star_expressions: Rule<'t, Expr>,
    pub annotated_rhs: Rule<'t, Expr>,
    pub star_targets: Rule<'t, Expr>,
    pub bitwise_or: Rule<'t, Expr>,
    pub arguments: Rule<'t, Vec<Arg>>,
    pub strings: Rule<'t, Expr>,
}

impl<'t> Expressions<'t> {
    /// Ties the knot. The inner handles are weak, so the rules are freed with the outer ones.
    pub fn new() -> Self {
        let mut inner = None;
        let expression = recursive(|expression| {
            let mut tightest = None;
            let disjunction = recursive(|disjunction| {
                let bitwise_or = recursive(|bitwise_or| {
                    bitwise_or_rule(&Knot {
                        expression: expression.clone().boxed(),
                        disjunction: disjunction.clone().boxed(),
                        bitwise_or: bitwise_or.boxed(),
                    })
                })
                .boxed();
                tightest = Some(bitwise_or.clone());
                disjunction_rule(bitwise_or)
            })
            .boxed();
            let rule = expression_rule(expression.clone().boxed(), disjunction.clone());
            inner = tightest.map(|bitwise_or| (disjunction, bitwise_or));
            rule
        })
        .boxed();
        let (disjunction, bitwise_or) =
            inner.unwrap_or_else(|| (expression.clone(), expression.clone()));
        Self::of(&Knot {
            expression,
            disjunction,
            bitwise_or,
        })
    }

    fn of(knot: &Knot<'t>) -> Self {
        Expressions {
            expression: knot.expression.clone(),
            named_expression: named_expression(knot),
            star_named_expression: star_named_expression(knot),
            star_expressions: star_expressions(knot),
            annotated_rhs: annotated_rhs(knot),
            star_targets: star_targets(knot.bitwise_or.clone()),
            bitwise_or: knot.bitwise_or.clone(),
            arguments: arguments(knot),
            strings: super::strings::strings(annotated_rhs(knot)),
        }
    }
}

/// `annotated_rhs: yield_expr | star_expressions`
pub fn annotated_rhs<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    choice((yield_expr(knot), star_expressions(knot))).boxed()
}

/// `star_expressions: ','.star_expression+ [',']`
pub fn star_expressions<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let item = choice((starred(knot.bitwise_or.clone()), knot.expression.clone())).boxed();
    tuple_of(item)
}

/// One item alone, or a tuple without parentheses.
pub fn tuple_of<'t>(item: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let rest = tok(Tok::Comma).ignore_then(super::rule::comma_list(item.clone()));
    item.then(rest.or_not())
        .map_with(|(first, rest), e| match rest {
            None => first,
            Some(mut rest) => {
                rest.insert(0, first);
                expr(ExprKind::Tuple(rest), e)
            }
        })
        .boxed()
}

/// `starred_expression: '*' bitwise_or`
pub fn starred<'t>(operand: Rule<'t, Expr>) -> Rule<'t, Expr> {
    tok(Tok::Star)
        .ignore_then(operand)
        .map_with(|value, e| expr(ExprKind::Starred(Box::new(value)), e))
        .boxed()
}

/// `star_named_expression: '*' bitwise_or | named_expression`
pub fn star_named_expression<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    choice((starred(knot.bitwise_or.clone()), named_expression(knot))).boxed()
}

/// `named_expression: NAME ':=' expression | expression`
pub fn named_expression<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let (expression, bitwise_or) = (knot.expression.clone(), knot.bitwise_or.clone());
    let plain = custom(move |inp: &mut Reader<'t, '_>| {
        let start = inp.cursor();
        let value = inp.parse(&expression)?;
        if inp.state().explain {
            let parsed = inp.slice_since(&start..);
            invalid::named_expression(inp, &value, parsed, &expression, &bitwise_or)?;
        }
        Ok(value)
    });
    choice((assignment_expression(knot), plain)).boxed()
}

/// `named_argument: NAME ':=' expression | expression`, where a `=` may mean something else.
pub fn named_argument<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    choice((assignment_expression(knot), knot.expression.clone())).boxed()
}

fn assignment_expression<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    name()
        .then_ignore(tok(Tok::ColonEqual))
        .then(knot.expression.clone())
        .map_with(|(target, value), e| {
            expr(
                ExprKind::Named {
                    target,
                    value: Box::new(value),
                },
                e,
            )
        })
        .boxed()
}

/// `yield_expr: 'yield' 'from' expression | 'yield' [star_expressions]`
pub fn yield_expr<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let from = tok(Tok::From)
        .ignore_then(knot.expression.clone())
        .map(|value| ExprKind::YieldFrom(Box::new(value)));
    let plain = star_expressions(knot)
        .or_not()
        .map(|value| ExprKind::Yield(value.map(Box::new)));
    tok(Tok::Yield)
        .ignore_then(choice((from, plain)))
        .map_with(expr)
        .boxed()
}

/// `expression: disjunction ['if' disjunction 'else' expression] | lambda`
fn expression_rule<'t>(expression: Rule<'t, Expr>, disjunction: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let tail = tok(Tok::If)
        .ignore_then(disjunction.clone())
        .then_ignore(tok(Tok::Else))
        .then(expression.clone())
        .or_not()
        .boxed();
    let lambda = lambda(expression.clone());
    let conditional = custom(move |inp: &mut Reader<'t, '_>| {
        if let Some(alone) = atom::lone(inp, Tok::ends_expression) {
            return alone;
        }
        let start = inp.cursor();
        let body = inp.parse(&disjunction)?;
        if inp.state().explain {
            let parsed = inp.slice_since(&start..);
            invalid::expression(inp, parsed, &disjunction, &expression)?;
        }
        let Some((test, orelse)) = inp.parse(&tail)? else {
            return Ok(body);
        };
        let (test, body, orelse) = (Box::new(test), Box::new(body), Box::new(orelse));
        let span = cover(inp.slice_since(&start..));
        Ok(Expr {
            kind: ExprKind::Conditional { test, body, orelse },
            span,
        })
    });
    choice((conditional, lambda)).boxed()
}

/// `lambda: 'lambda' [lambda_params] ':' expression`
fn lambda<'t>(expression: Rule<'t, Expr>) -> Rule<'t, Expr> {
    tok(Tok::Lambda)
        .ignore_then(lambda_params(expression.clone()))
        .then_ignore(tok(Tok::Colon))
        .then_ignore(explaining(lambda_in_field))
        .then(expression)
        .map_with(|(params, body), e| {
            expr(
                ExprKind::Lambda {
                    params: Box::new(params),
                    body: Box::new(body),
                },
                e,
            )
        })
        .boxed()
}

/// In an f-string, the `:` of a lambda without parentheses begins the format spec.
fn lambda_in_field(inp: &mut Reader) -> Result<(), Miss> {
    let next = next_span(inp);
    let ends_field = match next_kind(inp) {
        Tok::FStringMiddle | Tok::FStringMiddleRaw => true,
        Tok::RBrace => inp.state().in_fstring(next.start),
        _ => false,
    };
    if !ends_field {
        return Ok(());
    }
    let line = inp.state().line;
    let lambda = line
        .iter()
        .rev()
        .find(|token| token.kind == Tok::Lambda && token.span.end <= next.start);
    let span = lambda.map_or(next, |token| {
        token.span.to(Span::new(next.start, next.start))
    });
    let title = "f-string: lambda expressions are not allowed without parentheses";
    Err(inp.state().raise(title, span))
}

/// `disjunction: 'or'.conjunction+`, `conjunction: 'and'.inversion+`
fn disjunction_rule<'t>(bitwise_or: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let conjunction = bool_chain(inversion(bitwise_or), Tok::And, BoolOp::And);
    bool_chain(conjunction, Tok::Or, BoolOp::Or)
}

fn bool_chain<'t>(operand: Rule<'t, Expr>, keyword: Tok, op: BoolOp) -> Rule<'t, Expr> {
    let rest = tok(keyword)
        .ignore_then(operand.clone())
        .repeated()
        .collect::<Vec<_>>();
    operand
        .then(rest)
        .map_with(move |(first, mut values), e| {
            if values.is_empty() {
                return first;
            }
            values.insert(0, first);
            expr(ExprKind::Bool { op, values }, e)
        })
        .boxed()
}

/// `inversion: 'not'* comparison`
fn inversion<'t>(bitwise_or: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let nots = tok(Tok::Not).repeated().collect::<Vec<_>>();
    nots.then(comparison(bitwise_or))
        .map_with(|(nots, operand), e| prefixed(nots, UnaryOp::Not, operand, e))
        .boxed()
}

/// Wraps an operand in its prefix operators, the innermost last.
fn prefixed(ops: Vec<Span>, op: UnaryOp, mut operand: Expr, e: &mut Matched) -> Expr {
    if ops.is_empty() {
        return operand;
    }
    let end = here(e).end;
    for at in ops.into_iter().rev() {
        operand = Expr {
            kind: ExprKind::Unary {
                op,
                operand: Box::new(operand),
            },
            span: Span::new(at.start, end),
        };
    }
    operand
}

/// `comparison: bitwise_or (comp_op bitwise_or)*`
fn comparison<'t>(bitwise_or: Rule<'t, Expr>) -> Rule<'t, Expr> {
    let rest = comp_op()
        .then(bitwise_or.clone())
        .repeated()
        .collect::<Vec<_>>();
    bitwise_or
        .then(rest)
        .map_with(|(left, rest), e| {
            if rest.is_empty() {
                return left;
            }
            expr(
                ExprKind::Compare {
                    left: Box::new(left),
                    rest,
                },
                e,
            )
        })
        .boxed()
}

/// `comp_op: '==' | '!=' | '<' | '<=' | '>' | '>=' | ['not'] 'in' | 'is' ['not']`
fn comp_op<'t>() -> impl Parser<'t, Tokens<'t>, CompareOp, Extra<'t>> + Clone {
    let sign = tok_in(|kind| {
        Some(match kind {
            Tok::EqEqual => CompareOp::Eq,
            Tok::NotEqual => CompareOp::NotEq,
            Tok::Less => CompareOp::Lt,
            Tok::LessEqual => CompareOp::LtE,
            Tok::Greater => CompareOp::Gt,
            Tok::GreaterEqual => CompareOp::GtE,
            Tok::In => CompareOp::In,
            _ => return None,
        })
    });
    let not_in = tok(Tok::Not).then(tok(Tok::In)).to(CompareOp::NotIn);
    let is = tok(Tok::Is).ignore_then(tok(Tok::Not).or_not()).map(|not| {
        if not.is_some() {
            CompareOp::IsNot
        } else {
            CompareOp::Is
        }
    });
    choice((sign, is, not_in))
}

/// `bitwise_or`, `bitwise_xor`, `bitwise_and`, `shift_expr`, `sum` and `term`: binary operators by
/// the precedence in the table of tokens.
fn bitwise_or_rule<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let factor = factor(knot);
    custom(move |inp: &mut Reader<'t, '_>| climb(inp, &factor, 0)).boxed()
}

/// The precedence of `+`; see `Tok::binary`.
const SUM: u8 = 5;

/// Precedence climbing: operands joined by operators that bind at least as tightly as `least`.
fn climb<'t>(inp: &mut Reader<'t, '_>, factor: &Rule<'t, Expr>, least: u8) -> Result<Expr, Miss> {
    let start = inp.cursor();
    let mut left = match atom::lone(inp, Tok::ends_operand_before) {
        Some(operand) => operand?,
        None => inp.parse(factor)?,
    };
    while let Some((op, precedence)) = next_kind(inp).binary() {
        if precedence < least {
            break;
        }
        let before = inp.save();
        inp.next_ref();
        if inp.state().explain && precedence >= SUM {
            invalid::not_after_operator(inp)?;
        }
        let Ok(right) = climb(inp, factor, precedence + 1) else {
            inp.rewind(before);
            break;
        };
        let span = cover(inp.slice_since(&start..));
        left = Expr {
            kind: ExprKind::Binary {
                op,
                left: Box::new(left),
                right: Box::new(right),
            },
            span,
        };
    }
    Ok(left)
}

/// `factor: ('+' | '-' | '~')* power`, `power: await_primary ['**' factor]`
fn factor<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let operand = await_primary(knot);
    recursive(|factor| {
        let sign = tok_in(|kind| match kind {
            Tok::Plus => Some(UnaryOp::Pos),
            Tok::Minus => Some(UnaryOp::Neg),
            Tok::Tilde => Some(UnaryOp::Invert),
            _ => None,
        });
        let signs = sign
            .map_with(|op, e| (op, here(e)))
            .repeated()
            .collect::<Vec<_>>();
        let exponent = tok(Tok::DoubleStar).ignore_then(factor).or_not();
        let power = operand
            .then(exponent)
            .map_with(|(base, exponent), e| match exponent {
                None => base,
                Some(right) => expr(
                    ExprKind::Binary {
                        op: BinaryOp::Pow,
                        left: Box::new(base),
                        right: Box::new(right),
                    },
                    e,
                ),
            });
        let no_not = custom(|inp: &mut Reader<'t, '_>| {
            let next = next_span(inp);
            if inp.state().explain && inp.state().after_sign(next) {
                invalid::not_after_operator(inp)?;
            }
            Ok(())
        });
        signs
            .then_ignore(no_not)
            .then(power)
            .map_with(|(signs, mut operand), e| {
                let end = here(e).end;
                for (op, at) in signs.into_iter().rev() {
                    let span = Span::new(at.start, end);
                    operand = Expr {
                        kind: ExprKind::Unary {
                            op,
                            operand: Box::new(operand),
                        },
                        span,
                    };
                }
                operand
            })
            .boxed()
    })
    .boxed()
}

/// `await_primary: ['await'] primary`
fn await_primary<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let primary = primary(knot);
    let awaited = tok(Tok::Await)
        .ignore_then(primary.clone())
        .map_with(|value, e| expr(ExprKind::Await(Box::new(value)), e));
    choice((primary, awaited)).boxed()
}

/// What may follow an atom.
#[derive(Clone)]
enum Trailer {
    Attribute(Ident),
    Call(Vec<Arg>),
    Subscript(Expr),
}

/// `primary: atom ('.' NAME | '(' [arguments] ')' | '[' slices ']')*`
fn primary<'t>(knot: &Knot<'t>) -> Rule<'t, Expr> {
    let attribute = tok(Tok::Dot).ignore_then(name()).map(Trailer::Attribute);
    let call = super::args::call(knot).map(Trailer::Call);
    let subscript = tok(Tok::LBracket)
        .ignore_then(atom::slices(knot))
        .then_ignore(tok(Tok::RBracket))
        .map(Trailer::Subscript);
    let trailer = choice((attribute, call, subscript)).boxed();
    atom(knot)
        .foldl_with(trailer.repeated(), |value, trailer, e| {
            let value = Box::new(value);
            let kind = match trailer {
                Trailer::Attribute(attr) => ExprKind::Attribute { value, attr },
                Trailer::Call(args) => ExprKind::Call { func: value, args },
                Trailer::Subscript(index) => ExprKind::Subscript {
                    value,
                    index: Box::new(index),
                },
            };
            expr(kind, e)
        })
        .boxed()
}

/// `for_if_clauses: (['async'] 'for' star_targets 'in' disjunction ('if' disjunction)*)+`
pub fn for_if_clauses<'t>(knot: &Knot<'t>) -> Rule<'t, Vec<CompFor>> {
    let is_async = tok(Tok::Async).or_not().map(|found| found.is_some());
    let ifs = tok(Tok::If)
        .ignore_then(knot.disjunction.clone())
        .repeated()
        .collect::<Vec<_>>();
    is_async
        .then_ignore(tok(Tok::For))
        .then(comprehension_targets(knot.bitwise_or.clone()))
        .then_ignore(tok(Tok::In))
        .then(knot.disjunction.clone())
        .then(ifs)
        .map(|(((is_async, target), iter), ifs)| CompFor {
            is_async,
            target,
            iter,
            ifs,
        })
        .repeated()
        .at_least(1)
        .collect()
        .boxed()
}
