//! Arguments that do not fit functions of the library that CPython has in C: what it says of them.
//!
//! Only words are at stake, so the functions are known by their names.

use super::bind::Kwargs;
use super::native_names::is_slot_name;
use super::object::{Dict, Function};
use super::value::Value;
use super::{Raise, Vm};
use crate::bytecode::Code;

/// A class of the library that CPython has in C.
struct Class {
    file: &'static str,
    name: &'static str,
    /// How its constructor calls itself; empty if it does not.
    constructor: &'static str,
    /// Whether methods with parameters that have names say their own.
    named: bool,
}

const fn class(file: &'static str, name: &'static str, constructor: &'static str) -> Class {
    Class {
        file,
        name,
        constructor,
        named: true,
    }
}

const fn nameless(file: &'static str, name: &'static str) -> Class {
    Class {
        file,
        name,
        constructor: "",
        named: false,
    }
}

const CLASSES: &[Class] = &[
    class("datetime", "date", ""),
    class("datetime", "datetime", ""),
    class("_time_of_day", "time", ""),
    class("_timedelta", "timedelta", "__new__"),
    class("_timedelta", "timezone", "timezone"),
    class("_timedelta", "tzinfo", "tzinfo"),
    class("array", "array", "array"),
    class("collections/__init__", "OrderedDict", "OrderedDict"),
    class("queue", "SimpleQueue", "SimpleQueue"),
    class("re/__init__", "Match", ""),
    class("re/__init__", "Pattern", ""),
    class("struct", "Struct", "Struct"),
    class("threading", "Lock", "lock"),
    class("threading", "RLock", "RLock"),
    nameless("decimal", "Decimal"),
    nameless("_decimal_arithmetic", "Decimal"),
    nameless("_decimal_digits", "Decimal"),
    nameless("_decimal_order", "Decimal"),
    nameless("_decimal_context", "Context"),
];

/// Functions that count their arguments themselves.
const COUNTING: &[&str] = &["__format__", "fromordinal", "strptime", "utcfromtimestamp"];

/// A call that did not fit, without `self` or the class.
struct Call<'a> {
    class: &'static Class,
    /// `date.isoformat`
    qualname: &'a str,
    /// `isoformat`
    name: &'a str,
    of_class: bool,
    params: &'a [Param],
    given: usize,
    kwargs: &'a Kwargs,
}

struct Param {
    name: String,
    kind: Kind,
    required: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    PositionOnly,
    Either,
    KeywordOnly,
}

impl Vm {
    /// The complaint of binding arguments, in CPython's words if it has the function in C.
    #[cold]
    pub(super) fn reworded(
        &mut self,
        f: &Function,
        args: &[Value],
        kwargs: &Kwargs,
        complaint: Raise,
    ) -> Raise {
        let code = f.code.get();
        let code = &code.code;
        let qualname = f.qualname().to_string();
        let Some((class, name)) = class_of_method(code.source.name(), &qualname) else {
            return complaint;
        };
        let shown = match class.name {
            "Lock" => format!("lock.{name}"),
            _ => qualname.clone(),
        };
        let message = match args.len().checked_sub(1) {
            None if name == "__new__" => {
                let module = match class.file {
                    "array" | "decimal" => class.file,
                    _ => "datetime",
                };
                format!("{module}.{shown}(): not enough arguments")
            }
            None => format!("unbound method {shown}() needs an argument"),
            Some(given) => Call {
                class,
                qualname: &shown,
                name,
                of_class: code.names.first().is_some_and(|n| &**n == "cls"),
                params: &self.params(f, code),
                given,
                kwargs,
            }
            .message(),
        };
        drop(self.take_raised(complaint));
        self.type_error(message)
    }

    fn params(&self, f: &Function, code: &Code) -> Vec<Param> {
        let positional = code.positional as usize;
        let defaults = f.defaults();
        let defaults: &[Value] = defaults.as_ref().map_or(&[], |t| t.items());
        let first = positional.saturating_sub(defaults.len());
        let kwdefaults = f.kwdefaults.get();
        let all = positional + code.kwonly as usize;
        // A default that is a mere object stands for none.
        let stands_in = |v: &Value| self.class_of(v).is(&self.types.object);
        let object = f.code.get();
        let names = code.names.iter().take(all).enumerate().skip(1);
        names
            .map(|(i, name)| {
                let default = match i.checked_sub(positional) {
                    None => i.checked_sub(first).and_then(|d| defaults.get(d)).cloned(),
                    Some(_) => {
                        let values = kwdefaults.as_ref::<Dict>();
                        let key = object.parameters.get(i);
                        values.zip(key).and_then(|(d, key)| d.get_str(key))
                    }
                };
                Param {
                    name: name.to_string(),
                    kind: match i {
                        _ if i < code.posonly as usize => Kind::PositionOnly,
                        _ if i < positional => Kind::Either,
                        _ => Kind::KeywordOnly,
                    },
                    required: default.is_none_or(|v| stands_in(&v)),
                }
            })
            .collect()
    }
}

/// The class and the name of a method that is in C in CPython. Functions of the modules themselves,
/// and those inside of others, are not.
fn class_of_method<'a>(file: &str, qualname: &'a str) -> Option<(&'static Class, &'a str)> {
    let file = file.strip_prefix("<coro>/")?.strip_suffix(".coro")?;
    let (class, method) = qualname.split_once('.')?;
    let found = CLASSES.iter().find(|c| c.file == file && c.name == class);
    found
        .filter(|_| !method.contains('.'))
        .map(|class| (class, method))
}

impl Call<'_> {
    fn message(&self) -> String {
        let (given, most) = (self.given, self.params.len());
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let only_positions = self.params.iter().all(|p| p.kind == Kind::PositionOnly);
        let named = !self.kwargs.is_empty();
        let special = matches!(self.name, "__getitem__" | "__contains__");
        if special || is_slot_name(self.name) && self.name != "__init__" {
            // What may be given beyond that is ours.
            let most = self.params.iter().filter(|p| p.required).count();
            let blank = if most > 1 { " " } else { "" };
            return match named {
                true => format!("wrapper {}() takes no keyword arguments", self.name),
                false => format!(
                    "{blank}expected {most} argument{}, got {given}",
                    plural(most)
                ),
            };
        }
        if COUNTING.contains(&self.name) {
            let name = if named && !self.of_class {
                self.qualname
            } else {
                self.name
            };
            return match named {
                true => format!("{name}() takes no keyword arguments"),
                false => format!(
                    "{name}() takes exactly {most} argument{} ({given} given)",
                    plural(most)
                ),
            };
        }
        let all_required = self.params.iter().all(|p| p.required);
        if only_positions && most < 2 && all_required && !self.is_constructor() {
            let takes = match most {
                _ if named => return format!("{}() takes no keyword arguments", self.qualname),
                0 => "no arguments",
                _ => "exactly one argument",
            };
            return format!("{}() takes {takes} ({given} given)", self.qualname);
        }
        if only_positions && self.class.named && !self.is_constructor() {
            return match named {
                true => format!("{}() takes no keyword arguments", self.qualname),
                false => self.by_positions(),
            };
        }
        self.by_keywords()
    }

    fn is_constructor(&self) -> bool {
        matches!(self.name, "__new__" | "__init__")
    }

    /// Of a function whose parameters have no names.
    fn by_positions(&self) -> String {
        let (given, most) = (self.given, self.params.len());
        let least = self.params.iter().filter(|p| p.required).count();
        let (bound, count) = match given {
            _ if least == most => ("", most),
            _ if given < least => ("at least ", least),
            _ => ("at most ", most),
        };
        let plural = if count == 1 { "" } else { "s" };
        let name = self.name;
        format!("{name} expected {bound}{count} argument{plural}, got {given}")
    }

    /// Of a function whose parameters have names, in the order in which CPython looks.
    fn by_keywords(&self) -> String {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let (function, unnamed) = match self.class.constructor {
            _ if !self.class.named => ("function".to_owned(), true),
            "" if self.is_constructor() => ("function".to_owned(), true),
            name if self.is_constructor() => (format!("{name}()"), false),
            _ => (format!("{}()", self.name), false),
        };
        let (given, most) = (self.given, self.params.len());
        let all = given + self.kwargs.len();
        if all > most {
            let kind = if given == 0 { "keyword " } else { "" };
            let plural = plural(most);
            return format!("{function} takes at most {most} {kind}argument{plural} ({all} given)");
        }
        let by_position = |p: &&Param| p.kind != Kind::KeywordOnly;
        let positional = self.params.iter().filter(by_position).count();
        if given > positional {
            let plural = plural(positional);
            return format!(
                "{function} takes at most {positional} positional argument{plural} ({given} given)"
            );
        }
        let is_named = |p: &Param| self.kwargs.iter().any(|(k, _)| k.as_str() == p.name);
        for (i, param) in self.params.iter().enumerate().skip(given) {
            if param.required && !is_named(param) {
                let (name, place) = (&param.name, i + 1);
                return format!("{function} missing required argument '{name}' (pos {place})");
            }
        }
        for (i, param) in self.params.iter().enumerate().take(given) {
            if is_named(param) {
                let (name, place) = (&param.name, i + 1);
                return format!(
                    "argument for {function} given by name ('{name}') and position ({place})"
                );
            }
        }
        let known = |name: &str| self.params.iter().any(|p| p.name == name);
        let unknown = self.kwargs.iter().find(|(k, _)| !known(k.as_str()));
        let unknown = unknown.map_or("", |(k, _)| k.as_str());
        let function = if unnamed { "this function" } else { &function };
        format!("{function} got an unexpected keyword argument '{unknown}'")
    }
}
