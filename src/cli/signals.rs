//! Signals of the operating system other than Ctrl-C, for programs that ask for them: a thread
//! receives them, and the program looks at them between two instructions.

use crate::engine::SystemClock;
use crate::vm::host::{Clock, Signals, attention};
use signal_hook::consts::FORBIDDEN;
use signal_hook::iterator::{Handle, Signals as Received};
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, ErrorKind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// Ctrl-C's, which the process watches from the beginning.
const SIGINT: i32 = signal_hook::consts::SIGINT;

/// The process's signals.
#[derive(Default)]
pub(super) struct ProcessSignals {
    /// There once the program has asked for a signal.
    thread: Option<(Handle, Receiver<i32>)>,
}

impl ProcessSignals {
    fn start(&mut self, number: i32) -> io::Result<()> {
        let mut received = Received::new([number])?;
        let handle = received.handle();
        let (sender, receiver) = channel();
        thread::Builder::new().spawn(move || pass_on(&mut received, &sender))?;
        self.thread = Some((handle, receiver));
        Ok(())
    }
}

fn pass_on(received: &mut Received, sender: &Sender<i32>) {
    for number in received.forever() {
        if sender.send(number).is_err() {
            return;
        }
        attention().store(true, Ordering::Relaxed);
    }
}

impl Signals for ProcessSignals {
    fn watch(&mut self, number: i32) -> io::Result<()> {
        if FORBIDDEN.contains(&number) {
            return Err(io::Error::from(ErrorKind::InvalidInput));
        }
        match &self.thread {
            _ if number == SIGINT => Ok(()),
            Some((handle, _)) => handle.add_signal(number),
            None => self.start(number),
        }
    }

    fn take(&mut self) -> Option<i32> {
        let (_, receiver) = self.thread.as_ref()?;
        receiver.try_recv().ok()
    }

    fn attend_after(&mut self, time: Duration) {
        // Without the thread, alarms ring where the program waits.
        let _ = thread::Builder::new().name("alarm".into()).spawn(move || {
            SystemClock::new().sleep(time);
            attention().store(true, Ordering::Relaxed);
        });
    }

    fn by_default(&mut self, number: i32) {
        // What cannot be done has nobody to be told to.
        let _ = emulate_default_handler(number);
    }
}
