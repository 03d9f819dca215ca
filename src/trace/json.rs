//! A trace as JSON lines, for programs: `grammar/trace.schema.json` describes them. The first line
//! says what the others are. What is the same each time at a place of the program stands in a
//! definition, once; an event's line names its definition and adds what differs. Within a version
//! fields may be added, never taken away or changed.

use super::buffer::Buffer;
use super::record::{Before, End, Ending, Entry, Family, Site, Wait, What};
use super::summary::{Tally, TaskTally};
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
pub fn summary(tally: &Tally) -> Vec<u8> {
    let mut out = Buffer::default();
    out.push(b"{\"event\":\"summary\",\"tasks\":[");
    for (i, task) in tally.tasks.iter().enumerate() {
        if i > 0 {
            out.push(b",");
        }
        out.push(b"{\"name\":");
        out.quoted(&task.name);
        out.text(field!(of), &task.of);
        Fields::int(&mut out, field!(chunks), u64::from(task.chunks));
        delays(&mut out, task);
        match &task.ending {
            Some(Ending::Returned(value)) => out.text(field!(returned), value),
            Some(Ending::Failed(exception)) => out.text(field!(failed), exception),
            Some(Ending::Cancelled) => out.push(b",\"cancelled\":true"),
            None => {}
        }
        out.push(b"}");
    }
    out.push(b"]}\n");
    out.as_slice().to_vec()
}

fn delays(out: &mut Buffer, task: &TaskTally) {
    out.push(b",\"delays\":[");
    for (i, delay) in task.delays.iter().enumerate() {
        if i > 0 {
            out.push(b",");
        }
        out.push(b"{\"for\":");
        out.quoted(&delay.what);
        Fields::int(out, field!(count), delay.count as u64);
        Fields::float(out, field!(seconds), delay.seconds);
        out.push(b"}");
    }
    out.push(b"]");
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

/// How the line of an event goes on that has a definition. What happens is said again, for who
/// reads lines by eye or looks for some.
pub(super) fn is(definition: u32, what: &What) -> String {
    format!("\"is\":{definition},\"event\":\"{}\"", name(what))
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

/// What differs from the definition.
impl Fields for Buffer {
    #[inline(always)]
    fn kind(&mut self, _: Family, _: &'static str) {}

    #[inline(always)]
    fn fixed(&mut self, _: &'static str, _: &str) {}

    #[inline(always)]
    fn flag(&mut self, _: &'static str) {}

    #[inline(always)]
    fn place(&mut self, field: &'static str, site: &Site) {
        if site.number > 1 {
            frame(field, &site.function, site.number, self);
        }
    }

    #[inline(always)]
    fn text(&mut self, field: &'static str, text: &str) {
        self.push_str(field);
        self.quoted(text);
    }

    #[inline(always)]
    fn int(&mut self, field: &'static str, number: u64) {
        self.push_str(field);
        Buffer::int(self, number);
    }

    #[inline(always)]
    fn float(&mut self, field: &'static str, number: f64) {
        self.push_str(field);
        Buffer::float(self, number);
    }

    fn texts(&mut self, field: &'static str, texts: &[Rc<str>]) {
        self.push_str(field);
        self.push(b"[");
        for (i, text) in texts.iter().enumerate() {
            if i > 0 {
                self.push(b",");
            }
            self.quoted(text);
        }
        self.push(b"]");
    }

    fn timers(&mut self, timers: &[(f64, Rc<str>)]) {
        self.push(b",\"timers\":[");
        for (i, (when, what)) in timers.iter().enumerate() {
            if i > 0 {
                self.push(b",");
            }
            self.push(b"{\"when\":");
            Buffer::float(self, *when);
            self.push(b",\"what\":");
            self.quoted(what);
            self.push(b"}");
        }
        self.push(b"]");
    }
}

/// A line whose definition is to be found: what differs, and what tells the definition from others.
#[derive(Default)]
pub(super) struct Lean {
    pub text: Buffer,
    pub key: Buffer,
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
        self.key.push_str(text);
        self.key.push(&[0xff]);
    }
}

impl Fields for Lean {
    #[inline(always)]
    fn kind(&mut self, _: Family, event: &'static str) {
        self.tell_apart(event);
    }

    #[inline(always)]
    fn fixed(&mut self, field: &'static str, text: &str) {
        self.key.push_str(field);
        self.tell_apart(text);
    }

    #[inline(always)]
    fn flag(&mut self, field: &'static str) {
        self.key.push_str(field);
    }

    #[inline(always)]
    fn place(&mut self, field: &'static str, site: &Site) {
        self.fixed(field, &site.function);
        self.key.push(&[0xfe]);
        self.key.push(&site.line.to_ne_bytes());
        self.text.place(field, site);
    }

    #[inline(always)]
    fn text(&mut self, field: &'static str, text: &str) {
        self.text.text(field, text);
    }

    #[inline(always)]
    fn int(&mut self, field: &'static str, number: u64) {
        Fields::int(&mut self.text, field, number);
    }

    #[inline(always)]
    fn float(&mut self, field: &'static str, number: f64) {
        Fields::float(&mut self.text, field, number);
    }

    fn texts(&mut self, field: &'static str, texts: &[Rc<str>]) {
        self.text.texts(field, texts);
    }

    fn timers(&mut self, timers: &[(f64, Rc<str>)]) {
        if self.timers != timers {
            self.timers.clear();
            self.timers.extend_from_slice(timers);
            self.text.timers(timers);
        }
    }
}

/// The name of a frame that is not called as its function: the place is the definition's.
fn frame(field: &str, function: &str, number: u32, out: &mut Buffer) {
    out.push_str(field);
    out.push(b"{\"frame\":\"");
    out.bare(function);
    out.push(b"#");
    out.int(u64::from(number));
    out.push(b"\"}");
}

/// What stands before the number where a line names a frame of a function.
pub(super) fn label(function: &str) -> Box<[u8]> {
    let mut label = Buffer::default();
    label.push(b"{\"frame\":\"");
    label.bare(function);
    label.push(b"#");
    label.as_slice().into()
}

/// As `frame`, unless it is the first of its function.
#[inline]
pub(super) fn labelled(field: &str, label: &[u8], number: u32, out: &mut Buffer) {
    if number > 1 {
        out.push_str(field);
        out.push(label);
        out.int(u64::from(number));
        out.push(b"\"}");
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
