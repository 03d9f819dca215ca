//! `memoryview` of bytes and bytearrays: items of any format, in any number of dimensions as far
//! as `cast` makes them.

use super::bytes_methods::hex_of;
use crate::builtins::types::memoryview_data::{MemoryView, Place};
use crate::text::item_format::{Item, ItemFormat, Kind as ItemKind};
use crate::vm::Vm;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{ByteArray, Bytes, Kind, Layout, List, Slice, Tuple};
use crate::vm::ops::number::{Num, num};
use crate::vm::ops::sequence::{buffer, bytes_like};
use crate::vm::value::Value;
use crate::vm::{R, Raise};

impl NativeType for MemoryView {
    const DEF: &'static TypeDef = &TypeDef::new("memoryview", "builtins", Layout::Final)
        .doc("A window on the bytes of another object.")
        .methods(METHODS)
        .getset(GETSET);
}

fn this<'a>(vm: &mut Vm, v: &'a Value) -> R<&'a MemoryView> {
    match v.opaque::<MemoryView>() {
        Some(view) if view.is_released() => {
            Err(vm.value_error("operation forbidden on released memoryview object"))
        }
        Some(view) => Ok(view),
        None => Err(vm.type_error("a memoryview is required")),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let object = &args[1];
    if object.opaque::<MemoryView>().is_some() {
        let copy = this(vm, object)?.part(|_| {});
        return Ok(vm.make(copy));
    }
    let len = match (object.payload::<Bytes>(), object.payload::<ByteArray>()) {
        (Some(bytes), _) => bytes.0.len(),
        (None, Some(array)) => array.0.borrow().len(),
        (None, None) => {
            let class = vm.type_name(object);
            return Err(vm.type_error(format!(
                "memoryview: a bytes-like object is required, not '{class}'"
            )));
        }
    };
    let readonly = object.payload::<Bytes>().is_some();
    Ok(vm.make(MemoryView::of(object.clone(), len, readonly)))
}

fn index_error(vm: &mut Vm, dimension: usize) -> Raise {
    vm.index_error(format!("index out of bounds on dimension {dimension}"))
}

/// Where an item stands that a key names: an int, or one for each dimension.
fn place(vm: &mut Vm, view: &MemoryView, key: &Value) -> R<usize> {
    let keys = match key.payload::<Tuple>() {
        Some(keys) => keys.items().to_vec(),
        None => vec![key.clone()],
    };
    let is_tuple = key.payload::<Tuple>().is_some();
    let mut indices = Vec::new();
    for key in &keys {
        match vm.index_opt(key)? {
            Some(n) => indices.push(vm.index_sized(&n, &vm.exc.index_error.clone())?),
            None if is_tuple && keys.iter().all(|k| k.downcast::<Slice>().is_some()) => {
                return Err(not_implemented(
                    vm,
                    "multi-dimensional slicing is not implemented",
                ));
            }
            None => return Err(vm.type_error("memoryview: invalid slice key")),
        }
    }
    let dimensions = view.shape.len();
    if indices.len() > dimensions {
        return Err(vm.type_error(format!(
            "cannot index {dimensions}-dimension view with {}-element tuple",
            indices.len()
        )));
    }
    if indices.len() < dimensions {
        let what = match (is_tuple, dimensions) {
            (false, _) => "multi-dimensional sub-views are not implemented",
            (true, _) => "sub-views are not implemented",
        };
        return Err(not_implemented(vm, what));
    }
    match view.place(&indices) {
        Place::At(at) => Ok(at),
        Place::Outside(dimension) => Err(index_error(vm, dimension)),
    }
}

fn not_implemented(vm: &mut Vm, message: &str) -> Raise {
    let class = vm.exc.not_implemented_error.clone();
    vm.error(&class, message)
}

/// An item as the program sees it.
fn shown(format: ItemFormat, bytes: &[u8]) -> Value {
    match format.read(bytes) {
        Item::Int(i) => Value::bigint(i.into()),
        Item::Float(f) => Value::float(f),
        Item::Bool(b) => Value::bool(b),
        Item::Char(c) => Bytes::value(vec![c]),
    }
}

fn item(view: &MemoryView, at: usize) -> Value {
    view.with_memory(|memory| {
        let end = at.saturating_add(view.format.size);
        shown(view.format, memory.get(at..end).unwrap_or_default())
    })
}

fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    if let Some(slice) = args[1].downcast::<Slice>() {
        let len = view.shape.first().copied().unwrap_or(0);
        let fitted = vm.fit_slice(slice, || len)?;
        let part = this(vm, &args[0])?.part(|part| part.slice(fitted));
        return Ok(vm.make(part));
    }
    let at = place(vm, view, &args[1])?;
    Ok(item(this(vm, &args[0])?, at))
}

fn read_only(vm: &mut Vm) -> Raise {
    vm.type_error("cannot modify read-only memory")
}

/// A value as an item of a format.
fn to_item(vm: &mut Vm, format: ItemFormat, value: &Value) -> R<Vec<u8>> {
    let letter = format.letter;
    let wrong = |vm: &mut Vm, what: &str| {
        let message = format!("memoryview: invalid {what} for format '{letter}'");
        if what == "type" {
            vm.type_error(message)
        } else {
            vm.value_error(message)
        }
    };
    let item = match format.kind() {
        ItemKind::Bool => Item::Bool(vm.truth(value)?),
        ItemKind::Char => match value.payload::<Bytes>() {
            Some(bytes) => match bytes.0.as_ref() {
                [byte] => Item::Char(*byte),
                _ => return Err(wrong(vm, "value")),
            },
            None => return Err(wrong(vm, "type")),
        },
        ItemKind::Float => match num(value) {
            Some(Num::Float(f)) => Item::Float(f),
            Some(Num::Small(i)) => Item::Float(i as f64),
            _ => return Err(wrong(vm, "type")),
        },
        ItemKind::Signed | ItemKind::Unsigned => match vm.index_opt(value)? {
            Some(n) => match n.as_bigint().and_then(|n| i128::try_from(n).ok()) {
                Some(i) => Item::Int(i),
                None => return Err(wrong(vm, "value")),
            },
            None => return Err(wrong(vm, "type")),
        },
    };
    match format.write(item) {
        Some(bytes) => Ok(bytes),
        None => Err(wrong(vm, "value")),
    }
}

fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    if view.readonly {
        return Err(read_only(vm));
    }
    if let Some(slice) = args[1].downcast::<Slice>() {
        return set_slice(vm, view, slice, &args[2]);
    }
    let at = place(vm, view, &args[1]).or_else(|raise| {
        // Assigning to a part says it in fewer words.
        let class = vm.exc.not_implemented_error.clone();
        vm.catch(raise, &class)?;
        Err(not_implemented(vm, "sub-views are not implemented"))
    })?;
    let bytes = to_item(vm, view.format, &args[2])?;
    this(vm, &args[0])?.store(at, &bytes);
    Ok(Value::None)
}

fn set_slice(vm: &mut Vm, view: &MemoryView, slice: &Slice, value: &Value) -> R {
    if view.shape.len() != 1 {
        return Err(not_implemented(
            vm,
            "memoryview slice assignments are currently restricted to ndim = 1",
        ));
    }
    let len = view.shape.first().copied().unwrap_or(0);
    let fitted = vm.fit_slice(slice, || len)?;
    let Some(bytes) = buffer(value) else {
        let class = vm.type_name(value);
        return Err(vm.type_error(format!("a bytes-like object is required, not '{class}'")));
    };
    let format = match value.opaque::<MemoryView>() {
        Some(other) => other.format,
        None => ItemFormat::BYTES,
    };
    if format.letter != view.format.letter || bytes.len() != fitted.count * format.size {
        return Err(
            vm.value_error("memoryview assignment: lvalue and rvalue have different structures")
        );
    }
    let part = view.part(|part| part.slice(fitted));
    for (at, item) in part.places().into_iter().zip(bytes.chunks(format.size)) {
        part.store(at, item);
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
    Ok(this(vm, v)?.content())
}

fn len(vm: &mut Vm, args: &[Value]) -> R {
    match this(vm, &args[0])?.shape.first() {
        Some(n) => Ok(Value::from(*n)),
        None => Err(vm.type_error("0-dim memory has no length")),
    }
}

fn tobytes(vm: &mut Vm, args: &[Value]) -> R {
    let order = match args[1].given().filter(|v| !v.is_none()) {
        None => "C".to_string(),
        Some(v) => match v.as_str() {
            Some(order) => order.to_string(),
            None => {
                let class = vm.type_name(v);
                return Err(vm.type_error(format!(
                    "tobytes() argument 'order' must be str or None, not {class}"
                )));
            }
        },
    };
    let view = this(vm, &args[0])?;
    match order.as_str() {
        "C" | "A" => Ok(bytes_like(Kind::Bytes, view.content())),
        "F" => Ok(bytes_like(Kind::Bytes, view.content_by_columns())),
        _ => Err(vm.value_error("order must be 'C', 'F' or 'A'")),
    }
}

fn tolist(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    let mut places = view.places().into_iter();
    Ok(nested_list(view, &view.shape, &mut places))
}

fn nested_list(
    view: &MemoryView,
    shape: &[usize],
    places: &mut impl Iterator<Item = usize>,
) -> Value {
    match shape {
        [] => places.next().map_or(Value::None, |at| item(view, at)),
        [n, inner @ ..] => List::value((0..*n).map(|_| nested_list(view, inner, places)).collect()),
    }
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    if view.shape.len() > 1 {
        return Err(not_implemented(
            vm,
            "multi-dimensional sub-views are not implemented",
        ));
    }
    let list = tolist(vm, args)?;
    vm.iter(&list)
}

fn hex(vm: &mut Vm, args: &[Value]) -> R {
    let bytes = content(vm, &args[0])?;
    hex_of(vm, &bytes, args)
}

fn cast(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?;
    let Some(letter) = args[1].as_str() else {
        let class = vm.argument_type(&args[1]);
        return Err(vm.type_error(format!("cast() argument 'format' must be str, not {class}")));
    };
    let shape = match args[2].given() {
        None => None,
        Some(v) if v.payload::<List>().is_some() || v.payload::<Tuple>().is_some() => {
            Some(vm.collect(v)?)
        }
        Some(_) => return Err(vm.type_error("shape must be a list or a tuple")),
    };
    let view = this(vm, &args[0])?;
    if !view.is_contiguous() {
        return Err(vm.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    if view.shape.contains(&0) && (shape.is_some() || view.shape.len() != 1) {
        return Err(vm.type_error("memoryview: cannot cast view with zeros in shape or strides"));
    }
    let Some(format) = ItemFormat::parse(letter) else {
        return Err(vm.value_error(
            "memoryview: destination format must be a native single character format prefixed with \
             an optional '@'",
        ));
    };
    if !view.format.is_bytes() && !format.is_bytes() {
        return Err(vm.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let bytes = view.nbytes();
    if bytes % format.size != 0 {
        return Err(vm.type_error("memoryview: length is not a multiple of itemsize"));
    }
    let shape = match shape {
        None => vec![bytes / format.size],
        Some(items) => shape_of(vm, &items, format, bytes)?,
    };
    let part = this(vm, &args[0])?.part(|part| part.reshape(format, shape));
    Ok(vm.make(part))
}

fn shape_of(vm: &mut Vm, items: &[Value], format: ItemFormat, bytes: usize) -> R<Vec<usize>> {
    let mut shape = Vec::new();
    for item in items {
        let Some(n) = item.as_i64() else {
            return Err(vm.type_error("memoryview.cast(): elements of shape must be integers"));
        };
        match usize::try_from(n) {
            Ok(n) if n > 0 => shape.push(n),
            _ => {
                return Err(
                    vm.value_error("memoryview.cast(): elements of shape must be integers > 0")
                );
            }
        }
    }
    let size = shape.iter().try_fold(format.size, |n, m| n.checked_mul(*m));
    if size != Some(bytes) {
        return Err(vm.type_error("memoryview: product(shape) * itemsize != buffer size"));
    }
    Ok(shape)
}

fn compare_equal(vm: &mut Vm, args: &[Value], wanted: bool) -> R {
    let Some(own) = args[0].opaque::<MemoryView>() else {
        return Ok(vm.not_implemented());
    };
    if args[0].is(&args[1]) {
        return Ok(Value::bool(wanted));
    }
    if own.is_released() {
        return Ok(Value::bool(!wanted));
    }
    if buffer(&args[1]).is_none() && args[1].opaque::<MemoryView>().is_none() {
        return Ok(vm.not_implemented());
    }
    let list = tolist(vm, &args[..1])?;
    let other = match args[1].opaque::<MemoryView>() {
        Some(other) if other.is_released() => return Ok(Value::bool(!wanted)),
        Some(_) => tolist(vm, &args[1..2])?,
        None => {
            let bytes = buffer(&args[1]).unwrap_or_default();
            List::value(bytes.iter().map(|b| Value::Int((*b).into())).collect())
        }
    };
    Ok(Value::bool(vm.equal(&list, &other)? == wanted))
}

fn eq(vm: &mut Vm, args: &[Value]) -> R {
    compare_equal(vm, args, true)
}

fn ne(vm: &mut Vm, args: &[Value]) -> R {
    compare_equal(vm, args, false)
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let view = this(vm, &args[0])?;
    if !view.readonly {
        return Err(vm.value_error("cannot hash writable memoryview object"));
    }
    if !view.format.is_bytes() {
        let message = "memoryview: hashing is restricted to formats 'B', 'b' or 'c'";
        return Err(vm.value_error(message));
    }
    let hash = vm.hash_for_program(&bytes_like(Kind::Bytes, view.content()))?;
    Ok(Value::Int(hash as i64))
}

fn repr(_: &mut Vm, args: &[Value]) -> R {
    let released = args[0]
        .opaque::<MemoryView>()
        .is_some_and(MemoryView::is_released);
    let what = if released {
        "released memory"
    } else {
        "memory"
    };
    let address = crate::builtins::address(&args[0]);
    Ok(Value::from(format!("<{what} at {address}>")))
}

fn release(_: &mut Vm, args: &[Value]) -> R {
    if let Some(view) = args[0].opaque::<MemoryView>() {
        view.release();
    }
    Ok(Value::None)
}

fn enter(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?;
    Ok(args[0].clone())
}

fn toreadonly(vm: &mut Vm, args: &[Value]) -> R {
    let part = this(vm, &args[0])?.part(|part| part.readonly = true);
    Ok(vm.make(part))
}

fn numbers<T: Copy>(of: &[T], show: fn(T) -> Value) -> Value {
    Tuple::value(of.iter().map(|n| show(*n)).collect::<Vec<_>>())
}

const GETSET: &[GetSet] = &[
    GetSet::read(
        "nbytes",
        |vm, v| Ok(this(vm, v)?.nbytes().into()),
        "size in bytes",
    ),
    GetSet::read(
        "readonly",
        |vm, v| Ok(Value::bool(this(vm, v)?.readonly)),
        "whether it can only be read",
    ),
    GetSet::read(
        "obj",
        |vm, v| Ok(this(vm, v)?.base.clone()),
        "the object looked at",
    ),
    GetSet::read(
        "format",
        |vm, v| {
            Ok(Value::str(
                this(vm, v)?.format.letter.encode_utf8(&mut [0; 4]),
            ))
        },
        "what an item is",
    ),
    GetSet::read(
        "itemsize",
        |vm, v| Ok(this(vm, v)?.format.size.into()),
        "size of an item in bytes",
    ),
    GetSet::read(
        "ndim",
        |vm, v| Ok(this(vm, v)?.shape.len().into()),
        "number of dimensions",
    ),
    GetSet::read(
        "shape",
        |vm, v| Ok(numbers(&this(vm, v)?.shape, Value::from)),
        "number of items in each dimension",
    ),
    GetSet::read(
        "strides",
        |vm, v| Ok(numbers(&this(vm, v)?.strides, Value::Int)),
        "distance of items in each dimension",
    ),
    GetSet::read(
        "suboffsets",
        |vm, v| {
            this(vm, v)?;
            Ok(Tuple::value([]))
        },
        "always empty",
    ),
    GetSet::read(
        "contiguous",
        |vm, v| {
            let view = this(vm, v)?;
            Ok(Value::bool(
                view.is_contiguous() || view.is_contiguous_by_columns(),
            ))
        },
        "whether the items stand side by side",
    ),
    GetSet::read(
        "c_contiguous",
        |vm, v| Ok(Value::bool(this(vm, v)?.is_contiguous())),
        "whether the items stand side by side, the last dimension fastest",
    ),
    GetSet::read(
        "f_contiguous",
        |vm, v| Ok(Value::bool(this(vm, v)?.is_contiguous_by_columns())),
        "whether the items stand side by side, the first dimension fastest",
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
    NativeDef::new("__ne__", "(self, value, /)", ne, "Return self!=value."),
    NativeDef::new("__hash__", "(self, /)", hash, "Return hash(self)."),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
    NativeDef::new("__enter__", "(self, /)", enter, "The view itself."),
    NativeDef::new("__exit__", "(self, /, *args)", release, "Release the view."),
    NativeDef::new("release", "(self, /)", release, "Let go of the object."),
    NativeDef::new(
        "tobytes",
        "(self, /, order='C')",
        tobytes,
        "A copy of the bytes.",
    ),
    NativeDef::new("tolist", "(self, /)", tolist, "The items as a list."),
    NativeDef::new(
        "hex",
        "(self, /, sep=<unrepresentable>, bytes_per_sep=1)",
        hex,
        "Two hexadecimal digits for each byte.",
    ),
    NativeDef::new(
        "cast",
        "(self, /, format, shape=<unrepresentable>)",
        cast,
        "The same memory looked at as items of another format, or in another shape.",
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
