//! A program with all that waits written out does the same, on the same virtual clock and with the
//! same random numbers; and what it looks like.

use crate::stepper::{examples, program, programs_in, without_addresses};
use coro::source::Source;
use coro::stepper::{Moved, Program, Stepper, Stream, Target};

fn cases() -> Vec<(String, String)> {
    let found = programs_in("tests/desugar");
    assert!(found.len() >= 5);
    found
}

/// A text without the lines at which tasks stand: they are others in another text.
fn without_places(text: &str) -> String {
    let mut parts = text.split(" running at ");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked.push_str(part.trim_start_matches(|c| c != '>'));
    }
    masked
}

/// Steps of a program that are run, at most.
const STEPS: usize = 3_000;

/// What a program prints, and its exit code if it ends soon.
fn run(name: &str, text: &str) -> (String, Option<i32>) {
    let mut stepper = Stepper::new(Program {
        seed: 1,
        ..program(name, text)
    })
    .unwrap();
    let ended = stepper.forward(&Target::End, &mut |steps| steps < STEPS);
    // Programs that look at the clock until it moves do so for long.
    if ended == Moved::Stopped {
        let (known, _) = stepper.known();
        stepper.go_to(known, &mut |_| false);
    }
    let output = stepper.output().iter();
    let printed = output.filter(|p| p.stream == Stream::Out);
    let printed: String = printed.map(|p| p.text.as_str()).collect();
    let printed = without_places(&without_addresses(&printed));
    (printed, stepper.exit_code())
}

fn desugared(name: &str, text: &str) -> String {
    coro::desugar::desugar(&Source::new(name, text)).unwrap()
}

#[test]
fn written_out_programs_do_the_same() {
    let mut complaints = String::new();
    let all = examples().into_iter().chain(cases());
    for (name, text) in all {
        let plain = run(&name, &text);
        let Ok(out) = coro::desugar::desugar(&Source::new(name.clone(), text)) else {
            assert_eq!(plain, (String::new(), Some(1)), "{name}");
            continue;
        };
        let got = run(&name, &out);
        if plain.1.is_none() {
            // As far as both have come.
            let same = plain.0.starts_with(&got.0) || got.0.starts_with(&plain.0);
            assert!(same, "{name}");
        } else if plain != got {
            complaints += &format!("{name}: want {plain:?}\n got {got:?}\n");
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn nothing_that_waits_is_left() {
    for (name, text) in examples().into_iter().chain(cases()) {
        let Ok(out) = coro::desugar::desugar(&Source::new(name.clone(), text)) else {
            continue;
        };
        let source = Source::new(name.clone(), out);
        for token in coro::syntax::tokens(&source) {
            let waits = ["async", "await"].contains(&token.text.as_str());
            assert!(
                !waits,
                "{name}: {}",
                source.line_text(source.line_of(token.span.start))
            );
        }
    }
}

#[test]
fn a_program_without_any_stays_as_it_is() {
    let text = "# a comment\nx = '''a\n  b'''\ndef f():\n    yield x\nprint(*f())\n";
    assert_eq!(desugared("plain.coro", text), text);
}

#[test]
fn what_is_written_out() {
    let text = "\
import asyncio


async def main():
    async with asyncio.timeout(1) as limit, asyncio.Lock():
        # kept
        text = '''a
  b'''
    async for item in items():
        print(item)
    else:
        print('no more')
    return [await item async for item in items() if item]


def outer():
    result = yield from inner()
";
    let out = desugared("program.coro", text);
    let (_, own) = out.split_once("# The program.\n").unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/desugar" }, {
        insta::assert_snapshot!("written_out", own);
    });
}

#[test]
fn what_waits_within_an_expression_is_lifted_out_of_it() {
    let text = "\
async def both():
    return f(await a(), x, await b()) + [await c(), *y]


def outer(first):
    total += g(first, (yield from inner()))
    if first and (yield from inner()):
        pass
";
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/desugar" }, {
        insta::assert_snapshot!("lifted", desugared("program.coro", text).split_once("# The program.\n").unwrap().1);
    });
}

#[test]
fn beside_the_source() {
    let text = "\
import asyncio

async def main():
    async with asyncio.Lock():
        print('it is locked', await asyncio.sleep(1, 'and kept for a while'))

asyncio.run(main())
";
    let program = Source::new("program.coro", text);
    let columns = coro::desugar::beside(&program, 100, '|').unwrap();
    let (columns, _) = columns.split_once("\n\n# What").unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/desugar" }, {
        insta::assert_snapshot!("beside", columns);
    });
}
