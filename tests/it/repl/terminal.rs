//! Sessions on a terminal: typing, editing, completing, interrupting, and tasks that write while a
//! line is half typed.

use super::pty::*;
use crate::coro::scratch;

#[test]
fn values_are_shown_and_kept() {
    let s = session(&[]);
    s.line("6 * 7").end("42\n>>>");
    s.line("_ + 1").end("43\n>>>");
    s.line("None").end(">>> None\n>>>");
    s.line("'a'; [1, 2]").end("'a'\n[1, 2]\n>>>");
}

#[test]
fn the_banner_is_one_line() {
    let s = session(&[]);
    let screen = s.screen();
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines.len(), 2, "{screen}");
    assert!(lines[0].starts_with("coro ") && lines[0].contains(":help"));
}

#[test]
fn blocks_are_indented_and_end_with_an_empty_line() {
    let s = session(&[]);
    s.line("def f(x):").end("\n...");
    s.line("if x:").end("if x:\n...");
    s.line("return 'yes'").end("return 'yes'\n...");
    // `return` ends the inner block.
    s.line("return 'no'").end("\n...     return 'no'\n...");
    s.line("").end("\n>>>");
    s.line("f(1), f(0)").end("('yes', 'no')\n>>>");
}

#[test]
fn brackets_and_strings_go_on() {
    let s = session(&[]);
    s.line("x = [1,").end("\n...");
    s.line("2]").end("\n>>>");
    s.line("sum(x)").end("\n3\n>>>");
    s.line("'''a").end("\n...");
    s.line("b'''").end("'a\\nb'\n>>>");
}

#[test]
fn backspace_takes_back_an_indentation() {
    let s = session(&[]);
    s.line("for i in range(2):").end("\n...");
    s.line("i").end("\n...     i\n...");
    s.keys(BACKSPACE).line("else:").end("\n... else:\n...");
    s.line("'done'").line("").end("0\n1\n'done'\n>>>");
}

#[test]
fn ctrl_u_clears_the_line_and_not_the_block() {
    let s = session(&[]);
    s.line("for i in range(2):").end("\n...");
    s.keys("print('wrong')").keys(CTRL_U).line("    i + 10");
    s.line("").end("10\n11\n>>>");
}

#[test]
fn names_are_completed() {
    let s = session(&[]);
    s.line("import asyncio").end("\n>>>");
    s.keys("asyncio.Tas").keys(TAB).see("TaskGroup");
    let screen = s.screen();
    assert!(screen.contains(">>> asyncio.Task\n"), "{screen}");
    // Without colours the chosen one is in capitals.
    assert!(
        screen.contains("TASK ") && screen.contains("CLASS"),
        "{screen}"
    );
    s.keys(CTRL_C).end("KeyboardInterrupt\n>>>");
    // One candidate is taken at once.
    s.keys("asyncio.TaskG")
        .keys(TAB)
        .end(">>> asyncio.TaskGroup");
    s.keys(CTRL_C).end(">>>");
    s.line("def greet(name, loudly=False): pass")
        .line("")
        .end("\n>>>");
    s.keys("greet(lou").keys(TAB).end(">>> greet(loudly=");
    s.keys(CTRL_C).end(">>>");
    s.keys("from asyn").keys(TAB).end(">>> from asyncio");
    s.keys(" import gath").keys(TAB).end("import gather");
    s.keys(CTRL_C).end(">>>");
    s.keys(":tim").keys(TAB).see(">TIMERS");
}

#[test]
fn a_task_writes_above_a_line_that_is_half_typed() {
    let s = session(&[]);
    s.line("async def talk():").line("for i in range(3):");
    s.line("await asyncio.sleep(0.3); print('said', i)")
        .line("")
        .end("\n>>>");
    s.line("t = asyncio.create_task(talk())").end("\n>>>");
    s.keys("'typed' + ");
    s.see("said 0\n>>> 'typed' +");
    s.keys("' on'");
    s.see("said 1\n>>> 'typed' + ' on'");
    s.end("said 0\nsaid 1\nsaid 2\n>>> 'typed' + ' on'");
    s.keys(ENTER).end("'typed on'\n>>>");
}

#[test]
fn a_task_writes_above_several_lines_with_the_cursor_in_their_midst() {
    let s = session(&[]);
    s.line("async def talk():")
        .line("await asyncio.sleep(0.5); print('said')")
        .line("")
        .end("\n>>>");
    s.line("t = asyncio.create_task(talk())").end("\n>>>");
    s.line("if t:")
        .keys("first = 1")
        .keys(ENTER)
        .keys("second")
        .end("second");
    s.keys(UP).keys(LEFT);
    let screen = s.see("said\n");
    let block = ">>> if t:\n...     first = 1\n...     second";
    assert!(screen.contains("create_task(talk())\nsaid\n"), "{screen}");
    s.until("the block below", |screen| {
        screen.ends_with(&format!("said\n{block}"))
    });
    // The cursor is where it was.
    let row = s.screen().lines().count() as u16 - 2;
    s.until("the cursor", |_| s.cursor().0 == row);
}

#[test]
fn lines_written_at_the_bottom_of_the_screen_scroll() {
    let s = start(&Setup {
        size: (10, 40),
        ..Setup::default()
    });
    s.line("for i in range(20): i").line("").end("19\n>>>");
    s.line("async def talk():").line("for i in range(12):");
    s.line("await asyncio.sleep(0.02); print('said', i)")
        .line("")
        .end("\n>>>");
    s.line("t = asyncio.create_task(talk())").see("said 0");
    s.keys("half");
    s.end("said 9\nsaid 10\nsaid 11\n>>> half");
}

#[test]
fn await_works_at_the_prompt() {
    let s = session(&[]);
    s.line("await asyncio.sleep(0.01, 'slept')")
        .end("'slept'\n>>>");
    s.line("async def numbers():")
        .line("for i in range(3): yield i")
        .line("")
        .line("")
        .end("\n>>>");
    s.line("async for n in numbers(): n")
        .line("")
        .end("0\n1\n2\n>>>");
    s.line("[n async for n in numbers()]").end("[0, 1, 2]\n>>>");
    s.line("asyncio.run(asyncio.sleep(0, 'ran'))")
        .end("'ran'\n>>>");
    s.line("asyncio.sleep(0)")
        .see("it has not begun to run: await it");
}

#[test]
fn ctrl_c_stops_only_what_is_awaited() {
    let s = session(&[]);
    s.line("t = asyncio.create_task(asyncio.sleep(3600))")
        .end("\n>>>");
    s.line("print('be' 'gun'); await asyncio.sleep(3600)")
        .see("\nbegun");
    s.keys(CTRL_C).end("KeyboardInterrupt\n>>>");
    s.line("t.done()").end("False\n>>>");
}

#[test]
fn ctrl_c_interrupts_what_runs() {
    let s = session(&[]);
    s.line("if True:").line("print('be' 'gun')");
    s.line("while True: pass").line("").see("\nbegun");
    s.keys(CTRL_C).end("KeyboardInterrupt\n>>>");
}

#[test]
fn ctrl_c_at_the_prompt_ends_a_task_that_does_not_let_the_loop_go_on() {
    let s = session(&[]);
    s.line("async def hog():").line("print('be' 'gun')");
    s.line("while True: pass").line("").line("").end("\n>>>");
    s.line("t = asyncio.create_task(hog())");
    // What it writes is seen although its turn never ends, before or after the next prompt.
    s.see("\nbegun");
    s.end("\n>>>");
    s.keys(CTRL_C).see("KeyboardInterrupt");
    s.line("1 + 1").end("2\n>>>");
}

#[test]
fn ctrl_c_forgets_the_line_and_ctrl_d_leaves() {
    let mut s = session(&[]);
    s.keys("x = 1/0").end(">>> x = 1/0");
    s.keys(CTRL_C).end(">>> x = 1/0\nKeyboardInterrupt\n>>>");
    s.line("'x' in dir()").end("False\n>>>");
    s.keys(CTRL_D);
    assert_eq!(s.code(), 0);
}

#[test]
fn leaving() {
    for (entry, code) in [
        ("exit", 0),
        ("quit", 0),
        (":quit", 0),
        ("import sys; sys.exit(3)", 3),
        ("raise SystemExit", 0),
    ] {
        let mut s = session(&[]);
        s.line(entry);
        assert_eq!(s.code(), code, "{entry}");
    }
    // A name of the program's own is just a name.
    let s = session(&[]);
    s.line("quit = 7").line("quit").end("7\n>>>");
}

#[test]
fn leaving_lets_tasks_clean_up() {
    let mut s = session(&[]);
    s.line("async def guard():")
        .line("try: await asyncio.sleep(3600)")
        .keys(BACKSPACE);
    s.line("finally: print('cleaned up')")
        .line("")
        .line("")
        .end("\n>>>");
    s.line("t = asyncio.create_task(guard())").end("\n>>>");
    s.line("await asyncio.sleep(0)").end("\n>>>");
    s.keys(CTRL_D);
    assert_eq!(s.code(), 0);
    s.see("cleaned up");
}

#[test]
fn errors_show_the_entry_and_end_nothing() {
    let s = session(&[]);
    s.line("def half(x): return x / 0").line("").end("\n>>>");
    s.line("half(1)");
    let screen = s.end("ZeroDivisionError: division by zero\n>>>");
    assert!(
        screen.contains("<stdin>-1:1") && screen.contains("<stdin>-2:1"),
        "{screen}"
    );
    assert!(screen.contains("raised here, in half()"), "{screen}");
    s.line("1 +").see("SyntaxError: invalid syntax");
    s.line("return").see("'return' outside function");
    s.line("'alive'").end("'alive'\n>>>");
}

#[test]
fn a_task_that_fails_is_told_when_it_fails() {
    let s = session(&[]);
    s.line("async def fail():")
        .line("await asyncio.sleep(0.2); 1/0")
        .line("")
        .end("\n>>>");
    s.line("t = asyncio.create_task(fail())").end("\n>>>");
    s.keys("half typed");
    let screen = s.end("ZeroDivisionError: division by zero\n>>> half typed");
    assert!(
        screen.contains("Task-1 has failed, and nobody waits for it"),
        "{screen}"
    );
}

#[test]
fn the_history_is_kept_between_sessions() {
    let file = scratch("repl_history").join("deep/er/history");
    let setup = Setup {
        history: file.to_str().unwrap(),
        color: true,
        ..Setup::default()
    };
    let mut s = start(&setup);
    s.line("answer = 6 * 7").end("\n>>>");
    s.line("if answer:")
        .line("'several'")
        .line("")
        .end("'several'\n>>>");
    s.keys(CTRL_D);
    assert_eq!(s.code(), 0);
    let s = start(&setup);
    s.keys(UP).end(">>> if answer:\n...     'several'\n...");
    s.keys(CTRL_C).end("\n>>>");
    // The grey rest of an earlier entry, taken by Right.
    s.keys("ans").see("answer = 6 * 7");
    s.keys(RIGHT).keys(ENTER).end("\n>>>");
    s.line("answer").end("42\n>>>");
    s.keys(CTRL_R).keys("6 *").see("answer = 6 * 7");
}

#[test]
fn a_history_that_cannot_be_had_does_no_harm() {
    let folder = scratch("repl_no_history");
    let s = start(&Setup {
        history: folder.to_str().unwrap(),
        ..Setup::default()
    });
    s.line("1 + 1").end("2\n>>>");
    s.keys(UP).end(">>> 1 + 1");
}

#[test]
fn a_paste_is_one_entry() {
    let s = session(&[]);
    let text = "def f():\r    a = 1\r\r    return a\r\rprint(f())\rf() + 1";
    s.keys(&format!("\x1b[200~{text}\x1b[201~")).see("f() + 1");
    s.keys(ENTER).end("1\n2\n>>>");
}

#[test]
fn what_is_typed_has_colours() {
    let s = start(&Setup {
        color: true,
        ..Setup::default()
    });
    s.keys("if x: 'text'  # note").see("# note");
    let plain = s.color_of("x:");
    for word in ["if ", "'text'", "# note"] {
        s.until(word, |_| s.color_of(word) != plain);
    }
}

#[test]
fn lines_typed_ahead_wait_for_their_prompt() {
    let s = session(&[]);
    s.line("print('be' 'gun'); await asyncio.sleep(0.5); print('do' 'ne')")
        .see("\nbegun");
    s.line("a = 20").line("a + 1").line("a + 2");
    s.end("\nbegun\ndone\n>>> a = 20\n>>> a + 1\n21\n>>> a + 2\n22\n>>>");
}

#[test]
fn a_paste_of_thousands_of_lines_is_edited_like_a_short_one() {
    let s = session(&[]);
    let text = "def f(x):\r    return [x, 'text']  # why\r\r".repeat(700);
    s.keys(&format!("\x1b[200~{text}\x1b[201~"));
    s.keys("'en' 'd'").end("'en' 'd'");
    s.keys(ENTER).end("'end'\n>>>");
}

#[test]
fn input_asks_on_its_own_line() {
    let s = session(&[]);
    s.line("name = input('Who? ')").see("Who? ");
    s.line("me").end("Who? me\n>>>");
    s.line("name").end("'me'\n>>>");
    s.line("input('Again? ')").see("Again? ");
    s.keys(CTRL_C).end("KeyboardInterrupt\n>>>");
}

#[test]
fn long_values_are_spread_over_lines() {
    let s = session(&[]);
    s.line("{'numbers': list(range(12)), 'words': ['a' * 25, 'b' * 25]}");
    s.end("    'numbers': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],\n    'words': ['aaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbbbbb']\n}\n>>>");
}

#[test]
fn a_program_leaves_its_names_even_when_it_fails() {
    let folder = scratch("repl_after");
    let file = folder.join("p.coro");
    std::fs::write(&file, "kept = 'kept'\n1/0\n").unwrap();
    let mut s = session(&["-i", file.to_str().unwrap()]);
    s.see("ZeroDivisionError");
    s.line("kept").end("'kept'\n>>>");
    s.keys(CTRL_D);
    assert_eq!(s.code(), 0);
}
