//! Pieces of work with stacks of their own: what `run_in_executor` runs beside the event loop.
//!
//! An [`Execution`] is swapped in to run and out again when it ends or parks. A native parks the
//! work that called it by `Tail::Park`, for a blocking `time.sleep` say; the loop goes on, and
//! later the work goes on behind that call. So any number of pieces of work can wait at a time, in
//! any order, without recursing on the Rust stack.

use super::control::ControlStack;
use super::flow::Outcome;
use super::frame::{Deliver, Frame, Link, RegisterStack};
use super::frames::FrameObjects;
use super::heap::{Ref, Slot};
use super::object::Str;
use super::value::Value;
use super::{R, Vm};

/// Something that runs on stacks of its own.
pub struct Execution {
    stack: RegisterStack,
    control: ControlStack,
    links: Vec<Link>,
    frame: Frame,
    frames: FrameObjects,
    handled: Slot,
    state: State,
}

/// Where an execution stands.
enum State {
    /// The function, its arguments and keyword arguments.
    New(Value, Vec<Value>, Vec<(Ref<Str>, Value)>),
    /// Inside of a call in its outermost dispatch loop.
    Parked,
    /// Parked in a native that was called directly: this is the result.
    Last(Value),
    Ended,
}

/// What became of an execution that was run.
pub enum Progress {
    Parked,
    Ended(R),
}

impl Execution {
    /// Work that will call a function.
    pub fn new(func: Value, args: Vec<Value>, kwargs: Vec<(Ref<Str>, Value)>) -> Execution {
        let stack = RegisterStack::new();
        let frame = Frame::outermost(&stack);
        Execution {
            stack,
            control: ControlStack::new(0),
            links: Vec::new(),
            frame,
            frames: FrameObjects::default(),
            handled: Slot::undef(),
            state: State::New(func, args, kwargs),
        }
    }
}

impl Vm {
    /// Whether `Tail::Park` can be used now: the running native was called by the outermost
    /// dispatch loop of an execution.
    pub fn can_park(&self) -> bool {
        self.park_depth == Some(self.native_depth)
    }

    /// Runs an execution until it parks or ends.
    pub fn run_execution(&mut self, work: &mut Execution) -> Progress {
        self.swap_execution(work);
        let outer = self.park_depth;
        let depth = self.native_depth;
        let result = self.run_swapped(std::mem::replace(&mut work.state, State::Ended));
        let parked = std::mem::take(&mut self.parked);
        if parked {
            self.native_depth = depth;
        }
        self.park_depth = outer;
        self.swap_execution(work);
        match result {
            Ok(value) if parked => {
                work.state = match value {
                    Some(value) => State::Last(value),
                    None => State::Parked,
                };
                Progress::Parked
            }
            Ok(value) => Progress::Ended(Ok(value.unwrap_or(Value::None))),
            Err(raise) => Progress::Ended(Err(raise)),
        }
    }

    /// Runs what was swapped in; `None` if it parked in the midst of a function.
    fn run_swapped(&mut self, state: State) -> R<Option<Value>> {
        match state {
            State::New(func, args, kwargs) => {
                self.park_depth = Some(self.native_depth);
                match self.enter_call(func, args, kwargs, Deliver::Halt)? {
                    Some(value) => return Ok(Some(value)),
                    None => self.park_depth = Some(self.native_depth),
                }
            }
            State::Parked => {
                self.enter_native()?;
                self.park_depth = Some(self.native_depth);
            }
            State::Last(value) => return Ok(Some(value)),
            State::Ended => return Ok(None),
        }
        self.run()?;
        if self.parked {
            return Ok(None);
        }
        match self.outcome.take() {
            Some(Outcome::Returned(v) | Outcome::Yielded(v) | Outcome::AsyncYielded(v)) => {
                Ok(Some(v))
            }
            Some(Outcome::Raised) | None => Err(self.raised_again()),
        }
    }

    fn swap_execution(&mut self, other: &mut Execution) {
        use std::mem::swap;
        swap(&mut self.stack, &mut other.stack);
        swap(&mut self.control, &mut other.control);
        self.control.set_limit(self.recursion_limit);
        swap(&mut self.links, &mut other.links);
        swap(&mut self.frame, &mut other.frame);
        swap(&mut self.frames, &mut other.frames);
        self.framed = self.frames.innermost();
        swap(&mut self.handled, &mut other.handled);
    }
}
