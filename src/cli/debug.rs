//! `coro debug`: gives the debugger a terminal, and the terminal back as it was.

use super::input::Input;
use super::terminal::{Terminal, complain};
use super::{DebugArgs, USAGE, needed, run, stack};
use crate::compile::{self, Mode};
use crate::debugger::{App, Look};
use crate::diagnostic::render::RenderOptions;
use crate::source::Source;
use crate::stepper::{KEPT, Program, Stepper};
use crate::syntax;
use crossterm::event::{self, Event};
use ratatui::DefaultTerminal;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a program may run before it is told that it does.
const SLICE: usize = 4;
/// How often signals are looked for.
const CHECK: Duration = Duration::from_millis(200);

pub(super) fn debug(args: &DebugArgs, terminal: &Terminal) -> i32 {
    let input = match needed(args.code.as_ref(), &args.words) {
        Ok(input) => input,
        Err(code) => return code,
    };
    if !(terminal.interactive() && terminal.can_be_drawn_on()) {
        complain("coro: debug needs a terminal to draw on; coro trace and coro frames do not\n");
        return USAGE;
    }
    let words = args.words.iter().skip(usize::from(args.code.is_none()));
    let program = match program(&input, words, args, terminal) {
        Ok(program) => program,
        Err(code) => return code,
    };
    let look = Look {
        color: terminal.color_out(),
        ascii: terminal.options.ascii,
    };
    let shown = Stepper::new(program).and_then(|stepper| show(App::new(stepper, look)));
    match shown {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("coro: {error}\n"));
            1
        }
    }
}

/// A program that can be stepped through: one that compiles.
pub(super) fn program<'a>(
    input: &Input,
    words: impl Iterator<Item = &'a OsString>,
    args: &DebugArgs,
    terminal: &Terminal,
) -> Result<Program, i32> {
    let source = input.read(false).map_err(|f| terminal.fail(&f))?;
    refuse(&source, terminal)?;
    let mut argv = vec![input.argv0()];
    argv.extend(words.map(|w| w.to_string_lossy().into_owned()));
    Ok(Program {
        name: source.name().to_owned(),
        file: source.path().to_owned(),
        text: source.text().to_owned(),
        argv,
        path: vec![input.folder()],
        drawing: RenderOptions {
            color: false,
            ..terminal.options
        },
        seed: args.seed,
        order: args.order.clone(),
        native_limit: run::NATIVE_LIMIT,
        stack: stack::LARGE,
        kept: KEPT,
    })
}

fn refuse(source: &Source, terminal: &Terminal) -> Result<(), i32> {
    let parsed = syntax::parse_module(source);
    let errors = match parsed.errors.is_empty() {
        true => compile::compile_module(source, &parsed.module, Mode::Module).err(),
        false => Some(parsed.errors),
    };
    match errors {
        None => Ok(()),
        Some(errors) => {
            terminal.show(&errors);
            Err(1)
        }
    }
}

/// The session on the terminal, which is given back whatever happens: ratatui's hook does it if
/// this panics.
fn show(mut app: App) -> io::Result<()> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, ended.clone())?;
    }
    let mut screen = ratatui::try_init()?;
    let shown = session(&mut app, &mut screen, &ended);
    ratatui::try_restore()?;
    shown
}

fn session(app: &mut App, screen: &mut DefaultTerminal, ended: &AtomicBool) -> io::Result<()> {
    while !app.is_left() && !ended.load(Ordering::Relaxed) {
        if app.is_busy() {
            let mut left = SLICE;
            app.go_on(&mut |_| {
                left -= 1;
                left > 0 && !event::poll(Duration::ZERO).unwrap_or(true)
            });
        }
        screen.draw(|frame| app.draw(frame))?;
        let wait = if app.is_busy() { Duration::ZERO } else { CHECK };
        if event::poll(wait)?
            && let Event::Key(key) = event::read()?
        {
            app.key(key);
        }
    }
    Ok(())
}
