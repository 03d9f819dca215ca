//! The module `_waiters`: lines of futures, in which those who wait for a lock, an event or a queue
//! stand. Policy is written in the language (`asyncio/locks.coro`, `asyncio/queues.coro`); here is
//! what it does again and again, for deques and futures of ours without a call for each step.

use super::collections::Deque;
use super::{locks, queues};
use crate::event_loop::{create_future, settle_if_pending};
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Future, FutureState};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_waiters",
    doc: "Lines of futures.",
    functions: &[
        NativeDef::new(
            "join",
            "(loop, line, /)",
            join,
            "A new future of the loop, at the end of the line.",
        ),
        NativeDef::new(
            "wake_first",
            "(line, result, /)",
            wake_first,
            "Settle the first future of a line (or of None), unless it is done.",
        ),
        NativeDef::new(
            "wake_next",
            "(line, /)",
            wake_next,
            "Take futures out of the line until one was pending; settle that.",
        ),
        NativeDef::new(
            "wake",
            "(line, n, result, /)",
            wake,
            "Settle the first n pending futures of a line, or all if n is None; how many there were.",
        ),
        NativeDef::new(
            "all_cancelled",
            "(line, /)",
            all_cancelled,
            "Whether nobody in the line (or in None) still waits.",
        ),
        NativeDef::new(
            "put_now",
            "(queue, item, /)",
            queues::put_now,
            "Queue.put_nowait() for a queue that has room; False if more is to be thought of.",
        ),
        NativeDef::new(
            "get_now",
            "(queue, /)",
            queues::get_now,
            "Queue.get_nowait() for a queue that has items; NOTHING if more is to be thought of.",
        ),
        NativeDef::new(
            "take_or_join",
            "(lock, /)",
            locks::take_or_join,
            "Take a lock, which gives True, or a place in its line.",
        ),
        NativeDef::new(
            "take_turn",
            "(lock, place, /)",
            locks::take_turn,
            "Take a lock that was handed to the owner of a place in its line.",
        ),
        NativeDef::new(
            "free",
            "(lock, /)",
            locks::free,
            "Free a lock and wake the first in its line; False if it was not locked.",
        ),
        NativeDef::new(
            "see_or_join",
            "(event, /)",
            locks::see_or_join,
            "True if an event is set, else a place in its line.",
        ),
        NativeDef::new(
            "leave",
            "(event, place, /)",
            locks::leave,
            "Take a place out of an event's line.",
        ),
        NativeDef::new(
            "raise_flag",
            "(event, /)",
            locks::raise_flag,
            "Set an event and wake all in its line.",
        ),
        NativeDef::new(
            "register",
            "(kind, class, /)",
            locks::register,
            "Make the methods of one of the library's classes known.",
        ),
    ],
    init: Some(queues::init),
};

fn join(vm: &mut Vm, args: &[Value]) -> R {
    join_line(vm, &args[0], &args[1])
}

/// A new future of a loop, at the end of a line.
pub(super) fn join_line(vm: &mut Vm, event_loop: &Value, line: &Value) -> R {
    let future = create_future(vm, event_loop)?;
    match line.opaque::<Deque>() {
        Some(line) => line.push_back(future.clone()),
        None => {
            let append = vm.intern("append");
            vm.call_method(line, &append, std::slice::from_ref(&future))?;
        }
    }
    Ok(future)
}

fn wake_first(vm: &mut Vm, args: &[Value]) -> R {
    wake_first_of(vm, &args[0], args[1].clone())?;
    Ok(Value::None)
}

/// Settles the first future of a line (or of None), unless it is done.
pub(super) fn wake_first_of(vm: &mut Vm, line: &Value, result: Value) -> R<()> {
    let first = match line.opaque::<Deque>() {
        Some(line) => line.get(0),
        None if vm.truth(line)? => Some(vm.get_item(line, &Value::Int(0))?),
        None => None,
    };
    if let Some(first) = first {
        settle_if_pending(vm, &first, result)?;
    }
    Ok(())
}

fn wake_next(vm: &mut Vm, args: &[Value]) -> R {
    wake_next_of(vm, &args[0])?;
    Ok(Value::None)
}

/// Takes futures out of a line until one of them was pending, which is settled.
pub(super) fn wake_next_of(vm: &mut Vm, line: &Value) -> R<()> {
    if let Some(line) = line.opaque::<Deque>() {
        while let Some(first) = line.pop_front() {
            if settle_if_pending(vm, &first, Value::None)? {
                break;
            }
        }
        return Ok(());
    }
    while vm.truth(line)? {
        let pop = vm.intern("popleft");
        let first = vm.call_method(line, &pop, &[])?;
        if settle_if_pending(vm, &first, Value::None)? {
            break;
        }
    }
    Ok(())
}

fn wake(vm: &mut Vm, args: &[Value]) -> R {
    let most = match &args[1] {
        Value::None => i64::MAX,
        n => vm.index_i64(n)?,
    };
    wake_some_of(vm, &args[0], most, &args[2]).map(Value::Int)
}

/// Settles all pending futures of a line.
pub(super) fn wake_all_of(vm: &mut Vm, line: &Value, result: &Value) -> R<()> {
    wake_some_of(vm, line, i64::MAX, result).map(drop)
}

/// Settles the first pending futures of a line, at most so many; how many there were.
fn wake_some_of(vm: &mut Vm, line: &Value, most: i64, result: &Value) -> R<i64> {
    let mut woken = 0;
    if let Some(deque) = line.opaque::<Deque>().filter(|d| has_only_futures(vm, d)) {
        // Settling a future of ours runs nothing: the line stays as it is meanwhile.
        for i in 0..deque.len() {
            if woken >= most {
                break;
            }
            let future = deque.get(i).unwrap_or(Value::None);
            woken += i64::from(settle_if_pending(vm, &future, result.clone())?);
        }
        return Ok(woken);
    }
    vm.for_each(line, |vm, future| {
        if woken >= most {
            return Ok(false);
        }
        woken += i64::from(settle_if_pending(vm, &future, result.clone())?);
        Ok(true)
    })?;
    Ok(woken)
}

fn has_only_futures(vm: &Vm, line: &Deque) -> bool {
    let class: Value = vm.types.future.clone().into();
    line.items.borrow().iter().all(|f| vm.is_exactly(f, &class))
}

fn all_cancelled(vm: &mut Vm, args: &[Value]) -> R {
    all_cancelled_of(vm, &args[0]).map(Value::bool)
}

/// Whether nobody in a line (or in None) still waits.
pub(super) fn all_cancelled_of(vm: &mut Vm, line: &Value) -> R<bool> {
    if line.is_none() {
        return Ok(true);
    }
    if let Some(line) = line.opaque::<Deque>() {
        let class: Value = vm.types.future.clone().into();
        let items = line.items.borrow();
        let state = |f: &Value| match f.downcast::<Future>() {
            Some(own) if vm.is_exactly(f, &class) => Some(own.state.get()),
            _ => None,
        };
        match items
            .iter()
            .map(state)
            .find(|s| *s != Some(FutureState::Cancelled))
        {
            None => return Ok(true),
            Some(Some(_)) => return Ok(false),
            Some(None) => {}
        }
    }
    let mut all = true;
    vm.for_each(line, |vm, future| {
        all = is_cancelled(vm, &future)?;
        Ok(all)
    })?;
    Ok(all)
}

fn is_cancelled(vm: &mut Vm, future: &Value) -> R<bool> {
    let cancelled = vm.intern("cancelled");
    let cancelled = vm.call_method(future, &cancelled, &[])?;
    vm.truth(&cancelled)
}
