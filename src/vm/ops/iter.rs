//! Iteration: `iter()`, `next()`, collecting.

use super::iterators::{
    ByteArrayIterator, BytesIterator, DictIterator, ListIterator, Part, SequenceIterator,
    SetIterator, TupleIterator, range_iterator, str_iterator,
};
use super::views::DictView;
use crate::vm::native::NativeDef;
use crate::vm::object::release_backwards;
use crate::vm::object::{
    ByteArray, Bytes, Dict, FrozenSet, GenKind, Generator, Kind, List, Opaque, Range, Set, Str,
    Tuple, character,
};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// `__iter__` and `__next__` of opaque types that implement `NativeData::next`.
pub const ITERATOR_METHODS: &[NativeDef] = &[
    NativeDef::new("__iter__", "(self, /)", iter_self, "Implement iter(self)."),
    NativeDef::new(
        "__next__",
        "(self, /)",
        next_native,
        "Implement next(self).",
    ),
];

fn iter_self(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

fn next_native(vm: &mut Vm, args: &[Value]) -> R {
    let Some(opaque) = args[0].downcast::<Opaque>() else {
        return Err(vm.not_an_iterator(&args[0]));
    };
    match opaque.data.next(vm)? {
        Some(item) => Ok(item),
        None => Err(vm.stop_iteration(Value::None)),
    }
}

impl Vm {
    /// `iter(v)`; TypeError "'X' object is not iterable".
    pub fn iter(&mut self, v: &Value) -> R {
        match self.iter_opt(v)? {
            Some(iterator) => Ok(iterator),
            None => {
                let class = self.type_name(v);
                Err(self.type_error(format!("'{class}' object is not iterable")))
            }
        }
    }

    /// As `iter`, but `None` for what is not iterable at all.
    pub fn iter_opt(&mut self, v: &Value) -> R<Option<Value>> {
        let Value::Obj(obj) = v else {
            return Ok(None);
        };
        let kind = obj.kind();
        match kind {
            Kind::Generator => {
                let iterable = obj
                    .downcast::<Generator>()
                    .is_some_and(|g| g.kind() == GenKind::Generator);
                Ok(iterable.then(|| v.clone()))
            }
            Kind::Opaque => {
                let class = self.class_of(v);
                if class.flags().native_iterator && !class.flags().heap {
                    return Ok(Some(v.clone()));
                }
                if let Some(view) = DictView::of(v) {
                    return Ok(Some(view.iterator(self, false)));
                }
                self.iter_special(v)
            }
            _ => match self.iter_builtin(v) {
                Some(iterator) => Ok(Some(iterator)),
                None if super::arith::is_plain(v) => Ok(None),
                None => self.iter_special(v),
            },
        }
    }

    /// The iterator of a value that is exactly a built-in container.
    pub fn iter_builtin(&mut self, v: &Value) -> Option<Value> {
        let obj = v.as_obj()?;
        match obj.kind() {
            Kind::List => {
                let list = obj.as_ref::<List>()?;
                Some(self.make(ListIterator::new(list)))
            }
            Kind::Tuple => {
                let tuple = obj.as_ref::<Tuple>()?;
                Some(self.make(TupleIterator::new(tuple)))
            }
            Kind::Dict => {
                let dict = obj.as_ref::<Dict>()?;
                Some(DictIterator::forward(self, dict, Part::Keys))
            }
            Kind::Set | Kind::FrozenSet => Some(self.make(SetIterator::new(v))),
            Kind::Range => Some(range_iterator(self, obj.as_ref::<Range>()?, false)),
            Kind::Str => Some(str_iterator(self, obj.as_ref::<Str>()?, true)),
            Kind::Bytes => {
                let bytes = obj.as_ref::<Bytes>()?;
                Some(self.make(BytesIterator::new(bytes)))
            }
            Kind::ByteArray => {
                let array = obj.as_ref::<ByteArray>()?;
                Some(self.make(ByteArrayIterator::new(array)))
            }
            _ => None,
        }
    }

    fn iter_special(&mut self, v: &Value) -> R<Option<Value>> {
        let (iter_name, item_name) = (self.names.__iter__.clone(), self.names.__getitem__.clone());
        let class = self.class_of(v);
        match self.lookup(&class, &iter_name) {
            Some(Value::None) => return Ok(None),
            Some(_) => {}
            None => {
                let indexable = self.lookup(&class, &item_name).is_some();
                return Ok(indexable.then(|| self.make(SequenceIterator::new(v))));
            }
        }
        let Some(iterator) = self.call_special(v, &iter_name, &[])? else {
            return Ok(None);
        };
        if self.is_iterator(&iterator) {
            return Ok(Some(iterator));
        }
        let class = self.type_name(&iterator);
        Err(self.type_error(format!("iter() returned non-iterator of type '{class}'")))
    }

    /// Whether a value has `__next__`.
    pub fn is_iterator(&mut self, v: &Value) -> bool {
        if let Some(g) = v.downcast::<Generator>() {
            return g.kind() == GenKind::Generator;
        }
        let class = self.class_of(v);
        let name = self.names.__next__.clone();
        class.flags().native_iterator || self.lookup(&class, &name).is_some()
    }

    /// The next item of an iterator, `None` at its end (StopIteration is taken).
    pub fn next(&mut self, iterator: &Value) -> R<Option<Value>> {
        let Value::Obj(obj) = iterator else {
            return Err(self.not_an_iterator(iterator));
        };
        match obj.kind() {
            Kind::Generator => {
                if let Some(g) = obj.as_ref::<Generator>()
                    && g.kind() == GenKind::Generator
                {
                    return self.next_item(g);
                }
                Err(self.not_an_iterator(iterator))
            }
            Kind::Opaque => {
                let Some(opaque) = obj.downcast::<Opaque>() else {
                    return Ok(None);
                };
                let flags = opaque.class.get().flags();
                if !flags.native_iterator || flags.heap {
                    return self.next_special(iterator);
                }
                match opaque.data.next(self) {
                    Ok(item) => Ok(item),
                    Err(raise) => self.take_stop(raise),
                }
            }
            _ => self.next_special(iterator),
        }
    }

    fn next_special(&mut self, iterator: &Value) -> R<Option<Value>> {
        let name = self.names.__next__.clone();
        match self.call_special(iterator, &name, &[]) {
            Ok(Some(item)) => Ok(Some(item)),
            Ok(None) => Err(self.not_an_iterator(iterator)),
            Err(raise) => self.take_stop(raise),
        }
    }

    /// StopIteration means the end; anything else goes on.
    /// As `next` for a loop that takes pairs apart; `None` if the iterator is none of those whose
    /// items are always pairs, and nothing has been done.
    pub fn next_pair(&mut self, iterator: &Value) -> Option<R<Option<(Value, Value)>>> {
        let opaque = iterator.downcast::<Opaque>()?;
        let flags = opaque.class.get().flags();
        if !flags.native_iterator || flags.heap {
            return None;
        }
        Some(match opaque.data.next_pair(self)? {
            Ok(pair) => Ok(pair),
            Err(raise) => self.take_stop(raise).map(|_| None),
        })
    }

    fn take_stop(&mut self, raise: Raise) -> R<Option<Value>> {
        let class = self.exc.stop_iteration.clone();
        self.catch(raise, &class)?;
        Ok(None)
    }

    /// TypeError "'X' object is not an iterator".
    #[cold]
    pub fn not_an_iterator(&mut self, v: &Value) -> Raise {
        let class = self.type_name(v);
        self.type_error(format!("'{class}' object is not an iterator"))
    }

    /// The items of a value that is exactly a built-in container, all at once.
    fn snapshot(&self, v: &Value) -> Option<Vec<Value>> {
        let obj = v.as_obj()?;
        match obj.kind() {
            Kind::List => obj.downcast::<List>().map(|l| l.items.borrow().clone()),
            Kind::Tuple => obj.as_ref::<Tuple>().map(|t| t.items().to_vec()),
            Kind::Dict => obj.downcast::<Dict>().map(|d| {
                let map = d.map.borrow();
                map.iter().map(|e| e.key.clone()).collect()
            }),
            Kind::Set => obj.downcast::<Set>().map(|s| {
                let map = s.map.borrow();
                map.iter().map(|(_, key)| key.clone()).collect()
            }),
            Kind::FrozenSet => obj.downcast::<FrozenSet>().map(|s| {
                let map = s.map.borrow();
                map.iter().map(|(_, key)| key.clone()).collect()
            }),
            Kind::Str => {
                let chars = obj.downcast::<Str>()?.as_str().chars();
                Some(chars.map(|c| character(c).into()).collect())
            }
            Kind::Bytes => obj
                .downcast::<Bytes>()
                .map(|b| b.0.iter().map(|b| Value::Int((*b).into())).collect()),
            Kind::Range => match obj.downcast::<Range>().and_then(Range::small)? {
                (start, len, step) if len < 1 << 32 => {
                    let at = |i: i64| Value::Int(start.wrapping_add(i.wrapping_mul(step)));
                    Some((0..len).map(at).collect())
                }
                _ => None,
            },
            Kind::Opaque => DictView::of(v).map(DictView::snapshot),
            _ => None,
        }
    }

    /// All items of an iterable.
    pub fn collect(&mut self, v: &Value) -> R<Vec<Value>> {
        if let Some(items) = self.snapshot(v) {
            return Ok(items);
        }
        let iterator = self.iter(v)?;
        let hint = self.length_hint(v)?;
        let mut items = Vec::with_capacity(hint.min(1 << 16));
        loop {
            match self.next(&iterator) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return Ok(items),
                Err(raise) => {
                    // CPython has them in a list.
                    release_backwards(items);
                    return Err(raise);
                }
            }
        }
    }

    /// How many items an iterable says it has (`__len__`, `__length_hint__`); 0 if it does not.
    pub fn length_hint(&mut self, v: &Value) -> R<usize> {
        if v.kind() != Some(Kind::Instance) {
            return match v.opaque::<SequenceIterator>() {
                Some(iterator) => iterator.hint(self),
                None => Ok(0),
            };
        }
        let (len_name, hint_name) = (
            self.names.__len__.clone(),
            self.names.__length_hint__.clone(),
        );
        if self.special(v, &len_name)?.is_some() {
            return match self.len(v) {
                Ok(n) => Ok(n),
                Err(raise) => {
                    let class = self.exc.type_error.clone();
                    self.catch(raise, &class)?;
                    Ok(0)
                }
            };
        }
        let result = match self.call_special(v, &hint_name, &[]) {
            Ok(None) => return Ok(0),
            Ok(Some(result)) => result,
            Err(raise) => {
                let class = self.exc.type_error.clone();
                self.catch(raise, &class)?;
                return Ok(0);
            }
        };
        if self.is_not_implemented(&result) {
            return Ok(0);
        }
        match result.unwrapped() {
            Value::Int(n) if n >= 0 => Ok(usize::try_from(n).unwrap_or(0)),
            Value::Int(_) => Err(self.value_error("__length_hint__() should return >= 0")),
            other => {
                let class = self.type_name(&other);
                Err(self.type_error(format!("__length_hint__ must be an integer, not {class}")))
            }
        }
    }

    /// Calls `f` with each item, until it says `false`.
    pub fn for_each(&mut self, v: &Value, mut f: impl FnMut(&mut Vm, Value) -> R<bool>) -> R<()> {
        if let Some(tuple) = v.as_ref::<Tuple>() {
            for item in tuple.clone().items() {
                if !f(self, item.clone())? {
                    break;
                }
            }
            return Ok(());
        }
        if let Some(list) = v.as_ref::<List>().cloned() {
            for i in 0.. {
                let Some(item) = list.items.borrow().get(i).cloned() else {
                    break;
                };
                if !f(self, item)? {
                    break;
                }
            }
            return Ok(());
        }
        let iterator = self.iter(v)?;
        while let Some(item) = self.next(&iterator)? {
            if !f(self, item)? {
                break;
            }
        }
        Ok(())
    }
}
