//! `bisect`: finding places in sorted lists by halving.

use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{List, Module};
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "bisect",
    doc: "Finding places in sorted lists by halving.",
    functions: FUNCTIONS,
    init: Some(init),
};

const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "bisect_right",
        "(a, x, lo=0, hi=None, *, key=None)",
        |vm, args| search(vm, args, &args[1], Side::Right).map(Value::Int),
        "The place after all items that are <= x.",
    ),
    NativeDef::new(
        "bisect_left",
        "(a, x, lo=0, hi=None, *, key=None)",
        |vm, args| search(vm, args, &args[1], Side::Left).map(Value::Int),
        "The place before all items that are >= x.",
    ),
    NativeDef::new(
        "insort_right",
        "(a, x, lo=0, hi=None, *, key=None)",
        |vm, args| insert(vm, args, Side::Right),
        "Put x in, after its equals; the list stays sorted.",
    ),
    NativeDef::new(
        "insort_left",
        "(a, x, lo=0, hi=None, *, key=None)",
        |vm, args| insert(vm, args, Side::Left),
        "Put x in, before its equals; the list stays sorted.",
    ),
];

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    for (short, long) in [("bisect", "bisect_right"), ("insort", "insort_right")] {
        let (short, long) = (vm.intern(short), vm.intern(long));
        let function = module.dict.get_str(&long).unwrap_or(Value::None);
        module.dict.set_str(&short, function);
    }
    Ok(())
}

/// On which side of its equals a place is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

fn key(args: &[Value]) -> Option<&Value> {
    args[4].given().filter(|key| !key.is_none())
}

/// The place of `x` in the first argument.
fn search(vm: &mut Vm, args: &[Value], x: &Value, side: Side) -> R<i64> {
    let mut low = match args[2].given() {
        Some(low) => vm.index_i64(low)?,
        None => 0,
    };
    let high = match args[3].given().filter(|high| !high.is_none()) {
        Some(high) => Some(vm.index_i64(high)?),
        None => None,
    };
    if low < 0 {
        return Err(vm.value_error("lo must be non-negative"));
    }
    // A negative end is none, as always.
    let mut high = match high.filter(|high| *high >= 0) {
        Some(high) => high,
        None => vm.len(&args[0])? as i64,
    };
    while low < high {
        let middle = low + (high - low) / 2;
        let mut item = vm.get_item(&args[0], &Value::Int(middle))?;
        if let Some(key) = key(args) {
            item = vm.call(key, &[item])?;
        }
        let before = match side {
            Side::Left => vm.compare_bool(Cmp::Lt, &item, x)?,
            Side::Right => !vm.compare_bool(Cmp::Lt, x, &item)?,
        };
        if before {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn insert(vm: &mut Vm, args: &[Value], side: Side) -> R {
    let x = match key(args) {
        Some(key) => vm.call(key, &[args[1].clone()])?,
        None => args[1].clone(),
    };
    let place = search(vm, args, &x, side)?;
    if let Some(list) = args[0].as_ref::<List>() {
        let at = usize::try_from(place).unwrap_or(0);
        let mut items = list.items.borrow_mut();
        let at = at.min(items.len());
        items.insert(at, args[1].clone());
        return Ok(Value::None);
    }
    let name = vm.intern("insert");
    vm.call_method(&args[0], &name, &[Value::Int(place), args[1].clone()])?;
    Ok(Value::None)
}
