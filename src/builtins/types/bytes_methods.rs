//! The methods that `bytes` and `bytearray` share.

use super::codecs;
use super::str::codec_name;
use crate::builtins::arguments::limit;
use crate::text::bytes_ops;
use crate::text::str_ops::Ends;
use crate::vm::native::NativeDef;
use crate::vm::object::{ByteArray, Bytes, Kind, release_backwards};
use crate::vm::ops::sequence::{self, buffer, bytes_like};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The bytes of `self`.
pub fn own(v: &Value) -> Vec<u8> {
    buffer(v).unwrap_or_default()
}

/// A result of the type of `self`.
pub fn like(this: &Value, bytes: impl Into<Vec<u8>>) -> Value {
    let kind = if this.payload::<ByteArray>().is_some() {
        Kind::ByteArray
    } else {
        Kind::Bytes
    };
    bytes_like(kind, bytes.into())
}

/// A bytes-like argument.
pub fn buffer_argument(vm: &mut Vm, v: &Value) -> R<Vec<u8>> {
    match buffer(v) {
        Some(bytes) => Ok(bytes),
        None => {
            let class = vm.type_name(v);
            Err(vm.type_error(format!("a bytes-like object is required, not '{class}'")))
        }
    }
}

macro_rules! mappings {
    ($($name:ident $function:expr;)*) => { $(
        fn $name(_: &mut Vm, args: &[Value]) -> R {
            Ok(like(&args[0], ($function)(&own(&args[0]))))
        }
    )* };
}

mappings! {
    capitalize bytes_ops::capitalize;
    title bytes_ops::title;
    swapcase bytes_ops::swapcase;
    lower <[u8]>::to_ascii_lowercase;
    upper <[u8]>::to_ascii_uppercase;
}

macro_rules! predicates {
    ($($name:ident $function:expr;)*) => { $(
        fn $name(_: &mut Vm, args: &[Value]) -> R {
            Ok(Value::bool(($function)(&own(&args[0]))))
        }
    )* };
}

predicates! {
    isalpha bytes_ops::isalpha;
    isalnum bytes_ops::isalnum;
    isdigit bytes_ops::isdigit;
    isspace bytes_ops::isspace;
    isupper bytes_ops::isupper;
    islower bytes_ops::islower;
    istitle bytes_ops::istitle;
    isascii <[u8]>::is_ascii;
}

fn strip_with(vm: &mut Vm, args: &[Value], ends: Ends) -> R {
    let chars = match args[1].given().filter(|v| !v.is_none()) {
        None => None,
        Some(v) => Some(buffer_argument(vm, v)?),
    };
    let whole = own(&args[0]);
    Ok(like(
        &args[0],
        bytes_ops::strip(&whole, chars.as_deref(), ends),
    ))
}

fn strip(vm: &mut Vm, args: &[Value]) -> R {
    strip_with(vm, args, Ends::Both)
}

fn lstrip(vm: &mut Vm, args: &[Value]) -> R {
    strip_with(vm, args, Ends::Left)
}

fn rstrip(vm: &mut Vm, args: &[Value]) -> R {
    strip_with(vm, args, Ends::Right)
}

fn pad_with(vm: &mut Vm, args: &[Value], name: &str, with: fn(&[u8], usize, u8) -> Vec<u8>) -> R {
    let width = usize::try_from(vm.index_i64(&args[1])?).unwrap_or(0);
    if width > 1 << 40 {
        return Err(vm.out_of_memory());
    }
    let fill = match args[2].given() {
        None => b' ',
        Some(v) => match buffer(v).as_deref() {
            Some([one]) => *one,
            _ => {
                let class = vm.argument_type(v);
                return Err(vm.type_error(format!(
                    "{name}() argument 2 must be a byte string of length 1, not {class}"
                )));
            }
        },
    };
    Ok(like(&args[0], with(&own(&args[0]), width, fill)))
}

fn center(vm: &mut Vm, args: &[Value]) -> R {
    pad_with(vm, args, "center", bytes_ops::center)
}

fn ljust(vm: &mut Vm, args: &[Value]) -> R {
    pad_with(vm, args, "ljust", bytes_ops::ljust)
}

fn rjust(vm: &mut Vm, args: &[Value]) -> R {
    pad_with(vm, args, "rjust", bytes_ops::rjust)
}

fn zfill(vm: &mut Vm, args: &[Value]) -> R {
    let width = usize::try_from(vm.index_i64(&args[1])?).unwrap_or(0);
    if width > 1 << 40 {
        return Err(vm.out_of_memory());
    }
    Ok(like(&args[0], bytes_ops::zfill(&own(&args[0]), width)))
}

fn expandtabs(vm: &mut Vm, args: &[Value]) -> R {
    let size = super::str_methods::tab_size(vm, &args[1])?;
    Ok(like(&args[0], bytes_ops::expand_tabs(&own(&args[0]), size)))
}

fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let old = buffer_argument(vm, &args[1])?;
    let new = buffer_argument(vm, &args[2])?;
    let max = limit(vm, &args[3])?;
    Ok(like(
        &args[0],
        bytes_ops::replace(&own(&args[0]), &old, &new, max),
    ))
}

fn removeprefix(vm: &mut Vm, args: &[Value]) -> R {
    let prefix = buffer_argument(vm, &args[1])?;
    let whole = own(&args[0]);
    Ok(like(
        &args[0],
        whole.strip_prefix(prefix.as_slice()).unwrap_or(&whole),
    ))
}

fn removesuffix(vm: &mut Vm, args: &[Value]) -> R {
    let suffix = buffer_argument(vm, &args[1])?;
    let whole = own(&args[0]);
    Ok(like(
        &args[0],
        whole.strip_suffix(suffix.as_slice()).unwrap_or(&whole),
    ))
}

fn join(vm: &mut Vm, args: &[Value]) -> R {
    let items = match vm.iter_opt(&args[1])? {
        Some(_) => vm.collect(&args[1])?,
        None => return Err(vm.type_error("can only join an iterable")),
    };
    let joined = join_items(vm, &args[0], &items);
    release_backwards(items);
    joined
}

fn join_items(vm: &mut Vm, this: &Value, items: &[Value]) -> R {
    let separator = own(this);
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Some(part) = buffer(item) else {
            let class = vm.type_name(item);
            return Err(vm.type_error(format!(
                "sequence item {i}: expected a bytes-like object, {class} found"
            )));
        };
        if i > 0 {
            out.extend_from_slice(&separator);
        }
        out.extend_from_slice(&part);
    }
    Ok(like(this, out))
}

fn decode(vm: &mut Vm, args: &[Value]) -> R {
    let encoding = codec_name(vm, &args[1], "decode", "encoding", "utf-8")?;
    let errors = codec_name(vm, &args[2], "decode", "errors", "strict")?;
    let bytes = own(&args[0]);
    if bytes.is_empty() {
        // Nothing is looked up for nothing.
        return Ok(Value::str(""));
    }
    codecs::decode(vm, &bytes, &encoding, &errors).map(Value::from)
}

fn hex(vm: &mut Vm, args: &[Value]) -> R {
    hex_of(vm, &own(&args[0]), args)
}

/// `hex(sep, bytes_per_sep)` of these bytes.
pub fn hex_of(vm: &mut Vm, bytes: &[u8], args: &[Value]) -> R {
    let group = match args[2].given() {
        Some(v) => vm.index_c_int(v)?,
        None => 1,
    };
    let sep = match args[1].given() {
        None => None,
        Some(v) => Some(separator(vm, v)?),
    };
    Ok(Value::from(bytes_ops::hex(bytes, sep, group)))
}

fn separator(vm: &mut Vm, v: &Value) -> R<char> {
    if vm.len(v)? != 1 {
        return Err(vm.value_error("sep must be length 1."));
    }
    let c = match (v.as_str(), v.payload::<Bytes>()) {
        (Some(text), _) => text.chars().next(),
        (None, Some(bytes)) => bytes.0.first().map(|b| char::from(*b)),
        (None, None) => return Err(vm.type_error("sep must be str or bytes.")),
    };
    match c.filter(char::is_ascii) {
        Some(c) => Ok(c),
        None => Err(vm.value_error("sep must be ASCII.")),
    }
}

fn fromhex(vm: &mut Vm, args: &[Value]) -> R {
    let Some(text) = args[1].as_str() else {
        let class = vm.argument_type(&args[1]);
        return Err(vm.type_error(format!("fromhex() argument must be str, not {class}")));
    };
    let bytes = match bytes_ops::from_hex(text) {
        Ok(bytes) => bytes,
        Err(at) => {
            return Err(vm.value_error(format!(
                "non-hexadecimal number found in fromhex() arg at position {at}"
            )));
        }
    };
    let class = crate::builtins::arguments::class(vm, &args[0])?;
    if class.is(&vm.types.bytes) {
        return Ok(bytes_like(Kind::Bytes, bytes));
    }
    if class.is(&vm.types.bytearray) {
        return Ok(bytes_like(Kind::ByteArray, bytes));
    }
    vm.call(&args[0], &[bytes_like(Kind::Bytes, bytes)])
}

fn translate(vm: &mut Vm, args: &[Value]) -> R {
    let table = match args[1].given().filter(|v| !v.is_none()) {
        None => None,
        Some(v) => {
            let table = buffer_argument(vm, v)?;
            if table.len() != 256 {
                return Err(vm.value_error("translation table must be 256 characters long"));
            }
            Some(table)
        }
    };
    let delete = match args[2].given() {
        None => Vec::new(),
        Some(v) => buffer_argument(vm, v)?,
    };
    let result = bytes_ops::translate(&own(&args[0]), table.as_deref(), &delete);
    Ok(like(&args[0], result))
}

fn maketrans(vm: &mut Vm, args: &[Value]) -> R {
    let from = buffer_argument(vm, &args[0])?;
    let to = buffer_argument(vm, &args[1])?;
    if from.len() != to.len() {
        return Err(vm.value_error("maketrans arguments must have same length"));
    }
    let mut table: Vec<u8> = (0..=255).collect();
    for (a, b) in from.iter().zip(to) {
        if let Some(place) = table.get_mut(usize::from(*a)) {
            *place = b;
        }
    }
    Ok(bytes_like(Kind::Bytes, table))
}

/// An array shows its class.
fn shown(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].unwrapped().kind() {
        Some(Kind::ByteArray) => super::bytearray::repr(vm, args),
        _ => super::repr(vm, args),
    }
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    let result = sequence::concat_named(vm, &args[0], &args[1])?;
    Ok(vm.or_not_implemented(result))
}

fn mul(vm: &mut Vm, args: &[Value]) -> R {
    super::list::repeat_method(vm, &args[0], &args[1])
}

fn modulo(vm: &mut Vm, args: &[Value]) -> R {
    crate::vm::ops::percent::format_bytes(vm, &args[0].unwrapped(), &args[1])
}

fn rmodulo(vm: &mut Vm, args: &[Value]) -> R {
    let (this, other) = (args[0].unwrapped().kind(), args[1].unwrapped().kind());
    if this != other {
        return Ok(vm.not_implemented());
    }
    crate::vm::ops::percent::format_bytes(vm, &args[1].unwrapped(), &args[0])
}

const fn row(
    name: &'static str,
    func: crate::vm::native::NativeFn,
    doc: &'static str,
) -> NativeDef {
    NativeDef::new(name, "(self, /)", func, doc)
}

pub const METHODS: &[NativeDef] = &[
    super::GETITEM,
    NativeDef::new("__add__", "(self, value, /)", add, "Return self+value."),
    NativeDef::new("__mul__", "(self, value, /)", mul, "Return self*value."),
    NativeDef::new("__rmul__", "(self, value, /)", mul, "Return value*self."),
    NativeDef::new("__mod__", "(self, value, /)", modulo, "Return self%value."),
    NativeDef::new(
        "__rmod__",
        "(self, value, /)",
        rmodulo,
        "Return value%self.",
    ),
    NativeDef::new("__str__", "(self, /)", shown, "Return str(self)."),
    row(
        "capitalize",
        capitalize,
        "The first letter in upper case, the rest in lower case.",
    ),
    row("title", title, "Each word with a capital."),
    row(
        "swapcase",
        swapcase,
        "Upper case made lower and the other way round.",
    ),
    row(
        "lower",
        lower,
        "The bytes with ASCII letters in lower case.",
    ),
    row(
        "upper",
        upper,
        "The bytes with ASCII letters in upper case.",
    ),
    row(
        "isalpha",
        isalpha,
        "True if all bytes are ASCII letters and there is one.",
    ),
    row(
        "isalnum",
        isalnum,
        "True if all bytes are ASCII letters or digits and there is one.",
    ),
    row(
        "isdigit",
        isdigit,
        "True if all bytes are ASCII digits and there is one.",
    ),
    row(
        "isspace",
        isspace,
        "True if all bytes are ASCII blanks and there is one.",
    ),
    row(
        "isupper",
        isupper,
        "True if there is a letter and none is lower case.",
    ),
    row(
        "islower",
        islower,
        "True if there is a letter and none is upper case.",
    ),
    row("istitle", istitle, "True if each word has a capital."),
    row("isascii", isascii, "True if all bytes are ASCII."),
    NativeDef::new(
        "strip",
        "(self, bytes=None, /)",
        strip,
        "The bytes without blanks (or the given bytes) at both ends.",
    ),
    NativeDef::new(
        "lstrip",
        "(self, bytes=None, /)",
        lstrip,
        "The bytes without blanks (or the given bytes) at their beginning.",
    ),
    NativeDef::new(
        "rstrip",
        "(self, bytes=None, /)",
        rstrip,
        "The bytes without blanks (or the given bytes) at their end.",
    ),
    NativeDef::new(
        "center",
        "(self, width, fillchar=b' ', /)",
        center,
        "The bytes in the middle of a field.",
    ),
    NativeDef::new(
        "ljust",
        "(self, width, fillchar=b' ', /)",
        ljust,
        "The bytes at the left of a field.",
    ),
    NativeDef::new(
        "rjust",
        "(self, width, fillchar=b' ', /)",
        rjust,
        "The bytes at the right of a field.",
    ),
    NativeDef::new(
        "zfill",
        "(self, width, /)",
        zfill,
        "The number with zeros before it.",
    ),
    NativeDef::new(
        "expandtabs",
        "(self, /, tabsize=8)",
        expandtabs,
        "Tabs replaced by blanks.",
    ),
    NativeDef::new(
        "replace",
        "(self, old, new, count=-1, /)",
        replace,
        "The bytes with one part replaced by another.",
    ),
    NativeDef::new(
        "removeprefix",
        "(self, prefix, /)",
        removeprefix,
        "The bytes without that beginning.",
    ),
    NativeDef::new(
        "removesuffix",
        "(self, suffix, /)",
        removesuffix,
        "The bytes without that end.",
    ),
    NativeDef::new(
        "join",
        "(self, iterable_of_bytes, /)",
        join,
        "The parts with these bytes between them.",
    ),
    NativeDef::new(
        "decode",
        "(self, /, encoding='utf-8', errors='strict')",
        decode,
        "The text that the bytes stand for.",
    ),
    NativeDef::new(
        "hex",
        "(self, /, sep=None, bytes_per_sep=1)",
        hex,
        "Two hexadecimal digits for each byte.",
    ),
    NativeDef::new(
        "translate",
        "(self, table, /, delete=b'')",
        translate,
        "Each byte replaced as the table says.",
    ),
    NativeDef::new(
        "fromhex",
        "(cls, string, /)",
        fromhex,
        "The bytes that hexadecimal digits stand for.",
    )
    .class(),
    NativeDef::new(
        "maketrans",
        "(frm, to, /)",
        maketrans,
        "A table for translate.",
    )
    .fixed(),
];
