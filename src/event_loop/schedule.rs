//! Putting things on the ready queue: directly where the loop is ours, through the loop's
//! `call_soon` where it is not.

use super::data::LoopData;
use super::{context, step, task};
use crate::vm::heap::Ref;
use crate::vm::object::{Future, Waiter};
use crate::vm::observe::Event;
use crate::vm::ready::Ready;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The loop behind a value, if things may be put on its queue without asking it.
#[inline(always)]
pub(super) fn native(event_loop: &Value) -> Option<&LoopData> {
    event_loop.opaque::<LoopData>().filter(|data| !data.custom)
}

/// Appends to the ready queue; RuntimeError if the loop is closed.
#[inline]
pub(super) fn push(vm: &mut Vm, event_loop: &Value, what: Ready) -> R<()> {
    match native(event_loop) {
        Some(data) => {
            check_open(vm, data)?;
            if vm.is_observed() {
                vm.tell(&Event::Queued(&what));
            }
            data.queue.push(what);
            Ok(())
        }
        None => push_foreign(vm, event_loop, what),
    }
}

pub(super) fn check_open(vm: &mut Vm, data: &LoopData) -> R<()> {
    if data.closed.get() {
        return Err(vm.runtime_error("Event loop is closed"));
    }
    Ok(())
}

/// `loop.call_soon(…)` of a loop that the program made itself.
#[cold]
fn push_foreign(vm: &mut Vm, event_loop: &Value, what: Ready) -> R<()> {
    let (func, args, context) = match what {
        Ready::Step(task) => {
            let context = task::context(vm, &task);
            (step::step_method(vm, &task, Value::Undef), vec![], context)
        }
        Ready::Throw(both) => {
            let context = task::context(vm, &both.0);
            (step::step_method(vm, &both.0, both.1), vec![], context)
        }
        Ready::Wakeup(task) => {
            let context = task::context(vm, &task);
            let awaited = task.part().map(|p| p.waiting_for.get());
            let args = awaited.into_iter().collect();
            (step::wakeup_method(vm, &task), args, context)
        }
        Ready::Done(done) => {
            let context = context::object(vm, done.context);
            (done.func, vec![done.future], context)
        }
        // Made only by loops of ours, which queue them themselves.
        Ready::Handle(_) | Ready::Timer(_) | Ready::Worker(_) => return Ok(()),
    };
    let mut all = vec![func];
    all.extend(args);
    let call_soon = vm.names.call_soon.clone();
    let call_soon = vm.get_attr(event_loop, &call_soon)?;
    let keyword = vm.names.context.clone();
    vm.call_kw(&call_soon, &all, &[(keyword, context)])?;
    Ok(())
}

/// A future is done: all of these, who waited for it, are told in the next turn, in order.
pub(super) fn tell_all(vm: &mut Vm, f: &Ref<Future>, waiters: Vec<Waiter>) -> R<()> {
    let event_loop = f.event_loop.get();
    for waiter in waiters {
        push(vm, &event_loop, Ready::tell(waiter, f))?;
    }
    Ok(())
}

/// Tells one who would wait for a future that is done already.
pub(super) fn tell(vm: &mut Vm, f: &Ref<Future>, waiter: Waiter) -> R<()> {
    let event_loop = f.event_loop.get();
    push(vm, &event_loop, Ready::tell(waiter, f))
}
