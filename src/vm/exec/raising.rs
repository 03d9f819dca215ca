//! `raise` and the matching of handlers.

use super::{operand_a, operand_b, operand_c, peek, put_at, take_at};
use crate::bytecode::Instr;
use crate::bytecode::opcode::NO_REG;
use crate::vm::object::{Class, Exception, Layout};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// The `Raise` instruction.
#[inline(never)]
pub fn raise(vm: &mut Vm, i: &Instr, regs: *mut Value) -> Raise {
    if i.c == 0 {
        let handled = vm.topmost_handled();
        if handled.is_undef() || handled.is_none() {
            return vm.runtime_error("No active exception to reraise");
        }
        return vm.reraise(handled);
    }
    let value = operand_a(i, regs);
    let cause = if i.c == 2 && i.b != NO_REG {
        operand_b(i, regs)
    } else {
        Value::Undef
    };
    match make(vm, value, cause) {
        Ok(exception) => vm.raise(exception),
        Err(raise) => raise,
    }
}

fn make(vm: &mut Vm, value: Value, cause: Value) -> R {
    let error = vm.exception_from_raise(&value)?;
    if !cause.is_undef() {
        vm.set_cause(&error, &cause)?;
    }
    Ok(error)
}

#[inline(never)]
pub fn exc_matches(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let class = operand_c(i, regs);
    let exception = peek(regs, i.b);
    if let (Some(e), Some(class)) = (exception.downcast::<Exception>(), class.as_ref::<Class>())
        && class.layout == Layout::Exception
    {
        return Ok(Value::bool(e.class.get().is_subclass(class)));
    }
    Ok(Value::bool(
        vm.exception_matches(&exception.clone(), &class)?,
    ))
}

/// Splits `R[a]` by the class: the rest stays, the match goes to the next register.
#[inline(never)]
pub fn exc_star_matches(vm: &mut Vm, i: &Instr, regs: *mut Value, class: Value) -> R<()> {
    let at = i.a as usize;
    let exception = take_at(regs, at);
    let (matched, rest) = vm.exc_star_match(&exception, &class)?;
    put_at(regs, at + 1, matched);
    put_at(regs, at, rest);
    Ok(())
}

#[inline(never)]
pub fn exc_star_result(vm: &mut Vm, original: Value, raised: Value) -> R {
    let raised = vm.collect(&raised)?;
    vm.exc_star_result(&original, &raised)
}
