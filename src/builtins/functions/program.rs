//! From program text to code, for `compile`, `exec`, `eval` and `import`: what is refused becomes
//! a SyntaxError, what is doubtful a SyntaxWarning.

use crate::builtins::{line_of_file, syntax_warnings};
use crate::bytecode::Code;
use crate::compile::{self, Mode};
use crate::diagnostic::{self, Diagnostic, Found, SyntaxPlace};
use crate::source::Source;
use crate::syntax;
use crate::syntax::ast::Module;
use crate::text::source_encoding::{self, Refusal};
use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::object::{CodeObject, Exception, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use std::rc::Rc;

/// What the text is to become.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Exec,
    Eval,
    /// One statement, as typed at a prompt: values of expressions are shown.
    Single,
}

/// What `compile()` gives: text that is known to be well-formed. It is turned into code when it
/// is known which namespaces it runs in.
pub struct CodeText {
    source: Source,
    kind: Kind,
    /// Its code where nothing is known of namespaces: what its attributes tell about.
    linked: Slot,
}

impl NativeData for CodeText {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.linked.visit(visit);
    }
}

impl CodeText {
    /// Checks the text; the result is a code object.
    pub fn make(vm: &mut Vm, source: Source, kind: Kind) -> R {
        let code = to_code(vm, &source, kind, false, true)?;
        let globals = vm.builtins.clone();
        let linked = Slot::new(vm.link(&code, &globals).into());
        let class = vm.types.code.clone();
        Ok(vm.make_in(
            &class,
            CodeText {
                source,
                kind,
                linked,
            },
        ))
    }

    /// The code for namespaces of that kind.
    pub fn code(&self, vm: &mut Vm, separate_locals: bool) -> R<Rc<Code>> {
        if !separate_locals && let Some(linked) = self.linked.get().as_ref::<CodeObject>() {
            return Ok(linked.code.clone());
        }
        to_code(vm, &self.source, self.kind, separate_locals, false)
    }

    /// As a code object like those of functions.
    pub fn linked(&self) -> Option<Ref<CodeObject>> {
        self.linked.get().as_ref::<CodeObject>().cloned()
    }
}

/// A refusal of parser or compiler as the exception that a program sees.
pub fn syntax_error(vm: &mut Vm, source: &Source, errors: &[Diagnostic]) -> Raise {
    match errors.first() {
        Some(error) => refused(vm, source, error, Kind::Exec),
        None => {
            let class = vm.exc.syntax_error.clone();
            vm.error(&class, "invalid syntax")
        }
    }
}

/// The same of a text that is to become this; only to a module's last line an end is added.
fn refused(vm: &mut Vm, source: &Source, diagnostic: &Diagnostic, kind: Kind) -> Raise {
    let unended = kind != Kind::Exec && !source.text().ends_with('\n');
    let mut diagnostic = diagnostic.clone();
    if unended && ends_with(source, &diagnostic) {
        diagnostic.found = Found::Ending;
    }
    let diagnostic = &diagnostic;
    let class = match diagnostic.code {
        diagnostic::Code::Indentation => vm.exc.indentation_error.clone(),
        diagnostic::Code::Tab => vm.exc.tab_error.clone(),
        _ => vm.exc.syntax_error.clone(),
    };
    let message = Value::str(&diagnostic.title);
    let Some(place) = SyntaxPlace::of(diagnostic) else {
        return vm.error(&class, &diagnostic.title);
    };
    let text = match diagnostic.found {
        Found::Compiling => line_of_file(source.path(), place.line),
        _ => place.text,
    };
    let last = place.line >= source.line_count();
    let text = text.map(|text| match text.strip_suffix('\n') {
        Some(line) if last && unended => line.to_owned(),
        _ => text,
    });
    let details = [
        Value::str(source.path()),
        Value::Int(place.line.into()),
        Value::Int(place.offset),
        text.map_or(Value::None, Value::from),
        Value::Int(place.end_line.into()),
        place.end_offset.map_or(Value::None, Value::Int),
    ];
    let args = Tuple::new([message.clone(), Tuple::value(details.clone())]);
    let exception = Exception::new(&class, args);
    exception.set_field(0, message);
    for (i, value) in details.into_iter().enumerate() {
        exception.set_field(i + 1, value);
    }
    vm.raise(exception.into())
}

/// The text of a program that is given in bytes.
pub fn decoded_source(vm: &mut Vm, file: &str, bytes: &[u8]) -> R<String> {
    let (message, at) = match source_encoding::text(bytes) {
        Ok(text) => return Ok(text.into_owned()),
        Err(Refusal::NotUtf8 { at }) => {
            let (message, start) = source_encoding::broken_literal(bytes, at);
            (message, Some(start))
        }
        Err(Refusal::Unknown(encoding)) => (format!("unknown encoding: {encoding}"), None),
        Err(Refusal::Marked(encoding)) => (format!("encoding problem: {encoding} with BOM"), None),
        Err(Refusal::Undecodable { message, .. }) => (message, None),
    };
    let lines = at.and_then(|at| bytes.get(..at)).map(|before| {
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n');
        (line, column.count() + 1)
    });
    let (line, column) = lines.map_or((0, -1), |(line, column)| (line as i64, column as i64));
    let class = vm.exc.syntax_error.clone().into();
    let place = [
        Value::str(file),
        Value::Int(line),
        Value::Int(column),
        Value::None,
    ];
    let error = vm.call(&class, &[Value::from(message), Tuple::value(place)])?;
    Err(vm.raise(error))
}

/// Is it only at the end of the text that something is missing?
fn ends_with(source: &Source, error: &Diagnostic) -> bool {
    let place = error
        .labels
        .first()
        .map_or(0, |label| label.span.start as usize);
    let behind = source.text().get(place..).unwrap_or("").trim_start();
    let nothing = behind.is_empty() || (behind.starts_with('#') && !behind.contains('\n'));
    error.found == Found::Parsing && error.title == "invalid syntax" && nothing
}

fn parse(vm: &mut Vm, source: &Source, kind: Kind, warn: bool) -> R<Module> {
    if source.text().contains('\0') {
        let class = vm.exc.syntax_error.clone();
        return Err(vm.error(&class, "source code string cannot contain null bytes"));
    }
    let parsed = match kind {
        Kind::Exec => syntax::parse_module(source),
        Kind::Eval => syntax::parse_eval(source),
        Kind::Single => syntax::parse_single(source),
    };
    if warn {
        issue(vm, source, &parsed.warnings)?;
    }
    if let Some(error) = parsed.errors.first() {
        return Err(refused(vm, source, error, kind));
    }
    Ok(parsed.module)
}

/// Compiles; `warn` issues what the compiler finds doubtful.
pub fn to_code(
    vm: &mut Vm,
    source: &Source,
    kind: Kind,
    separate_locals: bool,
    warn: bool,
) -> R<Rc<Code>> {
    let module = parse(vm, source, kind, warn)?;
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
            if warn {
                issue(vm, source, &compiled.warnings)?;
            }
            Ok(compiled.code)
        }
        Err(errors) => Err(syntax_error(vm, source, &errors)),
    }
}

/// Tells SyntaxWarnings; where filters make an error of one, it is a SyntaxError.
fn issue(vm: &mut Vm, source: &Source, warnings: &[Diagnostic]) -> R<()> {
    for warning in warnings {
        let warning = std::slice::from_ref(warning);
        if let Err(raise) = syntax_warnings(vm, warning) {
            let class = vm.exc.syntax_warning.clone();
            vm.catch(raise, &class)?;
            return Err(syntax_error(vm, source, warning));
        }
    }
    Ok(())
}
