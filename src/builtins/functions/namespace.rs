//! Namespaces: `globals`, `locals`, `vars`, `dir`, `__import__`, `breakpoint`, `help`.

use crate::bytecode::Code;
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Dict, List, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The globals of the code that called the running native.
pub fn caller_globals(vm: &Vm) -> Ref<Dict> {
    vm.frame(0)
        .map_or_else(Dict::new, |f| f.code.globals.clone())
}

/// The locals of that code: the globals of a module, the namespace of a class body, or a new
/// dict of a function's variables.
pub fn caller_locals(vm: &mut Vm) -> Value {
    let Some(frame) = vm.frame(0) else {
        return Dict::new().into();
    };
    let code = &frame.code.code;
    // The variables of a comprehension hide the namespace around it.
    let has_namespace = code.has_namespace() || code.flags.module;
    if has_namespace && !in_comprehension(vm, code) {
        return match code.has_namespace() {
            true => vm.frame_register(0, 0),
            false => frame.code.globals.clone().into(),
        };
    }
    let dict = Dict::new();
    for (i, name) in code.names.iter().enumerate().take(code.nnamed as usize) {
        let value = vm.frame_local(0, i);
        if !value.is_undef() && !name.starts_with('.') {
            let name = vm.intern(name);
            dict.set_str(&name, value);
        }
    }
    dict.into()
}

/// Whether a module or a class body is inside a comprehension: only then has it variables.
fn in_comprehension(vm: &Vm, code: &Code) -> bool {
    let own = code.names.iter().enumerate().take(code.free_start as usize);
    own.filter(|(_, name)| !name.starts_with('.') && &***name != "__class__")
        .any(|(i, _)| !vm.frame_local(0, i).is_undef())
}

fn globals(vm: &mut Vm, _: &[Value]) -> R {
    Ok(caller_globals(vm).into())
}

fn locals(vm: &mut Vm, _: &[Value]) -> R {
    Ok(caller_locals(vm))
}

fn vars(vm: &mut Vm, args: &[Value]) -> R {
    let Some(object) = args[0].given() else {
        return Ok(caller_locals(vm));
    };
    let name = vm.names.__dict__.clone();
    match vm.get_attr_opt(object, &name)? {
        Some(dict) => Ok(dict),
        None => Err(vm.type_error("vars() argument must have __dict__ attribute")),
    }
}

fn dir(vm: &mut Vm, args: &[Value]) -> R {
    let names = match args[0].given() {
        None => {
            let locals = caller_locals(vm);
            let mut names = vm.collect(&locals)?;
            crate::builtins::types::sort_values(vm, &mut names, None, false)?;
            names
        }
        Some(object) => crate::builtins::dir(vm, object)?,
    };
    Ok(List::value(names))
}

/// `__import__(name, globals, locals, fromlist, level)`.
fn import(vm: &mut Vm, args: &[Value]) -> R {
    let Some(name) = args[0].as_str() else {
        return Err(vm.type_error("module name must be a string"));
    };
    let at_level = args[4]
        .given()
        .is_some_and(|level| !matches!(level, Value::Int(0)));
    let globals = match args[1].as_ref::<Dict>() {
        Some(globals) => globals.clone(),
        None if at_level && !args[1].given().is_none_or(Value::is_none) => {
            return Err(vm.type_error("globals must be a dict"));
        }
        None => caller_globals(vm),
    };
    let fromlist = match args[3].given() {
        Some(list) => list.clone(),
        None => Tuple::value([]),
    };
    let level = crate::builtins::arguments::int_or(vm, &args[4], 0)?;
    if level < 0 {
        return Err(vm.value_error("level must be >= 0"));
    }
    if name.is_empty() && level == 0 {
        return Err(vm.value_error("Empty module name"));
    }
    let hook = vm.import_hook;
    let name = name.to_string();
    hook(vm, &name, &globals, &fromlist, level)
}

/// There is no debugger: the program goes on.
fn breakpoint(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::None)
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new("globals", "()", globals, "The namespace of the module."),
    NativeDef::new("locals", "()", locals, "The namespace here."),
    NativeDef::new(
        "vars",
        "(object=None, /)",
        vars,
        "The __dict__ of the object; without argument, locals().",
    ),
    NativeDef::new(
        "dir",
        "(object=None, /)",
        dir,
        "The names that the object has; without argument, those here.",
    ),
    NativeDef::new(
        "__import__",
        "(name, globals=None, locals=None, fromlist=(), level=0)",
        import,
        "What the import statement calls.",
    ),
    NativeDef::new(
        "breakpoint",
        "(*args, **kws)",
        breakpoint,
        "Would start a debugger, if there were one.",
    ),
];
