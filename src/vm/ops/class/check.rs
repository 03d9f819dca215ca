//! `isinstance` and `issubclass`: by metaclasses' hooks, by the MRO, and for objects that pass for
//! classes by their `__bases__`.

use crate::vm::heap::Ref;
use crate::vm::object::{Class, Tuple};
use crate::vm::ops::alias::{GenericAlias, UnionType};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

const INSTANCE_ARGUMENT: &str = "isinstance() arg 2 must be a type, a tuple of types, or a union";
const SUBCLASS_ARGUMENT: &str =
    "issubclass() arg 2 must be a class, a tuple of classes, or a union";

impl Vm {
    /// `isinstance(v, class_or_tuple)` with `__instancecheck__` and unions.
    pub fn is_instance(&mut self, v: &Value, class: &Value) -> R<bool> {
        if let Some(class) = class.as_ref::<Class>() {
            let own = self.class_of(v);
            if own.is(class) {
                return Ok(true);
            }
            if self.has_type_as_metaclass(class) {
                return self.plain_is_instance(v, &own, class);
            }
        }
        if let Some(union) = class.opaque::<UnionType>() {
            let members = union.args.clone();
            return self.any_of(members.items(), |vm, member| vm.is_instance(v, member));
        }
        if let Some(members) = class.payload::<Tuple>() {
            return self.nested(" in __instancecheck__", |vm| {
                vm.any_of(members.items(), |vm, member| vm.is_instance(v, member))
            });
        }
        if class.opaque::<GenericAlias>().is_some() {
            let message = "isinstance() argument 2 cannot be a parameterized generic";
            return Err(self.type_error(message));
        }
        let hook = self.names.__instancecheck__.clone();
        if let Some(answer) = self.call_special(class, &hook, std::slice::from_ref(v))? {
            return self.truth(&answer);
        }
        self.looks_like_class(class, INSTANCE_ARGUMENT)?;
        let name = self.names.__class__.clone();
        match self.get_attr_opt(v, &name)? {
            Some(claimed) => self.derives_from(claimed, class),
            None => Ok(false),
        }
    }

    /// `type.__instancecheck__`: by the MRO of the object's class, else of what its `__class__`
    /// claims.
    pub fn plain_is_instance(
        &mut self,
        v: &Value,
        own: &Ref<Class>,
        class: &Ref<Class>,
    ) -> R<bool> {
        if own.is_subclass(class) {
            return Ok(true);
        }
        let name = self.names.__class__.clone();
        let standard = self.types.object.dict.get_str(&name);
        let found = self.lookup(own, &name);
        let same = match (&standard, &found) {
            (Some(a), Some(b)) => a.is(b),
            _ => true,
        };
        if same && !own.flags().custom_getattribute {
            return Ok(false);
        }
        let claimed = self.get_attr_opt(v, &name)?;
        Ok(claimed
            .as_ref()
            .and_then(|c| c.as_ref::<Class>())
            .is_some_and(|c| c.is_subclass(class)))
    }

    /// `issubclass(class, class_or_tuple)` with `__subclasscheck__` and unions.
    pub fn is_subclass(&mut self, class: &Value, of: &Value) -> R<bool> {
        if let Some(of) = of.as_ref::<Class>()
            && self.has_type_as_metaclass(of)
        {
            return self.is_derived(class, &of.clone().into());
        }
        if let Some(union) = of.opaque::<UnionType>() {
            let members = union.args.clone();
            return self.any_of(members.items(), |vm, member| vm.is_subclass(class, member));
        }
        if let Some(members) = of.payload::<Tuple>() {
            return self.nested(" in __subclasscheck__", |vm| {
                vm.any_of(members.items(), |vm, member| vm.is_subclass(class, member))
            });
        }
        if of.opaque::<GenericAlias>().is_some() {
            let message = "issubclass() argument 2 cannot be a parameterized generic";
            return Err(self.type_error(message));
        }
        let hook = self.names.__subclasscheck__.clone();
        if let Some(answer) = self.call_special(of, &hook, std::slice::from_ref(class))? {
            return self.truth(&answer);
        }
        self.is_derived(class, of)
    }

    /// `type.__subclasscheck__`, and `issubclass` of what no metaclass answers for: by the MRO of
    /// classes; other objects pass for classes if they have a tuple of `__bases__`.
    pub fn is_derived(&mut self, class: &Value, of: &Value) -> R<bool> {
        if let (Some(class), Some(of)) = (class.as_ref::<Class>(), of.as_ref::<Class>()) {
            return Ok(class.is_subclass(of));
        }
        self.looks_like_class(class, "issubclass() arg 1 must be a class")?;
        self.looks_like_class(of, SUBCLASS_ARGUMENT)?;
        self.derives_from(class.clone(), of)
    }

    /// Whether `of` is reached from `class` through tuples of `__bases__`.
    fn derives_from(&mut self, class: Value, of: &Value) -> R<bool> {
        if class.is(of) {
            return Ok(true);
        }
        match self.tuple_of_bases(&class)? {
            Some(bases) => self.nested(" in __issubclass__", |vm| {
                vm.any_of(bases.items(), |vm, base| vm.derives_from(base.clone(), of))
            }),
            None => Ok(false),
        }
    }

    fn looks_like_class(&mut self, object: &Value, otherwise: &str) -> R<()> {
        match self.tuple_of_bases(object)? {
            Some(_) => Ok(()),
            None => Err(self.type_error(otherwise)),
        }
    }

    fn tuple_of_bases(&mut self, object: &Value) -> R<Option<Ref<Tuple>>> {
        let name = self.names.__bases__.clone();
        let bases = self.get_attr_opt(object, &name)?;
        Ok(bases.and_then(|bases| bases.payload::<Tuple>()))
    }

    fn any_of(
        &mut self,
        members: &[Value],
        mut test: impl FnMut(&mut Vm, &Value) -> R<bool>,
    ) -> R<bool> {
        for member in members {
            if test(self, member)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The metaclass is `type` itself, whose hooks need not be called.
    fn has_type_as_metaclass(&self, class: &Ref<Class>) -> bool {
        let meta = class.metaclass.get();
        meta.as_obj()
            .is_some_and(|m| m.is(self.types.type_.as_obj()))
    }
}
