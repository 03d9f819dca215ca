//! Binding arguments to parameters, with CPython's error texts.

use super::heap::Ref;
use super::native::{NativeKind, Signature};
use super::native_names::slot_arity;
use super::object::{Class, CodeObject, Dict, Function, NativeFunction, Str, Tuple};
use super::value::Value;
use super::{R, Raise, Vm};
use crate::bytecode::Code;
use smallvec::SmallVec;
use std::rc::Rc;

/// Arguments by keyword.
pub type Kwargs = [(Ref<Str>, Value)];

/// The values of all parameters, in the order of a code's first registers.
pub type Bound = SmallVec<[Value; 8]>;

/// Whether a function takes any positional arguments, if there are so many: the call cannot fail.
pub(super) fn takes_any(f: &Function, count: usize) -> bool {
    let code = f.code.get();
    let c = &code.code;
    let positional = c.positional as usize;
    let has_default = |name| {
        let defaults = f.kwdefaults.get();
        let defaults = defaults.as_ref::<Dict>();
        defaults.is_some_and(|d| d.get_str(name).is_some())
    };
    let mut kwonly = code
        .parameters
        .iter()
        .skip(positional)
        .take(c.kwonly as usize);
    c.flags.vararg && count >= positional && kwonly.all(has_default)
}

impl Vm {
    /// Arranges the arguments of a call as the function's parameters want them.
    pub(super) fn bind_function(
        &mut self,
        f: &Ref<Function>,
        args: &[Value],
        kwargs: &Kwargs,
    ) -> R<Bound> {
        let code = f.code.get();
        let c = &code.code;
        let positional = c.positional as usize;
        let mut bound: Bound = SmallVec::with_capacity(c.nparams());
        bound.resize(positional + c.kwonly as usize, Value::Undef);
        let given = args.len().min(positional);
        for (place, arg) in bound.iter_mut().zip(args.iter().take(given)) {
            *place = arg.clone();
        }
        let extra = if c.flags.kwarg {
            Some(Dict::new())
        } else {
            None
        };
        if !kwargs.is_empty() {
            self.bind_keywords(f, c, &mut bound, kwargs, extra.as_ref())?;
        }
        if args.len() > positional && !c.flags.vararg {
            return Err(self.too_many_positional(f, c, args.len(), &bound));
        }
        self.fill_defaults(f, &code, &mut bound)?;
        if c.flags.vararg {
            let rest = args.get(positional..).unwrap_or_default();
            bound.push(Tuple::value(rest.iter().cloned()));
        }
        if let Some(extra) = extra {
            bound.push(extra.into());
        }
        Ok(bound)
    }

    fn bind_keywords(
        &mut self,
        f: &Ref<Function>,
        c: &Rc<Code>,
        bound: &mut Bound,
        kwargs: &Kwargs,
        extra: Option<&Ref<Dict>>,
    ) -> R<()> {
        let named = c.positional as usize + c.kwonly as usize;
        let posonly = c.posonly as usize;
        for (name, value) in kwargs {
            let text = name.as_str();
            let place = c
                .names
                .iter()
                .take(named)
                .skip(posonly)
                .position(|n| &**n == text);
            match (place.map(|i| i + posonly), extra) {
                (Some(i), _) => {
                    let Some(slot) = bound.get_mut(i) else {
                        continue;
                    };
                    if !slot.is_undef() {
                        let message = format!(
                            "{}() got multiple values for argument '{text}'",
                            f.qualname()
                        );
                        return Err(self.type_error(message));
                    }
                    *slot = value.clone();
                }
                (None, Some(extra)) => extra.set_str(name, value.clone()),
                (None, None) => return Err(self.unexpected_keyword(f, c, text, kwargs)),
            }
        }
        Ok(())
    }

    #[cold]
    fn unexpected_keyword(
        &mut self,
        f: &Ref<Function>,
        c: &Rc<Code>,
        name: &str,
        kwargs: &Kwargs,
    ) -> Raise {
        let posonly: Vec<&str> = c
            .names
            .iter()
            .take(c.posonly as usize)
            .map(|n| &**n)
            .filter(|n| kwargs.iter().any(|(k, _)| k.as_str() == *n))
            .collect();
        if !posonly.is_empty() {
            return self.type_error(format!(
                "{}() got some positional-only arguments passed as keyword arguments: '{}'",
                f.qualname(),
                posonly.join(", ")
            ));
        }
        let known: Vec<&str> = c
            .names
            .iter()
            .take(c.positional as usize + c.kwonly as usize)
            .skip(c.posonly as usize)
            .map(|n| &**n)
            .collect();
        let hint = match crate::text::suggest::suggest(name, &known) {
            Some(close) => format!(". Did you mean '{close}'?"),
            None => String::new(),
        };
        self.type_error(format!(
            "{}() got an unexpected keyword argument '{name}'{hint}",
            f.qualname()
        ))
    }

    fn fill_defaults(
        &mut self,
        f: &Ref<Function>,
        code: &Ref<CodeObject>,
        bound: &mut Bound,
    ) -> R<()> {
        let c = &code.code;
        let positional = c.positional as usize;
        if bound.iter().take(positional).any(Value::is_undef) {
            let defaults = f.defaults();
            let defaults: &[Value] = defaults.as_ref().map_or(&[], |t| t.items());
            let first = positional.saturating_sub(defaults.len());
            let mut missing = Vec::new();
            for (i, place) in bound.iter_mut().take(positional).enumerate() {
                if !place.is_undef() {
                    continue;
                }
                match i.checked_sub(first).and_then(|d| defaults.get(d)) {
                    Some(default) => *place = default.clone(),
                    None => missing.extend(c.names.get(i).cloned()),
                }
            }
            if !missing.is_empty() {
                return Err(self.missing(&f.qualname(), "positional", &missing));
            }
        }
        if bound.iter().skip(positional).any(Value::is_undef) {
            let defaults = f.kwdefaults.get();
            let defaults = defaults.as_ref::<Dict>();
            let mut missing = Vec::new();
            for (i, place) in bound.iter_mut().enumerate().skip(positional) {
                if !place.is_undef() {
                    continue;
                }
                let Some(name) = code.parameters.get(i) else {
                    continue;
                };
                match defaults.and_then(|d| d.get_str(name)) {
                    Some(default) => *place = default,
                    None => missing.push(name.as_str().into()),
                }
            }
            if !missing.is_empty() {
                return Err(self.missing(&f.qualname(), "keyword-only", &missing));
            }
        }
        Ok(())
    }

    #[cold]
    fn missing(&mut self, function: &str, kind: &str, names: &[Rc<str>]) -> Raise {
        let quoted: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
        let list = match quoted.as_slice() {
            [a, b] => format!("{a} and {b}"),
            [head @ .., last] if !head.is_empty() => format!("{}, and {last}", head.join(", ")),
            all => all.join(", "),
        };
        let plural = if names.len() == 1 { "" } else { "s" };
        self.type_error(format!(
            "{function}() missing {} required {kind} argument{plural}: {list}",
            names.len()
        ))
    }

    #[cold]
    fn too_many_positional(
        &mut self,
        f: &Ref<Function>,
        c: &Rc<Code>,
        given: usize,
        bound: &Bound,
    ) -> Raise {
        let positional = c.positional as usize;
        let defaults = f.defaults().map_or(0, |d| d.items().len());
        let kwonly = bound
            .iter()
            .skip(positional)
            .filter(|v| !v.is_undef())
            .count();
        self.too_many(
            &f.qualname(),
            positional.saturating_sub(defaults),
            positional,
            given,
            kwonly,
        )
    }

    /// More positional arguments than the `positional` that there are parameters for.
    #[cold]
    fn too_many(
        &mut self,
        function: &str,
        required: usize,
        positional: usize,
        given: usize,
        kwonly: usize,
    ) -> Raise {
        let (wants, plural) = if required < positional {
            (format!("from {required} to {positional}"), true)
        } else {
            (positional.to_string(), positional != 1)
        };
        let got = if kwonly > 0 {
            format!(
                "{given} positional argument{} (and {kwonly} keyword-only argument{}) were",
                if given == 1 { "" } else { "s" },
                if kwonly == 1 { "" } else { "s" }
            )
        } else {
            format!("{given} {}", if given == 1 { "was" } else { "were" })
        };
        self.type_error(format!(
            "{function}() takes {wants} positional argument{} but {got} given",
            if plural { "s" } else { "" }
        ))
    }

    /// Calls a native function with these arguments (its bound `this` not yet among them).
    pub(super) fn call_native(
        &mut self,
        f: &Ref<NativeFunction>,
        args: &[Value],
        kwargs: &Kwargs,
    ) -> R {
        if f.def.kind != NativeKind::New && !f.this.is_undef() {
            let mut all: SmallVec<[Value; 8]> = SmallVec::with_capacity(args.len() + 1);
            all.push(f.this.clone());
            all.extend(args.iter().cloned());
            return self.call_native_unbound(f, &all, kwargs);
        }
        self.call_native_unbound(f, args, kwargs)
    }

    fn call_native_unbound(
        &mut self,
        f: &Ref<NativeFunction>,
        args: &[Value],
        kwargs: &Kwargs,
    ) -> R {
        let signature = f.signature();
        if f.is_method() {
            self.check_self(f, args)?;
        } else if f.def.kind == NativeKind::New {
            self.check_new(f, args)?;
        }
        if signature.is_simple() && kwargs.is_empty() {
            if args.len() == signature.positional.len() {
                return (f.def.func)(self, args);
            }
            if args.len() >= signature.required && args.len() < signature.positional.len() {
                let mut all: SmallVec<[Value; 8]> = args.iter().cloned().collect();
                all.resize(signature.positional.len(), Value::Undef);
                return (f.def.func)(self, &all);
            }
        }
        let bound = self.bind_native(f, signature, args, kwargs)?;
        (f.def.func)(self, &bound)
    }

    /// A method's first argument must be an instance of the class that defines it.
    fn check_self(&mut self, f: &Ref<NativeFunction>, args: &[Value]) -> R<()> {
        let owner = f.owner.as_ref::<Class>();
        let Some(owner) = owner else { return Ok(()) };
        match args.first() {
            None => {
                let (class, name) = (self.tp_name(owner), f.def.name);
                let message = if f.is_slot() {
                    format!("descriptor '{name}' of '{class}' object needs an argument")
                } else {
                    format!("unbound method {}.{name}() needs an argument", owner.name())
                };
                Err(self.type_error(message))
            }
            Some(this) if self.class_of(this).is_subclass(owner) => Ok(()),
            Some(this) => {
                let (class, name) = (self.tp_name(owner), f.def.name);
                let what = self.tp_name(&self.class_of(this));
                let message = if f.is_slot() {
                    format!(
                        "descriptor '{name}' requires a '{class}' object but received a '{what}'"
                    )
                } else {
                    format!(
                        "descriptor '{name}' for '{class}' objects doesn't apply to a '{what}' object"
                    )
                };
                Err(self.type_error(message))
            }
        }
    }

    fn bind_native(
        &mut self,
        f: &Ref<NativeFunction>,
        s: &Signature,
        args: &[Value],
        kwargs: &Kwargs,
    ) -> R<Bound> {
        let n = s.positional.len();
        let mut bound: Bound = SmallVec::with_capacity(s.len());
        bound.resize(n, Value::Undef);
        for (place, arg) in bound.iter_mut().zip(args) {
            *place = arg.clone();
        }
        let takes_keywords = s.posonly < n || !s.kwonly.is_empty();
        if !s.vararg && !s.kwarg && !kwargs.is_empty() {
            if !takes_keywords && args.len() > n && !self.leaves_keywords(f, args) {
                return Err(self.native_keyword(f, s, kwargs[0].0.as_str()));
            }
            if takes_keywords && args.len() + kwargs.len() > n + s.kwonly.len() {
                return Err(self.native_arity(f, s, args.len(), kwargs.len()));
            }
        }
        if args.len() > n && !s.vararg {
            return Err(self.native_arity(f, s, args.len(), kwargs.len()));
        }
        if s.vararg {
            let rest: Vec<Value> = args.get(n..).unwrap_or_default().to_vec();
            bound.push(Tuple::value(rest));
        }
        let kwonly_at = bound.len();
        bound.resize(kwonly_at + s.kwonly.len(), Value::Undef);
        let extra = if s.kwarg { Some(Dict::new()) } else { None };
        let mut unknown = None;
        for (name, value) in kwargs {
            let text = name.as_str();
            let place = s
                .positional
                .iter()
                .skip(s.posonly)
                .position(|p| &**p == text)
                .map(|i| i + s.posonly);
            let place = place.or_else(|| {
                s.kwonly
                    .iter()
                    .position(|(p, _)| &**p == text)
                    .map(|i| i + kwonly_at)
            });
            match (place, &extra) {
                (Some(i), _) => {
                    let Some(slot) = bound.get_mut(i) else {
                        continue;
                    };
                    if !slot.is_undef() {
                        let position = i + 1 - usize::from(f.has_self());
                        let message = format!(
                            "argument for {}() given by name ('{text}') and position ({position})",
                            f.short_name()
                        );
                        return Err(self.type_error(message));
                    }
                    *slot = value.clone();
                }
                (None, Some(extra)) => extra.set_str(name, value.clone()),
                (None, None) if unknown.is_none() => unknown = Some(name),
                (None, None) => {}
            }
        }
        if unknown.is_some() && !takes_keywords && self.leaves_keywords(f, args) {
            unknown = None;
        }
        if let Some(name) = unknown.filter(|_| !takes_keywords) {
            return Err(self.native_keyword(f, s, name.as_str()));
        }
        if let Some(i) = bound.iter().take(s.required).position(Value::is_undef) {
            if let Some(function) = f.python_name() {
                let absent = s.positional.iter().zip(&bound).take(s.required);
                let absent = absent.filter(|(_, value)| value.is_undef());
                let names: Vec<Rc<str>> = absent.map(|(name, _)| name.clone()).collect();
                return Err(self.missing(&function, "positional", &names));
            }
            return Err(self.native_missing(f, s, args.len(), i));
        }
        if let Some(name) = unknown {
            return Err(self.native_keyword(f, s, name.as_str()));
        }
        if let Some((name, _)) = s.kwonly.iter().enumerate().find_map(|(i, k)| {
            let absent = bound.get(kwonly_at + i).is_none_or(Value::is_undef);
            if k.1 && absent { Some(k) } else { None }
        }) {
            let message = format!(
                "{}() missing required keyword-only argument: '{name}'",
                f.def.name
            );
            return Err(self.type_error(message));
        }
        if let Some(extra) = extra {
            bound.push(extra.into());
        }
        Ok(bound)
    }

    /// Of the two halves of making an object, one written in Rust leaves keywords that it does not
    /// know to the other, if the class has its own.
    #[cold]
    fn leaves_keywords(&mut self, f: &NativeFunction, args: &[Value]) -> bool {
        let (Some(owner), Some(first)) = (f.owner.as_ref::<Class>(), args.first()) else {
            return false;
        };
        let (class, other) = match (f.def.kind, f.def.name) {
            (NativeKind::New, _) => (
                first.as_ref::<Class>().cloned(),
                self.names.__init__.clone(),
            ),
            // Of the initialisers, CPython made only that of lists so.
            (_, "__init__") if owner.is(&self.types.list) => {
                (Some(self.class_of(first)), self.names.__new__.clone())
            }
            _ => return false,
        };
        let Some(class) = class.filter(|c| !c.is(owner)) else {
            return false;
        };
        match (self.lookup(&class, &other), self.lookup(owner, &other)) {
            (Some(own), Some(inherited)) => !own.is(&inherited),
            _ => false,
        }
    }

    #[cold]
    fn native_keyword(&mut self, f: &Ref<NativeFunction>, s: &Signature, name: &str) -> Raise {
        if let Some(function) = f.python_name() {
            let message = format!("{function}() got an unexpected keyword argument '{name}'");
            return self.type_error(message);
        }
        let own = usize::from(f.has_self());
        if s.kwonly.is_empty() && s.posonly.max(own) >= s.positional.len() {
            let message = if f.is_slot() && !f.makes_object() {
                format!("wrapper {}() takes no keyword arguments", f.def.name)
            } else {
                format!("{}() takes no keyword arguments", self.full_name(f))
            };
            return self.type_error(message);
        }
        let known = s.positional.iter().skip(s.posonly.max(own)).map(|n| &**n);
        let known: Vec<&str> = known.chain(s.kwonly.iter().map(|(n, _)| &**n)).collect();
        let hint = match crate::text::suggest::suggest(name, &known) {
            Some(close) => format!(". Did you mean '{close}'?"),
            None => String::new(),
        };
        self.type_error(format!(
            "{}() got an unexpected keyword argument '{name}'{hint}",
            f.short_name()
        ))
    }

    /// Too few arguments: parameter `i` has none.
    #[cold]
    fn native_missing(
        &mut self,
        f: &Ref<NativeFunction>,
        s: &Signature,
        given: usize,
        i: usize,
    ) -> Raise {
        let own = usize::from(f.has_self());
        if s.posonly.max(own) >= s.positional.len() && s.kwonly.is_empty() {
            return self.native_arity(f, s, given, 0);
        }
        if i < s.posonly {
            let given = given.saturating_sub(own);
            let plain = s.posonly == s.positional.len() && s.kwonly.is_empty() || s.vararg;
            let at_least = if s.required < s.positional.len() || s.vararg {
                "at least "
            } else if plain {
                ""
            } else {
                "exactly "
            };
            let wants = s.required.min(s.posonly).saturating_sub(own);
            let plural = if wants == 1 { "" } else { "s" };
            let name = f.short_name();
            return self.type_error(if plain {
                format!("{name} expected {at_least}{wants} argument{plural}, got {given}")
            } else {
                format!(
                    "{name}() takes {at_least}{wants} positional argument{plural} ({given} given)"
                )
            });
        }
        let name = s.positional.get(i).cloned().unwrap_or_else(|| "".into());
        self.type_error(format!(
            "{}() missing required argument '{name}' (pos {})",
            f.short_name(),
            i + 1 - own
        ))
    }

    /// The wrong number of positional arguments.
    #[cold]
    fn native_arity(
        &mut self,
        f: &Ref<NativeFunction>,
        s: &Signature,
        given: usize,
        keywords: usize,
    ) -> Raise {
        if let Some(function) = f.python_name().filter(|_| given > s.positional.len()) {
            return self.too_many(&function, s.required, s.positional.len(), given, 0);
        }
        let own = usize::from(f.has_self());
        let (given, max, min) = (
            given.saturating_sub(own),
            s.positional.len().saturating_sub(own),
            s.required.saturating_sub(own),
        );
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let positional_only = s.posonly.max(own) >= s.positional.len() && s.kwonly.is_empty();
        let all = max + s.kwonly.len();
        let message = if f.is_slot() && !f.makes_object() {
            slot_arity(f, given, min, max)
        } else if !s.kwonly.is_empty()
            && s.posonly.saturating_sub(own) < max.max(1)
            && given + keywords > all
        {
            format!(
                "{}() takes at most {all} {}argument{} ({} given)",
                f.short_name(),
                if given == 0 { "keyword " } else { "" },
                plural(all),
                given + keywords
            )
        } else if max == 0 && !s.kwonly.is_empty() {
            format!("{}() takes no positional arguments", f.short_name())
        } else if !positional_only {
            let name = f.short_name();
            if s.kwonly.is_empty() && keywords == 0 && matches!(&*name, "int" | "str") {
                // The two whose plain calls are checked by hand.
                format!("{name} expected at most {max} arguments, got {given}")
            } else if s.kwonly.is_empty() {
                format!(
                    "{name}() takes at most {max} {}argument{} ({} given)",
                    if given == 0 { "keyword " } else { "" },
                    plural(max),
                    given + keywords
                )
            } else {
                format!(
                    "{}() takes {} {max} positional argument{} ({given} given)",
                    f.short_name(),
                    if min == max { "exactly" } else { "at most" },
                    plural(max)
                )
            }
        } else if max == 0 {
            format!("{}() takes no arguments ({given} given)", self.full_name(f))
        } else if min == 1 && max == 1 && !s.kwarg && !f.makes_object() {
            format!(
                "{}() takes exactly one argument ({given} given)",
                self.full_name(f)
            )
        } else if min == max && !s.vararg {
            format!(
                "{} expected {max} argument{}, got {given}",
                f.short_name(),
                plural(max)
            )
        } else if given < min {
            format!(
                "{} expected at least {min} argument{}, got {given}",
                f.short_name(),
                plural(min)
            )
        } else {
            format!(
                "{} expected at most {max} argument{}, got {given}",
                f.short_name(),
                plural(max)
            )
        };
        self.type_error(message)
    }
}
