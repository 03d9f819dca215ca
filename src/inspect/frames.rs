//! Suspended frames: where each stands, with which variables, and what it waits for.

use crate::source::{Source, Span};
use crate::vm::generator::{delegate_of, is_executing, yield_from};
use crate::vm::heap::Ref;
use crate::vm::object::{CellObject, GenKind, GenState, Generator};
use crate::vm::value::Value;
use std::rc::Rc;

/// The state of a frame, as the person at the prompt speaks of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    NotStarted,
    Suspended,
    Running,
    Finished,
}

/// One frame.
#[derive(Clone)]
pub struct FrameView {
    pub kind: GenKind,
    /// `worker`, `Lock.acquire`.
    pub name: String,
    pub state: State,
    pub source: Source,
    /// Where it goes on, or where it begins; nothing when it is finished.
    pub span: Option<Span>,
    /// Variables that have a value, parameters first.
    pub variables: Vec<(Rc<str>, Value)>,
    pub generator: Ref<Generator>,
}

/// A frame, what it delegates to, what that delegates to…, and what is at the end of it.
pub struct Chain {
    /// From the outermost to the innermost.
    pub frames: Vec<FrameView>,
    /// What the innermost waits for, if it is no frame: a future, an iterator.
    pub end: Option<Value>,
}

/// Chains are longer than anybody reads; the rest is not looked at.
const LONGEST: usize = 1000;

pub fn frame(generator: &Ref<Generator>) -> FrameView {
    let code = &generator.code.code;
    let state = match generator.state.get() {
        _ if is_executing(generator) => State::Running,
        GenState::Created => State::NotStarted,
        GenState::Suspended | GenState::Running => State::Suspended,
        GenState::Finished => State::Finished,
    };
    let at = (generator.pc.get() as usize).saturating_sub(1);
    let span = match state {
        State::Finished => None,
        State::NotStarted => Some(code.span),
        State::Suspended | State::Running => Some(code.span_at(at)),
    };
    let name = generator.qualname();
    FrameView {
        kind: generator.kind(),
        name: name.as_str().unwrap_or("?").to_owned(),
        state,
        source: code.source.clone(),
        span,
        variables: variables(generator),
        generator: generator.clone(),
    }
}

impl FrameView {
    /// The line on which it stands.
    pub fn line(&self) -> Option<u32> {
        self.span.map(|s| self.source.line_of(s.start))
    }

    /// It is of the library, not of the program.
    pub fn is_library(&self) -> bool {
        self.source.is_library()
    }

    pub fn variable(&self, name: &str) -> Option<&Value> {
        let found = self.variables.iter().find(|(n, _)| &**n == name);
        found.map(|(_, value)| value)
    }
}

fn variables(generator: &Ref<Generator>) -> Vec<(Rc<str>, Value)> {
    let mut found = Vec::new();
    for (i, name) in generator.code.code.names.iter().enumerate() {
        let value = generator.register(i);
        let value = match value.downcast::<CellObject>() {
            Some(cell) => cell.content.get(),
            None => value,
        };
        if !value.is_undef() && !name.starts_with('.') {
            found.push((name.clone(), value));
        }
    }
    found
}

/// The chain of delegations that begins with a frame.
pub fn chain(root: &Ref<Generator>) -> Chain {
    let mut frames = vec![frame(root)];
    let mut at = root.clone();
    let mut end = None;
    while frames.len() < LONGEST {
        match delegate_of(&at) {
            Some(inner) => {
                frames.push(frame(&inner));
                at = inner;
            }
            None => {
                end = yield_from(&at);
                break;
            }
        }
    }
    Chain { frames, end }
}
