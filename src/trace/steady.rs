//! A generator that yields and is resumed over and over, while nothing else happens: what is written
//! of that was written before, but for numbers and values. Frames of the program are entered and
//! left with events only, so as long as those are yields and what follows them, how many of them
//! run, and which is the innermost, says how they stand on each other.

use super::lines::{Line, Template};
use super::look::Far;
use super::names::{Function, Place, is_written};
use super::passage::{Passage, Thing, Told};
use super::recorder::{Recorder, Teller};
use crate::bytecode::{Code, Mark};
use crate::vm::Vm;
use crate::vm::heap::ObjRef;
use crate::vm::inspect::{Edge, Point, Spot};
use crate::vm::object::GenKind;
use crate::vm::value::Value;
use std::rc::Rc;

/// Lines that are kept of one frame.
const KEPT: usize = 8;

/// The frames of the program that were entered since something else happened, the innermost last.
#[derive(Default)]
pub(super) struct Steady {
    /// Counts what else happens.
    epoch: u64,
    pub running: Vec<Running>,
}

/// A frame that was entered.
pub(super) struct Running {
    pub address: usize,
    pub function: Rc<Function>,
    pub number: u32,
    /// How many frames of the program stand below it that have resumed each other.
    pub depth: usize,
}

impl Steady {
    /// Something else happens.
    pub fn end(&mut self) {
        self.epoch += 1;
        self.running.clear();
    }

    pub fn enter(&mut self, frame: Running) {
        self.running.push(frame);
    }

    pub fn leave(&mut self, frame: usize) {
        if self.running.pop().is_none_or(|r| r.address != frame) {
            self.end();
        }
    }

    /// A frame begins, perhaps where there was another one.
    pub fn begin(&mut self) {
        self.epoch += 1;
    }

    /// The innermost frame.
    #[inline]
    pub fn innermost(&self) -> usize {
        self.running.last().map_or(0, |r| r.address)
    }

    /// What the frame stands on that is entered, or about to be left.
    fn below(&self, frame: usize, leaves: bool) -> Option<(usize, usize)> {
        match self.running.split_last() {
            Some((last, below)) if leaves && last.address == frame => {
                Some((below.len(), below.last().map_or(0, |r| r.address)))
            }
            _ if leaves => None,
            _ => Some((self.running.len(), self.innermost())),
        }
    }
}

/// What was written when a frame came to a place.
pub(super) struct Memo {
    epoch: u64,
    point: Point,
    below: (usize, usize),
    /// The frame was resumed with a value.
    sends: bool,
    line: Line,
    /// Where the two frames were, and the address of the one that gets the value.
    pc: usize,
    caller_pc: usize,
    told: usize,
    depth: usize,
    /// Keeps the address of the caller's place from meaning something else.
    _code: Rc<Code>,
}

/// Whether a mark says that a frame is left, if what it says can come over and over.
fn leaves(mark: Mark) -> Option<bool> {
    match mark {
        Mark::Yield => Some(true),
        Mark::Received => Some(false),
        _ => None,
    }
}

impl Recorder {
    /// Writes again what was written when the running frame came here before; `false` if something
    /// is different.
    pub(super) fn replay(&mut self, vm: &mut Vm, mark: Mark, value: &Value) -> bool {
        let (Teller::Lines(lines), Some(leaves)) = (&mut self.teller, leaves(mark)) else {
            return false;
        };
        let point = vm.point();
        let Some(known) = self.names.known(point.frame) else {
            return false;
        };
        let epoch = self.steady.epoch;
        let sends = !leaves && !value.is_none();
        let same = |m: &&Rc<Memo>| m.point == point && m.epoch == epoch && m.sends == sends;
        let Some(memo) = known.memos.iter().find(same).cloned() else {
            return false;
        };
        if self.steady.below(point.frame, leaves) != Some(memo.below) {
            return false;
        }
        let clock = vm.host.clock.monotonic().as_secs_f64();
        let task = vm.current.task.get();
        let task = task.as_obj().map_or(0, ObjRef::address);
        if !lines.is_within(self.turn, clock, task) {
            return false;
        }
        let names = &mut self.names;
        let fits = match leaves {
            true => names.see_left(point.frame),
            false => names.see_entered((point.caller, memo.caller_pc), (point.frame, memo.pc)),
        };
        if !fits {
            return false;
        }
        if let Some(known) = names.known(point.frame) {
            known.stand(memo.pc);
            known.look = None;
            if !leaves {
                self.steady.enter(Running {
                    address: point.frame,
                    function: known.function.clone(),
                    number: known.number,
                    depth: memo.depth,
                });
            }
        }
        if leaves {
            self.steady.leave(point.frame);
        }
        self.told = memo.told;
        self.number += 1;
        lines.repeat(vm, self.number, &memo.line, &Thing::Value(value));
        true
    }

    /// Keeps what was written of a passage, if it can come over and over: by what calls or resumes
    /// the running frame directly.
    pub(super) fn keep(&mut self, vm: &Vm, told: &Told) {
        let (Teller::Lines(lines), Far::Frame(far)) = (&self.teller, told.far) else {
            return;
        };
        let leaves = match told.passage {
            Passage::Yield => true,
            Passage::Next | Passage::Send => false,
            _ => return,
        };
        let point = vm.point();
        let own = told.own;
        let Some(below) = self.steady.below(own.frame, leaves) else {
            return;
        };
        let spots = &mut vm.spots();
        let (Some(spot), Some(caller)) = (spots.next(), spots.next()) else {
            return;
        };
        let written = |s: &Spot<'_>| is_written(&s.code.code, s.pc);
        let direct = Place::of(&caller) == far && point.caller == far.frame;
        let is_async = told.look.kind == Some(GenKind::AsyncGenerator);
        if is_async || !direct || !written(&spot) || !written(&caller) {
            return;
        }
        let Some(line) = lines.line(vm, &mut self.names, told) else {
            return;
        };
        let memo = Memo {
            epoch: self.steady.epoch,
            point,
            below,
            sends: told.passage == Passage::Send,
            line,
            pc: own.pc,
            caller_pc: caller.pc,
            told: self.told,
            depth: told.look.depth(),
            _code: caller.code.code.clone(),
        };
        self.keep_memo(own.frame, memo);
    }

    /// Keeps what was written of a passage between the innermost frame and the one below it.
    pub(super) fn keep_direct(
        &mut self,
        vm: &Vm,
        template: &Template,
        own: &Running,
        (edge, passage): (&Edge<'_>, Passage),
    ) {
        let Some(outer) = self.steady.running.last() else {
            return;
        };
        let memo = Memo {
            epoch: self.steady.epoch,
            point: vm.point(),
            below: (self.steady.running.len(), outer.address),
            sends: passage == Passage::Send,
            line: template.line_direct(own, outer),
            pc: edge.pc,
            caller_pc: edge.outer_pc,
            told: self.told,
            depth: own.depth,
            _code: outer.function.code.clone(),
        };
        self.keep_memo(own.address, memo);
    }

    fn keep_memo(&mut self, frame: usize, memo: Memo) {
        if let Some(known) = self.names.known(frame) {
            let memos = &mut known.memos;
            memos.retain(|m| {
                m.epoch == memo.epoch && (m.point, m.sends) != (memo.point, memo.sends)
            });
            if memos.len() >= KEPT {
                memos.clear();
            }
            memos.push(Rc::new(memo));
        }
    }
}
