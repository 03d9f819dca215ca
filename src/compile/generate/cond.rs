//! Conditions: jumping code without materialised truth values.

use super::expr::compare_op;
use super::*;
use crate::bytecode::opcode::{DIES_A, DIES_B};
use crate::compile::assembler::Label;
use crate::compile::fold;
use crate::syntax::ast::{BoolOp, CompareOp, UnaryOp};

impl<'a> Gen<'a> {
    pub(super) fn jump_unless(&mut self, test: &'a Expr, target: Label) {
        self.cond(test, false, target);
    }

    pub(super) fn jump_if(&mut self, test: &'a Expr, target: Label) {
        self.cond(test, true, target);
    }

    /// Jumps to `target` if the truth of `test` is `when`; otherwise goes on.
    pub(super) fn cond(&mut self, test: &'a Expr, when: bool, target: Label) {
        let mark = self.top;
        match &test.kind {
            ExprKind::Unary {
                op: UnaryOp::Not,
                operand,
            } => self.cond(operand, !when, target),
            ExprKind::Bool { op, values } => self.cond_bool(*op, values, when, target),
            ExprKind::Compare { left, rest } => {
                self.cond_compare(left, rest, test.span, when, target);
            }
            ExprKind::Conditional {
                test: choice,
                body,
                orelse,
            } => {
                let (otherwise, done) = (self.asm.label(), self.asm.label());
                self.cond(choice, false, otherwise);
                self.cond(body, when, target);
                self.asm.jump(body.span, Op::Jump, 0, 0, 0, done);
                self.asm.bind(otherwise);
                self.cond(orelse, when, target);
                self.asm.bind(done);
            }
            _ => match fold::constant(test) {
                Some(value) if fold::truth(&value) == when => {
                    self.asm.jump(test.span, Op::Jump, 0, 0, 0, target);
                }
                Some(_) => {}
                None => self.cond_value(test, when, target),
            },
        }
        self.top = mark;
    }

    fn cond_value(&mut self, test: &'a Expr, when: bool, target: Label) {
        let value = match &test.kind {
            // `if (m := f()):` tests the variable itself.
            ExprKind::Named {
                target: name,
                value,
            } => match self.access(&self.mangled(&name.name)) {
                Access::Local(reg) => {
                    self.named_to(value, reg);
                    reg
                }
                _ => self.operand(test),
            },
            _ => self.operand(test),
        };
        self.branch(test.span, value, when, 0, target);
    }

    /// Jumps on the truth of a register.
    pub(super) fn branch(&mut self, span: Span, reg: u16, when: bool, kept: u8, target: Label) {
        let op = if when {
            Op::JumpIfTrue
        } else {
            Op::JumpIfFalse
        };
        self.asm.jump(span, op, reg, 0, kept, target);
    }

    fn cond_bool(&mut self, op: BoolOp, values: &'a [Expr], when: bool, target: Label) {
        let Some((last, before)) = values.split_last() else {
            return;
        };
        // The truth value that decides at once.
        let deciding = op == BoolOp::Or;
        let skip = self.asm.label();
        for value in before {
            let to = if deciding == when { target } else { skip };
            self.cond(value, deciding, to);
        }
        self.cond(last, when, target);
        self.asm.bind(skip);
    }

    fn cond_compare(
        &mut self,
        left: &'a Expr,
        rest: &'a [(CompareOp, Expr)],
        span: Span,
        when: bool,
        target: Label,
    ) {
        let later: Vec<&Expr> = rest.iter().take(2).map(|(_, e)| e).collect();
        if let [(op, right)] = rest {
            let left = self.operand_before(left, &later);
            return self.cond_single(left, *op, right, span, when, target);
        }
        let mut left = self.operand_before(left, &later);
        let mut failures = Vec::new();
        let Some(((last_op, last), before)) = rest.split_last() else {
            return;
        };
        let failed_all = self.asm.label();
        for (i, (op, middle)) in before.iter().enumerate() {
            let later: Vec<&Expr> = rest.iter().skip(i + 1).take(1).map(|(_, e)| e).collect();
            let right = self.operand_before(middle, &later);
            let failed = if self.is_temp(right) {
                let own = self.asm.label();
                failures.push((own, right));
                own
            } else if when {
                failed_all
            } else {
                target
            };
            self.branch_compare(span, *op, [left, right], DIES_B, false, failed);
            left = right;
        }
        self.cond_single(left, *last_op, last, span, when, target);
        if !failures.is_empty() {
            let over = self.asm.label();
            self.asm.jump(span, Op::Jump, 0, 0, 0, over);
            let fail_target = if when { failed_all } else { target };
            for (failed, middle) in failures {
                self.asm.bind(failed);
                self.clear(middle);
                self.asm.jump(span, Op::Jump, 0, 0, 0, fail_target);
            }
            self.asm.bind(over);
        }
        self.asm.bind(failed_all);
    }

    fn cond_single(
        &mut self,
        left: u16,
        op: CompareOp,
        right: &'a Expr,
        span: Span,
        when: bool,
        target: Label,
    ) {
        let known = fold::constant(right);
        match (op, &known) {
            (CompareOp::Is | CompareOp::IsNot, Some(Const::None)) => {
                let none = (op == CompareOp::Is) == when;
                let jump = if none {
                    Op::JumpIfNone
                } else {
                    Op::JumpIfNotNone
                };
                self.asm.jump(span, jump, left, 0, 0, target);
            }
            (_, Some(Const::Int(i))) if i16::try_from(*i).is_ok() && fused(op).is_some() => {
                self.branch_small(span, op, left, *i as i16, 0, when, target);
            }
            _ => {
                let right = self.compare_operand(op, right);
                self.branch_compare(span, op, [left, right], 0, when, target);
            }
        }
    }

    /// Jumps if comparing two registers gives `when`.
    pub(super) fn branch_compare(
        &mut self,
        span: Span,
        op: CompareOp,
        [left, right]: [u16; 2],
        kept: u8,
        when: bool,
        target: Label,
    ) {
        match fused(op) {
            Some(jumps) if !self.cx.wide.get() => {
                let jump = if when { jumps.when } else { jumps.unless };
                self.asm.jump(span, jump, left, right, kept, target);
            }
            _ => {
                let t = self.alloc();
                // The operands are one field further right in the plain comparison.
                self.emit_kept(span, compare_op(op), [t, left, right], kept << 1);
                self.branch(span, t, when, 0, target);
                self.top = t;
            }
        }
    }

    /// Jumps if comparing a register with a small number gives `when`.
    #[expect(clippy::too_many_arguments, reason = "one jump has that many parts")]
    pub(super) fn branch_small(
        &mut self,
        span: Span,
        op: CompareOp,
        left: u16,
        number: i16,
        kept: u8,
        when: bool,
        target: Label,
    ) {
        match fused(op) {
            Some(jumps) if !self.cx.wide.get() => {
                let jump = if when {
                    jumps.when_small
                } else {
                    jumps.unless_small
                };
                self.asm
                    .jump(span, jump, left, number as u16, kept & DIES_A, target);
            }
            _ => {
                let t = self.alloc();
                self.load(span, t, Const::Int(i64::from(number)));
                self.branch_compare(span, op, [left, t], kept & DIES_A, when, target);
                self.top = t;
            }
        }
    }
}

/// The fused jumps of a comparison.
struct Fused {
    when: Op,
    unless: Op,
    when_small: Op,
    unless_small: Op,
}

fn fused(op: CompareOp) -> Option<Fused> {
    let (when, unless, when_small, unless_small) = match op {
        CompareOp::Lt => (
            Op::JumpIfLt,
            Op::JumpIfNotLt,
            Op::JumpIfLtI,
            Op::JumpIfNotLtI,
        ),
        CompareOp::LtE => (
            Op::JumpIfLe,
            Op::JumpIfNotLe,
            Op::JumpIfLeI,
            Op::JumpIfNotLeI,
        ),
        CompareOp::Gt => (
            Op::JumpIfGt,
            Op::JumpIfNotGt,
            Op::JumpIfGtI,
            Op::JumpIfNotGtI,
        ),
        CompareOp::GtE => (
            Op::JumpIfGe,
            Op::JumpIfNotGe,
            Op::JumpIfGeI,
            Op::JumpIfNotGeI,
        ),
        CompareOp::Eq => (
            Op::JumpIfEq,
            Op::JumpIfNotEq,
            Op::JumpIfEqI,
            Op::JumpIfNotEqI,
        ),
        CompareOp::NotEq => (
            Op::JumpIfNe,
            Op::JumpIfNotNe,
            Op::JumpIfNeI,
            Op::JumpIfNotNeI,
        ),
        _ => return None,
    };
    Some(Fused {
        when,
        unless,
        when_small,
        unless_small,
    })
}
