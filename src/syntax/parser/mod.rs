//! From tokens to the syntax tree. Each function that returns a [`rule::Rule`] is a rule of
//! `grammar/coro.ebnf` and bears its name there. Knows tokens and the tree, nothing of what names
//! mean: whatever depends on the surroundings (`return` outside a function…) is for the compiler.

mod args;
mod atom;
mod block;
mod compound;
mod def;
mod explain;
mod expr;
mod invalid;
mod params;
mod pattern;
mod rule;
mod simple;
mod strings;
mod target;
mod whole;

pub use block::Blocks;
