//! The syntax tree as indented text, for `coro ast`.

use super::ast::Module;

/// The tree of a program, one node per line, children indented.
pub fn dump(module: &Module) -> String {
    format!("{module:#?}")
}
