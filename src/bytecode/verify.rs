//! The verifier: what it lets through, the dispatch loop may run without looking. Every register
//! lies in the frame, every jump ends on an instruction, every constant and site exists, and no
//! path runs off the end.

use super::opcode::{
    AWAITED, DIES_A, DIES_B, DIES_C, DROPPED, FAR_SITE, Intrinsic, MOST_REGISTERS, NO_REG,
};
use super::{Code, Const, Instr, Op, Operand};
use std::fmt;

/// What is wrong with a code object. The compiler never makes such code: this is our mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    pub pc: usize,
    pub problem: &'static str,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at instruction {}", self.problem, self.pc)
    }
}

impl std::error::Error for VerifyError {}

/// Checks one code object (those among its constants were checked when they were made).
pub fn verify(code: &Code) -> Result<(), VerifyError> {
    check_layout(code).map_err(|problem| VerifyError { pc: 0, problem })?;
    let mut of_methods = vec![false; code.sites.len()];
    for (pc, instr) in code.instrs.iter().enumerate() {
        check_instr(code, pc, *instr).map_err(|problem| VerifyError { pc, problem })?;
        check_method_site(&mut of_methods, *instr)
            .map_err(|problem| VerifyError { pc, problem })?;
    }
    check_exceptions(code)
}

/// The cache of a `LoadMethod` may know what instructions follow: no other one has the same.
fn check_method_site(taken: &mut [bool], instr: Instr) -> Check {
    match taken.get_mut(instr.site()) {
        Some(taken) if instr.op == Op::LoadMethod => ensure(
            !std::mem::replace(taken, true),
            "two lookups of methods with one cache",
        ),
        _ => Ok(()),
    }
}

type Check = Result<(), &'static str>;

fn ensure(holds: bool, problem: &'static str) -> Check {
    if holds { Ok(()) } else { Err(problem) }
}

fn check_layout(code: &Code) -> Check {
    let named = usize::from(code.nnamed);
    ensure(
        code.nnamed <= code.nregs,
        "more named registers than registers",
    )?;
    ensure(
        code.nregs <= MOST_REGISTERS,
        "more registers than operands can name",
    )?;
    ensure(code.names.len() == named, "a named register has no name")?;
    ensure(code.nparams() <= named, "more parameters than registers")?;
    ensure(
        code.posonly <= code.positional,
        "more positional-only parameters than positional",
    )?;
    ensure(
        code.free_start <= code.nnamed,
        "free variables outside the named registers",
    )?;
    let free = named - usize::from(code.free_start);
    ensure(code.captures.len() == free, "a free variable has no origin")?;
    ensure(
        code.cells.iter().all(|c| *c < code.nnamed),
        "a cell outside the named registers",
    )?;
    ensure(
        code.spans.len() == code.instrs.len(),
        "an instruction without a place",
    )?;
    let last = code.instrs.last().map(|i| i.op);
    ensure(last.is_some_and(ends_path), "control runs off the end")
}

const fn ends_path(op: Op) -> bool {
    op.returns() || matches!(op, Op::Raise | Op::Reraise | Op::Jump)
}

fn check_instr(code: &Code, pc: usize, instr: Instr) -> Check {
    let kinds = instr.op.operands();
    let fields = [(instr.a, DIES_A), (instr.b, DIES_B), (instr.c, DIES_C)];
    for (kind, (value, dying)) in kinds.into_iter().zip(fields) {
        check_operand(code, instr, kind, value)?;
        let may_die = matches!(kind, Operand::Use | Operand::OptUse);
        if may_die && instr.t & dying != 0 {
            ensure(value >= code.nnamed, "a named register would be taken")?;
        }
    }
    if kinds.contains(&Operand::Jump16) || kinds.contains(&Operand::JumpBC) {
        let inside = instr.jump_target(pc).is_some_and(|t| t < code.instrs.len());
        ensure(inside, "a jump out of the code")?;
    }
    if matches!(instr.op, Op::Call | Op::CallMethod | Op::GetANext) && instr.t & AWAITED != 0 {
        let awaited = instr.is_awaited(code.instrs.get(pc + 1), code.instrs.get(pc + 2));
        ensure(awaited, "a call marked as awaited that is not")?;
    }
    let gives = matches!(
        instr.op,
        Op::Call | Op::CallMethod | Op::Delegate | Op::Yield | Op::ProfiledYield
    );
    if gives && instr.t & DROPPED != 0 {
        let dropped = instr.is_dropped(code.instrs.get(pc + 1));
        ensure(dropped, "a result marked as dropped that is not")?;
    }
    if instr.op.yields() {
        ensure(code.flags.suspends(), "a yield in code that cannot suspend")?;
    }
    if instr.op == Op::LoadIntrinsic {
        let known = usize::from(instr.b) < Intrinsic::ALL.len();
        ensure(known, "an unknown intrinsic")?;
    }
    Ok(())
}

fn check_operand(code: &Code, instr: Instr, kind: Operand, value: u16) -> Check {
    match kind {
        Operand::None | Operand::Imm | Operand::Count | Operand::JumpBC | Operand::Jump16 => Ok(()),
        Operand::OptUse | Operand::OptKeep | Operand::OptBase if value == NO_REG => Ok(()),
        Operand::Def | Operand::Use | Operand::Keep | Operand::OptUse | Operand::OptKeep => {
            ensure(value < code.nregs, "a register outside the frame")
        }
        Operand::Base | Operand::OptBase => check_window(code, instr, value),
        Operand::ConstBC => ensure(instr.bc() < code.consts.len(), "an unknown constant"),
        Operand::Const => {
            let found = code.consts.get(usize::from(value));
            ensure(
                matches!(found, Some(Const::Code(_))),
                "a function without code",
            )
        }
        Operand::Number => {
            let found = code.consts.get(usize::from(value));
            ensure(
                matches!(found, Some(Const::Int(_) | Const::Float(_))),
                "an unknown number",
            )
        }
        Operand::SiteBC => ensure(instr.bc() < code.sites.len(), "an unknown name"),
        Operand::Site => {
            ensure(instr.site() < code.sites.len(), "an unknown name")?;
            ensure(instr.site() != usize::from(FAR_SITE), "a site of others")
        }
    }
}

fn check_window(code: &Code, instr: Instr, base: u16) -> Check {
    let end = u32::from(base) + instr.window_len();
    ensure(end <= u32::from(code.nregs), "a window outside the frame")?;
    let any = matches!(instr.op, Op::Unpack | Op::UnpackStar);
    ensure(any || base >= code.nnamed, "a window over named registers")
}

fn check_exceptions(code: &Code) -> Result<(), VerifyError> {
    let length = code.instrs.len();
    for entry in &code.exceptions {
        let holds = entry.start < entry.end
            && entry.end as usize <= length
            && (entry.target as usize) < length
            && entry.depth >= code.nnamed
            && entry.depth < code.nregs;
        if !holds {
            let (pc, problem) = (entry.start as usize, "an exception entry out of range");
            return Err(VerifyError { pc, problem });
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::bytecode::{CodeFlags, ExceptionEntry, Site};
    use crate::source::{Source, Span};

    fn code(nregs: u16, instrs: &[Instr]) -> Code {
        Code {
            name: "f".into(),
            qualname: "f".into(),
            source: Source::new("t", ""),
            span: Span::default(),
            flags: CodeFlags::default(),
            posonly: 0,
            positional: 0,
            kwonly: 0,
            nnamed: 1,
            nregs,
            names: vec!["x".into()],
            cells: Vec::new(),
            free_start: 1,
            captures: Vec::new(),
            consts: vec![Const::None],
            sites: Vec::new(),
            instrs: instrs.to_vec(),
            spans: vec![Span::default(); instrs.len()],
            exceptions: Vec::new(),
            doc: None,
        }
    }

    fn problem(code: &Code) -> &'static str {
        verify(code).unwrap_err().problem
    }

    const END: Instr = Instr::new(Op::ReturnNone, 0, 0, 0, 0);

    #[test]
    fn good_code_passes() {
        let load = Instr::new(Op::LoadConst, 0, 1, 0, 0);
        assert_eq!(verify(&code(2, &[load, END])), Ok(()));
    }

    #[test]
    fn bad_code_is_refused() {
        let run_off = code(1, &[Instr::new(Op::Nop, 0, 0, 0, 0)]);
        assert_eq!(problem(&run_off), "control runs off the end");
        let register = code(1, &[Instr::new(Op::Move, 0, 0, 9, 0), END]);
        assert_eq!(problem(&register), "a register outside the frame");
        let taken = code(2, &[Instr::new(Op::Move, DIES_B, 1, 0, 0), END]);
        assert_eq!(problem(&taken), "a named register would be taken");
        let window = code(3, &[Instr::new(Op::Call, 0, 0, 1, 1), END]);
        assert_eq!(problem(&window), "a window outside the frame");
        let over_named = code(3, &[Instr::new(Op::Call, 0, 0, 0, 0), END]);
        assert_eq!(problem(&over_named), "a window over named registers");
        let jump = code(1, &[Instr::new(Op::Jump, 0, 0, 0, 7)]);
        assert_eq!(problem(&jump), "a jump out of the code");
        let back = code(1, &[Instr::new(Op::JumpIfLt, 0, 0, 0, (-2i16) as u16), END]);
        assert_eq!(problem(&back), "a jump out of the code");
        let constant = code(2, &[Instr::new(Op::LoadConst, 0, 1, 0, 5), END]);
        assert_eq!(problem(&constant), "an unknown constant");
        let site = code(2, &[Instr::new(Op::LoadGlobal, 0, 1, 0, 0), END]);
        assert_eq!(problem(&site), "an unknown name");
        let mut far = code(2, &[Instr::new(Op::LoadAttr, 0, 1, 0, FAR_SITE), END]);
        far.sites = vec![Site { name: "m".into() }; 1 << 16];
        assert_eq!(problem(&far), "a site of others");
        let load = Instr::new(Op::LoadMethod, 0, 1, 0, 0);
        let mut methods = code(4, &[load, load, END]);
        methods.sites = vec![Site { name: "m".into() }];
        assert_eq!(problem(&methods), "two lookups of methods with one cache");
        let function = code(5, &[Instr::new(Op::MakeFunction, 0, 1, 0, 1), END]);
        assert_eq!(problem(&function), "a function without code");
        let yields = code(2, &[Instr::new(Op::Yield, 0, 1, 0, 0), END]);
        assert_eq!(problem(&yields), "a yield in code that cannot suspend");
        let dropped = code(4, &[Instr::new(Op::Call, DROPPED, 1, 1, 0), END]);
        assert_eq!(problem(&dropped), "a result marked as dropped that is not");
        let wide = code(MOST_REGISTERS + 1, &[END]);
        assert_eq!(problem(&wide), "more registers than operands can name");
    }

    #[test]
    fn exception_entries_are_checked() {
        let mut c = code(2, &[END]);
        let entry = ExceptionEntry {
            start: 0,
            end: 1,
            target: 0,
            depth: 1,
        };
        c.exceptions = vec![entry];
        assert_eq!(verify(&c), Ok(()));
        c.exceptions = vec![ExceptionEntry { depth: 0, ..entry }];
        assert_eq!(problem(&c), "an exception entry out of range");
    }
}
