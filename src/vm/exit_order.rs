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
use super::object::{GenState, Generator, Instance, Kind, Module, birth, set_birth};
use super::value::Value;
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
/// inner functions use are in their cells before it begins.
#[derive(Default)]
struct Graph {
    /// The cells of each generator that has not begun, with their places among its children.
    cells: HashMap<usize, Vec<(usize, ObjRef)>>,
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
        if let Some(g) = object.as_ref::<Generator>()
            && g.state.get() == GenState::Created
        {
            let address = object.address();
            for (place, cell) in self.cells.entry(address).or_insert_with(|| cells_of(g)) {
                if let Some(child) = found.get_mut(*place) {
                    child.clone_from(cell);
                }
            }
        }
        found
    }
}

/// Cells for the parameters of a generator that inner functions use. Its children are its code, what
/// its registers hold, and the rest.
fn cells_of(g: &Ref<Generator>) -> Vec<(usize, ObjRef)> {
    let mut cells = Vec::new();
    let mut place = 0;
    for register in 0..g.code.code.nnamed {
        let value = g.register(register.into());
        if value.as_obj().is_none() {
            continue;
        }
        place += 1;
        if g.code.code.cells.contains(&register)
            && let Value::Obj(cell) = make_cell(value)
        {
            cells.push((place, cell));
        }
    }
    cells
}
