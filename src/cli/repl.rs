//! `coro repl`: a session at the prompt, after a program or without one.

use super::input::Input;
use super::run::NATIVE_LIMIT;
use super::terminal::Terminal;
use super::{RunArgs, TracebackForm};
use crate::repl::{self, Console, Options};
use std::ffi::OsString;

/// Runs a session; `program` is run before the first prompt.
pub(super) fn repl<'a>(
    program: Option<&Input>,
    words: impl Iterator<Item = &'a OsString>,
    args: &RunArgs,
    terminal: &Terminal,
) -> i32 {
    let python_reports = terminal.form == TracebackForm::Python;
    let start = match program.map(|p| p.read(python_reports)) {
        None => None,
        Some(Ok(source)) => Some(source),
        Some(Err(failure)) => return terminal.fail(&failure),
    };
    let mut argv = vec![program.map_or(String::new(), Input::argv0)];
    argv.extend(words.map(|w| w.to_string_lossy().into_owned()));
    repl::run(Options {
        argv,
        path: vec![program.map_or(String::new(), Input::folder)],
        virtual_time: args.virtual_time,
        native_limit: NATIVE_LIMIT,
        console: console(terminal),
        render: terminal.options,
        python_reports,
        start,
    })
}

fn console(terminal: &Terminal) -> Console {
    match (terminal.interactive(), terminal.can_be_drawn_on()) {
        (false, _) => Console::Silent,
        (true, false) => Console::Lines,
        (true, true) => Console::Editor,
    }
}
