//! The built-in types, functions and exceptions: tables of methods, and what they do. Knows the
//! VM and the event loop; nothing below knows this.

mod alias;
mod args;
mod code;
mod descriptors;
mod exception_fields;
mod exception_group;
mod exceptions;
mod function;
mod generator;
mod mappingproxy;
mod module;
mod module_names;
mod namespace;
mod object;
mod report;
mod super_type;
mod type_type;
pub mod uncaught;

pub use alias::{generic_alias, make_union};
pub use code::running_frame;
pub use mappingproxy::MappingProxy;
pub use module_names::STDLIB_MODULE_NAMES;
pub use namespace::SimpleNamespace;
pub use object::dir;
pub use report::{show_exception, show_unraisable, warn_about, write_stderr};

use crate::vm::Vm;

/// Gives the built-in classes their methods.
pub fn install(vm: &mut Vm) {
    object::install(vm);
    type_type::install(vm);
    descriptors::install(vm);
    function::install(vm);
    code::install(vm);
    module::install(vm);
    generator::install(vm);
    super_type::install(vm);
    exceptions::install(vm);
    exception_group::install(vm);
    report::install(vm);
}
