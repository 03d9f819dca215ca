//! `coro frames`: runs a program up to a place, and draws what stands there.

use super::terminal::{Terminal, complain};
use super::trace::{end, read, watched};
use super::{FramesArgs, USAGE};
use crate::bytecode::Marks;
use crate::engine::StandardOutput;
use crate::trace;
use crate::trace::frames::picture;
use crate::trace::record::{Record, What};
use crate::trace::recorder::Sink;
use crate::vm::Vm;
use crate::vm::host::Output;

pub(super) fn frames(args: &FramesArgs, terminal: &Terminal) -> i32 {
    let (input, source) = match read(&args.program, terminal) {
        Ok(read) => read,
        Err(code) => return code,
    };
    if args
        .at
        .is_some_and(|line| line == 0 || line > source.line_count())
    {
        complain(&format!("coro: {} has no such line\n", source.name()));
        return USAGE;
    }
    let marks = match args.at {
        Some(_) => Marks::Lines,
        None => Marks::Frames,
    };
    let mut wanted = Wanted {
        line: args.at,
        file: trace::file_name(&source),
        left: args.after.or(args.nth).unwrap_or(1),
        printed: String::new(),
    };
    let sink: Sink = Box::new(move |vm, record| {
        if wanted.is_reached(record) {
            show(vm, &wanted.printed);
        }
    });
    let mut engine = watched(&input, &args.program, terminal, marks);
    trace::start(engine.vm(), sink);
    let outcome = engine.run_source(&source);
    trace::stop(engine.vm());
    complain(&match args.at {
        Some(line) => format!("coro: the program ended before it came to line {line}\n"),
        None => "coro: the program ended before that many events\n".to_owned(),
    });
    end(engine, &outcome, &args.program, terminal).max(1)
}

/// The moment that the reader wants to see.
struct Wanted {
    line: Option<u32>,
    file: std::rc::Rc<str>,
    /// How often it must be reached.
    left: u64,
    printed: String,
}

impl Wanted {
    fn is_reached(&mut self, record: &Record) -> bool {
        if let What::Printed { text } = &record.what {
            self.printed.push_str(text);
        }
        let counts = match (self.line, &record.what) {
            (Some(line), What::Line { file }) => {
                *file == self.file && record.site.as_ref().is_some_and(|s| s.line == line)
            }
            (Some(_), _) => false,
            (None, _) => true,
        };
        self.left -= u64::from(counts);
        counts && self.left == 0
    }
}

/// Draws the program as it stands, and ends it there.
fn show(vm: &mut Vm, printed: &str) {
    let mut text = match picture(vm) {
        Ok(picture) => picture.text(),
        Err(raise) => {
            drop(vm.take_raised(raise));
            String::new()
        }
    };
    if !printed.is_empty() {
        text.push_str("\noutput so far\n");
        for line in printed.lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    let mut out = StandardOutput::stdout();
    // Nothing is left to do if nobody reads it.
    let _ = out.write(text.as_bytes());
    let _ = out.flush();
    std::process::exit(0);
}
