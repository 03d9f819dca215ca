//! The built-in types: one file each, with its table of methods.

mod bool_type;
mod bytearray;
mod bytes;
mod bytes_methods;
mod bytes_search;
pub mod codecs;
mod complex;
mod dict;
mod float;
mod frozenset;
mod int;
mod list;
mod list_sort;
mod memoryview;
mod memoryview_data;
mod none;
mod range;
mod set;
mod slice;
mod str;
mod str_format;
mod str_methods;
mod str_search;
mod timsort;
mod tuple;

pub use bytes_methods::buffer_argument;
pub use list_sort::sort_values;
pub use memoryview_data::MemoryView;

use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Class, Kind, Str};
use crate::vm::ops::compare::{self, Cmp};
use crate::vm::ops::iterators;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Rows of comparison methods that go to the operations of built-in values.
macro_rules! comparison_methods {
    ($accepts:expr) => {
        pub(super) const COMPARISONS: &[$crate::vm::native::NativeDef] = {
            use $crate::builtins::types::compare_method;
            use $crate::vm::native::NativeDef;
            use $crate::vm::ops::compare::Cmp;
            use $crate::vm::value::Value;
            use $crate::vm::{R, Vm};
            fn lt(vm: &mut Vm, a: &[Value]) -> R {
                compare_method(vm, Cmp::Lt, a, $accepts)
            }
            fn le(vm: &mut Vm, a: &[Value]) -> R {
                compare_method(vm, Cmp::Le, a, $accepts)
            }
            fn eq(vm: &mut Vm, a: &[Value]) -> R {
                compare_method(vm, Cmp::Eq, a, $accepts)
            }
            fn ne(vm: &mut Vm, a: &[Value]) -> R {
                compare_method(vm, Cmp::Ne, a, $accepts)
            }
            fn gt(vm: &mut Vm, a: &[Value]) -> R {
                compare_method(vm, Cmp::Gt, a, $accepts)
            }
            fn ge(vm: &mut Vm, a: &[Value]) -> R {
                compare_method(vm, Cmp::Ge, a, $accepts)
            }
            &[
                NativeDef::new("__lt__", "(self, value, /)", lt, "Return self<value."),
                NativeDef::new("__le__", "(self, value, /)", le, "Return self<=value."),
                NativeDef::new("__eq__", "(self, value, /)", eq, "Return self==value."),
                NativeDef::new("__ne__", "(self, value, /)", ne, "Return self!=value."),
                NativeDef::new("__gt__", "(self, value, /)", gt, "Return self>value."),
                NativeDef::new("__ge__", "(self, value, /)", ge, "Return self>=value."),
            ]
        };
    };
}
pub(super) use comparison_methods;

/// Forward and reflected methods of binary operators.
macro_rules! operator_methods {
    ($run:path; $($forward:ident $name:literal $reflected:ident $rname:literal $op:ident $doc:literal;)*) => {
        $(
            fn $forward(vm: &mut $crate::vm::Vm, a: &[$crate::vm::value::Value]) -> $crate::vm::R {
                $run(vm, $crate::vm::ops::arith::Arith::$op, &a[0], &a[1])
            }
            fn $reflected(vm: &mut $crate::vm::Vm, a: &[$crate::vm::value::Value]) -> $crate::vm::R {
                $run(vm, $crate::vm::ops::arith::Arith::$op, &a[1], &a[0])
            }
        )*
        pub(super) const OPERATORS: &[$crate::vm::native::NativeDef] = &[$(
            $crate::vm::native::NativeDef::new($name, "(self, value, /)", $forward, $doc),
            $crate::vm::native::NativeDef::new($rname, "(self, value, /)", $reflected, $doc),
        )*];
    };
}
pub(super) use operator_methods;

/// A comparison method of a built-in type: `NotImplemented` unless the other operand is accepted.
fn compare_method(vm: &mut Vm, op: Cmp, args: &[Value], accepts: fn(&Value) -> bool) -> R {
    let (a, b) = (args[0].unwrapped(), args[1].unwrapped());
    if !accepts(&b) {
        return Ok(vm.not_implemented());
    }
    match compare::builtin(vm, op, &a, &b)? {
        Some(result) => Ok(Value::bool(result)),
        None => Ok(vm.not_implemented()),
    }
}

/// `__repr__` of a built-in value, also of the one inside an instance.
pub fn repr(vm: &mut Vm, args: &[Value]) -> R {
    match vm.repr_builtin(&args[0].unwrapped())? {
        Some(text) => Ok(Value::from(text)),
        None => vm.repr(&args[0]).map(Value::from),
    }
}

/// `__hash__`.
pub fn hash(vm: &mut Vm, args: &[Value]) -> R {
    vm.hash_for_program(&args[0].unwrapped())
        .map(|h| Value::Int(h as i64))
}

/// `__len__`.
pub fn len(vm: &mut Vm, args: &[Value]) -> R {
    vm.len(&args[0].unwrapped()).map(Value::from)
}

/// `__iter__`.
pub fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let container = args[0].unwrapped();
    let iterator = match container.as_ref::<Str>() {
        Some(text) => iterators::str_iterator(vm, text, args[0].as_ref::<Str>().is_some()),
        None => vm.iter(&container)?,
    };
    Ok(iterators::kept(iterator, &args[0]))
}

/// `__contains__`.
pub fn contains(vm: &mut Vm, args: &[Value]) -> R {
    let container = args[0].unwrapped();
    vm.contains(&container, &args[1]).map(Value::bool)
}

/// `__getitem__`.
pub fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    vm.get_item(&args[0].unwrapped(), &args[1])
}

/// `__setitem__`.
pub fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    vm.set_item(&args[0].unwrapped(), &args[1], args[2].clone())?;
    Ok(Value::None)
}

/// `__delitem__`.
pub fn delitem(vm: &mut Vm, args: &[Value]) -> R {
    vm.del_item(&args[0].unwrapped(), &args[1])?;
    Ok(Value::None)
}

/// The row that makes a type subscriptable.
pub const CLASS_GETITEM: NativeDef = NativeDef::new(
    "__class_getitem__",
    "(cls, item, /)",
    crate::builtins::generic_alias,
    "See PEP 585.",
)
.class();

/// Rows that every container has.
pub const CONTAINER: &[NativeDef] = &[
    NativeDef::new("__len__", "(self, /)", len, "Return len(self)."),
    NativeDef::new("__iter__", "(self, /)", iter, "Implement iter(self)."),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new(
        "__contains__",
        "(self, key, /)",
        contains,
        "Return bool(key in self).",
    ),
];

/// The row of `__getitem__`.
pub const GETITEM: NativeDef = NativeDef::new(
    "__getitem__",
    "(self, key, /)",
    getitem,
    "Return self[key].",
);

/// Rows of containers that can change.
pub const MUTABLE: &[NativeDef] = &[
    NativeDef::new(
        "__setitem__",
        "(self, key, value, /)",
        setitem,
        "Set self[key] to value.",
    ),
    NativeDef::new(
        "__delitem__",
        "(self, key, /)",
        delitem,
        "Delete self[key].",
    ),
];

/// The row of `__hash__`.
pub const HASH: NativeDef = NativeDef::new("__hash__", "(self, /)", hash, "Return hash(self).");

/// Rows of immutable values: hash and repr.
pub const VALUE: &[NativeDef] = &[
    HASH,
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
];

/// The result of a constructor: the value itself, or an instance of the subclass around it.
pub fn made(vm: &mut Vm, cls: &Value, builtin: &Ref<Class>, value: Value) -> R {
    let class = crate::builtins::arguments::class(vm, cls)?;
    Ok(vm.instance_of(&class, builtin, value))
}

/// Instances cannot be keys.
fn make_unhashable(vm: &mut Vm, class: &Ref<Class>) {
    let name = vm.names.__hash__.clone();
    vm.class_set(class, &name, Value::None);
}

/// Whether a value is of one of the kinds.
pub fn is_kind(v: &Value, kinds: &[Kind]) -> bool {
    v.kind().is_some_and(|k| kinds.contains(&k))
}

/// Gives the built-in types their methods.
pub fn install(vm: &mut Vm) {
    int::install(vm);
    bool_type::install(vm);
    float::install(vm);
    complex::install(vm);
    str::install(vm);
    bytes::install(vm);
    bytearray::install(vm);
    list::install(vm);
    tuple::install(vm);
    dict::install(vm);
    set::install(vm);
    frozenset::install(vm);
    range::install(vm);
    slice::install(vm);
    none::install(vm);
    memoryview::install(vm);
}
