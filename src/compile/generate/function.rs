//! Function definitions, lambdas, decorators.

use super::*;
use crate::bytecode::opcode::NO_REG;
use crate::compile::scope::build::{annotated_params, has_defaults};
use crate::syntax::ast::{FunctionDef, Params};

/// Registers of `MakeFunction`: defaults, keyword defaults, annotations.
const PARTS: u16 = 3;

impl<'a> Gen<'a> {
    pub(super) fn function_def(&mut self, def: &'a FunctionDef, span: Span) {
        let mark = self.top;
        let windows = self.decorators(&def.decorators);
        let t = self.landing_slot(&def.name.name, &def.decorators);
        let whole = def.decorators.first().map_or(span, |d| d.span.to(span));
        if def.type_params.is_empty() {
            let parts = if is_bare(&def.params) && def.returns.is_none() {
                NO_REG
            } else {
                let parts = self.alloc_n(PARTS);
                self.defaults(&def.params, parts, span);
                self.annotations(def, parts + 2, span);
                parts
            };
            let code = self.function_code(def, whole, |g| g.inner_qualname(&def.name.name));
            self.make_function(code, parts, span, t);
        } else {
            self.generic_function(def, span, whole, t);
        }
        self.apply_decorators(&def.decorators, windows, t);
        self.store(&def.name.name, span, t);
        self.top = mark;
    }

    /// Where a new function or class is built: in the local it is for, unless decorators come
    /// between.
    pub(super) fn landing_slot(&mut self, name: &Name, decorators: &[Expr]) -> u16 {
        match self.access(&self.mangled(name)) {
            Access::Local(reg) if decorators.is_empty() => reg,
            _ => self.alloc(),
        }
    }

    /// Evaluates decorators, each as the callable of a window in whose argument the next one's
    /// window begins. The first window.
    pub(super) fn decorators(&mut self, decorators: &'a [Expr]) -> u16 {
        let first = self.top;
        for decorator in decorators {
            let w = self.alloc_n(2);
            self.expr_to(decorator, w);
        }
        first
    }

    /// Calls the decorators, the last one first, on the value in `t`, which is the argument of
    /// the last window.
    pub(super) fn apply_decorators(&mut self, decorators: &[Expr], first: u16, t: u16) {
        for (i, decorator) in decorators.iter().enumerate().rev() {
            let w = first + 2 * i as u16;
            let dst = if i == 0 { t } else { w };
            self.emit(decorator.span, Op::Call, dst, w, 1);
        }
    }

    /// Defaults into R[parts], keyword defaults into R[parts + 1]; what is absent is cleared.
    pub(super) fn defaults(&mut self, params: &'a Params, parts: u16, span: Span) {
        let positional = params.posonly.iter().chain(&params.args);
        let defaults: Vec<&Expr> = positional.filter_map(|p| p.default.as_ref()).collect();
        let mark = self.top;
        if defaults.is_empty() {
            self.clear(parts);
        } else if let Some(values) = known(&defaults) {
            self.load(span, parts, Const::Tuple(values));
        } else {
            let base = self.exprs_in_row(&defaults);
            self.emit(span, Op::BuildTuple, parts, base, count(defaults.len()));
        }
        self.top = mark;
        if !has_defaults(params).1 {
            return self.clear(parts + 1);
        }
        let mut pairs = 0;
        for param in &params.kwonly {
            if let Some(default) = &param.default {
                let pair = self.alloc_n(2);
                let name = self.mangled(&param.name.name).into_owned();
                self.load_str(param.name.span, pair, &name);
                self.expr_to(default, pair + 1);
                pairs += 1;
            }
        }
        self.emit(span, Op::BuildDict, parts + 1, mark, pairs);
        self.top = mark;
    }

    /// The dict of annotations into `dst`, which is cleared if there are none.
    pub(super) fn annotations(&mut self, def: &'a FunctionDef, dst: u16, span: Span) {
        let mark = self.top;
        let mut pairs = 0;
        let params = annotated_params(&def.params);
        let of_params = params.filter_map(|p| Some((&p.name.name, p.annotation.as_ref()?)));
        let return_name: Name = Rc::from("return");
        let of_return = def.returns.as_ref().map(|r| (&return_name, r));
        for (name, annotation) in of_params.chain(of_return) {
            let pair = self.alloc_n(2);
            let name = self.mangled(name).into_owned();
            self.load_str(annotation.span, pair, &name);
            let star = match &annotation.kind {
                ExprKind::Starred(inner) => Some(inner),
                _ => None,
            };
            match star {
                // `*args: *Ts` is the one item of the unpacked value.
                Some(inner) if !self.cx.scopes.future_annotations => {
                    let value = self.operand(inner);
                    self.emit(annotation.span, Op::Unpack, pair + 1, value, 1);
                    self.top = pair + 2;
                }
                _ => self.annotation_to(annotation, pair + 1),
            }
            pairs += 1;
        }
        if pairs == 0 {
            self.clear(dst);
        } else {
            self.emit(span, Op::BuildDict, dst, mark, pairs);
        }
        self.top = mark;
    }

    pub(super) fn make_function(&mut self, code: Rc<Code>, parts: u16, span: Span, dst: u16) {
        let code = self.asm.code_const(code);
        self.emit(span, Op::MakeFunction, dst, code, parts);
    }

    /// Compiles a function's body.
    pub(super) fn function_code(
        &self,
        def: &'a FunctionDef,
        span: Span,
        qualname: impl Fn(&Self) -> Rc<str>,
    ) -> Rc<Code> {
        let frame = self.cx.scopes.body(def);
        let qualname = qualname(self);
        let (doc, body) = match split_docstring(&def.body) {
            Some((doc, rest)) => (Some(clean_doc(doc.text)), rest),
            None => (None, &*def.body),
        };
        let title = || Title {
            name: &def.name.name,
            qualname: qualname.clone(),
            span,
            doc: doc.clone(),
        };
        code_object(self.cx, frame, title, |g| {
            g.block(body);
            g.emit(NOWHERE, Op::ReturnNone, 0, 0, 0);
        })
    }

    pub(super) fn lambda(&mut self, params: &'a Params, body: &'a Expr, span: Span, dst: u16) {
        let mark = self.top;
        let parts = if is_bare(params) {
            NO_REG
        } else {
            let parts = self.alloc_n(PARTS);
            self.defaults(params, parts, span);
            self.clear(parts + 2);
            parts
        };
        let frame = self.cx.scopes.body(params);
        let code = self.thunk("<lambda>", frame, body, span);
        self.make_function(code, parts, span, dst);
        self.top = mark;
    }

    /// Code that returns the value of an expression.
    pub(super) fn thunk(&self, name: &str, frame: ScopeId, body: &'a Expr, span: Span) -> Rc<Code> {
        let name: Name = Rc::from(name);
        let qualname = self.inner_qualname(&name);
        let title = || Title {
            name: &name,
            qualname: qualname.clone(),
            span,
            doc: None,
        };
        code_object(self.cx, frame, title, |g| {
            let value = match &body.kind {
                // `[*Ts = *types]`: the one item of the unpacked value.
                ExprKind::Starred(inner) => {
                    let item = g.alloc();
                    let value = g.operand(inner);
                    g.emit(body.span, Op::Unpack, item, value, 1);
                    item
                }
                _ => g.operand(body),
            };
            g.emit(body.span, Op::Return, value, 0, 0);
        })
    }
}

/// Whether no parameter has a default or an annotation.
fn is_bare(params: &Params) -> bool {
    has_defaults(params) == (false, false)
        && annotated_params(params).all(|p| p.annotation.is_none())
}

fn known(items: &[&Expr]) -> Option<Vec<Const>> {
    items
        .iter()
        .map(|e| crate::compile::fold::constant(e))
        .collect()
}

/// A docstring without the indentation that it shares with the code around it, as CPython keeps
/// it: the first line loses its leading blanks, the others their common margin.
pub(super) fn clean_doc(text: &str) -> Rc<str> {
    let expanded = expand_tabs(text);
    let blank = |line: &str| line.chars().all(|c| c == ' ');
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let mut lines = expanded.split('\n');
    let first = lines.next().unwrap_or("").trim_start_matches(' ');
    let rest: Vec<&str> = lines.collect();
    let margin = rest.iter().filter(|l| !blank(l)).map(|l| indent(l)).min();
    let margin = margin.unwrap_or(usize::MAX);
    let mut out = first.to_owned();
    for line in rest {
        out.push('\n');
        out.push_str(line.get(margin.min(indent(line))..).unwrap_or(""));
    }
    Rc::from(out)
}

/// As `str.expandtabs()`.
fn expand_tabs(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let to = column / 8 * 8 + 8;
                out.extend(std::iter::repeat_n(' ', to - column));
                column = to;
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::clean_doc;

    /// `__doc__` of functions with these docstrings, recorded from CPython 3.13.
    #[test]
    fn docstrings_lose_their_margin() {
        let cases = [
            ("a", "a"),
            ("  a", "a"),
            ("a\n  b\n  c", "a\nb\nc"),
            ("\n    a\n      b\n    ", "\na\n  b\n"),
            ("a\n\tb\n\t\tc", "a\nb\n        c"),
            ("a\n\n   b\n  \n  c  ", "a\n\n b\n\nc  "),
            ("\ta\n  b", "a\nb"),
            ("   ", ""),
            ("\n", "\n"),
            ("a\n   \n b", "a\n  \nb"),
            ("    x\n  y\n    z", "x\ny\n  z"),
            ("a\r\n  b", "a\r\nb"),
        ];
        for (text, cleaned) in cases {
            assert_eq!(&*clean_doc(text), cleaned, "{text:?}");
        }
    }
}
