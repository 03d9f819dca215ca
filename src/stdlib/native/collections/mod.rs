//! The module `_collections`: `deque` and `defaultdict`.

mod defaultdict;
mod deque;
mod deque_methods;

pub(super) use deque::Deque;
pub use deque::deque_items;

use crate::builtins::arguments::this;
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Dict, Module};
use crate::vm::ops::iterators::{OrderedIterator, Part, kept};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_collections",
    doc: "High performance data structures.",
    functions: &[
        NativeDef::new(
            "_keys",
            "(dict, /)",
            |vm, args| view(vm, args, Part::Keys),
            KEYS_DOC,
        ),
        NativeDef::new(
            "_values",
            "(dict, /)",
            |vm, args| view(vm, args, Part::Values),
            VALUES_DOC,
        ),
        NativeDef::new(
            "_items",
            "(dict, /)",
            |vm, args| view(vm, args, Part::Items),
            ITEMS_DOC,
        ),
        NativeDef::new("_iterator", "(dict, reversed, /)", iterator, ITERATOR_DOC),
    ],
    init: Some(init),
};

const KEYS_DOC: &str = "The view of the keys of an OrderedDict.";
const VALUES_DOC: &str = "The view of the values of an OrderedDict.";
const ITEMS_DOC: &str = "The view of the pairs of an OrderedDict.";
const ITERATOR_DOC: &str = "An iterator over the keys of an OrderedDict.";

fn view(vm: &mut Vm, args: &[Value], part: Part) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    Ok(kept(vm.ordered_view(&dict, part), &args[0]))
}

fn iterator(vm: &mut Vm, args: &[Value]) -> R {
    let dict = this::<Dict>(vm, &args[0])?;
    let reversed = vm.truth(&args[1])?;
    let iterator = vm.make(OrderedIterator::new(&dict, Part::Keys, reversed));
    Ok(kept(iterator, &args[0]))
}

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
