//! Reports on standard error of what no program can catch: exceptions in finalizers, coroutines
//! that were never awaited; and the way of warnings there.

use super::uncaught::{plain_report, report};
use crate::bytecode::Code;
use crate::diagnostic::traceback::{render_bare, render_python, render_unmarked};
use crate::diagnostic::{Diagnostic, Label};
use crate::event_loop::origin;
use crate::source::Source;
use crate::vm::cycles;
use crate::vm::heap::Ref;
use crate::vm::hooks::{ReportHooks, Told};
use crate::vm::object::{
    Class, Dict, Exception, Generator, Module, NativeFunction, Traceback, Tuple,
};
use crate::vm::ops::exception::none_if_undef;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub fn install(vm: &mut Vm) {
    vm.report_hooks = ReportHooks {
        unraisable,
        never_awaited,
        exception_text: |vm, exception| {
            report(vm, exception).map_or_else(String::new, |error| render_python(&error))
        },
        warn: |vm, class, message| warn_about(vm, class, message, &Value::Undef),
        draw: |_, _| None,
    };
}

/// Writes to the program's `sys.stderr`, else to the real one; to nothing if that is None.
pub fn write_stderr(vm: &mut Vm, text: &str) {
    if let Some(stream) = sys_attribute(vm, "stderr") {
        if stream.is_none() {
            return;
        }
        let write = vm.names.write.clone();
        match vm.call_method(&stream, &write, &[Value::str(text)]) {
            Ok(_) => return,
            Err(raise) => drop(vm.take_raised(raise)),
        }
    }
    // If even that fails there is nobody left to be told.
    let _ = vm.host.stderr.write(text.as_bytes());
    let _ = vm.host.stderr.flush();
}

/// A name in the module `sys`, if it was imported.
pub fn sys_attribute(vm: &mut Vm, name: &str) -> Option<Value> {
    let (sys, name) = (vm.intern("sys"), vm.intern(name));
    let module = vm.modules.get_str(&sys)?;
    module
        .downcast::<crate::vm::object::Module>()?
        .dict
        .get_str(&name)
}

/// Shows an exception with its traceback, as `sys.excepthook` does.
pub fn show_exception(vm: &mut Vm, exception: &Value) {
    if let Some(error) = report(vm, exception) {
        write_stderr(vm, &render_python(&error));
    }
}

/// What came of a program's own `sys.excepthook`.
pub enum Hooked {
    /// There is none, or it failed: whoever asks shows the exception.
    No,
    /// Nothing is left to show: the program has done so, or has no `sys.stderr`.
    Told,
    /// It raised this SystemExit.
    Exit(Value),
}

/// Calls `sys.excepthook` for an exception that reached the top, if the program replaced it.
pub fn call_excepthook(vm: &mut Vm, exception: &Value) -> Hooked {
    let hook = sys_attribute(vm, "excepthook");
    if hook.is_none() && sys_attribute(vm, "__excepthook__").is_some() {
        write_stderr(vm, "sys.excepthook is missing\n");
    }
    let Some(hook) = hook.filter(|h| h.as_ref::<NativeFunction>().is_none()) else {
        let nowhere = sys_attribute(vm, "stderr").is_some_and(|s| s.is_none());
        return if nowhere { Hooked::Told } else { Hooked::No };
    };
    let traceback = exception
        .downcast::<Exception>()
        .map_or(Value::None, |e| none_if_undef(e.traceback.get()));
    let class = vm.class_of(exception);
    let args = [class.into(), exception.clone(), traceback];
    if let Err(raise) = vm.call(&hook, &args) {
        let error = vm.take_raised(raise);
        if vm.class_of(&error).is_subclass(&vm.exc.system_exit) {
            return Hooked::Exit(error);
        }
        write_stderr(vm, "Error in sys.excepthook:\n");
        show_exception(vm, &error);
        write_stderr(vm, "\nOriginal exception was:\n");
        return Hooked::No;
    }
    Hooked::Told
}

/// `sys.unraisablehook`.
fn unraisable(vm: &mut Vm, exception: &Value, prefix: &str, object: &Value) {
    if let Some(e) = exception.downcast::<Exception>()
        && none_if_undef(e.traceback.get()).is_none()
        && let Some(frame) = vm.frame_object_at(0)
    {
        // Raised outside of all frames: then it was here.
        let pc = vm.place_of(&frame) as u32;
        let place = Traceback::new(frame, pc, Value::None);
        e.traceback.set(place.into());
    }
    let hook = sys_attribute(vm, "unraisablehook");
    if let Some(hook) = hook.filter(|h| h.as_ref::<NativeFunction>().is_none()) {
        let details = details(vm, exception, prefix, object);
        let called = match details {
            Ok(details) => vm.call(&hook, &[details]),
            Err(raise) => Err(raise),
        };
        if let Err(raise) = called {
            let error = vm.take_raised(raise);
            show_unraisable(
                vm,
                &error,
                "Exception ignored in sys.unraisablehook: ",
                &hook,
            );
        }
        return;
    }
    show_unraisable(vm, exception, prefix, object);
}

/// The argument of `sys.unraisablehook`.
fn details(vm: &mut Vm, exception: &Value, prefix: &str, object: &Value) -> R {
    let traceback = exception
        .downcast::<Exception>()
        .map_or(Value::None, |e| none_if_undef(e.traceback.get()));
    let message = match prefix {
        "Exception ignored in: " => Value::None,
        prefix => Value::str(prefix.trim_end_matches(": ")),
    };
    let class = vm.class_of(exception);
    let made = vm.make(super::SimpleNamespace);
    for (name, value) in [
        ("exc_type", class.into()),
        ("exc_value", exception.clone()),
        ("exc_traceback", traceback),
        ("err_msg", message),
        ("object", object.clone()),
    ] {
        let name = vm.intern(name);
        vm.set_attr(&made, &name, value)?;
    }
    Ok(made)
}

/// What `sys.unraisablehook` does unless a program replaces it.
pub fn show_unraisable(vm: &mut Vm, exception: &Value, prefix: &str, object: &Value) {
    let mut text = String::new();
    if !matches!(object, Value::Undef | Value::None) {
        let shown = match vm.repr(object) {
            Ok(shown) => shown.as_str().to_string(),
            Err(raise) => {
                drop(vm.take_raised(raise));
                "<object repr() failed>".to_string()
            }
        };
        // The prefix for what runs at the end has a colon behind it.
        let colon = if prefix.ends_with("callback ") {
            ":"
        } else {
            ""
        };
        text = format!("{prefix}{shown}{colon}\n");
    } else if prefix != "Exception ignored in: " {
        text = format!("{}:\n", prefix.trim_end_matches(": "));
    }
    let head = text.trim_end();
    let drawn = draw_by_hook(vm, &Told::Ignored { head, exception });
    let text = drawn.unwrap_or_else(|| {
        let mut report = plain_report(vm, exception);
        if !report.last_line.contains(':') {
            // CPython's way with an exception without a text.
            report.last_line.push_str(": ");
        }
        let stack = if vm.is_over {
            render_bare(&report)
        } else {
            render_unmarked(&report)
        };
        text.clone() + &stack
    });
    write_stderr(vm, &text);
}

/// RuntimeWarning "coroutine 'f' was never awaited", or "coroutine method 'asend' of 'f' …".
fn never_awaited(vm: &mut Vm, coroutine: &Ref<Generator>, method: Option<&str>) {
    let name = coroutine.qualname();
    let name = name.as_str().unwrap_or("?");
    let message = match method {
        Some(method) => format!("coroutine method '{method}' of '{name}' was never awaited"),
        None => {
            let origin = origin_text(vm, coroutine);
            format!("coroutine '{name}' was never awaited{origin}")
        }
    };
    let class = vm.exc.runtime_warning.clone();
    let source = Value::from(coroutine.clone());
    if let Err(raise) = warn_about(vm, &class, &message, &source) {
        // A filter made an error of the warning, which cannot be raised here.
        let error = vm.take_raised(raise);
        unraisable(vm, &error, "Exception ignored in: ", &source);
    }
}

/// Whether the program's `sys.stderr` is the process's own. Whoever reads another stream that was
/// put in its place expects CPython's text.
pub fn has_own_stderr(vm: &mut Vm) -> bool {
    let (now, first) = (sys_attribute(vm, "stderr"), sys_attribute(vm, "__stderr__"));
    match (now, first) {
        (Some(now), Some(first)) => now.is(&first),
        _ => true,
    }
}

/// The drawing of a warning about a coroutine.
fn drawn_warning(vm: &mut Vm, message: &str, source: &Value) -> Option<String> {
    let coroutine = source.as_ref::<Generator>()?;
    draw_by_hook(vm, &Told::NeverAwaited { coroutine, message })
}

/// Where a coroutine was made, if that was tracked.
fn origin_text(vm: &mut Vm, coroutine: &Ref<Generator>) -> String {
    let origin = coroutine.rare().map_or(Value::Undef, |e| e.origin.get());
    let Some(places) = origin.as_ref::<Tuple>() else {
        return String::new();
    };
    // The library's own frames say nothing to those who wrote the program.
    let is_library = |place: &Value| {
        let file = place
            .as_ref::<Tuple>()
            .and_then(|p| p.items().first().cloned());
        file.is_some_and(|f| f.as_str().is_some_and(Source::names_library))
    };
    let places = places.items().iter().rev().filter(|p| !is_library(p));
    let places: Vec<Value> = places.cloned().collect();
    let text = origin::summary(vm, &Tuple::value(places)).and_then(|s| origin::text(vm, &s));
    match text {
        Ok(text) => format!("\nCoroutine created at (most recent call last)\n{text}"),
        Err(raise) => {
            // At the end of the program there may be no `traceback` any more.
            drop(vm.take_raised(raise));
            String::new()
        }
    }
}

/// Where the running bytecode is, for a warning.
struct Place {
    file: String,
    line: u32,
    /// The line's text, stripped.
    text: String,
    module: Value,
    globals: Option<Ref<Dict>>,
}

impl Place {
    fn running(vm: &mut Vm) -> Place {
        let Some(frame) = vm.frame(0) else {
            let sys = vm.intern("sys");
            let sys = vm.modules.get_str(&sys);
            let sys = sys.as_ref().and_then(Value::as_ref::<Module>);
            return Place {
                file: "<sys>".to_string(),
                line: 0,
                text: String::new(),
                module: Value::str("sys"),
                globals: sys.map(|sys| sys.dict.clone()),
            };
        };
        let source = &frame.code.code.source;
        let line = written_line(&frame.code.code, frame.pc);
        let globals = frame.code.globals.clone();
        let module = globals.get_str(&vm.names.__name__);
        Place {
            file: source.path().to_string(),
            line,
            text: source.line_text(line).trim().to_string(),
            module: module.unwrap_or_else(|| Value::str("<string>")),
            globals: Some(globals),
        }
    }
}

impl Place {
    /// Where a SyntaxWarning is.
    fn of(warning: &Diagnostic) -> Place {
        let label = warning.labels.first();
        let at = |l: &Label| warning.pointed.unwrap_or(l.span).start;
        let line = label.map_or(1, |l| l.source.line_of(at(l)));
        Place {
            file: label.map_or_else(String::new, |l| l.source.path().to_string()),
            line,
            text: label
                .and_then(|l| line_of_file(l.source.path(), line))
                .map_or_else(String::new, |text| text.trim().to_string()),
            module: Value::None,
            globals: None,
        }
    }

    /// A warning as CPython writes it.
    fn lines(&self, class: &Ref<Class>, message: &str) -> String {
        let mut text = format!("{}:{}: {}: {message}\n", self.file, self.line, class.name());
        if !self.text.is_empty() {
            text.push_str(&format!("  {}\n", self.text));
        }
        text
    }
}

/// The line of the instruction, or of the nearest one before it that somebody wrote.
fn written_line(code: &Code, pc: usize) -> u32 {
    let written = |at: &usize| !code.span_at(*at).is_empty();
    let at = (0..=pc).rev().find(written).unwrap_or(pc);
    code.line_at(at)
}

/// Modules of which each brings along what CPython imports for a report.
const WITH_REPORTS: [&str; 8] = [
    "asyncio",
    "dataclasses",
    "inspect",
    "logging",
    "re",
    "string",
    "textwrap",
    "traceback",
];

/// Whether CPython has imported what a report needs.
#[derive(Default)]
struct Prepared(bool);

/// A report is about to be written that shows a line of the program. For the first one CPython
/// imports modules, and that makes so many objects that the collector runs: what cycles keep alive
/// is finalized before.
pub fn prepare_report(vm: &mut Vm) {
    if std::mem::replace(&mut vm.state::<Prepared>().0, true) || !cycles::is_enabled() {
        return;
    }
    for name in WITH_REPORTS {
        let name = vm.intern(name);
        if vm.modules.get_str(&name).is_some() {
            return;
        }
    }
    vm.collect_cycles();
}

/// Issues a warning about the place where the program is; an error if a filter says so.
pub fn warn_about(vm: &mut Vm, class: &Ref<Class>, message: &str, source: &Value) -> R<()> {
    let place = Place::running(vm);
    let warnings = vm.intern("warnings");
    if let Some(module) = vm.modules.get_str(&warnings) {
        let drawn = drawn_warning(vm, message, source);
        return warn_by_module(vm, &module, class, message, drawn, source, &place);
    }
    if is_silent(vm, class, &place) || already_warned(vm, class, message, &place)? {
        return Ok(());
    }
    if !source.is_undef() {
        prepare_report(vm);
    }
    if let Some(text) = drawn_warning(vm, message, source) {
        write_stderr(vm, &text);
        return Ok(());
    }
    let mut text = place.lines(class, message);
    if !source.is_undef() && place.line > 0 {
        text.push_str(&format!(
            "{}: Enable tracemalloc to get the object allocation traceback\n",
            class.name()
        ));
    }
    write_stderr(vm, &text);
    Ok(())
}

/// What the file of that name has in a line: a program's text may be called after any file or none.
pub fn line_of_file(name: &str, line: u32) -> Option<String> {
    let text = std::fs::read_to_string(name).ok()?;
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    text.split_inclusive('\n').nth(index).map(str::to_owned)
}

/// Tells the SyntaxWarnings of a program text, before it runs; an error if a filter says so.
pub fn syntax_warnings(vm: &mut Vm, warnings: &[Diagnostic]) -> R<()> {
    for warning in warnings {
        let class = vm.exc.syntax_warning.clone();
        let place = Place::of(warning);
        let name = vm.intern("warnings");
        if let Some(module) = vm.modules.get_str(&name) {
            let drawn = draw_by_hook(vm, &Told::Doubt(warning));
            warn_by_module(
                vm,
                &module,
                &class,
                &warning.title,
                drawn,
                &Value::Undef,
                &place,
            )?;
            continue;
        }
        let text = draw_by_hook(vm, &Told::Doubt(warning));
        let text = text.unwrap_or_else(|| place.lines(&class, &warning.title));
        write_stderr(vm, &text);
    }
    Ok(())
}

fn draw_by_hook(vm: &mut Vm, told: &Told<'_>) -> Option<String> {
    let draw = vm.report_hooks.draw;
    draw(vm, told)
}

/// Whether Python's filters, as they are at the beginning, let a warning go unseen.
fn is_silent(vm: &Vm, class: &Ref<Class>, place: &Place) -> bool {
    let deprecated = class.is_subclass(&vm.exc.deprecation_warning);
    let unseen = [
        &vm.exc.pending_deprecation_warning,
        &vm.exc.import_warning,
        &vm.exc.resource_warning,
    ];
    let in_main = place.module.as_str() == Some("__main__");
    unseen.into_iter().any(|c| class.is_subclass(c)) || (deprecated && !in_main)
}

/// The program has imported `warnings`: its filters and hooks have the word.
fn warn_by_module(
    vm: &mut Vm,
    module: &Value,
    class: &Ref<Class>,
    message: &str,
    drawn: Option<String>,
    source: &Value,
    place: &Place,
) -> R<()> {
    let name = vm.intern("warn_explicit");
    let warn = vm.get_attr(module, &name)?;
    let args = [
        Value::str(message),
        class.clone().into(),
        Value::str(&place.file),
        Value::Int(i64::from(place.line)),
        place.module.clone(),
    ];
    let mut kwargs = Vec::new();
    if !source.is_undef() {
        kwargs.push((vm.intern("source"), source.clone()));
    }
    let drawn = drawn.map_or(Value::None, Value::from);
    let name = vm.intern("_drawn");
    vm.set_attr(module, &name, drawn)?;
    let told = vm.call_kw(&warn, &args, &kwargs);
    vm.set_attr(module, &name, Value::None)?;
    told.map(drop)
}

/// Each warning is shown once for a place: `__warningregistry__` of the module remembers.
fn already_warned(vm: &mut Vm, class: &Ref<Class>, message: &str, place: &Place) -> R<bool> {
    let Some(globals) = &place.globals else {
        return Ok(false);
    };
    let name = vm.names.__warningregistry__.clone();
    let registry = match globals.get_str(&name).and_then(|v| v.payload::<Dict>()) {
        Some(registry) => registry,
        None => {
            let made = Dict::new();
            globals.set_str(&name, made.clone().into());
            made
        }
    };
    let key = Tuple::value([
        Value::str(message),
        class.clone().into(),
        Value::Int(i64::from(place.line)),
    ]);
    if vm.dict_get(&registry, &key)?.is_some() {
        return Ok(true);
    }
    vm.dict_set(&registry, &key, Value::True)?;
    Ok(false)
}
