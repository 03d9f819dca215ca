//! Where suspended frames stand, and who waits for what.

use super::look::DEEPEST;
use super::names::{Names, Stand};
use crate::bytecode::Code;
use crate::source::Source;
use crate::vm::generator::{delegate_of, delegating_to, suspended_leaf};
use crate::vm::heap::Ref;
use crate::vm::object::{Future, Generator, Waiter};
use crate::vm::value::Value;
use std::path::Path;
use std::rc::Rc;

/// What a file is called in a line of a trace.
pub fn file_name(source: &Source) -> Rc<str> {
    let name = Path::new(source.name()).file_name();
    name.map_or_else(|| source.name().into(), |n| n.to_string_lossy().into())
}

/// Where a suspended frame stands, and what it waits for there as it stands in the program: the
/// innermost frame that is not the library's.
pub(super) fn suspended(names: &mut Names, root: &Value) -> Stand {
    let nowhere = |awaited: Rc<str>| Stand {
        site: None,
        awaited,
        stop: None,
    };
    let Some(root) = root.as_ref::<Generator>() else {
        return nowhere("something".into());
    };
    match innermost(root) {
        Some(frame) => names.stand_of(&frame),
        None => nowhere(format!("{}()", root.code.code.name).into()),
    }
}

/// The innermost frame of a suspended chain that is the program's.
fn innermost(root: &Ref<Generator>) -> Option<Ref<Generator>> {
    let is_own = |frame: &Ref<Generator>| !frame.code.is_library;
    if let Some(leaf) = suspended_leaf(root) {
        let mut at = Some(leaf);
        while let Some(frame) = at.take_if(|f| !is_own(f)) {
            at = delegating_to(&frame);
        }
        return at;
    }
    let mut at = root.clone();
    let mut found = None;
    for _ in 0..DEEPEST {
        if is_own(&at) {
            found = Some(at.clone());
        }
        match delegate_of(&at) {
            Some(inner) => at = inner,
            None => break,
        }
    }
    found
}

/// What is awaited at an instruction, as it stands in the program.
pub(super) fn awaited_text(code: &Code, pc: usize) -> Rc<str> {
    let text = code.source.slice(code.span_at(pc));
    let text = text.strip_prefix("await").unwrap_or(text).trim_start();
    let first = text.lines().next().unwrap_or_default();
    match first.len() < text.len() {
        true => format!("{first}…").into(),
        false => first.into(),
    }
}

/// Who goes on when a timer settles a future; tasks by these names.
pub(super) fn woken(future: &Ref<Future>, name: &dyn Fn(&Ref<Future>) -> Rc<str>) -> Rc<str> {
    let waiters = future.waiters();
    let names = waiters.iter().filter_map(|w| match w {
        Waiter::Task(task) => Some(name(task)),
        Waiter::Callback(_) => None,
    });
    let mut names: Vec<Rc<str>> = names.collect();
    match names.len() {
        0 => "nobody".into(),
        1 => names.swap_remove(0),
        _ => names.join(", ").into(),
    }
}
