//! Building containers, strings and slices; unpacking.

use super::{copy_at, operand_b, operand_c, peek, put_at, take_at, take_many, take_tuple};
use crate::bytecode::Instr;
use crate::bytecode::opcode::DIES_C;
use crate::vm::compare_pure::hash_pure;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, Kind, List, Lookup, Set, Slice, Str, TextBuilder, Tuple};
use crate::vm::ops::arith;
use crate::vm::ops::sequence;
use crate::vm::ops::subscript::char_at;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

#[inline(never)]
pub fn build_slice(i: &Instr, regs: *mut Value) -> R {
    let base = i.b as usize;
    let (start, stop, step) = (
        take_at(regs, base),
        take_at(regs, base + 1),
        take_at(regs, base + 2),
    );
    Ok(Ref::new(Slice { start, stop, step }).into())
}

#[inline(never)]
pub fn build_list(i: &Instr, regs: *mut Value) -> R {
    Ok(List::value(take_many(regs, i.b, i.c as usize).collect()))
}

#[inline(never)]
pub fn build_tuple(i: &Instr, regs: *mut Value) -> R {
    Ok(take_tuple(regs, i.b, i.c as usize).into())
}

#[inline(never)]
pub fn build_set(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let set = Ref::new(Set::default());
    let items: Vec<Value> = take_many(regs, i.b, i.c as usize).collect();
    for item in &items {
        vm.set_add(&set.map, item)?;
    }
    Ok(set.into())
}

/// The keys and values stay in their registers until all are in the dict, and die from the last to
/// the first if one cannot be.
#[inline(never)]
pub fn build_dict(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let dict = Dict::new();
    let parts = i.b as usize..i.b as usize + 2 * i.c as usize;
    let filled = parts.clone().step_by(2).try_for_each(|at| {
        let (key, value) = (copy_at(regs, at), copy_at(regs, at + 1));
        vm.dict_set(&dict, &key, value)
    });
    // An unfinished dict dies before its parts.
    let made = filled.map(|()| dict.into());
    for at in parts.rev() {
        drop(take_at(regs, at));
    }
    made
}

/// The parts of an f-string, of which those without a format spec are still objects.
#[inline(never)]
pub fn build_string(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let parts = (0..i.c).map(|n| peek(regs, i.b + n));
    let len = parts.map(|p| p.downcast::<Str>().map_or(NUMBER, |s| s.as_str().len()));
    let mut text = TextBuilder::with_capacity(len.sum());
    for part in take_many(regs, i.b, i.c as usize) {
        match (&part, part.downcast::<Str>()) {
            (_, Some(s)) => text.push_text(s),
            (Value::Int(n), _) => text.push_ascii(itoa::Buffer::new().format(*n)),
            _ => text.push_text(&*vm.str(&part)?),
        }
    }
    Ok(text.finish().into())
}

/// How a field without conversion and spec of an f-string with several parts is formatted.
const JOINED: u16 = 8;
/// Room for a number in a string.
const NUMBER: usize = 8;

#[inline(never)]
pub fn list_extend(vm: &mut Vm, list: Value, value: Value) -> R<()> {
    let Some(list) = list.as_ref::<List>() else {
        return Ok(());
    };
    match sequence::extend(vm, list, &value) {
        Ok(()) => Ok(()),
        Err(raise) => {
            let class = vm.exc.type_error.clone();
            let iter = vm.names.__iter__.clone();
            if vm.lookup(&vm.class_of(&value), &iter).is_some() {
                return Err(raise);
            }
            vm.catch(raise, &class)?;
            let name = vm.type_name(&value);
            Err(vm.type_error(format!("Value after * must be an iterable, not {name}")))
        }
    }
}

#[inline(never)]
pub fn list_to_tuple(list: Value) -> R {
    let items = list
        .downcast::<List>()
        .map(|l| l.items.borrow().clone())
        .unwrap_or_default();
    Ok(Tuple::value(items))
}

#[inline(never)]
pub fn set_add(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R<()> {
    let value = operand_b(i, regs);
    match peek(regs, i.a).downcast::<Set>() {
        Some(set) => vm.set_add(&set.map, &value).map(drop),
        None => Ok(()),
    }
}

#[inline(never)]
pub fn set_update(vm: &mut Vm, set: Value, value: Value) -> R<()> {
    match set.downcast::<Set>() {
        Some(set) => vm.fill_set(&set.map, &value),
        None => Ok(()),
    }
}

#[inline(never)]
pub fn dict_set(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R<()> {
    let (key, value) = (operand_b(i, regs), operand_c(i, regs));
    let dict = peek(regs, i.a);
    match dict.as_ref::<Dict>() {
        Some(dict) => vm.dict_set(dict, &key, value),
        None => vm.set_item(dict, &key, value),
    }
}

#[inline(never)]
pub fn dict_update(vm: &mut Vm, dict: Value, value: Value) -> R<()> {
    if !is_mapping(vm, &value)? {
        let name = vm.type_name(&value);
        return Err(vm.type_error(format!("'{name}' object is not a mapping")));
    }
    match dict.as_ref::<Dict>() {
        Some(dict) => vm.dict_update(dict, &value),
        None => Ok(()),
    }
}

fn is_mapping(vm: &mut Vm, value: &Value) -> R<bool> {
    if value.payload::<Dict>().is_some() {
        return Ok(true);
    }
    let keys = vm.names.keys.clone();
    Ok(vm.get_attr_opt(value, &keys)?.is_some())
}

/// `**value` in a call: every key a string, and none given twice.
#[inline(never)]
pub fn dict_merge(vm: &mut Vm, dict: Value, value: Value, func: Value) -> R<()> {
    let Some(into) = dict.as_ref::<Dict>() else {
        return Ok(());
    };
    if !is_mapping(vm, &value)? {
        let (name, what) = (vm.callable_name(&func), vm.type_name(&value));
        return Err(vm.type_error(format!(
            "{name} argument after ** must be a mapping, not {what}"
        )));
    }
    let from = match value.payload::<Dict>() {
        Some(d) if value.as_ref::<Dict>().is_some() => d,
        _ => {
            let copy = Dict::new();
            vm.dict_update(&copy, &value)?;
            copy
        }
    };
    let pairs: Vec<(Value, Value)> = from
        .map
        .borrow()
        .iter()
        .map(|e| (e.key.clone(), e.value.clone()))
        .collect();
    for (key, value) in pairs {
        let Some(text) = key.as_str() else {
            return Err(vm.type_error("keywords must be strings"));
        };
        let interned = vm.intern(text);
        if into.get_str(&interned).is_some() {
            let name = vm.callable_name(&func);
            return Err(vm.type_error(format!(
                "{name} got multiple values for keyword argument '{text}'"
            )));
        }
        into.set_str(&interned, value);
    }
    Ok(())
}

#[inline(never)]
pub fn format_value(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let value = operand_b(i, regs);
    if i.c == JOINED && matches!(value, Value::Int(_)) {
        return Ok(value);
    }
    let spec = if i.c & 4 != 0 {
        Some(take_at(regs, i.a as usize))
    } else {
        None
    };
    let value = match i.c & 3 {
        1 => vm.str(&value)?.into(),
        2 => vm.repr(&value)?.into(),
        3 => vm.ascii(&value)?.into(),
        _ => value,
    };
    let spec_text = spec.as_ref().and_then(Value::as_str).unwrap_or("");
    if spec_text.is_empty() && value.downcast::<Str>().is_some() && arith::is_plain(&value) {
        return Ok(value);
    }
    Ok(vm.format(&value, spec_text)?.into())
}

#[inline(never)]
pub fn unpack(vm: &mut Vm, i: &Instr, regs: *mut Value, value: Value) -> R<()> {
    let count = i.c as usize;
    if let Some(tuple) = value.as_ref::<Tuple>()
        && tuple.items().len() == count
    {
        for (n, item) in tuple.items().iter().enumerate() {
            put_at(regs, i.a as usize + n, item.clone());
        }
        return Ok(());
    }
    let items = vm.unpack(&value, count)?;
    // It goes before what the variables held so far.
    drop(value);
    for (n, item) in items.into_iter().enumerate() {
        put_at(regs, i.a as usize + n, item);
    }
    Ok(())
}

#[inline(never)]
pub fn unpack_star(vm: &mut Vm, i: &Instr, regs: *mut Value, value: Value) -> R<()> {
    let items = vm.unpack_star(&value, (i.c & 255) as usize, (i.c >> 8) as usize)?;
    for (n, item) in items.into_iter().enumerate() {
        put_at(regs, i.a as usize + n, item);
    }
    Ok(())
}

#[inline(never)]
pub fn get_item(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    match find_item(peek(regs, i.b), peek(regs, i.c)) {
        Found::Item(found) => {
            drop((operand_b(i, regs), operand_c(i, regs)));
            return Ok(found);
        }
        Found::Nothing => {
            let key = operand_c(i, regs);
            drop(operand_b(i, regs));
            return Err(vm.key_error(&key));
        }
        Found::Unknown => {}
    }
    let key = operand_c(i, regs);
    let obj = operand_b(i, regs);
    let value = vm.get_item(&obj, &key);
    if i.t & DIES_C != 0 && key.downcast::<Slice>().is_some_and(|s| s.step.is_none()) {
        // The slice of `x[a:b]` is the instruction's own, and goes first.
        drop(key);
    }
    value
}

/// What can be told of `obj[key]` without running bytecode.
enum Found {
    Item(Value),
    /// A dict that has no such key.
    Nothing,
    Unknown,
}

fn find_item(obj: &Value, key: &Value) -> Found {
    let Value::Obj(obj) = obj else {
        return Found::Unknown;
    };
    if let Some(dict) = obj.downcast::<Dict>() {
        return find_in_dict(dict, key);
    }
    let character = match (obj.as_ref::<Str>(), key) {
        (Some(text), Value::Int(n)) => {
            let len = text.char_count() as i64;
            let at = if *n < 0 { n.saturating_add(len) } else { *n };
            usize::try_from(at).ok().and_then(|at| char_at(text, at))
        }
        _ => None,
    };
    character.map_or(Found::Unknown, Found::Item)
}

fn find_in_dict(dict: &Dict, key: &Value) -> Found {
    // The metaclass may have its say in the hash of a class.
    let hash = hash_pure(key).filter(|_| key.kind() != Some(Kind::Class));
    let (Ok(map), Some(hash)) = (dict.map.try_borrow(), hash) else {
        return Found::Unknown;
    };
    match map.find(hash, key) {
        Lookup::Found(at) => match map.entry(at) {
            Some(entry) => Found::Item(entry.value.clone()),
            None => Found::Unknown,
        },
        Lookup::Absent => Found::Nothing,
        Lookup::Ask(_) => Found::Unknown,
    }
}

#[inline(never)]
pub fn set_item(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R<()> {
    let key = operand_b(i, regs);
    let obj = super::operand_a(i, regs);
    let value = operand_c(i, regs);
    match obj.as_ref::<Dict>() {
        Some(dict) => vm.dict_set(dict, &key, value),
        None => vm.set_item(&obj, &key, value),
    }
}

#[inline(never)]
pub fn del_item(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R<()> {
    let key = operand_b(i, regs);
    let obj = super::operand_a(i, regs);
    vm.del_item(&obj, &key)
}
