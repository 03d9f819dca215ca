//! The order of a function's locals. When a frame ends, its locals die in the order of their
//! places, and CPython gives a local its place when it first generates code that names it: not
//! where it first stands in the source. What is generated in another order, or more than once, as
//! a `finally` body at each `return` that leaves it, decides.

use super::build::{Builder, annotated_params};
use super::*;
use crate::syntax::ast::*;
use crate::syntax::walk;

/// The code of a function.
pub(super) enum Code<'a> {
    Block(&'a [Stmt]),
    Value(&'a Expr),
    Elements(&'a Comprehension),
}

/// What `break`, `continue` and `return` leave.
#[derive(Clone, Copy)]
enum Around<'a> {
    Loop,
    /// The `finally` body, and whether code was generated for it already: doing it again names
    /// nothing new.
    Finally(&'a [Stmt], bool),
}

struct Order<'a, 'b> {
    scopes: &'b Scopes,
    scope: &'b Scope,
    around: Vec<Around<'a>>,
    found: IndexSet<(usize, Place), RandomState>,
    /// How many entries `found` can have at most.
    most: usize,
}

/// What gives a local its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Place {
    /// Code that names it.
    Name,
    /// An inlined comprehension that has a variable of this name: it puts the local aside.
    Aside,
}

impl Builder<'_> {
    /// Notes the order of the current function's locals.
    pub(super) fn order(&mut self, code: &Code<'_>) {
        let scope = self.scopes.get(self.current);
        let own = scope.symbols.values().filter(|s| s.is_own_local()).count();
        if own < 2 {
            return;
        }
        let first = self.current.0 as usize;
        let inner = self.scopes.list.iter().skip(first + 1);
        let aside = inner.filter(|s| s.frame == self.current).any(|s| {
            s.symbols
                .keys()
                .any(|name| scope.symbols.contains_key(name))
        });
        let mut order = Order {
            scopes: &self.scopes,
            scope,
            around: Vec::new(),
            found: IndexSet::default(),
            most: if aside { usize::MAX } else { own },
        };
        match code {
            Code::Block(body) => order.block(body),
            Code::Value(e) => order.expr(e),
            Code::Elements(c) => {
                c.generators.iter().take(1).for_each(|g| order.loops(g));
                order.elements(c);
            }
        }
        let found = order.found;
        self.scope().order = found.into_iter().collect();
    }
}

impl<'a> Order<'a, '_> {
    /// Code names something.
    fn name(&mut self, name: &Name) {
        let name = mangle(self.scope.class_name.as_deref(), name);
        self.place(&name, Place::Name);
    }

    fn place(&mut self, name: &str, place: Place) {
        if let Some((index, _, symbol)) = self.scope.symbols.get_full(name)
            && symbol.is_own_local()
        {
            self.found.insert((index, place));
        }
    }

    fn block(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            if self.found.len() == self.most {
                return;
            }
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                self.expr(value);
                self.exprs(targets);
            }
            StmtKind::AnnAssign { target, value, .. } => match (&target.kind, value) {
                (_, Some(value)) => {
                    self.expr(value);
                    self.expr(target);
                }
                (ExprKind::Name(_), None) => {}
                _ => walk::children(target, &mut |e| self.expr(e)),
            },
            StmtKind::Return(value) => {
                self.exprs(value);
                self.leave(false);
            }
            StmtKind::Break | StmtKind::Continue => self.leave(true),
            StmtKind::Import(names) | StmtKind::ImportFrom { names, .. } => {
                names.iter().for_each(|alias| self.import(alias));
            }
            StmtKind::If { .. } => self.if_chain(stmt),
            StmtKind::While { test, body, orelse } => {
                self.expr(test);
                self.in_loop(body, orelse);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                ..
            } => {
                self.expr(iter);
                self.expr(target);
                self.in_loop(body, orelse);
            }
            StmtKind::With { body, .. } => {
                walk::expressions(stmt, &mut |e| self.expr(e));
                self.block(body);
            }
            StmtKind::Try(t) => self.try_finally(t),
            StmtKind::Match { subject, cases } => {
                self.expr(subject);
                for case in cases {
                    self.compared(&case.pattern);
                    self.captured(&case.pattern);
                    self.exprs(&case.guard);
                    self.block(&case.body);
                }
            }
            StmtKind::FunctionDef(def) => {
                self.exprs(&def.decorators);
                self.defaults(&def.params);
                if def.type_params.is_empty() && !self.scopes.future_annotations {
                    annotated_params(&def.params).for_each(|p| self.exprs(&p.annotation));
                    self.exprs(&def.returns);
                }
                self.name(&def.name.name);
            }
            StmtKind::ClassDef(def) => {
                self.exprs(&def.decorators);
                if def.type_params.is_empty() {
                    self.args(&def.args);
                }
                self.name(&def.name.name);
            }
            StmtKind::TypeAlias { name, .. } => self.name(&name.name),
            StmtKind::Expr(_)
            | StmtKind::AugAssign { .. }
            | StmtKind::Delete(_)
            | StmtKind::Raise { .. }
            | StmtKind::Assert { .. } => walk::expressions(stmt, &mut |e| self.expr(e)),
            StmtKind::Pass | StmtKind::Global(_) | StmtKind::Nonlocal(_) => {}
        }
    }

    /// `elif` chains are walked without recursion.
    fn if_chain(&mut self, stmt: &'a Stmt) {
        let mut stmt = stmt;
        while let StmtKind::If { test, body, orelse } = &stmt.kind {
            self.expr(test);
            self.block(body);
            match orelse.as_slice() {
                [only] if matches!(only.kind, StmtKind::If { .. }) => stmt = only,
                _ => {
                    self.block(orelse);
                    return;
                }
            }
        }
    }

    fn in_loop(&mut self, body: &'a [Stmt], orelse: &'a [Stmt]) {
        self.around.push(Around::Loop);
        self.block(body);
        self.around.pop();
        self.block(orelse);
    }

    fn try_finally(&mut self, t: &'a Try) {
        if t.finalbody.is_empty() {
            self.try_handlers(t);
            return;
        }
        self.around.push(Around::Finally(&t.finalbody, false));
        self.try_handlers(t);
        if let Some(Around::Finally(body, false)) = self.around.pop() {
            self.block(body);
        }
    }

    /// An `else` is generated before the handlers of an `except`, after those of an `except*`.
    fn try_handlers(&mut self, t: &'a Try) {
        self.block(&t.body);
        if !t.is_star {
            self.block(&t.orelse);
        }
        for handler in &t.handlers {
            self.exprs(&handler.typ);
            handler.name.iter().for_each(|name| self.name(&name.name));
            self.block(&handler.body);
        }
        if t.is_star {
            self.block(&t.orelse);
        }
    }

    /// The `finally` bodies on the way out of the innermost loop, or of the function.
    fn leave(&mut self, of_loop: bool) {
        let mut left = Vec::new();
        while let Some(around) = self.around.pop() {
            match around {
                Around::Loop if of_loop => {
                    self.around.push(around);
                    break;
                }
                Around::Finally(body, false) => {
                    self.block(body);
                    left.push(Around::Finally(body, true));
                }
                _ => left.push(around),
            }
        }
        self.around.extend(left.into_iter().rev());
    }

    fn import(&mut self, alias: &Alias) {
        let name = &alias.asname.as_ref().unwrap_or(&alias.name).name;
        match name.split_once('.') {
            Some((first, _)) => self.name(&Rc::from(first)),
            None => self.name(name),
        }
    }

    // Expressions

    fn exprs(&mut self, list: impl IntoIterator<Item = &'a Expr>) {
        list.into_iter().for_each(|e| self.expr(e));
    }

    fn expr(&mut self, e: &'a Expr) {
        match &e.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::Binary { .. } => self.binary(e),
            ExprKind::Conditional { test, body, orelse } => {
                self.exprs([&**test, &**body, &**orelse]);
            }
            ExprKind::Lambda { params, .. } => self.defaults(params),
            ExprKind::Named { target, value } => {
                self.expr(value);
                self.name(&target.name);
            }
            ExprKind::Call { func, args } => {
                self.expr(func);
                self.args(args);
            }
            ExprKind::GeneratorExp(c) => self.exprs(c.generators.first().map(|g| &g.iter)),
            ExprKind::ListComp(c) | ExprKind::SetComp(c) | ExprKind::DictComp(c) => {
                self.exprs(c.generators.first().map(|g| &g.iter));
                self.put_aside(self.scopes.body(&**c), &mut Vec::new());
                c.generators.iter().take(1).for_each(|g| self.loops(g));
                self.elements(c);
            }
            _ => walk::children(e, &mut |e| self.expr(e)),
        }
    }

    /// Long sums are walked without recursion.
    fn binary(&mut self, e: &'a Expr) {
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
        self.exprs(rights.into_iter().rev());
    }

    /// Keywords come after everything that is positional.
    fn args(&mut self, args: &'a [Arg]) {
        let positional = |arg: &&Arg| matches!(arg, Arg::Positional(_) | Arg::Star(_));
        self.exprs(args.iter().filter(positional).map(walk::argument));
        let rest = args.iter().filter(|arg| !positional(arg));
        self.exprs(rest.map(walk::argument));
    }

    fn defaults(&mut self, params: &'a Params) {
        let positional = params.posonly.iter().chain(&params.args);
        let all = positional.chain(&params.kwonly);
        self.exprs(all.filter_map(|p| p.default.as_ref()));
    }

    /// A comprehension begins: what it binds is put aside, and what those in it bind, unless the
    /// name means something else in one of those `outside`.
    fn put_aside(&mut self, id: ScopeId, outside: &mut Vec<ScopeId>) {
        let scopes = self.scopes;
        let known = |id: &ScopeId, name: &str| scopes.get(*id).symbols.contains_key(name);
        for (name, symbol) in &scopes.get(id).symbols {
            if symbol.is_own_local() && !outside.iter().any(|o| known(o, name)) {
                self.place(name, Place::Aside);
            }
        }
        outside.push(id);
        // The scopes in a scope follow it.
        let following = scopes.list.iter().zip(0..).skip(id.0 as usize + 1);
        for (scope, inner) in following.take_while(|(s, _)| s.parent.is_some_and(|p| p >= id)) {
            if scope.kind.is_inlined() && scope.parent == Some(id) {
                self.put_aside(ScopeId(inner), outside);
            }
        }
        outside.pop();
    }

    /// The target and the conditions of a `for` in a comprehension.
    fn loops(&mut self, generator: &'a CompFor) {
        self.expr(&generator.target);
        self.exprs(&generator.ifs);
    }

    /// What follows the first `for` of a comprehension.
    fn elements(&mut self, c: &'a Comprehension) {
        for generator in c.generators.iter().skip(1) {
            self.expr(&generator.iter);
            self.loops(generator);
        }
        self.exprs(&c.key);
        self.expr(&c.element);
    }

    // Patterns

    /// The expressions of a pattern: they are evaluated before any name is bound.
    fn compared(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::Value(e) => self.expr(e),
            PatternKind::Sequence(items) | PatternKind::Or(items) => {
                items.iter().for_each(|p| self.compared(p));
            }
            PatternKind::Mapping { items, .. } => {
                self.exprs(items.iter().map(|(key, _)| key));
                items.iter().for_each(|(_, p)| self.compared(p));
            }
            PatternKind::Class {
                cls,
                positional,
                keyword,
            } => {
                self.expr(cls);
                positional.iter().for_each(|p| self.compared(p));
                keyword.iter().for_each(|(_, p)| self.compared(p));
            }
            PatternKind::As { pattern, .. } => pattern.iter().for_each(|p| self.compared(p)),
            PatternKind::Singleton(_) | PatternKind::Star(_) => {}
        }
    }

    /// The names that a pattern binds; the first of alternatives says their order.
    fn captured(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::Sequence(items) => items.iter().for_each(|p| self.captured(p)),
            PatternKind::Or(items) => items.iter().take(1).for_each(|p| self.captured(p)),
            PatternKind::Mapping { items, rest } => {
                items.iter().for_each(|(_, p)| self.captured(p));
                rest.iter().for_each(|name| self.name(&name.name));
            }
            PatternKind::Class {
                positional,
                keyword,
                ..
            } => {
                positional.iter().for_each(|p| self.captured(p));
                keyword.iter().for_each(|(_, p)| self.captured(p));
            }
            PatternKind::As { pattern, name } => {
                pattern.iter().for_each(|p| self.captured(p));
                name.iter().for_each(|name| self.name(&name.name));
            }
            PatternKind::Star(name) => name.iter().for_each(|name| self.name(&name.name)),
            PatternKind::Value(_) | PatternKind::Singleton(_) => {}
        }
    }
}
