//! Instructions of one code object under construction: labels, exception ranges, dying bits,
//! spans, and which named registers surely hold a value at the current point. Knows the opcode
//! table; nothing of syntax.
//!
//! The assembler follows the flow of control: after a jump, a return or a raise nothing is
//! emitted until a label that somebody jumps to is bound, so unreachable code costs nothing.

use super::bits::Bits;
use super::consts::ConstPool;
use crate::bytecode::opcode::{AWAITED, DIES_A, DIES_B, DIES_C, DROPPED, FAR_SITE, NO_REG};
use crate::bytecode::{Code, Const, ExceptionEntry, Instr, Mark, Op, Operand, Site};
use crate::source::Span;
use foldhash::HashMap;
use std::rc::Rc;

/// More instructions than this are refused: duplicated `finally` bodies could otherwise grow
/// without bound.
const MAX_INSTRS: usize = 1 << 24;
/// Constants that 16-bit operands reach: code objects, which stand first, and after them the first
/// numbers.
const MOST_NUMBERS: u32 = 4096;
const MOST_CODES: usize = (1 << 16) - MOST_NUMBERS as usize;
/// Sites are numbered with 22 bits.
const MAX_SITES: usize = 1 << 22;

/// A place to jump to. Every label that is jumped to must be bound.
#[must_use = "a label that is jumped to must be bound"]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label(u32);

/// What happens to exceptions raised by the instructions emitted now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handler(u32);

impl Handler {
    /// They leave the frame.
    pub const NONE: Handler = Handler(u32::MAX);
}

#[derive(Default)]
struct LabelState {
    target: Option<u32>,
    /// What is bound on every jump to it so far; `None` if nobody jumps to it.
    bound: Option<Bits>,
}

struct HandlerState {
    depth: u16,
    /// What was bound when the range began.
    bound: Bits,
    used: bool,
    target: u32,
}

/// Why a code object could not be finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AsmError {
    /// A 16-bit jump does not reach: compile again with 32-bit jumps only.
    JumpTooFar,
    /// Too many instructions, sites or functions.
    TooBig(&'static str),
    /// A label was jumped to and never bound.
    UnboundLabel,
}

/// Finished parts of a code object.
pub struct Assembled {
    pub instrs: Vec<Instr>,
    pub spans: Vec<Span>,
    pub consts: Vec<Const>,
    pub sites: Vec<Site>,
    pub exceptions: Vec<ExceptionEntry>,
}

/// See the module's description.
pub struct Assembler {
    instrs: Vec<Instr>,
    spans: Vec<Span>,
    ranges: Vec<Handler>,
    labels: Vec<LabelState>,
    fixups: Vec<(u32, Label)>,
    handlers: Vec<HandlerState>,
    current: Handler,
    /// Named registers that surely hold a value; `None` where control cannot come.
    flow: Option<Bits>,
    /// Named registers that something may empty again.
    deletable: Bits,
    first_temp: u16,
    pool: ConstPool,
    sites: Vec<Site>,
    global_sites: HashMap<Rc<str>, u32>,
    /// The last place that something jumps to.
    last_target: u32,
    /// An observer is to be told which objects are touched.
    pub touches: bool,
    /// An observer is to be told what the frame gives and gets.
    pub marks: bool,
    /// Entries and resumptions are counted, and how long the code runs is measured.
    pub profiled: bool,
    failed: Option<AsmError>,
}

impl Assembler {
    /// `bound`: registers filled by the caller; `deletable`: registers that may be emptied.
    pub fn new(first_temp: u16, bound: Bits, deletable: Bits) -> Self {
        Assembler {
            instrs: Vec::new(),
            spans: Vec::new(),
            ranges: Vec::new(),
            labels: Vec::new(),
            fixups: Vec::new(),
            handlers: Vec::new(),
            current: Handler::NONE,
            flow: Some(bound),
            deletable,
            first_temp,
            pool: ConstPool::default(),
            sites: Vec::new(),
            global_sites: HashMap::default(),
            last_target: 0,
            touches: false,
            marks: false,
            profiled: false,
            failed: None,
        }
    }

    /// Whether control can come here.
    pub fn reachable(&self) -> bool {
        self.flow.is_some()
    }

    /// Whether a named register surely holds a value here.
    pub fn is_bound(&self, reg: u16) -> bool {
        self.flow.as_ref().is_none_or(|f| f.has(reg))
    }

    /// From here on the named register holds a value.
    pub fn set_bound(&mut self, reg: u16) {
        if let Some(flow) = &mut self.flow
            && reg < self.first_temp
        {
            flow.add(reg);
        }
    }

    /// From here on the named register may be empty.
    pub fn set_unbound(&mut self, reg: u16) {
        if let Some(flow) = &mut self.flow {
            flow.remove(reg);
        }
    }

    /// Forgets everything that code reached only later in the text may undo: at a loop's head.
    pub fn forget_deletable(&mut self) {
        let deletable = &self.deletable;
        if let Some(flow) = &mut self.flow {
            flow.subtract(deletable);
        }
    }

    /// What is bound here, for [`Assembler::resume_flow`].
    pub fn save_flow(&self) -> Option<Bits> {
        self.flow.clone()
    }

    /// Says that control comes here with `flow`, whatever stands before.
    pub fn resume_flow(&mut self, flow: Option<Bits>) {
        self.flow = flow;
    }

    /// Emits an instruction; temporaries that it uses die.
    pub fn emit(&mut self, span: Span, op: Op, a: u16, b: u16, c: u16) {
        self.emit_with(span, op, 0, 0, [a, b, c]);
    }

    /// Emits an instruction with `flags` in `t`; the operands whose dying bits are in `kept`
    /// survive although they are temporaries.
    pub fn emit_with(&mut self, span: Span, op: Op, flags: u8, kept: u8, [a, b, c]: [u16; 3]) {
        if self.flow.is_none() {
            return;
        }
        self.mark_before(span, op, a, b);
        if self.profiled {
            return self.push_profiled(span, op, flags, kept, [a, b, c]);
        }
        self.push(span, op, flags, kept, [a, b, c]);
        match op {
            Op::Yield if self.marks => self.mark(span, Mark::Received, a),
            Op::Delegate if self.marks => self.mark(span, Mark::Awaited, a),
            _ => {}
        }
    }

    /// The instruction, and what counts how often the code goes on behind it.
    fn push_profiled(&mut self, span: Span, op: Op, flags: u8, kept: u8, operands: [u16; 3]) {
        let resumed = self.instrs.last();
        let resumed = resumed.is_some_and(|i| i.op == Op::ProfiledResumption);
        let reached_by_jump = self.last_target as usize == self.instrs.len();
        match op {
            Op::Delegate => {
                self.push(span, op, flags, kept, operands);
                self.push(span, Op::ProfiledResumption, 0, 0, [0; 3]);
            }
            // A result that is dropped is dropped by what gives it, if this comes right behind.
            Op::Clear if resumed && !reached_by_jump => {
                let place = self.spans.last().copied().unwrap_or(span);
                self.pop();
                self.push(span, op, flags, kept, operands);
                self.push(place, Op::ProfiledResumption, 0, 0, [0; 3]);
            }
            _ => self.push(span, op.profiled(), flags, kept, operands),
        }
    }

    /// The instruction itself, without the marks around it.
    fn push(&mut self, span: Span, op: Op, flags: u8, kept: u8, [a, b, c]: [u16; 3]) {
        if self.instrs.len() >= MAX_INSTRS {
            self.failed = Some(AsmError::TooBig("instructions"));
            self.flow = None;
            return;
        }
        let kinds = op.operands();
        let mut t = flags;
        for (kind, (reg, bit)) in kinds.iter().zip([(a, DIES_A), (b, DIES_B), (c, DIES_C)]) {
            let dies = match kind {
                Operand::Use => reg >= self.first_temp,
                Operand::OptUse => reg >= self.first_temp && reg != NO_REG,
                _ => false,
            };
            if dies {
                t |= bit & !kept;
            }
            if *kind == Operand::Def {
                self.set_bound(reg);
            }
        }
        if let Some(h) = self.handlers.get_mut(self.current.0 as usize) {
            h.used = true;
        }
        self.instrs.push(Instr::new(op, t, a, b, c));
        self.spans.push(span);
        self.ranges.push(self.current);
        if op.returns() || matches!(op, Op::Raise | Op::Reraise) {
            self.flow = None;
        }
    }

    /// Emits a mark, for a register or [`NO_REG`].
    pub fn mark(&mut self, span: Span, mark: Mark, register: u16) {
        self.emit(span, Op::Mark, register, mark as u16, 0);
    }

    fn mark_before(&mut self, span: Span, op: Op, a: u16, b: u16) {
        match op {
            _ if !self.marks => {}
            Op::Yield => self.mark(span, Mark::Yield, b),
            // What an async generator gives is awaited at once, so that is told before.
            Op::GetANext if !self.touches => self.mark(span, Mark::Await, b),
            Op::Delegate if self.awaits_next() => {}
            Op::Delegate => self.mark(span, Mark::Await, b),
            Op::Return => self.mark(span, Mark::Return, a),
            Op::ReturnNone => self.mark(span, Mark::Return, NO_REG),
            _ => {}
        }
        if self.touches && op.touches() {
            self.mark(span, Mark::Touch, NO_REG);
        }
    }

    /// Whether the instruction that comes awaits the next item of an async iterator, which is marked.
    fn awaits_next(&self) -> bool {
        let item = matches!(self.instrs.as_slice(), [.., next, _] if next.op == Op::GetANext);
        item && !self.touches
    }

    /// Emits an instruction with a site for `name`.
    pub fn emit_site(&mut self, span: Span, op: Op, a: u16, b: u16, name: &Rc<str>, kept: u8) {
        if self.flow.is_none() {
            return;
        }
        let site = self.site(op, name);
        if op == Op::LoadGlobal {
            return self.emit(span, op, a, site as u16, (site >> 16) as u16);
        }
        let high = ((site >> 16) as u8) << 2;
        self.emit_with(span, op, high, kept, [a, b, site as u16]);
    }

    /// Loads of the same global share their site.
    fn site(&mut self, op: Op, name: &Rc<str>) -> u32 {
        if self.sites.len() == usize::from(FAR_SITE) {
            self.sites.push(Site { name: name.clone() });
        }
        let next = self.sites.len();
        if op == Op::LoadGlobal {
            if let Some(old) = self.global_sites.get(name) {
                return *old;
            }
            self.global_sites.insert(name.clone(), next as u32);
        }
        if next >= MAX_SITES {
            self.failed = Some(AsmError::TooBig("names"));
            return 0;
        }
        self.sites.push(Site { name: name.clone() });
        next as u32
    }

    /// a = constant.
    pub fn load_const(&mut self, span: Span, a: u16, value: Const) {
        if self.flow.is_none() {
            return;
        }
        let index = self.pool.value(value);
        self.emit(span, Op::LoadConst, a, index as u16, (index >> 16) as u16);
    }

    /// The operand of `AddK` and its kin for a number; as for `load_const`, code objects move it up
    /// in the end. `None` if there are too many constants.
    pub fn number_const(&mut self, value: Const) -> Option<u16> {
        self.flow.as_ref()?;
        let index = self.pool.value(value);
        (index < MOST_NUMBERS).then_some(index as u16)
    }

    /// The operand of `MakeFunction` for a code object.
    pub fn code_const(&mut self, code: Rc<Code>) -> u16 {
        let index = self.pool.code(code);
        if index >= MOST_CODES {
            self.failed = Some(AsmError::TooBig("functions"));
        }
        index as u16
    }

    /// A new label.
    pub fn label(&mut self) -> Label {
        self.labels.push(LabelState::default());
        Label(self.labels.len() as u32 - 1)
    }

    /// Emits a jump to `label`, by the table's kind of jump for `op`.
    pub fn jump(&mut self, span: Span, op: Op, a: u16, b: u16, kept: u8, label: Label) {
        self.jump_with(span, op, 0, kept, [a, b], label);
    }

    /// As [`Assembler::jump`], with `flags` in `t`.
    pub fn jump_with(
        &mut self,
        span: Span,
        op: Op,
        flags: u8,
        kept: u8,
        [a, b]: [u16; 2],
        label: Label,
    ) {
        let Some(flow) = &self.flow else {
            return;
        };
        if let Some(state) = self.labels.get_mut(label.0 as usize) {
            match &mut state.bound {
                Some(bound) => bound.intersect(flow),
                none => *none = Some(flow.clone()),
            }
        }
        self.mark_before(span, op, a, b);
        self.fixups.push((self.instrs.len() as u32, label));
        self.push(span, op, flags, kept, [a, b, 0]);
        if op == Op::Jump {
            self.flow = None;
        }
    }

    /// The label stands here. Control comes from above and from the jumps so far; jumps that come
    /// later (back from a loop's end) must not bring less than [`Assembler::forget_deletable`]
    /// leaves.
    pub fn bind(&mut self, label: Label) {
        self.drop_jump_to(label);
        let here = self.instrs.len() as u32;
        self.last_target = here;
        if let Some(state) = self.labels.get_mut(label.0 as usize) {
            state.target = Some(here);
            match (&mut self.flow, &state.bound) {
                (Some(flow), Some(bound)) => flow.intersect(bound),
                (flow @ None, Some(bound)) => *flow = Some(bound.clone()),
                _ => {}
            }
        }
    }

    /// A jump to what stands right after it does nothing.
    fn drop_jump_to(&mut self, label: Label) {
        let end = self.instrs.len() as u32;
        let jump = self.instrs.last().is_some_and(|i| i.op == Op::Jump);
        // Something else that is bound here must not end up before the place it means.
        if jump && self.last_target != end && self.fixups.last() == Some(&(end - 1, label)) {
            self.fixups.pop();
            self.pop();
        }
    }

    /// Takes the last instruction back.
    fn pop(&mut self) {
        self.instrs.pop();
        self.spans.pop();
        self.ranges.pop();
    }

    /// The handler of the instructions emitted now.
    pub fn handler(&self) -> Handler {
        self.current
    }

    /// A handler for instructions from here on: registers from `depth` up are released.
    pub fn new_handler(&mut self, depth: u16) -> Handler {
        let mut bound = self.flow.clone().unwrap_or_default();
        bound.subtract(&self.deletable);
        self.handlers.push(HandlerState {
            depth,
            bound,
            used: false,
            target: 0,
        });
        Handler(self.handlers.len() as u32 - 1)
    }

    /// Instructions from here on are covered by `handler`.
    pub fn enter(&mut self, handler: Handler) {
        self.current = handler;
    }

    /// The handler's code stands here. Control comes by exceptions and, if it can, from above.
    pub fn bind_handler(&mut self, handler: Handler) {
        let here = self.instrs.len() as u32;
        self.last_target = here;
        if let Some(state) = self.handlers.get_mut(handler.0 as usize) {
            state.target = here;
            if state.used {
                match &mut self.flow {
                    Some(flow) => flow.intersect(&state.bound),
                    none => *none = Some(state.bound.clone()),
                }
            }
        }
    }

    /// Resolves jumps and builds the tables.
    pub fn finish(mut self) -> Result<Assembled, AsmError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.resolve_jumps()?;
        let exceptions = self.exception_table();
        let (consts, shift) = self.pool.finish();
        for instr in &mut self.instrs {
            if instr.op == Op::LoadConst {
                let index = instr.bc() as u32 + shift;
                instr.set_bc(index);
            } else if instr.op.operands()[2] == Operand::Number {
                instr.c += shift as u16;
            }
        }
        for at in 0..self.instrs.len() {
            let (next, then) = (
                self.instrs.get(at + 1).copied(),
                self.instrs.get(at + 2).copied(),
            );
            if let Some(instr) = self.instrs.get_mut(at) {
                if instr.is_awaited(next.as_ref(), then.as_ref()) {
                    instr.t |= AWAITED;
                }
                if instr.is_dropped(next.as_ref()) {
                    instr.t |= DROPPED;
                }
            }
        }
        Ok(Assembled {
            instrs: self.instrs,
            spans: self.spans,
            consts,
            sites: self.sites,
            exceptions,
        })
    }

    fn resolve_jumps(&mut self) -> Result<(), AsmError> {
        let mut targets: HashMap<u32, u32> = HashMap::default();
        for (at, label) in &self.fixups {
            let target = self.labels.get(label.0 as usize).and_then(|l| l.target);
            let target = target.ok_or(AsmError::UnboundLabel)?;
            targets.insert(*at, target);
        }
        for (at, _) in &self.fixups {
            let target = self.threaded(*at, &targets);
            let Some(instr) = self.instrs.get_mut(*at as usize) else {
                continue;
            };
            if instr.op.operands().contains(&Operand::Jump16) {
                let distance = i64::from(target) - i64::from(*at) - 1;
                let short = i16::try_from(distance).map_err(|_| AsmError::JumpTooFar)?;
                instr.c = short as u16;
            } else {
                instr.set_bc(target);
            }
        }
        Ok(())
    }

    /// Where the jump at `at` ends when the plain jumps it meets are followed at once.
    fn threaded(&self, at: u32, targets: &HashMap<u32, u32>) -> u32 {
        let mut target = targets.get(&at).copied().unwrap_or(0);
        let op = self.instrs.get(at as usize).map(|i| i.op);
        // The machine finds a loop's end through its ForPrep, and short jumps may not get longer.
        let plain = op.is_some_and(|op| op.operands().contains(&Operand::JumpBC));
        for _ in 0..4 {
            let next = self.instrs.get(target as usize).map(|i| i.op);
            match targets.get(&target) {
                Some(further) if plain && next == Some(Op::Jump) && *further > target => {
                    target = *further;
                }
                _ => break,
            }
        }
        target
    }

    /// Neighbouring instructions with the same handler become one entry. No two entries overlap:
    /// an instruction's handler is the innermost.
    fn exception_table(&self) -> Vec<ExceptionEntry> {
        let mut entries: Vec<ExceptionEntry> = Vec::new();
        let mut before = Handler::NONE;
        for (pc, handler) in self.ranges.iter().enumerate() {
            if let Some(state) = self.handlers.get(handler.0 as usize) {
                let pc = pc as u32;
                match entries.last_mut() {
                    Some(last) if before == *handler && last.end == pc => last.end = pc + 1,
                    _ => entries.push(ExceptionEntry {
                        start: pc,
                        end: pc + 1,
                        target: state.target,
                        depth: state.depth,
                    }),
                }
            }
            before = *handler;
        }
        entries
    }
}
