//! In debug mode: where futures, tasks and handles were made.

use super::data::LoopData;
use super::loop_type::import;
use crate::vm::heap::Ref;
use crate::vm::object::{List, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// How many frames are kept.
pub(super) const DEPTH: usize = 10;

/// The places of the innermost frames, the outermost of them first: tuples of file, line and
/// function. `Undef` unless the loop is in debug mode.
#[inline]
pub(super) fn note(vm: &Vm, event_loop: &Value) -> Value {
    match event_loop.opaque::<LoopData>() {
        Some(data) if data.debug.get() => places(vm),
        _ => Value::Undef,
    }
}

#[cold]
fn places(vm: &Vm) -> Value {
    // The library's own frames say nothing to those who wrote the program.
    let mut places = vm.places(DEPTH, |source| !source.is_library());
    places.reverse();
    Tuple::value(places)
}

/// `_source_traceback`: what `note` gave as a `traceback.StackSummary`.
pub fn summary(vm: &mut Vm, origin: &Value) -> R {
    let Some(places) = origin.as_ref::<Tuple>() else {
        return Ok(Value::None);
    };
    let traceback = import(vm, "traceback")?;
    let class = vm.intern("StackSummary");
    let class = vm.get_attr(&traceback, &class)?;
    let mut entries = Vec::new();
    for place in places.items() {
        let mut parts = place
            .as_ref::<Tuple>()
            .map_or_else(Vec::new, |p| p.items().to_vec());
        // The text of the line is looked up when it is shown.
        parts.push(Value::None);
        entries.push(Tuple::value(parts));
    }
    let from_list = vm.intern("from_list");
    vm.call_method(&class, &from_list, &[List::value(entries)])
}

/// `created at FILE:LINE`.
pub(super) fn created_at(origin: &Value) -> Option<String> {
    let last = origin.as_ref::<Tuple>()?.items().last()?.clone();
    let place: &Ref<Tuple> = last.as_ref::<Tuple>()?;
    let (file, line) = (place.items().first()?, place.items().get(1)?);
    Some(format!("created at {}:{}", file.as_str()?, line.as_i64()?))
}

/// The lines of a `traceback.StackSummary`, without the last line end.
pub fn text(vm: &mut Vm, summary: &Value) -> R<String> {
    let traceback = import(vm, "traceback")?;
    let format = vm.intern("format_list");
    let lines = vm.call_method(&traceback, &format, std::slice::from_ref(summary))?;
    let lines = vm.collect(&lines)?;
    let text: String = lines.iter().filter_map(Value::as_str).collect();
    Ok(text.trim_end().to_string())
}
