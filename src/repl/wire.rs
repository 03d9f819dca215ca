//! What the thread of the machine and the thread of the terminal say to each other. The machine
//! asks for entries and lines; the terminal answers, and asks for completions meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;

/// From the machine to the terminal. The terminal's thread ends when the machine hangs up.
pub enum Request {
    /// An entry: one or more lines that can be run.
    Entry {
        /// Before the first line and before the others.
        prompts: (String, String),
    },
    /// A line for `input()`.
    Line {
        prompt: String,
        reply: Sender<Answer>,
    },
}

/// From the terminal to the machine.
pub enum Event {
    Entry(Answer),
    /// Ctrl-C while something runs.
    Interrupt,
    Complete(Question),
}

#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of the input.
    Ended,
}

/// What could stand at the cursor?
pub struct Question {
    pub text: String,
    pub cursor: usize,
    pub reply: Sender<Candidates>,
}

#[derive(Default, Debug)]
pub struct Candidates {
    /// Where the word begins that they complete.
    pub start: usize,
    pub names: Vec<Candidate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub text: String,
    /// What it is, in few words.
    pub note: Option<String>,
}

/// Whether the machine runs something, to be seen from the terminal's thread.
#[derive(Default)]
pub struct Pulse {
    busy: AtomicBool,
    turns: AtomicU64,
}

impl Pulse {
    pub fn begin(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.busy.store(true, Ordering::Release);
    }

    pub fn end(&self) {
        self.busy.store(false, Ordering::Release);
    }

    /// The number of the turn that is going on.
    pub fn turn(&self) -> Option<u64> {
        let turn = self.turns.load(Ordering::Relaxed);
        self.busy.load(Ordering::Acquire).then_some(turn)
    }
}

/// Makes the program raise KeyboardInterrupt at the next occasion.
#[derive(Clone)]
pub struct Interrupter {
    pub flag: Arc<AtomicBool>,
    pub events: Sender<Event>,
}

impl Interrupter {
    pub fn interrupt(&self) {
        self.flag.store(true, Ordering::Relaxed);
        crate::vm::host::attention().store(true, Ordering::Relaxed);
        // When nobody listens any more, the program is at its end anyway.
        let _ = self.events.send(Event::Interrupt);
    }
}
