//! Calls: the window is built in place, at the top of the temporaries.

use super::*;
use crate::bytecode::opcode::METHOD;
use crate::syntax::ast::Arg;

/// Calls with more arguments than this pass them in a list.
const MAX_WINDOW_ARGS: usize = 255;

impl<'a> Gen<'a> {
    /// dst = func(args).
    pub(super) fn call(&mut self, e: &'a Expr, func: &'a Expr, args: &'a [Arg], dst: u16) {
        let mark = self.top;
        let w = self.window(dst);
        let unpacks = args
            .iter()
            .any(|a| matches!(a, Arg::Star(_) | Arg::DoubleStar(_)));
        let mut span = e.span;
        if unpacks || args.len() > MAX_WINDOW_ARGS {
            self.expr_to(func, w);
            self.call_unpacking(args, w, span, dst);
        } else {
            let method = match &func.kind {
                ExprKind::Attribute { value, attr } => {
                    span = self.attribute_span(e.span, attr.span);
                    let access = self.attribute_span(func.span, attr.span);
                    let object = self.operand(value);
                    let name = self.mangled(&attr.name);
                    self.asm
                        .emit_site(access, Op::LoadMethod, w, object, &name, 0);
                    self.top = w + 2;
                    true
                }
                _ => {
                    self.expr_to(func, w);
                    false
                }
            };
            self.call_window(args, w, method, span, dst);
        }
        self.top = mark;
    }

    /// Evaluates the arguments into the window at `w` and calls.
    pub(super) fn call_window(
        &mut self,
        args: &'a [Arg],
        w: u16,
        method: bool,
        span: Span,
        dst: u16,
    ) {
        let count = count(args.len());
        let mut names = Vec::new();
        for arg in args {
            let slot = self.alloc();
            match arg {
                Arg::Positional(value) | Arg::Star(value) | Arg::DoubleStar(value) => {
                    self.expr_to(value, slot);
                }
                Arg::Keyword(name, value) => {
                    self.expr_to(value, slot);
                    names.push(Const::Str(self.mangled(&name.name).into_owned()));
                }
            }
        }
        if names.is_empty() {
            let op = if method { Op::CallMethod } else { Op::Call };
            self.emit(span, op, dst, w, count);
        } else {
            let slot = self.alloc();
            self.load(span, slot, Const::Tuple(names));
            let flags = if method { METHOD } else { 0 };
            self.asm
                .emit_with(span, Op::CallKw, flags, 0, [dst, w, count]);
        }
    }

    /// A call whose callable stands in R[w] and whose arguments contain `*` or `**`.
    pub(super) fn call_unpacking(&mut self, args: &'a [Arg], w: u16, span: Span, dst: u16) {
        let list = self.alloc();
        let (positional, keywords): (Vec<&Arg>, Vec<&Arg>) = args
            .iter()
            .partition(|a| matches!(a, Arg::Positional(_) | Arg::Star(_)));
        match positional.as_slice() {
            // Alone, the iterable is passed as it is: the call says what is wrong with it.
            [Arg::Star(only)] => self.expr_to(only, list),
            all => {
                let items: Vec<&Expr> = all.iter().map(|a| arg_value(a)).collect();
                let starred: Vec<bool> = all.iter().map(|a| matches!(a, Arg::Star(_))).collect();
                self.list_of(&items, &starred, span, list);
            }
        }
        let has_keywords = !keywords.is_empty();
        if has_keywords {
            let dict = self.alloc();
            self.keyword_dict(&keywords, w, span, dict);
        }
        self.emit(span, Op::CallEx, dst, w, u16::from(has_keywords));
    }

    pub(super) fn keyword_dict(
        &mut self,
        keywords: &[&'a Arg],
        callable: u16,
        span: Span,
        dict: u16,
    ) {
        self.emit(span, Op::BuildDict, dict, dict, 0);
        let mut rest = keywords;
        while let Some((first, others)) = rest.split_first() {
            let mark = self.top;
            if let Arg::DoubleStar(mapping) = first {
                let mapping = self.operand(mapping);
                self.emit(span, Op::DictMerge, dict, mapping, callable);
                rest = others;
            } else {
                let run = rest
                    .iter()
                    .take_while(|a| matches!(a, Arg::Keyword(..)))
                    .take(MAX_WINDOW_ARGS);
                let run = run.count();
                self.keyword_run(rest.get(..run).unwrap_or_default(), callable, span, dict);
                rest = rest.get(run..).unwrap_or_default();
            }
            self.top = mark;
        }
    }

    /// Merges neighbouring `name=value` arguments into the dict.
    fn keyword_run(&mut self, run: &[&'a Arg], callable: u16, span: Span, dict: u16) {
        let base = self.top;
        for arg in run {
            if let Arg::Keyword(name, value) = arg {
                let pair = self.alloc_n(2);
                let name = self.mangled(&name.name).into_owned();
                self.load_str(span, pair, &name);
                self.expr_to(value, pair + 1);
            }
        }
        if run.is_empty() {
            return;
        }
        self.emit(span, Op::BuildDict, base, base, count(run.len()));
        self.emit(span, Op::DictMerge, dict, base, callable);
    }
}

fn arg_value(arg: &Arg) -> &Expr {
    match arg {
        Arg::Positional(e) | Arg::Star(e) | Arg::Keyword(_, e) | Arg::DoubleStar(e) => e,
    }
}
