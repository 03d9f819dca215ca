//! `super`: attribute access that begins behind a class in the MRO of another.

use super::attr::{is_plain_method, own_attr};
use crate::bytecode::Op;
use crate::bytecode::opcode::DIES_B;
use crate::vm::exec::{unbound_cell, unbound_local};
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::inspect::FrameView;
use crate::vm::object::{CellObject, Class, Layout, NativeData, Str};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// A `super` object.
pub struct Super {
    /// The class behind which the search begins.
    pub this_class: Ref<Class>,
    /// The object or class for which attributes are bound; `Undef` if unbound.
    pub obj: Value,
    /// Whose MRO is searched; none if unbound.
    pub obj_class: Option<Ref<Class>>,
}

impl Super {
    /// The layout of its class, and of no other.
    pub const LAYOUT: Layout = Layout::Opaque(1);

    pub fn is(value: &Value) -> bool {
        value.opaque::<Super>().is_some()
    }
}

impl NativeData for Super {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.this_class.as_obj());
        self.obj.as_obj().into_iter().for_each(&mut *visit);
        if let Some(class) = &self.obj_class {
            visit(class.as_obj());
        }
    }
}

impl Vm {
    /// An attribute of a `super` object.
    pub(super) fn super_attr(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        name: &Ref<Str>,
    ) -> R<Option<Value>> {
        let Some(data) = obj.opaque::<Super>() else {
            return Ok(None);
        };
        if let Some(start) = &data.obj_class
            && name.as_str() != "__class__"
            && let Some(found) = self.lookup_after(start, &data.this_class, name)
        {
            let through_class = data
                .obj
                .as_ref::<Class>()
                .is_some_and(|class| class.is(start));
            let bound_to = if through_class {
                Value::Undef
            } else {
                data.obj.clone()
            };
            return self.descriptor_get(&found, &bound_to, start).map(Some);
        }
        match self.lookup(class, name) {
            Some(found) => self.descriptor_get(&found, obj, class).map(Some),
            None => Ok(own_attr(obj, name)),
        }
    }

    /// For a call `super().name(…)`: a method and its self, if it is a plain one.
    pub(super) fn super_method(&self, obj: &Value, name: &Ref<Str>) -> Option<(Value, Value)> {
        let data = obj.opaque::<Super>()?;
        let start = data.obj_class.as_ref()?;
        let through_class = data.obj.as_ref::<Class>().is_some_and(|c| c.is(start));
        if through_class || name.as_str() == "__class__" {
            return None;
        }
        let found = self.lookup_after(start, &data.this_class, name)?;
        is_plain_method(&found).then(|| (found, data.obj.clone()))
    }

    /// `super().name` as `super_method`, without making the `super` object: when it would have no
    /// other use. `None` if anything is not as usual.
    pub(in crate::vm) fn own_super_method(&self, name: &Ref<Str>) -> Option<(Value, Value)> {
        let frame = self.frame;
        let code = &frame.code()?.code;
        if code.positional == 0 || name.as_str() == "__class__" {
            return None;
        }
        let look_through = |register: usize| {
            let value = frame.register(register);
            match value.downcast::<CellObject>() {
                Some(cell) => cell.content.get(),
                None => value,
            }
        };
        let mut free = code.free_start as usize..code.nnamed as usize;
        let own = free.find(|i| code.names.get(*i).is_some_and(|n| &**n == "__class__"))?;
        let own = look_through(own);
        let own = own.as_ref::<Class>()?;
        let obj = look_through(0);
        if obj.as_ref::<Class>().is_some() {
            return None;
        }
        let start = self.class_of(&obj);
        if !start.is_subclass(own) {
            return None;
        }
        let found = self.lookup_after(&start, own, name)?;
        is_plain_method(&found).then_some((found, obj))
    }

    /// A new `super` object from its arguments, `Undef` where not given.
    pub fn make_super(&mut self, this_class: &Value, obj: &Value) -> R<Super> {
        let (this_class, obj) = if this_class.is_undef() {
            self.super_from_frame()?
        } else {
            (this_class.clone(), obj.clone())
        };
        let Some(this_class) = this_class.as_ref::<Class>().cloned() else {
            let message = format!(
                "super() argument 1 must be a type, not {}",
                self.type_name(&this_class)
            );
            return Err(self.type_error(message));
        };
        let obj = if obj.is_none() { Value::Undef } else { obj };
        let obj_class = match obj.is_undef() {
            true => None,
            false => Some(self.super_check(&this_class, &obj)?),
        };
        Ok(Super {
            this_class,
            obj,
            obj_class,
        })
    }

    /// Whose MRO is searched for `super(this_class, obj)`.
    fn super_check(&mut self, this_class: &Ref<Class>, obj: &Value) -> R<Ref<Class>> {
        if let Some(class) = obj.as_ref::<Class>()
            && class.is_subclass(this_class)
        {
            return Ok(class.clone());
        }
        let class = self.class_of(obj);
        if class.is_subclass(this_class) {
            return Ok(class);
        }
        let name = self.names.__class__.clone();
        if let Some(claimed) = self.get_attr_opt(obj, &name)?
            && let Some(claimed) = claimed.as_ref::<Class>()
            && claimed.is_subclass(this_class)
        {
            return Ok(claimed.clone());
        }
        let (what, name) = match obj.as_ref::<Class>() {
            Some(class) => ("type", self.tp_name(class)),
            None => ("instance of", self.tp_name(&class)),
        };
        let message = format!(
            "super(type, obj): obj ({what} {name}) is not an instance or subtype of type ({}).",
            self.tp_name(this_class)
        );
        Err(self.type_error(message))
    }

    /// `super()`: the class from the cell `__class__`, the object from the first argument.
    fn super_from_frame(&mut self) -> R<(Value, Value)> {
        let Some(frame) = self.frame(0) else {
            return Err(self.runtime_error("super(): no current frame"));
        };
        let code = &frame.code.code;
        if code.positional == 0 {
            return Err(self.runtime_error("super(): no arguments"));
        }
        let obj = self.frame_local(0, 0);
        let free = code.free_start as usize..code.nnamed as usize;
        let register = free
            .into_iter()
            .find(|i| code.names.get(*i).is_some_and(|n| &**n == "__class__"));
        let class = register.map_or(Value::Undef, |r| self.frame_local(0, r));
        if obj.is_undef() || class.is_undef() {
            return Err(self.no_super(&frame, register, &obj));
        }
        Ok((class, obj))
    }

    /// Why there is no `super()`. `super().name` is no call in CPython: it reads both variables.
    #[cold]
    fn no_super(&mut self, frame: &FrameView, class: Option<usize>, obj: &Value) -> Raise {
        let instrs = &frame.code.code.instrs;
        let call = instrs.get(frame.pc);
        let next = instrs.get(frame.pc + 1);
        let reads = next.zip(call).is_some_and(|(next, call)| {
            let is_attribute = matches!(next.op, Op::LoadAttr | Op::LoadMethod);
            is_attribute && next.b == call.a && next.t & DIES_B != 0
        });
        match class.and_then(|r| u16::try_from(r).ok()) {
            Some(class) if reads && !self.frame_local(0, class.into()).is_undef() => {
                unbound_local(self, 0)
            }
            Some(class) if reads => unbound_cell(self, class),
            _ if obj.is_undef() => self.runtime_error("super(): arg[0] deleted"),
            None => self.runtime_error("super(): __class__ cell not found"),
            Some(_) => self.runtime_error("super(): empty __class__ cell"),
        }
    }
}
