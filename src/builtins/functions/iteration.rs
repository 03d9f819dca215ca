//! Iteration: `iter`, `next`, `aiter`, `anext`.

use super::anext;
use crate::builtins::args::is_callable;
use crate::builtins::iterators::CallableIterator;
use crate::vm::native::{NativeDef, Resumes};
use crate::vm::object::{GenKind, Generator};
use crate::vm::value::Value;
use crate::vm::{R, Resume, Tail, Vm};

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let Some(sentinel) = args[1].given() else {
        return vm.iter(&args[0]);
    };
    if !is_callable(vm, &args[0]) {
        return Err(vm.type_error("iter(v, w): v must be callable"));
    }
    let iterator = CallableIterator::new(args[0].clone(), sentinel.clone());
    Ok(vm.make(iterator))
}

fn next(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(default) = args[1].given() {
        return Ok(vm.next(&args[0])?.unwrap_or_else(|| default.clone()));
    }
    if let Some(g) = args[0].as_ref::<Generator>()
        && g.kind() == GenKind::Generator
    {
        return vm.tail(Tail::Resume(g.clone(), Resume::Send(Value::None)));
    }
    let name = vm.names.__next__.clone();
    let Some((func, this)) = vm.special(&args[0], &name)? else {
        return Err(vm.not_an_iterator(&args[0]));
    };
    let args = if this.is_undef() {
        Vec::new()
    } else {
        vec![this]
    };
    vm.tail(Tail::Call {
        func,
        args,
        kwargs: Vec::new(),
    })
}

fn aiter(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.__aiter__.clone();
    let Some(iterator) = vm.call_special(&args[0], &name, &[])? else {
        let class = vm.type_name(&args[0]);
        return Err(vm.type_error(format!("'{class}' object is not an async iterable")));
    };
    let name = vm.names.__anext__.clone();
    if vm.special(&iterator, &name)?.is_none() {
        let class = vm.type_name(&iterator);
        return Err(vm.type_error(format!(
            "aiter() returned not an async iterator of type '{class}'"
        )));
    }
    Ok(iterator)
}

fn anext(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.__anext__.clone();
    let Some(awaitable) = vm.call_special(&args[0], &name, &[])? else {
        let class = vm.type_name(&args[0]);
        return Err(vm.type_error(format!("'{class}' object is not an async iterator")));
    };
    match args[1].given() {
        None => Ok(awaitable),
        Some(default) => Ok(anext::with_default(vm, awaitable, default.clone())),
    }
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "iter",
        "(object, sentinel=None, /)",
        iter,
        "An iterator over an iterable, or over the results of a callable until the sentinel comes.",
    ),
    NativeDef::new(
        "next",
        "(iterator, default=None, /)",
        next,
        "The next item, or the default at the end.",
    )
    .resuming(Resumes::Next),
    NativeDef::new(
        "aiter",
        "(async_iterable, /)",
        aiter,
        "An async iterator over an async iterable.",
    ),
    NativeDef::new(
        "anext",
        "(async_iterator, default=None, /)",
        anext,
        "An awaitable of the next item, or of the default at the end.",
    ),
];
