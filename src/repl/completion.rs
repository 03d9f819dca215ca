//! What could stand at the cursor: names, attributes, keyword arguments, modules, commands. Looks
//! at what is there; nothing that has a side effect is called for it.

use super::commands;
use super::display::name_of;
use super::input::slice;
use super::session::Session;
use super::wire::{Candidate, Candidates};
use crate::builtins;
use crate::source::Source;
use crate::stdlib;
use crate::syntax::{self, Tok, Token};
use crate::vm::Vm;
use crate::vm::heap::Ref;
use crate::vm::object::{BoundMethod, Class, Dict, Function, Generator, Module, NativeFunction};
use crate::vm::value::Value;

/// With no more candidates than this, it is said what they are.
const DESCRIBED: usize = 12;

/// The keywords that begin a statement or an operand.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// The word at the cursor and what stands before it.
struct Place<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    /// Where the word begins.
    start: usize,
    word: &'t str,
}

pub fn complete(session: &mut Session, text: &str, cursor: usize) -> Candidates {
    let before = text.get(..cursor).unwrap_or(text);
    if let Some(found) = commands::complete(session, before) {
        return found;
    }
    let Some(place) = Place::find(before.strip_prefix('?').unwrap_or(before)) else {
        return Candidates::default();
    };
    let shift = usize::from(before.starts_with('?'));
    let mut found = Finder {
        main: session.names(),
        vm: session.vm(),
        word: place.word,
        names: Vec::new(),
    };
    found.at(&place);
    Candidates {
        start: place.start + shift,
        names: found.names(),
    }
}

impl<'t> Place<'t> {
    /// `None` inside of strings and comments.
    fn find(text: &'t str) -> Option<Place<'t>> {
        let word_char = |c: char| c == '_' || c.is_alphanumeric();
        let start = text.trim_end_matches(word_char).len();
        let word = text.get(start..)?;
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let source = Source::new("", text.get(..start)?);
        let scan = syntax::scan(&source);
        let in_comment = scan.comments.last().is_some_and(|c| {
            c.end as usize == start && !text.get(..start).unwrap_or("").ends_with('\n')
        });
        let in_string = scan.tokens.last().is_some_and(|t| {
            matches!(
                t.kind,
                Tok::Error | Tok::FStringMiddle | Tok::FStringMiddleRaw | Tok::FStringStart
            )
        });
        (!in_comment && !in_string).then_some(Place {
            text,
            tokens: scan.tokens,
            start,
            word,
        })
    }

    /// The tokens of the statement up to the word.
    fn line(&self) -> &[Token] {
        let from = self.tokens.iter().rposition(|t| t.kind == Tok::Newline);
        self.tokens
            .get(from.map_or(0, |i| i + 1)..)
            .unwrap_or_default()
    }

    fn slice(&self, token: &Token) -> &'t str {
        slice(self.text, token.span)
    }
}

struct Finder<'s> {
    main: Ref<Dict>,
    vm: &'s mut Vm,
    word: &'s str,
    names: Vec<(String, Option<Value>)>,
}

impl Finder<'_> {
    fn at(&mut self, place: &Place<'_>) {
        let line = place.line();
        match line {
            [first, ..] if first.kind == Tok::Import => self.modules(&dotted(place, line, 1)),
            [first, rest @ ..] if first.kind == Tok::From => {
                match rest.iter().position(|t| t.kind == Tok::Import) {
                    None => self.modules(&dotted(place, line, 1)),
                    Some(end) => {
                        let module = rest.get(..end).unwrap_or_default();
                        let name: String = module.iter().map(|t| place.slice(t)).collect();
                        self.members(&name);
                    }
                }
            }
            [.., last] if last.kind == Tok::Dot => self.attributes(place, line),
            _ => {
                self.keywords(place, line);
                self.variables();
            }
        }
    }

    /// What has been found, each once, those with underscores only if asked for.
    fn names(self) -> Vec<Candidate> {
        let mut seen = std::collections::HashSet::new();
        let word = self.word;
        let wanted: Vec<_> = self
            .names
            .into_iter()
            .filter(|(name, _)| {
                name.starts_with(word) && (word.starts_with('_') || !name.starts_with('_'))
            })
            .filter(|(name, _)| seen.insert(name.clone()))
            .collect();
        let described = wanted.len() <= DESCRIBED;
        let vm = self.vm;
        wanted
            .into_iter()
            .map(|(text, value)| Candidate {
                note: value.filter(|_| described).map(|v| describe(vm, &v)),
                text,
            })
            .collect()
    }

    fn add(&mut self, name: impl Into<String>, value: Option<Value>) {
        self.names.push((name.into(), value));
    }

    fn variables(&mut self) {
        for dict in [self.main.clone(), self.vm.builtins.clone()] {
            for (name, value) in entries(&dict) {
                self.add(name, Some(value));
            }
        }
        for keyword in KEYWORDS {
            self.add(*keyword, None);
        }
    }

    fn modules(&mut self, package: &str) {
        let prefix = if package.is_empty() {
            String::new()
        } else {
            format!("{package}.")
        };
        let mut names: Vec<&str> = stdlib::names()
            .filter_map(|n| n.strip_prefix(prefix.as_str()))
            .filter(|n| !n.contains('.'))
            .collect();
        names.sort_unstable();
        names.into_iter().for_each(|n| self.add(n, None));
    }

    /// What a module has; those of the library are imported for it.
    fn members(&mut self, name: &str) {
        let key = self.vm.intern(name);
        let module = match self.vm.modules.get_str(&key) {
            Some(module) => Some(module),
            None if stdlib::find(name).is_some() => self.imported(name),
            None => None,
        };
        if let Some(module) = module {
            self.attributes_of(&module);
        }
        self.modules(name);
    }

    fn imported(&mut self, name: &str) -> Option<Value> {
        let hook = self.vm.import_hook;
        // With names to look for, the innermost module is given.
        let wanted = crate::vm::object::Tuple::value([Value::str("__name__")]);
        let globals = self.main.clone();
        match hook(self.vm, name, &globals, &wanted, 0) {
            Ok(module) => Some(module),
            Err(raise) => {
                drop(self.vm.take_raised(raise));
                None
            }
        }
    }

    fn attributes(&mut self, place: &Place<'_>, line: &[Token]) {
        let Some(object) = self.object_before(place, line) else {
            return;
        };
        self.attributes_of(&object);
    }

    /// What `dir` says; modules may have more names than values.
    fn attributes_of(&mut self, object: &Value) {
        let names = match builtins::dir(self.vm, object) {
            Ok(names) => names,
            Err(raise) => return drop(self.vm.take_raised(raise)),
        };
        for name in names {
            let Some(text) = name_of(&name) else { continue };
            if !text.starts_with(self.word) {
                continue;
            }
            let value = self.plain_attribute(object, &text);
            self.add(text, value);
        }
    }

    /// The object in front of the final dot: a path of names, or a literal.
    fn object_before(&mut self, place: &Place<'_>, line: &[Token]) -> Option<Value> {
        let path = line.get(..line.len().checked_sub(1)?)?;
        let last = path.last()?;
        match last.kind {
            Tok::String | Tok::FStringEnd => return Some(Value::str("")),
            Tok::RBracket | Tok::RBrace | Tok::RParen | Tok::Number => return None,
            _ => {}
        }
        let mut names = Vec::new();
        for pair in path.rchunks(2) {
            match pair {
                [dot, name] if dot.kind == Tok::Dot => names.push(place.slice(name)),
                [.., name] => {
                    names.push(place.slice(name));
                    break;
                }
                [] => break,
            }
        }
        let mut names = names.into_iter().rev();
        let mut object = self.variable(names.next()?)?;
        for name in names {
            object = self.plain_attribute(&object, name)?;
        }
        Some(object)
    }

    fn variable(&mut self, name: &str) -> Option<Value> {
        let name = self.vm.intern(name);
        let builtin = self.vm.builtins.get_str(&name);
        self.main.get_str(&name).or(builtin)
    }

    /// An attribute, unless getting it would run code of the program.
    fn plain_attribute(&mut self, object: &Value, name: &str) -> Option<Value> {
        let key = self.vm.intern(name);
        if let Some(module) = object.as_ref::<Module>() {
            return module.dict.get_str(&key);
        }
        if let Some(class) = object.as_ref::<Class>() {
            return self.vm.lookup(class, &key);
        }
        let own = self.vm.own_attributes(object);
        if let Some((_, value)) = own.into_iter().find(|(n, _)| n.as_str() == name) {
            return Some(value);
        }
        let class = self.vm.class_of(object);
        let found = self.vm.lookup(&class, &key)?;
        let harmless = found.as_ref::<Function>().is_some()
            || found.as_ref::<NativeFunction>().is_some()
            || matches!(
                found,
                Value::Int(_) | Value::Float(_) | Value::True | Value::False | Value::None
            )
            || found.as_str().is_some();
        harmless.then_some(found)
    }

    /// The parameters of the call whose arguments are being written.
    fn keywords(&mut self, place: &Place<'_>, line: &[Token]) {
        let last = line.last().map(|t| t.kind);
        if !matches!(last, Some(Tok::LParen | Tok::Comma)) {
            return;
        }
        let mut depth = 0usize;
        let opener = line.iter().rposition(|t| match t.kind {
            Tok::RParen | Tok::RBracket | Tok::RBrace => {
                depth += 1;
                false
            }
            Tok::LParen | Tok::LBracket | Tok::LBrace => {
                let own = depth == 0;
                depth = depth.saturating_sub(1);
                own
            }
            _ => false,
        });
        let Some(opener) = opener.filter(|o| line.get(*o).is_some_and(|t| t.kind == Tok::LParen))
        else {
            return;
        };
        let callee = line.get(..opener).unwrap_or_default();
        let Some(name) = callee.last().filter(|t| t.kind.is_name()) else {
            return;
        };
        let function = match callee.get(..callee.len() - 1) {
            Some(path @ [.., dot]) if dot.kind == Tok::Dot => {
                let object = self.object_before(place, path);
                object.and_then(|o| self.plain_attribute(&o, place.slice(name)))
            }
            _ => self.variable(place.slice(name)),
        };
        if let Some(function) = function {
            for parameter in parameters(self.vm, &function) {
                self.add(format!("{parameter}="), None);
            }
        }
    }
}

/// The names before the last dot of `import a.b.`, as text.
fn dotted(place: &Place<'_>, line: &[Token], skip: usize) -> String {
    let tail = line.get(skip..).unwrap_or_default();
    let from = tail.iter().rposition(|t| t.kind == Tok::Comma);
    let path = tail.get(from.map_or(0, |i| i + 1)..).unwrap_or_default();
    let text: String = path.iter().map(|t| place.slice(t)).collect();
    text.trim_end_matches('.').to_owned()
}

fn entries(dict: &Ref<Dict>) -> Vec<(String, Value)> {
    let map = dict.map.borrow();
    let mut found: Vec<_> = map
        .iter()
        .filter_map(|e| Some((name_of(&e.key)?, e.value.clone())))
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

/// The parameters that can be given by name.
fn parameters(vm: &mut Vm, function: &Value) -> Vec<String> {
    if let Some(method) = function.as_ref::<BoundMethod>() {
        return parameters(vm, &method.func.clone());
    }
    if let Some(f) = function.as_ref::<Function>() {
        let code = f.code.get();
        let code = &code.code;
        let from = usize::from(code.posonly);
        let to = usize::from(code.positional) + usize::from(code.kwonly);
        let names = code.names.get(from..to).unwrap_or_default();
        return names
            .iter()
            .filter(|n| &***n != "self")
            .map(|n| n.to_string())
            .collect();
    }
    if let Some(class) = function.as_ref::<Class>() {
        let name = vm.names.__init__.clone();
        let init = vm.lookup(class, &name);
        return init
            .filter(|i| i.as_ref::<Function>().is_some())
            .map_or_else(Vec::new, |i| parameters(vm, &i));
    }
    match function.as_ref::<NativeFunction>() {
        Some(native) => named_parameters(native.def.signature),
        None => Vec::new(),
    }
}

/// Those of a native's signature that can be given by name.
fn named_parameters(signature: &str) -> Vec<String> {
    let inner = signature.trim_start_matches('(').trim_end_matches(')');
    let parts = || inner.split(',').map(str::trim);
    let posonly = parts().position(|p| p == "/").map_or(0, |i| i + 1);
    parts()
        .skip(posonly)
        .filter(|p| !p.starts_with('*') && !p.is_empty())
        .map(|p| p.split(['=', ':']).next().unwrap_or(p).trim().to_owned())
        .filter(|p| p != "self" && p != "cls")
        .collect()
}

/// What a value is, in few words.
pub fn describe(vm: &mut Vm, value: &Value) -> String {
    if let Some(f) = value.as_ref::<Function>() {
        let code = f.code.get();
        let what = match (code.code.flags.coroutine, code.code.flags.generator) {
            (true, _) => "async def",
            (_, true) => "generator function",
            _ if code.code.flags.async_generator => "async generator function",
            _ => "def",
        };
        let parameters = code.code.names.iter().take(code.code.nparams());
        let parameters: Vec<&str> = parameters.map(|n| &**n).collect();
        return format!("{what} ({})", parameters.join(", "));
    }
    if let Some(native) = value.as_ref::<NativeFunction>() {
        return native.def.signature.to_owned();
    }
    if let Some(method) = value.as_ref::<BoundMethod>() {
        return describe(vm, &method.func.clone());
    }
    if value.as_ref::<Class>().is_some() {
        return "class".into();
    }
    if value.as_ref::<Module>().is_some() {
        return "module".into();
    }
    let class = vm.type_name(value).to_string();
    if value.as_ref::<Generator>().is_some() {
        return class;
    }
    match value {
        Value::Int(_) | Value::Float(_) | Value::True | Value::False | Value::None => vm
            .repr(value)
            .map_or(class.clone(), |text| format!("{class} {}", text.as_str())),
        _ => class,
    }
}
