//! Expressions as values.

use super::*;
use crate::bytecode::opcode::{DIES_C, IN_PLACE};
use crate::compile::assembler::Label;
use crate::compile::fold;
use crate::syntax::ast::{BinaryOp, BoolOp, CompareOp, UnaryOp};

/// The left side of a sum so far.
enum Acc {
    Known(Const),
    Reg(u16),
}

impl<'a> Gen<'a> {
    /// The register to read an expression's value from: a local variable's own, or a new
    /// temporary, which then has to be used once.
    pub(super) fn operand(&mut self, e: &'a Expr) -> u16 {
        if let ExprKind::Name(name) = &e.kind
            && let Some(reg) = self.local(name, e.span)
        {
            return reg;
        }
        let t = self.alloc();
        self.expr_to(e, t);
        t
    }

    /// As [`Gen::operand`], but never a variable that one of `later` could assign before the use.
    pub(super) fn operand_before(&mut self, e: &'a Expr, later: &[&Expr]) -> u16 {
        if self.may_assign(later) {
            let t = self.alloc();
            self.expr_to(e, t);
            return t;
        }
        self.operand(e)
    }

    /// As [`Gen::operand_before`], with `t` as the temporary.
    pub(super) fn operand_in(&mut self, e: &'a Expr, t: u16, later: &[&Expr]) -> u16 {
        if let ExprKind::Name(name) = &e.kind
            && !self.may_assign(later)
            && let Some(reg) = self.local(name, e.span)
        {
            return reg;
        }
        self.expr_to(e, t);
        t
    }

    /// Evaluates for the effects.
    pub(super) fn discard(&mut self, e: &'a Expr) {
        match &e.kind {
            ExprKind::Constant(_) => {}
            ExprKind::Name(name) if self.local(name, e.span).is_some() => {}
            ExprKind::Named { target, value } => {
                if let Access::Local(reg) = self.access(&self.mangled(&target.name)) {
                    self.named_to(value, reg);
                } else {
                    let mark = self.top;
                    let v = self.operand(value);
                    self.store(&target.name, e.span, v);
                    self.top = mark;
                }
            }
            _ => {
                let t = self.alloc();
                self.expr_to(e, t);
                self.emit(e.span, Op::Clear, t, 0, 0);
                self.top = t;
            }
        }
    }

    /// `(reg := value)`. The value of a comprehension is copied on the way, and its variables are
    /// gone before that: see `inlined_comprehension`.
    pub(super) fn named_to(&mut self, value: &'a Expr, reg: u16) {
        use ExprKind::{DictComp, ListComp, SetComp};
        let t = match &value.kind {
            ListComp(_) | SetComp(_) | DictComp(_) => self.alloc(),
            _ => reg,
        };
        self.expr_to(value, t);
        self.move_to(value.span, reg, t);
    }

    /// dst = e.
    pub(super) fn expr_to(&mut self, e: &'a Expr, dst: u16) {
        let mark = self.top;
        match &e.kind {
            ExprKind::Constant(c) => self.load(e.span, dst, fold::literal(c)),
            ExprKind::JoinedStr(parts) => self.fstring(parts, e.span, dst),
            ExprKind::Name(name) if &**name == "__debug__" => {
                self.load(e.span, dst, Const::True);
            }
            ExprKind::Name(name) => self.load_name(name, e.span, dst),
            ExprKind::Tuple(items) => match fold::all(items) {
                Some(values) => self.load(e.span, dst, Const::Tuple(values)),
                None => self.tuple(items, e.span, dst),
            },
            ExprKind::List(items) => self.list(items, e.span, dst),
            ExprKind::Set(items) => self.set(items, e.span, dst),
            ExprKind::Dict(items) => self.dict(items, e.span, dst),
            // Only where the rules allow it is a starred expression looked at by its parent.
            ExprKind::Starred(inner) => self.expr_to(inner, dst),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, e, dst),
            ExprKind::Binary { .. } => self.binary(e, dst),
            ExprKind::Bool { op, values } => self.bool_op(*op, values, e.span, dst),
            ExprKind::Compare { left, rest } => self.compare(left, rest, e.span, dst),
            ExprKind::Conditional { test, body, orelse } => {
                self.conditional(test, body, orelse, dst);
            }
            ExprKind::Lambda { params, body } => self.lambda(params, body, e.span, dst),
            ExprKind::Named { target, value } => {
                let t = self.scratch(dst);
                self.expr_to(value, t);
                self.store_kept(&target.name, e.span, t, true);
                self.move_to(e.span, dst, t);
            }
            ExprKind::Attribute { value, attr } => {
                let t = self.scratch(dst);
                let object = self.operand_in(value, t, &[]);
                let name = self.mangled(&attr.name);
                let span = self.attribute_span(e.span, attr.span);
                self.asm
                    .emit_site(span, Op::LoadAttr, dst, object, &name, 0);
            }
            ExprKind::Subscript { value, index } => {
                let t = self.scratch(dst);
                let object = self.operand_in(value, t, &[index]);
                let index = self.operand(index);
                self.emit(e.span, Op::GetItem, dst, object, index);
            }
            ExprKind::Slice { lower, upper, step } => {
                let base = self.alloc_n(3);
                for (i, part) in [lower, upper, step].into_iter().enumerate() {
                    let reg = base + i as u16;
                    match part {
                        Some(part) => self.expr_to(part, reg),
                        None => self.load(e.span, reg, Const::None),
                    }
                }
                self.emit(e.span, Op::BuildSlice, dst, base, 0);
            }
            ExprKind::Call { func, args } => self.call(e, func, args, dst),
            ExprKind::ListComp(c) => self.inlined_comprehension(c, Op::ListAppend, e.span, dst),
            ExprKind::SetComp(c) => self.inlined_comprehension(c, Op::SetAdd, e.span, dst),
            ExprKind::DictComp(c) => self.inlined_comprehension(c, Op::DictSet, e.span, dst),
            ExprKind::GeneratorExp(c) => self.generator_exp(c, e.span, dst),
            ExprKind::Await(x) => {
                let t = self.scratch(dst);
                let x = self.operand_in(x, t, &[]);
                self.await_value(x, t, 0, e.span, dst);
            }
            ExprKind::Yield(x) => {
                let t = self.scratch(dst);
                let value = match x {
                    Some(x) => self.operand_in(x, t, &[]),
                    None => {
                        self.load(e.span, t, Const::None);
                        t
                    }
                };
                self.emit(e.span, Op::Yield, dst, value, 0);
            }
            ExprKind::YieldFrom(x) => {
                let t = self.scratch(dst);
                let x = self.operand_in(x, t, &[]);
                self.emit(e.span, Op::GetYieldFrom, t, x, 0);
                self.emit(e.span, Op::Delegate, dst, t, 0);
            }
            ExprKind::Invalid => {}
        }
        self.top = mark;
    }

    /// dst = await x, by way of the temporary `t`. `place` as in `GetAwaitable`.
    pub(super) fn await_value(&mut self, x: u16, t: u16, place: u16, span: Span, dst: u16) {
        self.emit(span, Op::GetAwaitable, t, x, place);
        self.emit(span, Op::Delegate, dst, t, 0);
    }

    /// Where an attribute stands: on its own line, if the object before it began on another.
    pub(super) fn attribute_span(&self, whole: Span, attr: Span) -> Span {
        let source = self.cx.source;
        let text = source.slice(Span::new(whole.start, attr.start));
        if text.contains(['\n', '\r']) {
            Span::new(attr.start, whole.end)
        } else {
            whole
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: &'a Expr, e: &'a Expr, dst: u16) {
        if let Some(value) = fold::constant(e) {
            return self.load(e.span, dst, value);
        }
        let t = self.scratch(dst);
        let x = match &operand.kind {
            // CPython's optimiser puts a comparison in the place of the test of its result.
            ExprKind::Compare { left, rest } if op == UnaryOp::Not && is_ordinary(rest) => {
                self.compare(left, rest, e.span, t);
                t
            }
            _ => self.operand_in(operand, t, &[]),
        };
        let op = match op {
            UnaryOp::Neg => Op::Neg,
            UnaryOp::Pos => Op::Pos,
            UnaryOp::Invert => Op::Invert,
            UnaryOp::Not => Op::Not,
        };
        self.emit(e.span, op, dst, x, 0);
    }

    /// A whole spine `a + b - c …`, without recursion along it.
    fn binary(&mut self, e: &'a Expr, dst: u16) {
        let mut spine = Vec::new();
        let mut leftmost = e;
        while let ExprKind::Binary { op, left, right } = &leftmost.kind {
            spine.push((*op, &**right, leftmost.span));
            leftmost = left;
        }
        let slot = self.scratch(dst);
        let mut acc = match fold::constant(leftmost) {
            Some(value) => Acc::Known(value),
            None => {
                let first = spine.last().map_or(leftmost, |(_, right, _)| *right);
                Acc::Reg(self.operand_in(leftmost, slot, &[first]))
            }
        };
        while let Some((op, right, span)) = spine.pop() {
            let mark = self.top;
            if let Acc::Known(left) = &acc
                && let Some(right) = fold::constant(right)
                && let Some(value) = fold::binary(op, left, &right)
            {
                acc = Acc::Known(value);
                continue;
            }
            let to = if spine.is_empty() { dst } else { slot };
            if let (Acc::Known(Const::Str(text)), BinaryOp::Mod, ExprKind::Tuple(args)) =
                (&acc, op, &right.kind)
                && self.percent(text, args, span, to)
            {
                acc = Acc::Reg(to);
                self.top = mark;
                continue;
            }
            let left = self.materialise(acc, leftmost.span, slot);
            self.binary_with(op, left, right, span, to, 0);
            acc = Acc::Reg(to);
            self.top = mark;
        }
        if let Acc::Known(value) = acc {
            self.load(e.span, dst, value);
        }
    }

    fn materialise(&mut self, acc: Acc, span: Span, slot: u16) -> u16 {
        match acc {
            Acc::Reg(reg) => reg,
            Acc::Known(value) => {
                self.load(span, slot, value);
                slot
            }
        }
    }

    /// dst = left op right, with a number as an immediate or a constant.
    pub(super) fn binary_with(
        &mut self,
        op: BinaryOp,
        left: u16,
        right: &'a Expr,
        span: Span,
        dst: u16,
        flags: u8,
    ) {
        let Forms {
            plain,
            immediate,
            constant,
        } = binary_ops(op);
        let known = fold::constant(right);
        if let (Some(op), Some(Const::Int(i))) = (immediate, &known)
            && let Ok(i) = i16::try_from(*i)
        {
            let operands = [dst, left, i as u16];
            return self.asm.emit_with(span, op, flags, 0, operands);
        }
        if let (Some(op), Some(value @ (Const::Int(_) | Const::Float(_)))) = (constant, &known)
            && let Some(index) = self.asm.number_const(value.clone())
        {
            let operands = [dst, left, index];
            return self.asm.emit_with(span, op, flags, 0, operands);
        }
        let right = match known {
            Some(value) => {
                let t = self.alloc();
                self.load(right.span, t, value);
                t
            }
            None => self.operand(right),
        };
        let operands = [dst, left, right];
        self.asm.emit_with(span, plain, flags, 0, operands);
    }

    /// `target op= value` for a value that stands in a register.
    pub(super) fn in_place(
        &mut self,
        op: BinaryOp,
        left: u16,
        value: &'a Expr,
        span: Span,
        dst: u16,
    ) {
        self.binary_with(op, left, value, span, dst, IN_PLACE);
    }

    fn bool_op(&mut self, op: BoolOp, values: &'a [Expr], span: Span, dst: u16) {
        let Some((last, before)) = values.split_last() else {
            return;
        };
        let s = self.scratch(dst);
        let done = self.asm.label();
        for value in before {
            if self.decide_by_local(op, value, span, s, done) {
                continue;
            }
            self.expr_to(value, s);
            let jump = match op {
                BoolOp::And => Op::JumpIfFalseKeep,
                BoolOp::Or => Op::JumpIfTrueKeep,
            };
            self.asm.jump(span, jump, s, 0, 0, done);
            self.clear(s);
        }
        self.expr_to(last, s);
        self.asm.bind(done);
        self.move_to(span, dst, s);
    }

    /// A local variable in `and` or `or` is tested where it stands, and moved only if it decides.
    fn decide_by_local(
        &mut self,
        op: BoolOp,
        value: &'a Expr,
        whole: Span,
        s: u16,
        done: Label,
    ) -> bool {
        let ExprKind::Name(name) = &value.kind else {
            return false;
        };
        let Some(reg) = self.local(name, value.span) else {
            return false;
        };
        let next = self.asm.label();
        self.branch(whole, reg, op == BoolOp::And, 0, next);
        self.move_to(value.span, s, reg);
        self.asm.jump(value.span, Op::Jump, 0, 0, 0, done);
        self.asm.bind(next);
        true
    }

    fn conditional(&mut self, test: &'a Expr, body: &'a Expr, orelse: &'a Expr, dst: u16) {
        let (otherwise, done) = (self.asm.label(), self.asm.label());
        self.jump_unless(test, otherwise);
        self.expr_to(body, dst);
        self.asm.jump(body.span, Op::Jump, 0, 0, 0, done);
        self.asm.bind(otherwise);
        self.expr_to(orelse, dst);
        self.asm.bind(done);
    }

    fn compare(&mut self, left: &'a Expr, rest: &'a [(CompareOp, Expr)], span: Span, dst: u16) {
        let Some(((last_op, last), before)) = rest.split_last() else {
            return;
        };
        let s = self.scratch(dst);
        let later: Vec<&Expr> = rest.iter().map(|(_, e)| e).take(2).collect();
        if before.is_empty() {
            let left = self.operand_in(left, s, &later);
            let right = self.compare_operand(*last_op, last);
            return self.emit(span, compare_op(*last_op), dst, left, right);
        }
        let mut left = self.operand_before(left, &later);
        let mut failures = Vec::new();
        let done = self.asm.label();
        for (i, (op, middle)) in before.iter().enumerate() {
            let later: Vec<&Expr> = rest.iter().skip(i + 1).map(|(_, e)| e).take(1).collect();
            let right = self.operand_before(middle, &later);
            self.emit_kept(span, compare_op(*op), [s, left, right], DIES_C);
            let failed = self.asm.label();
            self.asm.jump(span, Op::JumpIfFalseKeep, s, 0, 0, failed);
            self.clear(s);
            failures.push((failed, right));
            left = right;
        }
        let right = self.compare_operand(*last_op, last);
        self.emit(span, compare_op(*last_op), s, left, right);
        for (failed, middle) in failures {
            let temp = self.is_temp(middle);
            if temp {
                self.asm.jump(span, Op::Jump, 0, 0, 0, done);
            }
            self.asm.bind(failed);
            if temp {
                self.clear(middle);
            }
        }
        self.asm.bind(done);
        self.move_to(span, dst, s);
    }

    /// The right side of a comparison: displays of constants after `in` are built once.
    pub(super) fn compare_operand(&mut self, op: CompareOp, e: &'a Expr) -> u16 {
        if matches!(op, CompareOp::In | CompareOp::NotIn)
            && let Some(value) = constant_container(e)
        {
            let t = self.alloc();
            self.load(e.span, t, value);
            return t;
        }
        if let Some(value) = fold::constant(e) {
            let t = self.alloc();
            self.load(e.span, t, value);
            return t;
        }
        self.operand(e)
    }
}

/// One comparison that CPython does not turn round under `not`, as it does with `in` and `is`.
fn is_ordinary(rest: &[(CompareOp, Expr)]) -> bool {
    use CompareOp::{In, Is, IsNot, NotIn};
    matches!(rest, [(op, _)] if !matches!(op, In | NotIn | Is | IsNot))
}

/// What `x in [1, 2]` and `for x in {1, 2}` look at: a tuple or frozenset of constants.
pub(super) fn constant_container(e: &Expr) -> Option<Const> {
    match &e.kind {
        ExprKind::List(items) => fold::all(items).map(Const::Tuple),
        ExprKind::Set(items) => fold::all(items).map(Const::FrozenSet),
        _ => None,
    }
}

/// The opcodes of a binary operator.
struct Forms {
    plain: Op,
    /// With a small number on the right.
    immediate: Option<Op>,
    /// With another number on the right.
    constant: Option<Op>,
}

fn binary_ops(op: BinaryOp) -> Forms {
    let (plain, immediate, constant) = match op {
        BinaryOp::Add => (Op::Add, Some(Op::AddI), Some(Op::AddK)),
        BinaryOp::Sub => (Op::Sub, Some(Op::SubI), Some(Op::SubK)),
        BinaryOp::Mult => (Op::Mul, Some(Op::MulI), Some(Op::MulK)),
        BinaryOp::MatMult => (Op::MatMul, None, None),
        BinaryOp::Div => (Op::Div, None, Some(Op::DivK)),
        BinaryOp::FloorDiv => (Op::FloorDiv, Some(Op::FloorDivI), Some(Op::FloorDivK)),
        BinaryOp::Mod => (Op::Mod, Some(Op::ModI), Some(Op::ModK)),
        BinaryOp::Pow => (Op::Pow, None, None),
        BinaryOp::LShift => (Op::LShift, None, None),
        BinaryOp::RShift => (Op::RShift, None, None),
        BinaryOp::BitAnd => (Op::BitAnd, None, Some(Op::BitAndK)),
        BinaryOp::BitOr => (Op::BitOr, None, None),
        BinaryOp::BitXor => (Op::BitXor, None, None),
    };
    Forms {
        plain,
        immediate,
        constant,
    }
}

/// The opcode of a comparison.
pub(super) fn compare_op(op: CompareOp) -> Op {
    match op {
        CompareOp::Eq => Op::Eq,
        CompareOp::NotEq => Op::Ne,
        CompareOp::Lt => Op::Lt,
        CompareOp::LtE => Op::Le,
        CompareOp::Gt => Op::Gt,
        CompareOp::GtE => Op::Ge,
        CompareOp::Is => Op::Is,
        CompareOp::IsNot => Op::IsNot,
        CompareOp::In => Op::In,
        CompareOp::NotIn => Op::NotIn,
    }
}
