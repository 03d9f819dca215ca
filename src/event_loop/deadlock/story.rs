//! From tasks that wait to the story that is told: a circle if there is one, else the way from
//! the main task to where it ends.

use super::holders::{self, Age, Holder};
use super::waits::{How, Place, Primitive, Stuck, Wait};
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::Future;
use std::collections::HashMap;
use std::rc::Rc;

/// The tasks that matter, in order. In a circle each waits for the next one and the last for the
/// first; else the last one waits for something that never comes.
#[derive(Default)]
pub(super) struct Story {
    pub tasks: Vec<usize>,
    pub is_circle: bool,
}

/// Everything that is known, ready to be told.
pub(super) struct Scene {
    pub stuck: Vec<Stuck>,
    /// For each of them: who holds what it waits for.
    pub holders: Vec<Rc<[Holder]>>,
    /// For each of them: those that have to go on before it can.
    edges: Vec<Vec<usize>>,
}

impl Scene {
    pub fn new(vm: &mut Vm, stuck: Vec<Stuck>) -> Scene {
        let holders = all_holders(vm, &stuck);
        let positions: HashMap<usize, usize> = stuck
            .iter()
            .enumerate()
            .map(|(i, s)| (s.task.as_obj().address(), i))
            .collect();
        let position = |f: &Ref<Future>| positions.get(&f.as_obj().address()).copied();
        let edges = stuck
            .iter()
            .zip(&holders)
            .map(|(s, holders)| match &s.wait {
                Wait::Futures(_, futures) => futures.iter().filter_map(position).collect(),
                _ => holders
                    .iter()
                    .filter_map(|h| position(h.task.as_ref()?))
                    .collect(),
            })
            .collect();
        Scene {
            stuck,
            holders,
            edges,
        }
    }

    /// Those that have to go on before a task can.
    pub fn before(&self, i: usize) -> Vec<Ref<Future>> {
        let edges = self.edges.get(i).into_iter().flatten();
        let tasks = edges.filter_map(|e| self.stuck.get(*e));
        tasks.map(|s| s.task.clone()).collect()
    }

    /// Where the first of those who hold what a task waits for has taken it.
    pub fn since(&self, i: usize) -> Option<Place> {
        self.holders.get(i)?.iter().find_map(|h| h.place.clone())
    }

    /// A circle that the main task leads to, else any, else the main task's way.
    pub fn story(&self, main: Option<usize>) -> Story {
        if let Some(tasks) = circle(&self.edges, main) {
            return Story {
                tasks,
                is_circle: true,
            };
        }
        let mut tasks: Vec<usize> = Vec::new();
        let mut next = main.or((!self.stuck.is_empty()).then_some(0));
        while let Some(at) = next {
            tasks.push(at);
            next = self.edges.get(at).and_then(|e| e.first()).copied();
        }
        Story {
            tasks,
            is_circle: false,
        }
    }

    /// One task of each circle of tasks that await each other: cancelling one of them goes round
    /// without end, since a task passes it on to what it awaits.
    pub fn in_awaiting_circles(&self) -> Vec<usize> {
        let passes_on = |s: &Stuck| matches!(s.wait, Wait::Futures(How::Await | How::Gather, _));
        let mut edges: Vec<Vec<usize>> = self
            .stuck
            .iter()
            .zip(&self.edges)
            .map(|(s, e)| if passes_on(s) { e.clone() } else { Vec::new() })
            .collect();
        let mut found = Vec::new();
        while let Some(&first) = circle(&edges, None).as_ref().and_then(|c| c.first()) {
            edges.get_mut(first).into_iter().for_each(Vec::clear);
            found.push(first);
        }
        found
    }
}

/// The first circle that a walk in depth comes upon, from `first` if it is given, then from all.
fn circle(edges: &[Vec<usize>], first: Option<usize>) -> Option<Vec<usize>> {
    let mut done = vec![false; edges.len()];
    let mut on_way = vec![false; edges.len()];
    let starts = first.into_iter().chain(0..edges.len());
    for start in starts {
        // The way from the start, each with the number of its edges that were tried.
        let mut way: Vec<(usize, usize)> = Vec::new();
        if done.get(start) == Some(&false) {
            way.push((start, 0));
            mark(&mut on_way, start, true);
        }
        while let Some((at, tried)) = way.last_mut() {
            let at = *at;
            let next = edges.get(at).and_then(|e| e.get(*tried)).copied();
            *tried += 1;
            match next {
                None => {
                    mark(&mut done, at, true);
                    mark(&mut on_way, at, false);
                    way.pop();
                }
                Some(next) if on_way.get(next) == Some(&true) => {
                    let from = way.iter().position(|(w, _)| *w == next)?;
                    return Some(way.iter().skip(from).map(|(w, _)| *w).collect());
                }
                Some(next) if done.get(next) == Some(&false) => {
                    mark(&mut on_way, next, true);
                    way.push((next, 0));
                }
                Some(_) => {}
            }
        }
    }
    None
}

fn mark(flags: &mut [bool], i: usize, on: bool) {
    if let Some(flag) = flags.get_mut(i) {
        *flag = on;
    }
}

/// Who holds what each task waits for; looked up once for each object.
fn all_holders(vm: &mut Vm, stuck: &[Stuck]) -> Vec<Rc<[Holder]>> {
    let by_age: HashMap<Age, Ref<Future>> = stuck
        .iter()
        .map(|s| (s.task.age(), s.task.clone()))
        .collect();
    let mut known: HashMap<usize, Rc<[Holder]>> = HashMap::new();
    let mut all = Vec::new();
    for s in stuck {
        let Wait::For(primitive @ (Primitive::Lock | Primitive::Semaphore), object) = &s.wait
        else {
            all.push(Rc::default());
            continue;
        };
        let address = object.as_obj().map_or(0, |o| o.address());
        let holders = known.entry(address).or_insert_with(|| match primitive {
            Primitive::Lock => holders::of_lock(vm, object, &by_age).into_iter().collect(),
            _ => holders::in_blocks_of(object, stuck).into(),
        });
        all.push(holders.clone());
    }
    all
}
