//! What the names at a place stood for when it failed.

use super::show::show;
use super::site::Site;
use crate::syntax::ast::{Expr, ExprKind, StmtKind};
use crate::syntax::walk;
use crate::vm::Vm;
use crate::vm::object::{BoundMethod, Class, Exception, Function, Module, NativeFunction};
use crate::vm::value::Value;

/// Most names that are told.
const MOST: usize = 5;

/// A line for each name in the failing expression whose value says something.
pub fn here(vm: &mut Vm, site: &Site<'_>) -> Option<String> {
    let mut told: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    for e in names(site) {
        let text = site.text(e.span);
        if told.contains(&text) || lines.len() == MOST {
            continue;
        }
        told.push(text);
        let Some((e, value)) = nearest(vm, site, e) else {
            continue;
        };
        let text = site.text(e.span);
        let line = format!("{text} = {}", show(vm, &value));
        if says_something(&value) && !lines.contains(&line) {
            lines.push(line);
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The value of an expression; of `a.b`, where that has none, the value of `a`.
fn nearest<'a>(vm: &mut Vm, site: &Site<'_>, e: &'a Expr) -> Option<(&'a Expr, Value)> {
    if let Some(value) = site.value(vm, e) {
        return Some((e, value));
    }
    match &e.kind {
        ExprKind::Attribute { value, .. } => nearest(vm, site, value),
        _ => None,
    }
}

/// The names and attributes of the failing expression, in source order; of `a.b` only the whole.
fn names<'a>(site: &Site<'a>) -> Vec<&'a Expr> {
    let mut open = Vec::new();
    match (site.expr, site.stmt()) {
        (Some(e), _) => open.push(e),
        // A simple statement failed as a whole: `raise`, `del`, an assignment that unpacks.
        (None, Some(stmt))
            if !matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) =>
        {
            walk::expressions(stmt, &mut |e| open.push(e));
        }
        _ => {}
    }
    open.reverse();
    let mut found = Vec::new();
    while let Some(e) = open.pop() {
        match &e.kind {
            ExprKind::Name(_) => found.push(e),
            ExprKind::Attribute { value, .. } if is_path(value) => found.push(e),
            ExprKind::Lambda { .. } => {}
            _ => {
                let at = open.len();
                walk::children(e, &mut |child| open.push(child));
                if let Some(children) = open.get_mut(at..) {
                    children.reverse();
                }
            }
        }
    }
    found
}

/// `a`, `a.b`, `a.b.c`.
fn is_path(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Name(_) => true,
        ExprKind::Attribute { value, .. } => is_path(value),
        _ => false,
    }
}

/// Functions, classes and modules are what their names say.
fn says_something(value: &Value) -> bool {
    value.downcast::<Function>().is_none()
        && value.downcast::<BoundMethod>().is_none()
        && value.downcast::<NativeFunction>().is_none()
        && value.downcast::<Class>().is_none()
        && value.downcast::<Module>().is_none()
        && value.downcast::<Exception>().is_none()
}
