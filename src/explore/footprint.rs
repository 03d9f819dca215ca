//! What one entry of the ready queue touched while it ran. Two entries of a turn whose footprints
//! do not overlap do the same whichever of them runs first, so that only one of the two orders has
//! to be looked at.

use crate::vm::heap::{ObjRef, WeakPointer};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// How something was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    Read,
    /// Counted down, or the like: in whichever order that is done, the same comes of it.
    Count,
    Write,
}

impl Use {
    fn conflicts(self, other: Use) -> bool {
        self != other || self == Use::Write
    }

    fn and(self, other: Use) -> Use {
        if self == other { self } else { Use::Write }
    }
}

/// A part of an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Part {
    Whole,
    /// An attribute, a global name or an item under a string.
    Name(u64),
    /// An item under a number.
    Item(i64),
    /// The order of the keys of a dict.
    Order,
    /// How far a task has come.
    Step,
    /// Whether a future is done, and with what.
    Done,
}

impl Part {
    pub fn name(name: &str) -> Part {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        Part::Name(hasher.finish())
    }

    fn overlaps(self, other: Part) -> bool {
        self == other || self == Part::Whole || other == Part::Whole
    }
}

/// What is no object of the program. No address is that small.
#[derive(Clone, Copy)]
pub(super) enum Shared {
    /// What the program prints.
    Output = 1,
    /// The attributes of all classes.
    Classes = 2,
    /// The counter from which tasks get their names.
    TaskNames = 3,
}

struct Touched {
    /// None for what is no object.
    object: Option<WeakPointer>,
    parts: HashMap<Part, Use>,
}

impl Touched {
    fn add(&mut self, part: Part, how: Use) {
        let old = self.parts.get(&part).copied();
        self.parts.insert(part, old.map_or(how, |old| old.and(how)));
    }

    fn conflicts(&self, other: &Touched) -> bool {
        self.parts.iter().any(|(part, how)| {
            let mut others = other.parts.iter();
            others.any(|(p, h)| part.overlaps(*p) && how.conflicts(*h))
        })
    }
}

#[derive(Default)]
pub(super) struct Footprint {
    /// It may have touched anything.
    pub everything: bool,
    /// It does nothing but count, as far as others see.
    pub counts: bool,
    touched: HashMap<usize, Touched>,
}

impl Footprint {
    pub fn touch(&mut self, object: &ObjRef, part: Part, how: Use) {
        if self.everything {
            return;
        }
        let how = if self.counts { Use::Count } else { how };
        let touched = self
            .touched
            .entry(object.address())
            .or_insert_with(|| Touched {
                object: Some(WeakPointer::new(object)),
                parts: HashMap::new(),
            });
        // Another object has got the memory of one that is gone.
        let gone = |t: &&mut Touched| t.object.as_ref().is_some_and(|o| o.upgrade().is_none());
        if let Some(touched) = Some(&mut *touched).filter(gone) {
            touched.object = Some(WeakPointer::new(object));
            touched.parts.clear();
        }
        touched.add(part, how);
    }

    pub fn share(&mut self, what: Shared, part: Part, how: Use) {
        let touched = self
            .touched
            .entry(what as usize)
            .or_insert_with(|| Touched {
                object: None,
                parts: HashMap::new(),
            });
        touched.add(part, how);
    }

    /// What was made and is gone again is nobody else's business; nor is what somebody has
    /// destroyed: others could have come to it only by something that was touched for that.
    pub fn close(&mut self) {
        self.touched
            .retain(|_, t| t.object.as_ref().is_none_or(|o| o.upgrade().is_some()));
    }

    /// Whether the order of the two may matter.
    pub fn conflicts(&self, other: &Footprint) -> bool {
        if self.everything || other.everything {
            return true;
        }
        let (small, large) = match self.touched.len() < other.touched.len() {
            true => (self, other),
            false => (other, self),
        };
        small.touched.iter().any(|(address, touched)| {
            let other = large.touched.get(address);
            other.is_some_and(|other| touched.conflicts(other))
        })
    }
}
