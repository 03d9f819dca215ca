//! Calls and functions off the fast path.

use super::natives::{Place, call_builtin, call_native};
use super::{Called, put_at, site_name, take_at};
use crate::bytecode::opcode::{DIES_B, NO_REG};
use crate::bytecode::{Instr, Op};
use crate::vm::bind::takes_any;
use crate::vm::call::Keywords;
use crate::vm::flow::Outcome;
use crate::vm::frame::Deliver;
use crate::vm::heap::{Ref, Slot};
use crate::vm::native::Resumes;
use crate::vm::object::{
    CellObject, Class, CodeObject, Dict, Function, GenKind, Generator, Kind, List, NativeFunction,
    Str, Tuple,
};
use crate::vm::ops::range;
use crate::vm::ops::super_object::Super;
use crate::vm::simple_call::SimpleCall;
use crate::vm::value::Value;
use crate::vm::{R, Resume, Vm};
use std::cell::OnceCell;

/// The window at `base`; a generator's is moved to the top of the register stack first.
fn window(vm: &mut Vm, base: u16, values: usize) -> R<*mut Value> {
    // SAFETY: the verifier has seen the window inside the frame.
    let at = unsafe { vm.frame.regs.add(base as usize) };
    vm.call_window(at, values)
}

/// `Call` and `CallMethod`.
#[inline(never)]
pub fn call(vm: &mut Vm, i: &Instr, method: bool) -> R<Called> {
    // SAFETY: the verifier has seen the window inside the frame.
    let at = unsafe { vm.frame.regs.add(i.b as usize) };
    let place = Place {
        at,
        // SAFETY: the self slot is initialised.
        has_self: method && !unsafe { (*at.add(1)).is_undef() },
        argc: i.c as usize,
        dst: i.a,
    };
    // SAFETY: the callable's register is initialised; what it holds lives until it is released.
    if let Some(f) = unsafe { (*at).downcast::<NativeFunction>() }
        && let Some(called) = call_native(vm, place, f)
    {
        return called;
    }
    call_otherwise(vm, i, place)
}

/// What is called is no native, or needs its arguments arranged.
#[inline(never)]
fn call_otherwise(vm: &mut Vm, i: &Instr, place: Place) -> R<Called> {
    let Place {
        at,
        has_self,
        argc,
        dst,
    } = place;
    // SAFETY: as in `call`.
    if let Some(class) = unsafe { (*at).as_ref::<Class>() } {
        if class.is(&vm.types.range) && loop_over_range(vm, place) {
            return Ok(Called::Frame);
        }
        if let Some(called) = call_builtin(vm, place, class) {
            return called;
        }
    }
    let simple = SimpleCall {
        base: at,
        has_self,
        given: argc + usize::from(has_self),
        names: &[],
        dst,
        instance: None,
    };
    if let Some(called) = vm.call_simple(&simple) {
        return Ok(called);
    }
    if !has_self {
        if argc == 0 && call_super(vm, at, dst) {
            return Ok(Called::Frame);
        }
        if let Some(called) = vm.construct_simple(&simple)? {
            return Ok(called);
        }
    }
    if let Some(called) = call_resuming(vm, at, argc + usize::from(has_self), has_self, dst)? {
        return Ok(called);
    }
    let base = window(vm, i.b, argc + 2)?;
    vm.invoke(base, has_self, argc, Keywords::new(), Deliver::Call, dst)
}

/// `for … in range(…)`, of small integers: fills the registers of the loop as its `ForPrep` would, and
/// goes on behind that. No range is made.
fn loop_over_range(vm: &mut Vm, place: Place) -> bool {
    let Some(next) = vm.frame.next().copied() else {
        return false;
    };
    let only_use = next.op == Op::ForPrep && next.b == place.dst && next.t & DIES_B != 0;
    if !only_use || place.has_self {
        return false;
    }
    // SAFETY: the arguments are initialised; nobody writes them while they are looked at.
    let (start, stop, step) = match unsafe { place.args() } {
        [Value::Int(stop)] => (0, *stop, 1),
        [Value::Int(start), Value::Int(stop)] => (*start, *stop, 1),
        [Value::Int(start), Value::Int(stop), Value::Int(step)] if *step != 0 => {
            (*start, *stop, *step)
        }
        _ => return false,
    };
    let Some(count) = range::count(start, stop, step) else {
        return false;
    };
    place.release();
    let regs = vm.frame.regs;
    for (n, value) in [start, count, step].into_iter().enumerate() {
        put_at(regs, next.a as usize + n, Value::Int(value));
    }
    // SAFETY: the verifier has seen that the target, counted from behind the `ForPrep`, is an
    // instruction.
    vm.frame.pc = unsafe { vm.frame.pc.offset(1 + next.imm() as isize) };
    true
}

/// `super().name(…)`: puts the method and its self where the `LoadMethod` that follows would.
fn call_super(vm: &mut Vm, at: *mut Value, dst: u16) -> bool {
    // SAFETY: the callable's register is initialised.
    let is_super = unsafe { (*at).downcast::<Class>() }
        .is_some_and(|c| c.layout == Super::LAYOUT && !c.flags().heap);
    let Some(next) = vm.frame.next().copied() else {
        return false;
    };
    let only_use = next.op == Op::LoadMethod && next.b == dst && next.t & DIES_B != 0;
    if !is_super || !only_use {
        return false;
    }
    let name = site_name(vm, next.site());
    let Some((func, this)) = vm.own_super_method(&name) else {
        return false;
    };
    drop(take_at(at, 0));
    put_at(vm.frame.regs, next.a as usize, func);
    put_at(vm.frame.regs, next.a as usize + 1, this);
    // SAFETY: as above, for the `LoadMethod`.
    vm.frame.pc = unsafe { vm.frame.pc.add(1) };
    true
}

/// A native that only resumes a generator or coroutine: no call is made at all.
fn call_resuming(
    vm: &mut Vm,
    at: *mut Value,
    given: usize,
    has_self: bool,
    dst: u16,
) -> R<Option<Called>> {
    // SAFETY: the callable's register is initialised.
    let resumes = match unsafe { (*at).downcast::<NativeFunction>() } {
        Some(f) if f.this.is_undef() => f.def.resumes,
        _ => Resumes::No,
    };
    let first = if has_self { 1 } else { 2 };
    if given != usize::from(resumes.arguments()) {
        return Ok(None);
    }
    // SAFETY: the arguments are initialised.
    let Some(g) = (unsafe { (*at.add(first)).as_ref::<Generator>() }).cloned() else {
        return Ok(None);
    };
    let fits = match g.kind() {
        GenKind::Generator => true,
        GenKind::Coroutine => resumes == Resumes::Send,
        GenKind::AsyncGenerator => false,
    };
    if !fits {
        return Ok(None);
    }
    let value = if resumes == Resumes::Send {
        take_at(at, first + 1)
    } else {
        Value::None
    };
    drop((take_at(at, 0), take_at(at, first)));
    match vm.enter(&g, Resume::Send(value), Deliver::Value, dst, Value::Undef)? {
        None => Ok(Some(Called::Reload)),
        Some(Outcome::Returned(v)) => Err(vm.stop_iteration(v)),
        Some(Outcome::Yielded(v) | Outcome::AsyncYielded(v)) => Ok(Some(Called::Value(v))),
        Some(Outcome::Raised) => Err(vm.raised_again()),
    }
}

/// `CallKw`: the names of the last arguments follow them.
#[inline(never)]
pub fn call_kw(vm: &mut Vm, i: &Instr, method: bool) -> R<Called> {
    let argc = i.c as usize;
    let names = take_at(vm.frame.regs, i.b as usize + 2 + argc);
    let names = names.as_ref::<Tuple>().cloned();
    let names: &[Value] = names.as_ref().map_or(&[], |t| t.items());
    let positional = argc.saturating_sub(names.len());
    // SAFETY: the verifier has seen the window inside the frame.
    let at = unsafe { vm.frame.regs.add(i.b as usize) };
    // SAFETY: the self slot is initialised.
    let has_self = method && !unsafe { (*at.add(1)).is_undef() };
    let simple = SimpleCall {
        base: at,
        has_self,
        given: positional + usize::from(has_self),
        names,
        dst: i.a,
        instance: None,
    };
    if let Some(called) = vm.call_simple(&simple) {
        return Ok(called);
    }
    if !has_self && let Some(called) = vm.construct_simple(&simple)? {
        return Ok(called);
    }
    let base = window(vm, i.b, argc + 2)?;
    let keywords = take_keywords(base, positional, names);
    vm.invoke(base, has_self, positional, keywords, Deliver::Call, i.a)
}

/// The arguments by keyword of a window, behind the `positional` ones that follow the self slot.
pub fn take_keywords(base: *mut Value, positional: usize, names: &[Value]) -> Keywords {
    let mut keywords = Keywords::with_capacity(names.len());
    for (n, name) in names.iter().enumerate() {
        let value = take_at(base, 2 + positional + n);
        // Names in constants are interned already.
        if let Some(name) = name.as_ref::<Str>() {
            keywords.push((name.clone(), value));
        }
    }
    keywords
}

/// `CallEx`: arguments from a sequence and a dict.
#[inline(never)]
pub fn call_ex(vm: &mut Vm, i: &Instr) -> R<Called> {
    let at = i.b as usize;
    let regs = vm.frame.regs;
    let func = take_at(regs, at);
    let mut args = take_at(regs, at + 2);
    let kwargs = if i.c == 1 {
        take_at(regs, at + 3)
    } else {
        Value::Undef
    };
    let mut keywords = Keywords::new();
    if let Some(dict) = kwargs.as_ref::<Dict>() {
        let pairs: Vec<(Value, Value)> = dict
            .map
            .borrow()
            .iter()
            .map(|e| (e.key.clone(), e.value.clone()))
            .collect();
        for (key, value) in pairs {
            match vm.intern_value(&key) {
                Some(name) => keywords.push((name, value)),
                None => return Err(vm.type_error("keywords must be strings")),
            }
        }
    }
    if !matches!(args.kind(), Some(Kind::Tuple | Kind::List)) {
        args = Tuple::value(unpacked(vm, &func, &args)?);
        // What dies with the iterable dies before the call.
        vm.settle_finalizers();
    }
    let argc = match (args.as_ref::<Tuple>(), args.as_ref::<List>()) {
        (Some(t), _) => t.items().len(),
        (_, Some(l)) => l.items.borrow().len(),
        _ => 0,
    };
    // The tuple itself lives until a native that is called is done, and lets go from its end.
    let base = vm.frame.top;
    vm.check_room(base, argc + 2)?;
    // Arguments that a call refuses die from the end.
    let keeps = keywords.is_empty()
        && func
            .as_ref::<Function>()
            .is_some_and(|f| takes_any(f, argc));
    // SAFETY: there is room above the running frame's top, which owns nothing.
    unsafe {
        base.write(func);
        base.add(1).write(Value::Undef);
        let place = |n: usize| base.add(2 + n);
        if let Some(list) = args.as_ref::<List>() {
            // A list that was made for this call alone.
            if keeps && list.as_obj().count() == 1 {
                let items = list.items.take().into_iter();
                items.enumerate().for_each(|(n, item)| place(n).write(item));
            } else {
                let items = list.items.borrow();
                items
                    .iter()
                    .enumerate()
                    .for_each(|(n, item)| place(n).write(item.clone()));
            }
        } else if let Some(tuple) = args.as_ref::<Tuple>() {
            let items = tuple.items().iter();
            items
                .enumerate()
                .for_each(|(n, item)| place(n).write(item.clone()));
        }
    }
    let called = vm.invoke(base, false, argc, keywords, Deliver::Call, i.a);
    drop(args);
    called
}

/// The items of `*args` where that is no list or tuple.
fn unpacked(vm: &mut Vm, func: &Value, args: &Value) -> R<Vec<Value>> {
    let iter = vm.names.__iter__.clone();
    let get_item = vm.names.__getitem__.clone();
    let class = vm.class_of(args);
    if vm.lookup(&class, &iter).is_none() && vm.lookup(&class, &get_item).is_none() {
        let (name, what) = (vm.callable_name(func), vm.type_name(args));
        return Err(vm.type_error(format!(
            "{name} argument after * must be an iterable, not {what}"
        )));
    }
    vm.collect(args)
}

#[inline(never)]
pub fn make_function(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let code = match vm.frame.code().and_then(|c| c.consts.get(i.b as usize)) {
        Some(value) => value.as_ref::<CodeObject>().cloned(),
        None => None,
    };
    let Some(code) = code else {
        return Err(vm.runtime_error("function without code"));
    };
    let base = i.c as usize;
    let (defaults, kwdefaults, annotations) = if i.c == NO_REG {
        (Value::Undef, Value::Undef, Value::Undef)
    } else {
        (
            take_at(regs, base),
            take_at(regs, base + 1),
            take_at(regs, base + 2),
        )
    };
    let mut closure: Vec<Ref<CellObject>> = Vec::with_capacity(code.code.captures.len());
    for reg in &code.code.captures {
        let value = super::copy_at(regs, *reg as usize);
        closure.push(match value.as_ref::<CellObject>() {
            Some(cell) => cell.clone(),
            None => Ref::new(CellObject::default()),
        });
    }
    let suspends = code.suspends;
    let made = function(code, closure, defaults, kwdefaults, annotations);
    if suspends && i.c != NO_REG {
        made.note_objects();
    }
    Ok(made.into())
}

/// A function object.
#[inline(never)]
pub fn function(
    code: Ref<CodeObject>,
    closure: Vec<Ref<CellObject>>,
    defaults: Value,
    kwdefaults: Value,
    annotations: Value,
) -> Ref<Function> {
    Ref::new(Function {
        code: crate::vm::heap::RefSlot::new(code),
        closure: closure.into(),
        defaults: Slot::new(defaults),
        kwdefaults: Slot::new(kwdefaults),
        annotations: Slot::new(annotations),
        extra: OnceCell::new(),
    })
}
