//! What the program calls its objects: the variables, attributes and elements in which they can be
//! found. Looks from outside; no code of the program runs.

use super::waits::{Stuck, variable};
use crate::event_loop::task;
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{Class, Dict, Future, Generator, Instance, Kind, List, Str, Tuple};
use crate::vm::value::Value;
use std::collections::{HashMap, VecDeque};

/// How far from a variable an object is looked for: `a.b[0]` is two steps.
const STEPS: u8 = 3;
/// Most objects looked at, and most elements of one container.
const OBJECTS: usize = 50_000;
const ELEMENTS: usize = 1000;
/// Most ways to one object.
const PATHS: usize = 4;

/// The names of objects and tasks.
#[derive(Default)]
pub(super) struct Names {
    /// By address: the ways to it, the nearest first.
    objects: HashMap<usize, Vec<Path>>,
    /// How many objects can be reached by a path.
    uses: HashMap<String, usize>,
    tasks: HashMap<usize, String>,
}

/// Variable, attributes, elements; and the task whose variable it begins with.
struct Path {
    text: String,
    task: Option<usize>,
}

/// An object on the way, and how it was found.
struct Step {
    value: Value,
    path: String,
    /// The task in whose variables the path begins.
    task: Option<usize>,
    steps: u8,
}

impl Names {
    /// Looks around in the frames of the tasks and in those that run the loop.
    pub fn new(vm: &mut Vm, stuck: &[Stuck]) -> Names {
        let mut names = Names::default();
        names.name_tasks(stuck);
        let mut queue = VecDeque::new();
        globals(vm, stuck, &mut queue);
        // `self` says less than any other name, so it comes last.
        for last in [false, true] {
            variables_of_callers(vm, last, &mut queue);
            for s in stuck {
                let task = Some(s.task.as_obj().address());
                for frame in &s.frames {
                    locals(frame, task, last, &mut queue);
                }
            }
            names.walk(vm, &mut queue);
        }
        names
    }

    fn walk(&mut self, vm: &mut Vm, queue: &mut VecDeque<Step>) {
        while let Some(step) = queue.pop_front() {
            let Some(object) = step.value.as_obj() else {
                continue;
            };
            if self.objects.len() > OBJECTS {
                return;
            }
            let paths = self.objects.entry(object.address()).or_default();
            if paths.is_empty() && step.steps < STEPS {
                look_inside(vm, &step, queue);
            }
            if paths.len() < PATHS && paths.iter().all(|p| p.text != step.path) {
                *self.uses.entry(step.path.clone()).or_default() += 1;
                paths.push(Path {
                    text: step.path,
                    task: step.task,
                });
            }
        }
    }

    /// What a task is called: the name it was given, else its coroutine's, with a number if that
    /// is not enough.
    fn name_tasks(&mut self, stuck: &[Stuck]) {
        let plain: Vec<String> = stuck.iter().map(|s| coroutine_name(&s.task)).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        plain
            .iter()
            .for_each(|name| *counts.entry(name).or_default() += 1);
        for (s, name) in stuck.iter().zip(&plain) {
            let given = s.task.own().and_then(|own| own.name.defined());
            let own = task::name(&s.task);
            let own = own.as_str().unwrap_or_default();
            let text = match given {
                // What set_name(None) makes of None.
                Some(_) if own != "None" => format!("task '{own}'"),
                _ if counts.get(name.as_str()) > Some(&1) => {
                    format!("{own} ({})", name.trim_end_matches("()"))
                }
                _ => name.clone(),
            };
            self.tasks.insert(s.task.as_obj().address(), text);
        }
    }

    /// The name of a task, or of a future that is none.
    pub fn future(&self, vm: &mut Vm, f: &Ref<Future>) -> String {
        match self.tasks.get(&f.as_obj().address()) {
            Some(name) => name.clone(),
            None if f.is_task() => coroutine_name(f),
            None => self.object(vm, &f.clone().into()),
        }
    }

    /// `lock 'a'`; `a lock` if it has no name.
    pub fn object(&self, vm: &mut Vm, object: &Value) -> String {
        let kind = kind(vm, object);
        match self.path(object) {
            Some(path) => format!("{kind} {path}"),
            None => match kind.chars().next() {
                Some('a' | 'e' | 'i' | 'o' | 'u' | 'A' | 'E' | 'I' | 'O' | 'U') => {
                    format!("an {kind}")
                }
                _ => format!("a {kind}"),
            },
        }
    }

    /// `'a'`, and whose that is where several are called so.
    pub fn path(&self, object: &Value) -> Option<String> {
        let paths = self.objects.get(&object.as_obj()?.address())?;
        let is_unique = |p: &&Path| self.uses.get(&p.text) == Some(&1);
        let unique = paths.iter().find(is_unique);
        let path = unique.or(paths.first())?;
        // The lock inside of a condition goes by the condition's name.
        let text = path.text.trim_end_matches("._lock");
        let owner = path.task.and_then(|t| self.tasks.get(&t));
        Some(match owner {
            Some(owner) if unique.is_none() => format!("'{text}' of {owner}"),
            _ => format!("'{text}'"),
        })
    }
}

/// `worker()`.
pub(super) fn coroutine_name(task: &Ref<Future>) -> String {
    let coro = task.part().map_or(Value::Undef, |p| p.coro.get());
    match coro.as_ref::<Generator>() {
        Some(g) => format!(
            "{}()",
            g.code
                .code
                .qualname
                .rsplit('>')
                .next()
                .unwrap_or_default()
                .trim_start_matches('.')
        ),
        None => "a task".to_string(),
    }
}

/// `lock`, `queue`: asyncio's own classes in small letters, others by name.
pub(super) fn kind(vm: &mut Vm, object: &Value) -> String {
    let class = vm.class_of(object);
    let module = class.dict.get_str(&vm.names.__module__);
    let module = module.as_ref().and_then(Value::as_str).unwrap_or_default();
    if module.starts_with("asyncio") || module.starts_with("_asyncio") {
        let name = class.name().trim_start_matches('_').to_ascii_lowercase();
        return name
            .trim_start_matches("bounded")
            .trim_start_matches("priority")
            .trim_start_matches("lifo")
            .to_string();
    }
    class.name().to_string()
}

/// The globals of the modules in which the tasks stand, and of those that run the loop.
fn globals(vm: &mut Vm, stuck: &[Stuck], queue: &mut VecDeque<Step>) {
    let callers = (0..vm.frame_count())
        .filter_map(|i| vm.frame(i))
        .map(|f| f.code);
    let tasks = stuck.iter().flat_map(|s| &s.frames).map(|f| f.code.clone());
    let mut seen: Vec<Ref<Dict>> = Vec::new();
    for code in callers.collect::<Vec<_>>().into_iter().chain(tasks) {
        if code.code.source.is_library()
            || seen.iter().any(|d| d.as_obj().is(code.globals.as_obj()))
        {
            continue;
        }
        seen.push(code.globals.clone());
        for (name, value) in entries(&code.globals) {
            push(queue, value, name, None, 1);
        }
    }
}

/// Variables of the functions that wait for the loop to end, outermost first.
fn variables_of_callers(vm: &Vm, last: bool, queue: &mut VecDeque<Step>) {
    for depth in (0..vm.frame_count()).rev() {
        let Some(frame) = vm.frame(depth) else {
            continue;
        };
        let code = &frame.code.code;
        if code.source.is_library() || code.flags.module || code.flags.class_body {
            continue;
        }
        for (i, name) in code.names.iter().enumerate() {
            if is_self(name) == last {
                push(
                    queue,
                    vm.frame_local(depth, i),
                    own_name(name, &vm.frame_local(depth, i)),
                    None,
                    1,
                );
            }
        }
    }
}

fn locals(frame: &Ref<Generator>, task: Option<usize>, last: bool, queue: &mut VecDeque<Step>) {
    let code = &frame.code.code;
    if code.source.is_library() {
        return;
    }
    for (i, name) in code.names.iter().enumerate() {
        if is_self(name) == last {
            let value = variable(frame.register(i));
            push(queue, value.clone(), own_name(name, &value), task, 1);
        }
    }
}

fn is_self(name: &str) -> bool {
    matches!(name, "self" | "cls")
}

/// A variable's name; an object that is only known as `self` goes by its class.
fn own_name(name: &str, value: &Value) -> String {
    match value.as_ref::<Instance>() {
        Some(instance) if is_self(name) => instance.class.get().name().to_string(),
        _ => name.to_string(),
    }
}

fn push(queue: &mut VecDeque<Step>, value: Value, path: String, task: Option<usize>, steps: u8) {
    if value.as_obj().is_some() {
        queue.push_back(Step {
            value,
            path,
            task,
            steps,
        });
    }
}

/// Attributes and elements.
fn look_inside(vm: &mut Vm, step: &Step, queue: &mut VecDeque<Step>) {
    let mut found: Vec<(Value, String)> = Vec::new();
    let value = &step.value;
    match value.kind() {
        Some(Kind::Instance) => {
            let attributes = vm.own_attributes(value).into_iter();
            found.extend(
                attributes.map(|(name, v)| (v, format!("{}.{}", step.path, name.as_str()))),
            );
        }
        Some(Kind::Class) => {
            let members = value
                .as_ref::<Class>()
                .map_or_else(Vec::new, |c| entries(&c.dict));
            let objects = members
                .into_iter()
                .filter(|(_, v)| v.kind() == Some(Kind::Instance));
            found.extend(objects.map(|(name, v)| (v, format!("{}.{name}", step.path))));
        }
        Some(Kind::Dict) => {
            let pairs: Vec<(Value, Value)> = value.as_ref::<Dict>().map_or_else(Vec::new, |d| {
                let map = d.map.borrow();
                map.iter()
                    .take(ELEMENTS)
                    .map(|e| (e.key.clone(), e.value.clone()))
                    .collect()
            });
            found.extend(
                pairs
                    .into_iter()
                    .filter_map(|(k, v)| Some((v, format!("{}[{}]", step.path, key(&k)?)))),
            );
        }
        Some(Kind::List | Kind::Tuple) => {
            let items = match (value.as_ref::<List>(), value.as_ref::<Tuple>()) {
                (Some(list), _) => list.items.borrow().iter().take(ELEMENTS).cloned().collect(),
                (_, Some(tuple)) => tuple.items().iter().take(ELEMENTS).cloned().collect(),
                _ => Vec::new(),
            };
            let items: Vec<Value> = items;
            found.extend(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(i, v)| (v, format!("{}[{i}]", step.path))),
            );
        }
        _ => {}
    }
    for (value, path) in found {
        push(queue, value, path, step.task, step.steps + 1);
    }
}

/// A key as the program writes it, if it is a plain one.
fn key(value: &Value) -> Option<String> {
    match value {
        Value::Int(n) => Some(n.to_string()),
        value => value.as_str().map(|s| format!("{s:?}")),
    }
}

/// Names and values of a namespace; names with two underscores are nobody's variables.
fn entries(dict: &Ref<Dict>) -> Vec<(String, Value)> {
    let map = dict.map.borrow();
    let named = map.iter().filter_map(|e| {
        let name = e.key.as_ref::<Str>()?.as_str();
        (!name.starts_with("__")).then(|| (name.to_string(), e.value.clone()))
    });
    named.collect()
}
