//! `coro check`: what can be said about programs without running them, for people or, as JSON, for
//! editors. `grammar/check.schema.json` describes the JSON.

use super::input::Input;
use super::terminal::{Terminal, complain, print};
use super::{CheckArgs, CheckFormat, USAGE};
use crate::check;
use crate::diagnostic::{Diagnostic, Label, Level};
use crate::source::Source;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The version of the JSON format.
const SCHEMA: u32 = 1;

/// Checks all files; 1 if something in them is an error.
pub(super) fn check(args: &CheckArgs, terminal: &Terminal) -> i32 {
    let inputs = match &args.code {
        Some(code) => vec![Input::Code(code.clone())],
        None => args
            .files
            .iter()
            .flat_map(|f| inputs(Path::new(f)))
            .collect(),
    };
    if inputs.is_empty() {
        complain("coro check: no programs there (files that end in .coro)\n");
        return USAGE;
    }
    let mut tally = Tally::default();
    let mut all = Vec::new();
    for input in &inputs {
        let found = match input.read(false) {
            Ok(source) => check::check(&source),
            Err(failure) => vec![*failure.diagnostic],
        };
        tally.count(&found);
        match args.format {
            CheckFormat::Text => terminal.show_each(&found),
            CheckFormat::Json => all.extend(found),
        }
    }
    let written = match args.format {
        CheckFormat::Json => print(&json(&all)),
        CheckFormat::Text => {
            tally.tell(inputs.len());
            0
        }
    };
    let failed = tally.errors > 0 || (args.strict && tally.warnings > 0);
    if failed { 1 } else { written }
}

/// A file, or all programs in a folder and the folders in it, in order.
fn inputs(path: &Path) -> Vec<Input> {
    if path.as_os_str() == "-" {
        return vec![Input::Stdin];
    }
    if !path.is_dir() {
        return vec![Input::File(path.to_owned())];
    }
    let mut found = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries
            .map(|e| e.path())
            .partition(|p| p.is_dir() && !p.is_symlink());
        open.extend(folders);
        found.extend(
            files
                .into_iter()
                .filter(|f| f.extension().is_some_and(|e| e == "coro")),
        );
    }
    found.sort();
    found.into_iter().map(Input::File).collect()
}

#[derive(Default)]
struct Tally {
    errors: usize,
    warnings: usize,
}

impl Tally {
    fn count(&mut self, found: &[Diagnostic]) {
        let errors = found.iter().filter(|d| d.level == Level::Error).count();
        self.errors += errors;
        self.warnings += found.len() - errors;
    }

    /// One line at the end, if there was anything.
    fn tell(&self, files: usize) {
        if self.errors + self.warnings == 0 {
            return;
        }
        let counted = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        complain(&format!(
            "{} and {} in {}; `coro explain CODE` says more about one\n",
            counted(self.errors, "error"),
            counted(self.warnings, "warning"),
            counted(files, "file")
        ));
    }
}

// JSON

fn json(found: &[Diagnostic]) -> String {
    let entries: Vec<String> = found.iter().map(diagnostic).collect();
    let body = match entries.is_empty() {
        true => String::new(),
        false => format!("\n  {}\n", entries.join(",\n  ")),
    };
    format!("{{\"version\": {SCHEMA}, \"diagnostics\": [{body}]}}\n")
}

fn diagnostic(d: &Diagnostic) -> String {
    let level = match d.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    let labels = d.labels.iter().map(label).collect();
    let notes = d.notes.iter().map(|n| string(n)).collect();
    let help = d.help.as_deref().map_or("null".to_owned(), string);
    format!(
        "{{\"code\": {}, \"level\": \"{level}\", \"title\": {}, \"labels\": {}, \"notes\": {}, \"help\": {help}}}",
        string(d.code.text()),
        string(&d.title),
        list(labels),
        list(notes),
    )
}

fn label(label: &Label) -> String {
    format!(
        "{{\"file\": {}, \"start\": {}, \"end\": {}, \"text\": {}}}",
        string(label.source.name()),
        place(&label.source, label.span.start),
        place(&label.source, label.span.end.max(label.span.start)),
        string(&label.text),
    )
}

/// Lines and columns count from 1, columns in characters, offsets in bytes.
fn place(source: &Source, offset: u32) -> String {
    let at = source.position(offset.min(source.text().len() as u32));
    format!(
        "{{\"line\": {}, \"column\": {}, \"offset\": {offset}}}",
        at.line,
        at.column + 1
    )
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
