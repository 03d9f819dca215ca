//! `str.format` and `str.format_map`.

use super::str::text;
use crate::text::str_format::{
    Accessor, AutoNumber, Field, FieldName, FieldStart, MAX_NESTING, NESTING_ERROR, Template,
    TemplateError, conversion_error,
};
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::Tuple;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// The arguments of one call.
struct Arguments {
    positional: Option<Ref<Tuple>>,
    /// A dict, or for `format_map` any mapping.
    named: Value,
    auto: AutoNumber,
}

fn bad_template(vm: &mut Vm, e: TemplateError) -> Raise {
    vm.value_error(e.0)
}

fn render(vm: &mut Vm, template: &str, arguments: &mut Arguments, depth: usize) -> R<String> {
    if depth > MAX_NESTING {
        return Err(bad_template(vm, NESTING_ERROR));
    }
    let mut out = String::new();
    for step in Template::new(template) {
        let markup = match step {
            Ok(markup) => markup,
            Err(e) => return Err(bad_template(vm, e)),
        };
        out.push_str(markup.literal);
        if let Some(field) = markup.field {
            let value = look_up(vm, field.name, arguments)?;
            out.push_str(&render_field(vm, &field, value, arguments, depth)?);
        }
    }
    Ok(out)
}

fn render_field(
    vm: &mut Vm,
    field: &Field<'_>,
    value: Value,
    arguments: &mut Arguments,
    depth: usize,
) -> R<String> {
    let value: Value = match field.conversion {
        None => value,
        Some('r') => vm.repr(&value)?.into(),
        Some('s') => vm.str(&value)?.into(),
        Some('a') => vm.ascii(&value)?.into(),
        Some(other) => {
            let message = conversion_error(other).unwrap_or_default();
            return Err(vm.value_error(message));
        }
    };
    let nested;
    let spec = if field.spec_is_template {
        nested = render(vm, field.spec, arguments, depth + 1)?;
        nested.as_str()
    } else {
        field.spec
    };
    Ok(vm.format(&value, spec)?.as_str().to_string())
}

fn look_up(vm: &mut Vm, name: &str, arguments: &mut Arguments) -> R {
    let field = match FieldName::split(name) {
        Ok(field) => field,
        Err(e) => return Err(bad_template(vm, e)),
    };
    let mut value = first(vm, field.start, arguments)?;
    for accessor in field {
        value = match accessor {
            Ok(Accessor::Attribute(name)) => {
                let name = vm.intern(name);
                vm.get_attr(&value, &name)?
            }
            Ok(Accessor::Index(i)) => vm.get_item(&value, &Value::from(i))?,
            Ok(Accessor::Key(key)) => vm.get_item(&value, &Value::str(key))?,
            Err(e) => return Err(bad_template(vm, e)),
        };
    }
    Ok(value)
}

fn first(vm: &mut Vm, start: FieldStart<'_>, arguments: &mut Arguments) -> R {
    let index = match arguments.auto.index(start) {
        Ok(index) => index,
        Err(e) => return Err(bad_template(vm, e)),
    };
    let Some(index) = index else {
        let FieldStart::Name(name) = start else {
            return Ok(Value::None);
        };
        let named = arguments.named.clone();
        return vm.get_item(&named, &Value::str(name));
    };
    let Some(positional) = &arguments.positional else {
        return Err(vm.value_error("Format string contains positional fields"));
    };
    match positional.items().get(index) {
        Some(value) => Ok(value.clone()),
        None => Err(vm.index_error(format!(
            "Replacement index {index} out of range for positional args tuple"
        ))),
    }
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    let template = text(&args[0]).to_string();
    let mut arguments = Arguments {
        positional: args[1].as_ref::<Tuple>().cloned(),
        named: args[2].clone(),
        auto: AutoNumber::default(),
    };
    rendered(vm, args, &template, &mut arguments)
}

/// The result; what has no fields is its own result, as in CPython.
fn rendered(vm: &mut Vm, args: &[Value], template: &str, arguments: &mut Arguments) -> R {
    let text = render(vm, template, arguments, 1)?;
    if !template.is_empty() && !template.contains(['{', '}']) {
        return Ok(args[0].clone());
    }
    Ok(Value::from(text))
}

fn format_map(vm: &mut Vm, args: &[Value]) -> R {
    let template = text(&args[0]).to_string();
    let mut arguments = Arguments {
        positional: None,
        named: args[1].clone(),
        auto: AutoNumber::default(),
    };
    rendered(vm, args, &template, &mut arguments)
}

pub const METHODS: &[NativeDef] = &[
    NativeDef::new(
        "format",
        "(self, /, *args, **kwargs)",
        format,
        "The template with its {} fields filled in.",
    ),
    NativeDef::new(
        "format_map",
        "(self, mapping, /)",
        format_map,
        "The template filled in from a mapping.",
    ),
];
