//! How an order of steps is written: only where it departs from first in, first out. A *fork* is a
//! place where at least two entries of the ready queue could go first; forks are counted from 1
//! through the whole run. `3:2.7:4` means: at fork 3 the second of them goes first, at fork 7 the
//! fourth, everywhere else the first. An order without departures is `fifo`.
//!
//! Whoever is ready can go first, also who has become so a moment ago: as if each await took a time
//! of its own. In an order that begins with `turns.`, the turns of the event loop stand: what becomes
//! ready during one of them waits for the next.

use std::collections::BTreeMap;
use std::fmt;

/// How the order is written that departs nowhere.
const FIFO: &str = "fifo";
/// What an order begins with that keeps the turns.
const TURNS: &str = "turns.";

/// An order of steps.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Order {
    /// What becomes ready during a turn waits for the next one.
    pub turns: bool,
    /// By the number of the fork: the place in the queue, from 1, of what goes first.
    departures: BTreeMap<usize, usize>,
}

impl Order {
    /// Reads an order; says what is wrong with it.
    pub fn parse(text: &str) -> Result<Order, String> {
        let (turns, text) = match text.strip_prefix(TURNS) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut order = Order::fifo(turns);
        if text == FIFO {
            return Ok(order);
        }
        let mut last = 0;
        for part in text.split('.') {
            let numbers = part
                .split_once(':')
                .and_then(|(fork, choice)| Some((fork.parse().ok()?, choice.parse().ok()?)));
            let Some((fork, choice)) = numbers.filter(|(fork, choice)| *fork > 0 && *choice > 0)
            else {
                return Err(format!(
                    "'{part}' is not FORK:CHOICE, two numbers from 1 on, as in 3:2.7:4"
                ));
            };
            if fork <= last {
                return Err(format!("fork {fork} comes after fork {last}"));
            }
            last = fork;
            order.set(fork, choice);
        }
        Ok(order)
    }

    /// First in, first out.
    pub fn fifo(turns: bool) -> Order {
        Order {
            turns,
            departures: BTreeMap::new(),
        }
    }

    /// At this fork the entry at this place, from 1, goes first.
    pub fn set(&mut self, fork: usize, choice: usize) {
        match choice {
            1 => self.departures.remove(&fork),
            _ => self.departures.insert(fork, choice),
        };
    }

    /// Which entry goes first at a fork, from 1.
    pub fn choice(&self, fork: usize) -> usize {
        self.departures.get(&fork).copied().unwrap_or(1)
    }

    /// The forks at which it is not the first.
    pub fn forks(&self) -> Vec<usize> {
        self.departures.keys().copied().collect()
    }

    pub fn first_fork(&self) -> Option<usize> {
        self.departures.keys().next().copied()
    }

    pub fn last_fork(&self) -> Option<usize> {
        self.departures.keys().next_back().copied()
    }

    /// Orders with fewer departures are easier to understand, then those that depart later.
    pub fn is_simpler(&self, other: &Order) -> bool {
        let size = |o: &Order| (o.departures.len(), o.departures.clone());
        size(self) < size(other)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.departures.is_empty() {
            return f.write_str(FIFO);
        }
        if self.turns {
            f.write_str(TURNS)?;
        }
        for (i, (fork, choice)) in self.departures.iter().enumerate() {
            let dot = if i > 0 { "." } else { "" };
            write!(f, "{dot}{fork}:{choice}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in ["fifo", "3:2", "3:2.7:4", "1:9.2:2.10:3", "turns.2:2"] {
            assert_eq!(Order::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Order::parse("3:1").unwrap(), Order::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in [
            "", "3", "3:", ":2", "0:2", "3:0", "a:b", "3:2.", "7:2.3:2", "3:2.3:3", "-1:2",
            "turns", "turns.",
        ] {
            assert!(Order::parse(text).is_err(), "{text}");
        }
    }
}
