//! The patterns of `case`.

use super::atom::number_literal;
use super::expr::Expressions;
use super::rule::{
    Extra, Matched, Miss, Reader, Rule, Tokens, comma_list, explaining, expr, here, name, take,
    tok, tok_in,
};
use crate::syntax::ast::{
    BinaryOp, Constant, Expr, ExprKind, Ident, Pattern, PatternKind, UnaryOp,
};
use crate::syntax::token::Tok;
use chumsky::prelude::*;

fn pattern_node(kind: PatternKind, e: &mut Matched) -> Pattern {
    Pattern {
        kind,
        span: here(e),
    }
}

/// `patterns: open_sequence_pattern | pattern`
pub fn patterns<'t>(expressions: &Expressions<'t>) -> Rule<'t, Pattern> {
    let pattern = pattern(expressions);
    let item = maybe_star_pattern(pattern);
    let rest = tok(Tok::Comma).ignore_then(comma_list(item.clone()));
    item.then(rest.or_not())
        .try_map_with(|(first, rest), e| match rest {
            None if matches!(first.kind, PatternKind::Star(_)) => Err(Miss),
            None => Ok(first),
            Some(rest) => Ok(sequence(first, rest, e)),
        })
        .boxed()
}

fn sequence(first: Pattern, rest: Vec<Pattern>, e: &mut Matched) -> Pattern {
    let mut items = vec![first];
    items.extend(rest);
    pattern_node(PatternKind::Sequence(items), e)
}

/// `maybe_star_pattern: '*' NAME | pattern`
fn maybe_star_pattern<'t>(pattern: Rule<'t, Pattern>) -> Rule<'t, Pattern> {
    let star = tok(Tok::Star)
        .ignore_then(capture_name())
        .map_with(|name, e| pattern_node(PatternKind::Star(name), e));
    choice((star, pattern)).boxed()
}

/// A name to bind; `_` binds nothing.
fn capture_name<'t>() -> impl Parser<'t, Tokens<'t>, Option<Ident>, Extra<'t>> + Clone {
    name().map(|name| if &*name.name == "_" { None } else { Some(name) })
}

/// `pattern: or_pattern ['as' NAME]`
fn pattern<'t>(expressions: &Expressions<'t>) -> Rule<'t, Pattern> {
    let expressions = expressions.clone();
    recursive(move |pattern| {
        let or_pattern = or_pattern(closed_pattern(pattern.boxed(), &expressions));
        let expression = expressions.expression.clone();
        let no_name = explaining(move |inp: &mut Reader<'t, '_>| {
            let before = inp.save();
            let name = take(inp, Tok::is_name).is_ok();
            let target = if name {
                None
            } else {
                inp.parse(&expression).ok()
            };
            inp.rewind(before);
            match target {
                Some(target) => Err(inp.state().raise("invalid pattern target", target.span)),
                None => Ok(()),
            }
        });
        let target = tok(Tok::As)
            .then_ignore(no_name)
            .ignore_then(name().try_map_with(|name, e| match &*name.name {
                "_" => Err(e.state().raise("cannot use '_' as a target", name.span)),
                _ => Ok(name),
            }));
        or_pattern
            .then(target.or_not())
            .map_with(|(pattern, name), e| match name {
                None => pattern,
                Some(name) => pattern_node(
                    PatternKind::As {
                        pattern: Some(Box::new(pattern)),
                        name: Some(name),
                    },
                    e,
                ),
            })
            .boxed()
    })
    .boxed()
}

/// `or_pattern: '|'.closed_pattern+`
fn or_pattern<'t>(closed: Rule<'t, Pattern>) -> Rule<'t, Pattern> {
    let rest = tok(Tok::Bar)
        .ignore_then(closed.clone())
        .repeated()
        .collect::<Vec<_>>();
    closed
        .then(rest)
        .map_with(|(first, mut rest), e| {
            if rest.is_empty() {
                return first;
            }
            rest.insert(0, first);
            pattern_node(PatternKind::Or(rest), e)
        })
        .boxed()
}

/// `closed_pattern: literal_pattern | capture_or_value_or_class | group_or_sequence | mapping_pattern`
fn closed_pattern<'t>(
    pattern: Rule<'t, Pattern>,
    expressions: &Expressions<'t>,
) -> Rule<'t, Pattern> {
    choice((
        literal_pattern(expressions),
        name_pattern(pattern.clone()),
        group_pattern(pattern.clone()),
        list_pattern(pattern.clone()),
        mapping_pattern(pattern, expressions),
    ))
    .boxed()
}

/// `literal_pattern: signed_number ['+'|'-' NUMBER] | strings | 'None' | 'True' | 'False'`
fn literal_pattern<'t>(expressions: &Expressions<'t>) -> Rule<'t, Pattern> {
    let singleton =
        singleton().map_with(|constant, e| pattern_node(PatternKind::Singleton(constant), e));
    let value =
        literal_value(expressions).map_with(|value, e| pattern_node(PatternKind::Value(value), e));
    choice((singleton, value)).boxed()
}

fn singleton<'t>() -> impl Parser<'t, Tokens<'t>, Constant, Extra<'t>> + Clone {
    tok_in(|kind| match kind {
        Tok::None => Some(Constant::None),
        Tok::True => Some(Constant::True),
        Tok::False => Some(Constant::False),
        _ => None,
    })
}

/// A number, possibly signed or complex, or a string.
fn literal_value<'t>(expressions: &Expressions<'t>) -> Rule<'t, Expr> {
    let signed = tok(Tok::Minus)
        .or_not()
        .then(number_literal())
        .map_with(|(minus, number), e| match minus {
            None => number,
            Some(_) => expr(
                ExprKind::Unary {
                    op: UnaryOp::Neg,
                    operand: Box::new(number),
                },
                e,
            ),
        });
    let sign = tok_in(|kind| match kind {
        Tok::Plus => Some(BinaryOp::Add),
        Tok::Minus => Some(BinaryOp::Sub),
        _ => None,
    });
    let complex = signed
        .then(sign.then(number_literal()).or_not())
        .try_map_with(|(real, rest), e| match rest {
            None => Ok(real),
            Some((op, imaginary)) => {
                if is_imaginary(&real) {
                    return Err(e
                        .state()
                        .raise("real number required in complex literal", real.span));
                }
                if !is_imaginary(&imaginary) {
                    return Err(e.state().raise(
                        "imaginary number required in complex literal",
                        imaginary.span,
                    ));
                }
                Ok(expr(
                    ExprKind::Binary {
                        op,
                        left: Box::new(real),
                        right: Box::new(imaginary),
                    },
                    e,
                ))
            }
        });
    choice((complex, expressions.strings.clone())).boxed()
}

fn is_imaginary(number: &Expr) -> bool {
    match &number.kind {
        ExprKind::Unary { operand, .. } => is_imaginary(operand),
        kind => matches!(kind, ExprKind::Constant(Constant::Imaginary(_))),
    }
}

/// `name_or_attr: NAME ('.' NAME)*`
fn name_or_attr<'t>() -> Rule<'t, Expr> {
    let first = name().map(|name| Expr {
        kind: ExprKind::Name(name.name),
        span: name.span,
    });
    first
        .foldl_with(
            tok(Tok::Dot).ignore_then(name()).repeated(),
            |value, attr, e| {
                expr(
                    ExprKind::Attribute {
                        value: Box::new(value),
                        attr,
                    },
                    e,
                )
            },
        )
        .boxed()
}

enum ClassArg {
    Positional(Pattern),
    Keyword(Ident, Pattern),
}

/// `capture_pattern`, `wildcard_pattern`, `value_pattern` and `class_pattern`, which all begin with a
/// name: `class_pattern: name_or_attr '(' [','.class_argument+ [',']] ')'`.
fn name_pattern<'t>(pattern: Rule<'t, Pattern>) -> Rule<'t, Pattern> {
    let keyword = name()
        .then_ignore(tok(Tok::Equal))
        .then(pattern.clone())
        .map(|(name, pattern)| ClassArg::Keyword(name, pattern));
    let argument = choice((keyword, pattern.map(ClassArg::Positional))).boxed();
    let arguments = tok(Tok::LParen)
        .ignore_then(comma_list(argument))
        .then_ignore(tok(Tok::RParen));
    name_or_attr()
        .then(arguments.or_not())
        .try_map_with(|(value, arguments), e| {
            let tokens = e.slice();
            let wildcard = tokens
                .first()
                .is_some_and(|token| token.kind == Tok::Underscore);
            if wildcard && tokens.len() > 1 {
                return Err(Miss);
            }
            let kind = match (arguments, value.kind) {
                (Some(arguments), kind) => class_pattern(Expr { kind, ..value }, arguments, e)?,
                (None, ExprKind::Name(name)) => {
                    let name = Some(Ident {
                        name,
                        span: value.span,
                    })
                    .filter(|ident| &*ident.name != "_");
                    PatternKind::As {
                        pattern: None,
                        name,
                    }
                }
                (None, kind) => PatternKind::Value(Expr { kind, ..value }),
            };
            Ok(pattern_node(kind, e))
        })
        .boxed()
}

fn class_pattern(
    cls: Expr,
    arguments: Vec<ClassArg>,
    e: &mut Matched,
) -> Result<PatternKind, Miss> {
    let (mut positional, mut keyword) = (Vec::new(), Vec::new());
    for argument in arguments {
        match argument {
            ClassArg::Positional(pattern) if !keyword.is_empty() => {
                return Err(e
                    .state()
                    .raise("positional patterns follow keyword patterns", pattern.span));
            }
            ClassArg::Positional(pattern) => positional.push(pattern),
            ClassArg::Keyword(name, pattern) => keyword.push((name, pattern)),
        }
    }
    Ok(PatternKind::Class {
        cls,
        positional,
        keyword,
    })
}

/// `group_pattern: '(' pattern ')'`, or a sequence if there is a comma or nothing.
fn group_pattern<'t>(pattern: Rule<'t, Pattern>) -> Rule<'t, Pattern> {
    let item = maybe_star_pattern(pattern);
    let rest = tok(Tok::Comma).ignore_then(comma_list(item.clone()));
    tok(Tok::LParen)
        .ignore_then(item.then(rest.or_not()).or_not())
        .then_ignore(tok(Tok::RParen))
        .try_map_with(|content, e| match content {
            None => Ok(pattern_node(PatternKind::Sequence(Vec::new()), e)),
            Some((first, None)) if matches!(first.kind, PatternKind::Star(_)) => Err(Miss),
            Some((first, None)) => Ok(first),
            Some((first, Some(rest))) => Ok(sequence(first, rest, e)),
        })
        .boxed()
}

/// `sequence_pattern: '[' [','.maybe_star_pattern+ [',']] ']'`
fn list_pattern<'t>(pattern: Rule<'t, Pattern>) -> Rule<'t, Pattern> {
    tok(Tok::LBracket)
        .ignore_then(comma_list(maybe_star_pattern(pattern)))
        .then_ignore(tok(Tok::RBracket))
        .map_with(|items, e| pattern_node(PatternKind::Sequence(items), e))
        .boxed()
}

enum MappingItem {
    Pair(Expr, Pattern),
    Rest(Ident),
}

/// `mapping_pattern: '{' [','.(key ':' pattern | '**' NAME)+ [',']] '}'`
fn mapping_pattern<'t>(
    pattern: Rule<'t, Pattern>,
    expressions: &Expressions<'t>,
) -> Rule<'t, Pattern> {
    let constant = singleton().map_with(|constant, e| expr(ExprKind::Constant(constant), e));
    let attribute = name_or_attr().try_map_with(|value, _| match value.kind {
        ExprKind::Attribute { .. } => Ok(value),
        _ => Err(Miss),
    });
    let key = choice((constant, literal_value(expressions), attribute));
    let pair = key
        .then_ignore(tok(Tok::Colon))
        .then(pattern)
        .map(|(key, pattern)| MappingItem::Pair(key, pattern));
    let rest = tok(Tok::DoubleStar)
        .ignore_then(name())
        .try_map_with(|name, e| match &*name.name {
            "_" => Err(e.state().nothing_beyond(name.span)),
            _ => Ok(MappingItem::Rest(name)),
        });
    tok(Tok::LBrace)
        .ignore_then(comma_list(choice((pair, rest)).boxed()))
        .then_ignore(tok(Tok::RBrace))
        .try_map_with(|content, e| {
            let (mut items, mut rest) = (Vec::new(), None);
            for item in content {
                match item {
                    MappingItem::Pair(key, _) if rest.is_some() => {
                        return Err(e.state().nothing_beyond(key.span));
                    }
                    MappingItem::Rest(name) if rest.is_some() => {
                        let stars = e.state().before(name.span.start).last();
                        let stars = stars.map_or(name.span, |token| token.span);
                        return Err(e.state().nothing_beyond(stars));
                    }
                    MappingItem::Pair(key, pattern) => items.push((key, pattern)),
                    MappingItem::Rest(name) => rest = Some(name),
                }
            }
            Ok(pattern_node(PatternKind::Mapping { items, rest }, e))
        })
        .boxed()
}
