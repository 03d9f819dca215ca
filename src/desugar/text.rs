//! The text of a program with pieces of it replaced and moved to the right. Line ends within
//! strings are no line ends here: what stands after them must not move.

use crate::source::{Source, Span};
use crate::syntax::{Tok, Token};

/// A piece of the text, and what stands there instead.
pub(super) type Edit = (Span, String);

/// Stands for a line end within a string meanwhile. It means nothing in any language.
const HELD: char = '\u{fdd0}';

pub(super) struct Lines<'a> {
    source: &'a Source,
    /// Strings.
    held: Vec<Span>,
}

impl Lines<'_> {
    pub fn new<'a>(source: &'a Source, tokens: &[Token]) -> Lines<'a> {
        let mut held = Vec::new();
        let mut open: Vec<u32> = Vec::new();
        for token in tokens {
            match token.kind {
                Tok::String => held.push(token.span),
                Tok::FStringStart => open.push(token.span.start),
                Tok::FStringEnd => {
                    if let Some(start) = open.pop() {
                        held.push(Span::new(start, token.span.end));
                    }
                }
                _ => {}
            }
        }
        Lines { source, held }
    }

    pub fn all(&self) -> Span {
        Span::new(0, self.end())
    }

    pub fn end(&self) -> u32 {
        u32::try_from(self.source.text().len()).unwrap_or(u32::MAX)
    }

    /// Where the line begins in which this is.
    pub fn begin_of_line(&self, at: u32) -> u32 {
        let before = self.source.slice(Span::new(0, at));
        let line = before.rfind('\n').map_or(0, |i| i + 1);
        u32::try_from(line).unwrap_or(at)
    }

    /// The blanks before a statement, if it is the first of its line.
    pub fn indent(&self, at: u32) -> Option<&str> {
        let before = self.source.slice(Span::new(self.begin_of_line(at), at));
        before
            .chars()
            .all(|c| c == ' ' || c == '\t')
            .then_some(before)
    }

    /// Whether something stands alone on its lines.
    pub fn is_alone(&self, span: Span) -> bool {
        let rest = self.source.slice(Span::new(span.end, self.end()));
        let line = rest.lines().next().unwrap_or_default().trim_start();
        self.indent(span.start).is_some() && (line.is_empty() || line.starts_with('#'))
    }

    pub fn text(&self, span: Span) -> &str {
        self.source.slice(span)
    }

    /// A place with the parentheses right around it, if there are any.
    pub fn with_parentheses(&self, span: Span) -> Span {
        let before = self.text(Span::new(0, span.start)).trim_end();
        let after = self.text(Span::new(span.end, self.end()));
        let blanks = after.len() - after.trim_start().len();
        match before.strip_suffix('(') {
            Some(before) if after.trim_start().starts_with(')') => Span {
                start: u32::try_from(before.len()).unwrap_or(span.start),
                end: u32::try_from(blanks + 1).map_or(span.end, |n| span.end + n),
            },
            _ => span,
        }
    }

    pub fn line_of(&self, at: u32) -> u32 {
        self.source.line_of(at)
    }

    /// The first line of something, for a comment.
    pub fn heading(&self, span: Span) -> String {
        let line = self.line_of(span.start);
        let text = self.source.line_text(line).trim();
        format!("# line {line}: {text}")
    }

    /// A piece of the text with changes in it, which are in order and do not overlap.
    pub fn splice(&self, span: Span, edits: &[Edit]) -> String {
        let mut text = String::new();
        let mut at = span.start;
        for (place, instead) in edits {
            if place.start < at || place.end > span.end {
                continue;
            }
            self.add(&mut text, Span::new(at, place.start));
            text.push_str(instead);
            at = place.end;
        }
        self.add(&mut text, Span::new(at, span.end));
        text
    }

    fn add(&self, text: &mut String, span: Span) {
        let mut at = span.start;
        for line in self.source.slice(span).split_inclusive('\n') {
            at += u32::try_from(line.len()).unwrap_or(0);
            // A line end that ends at `at` stands within a string if the string goes on.
            let within = self.held.iter().any(|h| h.start < at && at < h.end);
            match line.strip_suffix('\n').filter(|_| within) {
                Some(line) => {
                    text.push_str(line);
                    text.push(HELD);
                }
                None => text.push_str(line),
            }
        }
    }

    /// Moves the lines of a text that stood at one depth to another. The first one has no blanks.
    pub fn moved(text: &str, from: &str, to: &str) -> String {
        let mut out = to.to_owned();
        for (i, line) in text.split('\n').enumerate() {
            if i > 0 {
                out.push('\n');
                let rest = line.strip_prefix(from);
                let rest = rest.unwrap_or_else(|| line.trim_start_matches([' ', '\t']));
                if !rest.trim().is_empty() {
                    out.push_str(to);
                }
                out.push_str(rest);
            } else {
                out.push_str(line);
            }
        }
        out
    }

    /// The text with its line ends in strings again.
    pub fn finish(text: &str) -> String {
        text.replace(HELD, "\n")
    }
}
