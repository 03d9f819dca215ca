//! Linking: from code as plain data to a code object bound to its globals.

use super::Vm;
use super::heap::{Ref, ZombieFrames};
use super::linked::linked_lines;
use super::object::{Bytes, CacheEntry, CodeObject, Dict, GenKind, SetTable, Tuple};
use super::ops::sets;
use super::value::Value;
use crate::bytecode::{Code, Const, Op};
use num_bigint::BigInt;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// `CodeObject::none_for` and `some_at`, of code that begins with `if node is None: return`, or whose
/// body is one `if node is not None`.
fn none_for(code: &Code) -> Option<(u32, u32)> {
    // Code that is profiled counts first that it is entered; who goes around it counts as well.
    let begin = code.instrs.iter().position(|i| i.op != Op::ProfiledEntry)?;
    let first = code.instrs.get(begin)?;
    let (none_at, some_at) = match first.op {
        Op::JumpIfNone => (first.bc(), begin + 1),
        Op::JumpIfNotNone => (begin + 1, first.bc()),
        _ => return None,
    };
    let end = code.instrs.get(none_at)?.op;
    let returns = end == Op::ReturnNone || end == Op::ReturnNone.profiled();
    (returns && first.a < code.positional).then_some((u32::from(first.a), some_at as u32))
}

impl Vm {
    /// Binds code (and the code inside it) to a namespace of globals.
    pub fn link(&mut self, code: &Rc<Code>, globals: &Ref<Dict>) -> Ref<CodeObject> {
        let consts = code
            .consts
            .iter()
            .map(|c| self.constant(c, globals))
            .collect();
        let caches = code
            .sites
            .iter()
            .map(|s| CacheEntry::new(self.intern(&s.name)))
            .collect();
        let named = code.positional as usize + code.kwonly as usize;
        let parameters = code
            .names
            .iter()
            .take(named)
            .map(|n| self.intern(n))
            .collect();
        let flags = code.flags;
        let plain = !flags.vararg && !flags.kwarg && code.kwonly == 0;
        let name = self.names.__builtins__.clone();
        let builtins = match globals.get_str(&name) {
            Some(v) if v.as_ref::<Dict>().is_some() => v.as_ref::<Dict>().cloned(),
            _ => None,
        };
        let (none_for, some_at) = none_for(code).unwrap_or((u32::MAX, 0));
        let (linked, entry) = linked_lines(&code.instrs);
        Ref::new(CodeObject {
            entry,
            linked,
            // The one argument of a class body (or `exec` with locals) is its namespace.
            plain_args: if code.has_namespace() {
                1
            } else if plain && !flags.suspends() {
                u32::from(code.positional)
            } else {
                u32::MAX
            },
            frame_args: if plain && flags.suspends() {
                u32::from(code.positional)
            } else {
                u32::MAX
            },
            none_for,
            some_at,
            kind: gen_kind(code),
            delegates_by: gen_kind(code).delegates_by(),
            suspends: flags.suspends(),
            is_library: code.source.is_library(),
            nregs: u32::from(code.nregs),
            nnamed: u32::from(code.nnamed),
            free_start: u32::from(code.free_start),
            zombies: ZombieFrames::new(u32::from(code.nregs)),
            iterable_coroutine: Cell::new(false),
            entered: Cell::new(0),
            task_row: Cell::new(0),
            code: code.clone(),
            parameters,
            globals: globals.clone(),
            builtins: builtins.unwrap_or_else(|| self.builtins.clone()),
            consts,
            caches,
        })
    }

    /// A constant as a value. Strings that look like names are interned, as in CPython.
    fn constant(&mut self, c: &Const, globals: &Ref<Dict>) -> Value {
        match c {
            Const::None => Value::None,
            Const::True => Value::True,
            Const::False => Value::False,
            Const::Ellipsis => self.ellipsis(),
            Const::Int(i) => Value::Int(*i),
            Const::BigInt(n) => Value::bigint(BigInt::clone(n)),
            Const::Float(f) => Value::float(*f),
            Const::Imaginary(f) => Value::complex(0.0, *f),
            Const::Str(s) if s.len() <= 64 => self.intern(s).into(),
            Const::Str(s) => Value::str(s),
            Const::Bytes(b) => Bytes::value(b.to_vec()),
            Const::Tuple(items) => {
                let values: Vec<Value> = items.iter().map(|c| self.constant(c, globals)).collect();
                Tuple::value(values)
            }
            Const::FrozenSet(items) => {
                let values: Vec<Value> = items.iter().map(|c| self.constant(c, globals)).collect();
                // CPython's compiler makes a set of the constants and then another of its
                // elements; where two hashes collide, that shows in the order.
                let first = self.set_of_constants(&values);
                let values: Vec<Value> = first.iter().map(|(_, key)| key.clone()).collect();
                sets::make(self.set_of_constants(&values), true)
            }
            Const::Code(code) => self.link(code, globals).into(),
        }
    }

    fn set_of_constants(&mut self, values: &[Value]) -> SetTable {
        let table = RefCell::default();
        for value in values {
            // Constants hash and compare without bytecode; nothing can fail here.
            if let Err(raise) = self.set_add(&table, value) {
                drop(self.take_raised(raise));
            }
        }
        table.into_inner()
    }
}

/// What a call of code that suspends makes.
fn gen_kind(code: &Code) -> GenKind {
    if code.flags.async_generator {
        GenKind::AsyncGenerator
    } else if code.flags.coroutine {
        GenKind::Coroutine
    } else {
        GenKind::Generator
    }
}
