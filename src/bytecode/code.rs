//! Code objects: immutable plain data, one per function, class body, module, lambda or
//! generator expression.

use super::opcode::{Instr, Intrinsic, Op};
use crate::source::{Source, Span};
use num_bigint::BigInt;
use std::rc::Rc;

/// What a function body is, and how calls bind arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CodeFlags {
    pub generator: bool,
    pub coroutine: bool,
    /// Both an `async def` and a generator; then `generator` and `coroutine` are false.
    pub async_generator: bool,
    pub vararg: bool,
    pub kwarg: bool,
    /// A class body: register 0 is its namespace.
    pub class_body: bool,
    /// A module body, or code for `exec` and `eval`.
    pub module: bool,
}

impl CodeFlags {
    /// A call makes a suspended frame instead of running.
    pub const fn suspends(self) -> bool {
        self.generator || self.coroutine || self.async_generator
    }
}

/// Instructions and everything that goes with them. Built only through
/// [`verify`](super::verify), which is what makes unchecked register access sound.
#[derive(Clone, Debug)]
pub struct Code {
    pub name: Rc<str>,
    pub qualname: Rc<str>,
    pub source: Source,
    /// The whole definition: `def` to the end of its body.
    pub span: Span,
    pub flags: CodeFlags,
    /// Parameters stand in the first registers in this order: positional (of which the first
    /// `posonly` are positional-only), keyword-only, `*args`, `**kwargs`.
    pub posonly: u16,
    pub positional: u16,
    pub kwonly: u16,
    /// Named registers: parameters, locals, cells, free variables.
    pub nnamed: u16,
    pub nregs: u16,
    /// Names of the named registers.
    pub names: Vec<Rc<str>>,
    /// Registers that hold cells of this frame (`MakeCell` fills them).
    pub cells: Vec<u16>,
    /// The free variables' registers are the last named ones: `free_start..nnamed`. A call fills
    /// them from the function's closure.
    pub free_start: u16,
    /// For each free variable: the register of its cell in the *enclosing* frame, which
    /// `MakeFunction` reads.
    pub captures: Vec<u16>,
    pub consts: Vec<Const>,
    pub sites: Vec<Site>,
    pub instrs: Vec<Instr>,
    /// For each instruction, the source it came from (as CPython's `co_positions`). An empty
    /// span at 0 stands for code nobody wrote, `Span::NO_LINE` for some in which CPython has no line.
    pub spans: Vec<Span>,
    /// Inner ranges come before outer ones: the first that contains a pc decides.
    pub exceptions: Vec<ExceptionEntry>,
    pub doc: Option<Rc<str>>,
}

/// A place that looks a name up; the VM keeps an inline cache for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    pub name: Rc<str>,
}

/// If an instruction in `start..end` raises: registers from `depth` up are released, the
/// exception is put into register `depth`, and execution goes on at `target`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExceptionEntry {
    pub start: u32,
    pub end: u32,
    pub target: u32,
    pub depth: u16,
}

impl ExceptionEntry {
    /// Whether it is about the instruction at this place.
    pub fn covers(&self, place: usize) -> bool {
        (self.start as usize..self.end as usize).contains(&place)
    }
}

/// A constant as plain data.
#[derive(Clone, Debug)]
pub enum Const {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    BigInt(BigInt),
    Float(f64),
    Imaginary(f64),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Tuple(Vec<Const>),
    /// For `in {…}` of constants.
    FrozenSet(Vec<Const>),
    Code(Rc<Code>),
}

/// The place of a suspended frame that has not begun: its line is that of the definition.
pub const BEFORE_BEGINNING: usize = u32::MAX as usize;

impl Code {
    /// Number of parameters, `*args` and `**kwargs` included.
    pub fn nparams(&self) -> usize {
        self.positional as usize
            + self.kwonly as usize
            + usize::from(self.flags.vararg)
            + usize::from(self.flags.kwarg)
    }

    /// Register 0 is a namespace that a call must be given: a class body's, or that of `exec` and
    /// `eval` with locals of their own.
    pub fn has_namespace(&self) -> bool {
        self.names.first().is_some_and(|n| &**n == ".namespace")
    }

    /// The source of the instruction at `pc`.
    pub fn span_at(&self, pc: usize) -> Span {
        match self.spans.get(pc) {
            Some(&Span::NO_LINE) => Span::default(),
            Some(span) => *span,
            None if pc == BEFORE_BEGINNING => Span::new(self.span.start, self.span.start),
            None => Span::default(),
        }
    }

    /// As `span_at`, but as CPython tells it: where an `async for` waits for its next item, that is
    /// the whole loop or comprehension. Its end, where the exception arrives, stands for that.
    pub fn span_told(&self, pc: usize) -> Span {
        let mut guards = self.exceptions.iter();
        let guard = guards.find(|e| e.covers(pc));
        let target = guard.map_or(pc, |e| e.target as usize);
        let ends = self.instrs.get(target).is_some_and(|i| {
            i.op == Op::LoadIntrinsic && i.b == Intrinsic::StopAsyncIteration as u16
        });
        self.span_at(if ends { target } else { pc })
    }

    /// The line (from 1) of the instruction at `pc`.
    pub fn line_at(&self, pc: usize) -> u32 {
        self.source.line_of(self.span_at(pc).start)
    }

    /// Whether CPython has no line for the instruction.
    pub fn is_lineless(&self, pc: usize) -> bool {
        self.spans.get(pc) == Some(&Span::NO_LINE)
    }

    /// The last instruction up to this one that stands for something in the source.
    pub fn written_before(&self, pc: usize) -> usize {
        let upto = self.spans.get(..=pc).unwrap_or_default();
        let nobodys = [Span::default(), Span::NO_LINE];
        let written = upto.iter().rposition(|span| !nobodys.contains(span));
        written.unwrap_or(pc)
    }

    /// The line on which the definition begins.
    pub fn first_line(&self) -> u32 {
        self.source.line_of(self.span.start)
    }
}
