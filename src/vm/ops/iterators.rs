//! The iterators of the built-in containers.

mod held;
mod ordered;
mod state;

pub use held::{Held, kept};
pub use ordered::OrderedIterator;

use super::range;
use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::object::{
    ByteArray, Bytes, Dict, Entry, List, NativeData, Range, Str, Tuple, character,
};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::Cell;

/// What an iterator or view of a dict gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Keys,
    Values,
    Items,
}

impl Part {
    pub fn of(self, key: &Value, value: &Value) -> Value {
        match self {
            Part::Keys => key.clone(),
            Part::Values => value.clone(),
            Part::Items => Tuple::value([key.clone(), value.clone()]),
        }
    }
}

fn visit_slot(slot: &Slot, visit: &mut dyn FnMut(&ObjRef)) {
    slot.visit(visit);
}

/// Over a list, which may change meanwhile. The list is let go at the end.
pub struct ListIterator {
    list: Held,
    at: Cell<usize>,
}

impl ListIterator {
    pub fn new(list: &Ref<List>) -> Self {
        ListIterator {
            list: Held::new(list.clone()),
            at: Cell::new(0),
        }
    }

    /// The next item, if there is one.
    #[inline]
    pub fn advance(&self) -> Option<Value> {
        let holder = self.list.get();
        let list = holder.downcast::<List>()?;
        let at = self.at.get();
        let item = list.items.borrow().get(at).cloned()?;
        self.at.set(at + 1);
        Some(item)
    }
}

impl NativeData for ListIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.list.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.list.keep(owner);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let item = self.advance();
        if item.is_none() {
            self.list.let_go();
        }
        Ok(item)
    }
}

/// Over a list from its end. The list is let go only where it has become shorter than the place.
pub struct ListReverseIterator {
    list: Held,
    /// One past the next index.
    at: Cell<usize>,
}

impl ListReverseIterator {
    pub fn new(list: &Ref<List>) -> Self {
        ListReverseIterator {
            at: Cell::new(list.items.borrow().len()),
            list: Held::new(list.clone()),
        }
    }
}

impl NativeData for ListReverseIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.list.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.list.keep(owner);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let holder = self.list.get();
        let Some(list) = holder.downcast::<List>() else {
            return Ok(None);
        };
        let Some(at) = self.at.get().checked_sub(1) else {
            return Ok(None);
        };
        let item = list.items.borrow().get(at).cloned();
        match item {
            Some(_) => self.at.set(at),
            None => self.list.let_go(),
        }
        Ok(item)
    }
}

/// Over a tuple.
pub struct TupleIterator {
    tuple: Held,
    at: Cell<usize>,
}

impl TupleIterator {
    pub fn new(tuple: &Ref<Tuple>) -> Self {
        TupleIterator {
            tuple: Held::new(tuple.clone()),
            at: Cell::new(0),
        }
    }
}

impl NativeData for TupleIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.tuple.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.tuple.keep(owner);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let holder = self.tuple.get();
        let Some(tuple) = holder.as_ref::<Tuple>() else {
            return Ok(None);
        };
        let item = tuple.items().get(self.at.get()).cloned();
        match item {
            Some(_) => self.at.set(self.at.get() + 1),
            None => self.tuple.let_go(),
        }
        Ok(item)
    }
}

/// Over a range of small ints.
pub struct RangeIterator {
    next: Cell<i64>,
    step: i64,
    left: Cell<i64>,
}

impl NativeData for RangeIterator {
    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let left = self.left.get();
        if left <= 0 {
            return Ok(None);
        }
        self.left.set(left - 1);
        let item = self.next.get();
        self.next.set(item.wrapping_add(self.step));
        Ok(Some(Value::Int(item)))
    }
}

/// Over a range of ints of any size.
pub struct LongRangeIterator {
    range: Ref<Range>,
    index: Slot,
}

impl NativeData for LongRangeIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.range.as_obj());
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let index = self.index.get();
        if !vm.compare_bool(super::compare::Cmp::Lt, &index, &self.range.len)? {
            return Ok(None);
        }
        let next = vm.arith(super::arith::Arith::Add, &index, &Value::Int(1), false)?;
        self.index.set(next);
        Ok(Some(range::item(&self.range, &index)))
    }
}

/// The iterator of a range, forwards or backwards.
pub fn range_iterator(vm: &mut Vm, r: &Ref<Range>, backwards: bool) -> Value {
    let r = if backwards {
        reversed_range(r)
    } else {
        r.clone()
    };
    match r.small() {
        Some((start, len, step)) => {
            let iterator = RangeIterator {
                next: Cell::new(start),
                step,
                left: Cell::new(len),
            };
            vm.make(iterator)
        }
        None => vm.make(LongRangeIterator {
            range: r.clone(),
            index: Slot::new(Value::Int(0)),
        }),
    }
}

fn reversed_range(r: &Ref<Range>) -> Ref<Range> {
    let big = |v: &Value| v.as_bigint().unwrap_or_default();
    let (start, step, len) = (big(&r.start), big(&r.step), big(&r.len));
    let last = &start + (&len - 1) * &step;
    let before = &start - &step;
    Ref::new(Range {
        start: Value::bigint(last),
        stop: Value::bigint(before),
        step: Value::bigint(-step),
        len: r.len.clone(),
    })
}

/// Over the characters of a str; `ASCII` only tells the two classes apart.
pub struct StrIterator<const ASCII: bool> {
    text: Held,
    /// Position in bytes.
    at: Cell<usize>,
}

impl<const ASCII: bool> NativeData for StrIterator<ASCII> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.text.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.text.keep(owner);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let holder = self.text.get();
        let Some(text) = holder.downcast::<Str>() else {
            return Ok(None);
        };
        let next = if ASCII {
            let bytes = text.as_str().as_bytes();
            bytes.get(self.at.get()).map(|b| char::from(*b))
        } else {
            let rest = text.as_str().get(self.at.get()..).unwrap_or("");
            rest.chars().next()
        };
        match next {
            Some(c) => {
                self.at.set(self.at.get() + c.len_utf8());
                Ok(Some(character(c).into()))
            }
            None => {
                self.text.let_go();
                Ok(None)
            }
        }
    }
}

/// The iterator of a str; `exact` says that it is not inside an instance of a class derived from
/// str, for which CPython has but one class of iterator.
pub fn str_iterator(vm: &mut Vm, text: &Ref<Str>, exact: bool) -> Value {
    let (ascii, at) = (exact && text.is_ascii(), Cell::new(0));
    let text = Held::new(text.clone());
    if ascii {
        vm.make(StrIterator::<true> { text, at })
    } else {
        vm.make(StrIterator::<false> { text, at })
    }
}

/// Over bytes.
pub struct BytesIterator {
    bytes: Held,
    at: Cell<usize>,
}

impl BytesIterator {
    pub fn new(bytes: &Ref<Bytes>) -> Self {
        BytesIterator {
            bytes: Held::new(bytes.clone()),
            at: Cell::new(0),
        }
    }
}

impl NativeData for BytesIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.bytes.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.bytes.keep(owner);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let holder = self.bytes.get();
        let Some(bytes) = holder.downcast::<Bytes>() else {
            return Ok(None);
        };
        let item = bytes.0.get(self.at.get());
        match item {
            Some(_) => self.at.set(self.at.get() + 1),
            None => self.bytes.let_go(),
        }
        Ok(item.map(|b| Value::Int((*b).into())))
    }
}

/// Over a bytearray, which may change meanwhile.
pub struct ByteArrayIterator {
    array: Held,
    at: Cell<usize>,
}

impl ByteArrayIterator {
    pub fn new(array: &Ref<ByteArray>) -> Self {
        ByteArrayIterator {
            array: Held::new(array.clone()),
            at: Cell::new(0),
        }
    }
}

impl NativeData for ByteArrayIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.array.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.array.keep(owner);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let holder = self.array.get();
        let Some(array) = holder.downcast::<ByteArray>() else {
            return Ok(None);
        };
        let item = array.0.borrow().get(self.at.get()).copied();
        match item {
            Some(_) => self.at.set(self.at.get() + 1),
            None => self.array.let_go(),
        }
        Ok(item.map(|b| Value::Int(b.into())))
    }
}

/// Over keys, values or items of a dict: 0, 1, 2, and from the end 3, 4, 5.
pub struct DictIterator<const KIND: u8> {
    dict: Held,
    /// The place to look at next; backwards, one past it.
    at: Cell<usize>,
    /// The size that the dict must keep; `usize::MAX` once it did not.
    size: Cell<usize>,
    left: Cell<usize>,
}

impl DictIterator<0> {
    /// The iterator of a part of a dict.
    pub fn forward(vm: &mut Vm, dict: &Ref<Dict>, part: Part) -> Value {
        match part {
            Part::Keys => vm.make(DictIterator::<0>::over(dict, 0)),
            Part::Values => vm.make(DictIterator::<1>::over(dict, 0)),
            Part::Items => vm.make(DictIterator::<2>::over(dict, 0)),
        }
    }

    /// The same from the end.
    pub fn reversed(vm: &mut Vm, dict: &Ref<Dict>, part: Part) -> Value {
        let end = dict.map.borrow().end();
        match part {
            Part::Keys => vm.make(DictIterator::<3>::over(dict, end)),
            Part::Values => vm.make(DictIterator::<4>::over(dict, end)),
            Part::Items => vm.make(DictIterator::<5>::over(dict, end)),
        }
    }
}

impl<const KIND: u8> DictIterator<KIND> {
    fn over(dict: &Ref<Dict>, at: usize) -> Self {
        DictIterator {
            dict: Held::new(dict.clone()),
            at: Cell::new(at),
            size: Cell::new(dict.len()),
            left: Cell::new(dict.len()),
        }
    }

    const PART: Part = match KIND % 3 {
        0 => Part::Keys,
        1 => Part::Values,
        _ => Part::Items,
    };

    /// What is taken of the next entry.
    fn step<T>(&self, vm: &mut Vm, take: impl FnOnce(&Entry<Value>) -> T) -> R<Option<T>> {
        let holder = self.dict.get();
        let Some(dict) = holder.downcast::<Dict>() else {
            return Ok(None);
        };
        if dict.len() != self.size.get() {
            self.size.set(usize::MAX);
            return Err(vm.runtime_error("dictionary changed size during iteration"));
        }
        let map = dict.map.borrow();
        let found = if KIND < 3 {
            map.next_from(self.at.get()).map(|(i, e)| (i + 1, e))
        } else {
            map.last_before(self.at.get())
        };
        let Some((next, entry)) = found else {
            drop(map);
            self.dict.let_go();
            return Ok(None);
        };
        self.at.set(next);
        let Some(left) = self.left.get().checked_sub(1) else {
            drop(map);
            return Err(vm.runtime_error("dictionary keys changed during iteration"));
        };
        self.left.set(left);
        Ok(Some(take(entry)))
    }
}

impl<const KIND: u8> NativeData for DictIterator<KIND> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.dict.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.dict.keep(owner);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        self.step(vm, |e| Self::PART.of(&e.key, &e.value))
    }

    fn next_pair(&self, vm: &mut Vm) -> Option<R<Option<(Value, Value)>>> {
        (Self::PART == Part::Items).then(|| self.step(vm, |e| (e.key.clone(), e.value.clone())))
    }
}

/// Over a set or frozenset.
pub struct SetIterator {
    set: Held,
    at: Cell<usize>,
    size: Cell<usize>,
    /// How many elements it has given.
    given: Cell<usize>,
}

impl SetIterator {
    /// `set` is one.
    pub fn new(set: &Value) -> Self {
        SetIterator {
            set: Held::new(set.clone()),
            at: Cell::new(0),
            size: Cell::new(super::sets::map_of(set).map_or(0, |s| s.len())),
            given: Cell::new(0),
        }
    }
}

impl NativeData for SetIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.set.visit(visit);
    }

    fn keep(&self, owner: &Value) {
        self.set.keep(owner);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let Some(set) = super::sets::map_of(&self.set.get()) else {
            return Ok(None);
        };
        if set.len() != self.size.get() {
            self.size.set(usize::MAX);
            return Err(vm.runtime_error("Set changed size during iteration"));
        }
        let found = {
            let map = set.map().borrow();
            map.next_from(self.at.get())
                .map(|(i, key)| (i, key.clone()))
        };
        match found {
            Some((place, key)) => {
                self.at.set(place + 1);
                self.given.set(self.given.get() + 1);
                Ok(Some(key))
            }
            None => {
                self.set.let_go();
                Ok(None)
            }
        }
    }
}

/// Over an object with `__getitem__` only: 0, 1, 2… until IndexError.
pub struct SequenceIterator {
    sequence: Slot,
    at: Cell<i64>,
}

impl SequenceIterator {
    pub fn new(sequence: &Value) -> Self {
        SequenceIterator {
            sequence: Slot::new(sequence.clone()),
            at: Cell::new(0),
        }
    }

    /// How many items are left, as its object says; 0 if that has no `__len__`.
    pub fn hint(&self, vm: &mut Vm) -> R<usize> {
        let sequence = self.sequence.get();
        let name = vm.names.__len__.clone();
        if sequence.is_undef() || vm.special(&sequence, &name)?.is_none() {
            return Ok(0);
        }
        let len = vm.len(&sequence)?;
        Ok(len.saturating_sub(usize::try_from(self.at.get()).unwrap_or(0)))
    }
}

impl NativeData for SequenceIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_slot(&self.sequence, visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let sequence = self.sequence.get();
        if sequence.is_undef() {
            return Ok(None);
        }
        let at = self.at.get();
        match vm.get_item(&sequence, &Value::Int(at)) {
            Ok(item) => {
                self.at.set(at.saturating_add(1));
                Ok(Some(item))
            }
            Err(raise) => {
                let class = vm.exc.index_error.clone();
                if let Err(raise) = vm.catch(raise, &class) {
                    let class = vm.exc.stop_iteration.clone();
                    vm.catch(raise, &class)?;
                }
                self.sequence.set(Value::Undef);
                Ok(None)
            }
        }
    }
}
