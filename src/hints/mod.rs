//! What coro knows about a failure beyond CPython's words: what the names at the place stood for,
//! the mistake behind the message, and what to write instead. Looks at tracebacks, syntax trees
//! and values; runs nothing of the program, and changes nothing.

mod awaiting;
mod cancelled;
mod context;
mod generators;
mod names;
mod outside;
mod show;
mod site;
mod values;
mod warned;

use crate::diagnostic::traceback::UncaughtError;
use crate::diagnostic::{Code, Label};
use crate::source::Span;
use crate::vm::Vm;
use crate::vm::value::Value;
use site::{Level, Programs, Site};

/// Draws the reports that are written while a program runs.
pub fn install(vm: &mut Vm) {
    vm.report_hooks.draw = warned::draw;
}

/// What a rule has found out.
#[derive(Default)]
struct Hint {
    /// Other places that matter, and a closer look at the first.
    labels: Vec<Label>,
    notes: Vec<String>,
    help: Option<String>,
}

impl Hint {
    fn help(text: impl Into<String>) -> Hint {
        Hint {
            help: Some(text.into()),
            ..Hint::default()
        }
    }

    fn note(mut self, text: impl Into<String>) -> Hint {
        self.notes.push(text.into());
        self
    }

    fn label(mut self, site: &Site<'_>, span: Span, text: impl Into<String>) -> Hint {
        self.labels.push(Label {
            source: site.level.source().clone(),
            span,
            text: text.into(),
        });
        self
    }
}

/// One failure as the rules see it.
struct Failure<'a> {
    exception: &'a Value,
    /// CPython's `Type: message`.
    text: &'a str,
    site: &'a Site<'a>,
}

/// Adds what is known to the reports of exceptions. One explainer serves one report: it keeps the
/// trees of the programs it has looked at.
#[derive(Default)]
pub struct Explainer {
    programs: Programs,
    explained: usize,
}

/// Exceptions of one report that are explained; the hundredth member of a group says nothing new.
const MOST: usize = 20;

impl Explainer {
    /// Adds to one exception of a report; not to those before it or in it.
    pub fn explain(&mut self, vm: &mut Vm, exception: &Value, error: &mut UncaughtError) {
        self.explained += 1;
        if self.explained > MOST {
            return;
        }
        let Some(level) = Level::of(exception) else {
            return;
        };
        let tree = self.programs.tree(level.source());
        let site = Site::of(&level, &tree);
        let failure = Failure {
            exception,
            text: &error.last_line,
            site: &site,
        };
        let code = Code::of_exception(&error.last_line);
        let hint = rule(vm, code, &failure).unwrap_or_default();
        if let Some(values) = values::here(vm, &site) {
            error.explanations.push(values);
        }
        error.labels.extend(hint.labels);
        error.explanations.extend(hint.notes);
        error.help = hint.help;
    }
}

/// The rule for a code.
fn rule(vm: &mut Vm, code: Code, failure: &Failure<'_>) -> Option<Hint> {
    match code {
        Code::CoroutineAsValue => awaiting::coroutine_as_value(vm, failure),
        Code::FutureAsValue => awaiting::future_as_value(vm, failure),
        Code::NotAwaitable => awaiting::not_awaitable(vm, failure),
        Code::AwaitedTwice => awaiting::awaited_twice(failure),
        Code::LoopRunning => awaiting::loop_running(failure),
        Code::CoroutineWanted => awaiting::coroutine_wanted(vm, failure),
        Code::NoLoop => awaiting::no_loop(failure),
        Code::AsyncForMissing => context::async_for_missing(failure),
        Code::PlainIterable => context::plain_iterable(vm, failure),
        Code::AsyncWithMissing => context::async_with_missing(vm, failure),
        Code::PlainContext => context::plain_context(vm, failure),
        Code::AlreadyRunning => generators::already_running(),
        Code::NotCalled => generators::not_called(vm, failure),
        Code::SendTooEarly => generators::send_too_early(failure),
        Code::Exhausted => generators::exhausted(vm, failure),
        Code::GeneratorAsValue => generators::as_value(vm, failure),
        Code::Cancelled => cancelled::cancelled(vm, failure),
        Code::TimedOut => cancelled::timed_out(failure),
        Code::TaskGroup => cancelled::group_failed(),
        Code::UnboundLocal => names::unbound_local(vm, failure),
        Code::UnknownName => names::unknown_name(failure),
        Code::UnknownModule => {
            outside::left_out(failure).or_else(|| names::unknown_module(failure))
        }
        Code::NoneAsValue => names::none_as_value(vm, failure),
        _ => outside::left_out(failure),
    }
}
