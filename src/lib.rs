//! coro: a small Python-like language that shows how coroutines really work.

pub mod builtins;
pub mod bytecode;
pub mod check;
pub mod cli;
pub mod compile;
pub mod debugger;
pub mod desugar;
pub mod diagnostic;
pub mod engine;
pub mod event_loop;
pub mod explore;
pub mod hints;
pub mod inspect;
pub mod quiz;
pub mod repl;
pub mod source;
pub mod stdlib;
pub mod stepper;
pub mod syntax;
pub mod text;
pub mod trace;
pub mod vm;
pub mod why;
