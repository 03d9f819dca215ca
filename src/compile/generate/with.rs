//! `with` and `async with`.

use super::*;
use crate::syntax::ast::WithItem;

/// Where `GetAwaitable` stands: entering and leaving an `async with`.
const ASYNC_ENTER: u16 = 1;
const ASYNC_EXIT: u16 = 2;

impl<'a> Gen<'a> {
    /// `with a, b: body` is `with a: with b: body`.
    pub(super) fn with(&mut self, is_async: bool, items: &'a [WithItem], body: &'a [Stmt]) {
        let Some((item, rest)) = items.split_first() else {
            return self.block(body);
        };
        let span = item.context.span;
        let window = self.alloc_n(2);
        self.enter_with(is_async, item, window);
        let outer = self.handler();
        let failed = self.asm.new_handler(window + 2);
        self.asm.enter(failed);
        let block = Block::With {
            window,
            is_async,
            span,
            outer,
        };
        self.push_block(block, span);
        self.store_entered(item, window + 2);
        self.with(is_async, rest, body);
        self.pop_block();
        self.top = window + 2;
        self.asm.enter(outer);
        self.leave_with(window, is_async, span, None);
        let done = self.asm.label();
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, done);
        self.asm.bind_handler(failed);
        self.exit_with(window, is_async, span, outer, done);
        self.top = window;
        self.asm.bind(done);
    }

    /// Calls `__enter__`; its result is in R[window + 2].
    fn enter_with(&mut self, is_async: bool, item: &'a WithItem, window: u16) {
        let span = item.context.span;
        let result = self.alloc();
        let manager = self.alloc();
        let manager = self.operand_in(&item.context, manager, &[]);
        if is_async {
            self.emit(span, Op::EnterAsyncWith, window, manager, result);
            self.await_value(result, result, ASYNC_ENTER, span, result);
        } else {
            self.emit(span, Op::EnterWith, window, manager, result);
        }
        self.top = window + 2;
    }

    fn store_entered(&mut self, item: &'a WithItem, result: u16) {
        self.top = result + 1;
        match &item.target {
            Some(target) => self.store_target(target, result, false),
            None => self.clear(result),
        }
        self.top = result;
    }

    /// Calls the exit function at `window` as after a body without exception. A `held` value
    /// above the window survives.
    pub(super) fn leave_with(
        &mut self,
        window: u16,
        is_async: bool,
        span: Span,
        held: Option<u16>,
    ) {
        let mut w = window;
        if held.is_some() {
            w = self.alloc_n(2);
            self.emit(span, Op::Move, w, window, 0);
            self.emit(span, Op::Move, w + 1, window + 1, 0);
        }
        self.top = w + 2;
        for _ in 0..3 {
            let slot = self.alloc();
            self.load(span, slot, Const::None);
        }
        self.emit(span, Op::CallMethod, w, w, 3);
        if is_async {
            self.await_value(w, w, ASYNC_EXIT, span, w);
        }
        self.clear(w);
    }

    /// The exception in R[window + 2] left the body.
    fn exit_with(
        &mut self,
        window: u16,
        is_async: bool,
        span: Span,
        outer: Handler,
        done: crate::compile::assembler::Label,
    ) {
        let exc = window + 2;
        let leaving = self.push_exc(exc);
        let t = self.alloc();
        self.emit(span, Op::ExitWith, t, window, exc);
        if is_async {
            self.await_value(t, t, ASYNC_EXIT, span, t);
        }
        let swallowed = self.asm.label();
        self.branch(span, t, true, 0, swallowed);
        self.asm.enter(outer);
        self.emit(span, Op::Copy, exc + 2, exc, 0);
        self.reraise(exc, leaving);
        self.asm.bind(swallowed);
        self.emit(span, Op::PopExc, exc, 0, 0);
        self.clear(window);
        self.clear(window + 1);
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, done);
    }
}
