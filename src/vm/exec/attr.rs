//! Attribute opcodes off the fast path: the lookup, and filling the inline cache for next time.

use super::names::site_name;
use super::{operand_a, operand_b, put_at};
use crate::bytecode::opcode::DIES_B;
use crate::bytecode::{Instr, Op};
use crate::vm::dispatch::hit;
use crate::vm::heap::{ObjRef, Ref, RefSlot};
use crate::vm::native::Resumes;
use crate::vm::object::{
    CacheEntry, Class, CodeObject, Exception, Function, Future, Instance, Kind, Module,
    NativeFunction, Opaque,
};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The cache of a site of the running code.
fn site_cache<'a>(vm: &Vm, site: usize) -> Option<&'a CacheEntry> {
    // SAFETY: the running code lives as long as its frame is on the control stack, which is longer
    // than the instruction that asks; its caches never move.
    let code: Option<&'a CodeObject> = unsafe { vm.frame.code.as_ref() };
    code.and_then(|c| c.caches.get(site))
}

#[inline(never)]
pub fn load_attr(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let obj = operand_b(i, regs);
    let Some(cache) = site_cache(vm, i.site()) else {
        let name = site_name(vm, i.site());
        return vm.get_attr(&obj, &name);
    };
    if let Some(value) = cached_attr(cache, &obj) {
        return Ok(value);
    }
    let value = vm.get_attr(&obj, &cache.name)?;
    match obj.kind() {
        Some(Kind::Instance) => cache_instance_attr(vm, cache, &obj, &value),
        Some(Kind::Module) => cache_module_attr(cache, &obj),
        Some(Kind::Class) => cache_class_attr(vm, cache, &obj, &value),
        Some(Kind::Exception) => cache_own_attr(vm, cache, &obj),
        _ => {}
    }
    Ok(value)
}

/// The exception, if its own attribute comes before anything that its class has under the name.
fn own_exception<'a>(cache: &CacheEntry, obj: &'a Value) -> Option<&'a Exception> {
    let exception = obj.downcast::<Exception>()?;
    let version = exception.class.get().version.get();
    (cache.kind.get() == hit::OWN && cache.key() == version).then_some(exception)
}

/// An attribute that an exception was found to have, or was given.
fn cache_own_attr(vm: &mut Vm, cache: &CacheEntry, obj: &Value) {
    let Some(exception) = obj.downcast::<Exception>() else {
        return;
    };
    let class = exception.class.get();
    let flags = class.flags();
    let hidden = flags.custom_getattribute
        || flags.custom_setattr
        || (vm.lookup(&class, &cache.name)).is_some_and(|found| vm.is_data_descriptor(&found));
    if !hidden && exception.own.get(&cache.name).is_some() {
        cache.kind.set(hit::OWN);
        cache.set_version(class.version.get());
    }
}

/// Hits that are not worth a place in the dispatch loop.
fn cached_attr(cache: &CacheEntry, obj: &Value) -> Option<Value> {
    if let Some(instance) = obj.as_ref::<Instance>()
        && let Some(way) = cache.way_of(instance.keys())
    {
        return match way.kind.get() {
            hit::SLOT => Some(instance.slot_at(way.slot.get())),
            hit::CLASS_VALUE => Some(way.value.get()),
            _ => None,
        };
    }
    match cache.kind.get() {
        hit::ENTRY => {
            let module = obj.downcast::<Module>()?;
            if !cache.value.get().is(obj) {
                return None;
            }
            let map = module.dict.map.borrow();
            if map.version() != u64::from(cache.key()) {
                return None;
            }
            map.entry(cache.slot.get() as usize)
                .map(|e| e.value.clone())
        }
        hit::OWN => own_exception(cache, obj)?.own.get(&cache.name),
        hit::CLASS => {
            let class = obj.downcast::<Class>()?;
            if class.version.get() == cache.key() {
                Some(cache.value.get())
            } else {
                None
            }
        }
        _ => None,
    }
}

fn cache_instance_attr(vm: &mut Vm, cache: &CacheEntry, obj: &Value, value: &Value) {
    let Some(instance) = obj.as_ref::<Instance>() else {
        return;
    };
    let class = instance.class.get();
    if instance.shape_id() == 0 || class.flags().custom_getattribute {
        return;
    }
    let on_class = vm.lookup(&class, &cache.name);
    let way = cache.way_for(instance.shape_id());
    match (instance.shape().slot(&cache.name), on_class) {
        (Some(slot), on_class) => {
            if on_class.is_some_and(|d| vm.is_data_descriptor(&d)) {
                return;
            }
            let Some(offset) = Instance::offset_of(slot) else {
                return;
            };
            way.kind.set(hit::SLOT);
            way.slot.set(offset);
            way.set_instance(instance.shape_id(), class.version.get());
        }
        // A value that is no descriptor: what the class holds is what the program gets.
        (None, Some(found)) if found.is(value) && is_plain(vm, &found) => {
            way.kind.set(hit::CLASS_VALUE);
            way.value.set(found);
            way.set_otherwise(instance.shape_id(), class.version.get());
        }
        _ => {}
    }
}

/// Certainly no descriptor.
fn is_plain(vm: &Vm, value: &Value) -> bool {
    match value {
        Value::Obj(o) => match o.kind() {
            Kind::Str
            | Kind::Int
            | Kind::List
            | Kind::Tuple
            | Kind::Dict
            | Kind::Set
            | Kind::FrozenSet
            | Kind::Bytes => true,
            Kind::Class => true,
            Kind::Instance => vm.lookup(&vm.class_of(value), &vm.names.__get__).is_none(),
            _ => false,
        },
        _ => true,
    }
}

fn cache_module_attr(cache: &CacheEntry, obj: &Value) {
    let Some(module) = obj.downcast::<Module>() else {
        return;
    };
    let map = module.dict.map.borrow();
    let key: Value = cache.name.clone().into();
    if let Some(at) = map.find_pure(cache.name.hash(), &key)
        && let Ok(version) = u32::try_from(map.version())
        && let Some(entry) = map.entry(at)
    {
        cache.kind.set(hit::ENTRY);
        cache.set_version(version);
        cache.slot.set(at as u32);
        cache.place.set(&raw const entry.value);
        cache.value.set(obj.clone());
    }
}

fn cache_class_attr(vm: &mut Vm, cache: &CacheEntry, obj: &Value, value: &Value) {
    let Some(class) = obj.as_ref::<Class>() else {
        return;
    };
    if !class
        .metaclass
        .get()
        .as_ref::<Class>()
        .is_some_and(|m| m.is(&vm.types.type_))
    {
        return;
    }
    let Some(found) = vm.lookup(class, &cache.name) else {
        return;
    };
    // `type`'s own data descriptors win over the class's attributes.
    let type_ = vm.types.type_.clone();
    if vm.lookup(&type_, &cache.name).is_some() {
        return;
    }
    if found.is(value) && (is_plain(vm, &found) || found.as_ref::<Function>().is_some()) {
        cache.kind.set(hit::CLASS);
        cache.set_version(class.version.get());
        cache.value.set(found);
    }
}

#[inline(never)]
pub fn store_attr(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R<()> {
    let (obj, value) = (operand_a(i, regs), operand_b(i, regs));
    let Some(cache) = site_cache(vm, i.site()) else {
        let name = site_name(vm, i.site());
        return vm.set_attr(&obj, &name, value);
    };
    if let Some(instance) = obj.as_ref::<Instance>()
        && let Some(way) = cache.way_of(instance.keys())
    {
        match way.kind.get() {
            hit::SLOT => {
                drop(instance.replace_slot_at(way.slot.get(), value));
                return Ok(());
            }
            hit::ADD => {
                if let Some(shape) = way.added_shape() {
                    instance.become_shape(shape);
                    drop(instance.replace_slot_at(way.slot.get(), value));
                    return Ok(());
                }
            }
            _ => {}
        }
    }
    if let Some(exception) = own_exception(cache, &obj) {
        exception.own.set(&cache.name, value);
        return Ok(());
    }
    let before = obj.as_ref::<Instance>().map(|n| (n.shape_id(), n.shape()));
    vm.set_attr(&obj, &cache.name, value)?;
    if obj.kind() == Some(Kind::Exception) {
        cache_own_attr(vm, cache, &obj);
    }
    if let (Some(instance), Some((id, shape))) = (obj.as_ref::<Instance>(), before) {
        cache_store(vm, cache, instance, id, &shape);
    }
    Ok(())
}

fn cache_store(
    vm: &mut Vm,
    cache: &CacheEntry,
    instance: &Ref<Instance>,
    id: u32,
    before: &std::rc::Rc<crate::vm::object::Shape>,
) {
    let class = instance.class.get();
    if id == 0 || instance.shape_id() == 0 || class.flags().custom_setattr {
        return;
    }
    if vm
        .lookup(&class, &cache.name)
        .is_some_and(|d| vm.is_data_descriptor(&d))
    {
        return;
    }
    let slot = instance.shape().slot(&cache.name);
    let Some(offset) = slot.and_then(Instance::offset_of) else {
        return;
    };
    let way = cache.way_for(id);
    if instance.shape_id() == id {
        way.kind.set(hit::SLOT);
        way.set_instance(id, class.version.get());
    } else if before.slot(&cache.name).is_none() {
        way.kind.set(hit::ADD);
        way.shape.set(Some(instance.shape()));
        way.set_otherwise(id, class.version.get());
    } else {
        return;
    }
    way.slot.set(offset);
}

#[inline(never)]
pub fn delete_attr(vm: &mut Vm, site: usize, obj: Value) -> R<()> {
    let name = site_name(vm, site);
    vm.del_attr(&obj, &name)
}

#[inline(never)]
pub fn load_method(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R<()> {
    let obj = operand_b(i, regs);
    let (func, this) = match site_cache(vm, i.site()) {
        None => {
            let name = site_name(vm, i.site());
            vm.load_method(&obj, &name)?
        }
        Some(cache) => {
            let found = method_through_cache(vm, cache, obj)?;
            note_send(vm, cache, i);
            found
        }
    };
    put_at(regs, i.a as usize, func);
    put_at(regs, i.a as usize + 1, this);
    Ok(())
}

/// Notes in the cache of a `LoadMethod` that has just found `send` of a generator whether what
/// follows is the call of it with a name or a constant. The cache is of that instruction alone: the
/// verifier has seen to that.
fn note_send(vm: &Vm, cache: &CacheEntry, load: &Instr) {
    let found = cache.value.get();
    let resumes = found.downcast::<NativeFunction>().map(|f| f.def.resumes);
    let is_send = cache.kind.get() == hit::BUILTIN_METHOD
        && cache.slot.get() == Kind::Generator as u32
        && resumes == Some(Resumes::Send);
    let Some(code) = vm.frame.code().filter(|_| is_send) else {
        return;
    };
    let following = code.code.instrs.get(vm.frame.index() + 1..);
    if let Some([argument, call, ..]) = following
        && (argument.op == Op::LoadConst || argument.op == Op::Move && argument.t & DIES_B == 0)
        && (argument.a, call.op) == (load.a + 2, Op::CallMethod)
        && (call.b, call.c) == (load.a, 1)
    {
        cache.set_keys(cache.key(), hit::SEND);
    }
}

/// An object of a built-in type that has no attributes of its own.
fn has_only_class_attributes(obj: &Value) -> bool {
    match obj.kind() {
        Some(Kind::Instance | Kind::Module | Kind::Class | Kind::Exception) => false,
        Some(Kind::Opaque) => obj.downcast::<Opaque>().is_some_and(|o| o.dict.is_undef()),
        Some(Kind::Future) => obj
            .downcast::<Future>()
            .is_some_and(|f| f.own().is_none_or(|own| own.dict.is_undef())),
        _ => true,
    }
}

/// The version of the class of an object that has no attributes of its own, of a type written in
/// Rust that programs can derive from; 0 for others.
#[inline(always)]
pub fn shared_version(vm: &Vm, obj: &ObjRef) -> u32 {
    // SAFETY: nobody replaces a class while it is looked at.
    let version = |class: &RefSlot<Class>| unsafe { class.peek() }.version.get();
    match obj.kind() {
        Kind::Future => obj.downcast::<Future>().map_or(0, |f| {
            let plain = f.own().is_none_or(|own| own.dict.is_undef());
            match f.own_class() {
                _ if !plain => 0,
                Some(class) => class.version.get(),
                None if f.is_task() => vm.types.task.version.get(),
                None => vm.types.future.version.get(),
            }
        }),
        Kind::Opaque => obj.downcast::<Opaque>().map_or(0, |o| {
            if o.dict.is_undef() {
                version(&o.class)
            } else {
                0
            }
        }),
        _ => 0,
    }
}

fn method_through_cache(vm: &mut Vm, cache: &CacheEntry, obj: Value) -> R<(Value, Value)> {
    if let Some(instance) = obj.as_ref::<Instance>()
        && let Some(way) = cache.way_of(instance.keys())
        && way.kind.get() == hit::METHOD
    {
        return Ok((way.value.get(), obj));
    }
    if let Some(value) = cached_attr(cache, &obj) {
        return Ok((value, Value::Undef));
    }
    let shared = has_only_class_attributes(&obj);
    if shared && cache.kind.get() == hit::BUILTIN_METHOD {
        let class = vm.class_of(&obj);
        if class.version.get() == cache.key() {
            return Ok((cache.value.get(), obj));
        }
    }
    let (func, this) = vm.load_method(&obj, &cache.name)?;
    match obj.kind() {
        Some(Kind::Instance) => cache_method(vm, cache, &obj, &func, &this),
        Some(Kind::Module) => cache_module_attr(cache, &obj),
        Some(Kind::Class) if this.is_undef() => cache_class_attr(vm, cache, &obj, &func),
        _ if shared => {
            let class = vm.class_of(&obj);
            if this.is(&obj) && func.as_ref::<NativeFunction>().is_some() && !class.flags().heap {
                cache.kind.set(hit::BUILTIN_METHOD);
                cache.set_version(class.version.get());
                cache.slot.set(obj.kind().map_or(0, tells_the_class));
                cache.value.set(func.clone());
            }
        }
        _ => {}
    }
    Ok((func, this))
}

/// A number for the kinds whose objects are all of one class, which has methods that programs call
/// a lot (of generators: for plain ones only); 0 for others.
#[inline(always)]
pub fn tells_the_class(kind: Kind) -> u32 {
    match kind {
        Kind::Str
        | Kind::Bytes
        | Kind::ByteArray
        | Kind::List
        | Kind::Tuple
        | Kind::Dict
        | Kind::Set
        | Kind::FrozenSet
        | Kind::Generator => kind as u32,
        _ => 0,
    }
}

fn cache_method(vm: &mut Vm, cache: &CacheEntry, obj: &Value, func: &Value, this: &Value) {
    let Some(instance) = obj.as_ref::<Instance>() else {
        return;
    };
    let class = instance.class.get();
    let is_function = matches!(func.kind(), Some(Kind::Function | Kind::NativeFunction));
    if instance.shape_id() == 0
        || class.flags().custom_getattribute
        || !this.is(obj)
        || !is_function
    {
        return;
    }
    if !vm.lookup(&class, &cache.name).is_some_and(|f| f.is(func)) {
        return;
    }
    let way = cache.way_for(instance.shape_id());
    way.kind.set(hit::METHOD);
    way.set_instance(instance.shape_id(), class.version.get());
    way.value.set(func.clone());
}
