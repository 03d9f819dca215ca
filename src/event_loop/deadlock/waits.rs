//! What each task waits for, read off its suspended frames. Frames of the library are looked
//! through: they tell which primitive it is, the innermost frame of the program tells where.

use crate::source::{Source, Span};
use crate::vm::Vm;
use crate::vm::generator::suspended_chain;
use crate::vm::heap::{self, Ref};
use crate::vm::object::{
    BoundMethod, CellObject, CodeObject, Function, Future, Generator, Kind, List, NativeFunction,
    Set, Tuple, Waiter,
};
use crate::vm::ops::attr::own_attr;
use crate::vm::value::Value;
use std::collections::{HashMap, HashSet};

/// Futures behind futures behind futures are followed this often.
const FOLLOWED: usize = 10_000;

/// A task that waits.
pub(in crate::event_loop) struct Stuck {
    pub task: Ref<Future>,
    /// Its suspended frames, the outermost first.
    pub frames: Vec<Ref<Generator>>,
    /// Where the program waits: the innermost frame that is not the library's.
    pub place: Option<Place>,
    pub wait: Wait,
}

/// A place in the program.
#[derive(Clone)]
pub struct Place {
    pub source: Source,
    pub span: Span,
    pub function: String,
}

impl Place {
    pub(super) fn new(code: &CodeObject, pc: usize) -> Place {
        Place {
            source: code.code.source.clone(),
            span: code.code.span_at(pc),
            function: code.code.name.to_string(),
        }
    }

    pub(super) fn is_same(&self, other: &Place) -> bool {
        self.span == other.span && self.source.name() == other.source.name()
    }
}

/// What a task waits for.
pub(in crate::event_loop) enum Wait {
    /// One of asyncio's primitives.
    For(Primitive, Value),
    /// Tasks, or futures that are no tasks.
    Futures(How, Vec<Ref<Future>>),
    /// Something that the program made itself.
    Unknown,
}

/// What can be waited for, by the function of the library that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::event_loop) enum Primitive {
    Lock,
    Semaphore,
    Event,
    Condition,
    Barrier,
    Get,
    Put,
    Join,
    Sleep,
}

/// The outermost of these functions decides.
const FUNCTIONS: &[(&str, Primitive)] = &[
    ("Lock.acquire", Primitive::Lock),
    ("Semaphore.acquire", Primitive::Semaphore),
    ("Event.wait", Primitive::Event),
    ("Condition.wait", Primitive::Condition),
    ("Condition.wait_for", Primitive::Condition),
    ("Barrier.wait", Primitive::Barrier),
    ("Queue.get", Primitive::Get),
    ("Queue.put", Primitive::Put),
    ("Queue.join", Primitive::Join),
    ("sleep", Primitive::Sleep),
];

/// How several futures are waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::event_loop) enum How {
    Await,
    Gather,
    Wait,
    Group,
    Next,
}

/// Functions of the library that wait for several futures, and the variable or the attribute of
/// `self` that holds these.
const SEVERAL: &[(&str, How, &str)] = &[
    ("TaskGroup.__aexit__", How::Group, "self._tasks"),
    ("_wait", How::Wait, "fs"),
    (
        "_AsCompletedIterator._wait_for_one",
        How::Next,
        "self._todo",
    ),
];

/// Which futures the callbacks of which pending futures will settle, by address.
pub(in crate::event_loop) type Settlers = HashMap<usize, Vec<Ref<Future>>>;

/// The place where a suspended frame stands.
pub(in crate::event_loop) fn place_of(frame: &Ref<Generator>) -> Place {
    Place::new(&frame.code, (frame.pc.get() as usize).saturating_sub(1))
}

/// Looks at a pending task.
pub(in crate::event_loop) fn look(vm: &mut Vm, task: Ref<Future>, settlers: &Settlers) -> Stuck {
    let coro = task.part().map_or(Value::Undef, |p| p.coro.get());
    let frames = coro
        .as_ref::<Generator>()
        .map_or_else(Vec::new, suspended_chain);
    let own = frames
        .iter()
        .rposition(|f| !f.code.code.source.is_library());
    let place = own.and_then(|i| frames.get(i)).map(place_of);
    let inner = frames.get(own.map_or(0, |i| i + 1)..).unwrap_or_default();
    let awaited = task.part().map_or(Value::Undef, |p| p.waiting_for.get());
    let wait = several(vm, inner)
        .or_else(|| primitive(inner))
        .unwrap_or_else(|| by_future(vm, &awaited, settlers));
    Stuck {
        task,
        frames,
        place,
        wait,
    }
}

fn primitive(frames: &[Ref<Generator>]) -> Option<Wait> {
    let find = |frame: &Ref<Generator>| {
        let found = FUNCTIONS
            .iter()
            .find(|(name, _)| *name == &*frame.code.code.qualname);
        found.map(|(_, primitive)| Wait::For(*primitive, frame.register(0)))
    };
    // Conditions and barriers take their lock before they wait, and again after.
    let innermost = frames.last().and_then(find);
    if let Some(Wait::For(Primitive::Lock, _)) = innermost {
        return innermost;
    }
    frames.iter().find_map(find)
}

fn several(vm: &mut Vm, frames: &[Ref<Generator>]) -> Option<Wait> {
    frames.iter().find_map(|frame| {
        let code = &frame.code.code;
        let (_, how, holder) = SEVERAL.iter().find(|(name, ..)| *name == &*code.qualname)?;
        let futures = match holder.strip_prefix("self.") {
            Some(attribute) => own_attr(&frame.register(0), &vm.intern(attribute))?,
            None => {
                let register = code.names.iter().position(|n| &**n == *holder)?;
                variable(frame.register(register))
            }
        };
        Some(Wait::Futures(*how, pending(&futures)))
    })
}

/// What a register holds; cells are looked through.
pub(in crate::event_loop) fn variable(value: Value) -> Value {
    match value.downcast::<CellObject>() {
        Some(cell) => cell.content.get(),
        None => value,
    }
}

/// The futures in a container that are not done.
fn pending(container: &Value) -> Vec<Ref<Future>> {
    let items: Vec<Value> = if let Some(set) = container.as_ref::<Set>() {
        set.map.borrow().iter().map(|(_, v)| v.clone()).collect()
    } else if let Some(list) = container.as_ref::<List>() {
        list.items.borrow().clone()
    } else {
        Vec::new()
    };
    let mut seen = HashSet::new();
    let futures = items.iter().filter_map(Value::as_ref::<Future>);
    let pending = futures.filter(|f| !f.is_done() && seen.insert(f.as_obj().address()));
    pending.cloned().collect()
}

/// A task waits for a future: what is behind it?
fn by_future(vm: &mut Vm, awaited: &Value, settlers: &Settlers) -> Wait {
    let Some(f) = awaited.as_ref::<Future>() else {
        return Wait::Unknown;
    };
    let how = match children(vm, f) {
        Some(_) => How::Gather,
        None => How::Await,
    };
    Wait::Futures(how, behind(vm, f, settlers))
}

/// The children of what `gather` returns.
fn children(vm: &mut Vm, f: &Ref<Future>) -> Option<Vec<Ref<Future>>> {
    let name = vm.intern("_children");
    own_attr(&f.clone().into(), &name).map(|list| pending(&list))
}

/// The tasks that have to go on before a future is settled; where there is none, futures that
/// nobody is known to settle.
pub(in crate::event_loop) fn behind(
    vm: &mut Vm,
    f: &Ref<Future>,
    settlers: &Settlers,
) -> Vec<Ref<Future>> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut todo = vec![f.clone()];
    while let Some(f) = todo.pop() {
        if !seen.insert(f.as_obj().address()) {
            continue;
        }
        if f.is_task() {
            found.push(f);
            continue;
        }
        let mut next = match children(vm, &f) {
            Some(children) => children,
            None => settlers
                .get(&f.as_obj().address())
                .cloned()
                .unwrap_or_default(),
        };
        next.retain(|n| !seen.contains(&n.as_obj().address()));
        if next.is_empty() {
            found.push(f);
        } else {
            todo.extend(next.into_iter().rev());
        }
    }
    // What only leads back to where it came from is nobody who could settle anything.
    if found.iter().any(|f| f.is_task()) {
        found.retain(|f| f.is_task());
    }
    found
}

/// Looks through the callbacks of all pending futures: which other futures can they reach?
/// `shield`, `wrap_future` and callbacks of the program settle one future when another is done.
pub(in crate::event_loop) fn settlers(vm: &mut Vm) -> Settlers {
    let mut found = Settlers::new();
    for f in pending_futures() {
        let callbacks: Vec<Value> = f
            .waiters()
            .into_iter()
            .filter_map(|w| match w {
                Waiter::Callback(callback) => Some(callback.func),
                Waiter::Task(_) => None,
            })
            .collect();
        for callback in callbacks {
            for target in reached(vm, &callback) {
                if !target.is_done() && !target.as_obj().is(f.as_obj()) {
                    found
                        .entry(target.as_obj().address())
                        .or_default()
                        .push(f.clone());
                }
            }
        }
    }
    found
}

fn pending_futures() -> Vec<Ref<Future>> {
    let mut found = Vec::new();
    heap::visit_objects(|header| {
        let is_pending = header.kind() == Kind::Future
            && header.count() > 0
            && header.peek::<Future>().is_some_and(|f| !f.is_done());
        if is_pending {
            found.push(header.to_ref());
        }
    });
    found
        .into_iter()
        .filter_map(|o| o.into_ref().ok())
        .collect()
}

/// The futures that a callback holds in its variables or its bound arguments, also through a
/// future of `concurrent.futures`, which has callbacks of its own.
fn reached(vm: &mut Vm, callback: &Value) -> Vec<Ref<Future>> {
    let callbacks = vm.intern("_done_callbacks");
    let mut found = Vec::new();
    let mut todo = held_by(callback);
    let mut steps = 0;
    while let Some(value) = todo.pop().filter(|_| steps < FOLLOWED) {
        steps += 1;
        if let Some(f) = value.as_ref::<Future>() {
            found.push(f.clone());
        } else if let Some(tuple) = value.as_ref::<Tuple>() {
            todo.extend(
                tuple
                    .items()
                    .iter()
                    .filter_map(|v| v.as_ref::<Future>().cloned())
                    .map(Value::from),
            );
        } else if let Some(list) = own_attr(&value, &callbacks)
            .as_ref()
            .and_then(Value::as_ref::<List>)
        {
            let further: Vec<Value> = list.items.borrow().clone();
            let futures = further.iter().flat_map(held_by);
            todo.extend(futures.filter(|v| v.kind() == Some(Kind::Future)));
        }
    }
    found
}

/// The variables of a callback, its bound object, the parts of a native one.
fn held_by(callback: &Value) -> Vec<Value> {
    if let Some(function) = callback.as_ref::<Function>() {
        return function
            .closure
            .iter()
            .map(|cell| cell.content.get())
            .collect();
    }
    if let Some(method) = callback.as_ref::<BoundMethod>() {
        return vec![method.this.clone()];
    }
    if let Some(method) = callback.as_ref::<NativeFunction>() {
        return vec![method.this.clone()];
    }
    match callback.kind() {
        Some(Kind::Opaque) => parts(callback),
        _ => Vec::new(),
    }
}

/// The objects to which a native one refers.
fn parts(object: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(object) = object.as_obj() {
        heap::trace(object, &mut |part| found.push(Value::Obj(part.clone())));
    }
    found
}
