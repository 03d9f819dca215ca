//! Looking at frames: what `sys._getframe`, `super()`, `locals()`, tracebacks and the teaching
//! tools ask.

use super::Vm;
use super::heap::Ref;
use super::object::CodeObject;
use super::value::Value;

/// A running frame as seen by natives; 0 is the innermost.
#[derive(Debug, Clone)]
pub struct FrameView {
    pub code: Ref<CodeObject>,
    pub pc: usize,
    /// The generator whose frame it is, or `Undef`.
    pub generator: Value,
}

impl Vm {
    /// The frame of bytecode `depth` levels out from the running native.
    pub fn frame(&self, depth: usize) -> Option<FrameView> {
        let _ = depth;
        None
    }

    /// A named register of such a frame (cells are looked through); `Undef` if unassigned.
    pub fn frame_local(&self, depth: usize, register: usize) -> Value {
        let _ = (depth, register);
        Value::Undef
    }

    /// A named register of such a frame as it is (a cell stays a cell).
    pub fn frame_register(&self, depth: usize, register: usize) -> Value {
        let _ = (depth, register);
        Value::Undef
    }

    /// The exception being handled (`sys.exception()`), or `None`.
    pub fn handled(&self) -> Value {
        Value::None
    }
}
