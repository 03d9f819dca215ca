//! Names for what the program gets: none that it uses itself.

use crate::source::Source;
use crate::syntax::Token;
use std::collections::HashSet;

/// What the prelude defines, without the underscore before it.
const DEFINED: &[&str] = &[
    "AsyncGenerator",
    "Coroutine",
    "Gathering",
    "Item",
    "abc",
    "async_generator",
    "asyncio",
    "await",
    "close",
    "coroutine",
    "functools",
    "gather",
    "inspect",
    "steps",
    "sys",
];

pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub fn new(source: &Source, tokens: &[Token]) -> Names {
        let used: HashSet<&str> = tokens.iter().map(|t| source.slice(t.span)).collect();
        let mut prefix = "_".to_owned();
        while used.iter().any(|name| is_ours(name, &prefix)) {
            // Two underscores would mean something else in a class.
            prefix = format!("_x{}_", prefix.trim_matches('_'));
        }
        Names { prefix }
    }

    pub fn name(&self, base: &str) -> String {
        format!("{}{base}", self.prefix)
    }

    /// The text of the prelude with these names.
    pub fn in_text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.prefix != "_" {
            for name in DEFINED {
                for before in [' ', '(', '\n', '@'] {
                    let from = format!("{before}_{name}");
                    text = text.replace(&from, &format!("{before}{}{name}", self.prefix));
                }
            }
        }
        text
    }
}

/// Whether a name of the program could be one of those that are added.
fn is_ours(name: &str, prefix: &str) -> bool {
    let Some(rest) = name.strip_prefix(prefix) else {
        return false;
    };
    let numbered = rest
        .rsplit_once('_')
        .is_some_and(|(_, n)| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    numbered || DEFINED.contains(&rest)
}
