//! What `coro explore` finds: reports as snapshots; and each order replays to its outcome.

use crate::coro::{LIMIT, Run, command, coro, finish, root};
use coro::engine::EngineOptions;
use coro::explore::{Effort, End, Exploration, Order, Program};
use coro::source::Source;
use std::path::{Path, PathBuf};

pub const EFFORT: Effort = Effort {
    limit: 1000,
    seed: 1,
    every: false,
    turns: false,
};

fn programs() -> Vec<PathBuf> {
    let files = std::fs::read_dir(root().join("tests/explore")).unwrap();
    let mut programs: Vec<PathBuf> = files.flatten().map(|e| e.path()).collect();
    programs.retain(|p| p.extension().is_some_and(|e| e == "coro"));
    programs.sort();
    programs
}

fn run(program: &Path, first: &[&str], others: &[&str]) -> Run {
    let mut command = command();
    command
        .args(first)
        .arg(program.file_name().unwrap())
        .args(others)
        .current_dir(program.parent().unwrap());
    finish(&mut command, b"", LIMIT)
}

pub fn explore(text: &str, effort: Effort) -> Exploration {
    let source = Source::new("t.coro", text);
    let program = Program {
        source: &source,
        options: &EngineOptions::default,
        stopped: &|| false,
    };
    program.explore(effort).unwrap()
}

#[test]
fn reports_are_as_recorded() {
    let all = programs();
    assert!(all.len() >= 6);
    for program in all {
        let name = program.file_stem().unwrap().to_string_lossy().into_owned();
        let report = run(&program, &["explore"], &["--limit", "300"]);
        assert_eq!(report.code, Some(0), "{name}: {}", report.stderr);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/explore" }, {
            insta::assert_snapshot!(name, report.out());
        });
    }
}

#[test]
fn each_order_replays_to_its_outcome() {
    for path in programs() {
        let text = std::fs::read_to_string(&path).unwrap();
        let found = explore(
            &text,
            Effort {
                limit: 100,
                ..EFFORT
            },
        );
        for group in &found.groups {
            let order = group.shortest.to_string();
            let replayed = run(&path, &["run", "--order", &order], &[]);
            assert_eq!(replayed.out(), group.outcome.printed, "{path:?} {order}");
            let code = match group.outcome.end {
                End::Exit(code) => code,
                _ => 1,
            };
            assert_eq!(replayed.code, Some(code), "{path:?} {order}");
            if let End::Raised(line) | End::Deadlock(line) = &group.outcome.end {
                assert!(replayed.stderr.contains(line), "{path:?} {order}: {line}");
            }
        }
    }
}

#[test]
fn a_trace_follows_an_order() {
    let program = root().join("tests/explore/lost_update.coro");
    let found = explore(&std::fs::read_to_string(&program).unwrap(), EFFORT);
    for group in &found.groups {
        let order = group.shortest.to_string();
        let trace = run(&program, &["trace", "--order", &order], &[]);
        assert!(
            trace.out().contains(group.outcome.printed.trim()),
            "{order}: {}",
            trace.out()
        );
    }
}

#[test]
fn orders_that_make_no_sense_or_do_not_fit_are_refused() {
    let program = root().join("tests/explore/lost_update.coro");
    let refused = |order: &str, words: &str| {
        let run = run(&program, &["run", "--order", order], &[]);
        assert_eq!(run.code, Some(2), "{order}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{order}: {}", run.stderr);
    };
    refused("3-2", "'3-2' is not FORK:CHOICE");
    refused("4:2.2:2", "fork 2 comes after fork 4");
    refused(
        "1:9",
        "at fork 1 there are 2 to choose from, and the order names number 9",
    );
    refused("90:2", "and the order names fork 90");
}

#[test]
fn a_program_that_is_refused_is_not_explored() {
    let run = coro(&["explore", "-c", "await = 1"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("SyntaxError"), "{}", run.stderr);
    assert_eq!(coro(&["explore"]).code, Some(2));
}

#[test]
fn a_program_without_end_is_one_of_the_outcomes() {
    let program = "import asyncio\nasync def main():\n    while True:\n        await asyncio.sleep(1)\nasyncio.run(main())";
    let run = coro(&["explore", "--limit", "3", "-c", program]);
    assert!(
        !run.late && run.out().contains("never ends"),
        "{}",
        run.out()
    );
}

#[test]
fn what_is_drawn_at_random_depends_on_the_seed_alone() {
    let report = |seed: &str| {
        coro(&[
            "explore",
            "--limit",
            "30",
            "--seed",
            seed,
            "tests/explore/queue.coro",
        ])
        .out()
    };
    assert_eq!(report("1"), report("1"));
    assert!(report("1").contains("There are more orders"));
}

#[test]
fn orders_are_written_as_they_are_read() {
    for text in ["fifo", "2:3", "turns.2:3.10:2"] {
        assert_eq!(Order::parse(text).unwrap().to_string(), text);
    }
}
