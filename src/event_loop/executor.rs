//! `run_in_executor` without threads. The work runs in an execution of its own, beside the loop
//! rather than on it: while it sleeps or waits for a result it is parked, and the loop goes on.

use super::data::LoopData;
use super::loop_type::{check_callback, import, this};
use super::{context, deadlock, future, schedule, step, turn};
use crate::vm::execution::{Execution, Progress};
use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::hooks::LoopAction;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Future, Layout, NativeData, Role, Str, Tuple};
use crate::vm::ready::Ready;
use crate::vm::value::Value;
use crate::vm::{R, Tail, Vm};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

/// Most pieces of work at a time, as in CPython's pool on a machine with many processors.
const MOST_WORKERS: usize = 32;

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
        check_executor(vm, data)?;
        executor = data.default_executor.get();
    }
    let given = items(given);
    if !executor.is_none() {
        return submit(vm, event_loop, &executor, func, given, &[]);
    }
    begin(
        vm,
        event_loop,
        data,
        Value::Undef,
        Execution::new(func.clone(), given, vec![]),
    )
}

/// `loop._run_in_context(context, func, args, kwargs)`: as above, in a context and with keywords.
pub(super) fn run_in_context(vm: &mut Vm, args: &[Value]) -> R {
    let [event_loop, context, func, given, keywords] = args else {
        return Ok(Value::None);
    };
    let data = this(vm, args)?;
    schedule::check_open(vm, data)?;
    check_executor(vm, data)?;
    let executor = data.default_executor.get();
    if !executor.is_none() {
        // An executor of the program's own calls `context.run(func, …)`.
        let run = vm.intern("run");
        let run = vm.get_attr(context, &run)?;
        let mut all = vec![func.clone()];
        all.extend(items(given));
        return submit(
            vm,
            event_loop,
            &executor,
            &run,
            all,
            &context::keywords(keywords),
        );
    }
    let work = Execution::new(func.clone(), items(given), context::keywords(keywords));
    begin(vm, event_loop, data, context.clone(), work)
}

/// `loop._begin_work(func, args)`: like the thread of a pool of the program's own. What becomes of
/// it, `func` tells by itself.
pub(super) fn begin_work(vm: &mut Vm, args: &[Value]) -> R {
    let [event_loop, func, given] = args else {
        return Ok(Value::None);
    };
    let data = this(vm, args)?;
    let class = vm.types.future.clone();
    let worker = vm.make(Worker {
        work: RefCell::new(Some(Box::new(Execution::new(
            func.clone(),
            items(given),
            vec![],
        )))),
        context: Slot::undef(),
        future: Future::new(&class, event_loop.clone(), Role::Plain),
        event_loop: event_loop.clone(),
        own: true,
        number: Cell::new(0),
        thread: Slot::undef(),
    });
    data.workers.busy.set(data.workers.busy.get() + 1);
    run(vm, &worker)?;
    Ok(Value::None)
}

/// `_current_worker()`: the piece of work beside a loop that is running, or None.
pub(super) fn current_worker(vm: &mut Vm, _: &[Value]) -> R {
    let worker = vm.current.worker.get();
    Ok(worker.defined().unwrap_or(Value::None))
}

fn check_executor(vm: &mut Vm, data: &LoopData) -> R<()> {
    if data.executor_closed.get() {
        return Err(vm.runtime_error("Executor shutdown has been called"));
    }
    Ok(())
}

fn items(tuple: &Value) -> Vec<Value> {
    let tuple = tuple.as_ref::<Tuple>();
    tuple.map(|t| t.items().to_vec()).unwrap_or_default()
}

/// Begins a piece of work. Like a pool of threads: a new worker begins at once; if there is an
/// idle one, it gets the work while the loop goes on.
fn begin(vm: &mut Vm, event_loop: &Value, data: &LoopData, context: Value, work: Execution) -> R {
    let class = vm.types.future.clone();
    let f = Future::new(&class, event_loop.clone(), Role::Plain);
    let pool = &data.workers;
    let idle = pool.idle.borrow_mut().pop();
    let fresh = idle.is_none() && pool.busy.get() < MOST_WORKERS;
    let worker = vm.make(Worker {
        work: RefCell::new(Some(Box::new(work))),
        context: Slot::new(context),
        future: f.clone(),
        event_loop: event_loop.clone(),
        own: false,
        number: Cell::new(idle.unwrap_or(pool.started.get())),
        thread: Slot::undef(),
    });
    if fresh {
        pool.started.set(pool.started.get() + 1);
        pool.busy.set(pool.busy.get() + 1);
        run(vm, &worker)?;
    } else if idle.is_some() {
        pool.busy.set(pool.busy.get() + 1);
        wake(vm, event_loop, worker)?;
    } else {
        pool.waiting.borrow_mut().push_back(worker);
    }
    Ok(f.into())
}

/// Lets a piece of work go on in the next turn.
fn wake(vm: &mut Vm, event_loop: &Value, worker: Value) -> R<()> {
    match worker {
        Value::Obj(worker) => schedule::push(vm, event_loop, Ready::Worker(worker)),
        _ => Ok(()),
    }
}

/// An executor of the program's own.
fn submit(
    vm: &mut Vm,
    event_loop: &Value,
    executor: &Value,
    func: &Value,
    given: Vec<Value>,
    keywords: &[(Ref<Str>, Value)],
) -> R {
    let name = vm.intern("submit");
    let submit = vm.get_attr(executor, &name)?;
    let mut all = vec![func.clone()];
    all.extend(given);
    let concurrent = vm.call_kw(&submit, &all, keywords)?;
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

/// No more work is accepted. A tuple: the executor of the program's own, if one was set, and a
/// future that is done when all work has ended, or None if it has.
pub(super) fn close(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, args)?;
    data.executor_closed.set(true);
    let mut ended = Value::None;
    if data.workers.busy.get() > 0 {
        let class = vm.types.future.clone();
        ended = Future::new(&class, args[0].clone(), Role::Plain).into();
        data.workers.ended.set(ended.clone());
    }
    Ok(Tuple::value([data.default_executor.get(), ended]))
}

/// A piece of work and the future that waits for its result.
pub(super) struct Worker {
    /// Taken out while it runs.
    work: RefCell<Option<Box<Execution>>>,
    /// `Undef` for an empty one.
    context: Slot,
    future: Ref<Future>,
    event_loop: Value,
    /// It is none of the loop's pool.
    own: bool,
    /// Which one of the pool it is.
    number: Cell<usize>,
    /// What `threading` knows it by.
    thread: Slot,
}

impl NativeData for Worker {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.context
            .get()
            .as_obj()
            .into_iter()
            .for_each(&mut *visit);
        self.thread.visit(visit);
        visit(self.future.as_obj());
        self.event_loop.as_obj().into_iter().for_each(visit);
    }
}

impl NativeType for Worker {
    const DEF: &'static TypeDef = &WORKER;
}

static WORKER: TypeDef = TypeDef::new("worker", "_asyncio", Layout::Final)
    .methods(&[NativeDef::new(
        "__call__",
        "(self, *args)",
        |vm, args| {
            if let Some(worker) = args[0].opaque::<Worker>() {
                wake(vm, &worker.event_loop, args[0].clone())?;
            }
            Ok(Value::None)
        },
        "Go on.",
    )])
    .getset(&[
        GetSet::read(
            "number",
            |_, v| {
                Ok(v.opaque::<Worker>()
                    .map_or(Value::None, |w| w.number.get().into()))
            },
            "Which one of the pool it is.",
        ),
        GetSet::read(
            "event_loop",
            |_, v| {
                Ok(v.opaque::<Worker>()
                    .map_or(Value::None, |w| w.event_loop.clone()))
            },
            "The loop that goes on beside it.",
        ),
        GetSet::write(
            "thread",
            |_, v| {
                let thread = v.opaque::<Worker>().map(|w| w.thread.get());
                Ok(thread.and_then(|t| t.defined()).unwrap_or(Value::None))
            },
            |_, v, thread| {
                if let (Some(worker), Some(thread)) = (v.opaque::<Worker>(), thread) {
                    worker.thread.set(thread);
                }
                Ok(())
            },
            "What it is known by.",
        ),
    ]);

/// The workers of a loop.
#[derive(Default)]
pub(super) struct Workers {
    pub busy: Cell<usize>,
    /// The numbers of those that have nothing to do.
    pub idle: RefCell<Vec<usize>>,
    /// How many there have ever been.
    pub started: Cell<usize>,
    /// Work for which there is no worker yet.
    pub waiting: RefCell<VecDeque<Value>>,
    /// What `close` gave.
    pub ended: Slot,
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
        event_loop: super::registry::enter_loop(vm, new.event_loop),
        task: vm.current.task.replace(new.task),
        context: vm.current.context.replace(new.context),
        worker: vm.current.worker.replace(new.worker),
    }
}

/// Runs a piece of work until it parks or ends. As in a thread, there is no running loop, no
/// current task, and an empty context unless one was given.
pub(super) fn run(vm: &mut Vm, object: &Value) -> R<()> {
    let Some(worker) = object.opaque::<Worker>() else {
        return Ok(());
    };
    let Some(mut work) = worker.work.take() else {
        return Ok(());
    };
    let inside = Outside {
        event_loop: Value::Undef,
        task: Value::Undef,
        context: worker.context.get(),
        worker: object.clone(),
    };
    let outside = swap(vm, inside);
    let progress = vm.run_execution(&mut work);
    let inside = swap(vm, outside);
    worker.context.set(inside.context);
    match progress {
        Progress::Parked => {
            *worker.work.borrow_mut() = Some(work);
            Ok(())
        }
        Progress::Ended(result) => ended(vm, worker, result),
    }
}

/// The future gets the result, and the worker the next piece of work.
fn ended(vm: &mut Vm, worker: &Worker, result: R) -> R<()> {
    let event_loop = &worker.event_loop;
    let f = &worker.future;
    let settled = match result {
        Err(raise) if f.is_done() => {
            drop(vm.take_raised(raise));
            Ok(())
        }
        Ok(_) if f.is_done() => Ok(()),
        Ok(value) => future::set_result(vm, f, value),
        Err(raise) => {
            let exception = vm.take_raised(raise);
            future::set_exception(vm, f, &exception)
        }
    };
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return settled;
    };
    let pool = &data.workers;
    let next = match worker.own {
        true => None,
        false => pool.waiting.borrow_mut().pop_front(),
    };
    match next {
        Some(next) => {
            if let Some(next) = next.opaque::<Worker>() {
                next.number.set(worker.number.get());
            }
            wake(vm, event_loop, next)?;
        }
        None => {
            pool.busy.set(pool.busy.get().saturating_sub(1));
            if !worker.own {
                pool.idle.borrow_mut().push(worker.number.get());
            }
        }
    }
    let waits = pool.ended.get();
    if pool.busy.get() == 0
        && let Some(all) = waits.as_ref::<Future>()
        && !all.is_done()
    {
        future::set_result(vm, all, Value::None)?;
    }
    settled
}

/// `time.sleep` inside of such work: the loop goes on meanwhile. What the native has to return, or
/// `None` if this is no such work, and the caller has to sleep itself.
pub fn sleep_beside_loop(vm: &mut Vm, time: Duration) -> R<Option<Value>> {
    let object = vm.current.worker.get();
    let Some(worker) = object.opaque::<Worker>() else {
        return Ok(None);
    };
    let Some(data) = worker.event_loop.opaque::<LoopData>() else {
        return Ok(None);
    };
    let end = vm.host.clock.monotonic() + time;
    // The loop wakes up for this timer, which lets the work go on, or does nothing.
    let callback = if vm.can_park() {
        object.clone()
    } else {
        vm.make(Nothing)
    };
    let when = end.as_secs_f64();
    let handle = super::handle::make(
        vm,
        &worker.event_loop,
        Value::float(when),
        callback,
        Tuple::value([]),
        Value::Undef,
    );
    data.set_timer(when, handle.into_obj());
    if vm.can_park() {
        return vm.tail(Tail::Park).map(Some);
    }
    pump(vm, &worker.event_loop, data, |vm| {
        Ok(vm.host.clock.monotonic() >= end)
    })?;
    let now = vm.host.clock.monotonic();
    if now < end {
        // The loop has stopped.
        vm.host.clock.sleep(end - now);
    }
    Ok(Some(Value::None))
}

/// A callback that does nothing.
struct Nothing;

impl NativeData for Nothing {}

impl NativeType for Nothing {
    const DEF: &'static TypeDef = &NOTHING;
}

static NOTHING: TypeDef =
    TypeDef::new("nothing", "_asyncio", Layout::Final).methods(&[NativeDef::new(
        "__call__",
        "(self, *args)",
        |_, _| Ok(Value::None),
        "Do nothing.",
    )]);

/// `_wait_in_worker(future)`: the loop goes on until a future of `concurrent.futures` is done.
pub(super) fn wait_in_worker(vm: &mut Vm, args: &[Value]) -> R {
    let object = vm.current.worker.get();
    if object.opaque::<Worker>().is_some() && vm.can_park() {
        let name = vm.names.add_done_callback.clone();
        vm.call_method(&args[0], &name, &[object])?;
        return vm.tail(Tail::Park);
    }
    let event_loop = loop_beside(vm)?;
    let Some(data) = event_loop.opaque::<LoopData>() else {
        return Ok(Value::None);
    };
    if blocks_itself(vm, &event_loop, data) {
        return Err(deadlock::raise_blocked(vm));
    }
    let done = vm.intern("done");
    let awaited = args[0].clone();
    pump(vm, &event_loop, data, |vm| {
        let done = vm.call_method(&awaited, &done, &[])?;
        vm.truth(&done)
    })?;
    Ok(Value::None)
}

/// The loop that goes on while its worker waits, or whoever else does.
fn loop_beside(vm: &mut Vm) -> R {
    match vm.current.worker.get().opaque::<Worker>() {
        Some(worker) => Ok(worker.event_loop.clone()),
        None => super::registry::get_event_loop(vm),
    }
}

/// Whether it is the loop itself that would wait, for nobody.
fn blocks_itself(vm: &Vm, event_loop: &Value, data: &LoopData) -> bool {
    vm.current.event_loop.get().is(event_loop) && data.workers.busy.get() == 0
}

/// `_wake_later(delay, callback)`: a timer for who is about to wait.
pub(super) fn wake_later(vm: &mut Vm, args: &[Value]) -> R {
    let event_loop = loop_beside(vm)?;
    if let Some(data) = event_loop.opaque::<LoopData>()
        && vm.current.worker.get().opaque::<Worker>().is_none()
        && blocks_itself(vm, &event_loop, data)
    {
        let delay = vm.to_f64(&args[0])?;
        let delay = Duration::try_from_secs_f64(delay).unwrap_or(Duration::MAX);
        vm.host.clock.sleep(delay);
        return Ok(Value::None);
    }
    let name = vm.intern("call_later");
    let given = [args[0].clone(), args[1].clone(), Value::None];
    vm.call_method(&event_loop, &name, &given)
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
    let result = pump_turns(vm, event_loop, data, &mut finished);
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
        if finished(vm)? || (data.queue.stopping.get() && data.queue.left.get() == 0) {
            return Ok(());
        }
        // One entry at a time: each may bring the end about, and nobody waits longer than that.
        let Some(action) = turn::advance(vm, event_loop, data)? else {
            continue;
        };
        match action {
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
