//! `coro order`: why one line of output came before another.

use super::input::Input;
use super::terminal::{Terminal, complain, print};
use super::trace::{end, watched};
use super::{OrderArgs, USAGE, WatchedArgs};
use crate::bytecode::Marks;
use crate::trace::{self, recorder::Sink};
use crate::why::{self, History};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) fn order(args: &OrderArgs, terminal: &Terminal) -> i32 {
    let input = match args.file.to_str() {
        Some("-") => Input::Stdin,
        _ => Input::File(args.file.clone().into()),
    };
    let source = match input.read(false) {
        Ok(source) => source,
        Err(failure) => return terminal.fail(&failure),
    };
    let (first, second) = (args.first.min(args.second), args.first.max(args.second));
    if first == second {
        complain("coro: two different lines are needed\n");
        return USAGE;
    }
    let history = Rc::new(RefCell::new(History::default()));
    let kept = history.clone();
    let sink: Sink = Box::new(move |_, record| kept.borrow_mut().take(record));
    let words = [args.file.clone()].into_iter().chain(args.words.clone());
    let program = WatchedArgs {
        code: None,
        real_time: false,
        order: args.order.clone(),
        words: words.collect(),
    };
    let mut engine = watched(&input, &program, terminal, Marks::Frames);
    trace::start(engine.vm(), sink);
    let outcome = engine.run_source(&source);
    trace::stop(engine.vm());
    let lines = history.borrow().lines();
    let text = why::explain(&history.borrow(), &source, first, second);
    match text {
        Some(text) => {
            engine.finish();
            print(&text)
        }
        None => {
            end(engine, &outcome, &program, terminal);
            let printed = match lines {
                1 => "1 line".to_owned(),
                n => format!("{n} lines"),
            };
            complain(&format!(
                "coro: the program prints {printed}, and line {second} is asked for\n"
            ));
            USAGE
        }
    }
}
