//! Calls of classes: the commonest way, an instance and its plain `__init__`, without looking
//! anything up; the others through the metaclass. One of the places where `unsafe` lives.

use super::bind::Kwargs;
use super::exec::{Called, take_keywords};
use super::frame::Deliver;
use super::heap::Ref;
use super::object::{Class, Function, Layout};
use super::simple_call::SimpleCall;
use super::value::Value;
use super::window::Window;
use super::{R, Vm};
use smallvec::SmallVec;
use std::ptr;

impl Vm {
    /// A call of a user class that comes down to making an instance and calling a plain `__init__`
    /// with it: those two, without looking them up again. `Ok(None)` if the class is not of this
    /// kind.
    pub(super) fn construct_simple(&mut self, call: &SimpleCall<'_>) -> R<Option<Called>> {
        let base = call.base;
        // SAFETY: the callable's register is initialised.
        let Some(class) = (unsafe { (*base).as_ref::<Class>() }) else {
            return Ok(None);
        };
        let class = class.clone();
        let init = self.plain_init(&class);
        if init.is_undef() {
            return Ok(None);
        }
        let Value::Obj(instance) = self.new_instance(&class)? else {
            return Ok(None);
        };
        // SAFETY: the self slot is free.
        unsafe {
            base.add(1).write(Value::Obj(instance.clone()));
            drop(ptr::replace(base, init));
        }
        let init_call = SimpleCall {
            has_self: true,
            given: call.given + 1,
            instance: Some(&instance),
            ..*call
        };
        if let Some(called) = self.call_simple(&init_call) {
            return Ok(Some(called));
        }
        let base = self.call_window(base, call.given + call.names.len() + 2)?;
        let mut call = Window {
            base,
            has_self: true,
            argc: call.given,
            keywords: take_keywords(base, call.given, call.names),
            deliver: Deliver::Call,
            dst: call.dst,
            instance: Value::Obj(instance),
        };
        let result = self.invoke_window(&mut call);
        if result.is_err() {
            call.release();
        }
        result.map(Some)
    }

    /// The `__init__` to which a call of the class comes down; `Undef` if it takes more.
    fn plain_init(&mut self, class: &Ref<Class>) -> Value {
        let version = class.version.get();
        if class.init_version.get() == version {
            let plain_meta = matches!(class.metaclass.get().as_ref::<Class>(), Some(m) if m.is(&self.types.type_));
            return if plain_meta {
                class.plain_init.get()
            } else {
                Value::Undef
            };
        }
        let mut init = Value::Undef;
        if class.layout == Layout::Object && self.has_plain_construction(class) {
            let name = self.names.__init__.clone();
            init = self.lookup(class, &name).unwrap_or(Value::Undef);
            if init.as_ref::<Function>().is_none() {
                init = Value::Undef;
            }
        }
        class.plain_init.set(init.clone());
        class.init_version.set(version);
        init
    }

    /// Calls a class. The commonest way, a user class with a plain `__init__`, runs that as a
    /// frame; `None` if it now stands in the window.
    pub(super) fn invoke_class(&mut self, call: &mut Window) -> R<Option<Called>> {
        let callable = call.callable();
        let Some(class) = callable.as_ref::<Class>() else {
            return Ok(None);
        };
        if !call.has_self && call.deliver == Deliver::Call {
            let class = class.clone();
            let init = self.plain_init(&class);
            if !init.is_undef() {
                let class = &class;
                let instance = self.new_instance(class)?;
                call.insert_self(init, instance.clone());
                call.instance = instance;
                return Ok(None);
            }
        }
        // SAFETY: the arguments are initialised; what is called runs above them.
        let args: SmallVec<[Value; 8]> = unsafe { call.args() }.iter().cloned().collect();
        let class = class.clone();
        let keywords = std::mem::take(&mut call.keywords);
        call.release();
        let value = self.call_class(&class, &args, &keywords)?;
        Ok(Some(Called::Value(value)))
    }

    /// The metaclass is `type` and `__new__` is `object`'s.
    fn has_plain_construction(&self, class: &Ref<Class>) -> bool {
        let plain_meta = match class.metaclass.get().as_ref::<Class>() {
            Some(meta) => meta.is(&self.types.type_),
            None => false,
        };
        plain_meta && self.is_object_new(self.lookup(class, &self.names.__new__))
    }

    fn is_object_new(&self, new: Option<Value>) -> bool {
        let own = self.types.object.dict.get_str(&self.names.__new__);
        matches!((new, own), (Some(a), Some(b)) if a.is(&b))
    }

    /// `class(*args, **kwargs)` through the metaclass's `__call__`.
    pub fn call_class(&mut self, class: &Ref<Class>, args: &[Value], kwargs: &Kwargs) -> R {
        let meta = self.class_of(&class.clone().into());
        if !meta.is(&self.types.type_) {
            let name = self.names.__call__.clone();
            let own = self.lookup(&self.types.type_, &name);
            let found = self.lookup(&meta, &name);
            let same = matches!((&own, &found), (Some(a), Some(b)) if a.is(b)) || found.is_none();
            if !same && let Some((func, this)) = self.special(&class.clone().into(), &name)? {
                let mut all: SmallVec<[Value; 8]> = SmallVec::new();
                if !this.is_undef() {
                    all.push(this);
                }
                all.extend(args.iter().cloned());
                return self.call_kw(&func, &all, kwargs);
            }
        }
        self.instantiate(class, args, kwargs)
    }
}
