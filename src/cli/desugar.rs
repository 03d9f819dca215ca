//! `coro desugar`: a program with all that waits written out.

use super::terminal::{Terminal, print};
use super::{DesugarArgs, input_of};
use crate::desugar;
use std::io::IsTerminal;

/// Two columns in less than that would be hard to read.
const NARROW: usize = 100;

pub(super) fn desugar(args: &DesugarArgs, terminal: &Terminal) -> i32 {
    let source = match input_of(&args.file).read(false) {
        Ok(source) => source,
        Err(failure) => return terminal.fail(&failure),
    };
    let width = terminal.options.width;
    let bar = if terminal.options.ascii { '|' } else { '│' };
    let wide = std::io::stdout().is_terminal() && width >= NARROW;
    let text = match args.beside || wide && !args.plain {
        true => desugar::beside(&source, width, bar),
        false => desugar::desugar(&source),
    };
    match text {
        Ok(text) => print(&text),
        Err(errors) => {
            terminal.show(&errors);
            1
        }
    }
}
