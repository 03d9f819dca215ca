//! The virtual machine: values, heap, frames, dispatch, and the operations of the language on
//! objects. Knows bytecode and trace events; never the compiler, the builtins or the library.

pub mod bind;
pub mod call;
pub mod compare_pure;
pub mod exceptions;
pub mod heap;
pub mod hooks;
pub mod host;
pub mod inspect;
pub mod names;
pub mod native;
pub mod object;
pub mod ops;
pub mod raise;
pub mod types;
pub mod value;

use self::exceptions::ExceptionTypes;
use self::heap::{Ref, Slot};
use self::hooks::{Current, LoopHooks};
use self::host::Host;
use self::names::{Interner, Names};
use self::object::{Class, Dict, Generator, Str};
use self::types::Types;
use self::value::Value;
use std::any::{Any, TypeId};
use std::collections::HashMap;

/// The result of anything that can raise. The exception itself is kept in the VM, so that the
/// error is small and the hot paths keep their registers.
pub type R<T = Value> = Result<T, Raise>;

/// "An exception is set in the VM." Made by [`Vm::raise`] and its kin only; whoever gets one
/// passes it on, or takes the exception with [`Vm::take_raised`].
#[derive(Debug)]
#[must_use]
pub struct Raise(());

/// What a native asks the caller to do instead of its own return: see [`Vm::tail`].
#[derive(Debug)]
pub enum Tail {
    /// Call something; its result is the native's result.
    Call {
        func: Value,
        args: Vec<Value>,
        kwargs: Vec<(Ref<Str>, Value)>,
    },
    /// Resume a generator, coroutine or async generator.
    Resume(Ref<Generator>, Resume),
    /// Run the event loop object until it stops.
    RunLoop(Value),
}

/// What can be done to a suspended frame.
#[derive(Debug, Clone)]
pub enum Resume {
    /// `next()` or `send(value)`.
    Send(Value),
    /// `throw(exception)`.
    Throw(Value),
    /// `close()`.
    Close,
}

/// Everything about one running program.
pub struct Vm {
    pub types: Types,
    pub exc: ExceptionTypes,
    pub names: Names,
    pub interner: Interner,
    /// The namespace of `builtins`.
    pub builtins: Ref<Dict>,
    /// `sys.modules`.
    pub modules: Ref<Dict>,
    pub host: Host,
    /// The event loop's side of running tasks.
    pub loop_hooks: LoopHooks,
    /// The running loop, task and context, and the hooks of `sys`.
    pub current: Current,
    /// The exception that is on its way; undefined when none is.
    raised: Slot,
    /// A native's request, while it is being returned.
    tail: Option<Tail>,
    /// Depth of natives that called back into the VM.
    native_depth: u32,
    /// Classes of opaque types by their Rust type.
    native_classes: HashMap<TypeId, Ref<Class>>,
    /// State of modules written in Rust (the event loop's, the random source's…).
    state: HashMap<TypeId, Box<dyn Any>>,
}

impl Vm {
    /// The interned string for a text.
    pub fn intern(&mut self, text: &str) -> Ref<Str> {
        self.interner.intern(text)
    }

    /// The interned string equal to a value, which must be a str; any other value is converted by
    /// nobody: callers check first.
    pub fn intern_value(&mut self, value: &Value) -> Option<Ref<Str>> {
        value.as_str().map(|s| self.interner.intern(s))
    }

    /// Asks the caller of the native to go on with something else; return what this returns.
    /// Use it instead of `call` where a native's last act is to run bytecode: then the Rust
    /// stack does not grow.
    pub fn tail(&mut self, what: Tail) -> R {
        self.tail = Some(what);
        Ok(Value::Undef)
    }

    /// State that a layer above keeps in the VM, made on first use.
    pub fn state<T: Any + Default>(&mut self) -> &mut T {
        let slot = self
            .state
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Box::<T>::default());
        match slot.downcast_mut() {
            Some(state) => state,
            None => unreachable!("state is stored under its own type"),
        }
    }
}
