//! Short texts for values in reports. No code of the program runs, nothing is resumed, and the
//! text is short however large the value: what a program wrote as its `__repr__` may be what fails.

use crate::text::repr::{bytes_repr, str_repr};
use crate::vm::Vm;
use crate::vm::object::{
    BoundMethod, Bytes, Class, Dict, Exception, FrozenSet, Function, Future, FutureState, GenKind,
    GenState, Generator, Instance, Int, List, Module, NativeFunction, Range, Set, Str, Tuple,
};
use crate::vm::value::Value;

/// Most characters of a text, items of a container, levels of nesting.
const TEXT: usize = 76;
const ITEMS: usize = 6;
const DEPTH: usize = 2;

/// A value in few words: `[1, 2, ...]`, `<coroutine price, not started>`, `<Account balance=3>`.
pub fn show(vm: &Vm, value: &Value) -> String {
    let text = shown(vm, value, 0);
    cut(&text)
}

/// The beginning of a text that is too long.
fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some(_) => {
            let head: String = text.chars().take(TEXT - 3).collect();
            format!("{head}...")
        }
        None => text.to_owned(),
    }
}

fn shown(vm: &Vm, value: &Value, depth: usize) -> String {
    match value {
        Value::Undef => "<nothing>".into(),
        Value::None => "None".into(),
        Value::True => "True".into(),
        Value::False => "False".into(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => crate::text::float::repr(f.get()),
        Value::Obj(_) => object(vm, value, depth),
    }
}

fn object(vm: &Vm, value: &Value, depth: usize) -> String {
    if let Some(text) = value.as_ref::<Str>() {
        let head: String = text.as_str().chars().take(TEXT + 1).collect();
        return str_repr(&head);
    }
    if let Some(bytes) = value.downcast::<Bytes>() {
        let head = bytes.0.get(..TEXT).unwrap_or(&bytes.0);
        return bytes_repr(head);
    }
    if let Some(int) = value.downcast::<Int>() {
        return match int.0.bits() {
            0..=256 => int.0.to_string(),
            bits => format!("<an int of {bits} bits>"),
        };
    }
    if let Some(text) = container(vm, value, depth) {
        return text;
    }
    named(vm, value).unwrap_or_else(|| instance(vm, value, depth))
}

/// Containers of the language itself; those of a program are shown as instances.
fn container(vm: &Vm, value: &Value, depth: usize) -> Option<String> {
    let list = |open: &str, items: &[Value], close: &str| {
        format!(
            "{open}{}{close}",
            join(vm, items.iter(), items.len(), depth)
        )
    };
    if let Some(l) = value.downcast::<List>() {
        let items = l.items.try_borrow().ok()?;
        return Some(list("[", &items, "]"));
    }
    if let Some(t) = value.as_ref::<Tuple>() {
        let close = if t.items().len() == 1 { ",)" } else { ")" };
        return Some(list("(", t.items(), close));
    }
    if let Some(d) = value.downcast::<Dict>() {
        return dict(vm, d, depth);
    }
    if let Some(s) = value.downcast::<Set>() {
        let map = s.map.try_borrow().ok()?;
        if map.is_empty() {
            return Some("set()".into());
        }
        let items = join(vm, map.iter().map(|(_, key)| key), map.len(), depth);
        return Some(format!("{{{items}}}"));
    }
    if let Some(s) = value.downcast::<FrozenSet>() {
        let map = s.map.try_borrow().ok()?;
        let items = join(vm, map.iter().map(|(_, key)| key), map.len(), depth);
        return Some(format!("frozenset({{{items}}})"));
    }
    let range = value.downcast::<Range>()?;
    let bounds = [&range.start, &range.stop].map(|v| shown(vm, v, depth));
    let step = shown(vm, &range.step, depth);
    Some(match step.as_str() {
        "1" => format!("range({})", bounds.join(", ")),
        _ => format!("range({}, {step})", bounds.join(", ")),
    })
}

fn dict(vm: &Vm, d: &Dict, depth: usize) -> Option<String> {
    let map = d.map.try_borrow().ok()?;
    if depth >= DEPTH && !map.is_empty() {
        return Some("{...}".into());
    }
    let mut parts: Vec<String> = map
        .iter()
        .take(ITEMS)
        .map(|e| {
            let key = shown(vm, &e.key, depth + 1);
            format!("{key}: {}", shown(vm, &e.value, depth + 1))
        })
        .collect();
    if map.len() > ITEMS {
        parts.push("...".into());
    }
    Some(format!("{{{}}}", parts.join(", ")))
}

fn join<'a>(vm: &Vm, items: impl Iterator<Item = &'a Value>, count: usize, depth: usize) -> String {
    if depth >= DEPTH && count > 0 {
        return "...".into();
    }
    let mut parts: Vec<String> = items.take(ITEMS).map(|v| shown(vm, v, depth + 1)).collect();
    if count > ITEMS {
        parts.push("...".into());
    }
    parts.join(", ")
}

/// Things that have a name.
fn named(vm: &Vm, value: &Value) -> Option<String> {
    if let Some(f) = value.downcast::<Function>() {
        return Some(format!("<function {}>", f.qualname()));
    }
    if let Some(method) = value.downcast::<BoundMethod>() {
        let function = method.func.downcast::<Function>()?;
        return Some(format!("<method {}>", function.qualname()));
    }
    if let Some(f) = value.downcast::<NativeFunction>() {
        return Some(format!("<built-in {}>", f.def.name));
    }
    if let Some(class) = value.downcast::<Class>() {
        return Some(format!("<class {}>", class.name()));
    }
    if let Some(module) = value.downcast::<Module>() {
        let name = module.name.try_borrow().ok()?;
        return Some(format!("<module {name}>"));
    }
    if let Some(generator) = value.downcast::<Generator>() {
        return Some(suspended(generator));
    }
    if let Some(future) = value.downcast::<Future>() {
        return Some(future_text(future));
    }
    let exception = value.downcast::<Exception>()?;
    let class = vm.class_of(value).name();
    let args = exception.args();
    Some(format!("{class}({})", join(vm, args.iter(), args.len(), 1)))
}

/// A generator or coroutine with where it stands.
fn suspended(generator: &Generator) -> String {
    let kind = match generator.kind() {
        GenKind::Generator => "generator",
        GenKind::Coroutine => "coroutine",
        GenKind::AsyncGenerator => "async generator",
    };
    let name = generator.qualname();
    let name = name.as_str().unwrap_or("?");
    let state = match generator.state.get() {
        GenState::Created => "not started".to_owned(),
        GenState::Running => "running".to_owned(),
        GenState::Finished => "finished".to_owned(),
        GenState::Suspended => {
            let at = (generator.pc.get() as usize).saturating_sub(1);
            format!("suspended in line {}", generator.code.code.line_at(at))
        }
    };
    format!("<{kind} {name}, {state}>")
}

fn future_text(future: &Future) -> String {
    let state = match future.state.get() {
        FutureState::Pending => "pending",
        FutureState::Finished => "finished",
        FutureState::Cancelled => "cancelled",
    };
    if !future.is_task() {
        return format!("<future, {state}>");
    }
    let name = future.own().and_then(|own| own.name.defined());
    match name.as_ref().and_then(Value::as_str) {
        Some(name) => format!("<task {name}, {state}>"),
        None => format!("<task Task-{}, {state}>", future.number()),
    }
}

/// An object of a program's class, with what it holds.
fn instance(vm: &Vm, value: &Value, depth: usize) -> String {
    let class = vm.class_of(value).name();
    let Some(instance) = value.as_ref::<Instance>() else {
        return format!("<{class} object>");
    };
    let mut parts = Vec::new();
    if let Some(payload) = instance.payload() {
        parts.push(shown(vm, &payload, depth + 1));
    }
    if depth < DEPTH {
        let attributes = instance.attributes();
        let plain = attributes
            .iter()
            .filter(|(name, _)| !name.as_str().starts_with('_'));
        for (name, v) in plain.take(ITEMS) {
            parts.push(format!("{}={}", name.as_str(), shown(vm, v, DEPTH)));
        }
    }
    match parts.is_empty() {
        true => format!("<{class} object>"),
        false => format!("<{class} {}>", parts.join(", ")),
    }
}
