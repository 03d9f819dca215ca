//! `match`: each pattern is a row of tests that jump to the next case on failure. Names are bound
//! only when the whole pattern has matched, as CPython does.

use super::*;
use crate::bytecode::opcode::{DIES_A, DIES_B, DIES_C};
use crate::compile::assembler::Label;
use crate::compile::fold;
use crate::syntax::ast::{CompareOp, Constant, Ident, MatchCase, Pattern, PatternKind};
use std::ops::Range;

/// What a pattern is tested against.
#[derive(Clone, Copy)]
struct Subject {
    reg: u16,
    /// Somebody else still needs the register after this pattern.
    kept: bool,
}

/// The state of one case (or one alternative) under test.
struct Trial<'a> {
    /// Names that the pattern binds, and the temporaries that hold the values.
    captures: Vec<(&'a Ident, u16)>,
    /// How many of them there are when a test fails while other parts still wait for theirs: these
    /// die after those.
    settled: usize,
    /// How many parts wait.
    waiting: usize,
    /// The first of the registers that hold the parts of each thing taken apart.
    levels: Vec<u16>,
    fail: Label,
}

impl Trial<'_> {
    fn new(fail: Label) -> Self {
        Trial {
            captures: Vec::new(),
            settled: 0,
            waiting: 0,
            levels: Vec::new(),
            fail,
        }
    }
}

impl<'a> Gen<'a> {
    pub(super) fn match_stmt(&mut self, subject: &'a Expr, cases: &'a [MatchCase]) {
        let mark = self.top;
        // A copy of its own: patterns and guards may assign the variable that was given.
        let reg = self.alloc();
        self.expr_to(subject, reg);
        let done = self.asm.label();
        let default = cases
            .last()
            .filter(|c| cases.len() > 1 && is_wildcard(&c.pattern));
        let tested = cases.len() - usize::from(default.is_some());
        for (i, case) in cases.iter().take(tested).enumerate() {
            self.top = reg + 1;
            let subject = Subject {
                reg,
                kept: i + 1 < tested,
            };
            self.case(case, subject, done);
        }
        if let Some(case) = default {
            self.default_case(case, done);
        }
        self.asm.bind(done);
        self.top = mark;
    }

    /// `case _:` after others: the subject is gone.
    fn default_case(&mut self, case: &'a MatchCase, done: Label) {
        if let Some(guard) = &case.guard {
            self.jump_unless(guard, done);
        }
        self.block(&case.body);
    }

    /// The last case that is tested has the subject for itself: it dies with the test. Else it is
    /// kept for the next case, and dies before the body.
    fn case(&mut self, case: &'a MatchCase, subject: Subject, done: Label) {
        let next = self.asm.label();
        let low = self.top;
        let mut trial = Trial::new(next);
        let highest = std::mem::replace(&mut self.highest, low);
        self.pattern(&case.pattern, subject, &mut trial);
        let used = std::mem::replace(&mut self.highest, 0);
        self.highest = highest.max(used);
        for (name, value) in &trial.captures {
            self.store(&name.name, case.pattern.span, *value);
        }
        self.top = low;
        if let Some(guard) = &case.guard {
            self.jump_unless(guard, next);
        }
        if subject.kept {
            let first = case.body.first().map_or(NOWHERE, |s| s.span);
            self.clear_at(first, subject.reg);
        }
        self.top = subject.reg;
        self.block(&case.body);
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, done);
        self.asm.bind(next);
        let rest = if is_simple(&case.pattern) {
            low..low
        } else {
            low..used
        };
        let own = (!subject.kept).then_some(subject.reg);
        self.clear_failed(case.pattern.span, rest, own, &trial);
    }

    /// After a test that has failed: what was still to be tested dies before the subject, and that
    /// before what was captured.
    fn clear_failed(
        &mut self,
        span: Span,
        rest: Range<u16>,
        subject: Option<u16>,
        trial: &Trial<'a>,
    ) {
        let settled = trial.captures.get(..trial.settled).unwrap_or_default();
        let captured: Vec<u16> = settled.iter().map(|(_, value)| *value).collect();
        // The parts of a part before the others of the whole.
        let mut all: Vec<u16> = Vec::new();
        let mut end = rest.end;
        for start in trial.levels.iter().rev().chain([&rest.start]) {
            all.extend(*start..end);
            end = end.min(*start);
        }
        all.extend(subject);
        for reg in all.iter().filter(|reg| !captured.contains(reg)) {
            self.clear_at(span, *reg);
        }
        for reg in captured.iter().filter(|reg| all.contains(reg)) {
            self.clear_at(span, *reg);
        }
    }

    /// Tests; on failure jumps to `trial.fail`. Unless the subject is kept, it is dead afterwards
    /// or has become a capture.
    fn pattern(&mut self, p: &'a Pattern, subject: Subject, trial: &mut Trial<'a>) {
        let tests = !matches!(p.kind, PatternKind::Star(_) | PatternKind::As { .. });
        if tests && trial.waiting > 0 {
            trial.settled = trial.captures.len();
        }
        match &p.kind {
            PatternKind::Value(e) => self.value_pattern(e, p.span, subject, trial),
            PatternKind::Singleton(c) => self.singleton(c, p.span, subject, trial),
            PatternKind::Sequence(items) => self.sequence(items, p.span, subject, trial),
            PatternKind::Mapping { items, rest } => {
                self.mapping(items, rest.as_ref(), p.span, subject, trial);
            }
            PatternKind::Class {
                cls,
                positional,
                keyword,
            } => self.class_pattern(cls, positional, keyword, p.span, subject, trial),
            // Its parent makes the list.
            PatternKind::Star(name) => self.capture(name.as_ref(), p.span, subject, trial),
            PatternKind::As { pattern, name } => match pattern {
                None => self.capture(name.as_ref(), p.span, subject, trial),
                Some(inner) => {
                    let kept = Subject {
                        reg: subject.reg,
                        kept: true,
                    };
                    trial.waiting += 1;
                    self.pattern(inner, kept, trial);
                    trial.waiting -= 1;
                    self.capture(name.as_ref(), p.span, subject, trial);
                }
            },
            PatternKind::Or(alternatives) => {
                self.or_pattern(alternatives, p.span, subject, trial);
            }
        }
    }

    /// The subject becomes the value of a name, or is dropped.
    fn capture(
        &mut self,
        name: Option<&'a Ident>,
        span: Span,
        subject: Subject,
        trial: &mut Trial<'a>,
    ) {
        let Some(name) = name else {
            return self.drop_subject(span, subject);
        };
        let value = if subject.kept {
            let t = self.alloc();
            self.emit(span, Op::Copy, t, subject.reg, 0);
            t
        } else {
            subject.reg
        };
        trial.captures.push((name, value));
    }

    fn drop_subject(&mut self, span: Span, subject: Subject) {
        if !subject.kept {
            self.clear_at(span, subject.reg);
        }
    }

    fn value_pattern(&mut self, e: &'a Expr, span: Span, subject: Subject, trial: &Trial<'a>) {
        let kept = if subject.kept { DIES_A } else { 0 };
        let (mark, reg) = (self.top, subject.reg);
        if let Some(Const::Int(i)) = fold::constant(e)
            && let Ok(i) = i16::try_from(i)
        {
            self.branch_small(span, CompareOp::Eq, reg, i, kept, false, trial.fail);
        } else {
            let value = self.compare_operand(CompareOp::Eq, e);
            let operands = [reg, value];
            self.branch_compare(span, CompareOp::Eq, operands, kept, false, trial.fail);
        }
        self.top = mark;
    }

    fn singleton(&mut self, c: &'a Constant, span: Span, subject: Subject, trial: &Trial<'a>) {
        let kept = if subject.kept { DIES_A } else { 0 };
        if matches!(c, Constant::None) {
            return self
                .asm
                .jump(span, Op::JumpIfNotNone, subject.reg, 0, kept, trial.fail);
        }
        let t = self.alloc();
        self.load(span, t, fold::literal(c));
        let kept = if subject.kept { DIES_B } else { 0 };
        self.emit_kept(span, Op::Is, [t, subject.reg, t], kept);
        self.branch(span, t, false, 0, trial.fail);
        self.top = t;
    }

    fn test(&mut self, op: Op, span: Span, subject: Subject, trial: &Trial<'a>) {
        let t = self.alloc();
        self.emit(span, op, t, subject.reg, 0);
        self.branch(span, t, false, 0, trial.fail);
        self.top = t;
    }

    /// Fails unless `len(subject)` compares so with `n`.
    fn test_length(
        &mut self,
        op: CompareOp,
        n: usize,
        span: Span,
        subject: Subject,
        trial: &Trial<'a>,
    ) {
        let t = self.alloc();
        self.emit(span, Op::GetLen, t, subject.reg, 0);
        let n = i16::try_from(n).unwrap_or(i16::MAX);
        self.branch_small(span, op, t, n, 0, false, trial.fail);
        self.top = t;
    }

    fn sequence(
        &mut self,
        items: &'a [Pattern],
        span: Span,
        subject: Subject,
        trial: &mut Trial<'a>,
    ) {
        let star = items
            .iter()
            .position(|p| matches!(p.kind, PatternKind::Star(_)));
        self.test(Op::MatchSequence, span, subject, trial);
        match star {
            None => self.test_length(CompareOp::Eq, items.len(), span, subject, trial),
            Some(_) if items.len() > 1 => {
                let least = items.len() - 1;
                self.test_length(CompareOp::GtE, least, span, subject, trial);
            }
            Some(_) => {}
        }
        let star_wild = star
            .and_then(|i| items.get(i))
            .is_some_and(|p| matches!(p.kind, PatternKind::Star(None)));
        if items.iter().all(is_wildcard) {
            self.drop_subject(span, subject);
        } else if star_wild {
            self.sequence_by_index(items, star.unwrap_or(0), span, subject, trial);
        } else {
            self.sequence_unpacked(items, star, span, subject, trial);
        }
    }

    fn sequence_unpacked(
        &mut self,
        items: &'a [Pattern],
        star: Option<usize>,
        span: Span,
        subject: Subject,
        trial: &mut Trial<'a>,
    ) {
        let base = self.alloc_n(count(items.len()));
        let kept = if subject.kept { DIES_B } else { 0 };
        match star {
            None => {
                let count = count(items.len());
                self.emit_kept(span, Op::Unpack, [base, subject.reg, count], kept);
            }
            Some(before) => {
                let after = items.len() - before - 1;
                let counts = (before | after << 8) as u16;
                self.emit_kept(span, Op::UnpackStar, [base, subject.reg, counts], kept);
            }
        }
        self.parts(items.iter(), base, trial);
    }

    /// Tests the parts of something, which stand in registers from `base` on.
    fn parts(
        &mut self,
        patterns: impl Iterator<Item = &'a Pattern> + Clone,
        base: u16,
        trial: &mut Trial<'a>,
    ) {
        trial.levels.push(base);
        let waiting = trial.waiting;
        let all = patterns.clone().count();
        for (i, pattern) in patterns.enumerate() {
            let part = Subject {
                reg: nth(base, i),
                kept: false,
            };
            trial.waiting = waiting + all - i - 1;
            self.pattern(pattern, part, trial);
        }
        trial.waiting = waiting;
    }

    /// With `*_` the items in the middle are not looked at: the others are fetched by index.
    fn sequence_by_index(
        &mut self,
        items: &'a [Pattern],
        star: usize,
        span: Span,
        subject: Subject,
        trial: &mut Trial<'a>,
    ) {
        trial.waiting += 1;
        for (i, item) in items.iter().enumerate() {
            if is_wildcard(item) {
                continue;
            }
            let part = self.alloc();
            let index = self.alloc();
            if i < star {
                self.load(span, index, Const::Int(i as i64));
            } else {
                self.emit(span, Op::GetLen, index, subject.reg, 0);
                let back = count(items.len() - i);
                self.emit(span, Op::SubI, index, index, back);
            }
            let operands = [part, subject.reg, index];
            self.emit_kept(span, Op::GetItem, operands, DIES_B);
            self.top = part + 1;
            let part = Subject {
                reg: part,
                kept: false,
            };
            self.pattern(item, part, trial);
        }
        trial.waiting -= 1;
        self.drop_subject(span, subject);
    }

    fn mapping(
        &mut self,
        items: &'a [(Expr, Pattern)],
        rest: Option<&'a Ident>,
        span: Span,
        subject: Subject,
        trial: &mut Trial<'a>,
    ) {
        self.test(Op::MatchMapping, span, subject, trial);
        let count = count(items.len());
        if count > 0 {
            self.test_length(CompareOp::GtE, items.len(), span, subject, trial);
        }
        let keys = self.alloc();
        if count > 0 || rest.is_some() {
            let key_exprs: Vec<&Expr> = items.iter().map(|(key, _)| key).collect();
            let base = self.exprs_in_row(&key_exprs);
            self.emit(span, Op::BuildTuple, keys, base, count);
            self.top = keys + 1;
        }
        if count > 0 {
            let values = self.alloc();
            let kept = if rest.is_some() { DIES_C } else { 0 };
            self.emit_kept(span, Op::MatchKeys, [values, subject.reg, keys], kept);
            self.asm
                .jump(span, Op::JumpIfNone, values, 0, DIES_A, trial.fail);
            let base = self.alloc_n(count);
            self.emit(span, Op::Unpack, base, values, count);
            trial.waiting += 1;
            self.parts(items.iter().map(|(_, pattern)| pattern), base, trial);
            trial.waiting -= 1;
        }
        if let Some(name) = rest {
            let dict = self.alloc();
            self.emit(span, Op::BuildDict, dict, dict, 0);
            self.emit_kept(span, Op::DictUpdate, [dict, subject.reg, 0], DIES_B);
            let base = self.alloc_n(count);
            self.emit(span, Op::Unpack, base, keys, count);
            for key in base..base.saturating_add(count) {
                self.emit_kept(span, Op::DelItem, [dict, key, 0], DIES_A);
            }
            trial.captures.push((name, dict));
        }
        self.drop_subject(span, subject);
    }

    fn class_pattern(
        &mut self,
        cls: &'a Expr,
        positional: &'a [Pattern],
        keyword: &'a [(Ident, Pattern)],
        span: Span,
        subject: Subject,
        trial: &mut Trial<'a>,
    ) {
        let w = self.alloc_n(3);
        self.expr_to(cls, w + 1);
        let names = keyword.iter().map(|(name, _)| {
            let name = self.mangled(&name.name).into_owned();
            Const::Str(name)
        });
        let names = Const::Tuple(names.collect());
        self.load(span, w + 2, names);
        // It dies as soon as its parts are known.
        match subject.kept {
            true => self.emit(span, Op::Copy, w, subject.reg, 0),
            false => self.emit(span, Op::Move, w, subject.reg, 0),
        }
        self.emit(span, Op::MatchClass, w, w, count(positional.len()));
        self.asm
            .jump(span, Op::JumpIfNone, w, 0, DIES_A, trial.fail);
        self.top = w + 1;
        let count = count(positional.len() + keyword.len());
        let base = self.alloc_n(count);
        self.emit(span, Op::Unpack, base, w, count);
        let patterns = positional.iter().chain(keyword.iter().map(|(_, p)| p));
        self.parts(patterns, base, trial);
    }

    /// Alternatives bind the same names; each leaves the values in the same registers.
    fn or_pattern(
        &mut self,
        alternatives: &'a [Pattern],
        span: Span,
        subject: Subject,
        trial: &mut Trial<'a>,
    ) {
        let matched = self.asm.label();
        let names: Vec<&Ident> = alternatives.first().map(bound_names).unwrap_or_default();
        let slots = self.alloc_n(count(names.len()));
        let inner = self.top;
        let kept = Subject {
            reg: subject.reg,
            kept: true,
        };
        for alternative in alternatives {
            self.top = inner;
            let outer_highest = std::mem::replace(&mut self.highest, inner);
            let fail = self.asm.label();
            let mut attempt = Trial::new(fail);
            attempt.waiting = 1;
            self.pattern(alternative, kept, &mut attempt);
            let used = self.highest;
            self.highest = outer_highest.max(used);
            for (i, name) in names.iter().enumerate() {
                let found = attempt.captures.iter().find(|(n, _)| n.name == name.name);
                if let Some((_, value)) = found {
                    self.emit(alternative.span, Op::Move, nth(slots, i), *value, 0);
                }
            }
            self.asm.jump(alternative.span, Op::Jump, 0, 0, 0, matched);
            self.asm.bind(fail);
            let rest = if is_simple(alternative) {
                inner..inner
            } else {
                inner..used
            };
            self.clear_failed(alternative.span, rest, None, &attempt);
        }
        self.asm.jump(NOWHERE, Op::Jump, 0, 0, 0, trial.fail);
        self.asm.bind(matched);
        self.top = inner;
        for (i, name) in names.into_iter().enumerate() {
            trial.captures.push((name, nth(slots, i)));
        }
        self.drop_subject(span, subject);
    }
}

fn is_wildcard(p: &Pattern) -> bool {
    matches!(
        p.kind,
        PatternKind::As {
            pattern: None,
            name: None
        } | PatternKind::Star(None)
    )
}

/// Patterns that leave nothing in temporaries when they fail.
fn is_simple(p: &Pattern) -> bool {
    match &p.kind {
        PatternKind::Value(_) | PatternKind::Singleton(_) => true,
        PatternKind::As { pattern, .. } => pattern.as_ref().is_none_or(|p| is_simple(p)),
        PatternKind::Or(list) => list.iter().all(is_simple),
        _ => false,
    }
}

/// The names that a pattern binds, in source order.
fn bound_names(p: &Pattern) -> Vec<&Ident> {
    let mut names = Vec::new();
    collect_names(p, &mut names);
    names
}

fn collect_names<'p>(p: &'p Pattern, names: &mut Vec<&'p Ident>) {
    match &p.kind {
        PatternKind::Value(_) | PatternKind::Singleton(_) => {}
        PatternKind::Sequence(items) => items.iter().for_each(|p| collect_names(p, names)),
        PatternKind::Or(items) => items.iter().take(1).for_each(|p| collect_names(p, names)),
        PatternKind::Mapping { items, rest } => {
            items.iter().for_each(|(_, p)| collect_names(p, names));
            names.extend(rest);
        }
        PatternKind::Class {
            positional,
            keyword,
            ..
        } => {
            positional.iter().for_each(|p| collect_names(p, names));
            keyword.iter().for_each(|(_, p)| collect_names(p, names));
        }
        PatternKind::Star(name) => names.extend(name),
        PatternKind::As { pattern, name } => {
            if let Some(inner) = pattern {
                collect_names(inner, names);
            }
            names.extend(name);
        }
    }
}
