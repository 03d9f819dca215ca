//! What the world outside is to a program: clock, streams, entropy. Traits, so that tests are
//! byte-exact and the clock can be virtual.

use crate::diagnostic::render::RenderOptions;
use std::io;
use std::time::Duration;

/// Time as programs see it: `time.*` and the event loop read the same clock.
pub trait Clock {
    /// Since an arbitrary start; never goes back.
    fn monotonic(&self) -> Duration;
    /// Since the Unix epoch.
    fn wall(&self) -> Duration;
    /// Processor time used.
    fn process(&self) -> Duration;
    /// Waits, or lets the virtual time jump.
    fn sleep(&self, time: Duration);
    /// Waits for something outside to happen: a virtual time stands still meanwhile.
    fn idle(&self, time: Duration);
    /// The program looks at the clock. Who does nothing but look waits for it to move.
    fn look(&self) {}
    /// Waiting costs nothing: the loop lets the clock jump to its next timer.
    fn is_virtual(&self) -> bool;
}

/// A stream that programs write to.
pub trait Output {
    fn write(&mut self, text: &[u8]) -> io::Result<()>;
    fn flush(&mut self) -> io::Result<()>;
}

/// A stream that programs read from.
pub trait Input {
    /// The next line with its end, empty at the end of the input.
    fn read_line(&mut self) -> io::Result<String>;
}

/// Signals of the operating system other than Ctrl-C.
pub trait Signals {
    /// From now on the signal comes here.
    fn watch(&mut self, number: i32) -> io::Result<()>;
    /// A signal that has come.
    fn take(&mut self) -> Option<i32>;
    /// Does what the system does with a signal that nobody handles.
    fn by_default(&mut self, number: i32);
    /// When this time has passed the program shall look up from its bytecode, as for a signal.
    /// Without that it notices its alarms only where it waits.
    fn attend_after(&mut self, _: Duration) {}
}

/// For hosts without signals: those that a program raises itself go nowhere.
pub struct NoSignals;

impl Signals for NoSignals {
    fn watch(&mut self, _: i32) -> io::Result<()> {
        Ok(())
    }

    fn take(&mut self) -> Option<i32> {
        None
    }

    fn by_default(&mut self, _: i32) {}
}

/// Everything that a VM may touch outside itself.
pub struct Host {
    pub clock: Box<dyn Clock>,
    pub stdout: Box<dyn Output>,
    /// The program has closed its standard output.
    pub stdout_closed: bool,
    pub stderr: Box<dyn Output>,
    pub stdin: Box<dyn Input>,
    /// A number to seed `random` with.
    pub entropy: Box<dyn FnMut() -> u64>,
    /// How reports that are written while the program runs are drawn; `None`: in CPython's form.
    pub drawing: Option<RenderOptions>,
    /// Set by Ctrl-C; the loop of the VM asks at back edges and raises KeyboardInterrupt.
    pub interrupted: std::sync::Arc<std::sync::atomic::AtomicBool>,
    pub signals: Box<dyn Signals>,
    /// New event loops are in debug mode.
    pub debug_loops: bool,
}

static ATTENTION: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Set when some VM of this process must look up from its bytecode: after Ctrl-C, or when the
/// collector is due. Dispatch loops test it where they jump back.
#[inline(always)]
pub fn attention() -> &'static std::sync::atomic::AtomicBool {
    &ATTENTION
}
