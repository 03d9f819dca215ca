//! Standard input that Ctrl-C can interrupt: a thread reads, the program waits for what it sends
//! and looks at the flag of Ctrl-C meanwhile.

use crate::vm::host::Input;
use std::io::{self, BufRead, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How long Ctrl-C may go unnoticed.
const CHECK: Duration = Duration::from_millis(30);

/// The process's standard input.
pub(super) struct Stdin {
    interrupted: Arc<AtomicBool>,
    /// Started by the first read; sends blocks, an empty one at the end.
    reader: Option<Receiver<io::Result<Vec<u8>>>>,
    /// Bytes that were read and not yet asked for, from `at` on.
    block: Vec<u8>,
    at: usize,
}

impl Stdin {
    pub fn new(interrupted: Arc<AtomicBool>) -> Self {
        Stdin {
            interrupted,
            reader: None,
            block: Vec::new(),
            at: 0,
        }
    }

    /// The next block; empty at the end of the input.
    fn next_block(&mut self) -> io::Result<Vec<u8>> {
        let reader = self.reader.get_or_insert_with(start_reader);
        loop {
            match reader.recv_timeout(CHECK) {
                Ok(block) => return block,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Timeout) if self.interrupted.load(Ordering::Relaxed) => {
                    return Err(ErrorKind::Interrupted.into());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Input for Stdin {
    fn read_line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        loop {
            let rest = self.block.get(self.at..).unwrap_or_default();
            if let Some(end) = rest.iter().position(|b| *b == b'\n') {
                line.extend(rest.iter().take(end + 1));
                self.at += end + 1;
                break;
            }
            line.extend_from_slice(rest);
            self.at = 0;
            self.block.clear();
            self.block = self.next_block()?;
            if self.block.is_empty() {
                break;
            }
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

/// The thread is left behind when the program ends while it waits.
fn start_reader() -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let block = stdin.fill_buf().map(<[u8]>::to_vec);
            let length = block.as_ref().map_or(0, Vec::len);
            stdin.consume(length);
            // After the end more may come, on a terminal: each read asks anew.
            if sender.send(block).is_err() {
                return;
            }
        }
    });
    receiver
}
