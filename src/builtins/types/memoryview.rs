//! `memoryview` of bytes and bytearrays: one dimension, one byte an item.

use crate::text::slice::SliceIndices;
use crate::vm::Vm;
use crate::vm::heap::ObjRef;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{ByteArray, Bytes, Kind, Layout, List, NativeData, Slice, Tuple};
use crate::vm::ops::sequence::{buffer, bytes_like};
use crate::vm::value::Value;
use crate::vm::{R, Raise};
use std::cell::Cell;

/// A window on the bytes of another object.
pub struct MemoryView {
    base: Value,
    window: SliceIndices,
    readonly: bool,
    released: Cell<bool>,
}

impl NativeData for MemoryView {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.base.as_obj().into_iter().for_each(visit);
    }

    fn is_sequence(&self) -> bool {
        true
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        let whole = buffer(&self.base)?;
        let picked = self.window.iter().filter_map(|i| whole.get(i).copied());
        Some(picked.collect())
    }
}

impl NativeType for MemoryView {
    const DEF: &'static TypeDef = &TypeDef::new("memoryview", "builtins", Layout::Final)
        .doc("A window on the bytes of another object.")
        .methods(METHODS)
        .getset(GETSET);
}

fn this<'a>(vm: &mut Vm, v: &'a Value) -> R<&'a MemoryView> {
    match v.opaque::<MemoryView>() {
        Some(view) if view.released.get() => {
            Err(vm.value_error("operation forbidden on released memoryview object"))
        }
        Some(view) => Ok(view),
        None => Err(vm.type_error("a memoryview is required")),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let object = &args[1];
    if let Some(view) = object.opaque::<MemoryView>() {
        let copy = MemoryView {
            base: view.base.clone(),
            window: view.window,
            readonly: view.readonly,
            released: Cell::new(false),
        };
        return Ok(vm.make(copy));
    }
    let Some(bytes) = buffer(object) else {
        let class = vm.type_name(object);
        return Err(vm.type_error(format!(
            "memoryview: a bytes-like object is required, not '{class}'"
        )));
    };
    let view = MemoryView {
        base: object.clone(),
        window: whole(bytes.len()),
        readonly: object.payload::<Bytes>().is_some(),
        released: Cell::new(false),
    };
    Ok(vm.make(view))
}

fn whole(len: usize) -> SliceIndices {
    SliceIndices {
        start: 0,
        stop: i64::try_from(len).unwrap_or(i64::MAX),
        step: 1,
        count: len,
    }
}

impl MemoryView {
    /// Where an item of the view stands in the object.
    fn place(&self, vm: &mut Vm, key: &Value) -> R<usize> {
        let Some(n) = vm.index_opt(key)? else {
            return Err(vm.type_error("memoryview: invalid slice key"));
        };
        let i = crate::vm::ops::arith::clamp(&n);
        let len = i64::try_from(self.window.count).unwrap_or(i64::MAX);
        let i = if i < 0 { i.saturating_add(len) } else { i };
        let place = usize::try_from(i)
            .ok()
            .and_then(|i| self.window.iter().nth(i));
        place.ok_or_else(|| vm.index_error("index out of bounds on dimension 1"))
    }

    fn window_of(&self, vm: &mut Vm, slice: &Slice) -> R<SliceIndices> {
        let inner = vm.fit_slice(slice, || self.window.count)?;
        let step = self.window.step.saturating_mul(inner.step);
        let start = self
            .window
            .start
            .saturating_add(inner.start.saturating_mul(self.window.step));
        Ok(SliceIndices {
            start,
            stop: 0,
            step,
            count: inner.count,
        })
    }
}

fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    if let Some(slice) = args[1].downcast::<Slice>() {
        let part = MemoryView {
            base: view.base.clone(),
            window: view.window_of(vm, slice)?,
            readonly: view.readonly,
            released: Cell::new(false),
        };
        return Ok(vm.make(part));
    }
    let place = view.place(vm, &args[1])?;
    let byte = buffer(&view.base).and_then(|b| b.get(place).copied());
    Ok(Value::Int(byte.unwrap_or(0).into()))
}

fn read_only(vm: &mut Vm) -> Raise {
    vm.type_error("cannot modify read-only memory")
}

fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    let Some(array) = view.base.payload::<ByteArray>() else {
        return Err(read_only(vm));
    };
    if let Some(slice) = args[1].downcast::<Slice>() {
        let window = view.window_of(vm, slice)?;
        let Some(bytes) = buffer(&args[2]) else {
            let class = vm.type_name(&args[2]);
            return Err(vm.type_error(format!("a bytes-like object is required, not '{class}'")));
        };
        if bytes.len() != window.count {
            return Err(vm.value_error(
                "memoryview assignment: lvalue and rvalue have different structures",
            ));
        }
        let mut target = array.0.borrow_mut();
        for (i, byte) in window.iter().zip(bytes) {
            if let Some(place) = target.get_mut(i) {
                *place = byte;
            }
        }
        return Ok(Value::None);
    }
    let place = view.place(vm, &args[1])?;
    let Some(n) = vm.index_opt(&args[2])? else {
        return Err(vm.type_error("memoryview: invalid type for format 'B'"));
    };
    let Some(Ok(byte)) = n.as_i64().map(u8::try_from) else {
        return Err(vm.value_error("memoryview: invalid value for format 'B'"));
    };
    if let Some(target) = array.0.borrow_mut().get_mut(place) {
        *target = byte;
    }
    Ok(Value::None)
}

fn delitem(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    if view.readonly {
        return Err(read_only(vm));
    }
    Err(vm.type_error("cannot delete memory"))
}

fn content(vm: &mut Vm, v: &Value) -> R<Vec<u8>> {
    Ok(this(vm, v)?.bytes().unwrap_or_default())
}

fn len(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::from(this(vm, &args[0])?.window.count))
}

fn tobytes(vm: &mut Vm, args: &[Value]) -> R {
    content(vm, &args[0]).map(|b| bytes_like(Kind::Bytes, b))
}

fn tolist(vm: &mut Vm, args: &[Value]) -> R {
    let bytes = content(vm, &args[0])?;
    Ok(List::value(
        bytes.iter().map(|b| Value::Int((*b).into())).collect(),
    ))
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let list = tolist(vm, args)?;
    vm.iter(&list)
}

fn hex(vm: &mut Vm, args: &[Value]) -> R {
    let bytes = content(vm, &args[0])?;
    Ok(Value::from(crate::text::bytes_ops::hex(&bytes, None, 1)))
}

fn eq(vm: &mut Vm, args: &[Value]) -> R {
    let own = content(vm, &args[0])?;
    match buffer(&args[1]) {
        Some(other) => Ok(Value::bool(own == other)),
        None => Ok(vm.not_implemented()),
    }
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    if !view.readonly {
        return Err(vm.value_error("cannot hash writable memoryview object"));
    }
    let bytes = content(vm, &args[0])?;
    let hash = vm.hash(&bytes_like(Kind::Bytes, bytes))?;
    Ok(Value::Int(hash as i64))
}

fn repr(_: &mut Vm, args: &[Value]) -> R {
    let address = args[0].as_obj().map_or(0, |o| o.address());
    let released = args[0]
        .opaque::<MemoryView>()
        .is_some_and(|v| v.released.get());
    let what = if released {
        "released memory"
    } else {
        "memory"
    };
    Ok(Value::from(format!("<{what} at {address:#x}>")))
}

fn release(_: &mut Vm, args: &[Value]) -> R {
    if let Some(view) = args[0].opaque::<MemoryView>() {
        view.released.set(true);
    }
    Ok(Value::None)
}

fn enter(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?;
    Ok(args[0].clone())
}

fn exit(vm: &mut Vm, args: &[Value]) -> R {
    release(vm, args)
}

fn toreadonly(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    let copy = MemoryView {
        base: view.base.clone(),
        window: view.window,
        readonly: true,
        released: Cell::new(false),
    };
    Ok(vm.make(copy))
}

fn get_nbytes(vm: &mut Vm, v: &Value) -> R {
    Ok(Value::from(this(vm, v)?.window.count))
}

fn get_readonly(vm: &mut Vm, v: &Value) -> R {
    Ok(Value::bool(this(vm, v)?.readonly))
}

fn get_obj(vm: &mut Vm, v: &Value) -> R {
    Ok(this(vm, v)?.base.clone())
}

fn get_format(_: &mut Vm, _: &Value) -> R {
    Ok(Value::str("B"))
}

fn get_one(_: &mut Vm, _: &Value) -> R {
    Ok(Value::Int(1))
}

fn get_shape(vm: &mut Vm, v: &Value) -> R {
    let n = this(vm, v)?.window.count;
    Ok(Tuple::value([Value::from(n)]))
}

fn get_strides(vm: &mut Vm, v: &Value) -> R {
    let step = this(vm, v)?.window.step;
    Ok(Tuple::value([Value::Int(step)]))
}

fn get_contiguous(vm: &mut Vm, v: &Value) -> R {
    Ok(Value::bool(this(vm, v)?.window.step == 1))
}

const GETSET: &[GetSet] = &[
    GetSet::read("nbytes", get_nbytes, "size in bytes"),
    GetSet::read("readonly", get_readonly, "whether it can only be read"),
    GetSet::read("obj", get_obj, "the object looked at"),
    GetSet::read("format", get_format, "what an item is"),
    GetSet::read("itemsize", get_one, "size of an item in bytes"),
    GetSet::read("ndim", get_one, "number of dimensions"),
    GetSet::read("shape", get_shape, "number of items in each dimension"),
    GetSet::read(
        "strides",
        get_strides,
        "distance of items in each dimension",
    ),
    GetSet::read(
        "contiguous",
        get_contiguous,
        "whether the items stand side by side",
    ),
    GetSet::read(
        "c_contiguous",
        get_contiguous,
        "whether the items stand side by side",
    ),
];

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, object)", new),
    NativeDef::new(
        "__getitem__",
        "(self, key, /)",
        getitem,
        "Return self[key].",
    ),
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
    NativeDef::new("__len__", "(self, /)", len, "Return len(self)."),
    NativeDef::new("__iter__", "(self, /)", iter, "Implement iter(self)."),
    NativeDef::new("__eq__", "(self, value, /)", eq, "Return self==value."),
    NativeDef::new("__hash__", "(self, /)", hash, "Return hash(self)."),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__enter__", "(self, /)", enter, "The view itself."),
    NativeDef::new("__exit__", "(self, /, *args)", exit, "Release the view."),
    NativeDef::new("release", "(self, /)", release, "Let go of the object."),
    NativeDef::new("tobytes", "(self, /)", tobytes, "A copy of the bytes."),
    NativeDef::new("tolist", "(self, /)", tolist, "The items as a list."),
    NativeDef::new(
        "hex",
        "(self, /)",
        hex,
        "Two hexadecimal digits for each byte.",
    ),
    NativeDef::new(
        "toreadonly",
        "(self, /)",
        toreadonly,
        "The same view, which cannot change anything.",
    ),
];

pub fn install(vm: &mut Vm) {
    let class = vm.class_for::<MemoryView>();
    let name = vm.intern("memoryview");
    vm.builtins.set_str(&name, class.into());
}
