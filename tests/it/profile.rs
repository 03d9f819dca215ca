//! `coro run --profile`: counts are exact and told here; of times only who has used more.

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
    print(sum(numbers(300000)))

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
        (Some(0), &b"89999700000\n"[..])
    );
    let report = run.stderr.clone();
    assert_eq!(count(&report, "twice  p.coro:3"), "300000");
    assert_eq!(count(&report, "numbers  p.coro:6"), "300001");
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

/// Works without a loop, a call or anything else at which the program looks up.
const WORK: &str = "        a = x * 3 + 1
        b = a * 5 - x
        c = (a ^ b) & 255
        d = c * c + a - b
        e = d % 7 + c // 3
        a = e * 3 + 1
        b = a * 5 - x
        c = (a ^ b) & 255
        d = c * c + a - b
        e = d % 7 + c // 3
";

/// Runs a program, with some work where it says so, and tells the times that two functions had for
/// themselves.
fn own_times(work: &str, program: &str, rows: [&str; 2]) -> [f64; 2] {
    let program = program.replace("        WORK\n", work);
    let run = finish(
        command().args(["run", "--profile", "-c", &program]),
        b"",
        LIMIT,
    );
    let report = run.stderr.clone();
    assert_eq!(run.code, Some(0), "{report}");
    let own = |name: &str| {
        let row = report.lines().find(|line| line.contains(name));
        let mut words = row.unwrap_or_default().split_whitespace();
        let time = words.next().and_then(|word| word.parse::<f64>().ok());
        let unit = match words.next() {
            Some("s") => 1e3,
            Some("us") => 1e-3,
            _ => 1.0,
        };
        time.map_or(0.0, |time| time * unit)
    };
    rows.map(own)
}

/// `heavy` has most of the time of a program that does so much more than to enter and leave frames.
#[track_caller]
fn assert_heavy(works: usize, program: &str) {
    let rows = ["  heavy  <string>", "  light  <string>"];
    let [heavy, light] = own_times(&WORK.repeat(works), program, rows);
    assert!(heavy > 2.0 * light, "heavy {heavy} ms, light {light} ms");
}

#[test]
fn time_is_that_of_a_function_and_not_of_its_caller() {
    assert_heavy(
        6,
        "\
def heavy(x):
    if x >= 0:
        WORK
        return e
def light(n):
    for x in range(n):
        heavy(x)
light(1500000)
",
    );
}

#[test]
fn time_is_that_of_the_caller_and_not_of_a_function() {
    assert_heavy(
        3,
        "\
def light(x):
    return x
def heavy(n):
    for x in range(n):
        WORK
        light(e)
heavy(1500000)
",
    );
}

#[test]
fn time_is_that_of_a_generator_and_not_of_the_loop_over_it() {
    assert_heavy(
        3,
        "\
def heavy(n):
    for x in range(n):
        WORK
        yield e
def light(n):
    for x in heavy(n):
        pass
light(1500000)
",
    );
}

#[test]
fn time_is_that_of_a_loop_and_not_of_the_generator_that_it_goes_over() {
    assert_heavy(
        3,
        "\
def light(n):
    for x in range(n):
        yield x
def heavy(n):
    for x in light(n):
        WORK
heavy(1500000)
",
    );
}

#[test]
fn time_is_that_of_who_sends_and_not_of_the_generator() {
    assert_heavy(
        3,
        "\
def light():
    while True:
        yield
def heavy(n):
    g = light()
    next(g)
    for x in range(n):
        WORK
        g.send(e)
heavy(1500000)
",
    );
}

#[test]
fn time_is_that_of_who_raises_and_not_of_who_catches() {
    // Raising and catching takes its time as well.
    assert_heavy(
        40,
        "\
def heavy(x):
    if x >= 0:
        WORK
        raise ValueError
def light(n):
    for x in range(n):
        try:
            heavy(x)
        except ValueError:
            pass
light(60000)
",
    );
}

#[test]
fn time_is_that_of_a_task_and_not_of_the_next_one() {
    assert_heavy(
        12,
        "\
import asyncio
async def heavy(n):
    for x in range(n):
        WORK
        await asyncio.sleep(0)
async def light(n):
    for x in range(n):
        await asyncio.sleep(0)
async def main():
    await asyncio.gather(heavy(150000), light(150000))
asyncio.run(main())
",
    );
}

#[test]
fn time_is_that_of_moments_of_work_and_not_of_the_loop_that_waits_between_them() {
    let program = "\
import asyncio
def heavy(n):
    for x in range(n):
        WORK
async def main():
    for i in range(60):
        heavy(8000)
        await asyncio.sleep(0.0001)
asyncio.run(main())
";
    let rows = ["  heavy  <string>", "  asyncio.runners.Runner.run"];
    let [heavy, waiting] = own_times(WORK, program, rows);
    assert!(
        heavy > 2.0 * waiting,
        "heavy {heavy} ms, the loop {waiting} ms"
    );
}
