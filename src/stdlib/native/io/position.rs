//! The position in a file: `seek`, `tell` and `truncate`. Text in memory counts characters, text
//! on disk bytes.

use super::buffer::TextBuffer;
use super::check::{check_open, check_writable, limit, unsupported};
use super::file::{Content, this};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub(super) fn seek(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_open(vm, data)?;
    let whence = match args[2].given() {
        Some(whence) => vm.index_i64(whence)?,
        None => 0,
    };
    let offset = vm.index_i64(&args[1])?;
    let memory = data.is_memory();
    let problem = match &mut *data.content.borrow_mut() {
        Content::Text(buffer) => match (whence, offset) {
            (0, 0..) => {
                let n = usize::try_from(offset).unwrap_or(0);
                let at = if memory { buffer.at_char(n) } else { n };
                buffer.seek(at);
                return Ok(Value::Int(offset));
            }
            (0, _) if memory => format!("Negative seek position {offset}"),
            (0, _) => format!("negative seek position {offset}"),
            (1, 0) => return Ok(position(buffer, memory)),
            (2, 0) => {
                buffer.seek_end();
                return Ok(position(buffer, memory));
            }
            (1 | 2, _) => {
                return Err(if memory {
                    let class = vm.exc.os_error.clone();
                    vm.error(&class, "Can't do nonzero cur-relative seeks")
                } else {
                    unsupported(
                        vm,
                        if whence == 1 {
                            "can't do nonzero cur-relative seeks"
                        } else {
                            "can't do nonzero end-relative seeks"
                        },
                    )
                });
            }
            _ => format!("Invalid whence ({whence}, should be 0, 1 or 2)"),
        },
        Content::Bytes(buffer) => {
            let from = match whence {
                1 => buffer.position(),
                2 => buffer.len(),
                _ => 0,
            };
            let to = i64::try_from(from).unwrap_or(0).saturating_add(offset);
            match usize::try_from(to) {
                Ok(to) => {
                    buffer.seek(to);
                    return Ok(to.into());
                }
                Err(_) if whence == 0 => format!("negative seek value {offset}"),
                Err(_) => {
                    buffer.seek(0);
                    return Ok(Value::Int(0));
                }
            }
        }
        Content::Stdin | Content::Stdout | Content::Stderr => {
            return Err(unsupported(vm, "underlying stream is not seekable"));
        }
    };
    Err(vm.value_error(problem))
}

fn position(buffer: &TextBuffer, memory: bool) -> Value {
    if memory {
        buffer.chars_before().into()
    } else {
        buffer.position().into()
    }
}

pub(super) fn tell(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_open(vm, data)?;
    let memory = data.is_memory();
    match &*data.content.borrow() {
        Content::Text(buffer) => Ok(position(buffer, memory)),
        Content::Bytes(buffer) => Ok(buffer.position().into()),
        _ => Err(unsupported(vm, "underlying stream is not seekable")),
    }
}

pub(super) fn truncate(vm: &mut Vm, args: &[Value]) -> R {
    let data = this(vm, &args[0])?;
    check_writable(vm, data)?;
    let limit = limit(vm, &args[1])?;
    let memory = data.is_memory();
    data.dirty.set(true);
    match &mut *data.content.borrow_mut() {
        Content::Text(buffer) => {
            let at = match limit {
                Some(n) if memory => buffer.at_char(n),
                Some(n) => n,
                None => buffer.position(),
            };
            buffer.truncate(at.min(buffer.len()));
            Ok(limit.map_or_else(|| position(buffer, memory), Value::from))
        }
        Content::Bytes(buffer) => {
            let at = limit.unwrap_or_else(|| buffer.position());
            buffer.truncate(at);
            Ok(at.into())
        }
        _ => Err(unsupported(vm, "truncate")),
    }
}
