//! `min`, `max`, `sorted`.

use crate::builtins::args::{keywords, varargs};
use crate::builtins::types::sort_values;
use crate::vm::native::NativeDef;
use crate::vm::object::List;
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Which of several values is looked for.
struct Wanted<'a> {
    name: &'a str,
    better: Cmp,
    key: Option<&'a Value>,
    default: Option<&'a Value>,
}

fn extreme(vm: &mut Vm, args: &[Value], name: &str, better: Cmp) -> R {
    let mut given = vec![args[0].clone()];
    given.extend(varargs(args.get(1)));
    let wanted = Wanted {
        name,
        better,
        key: args[2].given().filter(|k| !k.is_none()),
        default: args[3].given(),
    };
    extreme_of(vm, &given, wanted)
}

fn extreme_of(vm: &mut Vm, given: &[Value], wanted: Wanted<'_>) -> R {
    let Wanted {
        name,
        better,
        key,
        default,
    } = wanted;
    let mut best: Option<(Value, Value)> = None;
    let mut consider = |vm: &mut Vm, item: Value| -> R<bool> {
        let k = match key {
            Some(key) => vm.call(key, std::slice::from_ref(&item))?,
            None => item.clone(),
        };
        let wins = match &best {
            Some((champion, _)) => vm.compare_bool(better, &k, champion)?,
            None => true,
        };
        if wins {
            best = Some((k, item));
        }
        Ok(true)
    };
    match given {
        [] => {
            return Err(vm.type_error(format!("{name} expected at least 1 argument, got 0")));
        }
        [iterable] => vm.for_each(iterable, consider)?,
        several => {
            if default.is_some() {
                return Err(vm.type_error(format!(
                    "Cannot specify a default for {name}() with multiple positional arguments"
                )));
            }
            for item in several {
                consider(vm, item.clone())?;
            }
        }
    }
    match (best, default) {
        (Some((_, item)), _) => Ok(item),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(vm.value_error(format!("{name}() iterable argument is empty"))),
    }
}

fn min(vm: &mut Vm, args: &[Value]) -> R {
    extreme(vm, args, "min", Cmp::Lt)
}

fn max(vm: &mut Vm, args: &[Value]) -> R {
    extreme(vm, args, "max", Cmp::Gt)
}

fn min_direct(vm: &mut Vm, args: &[Value]) -> R {
    extreme_of(vm, args, plain("min", Cmp::Lt))
}

fn max_direct(vm: &mut Vm, args: &[Value]) -> R {
    extreme_of(vm, args, plain("max", Cmp::Gt))
}

const fn plain(name: &str, better: Cmp) -> Wanted<'_> {
    Wanted {
        name,
        better,
        key: None,
        default: None,
    }
}

/// Its keywords are those of `list.sort`, which also complains about others.
fn sorted(vm: &mut Vm, args: &[Value]) -> R {
    let mut items = vm.collect(&args[0])?;
    let (mut key, mut reverse) = (Value::None, false);
    let kwargs = keywords(vm, args.get(1));
    if kwargs.len() > 2 {
        let given = kwargs.len();
        let message = format!("sort() takes at most 2 keyword arguments ({given} given)");
        return Err(vm.type_error(message));
    }
    for (name, value) in kwargs {
        match name.as_str() {
            "key" => key = value,
            "reverse" => reverse = vm.truth(&value)?,
            other => {
                return Err(vm.type_error(format!(
                    "sort() got an unexpected keyword argument '{other}'"
                )));
            }
        }
    }
    let key = Some(&key).filter(|k| !k.is_none());
    let sorted = sort_values(vm, &mut items, key, reverse);
    let list = List::value(items);
    sorted.map(|()| list)
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "min",
        "(arg, /, *args, key=None, default=None)",
        min,
        "The smallest item of an iterable, or of several arguments.",
    )
    .direct(min_direct),
    NativeDef::new(
        "max",
        "(arg, /, *args, key=None, default=None)",
        max,
        "The largest item of an iterable, or of several arguments.",
    )
    .direct(max_direct),
    NativeDef::new(
        "sorted",
        "(iterable, /, **kwargs)",
        sorted,
        "A list of the items in order; equal ones keep theirs.",
    ),
];
