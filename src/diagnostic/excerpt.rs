//! The piece of a source that a drawing needs: only the lines that carry a label, cut to a window
//! around it, cleaned of what a terminal would act on. Lines that are left out stay as empty ones,
//! so that line numbers keep; however long the file, drawing costs what it shows. Knows nothing
//! of how the drawing looks.

use crate::source::{Source, Span};
use std::ops::Range;

/// A label over more lines than this is shown on its first line only.
const MAX_LABEL_LINES: u32 = 6;

/// Columns between tab stops.
const TAB_WIDTH: usize = 4;

/// Text to draw, and where the spans asked for lie in it.
pub(super) struct Excerpt {
    pub text: String,
    /// For each span asked for, in order: its range in characters of `text`, never empty.
    pub ranges: Vec<Range<usize>>,
}

/// One line of an excerpt: its text and where each byte of the source went.
struct Line {
    text: String,
    /// Characters of the excerpt before this line.
    offset: usize,
    /// (byte offset in the source, character in `text`), both ascending.
    map: Vec<(u32, usize)>,
    chars: usize,
}

impl Line {
    /// The character of the excerpt that stands for a byte of the source, clamped to the line.
    fn place(&self, byte: u32) -> usize {
        let after = self.map.partition_point(|(b, _)| *b < byte);
        let column = self.map.get(after).map_or(self.chars, |(_, c)| *c);
        self.offset + column
    }
}

/// Builds the excerpt of `source` that shows `spans`, no line wider than about `width` columns.
pub(super) fn excerpt(source: &Source, spans: &[Span], width: usize, ellipsis: &str) -> Excerpt {
    let spans: Vec<Span> = spans.iter().map(|s| clip(source, *s)).collect();
    let mut wanted: Vec<(u32, u32)> = Vec::new();
    for span in &spans {
        let first = source.line_of(span.start);
        let last = last_line(source, *span);
        for number in first..=last {
            let focus = if number == first {
                span.start
            } else {
                line_start(source, number)
            };
            if !wanted.iter().any(|(n, _)| *n == number) {
                wanted.push((number, focus));
            }
        }
    }
    wanted.sort_unstable();
    let mut text = String::new();
    let mut lines: Vec<(u32, Line)> = Vec::new();
    let (mut next, mut chars) = (1, 0);
    for (number, focus) in wanted {
        for _ in next..number {
            text.push('\n');
            chars += 1;
        }
        next = number + 1;
        let line = clean_line(source, number, focus, width, ellipsis, chars);
        text.push_str(&line.text);
        // A spare cell, so that a label can stand behind the last character.
        text.push_str(" \n");
        chars += line.chars + 2;
        lines.push((number, line));
    }
    let ranges = spans.iter().map(|s| range_of(source, *s, &lines)).collect();
    Excerpt { text, ranges }
}

/// The span moved inside the text, and cut to its first line where it is too tall to draw.
fn clip(source: &Source, span: Span) -> Span {
    let length = source.text().len() as u32;
    let start = floor(source.text(), span.start.min(length));
    let end = floor(source.text(), span.end.min(length)).max(start);
    let span = Span::new(start, end);
    let first = source.line_of(start);
    if last_line(source, span) - first < MAX_LABEL_LINES {
        return span;
    }
    let end = line_start(source, first) + source.line_text(first).len() as u32;
    Span::new(start, end.max(start))
}

/// The nearest character boundary at or before an offset.
fn floor(text: &str, offset: u32) -> u32 {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset as u32
}

/// The line that holds the last character of a span.
fn last_line(source: &Source, span: Span) -> u32 {
    source.line_of(span.end.saturating_sub(1).max(span.start))
}

/// The byte offset at which a line starts.
fn line_start(source: &Source, number: u32) -> u32 {
    let line = source.line_text(number);
    // The slice lies inside the text: the distance of their beginnings is the offset.
    (line.as_ptr() as usize).saturating_sub(source.text().as_ptr() as usize) as u32
}

fn range_of(source: &Source, span: Span, lines: &[(u32, Line)]) -> Range<usize> {
    let find = |number: u32| {
        lines
            .iter()
            .find(|(n, _)| *n == number)
            .map(|(_, line)| line)
    };
    let Some(first) = find(source.line_of(span.start)) else {
        return 0..1;
    };
    let last = find(last_line(source, span)).unwrap_or(first);
    let start = first.place(span.start);
    start..last.place(span.end).max(start + 1)
}

/// One line, cut to about `width` characters around the byte `focus`, tabs and control
/// characters replaced.
fn clean_line(
    source: &Source,
    number: u32,
    focus: u32,
    width: usize,
    ellipsis: &str,
    offset: usize,
) -> Line {
    let full = source.line_text(number);
    let start = if full.is_empty() {
        focus
    } else {
        line_start(source, number)
    };
    let window = window(full, focus.saturating_sub(start) as usize, width);
    let shown = full.get(window.clone()).unwrap_or("");
    let mut line = Line {
        text: String::new(),
        offset,
        map: Vec::new(),
        chars: 0,
    };
    // What lies outside the window is shown at the ellipsis on its side.
    if window.start > 0 {
        line.map.push((start + window.start as u32 - 1, 0));
        push(&mut line, ellipsis);
    }
    for (i, c) in shown.char_indices() {
        line.map
            .push((start + (window.start + i) as u32, line.chars));
        match c {
            '\t' => {
                let stop = TAB_WIDTH - line.chars % TAB_WIDTH;
                push(&mut line, &" ".repeat(stop));
            }
            _ => {
                line.text.push(visible(c));
                line.chars += 1;
            }
        }
    }
    line.map.push((start + window.end as u32, line.chars));
    if window.end < full.len() {
        line.map.push((u32::MAX, line.chars));
        push(&mut line, ellipsis);
    }
    line
}

fn push(line: &mut Line, text: &str) {
    line.text.push_str(text);
    line.chars += text.chars().count();
}

/// The bytes of `line` to show: all of it, or `width` characters with `focus` in the first third.
fn window(line: &str, focus: usize, width: usize) -> Range<usize> {
    if line.len() <= width || line.chars().nth(width).is_none() {
        return 0..line.len();
    }
    let focus = floor(line, focus as u32) as usize;
    let (before, after) = line.split_at(focus);
    let start = before
        .char_indices()
        .rev()
        .nth(width / 3)
        .map_or(0, |(i, _)| i);
    let shown = before.get(start..).map_or(0, |s| s.chars().count());
    let rest = width.saturating_sub(shown).max(1);
    let end = after
        .char_indices()
        .nth(rest)
        .map_or(line.len(), |(i, _)| focus + i);
    start..end
}

/// What stands for a character in a drawing: itself, unless a terminal would act on it or the
/// drawing would take it for a line end.
pub(super) fn visible(c: char) -> char {
    match c {
        '\u{7f}' => '\u{2421}',
        c if (c as u32) < 0x20 => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{80}'..='\u{9f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    fn shown(text: &str, span: Span, width: usize) -> (String, String) {
        let source = Source::new("t", text);
        let e = excerpt(&source, &[span], width, "…");
        let range = e.ranges.first().unwrap().clone();
        let marked: String = e.text.chars().skip(range.start).take(range.len()).collect();
        (e.text, marked)
    }

    #[test]
    fn keeps_line_numbers_with_empty_lines() {
        let (text, marked) = shown("a\nb\nccc\nd", Span::new(5, 6), 80);
        assert_eq!(text, "\n\nccc \n");
        assert_eq!(marked, "c");
    }

    #[test]
    fn an_empty_span_is_one_cell_wide() {
        assert_eq!(shown("ab", Span::new(2, 2), 80).1, " ");
        assert_eq!(shown("", Span::new(0, 0), 80).1, " ");
        assert_eq!(
            shown("ab\n", Span::new(3, 3), 80),
            ("\n \n".into(), " ".into())
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_label() {
        let line = format!("{}HERE{}", "a".repeat(5_000_000), "b".repeat(5_000_000));
        let (text, marked) = shown(&line, Span::new(5_000_000, 5_000_004), 60);
        assert_eq!(marked, "HERE");
        assert!(text.chars().count() < 70, "{text}");
        assert!(text.starts_with('…') && text.ends_with("… \n"), "{text}");
    }

    #[test]
    fn labels_outside_the_window_stand_at_its_edges() {
        let text = "a".repeat(1000);
        let source = Source::new("t", text);
        let spans = [Span::new(500, 501), Span::new(3, 9), Span::new(900, 905)];
        let e = excerpt(&source, &spans, 60, "…");
        assert_eq!(e.ranges[1..], [0..1, 61..62]);
    }

    #[test]
    fn tabs_and_control_characters_are_replaced() {
        let (text, marked) = shown("\tx\u{1b}[31m y\r\n", Span::new(1, 2), 80);
        assert_eq!(text, "    x\u{241b}[31m y \n");
        assert_eq!(marked, "x");
    }

    #[test]
    fn bytes_are_not_characters() {
        assert_eq!(shown("é = 漢字 + 1", Span::new(5, 11), 80).1, "漢字");
        // A span that cuts a character is moved to its beginning.
        assert_eq!(shown("漢字", Span::new(1, 4), 80).1, "漢");
    }

    #[test]
    fn a_tall_span_is_cut_to_its_first_line() {
        let text = "f(\n".to_string() + &"1,\n".repeat(50) + ")";
        assert_eq!(shown(&text, Span::new(0, text.len() as u32), 80).1, "f(");
        assert_eq!(shown("(\n1\n)", Span::new(0, 5), 80).1, "( \n1 \n)");
    }

    #[test]
    fn spans_outside_the_text_do_no_harm() {
        assert_eq!(shown("abc", Span::new(90, 100), 80).1, " ");
        assert_eq!(shown("abc", Span::new(2, 1), 80).1, "c");
    }
}
