//! The story as a diagnostic: a label at each `await` that matters, the way in one line, and the
//! rule that avoids it.

use super::holders::Holder;
use super::names::{Names, kind};
use super::story::{Scene, Story};
use super::waits::{How, Place, Primitive, Stuck, Wait};
use crate::diagnostic::{Code, Diagnostic, Label, Level};
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::Future;
use crate::vm::ops::attr::own_attr;
use crate::vm::value::Value;
use std::collections::HashSet;

/// The rule for futures.
pub(super) const SETTLE: &str = "whoever makes a future has to see to it that set_result() or set_exception() is called on every way";

/// Places that are shown at most.
const SHOWN: usize = 8;
/// Tasks that are named at most where several are waited for.
const NAMED: usize = 3;

/// Tells a story.
pub(super) struct Teller<'a> {
    pub vm: &'a mut Vm,
    pub scene: &'a Scene,
    pub names: &'a Names,
    pub story: &'a Story,
}

impl Teller<'_> {
    pub fn diagnostic(&mut self) -> Diagnostic {
        let title = self.title();
        let mut diagnostic =
            Diagnostic::new(Code::Deadlock, Level::Error, format!("Deadlock: {title}"));
        diagnostic.labels = self.labels();
        diagnostic.notes = self.notes();
        diagnostic.help = self.help();
        diagnostic
    }

    fn task(&mut self, i: usize) -> String {
        match self.scene.stuck.get(i) {
            Some(s) => self.names.future(self.vm, &s.task),
            None => String::new(),
        }
    }

    fn stuck(&self, i: usize) -> Option<&Stuck> {
        self.scene.stuck.get(i)
    }

    /// One line: the message of the exception.
    pub fn title(&mut self) -> String {
        let tasks = &self.story.tasks;
        let Some((&first, &last)) = tasks.first().zip(tasks.last()) else {
            return String::new();
        };
        if !self.story.is_circle {
            let what = self.what(last);
            let mut never = self.never(last);
            if self.stuck(last).is_some_and(is_cancelled) {
                never.push_str(", although it was cancelled");
            }
            let way: Vec<String> = tasks.iter().map(|i| self.task(*i)).collect();
            return match way.as_slice() {
                [one] => format!("{one} waits for {what}{never}"),
                [one, .., end] => format!("{one} waits for {end}, which waits for {what}{never}"),
                [] => String::new(),
            };
        }
        let names: Vec<String> = tasks.iter().map(|i| self.task(*i)).collect();
        match names.as_slice() {
            [one] => {
                let what = self.what(first);
                format!("{one} waits for {what}, {}", self.itself(first))
            }
            [one, other] => format!("{one} and {other} wait for each other"),
            [..] => format!("{} wait for one another in a circle", list(&names, NAMED)),
        }
    }

    /// Why a task alone is a circle.
    fn itself(&self, i: usize) -> &'static str {
        match self.stuck(i).map(|s| &s.wait) {
            Some(Wait::For(Primitive::Lock, _)) => "which it holds itself",
            Some(Wait::For(..)) => "of which it holds the last place itself",
            _ => "which waits for it",
        }
    }

    /// What a task waits for, without why it never comes.
    fn what(&mut self, i: usize) -> String {
        let scene = self.scene;
        let Some(s) = scene.stuck.get(i) else {
            return String::new();
        };
        match &s.wait {
            Wait::For(Primitive::Sleep, _) => "the end of an endless sleep".into(),
            Wait::For(Primitive::Condition, object) => {
                format!("a notice of {}", self.names.object(self.vm, object))
            }
            Wait::For(Primitive::Put, object) => {
                format!("room in {}", self.names.object(self.vm, object))
            }
            Wait::For(Primitive::Get, object) => {
                format!("an item from {}", self.names.object(self.vm, object))
            }
            Wait::For(Primitive::Join, object) => {
                format!(
                    "the work on all items of {}",
                    self.names.object(self.vm, object)
                )
            }
            Wait::For(Primitive::Semaphore, object) => {
                format!("a place of {}", self.names.object(self.vm, object))
            }
            Wait::For(_, object) => self.names.object(self.vm, object),
            Wait::Futures(how, futures) => self.futures(*how, futures),
            Wait::Unknown => "something of the program's own making".into(),
        }
    }

    fn futures(&mut self, how: How, futures: &[Ref<Future>]) -> String {
        let mut names: Vec<String> = Vec::new();
        for f in futures {
            names.push(self.names.future(self.vm, f));
        }
        let all = list(&names, NAMED);
        match how {
            How::Wait if names.len() > 1 => format!("one or all of {all}"),
            How::Next if names.len() > 1 => format!("the first of {all}"),
            _ if names.is_empty() => "a future".into(),
            _ => all,
        }
    }

    /// What a task waits for, and who holds it.
    pub fn waits_for(&mut self, i: usize) -> String {
        let scene = self.scene;
        let holders = scene.holders.get(i).map_or(&[][..], |h| h);
        let held = match holders {
            [] => String::new(),
            holders => self.held_by(holders),
        };
        format!("{}{held}", self.what(i))
    }

    /// Why what a task waits for never comes, as the end of the sentence.
    fn never(&mut self, i: usize) -> String {
        let scene = self.scene;
        let Some(s) = scene.stuck.get(i) else {
            return String::new();
        };
        let holders = scene.holders.get(i).map_or(&[][..], |h| h);
        match &s.wait {
            Wait::For(Primitive::Lock, _) => self.held_by(holders),
            Wait::For(Primitive::Semaphore, _) if holders.is_empty() => {
                ", which nobody gives back".into()
            }
            Wait::For(Primitive::Semaphore, _) => self.held_by(holders),
            Wait::For(Primitive::Sleep, _) => String::new(),
            Wait::For(Primitive::Event, _) => ", which nobody sets".into(),
            Wait::For(Primitive::Condition, _) => ", which nobody notifies".into(),
            Wait::For(Primitive::Barrier, object) => {
                let parties = self.number(object, "_parties").unwrap_or(0);
                let count = self.number(object, "_count").unwrap_or(0);
                format!(", to which only {count} of {parties} parties came")
            }
            Wait::For(Primitive::Get, _) => ", into which nobody puts one".into(),
            Wait::For(Primitive::Put, _) => ", from which nobody takes anything".into(),
            Wait::For(Primitive::Join, object) => {
                let left = self.number(object, "_unfinished_tasks").unwrap_or(0);
                format!(
                    ": task_done() is missing {left} {}",
                    if left == 1 { "time" } else { "times" }
                )
            }
            Wait::Futures(_, futures) if futures.iter().all(|f| !f.is_task()) => {
                ", which nobody settles".into()
            }
            Wait::Futures(..) | Wait::Unknown => String::new(),
        }
    }

    /// `, which second() holds`.
    fn held_by(&mut self, holders: &[Holder]) -> String {
        let mut names = Vec::new();
        for holder in holders {
            names.push(match (&holder.task, &holder.place) {
                (Some(task), _) => self.names.future(self.vm, task),
                (None, Some(place)) => {
                    return format!(", which {}() took and never released", place.function);
                }
                (None, None) => return ", which is never released".into(),
            });
        }
        match names.len() {
            0 => ", which is never released".into(),
            1 => format!(", which {} holds", list(&names, NAMED)),
            _ => format!(", which {} hold", list(&names, NAMED)),
        }
    }

    fn number(&mut self, object: &Value, attribute: &str) -> Option<i64> {
        let name = self.vm.intern(attribute);
        own_attr(object, &name)?.as_i64()
    }

    // Places

    fn labels(&mut self) -> Vec<Label> {
        let scene = self.scene;
        let mut labels = Labels::default();
        let mut told = HashSet::new();
        let in_story = self.story.tasks.clone();
        let others = (0..scene.stuck.len()).filter(|i| !in_story.contains(i));
        for i in in_story.iter().copied().chain(others) {
            let Some(s) = scene.stuck.get(i) else {
                continue;
            };
            if labels.0.len() >= SHOWN {
                break;
            }
            let name = self.task(i);
            if let Some(place) = &s.place {
                let verb = if is_cancelled(s) {
                    "was cancelled, and waits here again"
                } else {
                    "waits here"
                };
                let text = format!("{verb} for {}{}", self.what(i), self.because(i));
                labels.add(place, name, text);
            }
            if let Wait::For(_, object) = &s.wait
                && object.as_obj().is_some_and(|o| told.insert(o.address()))
            {
                self.label_holders(&mut labels, object, i);
            }
        }
        labels.finish()
    }

    fn label_holders(&mut self, labels: &mut Labels, object: &Value, i: usize) {
        let scene = self.scene;
        let what = self.names.object(self.vm, object);
        for holder in scene.holders.get(i).into_iter().flat_map(|h| h.iter()) {
            let Some(place) = &holder.place else {
                continue;
            };
            let (who, text) = match &holder.task {
                Some(task) => (
                    self.names.future(self.vm, task),
                    format!("has held {what} since here"),
                ),
                None => (
                    format!("{}()", place.function),
                    format!("took {what} here and has ended without releasing it"),
                ),
            };
            labels.add(place, who, text);
        }
    }

    /// As `never`, unless the labels of those who hold it say so.
    fn because(&mut self, i: usize) -> String {
        match self.scene.holders.get(i) {
            Some(holders) if holders.iter().any(|h| h.place.is_some()) => String::new(),
            _ => self.never(i),
        }
    }

    // What follows the drawing

    fn notes(&mut self) -> Vec<String> {
        let mut notes = Vec::new();
        let scene = self.scene;
        if self.story.tasks.len() > 1 {
            let mut steps = Vec::new();
            for i in self.story.tasks.clone() {
                steps.push(self.task(i));
                if let Some(Wait::For(..)) = scene.stuck.get(i).map(|s| &s.wait) {
                    steps.push(self.what(i));
                }
            }
            if self.story.is_circle {
                steps.extend(self.story.tasks.first().map(|i| self.task(*i)));
            }
            notes.push(format!(
                "{}: {}",
                if self.story.is_circle {
                    "the circle"
                } else {
                    "the way"
                },
                steps.join(" -> ")
            ));
        }
        let unseen = scene.stuck.iter().filter(|s| s.place.is_none()).count();
        let seen = scene.stuck.len() - unseen;
        if seen > SHOWN {
            notes.push(format!("{} tasks wait in all", scene.stuck.len()));
        }
        notes
    }

    /// The rule that would have avoided it.
    fn help(&mut self) -> Option<String> {
        let scene = self.scene;
        let last = *self.story.tasks.last()?;
        if self.story.is_circle {
            return Some(self.circle_rule());
        }
        let s = scene.stuck.get(last)?;
        let it = match &s.wait {
            Wait::For(_, object) => self.expression(object),
            _ => String::new(),
        };
        Some(match &s.wait {
            Wait::For(Primitive::Lock, _) => {
                "`async with` releases a lock however the block ends; after a bare acquire(), release() belongs into a `finally`".into()
            }
            Wait::For(Primitive::Semaphore, _) => {
                "`async with` gives the place back however the block ends; after a bare acquire(), release() belongs into a `finally`".into()
            }
            Wait::For(Primitive::Event, _) => {
                format!("call {it}.set() on every way that leads past the waiting tasks, also when something fails")
            }
            Wait::For(Primitive::Condition, _) => {
                format!("notify() wakes only those who wait already: keep the state in a variable and wait by `await {it}.wait_for(lambda: ...)`, which looks first")
            }
            Wait::For(Primitive::Barrier, object) => {
                let parties = self.number(object, "_parties").unwrap_or(0);
                format!("a Barrier({parties}) opens when {parties} tasks wait at the same time: start as many, or make it smaller")
            }
            Wait::For(Primitive::Get, _) => {
                format!("tell the consumers when nothing more comes: {it}.shutdown(), an end marker for each of them, or cancel() once {it}.join() is done")
            }
            Wait::For(Primitive::Put, _) => {
                format!("something has to call {it}.get() meanwhile: start the consumer before filling the queue, or give it more room")
            }
            Wait::For(Primitive::Join, _) => {
                format!("call {it}.task_done() once for every item that get() gave, in a `finally`")
            }
            Wait::Futures(..) => {
                SETTLE.into()
            }
            Wait::For(Primitive::Sleep, _) | Wait::Unknown => return None,
        })
    }

    /// What to write for an object.
    fn expression(&mut self, object: &Value) -> String {
        let path = self
            .names
            .path(object)
            .map(|p| p.trim_matches('\'').to_string());
        path.filter(|p| !p.contains(' '))
            .unwrap_or_else(|| kind(self.vm, object))
    }

    fn circle_rule(&mut self) -> String {
        let scene = self.scene;
        let locks: Vec<&Value> = self
            .story
            .tasks
            .iter()
            .filter_map(|i| match &scene.stuck.get(*i)?.wait {
                Wait::For(Primitive::Lock | Primitive::Semaphore, object) => Some(object),
                _ => None,
            })
            .collect();
        match locks.as_slice() {
            [] => "one of them has to end without the other: hand results over in a queue or a future that somebody settles".into(),
            [_] if self.story.tasks.len() == 1 => {
                "a Lock cannot be taken twice: let the inner function expect that its caller holds it".into()
            }
            [one] => format!("do not wait for a task while holding {}, which it needs too", self.names.object(self.vm, one)),
            [..] => {
                let mut names: Vec<String> = locks.iter().filter_map(|l| self.names.path(l)).collect();
                names.sort();
                if names.len() == locks.len() {
                    format!("take the locks in the same order everywhere, for example {}", names.join(" before "))
                } else {
                    "take the locks in the same order everywhere".into()
                }
            }
        }
    }
}

/// A task that was cancelled goes on waiting.
fn is_cancelled(s: &Stuck) -> bool {
    s.task.cancel_requests() > 0
}

/// `a, b and 3 more`.
fn list(names: &[String], most: usize) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= most => format!("{} and {last}", first.join(", ")),
        _ => format!(
            "{} and {} more",
            names.get(..most - 1).unwrap_or_default().join(", "),
            names.len() - (most - 1)
        ),
    }
}

/// Labels that are being collected: several tasks at one place share one.
#[derive(Default)]
struct Labels(Vec<(Place, Vec<Saying>)>);

/// Several tasks of which the same is said.
type Saying = (Vec<String>, String);

impl Labels {
    fn add(&mut self, place: &Place, who: String, what: String) {
        let position = self.0.iter().position(|(p, _)| p.is_same(place));
        let i = position.unwrap_or(self.0.len());
        if position.is_none() {
            self.0.push((place.clone(), Vec::new()));
        }
        let Some((_, said)) = self.0.get_mut(i) else {
            return;
        };
        match said.iter_mut().find(|(_, text)| *text == what) {
            Some((names, _)) if names.last() == Some(&who) => {}
            Some((names, _)) => names.push(who),
            None => said.push((vec![who], what)),
        }
    }

    fn finish(self) -> Vec<Label> {
        let label = |(place, said): (Place, Vec<Saying>)| {
            let texts: Vec<String> = said
                .iter()
                .map(|(names, what)| match names.len() {
                    1 => format!("{} {what}", list(names, NAMED)),
                    _ => format!("{} {}", list(names, NAMED), plural(what)),
                })
                .collect();
            Label {
                source: place.source,
                span: place.span,
                text: texts.join("; "),
            }
        };
        self.0.into_iter().map(label).collect()
    }
}

/// The verb at the beginning, for several.
fn plural(what: &str) -> String {
    match what.split_once(' ') {
        Some(("waits", rest)) => format!("wait {rest}"),
        Some(("was", rest)) => format!("were {}", rest.replacen("waits", "wait", 1)),
        Some(("has", rest)) => format!("have {rest}"),
        _ => what.to_string(),
    }
}
