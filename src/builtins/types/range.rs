//! `range`.

use super::{CONTAINER, GETITEM, HASH};
use crate::builtins::arguments::this;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{Kind, Range, Tuple};
use crate::vm::ops::arith::is_int;
use crate::vm::ops::iterators::range_iterator;
use crate::vm::ops::range;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn is_range(v: &Value) -> bool {
    v.kind() == Some(Kind::Range)
}

super::comparison_methods!(is_range);

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let given = args[1].as_ref::<Tuple>().cloned();
    from_parts(vm, given.as_ref().map_or(&[][..], |t| t.items()))
}

fn new_direct(vm: &mut Vm, args: &[Value]) -> R {
    from_parts(vm, args.get(1..).unwrap_or_default())
}

fn from_parts(vm: &mut Vm, given: &[Value]) -> R {
    let (start, stop, step) = match given {
        [stop] => (Value::Int(0), vm.index(stop)?, Value::Int(1)),
        [start, stop] => (vm.index(start)?, vm.index(stop)?, Value::Int(1)),
        [start, stop, step] => (vm.index(start)?, vm.index(stop)?, vm.index(step)?),
        [] => return Err(vm.type_error("range expected at least 1 argument, got 0")),
        more => {
            return Err(vm.type_error(format!(
                "range expected at most 3 arguments, got {}",
                more.len()
            )));
        }
    };
    if matches!(step, Value::Int(0)) {
        return Err(vm.value_error("range() arg 3 must not be zero"));
    }
    Ok(range::make(start, stop, step).into())
}

fn truth(vm: &mut Vm, args: &[Value]) -> R {
    vm.truth(&args[0]).map(Value::bool)
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    let r = this::<Range>(vm, &args[0])?;
    Ok(range_iterator(vm, &r, true))
}

fn place(vm: &mut Vm, args: &[Value]) -> R<Option<Value>> {
    let r = this::<Range>(vm, &args[0])?;
    if is_int(&args[1]) {
        return Ok(range::position(&r, &range::int_of(&args[1])));
    }
    range::search(vm, &r, &args[1])
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    match place(vm, args)? {
        Some(i) => Ok(i),
        None if is_int(&args[1]) => {
            let shown = vm.repr(&args[1])?;
            Err(vm.value_error(format!("{} is not in range", shown.as_str())))
        }
        None => Err(vm.value_error("sequence.index(x): x not in sequence")),
    }
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    if is_int(&args[1]) {
        return Ok(Value::Int(place(vm, args)?.is_some().into()));
    }
    let (mut n, wanted) = (0_usize, args[1].clone());
    vm.for_each(&args[0], |vm, item| {
        n += usize::from(vm.equal(&item, &wanted)?);
        Ok(true)
    })?;
    Ok(Value::from(n))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let r = this::<Range>(vm, &args[0])?;
    let parts = Tuple::value([r.start.clone(), r.stop.clone(), r.step.clone()]);
    let class = vm.types.range.clone();
    Ok(Tuple::value([class.into(), parts]))
}

fn get_start(vm: &mut Vm, v: &Value) -> R {
    Ok(this::<Range>(vm, v)?.start.clone())
}

fn get_stop(vm: &mut Vm, v: &Value) -> R {
    Ok(this::<Range>(vm, v)?.stop.clone())
}

fn get_step(vm: &mut Vm, v: &Value) -> R {
    Ok(this::<Range>(vm, v)?.step.clone())
}

const GETSET: &[GetSet] = &[
    GetSet::read("start", get_start, "where it begins"),
    GetSet::read("stop", get_stop, "where it ends, exclusive"),
    GetSet::read("step", get_step, "how far its items are apart"),
];

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args)", new).direct(new_direct),
    GETITEM,
    HASH,
    NativeDef::new("__bool__", "(self, /)", truth, "True if self else False"),
    NativeDef::new(
        "__reversed__",
        "(self, /)",
        reversed,
        "Return a reverse iterator.",
    ),
    NativeDef::new("__reduce__", "(self, /)", reduce, "How to make a copy."),
    NativeDef::new(
        "index",
        "(self, value, /)",
        index,
        "Where the value stands; ValueError if nowhere.",
    ),
    NativeDef::new(
        "count",
        "(self, value, /)",
        count,
        "How often the value occurs.",
    ),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.range.clone();
    vm.extend_class(&class, CONTAINER, GETSET);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
