//! `import`, through the hook that the library sets.

use super::names::site_name;
use super::take_at;
use crate::bytecode::Instr;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, Exception, Module, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

#[inline(never)]
pub fn import_name(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let name = site_name(vm, i.site());
    let fromlist = take_at(regs, i.b as usize);
    let level = take_at(regs, i.b as usize + 1);
    let globals = match vm.frame.code() {
        Some(c) => c.globals.clone(),
        None => vm.builtins.clone(),
    };
    let hook = vm.import_hook;
    hook(
        vm,
        name.as_str(),
        &globals,
        &fromlist,
        level.as_i64().unwrap_or(0),
    )
}

/// `from module import name`: an attribute, else a submodule that is loaded already.
#[inline(never)]
pub fn import_from(vm: &mut Vm, site: usize, module: Value) -> R {
    let name = site_name(vm, site);
    if let Some(value) = vm.get_attr_opt(&module, &name)? {
        return Ok(value);
    }
    let module_name = name_of(vm, &module)?;
    let full = vm.intern(&format!("{module_name}.{}", name.as_str()));
    if let Some(value) = vm.modules.get_str(&full) {
        return Ok(value);
    }
    Err(cannot_import(vm, &module, &module_name, &name)?)
}

fn name_of(vm: &mut Vm, module: &Value) -> R<String> {
    let name = vm.names.__name__.clone();
    let value = vm.get_attr_opt(module, &name)?;
    Ok(value
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or("<unknown module name>")
        .to_string())
}

fn cannot_import(
    vm: &mut Vm,
    module: &Value,
    module_name: &str,
    name: &Ref<Str>,
) -> R<crate::vm::Raise> {
    let file_name = vm.names.__file__.clone();
    let file = vm.get_attr_opt(module, &file_name)?;
    let place = file
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or("unknown location")
        .to_string();
    let message = format!(
        "cannot import name '{}' from {} ({place})",
        name.as_str(),
        match module.downcast::<Module>() {
            Some(m) if m.loading.get() => format!(
                "partially initialized module '{module_name}' (most likely due to a circular \
                 import)"
            ),
            _ => format!("'{module_name}'"),
        }
    );
    let exception = Exception::new(
        &vm.exc.import_error.clone(),
        Tuple::new([Value::str(&message)]),
    );
    exception.set_field(0, Value::str(&message));
    exception.set_field(1, Value::str(module_name));
    exception.set_field(2, file.unwrap_or(Value::None));
    exception.set_field(3, name.clone().into());
    Ok(vm.raise(exception.into()))
}

/// `from module import *`: the names in `__all__`, else all without a leading underscore.
#[inline(never)]
pub fn import_star(vm: &mut Vm, module: Value) -> R<()> {
    let all_name = vm.names.__all__.clone();
    let into = star_target(vm);
    let names: Vec<Value> = match vm.get_attr_opt(&module, &all_name)? {
        Some(all) => listed(vm, &all)?,
        None => match module.downcast::<Module>() {
            Some(m) => {
                let map = m.dict.map.borrow();
                let public = map
                    .iter()
                    .filter(|e| e.key.as_str().is_some_and(|s| !s.starts_with('_')));
                public.map(|e| e.key.clone()).collect()
            }
            None => Vec::new(),
        },
    };
    for name in names {
        let Some(name) = vm.intern_value(&name) else {
            let (module, kind) = (name_of(vm, &module)?, vm.type_name(&name));
            let message = format!("Item in {module}.__all__ must be str, not {kind}");
            return Err(vm.type_error(message));
        };
        let value = vm.get_attr(&module, &name)?;
        into.set_str(&name, value);
    }
    Ok(())
}

/// The items of `__all__`, which is asked by position and not iterated.
fn listed(vm: &mut Vm, all: &Value) -> R<Vec<Value>> {
    let getter = vm.names.__getitem__.clone();
    if vm.special(all, &getter)?.is_none() {
        let kind = vm.type_name(all);
        return Err(vm.type_error(format!("'{kind}' object does not support indexing")));
    }
    vm.collect(all)
}

fn star_target(vm: &Vm) -> Ref<Dict> {
    let namespace = vm.frame.register(0);
    let own = vm.frame.code().is_some_and(|c| c.code.has_namespace());
    match (own, namespace.as_ref::<Dict>(), vm.frame.code()) {
        (true, Some(dict), _) => dict.clone(),
        (_, _, Some(code)) => code.globals.clone(),
        _ => vm.builtins.clone(),
    }
}
