//! Which events a reader wants to see.

use super::record::{Family, Record, What};

/// Everything, unless something is asked for.
#[derive(Clone, Default, Debug)]
pub struct Filter {
    /// Only what happens in, or to, the tasks with these names.
    pub tasks: Vec<String>,
    /// Only these kinds of events.
    pub only: Vec<Family>,
    /// Only what happens from this time on, and up to that one.
    pub from: Option<f64>,
    pub to: Option<f64>,
}

impl Filter {
    pub fn is_everything(&self) -> bool {
        let in_time = self.from.is_none() && self.to.is_none();
        in_time && self.tasks.is_empty() && self.only.is_empty()
    }

    pub fn lets_through(&self, record: &Record) -> bool {
        self.is_of_kind(record.what.family()) && self.lets(record.clock, || self.is_of_task(record))
    }

    /// As `lets_through`, for what goes into frames and comes out of them.
    pub fn lets_values(&self, clock: f64, task: Option<&str>) -> bool {
        self.lets_task(clock, Family::Values, task)
    }

    /// As `lets_through`, for what only one task does.
    pub fn lets_task(&self, clock: f64, family: Family, task: Option<&str>) -> bool {
        self.is_of_kind(family) && self.lets(clock, || self.is_in_task(task))
    }

    fn lets(&self, clock: f64, is_of_task: impl FnOnce() -> bool) -> bool {
        let in_time =
            self.from.is_none_or(|from| clock >= from) && self.to.is_none_or(|to| clock <= to);
        in_time && (self.tasks.is_empty() || is_of_task())
    }

    fn is_of_kind(&self, family: Family) -> bool {
        self.only.is_empty() || family == Family::Output || self.only.contains(&family)
    }

    fn is_in_task(&self, task: Option<&str>) -> bool {
        task.is_some_and(|task| self.wants(task))
    }

    fn wants(&self, task: &str) -> bool {
        self.tasks.iter().any(|t| t == task)
    }

    fn is_of_task(&self, record: &Record) -> bool {
        self.is_in_task(record.task.as_deref())
            || match &record.what {
                What::Made { task, .. } | What::Cancel { task } => self.wants(task),
                What::Queued { what, .. } | What::TimerDue { what } => self.wants(what),
                What::TimerSet { what, .. } => self.wants(what),
                _ => false,
            }
    }
}
