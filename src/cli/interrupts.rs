//! Ctrl-C while a program runs: a signal handler that sets flags.

use crate::vm::host::attention;
use signal_hook::consts::SIGINT;
use signal_hook::low_level;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lets Ctrl-C set these flags; the dispatch loop looks at its own.
pub(super) fn watch(flags: Vec<Arc<AtomicBool>>) {
    let note = move || {
        flags.iter().for_each(|f| f.store(true, Ordering::Relaxed));
        attention().store(true, Ordering::Relaxed);
    };
    // Without a handler Ctrl-C ends the process, as it would anyway.
    // SAFETY: the handler stores to atomics and does nothing else, which any signal handler may.
    let _ = unsafe { low_level::register(SIGINT, note) };
}
