//! Commands that keep house: files, names, how long something takes.

use super::look::now;
use super::{Done, Trouble, said, value_of};
use crate::engine::SystemClock;
use crate::inspect::text;
use crate::repl::display;
use crate::repl::session::Session;
use crate::source::Source;
use crate::vm::host::Clock;

pub fn time(session: &mut Session, expression: &str) -> Done {
    let clock = SystemClock::new();
    let before = now(session);
    let value = value_of(session, expression)?;
    let took = clock.monotonic().as_secs_f64();
    let pretended = now(session) - before;
    if !value.is_none() {
        let text = display::pretty(session.vm(), &value, 0, display::width())?;
        session.link.screen.say(&format!("{text}\n"));
    }
    let (number, unit) = match took {
        t if t >= 1.0 => (t, "s"),
        t if t >= 1e-3 => (t * 1e3, "ms"),
        t => (t * 1e6, "µs"),
    };
    let more = if session.held {
        format!(", and {} s of the clock here", text::seconds(pretended))
    } else {
        String::new()
    };
    session
        .link
        .screen
        .say(&format!("took {number:.3} {unit}{more}\n"));
    Ok(())
}

pub fn load(session: &mut Session, file: &str) -> Done {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return said(format!("cannot read {file}: {error}")),
    };
    let source = Source::of_file(
        file,
        std::env::current_dir().map_or_else(
            |_| file.into(),
            |here| here.join(file).to_string_lossy().into_owned(),
        ),
        text.strip_prefix('\u{feff}').unwrap_or(&text),
    );
    let Some(code) = session.compile_program(&source) else {
        return Err(Trouble::Shown);
    };
    session.run_code(&code)?;
    session.good.push(source.text().trim_end().to_owned());
    Ok(())
}

pub fn save(session: &mut Session, file: &str) -> Done {
    let mut text = session.good.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    match std::fs::write(file, text) {
        Ok(()) => {
            let count = session.good.len();
            session
                .link
                .screen
                .say(&format!("{count} entries written to {file}\n"));
            Ok(())
        }
        Err(error) => said(format!("cannot write {file}: {error}")),
    }
}

pub fn reset(session: &mut Session, _: &str) -> Done {
    session.reset()?;
    Ok(())
}
