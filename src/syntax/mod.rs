//! From source text to syntax tree: lexer (logos), layout, parser (chumsky).

pub mod ast;
