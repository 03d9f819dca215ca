//! Errors that nobody handles, and how they are logged.

use super::data::LoopData;
use super::loop_type::this;
use super::{context, future, origin, source, task};
use crate::vm::heap::Ref;
use crate::vm::hooks::Told;
use crate::vm::object::{Class, Dict, Exception, Future, FutureState, Opaque, Traceback, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// The keys of a report.
const MESSAGE: &str = "message";
const EXCEPTION: &str = "exception";
const SOURCE_TRACEBACK: &str = "source_traceback";
const HANDLE_TRACEBACK: &str = "handle_traceback";

/// A report as the dict that exception handlers get.
fn report(vm: &mut Vm, pairs: &[(&str, Value)]) -> Ref<Dict> {
    let dict = Dict::new();
    for (key, value) in pairs {
        let key = vm.intern(key);
        dict.set_str(&key, value.clone());
    }
    dict
}

/// Notes something in the traceback of an exception, at the outermost frame.
pub(super) fn note_at_outermost(exception: &Value, what: Value) {
    let traceback = exception.downcast::<Exception>().map(|e| e.traceback.get());
    let level = traceback.as_ref().and_then(Value::downcast::<Traceback>);
    if let Some(level) = level.filter(|l| l.noted.is_undef()) {
        level.noted.set(what);
    }
}

/// Gives a report to the exception handler of a loop.
fn send(vm: &mut Vm, event_loop: &Value, dict: Ref<Dict>) -> R<()> {
    if event_loop.opaque::<LoopData>().is_some() {
        call_exception_handler(vm, &[event_loop.clone(), dict.into()])?;
    } else {
        let name = vm.intern("call_exception_handler");
        vm.call_method(event_loop, &name, &[dict.into()])?;
    }
    Ok(())
}

/// Whether an exception ends the loop instead of being reported.
fn ends_program(vm: &Vm, exception: &Value) -> bool {
    let class = vm.class_of(exception);
    class.is_subclass(&vm.exc.system_exit) || class.is_subclass(&vm.exc.keyboard_interrupt)
}

/// An exception has left a callback that has no handle of its own.
pub(super) fn callback_failed(vm: &mut Vm, raise: Raise, func: &Value) -> R<()> {
    let exception = vm.take_raised(raise);
    if ends_program(vm, &exception) {
        return Err(vm.pass_on(exception));
    }
    let event_loop = vm.current.event_loop.get();
    let handle = super::handle::make(
        vm,
        &event_loop,
        Value::Undef,
        func.clone(),
        Tuple::value([]),
        Value::Undef,
    );
    let raise = vm.pass_on(exception);
    handle_failed(vm, raise, handle)
}

/// An exception has left the callback of a handle.
pub(super) fn handle_failed(vm: &mut Vm, raise: Raise, handle: Ref<Opaque>) -> R<()> {
    let exception = vm.take_raised(raise);
    if ends_program(vm, &exception) {
        return Err(vm.pass_on(exception));
    }
    let Some(data) = handle.get::<super::handle::HandleData>() else {
        return Ok(());
    };
    let event_loop = data.event_loop.get();
    let debug = event_loop
        .opaque::<LoopData>()
        .is_some_and(|l| l.debug.get());
    let (func, args) = (data.callback.get(), data.args.get());
    let shown = source::callback_with_source(vm, &func, &args, debug)?;
    let pairs = [
        (MESSAGE, format!("Exception in callback {shown}").into()),
        (EXCEPTION, exception.clone()),
        ("handle", handle.clone().into()),
    ];
    let report = report_with_origin(vm, &pairs, &data.origin.get());
    // In CPython the frame that ran the callback keeps the report, and is in the traceback itself:
    // all that the callback left lives until the collector finds it.
    note_at_outermost(&exception, report.clone().into());
    drop(pairs);
    vm.while_handling(exception, |vm| send(vm, &event_loop, report))
}

/// A report with the place where what failed was made, if that is known.
fn report_with_origin(vm: &mut Vm, pairs: &[(&str, Value)], places: &Value) -> Ref<Dict> {
    let mut pairs = pairs.to_vec();
    match origin::summary(vm, places) {
        Ok(Value::None) => {}
        Ok(summary) => pairs.push((SOURCE_TRACEBACK, summary)),
        // At the end of the program there may be no `traceback` any more.
        Err(raise) => drop(vm.take_raised(raise)),
    }
    report(vm, &pairs)
}

/// A pending task dies, or a future whose exception nobody looked at.
pub(super) fn finalize_future(vm: &mut Vm, f: &Ref<Future>) {
    if let Err(raise) = try_finalize(vm, f) {
        drop(vm.take_raised(raise));
    }
}

fn try_finalize(vm: &mut Vm, f: &Ref<Future>) -> R<()> {
    let value: Value = f.clone().into();
    let event_loop = f.event_loop.get();
    if event_loop.is_undef() {
        return Ok(());
    }
    if f.is_task() && f.state.get() == FutureState::Pending && f.log_destroy_pending().get() {
        let text = "Task was destroyed but it is pending!";
        let pairs = [("task", value.clone()), (MESSAGE, text.into())];
        let report = report_with_origin(vm, &pairs, &future::origin(f));
        drop(pairs);
        send(vm, &event_loop, report)?;
    }
    if f.log_traceback().replace(false) {
        let name = vm.class_of(&value).name();
        let pairs = [
            (
                MESSAGE,
                format!("{name} exception was never retrieved").into(),
            ),
            (EXCEPTION, f.exception().defined().unwrap_or(Value::None)),
            ("future", value),
        ];
        let report = report_with_origin(vm, &pairs, &future::origin(f));
        drop(pairs);
        send(vm, &event_loop, report)?;
    }
    Ok(())
}

/// `loop.call_exception_handler(context)`.
pub(super) fn call_exception_handler(vm: &mut Vm, args: &[Value]) -> R {
    let [event_loop, context] = args else {
        return Ok(Value::None);
    };
    let handler = this(vm, args)?.exception_handler.get();
    let result = if handler.is_none() {
        by_default(vm, event_loop, context)
    } else {
        by_handler(vm, event_loop, &handler, context)
    };
    let Err(raise) = result else {
        return Ok(Value::None);
    };
    let exception = vm.take_raised(raise);
    if ends_program(vm, &exception) {
        return Err(vm.pass_on(exception));
    }
    if handler.is_none() {
        return log(
            vm,
            "Exception in default exception handler",
            &Value::None,
            &exception,
        );
    }
    let pairs = [
        (MESSAGE, "Unhandled error in exception handler".into()),
        (EXCEPTION, exception),
        ("context", context.clone()),
    ];
    let second = report(vm, &pairs);
    match by_default(vm, event_loop, &second.into()) {
        Ok(_) => Ok(Value::None),
        Err(raise) => {
            let exception = vm.take_raised(raise);
            if ends_program(vm, &exception) {
                return Err(vm.pass_on(exception));
            }
            let text = "Exception in default exception handler while handling an unexpected error in custom exception handler";
            log(vm, text, &Value::None, &exception)
        }
    }
}

/// `default_exception_handler`, which a subclass may override.
fn by_default(vm: &mut Vm, event_loop: &Value, context: &Value) -> R {
    let name = vm.intern("default_exception_handler");
    vm.call_method(event_loop, &name, std::slice::from_ref(context))
}

/// The handler of the program runs in the context of what failed.
fn by_handler(vm: &mut Vm, event_loop: &Value, handler: &Value, report: &Value) -> R {
    let own = context_of_failed(vm, report)?;
    let args = [event_loop.clone(), report.clone()];
    let Some(own) = own else {
        return vm.call(handler, &args);
    };
    let outer = context::enter(vm, own)?;
    let result = vm.call(handler, &args);
    vm.current.leave_context(outer);
    result
}

fn context_of_failed(vm: &mut Vm, report: &Value) -> R<Option<Value>> {
    let Some(report) = report.as_ref::<Dict>() else {
        return Ok(None);
    };
    for key in ["task", "future", "handle"] {
        let key = vm.intern(key);
        let Some(thing) = report.get_str(&key).filter(|v| !v.is_none()) else {
            continue;
        };
        if let Some(f) = thing.as_ref::<Future>() {
            return Ok(f.is_task().then(|| task::context(vm, f)));
        }
        let name = vm.intern("get_context");
        let Some(method) = vm.get_attr_opt(&thing, &name)? else {
            return Ok(None);
        };
        let found = vm.call(&method, &[])?;
        return Ok(Some(found).filter(context::is_context));
    }
    Ok(None)
}

/// `loop.default_exception_handler(context)`: one entry of the log.
pub(super) fn default_exception_handler(vm: &mut Vm, args: &[Value]) -> R {
    let Some(report) = args[1].as_ref::<Dict>() else {
        return Err(vm.type_error("the context must be a dict"));
    };
    let get = |vm: &mut Vm, key: &str| {
        let key = vm.intern(key);
        report.get_str(&key)
    };
    let message = get(vm, MESSAGE);
    let message = match message {
        Some(message) if vm.truth(&message)? => vm.str(&message)?.as_str().to_owned(),
        _ => "Unhandled exception in event loop".to_owned(),
    };
    let exception = get(vm, EXCEPTION).unwrap_or(Value::None);
    let mut lines = vec![message];
    let mut rest: Vec<(String, Value)> = report
        .map
        .borrow()
        .iter()
        .filter_map(|e| Some((e.key.as_str()?.to_owned(), e.value.clone())))
        .filter(|(key, _)| key != MESSAGE && key != EXCEPTION)
        .collect();
    rest.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (key, value) in rest {
        let text = match key.as_str() {
            SOURCE_TRACEBACK => created_at(vm, "Object", &value)?,
            HANDLE_TRACEBACK => created_at(vm, "Handle", &value)?,
            _ => vm.repr(&value)?.as_str().to_owned(),
        };
        lines.push(format!("{key}: {text}"));
    }
    let future = ["future", "task"].into_iter().find_map(|key| get(vm, key));
    if get(vm, "handle").is_some() && is_without_traceback(&exception) && logger(vm)?.is_none() {
        // The frame of the library that called the callback is in CPython's traceback, and so it has a
        // head even if nothing of the program ran.
        lines.push(TRACEBACK_HEAD.to_owned());
    }
    log(
        vm,
        &lines.join("\n"),
        &future.unwrap_or(Value::None),
        &exception,
    )
}

fn created_at(vm: &mut Vm, what: &str, summary: &Value) -> R<String> {
    let places = origin::text(vm, summary)?;
    Ok(format!(
        "{what} created at (most recent call last):\n{places}"
    ))
}

const TRACEBACK_HEAD: &str = "Traceback (most recent call last):";

fn is_without_traceback(exception: &Value) -> bool {
    let exception = exception.downcast::<Exception>();
    exception.is_some_and(|e| e.traceback.get().downcast::<Traceback>().is_none())
}

/// An entry of level ERROR in the log `asyncio`: through `logging` if the program uses that, else
/// on stderr, as an unconfigured `logging` does.
fn log(vm: &mut Vm, message: &str, future: &Value, exception: &Value) -> R {
    if let Some(logger) = logger(vm)? {
        let info = match exception.downcast::<Exception>() {
            Some(e) => {
                let traceback = e.traceback.get().defined().unwrap_or(Value::None);
                Tuple::value([e.class.get().into(), exception.clone(), traceback])
            }
            None => Value::False,
        };
        let name = vm.intern("error");
        let error = vm.get_attr(&logger, &name)?;
        let keyword = vm.intern("exc_info");
        return vm.call_kw(&error, &[message.into()], &[(keyword, info)]);
    }
    let told = Told::Logged {
        lines: message,
        future,
        exception,
    };
    let draw = vm.report_hooks.draw;
    let text = match draw(vm, &told) {
        Some(text) => text,
        None if exception.is_none() => format!("{message}\n"),
        None => {
            let show = vm.report_hooks.exception_text;
            format!("{message}\n{}", show(vm, exception))
        }
    };
    write_stderr(vm, &text)?;
    Ok(Value::None)
}

/// An entry of level WARNING.
pub(super) fn log_warning(vm: &mut Vm, message: &str) -> R<()> {
    if let Some(logger) = logger(vm)? {
        let name = vm.intern("warning");
        vm.call_method(&logger, &name, &["%s".into(), message.into()])?;
        return Ok(());
    }
    write_stderr(vm, &format!("{message}\n"))
}

/// The logger of asyncio, if the program has imported `logging`.
fn logger(vm: &mut Vm) -> R<Option<Value>> {
    let name = vm.intern("logging");
    let Some(logging) = vm.modules.get_str(&name) else {
        return Ok(None);
    };
    let get_logger = vm.intern("getLogger");
    vm.call_method(&logging, &get_logger, &["asyncio".into()])
        .map(Some)
}

fn write_stderr(vm: &mut Vm, text: &str) -> R<()> {
    let sys = vm.intern("sys");
    let stderr = vm.names.stderr.clone();
    let file = match vm.modules.get_str(&sys) {
        Some(sys) => vm.get_attr_opt(&sys, &stderr)?,
        None => None,
    };
    match file {
        Some(file) if !file.is_none() => {
            let write = vm.names.write.clone();
            vm.call_method(&file, &write, &[text.into()])?;
        }
        Some(_) => {}
        None => {
            // Nobody to tell if even that fails.
            let _ = vm.host.stderr.write(text.as_bytes());
        }
    }
    Ok(())
}

/// `warnings.warn(message, category)`.
pub(super) fn warn(vm: &mut Vm, class: &Ref<Class>, message: &str) -> R<()> {
    let warn = vm.report_hooks.warn;
    warn(vm, class, message)
}
