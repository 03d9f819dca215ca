//! The corpus: programs and what CPython 3.13 does with them. See tests/conformance/README.md.
//!
//! `CORO_CASES=asyncio/cancel cargo test --test it conformance -- --nocapture` runs those whose
//! name contains the text; `CORO_NOT_YET=write` writes the list of failures to `not_yet.txt`.

use crate::coro::{LIMIT, Run, command, finish, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Programs at a time.
const THREADS: usize = 2;

#[test]
fn corpus() {
    let folder = root().join("tests/conformance");
    let filter = std::env::var("CORO_CASES").unwrap_or_default();
    let cases: Vec<PathBuf> = programs(&folder)
        .into_iter()
        .filter(|c| name(&folder, c).contains(&filter))
        .collect();
    assert!(!cases.is_empty(), "no case is called {filter}");
    let failures: BTreeMap<String, String> = judge_all(&cases)
        .into_iter()
        .map(|(path, problem)| (name(&folder, &path), problem))
        .collect();
    table(&folder, &cases, &failures);
    let list = folder.join("not_yet.txt");
    if std::env::var("CORO_NOT_YET").as_deref() == Ok("write") {
        return write_not_yet(&list, &failures);
    }
    let not_yet = read_not_yet(&list);
    let selected: BTreeSet<String> = cases.iter().map(|c| name(&folder, c)).collect();
    let mut complaints = String::new();
    for (case, problem) in failures.iter().filter(|(case, _)| !not_yet.contains(*case)) {
        complaints.push_str(&format!("FAILS  {case}: {problem}\n"));
    }
    for case in not_yet
        .intersection(&selected)
        .filter(|case| !failures.contains_key(*case))
    {
        complaints.push_str(&format!("PASSES {case}: take it out of not_yet.txt\n"));
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

fn programs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for topic in std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|e| e.path().is_dir())
    {
        let files = std::fs::read_dir(topic.path())
            .unwrap()
            .flatten()
            .map(|e| e.path());
        found.extend(files.filter(|f| f.extension().is_some_and(|e| e == "coro")));
    }
    found.sort();
    found
}

/// `topic/name`.
fn name(folder: &Path, case: &Path) -> String {
    case.strip_prefix(folder)
        .unwrap()
        .with_extension("")
        .display()
        .to_string()
}

fn judge_all(cases: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(problem) = judge(case) {
                        failures.lock().unwrap().push((case.clone(), problem));
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap()
}

/// What is wrong with how a program runs; nothing if it does as CPython did. Time is virtual: how
/// loaded the machine is must not decide which of two timers is first.
fn judge(case: &Path) -> Option<String> {
    let run = finish(
        command()
            .args(["run", "--virtual-time"])
            .arg(case)
            .current_dir(case.parent()?),
        b"",
        LIMIT,
    );
    let want = std::fs::read(case.with_extension("out")).unwrap();
    let difference = first_difference(&want, &run.stdout);
    if let Some(problem) = wrong_end(case, &run) {
        return Some(format!(
            "{problem}{}",
            difference.map_or(String::new(), |d| format!("; {d}"))
        ));
    }
    if let Some(difference) = difference {
        return Some(format!("{difference}; stderr: {:?}", run.last_line()));
    }
    let want = std::fs::read_to_string(case.with_extension("err")).ok()?;
    let want = want.trim_end_matches('\n');
    (run.last_line() != want).then(|| format!("stderr: want {want:?}, got {:?}", run.last_line()))
}

fn wrong_end(case: &Path, run: &Run) -> Option<String> {
    let want = std::fs::read_to_string(case.with_extension("code"))
        .map_or(0, |t| t.trim().parse().unwrap());
    match run.code {
        _ if run.late => Some(format!("ran past {} s", LIMIT.as_secs())),
        None => Some("ended by a signal".into()),
        Some(code) if code != want => Some(format!(
            "exit code {code}, want {want}; stderr: {:?}",
            run.last_line()
        )),
        Some(_) => None,
    }
}

/// Where two outputs first differ, in words.
pub fn first_difference(want: &[u8], got: &[u8]) -> Option<String> {
    if want == got {
        return None;
    }
    let (want, got) = (String::from_utf8_lossy(want), String::from_utf8_lossy(got));
    let (mut a, mut b) = (want.split_inclusive('\n'), got.split_inclusive('\n'));
    for number in 1.. {
        let (x, y) = (a.next(), b.next());
        if x != y || x.is_none() {
            let word = |l: Option<&str>| {
                l.map_or("the end".into(), |l| {
                    format!("{:.110?}", l.trim_end_matches('\n'))
                })
            };
            return Some(format!("line {number}: want {}, got {}", word(x), word(y)));
        }
    }
    None
}

fn table(folder: &Path, cases: &[PathBuf], failures: &BTreeMap<String, String>) {
    let mut topics: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for case in cases {
        let case = name(folder, case);
        let topic = case.split('/').next().unwrap_or(&case).to_string();
        let row = topics.entry(topic).or_default();
        row.0 += 1;
        row.1 += usize::from(!failures.contains_key(&case));
    }
    println!("{:<20}{:>8}{:>8}", "topic", "passed", "of");
    for (topic, (all, passed)) in &topics {
        println!("{topic:<20}{passed:>8}{all:>8}");
    }
    println!(
        "{:<20}{:>8}{:>8}",
        "all",
        cases.len() - failures.len(),
        cases.len()
    );
}

fn read_not_yet(list: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(list).unwrap_or_default();
    text.lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .map(str::to_string)
        .collect()
}

fn write_not_yet(list: &Path, failures: &BTreeMap<String, String>) {
    let head = "# Cases that fail for now. One that is listed here and passes fails the build.\n";
    let body: String = failures.keys().map(|case| format!("{case}\n")).collect();
    std::fs::write(list, format!("{head}{body}")).unwrap();
    for (case, problem) in failures {
        println!("{case}: {problem}");
    }
}
