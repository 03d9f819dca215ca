//! Resuming, suspending and finishing frames: the code behind the contract in `flow.rs`.

use super::dispatch::Flow;
use super::flow::Outcome;
use super::frame::{Activation, Deliver, Frame, Link, generator_at, raw, running, take};
use super::heap::{Header, ObjRef, Ref};
use super::linked::place;
use super::object::{GenKind, GenState, Generator, would_see_exit};
use super::throw::Entered;
use super::value::Value;
use super::{R, Resume, Vm};
use crate::bytecode::{BEFORE_BEGINNING, Instr, Op};
use std::mem;
use std::ptr;

/// Most frames in a chain of delegations. They cost memory, not stack: the limit is there so that
/// a delegation without end ends in RecursionError.
pub(super) const CHAIN_LIMIT: u32 = super::object::MOST_DEPTH;

/// The instruction at which a frame is suspended.
pub(super) fn suspended_at(g: &Generator) -> Option<Instr> {
    g.code
        .code
        .instrs
        .get((g.pc.get() as usize).checked_sub(1)?)
        .copied()
}

/// The generator that a suspended frame delegates to, if it is one.
pub fn delegate_of(g: &Ref<Generator>) -> Option<Ref<Generator>> {
    let instr = suspended_at(g).filter(|i| i.op == Op::Delegate)?;
    let value = g.register(instr.b as usize);
    match value.as_ref::<Generator>() {
        Some(inner) => Some(inner.clone()),
        None => super::asyncgen::generator_in_flight(&value),
    }
}

/// The innermost frame of a suspended chain, where the root knows it.
pub fn suspended_leaf(root: &Ref<Generator>) -> Option<Ref<Generator>> {
    let leaf = root.chain.get_leaf()?.into_ref::<Generator>().ok()?;
    let fits = leaf.chain.is_leaf_of(raw(root.as_obj())) && leaf.state.get() == GenState::Suspended;
    fits.then_some(leaf)
}

/// The innermost frame of a chain.
pub(super) fn find_leaf(root: &Ref<Generator>) -> Ref<Generator> {
    if let Some(leaf) = root.chain.take_leaf()
        && let Ok(leaf) = leaf.into_ref::<Generator>()
        && leaf.chain.is_leaf_of(raw(root.as_obj()))
        && leaf.state.get() == GenState::Suspended
    {
        return leaf;
    }
    let mut g = root.clone();
    while g.state.get() == GenState::Suspended {
        match delegate_of(&g) {
            Some(inner) if inner.state.get() == GenState::Suspended && !is_executing(&inner) => {
                inner.parent.set(raw(g.as_obj()));
                g = inner;
            }
            _ => break,
        }
    }
    g
}

/// The frame that delegates to one.
pub fn delegating_to(g: &Ref<Generator>) -> Option<Ref<Generator>> {
    // SAFETY: a parent pointer is cleared before the parent lets go of its delegate.
    unsafe { generator_at(g.parent.get()) }
}

/// The frames of a chain of delegations that is suspended, from the root to the innermost.
pub fn suspended_chain(root: &Ref<Generator>) -> Vec<Ref<Generator>> {
    let mut chain = Vec::new();
    let mut next = Some(root.clone());
    while let Some(g) = next.filter(|g| g.state.get() == GenState::Suspended) {
        next = delegate_of(&g);
        chain.push(g);
        if chain.len() > CHAIN_LIMIT as usize {
            break;
        }
    }
    chain
}

/// Whether the frame runs, as a root, a leaf, or anywhere between.
pub fn is_executing(g: &Ref<Generator>) -> bool {
    match g.state.get() {
        GenState::Running => return true,
        // Closed by somebody else than the frame that waits for it, which may run.
        GenState::Finished => return false,
        GenState::Created | GenState::Suspended => {}
    }
    // SAFETY: a parent pointer is cleared before the parent lets go of its delegate.
    let mut parent = unsafe { generator_at(g.parent.get()) };
    while let Some(p) = parent {
        if p.state.get() == GenState::Running {
            return true;
        }
        // SAFETY: as above.
        parent = unsafe { generator_at(p.parent.get()) };
    }
    false
}

/// What the frame delegates to right now (`gi_yieldfrom`, `cr_await`), or `None`.
pub fn yield_from(g: &Ref<Generator>) -> Option<Value> {
    if g.state.get() != GenState::Suspended {
        return None;
    }
    let instr = suspended_at(g).filter(|i| i.op == Op::Delegate)?;
    Some(g.register(instr.b as usize)).filter(|v| v.as_obj().is_some())
}

/// The generator that an activation without a link resumed. That of a `for` loop stands in the
/// hidden register of the loop, that of a `next` or `send` in the window of the call, where the
/// frame does not run meanwhile; that of a native is held by the native.
#[inline(always)]
fn resumed(activation: &Activation) -> Option<&Generator> {
    match activation.deliver {
        // SAFETY: see above.
        Deliver::Iter | Deliver::Value | Deliver::Item => unsafe { running(activation.subject) },
        _ => None,
    }
}

/// A suspended generator that can be entered by putting `None` where its `yield` left off.
#[inline(always)]
pub(super) fn is_at_yield(g: &Generator) -> bool {
    g.state.get() == GenState::Suspended && !g.chain.has_leaf() && !g.is_handling() && is_yield(g)
}

/// A generator that has not begun, nor is part of a chain.
#[inline(always)]
pub(super) fn is_fresh(g: &Generator) -> bool {
    g.state.get() == GenState::Created && g.kind() == GenKind::Generator && g.parent.get().is_null()
}

/// The leaf of a suspended chain, if it can be entered by putting `None` where its `yield` left
/// off, and nothing else has happened to the chain since it was suspended.
#[inline(always)]
pub(super) fn leaf_at_yield(root: &Ref<Generator>) -> Option<*const Header> {
    // SAFETY: the slot counts its object.
    let header = unsafe { root.chain.leaf().as_ref() }?;
    let leaf = header.peek::<Generator>()?;
    let fits = leaf.state.is_leaf_at_yield()
        && leaf.chain.is_leaf_of(raw(root.as_obj()))
        && !root.is_handling();
    fits.then_some(ptr::from_ref(header))
}

#[inline(always)]
fn is_yield(g: &Generator) -> bool {
    // SAFETY: a suspended generator's `pc` is behind the instruction that suspended it: one that
    // yields, or a `Delegate`.
    unsafe { (*g.code.entry.add(g.pc.get() as usize).sub(1)).op != Op::Delegate }
}

impl Vm {
    /// Pushes an activation with its link.
    #[inline(always)]
    pub(super) fn push_linked(&mut self, activation: Activation, link: Link) {
        self.unusual_links += usize::from(link.unusual);
        self.links.push(link);
        self.control.push(Activation {
            linked: true,
            ..activation
        });
    }

    /// Pops the innermost activation, with its link or an empty one.
    #[inline(always)]
    pub(super) fn pop_activation(&mut self) -> Option<(Activation, Link)> {
        let activation = self.control.pop()?;
        let link = if activation.linked {
            self.links.pop()
        } else {
            None
        };
        if link.as_ref().is_some_and(|l| l.unusual) {
            self.unusual_links -= 1;
        }
        Some((
            activation,
            link.unwrap_or_else(|| Link::new(Value::Undef, Value::Undef, Value::Undef)),
        ))
    }

    /// The link of the innermost activation.
    #[inline(always)]
    pub(super) fn top_link(&self) -> Option<&Link> {
        if self.control.last().linked {
            self.links.last()
        } else {
            None
        }
    }

    pub(super) fn top_link_mut(&mut self) -> Option<&mut Link> {
        if self.control.last().linked {
            self.links.last_mut()
        } else {
            None
        }
    }

    /// Whether the innermost activation resumed this generator.
    #[inline(always)]
    pub(super) fn is_root(&self, generator: *const Header) -> bool {
        let activation = self.control.last();
        if activation.linked {
            let root = self.links.last().and_then(Link::root);
            root.is_some_and(|r| raw(r.as_obj()) == generator)
        } else {
            activation.subject == generator
        }
    }

    /// Whether a return of the running frame, which has a parent, goes to that: it is not what the
    /// innermost activation resumed, and nothing is being closed.
    #[inline(always)]
    pub(super) fn returns_to_parent(&self, own: *const Header) -> bool {
        let activation = self.control.last();
        if activation.linked {
            self.links.last().is_some_and(|l| {
                l.entered.is_null() && l.root().is_none_or(|r| raw(r.as_obj()) != own)
            })
        } else {
            activation.subject != own
        }
    }

    /// Suspends what was resumed without a link, or the leaf of its chain, which runs, is at its
    /// `yield` and handles no exception. Nothing if something else has resumed it. Async generators
    /// are not meant. The root and the leaf know of each other then.
    #[inline(always)]
    pub(super) fn suspend_iterated<'a>(&self, leaf: &'a Generator) -> Option<&'a Generator> {
        let activation = self.control.last();
        if activation.linked || leaf.kind() != GenKind::Generator {
            return None;
        }
        let own = self.frame.generator;
        // SAFETY: a generator runs, so the innermost activation is a resume; its subject, if it has
        // one, is the root: see `resumed`.
        let root = unsafe { running(activation.subject) }?;
        leaf.chain.set_root(activation.subject);
        if own == activation.subject {
            leaf.state.set(GenState::Suspended);
            if leaf.parent.get().is_null() && !leaf.is_handling() {
                leaf.state.set_at_yield();
            }
            return Some(leaf);
        }
        if root.chain.leaf() != own {
            // SAFETY: the running frame's generator is alive.
            root.chain.set_leaf(unsafe { &*own }.to_ref());
        }
        root.state.set(GenState::Suspended);
        leaf.state.set_leaf_at_yield();
        Some(leaf)
    }

    /// The generator that the innermost activation resumed.
    fn top_root(&self) -> Option<Ref<Generator>> {
        let activation = self.control.last();
        if activation.linked {
            return self.links.last()?.root().cloned();
        }
        resumed(activation)?;
        // SAFETY: the root stands in a register, see `resumed`.
        unsafe { generator_at(activation.subject) }
    }

    /// Resumes a frame; its outcome goes where `deliver` says. Returns `Ok(None)` if execution now
    /// goes on in `self.frame`, or the outcome if there was nothing to run.
    #[inline(never)]
    pub(super) fn enter(
        &mut self,
        root: &Ref<Generator>,
        how: Resume,
        deliver: Deliver,
        dst: u16,
        task: Value,
    ) -> R<Option<Outcome>> {
        if is_executing(root) {
            let what = kind_name(root.kind());
            return Err(self.value_error(format!("{what} already executing")));
        }
        match (root.state.get(), &how) {
            (GenState::Finished, _) => return self.resume_finished(root, how),
            (GenState::Created, Resume::Send(v)) if !v.is_none() => {
                let message = format!(
                    "can't send non-None value to a just-started {}",
                    kind_name(root.kind())
                );
                return Err(self.type_error(message));
            }
            (GenState::Created, Resume::Close) => {
                // Its arguments live as long as it does: nothing has run that could release them.
                root.state.set(GenState::Finished);
                return Ok(Some(Outcome::Returned(Value::None)));
            }
            (GenState::Suspended, Resume::Close) if !would_see_exit(root) => {
                if self.is_observed() {
                    self.tell_interruption(root, &how);
                }
                self.end_unseen(root);
                return Ok(Some(Outcome::Returned(Value::None)));
            }
            (GenState::Created, Resume::Throw(exception)) => {
                // It passes the place before the first instruction: no handler is there, and nothing
                // turns StopIteration into RuntimeError.
                let exception = exception.clone();
                root.set_started();
                super::unwind::add_entry(&exception, root.frame_object(), BEFORE_BEGINNING);
                self.finish(root);
                return Err(self.pass_on(exception));
            }
            _ => {}
        }
        // Loops over generators do not count as calls.
        let limit = match deliver {
            Deliver::Iter => CHAIN_LIMIT as usize,
            _ => self.recursion_limit,
        };
        if self.control.len() >= limit || self.frame.top >= self.stack.limit() {
            return Err(self.recursion_error(""));
        }
        if self.is_observed() && deliver != Deliver::Task {
            self.tell_interruption(root, &how);
        }
        if deliver == Deliver::Halt {
            self.enter_native()?;
        }
        root.set_started();
        let how = match how {
            Resume::Close => Resume::Throw(self.generator_exit()),
            how => how,
        };
        let leaf = find_leaf(root);
        root.state.set(GenState::Running);
        let handled = self.handled.take();
        let unusual = !root.parent.get().is_null() || !matches!(how, Resume::Send(_));
        self.push_linked(
            Activation::call(self.frame, ptr::null_mut(), deliver, dst),
            Link {
                unusual,
                ..Link::new(root.clone().into(), task, handled)
            },
        );
        let fresh = leaf.state.get() == GenState::Created;
        self.run_in(&leaf);
        let result = match how {
            Resume::Send(_) if fresh => Ok(()),
            Resume::Send(value) => {
                self.send_into_leaf(&leaf, value);
                Ok(())
            }
            Resume::Throw(exception) => self.throw_into_leaf(&leaf, exception),
            Resume::Close => Ok(()),
        };
        drop(leaf);
        if let Err(raise) = result {
            self.unwind_next(raise);
        }
        Ok(None)
    }

    /// Makes the frame of a generator the running one.
    pub(super) fn run_in(&mut self, g: &Ref<Generator>) {
        g.state.set(GenState::Running);
        self.frame = Frame {
            // SAFETY: the saved index is inside the instructions.
            pc: unsafe { g.code.entry.add(g.pc.get() as usize) },
            regs: g.tail_ptr(),
            code: ptr::from_ref(&*g.code),
            generator: raw(g.as_obj()),
            top: self.frame.top,
        };
        if g.is_handling() {
            self.handled.set(g.take_handled());
        }
    }

    /// Gives a value to the suspended leaf, which is the running frame now.
    pub(super) fn send_into_leaf(&mut self, leaf: &Ref<Generator>, value: Value) {
        match suspended_at(leaf) {
            // The turn that was given away is over.
            Some(i) if i.op == Op::Delegate && leaf.register(i.b as usize).is_none() => {
                self.end_delegation(Value::None);
            }
            Some(i) if i.op == Op::Delegate => self.redo_delegate(Resume::Send(value)),
            Some(i) => {
                // SAFETY: the verifier has seen the register.
                drop(unsafe { mem::replace(&mut *self.frame.regs.add(i.a as usize), value) });
            }
            None => {}
        }
    }

    /// Lets the dispatch loop execute the `Delegate` again, with this input. Doing it from here
    /// would recurse: a delegate that suspends at once leads to the next task's step.
    pub(super) fn redo_delegate(&mut self, input: Resume) {
        // SAFETY: the leaf is suspended at the instruction before `pc`.
        self.frame.pc = unsafe { self.frame.pc.sub(1) };
        self.input = Some(input);
    }

    /// The `Yield` instruction.
    #[inline(never)]
    pub(super) fn yield_value(&mut self, value: Value) -> R<Flow> {
        let Some(g) = self.frame.generator() else {
            return Err(self.runtime_error("yield outside a generator"));
        };
        if g.kind() == GenKind::AsyncGenerator {
            if !self.is_root(raw(g.as_obj())) {
                return self.async_yield(&g, value);
            }
            self.async_yielded = true;
        }
        // Whoever resumed it may let go of it at once.
        drop(g);
        self.suspend_with(value)
    }

    /// An async generator's own `yield`, in a chain: the `asend()` that drives it is done.
    fn async_yield(&mut self, g: &Ref<Generator>, value: Value) -> R<Flow> {
        // SAFETY: `pc` points into the instructions.
        g.pc.set(unsafe { self.frame.pc.offset_from(g.code.entry) } as u32);
        g.state.set(GenState::Suspended);
        if !self.handled.is_undef() {
            g.set_handled(self.handled.take());
        }
        let closed = self.take_entered(g) == Entered::Closing;
        self.back_from_async(g);
        if closed {
            // The `asend` takes a value for an end like any other; nobody gets it.
            drop(value);
            return Err(self.exit_again());
        }
        self.end_delegation(value);
        Ok(Flow::Go)
    }

    /// Continues in the frame that awaits the `asend` of an async generator, which is used up.
    fn back_from_async(&mut self, g: &Ref<Generator>) {
        g.set_async_running(false);
        self.back_to_parent(g);
        let i = self.instruction();
        // SAFETY: the verifier has seen the register.
        super::asyncgen::end_asend(unsafe { &*self.frame.regs.add(i.b as usize) });
    }

    /// The instruction that is being executed.
    pub(super) fn instruction(&self) -> Instr {
        match self.frame.code() {
            // SAFETY: the running instruction is the one before `pc`.
            Some(code) => unsafe { *code.plain(self.frame.pc.sub(1)) },
            None => Instr::new(Op::Nop, 0, 0, 0, 0),
        }
    }

    /// Continues in the frame that delegates to this one.
    pub(super) fn back_to_parent(&mut self, g: &Ref<Generator>) {
        let parent = g.parent.replace(ptr::null());
        // SAFETY: the parent is alive: it is part of the running chain.
        if let Some(parent) = unsafe { generator_at(parent) } {
            self.run_in(&parent);
        }
    }

    /// Suspends the running chain with a value that goes to whoever resumed its root.
    pub(super) fn suspend_with(&mut self, value: Value) -> R<Flow> {
        if self.is_profiled() {
            self.book_time();
        }
        if let Some(next) = self.suspend_step(&value) {
            return next;
        }
        if let Some(link) = self.top_link()
            && !link.entered.is_null()
            && link.closing
        {
            return self.ignored_exit(link.entered);
        }
        let root = self.top_root();
        let Some((activation, mut link)) = self.pop_activation() else {
            return Err(self.runtime_error("yield outside a generator"));
        };
        // SAFETY: the running frame's generator is alive.
        let leaf = unsafe { generator_at(self.frame.generator) };
        if let (Some(leaf), Some(root)) = (leaf, root) {
            // SAFETY: `pc` points into the instructions.
            leaf.pc
                .set(unsafe { self.frame.pc.offset_from(leaf.code.entry) } as u32);
            leaf.state.set(GenState::Suspended);
            root.state.set(GenState::Suspended);
            leaf.chain.set_root(raw(root.as_obj()));
            if !self.handled.is_undef() {
                leaf.set_handled(self.handled.take());
            }
            if !leaf.as_obj().is(root.as_obj()) {
                root.chain.set_leaf(leaf.into_obj());
            }
        }
        self.handled.set(mem::take(&mut link.handled));
        self.frame = activation.frame;
        if !activation.window.is_null() {
            // SAFETY: the generator still stands in the window.
            drop(unsafe { take(activation.window) });
        }
        let outcome = if mem::take(&mut self.async_yielded) {
            Outcome::AsyncYielded(value)
        } else {
            Outcome::Yielded(value)
        };
        self.deliver(activation, link, outcome)
    }

    /// A frame yielded although it was being closed: RuntimeError in the frame that closes it.
    fn ignored_exit(&mut self, closing: *const Header) -> R<Flow> {
        drop(self.take_exit());
        if let Some(link) = self.top_link_mut() {
            link.entered = ptr::null();
        }
        // SAFETY: the frame being closed is part of the running chain.
        let closed = unsafe { generator_at(closing) };
        // SAFETY: the running frame's generator is alive.
        if let Some(leaf) = unsafe { generator_at(self.frame.generator) } {
            // SAFETY: `pc` points into the instructions.
            leaf.pc
                .set(unsafe { self.frame.pc.offset_from(leaf.code.entry) } as u32);
            leaf.state.set(GenState::Suspended);
            if !self.handled.is_undef() {
                leaf.set_handled(self.handled.take());
            }
        }
        let kind = match closed.as_ref().map(|g| g.kind()) {
            // Who closes it closes its `asend`, and that counts as a coroutine.
            Some(GenKind::AsyncGenerator) => GenKind::Coroutine,
            other => other.unwrap_or(GenKind::Generator),
        };
        if let Some(closed) = closed {
            closed.chain.set_root(ptr::null());
            self.back_to_parent(&closed);
        }
        Err(self.runtime_error(format!("{} ignored GeneratorExit", kind_name(kind))))
    }

    /// A `Return` that is not a plain call's.
    #[inline(never)]
    pub(super) fn return_value(&mut self, value: Value) -> R<Flow> {
        let Some(g) = self.frame.generator() else {
            return self.return_from_call(value);
        };
        self.finish(&g);
        let parent = g.parent.get();
        let is_root = self.is_root(raw(g.as_obj()));
        if is_root || parent.is_null() {
            drop(g);
            let mut value = value;
            if let Some(next) = self.finish_step(&mut value) {
                return next;
            }
            return self.finish_activation(Outcome::Returned(value));
        }
        let closed = self.take_entered(&g) == Entered::Closing;
        let is_async = g.kind() == GenKind::AsyncGenerator;
        if is_async {
            self.back_from_async(&g);
        } else {
            self.back_to_parent(&g);
        }
        if closed {
            return Err(self.exit_again());
        }
        if is_async {
            let class = self.exc.stop_async_iteration.clone();
            return Err(self.error_with(&class, Vec::new()));
        }
        drop(g);
        self.end_delegation(value);
        Ok(Flow::Go)
    }

    /// The plain frame that runs returns, and its activation is no plain call.
    fn return_from_call(&mut self, value: Value) -> R<Flow> {
        // Its registers were released by the instruction.
        self.finish_activation(Outcome::Returned(value))
    }

    /// The plain frame that runs is an `__init__` that was called by its class, and returns `None`:
    /// the instance goes where the class was called. `false` if it is something else.
    #[inline(never)]
    pub(super) fn return_from_init(&mut self) -> bool {
        let activation = *self.control.last();
        let ended = self.frame.generator.is_null() && activation.deliver == Deliver::Init;
        if !ended {
            return false;
        }
        self.control.pop();
        self.frame = activation.frame;
        // SAFETY: the callable still stands in its window; the activation counted its instance;
        // the calling instruction has a register for the result.
        unsafe {
            drop(take(activation.window));
            let instance = Value::Obj(ObjRef::from_raw(activation.subject));
            let dst = place(self.frame.regs, activation.dst);
            drop(mem::replace(&mut *dst, instance));
        }
        true
    }

    /// Pops the innermost activation and delivers how it ended.
    pub(super) fn finish_activation(&mut self, outcome: Outcome) -> R<Flow> {
        let Some((activation, mut link)) = self.pop_activation() else {
            return Ok(Flow::Halt);
        };
        if link.root().is_some() || resumed(&activation).is_some() {
            self.handled.set(mem::take(&mut link.handled));
        }
        self.frame = activation.frame;
        if !activation.window.is_null() {
            // SAFETY: the callable still stands in its window.
            drop(unsafe { take(activation.window) });
        }
        if activation.deliver == Deliver::Init {
            // SAFETY: the activation counted its instance, and is gone.
            link.subject = Value::Obj(unsafe { ObjRef::from_raw(activation.subject) });
        }
        self.deliver(activation, link, outcome)
    }

    /// Closes a suspended frame in which nothing could notice: it just ends where it stands.
    pub(super) fn end_unseen(&mut self, g: &Ref<Generator>) {
        self.forget_generator_frame(g);
        self.finish(g);
    }

    /// A frame is over: its registers are released.
    pub(super) fn finish(&mut self, g: &Ref<Generator>) {
        g.state.set(GenState::Finished);
        drop(g.chain.take_leaf());
        drop(g.take_handled());
        if g.rare().is_some_and(|e| !e.frame.is_undef()) {
            self.end_generator_frame(g);
        }
        g.clear_registers();
        drop(g.rare().map(|e| e.function.take()));
    }

    /// Resuming what is over.
    fn resume_finished(&mut self, g: &Ref<Generator>, how: Resume) -> R<Option<Outcome>> {
        match (how, g.kind()) {
            (Resume::Close, _) => Ok(Some(Outcome::Returned(Value::None))),
            (_, GenKind::Coroutine) => {
                Err(self.runtime_error("cannot reuse already awaited coroutine"))
            }
            (Resume::Throw(exception), _) => Err(self.pass_on(exception)),
            (Resume::Send(_), _) => Ok(Some(Outcome::Returned(Value::None))),
        }
    }
}

/// How messages call a frame.
pub fn kind_name(kind: GenKind) -> &'static str {
    match kind {
        GenKind::Generator => "generator",
        GenKind::Coroutine => "coroutine",
        GenKind::AsyncGenerator => "async generator",
    }
}

/// The value that a StopIteration carries.
pub fn stop_value(exception: &Value) -> Value {
    match exception
        .downcast::<super::object::Exception>()
        .map(|e| e.field(0))
    {
        Some(Value::Undef) | None => Value::None,
        Some(value) => value,
    }
}
