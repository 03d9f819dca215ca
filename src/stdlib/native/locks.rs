//! Taking and leaving `asyncio.Lock` and `asyncio.Event`, as `asyncio/locks.coro` asks for it.

use super::collections::Deque;
use super::shortcuts::{self, Kind, Like};
use super::waiters::{all_cancelled_of, join_line, wake_all_of, wake_first_of};
use crate::event_loop::deadlock;
use crate::vm::object::Class;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

static LOCK: Kind = Kind {
    id: 0,
    methods: &["_get_loop", "_wake_up_first"],
    attributes: &["_loop", "_waiters", "_locked"],
};
const LOCKED: usize = 2;
const WAKE_UP_FIRST: usize = 1;

pub static EVENT: Kind = Kind {
    id: 1,
    methods: &["_get_loop", "clear"],
    attributes: &["_loop", "_waiters", "_value"],
};
const VALUE: usize = 2;
const CLEAR: usize = 1;

/// What both have.
const GET_LOOP: usize = 0;
const LOOP: usize = 0;
const WAITERS: usize = 1;

/// `register(Lock, Event, Queue)`, each known or not yet.
pub fn register(vm: &mut Vm, args: &[Value]) -> R {
    let kind = match args[0].as_str() {
        Some("Lock") => &LOCK,
        Some("Event") => &EVENT,
        _ => &super::queues::QUEUE,
    };
    if let Some(class) = args[1].as_ref::<Class>() {
        shortcuts::register(vm, kind, class);
    }
    Ok(Value::None)
}

/// The loop to which an object is bound from now on: `_LoopBoundMixin._get_loop`.
fn bound_loop(vm: &mut Vm, object: &Like) -> R {
    if !object.owns(GET_LOOP) {
        return object.call(vm, GET_LOOP, &[]);
    }
    let running = vm.current.event_loop.defined().unwrap_or(Value::None);
    match object.get(vm, LOOP)? {
        Value::None => object.set(vm, LOOP, running.clone())?,
        own if own.is(&running) => {}
        _ => {
            let text = vm.repr(object.value())?;
            let message = format!("{} is bound to a different event loop", text.as_str());
            return Err(vm.runtime_error(message));
        }
    }
    Ok(running)
}

/// A place at the end of the line of an object, which may have no line yet.
fn join(vm: &mut Vm, object: &Like) -> R {
    let mut line = object.get(vm, WAITERS)?;
    if line.is_none() {
        line = vm.make(Deque::default());
        object.set(vm, WAITERS, line.clone())?;
    }
    let event_loop = bound_loop(vm, object)?;
    join_line(vm, &event_loop, &line)
}

/// `take_or_join(lock)`: True if the lock was free and is taken now, else a place in the line.
pub fn take_or_join(vm: &mut Vm, args: &[Value]) -> R {
    let lock = Like::new(vm, &LOCK, &args[0]);
    let locked = lock.get(vm, LOCKED)?;
    if !vm.truth(&locked)? {
        // A free lock with live waiters is already promised to the first of them.
        let line = lock.get(vm, WAITERS)?;
        if all_cancelled_of(vm, &line)? {
            lock.set(vm, LOCKED, Value::True)?;
            deadlock::note_taken(vm, &args[0]);
            return Ok(Value::True);
        }
    }
    join(vm, &lock)
}

/// `take_turn(lock, fut)`: whose place has been called leaves the line and has the lock.
pub fn take_turn(vm: &mut Vm, args: &[Value]) -> R {
    let lock = Like::new(vm, &LOCK, &args[0]);
    leave_line(vm, &lock, &args[1])?;
    lock.set(vm, LOCKED, Value::True)?;
    deadlock::note_taken(vm, &args[0]);
    Ok(Value::None)
}

/// `free(lock)`: False if it was not locked; else it is free, and the first in the line is woken.
pub fn free(vm: &mut Vm, args: &[Value]) -> R {
    let lock = Like::new(vm, &LOCK, &args[0]);
    let locked = lock.get(vm, LOCKED)?;
    if !vm.truth(&locked)? {
        return Ok(Value::False);
    }
    lock.set(vm, LOCKED, Value::False)?;
    if lock.owns(WAKE_UP_FIRST) {
        let line = lock.get(vm, WAITERS)?;
        wake_first_of(vm, &line, Value::True)?;
    } else {
        lock.call(vm, WAKE_UP_FIRST, &[])?;
    }
    Ok(Value::True)
}

/// `see_or_join(event)`: True if the flag is up, else a place in the line.
pub fn see_or_join(vm: &mut Vm, args: &[Value]) -> R {
    let event = Like::new(vm, &EVENT, &args[0]);
    let value = event.get(vm, VALUE)?;
    if vm.truth(&value)? {
        return Ok(Value::True);
    }
    join(vm, &event)
}

/// `leave(event, fut)`: takes a place out of the line of an event.
pub fn leave(vm: &mut Vm, args: &[Value]) -> R {
    let event = Like::new(vm, &EVENT, &args[0]);
    leave_line(vm, &event, &args[1])
}

/// Takes a place out of the line of an object; mostly it is the first.
fn leave_line(vm: &mut Vm, object: &Like, place: &Value) -> R {
    let line = object.get(vm, WAITERS)?;
    if let Some(deque) = line.opaque::<Deque>()
        && deque.get(0).is_some_and(|first| first.is(place))
    {
        drop(deque.pop_front());
        return Ok(Value::None);
    }
    let remove = vm.intern("remove");
    vm.call_method(&line, &remove, std::slice::from_ref(place))
}

/// `raise_flag(event)`: if it is down, it goes up, and all in the line are woken.
pub fn raise_flag(vm: &mut Vm, args: &[Value]) -> R {
    let event = Like::new(vm, &EVENT, &args[0]);
    let value = event.get(vm, VALUE)?;
    if !vm.truth(&value)? {
        event.set(vm, VALUE, Value::True)?;
        let line = event.get(vm, WAITERS)?;
        wake_all_of(vm, &line, &Value::True)?;
    }
    Ok(Value::None)
}

/// Whether `event.clear()` would change nothing.
pub fn is_clear(vm: &mut Vm, event: &Value) -> bool {
    let event = Like::new(vm, &EVENT, event);
    event.owns(CLEAR) && matches!(event.own(VALUE), Some(Value::False))
}
