//! Values as short texts without running any code of the program: for whoever watches a program
//! that must not notice it. Objects whose repr is the program's are named by their class.

use crate::event_loop::inspect::task_name;
use crate::stdlib::deque_items;
use crate::vm::Vm;
use crate::vm::object::{
    BoundMethod, Class, Dict, Exception, FrozenSet, Function, Future, Generator, Kind, List,
    Module, NativeFunction, Set, SetTable, Str, Tuple,
};
use crate::vm::value::Value;

/// Longer texts are cut to this many characters.
const LONGEST: usize = 48;
/// Items of a container that are shown, and containers within containers.
const ITEMS: usize = 6;
const LEVELS: usize = 3;

/// A value as a short text on one line.
pub fn quiet(vm: &mut Vm, value: &Value) -> String {
    cut(text(vm, value, LEVELS))
}

/// A value whose short text is plain to see, and needs no escapes in whatever quotes.
pub enum Plain<'a> {
    Word(&'static str),
    Int(i64),
    /// It stands in single quotes.
    Str(&'a str),
}

/// One of the values that are most common.
#[inline]
pub fn plain(value: &Value) -> Option<Plain<'_>> {
    Some(match value {
        Value::Int(int) => Plain::Int(*int),
        Value::None => Plain::Word("None"),
        Value::True => Plain::Word("True"),
        Value::False => Plain::Word("False"),
        _ => Plain::Str(
            value
                .downcast::<Str>()
                .map(Str::as_str)
                .filter(|t| is_plain(t))?,
        ),
    })
}

fn is_plain(text: &str) -> bool {
    let plain = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'\'' | b'"' | b'\\');
    text.len() + 2 <= LONGEST && text.bytes().all(plain)
}

fn cut(text: String) -> String {
    if text.len() <= LONGEST || text.chars().count() <= LONGEST {
        return text;
    }
    let head: String = text.chars().take(LONGEST - 1).collect();
    format!("{head}…")
}

fn text(vm: &mut Vm, value: &Value, levels: usize) -> String {
    match value {
        Value::Undef => return "nothing".into(),
        Value::None => return "None".into(),
        Value::Int(int) => return itoa::Buffer::new().format(*int).to_owned(),
        _ => {}
    }
    let Some(kind) = value.kind() else {
        return own_repr(vm, value);
    };
    match kind {
        Kind::Str => short_str(vm, value),
        Kind::Int | Kind::Complex | Kind::Bytes | Kind::ByteArray | Kind::Range => {
            own_repr(vm, value)
        }
        Kind::List => {
            let items = value
                .as_ref::<List>()
                .map(|l| some(l.items.borrow().iter()));
            container(vm, items, "[", "]", levels)
        }
        Kind::Tuple => {
            let items = value.as_ref::<Tuple>().map(|t| some(t.items().iter()));
            let end = match items.as_ref().is_some_and(|i| i.len() == 1) {
                true => ",)",
                false => ")",
            };
            container(vm, items, "(", end, levels)
        }
        Kind::Set | Kind::FrozenSet => set(vm, value, levels),
        Kind::Dict => dict(vm, value, levels),
        Kind::Exception => exception(vm, value, levels),
        Kind::Future => match value.as_ref::<Future>() {
            Some(task) if task.is_task() => format!("task {}", task_name(task)),
            _ => "future".into(),
        },
        Kind::Generator => match value.as_ref::<Generator>() {
            Some(frame) => format!("{}()", frame.code.code.name),
            None => "frame".into(),
        },
        Kind::Opaque if let Some(items) = deque_items(value) => {
            let items = some(items.iter());
            container(vm, Some(items), "deque([", "])", levels)
        }
        _ => callable(value).unwrap_or_else(|| match value.as_ref::<Module>() {
            Some(module) => format!("module {}", module.name.borrow()),
            None => format!("<{}>", vm.class_of(value).name()),
        }),
    }
}

/// The repr of a value whose class is built in.
fn own_repr(vm: &mut Vm, value: &Value) -> String {
    match vm.repr(value) {
        Ok(text) => text.as_str().to_owned(),
        Err(raise) => {
            drop(vm.take_raised(raise));
            "?".into()
        }
    }
}

/// Long strings are cut before they are quoted.
fn short_str(vm: &mut Vm, value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    if text.chars().count() <= LONGEST {
        return own_repr(vm, value);
    }
    let head: String = text.chars().take(LONGEST - 8).collect();
    format!("{}…", own_repr(vm, &Value::str(&head)))
}

/// How functions, methods and classes are called.
pub fn callable(value: &Value) -> Option<String> {
    if let Some(method) = value.downcast::<BoundMethod>() {
        return callable(&method.func);
    }
    if let Some(function) = value.downcast::<Function>() {
        return Some(format!("{}()", function.qualname()));
    }
    if let Some(native) = value.downcast::<NativeFunction>() {
        return Some(format!("{}()", native.def.name));
    }
    let class = value.downcast::<Class>()?;
    Some(format!("class {}", class.name()))
}

/// What of a container is shown, with one item more if there are more.
fn some<'a>(items: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    items.take(ITEMS + 1).cloned().collect()
}

fn container(
    vm: &mut Vm,
    items: Option<Vec<Value>>,
    begin: &str,
    end: &str,
    levels: usize,
) -> String {
    let items = items.unwrap_or_default();
    if levels == 0 && !items.is_empty() {
        return format!("{begin}…{end}");
    }
    let mut parts: Vec<String> = Vec::new();
    for item in items.iter().take(ITEMS) {
        parts.push(text(vm, item, levels.saturating_sub(1)));
    }
    if items.len() > ITEMS {
        parts.push("…".into());
    }
    format!("{begin}{}{end}", parts.join(", "))
}

fn set(vm: &mut Vm, value: &Value, levels: usize) -> String {
    let items = match (value.as_ref::<Set>(), value.as_ref::<FrozenSet>()) {
        (Some(set), _) => members(&set.map.borrow()),
        (_, Some(set)) => members(&set.map.borrow()),
        _ => Vec::new(),
    };
    match items.is_empty() {
        true => "set()".into(),
        false => container(vm, Some(items), "{", "}", levels),
    }
}

fn members(table: &SetTable) -> Vec<Value> {
    some(table.iter().map(|(_, value)| value))
}

fn dict(vm: &mut Vm, value: &Value, levels: usize) -> String {
    let pairs: Vec<(Value, Value)> = match value.as_ref::<Dict>() {
        Some(dict) => {
            let map = dict.map.borrow();
            let shown = map.iter().take(ITEMS + 1);
            shown.map(|e| (e.key.clone(), e.value.clone())).collect()
        }
        None => Vec::new(),
    };
    if levels == 0 && !pairs.is_empty() {
        return "{…}".into();
    }
    let mut parts = Vec::new();
    for (key, value) in pairs.iter().take(ITEMS) {
        let key = text(vm, key, levels.saturating_sub(1));
        parts.push(format!(
            "{key}: {}",
            text(vm, value, levels.saturating_sub(1))
        ));
    }
    if pairs.len() > ITEMS {
        parts.push("…".into());
    }
    format!("{{{}}}", parts.join(", "))
}

fn exception(vm: &mut Vm, value: &Value, levels: usize) -> String {
    let Some(exception) = value.as_ref::<Exception>() else {
        return "exception".into();
    };
    let args = exception.args();
    let mut parts = Vec::new();
    for arg in args.iter().take(ITEMS) {
        parts.push(text(vm, arg, levels.saturating_sub(1)));
    }
    format!("{}({})", exception.class.get().name(), parts.join(", "))
}
