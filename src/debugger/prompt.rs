//! A line that is typed at the bottom.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the line is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    StepNumber,
    OutputLine,
    Evaluate,
    Watch,
    /// The program reads it.
    Input,
}

pub struct Prompt {
    pub purpose: Purpose,
    pub text: String,
}

/// What a key made of the line.
pub enum Typed {
    More,
    Done(String),
    /// It is not wanted any more.
    Left,
    /// It ends the program's input.
    Ended,
}

impl Prompt {
    pub fn new(purpose: Purpose) -> Prompt {
        Prompt {
            purpose,
            text: String::new(),
        }
    }

    pub fn input() -> Prompt {
        Prompt::new(Purpose::Input)
    }

    /// What stands before the line.
    pub fn label(&self) -> &'static str {
        match self.purpose {
            Purpose::StepNumber => "go to step: ",
            Purpose::OutputLine => "to the output line with: ",
            Purpose::Evaluate => "evaluate: ",
            Purpose::Watch => "watch (again: no more): ",
            Purpose::Input => "the program reads a line: ",
        }
    }

    pub fn key(&mut self, key: KeyEvent) -> Typed {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Typed::Done(std::mem::take(&mut self.text)),
            KeyCode::Esc => return Typed::Left,
            KeyCode::Char('d') if control && self.text.is_empty() => return Typed::Ended,
            KeyCode::Char('u') if control => self.text.clear(),
            KeyCode::Char(c) if !control => self.text.push(c),
            KeyCode::Backspace => drop(self.text.pop()),
            _ => {}
        }
        Typed::More
    }
}
