//! Comprehensions: list, set and dict comprehensions run in the frame around them (PEP 709) on
//! registers of their own; generator expressions are functions.

use super::loops::OpenFor;
use super::*;
use crate::bytecode::opcode::{ITERATOR, NO_REG};
use crate::syntax::ast::{CompFor, Comprehension};

/// What is done with each element.
#[derive(Clone, Copy)]
enum Sink {
    /// `ListAppend`, `SetAdd` or `DictSet` to the register.
    Collect(Op, u16),
    Yield,
}

impl<'a> Gen<'a> {
    /// dst = the collection that `op` fills.
    pub(super) fn inlined_comprehension(
        &mut self,
        c: &'a Comprehension,
        op: Op,
        span: Span,
        dst: u16,
    ) {
        let Some((first, rest)) = c.generators.split_first() else {
            return;
        };
        let mark = self.top;
        let result = self.scratch(dst);
        let base = self.alloc_n(3);
        let iterable = self.operand_for_loop(&first.iter);
        let build = match op {
            Op::ListAppend => Op::BuildList,
            Op::SetAdd => Op::BuildSet,
            _ => Op::BuildDict,
        };
        self.emit(span, build, result, result, 0);
        let (scope, outer) = (self.scope, self.handler());
        self.scope = self.cx.scopes.body(c);
        let registers = &self.cx.scopes.get(self.scope).comp_registers;
        // The targets do not outlive a failure.
        let failed = self.asm.new_handler(mark);
        self.asm.enter(failed);
        self.enter_targets(registers);
        let open = if first.is_async {
            self.begin_async_for(&first.target, iterable, [first.iter.span, span], base)
        } else {
            self.begin_for(&first.target, base, iterable, first.iter.span, 0)
        };
        self.comprehension_body(c, first, rest, Sink::Collect(op, result), open, span);
        self.asm.enter(outer);
        self.scope = scope;
        self.top = mark;
        match registers.as_slice() {
            // What CPython's optimizer makes of names that get their values back before another
            // one gets the result, which must not be one of them.
            [front @ .., last] if !self.is_temp(dst) && !self.is_named_as(dst, registers) => {
                self.move_to(span, dst, result);
                self.clear_targets(front);
                self.clear_targets(&[*last]);
            }
            _ => {
                self.clear_targets(registers);
                self.move_to(span, dst, result);
            }
        }
        let half_made = self.is_temp(dst).then_some(dst);
        self.comprehension_failure(failed, half_made, registers, mark, span);
    }

    fn is_named_as(&self, dst: u16, registers: &[u16]) -> bool {
        let names = &self.frame_scope().layout.names;
        let name = |reg: u16| names.get(usize::from(reg));
        registers.iter().any(|reg| name(*reg) == name(dst))
    }

    /// Targets that inner functions use get a new cell for each run of the comprehension.
    fn enter_targets(&mut self, registers: &[u16]) {
        let cells = &self.frame_scope().layout.comp_cells;
        for reg in registers {
            self.asm.set_unbound(*reg);
            if cells.contains(reg) {
                self.emit(NOWHERE, Op::MakeCell, *reg, 0, 0);
            }
        }
    }

    /// As CPython gives the names of the frame their values back: the last one first.
    fn clear_targets(&mut self, registers: &[u16]) {
        for reg in registers.iter().rev() {
            self.clear(*reg);
            self.asm.set_unbound(*reg);
        }
    }

    /// Code aside: an exception leaves the comprehension; it arrives in the register `exc`. What was
    /// half made dies before the targets, wherever it stands.
    fn comprehension_failure(
        &mut self,
        failed: Handler,
        half_made: Option<u16>,
        registers: &[u16],
        exc: u16,
        span: Span,
    ) {
        let over = self.asm.label();
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, over);
        self.asm.bind_handler(failed);
        self.top = exc;
        self.alloc();
        if let Some(result) = half_made {
            self.clear(result);
        }
        self.clear_targets(registers);
        self.emit(span, Op::Reraise, exc, 0, 0);
        self.top = exc;
        self.asm.bind(over);
    }

    /// The rest of a comprehension inside its first loop, and the ends of all loops.
    fn comprehension_body(
        &mut self,
        c: &'a Comprehension,
        first: &'a CompFor,
        rest: &'a [CompFor],
        sink: Sink,
        open: OpenFor,
        whole: Span,
    ) {
        let mut loops = Vec::new();
        self.conditions(first, &open);
        loops.push(open);
        for generator in rest {
            let span = generator.iter.span;
            let mark = self.top;
            let open = if generator.is_async {
                let iterable = self.operand_for_loop(&generator.iter);
                self.begin_async_for(&generator.target, iterable, [span, whole], mark)
            } else {
                let base = self.alloc_n(3);
                let iterable = self.operand_for_loop(&generator.iter);
                self.begin_for(&generator.target, base, iterable, span, 0)
            };
            self.conditions(generator, &open);
            loops.push(open);
        }
        self.element(c, sink);
        while let Some(open) = loops.pop() {
            self.end_for(open);
        }
    }

    fn conditions(&mut self, generator: &'a CompFor, open: &OpenFor) {
        for test in &generator.ifs {
            self.jump_unless(test, open.next());
        }
    }

    fn element(&mut self, c: &'a Comprehension, sink: Sink) {
        let mark = self.top;
        let span = c.element.span;
        match (sink, &c.key) {
            (Sink::Yield, _) => {
                let value = self.operand(&c.element);
                let t = self.top;
                self.alloc();
                self.emit(span, Op::Yield, t, value, 0);
                self.clear(t);
            }
            (Sink::Collect(op, result), Some(key)) => {
                let key = self.operand_before(key, &[&c.element]);
                let value = self.operand(&c.element);
                let pair = c.key.as_ref().map_or(span, |k| k.span.to(span));
                self.emit(pair, op, result, key, value);
            }
            (Sink::Collect(op, result), None) => {
                let value = self.operand(&c.element);
                self.emit(span, op, result, value, 0);
            }
        }
        self.top = mark;
    }

    /// dst = a generator: a function with the outermost iterator as its argument is called.
    pub(super) fn generator_exp(&mut self, c: &'a Comprehension, span: Span, dst: u16) {
        let Some((first, rest)) = c.generators.split_first() else {
            return;
        };
        let mark = self.top;
        let w = self.window(dst);
        let code = self.generator_code(c, first, rest, span);
        self.make_function(code, NO_REG, span, w);
        self.top = w + 2;
        let slot = self.alloc();
        let iterable = self.operand_for_loop_in(&first.iter, slot);
        let op = if first.is_async {
            Op::GetAIter
        } else {
            Op::GetIter
        };
        self.emit(first.iter.span, op, slot, iterable, 0);
        self.emit(span, Op::Call, dst, w, 1);
        self.top = mark;
    }

    fn operand_for_loop_in(&mut self, iter: &'a Expr, slot: u16) -> u16 {
        self.top = slot;
        let iterable = self.operand_for_loop(iter);
        self.top = slot + 1;
        self.highest = self.highest.max(self.top);
        iterable
    }

    fn generator_code(
        &self,
        c: &'a Comprehension,
        first: &'a CompFor,
        rest: &'a [CompFor],
        span: Span,
    ) -> Rc<Code> {
        let frame = self.cx.scopes.body(c);
        let name: Name = Rc::from("<genexpr>");
        let qualname = self.inner_qualname(&name);
        let title = || Title {
            name: &name,
            qualname: qualname.clone(),
            span,
            doc: None,
        };
        let whole = span;
        code_object(self.cx, frame, title, |g| {
            let span = first.iter.span;
            let base = g.top;
            let open = if first.is_async {
                // The argument, in register 0, is the iterator already.
                let it = g.alloc();
                g.emit(span, Op::Move, it, 0, 0);
                g.continue_async_for(&first.target, it, [span, whole])
            } else {
                g.alloc_n(3);
                g.begin_for(&first.target, base, 0, span, ITERATOR)
            };
            g.comprehension_body(c, first, rest, Sink::Yield, open, whole);
            g.emit(NOWHERE, Op::ReturnNone, 0, 0, 0);
        })
    }
}
