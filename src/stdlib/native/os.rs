//! The module `_os`: the little that `os` and `os.path` need of the operating system.

use super::io::os_error;
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Dict, List, Module};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::io;
use std::path::Path;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_os",
    doc: "What os and os.path need of the operating system.",
    functions: &[
        NativeDef::new("getcwd", "()", getcwd, "The current folder."),
        NativeDef::new(
            "getpid",
            "()",
            |_, _| Ok(Value::Int(std::process::id().into())),
            "The number of the process.",
        ),
        NativeDef::new(
            "exists",
            "(path, /)",
            |_, a| Ok(test(a, Path::exists)),
            "Whether there is a file or folder.",
        ),
        NativeDef::new(
            "isfile",
            "(path, /)",
            |_, a| Ok(test(a, Path::is_file)),
            "Whether it is a file.",
        ),
        NativeDef::new(
            "isdir",
            "(path, /)",
            |_, a| Ok(test(a, Path::is_dir)),
            "Whether it is a folder.",
        ),
        NativeDef::new("getsize", "(path, /)", getsize, "The size of a file."),
        NativeDef::new("listdir", "(path, /)", listdir, "The names in a folder."),
        NativeDef::new(
            "remove",
            "(path, /)",
            |vm, a| act(vm, a, |p| std::fs::remove_file(p)),
            "Remove a file.",
        ),
        NativeDef::new(
            "mkdir",
            "(path, /)",
            |vm, a| act(vm, a, |p| std::fs::create_dir(p)),
            "Make a folder.",
        ),
        NativeDef::new(
            "rmdir",
            "(path, /)",
            |vm, a| act(vm, a, |p| std::fs::remove_dir(p)),
            "Remove an empty folder.",
        ),
        NativeDef::new(
            "cpu_count",
            "()",
            |_, _| Ok(std::thread::available_parallelism().map_or(Value::None, |n| n.get().into())),
            "Number of processors.",
        ),
    ],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let environ = Dict::new();
    for (key, value) in std::env::vars_os() {
        let (key, value) = (key.to_string_lossy(), value.to_string_lossy());
        let key = vm.intern(&key);
        environ.set_str(&key, Value::str(&value));
    }
    let name = vm.intern("environ");
    module.dict.set_str(&name, environ.into());
    Ok(())
}

fn path(args: &[Value]) -> &Path {
    Path::new(args.first().and_then(Value::as_str).unwrap_or_default())
}

fn test(args: &[Value], f: fn(&Path) -> bool) -> Value {
    f(path(args)).into()
}

fn act(vm: &mut Vm, args: &[Value], f: fn(&Path) -> io::Result<()>) -> R {
    match f(path(args)) {
        Ok(()) => Ok(Value::None),
        Err(error) => Err(os_error(vm, &error, &args[0])),
    }
}

fn getcwd(vm: &mut Vm, _: &[Value]) -> R {
    match std::env::current_dir() {
        Ok(path) => Ok(path.to_string_lossy().into_owned().into()),
        Err(error) => Err(os_error(vm, &error, &Value::None)),
    }
}

fn getsize(vm: &mut Vm, args: &[Value]) -> R {
    match std::fs::metadata(path(args)) {
        Ok(data) => Ok(Value::Int(i64::try_from(data.len()).unwrap_or(i64::MAX))),
        Err(error) => Err(os_error(vm, &error, &args[0])),
    }
}

fn listdir(vm: &mut Vm, args: &[Value]) -> R {
    let entries = match std::fs::read_dir(path(args)) {
        Ok(entries) => entries,
        Err(error) => return Err(os_error(vm, &error, &args[0])),
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(List::value(names.into_iter().map(Value::from).collect()))
}
