//! `groupby`: the groups share the iterator with it, so moving on ends the group before.

use super::visit_all;
use crate::builtins::iterators::make_of;
use crate::vm::heap::{ObjRef, Slot};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Layout, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::Cell;
use std::rc::Rc;

/// What a `groupby` and its groups share.
struct Shared {
    iterator: Value,
    /// `None` compares the items themselves.
    key_function: Value,
    /// The key of the group under way; `Undef` before the first.
    target: Slot,
    /// The key of the item read last, and the item until it is given out.
    current_key: Slot,
    current: Slot,
    /// A number for each group: one that is not the last is over.
    group: Cell<u64>,
}

impl Shared {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        let slots = [&self.target, &self.current_key, &self.current].map(Slot::get);
        visit_all(
            slots.iter().chain([&self.iterator, &self.key_function]),
            visit,
        );
    }

    /// Reads an item and its key; false at the end.
    fn read(&self, vm: &mut Vm) -> R<bool> {
        let Some(item) = vm.next(&self.iterator)? else {
            return Ok(false);
        };
        let key = if self.key_function.is_none() {
            item.clone()
        } else {
            vm.call(&self.key_function, std::slice::from_ref(&item))?
        };
        self.current.set(item);
        self.current_key.set(key);
        Ok(true)
    }
}

/// `groupby`.
pub struct GroupBy(Rc<Shared>);

/// One of its groups.
pub struct Grouper {
    shared: Rc<Shared>,
    target: Value,
    group: u64,
}

impl NativeData for GroupBy {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.0.trace(visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let shared = &self.0;
        shared.group.set(shared.group.get() + 1);
        // Skips what is left of the group before.
        loop {
            let key = shared.current_key.get();
            if !key.is_undef() {
                let target = shared.target.get();
                if target.is_undef() || !vm.equal(&target, &key)? {
                    break;
                }
            }
            if !shared.read(vm)? {
                return Ok(None);
            }
        }
        let key = shared.current_key.get();
        shared.target.set(key.clone());
        let grouper = vm.make(Grouper {
            shared: shared.clone(),
            target: key.clone(),
            group: shared.group.get(),
        });
        Ok(Some(Tuple::value([key, grouper])))
    }
}

impl NativeData for Grouper {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.target], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let shared = &self.shared;
        if shared.group.get() != self.group {
            return Ok(None);
        }
        if shared.current.is_undef() && !shared.read(vm)? {
            return Ok(None);
        }
        let key = shared.current_key.get();
        if !vm.equal(&self.target, &key)? {
            return Ok(None);
        }
        let item = shared.current.take();
        Ok((!item.is_undef()).then_some(item))
    }
}

impl NativeType for GroupBy {
    const DEF: &'static TypeDef = &TypeDef::new("groupby", "itertools", Layout::Opaque(38))
        .doc("Pairs of a key and an iterator over the neighbouring items that have it.")
        .iterator()
        .methods(&[NativeDef::constructor(
            "(cls, iterable, key=None)",
            new_groupby,
        )]);
}

impl NativeType for Grouper {
    const DEF: &'static TypeDef =
        &TypeDef::new("_grouper", "itertools", Layout::Opaque(39)).iterator();
}

fn new_groupby(vm: &mut Vm, args: &[Value]) -> R {
    let shared = Shared {
        iterator: vm.iter(&args[1])?,
        key_function: args[2].given().cloned().unwrap_or(Value::None),
        target: Slot::undef(),
        current_key: Slot::undef(),
        current: Slot::undef(),
        group: Cell::new(0),
    };
    make_of(vm, &args[0], GroupBy(Rc::new(shared)))
}
