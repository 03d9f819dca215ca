//! `coro explain`, and the pages it shows: every code has one, its wrong program makes the mistake
//! and its right program makes none. So every code is produced by some program.

use crate::coro::{LIMIT, command, coro, finish, scratch};
use coro::diagnostic::Code;
use coro::diagnostic::code::Stage;
use coro::diagnostic::page::Page;
use std::path::Path;
use std::process::Command;

/// Runs an example as a reader would, and gives what was said on either stream, and the exit code.
fn try_out(code: Code, heading: &str, folder: &Path) -> (String, Option<i32>) {
    let (language, text) = Page::of(code)
        .example(heading)
        .unwrap_or_else(|| panic!("{}: no example under {heading}", code.text()));
    let file = format!("{}_{}.coro", code.text(), heading.to_lowercase());
    let mut command = command();
    match (language, code.stage()) {
        ("sh", _) => command = shell(text),
        (_, Stage::Checked) => _ = command.args(["check", &file]),
        _ => _ = command.args(["--virtual-time", &file]),
    }
    std::fs::write(folder.join(&file), text).unwrap();
    let run = finish(command.current_dir(folder), b"", LIMIT);
    let said = match code.stage() {
        Stage::Checked => run.out() + &run.stderr,
        _ => run.stderr.clone(),
    };
    (said, run.code)
}

/// A command line in which `coro` is ours.
fn shell(line: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_coro"));
    let mut shell = Command::new("sh");
    let path = format!(
        "{}:{}",
        binary.parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    shell
        .args(["-c", line])
        .env("PATH", path)
        .env("NO_COLOR", "1");
    shell
}

#[test]
fn wrong_programs_make_the_mistake_of_their_page() {
    let folder = scratch("explain_wrong");
    let mut complaints = Vec::new();
    for code in Code::ALL {
        let (said, exit) = try_out(*code, "Wrong", &folder);
        let fails = !code.text().starts_with('W');
        if !said.contains(&format!("[{}]", code.text())) || (exit != Some(0)) != fails {
            complaints.push(format!("{}: exit {exit:?}, said\n{said}", code.text()));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn right_programs_run_without_a_word() {
    let folder = scratch("explain_right");
    let mut complaints = Vec::new();
    for code in Code::ALL {
        let (said, exit) = try_out(*code, "Right", &folder);
        if exit != Some(0) || !said.is_empty() {
            complaints.push(format!("{}: exit {exit:?}, said\n{said}", code.text()));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn pages_are_short_and_fit_a_terminal() {
    for code in Code::ALL {
        let shown = coro(&["explain", code.text()]).out();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.len() < 80, "{}: {} lines", code.text(), lines.len());
        let long = lines
            .iter()
            .find(|l| l.chars().count() > 100 && !l.contains("(((("));
        assert_eq!(long, None, "{}", code.text());
    }
}

#[test]
fn the_list_names_every_code_once() {
    let list = coro(&["explain"]).out();
    for code in Code::ALL {
        assert_eq!(list.matches(code.text()).count(), 1, "{}", code.text());
    }
}

#[test]
fn messages_lead_to_their_page() {
    for message in [
        "RuntimeError: cannot reuse already awaited coroutine",
        "cannot reuse already awaited coroutine",
        "e0304",
    ] {
        assert!(
            coro(&["explain", message]).out().starts_with("E0304 "),
            "{message}"
        );
    }
    assert_eq!(coro(&["explain", "E9999"]).code, Some(2));
    assert!(coro(&["explain", "generator"]).out().contains("E0324"));
}
