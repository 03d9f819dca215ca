//! Slices of the built-in sequences: reading, assigning, deleting.

use super::arith::clamp;
use super::range;
use super::sequence::{buffer, bytes_like};
use crate::text::slice::{SliceIndices, slice_indices};
use crate::text::str_ops;
use crate::vm::heap::Ref;
use crate::vm::object::{ByteArray, Kind, List, Range, Slice, Str, Tuple, release_backwards};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use num_bigint::BigInt;
use num_traits::{Signed, Zero};

impl Vm {
    /// One bound of a slice: `None`, or an int from `__index__`.
    fn slice_bound(&mut self, v: &Value) -> R<Option<Value>> {
        if v.is_none() {
            return Ok(None);
        }
        match self.index_opt(v)? {
            Some(n) => Ok(Some(n)),
            None => Err(self
                .type_error("slice indices must be integers or None or have an __index__ method")),
        }
    }

    /// A slice fitted to a sequence whose length is asked for after the bounds were evaluated.
    pub fn fit_slice(&mut self, slice: &Slice, len: impl FnOnce() -> usize) -> R<SliceIndices> {
        let step = self.slice_bound(&slice.step)?.map(|n| clamp(&n));
        if step == Some(0) {
            return Err(self.value_error("slice step cannot be zero"));
        }
        let start = self.slice_bound(&slice.start)?.map(|n| clamp(&n));
        let stop = self.slice_bound(&slice.stop)?.map(|n| clamp(&n));
        match slice_indices(start, stop, step, len()) {
            Some(fitted) => Ok(fitted),
            None => Err(self.value_error("slice step cannot be zero")),
        }
    }

    /// `slice.indices(len)` for lengths of any size.
    pub fn slice_indices_big(&mut self, slice: &Slice, len: &BigInt) -> R<[Value; 3]> {
        let step = self
            .slice_bound(&slice.step)?
            .map_or_else(|| BigInt::from(1), |n| n.as_bigint().unwrap_or_default());
        if step.is_zero() {
            return Err(self.value_error("slice step cannot be zero"));
        }
        let negative = step.is_negative();
        let (lowest, highest) = if negative {
            (BigInt::from(-1), len - 1)
        } else {
            (BigInt::zero(), len.clone())
        };
        let fit = |bound: Option<Value>, default: &BigInt| match bound {
            None => default.clone(),
            Some(n) => {
                let n = n.as_bigint().unwrap_or_default();
                let n = if n.is_negative() { n + len } else { n };
                n.clamp(lowest.clone(), highest.clone().max(lowest.clone()))
            }
        };
        let (first, last) = if negative {
            (&highest, &lowest)
        } else {
            (&lowest, &highest)
        };
        let start = self.slice_bound(&slice.start)?;
        let start = fit(start, first);
        let stop = self.slice_bound(&slice.stop)?;
        let stop = fit(stop, last);
        Ok([start, stop, step].map(Value::bigint))
    }

    /// `a[slice]` of a value that is exactly a built-in sequence; `None` if it is none.
    pub fn get_slice(&mut self, a: &Value, slice: &Slice) -> R<Option<Value>> {
        let Some(kind) = a.kind() else {
            return Ok(None);
        };
        Ok(Some(match kind {
            Kind::List => {
                let Some(list) = a.as_ref::<List>() else {
                    return Ok(None);
                };
                let fitted = self.fit_slice(slice, || list.items.borrow().len())?;
                List::value(pick(&list.items.borrow(), fitted))
            }
            Kind::Tuple => {
                let Some(tuple) = a.as_ref::<Tuple>() else {
                    return Ok(None);
                };
                let fitted = self.fit_slice(slice, || tuple.items().len())?;
                if fitted.step == 1 && fitted.count == tuple.items().len() {
                    return Ok(Some(a.clone()));
                }
                Tuple::value(pick(tuple.items(), fitted))
            }
            Kind::Str => {
                let Some(text) = a.as_ref::<Str>() else {
                    return Ok(None);
                };
                let fitted = self.fit_slice(slice, || text.char_count())?;
                slice_str(text, fitted)
            }
            Kind::Bytes | Kind::ByteArray => {
                let bytes = buffer(a).unwrap_or_default();
                let fitted = self.fit_slice(slice, || bytes.len())?;
                bytes_like(kind, pick(&bytes, fitted))
            }
            Kind::Range => {
                let Some(r) = a.downcast::<Range>() else {
                    return Ok(None);
                };
                let len = r.len.as_bigint().unwrap_or_default();
                let [start, stop, step] = self.slice_indices_big(slice, &len)?;
                range::slice(r, &start, &stop, &step)
            }
            _ => return Ok(None),
        }))
    }

    /// What is to stand in a slice. What has no iterator gets a message of the slice's own.
    fn items_for_slice(&mut self, value: &Value) -> R<Vec<Value>> {
        match self.iter(value) {
            Ok(iterator) => self.collect(&iterator),
            Err(raise) => {
                let class = self.exc.type_error.clone();
                drop(self.catch(raise, &class)?);
                Err(self.type_error("must assign iterable to extended slice"))
            }
        }
    }

    /// `list[slice] = value`.
    pub fn set_list_slice(&mut self, list: &Ref<List>, slice: &Slice, value: &Value) -> R<()> {
        let fitted = self.fit_slice(slice, || list.items.borrow().len())?;
        let plain = fitted.step == 1;
        let items = self.items_for_slice(value)?;
        // Collecting may have run bytecode that changed the list.
        let fitted = self.fit_slice(slice, || list.items.borrow().len())?;
        if plain {
            let start = usize::try_from(fitted.start).unwrap_or(0);
            let old: Vec<Value> = {
                let mut list = list.items.borrow_mut();
                let start = start.min(list.len());
                let end = (start + fitted.count).min(list.len());
                list.splice(start..end, items).collect()
            };
            release_backwards(old);
            return Ok(());
        }
        if items.len() != fitted.count {
            let count = items.len();
            release_backwards(items);
            return Err(self.value_error(format!(
                "attempt to assign sequence of size {count} to extended slice of size {}",
                fitted.count
            )));
        }
        let mut old = Vec::with_capacity(items.len());
        {
            let mut list = list.items.borrow_mut();
            for (i, item) in fitted.iter().zip(items) {
                if let Some(place) = list.get_mut(i) {
                    old.push(std::mem::replace(place, item));
                }
            }
        }
        drop(old);
        Ok(())
    }

    /// `del list[slice]`.
    pub fn del_list_slice(&mut self, list: &Ref<List>, slice: &Slice) -> R<()> {
        let fitted = self.fit_slice(slice, || list.items.borrow().len())?;
        let old = take(&mut list.items.borrow_mut(), fitted);
        if fitted.step == 1 {
            release_backwards(old);
        }
        Ok(())
    }

    /// `bytearray[slice] = value`.
    pub fn set_bytes_slice(
        &mut self,
        array: &Ref<ByteArray>,
        slice: &Slice,
        value: &Value,
    ) -> R<()> {
        self.fit_slice(slice, || array.0.borrow().len())?;
        let bytes = match buffer(value) {
            Some(bytes) => bytes,
            None if value.as_str().is_some() || self.is_number(value) => {
                return Err(self.type_error(
                    "can assign only bytes, buffers, or iterables of ints in range(0, 256)",
                ));
            }
            None => match self.iter_opt(value)? {
                Some(iterator) => self.bytes_from_iterable(&iterator)?,
                None => {
                    let class = self.type_name(value);
                    let message = format!("cannot convert '{class}' object to bytearray");
                    return Err(self.type_error(message));
                }
            },
        };
        // Collecting may have run bytecode that changed it.
        let fitted = self.fit_slice(slice, || array.0.borrow().len())?;
        if fitted.step == 1 {
            self.check_resizable(array, bytes.len(), fitted.count)?;
        }
        if bytes.is_empty() && fitted.step != 1 {
            // Nothing in the place of every other byte deletes these.
            self.check_resizable(array, 0, fitted.count)?;
            take(&mut array.0.borrow_mut(), fitted);
            return Ok(());
        }
        let mut array = array.0.borrow_mut();
        if fitted.step == 1 {
            let start = usize::try_from(fitted.start).unwrap_or(0).min(array.len());
            let end = (start + fitted.count).min(array.len());
            array.splice(start..end, bytes);
            return Ok(());
        }
        if bytes.len() != fitted.count {
            return Err(self.value_error(format!(
                "attempt to assign bytes of size {} to extended slice of size {}",
                bytes.len(),
                fitted.count
            )));
        }
        for (i, byte) in fitted.iter().zip(bytes) {
            if let Some(place) = array.get_mut(i) {
                *place = byte;
            }
        }
        Ok(())
    }

    /// Whether a value's class says what number it is.
    fn is_number(&mut self, v: &Value) -> bool {
        let (index, int) = (self.names.__index__.clone(), self.names.__int__.clone());
        let float = self.names.__float__.clone();
        let class = self.class_of(v);
        let names = [&index, &int, &float];
        super::number::num(v).is_some()
            || names
                .into_iter()
                .any(|name| self.lookup(&class, name).is_some())
    }

    /// `del bytearray[slice]`.
    pub fn del_bytes_slice(&mut self, array: &Ref<ByteArray>, slice: &Slice) -> R<()> {
        let fitted = self.fit_slice(slice, || array.0.borrow().len())?;
        self.check_resizable(array, 0, fitted.count)?;
        take(&mut array.0.borrow_mut(), fitted);
        Ok(())
    }

    /// BufferError if so many bytes are to be put where so many others were, and somebody looks at
    /// the memory.
    pub fn check_resizable(&mut self, array: &ByteArray, new: usize, old: usize) -> R<()> {
        if new == old || array.1.get() == 0 {
            return Ok(());
        }
        let class = self.exc.buffer_error.clone();
        let message = "Existing exports of data: object cannot be re-sized";
        Err(self.error(&class, message))
    }

    /// The bytes that an iterable of ints gives.
    pub fn bytes_from_iterable(&mut self, v: &Value) -> R<Vec<u8>> {
        let mut bytes = Vec::new();
        self.for_each(v, |vm, item| {
            bytes.push(vm.byte(&item, "bytes")?);
            Ok(true)
        })?;
        Ok(bytes)
    }

    /// One byte from an int; ValueError "`what` must be in range(0, 256)".
    pub fn byte(&mut self, v: &Value, what: &str) -> R<u8> {
        let n = self.index(v)?;
        match n.as_i64().map(u8::try_from) {
            Some(Ok(byte)) => Ok(byte),
            _ => Err(self.value_error(format!("{what} must be in range(0, 256)"))),
        }
    }
}

/// The selected items.
fn pick<T: Clone>(items: &[T], fitted: SliceIndices) -> Vec<T> {
    if fitted.step == 1 {
        let start = usize::try_from(fitted.start).unwrap_or(0);
        return items
            .get(start..start + fitted.count)
            .map_or_else(Vec::new, <[T]>::to_vec);
    }
    fitted
        .iter()
        .filter_map(|i| items.get(i).cloned())
        .collect()
}

/// Removes the selected items and gives them back.
fn take<T>(items: &mut Vec<T>, fitted: SliceIndices) -> Vec<T> {
    if fitted.count == 0 {
        return Vec::new();
    }
    if fitted.step == 1 {
        let start = usize::try_from(fitted.start).unwrap_or(0).min(items.len());
        let end = (start + fitted.count).min(items.len());
        return items.drain(start..end).collect();
    }
    let mut doomed: Vec<usize> = fitted.iter().collect();
    doomed.sort_unstable();
    let mut doomed = doomed.into_iter().peekable();
    let (mut kept, mut taken) = (Vec::with_capacity(items.len()), Vec::new());
    for (i, item) in std::mem::take(items).into_iter().enumerate() {
        if doomed.next_if_eq(&i).is_some() {
            taken.push(item);
        } else {
            kept.push(item);
        }
    }
    *items = kept;
    taken
}

fn slice_str(text: &Ref<Str>, fitted: SliceIndices) -> Value {
    if fitted.step == 1 && fitted.count == text.char_count() {
        return text.clone().into();
    }
    if fitted.count == 0 {
        return Value::str("");
    }
    let start = usize::try_from(fitted.start).unwrap_or(0);
    if fitted.count == 1 {
        let one = usize::try_from(fitted.start).ok();
        let found = one.and_then(|at| super::subscript::char_at(text, at));
        return found.unwrap_or_else(|| Value::str(""));
    }
    if text.is_ascii() && fitted.step == 1 {
        let part = text.as_str().get(start..start + fitted.count);
        return Str::part_of(text, part.unwrap_or("")).into();
    }
    if text.is_ascii() {
        let bytes = text.as_str().as_bytes();
        let picked: String = fitted
            .iter()
            .filter_map(|i| bytes.get(i).map(|b| char::from(*b)))
            .collect();
        return Value::from(picked);
    }
    Value::from(str_ops::slice(text.as_str(), fitted))
}
