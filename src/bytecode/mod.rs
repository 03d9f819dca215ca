//! Code as plain data: the opcode table, code objects, their verifier and disassembler. Knows
//! source spans; nothing of syntax trees, heaps or execution.
//!
//! # Registers
//! A frame has `Code::nregs` registers: first the *named* ones (parameters, other locals, cell
//! variables, free variables; `Code::nnamed` of them), then *temporaries*.
//!
//! **A temporary dies at its use.** Where the table calls an operand `Use` and the register is a
//! temporary, the instruction takes the value out: the register holds nothing that must be
//! released afterwards. So objects die when CPython's would. The assembler records this in the
//! dying bits of `Instr::t`; code generation only has to see to it that each temporary is used
//! once, or is read through `Keep` operands and ended by `Clear`. Where a temporary is read
//! several times (the middle of `a < b < c`, the subject of a `match`), its dying bit is clear on
//! all uses but the last: what counts is the bit, not the register's number.
//!
//! # Call windows
//! `R[base]` is the callable, `R[base+1]` the self slot, `R[base+2..]` the arguments. `Call`
//! ignores the self slot; `CallMethod` prepends it unless it is undefined (`LoadMethod` fills
//! both). A call takes everything in its window, and writes the result to its own `a`, which may
//! be any register. Nothing above the window may be live.

pub mod code;
pub mod disasm;
pub mod mark;
pub mod opcode;
pub mod reference;
pub mod verify;

pub use code::{BEFORE_BEGINNING, Code, CodeFlags, Const, ExceptionEntry, Site};
pub use mark::{Mark, Marks};
pub use opcode::{Instr, Op, Operand};
