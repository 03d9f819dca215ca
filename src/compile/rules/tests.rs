//! What CPython 3.13 says about each program of `cases.txt`, recorded from it, and what we say.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use crate::compile::{Mode, compile_module};
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::syntax::parse_module;

fn first_error(text: &str) -> Option<(u32, Diagnostic)> {
    let source = Source::new("case", text);
    let parsed = parse_module(&source);
    let error = if parsed.errors.is_empty() {
        compile_module(&source, &parsed.module, Mode::Module).err()?
    } else {
        parsed.errors
    };
    let error = error.into_iter().next()?;
    let line = error
        .labels
        .first()
        .map_or(0, |l| source.line_of(l.span.start));
    Some((line, error))
}

fn verdict(text: &str) -> String {
    match first_error(text) {
        None => "ok".to_owned(),
        Some((line, error)) => format!("{line}: {}", error.title),
    }
}

#[test]
fn the_same_refusals_as_cpython() {
    let mut wrong = Vec::new();
    for case in include_str!("cases.txt").split("---\n") {
        let (program, expected) = case.rsplit_once("=> ").unwrap();
        let found = verdict(program);
        if found != expected.trim_end() {
            wrong.push(format!("{program}cpython: {expected}coro:    {found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_refusal_has_a_place_and_a_hint() {
    for case in include_str!("cases.txt").split("---\n") {
        let (program, _) = case.rsplit_once("=> ").unwrap();
        let source = Source::new("case", program);
        let parsed = parse_module(&source);
        if !parsed.errors.is_empty() {
            continue;
        }
        let found = compile_module(&source, &parsed.module, Mode::Module);
        for error in found.err().unwrap_or_default() {
            assert!(!error.labels.is_empty(), "{program}");
            assert!(error.help.is_some(), "{program}{}", error.title);
            assert!(error.code.says(&error.title), "{program}{}", error.title);
        }
    }
}

fn warnings(text: &str) -> Vec<String> {
    let source = Source::new("case", text);
    let parsed = parse_module(&source);
    let compiled = compile_module(&source, &parsed.module, Mode::Module).unwrap();
    let all = parsed.warnings.into_iter().chain(compiled.warnings);
    all.map(|w| w.title).collect()
}

/// Recorded from CPython 3.13.
#[test]
fn the_same_warnings_as_cpython() {
    let cases = [
        ("x is 1", "\"is\" with 'int' literal. Did you mean \"==\"?"),
        (
            "x is not 'a'",
            "\"is not\" with 'str' literal. Did you mean \"!=\"?",
        ),
        (
            "x is ()",
            "\"is\" with 'tuple' literal. Did you mean \"==\"?",
        ),
        ("x is -1", "\"is\" with 'int' literal. Did you mean \"==\"?"),
        (
            "assert (x, 'm')",
            "assertion is always true, perhaps remove parentheses?",
        ),
        (
            "(1, 2)(3)",
            "'tuple' object is not callable; perhaps you missed a comma?",
        ),
        (
            "'a'(3)",
            "'str' object is not callable; perhaps you missed a comma?",
        ),
        (
            "{1}[0]",
            "'set' object is not subscriptable; perhaps you missed a comma?",
        ),
        (
            "1[0]",
            "'int' object is not subscriptable; perhaps you missed a comma?",
        ),
        (
            "[1]['a']",
            "list indices must be integers or slices, not str; perhaps you missed a comma?",
        ),
        (
            "[[1] [1, 2]]",
            "list indices must be integers or slices, not tuple; perhaps you missed a comma?",
        ),
        ("'\\d'", "invalid escape sequence '\\d'"),
        ("b'\\u1234'", "invalid escape sequence '\\u'"),
        ("'\\777'", "invalid octal escape sequence '\\777'"),
        ("x = 1if y else 2", "invalid decimal literal"),
        ("0x1for x in y", "invalid hexadecimal literal"),
        ("1jif y else 2", "invalid imaginary literal"),
    ];
    for (text, expected) in cases {
        assert_eq!(warnings(text), [expected], "{text}");
    }
    for text in [
        "x is None",
        "x is ...",
        "assert x, 'm'",
        "r'\\d'",
        "[1][0]",
        "f(x)(y)",
        "'\\n'",
        "1 if x else 2",
    ] {
        assert_eq!(warnings(text), [""; 0], "{text}");
    }
}
