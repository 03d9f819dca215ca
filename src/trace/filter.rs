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
    pub fn lets_through(&self, record: &Record) -> bool {
        self.in_time(record) && self.is_of_kind(record) && self.is_of_task(record)
    }

    fn in_time(&self, record: &Record) -> bool {
        self.from.is_none_or(|from| record.clock >= from)
            && self.to.is_none_or(|to| record.clock <= to)
    }

    fn is_of_kind(&self, record: &Record) -> bool {
        let family = record.what.family();
        self.only.is_empty() || family == Family::Output || self.only.contains(&family)
    }

    fn is_of_task(&self, record: &Record) -> bool {
        let wanted = |name: &str| self.tasks.iter().any(|t| t == name);
        self.tasks.is_empty()
            || record.task.as_deref().is_some_and(wanted)
            || match &record.what {
                What::Made { task, .. } | What::Cancel { task } => wanted(task),
                What::Queued { what, .. }
                | What::TimerSet { what, .. }
                | What::TimerDue { what } => wanted(what),
                _ => false,
            }
    }
}
