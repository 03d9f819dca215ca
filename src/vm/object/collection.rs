//! Containers. Contents behind `RefCell`: a borrow must never be held across anything that can
//! run bytecode or release an object, so take or clone what is needed first.

use super::{OrderedMap, SetTable, Trace};
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::value::Value;
use std::cell::{Cell, RefCell};

#[derive(Default)]
pub struct List {
    pub items: RefCell<Vec<Value>>,
}

/// Lets values go from the last to the first, as CPython's lists do: finalizers run in that order.
pub fn release_backwards(values: Vec<Value>) {
    for value in values.into_iter().rev() {
        drop(value);
    }
}

impl Drop for List {
    fn drop(&mut self) {
        release_backwards(std::mem::take(self.items.get_mut()));
    }
}

impl List {
    pub fn value(items: Vec<Value>) -> Value {
        Self::new(items).into()
    }

    pub fn new(items: Vec<Value>) -> Ref<List> {
        Ref::new(List {
            items: RefCell::new(items),
        })
    }
}

/// `tuple`: the items stand in the tail and never change.
pub struct Tuple {
    len: u32,
}

impl Tuple {
    pub fn new(items: impl IntoIterator<Item = Value, IntoIter: ExactSizeIterator>) -> Ref<Tuple> {
        let items = items.into_iter();
        let len = u32::try_from(items.len()).unwrap_or(u32::MAX);
        Ref::with_tail(Tuple { len }, items)
    }

    pub fn value(items: impl IntoIterator<Item = Value, IntoIter: ExactSizeIterator>) -> Value {
        Self::new(items).into()
    }

    /// A tuple of values that are moved out of an array.
    ///
    /// # Safety
    /// `count` initialised values stand at `from`.
    pub(in crate::vm) unsafe fn of_moved(from: *mut Value, count: usize) -> Ref<Tuple> {
        let len = u32::try_from(count).unwrap_or(u32::MAX);
        // SAFETY: promised by the caller.
        unsafe { Ref::with_moved_tail(Tuple { len }, from, len as usize) }
    }

    pub(super) fn tail(&self) -> usize {
        self.len as usize
    }
}

impl Ref<Tuple> {
    #[inline(always)]
    pub fn items(&self) -> &[Value] {
        self.frozen_tail()
    }
}

/// `dict`.
#[derive(Default)]
pub struct Dict {
    pub map: RefCell<OrderedMap<Value>>,
}

impl Dict {
    pub fn new() -> Ref<Dict> {
        Ref::new(Dict::default())
    }

    /// Looks a string key up (no bytecode can be involved).
    pub fn get_str(&self, key: &Ref<super::Str>) -> Option<Value> {
        let map = self.map.borrow();
        let key_value = Value::Obj(key.as_obj().clone());
        let at = map.find_pure(key.hash(), &key_value)?;
        map.entry(at).map(|e| e.value.clone())
    }

    /// Sets a string key.
    pub fn set_str(&self, key: &Ref<super::Str>, value: Value) {
        let key_value = Value::Obj(key.as_obj().clone());
        let mut map = self.map.borrow_mut();
        let old = match map.find_pure(key.hash(), &key_value) {
            Some(at) => map.replace_value(at, value),
            None => {
                map.insert_new(key.hash(), key_value, value);
                None
            }
        };
        drop(map);
        drop(old);
    }

    /// Removes a string key and gives its value.
    pub fn remove_str(&self, key: &Ref<super::Str>) -> Option<Value> {
        let key_value = Value::Obj(key.as_obj().clone());
        let removed = {
            let mut map = self.map.borrow_mut();
            let at = map.find_pure(key.hash(), &key_value)?;
            map.remove_at(at)
        };
        removed.map(|(_, value)| value)
    }

    /// Entries whose keys are strings, in order.
    pub fn str_items(&self) -> Vec<(Ref<super::Str>, Value)> {
        let map = self.map.borrow();
        let items = map.iter();
        items
            .filter_map(|e| Some((e.key.as_ref::<super::Str>()?.clone(), e.value.clone())))
            .collect()
    }

    pub fn len(&self) -> usize {
        self.map.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Default)]
pub struct Set {
    pub map: RefCell<SetTable>,
}

pub struct FrozenSet {
    pub map: RefCell<SetTable>,
    /// `None` while not computed.
    pub hash: Cell<Option<u64>>,
}

/// `range`; the parts are ints of any size, `len` their count.
pub struct Range {
    pub start: Value,
    pub stop: Value,
    pub step: Value,
    pub len: Value,
}

impl Range {
    /// Start, number of items and step, where all items are small.
    pub fn small(&self) -> Option<(i64, i64, i64)> {
        match (&self.start, &self.stop, &self.step, &self.len) {
            (Value::Int(start), Value::Int(_), Value::Int(step), Value::Int(len)) => {
                Some((*start, *len, *step))
            }
            _ => None,
        }
    }
}

pub struct Slice {
    // In the order in which CPython releases them.
    pub step: Value,
    pub start: Value,
    pub stop: Value,
}

impl Trace for List {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        if let Ok(items) = self.items.try_borrow() {
            items.iter().filter_map(Value::as_obj).for_each(visit);
        }
    }
}

impl Trace for Ref<Tuple> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.items()
            .iter()
            .filter_map(Value::as_obj)
            .for_each(visit);
    }
}

impl Trace for Dict {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        if let Ok(map) = self.map.try_borrow() {
            for e in map.iter() {
                e.value.as_obj().into_iter().for_each(&mut *visit);
                e.key.as_obj().into_iter().for_each(&mut *visit);
            }
        }
    }
}

fn trace_set(map: &RefCell<SetTable>, visit: &mut dyn FnMut(&ObjRef)) {
    if let Ok(map) = map.try_borrow() {
        map.iter()
            .filter_map(|(_, key)| key.as_obj())
            .for_each(visit);
    }
}

impl Trace for Set {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        trace_set(&self.map, visit);
    }
}

impl Trace for FrozenSet {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        trace_set(&self.map, visit);
    }
}

impl Trace for Range {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        [&self.start, &self.stop, &self.step, &self.len]
            .into_iter()
            .filter_map(|v| v.as_obj())
            .for_each(visit);
    }
}

impl Trace for Slice {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        [&self.start, &self.stop, &self.step]
            .into_iter()
            .filter_map(|v| v.as_obj())
            .for_each(visit);
    }
}

super::no_tail!(List Dict Set FrozenSet Range Slice);
