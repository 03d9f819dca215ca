//! A program that can be stepped through, forward and back. It is run once, in a thread of its own,
//! ahead of whoever looks at it, and each of its steps is kept with the picture of that moment, so
//! that going to another step is looking it up. Its clock is virtual, its random numbers come from
//! one seed and what it reads is kept, so that it can be run again up to any step: for pictures that
//! were not kept, and for questions, whose answers change nothing in what is being looked at.
//! Knows nothing of terminals, and waits only for as long as it is asked to.

mod question;
mod seat;
mod step;
mod tape;
mod worker;

pub use question::{Answer, Frames, Question};
pub use step::{Kind, Passed, Piece, Step, Stream, Target};

use crate::diagnostic::render::RenderOptions;
use crate::explore::Order;
use crate::trace::frames::Picture;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tape::Tape;
use worker::{Command, Report, Worker};

/// What is stepped through.
#[derive(Clone, Default)]
pub struct Program {
    /// The file, as messages name it.
    pub name: String,
    /// Its full path.
    pub file: String,
    pub text: String,
    pub argv: Vec<String>,
    pub path: Vec<String>,
    /// How reports of exceptions are drawn.
    pub drawing: RenderOptions,
    /// What `random` begins with if the program does not say.
    pub seed: u64,
    /// In which order tasks run; none: first in, first out, turn by turn.
    pub order: Option<Order>,
    /// Nested calls from Rust into bytecode, and the stack that bears them.
    pub native_limit: u32,
    pub stack: usize,
    /// Pictures that are kept; more are made again when they are wanted.
    pub kept: usize,
}

/// Pictures that are kept of most programs.
pub const KEPT: usize = 10_000;

/// Steps that the program is ahead of what somebody has asked for.
const AHEAD: usize = 500;
/// More steps are not run: each is kept.
pub const MOST_STEPS: usize = 1_000_000;
/// Pictures that are made together when they were not kept.
const WINDOW: usize = 20;
/// From so many steps on it is far to somewhere.
const FAR: usize = 50;
/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Steps that are looked through before somebody is asked whether to go on.
const STRETCH: usize = 2_000;
/// How often somebody is asked whether to go on waiting.
const CHECK: Duration = Duration::from_millis(50);

/// How a move ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moved {
    /// Where it should.
    There,
    /// Nowhere: there is no such step in this direction.
    NoSuch,
    /// The program wants a line of input before it goes on.
    Asks,
    /// Who moved it did not want to wait.
    Stopped,
    /// The program goes on for longer than is kept.
    TooLong,
}

/// The program at one of its steps; the first one is 1, and 0 is before it.
pub struct Stepper {
    program: Arc<Program>,
    inputs: Vec<Option<String>>,
    worker: Option<Worker>,
    tape: Tape,
    position: usize,
    asks: bool,
    breakpoints: Vec<u32>,
    /// A move that was interrupted, where it began, and the last step that it has looked at.
    interrupted: Option<(Target, usize, usize)>,
}

impl Stepper {
    /// The program before its first step.
    pub fn new(program: Program) -> io::Result<Stepper> {
        let program = Arc::new(program);
        let worker = Worker::start(&program, &[], 0)?;
        worker.tell(Command::Go(AHEAD));
        Ok(Stepper {
            inputs: Vec::new(),
            worker: Some(worker),
            tape: Tape::new(program.kept),
            program,
            position: 0,
            asks: false,
            breakpoints: Vec::new(),
            interrupted: None,
        })
    }

    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The number of the step.
    pub fn position(&self) -> usize {
        self.position
    }

    /// How many steps are known, and whether these are all.
    pub fn known(&self) -> (usize, bool) {
        (self.tape.len(), self.tape.is_whole())
    }

    /// What has just happened; nothing at the very beginning.
    pub fn step(&self) -> Option<&Step> {
        self.tape.step(self.position)
    }

    /// One of the known steps.
    pub fn step_at(&self, number: usize) -> Option<&Step> {
        self.tape.step(number)
    }

    /// The line that was printed at a known step.
    pub fn printed_at(&self, number: usize) -> Option<String> {
        let step = self.tape.step(number).filter(|s| s.kind == Kind::Printed)?;
        Some(self.tape.last_line(step.output))
    }

    /// The text of a file of the program.
    pub fn text_of(&self, file: &str) -> Option<&str> {
        self.tape.text_of(file)
    }

    /// What the program has written up to this step.
    pub fn output(&self) -> &[Piece] {
        self.tape.output(self.step().map_or(0, |s| s.output))
    }

    /// The prompt of the line of input that the program waits for at the end of what is known.
    pub fn asks(&self) -> bool {
        self.asks && self.position == self.tape.len()
    }

    /// The code with which the program has ended, at its last step.
    pub fn exit_code(&self) -> Option<i32> {
        match self.step()?.kind {
            Kind::End(code) => Some(code),
            _ => None,
        }
    }

    // Moving

    /// Goes forward to the next step that is meant. `wait` is asked again and again while the
    /// program runs, with the number of steps so far, whether to go on. A move that was stopped
    /// goes on where it was if it is begun again.
    pub fn forward(&mut self, target: &Target, wait: &mut dyn FnMut(usize) -> bool) -> Moved {
        let from = self.position;
        let mut looked_at = match self.interrupted.take() {
            Some((same, start, at)) if same == *target && start == from => at,
            _ => from,
        };
        let moved = self.search(target, &mut looked_at, wait);
        if matches!(moved, Moved::Stopped | Moved::Asks) {
            self.interrupted = Some((target.clone(), from, looked_at));
        }
        // A move that was only interrupted goes on in the same way.
        if moved != Moved::Stopped {
            self.hurry(false);
        }
        moved
    }

    fn hurry(&self, on: bool) {
        if let Some(worker) = &self.worker {
            worker.hurry(on);
        }
    }

    /// Looks for a step behind those that were looked at already.
    fn search(
        &mut self,
        target: &Target,
        looked_at: &mut usize,
        wait: &mut dyn FnMut(usize) -> bool,
    ) -> Moved {
        let from = self.position;
        loop {
            let at = *looked_at + 1;
            match self.ensure(at, wait) {
                Moved::There => {}
                // The end of what there is, if no other place was meant.
                other => {
                    let open = !matches!(target, Target::Number(_) | Target::Output(_));
                    if open && other != Moved::Stopped {
                        self.position = at - 1;
                    }
                    return other;
                }
            }
            let known = self.tape.step(at);
            let meant = known.is_some_and(|s| {
                target.is_met(self.tape.step(from), (at, s), &self.breakpoints, &self.tape)
            });
            if meant {
                self.position = at;
                return Moved::There;
            }
            *looked_at = at;
            if at == from + FAR {
                self.hurry(true);
            }
            if at.is_multiple_of(STRETCH) && !wait(self.tape.len()) {
                return Moved::Stopped;
            }
        }
    }

    /// Goes back to the last step that is meant; to the very beginning if there is none.
    pub fn back(&mut self, target: &Target) -> Moved {
        let from = self.position;
        let meant = |at: &usize| {
            self.tape.step(*at).is_some_and(|s| {
                target.is_met(
                    self.tape.step(from),
                    (*at, s),
                    &self.breakpoints,
                    &self.tape,
                )
            })
        };
        let found = (1..from).rev().find(meant);
        match (found, target) {
            (Some(at), _) => self.position = at,
            (None, Target::Output(_) | Target::Breakpoint) => return Moved::NoSuch,
            (None, _) if from == 0 => return Moved::NoSuch,
            (None, _) => self.position = 0,
        }
        Moved::There
    }

    /// Goes to a step by its number, in either direction.
    pub fn go_to(&mut self, number: usize, wait: &mut dyn FnMut(usize) -> bool) -> Moved {
        if number <= self.tape.len() {
            self.position = number;
            return Moved::There;
        }
        self.forward(&Target::Number(number), wait)
    }

    /// The line of input that the program waits for; none is the end of the input.
    pub fn answer(&mut self, line: Option<String>) {
        if std::mem::take(&mut self.asks) {
            self.inputs.push(line.clone());
            if let Some(worker) = &self.worker {
                worker.tell(Command::Line(line));
            }
        }
    }

    /// Stops at this line of the main file from now on, or no more.
    pub fn toggle_breakpoint(&mut self, line: u32) -> bool {
        self.interrupted = None;
        match self.breakpoints.iter().position(|b| *b == line) {
            Some(at) => {
                self.breakpoints.remove(at);
                false
            }
            None => {
                self.breakpoints.push(line);
                true
            }
        }
    }

    pub fn breakpoints(&self) -> &[u32] {
        &self.breakpoints
    }

    /// Lets the program come so far that a step is known.
    fn ensure(&mut self, number: usize, wait: &mut dyn FnMut(usize) -> bool) -> Moved {
        if number > MOST_STEPS {
            return Moved::TooLong;
        }
        if let Some(worker) = &self.worker
            && number + AHEAD / 2 > worker.limit()
        {
            worker.tell(Command::Go(number + AHEAD));
        }
        self.take_reports(None);
        while self.tape.len() < number {
            if self.tape.is_whole() || self.worker.is_none() {
                return Moved::NoSuch;
            }
            if self.asks {
                return Moved::Asks;
            }
            self.take_reports(Some(CHECK));
            if self.tape.len() < number && !wait(self.tape.len()) {
                return Moved::Stopped;
            }
        }
        Moved::There
    }

    /// Takes what the program has reported; waits for something if a time is given.
    fn take_reports(&mut self, wait: Option<Duration>) {
        let Some(worker) = &self.worker else { return };
        let mut next = match wait {
            Some(time) => worker.wait(time),
            None => worker.poll(),
        };
        while let Ok(Some(report)) = next {
            match report {
                Report::Step(step) => self.tape.add(*step, self.position),
                Report::Written(pieces) => self.tape.write(pieces),
                Report::File(name, text) => self.tape.file(name, text),
                Report::Asks => self.asks = true,
                Report::Answer(_) => {}
            }
            next = worker.poll();
        }
        if next.is_err() {
            // The thread is gone: there will be no more.
            self.worker = None;
        }
    }

    // Looking

    /// The program as it stands at this step.
    pub fn picture(&mut self) -> Arc<Picture> {
        if self.position == 0 {
            return Arc::default();
        }
        if let Some(kept) = self.tape.picture(self.position) {
            return kept;
        }
        self.run_again();
        self.tape.picture(self.position).unwrap_or_default()
    }

    /// Makes the pictures around this step once more.
    fn run_again(&mut self) {
        let first = self.position.saturating_sub(WINDOW);
        let last = (self.position + WINDOW / 5).min(self.tape.len());
        let Ok(worker) = Worker::start(&self.program, &self.inputs, first) else {
            return;
        };
        worker.tell(Command::Go(last));
        let mut seen = 0;
        while seen < last {
            match worker.wait(PATIENCE) {
                Ok(Some(Report::Step(step))) => {
                    seen += 1;
                    self.tape.picture_again(seen, *step);
                }
                Ok(Some(Report::Asks)) | Ok(None) | Err(()) => break,
                Ok(Some(_)) => {}
            }
        }
        self.tape.thin_out(self.position);
    }

    /// Asks something at this step. The program is run again up to there for it, so that nothing
    /// that the question does is to be seen afterwards.
    pub fn ask(&mut self, question: Question) -> Answer {
        let lost = |text: &str| Answer {
            text: text.to_owned(),
            failed: true,
            ..Answer::default()
        };
        if self.position == 0 {
            return lost("the program has not begun");
        }
        let Ok(worker) = Worker::start(&self.program, &self.inputs, usize::MAX) else {
            return lost("there is no thread to ask in");
        };
        worker.tell(Command::Go(self.position));
        worker.tell(Command::Ask(question));
        let mut output = Vec::new();
        loop {
            match worker.wait(PATIENCE) {
                Ok(Some(Report::Answer(mut answer))) => {
                    let before = self.step().map_or(0, |s| s.output);
                    answer.output = output.split_off(before.min(output.len()));
                    return answer;
                }
                Ok(Some(Report::Written(pieces))) => output.extend(pieces),
                Ok(Some(Report::Asks)) => return lost("the program wants input before it answers"),
                Ok(Some(_)) => {}
                Ok(None) => return lost("there was no answer in time"),
                Err(()) => return lost("the program has ended before it answered"),
            }
        }
    }
}
