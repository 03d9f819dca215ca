//! The error productions: shapes that people write by mistake, each with CPython's message. They are
//! tried only while a line that did not parse is explained, at the places where CPython's grammar has
//! its `invalid_…` rules; the first that matches decides.

use super::rule::{Miss, Raised, Reader, Rule, cover, next_kind, next_span, take};
use super::target::kind_name;
use crate::source::Span;
use crate::syntax::ast::{Constant, Expr, ExprKind};
use crate::syntax::token::{Tok, Token};

/// Two expressions side by side, a conditional without `else`, and Python 2's `print`. The expression
/// `start..` has just been parsed.
pub fn expression<'t>(
    inp: &mut Reader<'t, '_>,
    parsed: &'t [Token],
    disjunction: &Rule<'t, Expr>,
    expression: &Rule<'t, Expr>,
) -> Result<(), Miss> {
    let next = next_kind(inp);
    let first = parsed.first().map_or(Tok::End, |token| token.kind);
    let before = inp.save();
    if next.starts_expression() {
        let second = parsed.get(1).map_or(next, |token| token.kind);
        let name_and_string = first == Tok::Name && second == Tok::String;
        let soft = parsed.first().is_some_and(|token| {
            token.kind.is_name() && begins_soft_keyword(inp.state().slice(token.span))
        });
        if !name_and_string && !soft && !is_legacy(inp, parsed) {
            forgotten_comma(inp, parsed, expression)?;
        }
        if is_legacy(inp, parsed) && next != Tok::LParen {
            legacy_statement(inp, parsed, expression)?;
        } else if parsed.len() == 1 && (soft || name_and_string) && next != Tok::LParen {
            after_name(inp, expression)?;
        }
    } else if next == Tok::If {
        take(inp, |kind| kind == Tok::If)?;
        let start = inp.cursor();
        if inp.parse(disjunction).is_ok() && !matches!(next_kind(inp), Tok::Else | Tok::Colon) {
            let test = cover(inp.slice_since(&start..));
            return Err(inp.state().raise_with(
                "expected 'else' after 'if' expression",
                cover(parsed).to(test),
                "what is the value if this does not hold?",
            ));
        }
    }
    inp.rewind(before);
    if inp.state().raised.is_some() {
        Err(Miss)
    } else {
        Ok(())
    }
}

/// CPython takes the beginning of a soft keyword for one here: after `c` or `t` it suspects no comma.
fn begins_soft_keyword(name: &str) -> bool {
    ["_", "case", "match", "type"]
        .iter()
        .any(|word| word.starts_with(name))
}

/// Is this `print` or `exec` alone, which were statements in Python 2?
fn is_legacy(inp: &mut Reader, parsed: &[Token]) -> bool {
    match parsed {
        [token] if token.kind == Tok::Name => {
            matches!(inp.state().slice(token.span), "print" | "exec")
        }
        _ => false,
    }
}

fn forgotten_comma<'t>(
    inp: &mut Reader<'t, '_>,
    parsed: &[Token],
    expression: &Rule<'t, Expr>,
) -> Result<(), Miss> {
    let before = inp.save();
    let start = inp.cursor();
    inp.state().explain = false;
    let second = inp.parse(expression).is_ok();
    inp.state().explain = true;
    let span = cover(inp.slice_since(&start..));
    inp.rewind(before);
    if !second || inp.state().level_after(span.end) == 0 {
        return Ok(());
    }
    Err(inp.state().raise_with(
        "invalid syntax. Perhaps you forgot a comma?",
        cover(parsed).to(span),
        "a comma or an operator is missing between these",
    ))
}

/// CPython tries any name as a statement of Python 2. If it looked at nothing else before, it so comes
/// upon what is wrong behind the name.
fn after_name<'t>(inp: &mut Reader<'t, '_>, expression: &Rule<'t, Expr>) -> Result<(), Miss> {
    if inp.state().legacy >= MAX_LEGACY || inp.state().raised.is_some() {
        return Ok(());
    }
    let before = inp.save();
    inp.state().legacy += 1;
    let _ = inp.parse(expression);
    inp.state().legacy -= 1;
    inp.rewind(before);
    match inp.state().raised {
        Some(_) => Err(Miss),
        None => Ok(()),
    }
}

/// Names in a row that are tried like this: each is looked at again for each before it.
const MAX_LEGACY: usize = 3;

fn legacy_statement<'t>(
    inp: &mut Reader<'t, '_>,
    parsed: &[Token],
    expression: &Rule<'t, Expr>,
) -> Result<(), Miss> {
    let before = inp.save();
    let start = inp.cursor();
    // Without the error productions: `print print print …` must not recurse.
    inp.state().explain = false;
    let mut matched = inp.parse(expression).is_ok();
    while matched && take(inp, |kind| kind == Tok::Comma).is_ok() {
        matched = !next_kind(inp).starts_expression() || inp.parse(expression).is_ok();
    }
    inp.state().explain = true;
    let argument = cover(inp.slice_since(&start..));
    inp.rewind(before);
    if !matched {
        return Ok(());
    }
    let span = cover(parsed);
    let name = inp.state().slice(span);
    let shown = inp.state().slice(argument).to_string();
    Err(inp.state().raise_all(Raised {
        title: format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?").into(),
        span: span.to(argument),
        label: "a function is called with parentheses".into(),
        help: Some(format!("write `{name}({shown})`").into()),
        pointed: None,
    }))
}

/// `1 + not x`: `not` binds less tightly than the operator before it.
pub fn not_after_operator(inp: &mut Reader) -> Result<(), Miss> {
    let before = inp.save();
    let not = take(inp, |kind| kind == Tok::Not);
    let operand = next_kind(inp).starts_expression();
    inp.rewind(before);
    match not {
        Ok(not) if operand => {
            let title = "'not' after an operator must be parenthesized";
            let label = "put parentheses around this and its operand";
            Err(inp.state().raise_with(title, not.span, label))
        }
        _ => Ok(()),
    }
}

/// `:=` after something that is no name, and `=` where a comparison was meant. `value` has just been
/// parsed from `parsed`.
pub fn named_expression<'t>(
    inp: &mut Reader<'t, '_>,
    value: &Expr,
    parsed: &'t [Token],
    expression: &Rule<'t, Expr>,
    bitwise_or: &Rule<'t, Expr>,
) -> Result<(), Miss> {
    let before = inp.save();
    match next_kind(inp) {
        Tok::ColonEqual => {
            take(inp, |kind| kind == Tok::ColonEqual)?;
            if inp.parse(expression).is_ok() {
                let title = format!(
                    "cannot use assignment expressions with {}",
                    kind_name(value)
                );
                return Err(inp.state().raise_with(
                    title,
                    value.span,
                    "only a plain name can be bound here",
                ));
            }
        }
        Tok::Equal if !is_display(value, cover(parsed)) && is_operand(parsed) => {
            take(inp, |kind| kind == Tok::Equal)?;
            let start = inp.cursor();
            let right = inp.parse(bitwise_or).is_ok();
            if right && !matches!(next_kind(inp), Tok::Equal | Tok::ColonEqual) {
                let right = cover(inp.slice_since(&start..));
                return Err(suspected_comparison(inp, value, parsed, right));
            }
        }
        _ => {}
    }
    inp.rewind(before);
    if inp.state().raised.is_some() {
        Err(Miss)
    } else {
        Ok(())
    }
}

fn suspected_comparison(inp: &mut Reader, value: &Expr, parsed: &[Token], right: Span) -> Miss {
    let state = inp.state();
    let left = state.slice(cover(parsed));
    let help = format!("to compare, write `{left} == {}`", state.slice(right));
    let (title, span) = match parsed {
        [token] if token.kind.is_name() => (
            "invalid syntax. Maybe you meant '==' or ':=' instead of '='?".to_string(),
            token.span.to(right),
        ),
        _ => (
            format!(
                "cannot assign to {} here. Maybe you meant '==' instead of '='?",
                kind_name(value)
            ),
            value.span,
        ),
    };
    let label = "`=` assigns, which an expression cannot do".into();
    state.raise_all(Raised {
        title: title.into(),
        span,
        label,
        help: Some(help.into()),
        pointed: None,
    })
}

/// Does the expression begin with a list, tuple or generator display, or with a constant that has a
/// message of its own?
fn is_display(value: &Expr, place: Span) -> bool {
    let mut leftmost = value;
    loop {
        if leftmost.span.start != place.start {
            return false;
        }
        leftmost = match &leftmost.kind {
            ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => value,
            ExprKind::Call { func, .. } => func,
            ExprKind::Binary { left, .. } => left,
            kind => {
                return matches!(
                    kind,
                    ExprKind::List(_)
                        | ExprKind::Tuple(_)
                        | ExprKind::GeneratorExp(_)
                        | ExprKind::Constant(Constant::True | Constant::False | Constant::None)
                );
            }
        };
    }
}

/// Is there no operator outside brackets that binds less tightly than `|`?
fn is_operand(parsed: &[Token]) -> bool {
    let mut depth = 0usize;
    for token in parsed {
        match token.kind {
            Tok::LParen | Tok::LBracket | Tok::LBrace => depth += 1,
            Tok::RParen | Tok::RBracket | Tok::RBrace => depth = depth.saturating_sub(1),
            Tok::Lambda | Tok::If | Tok::Or | Tok::And | Tok::Not | Tok::In | Tok::Is
                if depth == 0 =>
            {
                return false;
            }
            Tok::EqEqual
            | Tok::NotEqual
            | Tok::Less
            | Tok::LessEqual
            | Tok::Greater
            | Tok::GreaterEqual
                if depth == 0 =>
            {
                return false;
            }
            _ => {}
        }
    }
    true
}

/// Before an argument of a call: `True=`, `name=` without a value.
pub fn argument_start(inp: &mut Reader) -> Result<(), Miss> {
    let named = |kind: Tok| kind.is_name() || matches!(kind, Tok::True | Tok::False | Tok::None);
    let before = inp.save();
    let Ok(first) = take(inp, named) else {
        return Ok(());
    };
    let equal = take(inp, |kind| kind == Tok::Equal);
    let after = next_kind(inp);
    inp.rewind(before);
    let Ok(equal) = equal else {
        return Ok(());
    };
    let span = first.span.to(equal.span);
    match first.kind {
        Tok::True | Tok::False | Tok::None => {
            let title = format!("cannot assign to {}", inp.state().slice(first.span));
            Err(inp.state().raise(title, span))
        }
        kind if kind.is_name() && matches!(after, Tok::Comma | Tok::RParen) => {
            Err(inp.state().raise_with(
                "expected argument value expression",
                span,
                "a value is missing after `=`",
            ))
        }
        _ => Ok(()),
    }
}

/// What an argument was, for [`argument_end`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ArgumentKind {
    Positional,
    Star,
    Keyword,
    DoubleStar,
}

/// What a comprehension cannot begin with.
pub const STAR_IN_COMPREHENSION: &str = "iterable unpacking cannot be used in comprehension";

/// After an argument of a call: an `=` that cannot stand there, or a comprehension after `name=value`.
pub fn argument_end<'t, O>(
    inp: &mut Reader<'t, '_>,
    parsed: &[Token],
    (kind, operand): (ArgumentKind, Span),
    expression: &Rule<'t, Expr>,
    for_if_clauses: &Rule<'t, O>,
) -> Result<(), Miss> {
    let next = next_kind(inp);
    let place = cover(parsed);
    if next == Tok::Equal {
        let title = match kind {
            ArgumentKind::Positional => {
                "expression cannot contain assignment, perhaps you meant \"==\"?"
            }
            ArgumentKind::Star => return assigned_unpacking(inp, place, expression),
            ArgumentKind::DoubleStar => {
                let title = "cannot assign to keyword argument unpacking";
                return assigned(inp, title, place, expression);
            }
            ArgumentKind::Keyword => return Ok(()),
        };
        let span = operand.to(next_span(inp));
        if is_walrus(parsed) {
            return Ok(());
        }
        // `name=` followed by something that did not parse.
        if parsed.len() == 1 && parsed.iter().all(|token| token.kind.is_name()) {
            return Ok(());
        }
        return Err(inp.state().raise(title, span));
    }
    let refused = matches!(kind, ArgumentKind::Keyword | ArgumentKind::Star);
    if refused && matches!(next, Tok::For | Tok::Async) {
        let before = inp.save();
        let start = inp.cursor();
        let matched = inp.parse(for_if_clauses).is_ok();
        let clauses = cover(inp.slice_since(&start..));
        inp.rewind(before);
        if matched && kind == ArgumentKind::Star {
            return starred_generator(inp, place, clauses);
        }
        if matched {
            let equal = parsed.get(1).map_or(place, |token| token.span);
            let span = Span::new(place.start, equal.end);
            let title = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            return Err(inp.state().raise(title, span));
        }
    }
    Ok(())
}

/// `name := value` without parentheses.
fn is_walrus(parsed: &[Token]) -> bool {
    parsed
        .get(1)
        .is_some_and(|token| token.kind == Tok::ColonEqual)
}

/// `*iterable for …`: the first argument, or one after others; after keywords nothing is said of it.
fn starred_generator(inp: &mut Reader, item: Span, clauses: Span) -> Result<(), Miss> {
    let state = inp.state();
    let before = state.before(item.start);
    if before.last().is_none_or(|token| token.kind != Tok::Comma) {
        return Err(state.raise(STAR_IN_COMPREHENSION, item));
    }
    let mut open = 0usize;
    let own = before.iter().rev().take_while(|token| {
        match token.kind {
            Tok::RParen | Tok::RBracket | Tok::RBrace => open += 1,
            Tok::LParen | Tok::LBracket | Tok::LBrace if open == 0 => return false,
            Tok::LParen | Tok::LBracket | Tok::LBrace => open -= 1,
            _ => {}
        }
        true
    });
    let mut own = own.map(|token| token.kind);
    if own.any(|kind| matches!(kind, Tok::Equal | Tok::DoubleStar)) {
        return Ok(());
    }
    let title = "Generator expression must be parenthesized";
    Err(state.raise(title, item.to(clauses)))
}

/// `*iterable = value` where an argument or an item of an index should stand.
pub fn assigned_unpacking<'t>(
    inp: &mut Reader<'t, '_>,
    unpacking: Span,
    expression: &Rule<'t, Expr>,
) -> Result<(), Miss> {
    let title = "cannot assign to iterable argument unpacking";
    assigned(inp, title, unpacking, expression)
}

fn assigned<'t>(
    inp: &mut Reader<'t, '_>,
    title: &'static str,
    unpacking: Span,
    expression: &Rule<'t, Expr>,
) -> Result<(), Miss> {
    let before = inp.save();
    let equal = take(inp, |kind| kind == Tok::Equal);
    let start = inp.cursor();
    let value = equal.is_ok() && inp.parse(expression).is_ok();
    let value = value.then(|| cover(inp.slice_since(&start..)));
    inp.rewind(before);
    match value {
        Some(value) => Err(inp.state().raise(title, unpacking.to(value))),
        None => Ok(()),
    }
}

/// `*` in a call or subscript with no operand after it.
pub fn lonely_star(inp: &mut Reader) -> Miss {
    if inp.state().explain {
        let at = inp.state().furthest_span();
        let label = "an iterable is missing after `*`";
        return inp.state().raise_with("Invalid star expression", at, label);
    }
    Miss
}

/// After the bracket that opens a group, list or set: a `*` without an operand, or, in a group, with
/// nothing else beside it.
pub fn starred_first<'t>(
    inp: &mut Reader<'t, '_>,
    group: bool,
    expression: &Rule<'t, Expr>,
) -> Result<(), Miss> {
    let before = inp.save();
    let Ok(star) = take(inp, |kind| kind == Tok::Star) else {
        return Ok(());
    };
    let Ok(value) = inp.parse(expression) else {
        return Err(lonely_star(inp));
    };
    let alone = group && next_kind(inp) == Tok::RParen;
    inp.rewind(before);
    if alone {
        let place = star.span.to(value.span);
        return Err(inp
            .state()
            .raise("cannot use starred expression here", place));
    }
    Ok(())
}

/// After the items of a list or set: a comprehension whose target has no parentheses.
pub fn comprehension_target<'t, O>(
    inp: &mut Reader<'t, '_>,
    items: Span,
    for_if_clauses: &Rule<'t, O>,
) -> Result<(), Miss> {
    if !matches!(next_kind(inp), Tok::For | Tok::Async) {
        return Ok(());
    }
    let before = inp.save();
    let matched = inp.parse(for_if_clauses).is_ok();
    inp.rewind(before);
    if matched {
        let title = "did you forget parentheses around the comprehension target?";
        return Err(inp
            .state()
            .raise_with(title, items, "put these in parentheses"));
    }
    Ok(())
}

/// After the `:` of a dict's pair.
pub fn dict_value<'t>(
    inp: &mut Reader<'t, '_>,
    colon: Span,
    bitwise_or: &Rule<'t, Expr>,
) -> Result<(), Miss> {
    match next_kind(inp) {
        Tok::RBrace | Tok::Comma => {
            let title = "expression expected after dictionary key and ':'";
            Err(inp
                .state()
                .raise_with(title, colon, "a value is missing after this"))
        }
        Tok::Star => {
            let before = inp.save();
            let star = take(inp, |kind| kind == Tok::Star)?;
            let value = inp.parse(bitwise_or);
            inp.rewind(before);
            let Ok(value) = value else {
                return Ok(());
            };
            let title = "cannot use a starred expression in a dictionary value";
            let pointed = inp.state().to_furthest(star.span.start);
            Err(inp
                .state()
                .raise_pointed(title, star.span.to(value.span), pointed))
        }
        _ => Ok(()),
    }
}

/// After a key of a dict's second or later pair.
pub fn dict_key(inp: &mut Reader, key: &[Token]) -> Result<(), Miss> {
    if next_kind(inp) == Tok::Colon {
        return Ok(());
    }
    let end = cover(key).end;
    let at = Span::new(end.saturating_sub(1), end);
    Err(inp.state().raise_with(
        "':' expected after dictionary key",
        at,
        "a `:` and a value are missing after this key",
    ))
}

/// A parameter list with brackets in it: `def f(a, (b, c))`.
pub fn parenthesised_parameter(inp: &mut Reader, lambda: bool) -> Result<(), Miss> {
    let here = next_span(inp).start;
    let before = inp.state().before(here).iter().rev();
    let mut pieces = before.take_while(|token| !matches!(token.kind, Tok::LParen | Tok::Lambda));
    let plain = |token: &Token| token.kind.is_name() || token.kind == Tok::Comma;
    if !pieces.all(plain) {
        return Ok(());
    }
    let before = inp.save();
    let open = take(inp, |kind| kind == Tok::LParen);
    let mut names = 0;
    while take(inp, Tok::is_name).is_ok() {
        names += 1;
        if take(inp, |kind| kind == Tok::Comma).is_err() {
            break;
        }
    }
    let close = take(inp, |kind| kind == Tok::RParen);
    inp.rewind(before);
    if let (Ok(open), Ok(close), true) = (open, close, names > 0) {
        let title = if lambda {
            "Lambda expression parameters cannot be parenthesized"
        } else {
            "Function parameters cannot be parenthesized"
        };
        return Err(inp.state().raise(title, open.span.to(close.span)));
    }
    Ok(())
}

/// A missing `:` at the end of a header's line, or, where nothing else can stand, before anything.
pub fn missing_colon(inp: &mut Reader, forced: bool) {
    let found = inp.peek_ref().copied();
    if found.is_some_and(|token| token.kind == Tok::Colon) || (found.is_some() && !forced) {
        return;
    }
    let at = next_span(inp);
    let label = if found.is_none() {
        "the line must end with `:`"
    } else {
        "`:` must stand before this"
    };
    inp.state().raise_with("expected ':'", at, label);
}
