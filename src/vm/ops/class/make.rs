//! `type.__new__`: a class from its name, bases and namespace.

use super::slots::{Slots, weakly_referable};
use crate::vm::heap::{Ref, Slot};
use crate::vm::native::NativeKind;
use crate::vm::object::{
    CellObject, Class, ClassFlags, ClassMethod, Construction, Dict, Kind, Layout, NativeFunction,
    Shape, StaticMethod, Str, Tuple, Version,
};
use crate::vm::ops::attr::register_subclass;
use crate::vm::ops::descriptor::{INSTANCE_DICT, INSTANCE_WEAKREF, getset};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

/// What a class is made of, as `type.__new__` gets it.
pub struct ClassParts {
    pub metaclass: Ref<Class>,
    pub name: Rc<str>,
    pub bases: Ref<Tuple>,
    pub namespace: Ref<Dict>,
    pub kwargs: Vec<(Ref<Str>, Value)>,
}

/// Room for more attributes is made when an instance has had them.
const MOST_EXPECTED_SLOTS: u16 = 16;

impl Vm {
    /// `type.__new__(metaclass, name, bases, namespace, **kwargs)`.
    pub fn make_user_class(&mut self, parts: ClassParts) -> R {
        let winner = self.winning_metaclass(&parts.metaclass, parts.bases.items())?;
        if !winner.is(&parts.metaclass)
            && let Some(value) = self.made_by_other_metaclass(&winner, &parts)?
        {
            return Ok(value);
        }
        let bases = self.base_classes(&parts.bases)?;
        let best = self.best_base(&bases)?;
        if parts.name.contains('\0') {
            return Err(self.value_error("type name must not contain null characters"));
        }
        let namespace = copy_namespace(&parts.namespace);
        let slots = self.read_slots(&parts.name, &namespace, &best, &bases)?;
        let qualname = self.take_qualname(&namespace, &parts.name)?;
        let cell = self.take_class_cell(&namespace)?;
        let flags = ClassFlags {
            heap: true,
            no_dict: slots.given && !slots.dict && bases.iter().all(|b| b.flags().no_dict),
            native_iterator: best.flags().native_iterator,
            ..ClassFlags::default()
        };
        let class = Ref::new(Class {
            name: RefCell::new(parts.name.clone()),
            qualname: RefCell::new(qualname),
            layout: best.layout,
            bases: RefCell::new(bases.clone()),
            primary: Cell::new(place_of(&best, &bases)),
            mro: RefCell::new(Rc::new([])),
            dict: namespace,
            metaclass: Slot::new(winner.into()),
            flags: Cell::new(flags),
            version: Version::fresh(),
            subclasses: RefCell::default(),
            root_shape: Shape::root(),
            slots_hint: Cell::new(0),
            construction: Cell::new(Construction::General),
            init_version: Cell::new(0),
            plain_init: Slot::undef(),
            builtin_call: OnceCell::new(),
        });
        self.fill_namespace(&class, &slots, &bases);
        class.slots_hint.set(self.expected_slots(&class, &bases));
        if let Some(cell) = cell {
            cell.content.set(class.clone().into());
        }
        let order = self.order_of(&class, &bases)?;
        *class.mro.borrow_mut() = order;
        register_subclass(&class);
        self.class_changed(&class);
        self.tell_attributes(&class)?;
        self.tell_base(&class, &parts.kwargs)?;
        Ok(class.into())
    }

    /// How many attributes instances will have, as far as the methods of the class tell; 0 if they
    /// tell nothing.
    fn expected_slots(&self, class: &Ref<Class>, bases: &[Ref<Class>]) -> u16 {
        let own = class.dict.get_str(&self.names.__static_attributes__);
        let own = own.as_ref().and_then(|v| v.as_ref::<Tuple>());
        let own = own.map_or(0, |t| t.items().len());
        let inherited = bases.iter().map(|b| b.slots_hint.get()).max();
        (own as u16 + inherited.unwrap_or(0)).min(MOST_EXPECTED_SLOTS)
    }

    /// A base has a metaclass that derives from the given one: that one's `__new__` makes the
    /// class, if it is not `type`'s own.
    fn made_by_other_metaclass(
        &mut self,
        winner: &Ref<Class>,
        parts: &ClassParts,
    ) -> R<Option<Value>> {
        let name = self.names.__new__.clone();
        let found = self.lookup(winner, &name);
        let standard = self.types.type_.dict.get_str(&name);
        let (Some(found), Some(standard)) = (found, standard) else {
            return Ok(None);
        };
        if found.is(&standard) {
            return Ok(None);
        }
        let args = [
            winner.clone().into(),
            Value::str(&parts.name),
            parts.bases.clone().into(),
            parts.namespace.clone().into(),
        ];
        let winner_value = Value::from(winner.clone());
        let new = self.get_attr(&winner_value, &name)?;
        self.call_kw(&new, &args, &parts.kwargs).map(Some)
    }

    /// The most derived metaclass among the given one and those of the bases.
    pub(super) fn winning_metaclass(
        &mut self,
        given: &Ref<Class>,
        bases: &[Value],
    ) -> R<Ref<Class>> {
        let mut winner = given.clone();
        for base in bases {
            let meta = self.class_of(base);
            if winner.is_subclass(&meta) {
                continue;
            }
            if !meta.is_subclass(&winner) {
                return Err(self.type_error(
                    "metaclass conflict: the metaclass of a derived class must be a (non-strict) \
                     subclass of the metaclasses of all its bases",
                ));
            }
            winner = meta;
        }
        Ok(winner)
    }

    fn base_classes(&mut self, bases: &Ref<Tuple>) -> R<Rc<[Ref<Class>]>> {
        if bases.items().is_empty() {
            return Ok(Rc::new([self.types.object.clone()]));
        }
        let mut classes = Vec::new();
        for base in bases.items() {
            match base.as_ref::<Class>() {
                Some(class) => classes.push(class.clone()),
                None => {
                    let hook = self.names.__mro_entries__.clone();
                    if self.get_attr_opt(base, &hook)?.is_some() {
                        return Err(self.type_error(
                            "type() doesn't support MRO entry resolution; use types.new_class()",
                        ));
                    }
                    return Err(self.type_error("bases must be types"));
                }
            }
        }
        Ok(classes.into())
    }

    /// The base whose memory layout the instances get (CPython's `tp_base`).
    pub fn best_base(&mut self, bases: &[Ref<Class>]) -> R<Ref<Class>> {
        let mut best: Option<(Ref<Class>, Ref<Class>)> = None;
        for base in bases {
            if base.layout == Layout::Final {
                let message = format!(
                    "type '{}' is not an acceptable base type",
                    self.tp_name(base)
                );
                return Err(self.type_error(message));
            }
            let solid = self.solid_base(base);
            best = match best {
                None => Some((base.clone(), solid)),
                Some((winner, winning)) => {
                    if winning.is_subclass(&solid) {
                        Some((winner, winning))
                    } else if solid.is_subclass(&winning) {
                        Some((base.clone(), solid))
                    } else {
                        return Err(
                            self.type_error("multiple bases have instance lay-out conflict")
                        );
                    }
                }
            };
        }
        Ok(best.map_or_else(|| self.types.object.clone(), |(base, _)| base))
    }

    /// The class in the chain of a base that last added something to the memory of instances.
    pub(super) fn solid_base(&self, class: &Ref<Class>) -> Ref<Class> {
        let mut class = class.clone();
        loop {
            let Some(base) = class.primary_base() else {
                return class;
            };
            if self.adds_memory(&class, &base) {
                return class;
            }
            class = base;
        }
    }

    fn adds_memory(&self, class: &Ref<Class>, base: &Ref<Class>) -> bool {
        if class.flags().heap {
            let map = class.dict.map.borrow();
            return map.iter().any(|e| {
                e.value
                    .opaque::<crate::vm::ops::descriptor::MemberDescriptor>()
                    .is_some()
            });
        }
        if class.layout == Layout::Exception {
            let fields = |c: &Ref<Class>| crate::vm::exceptions::fields_of(&c.name());
            return base.layout != Layout::Exception || fields(class) != fields(base);
        }
        class.layout != base.layout
    }

    fn take_qualname(&mut self, namespace: &Ref<Dict>, name: &Rc<str>) -> R<Rc<str>> {
        let key = self.names.__qualname__.clone();
        match namespace.remove_str(&key) {
            None => Ok(name.clone()),
            Some(value) => match value.as_str() {
                Some(text) => Ok(text.into()),
                None => {
                    let message = format!(
                        "type __qualname__ must be a str, not {}",
                        self.type_name(&value)
                    );
                    Err(self.type_error(message))
                }
            },
        }
    }

    fn take_class_cell(&mut self, namespace: &Ref<Dict>) -> R<Option<Ref<CellObject>>> {
        let key = self.names.__classcell__.clone();
        let Some(value) = namespace.remove_str(&key) else {
            return Ok(None);
        };
        match value.as_ref::<CellObject>() {
            Some(cell) => Ok(Some(cell.clone())),
            None => {
                let class = self.class_of(&value).into();
                let class = self.repr(&class)?;
                let message = format!(
                    "__classcell__ must be a nonlocal cell, not {}",
                    class.as_str()
                );
                Err(self.type_error(message))
            }
        }
    }

    /// What every class has in its namespace, whatever its body says.
    fn fill_namespace(&mut self, class: &Ref<Class>, slots: &Slots, bases: &[Ref<Class>]) {
        let dict = &class.dict;
        let names = (self.names.__module__.clone(), self.names.__doc__.clone());
        if dict.get_str(&names.0).is_none() {
            let module = self.frame(0).and_then(|frame| {
                let globals = frame.code.globals.clone();
                globals.get_str(&self.names.__name__)
            });
            if let Some(module) = module {
                dict.set_str(&names.0, module);
            }
        }
        let new = self.names.__new__.clone();
        wrap_function(dict, &new, |callable| {
            Ref::new(StaticMethod {
                callable,
                dict: Slot::undef(),
            })
            .into()
        });
        let for_class = [
            self.names.__init_subclass__.clone(),
            self.names.__class_getitem__.clone(),
        ];
        for name in &for_class {
            wrap_function(dict, name, |callable| {
                Ref::new(ClassMethod {
                    callable,
                    dict: Slot::undef(),
                })
                .into()
            });
        }
        self.add_members(class, &slots.names);
        // Classes have their `__dict__` from `type` itself.
        let adds_dict = (!slots.given || slots.dict)
            && class.layout != Layout::Type
            && bases.iter().all(|b| b.flags().no_dict);
        // One of the program's own stays.
        if adds_dict && dict.get_str(&self.names.__dict__).is_none() {
            let descr = getset(self, class, &INSTANCE_DICT);
            dict.set_str(&self.names.__dict__, descr);
        }
        let has_weakref = bases.iter().any(weakly_referable) || class.layout == Layout::Type;
        if (!slots.given || slots.weakref) && !has_weakref {
            let descr = getset(self, class, &INSTANCE_WEAKREF);
            dict.set_str(&self.names.__weakref__, descr);
        }
        if dict.get_str(&names.1).is_none() {
            dict.set_str(&names.1, Value::None);
        }
        let (eq, hash) = (self.names.__eq__.clone(), self.names.__hash__.clone());
        if dict.get_str(&eq).is_some() && dict.get_str(&hash).is_none() {
            dict.set_str(&hash, Value::None);
        }
    }

    /// Calls `__set_name__` of what the class body made.
    fn tell_attributes(&mut self, class: &Ref<Class>) -> R<()> {
        let items: Vec<(Value, Value)> = {
            let map = class.dict.map.borrow();
            map.iter()
                .filter(|e| may_have_set_name(&e.value))
                .map(|e| (e.key.clone(), e.value.clone()))
                .collect()
        };
        let hook = self.names.__set_name__.clone();
        for (key, value) in items {
            let args = [class.clone().into(), key.clone()];
            if let Err(raise) = self.call_special(&value, &hook, &args) {
                return Err(self.note_set_name(raise, class, &key, &value));
            }
        }
        Ok(())
    }

    #[cold]
    fn note_set_name(
        &mut self,
        raise: Raise,
        class: &Ref<Class>,
        key: &Value,
        value: &Value,
    ) -> Raise {
        let exception = self.take_raised(raise);
        let key = match self.repr(key) {
            Ok(key) => key,
            Err(raise) => return raise,
        };
        let note = format!(
            "Error calling __set_name__ on '{}' instance {} in '{}'",
            self.type_name(value),
            key.as_str(),
            class.name()
        );
        match self.add_note(&exception, Value::str(&note)) {
            Ok(()) => self.raise(exception),
            Err(raise) => raise,
        }
    }

    /// `super(class, class).__init_subclass__(**kwargs)`.
    fn tell_base(&mut self, class: &Ref<Class>, kwargs: &[(Ref<Str>, Value)]) -> R<()> {
        let hook = self.names.__init_subclass__.clone();
        let Some(found) = self.lookup_after(class, class, &hook) else {
            return Ok(());
        };
        let standard = found
            .downcast::<ClassMethod>()
            .and_then(|m| {
                let f = m.callable.get();
                f.downcast::<NativeFunction>().map(|f| f.def.kind)
            })
            .is_some_and(|kind| kind == NativeKind::Class);
        if standard && kwargs.is_empty() {
            return Ok(());
        }
        let func = self.descriptor_get(&found, &Value::Undef, class)?;
        self.call_kw(&func, &[], kwargs)?;
        Ok(())
    }
}

/// Values of these kinds are common in class bodies and have no `__set_name__`.
fn may_have_set_name(value: &Value) -> bool {
    !matches!(
        value.kind(),
        None | Some(
            Kind::Str
                | Kind::Function
                | Kind::Tuple
                | Kind::List
                | Kind::Dict
                | Kind::ClassMethod
                | Kind::StaticMethod
        )
    )
}

/// The namespace's content, so that later changes to the mapping do not reach the class.
fn copy_namespace(from: &Ref<Dict>) -> Ref<Dict> {
    let dict = Dict::new();
    *dict.map.borrow_mut() = from.map.borrow().clone();
    dict
}

/// `__new__` and kin need no decorator in class bodies.
fn wrap_function(dict: &Ref<Dict>, name: &Ref<Str>, wrap: impl FnOnce(Slot) -> Value) {
    if let Some(value) = dict.get_str(name)
        && value.kind() == Some(Kind::Function)
    {
        dict.set_str(name, wrap(Slot::new(value)));
    }
}

/// The place of the best base among the bases.
pub(super) fn place_of(best: &Ref<Class>, bases: &[Ref<Class>]) -> usize {
    bases.iter().position(|base| base.is(best)).unwrap_or(0)
}
