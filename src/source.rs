//! Source text and places in it. Knows nothing about tokens, trees or errors.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// A half-open range of byte offsets into one [`Source`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// Of code nobody wrote, to which CPython gives no line either: what shows its line there shows -1
    /// or `None`.
    pub const NO_LINE: Span = Span::new(u32::MAX, u32::MAX);

    pub const fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The empty span at this one's end.
    pub const fn after(self) -> Span {
        Span {
            start: self.end,
            end: self.end,
        }
    }

    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// One file (or `-c` string, or REPL entry) of source text. Cheap to clone.
#[derive(Clone)]
pub struct Source(Rc<Inner>);

struct Inner {
    name: String,
    /// Its full path, if it is a file's and not the name.
    path: Option<String>,
    text: String,
    /// Byte offset at which each line starts; the first is 0.
    lines: Vec<u32>,
}

/// A place as people count: line from 1, column from 0, in characters (as CPython's `lineno`
/// and `col_offset` shown in tracebacks).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// How entries of a prompt are named, before their number.
const ENTRY: &str = "<stdin>-";

impl Source {
    /// The text of an entry at a prompt, the first of which is 1.
    pub fn entry(number: u32, text: impl Into<String>) -> Self {
        Source::new(format!("{ENTRY}{number}"), text)
    }

    /// Whether this was typed at a prompt, where `await` needs no function around it.
    pub fn is_entry(&self) -> bool {
        self.name().starts_with(ENTRY)
    }

    /// `name` is what messages call it: a path as given, `<string>`, `<stdin>`.
    /// `\r\n` and `\r` line ends are kept; only `\n` and lone `\r` start a new line.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::make(name.into(), None, text.into())
    }

    /// The text of a file: `name` as above, `path` is what programs see (`__file__`, `co_filename`,
    /// tracebacks): CPython names files by their full path.
    pub fn of_file(
        name: impl Into<String>,
        path: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self::make(name.into(), Some(path.into()), text.into())
    }

    fn make(name: String, path: Option<String>, text: String) -> Self {
        let bytes = text.as_bytes();
        let mut lines = vec![0];
        for (i, b) in bytes.iter().enumerate() {
            let lone_cr = *b == b'\r' && bytes.get(i + 1) != Some(&b'\n');
            if *b == b'\n' || lone_cr {
                lines.push(i as u32 + 1);
            }
        }
        Source(Rc::new(Inner {
            name,
            path,
            text,
            lines,
        }))
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What programs call it: the full path of a file, else its name.
    pub fn path(&self) -> &str {
        self.0.path.as_deref().unwrap_or(&self.0.name)
    }

    /// Whether it is part of the embedded library, which a reader did not write.
    pub fn is_library(&self) -> bool {
        Self::names_library(self.name())
    }

    /// Whether sources of the embedded library are named like this.
    pub fn names_library(name: &str) -> bool {
        name.starts_with("<coro>")
    }

    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The text of a span; empty where the span is not inside the text.
    pub fn slice(&self, span: Span) -> &str {
        self.0.text.get(span.range()).unwrap_or("")
    }

    /// The line number (from 1) that holds a byte offset.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.0
            .lines
            .partition_point(|start| *start <= offset)
            .max(1) as u32
    }

    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_of(offset);
        let start = self.0.lines.get(line as usize - 1).copied().unwrap_or(0);
        let column = self
            .0
            .text
            .get(start as usize..offset as usize)
            .map_or(0, |s| s.chars().count());
        Position {
            line,
            column: column as u32,
        }
    }

    /// The text of a line (from 1) without its line end; empty if there is none.
    pub fn line_text(&self, line: u32) -> &str {
        let Some(i) = (line as usize).checked_sub(1) else {
            return "";
        };
        let Some(&start) = self.0.lines.get(i) else {
            return "";
        };
        let end = self
            .0
            .lines
            .get(i + 1)
            .map_or(self.0.text.len(), |e| *e as usize);
        self.0
            .text
            .get(start as usize..end)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }

    pub fn line_count(&self) -> u32 {
        self.0.lines.len() as u32
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.0.name, self.0.text.len())
    }
}
