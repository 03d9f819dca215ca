//! Calling from Rust. Runs a nested dispatch loop, under a depth limit that raises
//! RecursionError.

use super::heap::Ref;
use super::object::Generator;
use super::object::Str;
use super::value::Value;
use super::{R, Resume, Vm};

impl Vm {
    /// Calls anything callable with positional arguments.
    pub fn call(&mut self, func: &Value, args: &[Value]) -> R {
        self.call_kw(func, args, &[])
    }

    /// Calls anything callable.
    pub fn call_kw(&mut self, func: &Value, args: &[Value], kwargs: &[(Ref<Str>, Value)]) -> R {
        let _ = (func, args, kwargs, self.native_depth);
        Err(self.type_error("unsupported"))
    }

    /// `obj.name(*args)`; `name` must be interned.
    pub fn call_method(&mut self, obj: &Value, name: &Ref<Str>, args: &[Value]) -> R {
        let (func, this) = self.load_method(obj, name)?;
        if this.is_undef() {
            return self.call(&func, args);
        }
        let mut all = Vec::with_capacity(args.len() + 1);
        all.push(this);
        all.extend_from_slice(args);
        self.call(&func, &all)
    }

    /// Resumes a generator, coroutine or async generator until it yields (`Ok(Some)`), returns
    /// (`Ok(None)` and the value in `returned`) or raises.
    pub fn resume(&mut self, generator: &Ref<Generator>, how: Resume) -> R<Resumed> {
        let _ = (generator, how);
        Err(self.type_error("unsupported"))
    }
}

/// What became of a resumed frame.
#[derive(Debug)]
pub enum Resumed {
    Yielded(Value),
    Returned(Value),
}
