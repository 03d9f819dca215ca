//! The awaitable that `anext(iterator, default)` gives: it awaits `__anext__()` and turns the end of
//! the iteration into the default.

use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Generator, Layout, NativeData, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// `anext_awaitable`.
struct AnextAwaitable {
    awaitable: Value,
    /// What is driven, once the first step was asked for.
    iterator: Slot,
    default: Value,
}

impl NativeData for AnextAwaitable {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        let iterator = self.iterator.get();
        [&self.awaitable, &iterator, &self.default]
            .into_iter()
            .filter_map(|v| v.as_obj())
            .for_each(visit);
    }
}

impl NativeType for AnextAwaitable {
    const DEF: &'static TypeDef = &TypeDef::new("anext_awaitable", "builtins", Layout::Final)
        .methods(&[
            NativeDef::new(
                "__await__",
                "(self, /)",
                itself,
                "Return an iterator to be used in await expression.",
            ),
            NativeDef::new("__iter__", "(self, /)", itself, "Implement iter(self)."),
            NativeDef::new("__next__", "(self, /)", next, "Implement next(self)."),
            NativeDef::new(
                "send",
                "(self, value, /)",
                send,
                "Resume what is awaited with a value.",
            ),
            NativeDef::new(
                "throw",
                "(self, /, *args)",
                throw,
                "Raise an exception in what is awaited.",
            ),
            NativeDef::new("close", "(self, /)", close, "Close what is awaited."),
        ]);
}

pub fn with_default(vm: &mut Vm, awaitable: Value, default: Value) -> Value {
    vm.make(AnextAwaitable {
        awaitable,
        iterator: Slot::undef(),
        default,
    })
}

fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

/// What is driven: a coroutine itself, or what `__await__` gives.
fn iterator(vm: &mut Vm, this: &AnextAwaitable) -> R {
    let known = this.iterator.get();
    if !known.is_undef() {
        return Ok(known);
    }
    let found = vm.await_iterator(&this.awaitable)?;
    this.iterator.set(found.clone());
    Ok(found)
}

fn drive(vm: &mut Vm, this: &Value, method: &Ref<Str>, args: &[Value]) -> R {
    let Some(awaitable) = this.opaque::<AnextAwaitable>() else {
        return Ok(Value::None);
    };
    let iterator = iterator(vm, awaitable)?;
    match vm.call_method(&iterator, method, args) {
        Ok(yielded) => Ok(yielded),
        Err(raise) => {
            let class = vm.exc.stop_async_iteration.clone();
            vm.catch(raise, &class)?;
            Err(vm.stop_iteration(awaitable.default.clone()))
        }
    }
}

fn next(vm: &mut Vm, args: &[Value]) -> R {
    send(vm, &[args[0].clone(), Value::None])
}

fn send(vm: &mut Vm, args: &[Value]) -> R {
    let Some(awaitable) = args[0].opaque::<AnextAwaitable>() else {
        return Ok(Value::None);
    };
    let iterator = iterator(vm, awaitable)?;
    if args[1].is_none() && iterator.downcast::<Generator>().is_none() {
        let name = vm.names.__next__.clone();
        return drive(vm, &args[0], &name, &[]);
    }
    let name = vm.names.send.clone();
    drive(vm, &args[0], &name, &args[1..2])
}

fn throw(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.throw.clone();
    let given = args[1]
        .as_ref::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec());
    drive(vm, &args[0], &name, &given)
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.close.clone();
    drive(vm, &args[0], &name, &[])
}
