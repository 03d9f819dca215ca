//! The prompt: what is typed is run, tasks go on meanwhile, and what waits for what can be asked.
//!
//! The machine runs in the thread that calls [`run`]; the terminal has a thread of its own
//! ([`editor`], or [`plain`] where there is no terminal). They exchange messages ([`wire`]); what
//! the program writes goes through the [`screen`], which both share.

mod commands;
mod completion;
mod display;
mod editor;
mod history;
mod input;
mod plain;
mod screen;
mod session;
mod stdin;
mod wire;

use crate::diagnostic::render::RenderOptions;
use crate::engine::{Engine, EngineOptions};
use crate::source::Source;
use display::Look;
use screen::{Screen, ScreenOutput, Stream};
use session::{Link, Session};
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::thread;
use stdin::AskedInput;
use wire::{Interrupter, Pulse};

/// Stack for the terminal's thread, which parses what is typed. Reserved, not used.
const STACK: usize = 256 << 20;

/// Where entries come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Console {
    /// A terminal that can be drawn on.
    Editor,
    /// A terminal that can only show lines.
    Lines,
    /// No terminal: nothing is said that is not an answer.
    Silent,
}

pub struct Options {
    pub argv: Vec<String>,
    pub path: Vec<String>,
    /// The clock stands still until it is moved.
    pub virtual_time: bool,
    pub native_limit: u32,
    pub console: Console,
    /// How reports look.
    pub render: RenderOptions,
    /// Reports as CPython writes them.
    pub python_reports: bool,
    /// What is run before the first prompt.
    pub start: Option<Source>,
}

/// Hands Ctrl-C on from a thread: a signal handler may not send events.
fn watch_for_interrupts(interrupter: Interrupter) {
    // Without a handler Ctrl-C ends the process, as it would anyway.
    let Ok(mut received) = Signals::new([SIGINT]) else {
        return;
    };
    let _ = thread::Builder::new().name("ctrl-c".into()).spawn(move || {
        received.forever().for_each(|_| interrupter.interrupt());
    });
}

/// Runs a session from its first prompt to its end; gives the exit code.
pub fn run(options: Options) -> i32 {
    let screen = Screen::default();
    let pulse = Arc::new(Pulse::default());
    let (event_sender, events) = channel();
    let (requests, request_receiver) = channel();
    let interrupter = Interrupter {
        flag: Arc::new(AtomicBool::new(false)),
        events: event_sender.clone(),
    };
    let leave = Arc::new(AtomicBool::new(false));
    let setting = editor::Setting {
        requests: request_receiver,
        events: event_sender,
        screen: screen.clone(),
        pulse: pulse.clone(),
        interrupter: interrupter.clone(),
        leave: leave.clone(),
        color: options.render.color,
    };
    let console = options.console;
    let terminal = thread::Builder::new()
        .name("terminal".into())
        .stack_size(STACK)
        .spawn(move || match console {
            Console::Editor => editor::serve(setting),
            Console::Lines => {
                plain::serve(&setting.requests, &setting.events, &setting.screen, true);
            }
            Console::Silent => {
                plain::serve(&setting.requests, &setting.events, &setting.screen, false);
            }
        });
    let Ok(terminal) = terminal else {
        screen.complain("coro: cannot start a thread for the terminal\n");
        return 1;
    };
    watch_for_interrupts(interrupter.clone());
    let engine = Engine::new(EngineOptions {
        argv: options.argv,
        path: options.path,
        virtual_time: options.virtual_time,
        stdout: Box::new(ScreenOutput {
            screen: screen.clone(),
            stream: Stream::Out,
        }),
        stderr: Box::new(ScreenOutput {
            screen: screen.clone(),
            stream: Stream::Err,
        }),
        stdin: Box::new(AskedInput {
            requests: requests.clone(),
            screen: screen.clone(),
            interrupted: interrupter.flag.clone(),
            edited: console == Console::Editor,
        }),
        interrupted: interrupter.flag.clone(),
        native_limit: options.native_limit,
        drawing: (!options.python_reports).then_some(options.render),
        ..EngineOptions::default()
    });
    let link = Link {
        screen,
        events,
        requests,
        interrupted: interrupter.flag,
        pulse,
        leave,
    };
    let look = Look {
        render: options.render,
        python: options.python_reports,
        console,
    };
    let mut session = Session::new(engine, link, look, options.virtual_time);
    let code = session.run(options.start.as_ref());
    drop(session);
    // A silent console may be waiting for a line that never comes.
    if console == Console::Editor {
        let _ = terminal.join();
    }
    code
}
