//! The module `itertools`.

mod combinatoric;
mod groupby;
mod infinite;
mod select;
mod tee;
mod together;

use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::ModuleDef;
use crate::vm::object::{Class, Module};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "itertools",
    doc: "Functional tools for creating and using iterators.",
    functions: tee::FUNCTIONS,
    init: Some(init),
};

/// Shows an iterator's values to the cycle collector.
fn visit_all<'a>(values: impl IntoIterator<Item = &'a Value>, visit: &mut dyn FnMut(&ObjRef)) {
    values.into_iter().filter_map(Value::as_obj).for_each(visit);
}

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let classes: [fn(&mut Vm) -> Ref<Class>; 20] = [
        |vm| vm.class_for::<infinite::Count>(),
        |vm| vm.class_for::<infinite::Cycle>(),
        |vm| vm.class_for::<infinite::Repeat>(),
        |vm| vm.class_for::<select::Chain>(),
        |vm| vm.class_for::<select::Islice>(),
        |vm| vm.class_for::<select::Compress>(),
        |vm| vm.class_for::<select::TakeWhile>(),
        |vm| vm.class_for::<select::DropWhile>(),
        |vm| vm.class_for::<select::FilterFalse>(),
        |vm| vm.class_for::<select::StarMap>(),
        |vm| vm.class_for::<together::Pairwise>(),
        |vm| vm.class_for::<together::Batched>(),
        |vm| vm.class_for::<together::Accumulate>(),
        |vm| vm.class_for::<together::ZipLongest>(),
        |vm| vm.class_for::<combinatoric::Product>(),
        |vm| vm.class_for::<combinatoric::Permutations>(),
        |vm| vm.class_for::<combinatoric::Combinations<false>>(),
        |vm| vm.class_for::<combinatoric::Combinations<true>>(),
        |vm| vm.class_for::<groupby::GroupBy>(),
        |vm| vm.class_for::<groupby::Grouper>(),
    ];
    for class in classes {
        let class = class(vm);
        let name = vm.intern(&class.name());
        module.dict.set_str(&name, class.into());
    }
    Ok(())
}
