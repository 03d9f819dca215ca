//! What `coro trace` tells: each program of tests/trace, and of examples, has its trace as a
//! snapshot, and prints when it is traced what it prints otherwise.
//!
//! `INSTA_UPDATE=always cargo test --test it trace` writes the snapshots anew.

use crate::coro::{LIMIT, Run, command, finish, root};
use crate::examples::programs;
use std::path::{Path, PathBuf};

/// The examples and the lessons whose runs are all the same.
pub fn steady_examples() -> Vec<PathBuf> {
    let mut all = programs("examples");
    all.extend(programs("examples/lessons"));
    all.retain(|p| !differs(p));
    all
}

/// Runs `coro`, the program's name after the first of the options.
fn run(program: &Path, options: &[&str]) -> Run {
    let (first, others) = options.split_first().unwrap();
    let mut command = command();
    command
        .arg(first)
        .arg(program.file_name().unwrap())
        .args(others)
        .current_dir(program.parent().unwrap());
    finish(&mut command, b"", LIMIT)
}

fn name(program: &Path) -> String {
    program.file_stem().unwrap().to_string_lossy().into_owned()
}

/// Examples that never end, or whose values differ from run to run.
fn differs(program: &Path) -> bool {
    program.with_extension("pattern").exists() || name(program).ends_with("async_sleep")
}

/// What the `printed` events of a trace say, one after the other.
fn printed(trace: &str) -> String {
    let mut text = String::new();
    for line in trace
        .lines()
        .filter(|l| l.contains("\"event\":\"printed\""))
    {
        let (_, quoted) = line.rsplit_once("\"text\":\"").unwrap();
        let quoted = quoted.strip_suffix("\"}").unwrap();
        let plain = quoted.replace("\\n", "\n").replace("\\\"", "\"");
        text.push_str(&plain.replace("\\\\", "\\"));
    }
    text
}

#[test]
fn traces_are_as_recorded() {
    let own = programs("tests/trace");
    assert!(own.len() >= 7);
    let examples = steady_examples();
    for program in own.into_iter().chain(examples) {
        let trace = run(&program, &["trace"]);
        assert!(!trace.late, "{}", name(&program));
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/trace" }, {
            insta::assert_snapshot!(name(&program), trace.out());
        });
    }
}

/// Lines that come over and over are made from those before.
#[test]
fn json_lines_are_as_recorded() {
    let program = root().join("tests/trace/over_and_over.coro");
    let trace = run(&program, &["trace", "--json"]);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/trace" }, {
        insta::assert_snapshot!("json_lines_over_and_over", trace.out());
    });
}

#[test]
fn tracing_changes_nothing() {
    let examples = steady_examples();
    for program in programs("tests/trace").into_iter().chain(examples) {
        let plain = run(&program, &["--virtual-time"]);
        let traced = run(&program, &["trace", "--json"]);
        assert_eq!(plain.code, traced.code, "{}", name(&program));
        assert_eq!(plain.out(), printed(&traced.out()), "{}", name(&program));
        assert_eq!(plain.stderr, traced.stderr, "{}", name(&program));
    }
}

#[test]
fn pictures_are_as_recorded() {
    let moments: &[(&str, &str, &[&str])] = &[
        ("before a line", "chunks_and_delays", &["--at", "23"]),
        (
            "the third time",
            "chunks_and_delays",
            &["--at", "13", "--nth", "3"],
        ),
        ("after an event", "chunks_and_delays", &["--after", "17"]),
        ("generators", "values_through_generators", &["--at", "19"]),
        (
            "inside a generator",
            "values_through_generators",
            &["--at", "6"],
        ),
        ("what is shared", "locks_and_futures", &["--at", "27"]),
        (
            "conditions and barriers",
            "conditions_and_barriers",
            &["--at", "23"],
        ),
    ];
    for (title, program, options) in moments {
        let program = root().join(format!("tests/trace/{program}.coro"));
        let run = run(&program, &[&["frames"], *options].concat());
        assert_eq!(run.code, Some(0), "{title}: {}", run.stderr);
        let name = format!("picture: {title}").replace([' ', ':'], "_");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/trace" }, {
            insta::assert_snapshot!(name, run.out());
        });
    }
}

#[test]
fn a_line_that_is_never_reached_is_said() {
    let program = root().join("tests/trace/own_awaitables.coro");
    let missed = run(&program, &["frames", "--at", "15", "--nth", "9"]);
    assert_eq!(missed.code, Some(1));
    assert!(
        missed.stderr.contains("before it came to line 15"),
        "{}",
        missed.stderr
    );
    let outside = run(&program, &["frames", "--at", "900"]);
    assert_eq!(outside.code, Some(2), "{}", outside.stderr);
    let nowhere = run(&program, &["frames"]);
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.stderr);
}

/// Options, and what they leave of a trace.
fn filtered(options: &[&str]) -> Vec<String> {
    let program = root().join("tests/trace/chunks_and_delays.coro");
    let options = [&["trace", "--json"], options].concat();
    let out = run(&program, &options).out();
    let events = out.lines().filter(|l| l.starts_with("{\"n\""));
    events.map(str::to_string).collect()
}

#[test]
fn filters_leave_what_was_asked_for() {
    let all = filtered(&[]);
    let values = filtered(&["--only", "values"]);
    let loop_only = filtered(&["--only", "loop"]);
    let of_a = filtered(&["--task", "a"]);
    let late = filtered(&["--from", "1.2", "--to", "1.7"]);
    assert!(!values.is_empty() && values.len() < all.len());
    for line in &values {
        assert!(
            line.contains("\"family\":\"values\"") || line.contains("\"family\":\"output\""),
            "{line}"
        );
    }
    assert!(loop_only.iter().any(|l| l.contains("\"event\":\"turn\"")));
    assert!(!loop_only.iter().any(|l| l.contains("\"event\":\"chunk\"")));
    assert!(of_a.iter().all(|l| l.contains("\"a\"")));
    assert!(late.iter().all(|l| l.contains("\"clock\":1.5")));
    assert!(!late.is_empty());
    assert!(all.iter().any(|line| line == late.first().unwrap()));
}

#[test]
fn a_trace_without_a_program_is_refused() {
    let run = finish(command().arg("trace"), b"", LIMIT);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("a program is needed"), "{}", run.stderr);
}
