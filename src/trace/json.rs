//! A trace as JSON lines, for programs: `grammar/trace.schema.json` describes them. The first line
//! says what the others are; fields may be added within a version, never taken away or changed.

use super::record::{Before, End, Ending, Entry, Family, Record, Site, Wait, What};
use super::summary::Tally;
use crate::text::json::quote;
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

/// One event.
pub fn line(record: &Record) -> String {
    let mut line = Object::new();
    line.raw("n", &record.number.to_string());
    line.raw("turn", &record.turn.to_string());
    line.raw("clock", &number(record.clock));
    if let Some(task) = &record.task {
        line.text("task", task);
    }
    if let Some(site) = &record.site {
        line.raw("at", &place(site));
    }
    line.raw("depth", &record.depth.to_string());
    line.text("family", family(record.what.family()));
    what(&mut line, &record.what);
    line.end()
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
    line.text("event", "summary");
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

fn what(line: &mut Object, what: &What) {
    let event = match what {
        What::Loop => "loop",
        What::Turn(_) => "turn",
        What::Made { .. } => "made",
        What::Chunk { .. } => "chunk",
        What::Suspended(..) => "suspended",
        What::Ended(..) => "ended",
        What::Cancel { .. } => "cancel",
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
    line.text("event", event);
    match what {
        What::Loop => {}
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
            line.raw("chunk", &chunk.to_string());
            if let Some((seconds, what)) = after {
                line.raw("delay", &number(*seconds));
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
            line.raw("when", &number(*when));
            line.text("what", what);
        }
        What::TimerDue { what } | What::Callback { what } | What::Awaits { what } => {
            line.text("what", what);
        }
        What::Settled { how } => line.text("value", how),
        What::Resumed { from, how } => {
            line.raw("from", &side(from));
            entry(line, how);
        }
        What::Yielded { to, through, value } => {
            line.raw("to", &side(to));
            line.raw("through", &list(through.iter().map(|f| quote(f, false))));
            line.text("value", value);
        }
        What::Returned { to, value, stops } => {
            line.raw("to", &side(to));
            line.text("value", value);
            line.maybe("as", *stops);
        }
        What::Raised { to, exception } => {
            line.raw("to", &side(to));
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
        line.raw("until", &number(when));
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
        Entry::Begin => line.text("how", "begin"),
        Entry::Await => line.text("how", "await"),
        Entry::YieldFrom => line.text("how", "yield_from"),
        Entry::Next => line.text("how", "next"),
        Entry::Send(value) => {
            line.text("how", "send");
            line.text("value", value);
        }
        Entry::Throw(exception) => {
            line.text("how", "throw");
            line.text("exception", exception);
        }
        Entry::Close => line.text("how", "close"),
    }
}

fn before(line: &mut Object, lists: &Before) {
    line.raw("ready", &list(lists.ready.iter().map(|r| quote(r, false))));
    if lists.more > 0 {
        line.raw("more_ready", &lists.more.to_string());
    }
    let timers = lists.timers.iter().map(|(when, what)| {
        let mut timer = Object::new();
        timer.raw("when", &number(*when));
        timer.text("what", what);
        timer.close()
    });
    line.raw("timers", &list(timers));
}

fn place(site: &Site) -> String {
    let mut place = Object::new();
    place.text("frame", &site.frame);
    place.raw("line", &site.line.to_string());
    place.close()
}

fn side(end: &End) -> String {
    match end {
        End::Frame(site) => place(site),
        End::Loop => "\"loop\"".into(),
        End::Outside => "\"library\"".into(),
    }
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

/// An object under construction. Writing to a string cannot fail.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Object {
        Object("{".into())
    }

    pub(super) fn raw(&mut self, key: &str, value: &str) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        let _ = write!(self.0, "{comma}\"{key}\":{value}");
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &quote(value, false));
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

    pub(super) fn end(self) -> String {
        self.close() + "\n"
    }
}
