//! `:trace`: what goes into a generator or coroutine and what comes out of it.

use super::{Done, Trouble, plain_value_of, said};
use crate::compile::{self, Mode};
use crate::repl::session::Session;
use crate::source::Source;
use crate::syntax;
use crate::vm::R;
use crate::vm::object::{Dict, Future, GenKind, Generator};
use crate::vm::value::Value;

/// The tracer is written in the language itself.
const TRACER: &str = include_str!("trace.coro");

pub fn trace(session: &mut Session, expression: &str) -> Done {
    let subject = plain_value_of(session, expression)?;
    let kind = subject.as_ref::<Generator>().map(|g| g.kind());
    if subject.as_ref::<Future>().is_some() {
        return said("the loop drives a task: see :why and :frames, or trace the coroutine itself");
    }
    let vm = session.vm();
    let (class, iter) = (vm.class_of(&subject), vm.names.__iter__.clone());
    if kind.is_none() && vm.lookup(&class, &iter).is_none() {
        return said(format!(
            "nothing to trace: {expression} is no generator and no coroutine"
        ));
    }
    let function = match kind {
        Some(GenKind::Coroutine) => "trace_coroutine",
        Some(GenKind::AsyncGenerator) => "trace_async_generator",
        _ => "trace_generator",
    };
    let outcome = tracer(session, function)?;
    let result = session.vm().call(&outcome, &[subject])?;
    if result.as_ref::<Generator>().is_some() {
        session.run_coroutine(&result, ":trace")?;
    }
    Ok(())
}

/// A function of the tracer.
fn tracer(session: &mut Session, name: &str) -> Result<Value, Trouble> {
    #[derive(Default)]
    struct Names(Option<crate::vm::heap::Ref<Dict>>);
    let vm = session.vm();
    let names = match &vm.state::<Names>().0 {
        Some(names) => names.clone(),
        None => {
            let made = load(session)?;
            session.vm().state::<Names>().0 = Some(made.clone());
            made
        }
    };
    let key = session.vm().intern(name);
    match names.get_str(&key) {
        Some(function) => Ok(function),
        None => said("the tracer is not there"),
    }
}

fn load(session: &mut Session) -> R<crate::vm::heap::Ref<Dict>> {
    let source = Source::new("<coro>/trace.coro", TRACER);
    let parsed = syntax::parse_module(&source);
    let names = Dict::new();
    let vm = session.vm();
    let (key, name) = (vm.names.__name__.clone(), Value::str("trace"));
    names.set_str(&key, name);
    match compile::compile_module(&source, &parsed.module, Mode::Module) {
        Ok(compiled) => {
            vm.run_code(&compiled.code, &names, None)?;
            Ok(names)
        }
        Err(_) => Err(vm.runtime_error("the tracer cannot be compiled")),
    }
}
