//! Tests of the whole compiler.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(clippy::panic, reason = "tests fail by panicking")]

use super::{Compiled, Mode, compile_module};
use crate::bytecode::disasm::disassemble;
use crate::source::Source;
use crate::syntax::parse_module;
use std::path::{Path, PathBuf};

mod listings;
mod liveness;
mod programs;

fn compile(name: &str, text: &str, mode: Mode) -> Compiled {
    let source = Source::new(name, text);
    let parsed = parse_module(&source);
    if let Some(error) = parsed.errors.first() {
        panic!("{name}: {}", error.title);
    }
    match compile_module(&source, &parsed.module, mode) {
        Ok(compiled) => compiled,
        Err(errors) => panic!("{name}: {}", errors[0].title),
    }
}
