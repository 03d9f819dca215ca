//! Comparison, truth, membership, length.

use super::number;
use super::range;
use super::sequence::buffer;
use super::sets;
use crate::vm::compare_pure::equal_pure;
use crate::vm::heap::Ref;
use crate::vm::object::{
    ByteArray, Bytes, Dict, FrozenSet, Instance, Kind, List, Opaque, Range, Set, Slice, Str, Tuple,
};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cmp::Ordering;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cmp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

impl Cmp {
    pub fn symbol(self) -> &'static str {
        match self {
            Cmp::Lt => "<",
            Cmp::Le => "<=",
            Cmp::Eq => "==",
            Cmp::Ne => "!=",
            Cmp::Gt => ">",
            Cmp::Ge => ">=",
        }
    }

    /// The operator with its operands exchanged.
    pub fn reflected(self) -> Cmp {
        match self {
            Cmp::Lt => Cmp::Gt,
            Cmp::Le => Cmp::Ge,
            Cmp::Eq => Cmp::Eq,
            Cmp::Ne => Cmp::Ne,
            Cmp::Gt => Cmp::Lt,
            Cmp::Ge => Cmp::Le,
        }
    }

    /// Whether an order satisfies it.
    #[inline]
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Cmp::Lt => order.is_lt(),
            Cmp::Le => order.is_le(),
            Cmp::Eq => order.is_eq(),
            Cmp::Ne => order.is_ne(),
            Cmp::Gt => order.is_gt(),
            Cmp::Ge => order.is_ge(),
        }
    }

    /// Whether it holds between numbers of which one is a NaN.
    fn holds_unordered(self) -> bool {
        self == Cmp::Ne
    }

    fn name(self, vm: &Vm) -> Ref<Str> {
        let n = &vm.names;
        match self {
            Cmp::Lt => &n.__lt__,
            Cmp::Le => &n.__le__,
            Cmp::Eq => &n.__eq__,
            Cmp::Ne => &n.__ne__,
            Cmp::Gt => &n.__gt__,
            Cmp::Ge => &n.__ge__,
        }
        .clone()
    }
}

/// `a op b` where both are built-in values (or, for containers, instances of subclasses); `None`
/// where their types do not compare so.
pub fn builtin(vm: &mut Vm, op: Cmp, a: &Value, b: &Value) -> R<Option<bool>> {
    if let (Value::Obj(x), Value::Obj(y)) = (a, b)
        && x.kind() == y.kind()
    {
        match x.kind() {
            Kind::Str => {
                let (s, t) = (x.downcast::<Str>(), y.downcast::<Str>());
                return Ok(Some(op.holds(s.map(Str::as_str).cmp(&t.map(Str::as_str)))));
            }
            Kind::Tuple => {
                if let (Some(s), Some(t)) = (x.as_ref::<Tuple>(), y.as_ref::<Tuple>()) {
                    return compare_tuples(vm, op, s, t).map(Some);
                }
            }
            Kind::List => {
                if let (Some(s), Some(t)) = (x.as_ref::<List>(), y.as_ref::<List>()) {
                    return compare_lists(vm, op, s, t).map(Some);
                }
            }
            _ => {}
        }
    }
    if let Some(order) = number::order(a, b) {
        return Ok(Some(order.map_or(op.holds_unordered(), |o| op.holds(o))));
    }
    if let (Some(s), Some(t)) = (a.as_str(), b.as_str()) {
        return Ok(Some(op.holds(s.cmp(t))));
    }
    let equality = matches!(op, Cmp::Eq | Cmp::Ne);
    if equality && let Some(equal) = equal_pure(a, b) {
        return Ok(Some(equal == (op == Cmp::Eq)));
    }
    if let (Some(x), Some(y)) = (a.payload::<Tuple>(), b.payload::<Tuple>()) {
        return compare_tuples(vm, op, &x, &y).map(Some);
    }
    if let (Some(x), Some(y)) = (a.payload::<List>(), b.payload::<List>()) {
        return compare_lists(vm, op, &x, &y).map(Some);
    }
    if let Some(result) = sets::compare(vm, op, a, b)? {
        return Ok(Some(result));
    }
    if is_buffer(a) && is_buffer(b) {
        return Ok(Some(op.holds(buffer(a).cmp(&buffer(b)))));
    }
    if !equality {
        return match (a.downcast::<Slice>(), b.downcast::<Slice>()) {
            (Some(s), Some(t)) => {
                let x = Tuple::new([s.start.clone(), s.stop.clone(), s.step.clone()]);
                let y = Tuple::new([t.start.clone(), t.stop.clone(), t.step.clone()]);
                compare_tuples(vm, op, &x, &y).map(Some)
            }
            _ => Ok(None),
        };
    }
    let equal = if let (Some(x), Some(y)) = (a.payload::<Dict>(), b.payload::<Dict>()) {
        equal_dicts(vm, &x, &y)?
    } else if let (Some(x), Some(y)) = (a.downcast::<Range>(), b.downcast::<Range>()) {
        range::equal(x, y)
    } else if let (Some(s), Some(t)) = (a.downcast::<Slice>(), b.downcast::<Slice>()) {
        let pairs = [(&s.start, &t.start), (&s.stop, &t.stop), (&s.step, &t.step)];
        let mut equal = true;
        for (x, y) in pairs {
            equal = equal && vm.equal(x, y)?;
        }
        equal
    } else {
        return Ok(None);
    };
    Ok(Some(equal == (op == Cmp::Eq)))
}

fn is_buffer(v: &Value) -> bool {
    match v.kind() {
        Some(Kind::Bytes | Kind::ByteArray | Kind::Opaque) => buffer(v).is_some(),
        Some(Kind::Instance) => {
            v.payload::<Bytes>().is_some() || v.payload::<ByteArray>().is_some()
        }
        _ => false,
    }
}

fn compare_tuples(vm: &mut Vm, op: Cmp, x: &Ref<Tuple>, y: &Ref<Tuple>) -> R<bool> {
    let (s, t) = (x.items(), y.items());
    for (i, (a, b)) in s.iter().zip(t).enumerate() {
        let same = if a.is(b) {
            Some(true)
        } else {
            equal_pure(a, b)
        };
        match same {
            Some(true) => {}
            Some(false) => return decide(vm, op, a, b),
            None => {
                let (s, t) = (s.get(i..), t.get(i..));
                return compare_rest(vm, op, s.unwrap_or_default(), t.unwrap_or_default());
            }
        }
    }
    Ok(op.holds(s.len().cmp(&t.len())))
}

/// Tuples from the first pair of items on that only the VM can compare.
fn compare_rest(vm: &mut Vm, op: Cmp, s: &[Value], t: &[Value]) -> R<bool> {
    vm.nested(" in comparison", |vm| {
        for (a, b) in s.iter().zip(t) {
            if !vm.equal(a, b)? {
                return decide(vm, op, a, b);
            }
        }
        Ok(op.holds(s.len().cmp(&t.len())))
    })
}

/// At the first difference of two sequences.
fn decide(vm: &mut Vm, op: Cmp, a: &Value, b: &Value) -> R<bool> {
    match op {
        Cmp::Eq => Ok(false),
        Cmp::Ne => Ok(true),
        _ => vm.compare_bool(op, a, b),
    }
}

fn compare_lists(vm: &mut Vm, op: Cmp, x: &Ref<List>, y: &Ref<List>) -> R<bool> {
    let lengths = |x: &Ref<List>, y: &Ref<List>| (x.items.borrow().len(), y.items.borrow().len());
    if matches!(op, Cmp::Eq | Cmp::Ne) {
        let (m, n) = lengths(x, y);
        if m != n {
            return Ok(op == Cmp::Ne);
        }
    }
    vm.nested(" in comparison", |vm| {
        for i in 0.. {
            let a = x.items.borrow().get(i).cloned();
            let b = y.items.borrow().get(i).cloned();
            let (Some(a), Some(b)) = (a, b) else { break };
            if !vm.equal(&a, &b)? {
                // The comparison may have shortened one of them.
                let (m, n) = lengths(x, y);
                if i >= m || i >= n {
                    break;
                }
                return decide(vm, op, &a, &b);
            }
        }
        let (m, n) = lengths(x, y);
        Ok(op.holds(m.cmp(&n)))
    })
}

fn equal_dicts(vm: &mut Vm, x: &Ref<Dict>, y: &Ref<Dict>) -> R<bool> {
    if x.len() != y.len() {
        return Ok(false);
    }
    let entries: Vec<(u64, Value, Value)> = {
        let map = x.map.borrow();
        map.iter()
            .map(|e| (e.hash, e.key.clone(), e.value.clone()))
            .collect()
    };
    vm.nested(" in comparison", |vm| {
        for (hash, key, value) in entries {
            let Some(at) = vm.find_in(&y.map, hash, &key)? else {
                return Ok(false);
            };
            let other = y.map.borrow().entry(at).map(|e| e.value.clone());
            match other {
                Some(other) if vm.equal(&value, &other)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    })
}

impl Vm {
    /// A rich comparison with its result as the program sees it (any object).
    pub fn compare(&mut self, op: Cmp, a: &Value, b: &Value) -> R {
        if super::arith::is_plain(a) && super::arith::is_plain(b) {
            return match builtin(self, op, a, b)? {
                Some(result) => Ok(Value::bool(result)),
                None => self.compare_by_identity(op, a, b),
            };
        }
        self.compare_special(op, a, b)
    }

    /// What is left when neither operand knows how to compare.
    fn compare_by_identity(&mut self, op: Cmp, a: &Value, b: &Value) -> R {
        match op {
            Cmp::Eq => Ok(Value::bool(a.is(b))),
            Cmp::Ne => Ok(Value::bool(!a.is(b))),
            _ => {
                let (left, right) = (self.type_name(a), self.type_name(b));
                Err(self.type_error(format!(
                    "'{}' not supported between instances of '{left}' and '{right}'",
                    op.symbol()
                )))
            }
        }
    }

    fn compare_special(&mut self, op: Cmp, a: &Value, b: &Value) -> R {
        let simple = |v: &Value| super::arith::is_plain(v) || compares_by_identity(v);
        if matches!(op, Cmp::Eq | Cmp::Ne) && simple(a) && simple(b) {
            return Ok(Value::bool(a.is(b) == (op == Cmp::Eq)));
        }
        let (class_a, class_b) = (self.class_of(a), self.class_of(b));
        let (forward, reflected) = (op.name(self), op.reflected().name(self));
        let subclass_first = !class_a.is(&class_b) && class_b.is_subclass(&class_a);
        if subclass_first && let Some(result) = self.try_compare(b, &reflected, a)? {
            return Ok(result);
        }
        if let Some(result) = self.try_compare(a, &forward, b)? {
            return Ok(result);
        }
        if !subclass_first && let Some(result) = self.try_compare(b, &reflected, a)? {
            return Ok(result);
        }
        self.compare_by_identity(op, a, b)
    }

    fn try_compare(&mut self, a: &Value, name: &Ref<Str>, b: &Value) -> R<Option<Value>> {
        match self.call_special(a, name, std::slice::from_ref(b))? {
            Some(result) if !self.is_not_implemented(&result) => Ok(Some(result)),
            _ => Ok(None),
        }
    }

    /// `a op b` as a truth value.
    #[inline]
    pub fn compare_bool(&mut self, op: Cmp, a: &Value, b: &Value) -> R<bool> {
        if let (Value::Int(x), Value::Int(y)) = (a, b) {
            return Ok(op.holds(x.cmp(y)));
        }
        let result = self.compare(op, a, b)?;
        self.truth(&result)
    }

    /// `a is b or a == b`, as containers compare.
    #[inline]
    pub fn equal(&mut self, a: &Value, b: &Value) -> R<bool> {
        if a.is(b) {
            return Ok(true);
        }
        match equal_pure(a, b) {
            Some(equal) => Ok(equal),
            None => self.compare_bool(Cmp::Eq, a, b),
        }
    }

    /// `bool(v)`.
    pub fn truth(&mut self, v: &Value) -> R<bool> {
        let Value::Obj(obj) = v else {
            return Ok(match v {
                Value::True => true,
                Value::Int(i) => *i != 0,
                Value::Float(f) => f.get() != 0.0,
                _ => false,
            });
        };
        Ok(match obj.kind() {
            Kind::Str => obj
                .downcast::<Str>()
                .is_some_and(|s| !s.as_str().is_empty()),
            Kind::Int => true,
            Kind::Complex => number::num(v).is_some_and(
                |n| matches!(n, number::Num::Complex(re, im) if re != 0.0 || im != 0.0),
            ),
            Kind::Function
            | Kind::BoundMethod
            | Kind::NativeFunction
            | Kind::Generator
            | Kind::Module
            | Kind::Code
            | Kind::Slice => true,
            Kind::Bytes
            | Kind::ByteArray
            | Kind::List
            | Kind::Tuple
            | Kind::Dict
            | Kind::Set
            | Kind::FrozenSet => len_builtin(v) != Some(0),
            Kind::Range => obj
                .downcast::<Range>()
                .is_some_and(|r| !matches!(r.len, Value::Int(0))),
            Kind::Opaque => match obj.downcast::<Opaque>().and_then(Opaque::size) {
                Some(len) => len > 0,
                None => return self.truth_special(v),
            },
            _ => return self.truth_special(v),
        })
    }

    fn truth_special(&mut self, v: &Value) -> R<bool> {
        if self.is_not_implemented(v) {
            // 3.13 still says True, with a DeprecationWarning.
            return Ok(true);
        }
        let (bool_name, len_name) = (self.names.__bool__.clone(), self.names.__len__.clone());
        if let Some(result) = self.call_special(v, &bool_name, &[])? {
            return match result {
                Value::True => Ok(true),
                Value::False => Ok(false),
                other => {
                    let class = self.type_name(&other);
                    Err(self.type_error(format!("__bool__ should return bool, returned {class}")))
                }
            };
        }
        match self.special(v, &len_name)? {
            Some(_) => Ok(self.len(v)? != 0),
            None => Ok(true),
        }
    }

    /// `item in container`.
    pub fn contains(&mut self, container: &Value, item: &Value) -> R<bool> {
        if let Some(result) = contains_builtin(self, container, item)? {
            return Ok(result);
        }
        if !super::arith::is_plain(container) {
            let name = self.names.__contains__.clone();
            let class = self.class_of(container);
            if matches!(self.lookup(&class, &name), Some(Value::None)) {
                let class = self.type_name(container);
                return Err(self.type_error(format!("'{class}' object is not a container")));
            }
            if let Some(result) = self.call_special(container, &name, std::slice::from_ref(item))? {
                return self.truth(&result);
            }
        }
        let iterator = match self.iter_opt(container)? {
            Some(iterator) => iterator,
            None => {
                let class = self.type_name(container);
                return Err(self.type_error(format!("argument of type '{class}' is not iterable")));
            }
        };
        while let Some(found) = self.next(&iterator)? {
            if self.equal(&found, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `len(v)`.
    pub fn len(&mut self, v: &Value) -> R<usize> {
        if let Some(n) = len_builtin(v) {
            return Ok(n);
        }
        if let Some(r) = v.downcast::<Range>() {
            return match r.len.as_i64() {
                Some(n) => Ok(usize::try_from(n).unwrap_or(0)),
                None => Err(self.overflow_error("Python int too large to convert to C ssize_t")),
            };
        }
        let name = self.names.__len__.clone();
        let Some(result) = self.call_special(v, &name, &[])? else {
            let class = self.type_name(v);
            return Err(self.type_error(format!("object of type '{class}' has no len()")));
        };
        let overflow = self.exc.overflow_error.clone();
        let n = self.index_sized(&result, &overflow)?;
        usize::try_from(n).map_err(|_| self.value_error("__len__() should return >= 0"))
    }
}

/// Whether `==` and `!=` of such an object are identity: neither its class nor a base defines
/// `__eq__` or `__ne__`.
fn compares_by_identity(v: &Value) -> bool {
    match v.kind() {
        Some(Kind::Instance) => v
            .downcast::<Instance>()
            .is_some_and(|i| !i.class.get().flags().custom_eq),
        Some(Kind::Function | Kind::Generator | Kind::Module | Kind::Code) => true,
        Some(Kind::Exception | Kind::Class | Kind::Opaque | Kind::Future) | None => false,
        _ => false,
    }
}

/// The length of a value that is exactly a built-in container.
pub fn len_builtin(v: &Value) -> Option<usize> {
    let obj = v.as_obj()?;
    match obj.kind() {
        Kind::Str => obj.downcast::<Str>().map(Str::char_count),
        Kind::Bytes => obj.downcast::<Bytes>().map(|b| b.0.len()),
        Kind::ByteArray => obj.downcast::<ByteArray>().map(|b| b.0.borrow().len()),
        Kind::List => obj.downcast::<List>().map(|l| l.items.borrow().len()),
        Kind::Tuple => obj.as_ref::<Tuple>().map(|t| t.items().len()),
        Kind::Dict => obj.downcast::<Dict>().map(Dict::len),
        Kind::Set => obj.downcast::<Set>().map(|s| s.map.borrow().len()),
        Kind::FrozenSet => obj.downcast::<FrozenSet>().map(|s| s.map.borrow().len()),
        Kind::Opaque => obj.downcast::<Opaque>().and_then(Opaque::size),
        _ => None,
    }
}

/// Membership in a value that is exactly a built-in container; `None` if it is none.
pub fn contains_builtin(vm: &mut Vm, container: &Value, item: &Value) -> R<Option<bool>> {
    let Some(kind) = container.kind() else {
        return Ok(None);
    };
    match kind {
        Kind::Str => match (container.as_str(), item.as_str()) {
            (Some(text), Some(part)) => {
                Ok(Some(crate::text::str_ops::position(text, part).is_some()))
            }
            _ => {
                let class = vm.type_name(item);
                Err(vm.type_error(format!(
                    "'in <string>' requires string as left operand, not {class}"
                )))
            }
        },
        Kind::List => {
            let Some(list) = container.downcast::<List>() else {
                return Ok(None);
            };
            for i in 0.. {
                let Some(x) = list.items.borrow().get(i).cloned() else {
                    break;
                };
                if vm.equal(&x, item)? {
                    return Ok(Some(true));
                }
            }
            Ok(Some(false))
        }
        Kind::Tuple => {
            let items = container.as_ref::<Tuple>().map_or(&[][..], |t| t.items());
            for x in items {
                if vm.equal(x, item)? {
                    return Ok(Some(true));
                }
            }
            Ok(Some(false))
        }
        Kind::Dict => match container.as_ref::<Dict>() {
            Some(dict) => vm.dict_contains(dict, item).map(Some),
            None => Ok(None),
        },
        Kind::Set | Kind::FrozenSet => match sets::map_of(container) {
            Some(set) => set_has(vm, &set, item).map(Some),
            None => Ok(None),
        },
        Kind::Range => match container.downcast::<Range>() {
            Some(r) => range::contains(vm, r, item).map(Some),
            None => Ok(None),
        },
        Kind::Bytes | Kind::ByteArray => bytes_contain(vm, container, item).map(Some),
        _ => Ok(None),
    }
}

/// A set as an element is looked up as if it were frozen.
pub fn set_has(vm: &mut Vm, set: &sets::AnySet, item: &Value) -> R<bool> {
    let error = match vm.set_contains(set.map(), item) {
        Err(raise) if item.payload::<Set>().is_some() => raise,
        result => return result,
    };
    let class = vm.exc.type_error.clone();
    vm.catch(error, &class)?;
    vm.set_contains(set.map(), &frozen_key(vm, item))
}

/// For lookups: an unhashable set stands for the frozenset equal to it.
pub fn frozen_key(vm: &Vm, item: &Value) -> Value {
    let hash = &vm.names.__hash__;
    match item.payload::<Set>() {
        Some(_)
            if vm
                .lookup(&vm.class_of(item), hash)
                .is_some_and(|h| !h.is_none()) =>
        {
            item.clone()
        }
        Some(set) => sets::make(set.map.borrow().copied(), true),
        None => item.clone(),
    }
}

fn bytes_contain(vm: &mut Vm, container: &Value, item: &Value) -> R<bool> {
    let bytes = buffer(container).unwrap_or_default();
    if let Some(part) = buffer(item) {
        return Ok(crate::text::bytes_ops::find(&bytes, &part, None, None).is_some());
    }
    let n = match vm.index_opt(item) {
        Ok(n) => n,
        Err(raise) => {
            drop(vm.take_raised(raise));
            None
        }
    };
    let Some(n) = n else {
        let class = vm.type_name(item);
        return Err(vm.type_error(format!("a bytes-like object is required, not '{class}'")));
    };
    match n.as_i64().map(u8::try_from) {
        Some(Ok(byte)) => Ok(bytes.contains(&byte)),
        _ => Err(vm.value_error("byte must be in range(0, 256)")),
    }
}
