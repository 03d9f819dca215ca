//! One step of a program, and which step somebody means who wants to go on.

use super::tape::Tape;
use crate::trace::frames::Picture;
use crate::trace::record::{End, Entry, Record, What};
use std::sync::Arc;

/// What kind of step it is, as far as moving among them goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A statement is about to run.
    Line,
    /// A task goes on: one of its chunks begins.
    Chunk,
    /// Control goes from a frame that can be suspended to another one.
    Switch,
    /// The running chunk of a task ends with a delay.
    Delay,
    /// The running task is done.
    Done,
    Printed,
    Other,
    /// The program has ended, with this exit code.
    End(i32),
}

impl Kind {
    pub(super) fn of(what: &What) -> Kind {
        let frame = |end: &End| end.site().is_some();
        match what {
            What::Line { .. } => Kind::Line,
            What::Chunk { .. } => Kind::Chunk,
            What::Suspended(..) => Kind::Delay,
            What::Ended(..) => Kind::Done,
            What::Printed { .. } => Kind::Printed,
            // Awaiting a coroutine is no switch: the chunk goes on in it.
            What::Resumed {
                how: Entry::Await | Entry::YieldFrom,
                ..
            } => Kind::Other,
            What::Resumed { .. } => Kind::Switch,
            What::Yielded { to, .. } if frame(to) => Kind::Switch,
            _ => Kind::Other,
        }
    }
}

/// A value that goes from frame to frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Passed {
    Sent(String),
    Yielded(String),
}

impl Passed {
    fn of(what: &What) -> Option<Passed> {
        match what {
            What::Resumed {
                how: Entry::Send(value),
                ..
            } => Some(Passed::Sent(value.clone())),
            What::Yielded { value, .. } => Some(Passed::Yielded(value.clone())),
            _ => None,
        }
    }
}

/// The task that something makes ready.
fn queued(what: &What) -> Option<Arc<str>> {
    match what {
        What::Made { task, .. } => Some((&**task).into()),
        What::Queued { what, .. } => Some((&**what).into()),
        What::TimerDue { what } => Some(what.strip_prefix("timer of ").unwrap_or(what).into()),
        _ => None,
    }
}

/// Which of its two streams the program has written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    Out,
    Err,
}

/// Something that the program has written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    pub stream: Stream,
    pub text: String,
}

/// Something that has happened, and where the program stands then.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub kind: Kind,
    pub turn: u64,
    pub clock: f64,
    pub task: Option<Arc<str>>,
    /// The frame, as the trace names it.
    pub frame: Option<Arc<str>>,
    /// Where the program is: the file by its short name, and the line.
    pub file: Arc<str>,
    pub line: u32,
    /// How many frames of the program stand on the stack.
    pub level: usize,
    /// What has happened.
    pub words: String,
    /// The task that has become ready, or was made.
    pub queues: Option<Arc<str>>,
    /// What went into a suspended frame, or came out of it.
    pub passed: Option<Passed>,
    /// How many pieces had been written by then.
    pub output: usize,
    pub(super) picture: Option<Arc<Picture>>,
}

impl Step {
    pub(super) fn new(record: &Record, words: String) -> Step {
        Step {
            kind: Kind::of(&record.what),
            turn: record.turn,
            clock: record.clock,
            task: record.task.as_deref().map(Into::into),
            frame: record.site.as_ref().map(|s| (&*s.frame()).into()),
            file: Arc::from(""),
            line: record.site.as_ref().map_or(0, |s| s.line),
            level: 0,
            words,
            queues: queued(&record.what),
            passed: Passed::of(&record.what),
            output: 0,
            picture: None,
        }
    }

    /// The last one.
    pub(super) fn end(code: i32, words: String) -> Step {
        Step {
            kind: Kind::End(code),
            turn: 0,
            clock: 0.0,
            task: None,
            frame: None,
            file: Arc::from(""),
            line: 0,
            level: 0,
            words,
            queues: None,
            passed: None,
            output: 0,
            picture: Some(Arc::default()),
        }
    }

    /// It is the same step of the same program, run another time.
    pub(super) fn is_again(&self, other: &Step) -> bool {
        self.kind == other.kind && self.line == other.line && self.words == other.words
    }
}

/// Which step is meant.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// Any.
    Step,
    /// The beginning of a statement.
    Line,
    /// The beginning of a chunk of whatever runs: a task goes on, a generator is resumed or yields.
    Chunk,
    /// The next statement of the same task, at the same depth or further out.
    Over,
    /// Where this task goes on, or is done.
    Resumed(String),
    /// A line with a breakpoint.
    Breakpoint,
    Number(usize),
    /// Where a line is printed that contains this.
    Output(String),
    End,
}

impl Target {
    /// Whether a step is what somebody means who is at another one.
    pub(super) fn is_met(
        &self,
        from: Option<&Step>,
        (number, step): (usize, &Step),
        breakpoints: &[u32],
        tape: &Tape,
    ) -> bool {
        let ends = matches!(step.kind, Kind::End(_));
        match self {
            Target::Step => true,
            Target::Line => step.kind == Kind::Line || ends,
            Target::Chunk => matches!(step.kind, Kind::Chunk | Kind::Switch) || ends,
            Target::Over => ends || from.is_none_or(|from| is_over(from, step)),
            Target::Resumed(task) => {
                let own = step.task.as_deref() == Some(task);
                own && matches!(step.kind, Kind::Chunk | Kind::Done) || ends
            }
            Target::Breakpoint => {
                let main = tape.is_main(&step.file);
                step.kind == Kind::Line && main && breakpoints.contains(&step.line)
            }
            Target::Number(wanted) => *wanted == number,
            Target::Output(text) => {
                step.kind == Kind::Printed && tape.last_line(step.output).contains(text)
            }
            Target::End => ends,
        }
    }
}

/// A statement of the same task that is not further in, or the end of that task.
fn is_over(from: &Step, step: &Step) -> bool {
    let own = from.task == step.task;
    match step.kind {
        Kind::Line => own && step.level <= from.level,
        Kind::Done => own && from.task.is_some(),
        _ => false,
    }
}
