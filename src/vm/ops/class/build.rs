//! The class statement: `__build_class__`.

use crate::vm::heap::Ref;
use crate::vm::object::{CellObject, Class, Dict, Function, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

impl Vm {
    /// `__build_class__(func, name, *bases, metaclass=None, **kwargs)`. `metaclass` is `Undef` if
    /// the statement names none.
    pub fn build_class(
        &mut self,
        func: &Value,
        name: &Value,
        given: &Ref<Tuple>,
        metaclass: &Value,
        kwargs: &[(Ref<Str>, Value)],
    ) -> R {
        let bases = self.resolve_bases(given)?;
        let meta = match metaclass.given() {
            Some(meta) => meta.clone(),
            None => match bases.items().first() {
                Some(base) => self.class_of(base).into(),
                None => self.types.type_.clone().into(),
            },
        };
        let meta = match meta.as_ref::<Class>() {
            Some(class) => self
                .winning_metaclass(&class.clone(), bases.items())?
                .into(),
            None => meta,
        };
        let namespace = self.prepare(&meta, name, &bases, kwargs)?;
        let body = func.downcast::<Function>();
        let cell = match body.is_some_and(|body| body.code.get().code.flags.class_body) {
            true => self.call(func, std::slice::from_ref(&namespace))?,
            // Any other function fills its own frame, and its result is no cell.
            false => {
                self.call(func, &[])?;
                Value::None
            }
        };
        if !bases.as_obj().is(given.as_obj()) {
            let key: Value = self.names.__orig_bases__.clone().into();
            self.set_item(&namespace, &key, given.clone().into())?;
        }
        let args = [name.clone(), bases.into(), namespace];
        let class = match meta.as_ref::<Class>() {
            // Straight to the making, without a native frame in between.
            Some(meta) if meta.is(&self.types.type_) => {
                self.instantiate(&meta.clone(), &args, kwargs)?
            }
            _ => self.call_kw(&meta, &args, kwargs)?,
        };
        self.check_class_cell(&cell, &class, name)?;
        Ok(class)
    }

    /// Bases that are no classes say by `__mro_entries__` which classes stand for them.
    pub fn resolve_bases(&mut self, given: &Ref<Tuple>) -> R<Ref<Tuple>> {
        if given.items().iter().all(|b| b.as_ref::<Class>().is_some()) {
            return Ok(given.clone());
        }
        let hook = self.names.__mro_entries__.clone();
        let mut bases = Vec::new();
        let mut replaced = false;
        for base in given.items() {
            let entries = match base.as_ref::<Class>() {
                Some(_) => None,
                None => self.get_attr_opt(base, &hook)?,
            };
            let Some(entries) = entries else {
                bases.push(base.clone());
                continue;
            };
            let result = self.call(&entries, &[given.clone().into()])?;
            match result.payload::<Tuple>() {
                Some(classes) => bases.extend_from_slice(classes.items()),
                None => return Err(self.type_error("__mro_entries__ must return a tuple")),
            }
            replaced = true;
        }
        Ok(if replaced {
            Tuple::new(bases)
        } else {
            given.clone()
        })
    }

    /// The namespace in which the class body runs.
    fn prepare(
        &mut self,
        meta: &Value,
        name: &Value,
        bases: &Ref<Tuple>,
        kwargs: &[(Ref<Str>, Value)],
    ) -> R {
        if let Some(class) = meta.as_ref::<Class>()
            && class.is(&self.types.type_)
        {
            return Ok(Dict::new().into());
        }
        let hook = self.names.__prepare__.clone();
        let Some(prepare) = self.get_attr_opt(meta, &hook)? else {
            return Ok(Dict::new().into());
        };
        let args = [name.clone(), bases.clone().into()];
        let namespace = self.call_kw(&prepare, &args, kwargs)?;
        let getitem = self.names.__getitem__.clone();
        let class = self.class_of(&namespace);
        if self.lookup(&class, &getitem).is_none() {
            let who = match meta.as_ref::<Class>() {
                Some(class) => class.name(),
                None => "<metaclass>".into(),
            };
            let message = format!(
                "{who}.__prepare__() must return a mapping, not {}",
                self.type_name(&namespace)
            );
            return Err(self.type_error(message));
        }
        Ok(namespace)
    }

    /// The cell `__class__` of the methods must hold the class now.
    fn check_class_cell(&mut self, cell: &Value, class: &Value, name: &Value) -> R<()> {
        let Some(cell) = cell.as_ref::<CellObject>() else {
            return Ok(());
        };
        if class.as_ref::<Class>().is_none() {
            return Ok(());
        }
        let content = cell.content.get();
        if content.is(class) {
            return Ok(());
        }
        let (name, class) = (self.repr(name)?, self.repr(class)?);
        if content.is_undef() {
            let message = format!(
                "__class__ not set defining {} as {}. Was __classcell__ propagated to type.__new__?",
                name.as_str(),
                class.as_str()
            );
            return Err(self.runtime_error(message));
        }
        let content = self.repr(&content)?;
        let message = format!(
            "__class__ set to {} defining {} as {}",
            content.as_str(),
            name.as_str(),
            class.as_str()
        );
        Err(self.type_error(message))
    }
}
