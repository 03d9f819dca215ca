//! The program's own thread: runs it as far as it was asked to, and tells what happens.

use super::Program;
use super::question::{self, Answer, Outcome};
use super::step::{Kind, Piece, Step, Stream};
use super::worker::{Command, Line, Report};
use crate::bytecode::Marks;
use crate::diagnostic::render::render;
use crate::diagnostic::traceback;
use crate::engine::{Engine, EngineOptions, RunOutcome, has_errors};
use crate::explore;
use crate::inspect::frames::chain;
use crate::source::Source;
use crate::trace;
use crate::trace::frames::picture;
use crate::trace::record::Record;
use crate::trace::text::words;
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::host::{Input, Output};
use crate::vm::object::{Future, Generator};
use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where the observer, the streams and the end of the program meet.
struct Seat {
    line: Line,
    number: Cell<usize>,
    limit: Cell<usize>,
    pictures_from: usize,
    inputs: RefCell<VecDeque<Option<String>>>,
    /// What was written since the last report, and pieces in all.
    written: RefCell<Vec<Piece>>,
    pieces: Cell<usize>,
    files: RefCell<HashSet<Arc<str>>>,
    /// The task that awaits for somebody who has asked something.
    awaited: RefCell<Option<Ref<Future>>>,
}

/// Runs a program to its end.
pub(super) fn run(
    program: &Program,
    inputs: Vec<Option<String>>,
    pictures_from: usize,
    line: Line,
) {
    let interrupted = line.interrupted.clone();
    let seat = Rc::new(Seat {
        line,
        number: Cell::new(0),
        limit: Cell::new(0),
        pictures_from,
        inputs: RefCell::new(inputs.into()),
        written: RefCell::default(),
        pieces: Cell::new(0),
        files: RefCell::default(),
        awaited: RefCell::default(),
    });
    let stream = |stream: Stream| {
        let seat = seat.clone();
        Box::new(Written { seat, stream })
    };
    let options = EngineOptions {
        argv: program.argv.clone(),
        path: program.path.clone(),
        virtual_time: true,
        stdout: stream(Stream::Out),
        stderr: stream(Stream::Err),
        stdin: Box::new(Asked(seat.clone())),
        drawing: Some(program.drawing),
        interrupted,
        native_limit: program.native_limit,
        observer: Some(trace::observer(Marks::Lines)),
        ..EngineOptions::default()
    };
    let mut engine = match &program.order {
        None => Engine::new(EngineOptions {
            entropy: numbers(program.seed),
            ..options
        }),
        Some(order) => {
            let mut engine = Engine::new(explore::ordered(options));
            explore::follow(engine.vm(), order);
            engine
        }
    };
    let source = Source::of_file(
        program.name.clone(),
        program.file.clone(),
        program.text.clone(),
    );
    seat.tell_file(&source);
    let told = seat.clone();
    trace::start(
        engine.vm(),
        Box::new(move |vm, record| told.take(vm, record)),
    );
    let outcome = engine.run_source(&source);
    seat.report(&ending(&outcome, program));
    engine.finish();
    trace::stop(engine.vm());
    seat.end(outcome.exit_code);
}

/// Numbers that differ from each other, and are the same in each run.
fn numbers(seed: u64) -> Box<dyn FnMut() -> u64> {
    let mut state = seed;
    Box::new(move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        state
    })
}

/// What a program says on standard error when it ends, as `coro run` would show it.
fn ending(outcome: &RunOutcome, program: &Program) -> String {
    let mut text = String::new();
    if has_errors(&outcome.diagnostics) {
        text.push_str(&render(&outcome.diagnostics, &program.drawing));
    }
    for report in &outcome.deadlocks {
        text.push_str(&render(std::slice::from_ref(&**report), &program.drawing));
        text.push_str(&format!("{}\n", report.title));
    }
    if let Some(error) = &outcome.error {
        text.push_str(&traceback::render_uncaught(error, &program.drawing));
    }
    if let Some(message) = &outcome.exit_message {
        text.push_str(&format!("{message}\n"));
    }
    text
}

impl Seat {
    fn tell(&self, report: Report) {
        // Who has left is noticed by the next command that does not come.
        let _ = self.line.reports.send(report);
    }

    fn write(&self, stream: Stream, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        self.pieces.set(self.pieces.get() + 1);
        self.written.borrow_mut().push(Piece {
            stream,
            text: String::from_utf8_lossy(text).into_owned(),
        });
    }

    fn report(&self, text: &str) {
        self.write(Stream::Err, text.as_bytes());
    }

    fn tell_written(&self) {
        let written = std::mem::take(&mut *self.written.borrow_mut());
        if !written.is_empty() {
            self.tell(Report::Written(written));
        }
    }

    fn tell_file(&self, source: &Source) -> Arc<str> {
        let name: Arc<str> = (&*trace::file_name(source)).into();
        if self.files.borrow_mut().insert(name.clone()) {
            self.tell(Report::File(name.clone(), source.text().to_owned()));
        }
        name
    }

    // Steps

    /// Something has happened.
    fn take(&self, vm: &mut Vm, record: &Record) {
        if self.line.left.load(Ordering::Relaxed) {
            return vm.abandon();
        }
        if self.answers_late(vm) {
            return vm.abandon();
        }
        if self.awaited.borrow().is_some() {
            return;
        }
        let mut step = Step::new(record, words(record));
        self.place(vm, &mut step);
        let hurries = self.line.hurries.load(Ordering::Relaxed);
        if self.number.get() + 1 >= self.pictures_from && !hurries {
            match picture(vm) {
                Ok(picture) => step.picture = Some(Arc::new(picture)),
                Err(raise) => drop(vm.take_raised(raise)),
            }
        }
        self.add(step);
        if self.number.get() >= self.limit.get() && !self.stand(vm) {
            vm.abandon();
        }
    }

    fn add(&self, mut step: Step) {
        self.number.set(self.number.get() + 1);
        step.output = self.pieces.get();
        self.tell_written();
        self.tell(Report::Step(Box::new(step)));
    }

    /// Where the program is.
    fn place(&self, vm: &Vm, step: &mut Step) {
        let mut place = None;
        vm.walk_frames(|view| {
            let code = &view.code.code;
            if !code.source.is_library() {
                step.level += 1;
                if place.is_none() {
                    place = Some((code.source.clone(), code.line_at(view.pc)));
                }
            }
            true
        });
        // A task that stands between two chunks is not on the stack.
        if matches!(step.kind, Kind::Chunk | Kind::Delay) {
            place = suspended(vm).or(place);
        }
        if let Some((source, line)) = place {
            step.file = self.tell_file(&source);
            step.line = line;
        }
    }

    /// The program has ended: its last step, after which it answers that there is nothing left.
    fn end(&self, code: i32) {
        let words = match code {
            0 => "the program has ended".to_owned(),
            code => format!("the program has ended with exit code {code}"),
        };
        if self.awaited.borrow_mut().take().is_some() {
            let text = "the program has ended before it was there";
            self.answer(Answer::failed(text.into()));
        }
        self.add(Step::end(code, words));
        while let Ok(command) = self.line.commands.recv() {
            if let Command::Ask(_) = command {
                let text = "the program has ended: step back to ask in one of its frames";
                self.tell(Report::Answer(Answer::failed(text.into())));
            }
        }
    }

    /// Stands still until there is more to do; false if there never will be.
    fn stand(&self, vm: &mut Vm) -> bool {
        while self.number.get() >= self.limit.get() {
            match self.line.commands.recv() {
                Ok(Command::Go(limit)) => self.limit.set(limit),
                Ok(Command::Line(line)) => self.inputs.borrow_mut().push_back(line),
                Ok(Command::Ask(question)) => match question::ask(vm, &question) {
                    Outcome::Now(answer) => self.answer(answer),
                    Outcome::Later(task) => {
                        *self.awaited.borrow_mut() = Some(task);
                        if !self.answers_late(vm) {
                            return true;
                        }
                    }
                },
                Err(_) => return false,
            }
        }
        true
    }

    // Answers

    fn answer(&self, answer: Answer) {
        self.tell_written();
        self.tell(Report::Answer(answer));
    }

    /// Tells the answer that was awaited, if it is there now.
    fn answers_late(&self, vm: &mut Vm) -> bool {
        let done = self.awaited.borrow_mut().take_if(|t| t.is_done());
        if let Some(task) = &done {
            let answer = question::answer_of(vm, task);
            self.answer(answer);
        }
        done.is_some()
    }

    // Input

    /// The next line of input, which may have to be asked for.
    fn next_line(&self) -> io::Result<String> {
        let known = self.inputs.borrow_mut().pop_front();
        let line = match known {
            Some(line) => line,
            None => self.asked_line()?,
        };
        Ok(line.map_or_else(String::new, |l| l + "\n"))
    }

    fn asked_line(&self) -> io::Result<Option<String>> {
        self.tell_written();
        self.tell(Report::Asks);
        loop {
            match self.line.commands.recv() {
                Ok(Command::Line(line)) => return Ok(line),
                Ok(Command::Go(limit)) => self.limit.set(limit),
                Ok(Command::Ask(_)) => {
                    let text = "the program waits for input";
                    self.answer(Answer::failed(text.into()));
                }
                Err(_) => return Err(io::ErrorKind::Interrupted.into()),
            }
        }
    }
}

/// Where the running task stands, which is suspended or about to go on.
fn suspended(vm: &Vm) -> Option<(Source, u32)> {
    let task = vm.current.task.get();
    let coroutine = task.as_ref::<Future>()?.part()?.coro.get();
    let frames = chain(coroutine.as_ref::<Generator>()?).frames;
    let own = frames.into_iter().rev().find(|f| !f.is_library())?;
    let line = own.line()?;
    Some((own.source, line))
}

/// A stream of the program's.
struct Written {
    seat: Rc<Seat>,
    stream: Stream,
}

impl Output for Written {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.seat.write(self.stream, text);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Its standard input.
struct Asked(Rc<Seat>);

impl Input for Asked {
    fn read_line(&mut self) -> io::Result<String> {
        self.0.next_line()
    }
}
