//! From syntax tree to verified code: scope analysis, placement rules, code generation. Knows
//! syntax and bytecode; nothing of heaps or execution.

use crate::bytecode::{Code, Marks};
use crate::diagnostic::{Diagnostic, Found};
use crate::source::Source;
use crate::syntax::ast;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

mod assembler;
mod bits;
mod consts;
mod fold;
mod generate;
mod rules;
mod scope;

/// What kind of program text is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// A file or imported module: names are globals.
    Module,
    /// `exec` with separate locals: names go through the namespace in register 0.
    Exec,
    /// One expression, whose value the code returns. `separate_locals` as for `Exec`, `top_await` as
    /// for `Interactive`.
    Eval {
        separate_locals: bool,
        top_await: bool,
    },
    /// What is typed at a prompt: the value of each expression statement goes to
    /// `sys.displayhook`. With `top_await` the code may await, and is a coroutine's if it does.
    Interactive { top_await: bool },
}

impl Mode {
    const fn separate_locals(self) -> bool {
        match self {
            Mode::Exec => true,
            Mode::Eval {
                separate_locals, ..
            } => separate_locals,
            Mode::Module | Mode::Interactive { .. } => false,
        }
    }

    const fn top_await(self) -> bool {
        match self {
            Mode::Eval { top_await, .. } | Mode::Interactive { top_await } => top_await,
            Mode::Module | Mode::Exec => false,
        }
    }
}

/// Code and what the author should hear about it.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub code: Rc<Code>,
    /// SyntaxWarnings, in source order.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles a program. Every refusal that CPython makes at compile time comes back as an error,
/// the one that CPython would report first.
pub fn compile_module(
    source: &Source,
    module: &ast::Module,
    mode: Mode,
) -> Result<Compiled, Vec<Diagnostic>> {
    compile_marked(source, module, mode, Marks::None)
}

/// As [`compile_module`], with marks for an observer.
pub fn compile_marked(
    source: &Source,
    module: &ast::Module,
    mode: Mode,
    marks: Marks,
) -> Result<Compiled, Vec<Diagnostic>> {
    let (scopes, mut errors) = scope::analyse(source, module, mode.separate_locals());
    let top_await = mode.top_await();
    let (refused, warnings) = rules::check(source, module, &scopes, top_await);
    errors.extend(refused);
    if !errors.is_empty() {
        return Err(refused_here(errors));
    }
    let cx = generate::Context {
        source,
        scopes: &scopes,
        marks,
        wide: Cell::new(false),
        errors: RefCell::new(Vec::new()),
    };
    let values = match mode {
        Mode::Module | Mode::Exec => generate::Values::Drop,
        Mode::Eval { .. } => generate::Values::Return,
        Mode::Interactive { .. } => generate::Values::Show,
    };
    let code = generate::module(&cx, module, values);
    let errors = cx.errors.into_inner();
    if !errors.is_empty() {
        return Err(refused_here(errors));
    }
    Ok(Compiled { code, warnings })
}

fn refused_here(errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let here = |e: Diagnostic| e.found(Found::Compiling);
    errors.into_iter().map(here).collect()
}

#[cfg(test)]
mod tests;
