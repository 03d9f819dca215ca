//! What `coro explore` finds: reports as snapshots; each order replays to its outcome; and, on small
//! programs made at random, leaving out orders that cannot differ loses no outcome.

use crate::coro::{LIMIT, Run, command, coro, finish, root};
use coro::engine::EngineOptions;
use coro::explore::{Effort, End, Exploration, Order, Program};
use coro::source::Source;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

const EFFORT: Effort = Effort {
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

fn explore(text: &str, effort: Effort) -> Exploration {
    let source = Source::new("t.coro", text);
    let program = Program {
        source: &source,
        options: &EngineOptions::default,
    };
    program.explore(effort).unwrap()
}

/// What the outcomes are, in order of their text.
fn outcomes(found: &Exploration) -> Vec<String> {
    let one = |o: &coro::explore::Outcome| format!("{:?} {:?}", o.printed, o.end);
    let mut all: Vec<String> = found.groups.iter().map(|g| one(&g.outcome)).collect();
    all.sort();
    all
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

// Small programs

/// What a task of such a program does.
#[derive(Clone, Debug)]
enum Step {
    Pause,
    /// Reads a variable into a name of its own, or writes it back with one more.
    Read(usize),
    Write(usize),
    Append,
    Item(usize),
    Locked,
    Put,
    Get,
    Attribute,
    Wake,
    Wait,
    CancelFirst,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Pause),
        2 => (0..2usize).prop_map(Step::Read),
        2 => (0..2usize).prop_map(Step::Write),
        1 => Just(Step::Append),
        1 => (0..2usize).prop_map(Step::Item),
        1 => Just(Step::Locked),
        1 => Just(Step::Put),
        1 => Just(Step::Get),
        1 => Just(Step::Attribute),
        1 => Just(Step::Wake),
        1 => Just(Step::Wait),
        1 => Just(Step::CancelFirst),
    ];
    prop::collection::vec(step, 1..4)
}

impl Step {
    fn text(&self, task: usize) -> String {
        match self {
            Step::Pause => "await asyncio.sleep(0)".into(),
            Step::Read(v) => format!("seen = v{v}"),
            Step::Write(v) => format!("v{v} = seen + {}", task + 1),
            Step::Append => format!("items.append({task})"),
            Step::Item(k) => format!("table[{k}] = {task}"),
            Step::Locked => {
                "async with lock:\n        box.n = box.n * 2 + 1\n        await asyncio.sleep(0)"
                    .into()
            }
            Step::Put => format!("queue.put_nowait({task})"),
            Step::Get => "items.append(await queue.get())".into(),
            Step::Attribute => format!("box.a = box.b\n    box.b = {task}"),
            Step::Wake => "event.set()".into(),
            Step::Wait => "await event.wait()\n    seen += 10".into(),
            Step::CancelFirst => "tasks[0].cancel()".into(),
        }
    }
}

fn program(tasks: &[Vec<Step>]) -> String {
    let mut text = String::from(
        "import asyncio\n\nv0 = v1 = 0\nitems, table, tasks = [], {}, []\n\n\nclass Box:\n    n = 0\n    a = b = None\n\n\nbox = Box()\n",
    );
    for (i, steps) in tasks.iter().enumerate() {
        text.push_str(&format!(
            "\n\nasync def t{i}():\n    global v0, v1\n    seen = 0\n"
        ));
        for step in steps {
            text.push_str(&format!("    {}\n", step.text(i)));
        }
    }
    text.push_str("\n\nasync def main():\n    global lock, queue, event\n    lock, queue, event = asyncio.Lock(), asyncio.Queue(), asyncio.Event()\n");
    for i in 0..tasks.len() {
        text.push_str(&format!("    tasks.append(asyncio.create_task(t{i}()))\n"));
    }
    text.push_str("    done = await asyncio.gather(*tasks, return_exceptions=True)\n    print(v0, v1, items, table, box.n, box.a, box.b, done)\n\n\nasyncio.run(main())\n");
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_outcome_is_lost(tasks in prop::collection::vec(steps(), 2..4), turns: bool) {
        let text = program(&tasks);
        let every = Effort { limit: 300, every: true, turns, ..EFFORT };
        let all = explore(&text, every);
        let pruned = explore(&text, Effort { limit: 300, turns, ..EFFORT });
        if pruned.complete && all.complete {
            prop_assert!(pruned.orders <= all.orders);
            prop_assert_eq!(outcomes(&pruned), outcomes(&all), "{}", text);
        } else if pruned.complete {
            // Not all could be tried, but what was found must be among what was said to be all.
            for outcome in outcomes(&all) {
                prop_assert!(outcomes(&pruned).contains(&outcome), "{} {}", outcome, text);
            }
        }
    }
}

#[test]
fn orders_are_written_as_they_are_read() {
    for text in ["fifo", "2:3", "turns.2:3.10:2"] {
        assert_eq!(Order::parse(text).unwrap().to_string(), text);
    }
}
