//! Call graphs, which Python has since 3.14: what each program of tests/call_graph prints, with
//! `<id>` for addresses, is kept as a snapshot.

use crate::coro::{LIMIT, command, finish, root, without_folder};

#[test]
fn call_graphs() {
    let folder = root().join("tests/call_graph");
    let mut programs: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    programs.sort();
    assert!(!programs.is_empty());
    for program in programs {
        let file = program.file_name().unwrap();
        let run = finish(command().arg(file).current_dir(&folder), b"", LIMIT);
        let name = program.file_stem().unwrap().to_string_lossy().into_owned();
        assert_eq!(run.stderr, "", "{name}");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/call_graph" }, {
            insta::assert_snapshot!(name, without_ids(&without_folder(&run.out(), &folder)));
        });
    }
}

fn without_ids(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("0x") {
        out.push_str(before);
        out.push_str("<id>");
        rest = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    out + rest
}
