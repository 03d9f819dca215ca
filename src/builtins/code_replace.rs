//! `code.replace()`: a copy of a code object under another name, or as if it stood elsewhere. What
//! the code does cannot be replaced: instructions are made by the compiler only.

use super::args::{at, keywords};
use super::arguments::int_or;
use super::code::code_of;
use crate::bytecode::Code;
use crate::source::{Source, Span};
use crate::vm::heap::Ref;
use crate::vm::object::{CodeObject, Str};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::rc::Rc;

/// What a copy can be asked to have, and of which type it must be.
const FIELDS: &[(&str, &str)] = &[
    ("co_argcount", "int"),
    ("co_posonlyargcount", "int"),
    ("co_kwonlyargcount", "int"),
    ("co_nlocals", "int"),
    ("co_stacksize", "int"),
    ("co_flags", "int"),
    ("co_firstlineno", "int"),
    ("co_code", "bytes"),
    ("co_consts", "tuple"),
    ("co_names", "tuple"),
    ("co_varnames", "tuple"),
    ("co_freevars", "tuple"),
    ("co_cellvars", "tuple"),
    ("co_filename", "str"),
    ("co_name", "str"),
    ("co_qualname", "str"),
    ("co_linetable", "bytes"),
    ("co_exceptiontable", "bytes"),
];

pub fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let this = at(args, 0);
    let linked = code_of(vm, &this)?;
    let mut code = (*linked.code).clone();
    for (name, value) in keywords(vm, args.get(1)) {
        let field = FIELDS.iter().find(|(field, _)| *field == name.as_str());
        let Some((field, wanted)) = field else {
            let message = format!(
                "replace() got an unexpected keyword argument '{}'",
                name.as_str()
            );
            return Err(vm.type_error(message));
        };
        check_type(vm, field, wanted, &value)?;
        set(vm, &mut code, &this, (&name, field), &value)?;
    }
    let globals = linked.globals.clone();
    let made: Ref<CodeObject> = vm.link(&Rc::new(code), &globals);
    made.iterable_coroutine.set(linked.iterable_coroutine.get());
    Ok(made.into())
}

fn check_type(vm: &mut Vm, field: &str, wanted: &str, value: &Value) -> R<()> {
    if wanted == "int" {
        return vm.index(value).map(drop);
    }
    let class = vm.type_name(value);
    if *class == *wanted {
        return Ok(());
    }
    let message = format!("replace() argument '{field}' must be {wanted}, not {class}");
    Err(vm.type_error(message))
}

fn set(
    vm: &mut Vm,
    code: &mut Code,
    this: &Value,
    (name, field): (&Ref<Str>, &str),
    value: &Value,
) -> R<()> {
    let text = || value.as_str().unwrap_or_default();
    match field {
        "co_name" => code.name = Rc::from(text()),
        "co_qualname" => code.qualname = Rc::from(text()),
        "co_filename" => {
            let source = &code.source;
            code.source = Source::of_file(source.name(), text(), source.text());
        }
        "co_firstlineno" => {
            let line = int_or(vm, value, 1)?;
            begin_on(code, u32::try_from(line).unwrap_or(1).max(1));
        }
        _ => {
            if matches!(value, Value::Int(number) if *number < 0) {
                return Err(vm.value_error(format!("{field} must be a positive integer")));
            }
            let current = vm.get_attr(this, name)?;
            if !vm.equal(&current, value)? {
                return Err(vm.value_error(format!("{field} cannot be replaced")));
            }
        }
    }
    Ok(())
}

/// Moves the text so that the definition begins on that line.
fn begin_on(code: &mut Code, line: u32) {
    let now = code.first_line();
    let source = &code.source;
    let text = source.text();
    let moved = if line >= now {
        "\n".repeat((line - now) as usize) + text
    } else {
        let cut = text.split_inclusive('\n').skip((now - line) as usize);
        cut.collect()
    };
    let shift = |at: u32| (at as usize + moved.len()).saturating_sub(text.len()) as u32;
    let shifted = |span: Span| match span {
        span if span == Span::default() || span == Span::NO_LINE => span,
        span => Span::new(shift(span.start), shift(span.end)),
    };
    code.span = shifted(code.span);
    code.spans = code.spans.iter().map(|span| shifted(*span)).collect();
    code.source = Source::of_file(source.name(), source.path(), moved);
}
