//! The library: which modules there are, native ones and those written in the language itself.

pub mod embedded;
mod native;

pub use native::deque_items;

use crate::vm::heap::Ref;
use crate::vm::native::ModuleDef;
use crate::vm::object::{Dict, List, Module};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};

/// Where a module comes from.
#[derive(Clone, Copy)]
pub enum ModuleSource {
    Native(&'static ModuleDef),
    /// Text in the language itself.
    Embedded {
        text: &'static str,
        is_package: bool,
    },
}

/// The module of a full name (`asyncio.tasks`).
pub fn find(name: &str) -> Option<ModuleSource> {
    if let Some(def) = native::MODULES.iter().find(|d| d.name == name) {
        return Some(ModuleSource::Native(def));
    }
    embedded::find(name).map(|m| ModuleSource::Embedded {
        text: m.text,
        is_package: m.is_package,
    })
}

/// The names of all modules, for "did you mean" and `sys.stdlib_module_names`.
pub fn names() -> impl Iterator<Item = &'static str> {
    let native = native::MODULES.iter().map(|d| d.name);
    native.chain(embedded::MODULES.iter().map(|m| m.name))
}

/// The names of the modules written in Rust.
pub fn native_names() -> impl Iterator<Item = &'static str> {
    native::MODULES.iter().map(|d| d.name)
}

/// Makes a native module and puts it into `sys.modules`.
pub fn make_native(vm: &mut Vm, def: &'static ModuleDef) -> R {
    let module = Ref::new(Module {
        name: RefCell::new(def.name.into()),
        dict: Dict::new(),
        loading: Cell::new(false),
    });
    let (name, doc) = (vm.names.__name__.clone(), vm.names.__doc__.clone());
    module.dict.set_str(&name, def.name.into());
    module.dict.set_str(&doc, def.doc.into());
    for (key, value) in [
        ("__package__", "".into()),
        ("__loader__", Value::None),
        ("__spec__", Value::None),
    ] {
        let key = vm.intern(key);
        module.dict.set_str(&key, value);
    }
    for function in def.functions {
        let value = vm.native_function(function, def.name);
        let name = vm.intern(function.name);
        module.dict.set_str(&name, value);
    }
    if let Some(init) = def.init {
        init(vm, &module)?;
    }
    let key = vm.intern(def.name);
    vm.modules.set_str(&key, module.clone().into());
    Ok(module.into())
}

/// Gives the VM what is there before the first import: `sys`, and `open`.
pub fn install(vm: &mut Vm, argv: Vec<String>, path: Vec<String>) {
    let made = make_native(vm, &native::sys::MODULE);
    let texts = |texts: Vec<String>| List::value(texts.into_iter().map(Value::from).collect());
    match made {
        Ok(sys) => {
            if let Some(module) = sys.as_ref::<Module>() {
                let (argv_key, path_key) = (vm.intern("argv"), vm.intern("path"));
                module.dict.set_str(&argv_key, texts(argv));
                module.dict.set_str(&path_key, texts(path));
            }
        }
        // Nothing in it runs code of a program that could fail.
        Err(raise) => drop(vm.take_raised(raise)),
    }
    let open = vm.native_function(&native::io::OPEN_BUILTIN, "_io");
    let key = vm.intern("open");
    vm.builtins.set_str(&key, open);
}

/// Runs what the program has registered for its end, last in, first out.
pub fn at_exit(vm: &mut Vm) {
    native::atexit::run(vm);
}

/// Releases cycles that nobody can reach any more.
pub fn collect_garbage(vm: &mut Vm) {
    vm.collect_cycles();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::path::Path;

    fn files(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|e| e == "coro") {
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn every_file_is_in_the_table() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stdlib/lib/");
        let mut found = Vec::new();
        files(Path::new(root), &mut found);
        for file in found {
            let path = file.strip_prefix(root).unwrap();
            let name = path
                .trim_end_matches(".coro")
                .trim_end_matches("/__init__")
                .replace('/', ".");
            let listed = embedded::find(&name).is_some();
            assert!(listed, "{path} is missing in embedded.rs");
        }
    }

    #[test]
    fn the_table_is_sorted_and_found() {
        assert!(embedded::MODULES.is_sorted_by_key(|m| m.name));
        let found = find("asyncio");
        assert!(matches!(
            found,
            Some(ModuleSource::Embedded {
                is_package: true,
                ..
            })
        ));
        assert!(matches!(find("math"), Some(ModuleSource::Native(_))));
        assert!(find("no_such_module").is_none());
    }
}
