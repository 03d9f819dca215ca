//! The module `_asyncio`, on which the package `asyncio` is built.

use super::data::LoopData;
use super::handle::{HandleData, TimerClass};
use super::loop_type::BaseLoop;
use super::{abstract_loop, awaited, children, executor, future, loop_type, registry, task};
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Kind, Module};
use crate::vm::ops::future::NextTurn;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub use super::executor::sleep_beside_loop;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_asyncio",
    doc: "Futures, tasks and event loops.",
    functions: &[
        NativeDef::new(
            "get_running_loop",
            "()",
            |vm, _| registry::running_loop(vm),
            "The running event loop.",
        ),
        NativeDef::new(
            "_get_running_loop",
            "()",
            |vm, _| Ok(vm.current.event_loop.defined().unwrap_or(Value::None)),
            "The running event loop, or None.",
        ),
        NativeDef::new(
            "_set_running_loop",
            "(loop, /)",
            registry::set_running_loop,
            "Set the running event loop.",
        ),
        NativeDef::new(
            "get_event_loop",
            "()",
            |vm, _| registry::get_event_loop(vm),
            "The running event loop, else the one that was set.",
        ),
        NativeDef::new(
            "set_event_loop",
            "(loop, /)",
            |vm, args| registry::set_event_loop(vm, &args[0]),
            "Set the event loop that get_event_loop() finds.",
        ),
        NativeDef::new(
            "current_task",
            "(loop=None)",
            registry::current_task,
            "The running task, or None.",
        ),
        NativeDef::new(
            "all_tasks",
            "(loop=None)",
            registry::all_tasks,
            "A set of the tasks that are not done.",
        ),
        NativeDef::new(
            "_register_task",
            "(task)",
            registry::register_task,
            "Let all_tasks() find a task.",
        ),
        NativeDef::new(
            "_unregister_task",
            "(task)",
            registry::unregister_task,
            "Let all_tasks() no longer find a task.",
        ),
        NativeDef::new(
            "_enter_task",
            "(loop, task)",
            |vm, args| registry::enter_task(vm, &args[0], &args[1]),
            "A step of a task begins.",
        ),
        NativeDef::new(
            "_leave_task",
            "(loop, task)",
            |vm, args| registry::leave_task(vm, &args[0], &args[1]),
            "A step of a task ends.",
        ),
        NativeDef::new(
            "_swap_current_task",
            "(loop, task)",
            registry::swap_current_task,
            "Set the current task; the one that was.",
        ),
        NativeDef::new(
            "_sleep",
            "(delay, /)",
            future::sleep,
            "A future that gets None after a time; None if the loop is not an ordinary one.",
        ),
        NativeDef::new(
            "_begin_children",
            "(args, callback, left, ensure_future, /)",
            children::begin,
            "Futures for the arguments of gather(), which tell the callback when they are done.",
        ),
        NativeDef::new(
            "_results",
            "(futures, /)",
            children::results,
            "The results or exceptions of futures that are done.",
        ),
        NativeDef::new(
            "_create_task",
            "(coro, name, context, /)",
            create_task,
            "A task of the running loop, made by its create_task().",
        ),
        NativeDef::new(
            "_as_future",
            "(value, loop, /)",
            as_future,
            "The future itself, or a task for a coroutine; None if it is something else.",
        ),
        NativeDef::new(
            "_set_interrupt_handler",
            "(handler, /)",
            set_interrupt_handler,
            "What Ctrl-C calls; the one that was.",
        ),
        NativeDef::new(
            "future_add_to_awaited_by",
            "(future, waiter, /)",
            awaited::add,
            "Record that `fut` is awaited on by `waiter`.",
        ),
        NativeDef::new(
            "future_discard_from_awaited_by",
            "(future, waiter, /)",
            awaited::discard,
            "Record that `fut` is no longer awaited on by `waiter`.",
        ),
        NativeDef::new(
            "_awaited_by",
            "(future, /)",
            awaited::awaited_by,
            "Who waits for a future.",
        ),
        NativeDef::new(
            "_suspended_chain",
            "(coroutine, /)",
            awaited::chain,
            "The frames of a chain of awaits, outermost first.",
        ),
        NativeDef::new(
            "_current_worker",
            "()",
            executor::current_worker,
            "The piece of work beside a loop that is running, or None.",
        ),
        NativeDef::new(
            "_wait_in_worker",
            "(future, /)",
            executor::wait_in_worker,
            "Let the loop go on until a future is done.",
        ),
        NativeDef::new(
            "_wake_later",
            "(delay, callback, /)",
            executor::wake_later,
            "Call a callback after a time, while somebody waits beside the loop; None if nobody else can wake the caller, who then has slept.",
        ),
    ],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let modules = vm.names.__module__.clone();
    let promise = vm.types.abstract_event_loop.clone();
    vm.extend_class(&promise, abstract_loop::METHODS, &[]);
    promise.dict.set_str(&modules, "asyncio.events".into());
    let doc = vm.names.__doc__.clone();
    promise
        .dict
        .set_str(&doc, "What every event loop promises.".into());
    for class in [
        vm.exc.cancelled_error.clone(),
        vm.exc.invalid_state_error.clone(),
    ] {
        class.dict.set_str(&modules, "asyncio.exceptions".into());
    }
    let classes = [
        ("Future", vm.types.future.clone()),
        ("Task", vm.types.task.clone()),
        ("AbstractEventLoop", promise),
        ("BaseEventLoop", vm.class_for::<BaseLoop>()),
        ("EventLoop", vm.class_for::<LoopData>()),
        ("Handle", vm.class_for::<HandleData>()),
        ("TimerHandle", vm.class_for::<TimerClass>()),
        ("CancelledError", vm.exc.cancelled_error.clone()),
        ("InvalidStateError", vm.exc.invalid_state_error.clone()),
        ("_CoroutineType", vm.types.coroutine.clone()),
    ];
    let next_turn = vm.make(NextTurn);
    vm.current.next_turn.set(next_turn.clone());
    let name = vm.intern("_next_turn");
    module.dict.set_str(&name, next_turn);
    for (name, class) in classes {
        let name = vm.intern(name);
        module.dict.set_str(&name, class.into());
    }
    Ok(())
}

/// `asyncio.create_task`.
fn create_task(vm: &mut Vm, args: &[Value]) -> R {
    let [coro, name, context] = args else {
        return Ok(Value::None);
    };
    let event_loop = registry::running_loop(vm)?;
    if LoopData::makes_plain_tasks(&event_loop) {
        return loop_type::make_task(vm, &event_loop, coro, name, context);
    }
    let method = vm.intern("create_task");
    let method = vm.get_attr(&event_loop, &method)?;
    let mut keywords = vec![(vm.intern("name"), name.clone())];
    if !context.is_none() {
        keywords.push((vm.names.context.clone(), context.clone()));
    }
    vm.call_kw(&method, std::slice::from_ref(coro), &keywords)
}

/// The commonest cases of `asyncio.ensure_future`: a future or a coroutine, in a running loop.
fn as_future(vm: &mut Vm, args: &[Value]) -> R {
    let [value, event_loop] = args else {
        return Ok(Value::None);
    };
    let event_loop = match event_loop {
        Value::None => vm.current.event_loop.get(),
        given => given.clone(),
    };
    match value.kind() {
        Some(Kind::Future) if args[1].is_none() => Ok(value.clone()),
        Some(Kind::Generator)
            if task::is_coroutine(vm, value) && LoopData::makes_plain_tasks(&event_loop) =>
        {
            loop_type::ensure_future(vm, &event_loop, value)
        }
        _ => Ok(Value::None),
    }
}

fn set_interrupt_handler(vm: &mut Vm, args: &[Value]) -> R {
    let new = if args[0].is_none() {
        Value::Undef
    } else {
        args[0].clone()
    };
    let old = vm.current.interrupt_handler.replace(new);
    Ok(old.defined().unwrap_or(Value::None))
}
