//! `list`.

use super::{CLASS_GETITEM, CONTAINER, GETITEM, MUTABLE, made};
use crate::builtins::arguments::this;
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Kind, List, release_backwards};
use crate::vm::ops::arith::{Arith, clamp};
use crate::vm::ops::compare::Cmp;
use crate::vm::ops::iterators::{ListReverseIterator, kept};
use crate::vm::ops::sequence;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn is_list(v: &Value) -> bool {
    v.kind() == Some(Kind::List)
}

super::comparison_methods!(is_list);

/// `list.__new__`: an empty list, which `__init__` fills.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.list.clone();
    made(vm, &args[0], &class, List::value(Vec::new()))
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    release_backwards(list.items.take());
    if let Some(from) = args[1].given() {
        sequence::extend(vm, &list, from)?;
    }
    Ok(Value::None)
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    let result = sequence::concat(vm, &args[0].unwrapped(), &args[1])?;
    Ok(vm.or_not_implemented(result))
}

fn mul(vm: &mut Vm, args: &[Value]) -> R {
    repeat_method(vm, &args[0], &args[1])
}

/// `__mul__` of a sequence.
pub fn repeat_method(vm: &mut Vm, sequence: &Value, count: &Value) -> R {
    let n = vm.index(count)?;
    let overflow = vm.exc.overflow_error.clone();
    let n = vm.index_sized(&n, &overflow)?;
    let n = usize::try_from(n).unwrap_or(0);
    sequence::repeat(vm, &sequence.unwrapped(), n)
}

fn in_place(vm: &mut Vm, op: Arith, args: &[Value]) -> R {
    sequence::in_place(vm, op, &args[0].unwrapped(), &args[1])?;
    Ok(args[0].clone())
}

fn iadd(vm: &mut Vm, args: &[Value]) -> R {
    in_place(vm, Arith::Add, args)
}

fn imul(vm: &mut Vm, args: &[Value]) -> R {
    vm.index(&args[1])?;
    in_place(vm, Arith::Mul, args)
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    Ok(kept(vm.make(ListReverseIterator::new(&list)), &args[0]))
}

fn append(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    list.items.borrow_mut().push(args[1].clone());
    Ok(Value::None)
}

fn extend(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    sequence::extend(vm, &list, &args[1])?;
    Ok(Value::None)
}

fn insert(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    let at = vm.index_i64(&args[1])?;
    let mut items = list.items.borrow_mut();
    let at = clamp_index(at, items.len());
    items.insert(at, args[2].clone());
    Ok(Value::None)
}

/// An index moved into `0..=len`, negative ones counted from the end.
pub fn clamp_index(i: i64, len: usize) -> usize {
    let size = i64::try_from(len).unwrap_or(i64::MAX);
    let i = if i < 0 { i.saturating_add(size) } else { i };
    usize::try_from(i.clamp(0, size)).unwrap_or(len)
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    let at = match args[1].given() {
        Some(v) => vm.index_i64(v)?,
        None => -1,
    };
    let len = list.items.borrow().len();
    if len == 0 {
        return Err(vm.index_error("pop from empty list"));
    }
    let size = i64::try_from(len).unwrap_or(i64::MAX);
    let at = if at < 0 { at.saturating_add(size) } else { at };
    match usize::try_from(at).ok().filter(|at| *at < len) {
        Some(at) => Ok(list.items.borrow_mut().remove(at)),
        None => Err(vm.index_error("pop index out of range")),
    }
}

/// The first place of an equal item in a part of the list.
fn position(vm: &mut Vm, list: &Ref<List>, v: &Value, range: (usize, usize)) -> R<Option<usize>> {
    for i in range.0..range.1 {
        let Some(item) = list.items.borrow().get(i).cloned() else {
            break;
        };
        if vm.equal(&item, v)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    let Some(at) = position(vm, &list, &args[1], (0, usize::MAX))? else {
        return Err(vm.value_error("list.remove(x): x not in list"));
    };
    let old = {
        let mut items = list.items.borrow_mut();
        (at < items.len()).then(|| items.remove(at))
    };
    drop(old);
    Ok(Value::None)
}

/// The optional `start` and `stop` of `index`, fitted to a length.
pub fn index_range(vm: &mut Vm, args: &[Value], len: usize) -> R<(usize, usize)> {
    let start = match args[2].given() {
        Some(v) => clamp(&slice_index(vm, v)?),
        None => 0,
    };
    let stop = match args[3].given() {
        Some(v) => clamp(&slice_index(vm, v)?),
        None => i64::MAX,
    };
    let stop = if stop < 0 || stop < i64::try_from(len).unwrap_or(i64::MAX) {
        clamp_index(stop, len)
    } else {
        usize::MAX
    };
    Ok((clamp_index(start, len), stop))
}

fn slice_index(vm: &mut Vm, v: &Value) -> R {
    match vm.index_opt(v)? {
        Some(n) => Ok(n),
        None => Err(vm.type_error("slice indices must be integers or have an __index__ method")),
    }
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    let len = list.items.borrow().len();
    let range = index_range(vm, args, len)?;
    match position(vm, &list, &args[1], range)? {
        Some(i) => Ok(Value::from(i)),
        None => {
            let shown = vm.repr(&args[1])?;
            Err(vm.value_error(format!("{} is not in list", shown.as_str())))
        }
    }
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    let mut n = 0_usize;
    for i in 0.. {
        let Some(item) = list.items.borrow().get(i).cloned() else {
            break;
        };
        n += usize::from(vm.equal(&item, &args[1])?);
    }
    Ok(Value::from(n))
}

fn clear(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    let old = list.items.take();
    vm.release_in_turn(old.into_iter().rev());
    Ok(Value::None)
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    let items = list.items.borrow().clone();
    Ok(List::value(items))
}

fn reverse(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    list.items.borrow_mut().reverse();
    Ok(Value::None)
}

fn sort(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    let key = args[1].given().filter(|k| !k.is_none());
    let reverse = crate::builtins::arguments::flag(vm, &args[2])?;
    let mut items = list.items.take();
    let result = super::sort_values(vm, &mut items, key, reverse);
    let meanwhile = list.items.replace(items);
    let modified = meanwhile.capacity() > 0;
    drop(meanwhile);
    result?;
    if modified {
        return Err(vm.value_error("list modified during sort"));
    }
    Ok(Value::None)
}

fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    let list = this::<List>(vm, &args[0])?;
    Ok(Value::from(40 + 8 * list.items.borrow().len()))
}

/// `a < b` as sorting asks it.
pub fn less(vm: &mut Vm, a: &Value, b: &Value) -> R<bool> {
    vm.compare_bool(Cmp::Lt, a, b)
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", new),
    NativeDef::new(
        "__init__",
        "(self, iterable=(), /)",
        init,
        "Fill the list with the items of the iterable.",
    ),
    GETITEM,
    CLASS_GETITEM,
    NativeDef::new("__add__", "(self, value, /)", add, "Return self+value."),
    NativeDef::new("__mul__", "(self, value, /)", mul, "Return self*value."),
    NativeDef::new("__rmul__", "(self, value, /)", mul, "Return value*self."),
    NativeDef::new(
        "__iadd__",
        "(self, value, /)",
        iadd,
        "Implement self+=value.",
    ),
    NativeDef::new(
        "__imul__",
        "(self, value, /)",
        imul,
        "Implement self*=value.",
    ),
    NativeDef::new(
        "__reversed__",
        "(self, /)",
        reversed,
        "Return a reverse iterator over the list.",
    ),
    NativeDef::new(
        "__sizeof__",
        "(self, /)",
        sizeof,
        "Size in memory, in bytes.",
    ),
    NativeDef::new(
        "append",
        "(self, object, /)",
        append,
        "Add an item at the end.",
    ),
    NativeDef::new(
        "extend",
        "(self, iterable, /)",
        extend,
        "Add the items of an iterable at the end.",
    ),
    NativeDef::new(
        "insert",
        "(self, index, object, /)",
        insert,
        "Put an item before an index.",
    ),
    NativeDef::new(
        "pop",
        "(self, index=-1, /)",
        pop,
        "Remove the item at an index and return it.",
    ),
    NativeDef::new(
        "remove",
        "(self, value, /)",
        remove,
        "Remove the first equal item; ValueError if there is none.",
    ),
    NativeDef::new(
        "index",
        "(self, value, start=0, stop=9223372036854775807, /)",
        index,
        "Where the first equal item stands; ValueError if there is none.",
    ),
    NativeDef::new(
        "count",
        "(self, value, /)",
        count,
        "How many items are equal to the value.",
    ),
    NativeDef::new("clear", "(self, /)", clear, "Remove all items."),
    NativeDef::new("copy", "(self, /)", copy, "A list of the same items."),
    NativeDef::new("reverse", "(self, /)", reverse, "Turn the list around."),
    NativeDef::new(
        "sort",
        "(self, /, *, key=None, reverse=False)",
        sort,
        "Sort the list in place; equal items keep their order.",
    ),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.list.clone();
    vm.extend_class(&class, CONTAINER, &[]);
    vm.extend_class(&class, MUTABLE, &[]);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, METHODS, &[]);
    super::make_unhashable(vm, &class);
}
