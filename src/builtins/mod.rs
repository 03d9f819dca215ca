//! The built-in types, functions and exceptions: tables of methods, and what they do. Knows the
//! VM and the event loop; nothing below knows this.

mod alias;
mod args;
pub mod arguments;
mod class_docs;
mod code;
mod code_replace;
mod descriptors;
mod exception_fields;
mod exception_group;
mod exceptions;
mod function;
mod functions;
mod generator;
mod generator_methods;
pub mod iterators;
mod mappingproxy;
mod module;
mod module_names;
mod namespace;
mod native_function;
mod object;
mod report;
mod shown;
mod site;
mod super_type;
mod traceback_type;
mod type_type;
pub mod types;
pub mod uncaught;

pub use alias::{generic_alias, make_union};
pub use args::{address, is_callable, keywords, varargs};
pub use mappingproxy::MappingProxy;
pub use module_names::STDLIB_MODULE_NAMES;
pub use namespace::SimpleNamespace;
pub use object::{dir, object_state};
pub use report::{
    Hooked, call_excepthook, has_own_stderr, line_of_file, prepare_report, show_exception,
    show_unraisable, syntax_warnings, warn_about, write_stderr,
};

pub use functions::{CodeText, abs, decoded_source, syntax_error, write_text};

use crate::vm::Vm;
use crate::vm::value::Value;

/// Gives the built-in classes their methods.
pub fn install(vm: &mut Vm) {
    vm.install_classes(install_classes);
    install_names(vm);
    site::install(vm);
}

fn install_classes(vm: &mut Vm) {
    object::install(vm);
    type_type::install(vm);
    descriptors::install(vm);
    function::install(vm);
    native_function::install(vm);
    code::install(vm);
    traceback_type::install(vm);
    module::install(vm);
    generator::install(vm);
    generator_methods::install(vm);
    super_type::install(vm);
    exceptions::install(vm);
    exception_group::install(vm);
    report::install(vm);
    types::install(vm);
    iterators::install(vm);
    functions::install(vm);
    object::repeat_attribute_hooks(vm);
    class_docs::install(vm);
}

/// The classes and constants that programs know by name.
fn install_names(vm: &mut Vm) {
    let t = &vm.types;
    let classes = [
        &t.int,
        &t.bool_,
        &t.float,
        &t.complex,
        &t.str_,
        &t.bytes,
        &t.bytearray,
        &t.list,
        &t.tuple,
        &t.dict,
        &t.set,
        &t.frozenset,
        &t.range,
        &t.slice,
        &t.property,
        &t.classmethod,
        &t.staticmethod,
        &t.object,
        &t.type_,
    ]
    .map(|class| (class.name(), Value::from(class.clone())));
    let constants = [
        ("NotImplemented".into(), vm.not_implemented()),
        ("Ellipsis".into(), vm.ellipsis()),
        ("None".into(), Value::None),
        ("True".into(), Value::True),
        ("False".into(), Value::False),
        ("__debug__".into(), Value::True),
    ];
    for (name, value) in classes.into_iter().chain(constants) {
        let name = vm.intern(&name);
        vm.builtins.set_str(&name, value);
    }
}
