//! Asks the machine what could stand at the cursor.

use crate::repl::wire::{Event, Question};
use reedline::{Completer, CompletionResult, Span, Suggestion};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// A machine that is busy longer than this has nothing to say.
const PATIENCE: Duration = Duration::from_millis(150);

pub struct Asking {
    events: Sender<Event>,
}

impl Asking {
    pub fn new(events: Sender<Event>) -> Self {
        Asking { events }
    }
}

impl Completer for Asking {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let (reply, answer) = channel();
        let question = Question {
            text: line.to_owned(),
            cursor: pos,
            reply,
        };
        let sent = self.events.send(Event::Complete(question));
        let found = match sent {
            Ok(()) => answer.recv_timeout(PATIENCE).unwrap_or_default(),
            Err(_) => Default::default(),
        };
        let span = Span::new(found.start.min(pos), pos);
        let suggestions: Vec<Suggestion> = found
            .names
            .into_iter()
            .map(|name| Suggestion {
                value: name.text,
                description: name.note,
                span,
                ..Suggestion::default()
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}
