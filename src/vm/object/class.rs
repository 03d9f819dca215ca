//! Classes, and the shapes of their instances.

use super::{Dict, Str, Trace};
use crate::vm::heap::{ObjRef, Ref, Slot, WeakPointer};
use crate::vm::native::{Direct, NativeFn};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Which memory the instances of a class have: it is inherited, and two bases with different
/// layouts cannot be combined ("multiple bases have instance lay-out conflict").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// `object`: an `Instance` without payload.
    Object,
    /// An `Exception`.
    Exception,
    /// A `Class`.
    Type,
    /// A `Future`.
    Future,
    /// A `Future` with its task part.
    Task,
    /// Another built-in kind; user subclasses are `Instance`s whose payload is the built-in
    /// object.
    Builtin(super::Kind),
    /// int, which is not always an object.
    Int,
    Float,
    /// An `Opaque`; the number tells unrelated ones apart. Subclass objects are `Opaque` too.
    Opaque(u32),
    /// Cannot be subclassed (bool, NoneType, generator…).
    Final,
}

/// Facts about a class that are looked at often. Recomputed when the class or a base changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClassFlags {
    /// Made by a class statement or `type()`, so its attributes can be set.
    pub heap: bool,
    /// Instances have no `__dict__` (every class in the MRO has `__slots__`, or a built-in).
    pub no_dict: bool,
    /// Some class in the MRO other than `object` defines `__getattribute__`.
    pub custom_getattribute: bool,
    pub custom_getattr: bool,
    /// `__setattr__` or `__delattr__`.
    pub custom_setattr: bool,
    pub has_del: bool,
    /// `__eq__` is not `object`'s.
    pub custom_eq: bool,
    /// `__hash__` is not `object`'s.
    pub custom_hash: bool,
    /// `__abstractmethods__` is not empty.
    pub is_abstract: bool,
    /// Objects are `Opaque` and implement `NativeData::next`.
    pub native_iterator: bool,
}

/// What a call of a class comes down to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Construction {
    /// More than the others.
    General,
    /// An `Instance`, for which `plain_init` is called.
    Instance,
    /// An `Exception` with the arguments, for which `plain_init` is called if there is one.
    Exception,
}

/// What calling a built-in class comes to if the arguments need no arranging.
#[derive(Clone, Copy)]
pub struct BuiltinCall {
    /// Its `__new__`; or its `__init__`, where that does the work.
    pub apply: Direct,
    /// A `__new__` that makes an empty object, whatever the arguments.
    pub empty: Option<NativeFn>,
}

pub struct Class {
    pub name: RefCell<Rc<str>>,
    pub qualname: RefCell<Rc<str>>,
    pub layout: Layout,
    pub bases: RefCell<Rc<[Ref<Class>]>>,
    /// The place among the bases of the one whose memory layout instances get: `__base__`.
    pub primary: Cell<usize>,
    /// The method resolution order, this class first.
    pub mro: RefCell<Rc<[Ref<Class>]>>,
    pub dict: Ref<Dict>,
    /// The class of the class; undefined only while `type` itself is being made.
    pub metaclass: Slot,
    pub flags: Cell<ClassFlags>,
    /// A number that no other class and no other state of this class ever has: changes whenever
    /// the class or one of its bases does. Inline caches compare it.
    pub version: Version,
    /// Direct subclasses, in the order of their making.
    pub subclasses: RefCell<Vec<WeakPointer>>,
    /// The shape of an instance without attributes.
    pub root_shape: Rc<Shape>,
    /// How many slots instances turned out to need.
    pub slots_hint: Cell<u16>,
    /// What a call of it comes down to, found out in the version `init_version`.
    pub construction: Cell<Construction>,
    pub init_version: Cell<u32>,
    /// The `__init__` in that, `Undef` if there is none to call.
    pub plain_init: Slot,
    /// How calling a built-in class makes an object, once somebody asked: see `Vm::builtin_call`.
    pub builtin_call: OnceCell<Option<BuiltinCall>>,
}

/// The number of a state of a class, kept where it stands in the keys of a cache.
pub struct Version(Cell<u64>);

impl Version {
    pub fn fresh() -> Version {
        Version(Cell::new(u64::from(fresh_id()) << 32))
    }

    pub fn renew(&self) {
        self.0.set(u64::from(fresh_id()) << 32);
    }

    #[inline(always)]
    pub fn get(&self) -> u32 {
        (self.0.get() >> 32) as u32
    }

    /// The keys for instances of this shape: see `CacheWay`.
    #[inline(always)]
    pub(super) fn with_shape(&self, id: u32) -> u64 {
        self.0.get() | u64::from(id)
    }
}

/// Which attributes an instance has, and in which slots: a node in a tree of "then this
/// attribute was added". Shared by all instances that got the same attributes in the same order.
pub struct Shape {
    /// Unique for the life of the process, so that caches can compare numbers.
    pub id: u32,
    /// Attribute names by slot.
    pub names: Vec<Ref<Str>>,
    /// The shape after adding an attribute, by the address of its (interned) name.
    next: RefCell<HashMap<usize, Rc<Shape>>>,
    /// With so many of these those that no instance has are let go of.
    full: Cell<usize>,
    /// Slots by the address of the name, made when first asked for in a large shape.
    index: RefCell<Option<HashMap<usize, u16>>>,
}

thread_local! {
    static NEXT_ID: Cell<u32> = const { Cell::new(1) };
}

/// A fresh number for a class version or a shape.
pub fn fresh_id() -> u32 {
    NEXT_ID.with(|n| {
        let id = n.get();
        n.set(id.wrapping_add(1));
        id
    })
}

/// So many attributes that instances of a class have got first, or next, are nothing unusual.
const FEW_SHAPES: usize = 64;

impl Shape {
    pub fn root() -> Rc<Shape> {
        Rc::new(Shape {
            id: fresh_id(),
            names: Vec::new(),
            next: RefCell::default(),
            full: Cell::new(FEW_SHAPES),
            index: RefCell::default(),
        })
    }

    /// The slot of an attribute; `name` must be interned.
    pub fn slot(&self, name: &Ref<Str>) -> Option<usize> {
        let wanted = name.as_obj();
        if self.names.len() <= 8 {
            return self.names.iter().position(|n| n.as_obj().is(wanted));
        }
        let mut index = self.index.borrow_mut();
        let index = index.get_or_insert_with(|| {
            self.names
                .iter()
                .enumerate()
                .map(|(i, n)| (n.as_obj().address(), i as u16))
                .collect()
        });
        index.get(&wanted.address()).map(|i| *i as usize)
    }

    /// The shape with one attribute more, in the slot `self.names.len()`.
    pub fn with(self: &Rc<Shape>, name: &Ref<Str>) -> Rc<Shape> {
        let key = name.as_obj().address();
        if let Some(next) = self.next.borrow().get(&key) {
            return next.clone();
        }
        let mut names = self.names.clone();
        names.push(name.clone());
        let shape = Rc::new(Shape {
            id: fresh_id(),
            names,
            next: RefCell::default(),
            full: Cell::new(FEW_SHAPES),
            index: RefCell::default(),
        });
        let mut next = self.next.borrow_mut();
        if next.len() >= self.full.get() {
            // Names that a program makes up as it goes.
            next.retain(|_, shape| Rc::strong_count(shape) > 1);
            self.full.set(FEW_SHAPES.max(2 * next.len()));
        }
        next.insert(key, shape.clone());
        shape
    }
}

impl Class {
    pub fn name(&self) -> Rc<str> {
        self.name.borrow().clone()
    }

    pub fn mro(&self) -> Rc<[Ref<Class>]> {
        self.mro.borrow().clone()
    }

    pub fn bases(&self) -> Rc<[Ref<Class>]> {
        self.bases.borrow().clone()
    }

    /// `__base__`.
    pub fn primary_base(&self) -> Option<Ref<Class>> {
        self.bases.borrow().get(self.primary.get()).cloned()
    }

    pub fn flags(&self) -> ClassFlags {
        self.flags.get()
    }
}

impl Ref<Class> {
    /// Whether this is `other` or derived from it (by the MRO; no `__subclasscheck__`).
    #[inline]
    pub fn is_subclass(&self, other: &Ref<Class>) -> bool {
        self.is(other) || self.mro.borrow().iter().any(|c| c.is(other))
    }

    /// Whether `other` is this or one of the chain of primary bases, whatever the MRO says: while
    /// a metaclass's `mro()` runs, the two may differ.
    pub fn descends_from(&self, other: &Ref<Class>) -> bool {
        let mut next = Some(self.clone());
        while let Some(class) = next {
            if class.is(other) {
                return true;
            }
            next = class.primary_base();
        }
        false
    }

    #[inline(always)]
    pub fn is(&self, other: &Ref<Class>) -> bool {
        self.as_obj().is(other.as_obj())
    }
}

impl Trace for Class {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.bases.borrow().iter().for_each(|c| visit(c.as_obj()));
        self.mro.borrow().iter().for_each(|c| visit(c.as_obj()));
        visit(self.dict.as_obj());
        self.metaclass
            .get()
            .as_obj()
            .into_iter()
            .for_each(&mut *visit);
        self.plain_init.visit(visit);
    }
}

super::no_tail!(Class);
