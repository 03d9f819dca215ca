//! Iterators that pass items of others on: `chain`, `islice`, `compress`, `takewhile`,
//! `dropwhile`, `filterfalse`, `starmap`.

use super::visit_all;
use crate::builtins::iterators::{make_of, values_of};
use crate::builtins::types::CLASS_GETITEM;
use crate::vm::heap::{ObjRef, Slot};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Layout, List, NativeData};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::Cell;

/// `chain`.
pub struct Chain {
    /// Over the iterables; `Undef` at the end.
    source: Slot,
    /// The iterator of the iterable under way.
    active: Slot,
}

impl NativeData for Chain {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.source.get(), &self.active.get()], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        loop {
            let active = self.active.get();
            if !active.is_undef() {
                if let Some(item) = vm.next(&active)? {
                    return Ok(Some(item));
                }
                self.active.set(Value::Undef);
            }
            let source = self.source.get();
            if source.is_undef() {
                return Ok(None);
            }
            match vm.next(&source) {
                Ok(Some(iterable)) => match vm.iter(&iterable) {
                    Ok(iterator) => self.active.set(iterator),
                    Err(raise) => {
                        self.source.set(Value::Undef);
                        return Err(raise);
                    }
                },
                Ok(None) => {
                    self.source.set(Value::Undef);
                    return Ok(None);
                }
                Err(raise) => {
                    self.source.set(Value::Undef);
                    return Err(raise);
                }
            }
        }
    }
}

impl NativeType for Chain {
    const DEF: &'static TypeDef = &TypeDef::new("chain", "itertools", Layout::Opaque(23))
        .doc("The items of one iterable after the other.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, /, *iterables)", new_chain),
            NativeDef::new(
                "from_iterable",
                "(cls, iterable, /)",
                from_iterable,
                "A chain of the iterables that an iterable gives.",
            )
            .class(),
            CLASS_GETITEM,
        ]);
}

fn chain_of(vm: &mut Vm, cls: &Value, source: &Value) -> R {
    let data = Chain {
        source: Slot::new(vm.iter(source)?),
        active: Slot::undef(),
    };
    make_of(vm, cls, data)
}

fn new_chain(vm: &mut Vm, args: &[Value]) -> R {
    let iterables = List::value(values_of(&args[1]));
    chain_of(vm, &args[0], &iterables)
}

fn from_iterable(vm: &mut Vm, args: &[Value]) -> R {
    chain_of(vm, &args[0], &args[1])
}

/// `islice`.
pub struct Islice {
    /// `Undef` at the end.
    iterator: Slot,
    /// Index of the next item wanted.
    next: Cell<i64>,
    /// `None`: no end.
    stop: Option<i64>,
    step: i64,
    /// How many items were taken.
    done: Cell<i64>,
}

impl NativeData for Islice {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.iterator.get()], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let iterator = self.iterator.get();
        if iterator.is_undef() {
            return Ok(None);
        }
        let end = |this: &Islice| {
            this.iterator.set(Value::Undef);
            Ok(None)
        };
        while self.done.get() < self.next.get() {
            if vm.next(&iterator)?.is_none() {
                return end(self);
            }
            self.done.set(self.done.get() + 1);
        }
        if self.stop.is_some_and(|stop| self.done.get() >= stop) {
            return end(self);
        }
        let Some(item) = vm.next(&iterator)? else {
            return end(self);
        };
        self.done.set(self.done.get() + 1);
        let next = self.next.get().saturating_add(self.step);
        self.next.set(self.stop.map_or(next, |stop| next.min(stop)));
        Ok(Some(item))
    }
}

impl NativeType for Islice {
    const DEF: &'static TypeDef = &TypeDef::new("islice", "itertools", Layout::Opaque(24))
        .doc("The items that a slice would select.")
        .iterator()
        .methods(&[NativeDef::constructor("(cls, /, *args)", new_islice)]);
}

fn new_islice(vm: &mut Vm, args: &[Value]) -> R {
    const INDICES: &str = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    const STOP: &str =
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    let given = values_of(&args[1]);
    let none = Value::None;
    let (iterable, start, stop, step) = match given.as_slice() {
        [iterable, stop] => (iterable, &none, stop, &none),
        [iterable, start, stop] => (iterable, start, stop, &none),
        [iterable, start, stop, step] => (iterable, start, stop, step),
        few @ ([] | [_]) => {
            return Err(vm.type_error(format!(
                "islice expected at least 2 arguments, got {}",
                few.len()
            )));
        }
        many => {
            return Err(vm.type_error(format!(
                "islice expected at most 4 arguments, got {}",
                many.len()
            )));
        }
    };
    let stop = bound(vm, stop, STOP)?;
    let start = bound(vm, start, INDICES)?.unwrap_or(0);
    let step = if step.is_none() {
        Some(1)
    } else {
        vm.index_opt(step)?.and_then(|n| n.as_i64())
    };
    let Some(step) = step.filter(|s| *s > 0) else {
        return Err(vm.value_error("Step for islice() must be a positive integer or None."));
    };
    let data = Islice {
        iterator: Slot::new(vm.iter(iterable)?),
        next: Cell::new(stop.map_or(start, |stop| start.min(stop.max(start)))),
        stop,
        step,
        done: Cell::new(0),
    };
    make_of(vm, &args[0], data)
}

fn bound(vm: &mut Vm, v: &Value, message: &str) -> R<Option<i64>> {
    if v.is_none() {
        return Ok(None);
    }
    match vm.index_opt(v)?.and_then(|n| n.as_i64()) {
        Some(n) if n >= 0 => Ok(Some(n)),
        _ => Err(vm.value_error(message)),
    }
}

/// `compress`.
pub struct Compress {
    data: Value,
    selectors: Value,
}

impl NativeData for Compress {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.data, &self.selectors], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        loop {
            let Some(item) = vm.next(&self.data)? else {
                return Ok(None);
            };
            let Some(selector) = vm.next(&self.selectors)? else {
                return Ok(None);
            };
            if vm.truth(&selector)? {
                return Ok(Some(item));
            }
        }
    }
}

impl NativeType for Compress {
    const DEF: &'static TypeDef = &TypeDef::new("compress", "itertools", Layout::Opaque(25))
        .doc("The items whose selector is true.")
        .iterator()
        .methods(&[NativeDef::constructor(
            "(cls, data, selectors)",
            new_compress,
        )]);
}

fn new_compress(vm: &mut Vm, args: &[Value]) -> R {
    let data = Compress {
        data: vm.iter(&args[1])?,
        selectors: vm.iter(&args[2])?,
    };
    make_of(vm, &args[0], data)
}

/// A function and the iterator whose items it judges or gets.
struct Judged {
    function: Value,
    iterator: Value,
    /// `dropwhile` has begun to give items; `takewhile` has ended.
    switched: Cell<bool>,
}

impl Judged {
    fn new(vm: &mut Vm, args: &[Value]) -> R<Judged> {
        Ok(Judged {
            iterator: vm.iter(&args[2])?,
            function: args[1].clone(),
            switched: Cell::new(false),
        })
    }

    fn says(&self, vm: &mut Vm, item: &Value) -> R<bool> {
        let answer = vm.call(&self.function, std::slice::from_ref(item))?;
        vm.truth(&answer)
    }
}

/// `takewhile`.
pub struct TakeWhile(Judged);
/// `dropwhile`.
pub struct DropWhile(Judged);
/// `filterfalse`.
pub struct FilterFalse(Judged);
/// `starmap`.
pub struct StarMap(Judged);

macro_rules! judged_types {
    ($($name:ident $class:literal $layout:literal $new:ident $signature:literal $doc:literal |$this:ident, $vm:ident| $next:expr;)*) => { $(
        impl NativeData for $name {
            fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
                visit_all([&self.0.function, &self.0.iterator], visit);
            }

            fn next(&self, $vm: &mut Vm) -> R<Option<Value>> {
                let $this = &self.0;
                $next
            }
        }

        impl NativeType for $name {
            const DEF: &'static TypeDef = &TypeDef::new($class, "itertools", Layout::Opaque($layout))
                .doc($doc)
                .iterator()
                .methods(&[NativeDef::constructor($signature, $new)]);
        }

        fn $new(vm: &mut Vm, args: &[Value]) -> R {
            let data = $name(Judged::new(vm, args)?);
            make_of(vm, &args[0], data)
        }
    )* };
}

judged_types! {
    TakeWhile "takewhile" 26 new_takewhile "(cls, predicate, iterable, /)" "Items as long as the predicate is true."
        |this, vm| take_while(this, vm);
    DropWhile "dropwhile" 27 new_dropwhile "(cls, predicate, iterable, /)" "Items from the first for which the predicate is false."
        |this, vm| drop_while(this, vm);
    FilterFalse "filterfalse" 28 new_filterfalse "(cls, function, iterable, /)" "The items for which the function is false."
        |this, vm| filter_false(this, vm);
    StarMap "starmap" 29 new_starmap "(cls, function, iterable, /)" "The results of a function called with the parts of each item."
        |this, vm| star_map(this, vm);
}

fn take_while(this: &Judged, vm: &mut Vm) -> R<Option<Value>> {
    if this.switched.get() {
        return Ok(None);
    }
    let Some(item) = vm.next(&this.iterator)? else {
        return Ok(None);
    };
    if this.says(vm, &item)? {
        return Ok(Some(item));
    }
    this.switched.set(true);
    Ok(None)
}

fn drop_while(this: &Judged, vm: &mut Vm) -> R<Option<Value>> {
    while let Some(item) = vm.next(&this.iterator)? {
        if this.switched.get() {
            return Ok(Some(item));
        }
        if !this.says(vm, &item)? {
            this.switched.set(true);
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn filter_false(this: &Judged, vm: &mut Vm) -> R<Option<Value>> {
    while let Some(item) = vm.next(&this.iterator)? {
        let good = if this.function.is_none() {
            vm.truth(&item)?
        } else {
            this.says(vm, &item)?
        };
        if !good {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn star_map(this: &Judged, vm: &mut Vm) -> R<Option<Value>> {
    let Some(item) = vm.next(&this.iterator)? else {
        return Ok(None);
    };
    let arguments = vm.collect(&item)?;
    vm.call(&this.function, &arguments).map(Some)
}
