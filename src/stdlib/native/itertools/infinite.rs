//! `count`, `cycle`, `repeat`.

use super::visit_all;
use crate::builtins::iterators::make_of;
use crate::vm::heap::{ObjRef, Slot};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Layout, NativeData};
use crate::vm::ops::arith::Arith;
use crate::vm::ops::number::num;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};

/// `count`.
pub struct Count {
    next: Slot,
    step: Value,
}

impl NativeData for Count {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.next.get(), &self.step], visit);
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let item = self.next.get();
        let after = vm.arith(Arith::Add, &item, &self.step, false)?;
        self.next.set(after);
        Ok(Some(item))
    }
}

impl NativeType for Count {
    const DEF: &'static TypeDef = &TypeDef::new("count", "itertools", Layout::Opaque(20))
        .doc("Numbers from start on, step apart.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, start=0, step=1)", new_count),
            NativeDef::new("__repr__", "(self, /)", repr_count, "Return repr(self)."),
        ]);
}

fn new_count(vm: &mut Vm, args: &[Value]) -> R {
    let start = args[1].given().cloned().unwrap_or(Value::Int(0));
    let step = args[2].given().cloned().unwrap_or(Value::Int(1));
    for v in [&start, &step] {
        let number = num(&v.unwrapped()).is_some() || {
            let (float, index) = (vm.names.__float__.clone(), vm.names.__index__.clone());
            vm.special(v, &float)?.is_some() || vm.special(v, &index)?.is_some()
        };
        if !number {
            return Err(vm.type_error("a number is required"));
        }
    }
    let next = Slot::new(start);
    make_of(vm, &args[0], Count { next, step })
}

fn repr_count(vm: &mut Vm, args: &[Value]) -> R {
    let Some(count) = args[0].opaque::<Count>() else {
        return Ok(Value::str("count(0)"));
    };
    let class = vm.class_of(&args[0]);
    let name = class.name();
    let next = vm.repr(&count.next.get())?;
    if matches!(count.step, Value::Int(1)) {
        return Ok(Value::from(format!("{name}({})", next.as_str())));
    }
    let step = vm.repr(&count.step)?;
    Ok(Value::from(format!(
        "{name}({}, {})",
        next.as_str(),
        step.as_str()
    )))
}

/// `cycle`.
pub struct Cycle {
    /// `Undef` once the first round is over.
    iterator: Slot,
    saved: RefCell<Vec<Value>>,
    at: Cell<usize>,
}

impl NativeData for Cycle {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.iterator.get()], visit);
        if let Ok(saved) = self.saved.try_borrow() {
            visit_all(saved.iter(), visit);
        }
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let iterator = self.iterator.get();
        if !iterator.is_undef() {
            if let Some(item) = vm.next(&iterator)? {
                self.saved.borrow_mut().push(item.clone());
                return Ok(Some(item));
            }
            self.iterator.set(Value::Undef);
        }
        let saved = self.saved.borrow();
        let item = saved.get(self.at.get()).cloned();
        let next = self.at.get() + 1;
        self.at.set(if next >= saved.len() { 0 } else { next });
        Ok(item)
    }
}

impl NativeType for Cycle {
    const DEF: &'static TypeDef = &TypeDef::new("cycle", "itertools", Layout::Opaque(21))
        .doc("The items again and again.")
        .iterator()
        .methods(&[NativeDef::constructor("(cls, iterable, /)", new_cycle)]);
}

fn new_cycle(vm: &mut Vm, args: &[Value]) -> R {
    let data = Cycle {
        iterator: Slot::new(vm.iter(&args[1])?),
        saved: RefCell::default(),
        at: Cell::new(0),
    };
    make_of(vm, &args[0], data)
}

/// `repeat`.
pub struct Repeat {
    object: Value,
    /// `None`: for ever.
    left: Cell<Option<i64>>,
}

impl NativeData for Repeat {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all([&self.object], visit);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        match self.left.get() {
            Some(n) if n <= 0 => return Ok(None),
            Some(n) => self.left.set(Some(n - 1)),
            None => {}
        }
        Ok(Some(self.object.clone()))
    }
}

impl NativeType for Repeat {
    const DEF: &'static TypeDef = &TypeDef::new("repeat", "itertools", Layout::Opaque(22))
        .doc("One object so many times, or for ever.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, object, times=None)", new_repeat),
            NativeDef::new("__repr__", "(self, /)", repr_repeat, "Return repr(self)."),
            NativeDef::new(
                "__length_hint__",
                "(self, /)",
                repeat_hint,
                "An estimate of len(list(it)).",
            ),
        ]);
}

fn new_repeat(vm: &mut Vm, args: &[Value]) -> R {
    let left = match args[2].given() {
        Some(v) => Some(vm.index_i64(v)?.max(0)),
        None => None,
    };
    let data = Repeat {
        object: args[1].clone(),
        left: Cell::new(left),
    };
    make_of(vm, &args[0], data)
}

fn repr_repeat(vm: &mut Vm, args: &[Value]) -> R {
    let Some(repeat) = args[0].opaque::<Repeat>() else {
        return Ok(Value::str("repeat()"));
    };
    let class = vm.class_of(&args[0]);
    let name = class.name();
    let object = vm.repr(&repeat.object)?;
    Ok(Value::from(match repeat.left.get() {
        Some(n) => format!("{name}({}, {n})", object.as_str()),
        None => format!("{name}({})", object.as_str()),
    }))
}

fn repeat_hint(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].opaque::<Repeat>().and_then(|r| r.left.get()) {
        Some(n) => Ok(Value::Int(n)),
        None => Err(vm.type_error("len() of unsized object")),
    }
}
