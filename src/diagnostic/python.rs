//! CPython 3.13's form of a traceback: frames with marked lines, chains of exceptions, and groups
//! as trees. The frame of chains and groups also serves our own drawings.

use super::anchors::{Anchors, Root, anchors};
use super::traceback::{FrameEntry, UncaughtError};
use super::{Code, Diagnostic, Found};
use crate::source::{Source, Span};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar;

/// Members of a group shown, and depth to which groups in groups are.
const GROUP_WIDTH: usize = 15;
const GROUP_DEPTH: usize = 10;
/// Times the same frame is shown before the rest is counted.
const REPEATS: usize = 3;

/// Writes what stands above the last lines of one exception; the flag tells whether it is a group.
pub(super) type Stack<'a> = &'a dyn Fn(&UncaughtError, bool) -> String;

/// An exception with everything before it and, for groups, in it.
pub(super) fn chained(error: &UncaughtError, stack: Stack<'_>) -> String {
    let mut tree = Tree {
        out: String::new(),
        depth: 0,
        close: false,
        stack,
    };
    tree.chain(error);
    tree.out
}

struct Tree<'a> {
    out: String,
    /// How deep inside groups the next line stands.
    depth: usize,
    /// Whether the innermost open group still lacks its bottom line.
    close: bool,
    stack: Stack<'a>,
}

impl Tree<'_> {
    fn chain(&mut self, error: &UncaughtError) {
        for (relation, earlier) in error.chain.iter().rev() {
            self.one(earlier);
            self.emit(&format!("\n{}\n\n", relation.sentence()), '|');
        }
        self.one(error);
    }

    fn one(&mut self, error: &UncaughtError) {
        match &error.children {
            None => {
                let stack = (self.stack)(error, false);
                self.emit(&stack, '|');
                self.emit(&error.last_lines(), '|');
            }
            Some(_) if self.depth > GROUP_DEPTH => {
                self.emit(&format!("... (max_group_depth is {GROUP_DEPTH})\n"), '|');
            }
            Some(children) => self.group(error, children),
        }
    }

    fn group(&mut self, error: &UncaughtError, children: &[UncaughtError]) {
        let top = self.depth == 0;
        self.depth += usize::from(top);
        let stack = (self.stack)(error, true);
        let (head, rest) = stack.split_once('\n').unwrap_or((stack.as_str(), ""));
        if !head.is_empty() {
            self.emit(&format!("{head}\n"), if top { '+' } else { '|' });
            self.emit(rest, '|');
        }
        self.emit(&error.last_lines(), '|');
        let shown = children.len().min(GROUP_WIDTH + 1);
        self.close = false;
        for (i, child) in children.iter().take(shown).enumerate() {
            let last = i + 1 == shown;
            // A group that ends its parent draws the bottom line for both.
            self.close = last;
            let cut = i >= GROUP_WIDTH;
            let title = if cut {
                "...".to_string()
            } else {
                (i + 1).to_string()
            };
            let branch = if i == 0 { "+-" } else { "  " };
            let _ = writeln!(
                self.out,
                "{}{branch}+---------------- {title} ----------------",
                self.indent()
            );
            self.depth += 1;
            if cut {
                let more = children.len() - GROUP_WIDTH;
                let plural = if more > 1 { "s" } else { "" };
                self.emit(&format!("and {more} more exception{plural}\n"), '|');
            } else {
                self.chain(child);
            }
            if last && self.close {
                let _ = writeln!(
                    self.out,
                    "{}+------------------------------------",
                    self.indent()
                );
                self.close = false;
            }
            self.depth -= 1;
        }
        self.depth -= usize::from(top);
    }

    fn indent(&self) -> String {
        " ".repeat(2 * self.depth)
    }

    /// Adds lines behind the margin of the groups around them.
    fn emit(&mut self, text: &str, margin: char) {
        if self.depth == 0 {
            self.out.push_str(text);
            return;
        }
        let indent = self.indent();
        for line in text.split_inclusive('\n') {
            let _ = write!(self.out, "{indent}{margin} {line}");
        }
    }
}

/// `Traceback (most recent call last):` and the frames.
pub(super) fn stack(error: &UncaughtError, group: bool) -> String {
    if error.entries.is_empty() {
        return String::new();
    }
    let kind = if group {
        "Exception Group Traceback"
    } else {
        "Traceback"
    };
    let program = error.entries.first().map(|entry| &entry.source);
    let show = |out: &mut String, entry: &FrameEntry, line| match program {
        Some(program) if is_unread(&entry.source, program) => place(out, entry, line),
        _ => frame(out, entry, line),
    };
    format!("{kind} (most recent call last):\n") + &frames(error, show)
}

/// Is this text that was given to `exec` or `eval`? CPython keeps no lines of it.
fn is_unread(source: &Source, program: &Source) -> bool {
    source.name() == "<string>" && source.text() != program.text()
}

/// The frames with the first line of each expression only.
pub(super) fn unmarked_stack(error: &UncaughtError, _group: bool) -> String {
    headed(&frames(error, |out, entry, line| {
        place(out, entry, line);
        let text = entry.source.line_text(line).trim();
        if !text.is_empty() && entry.told() != Span::NO_LINE && entry.source.name() != "<stdin>" {
            let _ = writeln!(out, "    {text}");
        }
    }))
}

/// The frames without their text.
pub(super) fn bare_stack(error: &UncaughtError, _group: bool) -> String {
    headed(&frames(error, place))
}

fn headed(frames: &str) -> String {
    match frames {
        "" => String::new(),
        frames => format!("Traceback (most recent call last):\n{frames}"),
    }
}

/// The frames, those that repeat the one before left out after the third.
fn frames(error: &UncaughtError, show: impl Fn(&mut String, &FrameEntry, u32)) -> String {
    let mut out = String::new();
    let mut last: Option<(&FrameEntry, u32)> = None;
    let mut count = 0;
    for entry in &error.entries {
        let line = entry.source.line_of(entry.told().start);
        let again = last.is_some_and(|(l, at)| {
            at == line && l.function == entry.function && l.source.name() == entry.source.name()
        });
        if !again {
            repeated(&mut out, count);
            last = Some((entry, line));
            count = 0;
        }
        count += 1;
        if count <= REPEATS {
            show(&mut out, entry, line);
        }
    }
    repeated(&mut out, count);
    out
}

fn repeated(out: &mut String, count: usize) {
    if let Some(more) = count.checked_sub(REPEATS).filter(|n| *n > 0) {
        let plural = if more > 1 { "s" } else { "" };
        let _ = writeln!(out, "  [Previous line repeated {more} more time{plural}]");
    }
}

/// A syntax error: file, line, the text with marks, the message.
pub(super) fn syntax_error(diagnostic: &Diagnostic, last_line: &str) -> String {
    let mut out = String::new();
    if let Some(place) = SyntaxPlace::of(diagnostic) {
        out.push_str(&place.block());
    }
    out.push_str(last_line);
    out.push('\n');
    out
}

/// What is said where a block ends too early.
const UNINDENTED: &str = "unexpected unindent";
/// What is said of a line join at the end of the text.
const UNFINISHED: &str = "unexpected EOF while parsing";

/// Where CPython says that a syntax error is: the attributes of the exception.
#[derive(Debug)]
pub struct SyntaxPlace<'a> {
    pub file: &'a str,
    pub line: u32,
    pub offset: i64,
    pub end_line: u32,
    /// 0 and -1 stand for no end, as does `None`.
    pub end_offset: Option<i64>,
    /// The line, with its end where it has been read so far.
    pub text: Option<String>,
}

impl<'a> SyntaxPlace<'a> {
    /// The place of the culprit.
    pub fn of(diagnostic: &'a Diagnostic) -> Option<SyntaxPlace<'a>> {
        let label = diagnostic.labels.first()?;
        let source = &label.source;
        if diagnostic.found == Found::Ending {
            return Some(Self::end_of(source));
        }
        let missing = is_missing_handler(diagnostic);
        let mut span = diagnostic.pointed.unwrap_or(label.span);
        if missing && span.start as usize == source.text().len() && source.text().ends_with('\n') {
            // The end of the text belongs to its last line.
            span = Span::new(span.start - 1, span.start - 1);
        }
        let line = source.line_of(span.start);
        let mut end_line = source.line_of(span.end);
        let text = source.line_text(line);
        let (start, end) = syntax_marks(diagnostic, source, span, line);
        if missing
            || [UNFINISHED].contains(&&*diagnostic.title)
            || diagnostic.title.ends_with("was never closed")
        {
            end_line = line;
        }
        let title = &*diagnostic.title;
        let unclosed = title.ends_with("was never closed");
        let end_offset = match title {
            // CPython clips it to the first line.
            _ if end_line != line => {
                let end = column(source, span.end, end_line);
                Some(one_based(end.min(chars(Some(text)))))
            }
            UNFINISHED => Some(-1),
            _ if unclosed => Some(0),
            "':' expected after dictionary key"
            | "unexpected character after line continuation character"
            | "inconsistent use of tabs and spaces in indentation" => Some(0),
            "not a chance" => None,
            t if t.starts_with("future feature ") => None,
            // What should stand elsewhere has no end.
            _ if missing && start == end => Some(-1),
            _ if diagnostic.code == Code::Indentation && start == end => Some(-1),
            _ => Some(one_based(end)),
        };
        let read_on = end_line != line || (unclosed && source.line_of(last_place(source)) > line);
        let text = match diagnostic.found {
            Found::Parsing if let Some(read) = diagnostic.read => {
                Some(read_text(source, read, line))
            }
            Found::Parsing | Found::Lexing if read_on => Some(text.to_owned()),
            Found::Lexing if end_offset != Some(0) && title != UNFINISHED => Some(text.to_owned()),
            // The compiler reads the line again, which it cannot where there is no file.
            Found::Compiling if source.name().starts_with('<') => None,
            _ => Some(format!("{text}\n")),
        };
        // How far the line that ends a block stands in, counted from 0.
        let ends_block =
            i64::from(title == UNINDENTED && (span.start as usize) < source.text().len());
        Some(SyntaxPlace {
            file: source.path(),
            line,
            offset: one_based(start) - ends_block,
            end_line,
            end_offset,
            text,
        })
    }

    /// The end of a text: its last line, and no column.
    fn end_of(source: &'a Source) -> SyntaxPlace<'a> {
        let text = source.text();
        let unended = u32::from(!text.is_empty() && !text.ends_with('\n'));
        let line = source.line_count() - 1 + unended;
        let ended = if line == 0 { "" } else { "\n" };
        SyntaxPlace {
            file: source.path(),
            line,
            offset: 0,
            end_line: line,
            end_offset: Some(0),
            text: Some(format!("{}{ended}", source.line_text(line))),
        }
    }

    /// File and line, the text and the marks under it.
    pub fn block(&self) -> String {
        let mut out = format!("  File \"{}\", line {}\n", self.file, self.line);
        self.excerpt(&mut out);
        out
    }

    /// The line and the marks under it.
    fn excerpt(&self, out: &mut String) {
        let Some(text) = &self.text else {
            return;
        };
        let whole = text.trim_end_matches('\n');
        let shown = whole.trim_start_matches([' ', '\u{c}']);
        let _ = writeln!(out, "    {shown}");
        let behind = one_based(chars(Some(whole)));
        let within = |offset: i64| match offset > one_based(chars(Some(text))) - 1 {
            true => behind,
            false => offset,
        };
        let offset = within(self.offset);
        let end = match self.end_offset.filter(|end| *end != 0) {
            _ if self.line != self.end_line => behind,
            Some(end) => within(end),
            None => offset,
        };
        let width = usize::try_from(end - offset).unwrap_or(0).max(1);
        let spaces = chars(Some(whole)) - chars(Some(shown));
        let before = usize::try_from(offset - 1).ok();
        if let Some(indent) = before.and_then(|column| column.checked_sub(spaces)) {
            let space: String = shown
                .chars()
                .take(indent)
                .map(|c| if c.is_whitespace() { c } else { ' ' })
                .collect();
            let _ = writeln!(out, "    {space}{}", "^".repeat(width));
        }
    }
}

/// What CPython shows of a line of which the tokenizer had this in hand.
fn read_text(source: &Source, read: Span, line: u32) -> String {
    if source.line_of(read.end) > line {
        return source.line_text(line).to_owned();
    }
    let first = source.line_of(read.start);
    let lines = (first..=line).map(|line| source.line_text(line));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// Where the last line that has anything in it ends.
fn last_place(source: &Source) -> u32 {
    source.text().trim_end_matches(['\n', '\r']).len() as u32
}

fn is_missing_handler(diagnostic: &Diagnostic) -> bool {
    diagnostic.title == "expected 'except' or 'finally' block"
}

fn one_based(column: usize) -> i64 {
    i64::try_from(column).unwrap_or(i64::MAX - 1) + 1
}

/// The columns that CPython marks in a line, from 0. It knows only a position where our label covers
/// what is wrong; elsewhere it marks more.
fn syntax_marks(d: &Diagnostic, source: &Source, span: Span, line: u32) -> (usize, usize) {
    let text = source.line_text(line);
    let length = chars(Some(text));
    // The compiler knows columns in bytes only.
    let column = match d.found {
        Found::Compiling => byte_column,
        _ => column,
    };
    let start = column(source, span.start, line);
    let end = match source.line_of(span.end) {
        last if last == line => column(source, span.end, line),
        _ => length,
    };
    let title = d.title.as_str();
    if title == UNFINISHED {
        return (length, length);
    }
    if title == "unexpected indent" {
        let blanks = length - chars(Some(text.trim_start()));
        let last = blanks.saturating_sub(1);
        return (last, last);
    }
    if title == UNINDENTED && span.start as usize == source.text().len() {
        return (length, length);
    }
    if title.starts_with("unindent does not match") {
        return (length, length);
    }
    if title.starts_with("unexpected character after line continuation") {
        return (start + 1, start + 1);
    }
    if d.code == Code::Tab {
        return (0, 0);
    }
    if d.code == Code::Declaration {
        return declaration(source, span, line).unwrap_or((start, end));
    }
    // A lexer stops where it is; only zeros before a number are known from end to end.
    if d.found == Found::Lexing && !title.starts_with("leading zeros") {
        return (start, start);
    }
    let has_no_end = d.code == Code::Indentation || is_missing_handler(d);
    if start == end && !has_no_end && title != "Expected one or more names after 'import'" {
        return line_end(text, start).unwrap_or((start, end));
    }
    (start, end)
}

/// What ends a line stands behind blanks, and covers a comment.
fn line_end(text: &str, start: usize) -> Option<(usize, usize)> {
    let behind: String = text.chars().skip(start).collect();
    let rest = behind.trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        return None;
    }
    let at = start + chars(Some(&behind)) - chars(Some(rest));
    Some((at, chars(Some(text)) + 1))
}

/// The whole statement `global` or `nonlocal` that declares the name in `span`.
fn declaration(source: &Source, span: Span, line: u32) -> Option<(usize, usize)> {
    let text = source.text();
    let before = text.get(..span.start as usize)?;
    let in_list = |c: char| c == '_' || c == ',' || c == ' ' || c.is_alphanumeric();
    let list = before.trim_end_matches(in_list).len();
    let find = |keyword| Some(list + before.get(list..)?.rfind(keyword)?);
    let from = find("nonlocal ").max(find("global "))?;
    let behind = text.get(from..)?;
    let length = behind.find(|c| !in_list(c)).unwrap_or(behind.len());
    let statement = behind.get(..length)?.trim_end();
    let start = column(source, u32::try_from(from).ok()?, line);
    Some((start, start + chars(Some(statement))))
}

fn frame(out: &mut String, entry: &FrameEntry, line: u32) {
    place(out, entry, line);
    if entry.told() == Span::NO_LINE {
        return;
    }
    for text in source_lines(&entry.source, entry.told(), line) {
        let _ = writeln!(out, "    {text}");
    }
}

fn place(out: &mut String, entry: &FrameEntry, line: u32) {
    let (file, function) = (entry.source.path(), &entry.function);
    let _ = match entry.told() {
        Span::NO_LINE => writeln!(out, "  File \"{file}\", line -1, in {function}"),
        _ => writeln!(out, "  File \"{file}\", line {line}, in {function}"),
    };
}

/// The lines of a frame's expression, indentation removed, with marks where they say something.
pub(super) fn source_lines(source: &Source, span: Span, first: u32) -> Vec<String> {
    // CPython cannot read standard input a second time.
    if source.name() == "<stdin>" {
        return Vec::new();
    }
    let last = source.line_of(span.end.saturating_sub(1).max(span.start));
    let original: Vec<&str> = (first..=last)
        .map(|n| source.line_text(n).trim_end())
        .collect();
    if original.iter().all(|l| l.trim().is_empty()) {
        return Vec::new();
    }
    let lines = dedent(&original);
    if span.start == span.end {
        // A place without columns.
        return lines;
    }
    let removed = chars(original.first().copied()) - chars(lines.first().map(String::as_str));
    let start = column(source, span.start, first).saturating_sub(removed);
    let end = column(source, span.end, last).saturating_sub(removed);
    let block = Block { lines, start, end };
    dedent(
        &block
            .marked()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )
}

fn chars(text: Option<&str>) -> usize {
    text.map_or(0, |t| t.chars().count())
}

/// The character column of a byte offset in a line.
fn column(source: &Source, offset: u32, line: u32) -> usize {
    let bytes = byte_column(source, offset, line);
    let text = source.line_text(line);
    text.char_indices().take_while(|(i, _)| *i < bytes).count()
}

fn byte_column(source: &Source, offset: u32, line: u32) -> usize {
    let text = source.line_text(line);
    let start = (text.as_ptr() as usize).saturating_sub(source.text().as_ptr() as usize);
    (offset as usize).saturating_sub(start).min(text.len())
}

/// Removes the indentation that all lines have in common; blank lines become empty.
fn dedent(lines: &[&str]) -> Vec<String> {
    let indent = |l: &str| l.len() - l.trim_start_matches([' ', '\t']).len();
    let solid = || lines.iter().filter(|l| !l.trim().is_empty());
    let mut common = solid()
        .next()
        .map_or("", |l| l.get(..indent(l)).unwrap_or(""));
    for line in solid() {
        let same = common
            .bytes()
            .zip(line.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        common = common.get(..same).unwrap_or("");
    }
    let cut = |l: &&str| {
        if l.trim().is_empty() {
            String::new()
        } else {
            l.strip_prefix(common).unwrap_or(l).into()
        }
    };
    lines.iter().map(cut).collect()
}

/// The lines of an expression, from column `start` of the first to `end` of the last.
struct Block {
    lines: Vec<String>,
    start: usize,
    end: usize,
}

impl Block {
    fn marked(&self) -> Vec<String> {
        let anchors = anchors(&self.segment());
        let shown = self.worth_marking(anchors.as_ref());
        let mut out = Vec::new();
        let mut previous: Option<usize> = None;
        for line in self.significant(anchors.as_ref()) {
            match previous.map(|p| line - p) {
                Some(2) => self.line(line - 1, shown, anchors.as_ref(), &mut out),
                Some(gap) if gap > 2 => out.push(format!("...<{} lines>...", gap - 1)),
                _ => {}
            }
            self.line(line, shown, anchors.as_ref(), &mut out);
            previous = Some(line);
        }
        out
    }

    /// The text of the expression itself.
    fn segment(&self) -> String {
        let joined = self.lines.join("\n");
        let behind = chars(self.lines.last().map(String::as_str)).saturating_sub(self.end);
        let total = joined.chars().count();
        joined
            .chars()
            .take(total.saturating_sub(behind))
            .skip(self.start)
            .collect()
    }

    /// The lines to show: first, last, and those around the anchors.
    fn significant(&self, anchors: Option<&Anchors>) -> Vec<usize> {
        let mut lines = vec![0, self.lines.len().saturating_sub(1)];
        if let Some(a) = anchors {
            for at in [a.left.0, a.right.0] {
                lines.extend(at.saturating_sub(1)..=at + 1);
            }
        }
        lines.retain(|l| *l < self.lines.len());
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    fn line(&self, number: usize, shown: bool, anchors: Option<&Anchors>, out: &mut Vec<String>) {
        let Some(text) = self.lines.get(number) else {
            return;
        };
        out.push(text.clone());
        if shown {
            out.push(self.marks(number, text, anchors));
        }
    }

    /// The marks under one line.
    fn marks(&self, number: usize, text: &str, anchors: Option<&Anchors>) -> String {
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        let first = display_width(self.lines.first().map_or("", String::as_str), self.start);
        let is_last = number + 1 == self.lines.len();
        let width = display_width(text, if is_last { self.end } else { usize::MAX });
        let edge = |at: (usize, usize)| {
            let column = if at.0 == 0 { at.1 + self.start } else { at.1 };
            (
                at.0,
                display_width(self.lines.get(at.0).map_or("", String::as_str), column),
            )
        };
        let bounds = anchors.map(|a| (edge(a.left), edge(a.right)));
        let mark = |column: usize| {
            if column < indent || (number == 0 && column < first) {
                return ' ';
            }
            match bounds {
                Some((left, right)) if (number, column) < left || (number, column) >= right => '~',
                _ => '^',
            }
        };
        (0..width).map(mark).collect()
    }

    /// Marks are left out where they would be under all there is to see.
    fn worth_marking(&self, anchors: Option<&Anchors>) -> bool {
        let head: String = self
            .lines
            .first()
            .map_or("", String::as_str)
            .chars()
            .take(self.start)
            .collect();
        let tail: String = self
            .lines
            .last()
            .map_or("", String::as_str)
            .chars()
            .skip(self.end)
            .collect();
        match anchors {
            // CPython compares columns that are bytes here with columns that are characters.
            Some(a) => {
                !(is_plain_statement(&head, a.root)
                    && is_statement_end(&tail)
                    && (head + &self.segment()).is_ascii())
            }
            None => !head.trim().is_empty() || !tail.trim().is_empty(),
        }
    }
}

/// `return ` before the call of a name, `name = ` before any call: nothing that needs a mark.
fn is_plain_statement(head: &str, root: Root) -> bool {
    let head = head.trim();
    let Some(target) = head.strip_suffix('=') else {
        return root == Root::NameCall && head == "return";
    };
    let name = target.trim_end();
    root != Root::Other
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_statement_end(tail: &str) -> bool {
    let tail = tail.trim_start();
    tail.is_empty() || tail.starts_with(['#', ';'])
}

/// Columns that the first `count` characters take.
fn display_width(text: &str, count: usize) -> usize {
    text.chars()
        .take(count)
        .map(|c| if c.width() == Some(2) { 2 } else { 1 })
        .sum()
}
