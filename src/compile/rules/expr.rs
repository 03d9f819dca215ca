//! Rules for expressions.

use super::*;
use crate::syntax::ast::ExprKind as E;
use std::collections::HashMap;

impl<'a> Rules<'a> {
    pub(super) fn optional(&mut self, e: Option<&'a Expr>) {
        if let Some(e) = e {
            self.value(e);
        }
    }

    /// An expression where exactly one value is wanted.
    pub(super) fn value(&mut self, e: &'a Expr) {
        if let E::Starred(inner) = &e.kind {
            let help = "put it into a list or tuple: `[*items]`, or into a call: `f(*items)`";
            let title = "can't use starred expression here";
            self.error(e.span, title, "stands for many values", help);
            return self.value(inner);
        }
        self.expr(e);
    }

    /// Expressions among which a star is allowed.
    pub(super) fn items(&mut self, items: &'a [Expr]) {
        for item in items {
            match &item.kind {
                E::Starred(inner) => self.value(inner),
                _ => self.expr(item),
            }
        }
    }

    pub(super) fn subscript(&mut self, value: &'a Expr, index: &'a Expr) {
        self.value(value);
        self.items(std::slice::from_ref(index));
    }

    fn expr(&mut self, e: &'a Expr) {
        match &e.kind {
            E::Constant(_) | E::Name(_) | E::Invalid => {}
            E::JoinedStr(parts) => self.fstring(parts),
            E::Tuple(items) | E::List(items) | E::Set(items) => self.items(items),
            E::Dict(items) => {
                for (key, value) in items {
                    self.optional(key.as_ref());
                    self.value(value);
                }
            }
            E::Starred(inner) => self.value(inner),
            E::Unary { op, operand } => {
                match &operand.kind {
                    // `not (x is 1)` is compiled as `x is not 1`.
                    E::Compare { left, rest } if *op == UnaryOp::Not && rest.len() == 1 => {
                        self.warn_identity(left, rest, operand.span, true);
                        self.value(left);
                        rest.iter().for_each(|(_, e)| self.value(e));
                    }
                    _ => self.value(operand),
                }
            }
            E::Binary { .. } => self.binary(e),
            E::Bool { values, .. } => values.iter().for_each(|v| self.value(v)),
            E::Compare { left, rest } => {
                self.warn_identity(left, rest, e.span, false);
                self.value(left);
                rest.iter().for_each(|(_, e)| self.value(e));
            }
            E::Conditional { test, body, orelse } => {
                self.value(test);
                self.value(body);
                self.value(orelse);
            }
            E::Lambda { params, body } => self.lambda(params, body),
            E::Named { target, value } => {
                self.not_frozen("named", e.span);
                self.assigned(&target.name, target.span);
                self.value(value);
            }
            E::Attribute { value, .. } => self.value(value),
            E::Subscript { value, index } => {
                self.warn_subscript(value, index, e.span);
                self.subscript(value, index);
            }
            E::Slice { lower, upper, step } => {
                for part in [lower, upper, step].into_iter().flatten() {
                    self.value(part);
                }
            }
            E::Call { func, args } => {
                self.warn_call(func, e.span);
                self.value(func);
                self.args(args);
            }
            E::ListComp(c) | E::SetComp(c) | E::DictComp(c) => self.inlined(c, e.span),
            E::GeneratorExp(c) => self.generator_exp(c),
            E::Await(x) => {
                self.awaits(e.span);
                self.value(x);
            }
            E::Yield(x) => {
                self.yields("'yield' outside function", e.span);
                self.optional(x.as_deref());
            }
            E::YieldFrom(x) => {
                if self.place.unit == Unit::AsyncFunction {
                    let help = "write `async for item in source: yield item`; for a coroutine, write `await`";
                    let title = "'yield from' inside async function";
                    self.error(e.span, title, "cannot delegate here", help);
                } else {
                    self.yields("'yield from' outside function", e.span);
                }
                self.value(x);
            }
        }
    }

    fn awaits(&mut self, span: Span) {
        self.not_frozen("await", span);
        if self.is_async() {
            return;
        }
        let title = if self.is_function() {
            "'await' outside async function"
        } else {
            "'await' outside function"
        };
        let help = self.async_help();
        self.error(span, title, "only a coroutine can await", &help);
    }

    fn yields(&mut self, title: &str, span: Span) {
        if self.not_frozen("yield", span) && !self.is_function() && !self.place.in_comprehension {
            let help = "put this into a `def`: calling that makes a generator";
            self.error(span, title, "not in the body of a function", help);
        }
    }

    /// Refuses what must not occur in bounds of type parameters and their kin.
    fn not_frozen(&mut self, what: &str, span: Span) -> bool {
        let Some(place) = self.place.frozen else {
            return true;
        };
        let title = format!("{what} expression cannot be used within {place}");
        let help = "compute the value in a statement before";
        self.error(
            span,
            title,
            "evaluated only when somebody asks for it",
            help,
        );
        false
    }

    /// Long sums are walked without recursion.
    fn binary(&mut self, e: &'a Expr) {
        let mut rights = Vec::new();
        let mut left = e;
        while let E::Binary {
            left: next, right, ..
        } = &left.kind
        {
            rights.push(&**right);
            left = next;
        }
        self.value(left);
        rights.into_iter().rev().for_each(|r| self.value(r));
    }

    fn fstring(&mut self, parts: &'a [FStringPart]) {
        for part in parts {
            if let FStringPart::Field(field) = part {
                self.value(&field.value);
                if let Some(spec) = &field.spec {
                    self.fstring(spec);
                }
            }
        }
    }

    fn lambda(&mut self, params: &'a Params, body: &'a Expr) {
        self.defaults(params);
        self.in_function(Unit::Function, "<lambda>", false, |r| {
            r.param_names(params);
            r.value(body);
        });
    }

    pub(super) fn args(&mut self, args: &'a [Arg]) {
        self.repeated_keyword(args);
        for arg in args {
            match arg {
                Arg::Positional(e) => self.value(e),
                Arg::Star(e) | Arg::DoubleStar(e) => self.value(e),
                Arg::Keyword(name, e) => {
                    let span = name.span.to(e.span);
                    self.assigned(&name.name, span);
                    self.value(e);
                }
            }
        }
    }

    /// Of several repeated keywords the one that comes first is reported, at its second place.
    fn repeated_keyword(&mut self, args: &'a [Arg]) {
        let mut first = HashMap::new();
        let mut found: Option<(usize, &Ident, Span)> = None;
        for (i, arg) in args.iter().enumerate() {
            let Arg::Keyword(name, value) = arg else {
                continue;
            };
            let earlier = *first.entry(&*name.name).or_insert(i);
            if earlier < i && found.is_none_or(|(best, ..)| earlier < best) {
                found = Some((earlier, name, name.span.to(value.span)));
            }
        }
        if let Some((_, name, span)) = found {
            let title = format!("keyword argument repeated: {}", name.name);
            self.error(span, title, "given twice", "keep one of the two");
        }
    }

    /// A list, set or dict comprehension.
    fn inlined(&mut self, c: &'a Comprehension, span: Span) {
        let awaits = self.scopes.get(self.scopes.body(c)).awaits;
        let Some(first) = c.generators.first() else {
            return;
        };
        self.value(&first.iter);
        let mut place = Place {
            in_comprehension: true,
            ..self.place
        };
        // What is frozen is a function of its own, which is not asynchronous.
        if awaits && (!self.is_async() || self.place.frozen.is_some()) {
            let title = "asynchronous comprehension outside of an asynchronous function";
            let help = self.async_help();
            self.error(span, title, "needs a coroutine around it", &help);
            place.unit = Unit::Comprehension;
        }
        self.at(place, |r| r.comprehension(c));
    }

    fn generator_exp(&mut self, c: &'a Comprehension) {
        if let Some(first) = c.generators.first() {
            self.value(&first.iter);
        }
        let place = Place {
            unit: Unit::Comprehension,
            around: Around::Nothing,
            in_star: false,
            ..self.place
        };
        self.at(place, |r| r.comprehension(c));
    }

    /// Everything but the first iterable.
    fn comprehension(&mut self, c: &'a Comprehension) {
        for (i, generator) in c.generators.iter().enumerate() {
            if i > 0 {
                self.value(&generator.iter);
            }
            self.target(&generator.target);
            generator.ifs.iter().for_each(|e| self.value(e));
        }
        self.optional(c.key.as_ref());
        self.value(&c.element);
    }
}
