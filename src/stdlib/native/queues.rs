//! The short way through `asyncio.Queue`: putting in and taking out where nobody has to wait. What
//! it does is written in `asyncio/queues.coro`; this is the same for queues that have the library's
//! own methods but for `_put` and `_get`, which a subclass may replace.

use super::collections::Deque;
use super::locks::is_clear;
use super::shortcuts::{Kind, Like};
use super::waiters::wake_next_of;
use crate::vm::heap::Ref;
use crate::vm::object::{Instance, Module};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static QUEUE: Kind = Kind {
    id: 2,
    methods: &[
        "full",
        "empty",
        "qsize",
        "put_nowait",
        "get_nowait",
        "_wakeup_next",
        "_put",
        "_get",
    ],
    attributes: &[
        "_maxsize",
        "_queue",
        "_is_shutdown",
        "_unfinished_tasks",
        "_finished",
        "_getters",
        "_putters",
    ],
};
/// The methods that the short way stands for, and those that it calls if they are not the library's.
const REPLACED: usize = 6;
const PUT: usize = 6;
const GET: usize = 7;

const MAXSIZE: usize = 0;
const ITEMS: usize = 1;
const IS_SHUTDOWN: usize = 2;
const UNFINISHED: usize = 3;
const FINISHED: usize = 4;
const GETTERS: usize = 5;
const PUTTERS: usize = 6;

/// What `get_now` says if there is no item to take at once.
#[derive(Default)]
struct Nothing(Value);

pub fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let nothing: Value = Instance::new(&vm.types.object.clone(), Value::Undef).into();
    let name = vm.intern("NOTHING");
    module.dict.set_str(&name, nothing.clone());
    vm.state::<Nothing>().0 = nothing;
    Ok(())
}

/// `put_now(queue, item)`.
pub fn put_now(vm: &mut Vm, args: &[Value]) -> R {
    let [queue, item] = args else {
        return Ok(Value::False);
    };
    let queue = Like::new(vm, &QUEUE, queue);
    if !queue.owns_first(REPLACED) {
        return Ok(Value::False);
    }
    let items = queue.get(vm, ITEMS)?;
    let room = match queue.get(vm, MAXSIZE)? {
        Value::Int(most) if most <= 0 => true,
        Value::Int(most) => match items.opaque::<Deque>() {
            Some(items) => (items.len() as i64) < most,
            None => (vm.len(&items)? as i64) < most,
        },
        _ => false,
    };
    let (true, Value::False, Value::Int(unfinished)) = (
        room,
        queue.get(vm, IS_SHUTDOWN)?,
        queue.get(vm, UNFINISHED)?,
    ) else {
        return Ok(Value::False);
    };
    match items.opaque::<Deque>().filter(|_| queue.owns(PUT)) {
        Some(items) => items.push_back(item.clone()),
        None => drop(queue.call(vm, PUT, std::slice::from_ref(item))?),
    }
    queue.set(vm, UNFINISHED, Value::Int(unfinished.saturating_add(1)))?;
    let finished = queue.get(vm, FINISHED)?;
    if !is_clear(vm, &finished) {
        let clear = vm.intern("clear");
        vm.call_method(&finished, &clear, &[])?;
    }
    let getters = queue.get(vm, GETTERS)?;
    wake_next_of(vm, &getters)?;
    Ok(Value::True)
}

/// `get_now(queue)`.
pub fn get_now(vm: &mut Vm, args: &[Value]) -> R {
    let queue = Like::new(vm, &QUEUE, &args[0]);
    if queue.owns_first(REPLACED) {
        let items = queue.get(vm, ITEMS)?;
        let item = match items.opaque::<Deque>().filter(|_| queue.owns(GET)) {
            Some(items) => items.pop_front(),
            None if vm.truth(&items)? => Some(queue.call(vm, GET, &[])?),
            None => None,
        };
        if let Some(item) = item {
            let putters = queue.get(vm, PUTTERS)?;
            wake_next_of(vm, &putters)?;
            return Ok(item);
        }
    }
    Ok(vm.state::<Nothing>().0.clone())
}
