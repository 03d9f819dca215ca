//! `coro run --profile`: where the time of a program went, as a table and as folded stacks.

use super::terminal::complain;
use crate::vm::object::CodeObject;
use crate::vm::profile::{FunctionTime, Profiled, TaskTime};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// Rows of the table of functions.
const ROWS: usize = 25;

/// Prints the tables on standard error, and writes the stacks to a file. False, and a complaint, if
/// that fails.
pub(super) fn show(profile: &Profiled, program: &str, folded: Option<&Path>) -> bool {
    complain(&tables(profile, program));
    let Some(path) = folded else {
        return true;
    };
    match std::fs::write(path, folded_stacks(profile)) {
        Ok(()) => true,
        Err(error) => {
            complain(&format!("coro: cannot write {}: {error}\n", path.display()));
            false
        }
    }
}

fn tables(profile: &Profiled, program: &str) -> String {
    let mut out = format!(
        "\n{program} took {}, of which it waited {}; {} samples\n",
        text(profile.wall),
        text(profile.idle),
        profile.samples
    );
    functions(profile, &mut out);
    if !profile.tasks.is_empty() {
        tasks(&profile.tasks, &mut out);
    }
    out
}

fn functions(profile: &Profiled, out: &mut String) {
    let mut rows: BTreeMap<(String, String), (Duration, Duration, u64)> = BTreeMap::new();
    // Of the library, what is worth knowing: where time went.
    let shown = |f: &&FunctionTime| !f.total.is_zero() || !f.code.code.source.is_library();
    for f in profile.functions.iter().filter(shown) {
        // Equal functions are made by each call of the one around them.
        let row = rows.entry((name(&f.code), place(f))).or_default();
        row.0 += f.own;
        row.1 = row.1.max(f.total);
        row.2 += f.entered;
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.1.0, row.1.1)));
    let _ = writeln!(out, "\n      self     total     runs  function");
    for ((name, place), (own, total, runs)) in rows.iter().take(ROWS) {
        let runs = match runs {
            0 => String::new(),
            n => n.to_string(),
        };
        let (own, total) = (text(*own), text(*total));
        let row = format!("{own:>10}{total:>10}{runs:>9}  {name}  {place}");
        let _ = writeln!(out, "{}", row.trim_end());
    }
    if rows.len() > ROWS {
        let _ = writeln!(out, "{:>31}and {} functions more", "", rows.len() - ROWS);
    }
}

fn tasks(tasks: &[TaskTime], out: &mut String) {
    let mut rows: Vec<&TaskTime> = tasks.iter().collect();
    rows.sort_by_key(|t| std::cmp::Reverse((t.running, t.life)));
    let _ = writeln!(out, "\n   running   waiting    steps  task");
    for task in rows {
        let running = text(task.running);
        let waiting = text(task.life.saturating_sub(task.running));
        let who = match task.name.as_str() {
            "" => format!("{} tasks", task.count),
            name => name.to_owned(),
        };
        let (steps, function) = (task.steps, &task.function);
        let _ = writeln!(
            out,
            "{running:>10}{waiting:>10}{steps:>9}  {who}  {function}()"
        );
    }
}

/// One line for each way from the outermost frame to the innermost, with its microseconds: what
/// tools that draw flame graphs read. Of the library only what the program called is named.
fn folded_stacks(profile: &Profiled) -> String {
    let mut lines: BTreeMap<String, u128> = BTreeMap::new();
    for (stack, time) in &profile.stacks {
        let mut way: Vec<String> = Vec::new();
        let mut inside = false;
        for code in stack {
            let library = code.code.source.is_library();
            if !(library && inside) {
                way.push(name(code).replace(';', ","));
            }
            inside = library;
        }
        *lines.entry(way.join(";")).or_default() += time.as_micros();
    }
    let mut out = String::new();
    for (way, time) in lines
        .iter()
        .filter(|(way, time)| **time > 0 && !way.is_empty())
    {
        let _ = writeln!(out, "{way} {time}");
    }
    out
}

fn name(code: &CodeObject) -> String {
    let qualname = &code.code.qualname;
    match code.code.source.is_library() {
        false => qualname.to_string(),
        true => {
            let file = code.code.source.name();
            let module = file.trim_start_matches("<coro>/").trim_end_matches(".coro");
            let module = module.trim_end_matches("/__init__").replace('/', ".");
            format!("{module}.{qualname}")
        }
    }
}

fn place(f: &FunctionTime) -> String {
    let source = &f.code.code.source;
    match source.is_library() {
        true => String::new(),
        false => format!(
            "{}:{}",
            source.name(),
            source.line_of(f.code.code.span.start)
        ),
    }
}

/// A time with three digits.
fn text(time: Duration) -> String {
    if time.is_zero() {
        return "0".to_owned();
    }
    let seconds = time.as_secs_f64();
    let (number, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s => (s * 1e6, "us"),
    };
    match number {
        n if n >= 100.0 => format!("{n:.0} {unit}"),
        n if n >= 10.0 => format!("{n:.1} {unit}"),
        n => format!("{n:.2} {unit}"),
    }
}
