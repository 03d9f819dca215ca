//! The module `gc`.

use crate::vm::cycles::{self, is_tracked};
use crate::vm::heap::{self, ObjRef, Ref, flags};
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Dict, Kind, List, Module, Tuple, kind_info};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "gc",
    doc: "This module provides access to the garbage collector for reference cycles.",
    functions: &[
        NativeDef::new(
            "collect",
            "(generation=2)",
            collect,
            "Run the garbage collector; the number of unreachable objects.",
        ),
        NativeDef::new(
            "enable",
            "()",
            |_, _| {
                cycles::enable(true);
                Ok(Value::None)
            },
            "Enable automatic garbage collection.",
        ),
        NativeDef::new(
            "disable",
            "()",
            |_, _| {
                cycles::enable(false);
                Ok(Value::None)
            },
            "Disable automatic garbage collection.",
        ),
        NativeDef::new(
            "isenabled",
            "()",
            |_, _| Ok(cycles::is_enabled().into()),
            "Returns true if automatic garbage collection is enabled.",
        ),
        NativeDef::new(
            "get_count",
            "()",
            get_count,
            "Return a three-tuple of the current collection counts.",
        ),
        NativeDef::new(
            "get_threshold",
            "()",
            |vm, _| Ok(threshold(vm)),
            "Return the current collection thresholds.",
        ),
        NativeDef::new(
            "set_threshold",
            "(threshold0, threshold1=10, threshold2=10, /)",
            set_threshold,
            "Set the collection thresholds (the collection frequency).",
        ),
        NativeDef::new(
            "get_debug",
            "()",
            |vm, _| Ok(Value::Int(vm.state::<Settings>().debug)),
            "Get the garbage collection debugging flags.",
        ),
        NativeDef::new(
            "set_debug",
            "(flags, /)",
            set_debug,
            "Set the garbage collection debugging flags.",
        ),
        NativeDef::new(
            "get_objects",
            "(generation=None)",
            get_objects,
            "Return a list of objects tracked by the collector.",
        ),
        NativeDef::new(
            "get_referents",
            "(*objs)",
            get_referents,
            "Return the list of objects that are directly referred to by 'objs'.",
        ),
        NativeDef::new(
            "get_referrers",
            "(*objs)",
            get_referrers,
            "Return the list of objects that directly refer to any of 'objs'.",
        ),
        NativeDef::new(
            "get_stats",
            "()",
            get_stats,
            "Return a list of dictionaries containing per-generation statistics.",
        ),
        NativeDef::new(
            "is_tracked",
            "(obj, /)",
            |_, a| Ok(a[0].as_obj().is_some_and(is_tracked).into()),
            "Returns true if the object is tracked by the garbage collector.",
        ),
        NativeDef::new(
            "is_finalized",
            "(obj, /)",
            |_, a| {
                Ok(a[0]
                    .as_obj()
                    .is_some_and(|o| o.header().has_flag(flags::FINALIZED))
                    .into())
            },
            "Returns true if the object has been already finalized by the GC.",
        ),
        NativeDef::new(
            "freeze",
            "()",
            |_, _| Ok(Value::None),
            "Freeze all current tracked objects and ignore them for future collections.",
        ),
        NativeDef::new(
            "unfreeze",
            "()",
            |_, _| Ok(Value::None),
            "Unfreeze all objects in the permanent generation.",
        ),
        NativeDef::new(
            "get_freeze_count",
            "()",
            |_, _| Ok(Value::Int(0)),
            "Return the number of objects in the permanent generation.",
        ),
    ],
    init: Some(init),
};

struct Settings {
    threshold: [i64; 3],
    debug: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            threshold: [2000, 10, 10],
            debug: 0,
        }
    }
}

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let values = [
        ("garbage", List::value(vec![])),
        ("callbacks", List::value(vec![])),
        ("DEBUG_STATS", Value::Int(1)),
        ("DEBUG_COLLECTABLE", Value::Int(2)),
        ("DEBUG_UNCOLLECTABLE", Value::Int(4)),
        ("DEBUG_SAVEALL", Value::Int(32)),
        ("DEBUG_LEAK", Value::Int(38)),
    ];
    for (name, value) in values {
        let name = vm.intern(name);
        module.dict.set_str(&name, value);
    }
    Ok(())
}

fn collect(vm: &mut Vm, args: &[Value]) -> R {
    let generation = match args[0].given() {
        Some(generation) => vm.index_i64(generation)?,
        None => 2,
    };
    if !(0..=2).contains(&generation) {
        return Err(vm.value_error("invalid generation"));
    }
    callbacks(vm, "start", 0)?;
    if generation == 2 {
        vm.settle_ages(&[]);
    }
    let count = vm.collect_cycles();
    callbacks(vm, "stop", count)?;
    Ok(count.into())
}

/// `gc.callbacks`.
fn callbacks(vm: &mut Vm, phase: &str, collected: usize) -> R<()> {
    let gc = vm.intern("gc");
    let Some(gc) = vm.modules.get_str(&gc) else {
        return Ok(());
    };
    let name = vm.intern("callbacks");
    let Some(list) = vm.get_attr_opt(&gc, &name)? else {
        return Ok(());
    };
    let all = list
        .as_ref::<List>()
        .map(|l| l.items.borrow().clone())
        .unwrap_or_default();
    for callback in all {
        let info = Dict::new();
        let values = [
            ("generation", Value::Int(2)),
            ("collected", collected.into()),
            ("uncollectable", Value::Int(0)),
        ];
        for (key, value) in values {
            let key = vm.intern(key);
            info.set_str(&key, value);
        }
        vm.call(&callback, &[phase.into(), info.into()])?;
    }
    Ok(())
}

fn get_count(_: &mut Vm, _: &[Value]) -> R {
    let young = heap::live_objects() % 2000;
    Ok(Tuple::value([young.into(), Value::Int(0), Value::Int(0)]))
}

fn threshold(vm: &mut Vm) -> Value {
    Tuple::value(vm.state::<Settings>().threshold.map(Value::Int))
}

fn set_threshold(vm: &mut Vm, args: &[Value]) -> R {
    let mut new = vm.state::<Settings>().threshold;
    for (place, value) in new.iter_mut().zip(args) {
        if let Some(value) = value.given() {
            *place = vm.index_i64(value)?;
        }
    }
    cycles::enable(new[0] != 0);
    vm.state::<Settings>().threshold = new;
    Ok(Value::None)
}

fn set_debug(vm: &mut Vm, args: &[Value]) -> R {
    let flags = vm.index_i64(&args[0])?;
    vm.state::<Settings>().debug = flags;
    Ok(Value::None)
}

/// All containers that are alive.
fn containers() -> Vec<ObjRef> {
    let mut found = Vec::new();
    heap::visit_objects(|header| {
        if header.count() > 0 && !kind_info(header.kind()).leaf && header.kind() != Kind::Code {
            found.push(header.to_ref());
        }
    });
    found
}

fn get_objects(_: &mut Vm, _: &[Value]) -> R {
    Ok(List::value(
        containers().into_iter().map(Value::Obj).collect(),
    ))
}

fn get_referents(_: &mut Vm, args: &[Value]) -> R {
    let mut found = Vec::new();
    let given = args[0].as_ref::<Tuple>();
    for object in given
        .iter()
        .flat_map(|t| t.items())
        .filter_map(Value::as_obj)
    {
        heap::trace(object, &mut |child| found.push(Value::Obj(child.clone())));
    }
    Ok(List::value(found))
}

fn get_referrers(_: &mut Vm, args: &[Value]) -> R {
    let given = args[0].as_ref::<Tuple>();
    let wanted: Vec<&ObjRef> = given
        .iter()
        .flat_map(|t| t.items())
        .filter_map(Value::as_obj)
        .collect();
    let arguments = args[0].as_obj();
    let mut found = Vec::new();
    for object in containers() {
        let mut refers = false;
        heap::trace(&object, &mut |child| {
            refers |= wanted.iter().any(|w| w.is(child))
        });
        if refers && !arguments.is_some_and(|a| a.is(&object)) {
            found.push(Value::Obj(object));
        }
    }
    Ok(List::value(found))
}

fn get_stats(vm: &mut Vm, _: &[Value]) -> R {
    let mut all = Vec::new();
    for (collections, collected) in [(0, 0), (0, 0), cycles::so_far()] {
        let dict = Dict::new();
        let values = [
            ("collections", collections),
            ("collected", collected),
            ("uncollectable", 0),
        ];
        for (key, value) in values {
            let key = vm.intern(key);
            dict.set_str(&key, value.into());
        }
        all.push(dict.into());
    }
    Ok(List::value(all))
}
