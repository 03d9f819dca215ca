//! Signals that ask a running program to look up, Ctrl-C before all: a handler that sets flags.

use crate::vm::host::attention;
use signal_hook::low_level;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lets a signal set these flags and that of the dispatch loop. False if the system refuses: then the
/// signal ends the process, as it would anyway.
pub(super) fn watch(signal: i32, flags: Vec<Arc<AtomicBool>>) -> bool {
    let note = move || {
        flags.iter().for_each(|f| f.store(true, Ordering::Relaxed));
        attention().store(true, Ordering::Relaxed);
    };
    // SAFETY: the handler stores to atomics and does nothing else, which any signal handler may.
    unsafe { low_level::register(signal, note) }.is_ok()
}
