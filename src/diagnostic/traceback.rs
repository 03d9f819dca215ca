//! An exception that nothing caught, as data, and how it is told to people. The VM fills in an
//! [`UncaughtError`]; this module knows nothing of how it came about.

use super::render::{RenderOptions, draw};
use super::{Code, Diagnostic, Label, Level, python};
use crate::source::{Source, Span};
use std::rc::Rc;

/// One step of the way from the top of the program to where the exception was raised.
#[derive(Clone, Debug)]
pub struct FrameEntry {
    pub source: Source,
    /// The expression that was being evaluated.
    pub span: Span,
    /// What CPython's tracebacks mark, where that is something else.
    pub told: Option<Span>,
    /// The code object's plain name: `main`, `<module>`, `<lambda>`.
    pub function: String,
    /// With what it stands in: `Shop.open`.
    pub qualname: String,
    /// It is the outermost frame of a task of this name, which the exception has ended.
    pub task: Option<String>,
    /// Whether it is code of the embedded library, which a reader did not write.
    pub library: bool,
}

impl FrameEntry {
    /// What CPython's tracebacks mark.
    pub fn told(&self) -> Span {
        self.told.unwrap_or(self.span)
    }

    /// How a way names a frame of the program.
    fn way_name(&self) -> Option<String> {
        let name = self.qualname.replace("<locals>.", "");
        match &self.task {
            Some(task) => Some(format!("{name} (task {task})")),
            None => (self.function != "<module>").then_some(name),
        }
    }

    /// How a way names what the library does there; nothing for what starts the loop.
    fn library_name(&self) -> Option<String> {
        match self.qualname.split_once('.') {
            None if self.function == "run" => None,
            Some((class, _)) if !class.starts_with('_') => Some(class.to_owned()),
            _ => Some(self.function.trim_start_matches('_').to_owned()),
        }
    }
}

/// How an earlier exception led to the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// `raise … from …`: the `__cause__`.
    Cause,
    /// Raised while the earlier one was being handled: the `__context__`.
    Context,
}

impl Relation {
    /// The sentence that CPython puts between the two.
    pub const fn sentence(self) -> &'static str {
        match self {
            Relation::Cause => {
                "The above exception was the direct cause of the following exception:"
            }
            Relation::Context => {
                "During handling of the above exception, another exception occurred:"
            }
        }
    }
}

/// An exception that reached the top, with all that is told about it.
#[derive(Clone, Debug, Default)]
pub struct UncaughtError {
    /// The traceback, outermost call first.
    pub entries: Vec<FrameEntry>,
    /// CPython's `Type: message`, suggestion included; more than one line if the message is.
    pub last_line: String,
    /// Of a syntax error: file and line, the text, the marks.
    pub place: String,
    /// The exception's `__notes__`, one entry each.
    pub notes: Vec<String>,
    /// The exceptions before this one, the nearest first: each with how it led to the one before
    /// it in this list (the first: to this exception). Their own `chain` is empty.
    pub chain: Vec<(Relation, UncaughtError)>,
    /// The members of an exception group. Whoever fills this in stops below ten levels, as
    /// deeper ones are never shown.
    pub children: Option<Vec<UncaughtError>>,
    /// Places that matter beside those of the traceback, for the drawing only.
    pub labels: Vec<Label>,
    /// What stands above the drawing instead of code and last line: the exception was no end.
    pub heading: Option<(Code, String)>,
    /// The calls, tasks and groups from the top of the program to the place, for the drawing only;
    /// empty where the traceback says it all. See `name_ways`.
    pub way: Vec<String>,
    /// Our own explanations, for the drawing only.
    pub explanations: Vec<String>,
    /// What to write instead, for the drawing only.
    pub help: Option<String>,
    /// Drawn instead of the traceback.
    pub report: Option<Rc<Diagnostic>>,
}

impl UncaughtError {
    /// Whether a report is drawn with this exception or one before it.
    pub fn shows(&self, report: &Rc<Diagnostic>) -> bool {
        let members = self.children.iter().flatten();
        self.report
            .as_ref()
            .is_some_and(|own| Rc::ptr_eq(own, report))
            || self
                .chain
                .iter()
                .map(|(_, e)| e)
                .chain(members)
                .any(|e| e.shows(report))
    }

    /// Finds the ways of this exception and of the members of groups, which go on where that of
    /// their group ends.
    pub fn name_ways(&mut self) {
        self.name_ways_after(&[]);
    }

    fn name_ways_after(&mut self, before: &[String]) {
        let mut way = before.to_vec();
        let mut library = false;
        for entry in &self.entries {
            if !entry.library {
                way.extend(entry.way_name());
            } else if !library {
                way.extend(entry.library_name());
            }
            library = entry.library;
        }
        for member in self.children.iter_mut().flatten() {
            member.name_ways_after(&way);
        }
        let tasks = self.entries.iter().filter(|e| e.task.is_some());
        if tasks.count() > 1 || !before.is_empty() {
            self.way = way;
        }
    }

    /// The lines with which CPython ends its report of one exception: type, message and notes.
    pub fn last_lines(&self) -> String {
        let mut out = format!("{}{}\n", self.place, self.last_line);
        for note in &self.notes {
            out.push_str(note);
            out.push('\n');
        }
        out
    }
}

/// Calls shown at either end of a long way.
const SHOWN_AT_END: usize = 4;
const SHOWN_AT_START: usize = 2;

/// What Ctrl-C leads to.
const INTERRUPT: &str = "KeyboardInterrupt";

/// Who pressed Ctrl-C knows why: only where the program was.
fn interrupted(error: &UncaughtError) -> String {
    // In a task it was the cancellation that came first.
    let first = error.chain.last().map_or(error, |(_, e)| e);
    let place = first.entries.iter().rfind(|e| !e.library).map(|entry| {
        let line = entry.source.line_of(entry.span.start);
        let function = place_name(&entry.function);
        format!(
            "Interrupted at {}:{line}{}\n",
            entry.source.name(),
            called_in(&function)
        )
    });
    place.unwrap_or_default() + &error.last_lines()
}

/// The report for people: a drawing of the innermost place in the user's own code with the way
/// that led there, what came before it, and CPython's last line.
pub fn render_uncaught(error: &UncaughtError, options: &RenderOptions) -> String {
    if error.last_line == INTERRUPT {
        return interrupted(error);
    }
    python::chained(error, &|one, _| {
        // What the library did before the program heard of it is not the program's.
        let unseen = one.report.is_none()
            && is_earlier(one, error)
            && called_library(&one.entries).is_none()
            && one.entries.last().is_some_and(|e| e.library);
        if unseen {
            String::new()
        } else {
            drawing(one, options)
        }
    })
}

/// Whether it came before another exception of a report.
fn is_earlier(one: &UncaughtError, report: &UncaughtError) -> bool {
    let mut chain = report.chain.iter().map(|(_, e)| e);
    let mut members = report.children.iter().flatten();
    chain.any(|e| std::ptr::eq(e, one) || is_earlier(one, e)) || members.any(|e| is_earlier(one, e))
}

/// The lines of an expression with CPython's marks under them, as a traceback shows them.
pub fn marked_lines(source: &Source, span: Span) -> Vec<String> {
    python::source_lines(source, span, source.line_of(span.start))
}

/// Like `render_python`, without marks: the form of what nobody can catch.
pub fn render_unmarked(error: &UncaughtError) -> String {
    python::chained(error, &python::unmarked_stack)
}

/// Like `render_unmarked`, without the text of the program: the form once a program is over, when
/// CPython cannot read it any more.
pub fn render_bare(error: &UncaughtError) -> String {
    python::chained(error, &python::bare_stack)
}

/// CPython's own form, byte for byte.
pub fn render_python(error: &UncaughtError) -> String {
    python::chained(error, &python::stack)
}

/// The drawing of one exception; empty if no source is known.
fn drawing(error: &UncaughtError, options: &RenderOptions) -> String {
    if let Some(report) = &error.report {
        return draw(report, options);
    }
    let steps = steps(&error.entries);
    let mut diagnostic = match &error.heading {
        Some((code, title)) => Diagnostic::new(*code, Level::Warning, title.as_str()),
        None => Diagnostic::error(
            Code::of_exception(&error.last_line),
            error.last_line.as_str(),
        ),
    };
    diagnostic.notes = error.explanations.clone();
    diagnostic.help.clone_from(&error.help);
    let Some((innermost, callers)) = steps.split_last() else {
        return String::new();
    };
    diagnostic
        .labels
        .push(innermost.label(innermost.raised_text(called_library(&error.entries))));
    let hidden = callers.len().saturating_sub(SHOWN_AT_END + SHOWN_AT_START);
    let far = callers
        .iter()
        .take(if hidden > 0 { SHOWN_AT_START } else { 0 });
    let near = callers.iter().skip(if hidden > 0 {
        SHOWN_AT_START + hidden
    } else {
        0
    });
    for step in near.rev().chain(far.rev()) {
        diagnostic.labels.push(step.label(step.called_text()));
    }
    if hidden > 0 {
        let plural = if hidden == 1 { "" } else { "s" };
        diagnostic.notes.push(format!(
            "{hidden} more call{plural} between these are not shown"
        ));
    }
    if error.way.len() > 1 {
        let arrow = if options.ascii { " -> " } else { " → " };
        diagnostic
            .notes
            .push(format!("the way there: {}", error.way.join(arrow)));
    }
    diagnostic.labels.extend(error.labels.iter().cloned());
    merge_labels(&mut diagnostic.labels);
    draw(&diagnostic, options)
}

/// What of the library the innermost place in the user's code called, if it was raised there.
fn called_library(entries: &[FrameEntry]) -> Option<&FrameEntry> {
    let own = entries.iter().rposition(|e| !e.library)?;
    entries.get(own + 1)
}

/// Calls in the user's code, each with how often it stood there in a row.
struct Step<'a> {
    entry: &'a FrameEntry,
    times: usize,
}

/// The way without the library's frames, equal neighbours folded. Where all of it is library
/// code, that is shown after all.
fn steps(entries: &[FrameEntry]) -> Vec<Step<'_>> {
    let all_library = entries.iter().all(|e| e.library);
    let mut steps: Vec<Step<'_>> = Vec::new();
    for entry in entries.iter().filter(|e| all_library || !e.library) {
        match steps.last_mut() {
            Some(last) if same_place(last.entry, entry) => last.times += 1,
            _ => steps.push(Step { entry, times: 1 }),
        }
    }
    steps
}

fn same_place(a: &FrameEntry, b: &FrameEntry) -> bool {
    a.span == b.span && a.function == b.function && a.source.name() == b.source.name()
}

impl Step<'_> {
    fn label(&self, text: String) -> Label {
        Label {
            source: self.entry.source.clone(),
            span: self.entry.span,
            text,
        }
    }

    /// `called` is what of the library was called here, if it was raised there.
    fn raised_text(&self, called: Option<&FrameEntry>) -> String {
        let place = place_name(&self.entry.function);
        match called {
            Some(called) => {
                let inside =
                    place_name(&called.function).map_or(String::new(), |f| format!("'s {f}"));
                format!(
                    "raised inside the library{inside}, called here{}",
                    called_in(&place)
                )
            }
            _ if self.times > 1 => {
                format!(
                    "raised here{}, in the last of {} such calls",
                    called_in(&place),
                    self.times
                )
            }
            _ => format!("raised here{}", called_in(&place)),
        }
    }

    fn called_text(&self) -> String {
        let place = place_name(&self.entry.function);
        let text = self.entry.source.slice(self.entry.span);
        let how = match text.split_whitespace().next() {
            Some("await") => "awaited here",
            Some("yield") => "delegated from here",
            _ => "called from here",
        };
        match self.times {
            1 => format!("{how}{}", called_in(&place)),
            n => format!("{how}{}, {n} times in a row", called_in(&place)),
        }
    }
}

/// How a reader calls a code object; nothing for the top of a file.
fn place_name(function: &str) -> Option<String> {
    match function {
        "<module>" => None,
        name if name.starts_with('<') => Some(format!("a {}", name.trim_matches(['<', '>']))),
        name => Some(format!("{name}()")),
    }
}

fn called_in(place: &Option<String>) -> String {
    place
        .as_ref()
        .map_or(String::new(), |p| format!(", in {p}"))
}

/// Two labels on one span would be drawn over each other: their texts are joined.
fn merge_labels(labels: &mut Vec<Label>) {
    let mut merged: Vec<Label> = Vec::new();
    for label in labels.drain(..) {
        let twin = merged
            .iter_mut()
            .find(|l| l.span == label.span && l.source.name() == label.source.name());
        match twin {
            Some(twin) if twin.text == label.text => {}
            Some(twin) => {
                twin.text.push_str("; ");
                twin.text.push_str(&label.text);
            }
            None => merged.push(label),
        }
    }
    *labels = merged;
}

#[cfg(test)]
#[path = "traceback_tests.rs"]
mod tests;
