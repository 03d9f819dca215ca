//! `eval`, `exec`, `compile`.

use super::namespace::{caller_globals, caller_locals};
use super::program::{CodeText, Kind, decoded_source, to_code};
use crate::bytecode::Code;
use crate::source::Source;
use crate::vm::heap::Ref;
use crate::vm::native::NativeDef;
use crate::vm::object::{CellObject, CodeObject, Dict, Tuple};
use crate::vm::ops::sequence::buffer;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The program text in a str or bytes argument.
fn program_text(vm: &mut Vm, v: &Value, file: &str, function: &str) -> R<String> {
    if let Some(text) = v.as_str() {
        return Ok(text.to_string());
    }
    match buffer(v) {
        Some(bytes) => decoded_source(vm, file, &bytes),
        None => {
            let other = if function == "compile" { "AST" } else { "code" };
            Err(vm.type_error(format!(
                "{function}() arg 1 must be a string, bytes or {other} object"
            )))
        }
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
                let getitem = vm.names.__getitem__.clone();
                let is_mapping = vm.lookup(&vm.class_of(&globals), &getitem).is_some();
                return Err(vm.type_error(match function {
                    "eval" if is_mapping => {
                        "globals must be a real dict; try eval(expr, {}, mapping)".to_string()
                    }
                    "eval" => "globals must be a dict".to_string(),
                    _ => format!("{function}() globals must be a dict, not {class}"),
                }));
            };
            let locals = locals.unwrap_or_else(|| dict.clone().into());
            (dict, locals)
        }
    };
    let getitem = vm.names.__getitem__.clone();
    if vm.lookup(&vm.class_of(&locals), &getitem).is_none() {
        let class = vm.type_name(&locals);
        return Err(vm.type_error(match function {
            "eval" => "locals must be a mapping".to_string(),
            _ => format!("locals must be a mapping or None, not {class}"),
        }));
    }
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

/// The cells for the free variables of code that `exec` is given.
fn closure(vm: &mut Vm, code: &Code, given: Option<&Value>) -> R<Vec<Ref<CellObject>>> {
    let free = (code.nnamed - code.free_start) as usize;
    if free == 0 {
        return match given {
            None => Ok(Vec::new()),
            Some(_) => Err(vm.type_error("cannot use a closure with this code object")),
        };
    }
    let cells = given.and_then(|given| given.as_ref::<Tuple>());
    let cells = cells.filter(|cells| cells.items().len() == free);
    let cells = cells.and_then(|cells| {
        let cells = cells.items().iter();
        cells
            .map(|cell| cell.as_ref::<CellObject>().cloned())
            .collect()
    });
    cells.ok_or_else(|| {
        vm.type_error(format!(
            "code object requires a closure of exactly length {free}"
        ))
    })
}

fn run(vm: &mut Vm, args: &[Value], function: &str, kind: Kind) -> R {
    let (globals, locals) = namespaces(vm, args, function)?;
    let cells = args.get(3).and_then(Value::given).filter(|v| !v.is_none());
    if let Some(code) = args[0].downcast::<CodeObject>() {
        let code = code.code.clone();
        if kind == Kind::Eval && code.nnamed > code.free_start {
            let message = "code object passed to eval() may not contain free variables";
            return Err(vm.type_error(message));
        }
        let cells = closure(vm, &code, cells)?;
        return vm.run_closure(&code, &globals, locals, cells);
    }
    if cells.is_some() {
        return Err(vm.type_error(match args[0].opaque::<CodeText>() {
            Some(_) => "cannot use a closure with this code object",
            None => "closure can only be used when source is a code object",
        }));
    }
    let (source, kind) = match args[0].opaque::<CodeText>() {
        Some(text) => {
            let code = text.code(vm, locals.is_some())?;
            return vm.run_code(&code, &globals, locals);
        }
        None => {
            let text = program_text(vm, &args[0], "<string>", function)?;
            let text = if kind == Kind::Eval {
                text.trim_start_matches([' ', '\t']).to_string()
            } else {
                text
            };
            (Source::new("<string>", text), kind)
        }
    };
    let code = to_code(vm, &source, kind, locals.is_some(), true)?;
    vm.run_code(&code, &globals, locals)
}

fn eval(vm: &mut Vm, args: &[Value]) -> R {
    run(vm, args, "eval", Kind::Eval)
}

fn exec(vm: &mut Vm, args: &[Value]) -> R {
    run(vm, args, "exec", Kind::Exec)?;
    Ok(Value::None)
}

/// The flags that `compile()` has names for: `__future__`'s, and those of `ast`.
const KNOWN_FLAGS: i32 = 0x1fe_0000 | 0xfe10;

/// The flag that asks for a syntax tree instead of code.
const ONLY_AST: i32 = 0x400;

/// The numbers among the arguments of `compile`.
fn check_options(vm: &mut Vm, args: &[Value]) -> R<()> {
    if let Some(flags) = args[3].given() {
        let flags = vm
            .index(flags)?
            .as_i64()
            .and_then(|i| i32::try_from(i).ok());
        let Some(flags) = flags else {
            return Err(vm.overflow_error("Python int too large to convert to C int"));
        };
        if flags & !KNOWN_FLAGS != 0 {
            return Err(vm.value_error("compile(): unrecognised flags"));
        }
        if flags & ONLY_AST != 0 {
            let class = vm.exc.not_implemented_error.clone();
            return Err(vm.error(&class, "compile(): programs have no access to syntax trees"));
        }
    }
    if let Some(level) = args[5].given()
        && !(-1..=2).contains(&vm.index_i64(level)?)
    {
        return Err(vm.value_error("compile(): invalid optimize value"));
    }
    Ok(())
}

fn compile_text(vm: &mut Vm, args: &[Value]) -> R {
    let name = match args[1].as_str() {
        Some(name) => name.to_string(),
        None => match buffer(&args[1]) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => {
                let class = vm.type_name(&args[1]);
                return Err(vm.type_error(format!(
                    "expected str, bytes or os.PathLike object, not {class}"
                )));
            }
        },
    };
    if name.contains('\0') {
        return Err(vm.value_error("embedded null character"));
    }
    let Some(mode) = args[2].as_str() else {
        let class = vm.argument_type(&args[2]);
        return Err(vm.type_error(format!(
            "compile() argument 'mode' must be str, not {class}"
        )));
    };
    check_options(vm, args)?;
    let kind = match mode {
        "exec" => Kind::Exec,
        "eval" => Kind::Eval,
        "single" => Kind::Single,
        "func_type" => {
            let message = "compile() mode 'func_type' requires flag PyCF_ONLY_AST";
            return Err(vm.value_error(message));
        }
        _ => return Err(vm.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    };
    if args[0].downcast::<CodeObject>().is_some() || args[0].opaque::<CodeText>().is_some() {
        let message = "compile() arg 1 must be a string, bytes or AST object";
        return Err(vm.type_error(message));
    }
    let text = program_text(vm, &args[0], &name, "compile")?;
    CodeText::make(vm, Source::new(name, text), kind)
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
        "(source, /, globals=None, locals=None, *, closure=None)",
        exec,
        "Run statements in text form.",
    ),
    NativeDef::new(
        "compile",
        "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)",
        compile_text,
        "Check program text and make it ready to be run.",
    ),
];
