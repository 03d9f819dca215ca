//! `?name` and `help(name)`: what something is.

use super::look::state_of;
use super::{Done, overview, plain_value_of};
use crate::repl::completion;
use crate::repl::session::Session;
use crate::vm::native::NativeDef;
use crate::vm::object::{BoundMethod, Class, Function, Module, NativeFunction, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Names of a class or module that are listed.
const MOST_NAMES: usize = 60;
const LINE: usize = 78;

/// `help` of a session.
static HELP: NativeDef = NativeDef::new(
    "help",
    "(request=None, /)",
    |vm, args| {
        let text = match args[0].given() {
            None | Some(Value::None) => overview(),
            Some(request) => description(vm, request)?,
        };
        print(vm, &text)
    },
    "Say what an object is: signature and doc.",
);

/// Makes it the `help` of the session.
pub fn install(vm: &mut Vm) {
    let (name, help) = (vm.intern("help"), vm.native_function(&HELP, "builtins"));
    vm.builtins.set_str(&name, help);
}

fn print(vm: &mut Vm, text: &str) -> R {
    let name = vm.names.print.clone();
    match vm.builtins.get_str(&name) {
        Some(print) => vm.call(&print, &[text.trim_end().into()]),
        None => Ok(Value::None),
    }
}

pub fn describe(session: &mut Session, subject: &str) -> Done {
    if subject.is_empty() {
        session.link.screen.say(&overview());
        return Ok(());
    }
    let value = plain_value_of(session, subject)?;
    let text = match state_of(session, &value)? {
        Some(state) => state,
        None => description(session.vm(), &value)?,
    };
    session.link.screen.say(&text);
    Ok(())
}

/// Signature, doc and the like.
fn description(vm: &mut Vm, value: &Value) -> R<String> {
    let mut text = headline(vm, value)?;
    text.push('\n');
    let doc = vm.names.__doc__.clone();
    let doc = match vm.get_attr_opt(value, &doc)? {
        Some(doc) => doc.as_str().map(str::to_owned),
        None => None,
    };
    for line in doc.as_deref().unwrap_or_default().trim().lines() {
        text.push_str(&format!("    {}\n", line.trim_end()));
    }
    if let Some(f) = function_of(value) {
        let code = f.code.get();
        let source = &code.code.source;
        if !source.is_library() {
            text.push_str(&format!(
                "defined at {}, line {}\n",
                source.name(),
                code.code.first_line()
            ));
        }
    }
    if let Some(names) = members(value) {
        text.push_str(&names);
    }
    Ok(text)
}

fn function_of(value: &Value) -> Option<&Function> {
    match value.as_ref::<BoundMethod>() {
        Some(method) => method.func.downcast::<Function>(),
        None => value.downcast::<Function>(),
    }
}

/// The line that says what it is.
fn headline(vm: &mut Vm, value: &Value) -> R<String> {
    if let Some(class) = value.as_ref::<Class>() {
        let bases = class.mro.borrow().get(1).map(|b| b.name().to_string());
        let bases = bases
            .filter(|b| b != "object")
            .map_or(String::new(), |b| format!("({b})"));
        let signature =
            signature(vm, value)?.map_or(String::new(), |s| format!("   {}{s}", class.name()));
        return Ok(format!("class {}{bases}{signature}", class.name()));
    }
    if let Some(module) = value.as_ref::<Module>() {
        return Ok(format!("module {}", module.name.borrow()));
    }
    let callable = function_of(value).is_some()
        || value.as_ref::<NativeFunction>().is_some()
        || value.as_ref::<BoundMethod>().is_some();
    if callable {
        let name = vm.names.__qualname__.clone();
        let name = match vm.get_attr_opt(value, &name)? {
            Some(name) => name.as_str().unwrap_or("?").to_owned(),
            None => "?".to_owned(),
        };
        let what = function_of(value).map_or("built-in ", |f| {
            let flags = f.code.get().code.flags;
            match (
                flags.coroutine || flags.async_generator,
                flags.generator || flags.async_generator,
            ) {
                (true, false) => "async def ",
                (true, true) => "async generator function ",
                (false, true) => "generator function ",
                (false, false) => "def ",
            }
        });
        let signature = signature(vm, value)?.unwrap_or_default();
        return Ok(format!("{what}{name}{signature}"));
    }
    let class = completion::describe(vm, value);
    let shown = crate::inspect::text::brief(vm, value)?;
    Ok(if class.contains(' ') {
        class
    } else {
        format!("{class}: {shown}")
    })
}

/// `str(inspect.signature(value))`.
fn signature(vm: &mut Vm, value: &Value) -> R<Option<String>> {
    if let Some(native) = value.as_ref::<NativeFunction>() {
        return Ok(Some(native.def.signature.to_owned()));
    }
    let hook = vm.import_hook;
    let globals = vm.builtins.clone();
    let inspect = hook(vm, "inspect", &globals, &Tuple::value([]), 0)?;
    let name = vm.intern("signature");
    let found = vm
        .call_method(&inspect, &name, std::slice::from_ref(value))
        .and_then(|s| vm.str(&s));
    Ok(match found {
        Ok(text) => Some(text.as_str().to_owned()),
        Err(raise) => {
            drop(vm.take_raised(raise));
            None
        }
    })
}

/// The public names of a class or module.
fn members(value: &Value) -> Option<String> {
    let dict = match (value.as_ref::<Class>(), value.as_ref::<Module>()) {
        (Some(class), _) => class.dict.clone(),
        (_, Some(module)) => module.dict.clone(),
        _ => return None,
    };
    let mut names: Vec<String> = dict
        .map
        .borrow()
        .iter()
        .filter_map(|e| crate::repl::display::name_of(&e.key))
        .filter(|n| !n.starts_with('_'))
        .collect();
    names.sort();
    if names.is_empty() {
        return None;
    }
    let more = names.len() > MOST_NAMES;
    names.truncate(MOST_NAMES);
    let mut text = String::from("has");
    let mut column = 3;
    for name in &names {
        if column + 1 + name.len() > LINE {
            text.push_str("\n   ");
            column = 3;
        }
        text.push(' ');
        text.push_str(name);
        column += 1 + name.len();
    }
    text.push_str(if more { " …\n" } else { "\n" });
    Some(text)
}
