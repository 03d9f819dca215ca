//! `coro quiz`: questions on standard output, answers from standard input.

use super::debug::program;
use super::terminal::{Terminal, complain, print};
use super::{DebugArgs, USAGE, needed};
use crate::quiz::{Question, Score, questions};
use crate::stepper::Stepper;
use std::io::{self, BufRead};

/// How often an answer that is none is asked for again.
const TRIES: usize = 3;

pub(super) fn quiz(args: &DebugArgs, terminal: &Terminal) -> i32 {
    let input = match needed(args.code.as_ref(), &args.words) {
        Ok(super::input::Input::Stdin) => {
            complain("coro: quiz reads its answers from standard input, and needs a file\n");
            return USAGE;
        }
        Ok(input) => input,
        Err(code) => return code,
    };
    let words = args.words.iter().skip(usize::from(args.code.is_none()));
    let made = program(&input, words, args, terminal).and_then(|program| {
        Stepper::new(program).map_err(|error| {
            complain(&format!("coro: {error}\n"));
            1
        })
    });
    match made {
        Ok(stepper) => session(stepper, args.seed),
        Err(code) => code,
    }
}

/// What somebody has typed.
enum Typed {
    Answer(bool),
    Left,
}

fn session(mut stepper: Stepper, seed: u64) -> i32 {
    let quiz = questions(&mut stepper, seed);
    if quiz.questions.is_empty() {
        return print(
            "there is nothing to ask: nothing in this program could have gone otherwise\n",
        );
    }
    let listing = stepper.program().text.lines().enumerate();
    let listing: String = listing
        .map(|(i, l)| format!("{:>4} | {l}\n", i + 1))
        .collect();
    let count = quiz.questions.len();
    let cut = match quiz.is_cut {
        true => ", about the beginning of a long program",
        false => "",
    };
    let mut score = Score::default();
    let mut shown = format!("{listing}\n{count} questions{cut}; answer with a number, q ends\n");
    for (i, question) in quiz.questions.iter().enumerate() {
        shown.push_str(&format!("\n{}/{count}  {}\n", i + 1, question.place));
        shown.push_str(&asked(question));
        let code = print(&shown);
        if code != 0 {
            return code;
        }
        match answer(question) {
            Typed::Left => {
                shown = "\n".to_owned();
                break;
            }
            Typed::Answer(right) => {
                score.add(question.rule, right);
                shown = told(question, right);
            }
        }
    }
    print(&format!("{shown}\n{}", score.text()))
}

fn asked(question: &Question) -> String {
    let mut text = format!("{}\n", question.text);
    for (i, choice) in question.choices.iter().enumerate() {
        text.push_str(&format!("  {}) {choice}\n", i + 1));
    }
    text + "> "
}

fn told(question: &Question, right: bool) -> String {
    let verdict = match right {
        true => "Yes".to_owned(),
        false => format!("No, it is {}", question.answer()),
    };
    format!(
        "{verdict}: {}\n  {}\n",
        question.rule.text(),
        question.because
    )
}

fn answer(question: &Question) -> Typed {
    for _ in 0..TRIES {
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => return Typed::Left,
            Ok(_) if matches!(line.trim(), "q" | "quit") => return Typed::Left,
            Ok(_) => {}
        }
        if let Some(right) = question.grade(&line) {
            return Typed::Answer(right);
        }
        print(&format!(
            "a number from 1 to {}, please\n> ",
            question.choices.len()
        ));
    }
    Typed::Answer(false)
}
