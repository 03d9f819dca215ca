//! Every program of examples/ does what was recorded beside it (tests/record.py).

use crate::conformance::first_difference;
use crate::coro::{LIMIT, command, finish, program, root};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Stands in a `.pattern` file for something that differs from run to run: clock times in both
/// notations, addresses, and paths up to the line number behind them.
const PLACEHOLDERS: [&str; 3] = ["<time>", "<address>", "<path>"];

#[test]
fn examples_print_what_was_recorded() {
    let mut programs = programs("examples");
    programs.extend(lessons());
    assert!(programs.len() >= 42);
    let mut complaints = String::new();
    for program in &programs {
        // Sleeps are real here, and a busy machine may mix up what is tenths of seconds apart.
        let tries = if program.with_extension("pattern").exists() {
            3
        } else {
            1
        };
        let problems: Vec<String> = (0..tries).map_while(|_| judge(program)).collect();
        if let Some(problem) = problems.last().filter(|_| problems.len() == tries) {
            let _ = writeln!(complaints, "{}: {problem}", program.display());
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

/// The programs of a folder.
pub fn programs(folder: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(root().join(folder)).unwrap().flatten();
    let mut programs: Vec<PathBuf> = files
        .map(|e| e.path())
        .filter(|f| f.extension().is_some_and(|e| e == "coro"))
        .collect();
    programs.sort();
    programs
}

fn lessons() -> Vec<PathBuf> {
    programs("examples/lessons")
}

#[test]
fn there_are_twelve_lessons_and_each_is_in_their_list() {
    let list = std::fs::read_to_string(root().join("examples/lessons/README.md")).unwrap();
    let lessons = lessons();
    assert_eq!(lessons.len(), 12);
    for lesson in lessons {
        let name = lesson.file_name().unwrap().to_string_lossy().into_owned();
        assert!(list.contains(&format!("({name})")), "{name}");
    }
}

#[test]
fn each_lesson_names_commands_that_work() {
    for lesson in lessons() {
        let text = std::fs::read_to_string(&lesson).unwrap();
        let commands = text.lines().filter_map(|l| l.strip_prefix("#     coro "));
        let commands: Vec<&str> = commands.collect();
        assert!(!commands.is_empty(), "{}", lesson.display());
        for line in commands {
            // A page is not written where a reader would want it.
            let line = match line.split_once(" -o ") {
                Some((head, _)) => format!("{head} -o -"),
                None => line.to_owned(),
            };
            let words = line.split_whitespace();
            let run = finish(command().args(words).current_dir(root()), b"", LIMIT);
            let deadlock = line.ends_with("for ever");
            assert_eq!(
                run.code,
                Some(i32::from(deadlock)),
                "{line}: {}",
                run.stderr
            );
            let shows = if deadlock { &run.stderr } else { &run.out() };
            assert!(shows.len() > 10, "{line}");
            // What is asked for is there: no line is missed.
            assert!(!run.stderr.contains("coro: "), "{line}: {}", run.stderr);
        }
    }
}

fn judge(program: &Path) -> Option<String> {
    let recorded = |suffix: &str| std::fs::read_to_string(program.with_extension(suffix)).ok();
    let run = finish(
        command()
            .arg(program.file_name()?)
            .current_dir(program.parent()?),
        b"",
        LIMIT,
    );
    let want = recorded("code").map_or(0, |t| t.trim().parse().unwrap());
    if run.code != Some(want) {
        return Some(format!(
            "exit code {:?}, want {want}; stderr: {:?}",
            run.code,
            run.last_line()
        ));
    }
    if let Some(pattern) = recorded("pattern") {
        let out = run.out();
        if let Some((i, want, got)) = first_mismatch(&pattern, &out) {
            return Some(format!(
                "line {i}: want {want:?}, got {got:?}; stderr: {:?}",
                run.last_line()
            ));
        }
    } else if let Some(difference) = first_difference(recorded("out")?.as_bytes(), &run.stdout) {
        return Some(format!("{difference}; stderr: {:?}", run.last_line()));
    }
    if let Some(want) = recorded("err").filter(|want| want.trim_end() != run.last_line()) {
        return Some(format!("stderr: want {want:?}, got {:?}", run.last_line()));
    }
    let warnings = recorded("stderr").unwrap_or_default();
    warnings
        .lines()
        .find(|w| !run.stderr.contains(w))
        .map(|w| format!("stderr lacks {w:?}: {:?}", run.stderr))
}

fn first_mismatch(pattern: &str, out: &str) -> Option<(usize, String, String)> {
    let (mut want, mut got) = (pattern.lines(), out.lines());
    for number in 1.. {
        match (want.next(), got.next()) {
            (None, None) => return None,
            (Some(w), Some(g)) if matches(w, g) => {}
            (w, g) => {
                return Some((
                    number,
                    w.unwrap_or("the end").into(),
                    g.unwrap_or("the end").into(),
                ));
            }
        }
    }
    None
}

/// Whether a line is as its pattern says.
fn matches(pattern: &str, line: &str) -> bool {
    let next = PLACEHOLDERS
        .iter()
        .filter_map(|p| pattern.find(p).map(|at| (at, *p)))
        .min();
    let Some((at, placeholder)) = next else {
        return pattern == line;
    };
    let Some(rest) = pattern.get(..at).and_then(|head| line.strip_prefix(head)) else {
        return false;
    };
    let length = match placeholder {
        "<address>" if !rest.starts_with("0x") => 0,
        "<address>" => {
            2 + rest
                .chars()
                .skip(2)
                .take_while(char::is_ascii_hexdigit)
                .count()
        }
        "<path>" => rest.rfind(':').unwrap_or(0),
        _ => rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | 'e' | '-'))
            .count(),
    };
    // A full stop or a colon behind a time is not of it.
    let length = match rest.get(..length) {
        Some(taken) if placeholder == "<time>" => {
            taken.trim_end_matches(['.', ':', 'e', '-']).len()
        }
        _ => length,
    };
    let after = pattern.get(at + placeholder.len()..).unwrap_or("");
    length > 0 && rest.get(length..).is_some_and(|line| matches(after, line))
}

#[test]
fn the_program_of_the_readme_prints_what_stands_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = |language: &str| {
        let (_, after) = readme.split_once(&format!("```{language}\n")).unwrap();
        after.split_once("```").unwrap().0.to_string()
    };
    let run = program("readme", &block("python"));
    assert_eq!(run.out(), block("text"), "{}", run.stderr);
}

#[test]
fn patterns() {
    assert!(matches("at <time>.", "at 14:52:22."));
    assert!(matches("<time> hello", "1612200605.15 hello"));
    assert!(matches("<x at <address>>", "<x at 0x7f00>"));
    assert!(matches(
        "running at <path>:7>>",
        "running at /a b/c.coro:7>>"
    ));
    assert!(!matches("<time> hello", "hello"));
    assert!(!matches("a", "b"));
}
