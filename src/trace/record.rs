//! One line of a trace, as data: the closed vocabulary that the log, the JSON lines and the
//! pictures are made from.

use std::borrow::Cow;
use std::rc::Rc;

/// A place in a frame of the program: `pipe:4`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// The function; the file for a module.
    pub function: Rc<str>,
    /// Which of its frames it is, from 1.
    pub number: u32,
    /// The name of its file, without folders.
    pub file: Rc<str>,
    pub line: u32,
}

impl Site {
    /// What the frame is called: its function, with a number if it is not its first frame.
    pub fn frame(&self) -> Rc<str> {
        match self.number {
            0 | 1 => self.function.clone(),
            n => format!("{}#{n}", self.function).into(),
        }
    }
}

/// The other end of something that travels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    Frame(Site),
    /// The event loop, which takes the steps of tasks.
    Loop,
    /// The library, called from nowhere in the program.
    Outside,
}

impl End {
    pub fn site(&self) -> Option<&Site> {
        match self {
            End::Frame(site) => Some(site),
            End::Loop | End::Outside => None,
        }
    }
}

/// How a frame is entered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// It begins: by `next` and its kin, because another frame awaits it, or by `yield from`.
    Begin,
    Await,
    YieldFrom,
    /// `next()`, a `for` loop, or what amounts to that.
    Next,
    Send(String),
    Throw(String),
    Close,
}

/// What the loop has before it. Lists are cut, `more` says by how much.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Before<T = Rc<str>> {
    pub ready: Vec<T>,
    pub more: usize,
    /// When, and for whom.
    pub timers: Vec<(f64, T)>,
}

/// What a suspended task waits for.
#[derive(Clone, PartialEq, Debug)]
pub struct Wait {
    /// The expression, as it stands in the program: `queue.get()`.
    pub what: Rc<str>,
    /// When its timer is due.
    pub until: Option<f64>,
    /// The task that must be done first.
    pub task: Option<Rc<str>>,
    /// It waits for nothing: it has only given way, and stands in the ready queue again.
    pub again: bool,
}

/// How a step of a task ended for good.
#[derive(Clone, PartialEq, Debug)]
pub enum Ending {
    Returned(String),
    Failed(String),
    Cancelled,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// An event loop runs.
    Loop,
    /// A turn begins.
    Turn(Before),
    /// A task was made of a coroutine.
    Made {
        task: Rc<str>,
        of: Rc<str>,
    },
    /// A task goes on: its chunk with this number, after a delay of so many seconds.
    Chunk {
        number: u32,
        after: Option<(f64, Rc<str>)>,
        raising: Option<String>,
    },
    /// The chunk is over, and a delay begins.
    Suspended(Wait, Before),
    /// The task is done.
    Ended(Ending, Before),
    /// Somebody asks a task to stop.
    Cancel {
        task: Rc<str>,
    },
    /// A task returns although it was asked to stop: what was raised in it for that was caught here,
    /// and not passed on.
    Swallowed,
    /// Something comes to the end of the ready queue, because of this.
    Queued {
        what: Rc<str>,
        because: Cow<'static, str>,
    },
    TimerSet {
        when: f64,
        what: String,
    },
    TimerDue {
        what: Rc<str>,
    },
    /// A callback of the program runs.
    Callback {
        what: String,
    },
    /// A future that is no task is done.
    Settled {
        how: String,
    },
    /// A frame is entered.
    Resumed {
        from: End,
        how: Entry,
    },
    /// A frame is left with a value, by way of those that delegate to it.
    Yielded {
        to: End,
        through: Vec<Rc<str>>,
        value: String,
    },
    /// `stops`: the exception that whoever gets it gets instead.
    Returned {
        to: End,
        value: String,
        stops: Option<&'static str>,
    },
    Raised {
        to: End,
        exception: String,
    },
    /// A frame awaits, or delegates to, something that is no frame of the program.
    Awaits {
        what: String,
    },
    /// It has got this from there.
    Got {
        value: String,
    },
    /// A statement begins, in this file; told only where lines are asked for.
    Line {
        file: Rc<str>,
    },
    /// The program prints.
    Printed {
        text: String,
    },
}

/// The kinds of events that a reader can ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// What goes into frames and comes out of them.
    Values,
    /// Chunks and delays.
    Tasks,
    /// Turns, timers, the ready queue.
    Loop,
    /// What the program prints, which everybody wants to see.
    Output,
}

impl What {
    pub fn family(&self) -> Family {
        match self {
            What::Resumed { .. }
            | What::Yielded { .. }
            | What::Returned { .. }
            | What::Raised { .. }
            | What::Awaits { .. }
            | What::Got { .. }
            | What::Line { .. } => Family::Values,
            What::Made { .. }
            | What::Chunk { .. }
            | What::Suspended(..)
            | What::Ended(..)
            | What::Cancel { .. }
            | What::Swallowed => Family::Tasks,
            What::Loop
            | What::Turn(_)
            | What::Queued { .. }
            | What::TimerSet { .. }
            | What::TimerDue { .. }
            | What::Callback { .. }
            | What::Settled { .. } => Family::Loop,
            What::Printed { .. } => Family::Output,
        }
    }
}

/// One event.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// From 1.
    pub number: u64,
    /// The loop's turn, 0 before the first.
    pub turn: u64,
    /// Seconds since the program began.
    pub clock: f64,
    /// The task whose chunk is running.
    pub task: Option<Rc<str>>,
    /// Where in the program.
    pub site: Option<Site>,
    /// How many frames stand below this one that have resumed each other.
    pub depth: usize,
    pub what: What,
}
