//! Simple statements: those that fit on one line.

use super::def::type_params;
use super::expr::{Expressions, tuple_of};
use super::rule::{
    Extra, Matched, Miss, Reader, Rule, State, Tokens, comma_list, cover, explaining, here, name,
    next_kind, next_span, take, tok, tok_in,
};
use super::target::{Place, checked, invalid_target, kind_name};
use crate::source::Span;
use crate::syntax::ast::{Alias, BinaryOp, Expr, ExprKind, Ident, Stmt, StmtKind};
use crate::syntax::token::{Tok, Token};
use chumsky::prelude::*;

/// `simple_stmts: ';'.simple_stmt+ [';']`
pub fn simple_stmts<'t>(x: &Expressions<'t>) -> Rule<'t, Vec<Stmt>> {
    simple_stmt(x)
        .separated_by(tok(Tok::Semicolon))
        .allow_trailing()
        .at_least(1)
        .collect()
        .boxed()
}

fn simple_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, Stmt> {
    let keyword = choice((
        return_stmt(x),
        import_stmt(),
        raise_stmt(x),
        single_word(),
        del_stmt(x),
        assert_stmt(x),
        scope_stmt(),
    ));
    choice((type_alias(x), expression_stmt(x), keyword))
        .map_with(|kind, e| Stmt {
            kind,
            span: here(e),
        })
        .boxed()
}

/// What follows the first expression of a statement.
enum Tail {
    Annotation(Expr, Option<Expr>),
    Augmented(BinaryOp, Expr),
    Values(Vec<Expr>),
}

/// `assignment: target ':' expression ['=' annotated_rhs] | target augassign annotated_rhs
/// | (star_targets '=')+ annotated_rhs`, or `star_expressions` alone.
fn expression_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, StmtKind> {
    let value = || tok(Tok::Equal).ignore_then(x.annotated_rhs.clone());
    let annotation = tok(Tok::Colon)
        .ignore_then(x.expression.clone())
        .then(value().or_not())
        .map(|(annotation, value)| Tail::Annotation(annotation, value));
    let augmented = tok_in(Tok::augmented)
        .then(x.annotated_rhs.clone())
        .map(|(op, value)| Tail::Augmented(op, value));
    let values = value().repeated().collect::<Vec<_>>().map(Tail::Values);
    let parts = x
        .annotated_rhs
        .clone()
        .then(choice((annotation, augmented, values)))
        .boxed();
    let statement = parts.clone().try_map_with(assignment).boxed();
    let comparisons = tuple_of(x.star_named_expression.clone());
    custom(move |inp: &mut Reader<'t, '_>| {
        if !inp.state().explain {
            return inp.parse(&statement);
        }
        let start = inp.save();
        let parsed = inp.parse(&statement);
        if inp.state().raised.is_some() {
            return Err(Miss);
        }
        let dangling = next_kind(inp) == Tok::Equal;
        if !dangling
            && parsed
                .as_ref()
                .is_ok_and(|kind| !matches!(kind, StmtKind::Expr(_)))
        {
            return parsed;
        }
        // First what looks like a comparison with one `=` too few, then what is no target.
        let end = inp.save();
        inp.rewind(start.clone());
        // CPython reads list after list here, without a comma between them.
        let mut lists = inp.parse(&comparisons);
        while lists
            .as_ref()
            .is_ok_and(|list| matches!(list.kind, ExprKind::Tuple(_)))
        {
            lists = inp.parse(&comparisons);
        }
        if parsed.is_ok() && !dangling {
            inp.rewind(end);
            return parsed;
        }
        inp.rewind(start.clone());
        let from = inp.cursor();
        let (first, tail) = inp.parse(&parts)?;
        let tokens = inp.slice_since(&from..);
        inp.rewind(start);
        Err(refusal(&first, &tail, tokens, dangling, inp.state()))
    })
    .boxed()
}

/// A statement, or nothing if the target cannot be one.
fn assignment((first, tail): (Expr, Tail), e: &mut Matched) -> Result<StmtKind, Miss> {
    match tail {
        Tail::Values(values) if values.is_empty() => Ok(StmtKind::Expr(first)),
        Tail::Values(mut values) => {
            let Some(value) = values.pop() else {
                return Err(Miss);
            };
            let mut targets = vec![first];
            targets.append(&mut values);
            let refused = targets
                .iter()
                .any(|target| invalid_target(target, Place::Assign).is_some());
            if refused {
                Err(Miss)
            } else {
                Ok(StmtKind::Assign { targets, value })
            }
        }
        Tail::Augmented(op, value) if is_single(&first) => Ok(StmtKind::AugAssign {
            target: first,
            op,
            value,
        }),
        Tail::Annotation(annotation, value) if is_single(&first) => {
            let bare = e.slice().first().is_some_and(|token| token.kind.is_name());
            let simple = bare && matches!(first.kind, ExprKind::Name(_));
            Ok(StmtKind::AnnAssign {
                target: first,
                annotation,
                value,
                simple,
            })
        }
        Tail::Annotation(annotation, _) if matches!(first.kind, ExprKind::Starred(_)) => {
            let colon = e.state().before(annotation.span.start).last();
            let colon = colon.map_or(annotation.span, |token| token.span);
            Err(e.state().nothing_beyond(colon))
        }
        _ => Err(Miss),
    }
}

/// A name, an attribute or a subscript.
fn is_single(target: &Expr) -> bool {
    matches!(
        target.kind,
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
    )
}

/// Says why something cannot be assigned to; `dangling` if an `=` follows that has no value.
fn refusal(first: &Expr, tail: &Tail, tokens: &[Token], dangling: bool, state: &mut State) -> Miss {
    match tail {
        Tail::Values(values) => {
            let count = if dangling {
                values.len()
            } else {
                values.len().saturating_sub(1)
            };
            let culprit = std::iter::once(first)
                .filter(|_| dangling || !values.is_empty())
                .chain(values.iter().take(count))
                .find_map(|target| invalid_target(target, Place::Assign));
            let Some(culprit) = culprit else { return Miss };
            let bare = state.before(culprit.span.start).last();
            let bare = bare.is_none_or(|token| token.kind != Tok::LParen);
            if bare && matches!(culprit.kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_)) {
                return state.raise("assignment to yield expression not possible", culprit.span);
            }
            let title = format!("cannot assign to {}", kind_name(culprit));
            state.raise_with(title, culprit.span, "this cannot be assigned to")
        }
        Tail::Augmented(..)
            if matches!(first.kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_)) =>
        {
            Miss
        }
        Tail::Augmented(..) if !is_single(first) => {
            let title = format!(
                "'{}' is an illegal expression for augmented assignment",
                kind_name(first)
            );
            state.raise(title, first.span)
        }
        Tail::Annotation(..) if matches!(first.kind, ExprKind::Starred(_)) => Miss,
        Tail::Annotation(..) if !is_single(first) => {
            let title = match first.kind {
                ExprKind::Tuple(_) => "only single target (not tuple) can be annotated",
                ExprKind::List(_) => "only single target (not list) can be annotated",
                _ => "illegal target for annotation",
            };
            let place = first.span;
            // Of a tuple without parentheses the first item.
            let place = match &first.kind {
                ExprKind::Tuple(items) if tokens.first().is_none_or(|t| t.kind != Tok::LParen) => {
                    items.first().map_or(place, |item| item.span)
                }
                _ => place,
            };
            state.raise(title, place)
        }
        _ => Miss,
    }
}

/// `type_alias: 'type' NAME [type_params] '=' expression`
fn type_alias<'t>(x: &Expressions<'t>) -> Rule<'t, StmtKind> {
    tok(Tok::Type)
        .ignore_then(name())
        .then(type_params(x).or_not())
        .then_ignore(tok(Tok::Equal))
        .then(x.expression.clone())
        .map(|((name, params), value)| StmtKind::TypeAlias {
            name,
            params: params.unwrap_or_default(),
            value,
        })
        .boxed()
}

/// `return_stmt: 'return' [star_expressions]`
fn return_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, StmtKind> {
    tok(Tok::Return)
        .ignore_then(x.star_expressions.clone().or_not())
        .map(StmtKind::Return)
        .boxed()
}

/// `raise_stmt: 'raise' [expression ['from' expression]]`
fn raise_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, StmtKind> {
    let cause = tok(Tok::From).ignore_then(x.expression.clone()).or_not();
    tok(Tok::Raise)
        .ignore_then(x.expression.clone().then(cause).or_not())
        .map(|raised| match raised {
            None => StmtKind::Raise {
                exc: None,
                cause: None,
            },
            Some((exc, cause)) => StmtKind::Raise {
                exc: Some(exc),
                cause,
            },
        })
        .boxed()
}

/// `pass`, `break`, `continue`
fn single_word<'t>() -> Rule<'t, StmtKind> {
    tok_in(|kind| match kind {
        Tok::Pass => Some(Tok::Pass),
        Tok::Break => Some(Tok::Break),
        Tok::Continue => Some(Tok::Continue),
        _ => None,
    })
    .map(|kind| match kind {
        Tok::Break => StmtKind::Break,
        Tok::Continue => StmtKind::Continue,
        _ => StmtKind::Pass,
    })
    .boxed()
}

/// `del_stmt: 'del' ','.del_target+ [',']`
fn del_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, StmtKind> {
    let target = x.star_expressions.clone().try_map_with(|targets, e| {
        let bare = matches!(targets.kind, ExprKind::Tuple(_)) && cover(e.slice()) == targets.span;
        let parenthesised = e
            .slice()
            .first()
            .is_some_and(|token| token.kind == Tok::LParen)
            && is_one_group(e);
        let checked = checked(targets, Place::Delete, e)?;
        Ok(match checked.kind {
            ExprKind::Tuple(items) if bare && !parenthesised => items,
            kind => vec![Expr {
                kind,
                span: checked.span,
            }],
        })
    });
    tok(Tok::Del)
        .ignore_then(target)
        .map(StmtKind::Delete)
        .boxed()
}

/// Does the bracket that begins what has been parsed close at its very end?
fn is_one_group(e: &mut Matched) -> bool {
    let tokens = e.slice();
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            Tok::LParen | Tok::LBracket | Tok::LBrace => depth += 1,
            Tok::RParen | Tok::RBracket | Tok::RBrace => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i + 1 == tokens.len();
                }
            }
            _ => {}
        }
    }
    false
}

/// `assert_stmt: 'assert' expression [',' expression]`
fn assert_stmt<'t>(x: &Expressions<'t>) -> Rule<'t, StmtKind> {
    let msg = tok(Tok::Comma).ignore_then(x.expression.clone()).or_not();
    tok(Tok::Assert)
        .ignore_then(x.expression.clone())
        .then(msg)
        .map(|(test, msg)| StmtKind::Assert { test, msg })
        .boxed()
}

/// `global_stmt: 'global' ','.NAME+`, `nonlocal_stmt: 'nonlocal' ','.NAME+`
fn scope_stmt<'t>() -> Rule<'t, StmtKind> {
    let names = || {
        name()
            .separated_by(tok(Tok::Comma))
            .at_least(1)
            .collect::<Vec<_>>()
    };
    let global = tok(Tok::Global).ignore_then(names()).map(StmtKind::Global);
    let nonlocal = tok(Tok::Nonlocal)
        .ignore_then(names())
        .map(StmtKind::Nonlocal);
    choice((global, nonlocal)).boxed()
}

/// `import_stmt: 'import' ','.dotted_as_name+ | 'from' ('.' | '...')* dotted_name 'import' targets`
fn import_stmt<'t>() -> Rule<'t, StmtKind> {
    let as_name = || tok(Tok::As).ignore_then(name()).or_not();
    let dotted_as_name = dotted_name()
        .then(as_name())
        .map(|(name, asname)| Alias { name, asname });
    let import = tok(Tok::Import)
        .then_ignore(explaining(no_names))
        .then(
            dotted_as_name
                .separated_by(tok(Tok::Comma))
                .at_least(1)
                .collect::<Vec<_>>(),
        )
        .then(swapped().or_not())
        .try_map_with(|((import, names), swapped), e| match swapped {
            Some(end) => {
                let title = "Did you mean to use 'from ... import ...' instead?";
                Err(e.state().raise(title, import.to(end)))
            }
            None => Ok(StmtKind::Import(names)),
        });
    choice((import, import_from())).boxed()
}

/// `import a from b`, which is the wrong way round.
fn swapped<'t>() -> impl Parser<'t, Tokens<'t>, Span, Extra<'t>> + Clone {
    tok(Tok::From)
        .ignore_then(dotted_name())
        .map(|module| module.span)
}

/// `import` at the end of a line.
fn no_names(inp: &mut Reader) -> Result<(), Miss> {
    if inp.peek_ref().is_some() {
        return Ok(());
    }
    let at = next_span(inp);
    Err(inp
        .state()
        .raise("Expected one or more names after 'import'", at))
}

/// `from a import b,` at the end of a line.
fn trailing_comma(inp: &mut Reader) -> Result<(), Miss> {
    let before = inp.save();
    let comma = take(inp, |kind| kind == Tok::Comma);
    let ends = inp.peek_ref().is_none();
    let at = next_span(inp);
    inp.rewind(before);
    match comma {
        Ok(_) if ends => {
            let title = "trailing comma not allowed without surrounding parentheses";
            Err(inp.state().raise(title, at))
        }
        _ => Ok(()),
    }
}

fn import_from<'t>() -> Rule<'t, StmtKind> {
    let dots = tok_in(|kind| match kind {
        Tok::Dot => Some(1u32),
        Tok::Ellipsis => Some(3),
        _ => None,
    });
    let level = dots
        .repeated()
        .fold(0u32, |level, dots| level.saturating_add(dots));
    let alias = name()
        .then(tok(Tok::As).ignore_then(name()).or_not())
        .map(|(name, asname)| Alias { name, asname })
        .boxed();
    let plain = alias
        .clone()
        .separated_by(tok(Tok::Comma))
        .at_least(1)
        .collect::<Vec<_>>()
        .then_ignore(explaining(trailing_comma));
    let names = choice((
        tok(Tok::Star).to(None),
        tok(Tok::LParen)
            .ignore_then(comma_list(alias).filter(|names| !names.is_empty()))
            .then_ignore(tok(Tok::RParen))
            .map(Some),
        plain.map(Some),
    ));
    tok(Tok::From)
        .ignore_then(level)
        .then(dotted_name().or_not())
        .filter(|(level, module)| *level > 0 || module.is_some())
        .then_ignore(tok(Tok::Import))
        .then_ignore(explaining(no_names))
        .then(names)
        .map(|((level, module), names)| {
            let star = names.is_none();
            StmtKind::ImportFrom {
                module,
                level,
                names: names.unwrap_or_default(),
                star,
            }
        })
        .boxed()
}

/// `dotted_name: NAME ('.' NAME)*`
fn dotted_name<'t>() -> impl Parser<'t, Tokens<'t>, Ident, Extra<'t>> + Clone {
    custom(|inp: &mut Reader<'t, '_>| {
        let start = inp.cursor();
        take(inp, Tok::is_name)?;
        while next_kind(inp) == Tok::Dot {
            take(inp, |kind| kind == Tok::Dot)?;
            take(inp, Tok::is_name)?;
        }
        let tokens = inp.slice_since(&start..);
        Ok(joined(
            tokens.iter().map(|token| token.span),
            cover(tokens),
            inp.state(),
        ))
    })
}

/// The parts of a dotted name without the blanks that may stand between them.
fn joined(parts: impl Iterator<Item = Span>, span: Span, state: &mut State) -> Ident {
    let contiguous = state
        .slice(span)
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    if contiguous {
        return state.ident(span);
    }
    let text: String = parts
        .map(|part| {
            if state.slice(part) == "." {
                ".".into()
            } else {
                state.name(part).to_string()
            }
        })
        .collect();
    Ident {
        name: text.into(),
        span,
    }
}
