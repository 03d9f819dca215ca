//! Signals of the operating system, delivered between two instructions or in the midst of a wait,
//! as Python delivers them. How they come into the process is the host's affair.

use super::value::Value;
use super::{R, Vm};
use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering;
use std::time::Duration;

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

/// The signals of the three timers, in the order of their numbers: by the clock, by the processor
/// time of the program, and by that with what the system does for it, which is the same here.
const ALARM_SIGNALS: [i32; 3] = [14, 26, 27];

/// A timer that sends a signal.
#[derive(Clone, Copy)]
pub struct Alarm {
    /// By the timer's own clock.
    due: Duration,
    /// After which it rings again; zero if it does not.
    interval: Duration,
    /// When the program will look up because of it, by the monotonic clock.
    attended: Duration,
}

/// The actions and timers that a program has set.
#[derive(Default)]
pub struct SignalActions {
    actions: RefCell<Vec<(i32, Action)>>,
    alarms: [Cell<Option<Alarm>>; 3],
}

impl SignalActions {
    pub fn get(&self, number: i32) -> Action {
        let actions = self.actions.borrow();
        let found = actions.iter().find(|(n, _)| *n == number);
        found.map_or(Action::Default, |(_, action)| action.clone())
    }

    pub fn set(&self, number: i32, action: Action) {
        let mut actions = self.actions.borrow_mut();
        let old: Vec<_> = actions.extract_if(.., |(n, _)| *n == number).collect();
        actions.push((number, action));
        drop(actions);
        drop(old);
    }

    /// Whether a signal may still make something happen in the program.
    pub fn any_call(&self) -> bool {
        let actions = self.actions.borrow();
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
        for (which, number) in ALARM_SIGNALS.into_iter().enumerate() {
            if self.rings(which) {
                any = true;
                self.handle_signal(number)?;
            }
        }
        Ok(any)
    }

    /// Whether a timer has run out; then it is set again, or no more.
    fn rings(&mut self, which: usize) -> bool {
        let Some(alarm) = self.alarm(which) else {
            return false;
        };
        let now = self.alarm_clock(which);
        if now < alarm.due {
            self.set_alarm(which, alarm.due - now, alarm.interval);
            return false;
        }
        // What was missed is not made up for.
        let late = now - alarm.due;
        match alarm.interval.is_zero() {
            true => self.set_alarm(which, Duration::ZERO, Duration::ZERO),
            false => {
                let rest = late.as_nanos() % alarm.interval.as_nanos();
                let rest = Duration::from_nanos(u64::try_from(rest).unwrap_or(0));
                self.set_alarm(which, alarm.interval.saturating_sub(rest), alarm.interval);
            }
        }
        true
    }

    fn alarm(&self, which: usize) -> Option<Alarm> {
        self.current.signals.alarms.get(which)?.get()
    }

    fn alarm_clock(&self, which: usize) -> Duration {
        match which {
            0 => self.host.clock.monotonic(),
            _ => self.host.clock.process(),
        }
    }

    /// Sets one of the three timers; no time stops it.
    pub fn set_alarm(&mut self, which: usize, time: Duration, interval: Duration) {
        let now = self.host.clock.monotonic();
        let attended = match self.alarm(which) {
            // Somebody sees to that already.
            Some(old) if old.attended > now && old.attended <= now + time => old.attended,
            _ if time.is_zero() || self.host.clock.is_virtual() => now,
            _ => {
                self.host.signals.attend_after(time);
                now.saturating_add(time)
            }
        };
        let alarm = (!time.is_zero()).then(|| Alarm {
            due: self.alarm_clock(which).saturating_add(time),
            interval,
            attended,
        });
        if let Some(place) = self.current.signals.alarms.get(which) {
            place.set(alarm);
        }
    }

    /// How long it is until a timer rings, and how often after that; both zero if it does not.
    pub fn alarm_left(&self, which: usize) -> (Duration, Duration) {
        let Some(alarm) = self.alarm(which) else {
            return (Duration::ZERO, Duration::ZERO);
        };
        // One that is overdue has not rung yet.
        let left = alarm.due.saturating_sub(self.alarm_clock(which));
        (left.max(Duration::from_micros(1)), alarm.interval)
    }

    /// How long somebody can sleep who wants to sleep so long: until the alarm rings.
    pub fn until_alarm(&self, time: Duration) -> Duration {
        match self.alarm(0) {
            Some(alarm) => time.min(alarm.due.saturating_sub(self.host.clock.monotonic())),
            None => time,
        }
    }

    /// Whether the alarm by the clock is set.
    pub fn has_alarm(&self) -> bool {
        self.alarm(0).is_some()
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
