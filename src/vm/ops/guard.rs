//! Guards against endless recursion of natives: how deeply they are nested, and which containers
//! are being written out.

use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

thread_local! {
    /// Addresses of the containers whose repr is under way.
    static WRITING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// What a native that calls back takes of the Rust stack, in units of what an operation of a
/// built-in container takes that is nested in another.
pub(in crate::vm) const NATIVE_DEPTH: u32 = 4;

impl Vm {
    /// Runs `f` one level deeper on the Rust stack; RecursionError ("maximum recursion depth
    /// exceeded" and `what`, such as " in comparison") beyond the limit.
    pub fn nested<T>(&mut self, what: &str, f: impl FnOnce(&mut Vm) -> R<T>) -> R<T> {
        if self.native_depth >= self.native_limit.saturating_mul(NATIVE_DEPTH) {
            let class = self.exc.recursion_error.clone();
            return Err(self.error(&class, format!("maximum recursion depth exceeded{what}")));
        }
        self.native_depth += 1;
        let result = f(self);
        self.native_depth -= 1;
        result
    }

    /// Runs `f`, which writes out a container; `None` if that is under way already, so that the
    /// caller writes `[...]`.
    pub fn while_writing<T>(
        &mut self,
        container: &Value,
        f: impl FnOnce(&mut Vm) -> R<T>,
    ) -> R<Option<T>> {
        let address = container.as_obj().map_or(0, |o| o.address());
        if WRITING.with_borrow(|w| w.contains(&address)) {
            return Ok(None);
        }
        WRITING.with_borrow_mut(|w| w.push(address));
        let result = self.nested(" while getting the repr of an object", f);
        WRITING.with_borrow_mut(|w| {
            if let Some(at) = w.iter().rposition(|a| *a == address) {
                w.remove(at);
            }
        });
        result.map(Some)
    }
}
