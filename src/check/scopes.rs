//! What the names of a program stand for, as far as that is certain: a name that is bound exactly
//! once, by a definition or an import, means that wherever it is read.

use crate::syntax::ast::*;
use crate::syntax::walk;
use std::collections::HashMap;

/// What binds a name.
#[derive(Clone, Copy, Debug)]
pub enum Binding<'a> {
    Function(&'a FunctionDef),
    Class(&'a ClassDef),
    /// `import a.b as name`: the module's full name. Without `as`, the first part of it.
    Module(&'a str),
    /// `from module import name`.
    Imported(&'a str, &'a str),
    /// `name = value`, alone.
    Value(&'a Expr),
    /// Bound by something else, or more than once.
    Unknown,
}

/// What the call of a function makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Makes {
    Coroutine,
    Generator,
    AsyncGenerator,
    /// It runs at once.
    Result,
}

/// The names of a module, class or function.
#[derive(Default)]
struct Scope<'a> {
    parent: Option<usize>,
    is_class: bool,
    names: HashMap<&'a str, Binding<'a>>,
    /// Names that mean those of an outer scope.
    outer: Vec<&'a str>,
    /// `from module import *`: any name may come from there.
    star: bool,
}

/// All scopes of a program.
pub struct Scopes<'a> {
    list: Vec<Scope<'a>>,
    /// By the address of the definition that opens the scope; the tree is borrowed all the while.
    by_node: HashMap<usize, usize>,
    /// What the call of each function makes.
    makes: HashMap<usize, Makes>,
}

/// The scope of the module.
pub const MODULE: usize = 0;

fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node) as usize
}

impl<'a> Scopes<'a> {
    pub fn of(module: &'a Module) -> Scopes<'a> {
        let mut scopes = Scopes {
            list: vec![Scope::default()],
            by_node: HashMap::new(),
            makes: HashMap::new(),
        };
        let mut open = vec![(MODULE, &module.body)];
        while let Some((scope, body)) = open.pop() {
            for stmt in own_statements(body) {
                scopes.bindings_of(scope, stmt, &mut open);
            }
        }
        scopes
    }

    /// The scope of a function's or class's body.
    pub fn body<T>(&self, node: &T) -> usize {
        self.by_node.get(&address(node)).copied().unwrap_or(MODULE)
    }

    /// What a name means in a scope; `None` if nothing in the program binds it, so that it is one
    /// of the built-in names.
    pub fn lookup(&self, scope: usize, name: &str) -> Option<Binding<'a>> {
        let mut at = Some(scope);
        while let Some(index) = at {
            let scope_here = self.list.get(index)?;
            let skipped = scope_here.is_class && index != scope;
            if !skipped && !scope_here.outer.contains(&name) {
                if let Some(binding) = scope_here.names.get(name) {
                    return Some(*binding);
                }
                if scope_here.star {
                    return Some(Binding::Unknown);
                }
            }
            at = scope_here.parent;
        }
        None
    }

    /// What the call of a function makes.
    pub fn makes(&self, def: &FunctionDef) -> Makes {
        let found = self.makes.get(&address(def));
        found.copied().unwrap_or(Makes::Result)
    }

    /// What a name in the scope of a class itself means.
    pub fn member(&self, class: &ClassDef, name: &str) -> Option<Binding<'a>> {
        let scope = self.list.get(self.body(class))?;
        scope.names.get(name).copied()
    }

    fn bind(&mut self, scope: usize, name: &'a str, binding: Binding<'a>) {
        let Some(here) = self.list.get_mut(scope) else {
            return;
        };
        if here.outer.contains(&name) {
            // Whose name it is does not matter: it is bound in more than one place.
            for scope in &mut self.list {
                if scope.names.contains_key(name) {
                    scope.names.insert(name, Binding::Unknown);
                }
            }
            if let Some(module) = self.list.get_mut(MODULE) {
                module.names.insert(name, Binding::Unknown);
            }
            return;
        }
        let known = here.names.contains_key(name);
        let binding = if known { Binding::Unknown } else { binding };
        here.names.insert(name, binding);
    }

    fn open_scope<T>(&mut self, node: &T, parent: usize, is_class: bool) -> usize {
        self.list.push(Scope {
            parent: Some(parent),
            is_class,
            ..Scope::default()
        });
        let made = self.list.len() - 1;
        self.by_node.insert(address(node), made);
        made
    }

    fn bindings_of(&mut self, scope: usize, stmt: &'a Stmt, open: &mut Vec<(usize, &'a Block)>) {
        walk::expressions(stmt, &mut |e| self.bound_inside(scope, e));
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                if let [only] = targets.as_slice()
                    && let ExprKind::Name(name) = &only.kind
                {
                    return self.bind(scope, name, Binding::Value(value));
                }
                targets.iter().for_each(|t| self.target(scope, t));
            }
            StmtKind::AugAssign { target, .. } | StmtKind::For { target, .. } => {
                self.target(scope, target);
            }
            StmtKind::AnnAssign { target, value, .. } => match (&target.kind, value) {
                (ExprKind::Name(name), Some(value)) => {
                    self.bind(scope, name, Binding::Value(value));
                }
                _ => self.target(scope, target),
            },
            StmtKind::Delete(targets) => targets.iter().for_each(|t| {
                self.target(scope, t);
                self.target(scope, t);
            }),
            StmtKind::With { items, .. } => {
                for target in items.iter().filter_map(|i| i.target.as_ref()) {
                    self.target(scope, target);
                }
            }
            StmtKind::Try(t) => {
                for name in t.handlers.iter().filter_map(|h| h.name.as_ref()) {
                    self.bind(scope, &name.name, Binding::Unknown);
                }
            }
            StmtKind::Match { cases, .. } => {
                for case in cases {
                    self.pattern(scope, &case.pattern);
                }
            }
            StmtKind::Import(names) => names.iter().for_each(|alias| self.import(scope, alias)),
            StmtKind::ImportFrom {
                module,
                names,
                star,
                level,
            } => {
                if *star && let Some(here) = self.list.get_mut(scope) {
                    here.star = true;
                }
                let module = module.as_ref().map_or("", |m| &m.name);
                for alias in names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    let binding = match level {
                        0 => Binding::Imported(module, &alias.name.name),
                        _ => Binding::Unknown,
                    };
                    self.bind(scope, &name.name, binding);
                }
            }
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => {
                for name in names {
                    if let Some(here) = self.list.get_mut(scope) {
                        here.outer.push(&name.name);
                        here.names.remove(&*name.name);
                    }
                    self.bind(scope, &name.name, Binding::Unknown);
                }
            }
            StmtKind::FunctionDef(def) => {
                self.bind(scope, &def.name.name, Binding::Function(def));
                self.makes.insert(address(&**def), made_by(def));
                let body = self.open_scope(&**def, scope, false);
                for param in parameters(&def.params) {
                    self.bind(body, &param.name.name, Binding::Unknown);
                }
                open.push((body, &def.body));
            }
            StmtKind::ClassDef(def) => {
                self.bind(scope, &def.name.name, Binding::Class(def));
                let body = self.open_scope(&**def, scope, true);
                open.push((body, &def.body));
            }
            StmtKind::TypeAlias { name, .. } => self.bind(scope, &name.name, Binding::Unknown),
            _ => {}
        }
    }

    fn import(&mut self, scope: usize, alias: &'a Alias) {
        let full: &str = &alias.name.name;
        match &alias.asname {
            Some(name) => self.bind(scope, &name.name, Binding::Module(full)),
            None => {
                let first = full.split('.').next().unwrap_or(full);
                // `import a.b` and `import a.c` both bind the package `a`.
                let again = self.list.get(scope).and_then(|s| s.names.get(first));
                if !matches!(again, Some(Binding::Module(known)) if *known == first) {
                    self.bind(scope, first, Binding::Module(first));
                }
            }
        }
    }

    fn target(&mut self, scope: usize, target: &'a Expr) {
        walk::everything(target, &mut |e| {
            if let ExprKind::Name(name) = &e.kind {
                // A name that is only read there, as in `a[i] = 1`, becomes unknown: no harm.
                self.bind(scope, name, Binding::Unknown);
            }
        });
    }

    /// Names that an expression binds: `:=`, and those of comprehensions and lambdas, which are
    /// counted to the scope around them so that they hide what they hide.
    fn bound_inside(&mut self, scope: usize, e: &'a Expr) {
        walk::everything(e, &mut |e| match &e.kind {
            ExprKind::Named { target, .. } => self.bind(scope, &target.name, Binding::Unknown),
            ExprKind::Lambda { params, .. } => {
                for param in parameters(params) {
                    self.bind(scope, &param.name.name, Binding::Unknown);
                }
            }
            ExprKind::ListComp(c)
            | ExprKind::SetComp(c)
            | ExprKind::DictComp(c)
            | ExprKind::GeneratorExp(c) => {
                for part in &c.generators {
                    self.target(scope, &part.target);
                }
            }
            _ => {}
        });
    }

    fn pattern(&mut self, scope: usize, pattern: &'a Pattern) {
        let mut bind = |ident: &'a Option<Ident>| {
            if let Some(ident) = ident {
                self.bind(scope, &ident.name, Binding::Unknown);
            }
        };
        match &pattern.kind {
            PatternKind::Value(_) | PatternKind::Singleton(_) => {}
            PatternKind::Star(name) => bind(name),
            PatternKind::As { pattern, name } => {
                bind(name);
                pattern.iter().for_each(|p| self.pattern(scope, p));
            }
            PatternKind::Sequence(items) | PatternKind::Or(items) => {
                items.iter().for_each(|p| self.pattern(scope, p));
            }
            PatternKind::Mapping { items, rest } => {
                bind(rest);
                items.iter().for_each(|(_, p)| self.pattern(scope, p));
            }
            PatternKind::Class {
                positional,
                keyword,
                ..
            } => {
                let named = keyword.iter().map(|(_, p)| p);
                positional
                    .iter()
                    .chain(named)
                    .for_each(|p| self.pattern(scope, p));
            }
        }
    }
}

/// The statements of a block and of the blocks in it, but not of functions and classes.
pub fn own_statements(block: &[Stmt]) -> Vec<&Stmt> {
    let mut found = Vec::new();
    let mut open: Vec<&Stmt> = block.iter().rev().collect();
    while let Some(stmt) = open.pop() {
        found.push(stmt);
        if matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
            continue;
        }
        for inner in walk::blocks(stmt).into_iter().rev() {
            open.extend(inner.iter().rev());
        }
    }
    found
}

/// All parameters.
pub fn parameters(params: &Params) -> impl Iterator<Item = &Param> {
    let positional = params.posonly.iter().chain(&params.args);
    positional
        .chain(&params.vararg)
        .chain(&params.kwonly)
        .chain(&params.kwarg)
}

/// What a call of this function makes.
fn made_by(def: &FunctionDef) -> Makes {
    let mut yields = false;
    for stmt in own_statements(&def.body) {
        walk::expressions(stmt, &mut |e| {
            own_expressions(e, &mut |e| {
                yields |= matches!(e.kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_));
            });
        });
    }
    match (def.is_async, yields) {
        (true, true) => Makes::AsyncGenerator,
        (true, false) => Makes::Coroutine,
        (false, true) => Makes::Generator,
        (false, false) => Makes::Result,
    }
}

/// Calls `f` with an expression and what is in it, but not with the bodies of lambdas.
pub fn own_expressions<'a>(e: &'a Expr, f: &mut dyn FnMut(&'a Expr)) {
    let mut open = vec![e];
    while let Some(e) = open.pop() {
        f(e);
        if !matches!(e.kind, ExprKind::Lambda { .. }) {
            let at = open.len();
            walk::children(e, &mut |child| open.push(child));
            if let Some(children) = open.get_mut(at..) {
                children.reverse();
            }
        }
    }
}
