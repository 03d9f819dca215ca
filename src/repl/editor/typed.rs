//! What stands in the editor, as far as its parts know: the editor tells each of them only what it
//! must, and none of them everything.

use reedline::EditCommand;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Default)]
pub struct Typed(Arc<Mutex<State>>);

#[derive(Default, Clone)]
pub struct State {
    pub text: String,
    pub cursor: usize,
    /// It may have changed in a way that is not known.
    pub stale: bool,
    /// The history is being searched: the line is not the entry.
    pub searching: bool,
    /// How many columns the prompts before the lines take.
    pub widths: (usize, usize),
}

impl Typed {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The editor shows this.
    pub fn shown(&self, text: &str, cursor: usize) {
        let mut state = self.state();
        if state.text != text {
            state.text.clear();
            state.text.push_str(text);
        }
        state.cursor = cursor.min(text.len());
        state.stale = false;
        state.searching = false;
    }

    /// The editor has been told this, and has not shown it yet.
    pub fn told(&self, commands: &[EditCommand]) {
        let mut state = self.state();
        for command in commands {
            if !state.apply(command) {
                state.stale = true;
            }
        }
    }
}

impl State {
    /// Follows what typing does; false for anything else.
    fn apply(&mut self, command: &EditCommand) -> bool {
        let cursor = self.cursor;
        if self.stale || !self.text.is_char_boundary(cursor) {
            return false;
        }
        match command {
            EditCommand::InsertChar(c) => {
                self.text.insert(cursor, *c);
                self.cursor += c.len_utf8();
            }
            EditCommand::InsertString(s) => {
                self.text.insert_str(cursor, s);
                self.cursor += s.len();
            }
            EditCommand::Backspace => {
                let Some(c) = self.before().chars().next_back() else {
                    return true;
                };
                self.cursor -= c.len_utf8();
                let at = self.cursor;
                self.text.remove(at);
            }
            _ => return false,
        }
        true
    }

    /// The text before the cursor.
    pub fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or(&self.text)
    }

    /// The text behind the cursor.
    pub fn behind(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }
}
