//! Pure algorithms on numbers and text with CPython's exact results: plain Rust types in, plain Rust types or small
//! error enums out. Knows nothing of values, heap, bytecode or VM.

pub mod float;
pub mod int;
pub mod unicode;
mod unicode_tables;
