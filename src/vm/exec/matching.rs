//! Structural pattern matching (PEP 634).

use super::{copy_at, take_at};
use crate::bytecode::Instr;
use crate::vm::heap::Ref;
use crate::vm::object::{Class, Dict, Kind, Opaque, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

#[inline(never)]
pub fn match_sequence(vm: &mut Vm, subject: Value) -> R {
    let inner = subject.unwrapped();
    let builtin = matches!(inner.kind(), Some(Kind::List | Kind::Tuple | Kind::Range));
    if builtin {
        return Ok(Value::True);
    }
    if matches!(
        inner.kind(),
        Some(Kind::Str | Kind::Bytes | Kind::ByteArray)
    ) {
        return Ok(Value::False);
    }
    let native = subject
        .downcast::<Opaque>()
        .is_some_and(|o| o.data.is_sequence());
    Ok(Value::bool(native || vm.has_abc(&subject, "Sequence")?))
}

#[inline(never)]
pub fn match_mapping(vm: &mut Vm, subject: Value) -> R {
    if subject.payload::<Dict>().is_some() {
        return Ok(Value::True);
    }
    Ok(Value::bool(vm.has_abc(&subject, "Mapping")?))
}

impl Vm {
    /// Whether a value is an instance of an abstract base class of `collections.abc`, if that
    /// module was ever imported (otherwise nothing can be registered with it).
    fn has_abc(&mut self, subject: &Value, abc: &str) -> R<bool> {
        if !matches!(subject.kind(), Some(Kind::Instance | Kind::Opaque)) {
            return Ok(false);
        }
        let module = self.intern("collections.abc");
        let Some(module) = self.modules.get_str(&module) else {
            return Ok(false);
        };
        let name = self.intern(abc);
        match self.get_attr_opt(&module, &name)? {
            Some(class) => self.is_instance(subject, &class),
            None => Ok(false),
        }
    }
}

/// The values under the keys, or `None` if one is missing. A key twice is a ValueError.
#[inline(never)]
pub fn match_keys(vm: &mut Vm, subject: Value, keys: Value) -> R {
    let Some(keys) = keys.as_ref::<Tuple>() else {
        return Ok(Value::None);
    };
    let mut values: Vec<Value> = Vec::with_capacity(keys.items().len());
    let seen = Dict::new();
    let get = vm.names.get.clone();
    let marker: Value = Tuple::new([Value::None]).into();
    for key in keys.items() {
        if vm.dict_get(&seen, key)?.is_some() {
            let shown = vm.repr(key)?;
            return Err(vm.value_error(format!(
                "mapping pattern checks duplicate key ({})",
                shown.as_str()
            )));
        }
        vm.dict_set(&seen, key, Value::None)?;
        let found = match subject.as_ref::<Dict>() {
            Some(dict) => vm.dict_get(dict, key)?,
            None => {
                let value = vm.call_method(&subject, &get, &[key.clone(), marker.clone()])?;
                if value.is(&marker) { None } else { Some(value) }
            }
        };
        match found {
            Some(value) => values.push(value),
            None => return Ok(Value::None),
        }
    }
    Ok(Tuple::value(values))
}

/// The attributes that a class pattern takes from its subject, or `None` if it does not match.
#[inline(never)]
pub fn match_class(vm: &mut Vm, i: &Instr, regs: *mut Value) -> R {
    let subject = copy_at(regs, i.b as usize);
    let class = take_at(regs, i.b as usize + 1);
    let keywords = take_at(regs, i.b as usize + 2);
    let positional = i.c as usize;
    let Some(class_ref) = class.as_ref::<Class>().cloned() else {
        return Err(vm.type_error("called match pattern must be a class"));
    };
    if !vm.is_instance(&subject, &class)? {
        return Ok(Value::None);
    }
    let mut seen: Vec<Ref<Str>> = Vec::new();
    let mut values = Vec::new();
    if positional > 0
        && !positional_values(vm, &subject, &class_ref, positional, &mut seen, &mut values)?
    {
        return Ok(Value::None);
    }
    if let Some(names) = keywords.as_ref::<Tuple>() {
        for name in names.items() {
            let Some(name) = vm.intern_value(name) else {
                continue;
            };
            match attribute(vm, &subject, &class_ref, &name, &mut seen)? {
                Some(value) => values.push(value),
                None => return Ok(Value::None),
            }
        }
    }
    Ok(Tuple::value(values))
}

/// Positional patterns: through `__match_args__`, or the subject itself for the built-in types
/// that match themselves. False if an attribute is missing.
fn positional_values(
    vm: &mut Vm,
    subject: &Value,
    class: &Ref<Class>,
    count: usize,
    seen: &mut Vec<Ref<Str>>,
    values: &mut Vec<Value>,
) -> R<bool> {
    let name = vm.names.__match_args__.clone();
    let match_args = vm.get_attr_opt(&class.clone().into(), &name)?;
    let Some(match_args) = match_args else {
        if !matches_self(vm, class) {
            return Err(too_many_patterns(vm, class, 0, count));
        }
        if count > 1 {
            return Err(too_many_patterns(vm, class, 1, count));
        }
        values.push(subject.clone());
        return Ok(true);
    };
    let Some(names) = match_args.as_ref::<Tuple>() else {
        let what = vm.type_name(&match_args);
        let message = format!(
            "{}.__match_args__ must be a tuple (got {what})",
            class.name()
        );
        return Err(vm.type_error(message));
    };
    if names.items().len() < count {
        return Err(too_many_patterns(vm, class, names.items().len(), count));
    }
    for name in names.items().iter().take(count) {
        let Some(interned) = vm.intern_value(name) else {
            let what = vm.type_name(name);
            return Err(vm.type_error(format!(
                "__match_args__ elements must be strings (got {what})"
            )));
        };
        match attribute(vm, subject, class, &interned, seen)? {
            Some(value) => values.push(value),
            None => return Ok(false),
        }
    }
    Ok(true)
}

fn attribute(
    vm: &mut Vm,
    subject: &Value,
    class: &Ref<Class>,
    name: &Ref<Str>,
    seen: &mut Vec<Ref<Str>>,
) -> R<Option<Value>> {
    if seen.iter().any(|s| s.as_obj().is(name.as_obj())) {
        let message = format!(
            "{}() got multiple sub-patterns for attribute '{}'",
            class.name(),
            name.as_str()
        );
        return Err(vm.type_error(message));
    }
    seen.push(name.clone());
    vm.get_attr_opt(subject, name)
}

#[cold]
fn too_many_patterns(
    vm: &mut Vm,
    class: &Ref<Class>,
    allowed: usize,
    given: usize,
) -> crate::vm::Raise {
    let plural = if allowed == 1 { "" } else { "s" };
    let message = format!(
        "{}() accepts {allowed} positional sub-pattern{plural} ({given} given)",
        class.name()
    );
    vm.type_error(message)
}

/// The types for which `C(x)` binds the subject itself.
fn matches_self(vm: &Vm, class: &Ref<Class>) -> bool {
    let t = &vm.types;
    [
        &t.bool_,
        &t.bytearray,
        &t.bytes,
        &t.dict,
        &t.float,
        &t.frozenset,
        &t.int,
        &t.list,
        &t.set,
        &t.str_,
        &t.tuple,
    ]
    .into_iter()
    .any(|own| class.is_subclass(own))
}

#[inline(never)]
pub fn get_len(vm: &mut Vm, subject: Value) -> R {
    Ok(vm.len(&subject)?.into())
}
