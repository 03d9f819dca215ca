//! Escape sequences that mean nothing: `'\d'`. The tree holds values only, so the source text is
//! looked at again, for literals that contain a backslash.

use super::*;

impl<'a> Rules<'a> {
    pub(super) fn warn_escapes(&mut self, c: &'a Constant, span: Span) {
        let bytes = match c {
            Constant::Str(_) => false,
            Constant::Bytes(_) => true,
            _ => return,
        };
        let text = self.source.slice(span);
        if !text.contains('\\') {
            return;
        }
        if let Some((offset, escape)) = invalid_escape(text, bytes) {
            let at = span.start + offset as u32;
            let place = Span::new(at, at + escape.len() as u32);
            let title = format!("invalid escape sequence '{escape}'");
            self.warning(place, title, "the backslash stands for itself here");
        }
    }
}

/// The first invalid escape in neighbouring string literals, and where it is.
fn invalid_escape(text: &str, bytes: bool) -> Option<(usize, &str)> {
    let mut at = 0;
    while let Some(start) = text.get(at..)?.find(['\'', '"', '#']) {
        let quote_at = at + start;
        let rest = text.get(quote_at..)?;
        if rest.starts_with('#') {
            at = quote_at + rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let quote = if rest.starts_with("'''") || rest.starts_with("\"\"\"") {
            rest.get(..3)?
        } else {
            rest.get(..1)?
        };
        let prefix = text.get(at..quote_at)?;
        let word = prefix.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        let touching = word.len() == prefix.len();
        let raw = touching
            && prefix
                .chars()
                .rev()
                .take_while(char::is_ascii_alphabetic)
                .any(|c| matches!(c, 'r' | 'R'));
        let body = quote_at + quote.len();
        let (end, found) = scan(text, body, quote, bytes);
        if let (Some(found), false) = (found, raw) {
            return Some(found);
        }
        at = end;
    }
    None
}

/// Scans one literal from behind its opening quote: where it ends, and its first invalid escape.
fn scan<'t>(
    text: &'t str,
    body: usize,
    quote: &str,
    bytes: bool,
) -> (usize, Option<(usize, &'t str)>) {
    let mut at = body;
    let mut found = None;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        if rest.starts_with(quote) {
            return (at + quote.len(), found);
        }
        let mut chars = rest.chars();
        let step = match chars.next() {
            Some('\\') => {
                let next = chars.next().unwrap_or('\n');
                let length = 1 + next.len_utf8();
                if found.is_none() && !is_valid(next, bytes) {
                    found = rest.get(..length).map(|escape| (at, escape));
                }
                length
            }
            Some(c) => c.len_utf8(),
            None => break,
        };
        at += step;
    }
    (text.len(), found)
}

fn is_valid(c: char, bytes: bool) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\\' | '\'' | '"' | 'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '0'..='7' | 'x'
    ) || (!bytes && matches!(c, 'N' | 'u' | 'U'))
}
