//! `coro explore`: a program in every order that its tasks could take.

use super::terminal::{Terminal, print};
use super::{ExploreArgs, interrupts, needed, run};
use crate::diagnostic::render::RenderOptions;
use crate::engine::EngineOptions;
use crate::explore::{self, Effort, Program};
use signal_hook::consts::SIGINT;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a process that Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

pub(super) fn explore(args: &ExploreArgs, terminal: &Terminal) -> i32 {
    let input = match needed(args.code.as_ref(), &args.words) {
        Ok(input) => input,
        Err(code) => return code,
    };
    let source = match input.read(false) {
        Ok(source) => source,
        Err(failure) => return terminal.fail(&failure),
    };
    let words = || args.words.iter().skip(usize::from(args.code.is_none()));
    // Ctrl-C ends the run that goes on, and the exploration with what it has found so far.
    let interrupted: Arc<AtomicBool> = Arc::default();
    let stopped: Arc<AtomicBool> = Arc::default();
    interrupts::watch(SIGINT, vec![interrupted.clone(), stopped.clone()]);
    let program = Program {
        source: &source,
        options: &|| EngineOptions {
            interrupted: interrupted.clone(),
            ..run::unattended(&input, words(), terminal)
        },
        stopped: &|| stopped.load(Ordering::Relaxed),
    };
    let effort = Effort {
        limit: args.limit as usize,
        seed: args.seed,
        every: args.every,
        turns: args.turns,
    };
    match program.explore(effort) {
        Err(refused) => {
            terminal.show(&refused);
            1
        }
        Ok(found) if found.groups.is_empty() => INTERRUPTED,
        Ok(found) => {
            let name = match &args.code {
                Some(_) => "-c …",
                None => source.name(),
            };
            let words = words().map(|w| format!(" {}", w.to_string_lossy()));
            let shown = format!("{name}{}", words.collect::<String>());
            let options = RenderOptions {
                color: terminal.color_out(),
                ..terminal.options
            };
            let command = format!("coro run --order ORDER {shown}");
            match print(&explore::text(&found, &command, &options)) {
                0 if stopped.load(Ordering::Relaxed) => INTERRUPTED,
                code => code,
            }
        }
    }
}
