//! The engine: one program, from text to outcome. What the command line, the REPL and Rust
//! programs that embed coro share.

mod host;
mod import;

pub use host::{StandardInput, StandardOutput, SystemClock, VirtualClock};

use crate::builtins::Hooked;
use crate::compile::{self, Mode};
use crate::diagnostic::render::RenderOptions;
use crate::diagnostic::traceback::UncaughtError;
use crate::diagnostic::{Diagnostic, Level};
use crate::hints::{self, Explainer};
use crate::source::Source;
use crate::syntax;
use crate::vm::cycles;
use crate::vm::heap::{Ref, finalize};
use crate::vm::host::{Clock, Host, Input, NoSignals, Output, Signals};
use crate::vm::object::{Dict, Exception, Function, Kind, Module};
use crate::vm::observe::{Chooser, Observer};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use crate::{builtins, event_loop, stdlib};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a program may see and use.
pub struct EngineOptions {
    /// `sys.argv`.
    pub argv: Vec<String>,
    /// Where imports look for modules beside the library: `sys.path`.
    pub path: Vec<String>,
    /// Sleeping costs nothing, the clock jumps.
    pub virtual_time: bool,
    pub stdout: Box<dyn Output>,
    pub stderr: Box<dyn Output>,
    pub stdin: Box<dyn Input>,
    /// How reports that the program writes to its standard error on the way are drawn; `None`: in
    /// CPython's form.
    pub drawing: Option<RenderOptions>,
    /// Set by whoever watches for Ctrl-C.
    pub interrupted: Arc<AtomicBool>,
    /// Other signals that programs may ask for.
    pub signals: Box<dyn Signals>,
    /// Event loops are in debug mode from the beginning.
    pub debug_loops: bool,
    /// Most nested calls from Rust into bytecode: what the thread's stack can bear.
    pub native_limit: u32,
    /// Who is told what the program does.
    pub observer: Option<Observer>,
    /// Who says in which order ready tasks run.
    pub chooser: Option<Chooser>,
    /// What `random` is seeded with.
    pub entropy: Box<dyn FnMut() -> u64>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions {
            argv: vec![String::new()],
            path: Vec::new(),
            virtual_time: false,
            stdout: Box::new(StandardOutput::stdout()),
            stderr: Box::new(StandardOutput::stderr()),
            stdin: Box::new(StandardInput),
            drawing: None,
            interrupted: Arc::default(),
            signals: Box::new(NoSignals),
            debug_loops: false,
            native_limit: 100,
            observer: None,
            chooser: None,
            entropy: Box::new(host::entropy),
        }
    }
}

/// How a program ended.
#[derive(Debug, Default)]
pub struct RunOutcome {
    /// As Python's: 0, 1 for an uncaught exception or refused program, `sys.exit`'s own, 130
    /// after Ctrl-C.
    pub exit_code: i32,
    /// The exception that nothing caught.
    pub error: Option<UncaughtError>,
    /// What the compiler said: errors if the program was refused, else warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// Deadlocks that the program caught: it would not have come that far.
    pub deadlocks: Vec<Rc<Diagnostic>>,
    /// What `sys.exit("text")` wants on stderr.
    pub exit_message: Option<String>,
}

/// A virtual machine with its library, ready to run programs.
pub struct Engine {
    vm: Vm,
    main: Ref<Module>,
    /// The exception that ended the program, as `LAST` names it.
    last: [Value; 4],
}

/// What is left of `sys.exit(10**30)`.
const TOO_LARGE_TO_EXIT: &str = "Exception ignored on threading shutdown:
OverflowError: Python int too large to convert to C long";

/// What `sys` tells of an uncaught exception, in the order in which it is forgotten at the end.
const LAST: [&str; 4] = ["last_exc", "last_type", "last_value", "last_traceback"];

impl Engine {
    pub fn new(options: EngineOptions) -> Engine {
        let clock: Box<dyn Clock> = if options.virtual_time {
            Box::new(VirtualClock::new())
        } else {
            Box::new(SystemClock::new())
        };
        let host = Host {
            clock,
            stdout: options.stdout,
            stdout_closed: false,
            stderr: options.stderr,
            stdin: options.stdin,
            entropy: options.entropy,
            drawing: options.drawing,
            interrupted: options.interrupted,
            signals: options.signals,
            debug_loops: options.debug_loops,
        };
        let mut vm = Vm::new(host);
        vm.native_limit = options.native_limit;
        vm.observer = options.observer;
        vm.chooser = options.chooser;
        builtins::install(&mut vm);
        event_loop::install(&mut vm);
        stdlib::install(&mut vm, options.argv, options.path);
        hints::install(&mut vm);
        import::install(&mut vm);
        let main = new_module(&mut vm, "__main__");
        let key = vm.intern("__main__");
        vm.modules.set_str(&key, main.clone().into());
        Engine {
            vm,
            main,
            last: Default::default(),
        }
    }

    /// The virtual machine, for natives and inspection.
    pub fn vm(&mut self) -> &mut Vm {
        &mut self.vm
    }

    /// The namespace of `__main__`.
    pub fn main(&self) -> Ref<Dict> {
        self.main.dict.clone()
    }

    /// Makes `__main__` a new module without the program's names.
    pub fn forget_main(&mut self) {
        let main = new_module(&mut self.vm, "__main__");
        let key = self.vm.intern("__main__");
        self.vm.modules.set_str(&key, main.clone().into());
        self.main = main;
    }

    /// Runs a whole program as `__main__` and ends it: tasks, generators and modules are
    /// finalized as at CPython's exit.
    pub fn run_source(&mut self, source: &Source) -> RunOutcome {
        let parsed = syntax::parse_module(source);
        if !parsed.errors.is_empty() {
            // The error is told in any case.
            let _ = builtins::syntax_warnings(&mut self.vm, &parsed.warnings);
            return RunOutcome {
                exit_code: 1,
                diagnostics: parsed.errors,
                ..RunOutcome::default()
            };
        }
        let compiled =
            match compile::compile_marked(source, &parsed.module, Mode::Module, self.vm.marks()) {
                Ok(compiled) => compiled,
                Err(errors) => {
                    return RunOutcome {
                        exit_code: 1,
                        diagnostics: errors,
                        ..RunOutcome::default()
                    };
                }
            };
        let doubts = parsed.warnings.iter().chain(&compiled.warnings);
        let doubts: Vec<Diagnostic> = doubts.cloned().collect();
        // A tree of ten million nodes is not needed while its program runs.
        drop(parsed);
        let globals = self.main.dict.clone();
        let file = self.vm.intern("__file__");
        if !source.name().starts_with('<') || source.name() == "<stdin>" {
            globals.set_str(&file, Value::str(source.path()));
            let cached = self.vm.intern("__cached__");
            globals.set_str(&cached, Value::None);
        }
        let told = builtins::syntax_warnings(&mut self.vm, &doubts);
        let result = told.and_then(|()| self.vm.run_code(&compiled.code, &globals, None));
        let mut outcome = self.outcome(result);
        outcome.diagnostics = doubts;
        outcome.deadlocks = event_loop::deadlock::take_reports(&mut self.vm);
        if let Some(error) = &outcome.error {
            outcome.deadlocks.retain(|report| !error.shows(report));
        }
        if !outcome.deadlocks.is_empty() && outcome.exit_code == 0 {
            outcome.exit_code = 1;
        }
        outcome
    }

    /// Ends the program: runs what is to be run at exit, finalizes what is left.
    pub fn finish(&mut self) {
        self.end(true);
    }

    /// As `finish`, where the process ends next: what no finalizer sees is left for the system to
    /// release.
    pub fn finish_process(&mut self) {
        self.end(false);
    }

    fn end(&mut self, release: bool) {
        stdlib::at_exit(&mut self.vm);
        self.vm.settle_finalizers();
        let is_seen = cycles::is_anything_finalized();
        if cycles::is_enabled() && is_seen {
            // What only its own circle keeps alive still finds its globals.
            stdlib::collect_garbage(&mut self.vm);
            self.vm.settle_finalizers();
            let last = self.last.iter().filter_map(Value::as_obj);
            let last: Vec<_> = last.cloned().collect();
            self.vm.settle_ages(&last);
        }
        self.forget();
        if !self.is_main_held() {
            self.vm.is_over = true;
            // A heap in which nothing needs it is not looked through once more.
            if !is_seen || self.vm.finalize_all() {
                let values = clear_namespace(&self.main.dict);
                self.vm.release_in_turn(values);
                self.vm.settle_finalizers();
            }
        }
        if is_seen || release {
            stdlib::collect_garbage(&mut self.vm);
            self.vm.settle_finalizers();
        }
        finalize::close();
        self.flush();
    }

    /// Whether a function of the program stands in `sys`, an `excepthook` mostly: that outlives all
    /// other modules, and the globals with it, so that CPython finalizes nothing in them.
    fn is_main_held(&mut self) -> bool {
        let globals = self.main.dict.clone();
        let is_held = |value: &Value| {
            let function = value.as_ref::<Function>();
            function.is_some_and(|f| f.code.get().globals.as_obj().is(globals.as_obj()))
        };
        let sys = self.sys();
        sys.is_some_and(|sys| sys.dict.map.borrow().iter().any(|e| is_held(&e.value)))
    }

    /// Lets everything written so far come out.
    pub fn flush(&mut self) {
        // A closed pipe is no news here; the next write tells the program.
        let _ = self.vm.host.stdout.flush();
        let _ = self.vm.host.stderr.flush();
    }

    fn outcome(&mut self, result: R) -> RunOutcome {
        match result {
            Ok(_) => RunOutcome::default(),
            Err(raise) => {
                let exception = self.vm.take_raised(raise);
                self.ended_by(&exception)
            }
        }
    }

    /// How a program ends that this exception has left.
    pub fn ended_by(&mut self, exception: &Value) -> RunOutcome {
        let class = self.vm.class_of(exception);
        if class.is_subclass(&self.vm.exc.system_exit) {
            return self.system_exit(exception);
        }
        self.remember(exception);
        let interrupted = class.is_subclass(&self.vm.exc.keyboard_interrupt);
        let exit_code = if interrupted { 130 } else { 1 };
        match builtins::call_excepthook(&mut self.vm, exception) {
            Hooked::No => {}
            Hooked::Told => {
                return RunOutcome {
                    exit_code,
                    ..RunOutcome::default()
                };
            }
            Hooked::Exit(exit) => return self.system_exit(&exit),
        }
        builtins::prepare_report(&mut self.vm);
        let mut explainer = Explainer::default();
        let mut explain = |vm: &mut Vm, exception: &Value, error: &mut UncaughtError| {
            explainer.explain(vm, exception, error);
        };
        RunOutcome {
            exit_code,
            error: builtins::uncaught::explained(&mut self.vm, exception, &mut explain),
            ..RunOutcome::default()
        }
    }

    /// `sys.last_exc` and its kin.
    fn remember(&mut self, exception: &Value) {
        let class = self.vm.class_of(exception).into();
        let traceback = exception
            .downcast::<Exception>()
            .map_or(Value::None, |e| e.traceback.get());
        self.last = [exception.clone(), class, exception.clone(), traceback];
        if let Some(sys) = self.sys() {
            for (name, value) in LAST.iter().zip(&self.last) {
                sys.dict.set_str(&self.vm.intern(name), value.clone());
            }
        }
    }

    /// The uncaught exception goes, its traceback last.
    fn forget(&mut self) {
        if self.last.iter().all(Value::is_undef) {
            return;
        }
        let sys = self.sys();
        for (name, value) in LAST.iter().zip(std::mem::take(&mut self.last)) {
            if let Some(sys) = &sys {
                drop(sys.dict.remove_str(&self.vm.intern(name)));
            }
            drop(value);
            self.vm.settle_finalizers();
        }
    }

    fn sys(&mut self) -> Option<Ref<Module>> {
        let name = self.vm.intern("sys");
        self.vm.modules.get_str(&name)?.as_ref::<Module>().cloned()
    }

    fn system_exit(&mut self, exception: &Value) -> RunOutcome {
        let name = self.vm.intern("code");
        let code = match self.vm.get_attr(exception, &name) {
            Ok(code) => code,
            Err(raise) => {
                drop(self.vm.take_raised(raise));
                exception.clone()
            }
        };
        match code {
            Value::None | Value::Undef => RunOutcome::default(),
            other => match other.as_i64() {
                Some(code) => RunOutcome {
                    exit_code: code as i32,
                    ..RunOutcome::default()
                },
                None if matches!(other.unwrapped().kind(), Some(Kind::Int)) => RunOutcome {
                    exit_code: -1,
                    exit_message: Some(TOO_LARGE_TO_EXIT.to_owned()),
                    ..RunOutcome::default()
                },
                None => {
                    let text = match self.vm.str(&other) {
                        Ok(text) => text.as_str().to_string(),
                        Err(raise) => {
                            drop(self.vm.take_raised(raise));
                            String::new()
                        }
                    };
                    RunOutcome {
                        exit_code: 1,
                        exit_message: Some(text),
                        ..RunOutcome::default()
                    }
                }
            },
        }
    }
}

/// A module with the names that every module has.
fn new_module(vm: &mut Vm, name: &str) -> Ref<Module> {
    let dict = Dict::new();
    let names = [
        ("__name__", Value::str(name)),
        ("__doc__", Value::None),
        ("__package__", Value::None),
        ("__loader__", Value::None),
        ("__spec__", Value::None),
    ];
    for (key, value) in names {
        let key = vm.intern(key);
        dict.set_str(&key, value);
    }
    if name == "__main__" {
        let key = vm.intern("__annotations__");
        dict.set_str(&key, Dict::new().into());
    }
    let builtins_key = vm.intern("builtins");
    if let Some(module) = vm.modules.get_str(&builtins_key) {
        let key = vm.names.__builtins__.clone();
        dict.set_str(&key, module);
    }
    Ref::new(Module {
        name: RefCell::new(Rc::from(name)),
        dict,
        loading: Cell::new(false),
    })
}

/// Empties a namespace in order; what it held is given back for release, one by one.
fn clear_namespace(dict: &Ref<Dict>) -> Vec<Value> {
    let keys: Vec<Value> = dict.map.borrow().iter().map(|e| e.key.clone()).collect();
    let mut values = Vec::new();
    for key in keys {
        let Some(name) = key.as_ref::<crate::vm::object::Str>() else {
            continue;
        };
        if name.as_str() == "__builtins__" {
            continue;
        }
        let old = dict.get_str(name);
        dict.set_str(name, Value::None);
        values.extend(old);
    }
    values
}

/// Whether any of these refuses the program.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.level == Level::Error)
}
