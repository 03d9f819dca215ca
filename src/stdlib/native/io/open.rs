//! `open()`.

use super::buffer::{ByteBuffer, LineEnds, TextBuffer};
use super::check::os_error;
use super::classes::{BytesRandom, BytesReader, BytesWriter, RawFile, TextFile};
use super::file::{Content, FileData};
use crate::builtins::types::codecs;
use crate::vm::cycles;
use crate::vm::object::Bytes;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::io;
use std::path::{Path, PathBuf};

/// What a mode like `"r+b"` says.
#[derive(Default)]
struct Mode {
    /// One of `r w a x`.
    action: char,
    update: bool,
    binary: bool,
}

fn parse_mode(vm: &mut Vm, text: &str) -> R<Mode> {
    let mut mode = Mode::default();
    let (mut actions, mut is_text) = (0, false);
    for (i, c) in text.chars().enumerate() {
        let repeated = text.chars().take(i).any(|d| d == c);
        match c {
            'r' | 'w' | 'a' | 'x' if !repeated => {
                mode.action = c;
                actions += 1;
            }
            '+' if !repeated => mode.update = true,
            'b' if !repeated => mode.binary = true,
            't' if !repeated => is_text = true,
            _ => return Err(vm.value_error(format!("invalid mode: '{text}'"))),
        }
    }
    if is_text && mode.binary {
        return Err(vm.value_error("can't have text and binary mode at once"));
    }
    if actions != 1 {
        return Err(vm.value_error("must have exactly one of create/read/write/append mode"));
    }
    Ok(mode)
}

/// What a file is called: its path, as the text or the bytes that were given or that stand for
/// the object that was.
fn path_of(vm: &mut Vm, file: &Value) -> R<(PathBuf, Value)> {
    if let Some(text) = file.as_str() {
        return Ok((PathBuf::from(text), file.clone()));
    }
    if let Some(bytes) = file.downcast::<Bytes>() {
        let path = PathBuf::from(String::from_utf8_lossy(&bytes.0).into_owned());
        return Ok((path, file.clone()));
    }
    let name = vm.intern("__fspath__");
    if let Some(path) = vm.call_special(file, &name, &[])?
        && let Some(text) = path.as_str()
    {
        return Ok((PathBuf::from(text), path));
    }
    let name = vm.type_name(file);
    Err(vm.type_error(format!(
        "expected str, bytes or os.PathLike object, not {name}"
    )))
}

/// `open(file, mode, …)`.
pub(super) fn open(vm: &mut Vm, args: &[Value]) -> R {
    let [file, mode, buffering, encoding, errors, newline, ..] = args else {
        return Ok(Value::None);
    };
    let text = match mode.given() {
        None => "r".to_owned(),
        Some(mode) => match mode.as_str() {
            Some(mode) => mode.to_owned(),
            None => {
                let name = vm.type_name(mode);
                return Err(
                    vm.type_error(format!("open() argument 'mode' must be str, not {name}"))
                );
            }
        },
    };
    let mode = parse_mode(vm, &text)?;
    if mode.binary && encoding.given().is_some_and(|e| !e.is_none()) {
        return Err(vm.value_error("binary mode doesn't take an encoding argument"));
    }
    let unbuffered = buffering.as_i64() == Some(0);
    if unbuffered && !mode.binary {
        return Err(vm.value_error("can't have unbuffered text I/O"));
    }
    if mode.binary && newline.given().is_some_and(|n| !n.is_none()) {
        return Err(vm.value_error("binary mode doesn't take a newline argument"));
    }
    let line_ends = line_ends(vm, newline, "open() argument 'newline'")?;
    let (path, file) = path_of(vm, file)?;
    let bytes = match prepare(&path, &mode) {
        Ok(bytes) => bytes,
        Err(error) => return Err(os_error(vm, &error, &file)),
    };
    let name = encoding.as_str().unwrap_or("utf-8").to_owned();
    let codec = codecs::find(vm, &name, "open")?;
    let errors = errors.as_str().unwrap_or("strict").to_owned();
    let content = if mode.binary {
        let mut buffer = ByteBuffer::new(bytes);
        if mode.action == 'a' {
            buffer.seek(buffer.len());
        }
        Content::Bytes(buffer)
    } else {
        let decoded = codecs::decode(vm, &bytes, &name, &errors)?;
        let mut buffer = TextBuffer::new(decoded, line_ends);
        if mode.action == 'a' {
            buffer.seek_end();
        }
        Content::Text(buffer)
    };
    let mut data = FileData::in_memory(content);
    data.name = file;
    data.mode = if mode.binary {
        binary_mode(&mode)
    } else {
        text
    };
    data.path = Some(path);
    data.codec = codec;
    if encoding.as_str().is_some() {
        data.encoding = encoding.clone();
    }
    data.errors = errors;
    data.readable = mode.action == 'r' || mode.update;
    data.writable = mode.action != 'r' || mode.update;
    data.appends = mode.action == 'a';
    if data.writable {
        cycles::note_release_shows();
    }
    let class = match (data.readable, data.writable) {
        _ if !mode.binary => vm.class_for::<TextFile>(),
        _ if unbuffered => vm.class_for::<RawFile>(),
        (true, true) => vm.class_for::<BytesRandom>(),
        (true, false) => vm.class_for::<BytesReader>(),
        (false, _) => vm.class_for::<BytesWriter>(),
    };
    Ok(vm.make_in(&class, data))
}

/// The argument `newline`, None being the default.
pub(super) fn line_ends(vm: &mut Vm, newline: &Value, name: &str) -> R<LineEnds> {
    match newline {
        Value::Undef | Value::None => Ok(LineEnds::Universal),
        value => match value.as_str().map(LineEnds::find) {
            Some(Some(ends)) => Ok(ends),
            Some(None) => {
                let shown = vm.repr(value)?;
                Err(vm.value_error(format!("illegal newline value: {}", shown.as_str())))
            }
            None => {
                let class = vm.type_name(value);
                Err(vm.type_error(format!("{name} must be str or None, not {class}")))
            }
        },
    }
}

/// How a file of bytes calls its mode.
fn binary_mode(mode: &Mode) -> String {
    match (mode.action, mode.update) {
        ('r', true) | ('w', true) => "rb+".into(),
        (action, true) => format!("{action}b+"),
        (action, false) => format!("{action}b"),
    }
}

/// Makes sure that the file can be used as wanted; its present content.
fn prepare(path: &Path, mode: &Mode) -> io::Result<Vec<u8>> {
    if path.is_dir() {
        // EISDIR
        return Err(io::Error::from_raw_os_error(21));
    }
    let mut options = std::fs::OpenOptions::new();
    match mode.action {
        'r' => options.read(true).write(mode.update),
        'w' => options.write(true).create(true).truncate(true),
        'x' => options.write(true).create_new(true),
        _ => options.append(true).create(true),
    };
    options.open(path)?;
    if matches!(mode.action, 'r' | 'a') {
        std::fs::read(path)
    } else {
        Ok(Vec::new())
    }
}
