//! Awaitables, async iterators, context managers.

use super::{copy_at, operand_b, put_at};
use crate::bytecode::Instr;
use crate::vm::heap::Ref;
use crate::vm::object::{Exception, Future, GenKind, Generator, NativeFunction, Str};
use crate::vm::ops::attr::is_plain_method;
use crate::vm::ops::future::NextTurn;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The iterator of `yield from value`.
#[inline(never)]
pub fn get_yield_from(vm: &mut Vm, value: Value) -> R {
    if let Some(g) = value.downcast::<Generator>() {
        if g.kind() == GenKind::Coroutine && !vm.in_coroutine() {
            return Err(vm.type_error(
                "cannot 'yield from' a coroutine object in a non-coroutine generator",
            ));
        }
        if g.kind() != GenKind::AsyncGenerator {
            return Ok(value);
        }
    }
    vm.iter(&value)
}

/// The iterator of `await value`.
#[inline(never)]
pub fn get_awaitable(vm: &mut Vm, value: Value, place: u16) -> R {
    if place != OF_ANEXT {
        return awaitable(vm, value, place);
    }
    let what = vm.type_name(&value);
    awaitable(vm, value, place).or_else(|raise| {
        let cause = vm.take_raised(raise);
        let refusal = vm.type_error(format!(
            "'async for' received an invalid object from __anext__: {what}"
        ));
        let error = vm.take_raised(refusal);
        vm.set_cause(&error, &cause)?;
        vm.set_context(&error, &cause);
        Err(vm.raise(error))
    })
}

/// The place of what `__anext__` gave.
const OF_ANEXT: u16 = 3;

fn awaitable(vm: &mut Vm, value: Value, place: u16) -> R {
    if value.opaque::<NextTurn>().is_some() {
        return Ok(value);
    }
    if let Some(g) = value.as_ref::<Generator>() {
        if g.kind() == GenKind::Coroutine {
            if crate::vm::generator::yield_from(g).is_some() && !g.parent.get().is_null() {
                return Err(vm.runtime_error("coroutine is being awaited already"));
            }
            return Ok(value);
        }
        if g.kind() == GenKind::Generator && g.is_iterable_coroutine() {
            return Ok(value);
        }
    }
    if value.downcast::<Future>().is_some() && vm.awaits_natively(&value) {
        return Ok(value);
    }
    let name = vm.names.__await__.clone();
    let Some(iterator) = vm.call_special(&value, &name, &[])? else {
        let what = vm.type_name(&value);
        return Err(vm.type_error(match place {
            1 => format!(
                "'async with' received an object from __aenter__ that does not implement __await__: {what}"
            ),
            2 => format!(
                "'async with' received an object from __aexit__ that does not implement __await__: {what}"
            ),
            _ => format!("object {what} can't be used in 'await' expression"),
        }));
    };
    if iterator
        .downcast::<Generator>()
        .is_some_and(|g| g.kind() == GenKind::Coroutine)
    {
        return Err(vm.type_error("__await__() returned a coroutine"));
    }
    let next = vm.names.__next__.clone();
    let is_generator = iterator.downcast::<Generator>().is_some();
    if !is_generator && vm.lookup(&vm.class_of(&iterator), &next).is_none() {
        let what = vm.type_name(&iterator);
        return Err(vm.type_error(format!(
            "__await__() returned non-iterator of type '{what}'"
        )));
    }
    Ok(iterator)
}

impl Vm {
    /// What `await value` would drive, for those that drive it by its methods.
    pub fn await_iterator(&mut self, value: &Value) -> R {
        let found = awaitable(self, value.clone(), 0)?;
        if !found.is(value) || found.downcast::<Generator>().is_some() {
            return Ok(found);
        }
        // What the VM awaits without an iterator has one all the same.
        let name = self.names.__await__.clone();
        Ok(self.call_special(value, &name, &[])?.unwrap_or(found))
    }

    /// The running frame is a coroutine's (or an iterable coroutine's).
    fn in_coroutine(&self) -> bool {
        self.frame
            .generator()
            .is_some_and(|g| g.kind() == GenKind::Coroutine || g.is_iterable_coroutine())
    }

    /// A future whose class does not override `__await__`: the VM awaits it without an iterator.
    fn awaits_natively(&self, value: &Value) -> bool {
        let class = self.class_of(value);
        class.is(&self.types.future)
            || class.is(&self.types.task)
            || self
                .lookup(&class, &self.names.__await__)
                .is_some_and(|f| f.as_ref::<NativeFunction>().is_some())
    }
}

#[inline(never)]
pub fn get_aiter(vm: &mut Vm, value: Value) -> R {
    if value
        .downcast::<Generator>()
        .is_some_and(|g| g.kind() == GenKind::AsyncGenerator)
    {
        return Ok(value);
    }
    let name = vm.names.__aiter__.clone();
    let Some(iterator) = vm.call_special(&value, &name, &[])? else {
        let what = vm.type_name(&value);
        return Err(vm.type_error(format!(
            "'async for' requires an object with __aiter__ method, got {what}"
        )));
    };
    let next = vm.names.__anext__.clone();
    if vm.lookup(&vm.class_of(&iterator), &next).is_none() {
        let what = vm.type_name(&iterator);
        return Err(vm.type_error(format!(
            "'async for' received an object from __aiter__ that does not implement __anext__: {what}"
        )));
    }
    Ok(iterator)
}

#[inline(never)]
pub fn get_anext(vm: &mut Vm, value: Value) -> R {
    if let Some(g) = value.as_ref::<Generator>()
        && g.kind() == GenKind::AsyncGenerator
    {
        return crate::vm::asyncgen::asend(vm, g, Value::None);
    }
    let name = vm.names.__anext__.clone();
    match vm.call_special(&value, &name, &[])? {
        Some(awaitable) => {
            if vm.is_observed() {
                vm.mark_next(&awaitable);
            }
            Ok(awaitable)
        }
        None => {
            let what = vm.type_name(&value);
            Err(vm.type_error(format!(
                "'async for' requires an iterator with __anext__ method, got {what}"
            )))
        }
    }
}

/// `EnterWith` and `EnterAsyncWith`: the exit method is looked up before enter is called.
#[inline(never)]
pub fn enter_with(vm: &mut Vm, i: &Instr, regs: *mut Value, is_async: bool) -> R<()> {
    let manager = operand_b(i, regs);
    let (enter, this, exit, exit_this) = match plain_enter_and_exit(vm, &manager, is_async) {
        Some((enter, exit)) => (enter, manager.clone(), exit, manager),
        None => {
            let ((enter, this), (exit, exit_this)) = enter_and_exit(vm, &manager, is_async)?;
            (enter, this, exit, exit_this)
        }
    };
    let entered = match vm.make_suspended(&enter, this.clone()) {
        Some(coroutine) => coroutine,
        None if this.is_undef() => vm.call(&enter, &[])?,
        None => vm.call(&enter, &[this])?,
    };
    put_at(regs, i.a as usize, exit);
    put_at(regs, i.a as usize + 1, exit_this);
    put_at(regs, i.c as usize, entered);
    Ok(())
}

/// The two methods of a context manager, if its class has both as functions.
#[inline(always)]
fn plain_enter_and_exit(vm: &Vm, manager: &Value, is_async: bool) -> Option<(Value, Value)> {
    let (enter, exit) = if is_async {
        (&vm.names.__aenter__, &vm.names.__aexit__)
    } else {
        (&vm.names.__enter__, &vm.names.__exit__)
    };
    let class = vm.class_of(manager);
    let plain = |name: &Ref<Str>| vm.lookup(&class, name).filter(is_plain_method);
    Some((plain(enter)?, plain(exit)?))
}

/// A method as it is called: the function, and the self or `Undef`.
type Bound = (Value, Value);

/// The two methods of a context manager, whatever they are.
fn enter_and_exit(vm: &mut Vm, manager: &Value, is_async: bool) -> R<(Bound, Bound)> {
    let (enter_name, exit_name) = if is_async {
        (vm.names.__aenter__.clone(), vm.names.__aexit__.clone())
    } else {
        (vm.names.__enter__.clone(), vm.names.__exit__.clone())
    };
    let Some(enter) = vm.special(manager, &enter_name)? else {
        return Err(not_a_manager(vm, manager, is_async, None));
    };
    let Some(exit) = vm.special(manager, &exit_name)? else {
        return Err(not_a_manager(vm, manager, is_async, Some(&exit_name)));
    };
    Ok((enter, exit))
}

#[cold]
fn not_a_manager(
    vm: &mut Vm,
    manager: &Value,
    is_async: bool,
    missed: Option<&Ref<Str>>,
) -> crate::vm::Raise {
    let what = vm.type_name(manager);
    let protocol = if is_async {
        "asynchronous context manager"
    } else {
        "context manager"
    };
    let detail = match missed {
        Some(name) => format!(" (missed {} method)", name.as_str()),
        None => String::new(),
    };
    vm.type_error(format!(
        "'{what}' object does not support the {protocol} protocol{detail}"
    ))
}

/// Calls the exit window with the exception's type, itself and its traceback.
#[inline(never)]
pub fn exit_with(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let (exit, this) = (copy_at(regs, i.b as usize), copy_at(regs, i.b as usize + 1));
    let exception = copy_at(regs, i.c as usize);
    let class: Value = vm.class_of(&exception).into();
    let traceback = match exception.downcast::<Exception>().map(|e| e.traceback.get()) {
        Some(Value::Undef) | None => Value::None,
        Some(tb) => tb,
    };
    if this.is_undef() {
        vm.call(&exit, &[class, exception, traceback])
    } else {
        vm.call(&exit, &[this, class, exception, traceback])
    }
}
