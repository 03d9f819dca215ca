//! Draws diagnostics for people, with ariadne. The only place that knows how an error looks; it
//! knows nothing of where errors come from.

use super::excerpt::{excerpt, visible};
use super::{Diagnostic, Label, Level, python};
use crate::source::{Source, Span};
use ariadne::{CharSet, Color, Config, Report, ReportKind};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// How drawings look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Terminal colours.
    pub color: bool,
    /// No box-drawing characters.
    pub ascii: bool,
    /// Columns to stay within, where the text allows.
    pub width: usize,
}

impl Default for RenderOptions {
    fn default() -> Self {
        RenderOptions {
            color: false,
            ascii: false,
            width: 100,
        }
    }
}

/// Room for line numbers and frame beside a source line.
const GUTTER: usize = 12;
/// The narrowest excerpt of a source line.
const NARROWEST: usize = 40;
/// Where a label says nothing, this stands beside its underline.
const UNSAID: &str = "here";

/// Colours of the labels after the first.
const SECONDARY: [Color; 4] = [Color::Cyan, Color::Magenta, Color::Green, Color::Blue];

/// Draws all of them, in order; after syntax errors comes the line with which CPython ends.
pub fn render(diagnostics: &[Diagnostic], options: &RenderOptions) -> String {
    let mut out = String::new();
    for (i, diagnostic) in diagnostics.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        out.push_str(&draw(diagnostic, options));
    }
    if let Some(line) = diagnostics.iter().find_map(final_line) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// CPython's last line for a diagnostic that is a kind of `SyntaxError`.
pub fn final_line(diagnostic: &Diagnostic) -> Option<String> {
    if diagnostic.level == Level::Warning {
        return None;
    }
    let kind = diagnostic.code.refusal()?;
    Some(format!("{kind}: {}", diagnostic.title))
}

/// Syntax errors as CPython prints them, byte for byte: the first one, since it knows no more.
/// Problems of other kinds are drawn.
pub fn render_python(diagnostics: &[Diagnostic], options: &RenderOptions) -> String {
    let first = diagnostics.iter().find_map(|d| Some((d, final_line(d)?)));
    match first {
        Some((diagnostic, line)) => python::syntax_error(diagnostic, &line),
        None => render(diagnostics, options),
    }
}

/// The labels that lie in one source.
struct Group<'a> {
    source: &'a Source,
    labels: Vec<&'a Label>,
}

/// One diagnostic without the closing line.
pub fn draw(diagnostic: &Diagnostic, options: &RenderOptions) -> String {
    let kind = match diagnostic.level {
        Level::Error => ReportKind::Error,
        Level::Warning => ReportKind::Warning,
    };
    let heading = Heading {
        kind,
        code: Some(diagnostic.code.text()),
        title: &diagnostic.title,
        color: primary_color(diagnostic.level),
    };
    draw_under(heading, diagnostic, options).unwrap_or_else(|| without_source(diagnostic, options))
}

/// Places in a program that belong together, under a heading of their own; nothing if there are
/// none. For what is no problem, and has no code.
pub fn sketch(
    kind: &str,
    title: &str,
    labels: &[Label],
    options: &RenderOptions,
) -> Option<String> {
    let heading = Heading {
        kind: ReportKind::Custom(kind, Color::Cyan),
        code: None,
        title,
        color: Color::Cyan,
    };
    let shown = Diagnostic {
        labels: labels.to_vec(),
        ..Diagnostic::new(super::Code::Uncaught, Level::Warning, title)
    };
    let drawn = draw_under(heading, &shown, options)?;
    // ariadne colours a kind of one's own whether colours are wanted or not.
    Some(if options.color { drawn } else { bare(&drawn) })
}

/// Without escape sequences.
fn bare(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.filter_map(|p| p.split_once('m'));
    first + &rest.map(|(_, text)| text).collect::<String>()
}

/// What stands above a drawing, and the colour of its first label.
struct Heading<'a> {
    kind: ReportKind<'a>,
    code: Option<&'a str>,
    title: &'a str,
    color: Color,
}

fn draw_under(
    heading: Heading<'_>,
    diagnostic: &Diagnostic,
    options: &RenderOptions,
) -> Option<String> {
    let groups = group(&diagnostic.labels);
    if groups.is_empty() {
        return None;
    }
    let config = Config::new()
        .with_color(options.color)
        .with_char_set(if options.ascii {
            CharSet::Ascii
        } else {
            CharSet::Unicode
        });
    let width = options.width.saturating_sub(GUTTER).max(NARROWEST);
    let ellipsis = if options.ascii { "..." } else { "…" };
    let mut sources: Vec<(String, String)> = Vec::new();
    let mut labels = Vec::new();
    let mut order = 0;
    for (i, group) in groups.iter().enumerate() {
        let spans: Vec<Span> = group.labels.iter().map(|l| l.span).collect();
        let shown = excerpt(group.source, &spans, width, ellipsis);
        for (label, range) in group.labels.iter().zip(shown.ranges) {
            let color = if order == 0 {
                heading.color
            } else {
                secondary_color(order)
            };
            let label = ariadne::Label::new((placeholder(i), range.clone()))
                .with_message(if label.text.is_empty() {
                    UNSAID.into()
                } else {
                    one_line(&label.text)
                })
                .with_color(color);
            labels.push((i, range.end, label));
            order += 1;
        }
        sources.push((placeholder(i), shown.text));
    }
    // Out of order, ariadne would open a new box for the same source.
    labels.sort_by_key(|(group, end, _)| (*group, *end));
    let mut report = Report::build(heading.kind, (placeholder(0), 0..0))
        .with_config(config)
        .with_message(one_line(heading.title));
    if let Some(code) = heading.code {
        report = report.with_code(code);
    }
    report.add_labels(labels.into_iter().map(|(_, _, label)| label));
    for note in &diagnostic.notes {
        report.add_note(wrap(note, width));
    }
    if let Some(help) = &diagnostic.help {
        report.add_help(wrap(help, width));
    }
    let mut bytes = Vec::new();
    if report
        .finish()
        .write(ariadne::sources(sources), &mut bytes)
        .is_err()
    {
        return None;
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    for (i, group) in groups.iter().enumerate() {
        text = name_place(&text, &placeholder(i), group);
    }
    Some(calm(&text))
}

/// The grey in which ariadne writes source text: unreadable on a light ground.
const GREY: &str = "\u{1b}[38;5;249m";
const PLAIN: &str = "\u{1b}[0m";

/// Leaves out blanks at line ends, and colour changes that change nothing: ariadne sets the colour
/// of each character.
fn calm(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut set, mut wanted) = (PLAIN, PLAIN);
    let mut blanks = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match rest.starts_with('\u{1b}') {
            true => rest.find('m').map_or(rest.len(), |end| end + 1),
            false => c.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        if c == '\u{1b}' {
            wanted = if piece == GREY { PLAIN } else { piece };
            continue;
        }
        // A blank looks the same in all colours, and none is needed at the end of a line.
        if c == ' ' {
            blanks += 1;
            continue;
        }
        if c != '\n' {
            out.extend(std::iter::repeat_n(' ', blanks));
        }
        blanks = 0;
        if set != wanted {
            if set != PLAIN {
                out.push_str(PLAIN);
            }
            if wanted != PLAIN {
                out.push_str(wanted);
            }
            set = wanted;
        }
        out.push_str(piece);
    }
    if set != PLAIN {
        out.push_str(PLAIN);
    }
    out
}

/// Labels by source, the first label's source first; inside a source by place.
fn group(labels: &[Label]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for label in labels {
        match groups.iter_mut().find(|g| same(g.source, &label.source)) {
            Some(group) => group.labels.push(label),
            None => groups.push(Group {
                source: &label.source,
                labels: vec![label],
            }),
        }
    }
    groups
}

fn same(a: &Source, b: &Source) -> bool {
    a.name() == b.name() && std::ptr::eq(a.text(), b.text())
}

/// What ariadne is told to call the source: a character that cannot come from a program, since
/// excerpts and messages are cleaned. [`name_place`] puts the real name and place there, which
/// ariadne cannot know because it sees only an excerpt.
fn placeholder(index: usize) -> String {
    format!("\u{1}{index}\u{2}")
}

/// Replaces `PLACEHOLDER:line:column` by the name and the place of the group's first label.
fn name_place(text: &str, placeholder: &str, group: &Group<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(placeholder) {
        out.push_str(before);
        let start = group.labels.first().map_or(0, |l| l.span.start);
        let place = group
            .source
            .position(start.min(group.source.text().len() as u32));
        let _ = write!(
            out,
            "{}:{}:{}",
            one_line(group.source.name()),
            place.line,
            place.column + 1
        );
        rest =
            after.trim_start_matches([':', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '?']);
    }
    out.push_str(rest);
    out
}

/// A diagnostic that points nowhere.
fn without_source(diagnostic: &Diagnostic, options: &RenderOptions) -> String {
    let (word, color) = match diagnostic.level {
        Level::Error => ("Error", "\u{1b}[31m"),
        Level::Warning => ("Warning", "\u{1b}[33m"),
    };
    let (on, off) = if options.color {
        (color, "\u{1b}[0m")
    } else {
        ("", "")
    };
    let mut out = format!(
        "{on}[{}] {word}:{off} {}\n",
        diagnostic.code.text(),
        one_line(&diagnostic.title)
    );
    let help = diagnostic.help.iter().map(|h| ("Help", h));
    for (word, text) in help.chain(diagnostic.notes.iter().map(|n| ("Note", n))) {
        let wrapped = wrap(text, options.width.max(NARROWEST));
        for (i, line) in wrapped.lines().enumerate() {
            let head = if i == 0 {
                format!("{word}: ")
            } else {
                " ".repeat(word.len() + 2)
            };
            let _ = writeln!(out, "  {head}{line}");
        }
    }
    out
}

fn primary_color(level: Level) -> Color {
    match level {
        Level::Error => Color::Red,
        Level::Warning => Color::Yellow,
    }
}

fn secondary_color(order: usize) -> Color {
    SECONDARY
        .get((order - 1) % SECONDARY.len())
        .copied()
        .unwrap_or(Color::Cyan)
}

/// The first line of a text, harmless to a terminal.
pub(super) fn one_line(text: &str) -> String {
    let mut lines = text.lines();
    let mut first: String = lines.next().unwrap_or("").chars().map(visible).collect();
    if lines.next().is_some() {
        first.push_str(" …");
    }
    first
}

/// Breaks the lines of a text at spaces so that they stay within `width` columns; not in the code
/// between backticks, where that is possible.
fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line: String = line.chars().map(visible).collect();
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        let mut column = indent.len();
        out.push_str(&indent);
        for (i, word) in words(&line, width).into_iter().enumerate() {
            let length = word.width();
            if i > 0 && column + 1 + length > width {
                out.push('\n');
                out.push_str(&indent);
                column = indent.len();
            } else if i > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

/// The words of a line; code between backticks is one, unless it is too long for a line.
fn words(line: &str, width: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let plain = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let quoted = rest
            .get(..plain)
            .and_then(|word| word.find('`'))
            .and_then(|open| {
                let inside = rest.get(open + 1..)?;
                let close = open + 1 + inside.find('`')? + 1;
                let after = rest.get(close..)?;
                let end = close + after.find(char::is_whitespace).unwrap_or(after.len());
                rest.get(..end)
                    .filter(|word| word.width() <= width)
                    .map(|_| end)
            });
        let (word, after) = rest.split_at(quoted.unwrap_or(plain).max(plain));
        words.push(word);
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
