//! What the event loop has before it, in words: the entries of the ready queue, the timers, and
//! whom they wake.

use super::place::woken;
use super::record::Before;
use crate::event_loop::inspect::{self, Queued, Timed};
use crate::inspect::quiet::{callable, quiet};
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{BoundMethod, Function, Future};
use crate::vm::value::Value;
use std::rc::Rc;

/// Entries of the ready queue, and timers, that a record tells of.
pub(super) const SHOWN: usize = 12;

/// What the loop has before it, so many timers at most; tasks by these names.
pub(super) fn before(vm: &mut Vm, timers: usize, name: &dyn Fn(&Ref<Future>) -> Rc<str>) -> Before {
    let event_loop = vm.current.event_loop.get();
    let (first, count) = inspect::first_ready(&event_loop, SHOWN);
    let mut ready = Vec::with_capacity(first.len());
    for entry in first.iter().filter(|e| !is_hidden(e)) {
        ready.push(entry_text(vm, entry, name));
    }
    let first = inspect::first_timers(&event_loop, timers);
    let mut timers = Vec::with_capacity(first.len());
    for timer in first {
        // One that nobody waits for any more only has not been thrown out yet.
        if settles(&timer.what).is_none_or(|f| !f.is_done()) {
            timers.push((timer.when, timed_text(vm, &timer.what, name)));
        }
    }
    Before {
        ready,
        more: count.saturating_sub(SHOWN),
        timers,
    }
}

/// Callbacks without which nobody misses anything: those that stop the loop.
fn is_hidden(entry: &Queued) -> bool {
    match entry {
        Queued::DoneCallback { func, .. } => is_native(func),
        Queued::Call { func, args } => is_native(func) && args.is_empty(),
        _ => false,
    }
}

pub(super) fn is_of_library(entry: &Queued) -> bool {
    match entry {
        Queued::DoneCallback { func, .. } | Queued::Call { func, .. } => is_library_callable(func),
        _ => false,
    }
}

/// The function behind a callable, if it is one of bytecode.
fn function(func: &Value) -> Option<Ref<Function>> {
    match func.downcast::<BoundMethod>() {
        Some(method) => function(&method.func),
        None => func.as_ref::<Function>().cloned(),
    }
}

pub(super) fn is_native(func: &Value) -> bool {
    function(func).is_none()
}

fn is_library_callable(func: &Value) -> bool {
    function(func).is_none_or(|f| f.code.get().code.source.is_library())
}

/// The future that a timer settles.
pub(super) fn settles(timed: &Timed) -> Option<Ref<Future>> {
    match timed {
        Timed::Future(future) => Some(future.clone()),
        Timed::Call { func, args } if is_library_callable(func) => {
            args.iter().find_map(|a| a.as_ref::<Future>()).cloned()
        }
        Timed::Call { .. } => None,
    }
}

/// An entry of the ready queue: the task that goes on, or what is called; tasks by these names.
pub(super) fn entry_text(
    vm: &mut Vm,
    entry: &Queued,
    name: &dyn Fn(&Ref<Future>) -> Rc<str>,
) -> Rc<str> {
    let text = match entry {
        Queued::Step(task) | Queued::Throw(task, _) | Queued::Wakeup(task) => return name(task),
        Queued::DoneCallback { func, .. } => called(vm, func),
        Queued::Call { func, args } => {
            let timed = Timed::Call {
                func: func.clone(),
                args: args.clone(),
            };
            match settles(&timed) {
                Some(future) => timer_of(&future, name),
                None => called(vm, func),
            }
        }
        Queued::Due(future) => timer_of(future, name),
        Queued::Work(_) => "work beside the loop".to_owned(),
    };
    text.into()
}

fn timer_of(future: &Ref<Future>, name: &dyn Fn(&Ref<Future>) -> Rc<str>) -> String {
    ["timer of ", &woken(future, name)].concat()
}

pub(super) fn timed_text(
    vm: &mut Vm,
    timed: &Timed,
    name: &dyn Fn(&Ref<Future>) -> Rc<str>,
) -> Rc<str> {
    match (settles(timed), timed) {
        (Some(future), _) => woken(&future, name),
        (None, Timed::Call { func, .. }) => called(vm, func).into(),
        (None, Timed::Future(future)) => woken(future, name),
    }
}

/// What is called; of the library's callbacks, whose they are.
pub(super) fn called(vm: &mut Vm, func: &Value) -> String {
    let own = function(func).filter(|f| f.code.get().code.source.is_library());
    if let Some(own) = own {
        let name = own.qualname().to_string();
        let whose = name.split('.').next().unwrap_or_default();
        return format!("callback of {whose}");
    }
    match callable(func) {
        Some(text) => text,
        None => quiet(vm, func),
    }
}
