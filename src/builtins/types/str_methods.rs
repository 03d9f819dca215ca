//! `str`: case, classes of characters, padding, stripping.

use super::str::{must_be_str, text};
use crate::text::str_case;
use crate::text::str_ops::{self, Ends};
use crate::vm::native::NativeDef;
use crate::vm::object::Str;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

macro_rules! mappings {
    ($($name:ident $function:path;)*) => { $(
        fn $name(_: &mut Vm, args: &[Value]) -> R {
            Ok(Value::from($function(text(&args[0]))))
        }
    )* };
}

mappings! {
    casefold str_case::casefold;
    capitalize str_case::capitalize;
    title str_case::title;
    swapcase str_case::swapcase;
    isalpha str_case::isalpha;
    isalnum str_case::isalnum;
    isdecimal str_case::isdecimal;
    isdigit str_case::isdigit;
    isnumeric str_case::isnumeric;
    isspace str_case::isspace;
    isprintable str_case::isprintable;
    isidentifier str_case::isidentifier;
    isupper str_case::isupper;
    islower str_case::islower;
    istitle str_case::istitle;
    isascii str::is_ascii;
}

fn lower(_: &mut Vm, args: &[Value]) -> R {
    Ok(match ascii(&args[0]) {
        Some(whole) => Str::ascii_mapped(whole, str::make_ascii_lowercase).into(),
        None => Value::from(str_case::lower(text(&args[0]))),
    })
}

fn upper(_: &mut Vm, args: &[Value]) -> R {
    Ok(match ascii(&args[0]) {
        Some(whole) => Str::ascii_mapped(whole, str::make_ascii_uppercase).into(),
        None => Value::from(str_case::upper(text(&args[0]))),
    })
}

/// The text, if it is ASCII.
fn ascii(v: &Value) -> Option<&str> {
    let s = v.downcast::<Str>()?;
    s.is_ascii().then(|| s.as_str())
}

fn strip_with(vm: &mut Vm, args: &[Value], ends: Ends, name: &str) -> R {
    let chars = match args[1].given().filter(|v| !v.is_none()) {
        None => None,
        Some(v) => match v.as_str() {
            Some(chars) => Some(chars),
            None => return Err(vm.type_error(format!("{name} arg must be None or str"))),
        },
    };
    let whole = text(&args[0]);
    let stripped = str_ops::strip(whole, chars, ends);
    if stripped.len() == whole.len() {
        return Ok(args[0].unwrapped());
    }
    Ok(Value::str(stripped))
}

fn strip(vm: &mut Vm, args: &[Value]) -> R {
    strip_with(vm, args, Ends::Both, "strip")
}

fn lstrip(vm: &mut Vm, args: &[Value]) -> R {
    strip_with(vm, args, Ends::Left, "lstrip")
}

fn rstrip(vm: &mut Vm, args: &[Value]) -> R {
    strip_with(vm, args, Ends::Right, "rstrip")
}

fn width(vm: &mut Vm, v: &Value) -> R<usize> {
    let n = vm.index_i64(v)?;
    let n = usize::try_from(n).unwrap_or(0);
    if n > 1 << 40 {
        return Err(vm.out_of_memory());
    }
    Ok(n)
}

fn fill(vm: &mut Vm, v: &Value) -> R<char> {
    let Some(v) = v.given() else { return Ok(' ') };
    let Some(text) = v.as_str() else {
        let class = vm.type_name(v);
        return Err(vm.type_error(format!(
            "The fill character must be a unicode character, not {class}"
        )));
    };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(vm.type_error("The fill character must be exactly one character long")),
    }
}

fn center(vm: &mut Vm, args: &[Value]) -> R {
    let (width, fill) = (width(vm, &args[1])?, fill(vm, &args[2])?);
    Ok(Value::from(str_ops::center(text(&args[0]), width, fill)))
}

fn ljust(vm: &mut Vm, args: &[Value]) -> R {
    let (width, fill) = (width(vm, &args[1])?, fill(vm, &args[2])?);
    Ok(Value::from(str_ops::ljust(text(&args[0]), width, fill)))
}

fn rjust(vm: &mut Vm, args: &[Value]) -> R {
    let (width, fill) = (width(vm, &args[1])?, fill(vm, &args[2])?);
    Ok(Value::from(str_ops::rjust(text(&args[0]), width, fill)))
}

fn zfill(vm: &mut Vm, args: &[Value]) -> R {
    let width = width(vm, &args[1])?;
    Ok(Value::from(str_ops::zfill(text(&args[0]), width)))
}

/// The width of tabs, a C int.
pub fn tab_size(vm: &mut Vm, v: &Value) -> R<usize> {
    let size = match v.given() {
        Some(v) => vm.index(v)?.as_i64(),
        None => Some(8),
    };
    match size.map(i32::try_from) {
        Some(Ok(size)) => Ok(usize::try_from(size).unwrap_or(0)),
        _ => Err(vm.overflow_error("Python int too large to convert to C int")),
    }
}

fn expandtabs(vm: &mut Vm, args: &[Value]) -> R {
    let size = tab_size(vm, &args[1])?;
    Ok(Value::from(str_ops::expand_tabs(text(&args[0]), size)))
}

fn affix<'a>(vm: &mut Vm, v: &'a Value, name: &str) -> R<&'a str> {
    match v.as_str() {
        Some(text) => Ok(text),
        None => {
            let class = vm.argument_type(v);
            Err(vm.type_error(format!("{name}() argument must be str, not {class}")))
        }
    }
}

fn removeprefix(vm: &mut Vm, args: &[Value]) -> R {
    let prefix = affix(vm, &args[1], "removeprefix")?;
    Ok(Value::str(str_ops::remove_prefix(text(&args[0]), prefix)))
}

fn removesuffix(vm: &mut Vm, args: &[Value]) -> R {
    let suffix = affix(vm, &args[1], "removesuffix")?;
    Ok(Value::str(str_ops::remove_suffix(text(&args[0]), suffix)))
}

fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let old = must_be_str(vm, &args[1], "replace", 1)?;
    let new = must_be_str(vm, &args[2], "replace", 2)?;
    let max = crate::builtins::arguments::limit(vm, &args[3])?;
    let whole = text(&args[0]);
    let growth = new.len().saturating_sub(old.len()) as u128;
    if growth * (whole.len() as u128 + 1) > isize::MAX as u128 {
        return Err(vm.overflow_error("replace string is too long"));
    }
    Ok(match str_ops::replace(whole, old, new, max) {
        Some(replaced) => Value::from(replaced),
        None => args[0].unwrapped(),
    })
}

const fn row(
    name: &'static str,
    func: crate::vm::native::NativeFn,
    doc: &'static str,
) -> NativeDef {
    NativeDef::new(name, "(self, /)", func, doc)
}

pub const METHODS: &[NativeDef] = &[
    row("lower", lower, "The text in lower case."),
    row("upper", upper, "The text in upper case."),
    row(
        "casefold",
        casefold,
        "The text made ready for comparison without regard to case.",
    ),
    row(
        "capitalize",
        capitalize,
        "The first character in title case, the rest in lower case.",
    ),
    row("title", title, "Each word with a capital."),
    row(
        "swapcase",
        swapcase,
        "Upper case made lower and the other way round.",
    ),
    row(
        "isalpha",
        isalpha,
        "True if all characters are letters and there is one.",
    ),
    row(
        "isalnum",
        isalnum,
        "True if all characters are letters or digits and there is one.",
    ),
    row(
        "isdecimal",
        isdecimal,
        "True if all characters are decimal digits and there is one.",
    ),
    row(
        "isdigit",
        isdigit,
        "True if all characters are digits and there is one.",
    ),
    row(
        "isnumeric",
        isnumeric,
        "True if all characters are numeric and there is one.",
    ),
    row(
        "isspace",
        isspace,
        "True if all characters are blank and there is one.",
    ),
    row(
        "isprintable",
        isprintable,
        "True if repr() would not escape any character.",
    ),
    row(
        "isidentifier",
        isidentifier,
        "True if the text could be a name.",
    ),
    row(
        "isupper",
        isupper,
        "True if there is a cased character and none is lower case.",
    ),
    row(
        "islower",
        islower,
        "True if there is a cased character and none is upper case.",
    ),
    row("istitle", istitle, "True if each word has a capital."),
    row("isascii", isascii, "True if all characters are ASCII."),
    NativeDef::new(
        "strip",
        "(self, chars=None, /)",
        strip,
        "The text without blanks (or the given characters) at both ends.",
    ),
    NativeDef::new(
        "lstrip",
        "(self, chars=None, /)",
        lstrip,
        "The text without blanks (or the given characters) at its beginning.",
    ),
    NativeDef::new(
        "rstrip",
        "(self, chars=None, /)",
        rstrip,
        "The text without blanks (or the given characters) at its end.",
    ),
    NativeDef::new(
        "center",
        "(self, width, fillchar=' ', /)",
        center,
        "The text in the middle of a field.",
    ),
    NativeDef::new(
        "ljust",
        "(self, width, fillchar=' ', /)",
        ljust,
        "The text at the left of a field.",
    ),
    NativeDef::new(
        "rjust",
        "(self, width, fillchar=' ', /)",
        rjust,
        "The text at the right of a field.",
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
        "removeprefix",
        "(self, prefix, /)",
        removeprefix,
        "The text without that beginning.",
    ),
    NativeDef::new(
        "removesuffix",
        "(self, suffix, /)",
        removesuffix,
        "The text without that end.",
    ),
    NativeDef::new(
        "replace",
        "(self, old, new, /, count=-1)",
        replace,
        "The text with one part replaced by another.",
    ),
];
