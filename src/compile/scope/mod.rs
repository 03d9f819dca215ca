//! Scope analysis: what every name of a program means where it stands, and which register holds
//! it. `build` walks the tree and notes who binds and who uses what; `resolve` finds each use its
//! binding and lays out the registers of every frame.
//!
//! A *scope* is a module, class body, function, lambda or comprehension. A *frame* is a scope
//! with a code object of its own; list, set and dict comprehensions are scopes inside the frame
//! around them (PEP 709), with registers of their own for their targets.

use super::bits::Bits;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::ast::{self, Name};
use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};
use indexmap::{IndexMap, IndexSet};
use std::borrow::Cow;
use std::rc::Rc;

pub mod build;
mod build_expr;
mod order;
mod resolve;

/// Number of a scope in [`Scopes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// The scope of the module itself.
pub const ROOT: ScopeId = ScopeId(0);

/// What a scope is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeKind {
    Module,
    Class,
    /// `def`, lambda, type parameter thunk.
    Function,
    /// The scope around a definition with type parameters; a function in its own right.
    TypeParams,
    /// A generator expression: a function with one parameter, `.0`.
    GeneratorExp,
    /// A comprehension that lives in the frame around it.
    ListComp,
    SetComp,
    DictComp,
}

impl ScopeKind {
    /// Whether it is part of the frame around it.
    pub const fn is_inlined(self) -> bool {
        matches!(self, Self::ListComp | Self::SetComp | Self::DictComp)
    }

    /// Whether CPython calls it a comprehension.
    pub const fn is_comprehension(self) -> bool {
        self.is_inlined() || matches!(self, Self::GeneratorExp)
    }

    /// Whether names bound in it are local variables.
    pub const fn has_locals(self) -> bool {
        !matches!(self, Self::Module | Self::Class)
    }
}

/// How code reaches a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Access {
    /// A register.
    Local(u16),
    /// The cell in a register.
    Cell(u16),
    /// Global, then builtin.
    #[default]
    Global,
    /// The namespace in register 0, then global, then builtin.
    Name,
    /// The namespace in register 0, then the cell in a register.
    NameOrCell(u16),
}

/// What is done with a name in a scope: a set of the constants below.
pub type Flags = u16;
/// A parameter.
pub const PARAM: Flags = 1;
/// Assigned, imported, defined…
pub const BOUND: Flags = 1 << 1;
/// Read.
pub const USED: Flags = 1 << 2;
/// Declared `global`.
pub const GLOBAL: Flags = 1 << 3;
/// Declared `nonlocal`.
pub const NONLOCAL: Flags = 1 << 4;
/// Annotated as a simple name.
pub const ANNOTATED: Flags = 1 << 5;
/// Target of a comprehension's `for`.
pub const COMP_TARGET: Flags = 1 << 6;
/// Emptied by `del` or at the end of an `except … as`.
pub const DELETED: Flags = 1 << 7;
/// An inner frame reaches it: it lives in a cell.
pub const CAPTURED: Flags = 1 << 8;
/// Bound by an import: may be declared `global` afterwards.
pub const IMPORTED: Flags = 1 << 10;
/// A type parameter.
pub const TYPE_PARAM: Flags = 1 << 9;

/// A name in a scope.
#[derive(Clone, Debug, Default)]
pub struct Symbol {
    pub flags: Flags,
    pub access: Access,
    /// The scope that binds it, once resolved.
    binder: Option<ScopeId>,
    /// Its own register in its frame, if it is a variable bound here.
    register: u16,
    /// Where it was declared `global` or `nonlocal`, or first seen.
    span: Span,
}

impl Symbol {
    /// Whether it is a variable of the scope itself, and no parameter.
    const fn is_own_local(&self) -> bool {
        self.flags & (BOUND | PARAM | GLOBAL | NONLOCAL) == BOUND
    }
}

/// Registers of a frame.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Names of the named registers.
    pub names: Vec<Name>,
    pub free_start: u16,
    /// Registers that become cells when the frame starts.
    pub cells: Vec<u16>,
    /// Registers of comprehension targets that become cells when the comprehension starts.
    pub comp_cells: Vec<u16>,
    /// Where `MakeFunction` finds the cells of the free variables in the enclosing frame.
    pub captures: Vec<u16>,
    /// Registers that may be emptied in the middle of the frame's life.
    pub deletable: Bits,
    pub posonly: u16,
    pub positional: u16,
    pub kwonly: u16,
    pub vararg: bool,
    pub kwarg: bool,
}

/// One scope.
#[derive(Debug)]
pub struct Scope {
    pub kind: ScopeKind,
    pub parent: Option<ScopeId>,
    /// The frame it is part of: itself unless it is inlined.
    pub frame: ScopeId,
    /// The class whose name mangles `__private` names here.
    pub class_name: Option<Name>,
    pub symbols: IndexMap<Name, Symbol, RandomState>,
    /// Names that are not variables are looked up in the namespace in register 0 first.
    has_namespace: bool,
    pub is_async: bool,
    pub has_yield: bool,
    /// For comprehensions: something in it awaits.
    pub awaits: bool,
    /// For frames: an assignment expression binds one of its variables.
    pub has_walrus: bool,
    /// For modules and classes: a simple name is annotated, so `__annotations__` must exist.
    pub has_annotations: bool,
    /// For classes: methods need the cell `__class__`.
    pub needs_class_cell: bool,
    /// For classes: attributes that methods assign to `self`.
    pub static_attributes: IndexSet<Name, RandomState>,
    /// For comprehensions: registers of the targets, to be cleared at the end.
    pub comp_registers: Vec<u16>,
    /// The register of the cell `__class__` in a class body.
    pub class_cell: u16,
    pub layout: Layout,
    /// For frames: free variables, their binders and registers.
    free: IndexMap<Name, (ScopeId, u16), RandomState>,
    /// How deep in iterables of comprehensions the scope stands.
    comp_iter_depth: u32,
    params: Vec<Name>,
    /// For functions: their locals in the order of their places, by number in `symbols`.
    order: Vec<(usize, order::Place)>,
}

/// Tells apart the scopes that one tree node can open.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Part {
    Body,
    TypeParams,
    Bound,
    Default,
}

/// All scopes of a program.
#[derive(Debug)]
pub struct Scopes {
    list: Vec<Scope>,
    /// By the address of the node that opens the scope. The tree is borrowed for as long as this
    /// table is used, so addresses are identities.
    by_node: HashMap<(usize, Part), ScopeId>,
    /// `from __future__ import annotations`: annotations are not evaluated.
    pub future_annotations: bool,
}

fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node) as usize
}

impl Scopes {
    /// The scope with a number.
    pub fn get(&self, id: ScopeId) -> &Scope {
        // Ids are only made together with their scope.
        &self.list[id.0 as usize]
    }

    fn get_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.list[id.0 as usize]
    }

    fn part<T>(&self, node: &T, part: Part) -> ScopeId {
        let found = self.by_node.get(&(address(node), part));
        found.copied().unwrap_or(ROOT)
    }

    /// The body of a function, class, lambda, comprehension or type alias.
    pub fn body<T>(&self, node: &T) -> ScopeId {
        self.part(node, Part::Body)
    }

    /// The scope of a definition's type parameters.
    pub fn type_params<T>(&self, node: &T) -> ScopeId {
        self.part(node, Part::TypeParams)
    }

    /// The thunk of a type parameter's bound.
    pub fn bound(&self, param: &ast::TypeParam) -> ScopeId {
        self.part(param, Part::Bound)
    }

    /// The thunk of a type parameter's default.
    pub fn default(&self, param: &ast::TypeParam) -> ScopeId {
        self.part(param, Part::Default)
    }

    /// How code in `scope` reaches `name` (mangled).
    pub fn access(&self, scope: ScopeId, name: &str) -> Access {
        let scope = self.get(scope);
        match scope.symbols.get(name) {
            Some(symbol) => symbol.access,
            // Names that only the compiler writes, as `__module__` in a class body.
            None if scope.has_namespace => Access::Name,
            None => Access::Global,
        }
    }

    /// The frames that make up the scopes around `scope`, itself included.
    pub fn ancestors(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |s| self.get(*s).parent)
    }
}

/// `__name` inside a class becomes `_Class__name`.
pub fn mangle<'n>(class: Option<&str>, name: &'n Name) -> Cow<'n, Name> {
    let Some(class) = class.map(|c| c.trim_start_matches('_')) else {
        return Cow::Borrowed(name);
    };
    let private = name.starts_with("__") && !name.ends_with("__") && !name.contains('.');
    if private && !class.is_empty() {
        Cow::Owned(Rc::from(format!("_{class}{name}")))
    } else {
        Cow::Borrowed(name)
    }
}

/// Analyses a program. `separate_locals`: module-level names live in the namespace in register 0.
pub fn analyse(
    source: &Source,
    module: &ast::Module,
    separate_locals: bool,
) -> (Scopes, Vec<Diagnostic>) {
    let (mut scopes, mut errors) = build::build(source, module);
    resolve::resolve(source, &mut scopes, separate_locals, &mut errors);
    (scopes, errors)
}

fn syntax_error(source: &Source, span: Span, title: String, label: &str) -> Diagnostic {
    Diagnostic::refusal(title).label(source, span, label)
}
