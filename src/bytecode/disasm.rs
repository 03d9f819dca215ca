//! Listings of code that a person can read: variables by name, constants by value, the source
//! line above its instructions.

use super::opcode::{Intrinsic, NO_REG};
use super::{Code, Const, Instr, Mark, Op, Operand};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::rc::Rc;

/// A code object and everything defined in it, outermost first.
pub fn disassemble(code: &Rc<Code>) -> String {
    let mut out = String::new();
    let mut waiting = vec![code.clone()];
    while let Some(code) = waiting.pop() {
        if !out.is_empty() {
            out.push('\n');
        }
        listing(&code, &mut out);
        let inner = code.consts.iter().filter_map(|c| match c {
            Const::Code(inner) => Some(inner.clone()),
            _ => None,
        });
        waiting.extend(inner.collect::<Vec<_>>().into_iter().rev());
    }
    out
}

/// One instruction as in a listing, without its number.
pub fn instruction(code: &Code, pc: usize) -> String {
    let Some(instr) = code.instrs.get(pc) else {
        return String::new();
    };
    let operands = instr.op.operands();
    let fields = [instr.a, instr.b, instr.c];
    let mut parts = Vec::new();
    for (kind, value) in operands.into_iter().zip(fields) {
        if let Some(part) = operand(code, *instr, pc, kind, value) {
            parts.push(part);
        }
    }
    format!("{:<15} {}", instr.op.name(), parts.join(", "))
        .trim_end()
        .to_owned()
}

/// The name of a register.
pub fn register(code: &Code, reg: u16) -> String {
    match code.names.get(usize::from(reg)) {
        Some(name) => name.to_string(),
        None => format!("t{}", reg.saturating_sub(code.nnamed)),
    }
}

// Writing to a string cannot fail, so the results of `write!` are not looked at below.

fn listing(code: &Code, out: &mut String) {
    let _ = writeln!(out, "{}", headline(code));
    if let Some(cells) = variables(code) {
        let _ = writeln!(out, "  {cells}");
    }
    let targets = jump_targets(code);
    let mut line = 0;
    for (pc, instr) in code.instrs.iter().enumerate() {
        let span = code.span_at(pc);
        if !span.is_empty() || (span.start > 0) {
            let here = code.line_at(pc);
            if here != line {
                line = here;
                let text = code.source.line_text(line);
                let _ = writeln!(out, "{line:>5} | {}", text.trim_end());
            }
        }
        let mark = if targets.contains(&pc) { ">>" } else { "" };
        let comment = comment(*instr);
        let text = instruction(code, pc);
        let _ = writeln!(out, "{mark:>8} {pc:>4}  {text}{comment}");
    }
    exceptions(code, out);
}

fn headline(code: &Code) -> String {
    if code.flags.module {
        return format!("{} in {}", code.name, code.source.name());
    }
    let kind = match code.flags {
        f if f.class_body => return format!("class {}, line {}", code.qualname, code.first_line()),
        f if f.generator => "generator",
        f if f.coroutine => "coroutine",
        f if f.async_generator => "async generator",
        _ => "function",
    };
    let params = params(code);
    format!(
        "{kind} {}({params}), line {}",
        code.qualname,
        code.first_line()
    )
}

/// Parameters as they are written in a `def`, without defaults.
fn params(code: &Code) -> String {
    let name = |i: usize| code.names.get(i).map_or("?", |n| n);
    let positional = usize::from(code.positional);
    let keyword = positional + usize::from(code.kwonly);
    let mut parts = Vec::new();
    for i in 0..positional {
        parts.push(name(i).to_owned());
        if i + 1 == usize::from(code.posonly) {
            parts.push("/".to_owned());
        }
    }
    if code.flags.vararg {
        parts.push(format!("*{}", name(keyword)));
    } else if code.kwonly > 0 {
        parts.push("*".to_owned());
    }
    parts.extend((positional..keyword).map(|i| name(i).to_owned()));
    if code.flags.kwarg {
        parts.push(format!(
            "**{}",
            name(keyword + usize::from(code.flags.vararg))
        ));
    }
    parts.join(", ")
}

/// Cells and free variables, where there are any.
fn variables(code: &Code) -> Option<String> {
    let cells: Vec<String> = code.cells.iter().map(|c| register(code, *c)).collect();
    let free: Vec<String> = (code.free_start..code.nnamed)
        .map(|r| register(code, r))
        .collect();
    let mut parts = Vec::new();
    if !cells.is_empty() {
        parts.push(format!("shared with inner functions: {}", cells.join(", ")));
    }
    if !free.is_empty() {
        parts.push(format!("from outer functions: {}", free.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn jump_targets(code: &Code) -> BTreeSet<usize> {
    let jumps = code.instrs.iter().enumerate();
    let mut targets: BTreeSet<usize> = jumps.filter_map(|(pc, i)| i.jump_target(pc)).collect();
    targets.extend(code.exceptions.iter().map(|e| e.target as usize));
    targets
}

fn operand(code: &Code, instr: Instr, pc: usize, kind: Operand, value: u16) -> Option<String> {
    Some(match kind {
        Operand::None => return None,
        Operand::OptUse | Operand::OptKeep | Operand::OptBase if value == NO_REG => return None,
        Operand::Def | Operand::Use | Operand::Keep | Operand::OptUse | Operand::OptKeep => {
            register(code, value)
        }
        Operand::Base | Operand::OptBase => window(code, instr, value),
        Operand::Imm if instr.op.operands()[1] == Operand::Imm => (instr.b as i16).to_string(),
        Operand::Imm => instr.imm().to_string(),
        Operand::Count if instr.op == Op::LoadIntrinsic => {
            format!("{:?}", Intrinsic::ALL.get(usize::from(value))?)
        }
        Operand::Count if instr.op == Op::Mark => {
            format!("{:?}", Mark::from_operand(value)?)
        }
        Operand::Count => value.to_string(),
        Operand::ConstBC => constant(code.consts.get(instr.bc())?),
        Operand::Const | Operand::Number => constant(code.consts.get(usize::from(value))?),
        Operand::SiteBC => code.sites.get(instr.bc())?.name.to_string(),
        Operand::Site => code.sites.get(instr.site())?.name.to_string(),
        Operand::Jump16 | Operand::JumpBC => format!("-> {}", instr.jump_target(pc)?),
    })
}

fn window(code: &Code, instr: Instr, base: u16) -> String {
    let first = register(code, base);
    match instr.window_len() {
        0 => format!("{first}.."),
        1 => format!("[{first}]"),
        n => {
            let last = u32::from(base) + n - 1;
            let last = u16::try_from(last).unwrap_or(u16::MAX);
            format!("[{first}..{}]", register(code, last))
        }
    }
}

/// What the operands do not say.
fn comment(instr: Instr) -> &'static str {
    let arithmetic = (Op::Add as u8..=Op::BitAndK as u8).contains(&(instr.op as u8));
    if arithmetic && instr.t & super::opcode::IN_PLACE != 0 {
        "  (in place)"
    } else if instr.op == Op::CallKw && instr.t & super::opcode::METHOD != 0 {
        "  (method)"
    } else {
        ""
    }
}

fn exceptions(code: &Code, out: &mut String) {
    if code.exceptions.is_empty() {
        return;
    }
    let _ = writeln!(out, "  if an instruction raises:");
    for entry in &code.exceptions {
        let last = entry.end.saturating_sub(1);
        let _ = writeln!(
            out,
            "    {}..{last} -> {}, the exception in {}",
            entry.start,
            entry.target,
            register(code, entry.depth)
        );
    }
}

/// Long constants are cut off.
const SHOWN: usize = 60;

fn constant(value: &Const) -> String {
    let text = constant_text(value);
    if text.chars().count() <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}…")
}

/// A constant as `repr` writes it.
pub fn constant_text(value: &Const) -> String {
    let list = |items: &[Const]| {
        let items: Vec<String> = items.iter().take(SHOWN).map(constant_text).collect();
        items.join(", ")
    };
    match value {
        Const::None => "None".to_owned(),
        Const::True => "True".to_owned(),
        Const::False => "False".to_owned(),
        Const::Ellipsis => "...".to_owned(),
        Const::Int(i) => i.to_string(),
        Const::BigInt(i) => i.to_string(),
        Const::Float(f) => format!("{f:?}"),
        Const::Imaginary(f) => format!("{f}j"),
        Const::Str(s) => quoted(s),
        Const::Bytes(b) => format!("b'{}'", b.escape_ascii()),
        Const::Tuple(items) if items.len() == 1 => format!("({},)", list(items)),
        Const::Tuple(items) => format!("({})", list(items)),
        Const::FrozenSet(items) => format!("frozenset({{{}}})", list(items)),
        Const::Code(code) => format!("<code {}>", code.qualname),
    }
}

fn quoted(s: &str) -> String {
    let mut out = String::from("'");
    for c in s.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
