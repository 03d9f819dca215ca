//! `deque`: what it is, how it is made and walked through. Its methods are next door.

use super::deque_methods;
use crate::builtins::arguments::class as class_argument;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Class, Layout, NativeData, Opaque};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// A queue with two ends.
#[derive(Default)]
pub struct Deque {
    pub items: RefCell<VecDeque<Value>>,
    /// `None`: no limit.
    pub maxlen: Cell<Option<usize>>,
    /// Changes with every change of the length, so that iterators notice.
    pub version: Cell<u64>,
}

/// The items of a deque, for whoever looks at a program from outside.
pub fn deque_items(value: &Value) -> Option<Vec<Value>> {
    let deque = value.opaque::<Deque>()?;
    Some(deque.items.borrow().iter().cloned().collect())
}

impl NativeData for Deque {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        if let Ok(items) = self.items.try_borrow() {
            items.iter().filter_map(Value::as_obj).for_each(visit);
        }
    }

    fn size(&self) -> Option<usize> {
        Some(Deque::len(self))
    }

    fn is_sequence(&self) -> bool {
        true
    }

    fn clear(&self) {
        drop(self.items.take());
    }
}

impl Deque {
    pub fn new(items: VecDeque<Value>, maxlen: Option<usize>) -> Deque {
        Deque {
            items: RefCell::new(items),
            maxlen: Cell::new(maxlen),
            version: Cell::new(0),
        }
    }

    pub fn len(&self) -> usize {
        self.items.borrow().len()
    }

    pub fn get(&self, i: usize) -> Option<Value> {
        self.items.borrow().get(i).cloned()
    }

    pub fn changed(&self) {
        self.version.set(self.version.get().wrapping_add(1));
    }

    /// Adds at the right end; what falls out at the left is released.
    pub fn push_back(&self, item: Value) {
        self.changed();
        let dropped = {
            let mut items = self.items.borrow_mut();
            items.push_back(item);
            let full = self.maxlen.get().is_some_and(|m| items.len() > m);
            if full { items.pop_front() } else { None }
        };
        drop(dropped);
    }

    /// Adds at the left end; what falls out at the right is released.
    pub fn push_front(&self, item: Value) {
        self.changed();
        let dropped = {
            let mut items = self.items.borrow_mut();
            items.push_front(item);
            let full = self.maxlen.get().is_some_and(|m| items.len() > m);
            if full { items.pop_back() } else { None }
        };
        drop(dropped);
    }

    /// Takes the item at the left end out.
    pub fn pop_front(&self) -> Option<Value> {
        let item = self.items.borrow_mut().pop_front();
        if item.is_some() {
            self.changed();
        }
        item
    }

    /// All items as they are now.
    pub fn snapshot(&self) -> Vec<Value> {
        self.items.borrow().iter().cloned().collect()
    }
}

/// The deque in a value (or in an instance of a subclass).
pub fn this<'a>(vm: &mut Vm, v: &'a Value) -> R<&'a Deque> {
    match v.downcast::<Opaque>().and_then(Opaque::get::<Deque>) {
        Some(deque) => Ok(deque),
        None => Err(vm.type_error("a deque is required")),
    }
}

impl NativeType for Deque {
    const DEF: &'static TypeDef = &TypeDef::new("deque", "collections", Layout::Opaque(41))
        .doc("A list-like sequence optimized for data accesses near its endpoints.")
        .methods(METHODS)
        .getset(&[GetSet::read(
            "maxlen",
            get_maxlen,
            "maximum size of a deque or None if unbounded",
        )]);
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", new),
    NativeDef::new(
        "__init__",
        "(self, iterable=(), maxlen=None)",
        init,
        "Fill the deque.",
    ),
    NativeDef::new("__iter__", "(self, /)", iter, "Implement iter(self)."),
    NativeDef::new(
        "__reversed__",
        "(self, /)",
        reversed,
        "Return a reverse iterator over the deque.",
    ),
];

/// The class, with all its methods.
pub fn class(vm: &mut Vm) -> Ref<Class> {
    let class = vm.class_for::<Deque>();
    vm.extend_class(&class, deque_methods::METHODS, &[]);
    let hash = vm.names.__hash__.clone();
    vm.class_set(&class, &hash, Value::None);
    class
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = class_argument(vm, &args[0])?;
    Ok(vm.make_in(&class, Deque::default()))
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let maxlen = match args[2].given().filter(|v| !v.is_none()) {
        None => None,
        Some(v) => {
            let Some(n) = vm.index_opt(v)? else {
                return Err(vm.type_error("an integer is required"));
            };
            match usize::try_from(vm.index_i64(&n)?) {
                Ok(n) => Some(n),
                Err(_) => return Err(vm.value_error("maxlen must be non-negative")),
            }
        }
    };
    drop(deque.items.take());
    deque.maxlen.set(maxlen);
    if let Some(from) = args[1].given() {
        vm.for_each(from, |_, item| {
            deque.push_back(item);
            Ok(true)
        })?;
    }
    Ok(Value::None)
}

fn get_maxlen(vm: &mut Vm, v: &Value) -> R {
    Ok(this(vm, v)?.maxlen.get().map_or(Value::None, Value::from))
}

/// Over the items of a deque, which must not change its length meanwhile.
pub struct DequeIterator<const BACKWARDS: bool> {
    deque: Value,
    at: Cell<usize>,
    version: u64,
}

impl<const BACKWARDS: bool> NativeData for DequeIterator<BACKWARDS> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.deque.as_obj().into_iter().for_each(visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let deque = this(vm, &self.deque)?;
        let (at, len) = (self.at.get(), deque.len());
        if deque.version.get() != self.version {
            self.at.set(usize::MAX);
            if at == usize::MAX {
                return Ok(None);
            }
            return Err(vm.runtime_error("deque mutated during iteration"));
        }
        if at >= len {
            return Ok(None);
        }
        self.at.set(at + 1);
        Ok(deque.get(if BACKWARDS { len - 1 - at } else { at }))
    }
}

impl NativeType for DequeIterator<false> {
    const DEF: &'static TypeDef = &TypeDef::new("_deque_iterator", "collections", Layout::Final)
        .iterator()
        .methods(&[NativeDef::new(
            "__length_hint__",
            "(self, /)",
            hint::<false>,
            "An estimate of len(list(it)).",
        )]);
}

impl NativeType for DequeIterator<true> {
    const DEF: &'static TypeDef =
        &TypeDef::new("_deque_reverse_iterator", "collections", Layout::Final)
            .iterator()
            .methods(&[NativeDef::new(
                "__length_hint__",
                "(self, /)",
                hint::<true>,
                "An estimate of len(list(it)).",
            )]);
}

fn hint<const BACKWARDS: bool>(vm: &mut Vm, args: &[Value]) -> R {
    let Some(iterator) = args[0].opaque::<DequeIterator<BACKWARDS>>() else {
        return Ok(Value::Int(0));
    };
    let len = this(vm, &iterator.deque)?.len();
    Ok(Value::from(len.saturating_sub(iterator.at.get())))
}

pub(super) fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let version = this(vm, &args[0])?.version.get();
    Ok(vm.make(DequeIterator::<false> {
        deque: args[0].clone(),
        at: Cell::new(0),
        version,
    }))
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    let version = this(vm, &args[0])?.version.get();
    Ok(vm.make(DequeIterator::<true> {
        deque: args[0].clone(),
        at: Cell::new(0),
        version,
    }))
}
