//! `Future`: a result that is not there yet.

use super::data::LoopData;
use super::future_iter::FutureIter;
use super::{handle, report, repr, schedule, step};
use crate::vm::heap::{Ref, flags};
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{
    Class, ClassFlags, Exception, Future, FutureState, Layout, List, Role, Tuple, Waiter,
};
use crate::vm::observe::Event;
use crate::vm::ops::future::{cancelled_error, future_result};
use crate::vm::ready::DoneCallback;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, *args, **kwargs)", new),
    NativeDef::new("__init__", "(self, *, loop=None)", init, "Initialize self."),
    NativeDef::new("__repr__", "(self, /)", repr::repr, "Return repr(self)."),
    NativeDef::new(
        "__del__",
        "(self, /)",
        finalize,
        "Called when the instance is about to be destroyed.",
    ),
    NativeDef::new(
        "__await__",
        "(self, /)",
        iter,
        "Return an iterator to be used in await expression.",
    ),
    NativeDef::new("__iter__", "(self, /)", iter, "Implement iter(self)."),
    NativeDef::new(
        "result",
        "(self, /)",
        |vm, args| {
            let f = this(vm, args)?;
            future_result(vm, &f)
        },
        "The result, or the exception raised.",
    ),
    NativeDef::new(
        "exception",
        "(self, /)",
        exception,
        "The exception that was set.",
    ),
    NativeDef::new(
        "set_result",
        "(self, result, /)",
        set_result_method,
        "Finish with a result.",
    ),
    NativeDef::new(
        "set_exception",
        "(self, exception, /)",
        set_exception_method,
        "Finish with an exception.",
    ),
    NativeDef::new(
        "add_done_callback",
        "(self, fn, /, *, context=None)",
        add_done_callback,
        "Call fn(self) soon after this is done.",
    ),
    NativeDef::new(
        "remove_done_callback",
        "(self, fn, /)",
        remove_done_callback,
        "Take a callback out; how often it was there.",
    ),
    NativeDef::new(
        "cancel",
        "(self, /, msg=None)",
        cancel_method,
        "Cancel the future and schedule callbacks.",
    ),
    NativeDef::new(
        "cancelled",
        "(self, /)",
        |_, args| Ok(state_is(args, |s| s == FutureState::Cancelled)),
        "Whether it was cancelled.",
    ),
    NativeDef::new(
        "done",
        "(self, /)",
        |_, args| Ok(state_is(args, |s| s != FutureState::Pending)),
        "Whether it is done.",
    ),
    NativeDef::new(
        "get_loop",
        "(self, /)",
        |vm, args| Ok(this(vm, args)?.event_loop.get()),
        "The event loop it belongs to.",
    ),
    NativeDef::new(
        "_make_cancelled_error",
        "(self, /)",
        |vm, args| {
            let f = this(vm, args)?;
            Ok(cancelled_error(vm, &f))
        },
        "The CancelledError to raise if it is cancelled.",
    ),
    NativeDef::new(
        "__class_getitem__",
        "(cls, item, /)",
        repr::class_getitem,
        "See PEP 585",
    )
    .class(),
];

const GETSET: &[GetSet] = &[
    GetSet::read(
        "_state",
        |_, v| Ok(get(v, |f| repr::state_word(f).into())),
        "",
    ),
    GetSet::write(
        "_asyncio_future_blocking",
        |_, v| Ok(get(v, |f| f.blocking().get().into())),
        set_blocking,
        "",
    ),
    GetSet::read("_loop", |_, v| Ok(get(v, |f| f.event_loop.get())), ""),
    GetSet::read("_callbacks", callbacks, ""),
    GetSet::read("_result", |_, v| Ok(get(v, |f| f.result())), ""),
    GetSet::read(
        "_exception",
        |_, v| {
            Ok(get(v, |f| {
                if f.state.get() == FutureState::Finished {
                    f.exception()
                } else {
                    Value::None
                }
            }))
        },
        "",
    ),
    GetSet::write(
        "_log_traceback",
        |_, v| Ok(get(v, |f| f.log_traceback().get().into())),
        set_log_traceback,
        "",
    ),
    GetSet::read(
        "_source_traceback",
        |vm, v| {
            let origin = get(v, origin);
            super::origin::summary(vm, &origin)
        },
        "",
    ),
    GetSet::write(
        "_cancel_message",
        |_, v| Ok(get(v, |f| f.cancel_message())),
        set_cancel_message,
        "",
    ),
];

/// Gives the class its methods.
pub(super) fn install(vm: &mut Vm) {
    let class = vm.types.future.clone();
    vm.extend_class(&class, METHODS, GETSET);
    let module = vm.names.__module__.clone();
    class.dict.set_str(&module, "_asyncio".into());
    class.flags.set(ClassFlags {
        no_dict: false,
        ..class.flags()
    });
}

/// Something of a future, `None` where there is nothing.
pub(super) fn get(value: &Value, f: impl Fn(&Ref<Future>) -> Value) -> Value {
    match value.as_ref::<Future>().map(f) {
        None | Some(Value::Undef) => Value::None,
        Some(value) => value,
    }
}

/// In debug mode: where it was made.
pub(super) fn origin(f: &Ref<Future>) -> Value {
    f.own().map_or(Value::Undef, |own| own.origin.get())
}

/// In debug mode: notes where a future is being made.
pub(super) fn note_origin(vm: &Vm, f: &Ref<Future>) {
    let places = super::origin::note(vm, &f.event_loop.get());
    if !places.is_undef() {
        f.own_or_new().origin.set(places);
    }
}

fn state_is(args: &[Value], test: impl Fn(FutureState) -> bool) -> Value {
    let f = args.first().and_then(|v| v.as_ref::<Future>());
    f.is_some_and(|f| test(f.state.get())).into()
}

/// The future that a method was called on, initialised.
pub(super) fn this(vm: &mut Vm, args: &[Value]) -> R<Ref<Future>> {
    match args.first().and_then(|v| v.as_ref::<Future>()) {
        Some(f) if !f.event_loop.is_undef() => Ok(f.clone()),
        _ => {
            let class = vm.exc.invalid_state_error.clone();
            Err(vm.error(&class, "Future object is not initialized."))
        }
    }
}

/// `__del__`: reports what is lost with it.
pub(super) fn finalize(vm: &mut Vm, args: &[Value]) -> R {
    let f = this(vm, args)?;
    report::finalize_future(vm, &f);
    Ok(Value::None)
}

/// A pending future of a class and a loop.
pub(super) fn make(class: &Ref<Class>, event_loop: Value, role: Role) -> Ref<Future> {
    let f = Future::new(class, event_loop, role);
    if class.flags().has_del {
        f.header().set_flag(flags::HAS_DEL, true);
    }
    f
}

pub(super) fn new(_: &mut Vm, args: &[Value]) -> R {
    let Some(class) = args[0].as_ref::<Class>() else {
        return Ok(Value::None);
    };
    let role = match class.layout {
        Layout::Task => Role::Task,
        _ => Role::Plain,
    };
    Ok(make(class, Value::Undef, role).into())
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(f) = args[0].as_ref::<Future>() {
        let event_loop = loop_or_current(vm, &args[1])?;
        reset(f, event_loop);
        note_origin(vm, f);
    }
    Ok(Value::None)
}

/// Makes a future pending, as it is after `__init__`.
pub(super) fn reset(f: &Ref<Future>, event_loop: Value) {
    f.reset();
    f.event_loop.set(event_loop);
}

/// `loop.create_future()`.
pub fn create_future(vm: &mut Vm, event_loop: &Value) -> R {
    if LoopData::makes_plain_futures(event_loop) {
        let class = vm.types.future.clone();
        return Ok(Future::new(&class, event_loop.clone(), Role::Plain).into());
    }
    let name = vm.intern("create_future");
    vm.call_method(event_loop, &name, &[])
}

/// `_sleep(delay)`: a future of the running loop that gets None after a time, for `asyncio.sleep`;
/// None where that must go through `call_later` of the loop.
pub(super) fn sleep(vm: &mut Vm, args: &[Value]) -> R {
    let event_loop = vm.current.event_loop.get();
    let delay = match &args[0] {
        Value::Int(n) => *n as f64,
        Value::Float(f) => f.get(),
        _ => return Ok(Value::None),
    };
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Ok(Value::None);
    };
    if !data.queue.direct.get() || data.custom_timers || data.custom_future || data.custom_time {
        return Ok(Value::None);
    }
    let now = vm.host.clock.monotonic().as_secs_f64();
    let class = vm.types.future.clone();
    let f = Future::new(&class, event_loop.clone(), Role::Timer);
    data.set_timer(now + delay, f.as_obj().clone());
    Ok(f.into())
}

/// Settles a future of any kind with a result, unless it is done; whether it was pending.
pub fn settle_if_pending(vm: &mut Vm, value: &Value, result: Value) -> R<bool> {
    if let Some(f) = value.as_ref::<Future>()
        && f.is_plain()
        && !f.is_task()
        && !f.event_loop.is_undef()
    {
        if f.is_done() {
            return Ok(false);
        }
        set_result(vm, f, result)?;
        return Ok(true);
    }
    let done = vm.intern("done");
    let done = vm.call_method(value, &done, &[])?;
    if vm.truth(&done)? {
        return Ok(false);
    }
    let name = vm.intern("set_result");
    vm.call_method(value, &name, &[result])?;
    Ok(true)
}

/// The loop that was given, or the one that is running or set.
pub(super) fn loop_or_current(vm: &mut Vm, given: &Value) -> R {
    match given {
        Value::Undef | Value::None => super::registry::get_event_loop(vm),
        event_loop if super::loop_type::is_event_loop(event_loop) => Ok(event_loop.clone()),
        foreign => {
            // Any object that behaves like a loop will do: this is what tells.
            let name = vm.intern("get_debug");
            let (func, this) = vm.load_method(foreign, &name)?;
            let args = if this.is_undef() { vec![] } else { vec![this] };
            vm.call(&func, &args)?;
            Ok(foreign.clone())
        }
    }
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let f = this(vm, args)?;
    Ok(vm.make(FutureIter::new(f)))
}

fn exception(vm: &mut Vm, args: &[Value]) -> R {
    let f = this(vm, args)?;
    match f.state.get() {
        FutureState::Cancelled => {
            let exception = cancelled_error(vm, &f);
            Err(vm.raise(exception))
        }
        FutureState::Pending => {
            let class = vm.exc.invalid_state_error.clone();
            Err(vm.error(&class, "Exception is not set."))
        }
        FutureState::Finished => {
            f.log_traceback().set(false);
            Ok(f.exception().defined().unwrap_or(Value::None))
        }
    }
}

fn check_pending(vm: &mut Vm, f: &Ref<Future>) -> R<()> {
    if f.is_done() {
        let class = vm.exc.invalid_state_error.clone();
        return Err(vm.error(&class, "invalid state"));
    }
    Ok(())
}

/// Tells an observer that a future is done; of tasks it knows.
fn tell_settled(vm: &mut Vm, f: &Ref<Future>) {
    if vm.is_observed() && !f.is_task() {
        vm.tell(&Event::Settled(f));
    }
}

/// Finishes a pending future with a result.
pub(super) fn set_result(vm: &mut Vm, f: &Ref<Future>, result: Value) -> R<()> {
    check_pending(vm, f)?;
    if let Some(queue) = vm.current.queue_of(f) {
        queue.finish(f, result);
        return Ok(());
    }
    let waiters = f.take_waiters();
    f.set_result(result);
    tell_settled(vm, f);
    schedule::tell_all(vm, f, waiters)
}

fn set_result_method(vm: &mut Vm, args: &[Value]) -> R {
    let f = this(vm, args)?;
    if f.is_task() {
        return Err(vm.runtime_error("Task does not support set_result operation"));
    }
    set_result(vm, &f, args[1].clone())?;
    Ok(Value::None)
}

/// Finishes a pending future with an exception: an instance, or a class to make one of.
pub(super) fn set_exception(vm: &mut Vm, f: &Ref<Future>, exception: &Value) -> R<()> {
    check_pending(vm, f)?;
    let mut exception = exception.clone();
    let base = vm.exc.base_exception.clone();
    if exception
        .as_ref::<Class>()
        .is_some_and(|c| c.is_subclass(&base))
    {
        exception = vm.call(&exception, &[])?;
        // Its constructor may have settled the future.
        check_pending(vm, f)?;
    }
    let Some(object) = exception.as_ref::<Exception>() else {
        return Err(vm.type_error("invalid exception object"));
    };
    if object.class.get().is(&vm.exc.stop_iteration) {
        exception = stop_iteration_refused(vm, &exception);
    }
    let traceback = exception.downcast::<Exception>().map(|e| e.traceback.get());
    let waiters = f.take_waiters();
    f.extra().traceback.set(traceback.unwrap_or(Value::Undef));
    f.extra().exception.set(exception);
    f.state.set(FutureState::Finished);
    f.log_traceback().set(true);
    tell_settled(vm, f);
    schedule::tell_all(vm, f, waiters)
}

/// A StopIteration raised by `await` would look like the end of the coroutine.
fn stop_iteration_refused(vm: &mut Vm, cause: &Value) -> Value {
    let text = "StopIteration interacts badly with generators and cannot be raised into a Future";
    let class = vm.exc.runtime_error.clone();
    let exception = Exception::new(&class, Tuple::new([text.into()]));
    exception.cause.set(cause.clone());
    exception.context.set(cause.clone());
    exception.suppress_context.set(true);
    exception.into()
}

fn set_exception_method(vm: &mut Vm, args: &[Value]) -> R {
    let f = this(vm, args)?;
    if f.is_task() {
        return Err(vm.runtime_error("Task does not support set_exception operation"));
    }
    set_exception(vm, &f, &args[1])?;
    Ok(Value::None)
}

/// Adds a callback, or tells at once (that is, next turn) if the future is done.
pub(super) fn add_callback(vm: &mut Vm, f: &Ref<Future>, func: Value, context: Value) -> R<()> {
    add_waiter(vm, f, DoneCallback::new(func, context))
}

/// As `add_callback`.
pub(super) fn add_waiter(vm: &mut Vm, f: &Ref<Future>, callback: DoneCallback) -> R<()> {
    let waiter = Waiter::Callback(Box::new(callback));
    if f.is_done() {
        return schedule::tell(vm, f, waiter);
    }
    f.add_waiter(waiter);
    Ok(())
}

fn add_done_callback(vm: &mut Vm, args: &[Value]) -> R {
    let f = this(vm, args)?;
    let context = handle::context_or_current(vm, &args[2]);
    add_callback(vm, &f, args[1].clone(), context)?;
    Ok(Value::None)
}

/// Takes all callbacks out that equal `func`; their number.
pub(super) fn remove_callback(vm: &mut Vm, f: &Ref<Future>, func: &Value) -> R<usize> {
    let before = f.waiters();
    let mut removed = Vec::new();
    for waiter in &before {
        let there = waiter_func(vm, waiter);
        removed.push(vm.equal(&there, func)?);
    }
    let count = removed.iter().filter(|r| **r).count();
    if count > 0 {
        // Comparing may have run code that added callbacks: those behind `before` stay.
        let mut flags = removed.into_iter();
        let (gone, kept): (Vec<_>, Vec<_>) = f
            .take_waiters()
            .into_iter()
            .partition(|_| flags.next().unwrap_or(false));
        f.set_waiters(kept);
        drop(gone);
    }
    Ok(count)
}

fn remove_done_callback(vm: &mut Vm, args: &[Value]) -> R {
    let f = this(vm, args)?;
    Ok(remove_callback(vm, &f, &args[1])?.into())
}

/// The callable that stands for one who waits.
fn waiter_func(vm: &mut Vm, waiter: &Waiter) -> Value {
    match waiter {
        Waiter::Task(task) => step::wakeup_method(vm, task),
        Waiter::Callback(callback) => callback.func.clone(),
    }
}

/// Cancels a future that is not a task; false if it was done.
pub(super) fn cancel(vm: &mut Vm, f: &Ref<Future>, message: Value) -> R<bool> {
    f.log_traceback().set(false);
    if f.is_done() {
        return Ok(false);
    }
    if f.has_timer() {
        let event_loop = f.event_loop.get();
        if let Some(data) = event_loop.opaque::<LoopData>() {
            data.note_cancelled_timer();
        }
    }
    let waiters = f.take_waiters();
    f.state.set(FutureState::Cancelled);
    f.set_cancel_message(message);
    tell_settled(vm, f);
    schedule::tell_all(vm, f, waiters)?;
    Ok(true)
}

fn cancel_method(vm: &mut Vm, args: &[Value]) -> R {
    let f = this(vm, args)?;
    let message = args[1].given().cloned().unwrap_or(Value::None);
    Ok(cancel(vm, &f, message)?.into())
}

/// Marks the exception of a future that is done and was not cancelled as seen; its traceback is
/// kept for whoever retrieves it.
pub(super) fn consume_exception(f: &Ref<Future>) {
    // Its traceback stays for whoever really retrieves it.
    if f.state.get() == FutureState::Finished {
        f.log_traceback().set(false);
    }
}

// Attributes

fn callbacks(vm: &mut Vm, v: &Value) -> R {
    let Some(f) = v.as_ref::<Future>() else {
        return Ok(Value::None);
    };
    let waiters = f.waiters();
    if waiters.is_empty() {
        return Ok(Value::None);
    }
    let mut pairs = Vec::new();
    for waiter in &waiters {
        let func = waiter_func(vm, waiter);
        let context = match waiter {
            Waiter::Task(task) => super::task::context(vm, task),
            Waiter::Callback(callback) => super::context::object(vm, callback.context.clone()),
        };
        pairs.push(Tuple::value([func, context]));
    }
    Ok(List::value(pairs))
}

fn set_blocking(vm: &mut Vm, v: &Value, new: Option<Value>) -> R<()> {
    let Some(new) = new else {
        return Err(vm.attribute_error(v, "_asyncio_future_blocking", "cannot delete attribute"));
    };
    let on = vm.truth(&new)?;
    if let Some(f) = v.as_ref::<Future>() {
        f.blocking().set(on);
    }
    Ok(())
}

fn set_log_traceback(vm: &mut Vm, v: &Value, new: Option<Value>) -> R<()> {
    let Some(new) = new else {
        return Err(vm.attribute_error(v, "_log_traceback", "cannot delete attribute"));
    };
    if vm.truth(&new)? {
        return Err(vm.value_error("_log_traceback can only be set to False"));
    }
    if let Some(f) = v.as_ref::<Future>() {
        f.log_traceback().set(false);
    }
    Ok(())
}

fn set_cancel_message(vm: &mut Vm, v: &Value, new: Option<Value>) -> R<()> {
    match (v.as_ref::<Future>(), new) {
        (Some(f), Some(new)) => {
            f.extra().cancel_message.set(new);
            Ok(())
        }
        _ => Err(vm.attribute_error(v, "_cancel_message", "cannot delete attribute")),
    }
}

/// Closes a coroutine that will never run, so that nobody is warned about it.
pub(super) fn close_quietly(vm: &mut Vm, coro: &Value) {
    let close = vm.names.close.clone();
    if let Err(raise) = vm.call_method(coro, &close, &[]) {
        drop(vm.take_raised(raise));
    }
}
