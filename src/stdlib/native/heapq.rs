//! `_heapq`: what keeps a list a heap.
//!
//! Comparing runs code of the program, so that the list is looked at anew after each comparison.

use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::List;
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_heapq",
    doc: "A heap in a list: heap[0] is the smallest.",
    functions: FUNCTIONS,
    init: None,
};

const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "heappush",
        "(heap, item, /)",
        push,
        "Push item onto heap, maintaining the heap invariant.",
    ),
    NativeDef::new(
        "heappop",
        "(heap, /)",
        pop,
        "Pop the smallest item off the heap, maintaining the heap invariant.",
    ),
    NativeDef::new(
        "heappushpop",
        "(heap, item, /)",
        push_pop,
        "Push item on the heap, then pop and return the smallest item from the heap.",
    ),
    NativeDef::new(
        "heapreplace",
        "(heap, item, /)",
        replace,
        "Pop and return the current smallest value, and add the new item.",
    ),
    NativeDef::new(
        "heapify",
        "(heap, /)",
        heapify,
        "Transform list into a heap, in-place, in O(len(heap)) time.",
    ),
];

/// The list in the first argument of a function of so many.
fn list(vm: &mut Vm, args: &[Value], name: &str) -> R<Ref<List>> {
    if let Some(list) = args[0].payload::<List>() {
        return Ok(list);
    }
    let class = vm.argument_type(&args[0]);
    let which = if args.len() == 1 { "" } else { " 1" };
    Err(vm.type_error(format!(
        "{name}() argument{which} must be list, not {class}"
    )))
}

fn item(vm: &mut Vm, list: &List, i: usize) -> R {
    let found = list.items.borrow().get(i).cloned();
    found.ok_or_else(|| out_of_range(vm))
}

fn out_of_range(vm: &mut Vm) -> crate::vm::Raise {
    let class = vm.exc.index_error.clone();
    vm.error(&class, "index out of range")
}

/// Whether one item is less than another, both by their places.
fn less(vm: &mut Vm, list: &List, a: usize, b: usize) -> R<bool> {
    let (x, y) = (item(vm, list, a)?, item(vm, list, b)?);
    let size = list.items.borrow().len();
    let less = vm.compare_bool(Cmp::Lt, &x, &y)?;
    if list.items.borrow().len() == size {
        return Ok(less);
    }
    let class = vm.exc.runtime_error.clone();
    Err(vm.error(&class, "list changed size during iteration"))
}

/// Moves the item up until its parent is not greater, but not above `top`.
fn rise(vm: &mut Vm, list: &List, top: usize, mut at: usize) -> R<()> {
    while at > top {
        let parent = (at - 1) / 2;
        if !less(vm, list, at, parent)? {
            break;
        }
        list.items.borrow_mut().swap(at, parent);
        at = parent;
    }
    Ok(())
}

/// Brings an item to its place below: all the way down past the smaller children, then up again.
/// It comes from the end of the heap and most likely belongs there.
fn sink(vm: &mut Vm, list: &List, top: usize) -> R<()> {
    let end = list.items.borrow().len();
    let mut at = top;
    while at < end / 2 {
        let mut child = 2 * at + 1;
        if child + 1 < end && !less(vm, list, child, child + 1)? {
            child += 1;
        }
        list.items.borrow_mut().swap(at, child);
        at = child;
    }
    rise(vm, list, top, at)
}

/// Puts an item on top, in the place of the one that is returned.
fn exchange(vm: &mut Vm, list: &List, item: Value) -> R {
    let top = list
        .items
        .borrow_mut()
        .first_mut()
        .map(|top| std::mem::replace(top, item));
    match top {
        Some(top) => {
            sink(vm, list, 0)?;
            Ok(top)
        }
        None => Err(out_of_range(vm)),
    }
}

fn push(vm: &mut Vm, args: &[Value]) -> R {
    let list = list(vm, args, "heappush")?;
    let place = list.items.borrow().len();
    list.items.borrow_mut().push(args[1].clone());
    rise(vm, &list, 0, place)?;
    Ok(Value::None)
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let list = list(vm, args, "heappop")?;
    let last = list.items.borrow_mut().pop();
    match last {
        None => Err(out_of_range(vm)),
        Some(last) if list.items.borrow().is_empty() => Ok(last),
        Some(last) => exchange(vm, &list, last),
    }
}

fn push_pop(vm: &mut Vm, args: &[Value]) -> R {
    let list = list(vm, args, "heappushpop")?;
    let top = list.items.borrow().first().cloned();
    match top {
        Some(top) if vm.compare_bool(Cmp::Lt, &top, &args[1])? => {
            exchange(vm, &list, args[1].clone())
        }
        _ => Ok(args[1].clone()),
    }
}

fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let list = list(vm, args, "heapreplace")?;
    exchange(vm, &list, args[1].clone())
}

fn heapify(vm: &mut Vm, args: &[Value]) -> R {
    let list = list(vm, args, "heapify")?;
    let parents = list.items.borrow().len() / 2;
    for at in (0..parents).rev() {
        sink(vm, &list, at)?;
    }
    Ok(Value::None)
}
