//! `from __future__ import …`.

use super::*;

/// Features that CPython 3.13 knows; all but `annotations` are part of the language now.
const FEATURES: &[&str] = &[
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "barry_as_FLUFL",
    "generator_stop",
    "annotations",
];

impl<'a> Rules<'a> {
    /// Future statements stand before everything but the docstring, and name known features.
    pub(super) fn future_statements(&mut self, module: &'a Module) {
        let mut beginning = true;
        for (i, stmt) in module.body.iter().enumerate() {
            if let Some((names, star)) = future_import(stmt) {
                if beginning {
                    self.features(names, star, stmt.span);
                } else {
                    self.late_future(stmt.span);
                }
                continue;
            }
            let docstring = i == 0
                && matches!(&stmt.kind, StmtKind::Expr(e)
                    if matches!(e.kind, ExprKind::Constant(Constant::Str(_))));
            beginning &= docstring;
            self.nested_future(stmt);
        }
    }

    fn features(&mut self, names: &'a [Alias], star: bool, span: Span) {
        let wanted = names.iter().map(|a| &*a.name.name);
        for name in wanted.chain(star.then_some("*")) {
            if FEATURES.contains(&name) {
                continue;
            }
            let (title, help) = match name {
                "braces" => ("not a chance".to_owned(), "indent with spaces"),
                _ => (
                    format!("future feature {name} is not defined"),
                    "the one that still changes something is `annotations`",
                ),
            };
            return self.error(span, title, "no such feature", help);
        }
    }

    fn late_future(&mut self, span: Span) {
        let title = "from __future__ imports must occur at the beginning of the file";
        let help = "move it to the top; only a docstring and comments may stand before";
        self.error(span, title, "too late", help);
    }

    fn nested_future(&mut self, stmt: &'a Stmt) {
        let mut waiting: Vec<&[Stmt]> = blocks(stmt);
        while let Some(body) = waiting.pop() {
            for stmt in body {
                if future_import(stmt).is_some() {
                    self.late_future(stmt.span);
                }
                waiting.extend(blocks(stmt));
            }
        }
    }
}

fn future_import(stmt: &Stmt) -> Option<(&[Alias], bool)> {
    match &stmt.kind {
        StmtKind::ImportFrom {
            module: Some(module),
            level: 0,
            names,
            star,
        } if &*module.name == "__future__" => Some((names, *star)),
        _ => None,
    }
}

/// The blocks inside a statement.
fn blocks(stmt: &Stmt) -> Vec<&[Stmt]> {
    match &stmt.kind {
        StmtKind::If { body, orelse, .. }
        | StmtKind::While { body, orelse, .. }
        | StmtKind::For { body, orelse, .. } => vec![body, orelse],
        StmtKind::With { body, .. } => vec![body],
        StmtKind::Try(t) => {
            let mut all: Vec<&[Stmt]> = vec![&t.body, &t.orelse, &t.finalbody];
            all.extend(t.handlers.iter().map(|h| h.body.as_slice()));
            all
        }
        StmtKind::Match { cases, .. } => cases.iter().map(|c| c.body.as_slice()).collect(),
        StmtKind::FunctionDef(def) => vec![&def.body],
        StmtKind::ClassDef(def) => vec![&def.body],
        _ => Vec::new(),
    }
}
