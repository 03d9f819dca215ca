//! `hash()`.

use crate::vm::compare_pure::{hash_address, hash_bigint, hash_pure, hash_tuple};
use crate::vm::object::{BoundMethod, Class, FrozenSet, Instance, Int, Kind, Range, Slice, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// -1 means an error in CPython, and is never the hash of anything.
pub fn never_minus_one(hash: u64) -> u64 {
    if hash == u64::MAX { u64::MAX - 1 } else { hash }
}

impl Vm {
    /// `hash(v)`; TypeError "unhashable type: 'list'".
    pub fn hash(&mut self, v: &Value) -> R<u64> {
        let Value::Obj(obj) = v else {
            return Ok(hash_pure(v).unwrap_or(0));
        };
        match obj.kind() {
            Kind::Class => {
                let plain = obj.downcast::<Class>().is_some_and(|c| {
                    let meta = c.metaclass.get();
                    meta.downcast::<Class>().is_none_or(|m| !m.flags().heap)
                });
                if plain {
                    return Ok(hash_address(obj.address()));
                }
                self.hash_special(v)
            }
            Kind::Tuple => self.hash_items(v),
            Kind::FrozenSet => self.hash_frozen(v),
            Kind::Range => self.hash_range(v),
            Kind::Slice => match obj.downcast::<Slice>() {
                Some(s) => {
                    let parts = [s.start.clone(), s.stop.clone(), s.step.clone()];
                    // As a tuple of the three, but that the length is not mixed in.
                    const LENGTH: u64 = 3 ^ (2_870_177_450_012_600_261 ^ 3_527_539);
                    Ok(self.hash_all(&parts)?.wrapping_sub(LENGTH))
                }
                None => Ok(0),
            },
            Kind::List | Kind::Dict | Kind::Set | Kind::ByteArray => Err(self.unhashable(v)),
            Kind::BoundMethod => match obj.downcast::<BoundMethod>() {
                Some(m) => {
                    let this = m.this.as_obj().map_or(0, |o| hash_address(o.address()));
                    Ok(never_minus_one(this ^ self.hash(&m.func)?))
                }
                None => Ok(0),
            },
            Kind::Instance => {
                let class = obj.downcast::<Instance>().map(|i| i.class.get());
                if class.is_some_and(|c| !c.flags().custom_hash) {
                    return Ok(hash_address(obj.address()));
                }
                self.hash_special(v)
            }
            Kind::Opaque | Kind::Exception | Kind::Future => self.hash_special(v),
            _ => Ok(hash_pure(v).unwrap_or_else(|| hash_address(obj.address()))),
        }
    }

    /// The hash of an element, and whether it is the same in every run of CPython: see
    /// `SetTable`.
    #[inline]
    pub fn hash_element(&mut self, key: &Value) -> R<(u64, bool)> {
        let Value::Obj(obj) = key else {
            return Ok((hash_pure(key).unwrap_or(0), true));
        };
        match obj.kind() {
            Kind::Str => Ok((hash_pure(key).unwrap_or(0), false)),
            _ => self.hash_and_ask(key),
        }
    }

    fn hash_and_ask(&mut self, key: &Value) -> R<(u64, bool)> {
        let outer = std::mem::replace(&mut self.hash_varies, false);
        let hash = self.hash_key(key);
        let varies = std::mem::replace(&mut self.hash_varies, outer);
        Ok((hash?, !varies && hashes_alike(key)))
    }

    /// `hash(v)` as the program asks for it, who may make another hash of it.
    pub fn hash_for_program(&mut self, v: &Value) -> R<u64> {
        let (hash, alike) = self.hash_element(v)?;
        self.hash_varies |= !alike;
        Ok(hash)
    }

    /// TypeError "unhashable type: 'X'".
    #[cold]
    pub fn unhashable(&mut self, v: &Value) -> Raise {
        let class = self.type_name(v);
        self.type_error(format!("unhashable type: '{class}'"))
    }

    fn hash_special(&mut self, v: &Value) -> R<u64> {
        let name = self.names.__hash__.clone();
        let class = self.class_of(v);
        match self.lookup(&class, &name) {
            None => return Ok(v.as_obj().map_or(0, |o| hash_address(o.address()))),
            Some(Value::None) => return Err(self.unhashable(v)),
            Some(_) => {}
        }
        let Some(result) = self.call_special(v, &name, &[])? else {
            return Err(self.unhashable(v));
        };
        match result.unwrapped() {
            Value::Int(i) => Ok(never_minus_one(i as u64)),
            Value::True => Ok(1),
            Value::False => Ok(0),
            other => match other.downcast::<Int>() {
                Some(n) => Ok(hash_bigint(&n.0)),
                None => Err(self.type_error("__hash__ method should return an integer")),
            },
        }
    }

    fn hash_items(&mut self, v: &Value) -> R<u64> {
        let Some(tuple) = v.as_ref::<Tuple>().cloned() else {
            return Ok(0);
        };
        self.nested(" while hashing an object", |vm| vm.hash_all(tuple.items()))
    }

    fn hash_all(&mut self, items: &[Value]) -> R<u64> {
        let mut hashes = Vec::with_capacity(items.len());
        for item in items {
            hashes.push(self.hash_key(item)?);
        }
        Ok(hash_tuple(hashes.into_iter()))
    }

    /// CPython's order-free mixture of the elements' hashes.
    fn hash_frozen(&mut self, v: &Value) -> R<u64> {
        let Some(set) = v.downcast::<FrozenSet>() else {
            return Ok(0);
        };
        if let Some(hash) = set.hash.get() {
            return Ok(hash);
        }
        let map = set.map.borrow();
        let mut hash = map.iter().fold(0_u64, |h, (e, _)| h ^ shuffle_bits(e));
        hash ^= (map.len() as u64 + 1).wrapping_mul(1_927_868_237);
        hash ^= (hash >> 11) ^ (hash >> 25);
        hash = hash.wrapping_mul(69_069).wrapping_add(907_133_923);
        let hash = if hash == u64::MAX { 590_923_713 } else { hash };
        set.hash.set(Some(hash));
        Ok(hash)
    }

    /// As the tuple of length, start and step, as far as they matter.
    fn hash_range(&mut self, v: &Value) -> R<u64> {
        let Some(r) = v.downcast::<Range>() else {
            return Ok(0);
        };
        let parts = match &r.len {
            Value::Int(0) => [Value::Int(0), Value::None, Value::None],
            Value::Int(1) => [Value::Int(1), r.start.clone(), Value::None],
            _ => [r.len.clone(), r.start.clone(), r.step.clone()],
        };
        self.hash_all(&parts)
    }
}

/// Whether the hash of a value is the same in every run of CPython, as far as can be seen from
/// outside: an object whose class defines a hash is taken to have one that is.
pub fn hashes_alike(v: &Value) -> bool {
    let Value::Obj(obj) = v else {
        return true;
    };
    match obj.kind() {
        Kind::Int | Kind::Complex | Kind::Range | Kind::Slice => true,
        Kind::Tuple => v
            .as_ref::<Tuple>()
            .is_some_and(|t| t.items().iter().all(hashes_alike)),
        Kind::FrozenSet => obj
            .downcast::<FrozenSet>()
            .is_some_and(|s| s.map.try_borrow().is_ok_and(|map| map.is_by_hash())),
        Kind::Instance => obj
            .downcast::<Instance>()
            .is_some_and(|i| i.class.get().flags().custom_hash),
        _ => false,
    }
}

fn shuffle_bits(h: u64) -> u64 {
    ((h ^ 89_869_747) ^ (h << 16)).wrapping_mul(3_644_798_167)
}
