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
        let mut body = module.body.as_slice();
        if let Some((Stmt { kind, .. }, rest)) = body.split_first()
            && let StmtKind::Expr(e) = kind
            && matches!(e.kind, ExprKind::Constant(Constant::Str(_)))
        {
            body = rest;
        }
        for stmt in body {
            let Some((names, star)) = future_import(stmt) else {
                return;
            };
            self.futures_end = stmt.span.end;
            self.features(names, star, stmt.span);
        }
    }

    /// Refuses a future statement further down.
    pub(super) fn late_future(&mut self, stmt: &'a Stmt) {
        if future_import(stmt).is_some() && stmt.span.end > self.futures_end {
            let title = "from __future__ imports must occur at the beginning of the file";
            let help = "move it to the top; only a docstring and comments may stand before";
            self.error(stmt.span, title, "too late", help);
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
