//! Unpacking of iterables into targets.

use crate::vm::object::{List, Tuple, release_backwards};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

impl Vm {
    /// Exactly `n` items, or ValueError "not enough values to unpack (expected 2, got 1)" /
    /// "too many values to unpack (expected 2)" / TypeError "cannot unpack non-iterable X object".
    pub fn unpack(&mut self, v: &Value, n: usize) -> R<Vec<Value>> {
        if let Some(tuple) = v.as_ref::<Tuple>()
            && tuple.items().len() == n
        {
            return Ok(tuple.items().to_vec());
        }
        if let Some(list) = v.downcast::<List>()
            && list.items.borrow().len() == n
        {
            return Ok(list.items.borrow().clone());
        }
        let iterator = self.unpack_iter(v)?;
        let mut items = Vec::with_capacity(n);
        match self.take_exactly(&iterator, n, &mut items) {
            Ok(()) => Ok(items),
            Err(raise) => {
                release_backwards(items);
                Err(raise)
            }
        }
    }

    fn take_exactly(&mut self, iterator: &Value, n: usize, items: &mut Vec<Value>) -> R<()> {
        while items.len() < n {
            match self.next(iterator)? {
                Some(item) => items.push(item),
                None => {
                    return Err(self.value_error(format!(
                        "not enough values to unpack (expected {n}, got {})",
                        items.len()
                    )));
                }
            }
        }
        match self.next(iterator)? {
            None => Ok(()),
            Some(_) => Err(self.value_error(format!("too many values to unpack (expected {n})"))),
        }
    }

    fn unpack_iter(&mut self, v: &Value) -> R {
        match self.iter_opt(v)? {
            Some(iterator) => Ok(iterator),
            None => {
                let class = self.type_name(v);
                Err(self.type_error(format!("cannot unpack non-iterable {class} object")))
            }
        }
    }

    /// `before` items, a list of the middle, `after` items.
    pub fn unpack_star(&mut self, v: &Value, before: usize, after: usize) -> R<Vec<Value>> {
        let iterator = self.unpack_iter(v)?;
        let mut items = Vec::new();
        match self.take_at_least(&iterator, before, after, &mut items) {
            Ok(()) => {
                let tail = items.split_off(items.len() - after);
                let middle = items.split_off(before);
                items.push(List::value(middle));
                items.extend(tail);
                Ok(items)
            }
            Err(raise) => {
                release_backwards(items);
                Err(raise)
            }
        }
    }

    fn take_at_least(
        &mut self,
        iterator: &Value,
        before: usize,
        after: usize,
        items: &mut Vec<Value>,
    ) -> R<()> {
        let mut iterator = iterator.clone();
        loop {
            if items.len() == before {
                // The rest goes into a list, which makes an iterator of what is one, and asks how
                // long it will be.
                let rest = self.unpack_iter(&iterator)?;
                self.length_hint(&iterator)?;
                iterator = rest;
            }
            match self.next(&iterator)? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        if items.len() < before + after {
            return Err(self.too_few(before + after, items.len()));
        }
        Ok(())
    }

    fn too_few(&mut self, expected: usize, got: usize) -> crate::vm::Raise {
        self.value_error(format!(
            "not enough values to unpack (expected at least {expected}, got {got})"
        ))
    }
}
