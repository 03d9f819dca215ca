//! Keys that mean something else in a text with blocks: Enter, Tab, Backspace and Ctrl-U. All others
//! are as in Emacs and readline.

use super::typed::Typed;
use crate::repl::input;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use reedline::{EditCommand, EditMode, Emacs, PromptEditMode, ReedlineEvent, ReedlineRawEvent};

pub struct Keys {
    others: Emacs,
    typed: Typed,
    menu: &'static str,
}

impl Keys {
    pub fn new(typed: Typed, menu: &'static str) -> Self {
        Keys {
            others: Emacs::default(),
            typed,
            menu,
        }
    }

    /// What a key means; `None` for what it means everywhere.
    fn special(&self, key: &KeyEvent) -> Option<ReedlineEvent> {
        let state = self.typed.state().clone();
        if state.searching || state.stale {
            return None;
        }
        match (key.code, key.modifiers) {
            (KeyCode::Enter, KeyModifiers::NONE) => {
                let wanted = state.behind().contains('\n') || input::needs_more(&state.text, true);
                let newline = (wanted && !input::is_command(&state.text))
                    .then(|| line_after(state.before()))?;
                Some(ReedlineEvent::UntilFound(vec![
                    ReedlineEvent::MenuAccept,
                    ReedlineEvent::Edit(vec![newline]),
                ]))
            }
            (KeyCode::Enter, KeyModifiers::ALT | KeyModifiers::SHIFT) => {
                Some(ReedlineEvent::Edit(vec![line_after(state.before())]))
            }
            (KeyCode::Tab, KeyModifiers::NONE) => Some(match input::indent_by(state.before()) {
                Some(blanks) if !state.text.trim().is_empty() => insert(" ".repeat(blanks)),
                _ => ReedlineEvent::UntilFound(vec![
                    ReedlineEvent::Menu(self.menu.to_owned()),
                    ReedlineEvent::MenuNext,
                ]),
            }),
            // As in readline: of an entry of many lines, what stands before it in this one.
            (KeyCode::Char('u'), KeyModifiers::CONTROL) => {
                Some(ReedlineEvent::Edit(vec![EditCommand::CutFromLineStart]))
            }
            (KeyCode::Backspace, KeyModifiers::NONE) => {
                let blanks = input::dedent(state.before()).filter(|n| *n > 1)?;
                Some(ReedlineEvent::Edit(vec![EditCommand::Backspace; blanks]))
            }
            _ => None,
        }
    }
}

fn insert(text: String) -> ReedlineEvent {
    ReedlineEvent::Edit(vec![EditCommand::InsertString(text)])
}

/// A line end, and the blanks with which the next line begins.
fn line_after(before: &str) -> EditCommand {
    EditCommand::InsertString(format!("\n{}", " ".repeat(input::next_indent(before))))
}

impl EditMode for Keys {
    fn parse_event(&mut self, event: ReedlineRawEvent) -> ReedlineEvent {
        let event: Event = event.into();
        let special = match &event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.special(key),
            _ => None,
        };
        let meaning = match special {
            Some(meaning) => meaning,
            None => match ReedlineRawEvent::try_from(event) {
                Ok(event) => self.others.parse_event(event),
                Err(()) => ReedlineEvent::None,
            },
        };
        match &meaning {
            ReedlineEvent::Edit(commands) => self.typed.told(commands),
            ReedlineEvent::None | ReedlineEvent::Repaint | ReedlineEvent::Resize(..) => {}
            _ => self.typed.state().stale = true,
        }
        meaning
    }

    fn edit_mode(&self) -> PromptEditMode {
        self.others.edit_mode()
    }
}
