//! Questions about a program that stands still: what an expression is in one of its frames, why a
//! task does not go on. They are asked of a run of their own, so they may do what they like.

use crate::compile::{self, Mode};
use crate::event_loop::{context, drive, inspect};
use crate::inspect::frames::{Chain, FrameView};
use crate::inspect::tasks::tasks;
use crate::inspect::text;
use crate::source::Source;
use crate::syntax::{self, ast};
use crate::trace::frames::loose_chains;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, Future};
use crate::vm::ops::future::future_result;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use std::rc::Rc;

/// What somebody wants to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question {
    /// The value of an expression in a frame; it may await.
    Value { text: String, frame: Frames },
    /// Why the task with this name does not go on.
    Why(String),
}

/// A frame, as the picture has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frames {
    /// One of those that run, from the innermost.
    Running(usize),
    /// One of a suspended task's, from the outermost.
    Task(String, usize),
    /// One of those that no task runs: which chain, and which of it.
    Loose(usize, usize),
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Answer {
    pub text: String,
    /// It tells what went wrong.
    pub failed: bool,
    /// What the program has written meanwhile.
    pub output: Vec<super::Piece>,
}

impl Answer {
    fn said(text: String) -> Answer {
        Answer {
            text,
            ..Answer::default()
        }
    }

    pub(super) fn failed(text: String) -> Answer {
        Answer {
            text,
            failed: true,
            ..Answer::default()
        }
    }
}

/// What comes of a question at first.
pub(super) enum Outcome {
    Now(Answer),
    /// It awaits: the program must go on until this task is done.
    Later(Ref<Future>),
}

pub(super) fn ask(vm: &mut Vm, question: &Question) -> Outcome {
    let result = match question {
        Question::Value { text, frame } => return evaluate(vm, text, frame),
        Question::Why(task) => why(vm, task),
    };
    Outcome::Now(match result {
        Ok(text) => Answer::said(text),
        Err(raise) => failure(vm, raise),
    })
}

/// The answer of a task that awaits for somebody, which is done.
pub(super) fn answer_of(vm: &mut Vm, task: &Ref<Future>) -> Answer {
    task.log_traceback().set(false);
    match future_result(vm, task) {
        Ok(value) => shown(vm, &value),
        Err(raise) => failure(vm, raise),
    }
}

fn shown(vm: &mut Vm, value: &Value) -> Answer {
    match vm.repr(value) {
        Ok(text) => Answer::said(text.as_str().to_owned()),
        Err(raise) => failure(vm, raise),
    }
}

/// `ValueError: no such thing`.
fn failure(vm: &mut Vm, raise: Raise) -> Answer {
    let exception = vm.take_raised(raise);
    let class = vm.type_name(&exception).to_string();
    let text = match vm.str(&exception) {
        Ok(text) if text.as_str().is_empty() => class,
        Ok(text) => format!("{class}: {}", text.as_str()),
        Err(raise) => {
            drop(vm.take_raised(raise));
            class
        }
    };
    Answer::failed(text)
}

fn why(vm: &mut Vm, name: &str) -> R<String> {
    let event_loop = vm.current.event_loop.get();
    let now = vm.host.clock.monotonic().as_secs_f64();
    let running = vm.current.task.get();
    if let Some(task) = running.as_ref::<Future>()
        && inspect::task_name(task) == name
    {
        return Ok(format!("task {name} is the one that runs\n"));
    }
    let found = tasks(vm, &event_loop).into_iter().find(|t| t.name == name);
    match found {
        Some(view) => text::why(vm, &event_loop, view.task, now),
        None => Ok(format!("there is no task {name} that is not done\n")),
    }
}

// Expressions

/// Names that an expression in a frame sees.
struct Scope {
    globals: Ref<Dict>,
    /// None in a module.
    locals: Option<Vec<(Rc<str>, Value)>>,
}

fn scope(vm: &mut Vm, frame: &Frames) -> Option<Scope> {
    match frame {
        Frames::Running(at) => running(vm, *at),
        Frames::Task(name, at) => {
            let event_loop = vm.current.event_loop.get();
            let found = tasks(vm, &event_loop).into_iter().find(|t| t.name == *name);
            suspended(&found?.chain?, *at)
        }
        Frames::Loose(chain, at) => suspended(loose_chains(vm).get(*chain)?, *at),
    }
}

fn suspended(chain: &Chain, at: usize) -> Option<Scope> {
    let mut own = chain.frames.iter().filter(|f| !FrameView::is_library(f));
    let frame = own.clone().nth(at).or(own.next_back())?;
    Some(Scope {
        globals: frame.generator.code.globals.clone(),
        locals: Some(frame.variables.clone()),
    })
}

fn running(vm: &mut Vm, at: usize) -> Option<Scope> {
    let mut found = None;
    let (mut depth, mut left) = (0, at);
    vm.walk_frames(|view| {
        let own = !view.code.code.source.is_library();
        if own && left == 0 {
            found = Some((depth, view));
            return false;
        }
        left -= usize::from(own);
        depth += 1;
        true
    });
    let (depth, view) = found?;
    let code = &view.code.code;
    let names = code.names.iter().enumerate();
    let locals = names
        .map(|(i, name)| (name.clone(), vm.frame_local(depth, i)))
        .filter(|(name, value)| !value.is_undef() && !name.starts_with('.'));
    Some(Scope {
        globals: view.code.globals.clone(),
        locals: (!code.flags.module).then(|| locals.collect()),
    })
}

fn evaluate(vm: &mut Vm, text: &str, frame: &Frames) -> Outcome {
    let nowhere = || Outcome::Now(Answer::failed("there is no frame here to ask in".into()));
    let Some(scope) = scope(vm, frame) else {
        return nowhere();
    };
    let source = Source::new("<question>", text.trim());
    let code = match compiled(&source, scope.locals.is_some()) {
        Ok(code) => code,
        Err(message) => return Outcome::Now(Answer::failed(message)),
    };
    let locals = scope.locals.map(|all| {
        let dict = Dict::new();
        for (name, value) in all {
            let name = vm.intern(&name);
            dict.set_str(&name, value);
        }
        Value::from(dict)
    });
    let result = vm.run_code(&code, &scope.globals, locals);
    let awaits = code.flags.coroutine;
    let value = match result {
        Ok(value) if awaits => value,
        Ok(value) => return Outcome::Now(shown(vm, &value)),
        Err(raise) => return Outcome::Now(failure(vm, raise)),
    };
    match awaited(vm, &value) {
        Ok(task) => Outcome::Later(task),
        Err(raise) => Outcome::Now(failure(vm, raise)),
    }
}

fn compiled(source: &Source, separate_locals: bool) -> Result<Rc<crate::bytecode::Code>, String> {
    let told = |errors: &[crate::diagnostic::Diagnostic]| {
        let first = errors.first();
        format!("SyntaxError: {}", first.map_or("", |e| &e.title))
    };
    let expression = syntax::parse_expression(source).map_err(|e| told(&e))?;
    let module = ast::Module {
        body: vec![ast::Stmt {
            span: expression.span,
            kind: ast::StmtKind::Expr(expression),
        }],
    };
    let mode = Mode::Eval {
        separate_locals,
        top_await: true,
    };
    let compiled = compile::compile_module(source, &module, mode).map_err(|e| told(&e))?;
    Ok(compiled.code)
}

/// Makes a task of the coroutine in the running loop; if there is none, in one that runs here.
fn awaited(vm: &mut Vm, coroutine: &Value) -> R<Ref<Future>> {
    let running = vm.current.event_loop.get();
    let context = context::copy_current_object(vm);
    if !running.is_undef() {
        return drive::spawn(vm, &running, coroutine, "question", &context);
    }
    let event_loop = drive::standing_loop(vm);
    let task = drive::spawn(vm, &event_loop, coroutine, "question", &context)?;
    while !task.is_done() {
        if !inspect::is_ready(&event_loop) {
            let Some(due) = inspect::next_due(&event_loop) else {
                return Err(drive::deadlock(vm, &event_loop));
            };
            let left = due - vm.host.clock.monotonic().as_secs_f64();
            let left = std::time::Duration::try_from_secs_f64(left.max(0.0));
            vm.host.clock.sleep(left.unwrap_or_default());
        }
        drive::turn(vm, &event_loop)?;
    }
    Ok(task)
}
