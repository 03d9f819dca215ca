//! How futures and tasks show themselves.

use super::{future, origin, source, task};
use crate::text;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, Future, FutureState, Int, Kind, List, Set, Tuple, Waiter};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Addresses of the tasks whose repr is being made: a task that stands in its own repr shows as
/// `...`.
#[derive(Default)]
struct Underway(Vec<usize>);

/// `repr(future)`, `repr(task)`.
pub(super) fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(f) = args[0].as_ref::<Future>().cloned() else {
        return Ok(Value::None);
    };
    let address = f.as_obj().address();
    if vm.state::<Underway>().0.contains(&address) {
        return Ok("...".into());
    }
    vm.state::<Underway>().0.push(address);
    let parts = parts(vm, &f);
    vm.state::<Underway>().0.pop();
    let name = vm.class_of(&args[0]).name();
    Ok(format!("<{name} {}>", parts?.join(" ")).into())
}

fn parts(vm: &mut Vm, f: &Ref<Future>) -> R<Vec<String>> {
    let mut parts = vec![state_word(f).to_ascii_lowercase()];
    if let Some(part) = f.part() {
        if f.cancel_requests() > 0 && !f.is_done() {
            parts = vec!["cancelling".into()];
        }
        let name = task::name(f);
        parts.push(format!("name={}", vm.repr(&name)?.as_str()));
        if let Some(coro) = part.coro.defined() {
            parts.push(format!("coro=<{}>", source::coroutine(vm, &coro)?));
        }
        if let Some(waited) = part.waiting_for.defined() {
            parts.push(format!("wait_for={}", vm.repr(&waited)?.as_str()));
        }
    }
    if f.state.get() == FutureState::Finished {
        match f.exception().defined() {
            Some(exception) => {
                parts.push(format!("exception={}", vm.repr(&exception)?.as_str()));
            }
            None => parts.push(format!("result={}", short(vm, &f.result())?)),
        }
    }
    parts.extend(callbacks(vm, f)?);
    parts.extend(origin::created_at(&future::origin(f)));
    Ok(parts)
}

/// `PENDING`, `CANCELLED`, `FINISHED`.
pub(super) fn state_word(f: &Future) -> &'static str {
    match f.state.get() {
        FutureState::Pending => "PENDING",
        FutureState::Cancelled => "CANCELLED",
        FutureState::Finished => "FINISHED",
    }
}

/// `cb=[first(), <2 more>, last()]`.
fn callbacks(vm: &mut Vm, f: &Ref<Future>) -> R<Option<String>> {
    let waiters = f.waiters();
    let mut show = |waiter: &Waiter| match waiter {
        Waiter::Task(_) => Ok("Task.task_wakeup()".to_owned()),
        Waiter::Callback(callback) => {
            source::callback_with_source(vm, &callback.func, &Value::None, false)
        }
    };
    Ok(match waiters.as_slice() {
        [] => None,
        [one] => Some(format!("cb=[{}]", show(one)?)),
        [first, last] => Some(format!("cb=[{}, {}]", show(first)?, show(last)?)),
        [first, more @ .., last] => Some(format!(
            "cb=[{}, <{} more>, {}]",
            show(first)?,
            more.len(),
            show(last)?
        )),
    })
}

/// The repr of a value cut to a length that fits a line, as `reprlib.repr` cuts it.
pub(super) fn short(vm: &mut Vm, value: &Value) -> R<String> {
    short_at(vm, value, 6)
}

/// Items of a container that are shown (dicts show fewer), characters of text, of numbers.
const ITEMS: usize = 6;
const PAIRS: usize = 4;
const TEXT: usize = 30;
const DIGITS: usize = 40;

fn short_at(vm: &mut Vm, value: &Value, level: usize) -> R<String> {
    match value.kind() {
        Some(Kind::Str) => Ok(short_str(value.as_str().unwrap_or_default())),
        Some(Kind::Tuple) => {
            let items = value.as_ref::<Tuple>().map(|t| t.items().to_vec());
            let items = items.unwrap_or_default();
            let comma = if items.len() == 1 { "," } else { "" };
            Ok(format!("({}{comma})", joined(vm, &items, level)?))
        }
        Some(Kind::List) => {
            let items = value.as_ref::<List>().map(|l| l.items.borrow().clone());
            Ok(format!(
                "[{}]",
                joined(vm, &items.unwrap_or_default(), level)?
            ))
        }
        Some(Kind::Set) => {
            let items: Vec<Value> = match value.as_ref::<Set>() {
                Some(set) => set.map.borrow().iter().map(|(_, k)| k.clone()).collect(),
                None => Vec::new(),
            };
            if items.is_empty() {
                return Ok("set()".into());
            }
            Ok(format!("{{{}}}", joined(vm, &items, level)?))
        }
        Some(Kind::Dict) => short_dict(vm, value, level),
        Some(Kind::Int) => {
            let digits = value
                .as_ref::<Int>()
                .map_or(String::new(), |n| n.0.to_string());
            Ok(cut(&digits, DIGITS))
        }
        _ => Ok(cut(vm.repr(value)?.as_str(), TEXT)),
    }
}

fn joined(vm: &mut Vm, items: &[Value], level: usize) -> R<String> {
    if level == 0 && !items.is_empty() {
        return Ok("...".into());
    }
    let mut parts = Vec::new();
    for item in items.iter().take(ITEMS) {
        parts.push(short_at(vm, item, level - 1)?);
    }
    if items.len() > ITEMS {
        parts.push("...".into());
    }
    Ok(parts.join(", "))
}

fn short_dict(vm: &mut Vm, value: &Value, level: usize) -> R<String> {
    let pairs: Vec<(Value, Value)> = match value.as_ref::<Dict>() {
        Some(dict) => {
            let map = dict.map.borrow();
            map.iter()
                .map(|e| (e.key.clone(), e.value.clone()))
                .collect()
        }
        None => Vec::new(),
    };
    if pairs.is_empty() {
        return Ok("{}".into());
    }
    if level == 0 {
        return Ok("{...}".into());
    }
    let mut parts = Vec::new();
    for (key, value) in pairs.iter().take(PAIRS) {
        let key = short_at(vm, key, level - 1)?;
        parts.push(format!("{key}: {}", short_at(vm, value, level - 1)?));
    }
    if pairs.len() > PAIRS {
        parts.push("...".into());
    }
    Ok(format!("{{{}}}", parts.join(", ")))
}

fn short_str(s: &str) -> String {
    let head: String = s.chars().take(TEXT).collect();
    let whole = text::repr::str_repr(&head);
    if whole.chars().count() <= TEXT {
        return whole;
    }
    let (front, back) = halves(TEXT);
    let chars: Vec<char> = s.chars().collect();
    let tail = chars.iter().skip(chars.len().saturating_sub(back));
    let ends: String = chars.iter().take(front).chain(tail).collect();
    without_middle(&text::repr::str_repr(&ends), TEXT)
}

/// How much of the front and of the back stays when a text is cut to a length.
fn halves(limit: usize) -> (usize, usize) {
    let front = (limit - 3) / 2;
    (front, limit - 3 - front)
}

/// Cuts the middle out of a text that is longer than the limit.
fn cut(s: &str, limit: usize) -> String {
    if s.chars().count() <= limit {
        s.to_owned()
    } else {
        without_middle(s, limit)
    }
}

fn without_middle(s: &str, limit: usize) -> String {
    let chars: Vec<char> = s.chars().collect();
    let (front, back) = halves(limit);
    let head: String = chars.iter().take(front).collect();
    let tail: String = chars
        .iter()
        .skip(chars.len().saturating_sub(back))
        .collect();
    format!("{head}...{tail}")
}

/// `Future[int]`: an alias of the same type as `list[int]`.
pub(super) fn class_getitem(vm: &mut Vm, args: &[Value]) -> R {
    let list: Value = vm.types.list.clone().into();
    let sample = vm.get_item(&list, &args[1])?;
    let alias: Value = vm.class_of(&sample).into();
    vm.call(&alias, &[args[0].clone(), args[1].clone()])
}
