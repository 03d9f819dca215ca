//! The algebra of sets and dict views, and merging of dicts. Hashes stored in the maps are used
//! again; equality may run bytecode, so nothing is borrowed while it is asked.

use super::arith::Arith;
use super::compare::Cmp;
use super::hash::hashes_alike;
use super::views;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, FrozenSet, Kind, Set, SetTable};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};

/// A set or frozenset.
#[derive(Clone)]
pub enum AnySet {
    Set(Ref<Set>),
    Frozen(Ref<FrozenSet>),
}

impl AnySet {
    pub fn map(&self) -> &RefCell<SetTable> {
        match self {
            AnySet::Set(s) => &s.map,
            AnySet::Frozen(s) => &s.map,
        }
    }

    pub fn len(&self) -> usize {
        self.map().borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements with their hashes.
    pub fn entries(&self) -> Vec<(u64, Value)> {
        own_entries(self.map())
    }

    /// The same object.
    pub fn is(&self, other: &AnySet) -> bool {
        std::ptr::eq(self.map(), other.map())
    }
}

/// The set in a value, or in an instance of a subclass.
pub fn map_of(v: &Value) -> Option<AnySet> {
    match v.kind()? {
        Kind::Set | Kind::FrozenSet | Kind::Instance => {}
        _ => return None,
    }
    v.payload::<Set>()
        .map(AnySet::Set)
        .or_else(|| v.payload::<FrozenSet>().map(AnySet::Frozen))
}

/// A new set or frozenset with that content.
pub fn make(map: SetTable, frozen: bool) -> Value {
    let map = RefCell::new(map);
    if frozen {
        let hash = Cell::new(None);
        Ref::new(FrozenSet { map, hash }).into()
    } else {
        Ref::new(Set { map }).into()
    }
}

impl Vm {
    /// Adds an element whose hash is known; true if it was new.
    pub fn set_add_hashed(
        &mut self,
        map: &RefCell<SetTable>,
        hash: u64,
        key: &Value,
        by_hash: bool,
    ) -> R<bool> {
        if self.find_in(map, hash, key)?.is_some() {
            return Ok(false);
        }
        map.borrow_mut().insert_new(hash, key.clone(), by_hash);
        Ok(true)
    }

    /// Elements of any iterable with their hashes, as a set (for `union` and its kin).
    pub fn to_any_set(&mut self, v: &Value) -> R<AnySet> {
        if let Some(set) = map_of(v) {
            return Ok(set);
        }
        let map = RefCell::default();
        self.fill_set(&map, v)?;
        Ok(AnySet::Set(Ref::new(Set { map })))
    }

    /// Adds all items of an iterable.
    pub fn fill_set(&mut self, map: &RefCell<SetTable>, from: &Value) -> R<()> {
        if let Some(set) = map_of(from) {
            return self.set_merge(map, &set);
        }
        if let Some(dict) = from.as_ref::<Dict>() {
            let keys = keys_of(dict);
            map.borrow_mut().prepare(keys.len());
            for (hash, key) in keys {
                self.set_add_hashed(map, hash, &key, hashes_alike(&key))?;
            }
            return Ok(());
        }
        self.for_each(from, |vm, item| {
            vm.set_add(map, &item)?;
            Ok(true)
        })
    }

    /// Adds all elements of another set.
    fn set_merge(&mut self, map: &RefCell<SetTable>, other: &AnySet) -> R<()> {
        if std::ptr::eq(map, other.map()) || other.is_empty() {
            return Ok(());
        }
        {
            let mut map = map.borrow_mut();
            let other = other.map().borrow();
            map.prepare(other.len());
            if map.merge_into_empty(&other) {
                return Ok(());
            }
        }
        let by_hash = other.map().borrow().is_by_hash();
        for (hash, key) in other.entries() {
            self.set_add_hashed(map, hash, &key, by_hash)?;
        }
        Ok(())
    }

    /// Removes an element whose hash is known; false if it was not there.
    fn set_discard_hashed(&mut self, map: &RefCell<SetTable>, hash: u64, key: &Value) -> R<bool> {
        let Some(at) = self.find_in(map, hash, key)? else {
            return Ok(false);
        };
        let removed = map.borrow_mut().remove_at(at);
        drop(removed);
        Ok(true)
    }

    /// Whether all elements of `a` are in `b`.
    pub fn is_subset(&mut self, a: &AnySet, b: &AnySet) -> R<bool> {
        if a.len() > b.len() {
            return Ok(false);
        }
        for (hash, key) in a.entries() {
            if self.find_in(b.map(), hash, &key)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `a op b` as a new table.
    pub fn combine_sets(&mut self, op: Arith, a: &AnySet, b: &AnySet) -> R<SetTable> {
        match op {
            Arith::Or => {
                let result = RefCell::new(a.map().borrow().copied());
                if !a.is(b) {
                    self.set_merge(&result, b)?;
                }
                Ok(result.into_inner())
            }
            Arith::And => self.set_intersection(a, b),
            Arith::Sub => self.set_difference(a, b),
            _ => {
                let result = RefCell::new(b.map().borrow().copied());
                self.set_exchange(&result, a)?;
                Ok(result.into_inner())
            }
        }
    }

    /// A set without the elements that another has too, and with those that only it has.
    pub fn exchanged(&mut self, set: AnySet, other: &AnySet) -> R<SetTable> {
        self.set_exchange(set.map(), other)?;
        Ok(set.map().borrow_mut().take())
    }

    /// What two sets have in common: the elements of the smaller.
    fn set_intersection(&mut self, a: &AnySet, b: &AnySet) -> R<SetTable> {
        if a.is(b) {
            return Ok(a.map().borrow().copied());
        }
        let (a, b) = if b.len() > a.len() { (b, a) } else { (a, b) };
        self.set_filter(b, |vm, hash, key| {
            Ok(vm.find_in(a.map(), hash, key)?.is_some())
        })
    }

    /// The elements of `a` that are not in `b`.
    fn set_difference(&mut self, a: &AnySet, b: &AnySet) -> R<SetTable> {
        if a.len() >> 2 > b.len() {
            let result = RefCell::new(a.map().borrow().copied());
            self.set_remove_all(&result, b)?;
            return Ok(result.into_inner());
        }
        self.set_filter(a, |vm, hash, key| {
            Ok(vm.find_in(b.map(), hash, key)?.is_none())
        })
    }

    /// The elements of a set that pass a test.
    pub fn set_filter(
        &mut self,
        set: &AnySet,
        mut wanted: impl FnMut(&mut Vm, u64, &Value) -> R<bool>,
    ) -> R<SetTable> {
        let by_hash = set.map().borrow().is_by_hash();
        let result = RefCell::default();
        for (hash, key) in set.entries() {
            if wanted(self, hash, &key)? {
                self.set_add_hashed(&result, hash, &key, by_hash)?;
            }
        }
        Ok(result.into_inner())
    }

    /// Removes the elements of another set.
    fn set_remove_all(&mut self, map: &RefCell<SetTable>, other: &AnySet) -> R<()> {
        if std::ptr::eq(map, other.map()) {
            let old = map.borrow_mut().take();
            drop(old);
            return Ok(());
        }
        let small = map.borrow().len();
        let entries = if other.len() >> 3 > small {
            let mut common = Vec::new();
            let own: Vec<(u64, Value)> = own_entries(map);
            for (hash, key) in own {
                if self.find_in(other.map(), hash, &key)?.is_some() {
                    common.push((hash, key));
                }
            }
            common
        } else {
            other.entries()
        };
        for (hash, key) in entries {
            self.set_discard_hashed(map, hash, &key)?;
        }
        map.borrow_mut().tidy();
        Ok(())
    }

    /// Removes the elements of another set that are there, and adds those that are not.
    fn set_exchange(&mut self, map: &RefCell<SetTable>, other: &AnySet) -> R<()> {
        if std::ptr::eq(map, other.map()) {
            let old = map.borrow_mut().take();
            drop(old);
            return Ok(());
        }
        let by_hash = other.map().borrow().is_by_hash();
        for (hash, key) in other.entries() {
            if !self.set_discard_hashed(map, hash, &key)? {
                self.set_add_hashed(map, hash, &key, by_hash)?;
            }
        }
        Ok(())
    }

    /// Removes the items of any iterable.
    pub fn set_remove_items(&mut self, map: &RefCell<SetTable>, from: &Value) -> R<()> {
        if let Some(other) = map_of(from) {
            return self.set_remove_all(map, &other);
        }
        if let Some(dict) = from.as_ref::<Dict>() {
            for (hash, key) in keys_of(dict) {
                self.set_discard_hashed(map, hash, &key)?;
            }
            map.borrow_mut().tidy();
            return Ok(());
        }
        self.for_each(from, |vm, item| {
            vm.set_remove(map, &item)?;
            Ok(true)
        })?;
        map.borrow_mut().tidy();
        Ok(())
    }

    /// The elements of a set that are not among the items of any iterable.
    pub fn set_difference_items(&mut self, set: &AnySet, from: &Value) -> R<SetTable> {
        if let Some(other) = map_of(from) {
            return self.set_difference(set, &other);
        }
        if let Some(dict) = from.as_ref::<Dict>()
            && set.len() >> 2 <= dict.len()
        {
            return self.set_filter(set, |vm, hash, key| {
                Ok(vm.find_in(&dict.map, hash, key)?.is_none())
            });
        }
        let result = RefCell::new(set.map().borrow().copied());
        self.set_remove_items(&result, from)?;
        Ok(result.into_inner())
    }

    /// The items of any iterable that are in a set.
    pub fn set_intersection_items(&mut self, set: &AnySet, from: &Value) -> R<SetTable> {
        if let Some(other) = map_of(from) {
            return self.set_intersection(set, &other);
        }
        let result = RefCell::default();
        self.for_each(from, |vm, item| {
            let (hash, by_hash) = vm.hash_element(&item)?;
            if vm.find_in(set.map(), hash, &item)?.is_some() {
                vm.set_add_hashed(&result, hash, &item, by_hash)?;
            }
            Ok(true)
        })?;
        Ok(result.into_inner())
    }
}

/// The elements of a set or the keys of a dict, with the hashes that are known already.
pub fn hashed_items(v: &Value) -> Option<Vec<(u64, Value)>> {
    match v.kind()? {
        Kind::Dict => v.as_ref::<Dict>().map(keys_of),
        Kind::Set | Kind::FrozenSet => map_of(v).map(|set| set.entries()),
        _ => None,
    }
}

/// The keys of a dict with their hashes.
fn keys_of(dict: &Ref<Dict>) -> Vec<(u64, Value)> {
    let map = dict.map.borrow();
    map.iter().map(|e| (e.hash, e.key.clone())).collect()
}

/// Elements with their hashes.
fn own_entries(map: &RefCell<SetTable>) -> Vec<(u64, Value)> {
    let map = map.borrow();
    map.iter().map(|(hash, key)| (hash, key.clone())).collect()
}

/// `a op= b`.
pub fn update(vm: &mut Vm, op: Arith, set: &Ref<Set>, other: &AnySet) -> R<()> {
    match op {
        Arith::Or => vm.set_merge(&set.map, other),
        Arith::Sub => vm.set_remove_all(&set.map, other),
        Arith::Xor => vm.set_exchange(&set.map, other),
        _ => {
            let result = vm.set_intersection(&AnySet::Set(set.clone()), other)?;
            replace(set, result);
            Ok(())
        }
    }
}

/// Gives a set another content.
pub fn replace(set: &Ref<Set>, content: SetTable) {
    let old = set.map.borrow_mut().replace(content);
    drop(old);
}

/// `a op b` of sets, or `a | b` of dicts; `None` where the operands are others.
pub fn operator(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R<Option<Value>> {
    if let (Some(x), Some(y)) = (map_of(a), map_of(b)) {
        let result = vm.combine_sets(op, &x, &y)?;
        return Ok(Some(make(result, matches!(x, AnySet::Frozen(_)))));
    }
    if op == Arith::Or
        && let (Some(x), Some(_)) = (a.payload::<Dict>(), b.payload::<Dict>())
    {
        let copy = Ref::new(Dict {
            map: RefCell::new(x.map.borrow().clone()),
        });
        vm.dict_update(&copy, b)?;
        return Ok(Some(copy.into()));
    }
    Ok(None)
}

/// `a cmp b` of sets and of dict views that are like sets; `None` where the operands are others.
pub fn compare(vm: &mut Vm, op: Cmp, a: &Value, b: &Value) -> R<Option<bool>> {
    let (Some(x), Some(y)) = (map_of(a), map_of(b)) else {
        return views::compare(vm, op, a, b);
    };
    Ok(Some(match op {
        Cmp::Eq => x.len() == y.len() && vm.is_subset(&x, &y)?,
        Cmp::Ne => !(x.len() == y.len() && vm.is_subset(&x, &y)?),
        Cmp::Le => vm.is_subset(&x, &y)?,
        Cmp::Lt => x.len() < y.len() && vm.is_subset(&x, &y)?,
        Cmp::Ge => vm.is_subset(&y, &x)?,
        Cmp::Gt => y.len() < x.len() && vm.is_subset(&y, &x)?,
    }))
}
