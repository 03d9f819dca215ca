//! How functions and types written in Rust are declared: one table row each.
//!
//! A row has a name, a signature, a function and a doc sentence. The signature drives argument
//! checking and the error texts (see `bind`); the function then gets exactly one value for each
//! parameter of the signature, in order:
//!
//! * an omitted optional parameter (`name=text`) is `Value::Undef`: ask `args[i].given()`;
//! * `*args` is a `Tuple`, `**kwargs` a `Dict`;
//! * the first parameter of a method is its `self`, already checked to be of the owner's type.
//!
//! Signature syntax is Python's own: `(self, index=-1, /)`, `(iterable, /, *, key=None)`,
//! `(*args)`, `(x, base=10)`. A function with `*args` may do its own checking for the sake of
//! CPython's wording.

use super::heap::Ref;
use super::object::{Class, ClassFlags, Layout, NativeData};
use super::value::Value;
use super::{R, Vm};
use std::rc::Rc;

pub type NativeFn = fn(&mut Vm, &[Value]) -> R;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NativeKind {
    /// In a module or class: the latter makes it a method.
    Plain,
    /// The first argument is the class.
    Class,
    Static,
    /// `__new__`: static, the first argument is the class.
    New,
}

/// One function.
#[derive(Debug)]
pub struct NativeDef {
    pub name: &'static str,
    pub signature: &'static str,
    pub func: NativeFn,
    pub doc: &'static str,
    pub kind: NativeKind,
    pub resumes: Resumes,
    /// Called instead of `func` with positional arguments as they stand, however many, where
    /// there are no others.
    pub direct: Option<NativeFn>,
    /// What it gives is a coroutine: in CPython it is an `async def`.
    pub makes_coroutine: bool,
}

/// Natives that do nothing but resume their first argument, if that is a generator or coroutine:
/// the dispatch loop does it for them, without a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resumes {
    No,
    /// With `None`: `next(g)`, `g.__next__()`.
    Next,
    /// With the second argument: `g.send(value)`.
    Send,
}

impl Resumes {
    /// With how many arguments it resumes; no call has that many if it does not.
    #[inline(always)]
    pub const fn arguments(self) -> u16 {
        match self {
            Resumes::No => u16::MAX,
            Resumes::Next => 1,
            Resumes::Send => 2,
        }
    }
}

impl NativeDef {
    pub const fn new(
        name: &'static str,
        signature: &'static str,
        func: NativeFn,
        doc: &'static str,
    ) -> Self {
        NativeDef {
            name,
            signature,
            func,
            doc,
            kind: NativeKind::Plain,
            resumes: Resumes::No,
            direct: None,
            makes_coroutine: false,
        }
    }

    /// Marks a native as one that only resumes.
    pub const fn resuming(self, how: Resumes) -> Self {
        NativeDef {
            resumes: how,
            ..self
        }
    }

    /// For `*args`: spares making a tuple of them.
    pub const fn direct(self, func: NativeFn) -> Self {
        NativeDef {
            direct: Some(func),
            ..self
        }
    }

    /// For what stands for an `async def`.
    pub const fn making_coroutine(self) -> Self {
        NativeDef {
            makes_coroutine: true,
            ..self
        }
    }

    pub const fn class(self) -> Self {
        NativeDef {
            kind: NativeKind::Class,
            ..self
        }
    }

    pub const fn fixed(self) -> Self {
        NativeDef {
            kind: NativeKind::Static,
            ..self
        }
    }

    /// `__new__`, with the signature of the call: `(cls, x=0, /)`.
    pub const fn constructor(signature: &'static str, func: NativeFn) -> Self {
        NativeDef {
            name: "__new__",
            signature,
            func,
            doc: "Create and return a new object.  See help(type) for accurate signature.",
            kind: NativeKind::New,
            resumes: Resumes::No,
            direct: None,
            makes_coroutine: false,
        }
    }
}

/// What assigns to a computed attribute, or deletes it.
pub type Setter = fn(&mut Vm, &Value, Option<Value>) -> R<()>;

/// A computed attribute of a built-in type.
#[derive(Debug)]
pub struct GetSet {
    pub name: &'static str,
    pub get: fn(&mut Vm, &Value) -> R,
    /// `None` as the new value deletes.
    pub set: Option<Setter>,
    pub doc: &'static str,
}

impl GetSet {
    pub const fn read(
        name: &'static str,
        get: fn(&mut Vm, &Value) -> R,
        doc: &'static str,
    ) -> Self {
        GetSet {
            name,
            get,
            set: None,
            doc,
        }
    }

    pub const fn write(
        name: &'static str,
        get: fn(&mut Vm, &Value) -> R,
        set: fn(&mut Vm, &Value, Option<Value>) -> R<()>,
        doc: &'static str,
    ) -> Self {
        GetSet {
            name,
            get,
            set: Some(set),
            doc,
        }
    }
}

/// One type written in Rust.
pub struct TypeDef {
    pub name: &'static str,
    /// As in `__module__`.
    pub module: &'static str,
    pub doc: &'static str,
    pub layout: Layout,
    /// The base class; `None` is `object`.
    pub base: Option<fn(&mut Vm) -> Ref<Class>>,
    pub methods: &'static [NativeDef],
    pub getset: &'static [GetSet],
    pub flags: ClassFlags,
}

impl TypeDef {
    /// A row with nothing in it yet.
    pub const fn new(name: &'static str, module: &'static str, layout: Layout) -> Self {
        TypeDef {
            name,
            module,
            doc: "",
            layout,
            base: None,
            methods: &[],
            getset: &[],
            flags: ClassFlags {
                heap: false,
                no_dict: true,
                custom_getattribute: false,
                custom_getattr: false,
                custom_setattr: false,
                has_del: false,
                custom_eq: false,
                custom_hash: false,
                is_abstract: false,
                native_iterator: false,
            },
        }
    }

    pub const fn doc(self, doc: &'static str) -> Self {
        TypeDef { doc, ..self }
    }

    pub const fn base(self, base: fn(&mut Vm) -> Ref<Class>) -> Self {
        TypeDef {
            base: Some(base),
            ..self
        }
    }

    pub const fn methods(self, methods: &'static [NativeDef]) -> Self {
        TypeDef { methods, ..self }
    }

    pub const fn getset(self, getset: &'static [GetSet]) -> Self {
        TypeDef { getset, ..self }
    }

    /// Objects have a `__dict__`.
    pub const fn with_dict(mut self) -> Self {
        self.flags.no_dict = false;
        self
    }

    /// Objects are iterators through `NativeData::next`.
    pub const fn iterator(mut self) -> Self {
        self.flags.native_iterator = true;
        self
    }
}

/// An opaque type that has a class of its own, made on first use: see `Vm::class_for`.
pub trait NativeType: NativeData {
    const DEF: &'static TypeDef;
}

/// What fills in a module.
pub type ModuleInit = fn(&mut Vm, &Ref<super::object::Module>) -> R<()>;

/// A module written in Rust.
pub struct ModuleDef {
    pub name: &'static str,
    pub doc: &'static str,
    pub functions: &'static [NativeDef],
    /// Fills in what is not a function: constants, classes.
    pub init: Option<ModuleInit>,
}

/// With how many positional arguments, and no others, a native can be called as they stand.
#[derive(Clone, Copy)]
pub struct Arity {
    least: u8,
    most: u8,
    /// Number of values the function gets at least.
    pub slots: u8,
}

/// A function that gets arguments as they stand, and how many it takes.
#[derive(Clone, Copy)]
pub struct Direct {
    pub func: NativeFn,
    pub arity: Arity,
    pub role: Role,
}

/// What must be looked at before a native is applied to its arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Function,
    /// Its first argument must be an instance of its class.
    Method,
    /// It has its first argument with it.
    Bound,
    /// May stand for something else: see `Resumes`.
    Resuming,
    /// `__new__`, whose first argument must be the right class.
    Constructor,
}

impl Arity {
    /// More are always arranged.
    const MOST: usize = 16;
    /// Any number of arguments stands as it is.
    pub const ANY: Arity = Arity {
        least: 0,
        most: u8::MAX,
        slots: 0,
    };
    /// Arguments are always arranged.
    pub const NONE: Arity = Arity {
        least: u8::MAX,
        most: 0,
        slots: 0,
    };

    #[inline(always)]
    pub fn takes(self, count: usize) -> bool {
        count >= self.least as usize && count <= self.most as usize
    }
}

/// A parsed signature.
#[derive(Debug, Default)]
pub struct Signature {
    /// Positional parameters, positional-only first.
    pub positional: Vec<Rc<str>>,
    pub posonly: usize,
    /// How many positional parameters must be given.
    pub required: usize,
    pub vararg: bool,
    /// Keyword-only parameters and whether each is required.
    pub kwonly: Vec<(Rc<str>, bool)>,
    pub kwarg: bool,
}

impl Signature {
    /// Parses the text of a table row.
    pub fn parse(text: &str) -> Signature {
        let mut s = Signature::default();
        let mut after_star = false;
        let inner = text.trim().trim_start_matches('(').trim_end_matches(')');
        for part in split_parameters(inner) {
            let (name, default) = match part.split_once('=') {
                Some((name, _)) => (name.trim(), true),
                None => (part.trim(), false),
            };
            match name {
                "" => {}
                "/" => s.posonly = s.positional.len(),
                "*" => after_star = true,
                _ if name.starts_with("**") => s.kwarg = true,
                _ if name.starts_with('*') => {
                    s.vararg = true;
                    after_star = true;
                }
                _ if after_star => s.kwonly.push((name.into(), !default)),
                _ => {
                    s.positional.push(name.into());
                    if !default {
                        s.required = s.positional.len();
                    }
                }
            }
        }
        s
    }

    /// Number of values the function gets.
    pub fn len(&self) -> usize {
        self.positional.len()
            + usize::from(self.vararg)
            + self.kwonly.len()
            + usize::from(self.kwarg)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of positional arguments that need no arranging.
    pub fn arity(&self) -> Arity {
        let slots = self.len();
        if self.vararg || self.kwarg || self.kwonly.iter().any(|k| k.1) || slots > Arity::MOST {
            return Arity::NONE;
        }
        Arity {
            least: self.required as u8,
            most: self.positional.len() as u8,
            slots: slots as u8,
        }
    }

    /// Only positional-only parameters, so that arguments need no rearranging.
    pub fn is_simple(&self) -> bool {
        !self.vararg
            && !self.kwarg
            && self.kwonly.is_empty()
            && self.posonly == self.positional.len()
    }
}

/// Splits at commas outside quotes and brackets.
fn split_parameters(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quote, mut start) = (Vec::new(), 0, None, 0);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(text.get(start..i).unwrap_or(""));
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or(""));
    parts
}
