//! Who holds what. A lock is noted when it is taken, beside the object, since its attributes are
//! the program's to see; who holds a semaphore shows in the frames of suspended `async with`
//! blocks.

use super::waits::{Place, Stuck};
use crate::bytecode::Op;
use crate::vm::Vm;
use crate::vm::heap::{Ref, WeakPointer};
use crate::vm::names::AddressMap;
use crate::vm::object::{BoundMethod, CodeObject, Future, Generator, NativeFunction};
use crate::vm::value::Value;
use std::collections::HashMap;

/// Above this many locks, those that are gone are forgotten from time to time.
const SWEEP_FROM: usize = 64;

/// What tells tasks apart: `Future::age`.
pub(super) type Age = (u64, u64);

/// The last taker of each lock, by the lock's address.
#[derive(Default)]
struct Takers {
    by_lock: AddressMap<Taker>,
    sweep_at: usize,
}

struct Taker {
    lock: WeakPointer,
    /// The task by its age; tasks are not kept alive.
    task: Age,
    /// The innermost frame of the program, and where it stood.
    code: Option<(Ref<CodeObject>, usize)>,
}

/// The current task has the lock now.
pub fn note_taken(vm: &mut Vm, lock: &Value) {
    let Some(lock) = lock.as_obj() else {
        return;
    };
    let task = vm.current.task.get();
    let task = task.as_ref::<Future>().map_or((0, 0), |t| t.age());
    let code = vm.program_place();
    let takers = vm.state::<Takers>();
    match takers.by_lock.get_mut(&lock.address()) {
        Some(taker) if taker.lock.upgrade().is_some_and(|l| l.is(lock)) => {
            taker.task = task;
            taker.code = code;
        }
        _ => {
            let address = lock.address();
            let lock = WeakPointer::new(lock);
            takers.add(address, Taker { lock, task, code });
        }
    }
}

impl Takers {
    fn add(&mut self, address: usize, taker: Taker) {
        if self.by_lock.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.by_lock.retain(|_, t| t.lock.upgrade().is_some());
            self.sweep_at = self.by_lock.len() * 2;
        }
        self.by_lock.insert(address, taker);
    }
}

/// Who has a lock or a place of a semaphore.
pub(super) struct Holder {
    /// `None`: a task that has ended.
    pub task: Option<Ref<Future>>,
    pub place: Option<Place>,
}

/// Who has a lock, if anybody is known to have taken it; `by_age` finds pending tasks.
pub(super) fn of_lock(
    vm: &mut Vm,
    lock: &Value,
    by_age: &HashMap<Age, Ref<Future>>,
) -> Option<Holder> {
    let lock = lock.as_obj()?;
    let taker = vm.state::<Takers>().by_lock.get(&lock.address())?;
    taker.lock.upgrade().filter(|l| l.is(lock))?;
    Some(Holder {
        task: by_age.get(&taker.task).cloned(),
        place: taker.code.as_ref().map(|(code, pc)| Place::new(code, *pc)),
    })
}

/// Who is inside of an `async with` block of an object, in the order of the tasks.
pub(super) fn in_blocks_of(object: &Value, stuck: &[Stuck]) -> Vec<Holder> {
    let mut found = Vec::new();
    for s in stuck {
        for frame in &s.frames {
            let inside = blocks(frame)
                .into_iter()
                .find(|(manager, _)| manager.is(object));
            if let Some((_, pc)) = inside {
                found.push(Holder {
                    task: Some(s.task.clone()),
                    place: Some(Place::new(&frame.code, pc)),
                });
            }
        }
    }
    found
}

/// The `with` blocks that a suspended frame is in: the context manager, and where it was entered.
fn blocks(frame: &Ref<Generator>) -> Vec<(Value, usize)> {
    let code = &frame.code.code;
    let at = frame.pc.get().saturating_sub(1);
    if code.source.is_library() {
        return Vec::new();
    }
    let around = code
        .exceptions
        .iter()
        .filter(|e| (e.start..e.end).contains(&at));
    let mut found = Vec::new();
    for entry in around {
        // The handler of a block begins by giving the exception to the exit function.
        let handler = code.instrs.get(entry.target as usize..).unwrap_or_default();
        let Some(exit) = handler.iter().take(2).find(|i| i.op == Op::ExitWith) else {
            continue;
        };
        let manager = manager(frame, exit.b as usize);
        let before = code.instrs.get(..entry.start as usize).unwrap_or_default();
        let enter = before
            .iter()
            .rposition(|i| matches!(i.op, Op::EnterWith | Op::EnterAsyncWith) && i.a == exit.b);
        found.extend(enter.map(|pc| (manager, pc)));
    }
    found
}

/// The object whose exit function stands in a window, bound or beside it.
fn manager(frame: &Ref<Generator>, window: usize) -> Value {
    let (exit, this) = (frame.register(window), frame.register(window + 1));
    if let Some(method) = exit.as_ref::<BoundMethod>() {
        return method.this.clone();
    }
    match exit.as_ref::<NativeFunction>() {
        Some(method) if !method.this.is_undef() => method.this.clone(),
        _ => this,
    }
}
