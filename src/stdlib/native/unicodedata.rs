//! `unicodedata`: what Unicode says of characters.

use crate::text::unicode::{decimal_value, is_digit};
use crate::text::unicode_data::{self, Properties};
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::Module;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use unicode_normalization::UnicodeNormalization;

pub static MODULE: ModuleDef = ModuleDef {
    name: "unicodedata",
    doc: "What Unicode says of characters.",
    functions: &[
        NativeDef::new(
            "category",
            "(chr, /)",
            |vm, a| property(vm, "category", a, |p| p.category.into()),
            "The general category, as two letters.",
        ),
        NativeDef::new(
            "bidirectional",
            "(chr, /)",
            |vm, a| property(vm, "bidirectional", a, |p| p.direction.into()),
            "The class of direction; an empty text where there is none.",
        ),
        NativeDef::new(
            "combining",
            "(chr, /)",
            |vm, a| property(vm, "combining", a, |p| Value::Int(p.combining.into())),
            "The canonical combining class; 0 where there is none.",
        ),
        NativeDef::new(
            "decomposition",
            "(chr, /)",
            |vm, a| {
                let c = character(vm, "decomposition", 1, &a[0])?;
                Ok(unicode_data::decomposition(c).into())
            },
            "What the character decomposes into; an empty text if it does not.",
        ),
        NativeDef::new(
            "mirrored",
            "(chr, /)",
            |vm, a| property(vm, "mirrored", a, |p| Value::Int(p.mirrored.into())),
            "1 if the character is mirrored in text from right to left, otherwise 0.",
        ),
        NativeDef::new(
            "east_asian_width",
            "(chr, /)",
            |vm, a| property(vm, "east_asian_width", a, |p| p.width.into()),
            "The width among East Asian characters, as a class.",
        ),
        NativeDef::new(
            "decimal",
            "(chr, default=<unrepresentable>, /)",
            |vm, a| {
                number(vm, "decimal", "a decimal", a, |c| {
                    decimal_value(c).map(|n| Value::Int(n.into()))
                })
            },
            "The value of a decimal digit.",
        ),
        NativeDef::new(
            "digit",
            "(chr, default=<unrepresentable>, /)",
            |vm, a| number(vm, "digit", "a digit", a, digit),
            "The value of a digit.",
        ),
        NativeDef::new(
            "numeric",
            "(chr, default=<unrepresentable>, /)",
            |vm, a| {
                number(vm, "numeric", "a numeric character", a, |c| {
                    unicode_data::numeric(c).map(Value::float)
                })
            },
            "The number that a character stands for, as a float.",
        ),
        NativeDef::new(
            "name",
            "(chr, default=<unrepresentable>, /)",
            name,
            "The name of a character.",
        ),
        NativeDef::new("lookup", "(name, /)", lookup, "The character with a name."),
        NativeDef::new(
            "normalize",
            "(form, unistr, /)",
            |vm, a| Ok(normalized(vm, "normalize", a)?.into()),
            "The text in one of the forms NFC, NFKC, NFD and NFKD.",
        ),
        NativeDef::new(
            "is_normalized",
            "(form, unistr, /)",
            |vm, a| {
                let text = normalized(vm, "is_normalized", a)?;
                Ok((a[1].as_str() == Some(text.as_str())).into())
            },
            "Whether the text is in that form.",
        ),
    ],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let name = vm.intern("unidata_version");
    module.dict.set_str(&name, "15.1.0".into());
    Ok(())
}

/// An argument that is one character.
fn character(vm: &mut Vm, function: &str, place: usize, value: &Value) -> R<char> {
    let mut chars = value.as_str().unwrap_or_default().chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Ok(c);
    }
    let place = match (function, place) {
        ("decimal" | "digit" | "numeric" | "name", place) => format!(" argument {place}"),
        _ => " argument".to_owned(),
    };
    let class = vm.type_name(value);
    let found = match value.as_str() {
        Some(_) => "str".to_owned(),
        None => class.to_string(),
    };
    Err(vm.type_error(format!(
        "{function}(){place} must be a unicode character, not {found}"
    )))
}

fn property(vm: &mut Vm, function: &str, args: &[Value], pick: fn(Properties) -> Value) -> R {
    let c = character(vm, function, 1, &args[0])?;
    Ok(pick(unicode_data::properties(c)))
}

fn digit(c: char) -> Option<Value> {
    let value = unicode_data::numeric(c).filter(|_| is_digit(c))?;
    Some(Value::Int(value as i64))
}

fn number(
    vm: &mut Vm,
    function: &str,
    what: &str,
    args: &[Value],
    find: fn(char) -> Option<Value>,
) -> R {
    let c = character(vm, function, 1, &args[0])?;
    match (find(c), args[1].given()) {
        (Some(found), _) => Ok(found),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(vm.value_error(format!("not {what}"))),
    }
}

fn name(vm: &mut Vm, args: &[Value]) -> R {
    let c = character(vm, "name", 1, &args[0])?;
    match (unicode_data::name(c), args[1].given()) {
        (Some(name), _) => Ok(name.into()),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(vm.value_error("no such name")),
    }
}

fn lookup(vm: &mut Vm, args: &[Value]) -> R {
    let Some(name) = args[0].as_str() else {
        let class = vm.type_name(&args[0]);
        return Err(vm.type_error(format!("lookup() argument must be str, not {class}")));
    };
    match unicode_names2::character(name) {
        Some(c) => Ok(c.to_string().into()),
        None => {
            let class = vm.exc.key_error.clone();
            Err(vm.error(&class, format!("undefined character name '{name}'")))
        }
    }
}

fn normalized(vm: &mut Vm, function: &str, args: &[Value]) -> R<String> {
    let [Some(form), Some(text)] = [args[0].as_str(), args[1].as_str()] else {
        let place = if args[0].as_str().is_some() { 1 } else { 0 };
        let class = vm.type_name(&args[place]);
        return Err(vm.type_error(format!(
            "{function}() argument {} must be str, not {class}",
            place + 1
        )));
    };
    match form {
        "NFC" => Ok(text.nfc().collect()),
        "NFKC" => Ok(text.nfkc().collect()),
        "NFD" => Ok(text.nfd().collect()),
        "NFKD" => Ok(text.nfkd().collect()),
        _ => Err(vm.value_error("invalid normalization form")),
    }
}
