//! The iterator that `__await__` of a future gives: it yields the future once, and returns its
//! result when it is resumed. The VM awaits futures without it; `yield from future` and drivers
//! of the program's own making use it.

use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Class, Future, Layout, NativeData, Tuple};
use crate::vm::ops::future::{NextTurn, future_result};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

pub(super) struct FutureIter(RefCell<Option<Ref<Future>>>);

impl FutureIter {
    pub fn new(f: Ref<Future>) -> Self {
        FutureIter(RefCell::new(Some(f)))
    }

    /// Resumes: the future to wait for, or the end.
    fn step(&self, vm: &mut Vm) -> R {
        let Some(f) = self.0.borrow().clone() else {
            return Err(vm.stop_iteration(Value::None));
        };
        if !f.is_done() {
            if f.blocking().replace(true) {
                return Err(vm.runtime_error("await wasn't used with future"));
            }
            return Ok(f.into());
        }
        drop(self.0.take());
        let result = future_result(vm, &f)?;
        Err(vm.stop_iteration(result))
    }
}

impl NativeType for NextTurn {
    const DEF: &'static TypeDef = &NEXT_TURN;
}

/// The VM awaits it without `__await__`; this is for drivers of the program's own.
static NEXT_TURN: TypeDef =
    TypeDef::new("next_turn", "_asyncio", Layout::Final).methods(&[NativeDef::new(
        "__await__",
        "(self, /)",
        |vm, _| vm.iter(&Tuple::value([Value::None])),
        "Return an iterator to be used in await expression.",
    )]);

impl NativeData for FutureIter {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        if let Ok(f) = self.0.try_borrow() {
            f.iter().for_each(|f| visit(f.as_obj()));
        }
    }

    fn clear(&self) {
        drop(self.0.take());
    }
}

impl NativeType for FutureIter {
    const DEF: &'static TypeDef = &FUTURE_ITER;
}

static FUTURE_ITER: TypeDef = TypeDef::new("FutureIter", "_asyncio", Layout::Final).methods(&[
    NativeDef::new(
        "__iter__",
        "(self, /)",
        |_, args| Ok(args[0].clone()),
        "Implement iter(self).",
    ),
    NativeDef::new(
        "__next__",
        "(self, /)",
        |vm, args| step(vm, &args[0]),
        "Implement next(self).",
    ),
    NativeDef::new(
        "send",
        "(self, value, /)",
        |vm, args| step(vm, &args[0]),
        "Resume; the value is not used.",
    ),
    NativeDef::new(
        "throw",
        "(self, typ, val=None, tb=None, /)",
        throw,
        "Raise an exception here.",
    ),
    NativeDef::new("close", "(self, /)", close, "Let go of the future."),
]);

fn step(vm: &mut Vm, this: &Value) -> R {
    match this.opaque::<FutureIter>() {
        Some(iter) => iter.step(vm),
        None => Ok(Value::None),
    }
}

fn throw(vm: &mut Vm, args: &[Value]) -> R {
    close(vm, args)?;
    let mut exception = args[1].clone();
    if exception.downcast::<Class>().is_some() {
        let given = match &args[2] {
            Value::Undef | Value::None => vec![],
            value => match value.as_ref::<Tuple>() {
                Some(tuple) => tuple.items().to_vec(),
                None => vec![value.clone()],
            },
        };
        exception = vm.call(&exception, &given)?;
    }
    if !vm
        .class_of(&exception)
        .is_subclass(&vm.exc.base_exception.clone())
    {
        return Err(vm.type_error(
            "exceptions must be classes deriving BaseException or instances of such a class",
        ));
    }
    Err(vm.pass_on(exception))
}

fn close(_: &mut Vm, args: &[Value]) -> R {
    if let Some(iter) = args[0].opaque::<FutureIter>() {
        drop(iter.0.take());
    }
    Ok(Value::None)
}
