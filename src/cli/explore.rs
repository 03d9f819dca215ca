//! `coro explore`: a program in every order that its tasks could take.

use super::terminal::{Terminal, print};
use super::{ExploreArgs, needed, run};
use crate::diagnostic::render::RenderOptions;
use crate::explore::{self, Effort, Program};

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
    let program = Program {
        source: &source,
        options: &|| run::unattended(&input, words(), terminal),
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
            print(&explore::text(&found, &command, &options))
        }
    }
}
