//! A session: entries are run one after the other in one namespace and one context, with one
//! event loop, whose turns are made whenever there is nothing else to do.

use super::Console;
use super::commands;
use super::completion;
use super::display::{self, Look};
use super::input;
use super::screen::Screen;
use super::wire::{Answer, Event, Pulse, Request};
use crate::bytecode::Code;
use crate::compile::{self, Mode};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{render, render_python};
use crate::diagnostic::traceback::{self, UncaughtError};
use crate::engine::Engine;
use crate::event_loop::{context, drive, inspect};
use crate::source::Source;
use crate::syntax::{self, ast};
use crate::vm::heap::{Ref, Slot};
use crate::vm::native::NativeDef;
use crate::vm::object::{Dict, Future, FutureState, Module};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// No wait is longer: something may have been set without a word.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How a session reaches its terminal.
pub struct Link {
    pub screen: Screen,
    pub events: Receiver<Event>,
    pub requests: Sender<Request>,
    /// Set by Ctrl-C.
    pub interrupted: Arc<AtomicBool>,
    pub pulse: Arc<Pulse>,
    /// Ends the editing of a line.
    pub leave: Arc<AtomicBool>,
}

pub struct Session {
    pub(super) engine: Engine,
    pub(super) link: Link,
    pub(super) look: Look,
    /// The clock moves only when it is told to, and the loop with it.
    pub(super) held: bool,
    pub(super) event_loop: Value,
    /// All entries run in it.
    context: Value,
    /// Entries so far.
    count: u32,
    /// Those that did what they should.
    pub(super) good: Vec<String>,
    exit: Option<i32>,
}

/// Whom Ctrl-C is for, as the machine must know it in the midst of running.
#[derive(Default)]
struct Awaiting {
    /// The task of the entry that is being awaited.
    task: Slot,
    /// Ctrl-C has asked it to stop.
    asked: bool,
}

static ON_INTERRUPT: NativeDef = NativeDef::new("on_interrupt", "()", on_interrupt, "");

/// Ctrl-C while bytecode runs. If that is another task than the one that is awaited, it has
/// nothing to do with it: the awaited one is asked to stop. Who presses again means whatever runs.
fn on_interrupt(vm: &mut Vm, _: &[Value]) -> R {
    let awaiting = vm.state::<Awaiting>();
    let task = awaiting.task.get();
    let again = std::mem::replace(&mut awaiting.asked, true);
    let running = vm.current.task.get();
    if let Some(awaited) = task.as_ref::<Future>()
        && !again
        && !running.is_undef()
        && !running.is(&task)
    {
        let awaited = awaited.clone();
        drive::cancel(vm, &awaited)?;
        return Ok(Value::None);
    }
    let class = vm.exc.keyboard_interrupt.clone();
    Err(vm.error_with(&class, vec![]))
}

impl Session {
    pub fn new(mut engine: Engine, link: Link, look: Look, held: bool) -> Session {
        let vm = engine.vm();
        let event_loop = Value::None;
        let context = context::copy_current_object(vm);
        let handler = vm.native_function(&ON_INTERRUPT, "__main__");
        vm.current.interrupt_handler.set(handler);
        Session {
            engine,
            link,
            look,
            held,
            event_loop,
            context,
            count: 0,
            good: Vec::new(),
            exit: None,
        }
    }

    pub(super) fn vm(&mut self) -> &mut Vm {
        self.engine.vm()
    }

    /// Runs the session to its end.
    pub fn run(&mut self, start: Option<&Source>) -> i32 {
        if let Some(source) = start {
            self.run_program(source);
        }
        self.event_loop = drive::standing_loop(self.engine.vm());
        if self.look.console != Console::Silent {
            self.welcome();
        }
        while self.exit.is_none() {
            match self.next_entry() {
                Answer::Text(text) => self.entry(&text),
                Answer::Interrupted => self.link.screen.complain("KeyboardInterrupt\n"),
                Answer::Ended => self.exit = Some(0),
            }
        }
        self.end();
        self.exit.unwrap_or(0)
    }

    /// Runs a program whose names the entries will find.
    fn run_program(&mut self, source: &Source) {
        let outcome = self.engine.run_source(source);
        self.engine.flush();
        self.show_diagnostics(&outcome.diagnostics);
        if let Some(error) = &outcome.error {
            self.show_error(error);
        }
        if let Some(text) = &outcome.exit_message {
            self.link.screen.complain(&format!("{text}\n"));
        }
    }

    fn welcome(&mut self) {
        if let Err(raise) = display::install(self.engine.vm()) {
            self.show_raise(raise);
        }
        commands::install(self.engine.vm());
        for (name, text) in [("ps1", ">>> "), ("ps2", "... ")] {
            self.set_sys(name, text.into());
        }
        let version = env!("CARGO_PKG_VERSION");
        let clock = if self.held {
            "the clock is yours: :advance 2, :tick, :run"
        } else {
            "await works, tasks run while you type"
        };
        self.link.screen.say(&format!(
            "coro {version} (Python 3.13): {clock}; :help has more\n"
        ));
    }

    fn set_sys(&mut self, name: &str, value: Value) {
        let vm = self.engine.vm();
        let (sys, name) = (vm.intern("sys"), vm.intern(name));
        if let Some(sys) = vm.modules.get_str(&sys)
            && let Some(module) = sys.as_ref::<Module>()
        {
            module.dict.set_str(&name, value);
        }
    }

    /// `sys.ps1` and `sys.ps2`, which the program may change.
    fn prompts(&mut self) -> (String, String) {
        let vm = self.engine.vm();
        let sys = vm.intern("sys");
        let mut prompt = |name: &str, otherwise: &str| {
            let name = vm.intern(name);
            let found = vm
                .modules
                .get_str(&sys)?
                .as_ref::<Module>()?
                .dict
                .get_str(&name)?;
            let text = vm.str(&found).map(|text| text.as_str().to_owned());
            match text {
                Ok(text) => Some(text),
                Err(raise) => {
                    drop(vm.take_raised(raise));
                    Some(otherwise.to_owned())
                }
            }
        };
        let first = prompt("ps1", ">>> ").unwrap_or_default();
        let more = prompt("ps2", "... ").unwrap_or_default();
        (first, more)
    }

    // Waiting

    /// The next entry. Meanwhile tasks go on.
    fn next_entry(&mut self) -> Answer {
        let prompts = self.prompts();
        self.engine.flush();
        if self.look.console == Console::Editor {
            self.link.screen.begin_edit();
        }
        if self.link.requests.send(Request::Entry { prompts }).is_err() {
            return Answer::Ended;
        }
        self.prepare();
        loop {
            let wait = if self.held {
                LONGEST_WAIT
            } else {
                self.time_to_next_turn().unwrap_or(LONGEST_WAIT)
            };
            match self.link.events.recv_timeout(wait) {
                Ok(Event::Entry(answer)) => return answer,
                Ok(Event::Complete(question)) => {
                    let found = completion::complete(self, &question.text, question.cursor);
                    // An editor that has not waited has no use for it.
                    let _ = question.reply.send(found);
                }
                Ok(Event::Interrupt) => {}
                Err(RecvTimeoutError::Timeout) if self.held => {}
                Err(RecvTimeoutError::Timeout) => self.turn_beside_editing(),
                Err(RecvTimeoutError::Disconnected) => return Answer::Ended,
            }
            if self.exit.is_some() {
                self.link.leave.store(true, Ordering::Relaxed);
            }
        }
    }

    /// What takes time and need not be done before the first prompt.
    fn prepare(&mut self) {
        if self.count > 0 || self.look.console == Console::Silent {
            return;
        }
        let main = self.engine.main();
        let vm = self.engine.vm();
        let name = vm.intern("asyncio");
        if main.get_str(&name).is_some() {
            return;
        }
        let hook = vm.import_hook;
        match hook(vm, "asyncio", &main, &Value::None, 0) {
            Ok(module) => main.set_str(&name, module),
            Err(raise) => drop(vm.take_raised(raise)),
        }
    }

    /// How long until the loop has something to do; `None` if it has nothing at all.
    fn time_to_next_turn(&mut self) -> Option<Duration> {
        if inspect::is_ready(&self.event_loop) {
            return Some(Duration::ZERO);
        }
        let due = inspect::next_due(&self.event_loop)?;
        let left = due - self.engine.vm().host.clock.monotonic().as_secs_f64();
        Some(
            Duration::try_from_secs_f64(left.clamp(0.0, LONGEST_WAIT.as_secs_f64()))
                .unwrap_or_default(),
        )
    }

    fn turn_beside_editing(&mut self) {
        self.link.interrupted.store(false, Ordering::Relaxed);
        if let Err(raise) = self.turn() {
            self.show_raise(raise);
        }
        self.show_failures();
    }

    /// Whether the next turn of the loop has something to do.
    pub(super) fn has_work(&mut self) -> bool {
        self.time_to_next_turn() == Some(Duration::ZERO)
    }

    /// One turn of the loop.
    pub(super) fn turn(&mut self) -> R<()> {
        self.link.pulse.begin();
        let event_loop = self.event_loop.clone();
        let result = drive::turn(self.engine.vm(), &event_loop);
        self.link.pulse.end();
        result
    }

    /// Lets the loop go on until a task is done.
    fn drive(&mut self, task: &Ref<Future>) -> R<()> {
        while !task.is_done() {
            if self.link.interrupted.swap(false, Ordering::Relaxed) {
                let vm = self.engine.vm();
                vm.state::<Awaiting>().asked = true;
                drive::cancel(vm, task)?;
            }
            match self.time_to_next_turn() {
                Some(Duration::ZERO) => self.turn()?,
                Some(left) if self.held => self.engine.vm().host.clock.sleep(left),
                Some(left) => self.wait(left),
                None => {
                    let event_loop = self.event_loop.clone();
                    return Err(drive::deadlock(self.engine.vm(), &event_loop));
                }
            }
        }
        Ok(())
    }

    /// Waits for the time or for Ctrl-C.
    fn wait(&mut self, time: Duration) {
        // Whatever comes is seen by whoever waits.
        let _ = self.link.events.recv_timeout(time);
    }

    // Entries

    fn entry(&mut self, text: &str) {
        let word = text.trim();
        if word.is_empty() {
            return;
        }
        self.link.interrupted.store(false, Ordering::Relaxed);
        if input::is_command(word) {
            commands::run(self, word);
        } else if !self.word(word) {
            self.evaluate(text);
        }
        self.show_failures();
    }

    /// Words that do something without being called, unless the program has given them a meaning.
    fn word(&mut self, word: &str) -> bool {
        let name = self.engine.vm().intern(word);
        if self.engine.main().get_str(&name).is_some() {
            return false;
        }
        match word {
            "exit" | "quit" => self.exit = Some(0),
            "help" => commands::run(self, ":help"),
            "clear" if self.look.console == Console::Editor => {
                self.link.screen.say("\x1b[H\x1b[2J")
            }
            _ => return false,
        }
        true
    }

    /// Runs an entry and shows what comes of it.
    fn evaluate(&mut self, text: &str) {
        self.count += 1;
        let source = Source::entry(self.count, input::without_final_indent(text));
        let Some(code) = self.compile(&source, Mode::Interactive { top_await: true }) else {
            return;
        };
        match self.run_code(&code) {
            Ok(_) => self.good.push(source.text().to_owned()),
            Err(raise) => self.show_raise(raise),
        }
    }

    /// The code of a text; what is wrong with it is shown.
    pub(super) fn compile(&mut self, source: &Source, mode: Mode) -> Option<Rc<Code>> {
        let parsed = syntax::parse_module(source);
        if !parsed.errors.is_empty() {
            self.show_diagnostics(&parsed.errors);
            return None;
        }
        self.compiled(source, &parsed.module, mode)
    }

    fn compiled(&mut self, source: &Source, module: &ast::Module, mode: Mode) -> Option<Rc<Code>> {
        match compile::compile_module(source, module, mode) {
            Ok(compiled) => {
                self.show_diagnostics(&compiled.warnings);
                Some(compiled.code)
            }
            Err(errors) => {
                self.show_diagnostics(&errors);
                None
            }
        }
    }

    /// The code of an expression; what is wrong with it is shown.
    pub(super) fn compile_expression(
        &mut self,
        source: &Source,
        top_await: bool,
    ) -> Option<Rc<Code>> {
        let expression = match syntax::parse_expression(source) {
            Ok(expression) => expression,
            Err(errors) => {
                self.show_diagnostics(&errors);
                return None;
            }
        };
        let module = ast::Module {
            body: vec![ast::Stmt {
                span: expression.span,
                kind: ast::StmtKind::Expr(expression),
            }],
        };
        self.compiled(source, &module, commands::expression_mode(top_await))
    }

    /// The code of a file; what is wrong with it is shown.
    pub(super) fn compile_program(&mut self, source: &Source) -> Option<Rc<Code>> {
        let parsed = syntax::parse_module(source);
        let plain = compile::compile_module(source, &parsed.module, Mode::Module);
        match plain {
            Ok(compiled) if parsed.errors.is_empty() => Some(compiled.code),
            // It may await at its top level; only then its values are shown, too.
            _ => self.compile(source, Mode::Interactive { top_await: true }),
        }
    }

    /// Runs code in the namespace of the session; if it awaits, as a task. Its value.
    pub(super) fn run_code(&mut self, code: &Rc<Code>) -> R {
        let globals = self.engine.main();
        let context = self.context.clone();
        let vm = self.engine.vm();
        let outer = context::enter(vm, context)?;
        let result = vm.run_code(code, &globals, None);
        vm.current.leave_context(outer);
        let value = result?;
        if !code.flags.coroutine {
            return Ok(value);
        }
        let name = format!("entry-{}", self.count);
        self.run_coroutine(&value, &name)
    }

    /// Awaits a coroutine.
    pub(super) fn run_coroutine(&mut self, coroutine: &Value, name: &str) -> R {
        let (event_loop, context) = (self.event_loop.clone(), self.context.clone());
        let vm = self.engine.vm();
        let task = drive::spawn(vm, &event_loop, coroutine, name, &context)?;
        self.run_task(&task)
    }

    fn run_task(&mut self, task: &Ref<Future>) -> R {
        let awaiting = self.engine.vm().state::<Awaiting>();
        let outer = awaiting.task.replace(task.clone().into());
        awaiting.asked = false;
        let driven = self.drive(task);
        let awaiting = self.engine.vm().state::<Awaiting>();
        drop(awaiting.task.replace(outer));
        let asked = std::mem::take(&mut awaiting.asked);
        if let Err(raise) = driven {
            return Err(self.give_up(task, raise));
        }
        let vm = self.engine.vm();
        task.log_traceback().set(false);
        if asked && task.state.get() == FutureState::Cancelled {
            let class = vm.exc.keyboard_interrupt.clone();
            return Err(vm.error_with(&class, vec![]));
        }
        crate::vm::ops::future::future_result(vm, task)
    }

    /// The loop was left before the task was done: it is cancelled, so that it can clean up.
    fn give_up(&mut self, task: &Ref<Future>, raise: Raise) -> Raise {
        let exception = self.engine.vm().take_raised(raise);
        if !task.is_done()
            && let Err(raise) = self.cancel_and_wait(task)
        {
            let later = self.engine.vm().take_raised(raise);
            drop(later);
        }
        task.log_traceback().set(false);
        self.engine.vm().raise(exception)
    }

    fn cancel_and_wait(&mut self, task: &Ref<Future>) -> R<()> {
        drive::cancel(self.engine.vm(), task)?;
        self.drive(task)
    }

    // Showing

    pub(super) fn show_diagnostics(&self, diagnostics: &[Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        self.link.screen.complain(&if self.look.python {
            render_python(diagnostics, &self.look.render)
        } else {
            render(diagnostics, &self.look.render)
        });
    }

    fn show_error(&self, error: &UncaughtError) {
        self.link.screen.complain(&if self.look.python {
            traceback::render_python(error)
        } else {
            traceback::render_uncaught(error, &self.look.render)
        });
    }

    /// Shows an exception that has left an entry, or leaves if it says so.
    pub(super) fn show_raise(&mut self, raise: Raise) {
        let exception = self.engine.vm().take_raised(raise);
        self.show_exception(&exception);
    }

    fn show_exception(&mut self, exception: &Value) {
        let vm = self.engine.vm();
        let class = vm.class_of(exception);
        let leaves = class.is_subclass(&vm.exc.system_exit);
        let interrupted = class.is_subclass(&vm.exc.keyboard_interrupt);
        if !leaves {
            self.remember(exception);
        }
        self.engine.flush();
        let outcome = self.engine.ended_by(exception);
        if let Some(text) = &outcome.exit_message {
            self.link.screen.complain(&format!("{text}\n"));
        }
        if leaves {
            self.exit = Some(outcome.exit_code);
        }
        if interrupted {
            self.link.screen.complain(match self.look.console {
                Console::Editor => "^C\n",
                // The terminal has written `^C`.
                Console::Lines => "\n",
                Console::Silent => "",
            });
        }
        match &outcome.error {
            Some(error) if interrupted && error.entries.is_empty() => {
                self.link.screen.complain("KeyboardInterrupt\n");
            }
            Some(error) => self.show_error(error),
            None => {}
        }
    }

    /// `sys.last_exc` and its kin.
    fn remember(&mut self, exception: &Value) {
        let vm = self.engine.vm();
        let class = vm.class_of(exception).into();
        let name = vm.names.__traceback__.clone();
        let traceback = match vm.get_attr_opt(exception, &name) {
            Ok(found) => found.unwrap_or(Value::None),
            Err(raise) => {
                drop(vm.take_raised(raise));
                Value::None
            }
        };
        self.set_sys("last_exc", exception.clone());
        self.set_sys("last_type", class);
        self.set_sys("last_value", exception.clone());
        self.set_sys("last_traceback", traceback);
    }

    /// Tasks that failed with nobody waiting for them.
    fn show_failures(&mut self) {
        for (task, exception) in drive::take_failures(self.engine.vm()) {
            let name = inspect::task_name(&task);
            self.link
                .screen
                .complain(&format!("{name} has failed, and nobody waits for it:\n"));
            self.show_exception(&exception);
        }
    }

    // The end

    /// Lets tasks and async generators clean up, and ends the program.
    fn end(&mut self) {
        self.link.interrupted.store(false, Ordering::Relaxed);
        if let Err(raise) = self.end_tasks().and_then(|()| self.end_generators()) {
            drop(self.engine.vm().take_raised(raise));
        }
        self.event_loop = Value::None;
        self.context = Value::None;
        self.engine.finish();
    }

    fn end_tasks(&mut self) -> R<()> {
        let tasks = inspect::tasks(&self.event_loop);
        for task in &tasks {
            drive::cancel(self.engine.vm(), task)?;
        }
        for task in &tasks {
            self.drive(task)?;
            self.show_failures();
        }
        Ok(())
    }

    fn end_generators(&mut self) -> R<()> {
        let event_loop = self.event_loop.clone();
        let vm = self.engine.vm();
        let name = vm.intern("shutdown_asyncgens");
        let coroutine = vm.call_method(&event_loop, &name, &[])?;
        self.run_coroutine(&coroutine, "shutdown")?;
        let vm = self.engine.vm();
        let name = vm.names.close.clone();
        vm.call_method(&event_loop, &name, &[]).map(drop)
    }

    /// A new namespace, without tasks.
    pub(super) fn reset(&mut self) -> R<()> {
        self.end_tasks()?;
        self.engine.forget_main();
        self.good.clear();
        let vm = self.engine.vm();
        let underscore = vm.intern("_");
        drop(vm.builtins.remove_str(&underscore));
        self.count = 0;
        self.prepare();
        Ok(())
    }

    /// The namespace of the session.
    pub(super) fn names(&self) -> Ref<Dict> {
        self.engine.main()
    }

    pub(super) fn leave(&mut self, code: i32) {
        self.exit = Some(code);
    }
}
