//! Calls of classes: the commonest way, an instance and its plain `__init__`, without looking
//! anything up; the others through the metaclass. One of the places where `unsafe` lives.

use super::bind::Kwargs;
use super::exec::{Called, take_keywords};
use super::frame::{Deliver, release_registers, take};
use super::heap::Ref;
use super::object::{Class, Construction, Exception, Function, Layout, NativeFunction, Str, Tuple};
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
        let made = match self.construction(&class) {
            Construction::General => return Ok(None),
            Construction::Instance => self.new_instance(&class)?,
            Construction::Exception => {
                // SAFETY: the arguments are initialised.
                let args = unsafe { std::slice::from_raw_parts(base.add(2), call.given) };
                let exception = Exception::new(&class, Tuple::new(args.iter().cloned()));
                if !class.plain_init.is_undef() {
                    exception.into()
                } else if call.names.is_empty() {
                    // SAFETY: the window is used up.
                    unsafe {
                        release_registers(base.add(2), call.given);
                        drop(take(base));
                    }
                    return Ok(Some(Called::Value(exception.into())));
                } else {
                    return Ok(None);
                }
            }
        };
        let Value::Obj(instance) = made else {
            return Ok(None);
        };
        let init = class.plain_init.get();
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

    /// What a call of the class comes down to; the `__init__` is in its `plain_init` then.
    pub(super) fn construction(&mut self, class: &Ref<Class>) -> Construction {
        let plain_meta =
            matches!(class.metaclass.get().as_ref::<Class>(), Some(m) if m.is(&self.types.type_));
        if !plain_meta {
            return Construction::General;
        }
        let version = class.version.get();
        if class.init_version.get() != version {
            let (construction, init) = self.find_construction(class);
            class.construction.set(construction);
            class.plain_init.set(init);
            class.init_version.set(version);
        }
        class.construction.get()
    }

    fn find_construction(&self, class: &Ref<Class>) -> (Construction, Value) {
        let base = match class.layout {
            Layout::Object => &self.types.object,
            Layout::Exception => &self.exc.base_exception,
            _ => return (Construction::General, Value::Undef),
        };
        let of_base = |name: &Ref<Str>| match (self.lookup(class, name), base.dict.get_str(name)) {
            (Some(found), Some(own)) => NativeFunction::is_same_code(&found, &own),
            _ => false,
        };
        if !of_base(&self.names.__new__) {
            return (Construction::General, Value::Undef);
        }
        let init = self.lookup(class, &self.names.__init__);
        let init = init.filter(|f| f.as_ref::<Function>().is_some());
        match (class.layout, init) {
            (Layout::Object, Some(init)) => (Construction::Instance, init),
            (Layout::Exception, Some(init)) => (Construction::Exception, init),
            (Layout::Exception, None) if of_base(&self.names.__init__) => {
                (Construction::Exception, Value::Undef)
            }
            _ => (Construction::General, Value::Undef),
        }
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
            if self.construction(&class) == Construction::Instance {
                let instance = self.new_instance(&class)?;
                call.insert_self(class.plain_init.get(), instance.clone());
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
