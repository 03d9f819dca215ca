//! Asks a program that is profiled to look up every now and then: with a timer that sends SIGPROF. A
//! thread that sleeps would do as well, but a second thread alone makes programs that take much memory
//! a tenth slower.

use crate::engine::{Engine, SystemClock};
use crate::vm::host::Clock;
use crate::vm::profile::{Profile, Profiled};
use std::time::Duration;
use timer::Timer;

/// Time between two samples. One takes twenty microseconds with all that it disturbs.
const INTERVAL: Duration = Duration::from_millis(4);

/// Asks until it is dropped.
pub(super) struct Sampler {
    /// Without one there are fewer samples.
    _timer: Option<Timer>,
}

impl Sampler {
    /// Begins to measure what the engine's program does: before anything of it is compiled.
    pub fn start(engine: &mut Engine) -> Sampler {
        let clock = SystemClock::new();
        let watch = Box::new(move || clock.monotonic());
        engine.vm().profile = Some(Box::new(Profile::new(watch)));
        Sampler {
            _timer: timer::start(INTERVAL),
        }
    }

    /// What was found out.
    pub fn finish(self, engine: &mut Engine) -> Profiled {
        engine.vm().finish_profile().unwrap_or_default()
    }
}

#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
mod timer {
    use crate::cli::interrupts;
    use nix::sys::signal::{SigEvent, SigevNotify, Signal};
    pub use nix::sys::timer::Timer;
    use nix::sys::timer::{Expiration, TimerSetTimeFlags};
    use nix::time::ClockId;
    use std::time::Duration;

    /// The handler stays when the timer is gone, for a signal that is on its way.
    pub fn start(interval: Duration) -> Option<Timer> {
        let signal = Signal::SIGPROF;
        if !interrupts::watch(signal as i32, Vec::new()) {
            return None;
        }
        let event = SigEvent::new(SigevNotify::SigevSignal {
            signal,
            si_value: 0,
        });
        let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, event).ok()?;
        let expiration = Expiration::Interval(interval.into());
        timer.set(expiration, TimerSetTimeFlags::empty()).ok()?;
        Some(timer)
    }
}

/// Where the system has no such timers, a thread sleeps.
#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd")))]
mod timer {
    use crate::engine::SystemClock;
    use crate::vm::host::{Clock, attention};
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    /// The thread ends when this is gone.
    pub struct Timer(#[expect(dead_code, reason = "the thread looks who else has it")] Arc<()>);

    pub fn start(interval: Duration) -> Option<Timer> {
        let timer = Arc::new(());
        let watched = Arc::downgrade(&timer);
        let clock = SystemClock::new();
        let asks = move || {
            while watched.strong_count() > 0 {
                clock.sleep(interval);
                attention().store(true, Ordering::Relaxed);
            }
        };
        let thread = std::thread::Builder::new().name("sampler".into());
        thread.spawn(asks).ok()?;
        Some(Timer(timer))
    }
}
