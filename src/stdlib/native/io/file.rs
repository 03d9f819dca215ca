//! File objects: `StringIO`, `BytesIO`, opened files and the standard streams. One Rust type is
//! behind all of them; opened files are held in memory and written back when flushed or closed.
//! What is special to files of bytes stands in `binary.rs`, the tables of the classes in
//! `classes.rs`.

use super::buffer::{ByteBuffer, LineEnds, TextBuffer};
use super::check::{check_open, check_readable, check_writable, limit, os_error, unsupported};
use super::classes::TextFile;
use crate::builtins::types::{buffer_argument, codecs};
use crate::text::codec::{self, Codec};
use crate::vm::heap::Slot;
use crate::vm::object::{Bytes, Class, List, NativeData};
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
    /// It takes and gives bytes.
    pub(super) binary: bool,
    /// Of a standard stream: the stream of its bytes, once somebody asked for it.
    pub(super) bytes_side: Slot,
    pub(super) codec: Codec,
    /// The name of the encoding as it was given; `Undef` if none was.
    pub(super) encoding: Value,
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
            binary: matches!(content, Content::Bytes(_)),
            bytes_side: Slot::new(Value::Undef),
            content: RefCell::new(content),
            name: Value::Undef,
            mode: String::new(),
            path: None,
            codec: Codec::Utf8,
            encoding: Value::Undef,
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

    /// How its text is encoded: files of the disk and standard streams spell the default each in
    /// their own way.
    pub(super) fn encoding(&self) -> Value {
        match self.encoding.given() {
            Some(given) => given.clone(),
            None if self.path.is_some() => "UTF-8".into(),
            None => "utf-8".into(),
        }
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

pub(super) fn this<'a>(vm: &mut Vm, v: &'a Value) -> R<&'a FileData> {
    match v.opaque::<FileData>() {
        Some(data) => Ok(data),
        None => {
            let name = vm.class_name(v);
            Err(vm.type_error(format!("a file object was expected, got '{name}'")))
        }
    }
}

/// What a file says of itself; a program's own class that derives from one of `io` says no.
pub(super) fn flag(vm: &mut Vm, args: &[Value], f: impl Fn(&FileData) -> bool) -> R {
    if args[0].opaque::<FileData>().is_none() {
        return Ok(Value::False);
    }
    Ok(f(this(vm, &args[0])?).into())
}

pub(super) fn is_text(data: &FileData) -> bool {
    !data.binary
}

pub(super) fn is_seekable(data: &FileData) -> bool {
    matches!(
        &*data.content.borrow(),
        Content::Text(_) | Content::Bytes(_)
    )
}

// Making

pub(super) fn new_memory(vm: &mut Vm, class: &Value, content: Content) -> R {
    match class.as_ref::<Class>() {
        Some(class) => Ok(vm.make_in(&class.clone(), FileData::in_memory(content))),
        None => Ok(Value::None),
    }
}

pub(super) fn init_string(vm: &mut Vm, args: &[Value]) -> R {
    let ends = match args[2].given() {
        None => LineEnds::default(),
        Some(newline) => super::open::line_ends(vm, newline, "newline")?,
    };
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
    *data.content.borrow_mut() = Content::Text(TextBuffer::given(&text, ends));
    data.closed.set(false);
    Ok(Value::None)
}

pub(super) fn init_bytes(vm: &mut Vm, args: &[Value]) -> R {
    let bytes = match &args[1] {
        Value::Undef | Value::None => Vec::new(),
        value => buffer_argument(vm, value)?,
    };
    let data = this(vm, &args[0])?;
    *data.content.borrow_mut() = Content::Bytes(ByteBuffer::new(bytes));
    data.closed.set(false);
    Ok(Value::None)
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

pub(super) fn stdin_line(vm: &mut Vm) -> R<String> {
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

pub(super) fn read(vm: &mut Vm, args: &[Value]) -> R {
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
    Ok(given(data, text))
}

/// What was read from a standard stream, as text or as bytes.
fn given(data: &FileData, text: String) -> Value {
    if data.binary {
        Bytes::value(text.as_bytes())
    } else {
        text.into()
    }
}

fn read_line(vm: &mut Vm, data: &FileData, limit: Option<usize>) -> R {
    match &mut *data.content.borrow_mut() {
        Content::Text(buffer) => return Ok(buffer.read_line(limit).into()),
        Content::Bytes(buffer) => return Ok(Bytes::value(buffer.read_line(limit))),
        Content::Stdin => {}
        Content::Stdout | Content::Stderr => return Ok(given(data, String::new())),
    }
    Ok(given(data, stdin_line(vm)?))
}

pub(super) fn readline(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_readable(vm, data)?;
    let limit = limit(vm, &args[1])?;
    read_line(vm, data, limit)
}

pub(super) fn readlines(vm: &mut Vm, args: &[Value]) -> R {
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

pub(super) fn write(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_writable(vm, data)?;
    if data.binary {
        return super::binary::write(vm, data, &args[1]);
    }
    let Some(text) = args[1].as_str() else {
        let name = vm.class_name(&args[1]);
        return Err(vm.type_error(if data.is_memory() {
            format!("string argument expected, got '{name}'")
        } else {
            format!("write() argument must be str, not {name}")
        }));
    };
    // What cannot be encoded is not written, and not found out when all is.
    if data.path.is_some()
        && data.codec != Codec::Utf8
        && let Err(error) = codec::encode(text, data.codec, &data.errors)
    {
        return Err(codecs::encode_error(vm, error, text, &data.errors));
    }
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

pub(super) fn writelines(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.names.write.clone();
    vm.for_each(&args[1], |vm, line| {
        vm.call_method(&args[0], &name, &[line])?;
        Ok(true)
    })?;
    Ok(Value::None)
}

pub(super) fn flush(vm: &mut Vm, args: &[Value]) -> R {
    let Some(data) = args[0].opaque::<FileData>() else {
        return Ok(Value::None);
    };
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

/// The attribute by which an object of a program's own class is closed, as in CPython.
pub(super) const CLOSED: &str = "__IOBase_closed";

pub(super) fn close(vm: &mut Vm, args: &[Value]) -> R {
    let Some(data) = args[0].opaque::<FileData>() else {
        return close_foreign(vm, &args[0]);
    };
    if !data.closed.get() {
        flush_data(vm, data)?;
        data.closed.set(true);
        if matches!(&*data.content.borrow(), Content::Stdout) {
            vm.host.stdout_closed = true;
        }
    }
    Ok(Value::None)
}

/// Closes an object of a program's own class.
fn close_foreign(vm: &mut Vm, file: &Value) -> R {
    let name = vm.intern(CLOSED);
    if vm.get_attr_opt(file, &name)?.is_none() {
        let flush = vm.intern("flush");
        vm.call_method(file, &flush, &[])?;
        vm.set_attr(file, &name, Value::True)?;
    }
    Ok(Value::None)
}

// Inspection

pub(super) fn getvalue(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_open(vm, data)?;
    Ok(match &*data.content.borrow() {
        Content::Text(buffer) => buffer.text().into(),
        Content::Bytes(buffer) => Bytes::value(buffer.bytes()),
        _ => Value::None,
    })
}

pub(super) fn name(vm: &mut Vm, v: &Value) -> R {
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

pub(super) fn fileno(vm: &mut Vm, args: &[Value]) -> R {
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

pub(super) fn enter(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(data) = args[0].opaque::<FileData>() {
        check_open(vm, data)?;
    }
    Ok(args[0].clone())
}

pub(super) fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_name(&args[0]);
    let Some(data) = args[0].opaque::<FileData>() else {
        return Ok(format!("<_io.{class} object>").into());
    };
    if data.is_memory() {
        let address = args[0].as_obj().map_or(0, |o| o.address());
        return Ok(format!("<_io.{class} object at {address:#x}>").into());
    }
    let name = vm.repr(&data.name)?;
    if data.binary {
        return Ok(format!("<_io.{class} name={}>", name.as_str()).into());
    }
    let encoding = data.encoding();
    let encoding = encoding.as_str().unwrap_or_default();
    Ok(format!(
        "<_io.{class} name={} mode='{}' encoding='{encoding}'>",
        name.as_str(),
        data.mode
    )
    .into())
}
