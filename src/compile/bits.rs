//! A small set of register numbers: which named registers surely hold a value.

use smallvec::SmallVec;

/// A set of small numbers; absent words are empty.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Bits(SmallVec<[u64; 2]>);

impl Bits {
    /// Whether `i` is in the set.
    pub fn has(&self, i: u16) -> bool {
        let word = self.0.get(usize::from(i / 64)).copied().unwrap_or(0);
        word >> (i % 64) & 1 == 1
    }

    /// Adds `i`.
    pub fn add(&mut self, i: u16) {
        let at = usize::from(i / 64);
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(word) = self.0.get_mut(at) {
            *word |= 1 << (i % 64);
        }
    }

    /// Takes `i` out.
    pub fn remove(&mut self, i: u16) {
        if let Some(word) = self.0.get_mut(usize::from(i / 64)) {
            *word &= !(1 << (i % 64));
        }
    }

    /// Keeps what is also in `other`.
    pub fn intersect(&mut self, other: &Bits) {
        self.0.truncate(other.0.len());
        for (word, o) in self.0.iter_mut().zip(&other.0) {
            *word &= o;
        }
    }

    /// Takes out what is in `other`.
    pub fn subtract(&mut self, other: &Bits) {
        for (word, o) in self.0.iter_mut().zip(&other.0) {
            *word &= !o;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn set_operations() {
        let mut a = Bits::default();
        a.add(3);
        a.add(200);
        assert!(a.has(3) && a.has(200) && !a.has(4) && !a.has(5000));
        let mut b = Bits::default();
        b.add(3);
        a.intersect(&b);
        assert!(a.has(3) && !a.has(200));
        a.subtract(&b);
        assert!(!a.has(3));
        a.remove(900);
    }
}
