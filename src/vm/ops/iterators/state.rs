//! What the iterators of containers tell about themselves: how many items are left, how pickle and
//! copy make them again, and where they can be sent.

use super::*;
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::Layout;
use crate::vm::ops::arith::is_int;
use crate::vm::ops::sets;

/// How an iterator is made again.
enum Rest {
    /// From a container and an index.
    At(Value, usize),
    /// The same, backwards.
    Before(Value, usize),
    /// From what is left; `None` goes with it, as in CPython.
    Range(Value),
    /// From the items that are left.
    Items(Vec<Value>),
    /// Nothing is left: from an empty container.
    Over(Value),
    /// The same, of an iterator over a list from its end.
    OverBackwards,
}

trait Resumable: NativeType {
    fn remaining(&self) -> usize;

    fn rest(&self, vm: &mut Vm) -> R<Rest>;

    /// Goes on at an index, if the iterator is not over.
    fn go_to(&self, _at: i64) {}
}

fn length_hint<T: Resumable>(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::from(args[0].opaque::<T>().map_or(0, T::remaining)))
}

fn reduce<T: Resumable>(vm: &mut Vm, args: &[Value]) -> R {
    let Some(iterator) = args[0].opaque::<T>() else {
        return Ok(Value::None);
    };
    let (name, from, state) = match iterator.rest(vm)? {
        Rest::At(container, at) => ("iter", container, Some(Value::from(at))),
        Rest::Before(container, at) => {
            let at = i64::try_from(at).unwrap_or(i64::MAX) - 1;
            ("reversed", container, Some(Value::Int(at)))
        }
        Rest::Range(range) => ("iter", range, Some(Value::None)),
        Rest::Items(items) => ("iter", List::value(items), None),
        Rest::Over(empty) => ("iter", empty, None),
        Rest::OverBackwards => ("reversed", List::value(Vec::new()), None),
    };
    let name = vm.intern(name);
    let function = vm.builtins.get_str(&name).unwrap_or(Value::None);
    let parts = [function, Tuple::value([from])];
    Ok(Tuple::value(
        parts.into_iter().chain(state).collect::<Vec<_>>(),
    ))
}

fn set_state<T: Resumable>(vm: &mut Vm, args: &[Value]) -> R {
    if !is_int(&args[1]) {
        return Err(vm.type_error("an integer is required"));
    }
    let at = vm.index_i64(&args[1])?;
    if let Some(iterator) = args[0].opaque::<T>() {
        iterator.go_to(at);
    }
    Ok(Value::None)
}

const fn hint_of<T: Resumable>() -> NativeDef {
    NativeDef::new(
        "__length_hint__",
        "(self, /)",
        length_hint::<T>,
        "Private method returning an estimate of len(list(it)).",
    )
}

const fn reduce_of<T: Resumable>() -> NativeDef {
    NativeDef::new(
        "__reduce__",
        "(self, /)",
        reduce::<T>,
        "Return state information for pickling.",
    )
}

const fn set_state_of<T: Resumable>() -> NativeDef {
    NativeDef::new(
        "__setstate__",
        "(self, state, /)",
        set_state::<T>,
        "Set state information for unpickling.",
    )
}

macro_rules! iterator_types {
    ($with:ident: $($name:ty, $class:literal;)*) => { $(
        impl NativeType for $name {
            const DEF: &'static TypeDef = &TypeDef::new($class, "builtins", Layout::Final)
                .iterator()
                .methods(const { iterator_types!(@$with $name) });
        }
    )* };
    (@fixed $name:ty) => { &[hint_of::<$name>(), reduce_of::<$name>()] };
    (@movable $name:ty) => {
        &[hint_of::<$name>(), reduce_of::<$name>(), set_state_of::<$name>()]
    };
}

iterator_types! {
    movable:
    ListIterator, "list_iterator";
    ListReverseIterator, "list_reverseiterator";
    TupleIterator, "tuple_iterator";
    RangeIterator, "range_iterator";
    LongRangeIterator, "longrange_iterator";
    StrIterator<true>, "str_ascii_iterator";
    StrIterator<false>, "str_iterator";
    BytesIterator, "bytes_iterator";
    ByteArrayIterator, "bytearray_iterator";
    SequenceIterator, "iterator";
}

iterator_types! {
    fixed:
    DictIterator<0>, "dict_keyiterator";
    DictIterator<1>, "dict_valueiterator";
    DictIterator<2>, "dict_itemiterator";
    DictIterator<3>, "dict_reversekeyiterator";
    DictIterator<4>, "dict_reversevalueiterator";
    DictIterator<5>, "dict_reverseitemiterator";
    SetIterator, "set_iterator";
}

/// An index as a state: not below 0, and at most `most`.
fn fitted(at: i64, most: usize) -> usize {
    usize::try_from(at).unwrap_or(0).min(most)
}

impl ListIterator {
    fn len(&self) -> usize {
        let holder = self.list.get();
        let list = holder.downcast::<List>();
        list.map_or(0, |l| l.items.borrow().len())
    }
}

impl Resumable for ListIterator {
    fn remaining(&self) -> usize {
        self.len().saturating_sub(self.at.get())
    }

    fn rest(&self, _: &mut Vm) -> R<Rest> {
        Ok(match self.list.whole() {
            Value::Undef => Rest::Over(List::value(Vec::new())),
            list => Rest::At(list, self.at.get()),
        })
    }

    fn go_to(&self, at: i64) {
        self.at.set(fitted(at, self.len()));
    }
}

impl Resumable for ListReverseIterator {
    fn remaining(&self) -> usize {
        let list = self.list.get();
        let length = list
            .as_ref::<List>()
            .map_or(0, |list| list.items.borrow().len());
        // A list that has become shorter than the place says is over.
        let at = self.at.get();
        if at > length { 0 } else { at }
    }

    fn rest(&self, _: &mut Vm) -> R<Rest> {
        Ok(match (self.list.whole(), self.at.get()) {
            (Value::Undef, _) | (_, 0) => Rest::OverBackwards,
            (list, at) => Rest::Before(list, at),
        })
    }

    fn go_to(&self, at: i64) {
        let holder = self.list.get();
        if let Some(list) = holder.downcast::<List>() {
            let most = list.items.borrow().len();
            self.at.set(fitted(at.saturating_add(1), most));
        }
    }
}

impl Resumable for TupleIterator {
    fn remaining(&self) -> usize {
        let holder = self.tuple.get();
        let len = holder.as_ref::<Tuple>().map_or(0, |t| t.items().len());
        len.saturating_sub(self.at.get())
    }

    fn rest(&self, _: &mut Vm) -> R<Rest> {
        Ok(match self.tuple.whole() {
            Value::Undef => Rest::Over(Tuple::value([])),
            tuple => Rest::At(tuple, self.at.get()),
        })
    }

    fn go_to(&self, at: i64) {
        let holder = self.tuple.get();
        let len = holder.as_ref::<Tuple>().map_or(0, |t| t.items().len());
        self.at.set(fitted(at, len));
    }
}

impl Resumable for RangeIterator {
    fn remaining(&self) -> usize {
        usize::try_from(self.left.get()).unwrap_or(0)
    }

    fn rest(&self, _: &mut Vm) -> R<Rest> {
        let (start, left) = (self.next.get(), self.left.get().max(0));
        let stop = i128::from(start) + i128::from(left) * i128::from(self.step);
        let made = range::make(
            Value::Int(start),
            Value::bigint(stop.into()),
            Value::Int(self.step),
        );
        Ok(Rest::Range(made.into()))
    }

    fn go_to(&self, at: i64) {
        let at = at.clamp(0, self.left.get().max(0));
        let skipped = self.step.wrapping_mul(at);
        self.next.set(self.next.get().wrapping_add(skipped));
        self.left.set(self.left.get() - at);
    }
}

impl Resumable for LongRangeIterator {
    fn remaining(&self) -> usize {
        let len = self.range.len.as_i64().unwrap_or(i64::MAX);
        let done = self.index.get().as_i64().unwrap_or(0);
        usize::try_from(len.saturating_sub(done)).unwrap_or(0)
    }

    fn rest(&self, _: &mut Vm) -> R<Rest> {
        let start = range::item(&self.range, &self.index.get());
        let (stop, step) = (self.range.stop.clone(), self.range.step.clone());
        Ok(Rest::Range(range::make(start, stop, step).into()))
    }

    fn go_to(&self, at: i64) {
        let at = at.max(0);
        let len = self.range.len.as_i64().unwrap_or(i64::MAX);
        self.index.set(Value::Int(at.min(len)));
    }
}

fn chars_left(text: &Held, at: usize) -> usize {
    let holder = text.get();
    let rest = holder.as_str().and_then(|s| s.get(at..));
    rest.map_or(0, |r| r.chars().count())
}

fn rest_of_text(text: &Held, at: usize) -> Rest {
    match text.whole() {
        Value::Undef => Rest::Over(Value::str("")),
        whole => {
            let head = whole.as_str().and_then(|s| s.get(..at));
            let at = head.map_or(0, |h| h.chars().count());
            Rest::At(whole, at)
        }
    }
}

/// Where the character with that index begins.
fn place_in_text(text: &Held, at: i64) -> usize {
    let holder = text.get();
    let whole = holder.as_str().unwrap_or("");
    let at = usize::try_from(at).unwrap_or(0);
    whole.char_indices().nth(at).map_or(whole.len(), |(i, _)| i)
}

macro_rules! text_iterators {
    ($($ascii:literal)*) => { $(
        impl Resumable for StrIterator<$ascii> {
            fn remaining(&self) -> usize {
                chars_left(&self.text, self.at.get())
            }

            fn rest(&self, _: &mut Vm) -> R<Rest> {
                Ok(rest_of_text(&self.text, self.at.get()))
            }

            fn go_to(&self, at: i64) {
                self.at.set(place_in_text(&self.text, at));
            }
        }
    )* };
}

text_iterators!(true false);

impl BytesIterator {
    fn len(&self) -> usize {
        let holder = self.bytes.get();
        holder.downcast::<Bytes>().map_or(0, |b| b.0.len())
    }
}

impl Resumable for BytesIterator {
    fn remaining(&self) -> usize {
        self.len().saturating_sub(self.at.get())
    }

    fn rest(&self, _: &mut Vm) -> R<Rest> {
        Ok(match self.bytes.whole() {
            Value::Undef => Rest::Over(Tuple::value([])),
            bytes => Rest::At(bytes, self.at.get()),
        })
    }

    fn go_to(&self, at: i64) {
        self.at.set(fitted(at, self.len()));
    }
}

impl ByteArrayIterator {
    fn len(&self) -> usize {
        let holder = self.array.get();
        let array = holder.downcast::<ByteArray>();
        array.map_or(0, |a| a.0.borrow().len())
    }
}

impl Resumable for ByteArrayIterator {
    fn remaining(&self) -> usize {
        self.len().saturating_sub(self.at.get())
    }

    fn rest(&self, _: &mut Vm) -> R<Rest> {
        Ok(match self.array.whole() {
            Value::Undef => Rest::Over(Tuple::value([])),
            array => Rest::At(array, self.at.get()),
        })
    }

    fn go_to(&self, at: i64) {
        self.at.set(fitted(at, self.len()));
    }
}

impl Resumable for SequenceIterator {
    fn remaining(&self) -> usize {
        0
    }

    fn rest(&self, _: &mut Vm) -> R<Rest> {
        Ok(match self.sequence.get() {
            Value::Undef => Rest::Over(Tuple::value([])),
            sequence => Rest::At(sequence, usize::try_from(self.at.get()).unwrap_or(0)),
        })
    }

    fn go_to(&self, at: i64) {
        self.at.set(at.max(0));
    }
}

macro_rules! dict_iterators {
    ($($kind:literal)*) => { $(
        impl Resumable for DictIterator<$kind> {
            fn remaining(&self) -> usize {
                let holder = self.dict.get();
                let same = holder.downcast::<Dict>().is_some_and(|d| d.len() == self.size.get());
                if same { self.left.get() } else { 0 }
            }

            /// What is left, found by a second iterator that goes on where this one is.
            fn rest(&self, vm: &mut Vm) -> R<Rest> {
                let ahead = DictIterator::<$kind> {
                    dict: Held::new(self.dict.get()),
                    at: self.at.clone(),
                    size: self.size.clone(),
                    left: self.left.clone(),
                };
                let mut items = Vec::new();
                while let Some(item) = ahead.next(vm)? {
                    items.push(item);
                }
                Ok(Rest::Items(items))
            }
        }
    )* };
}

dict_iterators!(0 1 2 3 4 5);

impl Resumable for SetIterator {
    fn remaining(&self) -> usize {
        match sets::map_of(&self.set.get()) {
            Some(set) if set.len() == self.size.get() => set.len().saturating_sub(self.given.get()),
            _ => 0,
        }
    }

    fn rest(&self, vm: &mut Vm) -> R<Rest> {
        let ahead = SetIterator {
            set: Held::new(self.set.get()),
            at: self.at.clone(),
            size: self.size.clone(),
            given: self.given.clone(),
        };
        let mut items = Vec::new();
        while let Some(item) = ahead.next(vm)? {
            items.push(item);
        }
        Ok(Rest::Items(items))
    }
}
