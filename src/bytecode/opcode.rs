//! THE opcode table: each opcode once, with its operands and one sentence. The enum, the
//! verifier, the disassembler and `grammar/bytecode.md` are derived from it.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "R[a] is a register; the texts are also those of grammar/bytecode.md"
)]

/// One instruction, always 8 bytes. What `a`, `b`, `c` mean is said by [`Op::operands`].
///
/// `t` holds, from bit 0, the dying bits of `a`, `b` and `c` (set by the assembler: this `Use`
/// operand is a temporary, take it) and above them what the opcode says: the high bits of a
/// site index, or the flags [`IN_PLACE`], [`METHOD`], [`AWAITED`], [`DROPPED`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Instr {
    pub op: Op,
    pub t: u8,
    pub a: u16,
    pub b: u16,
    pub c: u16,
}

/// Dying bits of `Instr::t`.
pub const DIES_A: u8 = 1;
pub const DIES_B: u8 = 2;
pub const DIES_C: u8 = 4;
/// On arithmetic: this is `b op= c` (tries `__iadd__` and its kin first).
pub const IN_PLACE: u8 = 0x80;
/// On `CallKw`: the self slot counts, as for `CallMethod`.
pub const METHOD: u8 = 0x80;
/// On `Call`, `CallMethod` and `GetANext`: the result is awaited or delegated to at once. A
/// `GetAwaitable` or `GetYieldFrom` and a `Delegate` follow, and all three have the same register.
pub const AWAITED: u8 = 0x40;
/// On `Call`, `CallMethod`, `Delegate` and `Yield`: nobody wants the result. A `Clear` of the
/// same register follows.
pub const DROPPED: u8 = 0x20;
/// The bits of `t` that are the high bits of a site index.
pub const SITE_BITS: u8 = 0xFC;
/// A site that no instruction has: in the dispatch loop it stands for those that need high bits.
pub const FAR_SITE: u16 = u16::MAX;
/// On `ForPrep`: b is an iterator already, `iter` is not called again.
pub const ITERATOR: u8 = 0x80;
/// An absent optional register operand.
pub const NO_REG: u16 = u16::MAX;
/// Most registers of a frame: an operand of the machine counts them in halves.
pub const MOST_REGISTERS: u16 = i16::MAX as u16;

/// What an operand field means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// Not used; zero.
    None,
    /// A register that is written. What it held is released.
    Def,
    /// A register that is read, and taken if it is a temporary.
    Use,
    /// Like `Use`, or [`NO_REG`].
    OptUse,
    /// A register that is read and keeps its value.
    Keep,
    /// Like `Keep`, or [`NO_REG`].
    OptKeep,
    /// The first of several registers; the sentence says how many and what becomes of them.
    Base,
    /// Like `Base`, or [`NO_REG`].
    OptBase,
    /// A small signed number, stored as `i16`.
    Imm,
    /// A small unsigned number: a count, a level, a set of flags.
    Count,
    /// `b` and `c` together: an index into the constants, `c << 16 | b`.
    ConstBC,
    /// An index into the constants, where a code object stands.
    Const,
    /// An index into the constants, where a number stands.
    Number,
    /// `c` and the six high bits of `t` together: an index into [`super::Code::sites`].
    Site,
    /// `b` and `c` together: an index into [`super::Code::sites`], `c << 16 | b`.
    SiteBC,
    /// In `c`: a jump distance as `i16`, counted from the following instruction.
    Jump16,
    /// `b` and `c` together: the index of the target instruction, `c << 16 | b`.
    JumpBC,
}

impl Instr {
    pub const fn new(op: Op, t: u8, a: u16, b: u16, c: u16) -> Self {
        Instr { op, t, a, b, c }
    }

    /// How many registers the `Base` operand stands for.
    pub const fn window_len(self) -> u32 {
        let c = self.c as u32;
        match self.op {
            Op::LoadMethod
            | Op::EnterWith
            | Op::EnterAsyncWith
            | Op::ExitWith
            | Op::PushExc
            | Op::PopExc
            | Op::ExcStarMatches
            | Op::ImportName => 2,
            Op::BuildSlice | Op::MakeFunction | Op::ForPrep | Op::ForIter | Op::MatchClass => 3,
            Op::BuildList | Op::BuildTuple | Op::BuildSet | Op::BuildString | Op::Unpack => c,
            Op::BuildDict => 2 * c,
            Op::UnpackStar => (c & 255) + 1 + (c >> 8),
            Op::Call | Op::CallMethod => 2 + c,
            Op::CallKw => 3 + c,
            Op::CallEx => 3 + c,
            _ => 0,
        }
    }

    /// Whether a call may have [`AWAITED`], by the two instructions that follow it.
    pub fn is_awaited(self, next: Option<&Instr>, then: Option<&Instr>) -> bool {
        let Some((next, then)) = next.zip(then) else {
            return false;
        };
        matches!(self.op, Op::Call | Op::CallMethod | Op::GetANext)
            && matches!(next.op, Op::GetAwaitable | Op::GetYieldFrom)
            && then.op == Op::Delegate
            && [next.a, next.b, then.b] == [self.a; 3]
    }

    /// Whether it may have [`DROPPED`], by the instruction that follows it.
    pub fn is_dropped(self, next: Option<&Instr>) -> bool {
        matches!(
            self.op,
            Op::Call | Op::CallMethod | Op::Delegate | Op::Yield | Op::ProfiledYield
        ) && next.is_some_and(|next| next.op == Op::Clear && next.a == self.a)
    }

    /// The instruction that a jump at `pc` goes to, if it is one.
    pub const fn jump_target(self, pc: usize) -> Option<usize> {
        let [_, b, c] = self.op.operands();
        match (b, c) {
            (Operand::JumpBC, _) => Some(self.bc()),
            (_, Operand::Jump16) => (pc + 1).checked_add_signed(self.imm() as isize),
            _ => None,
        }
    }

    /// The 32-bit number in `b` and `c`: an index or a jump target. One load where numbers are
    /// little-endian.
    #[inline(always)]
    pub const fn bc(self) -> usize {
        (self.c as usize) << 16 | self.b as usize
    }

    /// Replaces the number in `b` and `c`.
    pub const fn set_bc(&mut self, number: u32) {
        self.b = number as u16;
        self.c = (number >> 16) as u16;
    }

    /// The site index in `c` and the high bits of `t`.
    #[inline(always)]
    pub const fn site(self) -> usize {
        ((self.t & SITE_BITS) as usize) << 14 | self.c as usize
    }

    /// `c` as a signed number.
    #[inline(always)]
    pub const fn imm(self) -> i16 {
        self.c as i16
    }
}

impl Op {
    /// Whether the frame is left behind it, without an exception.
    pub const fn returns(self) -> bool {
        matches!(
            self,
            Op::Return | Op::ReturnNone | Op::ProfiledReturn | Op::ProfiledReturnNone
        )
    }

    /// Whether it suspends the frame with a value.
    pub const fn yields(self) -> bool {
        matches!(self, Op::Yield | Op::ProfiledYield)
    }

    /// What takes its place in code that is compiled for profiling.
    pub const fn profiled(self) -> Op {
        match self {
            Op::Yield => Op::ProfiledYield,
            Op::Return => Op::ProfiledReturn,
            Op::ReturnNone => Op::ProfiledReturnNone,
            other => other,
        }
    }

    /// Whether it may look at something, or change it, that is seen from other frames too: it does
    /// more than move values between registers, count, jump and build something new.
    pub const fn touches(self) -> bool {
        use Op::*;
        !matches!(
            self,
            Nop | LoadConst
                | Move
                | Copy
                | Clear
                | CheckBound
                | DeleteLocal
                | MakeCell
                | LoadIntrinsic
                | AddI
                | SubI
                | MulI
                | FloorDivI
                | ModI
                | Is
                | IsNot
                | Jump
                | JumpIfNone
                | JumpIfNotNone
                | BuildSlice
                | BuildList
                | BuildTuple
                | BuildSet
                | BuildDict
                | BuildString
                | ListAppend
                | SetAdd
                | DictSet
                | MakeFunction
                | Return
                | ReturnNone
                | Yield
                | Raise
                | Reraise
                | PushExc
                | PopExc
                | ExcMatches
                | ExcStarMatches
                | ExcStarResult
                | Mark
        )
    }
}

macro_rules! opcodes {
    ($($(#[doc = $doc:literal])+ $name:ident: $a:ident, $b:ident, $c:ident;)*) => {
        /// The operation of an instruction.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Op { $($(#[doc = $doc])+ $name,)* }

        impl Op {
            pub const ALL: &'static [Op] = &[$(Op::$name,)*];

            pub const fn name(self) -> &'static str {
                match self { $(Op::$name => stringify!($name),)* }
            }

            /// What `a`, `b` and `c` are.
            pub const fn operands(self) -> [Operand; 3] {
                match self { $(Op::$name => [Operand::$a, Operand::$b, Operand::$c],)* }
            }

            /// One or two sentences on what it does.
            pub const fn meaning(self) -> &'static str {
                match self { $(Op::$name => concat!($($doc),+).trim_ascii(),)* }
            }
        }
    };
}

opcodes! {
    /// Does nothing.
    Nop: None, None, None;

    // Moving values
    /// a = constant bc.
    LoadConst: Def, ConstBC, None;
    /// a = b.
    Move: Def, Use, None;
    /// a = b, and b keeps its value even if it is a temporary.
    Copy: Def, Keep, None;
    /// Releases what the register a holds, if anything.
    Clear: Keep, None, None;
    /// Raises UnboundLocalError if the local a is unassigned.
    CheckBound: Keep, None, None;
    /// `del` of the local a; UnboundLocalError if it is unassigned.
    DeleteLocal: Keep, None, None;
    /// Puts the value of a (maybe unassigned) into a new cell, and the cell into a.
    MakeCell: Keep, None, None;
    /// a = content of the cell b; NameError or UnboundLocalError if it is empty.
    LoadCell: Def, Keep, None;
    /// Content of the cell a = b.
    StoreCell: Keep, Use, None;
    /// Empties the cell a; an error as for LoadCell if it is empty.
    DeleteCell: Keep, None, None;
    /// a = global or builtin named by the site; NameError if there is none.
    LoadGlobal: Def, SiteBC, None;
    /// Global named by the site = a.
    StoreGlobal: Use, None, Site;
    /// `del` of a global; NameError if there is none.
    DeleteGlobal: None, None, Site;
    /// a = name looked up in the namespace in register 0 (a class body's), then global, then builtin.
    LoadName: Def, None, Site;
    /// Item of the namespace in register 0 = a.
    StoreName: Use, None, Site;
    /// `del` of an item of the namespace in register 0; NameError if there is none.
    DeleteName: None, None, Site;
    /// a = name looked up in the namespace in register 0, else content of the cell b.
    LoadNameOrCell: Def, Keep, Site;
    /// a = intrinsic object number b (see `Intrinsic`).
    LoadIntrinsic: Def, Count, None;

    // Arithmetic; `t` may have IN_PLACE
    /// a = b + c.
    Add: Def, Use, Use;
    /// a = b - c.
    Sub: Def, Use, Use;
    /// a = b * c.
    Mul: Def, Use, Use;
    /// a = b @ c.
    MatMul: Def, Use, Use;
    /// a = b / c.
    Div: Def, Use, Use;
    /// a = b // c.
    FloorDiv: Def, Use, Use;
    /// a = b % c.
    Mod: Def, Use, Use;
    /// a = b ** c.
    Pow: Def, Use, Use;
    /// a = b << c.
    LShift: Def, Use, Use;
    /// a = b >> c.
    RShift: Def, Use, Use;
    /// a = b & c.
    BitAnd: Def, Use, Use;
    /// a = b | c.
    BitOr: Def, Use, Use;
    /// a = b ^ c.
    BitXor: Def, Use, Use;
    /// a = b + immediate.
    AddI: Def, Use, Imm;
    /// a = b - immediate.
    SubI: Def, Use, Imm;
    /// a = b * immediate.
    MulI: Def, Use, Imm;
    /// a = b // immediate.
    FloorDivI: Def, Use, Imm;
    /// a = b % immediate.
    ModI: Def, Use, Imm;
    /// a = b + constant c.
    AddK: Def, Use, Number;
    /// a = b - constant c.
    SubK: Def, Use, Number;
    /// a = b * constant c.
    MulK: Def, Use, Number;
    /// a = b / constant c.
    DivK: Def, Use, Number;
    /// a = b // constant c.
    FloorDivK: Def, Use, Number;
    /// a = b % constant c.
    ModK: Def, Use, Number;
    /// a = b & constant c.
    BitAndK: Def, Use, Number;
    /// a = -b.
    Neg: Def, Use, None;
    /// a = +b.
    Pos: Def, Use, None;
    /// a = ~b.
    Invert: Def, Use, None;
    /// a = not b.
    Not: Def, Use, None;

    // Comparing
    /// a = b < c.
    Lt: Def, Use, Use;
    /// a = b <= c.
    Le: Def, Use, Use;
    /// a = b == c.
    Eq: Def, Use, Use;
    /// a = b != c.
    Ne: Def, Use, Use;
    /// a = b > c.
    Gt: Def, Use, Use;
    /// a = b >= c.
    Ge: Def, Use, Use;
    /// a = b is c.
    Is: Def, Use, Use;
    /// a = b is not c.
    IsNot: Def, Use, Use;
    /// a = b in c.
    In: Def, Use, Use;
    /// a = b not in c.
    NotIn: Def, Use, Use;

    // Jumping
    /// Goes to bc.
    Jump: None, JumpBC, None;
    /// Goes to bc if a is true.
    JumpIfTrue: Use, JumpBC, None;
    /// Goes to bc if a is false.
    JumpIfFalse: Use, JumpBC, None;
    /// Goes to bc if a is true; a keeps its value.
    JumpIfTrueKeep: Keep, JumpBC, None;
    /// Goes to bc if a is false; a keeps its value.
    JumpIfFalseKeep: Keep, JumpBC, None;
    /// Goes to bc if a is None.
    JumpIfNone: Use, JumpBC, None;
    /// Goes to bc if a is not None.
    JumpIfNotNone: Use, JumpBC, None;
    /// Jumps if a < b.
    JumpIfLt: Use, Use, Jump16;
    /// Jumps unless a < b.
    JumpIfNotLt: Use, Use, Jump16;
    /// Jumps if a <= b.
    JumpIfLe: Use, Use, Jump16;
    /// Jumps unless a <= b.
    JumpIfNotLe: Use, Use, Jump16;
    /// Jumps if a > b.
    JumpIfGt: Use, Use, Jump16;
    /// Jumps unless a > b.
    JumpIfNotGt: Use, Use, Jump16;
    /// Jumps if a >= b.
    JumpIfGe: Use, Use, Jump16;
    /// Jumps unless a >= b.
    JumpIfNotGe: Use, Use, Jump16;
    /// Jumps if a == b.
    JumpIfEq: Use, Use, Jump16;
    /// Jumps unless a == b.
    JumpIfNotEq: Use, Use, Jump16;
    /// Jumps if a != b.
    JumpIfNe: Use, Use, Jump16;
    /// Jumps unless a != b.
    JumpIfNotNe: Use, Use, Jump16;
    /// Jumps if a < immediate b.
    JumpIfLtI: Use, Imm, Jump16;
    /// Jumps unless a < immediate b.
    JumpIfNotLtI: Use, Imm, Jump16;
    /// Jumps if a <= immediate b.
    JumpIfLeI: Use, Imm, Jump16;
    /// Jumps unless a <= immediate b.
    JumpIfNotLeI: Use, Imm, Jump16;
    /// Jumps if a > immediate b.
    JumpIfGtI: Use, Imm, Jump16;
    /// Jumps unless a > immediate b.
    JumpIfNotGtI: Use, Imm, Jump16;
    /// Jumps if a >= immediate b.
    JumpIfGeI: Use, Imm, Jump16;
    /// Jumps unless a >= immediate b.
    JumpIfNotGeI: Use, Imm, Jump16;
    /// Jumps if a == immediate b.
    JumpIfEqI: Use, Imm, Jump16;
    /// Jumps unless a == immediate b.
    JumpIfNotEqI: Use, Imm, Jump16;
    /// Jumps if a != immediate b.
    JumpIfNeI: Use, Imm, Jump16;
    /// Jumps unless a != immediate b.
    JumpIfNotNeI: Use, Imm, Jump16;

    // Attributes and items
    /// a = attribute of b named by the site.
    LoadAttr: Def, Use, Site;
    /// Attribute of a named by the site = b.
    StoreAttr: Use, Use, Site;
    /// `del` of an attribute of a.
    DeleteAttr: Use, None, Site;
    /// R[a] = function and R[a+1] = b for a method of b; or R[a] = attribute and R[a+1] undefined.
    LoadMethod: Base, Use, Site;
    /// a = b[c].
    GetItem: Def, Use, Use;
    /// a[b] = c.
    SetItem: Use, Use, Use;
    /// `del a[b]`.
    DelItem: Use, Use, None;
    /// a = slice(R[b], R[b+1], R[b+2]); takes the three.
    BuildSlice: Def, Base, None;

    // Building
    /// a = list of the c registers from b; takes them.
    BuildList: Def, Base, Count;
    /// a = tuple of the c registers from b; takes them.
    BuildTuple: Def, Base, Count;
    /// a = set of the c registers from b; takes them.
    BuildSet: Def, Base, Count;
    /// a = dict of c pairs (key, value, key, value…) from b; takes them.
    BuildDict: Def, Base, Count;
    /// a = the c strings from b joined; takes them.
    BuildString: Def, Base, Count;
    /// Appends b to the list a.
    ListAppend: Keep, Use, None;
    /// Appends the items of the iterable b to the list a (`[*b]`).
    ListExtend: Keep, Use, None;
    /// a = tuple of the list b's items.
    ListToTuple: Def, Use, None;
    /// Adds b to the set a.
    SetAdd: Keep, Use, None;
    /// Adds the items of the iterable b to the set a.
    SetUpdate: Keep, Use, None;
    /// Item b of the dict a = c.
    DictSet: Keep, Use, Use;
    /// Adds the items of the mapping b to the dict a (`{**b}`).
    DictUpdate: Keep, Use, None;
    /// As DictUpdate, for keyword arguments: TypeError on a repeated or non-string key. c is the callable, for messages.
    DictMerge: Keep, Use, Keep;
    /// a = b formatted; bits 0-1 of c: 0 format, 1 str first, 2 repr first, 3 ascii first; bit 2 of c: the spec is in register a; bit 3 of c: BuildString follows, so that an int without spec stays as it is.
    FormatValue: Def, Use, Count;
    /// R[a..a+c] = the items of b, which must be exactly c. May be named registers; on an error none is written.
    Unpack: Base, Use, Count;
    /// R[a..] = the items of b around a star: (c & 255) before, a list, (c >> 8) after.
    UnpackStar: Base, Use, Count;

    // Calling
    /// a = call of the window at b with c arguments.
    Call: Def, Base, Count;
    /// a = call of the window at b with c arguments after the self slot.
    CallMethod: Def, Base, Count;
    /// As Call, the last arguments being keywords: their names are the tuple in R[b+2+c], which is taken too. `t` may have METHOD.
    CallKw: Def, Base, Count;
    /// a = call of R[b] with the arguments in the iterable R[b+2] (a list made by the compiler, or what stood after a lone `*`) and, if c is 1, the keywords in the dict R[b+3].
    CallEx: Def, Base, Count;
    /// a = function of the code constant b; R[c] = defaults tuple, R[c+1] = keyword defaults dict, R[c+2] = annotations dict, each maybe undefined (by `Clear`); takes them. No c: none of them.
    MakeFunction: Def, Const, OptBase;
    /// Returns a to the caller.
    Return: Use, None, None;
    /// Returns None to the caller.
    ReturnNone: None, None, None;

    // Iterating
    /// a = iter(b).
    GetIter: Def, Use, None;
    /// R[a..a+3] = hidden state of a loop over b, of which only R[a] may need to be released (`Clear` ends the loop early); `t` may have ITERATOR; jumps by c to the ForIter at the loop's end.
    ForPrep: Base, Use, Jump16;
    /// a = next item of the loop whose hidden state is at b, and jumps back by c; at the end falls through with the state released.
    ForIter: Def, Base, Jump16;
    /// a = aiter(b).
    GetAIter: Def, Use, None;
    /// a = awaitable of the next item of the async iterator b.
    GetANext: Def, Keep, None;

    // Suspending
    /// Suspends the frame with the value b; a = what is sent in.
    Yield: Def, Use, None;
    /// a = iterator to delegate to for `yield from b`.
    GetYieldFrom: Def, Use, None;
    /// a = iterator to delegate to for `await b`; c says where it stands: 0 await, 1 `async with` enter, 2 its exit, 3 `async for`.
    GetAwaitable: Def, Use, Count;
    /// Delegates to the iterator in the temporary b until it ends; a = its result, b is taken.
    Delegate: Def, Use, None;

    // Contexts
    /// R[a], R[a+1] = window of b's `__exit__` (R[a+1] maybe undefined); c = result of its `__enter__`.
    EnterWith: Base, Use, Def;
    /// As EnterWith with `__aexit__`, and c = awaitable of `__aenter__`.
    EnterAsyncWith: Base, Use, Def;
    /// a = result of calling the exit window at b with the three parts of the exception c.
    ExitWith: Def, Base, Keep;

    // Exceptions
    /// Raises; c is 0 for the handled exception again, 1 for a, 2 for a from b.
    Raise: OptUse, OptUse, Count;
    /// Raises the exception a again as it is, its traceback growing on.
    Reraise: Use, None, None;
    /// The exception a becomes the handled one; R[a+1] = what was handled before.
    PushExc: Base, None, None;
    /// Ends what PushExc began: takes R[a], which may be empty by now, and R[a+1].
    PopExc: Base, None, None;
    /// a = whether the exception b matches c (a class or tuple of classes; TypeError if not).
    ExcMatches: Def, Keep, Use;
    /// `except*`: takes the type c; the exception (or rest) R[a] is split: R[a+1] = matching group or None, R[a] = rest or None.
    ExcStarMatches: Base, None, Use;
    /// `except*` end: a = what must be raised for the original b, given the list c of raised and unhandled, or None.
    ExcStarResult: Def, Use, Use;

    // Modules
    /// a = import of the module named by the site; R[b] = fromlist tuple or None, R[b+1] = level; takes both.
    ImportName: Def, Base, Site;
    /// a = name of the site from the module b.
    ImportFrom: Def, Keep, Site;
    /// `from module a import *`.
    ImportStar: Use, None, None;

    // Patterns
    /// a = whether b is a sequence as PEP 634 sees it.
    MatchSequence: Def, Keep, None;
    /// a = whether b is a mapping as PEP 634 sees it.
    MatchMapping: Def, Keep, None;
    /// a = tuple of the values of b under the keys of the tuple c, or None if one is missing.
    MatchKeys: Def, Keep, Use;
    /// a = tuple of the attributes that the class pattern takes from the subject R[b], or None; R[b+1] = class, R[b+2] = tuple of keyword names, both taken; c = positional patterns. a is b: the tuple replaces the subject.
    MatchClass: Def, Base, Count;
    /// a = len(b).
    GetLen: Def, Keep, None;

    // Being watched
    /// Tells whoever observes the program that b (a `Mark`) has come, with the value a; only in code compiled for that.
    Mark: OptKeep, Count, None;
    /// Counts that the running code was entered, and looks whether something asks for attention; as all that follows, only in code compiled for profiling.
    ProfiledEntry: None, None, None;
    /// Counts that the running code goes on behind a Delegate.
    ProfiledResumption: None, None, None;
    /// As Yield; counts that the running code will be resumed.
    ProfiledYield: Def, Use, None;
    /// As Return.
    ProfiledReturn: Use, None, None;
    /// As ReturnNone.
    ProfiledReturnNone: None, None, None;
}

/// Objects that compiled code needs whatever the names mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Intrinsic {
    /// The class AssertionError.
    AssertionError = 0,
    /// `builtins.__build_class__`.
    BuildClass = 1,
    /// `f(name, value_thunk, type_params)` makes a TypeAliasType.
    TypeAlias = 2,
    /// `f(kind, name, bound_thunk, default_thunk)` makes a TypeVar, TypeVarTuple or ParamSpec: kind 0, 1, 2.
    TypeParam = 3,
    /// The class StopAsyncIteration.
    StopAsyncIteration = 4,
    /// `f(params_tuple)` makes the `Generic[...]` base of a class with type parameters.
    Generic = 5,
    /// The class BaseException.
    BaseException = 6,
    /// `sys.displayhook`.
    DisplayHook = 7,
    /// The `__annotations__` that the globals have, or a new dict.
    GlobalAnnotations = 8,
    /// The `__annotations__` that the namespace in register 0 has, or a new dict.
    OwnAnnotations = 9,
}

impl Intrinsic {
    pub const ALL: &'static [Intrinsic] = &[
        Intrinsic::AssertionError,
        Intrinsic::BuildClass,
        Intrinsic::TypeAlias,
        Intrinsic::TypeParam,
        Intrinsic::StopAsyncIteration,
        Intrinsic::Generic,
        Intrinsic::BaseException,
        Intrinsic::DisplayHook,
        Intrinsic::GlobalAnnotations,
        Intrinsic::OwnAnnotations,
    ];
}

const _: () = assert!(size_of::<Instr>() == 8);
