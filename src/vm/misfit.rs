//! Arguments that do not fit functions of the library that CPython has in C: what it says of them.
//!
//! Only words are at stake, so the functions are known by their names.

use super::bind::Kwargs;
use super::native_names::is_slot_name;
use super::object::{Dict, Function};
use super::value::Value;
use super::{Raise, Vm};
use crate::bytecode::Code;

/// The library's files whose methods are in C in CPython.
const FILES: &[&str] = &[
    "<coro>/datetime.coro",
    "<coro>/_time_of_day.coro",
    "<coro>/_timedelta.coro",
];

/// What constructors call themselves.
const CONSTRUCTORS: &[(&str, &str)] = &[
    ("timedelta.__new__", "__new__"),
    ("timezone.__new__", "timezone"),
];

/// Functions that count their arguments themselves.
const COUNTING: &[&str] = &["__format__", "fromordinal", "strptime", "utcfromtimestamp"];

/// A call that did not fit, without `self` or the class.
struct Call<'a> {
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
        if !FILES.contains(&code.source.name()) {
            return complaint;
        }
        let qualname = f.qualname().to_string();
        // Functions of the modules themselves, and those inside of others, are nobody else's.
        let Some((class, name)) = qualname.split_once('.').filter(|(_, n)| !n.contains('.')) else {
            return complaint;
        };
        let message = match args.len().checked_sub(1) {
            None if name == "__new__" => {
                format!("datetime.{class}.__new__(): not enough arguments")
            }
            None => format!("unbound method {qualname}() needs an argument"),
            Some(given) => Call {
                qualname: &qualname,
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

impl Call<'_> {
    fn message(&self) -> String {
        let (given, most) = (self.given, self.params.len());
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let only_positions = self.params.iter().all(|p| p.kind == Kind::PositionOnly);
        let named = !self.kwargs.is_empty();
        if is_slot_name(self.name) {
            return match named {
                true => format!("wrapper {}() takes no keyword arguments", self.name),
                false => format!("expected {most} argument{}, got {given}", plural(most)),
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
        if only_positions && most < 2 {
            let takes = match most {
                _ if named => return format!("{}() takes no keyword arguments", self.qualname),
                0 => "no arguments",
                _ => "exactly one argument",
            };
            return format!("{}() takes {takes} ({given} given)", self.qualname);
        }
        self.by_keywords()
    }

    /// Of a function whose parameters have names, in the order in which CPython looks.
    fn by_keywords(&self) -> String {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let (function, unnamed) = match CONSTRUCTORS.iter().find(|(f, _)| *f == self.qualname) {
            Some((_, name)) => (format!("{name}()"), false),
            None if self.name == "__new__" => ("function".to_owned(), true),
            None => (format!("{}()", self.name), false),
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
