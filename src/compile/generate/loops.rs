//! `while`, `for`, `async for`. Loops are tested at the bottom.

use super::cleanup::Exits;
use super::expr::constant_container;
use super::*;
use crate::bytecode::opcode::Intrinsic;
use crate::compile::assembler::Label;
use crate::compile::fold;

/// Where `GetAwaitable` stands in an `async for`.
const ASYNC_FOR: u16 = 3;

/// A `for` loop between its head and its end.
pub(super) struct OpenFor {
    /// Hidden state of the loop.
    base: u16,
    /// Start of the body, and where the next item is fetched.
    body: Label,
    next: Label,
    /// What each item is put into.
    item: u16,
    span: Span,
    /// The loop or comprehension.
    whole: Span,
    /// Only for `async for`.
    ended: Option<Handler>,
}

impl OpenFor {
    /// The register whose content must be released when the loop is left early.
    pub(super) fn state(&self) -> u16 {
        self.base
    }

    /// Where `continue` goes.
    pub(super) fn next(&self) -> Label {
        self.next
    }
}

impl<'a> Gen<'a> {
    pub(super) fn while_loop(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) {
        let (otherwise, brk) = (self.asm.label(), self.asm.label());
        let start = self.asm.label();
        let forever = fold::constant(test).is_some_and(|value| fold::truth(&value));
        let cont = if forever { start } else { self.asm.label() };
        self.jump_unless(test, otherwise);
        self.asm.forget_deletable();
        self.asm.bind(start);
        let exits = Exits { brk, cont };
        self.push_block(Block::Loop { exits, state: None }, test.span);
        self.block(body);
        self.pop_block();
        if forever {
            self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, start);
        } else {
            self.asm.bind(cont);
            self.jump_if(test, start);
        }
        self.asm.bind(otherwise);
        self.block(orelse);
        self.asm.bind(brk);
    }

    pub(super) fn for_loop(
        &mut self,
        (is_async, whole): (bool, Span),
        target: &'a Expr,
        iter: &'a Expr,
        body: &'a [Stmt],
        orelse: &'a [Stmt],
    ) {
        let mark = self.top;
        let brk = self.asm.label();
        let open = if is_async {
            // CPython folds the display of a plain `for` only, which its error message shows.
            let iterable = self.operand(iter);
            self.begin_async_for(target, iterable, [iter.span, whole], mark)
        } else {
            let base = self.alloc_n(3);
            let iterable = self.operand_for_loop(iter);
            self.begin_for(target, base, iterable, iter.span, 0)
        };
        let exits = Exits {
            brk,
            cont: open.next(),
        };
        let state = Some(open.state());
        self.push_block(Block::Loop { exits, state }, iter.span);
        self.block(body);
        self.pop_block();
        self.end_for(open);
        self.top = mark;
        self.block(orelse);
        self.asm.bind(brk);
    }

    /// What a loop runs over; displays of constants are built once.
    pub(super) fn operand_for_loop(&mut self, iter: &'a Expr) -> u16 {
        match constant_container(iter) {
            Some(value) => {
                let t = self.alloc();
                self.load(iter.span, t, value);
                t
            }
            None => match &iter.kind {
                // Nobody sees whether it is a list or a tuple.
                ExprKind::List(items) if items.len() <= 30 => {
                    let t = self.alloc();
                    self.tuple(items, iter.span, t);
                    self.top = t + 1;
                    t
                }
                _ => self.operand(iter),
            },
        }
    }

    /// Begins a loop over the register `iterable` with its state at `base`, and stores the item
    /// into `target`: the body follows. `flags` as for `ForPrep`.
    pub(super) fn begin_for(
        &mut self,
        target: &'a Expr,
        base: u16,
        iterable: u16,
        span: Span,
        flags: u8,
    ) -> OpenFor {
        self.top = base + 3;
        let (body, next) = (self.asm.label(), self.asm.label());
        self.asm.forget_deletable();
        let flow = self.asm.save_flow();
        if self.cx.wide.get() {
            let island = self.asm.label();
            self.asm
                .jump_with(span, Op::ForPrep, flags, 0, [base, iterable], island);
            self.asm.bind(island);
            self.asm.jump(span, Op::Jump, 0, 0, 0, next);
        } else {
            self.asm
                .jump_with(span, Op::ForPrep, flags, 0, [base, iterable], next);
        }
        self.asm.resume_flow(flow);
        self.asm.bind(body);
        let t = self.top;
        let item = self.landing(target, t);
        if self.is_temp(item) {
            self.alloc();
            self.store_target(target, item, false);
            self.top = t;
        } else {
            self.asm.set_bound(item);
        }
        OpenFor {
            base,
            body,
            next,
            item,
            span,
            whole: span,
            ended: None,
        }
    }

    /// As [`Gen::begin_for`] for `async for`; the iterator is kept at `base`. `spans` are those of
    /// the iterable and of the whole.
    pub(super) fn begin_async_for(
        &mut self,
        target: &'a Expr,
        iterable: u16,
        spans: [Span; 2],
        base: u16,
    ) -> OpenFor {
        self.top = base;
        let it = self.alloc();
        self.emit(spans[0], Op::GetAIter, it, iterable, 0);
        self.continue_async_for(target, it, spans)
    }

    /// As [`Gen::begin_async_for`] where the async iterator stands in `it`, the topmost temporary.
    pub(super) fn continue_async_for(
        &mut self,
        target: &'a Expr,
        it: u16,
        [span, whole]: [Span; 2],
    ) -> OpenFor {
        let next = self.asm.label();
        self.asm.forget_deletable();
        self.asm.bind(next);
        let outer = self.handler();
        let ended = self.asm.new_handler(it + 1);
        self.asm.enter(ended);
        let t = self.alloc();
        self.emit(span, Op::GetANext, t, it, 0);
        let item = self.landing(target, t);
        self.await_value(t, t, ASYNC_FOR, span, item);
        self.asm.enter(outer);
        if self.is_temp(item) {
            self.store_target(target, item, false);
        }
        self.top = t;
        OpenFor {
            base: it,
            body: next,
            next,
            item,
            span,
            whole,
            ended: Some(ended),
        }
    }

    /// Ends the loop; control goes on here when the items are exhausted.
    pub(super) fn end_for(&mut self, open: OpenFor) {
        let span = open.span;
        if let Some(ended) = open.ended {
            return self.end_async_for(&open, ended);
        }
        if self.cx.wide.get() {
            self.asm.jump(span, Op::Jump, 0, 0, 0, open.next);
            let island = self.asm.label();
            let flow = self.asm.save_flow();
            // The island stands right before the instruction that jumps back to it.
            self.asm.resume_flow(flow.or(Some(Default::default())));
            self.asm.bind(island);
            self.asm.jump(span, Op::Jump, 0, 0, 0, open.body);
            self.asm.bind(open.next);
            self.for_iter(&open, island);
        } else {
            self.asm.bind(open.next);
            self.for_iter(&open, open.body);
        }
    }

    /// Where the loop goes on after its last item, the item may never have been assigned.
    fn for_iter(&mut self, open: &OpenFor, again: Label) {
        let flow = self.asm.save_flow();
        self.asm
            .jump(open.span, Op::ForIter, open.item, open.base, 0, again);
        self.asm.resume_flow(flow);
    }

    fn end_async_for(&mut self, open: &OpenFor, ended: Handler) {
        let span = open.span;
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, open.next);
        self.asm.bind_handler(ended);
        self.top = open.base + 1;
        let exc = self.alloc();
        let t = self.alloc();
        let class = Intrinsic::StopAsyncIteration as u16;
        self.emit(open.whole, Op::LoadIntrinsic, t, class, 0);
        self.emit(span, Op::ExcMatches, t, exc, t);
        let exhausted = self.asm.label();
        self.asm.jump(span, Op::JumpIfTrue, t, 0, 0, exhausted);
        self.emit(span, Op::Reraise, exc, 0, 0);
        self.asm.bind(exhausted);
        self.clear(exc);
        self.clear(open.base);
        self.top = open.base;
    }
}
