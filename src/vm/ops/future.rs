//! The result of a future, as `await` and `Future.result` take it.

use crate::vm::heap::Ref;
use crate::vm::object::{Exception, Future, FutureState, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Awaiting an object with this inside yields `None` once: for a task, that means "again in the next
/// turn". There is nothing to wait for, so no future and no generator is made.
pub struct NextTurn;

impl NativeData for NextTurn {}

/// The result of a future that is done; raises its exception, CancelledError if it was
/// cancelled, InvalidStateError if it is pending. Whoever asks has seen the exception: it is no
/// longer reported as never retrieved.
pub fn future_result(vm: &mut Vm, f: &Ref<Future>) -> R {
    match f.state.get() {
        FutureState::Pending => {
            let class = vm.exc.invalid_state_error.clone();
            Err(vm.error(&class, "Result is not set."))
        }
        FutureState::Cancelled => {
            let exception = cancelled_error(vm, f);
            Err(vm.raise(exception))
        }
        FutureState::Finished => match retrieve_exception(f) {
            Some(exception) => Err(vm.raise(exception)),
            None => Ok(f.result()),
        },
    }
}

/// The exception of a finished future, marked as seen, with the traceback that it had when it was
/// set: each retrieval begins a fresh one.
pub fn retrieve_exception(f: &Ref<Future>) -> Option<Value> {
    let extra = f.rare()?;
    let value = extra.exception.defined()?;
    f.log_traceback().set(false);
    if let Some(exception) = value.downcast::<Exception>() {
        exception.traceback.set(extra.traceback.take());
    }
    Some(value)
}

/// The CancelledError that a cancelled future raises: the one that ended its task if that is
/// still there (it is handed out once), else a new one with the message of `cancel`.
pub fn cancelled_error(vm: &mut Vm, f: &Ref<Future>) -> Value {
    if f.state.get() == FutureState::Cancelled
        && let Some(exception) = f.rare().and_then(|e| e.exception.take().defined())
    {
        return exception;
    }
    let args = match f.cancel_message() {
        Value::Undef | Value::None => Tuple::new([]),
        message => Tuple::new([message]),
    };
    Exception::new(&vm.exc.cancelled_error.clone(), args).into()
}
