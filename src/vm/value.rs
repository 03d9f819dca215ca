//! Values: 16 bytes, every payload an 8-byte integer or pointer, so that the compiler passes
//! them in two registers.

use super::heap::{ObjRef, Object, Ref};
use super::object::{Complex, Int, Kind, Str};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use std::fmt;

/// The bits of a float, kept as an integer so that all payloads are of one class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct F64(u64);

impl F64 {
    #[inline(always)]
    pub fn new(f: f64) -> F64 {
        F64(f.to_bits())
    }

    #[inline(always)]
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// Any value of the language, or `Undef` for "nothing here": an unassigned local, an omitted
/// optional argument, an empty cell. `Undef` is never visible to a program.
#[derive(Default)]
pub enum Value {
    #[default]
    Undef,
    None,
    False,
    True,
    /// Every int that fits; larger ones are objects of kind `Int`.
    Int(i64),
    Float(F64),
    Obj(ObjRef),
}

impl Value {
    #[inline(always)]
    pub fn bool(b: bool) -> Value {
        if b { Value::True } else { Value::False }
    }

    #[inline(always)]
    pub fn float(f: f64) -> Value {
        Value::Float(F64::new(f))
    }

    pub fn str(s: &str) -> Value {
        Str::new(s).into()
    }

    /// An int from a big one: small if it fits.
    pub fn bigint(n: BigInt) -> Value {
        match n.to_i64() {
            Some(i) => Value::Int(i),
            None => Ref::new(Int(n)).into(),
        }
    }

    pub fn complex(re: f64, im: f64) -> Value {
        Ref::new(Complex { re, im }).into()
    }

    #[inline(always)]
    pub fn is_undef(&self) -> bool {
        matches!(self, Value::Undef)
    }

    #[inline(always)]
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// `None` for `Undef`, for optional arguments.
    #[inline(always)]
    pub fn given(&self) -> Option<&Value> {
        if self.is_undef() { None } else { Some(self) }
    }

    /// `None` for `Undef`, by value.
    #[inline(always)]
    pub fn defined(self) -> Option<Value> {
        if self.is_undef() { None } else { Some(self) }
    }

    /// Python's `is`. Numbers are the same object if they are of one type and equal.
    #[inline(always)]
    pub fn is(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Obj(a), Value::Obj(b)) => a.is(b),
            (Value::Undef, Value::Undef)
            | (Value::None, Value::None)
            | (Value::False, Value::False)
            | (Value::True, Value::True) => true,
            _ => false,
        }
    }

    #[inline(always)]
    pub fn as_obj(&self) -> Option<&ObjRef> {
        match self {
            Value::Obj(o) => Some(o),
            _ => None,
        }
    }

    /// The object's kind; `None` for values that are not objects.
    #[inline(always)]
    pub fn kind(&self) -> Option<Kind> {
        self.as_obj().map(ObjRef::kind)
    }

    /// The body, if the value is *exactly* an object of kind `T`. To accept instances of
    /// subclasses too, use [`Value::payload`].
    #[inline(always)]
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        match self {
            Value::Obj(o) => o.downcast(),
            _ => None,
        }
    }

    /// The typed reference, if the value is exactly of kind `T`.
    #[inline(always)]
    pub fn as_ref<T: Object>(&self) -> Option<&Ref<T>> {
        match self {
            Value::Obj(o) => o.as_ref(),
            _ => None,
        }
    }

    /// As `as_ref`, for a place that may get another object of the kind.
    pub fn as_ref_mut<T: Object>(&mut self) -> Option<&mut Ref<T>> {
        match self {
            Value::Obj(o) => o.as_ref_mut(),
            _ => None,
        }
    }

    /// The typed reference to the object, or to the built-in object inside an instance of a
    /// user class derived from a built-in one.
    #[inline]
    pub fn payload<T: Object>(&self) -> Option<Ref<T>> {
        match self {
            Value::Obj(o) if o.kind() == T::KIND => o.as_ref().cloned(),
            Value::Obj(_) => self.unwrapped().as_ref().cloned(),
            _ => None,
        }
    }

    /// The built-in value inside an instance of a user class derived from a built-in one
    /// (`class Celsius(float)`); any other value is returned as it is.
    pub fn unwrapped(&self) -> Value {
        match self.downcast::<super::object::Instance>() {
            Some(instance) => instance.payload().unwrap_or_else(|| self.clone()),
            None => self.clone(),
        }
    }

    /// Text of a str or of an instance of a subclass of str.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Obj(o) => o.downcast::<Str>().map(Str::as_str).or_else(|| {
                o.downcast::<super::object::Instance>()
                    .and_then(super::object::Instance::payload_str)
            }),
            _ => None,
        }
    }

    /// An int (or bool, or instance of a subclass) as `i64`, if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            Value::True => Some(1),
            Value::False => Some(0),
            Value::Obj(_) => match self.unwrapped() {
                Value::Int(i) => Some(i),
                _ => None,
            },
            _ => None,
        }
    }

    /// An int (or bool, or instance of a subclass) of any size.
    pub fn as_bigint(&self) -> Option<BigInt> {
        match self.unwrapped() {
            Value::Int(i) => Some(BigInt::from(i)),
            Value::True => Some(BigInt::from(1)),
            Value::False => Some(BigInt::from(0)),
            value => value.downcast::<Int>().map(|n| n.0.clone()),
        }
    }

    /// A float, or instance of a subclass of float. Not ints.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(f) => Some(f.get()),
            Value::Obj(_) => match self.unwrapped() {
                Value::Float(f) => Some(f.get()),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Clone for Value {
    /// One test and a copy of the bits: a derived clone is compiled to a jump table in places.
    #[inline(always)]
    fn clone(&self) -> Value {
        if let Value::Obj(obj) = self {
            std::mem::forget(obj.clone());
        }
        // SAFETY: an object was counted above; every other variant is plain data.
        unsafe { std::ptr::read(self) }
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Value {
        Value::Int(i)
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Value {
        i64::try_from(n).map_or_else(|_| Value::bigint(BigInt::from(n)), Value::Int)
    }
}

impl From<f64> for Value {
    fn from(f: f64) -> Value {
        Value::float(f)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::bool(b)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Value {
        Value::str(s)
    }
}

impl From<String> for Value {
    fn from(s: String) -> Value {
        Value::str(&s)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Undef => f.write_str("Undef"),
            Value::None => f.write_str("None"),
            Value::False => f.write_str("False"),
            Value::True => f.write_str("True"),
            Value::Int(i) => write!(f, "{i}"),
            Value::Float(x) => write!(f, "{:?}", x.get()),
            Value::Obj(o) => match o.downcast::<Str>() {
                Some(s) => write!(f, "{:?}", s.as_str()),
                None => o.fmt(f),
            },
        }
    }
}

const _: () = assert!(size_of::<Value>() == 16);
