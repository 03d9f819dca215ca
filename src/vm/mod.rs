//! The virtual machine: values, heap, frames, dispatch, and the operations of the language on
//! objects. Knows bytecode and trace events; never the compiler, the builtins or the library.

pub mod asyncgen;
pub mod bind;
pub mod call;
pub mod compare_pure;
mod construct;
mod control;
pub mod cycles;
mod delegate;
mod deliver;
mod dispatch;
pub mod exceptions;
mod exec;
pub mod execution;
mod exit_order;
mod finalizers;
pub mod flow;
mod frame;
mod frames;
pub mod generator;
pub mod heap;
mod hold;
pub mod hooks;
pub mod host;
pub mod inspect;
mod items;
mod link;
mod linked;
mod misfit;
pub mod names;
pub mod native;
mod native_names;
pub mod object;
pub mod observe;
pub mod ops;
pub mod profile;
pub mod raise;
pub mod ready;
pub mod signals;
mod simple_call;
mod step;
mod throw;
pub mod types;
mod unwind;
pub mod value;
mod window;

use self::control::ControlStack;
use self::exceptions::ExceptionTypes;
use self::frame::{Frame, Link, RegisterStack};
use self::frames::FrameObjects;
use self::heap::{Ref, Slot};
use self::hooks::{Current, LoopHooks, ReportHooks};
use self::host::Host;
use self::names::{Interner, Names, TypeMap};
use self::object::{CellObject, Class, Dict, Generator, Str};
use self::types::Types;
use self::value::Value;
use std::any::{Any, TypeId};

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
    /// Park the execution that called the native: only where `Vm::can_park`. Its call gives `None`
    /// when the execution goes on.
    Park,
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

/// `__import__`: module name, importing globals, names of `from`, level of relative import.
pub type ImportHook = fn(&mut Vm, &str, &Ref<Dict>, &Value, i64) -> R;

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
    /// How what no program can catch is reported.
    pub report_hooks: ReportHooks,
    /// The running loop, task and context, and the hooks of `sys`.
    pub current: Current,
    /// Who is told what happens.
    pub observer: Option<observe::Observer>,
    /// What the observer keeps between two events.
    pub observing: Option<Box<dyn Any>>,
    /// What is measured, if anything is.
    pub profile: Option<Box<profile::Profile>>,
    /// Who says what runs next; nobody: first in, first out.
    pub chooser: Option<observe::Chooser>,
    /// The observer wants no more of the program.
    abandoned: bool,
    /// Carries out `import`; set by the library.
    pub import_hook: ImportHook,
    /// Most activations at a time: `sys.setrecursionlimit`.
    recursion_limit: usize,
    /// Most natives that have called back at a time; depends on the thread's stack.
    pub native_limit: u32,
    /// The program is over: what is left of it is being taken apart.
    pub is_over: bool,
    /// When the program is over: the places of tasks in the order of finalizers, by address.
    pub settled_ages: std::collections::HashMap<usize, u64>,
    /// The built-in classes get their methods: see `install_classes`.
    installing: bool,
    stack: RegisterStack,
    control: ControlStack,
    /// What linked activations keep alive.
    links: Vec<Link>,
    /// How many of the links, those of parked executions included, are `unusual`.
    unusual_links: usize,
    /// A frame has delegated while it handled an exception: from then on a parent may handle one.
    parents_handle: bool,
    /// The running frame.
    frame: Frame,
    frames: FrameObjects,
    /// Registers of the innermost plain frame that has an object; null if none has.
    framed: *mut Value,
    /// The exception being handled in the running generator's or thread's own context.
    handled: Slot,
    /// What a `Delegate` that is executed again gives to its delegate.
    input: Option<Resume>,
    /// The value being yielded is an async generator's own.
    async_yielded: bool,
    /// A delegate, the `throw` that it was found to have or `None`, and the arguments that it gets
    /// as they are.
    thrown_parts: Slot,
    /// Registers of the frames that are passing an exception on to the `throw` or `close` of a
    /// delegate: see `walk_stack`.
    throwing: Vec<*mut Value>,
    /// How the activation that ended a nested dispatch loop ended; `None` if it raised.
    outcome: Option<flow::Outcome>,
    /// An exception is on its way that the dispatch loop must unwind before anything else.
    unwinding: bool,
    /// The running execution has parked: its dispatch loop ends without an outcome.
    parked: bool,
    /// The depth of natives at which the running execution can park.
    park_depth: Option<u32>,
    caught: unwind::LastCaught,
    /// The exception on its way was raised again by `Reraise`.
    reraised: bool,
    /// Depth of finalizers that run bytecode inside each other.
    finalizing: u32,
    /// The exception that is on its way; undefined when none is.
    raised: Slot,
    /// A hash that the program has asked for is not the same in every run of CPython.
    pub hash_varies: bool,
    /// A native's request, while it is being returned.
    tail: Option<Tail>,
    /// Depth of natives that called back into the VM, in units of `ops::guard`.
    native_depth: u32,
    /// Classes of opaque types by their Rust type.
    native_classes: TypeMap<Ref<Class>>,
    /// State of modules written in Rust (the event loop's, the random source's…).
    state: TypeMap<Box<dyn Any>>,
}

impl Vm {
    /// A VM whose built-in classes and namespaces are still bare.
    pub fn new(host: Host) -> Vm {
        heap::finalize::open();
        cycles::open();
        let (interner, names) = types::make_names();
        let types = Types::default();
        let exc = types::make_exceptions(&types);
        let stack = RegisterStack::new();
        let frame = Frame::outermost(&stack);
        Vm {
            types,
            exc,
            names,
            interner,
            builtins: Dict::new(),
            modules: Dict::new(),
            host,
            loop_hooks: LoopHooks::NONE,
            report_hooks: ReportHooks::NONE,
            current: Current::default(),
            observer: None,
            observing: None,
            profile: None,
            chooser: None,
            abandoned: false,
            import_hook: |vm, name, _, _, _| {
                let class = vm.exc.module_not_found_error.clone();
                Err(vm.error(&class, format!("No module named '{name}'")))
            },
            recursion_limit: 1000,
            native_limit: 900,
            is_over: false,
            settled_ages: std::collections::HashMap::default(),
            installing: false,
            stack,
            control: ControlStack::new(1000),
            links: Vec::new(),
            unusual_links: 0,
            parents_handle: false,
            frame,
            frames: FrameObjects::default(),
            framed: std::ptr::null_mut(),
            handled: Slot::undef(),
            input: None,
            async_yielded: false,
            thrown_parts: Slot::undef(),
            throwing: Vec::new(),
            caught: unwind::LastCaught::default(),
            outcome: None,
            unwinding: false,
            parked: false,
            park_depth: None,
            reraised: false,
            finalizing: 0,
            raised: Slot::undef(),
            hash_varies: false,
            tail: None,
            native_depth: 0,
            native_classes: TypeMap::default(),
            state: TypeMap::default(),
        }
    }

    /// Runs a module's, class's or expression's code in a namespace of globals, with `locals` as
    /// the namespace in register 0 if the code wants one.
    pub fn run_code(
        &mut self,
        code: &std::rc::Rc<crate::bytecode::Code>,
        globals: &Ref<Dict>,
        locals: Option<Value>,
    ) -> R {
        self.run_closure(code, globals, locals, Vec::new())
    }

    /// The same of code with free variables, for which there are these cells.
    pub fn run_closure(
        &mut self,
        code: &std::rc::Rc<crate::bytecode::Code>,
        globals: &Ref<Dict>,
        locals: Option<Value>,
        cells: Vec<Ref<CellObject>>,
    ) -> R {
        let linked = self.link(code, globals);
        let function = exec::function(linked, cells, Value::Undef, Value::Undef, Value::Undef);
        // The code of a function has no namespace.
        let namespace = code.has_namespace();
        let namespace = namespace.then(|| locals.unwrap_or_else(|| globals.clone().into()));
        let args: Vec<Value> = namespace.into_iter().collect();
        self.call(&function.into(), &args)
    }

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
