//! Which orders are tried. A walk in depth: after each run, the last fork at which another entry is
//! worth going first is taken again with that one (dynamic partial-order reduction: only entries
//! whose footprints overlap are exchanged, and only with the nearest one before them that they do
//! not follow from). Beyond a bound, orders are drawn at random instead.

use super::conduct::{Otherwise, Pop, Record};
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
const ENTRIES: usize = 200;

/// How a run is to go.
pub(super) struct Plan {
    pub order: Order,
    pub otherwise: Otherwise,
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

/// Tries orders; `run` carries a plan out, and `found` gets each order with what came of it. True
/// if there are no others that matter.
pub(super) fn search<T>(
    effort: Effort,
    run: &mut dyn FnMut(Plan) -> (Record, T),
    found: &mut dyn FnMut(Order, T),
) -> bool {
    // Walking in depth tries what lies near the end first: half of the runs go elsewhere.
    let in_depth = effort.limit.div_ceil(2);
    let mut seen = HashSet::new();
    let mut nodes: Vec<Node> = Vec::new();
    let mut order = Order::fifo(effort.turns);
    let (mut entries, mut blind) = (0, false);
    for tried in 0..effort.limit {
        let plan = Plan {
            order: order.clone(),
            otherwise: Otherwise::Fifo,
            watched: !effort.every,
        };
        let (record, outcome) = run(plan);
        let walked = order_of(&record.pops, effort.turns);
        if seen.insert(walked.to_string()) {
            found(walked, outcome);
        }
        entries += record.pops.len();
        blind |= record.blind || record.cut.is_some();
        grow(&mut nodes, &record, effort.every);
        match next(&mut nodes, effort.turns) {
            Some(next) => order = next,
            None => return !blind,
        }
        if entries > effort.limit.saturating_mul(ENTRIES) {
            return false;
        }
        if tried + 1 >= in_depth && tried + 1 < effort.limit {
            draw(effort, tried + 1, &mut seen, run, found);
            return false;
        }
    }
    false
}

/// Orders at random.
fn draw<T>(
    effort: Effort,
    from: usize,
    seen: &mut HashSet<String>,
    run: &mut dyn FnMut(Plan) -> (Record, T),
    found: &mut dyn FnMut(Order, T),
) {
    let mut entries = 0;
    for n in from..effort.limit {
        let seed = effort.seed.wrapping_mul(0x1000_0001).wrapping_add(n as u64);
        let plan = Plan {
            order: Order::fifo(effort.turns),
            otherwise: Otherwise::Random(seed),
            watched: false,
        };
        let (record, outcome) = run(plan);
        entries += record.pops.len();
        if entries > effort.limit.saturating_mul(ENTRIES) {
            return;
        }
        let order = order_of(&record.pops, effort.turns);
        if seen.insert(order.to_string()) {
            found(order, outcome);
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
    for (at, first) in &record.races {
        if let Some(node) = nodes.get_mut(*at) {
            node.wanted.extend(first);
        }
    }
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
