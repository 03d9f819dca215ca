//! `coro run`: a program from text to exit code.

use super::input::Input;
use super::terminal::Terminal;
use super::{RunArgs, TracebackForm};
use crate::compile::{Mode, compile_module};
use crate::syntax;
use std::ffi::OsString;

pub(super) fn run<'a>(
    input: &Input,
    words: impl Iterator<Item = &'a OsString>,
    _args: &RunArgs,
    terminal: &Terminal,
) -> i32 {
    let source = match input.read(terminal.form == TracebackForm::Python) {
        Ok(source) => source,
        Err(failure) => return terminal.fail(&failure),
    };
    let mut argv = vec![input.argv0()];
    argv.extend(words.map(|w| w.to_string_lossy().into_owned()));
    let parsed = syntax::parse_module(&source);
    if !parsed.errors.is_empty() {
        terminal.show(&parsed.errors);
        return 1;
    }
    if let Err(errors) = compile_module(&source, &parsed.module, Mode::Module) {
        terminal.show(&errors);
        return 1;
    }
    0
}
