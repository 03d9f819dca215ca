//! Asks a program that is profiled, from a thread of its own, to look up every now and then.

use super::Engine;
use super::host::SystemClock;
use crate::vm::host::{Clock, attention};
use crate::vm::profile::{Profile, Profiled};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time between two samples: at first, and once the program has run for a while. A sample costs little
/// by itself, but a core that wakes up beside it every millisecond is felt.
const FIRST: Duration = Duration::from_millis(2);
const LAST: Duration = Duration::from_millis(4);
/// So many samples later it is longer by as much as at first.
const GROWTH: u32 = 100;

/// Runs until it is dropped.
pub struct Sampler {
    stopped: Arc<AtomicBool>,
}

impl Sampler {
    /// Begins to measure what the engine's program does: before anything of it is compiled.
    pub fn start(engine: &mut Engine) -> Sampler {
        let clock = SystemClock::new();
        let watch = Box::new(move || clock.monotonic());
        engine.vm().profile = Some(Box::new(Profile::new(watch)));
        let stopped = Arc::new(AtomicBool::new(false));
        let told = stopped.clone();
        let clock = SystemClock::new();
        // Without the thread there are fewer samples.
        let _ = std::thread::Builder::new()
            .name("sampler".into())
            .spawn(move || {
                let mut samples = 0;
                while !told.load(Ordering::Relaxed) {
                    clock.sleep(LAST.min(FIRST * (1 + samples / GROWTH)));
                    attention().store(true, Ordering::Relaxed);
                    samples = samples.saturating_add(1);
                }
            });
        Sampler { stopped }
    }

    /// What was found out.
    pub fn finish(self, engine: &mut Engine) -> Profiled {
        engine.vm().finish_profile().unwrap_or_default()
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}
