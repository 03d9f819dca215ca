//! What `asyncio.gather` does for each of its arguments. There can be many of them; what it does
//! when one is done is written in the language (`asyncio/tasks.coro`).

use super::{context, future, loop_type};
use crate::vm::heap::Ref;
use crate::vm::names::AddressMap;
use crate::vm::object::{Dict, Future, FutureState, GenKind, Generator, List, Tuple};
use crate::vm::ready::DoneCallback;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::mem;

/// The arguments that were seen before, and their futures. Coroutines and futures are only equal
/// to themselves.
#[derive(Default)]
struct Seen {
    by_identity: AddressMap<Value>,
    /// The lowest and the highest address so far. Objects that were made one after the other mostly
    /// follow each other in memory: while each lies beyond all before it, none has come twice, and
    /// the map need not be made.
    range: Option<(usize, usize)>,
    is_mapped: bool,
    by_equality: Option<Ref<Dict>>,
}

impl Seen {
    /// The future of an argument that has come before, if it has. Of all arguments, the futures
    /// of the `earlier` ones are there.
    fn get(&mut self, vm: &mut Vm, arg: &Value, earlier: (&[Value], &[Value])) -> R<Option<Value>> {
        if let Some(address) = identity(arg) {
            let is_inside = |(lowest, highest)| lowest <= address && address <= highest;
            if !self.range.is_some_and(is_inside) {
                return Ok(None);
            }
            if !mem::replace(&mut self.is_mapped, true) {
                self.by_identity.reserve(earlier.0.len());
                for (arg, future) in earlier.0.iter().zip(earlier.1) {
                    if let Some(address) = identity(arg) {
                        self.by_identity.insert(address, future.clone());
                    }
                }
            }
            return Ok(self.by_identity.get(&address).cloned());
        }
        let dict = self.by_equality.get_or_insert_with(Dict::new);
        vm.dict_get(dict, arg)
    }

    fn insert(&mut self, vm: &mut Vm, arg: &Value, future: &Value) -> R<()> {
        if let Some(address) = identity(arg) {
            let (lowest, highest) = self.range.unwrap_or((address, address));
            self.range = Some((lowest.min(address), highest.max(address)));
            if self.is_mapped {
                self.by_identity.insert(address, future.clone());
            }
            return Ok(());
        }
        let dict = self.by_equality.get_or_insert_with(Dict::new);
        vm.dict_set(dict, arg, future.clone())
    }
}

/// The address of an object that is only equal to itself.
fn identity(arg: &Value) -> Option<usize> {
    let obj = arg.as_obj()?;
    let alone = obj.downcast::<Generator>().is_some() || own(arg).is_some();
    alone.then(|| obj.address())
}

/// A future or task whose class is no subclass.
fn own(value: &Value) -> Option<&Ref<Future>> {
    let f = value.as_ref::<Future>()?;
    f.is_plain().then_some(f)
}

/// `_begin_children(args, callback, left, ensure_future)`: makes each argument a future and has the
/// callback told when it is done. A tuple: the futures of the arguments, those that are done
/// already, and their loop. How many different ones there are becomes the item of the list `left`,
/// from which the loop takes those that it does not tell the callback of (see `DoneCallback`).
pub(super) fn begin(vm: &mut Vm, args: &[Value]) -> R {
    let [arguments, callback, left, ensure] = args else {
        return Ok(Value::None);
    };
    let arguments = arguments.as_ref::<Tuple>().cloned();
    let arguments = arguments.as_ref().map(|t| t.items()).unwrap_or_default();
    let mut seen = Seen::default();
    let (mut children, mut done) = (Vec::with_capacity(arguments.len()), Vec::new());
    let mut event_loop = Value::None;
    let mut count = 0;
    for arg in arguments {
        if let Some(future) = seen.get(vm, arg, (arguments, &children))? {
            children.push(future);
            continue;
        }
        let future = as_future(vm, arg, &event_loop, ensure)?;
        if event_loop.is_none() {
            event_loop = loop_of(vm, &future)?;
        }
        if !future.is(arg) {
            // Made by us and known to nobody else: nobody could have prevented its destruction.
            destroy_silently(vm, &future)?;
        }
        count += 1;
        seen.insert(vm, arg, &future)?;
        if is_done(vm, &future)? {
            done.push(future.clone());
        } else {
            add_callback(vm, &future, callback, left)?;
        }
        children.push(future);
    }
    vm.set_item(left, &Value::Int(0), Value::Int(count))?;
    Ok(Tuple::value([
        List::value(children),
        List::value(done),
        event_loop,
    ]))
}

fn as_future(vm: &mut Vm, arg: &Value, event_loop: &Value, ensure: &Value) -> R {
    if event_loop.is_none() && own(arg).is_some() {
        return Ok(arg.clone());
    }
    if arg
        .downcast::<Generator>()
        .is_some_and(|g| g.kind() == GenKind::Coroutine)
    {
        let event_loop = match event_loop {
            Value::None => vm.current.event_loop.get(),
            first => first.clone(),
        };
        if super::data::LoopData::makes_plain_tasks(&event_loop) {
            return loop_type::ensure_future(vm, &event_loop, arg);
        }
    }
    let keyword = vm.intern("loop");
    vm.call_kw(
        ensure,
        std::slice::from_ref(arg),
        &[(keyword, event_loop.clone())],
    )
}

fn loop_of(vm: &mut Vm, value: &Value) -> R {
    if let Some(f) = own(value) {
        return Ok(f.event_loop.get());
    }
    let name = vm.names.get_loop.clone();
    match vm.get_attr_opt(value, &name)? {
        Some(method) => vm.call(&method, &[]),
        None => {
            let name = vm.intern("_loop");
            vm.get_attr(value, &name)
        }
    }
}

fn destroy_silently(vm: &mut Vm, value: &Value) -> R<()> {
    if let Some(f) = own(value) {
        f.log_destroy_pending().set(false);
        return Ok(());
    }
    let name = vm.intern("_log_destroy_pending");
    vm.set_attr(value, &name, Value::False)
}

fn is_done(vm: &mut Vm, value: &Value) -> R<bool> {
    if let Some(f) = own(value) {
        return Ok(f.is_done());
    }
    let done = vm.intern("done");
    let done = vm.call_method(value, &done, &[])?;
    vm.truth(&done)
}

fn add_callback(vm: &mut Vm, value: &Value, callback: &Value, left: &Value) -> R<()> {
    if let Some(f) = own(value) {
        let context = context::copy_current(vm);
        let callback = DoneCallback {
            left: left.clone(),
            ..DoneCallback::new(callback.clone(), context)
        };
        return future::add_waiter(vm, f, callback);
    }
    let name = vm.names.add_done_callback.clone();
    vm.call_method(value, &name, std::slice::from_ref(callback))
        .map(drop)
}

/// `_results(futures)`: their results or exceptions, all of which count as retrieved.
pub(super) fn results(vm: &mut Vm, args: &[Value]) -> R {
    let many = args[0]
        .as_ref::<List>()
        .map_or(0, |l| l.items.borrow().len());
    let mut results = Vec::with_capacity(many);
    vm.for_each(&args[0], |vm, value| {
        let result = match own(&value) {
            Some(f) if f.is_done() => own_result(vm, f)?,
            _ => result(vm, &value)?,
        };
        results.push(result);
        Ok(true)
    })?;
    Ok(List::value(results))
}

fn own_result(vm: &mut Vm, f: &Ref<Future>) -> R {
    if f.state.get() == FutureState::Cancelled {
        return cancelled(vm, f.cancel_message());
    }
    f.log_traceback().set(false);
    Ok(match f.exception().defined() {
        Some(exception) => exception,
        None => f.result(),
    })
}

/// CancelledError as `gather` has it in its results.
fn cancelled(vm: &mut Vm, message: Value) -> R {
    let message = match message {
        Value::Undef | Value::None => "".into(),
        message => message,
    };
    let class = vm.exc.cancelled_error.clone();
    vm.call(&class.into(), &[message])
}

fn result(vm: &mut Vm, value: &Value) -> R {
    let name = vm.intern("cancelled");
    let is_cancelled = vm.call_method(value, &name, &[])?;
    if vm.truth(&is_cancelled)? {
        let name = vm.intern("_cancel_message");
        let message = vm.get_attr(value, &name)?;
        return cancelled(vm, message);
    }
    let name = vm.intern("exception");
    match vm.call_method(value, &name, &[])? {
        Value::None => {
            let name = vm.names.result.clone();
            vm.call_method(value, &name, &[])
        }
        exception => Ok(exception),
    }
}
