//! Statements.

use super::*;
use crate::bytecode::opcode::Intrinsic;
use crate::bytecode::opcode::NO_REG;
use crate::compile::assembler::Label;

impl<'a> Gen<'a> {
    pub(super) fn block(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            let mark = self.top;
            self.stmt(stmt);
            self.top = mark;
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        if !self.asm.reachable() {
            return;
        }
        let span = stmt.span;
        if self.cx.marks == Marks::Lines {
            self.asm.mark(span, Mark::Line, NO_REG);
        }
        match &stmt.kind {
            StmtKind::Expr(e) if self.shows => self.show(e),
            StmtKind::Expr(e) => self.discard(e),
            StmtKind::Assign { targets, value } => self.assign(targets, value),
            StmtKind::AugAssign { target, op, value } => {
                self.aug_assign(target, *op, value, span);
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => self.ann_assign(target, annotation, value.as_ref(), *simple, span),
            StmtKind::Return(value) => self.return_stmt(value.as_ref(), span),
            StmtKind::Delete(targets) => targets.iter().for_each(|t| self.delete(t)),
            StmtKind::Pass | StmtKind::Global(_) | StmtKind::Nonlocal(_) => {}
            StmtKind::Break => self.break_stmt(span),
            StmtKind::Continue => self.continue_stmt(span),
            StmtKind::Raise { exc, cause } => self.raise(exc.as_ref(), cause.as_ref(), span),
            StmtKind::Assert { test, msg } => self.assert(test, msg.as_ref(), span),
            StmtKind::Import(names) => self.import(names, span),
            StmtKind::ImportFrom {
                module,
                level,
                names,
                star,
            } => self.import_from(module.as_ref(), *level, names, *star, span),
            StmtKind::If { .. } => self.if_chain(stmt),
            StmtKind::While { test, body, orelse } => self.while_loop(test, body, orelse),
            StmtKind::For {
                is_async,
                target,
                iter,
                body,
                orelse,
            } => self.for_loop((*is_async, span), target, iter, body, orelse),
            StmtKind::With {
                is_async,
                items,
                body,
            } => self.with(*is_async, items, body),
            StmtKind::Try(t) => self.try_stmt(t),
            StmtKind::Match { subject, cases } => self.match_stmt(subject, cases),
            StmtKind::FunctionDef(def) => self.function_def(def, span),
            StmtKind::ClassDef(def) => self.class_def(def, span),
            StmtKind::TypeAlias {
                name,
                params,
                value,
            } => self.type_alias(stmt, name, params, value),
        }
    }

    /// `sys.displayhook(e)`.
    fn show(&mut self, e: &'a Expr) {
        let value = self.operand(e);
        let w = self.alloc_n(2);
        self.emit(
            e.span,
            Op::LoadIntrinsic,
            w,
            Intrinsic::DisplayHook as u16,
            0,
        );
        let slot = self.alloc();
        self.move_to(e.span, slot, value);
        self.emit(e.span, Op::Call, w, w, 1);
        self.emit(e.span, Op::Clear, w, 0, 0);
    }

    /// `elif` chains are compiled without recursion.
    fn if_chain(&mut self, stmt: &'a Stmt) {
        let done = self.asm.label();
        let mut stmt = stmt;
        while let StmtKind::If { test, body, orelse } = &stmt.kind {
            let otherwise = self.asm.label();
            if let Some(exit) = self.plain_exit(body) {
                // `if test: continue` is one jump.
                self.jump_if(test, exit);
            } else {
                self.jump_unless(test, otherwise);
                self.block(body);
            }
            if !orelse.is_empty() && self.plain_exit(body).is_none() {
                self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, done);
            }
            self.asm.bind(otherwise);
            match orelse.as_slice() {
                [only] if matches!(only.kind, StmtKind::If { .. }) => stmt = only,
                _ => {
                    self.block(orelse);
                    break;
                }
            }
        }
        self.asm.bind(done);
    }

    /// Where a body goes that is nothing but a `break` or `continue` which has nothing to undo.
    fn plain_exit(&self, body: &[Stmt]) -> Option<Label> {
        let Some(Block::Loop { exits, state }) = self.blocks.last() else {
            return None;
        };
        match body {
            [only] if matches!(only.kind, StmtKind::Continue) => Some(exits.cont),
            [only] if matches!(only.kind, StmtKind::Break) && state.is_none() => Some(exits.brk),
            _ => None,
        }
    }

    fn raise(&mut self, exc: Option<&'a Expr>, cause: Option<&'a Expr>, span: Span) {
        let Some(exc) = exc else {
            return self.emit(span, Op::Raise, NO_REG, NO_REG, 0);
        };
        match cause {
            None => {
                let exc = self.operand(exc);
                self.emit(span, Op::Raise, exc, NO_REG, 1);
            }
            Some(cause) => {
                let exc = self.operand_before(exc, &[cause]);
                let cause = self.operand(cause);
                self.emit(span, Op::Raise, exc, cause, 2);
            }
        }
    }

    fn assert(&mut self, test: &'a Expr, msg: Option<&'a Expr>, span: Span) {
        let holds = self.asm.label();
        self.jump_if(test, holds);
        let w = self.alloc_n(2);
        self.emit(
            span,
            Op::LoadIntrinsic,
            w,
            Intrinsic::AssertionError as u16,
            0,
        );
        if let Some(msg) = msg {
            let slot = self.alloc();
            self.expr_to(msg, slot);
            self.emit(span, Op::Call, w, w, 1);
        }
        self.emit(test.span, Op::Raise, w, NO_REG, 1);
        self.asm.bind(holds);
    }

    fn return_stmt(&mut self, value: Option<&'a Expr>, span: Span) {
        let Some(value) = value else {
            let handler = self.unwind_to(0, None);
            self.emit(span, Op::ReturnNone, 0, 0, 0);
            return self.asm.enter(handler);
        };
        let reg = if self.unwinding_runs_code() {
            let t = self.alloc();
            self.expr_to(value, t);
            t
        } else {
            self.operand(value)
        };
        let held = self.is_temp(reg).then_some(reg);
        let handler = self.unwind_to(0, held);
        self.emit(span, Op::Return, reg, 0, 0);
        self.asm.enter(handler);
    }

    fn break_stmt(&mut self, span: Span) {
        if let Some((index, exits)) = self.innermost_loop() {
            let handler = self.unwind_to(index, None);
            self.asm.jump(span, Op::Jump, 0, 0, 0, exits.brk);
            self.asm.enter(handler);
        }
    }

    fn continue_stmt(&mut self, span: Span) {
        if let Some((index, exits)) = self.innermost_loop() {
            let handler = self.unwind_to(index + 1, None);
            self.asm.jump(span, Op::Jump, 0, 0, 0, exits.cont);
            self.asm.enter(handler);
        }
    }
}
