//! Dict and set access where hashing or equality may run bytecode, always outside any borrow.

use super::compare::Cmp;
use crate::vm::compare_pure::hash_pure;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, Kind, Lookup, OrderedMap, SetTable, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

/// A table that keys are looked up in.
pub trait Keyed {
    fn find(&self, hash: u64, key: &Value) -> Lookup;
    /// The key at a place that a lookup named.
    fn key(&self, at: usize) -> Option<Value>;
    fn version(&self) -> u64;
}

impl<V> Keyed for OrderedMap<V> {
    #[inline(always)]
    fn find(&self, hash: u64, key: &Value) -> Lookup {
        self.find(hash, key)
    }

    fn key(&self, at: usize) -> Option<Value> {
        self.entry(at).map(|e| e.key.clone())
    }

    fn version(&self) -> u64 {
        self.version()
    }
}

impl Keyed for SetTable {
    #[inline(always)]
    fn find(&self, hash: u64, key: &Value) -> Lookup {
        self.find(hash, key)
    }

    fn key(&self, at: usize) -> Option<Value> {
        self.at(at).map(|(_, key)| key.clone())
    }

    fn version(&self) -> u64 {
        self.version()
    }
}

impl Vm {
    /// Where a key with that hash stands in a map, asking `__eq__` where it must. If the map
    /// changes while it is asked, the search begins again.
    #[inline]
    pub fn find_in<M: Keyed>(
        &mut self,
        map: &RefCell<M>,
        hash: u64,
        key: &Value,
    ) -> R<Option<usize>> {
        let found = map.borrow().find(hash, key);
        match found {
            Lookup::Found(at) => Ok(Some(at)),
            Lookup::Absent => Ok(None),
            Lookup::Ask(_) => self.find_asking(map, hash, key),
        }
    }

    #[cold]
    fn find_asking<M: Keyed>(
        &mut self,
        map: &RefCell<M>,
        hash: u64,
        key: &Value,
    ) -> R<Option<usize>> {
        'again: loop {
            let (candidates, version) = {
                let map = map.borrow();
                match map.find(hash, key) {
                    Lookup::Found(at) => return Ok(Some(at)),
                    Lookup::Absent => return Ok(None),
                    Lookup::Ask(candidates) => (candidates, map.version()),
                }
            };
            for at in candidates {
                let stored = map.borrow().key(at);
                let Some(stored) = stored else {
                    continue 'again;
                };
                let equal = stored.is(key) || self.compare_bool(Cmp::Eq, &stored, key)?;
                if map.borrow().version() != version {
                    continue 'again;
                }
                if equal {
                    return Ok(Some(at));
                }
            }
            return Ok(None);
        }
    }

    /// The hash of a key; TypeError if it has none.
    #[inline]
    pub fn hash_key(&mut self, key: &Value) -> R<u64> {
        match hash_pure(key) {
            Some(hash) if key.kind() != Some(Kind::Class) => Ok(hash),
            _ => self.hash(key),
        }
    }

    pub fn dict_get(&mut self, dict: &Ref<Dict>, key: &Value) -> R<Option<Value>> {
        let hash = self.hash_key(key)?;
        let Some(at) = self.find_in(&dict.map, hash, key)? else {
            return Ok(None);
        };
        Ok(dict.map.borrow().entry(at).map(|e| e.value.clone()))
    }

    pub fn dict_set(&mut self, dict: &Ref<Dict>, key: &Value, value: Value) -> R<()> {
        let hash = self.hash_key(key)?;
        self.dict_set_hashed(dict, hash, key, value)
    }

    /// Sets a key whose hash is known.
    pub fn dict_set_hashed(
        &mut self,
        dict: &Ref<Dict>,
        hash: u64,
        key: &Value,
        value: Value,
    ) -> R<()> {
        let found = self.find_in(&dict.map, hash, key)?;
        let mut map = dict.map.borrow_mut();
        let old = match found {
            Some(at) => map.replace_value(at, value),
            None => {
                map.insert_new(hash, key.clone(), value);
                None
            }
        };
        drop(map);
        drop(old);
        Ok(())
    }

    /// Removes a key; its value if it was there.
    pub fn dict_remove(&mut self, dict: &Ref<Dict>, key: &Value) -> R<Option<Value>> {
        let hash = self.hash_key(key)?;
        let Some(at) = self.find_in(&dict.map, hash, key)? else {
            return Ok(None);
        };
        let removed = dict.map.borrow_mut().remove_at(at);
        Ok(removed.map(|(_, value)| value))
    }

    /// Whether a dict has a key.
    pub fn dict_contains(&mut self, dict: &Ref<Dict>, key: &Value) -> R<bool> {
        let hash = self.hash_key(key)?;
        Ok(self.find_in(&dict.map, hash, key)?.is_some())
    }

    /// Adds a key to the map of a set; true if it was new.
    pub fn set_add(&mut self, map: &RefCell<SetTable>, key: &Value) -> R<bool> {
        let (hash, by_hash) = self.hash_element(key)?;
        self.set_add_hashed(map, hash, key, by_hash)
    }

    pub fn set_remove(&mut self, map: &RefCell<SetTable>, key: &Value) -> R<bool> {
        let hash = self.hash_key(key)?;
        let Some(at) = self.find_in(map, hash, key)? else {
            return Ok(false);
        };
        let removed = map.borrow_mut().remove_at(at);
        drop(removed);
        Ok(true)
    }

    pub fn set_contains(&mut self, map: &RefCell<SetTable>, key: &Value) -> R<bool> {
        let hash = self.hash_key(key)?;
        Ok(self.find_in(map, hash, key)?.is_some())
    }

    /// Updates a dict from any mapping or iterable of pairs (`dict.update`).
    pub fn dict_update(&mut self, dict: &Ref<Dict>, from: &Value) -> R<()> {
        if let Some(other) = from.payload::<Dict>()
            && self.iterates_as_dict(from)
        {
            return self.dict_merge(dict, &other);
        }
        let keys = self.names.keys.clone();
        if let Some(keys) = self.get_attr_opt(from, &keys)? {
            let keys = self.call(&keys, &[])?;
            return self.for_each(&keys, |vm, key| {
                let value = vm.get_item(from, &key)?;
                vm.dict_set(dict, &key, value)?;
                Ok(true)
            });
        }
        self.dict_from_pairs(dict, from)
    }

    /// A dict, or an instance of a subclass that does not define `__iter__` anew.
    fn iterates_as_dict(&mut self, v: &Value) -> bool {
        if v.kind() == Some(Kind::Dict) {
            return true;
        }
        let (class, base) = (self.class_of(v), self.types.dict.clone());
        let name = self.names.__iter__.clone();
        match (self.lookup(&class, &name), self.lookup(&base, &name)) {
            (Some(own), Some(inherited)) => own.is(&inherited),
            _ => false,
        }
    }

    /// Copies all entries of another dict.
    pub fn dict_merge(&mut self, dict: &Ref<Dict>, other: &Ref<Dict>) -> R<()> {
        if dict.as_obj().is(other.as_obj()) {
            return Ok(());
        }
        if dict.is_empty() {
            let copy = other.map.borrow().clone();
            let old = dict.map.replace(copy);
            drop(old);
            return Ok(());
        }
        let entries: Vec<(u64, Value, Value)> = {
            let map = other.map.borrow();
            map.iter()
                .map(|e| (e.hash, e.key.clone(), e.value.clone()))
                .collect()
        };
        let size = entries.len();
        for (hash, key, value) in entries {
            self.dict_set_hashed(dict, hash, &key, value)?;
            if other.len() != size {
                return Err(self.runtime_error("dict mutated during update"));
            }
        }
        Ok(())
    }

    fn dict_from_pairs(&mut self, dict: &Ref<Dict>, pairs: &Value) -> R<()> {
        let mut i = 0_usize;
        self.for_each(pairs, |vm, item| {
            let mut pair: Vec<Value> = match item.as_ref::<Tuple>() {
                Some(tuple) => tuple.items().to_vec(),
                None => vm.pair_of(&item, i)?,
            };
            let [key, value] = pair.as_slice() else {
                // Before what was made of it, which dies like a list.
                drop(item);
                let len = pair.len();
                while pair.pop().is_some() {}
                return Err(vm.value_error(format!(
                    "dictionary update sequence element #{i} has length {len}; 2 is required"
                )));
            };
            vm.dict_set(dict, key, value.clone())?;
            i += 1;
            Ok(true)
        })
    }

    fn pair_of(&mut self, item: &Value, i: usize) -> R<Vec<Value>> {
        match self.collect(item) {
            Ok(items) => Ok(items),
            Err(raise) => {
                let class = self.exc.type_error.clone();
                self.catch(raise, &class)?;
                Err(self.type_error(format!(
                    "cannot convert dictionary update sequence element #{i} to a sequence"
                )))
            }
        }
    }
}
