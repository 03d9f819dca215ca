//! The thread in which a program runs, and what is exchanged with it. The program stands still
//! whenever it has come as far as it was asked to go.

use super::Program;
use super::question::{Answer, Question};
use super::seat::run;
use super::step::{Piece, Step};
use crate::vm::host::attention;
use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::Duration;

/// What the program is asked to do.
pub(super) enum Command {
    /// Go on to the step with this number.
    Go(usize),
    /// Here is a line of input; none is the end of the input.
    Line(Option<String>),
    /// Answer when you are where you were asked to go.
    Ask(Question),
}

/// What the program tells.
pub(super) enum Report {
    Step(Box<Step>),
    /// What it has written before the step that follows.
    Written(Vec<Piece>),
    /// A file that it consists of.
    File(Arc<str>, String),
    /// It waits for a line of input.
    Asks,
    Answer(Answer),
}

/// What the program's side of the two channels has.
pub(super) struct Line {
    pub commands: Receiver<Command>,
    pub reports: Sender<Report>,
    /// Nobody listens any more.
    pub left: Arc<AtomicBool>,
    /// Makes it look up from its bytecode.
    pub interrupted: Arc<AtomicBool>,
    /// It is on its way to somewhere far: nobody will look at the steps in between.
    pub hurries: Arc<AtomicBool>,
}

/// A program that runs; it is ended when this is dropped.
pub(super) struct Worker {
    commands: Sender<Command>,
    reports: Receiver<Report>,
    left: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    hurries: Arc<AtomicBool>,
    limit: Cell<usize>,
}

impl Worker {
    /// Starts a program, which waits to be told how far to go. It makes pictures from this step on.
    pub fn start(
        program: &Arc<Program>,
        inputs: &[Option<String>],
        pictures_from: usize,
    ) -> io::Result<Worker> {
        let (commands, to_do) = channel();
        let (tell, reports) = channel();
        let (left, interrupted) = (Arc::default(), Arc::default());
        let hurries = Arc::default();
        let line = Line {
            commands: to_do,
            reports: tell,
            left: Arc::clone(&left),
            interrupted: Arc::clone(&interrupted),
            hurries: Arc::clone(&hurries),
        };
        let (program, inputs) = (program.clone(), inputs.to_vec());
        thread::Builder::new()
            .name("program".into())
            .stack_size(program.stack)
            .spawn(move || run(&program, inputs, pictures_from, line))?;
        Ok(Worker {
            commands,
            reports,
            left,
            interrupted,
            hurries,
            limit: Cell::new(0),
        })
    }

    pub fn tell(&self, command: Command) {
        if let Command::Go(limit) = command {
            self.limit.set(limit);
        }
        // A program that is not there any more is noticed by its silence.
        let _ = self.commands.send(command);
    }

    /// Makes no pictures, or makes them again.
    pub fn hurry(&self, on: bool) {
        self.hurries.store(on, Ordering::Relaxed);
    }

    /// How far it was asked to go.
    pub fn limit(&self) -> usize {
        self.limit.get()
    }

    /// What it has to tell, if anything; an error when it is gone.
    pub fn poll(&self) -> Result<Option<Report>, ()> {
        match self.reports.try_recv() {
            Ok(report) => Ok(Some(report)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(()),
        }
    }

    /// As `poll`, but waits for so long.
    pub fn wait(&self, time: Duration) -> Result<Option<Report>, ()> {
        match self.reports.recv_timeout(time) {
            Ok(report) => Ok(Some(report)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.left.store(true, Ordering::Relaxed);
        self.interrupted.store(true, Ordering::Relaxed);
        attention().store(true, Ordering::Relaxed);
    }
}
