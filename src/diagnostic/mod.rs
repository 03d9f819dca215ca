//! Failures as data. Every problem that coro tells somebody about is a [`Diagnostic`] until the
//! edge of the program, where `render` draws it. Knows sources and spans, nothing of what failed.

use crate::source::{Source, Span};

mod anchors;
pub mod code;
mod excerpt;
pub mod page;
mod python;
pub mod render;
pub mod traceback;

pub use code::Code;
pub use python::SyntaxPlace;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    Error,
    Warning,
}

/// What read the program when the problem was found: CPython tells the place of a SyntaxError in a
/// different way for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    Lexing,
    Parsing,
    /// The parser, at the end of the text: of the place only the line is known.
    Ending,
    Compiling,
}

/// One problem: what, where, why, and what to do next.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub code: Code,
    pub level: Level,
    pub found: Found,
    /// One line without a final full stop. For syntax errors this is CPython's message.
    pub title: String,
    /// The first label is the culprit; more point at other places that matter.
    pub labels: Vec<Label>,
    /// Where CPython points, if that is not at the culprit.
    pub pointed: Option<Span>,
    /// What CPython's tokenizer had in hand then: from the first of the lines that are joined to the
    /// culprit's, to as far as it had read.
    pub read: Option<Span>,
    /// Explanations in plain words.
    pub notes: Vec<String>,
    /// What to write instead.
    pub help: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Label {
    pub source: Source,
    pub span: Span,
    pub text: String,
}

impl Diagnostic {
    pub fn new(code: Code, level: Level, title: impl Into<String>) -> Self {
        Diagnostic {
            code,
            level,
            found: Found::Parsing,
            title: title.into(),
            labels: Vec::new(),
            pointed: None,
            read: None,
            notes: Vec::new(),
            help: None,
        }
    }

    pub fn error(code: Code, title: impl Into<String>) -> Self {
        Self::new(code, Level::Error, title)
    }

    /// A program is refused with this message of CPython's, from which the code follows.
    pub fn refusal(title: impl Into<String>) -> Self {
        let title = title.into();
        Self::error(Code::of_refusal(&title), title)
    }

    /// CPython's SyntaxWarning with this message, from which the code follows.
    pub fn doubt(title: impl Into<String>) -> Self {
        let title = title.into();
        Self::new(Code::of_doubt(&title), Level::Warning, title)
    }

    pub fn found(mut self, found: Found) -> Self {
        self.found = found;
        self
    }

    pub fn label(mut self, source: &Source, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            source: source.clone(),
            span,
            text: text.into(),
        });
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}
