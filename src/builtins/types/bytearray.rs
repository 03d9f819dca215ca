//! `bytearray`: what it has beyond `bytes`.

use super::bytes::source_bytes;
use super::bytes_methods::own;
use super::list::clamp_index;
use super::{CONTAINER, MUTABLE, made};
use crate::builtins::arguments::this;
use crate::text::repr::bytes_repr;
use crate::vm::native::NativeDef;
use crate::vm::object::{ByteArray, Kind, Tuple};
use crate::vm::ops::arith::Arith;
use crate::vm::ops::sequence::{self, buffer, bytes_like};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

fn is_buffer(v: &Value) -> bool {
    matches!(v.kind(), Some(Kind::Bytes | Kind::ByteArray | Kind::Opaque)) && buffer(v).is_some()
}

super::comparison_methods!(is_buffer);

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.types.bytearray.clone();
    made(
        vm,
        &args[0],
        &class,
        bytes_like(Kind::ByteArray, Vec::new()),
    )
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let array = this::<ByteArray>(vm, &args[0])?;
    let bytes = source_bytes(vm, "bytearray", &args[1..], "byte");
    let len = array.0.borrow().len();
    vm.check_resizable(&array, bytes.as_ref().map_or(0, Vec::len), len)?;
    *array.0.borrow_mut() = bytes?;
    Ok(Value::None)
}

pub(super) fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.type_name(&args[0]);
    Ok(Value::from(format!(
        "{class}({})",
        bytes_repr(&own(&args[0]))
    )))
}

fn in_place(vm: &mut Vm, op: Arith, args: &[Value]) -> R {
    sequence::in_place_named(vm, op, &args[0], &args[1])?;
    Ok(args[0].clone())
}

fn iadd(vm: &mut Vm, args: &[Value]) -> R {
    in_place(vm, Arith::Add, args)
}

fn imul(vm: &mut Vm, args: &[Value]) -> R {
    vm.index(&args[1])?;
    in_place(vm, Arith::Mul, args)
}

fn append(vm: &mut Vm, args: &[Value]) -> R {
    let array = this::<ByteArray>(vm, &args[0])?;
    let byte = vm.byte(&args[1], "byte")?;
    vm.check_resizable(&array, 1, 0)?;
    array.0.borrow_mut().push(byte);
    Ok(Value::None)
}

fn extend(vm: &mut Vm, args: &[Value]) -> R {
    let array = this::<ByteArray>(vm, &args[0])?;
    let more = if let Some(bytes) = buffer(&args[1]) {
        bytes
    } else if args[1].as_str().is_some_and(|s| !s.is_empty()) {
        return Err(vm.type_error("expected iterable of integers; got: 'str'"));
    } else if vm.iter_opt(&args[1])?.is_none() {
        let class = vm.type_name(&args[1]);
        return Err(vm.type_error(format!("can't extend bytearray with {class}")));
    } else {
        let mut bytes = Vec::new();
        vm.for_each(&args[1], |vm, item| {
            bytes.push(vm.byte(&item, "byte")?);
            Ok(true)
        })?;
        bytes
    };
    vm.check_resizable(&array, more.len(), 0)?;
    array.0.borrow_mut().extend_from_slice(&more);
    Ok(Value::None)
}

fn insert(vm: &mut Vm, args: &[Value]) -> R {
    let array = this::<ByteArray>(vm, &args[0])?;
    let at = vm.index_i64(&args[1])?;
    let byte = vm.byte(&args[2], "byte")?;
    vm.check_resizable(&array, 1, 0)?;
    let mut bytes = array.0.borrow_mut();
    let at = clamp_index(at, bytes.len());
    bytes.insert(at, byte);
    Ok(Value::None)
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let array = this::<ByteArray>(vm, &args[0])?;
    let at = crate::builtins::arguments::int_or(vm, &args[1], -1)?;
    let len = array.0.borrow().len();
    if len == 0 {
        return Err(vm.index_error("pop from empty bytearray"));
    }
    let size = i64::try_from(len).unwrap_or(i64::MAX);
    let at = if at < 0 { at.saturating_add(size) } else { at };
    match usize::try_from(at).ok().filter(|at| *at < len) {
        Some(at) => {
            vm.check_resizable(&array, 0, 1)?;
            Ok(Value::Int(array.0.borrow_mut().remove(at).into()))
        }
        None => Err(vm.index_error("pop index out of range")),
    }
}

fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let array = this::<ByteArray>(vm, &args[0])?;
    let byte = vm.byte(&args[1], "byte")?;
    let at = array.0.borrow().iter().position(|b| *b == byte);
    match at {
        Some(at) => {
            vm.check_resizable(&array, 0, 1)?;
            array.0.borrow_mut().remove(at);
            Ok(Value::None)
        }
        None => Err(vm.value_error("value not found in bytearray")),
    }
}

fn reverse(vm: &mut Vm, args: &[Value]) -> R {
    let array = this::<ByteArray>(vm, &args[0])?;
    array.0.borrow_mut().reverse();
    Ok(Value::None)
}

fn clear(vm: &mut Vm, args: &[Value]) -> R {
    let array = this::<ByteArray>(vm, &args[0])?;
    let len = array.0.borrow().len();
    vm.check_resizable(&array, 0, len)?;
    array.0.borrow_mut().clear();
    Ok(Value::None)
}

fn copy(_: &mut Vm, args: &[Value]) -> R {
    Ok(bytes_like(Kind::ByteArray, own(&args[0])))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    reduce_ex(vm, &[args[0].clone(), Value::Int(0)])
}

/// Old protocols know no bytes: they get the bytes as text.
fn reduce_ex(vm: &mut Vm, args: &[Value]) -> R {
    let protocol = crate::builtins::arguments::int_or(vm, &args[1], 0)?;
    let class = vm.class_of(&args[0]);
    let content = own(&args[0]);
    let arguments = match (content.is_empty(), protocol) {
        (true, _) => Tuple::value([]),
        (false, ..3) => {
            let text: String = content.iter().map(|b| char::from(*b)).collect();
            Tuple::value([Value::from(text), Value::str("latin-1")])
        }
        _ => Tuple::value([bytes_like(Kind::Bytes, content)]),
    };
    let state = crate::builtins::object_state(vm, &args[0])?;
    Ok(Tuple::value([class.into(), arguments, state]))
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", new),
    NativeDef::new(
        "__init__",
        "(self, source=b'', encoding='utf-8', errors='strict')",
        init,
        "Fill the array.",
    ),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new(
        "__iadd__",
        "(self, value, /)",
        iadd,
        "Implement self+=value.",
    ),
    NativeDef::new(
        "__imul__",
        "(self, value, /)",
        imul,
        "Implement self*=value.",
    ),
    NativeDef::new("__reduce__", "(self, /)", reduce, "How to make a copy."),
    NativeDef::new(
        "__reduce_ex__",
        "(self, proto=0, /)",
        reduce_ex,
        "How to make a copy.",
    ),
    NativeDef::new(
        "append",
        "(self, item, /)",
        append,
        "Add a byte at the end.",
    ),
    NativeDef::new(
        "extend",
        "(self, iterable_of_ints, /)",
        extend,
        "Add bytes at the end.",
    ),
    NativeDef::new(
        "insert",
        "(self, index, item, /)",
        insert,
        "Put a byte before an index.",
    ),
    NativeDef::new(
        "pop",
        "(self, index=-1, /)",
        pop,
        "Remove the byte at an index and return it.",
    ),
    NativeDef::new(
        "remove",
        "(self, value, /)",
        remove,
        "Remove the first such byte; ValueError if there is none.",
    ),
    NativeDef::new("reverse", "(self, /)", reverse, "Turn the array around."),
    NativeDef::new("clear", "(self, /)", clear, "Remove all bytes."),
    NativeDef::new("copy", "(self, /)", copy, "An array of the same bytes."),
];

pub fn install(vm: &mut Vm) {
    let class = vm.types.bytearray.clone();
    vm.extend_class(&class, CONTAINER, &[]);
    vm.extend_class(&class, MUTABLE, &[]);
    vm.extend_class(&class, COMPARISONS, &[]);
    vm.extend_class(&class, super::bytes_methods::METHODS, &[]);
    vm.extend_class(&class, super::bytes_search::METHODS, &[]);
    vm.extend_class(&class, METHODS, &[]);
    super::make_unhashable(vm, &class);
}
