//! Driving a loop from outside, one turn at a time: for whoever has other things to do between
//! two turns, as a prompt has.

use super::{deadlock, loop_type, registry, task};
use crate::vm::heap::Ref;
use crate::vm::object::Future;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// A new loop that `get_running_loop()` finds whenever no loop runs: what is typed at a prompt
/// can make tasks for it, and may still run a loop of its own.
pub fn standing_loop(vm: &mut Vm) -> Value {
    let made = loop_type::new_loop(vm);
    registry::set_standing(vm, made.clone());
    made
}

/// One turn without waiting: due timers, then what is ready.
pub fn turn(vm: &mut Vm, event_loop: &Value) -> R<()> {
    for name in ["stop", "run_forever"] {
        let name = vm.intern(name);
        vm.call_method(event_loop, &name, &[])?;
    }
    Ok(())
}

/// Lets a coroutine run as a task, in a context that must be an object.
pub fn spawn(
    vm: &mut Vm,
    event_loop: &Value,
    coro: &Value,
    name: &str,
    context: &Value,
) -> R<Ref<Future>> {
    let spec = task::Spec {
        coro,
        name: &Value::str(name),
        context,
        eager: false,
    };
    let class = vm.types.task.clone();
    task::spawn(vm, &class, event_loop, &spec)
}

/// Asks a task to stop.
pub fn cancel(vm: &mut Vm, task: &Ref<Future>) -> R<bool> {
    task::cancel(vm, task, Value::None)
}

/// The tasks that have failed since the last call with nobody waiting for them, if nobody has
/// looked at their exception meanwhile either; now somebody has.
pub fn take_failures(vm: &mut Vm) -> Vec<(Ref<Future>, Value)> {
    let mut failed = Vec::new();
    for task in registry::take_failed(vm) {
        if task.log_traceback().replace(false) {
            let exception = task.exception();
            failed.push((task, exception));
        }
    }
    failed
}

/// The error that says that nothing in the loop can ever happen again.
pub fn deadlock(vm: &mut Vm, event_loop: &Value) -> Raise {
    deadlock::raise(vm, event_loop)
}
