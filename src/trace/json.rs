//! A trace as JSON lines, for programs: `grammar/trace.schema.json` describes them. The first line
//! says what the others are. What is the same each time at a place of the program stands in a
//! definition, once; an event's line names its definition and adds what differs. Within a version
//! fields may be added, never taken away or changed.

use super::record::{Before, End, Ending, Entry, Family, Site, Wait, What};
use super::summary::Tally;
use crate::text::json::quote_into;
use std::borrow::Cow;
use std::rc::Rc;

/// The version of the lines.
pub const VERSION: u32 = 2;

/// The first line: what follows, of which program.
pub fn header(program: &str, virtual_time: bool) -> String {
    let mut line = Object::new();
    line.text("schema", "coro-trace");
    line.raw("version", &VERSION.to_string());
    line.text("program", program);
    line.raw("virtual_time", &virtual_time.to_string());
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
        match &t.ending {
            Some(Ending::Returned(value)) => task.text("returned", value),
            Some(Ending::Failed(exception)) => task.text("failed", exception),
            Some(Ending::Cancelled) => task.raw("cancelled", "true"),
            None => {}
        }
        task.close()
    });
    let mut line = Object::new();
    line.text("event", "summary");
    line.raw("tasks", &list(tasks));
    line.end()
}

/// A field's name as it stands in a line, behind the field before it.
macro_rules! field {
    ($name:tt) => {
        concat!(",\"", stringify!($name), "\":")
    };
}
pub(super) use field;

/// Where the fields of an event go: to its definition, or to its line.
pub(super) trait Fields {
    /// What happens, in how many words.
    fn kind(&mut self, family: Family, event: &'static str);
    /// A text that is the same each time at a place.
    fn fixed(&mut self, field: &'static str, text: &str);
    /// Something that is so each time at a place.
    fn flag(&mut self, field: &'static str);
    /// A function and a line, which are the same each time, and the frame, if it has a name of its
    /// own.
    fn place(&mut self, field: &'static str, site: &Site);
    fn text(&mut self, field: &'static str, text: &str);
    fn int(&mut self, field: &'static str, number: u64);
    fn float(&mut self, field: &'static str, number: f64);
    fn texts(&mut self, field: &'static str, texts: &[Rc<str>]);
    /// The timers, unless they are those that were told of last.
    fn timers(&mut self, timers: &[(f64, Rc<str>)]);
}

/// All fields of an event but those that hold until a line says otherwise.
#[inline]
pub(super) fn event(line: &mut impl Fields, site: Option<&Site>, depth: usize, what: &What) {
    line.kind(what.family(), name(what));
    if let Some(site) = site {
        line.place(field!(at), site);
    }
    if depth > 0 {
        line.int(field!(depth), depth as u64);
    }
    match what {
        What::Loop | What::Swallowed => {}
        What::Turn(before) => ahead(line, before),
        What::Made { task, of } => {
            line.text(field!(made), task);
            line.fixed(field!(of), of);
        }
        What::Chunk {
            number,
            after,
            raising,
        } => {
            line.int(field!(chunk), u64::from(*number));
            if let Some((seconds, what)) = after {
                line.float(field!(delay), *seconds);
                line.fixed(field!(waited_for), what);
            }
            maybe(line, field!(raising), raising.as_deref());
        }
        What::Suspended(wait, _) => waits(line, wait),
        What::Ended(Ending::Returned(value), _) => line.text(field!(returned), value),
        What::Ended(Ending::Failed(exception), _) => line.text(field!(failed), exception),
        What::Ended(Ending::Cancelled, _) => line.flag(field!(cancelled)),
        What::Cancel { task } => line.text(field!(target), task),
        What::Queued { what, because } => {
            line.text(field!(what), what);
            match because {
                Cow::Borrowed(because) => line.fixed(field!(because), because),
                Cow::Owned(because) => line.text(field!(because), because),
            }
        }
        What::TimerSet { when, what } => {
            line.float(field!(when), *when);
            line.text(field!(what), what);
        }
        What::TimerDue { what } => line.text(field!(what), what),
        What::Callback { what } | What::Awaits { what } => line.text(field!(what), what),
        What::Settled { how } => line.text(field!(value), how),
        What::Resumed { from, how } => {
            end(line, field!(from), from);
            entry(line, how);
        }
        What::Yielded { to, through, value } => {
            end(line, field!(to), to);
            if !through.is_empty() {
                line.texts(field!(through), through);
            }
            line.text(field!(value), value);
        }
        What::Returned { to, value, stops } => {
            end(line, field!(to), to);
            if let Some(stops) = stops {
                line.fixed(field!(as), stops);
            }
            line.text(field!(value), value);
        }
        What::Raised { to, exception } => {
            end(line, field!(to), to);
            line.text(field!(exception), exception);
        }
        What::Got { value } => line.text(field!(value), value),
        What::Line { file } => line.fixed(field!(file), file),
        What::Printed { text } => line.text(field!(text), text),
    }
}

fn name(what: &What) -> &'static str {
    match what {
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
    }
}

fn family(family: Family) -> &'static str {
    match family {
        Family::Values => "values",
        Family::Tasks => "tasks",
        Family::Loop => "loop",
        Family::Output => "output",
    }
}

fn maybe(line: &mut impl Fields, field: &'static str, text: Option<&str>) {
    if let Some(text) = text {
        line.text(field, text);
    }
}

/// What is ready when a turn begins, which is what will run in it; and the timers.
fn ahead(line: &mut impl Fields, before: &Before) {
    line.texts(field!(ready), &before.ready);
    if before.more > 0 {
        line.int(field!(more_ready), before.more as u64);
    }
    line.timers(&before.timers);
}

fn waits(line: &mut impl Fields, wait: &Wait) {
    line.fixed(field!(waits_for), &wait.what);
    if wait.again {
        line.flag(field!(again));
    }
    if let Some(when) = wait.until {
        line.float(field!(until), when);
    }
    maybe(line, field!(waits_for_task), wait.task.as_deref());
}

fn entry(line: &mut impl Fields, how: &Entry) {
    let word = match how {
        Entry::Begin => "begin",
        Entry::Await => "await",
        Entry::YieldFrom => "yield_from",
        Entry::Next => "next",
        Entry::Send(_) => "send",
        Entry::Throw(_) => "throw",
        Entry::Close => "close",
    };
    line.fixed(field!(how), word);
    match how {
        Entry::Send(value) => line.text(field!(value), value),
        Entry::Throw(exception) => line.text(field!(exception), exception),
        _ => {}
    }
}

fn end(line: &mut impl Fields, field: &'static str, end: &End) {
    match end {
        End::Frame(site) => line.place(field, site),
        End::Loop => line.fixed(field, "loop"),
        End::Outside => line.fixed(field, "library"),
    }
}

/// The line of a definition: the fields that are the same each time.
pub(super) struct Definition(String);

impl Definition {
    pub fn new(id: u32) -> Definition {
        Definition(format!("{{\"def\":{id}"))
    }

    pub fn end(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }

    fn push(&mut self, field: &str, value: &str) {
        self.0.push_str(field);
        self.0.push_str(value);
    }
}

impl Fields for Definition {
    fn kind(&mut self, of: Family, event: &'static str) {
        self.fixed(field!(event), event);
        self.fixed(field!(family), family(of));
    }

    fn fixed(&mut self, field: &'static str, text: &str) {
        self.0.push_str(field);
        quote_into(&mut self.0, text, false);
    }

    fn flag(&mut self, field: &'static str) {
        self.push(field, "true");
    }

    fn place(&mut self, field: &'static str, site: &Site) {
        self.push(field, "{\"frame\":");
        quote_into(&mut self.0, &site.function, false);
        self.push(",\"line\":", itoa::Buffer::new().format(site.line));
        self.0.push('}');
    }

    fn text(&mut self, _: &'static str, _: &str) {}
    fn int(&mut self, _: &'static str, _: u64) {}
    fn float(&mut self, _: &'static str, _: f64) {}
    fn texts(&mut self, _: &'static str, _: &[Rc<str>]) {}
    fn timers(&mut self, _: &[(f64, Rc<str>)]) {}
}

/// A line under construction: what differs from the definition, and what tells that definition from
/// others.
#[derive(Default)]
pub(super) struct Lean {
    pub text: Vec<u8>,
    pub key: Vec<u8>,
    /// Where the text has said what happens.
    pub kind_end: usize,
    /// The timers that were told of last.
    timers: Vec<(f64, Rc<str>)>,
}

impl Lean {
    pub fn clear(&mut self) {
        self.text.clear();
        self.key.clear();
    }

    /// Texts in the key end with what stands in none.
    #[inline(always)]
    fn tell_apart(&mut self, text: &str) {
        self.key.extend_from_slice(text.as_bytes());
        self.key.push(0xff);
    }
}

impl Fields for Lean {
    #[inline(always)]
    fn kind(&mut self, _: Family, event: &'static str) {
        self.tell_apart(event);
        // Said again for who reads lines by eye, or looks for some.
        self.text.extend_from_slice(field!(event).as_bytes());
        self.text.push(b'"');
        self.text.extend_from_slice(event.as_bytes());
        self.text.push(b'"');
        self.kind_end = self.text.len();
    }

    #[inline(always)]
    fn fixed(&mut self, field: &'static str, text: &str) {
        self.flag(field);
        self.tell_apart(text);
    }

    #[inline(always)]
    fn flag(&mut self, field: &'static str) {
        self.key.extend_from_slice(field.as_bytes());
    }

    #[inline(always)]
    fn place(&mut self, field: &'static str, site: &Site) {
        self.fixed(field, &site.function);
        self.key.push(0xfe);
        self.key.extend_from_slice(&site.line.to_ne_bytes());
        if !Rc::ptr_eq(&site.frame, &site.function) {
            frame(field, &site.frame, 1, &mut self.text);
        }
    }

    #[inline(always)]
    fn text(&mut self, field: &'static str, text: &str) {
        self.text.extend_from_slice(field.as_bytes());
        quoted(text, &mut self.text);
    }

    #[inline(always)]
    fn int(&mut self, field: &'static str, number: u64) {
        self.text.extend_from_slice(field.as_bytes());
        int(number, &mut self.text);
    }

    #[inline(always)]
    fn float(&mut self, field: &'static str, number: f64) {
        self.text.extend_from_slice(field.as_bytes());
        float(number, &mut self.text);
    }

    fn texts(&mut self, field: &'static str, texts: &[Rc<str>]) {
        self::texts(field, texts, &mut self.text);
    }

    fn timers(&mut self, timers: &[(f64, Rc<str>)]) {
        if self.timers == timers {
            return;
        }
        self.timers.clear();
        self.timers.extend_from_slice(timers);
        let out = &mut self.text;
        out.extend_from_slice(b",\"timers\":[");
        for (i, (when, what)) in timers.iter().enumerate() {
            let begin: &[u8] = if i == 0 {
                b"{\"when\":"
            } else {
                b",{\"when\":"
            };
            out.extend_from_slice(begin);
            float(*when, out);
            out.extend_from_slice(b",\"what\":");
            quoted(what, out);
            out.push(b'}');
        }
        out.push(b']');
    }
}

// Pieces of lines

/// The name of a frame that is not called as its function: the place is the definition's.
pub(super) fn frame(field: &str, name: &str, number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(field.as_bytes());
    out.extend_from_slice(b"{\"frame\":");
    quoted(name, out);
    if number > 1 {
        out.pop();
        out.push(b'#');
        int(u64::from(number), out);
        out.push(b'"');
    }
    out.push(b'}');
}

/// A field that is a list.
pub(super) fn texts(field: &str, texts: &[Rc<str>], out: &mut Vec<u8>) {
    out.extend_from_slice(field.as_bytes());
    out.push(b'[');
    for (i, text) in texts.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        quoted(text, out);
    }
    out.push(b']');
}

/// A text in quotes.
#[inline]
pub(super) fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    bare(text, out);
    out.push(b'"');
}

/// What stands in the quotes.
pub(super) fn bare(text: &str, out: &mut Vec<u8>) {
    let plain = |b: &u8| *b >= b' ' && *b != b'"' && *b != b'\\';
    if text.as_bytes().iter().all(plain) {
        return out.extend_from_slice(text.as_bytes());
    }
    let mut escaped = String::new();
    quote_into(&mut escaped, text, false);
    let inner = escaped.get(1..escaped.len() - 1);
    out.extend_from_slice(inner.unwrap_or_default().as_bytes());
}

#[inline]
pub(super) fn int(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

pub(super) fn float(value: f64, out: &mut Vec<u8>) {
    // Times of a clock that jumps are mostly whole.
    let whole = value as u64;
    match value.to_bits() == (whole as f64).to_bits() && whole < 1 << 50 {
        true => int(whole, out),
        false => out.extend_from_slice(number(value).as_bytes()),
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

/// An object under construction.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Object {
        Object("{".into())
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

    pub(super) fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }

    pub(super) fn end(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }
}
