//! What a running loop sets up around itself: the hooks for async generators, and origin
//! tracking in debug mode.

use super::data::LoopData;
use super::loop_type::{make_task, this};
use super::{handle, report};
use crate::vm::heap::WeakPointer;
use crate::vm::native::NativeDef;
use crate::vm::object::{List, NativeFunction, Tuple};
use crate::vm::ready::Ready;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// How many frames of a coroutine's origin are kept in debug mode.
const ORIGIN_DEPTH: u32 = 10;

static FIRST_ITERATION: NativeDef = NativeDef::new(
    "_asyncgen_firstiter_hook",
    "(self, agen, /)",
    first_iteration,
    "",
);
static FINALIZE: NativeDef =
    NativeDef::new("_asyncgen_finalizer_hook", "(self, agen, /)", finalize, "");
static CREATE_TASK: NativeDef = NativeDef::new("create_task", "(self, coro, /)", create_task, "");

fn bound(def: &'static NativeDef, event_loop: &Value) -> Value {
    NativeFunction::new(def, event_loop.clone(), Value::Undef, Value::Undef).into()
}

/// The loop begins to run.
pub(super) fn set_up(vm: &mut Vm, event_loop: &Value, data: &LoopData) {
    let [first, finalizer] = &data.saved_hooks;
    let current = &vm.current;
    first.set(
        current
            .asyncgen_firstiter
            .replace(bound(&FIRST_ITERATION, event_loop)),
    );
    finalizer.set(
        current
            .asyncgen_finalizer
            .replace(bound(&FINALIZE, event_loop)),
    );
    data.saved_origin_depth.set(current.origin_depth.get());
    track_origins(vm, data, data.debug.get());
}

/// The loop has stopped.
pub(super) fn take_down(vm: &mut Vm, data: &LoopData) {
    let [first, finalizer] = &data.saved_hooks;
    vm.current.asyncgen_firstiter.set(first.take());
    vm.current.asyncgen_finalizer.set(finalizer.take());
    track_origins(vm, data, false);
}

/// Turns origin tracking on, or back to what it was before the loop ran.
pub(super) fn track_origins(vm: &mut Vm, data: &LoopData, on: bool) {
    let depth = if on {
        ORIGIN_DEPTH
    } else {
        data.saved_origin_depth.get()
    };
    vm.current.origin_depth.set(depth);
}

/// An async generator is iterated for the first time: the loop will close it at its end.
pub(super) fn first_iteration(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    let generator = &args[1];
    if data.asyncgens_closed.get() {
        let text = vm.repr(generator)?;
        let message = format!(
            "asynchronous generator {} was scheduled after loop.shutdown_asyncgens() call",
            text.as_str()
        );
        let class = vm.exc.resource_warning.clone();
        report::warn(vm, &class, &message)?;
    }
    if let Some(object) = generator.as_obj() {
        let mut all = data.asyncgens.borrow_mut();
        if all.len() >= 64 && all.len().is_power_of_two() {
            all.retain(|g| g.upgrade().is_some());
        }
        all.push(WeakPointer::new(object));
    }
    Ok(Value::None)
}

/// An async generator dies unfinished: a task closes it, because that may need to await.
pub(super) fn finalize(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    let generator = &args[1];
    if let Some(object) = generator.as_obj() {
        let mut all = data.asyncgens.borrow_mut();
        all.retain(|g| g.upgrade().is_some_and(|g| !g.is(object)));
    }
    // At the end of the program CPython's loops are older than what they would close, and so are
    // closed before that.
    if data.closed.get() || vm.is_over {
        return Ok(Value::None);
    }
    let name = vm.intern("aclose");
    let closing = vm.call_method(generator, &name, &[])?;
    let event_loop = &args[0];
    let func = bound(&CREATE_TASK, event_loop);
    let context = handle::context_or_current(vm, &Value::Undef);
    let handle = handle::make(
        vm,
        event_loop,
        Value::Undef,
        func,
        Tuple::value([closing]),
        context,
    );
    data.queue.push(Ready::Handle(handle));
    Ok(Value::None)
}

fn create_task(vm: &mut Vm, args: &[Value]) -> R {
    make_task(vm, &args[0], &args[1], &Value::Undef, &Value::Undef)
}

/// The async generators that are still alive, oldest first; from now on there should be no more.
pub(super) fn take_asyncgens(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    data.asyncgens_closed.set(true);
    let all = data.asyncgens.take();
    let alive = all.iter().filter_map(WeakPointer::upgrade).map(Value::Obj);
    Ok(List::value(alive.collect()))
}
