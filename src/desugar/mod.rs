//! What `await`, `async for`, `async with`, `yield from` and `gather` do, as a program: the same
//! one with each of them written out as what generators do, one after the other. The text of the program stays as it is
//! everywhere else, comments included, and what was written out stands above it as a comment.

mod beside;
mod comprehension;
mod lift;
mod names;
mod statement;
mod suspended;
mod text;

use crate::compile::{Mode, compile_module};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::ast::{Expr, ExprKind, FunctionDef, Module, Stmt, StmtKind};
use crate::syntax::walk;
use crate::syntax::{Tok, Token};
use crate::syntax::{parse_module, scan};
use names::Names;
use text::{Edit, Lines};

const COROUTINE: &str = include_str!("prelude/coroutine.coro");
const ASYNC_GENERATOR: &str = include_str!("prelude/async_generator.coro");
const GATHER: &str = include_str!("prelude/gather.coro");

/// What a function is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Plain,
    /// A function whose own decorator gives its `yield from` another meaning.
    Marked,
    Coroutine,
    AsyncGenerator,
}

/// A function that is being rewritten.
struct Function {
    kind: Kind,
    /// Functions that its comprehensions have become, for its beginning.
    lifted: Vec<String>,
}

/// Which parts of the prelude are needed.
#[derive(Default)]
struct Used {
    coroutine: bool,
    async_generator: bool,
    gather: bool,
}

struct Rewriter<'a> {
    lines: Lines<'a>,
    tokens: Vec<Token>,
    names: Names,
    functions: Vec<Function>,
    used: Used,
    count: usize,
}

/// The program written out, or why it is none.
pub fn desugar(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let written = written(source)?;
    let (before, after) = written.program.split_at(written.prelude_at);
    Ok(match written.prelude.is_empty() {
        true => written.program,
        false => format!("{before}{}# The program.\n\n{after}", written.prelude),
    })
}

/// The program beside what it becomes, in so many columns, with the help that this needs below.
pub fn beside(source: &Source, width: usize, bar: char) -> Result<String, Vec<Diagnostic>> {
    let written = written(source)?;
    let text = beside::columns(source, &written.program, width, bar);
    Ok(match written.prelude.is_empty() {
        true => text,
        false => format!("{text}\n{}", written.prelude.trim_end()) + "\n",
    })
}

/// A program that is written out.
struct Written {
    program: String,
    /// What it needs, and where in it that belongs.
    prelude: String,
    prelude_at: usize,
}

fn written(source: &Source) -> Result<Written, Vec<Diagnostic>> {
    let parsed = parse_module(source);
    if !parsed.errors.is_empty() {
        return Err(parsed.errors);
    }
    compile_module(source, &parsed.module, Mode::Module)?;
    let tokens = scan(source).tokens;
    let mut rewriter = Rewriter {
        lines: Lines::new(source, &tokens),
        names: Names::new(source, &tokens),
        tokens,
        functions: Vec::new(),
        used: Used::default(),
        count: 0,
    };
    Ok(rewriter.module(&parsed.module))
}

impl Rewriter<'_> {
    fn module(&mut self, module: &Module) -> Written {
        let mut edits = self.block(&module.body);
        edits.sort_by_key(|(span, _)| (span.start, span.end));
        let first = module.body.iter().find(|s| !stands_first(s));
        let at = first.map_or(self.lines.end(), |s| self.lines.begin_of_line(start(s)));
        let head = edits.iter().take_while(|(span, _)| span.end <= at);
        let head: Vec<Edit> = head.cloned().collect();
        let before = self.lines.splice(Span::new(0, at), &head);
        let text = self.lines.splice(self.lines.all(), &edits);
        Written {
            program: Lines::finish(&text),
            prelude: self.prelude(),
            prelude_at: Lines::finish(&before).len(),
        }
    }

    fn prelude(&self) -> String {
        let mut text = String::new();
        let parts = [
            (self.used.coroutine || self.used.async_generator, COROUTINE),
            (self.used.async_generator, ASYNC_GENERATOR),
            (self.used.gather, GATHER),
        ];
        for (_, part) in parts.iter().filter(|(used, _)| *used) {
            text.push_str(&self.names.in_text(part));
            text.push_str("\n\n");
        }
        text
    }

    /// A number that tells names apart.
    fn number(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    fn kind(&self) -> Kind {
        self.functions.last().map_or(Kind::Plain, |f| f.kind)
    }

    // Expressions

    /// The text of an expression, rewritten.
    fn expr(&mut self, e: &Expr) -> String {
        match self.changed(e) {
            Some(text) => text,
            None => {
                let edits = self.children(e);
                self.lines.splice(e.span, &edits)
            }
        }
    }

    /// What an expression itself becomes, if it is one of those that are written out.
    fn changed(&mut self, e: &Expr) -> Option<String> {
        match &e.kind {
            ExprKind::Await(value) => {
                self.used.coroutine = true;
                let value = self.expr(value);
                let wait = self.names.name("await");
                Some(format!("(yield from {wait}({value}))"))
            }
            ExprKind::Yield(value) if self.kind() == Kind::AsyncGenerator => Some(match value {
                Some(value) => {
                    let text = self.expr(value);
                    self.item(value, &text)
                }
                None => format!("yield {}(None)", self.names.name("Item")),
            }),
            ExprKind::ListComp(c)
            | ExprKind::SetComp(c)
            | ExprKind::DictComp(c)
            | ExprKind::GeneratorExp(c)
                if comprehension::waits(c) && self.kind() != Kind::Plain =>
            {
                Some(self.comprehension(e, c))
            }
            ExprKind::Attribute { value, attr } if &*attr.name == "gather" => {
                let own = matches!(&value.kind, ExprKind::Name(n) if &**n == "asyncio");
                self.used.gather |= own;
                own.then(|| self.names.name("gather"))
            }
            _ => None,
        }
    }

    /// Changes within an expression.
    fn children(&mut self, e: &Expr) -> Vec<Edit> {
        let mut inner = Vec::new();
        walk::children(e, &mut |child| inner.push(child));
        self.edits(&inner)
    }

    fn edits(&mut self, all: &[&Expr]) -> Vec<Edit> {
        let mut edits = Vec::new();
        for e in all {
            match self.changed(e) {
                Some(text) => edits.push((e.span, text)),
                None => edits.extend(self.children(e)),
            }
        }
        edits.sort_by_key(|(span, _)| span.start);
        edits
    }

    /// Where a token of this kind stands from a place on.
    fn token(&self, kind: Tok, from: u32) -> Option<Span> {
        let found = self
            .tokens
            .iter()
            .find(|t| t.kind == kind && t.span.start >= from);
        found.map(|t| t.span)
    }
}

/// A docstring, or an import from the future: nothing may stand before it.
fn stands_first(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Expr(_) => is_docstring(stmt),
        StmtKind::ImportFrom { module, .. } => {
            module.as_ref().is_some_and(|m| &*m.name == "__future__")
        }
        _ => false,
    }
}

fn is_docstring(stmt: &Stmt) -> bool {
    use crate::syntax::ast::Constant;
    matches!(&stmt.kind, StmtKind::Expr(e) if matches!(e.kind, ExprKind::Constant(Constant::Str(_))))
}

/// Where a statement begins, its decorators included.
fn start(stmt: &Stmt) -> u32 {
    let decorators = match &stmt.kind {
        StmtKind::FunctionDef(def) => &def.decorators,
        StmtKind::ClassDef(def) => &def.decorators,
        _ => return stmt.span.start,
    };
    let first = decorators.first().map_or(stmt.span.start, |d| d.span.start);
    first.min(stmt.span.start)
}

/// What a function is.
fn kind_of(def: &FunctionDef) -> Kind {
    let marks = |d: &Expr| {
        let name = match &d.kind {
            ExprKind::Attribute { attr, .. } => attr.name.clone(),
            ExprKind::Name(name) => name.clone(),
            _ => return false,
        };
        &*name == "coroutine"
    };
    match (def.is_async, is_generator(def)) {
        (true, true) => Kind::AsyncGenerator,
        (true, false) => Kind::Coroutine,
        (false, _) if def.decorators.iter().any(marks) => Kind::Marked,
        (false, _) => Kind::Plain,
    }
}

fn is_generator(def: &FunctionDef) -> bool {
    let mut yields = false;
    own_expressions(&def.body, &mut |e| {
        yields |= matches!(e.kind, ExprKind::Yield(_))
    });
    yields
}

/// Whether a coroutine awaits at all.
fn awaits(def: &FunctionDef) -> bool {
    let mut any = false;
    own_expressions(&def.body, &mut |e| {
        any |= matches!(e.kind, ExprKind::Await(_)) || comprehension::is_asynchronous(e);
    });
    own_statements(&def.body, &mut |s| {
        let is_async = matches!(
            s.kind,
            StmtKind::For { is_async: true, .. } | StmtKind::With { is_async: true, .. }
        );
        any |= is_async;
    });
    any
}

/// The statements of a function that are not those of a function or class within it.
fn own_statements<'a>(block: &'a [Stmt], f: &mut dyn FnMut(&'a Stmt)) {
    for stmt in block {
        f(stmt);
        if !matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
            for inner in walk::blocks(stmt) {
                own_statements(inner, f);
            }
        }
    }
}

fn own_expressions<'a>(block: &'a [Stmt], f: &mut dyn FnMut(&'a Expr)) {
    own_statements(block, &mut |stmt| {
        walk::expressions(stmt, &mut |e| walk::everything(e, f));
    });
}
