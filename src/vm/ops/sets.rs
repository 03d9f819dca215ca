//! The algebra of sets and dict views, and merging of dicts. Hashes stored in the maps are used
//! again; equality may run bytecode, so nothing is borrowed while it is asked.

use super::arith::Arith;
use super::compare::Cmp;
use super::views::DictView;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, FrozenSet, Kind, OrderedMap, Set};
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
    pub fn map(&self) -> &RefCell<OrderedMap<()>> {
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
        let map = self.map().borrow();
        map.iter().map(|e| (e.hash, e.key.clone())).collect()
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
pub fn make(map: OrderedMap<()>, frozen: bool) -> Value {
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
        map: &RefCell<OrderedMap<()>>,
        hash: u64,
        key: &Value,
    ) -> R<bool> {
        if self.find_in(map, hash, key)?.is_some() {
            return Ok(false);
        }
        map.borrow_mut().insert_new(hash, key.clone(), ());
        Ok(true)
    }

    /// Elements of any iterable with their hashes, as a set (for `union` and its kin).
    pub fn to_any_set(&mut self, v: &Value) -> R<AnySet> {
        if let Some(set) = map_of(v) {
            return Ok(set);
        }
        let map = RefCell::new(OrderedMap::new());
        self.fill_set(&map, v)?;
        Ok(AnySet::Set(Ref::new(Set { map })))
    }

    /// Adds all items of an iterable.
    pub fn fill_set(&mut self, map: &RefCell<OrderedMap<()>>, from: &Value) -> R<()> {
        if let Some(set) = map_of(from) {
            if map.borrow().is_empty() && matches!(from.kind(), Some(Kind::Set | Kind::FrozenSet)) {
                let copy = set.map().borrow().clone();
                let old = map.replace(copy);
                drop(old);
                return Ok(());
            }
            for (hash, key) in set.entries() {
                self.set_add_hashed(map, hash, &key)?;
            }
            return Ok(());
        }
        if let Some(dict) = from.as_ref::<Dict>() {
            let keys: Vec<(u64, Value)> = {
                let entries = dict.map.borrow();
                entries.iter().map(|e| (e.hash, e.key.clone())).collect()
            };
            for (hash, key) in keys {
                self.set_add_hashed(map, hash, &key)?;
            }
            return Ok(());
        }
        self.for_each(from, |vm, item| {
            vm.set_add(map, &item)?;
            Ok(true)
        })
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

    /// `a op b` as a new map.
    pub fn combine_sets(&mut self, op: Arith, a: &AnySet, b: &AnySet) -> R<OrderedMap<()>> {
        match op {
            Arith::Or => {
                let result = RefCell::new(a.map().borrow().clone());
                for (hash, key) in b.entries() {
                    self.set_add_hashed(&result, hash, &key)?;
                }
                Ok(result.into_inner())
            }
            Arith::And => self.filter_set(a, b, true),
            Arith::Sub => self.filter_set(a, b, false),
            _ => {
                let result = RefCell::new(self.filter_set(a, b, false)?);
                for (hash, key) in b.entries() {
                    if self.find_in(a.map(), hash, &key)?.is_none() {
                        self.set_add_hashed(&result, hash, &key)?;
                    }
                }
                Ok(result.into_inner())
            }
        }
    }

    /// The elements of `a` that are, or are not, in `b`.
    fn filter_set(&mut self, a: &AnySet, b: &AnySet, wanted: bool) -> R<OrderedMap<()>> {
        let mut result = OrderedMap::new();
        for (hash, key) in a.entries() {
            if self.find_in(b.map(), hash, &key)?.is_some() == wanted {
                result.insert_new(hash, key, ());
            }
        }
        Ok(result)
    }
}

/// `a op= b`.
pub fn update(vm: &mut Vm, op: Arith, set: &Ref<Set>, other: &AnySet) -> R<()> {
    if op == Arith::Or {
        return other.entries().into_iter().try_for_each(|(hash, key)| {
            vm.set_add_hashed(&set.map, hash, &key)?;
            Ok(())
        });
    }
    let result = vm.combine_sets(op, &AnySet::Set(set.clone()), other)?;
    let old = set.map.replace(result);
    drop(old);
    Ok(())
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
    let (Some(x), Some(y)) = (set_like(vm, a)?, set_like(vm, b)?) else {
        return Ok(None);
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

/// The set in a value, or the elements of a view of keys or items.
fn set_like(vm: &mut Vm, v: &Value) -> R<Option<AnySet>> {
    if let Some(set) = map_of(v) {
        return Ok(Some(set));
    }
    match DictView::of(v) {
        Some(view) if view.is_set_like() => {
            let items = view.snapshot();
            let map = RefCell::new(OrderedMap::with_capacity(items.len()));
            for item in items {
                vm.set_add(&map, &item)?;
            }
            Ok(Some(AnySet::Set(Ref::new(Set { map }))))
        }
        _ => Ok(None),
    }
}
