//! The method resolution order: C3 linearization.

use crate::vm::heap::Ref;
use crate::vm::object::Class;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::collections::VecDeque;
use std::rc::Rc;

impl Vm {
    /// The order of a class with these bases, the class itself first.
    pub fn standard_order(
        &mut self,
        class: &Ref<Class>,
        bases: &[Ref<Class>],
    ) -> R<Rc<[Ref<Class>]>> {
        for (i, base) in bases.iter().enumerate() {
            if bases.iter().take(i).any(|other| other.is(base)) {
                let message = format!("duplicate base class {}", base.name());
                return Err(self.type_error(message));
            }
        }
        if let [base] = bases {
            let inherited = base.mro();
            let order = std::iter::once(class.clone()).chain(inherited.iter().cloned());
            return Ok(order.collect());
        }
        let mut queues: Vec<VecDeque<Ref<Class>>> = bases
            .iter()
            .map(|base| base.mro().iter().cloned().collect())
            .collect();
        queues.push(bases.iter().cloned().collect());
        let mut order = vec![class.clone()];
        loop {
            queues.retain(|queue| !queue.is_empty());
            if queues.is_empty() {
                return Ok(order.into());
            }
            let Some(next) = next_in_order(&queues) else {
                return Err(self.inconsistent_bases(&queues));
            };
            for queue in &mut queues {
                if queue.front().is_some_and(|first| first.is(&next)) {
                    queue.pop_front();
                }
            }
            order.push(next);
        }
    }

    #[cold]
    fn inconsistent_bases(&mut self, queues: &[VecDeque<Ref<Class>>]) -> crate::vm::Raise {
        let mut heads: Vec<Ref<Class>> = Vec::new();
        for first in queues.iter().filter_map(VecDeque::front) {
            if !heads.iter().any(|head| head.is(first)) {
                heads.push(first.clone());
            }
        }
        let names: Vec<String> = heads.iter().map(|c| c.name().to_string()).collect();
        let message = format!(
            "Cannot create a consistent method resolution order (MRO) for bases {}",
            names.join(", ")
        );
        self.type_error(message)
    }

    /// The order that the metaclass wants: its own `mro()` if it has one.
    pub(super) fn order_of(
        &mut self,
        class: &Ref<Class>,
        bases: &[Ref<Class>],
    ) -> R<Rc<[Ref<Class>]>> {
        let meta = class.metaclass.get();
        let name = self.names.mro.clone();
        let custom = meta.as_ref::<Class>().and_then(|meta| {
            let found = self.lookup(meta, &name)?;
            let standard = self.types.type_.dict.get_str(&name);
            standard.is_none_or(|s| !s.is(&found)).then_some(found)
        });
        if custom.is_none() {
            return self.standard_order(class, bases);
        }
        let this = Value::Obj(class.as_obj().clone());
        let Some(order) = self.call_special(&this, &name, &[])? else {
            return self.standard_order(class, bases);
        };
        let mut classes = Vec::new();
        for item in self.collect(&order)? {
            match item.as_ref::<Class>() {
                Some(found) => {
                    self.check_layout_in_order(class, found)?;
                    classes.push(found.clone());
                }
                None => {
                    let message =
                        format!("mro() returned a non-class ('{}')", self.type_name(&item));
                    return Err(self.type_error(message));
                }
            }
        }
        Ok(classes.into())
    }

    /// What `mro()` names must lie in memory as the class's own bases do: its methods will meet
    /// the instances of the class.
    fn check_layout_in_order(&mut self, class: &Ref<Class>, found: &Ref<Class>) -> R<()> {
        let solid = self.solid_base(found);
        if found.is(class) || self.solid_base(class).is_subclass(&solid) {
            return Ok(());
        }
        let message = format!(
            "mro() returned base with unsuitable layout ('{}')",
            found.name()
        );
        Err(self.type_error(message))
    }
}

/// The first head that is in no tail.
fn next_in_order(queues: &[VecDeque<Ref<Class>>]) -> Option<Ref<Class>> {
    let heads = queues.iter().filter_map(VecDeque::front);
    heads
        .into_iter()
        .find(|head| {
            !queues
                .iter()
                .any(|queue| queue.iter().skip(1).any(|class| class.is(head)))
        })
        .cloned()
}
