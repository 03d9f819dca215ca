//! The part of the walk that goes through expressions and patterns.

use super::build::Builder;
use super::order::Code;
use super::*;
use crate::syntax::ast::*;

impl Builder<'_> {
    pub(super) fn optional(&mut self, e: Option<&Expr>) {
        if let Some(e) = e {
            self.expr(e);
        }
    }

    pub(super) fn exprs(&mut self, list: &[Expr]) {
        list.iter().for_each(|e| self.expr(e));
    }

    pub(super) fn expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Constant(_) | ExprKind::Invalid => {}
            ExprKind::JoinedStr(parts) => self.fstring(parts),
            ExprKind::Name(name) => self.load(name, e.span),
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                self.exprs(items);
            }
            ExprKind::Dict(items) => {
                for (key, value) in items {
                    self.optional(key.as_ref());
                    self.expr(value);
                }
            }
            ExprKind::Starred(x) | ExprKind::Unary { operand: x, .. } => self.expr(x),
            ExprKind::Attribute { value, .. } => self.expr(value),
            ExprKind::Binary { .. } => self.binary(e),
            ExprKind::Bool { values, .. } => self.exprs(values),
            ExprKind::Compare { left, rest } => {
                self.expr(left);
                rest.iter().for_each(|(_, e)| self.expr(e));
            }
            ExprKind::Conditional { test, body, orelse } => {
                self.expr(test);
                self.expr(body);
                self.expr(orelse);
            }
            ExprKind::Lambda { params, body } => {
                self.defaults(params);
                self.open(&**params, Part::Body, ScopeKind::Function, |b| {
                    b.params(params);
                    b.expr(body);
                    b.order(&Code::Value(body));
                });
            }
            ExprKind::Named { target, value } => self.named(target, value, e.span),
            ExprKind::Subscript { value, index } => {
                self.expr(value);
                self.expr(index);
            }
            ExprKind::Slice { lower, upper, step } => {
                for part in [lower, upper, step].into_iter().flatten() {
                    self.expr(part);
                }
            }
            ExprKind::Call { func, args } => {
                self.expr(func);
                self.args(args);
            }
            ExprKind::ListComp(c) => self.comprehension(c, ScopeKind::ListComp),
            ExprKind::SetComp(c) => self.comprehension(c, ScopeKind::SetComp),
            ExprKind::DictComp(c) => self.comprehension(c, ScopeKind::DictComp),
            ExprKind::GeneratorExp(c) => self.comprehension(c, ScopeKind::GeneratorExp),
            ExprKind::Await(x) => {
                self.expr(x);
                self.scope().awaits = true;
            }
            ExprKind::Yield(x) => {
                self.optional(x.as_deref());
                self.yields(e.span);
            }
            ExprKind::YieldFrom(x) => {
                self.expr(x);
                self.yields(e.span);
            }
        }
    }

    /// Long sums are walked without recursion.
    fn binary(&mut self, e: &Expr) {
        let mut rights = Vec::new();
        let mut left = e;
        while let ExprKind::Binary {
            left: next, right, ..
        } = &left.kind
        {
            rights.push(&**right);
            left = next;
        }
        self.expr(left);
        rights.into_iter().rev().for_each(|r| self.expr(r));
    }

    fn load(&mut self, name: &Name, span: Span) {
        self.note(name, span, USED);
        // `super()` without arguments needs the class around it.
        if &**name == "super" && self.kind().has_locals() {
            self.note(&Rc::from("__class__"), span, USED);
        }
    }

    pub(super) fn args(&mut self, args: &[Arg]) {
        for arg in args {
            match arg {
                Arg::Positional(e) | Arg::Star(e) => self.expr(e),
                _ => {}
            }
        }
        for arg in args {
            match arg {
                Arg::Keyword(_, e) | Arg::DoubleStar(e) => self.expr(e),
                _ => {}
            }
        }
    }

    fn fstring(&mut self, parts: &[FStringPart]) {
        for part in parts {
            if let FStringPart::Field(field) = part {
                self.expr(&field.value);
                if let Some(spec) = &field.spec {
                    self.fstring(spec);
                }
            }
        }
    }

    fn yields(&mut self, span: Span) {
        let what = match self.kind() {
            ScopeKind::ListComp => "list comprehension",
            ScopeKind::SetComp => "set comprehension",
            ScopeKind::DictComp => "dict comprehension",
            ScopeKind::GeneratorExp => "generator expression",
            _ => {
                self.scope().has_yield = true;
                return;
            }
        };
        let title = format!("'yield' inside {what}");
        let help = "write a `for` loop with the `yield` in its body";
        self.error(span, title, "cannot suspend here", help);
    }

    fn comprehension(&mut self, c: &Comprehension, kind: ScopeKind) {
        let Some((first, others)) = c.generators.split_first() else {
            return;
        };
        self.comp_iter(&first.iter);
        let id = self.open(c, Part::Body, kind, |b| {
            if kind == ScopeKind::GeneratorExp {
                b.param(&Rc::from(".0"), Span::default());
            }
            b.scope().awaits = first.is_async;
            b.comp_target(&first.target);
            b.exprs(&first.ifs);
            for generator in others {
                b.comp_iter(&generator.iter);
                b.scope().awaits |= generator.is_async;
                b.comp_target(&generator.target);
                b.exprs(&generator.ifs);
            }
            b.optional(c.key.as_ref());
            b.expr(&c.element);
            if kind == ScopeKind::GeneratorExp {
                b.order(&Code::Elements(c));
            }
        });
        let scope = self.scopes.get_mut(id);
        scope.has_yield = kind == ScopeKind::GeneratorExp;
        if scope.awaits && kind.is_inlined() {
            self.scope().awaits = true;
        }
    }

    /// Notes the names of a target; they must not clash with assignment expressions.
    fn comp_target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => {
                let before = self.note(name, target.span, BOUND | COMP_TARGET);
                if before & (GLOBAL | NONLOCAL) != 0 {
                    let title = format!(
                        "comprehension inner loop cannot rebind assignment expression target '{name}'"
                    );
                    let help = "give the loop's variable another name";
                    self.error(target.span, title, "bound by `:=` as well", help);
                }
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|t| self.comp_target(t));
            }
            ExprKind::Starred(inner) => self.comp_target(inner),
            _ => self.target(target),
        }
    }

    fn comp_iter(&mut self, iter: &Expr) {
        self.scope().comp_iter_depth += 1;
        self.expr(iter);
        self.scope().comp_iter_depth -= 1;
    }

    fn named(&mut self, target: &Ident, value: &Expr, span: Span) {
        if self.scope().comp_iter_depth > 0 {
            let title =
                "assignment expression cannot be used in a comprehension iterable expression";
            let help = format!("assign `{}` in a statement before", target.name);
            self.error(span, title.to_owned(), "in the iterable", &help);
            return;
        }
        self.expr(value);
        if self.kind().is_comprehension() {
            self.named_in_comprehension(target);
        } else {
            self.bind(target);
            let frame = self.scopes.get(self.current).frame;
            self.scopes.get_mut(frame).has_walrus = true;
        }
    }

    /// In a comprehension, `:=` binds in the scope around all comprehensions.
    fn named_in_comprehension(&mut self, target: &Ident) {
        let name = &target.name;
        let mut id = self.current;
        while self.scopes.get(id).kind.is_comprehension() {
            let symbol = self.scopes.get(id).symbols.get(name);
            if symbol.is_some_and(|s| s.flags & COMP_TARGET != 0) {
                let title = format!(
                    "assignment expression cannot rebind comprehension iteration variable '{name}'"
                );
                let help = "give the assigned variable another name";
                self.error(target.span, title, "already the loop's variable", help);
                return;
            }
            match self.scopes.get(id).parent {
                Some(parent) => id = parent,
                None => return,
            }
        }
        let (flags, what) = match self.scopes.get(id).kind {
            ScopeKind::Module => (GLOBAL, ""),
            ScopeKind::Class => (
                0,
                "assignment expression within a comprehension cannot be used in a class body",
            ),
            ScopeKind::TypeParams => (
                0,
                "assignment expression within a comprehension cannot be used within the definition of a generic",
            ),
            _ => (NONLOCAL, ""),
        };
        if flags == 0 {
            let help = "use a plain `for` loop and an assignment statement";
            self.error(target.span, what.to_owned(), "assigns here", help);
            return;
        }
        let frame = self.scopes.get(id).frame;
        self.scopes.get_mut(frame).has_walrus = true;
        let inner = self.current;
        self.current = id;
        let before = self.note(name, target.span, BOUND);
        self.current = inner;
        let declared = if before & GLOBAL != 0 { GLOBAL } else { flags };
        self.note(name, target.span, declared);
    }

    // Patterns

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Value(e) => self.expr(e),
            PatternKind::Singleton(_) => {}
            PatternKind::Sequence(items) | PatternKind::Or(items) => {
                items.iter().for_each(|p| self.pattern(p));
            }
            PatternKind::Mapping { items, rest } => {
                for (key, value) in items {
                    self.expr(key);
                    self.pattern(value);
                }
                rest.iter().for_each(|r| self.bind(r));
            }
            PatternKind::Class {
                cls,
                positional,
                keyword,
            } => {
                self.expr(cls);
                positional.iter().for_each(|p| self.pattern(p));
                keyword.iter().for_each(|(_, p)| self.pattern(p));
            }
            PatternKind::Star(name) => name.iter().for_each(|n| self.bind(n)),
            PatternKind::As { pattern, name } => {
                if let Some(inner) = pattern {
                    self.pattern(inner);
                }
                name.iter().for_each(|n| self.bind(n));
            }
        }
    }
}
