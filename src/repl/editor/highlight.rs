//! Colours for what is being typed, by the language's own lexer. Only what has changed is read
//! again, so that a long paste costs no more than its painting.

use super::typed::Typed;
use crate::repl::input::{self, slice};
use crate::source::{Source, Span};
use crate::syntax::{self, Scan, Tok, Token};
use nu_ansi_term::{Color, Style};
use reedline::{Highlighter, StyledText};
use std::cell::RefCell;

pub struct Colours {
    typed: Typed,
    last: RefCell<Cache>,
}

/// The last text and what was found in it.
#[derive(Default)]
struct Cache {
    text: String,
    scan: Scan,
}

impl Colours {
    pub fn new(typed: Typed) -> Self {
        Colours {
            typed,
            last: RefCell::default(),
        }
    }
}

impl Highlighter for Colours {
    fn highlight(&self, line: &str, cursor: usize) -> StyledText {
        self.typed.shown(line, cursor);
        if input::is_command(line) {
            return command(line);
        }
        let mut last = self.last.borrow_mut();
        last.read(line);
        paint(line, &last.scan, cursor)
    }
}

impl Cache {
    /// Reads a text; what stands before the first difference to the last one is kept, up to a line
    /// end outside of brackets and strings.
    fn read(&mut self, text: &str) {
        let same = common_prefix(&self.text, text) as u32;
        let tokens = &mut self.scan.tokens;
        let within = tokens.partition_point(|t| t.span.end <= same);
        let kept = tokens
            .get(..within)
            .and_then(|t| t.iter().rposition(|t| t.kind == Tok::Newline))
            .map_or(0, |i| i + 1);
        tokens.truncate(kept);
        let from = tokens.last().map_or(0, |t| t.span.end);
        self.scan.comments.retain(|c| c.end <= from);
        let rest = Source::new("", text.get(from as usize..).unwrap_or_default());
        let found = syntax::scan(&rest);
        let moved = |s: Span| Span::new(s.start + from, s.end + from);
        self.scan.tokens.extend(found.tokens.iter().map(|t| Token {
            kind: t.kind,
            span: moved(t.span),
        }));
        self.scan
            .comments
            .extend(found.comments.iter().map(|c| moved(*c)));
        self.text.clear();
        self.text.push_str(text);
    }
}

fn common_prefix(a: &str, b: &str) -> usize {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    (0..=same)
        .rev()
        .find(|i| b.is_char_boundary(*i))
        .unwrap_or(0)
}

/// `:name arguments`
fn command(line: &str) -> StyledText {
    let mut styled = StyledText::new();
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    styled.push((Color::Cyan.bold(), name.to_owned()));
    styled.push((Style::new(), rest.to_owned()));
    styled
}

/// Lines further from the cursor than this have no colours: no screen shows them.
const NEAR: usize = 300;

/// The part of a text that could be seen with the cursor there.
fn near(text: &str, cursor: usize) -> Span {
    let (before, behind) = text.split_at_checked(cursor).unwrap_or((text, ""));
    let start = before.rmatch_indices('\n').nth(NEAR).map_or(0, |(i, _)| i);
    let end = behind.match_indices('\n').nth(NEAR);
    let end = end.map_or(text.len(), |(i, _)| before.len() + i);
    Span::new(start as u32, end as u32)
}

fn paint(text: &str, scan: &Scan, cursor: usize) -> StyledText {
    let mut styled = StyledText::new();
    let partners = partners(&scan.tokens, cursor);
    let near = near(text, cursor);
    let seen = |span: Span| span.start < near.end && span.end > near.start;
    let mut comments = scan.comments.iter().filter(|c| seen(**c)).peekable();
    let mut at = 0;
    let mut piece = |span: Span, style: Style| {
        let gap = text.get(at..span.start as usize).unwrap_or_default();
        if !gap.is_empty() {
            styled.push((Style::new(), gap.to_owned()));
        }
        styled.push((style, slice(text, span).to_owned()));
        at = span.end as usize;
    };
    for (i, token) in scan.tokens.iter().enumerate() {
        while let Some(comment) = comments.next_if(|c| c.start < token.span.start) {
            piece(*comment, Color::DarkGray.italic());
        }
        if token.span.is_empty() || !seen(token.span) {
            continue;
        }
        let style = if partners.contains(&i) {
            Style::new().bold().underline()
        } else {
            style_of(text, &scan.tokens, i)
        };
        piece(token.span, style);
    }
    for comment in comments {
        piece(*comment, Color::DarkGray.italic());
    }
    let rest = text.get(at..).unwrap_or_default();
    if !rest.is_empty() {
        styled.push((Style::new(), rest.to_owned()));
    }
    styled
}

fn style_of(text: &str, tokens: &[Token], i: usize) -> Style {
    let Some(token) = tokens.get(i) else {
        return Style::new();
    };
    let before = i.checked_sub(1).and_then(|i| tokens.get(i)).map(|t| t.kind);
    let string = Color::Green.normal();
    match token.kind {
        Tok::Await | Tok::Async | Tok::Yield => Color::Magenta.bold(),
        Tok::True | Tok::False | Tok::None | Tok::Number => Color::Cyan.normal(),
        kind if kind.is_keyword() => Color::Blue.bold(),
        Tok::Match | Tok::Case if begins_block(tokens, i) => Color::Blue.bold(),
        Tok::String
        | Tok::FStringStart
        | Tok::FStringMiddle
        | Tok::FStringMiddleRaw
        | Tok::FStringEnd => string,
        Tok::Error if slice(text, token.span).contains(['"', '\'']) => string,
        Tok::Error => Color::Red.normal(),
        kind if kind.is_name() && matches!(before, Some(Tok::Def | Tok::Class)) => {
            Color::Yellow.normal()
        }
        Tok::At if matches!(before, None | Some(Tok::Newline)) => Color::Yellow.normal(),
        _ => Style::new(),
    }
}

/// A soft keyword: first on a line that ends with a colon.
fn begins_block(tokens: &[Token], i: usize) -> bool {
    let first = i == 0 || tokens.get(i - 1).is_some_and(|t| t.kind == Tok::Newline);
    let line = tokens.get(i + 1..).unwrap_or_default();
    let end = line.iter().position(|t| t.kind == Tok::Newline);
    let last = end
        .unwrap_or(line.len())
        .checked_sub(1)
        .and_then(|e| line.get(e));
    first && last.is_some_and(|t| t.kind == Tok::Colon)
}

/// The bracket at the cursor and its partner.
fn partners(tokens: &[Token], cursor: usize) -> Vec<usize> {
    let touches = |t: &Token| t.span.end as usize == cursor || t.span.start as usize == cursor;
    let mut open: Vec<(usize, Tok)> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if let Some(closer) = token.kind.closer() {
            open.push((i, closer));
        } else if open.last().is_some_and(|(_, closer)| *closer == token.kind)
            && let Some((opener, _)) = open.pop()
            && (touches(token) || tokens.get(opener).is_some_and(touches))
        {
            return vec![opener, i];
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(cache: &Cache) -> Vec<(Tok, Span)> {
        cache.scan.tokens.iter().map(|t| (t.kind, t.span)).collect()
    }

    /// What is kept from the last text makes no difference.
    #[test]
    fn reading_again_is_reading_anew() {
        let texts = [
            "x = 1\ny = (2,\n",
            "x = 1\ny = (2,\n 3)\n# done\nz",
            "x = 1\ny = '''2,\n 3)\n# done\nz",
            "x = 1\ny = '''2,\n 3)\n# done\nz'''\nend",
            "x = f'{1",
            "x = f'{1}'\n",
            "",
            "é = 1\nè",
            "é = 1\nê",
        ];
        let mut kept = Cache::default();
        for text in texts {
            kept.read(text);
            let mut fresh = Cache::default();
            fresh.read(text);
            assert_eq!(kinds(&kept), kinds(&fresh), "{text:?}");
            assert_eq!(kept.scan.comments, fresh.scan.comments, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_lost_or_doubled() {
        let text = "async def f(x):  # why\n    return f'{x!r:>{10}}' + \"a\nb = '''\n$ ?";
        let mut cache = Cache::default();
        cache.read(text);
        let painted: String = paint(text, &cache.scan, 5)
            .buffer
            .into_iter()
            .map(|(_, piece)| piece)
            .collect();
        assert_eq!(painted, text);
    }

    #[test]
    fn far_lines_cost_nothing_and_are_not_lost() {
        let text = "x = f(1)  # one\n".repeat(10_000);
        let mut cache = Cache::default();
        cache.read(&text);
        for cursor in [0, text.len() / 2, text.len()] {
            let painted = paint(&text, &cache.scan, cursor).buffer;
            assert!(painted.len() < 10_000, "{} pieces", painted.len());
            let all: String = painted.into_iter().map(|(_, piece)| piece).collect();
            assert!(all == text);
        }
    }

    #[test]
    fn brackets_have_partners() {
        let mut cache = Cache::default();
        cache.read("f(a[1], b)");
        assert_eq!(partners(&cache.scan.tokens, 2), [1, 8]);
        assert_eq!(partners(&cache.scan.tokens, 6), [3, 5]);
        assert!(partners(&cache.scan.tokens, 0).is_empty());
    }
}
