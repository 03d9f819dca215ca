//! What waits in the midst of a larger expression: it becomes a statement of its own before that,
//! and so does, in order, whatever is evaluated before it. What is kept meanwhile has a name
//! (`_part_1`), and so has what came of waiting (`_value_1`, `_result_1`).

use super::text::Edit;
use super::{Kind, Rewriter, comprehension};
use crate::source::Span;
use crate::syntax::ast::{Arg, BoolOp, CompareOp, Comprehension, Expr, ExprKind, FStringPart};
use crate::syntax::walk;

/// A step inwards.
pub(super) const STEP: &str = "    ";

/// Something that is evaluated in the course of an expression.
enum Part<'a> {
    Value(&'a Expr),
    /// `*value`, `**value`: unpacked at once.
    Items(&'a Expr),
    Pairs(&'a Expr),
    /// A field of an f-string: formatted at once.
    Field(&'a Expr, Span),
}

impl<'a> Part<'a> {
    const fn value(&self) -> &'a Expr {
        match self {
            Part::Value(e) | Part::Items(e) | Part::Pairs(e) | Part::Field(e, _) => e,
        }
    }
}

impl Rewriter<'_> {
    // What is to be lifted

    /// Whether evaluating an expression suspends the function that is being rewritten.
    pub(super) fn suspends(&self, e: &Expr) -> bool {
        let coroutine = matches!(self.kind(), Kind::Coroutine | Kind::AsyncGenerator);
        match &e.kind {
            ExprKind::Await(_) => coroutine,
            ExprKind::YieldFrom(_) => self.kind() == Kind::Plain && !self.functions.is_empty(),
            ExprKind::Lambda { .. } => false,
            ExprKind::ListComp(c) | ExprKind::SetComp(c) | ExprKind::DictComp(c) => {
                coroutine && comprehension::waits(c) || self.first_suspends(c)
            }
            ExprKind::GeneratorExp(c) => self.first_suspends(c),
            _ => {
                let mut any = false;
                walk::children(e, &mut |child| any = any || self.suspends(child));
                any
            }
        }
    }

    /// Only what the first loop goes over is evaluated outside of a comprehension.
    fn first_suspends(&self, c: &Comprehension) -> bool {
        c.generators.first().is_some_and(|g| self.suspends(&g.iter))
    }

    /// Whether an expression has something to be lifted out of it. An await that is all of it can
    /// stay where it is.
    pub(super) fn is_to_be_lifted(&self, e: &Expr) -> bool {
        let whole = match &e.kind {
            ExprKind::Await(value) => value,
            ExprKind::ListComp(c) | ExprKind::SetComp(c) | ExprKind::DictComp(c) => {
                return self.first_suspends(c) && self.can_be_lifted(e);
            }
            _ => return self.suspends(e) && self.can_be_lifted(e),
        };
        self.suspends(whole) && self.can_be_lifted(whole)
    }

    /// Whether all that suspends can be lifted: `f"{await x = }"` shows its own text, and a
    /// comprehension that waits is called where it stands.
    fn can_be_lifted(&self, e: &Expr) -> bool {
        let mut can = true;
        walk::everything(e, &mut |e| {
            can &= match &e.kind {
                ExprKind::JoinedStr(parts) => !parts.iter().any(|p| self.is_fixed(p)),
                ExprKind::ListComp(c)
                | ExprKind::SetComp(c)
                | ExprKind::DictComp(c)
                | ExprKind::GeneratorExp(c) => !comprehension::waits(c) || !self.first_suspends(c),
                _ => true,
            }
        });
        can
    }

    fn is_fixed(&self, part: &FStringPart) -> bool {
        let FStringPart::Field(field) = part else {
            return false;
        };
        let mut specs = field.spec.iter().flatten();
        let in_spec = specs.any(|part| match part {
            FStringPart::Field(inner) => self.suspends(&inner.value),
            FStringPart::Literal(_) => false,
        });
        in_spec || field.debug.is_some() && self.suspends(&field.value)
    }

    // Lifting

    /// Puts before a statement what its expression waits for; what is left of the expression.
    pub(super) fn lifted(&mut self, e: &Expr, i: &str, before: &mut String) -> String {
        match &e.kind {
            ExprKind::Await(value) => {
                let value = self.lift(value, i, before);
                self.awaited(&value)
            }
            _ => self.lift(e, i, before),
        }
    }

    fn awaited(&mut self, value: &str) -> String {
        self.used.coroutine = true;
        format!("(yield from {}({value}))", self.names.name("await"))
    }

    fn lift(&mut self, e: &Expr, i: &str, before: &mut String) -> String {
        if !self.suspends(e) {
            return self.expr(e);
        }
        match &e.kind {
            ExprKind::Await(value) => {
                let value = self.lift(value, i, before);
                let waits = self.awaited(&value);
                self.named("value", &waits, i, before)
            }
            ExprKind::YieldFrom(inner) => {
                let over = self.lift(inner, i, before);
                self.delegation(&over, i, before)
            }
            ExprKind::Yield(Some(value)) if self.kind() == Kind::AsyncGenerator => {
                let text = self.lift(value, i, before);
                self.item(value, &text)
            }
            ExprKind::ListComp(c) | ExprKind::SetComp(c) | ExprKind::DictComp(c)
                if comprehension::waits(c) =>
            {
                let waits = self.comprehension(e, c);
                self.named("value", &waits, i, before)
            }
            ExprKind::Bool { op, values } if values.iter().skip(1).any(|v| self.suspends(v)) => {
                self.one_after_the_other(*op, values, i, before)
            }
            ExprKind::Conditional { test, body, orelse }
                if self.suspends(body) || self.suspends(orelse) =>
            {
                self.one_of_two((test, body, orelse), i, before)
            }
            ExprKind::Compare { left, rest }
                if rest.iter().skip(1).any(|(_, e)| self.suspends(e)) =>
            {
                self.chain(left, rest, i, before)
            }
            _ => self.in_order(e, i, before),
        }
    }

    /// An expression whose parts are evaluated one after the other: those before the last one that
    /// suspends must be kept.
    fn in_order(&mut self, e: &Expr, i: &str, before: &mut String) -> String {
        let parts = parts(e);
        let last = parts.iter().rposition(|p| self.suspends(p.value()));
        let mut edits: Vec<Edit> = Vec::new();
        let mut own = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            let value = part.value();
            own.push(value.span);
            match last {
                Some(last) if n < last => {
                    let text = self.lift(value, i, before);
                    edits.push(self.kept(part, &text, i, before));
                }
                Some(last) if n == last => {
                    let text = self.lift(value, i, before);
                    edits.push((self.place(value), text));
                }
                _ => {
                    let text = self.expr(value);
                    edits.push((value.span, text));
                }
            }
        }
        // What is evaluated elsewhere, as the body of a comprehension is.
        let mut others = Vec::new();
        walk::children(e, &mut |child| others.push(child));
        others.retain(|o| !own.iter().any(|s| walk::covers(o.span, *s)));
        edits.extend(self.edits(&others));
        edits.sort_by_key(|(span, _)| span.start);
        self.lines.splice(e.span, &edits)
    }

    /// Keeps a part that is evaluated before something is waited for.
    fn kept(&mut self, part: &Part, text: &str, i: &str, before: &mut String) -> Edit {
        let value = part.value();
        let span = self.place(value);
        match part {
            Part::Value(e) if self.stays(e, text) => (span, text.to_owned()),
            Part::Value(e) => {
                let text = match e.kind {
                    ExprKind::GeneratorExp(_) if !text.starts_with('(') => format!("({text})"),
                    _ => text.to_owned(),
                };
                (span, self.named("part", &text, i, before))
            }
            Part::Items(_) => {
                let text = format!("[*{}]", operand(text));
                (span, self.named("part", &text, i, before))
            }
            Part::Pairs(_) => {
                let text = format!("{{**{}}}", operand(text));
                (span, self.named("part", &text, i, before))
            }
            Part::Field(_, field) => {
                let text = self.lines.splice(*field, &[(value.span, text.to_owned())]);
                let name = self.named("part", &format!("f\"{text}\""), i, before);
                (*field, format!("{{{name}}}"))
            }
        }
    }

    /// Whether nothing that happens meanwhile can change what a text stands for.
    fn stays(&self, e: &Expr, text: &str) -> bool {
        let is_number = |part: &str, base: &str| {
            let name = self.names.name(&format!("{base}_"));
            let number = part.strip_prefix(&name);
            number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let ours = ["part", "value", "result", "choice"];
        match &e.kind {
            ExprKind::Constant(_) => true,
            ExprKind::Unary { operand, .. } => matches!(operand.kind, ExprKind::Constant(_)),
            ExprKind::Name(name) => self.is_only_called(name),
            _ if text == self.names.name("gather") => true,
            _ => ours.iter().any(|base| is_number(text, base)),
        }
    }

    /// A name that the program does nothing with but call what it stands for: a builtin function.
    fn is_only_called(&self, name: &str) -> bool {
        const BUILTINS: &[&str] = &[
            "abs", "bool", "dict", "float", "int", "len", "list", "max", "min", "print", "range",
            "repr", "round", "set", "sorted", "str", "sum", "tuple",
        ];
        let text = |span| self.lines.text(span);
        BUILTINS.contains(&name)
            && self.tokens.iter().enumerate().all(|(at, token)| {
                let next = self.tokens.get(at + 1).map_or("", |t| text(t.span));
                let last = at.checked_sub(1).and_then(|at| self.tokens.get(at));
                let last = last.map_or("", |t| text(t.span));
                text(token.span) != name || next == "(" && last != "def" && last != "class"
            })
    }

    /// Where an expression stands, with parentheses that a name needs no more.
    fn place(&self, e: &Expr) -> Span {
        match e.kind {
            ExprKind::YieldFrom(_) => self.lines.with_parentheses(e.span),
            _ => e.span,
        }
    }

    /// Gives something a name.
    fn named(&mut self, base: &str, text: &str, i: &str, before: &mut String) -> String {
        let number = self.number();
        let name = self.names.name(&format!("{base}_{number}"));
        // A statement needs no parentheses around all of it, but for line ends.
        let inner = text.strip_prefix("(yield from ");
        let text = match inner.and_then(|t| t.strip_suffix(')')) {
            Some(inner) if !text.contains('\n') => format!("yield from {inner}"),
            _ => one_line(text),
        };
        before.push_str(&format!("{i}{name} = {text}\n"));
        name
    }

    // What is evaluated only sometimes

    /// `a and b`, `a or b`: the next one only if the last one does not decide.
    fn one_after_the_other(
        &mut self,
        op: BoolOp,
        values: &[Expr],
        i: &str,
        before: &mut String,
    ) -> String {
        let number = self.number();
        let choice = self.names.name(&format!("choice_{number}"));
        let not = match op {
            BoolOp::And => "",
            BoolOp::Or => "not ",
        };
        let mut inset = i.to_owned();
        for (n, value) in values.iter().enumerate() {
            if n > 0 {
                before.push_str(&format!("{inset}if {not}{choice}:\n"));
                inset.push_str(STEP);
            }
            let text = self.lift(value, &inset, before);
            before.push_str(&format!("{inset}{choice} = {}\n", one_line(&text)));
        }
        choice
    }

    /// `body if test else orelse`.
    fn one_of_two(
        &mut self,
        (test, body, orelse): (&Expr, &Expr, &Expr),
        i: &str,
        before: &mut String,
    ) -> String {
        let number = self.number();
        let choice = self.names.name(&format!("choice_{number}"));
        let inset = format!("{i}{STEP}");
        let test = self.lift(test, i, before);
        before.push_str(&format!("{i}if {}:\n", one_line(&test)));
        let body = self.lift(body, &inset, before);
        before.push_str(&format!(
            "{inset}{choice} = {}\n{i}else:\n",
            one_line(&body)
        ));
        let orelse = self.lift(orelse, &inset, before);
        before.push_str(&format!("{inset}{choice} = {}\n", one_line(&orelse)));
        choice
    }

    /// `a < b < c`: `c` only if `a < b`.
    fn chain(
        &mut self,
        left: &Expr,
        rest: &[(CompareOp, Expr)],
        i: &str,
        before: &mut String,
    ) -> String {
        let number = self.number();
        let choice = self.names.name(&format!("choice_{number}"));
        let text = self.lift(left, i, before);
        let mut last = self.named("part", &text, i, before);
        let mut inset = i.to_owned();
        for (n, (op, right)) in rest.iter().enumerate() {
            if n > 0 {
                before.push_str(&format!("{inset}if {choice}:\n"));
                inset.push_str(STEP);
            }
            let text = self.lift(right, &inset, before);
            let right = self.named("part", &text, &inset, before);
            let op = symbol(*op);
            before.push_str(&format!("{inset}{choice} = {last} {op} {right}\n"));
            last = right;
        }
        choice
    }
}

/// A text behind a star.
fn operand(text: &str) -> String {
    match text.chars().all(|c| c.is_alphanumeric() || c == '_') {
        true => text.to_owned(),
        false => format!("({text})"),
    }
}

/// A text where a line end would be the end of a statement.
pub(super) fn one_line(text: &str) -> String {
    match text.contains('\n') || text.contains(":=") {
        true => format!("({text})"),
        false => text.to_owned(),
    }
}

const fn symbol(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::NotEq => "!=",
        CompareOp::Lt => "<",
        CompareOp::LtE => "<=",
        CompareOp::Gt => ">",
        CompareOp::GtE => ">=",
        CompareOp::Is => "is",
        CompareOp::IsNot => "is not",
        CompareOp::In => "in",
        CompareOp::NotIn => "not in",
    }
}

/// What is evaluated for an expression before it is itself, in the order of evaluation.
fn parts(e: &Expr) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    match &e.kind {
        ExprKind::Call { func, args } => {
            parts.push(Part::Value(func));
            // What is unpacked among the keywords goes before them.
            let (first, named): (Vec<_>, Vec<_>) = args
                .iter()
                .partition(|a| matches!(a, Arg::Positional(_) | Arg::Star(_)));
            parts.extend(first.into_iter().chain(named).map(|arg| match arg {
                Arg::Positional(e) | Arg::Keyword(_, e) => Part::Value(e),
                Arg::Star(e) => Part::Items(e),
                Arg::DoubleStar(e) => Part::Pairs(e),
            }));
        }
        ExprKind::Dict(pairs) => {
            for (key, value) in pairs {
                match key {
                    Some(key) => parts.extend([Part::Value(key), Part::Value(value)]),
                    None => parts.push(Part::Pairs(value)),
                }
            }
        }
        ExprKind::JoinedStr(pieces) => {
            for piece in pieces {
                if let FStringPart::Field(field) = piece {
                    parts.push(Part::Field(&field.value, field.span));
                }
            }
        }
        ExprKind::ListComp(c)
        | ExprKind::SetComp(c)
        | ExprKind::DictComp(c)
        | ExprKind::GeneratorExp(c) => {
            parts.extend(c.generators.first().map(|g| Part::Value(&g.iter)));
        }
        ExprKind::Conditional { test, .. } => parts.push(Part::Value(test)),
        _ => walk::children(e, &mut |child| add(&mut parts, child)),
    }
    parts
}

/// A part, or what it consists of if it is no value of its own.
fn add<'a>(parts: &mut Vec<Part<'a>>, e: &'a Expr) {
    match &e.kind {
        ExprKind::Starred(value) => parts.push(Part::Items(value)),
        ExprKind::Slice { .. } => walk::children(e, &mut |child| parts.push(Part::Value(child))),
        ExprKind::Tuple(items)
            if items
                .iter()
                .any(|i| matches!(i.kind, ExprKind::Slice { .. })) =>
        {
            items.iter().for_each(|item| add(parts, item));
        }
        _ => parts.push(Part::Value(e)),
    }
}
