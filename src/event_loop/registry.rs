//! Which loop runs or is set, which task runs, which tasks there are.

use super::data::LoopData;
use super::{loop_type, report};
use crate::vm::heap::{self, Ref, Slot};
use crate::vm::object::{Future, Kind, Set};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// What the module keeps beside what is current.
#[derive(Default)]
struct Registry {
    /// The loop of `set_event_loop`.
    set: Slot,
    /// `set_event_loop` was called.
    was_set: bool,
    /// Tasks of loops that are not running, entered by hand.
    entered: Vec<(Value, Value)>,
    /// Tasks that are no `Task` objects, registered by hand.
    foreign: Vec<Value>,
    /// Stands in for the running loop while none runs.
    standing: Slot,
    /// Its tasks that failed with nobody waiting for them.
    failed: Vec<Ref<Future>>,
}

/// `get_running_loop()`.
pub(super) fn running_loop(vm: &mut Vm) -> R {
    match vm.current.event_loop.defined() {
        Some(event_loop) => Ok(event_loop),
        None => match vm.state::<Registry>().standing.defined() {
            Some(standing) => Ok(standing),
            None => Err(vm.runtime_error("no running event loop")),
        },
    }
}

/// Gives a loop to those who ask for the running one while none runs.
pub(super) fn set_standing(vm: &mut Vm, event_loop: Value) {
    let old = vm.state::<Registry>().standing.replace(event_loop);
    drop(old);
}

/// A task has failed with nobody waiting for it: whoever drives the standing loop will tell.
#[cold]
pub(super) fn note_failed(vm: &mut Vm, task: &Ref<Future>) {
    let registry = vm.state::<Registry>();
    let own = task.event_loop.get();
    let told_otherwise = own
        .opaque::<LoopData>()
        .is_none_or(|data| !data.exception_handler.get().is_none());
    if registry.standing.get().is(&own) && !told_otherwise {
        registry.failed.push(task.clone());
    }
}

/// The tasks of the standing loop that failed since the last call.
pub(super) fn take_failed(vm: &mut Vm) -> Vec<Ref<Future>> {
    std::mem::take(&mut vm.state::<Registry>().failed)
}

/// The running loop, else the one that was set, else (with a warning) a new one.
pub(super) fn get_event_loop(vm: &mut Vm) -> R {
    if let Some(running) = vm.current.event_loop.defined() {
        return Ok(running);
    }
    let registry = vm.state::<Registry>();
    if let Some(set) = registry.set.defined().filter(|s| !s.is_none()) {
        return Ok(set);
    }
    if let Some(standing) = registry.standing.defined() {
        return Ok(standing);
    }
    if registry.was_set {
        return Err(vm.runtime_error("There is no current event loop in thread 'MainThread'."));
    }
    let class = vm.exc.deprecation_warning.clone();
    report::warn(vm, &class, "There is no current event loop")?;
    let made = loop_type::new_loop(vm);
    set_event_loop(vm, &made)?;
    Ok(made)
}

pub(super) fn set_event_loop(vm: &mut Vm, event_loop: &Value) -> R {
    let base = vm.types.abstract_event_loop.clone();
    if !event_loop.is_none() && !vm.class_of(event_loop).is_subclass(&base) {
        let name = vm.class_of(event_loop).name();
        return Err(vm.type_error(format!(
            "loop must be an instance of AbstractEventLoop or None, not '{name}'"
        )));
    }
    let registry = vm.state::<Registry>();
    registry.was_set = true;
    let old = registry.set.replace(event_loop.clone());
    drop(old);
    Ok(Value::None)
}

/// The loop that was given, or the running one.
fn loop_of(vm: &mut Vm, given: &Value) -> R {
    match given {
        Value::Undef | Value::None => running_loop(vm),
        event_loop => Ok(event_loop.clone()),
    }
}

/// `current_task(loop=None)`.
pub(super) fn current_task(vm: &mut Vm, args: &[Value]) -> R {
    let event_loop = loop_of(vm, &args[0])?;
    Ok(task_of(vm, &event_loop).unwrap_or(Value::None))
}

fn task_of(vm: &mut Vm, event_loop: &Value) -> Option<Value> {
    if let Some(task) = vm.current.task.defined() {
        let own = match task.as_ref::<Future>() {
            Some(f) => f.event_loop.get(),
            None => vm.current.event_loop.get(),
        };
        if own.is(event_loop) {
            return Some(task);
        }
    }
    let entered = &vm.state::<Registry>().entered;
    let found = entered.iter().find(|(l, _)| l.is(event_loop));
    found.map(|(_, task)| task.clone())
}

/// `_enter_task(loop, task)`.
pub(super) fn enter_task(vm: &mut Vm, event_loop: &Value, task: &Value) -> R {
    if let Some(other) = task_of(vm, event_loop) {
        let (task, other) = (vm.repr(task)?, vm.repr(&other)?);
        return Err(vm.runtime_error(format!(
            "Cannot enter into task {} while another task {} is being executed.",
            task.as_str(),
            other.as_str()
        )));
    }
    put_task(vm, event_loop, task.clone());
    Ok(Value::None)
}

/// `_leave_task(loop, task)`.
pub(super) fn leave_task(vm: &mut Vm, event_loop: &Value, task: &Value) -> R {
    let current = task_of(vm, event_loop).unwrap_or(Value::None);
    if !current.is(task) {
        let (task, current) = (vm.repr(task)?, vm.repr(&current)?);
        return Err(vm.runtime_error(format!(
            "Leaving task {} does not match the current task {}.",
            task.as_str(),
            current.as_str()
        )));
    }
    put_task(vm, event_loop, Value::Undef);
    Ok(Value::None)
}

/// `_swap_current_task(loop, task)`.
pub(super) fn swap_current_task(vm: &mut Vm, args: &[Value]) -> R {
    let old = task_of(vm, &args[0]).unwrap_or(Value::None);
    let new = if args[1].is_none() {
        Value::Undef
    } else {
        args[1].clone()
    };
    put_task(vm, &args[0], new);
    Ok(old)
}

/// Makes a task the current one of a loop; `Undef` for none.
fn put_task(vm: &mut Vm, event_loop: &Value, task: Value) {
    let entered = &mut vm.state::<Registry>().entered;
    let old: Vec<_> = entered.extract_if(.., |(l, _)| l.is(event_loop)).collect();
    if vm.current.event_loop.get().is(event_loop) {
        vm.current.task.set(task);
    } else if !task.is_undef() {
        let pair = (event_loop.clone(), task);
        vm.state::<Registry>().entered.push(pair);
    }
    drop(old);
}

/// `_register_task(task)`.
pub(super) fn register_task(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].downcast::<Future>().filter(|t| t.is_task()) {
        Some(task) => task.own_or_new().unregistered.set(false),
        None => vm.state::<Registry>().foreign.push(args[0].clone()),
    }
    Ok(Value::None)
}

/// `_unregister_task(task)`.
pub(super) fn unregister_task(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].downcast::<Future>().filter(|t| t.is_task()) {
        Some(task) => task.own_or_new().unregistered.set(true),
        None => {
            let foreign = &mut vm.state::<Registry>().foreign;
            let gone: Vec<_> = foreign.extract_if(.., |t| t.is(&args[0])).collect();
            drop(gone);
        }
    }
    Ok(Value::None)
}

/// `all_tasks(loop=None)`: a set of the tasks of a loop that are not done, oldest first.
///
/// Nobody keeps a list of tasks: they are found by walking the heap, so that making and ending
/// them costs nothing.
pub(super) fn all_tasks(vm: &mut Vm, args: &[Value]) -> R {
    let event_loop = loop_of(vm, &args[0])?;
    let mut found = pending_tasks();
    found.retain(|t| t.event_loop.get().is(&event_loop));
    found.sort_by_key(|t| t.age());
    let set = Ref::new(Set::default());
    for task in found {
        vm.set_add(&set.map, &task.into())?;
    }
    for task in foreign_tasks(vm, &event_loop)? {
        vm.set_add(&set.map, &task)?;
    }
    Ok(set.into())
}

/// All tasks that are not done, of all loops, in no order.
pub(super) fn pending_tasks() -> Vec<Ref<Future>> {
    let mut found = Vec::new();
    heap::visit_objects(|header| {
        if header.kind() != Kind::Future || header.count() == 0 {
            return;
        }
        let is_task = header.peek::<Future>().is_some_and(|f| {
            !f.is_done() && f.begun() && f.own().is_none_or(|own| !own.unregistered.get())
        });
        if is_task {
            found.push(header.to_ref());
        }
    });
    found
        .into_iter()
        .filter_map(|o| o.into_ref().ok())
        .collect()
}

fn foreign_tasks(vm: &mut Vm, event_loop: &Value) -> R<Vec<Value>> {
    let mut found = Vec::new();
    let all = vm.state::<Registry>().foreign.clone();
    for task in all {
        let (get_loop, done) = (vm.names.get_loop.clone(), vm.intern("done"));
        let own = vm.call_method(&task, &get_loop, &[])?;
        let done = vm.call_method(&task, &done, &[])?;
        if own.is(event_loop) && !vm.truth(&done)? {
            found.push(task);
        }
    }
    Ok(found)
}

/// Makes a loop the running one, `Undef` for none; gives the one that was.
pub(super) fn enter_loop(vm: &mut Vm, event_loop: Value) -> Value {
    let data = event_loop.opaque::<LoopData>();
    vm.current.queue = data.map(|d| d.queue.clone());
    vm.current.event_loop.replace(event_loop)
}

/// `_set_running_loop(loop)`.
pub(super) fn set_running_loop(vm: &mut Vm, args: &[Value]) -> R {
    let new = if args[0].is_none() {
        Value::Undef
    } else {
        args[0].clone()
    };
    enter_loop(vm, new);
    Ok(Value::None)
}

/// Whether a loop of ours is running.
pub(super) fn is_running(event_loop: &Value) -> bool {
    event_loop
        .opaque::<LoopData>()
        .is_some_and(|d| d.running.get())
}
