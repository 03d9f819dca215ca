//! Modules written in Rust.

pub(super) mod atexit;
mod binary;
mod bisect;
mod clocks;
mod collections;
mod functools;
mod gc;
mod getters;
mod hashes;
mod heapq;
pub(super) mod io;
mod itertools;
mod locks;
mod math;
mod operator;
mod os;
mod queues;
mod random;
mod shortcuts;
mod signal;
mod strptime;
mod structseq;
pub(super) mod sys;
mod time;
mod types;
mod unicodedata;
mod waiters;
mod weakref;

pub use collections::deque_items;

use crate::event_loop;
use crate::vm::native::ModuleDef;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// All of them.
pub(super) static MODULES: &[&ModuleDef] = &[
    &event_loop::module::MODULE,
    &event_loop::context::MODULE,
    &atexit::MODULE,
    &binary::MODULE,
    &bisect::MODULE,
    &collections::MODULE,
    &functools::MODULE,
    &gc::MODULE,
    &hashes::MODULE,
    &heapq::MODULE,
    &io::MODULE,
    &itertools::MODULE,
    &math::MODULE,
    &operator::MODULE,
    &os::MODULE,
    &random::MODULE,
    &signal::MODULE,
    &strptime::MODULE,
    &sys::MODULE,
    &time::MODULE,
    &types::MODULE,
    &unicodedata::MODULE,
    &waiters::MODULE,
    &weakref::MODULE,
];

/// Imports a module of the library from Rust.
fn import(vm: &mut Vm, name: &str) -> R {
    let hook = vm.import_hook;
    let globals = vm.builtins.clone();
    let all = crate::vm::object::Tuple::value([Value::str("*")]);
    hook(vm, name, &globals, &all, 0)
}
