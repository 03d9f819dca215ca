//! In which order the finalizers of a program run that is over.
//!
//! CPython collects garbage twice at its end. The first time the main namespace is alive, and so is
//! the exception that ended the program. The collector goes through its list, which is in the order
//! in which objects were made; it lays aside what nothing has led to so far, and puts it back, at
//! the end of the list, when it gets there. In a small program it lays the main namespace itself
//! aside, and with it all that there is; so its list then has what that refers to first, then what
//! those hold, and so on. Where it has been at work before, because something large was imported,
//! the namespace stands at the front, and only what is older than all that refers to it is laid
//! aside. The second time the namespace is garbage, and finalizers run in the order of that list. A
//! program that has switched the collector off skips the first time: then the order is that in which
//! the objects were made.

use super::Vm;
use super::cycles::{age, is_due};
use super::exec::make_cell;
use super::heap::{self, ObjRef, Ref, WeakPointer, birth_now};
use super::object::{
    BoundMethod, Exception, GenState, Generator, Instance, Kind, Module, birth, set_birth,
};
use super::value::Value;
use crate::bytecode::Op;
use std::collections::{HashMap, HashSet, VecDeque};

/// The objects that must be finalized, in order. They are not kept alive: one that dies because of
/// another dies then. Tasks keep no age of their own: those that were settled are given.
pub(super) fn finalization_order(settled: &HashMap<usize, u64>) -> Vec<WeakPointer> {
    let mut found = Vec::new();
    heap::visit_objects(|header| {
        if header.count() > 0 {
            let object = header.to_ref();
            if is_due(&object) {
                found.push(object);
            }
        }
    });
    found.sort_by_cached_key(|object| match settled.get(&object.address()) {
        Some(place) => (*place, false),
        None => age(object),
    });
    found.iter().map(WeakPointer::new).collect()
}

/// The birth of the youngest object that is alive and refers to the program: an instance with
/// `__del__`, a generator.
pub(super) fn youngest() -> u64 {
    let mut found = 0;
    heap::visit_objects(|header| {
        if header.count() > 0 && matches!(header.kind(), Kind::Instance | Kind::Generator) {
            found = found.max(birth(&header.to_ref()).unwrap_or(0));
        }
    });
    found
}

impl Vm {
    /// Gives objects the ages that CPython's list has after a full collection, which began with
    /// these objects and the main namespace.
    pub fn settle_ages(&mut self, first: &[ObjRef]) {
        let main = self.intern("__main__");
        let main = self.modules.get_str(&main);
        let main = main.as_ref().and_then(Value::downcast::<Module>);
        let mut roots = first.to_vec();
        roots.extend(main.map(|m| m.dict.as_obj().clone()));
        let count = roots.len();
        let mut graph = Graph::default();
        let mut found = graph.reachable(roots);
        if IMPORTS.iter().any(|name| self.is_imported(name)) {
            found = graph.swept(found, count);
        }
        // Later than all there is, earlier than all that comes.
        for (object, time) in found.iter().zip(birth_now() + 1..) {
            if birth(object).is_some() {
                set_birth(object, time);
            } else if is_due(object) {
                self.settled_ages.insert(object.address(), time);
            }
        }
    }

    fn is_imported(&mut self, name: &str) -> bool {
        let name = self.intern(name);
        self.modules.get_str(&name).is_some()
    }
}

/// Modules whose import makes so many objects that the collector sets to work.
const IMPORTS: &[&str] = &[
    "asyncio",
    "calendar",
    "concurrent.futures",
    "contextlib",
    "dataclasses",
    "decimal",
    "fractions",
    "inspect",
    "json",
    "logging",
    "platform",
    "queue",
    "re",
    "sched",
    "statistics",
    "string",
    "textwrap",
    "traceback",
    "typing",
];

/// When an object was made: the moment that births count, and what comes before or after it.
type Made = (u64, i32);

/// What refers to what, as CPython's collector sees it: there, the parameters of a generator that
/// inner functions use are in their cells before it begins, and a `with` has a bound method instead
/// of its manager.
#[derive(Default)]
struct Graph {
    /// For each suspended frame what stands at some places among its children instead.
    instead: HashMap<usize, Vec<(usize, Option<ObjRef>)>>,
}

impl Graph {
    /// One sweep of the collector over these objects, of which the first so many are at the front.
    fn swept(&mut self, found: Vec<ObjRef>, roots: usize) -> Vec<ObjRef> {
        let made = self.times(&found);
        let time = |o: &ObjRef| made.get(&o.address()).copied().unwrap_or_default();
        let mut list: VecDeque<ObjRef> = found.iter().take(roots).cloned().collect();
        let mut rest: Vec<ObjRef> = found.into_iter().skip(roots).collect();
        rest.sort_by_cached_key(time);
        let mut reached: HashSet<usize> = list.iter().map(ObjRef::address).collect();
        list.extend(rest);
        let (mut aside, mut order) = (HashSet::new(), Vec::new());
        while let Some(object) = list.pop_front() {
            if !reached.contains(&object.address()) {
                aside.insert(object.address());
                continue;
            }
            for next in self.children(&object) {
                if made.contains_key(&next.address()) {
                    reached.insert(next.address());
                    if aside.remove(&next.address()) {
                        list.push_back(next);
                    }
                }
            }
            order.push(object);
        }
        order
    }

    /// When each was made. Only some keep it; of others it is told by what they hold: a tuple comes
    /// after that, the collector knows of a dict from its first entry on, the rest came before.
    fn times(&mut self, found: &[ObjRef]) -> HashMap<usize, Made> {
        let mut made: HashMap<usize, Made> = HashMap::new();
        for object in found.iter().rev() {
            let known = match age(object) {
                (0, _) => None,
                (birth, later) => Some((birth, i32::from(later))),
            };
            let time = known.unwrap_or_else(|| {
                let inside = self.children(object);
                let mut times = inside.iter().filter_map(|o| made.get(&o.address()));
                let after = |t: &Made| (t.0, t.1.saturating_add(1));
                match object.kind() {
                    Kind::Tuple => times.max().map(after),
                    Kind::Dict => times.next().map(after),
                    _ => times.min().map(|t| (t.0, t.1.saturating_sub(1))),
                }
                .unwrap_or((u64::MAX, 0))
            });
            made.insert(object.address(), time);
        }
        made
    }

    /// Everything that the objects lead to, the nearest first.
    fn reachable(&mut self, roots: Vec<ObjRef>) -> Vec<ObjRef> {
        let mut seen: HashSet<usize> = roots.iter().map(ObjRef::address).collect();
        let mut found = Vec::new();
        let mut work = VecDeque::from(roots);
        while let Some(object) = work.pop_front() {
            work.extend(self.children(&object).into_iter().filter(|next| {
                !matches!(next.kind(), Kind::Module | Kind::Code) && seen.insert(next.address())
            }));
            found.push(object);
        }
        found
    }

    /// What an object refers to: of lists and tuples from their end. What an instance of a class
    /// derived from a container holds as that is its own.
    fn children(&mut self, object: &ObjRef) -> Vec<ObjRef> {
        // What an exception has as attributes is in a dict there.
        if let Some(exception) = object.downcast::<Exception>()
            && !exception.own.list().is_empty()
        {
            exception.own.force_dict();
        }
        let mut found = Vec::new();
        heap::trace(object, &mut |next| found.push(next.clone()));
        if matches!(object.kind(), Kind::List | Kind::Tuple) {
            found.reverse();
        }
        let payload = object
            .as_ref::<Instance>()
            .and_then(|instance| instance.payload());
        if let Some(payload) = payload.as_ref().and_then(Value::as_obj) {
            found.retain(|next| !next.is(payload));
            found.extend(self.children(payload));
        }
        if let Some(g) = object.as_ref::<Generator>() {
            let instead = self.instead.entry(object.address());
            let instead = instead.or_insert_with(|| instead_of_registers(g));
            for (place, other) in instead.iter().rev() {
                match (found.get_mut(*place), other) {
                    (Some(child), Some(other)) => child.clone_from(other),
                    (Some(_), None) => drop(found.remove(*place)),
                    (None, _) => {}
                }
            }
        }
        found
    }
}

/// The children of a frame are its code, what its registers hold, and the rest.
fn instead_of_registers(g: &Ref<Generator>) -> Vec<(usize, Option<ObjRef>)> {
    let code = &g.code.code;
    let exits = exits_around(g);
    let (mut instead, mut place) = (Vec::new(), 0);
    for register in 0..code.nregs {
        let value = g.register(register.into());
        if value.as_obj().is_none() {
            continue;
        }
        place += 1;
        if g.state.get() == GenState::Created && code.cells.contains(&register) {
            instead.push((place, make_cell(value).as_obj().cloned()));
        } else if exits.contains(&register) {
            let this = g.register(usize::from(register) + 1);
            let bound = this
                .as_obj()
                .map(|_| BoundMethod::value(value, this.clone()));
            instead.extend(
                bound
                    .and_then(|b| b.as_obj().cloned())
                    .map(|b| (place, Some(b))),
            );
        } else if register > 0 && exits.contains(&(register - 1)) {
            instead.push((place, None));
        }
    }
    instead
}

/// The registers with the exit functions of the `with` statements in whose bodies a frame is
/// suspended.
fn exits_around(g: &Ref<Generator>) -> Vec<u16> {
    if g.state.get() != GenState::Suspended {
        return Vec::new();
    }
    let code = &g.code.code;
    let (mut at, mut exits) = (g.place(), Vec::new());
    let instrs = code.instrs.iter();
    while let Some(entry) = code.exceptions.iter().find(|e| e.covers(at)) {
        let target = entry.target as usize;
        let begin = code.instrs.get(target).filter(|i| i.op == Op::PushExc);
        // The handler of a `with` begins with the exception, and calls the function then.
        let exit = code.instrs.get(target + 1);
        exits.extend(
            exit.filter(|i| begin.is_some() && i.op == Op::ExitWith)
                .map(|i| i.b),
        );
        // What is around the handler is around the place where it raises the exception on.
        let raised = begin.map_or(entry.depth, |i| i.a + 2);
        let end = instrs
            .clone()
            .skip(target)
            .position(|i| i.op == Op::Reraise && i.a == raised);
        let Some(end) = end.map(|end| target + end).filter(|end| *end > at) else {
            break;
        };
        at = end;
    }
    exits
}
