//! What each task did, all in all: its chunks, its delays, what each delay waited for.

use super::record::Ending;
use super::text::seconds;
use std::rc::Rc;

/// What separates two chunks: all the delays of a task in which it waited for the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Delays {
    /// What was waited for, as it stands in the program.
    pub what: String,
    pub count: usize,
    pub seconds: f64,
}

/// One task.
#[derive(Clone, Debug)]
pub struct TaskTally {
    pub name: Rc<str>,
    /// The coroutine's function.
    pub of: Rc<str>,
    pub chunks: u32,
    /// In the order in which each came first.
    pub delays: Vec<Delays>,
    /// How it ended, if it did.
    pub ending: Option<Ending>,
}

/// All tasks, oldest first.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    pub tasks: Vec<TaskTally>,
}

impl Tally {
    pub(super) fn add(&mut self, name: &Rc<str>, of: &Rc<str>) -> usize {
        self.tasks.push(TaskTally {
            name: name.clone(),
            of: of.clone(),
            chunks: 0,
            delays: Vec::new(),
            ending: None,
        });
        self.tasks.len() - 1
    }

    pub(super) fn chunk(&mut self, at: usize) {
        if let Some(task) = self.tasks.get_mut(at) {
            task.chunks += 1;
        }
    }

    pub(super) fn delay(&mut self, at: usize, what: &str, seconds: f64) {
        let Some(task) = self.tasks.get_mut(at) else {
            return;
        };
        match task.delays.iter_mut().find(|d| d.what == what) {
            Some(delays) => {
                delays.count += 1;
                delays.seconds += seconds;
            }
            None => task.delays.push(Delays {
                what: what.to_owned(),
                count: 1,
                seconds,
            }),
        }
    }

    pub(super) fn end(&mut self, at: usize, ending: Ending) {
        if let Some(task) = self.tasks.get_mut(at) {
            task.ending = Some(ending);
        }
    }

    /// A line per task, and one below it for each thing that it waited for.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for task in &self.tasks {
            text.push_str(&task.text());
        }
        text
    }
}

impl TaskTally {
    fn text(&self) -> String {
        let total = self.delays.iter().fold(0.0, |sum, d| sum + d.seconds);
        let count: usize = self.delays.iter().map(|d| d.count).sum();
        let delays = match count {
            0 => "no delay".to_owned(),
            n => format!("{} of {} s in all", counted(n, "delay"), seconds(total)),
        };
        let chunks = counted(self.chunks as usize, "chunk");
        let mut text = format!("{} ({}): {chunks}, {delays}; ", self.name, self.of);
        text.push_str(&self.end());
        text.push('\n');
        for delays in &self.delays {
            let times = match delays.count {
                1 => String::new(),
                n => format!("{n} times "),
            };
            let (what, total) = (&delays.what, seconds(delays.seconds));
            text.push_str(&format!("    {times}{what}: {total} s\n"));
        }
        text
    }

    fn end(&self) -> String {
        match &self.ending {
            Some(Ending::Returned(value)) => format!("returned {value}"),
            Some(Ending::Failed(exception)) => format!("failed with {exception}"),
            Some(Ending::Cancelled) => "was cancelled".into(),
            None => "not done at the end".into(),
        }
    }
}

fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
