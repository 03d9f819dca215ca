//! The module `_collections`: `deque` and `defaultdict`.

mod defaultdict;
mod deque;
mod deque_methods;

pub(super) use deque::Deque;
pub use deque::deque_items;

use crate::vm::heap::Ref;
use crate::vm::native::ModuleDef;
use crate::vm::object::Module;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_collections",
    doc: "High performance data structures.",
    functions: &[],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let deque = deque::class(vm);
    let iterator = vm.class_for::<deque::DequeIterator<false>>();
    let defaultdict = defaultdict::class(vm);
    for class in [deque, iterator, defaultdict] {
        let name = vm.intern(&class.name());
        module.dict.set_str(&name, class.into());
    }
    Ok(())
}
