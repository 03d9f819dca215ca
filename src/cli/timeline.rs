//! `coro timeline`: a program run, and what it did drawn: a page to step through, or the lanes alone
//! in some other form.

use super::input::Input;
use super::terminal::{Terminal, complain};
use super::trace::{end, read, watched};
use super::{TimelineArgs, USAGE};
use crate::bytecode::Marks;
use crate::engine::StandardOutput;
use crate::source::Source;
use crate::trace::lanes::Lanes;
use crate::trace::page::Page;
use crate::trace::recorder::Sink;
use crate::trace::{self, mermaid, perfetto, svg};
use crate::vm::host::Output;
use std::cell::RefCell;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Events that are drawn, at most; and in the form that is for many.
const EVENTS: usize = 20_000;
const MANY_EVENTS: usize = 1_000_000;

/// How all that is drawn here begins, by form.
const PAGE: &str = "<!doctype html>\n<!-- Drawn by coro timeline -->";
const SVG: &str = "<!-- Drawn by coro timeline -->\n";
const MERMAID: &str = "%% Drawn by coro timeline\n";

pub(super) fn timeline(args: &TimelineArgs, terminal: &Terminal) -> i32 {
    let (input, source) = match read(&args.program, terminal) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let target = target(args, &input);
    if let Some(target) = &target
        && !args.force
        && !is_ours(target)
    {
        let shown = target.display();
        complain(&format!(
            "coro: '{shown}' exists and is no timeline; --force overwrites it\n"
        ));
        return USAGE;
    }
    let (picture, sink) = Recorded::start(args, &source);
    let marks = match args.is_page() {
        true => Marks::Lines,
        false => Marks::Frames,
    };
    let mut engine = watched(&input, &args.program, terminal, marks);
    trace::start(engine.vm(), sink);
    let outcome = engine.run_source(&source);
    trace::stop(engine.vm());
    let drawn = std::mem::take(&mut *picture.borrow_mut()).drawn(args);
    let written = write(target.as_deref(), &drawn);
    end(engine, &outcome, &args.program, terminal).max(i32::from(!written))
}

impl TimelineArgs {
    fn is_page(&self) -> bool {
        !(self.svg || self.mermaid || self.perfetto)
    }
}

/// The file to write; none is standard output.
fn target(args: &TimelineArgs, input: &Input) -> Option<PathBuf> {
    match (&args.output, input) {
        (Some(name), _) => (name != Path::new("-")).then(|| name.clone()),
        (None, _) if !args.is_page() => None,
        (None, Input::File(path)) => {
            let name = path.file_name()?;
            Some(Path::new(name).with_extension("html"))
        }
        (None, _) => Some("timeline.html".into()),
    }
}

/// Whether nothing is lost when a file is overwritten: there is none, or it was drawn here.
fn is_ours(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else {
        return !path.exists();
    };
    let mut begin = Vec::new();
    let read = file.take(PAGE.len() as u64).read_to_end(&mut begin);
    let begins = |with: &str| begin.starts_with(with.as_bytes());
    read.is_ok()
        && (begin.is_empty()
            || [PAGE, SVG, MERMAID, perfetto::BEGIN]
                .into_iter()
                .any(begins))
}

/// What was seen of the program so far.
#[derive(Default)]
struct Recorded {
    page: Option<Page>,
    lanes: Option<Lanes>,
    /// Events that are not drawn.
    left_out: usize,
}

impl Recorded {
    fn start(args: &TimelineArgs, source: &Source) -> (Rc<RefCell<Recorded>>, Sink) {
        let page = args.is_page().then(|| Page::new(source));
        let lanes = page
            .is_none()
            .then(|| Lanes::new(&trace::file_name(source)));
        let most = match args.perfetto {
            true => MANY_EVENTS,
            false => EVENTS,
        };
        let recorded = Rc::new(RefCell::new(Recorded {
            page,
            lanes,
            left_out: 0,
        }));
        let kept = recorded.clone();
        let sink: Sink = Box::new(move |vm, record| {
            let mut kept = kept.borrow_mut();
            let kept = &mut *kept;
            match (&mut kept.page, &mut kept.lanes) {
                (Some(page), _) if page.count() < most => page.take(vm, record),
                (None, Some(lanes)) if lanes.count() < most => lanes.take(record),
                _ => kept.left_out += 1,
            }
        });
        (recorded, sink)
    }

    fn drawn(self, args: &TimelineArgs) -> String {
        let note = match self.left_out {
            0 => String::new(),
            n => format!("The program went on for {n} more events, which are not shown."),
        };
        if !note.is_empty() {
            complain(&format!("coro: {note}\n"));
        }
        if let Some(page) = self.page {
            return page.finish(&note);
        }
        let mut lanes = self.lanes.unwrap_or_default();
        lanes.finish();
        match (args.svg, args.mermaid) {
            (true, _) => format!("{SVG}{}", svg::draw(&lanes).svg),
            (_, true) => format!("{MERMAID}{}", mermaid::diagram(&lanes)),
            _ => perfetto::events(&lanes),
        }
    }
}

/// Whether it could be written.
fn write(target: Option<&Path>, drawn: &str) -> bool {
    let mut out = StandardOutput::stdout();
    let (said, written) = match target {
        None => (drawn.to_owned(), Ok(())),
        Some(path) => {
            let said = format!("{}\n", path.display());
            (said, std::fs::write(path, drawn))
        }
    };
    if let (Err(error), Some(path)) = (&written, target) {
        complain(&format!(
            "coro: can't write '{}': {error}\n",
            path.display()
        ));
        return false;
    }
    // Nothing is left to do if nobody reads it.
    let _ = out.write(said.as_bytes());
    let _ = out.flush();
    true
}
