//! `BaseExceptionGroup` and `ExceptionGroup`.

use super::args::{at, is_callable, varargs};
use super::exceptions::{no_keywords, set_args, this};
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{Class, Tuple};
use crate::vm::ops::attr::{forget_subclass, register_subclass};
use crate::vm::ops::exception_group::Matcher;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::rc::Rc;

pub fn install(vm: &mut Vm) {
    let base = vm.exc.base_exception_group.clone();
    vm.extend_class(&base, METHODS, &[]);
    // The table of exceptions has one base for each class; this one has two.
    let group = vm.exc.exception_group.clone();
    let exception = vm.exc.exception.clone();
    let bases: Rc<[Ref<Class>]> = Rc::new([base.clone(), exception.clone()]);
    forget_subclass(&base, &group);
    *group.bases.borrow_mut() = bases;
    *group.mro.borrow_mut() = Rc::new([
        group.clone(),
        base,
        exception,
        vm.exc.base_exception.clone(),
        vm.types.object.clone(),
    ]);
    group.version.renew();
    register_subclass(&group);
}

const METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, /, *args, **kwargs)", |vm, args| {
        let class = super::exceptions::class_argument(vm, args)?;
        match varargs(args.get(1)).as_slice() {
            [message, exceptions] => vm.make_group(&class, message.clone(), exceptions.clone()),
            other => {
                let message = format!(
                    "BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)",
                    other.len()
                );
                Err(vm.type_error(message))
            }
        }
    }),
    NativeDef::new(
        "__init__",
        "(self, /, *args, **kwargs)",
        |vm, args| {
            no_keywords(vm, &at(args, 0), args.get(2))?;
            set_args(vm, &at(args, 0), args.get(1))?;
            Ok(Value::None)
        },
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    NativeDef::new(
        "__str__",
        "(self, /)",
        |vm, args| {
            let group = this(vm, &at(args, 0))?;
            let message = group.field(0);
            let count = vm.group_members(&at(args, 0)).items().len();
            let plural = if count == 1 { "" } else { "s" };
            let message = vm.str(&message)?;
            Ok(Value::from(format!(
                "{} ({count} sub-exception{plural})",
                message.as_str()
            )))
        },
        "Return str(self).",
    ),
    NativeDef::new(
        "__class_getitem__",
        "(cls, item, /)",
        super::alias::generic_alias,
        "See PEP 585.",
    )
    .class(),
    NativeDef::new(
        "derive",
        "(self, exceptions, /)",
        |vm, args| {
            let message = this(vm, &at(args, 0))?.field(0);
            let class = vm.exc.base_exception_group.clone();
            vm.make_group(&class, message, at(args, 1))
        },
        "A group with the same message and other exceptions.",
    ),
    NativeDef::new(
        "split",
        "(self, matcher_value, /)",
        |vm, args| {
            let matcher = matcher(vm, &at(args, 1))?;
            let split = vm.split_group(&at(args, 0), &matcher)?;
            Ok(Tuple::value([split.matched, split.rest]))
        },
        "The wanted part and the rest.",
    ),
    NativeDef::new(
        "subgroup",
        "(self, matcher_value, /)",
        |vm, args| {
            let matcher = matcher(vm, &at(args, 1))?;
            Ok(vm.split_group(&at(args, 0), &matcher)?.matched)
        },
        "The wanted part.",
    ),
];

/// What `split` and `subgroup` are asked for.
fn matcher(vm: &mut Vm, value: &Value) -> R<Matcher> {
    let is_class = value.as_ref::<Class>().is_some();
    if !is_class && is_callable(vm, value) {
        return Ok(Matcher::Predicate(value.clone()));
    }
    let good = match value.payload::<Tuple>() {
        Some(types) => types
            .items()
            .iter()
            .all(|t| vm.as_exception_class(t).is_some()),
        None => vm.as_exception_class(value).is_some(),
    };
    if good {
        return Ok(Matcher::Types(value.clone()));
    }
    Err(vm.type_error(
        "expected an exception type, a tuple of exception types, or a callable (other than a class)",
    ))
}
