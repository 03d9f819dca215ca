//! `bool`: an int that prints as a word.

use crate::vm::R;
use crate::vm::Vm;
use crate::vm::native::NativeDef;
use crate::vm::value::Value;

fn new(vm: &mut Vm, args: &[Value]) -> R {
    match args[1].given() {
        Some(v) => vm.truth(v).map(Value::bool),
        None => Ok(Value::False),
    }
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, object=False, /)", new),
    NativeDef::new("__repr__", "(self, /)", super::repr, "Return repr(self)."),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.bool_.clone();
    vm.extend_class(&class, METHODS, &[]);
}
