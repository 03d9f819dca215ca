//! The short way through `asyncio.Queue`: putting in and taking out where nobody has to wait. What
//! it does is written in `asyncio/queues.coro`; this is the same for queues whose class (and whose
//! instance) has the library's own methods but for `_put` and `_get`, which a subclass may replace.

use super::collections::Deque;
use super::waiters::wake_next_of;
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Class, Instance, Module, Str};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The methods that the short way stands for.
const METHODS: [&str; 6] = [
    "full",
    "empty",
    "qsize",
    "put_nowait",
    "get_nowait",
    "_wakeup_next",
];
const PUT: &str = "_put";
const GET: &str = "_get";

/// The attributes that it uses.
const ATTRIBUTES: [&str; 7] = [
    "_maxsize",
    "_queue",
    "_is_shutdown",
    "_unfinished_tasks",
    "_finished",
    "_getters",
    "_putters",
];

/// What the module keeps.
#[derive(Default)]
struct Known {
    /// The library's own functions, by name.
    own: Vec<(Ref<Str>, Value)>,
    /// `asyncio.Event`, its version, and the name of its flag.
    event: Option<(Ref<Class>, u32, Ref<Str>)>,
    /// What `get_now` says if there is no item to take at once.
    nothing: Value,
    /// Found out about classes before, newest last.
    plans: Vec<Plan>,
}

/// How the instances of a class with one shape are dealt with.
#[derive(Clone, Copy)]
struct Plan {
    version: u32,
    shape: u32,
    slots: Option<[u16; 7]>,
    own_put: bool,
    own_get: bool,
}

pub const REGISTER: NativeDef = NativeDef::new(
    "register",
    "(queue, event, /)",
    register,
    "Make the classes known.",
);

pub fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let nothing: Value = Instance::new(&vm.types.object.clone(), Value::Undef).into();
    let name = vm.intern("NOTHING");
    module.dict.set_str(&name, nothing.clone());
    vm.state::<Known>().nothing = nothing;
    Ok(())
}

fn register(vm: &mut Vm, args: &[Value]) -> R {
    let (Some(queue), Some(event)) = (args[0].as_ref::<Class>(), args[1].as_ref::<Class>()) else {
        return Ok(Value::None);
    };
    let mut own = Vec::new();
    for name in METHODS.into_iter().chain([PUT, GET]) {
        let name = vm.intern(name);
        let found = vm.lookup(queue, &name).unwrap_or(Value::Undef);
        own.push((name, found));
    }
    let flag = vm.intern("_value");
    let known = vm.state::<Known>();
    known.own = own;
    known.event = Some((event.clone(), event.version.get(), flag));
    Ok(Value::None)
}

/// The slots of a queue, if the short way is open to it, and the plan for it.
fn plan(vm: &mut Vm, queue: &Ref<Instance>) -> Option<(Plan, [u16; 7])> {
    let (version, shape) = (queue.class.get().version.get(), queue.shape_id());
    let known = vm.state::<Known>();
    let found = known.plans.iter().rev();
    let found = found
        .copied()
        .find(|p| p.version == version && p.shape == shape);
    let plan = match found {
        Some(plan) => plan,
        None => make_plan(vm, queue),
    };
    plan.slots.map(|slots| (plan, slots))
}

#[cold]
fn make_plan(vm: &mut Vm, queue: &Ref<Instance>) -> Plan {
    let class = queue.class.get();
    let own = vm.state::<Known>().own.clone();
    let mut same = own.iter().map(|(name, own)| {
        let shadowed = queue.get(name).is_some();
        !shadowed && vm.lookup(&class, name).is_some_and(|found| found.is(own))
    });
    let fits = same.by_ref().take(METHODS.len()).all(|same| same);
    let (own_put, own_get) = (same.next() == Some(true), same.next() == Some(true));
    drop(same);
    let mut slots = [0; 7];
    let mut complete = fits && queue.dict().is_none() && !own.is_empty();
    for (slot, name) in slots.iter_mut().zip(ATTRIBUTES) {
        let name = vm.intern(name);
        match queue.shape().slot(&name) {
            Some(i) => *slot = i as u16,
            None => complete = false,
        }
    }
    let plan = Plan {
        version: class.version.get(),
        shape: queue.shape_id(),
        slots: complete.then_some(slots),
        own_put,
        own_get,
    };
    let plans = &mut vm.state::<Known>().plans;
    // Only the newest are worth keeping.
    if plans.len() >= 8 {
        plans.remove(0);
    }
    plans.push(plan);
    plan
}

/// `put_now(queue, item)`.
pub fn put_now(vm: &mut Vm, args: &[Value]) -> R {
    let [this, item] = args else {
        return Ok(Value::False);
    };
    let Some(queue) = this.as_ref::<Instance>() else {
        return Ok(Value::False);
    };
    let Some((plan, slots)) = plan(vm, queue) else {
        return Ok(Value::False);
    };
    let [maxsize, items, shutdown, counter, finished, getters, _] = slots.map(usize::from);
    let items = queue.slot(items);
    let room = match queue.slot(maxsize) {
        Value::Int(most) => most <= 0 || (vm.len(&items)? as i64) < most,
        _ => false,
    };
    let (Value::False, Value::Int(unfinished), true) =
        (queue.slot(shutdown), queue.slot(counter), room)
    else {
        return Ok(Value::False);
    };
    match items.opaque::<Deque>().filter(|_| plan.own_put) {
        Some(items) => items.push_back(item.clone()),
        None => {
            let put = vm.intern(PUT);
            vm.call_method(this, &put, std::slice::from_ref(item))?;
        }
    }
    let unfinished = Value::Int(unfinished.saturating_add(1));
    drop(queue.replace_slot(counter, unfinished));
    clear_event(vm, &queue.slot(finished))?;
    wake_next_of(vm, &queue.slot(getters))?;
    Ok(Value::True)
}

/// `event.clear()`, mostly of an event that is clear.
fn clear_event(vm: &mut Vm, event: &Value) -> R<()> {
    if let Some((class, version, flag)) = &vm.state::<Known>().event
        && let Some(own) = event.as_ref::<Instance>()
        && own.class.holds(class.as_obj())
        && class.version.get() == *version
        && let Some(Value::False) = own.get(flag)
    {
        return Ok(());
    }
    let clear = vm.intern("clear");
    vm.call_method(event, &clear, &[]).map(drop)
}

/// `get_now(queue)`.
pub fn get_now(vm: &mut Vm, args: &[Value]) -> R {
    let nothing = vm.state::<Known>().nothing.clone();
    let Some(queue) = args[0].as_ref::<Instance>() else {
        return Ok(nothing);
    };
    let Some((plan, slots)) = plan(vm, queue) else {
        return Ok(nothing);
    };
    let [_, items, _, _, _, _, putters] = slots.map(usize::from);
    let items = queue.slot(items);
    let item = match items.opaque::<Deque>().filter(|_| plan.own_get) {
        Some(items) => match items.pop_front() {
            Some(item) => item,
            None => return Ok(nothing),
        },
        None if vm.truth(&items)? => {
            let get = vm.intern(GET);
            vm.call_method(&args[0], &get, &[])?
        }
        None => return Ok(nothing),
    };
    wake_next_of(vm, &queue.slot(putters))?;
    Ok(item)
}
