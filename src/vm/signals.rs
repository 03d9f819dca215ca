//! Signals of the operating system, delivered between two instructions or in the midst of a wait,
//! as Python delivers them. How they come into the process is the host's affair.

use super::value::Value;
use super::{R, Vm};
use std::cell::RefCell;
use std::sync::atomic::Ordering;

/// The number of Ctrl-C's signal.
pub const SIGINT: i32 = 2;

/// What a program wants to happen when a signal comes.
#[derive(Clone)]
pub enum Action {
    /// What the system does: for most signals that ends the process. For Ctrl-C:
    /// KeyboardInterrupt, or what `Current::interrupt_handler` does instead.
    Default,
    Ignore,
    /// Called with the number and None for the frame.
    Call(Value),
    /// The system's own default, also for Ctrl-C.
    System,
}

/// The actions that a program has set.
#[derive(Default)]
pub struct SignalActions(RefCell<Vec<(i32, Action)>>);

impl SignalActions {
    pub fn get(&self, number: i32) -> Action {
        let actions = self.0.borrow();
        let found = actions.iter().find(|(n, _)| *n == number);
        found.map_or(Action::Default, |(_, action)| action.clone())
    }

    pub fn set(&self, number: i32, action: Action) {
        let mut actions = self.0.borrow_mut();
        let old: Vec<_> = actions.extract_if(.., |(n, _)| *n == number).collect();
        actions.push((number, action));
        drop(actions);
        drop(old);
    }

    /// Whether a signal may still make something happen in the program.
    pub fn any_call(&self) -> bool {
        let actions = self.0.borrow();
        actions.iter().any(|(_, a)| matches!(a, Action::Call(_)))
    }
}

impl Vm {
    /// Acts upon the signals that have come; whether there were any.
    pub fn handle_signals(&mut self) -> R<bool> {
        let mut any = self.host.interrupted.swap(false, Ordering::Relaxed);
        if any {
            self.handle_signal(SIGINT)?;
        }
        while let Some(number) = self.host.signals.take() {
            any = true;
            self.handle_signal(number)?;
        }
        Ok(any)
    }

    /// Acts upon one signal.
    pub fn handle_signal(&mut self, number: i32) -> R<()> {
        match self.current.signals.get(number) {
            Action::Ignore => Ok(()),
            Action::Call(handler) => {
                let args = [Value::Int(number.into()), Value::None];
                self.call(&handler, &args).map(drop)
            }
            Action::Default if number == SIGINT => self.interrupt(),
            Action::Default | Action::System => {
                self.host.signals.by_default(number);
                Ok(())
            }
        }
    }

    /// Ctrl-C, if the program has no handler of its own for it.
    fn interrupt(&mut self) -> R<()> {
        match self.current.interrupt_handler.defined() {
            Some(handler) => self.call(&handler, &[]).map(drop),
            None => {
                let class = self.exc.keyboard_interrupt.clone();
                Err(self.error_with(&class, Vec::new()))
            }
        }
    }
}
