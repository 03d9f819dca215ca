//! The module `_io`: files in memory, opened files, the standard streams.

mod binary;
mod buffer;
mod check;
mod classes;
mod file;
mod open;
mod position;

pub(in crate::stdlib) use check::{error_text, os_error, os_error_of_two};

use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::Module;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use file::Content;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_io",
    doc: "The io module provides the interfaces to stream handling.",
    functions: &[OPEN],
    init: Some(init),
};

/// `open`, also a builtin.
pub const OPEN: NativeDef = NativeDef::new(
    "open",
    "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)",
    open::open,
    "Open file and return a stream.  Raise OSError upon failure.",
);

/// The builtin as a table row of its own.
pub static OPEN_BUILTIN: NativeDef = OPEN;

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    for class in classes::all(vm) {
        let name = vm.intern(&class.name());
        module.dict.set_str(&name, class.into());
    }
    let size = vm.intern("DEFAULT_BUFFER_SIZE");
    module.dict.set_str(&size, Value::Int(8192));
    Ok(())
}

/// `sys.stdin`, `sys.stdout`, `sys.stderr`.
pub fn standard_streams(vm: &mut Vm) -> [Value; 3] {
    [
        file::standard(vm, Content::Stdin, "<stdin>", "r"),
        file::standard(vm, Content::Stdout, "<stdout>", "w"),
        file::standard(vm, Content::Stderr, "<stderr>", "w"),
    ]
}
