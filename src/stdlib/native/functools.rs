//! `_functools`: the functions of `functools` that are built in.

use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_functools",
    doc: "Tools that operate on functions.",
    functions: &[NativeDef::new(
        "reduce",
        "(function, iterable, initial=None, /)",
        reduce,
        "Apply a function of two arguments cumulatively to the items of an iterable, from left to right.",
    )],
    init: None,
};

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let items = match vm.iter_opt(&args[1])? {
        Some(items) => items,
        None => return Err(vm.type_error("reduce() arg 2 must support iteration")),
    };
    let mut folded = args[2].given().cloned();
    while let Some(item) = vm.next(&items)? {
        folded = Some(match folded {
            Some(value) => vm.call(&args[0], &[value, item])?,
            None => item,
        });
    }
    folded.ok_or_else(|| vm.type_error("reduce() of empty iterable with no initial value"))
}
