//! In which order the finalizers of a program run that is over.
//!
//! CPython collects garbage twice at its end. The first time the main namespace is alive, and so is
//! the exception that ended the program: the collector lays everything aside that nothing has led
//! to so far, and puts it back, at the end of its list, when it gets there from those; so its list
//! has what they refer to first, then what that holds, and so on. The second time the namespace is
//! garbage, and finalizers run in the order of that list. A program that has switched the collector
//! off skips the first time: then the order is that in which the objects were made.

use super::Vm;
use super::cycles::{age, is_due};
use super::heap::{self, ObjRef, WeakPointer, birth_now};
use super::object::{Instance, Kind, Module, birth, set_birth};
use super::value::Value;
use std::collections::{HashSet, VecDeque};

/// The objects that must be finalized, in order. They are not kept alive: one that dies because of
/// another dies then.
pub(super) fn finalization_order() -> Vec<WeakPointer> {
    let mut found = Vec::new();
    heap::visit_objects(|header| {
        if header.count() > 0 {
            let object = header.to_ref();
            if is_due(&object) {
                found.push(object);
            }
        }
    });
    found.sort_by_key(age);
    found.iter().map(WeakPointer::new).collect()
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
        let mut found = reachable(roots);
        found.retain(|o| birth(o).is_some());
        // Later than all there is, earlier than all that comes.
        for (object, time) in found.iter().zip(birth_now() + 1..) {
            set_birth(object, time);
        }
    }
}

/// Everything that the objects lead to, the nearest first.
fn reachable(roots: Vec<ObjRef>) -> Vec<ObjRef> {
    let mut seen: HashSet<usize> = roots.iter().map(ObjRef::address).collect();
    let mut found = Vec::new();
    let mut work = VecDeque::from(roots);
    while let Some(object) = work.pop_front() {
        work.extend(children(&object).into_iter().filter(|next| {
            !matches!(next.kind(), Kind::Module | Kind::Code) && seen.insert(next.address())
        }));
        found.push(object);
    }
    found
}

/// What an object refers to: of lists and tuples from their end. What an instance of a class
/// derived from a container holds as that is its own.
fn children(object: &ObjRef) -> Vec<ObjRef> {
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
        found.extend(children(payload));
    }
    found
}
