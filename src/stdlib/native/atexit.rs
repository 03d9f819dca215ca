//! The module `atexit`.

use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Dict, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "atexit",
    doc: "allow programmer to define multiple exit functions to be executed\nupon normal program termination.",
    functions: &[
        NativeDef::new(
            "register",
            "(func, /, *args, **kwargs)",
            register,
            "Register a function to be executed upon normal program termination",
        ),
        NativeDef::new(
            "unregister",
            "(func, /)",
            unregister,
            "Unregister an exit function which was previously registered using atexit.register",
        ),
        NativeDef::new(
            "_run_exitfuncs",
            "()",
            |vm, _| {
                run(vm);
                Ok(Value::None)
            },
            "Run all registered exit functions.",
        ),
        NativeDef::new(
            "_clear",
            "()",
            |vm, _| {
                drop(std::mem::take(vm.state::<Registered>()));
                Ok(Value::None)
            },
            "Clear the list of previously registered exit functions.",
        ),
        NativeDef::new(
            "_ncallbacks",
            "()",
            |vm, _| Ok(vm.state::<Registered>().0.len().into()),
            "Return the number of registered exit functions.",
        ),
    ],
    init: None,
};

/// Functions with their positional and keyword arguments.
#[derive(Default)]
struct Registered(Vec<[Value; 3]>);

fn register(vm: &mut Vm, args: &[Value]) -> R {
    if let [func, positional, keywords] = args {
        let entry = [func.clone(), positional.clone(), keywords.clone()];
        vm.state::<Registered>().0.push(entry);
    }
    Ok(args[0].clone())
}

fn unregister(vm: &mut Vm, args: &[Value]) -> R {
    let entries = std::mem::take(&mut vm.state::<Registered>().0);
    let mut kept = Vec::new();
    for entry in entries {
        if !vm.equal(&entry[0], &args[0])? {
            kept.push(entry);
        }
    }
    vm.state::<Registered>().0 = kept;
    Ok(Value::None)
}

/// Calls what was registered, last in, first out.
pub fn run(vm: &mut Vm) {
    while let Some([func, positional, keywords]) = vm.state::<Registered>().0.pop() {
        let positional = positional.as_ref::<Tuple>().map(|t| t.items().to_vec());
        let keywords: Vec<(Ref<Str>, Value)> = match keywords.as_ref::<Dict>() {
            Some(dict) => {
                let map = dict.map.borrow();
                map.iter()
                    .filter_map(|e| Some((e.key.as_ref::<Str>()?.clone(), e.value.clone())))
                    .collect()
            }
            None => Vec::new(),
        };
        if let Err(raise) = vm.call_kw(&func, &positional.unwrap_or_default(), &keywords) {
            let exception = vm.take_raised(raise);
            let report = vm.report_hooks.unraisable;
            report(
                vm,
                &exception,
                "Exception ignored in atexit callback ",
                &func,
            );
        }
    }
}
