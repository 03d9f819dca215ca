//! The backup collector: reference counts free everything but cycles; this finds those that
//! nobody can reach, by trial deletion.
//!
//! 1. For each container, take away from its count the references that other containers hold.
//! 2. What still has references is referred to from outside (registers, Rust, static state): it
//!    and everything reachable from it lives.
//! 3. The rest is garbage. As in PEP 442: weak references to it go dead, its finalizers run, and if
//!    that brought something back to life, that (and what it reaches) is left alone.
//! 4. What is left lets go of what it refers to, and so the counts fall to zero.
//!
//! It is due by itself when there are many more objects than it has left the last time. That may be
//! because of garbage, or because the program needs them; a look at the newest of them mostly tells.

use super::Vm;
use super::heap::finalize::{self, Finalization};
use super::heap::{self, ObjRef, Ref, WeakPointer, flags, trial, weak};
use super::object::{
    CellObject, Class, CodeObject, Dict, Exception, FrameObject, Function, Future, GenState,
    Generator, Instance, Kind, List, Module, Opaque, Property, Set, Traceback, birth,
    is_finalized_in_turn, kind_info, needs_finalizer,
};
use super::value::Value;
use std::cell::Cell;
use std::rc::Rc;

/// Below this many objects, nobody collects by itself.
const FIRST_THRESHOLD: usize = 200_000;

thread_local! {
    /// So many live objects make the next automatic collection due.
    static THRESHOLD: Cell<usize> = const { Cell::new(FIRST_THRESHOLD) };
    static ENABLED: Cell<bool> = const { Cell::new(true) };
    static RUNNING: Cell<bool> = const { Cell::new(false) };
    /// Something was made whose release shows outside, although no finalizer runs.
    static SHOWS: Cell<bool> = const { Cell::new(false) };
    /// Live objects after the last collection.
    static LEFT: Cell<usize> = const { Cell::new(0) };
    /// Live objects when the newest were looked at, or after the last collection.
    static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    /// About how many containers the heap has had more at that time than after the last collection.
    static GROWN: Cell<usize> = const { Cell::new(0) };
    /// How many pages the heap had after the last collection. Later ones were filled since then.
    static KNOWN_PAGES: Cell<usize> = const { Cell::new(0) };
    /// So many collections there were, and so many objects were found by them.
    static SO_FAR: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    /// How many times as many objects as are left after a collection make the next one due.
    static GROWTH: Cell<usize> = const { Cell::new(LEAST_GROWTH) };
}

/// Bounds of `GROWTH`. A program that makes many objects and no cycles is looked through less and
/// less often; one that leaves cycles behind never keeps more of them than other objects for long.
const LEAST_GROWTH: usize = 2;
const MOST_GROWTH: usize = 4;

/// So many of the newest objects are looked at before a collection: few enough to cost nothing.
const SAMPLE: usize = 8192;

/// A collection is certain when so many times as many containers have come as objects were left
/// after the last one.
const PATIENCE: usize = 8;

/// One container of so many that nobody refers to is a sign of garbage.
const SIGN: usize = 16;

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
    GROWTH.set(LEAST_GROWTH);
    SO_FAR.set((0, 0));
    SHOWS.set(false);
    set_next_threshold();
}

/// How many collections the program has had, and how many objects they found.
pub fn so_far() -> (usize, usize) {
    SO_FAR.get()
}

/// After a collection, or where a program begins.
fn set_next_threshold() {
    let left = heap::live_objects();
    set_threshold(FIRST_THRESHOLD.max(left.saturating_mul(GROWTH.get())));
    LEFT.set(left);
    LOOKED_AT.set(left);
    GROWN.set(0);
    KNOWN_PAGES.set(heap::pages());
}

/// Whether a collection that is due can wait, because the newest objects are in use. Then the next
/// one is due later.
fn can_wait() -> bool {
    let Some(sample) = trial::newest(SAMPLE, KNOWN_PAGES.get()) else {
        return false;
    };
    let live = heap::live_objects();
    let more = live.saturating_sub(LOOKED_AT.get());
    let grown = GROWN.get() + more.saturating_mul(sample.members) / sample.objects.max(1);
    let certain = FIRST_THRESHOLD.max(LEFT.get()).saturating_mul(PATIENCE);
    if sample.unreachable > sample.members / SIGN || grown >= certain {
        return false;
    }
    LOOKED_AT.set(live);
    GROWN.set(grown);
    set_threshold(live + live.min(certain - grown));
    true
}

/// A collection that found little makes the next one wait longer.
fn adapt_growth(before: usize, found: usize) {
    GROWTH.set(if found > before / 8 {
        LEAST_GROWTH
    } else {
        (GROWTH.get() + 1).min(MOST_GROWTH)
    });
}

/// Whether an automatic collection is due.
fn collection_is_due() -> bool {
    ENABLED.get() && heap::live_objects() > THRESHOLD.get()
}

/// The program has made something whose release shows outside: a file that is written then.
pub fn note_release_shows() {
    SHOWS.set(true);
}

/// Whether the death of anything alive could be noticed.
pub fn is_anything_finalized() -> bool {
    if SHOWS.get() || weak::has_references() {
        return true;
    }
    let mut any = false;
    heap::visit_objects(|header| {
        any |= header.count() > 0
            && kind_info(header.kind()).finalizes
            && !header.has_flag(flags::FINALIZED)
            && needs_finalizer(header);
    });
    any
}

impl Vm {
    /// Collects if it is time to. Called at safe points.
    pub fn maybe_collect(&mut self) {
        if collection_is_due() && !RUNNING.get() && !can_wait() {
            self.collect_cycles();
        }
    }

    /// Finds and releases cycles that nobody can reach; the number of objects in them.
    pub fn collect_cycles(&mut self) -> usize {
        if RUNNING.replace(true) {
            return 0;
        }
        let before = heap::live_objects();
        let count = self.release_garbage();
        let (collections, collected) = SO_FAR.get();
        SO_FAR.set((collections + 1, collected + count));
        adapt_growth(before, count);
        set_next_threshold();
        RUNNING.set(false);
        count
    }

    fn release_garbage(&mut self) -> usize {
        let mut garbage = trial::unreachable();
        if garbage.is_empty() {
            return 0;
        }
        garbage.sort_by_key(ObjRef::address);
        self.kill_weak_references(&garbage);
        let finalized = self.run_garbage_finalizers(&mut garbage);
        if finalized {
            garbage = trial::unreachable_among(&garbage);
        }
        let count = garbage.iter().filter(|o| is_tracked(o)).count();
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

    /// Runs the finalizers that have not run yet; whether there were any. An instance may die
    /// before its turn, because of what came before it: nothing here keeps it alive.
    fn run_garbage_finalizers(&mut self, garbage: &mut Vec<ObjRef>) -> bool {
        // Nobody notices in which order frames are closed that hold nothing with a finalizer.
        if !garbage.iter().any(|o| needs_finalizer(o.header())) {
            return false;
        }
        let mut due: Vec<ObjRef> = garbage.iter().filter(|o| is_due(o)).cloned().collect();
        due.sort_by_key(age);
        let any = !due.is_empty();
        garbage.retain(|o| !is_due(o) || !is_instance(o));
        let due: Vec<Due> = due.into_iter().map(Due::new).collect();
        for object in &due {
            if let Some(object) = object.get().filter(is_due) {
                object.header().set_flag(flags::FINALIZED, true);
                finalize::enqueue(Finalization::Object(object));
                self.work_off();
            }
        }
        garbage.extend(due.iter().filter(|d| d.is_weak()).filter_map(Due::get));
        garbage.sort_by_key(ObjRef::address);
        any
    }
}

/// Garbage whose finalizer has not run yet.
enum Due {
    Instance(WeakPointer),
    Other(ObjRef),
}

impl Due {
    fn new(object: ObjRef) -> Due {
        if is_instance(&object) {
            Due::Instance(WeakPointer::new(&object))
        } else {
            Due::Other(object)
        }
    }

    fn get(&self) -> Option<ObjRef> {
        match self {
            Due::Instance(pointer) => pointer.upgrade(),
            Due::Other(object) => Some(object.clone()),
        }
    }

    fn is_weak(&self) -> bool {
        matches!(self, Due::Instance(_))
    }
}

fn is_instance(object: &ObjRef) -> bool {
    matches!(object.kind(), Kind::Instance | Kind::Exception)
}

/// Whether a collection finalizes an object.
pub(super) fn is_due(object: &ObjRef) -> bool {
    let header = object.header();
    !header.has_flag(flags::FINALIZED)
        && kind_info(object.kind()).finalizes
        && is_finalized_in_turn(header)
}

/// Orders garbage by age; a task is a little younger than its coroutine.
pub(super) fn age(object: &ObjRef) -> (u64, bool) {
    let coro = object
        .as_ref::<Future>()
        .and_then(Ref::part)
        .map(|p| p.coro.get());
    match coro.as_ref().and_then(Value::as_obj) {
        Some(coro) => (birth(coro).unwrap_or(0), true),
        None => (birth(object).unwrap_or(0), false),
    }
}

/// Whether CPython's collector would know of an object: a container, but a tuple or dict only if
/// something in it is one.
pub fn is_tracked(object: &ObjRef) -> bool {
    let mut inside = false;
    match object.kind() {
        Kind::Code | Kind::Range => false,
        Kind::Tuple | Kind::Dict => {
            heap::trace(object, &mut |inner| {
                let kind = inner.kind();
                inside |= !matches!(kind, Kind::Code | Kind::Range) && !kind_info(kind).leaf;
            });
            inside
        }
        kind => !kind_info(kind).leaf,
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
        drop(generator.chain.take_leaf());
        drop(generator.take_handled());
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
        for slot in [&e.cause, &e.context, &e.traceback] {
            slot.take();
        }
        e.own.clear();
        drop(e.fields.take());
    } else if let Some(t) = value.as_ref::<Traceback>() {
        t.next.take();
    } else if let Some(frame) = value.as_ref::<FrameObject>() {
        frame.back.take();
        frame.clear();
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

fn clear_future(f: &Ref<Future>) {
    f.clear();
    if let Some(part) = f.part() {
        for slot in [&part.coro, &part.context, &part.waiting_for] {
            slot.take();
        }
    }
}
