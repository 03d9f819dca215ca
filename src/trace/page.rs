//! The page that shows a program step by step: its lanes, and the picture of each moment. One file
//! that needs nothing else. Each distinct thing stands in it once, and a step names it by number,
//! so that a step costs a few digits and the reader can go to any step at once.

use super::frames::{Drawn, Picture, Stood, picture};
use super::json::{Object, list, number};
use super::lanes::{LaneKind, Lanes};
use super::record::{Before, Family, Record, What};
use super::svg::{draw, escaped};
use super::text::words;
use crate::source::Source;
use crate::text::json::quote;
use crate::vm::Vm;
use std::collections::HashMap;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Things by number, each once, as JSON.
#[derive(Default)]
struct Table {
    numbers: HashMap<String, usize>,
    things: Vec<String>,
}

impl Table {
    fn number(&mut self, thing: String) -> usize {
        if let Some(known) = self.numbers.get(&thing) {
            return *known;
        }
        self.things.push(thing.clone());
        self.numbers.insert(thing, self.things.len() - 1);
        self.things.len() - 1
    }

    fn text(&mut self, text: &str) -> usize {
        self.number(quote(text, false))
    }

    /// A list of things that have their numbers.
    fn list(&mut self, things: Vec<usize>) -> usize {
        self.number(list(things.iter().map(usize::to_string)))
    }
}

/// The state of the program after an event, by numbers.
#[derive(Clone, Copy, Default)]
struct State {
    running: usize,
    suspended: usize,
    before: usize,
    shared: usize,
}

struct Step {
    /// The event of the lanes that it belongs to.
    event: usize,
    turn: u64,
    clock: f64,
    family: Family,
    task: usize,
    words: usize,
    printed: Option<usize>,
    state: State,
}

/// The page, while the program runs.
pub struct Page {
    program: String,
    file: String,
    source: String,
    lanes: Lanes,
    table: Table,
    steps: Vec<Step>,
}

impl Page {
    pub fn new(source: &Source) -> Page {
        let file = super::file_name(source);
        Page {
            program: source.name().to_owned(),
            lanes: Lanes::new(&file),
            file: file.to_string(),
            source: source.text().to_owned(),
            table: Table::default(),
            steps: Vec::new(),
        }
    }

    pub fn count(&self) -> usize {
        self.steps.len()
    }

    /// An event, just after it has happened.
    pub fn take(&mut self, vm: &mut Vm, record: &Record) {
        self.lanes.take(record);
        let before = self.steps.last().map(|s| s.state);
        let state = match picture(vm) {
            Ok(picture) => self.state(record, &picture),
            Err(raise) => {
                drop(vm.take_raised(raise));
                before.unwrap_or_default()
            }
        };
        let printed = match &record.what {
            What::Printed { text } => Some(self.table.text(text)),
            _ => None,
        };
        self.steps.push(Step {
            event: self.lanes.count().saturating_sub(1),
            turn: record.turn,
            clock: record.clock,
            family: record.what.family(),
            task: self.table.text(record.task.as_deref().unwrap_or("")),
            words: self.table.text(&words(record)),
            printed,
            state,
        });
    }

    /// The whole page; `note` is for the reader, if not all was recorded.
    pub fn finish(mut self, note: &str) -> String {
        self.lanes.finish();
        let drawing = draw(&self.lanes);
        let data = self.data(note, &drawing.places);
        let title = escaped(&self.file);
        let parts = [
            title.as_str(),
            STYLE,
            title.as_str(),
            drawing.svg.as_str(),
            data.as_str(),
            SCRIPT,
        ];
        let mut parts = parts.into_iter();
        let mut page = String::new();
        for piece in TEMPLATE.split("{{}}") {
            page.push_str(piece);
            page.push_str(parts.next().unwrap_or(""));
        }
        page
    }

    // What stands in the page as data

    fn data(&self, note: &str, places: &[usize]) -> String {
        let mut data = Object::new();
        data.text("schema", "coro-timeline");
        data.raw("version", "1");
        data.text("program", &self.program);
        data.text("file", &self.file);
        data.text("note", note);
        data.text("source", &self.source);
        let lanes = self.lanes.lanes.iter().map(|lane| {
            let kind = match lane.kind {
                LaneKind::Program => "program",
                LaneKind::Task => "task",
                LaneKind::Generator => "generator",
            };
            list([kind, &lane.name].iter().map(|t| quote(t, false)))
        });
        data.raw("lanes", &list(lanes));
        data.raw("things", &list(self.table.things.iter().cloned()));
        let mut column = |name: &str, value: &dyn Fn(&Step) -> String| {
            data.raw(name, &list(self.steps.iter().map(value)));
        };
        column("x", &|s| {
            places.get(s.event).copied().unwrap_or(0).to_string()
        });
        column("event", &|s| s.event.to_string());
        column("turn", &|s| s.turn.to_string());
        column("clock", &|s| number(s.clock));
        column("family", &|s| (s.family as u8).to_string());
        column("task", &|s| s.task.to_string());
        column("words", &|s| s.words.to_string());
        column("running", &|s| s.state.running.to_string());
        column("suspended", &|s| s.state.suspended.to_string());
        column("before", &|s| s.state.before.to_string());
        column("shared", &|s| s.state.shared.to_string());
        let printed = self.steps.iter().enumerate().filter_map(|(i, step)| {
            let text = step.printed?;
            Some(format!("[{i},{text}]"))
        });
        data.raw("printed", &list(printed));
        embedded(&data.end())
    }

    fn state(&mut self, record: &Record, picture: &Picture) -> State {
        let table = &mut self.table;
        let running = picture.running.iter().map(|f| frame(table, f)).collect();
        let tasks = picture.tasks.iter().map(|s| stood(table, s, true));
        let mut suspended: Vec<usize> = tasks.collect();
        suspended.extend(picture.generators.iter().map(|s| stood(table, s, false)));
        let shared = picture.shared.iter().map(|(what, state)| pair(what, state));
        // A turn is told when something happens in it, and its first entry is taken by then.
        let before = match &record.what {
            What::Turn(then) => lists(then),
            _ => lists(&picture.before),
        };
        State {
            running: table.list(running),
            suspended: table.list(suspended),
            shared: table.number(list(shared)),
            before: table.number(before),
        }
    }
}

fn lists<T: AsRef<str>>(before: &Before<T>) -> String {
    let mut lists = Object::new();
    let ready = before.ready.iter();
    lists.raw("ready", &list(ready.map(|r| quote(r.as_ref(), false))));
    lists.raw("more", &before.more.to_string());
    let timers = before.timers.iter();
    let timers =
        timers.map(|(when, what)| format!("[{},{}]", number(*when), quote(what.as_ref(), false)));
    lists.raw("timers", &list(timers));
    lists.close()
}

fn pair(a: &str, b: &str) -> String {
    format!("[{},{}]", quote(a, false), quote(b, false))
}

fn frame(table: &mut Table, drawn: &Drawn) -> usize {
    let mut frame = Object::new();
    frame.text("title", &drawn.title);
    frame.text("file", &drawn.file);
    if let Some(line) = drawn.line {
        frame.raw("line", &line.to_string());
    }
    frame.text("text", &drawn.text);
    let variables = drawn
        .variables
        .iter()
        .map(|(name, value)| pair(name, value));
    frame.raw("variables", &list(variables));
    table.number(frame.close())
}

fn stood(table: &mut Table, of: &Stood, task: bool) -> usize {
    let frames: Vec<usize> = of.frames.iter().map(|f| frame(table, f)).collect();
    let mut stood = Object::new();
    stood.text("title", &of.title);
    stood.text("note", &of.note);
    stood.raw("task", &task.to_string());
    stood.raw("frames", &list(frames.iter().map(usize::to_string)));
    table.number(stood.close())
}

/// JSON that nothing in a page takes for a tag.
fn embedded(json: &str) -> String {
    let safe = json.replace('<', "\\u003c").replace('>', "\\u003e");
    safe.replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::embedded;

    #[test]
    fn data_cannot_end_the_script() {
        assert_eq!(
            embedded(r#"["</script>&<!--"]"#),
            r#"["\u003c/script\u003e\u0026\u003c!--"]"#
        );
    }
}
