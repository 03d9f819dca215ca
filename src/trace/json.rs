//! A trace as JSON lines, for programs: `grammar/trace.schema.json` describes them. The first line
//! says what the others are; fields may be added within a version, never taken away or changed.

use super::record::{Before, End, Ending, Entry, Family, Site, Wait, What};
use super::summary::Tally;
use crate::text::json::quote_into;
use std::fmt::Write;

/// The version of the lines.
pub const VERSION: u32 = 1;

/// The first line: what follows, of which program.
pub fn header(program: &str, virtual_time: bool) -> String {
    let mut line = Object::new();
    line.text("schema", "coro-trace");
    line.raw("version", &VERSION.to_string());
    line.text("program", program);
    line.raw("virtual_time", &virtual_time.to_string());
    line.end()
}

/// The beginning of an event's line, at the end of a text: when, and whose chunk.
pub(super) fn head(number: u64, turn: u64, clock: f64, task: Option<&str>, text: &mut String) {
    let mut line = Object::within(text);
    line.0.push('{');
    line.int("n", number);
    line.int("turn", turn);
    line.float("clock", clock);
    line.maybe("task", task);
    *text = line.0;
}

/// The rest of it: where, and what.
pub(super) fn body(site: Option<&Site>, depth: usize, what: &What, text: &mut String) {
    let mut line = Object::within(text);
    if let Some(site) = site {
        line.place("at", site);
    }
    line.int("depth", depth as u64);
    line.word("family", family(what.family()));
    event(&mut line, what);
    *text = line.end();
}

/// The last line: what each task did.
pub fn summary(tally: &Tally) -> String {
    let tasks = tally.tasks.iter().map(|t| {
        let mut task = Object::new();
        task.text("name", &t.name);
        task.text("of", &t.of);
        task.raw("chunks", &t.chunks.to_string());
        let delays = t.delays.iter().map(|d| {
            let mut delay = Object::new();
            delay.text("for", &d.what);
            delay.raw("count", &d.count.to_string());
            delay.raw("seconds", &number(d.seconds));
            delay.close()
        });
        task.raw("delays", &list(delays));
        if let Some(end) = &t.ending {
            ending(&mut task, end);
        }
        task.close()
    });
    let mut line = Object::new();
    line.word("event", "summary");
    line.raw("tasks", &list(tasks));
    line.end()
}

fn family(family: Family) -> &'static str {
    match family {
        Family::Values => "values",
        Family::Tasks => "tasks",
        Family::Loop => "loop",
        Family::Output => "output",
    }
}

fn event(line: &mut Object, what: &What) {
    let event = match what {
        What::Loop => "loop",
        What::Turn(_) => "turn",
        What::Made { .. } => "made",
        What::Chunk { .. } => "chunk",
        What::Suspended(..) => "suspended",
        What::Ended(..) => "ended",
        What::Cancel { .. } => "cancel",
        What::Swallowed => "swallowed",
        What::Queued { .. } => "queued",
        What::TimerSet { .. } => "timer_set",
        What::TimerDue { .. } => "timer_due",
        What::Callback { .. } => "callback",
        What::Settled { .. } => "settled",
        What::Resumed { .. } => "resumed",
        What::Yielded { .. } => "yielded",
        What::Returned { .. } => "returned",
        What::Raised { .. } => "raised",
        What::Awaits { .. } => "awaits",
        What::Got { .. } => "got",
        What::Line { .. } => "line",
        What::Printed { .. } => "printed",
    };
    line.word("event", event);
    match what {
        What::Loop | What::Swallowed => {}
        What::Turn(lists) => before(line, lists),
        What::Made { task, of } => {
            line.text("made", task);
            line.text("of", of);
        }
        What::Chunk {
            number: chunk,
            after,
            raising,
        } => {
            line.int("chunk", u64::from(*chunk));
            if let Some((seconds, what)) = after {
                line.float("delay", *seconds);
                line.text("waited_for", what);
            }
            line.maybe("raising", raising.as_deref());
        }
        What::Suspended(wait, lists) => {
            waits(line, wait);
            before(line, lists);
        }
        What::Ended(end, lists) => {
            ending(line, end);
            before(line, lists);
        }
        What::Cancel { task } => line.text("target", task),
        What::Queued { what, because } => {
            line.text("what", what);
            line.text("because", because);
        }
        What::TimerSet { when, what } => {
            line.float("when", *when);
            line.text("what", what);
        }
        What::TimerDue { what } | What::Callback { what } | What::Awaits { what } => {
            line.text("what", what);
        }
        What::Settled { how } => line.text("value", how),
        What::Resumed { from, how } => {
            line.side("from", from);
            entry(line, how);
        }
        What::Yielded { to, through, value } => {
            line.side("to", to);
            line.texts("through", through.iter().map(|f| &**f));
            line.text("value", value);
        }
        What::Returned { to, value, stops } => {
            line.side("to", to);
            line.text("value", value);
            line.maybe("as", *stops);
        }
        What::Raised { to, exception } => {
            line.side("to", to);
            line.text("exception", exception);
        }
        What::Got { value } => line.text("value", value),
        What::Line { file } => line.text("file", file),
        What::Printed { text } => line.text("text", text),
    }
}

fn waits(line: &mut Object, wait: &Wait) {
    line.text("waits_for", &wait.what);
    if let Some(when) = wait.until {
        line.float("until", when);
    }
    line.maybe("waits_for_task", wait.task.as_deref());
}

fn ending(line: &mut Object, ending: &Ending) {
    match ending {
        Ending::Returned(value) => line.text("returned", value),
        Ending::Failed(exception) => line.text("failed", exception),
        Ending::Cancelled => line.raw("cancelled", "true"),
    }
}

fn entry(line: &mut Object, how: &Entry) {
    match how {
        Entry::Begin => line.word("how", "begin"),
        Entry::Await => line.word("how", "await"),
        Entry::YieldFrom => line.word("how", "yield_from"),
        Entry::Next => line.word("how", "next"),
        Entry::Send(value) => {
            line.word("how", "send");
            line.text("value", value);
        }
        Entry::Throw(exception) => {
            line.word("how", "throw");
            line.text("exception", exception);
        }
        Entry::Close => line.word("how", "close"),
    }
}

fn before(line: &mut Object, lists: &Before) {
    line.texts("ready", lists.ready.iter().map(|r| &**r));
    if lists.more > 0 {
        line.int("more_ready", lists.more as u64);
    }
    line.key("timers");
    line.0.push('[');
    for (when, what) in &lists.timers {
        line.item();
        line.0.push('{');
        line.float("when", *when);
        line.text("what", what);
        line.0.push('}');
    }
    line.0.push(']');
}

/// JSON has no infinity.
pub(super) fn number(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        "null".into()
    }
}

pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(","))
}

/// An object under construction.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Object {
        Object("{".into())
    }

    /// One whose beginning stands at the end of a buffer, which gets its text at the end.
    fn within(buffer: &mut String) -> Object {
        Object(std::mem::take(buffer))
    }

    /// The comma before all but the first.
    fn item(&mut self) {
        if !matches!(self.0.as_bytes().last(), Some(b'{' | b'[')) {
            self.0.push(',');
        }
    }

    fn key(&mut self, key: &str) {
        self.item();
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    pub(super) fn raw(&mut self, key: &str, value: &str) {
        self.key(key);
        self.0.push_str(value);
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        quote_into(&mut self.0, value, false);
    }

    /// A text that needs no escapes.
    fn word(&mut self, key: &str, value: &'static str) {
        self.key(key);
        self.0.push('"');
        self.0.push_str(value);
        self.0.push('"');
    }

    fn int(&mut self, key: &str, value: u64) {
        self.raw(key, itoa::Buffer::new().format(value));
    }

    fn float(&mut self, key: &str, value: f64) {
        // Times of a clock that jumps are mostly whole.
        let whole = value as u64;
        match value.to_bits() == (whole as f64).to_bits() && whole < 1 << 50 {
            true => self.int(key, whole),
            false if value.is_finite() => {
                self.key(key);
                // Writing to a String cannot fail.
                let _ = write!(self.0, "{value}");
            }
            false => self.raw(key, "null"),
        }
    }

    fn texts<'a>(&mut self, key: &str, all: impl Iterator<Item = &'a str>) {
        self.key(key);
        self.0.push('[');
        for text in all {
            self.item();
            quote_into(&mut self.0, text, false);
        }
        self.0.push(']');
    }

    fn place(&mut self, key: &str, site: &Site) {
        self.key(key);
        self.0.push('{');
        self.text("frame", &site.frame);
        self.int("line", u64::from(site.line));
        self.0.push('}');
    }

    fn side(&mut self, key: &str, end: &End) {
        match end {
            End::Frame(site) => self.place(key, site),
            End::Loop => self.text(key, "loop"),
            End::Outside => self.text(key, "library"),
        }
    }

    fn maybe(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    pub(super) fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }

    pub(super) fn end(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }
}
