//! The prompt: sessions on a terminal, and sessions without one.

mod commands;
mod pty;
mod silent;
mod terminal;
