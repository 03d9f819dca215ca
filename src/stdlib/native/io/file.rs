//! File objects: `StringIO`, `BytesIO`, opened files and the standard streams. One Rust type is
//! behind all of them; opened files are held in memory and written back when flushed or closed.

use super::buffer::{ByteBuffer, TextBuffer};
use super::check::{check_open, check_readable, check_writable, limit, os_error, unsupported};
use super::position::{seek, tell, truncate};
use crate::text::codec::{self, Codec};
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{ByteArray, Bytes, Class, Layout, List, NativeData};
use crate::vm::observe::Event;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;

/// Where a file's content is.
pub(super) enum Content {
    Text(TextBuffer),
    Bytes(ByteBuffer),
    Stdin,
    Stdout,
    Stderr,
}

/// The Rust side of a file object.
pub struct FileData {
    pub(super) content: RefCell<Content>,
    /// `name` as it was given; `Undef` for files without one.
    pub(super) name: Value,
    pub(super) mode: String,
    /// The file on disk, if there is one.
    pub(super) path: Option<PathBuf>,
    pub(super) codec: Codec,
    pub(super) errors: String,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) appends: bool,
    pub(super) closed: Cell<bool>,
    /// Holds what is not yet on disk.
    pub(super) dirty: Cell<bool>,
}

impl FileData {
    pub(super) fn in_memory(content: Content) -> Self {
        FileData {
            content: RefCell::new(content),
            name: Value::Undef,
            mode: String::new(),
            path: None,
            codec: Codec::Utf8,
            errors: "strict".into(),
            readable: true,
            writable: true,
            appends: false,
            closed: Cell::new(false),
            dirty: Cell::new(false),
        }
    }

    /// Writes back what was changed.
    fn flush_to_disk(&self) -> io::Result<()> {
        let Some(path) = self.path.as_ref().filter(|_| self.dirty.get()) else {
            return Ok(());
        };
        let bytes = match &*self.content.borrow() {
            Content::Text(buffer) => {
                codec::encode(buffer.text(), self.codec, &self.errors).unwrap_or_default()
            }
            Content::Bytes(buffer) => buffer.bytes().to_vec(),
            Content::Stdin | Content::Stdout | Content::Stderr => return Ok(()),
        };
        std::fs::write(path, bytes)?;
        self.dirty.set(false);
        Ok(())
    }

    pub(super) fn is_memory(&self) -> bool {
        self.path.is_none()
            && matches!(
                &*self.content.borrow(),
                Content::Text(_) | Content::Bytes(_)
            )
    }
}

impl Drop for FileData {
    fn drop(&mut self) {
        // A file that nobody closed is written when it dies; there is nobody to tell of errors.
        let _ = self.flush_to_disk();
    }
}

impl NativeData for FileData {
    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        check_readable(vm, self)?;
        let line = read_line(vm, self, None)?;
        let end = match &line {
            Value::Obj(_) => {
                line.as_str().is_some_and(str::is_empty)
                    || line.downcast::<Bytes>().is_some_and(|b| b.0.is_empty())
            }
            _ => true,
        };
        Ok(if end { None } else { Some(line) })
    }
}

/// Stand for the classes of file objects, which all hold `FileData`.
pub(super) struct StringIo;
pub(super) struct BytesIo;
pub(super) struct TextFile;
pub(super) struct BinaryFile;

macro_rules! file_class {
    ($($marker:ident $def:ident $name:literal $layout:literal $own:expr;)*) => { $(
        impl NativeData for $marker {}

        impl NativeType for $marker {
            const DEF: &'static TypeDef = &$def;
        }

        static $def: TypeDef = TypeDef::new($name, "_io", Layout::Opaque($layout))
            .base(base)
            .with_dict()
            .iterator()
            .methods($own);
    )* };
}

file_class! {
    StringIo STRING_IO "StringIO" 0x5301 &[
        NativeDef::constructor("(cls, *args, **kwargs)", |vm, a| new_memory(vm, &a[0], Content::Text(TextBuffer::default()))),
        NativeDef::new("__init__", "(self, initial_value='', newline='\\n')", init_string, "Text I/O implementation using an in-memory buffer."),
        NativeDef::new("getvalue", "(self, /)", getvalue, "Retrieve the entire contents of the object."),
    ];
    BytesIo BYTES_IO "BytesIO" 0x5302 &[
        NativeDef::constructor("(cls, *args, **kwargs)", |vm, a| new_memory(vm, &a[0], Content::Bytes(ByteBuffer::default()))),
        NativeDef::new("__init__", "(self, initial_bytes=b'')", init_bytes, "Buffered I/O implementation using an in-memory bytes buffer."),
        NativeDef::new("getvalue", "(self, /)", getvalue, "Retrieve the entire contents of the BytesIO object."),
    ];
    TextFile TEXT_FILE "TextIOWrapper" 0x5303 &[];
    BinaryFile BINARY_FILE "BufferedRandom" 0x5304 &[];
}

/// `_io._IOBase`: what all file objects can do.
struct IoBase;

impl NativeData for IoBase {}

impl NativeType for IoBase {
    const DEF: &'static TypeDef = &IO_BASE;
}

fn base(vm: &mut Vm) -> crate::vm::heap::Ref<Class> {
    vm.class_for::<IoBase>()
}

static IO_BASE: TypeDef = TypeDef::new("_IOBase", "_io", Layout::Object)
    .doc("The abstract base class for all I/O classes.")
    .with_dict()
    .methods(&[
        NativeDef::new(
            "read",
            "(self, size=-1, /)",
            read,
            "Read at most size characters.",
        ),
        NativeDef::new(
            "readline",
            "(self, size=-1, /)",
            readline,
            "Read until newline or EOF.",
        ),
        NativeDef::new(
            "readlines",
            "(self, hint=-1, /)",
            readlines,
            "Return a list of lines from the stream.",
        ),
        NativeDef::new(
            "write",
            "(self, s, /)",
            write,
            "Write to the stream; the number of characters.",
        ),
        NativeDef::new(
            "writelines",
            "(self, lines, /)",
            writelines,
            "Write a list of lines to stream.",
        ),
        NativeDef::new(
            "flush",
            "(self, /)",
            flush,
            "Flush write buffers, if applicable.",
        ),
        NativeDef::new(
            "close",
            "(self, /)",
            close,
            "Flush and close the IO object.",
        ),
        NativeDef::new(
            "seek",
            "(self, pos, whence=0, /)",
            seek,
            "Change the stream position.",
        ),
        NativeDef::new(
            "tell",
            "(self, /)",
            tell,
            "Tell the current stream position.",
        ),
        NativeDef::new(
            "truncate",
            "(self, pos=None, /)",
            truncate,
            "Truncate size to pos.",
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
            "Whether it can seek.",
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
            "Return underlying file descriptor if one exists.",
        ),
        NativeDef::new("__enter__", "(self, /)", enter, ""),
        NativeDef::new(
            "__exit__",
            "(self, *args)",
            |vm, a| {
                let name = vm.names.close.clone();
                vm.call_method(&a[0], &name, &[])?;
                Ok(Value::None)
            },
            "",
        ),
        NativeDef::new("__repr__", "(self, /)", repr, "Return repr(self)."),
        NativeDef::new(
            "reconfigure",
            "(self, **kwargs)",
            |_, _| Ok(Value::None),
            "Reconfigure the text stream with new parameters.",
        ),
    ])
    .getset(&[
        GetSet::read(
            "closed",
            |vm, v| flag(vm, std::slice::from_ref(v), |d| d.closed.get()),
            "",
        ),
        GetSet::read("name", name, ""),
        GetSet::read("mode", |vm, v| Ok(this(vm, v)?.mode.as_str().into()), ""),
        GetSet::read(
            "encoding",
            |vm, v| {
                Ok(if is_text(this(vm, v)?) {
                    "utf-8".into()
                } else {
                    Value::None
                })
            },
            "",
        ),
        GetSet::read(
            "errors",
            |vm, v| Ok(this(vm, v)?.errors.as_str().into()),
            "",
        ),
        GetSet::read("newlines", |_, _| Ok(Value::None), ""),
        GetSet::read("line_buffering", |_, _| Ok(Value::False), ""),
        GetSet::read("buffer", buffer, ""),
    ]);

pub(super) fn this<'a>(vm: &mut Vm, v: &'a Value) -> R<&'a FileData> {
    match v.opaque::<FileData>() {
        Some(data) => Ok(data),
        None => {
            let name = vm.class_name(v);
            Err(vm.type_error(format!("a file object was expected, got '{name}'")))
        }
    }
}

fn flag(vm: &mut Vm, args: &[Value], f: impl Fn(&FileData) -> bool) -> R {
    Ok(f(this(vm, &args[0])?).into())
}

pub(super) fn is_text(data: &FileData) -> bool {
    !matches!(&*data.content.borrow(), Content::Bytes(_))
}

fn is_seekable(data: &FileData) -> bool {
    matches!(
        &*data.content.borrow(),
        Content::Text(_) | Content::Bytes(_)
    )
}

// Making

fn new_memory(vm: &mut Vm, class: &Value, content: Content) -> R {
    match class.as_ref::<Class>() {
        Some(class) => Ok(vm.make_in(&class.clone(), FileData::in_memory(content))),
        None => Ok(Value::None),
    }
}

fn init_string(vm: &mut Vm, args: &[Value]) -> R {
    let text = match &args[1] {
        Value::Undef | Value::None => String::new(),
        value => match value.as_str() {
            Some(text) => text.to_owned(),
            None => {
                let name = vm.class_name(value);
                return Err(vm.type_error(format!("initial_value must be str or None, not {name}")));
            }
        },
    };
    let data = this(vm, &args[0])?;
    *data.content.borrow_mut() = Content::Text(TextBuffer::new(text));
    data.closed.set(false);
    Ok(Value::None)
}

fn init_bytes(vm: &mut Vm, args: &[Value]) -> R {
    let bytes = match &args[1] {
        Value::Undef | Value::None => Vec::new(),
        value => bytes_of(vm, value)?,
    };
    let data = this(vm, &args[0])?;
    *data.content.borrow_mut() = Content::Bytes(ByteBuffer::new(bytes));
    data.closed.set(false);
    Ok(Value::None)
}

fn bytes_of(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    if let Some(bytes) = value.payload::<Bytes>() {
        return Ok(bytes.0.to_vec());
    }
    if let Some(bytes) = value.payload::<ByteArray>() {
        return Ok(bytes.0.borrow().clone());
    }
    let name = vm.class_name(value);
    Err(vm.type_error(format!("a bytes-like object is required, not '{name}'")))
}

/// One of the standard streams.
pub(super) fn standard(vm: &mut Vm, content: Content, name: &str, mode: &str) -> Value {
    let readable = mode == "r";
    let mut data = FileData::in_memory(content);
    data.name = name.into();
    data.mode = mode.into();
    data.readable = readable;
    data.writable = !readable;
    if name == "<stderr>" {
        data.errors = "backslashreplace".into();
    }
    let class = vm.class_for::<TextFile>();
    vm.make_in(&class, data)
}

// Reading

fn stdin_line(vm: &mut Vm) -> R<String> {
    flush_output(vm)?;
    match vm.host.stdin.read_line() {
        Ok(line) => Ok(line),
        Err(error) => {
            // Ctrl-C came first.
            vm.attend()?;
            Err(os_error(vm, &error, &Value::None))
        }
    }
}

fn flush_output(vm: &mut Vm) -> R<()> {
    match vm.host.stdout.flush() {
        Ok(()) => Ok(()),
        Err(error) => Err(os_error(vm, &error, &Value::None)),
    }
}

fn read(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_readable(vm, data)?;
    let limit = limit(vm, &args[1])?;
    let from_stdin = match &mut *data.content.borrow_mut() {
        Content::Text(buffer) => return Ok(buffer.read(limit).into()),
        Content::Bytes(buffer) => return Ok(Bytes::value(buffer.read(limit))),
        Content::Stdin => true,
        Content::Stdout | Content::Stderr => false,
    };
    let mut text = String::new();
    while from_stdin && limit.is_none_or(|n| text.chars().count() < n) {
        let line = stdin_line(vm)?;
        if line.is_empty() {
            break;
        }
        text.push_str(&line);
    }
    Ok(text.into())
}

fn read_line(vm: &mut Vm, data: &FileData, limit: Option<usize>) -> R {
    match &mut *data.content.borrow_mut() {
        Content::Text(buffer) => return Ok(buffer.read_line(limit).into()),
        Content::Bytes(buffer) => return Ok(Bytes::value(buffer.read_line(limit))),
        Content::Stdin => {}
        Content::Stdout | Content::Stderr => return Ok("".into()),
    }
    stdin_line(vm).map(Value::from)
}

fn readline(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_readable(vm, data)?;
    let limit = limit(vm, &args[1])?;
    read_line(vm, data, limit)
}

fn readlines(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    let hint = limit(vm, &args[1])?.filter(|n| *n > 0);
    let (mut lines, mut size) = (Vec::new(), 0);
    while let Some(line) = data.next(vm)? {
        size +=
            line.as_str().map_or(0, str::len) + line.downcast::<Bytes>().map_or(0, |b| b.0.len());
        lines.push(line);
        if hint.is_some_and(|hint| size >= hint) {
            break;
        }
    }
    Ok(List::value(lines))
}

// Writing

fn write(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_writable(vm, data)?;
    if !is_text(data) {
        let bytes = bytes_of(vm, &args[1])?;
        if let Content::Bytes(buffer) = &mut *data.content.borrow_mut() {
            if data.appends {
                buffer.seek(buffer.len());
            }
            buffer.write(&bytes);
        }
        data.dirty.set(true);
        return Ok(bytes.len().into());
    }
    let Some(text) = args[1].as_str() else {
        let name = vm.class_name(&args[1]);
        return Err(vm.type_error(if data.is_memory() {
            format!("string argument expected, got '{name}'")
        } else {
            format!("write() argument must be str, not {name}")
        }));
    };
    let written = match &mut *data.content.borrow_mut() {
        Content::Text(buffer) => {
            if data.appends {
                buffer.seek_end();
            }
            buffer.write(text);
            data.dirty.set(true);
            Ok(())
        }
        Content::Stdout => {
            let written = vm.host.stdout.write(text.as_bytes());
            if vm.is_observed() {
                vm.tell(&Event::Written(text));
            }
            written
        }
        Content::Stderr => vm.host.stderr.write(text.as_bytes()),
        Content::Bytes(_) | Content::Stdin => Ok(()),
    };
    match written {
        Ok(()) => Ok(text.chars().count().into()),
        Err(error) => Err(os_error(vm, &error, &Value::None)),
    }
}

fn writelines(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.write.clone();
    vm.for_each(&args[1], |vm, line| {
        vm.call_method(&args[0], &name, &[line])?;
        Ok(true)
    })?;
    Ok(Value::None)
}

fn flush(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_open(vm, data)?;
    flush_data(vm, data)?;
    Ok(Value::None)
}

fn flush_data(vm: &mut Vm, data: &FileData) -> R<()> {
    let result = match &*data.content.borrow() {
        Content::Stdout => vm.host.stdout.flush(),
        Content::Stderr => vm.host.stderr.flush(),
        _ => Ok(()),
    };
    match result.and_then(|()| data.flush_to_disk()) {
        Ok(()) => Ok(()),
        Err(error) => Err(os_error(vm, &error, &data.name)),
    }
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    if !data.closed.get() {
        flush_data(vm, data)?;
        data.closed.set(true);
    }
    Ok(Value::None)
}

// Inspection

fn getvalue(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_open(vm, data)?;
    Ok(match &*data.content.borrow() {
        Content::Text(buffer) => buffer.text().into(),
        Content::Bytes(buffer) => Bytes::value(buffer.bytes()),
        _ => Value::None,
    })
}

fn name(vm: &mut Vm, v: &Value) -> R {
    let data = this(vm, v)?;
    match data.name.given() {
        Some(name) => Ok(name.clone()),
        None => {
            let class = vm.class_name(v);
            Err(vm.attribute_error(
                v,
                "name",
                format!("'_io.{class}' object has no attribute 'name'"),
            ))
        }
    }
}

/// The byte side of a text stream: the standard streams serve as their own.
fn buffer(vm: &mut Vm, v: &Value) -> R {
    let data = this(vm, v)?;
    let name = match &*data.content.borrow() {
        Content::Stdout | Content::Stderr | Content::Stdin => return Ok(v.clone()),
        _ => vm.class_name(v),
    };
    Err(vm.attribute_error(
        v,
        "buffer",
        format!("'_io.{name}' object has no attribute 'buffer'"),
    ))
}

fn fileno(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_open(vm, data)?;
    let number = match &*data.content.borrow() {
        Content::Stdin => 0,
        Content::Stdout => 1,
        Content::Stderr => 2,
        _ => return Err(unsupported(vm, "fileno")),
    };
    Ok(Value::Int(number))
}

fn enter(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_open(vm, data)?;
    Ok(args[0].clone())
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_name(&args[0]);
    let Some(data) = args[0].opaque::<FileData>() else {
        return Ok(format!("<_io.{class} object>").into());
    };
    if data.is_memory() {
        let address = args[0].as_obj().map_or(0, |o| o.address());
        return Ok(format!("<_io.{class} object at {address:#x}>").into());
    }
    let name = vm.repr(&data.name)?;
    if !is_text(data) {
        let class = match (data.readable, data.writable) {
            (true, true) => "BufferedRandom",
            (false, _) => "BufferedWriter",
            _ => "BufferedReader",
        };
        return Ok(format!("<_io.{class} name={}>", name.as_str()).into());
    }
    let encoding = if data.path.is_some() {
        "UTF-8"
    } else {
        "utf-8"
    };
    Ok(format!(
        "<_io.{class} name={} mode='{}' encoding='{encoding}'>",
        name.as_str(),
        data.mode
    )
    .into())
}
