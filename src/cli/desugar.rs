//! `coro desugar`: a program with all that waits written out.

use super::terminal::{Terminal, print};
use crate::desugar;
use crate::source::Source;

pub(super) fn desugar(source: &Source, terminal: &Terminal) -> i32 {
    match desugar::desugar(source) {
        Ok(text) => print(&text),
        Err(errors) => {
            terminal.show(&errors);
            1
        }
    }
}
