//! The loop at work. One turn: compute how long to wait → wait → due timers, in order of time
//! and then of their making, to the back of the ready queue → run exactly what was ready then.
//! What is added meanwhile waits for the next turn.

use super::data::{Executing, LoopData};
use super::handle::{self, HandleData};
use super::loop_type::{ensure_future, now, this};
use super::{context, deadlock, executor, future, loop_hooks, registry, report, schedule, step};
use crate::vm::heap::Ref;
use crate::vm::hooks::LoopAction;
use crate::vm::native::NativeDef;
use crate::vm::object::{Future, NativeFunction, Opaque, Waiter};
use crate::vm::observe::Event;
use crate::vm::ops::future::future_result;
use crate::vm::ready::{CLOCK_RESOLUTION, Ready};
use crate::vm::value::Value;
use crate::vm::{R, Tail, Vm};
use std::time::Duration;

/// No wait is longer, however far the next timer is.
const LONGEST_WAIT: f64 = 24.0 * 3600.0;
/// How often a wait looks up whether Ctrl-C was pressed.
const INTERRUPT_CHECK: Duration = Duration::from_millis(20);

/// The next thing to do; turns begin here.
pub(super) fn next_action(vm: &mut Vm, event_loop: &Value) -> R<LoopAction> {
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Ok(LoopAction::Done(Value::None));
    };
    loop {
        if let Some(action) = advance(vm, event_loop, data)? {
            return Ok(action);
        }
    }
}

/// One entry of the ready queue, or the beginning of a turn; `None` if it is over already.
#[inline(always)]
pub(super) fn advance(vm: &mut Vm, event_loop: &Value, data: &LoopData) -> R<Option<LoopAction>> {
    let queue = &data.queue;
    let left = queue.left.get();
    if left == 0 {
        if queue.turned.get() && queue.stopping.get() {
            return finish_run(vm, event_loop, data).map(|r| Some(LoopAction::Done(r)));
        }
        begin_turn(vm, event_loop, data)?;
        return Ok(None);
    }
    let next = match vm.chooser {
        None => queue.pop(),
        Some(choose) => {
            let place = choose(vm, left)?;
            queue.take_at(place)
        }
    };
    queue.left.set(left - 1);
    let Some(next) = next else {
        queue.left.set(0);
        return Ok(None);
    };
    if data.debug.get() {
        data.began.set(vm.host.clock.monotonic().as_secs_f64());
    }
    begin(vm, data, next)
}

/// Begins one entry of the ready queue; `None` if it is over already.
#[inline]
fn begin(vm: &mut Vm, data: &LoopData, next: Ready) -> R<Option<LoopAction>> {
    match next {
        Ready::Step(task) => step::begin(vm, data, task, Value::Undef),
        Ready::Wakeup(task) => {
            let awaited = task.part().map(|p| p.waiting_for.get());
            let exception = match awaited.as_ref().and_then(|f| f.as_ref::<Future>()) {
                Some(f) => step::exception_of(vm, f),
                None => Value::Undef,
            };
            drop(awaited);
            step::begin(vm, data, task, exception)
        }
        Ready::Throw(both) => step::begin(vm, data, both.0, both.1),
        Ready::Done(done) => {
            if !data.debug.get() && !vm.is_observed() && done.only_counts() {
                done.count();
                return Ok(None);
            }
            let executing = Executing::Callback(done.func.clone(), done.future.clone());
            begin_call(
                vm,
                data,
                executing,
                done.func,
                vec![done.future],
                done.context,
            )
        }
        Ready::Handle(handle) => begin_handle(vm, data, handle),
        Ready::Timer(f) => {
            if !f.is_done() {
                future::set_result(vm, &f, Value::None)?;
            }
            Ok(None)
        }
        Ready::Worker(worker) => {
            executor::run(vm, &Value::Obj(worker))?;
            Ok(None)
        }
    }
}

fn begin_handle(vm: &mut Vm, data: &LoopData, handle: Ref<Opaque>) -> R<Option<LoopAction>> {
    let Some(own) = handle.get::<HandleData>() else {
        return Ok(None);
    };
    if own.cancelled.get() {
        return Ok(None);
    }
    let (func, args, context) = (
        own.callback.get(),
        handle::call_args(own),
        own.context.get(),
    );
    begin_call(vm, data, Executing::Handle(handle), func, args, context)
}

fn begin_call(
    vm: &mut Vm,
    data: &LoopData,
    executing: Executing,
    func: Value,
    args: Vec<Value>,
    context: Value,
) -> R<Option<LoopAction>> {
    match context::enter(vm, context) {
        Ok(outer) => data.outer_context.set(outer),
        Err(raise) => {
            callback_failed(vm, executing, raise)?;
            return Ok(None);
        }
    }
    *data.executing.borrow_mut() = executing;
    if vm.is_observed() {
        vm.tell(&Event::CallBegun(&func, &args));
    }
    Ok(Some(LoopAction::Call { func, args }))
}

/// The dispatch loop has called a callback.
pub(super) fn call_finished(vm: &mut Vm, outcome: Result<Value, Value>) -> R<()> {
    let event_loop = vm.current.event_loop.get();
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Ok(());
    };
    let executing = data.executing.take();
    vm.current.leave_context(data.outer_context.take());
    if vm.is_observed() {
        vm.tell(&Event::CallEnded);
    }
    if data.debug.get() {
        let shown = match &executing {
            Executing::Handle(handle) => handle.clone().into(),
            Executing::Callback(func, _) => func.clone(),
            _ => Value::None,
        };
        note_slow(vm, data, &shown)?;
    }
    match outcome {
        Ok(_) => Ok(()),
        Err(exception) => {
            let raise = vm.pass_on(exception);
            callback_failed(vm, executing, raise)
        }
    }
}

fn callback_failed(vm: &mut Vm, executing: Executing, raise: crate::vm::Raise) -> R<()> {
    match executing {
        Executing::Handle(handle) => report::handle_failed(vm, raise, handle),
        Executing::Callback(func, _) => report::callback_failed(vm, raise, &func),
        _ => Err(raise),
    }
}

/// In debug mode: reports what took too long.
#[cold]
pub(super) fn note_slow(vm: &mut Vm, data: &LoopData, shown: &Value) -> R<()> {
    let began = data.began.replace(f64::NAN);
    if began.is_nan() {
        // Debug mode was turned on by what has just ended.
        return Ok(());
    }
    let limit = data.slow_callback_duration.get();
    let limit = vm.to_f64(&limit)?;
    let took = vm.host.clock.monotonic().as_secs_f64() - began;
    if took >= limit {
        let text = vm.repr(shown)?;
        let message = format!("Executing {} took {took:.3} seconds", text.as_str());
        report::log_warning(vm, &message)?;
    }
    Ok(())
}

/// Waits if there is nothing to do, and lets due timers into the ready queue.
fn begin_turn(vm: &mut Vm, event_loop: &Value, data: &LoopData) -> R<()> {
    data.queue.turned.set(true);
    let cancelled = data.timers.borrow_mut().sweep();
    drop(cancelled);
    let idle = data.queue.is_empty() && !data.queue.stopping.get();
    if !data.timers.borrow().is_empty() {
        if idle {
            wait_for_timer(vm, event_loop, data)?;
        }
        let now = now(vm, event_loop, data)?;
        let now = vm.to_f64(&now)?;
        // Late in time the resolution is less than the distance of two numbers.
        let end = (now + CLOCK_RESOLUTION).max(now.next_up());
        loop {
            let due = data.timers.borrow_mut().pop_due(end);
            let Some(ready) = due else { break };
            data.queue.push(ready);
            if vm.is_observed() {
                vm.tell(&Event::TimerDue);
            }
        }
        data.note_timers();
    } else if idle {
        wait_forever(vm, event_loop, data)?;
    }
    data.queue.left.set(data.queue.len());
    if vm.is_observed() {
        vm.tell(&Event::TurnBegun);
    }
    Ok(())
}

/// Waits until the first timer is due, or Ctrl-C puts something into the ready queue.
fn wait_for_timer(vm: &mut Vm, event_loop: &Value, data: &LoopData) -> R<()> {
    loop {
        let due = data.timers.borrow().next_due();
        let now = now(vm, event_loop, data)?;
        let left = due.unwrap_or(0.0) - vm.to_f64(&now)?;
        // A time that is not a number is never waited for.
        if left.is_nan() || left <= 0.0 || !data.queue.is_empty() {
            return Ok(());
        }
        if left.is_infinite() && vm.host.clock.is_virtual() {
            return wait_forever(vm, event_loop, data);
        }
        let left = Duration::from_secs_f64(left.min(LONGEST_WAIT));
        let virtual_clock = vm.host.clock.is_virtual();
        if vm.is_profiled() {
            vm.begin_idling();
        }
        vm.host.clock.sleep(vm.until_alarm(if virtual_clock {
            left
        } else {
            left.min(INTERRUPT_CHECK)
        }));
        vm.end_idling();
        vm.handle_signals()?;
        if virtual_clock {
            return Ok(());
        }
    }
}

/// Nothing is ready and no timer is set: unless something outside can still wake it, nothing in
/// the program can ever happen again.
#[cold]
fn wait_forever(vm: &mut Vm, event_loop: &Value, data: &LoopData) -> R<()> {
    // A bare `run_forever()` with nothing to do idles until Ctrl-C, as in CPython: nobody waits.
    let nobody_waits = data.until.is_undef() && !has_pending_tasks(event_loop);
    while nobody_waits || vm.current.signals.any_call() || vm.has_alarm() {
        if vm.is_profiled() {
            vm.begin_idling();
        }
        match vm.host.clock.is_virtual() && vm.has_alarm() {
            true => vm.host.clock.sleep(vm.until_alarm(Duration::MAX)),
            false => vm.host.clock.idle(vm.until_alarm(INTERRUPT_CHECK)),
        }
        vm.end_idling();
        vm.handle_signals()?;
        if !data.queue.is_empty() || data.queue.stopping.get() {
            return Ok(());
        }
    }
    Err(deadlock::raise(vm, event_loop))
}

fn has_pending_tasks(event_loop: &Value) -> bool {
    let tasks = super::registry::pending_tasks();
    tasks.iter().any(|t| t.event_loop.get().is(event_loop))
}

// Running

pub(super) static STOP_WHEN_DONE: NativeDef =
    NativeDef::new("_run_until_complete_cb", "(fut, /)", stop_when_done, "");

/// The done callback that ends `run_until_complete`.
fn stop_when_done(vm: &mut Vm, args: &[Value]) -> R {
    let Some(f) = args[0].as_ref::<Future>() else {
        return Ok(Value::None);
    };
    if let Some(exception) = f.exception().defined()
        && f.is_done()
    {
        future::consume_exception(f);
        let class = vm.class_of(&exception);
        if class.is_subclass(&vm.exc.system_exit) || class.is_subclass(&vm.exc.keyboard_interrupt) {
            // It has left the loop already, and may come back to it.
            return Ok(Value::None);
        }
    }
    if let Some(data) = f.event_loop.get().opaque::<LoopData>() {
        data.queue.stopping.set(true);
    }
    Ok(Value::None)
}

/// The callback as an object, one per VM.
fn stop_callback(vm: &mut Vm) -> Value {
    #[derive(Default)]
    struct Once(Value);
    if vm.state::<Once>().0.is_undef() {
        let made = NativeFunction::new(&STOP_WHEN_DONE, Value::Undef, Value::Undef, Value::Undef);
        vm.state::<Once>().0 = made.into();
    }
    vm.state::<Once>().0.clone()
}

/// `loop.run_forever()`.
pub(super) fn run_forever(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    check_idle(vm, data)?;
    start_run(vm, &args[0], data, Value::Undef, false)
}

/// `loop.run_until_complete(future)`.
pub(super) fn run_until_complete(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    check_idle(vm, data)?;
    let ours = args[1].as_ref::<Future>().is_none();
    let awaited = ensure_future(vm, &args[0], &args[1])?;
    let Some(f) = awaited.as_ref::<Future>() else {
        return Err(vm.type_error("a future was expected"));
    };
    if ours {
        f.log_destroy_pending().set(false);
    }
    let callback = stop_callback(vm);
    let context = context::copy_current(vm);
    future::add_callback(vm, f, callback, context)?;
    start_run(vm, &args[0], data, awaited.clone(), ours)
}

/// A loop can run if it is open and no loop is running.
fn check_idle(vm: &mut Vm, data: &LoopData) -> R<()> {
    schedule::check_open(vm, data)?;
    if data.running.get() {
        return Err(vm.runtime_error("This event loop is already running"));
    }
    if !vm.current.event_loop.is_undef() {
        return Err(vm.runtime_error("Cannot run the event loop while another loop is running"));
    }
    Ok(())
}

fn start_run(vm: &mut Vm, event_loop: &Value, data: &LoopData, until: Value, ours: bool) -> R {
    data.running.set(true);
    data.decide_direct(vm);
    data.queue.turned.set(false);
    data.queue.left.set(0);
    data.until.set(until);
    data.until_is_ours.set(ours);
    registry::enter_loop(vm, event_loop.clone());
    loop_hooks::set_up(vm, event_loop, data);
    if vm.is_observed() {
        vm.tell(&Event::LoopBegun);
    }
    vm.tail(Tail::RunLoop(event_loop.clone()))
}

/// The loop stops; what it ran for comes out.
fn finish_run(vm: &mut Vm, event_loop: &Value, data: &LoopData) -> R {
    let until = data.until.take();
    clean_up(vm, data);
    let Some(f) = until.as_ref::<Future>() else {
        return Ok(Value::None);
    };
    let callback = stop_callback(vm);
    future::remove_callback(vm, f, &callback)?;
    if !f.is_done() {
        let _ = event_loop;
        return Err(vm.runtime_error("Event loop stopped before Future completed."));
    }
    future_result(vm, f)
}

/// An exception leaves the loop.
pub(super) fn run_aborted(vm: &mut Vm, event_loop: &Value) {
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return;
    };
    if !matches!(data.executing.take(), Executing::Nothing) {
        vm.current.task.take();
        vm.current.leave_context(data.outer_context.take());
    }
    let until = data.until.take();
    clean_up(vm, data);
    if let Some(f) = until.as_ref::<Future>() {
        if data.until_is_ours.get() && f.is_done() {
            // The caller has no other way to look at it.
            future::consume_exception(f);
        }
        let callback = stop_callback(vm);
        let mut waiters = f.waiters();
        let position = waiters.iter().position(|w| match w {
            Waiter::Callback(c) => c.func.is(&callback),
            Waiter::Task(_) => false,
        });
        if let Some(i) = position {
            waiters.remove(i);
            f.set_waiters(waiters);
        }
    }
}

fn clean_up(vm: &mut Vm, data: &LoopData) {
    data.queue.stopping.set(false);
    data.running.set(false);
    data.decide_direct(vm);
    data.queue.left.set(0);
    registry::enter_loop(vm, Value::Undef);
    loop_hooks::take_down(vm, data);
}
