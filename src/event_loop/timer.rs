//! Timers in the order in which they are due; those due at the same time in the order in which
//! they were set.

use super::handle::HandleData;
use crate::vm::heap::ObjRef;
use crate::vm::object::{Future, Opaque};
use crate::vm::ready::Ready;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

#[derive(Debug)]
struct Timer {
    when: f64,
    sequence: u64,
    /// A handle, or a future that gets None for its result: `asyncio.sleep` needs no handle.
    target: ObjRef,
}

impl Timer {
    fn is_cancelled(&self) -> bool {
        if let Some(f) = self.target.downcast::<Future>() {
            // Nobody but us knows the future of a coroutine that was closed while it slept.
            return f.is_done() || self.target.count() == 1;
        }
        let handle = self.target.downcast::<Opaque>();
        handle
            .and_then(Opaque::get::<HandleData>)
            .is_some_and(|h| h.cancelled.get())
    }

    /// What is to be done when it is due.
    fn leave_queue(self) -> Option<Ready> {
        let target = match self.target.into_ref::<Future>() {
            Ok(f) => return Some(Ready::Timer(f)),
            Err(target) => target,
        };
        let handle = target.into_ref::<Opaque>().ok()?;
        if let Some(data) = handle.get::<HandleData>() {
            data.scheduled.set(false);
        }
        Some(Ready::Handle(handle))
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
    /// Sets a timer for a handle, or for a future that it shall settle.
    pub fn push(&mut self, when: f64, target: ObjRef) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.heap.push(Timer {
            when,
            sequence,
            target,
        });
    }

    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// A queued timer was cancelled: it stays until its time or the next sweep.
    pub fn note_cancelled(&mut self) {
        self.cancelled += 1;
    }

    /// Whether the larger part of many timers is cancelled.
    pub fn wants_sweep(&self) -> bool {
        let count = self.heap.len();
        count > SWEEP_FROM && self.cancelled * 2 > count
    }

    /// Takes out cancelled timers that would only keep objects alive or wake the loop for
    /// nothing; the caller releases them.
    pub fn sweep(&mut self) -> Vec<Ready> {
        let mut gone = Vec::new();
        if self.wants_sweep() {
            self.cancelled = 0;
            let (dead, alive): (Vec<_>, Vec<_>) = std::mem::take(&mut self.heap)
                .into_vec()
                .into_iter()
                .partition(Timer::is_cancelled);
            self.heap = alive.into();
            gone.extend(dead.into_iter().filter_map(Timer::leave_queue));
            return gone;
        }
        while self.heap.peek().is_some_and(Timer::is_cancelled) {
            self.cancelled = self.cancelled.saturating_sub(1);
            gone.extend(self.heap.pop().and_then(Timer::leave_queue));
        }
        gone
    }

    /// When the first timer is due.
    pub fn next_due(&self) -> Option<f64> {
        self.heap.peek().map(|t| t.when)
    }

    /// What the first timer is for, if it is due before `end`.
    pub fn pop_due(&mut self, end: f64) -> Option<Ready> {
        if self.heap.peek()?.when >= end {
            return None;
        }
        self.heap.pop().and_then(Timer::leave_queue)
    }

    /// What the timers are for, in the order in which they are due.
    pub fn in_order(&self) -> Vec<(f64, &ObjRef)> {
        let mut all: Vec<&Timer> = self.heap.iter().filter(|t| !t.is_cancelled()).collect();
        all.sort_by(|a, b| b.cmp(a));
        all.into_iter().map(|t| (t.when, &t.target)).collect()
    }

    /// The same of the first ones.
    pub fn first(&self, most: usize) -> Vec<(f64, &ObjRef)> {
        let all = self.heap.as_slice();
        // In a heap nothing is due before what stands above it: at 2i + 1 and 2i + 2 stand those
        // below the one at i.
        let mut next: BinaryHeap<(&Timer, usize)> =
            all.first().map(|t| (t, 0)).into_iter().collect();
        let mut found = Vec::with_capacity(most.min(all.len()));
        while let Some((timer, at)) = next.pop().filter(|_| found.len() < most) {
            let below = [2 * at + 1, 2 * at + 2];
            next.extend(below.iter().filter_map(|i| Some((all.get(*i)?, *i))));
            if !timer.is_cancelled() {
                found.push((timer.when, &timer.target));
            }
        }
        found
    }

    /// Forgets all timers; the caller releases them.
    pub fn clear(&mut self) -> Vec<Ready> {
        self.cancelled = 0;
        let all = std::mem::take(&mut self.heap).into_vec();
        all.into_iter().filter_map(Timer::leave_queue).collect()
    }

    pub fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.heap.iter().for_each(|t| visit(&t.target));
    }
}
