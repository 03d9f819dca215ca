//! Why one line of output came before another: the history of a run, as far as that question needs
//! it. Made from the records of a trace; knows nothing of the VM, and prints nothing.

mod words;

use crate::trace::record::{Record, Site, Wait, What};
use std::collections::HashMap;
use std::rc::Rc;
pub use words::explain;

/// Something that ran without a break: a chunk of a task, a callback, the program around its loops.
#[derive(Clone, Debug)]
struct Stretch {
    who: Rc<str>,
    /// The how many-th chunk of a task.
    chunk: Option<u32>,
    turn: u64,
    clock: f64,
    /// It is the program around its loops.
    is_outside: bool,
    /// Why it stood in the ready queue, if that is known.
    cause: Option<Cause>,
}

/// How something came into the ready queue.
#[derive(Clone, Debug)]
struct Cause {
    /// Place among all events.
    number: u64,
    turn: u64,
    clock: f64,
    /// In which stretch that was done; none by the loop itself.
    by: Option<usize>,
    at: Option<Site>,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// The task was made.
    Made,
    /// It gave way, as by `sleep(0)`.
    GaveWay,
    /// What the task waited for is done.
    Woken {
        /// In the words of the trace.
        because: String,
        /// What it waited for, and where.
        waited: Option<(Option<Site>, Wait)>,
    },
    /// Its time had come: when it was to run.
    Due(Option<f64>),
    /// `call_soon`.
    Called,
}

/// A line that was printed.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    stretch: usize,
    site: Option<Site>,
}

/// What happened in a run.
#[derive(Default, Debug)]
pub struct History {
    stretches: Vec<Stretch>,
    lines: Vec<Line>,
    /// The stretch that runs, and the one that ran before.
    now: Option<usize>,
    last: Option<usize>,
    /// Why somebody is in the ready queue.
    causes: HashMap<Rc<str>, Cause>,
    /// What each task waits for.
    waits: HashMap<Rc<str>, (Option<Site>, Wait)>,
    /// When timers of callbacks are due.
    due: HashMap<Rc<str>, f64>,
}

impl History {
    /// How many lines were printed.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// One more event.
    pub fn take(&mut self, record: &Record) {
        match &record.what {
            What::Loop | What::Turn(_) => self.now = None,
            What::Made { task, .. } => self.queue(record, task, How::Made),
            What::Chunk { number, .. } => {
                if let Some(task) = &record.task {
                    self.begin(record, task.clone(), Some(*number));
                }
            }
            What::Callback { what } => self.begin(record, what.as_str().into(), None),
            What::Suspended(wait, _) => {
                if let Some(task) = &record.task {
                    // Unless somebody wakes it, it has only given way.
                    self.queue(record, task, How::GaveWay);
                    self.waits
                        .insert(task.clone(), (record.site.clone(), wait.clone()));
                }
                self.leave();
            }
            What::Ended(..) => self.leave(),
            What::Queued { what, because } => {
                let how = match &**because {
                    "call_soon" => How::Called,
                    _ => How::Woken {
                        because: because.to_string(),
                        waited: self.waits.get(what).cloned(),
                    },
                };
                self.queue(record, what, how);
            }
            What::TimerSet { when, what } => {
                self.due.insert(what.as_str().into(), *when);
            }
            What::TimerDue { what } => {
                let due = self.due.get(what).copied();
                self.queue(record, what, How::Due(due));
            }
            What::Printed { text } => self.printed(record, text),
            _ => {}
        }
    }

    fn queue(&mut self, record: &Record, who: &Rc<str>, how: How) {
        let cause = Cause {
            number: record.number,
            turn: record.turn,
            clock: record.clock,
            by: self.now.or(match record.task {
                // The end of a chunk has consequences that are told after it.
                None if record.turn > 0 => self.last,
                _ => None,
            }),
            at: record.site.clone(),
            how,
        };
        self.causes.insert(who.clone(), cause);
    }

    fn begin(&mut self, record: &Record, who: Rc<str>, chunk: Option<u32>) {
        let cause = self.causes.remove(&who);
        self.now = Some(self.stretches.len());
        self.stretches.push(Stretch {
            who,
            chunk,
            turn: record.turn,
            clock: record.clock,
            is_outside: false,
            cause,
        });
    }

    fn leave(&mut self) {
        self.last = self.now.take().or(self.last);
    }

    fn printed(&mut self, record: &Record, text: &str) {
        let own = self.now.filter(|now| {
            let stretch = self.stretches.get(*now);
            stretch.is_some_and(|s| s.chunk.is_none() || record.task.as_ref() == Some(&s.who))
        });
        let stretch = match own {
            Some(own) => own,
            None => {
                let who: Rc<str> = match &record.site {
                    Some(site) => site.frame(),
                    None => "a callback".into(),
                };
                self.begin(record, who, None);
                self.now = None;
                if let (Some(made), Some(_)) = (self.stretches.last_mut(), &record.site) {
                    made.is_outside = true;
                }
                self.stretches.len() - 1
            }
        };
        for line in text.lines() {
            self.lines.push(Line {
                text: line.to_owned(),
                stretch,
                site: record.site.clone(),
            });
        }
    }

    fn stretch(&self, at: usize) -> Option<&Stretch> {
        self.stretches.get(at)
    }
}
