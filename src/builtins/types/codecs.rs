//! Encodings: UTF-8, UTF-16, UTF-32, ASCII, Latin-1, with the usual error handlers.

use crate::vm::heap::Ref;
use crate::vm::object::{Bytes, Class, Exception, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    Utf8,
    Utf8Sig,
    Ascii,
    Latin1,
    Utf16,
    Utf16Le,
    Utf16Be,
    Utf32,
    Utf32Le,
    Utf32Be,
}

impl Codec {
    fn find(vm: &mut Vm, name: &str) -> R<Codec> {
        let plain: String = name
            .chars()
            .filter(|c| !matches!(c, '-' | '_' | ' '))
            .flat_map(char::to_lowercase)
            .collect();
        Ok(match plain.as_str() {
            "utf8" | "u8" | "utf" | "cp65001" => Codec::Utf8,
            "utf8sig" => Codec::Utf8Sig,
            "ascii" | "usascii" | "646" => Codec::Ascii,
            "latin1" | "latin" | "l1" | "iso88591" | "8859" | "cp819" => Codec::Latin1,
            "utf16" | "u16" => Codec::Utf16,
            "utf16le" => Codec::Utf16Le,
            "utf16be" => Codec::Utf16Be,
            "utf32" | "u32" => Codec::Utf32,
            "utf32le" => Codec::Utf32Le,
            "utf32be" => Codec::Utf32Be,
            _ => {
                let class = vm.exc.lookup_error.clone();
                return Err(vm.error(&class, format!("unknown encoding: {name}")));
            }
        })
    }

    /// The name in error messages.
    fn shown(self) -> &'static str {
        match self {
            Codec::Utf8 | Codec::Utf8Sig => "utf-8",
            Codec::Ascii => "ascii",
            Codec::Latin1 => "latin-1",
            Codec::Utf16 => "utf-16",
            Codec::Utf16Le => "utf-16-le",
            Codec::Utf16Be => "utf-16-be",
            Codec::Utf32 => "utf-32",
            Codec::Utf32Le => "utf-32-le",
            Codec::Utf32Be => "utf-32-be",
        }
    }
}

/// Text as bytes.
pub fn encode(vm: &mut Vm, text: &str, encoding: &str, errors: &str) -> R<Vec<u8>> {
    let codec = Codec::find(vm, encoding)?;
    Ok(match codec {
        Codec::Utf8 => text.as_bytes().to_vec(),
        Codec::Utf8Sig => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        Codec::Ascii => return encode_narrow(vm, text, codec, 0x80, errors),
        Codec::Latin1 => return encode_narrow(vm, text, codec, 0x100, errors),
        Codec::Utf16 | Codec::Utf16Le | Codec::Utf16Be => {
            let bom = if codec == Codec::Utf16 {
                Some(0xfeff)
            } else {
                None
            };
            let units = bom.into_iter().chain(text.encode_utf16());
            let big = codec == Codec::Utf16Be;
            units
                .flat_map(|u| {
                    if big {
                        u.to_be_bytes()
                    } else {
                        u.to_le_bytes()
                    }
                })
                .collect()
        }
        Codec::Utf32 | Codec::Utf32Le | Codec::Utf32Be => {
            let bom = if codec == Codec::Utf32 {
                Some(0xfeff)
            } else {
                None
            };
            let units = bom.into_iter().chain(text.chars().map(u32::from));
            let big = codec == Codec::Utf32Be;
            units
                .flat_map(|u| {
                    if big {
                        u.to_be_bytes()
                    } else {
                        u.to_le_bytes()
                    }
                })
                .collect()
        }
    })
}

fn encode_narrow(vm: &mut Vm, text: &str, codec: Codec, limit: u32, errors: &str) -> R<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let chars: Vec<char> = text.chars().collect();
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        if let Some(byte) = u8::try_from(u32::from(c))
            .ok()
            .filter(|_| u32::from(c) < limit)
        {
            out.push(byte);
            i += 1;
            continue;
        }
        let run = chars
            .iter()
            .skip(i)
            .take_while(|c| u32::from(**c) >= limit)
            .count();
        let bad = chars.get(i..i + run).unwrap_or(&[]);
        match errors {
            "ignore" => {}
            "replace" => out.extend(bad.iter().map(|_| b'?')),
            "xmlcharrefreplace" => {
                for c in bad {
                    out.extend(format!("&#{};", u32::from(*c)).bytes());
                }
            }
            "backslashreplace" | "namereplace" => {
                for c in bad {
                    out.extend(escape(errors, *c).bytes());
                }
            }
            "strict" => return Err(encode_error(vm, text, codec, i, i + run, limit)),
            other => return Err(unknown_handler(vm, other)),
        }
        i += run;
    }
    Ok(out)
}

fn escape(errors: &str, c: char) -> String {
    if errors == "namereplace"
        && let Some(name) = unicode_names2::name(c)
    {
        return format!("\\N{{{name}}}");
    }
    match u32::from(c) {
        n @ 0..=0xff => format!("\\x{n:02x}"),
        n @ 0x100..=0xffff => format!("\\u{n:04x}"),
        n => format!("\\U{n:08x}"),
    }
}

#[cold]
fn unknown_handler(vm: &mut Vm, name: &str) -> Raise {
    let class = vm.exc.lookup_error.clone();
    vm.error(&class, format!("unknown error handler name '{name}'"))
}

#[cold]
fn encode_error(
    vm: &mut Vm,
    text: &str,
    codec: Codec,
    start: usize,
    end: usize,
    limit: u32,
) -> Raise {
    let class = vm.exc.unicode_encode_error.clone();
    let reason = format!("ordinal not in range({limit})");
    codec_error(vm, &class, codec, Value::str(text), start, end, &reason)
}

/// Raises UnicodeEncodeError or UnicodeDecodeError with all five fields.
fn codec_error(
    vm: &mut Vm,
    class: &Ref<Class>,
    codec: Codec,
    object: Value,
    start: usize,
    end: usize,
    reason: &str,
) -> Raise {
    let fields = [
        Value::str(codec.shown()),
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

/// Bytes as text.
pub fn decode(vm: &mut Vm, bytes: &[u8], encoding: &str, errors: &str) -> R<String> {
    let codec = Codec::find(vm, encoding)?;
    match codec {
        Codec::Utf8 => decode_utf8(vm, bytes, errors),
        Codec::Utf8Sig => decode_utf8(
            vm,
            bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
            errors,
        ),
        Codec::Latin1 => Ok(bytes.iter().map(|b| char::from(*b)).collect()),
        Codec::Ascii => decode_ascii(vm, bytes, errors),
        Codec::Utf16 | Codec::Utf16Le | Codec::Utf16Be => decode_utf16(vm, bytes, codec, errors),
        Codec::Utf32 | Codec::Utf32Le | Codec::Utf32Be => decode_utf32(vm, bytes, codec, errors),
    }
}

/// What stands for bytes that cannot be decoded, or the error.
fn bad_bytes(
    vm: &mut Vm,
    bytes: &[u8],
    codec: Codec,
    span: (usize, usize),
    reason: &str,
    errors: &str,
) -> R<String> {
    let bad = bytes.get(span.0..span.1).unwrap_or(&[]);
    match errors {
        "ignore" => Ok(String::new()),
        "replace" => Ok("\u{fffd}".to_string()),
        "backslashreplace" => Ok(bad.iter().map(|b| format!("\\x{b:02x}")).collect()),
        "strict" => {
            let class = vm.exc.unicode_decode_error.clone();
            let object = Bytes::value(bytes);
            Err(codec_error(
                vm, &class, codec, object, span.0, span.1, reason,
            ))
        }
        other => Err(unknown_handler(vm, other)),
    }
}

fn decode_utf8(vm: &mut Vm, bytes: &[u8], errors: &str) -> R<String> {
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                out.push_str(text);
                break;
            }
            Err(e) => {
                let good = e.valid_up_to();
                let text = rest.get(..good).and_then(|g| std::str::from_utf8(g).ok());
                out.push_str(text.unwrap_or(""));
                let start = at + good;
                let len = e.error_len().unwrap_or(bytes.len() - start);
                let lead = bytes.get(start).copied().unwrap_or(0);
                let reason = match e.error_len() {
                    None => "unexpected end of data",
                    Some(_) if !(0xc2..=0xf4).contains(&lead) => "invalid start byte",
                    Some(_) => "invalid continuation byte",
                };
                let span = (start, start + len);
                out.push_str(&bad_bytes(vm, bytes, Codec::Utf8, span, reason, errors)?);
                at = start + len;
            }
        }
    }
    Ok(out)
}

fn decode_ascii(vm: &mut Vm, bytes: &[u8], errors: &str) -> R<String> {
    let mut out = String::with_capacity(bytes.len());
    for (i, b) in bytes.iter().enumerate() {
        if b.is_ascii() {
            out.push(char::from(*b));
        } else {
            let reason = "ordinal not in range(128)";
            out.push_str(&bad_bytes(
                vm,
                bytes,
                Codec::Ascii,
                (i, i + 1),
                reason,
                errors,
            )?);
        }
    }
    Ok(out)
}

fn decode_utf16(vm: &mut Vm, bytes: &[u8], codec: Codec, errors: &str) -> R<String> {
    let (mut big, mut at) = (codec == Codec::Utf16Be, 0);
    if codec == Codec::Utf16 {
        match bytes.get(..2) {
            Some([0xff, 0xfe]) => at = 2,
            Some([0xfe, 0xff]) => (big, at) = (true, 2),
            _ => {}
        }
    }
    let unit = |i: usize| match bytes.get(i..i + 2) {
        Some(&[a, b]) if big => Some(u16::from_be_bytes([a, b])),
        Some(&[a, b]) => Some(u16::from_le_bytes([a, b])),
        _ => None,
    };
    let mut out = String::new();
    while at < bytes.len() {
        let Some(first) = unit(at) else {
            let span = (at, bytes.len());
            out.push_str(&bad_bytes(
                vm,
                bytes,
                codec,
                span,
                "truncated data",
                errors,
            )?);
            break;
        };
        let pair: Vec<u16> = [Some(first), unit(at + 2)].into_iter().flatten().collect();
        match char::decode_utf16(pair).next() {
            Some(Ok(c)) => {
                out.push(c);
                at += 2 * c.len_utf16();
            }
            _ => {
                let span = (at, at + 2);
                let reason = if unit(at + 2).is_none() && first < 0xdc00 {
                    "unexpected end of data"
                } else {
                    "illegal encoding"
                };
                out.push_str(&bad_bytes(vm, bytes, codec, span, reason, errors)?);
                at += 2;
            }
        }
    }
    Ok(out)
}

fn decode_utf32(vm: &mut Vm, bytes: &[u8], codec: Codec, errors: &str) -> R<String> {
    let (mut big, mut at) = (codec == Codec::Utf32Be, 0);
    if codec == Codec::Utf32 {
        match bytes.get(..4) {
            Some([0xff, 0xfe, 0, 0]) => at = 4,
            Some([0, 0, 0xfe, 0xff]) => (big, at) = (true, 4),
            _ => {}
        }
    }
    let mut out = String::new();
    while at < bytes.len() {
        let code = match bytes.get(at..at + 4) {
            Some(&[a, b, c, d]) if big => u32::from_be_bytes([a, b, c, d]),
            Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
            _ => {
                let span = (at, bytes.len());
                out.push_str(&bad_bytes(
                    vm,
                    bytes,
                    codec,
                    span,
                    "truncated data",
                    errors,
                )?);
                break;
            }
        };
        match char::from_u32(code) {
            Some(c) => out.push(c),
            None => {
                let reason = "code point not in range(0x110000)";
                let span = (at, at + 4);
                out.push_str(&bad_bytes(vm, bytes, codec, span, reason, errors)?);
            }
        }
        at += 4;
    }
    Ok(out)
}
