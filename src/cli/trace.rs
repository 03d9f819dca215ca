//! `coro trace`: a program run, and what it does told line by line. What the program prints is
//! among the lines.

use super::input::Input;
use super::run;
use super::terminal::{Stdout, Terminal};
use super::{TraceArgs, TraceKind, WatchedArgs};
use crate::bytecode::Marks;
use crate::engine::{Engine, EngineOptions, RunOutcome};
use crate::source::Source;
use crate::trace::filter::Filter;
use crate::trace::lines::Lines;
use crate::trace::record::Family;
use crate::trace::recorder::Sink;
use crate::trace::text::{Log, Style, heading};
use crate::trace::{self, json};
use crate::vm::host::Output;
use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::rc::Rc;

pub(super) fn trace(args: &TraceArgs, terminal: &Terminal) -> i32 {
    let (input, source) = match read(&args.program, terminal) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let out = Rc::new(RefCell::new(Stdout::new()));
    let told = out.clone();
    let write = move |text: &[u8]| {
        // When the reader has seen enough and goes away, this ends the program.
        let _ = told.borrow_mut().write(text);
    };
    write(
        match args.json {
            true => json::header(source.name(), !args.program.real_time),
            false => heading(),
        }
        .as_bytes(),
    );
    let filter = filter(args);
    let mut engine = watched(&input, &args.program, terminal, Marks::Frames);
    let lines = write.clone();
    if args.json {
        let at_once = io::stdout().is_terminal();
        trace::start_lines(engine.vm(), Lines::new(filter, at_once, Box::new(lines)));
    } else {
        let mut log = Log::new(Style {
            color: terminal.color_out(),
            ascii: terminal.options.ascii,
        });
        let sink: Sink = Box::new(move |_, record| {
            if filter.lets_through(record) {
                lines(log.line(record).as_bytes());
            }
        });
        trace::start(engine.vm(), sink);
    }
    let outcome = engine.run_source(&source);
    let tally = trace::stop(engine.vm());
    write(&match args.json {
        true => json::summary(&tally),
        false if tally.tasks.is_empty() => Vec::new(),
        false => format!("\n{}", tally.text()).into(),
    });
    let _ = out.borrow_mut().flush();
    end(engine, &outcome, &args.program, terminal)
}

/// The program that is to be watched.
pub(super) fn read(args: &WatchedArgs, terminal: &Terminal) -> Result<(Input, Source), i32> {
    let input = args.program()?;
    match input.read(false) {
        Ok(source) => Ok((input, source)),
        Err(failure) => Err(terminal.fail(&failure)),
    }
}

/// An engine that tells the recorder what its program does, and lets it print nothing.
pub(super) fn watched(
    input: &Input,
    args: &WatchedArgs,
    terminal: &Terminal,
    marks: Marks,
) -> Engine {
    let options = EngineOptions {
        virtual_time: !args.real_time,
        stdout: Box::new(Nowhere),
        observer: Some(trace::observer(marks)),
        ..run::options(input, args.words(), terminal)
    };
    run::engine(options, args.order.as_ref())
}

/// Tells on standard error how the program ended.
pub(super) fn end(
    engine: Engine,
    outcome: &RunOutcome,
    args: &WatchedArgs,
    terminal: &Terminal,
) -> i32 {
    run::finish_in_order(engine, outcome, args.order.as_ref(), terminal)
}

/// What a watched program prints is told by the trace.
struct Nowhere;

impl Output for Nowhere {
    fn write(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn filter(args: &TraceArgs) -> Filter {
    let family = |kind: &TraceKind| match kind {
        TraceKind::Values => Family::Values,
        TraceKind::Tasks => Family::Tasks,
        TraceKind::Loop => Family::Loop,
    };
    Filter {
        tasks: args.task.clone(),
        only: args.only.iter().map(family).collect(),
        from: args.from,
        to: args.to,
    }
}
