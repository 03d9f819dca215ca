//! A trace as lines that people read.

use super::record::{Before, End, Ending, Entry, Record, Site, Wait, What};
use std::collections::HashMap;
use std::rc::Rc;
use unicode_width::UnicodeWidthStr;

/// How lines look.
#[derive(Clone, Copy, Default, Debug)]
pub struct Style {
    /// Each task has its colour.
    pub color: bool,
    /// Arrows that any terminal can show.
    pub ascii: bool,
}

/// Colours of tasks, one after the other.
const COLORS: &[&str] = &["36", "33", "35", "32", "34", "31", "96", "93", "95", "92"];

/// Writes lines; knows which task has which colour.
pub struct Log {
    style: Style,
    colors: HashMap<Rc<str>, &'static str>,
}

/// Seconds, as people read them.
pub fn seconds(time: f64) -> String {
    format!("{time:.2}")
}

/// What stands above the lines.
pub fn heading() -> String {
    format!(
        "{:>4}  {:>7}  {:<10}  what happened\n",
        "turn", "clock", "task"
    )
}

impl Log {
    pub fn new(style: Style) -> Log {
        Log {
            style,
            colors: HashMap::new(),
        }
    }

    /// One event as one line.
    pub fn line(&mut self, record: &Record) -> String {
        let turn = match record.turn {
            0 => "-".to_owned(),
            n => n.to_string(),
        };
        let task = record.task.as_deref().unwrap_or("");
        let pad = " ".repeat(10usize.saturating_sub(task.width()));
        let indent = "  ".repeat(record.depth);
        let clock = seconds(record.clock);
        let happened = happened(record);
        let line = format!("{turn:>4}  {clock:>7}  {task}{pad}  {indent}{happened}");
        let line = match self.style.ascii {
            true => line
                .replace('→', "->")
                .replace('…', "...")
                .replace('·', "|"),
            false => line,
        };
        self.colored(record, line) + "\n"
    }

    fn colored(&mut self, record: &Record, line: String) -> String {
        let Some(task) = record.task.as_ref().filter(|_| self.style.color) else {
            return line;
        };
        let next = self.colors.len() % COLORS.len();
        let color = *self
            .colors
            .entry(task.clone())
            .or_insert_with(|| COLORS.get(next).copied().unwrap_or("0"));
        format!("\u{1b}[{color}m{line}\u{1b}[0m")
    }
}

fn at(site: Option<&Site>) -> String {
    site.map_or_else(String::new, |s| format!("{}:{}", s.frame(), s.line))
}

fn end(end: &End) -> String {
    match end {
        End::Frame(site) => at(Some(site)),
        End::Loop => "the loop".into(),
        End::Outside => "the library".into(),
    }
}

/// The event in words, and what the loop has before it then; one line.
fn happened(record: &Record) -> String {
    let lists = match &record.what {
        What::Turn(before) | What::Suspended(_, before) | What::Ended(_, before) => lists(before),
        _ => String::new(),
    };
    words(record) + &lists
}

/// The event in words.
pub fn words(record: &Record) -> String {
    let site = record.site.as_ref();
    let here = at(site);
    let told = |text: String| match site {
        Some(_) => format!("{here} {text}"),
        None => text,
    };
    match &record.what {
        What::Loop => told("starts the loop".into()),
        What::Turn(_) => format!("turn {} begins", record.turn),
        What::Made { task, of } => told(format!("makes task {task} of {of}()")),
        What::Chunk {
            number,
            after,
            raising,
        } => chunk(*number, after.as_ref(), raising.as_ref(), site),
        What::Suspended(wait, _) => told(waits(wait)),
        What::Ended(ending, _) => ended(ending),
        What::Cancel { task } if site.is_none() => format!("{task} is asked to stop"),
        What::Cancel { task } => told(format!("asks {task} to stop")),
        What::Swallowed => told("swallows the request to stop, and the task returns".into()),
        What::Queued { what, because } => format!("{what} is ready: {because}"),
        What::TimerSet { when, what } => {
            told(format!("sets a timer for {}: {what}", seconds(*when)))
        }
        What::TimerDue { what } => format!("{what} is ready: its time has come"),
        What::Callback { what } => format!("runs {what}"),
        What::Settled { how } => told(format!("settles a future: {how}")),
        What::Resumed { from, how } => format!("{} → {} → {here}", end(from), entry(how)),
        What::Yielded { to, through, value } => {
            let through: String = through.iter().map(|f| format!(" → {f}")).collect();
            format!("{here} → yields {value}{through} → {}", end(to))
        }
        What::Returned { to, value, stops } => {
            let stop = stops.map_or_else(String::new, |s| format!(" ({s})"));
            format!("{here} → returns {value}{stop} → {}", end(to))
        }
        What::Raised { to, exception } => format!("{here} → raises {exception} → {}", end(to)),
        What::Awaits { what } => format!("{here} → awaits → {what}"),
        What::Got { value } => format!("{here} gets {value}"),
        What::Line { .. } => told("begins a statement".into()),
        What::Printed { text } => told(format!("prints {}", printed(text))),
    }
}

fn entry(how: &Entry) -> String {
    match how {
        Entry::Begin => "starts".into(),
        Entry::Await => "awaits".into(),
        Entry::YieldFrom => "yields from".into(),
        Entry::Next => "next()".into(),
        Entry::Send(value) => format!("send({value})"),
        Entry::Throw(exception) => format!("throw({exception})"),
        Entry::Close => "close()".into(),
    }
}

fn chunk(
    number: u32,
    after: Option<&(f64, Rc<str>)>,
    raising: Option<&String>,
    site: Option<&Site>,
) -> String {
    let mut text = format!("chunk {number} begins");
    if let Some(site) = site {
        text.push_str(&format!(" at {}", at(Some(site))));
    }
    if let Some((time, what)) = after {
        text.push_str(&format!(", after {} s for {what}", seconds(*time)));
    }
    if let Some(exception) = raising {
        text.push_str(&format!(", raising {exception}"));
    }
    text
}

fn waits(wait: &Wait) -> String {
    let mut text = format!("waits for {}", wait.what);
    if let Some(when) = wait.until {
        text.push_str(&format!(" until {}", seconds(when)));
    }
    if let Some(task) = &wait.task {
        text.push_str(&format!(" (task {task})"));
    }
    text
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Returned(value) => format!("is done: returned {value}"),
        Ending::Failed(exception) => format!("is done: failed with {exception}"),
        Ending::Cancelled => "is done: cancelled".into(),
    }
}

/// The ready queue and the timers.
fn lists(before: &Before) -> String {
    let mut text = format!(" · ready: {}", joined(&before.ready, before.more));
    if !before.timers.is_empty() {
        let timers = before.timers.iter();
        let timers = timers.map(|(when, what)| format!("{what} at {}", seconds(*when)));
        let timers: Vec<String> = timers.collect();
        text.push_str(&format!(" · timers: {}", timers.join(", ")));
    }
    text
}

fn joined(names: &[Rc<str>], more: usize) -> String {
    match (names.is_empty(), more) {
        (true, _) => "-".into(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// What is printed, on one line.
fn printed(text: &str) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    crate::text::repr::str_repr(text)
}
