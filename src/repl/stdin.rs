//! The program's standard input: the terminal's thread reads the lines for it.

use super::screen::Screen;
use super::wire::{Answer, Request};
use crate::vm::host::Input;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How long Ctrl-C may go unnoticed.
const CHECK: Duration = Duration::from_millis(30);

pub struct AskedInput {
    pub requests: Sender<Request>,
    pub screen: Screen,
    pub interrupted: Arc<AtomicBool>,
    /// The line is edited, so that the prompt must be known.
    pub edited: bool,
}

impl Input for AskedInput {
    fn read_line(&mut self) -> io::Result<String> {
        let (reply, answer) = channel();
        let prompt = if self.edited {
            self.screen.take_partial()
        } else {
            let _ = self.screen.flush();
            String::new()
        };
        if self.requests.send(Request::Line { prompt, reply }).is_err() {
            return Ok(String::new());
        }
        loop {
            match answer.recv_timeout(CHECK) {
                Ok(Answer::Text(line)) => return Ok(line),
                Ok(Answer::Interrupted) => {
                    self.interrupted.store(true, Ordering::Relaxed);
                    return Err(ErrorKind::Interrupted.into());
                }
                Ok(Answer::Ended) | Err(RecvTimeoutError::Disconnected) => {
                    return Ok(String::new());
                }
                Err(RecvTimeoutError::Timeout) if self.interrupted.load(Ordering::Relaxed) => {
                    return Err(ErrorKind::Interrupted.into());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}
