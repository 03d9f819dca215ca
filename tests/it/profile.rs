//! `coro run --profile`: counts are exact and told here; times are not.

use crate::coro::{LIMIT, command, finish, scratch};

const PROGRAM: &str = "\
import asyncio

def twice(n):
    return n * 2

def numbers(n):
    for i in range(n):
        yield twice(i)

async def fetch(i):
    await asyncio.sleep(0.01)
    return i

async def worker(n):
    for i in range(n):
        await fetch(i)

async def main():
    await asyncio.gather(*[asyncio.create_task(worker(i), name=f'w{i}') for i in (1, 2)])
    for i in range(100):
        await asyncio.create_task(fetch(i))
    print(sum(numbers(1000)))

asyncio.run(main())
";

/// The count in the row of a table that ends with these words.
fn count<'a>(report: &'a str, end: &str) -> &'a str {
    let row = report
        .lines()
        .find_map(|line| line.trim_end().strip_suffix(end));
    row.and_then(|row| row.split_whitespace().last())
        .unwrap_or_else(|| panic!("no row {end:?}: {report}"))
}

#[test]
fn functions_and_tasks_are_counted() {
    let folder = scratch("profile");
    std::fs::write(folder.join("p.coro"), PROGRAM).unwrap();
    let args = [
        "run",
        "--virtual-time",
        "--profile",
        "--folded",
        "p.folded",
        "p.coro",
    ];
    let run = finish(command().args(args).current_dir(&folder), b"", LIMIT);
    assert_eq!(
        (run.code, run.stdout.as_slice()),
        (Some(0), &b"999000\n"[..])
    );
    let report = run.stderr.clone();
    assert_eq!(count(&report, "twice  p.coro:3"), "1000");
    assert_eq!(count(&report, "numbers  p.coro:6"), "1001");
    // A hundred and three calls, each resumed once.
    assert_eq!(count(&report, "fetch  p.coro:10"), "206");
    assert_eq!(count(&report, "w1  worker()"), "2");
    assert_eq!(count(&report, "w2  worker()"), "3");
    assert_eq!(count(&report, "100 tasks  fetch()"), "200");
    assert!(!report.contains("shutdown_asyncgens()"), "{report}");
    let folded = std::fs::read_to_string(folder.join("p.folded")).unwrap();
    for line in folded.lines() {
        let (way, time) = line.rsplit_once(' ').unwrap();
        assert!(way.starts_with("<module>"), "{line}");
        assert!(time.parse::<u64>().unwrap() > 0, "{line}");
    }
    assert!(folded.contains("<module>;asyncio.runners.run"), "{folded}");
}

#[test]
fn a_program_that_fails_has_its_profile_and_its_exit_code() {
    let run = finish(
        command().args(["run", "--profile", "-c", "def f(): 1 / 0\nf()"]),
        b"",
        LIMIT,
    );
    let report = run.stderr.clone();
    assert_eq!(run.code, Some(1));
    assert!(report.contains("ZeroDivisionError"), "{report}");
    assert_eq!(count(&report, "f  <string>:1"), "1");
}

#[test]
fn stacks_that_cannot_be_written_are_complained_about() {
    let args = ["run", "--folded", "no/such/folder/out", "-c", "print(1)"];
    let run = finish(command().args(args), b"", LIMIT);
    let report = run.stderr.clone();
    assert_eq!((run.code, run.stdout.as_slice()), (Some(1), &b"1\n"[..]));
    assert!(
        report.contains("cannot write no/such/folder/out"),
        "{report}"
    );
}
