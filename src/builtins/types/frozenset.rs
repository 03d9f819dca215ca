//! `frozenset`.

use super::set::{COMPARISONS, OPERATORS, SHARED};
use super::{HASH, made};
use crate::vm::R;
use crate::vm::Vm;
use crate::vm::native::NativeDef;
use crate::vm::object::{Kind, SetTable};
use crate::vm::ops::sets;
use crate::vm::value::Value;
use std::cell::RefCell;

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.frozenset.clone();
    let value = match args[1].given() {
        Some(v) if v.kind() == Some(Kind::FrozenSet) => v.clone(),
        Some(v) => {
            let map = RefCell::default();
            vm.fill_set(&map, v)?;
            sets::make(map.into_inner(), true)
        }
        None => sets::make(SetTable::default(), true),
    };
    made(vm, &args[0], &class, value)
}

const METHODS: &[NativeDef] = &[NativeDef::constructor("(cls, iterable=(), /)", new), HASH];

pub fn install(vm: &mut Vm) {
    let class = vm.types.frozenset.clone();
    vm.extend_class(&class, SHARED, &[]);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, OPERATORS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
