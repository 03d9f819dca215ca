//! The built-in functions, by what they are about.

mod anext;
mod attributes;
mod evaluate;
mod extremes;
mod iteration;
mod namespace;
mod numbers;
mod print;
mod program;
mod sum;
mod text;

pub use numbers::abs;
pub use print::write_text;
pub use program::{CodeText, decoded_source, syntax_error};

use crate::vm::Vm;
use crate::vm::native::NativeDef;

/// All tables.
const TABLES: &[&[NativeDef]] = &[
    attributes::FUNCTIONS,
    evaluate::FUNCTIONS,
    extremes::FUNCTIONS,
    iteration::FUNCTIONS,
    namespace::FUNCTIONS,
    numbers::FUNCTIONS,
    print::FUNCTIONS,
    sum::FUNCTIONS,
    text::FUNCTIONS,
];

/// Puts the functions into the namespace of `builtins`.
pub fn install(vm: &mut Vm) {
    for def in TABLES.iter().copied().flatten() {
        let function = vm.native_function(def, "builtins");
        let name = vm.intern(def.name);
        vm.builtins.set_str(&name, function);
    }
}
