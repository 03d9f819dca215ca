//! Sessions and programs whose input is no terminal: no prompts, no banner, the exit codes of a
//! script.

use crate::coro::{LIMIT, Run, command, finish, root};

fn piped(arguments: &[&str], input: &str) -> Run {
    let mut command = command();
    finish(
        command.args(arguments).current_dir(root()),
        input.as_bytes(),
        LIMIT,
    )
}

#[test]
fn a_program_from_standard_input_is_a_script() {
    let run = piped(&[], "x = 1\nx\nprint('out')\n");
    assert_eq!(
        (run.code, run.out(), run.stderr),
        (Some(0), "out\n".into(), String::new())
    );
    let run = piped(&[], "print('before')\n1/0\nprint('after')\n");
    assert_eq!((run.code, run.out()), (Some(1), "before\n".into()));
    assert_eq!(run.last_line(), "ZeroDivisionError: division by zero");
    let run = piped(&[], "import sys\nsys.exit(7)\n");
    assert_eq!(run.code, Some(7));
    let run = piped(&[], "await f()\n");
    assert_eq!(run.code, Some(1));
}

#[test]
fn entries_from_standard_input_are_answered_without_noise() {
    for arguments in [&["-i"][..], &["repl"]] {
        let run = piped(
            arguments,
            "6 * 7\nx = 1\n_\nfor i in range(2):\n    i\n\nawait __import__('asyncio').sleep(0, 'slept')\n",
        );
        assert_eq!(run.out(), "42\n42\n0\n1\n'slept'\n");
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn leaving_gives_the_code() {
    for entry in ["exit(3)", "quit(3)", "import sys; sys.exit(3)"] {
        let run = piped(&["-i"], &format!("{entry}\n'too late'\n"));
        assert_eq!((run.code, run.out()), (Some(3), String::new()), "{entry}");
    }
}

#[test]
fn errors_end_nothing() {
    let run = piped(&["-i"], "1/0\nx ==\n'alive'");
    assert_eq!((run.code, run.out()), (Some(0), "'alive'\n".into()));
    assert!(run.stderr.contains("ZeroDivisionError: division by zero"));
    assert!(run.stderr.contains("SyntaxError: invalid syntax"));
    let run = piped(&["-i"], "import sys\nsys.exit('bye')\nnever");
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), "bye\n"));
}

#[test]
fn reports_can_have_the_form_of_cpython() {
    let run = piped(
        &["repl", "--traceback=python"],
        "def f():\n    1/0\n\nf()\n",
    );
    assert_eq!(
        run.stderr,
        "Traceback (most recent call last):
  File \"<stdin>-2\", line 1, in <module>
    f()
    ~^^
  File \"<stdin>-1\", line 2, in f
    1/0
    ~^~
ZeroDivisionError: division by zero
"
    );
}

#[test]
fn a_block_ends_with_an_empty_line_or_the_next_statement_or_the_end() {
    let run = piped(
        &["-i"],
        "def f():\n    return 1\n\nf()\ndef g():\n    return 2\ng()\nif True:\n    3",
    );
    assert_eq!(run.out(), "1\n2\n3\n");
    assert_eq!(run.stderr, "");
}

#[test]
fn entries_go_on_after_a_program() {
    let run = piped(&["-i", "-c", "x = 5\nraise SystemExit(3)"], "x\n");
    assert_eq!((run.code, run.out()), (Some(0), "5\n".into()));
    let run = piped(&["-i", "no-such-file.coro"], "x\n");
    assert_eq!(run.code, Some(2));
}

#[test]
fn input_reads_the_lines_behind_the_entry() {
    let run = piped(&["-i"], "name = input()\nme\nname\n");
    assert_eq!(run.out(), "'me'\n");
}

#[test]
fn tasks_go_on_between_entries() {
    let run = piped(
        &["-i"],
        "\
import asyncio
async def talk(): print('said')

t = asyncio.create_task(talk())
await asyncio.sleep(0)
t.done(), asyncio.get_running_loop().is_closed(), asyncio.current_task()
asyncio.run(talk())
async def fail(): 1/0

t = asyncio.create_task(fail())
await asyncio.sleep(0)
",
    );
    assert_eq!(run.out(), "said\n(True, False, None)\nsaid\n");
    assert!(
        run.stderr.contains("has failed, and nobody waits for it"),
        "{}",
        run.stderr
    );
}

#[test]
fn context_variables_are_kept_between_entries() {
    let run = piped(
        &["-i"],
        "\
import contextvars, asyncio
v = contextvars.ContextVar('v', default=0)
t = v.set(1)
async def change(): v.set(2)

await change()
v.get()
await asyncio.create_task(change())
v.get()
",
    );
    assert_eq!(run.out(), "2\n2\n");
}

#[test]
fn what_can_never_happen_is_told() {
    let run = piped(
        &["repl"],
        "import asyncio\nawait asyncio.Event().wait()\n'alive'\n",
    );
    assert_eq!(run.out(), "'alive'\n");
    assert!(
        run.stderr.contains("waits for an event, which nobody sets"),
        "{}",
        run.stderr
    );
}

#[test]
fn values_of_single_mode_go_to_the_hook() {
    let text = "\
import sys
exec(compile('1; 2', 'f', 'single'))
exec(compile('for i in \"ab\": i\\n', 'f', 'single'))
sys.displayhook = lambda v: print('shown', v)
exec(compile('[3]', 'f', 'single'))
def f(): 4
exec(compile('f()', 'f', 'single'))
";
    assert_eq!(
        piped(&[], text).out(),
        "1\n2\n'a'\n'b'\nshown [3]\nshown None\n"
    );
}
