//! What programs do with suspended frames: `send`, `throw`, `close` and their asynchronous kin.
//! Each asks the dispatch loop to resume the frame in its stead, so the Rust stack never grows.

use super::types::CLASS_GETITEM;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::native::{NativeDef, NativeType, Resumes, TypeDef};
use crate::vm::object::{Generator, Layout, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Resume, Tail, Vm, asyncgen};

const NEXT: NativeDef =
    NativeDef::new("__next__", "(self, /)", next, "Implement next(self).").resuming(Resumes::Next);
const ITER: NativeDef = NativeDef::new("__iter__", "(self, /)", itself, "Implement iter(self).");
const SEND: NativeDef = NativeDef::new(
    "send",
    "(self, value, /)",
    send,
    "Resume the frame: the value becomes the result of the yield it is suspended at.",
)
.resuming(Resumes::Send);
const THROW: NativeDef = NativeDef::new(
    "throw",
    "(self, type, value=None, traceback=None, /)",
    throw,
    "Resume the frame by raising an exception where it is suspended.",
);
const CLOSE: NativeDef = NativeDef::new(
    "close",
    "(self, /)",
    close,
    "Raise GeneratorExit where the frame is suspended, to end it.",
);

static GENERATOR: &[NativeDef] = &[NEXT, ITER, SEND, THROW, CLOSE, CLASS_GETITEM];

static COROUTINE: &[NativeDef] = &[
    SEND,
    THROW,
    CLOSE,
    CLASS_GETITEM,
    NativeDef::new(
        "__await__",
        "(self, /)",
        |vm, args| match args[0].as_ref::<Generator>() {
            Some(coroutine) => Ok(vm.make(CoroutineWrapper(coroutine.clone()))),
            None => Ok(Value::None),
        },
        "Return an iterator that drives the coroutine.",
    ),
];

static ASYNC_GENERATOR: &[NativeDef] = &[
    CLASS_GETITEM,
    NativeDef::new("__aiter__", "(self, /)", itself, "Return self."),
    NativeDef::new(
        "__anext__",
        "(self, /)",
        |vm, args| on_async(vm, args, |vm, g| asyncgen::asend(vm, g, Value::None)),
        "Return an awaitable of the next value.",
    ),
    NativeDef::new(
        "asend",
        "(self, value, /)",
        |vm, args| {
            let value = args[1].clone();
            on_async(vm, args, |vm, g| asyncgen::asend(vm, g, value))
        },
        "Return an awaitable that sends a value and gives the next one.",
    ),
    NativeDef::new(
        "athrow",
        "(self, type, value=None, traceback=None, /)",
        |vm, args| {
            warn_of_parts(vm, args, "athrow")?;
            let arguments = Tuple::value(args[1..].iter().cloned());
            on_async(vm, args, |vm, g| asyncgen::athrow(vm, g, arguments))
        },
        "Return an awaitable that raises an exception in the generator.",
    ),
    NativeDef::new(
        "aclose",
        "(self, /)",
        |vm, args| on_async(vm, args, |vm, g| asyncgen::athrow(vm, g, Value::Undef)),
        "Return an awaitable that ends the generator.",
    ),
];

/// What `coroutine.__await__()` returns.
struct CoroutineWrapper(Ref<Generator>);

impl NativeData for CoroutineWrapper {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.0.as_obj());
    }
}

impl NativeType for CoroutineWrapper {
    const DEF: &'static TypeDef = &TypeDef::new("coroutine_wrapper", "builtins", Layout::Final)
        .doc("A wrapper object implementing __await__ for coroutines.")
        .methods(&[NEXT, ITER, SEND, THROW, CLOSE]);
}

/// Gives the three types their methods.
pub fn install(vm: &mut Vm) {
    let (generator, coroutine, asynchronous) = (
        vm.types.generator.clone(),
        vm.types.coroutine.clone(),
        vm.types.async_generator.clone(),
    );
    vm.extend_class(&generator, GENERATOR, &[]);
    vm.extend_class(&coroutine, COROUTINE, &[]);
    vm.extend_class(&asynchronous, ASYNC_GENERATOR, &[]);
}

fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

/// The frame behind the first argument.
fn frame(args: &[Value]) -> Option<Ref<Generator>> {
    match args[0].as_ref::<Generator>() {
        Some(generator) => Some(generator.clone()),
        None => args[0].opaque::<CoroutineWrapper>().map(|w| w.0.clone()),
    }
}

fn resume(vm: &mut Vm, args: &[Value], how: Resume) -> R {
    match frame(args) {
        Some(generator) => vm.tail(Tail::Resume(generator, how)),
        None => Ok(Value::None),
    }
}

fn next(vm: &mut Vm, args: &[Value]) -> R {
    resume(vm, args, Resume::Send(Value::None))
}

fn send(vm: &mut Vm, args: &[Value]) -> R {
    resume(vm, args, Resume::Send(args[1].clone()))
}

/// An exception given as type, value and traceback is of the past.
fn warn_of_parts(vm: &mut Vm, args: &[Value], name: &str) -> R<()> {
    if args.get(2).and_then(Value::given).is_none() {
        return Ok(());
    }
    let class = vm.exc.deprecation_warning.clone();
    let message = format!(
        "the (type, exc, tb) signature of {name}() is deprecated, use the single-arg signature \
         instead."
    );
    let warn = vm.report_hooks.warn;
    warn(vm, &class, &message)
}

fn throw(vm: &mut Vm, args: &[Value]) -> R {
    warn_of_parts(vm, args, "throw")?;
    let Some(generator) = frame(args) else {
        return Ok(Value::None);
    };
    let how = vm.thrown_by(&generator, args)?;
    vm.tail(Tail::Resume(generator, how))
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    resume(vm, args, Resume::Close)
}

fn on_async(vm: &mut Vm, args: &[Value], act: impl FnOnce(&mut Vm, &Ref<Generator>) -> R) -> R {
    match args[0].as_ref::<Generator>() {
        Some(generator) => act(vm, generator),
        None => Ok(Value::None),
    }
}
