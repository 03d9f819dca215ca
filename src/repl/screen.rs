//! Where goes what is written: straight to the terminal, or, while a line is being edited, above
//! that line. Shared by the thread of the machine and the thread of the terminal.

use crate::vm::host::Output;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many looks an unfinished line waits for its end before it is shown without.
const PATIENCE: u32 = 10;
/// Longer prompts of `input()` than this are not worth keeping.
const LONGEST_PARTIAL: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

#[derive(Clone, Default)]
pub struct Screen(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// A line is being edited: nobody else may write to the terminal.
    editing: bool,
    /// What was written meanwhile.
    pending: Vec<u8>,
    /// Looks since something without a line end became pending.
    looks: u32,
    /// The last line written, as long as it has no end.
    partial: Vec<u8>,
}

impl Screen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self, stream: Stream, text: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if state.editing {
            state.pending.extend_from_slice(text);
            return Ok(());
        }
        state.note(text);
        match stream {
            Stream::Out => io::stdout().lock().write_all(text),
            Stream::Err => io::stderr().lock().write_all(text),
        }
    }

    pub fn flush(&self) -> io::Result<()> {
        let state = self.state();
        if state.editing {
            return Ok(());
        }
        io::stdout().lock().flush()
    }

    /// Writes a report; a failure to do so has nobody left to be told to.
    pub fn say(&self, text: &str) {
        let _ = self.write(Stream::Out, text.as_bytes());
    }

    /// As `say`, on the stream for errors.
    pub fn complain(&self, text: &str) {
        let _ = self.flush();
        let _ = self.write(Stream::Err, text.as_bytes());
    }

    /// From now on a line is being edited.
    pub fn begin_edit(&self) {
        let _ = self.flush();
        let mut state = self.state();
        state.editing = true;
        state.partial.clear();
    }

    /// The line is finished: what is pending comes out.
    pub fn end_edit(&self) {
        let mut state = self.state();
        state.editing = false;
        state.looks = 0;
        let pending = std::mem::take(&mut state.pending);
        state.note(&pending);
        let mut out = io::stdout().lock();
        // As with `say`.
        let _ = out.write_all(&pending).and_then(|()| out.flush());
    }

    /// The lines to be shown above the one that is being edited.
    pub fn take_lines(&self) -> Option<String> {
        let mut state = self.state();
        if !state.editing || state.pending.is_empty() {
            return None;
        }
        let lines = match state.pending.iter().rposition(|b| *b == b'\n') {
            Some(end) => {
                let rest = state.pending.split_off(end + 1);
                std::mem::replace(&mut state.pending, rest)
            }
            None => {
                state.looks += 1;
                if state.looks < PATIENCE {
                    return None;
                }
                std::mem::take(&mut state.pending)
            }
        };
        state.looks = 0;
        Some(String::from_utf8_lossy(&lines).into_owned())
    }

    /// What stands on the line on which the cursor is, to be written anew by whoever reads there.
    pub fn take_partial(&self) -> String {
        let _ = self.flush();
        let partial = std::mem::take(&mut self.state().partial);
        String::from_utf8_lossy(&partial).into_owned()
    }
}

impl State {
    fn note(&mut self, text: &[u8]) {
        match text.iter().rposition(|b| *b == b'\n') {
            Some(end) => {
                self.partial.clear();
                self.partial
                    .extend_from_slice(text.get(end + 1..).unwrap_or_default());
            }
            None => self.partial.extend_from_slice(text),
        }
        self.partial.truncate(LONGEST_PARTIAL);
    }
}

/// A stream of the program's.
pub struct ScreenOutput {
    pub screen: Screen,
    pub stream: Stream,
}

impl Output for ScreenOutput {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.screen.write(self.stream, text)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.screen.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_are_shown_and_the_rest_waits() {
        let screen = Screen::default();
        screen.begin_edit();
        screen.say("one\ntwo\nthr");
        assert_eq!(screen.take_lines().as_deref(), Some("one\ntwo\n"));
        assert_eq!(screen.take_lines(), None);
        screen.say("ee\n");
        assert_eq!(screen.take_lines().as_deref(), Some("three\n"));
    }

    #[test]
    fn a_line_without_an_end_is_not_kept_back_for_ever() {
        let screen = Screen::default();
        screen.begin_edit();
        screen.say("...");
        let shown = (0..PATIENCE).find_map(|_| screen.take_lines());
        assert_eq!(shown.as_deref(), Some("..."));
    }
}
