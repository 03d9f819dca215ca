//! The ordered hash map under dict and set: a hash index over a vector of entries in insertion
//! order, where deleting leaves a tombstone (as CPython's dict since 3.6). It never calls into
//! the VM: where equality needs bytecode, it hands the candidates back to the caller.

use super::Kind;
use crate::vm::compare_pure::equal_pure;
use crate::vm::value::Value;
use hashbrown::HashTable;
use smallvec::SmallVec;

#[derive(Debug, Clone)]
pub struct Entry<V> {
    pub hash: u64,
    /// `Undef` marks a tombstone.
    pub key: Value,
    pub value: V,
}

/// Whether a key that is looked for is one with the same hash, as far as it can be told without
/// running bytecode.
#[inline(always)]
pub fn same_key(own: &Value, key: &Value) -> Option<bool> {
    match (own, key) {
        (Value::Int(x), Value::Int(y)) => Some(x == y),
        (Value::Obj(x), Value::Obj(y)) if x.is(y) => Some(true),
        _ => same_other_key(own, key),
    }
}

fn same_other_key(own: &Value, key: &Value) -> Option<bool> {
    if own.is(key) {
        Some(true)
    } else {
        equal_pure(own, key)
    }
}

/// Whether the comparison with another key may run bytecode.
#[inline(always)]
fn may_ask(key: &Value) -> bool {
    matches!(key, Value::Obj(obj) if obj.kind() == Kind::Instance)
}

/// The hash under which the index keeps a key. The index tells keys in one group apart by the
/// upper bits, which are the same in all small numbers and in all addresses; the lower ones stay, so
/// that numbers that follow each other stand side by side.
#[inline(always)]
fn spread(hash: u64) -> u64 {
    hash ^ (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFE00_0000_0000_0000)
}

fn spread_of<V>(entries: &[Entry<V>], i: u32) -> u64 {
    spread(entries.get(i as usize).map_or(0, |e| e.hash))
}

/// An insertion-ordered map from hashed values.
#[derive(Debug, Clone)]
pub struct OrderedMap<V> {
    index: HashTable<u32>,
    entries: Vec<Entry<V>>,
    live: usize,
    /// Changes whenever a key comes or goes, and so whenever an entry may move in memory; a number
    /// is never reused within one map, and none is 0.
    version: u64,
}

/// What a lookup found without running bytecode.
pub enum Lookup {
    Found(usize),
    Absent,
    /// None is surely equal, but these entries have the same hash and a key whose `__eq__` must
    /// be asked, in this order.
    Ask(SmallVec<[usize; 2]>),
}

impl<V> Default for OrderedMap<V> {
    fn default() -> Self {
        OrderedMap {
            index: HashTable::new(),
            entries: Vec::new(),
            live: 0,
            version: 1,
        }
    }
}

impl<V> OrderedMap<V> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_capacity(n: usize) -> Self {
        OrderedMap {
            index: HashTable::with_capacity(n),
            entries: Vec::with_capacity(n),
            live: 0,
            version: 1,
        }
    }

    pub fn len(&self) -> usize {
        self.live
    }

    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    #[inline(always)]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Looks a key up by its hash.
    #[inline]
    pub fn find(&self, hash: u64, key: &Value) -> Lookup {
        let mut unsure = false;
        let found = self.index.find(spread(hash), |&i| {
            self.entries.get(i as usize).is_some_and(|entry| {
                entry.hash == hash
                    && same_key(&entry.key, key).unwrap_or_else(|| {
                        unsure = true;
                        false
                    })
            })
        });
        match found {
            Some(i) if !unsure && !may_ask(key) => Lookup::Found(*i as usize),
            None if !unsure => Lookup::Absent,
            _ => self.find_unsure(hash, key),
        }
    }

    /// The entries that must be asked, in the order in which they came, up to one that is the key
    /// for sure.
    #[inline(never)]
    fn find_unsure(&self, hash: u64, key: &Value) -> Lookup {
        let mut ask: SmallVec<[usize; 2]> = SmallVec::new();
        self.index.find(spread(hash), |&i| {
            let entry = self.entries.get(i as usize);
            if entry.is_some_and(|e| e.hash == hash && same_key(&e.key, key) != Some(false)) {
                ask.push(i as usize);
            }
            false
        });
        ask.sort_unstable();
        let is_key = |i: &usize| {
            let entry = self.entries.get(*i);
            entry.is_some_and(|e| same_key(&e.key, key) == Some(true))
        };
        match ask.iter().position(is_key) {
            Some(0) => Lookup::Found(ask.first().copied().unwrap_or(0)),
            Some(sure) => {
                ask.truncate(sure + 1);
                Lookup::Ask(ask)
            }
            None => Lookup::Ask(ask),
        }
    }

    /// As `find`, for keys of which no bytecode needs to be asked (strings).
    #[inline]
    pub fn find_pure(&self, hash: u64, key: &Value) -> Option<usize> {
        match self.find(hash, key) {
            Lookup::Found(i) => Some(i),
            _ => None,
        }
    }

    /// The entry at a place, if it is not a tombstone.
    #[inline(always)]
    pub fn entry(&self, at: usize) -> Option<&Entry<V>> {
        self.entries.get(at).filter(|e| !e.key.is_undef())
    }

    /// Replaces the value at a place that a lookup found; gives the old one back.
    #[inline(always)]
    pub fn replace_value(&mut self, at: usize, value: V) -> Option<V> {
        self.entries
            .get_mut(at)
            .map(|e| std::mem::replace(&mut e.value, value))
    }

    /// Appends a key that is known to be absent.
    pub fn insert_new(&mut self, hash: u64, key: Value, value: V) {
        if self.entries.len() > 8 && self.entries.len() > self.live * 2 {
            self.compact();
        }
        let at = self.entries.len() as u32;
        let entries = &self.entries;
        self.index
            .insert_unique(spread(hash), at, |&i| spread_of(entries, i));
        self.entries.push(Entry { hash, key, value });
        self.live += 1;
        self.version += 1;
    }

    /// Removes the entry at a place; what it held is given back so that the caller can release
    /// it when nothing is borrowed.
    pub fn remove_at(&mut self, at: usize) -> Option<(Value, V)>
    where
        V: Default,
    {
        let hash = self.entry(at)?.hash;
        if let Ok(slot) = self.index.find_entry(spread(hash), |&i| i as usize == at) {
            slot.remove();
        }
        let entry = self.entries.get_mut(at)?;
        let key = std::mem::replace(&mut entry.key, Value::Undef);
        let value = std::mem::take(&mut entry.value);
        self.live -= 1;
        self.version += 1;
        Some((key, value))
    }

    /// Removes the last entry. Its place, and those of removed entries before it, are free for
    /// what is added next, so that a running iteration does not meet it: as in CPython, only here.
    pub fn pop_last(&mut self) -> Option<(Value, V)>
    where
        V: Default,
    {
        let last = self.last_before(self.end()).map(|(at, _)| at)?;
        let removed = self.remove_at(last);
        self.entries.truncate(last);
        removed
    }

    /// Drops the tombstones. Places change.
    fn compact(&mut self) {
        self.entries.retain(|e| !e.key.is_undef());
        self.index.clear();
        for (i, entry) in self.entries.iter().enumerate() {
            let entries = &self.entries;
            self.index
                .insert_unique(spread(entry.hash), i as u32, |&i| spread_of(entries, i));
        }
        self.version += 1;
    }

    /// The first live entry at or after a place, with its place.
    #[inline]
    pub fn next_from(&self, at: usize) -> Option<(usize, &Entry<V>)> {
        let rest = self.entries.get(at..)?;
        rest.iter()
            .enumerate()
            .find(|(_, e)| !e.key.is_undef())
            .map(|(i, e)| (at + i, e))
    }

    /// The last live entry before a place (exclusive).
    pub fn last_before(&self, at: usize) -> Option<(usize, &Entry<V>)> {
        let head = self.entries.get(..at.min(self.entries.len()))?;
        head.iter()
            .enumerate()
            .rev()
            .find(|(_, e)| !e.key.is_undef())
    }

    /// Removes the oldest entry; see `remove_at`.
    pub fn remove_first(&mut self) -> Option<(Value, V)>
    where
        V: Default,
    {
        let first = self.entries.iter().position(|e| !e.key.is_undef())?;
        self.remove_at(first)
    }

    /// One past the last place.
    pub fn end(&self) -> usize {
        self.entries.len()
    }

    /// Live entries in insertion order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry<V>> {
        self.entries.iter().filter(|e| !e.key.is_undef())
    }

    /// Keys and values in insertion order, each pair to be released on its own.
    pub fn into_pairs(self) -> impl Iterator<Item = (Value, V)> {
        let entries = self.entries.into_iter();
        entries.map(|e| (e.key, e.value))
    }

    /// Makes the map empty and gives its content back for release.
    pub fn take(&mut self) -> Self {
        let version = self.version + 1;
        let old = std::mem::take(self);
        self.version = version;
        old
    }
}
