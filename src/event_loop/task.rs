//! `Task`: a future whose result a coroutine computes, step by step.

use super::data::LoopData;
use super::{context, future, repr, schedule, step};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Class, ClassFlags, Future, GenKind, Generator, Role, TaskPart};
use crate::vm::observe::Event;
use crate::vm::ready::Ready;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use smallvec::{SmallVec, smallvec};

const METHODS: &[NativeDef] = &[
    NativeDef::new(
        "__init__",
        "(self, coro, *, loop=None, name=None, context=None, eager_start=False)",
        init,
        "Initialize self.",
    ),
    NativeDef::constructor("(cls, *args, **kwargs)", future::new),
    NativeDef::new("__repr__", "(self, /)", repr::repr, "Return repr(self)."),
    NativeDef::new(
        "__del__",
        "(self, /)",
        future::finalize,
        "Called when the instance is about to be destroyed.",
    ),
    NativeDef::new(
        "cancel",
        "(self, /, msg=None)",
        cancel_method,
        "Ask for CancelledError to be raised in the coroutine at its next step.",
    ),
    NativeDef::new(
        "cancelling",
        "(self, /)",
        |_, args| {
            Ok(future::get(&args[0], |t| {
                Value::Int(t.cancel_requests().into())
            }))
        },
        "How many cancel requests are pending.",
    ),
    NativeDef::new(
        "uncancel",
        "(self, /)",
        uncancel,
        "Take one cancel request back; how many are left.",
    ),
    NativeDef::new(
        "get_stack",
        "(self, /, *, limit=None)",
        get_stack,
        "The frames of the coroutine.",
    ),
    NativeDef::new(
        "print_stack",
        "(self, /, *, limit=None, file=None)",
        print_stack,
        "Print where the coroutine stands.",
    ),
    NativeDef::new(
        "get_coro",
        "(self, /)",
        |_, args| Ok(part(&args[0], |p| p.coro.get())),
        "The coroutine.",
    ),
    NativeDef::new(
        "get_context",
        "(self, /)",
        get_context,
        "The context in which the coroutine runs.",
    ),
    NativeDef::new(
        "get_name",
        "(self, /)",
        |_, args| Ok(future::get(&args[0], name)),
        "The name.",
    ),
    NativeDef::new("set_name", "(self, value, /)", set_name, "Set the name."),
    NativeDef::new(
        "__class_getitem__",
        "(cls, item, /)",
        repr::class_getitem,
        "See PEP 585",
    )
    .class(),
];

const GETSET: &[GetSet] = &[
    GetSet::read("_coro", |_, v| Ok(part(v, |p| p.coro.get())), ""),
    GetSet::read(
        "_fut_waiter",
        |_, v| Ok(part(v, |p| p.waiting_for.get())),
        "",
    ),
    GetSet::read(
        "_must_cancel",
        |_, v| Ok(future::get(v, |t| t.must_cancel().get().into())),
        "",
    ),
    GetSet::write(
        "_log_destroy_pending",
        |_, v| Ok(future::get(v, |t| t.log_destroy_pending().get().into())),
        set_log_destroy_pending,
        "",
    ),
];

/// Gives the class its methods.
pub(super) fn install(vm: &mut Vm) {
    let class = vm.types.task.clone();
    vm.extend_class(&class, METHODS, GETSET);
    let module = vm.names.__module__.clone();
    class.dict.set_str(&module, "_asyncio".into());
    class.flags.set(ClassFlags {
        no_dict: false,
        ..class.flags()
    });
}

/// Something of a task's own part, `None` where there is nothing.
fn part(value: &Value, f: impl Fn(&TaskPart) -> Value) -> Value {
    future::get(value, |task| task.part().map_or(Value::None, &f))
}

/// What the program is told to be the task's name.
pub(super) fn name(task: &Ref<Future>) -> Value {
    if !task.is_task() {
        return Value::None;
    }
    match task.own().and_then(|own| own.name.defined()) {
        Some(name) => name,
        None => format!("Task-{}", task.number()).into(),
    }
}

/// The task's context as an object.
pub(super) fn context(vm: &mut Vm, task: &Ref<Future>) -> Value {
    let Some(part) = task.part() else {
        return Value::None;
    };
    if let Some(context) = part.context.defined() {
        return context;
    }
    let runs = vm
        .current
        .task
        .get()
        .as_obj()
        .is_some_and(|t| t.is(task.as_obj()));
    let made = if runs {
        context::current_object(vm)
    } else {
        context::object(vm, Value::Undef)
    };
    part.context.set(made.clone());
    made
}

/// Whether a task can be made of a value: a coroutine, or an object that behaves like one.
pub(super) fn is_coroutine(vm: &mut Vm, value: &Value) -> bool {
    if let Some(generator) = value.as_ref::<Generator>() {
        return generator.kind() == GenKind::Coroutine;
    }
    let class = vm.class_of(value);
    let names = [
        vm.names.__await__.clone(),
        vm.names.send.clone(),
        vm.names.throw.clone(),
        vm.names.close.clone(),
    ];
    names.iter().all(|n| vm.lookup(&class, n).is_some())
}

/// What a task is made of.
pub(super) struct Spec<'a> {
    pub coro: &'a Value,
    /// `Undef` or `None` for a number.
    pub name: &'a Value,
    /// `Undef` or `None` for a copy of the current one.
    pub context: &'a Value,
    pub eager: bool,
}

/// A task that takes its first step in the next turn, or at once if it is eager.
pub(super) fn spawn(
    vm: &mut Vm,
    class: &Ref<Class>,
    event_loop: &Value,
    spec: &Spec,
) -> R<Ref<Future>> {
    check_coroutine(vm, spec.coro)?;
    let task = future::make(class, event_loop.clone(), Role::Task);
    start(vm, &task, event_loop, spec)?;
    Ok(task)
}

fn check_coroutine(vm: &mut Vm, coro: &Value) -> R<()> {
    if is_coroutine(vm, coro) {
        return Ok(());
    }
    let text = vm.repr(coro)?;
    Err(vm.type_error(format!("a coroutine was expected, got {}", text.as_str())))
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let [this, coro, event_loop, name, context, eager] = args else {
        return Ok(Value::None);
    };
    let Some(task) = this.as_ref::<Future>() else {
        return Ok(Value::None);
    };
    let given = event_loop;
    let event_loop = future::loop_or_current(vm, given)?;
    future::reset(task, event_loop.clone());
    if let Err(raise) = check_coroutine(vm, coro) {
        task.log_destroy_pending().set(false);
        return Err(raise);
    }
    let eager = match eager.given() {
        Some(flag) => vm.truth(flag)?,
        None => false,
    };
    let spec = Spec {
        coro,
        name,
        context,
        eager,
    };
    // As in CPython 3.13.0, an eager task asks the loop that was given, even if none was.
    let asked = given.given().unwrap_or(&Value::None);
    start(vm, task, asked, &spec)?;
    Ok(Value::None)
}

/// Fills the task's part and queues (or takes) its first step: the latter if the loop that is asked
/// says that it runs.
fn start(vm: &mut Vm, task: &Ref<Future>, asked: &Value, spec: &Spec) -> R<()> {
    let Some(part) = task.part() else {
        return Ok(());
    };
    name_task(vm, task, spec.name)?;
    future::note_origin(vm, task);
    let context = match spec.context {
        Value::Undef | Value::None => context::copy_current(vm),
        context => context.clone(),
    };
    part.context.set(context);
    part.coro.set(spec.coro.clone());
    if vm.is_observed() {
        vm.tell(&Event::TaskMade(task));
    }
    if vm.is_profiled() {
        vm.note_task_made(task, spec.coro, name);
    }
    if spec.eager && is_running(vm, asked)? {
        return step::eager_start(vm, task);
    }
    schedule::push(vm, &task.event_loop.get(), Ready::Step(task.clone()))
}

/// A number for its default name, or the name it was given.
fn name_task(vm: &mut Vm, task: &Ref<Future>, name: &Value) -> R<()> {
    let numbers = &vm.current.task_numbers;
    if let Value::Undef | Value::None = name {
        numbers.set(numbers.get() + 1);
        task.begin(numbers.get());
        return Ok(());
    }
    let name = vm.str(name)?;
    task.begin(vm.current.task_numbers.get());
    let named = &vm.current.named_tasks;
    named.set(named.get() + 1);
    let own = task.own_or_new();
    own.order.set(named.get());
    own.name.set(name.into());
    Ok(())
}

fn is_running(vm: &mut Vm, event_loop: &Value) -> R<bool> {
    if let Some(data) = event_loop.opaque::<LoopData>() {
        return Ok(data.running.get());
    }
    let name = vm.intern("is_running");
    let running = vm.call_method(event_loop, &name, &[])?;
    vm.truth(&running)
}

// Cancelling

/// Cancels whatever a task waits for, by its own method if it has one; true if it accepted.
pub(super) fn cancel_any(vm: &mut Vm, awaited: &Value, message: Value) -> R<bool> {
    if let Some(f) = awaited.as_ref::<Future>() {
        if f.is_plain() && !f.is_task() {
            return future::cancel(vm, f, message);
        }
        if f.is_plain() {
            return cancel(vm, f, message);
        }
    }
    let name = vm.names.cancel.clone();
    let method = vm.get_attr(awaited, &name)?;
    let keyword = vm.names.msg.clone();
    let accepted = vm.call_kw(&method, &[], &[(keyword, message)])?;
    vm.truth(&accepted)
}

/// Asks a task to stop: whatever it waits for is cancelled, or else its next step raises
/// CancelledError. False if it was done.
pub(super) fn cancel(vm: &mut Vm, task: &Ref<Future>, message: Value) -> R<bool> {
    if vm.is_observed() && !task.is_done() {
        vm.tell(&Event::CancelAsked(task));
    }
    // Tasks that wait for tasks that wait for tasks… make a chain of any length: so a loop.
    let mut chain: SmallVec<[Ref<Future>; 2]> = smallvec![task.clone()];
    // In a circle, one is met again before the chain is twice as long.
    let mut landmark = task.clone();
    let origin = vm.running_place();
    let mut accepted = loop {
        let Some(last) = chain.last().cloned() else {
            break false;
        };
        if chain.len() > 1 && last.as_obj().is(landmark.as_obj()) {
            return Err(vm.recursion_error(" while calling a Python object"));
        }
        if chain.len().is_power_of_two() {
            landmark = last.clone();
        }
        last.log_traceback().set(false);
        if last.is_done() {
            chain.pop();
            break false;
        }
        let Some(part) = last.part() else {
            break false;
        };
        last.set_cancel_requests(last.cancel_requests().saturating_add(1));
        if let Some((code, at)) = &origin {
            let extra = last.extra();
            extra.cancelled_in.set(code.clone().into());
            extra.cancelled_at.set(*at);
        }
        match part.waiting_for.get() {
            Value::Undef => break false,
            awaited => match awaited.as_ref::<Future>() {
                Some(next) if next.is_task() && next.is_plain() => chain.push(next.clone()),
                _ => break cancel_any(vm, &awaited, message.clone())?,
            },
        }
    };
    if chain.is_empty() {
        return Ok(false);
    }
    for task in chain.iter().rev() {
        if !accepted {
            task.must_cancel().set(true);
            task.set_cancel_message(message.clone());
            accepted = true;
        }
    }
    Ok(true)
}

fn cancel_method(vm: &mut Vm, args: &[Value]) -> R {
    let task = future::this(vm, args)?;
    let message = args[1].given().cloned().unwrap_or(Value::None);
    Ok(cancel(vm, &task, message)?.into())
}

fn uncancel(_: &mut Vm, args: &[Value]) -> R {
    Ok(future::get(&args[0], |t| {
        let pending = t.cancel_requests();
        let left = pending.saturating_sub(1);
        t.set_cancel_requests(left);
        if pending > 0 && left == 0 {
            t.must_cancel().set(false);
        }
        Value::Int(left.into())
    }))
}

// Inspection

fn get_context(vm: &mut Vm, args: &[Value]) -> R {
    let task = future::this(vm, args)?;
    Ok(context(vm, &task))
}

fn set_name(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.str(&args[1])?;
    if let Some(task) = args[0].downcast::<Future>() {
        task.own_or_new().name.set(name.into());
    }
    Ok(Value::None)
}

fn set_log_destroy_pending(vm: &mut Vm, v: &Value, new: Option<Value>) -> R<()> {
    let Some(new) = new else {
        return Err(vm.attribute_error(v, "_log_destroy_pending", "cannot delete attribute"));
    };
    let on = vm.truth(&new)?;
    if let Some(task) = v.downcast::<Future>() {
        task.log_destroy_pending().set(on);
    }
    Ok(())
}

/// Calls a function of the library that does the work with frames.
fn library(vm: &mut Vm, name: &str, args: &[Value]) -> R {
    let module = super::loop_type::import(vm, "asyncio.base_tasks")?;
    let name = vm.intern(name);
    vm.call_method(&module, &name, args)
}

fn get_stack(vm: &mut Vm, args: &[Value]) -> R {
    let limit = args[1].given().cloned().unwrap_or(Value::None);
    library(vm, "_task_get_stack", &[args[0].clone(), limit])
}

fn print_stack(vm: &mut Vm, args: &[Value]) -> R {
    let limit = args[1].given().cloned().unwrap_or(Value::None);
    let file = args[2].given().cloned().unwrap_or(Value::None);
    library(vm, "_task_print_stack", &[args[0].clone(), limit, file])
}
