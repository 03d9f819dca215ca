//! Rules about names: built-in names that are hidden and called all the same, files that hide the
//! module they import, defaults that all calls share.

use super::scopes::{own_statements, parameters};
use super::walker::Walker;
use crate::diagnostic::Code;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::walk;

/// Built-in functions whose names are easily taken.
const BUILTINS: [&str; 30] = [
    "abs", "all", "any", "bool", "bytes", "dict", "dir", "filter", "float", "format", "hash", "id",
    "input", "int", "iter", "len", "list", "map", "max", "min", "next", "object", "open", "print",
    "range", "set", "sorted", "str", "sum", "type",
];

/// A file that is called like a module it imports.
pub fn module(w: &mut Walker<'_>) {
    let file = w.source.name().rsplit(['/', '\\']).next().unwrap_or("");
    const IMPORTED: [&str; 12] = [
        "asyncio",
        "collections",
        "datetime",
        "json",
        "logging",
        "math",
        "queue",
        "random",
        "statistics",
        "string",
        "time",
        "typing",
    ];
    let stem = match file.rsplit_once('.') {
        Some((stem, "coro" | "py")) if IMPORTED.contains(&stem) => stem,
        _ => return,
    };
    let imports = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Import(names) => names.iter().any(|a| &*a.name.name == stem),
        StmtKind::ImportFrom {
            module, level: 0, ..
        } => module.as_ref().is_some_and(|m| &*m.name == stem),
        _ => false,
    };
    if let Some(stmt) = own_statements(&w.module.body)
        .into_iter()
        .find(|s| imports(s))
    {
        let title = format!("this file is called like the module '{stem}' that it imports");
        let help = "give the file another name".to_owned();
        w.doubt(
            Code::Hidden,
            stmt.span,
            title,
            "may import the file itself",
            help,
        );
    }
}

/// `list = [1, 2]` where `list(...)` is called in the same scope; `asyncio = 5` likewise.
pub fn statement<'a>(w: &mut Walker<'a>, stmt: &'a Stmt) {
    let StmtKind::Assign { targets, value } = &stmt.kind else {
        return;
    };
    let [target] = targets.as_slice() else {
        return;
    };
    let ExprKind::Name(name) = &target.kind else {
        return;
    };
    let module = &**name == "asyncio";
    if !(module || BUILTINS.contains(&&**name))
        || !is_no_function(value)
        || w.place.class.is_some() && w.place.function.is_none()
    {
        return;
    }
    let body = match w.place.function {
        Some(def) => &def.body,
        None => &w.module.body,
    };
    if let Some(usage) = use_of(body, name, stmt.span.end, module) {
        let line = w.source.line_of(usage.start);
        let title = if module {
            format!("'{name}' hides the module `{name}`, which line {line} uses")
        } else {
            format!("'{name}' hides the built-in `{name}`, which line {line} calls")
        };
        let help = format!("choose another name, such as `{name}_` or `my_{name}`");
        w.doubt(
            Code::Hidden,
            target.span,
            title,
            "hides it from here on",
            help,
        );
    }
}

/// A value that surely cannot be called, and is no module.
fn is_no_function(value: &Expr) -> bool {
    matches!(
        value.kind,
        ExprKind::Constant(_)
            | ExprKind::JoinedStr(_)
            | ExprKind::Tuple(_)
            | ExprKind::List(_)
            | ExprKind::Set(_)
            | ExprKind::Dict(_)
            | ExprKind::ListComp(_)
            | ExprKind::SetComp(_)
            | ExprKind::DictComp(_)
            | ExprKind::Binary { .. }
            | ExprKind::Compare { .. }
    )
}

/// The first place behind another where a function is called or something of a module is used, in
/// the code of one scope.
fn use_of(body: &[Stmt], name: &str, after: u32, module: bool) -> Option<Span> {
    let mut found = None;
    for stmt in own_statements(body) {
        walk::expressions(stmt, &mut |e| {
            walk::everything(e, &mut |e| {
                let owner = match &e.kind {
                    ExprKind::Call { func, .. } if !module => &func.kind,
                    ExprKind::Attribute { value, .. } if module => &value.kind,
                    _ => return,
                };
                let named = matches!(owner, ExprKind::Name(n) if &**n == name);
                if named && e.span.start >= after && found.is_none() {
                    found = Some(e.span);
                }
            });
        });
    }
    found
}

/// `def add(item, items=[])` that changes its default.
pub fn function<'a>(w: &mut Walker<'a>, def: &'a FunctionDef) {
    for param in parameters(&def.params) {
        let Some(default) = &param.default else {
            continue;
        };
        let fresh = match &default.kind {
            ExprKind::List(items) if items.is_empty() => "[]",
            ExprKind::Dict(items) if items.is_empty() => "{}",
            _ => continue,
        };
        let name = &param.name.name;
        // What remembers results on purpose says so.
        let meant = ["cache", "memo", "seen"]
            .iter()
            .any(|word| name.contains(word));
        if !meant && changes(&def.body, name) && !rebinds(&def.body, name) {
            let title = format!(
                "all calls of '{}' share this default, and it is changed",
                def.name.name
            );
            let help = format!(
                "write `{name}=None`, and in the function `if {name} is None: {name} = {fresh}`"
            );
            w.doubt(
                Code::SharedDefault,
                default.span,
                title,
                "made once, when `def` runs",
                help,
            );
        }
    }
}

/// Whether a function changes what a name stands for: `x.append(1)`, `x[0] = 1`, `x += [1]`.
fn changes(body: &[Stmt], name: &str) -> bool {
    const CHANGING: [&str; 12] = [
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "clear",
        "update",
        "setdefault",
        "add",
        "discard",
        "sort",
        "popitem",
    ];
    let is_name = |e: &Expr| matches!(&e.kind, ExprKind::Name(n) if &**n == name);
    let item = |e: &Expr| matches!(&e.kind, ExprKind::Subscript { value, .. } if is_name(value));
    let mut found = false;
    for stmt in own_statements(body) {
        found |= match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().any(item),
            StmtKind::AugAssign { target, .. } => item(target) || is_name(target),
            StmtKind::Delete(targets) => targets.iter().any(item),
            _ => false,
        };
        walk::expressions(stmt, &mut |e| {
            walk::everything(e, &mut |e| {
                if let ExprKind::Call { func, .. } = &e.kind
                    && let ExprKind::Attribute { value, attr } = &func.kind
                {
                    found |= is_name(value) && CHANGING.contains(&&*attr.name);
                }
            });
        });
    }
    found
}

fn rebinds(body: &[Stmt], name: &str) -> bool {
    own_statements(body).iter().any(|s| match &s.kind {
        StmtKind::Assign { targets, .. } => targets
            .iter()
            .any(|t| matches!(&t.kind, ExprKind::Name(n) if &**n == name)),
        _ => false,
    })
}

/// Whether some method of a class assigns an attribute of this name to its object.
pub fn assigns_attribute(class: &ClassDef, name: &str) -> bool {
    let mut found = false;
    walk::statements(&class.body, &mut |stmt| {
        let targets: Vec<&Expr> = match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().collect(),
            StmtKind::AnnAssign { target, .. } | StmtKind::AugAssign { target, .. } => vec![target],
            _ => return,
        };
        for target in targets {
            walk::everything(target, &mut |e| {
                found |= matches!(&e.kind, ExprKind::Attribute { attr, .. } if &*attr.name == name);
            });
        }
    });
    found
}
