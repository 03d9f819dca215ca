//! What is special to files of bytes: reading into buffers, looking ahead, and the byte side of
//! text streams.

use super::check::{check_open, check_readable, limit, os_error, unsupported};
use super::classes::{BytesReader, BytesWriter, RawFile};
use super::file::{Content, FileData, read, this};
use crate::builtins::types::buffer_argument;
use crate::vm::native::NativeDef;
use crate::vm::object::{ByteArray, Bytes};
use crate::vm::observe::Event;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};

pub(super) const READ1: NativeDef = NativeDef::new(
    "read1",
    "(self, size=-1, /)",
    read,
    "As read(), with one read of the file at most.",
);
pub(super) const READALL: NativeDef = NativeDef::new(
    "readall",
    "(self, /)",
    |vm, args| read(vm, &[args[0].clone(), Value::Undef]),
    "All that is left.",
);
pub(super) const READINTO: NativeDef = NativeDef::new(
    "readinto",
    "(self, buffer, /)",
    readinto,
    "Fill a buffer; how many bytes that were.",
);
pub(super) const READINTO1: NativeDef = NativeDef::new(
    "readinto1",
    "(self, buffer, /)",
    readinto,
    "As readinto(), with one read of the file at most.",
);
pub(super) const PEEK: NativeDef = NativeDef::new(
    "peek",
    "(self, size=0, /)",
    peek,
    "What comes next, which stays to be read.",
);
pub(super) const DETACH: NativeDef = NativeDef::new(
    "detach",
    "(self, /)",
    |vm, _| Err(unsupported(vm, "detach")),
    "Separate the buffer from the file below it.",
);

/// Most bytes that `peek` shows.
const PEEKED: usize = 8192;

/// Writes bytes; how many.
pub(super) fn write(vm: &mut Vm, data: &FileData, what: &Value) -> R {
    let bytes = buffer_argument(vm, what)?;
    let written = match &mut *data.content.borrow_mut() {
        Content::Bytes(buffer) => {
            if data.appends {
                buffer.seek(buffer.len());
            }
            buffer.write(&bytes);
            data.dirty.set(true);
            Ok(())
        }
        Content::Stdout => {
            let written = vm.host.stdout.write(&bytes);
            if vm.is_observed() {
                vm.tell(&Event::Written(&String::from_utf8_lossy(&bytes)));
            }
            written
        }
        Content::Stderr => vm.host.stderr.write(&bytes),
        Content::Text(_) | Content::Stdin => Ok(()),
    };
    match written {
        Ok(()) => Ok(bytes.len().into()),
        Err(error) => Err(os_error(vm, &error, &Value::None)),
    }
}

fn readinto(vm: &mut Vm, args: &[Value]) -> R {
    let Some(buffer) = args[1].payload::<ByteArray>() else {
        let name = vm.class_name(&args[1]);
        return Err(vm.type_error(format!(
            "readinto() argument must be read-write bytes-like object, not {name}"
        )));
    };
    let room = buffer.0.borrow().len();
    let taken = read(vm, &[args[0].clone(), room.into()])?;
    let bytes = buffer_argument(vm, &taken)?;
    // Reading may have waited for a line, and other tasks may have changed the buffer.
    let mut buffer = buffer.0.borrow_mut();
    for (place, byte) in buffer.iter_mut().zip(&bytes) {
        *place = *byte;
    }
    Ok(bytes.len().into())
}

fn peek(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_readable(vm, data)?;
    limit(vm, &args[1])?;
    Ok(match &*data.content.borrow() {
        Content::Bytes(buffer) => {
            let rest = buffer.bytes().get(buffer.position()..).unwrap_or_default();
            Bytes::value(rest.get(..PEEKED).unwrap_or(rest))
        }
        _ => Bytes::value(b"".as_slice()),
    })
}

/// A view of a copy: what is written into it does not come back.
pub(super) fn getbuffer(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_open(vm, data)?;
    let bytes = match &*data.content.borrow() {
        Content::Bytes(buffer) => buffer.bytes().to_vec(),
        _ => Vec::new(),
    };
    let copy = crate::vm::heap::Ref::new(ByteArray(RefCell::new(bytes), Cell::default()));
    let name = vm.intern("memoryview");
    match vm.builtins.get_str(&name) {
        Some(view) => vm.call(&view, &[copy.into()]),
        None => Ok(Value::None),
    }
}

/// The stream of the bytes of a standard stream. A file that was opened as text has none here.
pub(super) fn buffer(vm: &mut Vm, v: &Value) -> R {
    let data = this(vm, v)?;
    let content = match &*data.content.borrow() {
        Content::Stdin => Content::Stdin,
        Content::Stdout => Content::Stdout,
        Content::Stderr => Content::Stderr,
        Content::Text(_) | Content::Bytes(_) => {
            let message = "'_io.TextIOWrapper' object has no attribute 'buffer'";
            return Err(vm.attribute_error(v, "buffer", message));
        }
    };
    if let Some(known) = data.bytes_side.defined() {
        return Ok(known);
    }
    let mut side = FileData::in_memory(content);
    side.binary = true;
    side.name = data.name.clone();
    side.mode = format!("{}b", data.mode);
    (side.readable, side.writable) = (data.readable, data.writable);
    let class = if data.readable {
        vm.class_for::<BytesReader>()
    } else {
        vm.class_for::<BytesWriter>()
    };
    let made = vm.make_in(&class, side);
    data.bytes_side.set(made.clone());
    Ok(made)
}

/// The file without its buffer: it is read and written at the same place.
pub(super) fn raw(vm: &mut Vm, v: &Value) -> R {
    let data = this(vm, v)?;
    let mut side = FileData::in_memory(match &*data.content.borrow() {
        Content::Stdin => Content::Stdin,
        Content::Stdout => Content::Stdout,
        Content::Stderr => Content::Stderr,
        Content::Text(_) | Content::Bytes(_) => {
            let class = vm.class_name(v);
            let message = format!("'_io.{class}' object has no attribute 'raw'");
            return Err(vm.attribute_error(v, "raw", message));
        }
    });
    side.binary = true;
    side.name = data.name.clone();
    side.mode = data.mode.clone();
    (side.readable, side.writable) = (data.readable, data.writable);
    let class = vm.class_for::<RawFile>();
    Ok(vm.make_in(&class, side))
}
