//! `yield from` and `await`: the `Delegate` instruction, and what is sent or thrown on to a
//! delegate that is no generator.

use super::dispatch::Flow;
use super::frame::{Frame, registers_of, take};
use super::generator::{CHAIN_LIMIT, find_leaf, is_executing, kind_name, stop_value, yield_from};
use super::heap::{Header, Ref};
use super::linked::place;
use super::object::{Future, GenKind, GenState, Generator, Kind, Tuple};
use super::ops::future::NextTurn;
use super::value::Value;
use super::{R, Raise, Resume, Vm};
use crate::bytecode::opcode::DROPPED;
use crate::bytecode::{Instr, Op};
use std::mem;

impl Vm {
    /// Throws into a delegate that is not a generator, by its own methods.
    pub(super) fn throw_into_delegate(&mut self, i: Instr, exception: Value) -> R<Flow> {
        // SAFETY: the verifier has seen the register.
        let delegate = unsafe { (*self.frame.regs.add(i.b as usize)).clone() };
        let message = self.thrown_parts.take();
        if self.is_generator_exit(&exception) {
            if let Some(close) = self.while_throwing(|vm| vm.close_of(&delegate))
                && let Err(raise) = self.while_throwing(|vm| vm.call(&close, &[]))
            {
                return Err(self.enters(raise));
            }
            return Err(self.raise_thrown(exception));
        }
        let found = message.as_ref::<Tuple>().map_or(&[][..], Ref::items);
        let (throw, parts) = match found {
            [of, method, parts @ ..] if of.is(&delegate) => {
                (Some(method.clone()).filter(|m| !m.is_none()), parts)
            }
            _ => {
                let throw = self.names.throw.clone();
                let throw = self.while_throwing(|vm| vm.get_attr_opt(&delegate, &throw))?;
                (throw, std::slice::from_ref(&exception))
            }
        };
        let Some(throw) = throw else {
            let made = self.thrown(&[&[Value::None], parts].concat())?;
            return self.throw_at_delegate(made).map(|()| Flow::Go);
        };
        let thrown = self.while_throwing(|vm| vm.call(&throw, parts));
        drop((throw, message, delegate));
        match thrown {
            Ok(value) => {
                drop(exception);
                self.suspend_with(value)
            }
            Err(raise) => {
                let raise = self.enters(raise);
                let value = self.catch_stop_value(raise)?;
                self.end_delegation(value);
                Ok(Flow::Go)
            }
        }
    }

    /// Does what leaves the running frame, which passes an exception on, out of CPython's stack.
    fn while_throwing<T>(&mut self, act: impl FnOnce(&mut Vm) -> T) -> T {
        let frame = self.frame.regs;
        self.throwing.push(frame);
        let result = act(self);
        // Another stack may have been parked, or gone on, meanwhile.
        if let Some(at) = self.throwing.iter().rposition(|f| *f == frame) {
            self.throwing.remove(at);
        }
        result
    }

    /// The `close` of a delegate; an error in looking for it is told of, and stops nothing.
    #[cold]
    fn close_of(&mut self, delegate: &Value) -> Option<Value> {
        let close = self.names.close.clone();
        self.get_attr_opt(delegate, &close).unwrap_or_else(|raise| {
            let exception = self.take_raised(raise);
            self.unraisable(&exception, delegate);
            None
        })
    }

    /// An exception out of a delegate's own method enters the running frame.
    fn enters(&mut self, raise: Raise) -> Raise {
        let exception = self.raised.get();
        self.chain_to_handled(&exception);
        raise
    }

    /// StopIteration on its way becomes its value; anything else goes on.
    pub(super) fn catch_stop_value(&mut self, raise: Raise) -> R {
        let class = self.exc.stop_iteration.clone();
        let exception = self.catch(raise, &class)?;
        Ok(stop_value(&exception))
    }

    /// The `Delegate` instruction.
    #[inline(never)]
    pub(super) fn delegate(&mut self) -> R<Flow> {
        let i = self.instruction();
        match self.input.take() {
            Some(Resume::Send(value)) => return self.delegate_send(i, value),
            Some(Resume::Throw(exception)) => return self.throw_into_delegate(i, exception),
            Some(Resume::Close) | None => {}
        }
        // SAFETY: the verifier has seen the register.
        let delegate = unsafe { &*self.frame.regs.add(i.b as usize) };
        if let Value::Obj(obj) = delegate
            && obj.kind() == Kind::Generator
            && let Some(inner) = obj.as_ref::<Generator>()
            && inner.kind() != GenKind::AsyncGenerator
            && matches!(inner.state.get(), GenState::Created | GenState::Suspended)
            && inner.parent.get().is_null()
        {
            let inner = inner.clone();
            return self.delegate_to(&inner);
        }
        self.delegate_send(i, Value::None)
    }

    /// Continues in a generator that the running frame delegates to.
    pub(super) fn delegate_to(&mut self, inner: &Ref<Generator>) -> R<Flow> {
        let suspended = inner.state.get() == GenState::Suspended;
        if suspended && inner.kind() == GenKind::Coroutine && yield_from(inner).is_some() {
            return Err(self.runtime_error("coroutine is being awaited already"));
        }
        let outer = self.frame;
        // SAFETY: the running frame's generator is alive.
        let running = unsafe { outer.generator.as_ref() }.and_then(Header::peek::<Generator>);
        let depth = running.map_or(0, |g| g.depth()) + 1;
        if depth > CHAIN_LIMIT {
            return Err(self.recursion_error(""));
        }
        self.leave_for_inner(outer);
        inner.set_started();
        inner.parent.set(outer.generator);
        inner.set_depth(depth);
        if !suspended {
            self.run_in(inner);
            return Ok(Flow::Go);
        }
        let leaf = find_leaf(inner);
        self.run_in(&leaf);
        self.send_into_leaf(&leaf, Value::None);
        Ok(Flow::Go)
    }

    /// The running frame becomes a middle one: not running, its place and handled exception saved.
    pub(super) fn leave_for_inner(&mut self, outer: Frame) {
        // SAFETY: the running frame's generator is alive.
        if let Some(g) = unsafe { outer.generator.as_ref() }.and_then(Header::peek::<Generator>) {
            // SAFETY: `pc` points into the instructions.
            g.pc.set(unsafe { outer.pc.offset_from(g.code.entry) } as u32);
            if !self.is_root(outer.generator) {
                g.state.set(GenState::Suspended);
            }
            if !self.handled.is_undef() {
                g.set_handled(self.handled.take());
                self.parents_handle = true;
            }
        }
    }

    /// Sends a value to the delegate of the running frame, which is no generator that can be
    /// entered: a future, a native or user iterator, a generator that is finished or busy.
    pub(super) fn delegate_send(&mut self, i: Instr, value: Value) -> R<Flow> {
        // SAFETY: the verifier has seen the register.
        let place = unsafe { &mut *self.frame.regs.add(i.b as usize) };
        // What stands in the register tells whether the turn has been given away already.
        if place.is_none() {
            self.end_delegation(Value::None);
            return Ok(Flow::Go);
        }
        if place.opaque::<NextTurn>().is_some() {
            drop(mem::replace(place, Value::None));
            return self.suspend_with(Value::None);
        }
        // SAFETY: the verifier has seen the register.
        let delegate = unsafe { (*self.frame.regs.add(i.b as usize)).clone() };
        if let Some(future) = delegate.as_ref::<Future>() {
            if !future.is_done() {
                if future.blocking().get() {
                    return Err(self.runtime_error("await wasn't used with future"));
                }
                future.blocking().set(true);
                return self.suspend_with(delegate);
            }
            let result = super::ops::future::future_result(self, future)?;
            drop(delegate);
            self.end_delegation(result);
            return Ok(Flow::Go);
        }
        if let Some(inner) = delegate.as_ref::<Generator>() {
            return self.delegate_to_unfit(inner.clone(), value);
        }
        if let Some((inner, value)) = super::asyncgen::begin_asend(self, &delegate, &value)? {
            let outer = self.frame;
            self.leave_for_inner(outer);
            inner.parent.set(outer.generator);
            inner.set_started();
            if inner.state.get() == GenState::Created {
                self.run_in(&inner);
            } else {
                let leaf = find_leaf(&inner);
                self.run_in(&leaf);
                self.send_into_leaf(&leaf, value);
            }
            return Ok(Flow::Go);
        }
        let sent = self.send_to_iterator(&delegate, value)?;
        // Whoever resumed this may let go of it at once, and the delegate dies with it.
        drop(delegate);
        match sent {
            Ok(yielded) => self.suspend_with(yielded),
            Err(returned) => {
                self.end_delegation(returned);
                Ok(Flow::Go)
            }
        }
    }

    /// Delegating to a generator that was resumed by somebody else meanwhile, or is finished.
    pub(super) fn delegate_to_unfit(&mut self, inner: Ref<Generator>, value: Value) -> R<Flow> {
        if is_executing(&inner) {
            let what = kind_name(inner.kind());
            return Err(self.value_error(format!("{what} already executing")));
        }
        match inner.state.get() {
            GenState::Finished if inner.kind() == GenKind::Coroutine => {
                Err(self.runtime_error("cannot reuse already awaited coroutine"))
            }
            GenState::Finished => {
                drop(inner);
                self.end_delegation(Value::None);
                Ok(Flow::Go)
            }
            _ => {
                // Its parent is another frame that is suspended in a chain of its own.
                if inner.kind() == GenKind::Coroutine {
                    return Err(self.runtime_error("coroutine is being awaited already"));
                }
                let sent = self.resume(&inner, Resume::Send(value))?;
                drop(inner);
                match sent {
                    super::call::Resumed::Yielded(v) => self.suspend_with(v),
                    super::call::Resumed::Returned(v) => {
                        self.end_delegation(v);
                        Ok(Flow::Go)
                    }
                }
            }
        }
    }

    /// `next()` or `send()` on any iterator: `Ok(yielded)` or `Err(returned)`.
    pub(super) fn send_to_iterator(
        &mut self,
        iterator: &Value,
        value: Value,
    ) -> R<Result<Value, Value>> {
        let result = if value.is_none() {
            if iterator.downcast::<super::object::Opaque>().is_some()
                && self.is_native_iterator(iterator)
            {
                return Ok(self.next(iterator)?.ok_or(Value::None));
            }
            let name = self.names.__next__.clone();
            match self.call_special(iterator, &name, &[]) {
                Ok(Some(v)) => Ok(v),
                Ok(None) => {
                    let message = format!(
                        "'{}' object is not an iterator",
                        self.class_of(iterator).name()
                    );
                    Err(self.type_error(message))
                }
                Err(raise) => Err(raise),
            }
        } else {
            let name = self.names.send.clone();
            self.call_method(iterator, &name, &[value])
        };
        match result {
            Ok(v) => Ok(Ok(v)),
            Err(raise) => self.catch_stop_value(raise).map(Err),
        }
    }

    /// The iterator's `__next__` is its class's own native one.
    pub(super) fn is_native_iterator(&self, iterator: &Value) -> bool {
        let class = self.class_of(iterator);
        class.flags().native_iterator && !class.flags().heap
    }

    /// The delegation of the running frame is over, which is at its `Delegate`: the result goes to
    /// the instruction's `a`.
    #[inline(always)]
    pub(super) fn end_delegation(&mut self, value: Value) {
        // SAFETY: the instruction is the one before `pc`; the verifier has seen both registers;
        // values are moved out before release.
        unsafe {
            let i = &*self.frame.pc.sub(1);
            debug_assert!(i.op == Op::Delegate);
            let regs = self.frame.regs;
            let delegate = take(place(regs, i.b));
            if i.t & DROPPED != 0 && value.as_obj().is_none() {
                self.frame.pc = self.frame.pc.add(1);
                drop(delegate);
                return;
            }
            let old = mem::replace(&mut *place(regs, i.a), value);
            drop(delegate);
            drop(old);
        }
    }
}

/// Whether a parent that waits at its `Delegate` holds the async generator itself there.
#[inline(always)]
pub(super) fn is_direct(at: *const Header, parent: &Generator, own: *const Header) -> bool {
    // SAFETY: a parent of the running chain is alive and suspended after its `Delegate`, whose
    // register the verifier has seen.
    unsafe {
        let delegate = *parent.code.entry.add(parent.pc.get() as usize).sub(1);
        let register = &*place(registers_of(at), delegate.b);
        matches!(register, Value::Obj(obj) if std::ptr::eq(obj.header(), own))
    }
}
