//! Type parameters (PEP 695): a definition with them is made by a function of its own, called at
//! once, whose variables the parameters are.

use super::*;
use crate::bytecode::opcode::{Intrinsic, NO_REG};
use crate::compile::scope::build::has_defaults;
use crate::syntax::ast::{ClassDef, FunctionDef, Ident, TypeParam, TypeParamKind};

impl<'a> Gen<'a> {
    pub(super) fn generic_function(
        &mut self,
        def: &'a FunctionDef,
        span: Span,
        whole: Span,
        dst: u16,
    ) {
        let mark = self.top;
        let w = self.alloc_n(2);
        let mut count = self.namespace_argument();
        let (defaults, kwdefaults) = has_defaults(&def.params);
        if defaults || kwdefaults {
            let parts = self.alloc_n(2);
            self.defaults(&def.params, parts, span);
            // What is present moves together.
            count += u16::from(defaults) + u16::from(kwdefaults);
            if !defaults {
                self.emit(span, Op::Move, parts, parts + 1, 0);
            }
        }
        let qualname = self.inner_qualname(&def.name.name);
        let code = self.params_code(def, &def.name, span, |g| {
            let t = g.alloc();
            let parts = g.alloc_n(3);
            for (i, (name, present)) in [(".defaults", defaults), (".kwdefaults", kwdefaults)]
                .iter()
                .enumerate()
            {
                let part = parts + i as u16;
                if *present {
                    g.load_name(&Rc::from(*name), span, part);
                } else {
                    g.clear(part);
                }
            }
            let params = g.type_params(&def.type_params, span);
            g.annotations(def, parts + 2, span);
            let code = g.function_code(def, whole, |_| qualname.clone());
            g.make_function(code, parts, span, t);
            let name = Rc::from("__type_params__");
            let kept = crate::bytecode::opcode::DIES_A;
            g.asm.emit_site(span, Op::StoreAttr, t, params, &name, kept);
            g.emit(span, Op::Return, t, 0, 0);
        });
        self.call_params_code(code, w, count, span, dst);
        self.top = mark;
    }

    pub(super) fn generic_class(&mut self, def: &'a ClassDef, span: Span, whole: Span, dst: u16) {
        let mark = self.top;
        let w = self.alloc_n(2);
        let count = self.namespace_argument();
        let code = self.params_code(def, &def.name, span, |g| {
            let params = g.type_params(&def.type_params, span);
            g.store_kept(&Rc::from(".type_params"), span, params, true);
            let base = g.alloc_n(2);
            g.emit(span, Op::LoadIntrinsic, base, Intrinsic::Generic as u16, 0);
            let slot = g.alloc();
            g.emit(span, Op::Move, slot, params, 0);
            g.emit(span, Op::Call, base, base, 1);
            g.top = base + 1;
            let t = g.alloc();
            g.build_class(def, span, whole, t, Some(base));
            g.emit(span, Op::Return, t, 0, 0);
        });
        self.call_params_code(code, w, count, span, dst);
        self.top = mark;
    }

    pub(super) fn type_alias(
        &mut self,
        stmt: &'a Stmt,
        name: &'a Ident,
        params: &'a [TypeParam],
        value: &'a Expr,
    ) {
        let mark = self.top;
        let t = self.landing_slot(&name.name, &[]);
        let span = stmt.span;
        if params.is_empty() {
            self.make_alias(stmt, name, value, None, t);
        } else {
            let w = self.alloc_n(2);
            let count = self.namespace_argument();
            let code = self.params_code(stmt, name, span, |g| {
                let params = g.type_params(params, span);
                let t = g.alloc();
                g.make_alias(stmt, name, value, Some(params), t);
                g.emit(span, Op::Return, t, 0, 0);
            });
            self.call_params_code(code, w, count, span, t);
        }
        self.store(&name.name, span, t);
        self.top = mark;
    }

    /// dst = TypeAliasType(name, thunk, params).
    fn make_alias(
        &mut self,
        stmt: &'a Stmt,
        name: &'a Ident,
        value: &'a Expr,
        params: Option<u16>,
        dst: u16,
    ) {
        let mark = self.top;
        let span = stmt.span;
        let w = self.alloc_n(2);
        self.emit(span, Op::LoadIntrinsic, w, Intrinsic::TypeAlias as u16, 0);
        let args = self.alloc_n(3);
        self.load_str(span, args, &name.name);
        let frame = self.cx.scopes.body(stmt);
        let code = self.thunk(&name.name, frame, value, span);
        self.make_function(code, NO_REG, span, args + 1);
        match params {
            Some(params) => self.emit(span, Op::Move, args + 2, params, 0),
            None => self.load(span, args + 2, Const::Tuple(Vec::new())),
        }
        self.emit(span, Op::Call, dst, w, 3);
        self.top = mark;
    }

    /// In a class body, the code of type parameters gets the namespace as its first argument.
    fn namespace_argument(&mut self) -> u16 {
        if self.frame_scope().kind != ScopeKind::Class {
            return 0;
        }
        let slot = self.alloc();
        self.emit(NOWHERE, Op::Move, slot, 0, 0);
        1
    }

    /// The code that makes the parameters of `node` and then what it defines.
    fn params_code<T>(
        &self,
        node: &'a T,
        owner: &'a Ident,
        span: Span,
        body: impl Fn(&mut Gen<'a>),
    ) -> Rc<Code> {
        let frame = self.cx.scopes.type_params(node);
        let name: Name = Rc::from(format!("<generic parameters of {}>", owner.name));
        let qualname = self.inner_qualname(&owner.name);
        let title = || Title {
            name: &name,
            qualname: qualname.clone(),
            span,
            doc: None,
        };
        code_object(self.cx, frame, title, body)
    }

    fn call_params_code(&mut self, code: Rc<Code>, w: u16, count: u16, span: Span, dst: u16) {
        self.make_function(code, NO_REG, span, w);
        self.emit(span, Op::Call, dst, w, count);
    }

    /// Makes the type parameters, binds them, and gives the tuple of them in a new temporary.
    fn type_params(&mut self, params: &'a [TypeParam], span: Span) -> u16 {
        let base = self.top;
        for param in params {
            let t = self.alloc();
            self.type_param(param, t);
            self.store_kept(&param.name.name, param.name.span, t, true);
        }
        self.emit(span, Op::BuildTuple, base, base, count(params.len()));
        self.top = base + 1;
        base
    }

    fn type_param(&mut self, param: &'a TypeParam, dst: u16) {
        let span = param.name.span;
        let mark = self.top;
        let w = self.window(dst);
        self.emit(span, Op::LoadIntrinsic, w, Intrinsic::TypeParam as u16, 0);
        let args = self.alloc_n(4);
        let kind = match param.kind {
            TypeParamKind::TypeVar => 0,
            TypeParamKind::TypeVarTuple => 1,
            TypeParamKind::ParamSpec => 2,
        };
        self.load(span, args, Const::Int(kind));
        self.load_str(span, args + 1, &param.name.name);
        let scopes = self.cx.scopes;
        let thunks = [
            (&param.bound, scopes.bound(param)),
            (&param.default, scopes.default(param)),
        ];
        for (i, (value, frame)) in thunks.into_iter().enumerate() {
            let slot = args + 2 + i as u16;
            match value {
                None => self.load(span, slot, Const::None),
                Some(value) => {
                    let code = self.thunk(&param.name.name, frame, value, value.span);
                    self.make_function(code, NO_REG, span, slot);
                }
            }
        }
        self.emit(span, Op::Call, dst, w, 4);
        self.top = mark;
    }
}
