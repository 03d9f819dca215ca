//! Rules for `match`.

use super::*;
use crate::bytecode::Const;
use crate::bytecode::disasm::constant_text;
use crate::compile::fold;
use crate::text::complex;
use std::collections::{BTreeSet, HashSet};

impl<'a> Rules<'a> {
    pub(super) fn match_stmt(&mut self, subject: &'a Expr, cases: &'a [MatchCase]) {
        self.value(subject);
        let last = cases.len().saturating_sub(1);
        for (i, case) in cases.iter().enumerate() {
            let may_match_all = i == last || case.guard.is_some();
            self.pattern(&case.pattern, may_match_all, &mut Vec::new());
            self.optional(case.guard.as_ref());
            self.block(&case.body);
        }
    }

    /// A pattern that matches everything may only be the last one.
    fn unreachable(&mut self, name: Option<&'a Ident>, span: Span) {
        let title = match name {
            Some(name) => {
                let name = &name.name;
                format!("name capture '{name}' makes remaining patterns unreachable")
            }
            None => "wildcard makes remaining patterns unreachable".to_owned(),
        };
        let help = "move it to the end; to compare with a variable's value, write a dotted name";
        self.error(span, title, "matches everything", help);
    }

    /// Notes the names that the pattern binds. `last`: it may match everything.
    fn pattern(&mut self, p: &'a Pattern, last: bool, names: &mut Vec<&'a str>) {
        match &p.kind {
            PatternKind::Value(e) => {
                if matches!(e.kind, ExprKind::JoinedStr(_)) {
                    let title = "patterns may only match literals and attribute lookups";
                    let help = "compare in a guard: `case text if text == ...`";
                    self.error(e.span, title, "made while the program runs", help);
                }
                self.value(e);
            }
            PatternKind::Singleton(_) => {}
            PatternKind::Sequence(items) => {
                let is_star = |p: &&Pattern| matches!(p.kind, PatternKind::Star(_));
                if items.iter().filter(is_star).count() > 1 {
                    let title = "multiple starred names in sequence pattern";
                    let help = "one `*name` takes all that is left over; keep only one";
                    self.error(p.span, title, "which one would take how many?", help);
                }
                items
                    .iter()
                    .for_each(|item| self.pattern(item, true, names));
            }
            PatternKind::Mapping { items, rest } => {
                self.mapping_keys(items, p.span);
                for (key, value) in items {
                    self.value(key);
                    self.pattern(value, true, names);
                }
                if let Some(rest) = rest {
                    self.capture(rest, p.span, names);
                }
            }
            PatternKind::Class {
                cls,
                positional,
                keyword,
            } => {
                self.value(cls);
                positional
                    .iter()
                    .for_each(|item| self.pattern(item, true, names));
                self.attribute_names(keyword);
                keyword
                    .iter()
                    .for_each(|(_, item)| self.pattern(item, true, names));
            }
            PatternKind::Star(name) => {
                if let Some(name) = name {
                    self.capture(name, p.span, names);
                }
            }
            PatternKind::As { pattern, name } => {
                match pattern {
                    Some(inner) => self.pattern(inner, last, names),
                    None if !last => return self.unreachable(name.as_ref(), p.span),
                    None => {}
                }
                if let Some(name) = name {
                    self.capture(name, p.span, names);
                }
            }
            PatternKind::Or(alternatives) => self.or_pattern(alternatives, p.span, last, names),
        }
    }

    fn capture(&mut self, name: &'a Ident, span: Span, names: &mut Vec<&'a str>) {
        self.assigned(&name.name, span);
        if names.contains(&&*name.name) {
            let title = format!("multiple assignments to name '{}' in pattern", name.name);
            let help = "give each part its own name, and compare them in a guard: `if a == b`";
            self.error(span, title, "bound twice", help);
        }
        names.push(&name.name);
    }

    fn or_pattern(
        &mut self,
        alternatives: &'a [Pattern],
        span: Span,
        last: bool,
        names: &mut Vec<&'a str>,
    ) {
        let end = alternatives.len().saturating_sub(1);
        let before = names.len();
        let mut first: Option<Vec<&'a str>> = None;
        for (i, alternative) in alternatives.iter().enumerate() {
            let mut own: Vec<&'a str> = names.iter().take(before).copied().collect();
            self.pattern(alternative, last && i == end, &mut own);
            let own: Vec<&'a str> = own.into_iter().skip(before).collect();
            match &first {
                None => first = Some(own),
                Some(expected) => {
                    let expected: BTreeSet<_> = expected.iter().collect();
                    if expected != own.iter().collect() {
                        let title = "alternative patterns bind different names";
                        let help = "bind the same names on both sides of `|`";
                        return self.error(span, title, "not bound in every case", help);
                    }
                }
            }
        }
        names.extend(first.unwrap_or_default());
    }

    fn mapping_keys(&mut self, items: &'a [(Expr, Pattern)], span: Span) {
        let mut seen = HashSet::new();
        for (key, _) in items {
            if matches!(key.kind, ExprKind::JoinedStr(_)) {
                let title = "mapping pattern keys may only match literals and attribute lookups";
                let help = "compare in a guard: `case {**rest} if text in rest`";
                return self.error(span, title, "a key made while the program runs", help);
            }
            let Some((value, text)) = fold::constant(key)
                .map(|value| (equality(&value), constant_text(&value)))
                .or_else(|| complex_key(key))
            else {
                continue;
            };
            if !seen.insert(value) {
                let title = format!("mapping pattern checks duplicate key ({text})");
                return self.error(span, title, "the same key twice", "keep one of the two");
            }
        }
    }

    fn attribute_names(&mut self, keyword: &'a [(Ident, Pattern)]) {
        let mut seen = HashSet::new();
        for (name, pattern) in keyword {
            self.assigned(&name.name, pattern.span);
            if !seen.insert(&*name.name) {
                let title = format!("attribute name repeated in class pattern: {}", name.name);
                self.error(
                    pattern.span,
                    title,
                    "asked for twice",
                    "keep one of the two",
                );
            }
        }
    }
}

/// What `-2j` or `1 + 2j` is equal to, and its text: its parts are literals.
fn complex_key(key: &Expr) -> Option<(String, String)> {
    let (real, imaginary) = match &key.kind {
        ExprKind::Unary { operand, .. } => match fold::constant(operand)? {
            Const::Imaginary(imaginary) => (-0.0, -imaginary),
            _ => return None,
        },
        ExprKind::Binary { op, left, right } => {
            let real = match fold::constant(left)? {
                Const::Int(i) => i as f64,
                Const::Float(f) => f,
                _ => return None,
            };
            match fold::constant(right)? {
                Const::Imaginary(imaginary) if *op == BinaryOp::Sub => (real, 0.0 - imaginary),
                Const::Imaginary(imaginary) => (real, imaginary),
                _ => return None,
            }
        }
        _ => return None,
    };
    let text = complex::repr(real, imaginary);
    if imaginary == 0.0 {
        return Some((equality(&Const::Float(real)), text));
    }
    // A zero has no sign where it is compared.
    Some((complex::repr(real + 0.0, imaginary), text))
}

/// Equal keys have equal texts: `1`, `1.0` and `True` are one key.
fn equality(value: &Const) -> String {
    match value {
        Const::True => "1".to_owned(),
        Const::False => "0".to_owned(),
        Const::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => (*f as i64).to_string(),
        Const::Imaginary(f) if *f == 0.0 => "0".to_owned(),
        other => constant_text(other),
    }
}
