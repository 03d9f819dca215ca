//! From an exception that nothing caught to the data that is shown: traceback, last line with its
//! suggestion, notes, what came before, the members of groups.

use super::module_names::STDLIB_MODULE_NAMES;
use super::object::{dir, full_name};
use super::report::sys_attribute;
use crate::diagnostic::SyntaxPlace;
use crate::diagnostic::traceback::{FrameEntry, Relation, UncaughtError};
use crate::event_loop::deadlock;
use crate::text::suggest::suggest;
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{CellObject, Dict, Exception, List, Traceback, Tuple};
use crate::vm::ops::exception::none_if_undef;
use crate::vm::value::Value;

/// Groups in groups deeper than this are never shown.
const GROUP_DEPTH: usize = 11;

/// Adds to what is told about one exception.
pub type Explain<'a> = &'a mut dyn FnMut(&mut Vm, &Value, &mut UncaughtError);

/// All that CPython tells about an exception that reached the top; `None` if the value is none.
pub fn report(vm: &mut Vm, exception: &Value) -> Option<UncaughtError> {
    explained(vm, exception, &mut |_, _, _| {})
}

/// As `report`, and what `explain` adds to each exception of it.
pub fn explained(vm: &mut Vm, exception: &Value, explain: Explain<'_>) -> Option<UncaughtError> {
    exception.downcast::<Exception>()?;
    let mut error = describe(vm, exception, 0, explain);
    error.name_ways();
    Some(error)
}

/// Only the traceback and the last line, as CPython shows what no program can catch.
pub fn plain_report(vm: &mut Vm, exception: &Value) -> UncaughtError {
    UncaughtError {
        entries: entries(vm, exception),
        last_line: last_line(vm, exception),
        ..UncaughtError::default()
    }
}

fn describe(vm: &mut Vm, exception: &Value, depth: usize, explain: Explain<'_>) -> UncaughtError {
    let mut error = describe_one(vm, exception, depth, explain);
    let mut seen = vec![exception.clone()];
    let mut at = exception.clone();
    while let Some((relation, earlier)) = before(&at) {
        if seen.iter().any(|s| s.is(&earlier)) {
            break;
        }
        seen.push(earlier.clone());
        error
            .chain
            .push((relation, describe_one(vm, &earlier, depth, explain)));
        at = earlier;
    }
    error
}

/// The exception that led to another one.
fn before(exception: &Value) -> Option<(Relation, Value)> {
    let exception = exception.downcast::<Exception>()?;
    let cause = none_if_undef(exception.cause.get());
    if !cause.is_none() {
        return Some((Relation::Cause, cause));
    }
    let context = none_if_undef(exception.context.get());
    if context.is_none() || exception.suppress_context.get() {
        return None;
    }
    Some((Relation::Context, context))
}

fn describe_one(
    vm: &mut Vm,
    exception: &Value,
    depth: usize,
    explain: Explain<'_>,
) -> UncaughtError {
    let entries = entries(vm, exception);
    let mut last_line = last_line(vm, exception);
    if let Some(more) = suggestion(vm, exception) {
        last_line.push_str(&more);
    }
    let children = (vm.is_group(exception) && depth < GROUP_DEPTH).then(|| {
        let members = vm.group_members(exception);
        let members = members.items().iter();
        members
            .map(|m| describe(vm, m, depth + 1, explain))
            .collect()
    });
    let mut error = UncaughtError {
        entries,
        last_line,
        place: syntax_place(vm, exception).unwrap_or_default(),
        notes: notes(vm, exception),
        children,
        report: deadlock::report_of(vm, exception),
        ..UncaughtError::default()
    };
    explain(vm, exception, &mut error);
    error
}

/// The levels of a traceback, outermost first.
pub fn levels(exception: &Value) -> Vec<Ref<Traceback>> {
    let mut levels = Vec::new();
    let mut at = exception
        .downcast::<Exception>()
        .map_or(Value::None, |e| e.traceback.get());
    while let Some(level) = at.as_ref::<Traceback>().cloned() {
        at = level.next.get();
        levels.push(level);
    }
    levels
}

/// How many levels, the innermost, `sys.tracebacklimit` lets be shown.
fn limit(vm: &mut Vm) -> usize {
    match sys_attribute(vm, "tracebacklimit")
        .as_ref()
        .and_then(Value::as_i64)
    {
        Some(limit) => usize::try_from(limit).unwrap_or(0),
        None => usize::MAX,
    }
}

fn entries(vm: &mut Vm, exception: &Value) -> Vec<FrameEntry> {
    let levels = levels(exception);
    let hidden = levels.len().saturating_sub(limit(vm));
    let shown = levels.into_iter().skip(hidden);
    shown
        .map(|level| {
            let code = level.code();
            FrameEntry {
                source: code.source.clone(),
                span: level.span(),
                told: Some(level.span_told()),
                function: code.name.to_string(),
                qualname: code.qualname.to_string(),
                task: task_name(&level.noted.get()),
                library: code.source.is_library(),
            }
        })
        .collect()
}

/// The name of a task that a traceback has noted.
fn task_name(noted: &Value) -> Option<String> {
    match noted {
        Value::Undef => None,
        Value::Int(number) => Some(format!("Task-{number}")),
        name => name.as_str().map(str::to_owned),
    }
}

/// The type as the last line shows it: with its module, unless that is the program's own.
pub fn type_text(vm: &Vm, exception: &Value) -> String {
    let class = vm.class_of(exception);
    let full = full_name(vm, &class);
    match full.strip_prefix("__main__.") {
        Some(name) => name.to_string(),
        None => full,
    }
}

/// `Type: message`.
fn last_line(vm: &mut Vm, exception: &Value) -> String {
    let name = type_text(vm, exception);
    let syntax = vm
        .class_of(exception)
        .is_subclass(&vm.exc.syntax_error.clone());
    let text = match exception.downcast::<Exception>() {
        Some(e) if syntax => {
            let message = vm.exception_field(e, 0);
            if message.is_none() {
                "<no detail available>".to_string()
            } else {
                text_of(vm, &message)
            }
        }
        _ => text_of(vm, exception),
    };
    if text.is_empty() {
        name
    } else {
        format!("{name}: {text}")
    }
}

/// Where the text stands that a syntax error is about.
fn syntax_place(vm: &mut Vm, exception: &Value) -> Option<String> {
    let error = exception.downcast::<Exception>()?;
    if !error.class.get().is_subclass(&vm.exc.syntax_error) {
        return None;
    }
    let field = |index| vm.exception_field(error, index);
    let (file, line, offset) = (field(1), field(2), field(3));
    let (text, end_line, end_offset) = (field(4), field(5), field(6));
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number),
        _ => None,
    };
    let line = u32::try_from(number(&line)?).ok()?;
    let place = SyntaxPlace {
        file: file.as_str().unwrap_or("<string>"),
        line,
        offset: number(&offset).unwrap_or(0),
        end_line: number(&end_line)
            .and_then(|line| u32::try_from(line).ok())
            .unwrap_or(0),
        end_offset: number(&end_offset),
        text: text.as_str().map(str::to_owned),
    };
    Some(place.block())
}

/// `str(v)`, whatever happens.
fn text_of(vm: &mut Vm, v: &Value) -> String {
    match vm.str(v) {
        Ok(text) => text.as_str().to_string(),
        Err(raise) => {
            drop(vm.take_raised(raise));
            "<exception str() failed>".to_string()
        }
    }
}

fn notes(vm: &mut Vm, exception: &Value) -> Vec<String> {
    let name = vm.names.__notes__.clone();
    let found = match vm.get_attr_opt(exception, &name) {
        Ok(found) => found,
        Err(raise) => {
            drop(vm.take_raised(raise));
            return vec!["Ignored error getting __notes__".to_string()];
        }
    };
    let Some(notes) = found.filter(|n| !n.is_none()) else {
        return Vec::new();
    };
    let items = match (notes.payload::<List>(), notes.payload::<Tuple>()) {
        (Some(list), _) => list.items.borrow().clone(),
        (_, Some(tuple)) => tuple.items().to_vec(),
        _ => {
            return match vm.repr(&notes) {
                Ok(text) => vec![text.as_str().to_string()],
                Err(raise) => {
                    drop(vm.take_raised(raise));
                    vec!["<__notes__ repr() failed>".to_string()]
                }
            };
        }
    };
    let mut lines = Vec::new();
    for item in items {
        lines.push(match vm.str(&item) {
            Ok(text) => text.as_str().to_string(),
            Err(raise) => {
                drop(vm.take_raised(raise));
                "<note str() failed>".to_string()
            }
        });
    }
    lines
}

/// What CPython adds to the message: a name that was probably meant, a forgotten import.
fn suggestion(vm: &mut Vm, exception: &Value) -> Option<String> {
    let error = exception.as_ref::<Exception>()?.clone();
    let class = vm.class_of(exception);
    let exc = &vm.exc;
    let is_name = class.is_subclass(&exc.name_error);
    let is_import = class.is_subclass(&exc.import_error);
    if !is_name && !is_import && !class.is_subclass(&exc.attribute_error) {
        return None;
    }
    let wrong = vm.exception_field(&error, if is_import { 3 } else { 0 });
    let wrong = wrong.as_str()?.to_string();
    let meant = if is_import {
        let module = vm.exception_field(&error, 1);
        module_names(vm, &module, &wrong)
    } else if is_name {
        return Some(name_suggestion(vm, exception, &wrong)).filter(|s| !s.is_empty());
    } else {
        let obj = vm.exception_field(&error, 1);
        attribute_names(vm, exception, &obj, &wrong)
    };
    let meant = nearest(&wrong, &meant?)?;
    Some(format!(". Did you mean: '{meant}'?"))
}

fn nearest(wrong: &str, names: &[String]) -> Option<String> {
    let candidates: Vec<&str> = names.iter().map(String::as_str).collect();
    suggest(wrong, &candidates).map(str::to_string)
}

/// `dir(obj)` as text; nothing if that fails.
fn dir_names(vm: &mut Vm, obj: &Value) -> Option<Vec<String>> {
    match dir(vm, obj) {
        Ok(names) => Some(
            names
                .iter()
                .filter_map(|n| n.as_str().map(str::to_string))
                .collect(),
        ),
        Err(raise) => {
            drop(vm.take_raised(raise));
            None
        }
    }
}

fn module_names(vm: &mut Vm, module: &Value, wrong: &str) -> Option<Vec<String>> {
    let name = vm.intern_value(module)?;
    let module = vm.modules.get_str(&name)?;
    let mut names = dir_names(vm, &module)?;
    if !wrong.starts_with('_') {
        names.retain(|n| !n.starts_with('_'));
    }
    Some(names)
}

fn attribute_names(
    vm: &mut Vm,
    exception: &Value,
    obj: &Value,
    wrong: &str,
) -> Option<Vec<String>> {
    let mut names = dir_names(vm, obj)?;
    let inside = innermost(exception)
        .and_then(|level| local(&level, "self"))
        .is_some_and(|this| this.is(obj));
    if !wrong.starts_with('_') && !inside {
        names.retain(|n| !n.starts_with('_'));
    }
    Some(names)
}

fn innermost(exception: &Value) -> Option<Ref<Traceback>> {
    levels(exception).pop()
}

/// A local variable of the frame that a traceback kept.
pub fn local(level: &Ref<Traceback>, name: &str) -> Option<Value> {
    let at = level.code().names.iter().position(|n| &**n == name)?;
    let value = level.frame.local(at);
    let value = match value.downcast::<CellObject>() {
        Some(cell) => cell.content.get(),
        None => value,
    };
    Some(value).filter(|v| !v.is_undef())
}

fn name_suggestion(vm: &mut Vm, exception: &Value, wrong: &str) -> String {
    let mut text = String::new();
    if let Some(meant) = meant_name(vm, exception, wrong) {
        text = format!(". Did you mean: '{meant}'?");
    }
    if STDLIB_MODULE_NAMES.binary_search(&wrong).is_ok() {
        text.push_str(if text.is_empty() { "." } else { " Or" });
        let did = if text.ends_with('.') { " Did" } else { " did" };
        text.push_str(did);
        text.push_str(&format!(" you forget to import '{wrong}'?"));
    }
    text
}

fn meant_name(vm: &mut Vm, exception: &Value, wrong: &str) -> Option<String> {
    let level = innermost(exception)?;
    if let Some(this) = local(&level, "self") {
        let name = vm.intern(wrong);
        match vm.get_attr_opt(&this, &name) {
            Ok(Some(_)) => return Some(format!("self.{wrong}")),
            Ok(None) => {}
            Err(raise) => drop(vm.take_raised(raise)),
        }
    }
    let code = &level.frame.code;
    let mut names: Vec<String> = Vec::new();
    for name in &code.code.names {
        if local(&level, name).is_some() {
            names.push(name.to_string());
        }
    }
    for dict in [&code.globals, &code.builtins] {
        names.extend(keys(dict));
    }
    nearest(wrong, &names)
}

fn keys(dict: &Ref<Dict>) -> Vec<String> {
    let map = dict.map.borrow();
    map.iter()
        .filter_map(|e| e.key.as_str().map(str::to_string))
        .collect()
}
