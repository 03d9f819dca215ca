//! The library: which modules there are and where each comes from. Knows builtins and event
//! loop; not how text is compiled.

pub mod embedded;

use crate::vm::heap::Ref;
use crate::vm::native::ModuleDef;
use crate::vm::object::{Dict, Module};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

/// Where a module comes from.
pub enum ModuleSource {
    Native(&'static ModuleDef),
    Embedded { text: &'static str, is_package: bool },
}

/// Modules written in Rust.
static NATIVE: &[&ModuleDef] = &[];

/// What a program is given: its arguments and where it may import from.
#[derive(Default)]
pub struct ProgramArguments {
    pub argv: Vec<String>,
    pub path: Vec<String>,
}

/// Prepares the library for a program. Modules are made when they are first imported.
pub fn install(vm: &mut Vm, argv: Vec<String>, path: Vec<String>) {
    *vm.state::<ProgramArguments>() = ProgramArguments { argv, path };
}

/// Runs what the program registered to be run at its end.
pub fn at_exit(_vm: &mut Vm) {}

/// Collects cycles at the program's end.
pub fn collect_garbage(_vm: &mut Vm) {}

/// A module of the library by its full name.
pub fn find(name: &str) -> Option<ModuleSource> {
    if let Some(def) = NATIVE.iter().find(|d| d.name == name) {
        return Some(ModuleSource::Native(def));
    }
    let found = embedded::find(name)?;
    Some(ModuleSource::Embedded { text: found.text, is_package: found.is_package })
}

/// Makes a module written in Rust and puts it into `sys.modules`.
pub fn make_native(vm: &mut Vm, def: &'static ModuleDef) -> R {
    let module = Ref::new(Module { name: RefCell::new(def.name.into()), dict: Dict::new() });
    let name_key = vm.intern("__name__");
    module.dict.set_str(&name_key, Value::str(def.name));
    let doc_key = vm.intern("__doc__");
    module.dict.set_str(&doc_key, if def.doc.is_empty() { Value::None } else { Value::str(def.doc) });
    for function in def.functions {
        let key = vm.intern(function.name);
        let value = vm.native_function(function, def.name);
        module.dict.set_str(&key, value);
    }
    let key = vm.intern(def.name);
    vm.modules.set_str(&key, module.clone().into());
    if let Some(init) = def.init {
        init(vm, &module)?;
    }
    Ok(module.into())
}
