//! `coro check`: the programs of tests/check say in comments what must be said about them, and
//! nothing may be said about programs that are right.

use crate::coro::{LIMIT, command, coro, finish, root, scratch};
use coro::check::check;
use coro::diagnostic::code::Stage;
use coro::diagnostic::{Code, Diagnostic};
use coro::source::Source;
use std::path::{Path, PathBuf};

fn programs(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "coro") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

/// Checks a file on a stack like that of the program.
fn said(path: &Path) -> Vec<(u32, Code, String)> {
    let path = path.to_owned();
    let work = move || {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let source = Source::new(name, text);
        let line = |d: &Diagnostic| d.labels.first().map_or(0, |l| source.line_of(l.span.start));
        let found = check(&source);
        found
            .iter()
            .map(|d| (line(d), d.code, d.title.clone()))
            .collect()
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    thread.spawn(work).unwrap().join().unwrap()
}

#[test]
fn programs_say_what_is_said_about_them() {
    let mut wrong = Vec::new();
    for path in programs("tests/check") {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut want: Vec<(u32, &str)> = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let codes = line.split_once("# -> ").map_or("", |(_, codes)| codes);
            want.extend(codes.split_whitespace().map(|code| (i as u32 + 1, code)));
        }
        let found = said(&path);
        let mut got: Vec<(u32, &str)> = found.iter().map(|(l, c, _)| (*l, c.text())).collect();
        want.sort_unstable();
        got.sort_unstable();
        if want != got {
            wrong.push(format!("{}:\nwant {want:?}\ngot  {got:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Programs that make a mistake to show what comes of it: where, what, and why.
const ON_PURPOSE: &[(&str, &str, &str)] = &[
    (
        "asyncio/loop_time",
        "W0202",
        "shows that blocking moves the clock",
    ),
    (
        "context_managers/with_protocol",
        "W0203",
        "shows that the block is left",
    ),
    (
        "coroutines/garbage_chains_are_closed",
        "W0207",
        "a coroutine that resists",
    ),
    (
        "coroutines/never_awaited",
        "W0208",
        "async generators do not warn",
    ),
    ("coroutines/never_awaited", "W0301", "shows the warning"),
    (
        "functions/return_values",
        "W0205",
        "shows that `for` ignores the result",
    ),
    (
        "generators/basic_protocol",
        "W0205",
        "shows that `list` ignores the result",
    ),
    (
        "examples/random_add_forgotten_await",
        "W0301",
        "shows the warning",
    ),
    (
        "examples/say_after_blocked",
        "W0202",
        "shows what blocking does",
    ),
];

#[test]
fn right_programs_are_left_alone() {
    let mut wrong = Vec::new();
    let mut used = vec![false; ON_PURPOSE.len()];
    for folder in ["tests/conformance", "examples", "benches", "src/stdlib/lib"] {
        for path in programs(folder) {
            let name = path.with_extension("").display().to_string();
            for (line, code, title) in said(&path) {
                // Refusals and CPython's own warnings are tested elsewhere.
                if matches!(code.stage(), Stage::Refused(_) | Stage::Doubted) {
                    continue;
                }
                let meant = |(file, text, _): &(&str, &str, &str)| {
                    name.ends_with(file) && *text == code.text()
                };
                match ON_PURPOSE.iter().position(meant) {
                    Some(at) => used[at] = true,
                    None => wrong.push(format!("{name}:{line}: {} {title}", code.text())),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let idle: Vec<_> = ON_PURPOSE
        .iter()
        .zip(&used)
        .filter(|(_, used)| !**used)
        .collect();
    assert!(idle.is_empty(), "no longer needed: {idle:?}");
}

#[test]
fn refusals_are_those_of_a_run() {
    for path in programs("tests/conformance") {
        let err = std::fs::read_to_string(path.with_extension("err")).unwrap_or_default();
        let refused = ["SyntaxError: ", "IndentationError: ", "TabError: "];
        let refused = refused.iter().find_map(|kind| err.strip_prefix(kind));
        let found = said(&path);
        let first = found
            .iter()
            .find(|(_, c, _)| matches!(c.stage(), Stage::Refused(_)));
        // A program that reads another one may end with that one's error.
        if let Some(message) = refused.filter(|_| first.is_some()) {
            assert_eq!(
                first.map(|(_, _, t)| t.as_str()),
                Some(message.trim_end()),
                "{}",
                path.display()
            );
        }
        assert!(
            refused.is_some() || first.is_none(),
            "{}: {first:?}",
            path.display()
        );
    }
}

#[test]
fn errors_fail_and_warnings_do_only_if_asked() {
    let code = |arguments: &[&str]| coro(arguments).code;
    assert_eq!(code(&["check", "-c", "print(1)"]), Some(0));
    assert_eq!(code(&["check", "-c", "x = "]), Some(1));
    assert_eq!(code(&["check", "-c", "x = 1\nx is 2"]), Some(0));
    assert_eq!(code(&["check", "--strict", "-c", "x = 1\nx is 2"]), Some(1));
    assert_eq!(code(&["check", "no_such_file.coro"]), Some(1));
    assert_eq!(code(&["check"]), Some(2));
}

#[test]
fn several_files_and_folders() {
    let folder = scratch("check_folder");
    std::fs::create_dir(folder.join("inner")).unwrap();
    std::fs::write(folder.join("a.coro"), "x = \n").unwrap();
    std::fs::write(
        folder.join("inner/b.coro"),
        "def f():\n    return 1\n    print(2)\n",
    )
    .unwrap();
    std::fs::write(folder.join("c.coro"), "print(1)\n").unwrap();
    std::fs::write(folder.join("d.txt"), "x = \n").unwrap();
    let run = finish(
        command().args(["check", "."]).current_dir(&folder),
        b"",
        LIMIT,
    );
    assert_eq!(run.code, Some(1));
    keep("check_several_files", &run.stderr);
}

fn keep(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn json_for_editors() {
    let text = "import asyncio\n\nasync def f():\n    pass\n\nasync def é():\n    \"é\"; f()\n";
    let run = coro(&["check", "--format", "json", "-c", text]);
    assert_eq!(run.code, Some(0));
    keep("check_json", &run.out());
    let clean = coro(&["check", "--format", "json", "-c", "print(1)"]);
    assert_eq!(clean.out(), "{\"version\": 1, \"diagnostics\": []}\n");
}
