//! `exit` and `quit`: objects that say how to leave, and leave when they are called.

use super::args::at;
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Layout, NativeData};
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

/// Gives programs both.
pub fn install(vm: &mut Vm) {
    for name in ["exit", "quit"] {
        let quitter = vm.make(Quitter(name));
        let key = vm.intern(name);
        vm.builtins.set_str(&key, quitter);
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
