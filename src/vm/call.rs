//! Calls: from the dispatch loop, where calling bytecode only sets up a frame, and from Rust,
//! where it runs a nested dispatch loop under a depth limit that raises RecursionError.

use super::bind::Kwargs;
use super::dispatch::Flow;
use super::exec::Called;
use super::flow::Outcome;
use super::frame::{Activation, Deliver, Frame, take, undefine};
use super::heap::{Ref, finalize};
use super::object::{
    BoundMethod, CodeObject, Function, GenKind, GenState, Generator, Kind, NativeFunction,
    StaticMethod, Str, would_see_exit,
};
use super::ops::guard::NATIVE_DEPTH;
use super::value::Value;
use super::window::{Window, move_window, put_closure};
use super::{R, Raise, Resume, Tail, Vm};
use crate::bytecode::Op;
use smallvec::SmallVec;
use std::ptr;

/// How many callables may stand for each other in one call: bound methods, objects with
/// `__call__`.
const CALLABLE_NESTING: usize = 1000;

/// Keyword arguments of one call.
pub(super) type Keywords = SmallVec<[(Ref<Str>, Value); 4]>;

/// What became of a resumed frame, as natives see it.
#[derive(Debug)]
pub enum Resumed {
    Yielded(Value),
    Returned(Value),
}

impl Vm {
    /// Calls anything callable with positional arguments.
    pub fn call(&mut self, func: &Value, args: &[Value]) -> R {
        self.call_kw(func, args, &[])
    }

    /// Calls anything callable.
    pub fn call_kw(&mut self, func: &Value, args: &[Value], kwargs: &Kwargs) -> R {
        if let Some(native) = func.as_ref::<NativeFunction>() {
            let result = self.call_native(native, args, kwargs)?;
            return self.settle(result);
        }
        self.finalize_first()?;
        let base = self.frame.top;
        self.check_room(base, args.len() + 2)?;
        // SAFETY: there is room above the running frame's top, which owns nothing.
        unsafe {
            base.write(func.clone());
            base.add(1).write(Value::Undef);
            for (i, arg) in args.iter().enumerate() {
                base.add(2 + i).write(arg.clone());
            }
        }
        let keywords: Keywords = kwargs.iter().cloned().collect();
        match self.invoke(base, false, args.len(), keywords, Deliver::Halt, 0)? {
            Called::Value(value) => Ok(value),
            Called::Frame | Called::Reload => self.run_nested(),
        }
    }

    /// What a native has released dies before the native goes on to run code of the program, and
    /// what that held, before the native goes on by itself.
    #[inline]
    pub(super) fn finalize_first(&mut self) -> R<()> {
        if finalize::pending() {
            self.run_finalizers()?;
        }
        Ok(())
    }

    /// `obj.name(*args)`; `name` must be interned.
    pub fn call_method(&mut self, obj: &Value, name: &Ref<Str>, args: &[Value]) -> R {
        let (func, this) = self.load_method(obj, name)?;
        if this.is_undef() {
            return self.call(&func, args);
        }
        let mut all: SmallVec<[Value; 4]> = SmallVec::with_capacity(args.len() + 1);
        all.push(this);
        all.extend(args.iter().cloned());
        self.call(&func, &all)
    }

    /// Resumes a generator, coroutine or async generator until it yields or returns.
    pub fn resume(&mut self, generator: &Ref<Generator>, how: Resume) -> R<Resumed> {
        match self.resume_outcome(generator, how)? {
            Outcome::Yielded(v) | Outcome::AsyncYielded(v) => Ok(Resumed::Yielded(v)),
            Outcome::Returned(v) => Ok(Resumed::Returned(v)),
            Outcome::Raised => Err(self.raised_again()),
        }
    }

    /// As `resume`, telling an async generator's own yields from what it awaits.
    pub(super) fn resume_outcome(&mut self, generator: &Ref<Generator>, how: Resume) -> R<Outcome> {
        self.finalize_first()?;
        if let Some(outcome) = self.enter(generator, how, Deliver::Halt, 0, Value::Undef)? {
            return Ok(outcome);
        }
        self.run()?;
        self.finalize_first()?;
        Ok(self.outcome.take().unwrap_or(Outcome::Raised))
    }

    /// Runs the frame that was just set up with `Deliver::Halt`.
    fn run_nested(&mut self) -> R {
        self.run()?;
        self.finalize_first()?;
        match self.outcome.take() {
            Some(Outcome::Returned(v) | Outcome::Yielded(v) | Outcome::AsyncYielded(v)) => Ok(v),
            Some(Outcome::Raised) | None => Err(self.raised_again()),
        }
    }

    /// Carries out what a native asked for by `tail`, from Rust.
    fn settle(&mut self, result: Value) -> R {
        if !result.is_undef() {
            return Ok(result);
        }
        match self.tail.take() {
            None => Ok(Value::None),
            Some(Tail::Call { func, args, kwargs }) => self.call_kw(&func, &args, &kwargs),
            Some(Tail::Resume(generator, how)) => self.settle_resume(&generator, how),
            Some(Tail::RunLoop(event_loop)) => self.run_loop_nested(event_loop),
            // Nobody parks where `can_park` says no.
            Some(Tail::Park) => Ok(Value::None),
        }
    }

    /// `next`, `send`, `throw` or `close` called from Rust: a return becomes StopIteration, but
    /// for `close`.
    fn settle_resume(&mut self, generator: &Ref<Generator>, how: Resume) -> R {
        if let Resume::Close = how {
            return self.close(generator);
        }
        match self.resume(generator, how)? {
            Resumed::Yielded(v) => Ok(v),
            Resumed::Returned(v) => Err(self.stop_iteration(v)),
        }
    }

    /// `generator.close()`.
    pub fn close(&mut self, generator: &Ref<Generator>) -> R {
        let resumed = generator.state.get() == GenState::Suspended && would_see_exit(generator);
        match self.resume(generator, Resume::Close) {
            // As in CPython, which takes only StopIteration for a return.
            Ok(Resumed::Returned(_)) if resumed && generator.kind() == GenKind::AsyncGenerator => {
                let class = self.exc.stop_async_iteration.clone();
                Err(self.error_with(&class, Vec::new()))
            }
            Ok(Resumed::Returned(v)) => Ok(v),
            Ok(Resumed::Yielded(_)) => {
                let what = super::generator::kind_name(generator.kind());
                Err(self.runtime_error(format!("{what} ignored GeneratorExit")))
            }
            Err(raise) => {
                let exception = self.raised.get();
                let class = self.class_of(&exception);
                if class.is_subclass(&self.exc.generator_exit)
                    || class.is_subclass(&self.exc.stop_iteration)
                {
                    drop(self.take_raised(raise));
                    return Ok(Value::None);
                }
                Err(raise)
            }
        }
    }

    /// Runs an event loop from Rust: a `Halt` below it ends the nested dispatch loop.
    fn run_loop_nested(&mut self, event_loop: Value) -> R {
        self.enter_native()?;
        self.control.push(Activation::call(
            self.frame,
            ptr::null_mut(),
            Deliver::Halt,
            0,
        ));
        self.frame = Frame {
            code: ptr::null(),
            generator: ptr::null(),
            ..self.frame
        };
        match self.enter_loop(event_loop, 0) {
            Ok(Flow::Halt) => {}
            Ok(Flow::Go) => self.run()?,
            Err(raise) => {
                self.unwind_next(raise);
                self.run()?;
            }
        }
        match self.outcome.take() {
            Some(Outcome::Returned(v) | Outcome::Yielded(v) | Outcome::AsyncYielded(v)) => Ok(v),
            Some(Outcome::Raised) | None => Err(self.raised_again()),
        }
    }

    /// A call on behalf of the event loop or of an execution: `Ok(None)` if a frame was set up, else the result.
    pub(super) fn enter_call(
        &mut self,
        func: Value,
        args: Vec<Value>,
        kwargs: Vec<(Ref<Str>, Value)>,
        deliver: Deliver,
    ) -> R<Option<Value>> {
        let base = self.frame.top;
        self.check_room(base, args.len() + 2)?;
        let argc = args.len();
        // SAFETY: there is room above the running frame's top, which owns nothing.
        unsafe {
            base.write(func);
            base.add(1).write(Value::Undef);
            for (i, arg) in args.into_iter().enumerate() {
                base.add(2 + i).write(arg);
            }
        }
        let keywords = kwargs.into_iter().collect();
        match self.invoke(base, false, argc, keywords, deliver, 0)? {
            Called::Value(value) => Ok(Some(value)),
            Called::Frame | Called::Reload => Ok(None),
        }
    }

    /// `sys.getrecursionlimit()`.
    pub fn recursion_limit(&self) -> usize {
        self.recursion_limit
    }

    /// `sys.setrecursionlimit()`.
    pub fn set_recursion_limit(&mut self, limit: usize) {
        self.recursion_limit = limit;
        self.control.set_limit(limit);
    }

    pub(super) fn check_room(&mut self, base: *mut Value, values: usize) -> R<()> {
        // SAFETY: compared only; the reserve above the limit keeps the sum inside the allocation
        // for any argument list that fits it.
        let fits = values < (1 << 12) || self.room_from(base) > values;
        if base >= self.stack.limit() || !fits {
            return Err(self.recursion_error(""));
        }
        Ok(())
    }

    /// Registers left between a place of the stack and its limit.
    pub(super) fn room_from(&self, base: *mut Value) -> usize {
        (self.stack.limit() as usize).saturating_sub(base as usize) / size_of::<Value>()
    }

    #[cold]
    pub fn recursion_error(&mut self, doing: &str) -> Raise {
        let class = self.exc.recursion_error.clone();
        self.error(&class, format!("maximum recursion depth exceeded{doing}"))
    }

    /// A native calls back into the VM.
    pub(super) fn enter_native(&mut self) -> R<()> {
        if self.native_depth >= self.native_limit.saturating_mul(NATIVE_DEPTH) {
            return Err(self.recursion_error(""));
        }
        self.native_depth += NATIVE_DEPTH;
        Ok(())
    }

    pub(super) fn leave_native(&mut self) {
        self.native_depth = self.native_depth.saturating_sub(NATIVE_DEPTH);
    }

    /// The window at a place; a generator's is moved to the top of the register stack first.
    pub(super) fn call_window(&mut self, at: *mut Value, values: usize) -> R<*mut Value> {
        if self.frame.generator.is_null() {
            return Ok(at);
        }
        let top = self.frame.top;
        self.check_room(top, values)?;
        // SAFETY: the window is inside the frame; room was checked, and nothing above the top is
        // owned.
        unsafe { move_window(at, top, values) };
        Ok(top)
    }

    /// Calls what stands in a window: callable at `base`, self slot after it, then `argc`
    /// arguments. The window is used up. Bytecode gets a frame, natives run at once.
    pub(super) fn invoke(
        &mut self,
        base: *mut Value,
        has_self: bool,
        argc: usize,
        keywords: Keywords,
        deliver: Deliver,
        dst: u16,
    ) -> R<Called> {
        let mut call = Window {
            base,
            has_self,
            argc,
            keywords,
            deliver,
            dst,
            instance: Value::Undef,
        };
        let result = self.invoke_window(&mut call);
        if result.is_err() {
            call.release();
        }
        result
    }

    pub(super) fn invoke_window(&mut self, call: &mut Window) -> R<Called> {
        // Callables that stand for other callables come to an end, or in a circle; each may add an
        // argument, for which the stack's reserve has room.
        // Whether CPython makes the frame without C in between.
        let mut direct = true;
        for _ in 0..CALLABLE_NESTING {
            let callable = call.callable();
            let kind = callable.kind();
            match kind {
                Some(Kind::Function) => return self.invoke_function(call, direct),
                Some(Kind::NativeFunction) => match self.invoke_native(call)? {
                    Some(called) => return Ok(called),
                    None => direct = false,
                },
                Some(Kind::BoundMethod) => {
                    let (func, this) = match callable.downcast::<BoundMethod>() {
                        Some(m) => (m.func.clone(), m.this.clone()),
                        None => continue,
                    };
                    call.insert_self(func, this);
                }
                Some(Kind::Class) => match self.invoke_class(call)? {
                    Some(called) => return Ok(called),
                    None => direct = false,
                },
                Some(Kind::StaticMethod) => {
                    let func = callable
                        .downcast::<StaticMethod>()
                        .map_or(Value::None, |s| s.callable.get());
                    call.set_callable(func);
                }
                _ => {
                    direct = false;
                    let name = self.names.__call__.clone();
                    let Some((func, this)) = self.special(&callable, &name)? else {
                        let class = self.type_name(&callable);
                        let message = format!("'{class}' object is not callable");
                        // It dies before its arguments.
                        call.set_callable(Value::None);
                        return Err(self.type_error(message));
                    };
                    if this.is_undef() {
                        call.set_callable(func);
                    } else {
                        call.insert_self(func, this);
                    }
                }
            }
        }
        Err(self.recursion_error(""))
    }

    fn invoke_function(&mut self, call: &mut Window, direct: bool) -> R<Called> {
        let callable = call.callable();
        let Some(f) = callable.as_ref::<Function>() else {
            return Ok(Called::Value(Value::None));
        };
        let code = f.code.get();
        let nregs = code.code.nregs as usize;
        if self.control.len() >= self.recursion_limit
            || self.room_from(call.base) < nregs + call.argc + 8
        {
            return Err(self.recursion_error(""));
        }
        self.control.reserve();
        let given = call.count();
        let plain = given == code.plain_args as usize || given == code.frame_args as usize;
        if !plain || !call.keywords.is_empty() {
            // SAFETY: the arguments are initialised; nobody writes them while they are bound.
            let args = unsafe { call.args() };
            let bound = match self.bind_function(f, args, &call.keywords) {
                Ok(bound) => bound,
                Err(raise) => {
                    let raise = self.reworded(f, args, &call.keywords, raise);
                    let called = matches!(
                        self.instruction().op,
                        Op::Call | Op::CallMethod | Op::CallKw
                    );
                    if direct && called && call.deliver == Deliver::Call && call.instance.is_undef()
                    {
                        call.release_misfit(&code.code);
                    }
                    return Err(raise);
                }
            };
            call.replace_args(bound);
        }
        let named = code.code.nnamed as usize;
        let regs = call.args_ptr();
        // SAFETY: there is room for all registers; above the arguments nothing is owned.
        unsafe {
            undefine(regs.add(call.count()), regs.add(named));
            put_closure(f, &code, regs);
        }
        if code.suspends {
            let generator = self.make_generator(f, &code, regs, named);
            call.finish_registers(named);
            return Ok(Called::Value(generator));
        }
        if call.deliver == Deliver::Halt
            && let Err(raise) = self.enter_native()
        {
            call.finish_registers(named);
            return Err(raise);
        }
        let activation = Activation::call(self.frame, call.base, call.deliver, call.dst);
        self.control.push(match std::mem::take(&mut call.instance) {
            Value::Obj(instance) => activation.constructing(instance),
            _ => activation,
        });
        self.frame = Frame {
            pc: code.entry,
            regs,
            code: ptr::from_ref::<CodeObject>(&code),
            generator: ptr::null(),
            // SAFETY: room was checked.
            top: unsafe { regs.add(nregs) },
        };
        Ok(Called::Frame)
    }

    /// A suspended frame whose registers are moved from a window.
    fn make_generator(
        &mut self,
        f: &Ref<Function>,
        code: &Ref<CodeObject>,
        regs: *mut Value,
        named: usize,
    ) -> Value {
        let kind = code.kind;
        let g = Generator::new(kind, code.clone());
        for i in 0..named {
            // SAFETY: named registers were initialised by the caller.
            g.set_register(i, unsafe { take(regs.add(i)) });
        }
        if f.holds_objects() {
            g.extra().function.set(f.clone().into());
        }
        if let Some(extra) = f.extra.get() {
            if !extra.name.is_undef() {
                g.extra().name.set(extra.name.get());
            }
            if !extra.qualname.is_undef() {
                g.extra().qualname.set(extra.qualname.get());
            }
        }
        if kind == GenKind::Coroutine && self.current.origin_depth.get() > 0 {
            let origin = self.coroutine_origin();
            g.extra().origin.set(origin);
        }
        g.into()
    }

    /// Runs a native. `None` if it left another call in the window.
    fn invoke_native(&mut self, call: &mut Window) -> R<Option<Called>> {
        let callable = call.callable();
        let Some(native) = callable.as_ref::<NativeFunction>() else {
            return Ok(None);
        };
        // SAFETY: the arguments are initialised; the window is not written while the native runs,
        // because what it calls runs above `top`, which is moved up here.
        let args = unsafe { call.args() };
        let saved = self.frame.top;
        // SAFETY: the end of the window is inside the stack.
        let end = unsafe { call.args_ptr().add(call.count()) };
        if end > saved && call.base >= saved {
            self.frame.top = end;
        }
        let result = self.call_native(native, args, &call.keywords);
        self.frame.top = saved;
        let value = result?;
        if !value.is_undef() {
            call.release();
            return Ok(Some(Called::Value(value)));
        }
        self.invoke_tail_of(call)
    }

    /// Goes on with what a native has asked for by `tail`, whose call stands in a window.
    pub(super) fn invoke_tail(
        &mut self,
        base: *mut Value,
        has_self: bool,
        argc: usize,
        dst: u16,
    ) -> R<Called> {
        let mut call = Window {
            base,
            has_self,
            argc,
            keywords: Keywords::new(),
            deliver: Deliver::Call,
            dst,
            instance: Value::Undef,
        };
        let result = match self.invoke_tail_of(&mut call) {
            Ok(Some(called)) => Ok(called),
            Ok(None) => self.invoke_window(&mut call),
            Err(raise) => Err(raise),
        };
        if result.is_err() {
            call.release();
        }
        result
    }

    /// `None` if another call stands in the window now.
    fn invoke_tail_of(&mut self, call: &mut Window) -> R<Option<Called>> {
        let tail = self.tail.take();
        call.release();
        match tail {
            None => Ok(Some(Called::Value(Value::None))),
            Some(Tail::Call { func, args, kwargs }) => {
                self.check_room(call.base, args.len() + 2)?;
                call.refill(func, args, kwargs);
                Ok(None)
            }
            Some(Tail::Resume(generator, how)) if call.deliver == Deliver::Call => {
                let closes = matches!(how, Resume::Close);
                let deliver = if closes {
                    Deliver::Close
                } else {
                    Deliver::Value
                };
                match self.enter(&generator, how, deliver, call.dst, Value::Undef)? {
                    None => Ok(Some(Called::Reload)),
                    Some(Outcome::Returned(v)) if !closes => Err(self.stop_iteration(v)),
                    Some(Outcome::Returned(v) | Outcome::Yielded(v) | Outcome::AsyncYielded(v)) => {
                        Ok(Some(Called::Value(v)))
                    }
                    Some(Outcome::Raised) => Err(self.raised_again()),
                }
            }
            Some(Tail::Resume(generator, how)) => self
                .settle_resume(&generator, how)
                .map(|v| Some(Called::Value(v))),
            Some(Tail::RunLoop(event_loop)) if call.deliver == Deliver::Call => {
                match self.enter_loop(event_loop, call.dst)? {
                    Flow::Go | Flow::Halt => Ok(Some(Called::Reload)),
                }
            }
            Some(Tail::RunLoop(event_loop)) => self
                .run_loop_nested(event_loop)
                .map(|v| Some(Called::Value(v))),
            Some(Tail::Park) => Ok(Some(self.park(call))),
        }
    }

    /// Ends the dispatch loop of an execution that parks in a native.
    #[cold]
    fn park(&mut self, call: &Window) -> Called {
        self.parked = true;
        if call.deliver != Deliver::Call {
            return Called::Value(Value::None);
        }
        // The loop looks at nothing but frames that are unwinding when it is entered again.
        self.unwinding = true;
        // SAFETY: the destination is a register of the calling frame, which is the running one;
        // moved out before it is released.
        let at = unsafe { self.frame.regs.add(usize::from(call.dst)) };
        // SAFETY: as above.
        drop(unsafe { ptr::replace(at, Value::None) });
        Called::Reload
    }
}
