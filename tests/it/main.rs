//! Everything that is tested from outside: the `coro` binary on whole programs, and the shape of
//! the source tree. One binary, so that it links once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod architecture;
mod call_graph;
mod check;
mod cli;
mod conformance;
mod coro;
mod deadlock;
mod debugger;
mod desugar;
mod diagnostics;
mod every_order;
mod examples;
mod explain;
mod explore;
mod instructions;
mod mutants;
mod order;
mod profile;
mod quiz;
mod repl;
mod robustness;
mod signals;
mod soak;
mod stepper;
mod timeline;
mod trace;
mod virtual_time;
