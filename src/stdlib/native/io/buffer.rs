//! What a file in memory holds: text or bytes, and the place where reading and writing goes on.

/// What ends a line, as the argument `newline` says.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum LineEnds {
    /// None: all of them, and all are read as `\n`.
    Universal,
    /// `''`: all of them, as they are.
    Any,
    #[default]
    Line,
    Return,
    ReturnLine,
}

impl LineEnds {
    /// By the argument's text; nothing else is known.
    pub fn find(newline: &str) -> Option<Self> {
        Some(match newline {
            "" => LineEnds::Any,
            "\n" => LineEnds::Line,
            "\r" => LineEnds::Return,
            "\r\n" => LineEnds::ReturnLine,
            _ => return None,
        })
    }

    /// A text that was read from outside.
    pub fn read(self, text: String) -> String {
        if self == LineEnds::Universal && text.contains('\r') {
            text.replace("\r\n", "\n").replace('\r', "\n")
        } else {
            text
        }
    }

    /// A text that is written.
    fn written(self, text: &str) -> std::borrow::Cow<'_, str> {
        match self {
            LineEnds::Return => text.replace('\n', "\r").into(),
            LineEnds::ReturnLine => text.replace('\n', "\r\n").into(),
            _ => text.into(),
        }
    }

    /// Whether what is read tells which line ends it had.
    fn are_noted(self) -> bool {
        matches!(self, LineEnds::Universal | LineEnds::Any)
    }

    /// How long the first line is, its end included.
    fn line(self, text: &str) -> usize {
        let end = match self {
            LineEnds::Universal | LineEnds::Line => text.find('\n').map(|at| at + 1),
            LineEnds::Return => text.find('\r').map(|at| at + 1),
            LineEnds::ReturnLine => text.find("\r\n").map(|at| at + 2),
            LineEnds::Any => text.find(['\r', '\n']).map(|at| {
                let both = text.get(at..).is_some_and(|end| end.starts_with("\r\n"));
                at + 1 + usize::from(both)
            }),
        };
        end.unwrap_or(text.len())
    }
}

/// Text with a position. Positions are bytes inside; `chars_before` and `at_char` translate.
#[derive(Default)]
pub(super) struct TextBuffer {
    text: String,
    at: usize,
    ends: LineEnds,
    /// What is written counts as read, too.
    memory: bool,
    seen: SeenEnds,
}

/// Which line ends a text has.
#[derive(Clone, Copy, Default)]
struct SeenEnds {
    line: bool,
    ret: bool,
    both: bool,
}

impl SeenEnds {
    fn add(&mut self, text: &str) {
        let mut before = '\0';
        for c in text.chars().chain(std::iter::once('\0')) {
            match (before, c) {
                ('\r', '\n') => self.both = true,
                ('\r', _) => self.ret = true,
                (_, '\n') => self.line = true,
                _ => {}
            }
            before = c;
        }
    }

    fn names(self) -> Vec<&'static str> {
        let all = [(self.ret, "\r"), (self.line, "\n"), (self.both, "\r\n")];
        let seen = all.into_iter().filter(|(seen, _)| *seen);
        seen.map(|(_, name)| name).collect()
    }
}

impl TextBuffer {
    /// A text that was read from outside.
    pub fn new(text: String, ends: LineEnds) -> Self {
        let mut seen = SeenEnds::default();
        if ends.are_noted() {
            seen.add(&text);
        }
        TextBuffer {
            text: ends.read(text),
            at: 0,
            ends,
            memory: false,
            seen,
        }
    }

    /// The line ends that were read so far.
    pub fn seen_ends(&self) -> Vec<&'static str> {
        if self.memory || self.at > 0 {
            self.seen.names()
        } else {
            Vec::new()
        }
    }

    /// A text that the program has given.
    pub fn given(text: &str, ends: LineEnds) -> Self {
        TextBuffer {
            memory: true,
            ..Self::new(ends.written(text).into_owned(), ends)
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The position in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The position in characters.
    pub fn chars_before(&self) -> usize {
        let beyond = self.at.saturating_sub(self.text.len());
        self.text
            .get(..self.at)
            .unwrap_or(&self.text)
            .chars()
            .count()
            + beyond
    }

    /// The byte position of a character; beyond the end, characters count one byte each.
    pub fn at_char(&self, n: usize) -> usize {
        let mut indices = self.text.char_indices();
        match indices.nth(n) {
            Some((at, _)) => at,
            None => self.text.len() + n.saturating_sub(self.text.chars().count()),
        }
    }

    pub fn seek(&mut self, at: usize) {
        self.at = at;
    }

    pub fn seek_end(&mut self) {
        self.at = self.text.len();
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Takes at most so many characters, all if `None`.
    pub fn read(&mut self, limit: Option<usize>) -> String {
        let rest = self.rest();
        let end = match limit {
            Some(n) => rest.char_indices().nth(n).map_or(rest.len(), |(i, _)| i),
            None => rest.len(),
        };
        let taken = rest.get(..end).unwrap_or("").to_owned();
        self.at += taken.len();
        taken
    }

    /// Takes a line with its end, at most so many characters.
    pub fn read_line(&mut self, limit: Option<usize>) -> String {
        let rest = self.rest();
        let line = self.ends.line(rest);
        let limit = match limit {
            Some(n) => rest.char_indices().nth(n).map_or(rest.len(), |(i, _)| i),
            None => rest.len(),
        };
        let taken = rest.get(..line.min(limit)).unwrap_or("").to_owned();
        self.at += taken.len();
        taken
    }

    /// Writes over what stands here, and on beyond the end.
    pub fn write(&mut self, more: &str) {
        let ends = self.ends;
        let mut more = ends.written(more);
        if self.memory && ends.are_noted() {
            self.seen.add(&more);
            more = ends.read(more.into_owned()).into();
        }
        let more: &str = &more;
        while self.text.len() < self.at {
            self.text.push('\0');
        }
        if self.at == self.text.len() {
            self.text.push_str(more);
        } else {
            let rest = self.rest();
            let count = more.chars().count();
            let end = rest
                .char_indices()
                .nth(count)
                .map_or(rest.len(), |(i, _)| i);
            self.text.replace_range(self.at..self.at + end, more);
        }
        self.at += more.len();
    }

    /// Cuts the text at a byte position.
    pub fn truncate(&mut self, at: usize) {
        if let Some(head) = self.text.get(..at) {
            let len = head.len();
            self.text.truncate(len);
        }
    }

    /// Bytes that are held.
    pub fn len(&self) -> usize {
        self.text.len()
    }
}

/// Bytes with a position.
#[derive(Default)]
pub(super) struct ByteBuffer {
    bytes: Vec<u8>,
    at: usize,
}

impl ByteBuffer {
    pub fn new(bytes: Vec<u8>) -> Self {
        ByteBuffer { bytes, at: 0 }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn seek(&mut self, at: usize) {
        self.at = at;
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken: Vec<u8> = rest.iter().take(count).copied().collect();
        self.at += taken.len();
        taken
    }

    pub fn read(&mut self, limit: Option<usize>) -> Vec<u8> {
        self.take(limit.unwrap_or(usize::MAX))
    }

    pub fn read_line(&mut self, limit: Option<usize>) -> Vec<u8> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let line = rest
            .iter()
            .position(|b| *b == b'\n')
            .map_or(rest.len(), |i| i + 1);
        self.take(line.min(limit.unwrap_or(usize::MAX)))
    }

    pub fn write(&mut self, more: &[u8]) {
        if self.bytes.len() < self.at {
            self.bytes.resize(self.at, 0);
        }
        let end = (self.at + more.len()).min(self.bytes.len());
        self.bytes.splice(self.at..end, more.iter().copied());
        self.at += more.len();
    }

    pub fn truncate(&mut self, at: usize) {
        self.bytes.truncate(at);
    }
}
