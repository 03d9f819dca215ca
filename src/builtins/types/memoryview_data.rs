//! What a memoryview is made of: whose memory it looks at, from where, and in which steps.

use crate::text::item_format::ItemFormat;
use crate::text::slice::SliceIndices;
use crate::vm::heap::ObjRef;
use crate::vm::object::{ByteArray, Bytes, NativeData};
use crate::vm::value::Value;
use std::cell::Cell;

/// A window on the bytes of another object.
pub struct MemoryView {
    pub base: Value,
    /// Where the first item begins.
    start: i64,
    pub format: ItemFormat,
    /// Number of items in each dimension.
    pub shape: Vec<usize>,
    /// How far apart the items of a dimension are, in bytes.
    pub strides: Vec<i64>,
    pub readonly: bool,
    released: Cell<bool>,
}

/// The result of a lookup.
pub enum Place {
    At(usize),
    /// The dimension, from 1, whose index is too large or too small.
    Outside(usize),
}

impl Drop for MemoryView {
    fn drop(&mut self) {
        self.release();
    }
}

impl NativeData for MemoryView {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.base.as_obj().into_iter().for_each(visit);
    }

    fn is_sequence(&self) -> bool {
        true
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        Some(self.content())
    }
}

impl MemoryView {
    /// A view of all bytes of an object.
    pub fn of(base: Value, len: usize, readonly: bool) -> Self {
        Self::looking(base, 0, ItemFormat::BYTES, vec![len], vec![1], readonly)
    }

    fn looking(
        base: Value,
        start: i64,
        format: ItemFormat,
        shape: Vec<usize>,
        strides: Vec<i64>,
        readonly: bool,
    ) -> Self {
        if let Some(array) = base.payload::<ByteArray>() {
            array.1.set(array.1.get() + 1);
        }
        MemoryView {
            base,
            start,
            format,
            shape,
            strides,
            readonly,
            released: Cell::new(false),
        }
    }

    /// Another view of the same memory, changed.
    pub fn part(&self, change: impl FnOnce(&mut MemoryView)) -> MemoryView {
        let mut part = Self::looking(
            self.base.clone(),
            self.start,
            self.format,
            self.shape.clone(),
            self.strides.clone(),
            self.readonly,
        );
        change(&mut part);
        part
    }

    pub fn is_released(&self) -> bool {
        self.released.get()
    }

    /// Lets go of the memory.
    pub fn release(&self) {
        if self.released.replace(true) {
            return;
        }
        if let Some(array) = self.base.payload::<ByteArray>() {
            array.1.set(array.1.get().saturating_sub(1));
        }
    }

    /// Narrows the first dimension.
    pub fn slice(&mut self, fitted: SliceIndices) {
        if let (Some(n), Some(stride)) = (self.shape.first_mut(), self.strides.first_mut()) {
            *n = fitted.count;
            self.start += fitted.start.saturating_mul(*stride);
            *stride = stride.saturating_mul(fitted.step);
        }
    }

    /// Looks at the same memory, all of it, as other items.
    pub fn reshape(&mut self, format: ItemFormat, shape: Vec<usize>) {
        let mut stride = i64::try_from(format.size).unwrap_or(1);
        self.strides = vec![0; shape.len()];
        for (place, n) in self.strides.iter_mut().zip(&shape).rev() {
            *place = stride;
            stride = stride.saturating_mul(i64::try_from(*n).unwrap_or(i64::MAX));
        }
        self.shape = shape;
        self.format = format;
    }

    pub fn nbytes(&self) -> usize {
        self.shape.iter().product::<usize>() * self.format.size
    }

    /// Side by side, the last dimension fastest.
    pub fn is_contiguous(&self) -> bool {
        self.side_by_side(self.shape.iter().zip(&self.strides).rev())
    }

    /// Side by side, the first dimension fastest.
    pub fn is_contiguous_by_columns(&self) -> bool {
        self.side_by_side(self.shape.iter().zip(&self.strides))
    }

    fn side_by_side<'a>(&self, dimensions: impl Iterator<Item = (&'a usize, &'a i64)>) -> bool {
        let mut expected = i64::try_from(self.format.size).unwrap_or(1);
        if self.shape.contains(&0) {
            return true;
        }
        for (n, stride) in dimensions {
            if *n > 1 && *stride != expected {
                return false;
            }
            expected = expected.saturating_mul(i64::try_from(*n).unwrap_or(i64::MAX));
        }
        true
    }

    /// Where the item with these indices begins, negative ones counted from the end.
    pub fn place(&self, indices: &[i64]) -> Place {
        let mut at = self.start;
        for (d, i) in indices.iter().enumerate() {
            let (n, stride) = match (self.shape.get(d), self.strides.get(d)) {
                (Some(n), Some(stride)) => (i64::try_from(*n).unwrap_or(i64::MAX), *stride),
                _ => return Place::Outside(d + 1),
            };
            let i = if *i < 0 { i.saturating_add(n) } else { *i };
            if !(0..n).contains(&i) {
                return Place::Outside(d + 1);
            }
            at = at.saturating_add(i.saturating_mul(stride));
        }
        Place::At(usize::try_from(at).unwrap_or(usize::MAX))
    }

    /// Where all items begin, the last dimension fastest.
    pub fn places(&self) -> Vec<usize> {
        let dimensions: Vec<(usize, i64)> = self
            .shape
            .iter()
            .copied()
            .zip(self.strides.iter().copied())
            .collect();
        self.spread(&dimensions)
    }

    fn spread(&self, dimensions: &[(usize, i64)]) -> Vec<usize> {
        let mut places = vec![self.start];
        for (n, stride) in dimensions {
            let steps = (0..*n).map(|i| i64::try_from(i).unwrap_or(0).saturating_mul(*stride));
            let steps: Vec<i64> = steps.collect();
            let next = places.iter().flat_map(|p| steps.iter().map(move |s| p + s));
            places = next.collect();
        }
        places
            .into_iter()
            .map(|p| usize::try_from(p).unwrap_or(usize::MAX))
            .collect()
    }

    pub fn with_memory<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        if let Some(bytes) = self.base.payload::<Bytes>() {
            return look(&bytes.0);
        }
        match self.base.payload::<ByteArray>() {
            Some(array) => look(&array.0.borrow()),
            None => look(&[]),
        }
    }

    /// Changes the bytes of an item.
    pub fn store(&self, at: usize, item: &[u8]) {
        if let Some(array) = self.base.payload::<ByteArray>()
            && let Some(place) = array
                .0
                .borrow_mut()
                .get_mut(at..at.saturating_add(item.len()))
        {
            place.copy_from_slice(item);
        }
    }

    /// The bytes of all items, the last dimension fastest.
    pub fn content(&self) -> Vec<u8> {
        let places = self.places();
        self.bytes_at(&places)
    }

    /// The bytes of all items, the first dimension fastest.
    pub fn content_by_columns(&self) -> Vec<u8> {
        let dimensions: Vec<(usize, i64)> = self
            .shape
            .iter()
            .copied()
            .zip(self.strides.iter().copied())
            .rev()
            .collect();
        let places = self.spread(&dimensions);
        self.bytes_at(&places)
    }

    fn bytes_at(&self, places: &[usize]) -> Vec<u8> {
        let size = self.format.size;
        self.with_memory(|memory| {
            let items = places
                .iter()
                .map(|at| memory.get(*at..at.saturating_add(size)));
            items.flatten().flatten().copied().collect()
        })
    }
}
