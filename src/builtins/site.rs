//! What a session finds among its builtins besides the language: `exit` and `quit`, which say how to
//! leave, and leave when they are called; `help`; and texts about the program itself. Knows nothing
//! of what `help` shows: that is a module of the library.

use super::args::{at, varargs};
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Dict, Layout, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Their name.
pub struct Quitter(&'static str);

/// How else one can leave.
const EOF: &str = "Ctrl-D (i.e. EOF)";

impl NativeData for Quitter {}

impl NativeType for Quitter {
    const DEF: &'static TypeDef = &TypeDef::new("Quitter", "_sitebuiltins", Layout::Final)
        .methods(&[
            NativeDef::new("__repr__", "(self)", repr, "Return repr(self)."),
            NativeDef::new("__call__", "(self, code=None)", call, "Raise SystemExit."),
        ])
        .getset(&[
            GetSet::read("name", |_, v| Ok(Value::str(name(v))), "Its name."),
            GetSet::read("eof", |_, _| Ok(Value::str(EOF)), "How else one can leave."),
        ]);
}

/// `help`.
struct Helper;

impl NativeData for Helper {}

impl NativeType for Helper {
    const DEF: &'static TypeDef = &TypeDef::new("_Helper", "_sitebuiltins", Layout::Final)
        .doc("help() says what this is; help(object) shows a page about an object.")
        .methods(&[
            NativeDef::new(
                "__repr__",
                "(self)",
                |_, _| Ok(Value::str(HOW_TO_ASK)),
                "Return repr(self).",
            ),
            NativeDef::new(
                "__call__",
                "(self, *args, **kwds)",
                help,
                "Show the page about an object.",
            ),
        ]);
}

const HOW_TO_ASK: &str = "Type help() for interactive help, or help(object) for help about object.";

/// A text that is shown by its name alone, or when it is called.
struct Printer {
    name: &'static str,
    text: &'static str,
    /// The text is too long to be its `repr`.
    long: bool,
}

const PRINTERS: [Printer; 3] = [
    Printer {
        name: "copyright",
        text: "Copyright (c) the authors of coro.\nAll Rights Reserved.",
        long: false,
    },
    Printer {
        name: "credits",
        text: "    Thanks to the makers of Python, whose language this is, and to everybody who\n    has written about coroutines.",
        long: false,
    },
    Printer {
        name: "license",
        text: "coro is free software: take it by the MIT license or by the Apache license 2.0.",
        long: true,
    },
];

impl NativeData for Printer {}

impl NativeType for Printer {
    const DEF: &'static TypeDef = &TypeDef::new("_Printer", "_sitebuiltins", Layout::Final)
        .doc("A text about the program.")
        .methods(&[
            NativeDef::new("__repr__", "(self)", printer_repr, "Return repr(self)."),
            NativeDef::new("__call__", "(self)", print, "Print the text."),
        ]);
}

/// Gives programs all of them.
pub fn install(vm: &mut Vm) {
    for name in ["exit", "quit"] {
        let quitter = vm.make(Quitter(name));
        add(vm, name, quitter);
    }
    let helper = vm.make(Helper);
    add(vm, "help", helper);
    for printer in PRINTERS {
        let name = printer.name;
        let printer = vm.make(printer);
        add(vm, name, printer);
    }
}

fn add(vm: &mut Vm, name: &str, object: Value) {
    let key = vm.intern(name);
    vm.builtins.set_str(&key, object);
}

fn help(vm: &mut Vm, args: &[Value]) -> R {
    let arguments = varargs(args.get(1));
    if arguments.is_empty() {
        return Ok(Value::None);
    }
    let hook = vm.import_hook;
    let module = hook(vm, "_help", &Dict::new(), &Tuple::value([]), 0)?;
    let show = vm.intern("show");
    vm.call_method(&module, &show, &arguments)
}

fn printer_repr(_: &mut Vm, args: &[Value]) -> R {
    let this = at(args, 0);
    Ok(match this.opaque::<Printer>() {
        Some(p) if p.long => {
            Value::from(format!("Type {}() to see the full {} text", p.name, p.name))
        }
        Some(p) => Value::str(p.text),
        None => Value::None,
    })
}

fn print(vm: &mut Vm, args: &[Value]) -> R {
    let text = at(args, 0).opaque::<Printer>().map_or("", |p| p.text);
    let name = vm.names.print.clone();
    match vm.builtins.get_str(&name) {
        Some(print) => vm.call(&print, &[Value::str(text)]),
        None => Ok(Value::None),
    }
}

fn name(v: &Value) -> &'static str {
    v.opaque::<Quitter>().map_or("exit", |q| q.0)
}

fn repr(_: &mut Vm, args: &[Value]) -> R {
    let name = name(&at(args, 0));
    Ok(Value::from(format!("Use {name}() or {EOF} to exit")))
}

fn call(vm: &mut Vm, args: &[Value]) -> R {
    if let Err(raise) = close_stdin(vm) {
        drop(vm.take_raised(raise));
    }
    let code = at(args, 1).given().cloned().unwrap_or(Value::None);
    // Called, the class also keeps the code as an attribute.
    let class: Value = vm.exc.system_exit.clone().into();
    let exit = vm.call(&class, &[code])?;
    Err(vm.raise(exit))
}

/// Nobody will read any more.
fn close_stdin(vm: &mut Vm) -> R<()> {
    let sys = vm.intern("sys");
    let (stdin, close) = (vm.names.stdin.clone(), vm.names.close.clone());
    if let Some(sys) = vm.modules.get_str(&sys)
        && let Some(file) = vm.get_attr_opt(&sys, &stdin)?
    {
        vm.call_method(&file, &close, &[])?;
    }
    Ok(())
}
