//! Commands of the prompt: one table. They look at the loop and at frames, move the clock, and
//! keep house.

mod clock;
mod describe;
mod house;
mod look;
mod trace;

use super::completion;
use super::session::Session;
use super::wire::{Candidate, Candidates};
use crate::compile::Mode;
use crate::inspect::text::table;
use crate::source::Source;
use crate::vm::Raise;
use crate::vm::value::Value;

pub use describe::install;

/// Why a command did not do what it should.
enum Trouble {
    /// The program's code raised an exception.
    Raised(Raise),
    Said(String),
    /// It has been shown already.
    Shown,
}

impl From<Raise> for Trouble {
    fn from(raise: Raise) -> Self {
        Trouble::Raised(raise)
    }
}

type Done = Result<(), Trouble>;

fn said<T>(text: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Said(text.into()))
}

/// What stands behind a command's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    Nothing,
    /// Completed as the language is.
    Expression,
    Task,
    Text,
}

struct Command {
    name: &'static str,
    argument: Argument,
    usage: &'static str,
    what: &'static str,
    run: fn(&mut Session, &str) -> Done,
}

impl Command {
    /// How it is written.
    fn form(&self) -> String {
        format!(":{} {}", self.name, self.usage)
            .trim_end()
            .to_owned()
    }
}

const fn command(
    name: &'static str,
    (argument, usage): (Argument, &'static str),
    what: &'static str,
    run: fn(&mut Session, &str) -> Done,
) -> Command {
    Command {
        name,
        argument,
        usage,
        what,
        run,
    }
}

const NOTHING: (Argument, &str) = (Argument::Nothing, "");

const COMMANDS: &[Command] = &[
    command(
        "tasks",
        NOTHING,
        "tasks, where they stand and what they wait for",
        look::tasks,
    ),
    command(
        "why",
        (Argument::Task, "TASK"),
        "why a task does not go on",
        look::why,
    ),
    command(
        "ready",
        NOTHING,
        "what runs in the next turn of the loop, in order",
        look::ready,
    ),
    command(
        "timers",
        NOTHING,
        "timers, and what they will do",
        look::timers,
    ),
    command(
        "frames",
        (Argument::Expression, "[EXPR]"),
        "suspended frames of a generator, coroutine or task, or of all tasks",
        look::frames,
    ),
    command(
        "trace",
        (Argument::Expression, "EXPR"),
        "runs a generator or coroutine and tells what goes in and comes out",
        trace::trace,
    ),
    command(
        "dis",
        (Argument::Expression, "EXPR"),
        "the bytecode of a function, or of the expression",
        look::dis,
    ),
    command(
        "clock",
        NOTHING,
        "the time of the loop and the next timer",
        clock::clock,
    ),
    command(
        "advance",
        (Argument::Text, "SECONDS"),
        "moves the clock; timers fire on the way",
        clock::advance,
    ),
    command(
        "tick",
        (Argument::Text, "[N]"),
        "one turn of the loop, or N",
        clock::tick,
    ),
    command(
        "run",
        (Argument::Text, "[until idle]"),
        "turns until nothing is left to do",
        clock::run,
    ),
    command(
        "time",
        (Argument::Expression, "EXPR"),
        "runs an expression and says how long it took",
        house::time,
    ),
    command(
        "load",
        (Argument::Text, "FILE"),
        "runs a program here",
        house::load,
    ),
    command(
        "save",
        (Argument::Text, "FILE"),
        "writes what was typed, as far as it ran, to a file",
        house::save,
    ),
    command(
        "reset",
        NOTHING,
        "forgets all names and ends all tasks",
        house::reset,
    ),
    command("help", NOTHING, "this list", |session, _| {
        session.link.screen.say(&overview());
        Ok(())
    }),
    command(
        "quit",
        NOTHING,
        "leaves, as exit and Ctrl-D do",
        |session, _| {
            session.leave(0);
            Ok(())
        },
    ),
];

/// Runs a line that is a command.
pub fn run(session: &mut Session, text: &str) {
    let done = match question(text) {
        Some(subject) => describe::describe(session, subject),
        None => dispatch(session, text.strip_prefix(':').unwrap_or(text)),
    };
    match done {
        Ok(()) | Err(Trouble::Shown) => {}
        Err(Trouble::Raised(raise)) => session.show_raise(raise),
        Err(Trouble::Said(text)) => session.link.screen.complain(&format!("{text}\n")),
    }
}

/// The subject of `?subject` or `subject?`.
fn question(text: &str) -> Option<&str> {
    if text.starts_with(':') {
        return None;
    }
    let subject = text.strip_prefix('?').or_else(|| text.strip_suffix('?'))?;
    Some(subject.trim())
}

fn dispatch(session: &mut Session, text: &str) -> Done {
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let fits = |c: &&Command| !name.is_empty() && c.name.starts_with(name);
    let exact = COMMANDS.iter().find(|c| c.name == name);
    let command = match exact {
        Some(command) => command,
        None => {
            let found: Vec<&Command> = COMMANDS.iter().filter(fits).collect();
            match found.as_slice() {
                [only] => *only,
                [] => return said(format!("there is no command :{name}; :help lists them")),
                several => {
                    let names: Vec<String> =
                        several.iter().map(|c| format!(":{}", c.name)).collect();
                    return said(format!(":{name} may mean {}", names.join(", ")));
                }
            }
        }
    };
    let wanted = match command.argument {
        Argument::Nothing => rest.is_empty(),
        _ => command.usage.starts_with('[') || !rest.is_empty(),
    };
    if !wanted {
        return said(format!("use it as {}", command.form()));
    }
    (command.run)(session, rest)
}

fn overview() -> String {
    let mut rows: Vec<Vec<String>> = COMMANDS
        .iter()
        .map(|c| vec![c.form(), c.what.to_owned()])
        .collect();
    rows.push(vec![
        "?NAME".into(),
        "what something is: signature, doc, state of a frame or task".into(),
    ]);
    let keys = "Tab completes, Ctrl-R searches the history, Right takes the grey hint, Alt-Enter \
                makes a new line,\nCtrl-C stops what is awaited, Ctrl-D leaves. An empty line ends a block.\n";
    format!("{}\n{keys}", table(&rows))
}

/// Candidates if the line is a command.
pub fn complete(session: &mut Session, before: &str) -> Option<Candidates> {
    let text = before.strip_prefix(':')?;
    let Some((name, _)) = text.split_once(char::is_whitespace) else {
        let fits = COMMANDS.iter().filter(|c| c.name.starts_with(text));
        return Some(Candidates {
            start: 1,
            names: fits
                .map(|c| Candidate {
                    text: c.name.to_owned(),
                    note: Some(c.what.to_owned()),
                })
                .collect(),
        });
    };
    let argument = COMMANDS.iter().find(|c| c.name == name).map(|c| c.argument);
    let start = before.len() - text.len() + name.len() + 1;
    let typed = before.get(start..).unwrap_or_default();
    match argument {
        Some(Argument::Task) => {
            let names = look::task_names(session);
            let fits = names.into_iter().filter(|n| n.starts_with(typed));
            Some(Candidates {
                start,
                names: fits.map(|text| Candidate { text, note: None }).collect(),
            })
        }
        Some(Argument::Expression) => {
            let mut found = completion::complete(session, typed, typed.len());
            found.start += start;
            Some(found)
        }
        _ => Some(Candidates::default()),
    }
}

/// The value of an expression; it may await.
fn value_of(session: &mut Session, text: &str) -> Result<Value, Trouble> {
    let source = Source::new("<command>", text);
    let Some(code) = session.compile_expression(&source, true) else {
        return Err(Trouble::Shown);
    };
    Ok(session.run_code(&code)?)
}

/// As `value_of`, but the expression runs without the loop.
fn plain_value_of(session: &mut Session, text: &str) -> Result<Value, Trouble> {
    let source = Source::new("<command>", text);
    match session.compile_expression(&source, false) {
        Some(code) => Ok(session.run_code(&code)?),
        None => Err(Trouble::Shown),
    }
}

/// How an expression is compiled.
pub const fn expression_mode(top_await: bool) -> Mode {
    Mode::Eval {
        separate_locals: false,
        top_await,
    }
}
