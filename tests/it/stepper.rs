//! The stepper without a terminal: forward, back, questions, input, and programs that are too long
//! to be kept whole.

use crate::coro::root;
use coro::explore::Order;
use coro::stepper::{Frames, KEPT, Kind, Moved, Program, Question, Step, Stepper, Target};
use coro::trace::frames::Picture;
use std::sync::Arc;

pub fn program(name: &str, text: &str) -> Program {
    Program {
        name: name.to_owned(),
        file: name.to_owned(),
        text: text.to_owned(),
        argv: vec![name.to_owned()],
        path: vec![root().join("examples").display().to_string()],
        native_limit: 100,
        stack: 64 << 20,
        kept: KEPT,
        ..Program::default()
    }
}

pub fn stepper(text: &str) -> Stepper {
    Stepper::new(program("program.coro", text)).unwrap()
}

pub fn forward(stepper: &mut Stepper, target: &Target) -> Moved {
    stepper.forward(target, &mut |_| true)
}

/// What is to be seen at a step.
#[derive(PartialEq, Debug)]
struct State {
    position: usize,
    step: Option<Step>,
    picture: Arc<Picture>,
    output: String,
}

fn state(stepper: &mut Stepper) -> State {
    State {
        position: stepper.position(),
        picture: stepper.picture(),
        step: stepper.step().cloned(),
        output: without_addresses(&written(stepper)),
    }
}

pub fn written(stepper: &Stepper) -> String {
    stepper.output().iter().map(|p| p.text.as_str()).collect()
}

/// A text without the addresses in it, which no two runs have in common.
pub fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    masked
}

pub fn examples() -> Vec<(String, String)> {
    let found = programs_in("examples");
    assert!(found.len() >= 30);
    found
}

/// The programs of a folder, each with its text, in order.
pub fn programs_in(folder: &str) -> Vec<(String, String)> {
    let files = std::fs::read_dir(root().join(folder)).unwrap().flatten();
    let files = files.map(|e| e.path());
    let files = files.filter(|f| f.extension().is_some_and(|e| e == "coro"));
    let text = |f: &std::path::PathBuf| std::fs::read_to_string(f).unwrap();
    let mut found: Vec<_> = files.map(|f| (f.display().to_string(), text(&f))).collect();
    found.sort();
    found
}

/// Steps of one example that are compared, at most.
const COMPARED: usize = 600;

/// Each picture on the way back is made by another run than the one on the way there, since next to
/// none are kept.
#[test]
fn stepping_back_gives_the_states_of_stepping_forward() {
    for (name, text) in examples() {
        let mut there = Stepper::new(program(&name, &text)).unwrap();
        let mut states = vec![state(&mut there)];
        while states.len() < COMPARED && forward(&mut there, &Target::Step) == Moved::There {
            states.push(state(&mut there));
        }
        assert!(states.len() > 1, "{name}");
        let mut back = Stepper::new(Program {
            kept: 20,
            ..program(&name, &text)
        })
        .unwrap();
        let last = states.len() - 1;
        assert_eq!(back.go_to(last, &mut |_| true), Moved::There, "{name}");
        while let Some(expected) = states.pop() {
            let seen = state(&mut back);
            // What is kept in a step is no part of what is seen.
            assert_eq!(seen.picture, expected.picture, "{name}, {}", seen.position);
            assert_eq!(seen.output, expected.output, "{name}, {}", seen.position);
            let words = |s: &State| {
                s.step
                    .as_ref()
                    .map(|s| (without_addresses(&s.words), s.line, s.level))
            };
            assert_eq!(words(&seen), words(&expected), "{name}");
            back.back(&Target::Step);
        }
        assert_eq!(back.position(), 0);
    }
}

#[test]
fn a_long_program_is_stepped_back_through_from_its_end() {
    let mut long = stepper("for i in range(20000):\n    x = i\n");
    assert_eq!(forward(&mut long, &Target::End), Moved::There);
    assert!(long.position() > 20000);
    for value in (19990..20000).rev() {
        long.back(&Target::Line);
        let running = &long.picture().running[0];
        let i = running.variables.iter().find(|(n, _)| n == "i").unwrap();
        assert_eq!(i.1, value.to_string());
    }
    // Far away from all pictures that were kept.
    long.go_to(10_001, &mut |_| true);
    let far = long.picture();
    assert_eq!(far.running.len(), 1);
    long.back(&Target::Line);
    assert_ne!(long.picture(), far);
}

#[test]
fn a_move_that_is_interrupted_again_and_again_arrives() {
    let mut s = stepper("for i in range(20_000):\n    x = i\nprint(x)\n");
    let mut pauses = 0;
    while s.forward(&Target::End, &mut |_| false) == Moved::Stopped {
        pauses += 1;
        assert!(pauses < 1_000, "no nearer: {:?}", s.known());
    }
    assert_eq!(s.exit_code(), Some(0));
    assert_eq!(written(&s), "19999\n");
}

#[test]
fn a_program_without_an_end_can_be_left() {
    let mut endless = stepper("n = 0\nwhile True:\n    n += 1\n");
    let mut patience = 3;
    let moved = endless.forward(&Target::End, &mut |_| {
        patience -= 1;
        patience > 0
    });
    assert_eq!(moved, Moved::Stopped);
    // It has not gone away.
    assert_eq!(forward(&mut endless, &Target::Line), Moved::There);
    assert_eq!(endless.position(), 1);
    drop(endless);
    let mut silent = stepper("n = 0\nm = [None for n in iter(int, 1)]\n");
    assert_eq!(
        silent.forward(&Target::Number(3), &mut |_| false),
        Moved::Stopped
    );
}

const TASKS: &str = "\
import asyncio

async def worker(name, delay):
    x = delay * 10
    await asyncio.sleep(delay)
    print(name, x)
    return name

async def main():
    a = asyncio.create_task(worker('a', 1), name='a')
    b = asyncio.create_task(worker('b', 2), name='b')
    await a
    await b

asyncio.run(main())
";

/// Goes to the line in a task.
fn to(stepper: &mut Stepper, task: &str, line: u32) {
    loop {
        assert_eq!(forward(stepper, &Target::Line), Moved::There);
        let step = stepper.step().unwrap();
        if step.line == line && step.task.as_deref() == Some(task) {
            return;
        }
    }
}

#[test]
fn over_an_await_stays_in_the_task() {
    let mut s = stepper(TASKS);
    to(&mut s, "a", 5);
    assert_eq!(forward(&mut s, &Target::Over), Moved::There);
    let step = s.step().unwrap();
    assert_eq!((step.line, step.task.as_deref()), (6, Some("a")));
    // After its last line there is the end of the task.
    forward(&mut s, &Target::Over);
    forward(&mut s, &Target::Over);
    let step = s.step().unwrap();
    assert_eq!((step.kind, step.task.as_deref()), (Kind::Done, Some("a")));
}

#[test]
fn over_a_call_and_over_a_yield_stays_where_it_is() {
    let mut s = stepper(
        "def f():\n    y = 1\n    return y\ndef g():\n    yield 1\n    yield 2\nf()\nfor x in g():\n    pass\nprint(x)\n",
    );
    let lines: Vec<u32> = std::iter::from_fn(|| {
        forward(&mut s, &Target::Over);
        s.step().filter(|s| s.kind == Kind::Line).map(|s| s.line)
    })
    .take(20)
    .collect();
    assert_eq!(lines[..4], [1, 4, 7, 8]);
    assert_eq!(lines.last(), Some(&10));
    assert!(!lines.contains(&2) && !lines.contains(&5), "{lines:?}");
}

#[test]
fn a_task_is_followed_to_where_it_resumes() {
    let mut s = stepper(TASKS);
    to(&mut s, "b", 5);
    let target = Target::Resumed("b".to_owned());
    assert_eq!(forward(&mut s, &target), Moved::There);
    let step = s.step().unwrap();
    assert_eq!((step.kind, step.line, step.clock), (Kind::Chunk, 5, 2.0));
}

#[test]
fn chunks_begin_where_control_goes_to_another_frame() {
    let mut s = stepper("def g():\n    x = yield 1\n    yield x\nh = g()\nnext(h)\nh.send(5)\n");
    let mut seen = Vec::new();
    while forward(&mut s, &Target::Chunk) == Moved::There {
        seen.push(s.step().unwrap().words.clone());
    }
    assert_eq!(
        seen,
        [
            "program.coro:5 → starts → g:1",
            "g:2 → yields 1 → program.coro:5",
            "program.coro:6 → send(5) → g:2",
            "g:3 → yields 5 → program.coro:6",
            "the program has ended",
        ]
    );
}

#[test]
fn breakpoints_stop_both_ways() {
    let mut s = stepper("x = 1\nfor i in range(3):\n    x += i\nprint(x)\n");
    s.toggle_breakpoint(3);
    let mut count = 0;
    while forward(&mut s, &Target::Breakpoint) == Moved::There {
        assert_eq!(s.step().unwrap().line, 3);
        count += 1;
    }
    assert_eq!(count, 3);
    assert_eq!(s.back(&Target::Breakpoint), Moved::There);
    let i = |s: &mut Stepper| {
        let running = &s.picture().running[0];
        running
            .variables
            .iter()
            .find(|(n, _)| n == "i")
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(i(&mut s), "2");
    s.back(&Target::Breakpoint);
    assert_eq!(i(&mut s), "1");
}

#[test]
fn output_leads_to_the_step_that_printed_it() {
    let mut s = stepper(TASKS);
    assert_eq!(
        forward(&mut s, &Target::Output("b 20".into())),
        Moved::There
    );
    let step = s.step().unwrap();
    assert_eq!((step.line, step.clock), (6, 2.0));
    let before = s.position();
    assert_eq!(forward(&mut s, &Target::Output("c".into())), Moved::NoSuch);
    assert_eq!(s.position(), before);
}

fn ask(s: &mut Stepper, text: &str, frame: Frames) -> (String, bool) {
    let text = text.to_owned();
    let answer = s.ask(Question::Value { text, frame });
    (answer.text, answer.failed)
}

#[test]
fn expressions_are_evaluated_in_any_frame() {
    let mut s = stepper(TASKS);
    to(&mut s, "b", 5);
    let value = |s: &mut Stepper, text: &str, frame| ask(s, text, frame).0;
    assert_eq!(value(&mut s, "name, x", Frames::Running(0)), "('b', 20)");
    assert_eq!(
        value(&mut s, "name, x", Frames::Task("a".into(), 0)),
        "('a', 10)"
    );
    assert_eq!(
        value(&mut s, "a.done()", Frames::Task("Task-1".into(), 0)),
        "False"
    );
    assert_eq!(
        ask(&mut s, "nothing", Frames::Running(0)),
        ("NameError: name 'nothing' is not defined".to_owned(), true)
    );
    assert_eq!(
        ask(&mut s, "1 +", Frames::Running(0)),
        ("SyntaxError: invalid syntax".to_owned(), true)
    );
    assert_eq!(
        value(&mut s, "[x + i for i in range(2)]", Frames::Running(0)),
        "[20, 21]"
    );
}

#[test]
fn an_answer_may_be_awaited_and_changes_nothing() {
    let mut s = stepper(TASKS);
    to(&mut s, "b", 5);
    let before = state(&mut s);
    let text = "await asyncio.sleep(1.5, 'slept')".to_owned();
    let frame = Frames::Running(0);
    let answer = s.ask(Question::Value { text, frame });
    assert_eq!(answer.text, "'slept'");
    let printed: String = answer.output.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(printed, "a 10\n");
    assert_eq!(state(&mut s), before);
    // Without a loop one is made for it.
    let mut s = stepper("import asyncio\nx = 5\ny = 6\n");
    s.go_to(3, &mut |_| true);
    let (text, failed) = ask(&mut s, "await asyncio.sleep(1, x)", Frames::Running(0));
    assert_eq!((text.as_str(), failed), ("5", false));
}

#[test]
fn a_suspended_generator_is_looked_into() {
    let mut s = stepper("def g():\n    secret = 7\n    yield 1\nh = g()\nnext(h)\nprint('x')\n");
    forward(&mut s, &Target::Output("x".into()));
    assert_eq!(ask(&mut s, "secret", Frames::Loose(0, 0)).0, "7");
}

#[test]
fn why_a_task_waits_is_told() {
    let mut s = stepper(TASKS);
    to(&mut s, "b", 5);
    let answer = s.ask(Question::Why("Task-1".into()));
    assert!(
        answer.text.contains("waits for task 'a'"),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains("waits until t=1.00"),
        "{}",
        answer.text
    );
    assert!(s.ask(Question::Why("c".into())).text.contains("no task c"));
}

#[test]
fn input_is_asked_for_once() {
    let mut s = stepper("a = input('first? ')\nb = input()\nprint(a, b)\n");
    assert_eq!(forward(&mut s, &Target::End), Moved::Asks);
    assert!(s.asks());
    s.answer(Some("one".into()));
    assert_eq!(forward(&mut s, &Target::End), Moved::Asks);
    s.answer(Some("two".into()));
    assert_eq!(forward(&mut s, &Target::End), Moved::There);
    assert_eq!(s.exit_code(), Some(0));
    assert!(written(&s).ends_with("one two\n"));
    // Another run is given the same lines.
    s.back(&Target::Line);
    assert_eq!(ask(&mut s, "b", Frames::Running(0)).0, "'two'");
}

#[test]
fn the_end_of_the_input_ends_it() {
    let mut s = stepper("input()\n");
    assert_eq!(forward(&mut s, &Target::End), Moved::Asks);
    s.answer(None);
    assert_eq!(forward(&mut s, &Target::End), Moved::There);
    assert_eq!(s.exit_code(), Some(1));
    let written: String = s.output().iter().map(|p| p.text.as_str()).collect();
    assert!(
        written.ends_with("EOFError: EOF when reading a line\n"),
        "{written}"
    );
}

#[test]
fn how_a_program_ends_is_part_of_its_output() {
    for (text, code, says) in [
        ("1 / 0\n", 1, "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", 3, ""),
        ("import sys\nsys.exit('sorry')\n", 1, "sorry"),
        ("def f(:\n", 1, "SyntaxError"),
        (
            "import asyncio\nasync def main():\n    await asyncio.Event().wait()\nasyncio.run(main())\n",
            1,
            "Deadlock",
        ),
        (
            "class A:\n    def __del__(self):\n        print('gone')\na = A()\n",
            0,
            "gone",
        ),
    ] {
        let mut s = stepper(text);
        assert_eq!(forward(&mut s, &Target::End), Moved::There, "{text}");
        assert_eq!(s.exit_code(), Some(code), "{text}");
        let written = written(&s);
        assert!(written.contains(says), "{text}: {written}");
    }
}

#[test]
fn random_numbers_are_the_same_each_time() {
    let text = "import random\nprint(random.random())\n";
    let number = |seed: u64| {
        let mut s = Stepper::new(Program {
            seed,
            ..program("r.coro", text)
        })
        .unwrap();
        forward(&mut s, &Target::End);
        written(&s)
    };
    assert_eq!(number(1), number(1));
    assert_ne!(number(1), number(2));
}

#[test]
fn tasks_run_in_the_order_that_is_asked_for() {
    let text = "import asyncio\nasync def f(n):\n    print(n)\nasync def main():\n    await asyncio.gather(f(1), f(2))\nasyncio.run(main())\n";
    let run = |order: &str| {
        let mut s = Stepper::new(Program {
            order: Some(Order::parse(order).unwrap()),
            ..program("o.coro", text)
        })
        .unwrap();
        forward(&mut s, &Target::End);
        written(&s)
    };
    assert_eq!(run("fifo"), "1\n2\n");
    assert_eq!(run("1:2"), "2\n1\n");
}
