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
        .filter(|l| l.contains("\"event\":\"printed\"") && !l.starts_with("{\"def\":"))
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
    for name in ["over_and_over", "chunks_and_delays"] {
        let program = root().join(format!("tests/trace/{name}.coro"));
        let trace = run(&program, &["trace", "--json"]);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/trace" }, {
            insta::assert_snapshot!(format!("json_lines_{name}"), trace.out());
        });
    }
}

/// The events of a trace in JSON, whole: as a program in the language reads it.
fn whole_events(trace: &str) -> Vec<String> {
    let reader = root().join("tests/trace/reader/whole_events.coro");
    let read = finish(command().arg(reader), trace.as_bytes(), LIMIT);
    assert_eq!(read.code, Some(0), "{}", read.stderr);
    let out = read.out();
    let events = out.lines().filter(|l| l.starts_with("{\"n\""));
    events.map(str::to_string).collect()
}

#[test]
fn json_lines_tell_of_each_line_of_the_log() {
    for program in programs("tests/trace") {
        let log = run(&program, &["trace"]).out();
        let log: Vec<&str> = log.lines().skip(1).take_while(|l| !l.is_empty()).collect();
        let events = whole_events(&run(&program, &["trace", "--json"]).out());
        assert_eq!(log.len(), events.len(), "{}", name(&program));
        for (number, (told, event)) in (1..).zip(log.into_iter().zip(&events)) {
            let turn = told.split_whitespace().next().unwrap().replace('-', "0");
            let beginning = format!("{{\"n\": {number}, \"turn\": {turn}, \"clock\": ");
            assert!(event.starts_with(&beginning), "{told}\n{event}");
            // The line where it happened stands in the log, too, but for what is printed.
            if let Some((_, at)) = event.split_once("\"at\": {\"frame\": \"") {
                let (frame, line) = at.split_once("\", \"line\": ").unwrap();
                let line = line.split('}').next().unwrap();
                let queued = event.contains("\"event\": \"queued\"");
                assert!(
                    queued || told.contains(&format!("{frame}:{line}")),
                    "{told}\n{event}"
                );
            }
        }
    }
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
    whole_events(&run(&program, &options).out())
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
            line.contains("\"family\": \"values\"") || line.contains("\"family\": \"output\""),
            "{line}"
        );
    }
    assert!(loop_only.iter().any(|l| l.contains("\"event\": \"turn\"")));
    assert!(!loop_only.iter().any(|l| l.contains("\"event\": \"chunk\"")));
    assert!(of_a.iter().all(|l| l.contains("\"a\"")));
    assert!(late.iter().all(|l| l.contains("\"clock\": 1.5")));
    assert!(!late.is_empty());
    let untimed = |line: &String| line.split_once("\"depth\"").unwrap().1.to_owned();
    let first = untimed(late.first().unwrap());
    assert!(all.iter().any(|line| untimed(line) == first));
}

#[test]
fn a_trace_without_a_program_is_refused() {
    let run = finish(command().arg("trace"), b"", LIMIT);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("a program is needed"), "{}", run.stderr);
}
