//! Locals, cells, globals and class namespaces off the fast path.

use crate::bytecode::opcode::Intrinsic;
use crate::vm::heap::Ref;
use crate::vm::object::{CellObject, Dict, Str};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

#[cold]
#[inline(never)]
pub fn unbound_local(vm: &mut Vm, reg: u16) -> Raise {
    let name = register_name(vm, reg);
    let class = vm.exc.unbound_local_error.clone();
    let message =
        format!("cannot access local variable '{name}' where it is not associated with a value");
    vm.name_error(&class, &name, message)
}

#[cold]
#[inline(never)]
pub fn unbound_cell(vm: &mut Vm, reg: u16) -> Raise {
    let free = vm
        .frame
        .code()
        .is_some_and(|c| reg >= c.code.free_start && reg < c.code.nnamed);
    if !free {
        return unbound_local(vm, reg);
    }
    let name = register_name(vm, reg);
    let class = vm.exc.name_error.clone();
    let message = format!(
        "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
    );
    vm.name_error(&class, &name, message)
}

fn register_name(vm: &Vm, reg: u16) -> String {
    vm.frame
        .code()
        .and_then(|c| c.code.names.get(reg as usize))
        .map_or_else(String::new, |n| n.to_string())
}

#[inline(never)]
pub fn make_cell(content: Value) -> Value {
    let cell = CellObject::default();
    cell.content.set(content);
    Ref::new(cell).into()
}

#[inline(never)]
pub fn delete_cell(vm: &mut Vm, reg: u16) -> R<()> {
    let cell = vm.frame.register(reg as usize);
    let empty = cell
        .downcast::<CellObject>()
        .is_none_or(|c| c.content.take().is_undef());
    if empty {
        Err(unbound_cell(vm, reg))
    } else {
        Ok(())
    }
}

/// The interned name of a site of the running code.
#[inline(never)]
pub fn site_name(vm: &mut Vm, site: usize) -> Ref<Str> {
    match vm
        .frame
        .code()
        .and_then(|c| c.caches.get(site))
        .map(|c| c.name.clone())
    {
        Some(name) => name,
        None => vm.intern(""),
    }
}

fn globals(vm: &mut Vm) -> (Ref<Dict>, Ref<Dict>) {
    match vm.frame.code() {
        Some(c) => (c.globals.clone(), c.builtins.clone()),
        None => (vm.builtins.clone(), vm.builtins.clone()),
    }
}

#[inline(never)]
pub fn load_global(vm: &mut Vm, site: usize) -> R {
    let name = site_name(vm, site);
    let (globals, builtins) = globals(vm);
    let key: Value = name.clone().into();
    let found = {
        let map = globals.map.borrow();
        map.find_pure(name.hash(), &key)
            .map(|at| (at, map.entry(at).map(|e| e.value.clone())))
    };
    if let Some((at, Some(value))) = found {
        fill_global(vm, site, &globals, None, at);
        return Ok(value);
    }
    let found = {
        let map = builtins.map.borrow();
        map.find_pure(name.hash(), &key)
            .map(|at| (at, map.entry(at).map(|e| e.value.clone())))
    };
    if let Some((at, Some(value))) = found {
        fill_global(vm, site, &globals, Some(&builtins), at);
        return Ok(value);
    }
    Err(undefined(vm, &name))
}

/// Remembers where a global stands, or a builtin that no global hides: see `cached_global` in
/// the dispatch loop. A namespace of more versions than fit a key is not cached.
fn fill_global(
    vm: &mut Vm,
    site: usize,
    globals: &Ref<Dict>,
    builtins: Option<&Ref<Dict>>,
    at: usize,
) {
    let Some(cache) = vm.frame.code().and_then(|c| c.caches.get(site)) else {
        return;
    };
    let home = builtins.unwrap_or(globals);
    let version = |dict: &Ref<Dict>| u32::try_from(dict.map.borrow().version()).ok();
    let (Some(own), Some(other)) = (version(globals), version(home)) else {
        return;
    };
    let map = home.map.borrow();
    let Some(entry) = map.entry(at) else {
        return;
    };
    cache.place.set(&raw const entry.value);
    // No dict has the version 0.
    let (key, key2) = match builtins {
        None => (own, 0),
        Some(_) => (0, own),
    };
    cache.set_keys(key, key2);
    cache.slot.set(other);
}

#[cold]
fn undefined(vm: &mut Vm, name: &Ref<Str>) -> Raise {
    let class = vm.exc.name_error.clone();
    vm.name_error(
        &class,
        name.as_str(),
        format!("name '{}' is not defined", name.as_str()),
    )
}

#[inline(never)]
pub fn store_global(vm: &mut Vm, site: usize, value: Value) -> R<()> {
    let name = site_name(vm, site);
    globals(vm).0.set_str(&name, value);
    Ok(())
}

#[inline(never)]
pub fn delete_global(vm: &mut Vm, site: usize) -> R<()> {
    let name = site_name(vm, site);
    match globals(vm).0.remove_str(&name) {
        Some(_) => Ok(()),
        None => Err(undefined(vm, &name)),
    }
}

/// A name in a class body: in its namespace, then in a cell, or global and builtin.
#[inline(never)]
pub fn load_name(vm: &mut Vm, site: usize, cell: Option<u16>) -> R {
    let name = site_name(vm, site);
    let namespace = vm.frame.register(0);
    if let Some(value) = get_from_namespace(vm, &namespace, &name)? {
        return Ok(value);
    }
    if let Some(reg) = cell {
        let value = vm.frame.register(reg as usize);
        let content = value
            .downcast::<CellObject>()
            .map_or(Value::Undef, |c| c.content.get());
        return if content.is_undef() {
            Err(unbound_cell(vm, reg))
        } else {
            Ok(content)
        };
    }
    load_global(vm, site)
}

fn get_from_namespace(vm: &mut Vm, namespace: &Value, name: &Ref<Str>) -> R<Option<Value>> {
    if let Some(dict) = namespace.as_ref::<Dict>() {
        return Ok(dict.get_str(name));
    }
    match vm.get_item(namespace, &name.clone().into()) {
        Ok(value) => Ok(Some(value)),
        Err(raise) => {
            let class = vm.exc.key_error.clone();
            vm.catch(raise, &class)?;
            Ok(None)
        }
    }
}

#[inline(never)]
pub fn store_name(vm: &mut Vm, site: usize, value: Value) -> R<()> {
    let name = site_name(vm, site);
    let namespace = vm.frame.register(0);
    match namespace.as_ref::<Dict>() {
        Some(dict) => {
            dict.set_str(&name, value);
            Ok(())
        }
        None => vm.set_item(&namespace, &name.into(), value),
    }
}

#[inline(never)]
pub fn delete_name(vm: &mut Vm, site: usize) -> R<()> {
    let name = site_name(vm, site);
    let namespace = vm.frame.register(0);
    if let Some(dict) = namespace.as_ref::<Dict>() {
        return match dict.remove_str(&name) {
            Some(_) => Ok(()),
            None => Err(undefined(vm, &name)),
        };
    }
    match vm.del_item(&namespace, &name.clone().into()) {
        Ok(()) => Ok(()),
        Err(raise) => {
            let class = vm.exc.key_error.clone();
            vm.catch(raise, &class)?;
            Err(undefined(vm, &name))
        }
    }
}

#[inline(never)]
pub fn intrinsic(vm: &mut Vm, number: u16) -> R {
    let builtin = |vm: &mut Vm, name: &str| {
        let name = vm.intern(name);
        vm.builtins.get_str(&name).unwrap_or(Value::None)
    };
    // What the statements with type parameters make is written in the language itself.
    let library = |vm: &mut Vm, name: &str| {
        let hook = vm.import_hook;
        let globals = vm.builtins.clone();
        let module = hook(vm, "_typing", &globals, &Value::None, 0)?;
        let name = vm.intern(name);
        vm.get_attr(&module, &name)
    };
    Ok(match Intrinsic::ALL.get(number as usize) {
        Some(Intrinsic::AssertionError) => vm.exc.assertion_error.clone().into(),
        Some(Intrinsic::StopAsyncIteration) => vm.exc.stop_async_iteration.clone().into(),
        Some(Intrinsic::BaseException) => vm.exc.base_exception.clone().into(),
        Some(Intrinsic::BuildClass) => builtin(vm, "__build_class__"),
        Some(Intrinsic::TypeAlias) => library(vm, "_make_alias")?,
        Some(Intrinsic::TypeParam) => library(vm, "_make_parameter")?,
        Some(Intrinsic::Generic) => library(vm, "_make_generic")?,
        Some(Intrinsic::DisplayHook) => display_hook(vm)?,
        Some(Intrinsic::GlobalAnnotations) => {
            let globals = globals(vm).0.into();
            annotations(vm, &globals)?
        }
        Some(Intrinsic::OwnAnnotations) => {
            let namespace = vm.frame.register(0);
            annotations(vm, &namespace)?
        }
        None => Value::None,
    })
}

fn annotations(vm: &mut Vm, namespace: &Value) -> R {
    let name = vm.names.__annotations__.clone();
    let found = get_from_namespace(vm, namespace, &name)?;
    Ok(found.unwrap_or_else(|| Dict::new().into()))
}

fn display_hook(vm: &mut Vm) -> R {
    let (sys, name) = (vm.intern("sys"), vm.names.displayhook.clone());
    let hook = match vm.modules.get_str(&sys) {
        Some(sys) => vm.get_attr_opt(&sys, &name)?,
        None => None,
    };
    hook.ok_or_else(|| vm.runtime_error("lost sys.displayhook"))
}
