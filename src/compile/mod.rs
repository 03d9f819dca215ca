//! From syntax tree to verified code: scope analysis, placement rules, code generation. Knows
//! syntax and bytecode; nothing of heaps or execution.

use crate::bytecode::Code;
use crate::diagnostic::Diagnostic;
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
    /// One expression, whose value the code returns. `separate_locals` as for `Exec`.
    Eval { separate_locals: bool },
    /// A REPL entry: top-level `await` is allowed (the code is then a coroutine's), and the value
    /// of a last expression statement is returned.
    Interactive,
}

impl Mode {
    const fn separate_locals(self) -> bool {
        match self {
            Mode::Exec => true,
            Mode::Eval { separate_locals } => separate_locals,
            Mode::Module | Mode::Interactive => false,
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
    let (scopes, mut errors) = scope::analyse(source, module, mode.separate_locals());
    let top_await = mode == Mode::Interactive;
    let (refused, warnings) = rules::check(source, module, &scopes, top_await);
    errors.extend(refused);
    if !errors.is_empty() {
        return Err(errors);
    }
    let cx = generate::Context {
        source,
        scopes: &scopes,
        wide: Cell::new(false),
        errors: RefCell::new(Vec::new()),
    };
    let last = match mode {
        Mode::Module | Mode::Exec => generate::LastValue::Drop,
        Mode::Eval { .. } | Mode::Interactive => generate::LastValue::Return,
    };
    let code = generate::module(&cx, module, last);
    let errors = cx.errors.into_inner();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Compiled { code, warnings })
}

#[cfg(test)]
mod tests;
