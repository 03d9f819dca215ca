//! The face of the stepper: what keys do, and how the panes are drawn. Draws into a frame of
//! ratatui and takes keys of crossterm, but touches no terminal: whoever has one hands both over.

mod draw;
mod keys;
mod lists;
mod panes;
mod prompt;

use crate::stepper::{Answer, Frames, Moved, Question, Stepper, Target};
use crate::trace::frames::Picture;
use lists::{FrameItem, TaskItem, first_choice, frame_items, task_items};
use prompt::Prompt;
use std::sync::Arc;

/// How things look.
#[derive(Clone, Copy, Default, Debug)]
pub struct Look {
    pub color: bool,
    /// Only characters that any terminal can show.
    pub ascii: bool,
}

/// A pane. Keys are for one of them, but never for what is watched.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Pane {
    #[default]
    Source,
    Frames,
    Tasks,
    Queue,
    Output,
    Watched,
}

/// Expressions that are watched, at most: each costs a run of the program.
const WATCHES: usize = 4;

struct Watch {
    text: String,
    answer: Option<Answer>,
}

/// A text above the panes, until it is closed.
struct Sheet {
    title: String,
    text: String,
    scroll: u16,
}

/// A session with the debugger.
pub struct App {
    stepper: Stepper,
    look: Look,
    picture: Arc<Picture>,
    tasks: Vec<TaskItem>,
    frames: Vec<FrameItem>,
    focus: Pane,
    task: usize,
    frame: usize,
    /// The line of the source that `b` is for, if it is not the one that is about to run.
    cursor: Option<u32>,
    /// Lines by which the output is scrolled up, and the queue down.
    scrolled: usize,
    queue: usize,
    /// Columns by which the text in the pane with the keys is moved to the left.
    shift: usize,
    prompt: Option<Prompt>,
    sheet: Option<Sheet>,
    watches: Vec<Watch>,
    message: String,
    /// A move that is not over.
    pending: Option<Target>,
    left: bool,
}

impl App {
    pub fn new(stepper: Stepper, look: Look) -> App {
        let mut app = App {
            stepper,
            look,
            picture: Arc::default(),
            tasks: Vec::new(),
            frames: Vec::new(),
            focus: Pane::Source,
            task: 0,
            frame: 0,
            cursor: None,
            scrolled: 0,
            queue: 0,
            shift: 0,
            prompt: None,
            sheet: None,
            watches: Vec::new(),
            message: String::new(),
            pending: Some(Target::Line),
            left: false,
        };
        app.refresh();
        app
    }

    /// Whoever looks wants no more.
    pub fn is_left(&self) -> bool {
        self.left
    }

    /// The program is on its way to where it was sent.
    pub fn is_busy(&self) -> bool {
        self.pending.is_some() && self.prompt.is_none()
    }

    pub fn stepper(&self) -> &Stepper {
        &self.stepper
    }

    // Moving

    /// Goes on with a move; `wait` says whether there is time to wait for the program.
    pub fn go_on(&mut self, wait: &mut dyn FnMut(usize) -> bool) {
        let Some(target) = self.pending.take() else {
            return;
        };
        let before = self.stepper.position();
        let moved = self.stepper.forward(&target, wait);
        let (known, _) = self.stepper.known();
        self.message = match moved {
            Moved::Stopped => {
                self.pending = Some(target);
                self.message = format!("running: {known} steps so far; any key stops it here");
                return;
            }
            Moved::Asks => {
                self.prompt = Some(Prompt::input());
                self.pending = Some(target).filter(|t| *t != Target::Step);
                String::new()
            }
            Moved::TooLong => {
                format!("the program goes on, but no more than {known} steps are kept")
            }
            Moved::NoSuch if self.stepper.exit_code().is_none() => match target {
                Target::Output(text) => format!("no line with '{text}' is printed after this"),
                Target::Number(_) => format!("the program has only {known} steps"),
                _ => "there is nothing more".to_owned(),
            },
            Moved::NoSuch if before == self.stepper.position() => match target {
                Target::Output(text) => format!("no line with '{text}' is printed after this"),
                _ => "this is the end; p, S and g go back".to_owned(),
            },
            Moved::NoSuch | Moved::There => String::new(),
        };
        self.refresh();
    }

    /// Ends a move where the program is now.
    pub fn stop(&mut self) {
        if self.pending.take().is_some() {
            let (known, _) = self.stepper.known();
            self.stepper.go_to(known, &mut |_| false);
            self.message = "stopped".to_owned();
            self.refresh();
        }
    }

    fn forward(&mut self, target: Target) {
        self.message.clear();
        self.pending = Some(target);
    }

    fn back(&mut self, target: &Target) {
        self.message = match self.stepper.back(target) {
            Moved::NoSuch if *target == Target::Breakpoint => "no breakpoint before this".into(),
            Moved::NoSuch => "this is the beginning".into(),
            _ => String::new(),
        };
        self.refresh();
    }

    /// Looks at the program anew, after it has moved.
    fn refresh(&mut self) {
        self.picture = self.stepper.picture();
        let chosen = self.tasks.get(self.task).map(|t| t.name.clone());
        self.tasks = task_items(&self.picture);
        let found = chosen.and_then(|name| self.tasks.iter().position(|t| t.name == name));
        let own = self.tasks.iter().position(|t| t.runs);
        self.task = match self.focus {
            Pane::Tasks => found.or(own),
            _ => own.or(found),
        }
        .unwrap_or(0);
        self.frames = frame_items(&self.picture);
        self.frame = first_choice(&self.picture, &self.frames);
        self.cursor = None;
        self.scrolled = 0;
        self.queue = 0;
        for watch in &mut self.watches {
            watch.answer = None;
        }
        self.watch();
    }

    // Questions

    fn frame_asked(&self) -> Frames {
        let chosen = self.frames.get(self.frame);
        chosen.map_or(Frames::Running(0), |f| f.place.clone())
    }

    fn evaluate(&mut self, text: &str) {
        let frame = self.frame_asked();
        let question = Question::Value {
            text: text.to_owned(),
            frame,
        };
        let answer = self.stepper.ask(question);
        let printed: String = answer.output.iter().map(|p| p.text.as_str()).collect();
        let short = !printed.contains('\n') && printed.is_empty() && answer.text.len() < 60;
        if short && !answer.text.contains('\n') {
            self.message = format!("{text} = {}", answer.text);
            if answer.failed {
                self.message = answer.text;
            }
            return;
        }
        let mut shown = answer.text;
        if !printed.is_empty() {
            shown.push_str(&format!("\n\nprinted meanwhile:\n{printed}"));
        }
        self.show(text, shown);
    }

    fn why(&mut self) {
        let Some(task) = self.tasks.get(self.task) else {
            self.message = "there is no task here".into();
            return;
        };
        let name = task.name.clone();
        let answer = self.stepper.ask(Question::Why(name.clone()));
        self.show(&format!("why does task {name} not go on?"), answer.text);
    }

    fn watch(&mut self) {
        let frame = self.frame_asked();
        let at_all = self.stepper.position() > 0;
        for watch in self.watches.iter_mut().filter(|w| w.answer.is_none()) {
            if at_all {
                watch.answer = Some(self.stepper.ask(Question::Value {
                    text: watch.text.clone(),
                    frame: frame.clone(),
                }));
            }
        }
    }

    fn toggle_watch(&mut self, text: &str) {
        if let Some(at) = self.watches.iter().position(|w| w.text == text) {
            self.watches.remove(at);
        } else if self.watches.len() < WATCHES {
            self.watches.push(Watch {
                text: text.to_owned(),
                answer: None,
            });
            self.watch();
        } else {
            self.message = format!("{WATCHES} expressions are watched already");
        }
    }

    fn show(&mut self, title: &str, text: String) {
        self.sheet = Some(Sheet {
            title: title.to_owned(),
            text,
            scroll: 0,
        });
    }
}
