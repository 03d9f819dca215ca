//! The prompt: what is typed is run, tasks go on meanwhile, and what waits for what can be asked.
pub mod input;
