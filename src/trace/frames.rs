//! The picture of a program that stands still: the frames that run, the frames that are suspended,
//! each with its line, its variables and what it waits for; the ready queue, the timers, and what
//! tasks wait at. As data, and as lines for a terminal.

use super::ahead::{SHOWN, before};
use super::place::file_name;
use super::record::Before;
use super::text::seconds;
use crate::event_loop::inspect::task_name;
use crate::inspect::frames::{Chain, FrameView, State, chain, frame};
use crate::inspect::quiet::quiet;
use crate::inspect::tasks::{Wait, ending, tasks};
use crate::inspect::text::{kind, wait};
use crate::source::Source;
use crate::stdlib::deque_items;
use crate::vm::heap::{Ref, visit_objects};
use crate::vm::inspect::FrameView as Seen;
use crate::vm::object::{Function, Future, GenState, Generator, Kind, Module, Waiter};
use crate::vm::ops::attr::own_attr;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Variables of a frame that are shown, and frames of one chain.
const VARIABLES: usize = 12;
const FRAMES: usize = 30;

/// One frame of the program.
#[derive(Clone, PartialEq, Debug)]
pub struct Drawn {
    /// `coroutine fetch`, `function main`, `program race.coro`.
    pub title: String,
    pub file: String,
    pub line: Option<u32>,
    /// The text of that line.
    pub text: String,
    pub variables: Vec<(String, String)>,
}

/// Frames that are suspended together: the outermost, what it awaits, what that awaits…
#[derive(Clone, PartialEq, Debug)]
pub struct Stood {
    /// `task a`, `generator pipe`.
    pub title: String,
    /// What it waits for, or what state it is in.
    pub note: String,
    pub frames: Vec<Drawn>,
}

/// Everything at one moment.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Picture {
    pub clock: f64,
    /// Innermost first.
    pub running: Vec<Drawn>,
    /// Whose step runs.
    pub task: Option<String>,
    pub tasks: Vec<Stood>,
    pub generators: Vec<Stood>,
    pub before: Before<String>,
    /// Locks, queues, futures and their kin: what it is, and how it stands.
    pub shared: Vec<(String, String)>,
}

/// Looks at the program, which stands still meanwhile.
pub fn picture(vm: &mut Vm) -> R<Picture> {
    let mut found = Found::default();
    let running = running(vm, &mut found);
    let event_loop = vm.current.event_loop.get();
    let own = vm.current.task.get();
    let clock = vm.host.clock.monotonic().as_secs_f64();
    let mut shown = Vec::new();
    for view in tasks(vm, &event_loop) {
        let Some(chain) = &view.chain else { continue };
        found.in_chain(chain);
        let is_own = own.is(&view.task.clone().into());
        let runs = |f: &FrameView| f.state == State::Running;
        if is_own && chain.frames.first().is_some_and(runs) {
            continue;
        }
        let begun = chain
            .frames
            .first()
            .is_some_and(|f| f.state != State::NotStarted);
        let note = match (&view.wait, begun) {
            (Wait::Ready(place), false) => format!("not begun, number {place} in the ready queue"),
            // Its chunk is about to begin.
            (Wait::Nothing, _) if is_own => "goes on now".to_owned(),
            (other, _) => wait(other, clock),
        };
        shown.push(Stood {
            title: format!("task {}", view.name),
            note,
            frames: boxes(vm, chain, &mut found),
        });
    }
    let generators = generators(vm, &mut found);
    Ok(Picture {
        clock,
        running,
        task: own.as_ref::<Future>().map(task_name),
        tasks: shown,
        generators,
        before: owned(before(vm, SHOWN, &|t| task_name(t).into())),
        shared: shared(vm, &found),
    })
}

/// The same for whoever gets it in another thread.
fn owned(before: Before) -> Before<String> {
    let timers = before.timers.iter();
    Before {
        ready: before.ready.iter().map(|r| r.to_string()).collect(),
        more: before.more,
        timers: timers
            .map(|(when, what)| (*when, what.to_string()))
            .collect(),
    }
}

/// What was met on the way: frames that are shown already, and objects by their names.
#[derive(Default)]
struct Found {
    frames: HashSet<usize>,
    names: HashMap<usize, String>,
    /// Objects with a name, in the order in which they were met.
    objects: Vec<Value>,
}

impl Found {
    fn in_chain(&mut self, chain: &Chain) {
        for frame in &chain.frames {
            self.frames.insert(frame.generator.as_obj().address());
        }
    }

    fn name(&mut self, name: &str, value: &Value) {
        if let Some(object) = value.as_obj()
            && !self.names.contains_key(&object.address())
        {
            self.names.insert(object.address(), name.to_owned());
            self.objects.push(value.clone());
        }
    }
}

// Frames

fn running(vm: &mut Vm, found: &mut Found) -> Vec<Drawn> {
    let mut seen: Vec<(usize, Seen)> = Vec::new();
    let mut depth = 0;
    vm.walk_frames(|view| {
        seen.push((depth, view));
        depth += 1;
        depth < FRAMES * 4
    });
    let mut boxes = Vec::new();
    for (depth, view) in seen {
        if let Some(generator) = view.generator.as_ref::<Generator>() {
            found.frames.insert(generator.as_obj().address());
        }
        if !view.code.code.source.is_library() && boxes.len() < FRAMES {
            boxes.push(running_box(vm, depth, &view, found));
        }
    }
    boxes
}

fn running_box(vm: &mut Vm, depth: usize, view: &Seen, found: &mut Found) -> Drawn {
    let code = &view.code.code;
    let line = code.line_at(view.pc);
    let module = code.flags.module;
    let variables: Vec<(String, Value)> = match module {
        true => globals(view),
        false => {
            let names = code.names.iter().enumerate();
            let locals = names.map(|(i, n)| (n.to_string(), vm.frame_local(depth, i)));
            locals.collect()
        }
    };
    let title = match view.generator.as_ref::<Generator>() {
        Some(generator) => titled(&frame(generator)),
        None if module => format!("program {}", file_name(&code.source)),
        None => format!("function {}", code.name),
    };
    Drawn {
        title,
        file: file_name(&code.source).to_string(),
        line: Some(line),
        text: text_of(&code.source, line),
        variables: texts(vm, variables, found),
    }
}

/// The program's own global variables: not its functions, classes and imports.
fn globals(view: &Seen) -> Vec<(String, Value)> {
    let map = view.code.globals.map.borrow();
    let own = map.iter().filter(|e| {
        let defines = e.value.downcast::<Function>().is_some()
            || e.value.downcast::<Module>().is_some()
            || e.value.kind() == Some(Kind::Class);
        !defines && e.key.as_str().is_some_and(|n| !n.starts_with("__"))
    });
    own.map(|e| {
        (
            e.key.as_str().unwrap_or_default().to_owned(),
            e.value.clone(),
        )
    })
    .collect()
}

fn titled(view: &FrameView) -> String {
    format!("{} {}", kind(view), view.name)
}

fn text_of(source: &Source, line: u32) -> String {
    source.line_text(line).trim().to_owned()
}

fn texts(vm: &mut Vm, variables: Vec<(String, Value)>, found: &mut Found) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for (name, value) in variables {
        if value.is_undef() || name.starts_with('.') {
            continue;
        }
        found.name(&name, &value);
        if shown.len() < VARIABLES {
            shown.push((name, quiet(vm, &value)));
        }
    }
    shown
}

/// The frames of a chain that are the program's.
fn boxes(vm: &mut Vm, chain: &Chain, found: &mut Found) -> Vec<Drawn> {
    let own = chain.frames.iter().filter(|f| !f.is_library());
    let mut boxes = Vec::new();
    for view in own.take(FRAMES) {
        let variables = view.variables.iter();
        let variables = variables.map(|(n, v)| (n.to_string(), v.clone())).collect();
        let line = view.line();
        boxes.push(Drawn {
            title: titled(view),
            file: file_name(&view.source).to_string(),
            line,
            text: line.map_or_else(String::new, |l| text_of(&view.source, l)),
            variables: texts(vm, variables, found),
        });
    }
    boxes
}

/// Frames that no task runs: generators that wait for the next `next`, coroutines that nobody has
/// awaited yet.
fn generators(vm: &mut Vm, found: &mut Found) -> Vec<Stood> {
    let mut shown = Vec::new();
    for chain in loose(found) {
        let Some(first) = chain.frames.first() else {
            continue;
        };
        let note = match first.state {
            State::NotStarted => "has not begun".to_owned(),
            _ => "suspended".to_owned(),
        };
        shown.push(Stood {
            title: titled(first),
            note,
            frames: boxes(vm, &chain, found),
        });
    }
    shown
}

fn loose(found: &Found) -> Vec<Chain> {
    let mut alive = Vec::new();
    visit_objects(|header| {
        let waits = header.kind() == Kind::Generator
            && header.count() > 0
            && header.peek::<Generator>().is_some_and(|g| {
                matches!(g.state.get(), GenState::Created | GenState::Suspended)
                    && g.parent.get().is_null()
                    && !g.code.code.source.is_library()
            });
        if waits {
            alive.push(header.to_ref());
        }
    });
    let alive = alive
        .into_iter()
        .filter_map(|o| o.into_ref::<Generator>().ok());
    let alive = alive.filter(|g| !found.frames.contains(&g.as_obj().address()));
    alive.map(|g| chain(&g)).collect()
}

/// The chains behind `Picture::generators`, in the same order.
pub fn loose_chains(vm: &mut Vm) -> Vec<Chain> {
    let mut found = Found::default();
    vm.walk_frames(|view| {
        if let Some(generator) = view.generator.as_ref::<Generator>() {
            found.frames.insert(generator.as_obj().address());
        }
        true
    });
    let event_loop = vm.current.event_loop.get();
    for view in tasks(vm, &event_loop) {
        if let Some(chain) = &view.chain {
            found.in_chain(chain);
        }
    }
    loose(&found)
}

// What tasks share

fn shared(vm: &mut Vm, found: &Found) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for object in &found.objects {
        let name = object.as_obj().and_then(|o| found.names.get(&o.address()));
        let Some(name) = name.cloned() else { continue };
        if let Some((kind, state)) = stands(vm, object) {
            shown.push((format!("{kind} '{name}'"), state));
        }
    }
    shown
}

/// How something that tasks wait at stands.
fn stands(vm: &mut Vm, object: &Value) -> Option<(String, String)> {
    if let Some(future) = object.as_ref::<Future>() {
        return (!future.is_task()).then(|| ("future".to_owned(), future_state(vm, future)));
    }
    let class = vm.class_of(object);
    let module = class.dict.get_str(&vm.names.__module__)?;
    if !module.as_str()?.starts_with("asyncio.") {
        return None;
    }
    let state = match &*class.name() {
        "Lock" => match attribute(vm, object, "_locked")? {
            Value::True => "is held".to_owned(),
            _ => "is free".to_owned(),
        },
        "Condition" => {
            let lock = attribute(vm, object, "_lock")?;
            let held = match attribute(vm, &lock, "_locked") {
                Some(Value::True) => "is held",
                _ => "is free",
            };
            let waiters = attribute(vm, object, "_waiters")?;
            let wait = match deque_items(&waiters).map_or(0, |w| w.len()) {
                0 => "nobody waits".to_owned(),
                1 => "1 waits".to_owned(),
                n => format!("{n} wait"),
            };
            format!("{held}, {wait} for a notice")
        }
        "Barrier" => {
            let count = attribute(vm, object, "_count")?;
            let parties = attribute(vm, object, "_parties")?;
            let state = attribute(vm, object, "_state")?;
            let (count, parties) = (quiet(vm, &count), quiet(vm, &parties));
            match state.as_str()? {
                "filling" => format!("has {count} of {parties}"),
                state => format!("is {state}, with {count} of {parties} inside"),
            }
        }
        "Event" => match attribute(vm, object, "_value")? {
            Value::True => "is set".to_owned(),
            _ => "is not set".to_owned(),
        },
        "Semaphore" | "BoundedSemaphore" => {
            let value = attribute(vm, object, "_value")?;
            format!("lets {} more in", quiet(vm, &value))
        }
        "Queue" | "LifoQueue" | "PriorityQueue" => {
            let items = attribute(vm, object, "_queue")?;
            let shown = quiet(vm, &items);
            let bare = shown
                .strip_prefix("deque(")
                .and_then(|s| s.strip_suffix(')'));
            format!("holds {}", bare.unwrap_or(&shown))
        }
        _ => return None,
    };
    Some((class.name().to_lowercase(), state))
}

fn attribute(vm: &mut Vm, object: &Value, name: &str) -> Option<Value> {
    let name = vm.intern(name);
    own_attr(object, &name)
}

fn future_state(vm: &mut Vm, future: &Ref<Future>) -> String {
    if let Some(ending) = ending(future) {
        let result = match ending {
            "done" => format!(": {}", quiet(vm, &future.result())),
            _ => String::new(),
        };
        return format!("{ending}{result}");
    }
    let waiters = future.waiters();
    let names = waiters.iter().filter_map(|w| match w {
        Waiter::Task(task) => Some(task_name(task)),
        Waiter::Callback(_) => None,
    });
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => "pending".to_owned(),
        false => format!("pending; {} waits for it", names.join(", ")),
    }
}

// Lines for a terminal. Writing to a string cannot fail.

impl Picture {
    pub fn text(&self) -> String {
        let mut out = String::new();
        let whose = self
            .task
            .as_ref()
            .map_or_else(String::new, |t| format!(", in task {t}"));
        let _ = writeln!(out, "running at t={}{whose}", seconds(self.clock));
        for (i, frame) in self.running.iter().enumerate() {
            frame.write(&mut out, if i == 0 { "" } else { "from " });
        }
        if self.running.is_empty() {
            out.push_str("  only the loop\n");
        }
        section(&mut out, "suspended tasks", &self.tasks);
        section(&mut out, "suspended frames of no task", &self.generators);
        self.write_loop(&mut out);
        out
    }

    fn write_loop(&self, out: &mut String) {
        let Before {
            ready,
            more,
            timers,
        } = &self.before;
        if !ready.is_empty() {
            let more = match more {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let _ = writeln!(out, "\nready queue\n  {}{more}", ready.join(", "));
        }
        if !timers.is_empty() {
            out.push_str("\ntimers\n");
            for (when, what) in timers {
                let _ = writeln!(out, "  {:>7}  {what}", seconds(*when));
            }
        }
        if !self.shared.is_empty() {
            out.push_str("\nshared\n");
            for (what, state) in &self.shared {
                let _ = writeln!(out, "  {what} {state}");
            }
        }
    }
}

fn section(out: &mut String, title: &str, all: &[Stood]) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for stood in all {
        let _ = writeln!(out, "  {}: {}", stood.title, stood.note);
        for frame in &stood.frames {
            frame.write(out, "  ");
        }
    }
}

impl Drawn {
    fn write(&self, out: &mut String, before: &str) {
        let line = self
            .line
            .map_or_else(String::new, |l| format!(", line {l}: {}", self.text));
        let _ = writeln!(out, "  {before}{}{line}", self.title);
        for (name, value) in &self.variables {
            let _ = writeln!(out, "        {name} = {value}");
        }
    }
}
