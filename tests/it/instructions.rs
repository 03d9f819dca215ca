//! How many instructions the hot paths take, counted by valgrind, so that a change that makes one
//! slower is noticed in the commit that does it; and how the counts grow with the size of the
//! problem. Counts do not depend on the machine's load, as times do.
//!
//! `benches/hot/counts.txt` says what one operation of each program of `benches/hot` took when it
//! was written; more than 3 % off in either direction fails. `UPDATE_COUNTS=1 cargo test
//! instructions` writes it anew: do that in the commit that explains the change. Without valgrind,
//! without a release build of the present sources, or with another compiler than the one that the
//! table names, nothing is compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const TOLERANCE: f64 = 0.03;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The release build, if it is younger than every source file and valgrind is there to run it.
fn measurable() -> Option<PathBuf> {
    let debug = Path::new(env!("CARGO_BIN_EXE_coro"));
    let binary = debug.parent()?.parent()?.join("release/coro");
    let built = binary.metadata().ok()?.modified().ok()?;
    if newest(&root().join("src")) > built {
        return None;
    }
    let valgrind = Command::new("valgrind").arg("--version").output().ok()?;
    valgrind.status.success().then_some(binary)
}

fn newest(folder: &Path) -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        let path = entry.path();
        newest = newest.max(if path.is_dir() {
            self::newest(&path)
        } else {
            entry.metadata().unwrap().modified().unwrap()
        });
    }
    newest
}

fn compiler() -> String {
    let rustc = Command::new("rustc").arg("--version").output();
    rustc.map_or_else(
        |_| String::new(),
        |o| String::from_utf8_lossy(&o.stdout).trim().to_string(),
    )
}

/// Name and text of the programs of a folder.
fn programs(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in root().join(folder).read_dir().unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "coro") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    assert!(!found.is_empty(), "no programs in {folder}");
    found
}

/// The `N` of a program.
fn size(text: &str) -> u64 {
    let line = text.lines().find_map(|l| l.strip_prefix("N = "));
    line.unwrap().parse().unwrap()
}

/// Instructions that the program takes with another `N`.
fn count(binary: &Path, name: &str, text: &str, n: u64) -> f64 {
    count_with(binary, &[], name, text, n)
}

/// The same of a program that is run with options before its name.
fn count_with(binary: &Path, options: &[&str], name: &str, text: &str, n: u64) -> f64 {
    let own = format!("\nN = {}\n", size(text));
    let text = text.replacen(&own, &format!("\nN = {n}\n"), 1);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("instructions-{name}-{n}.coro"));
    std::fs::write(&file, text).unwrap();
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(binary)
        .args(options)
        .arg(&file)
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {report}");
    let collected = report.split("Collected : ").nth(1).unwrap_or_default();
    let digits: String = collected.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[test]
fn hot_paths_take_the_instructions_of_the_table() {
    let Some(binary) = measurable() else {
        eprintln!("skipped: needs valgrind and `cargo build --release`");
        return;
    };
    let path = root().join("benches/hot/counts.txt");
    let update = std::env::var_os("UPDATE_COUNTS").is_some();
    let table = std::fs::read_to_string(&path).unwrap_or_default();
    let heading = format!("# instructions per operation, {}\n", compiler());
    if !update && !table.starts_with(&heading) {
        eprintln!("skipped: the table was made with another compiler");
        return;
    }
    let known: BTreeMap<&str, f64> = table
        .lines()
        .filter_map(|l| l.split_once(' '))
        .filter_map(|(name, number)| Some((name, number.trim().parse().ok()?)))
        .collect();
    let mut new = heading;
    let mut problems = String::new();
    for (name, text) in programs("benches/hot") {
        let n = size(&text);
        let more = count(&binary, &name, &text, 3 * n) - count(&binary, &name, &text, n);
        let per = more / (2 * n) as f64;
        writeln!(new, "{name:22} {per:8.0}").unwrap();
        match known.get(&*name) {
            Some(old) if (per / old - 1.0).abs() <= TOLERANCE => {}
            Some(old) => writeln!(problems, "{name}: {per:.0}, not {old:.0}").unwrap(),
            None => writeln!(problems, "{name}: {per:.0}, not in the table").unwrap(),
        }
    }
    if update {
        std::fs::write(&path, new).unwrap();
    } else {
        assert!(
            problems.is_empty(),
            "instructions per operation have changed; if that is meant, \
             UPDATE_COUNTS=1 cargo test instructions\n{problems}"
        );
    }
}

/// How many times the instructions of a plain run a program may take when it is traced.
const TRACED: &[(&str, f64)] = &[
    ("generator_item", 8.0),
    ("generator_send", 6.0),
    ("delegated_item", 7.5),
    ("async_generator_item", 13.0),
    ("await_of_a_call", 12.0),
    ("task_switch", 8.0),
    ("task", 10.0),
    ("lock", 5.0),
    ("queue_item", 4.0),
    ("future", 4.0),
];

#[test]
fn a_trace_costs_no_more_than_a_few_runs() {
    let Some(binary) = measurable() else {
        eprintln!("skipped: needs valgrind and `cargo build --release`");
        return;
    };
    let programs = programs("benches/hot");
    let mut problems = String::new();
    for (name, most) in TRACED {
        let text = &programs[*name];
        let n = size(text);
        let per = |options: &[&str], run: &str| {
            let file = format!("{run}-{name}");
            let [few, many] = [n, 2 * n].map(|n| count_with(&binary, options, &file, text, n));
            many - few
        };
        let times = per(&["trace", "--json"], "traced") / per(&[], "plain");
        if times > *most {
            writeln!(problems, "{name}: {times:.1} times, at most {most}").unwrap();
        }
    }
    assert!(problems.is_empty(), "tracing has become slower\n{problems}");
}

/// The third comment of each program of `benches/growth` says by what factor an operation may be
/// dearer when there are ten times as many.
#[test]
fn costs_grow_with_the_size_and_no_faster() {
    let Some(binary) = measurable() else {
        eprintln!("skipped: needs valgrind and `cargo build --release`");
        return;
    };
    let mut problems = String::new();
    for (name, text) in programs("benches/growth") {
        let limit = text.lines().find_map(|l| l.strip_prefix("# at most "));
        let limit: f64 = limit.unwrap().parse().unwrap();
        let n = size(&text);
        let [one, few, many] = [n / 10, n, 10 * n].map(|size| count(&binary, &name, &text, size));
        let factor = (many - few) / (few - one) / 10.0;
        if factor > limit {
            writeln!(problems, "{name}: {factor:.2}, at most {limit}").unwrap();
        }
    }
    assert!(problems.is_empty(), "costs grow too fast\n{problems}");
}
