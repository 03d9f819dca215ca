//! Runs a program in an order: says at each fork which entry of the ready queue goes first, keeps
//! what was chosen, and, where it is asked to, what each entry touched. Stands in the VM's state
//! while it does.

use super::footprint::{Footprint, Part, Shared, Use};
use super::forks::{self, Stander};
use super::order::Order;
use super::search::Plan;
use super::touch;
use crate::bytecode::{Mark, Marks};
use crate::event_loop::inspect::{self, About};
use crate::vm::heap::Ref;
use crate::vm::hooks::StepOutcome;
use crate::vm::object::{Future, Generator};
use crate::vm::observe::{Event, Observer};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::collections::HashMap;

/// Entries of the ready queue that a run may have: a program that goes on for longer is cut off.
const LONGEST: usize = 20_000;
/// Entries of a run that are compared with each other.
const COMPARED: usize = 1_000;
/// A circle of tasks that await each other has no end.
const LONGEST_CHAIN: usize = 10_000;

/// What to do at a fork that the order does not speak of.
#[derive(Clone, Copy, Default, Debug)]
pub(super) enum Otherwise {
    #[default]
    Fifo,
    /// Anything, by a random number that goes on from here.
    Random(u64),
}

/// Entries that went first at a pop before, in runs that have been looked at with all that can
/// follow: as long as nothing that matters to such an entry has run since that pop, there is no use
/// in running it. It *sleeps*.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sleeper {
    pub pop: usize,
    pub entry: usize,
}

/// One entry of the ready queue that was run.
#[derive(Clone, Debug)]
pub(super) struct Pop {
    /// Which of them could have gone first: numbers of their own.
    pub left: Vec<usize>,
    /// Which of these went first.
    pub place: usize,
}

impl Pop {
    pub fn is_fork(&self) -> bool {
        self.left.len() > 1
    }

    pub fn chosen(&self) -> usize {
        self.left.get(self.place).copied().unwrap_or(0)
    }
}

/// Why a run was cut off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cut {
    /// It would not end.
    Endless,
    /// At this fork there are only so many to choose from.
    NoSuchChoice { fork: usize, left: usize },
    /// From here on it would be a run that was made before, but for the order of steps that do not
    /// matter to each other.
    Known,
}

/// What came before something else that could have come first.
pub(super) struct Race {
    pub pop: usize,
    /// Who can begin the way to the other order: one of them has to go first at the pop.
    pub first: Vec<usize>,
}

/// What is known of a run.
#[derive(Default)]
pub(super) struct Record {
    pub pops: Vec<Pop>,
    /// Pops that matter to a later one which could have run before them.
    pub races: Vec<Race>,
    /// Pops at which each of these is to go first.
    pub others: Vec<(usize, Vec<usize>)>,
    pub cut: Option<Cut>,
    /// It was too long for all of its entries to be compared.
    pub blind: bool,
    /// How many forks there were.
    pub forks: usize,
    /// Who stood at the fork that somebody wants to look at: first in the queue, and chosen.
    pub stood: Option<[Stander; 2]>,
}

/// Some pops, by their numbers.
#[derive(Default)]
struct Pops(Vec<u64>);

impl Pops {
    fn insert(&mut self, pop: usize) {
        let word = pop / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << (pop % 64);
        }
    }

    fn contains(&self, pop: usize) -> bool {
        let bits = self.0.get(pop / 64);
        bits.is_some_and(|bits| bits & (1 << (pop % 64)) != 0)
    }

    fn meets(&self, others: &Pops) -> bool {
        let mut both = self.0.iter().zip(&others.0);
        both.any(|(own, other)| own & other != 0)
    }

    fn add(&mut self, others: &Pops) {
        if self.0.len() < others.0.len() {
            self.0.resize(others.0.len(), 0);
        }
        for (own, other) in self.0.iter_mut().zip(&others.0) {
            *own |= other;
        }
    }
}

/// An entry that was run.
struct Ran {
    pop: usize,
    footprint: Footprint,
    /// Pops that must come before it, or that are known to matter for it.
    after: Pops,
}

#[derive(Default)]
pub(super) struct Conductor {
    active: bool,
    order: Order,
    otherwise: Otherwise,
    /// So many pops go by the order, however short it is.
    told: usize,
    sleepers: Vec<Sleeper>,
    /// An order that does not fit ends the run.
    strict: bool,
    /// The fork that somebody wants to look at.
    look_at: Option<usize>,
    record: Record,
    /// Who can go first.
    left: Vec<usize>,
    /// How many entries have got a number.
    numbered: usize,
    /// The pop during which an entry came into the queue, as far as its order is free.
    made_by: HashMap<usize, usize>,
    /// The entries that were run since all that ran before had to be over.
    ran: Vec<Ran>,
    /// The clock has jumped: nothing can go before what was there then.
    jumped: bool,
    /// The entry that runs, if somebody wants to know what it touches.
    open: Option<Footprint>,
}

/// The observer that sees what entries touch.
pub(super) const OBSERVER: Observer = Observer {
    tell: |vm, event| {
        with(vm, |conductor, vm| conductor.take(vm, event));
    },
    marks: Marks::Touches,
};

/// From now on the program runs in this order.
pub(super) fn begin(vm: &mut Vm, plan: Plan, strict: bool) {
    *vm.state::<Conductor>() = Conductor {
        active: true,
        order: plan.order,
        otherwise: plan.otherwise,
        told: plan.told,
        sleepers: plan.sleepers,
        strict,
        ..Conductor::default()
    };
}

/// Keeps who stands at this fork.
pub(super) fn look_at(vm: &mut Vm, fork: usize) {
    vm.state::<Conductor>().look_at = Some(fork);
}

/// What was seen.
pub(super) fn end(vm: &mut Vm) -> Record {
    let mut conductor = std::mem::take(vm.state::<Conductor>());
    conductor.leave_turn();
    conductor.record
}

/// The `Chooser`.
pub fn choose(vm: &mut Vm, left: usize) -> R<usize> {
    let watched = vm.is_observed();
    let chosen = with(vm, |conductor, vm| conductor.next(vm, left, watched));
    match chosen {
        None | Some(Ok(0)) => Ok(0),
        Some(Ok(place)) => Ok(place),
        Some(Err(())) => {
            let class = vm.exc.system_exit.clone();
            Err(vm.error(&class, "the run was cut off"))
        }
    }
}

/// Works with the conductor taken out, so that it sees nothing of what it does itself.
fn with<T>(vm: &mut Vm, work: impl FnOnce(&mut Conductor, &mut Vm) -> T) -> Option<T> {
    let mut conductor = std::mem::take(vm.state::<Conductor>());
    if !conductor.active {
        return None;
    }
    let result = work(&mut conductor, vm);
    *vm.state::<Conductor>() = conductor;
    Some(result)
}

impl Conductor {
    fn next(&mut self, vm: &mut Vm, left: usize, watched: bool) -> Result<usize, ()> {
        self.close();
        if self.record.pops.len() >= LONGEST {
            self.record.cut.get_or_insert(Cut::Endless);
        }
        if self.record.cut.is_some() {
            return Err(());
        }
        let left = self.count(vm, left);
        let place = self.place(left)?;
        if self.look_at == Some(self.record.forks) && left > 1 {
            self.look_at = None;
            self.record.stood = forks::standers(vm, place);
        }
        self.record.pops.push(Pop {
            left: self.left.clone(),
            place,
        });
        self.left.remove(place);
        self.record.blind |= watched && self.record.pops.len() > COMPARED;
        if watched && !self.record.blind {
            self.open = Some(Footprint::default());
            self.enter(vm, place);
        }
        Ok(place)
    }

    /// Which of those that are left goes first.
    fn place(&mut self, left: usize) -> Result<usize, ()> {
        if left < 2 {
            return Ok(0);
        }
        self.record.forks += 1;
        let fork = self.record.forks;
        let choice = self.order.choice(fork);
        if choice > left {
            if self.strict {
                self.record.cut = Some(Cut::NoSuchChoice { fork, left });
                return Err(());
            }
            return Ok(0);
        }
        let told = self.order.last_fork().is_some_and(|last| fork <= last);
        if told || self.record.pops.len() < self.told {
            return Ok(choice - 1);
        }
        Ok(match &mut self.otherwise {
            Otherwise::Random(seed) => random(seed) as usize % left,
            // Who sleeps may be woken by what the others do.
            Otherwise::Fifo => {
                let awake = self.left.iter().position(|e| !self.sleeps(*e));
                awake.unwrap_or(0)
            }
        })
    }

    fn sleeps(&self, entry: usize) -> bool {
        let pops = self.record.pops.len();
        let mut sleepers = self.sleepers.iter();
        sleepers.any(|s| s.entry == entry && s.pop < pops)
    }

    /// Whether the entry that has just run could as well have run at a pop where it did in an
    /// earlier run: nothing since then matters to it.
    fn slept(&self, pop: usize, footprint: &Footprint) -> bool {
        let entry = self.chosen(pop);
        let mut pops = self.sleepers.iter().filter(|s| s.entry == entry);
        pops.any(|s| {
            let mut since = self.ran.iter().filter(|r| r.pop >= s.pop);
            s.pop < pop && !since.any(|r| r.footprint.conflicts(footprint))
        })
    }

    // What entries touch

    /// The entry at this place begins.
    fn enter(&mut self, vm: &Vm, place: usize) {
        let event_loop = vm.current.event_loop.get();
        let about = inspect::about(&event_loop, place);
        let Some(open) = &mut self.open else { return };
        match about {
            About::Step(task) => open.touch(task.as_obj(), Part::Step, Use::Write),
            // A timer. Callbacks are told of futures that are done, and those do not change.
            About::Future(f) if !f.is_done() => {
                open.touch(f.as_obj(), Part::Whole, Use::Write);
            }
            About::Future(_) => {}
            About::Call(handle) => open.touch(&handle, Part::Whole, Use::Write),
            About::Other => open.everything = true,
        }
    }

    /// The entry that ran is over: with which one before it does its order matter?
    fn close(&mut self) {
        let Some(mut footprint) = self.open.take() else {
            return;
        };
        footprint.close();
        let pop = self.record.pops.len().saturating_sub(1);
        let own = self.record.pops.last().map_or(0, Pop::chosen);
        if self.slept(pop, &footprint) {
            // Of those that seemed to sleep it was only the first: others may be awake.
            if let Some(at) = self.record.pops.get(pop).filter(|_| pop >= self.told) {
                self.record.others.push((pop, at.left.clone()));
            }
            self.record.cut.get_or_insert(Cut::Known);
            return;
        }
        let mut after = self.before(own);
        let mut races = Vec::new();
        // The last one first: what comes before that, comes before this one in any case.
        for ran in self.ran.iter().rev() {
            if !after.contains(ran.pop) && ran.footprint.conflicts(&footprint) {
                races.push(ran.pop);
                after.insert(ran.pop);
                after.add(&ran.after);
            }
        }
        for race in races {
            self.race(race, own, &after);
        }
        self.ran.push(Ran {
            pop,
            footprint,
            after,
        });
    }

    /// What had to be run before an entry could be.
    fn before(&self, entry: usize) -> Pops {
        let mut before = Pops::default();
        if let Some(maker) = self.made_by.get(&entry) {
            before.insert(*maker);
            let ran = self.ran.iter().find(|r| r.pop == *maker);
            ran.into_iter().for_each(|r| before.add(&r.after));
        }
        before
    }

    /// An entry could have come before what was run at a pop: then all that has run since and does
    /// not come after that would still be run before it, and of this, whatever needs nothing else of
    /// it can go first. (What the entry itself would do is not known: without what was run at the
    /// pop it may touch other things.)
    fn race(&mut self, pop: usize, entry: usize, after: &Pops) {
        let mut still = Pops::default();
        let mut first = Vec::new();
        for ran in &self.ran {
            if ran.pop <= pop || ran.after.contains(pop) {
                continue;
            }
            if !ran.after.meets(&still) {
                first.push((!after.contains(ran.pop), self.chosen(ran.pop)));
            }
            still.insert(ran.pop);
        }
        // Best what the entry itself needs.
        first.sort();
        let mut first: Vec<usize> = first.into_iter().map(|(_, e)| e).collect();
        if first.is_empty() {
            first.push(entry);
        }
        let Some(at) = self.record.pops.get(pop) else {
            return;
        };
        first.retain(|e| at.left.contains(e));
        match first.is_empty() {
            true => self.record.others.push((pop, at.left.clone())),
            false => self.record.races.push(Race { pop, first }),
        }
    }

    fn chosen(&self, pop: usize) -> usize {
        self.record.pops.get(pop).map_or(0, Pop::chosen)
    }

    /// The turn, or all that could change places, is over. Entries that are still left never run,
    /// because the one before them has ended the loop: any of them could have run before that.
    fn leave_turn(&mut self) {
        let last = self.record.pops.len().checked_sub(1);
        let others = std::mem::take(&mut self.left);
        if let (Some(last), false, None) = (last, others.is_empty(), &self.record.cut) {
            let was_there = |e: &usize| {
                let pop = self.record.pops.get(last);
                pop.is_some_and(|p| p.left.contains(e))
            };
            let others = others.into_iter().filter(was_there).collect();
            self.record.others.push((last, others));
        }
        self.ran.clear();
        self.made_by.clear();
    }

    /// Numbers the entries that have come into the queue; how many can go first.
    fn count(&mut self, vm: &Vm, left: usize) -> usize {
        if self.order.turns {
            if left != self.left.len() {
                self.leave_turn();
                self.number(left, None);
            }
            return left;
        }
        let event_loop = vm.current.event_loop.get();
        let all = inspect::ready_count(&event_loop);
        let jumped = std::mem::take(&mut self.jumped);
        let known = self.left.len();
        if all < known || (jumped && known == 0) {
            self.leave_turn();
        }
        let maker = match (jumped, self.ran.last()) {
            (false, Some(ran)) => Some(ran.pop),
            _ => None,
        };
        self.number(all.saturating_sub(self.left.len()), maker);
        all
    }

    fn number(&mut self, count: usize, maker: Option<usize>) {
        for _ in 0..count {
            if let Some(maker) = maker {
                self.made_by.insert(self.numbered, maker);
            }
            self.left.push(self.numbered);
            self.numbered += 1;
        }
    }

    fn take(&mut self, vm: &mut Vm, event: &Event<'_>) {
        match event {
            Event::TurnBegun if self.order.turns => {
                self.close();
                return self.leave_turn();
            }
            Event::LoopBegun => {
                self.close();
                return self.leave_turn();
            }
            Event::TimerDue => {
                self.close();
                self.jumped = true;
                return;
            }
            _ => {}
        }
        if vm.current.event_loop.is_undef() {
            // Between two loops nothing else could run.
            self.close();
            return;
        }
        let Some(open) = &mut self.open else { return };
        match event {
            Event::Touch(i) => touch::touch(vm, *i, open),
            Event::Mark(Mark::Begin | Mark::Received | Mark::Awaited, _) => {
                let frame = vm.frame(0).map_or(Value::Undef, |view| view.generator);
                if let Some(frame) = frame.as_obj() {
                    open.touch(frame, Part::Whole, Use::Write);
                }
            }
            Event::Thrown(frame, _) | Event::Closed(frame) => whole(open, frame),
            Event::StepBegun(task, _) => open.touch(task.as_obj(), Part::Step, Use::Write),
            Event::StepEnded(task, outcome) => step_ended(vm, open, task, outcome),
            Event::CallBegun(func, args) => {
                open.counts = touch::only_counts(func) && args.iter().all(ended_well);
                touch::touch_call(vm, func, args, open);
            }
            Event::CallEnded => open.counts = false,
            Event::TaskMade(_) => open.share(Shared::TaskNames, Part::Whole, Use::Write),
            Event::Settled(f) => open.touch(f.as_obj(), Part::Whole, Use::Write),
            Event::CancelAsked(task) => cancelled(open, task),
            Event::Written(_) => open.share(Shared::Output, Part::Whole, Use::Write),
            _ => {}
        }
    }
}

fn whole(open: &mut Footprint, frame: &Ref<Generator>) {
    open.touch(frame.as_obj(), Part::Whole, Use::Write);
}

fn step_ended(vm: &Vm, open: &mut Footprint, task: &Ref<Future>, outcome: &StepOutcome) {
    match outcome {
        StepOutcome::Yielded(value) => {
            // Whether it waits at all depends on whether that is done.
            if let Some(f) = value.as_ref::<Future>() {
                open.touch(f.as_obj(), Part::Done, Use::Read);
            }
            return;
        }
        StepOutcome::Returned(_) => {}
        StepOutcome::Raised(exception) => {
            let class = vm.class_of(exception);
            open.everything |= class.is_subclass(&vm.exc.system_exit)
                || class.is_subclass(&vm.exc.keyboard_interrupt);
        }
    }
    open.touch(task.as_obj(), Part::Whole, Use::Write);
}

/// A task is asked to stop, and with it what it waits for.
fn cancelled(open: &mut Footprint, task: &Ref<Future>) {
    let mut next = Some(task.clone());
    for _ in 0..LONGEST_CHAIN {
        let Some(f) = next else { return };
        open.touch(f.as_obj(), Part::Whole, Use::Write);
        let awaited = f.part().map(|p| p.waiting_for.get());
        next = awaited.and_then(|v| v.as_ref::<Future>().cloned());
    }
}

/// A future with a result, which is all that its callback has to know.
fn ended_well(value: &Value) -> bool {
    value.as_ref::<Future>().is_some_and(|f| f.has_result())
}

/// The next number of a sequence that looks random (splitmix64).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) >> 1
}
