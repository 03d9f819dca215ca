//! The first half of scope analysis: one walk over the tree, in the order of evaluation, that
//! opens scopes and notes in each what is done with which name.

use super::*;
use crate::syntax::ast::*;

pub(super) struct Builder<'s> {
    source: &'s Source,
    scopes: Scopes,
    current: ScopeId,
    errors: Vec<Diagnostic>,
}

/// Opens all scopes of a program.
pub(super) fn build(source: &Source, module: &Module) -> (Scopes, Vec<Diagnostic>) {
    let mut builder = Builder {
        source,
        scopes: Scopes {
            list: Vec::new(),
            by_node: HashMap::new(),
            future_annotations: has_future_annotations(module),
        },
        current: ROOT,
        errors: Vec::new(),
    };
    builder.new_scope(ScopeKind::Module, None);
    builder.block(&module.body);
    (builder.scopes, builder.errors)
}

fn has_future_annotations(module: &Module) -> bool {
    module.body.iter().any(|stmt| match &stmt.kind {
        StmtKind::ImportFrom { module, names, .. } => {
            module.as_ref().is_some_and(|m| &*m.name == "__future__")
                && names.iter().any(|n| &*n.name.name == "annotations")
        }
        _ => false,
    })
}

impl Builder<'_> {
    fn scope(&mut self) -> &mut Scope {
        self.scopes.get_mut(self.current)
    }

    fn kind(&self) -> ScopeKind {
        self.scopes.get(self.current).kind
    }

    fn error(&mut self, span: Span, title: String, label: &str, help: &str) {
        let diagnostic = syntax_error(self.source, span, title, label);
        self.errors.push(diagnostic.help(help));
    }

    fn new_scope(&mut self, kind: ScopeKind, parent: Option<ScopeId>) -> ScopeId {
        let id = ScopeId(self.scopes.list.len() as u32);
        let (class_name, comp_iter_depth, outer_frame) = match parent {
            Some(p) => {
                let p = self.scopes.get(p);
                (p.class_name.clone(), p.comp_iter_depth, p.frame)
            }
            None => (None, 0, id),
        };
        self.scopes.list.push(Scope {
            kind,
            parent,
            frame: if kind.is_inlined() { outer_frame } else { id },
            class_name,
            symbols: IndexMap::new(),
            has_namespace: false,
            is_async: false,
            has_yield: false,
            awaits: false,
            has_walrus: false,
            has_annotations: false,
            needs_class_cell: false,
            static_attributes: IndexSet::new(),
            comp_registers: Vec::new(),
            class_cell: 0,
            layout: Layout::default(),
            free: IndexMap::new(),
            comp_iter_depth,
            params: Vec::new(),
        });
        id
    }

    /// Runs `inside` in a new scope opened by `node`.
    fn open<T>(
        &mut self,
        node: &T,
        part: Part,
        kind: ScopeKind,
        inside: impl FnOnce(&mut Self),
    ) -> ScopeId {
        let outer = self.current;
        let id = self.new_scope(kind, Some(outer));
        self.scopes.by_node.insert((address(node), part), id);
        self.current = id;
        inside(self);
        self.current = outer;
        id
    }

    /// Notes that something is done with a name; what was noted before.
    fn note(&mut self, name: &Name, span: Span, flags: Flags) -> Flags {
        let scope = self.scope();
        let name = mangle(scope.class_name.as_deref(), name);
        if let Some(symbol) = scope.symbols.get_mut(&*name) {
            let before = symbol.flags;
            symbol.flags |= flags;
            let declared = GLOBAL | NONLOCAL;
            if flags & declared != 0 && before & declared == 0 {
                symbol.span = span;
            }
            return before;
        }
        let symbol = Symbol {
            flags,
            span,
            ..Symbol::default()
        };
        scope.symbols.insert(name.into_owned(), symbol);
        0
    }

    fn flags_of(&mut self, name: &Name) -> Flags {
        let scope = self.scope();
        let name = mangle(scope.class_name.as_deref(), name);
        scope.symbols.get(&*name).map_or(0, |s| s.flags)
    }

    fn bind(&mut self, ident: &Ident) {
        self.note(&ident.name, ident.span, BOUND);
    }

    // Statements

    fn block(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(e) => self.expr(e),
            StmtKind::Assign { targets, value } => {
                self.expr(value);
                targets.iter().for_each(|t| self.target(t));
            }
            StmtKind::AugAssign { target, value, .. } => {
                if let ExprKind::Name(name) = &target.kind {
                    self.note(name, target.span, BOUND);
                    self.expr(value);
                } else {
                    self.target(target);
                    self.expr(value);
                }
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => self.annotated(target, annotation, value.as_ref(), *simple),
            StmtKind::Return(value) => self.optional(value.as_ref()),
            StmtKind::Delete(targets) => targets.iter().for_each(|t| self.delete(t)),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Raise { exc, cause } => {
                self.optional(exc.as_ref());
                self.optional(cause.as_ref());
            }
            StmtKind::Global(names) => self.declare(names, GLOBAL),
            StmtKind::Nonlocal(names) => self.declare(names, NONLOCAL),
            StmtKind::Assert { test, msg } => {
                self.expr(test);
                self.optional(msg.as_ref());
            }
            StmtKind::Import(names) => names.iter().for_each(|a| self.import(a, true)),
            StmtKind::ImportFrom { names, .. } => names.iter().for_each(|a| self.import(a, false)),
            StmtKind::If { .. } => self.if_chain(stmt),
            StmtKind::While { test, body, orelse } => {
                self.expr(test);
                self.block(body);
                self.block(orelse);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                is_async,
            } => {
                self.scope().awaits |= is_async;
                self.expr(iter);
                self.target(target);
                self.block(body);
                self.block(orelse);
            }
            StmtKind::With {
                items,
                body,
                is_async,
            } => {
                self.scope().awaits |= is_async;
                for item in items {
                    self.expr(&item.context);
                    if let Some(target) = &item.target {
                        self.target(target);
                    }
                }
                self.block(body);
            }
            StmtKind::Try(t) => self.try_stmt(t),
            StmtKind::Match { subject, cases } => {
                self.expr(subject);
                for case in cases {
                    self.pattern(&case.pattern);
                    self.optional(case.guard.as_ref());
                    self.block(&case.body);
                }
            }
            StmtKind::FunctionDef(def) => self.function_def(def),
            StmtKind::ClassDef(def) => self.class_def(def),
            StmtKind::TypeAlias {
                name,
                params,
                value,
            } => self.type_alias(stmt, name, params, value),
        }
    }

    /// `elif` chains are walked without recursion.
    fn if_chain(&mut self, stmt: &Stmt) {
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

    fn try_stmt(&mut self, t: &Try) {
        self.block(&t.body);
        self.block(&t.orelse);
        for handler in &t.handlers {
            self.optional(handler.typ.as_ref());
            if let Some(name) = &handler.name {
                self.note(&name.name, name.span, BOUND | DELETED);
            }
            self.block(&handler.body);
        }
        self.block(&t.finalbody);
    }

    fn import(&mut self, alias: &Alias, dotted: bool) {
        let Some(asname) = &alias.asname else {
            let full = &alias.name.name;
            let first = match full.split_once('.') {
                Some((first, _)) if dotted => Rc::from(first),
                _ => full.clone(),
            };
            self.note(&first, alias.name.span, BOUND | IMPORTED);
            return;
        };
        self.note(&asname.name, asname.span, BOUND | IMPORTED);
    }

    fn declare(&mut self, names: &[Ident], what: Flags) {
        let word = if what == GLOBAL { "global" } else { "nonlocal" };
        for ident in names {
            if what == NONLOCAL && self.kind() == ScopeKind::Module {
                let title = "nonlocal declaration not allowed at module level".to_owned();
                let help = "write `global` inside a function to reach a module's variable; at module level every name is already global";
                self.error(ident.span, title, "not inside a function", help);
                return;
            }
            let before = self.flags_of(&ident.name);
            let name = &ident.name;
            let (title, label) = if before & PARAM != 0 {
                let title = format!("name '{name}' is parameter and {word}");
                (title, "this is already a parameter")
            } else if before & USED != 0 {
                let title = format!("name '{name}' is used prior to {word} declaration");
                (title, "declared only after its first use")
            } else if before & ANNOTATED != 0 {
                let title = format!("annotated name '{name}' can't be {word}");
                (title, "annotated above")
            } else if before & (BOUND | IMPORTED) == BOUND {
                let title = format!("name '{name}' is assigned to before {word} declaration");
                (title, "declared only after its first assignment")
            } else {
                self.note(name, ident.span, what);
                continue;
            };
            let help = if before & PARAM != 0 {
                format!("give the parameter another name, or drop `{word} {name}`")
            } else {
                format!("move `{word} {name}` to the top of the function")
            };
            self.error(ident.span, title, label, &help);
        }
    }

    fn annotated(&mut self, target: &Expr, annotation: &Expr, value: Option<&Expr>, simple: bool) {
        let at_top = matches!(self.kind(), ScopeKind::Module | ScopeKind::Class);
        if let ExprKind::Name(name) = &target.kind {
            let before = self.flags_of(name);
            if simple && before & (GLOBAL | NONLOCAL) != 0 && self.kind() != ScopeKind::Module {
                let word = if before & GLOBAL != 0 {
                    "global"
                } else {
                    "nonlocal"
                };
                let title = format!("annotated name '{name}' can't be {word}");
                let help = format!("drop the annotation, or drop `{word} {name}`");
                self.error(target.span, title, "annotated here", &help);
                return;
            }
            self.optional(value);
            if simple {
                self.note(name, target.span, ANNOTATED | BOUND);
                self.scope().has_annotations |= at_top;
            } else if value.is_some() {
                self.note(name, target.span, BOUND);
            }
        } else {
            self.optional(value);
            self.target(target);
        }
        if at_top && !self.scopes.future_annotations {
            self.expr(annotation);
        }
    }

    fn delete(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => {
                self.note(name, target.span, BOUND | DELETED);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|t| self.delete(t));
            }
            ExprKind::Attribute { value, .. } => self.expr(value),
            _ => self.expr(target),
        }
    }

    /// An assignment target.
    fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => {
                self.note(name, target.span, BOUND);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|t| self.target(t));
            }
            ExprKind::Starred(inner) => self.target(inner),
            ExprKind::Attribute { value, attr } => {
                if matches!(&value.kind, ExprKind::Name(n) if &**n == "self") {
                    self.static_attribute(&attr.name);
                }
                self.expr(value);
            }
            _ => self.expr(target),
        }
    }

    /// `self.x = …` in a method: the class around it lists `x` in `__static_attributes__`.
    fn static_attribute(&mut self, attr: &Name) {
        let frame = self.scopes.get(self.current).frame;
        let mut up = self.scopes.get(frame).parent;
        while let Some(id) = up {
            let scope = self.scopes.get_mut(id);
            if scope.kind == ScopeKind::Class {
                let name = mangle(scope.class_name.as_deref(), attr).into_owned();
                scope.static_attributes.insert(name);
                return;
            }
            up = scope.parent;
        }
    }

    // Definitions

    fn function_def(&mut self, def: &FunctionDef) {
        def.decorators.iter().for_each(|d| self.expr(d));
        self.defaults(&def.params);
        let definition = |b: &mut Self| {
            b.annotations(def);
            b.open(def, Part::Body, ScopeKind::Function, |b| {
                b.scope().is_async = def.is_async;
                b.params(&def.params);
                b.block(&def.body);
            });
        };
        if def.type_params.is_empty() {
            definition(self);
        } else {
            // Defaults are evaluated outside and passed in.
            let (defaults, kwdefaults) = has_defaults(&def.params);
            let hidden = [(".defaults", defaults), (".kwdefaults", kwdefaults)];
            self.generic(def, &def.type_params, &hidden, definition);
        }
        self.bind(&def.name);
    }

    /// Runs `inside` in the scope of type parameters, a function with the `hidden` parameters
    /// that are present. In a class body the first one is the class's namespace, where
    /// annotations find the class's names.
    fn generic<T>(
        &mut self,
        node: &T,
        params: &[TypeParam],
        hidden: &[(&str, bool)],
        inside: impl FnOnce(&mut Self),
    ) {
        let in_class = self.kind() == ScopeKind::Class;
        self.open(node, Part::TypeParams, ScopeKind::TypeParams, |b| {
            for (name, _) in [(".namespace", in_class)]
                .iter()
                .chain(hidden)
                .filter(|(_, present)| *present)
            {
                b.param(&Rc::from(*name), Span::default());
            }
            for param in params {
                let before = b.note(&param.name.name, param.name.span, BOUND | TYPE_PARAM);
                if before & TYPE_PARAM != 0 {
                    let title = format!("duplicate type parameter '{}'", param.name.name);
                    let help = "give each type parameter its own name";
                    b.error(param.name.span, title, "named twice", help);
                }
                if let Some(bound) = &param.bound {
                    b.open(param, Part::Bound, ScopeKind::Function, |b| b.expr(bound));
                }
                if let Some(default) = &param.default {
                    b.open(param, Part::Default, ScopeKind::Function, |b| {
                        b.expr(default);
                    });
                }
            }
            inside(b);
        });
    }

    fn type_alias(&mut self, stmt: &Stmt, name: &Ident, params: &[TypeParam], value: &Expr) {
        let definition = |b: &mut Self| {
            b.open(stmt, Part::Body, ScopeKind::Function, |b| b.expr(value));
        };
        if params.is_empty() {
            definition(self);
        } else {
            self.generic(stmt, params, &[], definition);
        }
        self.bind(name);
    }

    fn class_def(&mut self, def: &ClassDef) {
        def.decorators.iter().for_each(|d| self.expr(d));
        let generic = !def.type_params.is_empty();
        let definition = |b: &mut Self| {
            b.args(&def.args);
            if generic {
                let hidden = Rc::from(".type_params");
                b.note(&hidden, Span::default(), BOUND);
            }
            b.open(def, Part::Body, ScopeKind::Class, |b| {
                b.scope().class_name = Some(def.name.name.clone());
                if generic {
                    let hidden = Rc::from(".type_params");
                    b.note(&hidden, Span::default(), USED);
                }
                b.block(&def.body);
            });
        };
        if generic {
            self.generic(def, &def.type_params, &[], definition);
        } else {
            definition(self);
        }
        self.bind(&def.name);
    }

    fn defaults(&mut self, params: &Params) {
        let positional = params.posonly.iter().chain(&params.args);
        for param in positional.chain(&params.kwonly) {
            self.optional(param.default.as_ref());
        }
    }

    fn annotations(&mut self, def: &FunctionDef) {
        if self.scopes.future_annotations {
            return;
        }
        for param in annotated_params(&def.params) {
            self.optional(param.annotation.as_ref());
        }
        self.optional(def.returns.as_ref());
    }

    /// The parameters, in the order of their registers.
    fn params(&mut self, params: &Params) {
        let positional = params.posonly.iter().chain(&params.args);
        let named = positional.chain(&params.kwonly);
        for param in named.chain(&params.vararg).chain(&params.kwarg) {
            if self.param(&param.name.name, param.name.span) & PARAM != 0 {
                let name = &param.name.name;
                let title = format!("duplicate argument '{name}' in function definition");
                let help = "give each parameter its own name";
                self.error(param.name.span, title, "named twice", help);
            }
        }
        let layout = &mut self.scope().layout;
        let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        layout.posonly = count(params.posonly.len());
        layout.positional = count(params.posonly.len() + params.args.len());
        layout.kwonly = count(params.kwonly.len());
        layout.vararg = params.vararg.is_some();
        layout.kwarg = params.kwarg.is_some();
    }

    fn param(&mut self, name: &Name, span: Span) -> Flags {
        let before = self.note(name, span, PARAM | BOUND);
        let scope = self.scope();
        let name = mangle(scope.class_name.as_deref(), name).into_owned();
        scope.params.push(name);
        if span == Span::default() {
            scope.layout.positional += 1;
        }
        before
    }

    // Expressions

    fn optional(&mut self, e: Option<&Expr>) {
        if let Some(e) = e {
            self.expr(e);
        }
    }

    fn exprs(&mut self, list: &[Expr]) {
        list.iter().for_each(|e| self.expr(e));
    }

    fn expr(&mut self, e: &Expr) {
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

    fn args(&mut self, args: &[Arg]) {
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
            self.named_in_comprehension(target, span);
        } else {
            self.bind(target);
            let frame = self.scopes.get(self.current).frame;
            self.scopes.get_mut(frame).has_walrus = true;
        }
    }

    /// In a comprehension, `:=` binds in the scope around all comprehensions.
    fn named_in_comprehension(&mut self, target: &Ident, span: Span) {
        let name = &target.name;
        let mut id = self.current;
        while self.scopes.get(id).kind.is_comprehension() {
            let symbol = self.scopes.get(id).symbols.get(name);
            if symbol.is_some_and(|s| s.flags & COMP_TARGET != 0) {
                let title = format!(
                    "assignment expression cannot rebind comprehension iteration variable '{name}'"
                );
                let help = "give the assigned variable another name";
                self.error(span, title, "already the loop's variable", help);
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
            self.error(span, what.to_owned(), "assigns here", help);
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

    fn pattern(&mut self, pattern: &Pattern) {
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

/// Parameters in the order in which CPython evaluates their annotations.
pub fn annotated_params(params: &Params) -> impl Iterator<Item = &Param> {
    params
        .args
        .iter()
        .chain(&params.posonly)
        .chain(&params.vararg)
        .chain(&params.kwonly)
        .chain(&params.kwarg)
}

/// Whether a function has defaults for positional and for keyword-only parameters.
pub fn has_defaults(params: &Params) -> (bool, bool) {
    let mut positional = params.posonly.iter().chain(&params.args);
    (
        positional.any(|p| p.default.is_some()),
        params.kwonly.iter().any(|p| p.default.is_some()),
    )
}
