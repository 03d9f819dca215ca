//! One step of a task: what its coroutine does between two suspensions, and what follows from
//! how it ended.

use super::data::{Executing, LoopData};
use super::{context, future, report, schedule, task};
use crate::vm::call::Resumed;
use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::hooks::{LoopAction, StepOutcome};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{
    Exception, Future, FutureState, GenKind, Generator, Layout, NativeData, NativeFunction,
    TaskPart, Tuple, Waiter,
};
use crate::vm::observe::Event;
use crate::vm::ops::future::{cancelled_error, retrieve_exception};
use crate::vm::ready::Ready;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Resume, Vm};

/// Begins a step in the loop's turn. `exception` is raised in the coroutine unless it is `Undef`.
/// `None` if the step is over already.
#[inline]
pub(super) fn begin(
    vm: &mut Vm,
    data: &LoopData,
    task: Ref<Future>,
    exception: Value,
) -> R<Option<LoopAction>> {
    let woken_by = task.part().map(|p| p.waiting_for.get());
    let prepared = prepare(vm, &task, exception);
    let entered = prepared.and_then(|(coro, exception)| {
        let own = task.part().map_or(Value::Undef, |p| p.context.get());
        let outer = context::enter(vm, own)?;
        Ok((coro, exception, outer))
    });
    let (coro, exception, outer) = match entered {
        Ok(ready) => ready,
        Err(raise) => {
            let method = step_method(vm, &task, Value::Undef);
            report::callback_failed(vm, raise, &method)?;
            return Ok(None);
        }
    };
    data.outer_context.set(outer);
    vm.current.task.set(task.clone().into());
    let woken_by = woken_by.unwrap_or(Value::Undef);
    vm.current.woken_by.set(if exception.is_undef() {
        woken_by
    } else {
        kept_with(&exception, woken_by)
    });
    if vm.is_observed() {
        vm.tell(&Event::StepBegun(&task, &exception));
    }
    if vm.is_profiled() {
        vm.note_step(task.header().aux());
    }
    match coro {
        Value::Obj(object) => match object.into_ref::<Generator>() {
            Ok(coro) => {
                *data.executing.borrow_mut() = Executing::Task;
                let how = resume_by(exception);
                Ok(Some(LoopAction::Step { task, coro, how }))
            }
            Err(object) => {
                let outcome = resume(vm, &Value::Obj(object), exception);
                vm.settle_finalizers();
                finish(vm, data, task, outcome)?;
                Ok(None)
            }
        },
        _ => {
            leave(vm, data, &task);
            Ok(None)
        }
    }
}

/// What lives until the step is over: what the task waited for, and the exception that is raised in
/// it. Of those two only a future that has failed keeps the other.
#[cold]
fn kept_with(exception: &Value, woken_by: Value) -> Value {
    let failed = woken_by
        .as_ref::<Future>()
        .and_then(|f| f.exception().defined());
    if failed.is_some_and(|own| own.is(exception)) {
        return woken_by;
    }
    let woken_by = woken_by.defined().unwrap_or(Value::None);
    Tuple::value([exception.clone(), woken_by])
}

fn resume_by(exception: Value) -> Resume {
    if exception.is_undef() {
        Resume::Send(Value::None)
    } else {
        Resume::Throw(exception)
    }
}

/// Checks that a task can take a step: its coroutine, and the exception to raise in it.
#[inline]
fn prepare(vm: &mut Vm, task: &Ref<Future>, exception: Value) -> R<(Value, Value)> {
    let Some(part) = task.part() else {
        return Ok((Value::None, Value::Undef));
    };
    if task.is_done() {
        return Err(already_done(vm, task, &exception));
    }
    let mut exception = exception;
    if task.must_cancel().get() {
        let cancelled = vm.exc.cancelled_error.clone();
        if exception.is_undef() || !vm.class_of(&exception).is_subclass(&cancelled) {
            exception = cancelled_error(vm, task);
        }
        task.must_cancel().set(false);
    }
    if !exception.is_undef() {
        note_origin(vm, task, &exception);
    }
    part.waiting_for.take();
    match part.coro.get() {
        Value::Undef => Err(vm.runtime_error("uninitialized Task object")),
        coro => Ok((coro, exception)),
    }
}

/// A CancelledError that is to be raised in a task tells, where that is known, whose call asked for
/// it: in the places of special attributes, of which it has none.
#[cold]
fn note_origin(vm: &Vm, task: &Ref<Future>, exception: &Value) {
    let Some(origin) = task.rare().filter(|e| !e.cancelled_in.is_undef()) else {
        return;
    };
    if let Some(error) = exception.downcast::<Exception>()
        && error.class.get().is(&vm.exc.cancelled_error)
        && error.field(0).is_undef()
    {
        error.set_field(0, origin.cancelled_in.get());
        error.set_field(1, Value::Int(origin.cancelled_at.get().into()));
    }
}

#[cold]
fn already_done(vm: &mut Vm, task: &Ref<Future>, exception: &Value) -> Raise {
    let shown = match exception.given() {
        Some(exception) => vm.repr(exception),
        None => vm.repr(&Value::None),
    };
    let texts = vm.repr(&task.clone().into()).and_then(|t| Ok((t, shown?)));
    match texts {
        Ok((task, exception)) => {
            let class = vm.exc.invalid_state_error.clone();
            let (task, exception) = (task.as_str(), exception.as_str());
            vm.error(
                &class,
                format!("__step(): already done: {task} {exception}"),
            )
        }
        Err(raise) => raise,
    }
}

/// The dispatch loop has run the coroutine until it stopped.
pub(super) fn step_finished(vm: &mut Vm, task: Ref<Future>, outcome: StepOutcome) -> R<()> {
    let event_loop = vm.current.event_loop.get();
    match event_loop.opaque::<LoopData>() {
        Some(data) => finish(vm, data, task, outcome),
        None => settle(vm, &task, outcome),
    }
}

/// Ends a step of the loop's turn. Only KeyboardInterrupt and SystemExit come out.
#[inline]
fn finish(vm: &mut Vm, data: &LoopData, task: Ref<Future>, outcome: StepOutcome) -> R<()> {
    if vm.is_observed() {
        vm.tell(&Event::StepEnded(&task, &outcome));
    }
    leave(vm, data, &task);
    let woken_by = vm.current.woken_by.take();
    let settled = settle(vm, &task, outcome);
    drop(woken_by);
    if vm.is_observed() {
        vm.tell(&Event::StepSettled(&task));
    }
    if vm.is_profiled() && task.is_done() {
        vm.note_task_done(&task);
    }
    if data.debug.get() {
        super::turn::note_slow(vm, data, &task.clone().into())?;
    }
    match settled {
        Ok(()) => Ok(()),
        Err(raise) => {
            let method = step_method(vm, &task, Value::Undef);
            report::callback_failed(vm, raise, &method)
        }
    }
}

/// Goes back to what was current outside of the step.
#[inline]
fn leave(vm: &mut Vm, data: &LoopData, task: &Ref<Future>) {
    *data.executing.borrow_mut() = Executing::Nothing;
    vm.current.task.take();
    let inner = vm.current.leave_context(data.outer_context.take());
    keep_context(task, inner);
}

/// Goes back to what was current outside of steps that followed each other directly.
pub(super) fn step_left(vm: &mut Vm) {
    vm.current.task.take();
    let event_loop = vm.current.event_loop.get();
    if let Some(data) = event_loop.opaque::<LoopData>() {
        *data.executing.borrow_mut() = Executing::Nothing;
        vm.current.leave_context(data.outer_context.take());
    }
}

/// If the task ran in an empty context and somebody has made an object of that, it is the task's.
#[inline]
fn keep_context(task: &Ref<Future>, inner: Value) {
    if let Some(part) = task.part()
        && !inner.is_undef()
        && part.context.is_undef()
    {
        part.context.set(inner);
    }
}

/// Runs a coroutine until it stops; on the Rust stack.
pub(super) fn resume_generator(vm: &mut Vm, coro: &Ref<Generator>, how: Resume) -> StepOutcome {
    match vm.resume(coro, how) {
        Ok(Resumed::Yielded(value)) => StepOutcome::Yielded(value),
        Ok(Resumed::Returned(value)) => StepOutcome::Returned(value),
        Err(raise) => StepOutcome::Raised(vm.take_raised(raise)),
    }
}

/// Runs a coroutine, or an object that behaves like one, until it stops; on the Rust stack.
fn resume(vm: &mut Vm, coro: &Value, exception: Value) -> StepOutcome {
    if let Some(generator) = coro.as_ref::<Generator>() {
        return resume_generator(vm, generator, resume_by(exception));
    }
    let result = if exception.is_undef() {
        let send = vm.names.send.clone();
        vm.call_method(coro, &send, &[Value::None])
    } else {
        let throw = vm.names.throw.clone();
        vm.call_method(coro, &throw, &[exception])
    };
    match result {
        Ok(value) => StepOutcome::Yielded(value),
        Err(raise) => {
            let exception = vm.take_raised(raise);
            match exception.downcast::<Exception>() {
                Some(e) if e.class.get().is_subclass(&vm.exc.stop_iteration) => {
                    StepOutcome::Returned(e.field(0).defined().unwrap_or(Value::None))
                }
                _ => StepOutcome::Raised(exception),
            }
        }
    }
}

/// The first step of an eager task, inside the call that makes it.
pub(super) fn eager_start(vm: &mut Vm, task: &Ref<Future>) -> R<()> {
    let (coro, exception) = prepare(vm, task, Value::Undef)?;
    let own = task.part().map_or(Value::Undef, |p| p.context.get());
    let outer = context::enter(vm, own)?;
    let outer_task = vm.current.task.replace(task.clone().into());
    if vm.is_observed() {
        vm.tell(&Event::StepBegun(task, &exception));
    }
    let outcome = resume(vm, &coro, exception);
    vm.settle_finalizers();
    if vm.is_observed() {
        vm.tell(&Event::StepEnded(task, &outcome));
    }
    let settled = settle(vm, task, outcome);
    if vm.is_observed() {
        vm.tell(&Event::StepSettled(task));
    }
    vm.current.task.set(outer_task);
    let inner = vm.current.leave_context(outer);
    keep_context(task, inner);
    if let Some(part) = task.part()
        && task.is_done()
    {
        part.coro.take();
    }
    settled
}

/// A step asked for by a loop that the program made itself, which has entered the context.
fn foreign_step(vm: &mut Vm, task: &Ref<Future>, exception: Value) -> R {
    let event_loop = task.event_loop.get();
    super::registry::enter_task(vm, &event_loop, &task.clone().into())?;
    let outcome = prepare(vm, task, exception);
    let settled = outcome.and_then(|(coro, exception)| {
        let outcome = resume(vm, &coro, exception);
        settle(vm, task, outcome)
    });
    super::registry::leave_task(vm, &event_loop, &task.clone().into())?;
    settled.map(|()| Value::None)
}

/// The exception that a future gives to the task that waits for it, `Undef` if it has a result.
#[inline]
pub(super) fn exception_of(vm: &mut Vm, f: &Ref<Future>) -> Value {
    match f.state.get() {
        FutureState::Cancelled => {
            let exception = cancelled_error(vm, f);
            raised_here(vm, exception)
        }
        _ => match retrieve_exception(f) {
            None => Value::Undef,
            Some(exception) if f.is_plain() => exception,
            Some(exception) => raised_here(vm, exception),
        },
    }
}

/// An exception that `Future.result` raises in the loop: whoever runs that may handle something.
#[cold]
fn raised_here(vm: &mut Vm, exception: Value) -> Value {
    let handled = vm.topmost_handled();
    vm.set_context(&exception, &handled);
    exception
}

// What follows from the end of a step

/// Draws the consequences of how a step ended.
fn settle(vm: &mut Vm, task: &Ref<Future>, outcome: StepOutcome) -> R<()> {
    let Some(part) = task.part() else {
        return Ok(());
    };
    match outcome {
        StepOutcome::Yielded(value) => suspended(vm, task, part, value),
        StepOutcome::Returned(value) => {
            if task.must_cancel().replace(false) {
                // It was cancelled in its last step.
                let message = task.cancel_message();
                future::cancel(vm, task, message)?;
                return Ok(());
            }
            future::set_result(vm, task, value)
        }
        StepOutcome::Raised(exception) => raised(vm, task, exception),
    }
}

fn raised(vm: &mut Vm, task: &Ref<Future>, exception: Value) -> R<()> {
    let class = vm.class_of(&exception);
    mark_end(task, &exception);
    if class.is_subclass(&vm.exc.cancelled_error) {
        if task.is_done() {
            return Ok(());
        }
        task.extra().exception.set(exception);
        future::cancel(vm, task, Value::Undef)?;
        return Ok(());
    }
    let alone = task.waiters().is_empty();
    future::set_exception(vm, task, &exception)?;
    if alone {
        super::registry::note_failed(vm, task);
    }
    if class.is_subclass(&vm.exc.keyboard_interrupt) || class.is_subclass(&vm.exc.system_exit) {
        return Err(vm.pass_on(exception));
    }
    Ok(())
}

/// Notes in the traceback that the exception has left the task here.
fn mark_end(task: &Ref<Future>, exception: &Value) {
    let name = task.own().and_then(|own| own.name.defined());
    report::note_at_outermost(exception, name.unwrap_or(Value::Int(task.number() as i64)));
}

/// The coroutine has yielded something to its task.
#[inline]
fn suspended(vm: &mut Vm, task: &Ref<Future>, part: &TaskPart, value: Value) -> R<()> {
    if value.is_none() {
        // Nothing to wait for: the next step is in the next turn.
        let event_loop = task.event_loop.get();
        return schedule::push(vm, &event_loop, Ready::Step(task.clone()));
    }
    if let Some(f) = value.as_ref::<Future>() {
        if f.as_obj().is(task.as_obj()) {
            let text = vm.repr(&value)?;
            let message = format!("Task cannot await on itself: {}", text.as_str());
            return complain(vm, task, message);
        }
        if !f.event_loop.get().is(&task.event_loop.get()) {
            return wrong_loop(vm, task, &value);
        }
        if !f.blocking().replace(false) {
            return not_awaited(vm, task, &value);
        }
        if has_own_callbacks(vm, f) {
            return wait_by_protocol(vm, task, part, &value);
        }
        part.waiting_for.set(value.clone());
        if f.is_done() {
            schedule::tell(vm, f, Waiter::Task(task.clone()))?;
        } else {
            f.add_waiter(Waiter::Task(task.clone()));
        }
        return cancel_awaited(vm, task, &value);
    }
    suspended_on_other(vm, task, part, &value)
}

/// A task that was cancelled during its step passes that on to what it waits for now.
#[inline]
fn cancel_awaited(vm: &mut Vm, task: &Ref<Future>, awaited: &Value) -> R<()> {
    if task.must_cancel().get() {
        let message = task.cancel_message().defined().unwrap_or(Value::None);
        if task::cancel_any(vm, awaited, message)? {
            task.must_cancel().set(false);
        }
    }
    Ok(())
}

/// A subclass overrides `add_done_callback`.
fn has_own_callbacks(vm: &mut Vm, f: &Ref<Future>) -> bool {
    if f.is_plain() {
        return false;
    }
    let name = vm.names.add_done_callback.clone();
    let found = vm.lookup(&vm.class_of(&f.clone().into()), &name);
    let own = vm.types.future.dict.get_str(&name);
    match (found, own) {
        (Some(found), Some(own)) => !found.is(&own),
        _ => false,
    }
}

/// Something that is not a future of ours: by the protocol, or an error.
#[cold]
fn suspended_on_other(vm: &mut Vm, task: &Ref<Future>, part: &TaskPart, value: &Value) -> R<()> {
    let blocking = vm.names._asyncio_future_blocking.clone();
    let flag = vm.get_attr_opt(value, &blocking)?;
    if let Some(flag) = flag.filter(|f| !f.is_none()) {
        let name = vm.names.get_loop.clone();
        let theirs = match vm.get_attr_opt(value, &name)? {
            Some(method) => vm.call(&method, &[])?,
            None => {
                let name = vm.intern("_loop");
                vm.get_attr(value, &name)?
            }
        };
        if !theirs.is(&task.event_loop.get()) {
            return wrong_loop(vm, task, value);
        }
        if !vm.truth(&flag)? {
            return not_awaited(vm, task, value);
        }
        vm.set_attr(value, &blocking, Value::False)?;
        return wait_by_protocol(vm, task, part, value);
    }
    let text = vm.repr(value)?;
    let message = match value.as_ref::<Generator>() {
        Some(generator) if generator.kind() == GenKind::Generator => {
            let task = vm.repr(&task.clone().into())?;
            format!(
                "yield was used instead of yield from for generator in task {} with {}",
                task.as_str(),
                text.as_str()
            )
        }
        _ => format!("Task got bad yield: {}", text.as_str()),
    };
    complain(vm, task, message)
}

fn wait_by_protocol(vm: &mut Vm, task: &Ref<Future>, part: &TaskPart, awaited: &Value) -> R<()> {
    let wakeup = wakeup_method(vm, task);
    let context = task::context(vm, task);
    let name = vm.names.add_done_callback.clone();
    let add = vm.get_attr(awaited, &name)?;
    let keyword = vm.names.context.clone();
    vm.call_kw(&add, &[wakeup], &[(keyword, context)])?;
    part.waiting_for.set(awaited.clone());
    cancel_awaited(vm, task, awaited)
}

fn wrong_loop(vm: &mut Vm, task: &Ref<Future>, value: &Value) -> R<()> {
    let mine = vm.repr(&task.clone().into())?;
    let other = vm.repr(value)?;
    let message = format!(
        "Task {} got Future {} attached to a different loop",
        mine.as_str(),
        other.as_str()
    );
    complain(vm, task, message)
}

fn not_awaited(vm: &mut Vm, task: &Ref<Future>, value: &Value) -> R<()> {
    let mine = vm.repr(&task.clone().into())?;
    let other = vm.repr(value)?;
    let message = format!(
        "yield was used instead of yield from in task {} with {}",
        mine.as_str(),
        other.as_str()
    );
    complain(vm, task, message)
}

/// Raises RuntimeError in the coroutine, in the next turn.
fn complain(vm: &mut Vm, task: &Ref<Future>, message: String) -> R<()> {
    let class = vm.exc.runtime_error.clone();
    let exception = Exception::new(&class, Tuple::new([message.into()]));
    let event_loop = task.event_loop.get();
    let what = Ready::Throw(Box::new((task.clone(), exception.into())));
    schedule::push(vm, &event_loop, what)
}

// The callables that stand for a step and for a wakeup

static WAKEUP: NativeDef = NativeDef::new("task_wakeup", "(self, fut, /)", wakeup, "");

/// The callable that a task leaves with the future it waits for.
pub(super) fn wakeup_method(vm: &mut Vm, task: &Ref<Future>) -> Value {
    NativeFunction::new(
        &WAKEUP,
        task.clone().into(),
        vm.types.task.clone().into(),
        Value::Undef,
    )
    .into()
}

fn wakeup(vm: &mut Vm, args: &[Value]) -> R {
    let [this, done] = args else {
        return Ok(Value::None);
    };
    let Some(task) = this.as_ref::<Future>().cloned() else {
        return Ok(Value::None);
    };
    let exception = match done.as_ref::<Future>() {
        Some(f) => exception_of(vm, f),
        None => {
            let result = vm.names.result.clone();
            match vm.call_method(done, &result, &[]) {
                Ok(_) => Value::Undef,
                Err(raise) => vm.take_raised(raise),
            }
        }
    };
    foreign_step(vm, &task, exception)
}

/// A task's next step as a callable, for loops of the program's own making.
struct StepMethod {
    task: Ref<Future>,
    exception: Slot,
}

impl NativeData for StepMethod {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.task.as_obj());
        self.exception.visit(visit);
    }
}

impl NativeType for StepMethod {
    const DEF: &'static TypeDef = &STEP_METHOD;
}

static STEP_METHOD: TypeDef = TypeDef::new("TaskStepMethWrapper", "_asyncio", Layout::Final)
    .methods(&[NativeDef::new(
        "__call__",
        "(self, /)",
        call_step,
        "Call self as a function.",
    )]);

pub(super) fn step_method(vm: &mut Vm, task: &Ref<Future>, exception: Value) -> Value {
    vm.make(StepMethod {
        task: task.clone(),
        exception: Slot::new(exception),
    })
}

fn call_step(vm: &mut Vm, args: &[Value]) -> R {
    let Some(method) = args[0].opaque::<StepMethod>() else {
        return Ok(Value::None);
    };
    let (task, exception) = (method.task.clone(), method.exception.get());
    foreign_step(vm, &task, exception)
}
