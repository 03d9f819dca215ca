//! What keys do. One table says it, and the help shows the same table.

use super::prompt::{Prompt, Purpose, Typed};
use super::{App, Pane};
use crate::stepper::Target;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The keys, as the help tells them.
pub const KEYS: &[(&str, &str)] = &[
    (
        "n p",
        "next, previous chunk: a task goes on, a generator is resumed or yields",
    ),
    ("s S", "line forward, back"),
    ("o", "over this line or await, staying in the same task"),
    ("u", "on to where the chosen task resumes"),
    ("c C", "on, back to a breakpoint"),
    ("b", "breakpoint here, or at the chosen line"),
    ("w", "why the chosen task does not go on"),
    ("W", "watch an expression"),
    (":", "evaluate in the chosen frame; await is allowed"),
    ("/", "on to where a line is printed"),
    ("g", "to a step by its number"),
    ("Home End", "the beginning, the end"),
    (
        "Tab",
        "the next pane; the arrow keys up and down choose in it",
    ),
    (
        "< >",
        "move the text in the pane sideways: what is cut ends with ›",
    ),
    ("?", "this help"),
    ("q", "quit"),
];

/// Columns by which a text is moved sideways at a time, and in all.
const SIDEWAYS: usize = 10;
const WIDEST: usize = 1_000;

impl App {
    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            self.left = true;
        } else if self.pending.is_some() && self.prompt.is_none() {
            self.stop();
        } else if self.sheet.is_some() {
            self.sheet_key(key.code);
        } else if self.prompt.is_some() {
            self.prompt_key(key);
        } else {
            self.pane_key(key.code);
        }
    }

    fn pane_key(&mut self, code: KeyCode) {
        self.message.clear();
        match code {
            KeyCode::Char('q') => self.left = true,
            KeyCode::Char('n') => self.forward(Target::Chunk),
            KeyCode::Char('p') => self.back(&Target::Chunk),
            KeyCode::Char('s') | KeyCode::Right => self.forward(Target::Line),
            KeyCode::Char('S') | KeyCode::Left => self.back(&Target::Line),
            KeyCode::Char('o') => self.forward(Target::Over),
            KeyCode::Char('u') => self.resume(),
            KeyCode::Char('c') => self.forward(Target::Breakpoint),
            KeyCode::Char('C') => self.back(&Target::Breakpoint),
            KeyCode::Char('b') => self.breakpoint(),
            KeyCode::Char('w') => self.why(),
            KeyCode::Char('W') => self.prompt = Some(Prompt::new(Purpose::Watch)),
            KeyCode::Char(':') => self.prompt = Some(Prompt::new(Purpose::Evaluate)),
            KeyCode::Char('/') => self.prompt = Some(Prompt::new(Purpose::OutputLine)),
            KeyCode::Char('g') => self.prompt = Some(Prompt::new(Purpose::StepNumber)),
            KeyCode::Char('?') => self.help(),
            KeyCode::Home => self.back(&Target::Number(0)),
            KeyCode::End => self.forward(Target::End),
            KeyCode::Tab => {
                self.focus = self.focus.next();
                self.shift = 0;
            }
            KeyCode::Char('>') => self.shift = (self.shift + SIDEWAYS).min(WIDEST),
            KeyCode::Char('<') => self.shift = self.shift.saturating_sub(SIDEWAYS),
            KeyCode::Up => self.choose(-1),
            KeyCode::Down => self.choose(1),
            KeyCode::PageUp => self.choose(-10),
            KeyCode::PageDown => self.choose(10),
            KeyCode::Char(other) => {
                self.message = format!("'{other}' does nothing; ? lists the keys")
            }
            _ => {}
        }
    }

    fn sheet_key(&mut self, code: KeyCode) {
        let Some(sheet) = &mut self.sheet else { return };
        let most = sheet.text.lines().count().saturating_sub(1);
        let most = u16::try_from(most).unwrap_or(u16::MAX);
        match code {
            KeyCode::Up => sheet.scroll = sheet.scroll.saturating_sub(1),
            KeyCode::Down => sheet.scroll = (sheet.scroll + 1).min(most),
            KeyCode::PageUp => sheet.scroll = sheet.scroll.saturating_sub(10),
            KeyCode::PageDown => sheet.scroll = (sheet.scroll + 10).min(most),
            _ => self.sheet = None,
        }
    }

    fn prompt_key(&mut self, key: KeyEvent) {
        let Some(prompt) = &mut self.prompt else {
            return;
        };
        let purpose = prompt.purpose;
        let typed = prompt.key(key);
        if !matches!(typed, Typed::More) {
            self.prompt = None;
        }
        match typed {
            Typed::More => {}
            Typed::Ended if purpose == Purpose::Input => self.answer(None),
            Typed::Done(text) if purpose == Purpose::Input => self.answer(Some(text)),
            Typed::Left if purpose == Purpose::Input => {
                self.pending = None;
                self.message = "the program still waits for a line".into();
            }
            Typed::Left | Typed::Ended => {}
            Typed::Done(text) if text.is_empty() => {}
            Typed::Done(text) => self.typed(purpose, &text),
        }
    }

    fn typed(&mut self, purpose: Purpose, text: &str) {
        match purpose {
            Purpose::StepNumber => match text.trim().parse::<usize>() {
                Ok(number) => self.go_to_number(number),
                Err(_) => self.message = format!("'{text}' is no number of a step"),
            },
            Purpose::OutputLine => self.forward(Target::Output(text.to_owned())),
            Purpose::Evaluate => self.evaluate(text),
            Purpose::Watch => self.toggle_watch(text),
            Purpose::Input => {}
        }
    }

    fn answer(&mut self, line: Option<String>) {
        self.stepper.answer(line);
        if self.pending.is_none() {
            self.pending = Some(Target::Step);
        }
    }

    fn go_to_number(&mut self, number: usize) {
        if number <= self.stepper.known().0 {
            self.stepper.go_to(number, &mut |_| false);
            self.refresh();
        } else {
            self.forward(Target::Number(number));
        }
    }

    fn resume(&mut self) {
        match self.tasks.get(self.task) {
            Some(task) => {
                let target = Target::Resumed(task.name.clone());
                self.forward(target);
            }
            None => self.message = "there is no task here".into(),
        }
    }

    fn breakpoint(&mut self) {
        let here = self.stepper.step().map_or(1, |s| s.line.max(1));
        let line = self.cursor.unwrap_or(here);
        self.message = match self.stepper.toggle_breakpoint(line) {
            true => format!("c stops at line {line}"),
            false => format!("no breakpoint at line {line} any more"),
        };
    }

    fn help(&mut self) {
        let lines = KEYS.iter().map(|(key, what)| format!("{key:<9}{what}\n"));
        let text = lines.collect();
        self.show("keys", text);
    }

    fn choose(&mut self, by: isize) {
        let moved =
            |at: usize, count: usize| at.saturating_add_signed(by).min(count.saturating_sub(1));
        match self.focus {
            Pane::Source => {
                let lines = self.stepper.program().text.lines().count();
                let here = self.stepper.step().map_or(1, |s| s.line.max(1));
                let at = self.cursor.unwrap_or(here) as usize;
                let line = moved(at.saturating_sub(1), lines) + 1;
                self.cursor = u32::try_from(line).ok();
            }
            Pane::Frames => {
                self.frame = moved(self.frame, self.frames.len());
                for watch in &mut self.watches {
                    watch.answer = None;
                }
                self.watch();
            }
            Pane::Tasks => self.task = moved(self.task, self.tasks.len()),
            Pane::Output => self.scrolled = self.scrolled.saturating_add_signed(-by),
            Pane::Queue => self.queue = moved(self.queue, self.queue + self.queue_rows().len()),
            Pane::Watched => {}
        }
    }
}

impl Pane {
    fn next(self) -> Pane {
        match self {
            Pane::Source => Pane::Frames,
            Pane::Frames => Pane::Tasks,
            Pane::Tasks => Pane::Queue,
            Pane::Queue => Pane::Output,
            Pane::Output | Pane::Watched => Pane::Source,
        }
    }
}
