//! Iterators that put several items together: `pairwise`, `batched`, `accumulate`,
//! `zip_longest`.

use super::visit_all;
use crate::builtins::arguments::flag;
use crate::builtins::iterators::{make_of, values_of};
use crate::vm::heap::{ObjRef, Slot};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Layout, NativeData, Tuple};
use crate::vm::ops::arith::Arith;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

/// `pairwise`.
pub struct Pairwise {
    /// `Undef` at the end.
    iterator: Slot,
    previous: Slot,
}

impl NativeData for Pairwise {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.iterator.get(), &self.previous.get()], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let iterator = self.iterator.get();
        if iterator.is_undef() {
            return Ok(None);
        }
        if self.previous.is_undef() {
            match vm.next(&iterator)? {
                Some(first) => self.previous.set(first),
                None => {
                    self.iterator.set(Value::Undef);
                    return Ok(None);
                }
            }
        }
        match vm.next(&iterator)? {
            Some(item) => {
                let previous = self.previous.replace(item.clone());
                Ok(Some(Tuple::value([previous, item])))
            }
            None => {
                self.iterator.set(Value::Undef);
                self.previous.set(Value::Undef);
                Ok(None)
            }
        }
    }
}

impl NativeType for Pairwise {
    const DEF: &'static TypeDef = &TypeDef::new("pairwise", "itertools", Layout::Opaque(30))
        .doc("Each item with the one after it.")
        .iterator()
        .methods(&[NativeDef::constructor("(cls, iterable, /)", new_pairwise)]);
}

fn new_pairwise(vm: &mut Vm, args: &[Value]) -> R {
    let data = Pairwise {
        iterator: Slot::new(vm.iter(&args[1])?),
        previous: Slot::undef(),
    };
    make_of(vm, &args[0], data)
}

/// `batched`.
pub struct Batched {
    /// `Undef` at the end.
    iterator: Slot,
    size: usize,
    strict: bool,
}

impl NativeData for Batched {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.iterator.get()], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let iterator = self.iterator.get();
        if iterator.is_undef() {
            return Ok(None);
        }
        let mut batch = Vec::new();
        while batch.len() < self.size {
            match vm.next(&iterator)? {
                Some(item) => batch.push(item),
                None => {
                    self.iterator.set(Value::Undef);
                    break;
                }
            }
        }
        if batch.is_empty() {
            return Ok(None);
        }
        if self.strict && batch.len() < self.size {
            return Err(vm.value_error("batched(): incomplete batch"));
        }
        Ok(Some(Tuple::value(batch)))
    }
}

impl NativeType for Batched {
    const DEF: &'static TypeDef = &TypeDef::new("batched", "itertools", Layout::Opaque(31))
        .doc("Tuples of so many items; the last may be shorter.")
        .iterator()
        .methods(&[NativeDef::constructor(
            "(cls, iterable, n, *, strict=False)",
            new_batched,
        )]);
}

fn new_batched(vm: &mut Vm, args: &[Value]) -> R {
    let size = vm.index_i64(&args[2])?;
    let strict = flag(vm, &args[3])?;
    let Some(size) = usize::try_from(size).ok().filter(|n| *n > 0) else {
        return Err(vm.value_error("n must be at least one"));
    };
    let iterator = Slot::new(vm.iter(&args[1])?);
    make_of(
        vm,
        &args[0],
        Batched {
            iterator,
            size,
            strict,
        },
    )
}

/// `accumulate`.
pub struct Accumulate {
    iterator: Value,
    /// `None` adds.
    function: Value,
    /// `Undef` before the first item.
    total: Slot,
    /// A start value that is still to be given; else `Undef`.
    initial: Slot,
}

impl NativeData for Accumulate {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        let slots = [self.total.get(), self.initial.get()];
        visit_all(slots.iter().chain([&self.iterator, &self.function]), visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let initial = self.initial.take();
        if !initial.is_undef() {
            self.total.set(initial.clone());
            return Ok(Some(initial));
        }
        let Some(item) = vm.next(&self.iterator)? else {
            return Ok(None);
        };
        let total = self.total.get();
        let next = if total.is_undef() {
            item
        } else if self.function.is_none() {
            vm.arith(Arith::Add, &total, &item, false)?
        } else {
            vm.call(&self.function, &[total, item])?
        };
        self.total.set(next.clone());
        Ok(Some(next))
    }
}

impl NativeType for Accumulate {
    const DEF: &'static TypeDef = &TypeDef::new("accumulate", "itertools", Layout::Opaque(32))
        .doc("Running totals, of sums or of another function.")
        .iterator()
        .methods(&[NativeDef::constructor(
            "(cls, iterable, func=None, *, initial=None)",
            new_accumulate,
        )]);
}

fn new_accumulate(vm: &mut Vm, args: &[Value]) -> R {
    let initial = args[3].given().filter(|v| !v.is_none()).cloned();
    let data = Accumulate {
        iterator: vm.iter(&args[1])?,
        function: args[2].given().cloned().unwrap_or(Value::None),
        total: Slot::undef(),
        initial: Slot::new(initial.unwrap_or(Value::Undef)),
    };
    make_of(vm, &args[0], data)
}

/// `zip_longest`.
pub struct ZipLongest {
    /// `Undef` where one has ended.
    iterators: RefCell<Vec<Value>>,
    fill: Value,
}

impl NativeData for ZipLongest {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.fill], visit);
        if let Ok(iterators) = self.iterators.try_borrow() {
            visit_all(iterators.iter(), visit);
        }
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let iterators = self.iterators.borrow().clone();
        let (mut items, mut active) = (Vec::with_capacity(iterators.len()), 0);
        for (i, iterator) in iterators.iter().enumerate() {
            let item = if iterator.is_undef() {
                None
            } else {
                vm.next(iterator)?
            };
            match item {
                Some(item) => {
                    active += 1;
                    items.push(item);
                }
                None => {
                    let ended = self.iterators.borrow_mut().get_mut(i).map(std::mem::take);
                    drop(ended);
                    items.push(self.fill.clone());
                }
            }
        }
        Ok((active > 0).then(|| Tuple::value(items)))
    }
}

impl NativeType for ZipLongest {
    const DEF: &'static TypeDef = &TypeDef::new("zip_longest", "itertools", Layout::Opaque(33))
        .doc("Tuples of one item from each iterable, until the longest ends.")
        .iterator()
        .methods(&[NativeDef::constructor(
            "(cls, /, *iterables, **kwargs)",
            new_zip_longest,
        )]);
}

fn new_zip_longest(vm: &mut Vm, args: &[Value]) -> R {
    let mut fill = Value::None;
    for (name, value) in crate::builtins::keywords(vm, args.get(2)) {
        if name.as_str() != "fillvalue" {
            return Err(vm.type_error("zip_longest() got an unexpected keyword argument"));
        }
        fill = value;
    }
    let mut iterators = Vec::new();
    for iterable in values_of(&args[1]) {
        iterators.push(vm.iter(&iterable)?);
    }
    let data = ZipLongest {
        iterators: RefCell::new(iterators),
        fill,
    };
    make_of(vm, &args[0], data)
}
