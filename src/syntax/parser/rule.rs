//! What every rule of the grammar is made of: its type, its state, and the parsers of one token.
//!
//! A rule is a chumsky parser over a slice of tokens: one logical line. Its error type is empty.
//! Instead, the state remembers the furthest token that anybody asked for, which is where a plain
//! "invalid syntax" belongs. A line that fails is parsed once more with `explain` set: then the
//! error productions of the grammar take part, and the first of them that matches raises its
//! message and stops everything. So correct programs never pay for good messages.

use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident, Name};
use crate::syntax::token::{Tok, Token};
use chumsky::error::{Error, LabelError};
use chumsky::input::{Checkpoint, Cursor, Input, InputRef, MapExtra};
use chumsky::inspector::Inspector;
use chumsky::prelude::*;
use chumsky::util::MaybeRef;
use foldhash::HashMap;
use std::borrow::Cow;
use std::rc::Rc;
use unicode_normalization::UnicodeNormalization;

/// What rules read: the tokens of a logical line.
pub type Tokens<'t> = &'t [Token];
pub type Extra<'t> = extra::Full<Miss, State<'t>, ()>;
/// A rule of the grammar.
pub type Rule<'t, O> = Boxed<'t, 't, Tokens<'t>, O, Extra<'t>>;
/// A place in the tokens, for parsers written by hand.
pub type Reader<'t, 'p> = InputRef<'t, 'p, Tokens<'t>, Extra<'t>>;
/// What a mapping closure may ask about what has just been parsed.
pub type Matched<'t, 'p> = MapExtra<'t, 'p, Tokens<'t>, Extra<'t>>;

/// A rule did not match. What was wrong is for the state to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss;

impl<'t, I: Input<'t>> Error<'t, I> for Miss {}

impl<'t, I: Input<'t>, L> LabelError<'t, I, L> for Miss {
    fn expected_found<E: IntoIterator<Item = L>>(
        _: E,
        _: Option<MaybeRef<'t, I::Token>>,
        _: I::Span,
    ) -> Self {
        Miss
    }
}

/// An error that a rule has raised.
#[derive(Clone, Debug)]
pub struct Raised {
    pub title: Cow<'static, str>,
    pub span: Span,
    /// What to write under the place.
    pub label: Cow<'static, str>,
    pub help: Option<Cow<'static, str>>,
    /// Where CPython points, if that is not at the place.
    pub pointed: Option<Span>,
}

/// What the rules share while a program is parsed.
pub struct State<'t> {
    pub text: &'t str,
    names: HashMap<&'t str, Name>,
    /// The error productions take part.
    pub explain: bool,
    pub raised: Option<Raised>,
    /// Where the furthest token begins that a rule has looked at.
    pub furthest: u32,
    /// The line that is being parsed.
    pub line: &'t [Token],
    /// The empty place where it ends.
    end: Span,
    /// How many names in a row are being taken for a statement of Python 2.
    pub legacy: usize,
    /// How many tokens the explaining pass may still look at.
    pub fuel: u32,
    /// Escapes that mean nothing: the place of the escape, the string that it stands in.
    pub odd_escapes: Vec<(Span, Span)>,
}

/// Tokens that explaining one line may look at: the error productions can ask for the same token
/// many times, and a hostile line must not make that take long.
const EXPLAIN_FUEL: u32 = 2_000_000;

impl<'t> State<'t> {
    pub fn new(text: &'t str) -> Self {
        State {
            text,
            names: HashMap::default(),
            explain: false,
            raised: None,
            furthest: 0,
            line: &[],
            legacy: 0,
            end: Span::default(),
            fuel: EXPLAIN_FUEL,
            odd_escapes: Vec::new(),
        }
    }

    /// Prepares for parsing another line.
    pub fn reset(&mut self, line: &'t [Token], explain: bool) {
        self.line = line;
        self.end = self.end_of(line);
        self.explain = explain;
        self.raised = None;
        self.legacy = 0;
        self.furthest = 0;
        self.fuel = EXPLAIN_FUEL;
    }

    /// The empty place at the end of the line.
    pub fn line_end(&self) -> Span {
        self.end
    }

    /// Where a line ends: after its last token, or, where a line join stands there, after that.
    fn end_of(&self, line: &[Token]) -> Span {
        let last = line
            .last()
            .map_or(Span::default(), |token| token.span.after());
        let behind = self.text.get(last.start as usize..).unwrap_or("");
        match behind.trim_start_matches([' ', '\t']).strip_prefix("\\\n") {
            Some(next) if !next.is_empty() => {
                let at = (self.text.len() - next.len()) as u32;
                Span::new(at, at)
            }
            _ => last,
        }
    }

    /// The tokens of the line that end before a place. Found by halving: a line may be long.
    pub fn before(&self, place: u32) -> &'t [Token] {
        let count = self.line.partition_point(|token| token.span.end <= place);
        self.line.get(..count).unwrap_or_default()
    }

    /// Does the token before this place sign an operand?
    pub fn after_sign(&self, place: Span) -> bool {
        let mut before = self.before(place.start).iter().rev();
        let sign = before
            .next()
            .is_some_and(|token| matches!(token.kind, Tok::Plus | Tok::Minus | Tok::Tilde));
        sign && before.next().is_none_or(|token| !token.kind.ends_operand())
    }

    /// The first token that no rule has got past, or the end of the line.
    pub fn furthest_span(&self) -> Span {
        let reached = |token: &&Token| token.span.start >= self.furthest;
        self.line
            .iter()
            .find(reached)
            .map_or_else(|| self.line_end(), |token| token.span)
    }

    /// Does this place stand in a replacement field of an f-string?
    pub fn in_fstring(&self, offset: u32) -> bool {
        let mut open = 0usize;
        for token in self
            .line
            .iter()
            .take_while(|token| token.span.end <= offset)
        {
            match token.kind {
                Tok::FStringStart => open += 1,
                Tok::FStringEnd => open = open.saturating_sub(1),
                _ => {}
            }
        }
        open > 0
    }

    /// How many brackets of the line are open after this offset.
    pub fn level_after(&self, offset: u32) -> usize {
        let mut level = 0usize;
        for token in self
            .line
            .iter()
            .take_while(|token| token.span.end <= offset)
        {
            match token.kind {
                Tok::LParen | Tok::LBracket | Tok::LBrace => level += 1,
                Tok::RParen | Tok::RBracket | Tok::RBrace => level = level.saturating_sub(1),
                _ => {}
            }
        }
        level
    }

    pub fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The shared name for an identifier; characters outside ASCII are brought to NFKC.
    pub fn name(&mut self, span: Span) -> Name {
        let text = self.slice(span);
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name: Name = if text.is_ascii() {
            Rc::from(text)
        } else {
            Rc::from(text.nfkc().collect::<String>())
        };
        self.names.insert(text, name.clone());
        name
    }

    /// A name that is not written in one piece, like `os . path`.
    pub fn ident(&mut self, span: Span) -> Ident {
        Ident {
            name: self.name(span),
            span,
        }
    }

    /// Refuses what is being parsed. Only the first refusal of a line counts.
    pub fn raise(&mut self, title: impl Into<Cow<'static, str>>, span: Span) -> Miss {
        self.raise_with(title, span, "")
    }

    /// As `raise`, with words to stand under the place.
    pub fn raise_with(
        &mut self,
        title: impl Into<Cow<'static, str>>,
        span: Span,
        label: impl Into<Cow<'static, str>>,
    ) -> Miss {
        self.raise_all(Raised {
            title: title.into(),
            span,
            label: label.into(),
            help: None,
            pointed: None,
        })
    }

    /// As `raise`, where CPython points at something else.
    pub fn raise_pointed(
        &mut self,
        title: impl Into<Cow<'static, str>>,
        span: Span,
        pointed: Span,
    ) -> Miss {
        self.raise_all(Raised {
            title: title.into(),
            span,
            label: "".into(),
            help: None,
            pointed: Some(pointed),
        })
    }

    /// What CPython marks if it points from a place to where it has read.
    pub fn to_furthest(&self, start: u32) -> Span {
        let end = self.furthest_span().end.saturating_sub(1);
        Span::new(start, end.max(start))
    }

    /// Where CPython stands when it has read the token behind a place; the line's end is one.
    pub fn behind(&self, place: u32) -> u32 {
        let next = self.line.iter().find(|token| token.span.start >= place);
        next.map_or(place, |token| token.span.end.saturating_sub(1))
    }

    /// Says that nothing behind this place could have matched, whatever has been looked at.
    pub fn nothing_beyond(&mut self, place: Span) -> Miss {
        self.furthest = self.furthest.min(place.start);
        Miss
    }

    pub fn raise_all(&mut self, raised: Raised) -> Miss {
        if self.raised.is_none() {
            self.raised = Some(raised);
        }
        Miss
    }

    /// Notes that a rule looks at this token; false if nothing may match any more.
    pub fn look(&mut self, token: Option<&Token>) -> bool {
        if let Some(token) = token {
            self.furthest = self.furthest.max(token.span.start);
        } else {
            self.furthest = u32::MAX;
        }
        if self.explain {
            if self.raised.is_some() || self.fuel == 0 {
                return false;
            }
            self.fuel -= 1;
        }
        true
    }
}

impl<'t> Inspector<'t, Tokens<'t>> for State<'t> {
    type Checkpoint = ();
    fn on_token(&mut self, _: &Token) {}
    fn on_save<'p>(&self, _: &Cursor<'t, 'p, Tokens<'t>>) -> Self::Checkpoint {}
    fn on_rewind<'p>(&mut self, _: &Checkpoint<'t, 'p, Tokens<'t>, Self::Checkpoint>) {}
}

/// The place that a run of tokens covers.
pub fn cover(tokens: &[Token]) -> Span {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => Span::new(first.span.start, last.span.end),
        _ => Span::default(),
    }
}

/// The place of what has just been parsed.
pub fn here(e: &mut Matched) -> Span {
    cover(e.slice())
}

/// Makes an expression of what has just been parsed.
pub fn expr(kind: ExprKind, e: &mut Matched) -> Expr {
    Expr {
        kind,
        span: here(e),
    }
}

/// One token of this kind.
pub fn tok<'t>(kind: Tok) -> impl Parser<'t, Tokens<'t>, Span, Extra<'t>> + Copy {
    custom(move |inp: &mut Reader<'t, '_>| take(inp, |found| found == kind).map(|token| token.span))
}

/// One token that the test accepts.
pub fn tok_if<'t>(test: fn(Tok) -> bool) -> impl Parser<'t, Tokens<'t>, Token, Extra<'t>> + Copy {
    custom(move |inp: &mut Reader<'t, '_>| take(inp, test))
}

/// One token that the table has an entry for.
pub fn tok_in<'t, O: 't>(
    table: fn(Tok) -> Option<O>,
) -> impl Parser<'t, Tokens<'t>, O, Extra<'t>> + Copy {
    custom(move |inp: &mut Reader<'t, '_>| {
        let found = inp.peek_ref();
        if !inp.state().look(found) {
            return Err(Miss);
        }
        let value = found.and_then(|token| table(token.kind)).ok_or(Miss)?;
        inp.next_ref();
        Ok(value)
    })
}

/// Takes the next token if the test accepts it.
pub fn take<'t>(inp: &mut Reader<'t, '_>, test: impl Fn(Tok) -> bool) -> Result<Token, Miss> {
    let found = inp.peek_ref();
    if !inp.state().look(found) {
        return Err(Miss);
    }
    match found {
        Some(token) if test(token.kind) => {
            inp.next_ref();
            Ok(*token)
        }
        _ => Err(Miss),
    }
}

/// The kind of the next token; the end of the line reads as NEWLINE.
pub fn next_kind(inp: &mut Reader) -> Tok {
    inp.peek_ref().map_or(Tok::Newline, |token| token.kind)
}

/// The place of the next token, or the end of the line.
pub fn next_span(inp: &mut Reader) -> Span {
    match inp.peek_ref() {
        Some(token) => token.span,
        None => inp.state().line_end(),
    }
}

/// `NAME`: an identifier; soft keywords are names too.
pub fn name<'t>() -> impl Parser<'t, Tokens<'t>, Ident, Extra<'t>> + Copy {
    custom(|inp: &mut Reader<'t, '_>| {
        let token = take(inp, Tok::is_name)?;
        Ok(inp.state().ident(token.span))
    })
}

/// Items separated by commas, a comma at the end allowed.
pub fn comma_list<'t, O: 't>(
    item: Rule<'t, O>,
) -> impl Parser<'t, Tokens<'t>, Vec<O>, Extra<'t>> + Clone {
    item.separated_by(tok(Tok::Comma))
        .allow_trailing()
        .collect::<Vec<_>>()
}

/// A check that is made only while an error is explained, and may raise; otherwise it matches
/// without taking anything.
pub fn explaining<'t>(
    check: impl Fn(&mut Reader<'t, '_>) -> Result<(), Miss> + Clone + 't,
) -> impl Parser<'t, Tokens<'t>, (), Extra<'t>> + Clone {
    custom(move |inp: &mut Reader<'t, '_>| {
        if inp.state().explain {
            check(inp)
        } else {
            Ok(())
        }
    })
}

/// The `:` that ends a header. `forced` says that nothing else can stand there.
pub fn colon<'t>(forced: bool) -> impl Parser<'t, Tokens<'t>, Span, Extra<'t>> + Clone {
    explaining(move |inp: &mut Reader<'t, '_>| {
        super::invalid::missing_colon(inp, forced);
        Ok(())
    })
    .ignore_then(tok(Tok::Colon))
}
