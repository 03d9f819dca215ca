//! The terminal's side: a thread with the line editor. It shows prompts, edits entries, and asks the
//! machine what could stand at the cursor; the machine runs in a thread of its own.

mod above;
mod ahead;
mod completer;
mod highlight;
mod hint;
mod keys;
mod prompt;
mod typed;

use super::screen::Screen;
use super::wire::{Answer, Event, Interrupter, Pulse, Request};
use super::{history, input};
use above::Above;
use ahead::Ahead;
use completer::Asking;
use highlight::Colours;
use hint::Hints;
use keys::Keys;
use prompt::{Bare, Prompts};
use reedline::{
    ColumnarMenu, ExternalPrinter, History, MenuBuilder, Reedline, ReedlineMenu, Signal,
    ValidationResult, Validator,
};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;
use typed::Typed;

/// How often the editor looks whether something wants to be shown above the line.
const LOOK: Duration = Duration::from_millis(20);
/// How long a turn of the loop may take before Ctrl-C at the prompt ends it.
const LONG_TURN: Duration = Duration::from_millis(100);
const MENU: &str = "names";

/// What the thread needs.
pub struct Setting {
    pub requests: Receiver<Request>,
    pub events: Sender<Event>,
    pub screen: Screen,
    pub pulse: Arc<Pulse>,
    pub interrupter: Interrupter,
    /// Ends the editing of a line from outside.
    pub leave: Arc<AtomicBool>,
    pub color: bool,
}

/// Serves the machine until it hangs up.
pub fn serve(setting: Setting) {
    let _quiet = Ahead::begin();
    let typed = Typed::default();
    let mut editor = entry_editor(&setting, &typed);
    let mut lines: Option<Reedline> = None;
    while let Ok(request) = setting.requests.recv() {
        match request {
            Request::Entry { prompts } => {
                let answer = read_entry(&mut editor, &setting, &typed, prompts);
                setting.screen.end_edit();
                // A history that cannot be written is one that ends with the session.
                let _ = editor.sync_history();
                if setting.events.send(Event::Entry(answer)).is_err() {
                    return;
                }
            }
            Request::Line { prompt, reply } => {
                let lines = lines.get_or_insert_with(|| Reedline::create().with_ansi_colors(false));
                // An `input()` that is gone does not need it any more.
                let _ = reply.send(read_line(lines, &prompt));
            }
        }
    }
}

fn read_entry(
    editor: &mut Reedline,
    setting: &Setting,
    typed: &Typed,
    prompts: (String, String),
) -> Answer {
    let prompts = Prompts::new(prompts, typed.clone());
    match editor.read_line(&prompts) {
        Ok(Signal::Success(text)) => Answer::Text(text),
        Ok(Signal::CtrlC) => {
            end_long_turn(setting);
            Answer::Interrupted
        }
        Ok(_) | Err(_) => Answer::Ended,
    }
}

/// Ctrl-C at the prompt is meant for a task that does not let the loop go on, if there is one.
fn end_long_turn(setting: &Setting) {
    let Some(turn) = setting.pulse.turn() else {
        return;
    };
    let (wake, asleep) = std::sync::mpsc::channel::<()>();
    // Nobody will wake it: this is how to wait without a clock.
    let _ = asleep.recv_timeout(LONG_TURN);
    drop(wake);
    if setting.pulse.turn() == Some(turn) {
        setting.interrupter.interrupt();
    }
}

/// A line for `input()`, whose prompt has been written already.
fn read_line(editor: &mut Reedline, prompt: &str) -> Answer {
    let mut out = std::io::stdout();
    // The prompt is written again, by the editor.
    let _ = out.write_all(b"\r").and_then(|()| out.flush());
    match editor.read_line(&Bare(prompt.to_owned())) {
        Ok(Signal::Success(text)) => Answer::Text(format!("{text}\n")),
        Ok(Signal::CtrlC) => Answer::Interrupted,
        Ok(_) | Err(_) => Answer::Ended,
    }
}

fn entry_editor(setting: &Setting, typed: &Typed) -> Reedline {
    let printer = ExternalPrinter::new(1);
    let above = Above::new(setting.screen.clone(), typed.clone(), printer.sender());
    let menu = ColumnarMenu::default()
        .with_name(MENU)
        .with_marker(">>> ")
        .with_columns(4)
        .with_only_buffer_difference(false);
    let mut editor = Reedline::create()
        .with_history(open_history())
        .with_highlighter(Box::new(Colours::new(typed.clone())))
        .with_validator(Box::new(Entries))
        .with_completer(Box::new(Asking::new(setting.events.clone())))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_hinter(Box::new(Hints::default()))
        .with_edit_mode(Box::new(Keys::new(typed.clone(), MENU)))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .use_bracketed_paste(true)
        .with_ansi_colors(setting.color)
        .with_poll_interval(LOOK)
        .with_break_signal(setting.leave.clone())
        .with_external_printer(printer);
    let repaint = editor.repaint_signal();
    editor.with_idle_callback(above.callback(move || repaint.request_repaint()))
}

/// The history of earlier sessions, or an empty one if that cannot be had.
fn open_history() -> Box<dyn History> {
    match history::open() {
        Some(history) => Box::new(history),
        None => Box::new(reedline::FileBackedHistory::default()),
    }
}

struct Entries;

impl Validator for Entries {
    fn validate(&self, text: &str) -> ValidationResult {
        if input::needs_more(text, true) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Complete
        }
    }
}
