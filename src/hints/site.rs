//! Where an exception was raised, as a reader sees it: the innermost place in a program's own
//! code, its syntax tree, and what the names there stood for. Values are only looked at: nothing
//! of the program runs.

use crate::builtins::uncaught::{levels, local};
use crate::source::{Source, Span};
use crate::syntax::ast::{Expr, ExprKind, FunctionDef, Module, Stmt, StmtKind};
use crate::syntax::{self, walk};
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{
    BoundMethod, Class, Dict, Function, GenKind, Instance, Module as ModuleObject, Traceback,
};
use crate::vm::value::Value;
use std::rc::Rc;

/// How the sources of the embedded library are named.
pub const LIBRARY_PREFIX: &str = "<coro>";

/// Programs that were parsed for one report.
#[derive(Default)]
pub struct Programs(Vec<(Source, Rc<Module>)>);

impl Programs {
    /// The tree of a source; parsed once.
    pub fn tree(&mut self, source: &Source) -> Rc<Module> {
        let same = |(known, _): &&(Source, Rc<Module>)| std::ptr::eq(known.text(), source.text());
        if let Some((_, tree)) = self.0.iter().find(same) {
            return tree.clone();
        }
        let tree = Rc::new(syntax::parse_module(source).module);
        self.0.push((source.clone(), tree.clone()));
        tree
    }
}

/// The innermost level of a traceback that is the program's own.
pub struct Level {
    level: Ref<Traceback>,
}

impl Level {
    /// `None` if all of the traceback is library code.
    pub fn of(exception: &Value) -> Option<Level> {
        let own = |level: &Ref<Traceback>| {
            let source = &level.code().source;
            !source.name().starts_with(LIBRARY_PREFIX)
        };
        let level = levels(exception).into_iter().rfind(own)?;
        Some(Level { level })
    }

    pub fn source(&self) -> &Source {
        &self.level.code().source
    }

    pub fn span(&self) -> Span {
        self.level.span()
    }

    /// What a name stands for here.
    pub fn name(&self, vm: &mut Vm, name: &str) -> Option<Value> {
        if let Some(value) = local(&self.level, name) {
            return Some(value);
        }
        let name = vm.intern(name);
        let code = &self.level.frame.code;
        let global = code.globals.get_str(&name);
        global.or_else(|| code.builtins.get_str(&name))
    }

    pub fn globals(&self) -> &Ref<Dict> {
        &self.level.frame.code.globals
    }
}

/// A place in a program with what stands around it.
pub struct Site<'a> {
    pub level: &'a Level,
    /// The whole program.
    pub body: &'a [Stmt],
    /// Every statement around the place, outermost first.
    pub way: Vec<&'a Stmt>,
    /// The expression that was being evaluated, where it is known exactly.
    pub expr: Option<&'a Expr>,
}

impl<'a> Site<'a> {
    pub fn of(level: &'a Level, tree: &'a Module) -> Site<'a> {
        let way = walk::around(&tree.body, level.span());
        let expr = way
            .last()
            .and_then(|s| walk::expression_at(s, level.span()));
        Site {
            level,
            body: &tree.body,
            way,
            expr,
        }
    }

    pub fn stmt(&self) -> Option<&'a Stmt> {
        self.way.last().copied()
    }

    pub fn text(&self, span: Span) -> &'a str {
        self.level.source().slice(span)
    }

    /// The function around the place, `None` at the top of a file.
    pub fn function(&self) -> Option<&'a FunctionDef> {
        // The statement itself is not around the place: a default fails outside of its function.
        let around = self.way.iter().rev().skip(1);
        around.into_iter().find_map(|stmt| match &stmt.kind {
            StmtKind::FunctionDef(def) => Some(&**def),
            _ => None,
        })
    }

    /// Whether `await` may stand here.
    pub fn may_await(&self) -> bool {
        match self.function() {
            Some(def) => def.is_async,
            None => self.level.source().is_entry(),
        }
    }

    /// What an expression of names and attributes stands for. Properties and the like are not
    /// asked, since that would run code.
    pub fn value(&self, vm: &mut Vm, e: &Expr) -> Option<Value> {
        match &e.kind {
            ExprKind::Name(name) => self.level.name(vm, name),
            ExprKind::Attribute { value, attr } => {
                let object = self.value(vm, value)?;
                attribute(vm, &object, &attr.name)
            }
            _ => None,
        }
    }

    /// What a call of this function makes instead of running it.
    pub fn makes(&self, vm: &mut Vm, e: &Expr) -> Option<GenKind> {
        let ExprKind::Call { func, .. } = &e.kind else {
            return None;
        };
        let function = self.value(vm, func)?;
        made_by_calling(&function)
    }
}

/// What calling a function makes instead of running it.
pub fn made_by_calling(function: &Value) -> Option<GenKind> {
    let inner = function.downcast::<BoundMethod>().map(|m| &m.func);
    let flags = inner
        .unwrap_or(function)
        .downcast::<Function>()?
        .code
        .get()
        .code
        .flags;
    match () {
        () if flags.coroutine => Some(GenKind::Coroutine),
        () if flags.generator => Some(GenKind::Generator),
        () if flags.async_generator => Some(GenKind::AsyncGenerator),
        () => None,
    }
}

/// An attribute that can be had by looking: of a module, in an object, or a function of its class.
fn attribute(vm: &mut Vm, object: &Value, name: &str) -> Option<Value> {
    let name = vm.intern(name);
    if let Some(module) = object.downcast::<ModuleObject>() {
        return module.dict.get_str(&name);
    }
    if let Some(found) = object.as_ref::<Instance>().and_then(|i| i.get(&name)) {
        return Some(found);
    }
    let class = match object.as_ref::<Class>() {
        Some(class) => class.clone(),
        None => vm.class_of(object),
    };
    let found = vm.lookup(&class, &name)?;
    found.as_ref::<Function>().is_some().then_some(found)
}

/// Whether the class of a value has a method of this name.
pub fn has_method(vm: &mut Vm, value: &Value, name: &str) -> bool {
    let class = vm.class_of(value);
    let name = vm.intern(name);
    vm.lookup(&class, &name).is_some()
}
