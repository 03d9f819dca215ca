//! Rules for what is assigned and deleted.

use super::*;

/// The most targets before a starred one.
pub(super) const MAX_BEFORE_STAR: usize = 255;

impl<'a> Rules<'a> {
    /// A target of its own: not an item of an unpacking.
    pub(super) fn target(&mut self, target: &'a Expr) {
        if let ExprKind::Starred(inner) = &target.kind {
            let help = "add a comma to make it a tuple: `*rest, = items`";
            let title = "starred assignment target must be in a list or tuple";
            self.error(target.span, title, "collects several values", help);
            return self.target(inner);
        }
        match &target.kind {
            ExprKind::Name(name) => self.assigned(name, target.span),
            ExprKind::Attribute { value, attr } => {
                self.assigned(&attr.name, target.span);
                self.value(value);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => self.unpacking(items, target.span),
            ExprKind::Subscript { value, index } => self.subscript(value, index),
            _ => self.value(target),
        }
    }

    fn unpacking(&mut self, items: &'a [Expr], span: Span) {
        let mut star = None;
        for (i, item) in items.iter().enumerate() {
            match &item.kind {
                ExprKind::Starred(inner) => {
                    if star.is_some() {
                        let title = "multiple starred expressions in assignment";
                        let help = "one `*name` takes all that is left over; keep only one";
                        self.error(span, title, "which one would take how many?", help);
                        return;
                    }
                    star = Some(i);
                    self.target(inner);
                }
                _ => self.target(item),
            }
        }
        let after = star.map_or(0, |i| items.len() - i - 1);
        if star.unwrap_or(0).max(after) > MAX_BEFORE_STAR {
            let title = "too many expressions in star-unpacking assignment";
            self.error(span, title, "too many names", "use indexing and slices");
        }
    }

    pub(super) fn delete(&mut self, target: &'a Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.deleted(name, target.span),
            ExprKind::Attribute { value, attr } => {
                self.deleted(&attr.name, target.span);
                self.value(value);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|t| self.delete(t));
            }
            ExprKind::Subscript { value, index } => self.subscript(value, index),
            _ => self.value(target),
        }
    }

    /// A name that something assigns.
    pub(super) fn assigned(&mut self, name: &str, span: Span) {
        if name == "__debug__" {
            let help = "`__debug__` is a constant; use another name";
            self.error(span, "cannot assign to __debug__", "a constant", help);
        }
    }

    fn deleted(&mut self, name: &str, span: Span) {
        if name == "__debug__" {
            let help = "`__debug__` is a constant; use another name";
            self.error(span, "cannot delete __debug__", "a constant", help);
        }
    }
}
