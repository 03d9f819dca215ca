//! Timers in the order in which they are due; those due at the same time in the order in which
//! they were set.

use super::handle::HandleData;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::object::Opaque;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

#[derive(Debug)]
struct Timer {
    when: f64,
    sequence: u64,
    handle: Ref<Opaque>,
}

impl Timer {
    fn is_cancelled(&self) -> bool {
        self.handle
            .get::<HandleData>()
            .is_some_and(|h| h.cancelled.get())
    }

    fn leave_queue(self) -> Ref<Opaque> {
        if let Some(data) = self.handle.get::<HandleData>() {
            data.scheduled.set(false);
        }
        self.handle
    }
}

impl Ord for Timer {
    /// The greatest is the one due first: `BinaryHeap` keeps the greatest on top.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_time = other.when.total_cmp(&self.when);
        by_time.then_with(|| other.sequence.cmp(&self.sequence))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timer {}

/// Above this many timers, cancelled ones are thrown out when they are the larger part.
const SWEEP_FROM: usize = 100;

#[derive(Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Timer>,
    next_sequence: u64,
    /// How many of the queued timers are cancelled.
    cancelled: usize,
}

impl Timers {
    pub fn push(&mut self, when: f64, handle: Ref<Opaque>) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.heap.push(Timer {
            when,
            sequence,
            handle,
        });
    }

    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// A queued timer was cancelled: it stays until its time or the next sweep.
    pub fn note_cancelled(&mut self) {
        self.cancelled += 1;
    }

    /// Takes out cancelled timers that would only keep objects alive or wake the loop for
    /// nothing; the caller releases them.
    pub fn sweep(&mut self) -> Vec<Ref<Opaque>> {
        let mut gone = Vec::new();
        let count = self.heap.len();
        if count > SWEEP_FROM && self.cancelled * 2 > count {
            self.cancelled = 0;
            let (dead, alive): (Vec<_>, Vec<_>) = std::mem::take(&mut self.heap)
                .into_vec()
                .into_iter()
                .partition(Timer::is_cancelled);
            self.heap = alive.into();
            gone.extend(dead.into_iter().map(Timer::leave_queue));
            return gone;
        }
        while self.heap.peek().is_some_and(Timer::is_cancelled) {
            self.cancelled = self.cancelled.saturating_sub(1);
            gone.extend(self.heap.pop().map(Timer::leave_queue));
        }
        gone
    }

    /// When the first timer is due.
    pub fn next_due(&self) -> Option<f64> {
        self.heap.peek().map(|t| t.when)
    }

    /// The first timer, if it is due before `end`.
    pub fn pop_due(&mut self, end: f64) -> Option<Ref<Opaque>> {
        if self.heap.peek()?.when >= end {
            return None;
        }
        self.heap.pop().map(Timer::leave_queue)
    }

    /// Forgets all timers; the caller releases them.
    pub fn clear(&mut self) -> Vec<Ref<Opaque>> {
        self.cancelled = 0;
        let all = std::mem::take(&mut self.heap).into_vec();
        all.into_iter().map(Timer::leave_queue).collect()
    }

    pub fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.heap.iter().for_each(|t| visit(t.handle.as_obj()));
    }
}
