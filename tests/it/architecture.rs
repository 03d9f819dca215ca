//! The shape of the source tree: who may use whom, how long files may be, where `unsafe`, printing
//! and clocks may stand.

use crate::coro::root;
use std::path::{Path, PathBuf};

/// Layers from the bottom up; each uses only those before it. Those in one row do not know each
/// other.
const LAYERS: &[&[&str]] = &[
    &["source"],
    &["text"],
    &["diagnostic"],
    &["syntax", "bytecode"],
    &["compile"],
    &["check", "desugar", "vm"],
    &["event_loop"],
    &["builtins"],
    &["stdlib"],
    &["hints"],
    &["inspect"],
    &["engine"],
    &["trace"],
    &["explore", "why"],
    &["repl", "stepper"],
    &["debugger", "quiz"],
    &["cli"],
];

/// Longest file, and the one that is allowed to be longer because it is one thing: the dispatch
/// loop.
const MAX_LINES: usize = 700;
const LONG_FILES: &[&str] = &["src/vm/dispatch.rs"];

/// Where `unsafe` may stand: the modules that run frames. Registers, argument windows and the
/// slots of objects are reached through pointers there, because a bounds check and a borrow flag on
/// each access would cost more than the instruction; `--features checked` puts the checks back.
/// In `object` these are the kinds that keep their slots in the same block.
const UNSAFE_FILES: &[&str] = &[
    "src/allocator.rs",
    "src/cli/interrupts.rs",
    "src/cli/stack.rs",
    "src/vm/heap/",
    "src/vm/value.rs",
    "src/vm/frame.rs",
    "src/vm/hold.rs",
    "src/vm/linked.rs",
    "src/vm/window.rs",
    "src/vm/dispatch.rs",
    "src/vm/exec/mod.rs",
    "src/vm/exec/attr.rs",
    "src/vm/exec/calls.rs",
    "src/vm/exec/natives.rs",
    "src/vm/call.rs",
    "src/vm/construct.rs",
    "src/vm/control.rs",
    "src/vm/simple_call.rs",
    "src/vm/generator.rs",
    "src/vm/deliver.rs",
    "src/vm/step.rs",
    "src/vm/unwind.rs",
    "src/vm/delegate.rs",
    "src/vm/inspect.rs",
    "src/vm/frames.rs",
    "src/vm/items.rs",
    "src/vm/object/mod.rs",
    "src/vm/object/collection.rs",
    "src/vm/object/future.rs",
    "src/vm/object/generator.rs",
    "src/vm/object/instance.rs",
    "src/vm/object/text.rs",
];

/// Where the process may print, and where it may look at the operating system's clock.
const PRINTING_FILES: &[&str] = &["src/cli/", "src/engine", "src/repl/"];
// The memory measures how quick the system is, of which no program sees anything.
const CLOCK_FILES: &[&str] = &["src/engine/host.rs", "src/vm/heap/chunks.rs"];

/// A file of the source tree, its lines without tests.
struct File {
    path: String,
    lines: Vec<String>,
    total: usize,
}

fn files() -> Vec<File> {
    let mut found = Vec::new();
    collect(&root().join("src"), &mut found);
    found.sort();
    assert!(found.len() > 10);
    found
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "rs"))
        .map(|f| read(f))
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

fn read(path: &Path) -> File {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(root()).unwrap().display().to_string();
    let tests = name.contains("tests");
    let lines = text
        .lines()
        .take_while(|l| !tests && l.trim() != "#[cfg(test)]")
        .map(str::to_string);
    File {
        path: name,
        lines: lines.collect(),
        total: text.lines().count(),
    }
}

impl File {
    fn is_in(&self, allowed: &[&str]) -> bool {
        allowed.iter().any(|a| self.path.starts_with(a))
    }

    /// Lines of code that contain a text, as `path:line`.
    fn places(&self, text: &str) -> Vec<String> {
        let code = |l: &str| l.split("//").next().unwrap_or("").contains(text);
        let found = self.lines.iter().enumerate().filter(|(_, l)| code(l));
        found
            .map(|(i, l)| format!("{}:{}: {}", self.path, i + 1, l.trim()))
            .collect()
    }
}

fn complain(rule: &str, complaints: Vec<String>) {
    assert!(
        complaints.is_empty(),
        "\n{rule}:\n{}\n",
        complaints.join("\n")
    );
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

/// The layer that a file belongs to; none for `lib.rs` and `main.rs`, which name all, and for what
/// only `main.rs` uses.
fn layer_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("src/")?.split(['/', '.']).next()?;
    (!["lib", "main", "allocator"].contains(&name)).then_some(name)
}

/// The layers that a line of code names as `crate::layer`.
fn used(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or("");
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let inner = rest.strip_prefix('{').unwrap_or(rest);
        let name: String = inner
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        names.push(name);
    }
    names
}

#[test]
fn layers_use_only_what_stands_below() {
    let mut complaints = Vec::new();
    for file in files() {
        let Some(own) = layer_of(&file.path) else {
            continue;
        };
        let Some(own_rank) = rank(own) else {
            complaints.push(format!(
                "{}: the layer {own} is not in the table",
                file.path
            ));
            continue;
        };
        for (i, line) in file.lines.iter().enumerate() {
            for name in used(line) {
                let upward = rank(&name).is_some_and(|r| r >= own_rank && name != own);
                if upward {
                    complaints.push(format!("{}:{}: {own} uses {name}", file.path, i + 1));
                }
            }
        }
    }
    complain("each layer uses only those before it", complaints);
}

#[test]
fn files_are_short() {
    let long = files()
        .into_iter()
        .filter(|f| f.total > MAX_LINES && !f.is_in(LONG_FILES));
    complain(
        "a file that wants more lines wants to be two",
        long.map(|f| format!("{}: {} lines", f.path, f.total))
            .collect(),
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = files().into_iter().filter(|f| {
        !f.path.contains("tests") && !f.lines.first().is_some_and(|l| l.starts_with("//!"))
    });
    complain("a file starts with //!", silent.map(|f| f.path).collect());
}

#[test]
fn unsafe_stands_only_where_it_is_watched() {
    let mut complaints = Vec::new();
    for file in files().iter().filter(|f| !f.is_in(UNSAFE_FILES)) {
        for form in [
            "unsafe {",
            "unsafe fn",
            "unsafe impl",
            "unsafe trait",
            "unsafe extern",
        ] {
            complaints.extend(file.places(form));
        }
    }
    complain("unsafe code is kept in few files", complaints);
}

#[test]
fn only_the_edges_print() {
    let mut complaints = Vec::new();
    for file in files().iter().filter(|f| !f.is_in(PRINTING_FILES)) {
        for form in [
            "println!",
            "eprintln!",
            "print!(",
            "io::stdout",
            "io::stderr",
        ] {
            complaints.extend(file.places(form));
        }
    }
    complain("output goes through the sinks", complaints);
}

#[test]
fn only_the_clock_knows_the_time() {
    let mut complaints = Vec::new();
    for file in files().iter().filter(|f| !f.is_in(CLOCK_FILES)) {
        for form in ["Instant::now", "SystemTime::now", "thread::sleep"] {
            complaints.extend(file.places(form));
        }
    }
    complain("time comes from the Clock trait", complaints);
}

#[test]
fn nothing_names_the_machine_it_was_made_on() {
    let words = [
        ["/ro", "ot/"],
        ["/wo", "rk/"],
        ["/ho", "me/"],
        ["crates", ".io/"],
        ["py", "pi.org"],
    ];
    let mut found = Vec::new();
    for folder in ["src", "examples", "grammar", "benches", "tests", ".ci"] {
        let folder = root().join(folder);
        if folder.is_dir() {
            collect(&folder, &mut found);
        }
    }
    found.extend(["README.md", "CHANGELOG.md", "Cargo.toml"].map(|f| root().join(f)));
    let mut complaints = Vec::new();
    for path in found {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        for word in words.iter().map(|w| w.concat()) {
            if text.contains(&word) {
                complaints.push(format!("{}: {word}", path.display()));
            }
        }
    }
    complain("the project stands on its own", complaints);
}
