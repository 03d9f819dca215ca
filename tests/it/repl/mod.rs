//! The prompt: sessions on a terminal, and sessions without one.

mod commands;
pub mod pty;
mod silent;
mod terminal;
