//! `try`: handlers, `else`, `finally`, `except*`.
//!
//! An exception arrives in the first temporary that is free where the `try` stands; the one after
//! it holds what was handled before (`PushExc`). The exception that leaves a handler or a
//! `finally` body arrives above the two, and they are undone before it goes on.

use super::*;
use crate::bytecode::opcode::{DIES_A, DIES_B};
use crate::compile::assembler::Label;
use crate::syntax::ast::{ExceptHandler, Ident, Try};

impl<'a> Gen<'a> {
    pub(super) fn try_stmt(&mut self, t: &'a Try) {
        if t.finalbody.is_empty() {
            self.try_handlers(t);
        } else {
            self.try_finally(t);
        }
    }

    fn try_finally(&mut self, t: &'a Try) {
        let outer = self.handler();
        let exc = self.top;
        let failed = self.asm.new_handler(exc);
        self.asm.enter(failed);
        let body = &t.finalbody;
        let span = t.body.first().map_or(NOWHERE, |s| s.span);
        self.push_block(Block::FinallyTry { outer, body }, span);
        if t.handlers.is_empty() {
            self.block(&t.body);
        } else {
            self.try_handlers(t);
        }
        self.pop_block();
        self.asm.enter(outer);
        self.block(body);
        let done = self.asm.label();
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, done);
        self.asm.bind_handler(failed);
        let leaving = self.push_exc(exc);
        self.push_block(Block::FinallyEnd { exc, outer }, span);
        self.block(body);
        self.pop_block();
        self.asm.enter(outer);
        self.emit(NOWHERE, Op::Copy, exc + 2, exc, 0);
        self.reraise(exc, leaving);
        self.top = exc;
        self.asm.bind(done);
    }

    /// The exception at `exc` becomes the handled one. Exceptions from here on go to the returned
    /// handler, to be bound by [`Gen::reraise`].
    pub(super) fn push_exc(&mut self, exc: u16) -> Handler {
        self.top = exc;
        self.alloc_n(3);
        self.top = exc + 2;
        self.emit(NOWHERE, Op::PushExc, exc, 0, 0);
        let leaving = self.asm.new_handler(exc + 2);
        self.asm.enter(leaving);
        leaving
    }

    /// Undoes [`Gen::push_exc`] and raises R[exc + 2] on: for the exceptions of `leaving`, and
    /// for control that comes from above.
    pub(super) fn reraise(&mut self, exc: u16, leaving: Handler) {
        self.reraise_at(NOWHERE, exc, leaving);
    }

    fn reraise_at(&mut self, span: Span, exc: u16, leaving: Handler) {
        self.asm.bind_handler(leaving);
        self.emit(span, Op::PopExc, exc, 0, 0);
        self.emit(span, Op::Reraise, exc + 2, 0, 0);
    }

    fn try_handlers(&mut self, t: &'a Try) {
        let outer = self.handler();
        let exc = self.top;
        let done = self.asm.label();
        let failed = self.asm.new_handler(exc);
        self.asm.enter(failed);
        let span = t.body.first().map_or(NOWHERE, |s| s.span);
        self.push_block(Block::Try { outer }, span);
        self.block(&t.body);
        self.pop_block();
        self.asm.enter(outer);
        self.block(&t.orelse);
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, done);
        self.asm.bind_handler(failed);
        let leaving = self.push_exc(exc);
        if t.is_star {
            self.star_handlers(&t.handlers, exc, outer, leaving, done);
        } else {
            let raise_on = self.asm.label();
            for handler in &t.handlers {
                self.except(handler, exc, [outer, leaving], raise_on, done);
            }
            self.asm.enter(outer);
            let last = t.handlers.last().map_or(NOWHERE, |h| h.span);
            self.emit(last, Op::Copy, exc + 2, exc, 0);
            self.asm.bind(raise_on);
            self.reraise(exc, leaving);
        }
        self.top = exc;
        self.asm.bind(done);
    }

    /// One `except` clause. An exception that leaves it goes to `raise_on` in R[exc + 2].
    fn except(
        &mut self,
        handler: &'a ExceptHandler,
        exc: u16,
        [outer, leaving]: [Handler; 2],
        raise_on: Label,
        done: Label,
    ) {
        let next = self.asm.label();
        self.asm.enter(leaving);
        if let Some(typ) = &handler.typ {
            let t = self.alloc();
            let class = self.operand_in(typ, t, &[]);
            self.emit(handler.span, Op::ExcMatches, t, exc, class);
            self.branch(handler.span, t, false, 0, next);
            self.top = exc + 2;
        }
        let name = handler.name.as_ref();
        let named = name.map(|name| self.bind_exception(name, exc, handler.span));
        if name.is_none() {
            self.clear(exc);
        }
        self.push_block(Block::Handler { exc, name, outer }, handler.span);
        self.block(&handler.body);
        self.pop_block();
        self.asm.enter(outer);
        self.emit(NOWHERE, Op::PopExc, exc, 0, 0);
        if let Some(name) = name {
            self.unbind_handler_name(&name.name);
        }
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, done);
        if let (Some(named), Some(name)) = (named, name) {
            self.asm.bind_handler(named);
            self.asm.enter(leaving);
            self.top = exc + 3;
            self.unbind_handler_name(&name.name);
            self.top = exc + 2;
            self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, raise_on);
        }
        self.asm.bind(next);
    }

    /// `as name`: the handler for what follows, in which the name is to be unbound. The frame keeps
    /// the exception nowhere else: one that is left in the middle of its handler would hold itself.
    fn bind_exception(&mut self, name: &'a Ident, from: u16, span: Span) -> Handler {
        self.store(&name.name, span, from);
        let named = self.asm.new_handler(self.top);
        self.asm.enter(named);
        named
    }

    /// The clauses of `except*`. R[exc + 2] collects what must be raised again, R[exc + 3] is
    /// the part of the group that no clause took yet, R[exc + 4] the part that one took.
    fn star_handlers(
        &mut self,
        handlers: &'a [ExceptHandler],
        exc: u16,
        outer: Handler,
        leaving: Handler,
        done: Label,
    ) {
        let list = self.alloc();
        let rest = self.alloc_n(3);
        self.emit(NOWHERE, Op::BuildList, list, list, 0);
        self.emit(NOWHERE, Op::Copy, rest, exc, 0);
        for handler in handlers {
            self.top = rest + 2;
            self.star_handler(handler, list, rest, leaving);
        }
        self.top = rest + 1;
        let all_taken = self.asm.label();
        // Here branches meet.
        let span = Span::NO_LINE;
        self.asm
            .jump(span, Op::JumpIfNone, rest, 0, DIES_A, all_taken);
        self.emit_kept(span, Op::ListAppend, [list, rest, 0], DIES_B);
        self.asm.bind(all_taken);
        self.clear_at(span, rest);
        self.emit_kept(span, Op::ExcStarResult, [list, exc, list], DIES_B);
        self.asm.enter(outer);
        let raise = self.asm.label();
        self.asm
            .jump(span, Op::JumpIfNotNone, list, 0, DIES_A, raise);
        self.clear_at(span, list);
        self.emit(span, Op::PopExc, exc, 0, 0);
        self.asm.jump(span, Op::Jump, 0, 0, 0, done);
        // The list's register is the one in which `reraise` expects the exception.
        self.asm.bind(raise);
        self.reraise_at(span, exc, leaving);
    }

    fn star_handler(&mut self, handler: &'a ExceptHandler, list: u16, rest: u16, leaving: Handler) {
        let taken = rest + 1;
        let next = self.asm.label();
        self.asm.enter(leaving);
        let Some(typ) = &handler.typ else {
            return;
        };
        let class = self.operand(typ);
        self.emit(handler.span, Op::ExcStarMatches, rest, 0, class);
        self.top = rest + 2;
        self.asm
            .jump(typ.span, Op::JumpIfNone, taken, 0, DIES_A, next);
        // The part that matched is the handled exception while the body runs.
        let before = self.push_exc(taken);
        let name = handler.name.as_ref();
        match name {
            Some(name) => self.store(&name.name, handler.span, taken),
            None => self.clear(taken),
        }
        let exc = taken;
        let outer = leaving;
        self.push_block(Block::Handler { exc, name, outer }, handler.span);
        self.block(&handler.body);
        self.pop_block();
        self.asm.enter(leaving);
        self.emit(NOWHERE, Op::PopExc, taken, 0, 0);
        self.unbind_optional(name);
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, next);
        self.asm.bind_handler(before);
        self.top = taken + 3;
        self.emit(NOWHERE, Op::ListAppend, list, taken + 2, 0);
        self.emit(NOWHERE, Op::PopExc, taken, 0, 0);
        self.unbind_optional(name);
        self.asm.bind(next);
        self.clear(taken);
    }

    fn unbind_optional(&mut self, name: Option<&'a Ident>) {
        if let Some(name) = name {
            self.unbind_handler_name(&name.name);
        }
    }
}
