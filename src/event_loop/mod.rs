//! Futures, tasks and the event loop, with asyncio's semantics and order. Policy (`gather`,
//! timeouts, groups, locks…) is written in the language itself; here is the mechanism.
//!
//! One turn of the loop is `turn`; what a task does between two suspensions is `step`. Both
//! are driven by the dispatch loop of the VM through [`HOOKS`], which gets one action at a time
//! and so never recurses on the Rust stack.

mod abstract_loop;
mod awaited;
mod children;
pub mod context;
mod data;
pub mod deadlock;
pub mod drive;
mod executor;
mod future;
mod future_iter;
mod handle;
pub mod inspect;
mod loop_hooks;
mod loop_type;
pub mod module;
pub mod origin;
mod registry;
mod report;
mod repr;
mod schedule;
mod source;
mod step;
mod task;
mod timer;
mod turn;

pub use future::{create_future, settle_if_pending};

use crate::vm::Vm;
use crate::vm::hooks::LoopHooks;

/// What the dispatch loop calls.
pub const HOOKS: LoopHooks = LoopHooks {
    next_action: turn::next_action,
    step_finished: step::step_finished,
    call_finished: turn::call_finished,
    run_aborted: turn::run_aborted,
    step_left: step::step_left,
    finalize_future: report::finalize_future,
};

/// Gives the VM its event loop: the hooks, and the methods of `Future` and `Task`.
pub fn install(vm: &mut Vm) {
    vm.loop_hooks = HOOKS;
    future::install(vm);
    task::install(vm);
}
