//! What `coro timeline` draws: lanes, diagrams and the data of the page as snapshots, and what it
//! does with files that are there already.
//!
//! `INSTA_UPDATE=always cargo test --test it timeline` writes the snapshots anew.

use crate::coro::{LIMIT, Run, command, finish, root};
use crate::trace::steady_examples;

/// Runs `coro timeline` where the programs are.
fn timeline(program: &str, options: &[&str]) -> Run {
    let mut command = command();
    command
        .arg("timeline")
        .arg(format!("{program}.coro"))
        .args(options)
        .current_dir(root().join("tests/trace"));
    finish(&mut command, b"", LIMIT)
}

fn page(program: &str) -> String {
    let run = timeline(program, &["-o", "-"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.out()
}

/// The data of a page, a field a line.
fn data(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    data.replace(",\"", ",\n\"").replace("},{", "},\n{")
}

const PROGRAMS: &[&str] = &["chunks_and_delays", "values_through_generators"];

#[test]
fn pictures_are_as_recorded() {
    for program in PROGRAMS {
        for form in ["svg", "mermaid", "perfetto"] {
            let run = timeline(program, &[&format!("--{form}")]);
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/timeline" }, {
                insta::assert_snapshot!(format!("{program}.{form}"), run.out());
            });
        }
    }
}

#[test]
fn examples_are_drawn_as_recorded() {
    let examples = steady_examples();
    assert!(examples.len() >= 30);
    for program in examples {
        let name = program.file_stem().unwrap().to_string_lossy().into_owned();
        for form in ["svg", "mermaid"] {
            let mut command = command();
            command
                .args(["timeline", &format!("--{form}")])
                .arg(program.file_name().unwrap())
                .current_dir(program.parent().unwrap());
            let run = finish(&mut command, b"", LIMIT);
            assert!(!run.late, "{name}");
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/timeline" }, {
                insta::assert_snapshot!(format!("example_{name}.{form}"), run.out());
            });
        }
    }
}

#[test]
fn the_page_has_each_step() {
    let page = page("values_through_generators");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/timeline" }, {
        insta::assert_snapshot!("values_through_generators.page", data(&page));
    });
}

#[test]
fn the_page_is_the_same_each_time() {
    assert_eq!(page("locks_and_futures"), page("locks_and_futures"));
}

#[test]
fn what_the_program_says_is_no_part_of_the_page() {
    let program = "import asyncio\nasync def main():\n    x = '</script><b>{{}}'\n    print(x)\n    await asyncio.sleep(0)\nasyncio.run(main(), debug=False) if '<i>' else 1\n";
    let mut command = command();
    command.args(["timeline", "-o", "-", "-c", program]);
    let run = finish(&mut command, b"", LIMIT);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let page = run.out();
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<b>") && !page.contains("<i>"));
    assert!(page.contains("\\u003c/script\\u003e\\u003cb\\u003e{{}}"));
}

#[test]
fn a_page_needs_nothing_else() {
    let page = page("chunks_and_delays");
    for outside in [" src=", "@import", "url(http", "import(", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn only_timelines_are_overwritten() {
    let folder = std::env::temp_dir().join(format!("coro-timeline-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("out.html");
    let name = file.to_str().unwrap();
    std::fs::write(&file, "precious").unwrap();
    let refused = timeline("chunks_and_delays", &["-o", name]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("is no timeline"),
        "{}",
        refused.stderr
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    let forced = timeline("chunks_and_delays", &["--force", "-o", name]);
    assert_eq!(forced.code, Some(0), "{}", forced.stderr);
    for form in ["--svg", "--mermaid", "--perfetto", "--svg"] {
        let again = timeline("chunks_and_delays", &[form, "-o", name]);
        assert_eq!(again.code, Some(0), "{form}: {}", again.stderr);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_program_that_fails_has_its_page_and_its_exit_code() {
    let mut command = command();
    command.args(["timeline", "-o", "-", "-c", "print(1)\n1 / 0\n"]);
    let run = finish(&mut command, b"", LIMIT);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("ZeroDivisionError"), "{}", run.stderr);
    assert!(run.out().starts_with("<!doctype html>"));
}
