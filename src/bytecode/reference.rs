//! The opcode table as a page to read: `grammar/bytecode.md` is made from it and never edited.

use super::opcode::{Op, Operand};
use std::fmt::Write;

/// The whole page.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    for op in Op::ALL {
        let operands: Vec<&str> = op.operands().into_iter().map(short).collect();
        let operands = operands.join(" | ");
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{}` | {operands} | {} |", op.name(), op.meaning());
    }
    page
}

const INTRODUCTION: &str = "\
# Bytecode

Made from the table in `src/bytecode/opcode.rs`; `coro dis FILE` shows what a program becomes.

An instruction has an operation and three operands `a`, `b`, `c`. A frame has registers: first
the named ones (parameters, other locals, cells, free variables), then temporaries, written `t0`,
`t1`… in listings. `R[x]` is the register with number x.

How an operand is meant:

- **def**: a register that is written; what it held is released.
- **use**: a register that is read. A temporary is taken: it holds nothing afterwards, so that
  objects die when their last use is over.
- **keep**: a register that is read and keeps its value.
- **base**: the first of several neighbouring registers.
- **number**: a number, by itself.
- **constant**: an entry of the code's constants. **name**: an entry of its names.
- **jump**: the instruction to go to.

| operation | a | b | c | meaning |
|---|---|---|---|---|
";

fn short(operand: Operand) -> &'static str {
    match operand {
        Operand::None => "",
        Operand::Def => "def",
        Operand::Use => "use",
        Operand::OptUse => "use?",
        Operand::Keep => "keep",
        Operand::OptKeep => "keep?",
        Operand::Base => "base",
        Operand::OptBase => "base?",
        Operand::Imm | Operand::Count => "number",
        Operand::ConstBC | Operand::Const | Operand::Number => "constant",
        Operand::Site | Operand::SiteBC => "name",
        Operand::Jump16 | Operand::JumpBC => "jump",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    /// `UPDATE_REFERENCE=1 cargo test reference` writes the page.
    #[test]
    fn the_page_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/grammar/bytecode.md");
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(path, reference()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap();
        assert!(
            page == reference(),
            "run UPDATE_REFERENCE=1 cargo test reference"
        );
    }
}
