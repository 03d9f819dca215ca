//! A fork that matters, as a reader can be shown it: who would have gone first, who does instead,
//! and where in the program both of them stand.

use crate::diagnostic::Label;
use crate::event_loop::inspect::{self, Queued};
use crate::inspect::frames::{FrameView, State, chain};
use crate::inspect::quiet::callable;
use crate::source::Span;
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{Future, Generator, Waiter};
use crate::vm::value::Value;

/// Somebody in the ready queue.
#[derive(Clone, Debug)]
pub(super) struct Stander {
    name: String,
    /// What it does next, and where that stands.
    place: Option<Label>,
}

/// A fork, and its two sides.
#[derive(Clone, Debug)]
pub struct Fork {
    pub number: usize,
    /// `worker-2 before worker-1`.
    pub title: String,
    /// Where the two stand; who goes first, first.
    pub labels: Vec<Label>,
}

impl Fork {
    pub(super) fn new(number: usize, [usual, first]: [Stander; 2]) -> Fork {
        let title = format!("{} before {}", first.name, usual.name);
        let say = |stander: Stander, words: &str| {
            stander.place.map(|label| Label {
                text: format!("{} {} {words}", stander.name, label.text),
                ..label
            })
        };
        let labels = [say(first, "first"), say(usual, "after that")];
        Fork {
            number,
            title,
            labels: labels.into_iter().flatten().collect(),
        }
    }
}

/// Who stands first in the ready queue, and who at this place.
pub(super) fn standers(vm: &mut Vm, place: usize) -> Option<[Stander; 2]> {
    let event_loop = vm.current.event_loop.get();
    let (ready, _) = inspect::first_ready(&event_loop, place + 1);
    Some([stander(ready.first()?), stander(ready.get(place)?)])
}

fn stander(entry: &Queued) -> Stander {
    match entry {
        Queued::Step(task) | Queued::Throw(task, _) | Queued::Wakeup(task) => of_task(task, ""),
        Queued::Due(f) => match waiting(f) {
            Some(task) => of_task(&task, "the timer of "),
            None => Stander::unseen("a timer"),
        },
        Queued::DoneCallback { func, .. } | Queued::Call { func, .. } => match callable(func) {
            Some(text) => Stander::unseen(&text),
            None => Stander::unseen("a callback"),
        },
        Queued::Work(_) => Stander::unseen("work beside the loop"),
    }
}

impl Stander {
    fn unseen(name: &str) -> Stander {
        Stander {
            name: name.to_owned(),
            place: None,
        }
    }
}

/// The task that waits for a future.
fn waiting(f: &Ref<Future>) -> Option<Ref<Future>> {
    f.waiters().into_iter().find_map(|w| match w {
        Waiter::Task(task) => Some(task),
        Waiter::Callback(_) => None,
    })
}

fn of_task(task: &Ref<Future>, prefix: &str) -> Stander {
    Stander {
        name: format!("{prefix}{}", inspect::task_name(task)),
        place: place(task),
    }
}

/// Where a task goes on: the innermost frame of the program.
fn place(task: &Ref<Future>) -> Option<Label> {
    let coroutine = task.part().map_or(Value::Undef, |p| p.coro.get());
    let frames = chain(coroutine.as_ref::<Generator>()?).frames;
    let own: Vec<&FrameView> = frames.iter().filter(|f| !f.is_library()).collect();
    let frame = own.last()?;
    let text = match frame.state {
        State::NotStarted => "begins",
        _ => "goes on",
    };
    let span = frame.span?;
    let first = frame.source.slice(span).lines().next().unwrap_or_default();
    Some(Label {
        source: frame.source.clone(),
        span: Span::new(span.start, span.start + first.len() as u32),
        text: text.to_owned(),
    })
}
