//! Who awaits a future: for call graphs. Nobody keeps books of it; it is read off the tasks when
//! somebody asks.

use super::deadlock::waits::{self, Wait};
use super::registry;
use crate::vm::generator::suspended_chain;
use crate::vm::heap::Ref;
use crate::vm::object::{BoundMethod, Future, Generator, List, Tuple, Waiter};
use crate::vm::ops::attr::own_attr;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// `_awaited_by(future)`: the tasks that wait for it, oldest first, and whoever was added by hand.
pub(super) fn awaited_by(vm: &mut Vm, args: &[Value]) -> R {
    let Some(future) = args[0].as_ref::<Future>().cloned() else {
        return Ok(Tuple::value([]));
    };
    let settlers = waits::settlers(vm);
    let mut tasks = registry::pending_tasks();
    tasks.retain(|t| !t.as_obj().is(future.as_obj()));
    tasks.sort_by_key(|t| t.age());
    let parents = parents(vm, &future);
    let mut found: Vec<Value> = Vec::new();
    for task in tasks {
        let s = waits::look(vm, task.clone(), &settlers);
        let is_ours = |f: &Ref<Future>| f.as_obj().is(future.as_obj());
        let awaits = match &s.wait {
            Wait::Futures(_, futures) => futures.iter().any(is_ours),
            _ => false,
        };
        let directly = task
            .part()
            .is_some_and(|p| p.waiting_for.get().is(&args[0]));
        if awaits || directly || parents.iter().any(|p| p.is(&task.clone().into())) {
            found.push(task.into());
        }
    }
    if let Some(added) = future.own().map(|own| own.awaited_by.get())
        && let Some(list) = added.as_ref::<List>()
    {
        let more = list.items.borrow().clone();
        found.extend(
            more.into_iter()
                .filter(|v| !found.iter().any(|f| f.is(v)))
                .collect::<Vec<_>>(),
        );
    }
    Ok(Tuple::value(found))
}

/// The tasks whose groups a task belongs to.
fn parents(vm: &mut Vm, future: &Ref<Future>) -> Vec<Value> {
    let name = vm.intern("_parent_task");
    let callbacks = future.waiters().into_iter().filter_map(|w| match w {
        Waiter::Callback(callback) => Some(callback.func),
        Waiter::Task(_) => None,
    });
    callbacks
        .filter_map(|func| {
            let method = func.as_ref::<BoundMethod>()?;
            own_attr(&method.this, &name)
        })
        .collect()
}

/// `future_add_to_awaited_by(future, waiter)`: for futures that are settled in other ways.
pub(super) fn add(vm: &mut Vm, args: &[Value]) -> R {
    let _ = vm;
    if let (Some(future), Some(_)) = (args[0].as_ref::<Future>(), args[1].as_ref::<Future>()) {
        let slot = &future.own_or_new().awaited_by;
        let list = match slot.get().as_ref::<List>() {
            Some(list) => list.clone(),
            None => List::new(Vec::new()),
        };
        let is_there = list.items.borrow().iter().any(|v| v.is(&args[1]));
        if !is_there {
            list.items.borrow_mut().push(args[1].clone());
        }
        slot.set(list.into());
    }
    Ok(Value::None)
}

/// `future_discard_from_awaited_by(future, waiter)`.
pub(super) fn discard(vm: &mut Vm, args: &[Value]) -> R {
    let _ = vm;
    let added = args[0]
        .as_ref::<Future>()
        .and_then(|f| f.own())
        .map(|own| own.awaited_by.get());
    if let Some(added) = added
        && let Some(list) = added.as_ref::<List>()
    {
        let gone: Vec<Value> = list
            .items
            .borrow_mut()
            .extract_if(.., |v| v.is(&args[1]))
            .collect();
        drop(gone);
    }
    Ok(Value::None)
}

/// `_suspended_chain(coroutine)`: it and what it delegates to, as far as these are frames.
pub(super) fn chain(_: &mut Vm, args: &[Value]) -> R {
    let chain = args[0]
        .as_ref::<Generator>()
        .map_or_else(Vec::new, suspended_chain);
    let mut chain: Vec<Value> = chain.into_iter().map(Value::from).collect();
    if chain.is_empty()
        && args[0]
            .as_ref::<Generator>()
            .is_some_and(|g| !g.is_finished())
    {
        // It has not begun.
        chain.push(args[0].clone());
    }
    Ok(List::value(chain))
}
