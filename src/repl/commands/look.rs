//! Commands that look at tasks, queues, frames and bytecode.

use super::{Done, Trouble, plain_value_of, said};
use crate::bytecode::disasm::disassemble;
use crate::event_loop::inspect;
use crate::inspect::frames;
use crate::inspect::tasks::{self, TaskView};
use crate::inspect::text;
use crate::repl::session::Session;
use crate::source::Source;
use crate::vm::heap::Ref;
use crate::vm::object::{BoundMethod, CodeObject, Function, Future, Generator};
use crate::vm::value::Value;

pub fn now(session: &mut Session) -> f64 {
    session.vm().host.clock.monotonic().as_secs_f64()
}

fn all(session: &mut Session) -> Vec<TaskView> {
    let event_loop = session.event_loop.clone();
    tasks::tasks(session.vm(), &event_loop)
}

fn one(session: &mut Session, task: &Ref<Future>) -> TaskView {
    let event_loop = session.event_loop.clone();
    tasks::task(session.vm(), &event_loop, task)
}

pub fn task_names(session: &mut Session) -> Vec<String> {
    let mut names: Vec<String> = all(session).into_iter().map(|t| t.name).collect();
    names.sort();
    names
}

pub fn tasks(session: &mut Session, _: &str) -> Done {
    let views = all(session);
    if views.is_empty() {
        return said("there are no tasks");
    }
    let now = now(session);
    let text = text::tasks(&views, now);
    session.link.screen.say(&text);
    Ok(())
}

/// A task by its name, or by an expression whose value it is.
fn task_of(session: &mut Session, name: &str) -> Result<Ref<Future>, Trouble> {
    let named = all(session).into_iter().find(|t| t.name == name);
    if let Some(view) = named {
        return Ok(view.task);
    }
    let value = plain_value_of(session, name)?;
    match value.as_ref::<Future>().filter(|f| f.is_task()) {
        Some(task) => Ok(task.clone()),
        None => {
            let what = text::brief(session.vm(), &value)?;
            said(format!("{what} is no task; :tasks lists them"))
        }
    }
}

pub fn why(session: &mut Session, name: &str) -> Done {
    let task = task_of(session, name)?;
    let now = now(session);
    let event_loop = session.event_loop.clone();
    let text = text::why(session.vm(), &event_loop, task, now)?;
    session.link.screen.say(&text);
    Ok(())
}

pub fn ready(session: &mut Session, _: &str) -> Done {
    let queue = inspect::ready(&session.event_loop);
    if queue.is_empty() {
        return said("nothing is ready: every task waits");
    }
    let mut rows = Vec::new();
    for (i, entry) in queue.iter().enumerate() {
        rows.push(vec![
            format!("{}.", i + 1),
            text::queued(session.vm(), entry)?,
        ]);
    }
    session.link.screen.say(&text::table(&rows));
    Ok(())
}

pub fn timers(session: &mut Session, _: &str) -> Done {
    let timers = inspect::timers(&session.event_loop);
    if timers.is_empty() {
        return said("no timer is set");
    }
    let now = now(session);
    let mut rows = Vec::new();
    for timer in &timers {
        rows.push(text::timer(session.vm(), timer, now)?);
    }
    session.link.screen.say(&text::table(&rows));
    Ok(())
}

pub fn frames(session: &mut Session, expression: &str) -> Done {
    if expression.is_empty() {
        return all_frames(session);
    }
    let value = plain_value_of(session, expression)?;
    match state_of(session, &value)? {
        Some(text) => session.link.screen.say(&text),
        None => {
            let what = text::brief(session.vm(), &value)?;
            return said(format!("{what} has no frame that could be suspended"));
        }
    }
    Ok(())
}

fn all_frames(session: &mut Session) -> Done {
    let views = all(session);
    if views.is_empty() {
        return said("there are no tasks");
    }
    let now = now(session);
    let mut texts = Vec::new();
    for view in &views {
        texts.push(text::task(session.vm(), view, now)?);
    }
    session.link.screen.say(&texts.join("\n"));
    Ok(())
}

/// The state of a generator, coroutine, async generator or task.
pub fn state_of(session: &mut Session, value: &Value) -> Result<Option<String>, Trouble> {
    if let Some(generator) = value.as_ref::<Generator>() {
        let chain = frames::chain(generator);
        let mut text = text::chain(session.vm(), &chain)?;
        if let ([only], None) = (chain.frames.as_slice(), &chain.end) {
            text.push_str(text::outlook(only));
        }
        return Ok(Some(text));
    }
    let Some(task) = value.as_ref::<Future>().filter(|f| f.is_task()) else {
        return Ok(None);
    };
    let view = one(session, task);
    let now = now(session);
    Ok(Some(text::task(session.vm(), &view, now)?))
}

pub fn dis(session: &mut Session, expression: &str) -> Done {
    // A name means what it names; anything else is not run, only compiled.
    let is_name = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
    let named = match expression.chars().all(is_name) {
        true => code_of(&plain_value_of(session, expression)?).map(|c| c.code.clone()),
        false => None,
    };
    let source = Source::new("<command>", expression);
    let code = match named {
        Some(code) => Some(code),
        None => session.compile_expression(&source, true),
    };
    let Some(code) = code else {
        return Err(Trouble::Shown);
    };
    session.link.screen.say(&disassemble(&code));
    Ok(())
}

fn code_of(value: &Value) -> Option<Ref<CodeObject>> {
    if let Some(function) = value.as_ref::<Function>() {
        return Some(function.code.get());
    }
    if let Some(method) = value.as_ref::<BoundMethod>() {
        return code_of(&method.func);
    }
    if let Some(generator) = value.as_ref::<Generator>() {
        return Some(generator.code.clone());
    }
    if let Some(task) = value.as_ref::<Future>() {
        return code_of(&task.part()?.coro.get());
    }
    value.as_ref::<CodeObject>().cloned()
}
