//! `tuple`.

use super::{CLASS_GETITEM, CONTAINER, GETITEM, HASH, made};
use crate::builtins::arguments::this;
use crate::vm::native::NativeDef;
use crate::vm::object::{Kind, Tuple};
use crate::vm::ops::sequence;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn is_tuple(v: &Value) -> bool {
    v.kind() == Some(Kind::Tuple)
}

super::comparison_methods!(is_tuple);

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.tuple.clone();
    let value = match args[1].given() {
        None => Tuple::value([]),
        Some(v) if is_tuple(v) => v.clone(),
        Some(v) => Tuple::value(vm.collect(v)?),
    };
    made(vm, &args[0], &class, value)
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    let result = sequence::concat(vm, &args[0].unwrapped(), &args[1])?;
    Ok(vm.or_not_implemented(result))
}

fn mul(vm: &mut Vm, args: &[Value]) -> R {
    super::list::repeat_method(vm, &args[0], &args[1])
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let tuple = this::<Tuple>(vm, &args[0])?;
    let range = super::list::index_range(vm, args, tuple.items().len())?;
    let items = tuple.items().iter().enumerate();
    for (i, item) in items.take(range.1).skip(range.0) {
        if vm.equal(item, &args[1])? {
            return Ok(Value::from(i));
        }
    }
    Err(vm.value_error("tuple.index(x): x not in tuple"))
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    let tuple = this::<Tuple>(vm, &args[0])?;
    let mut n = 0_usize;
    for item in tuple.items() {
        n += usize::from(vm.equal(item, &args[1])?);
    }
    Ok(Value::from(n))
}

fn getnewargs(_: &mut Vm, args: &[Value]) -> R {
    Ok(Tuple::value([args[0].unwrapped()]))
}

fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    let tuple = this::<Tuple>(vm, &args[0])?;
    Ok(Value::from(24 + 8 * tuple.items().len()))
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, iterable=(), /)", new),
    GETITEM,
    HASH,
    CLASS_GETITEM,
    NativeDef::new("__add__", "(self, value, /)", add, "Return self+value."),
    NativeDef::new("__mul__", "(self, value, /)", mul, "Return self*value."),
    NativeDef::new("__rmul__", "(self, value, /)", mul, "Return value*self."),
    NativeDef::new(
        "__getnewargs__",
        "(self, /)",
        getnewargs,
        "Arguments to make a copy with.",
    ),
    NativeDef::new(
        "__sizeof__",
        "(self, /)",
        sizeof,
        "Size in memory, in bytes.",
    ),
    NativeDef::new(
        "index",
        "(self, value, start=0, stop=9223372036854775807, /)",
        index,
        "Where the first equal item stands; ValueError if there is none.",
    ),
    NativeDef::new(
        "count",
        "(self, value, /)",
        count,
        "How many items are equal to the value.",
    ),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.tuple.clone();
    vm.extend_class(&class, CONTAINER, &[]);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, METHODS, &[]);
}
