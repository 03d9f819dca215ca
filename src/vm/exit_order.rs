//! In which order the finalizers of a program run that is over.
//!
//! CPython collects garbage twice at its end. The first time the main namespace is alive: the
//! collector lays everything aside that nothing has led to so far, and puts it back, at the end of
//! its list, when it gets there from the namespace; so its list has what names refer to first,
//! then what that holds, and so on. The second time the namespace is garbage, and finalizers run
//! in the order of that list. A program that has switched the collector off skips the first time:
//! then the order is that in which the objects were made.

use super::Vm;
use super::heap::{self, Header, ObjRef, Ref, WeakPointer, birth_now, flags};
use super::object::{Dict, Kind, Module, birth, is_finalized_in_turn};
use super::value::Value;
use std::collections::{HashSet, VecDeque};

/// The objects that must be finalized, in order: those that a namespace leads to, then those of
/// other modules. They are not kept alive: one that dies because of another dies then.
pub(super) fn finalization_order(namespace: &Ref<Dict>, enabled: bool) -> Vec<WeakPointer> {
    let mut found = reachable(namespace);
    found.retain(|o| is_due(o.header()));
    let seen: HashSet<usize> = found.iter().map(ObjRef::address).collect();
    let mut others = Vec::new();
    heap::visit_objects(|header| {
        let object = matches!(header.kind(), Kind::Instance | Kind::Exception);
        if object && header.count() > 0 && is_due(header) {
            others.push(header.to_ref());
        }
    });
    others.retain(|o| !seen.contains(&o.address()));
    others.sort_by_key(age);
    found.extend(others);
    if !enabled {
        found.sort_by_key(age);
    }
    found.iter().map(WeakPointer::new).collect()
}

fn age(object: &ObjRef) -> u64 {
    birth(object).map_or(0, |birth| birth.get())
}

fn is_due(header: &Header) -> bool {
    !header.has_flag(flags::FINALIZED) && is_finalized_in_turn(header)
}

impl Vm {
    /// The program asked for a collection, whose list gets this order too.
    pub fn settle_ages(&mut self) {
        let main = self.intern("__main__");
        let main = self.modules.get_str(&main);
        let Some(main) = main.as_ref().and_then(Value::downcast::<Module>) else {
            return;
        };
        let mut found = reachable(&main.dict);
        found.retain(|o| birth(o).is_some());
        // Later than all there is, earlier than all that comes.
        for (object, time) in found.iter().zip(birth_now() + 1..) {
            if let Some(birth) = birth(object) {
                birth.set(time);
            }
        }
    }
}

/// Everything that the namespace leads to, the nearest first; what lists and tuples hold from their
/// end.
fn reachable(namespace: &Ref<Dict>) -> Vec<ObjRef> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut work = VecDeque::from([namespace.as_obj().clone()]);
    while let Some(object) = work.pop_front() {
        let mut inner = Vec::new();
        heap::trace(&object, &mut |next| {
            if !matches!(next.kind(), Kind::Module | Kind::Code) && seen.insert(next.address()) {
                inner.push(next.clone());
            }
        });
        if matches!(object.kind(), Kind::List | Kind::Tuple) {
            inner.reverse();
        }
        work.extend(inner);
        found.push(object);
    }
    found
}
