//! The class of event loops: everything that does not run.

use super::data::LoopData;
use super::handle::{self, context_or_current};
use super::{executor, future, loop_hooks, registry, report, schedule, task, turn};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{
    Class, Function, Future, Generator, Kind, Layout, NativeData, Opaque, Role, Str, Tuple,
};
use crate::vm::observe::Event;
use crate::vm::ops::arith::Arith;
use crate::vm::ops::attr::own_attr;
use crate::vm::ready::Ready;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Stand for the classes that the class of loops is derived from, whose objects hold `LoopData`
/// too.
pub(super) struct BaseLoop;
struct SelectorLoop;

impl NativeData for BaseLoop {}
impl NativeData for SelectorLoop {}

impl NativeType for BaseLoop {
    const DEF: &'static TypeDef = &BASE_EVENT_LOOP;
}

impl NativeType for SelectorLoop {
    const DEF: &'static TypeDef = &SELECTOR_EVENT_LOOP;
}

impl NativeType for LoopData {
    const DEF: &'static TypeDef = &EVENT_LOOP;
}

const LAYOUT: Layout = Layout::Opaque(0x4c50);

static EVENT_LOOP: TypeDef = TypeDef::new("_UnixSelectorEventLoop", "asyncio.unix_events", LAYOUT)
    .doc("Runs tasks and callbacks, one after the other.")
    .base(|vm| vm.class_for::<SelectorLoop>())
    .with_dict()
    .methods(&[
        WITH_SELECTOR,
        CLOSE,
        NativeDef::new(
            "add_signal_handler",
            "(self, sig, callback, *args)",
            |vm, a| by_module(vm, SIGNALS, "add_signal_handler", a),
            "Call a callback when a signal comes.",
        ),
        NativeDef::new(
            "remove_signal_handler",
            "(self, sig)",
            |vm, a| by_module(vm, SIGNALS, "remove_signal_handler", a),
            "Let a signal do what it does by default.",
        ),
    ]);

static SELECTOR_EVENT_LOOP: TypeDef =
    TypeDef::new("BaseSelectorEventLoop", "asyncio.selector_events", LAYOUT)
        .doc("A loop that would wait for sockets if there were any.")
        .base(|vm| vm.class_for::<BaseLoop>())
        .with_dict()
        .methods(&[WITH_SELECTOR, CLOSE]);

const WITH_SELECTOR: NativeDef = NativeDef::new(
    "__init__",
    "(self, selector=None)",
    |_, _| Ok(Value::None),
    "",
);
const CLOSE: NativeDef = NativeDef::new("close", "(self)", close, "");

static BASE_EVENT_LOOP: TypeDef = TypeDef::new("BaseEventLoop", "asyncio.base_events", LAYOUT)
    .base(|vm| vm.types.abstract_event_loop.clone())
    .with_dict()
    .methods(&[
        NativeDef::constructor("(cls, *args, **kwargs)", new),
        NativeDef::new("__repr__", "(self)", repr, ""),
        NativeDef::new("__init__", "(self)", |_, _| Ok(Value::None), ""),
        NativeDef::new(
            "call_soon",
            "(self, callback, *args, context=None)",
            call_soon,
            "Call a callback in the next turn.",
        ),
        NativeDef::new(
            "call_soon_threadsafe",
            "(self, callback, *args, context=None)",
            |vm, a| call_soon_as(vm, a, "call_soon_threadsafe"),
            "Like call_soon(), from other work.",
        ),
        NativeDef::new(
            "call_later",
            "(self, delay, callback, *args, context=None)",
            call_later,
            "Call a callback some seconds from now.",
        ),
        NativeDef::new(
            "call_at",
            "(self, when, callback, *args, context=None)",
            call_at,
            "Call a callback at a time of the loop's clock.",
        ),
        NativeDef::new(
            "time",
            "(self)",
            looked_at,
            "The time by the loop's clock, in seconds.",
        ),
        NativeDef::new(
            "run_forever",
            "(self)",
            turn::run_forever,
            "Run until stop() is called.",
        ),
        NativeDef::new(
            "run_until_complete",
            "(self, future)",
            turn::run_until_complete,
            "Run until the future is done; its result.",
        ),
        NativeDef::new("stop", "(self)", stop, "Stop after the present turn."),
        NativeDef::new(
            "close",
            "(self)",
            close,
            "Close the loop, which must not be running.",
        ),
        NativeDef::new(
            "is_running",
            "(self)",
            |_, a| Ok(registry::is_running(&a[0]).into()),
            "Whether it is running.",
        ),
        NativeDef::new(
            "is_closed",
            "(self)",
            |_, a| Ok(data(a).is_some_and(|d| d.closed.get()).into()),
            "Whether it was closed.",
        ),
        NativeDef::new(
            "create_future",
            "(self)",
            create_future,
            "A future of this loop.",
        ),
        NativeDef::new(
            "create_task",
            "(self, coro, *, name=None, context=None)",
            create_task,
            "Let a coroutine run as a task.",
        ),
        NativeDef::new(
            "set_task_factory",
            "(self, factory)",
            set_task_factory,
            "Set what makes tasks.",
        ),
        NativeDef::new(
            "get_task_factory",
            "(self)",
            |_, a| Ok(data(a).map_or(Value::None, |d| d.task_factory.get())),
            "What makes tasks, or None.",
        ),
        NativeDef::new(
            "set_exception_handler",
            "(self, handler)",
            set_exception_handler,
            "Set what is called with errors that nobody handles.",
        ),
        NativeDef::new(
            "get_exception_handler",
            "(self)",
            |_, a| Ok(data(a).map_or(Value::None, |d| d.exception_handler.get())),
            "The handler, or None.",
        ),
        NativeDef::new(
            "default_exception_handler",
            "(self, context)",
            report::default_exception_handler,
            "Log an error.",
        ),
        NativeDef::new(
            "call_exception_handler",
            "(self, context)",
            report::call_exception_handler,
            "Report an error.",
        ),
        NativeDef::new(
            "get_debug",
            "(self)",
            |_, a| Ok(data(a).is_some_and(|d| d.debug.get()).into()),
            "",
        ),
        NativeDef::new("set_debug", "(self, enabled)", set_debug, ""),
        NativeDef::new(
            "run_in_executor",
            "(self, executor, func, *args)",
            executor::run_in_executor,
            "",
        ),
        NativeDef::new(
            "set_default_executor",
            "(self, executor)",
            executor::set_default_executor,
            "",
        ),
        NativeDef::new(
            "shutdown_asyncgens",
            "(self)",
            |vm, a| by_module(vm, ENDS, "shutdown_asyncgens", a),
            "Close all async generators.",
        )
        .making_coroutine(),
        NativeDef::new(
            "shutdown_default_executor",
            "(self, timeout=None)",
            |vm, a| by_module(vm, ENDS, "shutdown_default_executor", a),
            "Wait for the work of the executor.",
        )
        .making_coroutine(),
        NativeDef::new(
            "_add_callback_signalsafe",
            "(self, handle)",
            add_callback,
            "",
        ),
        NativeDef::new(
            "_asyncgen_firstiter_hook",
            "(self, agen)",
            loop_hooks::first_iteration,
            "",
        ),
        NativeDef::new(
            "_asyncgen_finalizer_hook",
            "(self, agen)",
            loop_hooks::finalize,
            "",
        ),
        NativeDef::new("_close_asyncgens", "(self)", loop_hooks::take_asyncgens, ""),
        NativeDef::new(
            "_run_in_context",
            "(self, context, func, args, kwargs, /)",
            executor::run_in_context,
            "",
        ),
        NativeDef::new(
            "_begin_work",
            "(self, func, args, /)",
            executor::begin_work,
            "",
        ),
        NativeDef::new("_close_executor", "(self)", executor::close, ""),
        NativeDef::new(
            "_check_closed",
            "(self)",
            |vm, a| {
                this(vm, a).and_then(|d| schedule::check_open(vm, d))?;
                Ok(Value::None)
            },
            "",
        ),
    ])
    .getset(&[GetSet::write(
        "slow_callback_duration",
        |_, v| {
            Ok(v.opaque::<LoopData>()
                .map_or(Value::None, |d| d.slow_callback_duration.get()))
        },
        set_slow_callback_duration,
        "",
    )]);

fn data(args: &[Value]) -> Option<&LoopData> {
    args.first().and_then(|v| v.opaque::<LoopData>())
}

/// The loop that a method was called on.
pub(super) fn this<'a>(vm: &mut Vm, args: &'a [Value]) -> R<&'a LoopData> {
    match data(args) {
        Some(data) => Ok(data),
        None => Err(vm.type_error("an event loop was expected")),
    }
}

/// Whether a value is an event loop of ours.
pub(super) fn is_event_loop(value: &Value) -> bool {
    value.opaque::<LoopData>().is_some()
}

/// A new loop.
pub(super) fn new_loop(vm: &mut Vm) -> Value {
    let data = LoopData::new([false; 6]);
    data.debug.set(vm.host.debug_loops);
    vm.make(data)
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let base = vm.class_for::<LoopData>();
    let class = args[0]
        .as_ref::<Class>()
        .cloned()
        .unwrap_or_else(|| base.clone());
    let mut overrides = |name: &str| {
        let name = vm.intern(name);
        match (vm.lookup(&class, &name), vm.lookup(&base, &name)) {
            (Some(found), Some(own)) => !found.is(&own),
            _ => false,
        }
    };
    let names = [
        "call_soon",
        "time",
        "create_future",
        "create_task",
        "call_later",
        "call_at",
    ];
    let data = LoopData::new(names.map(&mut overrides));
    data.debug.set(vm.host.debug_loops);
    Ok(vm.make_in(&class, data))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    let word = |on: bool| if on { "True" } else { "False" };
    Ok(format!(
        "<{} running={} closed={} debug={}>",
        vm.class_of(&args[0]).name(),
        word(data.running.get()),
        word(data.closed.get()),
        word(data.debug.get())
    )
    .into())
}

// Callbacks

/// `loop._add_callback_signalsafe(handle)`: what a signal calls goes behind what is ready.
fn add_callback(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    if let Some(handle) = args[1].as_ref::<Opaque>()
        && handle.get::<handle::HandleData>().is_some()
    {
        queue_handle(vm, data, handle);
    }
    Ok(Value::None)
}

fn call_soon(vm: &mut Vm, args: &[Value]) -> R {
    call_soon_as(vm, args, "call_soon")
}

/// `call_soon`, under the name that complaints give it.
fn call_soon_as(vm: &mut Vm, args: &[Value], name: &str) -> R {
    let [event_loop, callback, given, context] = args else {
        return Ok(Value::None);
    };
    let data = this(vm, args)?;
    schedule::check_open(vm, data)?;
    if data.debug.get() {
        check_callback(vm, callback, name)?;
    }
    let context = context_or_current(vm, context);
    let handle = handle::make(
        vm,
        event_loop,
        Value::Undef,
        callback.clone(),
        given.clone(),
        context,
    );
    queue_handle(vm, data, &handle);
    Ok(handle.into())
}

/// A callback must be callable, and no coroutine: only debug mode looks.
pub(super) fn check_callback(vm: &mut Vm, callback: &Value, method: &str) -> R<()> {
    let makes_coroutine = callback
        .as_ref::<Function>()
        .is_some_and(|f| f.code.get().code.flags.coroutine);
    if makes_coroutine
        || (callback.as_ref::<Generator>().is_some() && task::is_coroutine(vm, callback))
    {
        return Err(vm.type_error(format!("coroutines cannot be used with {method}()")));
    }
    if !is_callable(vm, callback) {
        let text = vm.repr(callback)?;
        return Err(vm.type_error(format!(
            "a callable object was expected by {method}(), got {}",
            text.as_str()
        )));
    }
    Ok(())
}

pub(super) fn is_callable(vm: &mut Vm, value: &Value) -> bool {
    let by_kind = matches!(
        value.kind(),
        Some(
            Kind::Function
                | Kind::NativeFunction
                | Kind::BoundMethod
                | Kind::Class
                | Kind::StaticMethod
        )
    );
    let name = vm.names.__call__.clone();
    by_kind || vm.lookup(&vm.class_of(value), &name).is_some()
}

fn call_later(vm: &mut Vm, args: &[Value]) -> R {
    let [event_loop, delay, callback, given, context] = args else {
        return Ok(Value::None);
    };
    if delay.is_none() {
        return Err(vm.type_error("delay must not be None"));
    }
    let data = this(vm, args)?;
    let now = now(vm, event_loop, data)?;
    let when = match (&now, delay) {
        (Value::Float(now), Value::Float(delay)) => Value::float(now.get() + delay.get()),
        (Value::Float(now), Value::Int(delay)) => Value::float(now.get() + *delay as f64),
        _ => vm.arith(Arith::Add, &now, delay, false)?,
    };
    schedule_timer(vm, event_loop, data, when, callback, given, context)
}

fn call_at(vm: &mut Vm, args: &[Value]) -> R {
    let [event_loop, when, callback, given, context] = args else {
        return Ok(Value::None);
    };
    if when.is_none() {
        return Err(vm.type_error("when cannot be None"));
    }
    let data = this(vm, args)?;
    schedule_timer(vm, event_loop, data, when.clone(), callback, given, context)
}

fn schedule_timer(
    vm: &mut Vm,
    event_loop: &Value,
    data: &LoopData,
    when: Value,
    callback: &Value,
    given: &Value,
    context: &Value,
) -> R {
    schedule::check_open(vm, data)?;
    if data.debug.get() {
        check_callback(vm, callback, "call_at")?;
    }
    let due = vm.to_f64(&when)?;
    let context = context_or_current(vm, context);
    let handle = handle::make(
        vm,
        event_loop,
        when,
        callback.clone(),
        given.clone(),
        context,
    );
    if let Some(own) = handle.get::<handle::HandleData>() {
        own.scheduled.set(true);
    }
    if vm.is_observed() {
        vm.tell(&Event::TimerSet(due, handle.as_obj()));
    }
    data.set_timer(due, handle.as_obj().clone());
    Ok(handle.into())
}

fn queue_handle(vm: &mut Vm, data: &LoopData, handle: &Ref<Opaque>) {
    let what = Ready::Handle(handle.clone());
    if vm.is_observed() {
        vm.tell(&Event::Queued(&what));
    }
    data.queue.push(what);
}

/// `loop.time()`. The library, which counts from there for each timeout, does not wait for it to
/// move.
fn looked_at(vm: &mut Vm, args: &[Value]) -> R {
    let place = vm.running_place();
    if place.is_none_or(|(code, _)| !code.code.source.is_library()) {
        vm.host.clock.look();
    }
    time(vm, args)
}

fn time(vm: &mut Vm, _: &[Value]) -> R {
    Ok(Value::float(vm.host.clock.monotonic().as_secs_f64()))
}

/// The loop's time: by its own `time()` if a subclass has one.
pub(super) fn now(vm: &mut Vm, event_loop: &Value, data: &LoopData) -> R {
    if data.custom_time {
        let name = vm.intern("time");
        return vm.call_method(event_loop, &name, &[]);
    }
    time(vm, &[])
}

// State

fn stop(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, args)?.queue.stopping.set(true);
    Ok(Value::None)
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    if data.running.get() {
        return Err(vm.runtime_error("Cannot close a running event loop"));
    }
    if data.closed.replace(true) {
        return Ok(Value::None);
    }
    data.decide_direct(vm);
    data.clear_queues();
    let handlers = vm.intern("_signal_handlers");
    if own_attr(&args[0], &handlers).is_some() {
        by_module(vm, SIGNALS, "remove_signal_handlers", args)?;
    }
    data.executor_closed.set(true);
    let executor = data.default_executor.replace(Value::None);
    if !executor.is_none() {
        let name = vm.intern("shutdown");
        let shutdown = vm.get_attr(&executor, &name)?;
        let wait = vm.intern("wait");
        vm.call_kw(&shutdown, &[], &[(wait, Value::False)])?;
    }
    Ok(Value::None)
}

fn set_debug(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    let on = vm.truth(&args[1])?;
    data.debug.set(on);
    data.decide_direct(vm);
    if data.running.get() {
        loop_hooks::track_origins(vm, data, on);
    }
    Ok(Value::None)
}

fn set_slow_callback_duration(vm: &mut Vm, v: &Value, new: Option<Value>) -> R<()> {
    match (v.opaque::<LoopData>(), new) {
        (Some(data), Some(new)) => {
            data.slow_callback_duration.set(new);
            Ok(())
        }
        _ => Err(vm.attribute_error(v, "slow_callback_duration", "slow_callback_duration")),
    }
}

fn set_exception_handler(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    if !args[1].is_none() && !is_callable(vm, &args[1]) {
        let text = vm.repr(&args[1])?;
        return Err(vm.type_error(format!(
            "A callable object or None is expected, got {}",
            text.as_str()
        )));
    }
    data.exception_handler.set(args[1].clone());
    Ok(Value::None)
}

fn set_task_factory(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    if !args[1].is_none() && !is_callable(vm, &args[1]) {
        return Err(vm.type_error("task factory must be a callable or None"));
    }
    data.task_factory.set(args[1].clone());
    Ok(Value::None)
}

// Futures and tasks

fn create_future(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.future.clone();
    let made = Future::new(&class, args[0].clone(), Role::Plain);
    future::note_origin(vm, &made);
    Ok(made.into())
}

fn create_task(vm: &mut Vm, args: &[Value]) -> R {
    let [event_loop, coro, name, context] = args else {
        return Ok(Value::None);
    };
    make_task(vm, event_loop, coro, name, context)
}

/// `loop.create_task(…)`.
pub(super) fn make_task(
    vm: &mut Vm,
    event_loop: &Value,
    coro: &Value,
    name: &Value,
    context: &Value,
) -> R {
    let Some(data) = event_loop.opaque::<LoopData>() else {
        let method = vm.intern("create_task");
        return vm.call_method(event_loop, &method, std::slice::from_ref(coro));
    };
    schedule::check_open(vm, data)?;
    let factory = data.task_factory.get();
    if factory.is_none() {
        let class = vm.types.task.clone();
        let spec = task::Spec {
            coro,
            name,
            context,
            eager: false,
        };
        return Ok(task::spawn(vm, &class, event_loop, &spec)?.into());
    }
    let keywords: Vec<(Ref<Str>, Value)> = match context {
        Value::Undef | Value::None => vec![],
        context => vec![(vm.names.context.clone(), context.clone())],
    };
    let task = vm.call_kw(&factory, &[event_loop.clone(), coro.clone()], &keywords)?;
    let set_name = vm.intern("set_name");
    let name = name.given().cloned().unwrap_or(Value::None);
    vm.call_method(&task, &set_name, &[name])?;
    Ok(task)
}

/// The future itself, or a task for a coroutine or another awaitable.
pub(super) fn ensure_future(vm: &mut Vm, event_loop: &Value, value: &Value) -> R {
    if let Some(f) = value.as_ref::<Future>() {
        if f.event_loop.get().is(event_loop) {
            return Ok(value.clone());
        }
        return Err(vm.value_error(
            "The future belongs to a different loop than the one specified as the loop argument",
        ));
    }
    if task::is_coroutine(vm, value) {
        return match make_task(vm, event_loop, value, &Value::Undef, &Value::Undef) {
            Ok(task) => Ok(task),
            Err(raise) => {
                let exception = vm.take_raised(raise);
                if vm.class_of(&exception).is_subclass(&vm.exc.runtime_error) {
                    // Nobody will ever run it, so nobody shall be warned about it.
                    future::close_quietly(vm, value);
                }
                Err(vm.pass_on(exception))
            }
        };
    }
    let tasks = import(vm, "asyncio.tasks")?;
    let name = vm.intern("ensure_future");
    let ensure = vm.get_attr(&tasks, &name)?;
    let keyword = vm.intern("loop");
    vm.call_kw(
        &ensure,
        std::slice::from_ref(value),
        &[(keyword, event_loop.clone())],
    )
}

/// Imports a module of the library.
pub(super) fn import(vm: &mut Vm, name: &str) -> R {
    let import = vm.names.__import__.clone();
    let Some(import) = vm.builtins.get_str(&import) else {
        let class = vm.exc.import_error.clone();
        return Err(vm.error(&class, "__import__ not found"));
    };
    let all = Tuple::value([Value::str("*")]);
    vm.call(&import, &[name.into(), Value::None, Value::None, all])
}

/// What the coroutines that `asyncio.run` ends with stand in.
const ENDS: &str = "asyncio.base_events";
/// What signals are handled in.
const SIGNALS: &str = "asyncio.unix_events";

/// Some of what a loop does is written in the language.
fn by_module(vm: &mut Vm, module: &str, name: &str, args: &[Value]) -> R {
    let module = import(vm, module)?;
    let name = vm.intern(name);
    let args: Vec<Value> = args
        .iter()
        .map(|a| a.given().cloned().unwrap_or(Value::None))
        .collect();
    vm.call_method(&module, &name, &args)
}
