//! What people see when their program can never go on: each program of tests/deadlock ends, and
//! what it printed and how it was reported is kept as a snapshot. CPython hangs on all of them.
//!
//! `INSTA_UPDATE=always cargo test --test it deadlock` writes the snapshots anew.

use crate::coro::{LIMIT, Run, command, finish, program, root};
use std::path::{Path, PathBuf};

fn programs() -> Vec<PathBuf> {
    let files = std::fs::read_dir(root().join("tests/deadlock"))
        .unwrap()
        .flatten()
        .map(|e| e.path());
    let mut programs: Vec<PathBuf> = files
        .filter(|f| f.extension().is_some_and(|e| e == "coro"))
        .collect();
    programs.sort();
    programs
}

fn run(program: &Path, options: &[&str]) -> Run {
    let mut command = command();
    command
        .args(options)
        .arg(program.file_name().unwrap())
        .current_dir(program.parent().unwrap());
    finish(&mut command, b"", LIMIT)
}

#[test]
fn deadlocks_are_explained() {
    let programs = programs();
    assert!(programs.len() > 20);
    for program in programs {
        let run = run(&program, &["--virtual-time"]);
        let name = program.file_stem().unwrap().to_string_lossy().into_owned();
        assert_eq!(run.code, Some(1), "{name}: {}", run.stderr);
        let last = run.last_line();
        assert!(last.starts_with("Deadlock: "), "{name}: {last}");
        let shown = format!("{}----\n{}", run.out(), run.stderr);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/deadlock" }, {
            insta::assert_snapshot!(name, shown);
        });
    }
}

#[test]
fn the_python_form_has_the_report_and_a_traceback() {
    let program = root().join("tests/deadlock/a_future_that_nobody_settles.coro");
    let run = run(&program, &["--traceback=python"]);
    assert!(
        run.stderr.starts_with("[E0315] Error: Deadlock: main()"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("\nTraceback (most recent call last):\n"),
        "{}",
        run.stderr
    );
    assert_eq!(
        run.last_line(),
        "Deadlock: main() waits for future 'answer', which nobody settles"
    );
}

/// Many tasks make a long report neither long in coming nor long to read.
#[test]
fn twenty_thousand_tasks() {
    let text = "
import asyncio

lock = asyncio.Lock()

async def worker():
    async with lock:
        await asyncio.Event().wait()

async def main():
    await asyncio.gather(*[worker() for _ in range(20_000)])

asyncio.run(main())
";
    let run = program("many_deadlocked", text);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.lines().count() < 40, "{}", run.stderr);
    assert!(
        run.stderr.contains("19997 more wait here for lock 'lock'"),
        "{}",
        run.stderr
    );
}
