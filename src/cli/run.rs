//! `coro run`: a program from text to exit code.

use super::input::Input;
use super::interrupts;
use super::sampler::Sampler;
use super::signals::ProcessSignals;
use super::stdin::Stdin;
use super::terminal::{Stdout, Terminal, complain};
use super::{RunArgs, TracebackForm, USAGE, profile};
use crate::engine::{Engine, EngineOptions, RunOutcome, has_errors};
use crate::explore::{self, Order};
use signal_hook::consts::SIGINT;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Nested calls from Rust into bytecode that the large stack of `cli` can bear.
pub(super) const NATIVE_LIMIT: u32 = 2500;

pub(super) fn run<'a>(
    input: &Input,
    words: impl Iterator<Item = &'a OsString>,
    args: &RunArgs,
    terminal: &Terminal,
) -> i32 {
    let source = match input.read(terminal.form == TracebackForm::Python) {
        Ok(source) => source,
        Err(failure) => return terminal.fail(&failure),
    };
    let options = EngineOptions {
        virtual_time: args.virtual_time,
        stdout: Box::new(Stdout::new()),
        ..options(input, words, terminal)
    };
    let mut engine = engine(options, args.order.as_ref());
    let profiled = args.profile || args.folded.is_some();
    let sampler = profiled.then(|| Sampler::start(&mut engine));
    let outcome = engine.run_source(&source);
    let profile = sampler.map(|s| s.finish(&mut engine));
    let code = finish_in_order(engine, &outcome, args.order.as_ref(), terminal);
    let shown = profile.is_none_or(|p| profile::show(&p, source.name(), args.folded.as_deref()));
    if shown { code } else { code.max(1) }
}

/// An engine whose program runs in an order, if one is given.
pub(super) fn engine(options: EngineOptions, order: Option<&Order>) -> Engine {
    match order {
        None => Engine::new(options),
        Some(order) => {
            let mut engine = Engine::new(explore::ordered(options));
            explore::follow(engine.vm(), order);
            engine
        }
    }
}

/// As [`finish`]; an order that did not fit the program is a wrong command line.
pub(super) fn finish_in_order(
    mut engine: Engine,
    outcome: &RunOutcome,
    order: Option<&Order>,
    terminal: &Terminal,
) -> i32 {
    let misfit = order.and_then(|order| explore::misfit(engine.vm(), order));
    let code = finish(engine, outcome, terminal);
    match misfit {
        None => code,
        Some(why) => {
            complain(&format!(
                "coro: the order does not fit the program: {why}\n"
            ));
            USAGE
        }
    }
}

/// What every program that this process runs may see and use.
pub(super) fn options<'a>(
    input: &Input,
    words: impl Iterator<Item = &'a OsString>,
    terminal: &Terminal,
) -> EngineOptions {
    let interrupted: Arc<AtomicBool> = Arc::default();
    interrupts::watch(SIGINT, vec![interrupted.clone()]);
    EngineOptions {
        stdin: Box::new(Stdin::new(interrupted.clone())),
        interrupted,
        signals: Box::new(ProcessSignals::default()),
        ..unattended(input, words, terminal)
    }
}

/// The same for programs that nobody talks to: Ctrl-C ends the process.
pub(super) fn unattended<'a>(
    input: &Input,
    words: impl Iterator<Item = &'a OsString>,
    terminal: &Terminal,
) -> EngineOptions {
    let mut argv = vec![input.argv0()];
    argv.extend(words.map(|w| w.to_string_lossy().into_owned()));
    EngineOptions {
        argv,
        path: vec![input.folder()],
        debug_loops: std::env::var_os("PYTHONASYNCIODEBUG").is_some_and(|v| !v.is_empty()),
        native_limit: NATIVE_LIMIT,
        drawing: (terminal.form == TracebackForm::Coro).then_some(terminal.options),
        ..EngineOptions::default()
    }
}

/// Tells how a program ended, and ends it.
pub(super) fn finish(mut engine: Engine, outcome: &RunOutcome, terminal: &Terminal) -> i32 {
    engine.flush();
    if has_errors(&outcome.diagnostics) {
        terminal.show(&outcome.diagnostics);
    }
    for report in &outcome.deadlocks {
        terminal.show_deadlock(report);
    }
    if let Some(error) = &outcome.error {
        terminal.show_uncaught(error);
    }
    if let Some(text) = &outcome.exit_message {
        complain(&format!("{text}\n"));
    }
    engine.finish_process();
    outcome.exit_code
}
