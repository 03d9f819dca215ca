//! `eval`, `exec`, `compile`.

use super::namespace::{caller_globals, caller_locals};
use crate::builtins::syntax_warnings;
use crate::bytecode::Code;
use crate::compile::{self, Mode};
use crate::diagnostic::{self, Diagnostic};
use crate::source::Source;
use crate::syntax::{self, ast};
use crate::vm::heap::Ref;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{CodeObject, Dict, Exception, Layout, NativeData, Tuple};
use crate::vm::ops::sequence::buffer;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use std::rc::Rc;

/// What `compile()` gives: text that is known to be well-formed, with what it is to become. It is
/// turned into code when it is known which namespaces it runs in.
pub struct CodeText {
    source: Source,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exec,
    Eval,
    Single,
}

impl NativeData for CodeText {}

impl NativeType for CodeText {
    const DEF: &'static TypeDef = &TypeDef::new("code", "builtins", Layout::Final)
        .doc("Compiled program text.")
        .getset(GETSET);
}

const GETSET: &[GetSet] = &[
    GetSet::read("co_filename", get_filename, "the file it came from"),
    GetSet::read("co_name", get_name, "<module>"),
];

fn get_filename(_: &mut Vm, v: &Value) -> R {
    Ok(v.opaque::<CodeText>()
        .map_or(Value::None, |c| Value::str(c.source.name())))
}

fn get_name(_: &mut Vm, _: &Value) -> R {
    Ok(Value::str("<module>"))
}

/// A refusal of parser or compiler as the exception that a program sees.
fn syntax_error(vm: &mut Vm, source: &Source, errors: &[Diagnostic]) -> Raise {
    let Some(diagnostic) = errors.first() else {
        let class = vm.exc.syntax_error.clone();
        return vm.error(&class, "invalid syntax");
    };
    let class = match diagnostic.code {
        diagnostic::Code::Indentation => vm.exc.indentation_error.clone(),
        diagnostic::Code::Tab => vm.exc.tab_error.clone(),
        _ => vm.exc.syntax_error.clone(),
    };
    let span = diagnostic
        .labels
        .first()
        .map(|l| l.span)
        .unwrap_or_default();
    let (start, end) = (source.position(span.start), source.position(span.end));
    let message = Value::str(&diagnostic.title);
    let details = [
        Value::str(source.name()),
        Value::Int(start.line.into()),
        Value::Int(i64::from(start.column) + 1),
        Value::from(format!("{}\n", source.line_text(start.line))),
        Value::Int(end.line.into()),
        Value::Int(i64::from(end.column) + 1),
    ];
    let args = Tuple::new([message.clone(), Tuple::value(details.clone())]);
    let exception = Exception::new(&class, args);
    exception.set_field(0, message);
    for (i, value) in details.into_iter().enumerate() {
        exception.set_field(i + 1, value);
    }
    vm.raise(exception.into())
}

/// The program text in a str or bytes argument.
fn program_text(vm: &mut Vm, v: &Value, function: &str) -> R<String> {
    if let Some(text) = v.as_str() {
        return Ok(text.to_string());
    }
    match buffer(v) {
        Some(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        None => Err(vm.type_error(format!(
            "{function}() arg 1 must be a string, bytes or code object"
        ))),
    }
}

fn parse(vm: &mut Vm, source: &Source, kind: Kind) -> R<ast::Module> {
    if kind == Kind::Eval {
        return match syntax::parse_expression(source) {
            Ok(expression) => Ok(ast::Module {
                body: vec![ast::Stmt {
                    span: expression.span,
                    kind: ast::StmtKind::Expr(expression),
                }],
            }),
            Err(errors) => Err(syntax_error(vm, source, &errors)),
        };
    }
    let parsed = syntax::parse_module(source);
    if parsed.errors.is_empty() {
        syntax_warnings(vm, &parsed.warnings)?;
        Ok(parsed.module)
    } else {
        Err(syntax_error(vm, source, &parsed.errors))
    }
}

fn to_code(vm: &mut Vm, source: &Source, kind: Kind, separate_locals: bool) -> R<Rc<Code>> {
    let module = parse(vm, source, kind)?;
    let mode = match (kind, separate_locals) {
        (Kind::Eval, separate_locals) => Mode::Eval {
            separate_locals,
            top_await: false,
        },
        (_, true) => Mode::Exec,
        (Kind::Single, false) => Mode::Interactive { top_await: false },
        (_, false) => Mode::Module,
    };
    match compile::compile_module(source, &module, mode) {
        Ok(compiled) => {
            syntax_warnings(vm, &compiled.warnings)?;
            Ok(compiled.code)
        }
        Err(errors) => Err(syntax_error(vm, source, &errors)),
    }
}

/// Globals and locals of an `eval` or `exec`; no locals of its own if they are the globals.
fn namespaces(vm: &mut Vm, args: &[Value], function: &str) -> R<(Ref<Dict>, Option<Value>)> {
    let given = |v: &Value| v.given().filter(|v| !v.is_none()).cloned();
    let (globals, locals) = match (given(&args[1]), given(&args[2])) {
        (None, None) => (caller_globals(vm), caller_locals(vm)),
        (None, Some(locals)) => (caller_globals(vm), locals),
        (Some(globals), locals) => {
            let Some(dict) = globals.payload::<Dict>() else {
                let class = vm.type_name(&globals);
                return Err(
                    vm.type_error(format!("{function}() globals must be a dict, not {class}"))
                );
            };
            let locals = locals.unwrap_or_else(|| dict.clone().into());
            (dict, locals)
        }
    };
    let builtins = vm.names.__builtins__.clone();
    if globals.get_str(&builtins).is_none() {
        let (key, dict) = (vm.names.builtins.clone(), vm.builtins.clone());
        let module = vm.modules.get_str(&key).unwrap_or_else(|| dict.into());
        globals.set_str(&builtins, module);
    }
    let own = Value::from(globals.clone());
    let separate = !locals.is(&own);
    Ok((globals, separate.then_some(locals)))
}

fn run(vm: &mut Vm, args: &[Value], function: &str, kind: Kind) -> R {
    let (globals, locals) = namespaces(vm, args, function)?;
    if let Some(code) = args[0].downcast::<CodeObject>() {
        let code = code.code.clone();
        return vm.run_code(&code, &globals, locals);
    }
    let (source, kind) = match args[0].opaque::<CodeText>() {
        Some(text) => (text.source.clone(), text.kind),
        None => {
            let text = program_text(vm, &args[0], function)?;
            let text = if kind == Kind::Eval {
                text.trim_start_matches([' ', '\t']).to_string()
            } else {
                text
            };
            (Source::new("<string>", text), kind)
        }
    };
    let code = to_code(vm, &source, kind, locals.is_some())?;
    vm.run_code(&code, &globals, locals)
}

fn eval(vm: &mut Vm, args: &[Value]) -> R {
    run(vm, args, "eval", Kind::Eval)
}

fn exec(vm: &mut Vm, args: &[Value]) -> R {
    run(vm, args, "exec", Kind::Exec)?;
    Ok(Value::None)
}

fn compile_text(vm: &mut Vm, args: &[Value]) -> R {
    let kind = match args[2].as_str() {
        Some("exec") => Kind::Exec,
        Some("eval") => Kind::Eval,
        Some("single") => Kind::Single,
        _ => {
            return Err(vm.value_error("compile() mode must be 'exec', 'eval' or 'single'"));
        }
    };
    let text = program_text(vm, &args[0], "compile")?;
    let name = args[1].as_str().unwrap_or("<string>").to_string();
    let source = Source::new(name, text);
    to_code(vm, &source, kind, false)?;
    Ok(vm.make(CodeText { source, kind }))
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "eval",
        "(source, /, globals=None, locals=None)",
        eval,
        "The value of an expression in text form.",
    ),
    NativeDef::new(
        "exec",
        "(source, /, globals=None, locals=None)",
        exec,
        "Run statements in text form.",
    ),
    NativeDef::new(
        "compile",
        "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1)",
        compile_text,
        "Check program text and make it ready to be run.",
    ),
];
