//! What was looked at, in words and lines.

use super::frames::{Chain, FrameView, State};
use super::tasks::{TaskView, Wait, ending, task as look};
use crate::event_loop::inspect::{self, Queued, Timed, TimerView};
use crate::vm::heap::Ref;
use crate::vm::object::{Future, GenKind, Waiter};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use unicode_width::UnicodeWidthStr;

/// Reprs are cut to this many characters.
const BRIEF: usize = 60;

/// A repr that fits on a line with other things.
pub fn brief(vm: &mut Vm, value: &Value) -> R<String> {
    let text = vm.repr(value)?;
    Ok(cut(&text.as_str().replace('\n', " ")))
}

fn cut(line: &str) -> String {
    if line.chars().count() <= BRIEF {
        return line.to_owned();
    }
    let head: String = line.chars().take(BRIEF - 1).collect();
    format!("{head}…")
}

/// What is waited for, in few words.
fn awaited(vm: &mut Vm, value: &Value) -> R<String> {
    let Some(future) = value.as_ref::<Future>() else {
        return without_address(vm, value);
    };
    Ok(match (future.is_task(), ending(future)) {
        (true, _) => format!("task {}", inspect::task_name(future)),
        (false, None) => "a future that is pending".to_owned(),
        (false, Some(_)) => "a future that is done".to_owned(),
    })
}

/// As `brief`, without the address that says nothing to people: `<Lock [locked]>`.
fn without_address(vm: &mut Vm, value: &Value) -> R<String> {
    let text = vm.repr(value)?;
    let text = text.as_str();
    for marker in [" object at 0x", " at 0x"] {
        if let Some((head, rest)) = text.split_once(marker) {
            let end = rest.find(|c: char| !c.is_ascii_hexdigit());
            let tail = end.and_then(|e| rest.get(e..)).unwrap_or_default();
            return Ok(cut(&format!("{head}{tail}")));
        }
    }
    Ok(cut(text))
}

/// Rows with columns of equal width; the last one is as wide as it likes.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |i: usize| {
        rows.iter()
            .filter_map(|r| r.get(i))
            .map(|c| c.width())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What kind of frame it is.
pub fn kind(frame: &FrameView) -> &'static str {
    match frame.kind {
        GenKind::Generator => "generator",
        GenKind::Coroutine => "coroutine",
        GenKind::AsyncGenerator => "async generator",
    }
}

/// `<stdin>-3, line 4`.
fn place(frame: &FrameView) -> String {
    match frame.line() {
        Some(line) => format!("{}, line {line}", frame.source.name()),
        None => frame.source.name().to_owned(),
    }
}

fn state(frame: &FrameView) -> String {
    match frame.state {
        State::NotStarted => format!("not started, defined at {}", place(frame)),
        State::Suspended => format!("suspended at {}", place(frame)),
        State::Running => format!("running at {}", place(frame)),
        State::Finished => "finished".to_owned(),
    }
}

/// The line on which a frame stands, with its number.
fn source_line(frame: &FrameView) -> Option<String> {
    let line = frame.line()?;
    let text = frame.source.line_text(line).trim_end();
    (!text.is_empty()).then(|| format!("    {line:>4} | {text}\n"))
}

/// A frame with its line and its variables.
pub fn frame(vm: &mut Vm, frame: &FrameView) -> R<String> {
    let mut text = format!("{} {}: {}\n", kind(frame), frame.name, state(frame));
    text.push_str(&source_line(frame).unwrap_or_default());
    for (name, value) in &frame.variables {
        text.push_str(&format!(
            "           {name} = {}\n",
            without_address(vm, value)?
        ));
    }
    Ok(text)
}

/// A chain of frames from the outermost to what it waits for. The library's frames are named only.
pub fn chain(vm: &mut Vm, chain: &Chain) -> R<String> {
    let mut text = String::new();
    for (i, view) in chain.frames.iter().enumerate() {
        let outer = i.checked_sub(1).and_then(|i| chain.frames.get(i));
        if let Some(outer) = outer {
            text.push_str(verb(outer));
        }
        if view.is_library() {
            text.push_str(&format!("{} (of the library)\n", view.name));
        } else {
            text.push_str(&frame(vm, view)?);
        }
    }
    if let (Some(end), Some(last)) = (&chain.end, chain.frames.last()) {
        text.push_str(&format!("{}{}\n", verb(last), awaited(vm, end)?));
    }
    Ok(text)
}

/// What a frame does with the one inside.
fn verb(outer: &FrameView) -> &'static str {
    match outer.kind {
        GenKind::Generator => "delegates to ",
        GenKind::Coroutine | GenKind::AsyncGenerator => "awaits ",
    }
}

/// The innermost frame that the program's author has written.
fn own_frame(chain: &Chain) -> Option<&FrameView> {
    chain.frames.iter().rev().find(|f| !f.is_library())
}

/// What can be done with a generator that is suspended, or what is to become of it.
pub fn outlook(frame: &FrameView) -> &'static str {
    match (frame.kind, frame.state) {
        (_, State::Finished) => "it cannot be resumed any more\n",
        (_, State::Running) => "",
        (GenKind::Generator, State::NotStarted) => "the first next() runs it to its first yield\n",
        (GenKind::Generator, State::Suspended) => {
            "next(), send(), throw() or close() resumes it there\n"
        }
        (GenKind::Coroutine, State::NotStarted) => "it runs when it is awaited or made a task\n",
        (GenKind::AsyncGenerator, _) => "`async for` and anext() resume it\n",
        (GenKind::Coroutine, State::Suspended) => "",
    }
}

/// Seconds, as people read them.
pub fn seconds(time: f64) -> String {
    format!("{time:.2}")
}

/// What a task waits for.
pub fn wait(wait: &Wait, now: f64) -> String {
    match wait {
        Wait::Ready(place) => format!("ready, number {place} in the queue"),
        Wait::Until(when) => {
            let left = (when - now).max(0.0);
            format!("waits until t={} (in {} s)", seconds(*when), seconds(left))
        }
        Wait::For { what, .. } => format!("waits for {what}"),
        Wait::Nothing => "running".to_owned(),
    }
}

/// Tasks, one on a line.
pub fn tasks(tasks: &[TaskView], now: f64) -> String {
    let mut rows = Vec::new();
    for view in tasks {
        let own = view.chain.as_ref().and_then(own_frame);
        let line = own.and_then(|f| {
            let line = f.line()?;
            let text = f.source.line_text(line).trim().to_owned();
            let begun = f.state != State::NotStarted;
            Some((
                format!("{}:{line}", f.source.name()),
                if begun { text } else { String::new() },
            ))
        });
        let (at, text) = line.unwrap_or_default();
        let root = view.chain.as_ref().and_then(|c| c.frames.first());
        let coroutine = root.map_or_else(String::new, |f| format!("{}()", f.name));
        let waits = wait(&view.wait, now);
        rows.push(vec![view.name.clone(), coroutine, waits, at, text]);
    }
    table(&rows)
}

/// All about one task.
pub fn task(vm: &mut Vm, view: &TaskView, now: f64) -> R<String> {
    let mut text = match ending(&view.task) {
        Some(end) => format!("task {}: {end}\n", view.name),
        None => format!("task {}: {}\n", view.name, wait(&view.wait, now)),
    };
    if let Some(frames) = &view.chain {
        text.push_str(&chain(vm, frames)?);
    }
    if let Wait::For {
        since: Some(place), ..
    } = &view.wait
    {
        let line = place.source.line_of(place.span.start);
        let (name, function) = (place.source.name(), &place.function);
        text.push_str(&format!("taken at {name}, line {line}, in {function}()\n"));
    }
    let waiters = waiters(vm, &view.task)?;
    if !waiters.is_empty() {
        text.push_str(&format!("awaited by {}\n", waiters.join(", ")));
    }
    Ok(text)
}

/// Why a task does not go on: what it waits for, what those do that have to go on first.
pub fn why(vm: &mut Vm, event_loop: &Value, task: Ref<Future>, now: f64) -> R<String> {
    let mut text = String::new();
    let mut seen = vec![task];
    while let Some(at) = seen.last() {
        let view = look(vm, event_loop, at);
        text.push_str(&self::task(vm, &view, now)?);
        let Wait::For { before, .. } = view.wait else {
            break;
        };
        let is_seen = |t: &Ref<Future>| seen.iter().any(|s| s.as_obj().is(t.as_obj()));
        if let Some(again) = before.iter().find(|t| is_seen(t)) {
            let name = inspect::task_name(again);
            text.push_str(&format!(
                "\nand {name} is where this began: they wait for each other\n"
            ));
            break;
        }
        let Some(next) = before.into_iter().next() else {
            break;
        };
        text.push('\n');
        seen.push(next);
    }
    Ok(text)
}

/// Who is told when a future is done.
pub fn waiters(vm: &mut Vm, future: &Ref<Future>) -> R<Vec<String>> {
    let mut names = Vec::new();
    for waiter in future.waiters() {
        names.push(match waiter {
            Waiter::Task(task) => inspect::task_name(&task),
            Waiter::Callback(callback) => inspect::callback_text(vm, &callback.func)?,
        });
    }
    Ok(names)
}

/// A timer: when, and what happens then.
pub fn timer(vm: &mut Vm, timer: &TimerView, now: f64) -> R<Vec<String>> {
    let left = (timer.when - now).max(0.0);
    let what = match &timer.what {
        Timed::Future(future) => wakes(vm, future)?,
        Timed::Call { func, args } => {
            let mut futures = args.iter().filter_map(|a| a.as_ref::<Future>());
            match futures.find(|f| !f.waiters().is_empty()) {
                Some(future) => wakes(vm, future)?,
                None => format!("calls {}", inspect::callback_text(vm, func)?),
            }
        }
    };
    Ok(vec![
        format!("t={}", seconds(timer.when)),
        format!("in {} s", seconds(left)),
        what,
    ])
}

/// Who goes on when a future is done.
fn wakes(vm: &mut Vm, future: &Ref<Future>) -> R<String> {
    let woken = waiters(vm, future)?;
    Ok(match woken.is_empty() {
        true => "wakes nobody".to_owned(),
        false => format!("wakes {}", woken.join(", ")),
    })
}

/// An entry of the ready queue.
pub fn queued(vm: &mut Vm, queued: &Queued) -> R<String> {
    Ok(match queued {
        Queued::Step(task) => format!("{} takes a step", inspect::task_name(task)),
        Queued::Throw(task, exception) => {
            format!(
                "{} gets {}",
                inspect::task_name(task),
                brief(vm, exception)?
            )
        }
        Queued::Wakeup(task) => {
            let awaited = task.part().map_or(Value::Undef, |p| p.waiting_for.get());
            let done = match awaited.as_ref::<Future>().filter(|f| f.is_task()) {
                Some(other) => inspect::task_name(other),
                None => "what it awaited".to_owned(),
            };
            format!("{} goes on: {done} is done", inspect::task_name(task))
        }
        Queued::DoneCallback { func, .. } => {
            format!("callback {}", inspect::callback_text(vm, func)?)
        }
        Queued::Call { func, .. } => format!("call of {}", inspect::callback_text(vm, func)?),
        Queued::Due(future) => format!("timer {}", wakes(vm, future)?),
        Queued::Work(_) => "work beside the loop goes on".to_owned(),
    })
}
