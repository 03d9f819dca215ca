//! What the running event loop has to do: its ready queue. It stands here and not in the event
//! loop, because the VM takes the plain steps of tasks from it without asking (see `step`).

use super::heap::{self, ObjRef, Ref};
use super::object::{Future, Generator, List, Opaque, Waiter};
use super::value::Value;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// One thing to do in a turn. The common ones need no object of their own.
#[derive(Debug)]
pub enum Ready {
    /// A task's next step.
    Step(Ref<Future>),
    /// A task's next step, because the future that it awaits is done.
    Wakeup(Ref<Future>),
    /// A task's next step, which raises in the coroutine.
    Throw(Box<(Ref<Future>, Value)>),
    /// A done callback of a future.
    Done(Box<DoneCallback>),
    /// What `call_soon` and the timers were given.
    Handle(Ref<Opaque>),
    /// A future whose time has come: it gets None, unless it is done.
    Timer(Ref<Future>),
    /// A piece of `run_in_executor`'s work that goes on.
    Worker(ObjRef),
}

/// A callable that is told when a future is done.
#[derive(Debug, Clone)]
pub struct DoneCallback {
    pub func: Value,
    /// A context, or `Undef` for an empty one.
    pub context: Value,
    /// The future that is done: the callback's argument. `Undef` until then.
    pub future: Value,
    /// `Undef`, or a list whose first item is the number of futures that the callback has still to
    /// be told of. As long as others follow, one with a result is only counted: see `only_counts`.
    pub left: Value,
}

impl DoneCallback {
    /// A callback that is told of each future it waits for.
    pub fn new(func: Value, context: Value) -> DoneCallback {
        DoneCallback {
            func,
            context,
            future: Value::Undef,
            left: Value::Undef,
        }
    }

    /// Whether the callback need not be called, only `count`.
    pub fn only_counts(&self) -> bool {
        let Some(left) = self.left.downcast::<List>() else {
            return false;
        };
        let others = matches!(left.items.borrow().first(), Some(Value::Int(n)) if *n > 1);
        let done = self.future.downcast::<Future>();
        others && done.is_some_and(Future::has_result)
    }

    /// One future less is left.
    pub fn count(&self) {
        if let Some(left) = self.left.downcast::<List>()
            && let Some(Value::Int(n)) = left.items.borrow_mut().first_mut()
        {
            *n -= 1;
        }
    }
}

impl Ready {
    /// The task or the future that it is about.
    #[inline(always)]
    fn future(&self) -> Option<&Ref<Future>> {
        match self {
            Ready::Step(f) | Ready::Wakeup(f) | Ready::Timer(f) => Some(f),
            Ready::Throw(_) | Ready::Done(_) | Ready::Handle(_) | Ready::Worker(_) => None,
        }
    }

    /// What tells one who waits for a future that it is done.
    #[inline]
    pub fn tell(waiter: Waiter, done: &Ref<Future>) -> Ready {
        match waiter {
            Waiter::Task(task) => Ready::Wakeup(task),
            Waiter::Callback(mut callback) => {
                callback.future = done.clone().into();
                Ready::Done(callback)
            }
        }
    }

    pub fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        match self {
            Ready::Step(f) | Ready::Wakeup(f) | Ready::Timer(f) => visit(f.as_obj()),
            Ready::Throw(both) => {
                visit(both.0.as_obj());
                both.1.as_obj().into_iter().for_each(visit);
            }
            Ready::Done(done) => [&done.func, &done.context, &done.future, &done.left]
                .into_iter()
                .filter_map(|v| v.as_obj())
                .for_each(visit),
            Ready::Handle(handle) => visit(handle.as_obj()),
            Ready::Worker(worker) => visit(worker),
        }
    }
}

/// See `fetch_ahead`: so many tasks, half a kilobyte each, are more than a core's own cache holds.
const MANY: usize = 2000;

/// Steps of many tasks wait mostly for memory, and here it is known whose turn comes after the
/// first: lets the processor fetch their futures, then their coroutines, then the innermost frames.
#[inline(always)]
fn fetch_ahead(entries: &VecDeque<Ready>) {
    if entries.len() < MANY {
        return;
    }
    // Behind the end of the ring the first ones are not looked for.
    let (front, _) = entries.as_slices();
    let [_, first, second, third, ..] = front else {
        return;
    };
    if let Some(third) = third.future() {
        heap::fetch(third.as_obj().header());
    }
    if let Some(second) = second.future() {
        second.fetch_next();
    }
    if let Some(part) = first.future().and_then(|f| f.part()) {
        part.coro.visit(&mut |coro| {
            if let Some(root) = coro.downcast::<Generator>() {
                heap::fetch(root.chain.leaf());
            }
        });
    }
}

/// The ready queue of an event loop, and what the VM must know to take steps from it.
#[derive(Debug)]
pub struct Queue {
    /// First in, first out.
    entries: RefCell<VecDeque<Ready>>,
    /// How many of the entries belong to the turn that is going on.
    pub left: Cell<usize>,
    /// A turn has been made since the loop was started: only then it looks at `stopping`.
    pub turned: Cell<bool>,
    pub stopping: Cell<bool>,
    /// When the first timer is due; infinity if there is none.
    pub due: Cell<f64>,
    /// Nobody has to be asked before a plain step of a task: the loop runs, not in debug mode, and
    /// its class does not override `call_soon`.
    pub direct: Cell<bool>,
}

/// Timers that are due within this time are due now.
pub const CLOCK_RESOLUTION: f64 = 1e-9;

impl Default for Queue {
    fn default() -> Queue {
        Queue {
            entries: RefCell::default(),
            left: Cell::new(0),
            turned: Cell::new(false),
            stopping: Cell::new(false),
            due: Cell::new(f64::INFINITY),
            direct: Cell::new(false),
        }
    }
}

impl Queue {
    #[inline]
    pub fn push(&self, what: Ready) {
        self.entries.borrow_mut().push_back(what);
    }

    #[inline]
    pub fn pop(&self) -> Option<Ready> {
        let mut entries = self.entries.borrow_mut();
        fetch_ahead(&entries);
        entries.pop_front()
    }

    /// Takes out the entry at a place, from the front.
    pub fn take_at(&self, place: usize) -> Option<Ready> {
        self.entries.borrow_mut().remove(place)
    }

    pub fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Something of each entry, in order.
    pub fn map<T>(&self, f: impl FnMut(&Ready) -> T) -> Vec<T> {
        self.entries.borrow().iter().map(f).collect()
    }

    /// Something of the last entry.
    pub fn last<T>(&self, f: impl FnOnce(&Ready) -> T) -> Option<T> {
        self.entries.borrow().back().map(f)
    }

    /// Something of each of the first entries, in order.
    pub fn map_first<T>(&self, most: usize, f: impl FnMut(&Ready) -> T) -> Vec<T> {
        self.entries.borrow().iter().take(most).map(f).collect()
    }

    /// Takes everything out; the caller releases it.
    pub fn take(&self) -> VecDeque<Ready> {
        self.left.set(0);
        self.entries.take()
    }

    /// The next entry of the turn that is going on, if it is one that the caller wants. A new turn
    /// begins if nothing but that is to be done for it.
    #[inline]
    pub fn pop_if(
        &self,
        wanted: impl FnOnce(&Ready) -> bool,
        now: impl FnOnce() -> f64,
    ) -> Option<Ready> {
        let mut entries = self.entries.borrow_mut();
        let mut left = self.left.get();
        if left == 0 {
            let due = self.due.get();
            if self.stopping.get() || (due < f64::INFINITY && due < now() + CLOCK_RESOLUTION) {
                return None;
            }
            left = entries.len();
        }
        if !wanted(entries.front()?) {
            return None;
        }
        self.turned.set(true);
        self.left.set(left - 1);
        fetch_ahead(&entries);
        entries.pop_front()
    }

    /// Finishes a pending future of the loop whose queue this is: everybody who waits for it is
    /// told in the next turn, in order.
    #[inline]
    pub fn finish(&self, f: &Ref<Future>, result: Value) {
        if let Some(waiter) = f.take_only_waiter() {
            f.set_result(result);
            return self.push(Ready::tell(waiter, f));
        }
        let waiters = f.take_waiters();
        f.set_result(result);
        for waiter in waiters {
            self.push(Ready::tell(waiter, f));
        }
    }

    pub fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        if let Ok(entries) = self.entries.try_borrow() {
            entries.iter().for_each(|r| r.trace(visit));
        }
    }
}
