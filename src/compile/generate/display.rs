//! Tuple, list, set and dict displays.

use super::*;
use crate::compile::fold;

/// Displays of at most this many items are built from registers at once; longer ones grow item by
/// item, so that frames stay small.
const MAX_AT_ONCE: usize = 30;
/// Displays of this many constants are copied from one constant.
const MIN_CONSTANT: usize = 3;

fn is_starred(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Starred(_))
}

impl<'a> Gen<'a> {
    /// Evaluates into neighbouring registers; the first of them.
    pub(super) fn exprs_in_row(&mut self, items: &[&'a Expr]) -> u16 {
        let base = self.top;
        for item in items {
            let slot = self.alloc();
            self.expr_to(item, slot);
        }
        base
    }

    pub(super) fn tuple(&mut self, items: &'a [Expr], span: Span, dst: u16) {
        if items.len() <= MAX_AT_ONCE && !items.iter().any(is_starred) {
            let items: Vec<&Expr> = items.iter().collect();
            let base = self.exprs_in_row(&items);
            return self.emit(span, Op::BuildTuple, dst, base, count(items.len()));
        }
        let s = self.scratch(dst);
        self.list(items, span, s);
        self.emit(span, Op::ListToTuple, dst, s, 0);
    }

    pub(super) fn list(&mut self, items: &'a [Expr], span: Span, dst: u16) {
        if items.len() >= MIN_CONSTANT
            && let Some(values) = fold::all(items)
        {
            let s = self.scratch(dst);
            self.emit(span, Op::BuildList, s, s, 0);
            let t = self.alloc();
            self.load(span, t, Const::Tuple(values));
            self.emit(span, Op::ListExtend, s, t, 0);
            return self.move_to(span, dst, s);
        }
        let starred: Vec<bool> = items.iter().map(is_starred).collect();
        let values: Vec<&Expr> = items.iter().map(unstarred).collect();
        self.list_of(&values, &starred, span, dst);
    }

    /// dst = list of the items, those with a star unpacked.
    pub(super) fn list_of(&mut self, items: &[&'a Expr], starred: &[bool], span: Span, dst: u16) {
        let mark = self.top;
        let any_star = starred.contains(&true);
        if items.len() <= MAX_AT_ONCE && !any_star {
            let base = self.exprs_in_row(items);
            self.emit(span, Op::BuildList, dst, base, count(items.len()));
        } else {
            let s = self.scratch(dst);
            self.emit(span, Op::BuildList, s, s, 0);
            let inner = self.top;
            for (item, star) in items.iter().zip(starred) {
                let value = self.operand(item);
                let op = if *star {
                    Op::ListExtend
                } else {
                    Op::ListAppend
                };
                self.emit(span, op, s, value, 0);
                self.top = inner;
            }
            self.move_to(span, dst, s);
        }
        self.top = mark;
    }

    pub(super) fn set(&mut self, items: &'a [Expr], span: Span, dst: u16) {
        let s = self.scratch(dst);
        if items.len() >= MIN_CONSTANT
            && let Some(values) = fold::all(items)
        {
            self.emit(span, Op::BuildSet, s, s, 0);
            let t = self.alloc();
            self.load(span, t, Const::FrozenSet(values));
            self.emit(span, Op::SetUpdate, s, t, 0);
        } else if items.len() <= MAX_AT_ONCE && !items.iter().any(is_starred) {
            let items: Vec<&Expr> = items.iter().collect();
            let base = self.exprs_in_row(&items);
            return self.emit(span, Op::BuildSet, dst, base, count(items.len()));
        } else {
            self.emit(span, Op::BuildSet, s, s, 0);
            let mark = self.top;
            for item in items {
                let value = self.operand(unstarred(item));
                let op = if is_starred(item) {
                    Op::SetUpdate
                } else {
                    Op::SetAdd
                };
                self.emit(span, op, s, value, 0);
                self.top = mark;
            }
        }
        self.move_to(span, dst, s);
    }

    pub(super) fn dict(&mut self, items: &'a [(Option<Expr>, Expr)], span: Span, dst: u16) {
        let mark = self.top;
        if items.len() <= MAX_AT_ONCE / 2 && items.iter().all(|(key, _)| key.is_some()) {
            let base = self.top;
            for (key, value) in items {
                let pair = self.alloc_n(1);
                if let Some(key) = key {
                    self.expr_to(key, pair);
                }
                let slot = self.alloc();
                self.expr_to(value, slot);
            }
            self.emit(span, Op::BuildDict, dst, base, count(items.len()));
        } else {
            let s = self.scratch(dst);
            self.emit(span, Op::BuildDict, s, s, 0);
            let inner = self.top;
            for (key, value) in items {
                match key {
                    Some(key) => {
                        let key = self.operand_before(key, &[value]);
                        let value = self.operand(value);
                        self.emit(span, Op::DictSet, s, key, value);
                    }
                    None => {
                        let mapping = self.operand(value);
                        self.emit(span, Op::DictUpdate, s, mapping, 0);
                    }
                }
                self.top = inner;
            }
            self.move_to(span, dst, s);
        }
        self.top = mark;
    }
}

fn unstarred(e: &Expr) -> &Expr {
    match &e.kind {
        ExprKind::Starred(inner) => inner,
        _ => e,
    }
}
