//! Assignment in all its forms, and `del`.

use super::*;
use crate::bytecode::opcode::{DIES_B, DIES_C};
use crate::compile::fold;
use crate::syntax::ast::BinaryOp;

impl<'a> Gen<'a> {
    /// `targets… = value`.
    pub(super) fn assign(&mut self, targets: &'a [Expr], value: &'a Expr) {
        let mark = self.top;
        match targets {
            [target] => self.assign_one(target, value),
            _ => {
                let t = self.alloc();
                self.expr_to(value, t);
                let last = targets.len().saturating_sub(1);
                for (i, target) in targets.iter().enumerate() {
                    self.store_target(target, t, i != last);
                }
            }
        }
        self.top = mark;
    }

    fn assign_one(&mut self, target: &'a Expr, value: &'a Expr) {
        if let Some(reg) = self.local_target(target) {
            return self.expr_to(value, reg);
        }
        if let (Some(targets), Some(values)) = (sequence(target), tuple_items(value))
            && targets.len() == values.len()
            && !targets.iter().chain(values).any(is_starred)
        {
            return self.assign_pairwise(targets, values);
        }
        let t = self.operand_before(value, &[target]);
        self.store_target(target, t, false);
    }

    /// `a, b = x, y`: no tuple is built; all values are known before the first store.
    fn assign_pairwise(&mut self, targets: &'a [Expr], values: &'a [Expr]) {
        let base = self.top;
        for value in values {
            let slot = self.alloc();
            self.expr_to(value, slot);
        }
        let backwards = fold::all(values).is_none() && self.are_stored_backwards(targets);
        for i in 0..targets.len() {
            let i = if backwards { targets.len() - 1 - i } else { i };
            self.store_item(targets, i, base);
        }
    }

    /// Whether CPython's optimizer has two or three locals assigned from the last, instead of turning
    /// the values over: not if the first and the last, or what is between them and one of these, are
    /// the same, or if they stand on several lines.
    fn are_stored_backwards(&self, targets: &'a [Expr]) -> bool {
        let [first, middle @ .., _] = targets else {
            return false;
        };
        let line = |e: &Expr| self.cx.source.line_of(e.span.start);
        let stored = |i: usize| match targets.get(i + 1) {
            Some(next) if self.is_overwritten(targets.get(i)?, next) => None,
            _ => self.local_target(targets.get(i)?),
        };
        let (from, to) = (stored(0), stored(targets.len() - 1));
        middle.len() <= 1
            && targets
                .iter()
                .all(|e| self.local_target(e).is_some() && line(e) == line(first))
            && from != to
            && (middle.is_empty() || stored(1).is_none_or(|it| Some(it) != from && Some(it) != to))
    }

    /// Stores a register into a target. A temporary is taken unless `keep`.
    pub(super) fn store_target(&mut self, target: &'a Expr, value: u16, keep: bool) {
        let mark = self.top;
        match &target.kind {
            ExprKind::Name(name) => self.store_kept(name, target.span, value, keep),
            ExprKind::Attribute {
                value: object,
                attr,
            } => {
                let object = self.operand(object);
                let name = self.mangled(&attr.name);
                let span = self.attribute_span(target.span, attr.span);
                let kept = if keep { DIES_B } else { 0 };
                self.asm
                    .emit_site(span, Op::StoreAttr, object, value, &name, kept);
            }
            ExprKind::Subscript {
                value: object,
                index,
            } => {
                let object = self.operand_before(object, &[index]);
                let index = self.operand(index);
                let kept = if keep { DIES_C } else { 0 };
                self.emit_kept(target.span, Op::SetItem, [object, index, value], kept);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                self.unpack(items, target.span, value, keep);
            }
            // Its parent looks at the star.
            ExprKind::Starred(inner) => self.store_target(inner, value, keep),
            _ => {}
        }
        self.top = mark;
    }

    /// Where a value for the target may be put right away: the local's register, or `t`.
    pub(super) fn landing(&self, target: &'a Expr, t: u16) -> u16 {
        self.local_target(target).unwrap_or(t)
    }

    fn unpack(&mut self, items: &'a [Expr], span: Span, value: u16, keep: bool) {
        let kept = if keep { DIES_B } else { 0 };
        let count = count(items.len());
        let star = items.iter().position(is_starred);
        if star.is_none()
            && let Some(first) = self.neighbouring_locals(items)
        {
            self.emit_kept(span, Op::Unpack, [first, value, count], kept);
            (first..first + count).for_each(|reg| self.asm.set_bound(reg));
            return;
        }
        let base = self.alloc_n(count);
        match star {
            None => self.emit_kept(span, Op::Unpack, [base, value, count], kept),
            Some(before) => {
                let after = items.len() - before - 1;
                let counts = (before | after << 8) as u16;
                self.emit_kept(span, Op::UnpackStar, [base, value, counts], kept);
            }
        }
        for i in 0..items.len() {
            self.store_item(items, i, base);
        }
    }

    /// Stores one of the values that stand from `base` on into its target.
    fn store_item(&mut self, items: &'a [Expr], i: usize, base: u16) {
        let Some(item) = items.get(i) else {
            return;
        };
        let next = items.get(i + 1);
        if next.is_some_and(|next| self.is_overwritten(item, next)) {
            self.emit(item.span, Op::Clear, nth(base, i), 0, 0);
        } else {
            self.store_target(item, nth(base, i), false);
        }
    }

    /// Of two stores to one local that follow each other in one line CPython makes the second only.
    fn is_overwritten(&self, item: &'a Expr, next: &'a Expr) -> bool {
        let line = |e: &Expr| self.cx.source.line_of(e.span.start);
        self.item_local(item)
            .is_some_and(|own| self.item_local(next) == Some(own) && line(item) == line(next))
    }

    /// The register of a local that is a target, with a star or without.
    fn item_local(&self, item: &'a Expr) -> Option<u16> {
        match &item.kind {
            ExprKind::Starred(inner) => self.local_target(inner),
            _ => self.local_target(item),
        }
    }

    /// The first register, if the targets are locals in neighbouring registers.
    fn neighbouring_locals(&self, items: &'a [Expr]) -> Option<u16> {
        let first = self.local_target(items.first()?)?;
        let row = items
            .iter()
            .enumerate()
            .all(|(i, item)| self.local_target(item) == Some(nth(first, i)));
        row.then_some(first)
    }

    /// `target op= value`.
    pub(super) fn aug_assign(
        &mut self,
        target: &'a Expr,
        op: BinaryOp,
        value: &'a Expr,
        span: Span,
    ) {
        let mark = self.top;
        match &target.kind {
            ExprKind::Name(name) => match self.local_target(target) {
                Some(reg) if !self.may_assign(&[value]) => {
                    self.local(name, target.span);
                    self.in_place(op, reg, value, span, reg);
                }
                local => {
                    let t = self.alloc();
                    self.load_name(name, target.span, t);
                    let to = local.unwrap_or(t);
                    self.in_place(op, t, value, span, to);
                    if local.is_none() {
                        self.store(name, target.span, t);
                    }
                }
            },
            ExprKind::Attribute {
                value: object,
                attr,
            } => {
                let object = self.operand_before(object, &[value]);
                let t = self.alloc();
                let name = self.mangled(&attr.name).into_owned();
                let at = self.attribute_span(target.span, attr.span);
                self.asm
                    .emit_site(at, Op::LoadAttr, t, object, &name, DIES_B);
                self.in_place(op, t, value, span, t);
                self.asm.emit_site(at, Op::StoreAttr, object, t, &name, 0);
            }
            ExprKind::Subscript {
                value: object,
                index,
            } => {
                let object = self.operand_before(object, &[index, value]);
                let index = self.operand_before(index, &[value]);
                let t = self.alloc();
                let kept = DIES_B | DIES_C;
                self.emit_kept(target.span, Op::GetItem, [t, object, index], kept);
                self.in_place(op, t, value, span, t);
                self.emit(target.span, Op::SetItem, object, index, t);
            }
            _ => {}
        }
        self.top = mark;
    }

    /// `target: annotation = value`.
    pub(super) fn ann_assign(
        &mut self,
        target: &'a Expr,
        annotation: &'a Expr,
        value: Option<&'a Expr>,
        simple: bool,
        span: Span,
    ) {
        let mark = self.top;
        if let Some(value) = value {
            self.assign_one(target, value);
        }
        self.top = mark;
        let evaluated = matches!(
            self.frame_scope().kind,
            ScopeKind::Module | ScopeKind::Class
        );
        match &target.kind {
            ExprKind::Name(name) if simple => {
                if evaluated {
                    self.note_annotation(name, annotation, span);
                }
                return;
            }
            ExprKind::Attribute { value: object, .. } if value.is_none() => self.discard(object),
            ExprKind::Subscript {
                value: object,
                index,
            } if value.is_none() => {
                self.discard(object);
                self.discard(index);
            }
            _ => {}
        }
        if evaluated && !self.cx.scopes.future_annotations {
            self.discard(annotation);
        }
    }

    /// `__annotations__['name'] = annotation`.
    fn note_annotation(&mut self, name: &Name, annotation: &'a Expr, span: Span) {
        let mark = self.top;
        let value = self.alloc();
        self.annotation_to(annotation, value);
        let dict = self.alloc();
        self.load_name(&Rc::from("__annotations__"), span, dict);
        let key = self.alloc();
        let name = self.mangled(name).into_owned();
        self.load_str(span, key, &name);
        self.emit(span, Op::SetItem, dict, key, value);
        self.top = mark;
    }

    /// dst = an annotation: its value, or its text under `from __future__ import annotations`.
    pub(super) fn annotation_to(&mut self, annotation: &'a Expr, dst: u16) {
        if self.cx.scopes.future_annotations {
            let text: Rc<str> = Rc::from(self.cx.source.slice(annotation.span));
            self.load_str(annotation.span, dst, &text);
        } else {
            self.expr_to(annotation, dst);
        }
    }

    /// `del target`.
    pub(super) fn delete(&mut self, target: &'a Expr) {
        let mark = self.top;
        match &target.kind {
            ExprKind::Name(name) => self.delete_name(name, target.span),
            ExprKind::Attribute { value, attr } => {
                let object = self.operand(value);
                let name = self.mangled(&attr.name);
                let span = self.attribute_span(target.span, attr.span);
                self.asm
                    .emit_site(span, Op::DeleteAttr, object, 0, &name, 0);
            }
            ExprKind::Subscript { value, index } => {
                let object = self.operand_before(value, &[index]);
                let index = self.operand(index);
                self.emit(target.span, Op::DelItem, object, index, 0);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.delete(item));
            }
            _ => {}
        }
        self.top = mark;
    }
}

fn is_starred(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Starred(_))
}

/// The targets of an unpacking assignment.
fn sequence(target: &Expr) -> Option<&[Expr]> {
    match &target.kind {
        ExprKind::Tuple(items) | ExprKind::List(items) => Some(items),
        _ => None,
    }
}

/// The items of a short display on the right of an assignment.
fn tuple_items(value: &Expr) -> Option<&[Expr]> {
    match &value.kind {
        ExprKind::Tuple(items) if (1..=16).contains(&items.len()) => Some(items),
        _ => None,
    }
}
