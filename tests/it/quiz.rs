//! Questions about programs, answered from a pipe.

use crate::coro::{LIMIT, Run, command, finish, root};
use crate::stepper::stepper;
use coro::quiz::{Rule, questions};

const TASKS: &str = "\
import asyncio

async def worker(name, delay):
    print(name, 'begins')
    await asyncio.sleep(delay)
    print(name, 'ends')

def squares():
    x = 0
    while True:
        x = yield x * x

async def main():
    s = squares()
    next(s)
    print(s.send(3))
    await asyncio.gather(worker('a', 2), worker('b', 1))

asyncio.run(main())
";

fn quiz(answers: &str, options: &[&str]) -> Run {
    let mut coro = command();
    coro.arg("quiz").args(options).current_dir(root());
    finish(&mut coro, answers.as_bytes(), LIMIT)
}

/// The numbers of the right answers, as lines.
fn right_answers(text: &str, seed: u64) -> String {
    let quiz = questions(&mut stepper(text), seed);
    let numbers = quiz.questions.iter().map(|q| format!("{}\n", q.right + 1));
    numbers.collect()
}

#[test]
fn each_question_has_its_rule() {
    let quiz = questions(&mut stepper(TASKS), 0);
    let of = |rule: Rule| {
        let own = quiz.questions.iter().filter(move |q| q.rule == rule);
        own.map(|q| q.answer().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(Rule::ReadyQueue), ["Task-2", "Task-3"]);
    assert_eq!(of(Rule::Timers), ["Task-3", "Task-2"]);
    assert_eq!(of(Rule::Yield), ["0", "9"]);
    assert_eq!(of(Rule::Send), ["3"]);
    assert_eq!(
        of(Rule::Chunks),
        ["9", "a begins", "b begins", "b ends", "a ends"]
    );
}

#[test]
fn all_answers_right() {
    let run = quiz(&right_answers(TASKS, 0), &["-c", TASKS]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.out().contains("score: 12 of 12"), "{}", run.out());
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/quiz" }, {
        insta::assert_snapshot!("all_right", run.out());
    });
}

#[test]
fn a_wrong_answer_is_told_the_rule() {
    let answers = right_answers(TASKS, 0);
    let first: usize = answers.lines().next().unwrap().parse().unwrap();
    let wrong = if first == 1 { 2 } else { 1 };
    let run = quiz(&format!("{wrong}\n"), &["-c", TASKS]);
    assert_eq!(run.code, Some(0));
    let out = run.out();
    assert!(
        out.contains("No, it is 0: yield suspends the frame"),
        "{out}"
    );
    assert!(out.contains("score: 0 of 1"), "{out}");
}

#[test]
fn the_end_of_the_answers_is_the_end() {
    for answers in ["", "q\n"] {
        let run = quiz(answers, &["-c", TASKS]);
        assert_eq!(run.code, Some(0));
        assert!(run.out().ends_with("score: 0 of 0\n"), "{}", run.out());
    }
}

#[test]
fn what_is_no_answer_is_asked_for_again() {
    let first = right_answers(TASKS, 0).lines().next().unwrap().to_owned();
    let run = quiz(&format!("what?\n99\n{first}\n"), &["-c", TASKS]);
    assert!(run.out().contains("a number from 1 to"), "{}", run.out());
    assert!(run.out().contains("score: 1 of 1"), "{}", run.out());
}

#[test]
fn the_seed_decides_the_order_of_the_choices() {
    let orders: Vec<String> = (0..5).map(|seed| right_answers(TASKS, seed)).collect();
    assert_eq!(orders[0], right_answers(TASKS, 0));
    assert!(orders.iter().any(|o| *o != orders[0]));
    let run = quiz(&orders[3], &["--seed", "3", "-c", TASKS]);
    assert!(run.out().contains("score: 12 of 12"), "{}", run.out());
}

#[test]
fn a_program_that_can_only_go_one_way_is_no_quiz() {
    let run = quiz("", &["-c", "x = 1\n"]);
    assert_eq!(run.code, Some(0));
    assert!(run.out().contains("nothing to ask"), "{}", run.out());
}

#[test]
fn programs_that_fail_are_refused_or_asked_about() {
    let run = quiz("", &["-c", "def f(:\n"]);
    assert_eq!(run.code, Some(1));
    let run = quiz("", &["-"]);
    assert_eq!(run.code, Some(2));
    let endless = "n = 0\nwhile True:\n    n += 1\n    print(n)\n";
    let run = quiz("", &["-c", endless]);
    assert!(run.out().contains("a long program"), "{}", run.stderr);
}
