//! Futures and tasks: what they hold. Their protocol is in `event_loop`; the VM itself knows what
//! awaiting one does, and how the steps of tasks follow each other (see `vm/step.rs`).
//!
//! Programs have them by the hundred thousand, so they are small: what is never there at the same
//! time shares a place, and what few of them have stands in a box of its own.

use super::{Class, Trace};
use crate::vm::heap::{self, ObjRef, ObjSlot, Ref, Slot};
use crate::vm::ready::DoneCallback;
use crate::vm::value::Value;
use std::cell::{Cell, OnceCell};
use std::mem::ManuallyDrop;

/// `Pending → Finished` (with a result or an exception) or `Pending → Cancelled`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FutureState {
    Pending,
    Cancelled,
    Finished,
}

/// What a future is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Plain,
    /// A timer of its loop settles it.
    Timer,
    /// Its tail is a [`TaskPart`].
    Task,
}

/// One who is told when a future is done.
#[derive(Debug, Clone)]
pub enum Waiter {
    /// A task that awaits it (CPython's `task.__wakeup` callback).
    Task(Ref<Future>),
    /// A done callback.
    Callback(Box<DoneCallback>),
}

/// Those who wait while a future is pending, in the order of registration; its result after.
#[derive(Default)]
enum Content {
    #[default]
    Nobody,
    Task(Ref<Future>),
    Callback(Box<DoneCallback>),
    #[allow(clippy::box_collection, reason = "the others have one word each")]
    Many(Box<Vec<Waiter>>),
    Result(Value),
}

const MANY_REQUESTS: u8 = u8::MAX;
const GREAT_MARK: u32 = u32::MAX;

/// Places in `bits`. The lowest two are the role.
const ROLES: u8 = 0b11;
const BLOCKING: u8 = 1 << 2;
const LOG_TRACEBACK: u8 = 1 << 3;
const MUST_CANCEL: u8 = 1 << 4;
const LOG_DESTROY_PENDING: u8 = 1 << 5;

/// One of the truths about a future.
#[derive(Clone, Copy)]
pub struct Flag<'a> {
    bits: &'a Cell<u8>,
    bit: u8,
}

impl Flag<'_> {
    #[inline(always)]
    pub fn get(self) -> bool {
        self.bits.get() & self.bit != 0
    }

    #[inline(always)]
    pub fn set(self, on: bool) {
        let bits = self.bits.get();
        self.bits.set(if on {
            bits | self.bit
        } else {
            bits & !self.bit
        });
    }

    #[inline(always)]
    pub fn replace(self, on: bool) -> bool {
        let old = self.get();
        self.set(on);
        old
    }
}

impl Content {
    /// The tag and the word that stand for it. The word owns what the content owned.
    #[inline(always)]
    fn pack(self) -> (u8, u64) {
        match self {
            Content::Nobody => (0, 0),
            Content::Task(task) => (1, pack(task.into_obj().into_raw())),
            Content::Callback(callback) => (2, pack(Box::into_raw(callback))),
            Content::Many(many) => (3, pack(Box::into_raw(many))),
            Content::Result(Value::Undef) => (4, 0),
            Content::Result(Value::None) => (5, 0),
            Content::Result(Value::False) => (6, 0),
            Content::Result(Value::True) => (7, 0),
            Content::Result(Value::Int(n)) => (8, n as u64),
            Content::Result(Value::Float(f)) => (9, f.get().to_bits()),
            Content::Result(Value::Obj(obj)) => (10, pack(obj.into_raw())),
        }
    }

    /// # Safety
    /// They came from `pack`, and are not used again.
    #[inline(always)]
    unsafe fn unpack(tag: u8, word: u64) -> Content {
        // SAFETY: promised by the caller: the tag tells what the word was made of.
        unsafe {
            match tag {
                0 => Content::Nobody,
                1 => match ObjRef::from_raw(unpack(word)).into_ref() {
                    Ok(task) => Content::Task(task),
                    Err(_) => Content::Nobody,
                },
                2 => Content::Callback(Box::from_raw(unpack(word))),
                3 => Content::Many(Box::from_raw(unpack(word))),
                4 => Content::Result(Value::Undef),
                5 => Content::Result(Value::None),
                6 => Content::Result(Value::False),
                7 => Content::Result(Value::True),
                8 => Content::Result(Value::Int(word as i64)),
                9 => Content::Result(Value::float(f64::from_bits(word))),
                _ => Content::Result(Value::Obj(ObjRef::from_raw(unpack(word)))),
            }
        }
    }
}

fn pack<T>(at: *const T) -> u64 {
    at.expose_provenance() as u64
}

fn unpack<T>(word: u64) -> *mut T {
    std::ptr::with_exposed_provenance_mut(word as usize)
}

pub struct Future {
    /// The loop object, or `Undef` if `__init__` was not called.
    pub event_loop: ObjSlot,
    extra: OnceCell<Box<FutureExtra>>,
    /// The content is the word and its tag.
    word: Cell<u64>,
    tag: Cell<u8>,
    pub state: Cell<FutureState>,
    bits: Cell<u8>,
    /// Cancel requests that are pending, of a task; `MANY_REQUESTS` if the box knows how many.
    requests: Cell<u8>,
    /// Of a task: one more than the number of its default name `Task-N`, or of the last task that
    /// has one if it was made with a name; 0 before `__init__`; `GREAT_MARK` if the box knows it.
    mark: Cell<u32>,
}

const _: () = assert!(size_of::<Future>() == 32, "programs have a million of them");

/// What few futures have: mostly those that were cancelled or have failed.
#[derive(Default)]
pub struct FutureExtra {
    /// The exception, once finished with one; for a cancelled future the CancelledError to raise.
    pub exception: ObjSlot,
    /// The traceback that the exception had when it was set.
    pub traceback: ObjSlot,
    pub cancel_message: Slot,
    /// The code that asked for cancellation, and the instruction in it.
    pub cancelled_in: ObjSlot,
    pub cancelled_at: Cell<u32>,
    requests: Cell<u32>,
    own: OnceCell<Box<FutureOwn>>,
}

const _: () = assert!(
    size_of::<FutureExtra>() == 56,
    "programs cancel tasks by the million"
);

/// What fewer still have: what a program has given to one of them.
#[derive(Default)]
pub struct FutureOwn {
    /// The class, if it is no built-in one.
    class: ObjSlot,
    /// Attributes set by programs and subclasses.
    pub dict: Slot,
    /// A task's name, a str, if it is not the default one.
    pub name: ObjSlot,
    /// In debug mode: where it was made.
    pub origin: ObjSlot,
    /// A list of futures that wait for it in ways that only the program knows.
    pub awaited_by: ObjSlot,
    /// Counts tasks made with a name, from 1.
    pub order: Cell<u64>,
    mark: Cell<u64>,
    /// Taken out of `all_tasks` by hand.
    pub unregistered: Cell<bool>,
}

/// What a task has beyond a future: it stands behind it.
pub struct TaskPart {
    /// The coroutine; `Undef` when finished and released.
    pub coro: ObjSlot,
    /// `Undef` for an empty one.
    pub context: ObjSlot,
    /// What it awaits (`_fut_waiter`), or `Undef`.
    pub waiting_for: ObjSlot,
}

impl Future {
    /// A pending future of the class.
    pub fn new(class: &Ref<Class>, event_loop: Value, role: Role) -> Ref<Future> {
        let future = Ref::with_bytes(Future {
            event_loop: ObjSlot::new(event_loop),
            extra: OnceCell::new(),
            word: Cell::new(0),
            tag: Cell::new(0),
            state: Cell::new(FutureState::Pending),
            bits: Cell::new(role as u8 | LOG_DESTROY_PENDING),
            requests: Cell::new(0),
            mark: Cell::new(0),
        });
        if role == Role::Task {
            let part = TaskPart {
                coro: ObjSlot::default(),
                context: ObjSlot::default(),
                waiting_for: ObjSlot::default(),
            };
            // SAFETY: there is room for it behind a task, and nothing is there yet.
            unsafe { future.tail_ptr().cast::<TaskPart>().write(part) };
        }
        if class.flags().heap {
            future.set_class(class.clone());
        }
        future
    }

    pub(super) fn tail(&self) -> usize {
        0
    }

    pub(super) fn part_bytes(&self) -> usize {
        if self.is_task() {
            size_of::<TaskPart>()
        } else {
            0
        }
    }

    /// Releases the part of a task.
    ///
    /// # Safety
    /// `room` is what stands behind this future, which dies.
    pub(super) unsafe fn drop_part(&self, room: *mut u8) {
        if self.is_task() {
            // SAFETY: a task has it, since it was made.
            unsafe { std::ptr::drop_in_place(room.cast::<TaskPart>()) };
        }
    }

    // Its class

    /// The class, unless it is the built-in one.
    pub fn own_class(&self) -> Option<Ref<Class>> {
        self.own()?.class.get().as_ref::<Class>().cloned()
    }

    /// Whether its class is the built-in one, Future or Task.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        self.own().is_none_or(|own| own.class.is_undef())
    }

    /// Whether its class is this one, which is `plain` if it is no class of the program's.
    pub fn is_of(&self, class: &ObjRef, plain: &Ref<Class>) -> bool {
        match self.own().filter(|own| !own.class.is_undef()) {
            Some(own) => own.class.holds(class),
            None => plain.as_obj().is(class),
        }
    }

    pub fn set_class(&self, class: Ref<Class>) {
        self.own_or_new().class.set(class.into());
    }

    // Truths

    #[inline(always)]
    fn flag(&self, bit: u8) -> Flag<'_> {
        Flag {
            bits: &self.bits,
            bit,
        }
    }

    /// `_asyncio_future_blocking`.
    #[inline(always)]
    pub fn blocking(&self) -> Flag<'_> {
        self.flag(BLOCKING)
    }

    /// The exception was set and nobody has looked at it.
    #[inline(always)]
    pub fn log_traceback(&self) -> Flag<'_> {
        self.flag(LOG_TRACEBACK)
    }

    /// Of a task: its next step raises CancelledError.
    #[inline(always)]
    pub fn must_cancel(&self) -> Flag<'_> {
        self.flag(MUST_CANCEL)
    }

    /// Of a task: it is reported if it dies pending.
    #[inline(always)]
    pub fn log_destroy_pending(&self) -> Flag<'_> {
        self.flag(LOG_DESTROY_PENDING)
    }

    #[inline(always)]
    pub fn is_done(&self) -> bool {
        self.state.get() != FutureState::Pending
    }

    #[inline(always)]
    pub fn is_task(&self) -> bool {
        self.bits.get() & ROLES == Role::Task as u8
    }

    /// Whether a timer of its loop settles it.
    pub fn has_timer(&self) -> bool {
        self.bits.get() & ROLES == Role::Timer as u8
    }

    // Tasks

    /// The task has its coroutine, and a default name of that number; for a task that was made
    /// with a name, the last number that was given.
    pub fn begin(&self, number: u64) {
        match u32::try_from(number + 1) {
            Ok(mark) if mark < GREAT_MARK => self.mark.set(mark),
            _ => {
                self.own_or_new().mark.set(number + 1);
                self.mark.set(GREAT_MARK);
            }
        }
    }

    /// Whether `begin` was called.
    pub fn begun(&self) -> bool {
        self.mark.get() > 0
    }

    fn mark(&self) -> u64 {
        match self.mark.get() {
            GREAT_MARK => self.own().map_or(0, |own| own.mark.get()),
            mark => u64::from(mark),
        }
    }

    /// The number of the default name.
    pub fn number(&self) -> u64 {
        self.mark().saturating_sub(1)
    }

    /// Sorts tasks in the order in which they were made.
    pub fn age(&self) -> (u64, u64) {
        (self.mark(), self.own().map_or(0, |own| own.order.get()))
    }

    /// How many cancel requests are pending.
    pub fn cancel_requests(&self) -> u32 {
        match self.requests.get() {
            MANY_REQUESTS => self.rare().map_or(0, |e| e.requests.get()),
            few => few.into(),
        }
    }

    pub fn set_cancel_requests(&self, count: u32) {
        match u8::try_from(count) {
            Ok(few) if few < MANY_REQUESTS => self.requests.set(few),
            _ => {
                self.extra().requests.set(count);
                self.requests.set(MANY_REQUESTS);
            }
        }
    }

    // Who waits

    #[inline(always)]
    fn take_content(&self) -> Content {
        // SAFETY: tag and word belong together, and are overwritten.
        unsafe { Content::unpack(self.tag.replace(0), self.word.get()) }
    }

    /// Looks at the content. `f` must not change it.
    #[inline(always)]
    fn with_content<T>(&self, f: impl FnOnce(&Content) -> T) -> T {
        // SAFETY: tag and word belong together; they keep what is only lent here.
        let content = unsafe { Content::unpack(self.tag.get(), self.word.get()) };
        f(&ManuallyDrop::new(content))
    }

    /// Puts another content in; the old one is released after.
    #[inline(always)]
    fn set_content(&self, content: Content) {
        let old = self.take_content();
        let (tag, word) = content.pack();
        self.word.set(word);
        self.tag.set(tag);
        drop(old);
    }

    /// Adds one who waits; the future must be pending.
    #[inline]
    pub fn add_waiter(&self, waiter: Waiter) {
        let content = match (self.take_content(), waiter) {
            (Content::Nobody, Waiter::Task(task)) => Content::Task(task),
            (Content::Nobody, Waiter::Callback(callback)) => Content::Callback(callback),
            (content, waiter) => {
                let mut many = content.into_waiters();
                many.push(waiter);
                Content::Many(Box::new(many))
            }
        };
        self.set_content(content);
    }

    /// Takes all who wait out.
    pub fn take_waiters(&self) -> Vec<Waiter> {
        if self.is_done() {
            return Vec::new();
        }
        self.take_content().into_waiters()
    }

    /// Takes out the one who waits, if nobody else does.
    #[inline(always)]
    pub fn take_only_waiter(&self) -> Option<Waiter> {
        match self.take_content() {
            Content::Task(task) => Some(Waiter::Task(task)),
            Content::Callback(callback) => Some(Waiter::Callback(callback)),
            other => {
                self.set_content(other);
                None
            }
        }
    }

    /// Those who wait, as a copy.
    pub fn waiters(&self) -> Vec<Waiter> {
        self.with_content(|content| match content {
            Content::Nobody | Content::Result(_) => Vec::new(),
            Content::Task(task) => vec![Waiter::Task(task.clone())],
            Content::Callback(callback) => vec![Waiter::Callback(callback.clone())],
            Content::Many(many) => (**many).clone(),
        })
    }

    /// Replaces all who wait.
    pub fn set_waiters(&self, waiters: Vec<Waiter>) {
        let content = match waiters.is_empty() {
            true => Content::Nobody,
            false => Content::Many(Box::new(waiters)),
        };
        self.set_content(content);
    }

    // What became of it

    /// The result, once finished without exception; else `Undef`.
    #[inline]
    pub fn result(&self) -> Value {
        self.with_content(|content| match content {
            Content::Result(value) => value.clone(),
            _ => Value::Undef,
        })
    }

    /// Finishes a pending future. Those who wait must have been taken out.
    #[inline]
    pub fn set_result(&self, result: Value) {
        self.state.set(FutureState::Finished);
        self.set_content(Content::Result(result));
    }

    /// Finished, and not with an exception.
    pub fn has_result(&self) -> bool {
        self.state.get() == FutureState::Finished
            && self.rare().is_none_or(|e| e.exception.is_undef())
    }

    pub fn exception(&self) -> Value {
        self.rare().map_or(Value::Undef, |e| e.exception.get())
    }

    pub fn cancel_message(&self) -> Value {
        self.rare().map_or(Value::Undef, |e| e.cancel_message.get())
    }

    /// `None`, which is the commonest message, is not kept.
    pub fn set_cancel_message(&self, message: Value) {
        match message {
            Value::Undef | Value::None => {
                if let Some(extra) = self.rare() {
                    extra.cancel_message.take();
                }
            }
            message => self.extra().cancel_message.set(message),
        }
    }

    /// Back to pending, nobody waiting.
    pub fn reset(&self) {
        self.state.set(FutureState::Pending);
        self.blocking().set(false);
        self.log_traceback().set(false);
        drop(self.take_content());
        if let Some(e) = self.rare() {
            drop((e.exception.take(), e.traceback.take()));
            drop(e.cancel_message.take());
        }
    }

    /// Lets go of everything: it is part of a cycle that nobody can reach.
    pub(in crate::vm) fn clear(&self) {
        self.event_loop.take();
        drop(self.take_content());
        if let Some(e) = self.rare() {
            e.slots().for_each(|slot| drop(slot.take()));
            e.values().for_each(|slot| drop(slot.take()));
        }
    }

    /// What few futures have, if it is there.
    #[inline(always)]
    pub fn rare(&self) -> Option<&FutureExtra> {
        self.extra.get().map(|e| &**e)
    }

    /// What few futures have.
    pub fn extra(&self) -> &FutureExtra {
        self.extra.get_or_init(Box::default)
    }

    /// What a program has given to it, if there is something.
    #[inline(always)]
    pub fn own(&self) -> Option<&FutureOwn> {
        self.rare()?.own.get().map(|own| &**own)
    }

    /// What a program has given to it.
    pub fn own_or_new(&self) -> &FutureOwn {
        self.extra().own.get_or_init(Box::default)
    }
}

impl FutureExtra {
    fn slots(&self) -> impl Iterator<Item = &ObjSlot> {
        let own = self.own.get().map(|own| own.slots());
        [&self.cancelled_in, &self.exception, &self.traceback]
            .into_iter()
            .chain(own.into_iter().flatten())
    }

    fn values(&self) -> impl Iterator<Item = &Slot> {
        let dict = self.own.get().map(|own| &own.dict);
        std::iter::once(&self.cancel_message).chain(dict)
    }
}

impl FutureOwn {
    fn slots(&self) -> [&ObjSlot; 4] {
        [&self.class, &self.name, &self.origin, &self.awaited_by]
    }
}

impl Content {
    fn into_waiters(self) -> Vec<Waiter> {
        match self {
            Content::Nobody | Content::Result(_) => Vec::new(),
            Content::Task(task) => vec![Waiter::Task(task)],
            Content::Callback(callback) => vec![Waiter::Callback(callback)],
            Content::Many(many) => *many,
        }
    }
}

impl Ref<Future> {
    /// Asks the processor for what a step of the task will look at first, or for the one who waits
    /// for a future.
    #[inline(always)]
    pub fn fetch_next(&self) {
        match self.part() {
            Some(part) => heap::fetch(part.coro.header()),
            None if self.is_done() => {}
            // The one who waits, or nothing, or the list of those who do.
            None => heap::fetch(std::ptr::without_provenance(self.word.get() as usize)),
        }
    }

    /// The part of a task.
    #[inline(always)]
    pub fn part(&self) -> Option<&TaskPart> {
        if self.is_task() {
            // SAFETY: it was written when the task was made.
            Some(unsafe { &*self.tail_ptr().cast::<TaskPart>() })
        } else {
            None
        }
    }
}

/// A future whose exception nobody looked at, or a pending task.
pub(super) fn needs_finalizer(f: &Future) -> bool {
    let pending_task = f.is_task()
        && f.state.get() == FutureState::Pending
        && f.log_destroy_pending().get()
        && f.begun();
    f.log_traceback().get() || pending_task
}

impl Trace for Ref<Future> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.event_loop.visit(visit);
        self.with_content(|content| match content {
            Content::Nobody => {}
            Content::Task(task) => visit(task.as_obj()),
            Content::Callback(callback) => visit_callback(callback, visit),
            Content::Many(many) => many.iter().for_each(|waiter| match waiter {
                Waiter::Task(task) => visit(task.as_obj()),
                Waiter::Callback(callback) => visit_callback(callback, visit),
            }),
            Content::Result(value) => value.as_obj().into_iter().for_each(&mut *visit),
        });
        if let Some(e) = self.rare() {
            e.slots().for_each(|slot| slot.visit(visit));
            e.values().for_each(|slot| slot.visit(visit));
        }
        if let Some(part) = self.part() {
            for slot in [&part.coro, &part.context, &part.waiting_for] {
                slot.visit(visit);
            }
        }
    }
}

impl Drop for Future {
    fn drop(&mut self) {
        drop(self.take_content());
    }
}

fn visit_callback(callback: &DoneCallback, visit: &mut dyn FnMut(&ObjRef)) {
    let parts = [
        &callback.func,
        &callback.context,
        &callback.future,
        &callback.left,
    ];
    for value in parts {
        value.as_obj().into_iter().for_each(&mut *visit);
    }
}
