//! The walk over a program: where each statement and expression stands, and what its parts are
//! known to be. The rules themselves stand in the files beside this one.

use super::scopes::{Binding, MODULE, Makes, Scopes};
use super::{awaiting, blocks, generators, names};
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::source::{Source, Span};
use crate::syntax::ast::*;
use crate::syntax::walk;

/// Where the walk is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub scope: usize,
    pub function: Option<&'a FunctionDef>,
    pub class: Option<&'a ClassDef>,
    /// In the body of a lambda, which runs some other time.
    pub in_lambda: bool,
    /// Around this, exceptions of the kind that mistakes raise are caught.
    pub guarded: bool,
    pub in_while: bool,
}

pub struct Walker<'a> {
    pub source: &'a Source,
    pub module: &'a Module,
    pub scopes: &'a Scopes<'a>,
    pub place: Place<'a>,
    found: Vec<Diagnostic>,
}

/// All that the rules have to say about a program.
pub fn walk<'a>(source: &'a Source, module: &'a Module, scopes: &'a Scopes<'a>) -> Vec<Diagnostic> {
    let mut walker = Walker {
        source,
        module,
        scopes,
        place: Place {
            scope: MODULE,
            function: None,
            class: None,
            in_lambda: false,
            guarded: false,
            in_while: false,
        },
        found: Vec::new(),
    };
    names::module(&mut walker);
    walker.block(&module.body);
    walker.found
}

impl<'a> Walker<'a> {
    /// Something that raises when the program comes there: not said where that is caught.
    pub fn mistake(&mut self, code: Code, span: Span, title: String, label: &str, help: String) {
        if !self.place.guarded {
            self.say(Level::Error, code, span, title, label, help);
        }
    }

    /// Something that surely is not meant, but raises nothing.
    pub fn doubt(&mut self, code: Code, span: Span, title: String, label: &str, help: String) {
        self.say(Level::Warning, code, span, title, label, help);
    }

    fn say(
        &mut self,
        level: Level,
        code: Code,
        span: Span,
        title: String,
        label: &str,
        help: String,
    ) {
        let diagnostic = Diagnostic::new(code, level, title);
        self.found
            .push(diagnostic.label(self.source, span, label).help(help));
    }

    pub fn text(&self, span: Span) -> &'a str {
        self.source.slice(span)
    }

    /// A name or call as it is written, short.
    pub fn shown(&self, e: &Expr) -> String {
        let text = self.text(e.span);
        match text.split_once('\n') {
            Some((first, _)) => format!("{}...", first.trim_end()),
            None => text.to_owned(),
        }
    }

    /// Whether `await` may stand here.
    pub fn is_async(&self) -> bool {
        !self.place.in_lambda && self.place.function.is_some_and(|def| def.is_async)
    }

    // What things are known to be

    /// The function that an expression names, if that is certain.
    pub fn function(&self, e: &Expr) -> Option<&'a FunctionDef> {
        match &e.kind {
            ExprKind::Name(name) => match self.scopes.lookup(self.place.scope, name)? {
                Binding::Function(def) => Some(def).filter(|d| d.decorators.is_empty()),
                _ => None,
            },
            ExprKind::Attribute { value, attr } => self.method(value, &attr.name),
            _ => None,
        }
    }

    /// `self.name` where the class around has one method of that name.
    fn method(&self, object: &Expr, name: &str) -> Option<&'a FunctionDef> {
        let (class, method) = (self.place.class?, self.place.function?);
        let first = method
            .params
            .posonly
            .iter()
            .chain(&method.params.args)
            .next()?;
        let is_self = matches!(&object.kind, ExprKind::Name(n) if *n == first.name.name);
        let plain = method.decorators.is_empty();
        if !is_self || !plain || names::assigns_attribute(class, name) {
            return None;
        }
        match self.scopes.member(class, name)? {
            Binding::Function(def) => Some(def).filter(|d| d.decorators.is_empty()),
            _ => None,
        }
    }

    /// The full name of a thing of the library: `asyncio.sleep`, and `print` for a built-in name.
    pub fn path(&self, e: &Expr) -> Option<String> {
        match &e.kind {
            ExprKind::Name(name) => match self.scopes.lookup(self.place.scope, name) {
                None => Some(name.to_string()),
                Some(Binding::Module(module)) => Some(module.to_owned()),
                Some(Binding::Imported(module, name)) => Some(format!("{module}.{name}")),
                Some(_) => None,
            },
            ExprKind::Attribute { value, attr } => {
                // Modules only: an attribute of a built-in is no path.
                match &value.kind {
                    ExprKind::Name(name)
                        if self.scopes.lookup(self.place.scope, name).is_none() =>
                    {
                        None
                    }
                    _ => Some(format!("{}.{}", self.path(value)?, attr.name)),
                }
            }
            _ => None,
        }
    }

    /// What a call makes; `None` if that is not certain.
    pub fn makes(&self, e: &Expr) -> Option<Makes> {
        let ExprKind::Call { func, .. } = &e.kind else {
            return None;
        };
        if let Some(def) = self.function(func) {
            return Some(self.scopes.makes(def));
        }
        let path = self.path(func)?;
        awaiting::COROUTINE_FUNCTIONS
            .contains(&path.as_str())
            .then_some(Makes::Coroutine)
    }

    // The walk

    fn at(&mut self, place: Place<'a>, inside: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.place, place);
        inside(self);
        self.place = before;
    }

    fn block(&mut self, body: &'a [Stmt]) {
        blocks::unreachable(self, body);
        generators::looped_twice(self, body);
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        awaiting::statement(self, stmt);
        generators::statement(self, stmt);
        names::statement(self, stmt);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => return self.function_def(stmt, def),
            StmtKind::ClassDef(def) => return self.class_def(stmt, def),
            StmtKind::Try(t) => return self.try_stmt(stmt, t),
            _ => {}
        }
        walk::expressions(stmt, &mut |e| self.expr(e));
        let place = match &stmt.kind {
            StmtKind::While { .. } => Place {
                in_while: true,
                ..self.place
            },
            StmtKind::With { items, .. } if items.iter().any(|i| self.suppresses(&i.context)) => {
                Place {
                    guarded: true,
                    ..self.place
                }
            }
            StmtKind::If { .. } => return self.if_chain(stmt),
            _ => self.place,
        };
        self.at(place, |w| {
            for block in walk::blocks(stmt) {
                w.block(block);
            }
        });
    }

    /// `elif` chains are walked without recursion.
    fn if_chain(&mut self, stmt: &'a Stmt) {
        let mut stmt = stmt;
        while let StmtKind::If { body, orelse, .. } = &stmt.kind {
            self.block(body);
            match orelse.as_slice() {
                [only] if matches!(only.kind, StmtKind::If { .. }) => {
                    stmt = only;
                    awaiting::statement(self, stmt);
                    walk::expressions(stmt, &mut |e| self.expr(e));
                }
                _ => return self.block(orelse),
            }
        }
    }

    /// `with suppress(...)`, and the likes of `assertRaises`.
    fn suppresses(&self, context: &Expr) -> bool {
        let ExprKind::Call { func, .. } = &context.kind else {
            return false;
        };
        let name = self.text(func.span).to_lowercase();
        name.contains("suppress") || name.contains("raises")
    }

    fn function_def(&mut self, stmt: &'a Stmt, def: &'a FunctionDef) {
        walk::expressions(stmt, &mut |e| self.expr(e));
        let place = Place {
            scope: self.scopes.body(def),
            function: Some(def),
            // A function in a method may use the method's `self`, but that is looked up by name.
            class: self.place.class.filter(|_| self.place.function.is_none()),
            in_lambda: false,
            guarded: false,
            in_while: false,
        };
        self.at(place, |w| {
            awaiting::function(w, def);
            generators::function(w, def);
            names::function(w, def);
            w.block(&def.body);
        });
    }

    fn class_def(&mut self, stmt: &'a Stmt, def: &'a ClassDef) {
        walk::expressions(stmt, &mut |e| self.expr(e));
        let place = Place {
            scope: self.scopes.body(def),
            function: None,
            class: Some(def),
            in_lambda: false,
            guarded: self.place.guarded,
            in_while: false,
        };
        self.at(place, |w| w.block(&def.body));
    }

    fn try_stmt(&mut self, stmt: &'a Stmt, t: &'a Try) {
        blocks::swallowed(self, t);
        walk::expressions(stmt, &mut |e| self.expr(e));
        let guarded = self.place.guarded || t.handlers.iter().any(|h| self.catches_mistakes(h));
        let place = Place {
            guarded,
            ..self.place
        };
        self.at(place, |w| w.block(&t.body));
        for handler in &t.handlers {
            self.block(&handler.body);
        }
        self.block(&t.orelse);
        self.block(&t.finalbody);
    }

    /// Whether a handler takes what mistakes raise: anything but types that are named otherwise.
    fn catches_mistakes(&self, handler: &ExceptHandler) -> bool {
        const RAISED: [&str; 8] = [
            "TypeError",
            "RuntimeError",
            "AttributeError",
            "ValueError",
            "Exception",
            "BaseException",
            "ExceptionGroup",
            "BaseExceptionGroup",
        ];
        let Some(typ) = &handler.typ else {
            return true;
        };
        let mut found = false;
        walk::everything(typ, &mut |e| {
            // A name that is computed or bound here may be anything.
            found |= match &e.kind {
                ExprKind::Name(name) => match self.scopes.lookup(self.place.scope, name) {
                    None => RAISED.contains(&&**name),
                    Some(Binding::Class(_) | Binding::Module(_) | Binding::Imported(..)) => false,
                    Some(_) => true,
                },
                ExprKind::Call { .. } | ExprKind::Starred(_) => true,
                _ => false,
            };
        });
        found
    }

    fn expr(&mut self, e: &'a Expr) {
        awaiting::expression(self, e);
        blocks::blocking(self, e);
        generators::expression(self, e);
        if let ExprKind::Lambda { .. } = e.kind {
            let place = Place {
                in_lambda: true,
                guarded: false,
                ..self.place
            };
            return self.at(place, |w| walk::children(e, &mut |child| w.expr(child)));
        }
        walk::children(e, &mut |child| self.expr(child));
    }
}
