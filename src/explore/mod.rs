//! Every outcome of a program: runs it again and again on the virtual clock, each time in another
//! order that its event loop could have taken, and groups the orders by what came of them. Knows
//! engines and what the loop tells of its turns; nothing in the VM or the loop knows of it but the
//! two hooks that it hangs itself on (`Vm::chooser`, `Vm::observer`). Prints nothing.

mod conduct;
mod footprint;
mod forks;
mod order;
mod report;
mod search;
mod touch;

pub use conduct::{Cut, choose};
pub use forks::Fork;
pub use order::Order;
pub use report::text;
pub use search::Effort;

use crate::diagnostic::Diagnostic;
use crate::engine::{Engine, EngineOptions, RunOutcome, has_errors};
use crate::source::Source;
use crate::vm::Vm;
use crate::vm::host::{Input, Output};
use crate::vm::observe::Observer;
use conduct::Record;
use search::{Plan, Tools};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;

/// What `random` is seeded with where orders matter: the same in every run.
const SEED: u64 = 0x00c0_ffee;

/// What a run leads to: what is printed, and how it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    pub printed: String,
    pub end: End,
}

/// How a program ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// With this exit code.
    Exit(i32),
    /// With an exception that nothing catches: its last line.
    Raised(String),
    /// In a deadlock.
    Deadlock(String),
    /// Not within the bound.
    Never,
}

/// All orders with the same outcome.
#[derive(Clone, Debug)]
pub struct Group {
    pub outcome: Outcome,
    /// How many orders lead there.
    pub orders: usize,
    /// The one with the fewest departures from first in, first out.
    pub shortest: Order,
}

/// What was found.
#[derive(Debug)]
pub struct Exploration {
    /// That of first in, first out is the first.
    pub groups: Vec<Group>,
    pub orders: usize,
    /// No other order leads to another outcome.
    pub complete: bool,
    /// Where the shortest order of each group first departs, drawn into the program.
    pub forks: Vec<Option<Fork>>,
}

/// A program that is to be run in many orders.
pub struct Program<'a> {
    pub source: &'a Source,
    /// What an engine for it is made with.
    pub options: &'a dyn Fn() -> EngineOptions,
    /// Whether to end with what has been found so far.
    pub stopped: &'a dyn Fn() -> bool,
}

/// Options with which every run of a program in the same order is the same.
pub fn ordered(options: EngineOptions) -> EngineOptions {
    EngineOptions {
        virtual_time: true,
        chooser: Some(choose),
        entropy: Box::new(|| SEED),
        ..options
    }
}

/// From now on a VM that was made with `ordered` options runs in this order.
pub fn follow(vm: &mut Vm, order: &Order) {
    conduct::begin(vm, Plan::of(order), true);
}

/// Whether the order did not fit the program that has been run in it: what was wrong.
pub fn misfit(vm: &mut Vm, order: &Order) -> Option<String> {
    let record = conduct::end(vm);
    let forks = record.forks;
    match (record.cut, order.last_fork()) {
        (Some(Cut::NoSuchChoice { fork, left }), _) => {
            let choice = order.choice(fork);
            Some(format!(
                "at fork {fork} there are {left} to choose from, and the order names number {choice}"
            ))
        }
        (None, Some(last)) if last > forks => {
            let came = match forks {
                1 => "1 fork".to_owned(),
                n => format!("{n} forks"),
            };
            Some(format!(
                "the program came to {came}, and the order names fork {last}"
            ))
        }
        _ => None,
    }
}

/// Orders of outcomes that are made shorter, and runs that this may take for each.
const SHORTENED: usize = 12;
const ATTEMPTS: usize = 60;

impl Program<'_> {
    /// Looks for every outcome. The program is refused with these diagnostics, if it is.
    pub fn explore(&self, effort: Effort) -> Result<Exploration, Vec<Diagnostic>> {
        let mut groups: Vec<Group> = Vec::new();
        let mut orders = 0;
        let mut refused = None;
        let mut run = |plan: Plan| {
            let (record, outcome, diagnostics) = self.run(&plan, plan.watched);
            if has_errors(&diagnostics) {
                refused = Some(diagnostics);
            }
            (record, outcome)
        };
        let mut found = |order: Order, outcome: Outcome| {
            orders += 1;
            match groups.iter_mut().find(|g| g.outcome == outcome) {
                Some(group) => {
                    group.orders += 1;
                    if order.is_simpler(&group.shortest) {
                        group.shortest = order;
                    }
                }
                None => groups.push(Group {
                    outcome,
                    orders: 1,
                    shortest: order,
                }),
            }
        };
        let tools = Tools {
            run: &mut run,
            found: &mut found,
            stopped: self.stopped,
        };
        let complete = search::search(effort, tools);
        if let Some(refused) = refused {
            return Err(refused);
        }
        for group in groups.iter_mut().take(SHORTENED) {
            self.shorten(group);
        }
        let shown = groups.iter().take(SHORTENED);
        let forks = shown.map(|g| self.first_fork(&g.shortest)).collect();
        Ok(Exploration {
            groups,
            orders,
            complete,
            forks,
        })
    }

    /// What comes of an order, and how many could have gone first at each of its forks. Forks that
    /// it names and that there are not do not matter.
    pub fn walk(&self, order: &Order) -> (Outcome, Vec<usize>) {
        let (record, outcome, _) = self.run(&Plan::of(order), false);
        let forks = record.pops.iter().filter(|p| p.is_fork());
        (outcome, forks.map(|p| p.left.len()).collect())
    }

    fn run(&self, plan: &Plan, watched: bool) -> (Record, Outcome, Vec<Diagnostic>) {
        let printed = Rc::new(RefCell::new(Vec::new()));
        let observer = watched.then_some(conduct::OBSERVER);
        let mut engine = self.engine(printed.clone(), observer);
        conduct::begin(engine.vm(), plan.clone(), false);
        let outcome = engine.run_source(self.source);
        engine.finish();
        let record = conduct::end(engine.vm());
        drop(engine);
        let text = String::from_utf8_lossy(&printed.borrow()).into_owned();
        let end = match &record.cut {
            Some(_) => End::Never,
            None => end_of(&outcome),
        };
        let outcome_seen = Outcome {
            printed: without_addresses(&text),
            end,
        };
        (record, outcome_seen, outcome.diagnostics)
    }

    /// Where an order first departs from first in, first out.
    fn first_fork(&self, order: &Order) -> Option<Fork> {
        let fork = order.first_fork()?;
        let mut engine = self.engine(Rc::default(), None);
        conduct::begin(engine.vm(), Plan::of(order), false);
        conduct::look_at(engine.vm(), fork);
        engine.run_source(self.source);
        engine.finish();
        let stood = conduct::end(engine.vm()).stood?;
        Some(Fork::new(fork, stood))
    }

    fn engine(&self, printed: Rc<RefCell<Vec<u8>>>, observer: Option<Observer>) -> Engine {
        Engine::new(EngineOptions {
            stdout: Box::new(Kept(printed)),
            stderr: Box::new(Kept(Rc::default())),
            stdin: Box::new(Nothing),
            observer,
            ..ordered((self.options)())
        })
    }

    /// Leaves out departures that do not matter for the outcome.
    fn shorten(&self, group: &mut Group) {
        let mut attempts = ATTEMPTS;
        loop {
            let mut shorter = None;
            for fork in group.shortest.forks() {
                if attempts == 0 || (self.stopped)() {
                    return;
                }
                attempts -= 1;
                let mut order = group.shortest.clone();
                order.set(fork, 1);
                let (record, outcome, _) = self.run(&Plan::of(&order), false);
                let walked = search::order_of(&record.pops, order.turns);
                if outcome == group.outcome && walked.is_simpler(&group.shortest) {
                    shorter = Some(walked);
                    break;
                }
            }
            match shorter {
                Some(order) => group.shortest = order,
                None => return,
            }
        }
    }
}

impl Plan {
    fn of(order: &Order) -> Plan {
        Plan {
            order: order.clone(),
            ..Plan::default()
        }
    }
}

fn end_of(outcome: &RunOutcome) -> End {
    if let Some(error) = &outcome.error {
        let text = without_addresses(&error.last_line);
        return match error.report.is_some() {
            true => End::Deadlock(text),
            false => End::Raised(text),
        };
    }
    match outcome.deadlocks.first() {
        Some(report) => End::Deadlock(report.title.clone()),
        None => End::Exit(outcome.exit_code),
    }
}

/// Where objects lie in memory is no outcome.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_hexdigit).count();
        clean.push_str("0x");
        match digits >= 6 {
            true => {
                clean.push('…');
                clean.push_str(part.get(digits..).unwrap_or_default());
            }
            false => clean.push_str(part),
        }
    }
    clean
}

/// A stream whose text is kept.
struct Kept(Rc<RefCell<Vec<u8>>>);

impl Output for Kept {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().extend_from_slice(text);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An input that is at its end: every run would have to be typed anew.
struct Nothing;

impl Input for Nothing {
    fn read_line(&mut self) -> io::Result<String> {
        Ok(String::new())
    }
}
