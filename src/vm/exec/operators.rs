//! Arithmetic, comparison, truth and membership off the fast path.

use super::{operand_a, operand_b, operand_c, peek, take_at};
use crate::bytecode::opcode::{DIES_B, DIES_C, IN_PLACE};
use crate::bytecode::{Instr, Op};
use crate::vm::heap::finalize;
use crate::vm::object::Str;
use crate::vm::ops::arith::{Arith, Unary};
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

#[inline(never)]
pub fn arith(vm: &mut Vm, op: Arith, i: &Instr, regs: *mut Value) -> R {
    if op == Arith::Add
        && let Some(text) = add_text(i, regs)
    {
        return Ok(text);
    }
    if op == Arith::Pow
        && let (Value::Float(x), Value::Float(y)) = (peek(regs, i.b), peek(regs, i.c))
        && let Some(power) = pow(x.get(), y.get())
    {
        return Ok(power);
    }
    let right = operand_c(i, regs);
    let left = operand_b(i, regs);
    vm.arith(op, &left, &right, i.t & IN_PLACE != 0)
}

/// A power that is certainly a float, and no overflow.
fn pow(x: f64, y: f64) -> Option<Value> {
    let power = x.powf(y);
    (x > 0.0 && power.is_finite()).then(|| Value::float(power))
}

/// `s + t` of two strings. For `s += t` and `s = s + t` the text grows in place if the register
/// holds the only reference.
fn add_text(i: &Instr, regs: *mut Value) -> Option<Value> {
    let (left, right) = (
        peek(regs, i.b).as_ref::<Str>()?,
        peek(regs, i.c).as_ref::<Str>()?,
    );
    let dies = i.t & DIES_B != 0;
    let sum = if (dies || i.a == i.b) && i.b != i.c && left.as_obj().count() == 1 {
        let mut left = take_at(regs, i.b as usize);
        if let Some(left) = left.as_ref_mut::<Str>() {
            Str::push_in_place(left, right);
        }
        left
    } else {
        let sum = Str::concat(left, right).into();
        if dies {
            drop(take_at(regs, i.b as usize));
        }
        sum
    };
    if i.t & DIES_C != 0 {
        drop(take_at(regs, i.c as usize));
    }
    Some(sum)
}

/// Arithmetic with a constant on the right.
#[inline(never)]
pub fn arith_const(vm: &mut Vm, op: Arith, i: &Instr, regs: *mut Value, right: &Value) -> R {
    let left = operand_b(i, regs);
    vm.arith(op, &left, right, i.t & IN_PLACE != 0)
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
    let truth = vm.truth(&value)?;
    drop(value);
    before_jump(vm, truth)
}

/// An operand of a conditional jump that dies tells so here: after the jump the place of the frame
/// would be another one.
pub fn before_jump(vm: &mut Vm, holds: bool) -> R<bool> {
    if finalize::pending() {
        vm.run_finalizers()?;
    }
    Ok(holds)
}

#[inline(never)]
pub fn compare(vm: &mut Vm, op: Cmp, i: &Instr, regs: *mut Value) -> R {
    let right = operand_c(i, regs);
    let left = operand_b(i, regs);
    vm.compare(op, &left, &right)
}

/// A comparison whose operands are `a` and `b`.
#[inline(never)]
pub fn compare_bool(vm: &mut Vm, op: Cmp, i: &Instr, regs: *mut Value) -> R<bool> {
    let right = operand_b(i, regs);
    let left = operand_a(i, regs);
    let holds = vm.compare_bool(op, &left, &right)?;
    drop(left);
    drop(right);
    before_jump(vm, holds)
}

#[inline(never)]
pub fn compare_bool_imm(vm: &mut Vm, op: Cmp, i: &Instr, regs: *mut Value) -> R<bool> {
    let left = operand_a(i, regs);
    let holds = vm.compare_bool(op, &left, &Value::Int(i64::from(i.b as i16)))?;
    drop(left);
    before_jump(vm, holds)
}

/// `in` and `not in`.
#[inline(never)]
pub fn contains(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let container = operand_c(i, regs);
    let item = operand_b(i, regs);
    let found = vm.contains(&container, &item)?;
    Ok(Value::bool(found == (i.op == Op::In)))
}
