//! The world outside: system and virtual clocks, the process's streams. The one module that asks
//! the operating system for time.

use crate::vm::host::{Clock, Input, Output};
use std::cell::Cell;
use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The machine's own clock.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub fn new() -> Self {
        SystemClock {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    #[cfg(unix)]
    fn process(&self) -> Duration {
        use nix::time::{ClockId, clock_gettime};
        match clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID) {
            Ok(time) => time.into(),
            Err(_) => self.start.elapsed(),
        }
    }

    #[cfg(not(unix))]
    fn process(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn idle(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn is_virtual(&self) -> bool {
        false
    }
}

/// A clock that stands still until somebody sleeps, and then jumps.
#[derive(Default)]
pub struct VirtualClock {
    now: Cell<Duration>,
    /// How much of that was spent by looking at the clock.
    busy: Cell<Duration>,
    /// How often it was looked at since somebody slept.
    looks: Cell<u32>,
}

/// What a virtual clock shows as wall time at its start: 2025-01-01 00:00:00 UTC.
const VIRTUAL_EPOCH: Duration = Duration::from_secs(1_735_689_600);
/// A program that looks at the clock so often without a sleep waits for it to move. One that only
/// notes when something happens does not look as often in one instant, one that waits has soon done
/// so…
const PATIENCE: u32 = 10_000;
/// …and from then on it does, by this with each look…
const BUSY_STEP: Duration = Duration::from_millis(1);
/// …and by twice as much after so many more.
const BUSY_LOOKS: u32 = 100;

impl VirtualClock {
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for VirtualClock {
    fn monotonic(&self) -> Duration {
        self.now.get()
    }

    fn wall(&self) -> Duration {
        VIRTUAL_EPOCH.saturating_add(self.now.get())
    }

    fn process(&self) -> Duration {
        self.busy.get()
    }

    fn sleep(&self, time: Duration) {
        self.now.set(self.now.get().saturating_add(time));
        self.looks.set(0);
    }

    fn idle(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn look(&self) {
        let looks = self.looks.get();
        self.looks.set(looks.saturating_add(1));
        let Some(busy) = looks.checked_sub(PATIENCE) else {
            return;
        };
        let step = BUSY_STEP.saturating_mul(1 << (busy / BUSY_LOOKS).min(30));
        self.now.set(self.now.get().saturating_add(step));
        self.busy.set(self.busy.get().saturating_add(step));
    }

    fn is_virtual(&self) -> bool {
        true
    }
}

/// The process's stdout or stderr. Line by line on a terminal, in blocks otherwise, as CPython's.
pub struct StandardOutput {
    inner: BufWriter<Box<dyn Write>>,
    by_line: bool,
}

impl StandardOutput {
    pub fn stdout() -> Self {
        let out = io::stdout();
        let by_line = out.is_terminal();
        // The lock's own line buffer is passed through in blocks.
        StandardOutput {
            inner: BufWriter::with_capacity(1 << 16, Box::new(out)),
            by_line,
        }
    }

    pub fn stderr() -> Self {
        StandardOutput {
            inner: BufWriter::with_capacity(1 << 12, Box::new(io::stderr())),
            by_line: true,
        }
    }
}

impl Output for StandardOutput {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.inner.write_all(text)?;
        if self.by_line && text.contains(&b'\n') {
            self.inner.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The process's stdin.
pub struct StandardInput;

impl Input for StandardInput {
    fn read_line(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        io::stdin().lock().read_until(b'\n', &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A number that differs from run to run.
pub(super) fn entropy() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}
