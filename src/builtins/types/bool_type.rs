//! `bool`: an int that prints as a word.

use super::int::binary;
use crate::vm::native::NativeDef;
use crate::vm::ops::arith::Unary;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

super::operator_methods! {
    binary;
    and "__and__" rand "__rand__" And "Return self&value.";
    or "__or__" ror "__ror__" Or "Return self|value.";
    xor "__xor__" rxor "__rxor__" Xor "Return self^value.";
}

fn invert(vm: &mut Vm, args: &[Value]) -> R {
    vm.unary(Unary::Invert, &args[0])
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    match args[1].given() {
        Some(v) => vm.truth(v).map(Value::bool),
        None => Ok(Value::False),
    }
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, object=False, /)", new),
    NativeDef::new("__invert__", "(self, /)", invert, "~self"),
    NativeDef::new("__repr__", "(self, /)", super::repr, "Return repr(self)."),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.bool_.clone();
    vm.extend_class(&class, OPERATORS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
