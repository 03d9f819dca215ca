//! The table under set and frozenset. It never calls into the VM.
//!
//! CPython's sets show their elements in the order of a hash table, and programs with sets of
//! numbers print that order. So elements whose hash is the same in every run (numbers, `None`,
//! tuples of them, objects that hash such values) stand in a table like CPython's: open
//! addressing in powers of two, nine neighbours before each jump, places of removed elements
//! used again, growth when three fifths are taken. As soon as an element comes whose hash CPython
//! leaves open (a string, an object hashed by its address), the set keeps the order of insertion
//! instead, so that a program prints the same each time it runs.

use super::dictmap::{Lookup, OrderedMap, same_key};
use crate::vm::value::Value;
use smallvec::SmallVec;

/// The size of a table that has not grown.
const SMALLEST: usize = 8;
/// How many neighbours of a place are tried before the next jump.
const NEIGHBOURS: usize = 9;
/// How far the hash is shifted for each jump.
const SHIFT: u32 = 5;
/// The hash of a place whose element was removed: no element has it.
const REMOVED: u64 = u64::MAX;

/// One place of the table: `Undef` where no element is.
#[derive(Clone, Debug)]
struct Slot {
    hash: u64,
    key: Value,
}

impl Slot {
    const FREE: Slot = Slot {
        hash: 0,
        key: Value::Undef,
    };

    fn is_removed(&self) -> bool {
        self.hash == REMOVED && self.key.is_undef()
    }

    /// No element has ever stood here.
    fn is_free(&self) -> bool {
        self.hash != REMOVED && self.key.is_undef()
    }
}

/// Elements in the order of their hashes.
#[derive(Clone, Debug, Default)]
struct HashOrdered {
    /// Empty until the first element comes, then a power of two.
    slots: Vec<Slot>,
    /// Places that are or were taken.
    filled: usize,
    used: usize,
}

/// The places that a hash leads to, in their order.
struct Probes {
    mask: usize,
    at: usize,
    perturb: u64,
    neighbours: usize,
}

impl Probes {
    fn new(hash: u64, mask: usize) -> Self {
        let at = hash as usize & mask;
        Probes {
            mask,
            at,
            perturb: hash,
            neighbours: Self::neighbours(at, mask),
        }
    }

    /// A run of neighbours does not go over the end of the table.
    fn neighbours(at: usize, mask: usize) -> usize {
        if at + NEIGHBOURS <= mask {
            NEIGHBOURS
        } else {
            0
        }
    }

    #[inline]
    fn advance(&mut self, run: &mut usize) -> usize {
        if *run < self.neighbours {
            *run += 1;
            return self.at + *run;
        }
        self.perturb >>= SHIFT;
        self.at = self
            .at
            .wrapping_mul(5)
            .wrapping_add(1)
            .wrapping_add(self.perturb as usize)
            & self.mask;
        self.neighbours = Self::neighbours(self.at, self.mask);
        *run = 0;
        self.at
    }
}

impl HashOrdered {
    fn mask(&self) -> usize {
        self.slots.len().max(SMALLEST) - 1
    }

    #[inline]
    fn find(&self, hash: u64, key: &Value) -> Lookup {
        if self.used == 0 {
            return Lookup::Absent;
        }
        let mut probes = Probes::new(hash, self.mask());
        let (mut at, mut run, mut unsure) = (probes.at, 0, false);
        while let Some(slot) = self.slots.get(at) {
            if slot.hash == hash && !slot.key.is_undef() {
                match same_key(&slot.key, key) {
                    Some(true) if !unsure => return Lookup::Found(at),
                    Some(true) => break,
                    Some(false) => {}
                    None => unsure = true,
                }
            } else if slot.is_free() {
                break;
            }
            at = probes.advance(&mut run);
        }
        if unsure {
            self.find_unsure(hash, key)
        } else {
            Lookup::Absent
        }
    }

    /// The elements that must be asked, in the order in which `find` sees them, up to one that is
    /// the key for sure.
    #[cold]
    fn find_unsure(&self, hash: u64, key: &Value) -> Lookup {
        let mut ask = SmallVec::new();
        let mut probes = Probes::new(hash, self.mask());
        let (mut at, mut run) = (probes.at, 0);
        while let Some(slot) = self.slots.get(at).filter(|s| !s.is_free()) {
            let candidate = slot.hash == hash && !slot.key.is_undef();
            let same = same_key(&slot.key, key).filter(|_| candidate);
            if candidate && same != Some(false) {
                ask.push(at);
            }
            if same == Some(true) {
                break;
            }
            at = probes.advance(&mut run);
        }
        Lookup::Ask(ask)
    }

    /// Adds an element that is known to be absent.
    fn insert(&mut self, hash: u64, key: Value) {
        if self.slots.is_empty() {
            self.slots.resize(SMALLEST, Slot::FREE);
        }
        let mut probes = Probes::new(hash, self.mask());
        let (mut at, mut run, mut removed) = (probes.at, 0, None);
        while let Some(slot) = self.slots.get(at) {
            if slot.is_free() {
                break;
            }
            if slot.is_removed() {
                removed = Some(at);
            }
            at = probes.advance(&mut run);
        }
        self.put(removed.unwrap_or(at), hash, key);
        self.used += 1;
        if removed.is_some() {
            return;
        }
        self.filled += 1;
        if self.filled * 5 >= self.mask() * 3 {
            self.resize(self.grown());
        }
    }

    fn put(&mut self, at: usize, hash: u64, key: Value) {
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Slot { hash, key };
        }
    }

    /// How many elements there must be room for after growing.
    fn grown(&self) -> usize {
        self.used * if self.used > 50_000 { 2 } else { 4 }
    }

    /// A table with more places than `room`, without the places of removed elements.
    fn resize(&mut self, room: usize) {
        let mut size = SMALLEST;
        while size <= room {
            size *= 2;
        }
        if size == SMALLEST && self.slots.len() <= SMALLEST && self.filled == self.used {
            return;
        }
        let old = std::mem::replace(&mut self.slots, vec![Slot::FREE; size]);
        self.filled = self.used;
        for slot in old {
            if !slot.key.is_undef() {
                self.insert_clean(slot);
            }
        }
    }

    /// Puts an absent element into a table from which nothing was removed; counts nothing.
    fn insert_clean(&mut self, slot: Slot) {
        let mut probes = Probes::new(slot.hash, self.mask());
        let (mut at, mut run) = (probes.at, 0);
        while self.slots.get(at).is_some_and(|s| !s.is_free()) {
            at = probes.advance(&mut run);
        }
        self.put(at, slot.hash, slot.key);
    }

    fn remove(&mut self, at: usize) -> Option<Value> {
        let slot = self.slots.get_mut(at).filter(|s| !s.key.is_undef())?;
        slot.hash = REMOVED;
        self.used -= 1;
        Some(std::mem::replace(&mut slot.key, Value::Undef))
    }

    /// Room for as many elements more, when a whole set or dict is about to be added.
    fn prepare(&mut self, more: usize) {
        if (self.filled + more) * 5 >= self.mask() * 3 {
            self.resize((self.used + more) * 2);
        }
    }

    /// Takes over all elements of another table, if there is nothing here yet.
    fn merge_into_empty(&mut self, other: &HashOrdered) {
        if self.mask() == other.mask() && other.filled == other.used {
            self.clone_from(other);
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize(SMALLEST, Slot::FREE);
        }
        (self.filled, self.used) = (other.used, other.used);
        for slot in other.slots.iter().filter(|s| !s.key.is_undef()) {
            self.insert_clean(slot.clone());
        }
    }
}

#[derive(Clone, Debug)]
enum Order {
    ByHash(HashOrdered),
    ByInsertion(OrderedMap<()>),
}

/// The elements of a set with their hashes.
#[derive(Clone, Debug)]
pub struct SetTable {
    order: Order,
    /// Changes whenever an element comes or goes.
    version: u64,
    /// Where `pop` looks first.
    finger: usize,
}

impl Default for SetTable {
    fn default() -> Self {
        SetTable {
            order: Order::ByHash(HashOrdered::default()),
            version: 0,
            finger: 0,
        }
    }
}

impl SetTable {
    pub fn len(&self) -> usize {
        match &self.order {
            Order::ByHash(table) => table.used,
            Order::ByInsertion(map) => map.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// All hashes in it are the same in every run.
    pub fn is_by_hash(&self) -> bool {
        matches!(self.order, Order::ByHash(_))
    }

    /// Looks an element up by its hash.
    #[inline]
    pub fn find(&self, hash: u64, key: &Value) -> Lookup {
        match &self.order {
            Order::ByHash(table) => table.find(hash, key),
            Order::ByInsertion(map) => map.find(hash, key),
        }
    }

    /// The element at a place, with its hash.
    pub fn at(&self, at: usize) -> Option<(u64, &Value)> {
        match &self.order {
            Order::ByHash(table) => {
                let slot = table.slots.get(at).filter(|s| !s.key.is_undef())?;
                Some((slot.hash, &slot.key))
            }
            Order::ByInsertion(map) => map.entry(at).map(|e| (e.hash, &e.key)),
        }
    }

    /// Adds an element that is known to be absent. `by_hash`: its hash is the same in every run.
    pub fn insert_new(&mut self, hash: u64, key: Value, by_hash: bool) {
        self.version = self.version.wrapping_add(1);
        if !by_hash {
            self.order_by_insertion();
        }
        match &mut self.order {
            Order::ByHash(table) => table.insert(hash, key),
            Order::ByInsertion(map) => {
                let end = map.end();
                map.insert_new(hash, key, ());
                if map.end() <= end {
                    // The places of removed elements are gone.
                    self.finger = 0;
                }
            }
        }
    }

    fn order_by_insertion(&mut self) {
        let Order::ByHash(table) = &mut self.order else {
            return;
        };
        let mut map = OrderedMap::new();
        for slot in std::mem::take(table).slots {
            if !slot.key.is_undef() {
                map.insert_new(slot.hash, slot.key, ());
            }
        }
        self.order = Order::ByInsertion(map);
    }

    /// Removes the element at a place; it is given back so that the caller can release it when
    /// nothing is borrowed.
    pub fn remove_at(&mut self, at: usize) -> Option<Value> {
        self.version = self.version.wrapping_add(1);
        match &mut self.order {
            Order::ByHash(table) => table.remove(at),
            Order::ByInsertion(map) => map.remove_at(at).map(|(key, ())| key),
        }
    }

    /// Removes the element that is next in turn.
    pub fn pop(&mut self) -> Option<Value> {
        let start = match &self.order {
            Order::ByHash(table) => self.finger & table.mask(),
            Order::ByInsertion(_) => self.finger,
        };
        let at = self
            .next_from(start)
            .or_else(|| self.next_from(0))
            .map(|(at, _)| at)?;
        self.finger = at + 1;
        self.remove_at(at)
    }

    /// The first element at or after a place, with its place.
    #[inline]
    pub fn next_from(&self, at: usize) -> Option<(usize, &Value)> {
        match &self.order {
            Order::ByHash(table) => {
                let rest = table.slots.get(at..)?;
                let found = rest.iter().position(|s| !s.key.is_undef())?;
                Some((at + found, &rest.get(found)?.key))
            }
            Order::ByInsertion(map) => map.next_from(at).map(|(at, e)| (at, &e.key)),
        }
    }

    /// The elements with their hashes, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Value)> {
        let (slots, map) = match &self.order {
            Order::ByHash(table) => (Some(&table.slots), None),
            Order::ByInsertion(map) => (None, Some(map)),
        };
        let slots = slots.into_iter().flatten();
        let slots = slots.filter(|s| !s.key.is_undef());
        slots.map(|s| (s.hash, &s.key)).chain(
            map.into_iter()
                .flat_map(|m| m.iter().map(|e| (e.hash, &e.key))),
        )
    }

    /// Makes it empty and gives its content back for release.
    pub fn take(&mut self) -> Self {
        self.replace(SetTable::default())
    }

    /// Gives it another content, and the old one back for release.
    pub fn replace(&mut self, content: SetTable) -> Self {
        let (version, finger) = (self.version.wrapping_add(1), self.finger);
        let old = std::mem::replace(self, content);
        (self.version, self.finger) = (version, finger);
        old
    }

    /// Room for as many elements more, before all of another container are added.
    pub fn prepare(&mut self, more: usize) {
        if let Order::ByHash(table) = &mut self.order {
            self.version = self.version.wrapping_add(1);
            table.prepare(more);
        }
    }

    /// Drops the places of removed elements, if there are many.
    pub fn tidy(&mut self) {
        if let Order::ByHash(table) = &mut self.order
            && table.filled - table.used > table.mask() / 4
        {
            self.version = self.version.wrapping_add(1);
            table.resize(table.grown());
        }
    }

    /// Takes over all elements of another table, if none was ever added here: `false` if they
    /// must be added one by one.
    pub fn merge_into_empty(&mut self, other: &SetTable) -> bool {
        match (&mut self.order, &other.order) {
            (Order::ByHash(table), Order::ByHash(other)) if table.filled == 0 => {
                self.version = self.version.wrapping_add(1);
                table.merge_into_empty(other);
                true
            }
            (Order::ByHash(table), Order::ByInsertion(_)) if table.used == 0 => {
                self.version = self.version.wrapping_add(1);
                self.order = other.order.clone();
                true
            }
            _ => false,
        }
    }

    /// The same elements in a table of their own.
    pub fn copied(&self) -> SetTable {
        let mut copy = SetTable::default();
        if !self.is_empty() {
            copy.prepare(self.len());
            copy.merge_into_empty(self);
        }
        copy
    }
}
