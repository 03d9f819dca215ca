//! `run_in_executor` without threads. The work runs in a later turn, beside the loop rather than
//! on it: while it sleeps or waits for a result, the loop goes on with its turns.

use super::data::LoopData;
use super::loop_type::{check_callback, import, this};
use super::ready::{Job, Ready};
use super::{future, schedule, step, turn};
use crate::vm::heap::Ref;
use crate::vm::hooks::LoopAction;
use crate::vm::object::{Future, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::time::Duration;

/// `loop.run_in_executor(executor, func, *args)`.
pub(super) fn run_in_executor(vm: &mut Vm, args: &[Value]) -> R {
    let [event_loop, executor, func, given] = args else {
        return Ok(Value::None);
    };
    let data = this(vm, args)?;
    schedule::check_open(vm, data)?;
    if data.debug.get() {
        check_callback(vm, func, "run_in_executor")?;
    }
    let mut executor = executor.clone();
    if executor.is_none() {
        if data.executor_closed.get() {
            return Err(vm.runtime_error("Executor shutdown has been called"));
        }
        executor = data.default_executor.get();
    }
    let given: Vec<Value> = given
        .as_ref::<Tuple>()
        .map(|t| t.items().to_vec())
        .unwrap_or_default();
    if !executor.is_none() {
        return submit(vm, event_loop, &executor, func, given);
    }
    let class = vm.types.future.clone();
    let f = Future::new(&class, event_loop.clone(), None);
    let job = Job {
        func: func.clone(),
        args: given,
        future: f.clone(),
    };
    schedule::push(vm, event_loop, Ready::Job(Box::new(job)))?;
    Ok(f.into())
}

/// An executor of the program's own.
fn submit(vm: &mut Vm, event_loop: &Value, executor: &Value, func: &Value, given: Vec<Value>) -> R {
    let name = vm.intern("submit");
    let mut all = vec![func.clone()];
    all.extend(given);
    let concurrent = vm.call_method(executor, &name, &all)?;
    let futures = import(vm, "asyncio.futures")?;
    let name = vm.intern("wrap_future");
    let wrap = vm.get_attr(&futures, &name)?;
    let keyword: Ref<Str> = vm.intern("loop");
    vm.call_kw(&wrap, &[concurrent], &[(keyword, event_loop.clone())])
}

/// `loop.set_default_executor(executor)`.
pub(super) fn set_default_executor(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    let name = vm.intern("submit");
    if vm.get_attr_opt(&args[1], &name)?.is_none() {
        return Err(vm.type_error("executor must be ThreadPoolExecutor instance"));
    }
    data.default_executor.set(args[1].clone());
    Ok(Value::None)
}

/// No more work is accepted; the executor of the program's own, if one was set.
pub(super) fn close(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    data.executor_closed.set(true);
    Ok(data.default_executor.get())
}

/// What is current inside and outside of a piece of work.
struct Outside {
    event_loop: Value,
    task: Value,
    context: Value,
    worker: Value,
}

/// Swaps what is current for something else.
fn swap(vm: &mut Vm, new: Outside) -> Outside {
    Outside {
        event_loop: vm.current.event_loop.replace(new.event_loop),
        task: vm.current.task.replace(new.task),
        context: vm.current.context.replace(new.context),
        worker: vm.current.worker.replace(new.worker),
    }
}

/// Runs a piece of work as a thread would: it knows no loop, no task, no context variables.
pub(super) fn run_job(vm: &mut Vm, job: Job) -> R<()> {
    if job.future.is_done() {
        // Cancelled before it began.
        return Ok(());
    }
    let event_loop = vm.current.event_loop.get();
    let inside = Outside {
        event_loop: Value::Undef,
        task: Value::Undef,
        context: Value::Undef,
        worker: event_loop,
    };
    let outside = swap(vm, inside);
    let result = vm.call(&job.func, &job.args);
    swap(vm, outside);
    if job.future.is_done() {
        if let Err(raise) = result {
            drop(vm.take_raised(raise));
        }
        return Ok(());
    }
    match result {
        Ok(value) => future::set_result(vm, &job.future, value),
        Err(raise) => {
            let exception = vm.take_raised(raise);
            future::set_exception(vm, &job.future, &exception)
        }
    }
}

/// `time.sleep` inside of such work: the loop goes on meanwhile. False if this is no such work,
/// and the caller has to sleep itself.
pub fn sleep_beside_loop(vm: &mut Vm, time: Duration) -> R<bool> {
    let event_loop = vm.current.worker.get();
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Ok(false);
    };
    let end = vm.host.clock.monotonic() + time;
    // The loop wakes up for this timer, which does nothing.
    let class = vm.types.future.clone();
    let timer = Future::new(&class, event_loop.clone(), None);
    set_timer(vm, &event_loop, data, end, &timer)?;
    pump(vm, &event_loop, data, |vm| {
        Ok(vm.host.clock.monotonic() >= end)
    })?;
    let now = vm.host.clock.monotonic();
    if now < end {
        // The loop has stopped.
        vm.host.clock.sleep(end - now);
    }
    Ok(true)
}

fn set_timer(
    vm: &mut Vm,
    event_loop: &Value,
    data: &LoopData,
    end: Duration,
    f: &Ref<Future>,
) -> R<()> {
    let name = vm.intern("done");
    let done = vm.get_attr(&f.clone().into(), &name)?;
    let when = Value::float(end.as_secs_f64());
    let args = Tuple::value([]);
    let handle = super::handle::make(vm, event_loop, when, done, args, Value::Undef);
    data.timers.borrow_mut().push(end.as_secs_f64(), handle);
    Ok(())
}

/// `_wait_in_worker(future)`: the loop goes on until a future of `concurrent.futures` is done.
pub(super) fn wait_in_worker(vm: &mut Vm, args: &[Value]) -> R {
    let worker = vm.current.worker.get();
    let event_loop = match worker.defined() {
        Some(event_loop) => event_loop,
        None => match vm.current.event_loop.defined() {
            Some(event_loop) => event_loop,
            None => super::registry::get_event_loop(vm)?,
        },
    };
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Ok(Value::None);
    };
    let done = vm.intern("done");
    let awaited = args[0].clone();
    pump(vm, &event_loop, data, |vm| {
        let done = vm.call_method(&awaited, &done, &[])?;
        vm.truth(&done)
    })?;
    Ok(Value::None)
}

/// Runs what the loop has to do, on the Rust stack, until the condition holds or the loop stops.
fn pump(
    vm: &mut Vm,
    event_loop: &Value,
    data: &LoopData,
    mut finished: impl FnMut(&mut Vm) -> R<bool>,
) -> R<()> {
    let executing = data.executing.take();
    let outer_context = data.outer_context.take();
    let inside = Outside {
        event_loop: event_loop.clone(),
        task: Value::Undef,
        context: outer_context.clone(),
        worker: Value::Undef,
    };
    let outside = swap(vm, inside);
    data.nesting.set(data.nesting.get() + 1);
    let result = pump_turns(vm, event_loop, data, &mut finished);
    data.nesting.set(data.nesting.get() - 1);
    swap(vm, outside);
    data.outer_context.set(outer_context);
    *data.executing.borrow_mut() = executing;
    result
}

fn pump_turns(
    vm: &mut Vm,
    event_loop: &Value,
    data: &LoopData,
    finished: &mut dyn FnMut(&mut Vm) -> R<bool>,
) -> R<()> {
    loop {
        if finished(vm)? || (data.stopping.get() && data.left.get() == 0) {
            return Ok(());
        }
        match turn::next_action(vm, event_loop)? {
            LoopAction::Step { task, coro, how } => {
                let outcome = step::resume_generator(vm, &coro, how);
                step::step_finished(vm, task, outcome)?;
            }
            LoopAction::Call { func, args } => {
                let outcome = match vm.call(&func, &args) {
                    Ok(value) => Ok(value),
                    Err(raise) => Err(vm.take_raised(raise)),
                };
                turn::call_finished(vm, outcome)?;
            }
            LoopAction::Done(_) => return Ok(()),
        }
    }
}
