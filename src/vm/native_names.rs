//! What natives are called in messages, and which of them CPython makes from a type's slots.

use super::Vm;
use super::native::NativeKind;
use super::object::{Class, Kind, Layout, NativeFunction};
use super::value::Value;

impl Vm {
    /// As in messages: `list.append`, with the class of the object it is bound to, or `len`.
    pub fn full_name(&self, f: &NativeFunction) -> String {
        let name = f.def.name;
        match f.owner.as_ref::<Class>() {
            Some(owner) if f.makes_object() => owner.name().to_string(),
            Some(owner) => match (&f.this, f.this.as_ref::<Class>()) {
                (Value::Undef, _) => format!("{}.{name}", owner.name()),
                (_, Some(class)) => format!("{}.{name}", class.qualname.borrow()),
                (this, None) => {
                    let class = self.class_of(this);
                    format!("{}.{name}", class.qualname.borrow())
                }
            },
            None => match f.module.as_str() {
                Some(module) if module != "builtins" => format!("{module}.{name}"),
                _ => name.to_string(),
            },
        }
    }
}

/// Special methods that CPython makes from a type's slots: their messages are worded differently.
const SLOT_NAMES: &[&str] = &[
    "__abs__",
    "__add__",
    "__aiter__",
    "__and__",
    "__anext__",
    "__await__",
    "__bool__",
    "__call__",
    "__del__",
    "__delattr__",
    "__delete__",
    "__delitem__",
    "__divmod__",
    "__eq__",
    "__float__",
    "__floordiv__",
    "__ge__",
    "__get__",
    "__getattribute__",
    "__gt__",
    "__hash__",
    "__iadd__",
    "__iand__",
    "__ifloordiv__",
    "__ilshift__",
    "__imatmul__",
    "__imod__",
    "__imul__",
    "__index__",
    "__init__",
    "__int__",
    "__invert__",
    "__ior__",
    "__ipow__",
    "__isub__",
    "__iter__",
    "__itruediv__",
    "__ixor__",
    "__le__",
    "__len__",
    "__lshift__",
    "__lt__",
    "__matmul__",
    "__mod__",
    "__mul__",
    "__ne__",
    "__neg__",
    "__next__",
    "__or__",
    "__pos__",
    "__pow__",
    "__radd__",
    "__rand__",
    "__rdivmod__",
    "__repr__",
    "__rfloordiv__",
    "__rlshift__",
    "__rmatmul__",
    "__rmod__",
    "__rmul__",
    "__ror__",
    "__rpow__",
    "__rrshift__",
    "__rshift__",
    "__rsub__",
    "__rtruediv__",
    "__rxor__",
    "__set__",
    "__setattr__",
    "__setitem__",
    "__str__",
    "__sub__",
    "__truediv__",
    "__xor__",
];

/// Whether methods of this name are made from slots, in classes that CPython has in C.
pub(super) fn is_slot_name(name: &str) -> bool {
    SLOT_NAMES.contains(&name)
}

/// Classes that CPython has written in Python: their methods describe themselves as functions do.
const WRITTEN_IN_PYTHON: &[&str] = &[
    "AbstractEventLoop",
    "BaseEventLoop",
    "BaseSelectorEventLoop",
    "_UnixSelectorEventLoop",
    "Handle",
    "TimerHandle",
];

/// The complaint of a special method, which CPython words without its name.
pub(super) fn slot_arity(f: &NativeFunction, given: usize, min: usize, max: usize) -> String {
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    if min < max {
        return if given < min {
            format!(
                " expected at least {min} argument{}, got {given}",
                plural(min)
            )
        } else {
            format!(
                " expected at most {max} argument{}, got {given}",
                plural(max)
            )
        };
    }
    let blank = if max > 1 || f.repeats() { " " } else { "" };
    format!("{blank}expected {max} argument{}, got {given}", plural(max))
}

impl NativeFunction {
    /// Made from a type's slot in CPython.
    pub fn is_slot(&self) -> bool {
        if self.def.kind != NativeKind::Plain {
            return false;
        }
        let owner = self.owner.as_ref::<Class>().map(|c| c.name());
        let owner = owner.as_deref().unwrap_or("");
        match self.def.name {
            "__contains__" => !matches!(owner, "dict" | "set" | "frozenset" | ""),
            "__getitem__" => !matches!(owner, "list" | "dict" | ""),
            name => !owner.is_empty() && SLOT_NAMES.contains(&name),
        }
    }

    /// The repetition of a sequence.
    fn repeats(&self) -> bool {
        let owner = self.owner.as_ref::<Class>().map(|c| c.layout);
        matches!(self.def.name, "__mul__" | "__rmul__" | "__imul__")
            && matches!(owner, Some(Layout::Builtin(kind)) if kind != Kind::Complex)
    }

    /// The signature's first parameter is the self (or class) that callers do not count.
    pub(super) fn has_self(&self) -> bool {
        !self.owner.is_undef() && self.def.kind != NativeKind::Static
    }

    /// `__new__` or `__init__`: messages name the class.
    pub(super) fn makes_object(&self) -> bool {
        self.def.kind == NativeKind::New || self.def.name == "__init__"
    }

    /// What it goes by where CPython has written it in Python: complaints about its arguments are
    /// those of functions then.
    #[cold]
    pub fn python_name(&self) -> Option<String> {
        let owner = self.owner.as_ref::<Class>()?.name();
        let known = WRITTEN_IN_PYTHON.contains(&&*owner);
        known.then(|| format!("{owner}.{}", self.def.name))
    }

    /// As in messages of functions that take keywords: the bare name, the class's for `__new__`.
    pub fn short_name(&self) -> String {
        match self.owner.as_ref::<Class>() {
            Some(owner) if self.makes_object() => owner.name().to_string(),
            _ => self.def.name.to_string(),
        }
    }
}
