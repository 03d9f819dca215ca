//! Class definitions: the call of `__build_class__`, and the body as a function on a namespace.

use super::*;
use crate::bytecode::opcode::{Intrinsic, NO_REG};
use crate::syntax::ast::{Arg, ClassDef};

impl<'a> Gen<'a> {
    pub(super) fn class_def(&mut self, def: &'a ClassDef, span: Span) {
        let mark = self.top;
        let windows = self.decorators(&def.decorators);
        let t = self.landing_slot(&def.name.name, &def.decorators);
        let whole = def.decorators.first().map_or(span, |d| d.span.to(span));
        if def.type_params.is_empty() {
            self.build_class(def, span, whole, t, None);
        } else {
            self.generic_class(def, span, whole, t);
        }
        self.apply_decorators(&def.decorators, windows, t);
        self.store(&def.name.name, span, t);
        self.top = mark;
    }

    /// dst = the class. `generic_base` is a register with one more base.
    pub(super) fn build_class(
        &mut self,
        def: &'a ClassDef,
        span: Span,
        whole: Span,
        dst: u16,
        generic_base: Option<u16>,
    ) {
        let mark = self.top;
        let w = self.alloc_n(2);
        self.emit(span, Op::LoadIntrinsic, w, Intrinsic::BuildClass as u16, 0);
        let body = self.alloc();
        let code = self.class_code(def, whole);
        self.make_function(code, NO_REG, span, body);
        let name = self.alloc();
        self.load_str(span, name, &def.name.name);
        let unpacks = |a: &Arg| matches!(a, Arg::Star(_) | Arg::DoubleStar(_));
        if def.args.iter().any(unpacks) {
            self.unpacked_bases(def, w, generic_base, span, dst);
        } else {
            self.plain_bases(def, w, generic_base, span, dst);
        }
        self.top = mark;
    }

    /// Bases and keywords follow body and name in the window.
    fn plain_bases(
        &mut self,
        def: &'a ClassDef,
        w: u16,
        generic_base: Option<u16>,
        span: Span,
        dst: u16,
    ) {
        let mut names = Vec::new();
        for arg in &def.args {
            if let Arg::Positional(base) = arg {
                let slot = self.alloc();
                self.expr_to(base, slot);
            }
        }
        if let Some(base) = generic_base {
            let slot = self.alloc();
            self.emit(span, Op::Move, slot, base, 0);
        }
        for arg in &def.args {
            if let Arg::Keyword(name, value) = arg {
                let slot = self.alloc();
                self.expr_to(value, slot);
                names.push(Const::Str(self.mangled(&name.name).into_owned()));
            }
        }
        let count = self.top - w - 2;
        if names.is_empty() {
            self.emit(span, Op::Call, dst, w, count);
        } else {
            let slot = self.alloc();
            self.load(span, slot, Const::Tuple(names));
            self.emit(span, Op::CallKw, dst, w, count);
        }
    }

    /// As [`Gen::plain_bases`] where `*` or `**` occurs: body and name become list items.
    fn unpacked_bases(
        &mut self,
        def: &'a ClassDef,
        w: u16,
        generic_base: Option<u16>,
        span: Span,
        dst: u16,
    ) {
        let list = w + 2;
        self.emit(span, Op::BuildList, list, list, 2);
        self.top = list + 1;
        for arg in &def.args {
            let (op, value) = match arg {
                Arg::Positional(value) => (Op::ListAppend, value),
                Arg::Star(value) => (Op::ListExtend, value),
                _ => continue,
            };
            let value = self.operand(value);
            self.emit(span, op, list, value, 0);
            self.top = list + 1;
        }
        if let Some(base) = generic_base {
            self.emit(span, Op::ListAppend, list, base, 0);
        }
        let is_keyword = |a: &&Arg| matches!(a, Arg::Keyword(..) | Arg::DoubleStar(_));
        let keywords: Vec<&Arg> = def.args.iter().filter(is_keyword).collect();
        if !keywords.is_empty() {
            let dict = self.alloc();
            self.keyword_dict(&keywords, w, span, dict);
        }
        self.emit(span, Op::CallEx, dst, w, u16::from(!keywords.is_empty()));
    }

    fn class_code(&self, def: &'a ClassDef, span: Span) -> Rc<Code> {
        let frame = self.cx.scopes.body(def);
        let qualname = self.inner_qualname(&def.name.name);
        let title = || Title {
            name: &def.name.name,
            qualname: qualname.clone(),
            span,
            doc: split_docstring(&def.body).map(|(doc, _)| clean(&doc)),
        };
        code_object(self.cx, frame, title, |g| g.class_body(def, span))
    }

    fn class_body(&mut self, def: &'a ClassDef, span: Span) {
        let scope = self.frame_scope();
        let first_line = self.cx.source.line_of(span.start);
        // Where tracebacks show the preparation of a class body: its first line.
        let head = Span::new(span.start, span.start);
        let t = self.alloc();
        self.load_name(&Rc::from("__name__"), head, t);
        self.store(&Rc::from("__module__"), head, t);
        let qualname = self.qualname.clone();
        self.set_entry(head, "__qualname__", Const::Str(qualname));
        self.set_entry(head, "__firstlineno__", Const::Int(i64::from(first_line)));
        if !def.type_params.is_empty() {
            self.load_name(&Rc::from(".type_params"), head, t);
            self.store(&Rc::from("__type_params__"), head, t);
        }
        if scope.has_annotations {
            self.setup_annotations();
        }
        let mut body = &*def.body;
        if let Some((doc, rest)) = split_docstring(body) {
            self.set_entry(doc.span, "__doc__", Const::Str(clean(&doc)));
            body = rest;
        }
        self.top = t;
        self.block(body);
        let attributes = scope.static_attributes.iter().cloned().map(Const::Str);
        let attributes = Const::Tuple(attributes.collect());
        self.set_entry(NOWHERE, "__static_attributes__", attributes);
        if scope.needs_class_cell {
            // Moving out of the named register copies: the namespace gets the cell, too.
            let cell = scope.class_cell;
            self.store(&Rc::from("__classcell__"), NOWHERE, cell);
            self.emit(NOWHERE, Op::Return, cell, 0, 0);
        } else {
            self.emit(NOWHERE, Op::ReturnNone, 0, 0, 0);
        }
    }

    /// An entry of the class's namespace.
    fn set_entry(&mut self, span: Span, name: &str, value: Const) {
        let mark = self.top;
        let t = self.alloc();
        self.load(span, t, value);
        self.store(&Rc::from(name), span, t);
        self.top = mark;
    }
}

fn clean(doc: &Docstring<'_>) -> Rc<str> {
    function::clean_doc(doc.text)
}
