//! The module `_types`: types that have no name among the builtins.

use crate::builtins::{MappingProxy, SimpleNamespace};
use crate::diagnostic::traceback::marked_lines;
use crate::source::Span;
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Function, Module, NativeFunction, Traceback, Tuple};
use crate::vm::ops::alias::{GenericAlias, UnionType};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_types",
    doc: "Types that have no name among the builtins.",
    functions: &[
        NativeDef::new(
            "coroutine",
            "(func, /)",
            coroutine,
            "Mark a generator function as one whose generators can be awaited.",
        ),
        NativeDef::new(
            "_makes_coroutine",
            "(func, /)",
            |_, args| {
                let native = args[0].as_ref::<NativeFunction>();
                Ok(native.is_some_and(|f| f.def.makes_coroutine).into())
            },
            "Whether a function that is written in Rust stands for an `async def`.",
        ),
        NativeDef::new(
            "_place",
            "(traceback, /)",
            place,
            "Where the expression ends that an exception left, and its source with marks.",
        ),
    ],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let classes = [
        ("GenericAlias", vm.class_for::<GenericAlias>()),
        ("UnionType", vm.class_for::<UnionType>()),
        ("SimpleNamespace", vm.class_for::<SimpleNamespace>()),
        ("MappingProxyType", vm.class_for::<MappingProxy>()),
    ];
    for (name, class) in classes {
        let name = vm.intern(name);
        module.dict.set_str(&name, class.into());
    }
    Ok(())
}

/// `(end line, column, end column, text)`, columns in bytes; what `traceback` shows of a frame.
fn place(vm: &mut Vm, args: &[Value]) -> R {
    let Some(traceback) = args[0].downcast::<Traceback>() else {
        return Err(vm.type_error("a traceback was expected"));
    };
    let code = traceback.code();
    let source = &code.source;
    let span = match traceback.span_told() {
        Span::NO_LINE => traceback.span(),
        span => span,
    };
    let (start, end) = (source.position(span.start), source.position(span.end));
    let lines = marked_lines(source, span);
    let text: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    let number = |n: u32| Value::Int(i64::from(n));
    Ok(Tuple::value([
        number(end.line),
        number(start.column),
        number(end.column),
        Value::from(text),
    ]))
}

/// The function gets a code object of its own, so that others with the same code stay as they are.
fn coroutine(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(function) = args[0].as_ref::<Function>() {
        let code = function.code.get();
        if code.code.flags.generator && !code.iterable_coroutine.get() {
            let marked = vm.link(&code.code, &code.globals);
            marked.iterable_coroutine.set(true);
            function.code.set(marked);
        }
    }
    Ok(args[0].clone())
}
