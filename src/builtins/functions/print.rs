//! `print` and `input`. Text goes to `sys.stdout`: straight to the host while that is the
//! program's own stream, else through the `write` of whatever the program put there.

use crate::vm::native::NativeDef;
use crate::vm::object::{Module, Tuple};
use crate::vm::observe::Event;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// The stream that the program put in the place of its standard output, if it did.
fn replaced_stdout(vm: &mut Vm) -> Option<Value> {
    let (sys, own) = (vm.intern("sys"), vm.intern("__stdout__"));
    let sys = vm.modules.get_str(&sys)?;
    let names = &sys.downcast::<Module>()?.dict;
    let stdout = names.get_str(&vm.names.stdout)?;
    match names.get_str(&own) {
        Some(own) if own.is(&stdout) && !vm.host.stdout_closed => None,
        _ => Some(stdout),
    }
}

/// Writes to the program's standard output.
pub fn write_text(vm: &mut Vm, text: &str) -> R<()> {
    match vm.host.stdout.write(text.as_bytes()) {
        Ok(()) => {
            if vm.is_observed() {
                vm.tell(&Event::Written(text));
            }
            Ok(())
        }
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {
            let class = vm.exc.broken_pipe_error.clone();
            let args = vec![Value::Int(32), Value::str("Broken pipe")];
            Err(vm.error_with(&class, args))
        }
        Err(e) => {
            // Ctrl-C came first.
            vm.attend()?;
            let class = vm.exc.os_error.clone();
            Err(vm.error(&class, e.to_string()))
        }
    }
}

fn separator<'a>(vm: &mut Vm, v: &'a Value, name: &str, default: &'a str) -> R<&'a str> {
    match v.given().filter(|v| !v.is_none()) {
        None => Ok(default),
        Some(v) => match v.as_str() {
            Some(text) => Ok(text),
            None => {
                let class = vm.type_name(v);
                Err(vm.type_error(format!("{name} must be None or a string, not {class}")))
            }
        },
    }
}

fn print(vm: &mut Vm, args: &[Value]) -> R {
    let values = args[0].as_ref::<Tuple>().cloned();
    print_values(vm, values.as_ref().map_or(&[][..], |t| t.items()), args)
}

fn print_direct(vm: &mut Vm, args: &[Value]) -> R {
    print_values(vm, args, &[const { Value::Undef }; 5])
}

/// Prints values with the options of `print` in `args`, from the second on.
fn print_values(vm: &mut Vm, values: &[Value], args: &[Value]) -> R {
    let sep = separator(vm, &args[1], "sep", " ")?;
    let end = separator(vm, &args[2], "end", "\n")?;
    let file = match args[3].given().filter(|f| !f.is_none()) {
        Some(file) => Some(file.clone()),
        None => match replaced_stdout(vm) {
            Some(Value::None) => return Ok(Value::None),
            other => other,
        },
    };
    let flush = crate::builtins::arguments::flag(vm, &args[4])?;
    match file {
        Some(file) => print_to(vm, &file, values, sep, end, flush)?,
        None => {
            // Written piece by piece, so that what came before an error is out.
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    write_text(vm, sep)?;
                }
                let text = vm.str(value)?;
                write_text(vm, text.as_str())?;
            }
            write_text(vm, end)?;
            if flush {
                // A stream that cannot be flushed says so at the next write.
                let _ = vm.host.stdout.flush();
            }
        }
    }
    Ok(Value::None)
}

fn print_to(
    vm: &mut Vm,
    file: &Value,
    values: &[Value],
    sep: &str,
    end: &str,
    flush: bool,
) -> R<()> {
    let write = vm.names.write.clone();
    let write = vm.get_attr(file, &write)?;
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            vm.call(&write, &[Value::str(sep)])?;
        }
        let text = vm.str(value)?;
        vm.call(&write, &[text.into()])?;
    }
    vm.call(&write, &[Value::str(end)])?;
    if flush {
        let name = vm.names.flush.clone();
        vm.call_method(file, &name, &[])?;
    }
    Ok(())
}

fn input(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(prompt) = args[0].given() {
        let text = vm.str(prompt)?;
        write_text(vm, text.as_str())?;
    }
    let _ = vm.host.stdout.flush();
    match vm.host.stdin.read_line() {
        Ok(line) if line.is_empty() => {
            let class = vm.exc.eof_error.clone();
            Err(vm.error(&class, "EOF when reading a line"))
        }
        Ok(line) => {
            let line = line.strip_suffix('\n').unwrap_or(&line);
            Ok(Value::str(line))
        }
        Err(e) => {
            // Ctrl-C came first.
            vm.attend()?;
            let class = vm.exc.os_error.clone();
            Err(vm.error(&class, e.to_string()))
        }
    }
}

pub const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new(
        "print",
        "(*args, sep=' ', end='\\n', file=None, flush=False)",
        print,
        "Write the values, with sep between them and end after them.",
    )
    .direct(print_direct),
    NativeDef::new(
        "input",
        "(prompt='', /)",
        input,
        "The next line of the input, without its end.",
    ),
];
