//! From syntax tree to verified code: scope analysis, placement rules, code generation. Knows
//! syntax and bytecode; nothing of heaps or execution.

use crate::bytecode::Code;
use crate::diagnostic::{self, Diagnostic};
use crate::source::Source;
use crate::syntax::ast;
use std::rc::Rc;

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

/// Code and what the author should hear about it.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub code: Rc<Code>,
    /// SyntaxWarnings, in source order.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles a program. Every refusal that CPython makes at compile time comes back as an error.
pub fn compile_module(
    source: &Source,
    _module: &ast::Module,
    _mode: Mode,
) -> Result<Compiled, Vec<Diagnostic>> {
    let error = Diagnostic::error(diagnostic::Code::Syntax, "the compiler is not built yet");
    Err(vec![error.label(source, Default::default(), "here")])
}
