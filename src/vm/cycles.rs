//! The backup collector: reference counts free everything but cycles; this finds those that
//! nobody can reach, by trial deletion.
//!
//! 1. For each container, take away from its count the references that other containers hold.
//! 2. What still has references is referred to from outside (registers, Rust, static state): it
//!    and everything reachable from it lives.
//! 3. The rest is garbage. As in PEP 442: weak references to it go dead, its finalizers run, and if
//!    that brought something back to life, that (and what it reaches) is left alone.
//! 4. What is left lets go of what it refers to, and so the counts fall to zero.

use super::Vm;
use super::heap::finalize::{self, Finalization};
use super::heap::{self, ObjRef, flags, weak};
use super::object::{
    CellObject, Class, CodeObject, Dict, Exception, Function, Future, GenState, Generator,
    Instance, Kind, List, Module, Opaque, Property, Set, Traceback, kind_info, needs_finalizer,
};
use super::value::Value;
use hashbrown::HashTable;
use std::cell::Cell;
use std::rc::Rc;

/// Below this many objects, nobody collects by itself.
const FIRST_THRESHOLD: usize = 100_000;

thread_local! {
    /// So many live objects make the next automatic collection due.
    static THRESHOLD: Cell<usize> = const { Cell::new(FIRST_THRESHOLD) };
    static ENABLED: Cell<bool> = const { Cell::new(true) };
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Whether collections happen by themselves.
pub fn is_enabled() -> bool {
    ENABLED.get()
}

/// `gc.enable()`, `gc.disable()`.
pub fn enable(on: bool) {
    ENABLED.set(on);
}

fn set_threshold(objects: usize) {
    THRESHOLD.set(objects);
    heap::set_growth_limit(objects);
}

/// A new program begins in this thread.
pub fn open() {
    set_threshold(FIRST_THRESHOLD.max(heap::live_objects().saturating_mul(2)));
}

/// Whether an automatic collection is due.
fn is_due() -> bool {
    ENABLED.get() && heap::live_objects() > THRESHOLD.get()
}

/// Containers and what trial deletion needs to know of them.
struct Graph {
    objects: Vec<ObjRef>,
    /// References from outside of the graph, as far as known.
    outside: Vec<u32>,
    index: HashTable<u32>,
}

fn hash(address: usize) -> u64 {
    // Addresses are multiples of 16; the upper bits choose the group of the table.
    ((address >> 4) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// A running frame is referred to by the control stack, which may not count.
fn in_use(object: &ObjRef) -> u32 {
    let generator = object.downcast::<Generator>();
    u32::from(generator.is_some_and(|g| g.state.get() == GenState::Running))
}

impl Graph {
    /// All containers of the heap.
    fn of_heap() -> Graph {
        let mut objects = Vec::new();
        heap::visit_objects(|header| {
            if header.count() > 0 && !kind_info(header.kind()).leaf {
                objects.push(header.to_ref());
            }
        });
        Graph::new(objects)
    }

    fn new(objects: Vec<ObjRef>) -> Graph {
        let mut index = HashTable::with_capacity(objects.len());
        for (i, object) in objects.iter().enumerate() {
            let address = |i: &u32| objects.get(*i as usize).map_or(0, |o| hash(o.address()));
            index.insert_unique(hash(object.address()), i as u32, address);
        }
        // The graph itself holds one reference to each.
        let outside = objects.iter().map(|o| o.count() - 1 + in_use(o)).collect();
        let mut graph = Graph {
            objects,
            outside,
            index,
        };
        graph.subtract_inner();
        graph
    }

    fn find(&self, object: &ObjRef) -> Option<usize> {
        let found = self.index.find(hash(object.address()), |i| {
            self.objects.get(*i as usize).is_some_and(|o| o.is(object))
        });
        found.map(|i| *i as usize)
    }

    /// Takes the references between members away.
    fn subtract_inner(&mut self) {
        let mut outside = std::mem::take(&mut self.outside);
        for object in &self.objects {
            heap::trace(object, &mut |child| {
                if let Some(count) = self.find(child).and_then(|i| outside.get_mut(i)) {
                    // Objects that a body lends out while it is traced may be counted twice.
                    *count = count.saturating_sub(1);
                }
            });
        }
        self.outside = outside;
    }

    /// Splits off what nobody outside can reach.
    fn unreachable(&self) -> Vec<ObjRef> {
        let mut reached: Vec<bool> = self.outside.iter().map(|n| *n > 0).collect();
        let mut work: Vec<usize> = (0..reached.len())
            .filter(|i| reached.get(*i).copied().unwrap_or(false))
            .collect();
        while let Some(i) = work.pop() {
            let Some(object) = self.objects.get(i) else {
                continue;
            };
            heap::trace(object, &mut |child| {
                if let Some(i) = self.find(child)
                    && let Some(reached) = reached.get_mut(i)
                    && !std::mem::replace(reached, true)
                {
                    work.push(i);
                }
            });
        }
        let pairs = self.objects.iter().zip(&reached);
        pairs
            .filter(|(_, r)| !**r)
            .map(|(o, _)| o.clone())
            .collect()
    }
}

impl Vm {
    /// Collects if it is time to. Called at safe points.
    pub fn maybe_collect(&mut self) {
        if is_due() {
            self.collect_cycles();
        }
    }

    /// Finds and releases cycles that nobody can reach; the number of objects in them.
    pub fn collect_cycles(&mut self) -> usize {
        if RUNNING.replace(true) {
            return 0;
        }
        let count = self.release_garbage();
        set_threshold(FIRST_THRESHOLD.max(heap::live_objects().saturating_mul(2)));
        RUNNING.set(false);
        count
    }

    fn release_garbage(&mut self) -> usize {
        let mut garbage = Graph::of_heap().unreachable();
        if garbage.is_empty() {
            return 0;
        }
        garbage.sort_by_key(ObjRef::address);
        self.kill_weak_references(&garbage);
        let finalized = self.run_garbage_finalizers(&garbage);
        if finalized {
            garbage = Graph::new(garbage).unreachable();
        }
        let count = garbage.iter().filter(|o| o.kind() != Kind::Code).count();
        garbage.iter().for_each(clear);
        drop(garbage);
        self.work_off();
        count
    }

    /// Runs what became due, unless this is itself deep inside of finalizers.
    fn work_off(&mut self) {
        if finalize::pending()
            && let Err(raise) = self.run_finalizers()
        {
            drop(self.take_raised(raise));
        }
    }

    /// Weak references to garbage go dead; their callbacks are called unless they are garbage too.
    fn kill_weak_references(&mut self, garbage: &[ObjRef]) {
        let is_garbage = |reference: &ObjRef| {
            let address = reference.address();
            garbage
                .binary_search_by_key(&address, ObjRef::address)
                .is_ok()
        };
        for object in garbage {
            if object.header().has_flag(flags::WEAKLY_REFERENCED) {
                weak::kill_references(object, is_garbage);
            }
        }
        self.work_off();
    }

    /// Runs the finalizers that have not run yet; whether there were any.
    fn run_garbage_finalizers(&mut self, garbage: &[ObjRef]) -> bool {
        let mut any = false;
        let mut by_age: Vec<&ObjRef> = garbage.iter().collect();
        by_age.sort_by_key(|o| o.downcast::<Instance>().map_or(0, Instance::sequence));
        for object in by_age {
            let header = object.header();
            if header.has_flag(flags::FINALIZED) || !kind_info(object.kind()).finalizes {
                continue;
            }
            if needs_finalizer(header) {
                header.set_flag(flags::FINALIZED, true);
                finalize::enqueue(Finalization::Object(object.clone()));
                any = true;
            }
        }
        self.work_off();
        any
    }
}

/// Makes an object let go of what it refers to. Only what can be part of a cycle: immutable
/// objects are released when the others let go of them.
fn clear(object: &ObjRef) {
    let value = Value::Obj(object.clone());
    if let Some(list) = value.as_ref::<List>() {
        drop(list.items.take());
    } else if let Some(dict) = value.as_ref::<Dict>() {
        let old = dict.map.borrow_mut().take();
        drop(old);
    } else if let Some(set) = value.as_ref::<Set>() {
        let old = set.map.borrow_mut().take();
        drop(old);
    } else if let Some(cell) = value.as_ref::<CellObject>() {
        cell.content.take();
    } else if let Some(instance) = value.as_ref::<Instance>() {
        instance.use_dict(Dict::new());
    } else if let Some(opaque) = value.as_ref::<Opaque>() {
        opaque.dict.take();
        opaque.data.clear();
    } else if let Some(generator) = value.as_ref::<Generator>() {
        generator.state.set(GenState::Finished);
        generator.leaf.take();
        generator.handled.take();
        generator.clear_registers();
    } else if let Some(module) = value.as_ref::<Module>() {
        let old = module.dict.map.borrow_mut().take();
        drop(old);
    } else {
        clear_rarer(&value);
    }
}

fn clear_rarer(value: &Value) {
    if let Some(e) = value.as_ref::<Exception>() {
        for slot in [&e.cause, &e.context, &e.traceback, &e.dict] {
            slot.take();
        }
        drop(e.fields.take());
    } else if let Some(t) = value.as_ref::<Traceback>() {
        t.next.take();
        t.frame.take();
    } else if let Some(f) = value.as_ref::<Function>() {
        for slot in [&f.defaults, &f.kwdefaults, &f.annotations] {
            slot.take();
        }
        if let Some(extra) = f.extra.get() {
            extra.dict.take();
        }
    } else if let Some(f) = value.as_ref::<Future>() {
        clear_future(f);
    } else if let Some(class) = value.as_ref::<Class>() {
        let old = class.dict.map.borrow_mut().take();
        drop(old);
        class.metaclass.take();
        let bases = class.bases.replace(Rc::new([]));
        let mro = class.mro.replace(Rc::new([]));
        drop(bases);
        drop(mro);
    } else if let Some(code) = value.as_ref::<CodeObject>() {
        code.caches.iter().for_each(|c| drop(c.value.take()));
    } else if let Some(p) = value.as_ref::<Property>() {
        for slot in [&p.getter, &p.setter, &p.deleter] {
            slot.take();
        }
    }
}

fn clear_future(f: &Future) {
    for slot in [
        &f.event_loop,
        &f.result,
        &f.exception,
        &f.cancel_message,
        &f.dict,
    ] {
        slot.take();
    }
    drop(f.waiters.take());
    if let Some(part) = f.task.as_ref() {
        for slot in [&part.coro, &part.name, &part.context, &part.waiting_for] {
            slot.take();
        }
    }
}
