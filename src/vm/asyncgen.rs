//! Async generators: the awaitables that `asend`, `__anext__`, `athrow` and `aclose` return
//! (PEP 525). Awaiting an `asend` makes the generator part of the awaiting chain; driving it by
//! hand goes through the methods below.

use super::flow::Outcome;
use super::generator::{is_at_yield, is_executing};
use super::heap::{ObjRef, Ref, Slot, flags};
use super::hooks::Current;
use super::native::{NativeDef, NativeType, TypeDef};
use super::object::{Exception, GenKind, GenState, Generator, Layout, NativeData};
use super::value::Value;
use super::{R, Raise, Resume, Vm};
use std::cell::Cell;

/// `Init → Running → Closed`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Init,
    Running,
    Closed,
}

/// What `asend(value)` and `__anext__()` return.
struct ASend {
    generator: Ref<Generator>,
    value: Slot,
    state: Cell<State>,
}

/// What `athrow(exception)` and `aclose()` return.
struct AThrow {
    generator: Ref<Generator>,
    /// The arguments of `athrow`, from which the exception is made once it is awaited; `Undef` for
    /// `aclose`.
    arguments: Slot,
    state: Cell<State>,
}

impl NativeData for ASend {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.generator.as_obj());
        self.value.visit(visit);
    }
}

impl NativeData for AThrow {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.generator.as_obj());
        self.arguments.visit(visit);
    }
}

macro_rules! awaitable {
    ($type:ident, $name:literal, $send:ident, $throw:ident, $close:ident) => {
        impl NativeType for $type {
            const DEF: &'static TypeDef = &TypeDef::new($name, "builtins", Layout::Final).methods(
                const {
                    &[
                        NativeDef::new(
                            "__await__",
                            "(self)",
                            |_, a| Ok(a[0].clone()),
                            "Return an iterator to be used in await expression.",
                        ),
                        NativeDef::new(
                            "__iter__",
                            "(self)",
                            |_, a| Ok(a[0].clone()),
                            "Implement iter(self).",
                        ),
                        NativeDef::new(
                            "__next__",
                            "(self)",
                            |vm, a| $send(vm, &a[0], Value::None),
                            "Implement next(self).",
                        ),
                        NativeDef::new(
                            "send",
                            "(self, value, /)",
                            |vm, a| $send(vm, &a[0], a[1].clone()),
                            "Resume with a value.",
                        ),
                        NativeDef::new(
                            "throw",
                            "(self, type, value=None, traceback=None, /)",
                            |vm, a| $throw(vm, a),
                            "Resume with an exception.",
                        ),
                        NativeDef::new(
                            "close",
                            "(self)",
                            |vm, a| $close(vm, &a[0]),
                            "Give the awaitable up.",
                        ),
                    ]
                },
            );
        }
    };
}

awaitable!(
    ASend,
    "async_generator_asend",
    asend_send,
    asend_throw,
    asend_close
);
awaitable!(
    AThrow,
    "async_generator_athrow",
    athrow_send,
    athrow_throw,
    athrow_close
);

/// `agen.asend(value)`, `agen.__anext__()`.
pub fn asend(vm: &mut Vm, g: &Ref<Generator>, value: Value) -> R {
    init_hooks(vm, g)?;
    let made = vm.make(ASend {
        generator: g.clone(),
        value: Slot::new(value),
        state: Cell::new(State::Init),
    });
    watch(&made, true);
    Ok(made)
}

/// `agen.athrow(*arguments)`; `aclose()` if they are `Undef`.
pub fn athrow(vm: &mut Vm, g: &Ref<Generator>, arguments: Value) -> R {
    init_hooks(vm, g)?;
    let made = vm.make(AThrow {
        generator: g.clone(),
        arguments: Slot::new(arguments),
        state: Cell::new(State::Init),
    });
    watch(&made, true);
    Ok(made)
}

/// Whether the death of an awaitable is looked at, because it may not have been awaited. Where that
/// is not turned off, `warn_if_unused` sees that it was.
fn watch(awaitable: &Value, on: bool) {
    if let Some(object) = awaitable.as_obj() {
        object.header().set_flag(flags::HAS_DEL, on);
    }
}

/// An awaitable dies: RuntimeWarning if nobody has awaited it. False if it is something else.
pub(super) fn warn_if_unused(vm: &mut Vm, awaitable: &Value) -> bool {
    let (generator, state, method) = if let Some(asend) = awaitable.opaque::<ASend>() {
        (&asend.generator, &asend.state, "asend")
    } else if let Some(athrow) = awaitable.opaque::<AThrow>() {
        (&athrow.generator, &athrow.state, athrow.verb())
    } else {
        return false;
    };
    if state.get() == State::Init {
        let hook = vm.report_hooks.never_awaited;
        hook(vm, generator, Some(method));
    }
    true
}

/// The hooks of `sys.set_asyncgen_hooks` see a generator when it is first used.
fn init_hooks(vm: &mut Vm, g: &Ref<Generator>) -> R<()> {
    if vm.current.asyncgen_finalizer.is_undef() && vm.current.asyncgen_firstiter.is_undef() {
        return Ok(());
    }
    let extra = g.extra();
    if extra.hooks_inited.replace(true) {
        return Ok(());
    }
    if let Some(finalizer) = vm
        .current
        .asyncgen_finalizer
        .defined()
        .filter(|f| !f.is_none())
    {
        extra.finalizer.set(finalizer);
    }
    if let Some(first) = vm
        .current
        .asyncgen_firstiter
        .defined()
        .filter(|f| !f.is_none())
    {
        vm.call(&first, &[g.clone().into()])?;
    }
    Ok(())
}

/// Whether an `async for` may enter the generator itself, without an `asend` object between: it
/// has not begun or is at a `yield` of its own, nobody drives it, and its hooks have been called.
/// The register of the `Delegate` holds the generator then.
#[inline(always)]
pub(super) fn can_enter(current: &Current, g: &Generator) -> bool {
    g.kind() == GenKind::AsyncGenerator
        && !g.is_async_running()
        && g.parent.get().is_null()
        && (is_at_yield(g) || g.state.get() == GenState::Created)
        && match g.rare() {
            Some(extra) => extra.hooks_inited.get(),
            None => current.asyncgen_finalizer.is_undef() && current.asyncgen_firstiter.is_undef(),
        }
}

/// What a frame that delegates to this awaits, as the program sees it: an async generator that was
/// entered without its `asend` gets one.
pub fn seen_awaitable(vm: &mut Vm, delegate: Value) -> Value {
    match delegate.as_ref::<Generator>() {
        Some(g) if g.kind() == GenKind::AsyncGenerator => vm.make(ASend {
            generator: g.clone(),
            value: Slot::new(Value::None),
            state: Cell::new(State::Running),
        }),
        _ => delegate,
    }
}

/// The generator whose frame runs behind an awaited `asend` that was begun.
pub(super) fn generator_in_flight(awaitable: &Value) -> Option<Ref<Generator>> {
    let asend = awaitable.opaque::<ASend>()?;
    if asend.state.get() == State::Running {
        Some(asend.generator.clone())
    } else {
        None
    }
}

/// Begins an `asend` that is being awaited: the generator to enter and the value to send. `None`
/// if the awaitable is something else.
pub(super) fn begin_asend(
    vm: &mut Vm,
    awaitable: &Value,
    sent: &Value,
) -> R<Option<(Ref<Generator>, Value)>> {
    let Some(asend) = awaitable.opaque::<ASend>() else {
        return Ok(None);
    };
    if asend.state.get() == State::Running {
        return Ok(None);
    }
    let value = start_asend(vm, asend, sent)?;
    watch(awaitable, false);
    Ok(Some((asend.generator.clone(), value)))
}

/// The checks of a first resume; gives the value to send.
fn start_asend(vm: &mut Vm, asend: &ASend, sent: &Value) -> R {
    if asend.state.get() == State::Closed {
        return Err(vm.runtime_error("cannot reuse already awaited __anext__()/asend()"));
    }
    let g = &asend.generator;
    if g.is_async_running() || is_executing(g) {
        asend.state.set(State::Closed);
        return Err(vm.runtime_error("anext(): asynchronous generator is already running"));
    }
    let own = asend.value.take();
    let value = if sent.is_none() { own } else { sent.clone() };
    match g.state.get() {
        GenState::Finished => {
            asend.state.set(State::Closed);
            let class = vm.exc.stop_async_iteration.clone();
            return Err(vm.error_with(&class, Vec::new()));
        }
        GenState::Created if !value.is_none() => {
            asend.state.set(State::Closed);
            return Err(
                vm.type_error("can't send non-None value to a just-started async generator")
            );
        }
        _ => {}
    }
    asend.state.set(State::Running);
    g.set_async_running(true);
    Ok(value)
}

/// The `asend` behind a finished delegation is used up.
pub(super) fn end_asend(awaitable: &Value) {
    if let Some(asend) = awaitable.opaque::<ASend>() {
        asend.state.set(State::Closed);
        asend.generator.set_async_running(false);
    }
}

fn asend_send(vm: &mut Vm, this: &Value, sent: Value) -> R {
    let Some(asend) = this.opaque::<ASend>() else {
        return Ok(Value::None);
    };
    let value = if asend.state.get() == State::Running {
        sent
    } else {
        let value = start_asend(vm, asend, &sent)?;
        watch(this, false);
        value
    };
    let outcome = vm.resume_outcome(&asend.generator, Resume::Send(value));
    settle_asend(vm, asend, outcome)
}

fn asend_throw(vm: &mut Vm, args: &[Value]) -> R {
    let Some(asend) = args[0].opaque::<ASend>() else {
        return Ok(Value::None);
    };
    match asend.state.get() {
        State::Closed => {
            return Err(vm.runtime_error("cannot reuse already awaited __anext__()/asend()"));
        }
        State::Init => {
            if asend.generator.is_async_running() {
                asend.state.set(State::Closed);
                return Err(vm.runtime_error("anext(): asynchronous generator is already running"));
            }
            asend.state.set(State::Running);
            asend.generator.set_async_running(true);
        }
        State::Running => {}
    }
    let how = match vm.thrown_by(&asend.generator, args) {
        Ok(how) => how,
        Err(raise) => {
            finish(asend);
            return Err(raise);
        }
    };
    let outcome = vm.resume_outcome(&asend.generator, how);
    settle_asend(vm, asend, outcome)
}

fn asend_close(vm: &mut Vm, this: &Value) -> R {
    let Some(asend) = this.opaque::<ASend>() else {
        return Ok(Value::None);
    };
    if asend.state.get() == State::Closed {
        return Ok(Value::None);
    }
    let class = vm.exc.generator_exit.clone();
    let exit = Exception::new(&class, super::object::Tuple::new([]));
    let thrown = asend_throw(vm, &[this.clone(), exit.into(), Value::Undef, Value::Undef]);
    closed_well(vm, thrown)
}

/// `close()` of an awaitable: StopIteration, StopAsyncIteration and GeneratorExit are fine.
fn closed_well(vm: &mut Vm, thrown: R) -> R {
    match thrown {
        Ok(_) => Err(vm.runtime_error("coroutine ignored GeneratorExit")),
        Err(raise) => {
            let exception = vm.take_raised(raise);
            let class = vm.class_of(&exception);
            let fine = [
                &vm.exc.stop_iteration,
                &vm.exc.stop_async_iteration,
                &vm.exc.generator_exit,
            ];
            if fine.into_iter().any(|c| class.is_subclass(c)) {
                Ok(Value::None)
            } else {
                Err(vm.raise(exception))
            }
        }
    }
}

/// What driving an `asend` by hand gives: an own yield is its result.
fn settle_asend(vm: &mut Vm, asend: &ASend, outcome: R<Outcome>) -> R {
    match outcome {
        Ok(Outcome::Yielded(v)) => Ok(v),
        Ok(Outcome::AsyncYielded(v)) => {
            finish(asend);
            Err(vm.stop_iteration(v))
        }
        Ok(Outcome::Returned(_)) => {
            finish(asend);
            let class = vm.exc.stop_async_iteration.clone();
            Err(vm.error_with(&class, Vec::new()))
        }
        Ok(Outcome::Raised) => {
            finish(asend);
            Err(vm.raised_again())
        }
        Err(raise) => {
            finish(asend);
            Err(raise)
        }
    }
}

fn finish(asend: &ASend) {
    asend.state.set(State::Closed);
    asend.generator.set_async_running(false);
}

fn athrow_send(vm: &mut Vm, this: &Value, sent: Value) -> R {
    let Some(awaitable) = this.opaque::<AThrow>() else {
        return Ok(Value::None);
    };
    let g = &awaitable.generator;
    let how = match awaitable.state.get() {
        State::Closed => {
            return Err(vm.runtime_error("cannot reuse already awaited aclose()/athrow()"));
        }
        State::Running => Resume::Send(sent),
        State::Init => {
            if g.is_async_running() || is_executing(g) {
                awaitable.state.set(State::Closed);
                return Err(vm.runtime_error(format!(
                    "{}(): asynchronous generator is already running",
                    awaitable.verb()
                )));
            }
            if g.is_finished() {
                awaitable.state.set(State::Closed);
                return Err(vm.stop_iteration(Value::None));
            }
            if g.rare().is_some_and(|e| e.closed.get()) {
                awaitable.state.set(State::Closed);
                let class = vm.exc.stop_async_iteration.clone();
                return Err(vm.error_with(&class, Vec::new()));
            }
            if !sent.is_none() {
                return Err(
                    vm.runtime_error("can't send non-None value to a just-started coroutine")
                );
            }
            awaitable.state.set(State::Running);
            watch(this, false);
            g.set_async_running(true);
            Resume::Throw(awaitable.first_exception(vm)?)
        }
    };
    let outcome = vm.resume_outcome(g, how);
    settle_athrow(vm, awaitable, outcome)
}

impl AThrow {
    fn closes(&self) -> bool {
        self.arguments.is_undef()
    }

    /// What the generator is resumed with at first.
    fn first_exception(&self, vm: &mut Vm) -> R {
        let arguments = self.arguments.get();
        let Some(given) = arguments.as_ref::<super::object::Tuple>() else {
            self.generator.extra().closed.set(true);
            let class = vm.exc.generator_exit.clone();
            return Ok(Exception::new(&class, super::object::Tuple::new([])).into());
        };
        let made = vm.thrown(&[&[Value::None], given.items()].concat());
        if made.is_err() {
            self.finish();
        }
        made
    }

    fn verb(&self) -> &'static str {
        if self.closes() { "aclose" } else { "athrow" }
    }

    fn finish(&self) {
        self.state.set(State::Closed);
        self.generator.set_async_running(false);
    }
}

fn settle_athrow(vm: &mut Vm, awaitable: &AThrow, outcome: R<Outcome>) -> R {
    match outcome {
        Ok(Outcome::Yielded(v)) => return Ok(v),
        Ok(Outcome::AsyncYielded(v)) => {
            awaitable.finish();
            if awaitable.closes() {
                return Err(vm.runtime_error("async generator ignored GeneratorExit"));
            }
            return Err(vm.stop_iteration(v));
        }
        Ok(Outcome::Returned(_)) => {
            awaitable.finish();
            if awaitable.closes() {
                return Err(vm.stop_iteration(Value::None));
            }
            let class = vm.exc.stop_async_iteration.clone();
            return Err(vm.error_with(&class, Vec::new()));
        }
        Ok(Outcome::Raised) | Err(_) => awaitable.finish(),
    }
    if awaitable.closes() {
        return ended_by_close(vm);
    }
    Err(vm.raised_again())
}

/// `aclose()`: StopAsyncIteration and GeneratorExit from the generator mean that it is closed.
fn ended_by_close(vm: &mut Vm) -> R {
    let raise: Raise = vm.raised_again();
    let exception = vm.take_raised(raise);
    let class = vm.class_of(&exception);
    if class.is_subclass(&vm.exc.stop_async_iteration) || class.is_subclass(&vm.exc.generator_exit)
    {
        drop(exception);
        return Err(vm.stop_iteration(Value::None));
    }
    Err(vm.put_back(exception))
}

fn athrow_throw(vm: &mut Vm, args: &[Value]) -> R {
    let Some(awaitable) = args[0].opaque::<AThrow>() else {
        return Ok(Value::None);
    };
    match awaitable.state.get() {
        State::Closed => {
            return Err(vm.runtime_error("cannot reuse already awaited aclose()/athrow()"));
        }
        State::Init => {
            if awaitable.generator.is_async_running() {
                awaitable.state.set(State::Closed);
                return Err(vm.runtime_error(format!(
                    "{}(): asynchronous generator is already running",
                    awaitable.verb()
                )));
            }
            awaitable.state.set(State::Running);
            awaitable.generator.set_async_running(true);
        }
        State::Running => {}
    }
    let how = match vm.thrown_by(&awaitable.generator, args) {
        Ok(how) => how,
        Err(raise) => {
            awaitable.finish();
            return Err(raise);
        }
    };
    let outcome = vm.resume_outcome(&awaitable.generator, how);
    settle_athrow(vm, awaitable, outcome)
}

fn athrow_close(vm: &mut Vm, this: &Value) -> R {
    let Some(awaitable) = this.opaque::<AThrow>() else {
        return Ok(Value::None);
    };
    if awaitable.state.get() == State::Closed {
        return Ok(Value::None);
    }
    let class = vm.exc.generator_exit.clone();
    let exit = Exception::new(&class, super::object::Tuple::new([]));
    let thrown = athrow_throw(vm, &[this.clone(), exit.into(), Value::Undef, Value::Undef]);
    closed_well(vm, thrown)
}

impl Vm {
    /// Puts an exception that was taken back on its way, as it was.
    pub(in crate::vm) fn put_back(&mut self, exception: Value) -> Raise {
        self.raised.set(exception);
        self.raised_again()
    }
}
