//! Which orders are tried. A walk in depth: after each run, the last fork at which another entry is
//! worth going first is taken again with that one (dynamic partial-order reduction with source sets:
//! only entries whose footprints overlap are exchanged, unless one follows from the other). What went first before sleeps until something runs that matters to it, so that
//! no run is made twice with steps in it exchanged that do not matter to each other. If the walk is
//! long, orders are drawn at random in its midst.

use super::conduct::{Cut, Otherwise, Pop, Record, Sleeper};
use super::order::Order;
use std::collections::{BTreeSet, HashSet};

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Runs, at most.
    pub limit: usize,
    /// For what is drawn at random.
    pub seed: u64,
    /// Exchange also what does not touch the same.
    pub every: bool,
    /// What becomes ready during a turn waits for the next one.
    pub turns: bool,
}

/// Entries of the ready queue that may be run for each run of the limit: long programs are run less
/// often.
const ENTRIES: usize = 60;

/// How a run is to go.
#[derive(Clone, Default)]
pub(super) struct Plan {
    pub order: Order,
    /// So many pops go by the order, however short it is.
    pub told: usize,
    /// How the others go.
    pub otherwise: Otherwise,
    /// Who need not run as things stand; those of earlier pops first.
    pub sleepers: Vec<Sleeper>,
    /// See what entries touch.
    pub watched: bool,
}

/// A run that is the last one so far, and what else is to be tried at each of its entries.
struct Node {
    pop: Pop,
    /// Entries that are to go first here.
    wanted: BTreeSet<usize>,
    tried: BTreeSet<usize>,
}

/// What carries a plan out, and what gets each order with what came of it.
pub(super) struct Tools<'a, T> {
    pub run: &'a mut dyn FnMut(Plan) -> (Record, T),
    pub found: &'a mut dyn FnMut(Order, T),
    /// Whether somebody does not want to wait any longer; the last run came to nothing then.
    pub stopped: &'a dyn Fn() -> bool,
}

/// Tries orders. True if there are no others that matter.
pub(super) fn search<T>(effort: Effort, mut tools: Tools<'_, T>) -> bool {
    let mut search = Search::new(effort);
    // Walking in depth tries what lies near the end first: if that does not come to its end soon,
    // some runs go elsewhere before it goes on.
    let quarter = effort.limit.div_ceil(4);
    if let Some(complete) = search.in_depth(quarter, &mut tools) {
        return complete;
    }
    search.draw(
        effort.limit.saturating_sub(quarter).min(quarter),
        &mut tools,
    );
    let left = effort.limit.saturating_sub(2 * quarter);
    search.in_depth(left, &mut tools) == Some(true)
}

struct Search {
    effort: Effort,
    /// Orders that were run.
    seen: HashSet<String>,
    /// The last run in depth.
    nodes: Vec<Node>,
    /// The next one.
    plan: Plan,
    /// Entries that were run in all.
    entries: usize,
    /// Not all that could matter was seen.
    blind: bool,
}

impl Search {
    fn new(effort: Effort) -> Search {
        Search {
            effort,
            seen: HashSet::new(),
            nodes: Vec::new(),
            plan: Plan {
                order: Order::fifo(effort.turns),
                watched: !effort.every,
                ..Plan::default()
            },
            entries: 0,
            blind: false,
        }
    }

    fn is_exhausted(&self) -> bool {
        self.entries > self.effort.limit.saturating_mul(ENTRIES)
    }

    /// So many runs in depth. Whether these were all that matter, once there is no other.
    fn in_depth<T>(&mut self, runs: usize, tools: &mut Tools<'_, T>) -> Option<bool> {
        let effort = self.effort;
        for _ in 0..runs {
            let (record, outcome) = (tools.run)(self.plan.clone());
            if (tools.stopped)() {
                return Some(false);
            }
            self.entries += record.pops.len();
            let known = record.cut == Some(Cut::Known);
            self.blind |= record.blind || (record.cut.is_some() && !known);
            if !known {
                self.keep(&record, outcome, tools);
            }
            grow(&mut self.nodes, &record, effort.every);
            match next(&mut self.nodes, effort.turns) {
                Some(order) => self.plan.order = order,
                None => return Some(!self.blind),
            }
            self.plan.told = self.nodes.len();
            if !effort.every {
                self.plan.sleepers = sleepers(&self.nodes);
            }
            if self.is_exhausted() {
                return Some(false);
            }
        }
        None
    }

    /// So many orders at random.
    fn draw<T>(&mut self, runs: usize, tools: &mut Tools<'_, T>) {
        for n in 0..runs {
            let seed = self.effort.seed.wrapping_mul(0x1000_0001);
            let plan = Plan {
                order: Order::fifo(self.effort.turns),
                otherwise: Otherwise::Random(seed.wrapping_add(n as u64)),
                ..Plan::default()
            };
            let (record, outcome) = (tools.run)(plan);
            self.entries += record.pops.len();
            if self.is_exhausted() || (tools.stopped)() {
                return;
            }
            self.keep(&record, outcome, tools);
        }
    }

    fn keep<T>(&mut self, record: &Record, outcome: T, tools: &mut Tools<'_, T>) {
        let order = order_of(&record.pops, self.effort.turns);
        if self.seen.insert(order.to_string()) {
            (tools.found)(order, outcome);
        }
    }
}

/// The order in which these were run.
pub(super) fn order_of(pops: &[Pop], turns: bool) -> Order {
    let mut order = Order::fifo(turns);
    let forks = pops.iter().filter(|p| p.is_fork());
    for (i, pop) in forks.enumerate() {
        order.set(i + 1, pop.place + 1);
    }
    order
}

/// The nodes of the run that has just been made.
fn grow(nodes: &mut Vec<Node>, record: &Record, every: bool) {
    for pop in record.pops.iter().skip(nodes.len()) {
        let wanted = match every {
            true => pop.left.iter().copied().collect(),
            false => BTreeSet::new(),
        };
        nodes.push(Node {
            pop: pop.clone(),
            wanted,
            tried: BTreeSet::from([pop.chosen()]),
        });
    }
    for (at, others) in &record.others {
        if let Some(node) = nodes.get_mut(*at) {
            node.wanted.extend(others);
        }
    }
    for race in &record.races {
        let Some(node) = nodes.get_mut(race.pop) else {
            continue;
        };
        let is_there = |e: &usize| node.wanted.contains(e) || node.tried.contains(e);
        if !race.first.iter().any(is_there) {
            node.wanted.extend(race.first.first());
        }
    }
}

/// Who went first at one of these pops before. All that can follow is known by now: walking in
/// depth, the last choice is exhausted before the next one is made.
fn sleepers(nodes: &[Node]) -> Vec<Sleeper> {
    let of = |(pop, node): (usize, &Node)| {
        let chosen = node.pop.chosen();
        let others = node.tried.iter().copied().filter(move |e| *e != chosen);
        others
            .map(move |entry| Sleeper { pop, entry })
            .collect::<Vec<_>>()
    };
    nodes.iter().enumerate().flat_map(of).collect()
}

/// The order that goes another way at the last place where one is to be tried.
fn next(nodes: &mut Vec<Node>, turns: bool) -> Option<Order> {
    loop {
        let last = nodes.last_mut()?;
        let id = last.wanted.difference(&last.tried).next().copied();
        let place = id.and_then(|id| last.pop.left.iter().position(|l| *l == id));
        match (id, place) {
            (Some(id), Some(place)) => {
                last.tried.insert(id);
                last.pop.place = place;
                let pops: Vec<Pop> = nodes.iter().map(|n| n.pop.clone()).collect();
                return Some(order_of(&pops, turns));
            }
            (Some(id), None) => {
                last.wanted.remove(&id);
            }
            (None, _) => {
                nodes.pop();
            }
        }
    }
}
