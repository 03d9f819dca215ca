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
mod namespace;
mod object;
mod super_type;
mod type_type;
pub mod uncaught;

pub use alias::make_union;
pub use mappingproxy::MappingProxy;
pub use namespace::SimpleNamespace;

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
}
