//! The contract of suspended frames; read this first.
//!
//! What can be done *to* a suspended frame is a [`Resume`]: send a value (`next` sends `None`),
//! throw an exception, close. What it can do *back* is an [`Outcome`]: yield a value and be
//! suspended again, return, or raise. Generators, coroutines, async generators and task steps go
//! through this one door; they differ in data (`GenKind`, `Deliver`), not in code.
//!
//! # Chains
//! A frame that delegates (`yield from`, `await`) to another one is its *parent*. The frame that
//! was resumed from outside is the chain's *root*, the one that runs is its *leaf*. The control
//! stack has one activation for the whole chain, so depth costs nothing:
//!
//! * resuming goes straight from root to leaf: `root.leaf` (counted) is set whenever the chain is
//!   suspended and taken whenever it is resumed. It is trusted only if the leaf says `leaf.root ==
//!   root` and is suspended: somebody may have resumed an inner frame on its own in between. Else
//!   the chain is walked down from the root (`find_leaf`);
//! * suspending pops the one activation, whatever the depth;
//! * a return goes to the parent inside the same activation;
//! * an exception unwinds from the leaf through the parents, then out of the activation.
//!
//! Only root and leaf are marked `Running`. A frame between them is executing if the root above
//! it is: `is_executing` climbs the parents.
//!
//! # Throwing and closing
//! An exception is raised in the leaf at once; `Link::entered` remembers the frame whose parent is,
//! in Python's eyes, inside `delegate.throw()`. When an exception comes out of that frame it enters
//! the parent in the same way: what the parent handles becomes its context, whatever context it had.
//! (An exception that comes out of a frame that was resumed with a value just passes.)
//!
//! `close()` (and throwing GeneratorExit) must close a delegate before its parent sees the
//! GeneratorExit; `Link::closing` says that this is what goes on. If the frame returns or lets the
//! GeneratorExit (or StopIteration) out, its parent gets a GeneratorExit of its own, the root the one
//! that was thrown (`GenExtra::exit`), and is the next to be closed; if it yields, its parent gets RuntimeError("generator ignored GeneratorExit").

use super::value::Value;
pub use super::{Resume, call::Resumed};

/// What a frame did when it was resumed.
#[derive(Debug)]
pub enum Outcome {
    Yielded(Value),
    /// An async generator's own `yield`, as opposed to what something it awaits yields.
    AsyncYielded(Value),
    Returned(Value),
    /// The exception is on its way in the VM.
    Raised,
}
