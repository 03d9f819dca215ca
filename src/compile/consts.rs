//! The constants of one code object, each value once. Equal values of different types, and zeros
//! of different sign, are different constants.

use crate::bytecode::{Code, Const};
use foldhash::HashMap;
use num_bigint::BigInt;
use std::rc::Rc;

/// What makes two constants the same: type and bits.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    BigInt(BigInt),
    Float(u64),
    Imaginary(u64),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Tuple(Vec<Key>),
    FrozenSet(Vec<Key>),
    /// Code is never shared: its address.
    Code(usize),
}

impl Key {
    fn of(value: &Const) -> Key {
        let all = |items: &[Const]| items.iter().map(Key::of).collect();
        match value {
            Const::None => Key::None,
            Const::True => Key::True,
            Const::False => Key::False,
            Const::Ellipsis => Key::Ellipsis,
            Const::Int(i) => Key::Int(*i),
            Const::BigInt(i) => Key::BigInt(i.clone()),
            Const::Float(f) => Key::Float(f.to_bits()),
            Const::Imaginary(f) => Key::Imaginary(f.to_bits()),
            Const::Str(s) => Key::Str(s.clone()),
            Const::Bytes(b) => Key::Bytes(b.clone()),
            Const::Tuple(items) => Key::Tuple(all(items)),
            Const::FrozenSet(items) => Key::FrozenSet(all(items)),
            Const::Code(code) => Key::Code(Rc::as_ptr(code) as usize),
        }
    }
}

/// Collects constants. Code objects get the first numbers in the end, so that the 16-bit operand
/// of `MakeFunction` reaches them however many other constants there are.
#[derive(Default)]
pub struct ConstPool {
    codes: Vec<Rc<Code>>,
    values: Vec<Const>,
    index: HashMap<Key, u32>,
}

impl ConstPool {
    /// The number of a value; [`ConstPool::finish`] tells by how much all of them move up.
    pub fn value(&mut self, value: Const) -> u32 {
        let next = self.values.len() as u32;
        match self.index.entry(Key::of(&value)) {
            std::collections::hash_map::Entry::Occupied(old) => *old.get(),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(next);
                self.values.push(value);
                next
            }
        }
    }

    /// The final number of a code object.
    pub fn code(&mut self, code: Rc<Code>) -> usize {
        self.codes.push(code);
        self.codes.len() - 1
    }

    /// All constants, and what must be added to each number that [`ConstPool::value`] gave.
    pub fn finish(self) -> (Vec<Const>, u32) {
        let shift = self.codes.len() as u32;
        let mut all: Vec<Const> = self.codes.into_iter().map(Const::Code).collect();
        all.extend(self.values);
        (all, shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_per_type_and_bits() {
        let mut pool = ConstPool::default();
        let one = pool.value(Const::Int(1));
        assert_ne!(one, pool.value(Const::Float(1.0)));
        assert_ne!(one, pool.value(Const::True));
        assert_ne!(
            pool.value(Const::Float(0.0)),
            pool.value(Const::Float(-0.0))
        );
        assert_eq!(one, pool.value(Const::Int(1)));
        let a = pool.value(Const::Tuple(vec![Const::Int(1)]));
        assert_ne!(a, pool.value(Const::Tuple(vec![Const::Float(1.0)])));
        assert_eq!(a, pool.value(Const::Tuple(vec![Const::Int(1)])));
    }
}
