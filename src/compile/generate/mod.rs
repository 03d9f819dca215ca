//! Code generation: one [`Gen`] per code object. Destination-driven: an expression is told into
//! which register its value goes, and operands that already stand in a local variable are read
//! from there.
//!
//! # Rules that everything here keeps
//! - Temporaries are a stack above the named registers; `top` is the next free one. A temporary
//!   that is allocated holds nothing until something is put into it.
//! - A destination is written by the last instruction of each path, after everything that can
//!   raise or read variables. So a local may be a destination even where its old value is needed.
//! - A destination that is a temporary may serve as scratch space before.
//! - Nothing above a call window is live.

use super::assembler::{AsmError, Assembler, Handler};
use super::bits::Bits;
use super::scope::{self, Access, Scope, ScopeId, ScopeKind, Scopes};
use crate::bytecode::opcode::NO_REG;
use crate::bytecode::verify::verify;
use crate::bytecode::{Code, CodeFlags, Const, Mark, Marks, Op};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::ast::{Expr, ExprKind, Module, Name, Stmt, StmtKind};
use cleanup::Block;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

mod assign;
mod call;
mod class;
mod cleanup;
mod comprehension;
mod cond;
mod display;
mod expr;
mod fstring;
mod function;
mod generic;
mod imports;
mod loops;
mod names;
mod pattern;
mod stmt;
mod tries;
mod with;

/// More registers than this in one frame are refused: the machine cannot name many more.
const MAX_REGISTERS: u16 = 30_000;

/// No source: code nobody wrote.
pub(super) const NOWHERE: Span = Span::new(0, 0);

/// What all code objects of a program share.
pub(super) struct Context<'a> {
    pub source: &'a Source,
    pub scopes: &'a Scopes,
    /// What an observer is to be told.
    pub marks: Marks,
    /// Some jump did not fit 16 bits: from now on only 32-bit jumps.
    pub wide: Cell<bool>,
    pub errors: RefCell<Vec<Diagnostic>>,
}

/// What the module's code does with the values of its expression statements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    Drop,
    /// The last one is returned.
    Return,
    /// All are given to `sys.displayhook`.
    Show,
}

/// Generates the code of a frame.
pub(super) struct Gen<'a> {
    cx: &'a Context<'a>,
    asm: Assembler,
    /// Where names are looked up: the frame or an inlined comprehension in it.
    scope: ScopeId,
    frame: ScopeId,
    blocks: Vec<Block<'a>>,
    /// The next free temporary, and the most there ever were.
    top: u16,
    highest: u16,
    first_temp: u16,
    qualname: Rc<str>,
    overflow: bool,
    /// The values of expression statements are shown.
    shows: bool,
    /// Already refused for too deep nesting.
    too_deep: bool,
}

/// Names and place of a code object.
pub(super) struct Title<'n> {
    pub name: &'n Name,
    pub qualname: Rc<str>,
    pub span: Span,
    pub doc: Option<Rc<str>>,
}

/// Compiles a module's body.
pub(super) fn module(cx: &Context<'_>, module: &Module, values: Values) -> Rc<Code> {
    let name: Name = Rc::from("<module>");
    let title = || Title {
        name: &name,
        qualname: name.clone(),
        span: Span::new(0, cx.source.text().len() as u32),
        doc: None,
    };
    code_object(cx, scope::ROOT, title, |g| {
        g.module_body(&module.body, values)
    })
}

/// Runs `body` to fill a code object; again with wide jumps if short ones do not reach.
fn code_object<'a, 'n>(
    cx: &'a Context<'a>,
    frame: ScopeId,
    title: impl Fn() -> Title<'n>,
    body: impl Fn(&mut Gen<'a>),
) -> Rc<Code> {
    if cx.scopes.get(frame).layout.names.len() > usize::from(MAX_REGISTERS) {
        let title = title();
        cx.too_big(&title, "values at the same time");
        return Rc::new(empty_code(cx.source, &title));
    }
    loop {
        let title = title();
        let mut g = Gen::new(cx, frame, title.qualname.clone());
        g.prologue(title.span);
        body(&mut g);
        match g.finish(&title) {
            Ok(code) => {
                if let Err(error) = verify(&code) {
                    let message = format!("internal error: {error}");
                    cx.error(title.span, &message, "compiled to wrong code");
                }
                return Rc::new(code);
            }
            Err(AsmError::JumpTooFar) if !cx.wide.get() => cx.wide.set(true),
            Err(error) => {
                match error {
                    AsmError::TooBig(what) => cx.too_big(&title, what),
                    AsmError::JumpTooFar | AsmError::UnboundLabel => {
                        let message = format!("internal error: {error:?}");
                        cx.error(title.span, &message, "in this definition");
                    }
                }
                return Rc::new(empty_code(cx.source, &title));
            }
        }
    }
}

/// Stands in for code that could not be made; the program is refused anyway.
fn empty_code(source: &Source, title: &Title<'_>) -> Code {
    Code {
        name: title.name.clone(),
        qualname: title.qualname.clone(),
        source: source.clone(),
        span: title.span,
        flags: CodeFlags::default(),
        posonly: 0,
        positional: 0,
        kwonly: 0,
        nnamed: 0,
        nregs: 0,
        names: Vec::new(),
        cells: Vec::new(),
        free_start: 0,
        captures: Vec::new(),
        consts: Vec::new(),
        sites: Vec::new(),
        instrs: Vec::new(),
        spans: Vec::new(),
        exceptions: Vec::new(),
        doc: None,
    }
}

impl Context<'_> {
    fn too_big(&self, title: &Title<'_>, what: &str) {
        let message = format!("too many {what} in one piece of code");
        self.error(title.span, &message, "in this definition");
    }

    fn error(&self, span: Span, title: &str, label: &str) {
        let diagnostic = Diagnostic::refusal(title);
        let diagnostic = diagnostic.label(self.source, span, label);
        self.errors.borrow_mut().push(diagnostic);
    }
}

impl<'a> Gen<'a> {
    fn new(cx: &'a Context<'a>, frame: ScopeId, qualname: Rc<str>) -> Self {
        let layout = &cx.scopes.get(frame).layout;
        let named = layout.names.len();
        let first_temp = u16::try_from(named).unwrap_or(MAX_REGISTERS);
        let mut bound = Bits::default();
        let params = layout.positional.saturating_add(layout.kwonly);
        let hidden = u16::from(layout.vararg) + u16::from(layout.kwarg);
        let params = params.saturating_add(hidden);
        (0..params).for_each(|p| bound.add(p));
        let mut asm = Assembler::new(first_temp, bound, layout.deletable.clone());
        let own = cx.scopes.get(frame);
        let suspends = own.is_async || own.has_yield || own.awaits;
        let tells = !matches!(cx.marks, Marks::None | Marks::Profile);
        asm.marks = tells && suspends && own.kind != ScopeKind::Module;
        asm.profiled = cx.marks == Marks::Profile;
        asm.touches = cx.marks == Marks::Touches;
        Gen {
            cx,
            asm,
            scope: frame,
            frame,
            blocks: Vec::new(),
            top: first_temp,
            highest: first_temp,
            first_temp,
            qualname,
            overflow: false,
            shows: false,
            too_deep: false,
        }
    }

    fn frame_scope(&self) -> &'a Scope {
        self.cx.scopes.get(self.frame)
    }

    /// Variables that inner frames use get their cells.
    fn prologue(&mut self, span: Span) {
        for cell in &self.frame_scope().layout.cells {
            self.emit(NOWHERE, Op::MakeCell, *cell, 0, 0);
        }
        if self.asm.marks {
            self.asm.mark(span, Mark::Begin, NO_REG);
        }
        if self.asm.profiled {
            self.emit(NOWHERE, Op::ProfiledEntry, 0, 0, 0);
        }
    }

    fn module_body(&mut self, body: &'a [Stmt], values: Values) {
        self.shows = values == Values::Show;
        if self.frame_scope().has_annotations {
            self.setup_annotations();
        }
        let mut body = body;
        if values == Values::Drop
            && let Some((doc, rest)) = split_docstring(body)
        {
            let t = self.alloc();
            self.load(doc.span, t, Const::Str(function::clean_doc(doc.text)));
            self.store(&Rc::from("__doc__"), doc.span, t);
            self.top -= 1;
            body = rest;
        }
        if values == Values::Return
            && let Some((Stmt { kind, .. }, before)) = body.split_last()
            && let StmtKind::Expr(value) = kind
        {
            self.block(before);
            let value_reg = self.operand(value);
            self.emit(value.span, Op::Return, value_reg, 0, 0);
            return;
        }
        self.block(body);
        self.emit(NOWHERE, Op::ReturnNone, 0, 0, 0);
    }

    fn finish(self, title: &Title<'_>) -> Result<Code, AsmError> {
        let scope = self.frame_scope();
        let layout = &scope.layout;
        if self.overflow {
            return Err(AsmError::TooBig("values at the same time"));
        }
        let parts = self.asm.finish()?;
        let suspends = (scope.is_async || scope.awaits, scope.has_yield);
        let is_function = matches!(
            scope.kind,
            ScopeKind::Function | ScopeKind::GeneratorExp | ScopeKind::TypeParams
        );
        let is_module = scope.kind == ScopeKind::Module;
        let awaits = match scope.kind {
            ScopeKind::Function => scope.is_async,
            _ => suspends.0,
        };
        let flags = CodeFlags {
            generator: is_function && scope.has_yield && !awaits,
            coroutine: (is_function || is_module) && awaits && !scope.has_yield,
            async_generator: is_function && awaits && scope.has_yield,
            vararg: layout.vararg,
            kwarg: layout.kwarg,
            class_body: scope.kind == ScopeKind::Class,
            module: is_module,
        };
        let mut cells = layout.cells.clone();
        cells.extend(&layout.comp_cells);
        Ok(Code {
            name: title.name.clone(),
            qualname: title.qualname.clone(),
            source: self.cx.source.clone(),
            span: title.span,
            flags,
            posonly: layout.posonly,
            positional: layout.positional,
            kwonly: layout.kwonly,
            nnamed: self.first_temp,
            nregs: self.highest,
            names: layout.names.clone(),
            cells,
            free_start: layout.free_start,
            captures: layout.captures.clone(),
            consts: parts.consts,
            sites: parts.sites,
            instrs: parts.instrs,
            spans: parts.spans,
            exceptions: parts.exceptions,
            doc: title.doc.clone(),
        })
    }

    // Registers

    /// The next temporary. `self.top` is set back by whoever knows that it is dead.
    fn alloc(&mut self) -> u16 {
        self.alloc_n(1)
    }

    /// The first of `n` neighbouring temporaries.
    fn alloc_n(&mut self, n: u16) -> u16 {
        let first = self.top;
        match first.checked_add(n).filter(|t| *t <= MAX_REGISTERS) {
            Some(top) => {
                self.top = top;
                self.highest = self.highest.max(top);
            }
            None => self.overflow = true,
        }
        first
    }

    fn is_temp(&self, reg: u16) -> bool {
        reg >= self.first_temp
    }

    /// A temporary to work in: the destination itself, if it is one.
    fn scratch(&mut self, dst: u16) -> u16 {
        if self.is_temp(dst) { dst } else { self.alloc() }
    }

    /// The first register of a call window that leaves its result in `dst`: `dst` itself, if it is
    /// the topmost temporary. Makes room for callable and self slot.
    fn window(&mut self, dst: u16) -> u16 {
        if self.is_temp(dst) && dst + 1 == self.top {
            self.alloc();
            dst
        } else {
            self.alloc_n(2)
        }
    }

    // Emitting

    fn emit(&mut self, span: Span, op: Op, a: u16, b: u16, c: u16) {
        self.asm.emit(span, op, a, b, c);
    }

    /// Emits; the operands in the mask `kept` survive although they are temporaries.
    fn emit_kept(&mut self, span: Span, op: Op, [a, b, c]: [u16; 3], kept: u8) {
        self.asm.emit_with(span, op, 0, kept, [a, b, c]);
    }

    fn load(&mut self, span: Span, dst: u16, value: Const) {
        self.asm.load_const(span, dst, value);
    }

    fn load_str(&mut self, span: Span, dst: u16, value: &Name) {
        self.load(span, dst, Const::Str(value.clone()));
    }

    /// Moves a value to where it is wanted, unless it is there.
    fn move_to(&mut self, span: Span, dst: u16, from: u16) {
        if dst != from {
            self.emit(span, Op::Move, dst, from, 0);
        }
    }

    fn clear(&mut self, reg: u16) {
        self.clear_at(NOWHERE, reg);
    }

    /// What dies shows this place.
    fn clear_at(&mut self, span: Span, reg: u16) {
        self.emit(span, Op::Clear, reg, 0, 0);
    }

    // Context

    /// The handler around the current instruction.
    fn handler(&self) -> Handler {
        self.asm.handler()
    }

    fn mangled<'n>(&self, name: &'n Name) -> Cow<'n, Name> {
        let class = self.cx.scopes.get(self.scope).class_name.as_deref();
        scope::mangle(class, name)
    }

    fn access(&self, name: &str) -> Access {
        self.cx.scopes.access(self.scope, name)
    }

    /// Whether code evaluated later could assign a local that was taken as an operand already.
    fn may_assign(&self, later: &[&Expr]) -> bool {
        self.frame_scope().has_walrus && later.iter().any(|e| !is_plain(e))
    }

    /// The qualified name of something defined here.
    fn inner_qualname(&self, name: &Name) -> Rc<str> {
        let declared_global = self.cx.scopes.get(self.scope).symbols.get(name);
        let declared_global = declared_global.is_some_and(|s| s.flags & scope::GLOBAL != 0);
        match self.frame_scope().kind {
            _ if declared_global => name.clone(),
            ScopeKind::Module => name.clone(),
            ScopeKind::Class | ScopeKind::GeneratorExp => {
                Rc::from(format!("{}.{name}", self.qualname))
            }
            // Invisible: the definition belongs to what stands around its type parameters.
            ScopeKind::TypeParams => self.qualname.clone(),
            _ => Rc::from(format!("{}.<locals>.{name}", self.qualname)),
        }
    }
}

/// A number of things, as an operand. Where it does not fit, there are too many registers anyway.
fn count(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// The register `i` places after `base`.
fn nth(base: u16, i: usize) -> u16 {
    base.saturating_add(count(i))
}

/// A string that documents what it begins.
struct Docstring<'a> {
    text: &'a str,
    span: Span,
}

/// A body's docstring and the rest of it.
fn split_docstring(body: &[Stmt]) -> Option<(Docstring<'_>, &[Stmt])> {
    let (first, rest) = body.split_first()?;
    let StmtKind::Expr(e) = &first.kind else {
        return None;
    };
    match &e.kind {
        ExprKind::Constant(crate::syntax::ast::Constant::Str(text)) => {
            Some((Docstring { text, span: e.span }, rest))
        }
        _ => None,
    }
}

/// Expressions that surely assign nothing.
fn is_plain(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) => true,
        ExprKind::Attribute { value, .. } => is_plain(value),
        _ => false,
    }
}
