//! Programs with accidents: a corpus program with a piece lost, doubled or moved, and mere heaps of
//! tokens. Whatever comes in, the front end answers with a tree or with errors that lie inside the
//! text, and it does not panic.

use crate::coro::root;
use ::coro::diagnostic::render::{RenderOptions, render};
use ::coro::source::Source;
use ::coro::syntax;
use std::path::PathBuf;

/// Accidents per program.
const MUTANTS: usize = 20;
const HEAPS: usize = 10_000;
/// Depth is bounded, but the frames of an unoptimized parser are large.
const STACK: usize = 1 << 29;

const TOKENS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ";",
    ".",
    "...",
    "=",
    "==",
    ":=",
    "->",
    "+",
    "-",
    "*",
    "**",
    "/",
    "@",
    "<",
    "~",
    "|",
    "!",
    "$",
    "?",
    "\\",
    "#",
    "if ",
    "else ",
    "for ",
    "in ",
    "while ",
    "def ",
    "class ",
    "async ",
    "await ",
    "yield ",
    "from ",
    "import ",
    "lambda ",
    "return ",
    "try",
    "except",
    "except*",
    "finally",
    "with ",
    "as ",
    "match ",
    "case ",
    "_",
    "type ",
    "not ",
    "is ",
    "and ",
    "or ",
    "None ",
    "True ",
    "global ",
    "nonlocal ",
    "del ",
    "raise ",
    "assert ",
    "pass",
    "x",
    "y ",
    "0",
    "1.5",
    "1e",
    "0x",
    "0b2",
    "1_",
    "'",
    "\"",
    "'''",
    "f'",
    "f'{",
    "}'",
    "f\"{x!r:>{y}}\"",
    "b'\\x",
    "r'",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n\t",
    "\r",
    "\u{c}",
    "é",
    "€",
    "\u{0}",
    "\u{feff}",
    " ",
];

/// Repeatable numbers: the same accidents in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn corpus() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for topic in std::fs::read_dir(root().join("tests/conformance"))
        .unwrap()
        .flatten()
    {
        let files = std::fs::read_dir(topic.path())
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path());
        found.extend(files.filter(|f| f.extension().is_some_and(|e| e == "coro")));
    }
    found.sort();
    found
}

/// The text with one accident.
fn accident(text: &str, dice: &mut Dice) -> String {
    let boundary = |dice: &mut Dice| {
        let mut at = dice.below(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (a, b) = (boundary(dice), boundary(dice));
    let (a, b) = (a.min(b), a.max(b).min(a.min(b) + 40));
    let b = (b..=text.len())
        .find(|b| text.is_char_boundary(*b))
        .unwrap_or(text.len());
    let (head, piece, tail) = (&text[..a], &text[a..b], &text[b..]);
    match dice.below(5) {
        0 => format!("{head}{tail}"),
        1 => format!("{head}{piece}{piece}{tail}"),
        2 => head.to_string(),
        3 => format!("{head}{}{piece}{tail}", TOKENS[dice.below(TOKENS.len())]),
        _ => format!("{piece}{head}{tail}"),
    }
}

fn judge(text: &str) {
    let source = Source::new("mutant.coro", text);
    let parsed = syntax::parse_module(&source);
    let tokens = syntax::tokens(&source);
    let length = text.len() as u32;
    for token in tokens {
        assert!(
            token.span.start <= token.span.end && token.span.end <= length,
            "{token:?}\n{text}"
        );
    }
    for label in parsed
        .errors
        .iter()
        .flat_map(|e| &e.labels)
        .filter(|l| l.source.name() == source.name())
    {
        assert!(
            label.span.start <= label.span.end && label.span.end <= length,
            "{:?}\n{text}",
            label.span
        );
    }
    if parsed.errors.is_empty() {
        // The compiler gets it, too: its rules refuse what the grammar lets through.
        let _ =
            ::coro::compile::compile_module(&source, &parsed.module, ::coro::compile::Mode::Module);
    } else {
        render(&parsed.errors, &RenderOptions::default());
    }
}

fn on_a_large_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn programs_with_accidents() {
    on_a_large_stack(|| {
        let mut dice = Dice(1);
        for path in corpus() {
            let text = std::fs::read_to_string(path).unwrap();
            for _ in 0..MUTANTS {
                judge(&accident(&text, &mut dice));
            }
        }
    });
}

#[test]
fn heaps_of_tokens() {
    on_a_large_stack(|| {
        let mut dice = Dice(2);
        for _ in 0..HEAPS {
            let length = 1 + dice.below(30);
            let text: String = (0..length)
                .map(|_| TOKENS[dice.below(TOKENS.len())])
                .collect();
            judge(&text);
        }
    });
}
