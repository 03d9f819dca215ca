//! Loops over what is not a range, list or tuple.

use super::{Iterated, copy_at, peek, put_at};
use crate::bytecode::opcode::{DIES_B, ITERATOR};
use crate::bytecode::{Instr, Op};
use crate::vm::flow::Outcome;
use crate::vm::frame::Deliver;
use crate::vm::heap::Ref;
use crate::vm::object::{GenKind, Generator, Kind, Range};
use crate::vm::ops::iterators::ListIterator;
use crate::vm::value::Value;
use crate::vm::{R, Resume, Vm};

/// Fills the hidden registers of a loop. A range is kept unboxed as (next, how many are left,
/// step), a list or tuple as (itself, index); anything else as its iterator.
#[inline(never)]
pub fn for_prep(vm: &mut Vm, i: &Instr, regs: *mut Value, value: Value) -> R<()> {
    let at = i.a as usize;
    match value.kind() {
        Some(Kind::Range) => {
            if let Some((start, len, step)) = value.downcast::<Range>().and_then(Range::small) {
                put_at(regs, at, Value::Int(start));
                put_at(regs, at + 1, Value::Int(len));
                put_at(regs, at + 2, Value::Int(step));
                return Ok(());
            }
        }
        Some(Kind::List | Kind::Tuple) => {
            put_at(regs, at, value);
            put_at(regs, at + 1, Value::Int(0));
            put_at(regs, at + 2, Value::Undef);
            return Ok(());
        }
        _ => {}
    }
    let iterator = if i.t & ITERATOR != 0 {
        value
    } else {
        vm.iter(&value)?
    };
    put_at(regs, at, iterator);
    put_at(regs, at + 1, Value::Undef);
    put_at(regs, at + 2, Value::Undef);
    Ok(())
}

/// The next item of a loop over an iterator.
#[inline(never)]
pub fn for_iter(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R<Iterated> {
    // What a generator expression is given.
    if let Some(list) = peek(regs, i.b).opaque::<ListIterator>()
        && let Some(item) = list.advance()
    {
        return Ok(Iterated::Item(item));
    }
    let iterator = copy_at(regs, i.b as usize);
    if let Some(generator) = iterator.as_ref::<Generator>()
        && generator.kind() == GenKind::Generator
    {
        return enter_generator(vm, i, regs, generator);
    }
    if let Some(head) = pair_unpacked(vm, i)
        && let Some(pair) = vm.next_pair(&iterator)
    {
        let Some((x, y)) = pair? else {
            return end(i, regs, iterator);
        };
        put_at(regs, head as usize, x);
        put_at(regs, head as usize + 1, y);
        return Ok(Iterated::Unpacked);
    }
    match vm.next(&iterator)? {
        Some(item) => Ok(Iterated::Item(item)),
        None => end(i, regs, iterator),
    }
}

/// The iterator is exhausted: the loop lets go of it.
fn end(i: &Instr, regs: *mut Value, iterator: Value) -> R<Iterated> {
    drop(iterator);
    put_at(regs, i.b as usize, Value::Undef);
    Ok(Iterated::End)
}

#[cold]
fn enter_generator(
    vm: &mut Vm,
    i: &Instr,
    regs: *mut Value,
    generator: &Ref<Generator>,
) -> R<Iterated> {
    let how = Resume::Send(Value::None);
    match vm.enter(generator, how, Deliver::Iter, i.a, Value::Undef)? {
        None => Ok(Iterated::Frame),
        Some(Outcome::Yielded(v) | Outcome::AsyncYielded(v)) => Ok(Iterated::Item(v)),
        Some(Outcome::Returned(_)) => {
            put_at(regs, i.b as usize, Value::Undef);
            Ok(Iterated::End)
        }
        Some(Outcome::Raised) => Err(vm.raised_again()),
    }
}

/// The first register of the pair, if the loop begins with taking its item apart into two that it
/// uses nowhere else.
fn pair_unpacked(vm: &Vm, i: &Instr) -> Option<u16> {
    let head = vm.frame.target(i)?;
    let wanted = head.op == Op::Unpack && head.b == i.a && head.c == 2 && head.t & DIES_B != 0;
    wanted.then_some(head.a)
}
