//! The classes of file objects as tables. They all hold `FileData`; what they can do is in
//! `file.rs`, `binary.rs` and `position.rs`.

use super::binary;
use super::buffer::{ByteBuffer, TextBuffer};
use super::file::{
    Content, close, enter, fileno, flag, flush, getvalue, init_bytes, init_string, is_seekable,
    name, new_memory, read, readline, readlines, repr, this, write, writelines,
};
use super::position::{seek, tell, truncate};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Class, Layout, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

macro_rules! io_classes {
    ($($(#[$doc:meta])* $marker:ident $def:ident = $table:expr;)*) => { $(
        $(#[$doc])*
        pub(super) struct $marker;

        impl NativeData for $marker {}

        impl NativeType for $marker {
            const DEF: &'static TypeDef = &$def;
        }

        static $def: TypeDef = $table;
    )* };
}

io_classes! {
    /// What all file objects can do.
    IoBase IO_BASE = TypeDef::new("_IOBase", "_io", Layout::Object)
        .doc("What all file objects have in common.")
        .with_dict()
        .methods(BASE_METHODS)
        .getset(&[GetSet::read("closed", closed, "Whether it is closed.")]);
    /// Files without a buffer.
    RawBase RAW_BASE = TypeDef::new("_RawIOBase", "_io", Layout::Object)
        .base(Vm::class_for::<IoBase>)
        .doc("What files of bytes without a buffer have in common.")
        .with_dict()
        .methods(&[READ, binary::READALL]);
    /// Files of bytes with a buffer.
    BufferedBase BUFFERED_BASE = TypeDef::new("_BufferedIOBase", "_io", Layout::Object)
        .base(Vm::class_for::<IoBase>)
        .doc("What files of bytes with a buffer have in common.")
        .with_dict()
        .methods(&[READ, WRITE, binary::DETACH, binary::READ1, binary::READINTO, binary::READINTO1]);
    /// Files of text.
    TextBase TEXT_BASE = TypeDef::new("_TextIOBase", "_io", Layout::Object)
        .base(Vm::class_for::<IoBase>)
        .doc("What files of text have in common.")
        .with_dict()
        .methods(&[READ, READLINE, WRITE, binary::DETACH])
        .getset(&[ENCODING, ERRORS, NEWLINES]);
    StringIo STRING_IO = memory("StringIO", 0x5301)
        .base(Vm::class_for::<TextBase>)
        .doc("Text in memory, used as a file.")
        .methods(&[
            NativeDef::constructor("(cls, *args, **kwargs)", |vm, a| new_memory(vm, &a[0], Content::Text(TextBuffer::default()))),
            NativeDef::new("__init__", "(self, initial_value='', newline='\\n')", init_string, "Begins with a text."),
            NativeDef::new("getvalue", "(self, /)", getvalue, "All the text that is in it."),
        ])
        .getset(&[LINE_BUFFERING]);
    BytesIo BYTES_IO = memory("BytesIO", 0x5302)
        .base(Vm::class_for::<BufferedBase>)
        .doc("Bytes in memory, used as a file.")
        .methods(&[
            NativeDef::constructor("(cls, *args, **kwargs)", |vm, a| new_memory(vm, &a[0], Content::Bytes(ByteBuffer::default()))),
            NativeDef::new("__init__", "(self, initial_bytes=b'')", init_bytes, "Begins with bytes."),
            NativeDef::new("getvalue", "(self, /)", getvalue, "All the bytes that are in it."),
            NativeDef::new("getbuffer", "(self, /)", binary::getbuffer, "A view of the bytes that are in it."),
        ]);
    TextFile TEXT_FILE = memory("TextIOWrapper", 0x5303)
        .base(Vm::class_for::<TextBase>)
        .doc("A file of text.")
        .methods(&[NativeDef::new(
            "reconfigure",
            "(self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)",
            |_, _| Ok(Value::None),
            "Change how it encodes and buffers.",
        )])
        .getset(&[
            NAME,
            MODE,
            LINE_BUFFERING,
            GetSet::read("write_through", |_, _| Ok(Value::False), "Whether nothing is held back."),
            GetSet::read("buffer", binary::buffer, "The file of its bytes."),
        ]);
    BytesReader BYTES_READER = memory("BufferedReader", 0x5304)
        .base(Vm::class_for::<BufferedBase>)
        .doc("A file of bytes that is read.")
        .methods(&[binary::PEEK])
        .getset(&[NAME, MODE, RAW]);
    BytesWriter BYTES_WRITER = memory("BufferedWriter", 0x5305)
        .base(Vm::class_for::<BufferedBase>)
        .doc("A file of bytes that is written.")
        .getset(&[NAME, MODE, RAW]);
    BytesRandom BYTES_RANDOM = memory("BufferedRandom", 0x5306)
        .base(Vm::class_for::<BufferedBase>)
        .doc("A file of bytes that is read and written.")
        .methods(&[binary::PEEK])
        .getset(&[NAME, MODE, RAW]);
    RawFile RAW_FILE = memory("FileIO", 0x5307)
        .base(Vm::class_for::<RawBase>)
        .doc("A file of bytes without a buffer.")
        .methods(&[WRITE, binary::READINTO])
        .getset(&[
            NAME,
            MODE,
            GetSet::read("closefd", |_, _| Ok(Value::True), "Whether closing it closes its descriptor."),
        ]);
}

/// A class whose objects hold a file.
const fn memory(name: &'static str, layout: u32) -> TypeDef {
    TypeDef::new(name, "_io", Layout::Opaque(layout))
        .with_dict()
        .iterator()
}

const READ: NativeDef = NativeDef::new(
    "read",
    "(self, size=-1, /)",
    read,
    "At most so many characters or bytes, all there are by default.",
);
const READLINE: NativeDef = NativeDef::new(
    "readline",
    "(self, size=-1, /)",
    readline,
    "The rest of the line, with its end.",
);
const WRITE: NativeDef = NativeDef::new(
    "write",
    "(self, text, /)",
    write,
    "Write; how many characters or bytes that were.",
);
const NAME: GetSet = GetSet::read("name", name, "The path, as it was given.");
const MODE: GetSet = GetSet::read(
    "mode",
    |vm, v| Ok(this(vm, v)?.mode.as_str().into()),
    "How it was opened.",
);
const RAW: GetSet = GetSet::read("raw", binary::raw, "The file without its buffer.");
const ENCODING: GetSet = GetSet::read(
    "encoding",
    |vm, v| {
        let data = this(vm, v)?;
        // Text in memory has none.
        Ok(if data.is_memory() {
            Value::None
        } else {
            data.encoding()
        })
    },
    "How its text is encoded.",
);
const ERRORS: GetSet = GetSet::read(
    "errors",
    |vm, v| {
        let data = this(vm, v)?;
        Ok(if data.is_memory() {
            Value::None
        } else {
            data.errors.as_str().into()
        })
    },
    "What becomes of text that cannot be encoded.",
);
const NEWLINES: GetSet = GetSet::read(
    "newlines",
    |vm, v| {
        let data = this(vm, v)?;
        let seen = match &*data.content.borrow() {
            Content::Text(buffer) => buffer.seen_ends(),
            _ => Vec::new(),
        };
        Ok(match seen.as_slice() {
            [] => Value::None,
            [one] => Value::str(one),
            many => Tuple::value(many.iter().map(|end| Value::str(end))),
        })
    },
    "The line ends seen.",
);
const LINE_BUFFERING: GetSet = GetSet::read(
    "line_buffering",
    |_, _| Ok(Value::False),
    "Whether each line is written at once.",
);

const BASE_METHODS: &[NativeDef] = &[
    READLINE,
    NativeDef::new(
        "readlines",
        "(self, hint=-1, /)",
        readlines,
        "A list of the lines that are left.",
    ),
    NativeDef::new(
        "writelines",
        "(self, lines, /)",
        writelines,
        "Write one after the other; no line ends are added.",
    ),
    NativeDef::new("flush", "(self, /)", flush, "Write what is held back."),
    NativeDef::new("close", "(self, /)", close, "Flush it, and use it no more."),
    NativeDef::new(
        "seek",
        "(self, offset, whence=0, /)",
        seek,
        "Go to a place; where that is.",
    ),
    NativeDef::new("tell", "(self, /)", tell, "The place where it goes on."),
    NativeDef::new(
        "truncate",
        "(self, size=None, /)",
        truncate,
        "Cut it off at a place, by default at the present one.",
    ),
    NativeDef::new(
        "readable",
        "(self, /)",
        |vm, a| flag(vm, a, |d| d.readable),
        "Whether it can be read.",
    ),
    NativeDef::new(
        "writable",
        "(self, /)",
        |vm, a| flag(vm, a, |d| d.writable),
        "Whether it can be written.",
    ),
    NativeDef::new(
        "seekable",
        "(self, /)",
        |vm, a| flag(vm, a, is_seekable),
        "Whether it can go to a place.",
    ),
    NativeDef::new(
        "isatty",
        "(self, /)",
        |vm, a| flag(vm, a, |_| false),
        "Whether it is a terminal.",
    ),
    NativeDef::new(
        "fileno",
        "(self, /)",
        fileno,
        "The number of its descriptor.",
    ),
    NativeDef::new("__enter__", "(self, /)", enter, ""),
    NativeDef::new("__exit__", "(self, *args)", leave, ""),
    NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
];

/// Whether it is closed. A program's own class keeps that in an attribute, as CPython's does.
fn closed(vm: &mut Vm, v: &Value) -> R {
    if v.opaque::<super::file::FileData>().is_some() {
        return flag(vm, std::slice::from_ref(v), |d| d.closed.get());
    }
    let name = vm.intern(super::file::CLOSED);
    Ok(Value::bool(vm.get_attr_opt(v, &name)?.is_some()))
}

fn leave(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.close.clone();
    vm.call_method(&args[0], &name, &[])?;
    Ok(Value::None)
}

/// The classes by the names that the module has for them.
pub(super) fn all(vm: &mut Vm) -> Vec<Ref<Class>> {
    vec![
        vm.class_for::<IoBase>(),
        vm.class_for::<RawBase>(),
        vm.class_for::<BufferedBase>(),
        vm.class_for::<TextBase>(),
        vm.class_for::<StringIo>(),
        vm.class_for::<BytesIo>(),
        vm.class_for::<TextFile>(),
        vm.class_for::<BytesReader>(),
        vm.class_for::<BytesWriter>(),
        vm.class_for::<BytesRandom>(),
        vm.class_for::<RawFile>(),
    ]
}
