//! The methods of `deque`.

use super::deque::{Deque, this};
use crate::builtins::arguments::int_or;
use crate::vm::native::NativeDef;
use crate::vm::object::{List, Tuple};
use crate::vm::ops::arith::clamp;
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn append(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?.push_back(args[1].clone());
    Ok(Value::None)
}

fn appendleft(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?.push_front(args[1].clone());
    Ok(Value::None)
}

/// What `extend` adds: a deque added to itself is looked at once, before.
fn source(v: &Value) -> Value {
    match v.opaque::<Deque>() {
        Some(deque) => List::value(deque.snapshot()),
        None => v.clone(),
    }
}

fn extend(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    vm.for_each(&source(&args[1]), |_, item| {
        deque.push_back(item);
        Ok(true)
    })?;
    Ok(Value::None)
}

fn extendleft(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    vm.for_each(&source(&args[1]), |_, item| {
        deque.push_front(item);
        Ok(true)
    })?;
    Ok(Value::None)
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    deque.changed();
    let item = deque.items.borrow_mut().pop_back();
    item.ok_or_else(|| vm.index_error("pop from an empty deque"))
}

fn popleft(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    deque.changed();
    let item = deque.items.borrow_mut().pop_front();
    item.ok_or_else(|| vm.index_error("pop from an empty deque"))
}

fn clear(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    deque.changed();
    let old = deque.items.take();
    vm.release_in_turn(old);
    Ok(Value::None)
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let class = vm.class_of(&args[0]);
    if !class.flags().heap {
        let data = Deque::new(deque.items.borrow().clone(), deque.maxlen.get());
        return Ok(vm.make(data));
    }
    let mut arguments = vec![args[0].clone()];
    arguments.extend(deque.maxlen.get().map(Value::from));
    vm.call(&class.into(), &arguments)
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let (mut n, version) = (0_usize, deque.version.get());
    for item in deque.snapshot() {
        n += usize::from(vm.equal(&item, &args[1])?);
        if deque.version.get() != version {
            return Err(vm.runtime_error("deque mutated during iteration"));
        }
    }
    Ok(Value::from(n))
}

/// The first place of an equal item in a part of the deque.
fn position(vm: &mut Vm, deque: &Deque, v: &Value, range: (usize, usize)) -> R<Option<usize>> {
    let version = deque.version.get();
    for i in range.0..range.1.min(deque.len()) {
        let item = deque.items.borrow().get(i).cloned();
        let Some(item) = item else { break };
        let equal = vm.equal(&item, v)?;
        if deque.version.get() != version {
            return Err(vm.runtime_error("deque mutated during iteration"));
        }
        if equal {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn contains(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let found = position(vm, deque, &args[1], (0, usize::MAX))?;
    Ok(Value::bool(found.is_some()))
}

fn fitted(vm: &mut Vm, v: &Value, default: usize, len: usize) -> R<usize> {
    let Some(v) = v.given() else {
        return Ok(default);
    };
    let i = clamp(&vm.index(v)?);
    let size = i64::try_from(len).unwrap_or(i64::MAX);
    let i = if i < 0 {
        i.saturating_add(size).max(0)
    } else {
        i.min(size)
    };
    Ok(usize::try_from(i).unwrap_or(0))
}

fn not_in_deque(vm: &mut Vm, v: &Value) -> crate::vm::Raise {
    match vm.repr(v) {
        Ok(shown) => vm.value_error(format!("{} is not in deque", shown.as_str())),
        Err(raise) => raise,
    }
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let len = deque.len();
    let range = (
        fitted(vm, &args[2], 0, len)?,
        fitted(vm, &args[3], len, len)?,
    );
    match position(vm, deque, &args[1], range)? {
        Some(i) => Ok(Value::from(i)),
        None => Err(not_in_deque(vm, &args[1])),
    }
}

fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let version = deque.version.get();
    let found = position(vm, deque, &args[1], (0, usize::MAX));
    if found.is_err() && deque.version.get() != version {
        // Here, and only here, CPython has it an IndexError.
        let class = vm.exc.runtime_error.clone();
        found.or_else(|raise| vm.catch(raise, &class).map(|_| None))?;
        return Err(vm.index_error("deque mutated during iteration"));
    }
    let Some(i) = found? else {
        return Err(not_in_deque(vm, &args[1]));
    };
    deque.changed();
    let removed = deque.items.borrow_mut().remove(i);
    drop(removed);
    Ok(Value::None)
}

fn insert(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let at = vm.index_i64(&args[1])?;
    let len = deque.len();
    if deque.maxlen.get().is_some_and(|m| len >= m) {
        return Err(vm.index_error("deque already at its maximum size"));
    }
    let size = i64::try_from(len).unwrap_or(i64::MAX);
    let at = if at < 0 {
        at.saturating_add(size).max(0)
    } else {
        at.min(size)
    };
    deque.changed();
    let at = usize::try_from(at).unwrap_or(0);
    deque.items.borrow_mut().insert(at, args[2].clone());
    Ok(Value::None)
}

fn reverse(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    deque.items.borrow_mut().make_contiguous().reverse();
    Ok(Value::None)
}

fn rotate(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let n = int_or(vm, &args[1], 1)?;
    let mut items = deque.items.borrow_mut();
    let Ok(len) = i64::try_from(items.len()) else {
        return Ok(Value::None);
    };
    if len > 0 {
        let steps = usize::try_from(n.rem_euclid(len)).unwrap_or(0);
        items.rotate_right(steps);
        drop(items);
        deque.changed();
    }
    Ok(Value::None)
}

/// A key as a place in the deque.
fn place(vm: &mut Vm, deque: &Deque, key: &Value) -> R<usize> {
    let Some(i) = vm.index_opt(key)? else {
        let class = vm.type_name(key);
        return Err(vm.type_error(format!("sequence index must be integer, not '{class}'")));
    };
    let len = i64::try_from(deque.len()).unwrap_or(i64::MAX);
    let class = vm.exc.index_error.clone();
    let i = vm.index_sized(&i, &class)?;
    let i = if i < 0 { i.saturating_add(len) } else { i };
    match usize::try_from(i).ok().filter(|_| i < len) {
        Some(i) => Ok(i),
        None => Err(vm.index_error("deque index out of range")),
    }
}

fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let i = place(vm, deque, &args[1])?;
    Ok(deque.get(i).unwrap_or(Value::None))
}

fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let i = place(vm, deque, &args[1])?;
    let old = {
        let mut items = deque.items.borrow_mut();
        items
            .get_mut(i)
            .map(|p| std::mem::replace(p, args[2].clone()))
    };
    drop(old);
    Ok(Value::None)
}

fn delitem(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let i = place(vm, deque, &args[1])?;
    deque.changed();
    let old = deque.items.borrow_mut().remove(i);
    drop(old);
    Ok(Value::None)
}

fn len(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::from(this(vm, &args[0])?.len()))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let deque = this(vm, &args[0])?;
    let class = vm.class_of(&args[0]).name();
    let items = List::value(deque.snapshot());
    let written = vm.while_writing(&args[0], |vm| vm.repr_list(&items))?;
    let items = written.unwrap_or_else(|| "[...]".to_string());
    if items == "[...]" {
        return Ok(Value::str("[...]"));
    }
    Ok(Value::from(match deque.maxlen.get() {
        Some(n) => format!("{class}({items}, maxlen={n})"),
        None => format!("{class}({items})"),
    }))
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].opaque::<Deque>().is_none() {
        let other = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "can only concatenate deque (not \"{other}\") to deque"
        )));
    }
    let sum = copy(vm, &args[..1])?;
    extend(vm, &[sum.clone(), args[1].clone()])?;
    Ok(sum)
}

fn iadd(vm: &mut Vm, args: &[Value]) -> R {
    extend(vm, args)?;
    Ok(args[0].clone())
}

fn times(vm: &mut Vm, target: &Value, count: &Value) -> R<()> {
    let deque = this(vm, target)?;
    if vm.index_opt(count)?.is_none() {
        let class = vm.type_name(count);
        let message = format!("can't multiply sequence by non-int of type '{class}'");
        return Err(vm.type_error(message));
    }
    let class = vm.exc.overflow_error.clone();
    let n = usize::try_from(vm.index_sized(count, &class)?).unwrap_or(0);
    let items = deque.snapshot();
    let keep = deque.maxlen.get().unwrap_or(usize::MAX);
    let total = (items.len() as u128).saturating_mul(n as u128);
    if total.min(keep as u128) > 1 << 40 {
        return Err(vm.out_of_memory());
    }
    if n == 0 {
        deque.changed();
        drop(deque.items.take());
    }
    // Only the last `maxlen` items survive, however many rounds there are.
    let rounds = n.min(keep.div_ceil(items.len().max(1)).saturating_add(1));
    for _ in 1..rounds {
        for item in &items {
            deque.push_back(item.clone());
        }
    }
    Ok(())
}

fn mul(vm: &mut Vm, args: &[Value]) -> R {
    let product = copy(vm, &args[..1])?;
    times(vm, &product, &args[1])?;
    Ok(product)
}

fn imul(vm: &mut Vm, args: &[Value]) -> R {
    times(vm, &args[0], &args[1])?;
    Ok(args[0].clone())
}

fn compare(vm: &mut Vm, op: Cmp, args: &[Value]) -> R {
    let (Some(a), Some(b)) = (args[0].opaque::<Deque>(), args[1].opaque::<Deque>()) else {
        return Ok(vm.not_implemented());
    };
    if matches!(op, Cmp::Eq | Cmp::Ne) && a.len() != b.len() {
        return Ok(Value::bool(op == Cmp::Ne));
    }
    let (x, y) = (List::value(a.snapshot()), List::value(b.snapshot()));
    vm.compare(op, &x, &y)
}

macro_rules! comparisons {
    ($($name:ident $op:ident;)*) => { $(
        fn $name(vm: &mut Vm, args: &[Value]) -> R {
            compare(vm, Cmp::$op, args)
        }
    )* };
}

comparisons! {
    lt Lt;
    le Le;
    eq Eq;
    ne Ne;
    gt Gt;
    ge Ge;
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let maxlen = this(vm, &args[0])?.maxlen.get();
    let arguments = match maxlen {
        Some(maxlen) => vec![Tuple::value([]), maxlen.into()],
        None => vec![],
    };
    let class = vm.class_of(&args[0]);
    let attributes = crate::vm::ops::attr::dict_of(&class, &args[0]);
    let state = attributes.filter(|d| !d.map.borrow().is_empty());
    let items = super::deque::iter(vm, args)?;
    Ok(Tuple::value([
        class.into(),
        Tuple::value(arguments),
        state.map_or(Value::None, Value::from),
        items,
    ]))
}

pub const METHODS: &[NativeDef] = &[
    crate::builtins::types::CLASS_GETITEM,
    NativeDef::new(
        "append",
        "(self, item, /)",
        append,
        "Add an item at the right end.",
    ),
    NativeDef::new(
        "appendleft",
        "(self, item, /)",
        appendleft,
        "Add an item at the left end.",
    ),
    NativeDef::new(
        "extend",
        "(self, iterable, /)",
        extend,
        "Add items at the right end.",
    ),
    NativeDef::new(
        "extendleft",
        "(self, iterable, /)",
        extendleft,
        "Add items at the left end, one before the other.",
    ),
    NativeDef::new(
        "pop",
        "(self, /)",
        pop,
        "Remove the item at the right end and return it.",
    ),
    NativeDef::new(
        "popleft",
        "(self, /)",
        popleft,
        "Remove the item at the left end and return it.",
    ),
    NativeDef::new("clear", "(self, /)", clear, "Remove all items."),
    NativeDef::new("copy", "(self, /)", copy, "A deque of the same items."),
    NativeDef::new("__copy__", "(self, /)", copy, "A deque of the same items."),
    NativeDef::new(
        "count",
        "(self, value, /)",
        count,
        "How many items are equal to the value.",
    ),
    NativeDef::new(
        "index",
        "(self, value, start=0, stop=None, /)",
        index,
        "Where the first equal item stands; ValueError if there is none.",
    ),
    NativeDef::new(
        "remove",
        "(self, value, /)",
        remove,
        "Remove the first equal item; ValueError if there is none.",
    ),
    NativeDef::new(
        "insert",
        "(self, index, value, /)",
        insert,
        "Put an item before an index.",
    ),
    NativeDef::new("reverse", "(self, /)", reverse, "Turn the deque around."),
    NativeDef::new(
        "rotate",
        "(self, n=1, /)",
        rotate,
        "Move so many items from the right end to the left.",
    ),
    NativeDef::new(
        "__contains__",
        "(self, key, /)",
        contains,
        "Return bool(key in self).",
    ),
    NativeDef::new(
        "__getitem__",
        "(self, key, /)",
        getitem,
        "Return self[key].",
    ),
    NativeDef::new(
        "__setitem__",
        "(self, key, value, /)",
        setitem,
        "Set self[key] to value.",
    ),
    NativeDef::new(
        "__delitem__",
        "(self, key, /)",
        delitem,
        "Delete self[key].",
    ),
    NativeDef::new("__len__", "(self, /)", len, "Return len(self)."),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__add__", "(self, value, /)", add, "Return self+value."),
    NativeDef::new(
        "__iadd__",
        "(self, value, /)",
        iadd,
        "Implement self+=value.",
    ),
    NativeDef::new("__mul__", "(self, value, /)", mul, "Return self*value."),
    NativeDef::new("__rmul__", "(self, value, /)", mul, "Return value*self."),
    NativeDef::new(
        "__imul__",
        "(self, value, /)",
        imul,
        "Implement self*=value.",
    ),
    NativeDef::new("__lt__", "(self, value, /)", lt, "Return self<value."),
    NativeDef::new("__le__", "(self, value, /)", le, "Return self<=value."),
    NativeDef::new("__eq__", "(self, value, /)", eq, "Return self==value."),
    NativeDef::new("__ne__", "(self, value, /)", ne, "Return self!=value."),
    NativeDef::new("__gt__", "(self, value, /)", gt, "Return self>value."),
    NativeDef::new("__ge__", "(self, value, /)", ge, "Return self>=value."),
    NativeDef::new("__reduce__", "(self, /)", reduce, "How to make a copy."),
];
