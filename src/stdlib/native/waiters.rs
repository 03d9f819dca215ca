//! The module `_waiters`: lines of futures, in which those who wait for a lock, an event or a queue
//! stand. Policy is written in the language (`asyncio/locks.coro`, `asyncio/queues.coro`); here is
//! what it does again and again, for deques and futures of ours without a call for each step.

use super::collections::Deque;
use super::queues;
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
        queues::REGISTER,
    ],
    init: Some(queues::init),
};

fn join(vm: &mut Vm, args: &[Value]) -> R {
    let [event_loop, line] = args else {
        return Ok(Value::None);
    };
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

/// An item of a deque, or of anything with `__getitem__`.
fn item(vm: &mut Vm, line: &Value, i: usize) -> R {
    match line.opaque::<Deque>().and_then(|d| d.get(i)) {
        Some(item) => Ok(item),
        None => vm.get_item(line, &Value::from(i)),
    }
}

fn wake_first(vm: &mut Vm, args: &[Value]) -> R {
    let [line, result] = args else {
        return Ok(Value::None);
    };
    if vm.truth(line)? {
        let first = item(vm, line, 0)?;
        settle_if_pending(vm, &first, result.clone())?;
    }
    Ok(Value::None)
}

fn wake_next(vm: &mut Vm, args: &[Value]) -> R {
    wake_next_of(vm, &args[0])?;
    Ok(Value::None)
}

/// Takes futures out of a line until one of them was pending, which is settled.
pub(super) fn wake_next_of(vm: &mut Vm, line: &Value) -> R<()> {
    while vm.truth(line)? {
        let first = match line.opaque::<Deque>().and_then(Deque::pop_front) {
            Some(first) => first,
            None => {
                let pop = vm.intern("popleft");
                vm.call_method(line, &pop, &[])?
            }
        };
        if settle_if_pending(vm, &first, Value::None)? {
            break;
        }
    }
    Ok(())
}

fn wake(vm: &mut Vm, args: &[Value]) -> R {
    let [line, n, result] = args else {
        return Ok(Value::None);
    };
    let most = match n {
        Value::None => i64::MAX,
        n => vm.index_i64(n)?,
    };
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
        return Ok(Value::Int(woken));
    }
    vm.for_each(line, |vm, future| {
        if woken >= most {
            return Ok(false);
        }
        woken += i64::from(settle_if_pending(vm, &future, result.clone())?);
        Ok(true)
    })?;
    Ok(Value::Int(woken))
}

fn has_only_futures(vm: &Vm, line: &Deque) -> bool {
    let class: Value = vm.types.future.clone().into();
    line.items.borrow().iter().all(|f| vm.is_exactly(f, &class))
}

fn all_cancelled(vm: &mut Vm, args: &[Value]) -> R {
    if args[0].is_none() {
        return Ok(Value::True);
    }
    if let Some(line) = args[0].opaque::<Deque>() {
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
            None => return Ok(Value::True),
            Some(Some(_)) => return Ok(Value::False),
            Some(None) => {}
        }
    }
    let mut all = true;
    vm.for_each(&args[0], |vm, future| {
        all = is_cancelled(vm, &future)?;
        Ok(all)
    })?;
    Ok(all.into())
}

fn is_cancelled(vm: &mut Vm, future: &Value) -> R<bool> {
    let cancelled = vm.intern("cancelled");
    let cancelled = vm.call_method(future, &cancelled, &[])?;
    vm.truth(&cancelled)
}
