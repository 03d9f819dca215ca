//! The iterator types that programs make by name: `enumerate`, `zip`, `map`, `filter`,
//! `reversed`, and the one behind `iter(callable, sentinel)`.

use super::args::{keywords, varargs};
use super::types::CLASS_GETITEM;
use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Kind, Layout, NativeData, Tuple, release_backwards};
use crate::vm::ops::arith::Arith;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use smallvec::SmallVec;
use std::cell::Cell;

fn visit_values(values: &[Value], visit: &mut dyn FnMut(&ObjRef)) {
    values.iter().filter_map(Value::as_obj).for_each(visit);
}

/// The values of a `*args` parameter.
pub fn values_of(v: &Value) -> Vec<Value> {
    v.as_ref::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec())
}

/// An object of the class that a constructor was called for.
pub fn make_of(vm: &mut Vm, cls: &Value, data: impl NativeData) -> R {
    let class = super::arguments::class(vm, cls)?;
    Ok(vm.make_in(&class, data))
}

/// The row of `__reduce__`.
const fn reduce_row(reduce: crate::vm::native::NativeFn) -> NativeDef {
    NativeDef::new(
        "__reduce__",
        "(self, /)",
        reduce,
        "Return state information for pickling.",
    )
}

/// The row of `__setstate__`.
const fn set_state_row(set_state: crate::vm::native::NativeFn) -> NativeDef {
    NativeDef::new(
        "__setstate__",
        "(self, state, /)",
        set_state,
        "Set state information for unpickling.",
    )
}

/// What pickle makes an object again from: its class and these arguments.
fn made_from(vm: &mut Vm, this: &Value, arguments: Vec<Value>) -> R {
    let class = vm.class_of(this);
    Ok(Tuple::value([class.into(), Tuple::value(arguments)]))
}

/// What `enumerate` and `zip` gave last. CPython's keep the tuple and use it again if nobody else
/// has it, so that what stands in it lives until then.
#[derive(Default)]
struct LastGiven {
    tuple: Slot,
    /// Instead of a tuple, where the loop takes pairs apart: the second, then the first, as parts
    /// of a tuple die.
    pair: [Slot; 2],
}

impl LastGiven {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        let [x, y] = &self.pair;
        visit_values(&[self.tuple.get(), x.get(), y.get()], visit);
    }

    /// Nobody else has the last tuple.
    fn is_free(&self) -> bool {
        let last = self.tuple.get();
        last.as_obj().is_none_or(|tuple| tuple.count() == 2)
    }

    /// A tuple is given; `kept` if it takes the place of the last.
    fn give<I>(&self, items: I, kept: bool) -> Value
    where
        I: IntoIterator<Item = Value, IntoIter: ExactSizeIterator>,
    {
        let tuple = Tuple::value(items);
        if kept {
            self.tuple.set(tuple.clone());
            self.pair.iter().rev().for_each(|p| p.set(Value::Undef));
        }
        tuple
    }

    /// One part of a pair is given.
    fn give_part(&self, n: usize, part: &Value) {
        if let Some(place) = self.pair.iter().nth_back(n) {
            place.set(part.clone());
        }
    }

    /// The parts of the last tuple, to be replaced one by one; `None` if somebody has it.
    fn parts(&self) -> Option<SmallVec<[Value; 4]>> {
        let free = self.is_free();
        let last = free.then(|| self.tuple.take())?;
        Some(
            last.as_ref::<Tuple>()
                .map_or_else(SmallVec::new, |t| t.items().into()),
        )
    }
}

/// `enumerate`.
struct Enumerate {
    iterator: Value,
    next: Slot,
    last: LastGiven,
}

impl NativeData for Enumerate {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.iterator.as_obj().into_iter().for_each(&mut *visit);
        self.last.trace(visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let pair = self.step(vm)?;
        Ok(pair.map(|(number, item)| self.last.give([number, item], self.last.is_free())))
    }

    fn next_pair(&self, vm: &mut Vm) -> Option<R<Option<(Value, Value)>>> {
        let pair = self.step(vm);
        if let Ok(Some((_, item))) = &pair {
            self.last.give_part(1, item);
        }
        Some(pair)
    }
}

impl Enumerate {
    fn step(&self, vm: &mut Vm) -> R<Option<(Value, Value)>> {
        let Some(item) = vm.next(&self.iterator)? else {
            return Ok(None);
        };
        let number = self.next.get();
        let after = match number {
            Value::Int(i) if i < i64::MAX => Value::Int(i + 1),
            _ => vm.arith(Arith::Add, &number, &Value::Int(1), false)?,
        };
        self.next.set(after);
        Ok(Some((number, item)))
    }
}

impl NativeType for Enumerate {
    const DEF: &'static TypeDef = &TypeDef::new("enumerate", "builtins", Layout::Opaque(10))
        .doc("Pairs of a running number and an item.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, /, *args, **kwargs)", new_enumerate),
            CLASS_GETITEM,
            reduce_row(|vm, args| match args[0].opaque::<Enumerate>() {
                Some(this) => {
                    let arguments = vec![this.iterator.clone(), this.next.get()];
                    made_from(vm, &args[0], arguments)
                }
                None => Ok(Value::None),
            }),
        ]);
}

fn new_enumerate(vm: &mut Vm, args: &[Value]) -> R {
    let (iterable, start) = enumerate_arguments(vm, args)?;
    let start = match start {
        Some(v) => vm.index(&v)?,
        None => Value::Int(0),
    };
    let iterator = vm.iter(&iterable)?;
    let data = Enumerate {
        iterator,
        next: Slot::new(start),
        last: LastGiven::default(),
    };
    make_of(vm, &args[0], data)
}

/// The iterable and the start. They are arranged by hand, as CPython does: its complaints are not
/// those of other classes.
fn enumerate_arguments(vm: &mut Vm, args: &[Value]) -> R<(Value, Option<Value>)> {
    let given = varargs(args.get(1));
    let kwargs = keywords(vm, args.get(2));
    let count = given.len() + kwargs.len();
    if count > 2 {
        let message = format!("enumerate() takes at most 2 arguments ({count} given)");
        return Err(vm.type_error(message));
    }
    let named = |name: &str| kwargs.iter().find(|(n, _)| n.as_str() == name);
    let named = |name: &str| named(name).map(|(_, value)| value.clone());
    let (iterable, start) = match given.as_slice() {
        [iterable, start] => return Ok((iterable.clone(), Some(start.clone()))),
        [iterable] => (Some(iterable.clone()), named("start")),
        _ => (named("iterable"), named("start")),
    };
    let known = ["iterable", "start"];
    let known = known.get(given.len()..).unwrap_or_default();
    let unknown = kwargs.iter().find(|(n, _)| !known.contains(&n.as_str()));
    let culprit = unknown.or(match iterable {
        None => kwargs.first(),
        Some(_) => None,
    });
    if let Some((name, _)) = culprit {
        let name = name.as_str();
        let message = format!("'{name}' is an invalid keyword argument for enumerate()");
        return Err(vm.type_error(message));
    }
    match iterable {
        Some(iterable) => Ok((iterable, start)),
        None => Err(vm.type_error("enumerate() missing required argument 'iterable'")),
    }
}

/// `zip`.
struct Zip {
    iterators: Ref<Tuple>,
    strict: Cell<bool>,
    last: LastGiven,
}

impl NativeData for Zip {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.iterators.as_obj());
        self.last.trace(visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let mut parts = self.last.parts();
        let items = self.items(vm, &mut parts);
        match (items, parts) {
            (Ok(Some(items)), parts) => Ok(Some(self.last.give(items, parts.is_some()))),
            (ended, Some(parts)) => {
                self.last.give(parts, true);
                ended.map(|_| None)
            }
            (ended, None) => ended.map(|_| None),
        }
    }

    fn next_pair(&self, vm: &mut Vm) -> Option<R<Option<(Value, Value)>>> {
        match self.iterators.items() {
            [x, y] if !self.strict.get() => Some(self.two(vm, x, y)),
            _ => None,
        }
    }
}

impl Zip {
    /// One item of each iterator; each takes the place of one of the last tuple.
    fn items(
        &self,
        vm: &mut Vm,
        parts: &mut Option<SmallVec<[Value; 4]>>,
    ) -> R<Option<SmallVec<[Value; 4]>>> {
        let iterators = self.iterators.items();
        if let Some(first) = parts.as_mut().filter(|p| p.is_empty()) {
            first.resize(iterators.len(), Value::None);
        }
        let mut items: SmallVec<[Value; 4]> = SmallVec::with_capacity(iterators.len());
        for (i, iterator) in iterators.iter().enumerate() {
            let item = match vm.next(iterator) {
                Ok(Some(item)) => item,
                ended => {
                    // They are in a tuple in CPython, and die before it asks the others.
                    release_backwards(items.into_vec());
                    ended?;
                    vm.settle_finalizers();
                    return match self.strict.get() {
                        true => strict_end(vm, iterators, i).map(|()| None),
                        false => Ok(None),
                    };
                }
            };
            if let Some(place) = parts.as_mut().and_then(|p| p.get_mut(i)) {
                *place = item.clone();
            }
            items.push(item);
        }
        Ok((!items.is_empty()).then_some(items))
    }

    fn two(&self, vm: &mut Vm, x: &Value, y: &Value) -> R<Option<(Value, Value)>> {
        let Some(x) = vm.next(x)? else {
            return Ok(None);
        };
        self.last.give_part(0, &x);
        let Some(y) = vm.next(y)? else {
            return Ok(None);
        };
        self.last.give_part(1, &y);
        Ok(Some((x, y)))
    }
}

/// The iterator at `ended` is exhausted: all the others must be, too.
fn strict_end(vm: &mut Vm, iterators: &[Value], ended: usize) -> R<()> {
    let others = |n: usize| match n {
        1 => "argument 1".to_string(),
        n => format!("arguments 1-{n}"),
    };
    if ended > 0 {
        return Err(vm.value_error(format!(
            "zip() argument {} is shorter than {}",
            ended + 1,
            others(ended)
        )));
    }
    for (i, iterator) in iterators.iter().enumerate().skip(1) {
        if vm.next(iterator)?.is_some() {
            return Err(vm.value_error(format!(
                "zip() argument {} is longer than {}",
                i + 1,
                others(i)
            )));
        }
    }
    Ok(())
}

impl NativeType for Zip {
    const DEF: &'static TypeDef = &TypeDef::new("zip", "builtins", Layout::Opaque(11))
        .doc("Tuples of one item from each iterable, until the shortest ends.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, /, *iterables, **kwargs)", new_zip)
                .direct(new_zip_direct),
            reduce_row(reduce_zip),
            set_state_row(|vm, args| {
                let strict = vm.truth(&args[1])?;
                if let Some(zip) = args[0].opaque::<Zip>() {
                    zip.strict.set(strict);
                }
                Ok(Value::None)
            }),
        ]);
}

fn reduce_zip(vm: &mut Vm, args: &[Value]) -> R {
    let Some(zip) = args[0].opaque::<Zip>() else {
        return Ok(Value::None);
    };
    let class = vm.class_of(&args[0]).into();
    let iterators = zip.iterators.clone().into();
    Ok(if zip.strict.get() {
        Tuple::value([class, iterators, Value::True])
    } else {
        Tuple::value([class, iterators])
    })
}

fn new_zip(vm: &mut Vm, args: &[Value]) -> R {
    let given = keywords(vm, args.get(2));
    let strict = match given.as_slice() {
        [] => false,
        [(name, strict)] if name.as_str() == "strict" => vm.truth(strict)?,
        [(name, _)] => {
            let name = name.as_str();
            let message = format!("zip() got an unexpected keyword argument '{name}'");
            return Err(vm.type_error(message));
        }
        more => {
            let count = more.len();
            let message = format!("zip() takes at most 1 keyword argument ({count} given)");
            return Err(vm.type_error(message));
        }
    };
    make_zip(vm, &args[0], &values_of(&args[1]), strict)
}

fn new_zip_direct(vm: &mut Vm, args: &[Value]) -> R {
    make_zip(vm, &args[0], args.get(1..).unwrap_or_default(), false)
}

fn make_zip(vm: &mut Vm, class: &Value, iterables: &[Value], strict: bool) -> R {
    let strict = Cell::new(strict);
    let mut iterators = Vec::with_capacity(iterables.len());
    for iterable in iterables {
        iterators.push(vm.iter(iterable)?);
    }
    let iterators = Tuple::new(iterators);
    let last = LastGiven::default();
    make_of(
        vm,
        class,
        Zip {
            iterators,
            strict,
            last,
        },
    )
}

/// `map`.
struct Map {
    iterators: Ref<Tuple>,
    function: Value,
}

impl NativeData for Map {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.function.as_obj().into_iter().for_each(&mut *visit);
        visit(self.iterators.as_obj());
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        if let [one] = self.iterators.items() {
            return match vm.next(one)? {
                Some(item) => vm.call(&self.function, &[item]).map(Some),
                None => Ok(None),
            };
        }
        let mut items = Vec::with_capacity(self.iterators.items().len());
        for iterator in self.iterators.items() {
            match vm.next(iterator)? {
                Some(item) => items.push(item),
                None => return Ok(None),
            }
        }
        vm.call(&self.function, &items).map(Some)
    }
}

impl NativeType for Map {
    const DEF: &'static TypeDef = &TypeDef::new("map", "builtins", Layout::Opaque(12))
        .doc("The results of a function called with one item from each iterable.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, /, *args)", new_map),
            reduce_row(|vm, args| match args[0].opaque::<Map>() {
                Some(map) => {
                    let arguments = [&map.function].into_iter().chain(map.iterators.items());
                    made_from(vm, &args[0], arguments.cloned().collect())
                }
                None => Ok(Value::None),
            }),
        ]);
}

fn new_map(vm: &mut Vm, args: &[Value]) -> R {
    let mut given = values_of(&args[1]).into_iter();
    let (Some(function), true) = (given.next(), given.len() > 0) else {
        return Err(vm.type_error("map() must have at least two arguments."));
    };
    let mut iterators = Vec::new();
    for iterable in given {
        iterators.push(vm.iter(&iterable)?);
    }
    make_of(
        vm,
        &args[0],
        Map {
            iterators: Tuple::new(iterators),
            function,
        },
    )
}

/// `filter`.
struct Filter {
    function: Value,
    iterator: Value,
}

impl NativeData for Filter {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_values(&[self.function.clone(), self.iterator.clone()], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        while let Some(item) = vm.next(&self.iterator)? {
            let good = if self.function.is_none() {
                vm.truth(&item)?
            } else {
                let answer = vm.call(&self.function, std::slice::from_ref(&item))?;
                vm.truth(&answer)?
            };
            if good {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}

impl NativeType for Filter {
    const DEF: &'static TypeDef = &TypeDef::new("filter", "builtins", Layout::Opaque(13))
        .doc("The items for which a function is true.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, function, iterable, /)", new_filter),
            reduce_row(|vm, args| match args[0].opaque::<Filter>() {
                Some(filter) => {
                    let arguments = vec![filter.function.clone(), filter.iterator.clone()];
                    made_from(vm, &args[0], arguments)
                }
                None => Ok(Value::None),
            }),
        ]);
}

fn new_filter(vm: &mut Vm, args: &[Value]) -> R {
    let function = match args[1].as_ref::<crate::vm::object::Class>() {
        Some(class) if class.is(&vm.types.bool_) => Value::None,
        _ => args[1].clone(),
    };
    let iterator = vm.iter(&args[2])?;
    make_of(vm, &args[0], Filter { function, iterator })
}

/// `reversed` of an object with `__len__` and `__getitem__`.
struct Reversed {
    sequence: Slot,
    /// One past the next index.
    at: Cell<usize>,
}

impl NativeData for Reversed {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.sequence.visit(visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let sequence = self.sequence.get();
        let (false, Some(at)) = (sequence.is_undef(), self.at.get().checked_sub(1)) else {
            self.sequence.set(Value::Undef);
            return Ok(None);
        };
        match vm.get_item(&sequence, &Value::from(at)) {
            Ok(item) => {
                self.at.set(at);
                Ok(Some(item))
            }
            Err(raise) => {
                self.sequence.set(Value::Undef);
                let class = vm.exc.index_error.clone();
                if let Err(raise) = vm.catch(raise, &class) {
                    let class = vm.exc.stop_iteration.clone();
                    vm.catch(raise, &class)?;
                }
                Ok(None)
            }
        }
    }
}

impl NativeType for Reversed {
    const DEF: &'static TypeDef = &TypeDef::new("reversed", "builtins", Layout::Opaque(14))
        .doc("The items of a sequence from its end.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, object, /)", new_reversed),
            NativeDef::new(
                "__length_hint__",
                "(self, /)",
                reversed_hint,
                "An estimate of len(list(it)).",
            ),
            reduce_row(reduce_reversed),
            set_state_row(|vm, args| {
                let at = vm.index_i64(&args[1])?;
                if let Some(reversed) = args[0].opaque::<Reversed>()
                    && !reversed.sequence.is_undef()
                {
                    let most = vm.len(&reversed.sequence.get())?;
                    let next = usize::try_from(at.saturating_add(1)).unwrap_or(0);
                    reversed.at.set(next.min(most));
                }
                Ok(Value::None)
            }),
        ]);
}

fn reduce_reversed(vm: &mut Vm, args: &[Value]) -> R {
    let Some(reversed) = args[0].opaque::<Reversed>() else {
        return Ok(Value::None);
    };
    let class = vm.class_of(&args[0]).into();
    Ok(match reversed.sequence.get() {
        Value::Undef => Tuple::value([class, Tuple::value([Tuple::value([])])]),
        sequence => {
            let at = i64::try_from(reversed.at.get()).unwrap_or(i64::MAX) - 1;
            Tuple::value([class, Tuple::value([sequence]), Value::Int(at)])
        }
    })
}

fn reversed_hint(_: &mut Vm, args: &[Value]) -> R {
    let left = args[0]
        .opaque::<Reversed>()
        .map_or(0, |r| if r.sequence.is_undef() { 0 } else { r.at.get() });
    Ok(Value::from(left))
}

fn new_reversed(vm: &mut Vm, args: &[Value]) -> R {
    let object = &args[1];
    let not_reversible = |vm: &mut Vm| {
        let class = vm.type_name(object);
        Err(vm.type_error(format!("'{class}' object is not reversible")))
    };
    let (reversed, item) = (vm.names.__reversed__.clone(), vm.names.__getitem__.clone());
    let class = vm.class_of(object);
    match vm.lookup(&class, &reversed) {
        Some(Value::None) => return not_reversible(vm),
        Some(_) => {
            let result = vm.call_special(object, &reversed, &[])?;
            return Ok(result.unwrap_or(Value::None));
        }
        None => {}
    }
    // A sequence without a length is told of as such, below.
    let is_sequence =
        vm.lookup(&class, &item).is_some() && !matches!(object.kind(), Some(Kind::Dict));
    if !is_sequence {
        return not_reversible(vm);
    }
    let data = Reversed {
        at: Cell::new(vm.len(object)?),
        sequence: Slot::new(object.clone()),
    };
    make_of(vm, &args[0], data)
}

/// `iter(callable, sentinel)`.
pub struct CallableIterator {
    callable: Slot,
    sentinel: Value,
}

impl CallableIterator {
    pub fn new(callable: Value, sentinel: Value) -> Self {
        CallableIterator {
            callable: Slot::new(callable),
            sentinel,
        }
    }
}

impl NativeData for CallableIterator {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_values(&[self.callable.get(), self.sentinel.clone()], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let callable = self.callable.get();
        if callable.is_undef() {
            return Ok(None);
        }
        let item = match vm.call(&callable, &[]) {
            Ok(item) => item,
            Err(raise) => {
                let class = vm.exc.stop_iteration.clone();
                vm.catch(raise, &class)?;
                self.callable.set(Value::Undef);
                return Ok(None);
            }
        };
        if vm.equal(&self.sentinel, &item)? {
            self.callable.set(Value::Undef);
            return Ok(None);
        }
        Ok(Some(item))
    }
}

impl NativeType for CallableIterator {
    const DEF: &'static TypeDef = &TypeDef::new("callable_iterator", "builtins", Layout::Final)
        .iterator()
        .methods(&[reduce_row(|vm, args| {
            let Some(this) = args[0].opaque::<CallableIterator>() else {
                return Ok(Value::None);
            };
            let name = vm.intern("iter");
            let iter = vm.builtins.get_str(&name).unwrap_or(Value::None);
            let arguments = match this.callable.get() {
                Value::Undef => Tuple::value([Tuple::value([])]),
                callable => Tuple::value([callable, this.sentinel.clone()]),
            };
            Ok(Tuple::value([iter, arguments]))
        })]);
}

/// Puts the types into the namespace of `builtins`.
pub fn install(vm: &mut Vm) {
    let classes = [
        vm.class_for::<Enumerate>(),
        vm.class_for::<Zip>(),
        vm.class_for::<Map>(),
        vm.class_for::<Filter>(),
        vm.class_for::<Reversed>(),
    ];
    for class in classes {
        let name = vm.intern(&class.name());
        vm.builtins.set_str(&name, class.into());
    }
}
