//! The first half of scope analysis: one walk over the tree, in the order of evaluation, that
//! opens scopes and notes in each what is done with which name.

use super::order::Code;
use super::*;
use crate::syntax::ast::*;

pub(super) struct Builder<'s> {
    source: &'s Source,
    pub(super) scopes: Scopes,
    pub(super) current: ScopeId,
    errors: Vec<Diagnostic>,
}

/// Opens all scopes of a program.
pub(super) fn build(source: &Source, module: &Module) -> (Scopes, Vec<Diagnostic>) {
    let mut builder = Builder {
        source,
        scopes: Scopes {
            list: Vec::new(),
            by_node: HashMap::default(),
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
    pub(super) fn scope(&mut self) -> &mut Scope {
        self.scopes.get_mut(self.current)
    }

    pub(super) fn kind(&self) -> ScopeKind {
        self.scopes.get(self.current).kind
    }

    pub(super) fn error(&mut self, span: Span, title: String, label: &str, help: &str) {
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
            symbols: IndexMap::default(),
            has_namespace: false,
            is_async: false,
            has_yield: false,
            awaits: false,
            has_walrus: false,
            has_annotations: false,
            needs_class_cell: false,
            static_attributes: IndexSet::default(),
            comp_registers: Vec::new(),
            class_cell: 0,
            layout: Layout::default(),
            free: IndexMap::default(),
            comp_iter_depth,
            params: Vec::new(),
            order: Vec::new(),
        });
        id
    }

    /// Runs `inside` in a new scope opened by `node`.
    pub(super) fn open<T>(
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
    pub(super) fn note(&mut self, name: &Name, span: Span, flags: Flags) -> Flags {
        let scope = self.scope();
        let name = mangle(scope.class_name.as_deref(), name);
        if let Some(symbol) = scope.symbols.get_mut(&*name) {
            let before = symbol.flags;
            symbol.flags |= flags;
            let declared = GLOBAL | NONLOCAL;
            if before == 0 || flags & declared != 0 && before & declared == 0 {
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

    pub(super) fn bind(&mut self, ident: &Ident) {
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
        for handler in &t.handlers {
            self.optional(handler.typ.as_ref());
            if let Some(name) = &handler.name {
                self.note(&name.name, name.span, BOUND | DELETED);
            }
            self.block(&handler.body);
        }
        self.block(&t.orelse);
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
                let whole = target.span.to(value.unwrap_or(annotation).span);
                self.error(whole, title, "annotated here", &help);
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
    pub(super) fn target(&mut self, target: &Expr) {
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
                b.order(&Code::Block(&def.body));
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

    pub(super) fn defaults(&mut self, params: &Params) {
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
    pub(super) fn params(&mut self, params: &Params) {
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

    pub(super) fn param(&mut self, name: &Name, span: Span) -> Flags {
        let before = self.note(name, span, PARAM | BOUND);
        let scope = self.scope();
        let name = mangle(scope.class_name.as_deref(), name).into_owned();
        scope.params.push(name);
        if span == Span::default() {
            scope.layout.positional += 1;
        }
        before
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
