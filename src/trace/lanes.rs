//! The records of a program as lanes: one for the program and its loop, one for each task and for
//! each generator that somebody drives; on them chunks and the delays between them, and arrows from
//! lane to lane for what makes another go on. Places are numbers of events, because a chunk takes
//! no time on a clock that jumps. What the pictures are drawn from; draws nothing itself.

use super::record::{End, Ending, Entry, Record, Wait, What};
use super::text::seconds;
use std::collections::HashMap;
use std::rc::Rc;

/// What a lane shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LaneKind {
    /// The program outside of tasks, and the loop.
    Program,
    Task,
    Generator,
}

/// A stretch of a lane, from one event to another.
#[derive(Clone, PartialEq, Debug)]
pub struct Stretch {
    pub from: usize,
    pub to: usize,
    /// What was done, or what was waited for.
    pub label: String,
}

pub struct Lane {
    pub name: Rc<str>,
    pub kind: LaneKind,
    pub chunks: Vec<Stretch>,
    pub delays: Vec<Stretch>,
    /// Where it ended, and how.
    pub end: Option<(usize, String)>,
    /// What has begun and is not over: a chunk, or a delay.
    open: Option<(bool, usize, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArrowKind {
    /// A task is made.
    Spawn,
    /// A task becomes ready.
    Wake,
    /// A value goes into a generator, or comes out of it.
    Send,
    Give,
    /// A task is asked to stop.
    Cancel,
}

/// What goes from one lane to another at an event.
#[derive(Clone, PartialEq, Debug)]
pub struct Arrow {
    pub at: usize,
    pub from: usize,
    pub to: usize,
    pub kind: ArrowKind,
    pub label: String,
}

/// All of it.
#[derive(Default)]
pub struct Lanes {
    pub lanes: Vec<Lane>,
    pub arrows: Vec<Arrow>,
    /// The clock at each event.
    pub clocks: Vec<f64>,
    /// Where turns begin, and which.
    pub turns: Vec<(usize, u64)>,
    tasks: HashMap<Rc<str>, usize>,
    generators: HashMap<Rc<str>, usize>,
    /// Frames that run for another one, which delegates to them.
    inner: HashMap<Rc<str>, Rc<str>>,
    /// Generators that run now, innermost last.
    running: Vec<usize>,
}

/// The lane of the program and the loop.
const PROGRAM: usize = 0;

impl Lanes {
    pub fn new(program: &str) -> Lanes {
        let mut lanes = Lanes::default();
        lanes.lane(program.into(), LaneKind::Program);
        lanes
    }

    /// Events so far.
    pub fn count(&self) -> usize {
        self.clocks.len()
    }

    /// The next event. Lines are no events here.
    pub fn take(&mut self, record: &Record) {
        if matches!(record.what, What::Line { .. }) {
            return;
        }
        let at = self.count();
        self.clocks.push(record.clock);
        let own = self.own(record);
        let outside = record.task.is_none() && record.site.is_some();
        match (outside, &record.what) {
            (true, What::Loop) => self.close(PROGRAM, at),
            (true, _) if self.open(PROGRAM).is_none() => self.begin(PROGRAM, true, at, "program"),
            (false, _) => self.close(PROGRAM, at),
            _ => {}
        }
        match &record.what {
            What::Turn(_) => self.turns.push((at, record.turn)),
            What::Made { task, of } => self.made(at, own, task, of),
            What::Chunk {
                number, raising, ..
            } => {
                let raising = raising.as_ref();
                let raising = raising.map_or_else(String::new, |r| format!(", raising {r}"));
                self.begin(own, true, at, &format!("chunk {number}{raising}"));
            }
            What::Suspended(wait, _) => {
                self.leave_generators(at);
                self.begin(own, false, at, &waited_for(wait));
            }
            What::Ended(ending, _) => {
                self.leave_generators(at);
                self.end(own, at, ended(ending));
            }
            What::Cancel { task } => self.arrow_to(at, own, task, ArrowKind::Cancel, "cancel()"),
            What::Queued { what, because } => {
                self.arrow_to(at, own, what, ArrowKind::Wake, because);
            }
            _ => self.value(at, record),
        }
    }

    /// Ends what has not ended.
    pub fn finish(&mut self) {
        let at = self.count();
        for lane in 0..self.lanes.len() {
            self.close(lane, at);
        }
    }

    // Values that travel

    fn value(&mut self, at: usize, record: &Record) {
        let Some(site) = &record.site else { return };
        let (other, label, end) = match &record.what {
            What::Resumed { from, how } => return self.resumed(at, record, from, how),
            What::Yielded { to, value, .. } => (to, format!("yields {value}"), None),
            What::Returned { to, value, .. } => {
                let text = format!("returns {value}");
                (to, text.clone(), Some(text))
            }
            What::Raised { to, exception } => {
                let text = format!("raises {exception}");
                (to, text.clone(), Some(text))
            }
            _ => return,
        };
        if end.is_some() && self.inner.remove(&site.frame()).is_some() {
            // It gives to the frame that delegates to it, in the same lane.
            return;
        }
        let Some(from) = self.generator(&site.frame()) else {
            return;
        };
        let to = self.lane_of(other, record);
        self.arrow(at, (from, to), ArrowKind::Give, label.clone());
        self.running.retain(|lane| *lane != from);
        match end {
            Some(how) => self.end(from, at, how),
            None => self.begin(from, false, at, &label),
        }
    }

    fn resumed(&mut self, at: usize, record: &Record, from: &End, how: &Entry) {
        let (Some(site), Some(caller)) = (&record.site, from.site()) else {
            return;
        };
        let label = match how {
            Entry::Await | Entry::YieldFrom => {
                self.inner.insert(site.frame(), caller.frame());
                return;
            }
            Entry::Begin => "starts".to_owned(),
            Entry::Next => "next()".to_owned(),
            Entry::Send(value) => format!("send({value})"),
            Entry::Throw(exception) => format!("throw({exception})"),
            Entry::Close => "close()".to_owned(),
        };
        let from = self.lane_of(from, record);
        let to = match self.generator(&site.frame()) {
            Some(lane) => lane,
            // What a task runs is in the lane of the task.
            None if self.inner.contains_key(&site.frame()) => return,
            None => {
                let lane = self.lane(site.frame(), LaneKind::Generator);
                self.generators.insert(site.frame(), lane);
                lane
            }
        };
        self.arrow(at, (from, to), ArrowKind::Send, label.clone());
        self.running.push(to);
        self.begin(to, true, at, &label);
    }

    /// The lane of a frame, or of the outermost one that delegates to it.
    fn generator(&self, frame: &Rc<str>) -> Option<usize> {
        let mut frame = frame;
        // A frame cannot delegate to itself; names that come again could.
        for _ in 0..=self.inner.len() {
            match self.inner.get(frame) {
                Some(outer) => frame = outer,
                None => break,
            }
        }
        self.generators.get(frame).copied()
    }

    fn lane_of(&self, end: &End, record: &Record) -> usize {
        let generator = end.site().and_then(|s| self.generator(&s.frame()));
        generator.unwrap_or_else(|| self.own(record))
    }

    /// A task that is suspended takes the generators along that it runs.
    fn leave_generators(&mut self, at: usize) {
        for lane in std::mem::take(&mut self.running) {
            self.close(lane, at);
        }
    }

    // Tasks

    /// The lane of the task that runs.
    fn own(&self, record: &Record) -> usize {
        let task = record.task.as_ref();
        let lane = task.and_then(|t| self.tasks.get(t));
        lane.copied().unwrap_or(PROGRAM)
    }

    fn made(&mut self, at: usize, own: usize, task: &Rc<str>, of: &Rc<str>) {
        let lane = self.lane(task.clone(), LaneKind::Task);
        self.tasks.insert(task.clone(), lane);
        self.arrow(at, (own, lane), ArrowKind::Spawn, format!("makes {of}()"));
        self.begin(lane, false, at, "its first turn");
    }

    fn arrow_to(&mut self, at: usize, from: usize, task: &Rc<str>, kind: ArrowKind, label: &str) {
        if let Some(to) = self.tasks.get(task).copied() {
            self.arrow(at, (from, to), kind, label.to_owned());
        }
    }

    // Lanes

    fn lane(&mut self, name: Rc<str>, kind: LaneKind) -> usize {
        self.lanes.push(Lane {
            name,
            kind,
            chunks: Vec::new(),
            delays: Vec::new(),
            end: None,
            open: None,
        });
        self.lanes.len() - 1
    }

    fn arrow(&mut self, at: usize, (from, to): (usize, usize), kind: ArrowKind, label: String) {
        self.arrows.push(Arrow {
            at,
            from,
            to,
            kind,
            label,
        });
    }

    fn open(&self, lane: usize) -> Option<&(bool, usize, String)> {
        self.lanes.get(lane)?.open.as_ref()
    }

    fn begin(&mut self, lane: usize, chunk: bool, at: usize, label: &str) {
        self.close(lane, at);
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.end = None;
            lane.open = Some((chunk, at, label.to_owned()));
        }
    }

    fn close(&mut self, lane: usize, to: usize) {
        let Some(lane) = self.lanes.get_mut(lane) else {
            return;
        };
        if let Some((chunk, from, label)) = lane.open.take() {
            let stretch = Stretch { from, to, label };
            match chunk {
                true => lane.chunks.push(stretch),
                false => lane.delays.push(stretch),
            }
        }
    }

    fn end(&mut self, lane: usize, at: usize, how: String) {
        self.close(lane, at);
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.end = Some((at, how));
        }
    }
}

fn waited_for(wait: &Wait) -> String {
    let mut text = wait.what.to_string();
    if let Some(task) = &wait.task {
        text.push_str(&format!(" (task {task})"));
    }
    if let Some(when) = wait.until {
        text.push_str(&format!(" until {}", seconds(when)));
    }
    text
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Returned(value) => format!("returned {value}"),
        Ending::Failed(exception) => format!("failed with {exception}"),
        Ending::Cancelled => "cancelled".to_owned(),
    }
}
