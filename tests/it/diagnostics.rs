//! What people see when their program is broken: each program of tests/broken ends as under
//! CPython (stdout, exit code, last line), and its report is kept as a snapshot.
//!
//! `INSTA_UPDATE=always cargo test --test it diagnostics` writes the snapshots anew.

use crate::conformance::first_difference;
use crate::coro::{LIMIT, command, finish, root};
use std::path::{Path, PathBuf};

fn programs() -> Vec<PathBuf> {
    let files = std::fs::read_dir(root().join("tests/broken"))
        .unwrap()
        .flatten()
        .map(|e| e.path());
    let mut programs: Vec<PathBuf> = files
        .filter(|f| f.extension().is_some_and(|e| e == "coro"))
        .collect();
    programs.sort();
    programs
}

#[test]
fn broken_programs_end_as_under_cpython() {
    let complaints: Vec<String> = programs().iter().filter_map(|p| judge(p)).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn judge(program: &Path) -> Option<String> {
    let name = program.file_stem()?.to_string_lossy().into_owned();
    let recorded = |suffix: &str| std::fs::read_to_string(program.with_extension(suffix)).ok();
    let run = finish(
        command()
            .arg(program.file_name()?)
            .current_dir(program.parent()?),
        b"",
        LIMIT,
    );
    if let Some(difference) = first_difference(recorded("out")?.as_bytes(), &run.stdout) {
        return Some(format!("{name}: {difference}"));
    }
    if run.code != recorded("code")?.trim().parse().ok() {
        return Some(format!("{name}: exit code {:?}", run.code));
    }
    let want = recorded("err")?;
    let want = want.trim_end_matches('\n');
    // A warning that comes last is drawn, too; CPython's own words are in the other form.
    let last = if run.last_line().ends_with('╯') || want.contains("RuntimeWarning") {
        in_pythons_form(program)
    } else {
        run.last_line().to_owned()
    };
    (want != last).then(|| format!("{name}: want {want:?}, got {last:?}"))
}

#[test]
fn the_gallery_shows_what_is_printed() {
    let gallery = std::fs::read_to_string(root().join("examples/DIAGNOSTICS.md")).unwrap();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let entries: Vec<&str> = gallery.split("\n## ").skip(1).collect();
    assert!(entries.len() >= 10);
    for entry in entries {
        let name = entry.split('`').find(|s| s.ends_with(".coro")).unwrap();
        let program = root().join("tests/broken").join(name);
        let text = std::fs::read_to_string(&program).unwrap();
        assert!(entry.contains(text.trim_end()), "{name}: another program");
        let folder = program.parent().unwrap();
        let run = finish(command().arg(name).current_dir(folder), b"", LIMIT);
        assert!(
            entry.contains(run.stderr.trim_end()),
            "{name}:\n{}",
            run.stderr
        );
        if readme.contains(name) {
            let report = run.stderr.split("[E").last().unwrap();
            assert!(readme.contains(report.trim_end()), "{name} in the README");
        }
    }
}

/// The last line of stderr with `--traceback=python`.
fn in_pythons_form(program: &Path) -> String {
    let file = program.file_name().unwrap();
    let folder = program.parent().unwrap();
    let mut command = command();
    command.arg("--traceback=python").arg(file);
    finish(command.current_dir(folder), b"", LIMIT)
        .last_line()
        .to_owned()
}

/// Memory addresses differ from run to run.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        out.push_str("0x");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    out
}

#[test]
fn reports_are_drawn() {
    for program in programs() {
        let file = program.file_name().unwrap();
        let run = finish(
            command().arg(file).current_dir(program.parent().unwrap()),
            b"",
            LIMIT,
        );
        let name = program.file_stem().unwrap().to_string_lossy().into_owned();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, without_addresses(&run.stderr));
        });
    }
}
