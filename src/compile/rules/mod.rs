//! Placement rules: what the grammar allows and the language refuses, with CPython's messages and
//! a hint on what to write. Also CPython's compile-time warnings. Looks at unreachable code, too.

use super::scope::Scopes;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::ast::*;

mod expr;
mod future;
mod pattern;
mod target;
mod warn;

#[cfg(test)]
mod tests;

/// What kind of code object something stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Module,
    Class,
    Function,
    AsyncFunction,
    /// A generator expression.
    Comprehension,
}

/// The nearest thing that `break` and `continue` meet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Loop,
    ExceptStar,
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct Place<'a> {
    unit: Unit,
    /// The function, for hints.
    function: Option<&'a str>,
    around: Around,
    /// Some `except*` is around, however far.
    in_star: bool,
    /// The function is a generator.
    yields: bool,
    /// In a list, set or dict comprehension: `yield` was refused there already.
    in_comprehension: bool,
    /// Something that neither suspends nor assigns, as CPython calls it.
    frozen: Option<&'static str>,
}

struct Rules<'a> {
    source: &'a Source,
    scopes: &'a Scopes,
    /// Top-level `await` is allowed (a REPL entry).
    top_await: bool,
    place: Place<'a>,
    /// Where the future statements at the beginning end.
    futures_end: u32,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

/// What the rules have to say about a program: errors, then warnings.
pub(super) fn check(
    source: &Source,
    module: &Module,
    scopes: &Scopes,
    top_await: bool,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut rules = Rules {
        source,
        scopes,
        top_await,
        place: Place {
            unit: Unit::Module,
            function: None,
            around: Around::Nothing,
            in_star: false,
            yields: false,
            in_comprehension: false,
            frozen: None,
        },
        futures_end: 0,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    rules.future_statements(module);
    rules.block(&module.body);
    (rules.errors, rules.warnings)
}

impl<'a> Rules<'a> {
    fn error(&mut self, span: Span, title: impl Into<String>, label: &str, help: &str) {
        let diagnostic = Diagnostic::refusal(title);
        let diagnostic = diagnostic.label(self.source, span, label).help(help);
        self.errors.push(diagnostic);
    }

    fn warning(&mut self, span: Span, title: impl Into<String>, label: &str) {
        let diagnostic = Diagnostic::doubt(title);
        self.warnings
            .push(diagnostic.label(self.source, span, label));
    }

    /// Runs `inside` at another place.
    fn at(&mut self, place: Place<'a>, inside: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.place, place);
        inside(self);
        self.place = before;
    }

    fn is_async(&self) -> bool {
        matches!(self.place.unit, Unit::AsyncFunction | Unit::Comprehension)
            || (self.top_await && self.place.unit == Unit::Module)
    }

    fn is_function(&self) -> bool {
        !matches!(self.place.unit, Unit::Module | Unit::Class)
    }

    /// What to write so that `await` and its kin are allowed here.
    fn async_help(&self) -> String {
        match (self.place.unit, self.place.function) {
            (Unit::Function, Some("<lambda>")) => {
                "a lambda cannot await; write an `async def` function instead".to_owned()
            }
            (Unit::Function, Some(name)) => {
                format!(
                    "make the function a coroutine: `async def {name}(...)`, and await its calls"
                )
            }
            _ => "put this into `async def main():` and start it with `asyncio.run(main())`"
                .to_owned(),
        }
    }

    fn block(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        let span = stmt.span;
        match &stmt.kind {
            StmtKind::Expr(e) => self.value(e),
            StmtKind::Assign { targets, value } => {
                self.value(value);
                targets.iter().for_each(|t| self.target(t));
            }
            StmtKind::AugAssign { target, value, .. } => {
                match &target.kind {
                    // CPython lets this pass.
                    ExprKind::Attribute { value, .. } => self.value(value),
                    _ => self.target(target),
                }
                self.value(value);
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                ..
            } => {
                self.optional(value.as_ref());
                match &target.kind {
                    // CPython points at the whole statement.
                    ExprKind::Name(name) => self.assigned(name, span),
                    ExprKind::Attribute { value, attr } => {
                        self.assigned(&attr.name, span);
                        self.value(value);
                    }
                    _ => self.target(target),
                }
                let warned = self.warnings.len();
                self.annotation(annotation);
                if self.is_function() && matches!(target.kind, ExprKind::Name(_)) {
                    // It is never evaluated.
                    self.warnings.truncate(warned);
                }
            }
            StmtKind::Return(value) => self.return_stmt(value.as_ref(), span),
            StmtKind::Delete(targets) => targets.iter().for_each(|t| self.delete(t)),
            StmtKind::Pass | StmtKind::Global(_) | StmtKind::Nonlocal(_) => {}
            StmtKind::Break => self.exit("'break' outside loop", span),
            StmtKind::Continue => self.exit("'continue' not properly in loop", span),
            StmtKind::Raise { exc, cause } => {
                self.optional(exc.as_ref());
                self.optional(cause.as_ref());
            }
            StmtKind::Assert { test, msg } => {
                self.warn_assert(test, span);
                self.value(test);
                self.optional(msg.as_ref());
            }
            StmtKind::Import(names) => names.iter().for_each(|a| self.alias(a, span)),
            StmtKind::ImportFrom { names, star, .. } => {
                self.late_future(stmt);
                if *star && self.place.unit != Unit::Module {
                    let title = "import * only allowed at module level";
                    let star = Span::new(span.end.saturating_sub(1), span.end);
                    self.error(star, title, "not at module level", "name what is imported");
                }
                names.iter().for_each(|a| self.alias(a, span));
            }
            StmtKind::If { .. } => self.if_chain(stmt),
            StmtKind::While { test, body, orelse } => {
                self.value(test);
                self.loop_body(body);
                self.block(orelse);
            }
            StmtKind::For {
                is_async,
                target,
                iter,
                body,
                orelse,
            } => {
                if *is_async {
                    self.needs_async("'async for' outside async function", span);
                }
                self.value(iter);
                self.target(target);
                self.loop_body(body);
                self.block(orelse);
            }
            StmtKind::With {
                is_async,
                items,
                body,
            } => {
                if *is_async {
                    self.needs_async("'async with' outside async function", span);
                }
                for item in items {
                    self.value(&item.context);
                    if let Some(target) = &item.target {
                        self.target(target);
                    }
                }
                self.block(body);
            }
            StmtKind::Try(t) => self.try_stmt(t),
            StmtKind::Match { subject, cases } => self.match_stmt(subject, cases),
            StmtKind::FunctionDef(def) => self.function_def(def, span),
            StmtKind::ClassDef(def) => self.class_def(def, span),
            StmtKind::TypeAlias {
                name,
                params,
                value,
            } => {
                self.assigned(&name.name, span);
                self.type_params(params);
                self.frozen("a type alias", value);
            }
        }
    }

    fn needs_async(&mut self, title: &str, span: Span) {
        if !self.is_async() {
            let help = self.async_help();
            self.error(span, title, "needs a coroutine around it", &help);
        }
    }

    /// `elif` chains are walked without recursion.
    fn if_chain(&mut self, stmt: &'a Stmt) {
        let mut stmt = stmt;
        while let StmtKind::If { test, body, orelse } = &stmt.kind {
            self.value(test);
            self.block(body);
            match orelse.as_slice() {
                [only] if matches!(only.kind, StmtKind::If { .. }) => stmt = only,
                _ => return self.block(orelse),
            }
        }
    }

    fn loop_body(&mut self, body: &'a [Stmt]) {
        let place = Place {
            around: Around::Loop,
            ..self.place
        };
        self.at(place, |r| r.block(body));
    }

    const IN_STAR: &'static str =
        "'break', 'continue' and 'return' cannot appear in an except* block";

    fn in_star(&mut self, span: Span) {
        let help = "set a variable here and act on it after the `try` statement";
        self.error(span, Self::IN_STAR, "would leave the except* block", help);
    }

    fn exit(&mut self, title: &str, span: Span) {
        match self.place.around {
            Around::Loop => {}
            Around::ExceptStar => self.in_star(span),
            Around::Nothing => {
                let help = "this belongs into the body of a `for` or `while` loop; to leave a function, use `return`";
                self.error(span, title, "no loop around it in this function", help);
            }
        }
    }

    fn return_stmt(&mut self, value: Option<&'a Expr>, span: Span) {
        if !self.is_function() {
            let help = "`return` leaves a function; to end a program, use `sys.exit()`";
            let label = "not in the body of a function";
            self.error(span, "'return' outside function", label, help);
        } else if self.place.in_star {
            // A constant needs no work before the frame is left: it is what is pointed at.
            let constant = value.filter(|value| matches!(value.kind, ExprKind::Constant(_)));
            self.in_star(constant.map_or(span, |value| value.span));
        } else if value.is_some() && self.place.unit == Unit::AsyncFunction && self.place.yields {
            let help = "end with a plain `return`, or `yield` the last value";
            let title = "'return' with value in async generator";
            self.error(span, title, "an async generator has no result", help);
        }
        self.optional(value);
    }

    fn try_stmt(&mut self, t: &'a Try) {
        self.block(&t.body);
        self.block(&t.orelse);
        let last = t.handlers.len().saturating_sub(1);
        for (i, handler) in t.handlers.iter().enumerate() {
            if handler.typ.is_none() && i < last {
                let help = "move the bare `except:` below the others";
                let title = "default 'except:' must be last";
                self.error(handler.span, title, "catches everything", help);
            }
            self.optional(handler.typ.as_ref());
            if let Some(name) = &handler.name {
                self.assigned(&name.name, handler.span);
            }
            let place = if t.is_star {
                Place {
                    around: Around::ExceptStar,
                    in_star: true,
                    ..self.place
                }
            } else {
                self.place
            };
            self.at(place, |r| r.block(&handler.body));
        }
        self.block(&t.finalbody);
    }

    fn alias(&mut self, alias: &'a Alias, span: Span) {
        match &alias.asname {
            Some(asname) => self.assigned(&asname.name, span),
            None => self.assigned(&alias.name.name, span),
        }
    }

    fn function_def(&mut self, def: &'a FunctionDef, span: Span) {
        def.decorators.iter().for_each(|d| self.value(d));
        self.assigned(&def.name.name, span);
        self.defaults(&def.params);
        self.type_params(&def.type_params);
        let generic = !def.type_params.is_empty();
        let frozen = generic.then_some("the definition of a generic");
        let place = Place {
            frozen: frozen.or(self.place.frozen),
            ..self.place
        };
        self.at(place, |r| {
            for param in all_params(&def.params) {
                if let Some(annotation) = &param.annotation {
                    r.annotation(annotation);
                }
            }
            if let Some(returns) = &def.returns {
                r.annotation(returns);
            }
        });
        let yields = self.scopes.get(self.scopes.body(def)).has_yield;
        let unit = if def.is_async {
            Unit::AsyncFunction
        } else {
            Unit::Function
        };
        self.in_function(unit, &def.name.name, yields, |r| {
            r.param_names(&def.params);
            r.block(&def.body);
        });
    }

    fn in_function(
        &mut self,
        unit: Unit,
        name: &'a str,
        yields: bool,
        inside: impl FnOnce(&mut Self),
    ) {
        let place = Place {
            unit,
            function: Some(name),
            around: Around::Nothing,
            in_star: false,
            yields,
            in_comprehension: false,
            frozen: None,
        };
        self.at(place, inside);
    }

    fn class_def(&mut self, def: &'a ClassDef, span: Span) {
        def.decorators.iter().for_each(|d| self.value(d));
        self.assigned(&def.name.name, span);
        self.type_params(&def.type_params);
        let generic = !def.type_params.is_empty();
        let place = Place {
            frozen: generic.then_some("the definition of a generic"),
            ..self.place
        };
        self.at(place, |r| r.args(&def.args));
        let place = Place {
            unit: Unit::Class,
            function: None,
            around: Around::Nothing,
            in_star: false,
            yields: false,
            in_comprehension: false,
            frozen: None,
        };
        self.at(place, |r| r.block(&def.body));
    }

    fn defaults(&mut self, params: &'a Params) {
        for param in all_params(params) {
            self.optional(param.default.as_ref());
        }
    }

    fn param_names(&mut self, params: &'a Params) {
        for param in all_params(params) {
            self.assigned(&param.name.name, param.name.span);
        }
    }

    fn type_params(&mut self, params: &'a [TypeParam]) {
        let mut defaulted = false;
        for param in params {
            self.assigned(&param.name.name, param.name.span);
            if let Some(bound) = &param.bound {
                let what = match bound.kind {
                    ExprKind::Tuple(_) => "a TypeVar constraint",
                    _ => "a TypeVar bound",
                };
                self.frozen(what, bound);
            }
            match &param.default {
                Some(default) => {
                    defaulted = true;
                    let what = match param.kind {
                        TypeParamKind::TypeVar => "a TypeVar default",
                        TypeParamKind::TypeVarTuple => "a TypeVarTuple default",
                        TypeParamKind::ParamSpec => "a ParamSpec default",
                    };
                    self.frozen(what, default);
                }
                None if defaulted => {
                    let name = &param.name.name;
                    let title = format!(
                        "non-default type parameter '{name}' follows default type parameter"
                    );
                    let help = "move the parameters with defaults to the end";
                    self.error(param.name.span, title, "has no default", help);
                }
                None => {}
            }
        }
    }

    fn frozen(&mut self, what: &'static str, e: &'a Expr) {
        let place = Place {
            frozen: Some(what),
            ..self.place
        };
        self.at(place, |r| r.items(std::slice::from_ref(e)));
    }

    /// An annotation; `*args: *Ts` has a star. One that stays a text is never evaluated.
    fn annotation(&mut self, e: &'a Expr) {
        if !self.scopes.future_annotations {
            return self.items(std::slice::from_ref(e));
        }
        let warned = self.warnings.len();
        self.frozen("an annotation", e);
        self.warnings.truncate(warned);
    }
}

/// All parameters, in the order of the source as far as it matters.
fn all_params(params: &Params) -> impl Iterator<Item = &Param> {
    let positional = params.posonly.iter().chain(&params.args);
    positional
        .chain(&params.vararg)
        .chain(&params.kwonly)
        .chain(&params.kwarg)
}
