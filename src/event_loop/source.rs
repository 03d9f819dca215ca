//! Short texts for callbacks and coroutines, as they stand in reprs and reports.

use super::repr::short;
use super::turn::STOP_WHEN_DONE;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, Function, GenState, Generator, NativeFunction, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// `f() at FILE:LINE`; the arguments only in debug mode.
pub(super) fn callback_with_source(
    vm: &mut Vm,
    func: &Value,
    args: &Value,
    debug: bool,
) -> R<String> {
    let mut text = callback(vm, func, args, &Value::None, debug, "")?;
    if let Some((file, line)) = function_source(vm, func)? {
        text.push_str(&format!(" at {file}:{line}"));
    }
    Ok(text)
}

fn callback(
    vm: &mut Vm,
    func: &Value,
    args: &Value,
    kwargs: &Value,
    debug: bool,
    suffix: &str,
) -> R<String> {
    if let Some([inner, inner_args, inner_kwargs]) = partial_parts(vm, func)? {
        let suffix = format!("{}{suffix}", arguments(vm, args, kwargs, debug)?);
        return callback(vm, &inner, &inner_args, &inner_kwargs, debug, &suffix);
    }
    let name = match name_of(vm, func)? {
        Some(name) => name,
        None => vm.repr(func)?.as_str().to_owned(),
    };
    Ok(format!(
        "{name}{}{suffix}",
        arguments(vm, args, kwargs, debug)?
    ))
}

/// `__qualname__` or `__name__`, if it has one that is not empty.
fn name_of(vm: &mut Vm, value: &Value) -> R<Option<String>> {
    for name in [vm.names.__qualname__.clone(), vm.names.__name__.clone()] {
        if let Some(found) = vm.get_attr_opt(value, &name)?
            && let Some(text) = found.as_str()
            && !text.is_empty()
        {
            return Ok(Some(text.to_owned()));
        }
    }
    Ok(None)
}

/// Function, arguments and keywords of a `functools.partial`.
fn partial_parts(vm: &mut Vm, func: &Value) -> R<Option<[Value; 3]>> {
    if &*vm.class_of(func).name() != "partial" {
        return Ok(None);
    }
    let mut parts = [Value::None, Value::None, Value::None];
    for (part, name) in parts.iter_mut().zip(["func", "args", "keywords"]) {
        let name = vm.intern(name);
        match vm.get_attr_opt(func, &name)? {
            Some(value) => *part = value,
            None => return Ok(None),
        }
    }
    Ok(Some(parts))
}

fn arguments(vm: &mut Vm, args: &Value, kwargs: &Value, debug: bool) -> R<String> {
    if !debug {
        return Ok("()".into());
    }
    let mut items = Vec::new();
    if let Some(args) = args.as_ref::<Tuple>() {
        for arg in args.items() {
            items.push(short(vm, arg)?);
        }
    }
    if let Some(kwargs) = kwargs.as_ref::<Dict>() {
        let pairs: Vec<_> = kwargs
            .map
            .borrow()
            .iter()
            .map(|e| (e.key.clone(), e.value.clone()))
            .collect();
        for (key, value) in pairs {
            items.push(format!("{}={}", vm.str(&key)?.as_str(), short(vm, &value)?));
        }
    }
    Ok(format!("({})", items.join(", ")))
}

/// Where a function written in the language begins; wrappers are looked through.
fn function_source(vm: &mut Vm, func: &Value) -> R<Option<(String, u32)>> {
    let wrapped = vm.names.__wrapped__.clone();
    let mut func = func.clone();
    // The bound stands against wrappers that wrap each other.
    for _ in 0..100 {
        if let Some([inner, ..]) = partial_parts(vm, &func)? {
            func = inner;
        } else if let Some(inner) = vm.get_attr_opt(&func, &wrapped)? {
            func = inner;
        } else {
            break;
        }
    }
    let native = func.as_ref::<NativeFunction>();
    if native.is_some_and(|f| std::ptr::eq(f.def, &STOP_WHEN_DONE)) {
        return Ok(Some(("<coro>/asyncio/base_events.coro".to_owned(), 1)));
    }
    Ok(func.as_ref::<Function>().map(|f| {
        let code = f.code.get();
        (code.code.source.path().to_owned(), code.code.first_line())
    }))
}

/// `f() running at FILE:LINE` or `f() done, defined at FILE:LINE`.
pub(super) fn coroutine(vm: &mut Vm, coro: &Value) -> R<String> {
    let name = match name_of(vm, coro)? {
        Some(name) => name,
        None => format!("<{} without __name__>", vm.class_of(coro).name()),
    };
    let Some(generator) = coro.as_ref::<Generator>() else {
        return foreign_coroutine(vm, coro, &name);
    };
    let code = &generator.code.code;
    let file = code.source.path();
    Ok(if generator.is_finished() {
        format!("{name}() done, defined at {file}:{}", code.first_line())
    } else {
        format!("{name}() running at {file}:{}", current_line(vm, generator))
    })
}

/// The line on which a coroutine stands.
fn current_line(vm: &Vm, generator: &Ref<Generator>) -> u32 {
    let code = &generator.code.code;
    match generator.state.get() {
        GenState::Created => code.first_line(),
        GenState::Running => running_line(vm, generator).unwrap_or_else(|| code.first_line()),
        GenState::Suspended | GenState::Finished => {
            // A frame in the midst of a chain of awaits counts as suspended while an inner one runs.
            code.line_at(generator.place())
        }
    }
}

fn running_line(vm: &Vm, generator: &Ref<Generator>) -> Option<u32> {
    (0..)
        .map_while(|depth| vm.frame(depth))
        .find(|frame| {
            frame
                .generator
                .as_obj()
                .is_some_and(|g| g.is(generator.as_obj()))
        })
        .map(|frame| frame.code.code.line_at(frame.pc))
}

/// A coroutine-like object of the program's own making.
fn foreign_coroutine(vm: &mut Vm, coro: &Value, name: &str) -> R<String> {
    let running = vm.intern("cr_running");
    let running = vm.get_attr_opt(coro, &running)?;
    let running = match running {
        Some(value) => vm.truth(&value)?,
        None => false,
    };
    Ok(if running {
        format!("{name}() running")
    } else {
        format!("{name}()")
    })
}
