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

    /// What stands between two `**mapping`s becomes a dict of its own, which is then merged: keys
    /// that must be compared are compared when they meet.
    pub(super) fn dict(&mut self, items: &'a [(Option<Expr>, Expr)], span: Span, dst: u16) {
        let mark = self.top;
        if items.len() <= MAX_AT_ONCE / 2 && items.iter().all(|(key, _)| key.is_some()) {
            self.pairs_at_once(items, span, dst);
        } else {
            let s = self.scratch(dst);
            let mut is_first = true;
            for part in items.split_inclusive(|(key, _)| key.is_none()) {
                let (pairs, mapping) = match part.split_last() {
                    Some(((None, mapping), pairs)) => (pairs, Some(mapping)),
                    _ => (part, None),
                };
                for pairs in pairs.chunks(MAX_AT_ONCE / 2 + 2) {
                    self.pairs_into(pairs, is_first, span, s);
                    is_first = false;
                }
                if let Some(mapping) = mapping {
                    if is_first {
                        self.emit(span, Op::BuildDict, s, s, 0);
                    }
                    let inner = self.top;
                    let mapping = self.operand(mapping);
                    self.emit(span, Op::DictUpdate, s, mapping, 0);
                    self.top = inner;
                    is_first = false;
                }
            }
            self.move_to(span, dst, s);
        }
        self.top = mark;
    }

    /// Adds pairs to the dict in a register; `is_first` says that there is none yet.
    fn pairs_into(
        &mut self,
        pairs: &'a [(Option<Expr>, Expr)],
        is_first: bool,
        span: Span,
        s: u16,
    ) {
        let mark = self.top;
        let dict = if is_first { s } else { self.alloc() };
        if pairs.len() <= MAX_AT_ONCE / 2 {
            self.pairs_at_once(pairs, span, dict);
        } else {
            self.emit(span, Op::BuildDict, dict, dict, 0);
            self.pairs_one_by_one(pairs, span, dict);
        }
        if !is_first {
            self.emit(span, Op::DictUpdate, s, dict, 0);
        }
        self.top = mark;
    }

    fn pairs_at_once(&mut self, pairs: &'a [(Option<Expr>, Expr)], span: Span, dst: u16) {
        let base = self.top;
        for (key, value) in pairs {
            let slot = self.alloc();
            if let Some(key) = key {
                self.expr_to(key, slot);
            }
            let slot = self.alloc();
            self.expr_to(value, slot);
        }
        self.emit(span, Op::BuildDict, dst, base, count(pairs.len()));
    }

    fn pairs_one_by_one(&mut self, pairs: &'a [(Option<Expr>, Expr)], span: Span, dict: u16) {
        let inner = self.top;
        for (key, value) in pairs {
            if let Some(key) = key {
                let key = self.operand_before(key, &[value]);
                let value = self.operand(value);
                self.emit(span, Op::DictSet, dict, key, value);
            }
            self.top = inner;
        }
    }
}

fn unstarred(e: &Expr) -> &Expr {
    match &e.kind {
        ExprKind::Starred(inner) => inner,
        _ => e,
    }
}
