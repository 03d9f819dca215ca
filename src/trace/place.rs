//! Where suspended frames stand, and who waits for what.

use super::look::DEEPEST;
use super::names::Names;
use super::record::Site;
use crate::event_loop::inspect;
use crate::source::Source;
use crate::vm::generator::delegate_of;
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
pub(super) fn suspended(names: &mut Names, root: &Value) -> (Option<Site>, String) {
    let Some(root) = root.as_ref::<Generator>() else {
        return (None, "something".to_owned());
    };
    let mut at = root.clone();
    let mut found = None;
    for _ in 0..DEEPEST {
        if !at.code.code.source.is_library() {
            found = Some(at.clone());
        }
        match delegate_of(&at) {
            Some(inner) => at = inner,
            None => break,
        }
    }
    let Some(frame) = found else {
        return (None, format!("{}()", root.code.code.name));
    };
    let pc = (frame.pc.get() as usize).saturating_sub(1);
    let span = frame.code.code.span_at(pc);
    let text = frame.code.code.source.slice(span);
    let text = text.strip_prefix("await").unwrap_or(text).trim_start();
    let first = text.lines().next().unwrap_or_default();
    let cut = first.len() < text.len();
    let text = format!("{first}{}", if cut { "…" } else { "" });
    (Some(names.site(&frame, pc)), text)
}

/// Who goes on when a timer settles a future.
pub(super) fn woken(future: &Ref<Future>) -> String {
    let waiters = future.waiters();
    let names = waiters.iter().filter_map(|w| match w {
        Waiter::Task(task) => Some(inspect::task_name(task)),
        Waiter::Callback(_) => None,
    });
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => "nobody".to_owned(),
        false => names.join(", "),
    }
}
