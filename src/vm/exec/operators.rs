//! Arithmetic, comparison, truth and membership off the fast path.

use super::{operand_a, operand_b, operand_c};
use crate::bytecode::opcode::{DIES_B, IN_PLACE};
use crate::bytecode::{Instr, Op};
use crate::vm::object::Str;
use crate::vm::ops::arith::{Arith, Unary};
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

#[inline(never)]
pub fn arith(vm: &mut Vm, op: Arith, i: &Instr, regs: *mut Value) -> R {
    let right = operand_c(i, regs);
    // `s += t` and `s = s + t`: the text grows in place if the register held the only reference.
    if op == Arith::Add
        && (i.t & DIES_B != 0 || i.a == i.b)
        && let Some(more) = right.downcast::<Str>()
        && i.b != i.c
    {
        let left = super::take_at(regs, i.b as usize);
        match left {
            Value::Obj(obj) => match obj.into_ref::<Str>() {
                Ok(mut text) => {
                    if Str::push_in_place(&mut text, more.as_str()) {
                        return Ok(text.into());
                    }
                    let joined = concat(text.as_str(), more.as_str());
                    if i.t & DIES_B == 0 {
                        super::put_at(regs, i.b as usize, text.into());
                    }
                    return Ok(joined);
                }
                Err(obj) => super::put_at(regs, i.b as usize, Value::Obj(obj)),
            },
            other => super::put_at(regs, i.b as usize, other),
        }
    }
    let left = operand_b(i, regs);
    vm.arith(op, &left, &right, i.t & IN_PLACE != 0)
}

fn concat(a: &str, b: &str) -> Value {
    let mut text = compact_str::CompactString::with_capacity(a.len() + b.len());
    text.push_str(a);
    text.push_str(b);
    Str::from_compact(text).into()
}

#[inline(never)]
pub fn arith_imm(vm: &mut Vm, op: Arith, i: &Instr, regs: *mut Value) -> R {
    let left = operand_b(i, regs);
    vm.arith(
        op,
        &left,
        &Value::Int(i64::from(i.imm())),
        i.t & IN_PLACE != 0,
    )
}

#[inline(never)]
pub fn unary(vm: &mut Vm, op: Unary, i: &Instr, regs: *mut Value) -> R {
    let value = operand_b(i, regs);
    vm.unary(op, &value)
}

#[inline(never)]
pub fn not(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let value = operand_b(i, regs);
    Ok(Value::bool(!vm.truth(&value)?))
}

#[inline(never)]
pub fn truth(vm: &mut Vm, value: Value) -> R<bool> {
    vm.truth(&value)
}

#[inline(never)]
pub fn compare(vm: &mut Vm, op: Cmp, i: &Instr, regs: *mut Value) -> R {
    let (left, right) = (operand_b(i, regs), operand_c(i, regs));
    vm.compare(op, &left, &right)
}

/// A comparison whose operands are `a` and `b`.
#[inline(never)]
pub fn compare_bool(vm: &mut Vm, op: Cmp, i: &Instr, regs: *mut Value) -> R<bool> {
    let (left, right) = (operand_a(i, regs), operand_b(i, regs));
    vm.compare_bool(op, &left, &right)
}

#[inline(never)]
pub fn compare_bool_imm(vm: &mut Vm, op: Cmp, i: &Instr, regs: *mut Value) -> R<bool> {
    let left = operand_a(i, regs);
    vm.compare_bool(op, &left, &Value::Int(i64::from(i.b as i16)))
}

/// `in` and `not in`.
#[inline(never)]
pub fn contains(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let (item, container) = (operand_b(i, regs), operand_c(i, regs));
    let found = vm.contains(&container, &item)?;
    Ok(Value::bool(found == (i.op == Op::In)))
}
