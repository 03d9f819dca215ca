//! Exceptions that enter a chain of frames from outside: `throw()` and `close()`. See `flow.rs`.

use super::frame::raw;
use super::generator::{
    is_executing, kind_name, stop_value, suspended_at, suspended_chain, suspended_leaf,
};
use super::heap::Ref;
use super::object::{
    Class, Exception, Future, GenKind, Generator, Traceback, Tuple, would_see_exit,
};
use super::value::Value;
use super::{R, Raise, Resume, Vm};
use crate::bytecode::Op;
use std::ptr;

/// What has entered a frame of a chain, other than values (see `flow.rs`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entered {
    No,
    /// An exception that was thrown into it.
    Thrown,
    /// The GeneratorExit of `close()`.
    Closing,
}

/// What the suspended frame waits for, if that has, at most, a `throw` of its own.
fn foreign_delegate(leaf: &Ref<Generator>) -> Option<Value> {
    let i = suspended_at(leaf).filter(|i| i.op == Op::Delegate)?;
    let delegate = leaf.register(i.b as usize);
    let foreign = delegate.as_obj().is_some()
        && delegate.as_ref::<Generator>().is_none()
        && delegate.downcast::<Future>().is_none();
    foreign.then_some(delegate)
}

impl Vm {
    /// The exception of `close()`, made where that is called.
    pub(super) fn generator_exit(&mut self) -> Value {
        let exception = Exception::new(&self.exc.generator_exit.clone(), Tuple::new([])).into();
        let handled = self.topmost_handled();
        self.set_context(&exception, &handled);
        exception
    }

    /// What `throw(*args)` resumes the frame with. A delegate with a `throw` of its own gets the
    /// arguments as they are; what is no exception is refused by the innermost frame, which the
    /// others then have done with.
    pub fn thrown_by(&mut self, root: &Ref<Generator>, args: &[Value]) -> R<Resume> {
        if !self.is_delegating(root) {
            return self.thrown(args).map(Resume::Throw);
        }
        let kind = args.get(1).cloned().unwrap_or(Value::None);
        let leaf = suspended_leaf(root).or_else(|| suspended_chain(root).pop());
        if let Some(delegate) = leaf.as_ref().and_then(foreign_delegate)
            && !self.is_generator_exit_kind(&kind)
        {
            return self.thrown_to_foreign(root, delegate, kind, args);
        }
        match self.thrown(args) {
            Ok(exception) => Ok(Resume::Throw(exception)),
            Err(raise) => self.thrown_past_leaf(root, raise),
        }
    }

    /// The innermost frame passes what is thrown on to the `throw` of something that is no
    /// generator. Looking for that comes first: if it fails, the frame stays where it is.
    fn thrown_to_foreign(
        &mut self,
        root: &Ref<Generator>,
        delegate: Value,
        kind: Value,
        args: &[Value],
    ) -> R<Resume> {
        let throw = self.names.throw.clone();
        let method = match self.get_attr_opt(&delegate, &throw) {
            Ok(method) => method.unwrap_or(Value::None),
            Err(raise) => return self.thrown_past_leaf(root, raise),
        };
        let given = args[1..].iter().filter_map(Value::given).cloned();
        let message: Vec<Value> = [delegate, method].into_iter().chain(given).collect();
        self.thrown_parts.set(Tuple::value(message));
        Ok(Resume::Throw(kind))
    }

    /// An error before anything was thrown into the innermost frame: the one around it gets the
    /// error and has done with the innermost; without one, it is the error of the `throw` itself.
    fn thrown_past_leaf(&mut self, root: &Ref<Generator>, raise: Raise) -> R<Resume> {
        let mut chain = suspended_chain(root);
        chain.pop();
        let Some(parent) = chain.last() else {
            return Err(raise);
        };
        let refusal = self.take_raised(raise);
        self.detach_delegate(root, parent);
        Ok(Resume::Throw(refusal))
    }

    fn is_delegating(&self, g: &Ref<Generator>) -> bool {
        !is_executing(g) && suspended_at(g).is_some_and(|i| i.op == Op::Delegate)
    }

    /// A suspended frame of a chain does without what it delegated to.
    fn detach_delegate(&mut self, root: &Ref<Generator>, parent: &Ref<Generator>) {
        drop(root.chain.take_leaf());
        let Some(i) = suspended_at(parent) else {
            return;
        };
        let delegate = parent.register(i.b as usize);
        if let Some(leaf) = delegate.as_ref::<Generator>() {
            leaf.parent.set(ptr::null());
        }
        parent.set_register(i.b as usize, Value::Undef);
    }

    /// Raises an exception in the suspended leaf, which is the running frame now.
    pub(super) fn throw_into_leaf(&mut self, leaf: &Ref<Generator>, exception: Value) -> R<()> {
        let exit = self.is_generator_exit(&exception);
        let mut exception = exception;
        if let Some(link) = self.top_link_mut()
            && let Some(root) = link.root().filter(|r| !r.as_obj().is(leaf.as_obj()))
        {
            let thrown = exit.then(|| root.extra().exit.set(exception.clone()));
            link.entered = raw(leaf.as_obj());
            link.closing = exit;
            if thrown.is_some() {
                if leaf.kind() != GenKind::AsyncGenerator && !would_see_exit(leaf) {
                    self.end_unseen(leaf);
                    return Err(self.closed_below(leaf));
                }
                exception = self.generator_exit();
            }
        }
        if let Some(i) = suspended_at(leaf).filter(|i| i.op == Op::Delegate) {
            let delegate = leaf.register(i.b as usize);
            if let Some(inner) = delegate.as_ref::<Generator>() {
                // No part of the chain: it is finished, or runs elsewhere.
                if is_executing(inner) {
                    let what = kind_name(inner.kind());
                    return Err(self.value_error(format!("{what} already executing")));
                }
            } else if delegate.as_obj().is_some() && delegate.downcast::<Future>().is_none() {
                self.redo_delegate(Resume::Throw(exception));
                return Ok(());
            }
            return self.throw_at_delegate(exception);
        }
        Err(self.raise_thrown(exception))
    }

    /// Raises an exception where the running frame waits for its delegate, which has no `throw`.
    /// StopIteration is how a delegate ends: whoever throws it decides what its value was.
    pub(super) fn throw_at_delegate(&mut self, exception: Value) -> R<()> {
        let class = self.class_of(&exception);
        if !class.is_subclass(&self.exc.stop_iteration) {
            return Err(self.raise_thrown(exception));
        }
        // It is raised there all the same, and caught at once.
        let handled = self.handled.get();
        self.set_context(&exception, &handled);
        self.add_traceback(&exception, self.frame.index());
        self.end_delegation(stop_value(&exception));
        Ok(())
    }

    pub(super) fn is_generator_exit(&self, exception: &Value) -> bool {
        self.class_of(exception)
            .is_subclass(&self.exc.generator_exit)
    }

    /// Whether an exception had entered this frame, which is being left; then its parent is the
    /// next such frame, or none if the parent is the root.
    pub(super) fn take_entered(&mut self, g: &Ref<Generator>) -> Entered {
        let Some(link) = self.top_link_mut() else {
            return Entered::No;
        };
        if link.entered != raw(g.as_obj()) {
            return Entered::No;
        }
        let parent = g.parent.get();
        let root = link.root().map_or(ptr::null(), |r| raw(r.as_obj()));
        link.entered = if parent == root { ptr::null() } else { parent };
        if link.closing {
            Entered::Closing
        } else {
            Entered::Thrown
        }
    }

    fn is_generator_exit_kind(&self, kind: &Value) -> bool {
        let class = kind.as_ref::<Class>();
        class.is_some_and(|c| c.is_subclass(&self.exc.generator_exit))
            || self.is_generator_exit(kind)
    }

    /// The GeneratorExit that the root of the chain is to get once those below it are closed.
    pub(super) fn take_exit(&mut self) -> Option<Value> {
        let extra = self.top_link()?.root()?.rare()?;
        extra.exit.take().defined()
    }

    /// A frame of a chain has been closed and is left for its parent.
    fn closed_below(&mut self, g: &Ref<Generator>) -> Raise {
        self.take_entered(g);
        self.back_to_parent(g);
        self.exit_again()
    }

    /// GeneratorExit for the parent, which runs now, of a frame that was closed well: the root gets
    /// what was thrown, each frame between one of its own.
    pub(super) fn exit_again(&mut self) -> Raise {
        let is_last = self.top_link().is_some_and(|l| l.entered.is_null());
        if is_last && let Some(exit) = self.take_exit() {
            return self.raise_thrown(exit);
        }
        let class = self.exc.generator_exit.clone();
        self.error_with(&class, Vec::new())
    }

    /// An exception that was made, or the one that its constructor raised: that is thrown instead.
    fn made_or_error(&mut self, made: R) -> Value {
        match made {
            Ok(exception) => exception,
            Err(raise) => self.take_raised(raise),
        }
    }

    /// The exception meant by the arguments of `throw(type, value, traceback)` after the self.
    pub fn thrown(&mut self, args: &[Value]) -> R {
        let kind = args.get(1).cloned().unwrap_or(Value::None);
        let value = args
            .get(2)
            .and_then(Value::given)
            .cloned()
            .unwrap_or(Value::None);
        let tb = args.get(3).and_then(Value::given).filter(|t| !t.is_none());
        if tb.is_some_and(|tb| tb.downcast::<Traceback>().is_none()) {
            return Err(self.type_error("throw() third argument must be a traceback object"));
        }
        let is_exception_class = kind
            .as_ref::<Class>()
            .is_some_and(|c| c.is_subclass(&self.exc.base_exception));
        let exception = if is_exception_class {
            if kind
                .as_ref::<Class>()
                .is_some_and(|c| self.class_of(&value).is_subclass(c))
            {
                value
            } else if value.is_none() {
                let made = self.exception_from_raise(&kind);
                self.made_or_error(made)
            } else {
                let class_args: Vec<Value> = match value.as_ref::<Tuple>() {
                    Some(t) => t.items().to_vec(),
                    None => vec![value],
                };
                let made = match self.call(&kind, &class_args) {
                    Ok(made) => self.exception_from_raise(&made),
                    Err(raise) => Err(raise),
                };
                self.made_or_error(made)
            }
        } else if kind.downcast::<Exception>().is_some() {
            if !value.is_none() {
                return Err(self.type_error("instance exception may not have a separate value"));
            }
            kind
        } else {
            let what = self.class_of(&kind).name();
            return Err(self.type_error(format!(
                "exceptions must be classes or instances deriving from BaseException, not {what}"
            )));
        };
        if let (Some(tb), Some(e)) = (tb, exception.downcast::<Exception>()) {
            e.traceback.set(tb.clone());
        }
        Ok(exception)
    }
}
