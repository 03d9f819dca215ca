//! `odict_iterator`: over the keys, values or items of an `OrderedDict`, from either end. Unlike
//! the iterators of a dict it looks ahead: once it stands at the last entry, changes do not matter.

use super::{Part, visit_slot};
use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::native::{NativeType, TypeDef};
use crate::vm::object::{Dict, Layout, NativeData};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::Cell;

/// Over an `OrderedDict`, which must not change meanwhile.
pub struct OrderedIterator {
    /// Let go at the end.
    dict: Slot,
    part: Part,
    reversed: bool,
    /// The place to look at next; backwards, one past it.
    at: Cell<usize>,
    /// How many entries there were at the beginning, and where they ended.
    shape: (usize, usize),
}

impl OrderedIterator {
    /// An iterator that has given nothing yet.
    pub fn new(dict: &Ref<Dict>, part: Part, reversed: bool) -> Self {
        let end = dict.map.borrow().end();
        OrderedIterator {
            dict: Slot::new(if dict.is_empty() {
                Value::Undef
            } else {
                dict.clone().into()
            }),
            part,
            reversed,
            at: Cell::new(if reversed { end } else { 0 }),
            shape: (dict.len(), end),
        }
    }
}

impl NativeData for OrderedIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_slot(&self.dict, visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
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
            self.dict.set(Value::Undef);
            return Err(vm.runtime_error("OrderedDict mutated during iteration"));
        };
        let item = self.part.of(&entry.key, &entry.value);
        self.at.set(next);
        let is_last = from(next).is_none();
        drop(map);
        if is_last {
            self.dict.set(Value::Undef);
        }
        Ok(Some(item))
    }
}

impl NativeType for OrderedIterator {
    const DEF: &'static TypeDef =
        &TypeDef::new("odict_iterator", "builtins", Layout::Final).iterator();
}
