//! `str.encode` and `bytes.decode`: the codecs of `text::codec`, with errors as exceptions.

use crate::text::codec::{self, Codec, CodecError};
use crate::vm::heap::Ref;
use crate::vm::object::{Bytes, Class, Exception, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// Text as bytes.
pub fn encode(vm: &mut Vm, text: &str, encoding: &str, errors: &str) -> R<Vec<u8>> {
    let codec = find(vm, encoding, "encode")?;
    codec::encode(text, codec, errors).map_err(|error| encode_error(vm, error, text, errors))
}

/// Bytes as text.
pub fn decode(vm: &mut Vm, bytes: &[u8], encoding: &str, errors: &str) -> R<String> {
    let codec = find(vm, encoding, "decode")?;
    codec::decode(bytes, codec, errors).map_err(|error| {
        let class = vm.exc.unicode_decode_error.clone();
        raised(vm, error, &class, Bytes::value(bytes), errors)
    })
}

/// The codec of a name, to be used for `encode` or `decode`.
pub fn find(vm: &mut Vm, encoding: &str, action: &str) -> R<Codec> {
    Codec::find(encoding).ok_or_else(|| {
        let class = vm.exc.lookup_error.clone();
        if Codec::is_transform(encoding) {
            return vm.error(
                &class,
                format!(
                    "'{encoding}' is not a text encoding; use codecs.{action}() to handle arbitrary codecs"
                ),
            );
        }
        vm.error(&class, format!("unknown encoding: {encoding}"))
    })
}

/// What is raised where a text could not be encoded.
#[cold]
pub fn encode_error(vm: &mut Vm, error: CodecError, text: &str, errors: &str) -> Raise {
    let class = vm.exc.unicode_encode_error.clone();
    raised(vm, error, &class, Value::str(text), errors)
}

/// The exception of an error, with all five fields if it is a UnicodeError.
#[cold]
fn raised(
    vm: &mut Vm,
    error: CodecError,
    class: &Ref<Class>,
    object: Value,
    errors: &str,
) -> Raise {
    let (encoding, start, end, reason) = match error {
        CodecError::Unicode {
            encoding,
            start,
            end,
            reason,
        } => (encoding, start, end, reason),
        CodecError::UnknownHandler => {
            let class = vm.exc.lookup_error.clone();
            return vm.error(&class, format!("unknown error handler name '{errors}'"));
        }
        CodecError::CannotHandle => {
            let name = class.name();
            return vm.type_error(format!("don't know how to handle {name} in error callback"));
        }
    };
    let fields = [
        Value::str(encoding),
        object,
        Value::from(start),
        Value::from(end),
        Value::str(reason),
    ];
    let exception = Exception::new(class, Tuple::new(fields.clone()));
    for (i, field) in fields.into_iter().enumerate() {
        exception.set_field(i, field);
    }
    vm.raise(exception.into())
}
