//! How values are shown: as `repr` does, long containers over several lines.

use super::Console;
use crate::diagnostic::render::RenderOptions;
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Dict, GenKind, GenState, Generator, Kind, List, Set, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use unicode_width::UnicodeWidthStr;

/// How things are shown in this session.
#[derive(Clone, Copy)]
pub struct Look {
    pub render: RenderOptions,
    pub python: bool,
    pub console: Console,
}

/// Items no wider than this stand side by side.
const NARROW: usize = 16;
/// Containers in containers deeper than this stand on one line.
const DEEPEST: usize = 40;
const STEP: usize = 4;

/// `sys.displayhook` of a session on a terminal.
pub static HOOK: NativeDef = NativeDef::new(
    "displayhook",
    "(object, /)",
    |vm, args| show(vm, &args[0]),
    "Print an object to sys.stdout and also save it in builtins._",
);

/// Makes `HOOK` the hook.
pub fn install(vm: &mut Vm) -> R<()> {
    let sys = vm.intern("sys");
    let (Some(sys), name) = (vm.modules.get_str(&sys), vm.names.displayhook.clone()) else {
        return Ok(());
    };
    let hook = vm.native_function(&HOOK, "sys");
    vm.set_attr(&sys, &name, hook)
}

fn show(vm: &mut Vm, value: &Value) -> R {
    if value.is_none() {
        return Ok(Value::None);
    }
    let underscore = vm.intern("_");
    vm.builtins.set_str(&underscore, Value::None);
    let mut text = pretty(vm, value, 0, width())?;
    text.push('\n');
    if let Some(hint) = hint(value) {
        text.push_str(hint);
    }
    write(vm, &text)?;
    vm.builtins.set_str(&underscore, value.clone());
    Ok(Value::None)
}

/// What beginners of async are surprised by.
fn hint(value: &Value) -> Option<&'static str> {
    let generator = value.as_ref::<Generator>()?;
    let new = generator.kind() == GenKind::Coroutine && generator.state.get() == GenState::Created;
    new.then_some("(it has not begun to run: await it, or give it to asyncio.create_task)\n")
}

fn write(vm: &mut Vm, text: &str) -> R<()> {
    let (sys, stdout) = (vm.intern("sys"), vm.names.stdout.clone());
    let file = match vm.modules.get_str(&sys) {
        Some(sys) => vm.get_attr_opt(&sys, &stdout)?,
        None => None,
    };
    let Some(file) = file.filter(|f| !f.is_none()) else {
        return Err(vm.runtime_error("lost sys.stdout"));
    };
    let write = vm.names.write.clone();
    vm.call_method(&file, &write, &[text.into()]).map(drop)
}

/// Columns of the terminal.
pub fn width() -> usize {
    let size = crossterm::terminal::size();
    size.map_or(80, |(columns, _)| usize::from(columns).max(20))
}

/// The repr, over several lines if it is a container and does not fit.
pub fn pretty(vm: &mut Vm, value: &Value, indent: usize, width: usize) -> R<String> {
    let mut printer = Printer {
        width,
        inside: Vec::new(),
    };
    printer.value(vm, value, indent, 0)
}

struct Printer {
    width: usize,
    /// The containers around.
    inside: Vec<Value>,
}

/// The parts of a container.
struct Parts {
    open: &'static str,
    close: &'static str,
    /// Items, with keys in a dict.
    items: Vec<(Option<Value>, Value)>,
    /// There is a comma behind the last item.
    comma: bool,
}

impl Printer {
    /// `taken` columns stand before the value on its line, and after it.
    fn value(&mut self, vm: &mut Vm, value: &Value, indent: usize, taken: usize) -> R<String> {
        if self.inside.iter().any(|around| around.is(value)) {
            return Ok(match value.kind() {
                Some(Kind::Dict) => "{...}".into(),
                Some(Kind::Tuple) => "(...)".into(),
                _ => "[...]".into(),
            });
        }
        let flat = vm.repr(value)?.as_str().to_owned();
        let fits = !flat.contains('\n') && indent + taken + flat.width() <= self.width;
        if fits || self.inside.len() >= DEEPEST {
            return Ok(flat);
        }
        match parts(value) {
            Some(parts) if !parts.items.is_empty() => {
                self.inside.push(value.clone());
                let text = self.lines(vm, &parts, indent);
                self.inside.pop();
                text
            }
            _ => Ok(flat),
        }
    }

    fn lines(&mut self, vm: &mut Vm, parts: &Parts, indent: usize) -> R<String> {
        let inner = indent + STEP;
        let mut items = Vec::new();
        for (key, value) in &parts.items {
            let key = match key {
                Some(key) => format!("{}: ", vm.repr(key)?.as_str()),
                None => String::new(),
            };
            let value = self.value(vm, value, inner, key.width() + 1)?;
            items.push(format!("{key}{value}"));
        }
        let margin = " ".repeat(inner);
        let mut text = format!("{}\n", parts.open);
        let narrow = items
            .iter()
            .all(|i| i.width() <= NARROW && !i.contains('\n'));
        let last = items.len() - 1;
        let mut column = 0;
        for (i, item) in items.iter().enumerate() {
            let comma = if i < last || parts.comma { "," } else { "" };
            let wide = item.width() + comma.len();
            let beside = narrow && column > 0 && column + 1 + wide <= self.width;
            if beside {
                text.push(' ');
                column += 1;
            } else {
                if i > 0 {
                    text.push('\n');
                }
                text.push_str(&margin);
                column = inner;
            }
            text.push_str(item);
            text.push_str(comma);
            column += wide;
        }
        text.push('\n');
        text.push_str(&" ".repeat(indent));
        text.push_str(parts.close);
        Ok(text)
    }
}

/// What a built-in container holds; instances of subclasses show themselves.
fn parts(value: &Value) -> Option<Parts> {
    let plain = |items: Vec<Value>, open, close, comma| Parts {
        open,
        close,
        items: items.into_iter().map(|i| (None, i)).collect(),
        comma,
    };
    if let Some(list) = value.as_ref::<List>() {
        return Some(plain(list.items.borrow().clone(), "[", "]", false));
    }
    if let Some(tuple) = value.as_ref::<Tuple>() {
        let items = tuple.items().to_vec();
        let comma = items.len() == 1;
        return Some(plain(items, "(", ")", comma));
    }
    if let Some(set) = value.as_ref::<Set>() {
        let items = set
            .map
            .borrow()
            .iter()
            .map(|(_, key)| key.clone())
            .collect();
        return Some(plain(items, "{", "}", false));
    }
    let dict: &Ref<Dict> = value.as_ref()?;
    let pairs = dict.map.borrow();
    let pairs = pairs.iter().map(|e| (Some(e.key.clone()), e.value.clone()));
    Some(Parts {
        open: "{",
        close: "}",
        items: pairs.collect(),
        comma: false,
    })
}

/// A name in a namespace as text.
pub fn name_of(key: &Value) -> Option<String> {
    key.as_ref::<Str>().map(|s| s.as_str().to_owned())
}
