//! From an exception object that nothing caught to the data that is shown for it.

use crate::diagnostic::traceback::{FrameEntry, UncaughtError};
use crate::vm::Vm;
use crate::vm::object::{Exception, Traceback};
use crate::vm::value::Value;

/// The report of an exception that reached the top.
pub fn report(vm: &mut Vm, exception: &Value) -> Option<UncaughtError> {
    let error = exception.downcast::<Exception>()?;
    let mut entries = Vec::new();
    let mut level = error.traceback.get();
    while let Some(tb) = level.downcast::<Traceback>() {
        let code = &tb.code.code;
        entries.push(FrameEntry {
            source: code.source.clone(),
            span: code.span_at(tb.pc as usize),
            function: code.name.to_string(),
            library: code.source.name().starts_with("<coro>"),
        });
        let next = tb.next.get();
        level = next;
    }
    let name = vm.class_of(exception).name();
    let text = match vm.str(exception) {
        Ok(text) => text.as_str().to_string(),
        Err(raise) => {
            drop(vm.take_raised(raise));
            "<exception str() failed>".to_string()
        }
    };
    let last_line = if text.is_empty() { name.to_string() } else { format!("{name}: {text}") };
    Some(UncaughtError { entries, last_line, ..UncaughtError::default() })
}
