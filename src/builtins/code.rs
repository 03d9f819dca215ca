//! Code objects, cells and frames as objects.

use super::args::{address, at};
use super::code_replace::replace;
use crate::bytecode::BEFORE_BEGINNING;
use crate::vm::asyncgen::seen_awaitable;
use crate::vm::generator::yield_from;
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef};
use crate::vm::object::{
    Bytes, CellObject, CodeObject, Dict, FrameObject, GenKind, GenState, Generator, Str, Tuple,
};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use indexmap::IndexSet;

pub fn install(vm: &mut Vm) {
    let class = vm.types.code.clone();
    vm.extend_class(&class, CODE_METHODS, CODE_GETSET);
    let class = vm.types.cell.clone();
    vm.extend_class(&class, CELL_METHODS, CELL_GETSET);
    let class = vm.types.frame.clone();
    vm.extend_class(&class, FRAME_METHODS, FRAME_GETSET);
}

// Code

const REPLACE: &str = "A copy with another name, file or first line.";

const CODE_METHODS: &[NativeDef] = &[
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| {
            let v = at(args, 0);
            let code = code_of(vm, &v)?;
            let code = &code.code;
            Ok(Value::from(format!(
                "<code object {} at {}, file \"{}\", line {}>",
                code.name,
                address(&v),
                code.source.path(),
                code.first_line()
            )))
        },
        "Return repr(self).",
    ),
    NativeDef::new("replace", "(self, /, **changes)", replace, REPLACE),
    NativeDef::new("__replace__", "(self, /, **changes)", replace, REPLACE),
    NativeDef::new(
        "co_lines",
        "(self, /)",
        co_lines,
        "Instruction ranges and their lines.",
    ),
    NativeDef::new(
        "co_positions",
        "(self, /)",
        co_positions,
        "For each instruction: line, end line, column, end column.",
    ),
];

const CODE_GETSET: &[GetSet] = &[
    GetSet::write(
        "co_name",
        |vm, v| Ok(Value::str(&code_of(vm, v)?.code.name)),
        readonly,
        "The name.",
    ),
    GetSet::write(
        "co_qualname",
        |vm, v| Ok(Value::str(&code_of(vm, v)?.code.qualname)),
        readonly,
        "The qualified name.",
    ),
    GetSet::write(
        "co_filename",
        |vm, v| Ok(Value::str(code_of(vm, v)?.code.source.path())),
        readonly,
        "The file.",
    ),
    GetSet::write(
        "co_firstlineno",
        |vm, v| Ok(Value::Int(i64::from(code_of(vm, v)?.code.first_line()))),
        readonly,
        "The line on which the definition begins.",
    ),
    GetSet::write("co_flags", co_flags, readonly, "Facts as bits."),
    GetSet::write(
        "co_argcount",
        |vm, v| Ok(Value::Int(i64::from(code_of(vm, v)?.code.positional))),
        readonly,
        "Number of positional parameters.",
    ),
    GetSet::write(
        "co_posonlyargcount",
        |vm, v| Ok(Value::Int(i64::from(code_of(vm, v)?.code.posonly))),
        readonly,
        "Number of positional-only parameters.",
    ),
    GetSet::write(
        "co_kwonlyargcount",
        |vm, v| Ok(Value::Int(i64::from(code_of(vm, v)?.code.kwonly))),
        readonly,
        "Number of keyword-only parameters.",
    ),
    GetSet::write(
        "co_varnames",
        |vm, v| names(vm, v, Variables::Locals),
        readonly,
        "The locals.",
    ),
    GetSet::write(
        "co_cellvars",
        |vm, v| names(vm, v, Variables::Cells),
        readonly,
        "Locals that inner functions use.",
    ),
    GetSet::write(
        "co_freevars",
        |vm, v| names(vm, v, Variables::Free),
        readonly,
        "Variables of outer functions.",
    ),
    GetSet::write(
        "co_nlocals",
        |vm, v| {
            let code = code_of(vm, v)?;
            Ok(variables(&code, Variables::Locals).len().into())
        },
        readonly,
        "Number of locals.",
    ),
    GetSet::write(
        "co_names",
        |vm, v| {
            let code = code_of(vm, v)?;
            let mut seen: Vec<&str> = Vec::new();
            for site in &code.code.sites {
                if !seen.contains(&&*site.name) {
                    seen.push(&site.name);
                }
            }
            let names: Vec<Value> = seen.into_iter().map(Value::str).collect();
            Ok(Tuple::value(names))
        },
        readonly,
        "Names of globals and attributes.",
    ),
    GetSet::write(
        "co_consts",
        |vm, v| {
            let code = code_of(vm, v)?;
            Ok(Tuple::value(consts(&code)))
        },
        readonly,
        "The constants.",
    ),
    GetSet::write(
        "co_code",
        |vm, v| {
            let code = code_of(vm, v)?;
            let instrs = code.code.instrs.iter();
            let bytes = instrs.flat_map(|i| [i.op as u8, i.a as u8]);
            Ok(Bytes::value(bytes.collect::<Vec<u8>>()))
        },
        readonly,
        "The instructions, two bytes of each.",
    ),
    GetSet::write(
        "co_stacksize",
        |vm, v| {
            let code = code_of(vm, v)?;
            Ok(Value::Int(i64::from(code.code.nregs - code.code.nnamed)))
        },
        readonly,
        "Number of temporaries.",
    ),
];

/// As CPython orders them: a function's doc or None comes first, and a module ends with None.
fn consts(linked: &CodeObject) -> Vec<Value> {
    let code = &linked.code;
    let mut consts: Vec<Value> = Vec::with_capacity(linked.consts.len() + 1);
    if !code.flags.class_body && !code.flags.module {
        consts.push(code.doc.as_ref().map_or(Value::None, |doc| Value::str(doc)));
    }
    consts.extend(linked.consts.iter().cloned());
    if code.flags.module && &*code.name == "<module>" {
        consts.push(Value::None);
    }
    consts
}

#[derive(Clone, Copy)]
enum Variables {
    Locals,
    Cells,
    Free,
}

pub(super) fn code_of(vm: &mut Vm, v: &Value) -> R<Ref<CodeObject>> {
    if let Some(code) = v.as_ref::<CodeObject>() {
        return Ok(code.clone());
    }
    match v
        .opaque::<super::CodeText>()
        .and_then(super::CodeText::linked)
    {
        Some(code) => Ok(code),
        None => Err(vm.type_error("descriptor requires a 'code' object")),
    }
}

fn readonly(vm: &mut Vm, _: &Value, _: Option<Value>) -> R<()> {
    let class = vm.exc.attribute_error.clone();
    Err(vm.error(&class, "readonly attribute"))
}

fn variables(code: &CodeObject, which: Variables) -> Vec<Value> {
    let code = &code.code;
    let parameters = code.nparams();
    let free = code.free_start as usize;
    let wanted = |i: usize| {
        let is_cell = code.cells.iter().any(|c| *c as usize == i);
        match which {
            Variables::Free => i >= free,
            Variables::Cells => i < free && is_cell,
            Variables::Locals => i < free && (i < parameters || !is_cell),
        }
    };
    let wanted = code.names.iter().enumerate().filter(|(i, _)| wanted(*i));
    // A target of a comprehension has a register of its own beside a local of its name.
    let names: IndexSet<&str> = wanted.map(|(_, name)| &**name).collect();
    names.into_iter().map(Value::str).collect()
}

fn names(vm: &mut Vm, v: &Value, which: Variables) -> R {
    let code = code_of(vm, v)?;
    Ok(Tuple::value(variables(&code, which)))
}

/// CPython's bits.
fn co_flags(vm: &mut Vm, v: &Value) -> R {
    let linked = code_of(vm, v)?;
    let code = &linked.code;
    let f = code.flags;
    let function = !f.class_body && !f.module;
    let nested = function && code.qualname.contains("<locals>");
    let bits = [
        (function, 0x3),
        (f.vararg, 0x4),
        (f.kwarg, 0x8),
        (nested, 0x10),
        (f.generator, 0x20),
        (f.coroutine, 0x80),
        (linked.iterable_coroutine.get(), 0x100),
        (f.async_generator, 0x200),
    ];
    let bits = bits.iter().filter(|(on, _)| *on).map(|(_, bit)| *bit);
    Ok(Value::Int(bits.sum()))
}

fn co_lines(vm: &mut Vm, args: &[Value]) -> R {
    let code = code_of(vm, &at(args, 0))?;
    let mut ranges: Vec<(usize, usize, u32)> = Vec::new();
    for pc in 0..code.code.instrs.len() {
        let line = code.code.line_at(pc);
        match ranges.last_mut() {
            Some((_, end, last)) if *last == line => *end = pc + 1,
            _ => ranges.push((pc, pc + 1, line)),
        }
    }
    let ranges: Vec<Value> = ranges
        .into_iter()
        .map(|(start, end, line)| {
            Tuple::value([start.into(), end.into(), Value::Int(i64::from(line))])
        })
        .collect();
    vm.iter(&Tuple::value(ranges))
}

fn co_positions(vm: &mut Vm, args: &[Value]) -> R {
    let code = code_of(vm, &at(args, 0))?;
    let source = &code.code.source;
    let places: Vec<Value> = (0..code.code.instrs.len())
        .map(|pc| {
            let span = code.code.span_told(pc);
            let (start, end) = (source.position(span.start), source.position(span.end));
            let number = |n: u32| Value::Int(i64::from(n));
            Tuple::value([
                number(start.line),
                number(end.line),
                number(start.column),
                number(end.column),
            ])
        })
        .collect();
    vm.iter(&Tuple::value(places))
}

// Cells

const CELL_METHODS: &[NativeDef] = &[
    NativeDef::constructor("(cls, contents=None, /)", |_, args| {
        let cell = Ref::new(CellObject::default());
        cell.content.set(at(args, 1));
        Ok(cell.into())
    }),
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| {
            let v = at(args, 0);
            let content = v.downcast::<CellObject>().map(|c| c.content.get());
            let place = address(&v);
            Ok(Value::from(match content.as_ref().and_then(Value::given) {
                Some(content) => format!(
                    "<cell at {place}: {} object at {}>",
                    vm.type_name(content),
                    address(content)
                ),
                None => format!("<cell at {place}: empty>"),
            }))
        },
        "Return repr(self).",
    ),
];

const CELL_GETSET: &[GetSet] = &[GetSet::write(
    "cell_contents",
    |vm, v| match v.downcast::<CellObject>().map(|c| c.content.get()) {
        None | Some(Value::Undef) => Err(vm.value_error("Cell is empty")),
        Some(content) => Ok(content),
    },
    |_, v, value| {
        if let Some(cell) = v.downcast::<CellObject>() {
            cell.content.set(value.unwrap_or(Value::Undef));
        }
        Ok(())
    },
    "What the variable holds.",
)];

// Frames

const FRAME_METHODS: &[NativeDef] = &[
    NativeDef::new(
        "__repr__",
        "(self, /)",
        |vm, args| {
            let v = at(args, 0);
            let frame = frame_of(vm, &v)?;
            let code = &frame.code.code;
            Ok(Value::from(format!(
                "<frame at {}, file '{}', line {}, code {}>",
                address(&v),
                code.source.path(),
                code.line_at(vm.place_of(&frame)),
                code.name
            )))
        },
        "Return repr(self).",
    ),
    NativeDef::new(
        "clear",
        "(self, /)",
        clear_frame,
        "F.clear(): clear most references held by the frame",
    ),
];

const FRAME_GETSET: &[GetSet] = &[
    GetSet::read(
        "f_code",
        |vm, v| Ok(frame_of(vm, v)?.code.clone().into()),
        "The code.",
    ),
    GetSet::read(
        "f_lineno",
        |vm, v| {
            let frame = frame_of(vm, v)?;
            let code = &frame.code.code;
            let place = vm.place_of(&frame);
            if code.is_lineless(place) {
                return Ok(Value::None);
            }
            let line = code.line_at(code.written_before(place));
            Ok(Value::Int(i64::from(line)))
        },
        "The line.",
    ),
    GetSet::read(
        "f_lasti",
        |vm, v| {
            let frame = frame_of(vm, v)?;
            Ok(match vm.place_of(&frame) {
                // CPython has run the instructions that make the generator.
                BEFORE_BEGINNING => Value::Int(2),
                place => place.into(),
            })
        },
        "The index of the instruction.",
    ),
    GetSet::read(
        "f_globals",
        |vm, v| Ok(frame_of(vm, v)?.code.globals.clone().into()),
        "The module's namespace.",
    ),
    GetSet::read(
        "f_builtins",
        |vm, v| Ok(frame_of(vm, v)?.code.builtins.clone().into()),
        "The builtins.",
    ),
    GetSet::read("f_locals", f_locals, "The locals."),
    GetSet::read(
        "f_generator",
        |vm, v| {
            let frame = frame_of(vm, v)?;
            Ok(vm.generator_of(&frame).map_or(Value::None, Value::from))
        },
        "The generator or coroutine whose frame it is, or None.",
    ),
    GetSet::read(
        "f_back",
        |vm, v| {
            let frame = frame_of(vm, v)?;
            Ok(vm.caller_of(&frame))
        },
        "The frame of the caller.",
    ),
    GetSet::write(
        "f_trace",
        |_, _| Ok(Value::None),
        |_, _, _| Ok(()),
        "The trace function.",
    ),
];

fn frame_of(vm: &mut Vm, v: &Value) -> R<Ref<FrameObject>> {
    match v.as_ref::<FrameObject>() {
        Some(frame) => Ok(frame.clone()),
        None => Err(vm.type_error("descriptor requires a 'frame' object")),
    }
}

fn clear_frame(vm: &mut Vm, args: &[Value]) -> R {
    let frame = frame_of(vm, &args[0])?;
    if vm.is_executing(&frame) {
        return Err(vm.runtime_error("cannot clear an executing frame"));
    }
    match vm.generator_of(&frame) {
        Some(g) if g.state.get() == GenState::Suspended => {
            return Err(vm.runtime_error("cannot clear a suspended frame"));
        }
        // As in CPython, it is only told off for not being awaited, and can be awaited still.
        Some(g) if g.kind() == GenKind::Coroutine && g.state.get() == GenState::Created => {
            let hook = vm.report_hooks.never_awaited;
            hook(vm, &g, None);
        }
        Some(g) => {
            vm.close(&g)?;
        }
        None => frame.clear(),
    }
    Ok(Value::None)
}

fn f_locals(vm: &mut Vm, v: &Value) -> R {
    let frame = frame_of(vm, v)?;
    let code = &frame.code.code;
    if code.has_namespace() {
        return Ok(vm.register_of(&frame, 0));
    }
    if code.flags.module {
        return Ok(frame.code.globals.clone().into());
    }
    let dict = Dict::new();
    for (i, name) in code.names.iter().enumerate() {
        let value = vm.register_of(&frame, i);
        let value = match value.downcast::<CellObject>() {
            Some(cell) => cell.content.get(),
            None => value,
        };
        if !value.is_undef() {
            dict.set_str(&Str::new(name), value);
        }
    }
    Ok(dict.into())
}

/// `gi_frame`, `cr_frame`, `ag_frame`: the frame of a generator that is not finished.
pub fn generator_frame(generator: &Ref<Generator>) -> Value {
    if generator.is_finished() {
        return Value::None;
    }
    generator.frame_object().into()
}

/// What a generator delegates to (`gi_yieldfrom`, `cr_await`).
pub fn delegate(vm: &mut Vm, generator: &Ref<Generator>) -> Value {
    match yield_from(generator) {
        Some(delegate) => seen_awaitable(vm, delegate),
        None => Value::None,
    }
}
