//! An abstract run over finished code that follows every temporary through every path: each is
//! read while it holds something, none is overwritten or left over while it still does, and at a
//! return all are empty. This is the invariant on which lifetimes and frame clearing rest. Named
//! registers are followed, too: none is read where it could be unassigned.

use crate::bytecode::opcode::{DIES_A, DIES_B, DIES_C, NO_REG};
use crate::bytecode::{Code, Const, Instr, Op, Operand};

/// What a temporary holds at some point, over all paths that lead there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Held {
    Nothing,
    Value,
    /// A value on some paths only: it may only be cleared.
    Unsure,
}

type State = Vec<Held>;

struct Run<'c> {
    code: &'c Code,
    states: Vec<Option<State>>,
    waiting: Vec<usize>,
    problems: Vec<String>,
}

/// Problems of a code object and everything defined in it.
pub fn problems(code: &Code) -> Vec<String> {
    let mut all = check(code);
    for constant in &code.consts {
        if let Const::Code(inner) = constant {
            all.extend(problems(inner));
        }
    }
    all
}

fn check(code: &Code) -> Vec<String> {
    let mut start = vec![Held::Nothing; usize::from(code.nregs)];
    // A class body's namespace, parameters and free variables come from outside.
    let filled = code.nparams().max(usize::from(code.flags.class_body));
    start[..filled].fill(Held::Value);
    start[usize::from(code.free_start)..usize::from(code.nnamed)].fill(Held::Value);
    let mut run = Run {
        code,
        states: vec![None; code.instrs.len()],
        waiting: Vec::new(),
        problems: Vec::new(),
    };
    run.flow_to(0, start);
    while let Some(pc) = run.waiting.pop() {
        run.step(pc);
    }
    // Once more over the settled states, to collect what is wrong.
    run.problems.clear();
    for pc in 0..code.instrs.len() {
        if run.states[pc].is_some() {
            run.step(pc);
        }
    }
    run.problems.sort();
    run.problems.dedup();
    run.problems
}

impl Run<'_> {
    fn flow_to(&mut self, pc: usize, state: State) {
        let Some(slot) = self.states.get_mut(pc) else {
            return;
        };
        match slot {
            None => {
                *slot = Some(state);
                self.waiting.push(pc);
            }
            Some(known) => {
                let mut changed = false;
                for (k, s) in known.iter_mut().zip(state) {
                    if *k != s && *k != Held::Unsure {
                        *k = Held::Unsure;
                        changed = true;
                    }
                }
                if changed {
                    self.waiting.push(pc);
                }
            }
        }
    }

    fn problem(&mut self, pc: usize, text: &str, reg: u16) {
        let line = self.code.line_at(pc);
        let name = crate::bytecode::disasm::register(self.code, reg);
        let what = crate::bytecode::disasm::instruction(self.code, pc);
        let place = &self.code.qualname;
        self.problems.push(format!(
            "{place} line {line} pc {pc} ({what}): {name} {text}"
        ));
    }

    fn is_temp(&self, reg: u16) -> bool {
        reg >= self.code.nnamed && reg != NO_REG
    }

    fn at(reg: u16) -> usize {
        usize::from(reg)
    }

    fn read(&mut self, pc: usize, state: &State, reg: u16) {
        if state[Self::at(reg)] != Held::Value {
            self.problem(pc, "is read but may hold nothing", reg);
        }
    }

    fn take(&mut self, pc: usize, state: &mut State, reg: u16) {
        self.read(pc, state, reg);
        if self.is_temp(reg) {
            let at = Self::at(reg);
            state[at] = Held::Nothing;
        }
    }

    fn define(&mut self, pc: usize, state: &mut State, reg: u16) {
        if self.is_temp(reg) {
            let at = Self::at(reg);
            if state[at] != Held::Nothing {
                self.problem(pc, "is overwritten while it holds a value", reg);
            }
        }
        state[Self::at(reg)] = Held::Value;
    }

    fn empty(state: &mut State, reg: u16) {
        state[Self::at(reg)] = Held::Nothing;
    }

    fn step(&mut self, pc: usize) {
        let Some(before) = self.states[pc].clone() else {
            return;
        };
        let instr = self.code.instrs[pc];
        let mut state = before.clone();
        self.operands(pc, instr, &mut state);
        self.window(pc, instr, &mut state);
        let entry = self
            .code
            .exceptions
            .iter()
            .find(|e| (e.start..e.end).contains(&(pc as u32)));
        if let Some(entry) = entry {
            let depth = Self::at(entry.depth);
            let named = usize::from(self.code.nnamed);
            let mut after = state.clone();
            self.definitions(pc, instr, &mut after);
            let kept = |(i, held): (usize, &Held)| match held {
                _ if i >= depth => Held::Nothing,
                held if i < named && *held == after[i] => *held,
                _ if i < named => Held::Unsure,
                held if *held == state[i] => *held,
                _ => Held::Nothing,
            };
            let mut failed: State = before.iter().enumerate().map(kept).collect();
            failed[depth] = Held::Value;
            self.flow_to(entry.target as usize, failed);
        }
        self.definitions(pc, instr, &mut state);
        if let Some(target) = instr.jump_target(pc) {
            let mut there = state.clone();
            match instr.op {
                Op::ForIter => self.define(pc, &mut there, instr.a),
                Op::ForPrep => self.define(pc, &mut there, instr.a),
                _ => {}
            }
            self.flow_to(target, there);
        }
        match instr.op {
            Op::Return | Op::ReturnNone => {
                for (i, held) in state.iter().enumerate() {
                    if i as u16 >= self.code.nnamed && *held != Held::Nothing {
                        self.problem(pc, "is left over", i as u16);
                    }
                }
                return;
            }
            Op::Raise | Op::Reraise | Op::Jump | Op::ForPrep => return,
            Op::ForIter => Self::empty(&mut state, instr.b),
            _ => {}
        }
        self.flow_to(pc + 1, state);
    }

    fn operands(&mut self, pc: usize, instr: Instr, state: &mut State) {
        let fields = [(instr.a, DIES_A), (instr.b, DIES_B), (instr.c, DIES_C)];
        for (kind, (reg, dying)) in instr.op.operands().into_iter().zip(fields) {
            match kind {
                Operand::OptUse if reg == NO_REG => {}
                Operand::Use | Operand::OptUse => {
                    if self.is_temp(reg) && instr.t & dying != 0 {
                        self.take(pc, state, reg);
                    } else {
                        self.read(pc, state, reg);
                    }
                }
                Operand::Keep => match instr.op {
                    Op::Clear | Op::DeleteLocal => Self::empty(state, reg),
                    Op::MakeCell | Op::CheckBound => state[Self::at(reg)] = Held::Value,
                    _ => self.read(pc, state, reg),
                },
                _ => {}
            }
        }
    }

    /// What happens to the registers of a window that is read.
    fn window(&mut self, pc: usize, instr: Instr, state: &mut State) {
        let (a, b, c) = (instr.a, instr.b, instr.c);
        let len = instr.window_len() as u16;
        match instr.op {
            Op::BuildSlice
            | Op::BuildList
            | Op::BuildTuple
            | Op::BuildSet
            | Op::BuildDict
            | Op::BuildString
            | Op::ImportName => (b..b + len).for_each(|r| self.take(pc, state, r)),
            Op::Call | Op::CallMethod | Op::CallKw | Op::CallEx => {
                self.take(pc, state, b);
                let has_self = instr.op == Op::CallMethod || instr.t & 0x80 != 0;
                if has_self {
                    self.take(pc, state, b + 1);
                }
                (b + 2..b + len).for_each(|r| self.take(pc, state, r));
                let last = self.code.nregs;
                for r in (b + len).max(self.code.nnamed)..last {
                    if state[Self::at(r)] == Held::Value && r != a {
                        self.problem(pc, "is live above the window", r);
                    }
                }
            }
            Op::MakeFunction if c == NO_REG => {}
            Op::MakeFunction => (c..c + 3).for_each(|r| Self::empty(state, r)),
            Op::PopExc => {
                state[Self::at(a)] = Held::Nothing;
                self.take(pc, state, a + 1);
            }
            Op::MatchClass => (b..b + 3).for_each(|r| self.take(pc, state, r)),
            Op::PushExc | Op::ExcStarMatches => self.read(pc, state, a),
            Op::ForIter => self.read(pc, state, b),
            Op::ExitWith => (b..b + 2).for_each(|r| self.read(pc, state, r)),
            Op::FormatValue if c & 4 != 0 => self.take(pc, state, a),
            _ => {}
        }
    }

    fn definitions(&mut self, pc: usize, instr: Instr, state: &mut State) {
        let fields = [instr.a, instr.b, instr.c];
        for (kind, reg) in instr.op.operands().into_iter().zip(fields) {
            if kind == Operand::Def && instr.op != Op::ForIter {
                self.define(pc, state, reg);
            }
        }
        let a = instr.a;
        match instr.op {
            Op::LoadMethod | Op::EnterWith | Op::EnterAsyncWith => {
                (a..a + 2).for_each(|r| self.define(pc, state, r));
            }
            Op::Unpack | Op::UnpackStar => {
                let end = a + instr.window_len() as u16;
                (a..end).for_each(|r| self.define(pc, state, r));
            }
            Op::PushExc | Op::ExcStarMatches => self.define(pc, state, a + 1),
            _ => {}
        }
    }
}
