//! The debugger's panes as pictures of a terminal, and a session on a terminal.
//!
//! `INSTA_UPDATE=always cargo test --test it debugger` writes the snapshots anew.

use crate::coro::{LIMIT, command, finish, root};
use crate::repl::pty::{CTRL_C, ENTER, Session, Setup, TAB, spawn};
use crate::stepper::program;
use coro::debugger::{App, Look};
use coro::stepper::Stepper;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const LOCKS: &str = "\
import asyncio

def doubled():
    x = 0
    while True:
        x = yield x * 2

async def worker(name, lock, delay):
    async with lock:
        print(name, 'has the lock')
        await asyncio.sleep(delay)
    print(name, 'is done')

async def main():
    lock = asyncio.Lock()
    double = doubled()
    next(double)
    print(double.send(21))
    await asyncio.gather(
        asyncio.create_task(worker('a', lock, 1), name='a'),
        asyncio.create_task(worker('b', lock, 2), name='b'),
    )

asyncio.run(main())
";

fn app(text: &str, look: Look) -> App {
    let stepper = Stepper::new(program("locks.coro", text)).unwrap();
    let mut app = App::new(stepper, look);
    settle(&mut app);
    app
}

fn settle(app: &mut App) {
    while app.is_busy() {
        app.go_on(&mut |_| true);
    }
}

/// Presses keys; arrows stand for those that are no characters.
fn keys(app: &mut App, keys: &str) {
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\u{1b}' => KeyCode::Esc,
            '⇓' => KeyCode::Down,
            '⇑' => KeyCode::Up,
            '⇥' => KeyCode::End,
            '⇤' => KeyCode::Home,
            c => KeyCode::Char(c),
        };
        app.key(KeyEvent::new(code, KeyModifiers::NONE));
        settle(app);
    }
}

fn picture(app: &App, size: (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| app.draw(frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let rows = buffer.content().chunks(usize::from(size.0));
    let rows = rows.map(|row| row.iter().map(|c| c.symbol()).collect::<String>());
    rows.map(|r| r.trim_end().to_owned() + "\n").collect()
}

fn snapshot(name: &str, app: &App, size: (u16, u16)) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/debugger" }, {
        insta::assert_snapshot!(name, picture(app, size));
    });
}

const USUAL: (u16, u16) = (80, 24);

#[test]
fn panes_at_the_beginning() {
    snapshot("beginning", &app(LOCKS, Look::default()), USUAL);
}

#[test]
fn suspended_frames_are_drawn_as_suspended() {
    let mut app = app(LOCKS, Look::default());
    keys(&mut app, "/a has\nn");
    snapshot("suspended", &app, USUAL);
    snapshot("suspended_wide", &app, (120, 40));
    snapshot("suspended_narrow", &app, (40, 20));
    snapshot("suspended_tiny", &app, (20, 5));
}

#[test]
fn plain_characters_where_the_terminal_has_no_others() {
    let look = Look {
        ascii: true,
        ..Look::default()
    };
    let mut app = app(LOCKS, look);
    keys(&mut app, "/a has\nnb");
    let picture = picture(&app, USUAL);
    assert!(picture.is_ascii(), "{picture}");
    snapshot("ascii", &app, USUAL);
}

#[test]
fn a_frame_is_chosen_and_asked() {
    let mut app = app(LOCKS, Look::default());
    keys(&mut app, "/a has\nnW1 + 1\n\t⇓⇓⇓:x, 'in the generator'\n");
    snapshot("asked", &app, USUAL);
}

#[test]
fn why_a_task_waits_is_a_sheet() {
    let mut app = app(LOCKS, Look::default());
    keys(&mut app, "/a has\nnn\t\t⇓w");
    snapshot("why", &app, USUAL);
    keys(&mut app, "x?");
    snapshot("help", &app, USUAL);
}

#[test]
fn a_deadlock_is_the_end() {
    let text = "import asyncio\n\nasync def main():\n    await asyncio.Event().wait()\n\nasyncio.run(main())\n";
    let mut app = app(text, Look::default());
    keys(&mut app, "⇥");
    snapshot("deadlock", &app, (100, 40));
}

#[test]
fn the_program_reads_a_line() {
    let text = "name = input('who? ')\nprint('hello', name)\n";
    let mut app = app(text, Look::default());
    keys(&mut app, "s");
    let asking = picture(&app, USUAL);
    assert!(asking.contains("the program reads a line:"), "{asking}");
    keys(&mut app, "you\n⇥");
    let ended = picture(&app, USUAL);
    assert!(ended.contains("hello you"), "{ended}");
}

#[test]
fn there_and_back_again_is_the_same_picture() {
    let mut app = app(LOCKS, Look::default());
    keys(&mut app, "nnns");
    let before = picture(&app, USUAL);
    let at = app.stepper().position();
    keys(&mut app, "⇥⇤");
    keys(&mut app, &format!("g{at}\n"));
    assert_eq!(picture(&app, USUAL), before);
}

// On a terminal

fn session(arguments: &[&str]) -> Session {
    spawn(&Setup {
        arguments,
        ..Setup::default()
    })
}

#[test]
fn a_session_on_a_terminal() {
    let mut s = session(&["debug", "-c", LOCKS]);
    s.see("begins a statement");
    assert!(s.is_taken());
    s.keys("/b has").keys(ENTER);
    s.see("prints 'b has the lock'");
    s.keys("p");
    s.see("chunk 2 begins at worker#2:9");
    s.resize(30, 100);
    // A key that comes together with the news of the size would be read with the next one only.
    s.until("the larger screen", |screen| {
        screen.lines().filter(|l| !l.trim().is_empty()).count() > 24
    });
    s.keys(TAB);
    s.see("[frames]");
    s.keys("q");
    assert_eq!(s.code(), 0);
    s.until("the screen as it was", |_| !s.is_taken());
}

#[test]
fn control_c_leaves() {
    let mut s = session(&["debug", "-c", "while True:\n    x = 1\n"]);
    s.see("begins a statement");
    s.keys(CTRL_C);
    assert_eq!(s.code(), 0);
}

#[test]
fn a_running_program_is_stopped_by_any_key() {
    let mut s = session(&["debug", "-c", "n = 0\nwhile True:\n    n += 1\n"]);
    s.see("begins a statement");
    s.keys("c");
    s.see("any key stops it here");
    s.keys(" ");
    s.see("stopped");
    s.keys("q");
    assert_eq!(s.code(), 0);
}

#[test]
fn a_syntax_error_is_shown_without_a_session() {
    let mut s = session(&["debug", "-c", "def f(:\n"]);
    s.see("SyntaxError");
    assert_eq!(s.code(), 1);
    assert!(!s.is_taken());
}

#[test]
fn without_a_terminal_there_is_no_debugger() {
    let mut coro = command();
    coro.args(["debug", "-c", "x = 1"]).current_dir(root());
    let run = finish(&mut coro, b"", LIMIT);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("needs a terminal"), "{}", run.stderr);
}
