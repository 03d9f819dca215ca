//! `odict_iterator`: over the keys, values or items of an `OrderedDict`, from either end. Unlike
//! the iterators of a dict it looks ahead: once it stands at the last entry, changes do not matter.

use super::{Held, Part};
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::{NativeType, TypeDef};
use crate::vm::object::{Dict, Layout, NativeData};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::Cell;

const OVER: usize = usize::MAX;

/// Over an `OrderedDict`, which must not change meanwhile.
pub struct OrderedIterator {
    dict: Held,
    part: Part,
    reversed: bool,
    /// The place to look at next; backwards, one past it. `OVER` behind the last one: then the
    /// next look lets go of the dict.
    at: Cell<usize>,
    /// How many entries there were at the beginning, and where they ended.
    shape: (usize, usize),
}

impl OrderedIterator {
    /// An iterator that has given nothing yet.
    pub fn new(dict: &Ref<Dict>, part: Part, reversed: bool) -> Self {
        let end = dict.map.borrow().end();
        OrderedIterator {
            dict: Held::new(dict.clone()),
            part,
            reversed,
            at: Cell::new(match (dict.is_empty(), reversed) {
                (true, _) => OVER,
                (false, true) => end,
                (false, false) => 0,
            }),
            shape: (dict.len(), end),
        }
    }
}

impl NativeData for OrderedIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.dict.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.dict.keep(owner);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        if self.at.get() == OVER {
            self.dict.let_go();
        }
        let holder = self.dict.get();
        let Some(dict) = holder.downcast::<Dict>() else {
            return Ok(None);
        };
        let map = dict.map.borrow();
        let from = |at| match self.reversed {
            false => map.next_from(at).map(|(i, e)| (i + 1, e)),
            true => map.last_before(at),
        };
        let unchanged = self.shape == (dict.len(), map.end());
        let found = from(self.at.get()).filter(|_| unchanged);
        let Some((next, entry)) = found else {
            drop(map);
            self.dict.let_go();
            return Err(vm.runtime_error("OrderedDict mutated during iteration"));
        };
        let item = self.part.of(&entry.key, &entry.value);
        self.at.set(if from(next).is_some() { next } else { OVER });
        Ok(Some(item))
    }
}

impl NativeType for OrderedIterator {
    const DEF: &'static TypeDef =
        &TypeDef::new("odict_iterator", "builtins", Layout::Final).iterator();
}
